//! Samples that leave: in a ZIP with a password, or as they are to whom that was granted; and how
//! they lie at rest. The ZIPs are opened by Python's own module.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Client, Reply, Server, eicar, sha256, until};

/// Names and digests of a ZIP's members, each opened with a password; the error where it does not
/// open.
const OPEN: &str = r"
import hashlib, io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
assert all(entry.flag_bits & 1 for entry in archive.infolist()), 'a member is not encrypted'
try:
    members = {name: hashlib.sha256(archive.read(name, sys.argv[1].encode())).hexdigest()
               for name in archive.namelist()}
except Exception as error:
    members = str(error)
print(json.dumps(members))
";

fn opened(zip: &[u8], password: &str) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", OPEN, password])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(zip).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where an answer sends its client, which has no key there.
#[track_caller]
fn followed(server: &Server, reply: &Reply) -> Reply {
    assert_eq!(reply.status, 302, "{}", reply.json);
    let location = reply.headers["location"].to_str().unwrap();
    assert!(
        location.starts_with(&format!("{}/_ah/download/", server.origin)),
        "{location}"
    );
    fetched(server, location)
}

#[track_caller]
fn fetched(server: &Server, address: &str) -> Reply {
    let reply = Client::new(&server.origin, "").get(address);
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply
}

fn grant(server: &Server, user: &str, privilege: &str) {
    let body = json!({"data": {"type": "user", "attributes":
        {"privileges": {privilege: {"granted": true}}}}});
    server.client.patch(&format!("/users/{user}"), &body).data();
}

fn used(client: &Client, user: &str) -> Value {
    let quotas = client.get(&format!("/users/{user}/overall_quotas")).data();
    let quota = &quotas["intelligence_downloads_monthly"];
    json!([quota["user"]["used"], quota["group"]["used"]])
}

/// S9: a sample leaves as a ZIP with the agreed password, and in no browser as anything that runs.
#[test]
fn a_sample_leaves_in_a_zip_with_the_agreed_password() {
    let server = Server::start();
    // More than a piece, and not a multiple of one.
    let large: Vec<u8> = (0..3_000_001_u32).map(|at| (at % 251) as u8).collect();
    let alice = server.user(&["add", "alice", "--tier", "basic"]);
    for bytes in [eicar(), large, Vec::new()] {
        let hash = sha256(&bytes);
        server.client.analysed("evil.exe\r\nX: y", &bytes);
        let reply = followed(&server, &alice.get(&format!("/files/{hash}/download")));
        for (name, value) in [
            ("content-type", "application/zip".to_owned()),
            (
                "content-disposition",
                format!("attachment; filename=\"{hash}.zip\""),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
            (
                "content-security-policy",
                "sandbox; default-src 'none'".to_owned(),
            ),
        ] {
            assert_eq!(reply.headers[name], value.as_str());
        }
        assert!(reply.headers.get("content-encoding").is_none());
        assert!(bytes.is_empty() || !reply.bytes.windows(bytes.len()).any(|part| part == bytes));
        assert_eq!(
            opened(&reply.bytes, "infected"),
            json!({hash.as_str(): hash})
        );
        let refused = opened(&reply.bytes, "wrong");
        assert!(refused.is_string(), "{refused}");
        // By any of its hashes, and as an address.
        let report = alice.get(&format!("/files/{hash}")).data();
        let md5 = report["attributes"]["md5"].as_str().unwrap().to_uppercase();
        let address = alice.get(&format!("/files/{md5}/download_url")).data();
        let again = fetched(&server, address.as_str().unwrap());
        assert_eq!(again.bytes, reply.bytes);
    }
    assert_eq!(used(&alice, "alice"), json!([6, 6]));
}

#[test]
fn as_it_is_a_sample_leaves_to_those_with_the_privilege() {
    let server = Server::start();
    let bytes = b"#!/bin/sh\nexit 0\n".repeat(100_000);
    server.client.analysed("run.sh", &bytes);
    let path = format!("/files/{}/download", sha256(&bytes));
    // Whatever the tier: public has none of it.
    let bob = server.user(&["add", "bob", "--tier", "public"]);
    assert_eq!(bob.get(&path).error(403), "ForbiddenError");
    grant(&server, "bob", "downloads-tier-2");
    let allowed = json!({"data": {"type": "group", "attributes":
        {"quotas": {"intelligence_downloads_monthly": {"allowed": 1}}}}});
    server.client.patch("/groups/bob", &allowed).data();
    let reply = followed(&server, &bob.get(&path));
    assert_eq!(reply.bytes, bytes);
    assert_eq!(reply.headers["content-type"], "application/octet-stream");
    let disposition = format!("attachment; filename=\"{}\"", sha256(&bytes));
    assert_eq!(reply.headers["content-disposition"], disposition.as_str());
}

/// S16: what is left of the month is spent once, and only on what there is.
#[test]
fn downloads_are_counted_and_end() {
    let server = Server::start();
    server.client.analysed("a", b"a sample");
    let alice = server.user(&["add", "alice", "--tier", "enterprise"]);
    let path = format!("/files/{}/download_url", sha256(b"a sample"));
    let allowed = json!({"data": {"type": "group", "attributes":
        {"quotas": {"intelligence_downloads_monthly": {"allowed": 3}}}}});
    server.client.patch("/groups/alice", &allowed).data();
    let missing = format!("/files/{}/download", sha256(b"nothing"));
    assert_eq!(alice.get(&missing).error(404), "NotFoundError");
    assert_eq!(
        alice.get("/files/x/download").error(400),
        "InvalidArgumentError"
    );
    assert_eq!(used(&alice, "alice"), json!([0, 0]));
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(|| alice.get(&path))).collect();
        let replies = asked.into_iter().map(|one| one.join().unwrap());
        replies.map(|reply| reply.status).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 3);
    assert_eq!(alice.get(&path).error(429), "QuotaExceededError");
    let zip = json!({"data": {"hashes": [sha256(b"a sample")]}});
    let refused = alice.post("/intelligence/zip_files", &zip);
    assert_eq!(refused.error(429), "QuotaExceededError");
    assert_eq!(used(&alice, "alice"), json!([3, 3]));
    let quota = "/groups/alice/users_consuming_quota/intelligence_downloads_monthly";
    let consuming = alice.get(quota).data();
    assert_eq!(
        consuming[0]["context_attributes"]["quota_consumed_from_group"],
        3
    );
}

