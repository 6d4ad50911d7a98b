//! The API v3 client without IO: a [`Call`] becomes a [`Request`], the reply's bytes become a
//! typed [`Reply`] or a [`Failure`], and a [`Budget`] says when a call may leave.

mod backend;
mod budget;
mod key;

pub use backend::{Backend, BackendError, match_pattern};
pub use budget::{Budget, Purpose, Remaining};
pub use key::{ApiKey, ApiKeyError};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::indicator::{CanonicalUrl, Indicator};
use crate::privacy::{NotSendable, Sendable};
use crate::report::{
    Account, Analysis, Comment, Envelope, MalformedReply, Object, Page, Report, VoteVerdict,
};

/// Largest reply that is read, decoded, in bytes.
pub const MAX_REPLY_BYTES: usize = 16 * 1024 * 1024;
/// How long a reply may take, in milliseconds.
pub const REPLY_TIMEOUT_MS: u32 = 30_000;
/// Most entries that are taken from one list.
const MAX_ITEMS: usize = 300;

/// An HTTP method of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A JSON document (`application/json`).
    Json(String),
    /// `application/x-www-form-urlencoded`.
    Form(String),
    /// `multipart/form-data` with one part `file` under this name. The bytes are the shell's:
    /// they never pass through here.
    File(String),
}

/// A request, ready to be sent to the backend and to nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below `/api/v3/`, with its query.
    pub path: String,
    /// What it carries.
    pub body: Body,
}

/// What can be asked of a backend. What it is about is [`Sendable`]: a private address cannot stand
/// here.
///
/// ```
/// use quorum_core::api::{Call, Failure, RawReply, Reply};
/// use quorum_core::indicator::Indicator;
/// use quorum_core::privacy::Sendable;
/// let asked = Sendable::try_from(Indicator::read("evil[.]example")?)?;
/// let call = Call::Report(asked);
/// assert_eq!(call.request().path, "domains/evil.example");
/// let reply = |status, body| RawReply { status, content_type: "application/json", retry_after: None, body };
/// let never_seen = br#"{"error": {"code": "NotFoundError", "message": ""}}"#;
/// assert_eq!(call.interpret(reply(404, never_seen), 0), Ok(Reply::Report(None)));
/// // What is not exactly an answer is none.
/// assert_eq!(call.interpret(reply(200, b"{}"), 0), Err(Failure::NotTheApi));
/// // An address of a private network cannot be asked about.
/// assert!(Sendable::try_from(Indicator::read("10.0.0.1")?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The account behind a key. The API finds a user by name or by key, and by nothing else.
    Account(ApiKey),
    /// The report on an indicator.
    Report(Sendable<Indicator>),
    /// Comments on an indicator, newest first.
    Comments {
        /// On what.
        of: Sendable<Indicator>,
        /// Where the page begins; `None` for the first.
        cursor: Option<String>,
    },
    /// Write a comment.
    AddComment {
        /// On what.
        of: Sendable<Indicator>,
        /// What it says.
        text: String,
    },
    /// Vote.
    Vote {
        /// On what.
        of: Sendable<Indicator>,
        /// For which side.
        verdict: VoteVerdict,
    },
    /// Send in an address to be analysed.
    SubmitUrl(Sendable<CanonicalUrl>),
    /// Send in a file to be analysed.
    SubmitFile {
        /// The name it is sent under.
        name: String,
    },
    /// How far an analysis is.
    Analysis(String),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To [`Call::Account`].
    Account(Account),
    /// To [`Call::Report`]; `None` if the backend has never seen it.
    Report(Option<Box<Report>>),
    /// To [`Call::Comments`].
    Comments(Page<Comment>),
    /// To [`Call::AddComment`].
    Comment(Comment),
    /// To [`Call::Vote`]: it was counted now (`true`) or had been before.
    Voted(bool),
    /// To [`Call::SubmitUrl`], [`Call::SubmitFile`] and [`Call::Analysis`].
    Analysis(Analysis),
}

