//! MD5, SHA-1 and SHA-256 of a stream in one pass, what kind of file its first bytes
//! show, and whether its name says the same.

mod file_type;
pub mod fuzzy;
mod name;

pub use file_type::{
    FileType, HEAD_BYTES, TAIL_BYTES, TypeTags, broad_type_of, content_tags, file_type,
    file_type_of,
};
pub use name::{NameCheck, RunsOn, check_name, ending, runs_when_opened};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::indicator::{Md5, Sha1, Sha256};

/// The three digests of one stream of bytes, and how many bytes there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// MD5 (RFC 1321): for look-ups only, it can be forged.
    pub md5: Md5,
    /// SHA-1 (FIPS 180-4): for look-ups only, it can be forged.
    pub sha1: Sha1,
    /// SHA-256 (FIPS 180-4): the identity of the bytes.
    pub sha256: Sha256,
    /// Length in bytes.
    pub size: u64,
}

/// Computes [`Digests`] while bytes stream by. Cloning it forks the stream.
///
/// ```
/// let mut hasher = quorum_core::digest::Hasher::new();
/// hasher.update(b"a");
/// hasher.update(b"bc");
/// assert_eq!(hasher.finish().md5.to_string(), "900150983cd24fb0d6963f7d28e17f72");
/// ```
#[derive(Clone, Default)]
pub struct Hasher {
    md5: md5::Md5,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    size: u64,
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        // Small pieces keep the input in the first-level cache for all three algorithms.
        for piece in bytes.chunks(16 * 1024) {
            self.md5.update(piece);
            self.sha1.update(piece);
            self.sha256.update(piece);
        }
        self.size += bytes.len() as u64;
    }

    /// The digests of all that was added.
    pub fn finish(self) -> Digests {
        Digests {
            md5: <[u8; 16]>::from(self.md5.finalize()).into(),
            sha1: <[u8; 20]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; 32]>::from(self.sha256.finalize()).into(),
            size: self.size,
        }
    }
}

/// The SHA-256 of bytes that are all here already.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    <[u8; 32]>::from(sha2::Sha256::digest(bytes)).into()
}
