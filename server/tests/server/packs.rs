//! Rules and lists for extensions: taken as an extension takes them, and only what changed.

use quorum_core::blocklist::{Blocklist, RiceDeltas, Width, apply};
use quorum_core::rules::{PackManifest, PackUrl};
use serde_json::{Value, json};

use crate::harness::{Client, EICAR_SHA256, OWN, Server, escape, sha256, until};

const RULE: &str = "rule found { strings: $a = \"needle in the hay\" condition: $a }";

fn write(server: &Server, path: &str, text: &str) {
    let path = server.data().join("packs").join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Fetches a pack as an extension does.
fn take(client: &Client, url: &str) -> (PackManifest, Vec<String>) {
    let url: PackUrl = url.parse().unwrap();
    let manifest = client.fetch(&url.to_string(), &[]);
    assert_eq!(manifest.status, 200);
    let manifest = PackManifest::read(&manifest.bytes).unwrap();
    let texts = manifest.files.iter().map(|file| {
        let fetched = client.fetch(&url.file(file), &[]);
        assert_eq!(fetched.status, 200, "{}", file.path);
        file.accept(fetched.bytes).unwrap().text
    });
    let texts = texts.collect();
    (manifest, texts)
}

#[test]
fn an_extension_takes_a_pack_and_later_only_what_changed() {
    let server = Server::start();
    let client = &server.client;
    write(&server, "rules/ours/a.yar", RULE);
    write(
        &server,
        "rules/ours/deep/b.yar",
        "rule b { condition: filesize == 7 }",
    );
    let about = r#"{"name": "Ours", "license": "MIT"}"#;
    write(&server, "rules/ours/pack.json", about);
    let url = format!("{}{OWN}/packs/rules/ours/pack.json", server.origin);
    // The folders are looked at once a second; at the start there was nothing.
    until("the whole pack is read", || {
        let read = client.fetch(&url, &[]);
        read.status == 200 && read.json()["entries"] == 2 && read.json()["name"] == "Ours"
    });
    let (manifest, texts) = take(client, &url);
    assert_eq!(texts[0], RULE);
    assert_eq!(manifest.files[1].path, "deep/b.yar");
    let said = (manifest.name.as_str(), manifest.license.as_deref());
    assert_eq!(said, ("Ours", Some("MIT")));

    let first = client.fetch(&url, &[]);
    assert_eq!(first.json()["entries"], 2);
    let lines: String = manifest
        .files
        .iter()
        .map(|file| format!("{}  {}\n", file.sha256, file.path))
        .collect();
    assert_eq!(first.json()["checksum"], sha256(lines.as_bytes()));
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let etag = first.header("etag").to_owned();
    let same = client.fetch(&url, &[("if-none-match", &etag)]);
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    assert_eq!(same.header("etag"), etag);

    // By its digest a file can be kept for ever.
    let file = format!("{OWN}/packs/rules/ours/a.yar");
    let digest = manifest.files[0].sha256.to_string();
    let by_digest = client.fetch(&format!("{file}?sha256={digest}"), &[]);
    assert_eq!(by_digest.bytes, RULE.as_bytes());
    assert!(by_digest.header("cache-control").ends_with("immutable"));
    assert_eq!(
        by_digest.header("content-type"),
        "text/plain; charset=utf-8"
    );
    let etag_of_file = by_digest.header("etag").to_owned();
    let same = client.fetch(&file, &[("if-none-match", &etag_of_file)]);
    assert_eq!(same.status, 304);

    let changed = RULE.replace("hay", "haystack");
    write(&server, "rules/ours/a.yar", &changed);
    until("the change is seen", || {
        client.fetch(&url, &[("if-none-match", &etag)]).status == 200
    });
    let old = client.fetch(&format!("{file}?sha256={digest}"), &[]);
    assert_eq!(old.status, 404);
    assert_eq!(old.header("cache-control"), "no-store");
    let have: Vec<_> = manifest.files.iter().map(|file| file.sha256).collect();
    let changes = client
        .post(
            &format!("{OWN}/packs/rules/ours/changes"),
            &json!({"data": {"have": have}}),
        )
        .data();
    let now = sha256(changed.as_bytes());
    assert_eq!(changes["texts"], json!({&now: changed}));
    let manifest = changes["manifest"].to_string();
    let manifest = PackManifest::read(manifest.as_bytes()).unwrap();
    assert_eq!(manifest.files[0].sha256.to_string(), now);
    assert_eq!(take(client, &url).0, manifest);
}

#[test]
fn only_what_a_manifest_names_can_be_had() {
    let server = Server::start();
    let client = &server.client;
    write(&server, "rules/ours/a.yar", RULE);
    write(&server, "rules/ours/secret.txt", "nobody's");
    write(
        &server,
        "rules/broken/a.yar",
        "rule a { condition: nothing }",
    );
    let base = format!("{OWN}/packs/rules");
    until("both packs are read", || {
        let packs = client.get(&format!("{OWN}/packs")).data();
        let packs = packs.as_array().unwrap().iter();
        packs.filter(|one| one["type"] == "rule_pack").count() == 2
    });
    assert_eq!(client.fetch(&format!("{base}/ours/a.yar"), &[]).status, 200);
    for path in [
        "ours/secret.txt",
        "ours/b.yar",
        "ours/%2e%2e/%2e%2e/hashes/eicar.txt",
        "ours/..%2f..%2fhashes%2feicar.txt",
        "%2e%2e/hashes/eicar.txt",
        "ours%2fa.yar/pack.json",
        "broken/pack.json",
        "broken/a.yar",
        "none/pack.json",
    ] {
        let reply = client.get(&format!("{base}/{path}"));
        assert_eq!(reply.error(404), "NotFoundError", "{path}");
    }
    let packs = client.get(&format!("{OWN}/packs")).data();
    let of = |id: &str| {
        let mut all = packs.as_array().unwrap().iter();
        all.find(|one| one["id"] == id).unwrap()["attributes"].clone()
    };
    assert_eq!(
        (&of("ours")["status"], &of("ours")["rules"]),
        (&json!("served"), &json!(1))
    );
    let broken = of("broken");
    assert_eq!(broken["status"], "refused");
    let reason = broken["reason"].as_str().unwrap();
    assert!(reason.starts_with("a.yar:1:"), "{reason}");
    assert_eq!(of("hashes/eicar.txt")["entries"], 1);
}

#[test]
fn packs_are_open_to_nobody_unless_the_administrator_says_so() {
    let closed = Server::start();
    write(&closed, "rules/ours/a.yar", RULE);
    let manifest = format!("{OWN}/packs/rules/ours/pack.json");
    let nobody = Client::new(&closed.origin, "");
    assert_eq!(
        nobody.get(&manifest).error(401),
        "AuthenticationRequiredError"
    );
    drop(closed);

    let open = Server::with(&[("QUORUM_OPEN_PACKS", "true")]);
    write(&open, "rules/ours/a.yar", RULE);
    let nobody = Client::new(&open.origin, "");
    until("the pack is read", || {
        nobody.fetch(&manifest, &[]).status == 200
    });
    take(&nobody, &format!("{}{manifest}", open.origin));
    let lists = nobody.fetch(&format!("{OWN}/packs/lists"), &[]).json();
    let file = lists["data"][0]["links"]["file"].as_str().unwrap();
    assert_eq!(nobody.fetch(file, &[]).status, 200);
    // Nothing else is, and a key that opens nothing is no better than before.
    for path in ["packs", "engines", "v5/hashLists", "packs/nothing/here"] {
        let reply = nobody.get(&format!("{OWN}/{path}"));
        assert_eq!(reply.error(401), "AuthenticationRequiredError", "{path}");
    }
    let changes = json!({"data": {"have": []}});
    let reply = nobody.post(&format!("{OWN}/packs/rules/ours/changes"), &changes);
    assert_eq!(reply.error(401), "AuthenticationRequiredError");
    let wrong = Client::new(&open.origin, &"f".repeat(64));
    assert_eq!(wrong.get(&manifest).error(401), "WrongCredentialsError");
}

/// A list's attributes.
fn list(client: &Client, name: &str) -> Value {
    let lists = client.fetch(&format!("{OWN}/packs/lists"), &[]).json();
    let mut all = lists["data"].as_array().unwrap().iter();
    all.find(|one| one["id"] == name).unwrap()["attributes"].clone()
}

fn list_file(client: &Client, path: &str) -> Vec<u8> {
    let file = client.fetch(&format!("{OWN}/packs/lists/{path}"), &[]);
    assert_eq!(file.status, 200, "{path}");
    assert_eq!(file.header("content-type"), "application/octet-stream");
    assert!(file.header("cache-control").ends_with("immutable"));
    file.bytes
}

#[test]
fn a_list_is_taken_once_and_then_its_updates() {
    let mut server = Server::start();
    let client = server.client.clone();
    // The list that a new server has.
    let files = list(&client, "files-sha256");
    let told = (&files["version"], &files["entries"], &files["license"]);
    assert_eq!(told, (&json!(1), &json!(1), &json!("CC0-1.0")));
    let bytes = list_file(&client, "files-sha256/1");
    let known = Blocklist::open(&bytes).unwrap();
    let eicar: quorum_core::indicator::Sha256 = EICAR_SHA256.parse().unwrap();
    assert!(known.lookup(eicar.as_bytes()).is_some());
    assert_eq!(
        quorum_core::indicator::Sha256::from(*known.checksum()).to_string(),
        files["checksum"]
    );
    assert_eq!(list(&client, "urls")["entries"], 0);

    let lists = client.fetch(&format!("{OWN}/packs/lists"), &[]);
    let etag = lists.header("etag").to_owned();
    let again = client.fetch(&format!("{OWN}/packs/lists"), &[("if-none-match", &etag)]);
    assert_eq!(again.status, 304);

    write(&server, "hosts/mine.txt", "evil.example\n203.0.113.9\n");
    write(
        &server,
        "urls/mine.txt",
        "# License: MIT\nhttp://bad.example/a?b\n",
    );
    until("there is a second version of both", || {
        let urls = list(&client, "urls");
        urls["entries"] == 3
    });
    let urls = list(&client, "urls");
    // One of its files does not say under which licence it is.
    assert_eq!(urls["license"], Value::Null);
    let newest = urls["version"].as_u64().unwrap();
    let (old, new) = (
        list_file(&client, "urls/1"),
        list_file(&client, &format!("urls/{newest}")),
    );
    let update = list_file(&client, &format!("urls/{newest}/from/1"));
    let old_list = Blocklist::open(&old).unwrap();
    assert_eq!(apply(&old_list, &update).unwrap(), new);
    let new_list = Blocklist::open(&new).unwrap();
    for expression in ["evil.example/", "203.0.113.9/", "bad.example/a?b"] {
        assert!(
            new_list.lookup_expression(expression).is_some(),
            "{expression}"
        );
    }
    // The way back.
    let back = list_file(&client, &format!("urls/1/from/{newest}"));
    assert_eq!(apply(&new_list, &back).unwrap(), old);
    for path in ["urls/99", "nothing/1", "urls/99/from/1", "urls/1/from/99"] {
        let reply = client.get(&format!("{OWN}/packs/lists/{path}"));
        assert_eq!(reply.error(404), "NotFoundError", "{path}");
    }
    let odd = client.get(&format!("{OWN}/packs/lists/urls/one"));
    assert_eq!(odd.error(400), "BadRequestError");

    // A restart counts on and makes nothing new of what is the same.
    server.terminate();
    server.start_again(&[]);
    assert_eq!(list(&server.client, "urls")["version"], newest);
    write(&server, "urls/mine.txt", "");
    let client = &server.client;
    until("there is a version without the address", || {
        list(client, "urls")["entries"] == 2
    });
    assert_eq!(list(client, "urls")["version"], newest + 1);
    assert_eq!(list(client, "files-sha256")["version"], 1);
}

/// What a client of Safe Browsing keeps of a list.
#[derive(Default)]
struct Mirror {
    version: String,
    prefixes: Vec<u64>,
}

fn decoded(field: &Value, width: Width) -> Vec<u64> {
    if field.is_null() {
        return Vec::new();
    }
    let number = |name: &str| {
        let value = &field[name];
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string())
            .parse::<u64>()
            .unwrap()
    };
    let coded = RiceDeltas {
        first_value: number("firstValue"),
        rice_parameter: number("riceParameter") as u8,
        entries_count: number("entriesCount") as u32,
        encoded_data: base64(field["encodedData"].as_str().unwrap()),
    };
    coded.decode(width).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

impl Mirror {
    /// Takes an update as the protocol has it; returns whether it was a partial one.
    fn take(&mut self, list: &Value, width: Width) -> bool {
        let partial = list["partialUpdate"].as_bool().unwrap();
        let removals = decoded(&list["compressedRemovals"], Width::Bits32);
        let additions = match width {
            Width::Bits32 => &list["additionsFourBytes"],
            Width::Bits64 => &list["additionsEightBytes"],
        };
        if !partial {
            assert!(removals.is_empty());
            self.prefixes.clear();
        }
        for index in removals.iter().rev() {
            self.prefixes.remove(*index as usize);
        }
        self.prefixes.extend(decoded(additions, width));
        self.prefixes.sort_unstable();
        self.version = list["version"].as_str().unwrap().to_owned();
        if let Some(checksum) = list["sha256Checksum"].as_str() {
            let skip = if width == Width::Bits32 { 4 } else { 0 };
            let each = self.prefixes.iter();
            let bytes: Vec<u8> = each
                .flat_map(|prefix| prefix.to_be_bytes()[skip..].to_vec())
                .collect();
            assert_eq!(
                base64(checksum),
                quorum_core::digest::sha256(&bytes).as_bytes()
            );
        }
        assert_eq!(list["minimumWaitDuration"], "300s");
        partial
    }
}

#[test]
fn a_client_of_safe_browsing_keeps_its_lists() {
    let server = Server::start();
    let client = &server.client;
    let v5 = |path: &str| client.get(&format!("{OWN}/v5/{path}"));
    let lists = v5("hashLists").json;
    let names: Vec<_> = lists["hashLists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["urls", "files-sha256", "files-sha1", "files-md5"]);
    assert_eq!(
        lists["hashLists"][0]["metadata"]["hashLength"],
        "FOUR_BYTES"
    );

    let hosts = |range: std::ops::Range<u32>| -> String {
        range
            .map(|number| format!("host{number}.example\n"))
            .collect()
    };
    write(&server, "hosts/many.txt", &hosts(0..3000));
    until("the hosts are listed", || {
        list(client, "urls")["entries"] == 3000
    });
    let (mut urls, mut files) = (Mirror::default(), Mirror::default());
    let batch = v5("hashLists:batchGet?names=urls&names=files-sha256").json;
    assert!(!urls.take(&batch["hashLists"][0], Width::Bits32));
    assert!(!files.take(&batch["hashLists"][1], Width::Bits64));
    assert_eq!((urls.prefixes.len(), files.prefixes.len()), (3000, 1));

    write(&server, "hosts/many.txt", &hosts(7..3005));
    until("five came and seven went", || {
        list(client, "urls")["entries"] == 2998
    });
    // Versions in any order, for some of the lists.
    let batch = v5(&format!(
        "hashLists:batchGet?names=files-sha256&names=urls&version={}&version={}",
        escape(&urls.version),
        escape(&files.version)
    ))
    .json;
    assert!(
        batch["hashLists"][0].get("sha256Checksum").is_none(),
        "nothing new: {batch}"
    );
    assert!(files.take(&batch["hashLists"][0], Width::Bits64));
    let update = &batch["hashLists"][1];
    assert_eq!(update["compressedRemovals"]["entriesCount"], 6);
    assert!(urls.take(update, Width::Bits32));
    assert_eq!((urls.prefixes.len(), files.prefixes.len()), (2998, 1));
    let one = v5(&format!("hashList/urls?version={}", escape(&urls.version))).json;
    assert!(urls.take(&one, Width::Bits32));
    assert!(one.get("additionsFourBytes").is_none());

    // A version of somebody else's, or of long ago, is none: the whole list.
    let strange = escape(&files.version.replacen('A', "B", 1));
    assert!(!files.take(
        &v5(&format!("hashList/files-sha256?version={strange}")).json,
        Width::Bits64
    ));
    assert!(!urls.take(&v5("hashList/urls?version=AAAA").json, Width::Bits32));
    for (path, status, code) in [
        ("hashList/nothing", 404, "NotFoundError"),
        (
            "hashLists:batchGet?names=urls&names=nothing",
            404,
            "NotFoundError",
        ),
        ("hashLists:batchGet", 400, "InvalidArgumentError"),
        (
            "hashLists:batchGet?names=urls&names=urls",
            400,
            "InvalidArgumentError",
        ),
        ("hashList/urls?version=~", 400, "InvalidArgumentError"),
        (
            "hashList/urls?sizeConstraints.maxUpdateEntries=1023",
            400,
            "InvalidArgumentError",
        ),
        (
            "hashList/urls?sizeConstraints.maxUpdateEntries=1024",
            400,
            "InvalidArgumentError",
        ),
        (
            "hashList/urls?sizeConstraints.maxDatabaseEntries=2997",
            400,
            "InvalidArgumentError",
        ),
        ("hashes:search", 400, "InvalidArgumentError"),
        (
            "hashes:search?hashPrefixes=AAAA",
            400,
            "InvalidArgumentError",
        ),
    ] {
        assert_eq!(v5(path).error(status), code, "{path}");
    }
    let twice = escape(&urls.version);
    let twice = v5(&format!("hashList/urls?version={twice}&version={twice}"));
    assert_eq!(twice.error(400), "InvalidArgumentError");
    assert_eq!(
        v5("hashList/urls?sizeConstraints.maxUpdateEntries=2998").status,
        200
    );

    // What a prefix stands for.
    use base64::Engine as _;
    let standard = base64::engine::general_purpose::STANDARD;
    let hash = quorum_core::digest::sha256(b"host100.example/");
    let prefix = standard.encode(&hash.as_bytes()[..4]);
    let found = v5(&format!(
        "hashes:search?hashPrefixes={}&hashPrefixes=AAAAAA",
        escape(&prefix)
    ))
    .json;
    assert_eq!(
        found["fullHashes"][0]["fullHash"],
        standard.encode(hash.as_bytes())
    );
    assert_eq!(
        found["fullHashes"][0]["fullHashDetails"],
        json!([{"threatType": "MALWARE"}])
    );
    assert_eq!(found["cacheDuration"], "300s");
}
