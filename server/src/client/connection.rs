//! Requests to a backend: sent to it and to nobody else, within its budget, again where that helps.
//!
//! What a request is and what its reply means is `quorum-core`'s; the bytes are carried here. The key
//! goes to the backend's own origin only: a redirect is an answer like any other and is never
//! followed, and an upload address elsewhere is refused.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use quorum_core::api::{
    ApiKey, Backend, Body, Budget, Call, Failure, MAX_REPLY_BYTES, Method, Purpose,
    REPLY_TIMEOUT_MS, RawReply, Reply, Request,
};
use quorum_core::deception::show_safely;
use quorum_core::indicator::Sha256;
use serde_json::Value;
use sha2::Digest as _;
use tokio::io::AsyncReadExt as _;

use super::status::Status;
use crate::clock::now_ms;
use crate::ids::Secret;

/// Above this a file goes to an address that the backend gives for it, in bytes.
const LARGE: u64 = 32 << 20;
/// How much of a file is sent at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// How long an upload may stand still, and how long its answer may take after the last byte.
const STALL: Duration = Duration::from_secs(120);
/// How often a request that failed for a passing reason is sent in all.
const ATTEMPTS: u32 = 4;
/// How long to wait before the second attempt; twice that before the third, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Why there is no reply, with what the backend said about it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) failure: Failure,
    said: Option<String>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            said: None,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.failure)?;
        if let Failure::RateLimited { retry_at: Some(at) }
        | Failure::QuotaSpent { retry_at: Some(at) } = self.failure
        {
            let seconds = (at - now_ms()).max(0) / 1000;
            write!(f, "; it may be tried again in {seconds} s")?;
        }
        match &self.said {
            Some(said) => write!(f, " ({said})"),
            None => Ok(()),
        }
    }
}

/// Why a file was not sent.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The backend, or the way there.
    Refused(Refusal),
    /// The file.
    File(std::io::Error),
    /// It is not any more what was looked up.
    Changed,
}

impl<T: Into<Refusal>> From<T> for NotSent {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

/// A reply's bytes.
struct Raw {
    status: u16,
    content_type: String,
    retry_after: Option<String>,
    body: Vec<u8>,
}

impl Raw {
    fn view(&self) -> RawReply<'_> {
        RawReply {
            status: self.status,
            content_type: &self.content_type,
            retry_after: self.retry_after.as_deref(),
            body: &self.body,
        }
    }

    /// The backend's own words in an error.
    fn said(&self) -> Option<String> {
        let value: Value = serde_json::from_slice(&self.body).ok()?;
        let said = value.pointer("/error/message")?.as_str()?;
        let said: String = show_safely(said).chars().take(300).collect();
        (!said.is_empty()).then_some(said)
    }
}

fn method(request: &Request) -> reqwest::Method {
    match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    }
}

/// The way to a backend, shared by all that is asked at the same time.
pub(crate) struct Connection {
    http: reqwest::Client,
    pub(crate) backend: Backend,
    key: ApiKey,
    budget: Mutex<Budget>,
    /// Whether the account has been asked for its quotas.
    learned: tokio::sync::OnceCell<()>,
    /// Longest that one request waits for the backend's leave.
    max_wait: Duration,
    pub(crate) status: Status,
}

impl Connection {
    /// # Errors
    /// The proxy's address is none.
    pub(crate) fn new(
        backend: Backend,
        key: ApiKey,
        proxy: Option<&str>,
        max_wait: Duration,
    ) -> Result<Self, reqwest::Error> {
        // Fails where another part of the program has done it, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(15))
            .user_agent(concat!("quorum/", env!("CARGO_PKG_VERSION")));
        let http = if backend.to_string().starts_with("http://") {
            // That is this machine. A proxy would get the key in clear.
            http.no_proxy()
        } else if let Some(proxy) = proxy {
            http.proxy(reqwest::Proxy::all(proxy)?)
        } else {
            http
        };
        Ok(Self {
            http: http.build()?,
            budget: Mutex::new(Budget::new(&backend)),
            learned: tokio::sync::OnceCell::new(),
            backend,
            key,
            max_wait,
            status: Status::default(),
        })
    }

    /// Whether what is sent in becomes visible to everybody.
    pub(crate) fn is_public(&self) -> bool {
        self.backend.is_virustotal()
    }

