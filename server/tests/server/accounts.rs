//! Keys, users, groups.

use serde_json::json;

use crate::harness::{Client, Server, routes};

/// S1: every route, with no key, a wrong one, a revoked, an expired or a suspended user's, two, or
/// one in the query.
#[test]
fn no_route_answers_without_a_good_key() {
    let server = Server::start();
    let nobody = Client::new(&server.origin, "");
    let wrong = "f".repeat(64);
    let revoked = server.user(&["add", "bob", "--tier", "basic"]).key;
    server.user(&["key", "bob", "--revoke-others"]);
    let expired = server.must(&["token", "add", "bob", "--days", "0"]);
    let expired = expired.trim().rsplit(' ').next().unwrap();
    let suspended = server.user(&["add", "eve", "--tier", "basic"]).key;
    server.must(&["user", "set", "eve", "--suspended"]);
    for (method, path, _) in routes(&server) {
        let path = path
            .replace("{collection}", "files")
            .replace("{relationship}", "comments")
            .replace(['{', '}'], "");
        let send = |path: &str, headers: &[(&str, &str)]| nobody.send(&method, path, headers, b"");
        let none = send(&path, &[]);
        let what = format!("{method} {path}");
        assert_eq!(none.error(401), "AuthenticationRequiredError", "{what}");
        assert_eq!(none.json["error"]["message"], "X-Apikey header is missing");
        for key in [wrong.as_str(), &revoked, expired] {
            let bad = send(&path, &[("x-apikey", key)]);
            assert_eq!(bad.error(401), "WrongCredentialsError", "{what}");
            assert_eq!(bad.json["error"]["message"], "Wrong API key");
        }
        let off = send(&path, &[("x-apikey", suspended.as_str())]);
        assert_eq!(off.error(401), "UserNotActiveError", "{what}");
        let odd = send(&path, &[("X-Apikey", "no key at all")]);
        assert_eq!(odd.error(401), "WrongCredentialsError");
        let key = server.client.key.as_str();
        let two = send(&path, &[("x-apikey", key), ("x-apikey", key)]);
        assert_eq!(two.error(401), "WrongCredentialsError");
        let query = send(&format!("{path}?x-apikey={key}&apikey={key}"), &[]);
        assert_eq!(query.error(401), "AuthenticationRequiredError");
    }
    // What does not exist is no secret that can be learned without a key.
    for nothing in ["/nothing/here", "/api/quorum/v1/nothing/here"] {
        assert_eq!(
            nobody.get(nothing).error(401),
            "AuthenticationRequiredError"
        );
        assert_eq!(server.client.get(nothing).error(404), "NotFoundError");
    }
}

#[test]
fn a_revoked_key_opens_nothing_and_a_new_one_does() {
    let server = Server::start();
    let old = server.user(&["add", "bob", "--tier", "basic"]);
    let second = server.user(&["key", "bob"]);
    assert_eq!(old.get("/users/bob").status, 200);
    assert_eq!(second.get("/users/bob").status, 200);
    let third = server.user(&["key", "bob", "--revoke-others"]);
    assert_eq!(old.get("/users/bob").error(401), "WrongCredentialsError");
    assert_eq!(second.get("/users/bob").error(401), "WrongCredentialsError");
    assert_eq!(third.get("/users/bob").status, 200);
}

/// S23: the store and the log hold no key.
#[test]
fn a_key_lies_nowhere() {
    let mut server = Server::with(&[("QUORUM_LOG", "trace")]);
    let key = server.client.key.clone();
    server.client.get(&format!("/users/{key}")).data();
    server
        .client
        .get(&format!("/users/{key}/overall_quotas"))
        .data();
    server
        .client
        .get(&format!("/users/{}", "e".repeat(64)))
        .error(404);
    server.client.analysed("a", b"a");
    server.terminate();
    assert!(server.log().contains("answered"));
    assert!(!server.log().contains(&key));
    for file in ["quorum.sqlite", "quorum.sqlite-wal"] {
        let bytes = std::fs::read(server.data().join(file)).unwrap_or_default();
        assert!(
            !bytes.windows(64).any(|window| window == key.as_bytes()),
            "{file}"
        );
    }
}

