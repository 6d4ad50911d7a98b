//! Submissions and reports of web addresses.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::harness::{MULTIPART, Server, escape, multipart, sha256};

/// Known from the API's documents.
const EXAMPLE: &str = "2a1b402420ef46577471cdc7409b0fa2c6a204db316e59ade2d805435489a067";

#[test]
fn a_url_is_sent_in_as_form_or_multipart_and_found_by_id_or_base64() {
    let server = Server::start();
    let analysis = server.client.post_url("HTTP://Example.COM").data();
    let id = analysis["id"].as_str().unwrap();
    let (prefix, epoch) = id.rsplit_once('-').unwrap();
    assert_eq!(prefix, format!("u-{EXAMPLE}"));
    assert!(epoch.parse::<i64>().unwrap() > 1_700_000_000);
    let analysis = server.client.completed(id);
    let info = json!({"id": EXAMPLE, "url": "http://example.com/"});
    assert_eq!(analysis["meta"]["url_info"], info);
    let stats = analysis["data"]["attributes"]["stats"].as_object().unwrap();
    assert_eq!(stats.len(), 5);
    let result = &analysis["data"]["attributes"]["results"]["URL list"];
    assert_eq!(result["result"], "unrated");
    assert!(result.get("engine_version").is_none());

    let part = [(
        "Content-Disposition: form-data; name=\"url\"",
        &b"http://example.com/"[..],
    )];
    server
        .client
        .send("POST", "/urls", &[MULTIPART], &multipart(&part))
        .data();

    for name in [
        EXAMPLE.to_owned(),
        EXAMPLE.to_uppercase(),
        URL_SAFE_NO_PAD.encode("http://example.com"),
        STANDARD_NO_PAD.encode("http://example.com/"),
        escape(&STANDARD.encode("example.com")),
    ] {
        let report = server.client.get(&format!("/urls/{name}")).data();
        assert_eq!(report["id"], EXAMPLE, "{name}");
        let attributes = &report["attributes"];
        assert_eq!(attributes["url"], "http://example.com/");
        assert_eq!(attributes["last_final_url"], "http://example.com/");
        assert_eq!(attributes["tld"], "com");
        assert_eq!(attributes["times_submitted"], 2);
        assert_eq!(attributes["last_analysis_stats"]["undetected"], 2);
    }
}

#[test]
fn user_name_and_password_are_nobodys_business() {
    let server = Server::start();
    let analysis = server
        .client
        .post_url("https://bob:secret@a.example/x")
        .data();
    let analysis = server.client.completed(analysis["id"].as_str().unwrap());
    assert_eq!(analysis["meta"]["url_info"]["url"], "https://a.example/x");
    let name = URL_SAFE_NO_PAD.encode("https://bob:secret@a.example/x");
    let report = server.client.get(&format!("/urls/{name}")).data();
    assert_eq!(report["id"], sha256(b"https://a.example/x"));
}

#[test]
fn refuses_what_is_no_web_address() {
    let server = Server::start();
    for text in [
        "",
        "ftp://a.example/",
        "javascript:alert(1)",
        "http://",
        "http://host%23.com/",
    ] {
        assert_eq!(
            server.client.post_url(text).error(400),
            "InvalidArgumentError",
            "{text}"
        );
    }
    let reply = server.client.send("POST", "/urls", &[], b"");
    assert_eq!(reply.error(400), "InvalidArgumentError");
    assert_eq!(
        server.client.get("/urls/!!!").error(400),
        "InvalidArgumentError"
    );
    assert_eq!(
        server.client.get(&format!("/urls/{EXAMPLE}")).error(404),
        "NotFoundError"
    );
}

#[test]
fn a_url_leads_to_its_host_and_takes_comments_and_votes() {
    let server = Server::start();
    let analysis = server.client.post_url("http://example.com/").data();
    server.client.completed(analysis["id"].as_str().unwrap());
    let item = format!("/urls/{EXAMPLE}");
    let host = server
        .client
        .get(&format!("{item}/network_location"))
        .data();
    assert_eq!(
        (&host["type"], &host["id"]),
        (&json!("domain"), &json!("example.com"))
    );
    let comment = server.client.comment(&item, "looks fine").data();
    assert!(
        comment["id"]
            .as_str()
            .unwrap()
            .starts_with(&format!("u-{EXAMPLE}-"))
    );
    server.client.vote(&item, "harmless").data();
    let report = server.client.get(&item).data();
    assert_eq!(report["attributes"]["total_votes"]["harmless"], 1);
    assert_eq!(report["attributes"]["reputation"], 1);
    let analysis = server
        .client
        .send("POST", &format!("{item}/analyse"), &[], b"")
        .data();
    server.client.completed(analysis["id"].as_str().unwrap());
}
