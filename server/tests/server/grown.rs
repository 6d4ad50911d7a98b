//! The grown server: any number of processes on PostgreSQL, S3 and NATS, each with its role.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::harness::{Client, Directory, Server, race, sha256, until};
use crate::services::{Nats, Postgres, S3, S3_CREDENTIALS};

/// The services of one test.
pub(crate) struct Services {
    pub(crate) postgres: Postgres,
    pub(crate) s3: S3,
    pub(crate) nats: Option<Nats>,
    /// After what runs in it.
    _directory: Directory,
}

impl Services {
    pub(crate) fn start(with_nats: bool) -> Self {
        let directory = Directory::new();
        Self {
            postgres: Postgres::start(&directory.0),
            s3: S3::start(&directory.0),
            nats: with_nats.then(|| Nats::start(&directory.0)),
            _directory: directory,
        }
    }

    /// The settings of a server on them, and more.
    pub(crate) fn settings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut settings = vec![
            ("QUORUM_STORE_URL", self.postgres.url.as_str()),
            ("QUORUM_BLOBS_URL", self.s3.url.as_str()),
        ];
        settings.extend(
            self.nats
                .iter()
                .map(|nats| ("QUORUM_QUEUE_URL", nats.url.as_str())),
        );
        settings.extend(S3_CREDENTIALS);
        settings.extend_from_slice(more);
        settings
    }
}

fn used(server: &Server, user: &str) -> u64 {
    let quotas = server
        .client
        .get(&format!("/users/{user}/overall_quotas"))
        .data();
    quotas["api_requests_daily"]["group"]["used"]
        .as_u64()
        .unwrap()
}

