//! What operators look at and rely on: probes, metrics, TLS, `quorum doctor`, the packaging.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::{Client, Directory, PATIENCE, Server, eicar, quorum, sha256, until};

/// What a plain GET brings: status line, and body.
fn get(origin: &str, path: &str) -> (String, String) {
    let address = origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// A server with an operations address, and that.
fn told(settings: &[(&str, &str)]) -> (Server, String) {
    let server = Server::with(&[settings, &[("QUORUM_OPS_LISTEN", "127.0.0.1:0")]].concat());
    let log = server.log();
    let address = log
        .lines()
        .find(|line| line.contains("operations are told"))
        .and_then(|line| line.rsplit('=').next())
        .unwrap();
    let origin = format!("http://{}", address.trim());
    (server, origin)
}

/// The value of the one series whose name and labels hold all of these.
fn value(text: &str, parts: &[&str]) -> Option<f64> {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#') && parts.iter().all(|part| line.contains(part)))
        .collect();
    assert!(lines.len() <= 1, "{parts:?}: {lines:?}");
    lines.first()?.rsplit(' ').next()?.parse().ok()
}

#[test]
fn probes_and_metrics_stand_where_they_may_be_seen() {
    let (server, ops) = told(&[]);
    for origin in [&server.origin, &ops] {
        assert_eq!(get(origin, "/healthz").0, "HTTP/1.1 200 OK");
        let (status, body) = get(origin, "/readyz");
        assert_eq!(status, "HTTP/1.1 200 OK", "{body}");
    }
    assert_eq!(get(&ops, "/metrics").0, "HTTP/1.1 200 OK");
    assert_eq!(get(&server.origin, "/metrics").0, "HTTP/1.1 404 Not Found");
    // The operations address knows nothing else.
    assert_eq!(get(&ops, "/api/v3/metadata").0, "HTTP/1.1 404 Not Found");
}

#[test]
fn what_happens_is_counted_and_nothing_secret_with_it() {
    let (server, ops) = told(&[]);
    server.client.analysed("canary-name", &eicar());
    server.client.get("/domains/canary.example");
    server.client.get("/no/such/canary-path");
    server.client.send("CANARY", "/metadata", &[], b"");
    // The job's row is gone before its attempt is counted.
    until("the job is counted", || {
        value(
            &get(&ops, "/metrics").1,
            &["job_attempts_total", "completed"],
        ) == Some(1.0)
    });
    let (_, text) = get(&ops, "/metrics");
    let counted = |parts: &[&str]| value(&text, parts);
    let route = |path: &str| format!("route=\"{path}\"");
    let upload = route("/api/v3/files");
    assert_eq!(
        counted(&["quorum_requests_total", &upload, "POST", "status=\"200\""]),
        Some(1.0)
    );
    assert_eq!(
        counted(&["quorum_request_seconds_count", &upload]),
        Some(1.0)
    );
    assert_eq!(
        counted(&["quorum_requests_total", "method=\"other\""]),
        Some(1.0)
    );
    assert_eq!(
        counted(&["quorum_engine_results_total", "YARA", "malicious"]),
        Some(1.0)
    );
    assert_eq!(counted(&["quorum_jobs_queued"]), Some(0.0));
    assert_eq!(counted(&["quorum_files "]), Some(1.0));
    assert_eq!(counted(&["quorum_file_bytes"]), Some(68.0));
    assert!(counted(&["quorum_resident_memory_bytes"]).unwrap() > 1e6);
    assert!(counted(&["quorum_disk_free_bytes"]).unwrap() > 0.0);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(!text.to_lowercase().contains("canary"), "{text}");
    assert!(!text.contains(&server.client.key), "{text}");
}

/// What is sent from before the routes is what they send, and is counted and refused as by them. A
/// parameter that means nothing leads through them.
#[test]
fn a_kept_report_is_the_same_whichever_way_it_is_sent() {
    let (server, ops) = told(&[]);
    let admin = &server.client;
    admin.analysed("a", b"kept");
    for item in ["/domains/a.example", "/ip_addresses/192.0.2.1"] {
        let analysis = admin.post(&format!("{item}/analyse"), &Value::Null).data();
        admin.completed(analysis["id"].as_str().unwrap());
    }
    let analysis = admin.post_url("http://a.example/").data();
    admin.completed(analysis["id"].as_str().unwrap());
    let reports = [
        ("files", sha256(b"kept")),
        ("urls", sha256(b"http://a.example/")),
        ("domains", "a.example".to_owned()),
        ("ip_addresses", "192.0.2.1".to_owned()),
    ];
    // Its first reading is free.
    let file = format!("/files/{}", reports[0].1);
    assert_eq!(admin.get(&file).status, 200);

    let guest = server.user(&["add", "guest", "--tier", "public"]);
    let stranger = Client::new(&server.origin, &"0".repeat(64));
    let answer = |client: &Client, path: &str| {
        let mut reply = client.get(path);
        for passing in ["date", "retry-after"] {
            reply.headers.remove(passing);
        }
        (reply.status, reply.headers, reply.bytes)
    };
    let counted = |noun: &str, status: &str| {
        let route = format!("route=\"/api/v3/{noun}/{{id}}\"");
        let status = format!("status=\"{status}\"");
        let series = ["quorum_requests_total", "\"GET\"", &route, &status];
        value(&get(&ops, "/metrics").1, &series).unwrap_or_default()
    };
    let used = |noun: &str| {
        let usage = admin.get("/users/admin/api_usage").data();
        usage["total"][noun].as_u64().unwrap_or_default()
    };
    for (noun, id) in &reports {
        let path = format!("/{noun}/{id}");
        let routed = format!("{path}?nothing=1");
        let before = (counted(noun, "200"), used(noun));
        let first = answer(admin, &routed);
        assert_eq!(first.0, 200, "{path}");
        for path in [&path, &routed, &path] {
            assert_eq!(answer(admin, path), first, "{path}");
        }
        assert_eq!(
            (counted(noun, "200"), used(noun)),
            (before.0 + 4.0, before.1 + 4)
        );
        assert_eq!(answer(&guest, &path), first);
        let refused = answer(&stranger, &path);
        assert_eq!(refused.0, 401);
        assert_eq!(answer(&stranger, &routed), refused);
        assert_eq!(counted(noun, "401"), 2.0);
    }
    // The guest has had four in this minute.
    let refused = answer(&guest, &file);
    assert_eq!(refused.0, 429);
    assert_eq!(answer(&guest, &format!("{file}?nothing=1")), refused);
    assert_eq!(counted("files", "429"), 2.0);
}

#[test]
fn engines_that_are_late_are_counted() {
    let (server, ops) = told(&[
        ("QUORUM_ENGINE_TIMEOUT_MS", "300"),
        ("QUORUM_FAILPOINTS", "engine.Quorum YARA=hang"),
    ]);
    server.client.upload("a", b"a").data();
    until("a time-out is counted", || {
        let (_, text) = get(&ops, "/metrics");
        value(&text, &["engine_results_total", "YARA", "timeout"]) == Some(1.0)
    });
}

#[test]
fn who_cannot_take_uploads_is_not_ready_and_lives() {
    let (server, ops) = told(&[("QUORUM_FREE_SPACE_FLOOR", "9000000000000000000")]);
    let (status, body) = get(&ops, "/readyz");
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert!(body.contains("\"space\":\"failed\""), "{body}");
    assert!(body.contains("\"store\":\"ok\""), "{body}");
    assert_eq!(get(&server.origin, "/healthz").0, "HTTP/1.1 200 OK");
}

#[test]
fn who_asks_and_does_not_listen_is_left() {
    let (server, ops) = told(&[("QUORUM_BODY_TIMEOUT_MS", "500")]);
    let mut deaf = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    let request = "GET /api/v3/openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    // Far more than both sides' buffers hold.
    let asking = std::thread::spawn(move || {
        let _ = deaf.write_all(request.repeat(3000).as_bytes());
        deaf
    });
    let connections = || value(&get(&ops, "/metrics").1, &["quorum_connections "]);
    until("it is taken", || {
        value(&get(&ops, "/metrics").1, &["requests_total", "openapi"]).is_some()
    });
    // This very scrape is one.
    until("it is left", || connections() == Some(1.0));
    drop(asking.join().unwrap());
}

#[test]
fn requests_and_jobs_are_traced_without_what_they_are_about() {
    // A collector: takes OTLP over http, and keeps it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = taken.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(length) = stream.read(&mut bytes)
                && length > 0
            {
                kept.lock().unwrap().extend_from_slice(&bytes[..length]);
                // Whatever it is, it has come; a body in two pieces is thanked for twice.
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    let mut server = Server::with(&[("QUORUM_TRACE_ENDPOINT", &collector)]);
    server.client.analysed("canary", &eicar());
    server.client.get("/domains/canary.example");
    // What is left is sent at the end.
    assert!(server.terminate().success());
    let sent = String::from_utf8_lossy(&taken.lock().unwrap()).into_owned();
    for part in [
        "POST /v1/traces",
        "POST /api/v3/files",
        "http.response.status_code",
        "analyse file",
        "Quorum YARA",
        "GET /api/v3/domains/{id}",
    ] {
        assert!(sent.contains(part), "{part}: {sent}");
    }
    assert!(!sent.contains("canary"), "{sent}");
    assert!(!sent.contains(&server.client.key), "{sent}");
}

/// A certificate for this machine and its key, written under these names.
fn certificate(directory: &Path, certificate: &str, key: &str) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.join(certificate), made.cert.pem()).unwrap();
    std::fs::write(directory.join(key), made.signing_key.serialize_pem()).unwrap();
}

