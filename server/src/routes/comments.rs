//! `/comments`: what people say, and what others think of it.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{CommentJudgement, NewCommentVote};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::relationships::{self, Node, Owner, descriptors_at, dressed, objects_at};
use crate::store::{CommentFilter, CommentRecord, CommentVerdict};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(comments))
        .routes(routes!(comment, delete))
        .routes(routes!(vote))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
}

async fn find(ask: &Ask, id: &str) -> Result<CommentRecord, ApiError> {
    ask.app
        .store
        .comment(id)
        .await?
        .ok_or_else(|| ApiError::not_found(format!("Comment {id:?} not found")))
}

/// The newest comments.
#[utoipa::path(
    get, path = "/comments", tag = "comments",
    params(
        ("filter" = Option<String>, Query, description = "`tag:word`", pattern = "^tag:[a-z0-9_-]+$"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn comments(ask: Ask) -> Answer {
    let page = ask.page()?;
    let text = ask
        .parameter("filter")
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let filter = match text.strip_prefix("tag:").map(|tag| tag.trim_matches('"')) {
        Some(tag) => CommentFilter::Tag(tag.trim_start_matches('#')),
        None if text.is_empty() => CommentFilter::All,
        None => {
            return Err(ApiError::invalid_argument(format!(
                "filter is {text:?}; it must be \"tag:\" and a word"
            )));
        }
    };
    let listing = relationships::comments(&ask, filter, page).await?;
    relationships::page(&ask, listing).await
}

/// A comment.
#[utoipa::path(
    get, path = "/comments/{id}", tag = "comments",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn comment(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    let object = objects::comment(&ask.origin, &record);
    let data = dressed(
        &ask,
        Node {
            owner: Owner::Comment(record),
            object,
        },
    )
    .await?;
    Ok(Json(json!({"data": data})))
}

/// Deletes a comment of one's own, or any as an administrator of the server.
#[utoipa::path(
    delete, path = "/comments/{id}", tag = "comments", operation_id = "delete_comment",
    params(("id" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn delete(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    ask.author_only(
        &record.author,
        "Only who wrote a comment and administrators can delete it",
    )?;
    let (store, by) = (&ask.app.store, ask.actor());
    if !store.delete_comment(&id, by, clock::now()).await? {
        return Err(ApiError::not_found(format!("Comment {id:?} not found")));
    }
    Ok(Json(json!({})))
}

/// Judges a comment `positive`, `negative` or `abuse`; a user's last word counts.
#[utoipa::path(
    post, path = "/comments/{id}/vote", tag = "comments", operation_id = "vote_comment",
    params(("id" = String, Path)),
    request_body = NewCommentVote,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn vote(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewCommentVote>,
) -> Answer {
    let verdict = match body.data {
        CommentJudgement::Positive => CommentVerdict::Positive,
        CommentJudgement::Negative => CommentVerdict::Negative,
        CommentJudgement::Abuse => CommentVerdict::Abuse,
    };
    find(&ask, &id).await?;
    let tally = ask
        .app
        .store
        .vote_comment(&id, ask.actor(), verdict)
        .await?;
    Ok(Json(json!({"data": {
        "positive": tally.positive, "negative": tally.negative, "abuse": tally.abuse,
    }})))
}

/// The comment's `author` or `item`.
#[utoipa::path(
    get, path = "/comments/{id}/{relationship}", tag = "comments",
    operation_id = "comments_relationship",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Comment(find(&ask, &id).await?);
    objects_at(&ask, &owner, &name).await
}

/// The same as a descriptor.
#[utoipa::path(
    get, path = "/comments/{id}/relationships/{relationship}", tag = "comments",
    operation_id = "comments_descriptors",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Comment(find(&ask, &id).await?);
    descriptors_at(&ask, &owner, &name).await
}
