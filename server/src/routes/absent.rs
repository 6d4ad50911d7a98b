//! Objects of the API that nothing makes here yet: well-formed refusals and empty lists, so that
//! clients which walk everything find what they expect.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(operation))
        .routes(routes!(popular_threat_categories))
        .routes(routes!(threat_actor))
        .routes(routes!(attack_tactic))
        .routes(routes!(attack_technique))
}

fn no(what: &str, id: &str) -> Answer {
    Err(ApiError::not_found(format!("{what} {id:?} not found")))
}

/// Work in the background; here every request is answered when its work is done.
#[utoipa::path(
    get, path = "/operations/{id}", tag = "analyses",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn operation(_: Ask, Path(id): Path<String>) -> Answer {
    no("Operation", &id)
}

/// Categories that reports classify threats in: none does so here.
#[utoipa::path(
    get, path = "/popular_threat_categories", tag = "metadata",
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn popular_threat_categories(_: Ask) -> Answer {
    Ok(Json(json!({"data": []})))
}

/// Somebody who attacks.
#[utoipa::path(
    get, path = "/threat_actors/{id}", tag = "threats",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn threat_actor(_: Ask, Path(id): Path<String>) -> Answer {
    no("Threat actor", &id)
}

/// What an attacker wants to reach.
#[utoipa::path(
    get, path = "/attack_tactics/{id}", tag = "threats",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn attack_tactic(_: Ask, Path(id): Path<String>) -> Answer {
    no("Attack tactic", &id)
}

/// How an attacker goes about it.
#[utoipa::path(
    get, path = "/attack_techniques/{id}", tag = "threats",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn attack_technique(_: Ask, Path(id): Path<String>) -> Answer {
    no("Attack technique", &id)
}