#[test]
fn tls_serves_and_takes_a_new_certificate_without_a_restart() {
    let directory = Directory::new();
    let path = |name: &str| directory.0.join(name).to_str().unwrap().to_owned();
    certificate(&directory.0, "cert.pem", "key.pem");
    std::fs::copy(path("cert.pem"), path("first.pem")).unwrap();
    let server = Server::with(&[
        ("QUORUM_TLS_CERTIFICATE", &path("cert.pem")),
        ("QUORUM_TLS_KEY", &path("key.pem")),
        ("QUORUM_HEADER_TIMEOUT_MS", "1000"),
    ]);
    assert!(server.origin.starts_with("https://"), "{}", server.origin);
    let trusting = |anchor: &str| -> Output {
        quorum()
            .args([
                "user",
                "show",
                "--format",
                "json",
                "--backend",
                &server.origin,
            ])
            .env("QUORUM_APIKEY", &server.client.key)
            .env("SSL_CERT_FILE", path(anchor))
            .env("HOME", &directory.0)
            .output()
            .unwrap()
    };
    let first = trusting("first.pem");
    assert!(first.status.success(), "{first:?}");
    let user: Value = serde_json::from_slice(&first.stdout).unwrap();
    let link = user["links"]["self"].as_str().unwrap();
    assert!(link.starts_with(&server.origin), "{link}");
    // Half of a new pair changes nothing.
    certificate(&directory.0, "second.pem", "second-key.pem");
    std::fs::copy(path("second.pem"), path("cert.pem")).unwrap();
    server.signal("HUP");
    until("the half is refused", || {
        server.log().contains("the certificate stays as it was")
    });
    assert!(trusting("first.pem").status.success());
    std::fs::copy(path("second-key.pem"), path("key.pem")).unwrap();
    server.signal("HUP");
    until("the pair is taken", || {
        server.log().contains("the certificate was read again")
    });
    assert!(trusting("second.pem").status.success());
    assert_eq!(trusting("first.pem").status.code(), Some(5));
    // Who says nothing, and who speaks something else, is not waited for.
    let address = server.origin.trim_start_matches("https://");
    for words in ["", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        assert!(!said.starts_with(b"HTTP"), "{said:?}");
    }
}

