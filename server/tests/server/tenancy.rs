//! Who may do what to whose: every route of the program times everybody. The routes come from the
//! program itself; one that is not in the table here fails the test.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Client, OWN, Server, routes};

/// How somebody who may not is refused.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    /// 403 to everybody: that it is there is no secret.
    Forbidden,
    /// To another organisation it is not there.
    Hidden,
    /// It is there for its owner alone.
    HiddenFromColleagues,
    /// To whoever may not, it is not there.
    HiddenFromAll,
}
use Refusal::{Forbidden, Hidden, HiddenFromAll, HiddenFromColleagues};

/// Routes to what belongs to somebody: method, path, who may, and how the others are refused. `-`
/// stands for the prefix of our own additions.
const PRIVATE: &[(&str, &str, &str, Refusal)] = &[
    ("PATCH", "/users/{id}", "owner chief admin", Forbidden),
    ("DELETE", "/users/{id}", "owner admin", Forbidden),
    (
        "GET",
        "/users/{id}/overall_quotas",
        "owner chief admin",
        Forbidden,
    ),
    (
        "GET",
        "/users/{id}/api_usage",
        "owner chief admin",
        Forbidden,
    ),
    ("GET", "/groups/{id}", "owner colleague chief admin", Hidden),
    ("PATCH", "/groups/{id}", "chief admin", Hidden),
    ("GET", "/groups/{id}/api_usage", "chief admin", Hidden),
    (
        "GET",
        "/groups/{id}/users_consuming_quota/{quota_name}",
        "chief admin",
        Hidden,
    ),
    (
        "GET",
        "/groups/{id}/{relationship}",
        "owner colleague chief admin",
        Hidden,
    ),
    (
        "GET",
        "/groups/{id}/relationships/{relationship}",
        "owner colleague chief admin",
        Hidden,
    ),
    (
        "POST",
        "/groups/{id}/relationships/{relationship}",
        "chief admin",
        Hidden,
    ),
    (
        "GET",
        "/groups/{id}/relationships/{relationship}/{user}",
        "owner colleague chief admin",
        Hidden,
    ),
    (
        "DELETE",
        "/groups/{id}/relationships/{relationship}/{user}",
        "owner chief admin",
        Hidden,
    ),
    (
        "GET",
        "/groups/{id}/relationships/service_accounts",
        "owner colleague chief admin",
        Hidden,
    ),
    (
        "POST",
        "/groups/{id}/relationships/service_accounts",
        "chief admin",
        Hidden,
    ),
    (
        "GET",
        "/groups/{id}/activity_log_entries",
        "chief admin",
        Hidden,
    ),
    (
        "GET",
        "/activity_log_entries/{id}",
        "chief admin",
        HiddenFromAll,
    ),
    (
        "GET",
        "/service_accounts/{id}",
        "owner colleague chief admin",
        Hidden,
    ),
    ("DELETE", "/comments/{id}", "owner admin", Forbidden),
    (
        "GET",
        "/intelligence/zip_files/{id}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/intelligence/zip_files/{id}/download",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/intelligence/zip_files/{id}/download_url",
        "owner",
        HiddenFromColleagues,
    ),
    ("GET", "/collections/{id}", "owner", HiddenFromColleagues),
    ("PATCH", "/collections/{id}", "owner", HiddenFromColleagues),
    ("DELETE", "/collections/{id}", "owner", HiddenFromColleagues),
    (
        "GET",
        "/collections/{id}/comments",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/mitre_tree",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/search",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/download/{format}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/aggregations/download/{format}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/{relationship}/download/{format}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/{relationship}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "POST",
        "/collections/{id}/{relationship}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "DELETE",
        "/collections/{id}/{relationship}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/collections/{id}/relationships/{relationship}",
        "owner",
        HiddenFromColleagues,
    ),
    // The group's; to administrators of the server too it is not there.
    (
        "GET",
        "/private/files/{id}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "DELETE",
        "/private/files/{id}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "POST",
        "/private/files/{id}/analyse",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/files/{id}/download",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/files/{id}/behaviour_summary",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/files/{id}/behaviour_mitre_trees",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/file/{id}/behaviours",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/files/{id}/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/files/{id}/relationships/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/analyses/{id}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/analyses/{id}/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/analyses/{id}/relationships/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/urls/{id}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/urls/{id}/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/urls/{id}/relationships/{relationship}",
        "owner colleague chief",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/zip_files/{id}",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/zip_files/{id}/download",
        "owner",
        HiddenFromColleagues,
    ),
    (
        "GET",
        "/private/zip_files/{id}/download_url",
        "owner",
        HiddenFromColleagues,
    ),
    ("PATCH", "/references/{id}", "owner admin", Forbidden),
    ("GET", "-/users", "chief stranger-chief admin", Forbidden),
    ("POST", "-/users", "chief admin", Forbidden),
    ("GET", "-/users/{id}/keys", "owner chief admin", Forbidden),
    ("POST", "-/users/{id}/keys", "owner admin", Forbidden),
    (
        "DELETE",
        "-/users/{id}/keys/{key}",
        "owner chief admin",
        Forbidden,
    ),
    ("GET", "-/groups", "admin", Forbidden),
    ("POST", "-/groups", "admin", Forbidden),
    ("GET", "-/audit", "chief stranger-chief admin", Forbidden),
    (
        "GET",
        "-/false_positives/{id}",
        "owner admin",
        HiddenFromColleagues,
    ),
    (
        "PATCH",
        "-/false_positives/{id}",
        "admin",
        HiddenFromColleagues,
    ),
    ("GET", "-/abuse_reports", "admin", Forbidden),
    ("DELETE", "-/abuse_reports/{id}", "admin", Forbidden),
    ("DELETE", "-/votes/{id}", "owner admin", Forbidden),
];

