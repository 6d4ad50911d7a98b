//! Addresses: public suffixes, the Safe Browsing form, privacy.

use std::net::Ipv4Addr;

use quorum_core::indicator::Indicator;
use quorum_core::privacy::{self, Level, NotSendable, Sendable};
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
    secret: |input| {
        let shortened = privacy::shorten(&format!("https://a.example/?{}", string(input)), Level::Query);
        json!(shortened.differences.first().map(|difference| difference.what))
    };
    shorten: |input| {
        let original = string(&input[0]);
        let level: Level = serde_json::from_value(input[1].clone()).unwrap();
        let shortened = privacy::shorten(original, level);
        let taken = shortened.differences.iter();
        let taken: Vec<_> = taken.map(|d| json!([original[d.start..d.end], d.what])).collect();
        json!([shortened.text, taken])
    };
    reserved: |input| match Sendable::try_from(string(input).parse::<Indicator>().unwrap()) {
        Ok(_) => Value::Null,
        Err(NotSendable(reason)) => json!(reason),
    };
    registrable_domain: |input| json!(suffix::registrable_domain(&ascii(string(input))));
}
