//! S20: the embedded store of each release is brought up to date, whenever the process dies in
//! it; one of a newer release is refused politely and left alone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Directory, Server, quorum, sha256};

/// A store as release 0.1.0 left it: an administrator with the key of 64 times `a`, and so many
/// URLs of two groups that wait for their analysis.
const RELEASE_0_1_0: &str = r"
import hashlib, sqlite3, sys
schema, path, waiting = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = sqlite3.connect(path)
store.execute('PRAGMA journal_mode = WAL')
text = open(schema, 'rb').read()
store.executescript(text.decode())
store.execute('''CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)''')
store.execute('INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)'
    ' VALUES (1, ?, 1, ?, 0)', ('initial', hashlib.sha384(text).digest()))
store.execute('INSERT INTO user_group VALUES (?, ?, 1)', ('admin', 'duet'))
store.execute('INSERT INTO account (name, group_name, role, created) VALUES (?, ?, ?, 1)',
    ('admin', 'admin', 'administrator'))
store.execute('INSERT INTO api_key (hash, account, created) VALUES (?, ?, 1)',
    (hashlib.sha256(b'a' * 64).digest(), 'admin'))
for number in range(waiting):
    url = 'http://example.com/%d' % number
    id = hashlib.sha256(url.encode()).hexdigest()
    store.execute('INSERT INTO item (kind, id, first_submission, last_submission, times_submitted,'
        ' unique_sources, last_modification) VALUES (?, ?, 5, 5, 1, 1, 5)', ('url', id))
    store.execute('INSERT INTO url VALUES (?, ?)', (id, url))
    store.execute('INSERT INTO submission (kind, item, date, account, interface)'
        ' VALUES (?, ?, 5, ?, ?)', ('url', id, 'admin', 'api'))
    store.execute('INSERT INTO analysis (id, kind, item, date, status) VALUES (?, ?, ?, 5, ?)',
        ('u-%s-5' % id, 'url', id, 'queued'))
    store.execute('INSERT INTO job (analysis, group_name, not_before) VALUES (?, ?, 5)',
        ('u-%s-5' % id, 'ab'[number % 2]))
store.execute('INSERT INTO item (kind, id, last_modification) VALUES (?, ?, 5)', ('domain', 'a.example'))
store.execute('INSERT INTO comment (id, kind, item, account, date, text) VALUES (?, ?, ?, ?, 5, ?)',
    ('d-a.example-00000001', 'domain', 'a.example', 'admin', 'said before there was an index'))
store.commit()
";

fn python(program: &str, arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .args(["-c", program])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn release_0_1_0(data: &Path, waiting: usize) {
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/sqlite/0001_initial.sql"
    );
    let store = data.join("quorum.sqlite");
    python(
        RELEASE_0_1_0,
        &[schema, store.to_str().unwrap(), &waiting.to_string()],
    );
}

fn list_users(data: &Path) -> Command {
    let mut command = quorum();
    command.args(["user", "list", "--data"]).arg(data);
    command
}

#[test]
fn a_store_of_an_earlier_release_is_brought_up_to_date_whenever_it_dies() {
    let original = Directory::new();
    release_0_1_0(&original.0, 20_000);
    let copy = |to: &Path| {
        std::fs::copy(original.0.join("quorum.sqlite"), to.join("quorum.sqlite")).unwrap();
    };
    let mut cut_off = 0;
    for seed in 0..20 {
        let directory = Directory::new();
        copy(&directory.0);
        let mut child = list_users(&directory.0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment of death is what is tested.
        std::thread::sleep(Duration::from_millis(5 + seed * 7));
        child.kill().unwrap();
        cut_off += i32::from(!child.wait().unwrap().success());
        let output = list_users(&directory.0).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("admin\tadmin\tduet"), "{seed}: {said}");
        let mut check = quorum();
        let checked = check
            .args(["check", "--data"])
            .arg(&directory.0)
            .output()
            .unwrap();
        assert!(checked.status.success(), "{seed}");
    }
    assert!(cut_off >= 5, "only {cut_off} were cut off");
    // At the edges, to the point.
    let directory = Directory::new();
    copy(&directory.0);
    for step in ["store.migrating", "store.migrated"] {
        let mut command = list_users(&directory.0);
        let died = command
            .env("QUORUM_FAILPOINTS", format!("{step}=abort"))
            .output();
        assert!(!died.unwrap().status.success(), "{step}");
    }
    // Many at once: one migrates, the others wait.
    let directory = Directory::new();
    copy(&directory.0);
    let many: Vec<_> = (0..6)
        .map(|_| {
            list_users(&directory.0)
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in many {
        assert!(child.wait().unwrap().success());
    }
    // What waited is worked off.
    let directory = Directory::new();
    release_0_1_0(&directory.0, 30);
    let server = Server::on(&directory.0.join(""), &"a".repeat(64));
    for number in 0..30 {
        let id = sha256(format!("http://example.com/{number}").as_bytes());
        server.client.completed(&format!("u-{id}-5"));
    }
    // What was said can be found, and who founded a group administers it.
    crate::harness::until("old comments can be searched", || {
        server.client.get("/search?query=said+index").json["meta"]["count"] == 1
    });
    let administrators = server.client.get("/groups/admin/administrators");
    assert_eq!(administrators.json["data"][0]["id"], "admin");
}

#[test]
fn a_store_of_a_newer_release_is_refused_politely_and_left_alone() {
    let mut server = Server::start();
    server.client.analysed("a", b"a");
    server.terminate();
    let store = server.data().join("quorum.sqlite");
    let newer = "import sqlite3, sys; s = sqlite3.connect(sys.argv[1]); s.execute('INSERT INTO \
                 _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999, ?, 1, ?, 0)', ('', b'')); s.commit()";
    python(newer, &[store.to_str().unwrap()]);
    let rows = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump())";
    let before = python(rows, &[store.to_str().unwrap()]);
    let output = list_users(server.data()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        said.contains("a newer version of quorum has written this store"),
        "{said}"
    );
    assert!(said.contains("999"), "{said}");
    assert_eq!(python(rows, &[store.to_str().unwrap()]), before);
}
