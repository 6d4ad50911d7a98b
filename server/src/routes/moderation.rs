//! What people hold to be wrong: `/false_positives`, and comments that were called abuse.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{DecidedStatus, FalsePositiveDecision, NewFalsePositive};
use super::history::kind_of;
use super::item::{self, said};
use super::people::administrators_only;
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::relationships;
use crate::store::{CommentFilter, FalsePositive};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(report))
        .routes(routes!(reports))
        .routes(routes!(one, decide))
        .routes(routes!(abuse))
        .routes(routes!(dismiss))
}

/// Reports that something is objected to wrongly; administrators of the server see it.
#[utoipa::path(
    post, path = "/{collection}/{id}/false_positives", tag = "moderation",
    operation_id = "report_false_positive",
    params(
        ("collection" = String, Path, description = "`files`, `urls`, `domains` or `ip_addresses`"),
        ("id" = String, Path)
    ),
    request_body = NewFalsePositive,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn report(
    ask: Ask,
    Path((collection, id)): Path<(String, String)>,
    JsonBody(body): JsonBody<NewFalsePositive>,
) -> Answer {
    let kind = kind_of(&collection)?;
    let text = &body.data.attributes.text;
    said("report", text)?;
    let found = item::find(&ask, kind, &id).await?;
    let (store, by) = (&ask.app.store, ask.actor());
    let reported = store.report_false_positive(kind, &found.id, by, text, clock::now());
    let reported = reported
        .await?
        .ok_or_else(|| ApiError::already_exists("Your report on this is not decided yet"))?;
    tracing::warn!(report = reported.seq, "a false positive was reported");
    Ok(Json(
        json!({"data": objects::false_positive(&ask.origin, &reported)}),
    ))
}

/// Reports, newest first: all for administrators of the server, for others their own.
#[utoipa::path(
    get, path = "/false_positives", tag = "moderation", operation_id = "false_positives",
    params(
        ("status" = Option<String>, Query, description = "`open`, `accepted` or `rejected`"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn reports(ask: Ask) -> Answer {
    let status = ask.parameter("status").filter(|status| !status.is_empty());
    if let Some(status) = status
        && !["open", "accepted", "rejected"].contains(&status)
    {
        return Err(ApiError::invalid_argument(format!(
            "status is {status:?}; it must be open, accepted or rejected"
        )));
    }
    let by = (!ask.account.administrator).then_some(ask.account.name.as_str());
    let reports = ask
        .app
        .store
        .false_positives(status, by, ask.page()?)
        .await?;
    Ok(ask.list(reports.map(|report| objects::false_positive(&ask.origin, &report))))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Report {id:?} not found"))
}

/// A report of one's own, or any for administrators; to others it is not there.
async fn find(ask: &Ask, id: &str) -> Result<FalsePositive, ApiError> {
    let found = match id.parse() {
        Ok(seq) => ask.app.store.false_positive(seq).await?,
        Err(_) => None,
    };
    let visible =
        |report: &FalsePositive| ask.account.administrator || report.account == ask.account.name;
    found.filter(visible).ok_or_else(|| missing(id))
}

/// A report.
#[utoipa::path(
    get, path = "/false_positives/{id}", tag = "moderation", operation_id = "false_positive",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn one(ask: Ask, Path(id): Path<String>) -> Answer {
    let report = find(&ask, &id).await?;
    Ok(Json(
        json!({"data": objects::false_positive(&ask.origin, &report)}),
    ))
}

/// Decides a report. Whoever made it reads the answer there.
#[utoipa::path(
    patch, path = "/false_positives/{id}", tag = "moderation",
    operation_id = "decide_false_positive",
    params(("id" = String, Path)),
    request_body = FalsePositiveDecision,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn decide(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<FalsePositiveDecision>,
) -> Answer {
    let report = find(&ask, &id).await?;
    administrators_only(&ask)?;
    let decision = body.data.attributes;
    if !decision.answer.is_empty() {
        said("answer", &decision.answer)?;
    }
    let accepted = decision.status == DecidedStatus::Accepted;
    let (store, by, now) = (&ask.app.store, ask.actor(), clock::now());
    let decided = store
        .decide_false_positive(report.seq, accepted, &decision.answer, by, now)
        .await?
        .ok_or_else(|| missing(&id))?;
    Ok(Json(
        json!({"data": objects::false_positive(&ask.origin, &decided)}),
    ))
}

/// Comments that somebody called abuse, newest first, for administrators of the server. Deleting
/// one is `DELETE /comments/{id}` of the API v3.
#[utoipa::path(
    get, path = "/abuse_reports", tag = "moderation",
    params(
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn abuse(ask: Ask) -> Answer {
    administrators_only(&ask)?;
    let listing = relationships::comments(&ask, CommentFilter::CalledAbuse, ask.page()?).await?;
    relationships::page(&ask, listing).await
}

/// Says that a comment is none: what called it abuse is gone, and its author's reputation back.
#[utoipa::path(
    delete, path = "/abuse_reports/{id}", tag = "moderation", operation_id = "dismiss_abuse",
    params(("id" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn dismiss(ask: Ask, Path(id): Path<String>) -> Answer {
    administrators_only(&ask)?;
    let (store, by) = (&ask.app.store, ask.actor());
    if !store.dismiss_abuse(&id, by, clock::now()).await? {
        return Err(ApiError::not_found(format!(
            "Nobody calls comment {id:?} abuse"
        )));
    }
    Ok(Json(json!({})))
}
