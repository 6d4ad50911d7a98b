//! The YARA catalogue: what the server scans with, and what it has found.

use serde_json::{Value, json};

use crate::harness::{EICAR_SHA256, Server, eicar, escape, sha256, until};

fn write(server: &Server, path: &str, text: &str) {
    let path = server.data().join("packs/rules").join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const NEEDLE: &str = r#"import "math"
// Not a rule: rule x {
rule Needle : hay sewing
{
    meta:
        author = "A. Tailor"
        date = "2025-03-01"
        category = "TEST"
        severity = "malicious"
        score = 12
    strings:
        $a = "needle in the hay }"
    condition:
        $a
}
private rule helper { condition: true }
"#;

/// The rules that a report names, each as the catalogue's id.
fn named(report: &Value) -> Vec<String> {
    let results = report["attributes"]["crowdsourced_yara_results"].as_array();
    let each = results.into_iter().flatten();
    each.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap();
        format!("{}|{}", text("ruleset_id"), text("rule_name"))
    })
    .collect()
}

fn names(reply: &crate::harness::Reply) -> Vec<String> {
    let all = reply.json["data"].as_array().unwrap();
    let name = |one: &Value| one["attributes"]["name"].as_str().unwrap().to_owned();
    all.iter().map(name).collect()
}

#[test]
fn a_pack_is_scanned_with_and_the_report_leads_to_its_rule() {
    let server = Server::start();
    let client = &server.client;
    write(&server, "ours/deep/needle.yar", NEEDLE);
    write(&server, "broken/a.yar", "rule a { condition: nothing }");
    // The packs are looked at once a second.
    until("the pack is read", || {
        client.get("/yara_rules?filter=name:needle").json["meta"]["count"] == 1
    });
    let bytes = b"a needle in the hay } that only the pack knows";
    let hash = sha256(bytes);
    let analysis = client.analysed("hay.txt", bytes);
    let column = &analysis["data"]["attributes"]["results"]["Quorum YARA"];
    assert_eq!(column["category"], "malicious", "{column}");
    assert_eq!(column["result"], "Needle");
    let report = client.get(&format!("/files/{hash}")).data();
    let id = &named(&report)[0];
    let rule = client.get(&format!("/yara_rules/{}", escape(id))).data();
    assert_eq!(
        (&rule["type"], &rule["id"]),
        (&json!("yara_rule"), &json!(id))
    );
    let said = &rule["attributes"];
    assert_eq!(said["matches"], 1);
    assert_eq!(said["enabled"], true);
    assert_eq!(said["author"], "A. Tailor");
    assert_eq!(said["tags"], json!(["hay", "sewing"]));
    assert_eq!(said["creation_date"], 1_740_787_200);
    assert_eq!(said["meta"][4], json!({"key": "score", "value": "12"}));
    let text = said["rule"].as_str().unwrap();
    assert!(
        text.starts_with("rule Needle : hay") && text.ends_with("$a\n}"),
        "{text}"
    );
    let files = client.get(&format!("/yara_rules/{}/files", escape(id)));
    assert_eq!(files.json["meta"]["count"], 1);
    assert_eq!(files.json["data"][0]["attributes"]["sha256"], hash.as_str());
    let there = client.get(&format!("/yara_rules/{}/relationships/files", escape(id)));
    assert_eq!(there.json["data"][0]["id"], hash.as_str());
    assert!(there.json["data"][0].get("attributes").is_none());
    let inside = client
        .get(&format!("/yara_rules/{}?relationships=files", escape(id)))
        .data();
    assert_eq!(
        inside["relationships"]["files"]["data"][0]["id"],
        hash.as_str()
    );
    let ruleset = &report["attributes"]["crowdsourced_yara_results"][0]["ruleset_id"];
    let ruleset = client
        .get(&format!("/yara_rulesets/{}", ruleset.as_str().unwrap()))
        .data();
    assert_eq!(ruleset["attributes"]["name"], "ours/deep/needle.yar");
    assert_eq!(ruleset["attributes"]["rules"], NEEDLE);
    assert_eq!(ruleset["attributes"]["rule_names"], json!(["Needle"]));
    // Analysed again it has matched one file still.
    let again = client
        .post(&format!("/files/{hash}/analyse"), &json!({}))
        .data();
    client.completed(again["id"].as_str().unwrap());
    assert_eq!(
        client.get(&format!("/yara_rules/{}", escape(id))).data()["attributes"]["matches"],
        1
    );
    // What is broken is left out and told.
    let doctor = server.command(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        told.contains("the pack broken is neither scanned with nor handed out: a.yar:1:"),
        "{told}"
    );
    assert!(told.contains("ours: 1 rules"), "{told}");

    // The file that carries the rule changes: so does what is found.
    write(
        &server,
        "ours/deep/needle.yar",
        &NEEDLE.replace("needle in", "pin in"),
    );
    until("the change is read", || {
        let rule = client.get(&format!("/yara_rules/{}", escape(id))).data();
        rule["attributes"]["rule"]
            .as_str()
            .unwrap()
            .contains("pin in")
    });
    let analysis = client.analysed("hay.txt", b"another needle in the hay }");
    let column = &analysis["data"]["attributes"]["results"]["Quorum YARA"];
    assert_eq!(column["category"], "undetected");
    std::fs::remove_dir_all(server.data().join("packs/rules")).unwrap();
    until("the pack is gone", || {
        client.get(&format!("/yara_rules/{}", escape(id))).status == 404
    });
    assert!(server.must(&["check"]).contains("as they should be"));
}

