//! Look-ups that do not tell what is meant, and verdicts with their reasons.

use serde_json::{Value, json};

use crate::harness::{Client, EICAR_SHA256, OWN, Server, eicar, sha256, until};

fn write(server: &Server, pack: &str, text: &str) {
    std::fs::write(server.data().join("packs").join(pack), text).unwrap();
}

fn look_up(client: &Client, data: Value) -> Value {
    let reply = client.post(&format!("{OWN}/lookups"), &json!({"data": data}));
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(
        reply.headers["content-length"]
            .to_str()
            .unwrap()
            .parse::<usize>()
            .unwrap()
            % 4096,
        0
    );
    reply.json["data"].clone()
}

#[test]
fn four_bytes_are_enough_to_learn_what_is_known() {
    let server = Server::start();
    let client = &server.client;
    client.analysed("a", b"some file");
    let digests = client
        .get(&format!("/files/{}", sha256(b"some file")))
        .data()["attributes"]
        .clone();
    let prefix = |text: &str| text[..8].to_owned();
    for kind in ["sha256", "sha1", "md5"] {
        let hash = prefix(digests[kind].as_str().unwrap());
        let found = look_up(client, json!({kind: [hash]}));
        let candidate = &found[kind][&hash][0];
        assert_eq!(candidate["id"], sha256(b"some file"), "{kind}");
        assert_eq!(candidate["attributes"][kind], digests[kind]);
        assert_eq!(
            candidate["attributes"]["last_analysis_stats"]["malicious"],
            0
        );
        assert_eq!(candidate["attributes"]["objections"], json!({}));
    }
    // On a list only; and what nobody knows.
    let found = look_up(
        client,
        json!({"sha256": [prefix(EICAR_SHA256), "00000000"]}),
    );
    let of_list = &found["sha256"][prefix(EICAR_SHA256)][0];
    assert_eq!(of_list["id"], EICAR_SHA256);
    assert_eq!(
        of_list["attributes"]["objections"]["Hash list"]["result"],
        "EICAR-Test-File"
    );
    assert_eq!(found["sha256"]["00000000"], json!([]));
    assert!(found.get("urls").is_none());
    assert_eq!(look_up(client, json!({})), json!({}));

    client.post_url("http://seen.example/").data();
    write(
        &server,
        "urls/mine.txt",
        "http://bad.example/a?b\tPhishing\n",
    );
    write(&server, "hosts/mine.txt", "evil.example\tBotnet\n");
    let seen = sha256(b"http://seen.example/");
    let bad = sha256(b"http://bad.example/a?b");
    let (exact, host) = (sha256(b"bad.example/a?b"), sha256(b"evil.example/"));
    let ask = || {
        look_up(
            client,
            json!({
                "urls": [prefix(&seen), prefix(&bad)],
                "expressions": [prefix(&exact), prefix(&host).to_uppercase(), "00000000"],
            }),
        )
    };
    until("the lists are read", || {
        ask()["expressions"][prefix(&host)] != json!([])
    });
    let found = ask();
    assert_eq!(found["urls"][prefix(&seen)][0]["id"], seen);
    assert_eq!(
        found["urls"][prefix(&bad)][0]["attributes"]["last_analysis_stats"]["malicious"],
        1
    );
    assert_eq!(
        found["expressions"],
        json!({
            prefix(&exact): [{"type": "expression", "id": exact,
                "attributes": {"names": "url", "url": bad, "label": "Phishing"}}],
            prefix(&host): [{"type": "expression", "id": host,
                "attributes": {"names": "host", "label": "Botnet"}}],
            "00000000": [],
        })
    );
}

#[test]
fn a_look_up_takes_no_more_than_four_bytes() {
    let server = Server::start();
    let client = server.user(&["add", "bob", "--tier", "basic"]);
    let ask = |data: Value| client.post(&format!("{OWN}/lookups"), &json!({"data": data}));
    for odd in [
        json!({"sha256": [EICAR_SHA256]}),
        json!({"sha256": ["275a02"]}),
        json!({"sha256": ["275a021g"]}),
        json!({"sha256": "275a021b"}),
        json!({"files": ["275a021b"]}),
        json!({"sha256": vec!["275a021b"; 64], "md5": ["275a021b"]}),
    ] {
        let reply = ask(odd.clone());
        assert_eq!(reply.error(400), "InvalidArgumentError", "{odd}");
        assert!(!reply.json.to_string().contains(EICAR_SHA256));
    }
    assert!(!server.log().contains(EICAR_SHA256));
    // However much is in it, it is one request.
    let used = || {
        let usage = client.get("/users/bob/overall_quotas").data();
        usage["api_requests_daily"]["user"]["used"]
            .as_u64()
            .unwrap()
    };
    let before = used();
    assert_eq!(ask(json!({"sha256": vec!["275a021b"; 64]})).status, 200);
    assert_eq!(used(), before + 1);
}

fn engine<'a>(explanation: &'a Value, name: &str) -> &'a Value {
    let engines = explanation["attributes"]["engines"].as_array().unwrap();
    engines
        .iter()
        .find(|one| one["engine_name"] == name)
        .unwrap()
}

