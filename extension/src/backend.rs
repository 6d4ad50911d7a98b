//! Carries the core's API calls to the configured backend and back: the core says what to send
//! and what the answer means, this sends it, within the budget, the permissions and the limits.

use quorum_core::api::{
    ApiKey, Backend, Body, Call, Failure, MAX_REPLY_BYTES, Method, Purpose, REPLY_TIMEOUT_MS,
    RawReply, Reply, Request,
};
use quorum_core::report::{Analysis, AnalysisStatus};
use web_sys::{Blob, FormData};

use crate::bindings::now;
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, Trouble, fetch};
use crate::settings;

/// Larger files are first asked an address for, by the API's rules, in bytes.
const DIRECT_UPLOAD_BYTES: f64 = 32.0 * 1024.0 * 1024.0;
/// How long sending a file in may take, in milliseconds.
const UPLOAD_MS: u32 = 15 * 60 * 1000;

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self(match trouble {
            Trouble::Unreachable => Failure::Unreachable,
            Trouble::TooSlow | Trouble::Stalled => Failure::TooSlow,
            Trouble::DryRun => Failure::DryRun,
        })
    }
}

/// A [`Failure`] on its way up; a type of our own so that `?` can make it.
struct Failed(Failure);

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// Makes a call.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn call(call: &Call, cause: Cause) -> Result<Reply, Failure> {
    let request = call.request();
    let payload = match request.body.clone() {
        Body::Empty => Payload::Empty,
        Body::Json(text) => Payload::Text(text, "application/json"),
        Body::Form(text) => Payload::Text(text, "application/x-www-form-urlencoded"),
        // Files go by `submit_file`, which has the bytes.
        Body::File(_) => return Err(Failure::NotTheApi),
    };
    let (backend, key) = admit(cause.purpose).await?;
    let url = backend.url(&request.path);
    let to = To {
        method: request.method,
        url: &url,
        key: &key,
        cause,
    };
    let stop = Stop::new().ok_or(Failure::Interrupted)?;
    let result = exchange(call, to, payload, REPLY_TIMEOUT_MS, &stop).await;
    let result = match result {
        Err(Failure::Unreachable) if redirects(&backend, call, &request, cause).await => {
            Err(Failure::Redirected)
        }
        other => other,
    };
    note(result)
}

/// Sends a file in, unless it is stopped.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn submit_file(
    name: &str,
    file: &Blob,
    cause: Cause,
    stop: &Stop,
) -> Result<Analysis, Failure> {
    let call = Call::SubmitFile {
        name: name.to_owned(),
    };
    let request = call.request();
    let (backend, key) = admit(cause.purpose).await?;
    let url = if file.size() > DIRECT_UPLOAD_BYTES {
        note(upload_address(&backend, &key, cause).await)?
    } else {
        backend.url(&request.path)
    };
    let form = FormData::new().map_err(|_| Failure::Interrupted)?;
    form.append_with_blob_and_filename("file", file, name)
        .map_err(|_| Failure::Interrupted)?;
    let payload = Payload::Form {
        form,
        name: name.to_owned(),
        size: file.size() as u64,
    };
    let to = To {
        method: request.method,
        url: &url,
        key: &key,
        cause,
    };
    match note(exchange(&call, to, payload, UPLOAD_MS, stop).await)? {
        Reply::Analysis(analysis) => Ok(analysis),
        _ => Err(Failure::NotTheApi),
    }
}

/// How far an analysis is.
///
/// # Errors
/// Any [`Failure`].
pub(crate) async fn analysis(id: &str, cause: Cause) -> Result<AnalysisStatus, Failure> {
    match call(&Call::Analysis(id.to_owned()), cause).await? {
        Reply::Analysis(analysis) => Ok(analysis.status),
        _ => Err(Failure::NotTheApi),
    }
}

/// Whom to ask, if it may be asked now.
async fn admit(purpose: Purpose) -> Result<(Backend, ApiKey), Failure> {
    let (backend, key) = settings::connection().ok_or(Failure::NoBackend)?;
    if !settings::may_read(vec![backend.match_pattern()]).await {
        return Err(Failure::NoPermission);
    }
    let now = now();
    settings::with_budget(|budget| budget.take(purpose, now).map_err(|at| budget.why(at, now)))?;
    Ok((backend, key))
}

