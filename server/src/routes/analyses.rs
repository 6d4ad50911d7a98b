//! `/analyses`: how far an analysis is, and what it is about.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors, private};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::objects;
use crate::relationships::{Node, Owner, descriptors_at, dressed, objects_at};
use crate::store::AnalysisRecord;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(analysis))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
}

/// One that is everybody's, or about something that the caller's group has for itself: vt-py waits
/// here for those too.
async fn find(ask: &Ask, id: &str) -> Result<AnalysisRecord, ApiError> {
    let found = match ask.app.store.analysis(&padded(id)).await? {
        None => private::find_analysis(ask, id).await?,
        found => found,
    };
    found.ok_or_else(|| missing(id))
}

/// The id of an analysis as it was given away: some clients strip the padding that base64 ends with.
pub(super) fn padded(id: &str) -> String {
    // The other ids have dashes.
    let padding = match id.contains('-') {
        true => "",
        false => &"==="[..(4 - id.len() % 4) % 4],
    };
    [id, padding].concat()
}

pub(super) fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Analysis {id:?} not found"))
}

/// An analysis; `meta` says what was analysed.
#[utoipa::path(
    get, path = "/analyses/{id}", tag = "analyses",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analysis(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    let meta = objects::analysis_meta(&record);
    let object = objects::analysis(&ask.origin, &record);
    let data = dressed(
        &ask,
        Node {
            owner: Owner::Analysis(record),
            object,
        },
    )
    .await?;
    Ok(Json(json!({"data": data, "meta": meta})))
}

/// What the analysis is about: `item`.
#[utoipa::path(
    get, path = "/analyses/{id}/{relationship}", tag = "analyses",
    operation_id = "analyses_relationship",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Analysis(find(&ask, &id).await?);
    objects_at(&ask, &owner, &name).await
}

/// The same as a descriptor.
#[utoipa::path(
    get, path = "/analyses/{id}/relationships/{relationship}", tag = "analyses",
    operation_id = "analyses_descriptors",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Analysis(find(&ask, &id).await?);
    descriptors_at(&ask, &owner, &name).await
}
