//! The API's routes, one module a noun, and the router over them.

mod analyses;
mod comments;
mod domains;
mod files;
mod ip_addresses;
pub(crate) mod item;
mod metadata;
mod search;
mod submissions;
mod upload;
mod urls;
mod users;
mod votes;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Serialize;
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{IntoResponses, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::error::ApiError;
use crate::gate;

/// The document's head; the paths are added by the routes themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quorum",
        description = "Reports, submissions and community on files, URLs, domains and IP \
            addresses. Compatible with clients of the VirusTotal API v3."
    ),
    servers((url = "/api/v3")),
    security(("key" = []))
)]
struct Document;

/// `{"data": …}`: one object, a list with `meta` and `links`, or what the endpoint says.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope {
    /// The object or the list.
    data: Value,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    error: ErrorBody,
}

/// A code for programs and a message for people.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"code": "NotFoundError", "message": "URL \"…\" not found"})))]
struct ErrorBody {
    code: String,
    message: String,
}

/// The errors that any endpoint may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(crate) enum Errors {
    /// The request, or an argument of it, is not one.
    #[response(status = 400)]
    BadRequest(ErrorEnvelope),
    /// No key, or one that opens nothing.
    #[response(status = 401)]
    Unauthorized(ErrorEnvelope),
    /// Not yours, or not part of your tier.
    #[response(status = 403)]
    Forbidden(ErrorEnvelope),
    /// Nobody has seen it, or there is no such path.
    #[response(status = 404)]
    NotFound(ErrorEnvelope),
    /// It is there already.
    #[response(status = 409)]
    Conflict(ErrorEnvelope),
    /// More bytes than are taken.
    #[response(status = 413)]
    TooLarge(ErrorEnvelope),
    /// The quota is spent, or the requests come too fast.
    #[response(status = 429)]
    TooMany(ErrorEnvelope),
    /// A fault of the server.
    #[response(status = 500)]
    Internal(ErrorEnvelope),
    /// May work when tried again.
    #[response(status = 503)]
    Transient(ErrorEnvelope),
}

fn api() -> OpenApiRouter<App> {
    let mut document = Document::openapi();
    let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-apikey")));
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("key", scheme);
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    OpenApiRouter::with_openapi(document)
        .merge(files::routes())
        .merge(urls::routes())
        .merge(domains::routes())
        .merge(ip_addresses::routes())
        .merge(analyses::routes())
        .merge(submissions::routes())
        .merge(comments::routes())
        .merge(votes::routes())
        .merge(search::routes())
        .merge(metadata::routes())
        .merge(users::routes())
}

/// The whole server.
///
/// The gate lies around the API, its unknown paths included: who has no key learns nothing, not
/// even which paths there are.
pub(crate) fn router(app: &App) -> Router {
    let (api, document) = api().split_for_parts();
    let api = api
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(app.clone(), gate::admit));
    Router::new()
        .nest("/api/v3", api)
        .route("/api/v3/openapi.json", get(async move || Json(document)))
        .route("/_ah/upload/{token}", post(files::upload_with_token))
        .route("/health", get(health))
        .fallback(unknown_path)
        // Every handler that reads a body counts it itself.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(gate::panicked))
        .layer(middleware::from_fn(gate::finish))
        .with_state(app.clone())
}

async fn unknown_path() -> ApiError {
    ApiError::not_found("Resource not found")
}

/// Whether the server is up and its store answers.
async fn health(
    axum::extract::State(app): axum::extract::State<App>,
) -> Result<Json<Value>, ApiError> {
    app.store.next_due().await?;
    Ok(Json(
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
    ))
}
