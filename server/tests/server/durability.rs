//! S17: whatever happens to the process, what was acknowledged is there and is analysed; what was
//! not leaves nothing half-done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::files::blobs;
use crate::harness::{EICAR_SHA256, Server, eicar, sha256, until};

/// Steps at which the process dies, and whether the client has its answer by then.
const STEPS: &[&str] = &[
    "upload.received",
    "upload.synced",
    "upload.published",
    "upload.committed",
    "job.claimed",
    "job.begun",
    "job.kept",
    "job.completing",
    "job.completed",
    "engine.Quorum YARA",
];

/// Every acknowledged analysis completes with all its columns filled; every blob is what its name
/// says and has a row.
fn check(server: &Server, acknowledged: &[(String, Vec<u8>)]) {
    for (analysis, bytes) in acknowledged {
        let done = server.client.completed(analysis);
        assert_eq!(done["meta"]["file_info"]["sha256"], sha256(bytes));
        assert_eq!(
            done["data"]["attributes"]["stats"]["undetected"], 2,
            "{done}"
        );
        let report = server
            .client
            .get(&format!("/files/{}", sha256(bytes)))
            .data();
        assert_eq!(report["attributes"]["size"], bytes.len());
    }
    until("leftovers are swept away", || {
        blobs(server)
            .iter()
            .all(|name| server.client.get(&format!("/files/{name}")).status == 200)
    });
    for name in blobs(server) {
        let path = server.data().join("samples").join(&name[..2]).join(&name);
        let bytes = std::fs::read(path).unwrap();
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte ^ 0xA5).collect();
        assert_eq!(sha256(&bytes), name);
    }
    assert_eq!(
        std::fs::read_dir(server.data().join("incoming"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn dying_at_any_step_loses_nothing_that_was_acknowledged() {
    for step in STEPS {
        let failpoints = format!("{step}=abort");
        let mut server = Server::with(&[("QUORUM_FAILPOINTS", failpoints.as_str())]);
        let bytes = format!("dies at {step}").into_bytes();
        let answer = server.client.try_upload("/files", "a", &bytes).ok();
        assert!(!server.wait().success(), "{step}");
        server.start_again(&[]);
        let acknowledged: Vec<_> = answer
            .map(|reply| {
                (
                    reply.data()["id"].as_str().unwrap().to_owned(),
                    bytes.clone(),
                )
            })
            .into_iter()
            .collect();
        // It dies on the spot, so there is no answer before the commit; after it there may be.
        let committed = !["upload.received", "upload.synced", "upload.published"].contains(step);
        assert!(committed || acknowledged.is_empty(), "{step}");
        let file = format!("/files/{}", sha256(&bytes));
        assert_eq!(server.client.get(&file).status == 200, committed, "{step}");
        if committed {
            until("what was committed is analysed", || {
                let analyses = server.client.get(&format!("{file}/analyses")).data();
                analyses[0]["attributes"]["status"] == "completed"
            });
        }
        check(&server, &acknowledged);
        // And it works as before.
        let again = server.client.analysed("a", &bytes);
        assert_eq!(
            again["data"]["attributes"]["stats"]["undetected"], 2,
            "{step}"
        );
    }
}

/// A small generator of our own: the moments must be the same each time a seed is tried.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// One life of a server after another on one store, each with uploads from three clients and a
/// death of its own: at a step that is reached for the how manieth time, or at a moment. Returns
/// what was acknowledged.
fn lives(
    server: &mut Server,
    seeds: std::ops::Range<u64>,
    settings: &[(&str, &str)],
) -> Vec<(String, Vec<u8>)> {
    let mut acknowledged = Vec::new();
    for seed in seeds {
        let mut moments = Moments(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        moments.next(2);
        let step = STEPS[moments.next(STEPS.len() as u64) as usize];
        let armed = format!("{step}=abort@{}", 1 + moments.next(8));
        let (enough, moment) = (moments.next(10), Duration::from_millis(moments.next(40)));
        let mut settings = settings.to_vec();
        if moments.next(3) > 0 {
            settings.push(("QUORUM_FAILPOINTS", &armed));
        }
        server.start_again(&settings);
        let answered = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (0..3)
            .map(|number| {
                let client = server.client.clone();
                let answered = answered.clone();
                std::thread::spawn(move || {
                    let mut done = Vec::new();
                    for turn in 0..6 {
                        // Some larger than a part, so that they are hit while they are written;
                        // some sent by all.
                        let shared = if turn == 2 { 0 } else { number };
                        let mut bytes = format!("{seed} {shared} {turn}").into_bytes();
                        let more = if turn % 3 == 1 { 2 << 20 } else { 0 };
                        bytes.resize(bytes.len() + more, b'.');
                        match client.try_upload("/files", "a", &bytes) {
                            Ok(reply) => {
                                let id = reply.data()["id"].as_str().unwrap().to_owned();
                                done.push((id, bytes));
                                answered.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(_) => break,
                        }
                    }
                    done
                })
            })
            .collect();
        // By answers, since a busy machine gives few in a time; the moment after so many is what
        // is tested, and waited for.
        while answered.load(Ordering::Relaxed) < enough
            && !clients.iter().all(std::thread::JoinHandle::is_finished)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(moment);
        server.kill();
        for client in clients {
            acknowledged.extend(client.join().unwrap());
        }
    }
    acknowledged
}

/// Two hundred seeds, in four lanes.
#[test]
fn two_hundred_deaths_lose_nothing_that_was_acknowledged() {
    // Nothing may be given up: what is counted as a fault of a job is ours here.
    let settings = [("QUORUM_JOB_ATTEMPTS", "1000")];
    let lanes: Vec<_> = (0..4)
        .map(|lane| {
            std::thread::spawn(move || {
                let mut server = Server::with(&settings);
                server.kill();
                let seeds = lane * 50..(lane + 1) * 50;
                let acknowledged = lives(&mut server, seeds, &settings);
                server.start_again(&settings);
                check(&server, &acknowledged);
                assert!(server.must(&["check"]).contains("as they should be"));
                acknowledged.len()
            })
        })
        .collect();
    let acknowledged: Vec<_> = lanes.into_iter().map(|lane| lane.join().unwrap()).collect();
    assert!(acknowledged.iter().sum::<usize>() > 200, "{acknowledged:?}");
}

/// The same of a process on the grown store, whose jobs come back when their leases are over.
#[test]
fn deaths_on_the_grown_store_lose_nothing_that_was_acknowledged() {
    let services = crate::grown::Services::start(true);
    let settings = services.settings(&[("QUORUM_JOB_ATTEMPTS", "1000"), ("QUORUM_JOB_LEASE", "2")]);
    let mut server = Server::with(&settings);
    server.kill();
    let acknowledged = lives(&mut server, 1000..1020, &settings);
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    server.start_again(&settings);
    for (analysis, bytes) in &acknowledged {
        let done = server.client.completed(analysis);
        assert_eq!(done["meta"]["file_info"]["sha256"], sha256(bytes));
        assert_eq!(
            done["data"]["attributes"]["stats"]["undetected"], 2,
            "{done}"
        );
    }
    let said = server.must(&["check"]);
    assert!(said.contains("as they should be"), "{said}");
}

/// S17: the order in which an upload becomes durable, as the kernel sees it: the bytes, the move,
/// the directory, the row; the answer last.
#[test]
fn the_kernel_sees_bytes_synced_before_the_row_and_the_row_before_the_answer() {
    let directory = crate::harness::Directory::new();
    let trace = directory.0.join("trace");
    let mut strace = std::process::Command::new("strace");
    strace
        .args([
            // The process that is started here is the server: what ends it ends the tracing, too.
            "-D",
            "-f",
            "-y",
            "-s",
            "64",
            "-e",
            "trace=fsync,fdatasync,rename,renameat2,write,writev,sendto",
            "-o",
        ])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_quorum"));
    let server = Server::run_by(strace, crate::harness::Directory::new(), &[]);
    let name = sha256(b"traced");
    server.client.upload("traced", b"traced").data();
    let place = |lines: &[&str], from: usize, what: &str, words: &[&str]| {
        let found = lines[from..]
            .iter()
            .position(|line| words.iter().all(|word| line.contains(word)));
        from + found.unwrap_or_else(|| panic!("no {what} in\n{}", lines[from..].join("\n")))
    };
    until("the trace has the answer", || {
        std::fs::read_to_string(&trace)
            .unwrap()
            .matches("HTTP/1.1 200")
            .count()
            >= 1
    });
    let text = std::fs::read_to_string(&trace).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let bytes = place(&lines, 0, "sync of the bytes", &["sync(", "/incoming/"]);
    let moved = place(&lines, bytes, "move", &["rename", "/incoming/", &name]);
    let directory = place(
        &lines,
        moved,
        "sync of the directory",
        &["sync(", "/samples/"],
    );
    let row = place(
        &lines,
        directory,
        "sync of the row",
        &["sync(", "quorum.sqlite-wal"],
    );
    place(&lines, row, "answer", &["HTTP/1.1 200"]);
}

#[test]
fn a_job_that_kills_the_process_every_time_ends_as_failed_and_spares_the_others() {
    let place = format!("engine.Quorum YARA on {EICAR_SHA256}");
    // Sent in while nothing dies yet: the answer must not race with the first death. That makes
    // one attempt, which hangs.
    let mut server = Server::with(&[
        ("QUORUM_FAILPOINTS", &format!("{place}=hang")),
        ("QUORUM_WORKERS", "1"),
    ]);
    let url = server.client.post_url("http://example.com/").data();
    server.client.completed(url["id"].as_str().unwrap());
    let descriptor = server.client.upload("poison", &eicar()).data();
    let id = descriptor["id"].as_str().unwrap();
    until("it is begun", || {
        let analysis = server.client.get(&format!("/analyses/{id}")).data();
        analysis["attributes"]["status"] == "in-progress"
    });
    let innocent: Vec<_> = (0..5)
        .map(|number| {
            let bytes = format!("innocent {number}").into_bytes();
            let descriptor = server.client.upload("innocent", &bytes).data();
            (descriptor["id"].as_str().unwrap().to_owned(), bytes)
        })
        .collect();
    server.kill();
    let failpoint = format!("{place}=abort");
    let settings = [
        ("QUORUM_FAILPOINTS", failpoint.as_str()),
        ("QUORUM_JOB_ATTEMPTS", "4"),
    ];
    server.start_again(&settings);
    let mut deaths = 0;
    loop {
        assert!(!server.wait().success());
        deaths += 1;
        assert!(deaths <= 3, "it is tried for ever");
        server.start_again(&settings);
        let began = Instant::now();
        // Either it dies again, or the job is given up.
        let given_up = loop {
            let path = format!("/analyses/{id}");
            match server.client.try_send("GET", &path, &[], b"") {
                Ok(reply) if reply.json["data"]["attributes"]["status"] == "completed" => {
                    break true;
                }
                Ok(_) => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => break false,
            }
            assert!(began.elapsed() < crate::harness::PATIENCE);
        };
        if given_up {
            break;
        }
    }
    assert_eq!(deaths, 3);
    let analysis = server.client.completed(id);
    let results = &analysis["data"]["attributes"]["results"];
    assert_eq!(results["Quorum YARA"]["category"], "failure");
    assert_eq!(results["Hash list"]["category"], "malicious");
    check(&server, &innocent);
    // The next file is analysed, once the cause is gone.
    server.kill();
    server.start_again(&[]);
    let next = server.client.analysed("fine", b"fine");
    assert_eq!(next["data"]["attributes"]["stats"]["undetected"], 2);
    let again = server.client.analysed("poison", &eicar());
    assert_eq!(again["data"]["attributes"]["stats"]["malicious"], 2);
}

#[test]
fn sigterm_ends_cleanly_and_everything_is_there_afterwards() {
    let mut server = Server::start();
    server.client.analysed("a", b"kept");
    server.client.comment("/domains/a.example", "kept").data();
    assert!(server.terminate().success());
    assert!(server.log().contains("stopped"));
    server.start_again(&[]);
    check(&server, &[]);
    assert_eq!(server.client.get("/comments").json["meta"]["count"], 1);
    assert_eq!(
        server
            .client
            .get(&format!("/files/{}", sha256(b"kept")))
            .status,
        200
    );
}

/// What waits is taken up at the next start, in order, each once.
#[test]
fn a_queue_that_was_left_is_worked_off() {
    let mut server = Server::with(&[
        ("QUORUM_FAILPOINTS", "engine.Hash list=hang"),
        ("QUORUM_WORKERS", "1"),
    ]);
    let ids: Vec<_> = (0..10)
        .map(|number| {
            let reply = server
                .client
                .upload("a", format!("waiting {number}").as_bytes());
            reply.data()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let status = |server: &Server, id: &str| {
        server.client.get(&format!("/analyses/{id}")).data()["attributes"].clone()
    };
    until("the first is begun", || {
        status(&server, &ids[0])["status"] == "in-progress"
    });
    // The record tells what its job has been through.
    let first = status(&server, &ids[0])["job"].clone();
    assert_eq!(first["attempts"], 1);
    assert!(first["deadline"].as_i64().unwrap() > 1_700_000_000);
    let last = status(&server, &ids[9]);
    assert_eq!(last["job"], serde_json::json!({"attempts": 0}));
    assert_eq!(last["status"], "queued");
    assert_eq!(last["stats"], serde_json::json!({}));
    assert_eq!(last["results"], serde_json::json!({}));
    // Sending it again while it waits makes no second job.
    let again = server.client.upload("a", b"waiting 9").data();
    assert_eq!(again["id"], ids[9].as_str());
    server.kill();
    server.start_again(&[]);
    for id in &ids {
        let done = server.client.completed(id);
        assert_eq!(done["data"]["attributes"]["stats"]["undetected"], 2);
    }
}
