//! Private scanning: what a group has looked at for itself is there for its members, and for nobody
//! else by any route of the program.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{
    Client, MULTIPART, OWN, Reply, Server, escape, multipart, race, routes, sha256, until,
};
use crate::tenancy::{body, short, takes_json};

const NAME: &str = "merger_plan_bin";
const URL: &str = "http://secret-host.example/plan";

/// The text of a private file: a ZIP with one member.
fn secret() -> Vec<u8> {
    let script = "import io, sys, zipfile\n\
        out = io.BytesIO()\n\
        with zipfile.ZipFile(out, 'w') as zip:\n\
        \x20   zip.writestr(zipfile.ZipInfo('inner.txt'), 'what only they know')\n\
        sys.stdout.buffer.write(out.getvalue())";
    let run = Command::new("python3").args(["-c", script]).output();
    let zip = run.unwrap().stdout;
    assert!(zip.starts_with(b"PK"));
    zip
}

/// A server with two groups that have the add-on and all others: a member of each.
fn two_groups() -> (Server, Client, Client) {
    let server = Server::start();
    for group in ["acme", "rivals"] {
        server.must(&["group", "add", group, "--tier", "duet-feeds"]);
        for add_on in [
            "private-scanning",
            "downloads-tier-2",
            "domain-feed",
            "ip-address-feed",
        ] {
            server.must(&["group", "grant", group, add_on]);
        }
    }
    let bob = server.user(&["add", "bob", "--group", "acme"]);
    let eve = server.user(&["add", "eve", "--group", "rivals"]);
    server.must(&["user", "set", "eve", "--group-administrator", "true"]);
    (server, bob, eve)
}

fn send(client: &Client, bytes: &[u8], fields: &[(&str, &str)]) -> Reply {
    let file = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{NAME}\"");
    let mut parts = vec![(file, bytes.to_vec())];
    for (name, value) in fields {
        let header = format!("Content-Disposition: form-data; name=\"{name}\"");
        parts.push((header, value.as_bytes().to_vec()));
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|(header, bytes)| (header.as_str(), bytes.as_slice()))
        .collect();
    client.send("POST", "/private/files", &[MULTIPART], &multipart(&parts))
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// Sends a file in privately and waits. Returns the analysis.
fn scanned(client: &Client, bytes: &[u8]) -> Value {
    let sent = send(client, bytes, &[]).data();
    assert_eq!(sent["type"], "private_analysis");
    client.completed_at(&format!("/private/analyses/{}", id(&sent)))
}

/// Changes the store beside the running server.
fn change(server: &Server, statement: &str) {
    let script = "import sqlite3, sys\n\
        store = sqlite3.connect(sys.argv[1], timeout=60)\n\
        store.execute(sys.argv[2])\n\
        store.commit()";
    let store = server.data().join("quorum.sqlite");
    let run = Command::new("python3")
        .args(["-c", script, store.to_str().unwrap(), statement])
        .status();
    assert!(run.unwrap().success());
}

