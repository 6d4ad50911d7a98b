//! Looking after a store: check, backup and restore, retention, and the move to a grown one.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::files::blobs;
use crate::grown::Services;
use crate::harness::{Client, Directory, Server, quorum, sha256, until};

/// Something of every kind, and the paths at which it can be read.
fn furnish(server: &Server) -> Vec<String> {
    let mut paths = Vec::new();
    for number in 0..4 {
        let bytes = format!("furniture {number}").into_bytes();
        server.client.analysed(&format!("{number}.txt"), &bytes);
        paths.push(format!("/files/{}", sha256(&bytes)));
    }
    let url = server.client.post_url("http://example.com/x").data();
    server.client.completed(url["id"].as_str().unwrap());
    server
        .client
        .comment("/domains/a.example", "said #this")
        .data();
    server.client.vote("/domains/a.example", "malicious").data();
    server.user(&["add", "bob", "--tier", "basic"]);
    let id = url["id"]
        .as_str()
        .unwrap()
        .split('-')
        .nth(1)
        .unwrap()
        .to_owned();
    paths.extend([
        format!("/urls/{id}"),
        format!("/urls/{id}/submissions"),
        format!("{}/analyses", paths[0]),
        "/domains/a.example".to_owned(),
        "/domains/a.example/comments".to_owned(),
        "/domains/a.example/votes".to_owned(),
        "/comments".to_owned(),
        "/users/bob".to_owned(),
    ]);
    paths
}

/// What is answered at these paths, without what depends on where and when one asks.
fn answers(client: &Client, paths: &[String]) -> Vec<String> {
    paths
        .iter()
        .map(|path| {
            let mut data = client.get(path).data();
            // Nobody has had the domain analysed: its report is of this moment.
            if path.starts_with("/domains/") && data["attributes"].is_object() {
                data["attributes"]["last_analysis_date"] = Value::Null;
            }
            data.to_string().replace(&client.origin, "")
        })
        .collect()
}

fn restore(backup: &Path, into: &Path, settings: &[(&str, &str)]) -> std::process::Output {
    quorum()
        .arg("restore")
        .arg(backup)
        .arg("--data")
        .arg(into)
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// S19: an online backup is consistent, restored it gives equal answers, damaged it is refused.
#[test]
fn a_backup_made_while_writing_goes_on_restores_to_equal_answers() {
    let server = Server::start();
    let paths = furnish(&server);
    let expected = answers(&server.client, &paths);
    let directory = Directory::new();
    let backup = directory.0.join("backup");
    let writing = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if !writing.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                server
                    .client
                    .upload("more", format!("more {number}").as_bytes())
                    .data();
            }
        });
        std::thread::sleep(Duration::from_millis(200));
        server.must(&["backup", backup.to_str().unwrap()]);
        writing.store(false, std::sync::atomic::Ordering::Relaxed);
    });
    let restored = directory.0.join("restored");
    let output = restore(&backup, &restored, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let second = Server::on(&restored, &server.client.key);
    assert_eq!(answers(&second.client, &paths), expected);
    assert!(second.must(&["check"]).contains("as they should be"));
    // What was queued at that moment is analysed there too.
    let more = second
        .client
        .get(&format!("/files/{}", sha256(b"more 0")))
        .data();
    assert_eq!(more["attributes"]["size"], 6);
    // Into a store that is not empty, and over another backup, nothing goes.
    assert!(stderr(&restore(&backup, server.data(), &[])).contains("not empty"));
    let again = server.command(&["backup", backup.to_str().unwrap()]);
    assert!(stderr(&again).contains("not empty"));
    // Damaged in one byte of a row, of a sample, of the manifest; cut short; lacking something.
    let name = sha256(b"furniture 0");
    let sample = backup.join("samples").join(&name[..2]).join(&name);
    for (place, what) in [
        (backup.join("tables/submission.jsonl"), "one"),
        (backup.join("tables/comment.jsonl"), "short"),
        (backup.join("tables/vote.jsonl"), "gone"),
        (sample.clone(), "one"),
        (sample, "gone"),
        (backup.join("manifest.json"), "short"),
        (backup.join("manifest.json"), "gone"),
    ] {
        let whole = std::fs::read(&place).unwrap();
        let mut bytes = whole.clone();
        match what {
            "one" => {
                // Of a row a digit, so that it stays JSON; of a sample, whose bytes are masked, any.
                match bytes.iter().rposition(u8::is_ascii_digit) {
                    Some(middle) => {
                        bytes[middle] = if bytes[middle] == b'7' { b'8' } else { b'7' };
                    }
                    None => bytes[0] ^= 1,
                }
            }
            _ => bytes.truncate(bytes.len() / 2),
        }
        std::fs::write(&place, bytes).unwrap();
        if what == "gone" {
            std::fs::remove_file(&place).unwrap();
        }
        let into = directory.0.join("refused");
        let output = restore(&backup, &into, &[]);
        assert!(!output.status.success(), "{} {what}", place.display());
        assert!(stderr(&output).contains("quorum: "), "{}", stderr(&output));
        std::fs::write(&place, whole).unwrap();
        // Nothing of it was taken: the whole one still goes in.
        let whole = restore(&backup, &into, &[]);
        assert!(
            whole.status.success(),
            "{} {what}: {}",
            place.display(),
            stderr(&whole)
        );
        std::fs::remove_dir_all(&into).unwrap();
    }
}

