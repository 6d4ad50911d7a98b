//! Who sent something in, when, from where, by which door; and every verdict that there was.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Directory, MULTIPART, OWN, Server, multipart, sha256};

/// A database in MaxMind's format (version 2.0 of its specification) that knows of IPv4 networks,
/// given as their first bits, the country of each.
fn country_database(networks: &[(&str, &str)]) -> Vec<u8> {
    fn text(text: &str) -> Vec<u8> {
        let mut bytes = vec![0x40 | text.len() as u8];
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }
    fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0xe0 | pairs.len() as u8];
        for (name, value) in pairs {
            bytes.extend(text(name));
            bytes.extend_from_slice(value);
        }
        bytes
    }
    // Type and size before so many bytes of a number: 5 is 16 bits, 6 is 32 bits.
    let number = |kind: u8, value: u16| [&[kind << 5 | 2][..], &value.to_be_bytes()].concat();
    #[derive(Clone, Copy)]
    enum Record {
        Nothing,
        Node(usize),
        Data(usize),
    }
    let mut data = Vec::new();
    let mut nodes = vec![[Record::Nothing; 2]];
    for (bits, country) in networks {
        let place = data.len();
        data.extend(map(&[("country", map(&[("iso_code", text(country))]))]));
        let mut node = 0;
        for (depth, bit) in bits.bytes().enumerate() {
            let bit = usize::from(bit == b'1');
            if depth + 1 == bits.len() {
                nodes[node][bit] = Record::Data(place);
            } else if let Record::Node(next) = nodes[node][bit] {
                node = next;
            } else {
                nodes.push([Record::Nothing; 2]);
                nodes[node][bit] = Record::Node(nodes.len() - 1);
                node = nodes.len() - 1;
            }
        }
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Nothing => count,
            Record::Node(node) => *node,
            Record::Data(place) => count + 16 + place,
        };
        file.extend_from_slice(&(value as u32).to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend(data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", vec![0x01, 0x02, 1]), // of 64 bits, one byte long
        ("database_type", text("Test-Country")),
        ("description", map(&[])),
        ("ip_version", number(5, 4)),
        ("languages", vec![0x00, 0x04]), // an empty list
        ("node_count", number(6, count as u16)),
        ("record_size", number(5, 24)),
    ]));
    file
}

/// The first bits of an IPv4 address.
fn bits(address: [u8; 4], length: usize) -> String {
    format!("{:032b}", u32::from_be_bytes(address))[..length].to_owned()
}

fn send(client: &Client, bytes: &[u8], name: &str, more: &[(&str, &str)]) {
    let part = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    let headers = [&[MULTIPART], more].concat();
    client
        .send("POST", "/files", &headers, &multipart(&[(&part, bytes)]))
        .data();
}

fn attributes(client: &Client, path: &str) -> Vec<Value> {
    let data = client.get(&format!("{path}?limit=40")).data();
    let each = data.as_array().unwrap().iter();
    each.map(|one| one["attributes"].clone()).collect()
}

