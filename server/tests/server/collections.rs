//! Collections and references: what people put together, for everybody or for themselves.

use serde_json::{Value, json};

use crate::harness::{Client, EICAR_SHA256, Server, eicar, escape};

fn collection(name: &str, more: Value) -> Value {
    let mut body = json!({"data": {"type": "collection", "attributes": {"name": name}}});
    for (key, value) in more.as_object().unwrap() {
        match key.as_str() {
            "private" | "description" => body["data"]["attributes"][key] = value.clone(),
            _ => body["data"][key] = value.clone(),
        }
    }
    body
}

fn made(client: &Client, name: &str, more: Value) -> String {
    let made = client.post("/collections", &collection(name, more)).data();
    made["id"].as_str().unwrap().to_owned()
}

fn ids(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.json);
    let entries = reply.json["data"].as_array().unwrap().iter();
    let mut ids: Vec<_> = entries
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_collection_is_made_of_a_text_and_changed_and_deleted() {
    let server = Server::start();
    let client = &server.client;
    let text = format!("www.example.com, hxxp://hooli[.]com/x and {EICAR_SHA256}; 198.51.100.7");
    let new = collection("IoCs", json!({"description": "d", "raw_items": text}));
    let made = client.post("/collections", &new).data();
    assert_eq!(made["type"], "collection");
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 64);
    for kind in ["files", "urls", "domains", "ip_addresses"] {
        assert_eq!(made["attributes"][format!("{kind}_count")], 1, "{kind}");
    }
    let path = format!("/collections/{id}");
    assert_eq!(ids(client, &format!("{path}/domains")), ["www.example.com"]);
    let urls = client.get(&format!("{path}/urls")).data();
    assert_eq!(urls[0]["attributes"]["url"], "http://hooli.com/x");
    // A file that nobody has sent in is named all the same.
    let files = client.get(&format!("{path}/relationships/files")).data();
    assert_eq!(files[0]["id"], EICAR_SHA256);
    client.analysed("eicar.com", &eicar());
    let files = client.get(&format!("{path}/files")).data();
    assert_eq!(files[0]["attributes"]["size"], 68);
    // From the other end.
    assert_eq!(
        ids(client, &format!("/files/{EICAR_SHA256}/collections")),
        [id]
    );
    assert_eq!(ids(client, "/domains/www.example.com/collections"), [id]);
    assert_eq!(ids(client, "/users/admin/collections"), [id]);
    let owner = client.get(&format!("{path}/owner")).data();
    assert_eq!(owner["id"], "admin");
    // What is named comes in, and goes.
    let change = json!({"data": {"type": "collection", "id": id,
        "attributes": {"name": "renamed"}, "raw_items": "mail.example.com"}});
    let changed = client.patch(&path, &change).data();
    assert_eq!(changed["attributes"]["name"], "renamed");
    assert_eq!(changed["attributes"]["description"], "d");
    assert_eq!(changed["attributes"]["domains_count"], 2);
    let members = json!({"data": [{"type": "url", "url": "http://more.example/"},
        {"type": "url", "url": "hooli.com/x"}]});
    client.post(&format!("{path}/urls"), &members).data();
    assert_eq!(ids(client, &format!("{path}/urls")).len(), 2);
    let gone = client.send(
        "DELETE",
        &format!("{path}/urls"),
        &[],
        members.to_string().as_bytes(),
    );
    assert_eq!((gone.status, gone.json), (200, json!({})));
    assert_eq!(ids(client, &format!("{path}/urls")), [""; 0]);
    let wrong = json!({"data": [{"type": "domain", "id": "a.example"}]});
    let refused = client.post(&format!("{path}/urls"), &wrong);
    assert_eq!(refused.error(400), "InvalidArgumentError");
    let wrong = json!({"data": [{"type": "ip_address", "id": "no address"}]});
    let refused = client.post(&format!("{path}/ip_addresses"), &wrong);
    assert_eq!(refused.error(400), "InvalidArgumentError");
    assert_eq!(
        client.post(&format!("{path}/owner"), &wrong).error(404),
        "NotFoundError"
    );
    assert_eq!(client.delete(&path).json, json!({}));
    assert_eq!(client.get(&path).error(404), "NotFoundError");
    assert_eq!(ids(client, "/domains/www.example.com/collections"), [""; 0]);
}

