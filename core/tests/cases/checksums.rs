//! A publisher's checksums.

use quorum_core::checksum::{self, Claim, Page};
use quorum_core::digest::Hasher;
use quorum_core::indicator::Sha512;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::harness::{string, subjects};

fn value(of: impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(string).collect()
}

subjects! {
    checksum_header: |input| {
        let headers = input.as_array().unwrap().iter();
        value(checksum::from_headers(headers.map(|it| (string(&it[0]), string(&it[1])))))
    };
    checksum_list: |input| {
        let names = texts(&input["names"]);
        value(checksum::from_list(string(&input["text"]), string(&input["address"]), &names))
    };
    checksum_page: |input| {
        let page: Page = serde_json::from_value(input["page"].clone()).unwrap();
        let pointed = checksum::from_page(&page, string(&input["address"]));
        json!({"claims": pointed.claims, "lists": pointed.lists})
    };
    checksum_compare: |input| {
        let bytes = string(&input["bytes"]).as_bytes();
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        let sha512 = Sha512::from(<[u8; 64]>::from(sha2::Sha512::digest(bytes)));
        let sha512 = input["sha512"].as_bool().unwrap().then_some(sha512);
        let claims: Vec<Claim> = serde_json::from_value(input["claims"].clone()).unwrap();
        value(checksum::compare(&claims, &hasher.finish(), sha512.as_ref()))
    };
}
