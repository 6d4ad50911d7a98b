//! Keys, users, groups.

use serde_json::json;

use crate::harness::{Client, OWN, Server, routes};

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

/// S1: routes that are in no document, and so in none of the tests that take theirs from it.
#[test]
fn the_plain_routes_are_these_and_no_others() {
    let server = Server::start();
    let nobody = Client::new(&server.origin, "");
    // Each says itself who may, or tells nothing.
    for (path, status) in [
        ("/api/v3/openapi.json", 200),
        ("/health", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/_ah/upload/none", 405),
        ("/_ah/download/none", 404),
    ] {
        let reply = nobody.fetch(&format!("{}{path}", server.origin), &[]);
        assert_eq!(reply.status, status, "{path}");
    }
    // Counted in the sources: a new one has to be named above.
    let count = |text: &str| text.matches(".route(").count();
    assert_eq!(count(include_str!("../../src/routes/mod.rs")), 4);
    assert_eq!(count(include_str!("../../src/ops.rs")), 3);
    let mut others = 0;
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                others += count(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert_eq!(
        others,
        4 + 3,
        "a route outside of the document: is it tested?"
    );
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

/// Several keys a user: named, with an end, revoked one by one, shown once.
#[test]
fn a_user_has_several_keys_and_sees_each_once() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let path = format!("{OWN}/users/bob/keys");
    let new = |attributes: serde_json::Value| {
        bob.post(
            &path,
            &json!({"data": {"type": "api_key", "attributes": attributes}}),
        )
    };
    let far = 4_000_000_000_i64;
    let made = new(json!({"label": "laptop", "expiration_date": far})).data();
    let attributes = &made["attributes"];
    assert_eq!(attributes["label"], "laptop");
    assert_eq!(attributes["expiration_date"], far);
    let laptop = Client::new(&server.origin, attributes["apikey"].as_str().unwrap());
    assert_eq!(laptop.get("/users/bob").status, 200);
    assert_eq!(
        new(json!({"expiration_date": 1})).error(400),
        "InvalidArgumentError"
    );
    assert_eq!(
        new(json!({"label": "a".repeat(257)})).error(400),
        "InvalidArgumentError"
    );
    let listed = bob.get(&path);
    assert_eq!(listed.json["meta"]["count"], 2);
    assert!(!listed.json.to_string().contains("apikey"));
    assert!(!listed.json.to_string().contains(&laptop.key));
    let first = bob.get(&format!("{path}?limit=1"));
    let second = bob.get(first.json["links"]["next"].as_str().unwrap());
    assert_ne!(first.json["data"][0]["id"], second.json["data"][0]["id"]);
    assert!(second.json["meta"].get("cursor").is_none());
    // By the key itself; from then on it opens nothing, and the other does.
    let id = made["id"].as_str().unwrap();
    assert_eq!(laptop.delete(&format!("{path}/{id}")).status, 200);
    assert_eq!(laptop.get("/users/bob").error(401), "WrongCredentialsError");
    assert_eq!(
        bob.delete(&format!("{path}/{id}")).error(404),
        "NotFoundError"
    );
    let shown = bob.get(&path).json["data"].clone();
    let shown = shown.as_array().unwrap().iter().find(|key| key["id"] == id);
    let shown = &shown.unwrap()["attributes"];
    assert_eq!(shown["status"], "revoked");
    assert!(shown["revocation_date"].is_i64());
    // Beside the server too.
    let said = server.must(&["token", "list", "bob"]);
    assert!(said.contains("laptop") && said.contains(id), "{said}");
    let added = server.must(&["token", "add", "bob", "--label", "robot", "--days", "9"]);
    let robot = Client::new(&server.origin, added.trim().rsplit(' ').next().unwrap());
    assert_eq!(robot.get("/users/bob").status, 200);
    let id = added.split(' ').nth(3).unwrap();
    server.must(&["token", "revoke", "bob", id]);
    assert_eq!(robot.get("/users/bob").error(401), "WrongCredentialsError");
    assert!(
        !server
            .command(&["token", "revoke", "bob", id])
            .status
            .success()
    );
}

fn descriptors(emails: &[&str]) -> serde_json::Value {
    let list: Vec<_> = emails
        .iter()
        .map(|email| json!({"type": "user", "id": email}))
        .collect();
    json!({"data": list})
}

/// Members come by their address, get roles, and go; the tier comes and goes with the group.
#[test]
fn a_group_is_run_by_its_administrators() {
    let server = Server::start();
    let admin = &server.client;
    server.must(&["group", "add", "crew", "--tier", "professional"]);
    let chief = server.user(&["add", "chief", "--group", "crew"]);
    let bob = server.user(&["add", "bob"]);
    for (user, email) in [("chief", "chief@a.example"), ("bob", "Bob@a.example")] {
        server.must(&["user", "set", user, "--email", email]);
    }
    let users = "/groups/crew/relationships/users";
    let administrators = "/groups/crew/relationships/administrators";
    let add = |client: &Client, path: &str, email: &str| client.post(path, &descriptors(&[email]));
    assert_eq!(
        add(&chief, users, "bob@a.example").error(403),
        "ForbiddenError"
    );
    add(admin, administrators, "chief@a.example").data();
    let is_chief = format!("{administrators}/chief");
    assert_eq!(chief.get(&is_chief).json, json!({"data": true}));
    assert_eq!(
        chief.get(&format!("{administrators}/bob")).json,
        json!({"data": false})
    );
    // By name is no address; all or none.
    assert_eq!(add(&chief, users, "bob").error(400), "InvalidArgumentError");
    let both = descriptors(&["bob@a.example", "nobody@a.example"]);
    assert_eq!(chief.post(users, &both).error(404), "NotFoundError");
    assert_eq!(chief.get(users).json["meta"]["count"], 1);
    let added = add(&chief, users, "BOB@a.example").data();
    assert_eq!(added, json!([{"type": "user", "id": "bob"}]));
    let quotas = bob.get("/users/bob").data()["attributes"]["quotas"].clone();
    assert_eq!(quotas["api_requests_daily"]["allowed"], 10_000);
    assert_eq!(bob.get("/groups/crew/users").json["meta"]["count"], 2);
    // Nobody who is in another team, or pays for themselves, is taken away from there.
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    server.must(&["user", "set", "eve", "--email", "eve@a.example"]);
    assert_eq!(
        add(&chief, users, "eve@a.example").error(404),
        "NotFoundError"
    );
    assert_eq!(eve.get("/groups/eve").status, 200);
    // A group's administrators look after its members, not after the server's.
    let patch = |client: &Client, user: &str, attributes: serde_json::Value| {
        let body = json!({"data": {"type": "user", "attributes": attributes}});
        client.patch(&format!("/users/{user}"), &body)
    };
    patch(&chief, "bob", json!({"status": "suspended"})).data();
    assert_eq!(bob.get("/users/bob").error(401), "UserNotActiveError");
    patch(&chief, "bob", json!({"status": "active"})).data();
    assert_eq!(
        patch(&bob, "bob", json!({"email": "chief2@a.example"})).error(403),
        "ForbiddenError"
    );
    assert_eq!(
        patch(
            &bob,
            "bob",
            json!({"privileges": {"admin": {"granted": true}}})
        )
        .error(403),
        "ForbiddenError"
    );
    server.must(&["group", "join", "crew", "admin"]);
    assert_eq!(
        patch(&chief, "admin", json!({"status": "suspended"})).error(403),
        "ForbiddenError"
    );
    assert_eq!(
        patch(
            admin,
            "admin",
            json!({"privileges": {"admin": {"granted": false}}})
        )
        .error(400),
        "BadRequestError"
    );
    // Whoever goes has a group of their own again, without the tier.
    assert_eq!(bob.delete(&is_chief).error(403), "ForbiddenError");
    bob.delete(&format!("{users}/bob"));
    assert_eq!(bob.get("/groups/crew").error(404), "NotFoundError");
    let quotas = bob.get("/users/bob").data()["attributes"]["quotas"].clone();
    assert_eq!(quotas["api_requests_daily"]["allowed"], 500);
    assert_eq!(
        chief.delete(&format!("{users}/bob")).error(404),
        "NotFoundError"
    );
    assert_eq!(admin.delete(&is_chief).json, json!({}));
    assert_eq!(
        add(&chief, users, "bob@a.example").error(403),
        "ForbiddenError"
    );
    // Deleted is gone: keys, profile and address, but not what was said, nor the name.
    let said = bob.comment("/domains/a.example", "I was here").data();
    assert_eq!(bob.delete("/users/bob").json, json!({}));
    assert_eq!(bob.get("/users/bob").error(401), "WrongCredentialsError");
    assert_eq!(admin.get("/users/bob").error(404), "NotFoundError");
    let comment = format!("/comments/{}", said["id"].as_str().unwrap());
    assert_eq!(admin.get(&comment).status, 200);
    assert_eq!(
        admin.get(&format!("{comment}/author")).json["data"],
        json!(null)
    );
    let output = server.command(&["user", "add", "bob"]);
    assert!(!output.status.success());
}

/// Add-ons come and go with their dates, for a group and for a user.
#[test]
fn an_add_on_counts_until_its_end() {
    let server = Server::start();
    let guest = server.user(&["add", "guest"]);
    server.client.analysed("a", b"a file");
    let premium = format!("/files/{}/submissions", crate::harness::sha256(b"a file"));
    let patch = |client: &Client, path: &str, attributes: serde_json::Value| {
        let kind = if path.starts_with("/groups") {
            "group"
        } else {
            "user"
        };
        let body = json!({"data": {"type": kind, "attributes": attributes}});
        client.patch(path, &body)
    };
    let soon = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        + 10;
    let grant = |end: u64| json!({"privileges": {"intelligence": {"granted": true, "expiration_date": end}}});
    let revoke = json!({"privileges": {"intelligence": {"granted": false}}});
    // What comes with the tier is not taken back.
    patch(&server.client, "/groups/guest", json!({"tier": "duet"})).data();
    assert_eq!(
        patch(&server.client, "/groups/guest", revoke.clone()).error(400),
        "InvalidArgumentError"
    );
    server.must(&["group", "set", "guest", "--tier", "public"]);
    assert_eq!(guest.get(&premium).error(403), "ForbiddenError");
    let group = patch(&server.client, "/groups/guest", grant(soon)).data();
    let shown = &group["attributes"]["privileges"]["intelligence"];
    assert_eq!(shown, &json!({"granted": true, "expiration_date": soon}));
    assert_eq!(guest.get(&premium).status, 200);
    let me = server.client.get("/users/guest").data();
    let shown = &me["attributes"]["privileges"]["intelligence"];
    assert_eq!(shown["inherited_from"], "guest");
    assert_eq!(shown["expiration_date"], soon);
    let granted = || {
        let user = server.client.get("/users/guest").data();
        user["attributes"]["privileges"]["intelligence"]["granted"] == true
    };
    crate::harness::until("the add-on has ended", || !granted());
    assert_eq!(guest.get(&premium).error(403), "ForbiddenError");
    // The same for one user, by the command line.
    server.must(&["user", "grant", "guest", "intelligence", "--days", "2"]);
    assert!(granted());
    server.must(&["user", "withdraw", "guest", "intelligence"]);
    assert!(!granted());
    for (attributes, code) in [
        (grant(1), "InvalidArgumentError"),
        (
            json!({"privileges": {"godmode": {"granted": true}}}),
            "InvalidArgumentError",
        ),
        (
            json!({"quotas": {"monitor_storage_bytes": {"allowed": 1}}}),
            "InvalidArgumentError",
        ),
        (
            json!({"quotas": {"api_requests_daily": {"allowed": 1_000_000_001_u64}}}),
            "InvalidArgumentError",
        ),
        (json!({"tier": "gold"}), "InvalidArgumentError"),
    ] {
        let reply = patch(&server.client, "/groups/guest", attributes);
        assert_eq!(reply.error(400), code);
    }
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    assert_eq!(
        patch(&bob, "/groups/bob", json!({"tier": "duet"})).error(403),
        "ForbiddenError"
    );
    let group = patch(&bob, "/groups/bob", json!({"organization": "Bob & Co."})).data();
    assert_eq!(group["attributes"]["organization"], "Bob & Co.");
}

/// Who did what stands in the log, for administrators, through the API and beside the server.
#[test]
fn the_log_says_who_did_what() {
    let server = Server::start();
    let admin = &server.client;
    let new = json!({"data": {"type": "user", "id": "bob", "attributes": {"tier": "basic"}}});
    let made = admin.post(&format!("{OWN}/users"), &new).data();
    let bob = Client::new(
        &server.origin,
        made["attributes"]["apikey"].as_str().unwrap(),
    );
    let x_tool = [("x-tool", "quorum-web")];
    let bytes = crate::harness::multipart(&[(
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"",
        b"logged",
    )]);
    let headers = [crate::harness::MULTIPART, x_tool[0]];
    bob.send("POST", "/files", &headers, &bytes).data();
    let comment = bob.comment("/domains/a.example", "rude").data();
    let comment = comment["id"].as_str().unwrap();
    admin.delete(&format!("/comments/{comment}"));
    let log = |query: &str| {
        let reply = admin.get(&format!("{OWN}/audit?{query}"));
        let data = reply.data();
        let each = data.as_array().unwrap().iter();
        each.map(|entry| entry["attributes"].clone())
            .collect::<Vec<_>>()
    };
    let of_bob = log("subject=bob");
    let actions: Vec<_> = of_bob.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["key.created", "user.created", "group.created"]);
    assert!(
        of_bob
            .iter()
            .all(|entry| entry["actor"] == "admin" && entry["interface"] == "api")
    );
    assert!(!json!(of_bob).to_string().contains(&bob.key));
    let sent = log("actor=bob&action=file.submitted");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["subject"], crate::harness::sha256(b"logged"));
    assert_eq!(sent[0]["interface"], "web");
    assert_eq!(sent[0]["detail"], json!({"name": "a.txt"}));
    let deleted = log("action=comment.deleted");
    assert_eq!(
        (&deleted[0]["actor"], &deleted[0]["subject"]),
        (&json!("admin"), &json!(comment))
    );
    assert_eq!(
        (&deleted[0]["group"], &deleted[0]["detail"]),
        (&json!("bob"), &json!({"author": "bob"}))
    );
    // The group's own administrator sees what concerns the group.
    let own = bob.get(&format!("{OWN}/audit?limit=40"));
    assert!(own.json.to_string().contains("comment.deleted"));
    assert!(
        own.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|e| e["attributes"]["group"] == "bob")
    );
    let said = server.must(&["audit", "--action", "comment.deleted"]);
    assert!(
        said.contains(&format!("\tadmin\tapi\tcomment.deleted\t{comment}\t")),
        "{said}"
    );
    server.must(&["user", "set", "bob", "--suspended"]);
    let said = server.must(&["audit", "--json", "--limit", "1"]);
    let entry: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(entry["attributes"]["actor"], "(local)");
    assert_eq!(
        entry["attributes"]["detail"],
        json!({"status": "suspended"})
    );
}

