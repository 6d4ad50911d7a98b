//! S6, S18: disks that are full, nearly full, or limited. Uploads are refused with the contract's
//! error, reading goes on, and when there is room again all works by itself.

use std::process::Command;

use crate::harness::{Directory, Server, sha256, until};

fn incoming(server: &Server) -> usize {
    std::fs::read_dir(server.data().join("incoming"))
        .unwrap()
        .count()
}

/// S6: a reserve of the disk is kept, and looked at before anything is written.
#[test]
fn an_upload_that_would_take_the_reserve_is_refused_before_it_is_written() {
    let mut server = Server::start();
    server.client.analysed("before", b"before");
    server.terminate();
    server.start_again(&[("QUORUM_FREE_SPACE_FLOOR", "1000000000000000")]);
    let refused = server.client.upload("a", &vec![b'a'; 3 << 20]);
    assert_eq!(refused.error(503), "TransientError");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(incoming(&server), 0);
    // All else goes on.
    let path = format!("/files/{}", sha256(b"before"));
    assert_eq!(server.client.get(&path).status, 200);
    server.client.comment(&path, "still here").data();
    server.client.post_url("http://example.com/").data();
}

/// S18: a real full disk, in a mount namespace of its own.
#[test]
fn a_full_disk_stops_uploads_and_nothing_else() {
    let directory = Directory::new();
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--map-root-user", "--mount", "sh", "-c"])
        .arg(
            "mount -t tmpfs -o size=24m tmpfs \"$0\" && head -c 8M /dev/zero >\"$0/filler\" \
             && shift 0 && exec \"$@\"",
        )
        .arg(&directory.0)
        .arg(env!("CARGO_BIN_EXE_quorum"));
    let server = Server::run_by(unshare, directory, &[("QUORUM_FREE_SPACE_FLOOR", "0")]);
    let path = format!("/files/{}", sha256(b"before"));
    server.client.analysed("before", b"before");
    let large = |number: u8| vec![number; 5 << 20];
    let full = (0..10).find(|number| {
        let reply = server.client.upload("a", &large(*number));
        if reply.status != 200 {
            assert_eq!(reply.error(503), "TransientError");
        }
        reply.status != 200
    });
    let full = full.expect("24 MiB hold no 50");
    for _ in 0..3 {
        assert_eq!(
            server.client.upload("a", &large(full)).error(503),
            "TransientError"
        );
        assert_eq!(server.client.get(&path).status, 200);
    }
    assert_eq!(
        server
            .client
            .get(&format!("/files/{}", sha256(&large(full))))
            .status,
        404
    );
    // Its disk, seen through its process.
    let inside = format!("/proc/{}/root{}", server.pid(), server.data().display());
    until("nothing half-stored is left", || {
        std::fs::read_dir(format!("{inside}/incoming"))
            .unwrap()
            .count()
            == 0
    });
    std::fs::remove_file(format!("{inside}/filler")).unwrap();
    let done = server.client.analysed("a", &large(full));
    assert_eq!(done["data"]["attributes"]["stats"]["undetected"], 2);
}

/// S18: a write past RLIMIT_FSIZE is an error, not the end of the process.
#[test]
fn a_limit_on_the_size_of_files_refuses_and_does_not_kill() {
    let mut prlimit = Command::new("prlimit");
    prlimit
        .arg("--fsize=6000000")
        .arg(env!("CARGO_BIN_EXE_quorum"));
    let server = Server::run_by(prlimit, Directory::new(), &[]);
    let refused = server.client.upload("a", &vec![b'a'; 8 << 20]);
    assert_eq!(refused.error(503), "TransientError");
    until("nothing half-stored is left", || incoming(&server) == 0);
    server.client.analysed("small", &vec![b'a'; 2 << 20]);
}

/// S18: a disk that answers with errors, or has become read-only, stops what writes and nothing else,
/// and nothing is half-stored.
#[test]
fn a_disk_that_fails_or_is_read_only_stops_writing_and_nothing_else() {
    let tools = Directory::new();
    let library = tools.0.join("faulty_disk.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/server/faulty_disk.c"
        ))
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success());
    let directory = Directory::new();
    let fault = tools.0.join("error");
    let mut program = Command::new(env!("CARGO_BIN_EXE_quorum"));
    program
        .env("LD_PRELOAD", &library)
        .env("FAULTY_DISK", &directory.0)
        .env("FAULTY_DISK_ERROR", &fault);
    let mut server = Server::run_by(program, directory, &[]);
    let before = format!("/files/{}", sha256(b"before"));
    server.client.analysed("before", b"before");
    // EIO and EROFS, on every Linux.
    for (number, text) in [("5", b"first"), ("30", b"other")] {
        let path = format!("/files/{}", sha256(text));
        std::fs::write(&fault, number).unwrap();
        for _ in 0..3 {
            let refused = server.client.upload("a", text);
            assert_eq!(refused.error(503), "TransientError", "{number}");
            let refused = server.client.comment(&before, "not now");
            assert_eq!(refused.error(503), "TransientError", "{number}");
            let refused = server.client.post_url("http://example.com/");
            assert_eq!(refused.error(503), "TransientError", "{number}");
            assert_eq!(server.client.get(&before).status, 200, "{number}");
            assert_eq!(server.client.get(&path).status, 404, "{number}");
            let comments = server.client.get(&format!("{before}/comments"));
            assert_eq!(comments.json["meta"]["count"], 0, "{number}");
        }
        std::fs::remove_file(&fault).unwrap();
        // By itself.
        until("it writes again", || {
            server.client.upload("a", text).status == 200
        });
        let analyses = server.client.get(&format!("{path}/analyses")).data();
        server.client.completed(analyses[0]["id"].as_str().unwrap());
        until("nothing half-stored is left", || incoming(&server) == 0);
    }
    server.must(&["check"]);
    server.kill();
    server.start_again(&[]);
    assert_eq!(server.client.get(&before).status, 200);
    server.must(&["check"]);
}
