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