#[test]
fn a_group_has_a_file_looked_at_for_itself() {
    let (server, bob, eve) = two_groups();
    let bytes = secret();
    let hash = sha256(&bytes);
    let analysis = scanned(&bob, &bytes);
    assert_eq!(analysis["meta"]["file_info"]["sha256"], json!(hash));
    let analysis = &analysis["data"];
    assert_eq!(analysis["type"], "private_analysis");
    let path = format!("/private/files/{hash}");
    assert!(analysis["links"]["item"].as_str().unwrap().ends_with(&path));
    let report = bob.get(&format!("{path}?relationships=bundled_files,analyses"));
    let report = report.data();
    assert_eq!(
        (&report["type"], &report["id"]),
        (&json!("private_file"), &json!(hash))
    );
    assert!(report["links"]["self"].as_str().unwrap().ends_with(&path));
    let told = &report["attributes"];
    assert_eq!(told["names"], json!([NAME]));
    assert_eq!(told["type_tag"], "zip");
    assert_eq!(told["downloadable"], true);
    let kept =
        told["expiration"].as_i64().unwrap() - told["last_submission_date"].as_i64().unwrap();
    assert_eq!(kept, 86_400);
    assert!(told["last_analysis_stats"]["undetected"].as_u64().unwrap() > 0);
    assert!(told.get("reputation").is_none() && told.get("total_votes").is_none());
    // What is in it stands at it, and nowhere else.
    let member = sha256(b"what only they know");
    let bundled = &report["relationships"]["bundled_files"]["data"][0];
    assert_eq!(bundled["id"], json!(member));
    assert_eq!(bundled["context_attributes"]["filename"], "inner.txt");
    let listed = bob.get(&format!("{path}/bundled_files"));
    assert_eq!(listed.json["meta"]["count"], 1);
    for name in [
        "behaviours",
        "contacted_urls",
        "dropped_files",
        "embedded_urls",
    ] {
        let empty = bob.get(&format!("{path}/relationships/{name}"));
        assert_eq!(empty.json["data"], json!([]), "{name}: {}", empty.json);
        assert_eq!(empty.json["meta"]["count"], 0);
    }
    assert_eq!(
        bob.get(&format!("{path}/votes")).error(404),
        "NotFoundError"
    );
    for empty in ["behaviour_summary", "behaviour_mitre_trees"] {
        assert_eq!(bob.get(&format!("{path}/{empty}")).data(), json!({}));
    }
    let behaviours = bob.get(&format!("/private/file/{hash}/behaviours"));
    assert_eq!(behaviours.data(), json!([]));
    let item = bob.get(&format!("/private/analyses/{}/item", id(analysis)));
    assert_eq!(item.data()["type"], "private_file");
    // By the SHA-256 alone.
    let md5 = told["md5"].as_str().unwrap();
    let by_md5 = bob.get(&format!("/private/files/{md5}"));
    assert_eq!(by_md5.error(400), "InvalidArgumentError");
    assert_eq!(
        bob.get(
            &path
                .to_uppercase()
                .replace("PRIVATE/FILES", "private/files")
        )
        .status,
        200
    );
    // It leaves as it came, to who has it.
    let away = bob.get(&format!("{path}/download"));
    assert_eq!(away.status, 302);
    let location = away.headers["location"].to_str().unwrap();
    let fetched = Client::new(&server.origin, "").get(location);
    assert_eq!(fetched.bytes, bytes);
    let zip = bob.post(
        "/private/zip_files",
        &json!({"data": {"hashes": [hash, sha256(b"no")], "password": "x"}}),
    );
    let zip = zip.data();
    assert_eq!(zip["attributes"]["files_ok"], 1);
    assert_eq!(zip["attributes"]["files_error"], 1);
    let zip = id(&zip);
    let address = bob.get(&format!("/private/zip_files/{zip}/download_url"));
    let address = address.data();
    let fetched = Client::new(&server.origin, "").get(address.as_str().unwrap());
    assert!(fetched.bytes.starts_with(b"PK"));
    let public = bob.get(&format!("/intelligence/zip_files/{zip}"));
    assert_eq!(public.error(404), "NotFoundError");
    let theirs = eve.post(
        "/private/zip_files",
        &json!({"data": {"hashes": [hash], "password": "x"}}),
    );
    assert_eq!(theirs.data()["attributes"]["files_ok"], 0);
    // Again: another analysis, which comes first in the list.
    let again = bob.post(&format!("{path}/analyse"), &json!({})).data();
    bob.completed_at(&format!("/private/analyses/{}", id(&again)));
    let analyses = bob.get("/private/analyses?limit=1");
    assert_eq!(analyses.json["meta"]["count"], 2);
    assert_eq!(analyses.json["data"][0]["id"], again["id"]);
    let next = analyses.json["links"]["next"].as_str().unwrap();
    assert_eq!(bob.get(next).data()[0]["id"], analysis["id"]);
    let oldest = bob.get("/private/analyses?limit=1&order=date%2B");
    assert_eq!(oldest.json["data"][0]["id"], analysis["id"]);
    let next = oldest.json["links"]["next"].as_str().unwrap();
    assert_eq!(bob.get(next).data()[0]["id"], again["id"]);
    assert_eq!(eve.get("/private/analyses").json["meta"]["count"], 0);
    assert_eq!(bob.get("/private/files").json["meta"]["count"], 1);
    assert_eq!(eve.get("/private/files").json["meta"]["count"], 0);
    // Its bytes are let go of, then all of it.
    let stored = server.data().join("samples").join(&hash[..2]).join(&hash);
    assert!(stored.exists());
    let odd = bob.delete(&format!("{path}?only_from_storage=perhaps"));
    assert_eq!(odd.error(400), "InvalidArgumentError");
    let only = bob.delete(&format!("{path}?only_from_storage=true"));
    assert_eq!(only.json, json!({}));
    assert!(!stored.exists());
    let report = bob.get(&path).data();
    assert_eq!(report["attributes"]["downloadable"], false);
    for (method, rest) in [("GET", "/download"), ("POST", "/analyse")] {
        let gone = bob.send(method, &format!("{path}{rest}"), &[], b"");
        assert_eq!(gone.error(404), "NotFoundError");
    }
    assert_eq!(bob.delete(&path).json, json!({}));
    assert_eq!(bob.get(&path).error(404), "NotFoundError");
    assert_eq!(bob.delete(&path).error(404), "NotFoundError");
    assert_eq!(bob.get("/private/analyses").json["meta"]["count"], 0);
    server.must(&["check"]);
}