/// Routes to what everybody shares, as the community of such a server does.
const SHARED: &[(&str, &str)] = &[
    ("GET", "/analyses/{id}"),
    ("GET", "/analyses/{id}/relationships/{relationship}"),
    ("GET", "/analyses/{id}/{relationship}"),
    ("GET", "/comments"),
    ("GET", "/comments/{id}"),
    ("GET", "/comments/{id}/relationships/{relationship}"),
    ("GET", "/comments/{id}/{relationship}"),
    ("POST", "/comments/{id}/vote"),
    ("GET", "/file_behaviours/{id}"),
    ("GET", "/file_behaviours/{id}/evtx"),
    ("GET", "/file_behaviours/{id}/html"),
    ("GET", "/file_behaviours/{id}/memdump"),
    ("GET", "/file_behaviours/{id}/pcap"),
    ("GET", "/file_behaviours/{id}/relationships/{relationship}"),
    ("GET", "/file_behaviours/{id}/{relationship}"),
    ("GET", "/files/{id}/behaviour_mitre_trees"),
    ("GET", "/files/{id}/behaviour_summary"),
    ("GET", "/feeds/{feed}/{batch}"),
    ("GET", "/feeds/{feed}/hourly/{hour}"),
    ("GET", "/feeds/{feed}/{batch}/{part}"),
    ("GET", "/files/upload_url"),
    ("GET", "/files/{id}/download"),
    ("GET", "/files/{id}/download_url"),
    ("POST", "/intelligence/zip_files"),
    ("POST", "/files"),
    ("POST", "/urls"),
    ("GET", "/metadata"),
    ("GET", "/search"),
    ("GET", "/submission/{id}"),
    ("GET", "/submissions/{id}"),
    ("GET", "/users/{id}"),
    ("GET", "/users/{id}/relationships/{relationship}"),
    ("GET", "/users/{id}/{relationship}"),
    ("GET", "/votes/{id}"),
    ("GET", "/yara_rules"),
    ("GET", "/yara_rules/{id}"),
    ("GET", "/yara_rules/{id}/relationships/{relationship}"),
    ("GET", "/yara_rules/{id}/{relationship}"),
    ("GET", "/yara_rulesets/{id}"),
    ("GET", "/sigma_rules/{id}"),
    // For who has the privilege; what it brings is everybody's.
    ("POST", "-/{collection}/{id}/behaviours"),
    ("POST", "-/{collection}/{id}/false_positives"),
    ("GET", "-/{collection}/{id}/history"),
    ("GET", "-/{collection}/{id}/explanation"),
    ("GET", "-/engines"),
    ("POST", "-/lookups"),
    ("GET", "-/packs"),
    ("GET", "-/packs/rules/{pack}/pack.json"),
    ("GET", "-/packs/rules/{pack}/{path}"),
    ("POST", "-/packs/rules/{pack}/changes"),
    ("GET", "-/packs/lists"),
    ("GET", "-/packs/lists/{list}/{version}"),
    ("GET", "-/packs/lists/{list}/{version}/from/{base}"),
    ("GET", "-/v5/hashLists"),
    ("GET", "-/v5/hashLists:batchGet"),
    ("GET", "-/v5/hashList/{name}"),
    ("GET", "-/v5/hashes:search"),
    ("GET", "/operations/{id}"),
    ("GET", "/popular_threat_categories"),
    ("GET", "/threat_actors/{id}"),
    ("GET", "/attack_tactics/{id}"),
    ("GET", "/attack_techniques/{id}"),
    ("GET", "/references/{id}"),
    ("GET", "/references/{id}/{relationship}"),
    ("GET", "/references/{id}/relationships/{relationship}"),
    ("POST", "/references"),
    ("POST", "/collections"),
    // A private one has none, see collections.rs.
    ("POST", "/collections/{id}/comments"),
    // Whose it is stands in the body; looked at in collections.rs.
    ("PATCH", "/references"),
    ("POST", "/private/files"),
    ("GET", "/private/files/upload_url"),
    ("POST", "/private/urls"),
    ("POST", "/private/zip_files"),
    ("GET", "/private/file_behaviours/{id}"),
    ("GET", "/private/file_behaviours/{id}/{recording}"),
    // Everybody's own; looked at in private.rs.
    ("GET", "/private/files"),
    ("GET", "/private/analyses"),
    // Everybody's own; looked at below.
    ("GET", "/collections"),
    ("GET", "-/false_positives"),
];

