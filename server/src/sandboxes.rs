//! What sandboxes' reports give to relationships: of files, what they touched; of what was touched, the
//! files.

use quorum_core::indicator::Kind;

use crate::ask::Ask;
use crate::attack;
use crate::error::ApiError;
use crate::objects;
use crate::relationships::{Node, Owner, Related};
use crate::routes::item;
use crate::store::{BehaviourRecord, Listing, Page, Ran};

/// The kind of what stands at the other end of a file's relationship; `None` for a technique.
fn target(name: &str) -> Option<Option<Kind>> {
    Some(Some(match name {
        "contacted_domains" | "memory_pattern_domains" => Kind::Domain,
        "contacted_ips" | "memory_pattern_ips" => Kind::IpAddress,
        "contacted_urls" | "memory_pattern_urls" => Kind::Url,
        "dropped_files" => Kind::File,
        "related_attack_techniques" => return Some(None),
        _ => return None,
    }))
}

/// The file's relationship whose other way one of something else is.
fn inverse(kind: Kind, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (Kind::Domain, "communicating_files") => "contacted_domains",
        (Kind::IpAddress, "communicating_files") => "contacted_ips",
        (Kind::Url, "communicating_files") => "contacted_urls",
        (Kind::Domain, "memory_pattern_parents") => "memory_pattern_domains",
        (Kind::IpAddress, "memory_pattern_parents") => "memory_pattern_ips",
        (Kind::Url, "memory_pattern_parents") => "memory_pattern_urls",
        (Kind::File, "execution_parents") => "dropped_files",
        _ => return None,
    })
}

async fn nodes(ask: &Ask, kind: Option<Kind>, ids: Listing<String>) -> Result<Related, ApiError> {
    let mut entries = Vec::with_capacity(ids.entries.len());
    for id in &ids.entries {
        entries.push(match kind {
            Some(kind) => item::node(ask, kind, id).await?,
            None => Node {
                object: attack::technique(id),
                owner: Owner::None,
            },
        });
    }
    Ok(Related::Many(Listing {
        entries,
        next: ids.next,
        total: ids.total,
    }))
}

/// A report as a node.
pub(crate) fn node(ask: &Ask, record: BehaviourRecord) -> Node {
    Node {
        object: objects::file_behaviour(&ask.origin, &record),
        owner: Owner::Behaviour(record),
    }
}

/// What sandboxes say of a relationship of an item; `None` where they have no say.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn of_item(
    ask: &Ask,
    kind: Kind,
    id: &str,
    name: &str,
    page: Page,
) -> Result<Option<Related>, ApiError> {
    let store = &ask.app.store;
    if let Some(name) = inverse(kind, name) {
        let files = store.touching(kind, id, name, page).await?;
        return Ok(Some(nodes(ask, Some(Kind::File), files).await?));
    }
    if kind != Kind::File {
        return Ok(None);
    }
    if name == "behaviours" {
        let reports = store.behaviours(id, page).await?;
        return Ok(Some(Related::Many(reports.map(|one| node(ask, one)))));
    }
    let Some(target) = target(name) else {
        return Ok(None);
    };
    let ids = store.touched(Ran::File(id), name, page).await?;
    Ok(Some(nodes(ask, target, ids).await?))
}

/// The same of one report.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn of_report(
    ask: &Ask,
    record: &BehaviourRecord,
    name: &str,
    page: Page,
) -> Result<Option<Related>, ApiError> {
    if name == "file" {
        let file = item::node(ask, Kind::File, &record.sha256).await?;
        return Ok(Some(Related::One(Some(file))));
    }
    let name = match name {
        "attack_techniques" => "related_attack_techniques",
        name => name,
    };
    let Some(target) = target(name) else {
        return Ok(None);
    };
    let ids = ask
        .app
        .store
        .touched(Ran::Report(record.seq), name, page)
        .await?;
    Ok(Some(nodes(ask, target, ids).await?))
}
