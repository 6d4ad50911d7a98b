//! Another backend as a source: a second real server, and one that misbehaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Fake, KEY, answer, answer_json, error};
use crate::harness::{Client, Directory, OWN, Server, eicar, quorum, sha256, until};

/// A server with this in `[upstream]` beside address and key.
struct Below {
    server: Server,
    // Removed at the end.
    _files: Directory,
    config: String,
}

impl Below {
    fn new(upstream: &str, key: &str, policy: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let files = Directory::new();
        std::fs::create_dir_all(&files.0).unwrap();
        let (key_file, config) = (files.0.join("key"), files.0.join("quorum.toml"));
        std::fs::write(&key_file, format!("{key}\n")).unwrap();
        std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!("[upstream]\nurl = {upstream:?}\nkey_file = {key_file:?}\n{policy}\n");
        std::fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap().to_owned();
        let server = Server::with(&[("QUORUM_CONFIG", config.as_str())]);
        Self {
            server,
            _files: files,
            config,
        }
    }

    fn client(&self) -> &Client {
        &self.server.client
    }

    /// What the doctor says, and whether all is well.
    fn doctor(&self) -> (bool, String) {
        let output = quorum()
            .args([
                "doctor",
                "--listen",
                "127.0.0.1:0",
                "--config",
                &self.config,
                "--data",
            ])
            .arg(self.server.data())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

const MANY: &str = "per_minute = 1000";

/// What is asked for in a request to a [`Fake`].
fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// A report on what was asked about, in which one engine objects.
fn report(request: &str) -> String {
    let mut parts = path(request).trim_start_matches("/api/v3/").split('/');
    let kind = match parts.next().unwrap() {
        "files" => "file",
        "urls" => "url",
        "domains" => "domain",
        _ => "ip_address",
    };
    let id = parts.next().unwrap();
    let attributes = json!({
        "sha256": id, "names": ["there.exe"], "reputation": -99, "first_submission_date": "soon",
        "last_analysis_date": 1_600_000_000, "id": "x",
        "last_analysis_results": {"There": {"category": "malicious", "engine_name": "There",
            "method": "blacklist", "result": "Bad"}},
    });
    answer_json(
        200,
        &json!({"data": {"type": kind, "id": id, "attributes": attributes}}),
    )
}

#[test]
fn another_quorum_is_a_source() {
    let above = Server::start();
    let team = above.user(&["add", "team", "--tier", "basic"]);
    let bad = [eicar(), b"\n".to_vec()].concat();
    above.client.analysed("there.com", &bad);
    above.client.post_url("https://known.example.com/a").data();
    let below = Below::new(&above.origin, &team.key, MANY);
    let label = above.origin.trim_start_matches("http://");
    let (client, hash) = (below.client(), sha256(&bad));
    let there = above.client.get(&format!("/files/{hash}")).data();
    for name in ["sha256", "md5", "sha1"] {
        let by = there["attributes"][name].as_str().unwrap();
        let report = client.get(&format!("/files/{by}")).data();
        assert_eq!(
            (&report["type"], &report["id"]),
            (&json!("file"), &json!(hash))
        );
        let link = format!("{}/api/v3/files/{hash}", client.origin);
        assert_eq!(report["links"]["self"], link);
        let (attributes, expected) = (&report["attributes"], &there["attributes"]);
        for same in ["md5", "size", "names", "type_tag", "last_analysis_stats"] {
            assert_eq!(attributes[same], expected[same], "{same}");
        }
        let told = &attributes["upstream"];
        assert_eq!(
            (&told["source"], &told["found"]),
            (&json!(label), &json!(true))
        );
        assert!(told["age"].as_i64().unwrap() < 60, "{told}");
        assert_eq!(told["last_analysis_date"], expected["last_analysis_date"]);
    }
    // What is known here too has both sides' engines, each counted once.
    client.analysed("here.com", &bad);
    let attributes = &client.get(&format!("/files/{hash}")).data()["attributes"];
    assert_eq!(attributes["names"], json!(["here.com", "there.com"]));
    assert_eq!(attributes["times_submitted"], 1);
    let theirs = format!("Quorum YARA ({label})");
    let results = &attributes["last_analysis_results"];
    assert_eq!(results[&theirs]["category"], "malicious");
    assert_eq!(results["Quorum YARA"]["category"], "malicious");
    assert_eq!(attributes["last_analysis_stats"]["malicious"], 2);
    // An address by its digest alone, which says nothing to whom has not seen it.
    let url = "https://known.example.com/a";
    let report = client
        .get(&format!("/urls/{}", sha256(url.as_bytes())))
        .data();
    assert_eq!(report["attributes"]["url"], url);
    // Nobody knows it: that is kept too.
    let used = || {
        let usage = above.client.get("/users/team/api_usage").data();
        usage["total"]["files"].as_i64().unwrap_or(0)
    };
    let before = used();
    for _ in 0..3 {
        let missing = client.get(&format!("/files/{}", sha256(b"nobody")));
        assert_eq!(missing.error(404), "NotFoundError");
    }
    assert_eq!(used(), before + 1);
    let (well, said) = below.doctor();
    assert!(said.contains("answers to \"team\""), "{said}");
    assert!(well, "{said}");
}

/// S16: whoever asks, in whichever process's life, the budget is one.
#[test]
fn the_budget_is_kept_and_answers_are_shared() {
    let fake = Fake::new(|request, _| report(request));
    let mut below = Below::new(&fake.origin, KEY, "per_minute = 3\nper_day = 1000");
    let ask = |below: &Below, path: String| {
        let report = below.client().get(&path).data();
        report["attributes"]["upstream"].is_object()
    };
    // Many ask for one thing: one request.
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert!(ask(&below, "/domains/one.com".to_owned())));
        }
    });
    assert_eq!(fake.asked().len(), 1);
    // Many ask for many: what is left, and everybody has an answer.
    let told = std::thread::scope(|scope| {
        let below = &below;
        let asked = (0..20).map(|n| scope.spawn(move || ask(below, format!("/domains/d{n}.com"))));
        let asked: Vec<_> = asked.collect();
        asked
            .into_iter()
            .filter(|_| true)
            .map(|one| one.join().unwrap())
            .filter(|told| *told)
            .count()
    });
    assert_eq!((told, fake.asked().len()), (2, 3));
    // What is cached costs nothing; another process begins where this one ended.
    below.server.terminate();
    let config = below.config.clone();
    below
        .server
        .start_again(&[("QUORUM_CONFIG", config.as_str())]);
    assert!(ask(&below, "/domains/one.com".to_owned()));
    assert!(!ask(&below, "/domains/new.com".to_owned()));
    assert_eq!(fake.asked().len(), 3);
    let day = Below::new(&fake.origin, KEY, "per_minute = 1000\nper_day = 2");
    let told = (0..5)
        .filter(|n| ask(&day, format!("/domains/e{n}.com")))
        .count();
    assert_eq!((told, fake.asked().len()), (2, 5));
}