/// S16, S17, S24: what one process accepts another works off, also when workers are killed and
/// stopped; the day's quota is exact among processes.
#[test]
fn processes_with_roles_share_one_store() {
    let services = Services::start(true);
    let settings = services.settings(&[("QUORUM_ROLE", "api"), ("QUORUM_JOB_LEASE", "2")]);
    let api = Server::with(&settings);
    let other = api.beside("api");
    let text = |number: usize| format!("grown {number}").into_bytes();
    let waiting: Vec<_> = (0..10)
        .map(|number| {
            let server = if number % 2 == 0 { &api } else { &other };
            let data = server.client.upload("a", &text(number)).data();
            data["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let status = |server: &Server, id: &str| {
        server.client.get(&format!("/analyses/{id}")).data()["attributes"]["status"].clone()
    };
    assert_eq!(status(&other, &waiting[0]), "queued");
    // Larger than a part.
    let large = vec![b'.'; 11 << 20];
    let large_id = api.client.upload("large", &large).data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    // One worker is killed and one is stopped, with jobs in hand.
    let hang = [
        ("QUORUM_FAILPOINTS", "engine.Hash list=hang"),
        ("QUORUM_ROLE", "worker"),
    ];
    let mut hanging: Vec<_> = (0..2).map(|_| api.beside_with(&hang)).collect();
    until("both have a job", || {
        let begun = waiting.iter().chain([&large_id]);
        begun.filter(|id| status(&api, id) == "in-progress").count() >= 4
    });
    hanging[0].kill();
    hanging[1].signal("STOP");
    let worker = api.beside("worker");
    for (number, id) in waiting.iter().enumerate() {
        let done = other.client.completed(id);
        assert_eq!(done["meta"]["file_info"]["sha256"], sha256(&text(number)));
        assert_eq!(
            done["data"]["attributes"]["stats"]["undetected"], 2,
            "{done}"
        );
    }
    other.client.completed(&large_id);
    // It goes on, finds that its jobs are others', and changes nothing.
    let reports = || -> Vec<Value> {
        waiting
            .iter()
            .map(|id| api.client.get(&format!("/analyses/{id}")).data())
            .collect()
    };
    let before = reports();
    hanging[1].signal("CONT");
    until("it notices", || {
        hanging[1].log().contains("another worker has taken")
    });
    assert_eq!(reports(), before);
    // A bell rings in another process at once, not after a nap.
    let began = std::time::Instant::now();
    api.client.analysed("a", b"rung");
    assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    // S16: 1,000 a day, among two processes.
    let bob = api.user(&["add", "bob", "--tier", "basic"]);
    let granted = |requests: usize| -> usize {
        let clients = [&api.origin, &other.origin]
            .map(|origin| crate::harness::Client::new(origin, &bob.key));
        std::thread::scope(|scope| {
            let racers: Vec<_> = (0..40)
                .map(|racer| {
                    let client = clients[racer % 2].clone();
                    scope.spawn(move || {
                        (0..requests / 40)
                            .filter(|_| client.get("/ip_addresses/192.0.2.1").status == 200)
                            .count()
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        })
    };
    assert_eq!(granted(960), 960);
    // What was spoken for and not spent comes back.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(granted(200), 40);
    until("the books are written", || {
        used(&other, "bob") == 1000 && used(&api, "bob") == 1000
    });
    // S15: and so is the minute's.
    let guest = api.user(&["add", "guest"]);
    let there = crate::harness::Client::new(&other.origin, &guest.key);
    for client in [&guest, &there, &guest, &there] {
        client.get("/domains/example.com").data();
    }
    assert_eq!(
        there.get("/domains/example.com").error(429),
        "TooManyRequestsError"
    );
    until("the books are written", || used(&api, "guest") == 4);
    assert!(api.must(&["check"]).contains("as they should be"));
    drop(worker);
    // S23: no secret of the services in any log.
    for server in [&api, &other] {
        assert!(!server.log().contains(&api.client.key));
    }
}

/// Without NATS, PostgreSQL carries the news; and a process that is told to stop leaves nothing
/// behind.
#[test]
fn postgres_alone_wakes_the_workers() {
    let services = Services::start(false);
    let mut api = Server::with(&services.settings(&[("QUORUM_ROLE", "api")]));
    let worker = api.beside("worker");
    for number in 0..3 {
        let began = std::time::Instant::now();
        api.client
            .analysed("a", format!("rung {number}").as_bytes());
        assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    }
    let url = api.client.post_url("http://example.com/").data();
    api.client.completed(url["id"].as_str().unwrap());
    // A NUL is refused where the store would not take it.
    assert_eq!(
        api.client.get("/users/a%00b").error(400),
        "InvalidArgumentError"
    );
    assert_eq!(
        api.client.comment("/domains/a.example", "a\0b").error(400),
        "InvalidArgumentError"
    );
    assert!(api.terminate().success());
    drop(worker);
}

/// S24: a group's first job starts within seconds while another group has a thousand queued.
#[test]
fn a_thousand_jobs_of_one_group_do_not_delay_another_groups_first() {
    let services = Services::start(false);
    let api = Server::with(&services.settings(&[("QUORUM_ROLE", "api")]));
    let bob = api.user(&["add", "bob", "--tier", "basic"]);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let api = &api;
            scope.spawn(move || {
                for number in 0..250 {
                    api.client
                        .post_url(&format!("http://a.example/{client}/{number}"))
                        .data();
                }
            });
        }
    });
    let first = bob.post_url("http://b.example/").data();
    let worker = api.beside_with(&[("QUORUM_ROLE", "worker"), ("QUORUM_WORKERS", "1")]);
    let began = std::time::Instant::now();
    bob.completed(first["id"].as_str().unwrap());
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    // The thousand are not done yet: it did overtake.
    let last = api
        .client
        .get("/search?query=http://a.example/3/249")
        .data();
    let analyses = format!("/urls/{}/analyses", last[0]["id"].as_str().unwrap());
    let status = &api.client.get(&analyses).data()[0]["attributes"]["status"];
    assert_eq!(status, "queued");
    drop(worker);
}

/// S18: while a service is away requests that need it fail with the contract's error; when it is
/// back all works by itself, and what was accepted before is done.
#[test]
fn services_that_go_and_come_back_are_lived_through() {
    let mut services = Services::start(true);
    let settings: Vec<_> = services
        .settings(&[("QUORUM_JOB_LEASE", "3")])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let server = Server::with(&settings);
    server.client.analysed("a", b"before");
    // Without NATS nothing is lost: workers look.
    services.nats.as_mut().unwrap().stop();
    server.client.analysed("a", b"without tickets");
    let accepted = server.client.upload("a", b"accepted before").data();
    services.postgres.stop();
    let refused = server.client.upload("a", b"while it is away");
    assert_eq!(refused.error(503), "TransientError");
    assert_eq!(
        server.client.get("/domains/example.com").error(503),
        "TransientError"
    );
    services.postgres.start_again();
    until("it works again", || {
        server.client.get("/domains/example.com").status == 200
    });
    server.client.completed(accepted["id"].as_str().unwrap());
    server.client.analysed("a", b"while it is away");
    let said = server.must(&["check"]);
    assert!(said.contains("as they should be"), "{said}");
}

#[test]
fn a_role_needs_a_store_that_can_be_shared() {
    let directory = Directory::new();
    let output = crate::harness::quorum()
        .args(["serve", "--role", "worker", "--data"])
        .arg(&directory.0)
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("store.url"));
}

/// What one API process has answered with 2xx, the other shows in its very next answer, and a key
/// that was revoked through one opens nothing at the other: while both answer look-ups out of
/// memory, many at a time.
#[test]
fn what_one_process_commits_the_other_shows_at_once() {
    let services = Services::start(false);
    let one = Server::with(&services.settings(&[("QUORUM_ROLE", "api")]));
    let other = one.beside("api");
    let votes = |server: &Server, number: usize| {
        let report = server.client.get(&format!("/domains/{number}.example"));
        report.data()["attributes"]["total_votes"]["malicious"].clone()
    };
    let hurried = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (one, other, hurried) = (&one, &other, &hurried);
            scope.spawn(move || {
                let server = if number % 2 == 0 { one } else { other };
                while hurried.load(Ordering::Relaxed) {
                    votes(server, number % 4);
                }
            });
        }
        for number in 0..40 {
            let (first, second) = match number % 2 {
                0 => (&one, &other),
                _ => (&other, &one),
            };
            assert_eq!([votes(first, number), votes(second, number)], [0, 0]);
            let vote = first
                .client
                .vote(&format!("/domains/{number}.example"), "malicious");
            assert_eq!(vote.status, 200);
            assert_eq!([votes(second, number), votes(first, number)], [1, 1]);
        }
        for number in 0..5 {
            let name = format!("user-{number}");
            let here = one.user(&["add", &name, "--tier", "duet"]);
            let there = Client::new(&other.origin, &here.key);
            for client in [&here, &there, &here, &there] {
                assert_eq!(client.get("/domains/0.example").status, 200);
            }
            // By a third process.
            let renewed = one.user(&["key", &name, "--revoke-others"]);
            for client in [&there, &here] {
                let refused = client.get("/domains/0.example");
                assert_eq!(refused.error(401), "WrongCredentialsError");
            }
            assert_eq!(renewed.get("/domains/0.example").status, 200);
        }
        hurried.store(false, Ordering::Relaxed);
    });
}

/// S16: a report that is sent out of memory costs what any other does: of two hundred at once at two
/// processes, one gets the last of the day.
#[test]
fn a_kept_report_is_counted_like_any_other() {
    let services = Services::start(false);
    let one = Server::with(&services.settings(&[]));
    let other = one.beside("api");
    let bob = one.user(&["add", "bob", "--tier", "basic"]);
    one.must(&["group", "set", "bob", "--quota", "api_requests_daily=50"]);
    one.client.analysed("a", b"kept");
    let report = format!("/files/{}", sha256(b"kept"));
    let there = Client::new(&other.origin, &bob.key);
    for _ in 0..24 {
        assert_eq!(bob.get(&report).status, 200);
        assert_eq!(there.get(&report).status, 200);
    }
    assert_eq!(there.get(&report).status, 200);
    // What was spoken for and not spent comes back.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let clients = [&bob, &there];
    assert_eq!(race(200, |number| clients[number % 2].get(&report)), 1);
    until("the books are written", || {
        used(&other, "bob") == 50 && used(&one, "bob") == 50
    });
}
