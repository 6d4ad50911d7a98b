//! `/engines`: what each engine is, what its data are, and how often it was right before.

use axum::Json;
use quorum_core::indicator::Kind;
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Envelope, Errors};
use super::blocking;
use crate::app::App;
use crate::ask::{Answer, Ask};
use crate::metrics::metrics;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(engines))
}

const KINDS: [Kind; 4] = [Kind::File, Kind::Url, Kind::Domain, Kind::IpAddress];

/// The engines of this server, with their state and their record.
#[utoipa::path(
    get, path = "/engines", tag = "engines", operation_id = "engines",
    responses((status = 200, body = Envelope), Errors)
)]
async fn engines(ask: Ask) -> Answer {
    let mut records = Vec::new();
    for kind in KINDS {
        let of_kind = ask.app.past.records(&*ask.app.store, kind).await?;
        records.push((kind, of_kind));
    }
    let engines = ask.app.engines.clone();
    // An engine's version may be that of files.
    let states = blocking(move || {
        let each = engines.all();
        each.map(|engine| {
            let judges: Vec<_> = KINDS
                .into_iter()
                .filter(|kind| engine.judges(*kind))
                .collect();
            (engine.name(), judges, engine.version(), engine.updated())
        })
        .collect::<Vec<_>>()
    });
    let data: Vec<_> = states
        .await?
        .into_iter()
        .map(|(name, judges, version, updated)| {
            let record: Map<String, Value> = records
                .iter()
                .filter(|(kind, _)| judges.contains(kind))
                .map(|(kind, records)| {
                    let record = records.get(name).copied().unwrap_or_default();
                    (kind.collection().to_owned(), json!(record))
                })
                .collect();
            let mut attributes = json!({
                "version": version,
                "judges": judges.iter().map(|kind| kind.collection()).collect::<Vec<_>>(),
                "answers": metrics().engine_answers(name),
                "record": record,
            });
            if let Some(updated) = updated {
                attributes["update"] = updated.into();
            }
            json!({"type": "engine", "id": name, "attributes": attributes})
        })
        .collect();
    Ok(Json(json!({"data": data})))
}
