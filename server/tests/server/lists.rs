//! The packs: what is on a list has a report though nobody sent it in, and a change of a list
//! shows without a restart.

use std::time::{Duration, SystemTime};

use crate::harness::{Client, EICAR_SHA256, Server, sha256, until};

fn write(server: &Server, pack: &str, text: &str) {
    std::fs::write(server.data().join("packs").join(pack), text).unwrap();
}

fn category(client: &Client, path: &str, engine: &str) -> Option<String> {
    let reply = client.get(path);
    let result = &reply.json["data"]["attributes"]["last_analysis_results"][engine];
    result["category"].as_str().map(str::to_owned)
}

#[test]
fn a_fresh_server_knows_the_test_file_by_its_hash() {
    let server = Server::start();
    let report = server.client.get(&format!("/files/{EICAR_SHA256}")).data();
    let attributes = &report["attributes"];
    assert_eq!(
        attributes["last_analysis_results"]["Hash list"]["result"],
        "EICAR-Test-File"
    );
    assert_eq!(attributes["last_analysis_stats"]["malicious"], 1);
    assert!(attributes.get("size").is_none());
    // Nobody sent it in, so it has no such date; a null would break clients.
    assert!(attributes.get("first_submission_date").is_none());
    server
        .client
        .comment(&format!("/files/{EICAR_SHA256}"), "harmless")
        .data();
    assert_eq!(
        server.client.get(&format!("/files/{EICAR_SHA256}")).status,
        200
    );
}

#[test]
fn what_an_administrator_removes_stays_removed() {
    let mut server = Server::start();
    std::fs::remove_file(server.data().join("packs/hashes/eicar.txt")).unwrap();
    server.terminate();
    server.start_again(&[]);
    assert_eq!(
        server.client.get(&format!("/files/{EICAR_SHA256}")).status,
        404
    );
}

#[test]
fn a_changed_list_counts_without_a_restart() {
    let server = Server::start();
    let client = &server.client;
    let url = format!("/urls/{}", sha256(b"http://evil.example/login?a=1"));
    assert_eq!(client.get(&url).status, 404);
    assert_eq!(
        category(client, "/domains/www.evil.example", "Host list").unwrap(),
        "undetected"
    );

    write(
        &server,
        "urls/mine.txt",
        "# ours\n\nno address ://\nhttp://evil.example/login?a=1\tPhishing\n",
    );
    write(
        &server,
        "hosts/mine.txt",
        "evil.example\n203.0.113.9\tBotnet\n",
    );
    until("the URL is known", || client.get(&url).status == 200);
    let report = client.get(&url).data();
    assert_eq!(
        report["attributes"]["last_analysis_results"]["URL list"]["result"],
        "Phishing"
    );
    assert_eq!(report["attributes"]["url"], "http://evil.example/login?a=1");
    until("the host is known", || {
        category(client, "/domains/www.evil.example", "Host list").unwrap() == "malicious"
    });
    // An address on a listed host is objected to by both.
    let stats = &client.get(&url).data()["attributes"]["last_analysis_stats"];
    assert_eq!(stats["malicious"], 2);
    let report = client.get("/domains/evil.example").data();
    // No label is given, so the file's stem is it.
    assert_eq!(
        report["attributes"]["last_analysis_results"]["Host list"]["result"],
        "mine"
    );
    assert_eq!(
        category(client, "/domains/notevil.example", "Host list").unwrap(),
        "undetected"
    );
    assert_eq!(
        category(client, "/ip_addresses/203.0.113.9", "Host list").unwrap(),
        "malicious"
    );

    std::fs::remove_file(server.data().join("packs/urls/mine.txt")).unwrap();
    until("the URL is forgotten", || client.get(&url).status == 404);
}

#[test]
fn a_report_carries_the_lists_present_word() {
    let server = Server::start();
    let client = &server.client;
    client.analysed("a", b"was thought clean");
    let id = sha256(b"was thought clean");
    let path = format!("/files/{id}");
    assert_eq!(category(client, &path, "Hash list").unwrap(), "undetected");
    write(&server, "hashes/new.txt", &format!("{id}\tTrojan.New\n"));
    until("the list counts", || {
        category(client, &path, "Hash list").unwrap() == "malicious"
    });
    let report = client.get(&path).data();
    assert_eq!(report["attributes"]["last_analysis_stats"]["malicious"], 1);
    assert_eq!(report["attributes"]["last_analysis_stats"]["undetected"], 1);
}

#[test]
fn an_edit_that_keeps_the_size_is_seen_too() {
    let server = Server::start();
    let path = server.data().join("packs/hosts/mine.txt");
    std::fs::write(&path, "aaaa.example\n").unwrap();
    let client = &server.client;
    until("the first is known", || {
        category(client, "/domains/aaaa.example", "Host list").unwrap() == "malicious"
    });
    std::fs::write(&path, "bbbb.example\n").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(1))
        .unwrap();
    until("the second is known", || {
        category(client, "/domains/bbbb.example", "Host list").unwrap() == "malicious"
    });
    assert_eq!(
        category(client, "/domains/aaaa.example", "Host list").unwrap(),
        "undetected"
    );
}