/// Makes a backup what release 0.1.0 would have written: without the tables and the last columns that
/// came later.
const AS_OF_0_1_0: &str = r"
import hashlib, json, os, sys
root = sys.argv[1]
later = {'user_group': 2, 'account': 3, 'upload_token': 1, 'submission': 1, 'job': 3, 'comment': 1, 'vote': 1,
         'file': 1}
new = ['privilege', 'comment_word', 'comment_mention', 'false_positive', 'audit', 'setting',
       'spent', 'zip_file', 'relation', 'collection', 'reference', 'yara_rule', 'yara_match',
       'behaviour', 'behaviour_relation', 'private_item']
path = os.path.join(root, 'manifest.json')
manifest = json.load(open(path))
for table in new:
    del manifest['tables'][table]
    if os.path.exists(os.path.join(root, 'tables', table + '.jsonl')):
        os.remove(os.path.join(root, 'tables', table + '.jsonl'))
for table, columns in later.items():
    file = os.path.join(root, 'tables', table + '.jsonl')
    if not os.path.exists(file): continue
    rows = [json.loads(line)[:-columns] for line in open(file)]
    lines = ''.join(json.dumps(row, separators=(',', ':'), ensure_ascii=False) + '\n' for row in rows)
    open(file, 'w').write(lines)
    manifest['tables'][table]['sha256'] = hashlib.sha256(lines.encode()).hexdigest()
json.dump(manifest, open(path, 'w'))
";

