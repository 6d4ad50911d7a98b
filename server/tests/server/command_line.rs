//! The program from a shell.

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
