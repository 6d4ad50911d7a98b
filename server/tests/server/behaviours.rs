//! Sandboxes' reports: taken in, shown, and what follows from them for everything that they name.

use serde_json::{Value, json};

use crate::harness::{Client, Directory, OWN, Server, sha256};

const RAN: &[u8] = b"a file that ran in two sandboxes";
const PARENT: &[u8] = b"a file that drops the other";

fn body(attributes: Value) -> Value {
    json!({"data": {"type": "file_behaviour", "attributes": attributes}})
}

fn import(client: &Client, file: &str, attributes: Value) -> crate::harness::Reply {
    client.post(&format!("{OWN}/files/{file}/behaviours"), &body(attributes))
}

/// The report of the first sandbox.
fn zen() -> Value {
    json!({
        "sandbox_name": "Zen Box_2",
        "analysis_date": 1_700_000_000,
        "verdicts": ["MALWARE", "STEALER"],
        "verdict_confidence": 80,
        "verdict_labels": ["Example"],
        "tags": ["DETECT_DEBUG_ENVIRONMENT", "LONG_SLEEPS"],
        "processes_tree": [{"process_id": "1", "name": "a.exe", "children": [
            {"process_id": "2", "name": "<b>cmd.exe</b>", "time_offset": 3}]}],
        "dns_lookups": [{"hostname": "C2.example", "resolved_ips": ["203.0.113.9"]}],
        "ip_traffic": [{"destination_ip": "203.0.113.9", "destination_port": 443,
            "transport_layer_protocol": "TCP"}],
        "http_conversations": [{"url": "http://c2.example/gate", "request_method": "POST",
            "request_headers": {"Host": "c2.example"}, "response_status_code": 200}],
        "files_dropped": [{"path": "C:\\b.dll", "sha256": sha256(b"dropped"), "type": "PE_DLL"}],
        "memory_pattern_urls": ["https://mem.example/x"],
        "memory_pattern_domains": ["mem.example"],
        "mitre_attack_techniques": [
            {"id": "T1059.001", "signature_description": "runs PowerShell",
             "severity": "IMPACT_SEVERITY_HIGH"},
            {"id": "T1082", "signature_description": "asks for the system's version"}],
        "signature_matches": [{"id": "1", "name": "capa", "format": "SIG_FORMAT_CAPA"}],
    })
}

/// The second's.
fn box_two() -> Value {
    json!({
        "sandbox_name": "Box",
        "verdicts": ["CLEAN"],
        "tags": ["LONG_SLEEPS", "RUNTIME_MODULES"],
        "dns_lookups": [{"hostname": "c2.example"}, {"hostname": "other.example"}],
    })
}

/// A server with a file and both reports, and what the file is called.
fn furnished() -> (Server, String) {
    let server = Server::start();
    server.client.analysed("ran.exe", RAN);
    let file = sha256(RAN);
    for report in [zen(), box_two()] {
        let reply = import(&server.client, &file, report);
        assert_eq!(reply.status, 200, "{}", reply.json);
    }
    (server, file)
}

#[track_caller]
fn ids(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.json);
    let data = reply.json["data"].as_array().unwrap();
    assert_eq!(reply.json["meta"]["count"], data.len(), "{path}");
    let mut ids: Vec<_> = data
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn a_report_is_shown_as_it_was_taken_in() {
    let (server, file) = furnished();
    let client = &server.client;
    let path = format!("/file_behaviours/{file}_Zen%20Box_2");
    let shown = client.get(&path).data();
    assert_eq!(shown["id"], format!("{file}_Zen Box_2"));
    assert!(shown["links"]["self"].as_str().unwrap().ends_with(&path));
    for (name, value) in zen().as_object().unwrap() {
        assert_eq!(&shown["attributes"][name], value, "{name}");
    }
    assert_eq!(shown["attributes"]["has_pcap"], false);
    assert!(shown["attributes"].get("files_opened").is_none());
    let listed = client.get(&format!("/files/{file}/behaviours"));
    assert_eq!(listed.json["meta"]["count"], 2);
    assert_eq!(listed.json["data"][0]["attributes"]["sandbox_name"], "Box");
    assert_eq!(listed.json["data"][1], shown);
    // As a page it does nothing.
    let page = client.get(&format!("{path}/html"));
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(
        page.headers["content-security-policy"],
        "sandbox; default-src 'none'"
    );
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(
        text.contains("&lt;b&gt;cmd.exe") && !text.contains("<b>"),
        "{text}"
    );
    let public = server.user(&["add", "somebody"]);
    for name in ["pcap", "evtx", "memdump"] {
        assert_eq!(
            client.get(&format!("{path}/{name}")).error(404),
            "NotFoundError"
        );
        assert_eq!(
            public.get(&format!("{path}/{name}")).error(403),
            "ForbiddenError"
        );
    }
    assert_eq!(
        client
            .get(&format!("/file_behaviours/{file}_None"))
            .error(404),
        "NotFoundError"
    );
    // By the other spelling of the file; and of one that ran nowhere.
    let other = client.get(&format!("/files/{}/behaviours", file.to_uppercase()));
    assert_eq!(other.json["data"], listed.json["data"]);
    client.analysed("quiet", b"quiet");
    let quiet = sha256(b"quiet");
    assert_eq!(
        client.get(&format!("/files/{quiet}/behaviours")).json["data"],
        json!([])
    );
    assert_eq!(
        client
            .get(&format!("/files/{quiet}/behaviour_summary"))
            .data(),
        json!({})
    );
    assert_eq!(
        client
            .get(&format!("/files/{quiet}/behaviour_mitre_trees"))
            .data(),
        json!({})
    );
}

