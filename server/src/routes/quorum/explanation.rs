//! `/{collection}/{id}/explanation`: a verdict with its reasons. Which engines object, since when,
//! how often each was right before, and what has changed.

use axum::Json;
use quorum_core::report::{EngineResult, Stats};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::history::{changes, kind_of};
use super::super::item;
use super::super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::store::{AnalysisRecord, Page};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(explanation))
}

/// How many analyses are looked back at.
const ANALYSES: u32 = 100;

fn said<'a>(results: &'a [EngineResult], engine: &str) -> Option<&'a EngineResult> {
    results.iter().find(|one| one.engine_name == engine)
}

/// Since when an engine says what it says now, as far as the analyses reach: the date of the
/// oldest one from which on it has said nothing else. `None` where it said otherwise in the last.
fn since(past: &[AnalysisRecord], now: &EngineResult) -> Option<i64> {
    let same = |analysis: &&AnalysisRecord| {
        said(&analysis.results, &now.engine_name)
            .is_some_and(|then| then.category == now.category && then.result == now.result)
    };
    let unbroken = past.iter().take_while(same);
    unbroken.last().map(|analysis| analysis.date)
}

/// Why the verdict on something is what it is.
#[utoipa::path(
    get, path = "/{collection}/{id}/explanation", tag = "explanation",
    operation_id = "explanation",
    params(
        ("collection" = String, Path, description = "`files`, `urls`, `domains` or `ip_addresses`"),
        ("id" = String, Path),
        ("since" = Option<i64>, Query, description = "Only changes after this time, in seconds since the Unix epoch")
    ),
    responses((status = 200, body = Envelope), Errors)
)]
async fn explanation(ask: Ask, Path((collection, id)): Path<(String, String)>) -> Answer {
    let kind = kind_of(&collection)?;
    let after = match ask.parameter("since").unwrap_or_default() {
        "" => i64::MIN,
        text => text.parse().map_err(|_| {
            ApiError::invalid_argument(format!(
                "since is {text:?}; it must be seconds since the Unix epoch"
            ))
        })?,
    };
    let found = item::find(&ask, kind, &id).await?;
    let id = found.id.clone();
    let page = Page {
        before: None,
        limit: ANALYSES,
    };
    let analyses = ask.app.store.analyses(kind, &id, page).await?;
    let total = analyses.total;
    let past: Vec<_> = analyses
        .entries
        .into_iter()
        .filter(|analysis| analysis.status == "completed")
        .collect();
    let records = ask.app.past.records(&*ask.app.store, kind).await?;
    // What the report shows, so that nobody is told two things.
    let report = found.node(&ask).await.object;
    let mut attributes = report["attributes"].clone();
    let shown = attributes["last_analysis_results"].take();
    let shown: std::collections::BTreeMap<String, EngineResult> = serde_json::from_value(shown)
        .map_err(|error| {
            tracing::error!(%error, "a report of ours cannot be read back");
            ApiError::internal()
        })?;
    let mut results: Vec<_> = shown.into_values().collect();
    results.sort_by_key(|one| (!one.category.objects(), !one.category.answered()));

    let mut changed: Vec<Value> = Vec::new();
    let mut note = |date: Option<i64>, before: &[EngineResult], after: &[EngineResult]| {
        for mut change in changes(before, after) {
            if let Some(date) = date {
                change["date"] = date.into();
            }
            changed.push(change);
        }
    };
    if let Some(last) = past.first() {
        // A list's word that has changed after the last analysis has no date.
        note(None, &last.results, &results);
    }
    for pair in past.windows(2) {
        let [newer, older] = pair else { continue };
        if newer.date > after {
            note(Some(newer.date), &older.results, &newer.results);
        }
    }
    let engines: Vec<_> = results
        .iter()
        .map(|one| {
            let mut engine = json!(one);
            engine["objects"] = one.category.objects().into();
            if let Some(since) = since(&past, one) {
                engine["since"] = since.into();
            }
            let record = records.get(&one.engine_name).copied().unwrap_or_default();
            engine["record"] = json!(record);
            engine
        })
        .collect();
    let count =
        |counts: fn(&EngineResult) -> bool| results.iter().filter(|one| counts(one)).count();
    let mut explained = json!({
        "objecting": count(|one| one.category.objects()),
        "answered": count(|one| one.category.answered()),
        "asked": results.len(),
        "stats": Stats::count(&results).for_kind(kind),
        "engines": engines,
        "changes": changed,
        "analyses": total,
        "reputation": attributes["reputation"],
        "total_votes": attributes["total_votes"],
    });
    if let date @ Value::Number(_) = attributes["last_analysis_date"].take() {
        explained["last_analysis_date"] = date;
    }
    let path = format!("{}/{id}", kind.collection());
    Ok(Json(json!({"data": {
        "type": "explanation",
        "id": id,
        "attributes": explained,
        "links": {
            "self": ask.origin.own(format_args!("{path}/explanation")),
            "item": ask.origin.api(&path),
            "history": ask.origin.own(format_args!("{path}/history")),
        },
    }})))
}
