//! The URL list: web addresses that are known to be malicious, each exactly as it stands.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quorum_core::indicator::{CanonicalUrl, Kind, Sha256};

use super::packs::{Entries, Pack};
use super::{Engine, EngineError, Finding, Subject};
use crate::clock;

/// The lists in `packs/urls`, by the id that the API gives an address: who asks by id alone gets
/// an answer too.
pub(crate) struct UrlList(Pack<Sha256, (CanonicalUrl, String)>);

impl UrlList {
    pub(super) fn new(packs: &Path) -> Self {
        Self(Pack::new(packs.join("urls"), |entry, label| {
            let url = entry
                .parse::<CanonicalUrl>()
                .map_err(|error| error.to_string())?
                .without_credentials();
            Ok((url.id(), (url, label.to_owned())))
        }))
    }

    /// The address behind an id, if it is listed. May read files.
    pub(crate) fn find(&self, id: &Sha256) -> Option<CanonicalUrl> {
        self.0.current().by_key.get(id).map(|(url, _)| url.clone())
    }

    /// How often the files were read anew, unless they have to be looked at.
    pub(super) fn version_at_hand(&self) -> Option<u64> {
        self.0.version_at_hand()
    }

    /// What is listed now. May read files.
    pub(crate) fn current(&self) -> Arc<Entries<Sha256, (CanonicalUrl, String)>> {
        self.0.current()
    }
}

impl Engine for UrlList {
    fn name(&self) -> &'static str {
        "URL list"
    }

    fn judges(&self, kind: Kind) -> bool {
        kind == Kind::Url
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
        let Subject::Url(url) = subject else {
            return Err(EngineError::Unsupported);
        };
        let entries = self.0.current();
        Ok(entries
            .by_key
            .get(&url.id())
            .map_or_else(Finding::unrated, |(_, label)| Finding::malicious(label)))
    }
}
