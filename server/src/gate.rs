//! What stands before and after every request: one spelling of paths, the key, the quota, and the
//! promise that every error is JSON.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use crate::app::App;
use crate::ask::charge;
use crate::clock;
use crate::error::ApiError;
use crate::ids::SecretHash;
use crate::metrics::Observed;
use crate::routes::OWN;
use crate::store::Account;
use crate::store::epoch::Epoch;

/// Endpoints that cost nothing, or that decide for themselves what they cost: a new file and the
/// first look at its report are free.
const NOT_CHARGED_HERE: &[(&str, &str)] = &[
    ("POST", "/api/v3/files"),
    ("GET", "/api/v3/files/upload_url"),
    ("GET", "/api/v3/files/{id}"),
    ("GET", "/api/v3/users/{id}/overall_quotas"),
    ("GET", "/api/v3/users/{id}/api_usage"),
    ("GET", "/api/v3/groups/{id}/api_usage"),
    ("GET", "/api/v3/feeds/{feed}/{batch}"),
    ("GET", "/api/v3/feeds/{feed}/hourly/{hour}"),
    ("GET", "/api/v3/feeds/{feed}/{batch}/{part}"),
];

/// How much of a refused body is read, and for how long, before its connection closes.
const MAX_DRAINED: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Gives a request's path and query the one spelling that the routes know: `//` is `/`, a slash
/// at the end and a `&` after the last parameter are nothing.
pub(crate) fn tidy(mut request: Request) -> Request {
    let uri = request.uri();
    let (path, query) = (uri.path(), uri.query());
    let mut tidy = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        tidy.push('/');
        tidy.push_str(segment);
    }
    if tidy.is_empty() {
        tidy.push('/');
    }
    if let Some(query) = query
        .map(|query| query.trim_end_matches('&'))
        .filter(|q| !q.is_empty())
    {
        tidy.push('?');
        tidy.push_str(query);
    }
    if uri
        .path_and_query()
        .is_none_or(|before| before.as_str() != tidy)
    {
        let mut parts = uri.clone().into_parts();
        // The pieces came out of an address, so they make one.
        if let Ok(tidied) = tidy.parse() {
            parts.path_and_query = Some(tidied);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

/// Whether a request is one that the administrator has opened to everybody.
fn is_open(app: &App, request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>();
    let packs = path
        .and_then(|path| path.as_str().strip_prefix(OWN))
        .is_some_and(|own| own.starts_with("/packs/"));
    app.config.open_packs
        && packs
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key("x-apikey")
}

/// Stands in a request that was let through.
#[derive(Clone)]
pub(crate) struct Admitted {
    /// Who asks.
    pub(crate) account: Arc<Account>,
    /// In which epoch of the store; nothing where that cannot be told.
    pub(crate) epoch: Option<Epoch>,
}

/// Lets through who has a key, and counts the request.
pub(crate) async fn admit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if is_open(&app, &request) {
        return next.run(request).await;
    }
    let admitted = match request.extensions_mut().remove::<Admitted>() {
        // At the front already.
        Some(admitted) => admitted,
        None => match holder(&app, request.headers()).await {
            Ok(admitted) => admitted,
            Err(error) => return error.into_response(),
        },
    };
    if let Some(path) = request.extensions().get::<MatchedPath>() {
        let path = path.as_str();
        let method = match *request.method() {
            // The same handlers answer it.
            Method::HEAD => "GET",
            ref method => method.as_str(),
        };
        let asked = (method, path);
        if !NOT_CHARGED_HERE.contains(&asked)
            && let Err(error) =
                charge(&app, &admitted.account, endpoint(request.method(), path)).await
        {
            return error.into_response();
        }
    }
    request.extensions_mut().insert(admitted);
    next.run(request).await
}

/// Who has the key, and the epoch in which that was so.
///
/// # Errors
/// Nobody has, or nobody who may come in.
pub(crate) async fn holder(app: &App, headers: &HeaderMap) -> Result<Admitted, ApiError> {
    let mut keys = headers.get_all("x-apikey").iter();
    let key = keys.next().ok_or_else(ApiError::authentication_required)?;
    // Two keys are one too many: which of them a proxy would have looked at is anybody's guess.
    if keys.next().is_some() {
        return Err(ApiError::wrong_credentials());
    }
    let hash = key
        .to_str()
        .ok()
        .and_then(SecretHash::of)
        .ok_or_else(ApiError::wrong_credentials)?;
    // After the request came: whatever was answered before that is in it.
    let epoch = app.store.epoch().await;
    let now = clock::now();
    let account = match epoch.and_then(|epoch| app.kept.account(epoch, &hash, now)) {
        Some(account) => account,
        None => {
            let found = app.store.account_by_key(&hash, now).await?;
            let account = Arc::new(found.ok_or_else(ApiError::wrong_credentials)?);
            if let Some(epoch) = epoch {
                app.kept.keep_account(epoch, &hash, now, &account);
            }
            account
        }
    };
    if account.status != "active" {
        return Err(ApiError::user_not_active());
    }
    Ok(Admitted { account, epoch })
}

/// The name under which a request is counted in `api_usage`.
fn endpoint(method: &Method, path: &str) -> &'static str {
    if let Some(own) = path.strip_prefix(OWN) {
        return match own.split('/').nth(1).unwrap_or_default() {
            "users" => "users",
            "groups" => "groups",
            "audit" => "audit",
            "votes" => "votes",
            "packs" => "packs",
            "lookups" => "lookups",
            "engines" => "engines",
            "v5" => "safe_browsing",
            "{collection}" if own.ends_with("/explanation") => "explanation",
            "{collection}" if own.ends_with("/history") => "history",
            "{collection}" if own.ends_with("/behaviours") => "file_behaviours",
            _ => "moderation",
        };
    }
    let mut segments = path.trim_start_matches("/api/v3/").split('/');
    let noun = segments.next().unwrap_or_default();
    let rest = segments.nth(1).unwrap_or_default();
    match (noun, rest) {
        ("files", "") => "files",
        ("urls", "") => "urls",
        ("domains", "") => "domains",
        ("ip_addresses", "") => "ip_addresses",
        ("files", "analyse") => "file_analyse",
        ("urls", "analyse") => "url_analyse",
        ("domains", "analyse") => "domain_analyse",
        ("ip_addresses", "analyse") => "ip_address_analyse",
        ("files" | "urls" | "domains" | "ip_addresses", "votes") if method == Method::POST => {
            "item_vote"
        }
        ("files", "download" | "download_url") => "file_download",
        ("files", "comments") => "file_comments",
        ("urls", "comments") => "url_comments",
        ("domains", "comments") => "domain_comments",
        ("ip_addresses", "comments") => "ip_address_comments",
        ("files", "behaviour_summary" | "behaviour_mitre_trees") | ("file_behaviours", _) => {
            "file_behaviours"
        }
        ("files", _) => "file_relationships",
        ("urls", _) => "url_relationships",
        ("domains", _) => "domain_relationships",
        ("ip_addresses", _) => "ip_address_relationships",
        ("analyses", _) => "analyses",
        ("comments", _) => "comments",
        ("votes", _) => "votes",
        ("users", _) => "users",
        ("groups" | "service_accounts" | "activity_log_entries", _) => "groups",
        ("search", _) => "search",
        ("collections", _) => "collections",
        ("references", _) => "references",
        ("operations", _) => "operations",
        ("private", _) => "private_scanning",
        ("threat_actors" | "attack_tactics" | "attack_techniques", _) => "threats",
        ("popular_threat_categories", _) => "metadata",
        ("metadata", _) => "metadata",
        ("intelligence", _) if path.contains("/zip_files") => "zip_files",
        ("submission" | "submissions", _) => "submissions",
        ("yara_rules" | "yara_rulesets" | "sigma_rules", _) => "rules",
        _ => "other",
    }
}