    /// The account behind the key.
    ///
    /// # Errors
    /// Why there is no reply.
    pub(crate) async fn account(&self) -> Result<quorum_core::report::Account, Refusal> {
        match self.call(&Call::Account(self.key.clone())).await? {
            (Reply::Account(account), _) => Ok(account),
            _ => Err(Failure::NotTheApi.into()),
        }
    }

    /// The path of the key's own user.
    pub(crate) fn own_path(&self) -> String {
        Call::Account(self.key.clone()).request().path
    }

    /// Makes a call. Beside its reply stands `data` as it came.
    ///
    /// # Errors
    /// Why there is no reply.
    pub(crate) async fn call(&self, call: &Call) -> Result<(Reply, Value), Refusal> {
        let request = call.request();
        let sent = self.exchange(method(&request), &request.path, &request.body);
        let raw = sent.await?;
        match call.interpret(raw.view(), now_ms()) {
            Ok(reply) => Ok((reply, data(&raw.body))),
            Err(failure) => Err(Refusal {
                failure,
                said: raw.said(),
            }),
        }
    }

    /// Gets a document of the API that core has no type for, whole.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn get(&self, path: String) -> Result<Value, Refusal> {
        self.document(reqwest::Method::GET, &path, &Body::Empty)
            .await
    }

    /// Has something changed by a request that core has no type for.
    ///
    /// # Errors
    /// Why it is not known to be done.
    pub(crate) async fn change(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), Refusal> {
        let body = body.map_or(Body::Empty, |body| Body::Json(body.to_string()));
        self.document(method, path, &body).await.map(drop)
    }

    /// The document that a request is answered with; `null` where there is none.
    async fn document(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &Body,
    ) -> Result<Value, Refusal> {
        let raw = self.exchange(method, path, body).await?;
        raw.view().check(now_ms()).map_err(|failure| Refusal {
            failure,
            said: raw.said(),
        })?;
        match raw.status {
            204 => Ok(Value::Null),
            _ => serde_json::from_slice(&raw.body).map_err(|_| Failure::NotTheApi.into()),
        }
    }

    /// Sends a request when the budget lets it, and again when the failure may have passed.
    async fn exchange(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &Body,
    ) -> Result<Raw, Refusal> {
        let (began, mut attempt) = (Instant::now(), 1);
        let repeatable = method == reqwest::Method::GET;
        loop {
            self.leave().await?;
            let outcome = self.send(method.clone(), path, body).await;
            match self.again(&outcome, repeatable, began, attempt) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return outcome.map_err(Into::into),
            }
            attempt += 1;
        }
    }

    /// Whether to try again, and after which pause. A refusal for want of quota is no attempt: the
    /// next one waits in [`leave`](Self::leave) for as long as the backend says.
    fn again(
        &self,
        outcome: &Result<Raw, Failure>,
        repeatable: bool,
        began: Instant,
        attempt: u32,
    ) -> Option<Duration> {
        let failed = match outcome {
            Ok(raw) if raw.status == 429 => {
                let now = now_ms();
                let refusal = raw.view().check(now).err()?;
                let mut budget = self.budget();
                budget.refused(&refusal, now);
                // Asked of a copy: this is no request yet.
                let told = match budget.clone().take(Purpose::User, now) {
                    Ok(()) => Duration::ZERO,
                    Err(at) => millis(at - now),
                };
                return (began.elapsed() + told < self.max_wait).then(|| pause(FIRST_PAUSE));
            }
            // A request that was refused in this way has changed nothing.
            Ok(raw) if raw.status == 503 && raw.content_type.contains("json") => true,
            Ok(raw) => raw.status >= 500 && repeatable,
            Err(Failure::Unreachable | Failure::TooSlow) => repeatable,
            Err(_) => false,
        };
        (failed && attempt < ATTEMPTS).then(|| pause(FIRST_PAUSE * 2u32.pow(attempt - 1)))
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may leave.
    ///
    /// # Errors
    /// That takes too long. Our own pace never does: however many wait in turn, each goes on.
    async fn leave(&self) -> Result<(), Refusal> {
        loop {
            let now = now_ms();
            let taken = self.budget().take(Purpose::User, now);
            let Err(at) = taken else { return Ok(()) };
            // Before waiting for a rate that was only assumed, the account tells the true one.
            if self.backend.is_virustotal() && self.learn().await {
                continue;
            }
            let wait = millis(at - now);
            if wait > self.max_wait {
                return Err(Failure::RateLimited { retry_at: Some(at) }.into());
            }
            let _waiting = self.status.waiting(at);
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks once for the account's quotas. Whether this was that time.
    async fn learn(&self) -> bool {
        let mut first = false;
        self.learned
            .get_or_init(async || {
                first = true;
                let call = Call::Account(self.key.clone());
                let request = call.request();
                let sent = self.send(method(&request), &request.path, &request.body);
                let Ok(raw) = sent.await else {
                    return;
                };
                if let Ok(Reply::Account(account)) = call.interpret(raw.view(), now_ms()) {
                    self.budget().learn(&account);
                }
            })
            .await;
        first
    }

    /// Sends a request once.
    async fn send(&self, method: reqwest::Method, path: &str, body: &Body) -> Result<Raw, Failure> {
        let sending = self.http.request(method, self.backend.url(path));
        let (kind, body) = match body {
            Body::Empty => (None, String::new()),
            Body::Json(json) => (Some("application/json"), json.clone()),
            Body::Form(form) => (Some("application/x-www-form-urlencoded"), form.clone()),
            // Files go through `upload`.
            Body::File(_) => return Err(Failure::NotTheApi),
        };
        let sending = match kind {
            Some(kind) => sending
                .header(reqwest::header::CONTENT_TYPE, kind)
                .body(body),
            None => sending,
        };
        let limit = Duration::from_millis(REPLY_TIMEOUT_MS.into());
        self.receive(sending.timeout(limit)).await
    }

    async fn receive(&self, sending: reqwest::RequestBuilder) -> Result<Raw, Failure> {
        let response = sending
            .header("x-apikey", self.key.reveal())
            .header("x-tool", concat!("quorum/", env!("CARGO_PKG_VERSION")))
            .header(reqwest::header::ACCEPT, "application/json")
            .send()
            .await
            .map_err(failure)?;
        let text = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        let mut raw = Raw {
            status: response.status().as_u16(),
            content_type: text(reqwest::header::CONTENT_TYPE).unwrap_or_default(),
            retry_after: text(reqwest::header::RETRY_AFTER),
            body: Vec::new(),
        };
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            raw.body.extend_from_slice(&chunk.map_err(failure)?);
            if raw.body.len() > MAX_REPLY_BYTES {
                return Err(Failure::TooLarge);
            }
        }
        Ok(raw)
    }

    /// Sends a file in, and returns the analysis that was begun. `sha256` is what it was when it
    /// was looked up: the bytes that leave are hashed again.
    ///
    /// # Errors
    /// It was not taken, or is another file by now.
    pub(crate) async fn upload(
        &self,
        path: &Path,
        name: &str,
        size: u64,
        sha256: Sha256,
    ) -> Result<String, NotSent> {
        let call = Call::SubmitFile {
            name: name.to_owned(),
        };
        let (began, mut attempt) = (Instant::now(), 1);
        loop {
            let address = self.upload_address(size, &call).await?;
            self.leave().await?;
            let outcome = self.send_file(address, path, name, size, sha256).await;
            let outcome = match outcome {
                Err(NotSent::Refused(refusal)) => Err(refusal.failure),
                Err(other) => return Err(other),
                Ok(raw) => Ok(raw),
            };
            // The same bytes twice are the same object.
            if let Some(pause) = self.again(&outcome, true, began, attempt) {
                tokio::time::sleep(pause).await;
                attempt += 1;
                continue;
            }
            let raw = outcome?;
            return match call.interpret(raw.view(), now_ms()) {
                Ok(Reply::Analysis(analysis)) => Ok(analysis.id),
                Ok(_) => Err(Failure::NotTheApi.into()),
                Err(failure) => Err(NotSent::Refused(Refusal {
                    failure,
                    said: raw.said(),
                })),
            };
        }
    }

    async fn upload_address(&self, size: u64, call: &Call) -> Result<String, Refusal> {
        if size <= LARGE {
            return Ok(self.backend.url(&call.request().path));
        }
        let document = self.get("files/upload_url".to_owned()).await?;
        let address = document["data"].as_str().unwrap_or_default();
        match url::Url::parse(address) {
            Ok(url) if url.origin().ascii_serialization() == self.backend.origin() => {
                Ok(url.to_string())
            }
            Ok(_) => Err(Failure::Redirected.into()),
            Err(_) => Err(Failure::NotTheApi.into()),
        }
    }

    async fn send_file(
        &self,
        address: String,
        path: &Path,
        name: &str,
        size: u64,
        sha256: Sha256,
    ) -> Result<Raw, NotSent> {
        let file = tokio::fs::File::open(path).await.map_err(NotSent::File)?;
        let boundary =
            Secret::draw().map_err(|error| NotSent::File(std::io::Error::other(error)))?;
        let boundary = &boundary.reveal();
        let (head, tail) = envelope(boundary, name);
        let length = head.len() as u64 + size + tail.len() as u64;
        let sent = Arc::new(AtomicU64::new(0));
        let changed = Arc::new(Mutex::new(None));
        let body = contents(
            file,
            size,
            sha256,
            self.status.clone(),
            sent.clone(),
            changed.clone(),
        );
        let body = futures_util::stream::iter([Ok(head)])
            .chain(body)
            .chain(futures_util::stream::iter([Ok(tail)]));
        let sending = self
            .http
            .post(address)
            .header(
                reqwest::header::CONTENT_TYPE,
                format!("multipart/form-data; boundary={boundary}"),
            )
            .header(reqwest::header::CONTENT_LENGTH, length)
            .body(reqwest::Body::wrap_stream(body));
        let outcome = tokio::select! {
            outcome = self.receive(sending) => outcome,
            () = stalled(&sent) => Err(Failure::TooSlow),
        };
        // What the file did explains what the connection did.
        match changed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(reason) => Err(reason),
            None => Ok(outcome?),
        }
    }
}

