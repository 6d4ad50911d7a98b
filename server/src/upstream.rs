//! Another backend of the API as a source: virustotal.com, or another Quorum.
//!
//! What is asked about goes to the local store first and, where the policy has the group, to the
//! upstream too: with one team's key, within one budget that all processes on a store share,
//! through one cache. Every answer says how old what came from there is. Whatever the upstream
//! does, the local answer stands: it can be late, refuse, or talk nonsense, and costs at most
//! [`Policy::timeout`](crate::config::Upstream).
//!
//! A private address is never sent ([`Sendable`]). Of an address that is only known by its
//! digest, the digest is asked for, which says nothing to whom has not seen the address. Files
//! and addresses are sent in where the policy names the group and the type, and nowhere else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::TryStreamExt as _;
use quorum_core::api::{
    ApiKey, Backend, Body, Call, Failure, MAX_REPLY_BYTES, Method, RawReply, Reply, Request,
};
use quorum_core::indicator::{CanonicalUrl, FileHash, Indicator, Kind, Sha256, UrlRef};
use quorum_core::privacy::Sendable;
use quorum_core::report::{EngineResult, Stats};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock::{self, DAY};
use crate::config;
use crate::ids::Secret;
use crate::store::{Actor, Store, StoreError, UpstreamAnswer};

/// The books' name for the upstream's budget: no group has it.
const BOOK: &str = "(upstream)";

/// How long an upstream that failed is left alone, in milliseconds, where it does not say.
const REST: i64 = 30_000;

/// The same where the key was refused: only a person mends that.
const LONG_REST: i64 = 5 * 60_000;

/// The largest file that is sent in.
const LARGEST_SENT: u64 = 32 << 20;

/// How long an upload may take.
const UPLOAD_TIME: Duration = Duration::from_secs(300);

/// How long answers are kept beyond the time that they are fresh, in seconds, for when there is no
/// better one.
const KEPT: i64 = 30 * DAY;

/// The most bytes of a report that are kept.
const MAX_KEPT: usize = 1 << 20;

/// Attributes of the community and of our own, which the upstream has no say in.
const LOCAL: &[&str] = &["reputation", "total_votes", "upstream"];

/// Attributes that are lists of words, of which both sides' count.
const LISTS: &[&str] = &["names", "tags", "type_tags"];

/// Names that an object's attributes must not have: clients of the API trip over them.
const NOT_ATTRIBUTES: &[&str] = &["id", "type", "error", "relationships", "context_attributes"];

/// The upstream, its key and what it may be asked.
pub(crate) struct Upstream {
    http: reqwest::Client,
    pub(crate) backend: Backend,
    key: ApiKey,
    policy: config::Upstream,
    /// Who asks for the same thing at the same time waits for the first one's answer.
    asking: Mutex<HashMap<(Kind, String), Turn>>,
}

/// Held by who asks for one thing.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Why there is no upstream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("upstream.key_file {}: {source}", path.display())]
    KeyFile {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("upstream.key_file {}: {source}", path.display())]
    Key {
        path: std::path::PathBuf,
        source: quorum_core::api::ApiKeyError,
    },
    #[error("upstream: there is no client for it")]
    Client,
}

/// What is asked for.
enum Question {
    /// By a call of the core's, which cannot be made about a private address.
    Of(Call),
    /// An address of which only the digest is known.
    Digest(Sha256),
}

/// What the upstream said, now or before.
#[derive(Debug)]
pub(crate) struct Told {
    id: String,
    answer: UpstreamAnswer,
    source: String,
    /// Why it is no newer.
    stale: Option<&'static str>,
}

