//! Bytes: digests and file types.

use quorum_core::digest::{self, Hasher};
use serde_json::json;

use crate::harness::{bytes, subjects};

subjects! {
    digest: |input| {
        let mut hasher = Hasher::new();
        // Uneven pieces: block borders must not matter.
        for piece in bytes(input).chunks(97) {
            hasher.update(piece);
        }
        serde_json::to_value(hasher.finish()).unwrap()
    };
    file_type: |input| {
        let found = digest::file_type(&bytes(input));
        json!([found.tag, found.extension])
    };
}
