//! Addresses: public suffixes, the Safe Browsing form, privacy.

use quorum_core::suffix;
use serde_json::json;

use crate::harness::{string, subjects};

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
    registrable_domain: |input| json!(suffix::registrable_domain(&ascii(string(input))));
}