#[test]
fn an_address_is_good_for_what_it_was_given_for() {
    let server = Server::start();
    for text in [&b"one"[..], b"two"] {
        server.client.analysed("x", text);
    }
    let (one, two) = (sha256(b"one"), sha256(b"two"));
    let address = server
        .client
        .get(&format!("/files/{one}/download_url"))
        .data();
    let address = address.as_str().unwrap();
    fetched(&server, address);
    let nobody = Client::new(&server.origin, "");
    let later = address.rsplit('-').nth(1).unwrap();
    let much_later = (later.parse::<i64>().unwrap() + 1).to_string();
    for odd in [
        address.replace(&one, &two),
        address.replace("zip.", "raw."),
        address.replace(later, &much_later),
        address.replace(&format!("zip.{one}"), "many.1"),
        address[..address.len() - 1].to_owned(),
        format!("{}/_ah/download/zip.{one}", server.origin),
    ] {
        assert_ne!(odd, address);
        assert_eq!(nobody.get(&odd).error(404), "NotFoundError", "{odd}");
    }
    // The sample that has been let go of is not there any more.
    assert!(!server.log().contains(address.rsplit('-').next().unwrap()));
}

#[test]
fn many_samples_leave_in_one_zip() {
    let server = Server::start();
    let alice = server.user(&["add", "alice", "--tier", "enterprise"]);
    let colleague = server.user(&["add", "carol", "--group", "alice"]);
    let public = server.user(&["add", "bob", "--tier", "public"]);
    server.client.analysed("one", b"one");
    server.client.analysed("two", &eicar());
    let (one, two) = (sha256(b"one"), sha256(&eicar()));
    let report = alice.get(&format!("/files/{one}")).data();
    let sha1 = report["attributes"]["sha1"].as_str().unwrap();
    let hashes = [one.as_str(), sha1, &two, &sha256(b"three")];
    let post = |client: &Client, data: Value| {
        client.post("/intelligence/zip_files", &json!({"data": data}))
    };
    for (data, password) in [
        (json!({"hashes": hashes}), "infected"),
        (
            json!({"hashes": hashes, "password": "pass word"}),
            "pass word",
        ),
    ] {
        let zip = post(&alice, data).data();
        assert_eq!(zip["type"], "zip_file");
        let path = format!("/intelligence/zip_files/{}", zip["id"].as_str().unwrap());
        assert_eq!(
            zip["links"]["self"],
            format!("{}/api/v3{path}", server.origin)
        );
        let again = alice.get(&path).data();
        let expected =
            json!({"status": "finished", "progress": 100, "files_ok": 2, "files_error": 1});
        assert_eq!(again["attributes"], expected);
        let reply = followed(&server, &alice.get(&format!("{path}/download")));
        let members = json!({one.as_str(): one, two.as_str(): two});
        assert_eq!(opened(&reply.bytes, password), members);
        let address = alice.get(&format!("{path}/download_url")).data();
        assert_eq!(
            fetched(&server, address.as_str().unwrap()).bytes,
            reply.bytes
        );
        // Of nobody else, the administrator included.
        for other in [&colleague, &server.client] {
            for rest in ["", "/download", "/download_url"] {
                assert_eq!(
                    other.get(&format!("{path}{rest}")).error(404),
                    "NotFoundError"
                );
            }
        }
    }
    assert_eq!(used(&alice, "alice"), json!([4, 4]));
    let all = json!({"hashes": [one]});
    assert_eq!(post(&public, all).error(403), "ForbiddenError");
    for odd in [
        json!({"hashes": []}),
        json!({"hashes": vec![one.as_str(); 101]}),
        json!({"hashes": ["x"]}),
        json!({"hashes": [one], "password": "p".repeat(129)}),
        json!({"hashes": [one], "surprise": 1}),
        json!({}),
    ] {
        assert_eq!(post(&alice, odd).error(400), "InvalidArgumentError");
    }
    // Half a body is no body: a sample that cannot be read breaks the ZIP off.
    let zip = post(&alice, json!({"hashes": [one, two]})).data();
    let path = format!("/intelligence/zip_files/{}", zip["id"].as_str().unwrap());
    let address = alice.get(&format!("{path}/download_url")).data();
    let lost = server.data().join("samples").join(&two[..2]).join(&two);
    std::fs::remove_file(lost).unwrap();
    let fetched =
        Client::new(&server.origin, "").try_send("GET", address.as_str().unwrap(), &[], b"");
    assert!(fetched.is_err());
}