/// What files, URLs, domains and addresses have in common, also shared.
const OF_ITEMS: &[(&str, &str)] = &[
    ("GET", ""),
    ("POST", "/analyse"),
    ("GET", "/comments"),
    ("POST", "/comments"),
    ("GET", "/votes"),
    ("POST", "/votes"),
    ("GET", "/{relationship}"),
    ("GET", "/relationships/{relationship}"),
];

pub(crate) fn short(path: &str) -> String {
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    match path.strip_prefix(OWN) {
        Some(own) => format!("-{own}"),
        None => path.to_owned(),
    }
}

fn is_shared(method: &str, path: &str) -> bool {
    let of_item = ["files", "urls", "domains", "ip_addresses"]
        .iter()
        .any(|noun| {
            let rest = path.strip_prefix(&format!("/{noun}/{{id}}"));
            rest.is_some_and(|rest| OF_ITEMS.contains(&(method, rest)))
        });
    of_item || SHARED.contains(&(method, path))
}

/// A body that is taken, for every route that takes JSON.
pub(crate) fn body(method: &str, path: &str, number: usize) -> Value {
    let object =
        |kind: &str, attributes: Value| json!({"data": {"type": kind, "attributes": attributes}});
    let named = |kind: &str, id: String, attributes: Value| json!({"data": {"type": kind, "id": id, "attributes": attributes}});
    match (method, path) {
        ("PATCH", "/users/{id}") => object("user", json!({"first_name": "X", "preferences": {}})),
        ("PATCH", "/groups/{id}") => object("group", json!({"industry": "Fishing"})),
        ("POST", "/groups/{id}/relationships/{relationship}") => {
            json!({"data": [{"type": "user", "id": format!("free{number}@example.com")}]})
        }
        ("POST", "/groups/{id}/relationships/service_accounts") => {
            json!({"data": [{"type": "service_account", "id": format!("robot{number}")}]})
        }
        ("POST", "-/users") => named("user", format!("made{number}"), json!({"group": "acme"})),
        ("POST", "-/users/{id}/keys") => object("api_key", json!({"label": "robot"})),
        ("POST", "-/groups") => named("group", format!("g{number}"), json!({"tier": "basic"})),
        ("PATCH", "-/false_positives/{id}") => object(
            "false_positive",
            json!({"status": "accepted", "answer": "right"}),
        ),
        ("POST", "-/{collection}/{id}/false_positives") => {
            object("false_positive", json!({"text": "this is fine"}))
        }
        ("POST", "-/{collection}/{id}/behaviours") => object(
            "file_behaviour",
            json!({
                "sandbox_name": "Box",
                "analysis_date": 1,
                "verdicts": ["CLEAN"],
                "verdict_confidence": 5,
                "files_opened": ["a"],
                "dns_lookups": [{"hostname": "a.example"}],
                "processes_tree": [{"process_id": "1", "children": [{"name": "b"}]}],
            }),
        ),
        ("POST", "/intelligence/zip_files" | "/private/zip_files") => {
            json!({"data": {"hashes": [crate::harness::EICAR_SHA256], "password": "x"}})
        }
        ("POST", "/comments/{id}/vote") => json!({"data": "positive"}),
        ("POST", "/collections") => object("collection", json!({"name": "mine"})),
        ("PATCH", "/collections/{id}") => object("collection", json!({"description": "x"})),
        ("POST" | "DELETE", "/collections/{id}/{relationship}") => {
            json!({"data": [{"type": "domain", "id": "member.example"}]})
        }
        ("POST" | "PATCH", "/references") => object(
            "reference",
            json!({"url": format!("http://paper{number}.example/"), "title": "x"}),
        ),
        ("PATCH", "/references/{id}") => object("reference", json!({"title": "x"})),
        ("POST", "-/lookups") => json!({"data": {"sha256": ["275a021b"], "urls": ["00000000"]}}),
        ("POST", "-/packs/rules/{pack}/changes") => {
            json!({"data": {"have": [crate::harness::EICAR_SHA256]}})
        }
        ("POST", path) if path.ends_with("/comments") => object("comment", json!({"text": "x"})),
        ("POST", path) if path.ends_with("/votes") => {
            object("vote", json!({"verdict": "harmless"}))
        }
        _ => panic!("{method} {path}: how is its body?"),
    }
}

