//! `/files`: sending files in, and what is known of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use quorum_core::digest::file_type;
use quorum_core::indicator::Kind;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{FileForm, NewComment, NewVote};
use super::item::{self, item_routes};
use super::upload::{self, Upload};
use super::{Envelope, Errors, private};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path, charge, interface};
use crate::clock;
use crate::error::ApiError;
use crate::failpoint;
use crate::ids::{Secret, SecretHash};
use crate::objects;
use crate::origin::{Origin, country};
use crate::store::{Account, Actor, SentAs, StoreError};
use crate::upstream;

/// How long an upload address can be used, in seconds.
const UPLOAD_URL_LIFE: i64 = 3600;

item_routes!(
    Kind::File,
    "files",
    "SHA-256, SHA-1 or MD5",
    "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"
);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(submit))
        .routes(routes!(upload_url))
        .merge(common_routes())
}

/// Sends a file in.
#[utoipa::path(
    post, path = "/files", tag = "files", operation_id = "submit_file",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submit(ask: Ask, request: Request) -> Answer {
    let door = Door::of(&ask);
    take_in(ask.app, ask.account, door, ask.origin, request).await
}

/// An address that takes one file, without a key.
#[utoipa::path(
    get, path = "/files/upload_url", tag = "files",
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn upload_url(ask: Ask) -> Answer {
    upload_address(&ask, false).await
}

/// An address that takes one file, for everybody or for the caller's group alone.
///
/// # Errors
/// The store does not answer.
pub(super) async fn upload_address(ask: &Ask, private: bool) -> Answer {
    let token = Secret::draw().map_err(StoreError::from)?;
    let expires = clock::now() + UPLOAD_URL_LIFE;
    ask.app
        .store
        .add_upload_token(&token.hash(), &ask.account.name, private, expires)
        .await?;
    Ok(Json(
        json!({"data": format!("{}/_ah/upload/{}", ask.origin, token.reveal())}),
    ))
}

/// `POST /_ah/upload/{token}`: the address itself. The token is the authority, and says whether the
/// file is private; it works once, even if the upload breaks off.
pub(super) async fn upload_with_token(
    State(app): State<App>,
    origin: Origin,
    Path(token): Path<String>,
    request: Request,
) -> Answer {
    let unknown = || ApiError::not_found("This upload address was used, has expired or never was");
    let hash = SecretHash::of(&token).ok_or_else(unknown)?;
    let (account, private) = app
        .store
        .take_upload_token(&hash, clock::now())
        .await?
        .ok_or_else(unknown)?;
    let account = Arc::new(account);
    let (parts, body) = request.into_parts();
    let door = Door {
        interface: interface(&parts.headers),
        country: country(&parts, &app),
    };
    let request = Request::from_parts(parts, body);
    match private {
        true => private::take_in(app, account, door, origin, request).await,
        false => take_in(app, account, door, origin, request).await,
    }
}

/// By which door a file comes, and from where.
pub(super) struct Door {
    interface: &'static str,
    country: Option<String>,
}

impl Door {
    /// That of a request.
    pub(super) fn of(ask: &Ask) -> Self {
        Self {
            interface: ask.interface,
            country: ask.country.clone(),
        }
    }

    /// Who comes by it.
    pub(super) fn actor<'a>(&'a self, account: &'a Account) -> Actor<'a> {
        Actor {
            account: &account.name,
            group: &account.group,
            interface: self.interface,
            country: self.country.as_deref(),
        }
    }
}

/// Takes a file in.
async fn take_in(
    app: App,
    account: Arc<Account>,
    door: Door,
    origin: Origin,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let upload = upload::receive(&app, &parts.headers, body, upload::PUBLIC).await?;
    let analysis = to_the_end(accept(app, account, door, upload)).await?;
    Ok(Json(
        json!({"data": objects::analysis_descriptor(&origin, &analysis, false)}),
    ))
}

/// Does something on its own: a client that hangs up now must not stop it half-way.
///
/// # Errors
/// Those of what is done.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ApiError::internal()),
        },
    }
}

/// Accepts a received file: its bytes and their directory are synced before its row and its job
/// are committed, and those before the answer. Returns the analysis's id.
async fn accept(
    app: App,
    account: Arc<Account>,
    door: Door,
    upload: Upload,
) -> Result<String, ApiError> {
    let password = upload.password().map(str::to_owned);
    let Upload { received, name, .. } = upload;
    let digests = received.digests;
    // A file that nobody has sent in before is free of charge.
    if app.store.has_file(&digests.sha256.to_string()).await? {
        charge(&app, &account, "files").await?;
    }
    let file_type = file_type(&received.head);
    let by = door.actor(&account);
    let sent_as = SentAs {
        name: name.as_deref(),
        password: password.as_deref(),
    };
    let settling = received.publish(&*app.store).await?;
    let analysis = app
        .store
        .submit_file(&digests, &file_type, sent_as, by, clock::now())
        .await?;
    drop(settling);
    failpoint::reach("upload.committed");
    upstream::offer_file(&app, by, digests.sha256, digests.size, name.as_deref());
    app.bell.ring().await;
    Ok(analysis)
}
