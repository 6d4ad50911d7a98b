//! What belongs to what: as far as submissions and analyses tell.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::{Client, Directory, MULTIPART, Server, eicar, escape, multipart, sha256};

fn zip(members: &[(&str, &[u8])], password: Option<&[u8]>) -> Vec<u8> {
    use zip::unstable::write::FileOptionsExt as _;
    let mut options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    if let Some(password) = password {
        options = options.with_deprecated_encryption(password).unwrap();
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ids(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.json);
    let entries = reply.json["data"].as_array().unwrap();
    assert_eq!(reply.json["meta"]["count"], entries.len(), "{path}");
    let mut ids: Vec<_> = entries
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn the_members_of_an_archive_are_its_bundled_files() {
    let server = Server::start();
    let client = &server.client;
    let (known, unknown) = (b"a letter".as_slice(), b"nobody sent this in".as_slice());
    client.analysed("letter.txt", known);
    let inner = zip(&[("deep/unknown.txt", unknown)], None);
    let outer = zip(&[("letter.txt", known), ("inner.zip", &inner)], None);
    client.analysed("outer.zip", &outer);
    let id = sha256(&outer);
    let mut expected = vec![sha256(known), sha256(unknown), sha256(&inner)];
    expected.sort_unstable();
    assert_eq!(ids(client, &format!("/files/{id}/bundled_files")), expected);
    // What is here is whole, what is not says so, and both say what they are called there.
    let listed = client.get(&format!("/files/{id}/bundled_files")).data();
    let of = |bytes: &[u8]| {
        let mut entries = listed.as_array().unwrap().iter();
        entries.find(|entry| entry["id"] == sha256(bytes)).unwrap()
    };
    assert_eq!(of(known)["attributes"]["size"], known.len());
    assert_eq!(of(known)["context_attributes"]["filename"], "letter.txt");
    assert_eq!(of(unknown)["error"]["code"], "NotFoundError");
    let name = &of(unknown)["context_attributes"]["filename"];
    assert_eq!(*name, "inner.zip/deep/unknown.txt");
    let inside = client
        .get(&format!("/files/{id}?relationships=bundled_files"))
        .data();
    let descriptors = &inside["relationships"]["bundled_files"]["data"];
    let descriptors = descriptors.as_array().unwrap().iter();
    assert!(
        descriptors
            .clone()
            .any(|one| one["error"]["code"] == "NotFoundError")
    );
    assert_eq!(inside["attributes"]["bundle_info"]["num_children"], 3);
    // From the other end, premium as the API has it.
    let parents = format!("/files/{}/compressed_parents", sha256(known));
    assert_eq!(ids(client, &parents), [id]);
    let public = server.user(&["add", "bob", "--tier", "public"]);
    assert_eq!(public.get(&parents).error(403), "ForbiddenError");
}

#[test]
fn a_password_that_comes_with_a_zip_opens_it_and_is_kept_nowhere() {
    let server = Server::start();
    let client = &server.client;
    let secret = "a password of its own";
    let archive = zip(&[("eicar.com", &eicar())], Some(secret.as_bytes()));
    let send = |password: &str| {
        let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.zip\"";
        let field = "Content-Disposition: form-data; name=\"password\"";
        let body = multipart(&[(file, &archive), (field, password.as_bytes())]);
        let sent = client.send("POST", "/files", &[MULTIPART], &body).data();
        client.completed(sent["id"].as_str().unwrap());
    };
    let inside = format!("/files/{}/ciphered_bundled_files", sha256(&archive));
    send("another one");
    assert_eq!(ids(client, &inside), [""; 0]);
    send(secret);
    assert_eq!(ids(client, &inside), [sha256(&eicar())]);
    let directory = Directory::new();
    let backup = directory.0.join("backup");
    server.must(&["backup", backup.to_str().unwrap()]);
    for entry in std::fs::read_dir(backup.join("tables")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(secret));
    }
}

#[test]
fn the_addresses_in_a_text_lead_to_it() {
    let server = Server::start();
    let client = &server.client;
    let url = "http://cdn.example.com/a.bin";
    let text = format!("fetch {url} from 198.51.100.7 or mirror.example.org\n");
    client.analysed("notes.txt", text.as_bytes());
    let id = sha256(text.as_bytes());
    let embedded = client.get(&format!("/files/{id}/embedded_urls")).data();
    // Nobody sent the URL in, and there is a report on it all the same.
    assert_eq!(embedded[0]["attributes"]["url"], url);
    assert_eq!(embedded[0]["context_attributes"]["url"], url);
    assert_eq!(
        ids(client, &format!("/files/{id}/embedded_ips")),
        ["198.51.100.7"]
    );
    assert_eq!(
        ids(client, &format!("/files/{id}/embedded_domains")),
        ["mirror.example.org"]
    );
    for host in ["domains/mirror.example.org", "ip_addresses/198.51.100.7"] {
        assert_eq!(
            ids(client, &format!("/{host}/referrer_files")),
            [id.as_str()]
        );
    }
    let report = client.get(&format!("/files/{id}")).data();
    assert!(
        report["attributes"]["ssdeep"]
            .as_str()
            .unwrap()
            .contains(':')
    );
    let long: Vec<u8> = (0..20_000_u32)
        .flat_map(|n| (n * n).to_le_bytes())
        .collect();
    client.analysed("long.bin", &long);
    let report = client.get(&format!("/files/{}", sha256(&long))).data();
    assert!(
        report["attributes"]["tlsh"]
            .as_str()
            .unwrap()
            .starts_with("T1")
    );
}

#[test]
fn a_host_knows_its_urls_and_a_domain_its_relatives() {
    let server = Server::start();
    let client = &server.client;
    let mut urls = Vec::new();
    for url in [
        "http://www.example.com/a",
        "http://www.example.com/b",
        "http://deep.mail.example.com/",
        "http://mail.example.com/",
        "http://198.51.100.9/x",
    ] {
        let sent = client.post_url(url).data();
        let id = sent["id"].as_str().unwrap();
        client.completed(id);
        urls.push(id.split('-').nth(1).unwrap().to_owned());
    }
    let mut on_www = urls[..2].to_vec();
    on_www.sort_unstable();
    assert_eq!(ids(client, "/domains/www.example.com/urls"), on_www);
    assert_eq!(
        ids(client, "/ip_addresses/198.51.100.9/urls"),
        [urls[4].as_str()]
    );
    assert_eq!(
        ids(client, "/domains/example.com/subdomains"),
        [
            "deep.mail.example.com",
            "mail.example.com",
            "www.example.com"
        ]
    );
    assert_eq!(
        ids(client, "/domains/www.example.com/siblings"),
        ["mail.example.com"]
    );
    assert_eq!(ids(client, "/domains/example.com/siblings"), [""; 0]);
    let one = |path: &str| client.get(path).data()["id"].clone();
    let deep = "/domains/deep.mail.example.com";
    assert_eq!(one(&format!("{deep}/immediate_parent")), "mail.example.com");
    assert_eq!(one(&format!("{deep}/parent")), "example.com");
    assert_eq!(
        client.get("/domains/example.com/parent").json["data"],
        Value::Null
    );
    // What people say of a URL is found at its host, and the other way round.
    let said = client
        .comment(&format!("/urls/{}", urls[0]), "look at this")
        .data();
    let said = said["id"].as_str().unwrap();
    assert_eq!(
        ids(client, "/domains/www.example.com/related_comments"),
        [said]
    );
    let host = client
        .comment("/domains/www.example.com", "a bad host")
        .data();
    let host = host["id"].as_str().unwrap();
    let path = format!("/urls/{}/related_comments", urls[1]);
    assert_eq!(ids(client, &path), [host]);
}

#[test]
fn attributes_are_restricted_to_those_that_are_asked_for() {
    let server = Server::start();
    let client = &server.client;
    let report = client
        .get("/domains/example.com?attributes=tld,whois")
        .data();
    assert_eq!(report["attributes"], json!({"tld": "com", "whois": ""}));
    assert_eq!(report["id"], "example.com");
    let found = client.get(&format!(
        "/search?query={}&attributes=tld",
        escape("example.com")
    ));
    assert_eq!(found.data()[0]["attributes"], json!({"tld": "com"}));
    let whole = client.get("/domains/example.com?attributes=").data();
    assert!(whole["attributes"]["last_analysis_stats"].is_object());
}
