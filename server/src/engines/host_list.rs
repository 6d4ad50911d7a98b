//! The host list: domain names and IP addresses that are known to be malicious. A name counts for
//! every name below it, and for every address of the web that has it as its host.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quorum_core::indicator::{Indicator, Kind};

use super::packs::{Entries, Pack};
use super::{Engine, EngineError, Finding, Subject};
use crate::clock;

/// The lists in `packs/hosts`, by name or address in text form.
pub(crate) struct HostList(Pack<String, String>);

impl HostList {
    pub(super) fn new(packs: &Path) -> Self {
        Self(Pack::new(packs.join("hosts"), |entry, label| {
            match entry.parse() {
                Ok(host @ (Indicator::Domain(_) | Indicator::Ip(_))) => {
                    Ok((host.to_string(), label.to_owned()))
                }
                _ => Err("neither a domain name nor an IP address".to_owned()),
            }
        }))
    }

    /// How often the files were read anew, unless they have to be looked at.
    pub(super) fn version_at_hand(&self) -> Option<u64> {
        self.0.version_at_hand()
    }

    /// What is listed now. May read files.
    pub(crate) fn current(&self) -> Arc<Entries<String, String>> {
        self.0.current()
    }
}

impl Engine for HostList {
    fn name(&self) -> &'static str {
        "Host list"
    }

    fn judges(&self, kind: Kind) -> bool {
        kind != Kind::File
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
        let host = match subject {
            Subject::Domain(domain) => Some(Indicator::Domain(domain.clone())),
            Subject::Ip(ip) => Some(Indicator::Ip(*ip)),
            Subject::Url(url) => url.host_indicator(),
            Subject::File { .. } => return Err(EngineError::Unsupported),
        };
        let entries = self.0.current();
        let label = match host {
            Some(Indicator::Domain(domain)) => {
                let name = domain.as_str();
                let ends = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
                std::iter::once(name)
                    .chain(ends)
                    .find_map(|end| entries.by_key.get(end))
                    .cloned()
            }
            Some(host) => entries.by_key.get(&host.to_string()).cloned(),
            None => None,
        };
        Ok(label.map_or_else(Finding::unrated, Finding::malicious))
    }
}