/// `data` of a document that was read before.
fn data(body: &[u8]) -> Value {
    serde_json::from_slice::<Value>(body)
        .map(|mut document| document["data"].take())
        .unwrap_or_default()
}

fn millis(wait: i64) -> Duration {
    Duration::from_millis(u64::try_from(wait).unwrap_or(0))
}

fn failure(error: reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::TooSlow
    } else {
        Failure::Unreachable
    }
}

/// A pause with up to a half more, so that many who failed together do not come back together.
fn pause(least: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is only less spread.
    let _ = getrandom::fill(&mut byte);
    least + least.mul_f64(f64::from(byte[0]) / 512.0)
}

/// What stands before and after a file's bytes in `multipart/form-data` (RFC 7578). Quotes and line
/// ends in the name are written as browsers write them.
fn envelope(boundary: &str, name: &str) -> (Vec<u8>, Vec<u8>) {
    let name = name
        .replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    (
        head.into_bytes(),
        format!("\r\n--{boundary}--\r\n").into_bytes(),
    )
}

/// The file's bytes. The last piece is held back until all of them are known to be the right ones;
/// otherwise the stream ends with an error, and `changed` says why.
fn contents(
    file: tokio::fs::File,
    size: u64,
    sha256: Sha256,
    status: Status,
    sent: Arc<AtomicU64>,
    changed: Arc<Mutex<Option<NotSent>>>,
) -> impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> {
    let uploading = status.uploading(size);
    let state = Some((file, sha2::Sha256::new(), size, uploading));
    futures_util::stream::unfold(state, move |state| {
        let (sent, changed) = (sent.clone(), changed.clone());
        async move {
            let (mut file, mut hash, left, uploading) = state?;
            if left == 0 {
                return None;
            }
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let problem = match file.read_exact(&mut piece).await {
                Ok(_) => {
                    hash.update(&piece);
                    let left = left - piece.len() as u64;
                    if left > 0 || <[u8; 32]>::from(hash.clone().finalize()) == *sha256.as_bytes() {
                        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                        uploading.add(piece.len() as u64);
                        return Some((Ok(piece), Some((file, hash, left, uploading))));
                    }
                    NotSent::Changed
                }
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => NotSent::Changed,
                Err(error) => NotSent::File(error),
            };
            *changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
            Some((Err(std::io::Error::other("the file changed")), None))
        }
    })
}

/// Ends when nothing more has been sent for [`STALL`].
async fn stalled(sent: &AtomicU64) {
    let mut before = 0;
    loop {
        tokio::time::sleep(STALL).await;
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_quotes() {
        let (head, _) = envelope("b", "a\"; name=\"x\r\nX: y");
        let head = String::from_utf8(head).unwrap();
        assert!(
            head.contains("filename=\"a%22; name=%22x%0D%0AX: y\"\r\n"),
            "{head}"
        );
        assert_eq!(head.matches("\r\n").count(), 4);
    }
}
