//! What stands before the routes: a report that is kept is sent from here.
//!
//! To such an answer the way through the routes would be most of the work. It passes the gate as all
//! others do, is counted in the same books and measures, and is the same to the byte. Everything else
//! goes on to the routes, with what is known by then of who asks.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use quorum_core::indicator::Kind;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::app::App;
use crate::gate::{self, Admitted};
use crate::metrics::Observed;
use crate::origin::Origin;
use crate::routes::item;

/// The paths of reports: what stands before the id, and the route.
pub(crate) const REPORTS: [(Kind, &str, &str); 4] = [
    (Kind::File, "/api/v3/files/", "/api/v3/files/{id}"),
    (Kind::Url, "/api/v3/urls/", "/api/v3/urls/{id}"),
    (Kind::Domain, "/api/v3/domains/", "/api/v3/domains/{id}"),
    (
        Kind::IpAddress,
        "/api/v3/ip_addresses/",
        "/api/v3/ip_addresses/{id}",
    ),
];

/// What is none, though it looks like one.
pub(crate) const OTHERS: &[&str] = &["/api/v3/files/upload_url"];

/// The routes, and what stands before them.
#[derive(Clone)]
pub(crate) struct Front {
    /// Whose reports are kept, if any are.
    app: Option<App>,
    routes: Router,
}

impl From<Router> for Front {
    fn from(routes: Router) -> Self {
        Self { app: None, routes }
    }
}

impl Front {
    /// Before the routes of the API.
    pub(crate) fn new(app: App, routes: Router) -> Self {
        Self {
            app: Some(app),
            routes,
        }
    }

    /// Answers a request.
    pub(crate) async fn answer(self, request: Request) -> Response {
        if let Some(app) = &self.app
            && let Some((kind, route)) = report(&request)
        {
            let observed = Observed::begin(request.method(), route.into());
            let (mut parts, body) = request.into_parts();
            let looked = AssertUnwindSafe(look(app, kind, &parts)).catch_unwind();
            let mut answer = match looked.instrument(observed.span.clone()).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(admitted)) => {
                    if let Some(admitted) = admitted {
                        parts.extensions.insert(admitted);
                    }
                    parts.extensions.insert(observed);
                    return self.pass_on(Request::from_parts(parts, body)).await;
                }
                Err(panic) => gate::panicked(panic),
            };
            gate::promise(&mut answer);
            gate::log(&parts.method, route, answer.status(), observed.began);
            observed.end(answer.status());
            return answer;
        }
        self.pass_on(request).await
    }

    async fn pass_on(self, request: Request) -> Response {
        let Ok(answer) = self.routes.oneshot(request).await;
        answer
    }
}

/// Which report a request asks for, if for one and nothing more.
fn report(request: &Request) -> Option<(Kind, &'static str)> {
    let path = request.uri().path();
    let (kind, _, route) = REPORTS.into_iter().find(|(_, before, _)| {
        let id = path.strip_prefix(before);
        id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
    })?;
    let bare = request.uri().query().is_none() && request.body().is_end_stream();
    let is_one = *request.method() == Method::GET && bare && !OTHERS.contains(&path);
    is_one.then_some((kind, route))
}

/// Answers with a report that is kept, or with a refusal. Otherwise says who was let in, if that was
/// asked.
async fn look(app: &App, kind: Kind, parts: &Parts) -> Result<Response, Option<Admitted>> {
    let Ok(origin) = Origin::of(parts, app) else {
        return Err(None);
    };
    let admitted = match gate::holder(app, &parts.headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return Ok(refused.into_response()),
    };
    match item::kept(app, &admitted, kind, (&origin, parts.uri.path())).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(Some(admitted)),
        Err(refused) => Ok(refused.into_response()),
    }
}
