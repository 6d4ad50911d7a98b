//! Domains and IP addresses: there is a report on each, at any time.

use serde_json::json;

use crate::harness::{Server, escape, sha256};

#[test]
fn any_domain_has_a_report_in_its_ascii_form() {
    let server = Server::start();
    for (name, id) in [
        ("Example.COM.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        let report = server
            .client
            .get(&format!("/domains/{}", escape(name)))
            .data();
        assert_eq!(report["type"], "domain");
        assert_eq!(report["id"], id);
        let attributes = &report["attributes"];
        assert_eq!(attributes["tld"], id.rsplit('.').next().unwrap());
        assert_eq!(attributes["whois"], "");
        assert_eq!(
            attributes["last_analysis_results"]["Host list"]["category"],
            "undetected"
        );
        assert_eq!(
            attributes["last_analysis_stats"].as_object().unwrap().len(),
            5
        );
        assert!(attributes["last_analysis_date"].is_i64());
    }
    for name in ["localhost", "a..b", "1.2.3.4", "-", "a%20b.example"] {
        let reply = server.client.get(&format!("/domains/{name}"));
        assert_eq!(reply.error(400), "InvalidArgumentError", "{name}");
    }
}

#[test]
fn any_address_has_a_report() {
    let server = Server::start();
    for (name, id) in [("192.0.2.7", "192.0.2.7"), ("2001:DB8::0:1", "2001:db8::1")] {
        let report = server.client.get(&format!("/ip_addresses/{name}")).data();
        assert_eq!(
            (&report["type"], &report["id"]),
            (&json!("ip_address"), &json!(id))
        );
        assert!(report["attributes"]["last_analysis_results"]["Host list"].is_object());
    }
    let loopback = server.client.get("/ip_addresses/127.0.0.1").data();
    assert_eq!(loopback["attributes"]["tags"], json!(["loopback"]));
    for name in ["1.2.3", "example.com", "1.2.3.4.5", "::g"] {
        let reply = server.client.get(&format!("/ip_addresses/{name}"));
        assert_eq!(reply.error(400), "InvalidArgumentError", "{name}");
    }
}

#[test]
fn hosts_are_analysed_commented_on_and_voted_for() {
    let server = Server::start();
    for (item, letter, id) in [
        ("/domains/my-site.example", 'd', "my-site.example"),
        ("/ip_addresses/192.0.2.7", 'i', "192.0.2.7"),
    ] {
        let analysis = server
            .client
            .send("POST", &format!("{item}/analyse"), &[], b"")
            .data();
        let analysis_id = analysis["id"].as_str().unwrap();
        assert!(analysis_id.starts_with(&format!("{letter}-{}-", sha256(id.as_bytes()))));
        let done = server.client.completed(analysis_id);
        assert_eq!(done["data"]["attributes"]["stats"]["undetected"], 1);
        assert_eq!(
            server
                .client
                .get(&format!("/analyses/{analysis_id}/item"))
                .data()["id"],
            id
        );
        let comment = server.client.comment(item, "mine").data();
        let comment_id = comment["id"].as_str().unwrap();
        assert!(comment_id.starts_with(&format!("{letter}-{id}-")));
        let back = server
            .client
            .get(&format!("/comments/{comment_id}/item"))
            .data();
        assert_eq!(back["id"], id);
        let vote = server.client.vote(item, "malicious").data();
        assert_eq!(vote["attributes"]["value"], -1);
        assert_eq!(
            server.client.get(item).data()["attributes"]["reputation"],
            -1
        );
    }
}