#[test]
fn a_submission_tells_from_where_and_by_which_door_and_not_by_whom() {
    let directory = Directory::new();
    let file = directory.0.join("country.mmdb");
    let networks = [
        (bits([127, 0, 0, 0], 8), "ES"),
        (bits([203, 0, 113, 0], 24), "JP"),
        (bits([198, 51, 100, 0], 24), "not a code"),
    ];
    let networks: Vec<_> = networks
        .iter()
        .map(|(bits, code)| (bits.as_str(), *code))
        .collect();
    std::fs::write(&file, country_database(&networks)).unwrap();
    let mut server = Server::with(&[
        ("QUORUM_COUNTRY_DATABASE", file.to_str().unwrap()),
        ("QUORUM_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    let doors = [
        (&bob, "a.exe", vec![]),
        (&bob, "a.exe", vec![("x-tool", "quorum-extension")]),
        (
            &bob,
            "b.exe",
            vec![("x-tool", "quorum-web"), ("x-forwarded-for", "203.0.113.9")],
        ),
        (
            &eve,
            "b.exe",
            vec![
                ("x-tool", "quorum/0.1.0"),
                ("x-forwarded-for", "198.51.100.1"),
            ],
        ),
        (
            &eve,
            "a.exe",
            vec![("x-tool", "quorum-mail"), ("x-forwarded-for", "192.0.2.1")],
        ),
        (
            &eve,
            "c.exe",
            vec![
                ("x-tool", "Graph"),
                ("x-forwarded-for", "192.0.2.1, 203.0.113.9"),
            ],
        ),
    ];
    for (client, name, headers) in &doors {
        send(client, b"sent", name, headers);
    }
    let address = eve.get("/files/upload_url").data();
    let form = multipart(&[(
        "Content-Disposition: form-data; name=\"file\"; filename=\"d\"",
        b"sent",
    )]);
    let headers = [MULTIPART, ("x-tool", "quorum-cli")];
    eve.send("POST", address.as_str().unwrap(), &headers, &form)
        .data();
    let path = format!("/files/{}", sha256(b"sent"));
    let mut listed = attributes(&bob, &format!("{path}/submissions"));
    listed.reverse();
    let of = |name: &str| {
        listed
            .iter()
            .map(|one| one.get(name).cloned())
            .collect::<Vec<_>>()
    };
    let some = |values: &[&str]| -> Vec<Option<Value>> {
        let each = values.iter();
        each.map(|value| (!value.is_empty()).then(|| json!(value)))
            .collect()
    };
    assert_eq!(
        of("interface"),
        some(&["api", "extension", "web", "cli", "mail", "api", "cli"])
    );
    assert_eq!(of("country"), some(&["ES", "ES", "JP", "", "", "JP", "ES"]));
    let sources = of("source_key");
    assert_eq!(sources[0], sources[2]);
    assert_eq!(sources[3], sources[6]);
    assert_ne!(sources[0], sources[3]);
    let key = sources[0].as_ref().unwrap().as_str().unwrap().to_owned();
    assert!(
        key.len() == 8 && key.bytes().all(|b| b.is_ascii_hexdigit()),
        "{key}"
    );
    assert!(!json!(listed).to_string().contains("bob"));
    let report = bob.get(&path).data()["attributes"].clone();
    assert_eq!(
        (&report["times_submitted"], &report["unique_sources"]),
        (&json!(7), &json!(2))
    );
    assert_eq!(report["names"][0], "a.exe");
    assert_eq!(report["names"].as_array().unwrap().len(), 4);
    assert!(report["first_submission_date"].as_i64() <= report["last_submission_date"].as_i64());
    // The pseudonym stays, and is another store's another.
    server.terminate();
    server.start_again(&[]);
    let bob = Client::new(&server.origin, &bob.key);
    assert_eq!(
        attributes(&bob, &format!("{path}/submissions"))[6]["source_key"],
        key
    );
    let other = Server::start();
    let there = other.user(&["add", "bob", "--tier", "basic"]);
    send(&there, b"sent", "a.exe", &[]);
    assert_ne!(
        attributes(&there, &format!("{path}/submissions"))[0]["source_key"],
        key
    );
}

/// S15: nobody says where they are from by themselves.
#[test]
fn a_country_is_not_what_a_client_claims() {
    let directory = Directory::new();
    let file = directory.0.join("country.mmdb");
    let (home, away) = (bits([127, 0, 0, 0], 8), bits([203, 0, 113, 0], 24));
    std::fs::write(&file, country_database(&[(&home, "ES"), (&away, "JP")])).unwrap();
    let server = Server::with(&[("QUORUM_COUNTRY_DATABASE", file.to_str().unwrap())]);
    for claim in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        send(&server.client, b"claimed", "a", &[(claim, "203.0.113.9")]);
    }
    let path = format!("/files/{}/submissions", sha256(b"claimed"));
    for one in attributes(&server.client, &path) {
        assert_eq!(one["country"], "ES");
    }
}

#[test]
fn a_country_database_that_is_none_is_refused_at_the_start() {
    let directory = Directory::new();
    let file = directory.0.join("country.mmdb");
    for content in [None, Some("no database")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let output = crate::harness::quorum()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory.0.join("data"))
            .env("QUORUM_COUNTRY_DATABASE", &file)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("country.mmdb"), "{said}");
    }
}

/// Every verdict is there, with what changed from one to the next.
#[test]
fn a_verdict_has_a_history() {
    let server = Server::start();
    let path = format!("{OWN}/files/{}/history", sha256(b"judged"));
    server.client.analysed("a", b"judged");
    let again = || {
        let sent = server.client.upload("a", b"judged").data();
        server.client.completed(sent["id"].as_str().unwrap());
    };
    again();
    let list: &Path = &server.data().join("packs/hashes");
    std::fs::write(list.join("own.txt"), format!("{}\n", sha256(b"judged"))).unwrap();
    crate::harness::until("the list is read", || {
        let report = server
            .client
            .get(&format!("/files/{}", sha256(b"judged")))
            .data();
        report["attributes"]["last_analysis_results"]["Hash list"]["category"] == "malicious"
    });
    again();
    let history = attributes(&server.client, &path);
    assert_eq!(history.len(), 3);
    assert_eq!(history[0]["stats"]["malicious"], 1);
    assert_eq!(history[1]["stats"]["malicious"], 0);
    let changes = history[0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0]["engine_name"], "Hash list");
    assert_eq!(changes[0]["before"]["category"], "undetected");
    assert_eq!(changes[0]["after"]["category"], "malicious");
    assert_eq!(history[1]["changes"], json!([]));
    assert_eq!(history[2]["changes"], json!([]));
    // What changed is known at the edge of a page too.
    let first = server.client.get(&format!("{path}?limit=1"));
    assert_eq!(first.json["data"][0]["attributes"], history[0]);
    let second = server
        .client
        .get(first.json["links"]["next"].as_str().unwrap());
    assert_eq!(second.json["data"][0]["attributes"], history[1]);
    assert_eq!(second.json["meta"]["count"], 3);
    let odd = format!("{OWN}/nothing/{}/history", sha256(b"judged"));
    assert_eq!(server.client.get(&odd).error(404), "NotFoundError");
}
