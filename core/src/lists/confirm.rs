//! Asking a Quorum server what stands behind a hit by four bytes, without telling it which address is
//! meant: `POST /lookups`, described in `docs/QUORUM-V1.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use super::Proof;
use crate::indicator::Sha256;

/// How many prefixes a request always has.
pub const LOOKUP_PREFIXES: usize = 8;

type Prefix = [u8; 4];

fn hex(prefix: Prefix) -> String {
    prefix.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prefix(hash: &Sha256) -> Prefix {
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}

/// What is asked about an expression's digest: its prefix among others that `random` gives, in an order
/// that tells nothing. The same in length each time.
pub fn lookup_body(hash: &Sha256, random: &[[u8; 4]; LOOKUP_PREFIXES - 1]) -> String {
    // Digests are as random as what they are put among, so that their order says nothing.
    let mut prefixes: Vec<_> = random.iter().copied().chain([prefix(hash)]).collect();
    prefixes.sort_unstable();
    let prefixes: Vec<_> = prefixes.into_iter().map(hex).collect();
    json!({"data": {"expressions": prefixes}}).to_string()
}

/// What a server knows of some prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup {
    /// How long that may be gone by, in milliseconds.
    pub good_for: i64,
    asked: BTreeSet<String>,
    known: BTreeMap<Sha256, Option<String>>,
}

#[derive(Deserialize)]
struct Document {
    data: Data,
    meta: Meta,
}

#[derive(Deserialize)]
struct Data {
    expressions: BTreeMap<String, Vec<Known>>,
}

#[derive(Deserialize)]
struct Known {
    id: Sha256,
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    label: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    cache_seconds: u32,
    #[serde(default)]
    incomplete: Vec<serde_json::Value>,
}

impl Lookup {
    /// Reads an answer; `None` if it is none.
    pub fn read(json: &[u8]) -> Option<Self> {
        const DAY_SECONDS: u32 = 24 * 60 * 60;
        let document: Document = serde_json::from_slice(json).ok()?;
        if !document.meta.incomplete.is_empty() {
            return None;
        }
        let expressions = document.data.expressions;
        Some(Self {
            good_for: i64::from(document.meta.cache_seconds.min(DAY_SECONDS)) * 1000,
            asked: expressions.keys().cloned().collect(),
            known: expressions
                .into_values()
                .flatten()
                .map(|known| (known.id, known.attributes.label))
                .collect(),
        })
    }

    /// What it says of an expression's digest.
    pub fn of(&self, hash: &Sha256) -> Proof {
        match self.known.get(hash) {
            Some(label) => Proof::Confirmed(label.clone()),
            None if self.asked.contains(&hex(prefix(hash))) => Proof::Refuted,
            None => Proof::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    #[test]
    fn a_question_tells_four_bytes_among_others_and_the_answer_counts_in_full() {
        let (listed, other) = (sha256(b"bad.example/"), sha256(b"good.example/"));
        let body = lookup_body(
            &listed,
            &[[0xff; 4], [0; 4], [1; 4], [2; 4], [3; 4], [4; 4], [5; 4]],
        );
        let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
        let asked = asked["data"]["expressions"].as_array().unwrap();
        assert_eq!(asked.len(), LOOKUP_PREFIXES);
        assert!(asked.contains(&hex(prefix(&listed)).into()));
        assert!(!body.contains(&listed.to_string()));

        let answer = |id: Sha256| {
            json!({
                "data": {"sha256": {}, "expressions": {hex(prefix(&listed)): [
                    {"type": "expression", "id": id, "attributes": {"names": "host", "label": "Botnet"}},
                ]}},
                "meta": {"cache_seconds": 300, "padding": "00"},
            })
            .to_string()
        };
        let found = Lookup::read(answer(listed).as_bytes()).unwrap();
        assert_eq!(found.good_for, 300_000);
        assert_eq!(
            found.of(&listed),
            Proof::Confirmed(Some("Botnet".to_owned()))
        );
        assert_eq!(found.of(&other), Proof::None, "that was not asked");
        // The same four bytes, and another digest: the hit was by chance.
        let mut near = *listed.as_bytes();
        near[31] ^= 1;
        let found = Lookup::read(answer(near.into()).as_bytes()).unwrap();
        assert_eq!(found.of(&listed), Proof::Refuted);
        assert_eq!(Lookup::read(b"{}"), None);
    }
}