#[test]
fn a_collection_is_searched_and_handed_out() {
    let server = Server::start();
    let client = &server.client;
    let text = "http://a.example.com/1 http://a.example.com/2 b.example.com 198.51.100.7";
    let id = made(client, "IoCs", json!({"raw_items": text}));
    let path = format!("/collections/{id}");
    let found = client.get(&format!("{path}/search?query=EXAMPLE.COM&limit=2"));
    assert_eq!(found.json["meta"]["count"], 3);
    assert_eq!(found.json["data"].as_array().unwrap().len(), 2);
    let next = found.json["links"]["next"].as_str().unwrap();
    let rest = next.rsplit("/api/v3").next().unwrap();
    assert_eq!(client.get(rest).json["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        client.get(&format!("{path}/search?query=")).error(400),
        "InvalidArgumentError"
    );
    let text = |form: &str| String::from_utf8(client.get(&format!("{path}/{form}")).bytes).unwrap();
    let rows = text("download/csv");
    assert!(rows.starts_with("type,id,value\r\n"));
    assert!(rows.contains("domain,b.example.com,b.example.com\r\n"));
    assert_eq!(rows.lines().count(), 5);
    assert_eq!(text("urls/download/csv").lines().count(), 3);
    let told: Value = serde_json::from_str(&text("download/json")).unwrap();
    assert_eq!(told["data"].as_array().unwrap().len(), 4);
    let bundle: Value = serde_json::from_str(&text("download/stix")).unwrap();
    assert_eq!(bundle["type"], "bundle");
    assert_eq!(bundle["objects"].as_array().unwrap().len(), 4);
    let common: Value = serde_json::from_str(&text("aggregations/download/json")).unwrap();
    let hosts = &common["data"]["urls"]["host"];
    assert_eq!(*hosts, json!([{"value": "a.example.com", "count": 2}]));
    assert!(text("aggregations/download/csv").contains("urls,host,a.example.com,2\r\n"));
    for bad in ["download/xml", "aggregations/download/stix"] {
        let refused = client.get(&format!("{path}/{bad}"));
        assert_eq!(refused.error(400), "InvalidArgumentError", "{bad}");
    }
}

#[test]
fn collections_are_listed_filtered_and_ordered() {
    let server = Server::start();
    let client = &server.client;
    for name in ["beta", "alpha", "gamma 100%"] {
        made(client, name, json!({}));
    }
    let names = |query: &str| -> Vec<String> {
        let listed = client.get(&format!("/collections?{query}")).data();
        let entries = listed.as_array().unwrap().iter();
        entries
            .map(|entry| entry["attributes"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(""), ["gamma 100%", "alpha", "beta"]);
    // A plus that was not escaped is a plus.
    for up in ["order=name", "order=name%2B", "order=name+"] {
        assert_eq!(names(up), ["alpha", "beta", "gamma 100%"], "{up}");
    }
    assert_eq!(names("order=name-"), ["gamma 100%", "beta", "alpha"]);
    assert_eq!(
        names("order=creation_date%2B"),
        ["beta", "alpha", "gamma 100%"]
    );
    assert_eq!(names("filter=name:ALP"), ["alpha"]);
    assert_eq!(
        names(&format!("filter={}", escape("name:%"))),
        ["gamma 100%"]
    );
    assert_eq!(names("filter=owner:nobody"), [""; 0]);
    assert_eq!(names("filter=collection_type:vulnerability"), [""; 0]);
    let refused = client.get("/collections?order=size");
    assert_eq!(refused.error(400), "InvalidArgumentError");
    assert_eq!(
        client.get("/collections?filter=x").error(400),
        "InvalidArgumentError"
    );
    let first = client.get("/collections?order=name-&limit=2&attributes=name");
    assert_eq!(
        first.json["data"][0]["attributes"],
        json!({"name": "gamma 100%"})
    );
    let next = first.json["links"]["next"].as_str().unwrap();
    let rest = client.get(next.rsplit("/api/v3").next().unwrap());
    assert_eq!(rest.json["data"][0]["attributes"]["name"], "alpha");
    assert!(rest.json["meta"].get("cursor").is_none());
}

#[test]
fn a_private_collection_is_there_for_its_owner_alone() {
    let server = Server::start();
    let owner = server.user(&["add", "bob", "--tier", "basic"]);
    let other = server.user(&["add", "eve", "--tier", "basic"]);
    let secret = json!({"private": true, "raw_items": "secret.example.com"});
    let id = made(&owner, "mine", secret);
    let path = format!("/collections/{id}");
    for client in [&other, &server.client] {
        assert_eq!(client.get(&path).error(404), "NotFoundError");
        assert_eq!(client.get("/collections").json["meta"]["count"], 0);
        let at_it = client.get("/domains/secret.example.com/collections");
        assert_eq!(at_it.json["meta"]["count"], 0);
        assert_eq!(
            client.get("/users/bob/collections").json["meta"]["count"],
            0
        );
    }
    assert_eq!(
        ids(&owner, "/domains/secret.example.com/collections"),
        [id.as_str()]
    );
    // A comment on it would stand among all comments.
    assert_eq!(
        owner.comment(&path, "psst").error(400),
        "InvalidArgumentError"
    );
    assert_eq!(other.comment(&path, "psst").error(404), "NotFoundError");
    let publish =
        |private: bool| json!({"data": {"type": "collection", "attributes": {"private": private}}});
    owner.patch(&path, &publish(false)).data();
    let said = other.comment(&path, "good work #apt").data();
    let said = said["id"].as_str().unwrap();
    assert!(said.starts_with(&format!("c-{id}-")));
    assert_eq!(ids(&owner, &format!("{path}/comments")), [said]);
    let item = owner.get(&format!("/comments/{said}/item")).data();
    assert_eq!(
        (&item["type"], &item["id"]),
        (&json!("collection"), &json!(id))
    );
    // Who commented would not find it any more.
    let refused = owner.patch(&path, &publish(true));
    assert_eq!(refused.error(400), "InvalidArgumentError");
    // Everybody sees it, and its owner and administrators change it.
    let rename = json!({"data": {"type": "collection", "attributes": {"name": "x"}}});
    assert_eq!(other.patch(&path, &rename).error(403), "ForbiddenError");
    assert_eq!(other.delete(&path).error(403), "ForbiddenError");
    server.client.patch(&path, &rename).data();
    assert_eq!(server.client.delete(&path).status, 200);
    assert_eq!(
        owner.get(&format!("/comments/{said}")).error(404),
        "NotFoundError"
    );
}

#[test]
fn collections_count_against_their_quota() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let quota = json!({"data": {"type": "group", "attributes":
        {"quotas": {"collections_creation_monthly": {"allowed": 1}}}}});
    server.client.patch("/groups/bob", &quota).data();
    made(&bob, "first", json!({}));
    let spent = bob.post("/collections", &collection("second", json!({})));
    assert_eq!(spent.error(429), "QuotaExceededError");
    let quotas = bob.get("/users/bob/overall_quotas").data();
    let told = &quotas["collections_creation_monthly"]["user"];
    assert_eq!(*told, json!({"allowed": 1, "used": 1}));
    let by_quota = "/groups/bob/users_consuming_quota/collections_creation_monthly";
    let consumers = bob.get(&format!("{by_quota}?attributes=status")).data();
    assert_eq!(consumers[0]["attributes"], json!({"status": "active"}));
    let used = &consumers[0]["context_attributes"]["quota_consumed_from_group"];
    assert_eq!(*used, 1);
    let before = bob.get(&format!("{by_quota}?period=202001"));
    assert_eq!(before.json["meta"]["count"], 0);
    for bad in ["period=2020", "order=size"] {
        let refused = bob.get(&format!("{by_quota}?{bad}"));
        assert_eq!(refused.error(400), "InvalidArgumentError", "{bad}");
    }
    let group = bob.get("/groups/bob").data();
    let by_user = &group["attributes"]["quota_usage_by_user"]["bob"];
    assert_eq!(by_user["collections_creation_monthly"], 1);
    let user = bob.get("/users/bob").data();
    assert!(user["attributes"]["last_login"].is_i64());
}

#[test]
fn a_reference_is_noted_once_and_found_at_what_it_is_about() {
    let server = Server::start();
    let client = &server.client;
    let other = server.user(&["add", "eve", "--tier", "basic"]);
    let url = "https://blog.example/a-report";
    let new = json!({"data": {"type": "reference", "id": "",
        "attributes": {"url": url, "title": "T", "author": "A",
            "creation_date": "2021-01-25 00:00:00"},
        "relationships": {"domains": {"data": [{"type": "domain", "id": "c2.example"}]},
            "urls": {"data": [{"type": "url", "url": "http://c2.example/x"}]}}}});
    let made = client.post("/references", &new).data();
    assert_eq!(made["attributes"]["creation_date"], 1_611_532_800);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        client.post("/references", &new).error(409),
        "AlreadyExistsError"
    );
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(url);
    assert_eq!(
        client.get(&format!("/references/{encoded}")).data()["id"],
        id
    );
    assert_eq!(ids(client, "/domains/c2.example/references"), [id]);
    assert_eq!(
        ids(client, &format!("/references/{id}/domains")),
        ["c2.example"]
    );
    // By its address, as vt-py's example does; only by who noted it.
    let change = json!({"data": {"type": "reference",
        "attributes": {"url": url, "title": "U", "creation_date": 5}}});
    assert_eq!(
        other.patch("/references", &change).error(403),
        "ForbiddenError"
    );
    let changed = client.patch("/references", &change).data();
    assert_eq!(changed["attributes"]["title"], "U");
    assert_eq!(changed["attributes"]["author"], "A");
    assert_eq!(changed["attributes"]["creation_date"], 5);
    let moved = json!({"data": {"type": "reference", "attributes": {"url": "http://b.example/"}}});
    let refused = client.patch(&format!("/references/{id}"), &moved);
    assert_eq!(refused.error(400), "InvalidArgumentError");
    assert_eq!(
        client.patch("/references", &moved).error(404),
        "NotFoundError"
    );
    // In a collection it is near what else is in it.
    let members = json!({"references": {"data": [{"type": "reference", "id": id}]},
        "domains": {"data": [{"type": "domain", "id": "near.example"}]}});
    let collection = made_with(client, members);
    assert_eq!(
        ids(client, "/domains/near.example/related_references"),
        [id]
    );
    assert_eq!(
        ids(client, &format!("/references/{id}/collections")),
        [collection.as_str()]
    );
    let missing = json!({"data": [{"type": "reference", "id": "0".repeat(64)}]});
    let refused = client.post(&format!("/collections/{collection}/references"), &missing);
    assert_eq!(refused.error(404), "NotFoundError");
}

fn made_with(client: &Client, relationships: Value) -> String {
    made(client, "c", json!({"relationships": relationships}))
}

#[test]
fn what_nothing_makes_here_is_refused_in_the_apis_words() {
    let server = Server::start();
    for path in [
        "/operations/1",
        "/threat_actors/apt",
        "/attack_tactics/TA0001",
        "/attack_techniques/T1000",
    ] {
        assert_eq!(
            server.client.get(path).error(404),
            "NotFoundError",
            "{path}"
        );
    }
    assert_eq!(
        server.client.get("/popular_threat_categories").data(),
        json!([])
    );
}