#[test]
fn a_form_says_what_is_wanted_and_the_answer_what_has_no_effect() {
    let (_server, bob, _) = two_groups();
    let all = [
        ("command_line", "/s"),
        ("password", "infected"),
        ("disable_sandbox", "false"),
        ("enable_internet", "True"),
        ("intercept_tls", "1"),
        ("retention_period_days", "7"),
        ("storage_region", "EU"),
        ("interaction_sandbox", "cape_win"),
        ("interaction_timeout", "60"),
    ];
    let sent = send(&bob, b"with everything", &all);
    let without_effect = &sent.json["meta"]["parameters_without_effect"];
    let named = without_effect.as_array().unwrap();
    assert_eq!(named.len(), 7, "{named:?}");
    assert!(!named.contains(&json!("retention_period_days")));
    sent.clone().data();
    let report = bob.get(&format!("/private/files/{}", sha256(b"with everything")));
    let told = report.data()["attributes"].clone();
    let kept =
        told["expiration"].as_i64().unwrap() - told["last_submission_date"].as_i64().unwrap();
    assert_eq!(kept, 7 * 86_400);
    for (name, value) in [
        ("retention_period_days", "0"),
        ("retention_period_days", "29"),
        ("retention_period_days", "soon"),
        ("interaction_timeout", "59"),
        ("interaction_timeout", "1801"),
        ("enable_internet", "perhaps"),
    ] {
        let refused = send(&bob, b"refused", &[(name, value)]);
        assert_eq!(refused.error(400), "InvalidArgumentError", "{name}={value}");
        assert!(refused.json.to_string().contains(name));
        let url = bob.post_form("/private/urls", &[("url", URL), (name, value)]);
        assert_eq!(url.error(400), "InvalidArgumentError", "{name}={value}");
    }
    let none = bob.get(&format!("/private/files/{}", sha256(b"refused")));
    assert_eq!(none.error(404), "NotFoundError");
    let many: Vec<_> = (0..12).map(|_| ("x", "y")).collect();
    assert_eq!(send(&bob, b"refused", &many).error(400), "BadRequestError");
}