#[test]
fn a_certificate_that_is_of_no_use_is_refused_at_the_start() {
    let directory = Directory::new();
    let path = |name: &str| directory.0.join(name).to_str().unwrap().to_owned();
    certificate(&directory.0, "cert.pem", "key.pem");
    certificate(&directory.0, "other.pem", "other-key.pem");
    std::fs::write(path("empty"), "").unwrap();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    for (settings, word) in [
        (vec!["--tls-certificate", &cert], "without each other"),
        (
            vec![
                "--tls-certificate",
                &cert,
                "--tls-key",
                &path("other-key.pem"),
            ],
            "do not belong together",
        ),
        (
            vec!["--tls-certificate", &path("empty"), "--tls-key", &key],
            "no certificate",
        ),
        (
            vec!["--tls-certificate", &cert, "--tls-key", &cert],
            "cannot read",
        ),
    ] {
        let output = quorum()
            .args(["serve", "--listen", "127.0.0.1:0", "--data", &path("data")])
            .args(&settings)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{settings:?}");
        assert!(said.contains(word), "{settings:?}: {said}");
    }
}

/// What the doctor says, and whether all is well.
fn doctor(arguments: &[&str]) -> (bool, String) {
    let output = quorum().arg("doctor").args(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), said)
}

/// The line on something.
#[track_caller]
fn line<'a>(said: &'a str, what: &str) -> &'a str {
    said.lines()
        .find(|line| line.split_whitespace().nth(1) == Some(what))
        .unwrap_or_else(|| panic!("nothing on {what}: {said}"))
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let mut server = Server::start();
    let data = server.data().to_str().unwrap().to_owned();
    let listen = server.origin.trim_start_matches("http://").to_owned();
    let at = ["--data", &data, "--listen", &listen];
    let chmod = |mode: &str| {
        let changed = Command::new("chmod").args([mode, &data]).status();
        assert!(changed.unwrap().success());
    };
    chmod("700");
    let (well, said) = doctor(&at);
    assert!(well, "{said}");
    assert!(line(&said, "process").contains("a server runs"), "{said}");
    assert!(line(&said, "address").contains("is ready"), "{said}");
    assert!(line(&said, "data").starts_with("ok"), "{said}");
    let (ready, said) = doctor(&[&at[..], &["--ready"]].concat());
    assert!(ready && said.contains("is ready"), "{said}");
    // A server that was started otherwise than it is asked about.
    let (well, said) = doctor(&["--data", &data, "--listen", "127.0.0.1:1"]);
    assert!(!well);
    assert!(line(&said, "address").starts_with("WRONG"), "{said}");
    server.terminate();
    assert!(!doctor(&[&at[..], &["--ready"]].concat()).0);
    let taken = TcpListener::bind(&listen).unwrap();
    let (well, said) = doctor(&at);
    assert!(!well);
    assert!(line(&said, "address").starts_with("WRONG"), "{said}");
    assert!(said.contains("-> say --listen"), "{said}");
    drop(taken);
    let space = [&at[..], &["--free-space-floor", "9000000000000000000"]].concat();
    let (well, said) = doctor(&space);
    assert!(!well);
    assert!(line(&said, "space").starts_with("WRONG"), "{said}");
    chmod("755");
    let (well, said) = doctor(&["--data", &data, "--listen", "0.0.0.0:0"]);
    assert!(well, "a doubt is no fault: {said}");
    assert!(line(&said, "exposure").starts_with("doubt"), "{said}");
    assert!(line(&said, "data").starts_with("doubt"), "{said}");
    assert!(said.contains("chmod 700"), "{said}");
    std::fs::write(Path::new(&data).join("quorum.sqlite"), "no database").unwrap();
    let (well, said) = doctor(&at);
    assert!(!well);
    assert!(line(&said, "rows").starts_with("WRONG"), "{said}");
}

