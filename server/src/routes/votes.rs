//! `/votes`: a vote by its id. Votes are cast and listed at what they are about. Taking one back is an
//! addition of our own.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::store::VoteRecord;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(vote))
}

pub(super) fn own_routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(delete))
}

async fn find(ask: &Ask, id: &str) -> Result<VoteRecord, ApiError> {
    let found = ask.app.store.vote_by_id(id).await?;
    found.ok_or_else(|| ApiError::not_found(format!("Vote {id:?} not found")))
}

/// Takes back a vote of one's own, or any as an administrator of the server.
#[utoipa::path(
    delete, path = "/votes/{id}", tag = "votes", operation_id = "delete_vote",
    params(("id" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn delete(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    ask.author_only(
        &record.author,
        "Only who cast a vote and administrators can take it back",
    )?;
    let (store, by) = (&ask.app.store, ask.actor());
    if !store.delete_vote(&id, by, clock::now()).await? {
        return Err(ApiError::not_found(format!("Vote {id:?} not found")));
    }
    Ok(Json(json!({})))
}

/// A vote.
#[utoipa::path(
    get, path = "/votes/{id}", tag = "votes",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn vote(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    Ok(Json(json!({"data": objects::vote(&ask.origin, &record)})))
}