pub(crate) fn takes_json(operation: &Value) -> bool {
    operation["requestBody"]["content"]
        .get("application/json")
        .is_some()
}

/// Two organisations, and who is in them.
struct World {
    server: Server,
    clients: BTreeMap<&'static str, Client>,
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let mut clients = BTreeMap::new();
        clients.insert("admin", server.client.clone());
        for (group, chief, member) in [
            ("acme", "chief", "colleague"),
            ("other", "stranger-chief", "stranger"),
        ] {
            server.must(&["group", "add", group, "--tier", "enterprise"]);
            for name in [chief, member] {
                clients.insert(name, server.user(&["add", name, "--group", group]));
            }
            server.must(&["user", "set", chief, "--group-administrator", "true"]);
        }
        for group in ["acme", "other", "admin"] {
            server.must(&["group", "grant", group, "private-scanning"]);
        }
        Self { server, clients }
    }

    /// Somebody new in the first organisation, with something of everything: their key, and what
    /// the names in paths stand for.
    fn owner(&self, number: usize) -> (Client, BTreeMap<&'static str, String>) {
        let admin = &self.server.client;
        let name = format!("owner{number}");
        let free = format!("free{number}");
        // Nobody's yet, for whom a group may want to add.
        let one = json!({"data": {"type": "user", "id": free,
            "attributes": {"email": format!("{free}@example.com")}}});
        admin.post(&format!("{OWN}/users"), &one).data();
        let one = json!({"data": {"type": "user", "id": name, "attributes": {"group": "acme"}}});
        let made = admin.post(&format!("{OWN}/users"), &one).data();
        let key = made["attributes"]["apikey"].as_str().unwrap();
        let owner = Client::new(&self.server.origin, key);
        let item = format!("/domains/owned{number}.example");
        let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let comment = text(&owner.comment(&item, "mine").data());
        let abuse = json!({"data": "abuse"});
        admin
            .post(&format!("/comments/{comment}/vote"), &abuse)
            .data();
        let report = body("POST", "-/{collection}/{id}/false_positives", 0);
        let things = BTreeMap::from([
            ("name", name),
            ("comment", comment),
            ("vote", text(&owner.vote(&item, "malicious").data())),
            ("report", {
                let reported = owner.post(&format!("{OWN}{item}/false_positives"), &report);
                text(&reported.data())
            }),
            ("zip", {
                let zip = body("POST", "/intelligence/zip_files", 0);
                text(&owner.post("/intelligence/zip_files", &zip).data())
            }),
            ("collection", {
                let new = json!({"data": {"type": "collection",
                    "attributes": {"name": "secret", "private": true},
                    "raw_items": "member.example"}});
                text(&owner.post("/collections", &new).data())
            }),
            ("reference", {
                let url = format!("http://mine{number}.example/");
                let new = json!({"data": {"type": "reference", "attributes": {"url": url}}});
                text(&owner.post("/references", &new).data())
            }),
            ("service", {
                let one = json!({"data": [format!("service{number}")]});
                let path = "/groups/acme/relationships/service_accounts";
                text(&admin.post(path, &one).data()[0])
            }),
            ("entry", {
                let log = admin.get(&format!("{OWN}/audit?group=acme&limit=1"));
                text(&log.data()[0])
            }),
            ("private_analysis", {
                let bytes = format!("private {number}");
                let sent = owner.upload_to("/private/files", "a", bytes.as_bytes());
                text(&sent.data())
            }),
            (
                "private_file",
                crate::harness::sha256(format!("private {number}").as_bytes()),
            ),
            ("private_url", {
                let url = format!("http://private{number}.example/");
                owner.post_url_to("/private/urls", &url).data();
                crate::harness::sha256(url.as_bytes())
            }),
            ("private_zip", {
                let zip = body("POST", "/private/zip_files", 0);
                text(&owner.post("/private/zip_files", &zip).data())
            }),
            ("key", {
                let keys = owner.get(&format!("{OWN}/users/owner{number}/keys"));
                text(&keys.data()[0])
            }),
        ]);
        (owner, things)
    }
}