#[test]
fn a_verdict_says_who_objects_since_when_and_what_changed() {
    let server = Server::start();
    let client = &server.client;
    let analysis = client.analysed("eicar", &eicar());
    let path = format!("{OWN}/files/{EICAR_SHA256}/explanation");
    let explained = client.get(&path).data();
    let said = &explained["attributes"];
    let report = client.get(&format!("/files/{EICAR_SHA256}")).data();
    assert_eq!(said["stats"], report["attributes"]["last_analysis_stats"]);
    assert_eq!(said["asked"], 2);
    assert_eq!(said["answered"], 2);
    let stats = &said["stats"];
    let objecting = stats["malicious"].as_u64().unwrap() + stats["suspicious"].as_u64().unwrap();
    assert_eq!(said["objecting"], objecting);
    let list = engine(&explained, "Hash list");
    assert_eq!(list["result"], "EICAR-Test-File");
    assert_eq!(list["since"], analysis["data"]["attributes"]["date"]);
    assert_eq!(
        (&said["analyses"], &said["changes"]),
        (&json!(1), &json!([]))
    );

    // The list takes it back: at once without a date, and with one after the next analysis.
    std::fs::remove_file(server.data().join("packs/hashes/eicar.txt")).unwrap();
    until("the list does not object", || {
        let explained = client.get(&path).data();
        engine(&explained, "Hash list")["objects"] == false
    });
    let explained = client.get(&path).data();
    let change = &explained["attributes"]["changes"][0];
    assert_eq!(change["engine_name"], "Hash list");
    assert_eq!(change["before"]["result"], "EICAR-Test-File");
    assert!(change.get("date").is_none());
    assert!(engine(&explained, "Hash list").get("since").is_none());
    let again = client
        .send("POST", &format!("/files/{EICAR_SHA256}/analyse"), &[], b"")
        .data();
    let again = client.completed(again["id"].as_str().unwrap());
    let date = again["data"]["attributes"]["date"].as_i64().unwrap();
    let explained = client.get(&path).data();
    let change = &explained["attributes"]["changes"][0];
    assert_eq!(
        (&change["after"]["category"], &change["date"]),
        (&json!("undetected"), &json!(date))
    );
    let later = client.get(&format!("{path}?since={date}")).data();
    assert_eq!(later["attributes"]["changes"], json!([]));

    let odd = client.get(&format!("{path}?since=yesterday"));
    assert_eq!(odd.error(400), "InvalidArgumentError");
    let missing = client.get(&format!("{OWN}/files/{}/explanation", "0".repeat(64)));
    assert_eq!(missing.error(404), "NotFoundError");
    // A domain that nobody has said anything about has a verdict too.
    let domain = client
        .get(&format!("{OWN}/domains/quiet.example/explanation"))
        .data();
    assert_eq!(domain["attributes"]["objecting"], 0);
    assert_eq!(domain["attributes"]["asked"], 1);
}

#[test]
fn how_often_an_engine_was_right_is_what_was_decided() {
    let server = Server::start();
    let client = &server.client;
    write(&server, "hosts/mine.txt", "wrong.example\nright.example\n");
    until("the hosts are listed", || {
        let report = client.get("/domains/right.example").data();
        report["attributes"]["last_analysis_stats"]["malicious"] == 1
    });
    let report = json!({"data": {"type": "false_positive", "attributes": {"text": "ours"}}});
    for (domain, status) in [
        ("wrong.example", "accepted"),
        ("right.example", "rejected"),
        ("missed.example", "rejected"),
        ("open.example", ""),
    ] {
        let analysis = client
            .send("POST", &format!("/domains/{domain}/analyse"), &[], b"")
            .data();
        client.completed(analysis["id"].as_str().unwrap());
        let path = format!("{OWN}/domains/{domain}/false_positives");
        let id = client.post(&path, &report).data()["id"].clone();
        if !status.is_empty() {
            let decision =
                json!({"data": {"type": "false_positive", "attributes": {"status": status}}});
            let path = format!("{OWN}/false_positives/{}", id.as_str().unwrap());
            client.patch(&path, &decision).data();
        }
    }
    let none = json!({"right": 0, "wrong": 0, "missed": 0});
    let record = || {
        let explained = client
            .get(&format!("{OWN}/domains/wrong.example/explanation"))
            .data();
        engine(&explained, "Host list")["record"].clone()
    };
    let expected = json!({
        "decided": {"right": 1, "wrong": 1, "missed": 1},
        "later_majority": none,
    });
    until("the record is counted", || record() == expected);
    let engines = client.get(&format!("{OWN}/engines")).data();
    let mut engines = engines.as_array().unwrap().iter();
    let host = &engines.find(|one| one["id"] == "Host list").unwrap()["attributes"];
    assert_eq!(host["judges"], json!(["urls", "domains", "ip_addresses"]));
    assert_eq!(host["record"]["domains"], expected);
    assert_eq!(host["record"]["urls"]["decided"], none);
    assert!(host["answers"]["malicious"].as_u64().unwrap() >= 2);
    assert!(host["version"].as_str().unwrap().ends_with(".2"));
}
