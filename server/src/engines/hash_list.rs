//! The hash list: files that are known to be malicious, by any of their three hashes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quorum_core::indicator::{FileHash, Kind};

use super::packs::{Entries, Pack};
use super::{Engine, EngineError, Finding, Subject};
use crate::clock;

/// The lists in `packs/hashes`.
pub(crate) struct HashList(Pack<FileHash, String>);

impl HashList {
    pub(super) fn new(packs: &Path) -> Self {
        Self(Pack::new(packs.join("hashes"), |entry, label| {
            let hash = entry
                .parse::<FileHash>()
                .map_err(|error| error.to_string())?;
            Ok((hash, label.to_owned()))
        }))
    }

    /// Whether a hash is listed. May read files.
    pub(crate) fn lists(&self, hash: &FileHash) -> bool {
        self.0.current().by_key.contains_key(hash)
    }

    /// How often the files were read anew, unless they have to be looked at.
    pub(super) fn version_at_hand(&self) -> Option<u64> {
        self.0.version_at_hand()
    }

    /// What is listed now. May read files.
    pub(crate) fn current(&self) -> Arc<Entries<FileHash, String>> {
        self.0.current()
    }
}

impl Engine for HashList {
    fn name(&self) -> &'static str {
        "Hash list"
    }

    fn judges(&self, kind: Kind) -> bool {
        kind == Kind::File
    }

    fn version(&self) -> String {
        self.0.current().version()
    }

    fn updated(&self) -> Option<String> {
        self.0.current().updated.map(clock::compact_date)
    }

    fn is_at_hand(&self) -> bool {
        self.version_at_hand().is_some()
    }

    fn judge(&self, subject: &Subject, _: Duration) -> Result<Finding, EngineError> {
        let Subject::File {
            md5, sha1, sha256, ..
        } = subject
        else {
            return Err(EngineError::Unsupported);
        };
        let hashes = [
            sha256.map(FileHash::Sha256),
            sha1.map(FileHash::Sha1),
            md5.map(FileHash::Md5),
        ];
        let entries = self.0.current();
        let label = hashes
            .into_iter()
            .flatten()
            .find_map(|hash| entries.by_key.get(&hash));
        Ok(label.map_or_else(Finding::undetected, Finding::malicious))
    }
}
