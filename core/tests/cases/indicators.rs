//! Indicators: reading, ids, privacy.

use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Indicator, Sha512, UrlRef};
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// How long a value's text is, or why there is none.
fn told<T, E: ToString>(read: Result<T, E>, text: fn(&T) -> &str) -> Value {
    match read {
        Ok(value) => json!(text(&value).len()),
        Err(error) => json!(error.to_string()),
    }
}

subjects! {
    canonical_url: |input| match string(input).parse::<CanonicalUrl>() {
        Ok(url) => json!(url.to_string()),
        Err(_) => Value::Null,
    };
    url_id: |input| match string(input).parse::<UrlRef>() {
        Ok(reference) => json!(reference.id().to_string()),
        Err(_) => Value::Null,
    };
    indicator: |input| match Indicator::read(string(input)) {
        Ok(found) => {
            assert_eq!(json!(found.kind()), found.kind().as_str());
            json!({"kind": found.kind(), "value": found.to_string()})
        }
        Err(_) => Value::Null,
    };
    private: |input| json!(string(input).parse::<Indicator>().map(|found| found.is_private()).ok());
    indicator_fault: |input| {
        let text = String::from_utf8(bytes(&input[1])).unwrap();
        match string(&input[0]) {
            "url" => told(text.parse::<CanonicalUrl>(), CanonicalUrl::as_str),
            "domain" => told(text.parse::<Domain>(), Domain::as_str),
            "hash" => told(text.parse::<FileHash>(), |_| ""),
            "sha512" => told(text.parse::<Sha512>(), |_| ""),
            "url_ref" => told(text.parse::<UrlRef>(), |_| ""),
            "indicator" => told(text.parse::<Indicator>(), |_| ""),
            other => panic!("no type {other}"),
        }
    };
}