/// Why there is no reply, in terms a person can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No backend was configured.
    #[error("no backend is configured")]
    NoBackend,
    /// The browser has not been allowed to talk to the backend.
    #[error("no permission for the backend's address")]
    NoPermission,
    /// It cannot be reached.
    #[error("the backend cannot be reached")]
    Unreachable,
    /// It did not answer in time.
    #[error("the backend did not answer in time")]
    TooSlow,
    /// It wants to send us, and the key, elsewhere.
    #[error("the backend answered with a redirect")]
    Redirected,
    /// The key is missing or wrong.
    #[error("the backend refuses the API key")]
    KeyRefused,
    /// The key does not allow it.
    #[error("the API key does not allow this")]
    Forbidden,
    /// Too many requests in a short time.
    #[error("too many requests")]
    RateLimited {
        /// When it can be tried again, in milliseconds since the Unix epoch.
        retry_at: Option<i64>,
    },
    /// The quota is spent.
    #[error("the quota is spent")]
    QuotaSpent {
        /// When it can be tried again, in milliseconds since the Unix epoch.
        retry_at: Option<i64>,
    },
    /// What was asked about does not exist there.
    #[error("not found")]
    NotFound,
    /// It failed, or understood us wrong.
    #[error("the backend failed with status {status}")]
    Backend {
        /// The HTTP status.
        status: u16,
    },
    /// What answered is not the API.
    #[error("what answered is not the API")]
    NotTheApi,
    /// The reply is larger than what is read.
    #[error("the reply is too large")]
    TooLarge,
    /// Nothing is sent at all: this is a dry run.
    #[error("nothing is sent in a dry run")]
    DryRun,
    /// The address belongs to a private network and is not sent.
    #[error("a private address is not sent")]
    Private,
    /// The browser was closed or went to sleep in the middle.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// Whether the backend, or the way to it, does not work just now.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable | Self::TooSlow => true,
            Self::Backend { status } => *status >= 500,
            _ => false,
        }
    }
}

impl From<NotSendable> for Failure {
    fn from(_: NotSendable) -> Self {
        Self::Private
    }
}

/// What the shell saw of a reply.
#[derive(Debug, Clone, Copy)]
pub struct RawReply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, empty if there was none.
    pub content_type: &'a str,
    /// `Retry-After`, as it came.
    pub retry_after: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl RawReply<'_> {
    /// Whether this is a success of the API, for those who read the document themselves. `now` is
    /// needed to turn a `Retry-After` into a time.
    ///
    /// # Errors
    /// What the status, the type and the length say against it.
    pub fn check(&self, now: i64) -> Result<(), Failure> {
        if self.body.len() > MAX_REPLY_BYTES {
            return Err(Failure::TooLarge);
        }
        match self.status {
            200 if self.is_json() => Ok(()),
            200 => Err(Failure::NotTheApi),
            300..=399 => Err(Failure::Redirected),
            401 => Err(Failure::KeyRefused),
            403 => Err(Failure::Forbidden),
            404 if self.is_json() => Err(Failure::NotFound),
            404 => Err(Failure::NotTheApi),
            429 => {
                let retry_at = self
                    .retry_after
                    .and_then(|text| text.trim().parse::<u32>().ok())
                    .map(|seconds| now + i64::from(seconds) * 1000);
                Err(match error_code(self.body).as_deref() {
                    Some("QuotaExceededError") => Failure::QuotaSpent { retry_at },
                    _ => Failure::RateLimited { retry_at },
                })
            }
            status => Err(Failure::Backend { status }),
        }
    }

    fn is_json(&self) -> bool {
        self.content_type
            .split(';')
            .next()
            .is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
    }
}

impl Call {
    /// The request for this call.
    pub fn request(&self) -> Request {
        let get = |path: String| Request {
            method: Method::Get,
            path,
            body: Body::Empty,
        };
        let post = |path: String, body: Body| Request {
            method: Method::Post,
            path,
            body,
        };
        match self {
            Self::Account(key) => get(format!("users/{}", key.reveal())),
            Self::Report(indicator) => get(path_of(indicator)),
            Self::Comments { of, cursor } => {
                let cursor = cursor
                    .as_deref()
                    .map(|cursor| format!("&cursor={}", escape(cursor)))
                    .unwrap_or_default();
                get(format!(
                    "{}/comments?limit=10&relationships=author{cursor}",
                    path_of(of)
                ))
            }
            Self::AddComment { of, text } => post(
                format!("{}/comments", path_of(of)),
                Body::Json(
                    json!({"data": {"type": "comment", "attributes": {"text": text}}}).to_string(),
                ),
            ),
            Self::Vote { of, verdict } => post(
                format!("{}/votes", path_of(of)),
                Body::Json(
                    json!({"data": {"type": "vote", "attributes": {"verdict": verdict}}})
                        .to_string(),
                ),
            ),
            Self::SubmitUrl(url) => post(
                "urls".to_owned(),
                Body::Form(format!("url={}", escape(url.get().as_str()))),
            ),
            Self::SubmitFile { name } => post("files".to_owned(), Body::File(name.clone())),
            Self::Analysis(id) => get(format!("analyses/{}", escape(id))),
        }
    }

