//! Addresses: public suffixes, the Safe Browsing form, privacy.

use std::net::Ipv4Addr;

use quorum_core::safe_browsing::SafeUrl;
use quorum_core::suffix;
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// A name as `Domain` holds it; what no `Domain` can be stays as it is.
fn ascii(name: &str) -> String {
    idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned())
}

subjects! {
    public_suffix: |input| {
        let name = ascii(string(input));
        let found = suffix::public_suffix(&name);
        json!({"text": found.text, "known": found.known, "private": found.private})
    };
    safe_browsing_url: |input| match SafeUrl::parse(&bytes(input)) {
        Ok(url) => json!(url.as_str()),
        Err(_) => Value::Null,
    };
    safe_browsing_ipv4: |input| {
        let url = SafeUrl::parse(format!("http://{}/", string(input)).as_bytes()).unwrap();
        json!(url.host().parse::<Ipv4Addr>().ok())
    };
    safe_browsing_expressions: |input| {
        let url = SafeUrl::parse(&bytes(input)).unwrap();
        let mut expressions: Vec<String> = url.expressions().map(|e| e.to_string()).collect();
        expressions.sort();
        json!(expressions)
    };
    safe_browsing_hashes: |input| {
        let url = SafeUrl::parse(&bytes(input)).unwrap();
        json!(url.expression_hashes().collect::<Vec<_>>())
    };
    registrable_domain: |input| json!(suffix::registrable_domain(&ascii(string(input))));
}
