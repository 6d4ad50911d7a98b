//! The commands that ask a backend: against the real server, and against one that misbehaves.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Directory, EICAR_SHA256, PATIENCE, Server, eicar, quorum, sha256, until};

/// Somebody's home, from which the program is run.
struct Home(Directory);

impl Home {
    fn new() -> Self {
        Self(Directory::new())
    }

    fn path(&self, name: &str) -> String {
        self.0.0.join(name).to_str().unwrap().to_owned()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = quorum();
        command
            .args(arguments)
            .current_dir(&self.0.0)
            .env("HOME", &self.0.0)
            .stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            let upper = name.to_ascii_uppercase();
            if upper.starts_with("VTCLI_") || upper.ends_with("_PROXY") || upper.starts_with("XDG_")
            {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// A home whose key is for this server.
    fn of(server: &Server) -> Self {
        Self::with_key(&server.origin, &server.client.key)
    }

    fn with_key(origin: &str, key: &str) -> Self {
        let home = Self::new();
        home.run_with(&["token", "set", "--backend", origin], key)
            .ended(0);
        home
    }
}

/// What a run came to.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The row of a name that ends so.
#[track_caller]
fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"].as_str().unwrap().ends_with(name))
        .unwrap_or_else(|| panic!("no row {name}: {rows}"))
}

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A backend that answers as a test says, and remembers what it was asked.
pub(crate) struct Fake {
    pub(crate) origin: String,
    asked: Arc<Mutex<Vec<String>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Fake {
    /// `answer` gets the request (head and body as text) and how many came before it. What it
    /// returns is sent as it is; nothing is a connection that is cut.
    pub(crate) fn new(answer: impl Fn(&str, usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let most_at_once = Arc::new(AtomicUsize::new(0));
        let (log, most, now) = (asked.clone(), most_at_once.clone(), AtomicUsize::new(0));
        let shared = Arc::new((answer, now));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, most, shared) = (log.clone(), most.clone(), shared.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(request) = read_request(&mut stream) else {
                        return;
                    };
                    let (answer, now) = &*shared;
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    let answer = answer(&request, before);
                    now.fetch_sub(1, Ordering::SeqCst);
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        Self {
            origin,
            asked,
            most_at_once,
        }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    let mut piece = [0; 64 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().unwrap());
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
}

pub(crate) fn answer(status: u16, more: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n{body}",
        body.len()
    )
}

pub(crate) fn answer_json(status: u16, body: &Value) -> String {
    answer(
        status,
        "content-type: application/json\r\n",
        &body.to_string(),
    )
}

pub(crate) fn error(status: u16, code: &str) -> String {
    answer_json(
        status,
        &json!({"error": {"code": code, "message": format!("the words for {code}")}}),
    )
}

/// A report on the domain that was asked about.
fn clean(request: &str) -> String {
    let path = request.split(' ').nth(1).unwrap();
    let id = path.rsplit('/').next().unwrap();
    let kind = match path.contains("/files/") {
        true => "file",
        false => "domain",
    };
    answer_json(
        200,
        &json!({"data": {"type": kind, "id": id, "attributes": {"last_analysis_results": {
            "A": {"category": "harmless", "engine_name": "A", "method": "blacklist", "result": null},
        }}}}),
    )
}

fn fake_home(fake: &Fake) -> Home {
    Home::with_key(&fake.origin, KEY)
}

#[test]
fn a_folder_is_looked_up_sent_in_and_waited_for() {
    let server = Server::start();
    let home = Home::of(&server);
    // Another file than the lists know, which only the rules object to.
    let eicar_and_line = [eicar(), b"\n".to_vec()].concat();
    home.put("in/bad", &eicar_and_line);
    home.put("in/deep/er/good", b"nothing in it");
    home.put("in/empty", b"");
    std::os::unix::fs::symlink(home.path("in"), home.path("in/deep/loop")).unwrap();
    let unknown = home
        .run(&["scan", "-r", "--no-upload", "--format", "json", "in"])
        .ended(3)
        .json();
    assert_eq!(unknown.as_array().unwrap().len(), 3);
    assert_eq!(row(&unknown, "bad")["state"], "unknown");
    let first = home.run(&["scan", "-r", "--wait", "--format", "json", "in"]);
    let rows = first.json();
    let label = server.origin.trim_start_matches("http://");
    assert!(
        first
            .err
            .contains(&format!("what {label} does not know is sent to it")),
        "{first:?}"
    );
    first.ended(1);
    let bad = row(&rows, "bad");
    assert_eq!(bad["verdict"], "malicious");
    assert_eq!(bad["state"], "analysed");
    assert_eq!(bad["id"], sha256(&eicar_and_line));
    assert_eq!(row(&rows, "good")["state"], "analysed");
    // An empty file is asked about and never sent.
    assert_eq!(row(&rows, "empty")["state"], "unknown");
    // Nothing goes twice.
    let again = home
        .run(&["scan", "-r", "--format", "json", "in"])
        .ended(1)
        .json();
    assert_eq!(row(&again, "bad")["state"], "known");
    let file = format!("/files/{}", sha256(&eicar_and_line));
    let file = server.client.get(&file).data();
    assert_eq!(file["attributes"]["times_submitted"], 1);
    assert_eq!(file["attributes"]["names"], json!(["bad"]));
    // A folder is gone into when that is said.
    let refused = home.run(&["scan", "in"]).ended(2);
    assert!(refused.out.contains("--recursive"), "{refused:?}");
}

#[test]
fn every_format_says_the_same() {
    let server = Server::start();
    let home = Home::of(&server);
    let bad = home.put("in/a,\"b\"\u{202e}.exe", &eicar());
    server.client.analysed("a", &eicar());
    let table = home.run(&["scan", &bad]).ended(1).out;
    assert!(table.starts_with("malicious "), "{table}");
    assert!(table.contains("engines object"), "{table}");
    assert!(table.contains("[U+202E]"), "{table}");
    let csv = home.run(&["scan", "--format", "csv", &bad]).ended(1).out;
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "name,kind,id,state,verdict,objecting,answered,reasons,analysis"
    );
    assert!(lines[1].contains("a,\"\"b\"\""), "{csv}");
    assert!(
        lines[1].contains(&format!(",file,{EICAR_SHA256},known,malicious,")),
        "{csv}"
    );
    let report = home
        .run(&["report", "--format", "json", EICAR_SHA256])
        .ended(1)
        .json();
    assert_eq!(report[0]["report"]["attributes"]["size"], 68);
    let report = home.run(&["report", EICAR_SHA256]).ended(1).out;
    assert!(report.contains("md5"), "{report}");
    assert!(
        report.contains("44d88612fea8a8f36de82e1278abb02f"),
        "{report}"
    );
}

#[test]
fn addresses_are_looked_up_and_sent_in() {
    let server = Server::start();
    let home = Home::of(&server);
    // Neither unseen nor unlisted is clean.
    let unseen = home
        .run(&[
            "url",
            "report",
            "--format",
            "json",
            "hxxp://new[.]example/a",
        ])
        .ended(3)
        .json();
    assert_eq!(unseen[0]["verdict"], "unknown");
    assert!(unseen[0]["reasons"][0]["host_only"].is_object(), "{unseen}");
    let seen = home
        .run(&[
            "url",
            "scan",
            "--wait",
            "--format",
            "json",
            "http://new.example/a",
        ])
        .ended(0)
        .json();
    assert_eq!(seen[0]["state"], "analysed");
    let listed = home.run_with(
        &["report", "--format", "json", "-"],
        "new.example\r\n\n192.0.2.1\nhttp://new.example/a\n",
    );
    assert_eq!(listed.json().as_array().unwrap().len(), 3, "{listed:?}");
    // It is sent nowhere.
    for private in ["http://192.168.0.1/", "10.1.2.3", "printer.local"] {
        let kept = home.run(&["report", private]).ended(2);
        assert!(kept.out.contains("not sent"), "{kept:?}");
    }
    let neither = home.run(&["scan", "no such thing"]).ended(2);
    assert!(neither.out.contains("no file"), "{neither:?}");
}

#[test]
fn a_file_too_large_for_one_request_goes_where_the_backend_says() {
    let server = Server::start();
    let home = Home::of(&server);
    let bytes = vec![7; (32 << 20) + 1];
    let large = home.put("large", &bytes);
    let rows = home
        .run(&["scan", "--format", "json", &large])
        .ended(0)
        .json();
    assert_eq!(rows[0]["state"], "submitted");
    server
        .client
        .completed(rows[0]["analysis"].as_str().unwrap());
    let file = server
        .client
        .get(&format!("/files/{}", sha256(&bytes)))
        .data();
    assert_eq!(file["attributes"]["size"], bytes.len());
}

#[test]
fn keys_are_kept_for_nobody_else() {
    let server = Server::start();
    let home = Home::new();
    let none = home.run(&["token", "check", "--backend", &server.origin]);
    assert!(none.ended(2).err.contains("token set"));
    home.run_with(&["token", "set", "--backend", &server.origin], "short")
        .ended(2);
    let set = home.run_with(
        &["token", "set", "--backend", &server.origin],
        &format!("{}\n", server.client.key),
    );
    assert!(!set.ended(0).out.contains(&server.client.key));
    let path = home.path(".config/quorum/keys.toml");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = home.run(&["token", "show"]).ended(0);
    assert!(shown.out.contains(&server.origin), "{shown:?}");
    assert!(shown.out.contains("keys.toml"), "{shown:?}");
    assert!(shown.out.contains(&server.client.key[..4]), "{shown:?}");
    assert!(!shown.out.contains(&server.client.key[..12]), "{shown:?}");
    let check = home.run(&["token", "check"]).ended(0);
    assert!(check.out.contains("admin"), "{check:?}");
    // The key of one backend is not another's.
    let other = Fake::new(|request, _| clean(request));
    home.run(&["report", "--backend", &other.origin, "a.example"])
        .ended(2);
    assert_eq!(other.asked(), [""; 0]);
    // What others can read is told.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert!(home.run(&["token", "show"]).err.contains("chmod 600"));
    home.run(&["token", "forget", "--backend", &server.origin])
        .ended(0);
    let forgotten = home.run(&["token", "show", "--backend", &server.origin]);
    assert!(forgotten.ended(3).out.contains("none"));
}

#[test]
fn a_key_may_come_from_elsewhere() {
    let server = Server::start();
    let home = Home::new();
    let file = home.put("key", format!("{}\n", server.client.key).as_bytes());
    let backend = ["--backend", &server.origin];
    let check = [&["token", "check"][..], &backend].concat();
    home.run(&[&check[..], &["--key-file", &file]].concat())
        .ended(0);
    let by_variable = home
        .command(&check)
        .env("QUORUM_APIKEY", &server.client.key)
        .output();
    Ran::of(by_variable.unwrap()).ended(0);
    let wrong = home.command(&check).env("QUORUM_APIKEY", KEY).output();
    let wrong = Ran::of(wrong.unwrap()).ended(4);
    assert!(wrong.err.contains("Wrong API key"), "{wrong:?}");
}

#[test]
fn the_configuration_of_vt_cli_counts_for_its_host() {
    let server = Server::start();
    let home = Home::new();
    let host = server.origin.trim_start_matches("http://");
    let text = format!("APIKEY=\"{}\"\nhost = \"{host}\"\n", server.client.key);
    // Whoever made the folder that one is in does not say where a key goes.
    home.put("elsewhere/.vt.toml", text.as_bytes());
    let mut there = home.command(&["token", "show"]);
    let there = Ran::of(there.current_dir(home.path("elsewhere")).output().unwrap());
    assert!(there.ended(3).out.contains("virustotal.com"));
    home.put(".vt.toml", text.as_bytes());
    let check = home.run(&["token", "check"]).ended(0);
    assert!(check.out.contains("admin"), "{check:?}");
    let other = home.run(&["token", "show", "--backend", "virustotal.com"]);
    assert!(other.ended(3).out.contains("none"));
    // A mistake is told without the line that it is in.
    home.put(".vt.toml", format!("apikey=\"{KEY}").as_bytes());
    let broken = home.run(&["token", "check"]);
    assert!(broken.err.contains(".vt.toml"), "{broken:?}");
    assert!(!broken.err.contains(&KEY[..8]), "{broken:?}");
}

#[test]
fn a_persons_own_settings_are_read_and_mistakes_in_them_told() {
    let server = Server::start();
    let home = Home::of(&server);
    home.put(
        ".config/quorum/client.toml",
        b"backend = \"https://elsewhere.example\"\n",
    );
    let shown = home.run(&["token", "show"]);
    assert!(shown.out.contains("https://elsewhere.example"), "{shown:?}");
    home.put(".config/quorum/client.toml", b"backed = \"x\"\n");
    let broken = home.run(&["token", "show"]).ended(2);
    assert!(broken.err.contains("backed"), "{broken:?}");
    let insecure = home.run(&["report", "--backend", "http://q.example", "a.example"]);
    assert!(insecure.ended(2).err.contains("this machine only"));
}

#[test]
fn the_community_is_read_and_spoken_to() {
    let server = Server::start();
    let home = Home::of(&server);
    server.client.analysed("a", &eicar());
    let id = home
        .run(&["comment", EICAR_SHA256, "seen in a #test"])
        .ended(0)
        .out;
    home.run_with(&["comment", EICAR_SHA256, "-"], "from a pipe")
        .ended(0);
    let list = home.run(&["comment", EICAR_SHA256]).ended(0).out;
    assert!(list.contains(id.trim()), "{list}");
    assert!(list.contains("seen in a #test"), "{list}");
    assert!(list.contains("from a pipe"), "{list}");
    let one = home
        .run(&["comment", "-n", "1", "--format", "json", EICAR_SHA256])
        .ended(0)
        .json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    let vote = ["vote", EICAR_SHA256, "malicious"];
    assert_eq!(home.run(&vote).ended(0).out, "voted\n");
    assert_eq!(home.run(&vote).ended(0).out, "had voted before\n");
    home.run(&["vote", EICAR_SHA256, "purple"]).ended(2);
    home.run(&["vote", &"0".repeat(64), "malicious"]).ended(3);
}

#[test]
fn objects_are_shown_and_searched() {
    let server = Server::start();
    let home = Home::of(&server);
    server.user(&["add", "bob", "--group", "admin"]);
    server.client.analysed("a", &eicar());
    let own = home.run(&["user", "show"]).ended(0).out;
    assert!(own.contains("admin"), "{own}");
    assert!(!own.contains(&server.client.key), "{own}");
    let quotas = home.run(&["user", "show", "--quotas"]).ended(0).out;
    assert!(quotas.contains("api_requests_daily.user"), "{quotas}");
    assert!(quotas.contains(" of "), "{quotas}");
    let bob = home
        .run(&["user", "show", "bob", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(bob["id"], "bob");
    home.run(&["user", "show", "nobody"]).ended(3);
    let group = home.run(&["group", "show", "admin"]).ended(0).out;
    assert!(group.contains("admin"), "{group}");
    let members = home
        .run(&["group", "members", "admin", "--format", "csv"])
        .ended(0)
        .out;
    assert!(members.contains("user,bob,"), "{members}");
    let path = "/groups/admin/relationships/service_accounts";
    let new = serde_json::json!({"data": ["ci"]});
    server.client.post(path, &new).data();
    let services = [
        "group",
        "members",
        "admin",
        "--service-accounts",
        "--format",
        "csv",
    ];
    let services = home.run(&services).ended(0).out;
    assert!(services.contains("service_account,admin_ci,"), "{services}");
    assert!(!services.contains("bob"), "{services}");
    let log = home.run(&["group", "log", "admin", "-n", "3"]).ended(0).out;
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.contains("key.created"), "{log}");
    home.run(&["group", "log", "nowhere"]).ended(3);
    let found = home.run(&["search", EICAR_SHA256]).ended(0).out;
    assert!(found.contains("malicious"), "{found}");
    home.run(&["search", &"0".repeat(64)]).ended(3);
}

#[test]
fn users_and_groups_of_a_backend_are_changed() {
    let server = Server::start();
    let home = Home::of(&server);
    for name in ["bob", "eve"] {
        server.user(&["add", name]);
        server.user(&["set", name, "--email", &format!("{name}@team.example")]);
    }
    let backend = server.origin.clone();
    let run = |command: &[&str]| {
        let named = ["--backend", &backend];
        home.run(&[command, &named].concat())
    };
    let shown = |kind: &str, name: &str| {
        let show = [kind, "show", name, "--format", "json"];
        home.run(&show).ended(0).json()["attributes"].take()
    };

    run(&[
        "user",
        "set",
        "bob",
        "--email",
        "bob@other.example",
        "--suspended",
    ])
    .ended(0);
    let bob = shown("user", "bob");
    assert_eq!(bob["email"], "bob@other.example");
    assert_eq!(bob["status"], "suspended");
    run(&["user", "set", "bob", "--active"]).ended(0);
    assert_eq!(shown("user", "bob")["status"], "active");

    // By name or by e-mail address, into a group that lies at the backend alone.
    run(&["group", "join", "admin", "bob"]).ended(0);
    run(&["group", "join", "admin", "eve@team.example"]).ended(0);
    let members = |more: &[&str]| {
        let command = [&["group", "members", "admin"], more].concat();
        home.run(&command).ended(0).out
    };
    assert!(members(&[]).contains("bob") && members(&[]).contains("eve"));
    run(&["user", "set", "bob", "--group-administrator", "true"]).ended(0);
    assert!(members(&["--administrators"]).contains("bob"));
    run(&["user", "set", "bob", "--group-administrator", "false"]).ended(0);
    assert!(!members(&["--administrators"]).contains("bob"));
    run(&["group", "leave", "bob"]).ended(0);
    assert!(!members(&[]).contains("bob"));

    run(&[
        "group",
        "set",
        "admin",
        "--tier",
        "duet-feeds",
        "--quota",
        "api_requests_daily=7700",
    ])
    .ended(0);
    let quotas = &shown("group", "admin")["quotas"];
    assert_eq!(quotas["api_requests_daily"]["allowed"], 7700, "{quotas}");
    run(&["group", "set", "admin", "--quota", "api_requests_daily"]).ended(2);
    run(&["group", "grant", "admin", "private-scanning", "--days", "3"]).ended(0);
    let granted = &shown("group", "admin")["privileges"]["private-scanning"];
    assert_eq!(granted["granted"], true);
    assert!(granted["expiration_date"].is_i64(), "{granted}");
    run(&["group", "withdraw", "admin", "private-scanning"]).ended(0);
    assert_ne!(
        shown("group", "admin")["privileges"]["private-scanning"]["granted"],
        true
    );
    run(&["user", "grant", "bob", "intelligence"]).ended(0);
    assert_eq!(
        shown("user", "bob")["privileges"]["intelligence"]["granted"],
        true
    );
    // What it does not know it refuses, in its own words.
    let refused = run(&["user", "grant", "bob", "flying"]).ended(5);
    assert!(refused.err.contains("flying"), "{}", refused.err);

    run(&["user", "delete", "bob"]).ended(0);
    home.run(&["user", "show", "bob"]).ended(3);
    run(&["user", "delete", "bob"]).ended(3);
    // The backend's log names who did it.
    let log = home.run(&["group", "log", "admin"]).ended(0).out;
    assert!(log.contains("group.changed"), "{log}");
    // Without a backend it is the store here, which has neither of them.
    let here = home.run(&["user", "delete", "eve"]).ended(1);
    assert!(here.err.contains("there is no user"), "{}", here.err);
    assert_eq!(shown("user", "eve")["status"], "active");
}

#[test]
fn a_journal_is_not_asked_about_again() {
    let fake = Fake::new(|request, _| clean(request));
    let home = fake_home(&fake);
    home.put("in/a", b"a");
    home.put("in/b", b"b");
    let scan = ["scan", "-r", "--journal", "seen", "--format", "json", "in"];
    home.run(&scan).ended(0);
    assert_eq!(fake.asked().len(), 2);
    // What a killed run left half costs nothing else.
    let mut journal = std::fs::read(home.path("seen")).unwrap();
    journal.extend_from_slice(b"{\"backend\":\"h");
    std::fs::write(home.path("seen"), journal).unwrap();
    home.put("in/b", b"changed");
    let rows = home.run(&scan).ended(0).json();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(row(&rows, "/a")["verdict"], "clean");
    assert_eq!(fake.asked().len(), 3);
    assert!(fake.asked()[2].contains(&sha256(b"changed")));
    assert_eq!(home.run(&scan).ended(0).json().as_array().unwrap().len(), 2);
    assert_eq!(fake.asked().len(), 3);
}

#[test]
fn a_rate_limit_is_waited_for_as_long_as_the_backend_says() {
    let limited = |request: &str, before: usize| match before {
        0 => answer(
            429,
            "content-type: application/json\r\nretry-after: 2\r\n",
            r#"{"error":{"code":"TooManyRequestsError","message":"slower"}}"#,
        ),
        _ => clean(request),
    };
    let fake = Fake::new(limited);
    let home = fake_home(&fake);
    let began = Instant::now();
    home.run(&["report", "a.example"]).ended(0);
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(fake.asked().len(), 2);
    // Who has less patience than that is told when to come back.
    let fake = Fake::new(limited);
    let home = fake_home(&fake);
    let refused = home
        .run(&["report", "--max-wait", "1", "a.example"])
        .ended(4);
    assert!(refused.out.contains("tried again in"), "{refused:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn a_refusal_for_all_ends_the_run() {
    for (status, code) in [
        (429, "QuotaExceededError"),
        (401, "WrongCredentialsError"),
        (403, "ForbiddenError"),
    ] {
        let fake = Fake::new(move |_, _| error(status, code));
        let home = fake_home(&fake);
        let names: Vec<_> = (0..40).map(|n| format!("a{n}.example")).collect();
        let list = names.join("\n");
        let refused = home
            .run_with(
                &["report", "--max-wait", "60", "--format", "json", "-"],
                &list,
            )
            .ended(4);
        assert!(refused.out.contains(code), "{refused:?}");
        assert!(refused.err.contains("are left"), "{refused:?}");
        refused.json();
        assert!(fake.asked().len() < 20, "{status}: {}", fake.asked().len());
    }
}

#[test]
fn what_is_not_the_api_is_no_answer() {
    let canary = Fake::new(|request, _| clean(request));
    let elsewhere = format!("location: {}/api/v3/domains/a.example\r\n", canary.origin);
    let other = json!({"data": {"type": "domain", "id": "b.example", "attributes": {}}});
    let answers = [
        answer(
            200,
            "content-type: text/html\r\n",
            "<html>all is well</html>",
        ),
        answer(404, "content-type: text/html\r\n", "<html>not here</html>"),
        answer(301, &elsewhere, ""),
        answer(307, &elsewhere, ""),
        answer_json(200, &other),
        answer_json(200, &json!({"data": null})),
        answer(
            200,
            "content-type: application/json\r\n",
            "{\"data\": {\"ty",
        ),
        "HTTP/1.1 200 x\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{"
            .to_owned(),
    ];
    for text in answers {
        let shown = text.clone();
        let fake = Fake::new(move |_, _| text.clone());
        let ran = fake_home(&fake).run(&["report", "a.example"]);
        assert_eq!(ran.code, 5, "{shown}: {ran:?}");
        assert!(ran.out.starts_with("failed"), "{shown}: {ran:?}");
    }
    assert_eq!(canary.asked(), [""; 0], "nobody is followed with the key");
}

#[test]
fn what_may_pass_is_tried_again_and_what_changes_something_is_not() {
    let passing = Fake::new(|request, before| match before {
        0 => String::new(),
        1 => error(500, "InternalError"),
        2 => error(503, "TransientError"),
        _ => clean(request),
    });
    fake_home(&passing).run(&["report", "a.example"]).ended(0);
    assert_eq!(passing.asked().len(), 4);
    let lasting = Fake::new(|_, _| error(500, "InternalError"));
    let failed = fake_home(&lasting).run(&["report", "a.example"]).ended(5);
    assert!(failed.out.contains("status 500"), "{failed:?}");
    assert_eq!(lasting.asked().len(), 4);
    // A comment may have been taken before the connection was cut.
    let cut = Fake::new(|_, _| String::new());
    fake_home(&cut).run(&["comment", "a.example", "x"]).ended(5);
    assert_eq!(cut.asked().len(), 1);
    // Nobody is there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    Home::with_key(&origin, KEY)
        .run(&["report", "a.example"])
        .ended(5);
}

#[test]
fn a_file_goes_to_the_backend_and_to_nobody_that_it_names() {
    let canary = Fake::new(|request, _| clean(request));
    let elsewhere = format!("{}/_ah/upload/x", canary.origin);
    let fake = Fake::new(move |request, _| match request.contains("upload_url") {
        true => answer_json(200, &json!({"data": elsewhere})),
        false => error(404, "NotFoundError"),
    });
    let home = fake_home(&fake);
    let large = home.put("large", &vec![1; (32 << 20) + 1]);
    home.run(&["scan", &large]).ended(5);
    assert_eq!(canary.asked(), [""; 0]);
    // An upload that is refused in passing is sent again, whole.
    let fake = Fake::new(|request, before| {
        let id = json!({"data": {"type": "analysis", "id": "x"}});
        match (request.starts_with("GET"), before) {
            (true, _) => error(404, "NotFoundError"),
            (false, 1) => error(503, "TransientError"),
            (false, _) => answer_json(200, &id),
        }
    });
    let home = fake_home(&fake);
    let small = home.put("sm\"all", b"the whole of it");
    let sent = home
        .run(&["scan", "--format", "json", &small])
        .ended(0)
        .json();
    assert_eq!(sent[0]["analysis"], "x");
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    for request in &asked[1..] {
        assert!(
            request.contains("\r\n\r\nthe whole of it\r\n--"),
            "{request}"
        );
        assert!(request.contains("filename=\"sm%22all\""), "{request}");
        assert!(request.to_lowercase().contains(&format!("x-apikey: {KEY}")));
    }
}

#[test]
fn an_analysis_that_never_ends_is_waited_for_so_long() {
    let fake = Fake::new(|request, _| {
        let mut queued = json!({"data": {"type": "analysis", "id": "x"}});
        match request {
            request if request.starts_with("POST") => answer_json(200, &queued),
            request if request.contains("analyses") => {
                queued["data"]["attributes"] = json!({"status": "queued"});
                answer_json(200, &queued)
            }
            _ => error(404, "NotFoundError"),
        }
    });
    let home = fake_home(&fake);
    let file = home.put("a", b"a");
    let late = home
        .run(&[
            "scan",
            "--wait",
            "--max-wait",
            "2",
            "--format",
            "json",
            &file,
        ])
        .ended(5)
        .json();
    assert_eq!(late[0]["analysis"], "x");
    assert_eq!(late[0]["state"], "failed");
    // Back-off: a quarter of a second, then longer each time.
    assert!(fake.asked().len() < 10, "{}", fake.asked().len());
}

#[test]
fn so_many_are_asked_at_a_time_and_no_more() {
    let fake = Fake::new(|request, _| {
        // Long enough for others to come while this one is here.
        std::thread::sleep(Duration::from_millis(30));
        clean(request)
    });
    let home = fake_home(&fake);
    for n in 0..60 {
        home.put(&format!("in/{n}"), format!("{n}").as_bytes());
    }
    let rows = home
        .run(&["scan", "-r", "--jobs", "3", "--format", "json", "in"])
        .ended(0)
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 60);
    assert_eq!(fake.most_at_once.load(Ordering::SeqCst), 3);
}

#[test]
fn ctrl_c_ends_in_good_order() {
    let fake = Fake::new(|request, before| {
        if before > 0 {
            std::thread::sleep(PATIENCE);
        }
        clean(request)
    });
    let home = fake_home(&fake);
    for n in 0..9 {
        home.put(&format!("in/{n}"), format!("{n}").as_bytes());
    }
    let child: Child = home
        .command(&["scan", "-r", "--jobs", "1", "--format", "json", "in"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the second request", || fake.asked().len() == 2);
    let sent = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap()).ended(130);
    assert_eq!(ran.json().as_array().unwrap().len(), 1);
    assert!(ran.err.contains("8 of 9 are left"), "{ran:?}");
}

#[test]
fn shells_and_man_learn_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = home.run(&["completions", shell]).ended(0).out;
        assert!(script.contains("no-upload"), "{shell}");
    }
    home.run(&["man", "pages"]).ended(0);
    let page = std::fs::read_to_string(home.path("pages/quorum-scan.1")).unwrap();
    assert!(page.contains("Exit codes"), "{page}");
    assert!(page.contains("backend"), "{page}");
    assert!(!page.contains("engine\\-timeout"), "{page}");
}