/// S25: at rest a sample is not what its contents say, and one of an earlier release becomes so.
#[test]
fn samples_at_rest_are_not_what_they_are() {
    let mut server = Server::start();
    let bytes = [b"MZ\x90\0".as_slice(), &[7; 2 << 20]].concat();
    server.client.analysed("a.exe", &bytes);
    let name = sha256(&bytes);
    let place = |directory: &str| server.data().join(directory).join(&name[..2]).join(&name);
    let (masked, plain) = (place("samples"), place("blobs"));
    let at_rest = std::fs::read(&masked).unwrap();
    assert_eq!(at_rest.len(), bytes.len());
    assert!(
        at_rest
            .iter()
            .zip(&bytes)
            .all(|(at_rest, byte)| at_rest != byte)
    );
    // As it lay before.
    server.terminate();
    std::fs::create_dir_all(plain.parent().unwrap()).unwrap();
    std::fs::remove_file(&masked).unwrap();
    std::fs::write(&plain, &bytes).unwrap();
    assert!(
        server
            .must(&["check"])
            .contains("1 samples and their rows are as they should be")
    );
    server.start_again(&[]);
    until("it is masked", || masked.exists() && !plain.exists());
    assert_eq!(std::fs::read(&masked).unwrap(), at_rest);
    let address = server
        .client
        .get(&format!("/files/{name}/download_url"))
        .data();
    let zip = fetched(&server, address.as_str().unwrap());
    assert_eq!(opened(&zip.bytes, "infected"), json!({name.as_str(): name}));
}