/// The id of what nobody has.
const NO_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The same of an analysis.
const NO_ANALYSIS: &str = "bm9uZQ==";

/// The path to what an owner has; or the same path to what nobody has.
fn filled(path: &str, things: Option<&BTreeMap<&'static str, String>>) -> String {
    let of = |name: &str, missing: &str| match things {
        Some(things) => things[name].clone(),
        None => missing.to_owned(),
    };
    let mut nouns = path.trim_start_matches('-').split('/').skip(1);
    let noun = match nouns.next().unwrap() {
        "private" => path.split('/').nth(2).unwrap_or_default(),
        noun => noun,
    };
    let id = match noun {
        "file" | "files" if path.starts_with("/private/") => of("private_file", NO_SHA256),
        "urls" => of("private_url", NO_SHA256),
        "analyses" => of("private_analysis", NO_ANALYSIS),
        "zip_files" => of("private_zip", "999999"),
        "users" => of("name", "nobody"),
        "groups" => things.map_or("nowhere", |_| "acme").to_owned(),
        "service_accounts" => of("service", "nobody"),
        "activity_log_entries" => of("entry", "999999"),
        "comments" | "abuse_reports" => of("comment", "d-no.example-00000000"),
        "votes" => of("vote", "d-no.example-00000000"),
        "false_positives" => of("report", "999999"),
        "intelligence" => of("zip", "999999"),
        "collections" => of("collection", NO_SHA256),
        "references" => of("reference", NO_SHA256),
        _ => String::new(),
    };
    let path = path
        .replace("{id}", &id)
        .replace("{user}", &of("name", "nobody"))
        .replace("{key}", &of("key", "0000000000000000"))
        .replace(
            "{relationship}",
            match noun {
                "collections" => "domains",
                "analyses" => "item",
                "files" | "urls" => "analyses",
                _ => "users",
            },
        )
        .replace("{format}", "json")
        .replace("{quota_name}", "api_requests_daily");
    let path = match path.ends_with("/search") {
        true => format!("{path}?query=member"),
        false => path,
    };
    match path.strip_prefix('-') {
        Some(own) => format!("{OWN}{own}"),
        None => path,
    }
}

