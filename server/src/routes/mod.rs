//! The API's routes, one module a noun, and the router over them.

mod absent;
mod analyses;
mod audit;
mod behaviours;
mod collections;
mod comments;
mod document;
mod domains;
mod downloads;
mod feeds;
mod files;
mod groups;
mod history;
mod ip_addresses;
pub(crate) mod item;
mod members;
mod metadata;
mod moderation;
mod people;
pub(crate) mod private;
mod quorum;
mod references;
mod search;
mod submissions;
mod upload;
mod urls;
mod users;
mod votes;
mod yara_rules;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::error::ApiError;
use crate::gate;

pub(crate) use document::OWN;
use document::{Envelope, Errors};
pub(crate) use users::is_email;

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::document())
        .merge(files::routes())
        .merge(downloads::routes())
        .merge(urls::routes())
        .merge(domains::routes())
        .merge(ip_addresses::routes())
        .merge(analyses::routes())
        .merge(submissions::routes())
        .merge(comments::routes())
        .merge(votes::routes())
        .merge(search::routes())
        .merge(metadata::routes())
        .merge(feeds::routes())
        .merge(behaviours::routes())
        .merge(private::routes())
        .merge(yara_rules::routes())
        .merge(users::routes())
        .merge(groups::routes())
        .merge(collections::routes())
        .merge(references::routes())
        .merge(absent::routes())
}

/// Our own additions.
fn own() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(people::routes())
        .merge(audit::routes())
        .merge(moderation::routes())
        .merge(history::routes())
        .merge(behaviours::own_routes())
        .merge(votes::own_routes())
        .merge(quorum::routes())
}

/// The whole server.
///
/// The gate lies around the API, its unknown paths included: who has no key learns nothing, not
/// even which paths there are.
pub(crate) fn router(app: &App) -> Router {
    let (api, mut document) = api().split_for_parts();
    let (own, additions) = own().split_for_parts();
    document::add_own(&mut document, additions);
    let gated = |routes: Router<App>| {
        routes
            .fallback(unknown_path)
            .layer(middleware::from_fn_with_state(app.clone(), gate::admit))
    };
    Router::new()
        .nest("/api/v3", gated(api))
        .nest(OWN, gated(own))
        .route("/api/v3/openapi.json", get(async move || Json(document)))
        .route("/_ah/upload/{token}", post(files::upload_with_token))
        .route("/_ah/download/{pass}", get(downloads::fetch))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::front::{OTHERS, REPORTS};

    #[test]
    fn the_front_knows_which_paths_are_those_of_reports() {
        let (_, document) = api().split_for_parts();
        let ours: Vec<_> = document.paths.paths.into_iter().collect();
        let read = ours.iter().filter(|(_, item)| item.get.is_some());
        let there: BTreeSet<_> = read.map(|(path, _)| format!("/api/v3{path}")).collect();
        let mut others = BTreeSet::new();
        for (kind, before, route) in REPORTS {
            assert_eq!(before, format!("/api/v3/{}/", kind.collection()));
            assert!(there.contains(route), "{route}");
            let beside = there.iter().filter(|path| {
                let id = path.strip_prefix(before);
                *path != route && id.is_some_and(|id| !id.contains('/'))
            });
            others.extend(beside.map(String::as_str));
        }
        assert_eq!(others, BTreeSet::from_iter(OTHERS.iter().copied()));
    }
}
