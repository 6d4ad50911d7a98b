//! What tiers allow, counted exactly.

use serde_json::Value;

use crate::harness::{Client, Server, race, sha256};

fn used(client: &Client, user: &str, whose: &str) -> u64 {
    let quotas = client.get(&format!("/users/{user}/overall_quotas")).data();
    quotas["api_requests_daily"][whose]["used"]
        .as_u64()
        .unwrap()
}

/// S16: 200 at once with one left are one success, 199 refusals.
#[test]
fn the_last_request_of_the_day_goes_to_one_of_two_hundred() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    std::thread::scope(|scope| {
        for _ in 0..9 {
            let bob = bob.clone();
            scope.spawn(move || {
                for _ in 0..111 {
                    assert_eq!(bob.get("/ip_addresses/192.0.2.1").status, 200);
                }
            });
        }
    });
    assert_eq!(used(&bob, "bob", "user"), 999);
    assert_eq!(race(200, |_| bob.get("/ip_addresses/192.0.2.1")), 1);
    assert_eq!(used(&bob, "bob", "user"), 1000);
    // Free of charge even now.
    assert_eq!(bob.get("/users/bob/api_usage").status, 200);
    let descriptor = bob.upload("new", b"a new file").data();
    assert_eq!(descriptor["type"], "analysis");
    // The same again is not new.
    assert_eq!(server.client.upload("new", b"an old file").status, 200);
    assert_eq!(
        bob.upload("old", b"an old file").error(429),
        "QuotaExceededError"
    );
    let report = server
        .client
        .get(&format!("/files/{}", sha256(b"an old file")))
        .data();
    assert_eq!(report["attributes"]["times_submitted"], 1);
}

#[test]
fn the_public_tier_has_four_requests_a_minute() {
    let server = Server::start();
    let guest = server.user(&["add", "guest"]);
    for _ in 0..4 {
        guest.get("/domains/example.com").data();
    }
    let refused = guest.get("/domains/example.com");
    assert_eq!(refused.error(429), "TooManyRequestsError");
    let seconds: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // S15: another spelling of the path, or a claim to be somebody else, changes nothing.
    for path in [
        "//domains/example.com",
        "/domains/example.com/",
        "/domains/example%2Ecom",
    ] {
        assert_eq!(guest.get(path).error(429), "TooManyRequestsError", "{path}");
    }
    let claims = [
        ("x-forwarded-for", "203.0.113.1"),
        ("forwarded", "for=203.0.113.1"),
    ];
    let reply = guest.send("GET", "/domains/example.com", &claims, b"");
    assert_eq!(reply.error(429), "TooManyRequestsError");
    // S15: neither does another key of the same user.
    let other_key = server.user(&["key", "guest"]);
    assert_eq!(
        other_key.get("/domains/example.com").error(429),
        "TooManyRequestsError"
    );
    // What costs nothing goes on.
    assert_eq!(used(&guest, "guest", "user"), 4);
    assert_eq!(guest.get("/files/upload_url").status, 200);
    assert_eq!(server.client.get("/domains/example.com").status, 200);
}

#[test]
fn a_group_shares_its_quota() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--group", "bob"]);
    bob.get("/domains/example.com").data();
    eve.get("/domains/example.com").data();
    eve.get("/domains/example.com").data();
    assert_eq!(
        (used(&bob, "bob", "user"), used(&bob, "bob", "group")),
        (1, 3)
    );
    assert_eq!(
        (used(&eve, "eve", "user"), used(&eve, "eve", "group")),
        (2, 3)
    );
    let quotas = eve.get("/users/eve/overall_quotas").data();
    assert_eq!(
        quotas["api_requests_daily"]["group"]["inherited_from"],
        "bob"
    );
    assert_eq!(quotas["api_requests_daily"]["group"]["allowed"], 1000);
    assert_eq!(
        quotas["intelligence_searches_monthly"]["group"]["allowed"],
        300
    );
}

#[test]
fn a_new_file_and_its_first_report_are_free() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    let path = format!("/files/{}", sha256(b"brand new"));
    let descriptor = bob.upload("a", b"brand new").data();
    assert_eq!(used(&bob, "bob", "user"), 0);
    server.client.completed(descriptor["id"].as_str().unwrap());
    bob.get(&path).data();
    assert_eq!(used(&bob, "bob", "user"), 0);
    bob.get(&path).data();
    assert_eq!(used(&bob, "bob", "user"), 1);
    eve.get(&path).data();
    assert_eq!(used(&eve, "eve", "user"), 1);
    bob.upload("a", b"brand new").data();
    assert_eq!(used(&bob, "bob", "user"), 2);
}

