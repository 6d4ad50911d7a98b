//! `/metadata`: which engines, privileges and relationships there are. Clients build their
//! commands from it.

use axum::Json;
use serde_json::{Map, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask};
use crate::relationships;
use crate::tier::ADD_ONS;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(metadata))
}

/// Engines, privileges, relationships.
#[utoipa::path(
    get, path = "/metadata", tag = "metadata",
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn metadata(ask: Ask) -> Answer {
    let engines: Map<_, _> = ask
        .app
        .engines
        .names()
        .map(|name| (name.to_owned(), json!({})))
        .collect();
    let mut privileges = vec!["admin"];
    privileges.extend_from_slice(ADD_ONS);
    Ok(Json(json!({"data": {
        "engines": engines,
        "privileges": privileges,
        "relationships": relationships::catalogue(),
    }})))
}