#[test]
fn a_user_is_found_by_name_or_key_and_shows_quotas_to_its_owner() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    for id in ["bob", bob.key.as_str()] {
        let user = bob.get(&format!("/users/{id}")).data();
        assert_eq!(
            (&user["type"], &user["id"]),
            (&json!("user"), &json!("bob"))
        );
        let attributes = &user["attributes"];
        assert_eq!(attributes["status"], "active");
        assert!(attributes["user_since"].is_i64());
        assert_eq!(attributes["quotas"]["api_requests_daily"]["allowed"], 1000);
        assert_eq!(
            attributes["quotas"]["intelligence_hunting_rules"]["allowed"],
            5
        );
        assert_eq!(attributes["privileges"]["intelligence"]["granted"], true);
        assert_eq!(
            attributes["privileges"]["intelligence"]["inherited_from"],
            "bob"
        );
        assert!(!user.to_string().contains(&bob.key));
    }
    let seen = eve.get("/users/bob").data();
    assert!(seen["attributes"].get("quotas").is_none());
    assert!(seen["attributes"].get("privileges").is_none());
    assert_eq!(
        eve.get("/users/bob/overall_quotas").error(403),
        "ForbiddenError"
    );
    assert_eq!(eve.get("/users/bob/api_usage").error(403), "ForbiddenError");
    assert_eq!(server.client.get("/users/bob/overall_quotas").status, 200);
    assert_eq!(eve.get("/users/nobody").error(404), "NotFoundError");
    // S2: a group that is not yours is not there.
    assert_eq!(eve.get("/groups/bob").error(404), "NotFoundError");
    assert_eq!(eve.get("/users/bob/groups").json["data"], json!([]));

    let admin = server.client.get("/users/admin").data();
    assert_eq!(admin["attributes"]["privileges"]["admin"]["granted"], true);
    assert_eq!(
        admin["attributes"]["quotas"]["api_requests_daily"]["allowed"],
        100_000_000
    );
    let asked = "groups,api_quota_group,intelligence_quota_group,monitor_quota_group";
    let user = bob.get(&format!("/users/bob?relationships={asked}")).data();
    let group = json!({"type": "group", "id": "bob"});
    assert_eq!(user["relationships"]["api_quota_group"]["data"], group);
    assert_eq!(user["relationships"]["groups"]["data"], json!([group]));
    assert_eq!(bob.get("/groups/bob/users").json["data"][0]["id"], "bob");
}

#[test]
fn a_user_changes_what_is_theirs_to_change() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    let patch = |client: &Client, attributes: serde_json::Value| {
        let body = json!({"data": {"type": "user", "id": "bob", "attributes": attributes}});
        client.send("PATCH", "/users/bob", &[], body.to_string().as_bytes())
    };
    let user = patch(
        &bob,
        json!({"first_name": "Bob", "preferences": {"ui": "dark"}}),
    )
    .data();
    assert_eq!(user["attributes"]["first_name"], "Bob");
    assert_eq!(user["attributes"]["preferences"], json!({"ui": "dark"}));
    // S3: what is read-only stays as it is.
    for attributes in [
        json!({"reputation": 100}),
        json!({"tier": "duet"}),
        json!({"quotas": {"api_requests_daily": {"allowed": 5}}}),
        json!({"last_name": 5}),
    ] {
        patch(&bob, attributes).error(400);
    }
    assert_eq!(
        patch(&eve, json!({"first_name": "Eve"})).error(403),
        "ForbiddenError"
    );
    let user = bob.get("/users/bob").data();
    assert_eq!(user["attributes"]["first_name"], "Bob");
    assert_eq!(user["attributes"]["reputation"], 1);
}
