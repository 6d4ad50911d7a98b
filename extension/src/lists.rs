//! Local lists, as far as they are asked here: the library's module has them, and looks things up. Where it does
//! not load, nothing is listed, and everything else goes on.

use quorum_core::guard::Record;
use quorum_core::indicator::Indicator;
use quorum_core::lists::Listing;

use crate::awake::Awake;
use crate::bindings::{error_value, from_js, library};
use crate::rules;

/// What is looked up, and how.
#[derive(Default)]
struct Wanted {
    addresses: Vec<String>,
    hashes: Vec<String>,
    /// Paths and SHA-256 of an archive's members, in turn.
    members: Vec<String>,
    /// Whether the backend may be asked what stands behind a hit by four bytes.
    may_ask: bool,
    /// Whether nothing of that may be kept.
    private: bool,
}

async fn look(wanted: Wanted) -> Vec<Listing> {
    let _awake = Awake::new();
    let Wanted {
        addresses,
        hashes,
        members,
        may_ask,
        private,
    } = wanted;
    match library::look(addresses, hashes, members, may_ask, private).await {
        Ok(listings) => from_js(listings).unwrap_or_default(),
        Err(error) => {
            error_value(&error);
            Vec::new()
        }
    }
}

/// Which lists the addresses of a download are on.
pub(crate) async fn of_addresses(record: &Record, link: Option<String>) -> Vec<Listing> {
    let own = Some(record.url.clone()).filter(|url| !url.starts_with("data:"));
    look(Wanted {
        addresses: own.into_iter().chain(link).collect(),
        may_ask: record.terms.ask,
        private: record.private,
        ..Wanted::default()
    })
    .await
}

/// Which lists the bytes of a download are on, and the members of its archive.
pub(crate) async fn of_bytes(record: &Record) -> Vec<Listing> {
    let digests = record.digests.iter();
    let members = record.inspection.members.iter();
    look(Wanted {
        hashes: digests
            .flat_map(|it| {
                [
                    it.sha256.to_string(),
                    it.sha1.to_string(),
                    it.md5.to_string(),
                ]
            })
            .collect(),
        members: members
            .flat_map(|member| [member.path.clone(), member.sha256.to_string()])
            .collect(),
        private: record.private,
        ..Wanted::default()
    })
    .await
}

/// Which lists a thing is on that somebody asks about.
pub(crate) async fn of_indicator(indicator: &Indicator, private: bool) -> Vec<Listing> {
    if !rules::any_lists().await {
        return Vec::new();
    }
    let text = vec![indicator.to_string()];
    let (addresses, hashes) = match indicator {
        Indicator::File(_) => (Vec::new(), text),
        _ => (text, Vec::new()),
    };
    look(Wanted {
        addresses,
        hashes,
        may_ask: true,
        private,
        ..Wanted::default()
    })
    .await
}