/// S23: whatever the upstream does, the local answer stands, and the key is told to nobody.
#[test]
fn an_upstream_that_misbehaves_costs_nothing() {
    let canary = Fake::new(|request, _| report(request));
    let elsewhere = format!("location: {}/api/v3/domains/x.com\r\n", canary.origin);
    let page = answer(200, "content-type: text/html\r\n", "<html>log in</html>");
    let other = answer_json(
        200,
        &json!({"data": {"type": "domain", "id": "other.com",
        "attributes": {"last_analysis_results": {}}}}),
    );
    let echo = answer(
        500,
        "content-type: application/json\r\n",
        &format!(
            "{{\"error\": {{\"code\": \"X\",
        \"message\": {KEY:?}}}}}"
        ),
    );
    for (what, reply) in [
        ("429", error(429, "QuotaExceededError")),
        ("500", error(500, "TransientError")),
        ("echo", echo),
        ("page", page),
        ("redirect", answer(302, &elsewhere, "")),
        ("other", other),
        ("cut", String::new()),
        ("garbage", answer_json(200, &json!([1, 2]))),
        ("refused", error(401, "WrongCredentialsError")),
    ] {
        let fake = Fake::new(move |_, _| reply.clone());
        let below = Below::new(&fake.origin, KEY, MANY);
        let reply = below.client().get("/domains/x.com");
        let report = reply.clone().data();
        assert!(
            report["attributes"]["upstream"].is_null(),
            "{what}: {report}"
        );
        let missing = below.client().get(&format!("/files/{}", sha256(b"nobody")));
        assert_eq!(missing.error(404), "NotFoundError", "{what}");
        // It is left alone for a while after that.
        assert_eq!(fake.asked().len(), 1, "{what}");
        assert!(fake.asked()[0].contains(KEY));
        let (well, said) = below.doctor();
        assert!(!well, "{what}: {said}");
        assert!(said.contains("WRONG  upstream"), "{what}: {said}");
        for text in [said, below.server.log(), reply.json.to_string()] {
            assert!(!text.contains(KEY), "{what}: {text}");
        }
        let checked = quorum()
            .args(["config", "check", "--config", &below.config])
            .output();
        let checked = checked.unwrap();
        assert!(checked.status.success());
        let text = [checked.stdout, checked.stderr].concat();
        assert!(!String::from_utf8(text).unwrap().contains(KEY));
    }
    assert_eq!(canary.asked(), [""; 0]);
}