/// A group's service accounts are made, seen, given keys and deleted by who administers it, share its
/// quota, and are nobody: no administrators, and in no other group.
#[test]
fn a_group_has_service_accounts_for_what_runs_by_itself() {
    let server = Server::start();
    let admin = &server.client;
    server.must(&["group", "add", "red", "--tier", "basic"]);
    let chief = server.user(&["add", "chief", "--group", "red"]);
    let bob = server.user(&["add", "bob", "--group", "red"]);
    server.must(&["user", "set", "chief", "--group-administrator", "true"]);
    let path = "/groups/red/relationships/service_accounts";
    let new = json!({"data": [{"type": "service_account", "id": "ci"}, "mail"]});
    assert_eq!(bob.post(path, &new).error(403), "ForbiddenError");
    let made = chief.post(path, &new).data();
    assert_eq!(made.as_array().unwrap().len(), 2);
    let account = &made[0];
    assert_eq!(
        (&account["type"], &account["id"]),
        (&json!("service_account"), &json!("red_ci"))
    );
    assert_eq!(account["attributes"]["first_name"], "ci");
    let link = account["links"]["self"].as_str().unwrap();
    assert!(link.ends_with("/service_accounts/red_ci"));
    let key = account["attributes"]["apikey"].as_str().unwrap();
    let robot = Client::new(&server.origin, key);
    assert_eq!(robot.get("/domains/example.com").status, 200);
    // Its requests are the group's, and its key is shown once.
    let seen = chief.get("/service_accounts/red_ci").data();
    assert_eq!(seen["attributes"]["status"], "active");
    assert_eq!(
        seen["attributes"]["quotas"]["api_requests_daily"]["used"],
        1
    );
    assert!(seen["attributes"].get("apikey").is_none());
    let seen = bob.get("/service_accounts/red_ci").data();
    assert!(seen["attributes"].get("quotas").is_none());
    assert_eq!(robot.get("/service_accounts/red_ci").status, 200);
    assert_eq!(
        chief.get("/service_accounts/bob").error(404),
        "NotFoundError"
    );
    // Beside the members, not among them.
    let named = |path: &str| {
        let listed = chief.get(path).data();
        let ids = listed.as_array().unwrap().iter();
        ids.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(named(path), ["red_ci", "red_mail"]);
    assert_eq!(
        named("/groups/red/service_accounts"),
        ["red_ci", "red_mail"]
    );
    assert_eq!(named("/groups/red/users"), ["bob", "chief"]);
    let is_in = |of: &str| chief.get(&format!("/groups/red/relationships/{of}")).data();
    assert_eq!(is_in("service_accounts/red_ci"), true);
    assert_eq!(is_in("users/red_ci"), false);
    assert_eq!(is_in("service_accounts/bob"), false);
    let taken = json!({"data": ["new", "mail"]});
    assert_eq!(chief.post(path, &taken).error(409), "AlreadyExistsError");
    assert_eq!(named(path).len(), 2, "nothing is half made");
    for odd in [
        json!([]),
        json!([""]),
        json!(["a b"]),
        json!(["a".repeat(60)]),
        json!([1]),
    ] {
        let refused = chief.post(path, &json!({"data": odd}));
        assert_eq!(refused.error(400), "InvalidArgumentError", "{odd}");
    }
    // Who made it makes its keys anew, and takes it away.
    let new = json!({"data": {"type": "api_key", "attributes": {"label": "second"}}});
    let keys = format!("{OWN}/users/red_ci/keys");
    assert_eq!(bob.post(&keys, &new).error(403), "ForbiddenError");
    let second = chief.post(&keys, &new).data();
    let second = second["attributes"]["apikey"].as_str().unwrap();
    let second = Client::new(&server.origin, second);
    assert_eq!(second.get("/domains/example.com").status, 200);
    let for_bob = format!("{OWN}/users/bob/keys");
    assert_eq!(chief.post(&for_bob, &new).error(403), "ForbiddenError");
    let one = format!("{path}/red_ci");
    assert_eq!(bob.delete(&one).error(403), "ForbiddenError");
    let as_member = chief.delete("/groups/red/relationships/users/red_ci");
    assert_eq!(as_member.error(404), "NotFoundError");
    assert_eq!(chief.delete(&one).json, json!({}));
    assert_eq!(
        robot.get("/domains/example.com").error(401),
        "WrongCredentialsError"
    );
    assert_eq!(
        chief.get("/service_accounts/red_ci").error(404),
        "NotFoundError"
    );
    assert_eq!(named(path), ["red_mail"]);
    // The group's log tells it, to those who administer it.
    assert_eq!(
        bob.get("/groups/red/activity_log_entries").error(403),
        "ForbiddenError"
    );
    let log = chief.get("/groups/red/activity_log_entries?limit=40");
    let entries = log.json["data"].as_array().unwrap();
    let deleted = &entries[0];
    assert_eq!(deleted["type"], "activity_log_entry");
    assert_eq!(deleted["attributes"]["action"], "user.deleted");
    assert_eq!(deleted["attributes"]["info"]["user"], "red_ci");
    assert!(deleted["attributes"]["date"].is_i64());
    let related = |name: &str| deleted["relationships"][name]["data"]["id"].clone();
    assert_eq!(related("user"), "chief");
    assert_eq!(related("group"), "red");
    assert_eq!(related("target"), "red_ci");
    let link = deleted["links"]["self"].as_str().unwrap();
    assert_eq!(chief.get(link).data(), *deleted);
    assert_eq!(bob.get(link).error(404), "NotFoundError");
    assert!(
        entries
            .iter()
            .any(|one| one["attributes"]["action"] == "key.created")
    );
    // Of nobody else's group, nor of the server's own doings.
    let text = log.json.to_string();
    assert!(!text.contains("\"admin\""), "{text}");
    let first = admin.get(&format!("{OWN}/audit?limit=40"));
    let total = first.json["meta"]["count"].as_u64().unwrap();
    assert!(log.json["meta"]["count"].as_u64().unwrap() < total);
    let next = chief.get("/groups/red/activity_log_entries?limit=1");
    let next = next.json["links"]["next"].as_str().unwrap();
    assert_eq!(chief.get(next).data()[0], entries[1]);
}