#[test]
fn the_doctor_looks_before_there_is_anything() {
    let directory = Directory::new();
    let data = directory.0.join("data");
    let (well, said) = doctor(&["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(well, "{said}");
    assert!(line(&said, "data").starts_with("doubt"), "{said}");
    assert!(!data.exists(), "looking makes nothing");
}

#[test]
fn the_dashboard_shows_only_what_there_is() {
    let (server, ops) = told(&[]);
    server.client.analysed("a", &eicar());
    // Whatever has no series yet is described all the same.
    let (_, text) = get(&ops, "/metrics");
    let known: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../packaging/grafana-dashboard.json"
    );
    let dashboard = std::fs::read_to_string(path).unwrap();
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() > 5);
    let mut used = 0;
    for rest in dashboard.split("quorum_").skip(1) {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap();
        let name = format!("quorum_{}", &rest[..end]);
        let base = ["_total", "_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(&name);
        assert!(known.contains(&base), "{name} is not among {known:?}");
        used += 1;
    }
    assert!(used > 5);
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let directory = Directory::new();
    let packaging = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/quorum.service");
    let unit = std::fs::read_to_string(packaging).unwrap();
    // The program is not installed here; everything else is as it is.
    let here = unit.replace("/usr/bin/quorum", env!("CARGO_BIN_EXE_quorum"));
    let path = directory.0.join("quorum.service");
    std::fs::write(&path, here).unwrap();
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&path)
        .output()
        .expect("Debian's systemd");
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(!said.contains("quorum.service"), "{said}");
}