/// Where a call goes, with what, for whom.
struct To<'a> {
    method: Method,
    url: &'a str,
    key: &'a ApiKey,
    cause: Cause,
}

async fn exchange(
    call: &Call,
    to: To<'_>,
    payload: Payload,
    limit_ms: u32,
    stop: &Stop,
) -> Result<Reply, Failure> {
    let read = async {
        let outgoing = Outgoing {
            method: to.method,
            url: to.url,
            key: Some(to.key.reveal()),
            cookies: false,
            payload,
            redirects: Redirects::Refused,
            limit_ms,
            idle_ms: None,
            cause: to.cause,
        };
        let incoming = fetch(outgoing, stop).await?;
        let status = incoming.status();
        let content_type = incoming.header("content-type").unwrap_or_default();
        let retry_after = incoming.header("retry-after");
        let body = incoming.bytes(MAX_REPLY_BYTES).await?;
        Ok::<_, Failed>((status, content_type, retry_after, body))
    };
    let (status, content_type, retry_after, body) =
        read.await.map_err(|Failed(failure)| failure)?;
    let raw = RawReply {
        status,
        content_type: &content_type,
        retry_after: retry_after.as_deref(),
        body: &body.ok_or(Failure::TooLarge)?,
    };
    call.interpret(raw, now())
}

/// Whether it is a redirect that made a request fail: the browser reports that like a dead line.
/// Asked once more without key and body, it shows.
async fn redirects(backend: &Backend, call: &Call, request: &Request, cause: Cause) -> bool {
    let path = match call {
        // The key is part of the path here, and must not go out twice.
        Call::Account(_) => "users",
        _ if request.method == Method::Get => &request.path,
        _ => return false,
    };
    let outgoing = Outgoing {
        method: Method::Get,
        url: &backend.url(path),
        key: None,
        cookies: false,
        payload: Payload::Empty,
        redirects: Redirects::Shown,
        limit_ms: REPLY_TIMEOUT_MS,
        idle_ms: None,
        cause,
    };
    let Some(stop) = Stop::new() else {
        return false;
    };
    let shown = fetch(outgoing, &stop).await;
    let redirected = shown.is_ok_and(|incoming| incoming.is_redirect());
    stop.now();
    redirected
}

/// Lets the budget learn how it went.
fn note<T>(result: Result<T, Failure>) -> Result<T, Failure> {
    let chance = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    settings::with_budget(|budget| budget.note(result.as_ref().err(), now(), chance));
    result
}

/// Where a large file is to be sent. The backend names an absolute address; the key goes there
/// only if it is the backend's own.
async fn upload_address(backend: &Backend, key: &ApiKey, cause: Cause) -> Result<String, Failure> {
    #[derive(serde::Deserialize)]
    struct Address {
        data: String,
    }
    let stop = Stop::new().ok_or(Failure::Interrupted)?;
    let outgoing = Outgoing {
        method: Method::Get,
        url: &backend.url("files/upload_url"),
        key: Some(key.reveal()),
        cookies: false,
        payload: Payload::Empty,
        redirects: Redirects::Refused,
        limit_ms: REPLY_TIMEOUT_MS,
        idle_ms: None,
        cause,
    };
    let read = async {
        let incoming = fetch(outgoing, &stop).await?;
        let status = incoming.status();
        Ok::<_, Failed>((status, incoming.bytes(MAX_REPLY_BYTES).await?))
    };
    let (status, body) = read.await.map_err(|Failed(failure)| failure)?;
    if status != 200 {
        return Err(Failure::Backend { status });
    }
    let body = body.ok_or(Failure::TooLarge)?;
    let address: Address = serde_json::from_slice(&body).map_err(|_| Failure::NotTheApi)?;
    let url = web_sys::Url::new(&address.data).map_err(|_| Failure::NotTheApi)?;
    if url.origin() != backend.origin() || !url.username().is_empty() {
        return Err(Failure::Redirected);
    }
    Ok(url.href())
}