#[test]
fn what_was_counted_survives_a_restart() {
    let mut server = Server::start();
    for _ in 0..3 {
        server.client.get("/domains/example.com").data();
    }
    server.client.get("/search?query=example.com").data();
    server.terminate();
    server.start_again(&[]);
    assert_eq!(used(&server.client, "admin", "user"), 4);
    let usage = server.client.get("/users/admin/api_usage").data();
    assert_eq!(usage["total"]["domains"], 3);
    assert_eq!(usage["total"]["search"], 1);
    let daily = usage["daily"].as_object().unwrap();
    assert_eq!(daily.len(), 30);
    assert_eq!(
        daily
            .values()
            .filter(|day| **day != Value::Object(Default::default()))
            .count(),
        1
    );
    let reply = server
        .client
        .get("/users/admin/api_usage?start_date=yesterday");
    assert_eq!(reply.error(400), "InvalidArgumentError");
    let reply = server
        .client
        .get("/users/admin/api_usage?start_date=19990101");
    assert_eq!(reply.error(400), "InvalidArgumentError");
}

/// S16: the same of a group's quota, among its members, and of one that was agreed beside the tier
/// while they were racing.
#[test]
fn the_last_request_of_a_group_goes_to_one_of_two_hundred() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "enterprise"]);
    let eve = server.user(&["add", "eve", "--group", "bob"]);
    let race = |expected: usize| {
        let granted: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..200)
                .map(|number| {
                    let client = [&bob, &eve][number % 2].clone();
                    scope.spawn(move || {
                        let reply = client.get("/ip_addresses/192.0.2.1");
                        if reply.status != 200 {
                            assert_eq!(reply.error(429), "QuotaExceededError");
                        }
                        usize::from(reply.status == 200)
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(granted, expected);
    };
    let allow = |allowed: Value| {
        let attributes =
            serde_json::json!({"quotas": {"api_requests_daily": {"allowed": allowed}}});
        let body = serde_json::json!({"data": {"type": "group", "attributes": attributes}});
        let group = server.client.patch("/groups/bob", &body).data();
        group["attributes"]["quotas"]["api_requests_daily"].clone()
    };
    assert_eq!(allow(50.into())["allowed"], 50);
    for _ in 0..49 {
        bob.get("/ip_addresses/192.0.2.1").data();
    }
    race(1);
    // An add-on of one more is one more.
    assert_eq!(allow(51.into())["used"], 50);
    race(1);
    assert_eq!(allow(Value::Null)["allowed"], 30_000);
    race(200);
    assert_eq!(used(&bob, "bob", "group"), 251);
    // Who of the group it was, and where.
    let consumers = bob
        .get("/groups/bob/users_consuming_quota/api_requests_daily")
        .data();
    let by_user: Vec<_> = consumers
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            user["context_attributes"]["quota_consumed_from_group"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!(by_user.len(), 2);
    assert!(by_user.is_sorted_by(|a, b| a >= b));
    // This request itself is one of bob's.
    assert_eq!(by_user.iter().sum::<u64>(), 252);
    let usage = bob.get("/groups/bob/api_usage").data();
    assert_eq!(usage["total"]["ip_addresses"], 251);
    assert_eq!(usage["total"]["groups"], 1);
    assert_eq!(
        bob.get("/groups/bob/users_consuming_quota/nonsense")
            .error(404),
        "NotFoundError"
    );
}

/// S24: a member's many jobs do not delay the first of another member of the same group.
#[test]
fn one_members_jobs_do_not_delay_anothers_first() {
    let mut server = Server::with(&[
        ("QUORUM_WORKERS", "1"),
        ("QUORUM_FAILPOINTS", "engine.URL list=hang"),
        ("QUORUM_ENGINE_TIMEOUT_MS", "600000"),
    ]);
    let bob = server.user(&["add", "bob", "--tier", "enterprise"]);
    let eve = server.user(&["add", "eve", "--group", "bob"]);
    let many: Vec<_> = (0..300)
        .map(|number| {
            let sent = bob.post_url(&format!("http://a.example/{number}")).data();
            sent["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let first = eve.post_url("http://e.example/").data();
    server.kill();
    // Only the first jobs are done, and hers is one of them.
    server.start_again(&[
        ("QUORUM_WORKERS", "1"),
        ("QUORUM_FAILPOINTS", "engine.URL list=hang@4"),
        ("QUORUM_ENGINE_TIMEOUT_MS", "600000"),
    ]);
    server.client.completed(first["id"].as_str().unwrap());
    // What bob sent last still waits: eve did overtake.
    let last = server
        .client
        .get(&format!("/analyses/{}", many[299]))
        .data();
    assert_eq!(last["attributes"]["status"], "queued");
}
