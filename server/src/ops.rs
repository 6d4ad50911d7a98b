//! What operators' machines ask: whether the process lives (`/healthz`), whether it can serve
//! (`/readyz`), and what it counts (`/metrics`).
//!
//! The first two also stand on the API's own address, for balancers; the last only on the operations
//! address, which is nobody's business outside.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::App;
use crate::metrics::{CONTENT_TYPE, metrics};

/// What the answers stand on.
#[derive(Clone)]
pub(crate) struct Ops {
    pub(crate) app: App,
    /// Whether the process was told to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The two probes.
pub(crate) fn probes(ops: Ops) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .route("/readyz", get(ready))
        .with_state(ops)
}

/// The operations address.
pub(crate) fn router(ops: Ops) -> Router {
    Router::new()
        .route("/metrics", get(text))
        .with_state(ops.clone())
        .merge(probes(ops))
}

/// Whether requests are better sent here than elsewhere. Each check by name, with what is wrong.
async fn ready(State(ops): State<Ops>) -> (StatusCode, Json<Value>) {
    let rows = ops.app.store.next_due().await.map(|_| ());
    let room = ops.app.blobs.room_for(0);
    let stopping = *ops.stopping.borrow();
    let told = |outcome: Result<(), crate::store::StoreError>| match outcome {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            // What exactly is in the log; passwords may stand in errors of the store.
            "failed".to_owned()
        }
    };
    let fine = rows.is_ok() && room.is_ok() && !stopping;
    let status = match fine {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let going = if stopping { "stopping" } else { "ok" };
    let checks = json!({"store": told(rows), "space": told(room), "process": going});
    let word = if fine { "ok" } else { "not ready" };
    (status, Json(json!({"status": word, "checks": checks})))
}

async fn text(State(ops): State<Ops>) -> Response {
    match metrics().text(&ops.app).await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::warn!(%error, "cannot count for a scrape");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
