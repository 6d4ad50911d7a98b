//! A door to the digests for `build.sh bench core`, which measures them in the very module that
//! digests dropped files. It is not in the module that is shipped.

use quorum_core::digest;
use wasm_bindgen::prelude::*;

/// Digests a stream.
#[wasm_bindgen]
#[derive(Default)]
pub struct Hasher(digest::Hasher);

#[wasm_bindgen]
impl Hasher {
    /// A hasher that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// MD5, SHA-1 and SHA-256 in hex, with blanks between.
    pub fn finish(self) -> String {
        let digests = self.0.finish();
        format!("{} {} {}", digests.md5, digests.sha1, digests.sha256)
    }
}