#[test]
fn reports_are_summed_up_and_their_techniques_stand_in_trees() {
    let (server, file) = furnished();
    let client = &server.client;
    let all = client
        .get(&format!("/files/{file}/behaviour_summary"))
        .data();
    let mut tags: Vec<_> = all["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag.as_str().unwrap())
        .collect();
    tags.sort_unstable();
    assert_eq!(
        tags,
        ["DETECT_DEBUG_ENVIRONMENT", "LONG_SLEEPS", "RUNTIME_MODULES"]
    );
    assert_eq!(all["dns_lookups"].as_array().unwrap().len(), 3);
    for name in [
        "sandbox_name",
        "analysis_date",
        "has_pcap",
        "last_modification_date",
        "behash",
    ] {
        assert!(all.get(name).is_none(), "{name}");
    }
    let trees = client
        .get(&format!("/files/{file}/behaviour_mitre_trees"))
        .data();
    assert_eq!(trees["Box"], json!({"tactics": []}));
    let tactics = trees["Zen Box_2"]["tactics"].as_array().unwrap();
    let names: Vec<_> = tactics
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Execution", "Discovery"]);
    let technique = &tactics[0]["techniques"][0];
    assert_eq!(
        (&technique["id"], &technique["name"]),
        (&json!("T1059.001"), &json!("PowerShell"))
    );
    let said = json!([{"severity": "HIGH", "description": "runs PowerShell"}]);
    assert_eq!(technique["signatures"], said);
    assert_eq!(
        tactics[1]["techniques"][0]["signatures"][0]["severity"],
        "UNKNOWN"
    );
}

#[test]
fn what_a_file_touched_leads_to_it_and_back() {
    let (server, file) = furnished();
    let client = &server.client;
    let of = |name: &str| ids(client, &format!("/files/{file}/{name}"));
    assert_eq!(of("contacted_domains"), ["c2.example", "other.example"]);
    assert_eq!(of("contacted_ips"), ["203.0.113.9"]);
    let url = &of("contacted_urls")[0];
    let shown = client.get(&format!("/urls/{url}")).data();
    assert_eq!(shown["attributes"]["url"], "http://c2.example/gate");
    assert_eq!(shown["attributes"]["times_submitted"], 0);
    assert_eq!(of("memory_pattern_domains"), ["mem.example"]);
    assert_eq!(of("memory_pattern_ips"), [] as [String; 0]);
    assert_eq!(of("dropped_files"), [sha256(b"dropped")]);
    assert_eq!(of("related_attack_techniques"), ["T1059.001", "T1082"]);
    let back = |path: &str| assert_eq!(ids(client, path), [file.as_str()], "{path}");
    back("/domains/c2.example/communicating_files");
    back("/domains/c2.example/relationships/communicating_files");
    back("/ip_addresses/203.0.113.9/communicating_files");
    back(&format!("/urls/{url}/communicating_files"));
    back("/domains/mem.example/memory_pattern_parents");
    back(&format!(
        "/urls/{}/memory_pattern_parents",
        of("memory_pattern_urls")[0]
    ));
    client.analysed("dropped", b"dropped");
    back(&format!("/files/{}/execution_parents", sha256(b"dropped")));
    // Of one report what that one says.
    let zen = |name: &str| {
        ids(
            client,
            &format!("/file_behaviours/{file}_Zen%20Box_2/{name}"),
        )
    };
    assert_eq!(zen("contacted_domains"), ["c2.example"]);
    assert_eq!(zen("attack_techniques"), ["T1059.001", "T1082"]);
    assert_eq!(zen("relationships/contacted_ips"), ["203.0.113.9"]);
    let ran = client
        .get(&format!("/file_behaviours/{file}_Box/file"))
        .data();
    assert_eq!(ran["id"], file.as_str());
    let inside = client
        .get(&format!(
            "/files/{file}?relationships=contacted_domains,behaviours"
        ))
        .data();
    assert_eq!(
        inside["relationships"]["contacted_domains"]["meta"]["count"],
        2
    );
    assert_eq!(
        inside["relationships"]["behaviours"]["data"][0]["type"],
        "file_behaviour"
    );
    // What sandboxes call it stands in the file's report.
    let verdicts = &inside["attributes"]["sandbox_verdicts"];
    assert_eq!(
        verdicts["Zen Box_2"],
        json!({"category": "malicious", "confidence": 80,
        "sandbox_name": "Zen Box_2", "malware_classification": ["MALWARE", "STEALER"],
        "malware_names": ["Example"]})
    );
    assert_eq!(verdicts["Box"]["category"], "harmless");
    // A later report of the same sandbox takes the place of the first.
    import(client, &file, json!({"sandbox_name": "Box"})).data();
    assert_eq!(of("contacted_domains"), ["c2.example"]);
    let report = client.get(&format!("/files/{file}")).data();
    assert!(
        report["attributes"]["sandbox_verdicts"]
            .get("Box")
            .is_none()
    );
    assert!(server.must(&["check"]).contains("as they should be"));
}

#[test]
fn only_who_may_imports_and_only_what_is_in_order() {
    let server = Server::start();
    server.client.analysed("ran.exe", RAN);
    let file = sha256(RAN);
    let robot = server.user(&["add", "robot", "--tier", "basic"]);
    assert_eq!(
        import(&robot, &file, box_two()).error(403),
        "ForbiddenError"
    );
    server.must(&["group", "grant", "robot", "behaviour-import"]);
    import(&robot, &file, box_two()).data();
    let told = server.must(&["audit", "--action", "behaviour.imported"]);
    assert!(told.contains("robot") && told.contains(&file), "{told}");
    assert_eq!(
        import(&robot, &sha256(b"no"), box_two()).error(404),
        "NotFoundError"
    );
    let elsewhere = robot.post(&format!("{OWN}/urls/{file}/behaviours"), &body(box_two()));
    assert_eq!(elsewhere.error(404), "NotFoundError");
    for wrong in [
        json!({}),
        json!({"sandbox_name": "a/b"}),
        json!({"sandbox_name": "Box", "surprise": 1}),
        json!({"sandbox_name": "Box", "verdicts": ["NICE"]}),
        json!({"sandbox_name": "Box", "verdict_confidence": 101}),
        json!({"sandbox_name": "Box", "dns_lookups": ["a.example"]}),
        json!({"sandbox_name": "Box", "files_dropped": [{"sha256": "x"}]}),
    ] {
        let reply = import(&robot, &file, wrong.clone());
        assert_eq!(reply.error(400), "InvalidArgumentError", "{wrong}");
    }
    let names: Vec<_> = (0..10_001)
        .map(|number| json!({"hostname": format!("h{number}.example")}))
        .collect();
    let many = json!({"sandbox_name": "Box", "dns_lookups": names});
    assert_eq!(
        import(&robot, &file, many).error(400),
        "InvalidArgumentError"
    );
    let long = json!({"sandbox_name": "Box", "tags": ["x".repeat(5 << 20)]});
    import(&robot, &file, long).error(413);
    let report = server
        .client
        .get(&format!("/file_behaviours/{file}_Box"))
        .data();
    assert_eq!(report["attributes"]["verdicts"], json!(["CLEAN"]));
}

#[test]
fn the_command_line_takes_reports_in_as_the_api_gives_them() {
    let (server, file) = furnished();
    let given = server.client.get(&format!("/files/{file}/behaviours")).json;
    let other = Server::start();
    let directory = Directory::new();
    std::fs::create_dir_all(&directory.0).unwrap();
    let path = directory.0.join("reports.json");
    std::fs::write(&path, given.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let refused = other.command(&["import", "behaviour", path]);
    assert!(!refused.status.success());
    other.client.analysed("ran.exe", RAN);
    let told = other.must(&["import", "behaviour", path]);
    assert!(
        told.contains("\"Zen Box_2\" on") && told.contains("\"Box\" on"),
        "{told}"
    );
    let there = other.client.get(&format!("/files/{file}/behaviours")).json;
    assert_eq!(there["meta"]["count"], 2);
    // Bare attributes, on a file that is said.
    other.client.analysed("parent", PARENT);
    let bare = directory.0.join("bare.json");
    let dropped = json!({"sandbox_name": "Cage", "files_dropped": [{"path": "x", "sha256": file}]});
    std::fs::write(&bare, dropped.to_string()).unwrap();
    let parent = sha256(PARENT);
    other.must(&[
        "import",
        "behaviour",
        bare.to_str().unwrap(),
        "--sample",
        &parent,
    ]);
    let parents = ids(&other.client, &format!("/files/{file}/execution_parents"));
    assert_eq!(parents, [parent]);
    let without = other.command(&["import", "behaviour", bare.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&without.stdout).into_owned();
    assert!(said.contains("say --sample"), "{said}");
}
