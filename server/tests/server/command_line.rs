//! The program from a shell.

use std::io::{Read as _, Write as _};
use std::process::Output;

use crate::harness::{Directory, Server, quorum};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    quorum()
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn flags_are_stronger_than_the_environment_and_that_than_the_file() {
    let directory = Directory::new();
    let file = directory.0.join("quorum.toml");
    std::fs::write(&file, "workers = 5\nupload_limit = 5\nscan_limit = 5\n").unwrap();
    let output = run(
        &[
            "config",
            "check",
            "--config",
            file.to_str().unwrap(),
            "--workers",
            "7",
        ],
        &[("QUORUM_WORKERS", "6"), ("QUORUM_UPLOAD_LIMIT", "6")],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for line in [
        "workers = 7",
        "upload_limit = 6",
        "scan_limit = 5",
        "job_attempts = 5",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    // What it shows is a configuration.
    std::fs::write(&file, &shown).unwrap();
    let again = run(
        &["config", "check", "--config", file.to_str().unwrap()],
        &[],
    );
    assert_eq!(text(&again.stdout), shown);
}

#[test]
fn config_check_says_what_is_wrong() {
    let directory = Directory::new();
    let file = directory.0.join("quorum.toml");
    for (content, word) in [
        ("wokers = 5", "wokers"),
        ("workers = \"many\"", "workers"),
        ("workers = 0", "workers"),
        ("listen = \"here\"", "listen"),
        ("log = \"=x=\"", "log"),
        ("broken", "quorum.toml"),
    ] {
        std::fs::write(&file, content).unwrap();
        let output = run(
            &["config", "check", "--config", file.to_str().unwrap()],
            &[],
        );
        assert!(!output.status.success(), "{content}");
        assert!(
            text(&output.stderr).contains(word),
            "{content}: {}",
            text(&output.stderr)
        );
    }
    let missing = run(&["config", "check", "--config", "/does/not/exist"], &[]);
    assert!(text(&missing.stderr).contains("/does/not/exist"));
}

#[test]
fn users_are_listed_and_names_are_unique() {
    let server = Server::start();
    let data = server.data().to_str().unwrap();
    server.user(&["add", "bob", "--tier", "professional"]);
    server.user(&["add", "eve", "--group", "bob"]);
    let list = run(&["user", "list", "--data", data], &[]);
    let expected = "admin\tadmin\tduet\tadministrator\tactive\n\
                    bob\tbob\tprofessional\tmember\tactive\n\
                    eve\tbob\tprofessional\tmember\tactive\n";
    assert_eq!(text(&list.stdout), expected);
    for (arguments, word) in [
        (&["user", "add", "bob", "--data", data][..], "bob"),
        (&["user", "add", "a/b", "--data", data], "name"),
        (
            &["user", "add", "x", "--group", "none", "--data", data],
            "group",
        ),
        (
            &["user", "add", "x", "--tier", "golden", "--data", data],
            "golden",
        ),
        (&["user", "key", "nobody", "--data", data], "nobody"),
    ] {
        let output = run(arguments, &[]);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(word),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn users_can_be_made_before_the_first_start() {
    let directory = Directory::new();
    let data = directory.0.join("data");
    let output = run(
        &["user", "add", "bob", "--data", data.to_str().unwrap()],
        &[],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout)
            .trim()
            .rsplit(' ')
            .next()
            .unwrap()
            .len(),
        64
    );
}

/// Two servers on one store would take each other's work for abandoned.
#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let data = server.data().to_str().unwrap();
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--data", data], &[]);
    assert!(!output.status.success());
    assert!(
        text(&output.stderr).contains("another server"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn an_address_in_use_is_named() {
    let server = Server::start();
    let directory = Directory::new();
    let address = server.origin.trim_start_matches("http://");
    let data = directory.0.join("data");
    let output = run(
        &[
            "serve",
            "--listen",
            address,
            "--data",
            data.to_str().unwrap(),
        ],
        &[],
    );
    assert!(!output.status.success());
    assert!(
        text(&output.stderr).contains(address),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn the_log_is_json_when_asked_for() {
    let server = Server::with(&[("QUORUM_LOG_FORMAT", "json")]);
    server.client.get("/comments").data();
    let log = server.log();
    let mut lines = log.lines();
    assert!(lines.clone().count() > 0);
    assert!(
        lines.all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
}

/// S25: what is stored is readable by nobody else, and no program.
#[test]
fn the_data_directory_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    server.client.analysed("a.exe", b"MZ a sample");
    let backup = server.data().join("backup");
    server.must(&["backup", backup.to_str().unwrap()]);
    let mut files = 0;
    let mut waiting = vec![
        backup,
        server.data().join("samples"),
        server.data().join("packs"),
    ];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            if entry.metadata().unwrap().is_dir() {
                assert_eq!(mode, 0o700, "{}", entry.path().display());
                waiting.push(entry.path());
            } else {
                assert_eq!(mode, 0o600, "{}", entry.path().display());
                files += 1;
            }
        }
    }
    assert!(files > 5, "{files}");
    let store = server.data().join("quorum.sqlite");
    assert_eq!(
        std::fs::metadata(store).unwrap().permissions().mode() & 0o777,
        0o600
    );
    // A directory that the program makes is private as a whole.
    let directory = Directory::new();
    let data = directory.0.join("data");
    run(&["user", "list", "--data", data.to_str().unwrap()], &[]);
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn url_explain_tells_what_deceives_and_what_is_better_not_sent() {
    let explain = |arguments: &[&str]| {
        let output = run(&[&["url", "explain"], arguments].concat(), &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let address = "https://me:pw@xn--pypal-4ve.com/reset?lang=de&token=s3cr3tt0k3n";
    let shown = explain(&[address]);
    for line in [
        "host                xn--pypal-4ve.com (pаypal.com)",
        "warning             \"pаypal\" (xn--pypal-4ve) mixes",
        "better sent as      https://xn--pypal-4ve.com/reset?lang=de&token=REMOVED",
        "  without the token: s3cr3tt0k3n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&explain(&[address, "--format", "json"])).unwrap();
    assert_eq!(json["host_unicode"], "pаypal.com");
    assert_eq!(json["findings"][0]["severity"], "warning");
    assert_eq!(json["shortened"]["removed"][1]["what"], "token");

    let plain = explain(&["https://www.example.org/"]);
    assert!(
        !plain.contains("warning") && !plain.contains("better sent"),
        "{plain}"
    );
    let own = ["https://my-litle-company.example/", "--protect"];
    let shown = explain(&[own[0], own[1], "my-little-company.example"]);
    assert!(
        shown.contains("looks like my-little-company.example"),
        "{shown}"
    );
}

#[test]
fn url_explain_takes_what_is_no_web_address_and_reads_from_a_pipe() {
    let long = format!("http://{}.example/", "a".repeat(9_000));
    for (url, why, finding) in [
        (
            "javascript:alert(document.cookie)",
            "is not a web address's scheme",
            "warning             a javascript: address runs a script",
        ),
        (
            "data:text/html,<script>",
            "is not a web address's scheme",
            "is a whole page that comes from no host",
        ),
        (
            "file:////server.example/share/a.exe",
            "is not a web address's scheme",
            "opens a file of another computer",
        ),
        (
            "search-ms:query=invoice&crumb=location:",
            "is not a web address's scheme",
            "starts a program",
        ),
        (
            "http://xn--a.example/",
            "not a web address",
            "xn--a.example is not a valid host name",
        ),
        (
            &long,
            "9016 bytes long",
            "the host has 9008 characters in 2 parts",
        ),
    ] {
        let output = run(&["url", "explain", "--", url], &[]);
        let shown = text(&output.stdout);
        assert!(output.status.success(), "{url}: {}", text(&output.stderr));
        let canonical = shown.lines().find(|line| line.starts_with("canonical"));
        assert!(
            canonical.is_some_and(|line| line.contains("none: ") && line.contains(why)),
            "{url}\n{shown}"
        );
        assert!(shown.contains("never: it is no web address"), "{shown}");
        assert!(shown.contains(finding), "{finding}\n{shown}");
    }
    let json = json_of(&run(
        &["url", "explain", "--format", "json", "javascript:alert(1)"],
        &[],
    ));
    assert_eq!(json["findings"][0]["severity"], "warning");
    assert!(json["no_web_address"].is_string());
    assert!(json.get("canonical").is_none() && json.get("private").is_none());

    // A line is an address: in text an empty line between two, in JSON a line each.
    let lines = "hxxp://a[.]example/\r\n\n  vbscript:x\n";
    let piped = piped(&["url", "explain"], lines.as_bytes());
    assert!(piped.status.success());
    let shown = text(&piped.stdout);
    assert_eq!(shown.split("\n\n").count(), 2, "{shown}");
    assert!(shown.contains("canonical           http://a.example/"));
    let asked = ["url", "explain", "--format", "json", "https://b.example/"];
    let piped = self::piped(&[&asked[..], &["-"]].concat(), lines.as_bytes());
    let told: Vec<serde_json::Value> = text(&piped.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let urls: Vec<_> = told.iter().map(|told| &told["url"]).collect();
    assert_eq!(
        urls,
        ["https://b.example/", "http://a.example/", "vbscript:x"]
    );
}

fn json_of(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The program, given this on its standard input.
fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = quorum()
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// `=` in front is what a spreadsheet would run.
const REPORT: &str = "C2: hxxps://cdn[.]evil.example/a.js and evil.example,\n\
    again evil.example; see node.js, co.uk. =cmd@evil.example\n";

#[test]
fn extract_writes_what_stands_in_texts_in_each_form() {
    let url = "https://cdn.evil.example/a.js";
    let once =
        "url\thttps://cdn.evil.example/a.js\ndomain\tevil.example\nemail\tcmd@evil.example\n";
    for (arguments, expected) in [
        (
            &[][..],
            "url\thttps://cdn.evil.example/a.js\ndomain\tevil.example\ndomain\tevil.example\nemail\tcmd@evil.example\n",
        ),
        (&["--unique"], once),
        (&["--unique", "-"], once),
        (
            &["--kind", "url,email"],
            "url\thttps://cdn.evil.example/a.js\nemail\tcmd@evil.example\n",
        ),
        (
            &["--unique", "--all"],
            "url\thttps://cdn.evil.example/a.js\ndomain\tcdn.evil.example\ndomain\tevil.example\nemail\tcmd@evil.example\n",
        ),
        (
            &["--lenient", "--kind", "domain", "--unique"],
            "domain\tcdn.evil.example\ndomain\tevil.example\ndomain\tco.uk\n",
        ),
        (
            &["--format", "csv", "--unique"],
            "kind,value,written,start,end,file\r\n\
             url,https://cdn.evil.example/a.js,hxxps://cdn[.]evil.example/a.js,4,35,-\r\n\
             domain,evil.example,evil.example,40,52,-\r\n\
             email,cmd@evil.example,cmd@evil.example,95,111,-\r\n",
        ),
    ] {
        let output = piped(&[&["extract"], arguments].concat(), REPORT.as_bytes());
        assert!(output.status.success(), "{arguments:?}");
        assert_eq!(text(&output.stdout), expected, "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
    }
    let left_out = piped(&["extract", "--left-out", "--unique"], REPORT.as_bytes());
    assert_eq!(text(&left_out.stdout), once);
    assert_eq!(
        text(&left_out.stderr),
        "quorum: -: left out \"node.js\" at byte 78: file name\n\
         quorum: -: left out \"co.uk\" at byte 87: public suffix\n"
    );

    let json = json_of(&piped(&["extract", "--format", "json"], REPORT.as_bytes()));
    let rows = json.as_array().unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!(
        rows[0],
        serde_json::json!({
            "kind": "url", "value": url, "written": "hxxps://cdn[.]evil.example/a.js", "start": 4, "end": 35
        })
    );
    for row in rows {
        let place = |name: &str| row[name].as_u64().unwrap() as usize;
        assert_eq!(REPORT[place("start")..place("end")], row["written"]);
    }
    let nothing = piped(&["extract", "--format", "json"], b"nothing");
    assert_eq!(text(&nothing.stdout), "[]\n");

    let bundle = json_of(&piped(&["extract", "--format", "stix"], REPORT.as_bytes()));
    assert_eq!(bundle["type"], "bundle");
    let objects = bundle["objects"].as_array().unwrap();
    assert!(
        objects
            .iter()
            .any(|object| object["type"] == "url" && object["value"] == url),
        "{bundle}"
    );
    assert!(piped(&["extract", "--kind", "smell"], b"").status.code() == Some(2));
}

#[test]
fn a_field_of_a_table_is_no_formula() {
    // A mailbox may begin with what a spreadsheet takes for a formula; a file may be called anything.
    let directory = Directory::new();
    let name = "=1+1,\"x\".txt";
    let file = directory.0.join(name);
    std::fs::write(&file, "\"-2+3\"@evil.example +1@evil.example").unwrap();
    for verb in ["extract", "hash"] {
        let output = quorum()
            .args([verb, "--format", "csv", name])
            .current_dir(&directory.0)
            .output()
            .unwrap();
        let table = text(&output.stdout);
        assert!(table.contains("\"'=1+1,\"\"x\"\".txt\""), "{table}");
        let fields = table.lines().skip(1).flat_map(|line| line.split(','));
        for field in fields {
            let begins = field.trim_start_matches('"').chars().next();
            assert!(!begins.is_some_and(|c| "=+-@\t".contains(c)), "{table}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
    let directory = Directory::new();
    let path = |name: &str| directory.0.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.txt"), "one.example").unwrap();
    std::fs::write(path("b.txt"), "two.example").unwrap();
    let (a, missing, b) = (path("a.txt"), path("gone\u{1b}[2J.txt"), path("b.txt"));
    let folder = directory.0.to_str().unwrap();
    for verb in ["extract", "hash"] {
        let asked = [verb, "--format", "json", &a, &missing, folder, &b];
        let output = run(&asked, &[]);
        assert_eq!(output.status.code(), Some(1), "{verb}");
        let files: Vec<_> = json_of(&output)
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["file"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(files, [a.clone(), b.clone()], "{verb}");
        let told = text(&output.stderr);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(
            told.contains("gone[U+001B][2J.txt: No such file"),
            "{told:?}"
        );
        assert!(told.contains(": it is a folder"), "{told}");
    }
    let output = run(&["extract", &a, &b], &[]);
    assert_eq!(
        text(&output.stdout),
        format!("{a}\tdomain\tone.example\n{b}\tdomain\ttwo.example\n")
    );
}

#[test]
fn hash_tells_digests_and_type_in_each_form() {
    let expected = [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "sha256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ];
    for arguments in [&["hash"][..], &["hash", "-"]] {
        let shown = text(&piped(arguments, b"abc").stdout);
        assert!(
            shown.starts_with("-\n  type    ") && shown.contains("\n  size    3\n"),
            "{shown}"
        );
        for (name, value) in &expected {
            assert!(shown.contains(&format!("  {name:7} {value}\n")), "{shown}");
        }
        assert!(!shown.contains("tlsh"), "three bytes have none: {shown}");
    }
    let json = json_of(&piped(&["hash", "--format", "json"], b"abc"));
    for (name, value) in &expected {
        assert_eq!(json[0][name], *value);
    }
    assert_eq!(json[0]["size"], 3);
    assert_eq!(json[0]["type"]["tag"], "text");
    let table = text(&piped(&["hash", "--format", "csv"], b"%PDF-1.7").stdout);
    let mut lines = table.lines();
    assert_eq!(
        lines.next(),
        Some("file,size,type,md5,sha1,sha256,ssdeep,tlsh")
    );
    assert!(lines.next().unwrap().starts_with("-,8,pdf,"), "{table}");
}

/// Whoever reads may have had enough: `quorum extract report.txt | head -1`.
#[test]
fn a_closed_pipe_ends_the_work_without_a_word() {
    let directory = Directory::new();
    let file = directory.0.join("long.txt");
    std::fs::write(&file, "a.example b.example ".repeat(200_000)).unwrap();
    for format in ["text", "json", "csv"] {
        let mut child = quorum()
            .args(["extract", "--format", format, file.to_str().unwrap()])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 1];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert_eq!(text(&output.stderr), "", "{format}");
    }
}
