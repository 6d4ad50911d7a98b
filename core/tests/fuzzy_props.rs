//! What holds for the similarity digests of every stream.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quorum_core::digest::fuzzy::{FuzzyHasher, ssdeep_score, tlsh_distance};
use quorum_core::observable::{Ssdeep, Tlsh};

fn hashed(pieces: &[&[u8]]) -> FuzzyHasher {
    let mut hasher = FuzzyHasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    hasher
}

/// Digests as other programs may write them, the odd ones too.
fn any_ssdeep() -> impl Strategy<Value = Ssdeep> {
    (0..31u32, "[A-D+/]{0,64}", "[A-D+/]{0,64}").prop_map(|(size, first, second)| {
        format!("{}:{first}:{second}", 3u64 << size)
            .parse()
            .unwrap()
    })
}

proptest! {
    #[test]
    fn the_cuts_of_a_stream_do_not_matter(
        bytes in proptest::collection::vec(any::<u8>(), 0..4000),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(bytes.len() + 1);
        let whole = hashed(&[&bytes]).finish();
        prop_assert_eq!(&hashed(&[&bytes[..cut], &bytes[cut..]]).finish(), &whole);
    }

    #[test]
    fn scores_are_symmetric_and_full_for_the_same(one in any_ssdeep(), other in any_ssdeep()) {
        let score = ssdeep_score(&one, &other);
        prop_assert!(score <= 100);
        prop_assert_eq!(score, ssdeep_score(&other, &one));
        prop_assert_eq!(ssdeep_score(&one, &one), 100);
    }

    #[test]
    fn distances_are_symmetric_and_zero_for_the_same(one in any::<[u8; 35]>(), other in any::<[u8; 35]>()) {
        let (one, other) = (Tlsh::from(one), Tlsh::from(other));
        prop_assert_eq!(tlsh_distance(&one, &other), tlsh_distance(&other, &one));
        prop_assert_eq!(tlsh_distance(&one, &one), 0);
    }
}