/// Logs a request, and keeps the promises about its answer: JSON even where the framework has an
/// answer of its own, and no guessing of content types.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let observed = request.extensions().get::<Observed>();
    let began = observed.map_or_else(Instant::now, |observed| observed.began);
    let method = request.method().clone();
    // The route, not the path: paths may hold keys.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let (request, body) = keep_body(request);
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_success()
        && let Some(body) = body
    {
        drain(&body).await;
    }
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if (status.is_client_error() || status.is_server_error()) && !is_json {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = plain_error(status, &method).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    promise(&mut response);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    log(&method, route, status, began);
    response
}

/// What is promised of every answer.
pub(crate) fn promise(response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Unless a handler says how long its answer may be kept; an error never may.
    if status.is_client_error() || status.is_server_error() {
        headers.remove(header::CACHE_CONTROL);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Logs a request that is answered.
pub(crate) fn log(method: &Method, route: &str, status: StatusCode, began: Instant) {
    tracing::info!(
        %method,
        route,
        status = status.as_u16(),
        ms = began.elapsed().as_millis() as u64,
        "answered"
    );
}

/// A request's body, where both the handler and [`drain`] can read it.
type Kept = Arc<Mutex<BodyDataStream>>;

fn poll_kept(body: &Kept, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
    body.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .poll_next_unpin(cx)
}

/// Keeps a hand on the body, if there is one. A client that waits to be told to send it (`Expect`)
/// is left alone: whoever touches its body tells it.
fn keep_body(request: Request) -> (Request, Option<Kept>) {
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let kept = Arc::new(Mutex::new(body.into_data_stream()));
    let shared = kept.clone();
    let stream = futures_util::stream::poll_fn(move |cx| poll_kept(&shared, cx));
    (
        Request::from_parts(parts, Body::from_stream(stream)),
        Some(kept),
    )
}

/// Reads on for a while after a refusal: a client that is still sending when its connection closes
/// never sees the answer.
async fn drain(body: &Kept) {
    let mut drained = 0;
    let rest = async {
        while let Some(Ok(chunk)) = std::future::poll_fn(|cx| poll_kept(body, cx)).await {
            drained += chunk.len();
            if drained > MAX_DRAINED {
                break;
            }
        }
    };
    // Whether the rest came or not, the refusal is the same.
    let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
}

fn plain_error(status: StatusCode, method: &Method) -> ApiError {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(
            status,
            "BadRequestError",
            format!("This path knows no method {method}"),
        ),
        StatusCode::NOT_FOUND => ApiError::not_found("Resource not found"),
        status if status.is_server_error() => ApiError::internal(),
        _ => ApiError::new(
            status,
            "BadRequestError",
            status
                .canonical_reason()
                .unwrap_or("The request cannot be read"),
        ),
    }
}

/// The answer in place of a handler that panicked.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    tracing::error!(reason, "a handler panicked");
    ApiError::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(path: &str) -> String {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        tidy(request).uri().to_string()
    }

    #[test]
    fn paths_have_one_spelling() {
        assert_eq!(tidied("/api/v3//files"), "/api/v3/files");
        assert_eq!(tidied("//api/v3/files/"), "/api/v3/files");
        assert_eq!(
            tidied("/api/v3/comments?limit=2&"),
            "/api/v3/comments?limit=2"
        );
        assert_eq!(tidied("/"), "/");
        assert_eq!(tidied("/a?"), "/a");
    }
}