#[test]
fn a_private_url_is_found_by_its_id_and_tells_its_host_nothing() {
    let (_server, bob, eve) = two_groups();
    let sent = bob.post_form(
        "/private/urls",
        &[("url", URL), ("retention_period_days", "2")],
    );
    let sent = sent.data();
    // vt-py waits at the path of everybody's.
    let done = bob.completed(&id(&sent));
    assert_eq!(done["data"]["type"], "private_analysis");
    let others = eve.get(&format!("/analyses/{}", id(&sent)));
    assert_eq!(others.error(404), "NotFoundError");
    let url_id = sha256(URL.as_bytes());
    let report = bob.get(&format!("/private/urls/{url_id}")).data();
    assert_eq!(report["type"], "private_url");
    assert_eq!(report["attributes"]["url"], URL);
    let base64 = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(URL)
    };
    assert_eq!(
        bob.get(&format!("/private/urls/{base64}")).data()["id"],
        report["id"]
    );
    let host = bob.get(&format!("/private/urls/{url_id}/network_location"));
    assert_eq!(host.data()["id"], "secret-host.example");
    for client in [&bob, &eve] {
        for path in [
            "/domains/secret-host.example/urls",
            "/domains/secret-host.example/siblings",
        ] {
            let reply = client.get(path);
            assert_eq!(reply.json["meta"]["count"], 0, "{path}: {}", reply.json);
        }
        assert_eq!(
            client.get(&format!("/urls/{url_id}")).error(404),
            "NotFoundError"
        );
    }
    assert_eq!(
        bob.post_form("/private/urls", &[]).error(400),
        "InvalidArgumentError"
    );
}

#[test]
fn an_upload_address_for_what_is_private_publishes_nothing() {
    let (server, bob, _) = two_groups();
    let address = bob.get("/private/files/upload_url").data();
    let nobody = Client::new(&server.origin, "");
    let sent = nobody
        .upload_to(address.as_str().unwrap(), "a", b"large")
        .data();
    assert_eq!(sent["type"], "private_analysis");
    let hash = sha256(b"large");
    assert_eq!(
        bob.get(&format!("/files/{hash}")).error(404),
        "NotFoundError"
    );
    assert_eq!(bob.get(&format!("/private/files/{hash}")).status, 200);
    let again = nobody.upload_to(address.as_str().unwrap(), "a", b"large");
    assert_eq!(again.error(404), "NotFoundError");
    // The add-on ends between the address and the upload.
    let address = bob.get("/private/files/upload_url").data();
    server.must(&["group", "withdraw", "acme", "private-scanning"]);
    let late = nobody.upload_to(address.as_str().unwrap(), "a", b"late");
    assert_eq!(late.error(403), "ForbiddenError");
}

/// A file that somebody has for themselves and somebody else has sent in for all is two, and each
/// stays when the other goes.
#[test]
fn what_is_private_and_public_stays_both() {
    let (server, bob, eve) = two_groups();
    let bytes = secret();
    let hash = sha256(&bytes);
    let (public, private) = (format!("/files/{hash}"), format!("/private/files/{hash}"));
    scanned(&bob, &bytes);
    scanned(&eve, &bytes);
    // New to everybody: the free reading of the report is the sender's.
    server.client.analysed("open.bin", &bytes);
    let seen = eve.get(&public).data();
    assert_eq!(seen["attributes"]["names"], json!(["open.bin"]));
    assert_eq!(seen["attributes"]["times_submitted"], 1);
    assert_eq!(seen["attributes"]["unique_sources"], 1);
    assert_eq!(
        eve.get(&format!("{public}/analyses")).json["meta"]["count"],
        1
    );
    assert_eq!(bob.delete(&private).status, 200);
    assert_eq!(bob.get(&private).error(404), "NotFoundError");
    assert_eq!(eve.get(&private).status, 200);
    let stored = server.data().join("samples").join(&hash[..2]).join(&hash);
    assert!(stored.exists());
    // Everybody's goes, and eve's stays, with its bytes.
    let forget = "UPDATE item SET last_modification = 1";
    change(&server, forget);
    let policy = server.data().join("policy.toml");
    let data = server.data().display();
    std::fs::write(
        &policy,
        format!("data = \"{data}\"\n[retention]\nfile = 1\n"),
    )
    .unwrap();
    let gone = crate::harness::quorum()
        .args(["retention", "--apply", "--config"])
        .arg(&policy)
        .output()
        .unwrap();
    assert!(
        gone.status.success(),
        "{}",
        String::from_utf8_lossy(&gone.stderr)
    );
    assert_eq!(eve.get(&public).error(404), "NotFoundError");
    assert_eq!(eve.get(&private).status, 200);
    assert!(stored.exists());
    server.must(&["check"]);
    assert_eq!(eve.delete(&private).status, 200);
    assert!(!stored.exists());
}

