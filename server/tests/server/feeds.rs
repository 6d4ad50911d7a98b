//! Feeds: what came in, minute by minute, an hour later.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Client, EICAR_SHA256, Server, eicar};

/// Makes everything that was sent in and analysed so many seconds older, beside the running server.
const AGE: &str = r"
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=60)
for table in ('submission', 'analysis'):
    store.execute(f'UPDATE {table} SET date = date - ?', (int(sys.argv[2]),))
print(store.execute('SELECT max(date) FROM submission').fetchone()[0])
store.commit()
";

/// What Python makes of an archive: of bzip2 the text, of tar in bzip2 the names and texts.
const READ: &str = r"
import bz2, io, json, sys, tarfile
data = sys.stdin.buffer.read()
if sys.argv[1] == 'tar':
    with tarfile.open(fileobj=io.BytesIO(data), mode='r:bz2') as tar:
        found = {one.name: bz2.decompress(tar.extractfile(one).read()).decode() for one in tar}
else:
    found = bz2.decompress(data).decode()
print(json.dumps(found))
";

fn age(server: &Server, seconds: i64) -> i64 {
    let store = server.data().join("quorum.sqlite");
    let run = Command::new("python3")
        .args(["-c", AGE, store.to_str().unwrap(), &seconds.to_string()])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

fn read(form: &str, archive: &[u8]) -> Value {
    use std::io::Write as _;
    let mut run = Command::new("python3")
        .args(["-c", READ, form])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    run.stdin.take().unwrap().write_all(archive).unwrap();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(text: &Value) -> Vec<Value> {
    let lines = text.as_str().unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A time as feeds name it.
fn named(time: i64, pattern: &str) -> String {
    let run = Command::new("date")
        .args(["-u", "-d", &format!("@{time}"), pattern])
        .output()
        .unwrap();
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs() as i64
}

fn subscriber(server: &Server) -> Client {
    let client = server.user(&["add", "reader", "--tier", "duet-feeds"]);
    for feed in ["domain-feed", "ip-address-feed"] {
        server.must(&["group", "grant", "reader", feed]);
    }
    client
}

#[test]
fn what_came_in_is_in_the_batch_of_its_minute() {
    let server = Server::start();
    let reader = subscriber(&server);
    server.client.analysed("eicar.com", &eicar());
    server.client.post_url("http://fed.example/a").data();
    let asked = server
        .client
        .post("/domains/fed.example/analyse", &json!({}))
        .data();
    server.client.completed(asked["id"].as_str().unwrap());
    let then = age(&server, 3 * 3600);
    let (minute, hour) = (named(then, "+%Y%m%d%H%M"), named(then, "+%Y%m%d%H"));
    // They came in within a minute, or at its end.
    let of = |feed: &str| {
        let mut all = Vec::new();
        for minute in [
            named(then - 60, "+%Y%m%d%H%M"),
            minute.clone(),
            named(then + 60, "+%Y%m%d%H%M"),
        ] {
            let reply = reader.get(&format!("/feeds/{feed}/{minute}"));
            assert_eq!(reply.status, 200, "{}", reply.json);
            assert_eq!(reply.headers["content-type"], "application/x-bzip2");
            all.extend(lines(&read("bz2", &reply.bytes)));
        }
        all
    };
    let files = of("files");
    assert_eq!(files.len(), 1);
    assert_eq!(
        (&files[0]["type"], &files[0]["id"]),
        (&json!("file"), &json!(EICAR_SHA256))
    );
    assert_eq!(
        files[0]["attributes"]["last_analysis_stats"]["malicious"],
        2
    );
    let context = &files[0]["context_attributes"];
    assert_eq!(
        (&context["filename"], &context["submitter"]),
        (&json!("eicar.com"), &json!({"method": "api"}))
    );
    let urls = of("urls");
    assert_eq!(urls[0]["attributes"]["url"], "http://fed.example/a");
    assert_eq!(
        urls[0]["context_attributes"],
        json!({"submitter": {"method": "api"}})
    );
    let domains = of("domains");
    assert_eq!(
        (domains.len(), &domains[0]["id"]),
        (1, &json!("fed.example"))
    );
    assert_eq!(of("ip_addresses").len(), 0);
    assert_eq!(of("file_behaviours").len(), 0);
    assert_eq!(of("file-behaviours").len(), 0);
    // The hour has its sixty minutes.
    let reply = reader.get(&format!("/feeds/files/hourly/{hour}"));
    assert_eq!(reply.status, 200, "{}", reply.json);
    let tar = read("tar", &reply.bytes);
    let tar = tar.as_object().unwrap();
    assert_eq!(tar.len(), 60);
    assert!(
        tar.keys()
            .all(|name| name.starts_with(&hour) && name.ends_with(".bz2"))
    );
    let neighbour = reader.get(&format!(
        "/feeds/files/hourly/{}",
        named(then - 60, "+%Y%m%d%H")
    ));
    let mut all: Vec<_> = tar.values().flat_map(lines).collect();
    if named(then - 60, "+%Y%m%d%H") != hour {
        all.extend(
            read("tar", &neighbour.bytes)
                .as_object()
                .unwrap()
                .values()
                .flat_map(lines),
        );
    }
    assert_eq!(all.len(), 1);
    // The file itself, in a ZIP, at an address that the line names.
    let address = context["download_url"].as_str().unwrap();
    let reply = reader.get(address);
    assert_eq!(reply.status, 302, "{}", reply.json);
    let sample = reader.get(reply.headers["location"].to_str().unwrap());
    assert!(sample.bytes.starts_with(b"PK\x03\x04"));
    let mut odd = address.to_owned();
    odd.insert(address.len() - 10, '0');
    assert_eq!(reader.get(&odd).error(404), "NotFoundError");
    assert_eq!(server.client.get(address).error(403), "ForbiddenError");
    // Feeds are free of charge.
    let usage = reader.get("/users/reader/api_usage").data();
    assert_eq!(usage["total"], json!({}));
}

#[test]
fn a_feed_begins_an_hour_ago_and_ends_a_week_ago_and_is_for_its_subscribers() {
    let server = Server::start();
    let reader = subscriber(&server);
    let at = |ago: i64| named(now() - ago, "+%Y%m%d%H%M");
    let hour = |ago: i64| named(now() - ago, "+%Y%m%d%H");
    for feed in [
        "files",
        "urls",
        "domains",
        "ip_addresses",
        "file_behaviours",
        "file-behaviours",
    ] {
        for (path, code) in [
            (at(3300), Err("NotAvailableYet")),
            (at(-9000), Err("NotAvailableYet")),
            (at(3661), Ok(())),
            (at(7 * 86_400 - 300), Ok(())),
            (at(7 * 86_400 + 120), Err("NotFoundError")),
            (format!("hourly/{}", hour(3600)), Err("NotAvailableYet")),
            (format!("hourly/{}", hour(7200)), Ok(())),
            (
                format!("hourly/{}", hour(7 * 86_400 + 7200)),
                Err("NotFoundError"),
            ),
            ("yesterday".to_owned(), Err("InvalidArgumentError")),
            (
                "20261124 730".replace(' ', "%20"),
                Err("InvalidArgumentError"),
            ),
            ("hourly/20261324".to_owned(), Err("InvalidArgumentError")),
        ] {
            let reply = reader.get(&format!("/feeds/{feed}/{path}"));
            match code {
                Ok(()) => assert_eq!(reply.status, 200, "{path}: {}", reply.json),
                Err("NotFoundError") => assert_eq!(reply.error(404), "NotFoundError", "{path}"),
                Err(code) => assert_eq!(reply.error(400), code, "{path}"),
            }
        }
        let refused = server.client.get(&format!("/feeds/{feed}/{}", at(3661)));
        assert_eq!(refused.error(403), "ForbiddenError");
    }
    assert_eq!(
        reader.get("/feeds/comments/202611241730").error(404),
        "NotFoundError"
    );
    assert_eq!(
        reader.get("/feeds/urls/x/download").error(404),
        "NotFoundError"
    );
    assert_eq!(
        reader.get("/feeds/files/x/download").error(404),
        "NotFoundError"
    );
}