/// S19: a thousand replies, of every kind of object and list, are the same from the restored server,
/// also those to the group that has something for itself.
#[test]
fn a_thousand_replies_are_the_same_after_a_restore() {
    let server = Server::start();
    furnish(&server);
    server.must(&["group", "grant", "admin", "private-scanning"]);
    let client = &server.client;
    let mut paths = vec![
        "/comments?limit=40".to_owned(),
        "/collections?limit=40".to_owned(),
        "/private/files?limit=40".to_owned(),
        "/private/analyses?limit=40".to_owned(),
        "/yara_rules?limit=40".to_owned(),
        "/users/bob/votes".to_owned(),
    ];
    for number in 0..70 {
        let bytes =
            format!("restored {number}, see http://h{number}.example/ and 192.0.2.{number}");
        let done = client.analysed(&format!("{number}.txt"), bytes.as_bytes());
        let hash = sha256(bytes.as_bytes());
        let file = format!("/files/{hash}");
        client.comment(&file, &format!("#tag{number} said")).data();
        client.vote(&file, "malicious").data();
        let collection = json!({"data": {"type": "collection", "attributes": {"name": "c"},
            "raw_items": format!("{hash} h{number}.example")}});
        let collection = client.post("/collections", &collection).data();
        let collection = collection["id"].as_str().unwrap();
        for rest in [
            "",
            "?relationships=comments,votes,submissions,collections,embedded_urls",
            "/comments",
            "/votes",
            "/analyses",
            "/submissions",
            "/relationships/embedded_urls",
            "/relationships/embedded_ips",
            "/collections",
        ] {
            paths.push(format!("{file}{rest}"));
        }
        paths.push(format!(
            "/analyses/{}",
            done["data"]["id"].as_str().unwrap()
        ));
        for rest in [
            "",
            "/files",
            "/relationships/domains",
            "/relationships/owner",
        ] {
            paths.push(format!("/collections/{collection}{rest}"));
        }
        paths.push(format!("/search?query={hash}"));
    }
    let private = client
        .upload_to("/private/files", "p", b"for us alone")
        .data();
    client.completed_at(&format!(
        "/private/analyses/{}",
        private["id"].as_str().unwrap()
    ));
    let hash = sha256(b"for us alone");
    paths.extend(
        ["", "/analyses", "/relationships/embedded_urls"]
            .map(|rest| format!("/private/files/{hash}{rest}")),
    );
    assert!(paths.len() >= 1000, "{}", paths.len());
    let whole = |client: &Client| -> Vec<String> {
        let replies = paths.iter().map(|path| {
            let reply = client.get(path);
            assert_eq!(reply.status, 200, "{path}: {}", reply.json);
            reply.json.to_string().replace(&client.origin, "")
        });
        replies.collect()
    };
    let expected = whole(client);
    let directory = Directory::new();
    let backup = directory.0.join("backup");
    server.must(&["backup", backup.to_str().unwrap()]);
    let restored = directory.0.join("restored");
    let output = restore(&backup, &restored, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let second = Server::on(&restored, &client.key);
    for (path, (before, after)) in paths.iter().zip(expected.iter().zip(whole(&second.client))) {
        assert_eq!(before, &after, "{path}");
    }
    assert!(second.must(&["check"]).contains("as they should be"));
}

/// S19: a backup of an earlier release is restored, and what it says can be found.
#[test]
fn a_backup_of_an_earlier_release_is_restored() {
    let server = Server::start();
    let mut paths = furnish(&server);
    // The key of the pseudonyms came later too.
    paths.retain(|path| !path.ends_with("/submissions"));
    server
        .client
        .comment("/domains/b.example", "findable")
        .data();
    let expected = answers(&server.client, &paths);
    let directory = Directory::new();
    let backup = directory.0.join("backup");
    server.must(&["backup", backup.to_str().unwrap()]);
    let aged = std::process::Command::new("python3")
        .args(["-c", AS_OF_0_1_0, backup.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(aged.status.success(), "{}", stderr(&aged));
    let into = directory.0.join("restored");
    let output = restore(&backup, &into, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let restored = Server::on(&into, &server.client.key);
    assert_eq!(answers(&restored.client, &paths), expected);
    until("the comments can be searched", || {
        let found = restored.client.get("/search?query=findable");
        found.json["meta"]["count"] == 1
    });
    assert!(restored.must(&["check"]).contains("as they should be"));
    // A row with half of what came later is no row of any release.
    let rows = backup.join("tables/account.jsonl");
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, text.replacen("]\n", ",null]\n", 1)).unwrap();
    let output = restore(&backup, &directory.0.join("refused"), &[]);
    assert!(
        stderr(&output).contains("cannot be read back"),
        "{}",
        stderr(&output)
    );
}

/// S17, S25: `check` sees a sample that changed, one that is missing, one of another length.
#[test]
fn check_finds_what_is_wrong() {
    let server = Server::start();
    furnish(&server);
    assert!(
        server
            .must(&["check"])
            .contains("4 samples and their rows are as they should be")
    );
    let place = |text: &[u8]| {
        let name = sha256(text);
        server.data().join("samples").join(&name[..2]).join(&name)
    };
    let stray = place(b"nobody's");
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(&stray, b"nobody's").unwrap();
    assert!(
        server
            .must(&["check"])
            .contains("1 samples that no row speaks of")
    );
    std::fs::write(place(b"furniture 1"), b"Furniture 1").unwrap();
    std::fs::remove_file(place(b"furniture 2")).unwrap();
    let output = server.command(&["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success());
    assert!(said.contains(&format!(
        "{} is not what its name says",
        sha256(b"furniture 1")
    )));
    assert!(said.contains(&format!("{} is missing", sha256(b"furniture 2"))));
    assert!(stderr(&output).contains("2 things are wrong"));
}

#[test]
fn retention_lets_go_of_what_is_old_and_says_so_first() {
    let mut server = Server::start();
    let paths = furnish(&server);
    server.terminate();
    let output = server.command(&["retention"]);
    assert!(stderr(&output).contains("there is no policy"));
    let policy = server.data().with_extension("toml");
    std::fs::write(&policy, "[retention]\nfile = 30\n").unwrap();
    let policy_path = policy.to_str().unwrap();
    assert!(
        server
            .must(&["retention", "--config", policy_path])
            .contains("would let go of 0 files")
    );
    // Of no age at all is everything older than.
    std::thread::sleep(Duration::from_millis(1100));
    std::fs::write(&policy, "[retention]\nfile = 0\n").unwrap();
    let said = server.must(&["retention", "--config", policy_path]);
    assert!(said.contains("would let go of 4 files"), "{said}");
    assert!(said.contains(&sha256(b"furniture 0")), "{said}");
    assert_eq!(blobs(&server).len(), 4);
    let said = server.must(&["retention", "--apply", "--config", policy_path]);
    assert!(said.contains("let go of 4 files"), "{said}");
    std::fs::remove_file(policy).unwrap();
    assert_eq!(blobs(&server).len(), 0);
    server.start_again(&[]);
    assert_eq!(server.client.get(&paths[0]).status, 404);
    assert_eq!(server.client.get("/comments").json["meta"]["count"], 1);
    assert!(server.must(&["check"]).contains("0 samples"));
    server.client.analysed("again", b"furniture 0");
}

/// With `every_hours` the server does what its policy says by itself, and not again before it is time.
#[test]
fn the_server_lets_go_by_itself_when_it_is_time() {
    let mut server = Server::start();
    furnish(&server);
    std::thread::sleep(Duration::from_millis(1100));
    server.terminate();
    let policy = server.data().join("policy.toml");
    let written = std::fs::write(
        &policy,
        "[retention]\nfile = 0\nusage = 0\nevery_hours = 0\n",
    );
    written.unwrap();
    let settings = [("QUORUM_CONFIG", policy.to_str().unwrap())];
    let refused = quorum()
        .args(["config", "check"])
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    assert!(stderr(&refused).contains("retention.every_hours must be at least 1"));
    std::fs::write(&policy, "[retention]\nfile = 0\nevery_hours = 1\n").unwrap();
    server.start_again(&settings);
    until("the samples are gone", || blobs(&server).is_empty());
    assert!(server.must(&["check"]).contains("0 samples"));
    // Not again within the hour, and after it again.
    server.client.analysed("again", b"furniture 0");
    std::thread::sleep(Duration::from_millis(1100));
    server.terminate();
    server.start_again(&settings);
    until("it has looked", || {
        server.log().matches("did what the policy says").count() == 1
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(blobs(&server).len(), 1);
    server.terminate();
    let script = "import sqlite3, sys\n\
        store = sqlite3.connect(sys.argv[1])\n\
        store.execute(\"UPDATE setting SET value = value - 3600 WHERE name = 'retention.last'\")\n\
        store.commit()";
    let aged = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(server.data().join("quorum.sqlite"))
        .status();
    assert!(aged.unwrap().success());
    server.start_again(&settings);
    until("the sample is gone", || blobs(&server).is_empty());
}

/// The embedded store moves to the grown one while it is read; both hold the same; a backup of
/// the one restores into the other.
#[test]
fn an_embedded_store_moves_to_a_grown_one_while_it_is_read() {
    let services = Services::start(false);
    let server = Server::start();
    let paths = furnish(&server);
    let large = vec![b'm'; 6 << 20];
    server.client.analysed("large", &large);
    // Its free reading is never taken while anything can be written.
    let unread = format!("/files/{}", sha256(&large));
    let expected = answers(&server.client, &paths);
    // Brings the books up to date. From here on requests are free of charge, or the books would
    // change between the tries.
    server.client.get("/users/admin/api_usage").data();
    let directory = Directory::new();
    let file = directory.0.join("grown.toml");
    let text = format!(
        "[store]\nurl = \"{}\"\n[blobs]\nurl = \"{}\"\n",
        services.postgres.url, services.s3.url
    );
    std::fs::write(&file, text).unwrap();
    // Dead after the commit there and before the mark here: nothing is moved, and it can be begun
    // again.
    let migrate = || {
        let mut command = quorum();
        command
            .args(["migrate", "--to", file.to_str().unwrap(), "--data"])
            .arg(server.data())
            .envs(crate::services::S3_CREDENTIALS);
        command
    };
    let mut dying = migrate();
    dying.env("QUORUM_FAILPOINTS", "migrate.copied=abort");
    assert!(!dying.output().unwrap().status.success());
    // What was written in between is not there, and it says so.
    let late = server.client.get("/files/upload_url").data();
    let differing = migrate().output().unwrap();
    assert!(
        stderr(&differing).contains("the stores differ"),
        "{}",
        stderr(&differing)
    );
    // A token is gone once it was used, whatever for.
    server
        .client
        .post(late.as_str().unwrap(), &json!({}))
        .error(400);
    let moving = std::sync::atomic::AtomicBool::new(true);
    let said = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while moving.load(std::sync::atomic::Ordering::Relaxed) {
                server.client.get("/users/admin/overall_quotas").data();
                reads += 1;
            }
            reads
        });
        let output = migrate().output().unwrap();
        moving.store(false, std::sync::atomic::Ordering::Relaxed);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(reader.join().unwrap() > 10);
        String::from_utf8(output.stdout).unwrap()
    });
    assert!(said.contains("samples\t5\t"), "{said}");
    assert!(said.contains("every row and every sample is the same"));
    // The old one answers on, and takes nothing any more.
    assert_eq!(answers(&server.client, &paths), expected);
    server.client.get(&unread).data();
    assert_eq!(
        server.client.upload("late", b"late").error(503),
        "TransientError"
    );
    let settings = services.settings(&[]);
    let grown_data = directory.0.join("grown");
    let grown = Server::on_with(&grown_data, &server.client.key, &settings);
    assert_eq!(answers(&grown.client, &paths), expected);
    assert!(grown.must(&["check"]).contains("5 samples and their rows"));
    grown.client.analysed("new", b"new in the grown one");
    let said = grown.must(&["check"]);
    assert!(said.contains("6 samples and their rows"), "{said}");
    // There and back.
    let backup = directory.0.join("backup");
    grown.must(&["backup", backup.to_str().unwrap()]);
    let back = directory.0.join("back");
    let output = restore(&backup, &back, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let back = Server::on(&back, &server.client.key);
    assert_eq!(answers(&back.client, &paths), expected);
}
