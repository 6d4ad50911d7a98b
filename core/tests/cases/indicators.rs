//! Indicators: reading, ids, privacy.

use quorum_core::indicator::{CanonicalUrl, Indicator, UrlRef};
use serde_json::{Value, json};

use crate::harness::{string, subjects};

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
        Ok(found) => json!({"kind": found.kind(), "value": found.to_string()}),
        Err(_) => Value::Null,
    };
    private: |input| json!(string(input).parse::<Indicator>().map(|found| found.is_private()).ok());
}
