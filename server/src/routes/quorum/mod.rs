//! Our own additions that serve programs of ours: packs and lists for extensions, look-ups that do
//! not tell what is meant, how engines are and why a verdict is what it is. `docs/QUORUM-V1.md` is
//! for those who write clients.

mod engines;
mod explanation;
mod lookups;
mod packs;
mod safe_browsing;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::error::ApiError;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(packs::routes())
        .merge(lookups::routes())
        .merge(safe_browsing::routes())
        .merge(engines::routes())
        .merge(explanation::routes())
}

const JSON: &str = "application/json";

/// How long a client may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// It asks each time whether it has changed.
    Ask,
    /// What has this address never changes.
    ForEver,
}

/// An answer that a client may keep; 304 where the one that it has is the same.
fn kept(asked: &HeaderMap, etag: &str, keep: Keep, kind: &'static str, body: Bytes) -> Response {
    let etag = format!("\"{etag}\"");
    let has = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == "*" || one == etag);
    let mut response = match has {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let kind = HeaderValue::from_static(kind);
            ([(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
        }
    };
    let keep = match keep {
        Keep::Ask => "private, no-cache",
        Keep::ForEver => "private, max-age=31536000, immutable",
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// The same for JSON that may change; its digest names it.
fn kept_json(asked: &HeaderMap, body: &serde_json::Value) -> Response {
    let body = Bytes::from(body.to_string());
    let etag = quorum_core::digest::sha256(&body).to_string();
    kept(asked, &etag[..32], Keep::Ask, JSON, body)
}

/// Runs what may read files, or compute for long, where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ApiError::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let ask = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            kept(&headers, "abc", Keep::Ask, JSON, Bytes::from_static(b"{}")).status()
        };
        for has in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(ask(has), StatusCode::NOT_MODIFIED, "{has}");
        }
        for has in ["\"abd\"", "abc", "", "\"x\""] {
            assert_eq!(ask(has), StatusCode::OK, "{has}");
        }
    }
}
