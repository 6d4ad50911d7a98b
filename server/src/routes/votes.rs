//! `/votes`: a vote by its id. Votes are cast and listed at what they are about.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::objects;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(vote))
}

/// A vote.
#[utoipa::path(
    get, path = "/votes/{id}", tag = "votes",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn vote(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = ask
        .app
        .store
        .vote_by_id(&id)
        .await?
        .ok_or_else(|| ApiError::not_found(format!("Vote {id:?} not found")))?;
    Ok(Json(json!({"data": objects::vote(&ask.origin, &record)})))
}