/// S2: every route to what is somebody's, times everybody of two organisations. Who may not learns
/// no more than of what does not exist.
#[test]
fn nobody_reaches_what_is_anothers() {
    let world = World::new();
    let mut number = 0;
    let mut seen = 0;
    for (method, path, operation) in routes(&world.server) {
        let path = short(&path);
        let listed = PRIVATE
            .iter()
            .find(|(m, p, ..)| (*m, *p) == (method.as_str(), path.as_str()));
        let Some((_, _, who, refusal)) = listed else {
            assert!(
                is_shared(&method, &path),
                "{method} {path}: whose is it? say so in this table"
            );
            continue;
        };
        seen += 1;
        for role in [
            "owner",
            "colleague",
            "chief",
            "stranger",
            "stranger-chief",
            "admin",
        ] {
            number += 1;
            let (owner, things) = world.owner(number);
            let client = world.clients.get(role).unwrap_or(&owner);
            let what = format!("{role}: {method} {path}");
            let bytes = match takes_json(&operation) {
                true => body(&method, &path, number).to_string(),
                false => String::new(),
            };
            let send = |path: &str| client.send(&method, path, &[], bytes.as_bytes());
            let target = filled(&path, Some(&things));
            let reply = send(&target);
            if who.split(' ').any(|one| one == role) {
                assert!([200, 302].contains(&reply.status), "{what}: {}", reply.json);
                continue;
            }
            let outside = role.starts_with("stranger");
            let hidden = match refusal {
                Forbidden => false,
                Hidden => outside,
                HiddenFromColleagues => role != "owner",
                HiddenFromAll => true,
            };
            if !hidden {
                assert_eq!(reply.error(403), "ForbiddenError", "{what}");
                continue;
            }
            assert_eq!(reply.error(404), "NotFoundError", "{what}");
            // The same as for what never was, to the letter.
            let missing = send(&filled(&path, None)).json.to_string();
            let thing = match path.as_str() {
                path if path.starts_with("/private/zip_files") => "private_zip",
                path if path.contains("zip_files") => "zip",
                "/activity_log_entries/{id}" => "entry",
                _ => "report",
            };
            let hashed = match path.as_str() {
                path if path.starts_with("/private/file") => "private_file",
                path if path.starts_with("/private/urls") => "private_url",
                _ => "collection",
            };
            let missing = missing
                .replace("nowhere", "acme")
                .replace(NO_SHA256, &things[hashed])
                .replace(NO_ANALYSIS, &things["private_analysis"])
                .replace("999999", &things[thing]);
            assert_eq!(missing, reply.json.to_string(), "{what}");
        }
    }
    assert_eq!(
        seen,
        PRIVATE.len(),
        "the table has routes that there are not"
    );
    // Lists and counts hold one's own.
    let stranger = &world.clients["stranger-chief"];
    let users = stranger.get(&format!("{OWN}/users?limit=40"));
    assert_eq!(users.json["meta"]["count"], 2);
    let log = stranger.get(&format!("{OWN}/audit?limit=40"));
    let entries = log.json["data"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .all(|entry| entry["attributes"]["group"] == "other")
    );
    assert!(!log.json.to_string().contains("acme"));
    let foreign = stranger.get(&format!("{OWN}/audit?group=acme"));
    assert_eq!(foreign.error(403), "ForbiddenError");
    let collections = stranger.get("/collections?limit=40");
    assert_eq!(collections.json["meta"]["count"], 0);
    for of_it in [
        "/domains/member.example/collections",
        "/users/colleague/collections",
    ] {
        assert_eq!(stranger.get(of_it).json["meta"]["count"], 0, "{of_it}");
    }
    let reports = stranger.get(&format!("{OWN}/false_positives"));
    assert_eq!(reports.json["meta"]["count"], 0);
    assert_eq!(
        stranger.get("/users/colleague/groups").json["data"],
        json!([])
    );
    let seen = stranger
        .get("/users/colleague?relationships=groups,api_quota_group")
        .data();
    assert!(!seen.to_string().contains("acme"), "{seen}");
}

