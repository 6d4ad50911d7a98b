//! `/{collection}/{id}/history`: every verdict that there was, and what changed from one to the next.

use std::collections::BTreeMap;

use quorum_core::indicator::Kind;
use quorum_core::report::{EngineResult, Stats};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::item;
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::store::{AnalysisRecord, Page};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(history))
}

/// The kind whose objects are in a collection of the API.
///
/// # Errors
/// There is none.
pub(super) fn kind_of(collection: &str) -> Result<Kind, ApiError> {
    [Kind::File, Kind::Url, Kind::Domain, Kind::IpAddress]
        .into_iter()
        .find(|kind| kind.collection() == collection)
        .ok_or_else(|| ApiError::not_found("Resource not found"))
}

/// The engines' categories by name.
fn categories(results: &[EngineResult]) -> BTreeMap<&str, Value> {
    let each = results.iter();
    each.map(|one| {
        let said = json!({"category": one.category, "result": one.result});
        (one.engine_name.as_str(), said)
    })
    .collect()
}

/// What engines say otherwise than before: `before` is `null` for one that is new, `after` for one
/// that is gone.
pub(super) fn changes(before: &[EngineResult], after: &[EngineResult]) -> Vec<Value> {
    let (before, after) = (categories(before), categories(after));
    let mut engines: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    engines.sort_unstable();
    engines.dedup();
    let differ = engines
        .into_iter()
        .filter(|name| before.get(name) != after.get(name));
    differ
        .map(|name| json!({"engine_name": name, "before": before.get(name), "after": after.get(name)}))
        .collect()
}

/// All analyses of an object, newest first, each with what engines say otherwise than in the one
/// before.
#[utoipa::path(
    get, path = "/{collection}/{id}/history", tag = "history",
    params(
        ("collection" = String, Path, description = "`files`, `urls`, `domains` or `ip_addresses`"),
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn history(ask: Ask, Path((collection, id)): Path<(String, String)>) -> Answer {
    let kind = kind_of(&collection)?;
    let found = item::find(&ask, kind, &id).await?;
    let store = &ask.app.store;
    let listing = store.analyses(kind, &found.id, ask.page()?).await?;
    // The one before the last of this page.
    let earlier = match listing.next {
        None => None,
        next => {
            let page = Page {
                before: next,
                limit: 1,
            };
            let one = store.analyses(kind, &found.id, page).await?;
            one.entries.into_iter().next()
        }
    };
    let results = |record: &AnalysisRecord| record.results.clone();
    let before: Vec<_> = listing
        .entries
        .iter()
        .skip(1)
        .chain(&earlier)
        .map(results)
        .collect();
    let mut place = 0;
    Ok(ask.list(listing.map(|record| {
        let complete = record.status == "completed";
        let before = before.get(place).filter(|_| complete);
        place += 1;
        json!({
            "type": "verdict",
            "id": record.id,
            "links": {"analysis": ask.origin.api(format_args!("analyses/{}", record.id))},
            "attributes": {
                "date": record.date,
                "status": record.status,
                "stats": Stats::count(&record.results).for_kind(kind),
                "changes": before.map_or(Vec::new(), |before| changes(before, &record.results)),
            },
        })
    })))
}