#[test]
fn a_pause_that_is_asked_for_is_kept_and_old_answers_tell_their_age() {
    let refuses = Arc::new(AtomicBool::new(false));
    let refused = refuses.clone();
    let fake = Fake::new(move |request, _| match refused.load(Ordering::SeqCst) {
        false => report(request),
        true => answer(
            429,
            "content-type: application/json\r\nretry-after: 2\r\n",
            &json!({"error": {"code": "TooManyRequestsError", "message": "slow"}}).to_string(),
        ),
    });
    let below = Below::new(&fake.origin, KEY, "per_minute = 1000\nfresh_hours = 0");
    let told = || below.client().get("/domains/a.com").data()["attributes"].clone();
    let first = told();
    assert_eq!(first["upstream"]["found"], true);
    assert!(first["upstream"]["stale"].is_null());
    // Of the community here nobody has said anything; what is no date is none.
    assert_eq!(first["reputation"], 0);
    assert!(first["first_submission_date"].is_null() && first["id"].is_null());
    refuses.store(true, Ordering::SeqCst);
    let second = told();
    let refused_at = Instant::now();
    assert!(second["upstream"]["stale"].is_string(), "{second}");
    assert_eq!(
        second["last_analysis_results"]["There"]["category"],
        "malicious"
    );
    assert_eq!(
        second["upstream"]["fetched_date"],
        first["upstream"]["fetched_date"]
    );
    let asked = fake.asked().len();
    refuses.store(false, Ordering::SeqCst);
    until("the pause ends", || told()["upstream"]["stale"].is_null());
    // Less a clock's grain: the pause is counted from a moment before ours.
    assert!(refused_at.elapsed() > Duration::from_millis(1500));
    assert_eq!(fake.asked().len(), asked + 1);
}

#[test]
fn nothing_private_is_asked_for_nor_sent() {
    use base64::Engine as _;
    let fake = Fake::new(|request, _| report(request));
    let policy = format!("{MANY}\nuploads = {{admin = [\"file\", \"url\"]}}");
    let below = Below::new(&fake.origin, KEY, &policy);
    let client = below.client();
    for url in [
        "http://192.168.1.1/",
        "http://nas.local/",
        "http://localhost:1/x",
    ] {
        client.post_url(url).data();
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(url);
        client.get(&format!("/urls/{id}")).data();
        client
            .get(&format!("/urls/{}", sha256(url.as_bytes())))
            .data();
    }
    for path in [
        "/domains/printer.local",
        "/ip_addresses/10.0.0.1",
        "/ip_addresses/::1",
    ] {
        client.get(path).data();
    }
    client.get("/ip_addresses/8.8.8.8").data();
    let asked = fake.asked();
    assert_eq!(
        asked.iter().map(|one| path(one)).collect::<Vec<_>>(),
        ["/api/v3/ip_addresses/8.8.8.8"]
    );
}

/// Nothing is sent in upstream unless the policy names the group and the type.
#[test]
fn only_what_the_policy_names_is_sent_in() {
    let fake = Fake::new(|request, _| {
        let analysis = json!({"data": {"type": "analysis", "id": "x"}});
        match request.starts_with("POST") {
            true => answer_json(200, &analysis),
            false => error(404, "NotFoundError"),
        }
    });
    let policy = format!(
        "{MANY}\ngroups = [\"files\", \"urls\"]\n\
        uploads = {{files = [\"file\"], urls = [\"url\"], gone = [\"file\"]}}"
    );
    let below = Below::new(&fake.origin, KEY, &policy);
    let user = |name: &str| below.server.user(&["add", name, "--tier", "enterprise"]);
    let (files, urls, other) = (user("files"), user("urls"), user("other"));
    let sent = |kind: &str| {
        let asked = fake.asked();
        let sent = asked
            .iter()
            .filter(|one| one.starts_with(&format!("POST /api/v3/{kind} ")));
        sent.cloned().collect::<Vec<_>>()
    };
    for (name, client) in [("o", &other), ("u", &urls)] {
        client.analysed(name, format!("a file of {name}").as_bytes());
    }
    for (name, client) in [("o", &other), ("f", &files)] {
        client
            .post_url(&format!("http://{name}.example.com/"))
            .data();
    }
    // Who is not named is not answered from there either.
    let known = other.get("/domains/a.com").data();
    assert!(known["attributes"]["upstream"].is_null());
    files.analysed("a.exe", b"bytes of the file");
    urls.post_url("http://user:pw@u.example.com/").data();
    until("both are sent", || {
        sent("files").len() + sent("urls").len() == 2
    });
    let file = &sent("files")[0];
    assert!(file.contains("\r\n\r\nbytes of the file\r\n--"), "{file}");
    let urls = &sent("urls")[0];
    assert!(
        urls.ends_with("url=http%3A%2F%2Fu.example.com%2F"),
        "{urls}"
    );
    let log = || {
        below
            .client()
            .get(&format!("{OWN}/audit?action=upstream.sent"))
    };
    until("both are told", || log().json["meta"]["count"] == 2);
    let entries = log().data();
    let kinds: Vec<&Value> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["attributes"]["detail"]["kind"])
        .collect();
    assert!(
        kinds.contains(&&json!("file")) && kinds.contains(&&json!("url")),
        "{kinds:?}"
    );
    let (_, said) = below.doctor();
    assert!(said.contains("names \"gone\""), "{said}");
    assert!(!said.contains("names \"files\""), "{said}");
}