impl Upstream {
    /// Reads the key. `None` where none is configured.
    ///
    /// # Errors
    /// The key cannot be read, or is none.
    pub(crate) fn open(policy: &config::Upstream) -> Result<Option<Self>, UpstreamError> {
        let (Some(backend), Some(path)) = (&policy.url, &policy.key_file) else {
            return Ok(None);
        };
        let path = path.clone();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(UpstreamError::KeyFile { path, source }),
        };
        let key = match text.parse() {
            Ok(key) => key,
            Err(source) => return Err(UpstreamError::Key { path, source }),
        };
        // Of TLS's providers there is one in this program; who else needs one finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("quorum/", env!("CARGO_PKG_VERSION")));
        let http = match backend.to_string().starts_with("http://") {
            // That is this machine: a proxy would get the key in clear.
            true => http.no_proxy(),
            false => http,
        };
        Ok(Some(Self {
            http: http.build().map_err(|_| UpstreamError::Client)?,
            backend: backend.clone(),
            key,
            policy: policy.clone(),
            asking: Mutex::default(),
        }))
    }

    /// Asks for the account behind the key, outside of the budget: for `quorum doctor`.
    ///
    /// # Errors
    /// Why there is no reply.
    pub(crate) async fn account(&self) -> Result<quorum_core::report::Account, Failure> {
        let call = Call::Account(self.key.clone());
        let raw = self.send(&call.request()).await?;
        match call.interpret(raw.view(), clock::now_ms())? {
            Reply::Account(account) => Ok(account),
            _ => Err(Failure::NotTheApi),
        }
    }

    /// What the upstream says of something, if the group may ask it and it may be asked. `text`
    /// is the address where it is known.
    pub(crate) async fn look_up(
        &self,
        store: &dyn Store,
        group: &str,
        kind: Kind,
        raw: &str,
        text: Option<&str>,
    ) -> Option<Told> {
        if let Some(groups) = &self.policy.groups
            && !groups.iter().any(|one| one == group)
        {
            return None;
        }
        let (question, id) = question(kind, raw, text)?;
        let told = self.answer(store, kind, &id, &question).await;
        match told {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(%error, "the upstream's cache cannot be used");
                None
            }
        }
    }

    async fn answer(
        &self,
        store: &dyn Store,
        kind: Kind,
        id: &str,
        question: &Question,
    ) -> Result<Option<Told>, StoreError> {
        let told = |answer, stale| Told {
            id: id.to_owned(),
            answer,
            source: self.backend.label(),
            stale,
        };
        let cached = store.upstream_answer(kind, id).await?;
        if let Some(answer) = cached.filter(|one| self.is_fresh(one)) {
            return Ok(Some(told(answer, None)));
        }
        let turn = self.turn(kind, id);
        let _turn = turn.lock().await;
        let cached = store.upstream_answer(kind, id).await?;
        if let Some(answer) = cached.as_ref().filter(|one| self.is_fresh(one)) {
            return Ok(Some(told(answer.clone(), None)));
        }
        let asked = match self.leave(store).await? {
            Ok(()) => self.ask(question).await,
            Err(reason) => return Ok(cached.map(|answer| told(answer, Some(reason)))),
        };
        match asked {
            Ok(body) => {
                let now = clock::now();
                let answer = UpstreamAnswer { fetched: now, body };
                store.keep_upstream(kind, id, &answer, now - KEPT).await?;
                Ok(Some(told(answer, None)))
            }
            Err(failure) => {
                tracing::warn!(%failure, upstream = self.backend.label(), "the upstream gave no answer");
                let reason = self.rest(store, &failure).await?;
                Ok(cached.map(|answer| told(answer, Some(reason))))
            }
        }
    }

    fn is_fresh(&self, answer: &UpstreamAnswer) -> bool {
        let hours = match answer.body {
            Some(_) => self.policy.fresh_hours,
            None => self.policy.missing_hours,
        };
        // A clock that was set back makes nothing fresh for ever.
        let age = clock::now() - answer.fetched;
        (0..i64::from(hours) * 3600).contains(&age)
    }

    fn turn(&self, kind: Kind, id: &str) -> Turn {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds any more are of no use.
        asking.retain(|_, turn| Arc::strong_count(turn) > 1);
        asking.entry((kind, id.to_owned())).or_default().clone()
    }

    /// Takes one request out of the budget; inside, why there is none.
    async fn leave(&self, store: &dyn Store) -> Result<Result<(), &'static str>, StoreError> {
        let now = clock::now_ms();
        if store.upstream_pause().await? > now {
            return Ok(Err("the upstream asked for a pause, or failed"));
        }
        let per_minute = self.policy.per_minute;
        if store.admit_burst(BOOK, now, per_minute).await?.is_some() {
            return Ok(Err("the budget of this minute is spent"));
        }
        let day = now / 1000 / DAY;
        let (granted, _) = store.reserve(BOOK, day, 1, self.policy.per_day).await?;
        match granted {
            0 => Ok(Err("the budget of this day is spent")),
            _ => Ok(Ok(())),
        }
    }

    /// Leaves an upstream that failed alone for a while, and says in a few words why.
    async fn rest(&self, store: &dyn Store, failure: &Failure) -> Result<&'static str, StoreError> {
        let now = clock::now_ms();
        let midnight = (now / 1000 / DAY + 1) * DAY * 1000;
        let (until, reason) = match failure {
            Failure::RateLimited { retry_at } => (
                retry_at.unwrap_or(now + 60_000),
                "the upstream's rate is spent",
            ),
            Failure::QuotaSpent { retry_at } => (
                retry_at.unwrap_or(midnight),
                "the upstream's quota is spent",
            ),
            Failure::KeyRefused | Failure::Forbidden => {
                (now + LONG_REST, "the upstream refuses the key")
            }
            _ => (now + REST, "the upstream failed"),
        };
        store.pause_upstream(until).await?;
        Ok(reason)
    }

    /// The attributes of the report; `None` inside where there is none.
    async fn ask(&self, question: &Question) -> Result<Option<Map<String, Value>>, Failure> {
        let request = match question {
            Question::Of(call) => call.request(),
            Question::Digest(id) => Request {
                method: Method::Get,
                path: format!("urls/{id}"),
                body: Body::Empty,
            },
        };
        let raw = self.send(&request).await?;
        let now = clock::now_ms();
        match question {
            Question::Of(call) => match call.interpret(raw.view(), now)? {
                Reply::Report(None) => return Ok(None),
                Reply::Report(Some(_)) => {}
                _ => return Err(Failure::NotTheApi),
            },
            Question::Digest(id) => match raw.view().check(now) {
                Ok(()) => {
                    let document: Value =
                        serde_json::from_slice(&raw.body).map_err(|_| Failure::NotTheApi)?;
                    let object = &document["data"];
                    let is_asked = object["type"] == "url" && object["id"] == id.to_string();
                    let url = object["attributes"]["url"].as_str().unwrap_or_default();
                    let url: CanonicalUrl = url.parse().map_err(|_| Failure::NotTheApi)?;
                    if !is_asked || url.id() != *id {
                        return Err(Failure::NotTheApi);
                    }
                }
                Err(Failure::NotFound) => return Ok(None),
                Err(failure) => return Err(failure),
            },
        }
        let mut document: Value =
            serde_json::from_slice(&raw.body).map_err(|_| Failure::NotTheApi)?;
        match document["data"]["attributes"].take() {
            Value::Object(attributes) => Ok(Some(tidied(attributes))),
            _ => Err(Failure::NotTheApi),
        }
    }

    /// Sends a request, to the upstream and nowhere else: a redirect is no answer.
    async fn send(&self, request: &Request) -> Result<Raw, Failure> {
        let address = self.backend.url(&request.path);
        let sending = match (&request.method, &request.body) {
            (Method::Get, _) => self.http.get(address),
            (Method::Post, Body::Form(form)) => self
                .http
                .post(address)
                .header(
                    reqwest::header::CONTENT_TYPE,
                    "application/x-www-form-urlencoded",
                )
                .body(form.clone()),
            (Method::Post, _) => return Err(Failure::NotTheApi),
        };
        self.receive(sending.timeout(Duration::from_millis(self.policy.timeout_ms)))
            .await
    }

    async fn receive(&self, sending: reqwest::RequestBuilder) -> Result<Raw, Failure> {
        // What went wrong is told without reqwest's words: they hold addresses.
        let failure = |error: reqwest::Error| match error.is_timeout() {
            true => Failure::TooSlow,
            false => Failure::Unreachable,
        };
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
        while let Some(chunk) = chunks.try_next().await.map_err(failure)? {
            raw.body.extend_from_slice(&chunk);
            if raw.body.len() > MAX_REPLY_BYTES {
                return Err(Failure::TooLarge);
            }
        }
        Ok(raw)
    }

    fn may_send(&self, group: &str, kind: config::Sent) -> bool {
        let kinds = self.policy.uploads.get(group);
        kinds.is_some_and(|kinds| kinds.contains(&kind))
    }

    /// Sends an address in.
    async fn send_url(&self, store: &dyn Store, url: Sendable<CanonicalUrl>) -> Sent {
        let sending = async {
            let call = Call::SubmitUrl(url);
            let raw = self.send(&call.request()).await?;
            call.interpret(raw.view(), clock::now_ms()).map(drop)
        };
        self.in_budget(store, sending).await
    }

    /// Sends a file in.
    async fn send_file(&self, store: &dyn Store, name: &str, bytes: Bytes) -> Sent {
        let sending = async {
            let boundary = Secret::draw().map_err(|_| Failure::Interrupted)?.reveal();
            // The name is the submitter's word; here it is a quoted string's contents.
            let harmless = |c: char| match c.is_control() || c == '"' || c == '\\' {
                true => '_',
                false => c,
            };
            let name: String = name.chars().map(harmless).collect();
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
                 filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            );
            let tail = format!("\r\n--{boundary}--\r\n");
            let body = [head.as_bytes(), &bytes, tail.as_bytes()].concat();
            let call = Call::SubmitFile { name };
            let sending = self
                .http
                .post(self.backend.url(&call.request().path))
                .header(
                    reqwest::header::CONTENT_TYPE,
                    format!("multipart/form-data; boundary={boundary}"),
                )
                .body(body)
                .timeout(UPLOAD_TIME);
            let raw = self.receive(sending).await?;
            call.interpret(raw.view(), clock::now_ms()).map(drop)
        };
        self.in_budget(store, sending).await
    }

    /// Sends, if the budget lets it.
    async fn in_budget(
        &self,
        store: &dyn Store,
        sending: impl Future<Output = Result<(), Failure>> + Send,
    ) -> Sent {
        if let Err(reason) = self.leave(store).await? {
            return Ok(Err(reason));
        }
        match sending.await {
            Ok(()) => Ok(Ok(())),
            Err(failure) => {
                tracing::warn!(%failure, "nothing was sent in upstream");
                Ok(Err(self.rest(store, &failure).await?))
            }
        }
    }
}

