//! `/submissions`: one act of sending something in. The API's documents say `/submission`, its
//! clients `/submissions`; both are here.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::{ids, objects};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(submission))
        .routes(routes!(submission_singular))
}

/// A submission.
#[utoipa::path(
    get, path = "/submissions/{id}", tag = "submissions",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submission(ask: Ask, Path(id): Path<String>) -> Answer {
    find(&ask, &id).await
}

/// The same under its other spelling.
#[utoipa::path(
    get, path = "/submission/{id}", tag = "submissions",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submission_singular(ask: Ask, Path(id): Path<String>) -> Answer {
    find(&ask, &id).await
}

async fn find(ask: &Ask, id: &str) -> Answer {
    if !ask.account.is_premium() {
        return Err(ApiError::forbidden(format!(
            "Submissions are not part of the {} tier",
            ask.account.tier
        )));
    }
    let missing = || ApiError::not_found(format!("Submission {id:?} not found"));
    let (kind, item, seq) = ids::parse_submission(id).ok_or_else(missing)?;
    let record = ask.app.store.submission(seq).await?.ok_or_else(missing)?;
    if (record.kind, record.item.as_str()) != (kind, item) {
        return Err(missing());
    }
    Ok(Json(
        json!({"data": objects::submission(&ask.origin, &record, &ask.app.pseudonym_key)}),
    ))
}