/// From its end on nobody finds it, and a moment later it is gone from the disk.
#[test]
fn what_is_private_goes_when_its_time_has_come() {
    let (mut server, bob, _) = two_groups();
    let bytes = secret();
    let hash = sha256(&bytes);
    let analysis = id(&scanned(&bob, &bytes)["data"]);
    bob.post_url_to("/private/urls", URL).data();
    let zip = bob.post(
        "/private/zip_files",
        &json!({"data": {"hashes": [hash], "password": "x"}}),
    );
    assert_eq!(zip.status, 200);
    let away = bob.get(&format!("/private/files/{hash}/download"));
    let address = away.headers["location"].to_str().unwrap().to_owned();
    change(&server, "UPDATE private_item SET expires = unixepoch() - 1");
    for path in [
        format!("/private/files/{hash}"),
        format!("/private/files/{hash}/bundled_files"),
        format!("/private/files/{hash}/download"),
        format!("/private/analyses/{analysis}"),
        format!("/analyses/{analysis}"),
        format!("/private/urls/{}", sha256(URL.as_bytes())),
    ] {
        assert_eq!(bob.get(&path).error(404), "NotFoundError", "{path}");
    }
    for list in ["/private/files", "/private/analyses"] {
        assert_eq!(bob.get(list).json["meta"]["count"], 0);
    }
    let late = Client::new(&server.origin, "").get(&address);
    assert_eq!(late.error(404), "NotFoundError");
    // The server looks at its start, and every minute.
    server.terminate();
    server.start_again(&[]);
    let stored = server.data().join("samples").join(&hash[..2]).join(&hash);
    until("it is gone from the disk", || !stored.exists());
    let left = "SELECT CASE WHEN EXISTS (SELECT 1 FROM private_item) OR EXISTS
        (SELECT 1 FROM analysis) OR EXISTS (SELECT 1 FROM relation) OR EXISTS (SELECT 1 FROM job)
        THEN json('not empty') END";
    change(&server, left);
    server.must(&["check"]);
}

/// S16: scans are counted exactly, a month and a minute, files and URLs each by themselves; without
/// the add-on there are none.
#[test]
fn private_scans_are_an_add_on_with_quotas_of_its_own() {
    let (server, bob, _) = two_groups();
    let carol = server.user(&["add", "carol", "--tier", "duet-feeds"]);
    for (method, path, operation) in routes(&server) {
        if !path.starts_with("/api/v3/private/") {
            continue;
        }
        let path = path
            .replace("{id}", &"0".repeat(64))
            .replace("{relationship}", "analyses");
        let body = match takes_json(&operation) {
            true => body(&method, "/private/zip_files", 1).to_string(),
            false => String::new(),
        };
        let refused = carol.send(&method, &path, &[], body.as_bytes());
        assert_eq!(refused.error(403), "ForbiddenError", "{method} {path}");
        assert!(refused.json.to_string().contains("private-scanning"));
    }
    let quota = |client: &Client, user: &str, name: &str| {
        let quotas = client.get(&format!("/users/{user}/overall_quotas")).data();
        let quota = &quotas[name];
        json!([
            quota["user"]["allowed"],
            quota["user"]["used"],
            quota["group"]["used"]
        ])
    };
    assert_eq!(
        quota(&carol, "carol", "private_scans_monthly"),
        json!([0, 0, 0])
    );
    let unlimited = quota(&bob, "bob", "private_scans_monthly");
    assert_eq!(unlimited, json!([1_000_000_000, 0, 0]));
    server.must(&["group", "set", "acme", "--quota", "private_scans_monthly=3"]);
    server.must(&[
        "group",
        "set",
        "acme",
        "--quota",
        "private_urlscans_per_minute=1",
    ]);
    send(&bob, b"one", &[]).data();
    send(&bob, b"two", &[]).data();
    let racer = |number| send(&bob, format!("racer {number}").as_bytes(), &[]);
    assert_eq!(race(40, racer), 1);
    assert_eq!(bob.get("/private/files").json["meta"]["count"], 3);
    assert_eq!(
        quota(&bob, "bob", "private_scans_monthly"),
        json!([3, 3, 3])
    );
    let again = bob.post(
        &format!("/private/files/{}/analyse", sha256(b"one")),
        &json!({}),
    );
    assert_eq!(again.error(429), "QuotaExceededError");
    // What was refused left nothing behind.
    let samples = std::fs::read_dir(server.data().join("incoming")).unwrap();
    assert_eq!(samples.count(), 0);
    // URLs have numbers of their own.
    bob.post_url_to("/private/urls", URL).data();
    let fast = bob.post_url_to("/private/urls", URL);
    assert_eq!(fast.error(429), "TooManyRequestsError");
    assert!(fast.headers.get("retry-after").is_some());
    assert_eq!(
        quota(&bob, "bob", "private_urlscans_per_minute"),
        json!([1, 1, 1])
    );
    assert_eq!(
        quota(&bob, "bob", "private_urlscans_monthly"),
        json!([1_000_000_000, 1, 1])
    );
}

