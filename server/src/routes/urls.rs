//! `/urls`: sending web addresses in, and what is known of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
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
    let url = url_field(&form_fields(request).await?)?;
    let analysis = ask
        .app
        .store
        .submit_url(&url, ask.actor(), clock::now())
        .await?;
    upstream::offer_url(&ask.app, ask.actor(), &url);
    ask.app.bell.ring().await;
    Ok(Json(
        json!({"data": objects::analysis_descriptor(&ask.origin, &analysis, false)}),
    ))
}

/// The address that a form names.
///
/// # Errors
/// It names none.
pub(super) fn url_field(fields: &BTreeMap<String, String>) -> Result<CanonicalUrl, ApiError> {
    let text = fields
        .get("url")
        .ok_or_else(|| ApiError::invalid_argument("The form has no field \"url\""))?;
    let url: CanonicalUrl = text
        .parse()
        .map_err(|error| ApiError::invalid_argument(format!("{text:?} is no URL: {error}")))?;
    Ok(url.without_credentials())
}

/// The fields of a form, of either sort; of several with one name the first.
///
/// # Errors
/// It is none, or too large.
pub(super) async fn form_fields(request: Request) -> Result<BTreeMap<String, String>, ApiError> {
    let content_type = super::upload::content_type(request.headers())
        .unwrap_or_default()
        .to_owned();
    let bytes = small_body(request.into_body()).await?;
    let mut fields = BTreeMap::new();
    if !content_type.to_ascii_lowercase().starts_with("multipart/") {
        for (name, value) in form_urlencoded::parse(&bytes).into_owned() {
            fields.entry(name).or_insert(value);
        }
        return Ok(fields);
    }
    let mut form = super::upload::multipart(&content_type, Body::from(bytes))?;
    while let Some(field) = form.next_field().await.map_err(super::upload::malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.text().await.map_err(super::upload::malformed)?;
        fields.entry(name).or_insert(value);
    }
    Ok(fields)
}