    /// What a reply means. `now` is needed to turn a `Retry-After` into a time.
    ///
    /// # Errors
    /// Any [`Failure`]; nothing that is not exactly what was asked for counts as an answer.
    pub fn interpret(&self, raw: RawReply<'_>, now: i64) -> Result<Reply, Failure> {
        match (raw.check(now), self) {
            (Ok(()), _) => self.read(raw.body).map_err(|_| Failure::NotTheApi),
            (Err(Failure::NotFound), Self::Report(_)) => match error_code(raw.body).as_deref() {
                Some("NotFoundError") => Ok(Reply::Report(None)),
                _ => Err(Failure::NotTheApi),
            },
            (Err(Failure::Backend { status: 409 }), Self::Vote { .. }) => Ok(Reply::Voted(false)),
            (Err(failure), _) => Err(failure),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Reply, MalformedReply> {
        let envelope = Envelope::read(body)?;
        Ok(match self {
            Self::Account(_) => Reply::Account(Account::from_object(envelope.object()?)?),
            Self::Report(indicator) => {
                let report = Report::from_object(envelope.object()?)?;
                confirm(indicator.get(), &report)?;
                Reply::Report(Some(Box::new(report)))
            }
            Self::Comments { .. } => {
                let page = envelope.objects(MAX_ITEMS)?;
                Reply::Comments(Page {
                    items: page
                        .items
                        .into_iter()
                        .filter_map(|object: Object| Comment::from_object(object).ok())
                        .collect(),
                    cursor: page.cursor,
                    total: page.total,
                })
            }
            Self::AddComment { .. } => Reply::Comment(Comment::from_object(envelope.object()?)?),
            Self::Vote { .. } => Reply::Voted(true),
            Self::SubmitUrl(_) | Self::SubmitFile { .. } | Self::Analysis(_) => {
                Reply::Analysis(Analysis::from_object(envelope.object()?)?)
            }
        })
    }
}

/// A report on something else than was asked about must never become its verdict.
fn confirm(asked: &Indicator, report: &Report) -> Result<(), MalformedReply> {
    use crate::indicator::FileHash;
    let matches = report.kind == asked.kind()
        && match asked {
            Indicator::File(FileHash::Sha256(hash)) => report.id == hash.to_string(),
            // The id is always the SHA-256; the shorter hash must stand among the attributes.
            Indicator::File(FileHash::Sha1(hash)) => same(report.file.sha1.as_deref(), hash),
            Indicator::File(FileHash::Md5(hash)) => same(report.file.md5.as_deref(), hash),
            // A backend may have a canonical form of its own, so its id for an address is its own
            // affair; but then it must say the address, and the host must be the one asked about.
            Indicator::Url(url) => {
                report.id == asked.id()
                    || report
                        .url
                        .as_deref()
                        .and_then(|text| text.parse::<CanonicalUrl>().ok())
                        .is_some_and(|said| said.host() == url.host())
            }
            Indicator::Domain(_) | Indicator::Ip(_) => report.id.eq_ignore_ascii_case(&asked.id()),
        };
    if matches {
        Ok(())
    } else {
        Err(MalformedReply::Id {
            asked: asked.id(),
            got: report.id.clone(),
        })
    }
}

fn same(text: Option<&str>, hash: &impl ToString) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(&hash.to_string()))
}

fn path_of(indicator: &Sendable<Indicator>) -> String {
    let indicator = indicator.get();
    format!(
        "{}/{}",
        indicator.kind().collection(),
        escape(&indicator.id())
    )
}

/// Percent-encodes for a path segment or a query value: all but RFC 3986's unreserved characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn error_code(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(value.pointer("/error/code")?.as_str()?.to_owned())
}
