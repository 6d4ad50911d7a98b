//! Similarity digests.

use quorum_core::digest::fuzzy::{FuzzyHasher, ssdeep_score, tlsh_distance};
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// Bytes of a case: as everywhere, or a list to be joined, or `{"lcg": seed, "len": …, "bits": 8}`,
/// the upper bits of a linear congruential generator's values.
fn stream(input: &Value) -> Vec<u8> {
    if let Some(parts) = input.as_array() {
        return parts.iter().flat_map(stream).collect();
    }
    let Some(seed) = input["lcg"].as_u64() else {
        return bytes(input);
    };
    let bits = input["bits"].as_u64().unwrap_or(8) as u32;
    let mut x = seed as u32;
    (0..input["len"].as_u64().unwrap())
        .map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> (32 - bits)) as u8
        })
        .collect()
}

subjects! {
    similarity: |input| {
        let mut hasher = FuzzyHasher::new();
        // Uneven pieces: where a stream is cut must not matter.
        for piece in stream(input).chunks(97) {
            hasher.update(piece);
        }
        serde_json::to_value(hasher.finish()).unwrap()
    };
    similarity_score: |input| {
        if let Some([one, other]) = input["ssdeep"].as_array().map(Vec::as_slice) {
            return json!(ssdeep_score(&string(one).parse().unwrap(), &string(other).parse().unwrap()));
        }
        let pair = &input["tlsh"];
        json!(tlsh_distance(&string(&pair[0]).parse().unwrap(), &string(&pair[1]).parse().unwrap()))
    };
}