#[test]
fn the_catalogue_is_filtered_ordered_and_paged() {
    let server = Server::start();
    let client = &server.client;
    client.analysed("eicar", &eicar());
    let all = client.get("/yara_rules?limit=40");
    assert!(all.json["meta"]["count"].as_u64().unwrap() > 15);
    assert_eq!(
        names(&client.get("/yara_rules?order=matches-&limit=1")),
        ["Eicar_Test_File"]
    );
    let found = client.get(&format!(
        "/yara_rules?filter={}",
        escape("name:eicar author:QUORUM enabled:true")
    ));
    assert_eq!(names(&found), ["Eicar_Test_File"]);
    assert_eq!(found.json["data"][0]["attributes"]["matches"], 1);
    let none = [
        "enabled:false",
        "tag:nothing",
        "creation_date:2020-01-01-",
        "included_date:2020-01-01",
    ];
    for filter in none {
        let found = client.get(&format!("/yara_rules?filter={}", escape(filter)));
        assert_eq!(found.json["data"], json!([]), "{filter}");
        assert_eq!(found.json["meta"].get("cursor"), None);
    }
    let since = client.get(&format!(
        "/yara_rules?filter={}",
        escape("creation_date:2020-01-01+")
    ));
    assert_eq!(since.json["meta"]["count"], all.json["meta"]["count"]);
    let first = client.get("/yara_rules?order=creation_date+&limit=3");
    let cursor = first.json["meta"]["cursor"].as_str().unwrap();
    let next = client.get(&format!(
        "/yara_rules?order=creation_date+&limit=3&cursor={cursor}"
    ));
    assert_eq!(next.status, 200);
    assert!(
        names(&first)
            .iter()
            .all(|name| !names(&next).contains(name))
    );
    for wrong in [
        "filter=size:3",
        "filter=x",
        "filter=enabled:maybe",
        "filter=creation_date:soon",
        "order=size",
    ] {
        assert_eq!(
            client.get(&format!("/yara_rules?{wrong}")).error(400),
            "InvalidArgumentError"
        );
    }
    for missing in [
        "/yara_rules/x",
        "/yara_rules/0000000000%7Cx/files",
        "/yara_rulesets/0000000000",
        "/sigma_rules/x",
    ] {
        assert_eq!(client.get(missing).error(404), "NotFoundError");
    }
    let report = client.get(&format!("/files/{EICAR_SHA256}")).data();
    for id in named(&report) {
        assert_eq!(
            client.get(&format!("/yara_rules/{}", escape(&id))).status,
            200,
            "{id}"
        );
    }
}