/// Every place of a body that holds a plain value.
pub(crate) fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                leaves(value, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                leaves(value, &format!("{path}/{place}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// S3: what a body must not hold is refused by every route that takes one, and so is a value of
/// another type; nothing of it is kept.
#[test]
fn no_route_takes_attributes_that_are_not_its_own() {
    let world = World::new();
    let (owner, things) = world.owner(1);
    let admin = &world.server.client;
    let mut tried = 0;
    for (method, path, operation) in routes(&world.server) {
        if !takes_json(&operation) {
            continue;
        }
        let path = short(&path);
        let good = body(&method, &path, 1);
        let target = match is_shared(&method, &path) {
            true => path
                .replace(
                    "{collection}",
                    match path.ends_with("/behaviours") {
                        true => "files",
                        false => "domains",
                    },
                )
                .replace("{pack}", "none")
                .replace(
                    "{id}",
                    match path.split('/').nth(1) {
                        Some("comments") => &things["comment"],
                        Some("ip_addresses") => "192.0.2.1",
                        Some("files" | "urls") => crate::harness::EICAR_SHA256,
                        Some("collections") => &things["collection"],
                        _ => "a.example",
                    },
                )
                .replacen('-', OWN, usize::from(path.starts_with('-'))),
            false => filled(&path, Some(&things)),
        };
        let send = |body: &Value| admin.send(&method, &target, &[], body.to_string().as_bytes());
        // Mass assignment: what is read-only, or there is not.
        if let Some(attributes) = good.pointer("/data/attributes") {
            for (name, value) in [
                ("surprise", json!(1)),
                ("reputation", json!(1000)),
                ("id", json!("somebody")),
                ("role", json!("administrator")),
                ("administrator", json!(true)),
                ("group_name", json!("admin")),
                ("apikey", json!("a".repeat(64))),
                ("votes", json!({"positive": 100})),
                ("weight", json!(100)),
                ("date", json!(1)),
            ] {
                assert!(attributes.get(name).is_none());
                let mut odd = good.clone();
                odd["data"]["attributes"][name] = value;
                let reply = send(&odd);
                assert_eq!(
                    reply.error(400),
                    "InvalidArgumentError",
                    "{method} {path} {name}"
                );
                tried += 1;
            }
        }
        // Type confusion at every place.
        let mut places = Vec::new();
        leaves(&good, "", &mut places);
        for place in places
            .iter()
            .filter(|place| !place.ends_with("/preferences"))
        {
            for value in [json!([1]), json!({"$gt": ""}), json!(-1.5), json!(true)] {
                let mut odd = good.clone();
                *odd.pointer_mut(place).unwrap() = value;
                let reply = send(&odd);
                assert_eq!(reply.status, 400, "{method} {path} {odd}: {}", reply.json);
                tried += 1;
            }
        }
        for odd in [
            json!(null),
            json!([]),
            json!({}),
            json!("data"),
            json!({"data": null}),
        ] {
            send(&odd).error(400);
        }
    }
    assert!(tried > 200, "{tried}");
    let user = admin.get(&format!("/users/{}", things["name"])).data();
    // What the one abuse report of `owner` made of it.
    assert_eq!(user["attributes"]["reputation"], -1);
    assert_eq!(
        owner.get(&format!("{OWN}/groups")).error(403),
        "ForbiddenError"
    );
}