/// Whether something was sent in, and if not, why.
type Sent = Result<Result<(), &'static str>, StoreError>;

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
}

/// What may be asked about something, and under which name its answer is kept; `None` where it is
/// private, or nothing that can be asked about.
fn question(kind: Kind, raw: &str, text: Option<&str>) -> Option<(Question, String)> {
    let indicator = match kind {
        Kind::File => Indicator::File(raw.parse::<FileHash>().ok()?),
        Kind::Domain => Indicator::Domain(raw.parse().ok()?),
        Kind::IpAddress => {
            let bare = raw.trim_start_matches('[').trim_end_matches(']');
            Indicator::Ip(bare.parse().ok()?)
        }
        Kind::Url => {
            let reference: UrlRef = raw.parse().ok()?;
            let id = reference.id();
            let known = text.and_then(|text| text.parse::<CanonicalUrl>().ok());
            match (reference, known) {
                (UrlRef::Url(url), _) | (UrlRef::Id(_), Some(url)) => Indicator::Url(url),
                (UrlRef::Id(_), None) => return Some((Question::Digest(id), id.to_string())),
            }
        }
    };
    let sendable: Sendable<Indicator> = indicator.try_into().ok()?;
    let id = sendable.get().id();
    Some((Question::Of(Call::Report(sendable)), id))
}

