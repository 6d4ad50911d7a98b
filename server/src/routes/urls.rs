//! `/urls`: sending web addresses in, and what is known of them.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use quorum_core::indicator::{CanonicalUrl, Kind};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{NewComment, NewVote, UrlForm};
use super::item::{self, item_routes};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path, small_body};
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::upstream;

item_routes!(
    Kind::Url,
    "urls",
    "SHA-256 of the canonical URL, or base64 of the URL",
    "^[0-9a-fA-F]{64}$"
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(submit))
        .merge(common_routes())
}

/// Sends a URL in.
#[utoipa::path(
    post, path = "/urls", tag = "urls", operation_id = "submit_url",
    request_body(content = UrlForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submit(ask: Ask, request: Request) -> Answer {
    let text = url_field(request)
        .await?
        .ok_or_else(|| ApiError::invalid_argument("The form has no field \"url\""))?;
    let url: CanonicalUrl = text
        .parse()
        .map_err(|error| ApiError::invalid_argument(format!("{text:?} is no URL: {error}")))?;
    let url = url.without_credentials();
    let analysis = ask
        .app
        .store
        .submit_url(&url, ask.actor(), clock::now())
        .await?;
    upstream::offer_url(&ask.app, ask.actor(), &url);
    ask.app.bell.ring().await;
    Ok(Json(
        json!({"data": objects::analysis_descriptor(&ask.origin, &analysis)}),
    ))
}

async fn url_field(request: Request) -> Result<Option<String>, ApiError> {
    let content_type = super::upload::content_type(request.headers())
        .unwrap_or_default()
        .to_owned();
    let bytes = small_body(request.into_body()).await?;
    if !content_type.to_ascii_lowercase().starts_with("multipart/") {
        return Ok(form_urlencoded::parse(&bytes)
            .find(|(name, _)| name == "url")
            .map(|(_, value)| value.into_owned()));
    }
    let mut form = super::upload::multipart(&content_type, Body::from(bytes))?;
    while let Some(field) = form.next_field().await.map_err(super::upload::malformed)? {
        if field.name() == Some("url") {
            return Ok(Some(field.text().await.map_err(super::upload::malformed)?));
        }
    }
    Ok(None)
}