/// Numbers that change from one answer to the next, as one sign.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.len() {
            9.. => steady.push('#'),
            _ if steady.ends_with("\"used\":") => steady.push('#'),
            _ => steady.push_str(&digits),
        }
        digits.clear();
        steady.push(c);
    }
    steady
}

/// An answer without what it repeats of a question, in any case. Some read base64 in it.
fn without(text: &str, name: &str) -> String {
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::STANDARD.decode(name);
    let decoded = String::from_utf8(decoded.unwrap_or_default()).unwrap_or_default();
    let name = name.to_lowercase();
    // What is drawn at random is another one every time.
    let text = match text.split_once("/_ah/upload/") {
        Some((before, _)) => before,
        None => text,
    };
    let text = text
        .to_lowercase()
        .replace(&name, "NAME")
        .replace(&escape(&name).to_lowercase(), "NAME")
        .replace(&name[..8], "BEGIN");
    decoded
        .split(':')
        .filter(|piece| piece.len() >= 8)
        .fold(text, |text, piece| text.replace(piece, "PIECE"))
}

/// S2: every route of the program, asked by another group's administrator with all add-ons and by the
/// server's administrator for something private, by each of its names at each place of the path and
/// of the query, says what it says of what nobody has; and none says a word of it by itself.
#[test]
fn no_route_tells_anybody_else_of_what_is_private() {
    let (server, bob, eve) = two_groups();
    let bytes = secret();
    let hash = sha256(&bytes);
    let analysis = id(&scanned(&bob, &bytes)["data"]);
    let report = bob.get(&format!("/private/files/{hash}")).data();
    let hashed = |name: &str| report["attributes"][name].as_str().unwrap().to_owned();
    let (md5, sha1) = (hashed("md5"), hashed("sha1"));
    let url = bob.post_url_to("/private/urls", URL).data();
    let url_analysis = id(&bob.completed(&id(&url))["data"]);
    // Of another time too: the feeds hand out what is an hour old.
    change(
        &server,
        "UPDATE analysis SET date = date - 4000, completed = completed - 4000",
    );
    let zip = json!({"data": {"hashes": [hash], "password": "x"}});
    bob.post("/private/zip_files", &zip).data();
    // Each with something of its form that nobody has.
    let names = [
        (hash.as_str(), sha256(b"nobody's")),
        (&md5, "0123456789abcdef0123456789abcdee".to_owned()),
        (&sha1, "0123456789abcdef0123456789abcdef01234567".to_owned()),
        (&sha256(URL.as_bytes()), sha256(b"no URL")),
        (&analysis, format!("bm9ib2R5{}", &analysis[8..])),
        (&url_analysis, format!("bm9ib2R6{}", &url_analysis[8..])),
        (NAME, "nobody_plan_bin".to_owned()),
    ];
    let member = sha256(b"what only they know");
    let words: Vec<&str> = names
        .iter()
        .map(|(word, _)| *word)
        .chain(["secret-host", "inner.txt", &member])
        .collect();
    // A word of an hour ago, for the feeds.
    let hour_ago = {
        let script =
            "import time; print(time.strftime('%Y%m%d%H%M', time.gmtime(time.time() - 4000)))";
        let run = Command::new("python3")
            .args(["-c", script])
            .output()
            .unwrap();
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    };
    let mut asked = 0;
    let mut found_by_its_group = 0;
    for (method, path, operation) in routes(&server) {
        let json_body = takes_json(&operation).then(|| body(&method, &short(&path), 77));
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let queries = parameters.iter().filter(|one| one["in"] == "query");
        let queries: Vec<_> = queries.map(|one| one["name"].as_str().unwrap()).collect();
        let filled = |name: &str| {
            let mut segments: Vec<String> = Vec::new();
            for segment in path.split('/') {
                segments.push(match segment {
                    "{collection}" if name.len() == 64 => "files".to_owned(),
                    "{collection}" => "domains".to_owned(),
                    "{relationship}" => "analyses".to_owned(),
                    "{feed}" => "files".to_owned(),
                    "{batch}" => hour_ago.clone(),
                    "{hour}" => hour_ago[..10].to_owned(),
                    segment if segment.starts_with('{') => escape(name),
                    segment => segment.to_owned(),
                });
            }
            segments.join("/")
        };
        let ask = |client: &Client, name: &str, query: Option<&str>| {
            let mut target = filled(name);
            if let Some(query) = query {
                target.push_str(&format!("?{query}={}", escape(name)));
            }
            let body = json_body.as_ref().map(|body| {
                let body = body.to_string().replace(crate::harness::EICAR_SHA256, name);
                body.replace("275a021b", &name[..8.min(name.len())])
            });
            let reply = client.send(&method, &target, &[], body.unwrap_or_default().as_bytes());
            let text = String::from_utf8_lossy(&reply.bytes).into_owned();
            (reply.status, text)
        };
        for client in [&eve, &server.client] {
            for (secret, other) in &names {
                for query in std::iter::once(None).chain(queries.iter().map(Some)) {
                    if matches!(
                        query,
                        Some(&"limit" | &"cursor" | &"relationships" | &"attributes")
                    ) {
                        continue;
                    }
                    let query = query.copied();
                    let what = format!("{method} {path} {secret} {query:?}");
                    let of_nobodys = ask(client, other, query);
                    let (status, text) = ask(client, secret, query);
                    asked += 1;
                    // What it was asked for it may repeat.
                    let told = without(&text, secret);
                    for word in &words {
                        assert!(
                            !told.contains(&word.to_lowercase()),
                            "{what} tells of {word}: {text}"
                        );
                    }
                    // What makes something new makes it once.
                    let named = query.is_some() || path.contains('{');
                    let makes = method != "GET" && !path.contains('{') && status == 200;
                    if !makes && of_nobodys.0 != 409 && of_nobodys.0 != 200
                        || method == "GET" && named
                    {
                        assert_eq!(status, of_nobodys.0, "{what}: {text}");
                        // Why something is no name is its own business.
                        if status == 400 {
                            continue;
                        }
                        let of_nobodys = without(&of_nobodys.1, other);
                        assert_eq!(steady(&told), steady(&of_nobodys), "{what}");
                    }
                }
            }
        }
        // The same walk finds it where it is: this test can fail.
        if method == "GET" {
            for (name, _) in &names {
                found_by_its_group +=
                    usize::from(ask(&bob, name, None).0 == 200 && path.contains("/private/"));
            }
        }
    }
    assert!(asked > 2000, "{asked}");
    assert!(found_by_its_group > 15, "{found_by_its_group}");
    assert_eq!(bob.get(&format!("/private/files/{hash}")).status, 200);
    // And what is only counted or only logged.
    let lookup = json!({"data": {"sha256": [&hash[..8]], "urls": [&sha256(URL.as_bytes())[..8]]}});
    let lookup = eve.post(&format!("{OWN}/lookups"), &lookup);
    assert_eq!(lookup.status, 200);
    for word in &words {
        assert!(!lookup.json.to_string().contains(word), "{}", lookup.json);
        assert!(!server.log().contains(word), "{word} is in the log");
    }
    let log = server.must(&["audit"]);
    assert!(log.contains("private_file.submitted"), "{log}");
    assert!(words.iter().all(|word| !log.contains(word)), "{log}");
}