/// Attributes as they can stand in an object of ours.
fn tidied(mut attributes: Map<String, Value>) -> Map<String, Value> {
    attributes.retain(|name, value| {
        let is_date = name.ends_with("_date") || name == "date";
        !NOT_ATTRIBUTES.contains(&name.as_str())
            && !LOCAL.contains(&name.as_str())
            && !value.is_null()
            // A date that is no number breaks clients.
            && (!is_date || value.is_number())
    });
    let text = |attributes: &Map<String, Value>| json!(attributes).to_string().len();
    if text(&attributes) > MAX_KEPT {
        // What verdicts rest on, and no more.
        let wanted = |name: &str| name.starts_with("last_analysis") || name == "url";
        attributes.retain(|name, value| {
            wanted(name) || (value.is_string() && name.len() < 40) || value.is_number()
        });
    }
    attributes
}

/// The engines' columns in attributes.
fn results(attributes: &Map<String, Value>) -> Vec<EngineResult> {
    let columns = attributes
        .get("last_analysis_results")
        .and_then(Value::as_object);
    let columns = columns.into_iter().flatten();
    let read = columns.filter_map(|(name, column)| {
        let mut column = column.clone();
        column["engine_name"] = name.as_str().into();
        serde_json::from_value(column).ok()
    });
    read.collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Told {
    /// Whether the upstream knows the thing.
    pub(crate) fn is_known(&self) -> bool {
        self.answer.body.is_some()
    }

    /// The id under which the API has it: of a file that was asked for by another hash, the
    /// upstream's word for its SHA-256.
    pub(crate) fn id(&self, kind: Kind) -> Option<String> {
        if self.id.len() == 64 || kind != Kind::File {
            return Some(self.id.clone());
        }
        let text = self.answer.body.as_ref()?.get("sha256")?.as_str()?;
        Some(text.parse::<Sha256>().ok()?.to_string())
    }

    /// Lays what the upstream said under a report of ours: what we know ourselves stays, its
    /// engines' columns come beside ours and are counted with them, and where the rest came from
    /// and when stands in `upstream`.
    pub(crate) fn lay_under(self, kind: Kind, report: &mut Value) {
        let now = clock::now();
        let mut said = map(json!({
            "source": self.source,
            "found": self.answer.body.is_some(),
            "fetched_date": self.answer.fetched,
            "age": (now - self.answer.fetched).max(0),
        }));
        if let Some(reason) = self.stale {
            said.insert("stale".to_owned(), reason.into());
        }
        let Value::Object(own) = report["attributes"].take() else {
            return;
        };
        let mut attributes = self.answer.body.unwrap_or_default();
        if let Some(date) = attributes.get("last_analysis_date") {
            said.insert("last_analysis_date".to_owned(), date.clone());
        }
        let mut columns = results(&json_map(&own, "last_analysis_results"));
        let mut theirs = Vec::new();
        for mut column in results(&attributes) {
            if columns
                .iter()
                .any(|one| one.engine_name == column.engine_name)
            {
                column.engine_name = format!("{} ({})", column.engine_name, self.source);
            }
            theirs.push(column.engine_name.clone());
            columns.push(column);
        }
        said.insert("engines".to_owned(), json!(theirs));
        for (name, value) in own {
            if LISTS.contains(&name.as_str())
                && let (Some(Value::Array(there)), Value::Array(here)) =
                    (attributes.get_mut(&name), &value)
            {
                let mut all = here.clone();
                all.extend(there.drain(..).filter(|one| !here.contains(one)));
                *there = all;
            } else if !is_empty(&value) || !attributes.contains_key(&name) {
                attributes.insert(name, value);
            }
        }
        let columns_by_name: Map<_, _> = columns
            .iter()
            .map(|column| (column.engine_name.clone(), json!(column)))
            .collect();
        attributes.insert("last_analysis_results".to_owned(), columns_by_name.into());
        let stats = Stats::count(&columns).for_kind(kind);
        attributes.insert("last_analysis_stats".to_owned(), stats);
        attributes.insert("upstream".to_owned(), said.into());
        report["attributes"] = attributes.into();
    }
}

fn json_map(own: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let value = own.get(name).cloned().unwrap_or_default();
    Map::from_iter([(name.to_owned(), value)])
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Sends a file in upstream where the policy says so, in its own time: the answer to whoever sent
/// it to us does not wait.
pub(crate) fn offer_file(app: &App, by: Actor<'_>, sha256: Sha256, size: u64, name: Option<&str>) {
    let Some(upstream) = &app.upstream else {
        return;
    };
    if !upstream.may_send(by.group, config::Sent::File) || size > LARGEST_SENT {
        return;
    }
    let (app, group, account) = (app.clone(), by.group.to_owned(), by.account.to_owned());
    let name = name.map_or_else(|| sha256.to_string(), str::to_owned);
    tokio::spawn(async move {
        let Some(upstream) = &app.upstream else {
            return;
        };
        let id = sha256.to_string();
        // What is known there needs no sending.
        let told = upstream.look_up(&*app.store, &group, Kind::File, &id, None);
        if told.await.is_some_and(|told| told.is_known()) {
            return;
        }
        let sent = match app.blobs.read(&sha256).await {
            Ok(bytes) => upstream.send_file(&*app.store, &name, bytes).await,
            Err(error) => Err(error),
        };
        note(&app, &account, &group, "file", &id, sent).await;
    });
}

/// The same for an address.
pub(crate) fn offer_url(app: &App, by: Actor<'_>, url: &CanonicalUrl) {
    let Some(upstream) = &app.upstream else {
        return;
    };
    if !upstream.may_send(by.group, config::Sent::Url) {
        return;
    }
    let Ok(sendable) = Sendable::try_from(url.clone()) else {
        return;
    };
    let (app, group, account) = (app.clone(), by.group.to_owned(), by.account.to_owned());
    tokio::spawn(async move {
        if let Some(upstream) = &app.upstream {
            let id = sendable.get().id().to_string();
            let sent = upstream.send_url(&*app.store, sendable).await;
            note(&app, &account, &group, "url", &id, sent).await;
        }
    });
}

/// Writes into the audit log what left, which has to be known, and into the log what did not.
async fn note(app: &App, account: &str, group: &str, kind: &str, id: &str, sent: Sent) {
    let by = Actor {
        account,
        group,
        interface: "upstream",
        country: None,
    };
    let noted = match sent {
        Ok(Ok(())) => {
            let source = app.upstream.as_ref().map(|one| one.backend.label());
            let detail = json!({"kind": kind, "upstream": source});
            let noted = app
                .store
                .note(by, "upstream.sent", id, detail, clock::now());
            noted.await
        }
        Ok(Err(reason)) => {
            tracing::warn!(kind, id, reason, "not sent in upstream");
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        tracing::error!(%error, kind, id, "sending in upstream failed");
    }
}
