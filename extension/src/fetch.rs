//! One way out to the network, with the limits that every request has: no redirect is followed,
//! nothing is cached, a time limit covers the whole exchange, and the body streams. Because there is
//! one, the log of what was sent is written here, before a request leaves; and in a dry run none does.

use std::cell::Cell;
use std::rc::Rc;

use gloo_net::http::{Request, RequestBuilder, Response};
use gloo_timers::callback::Timeout;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use quorum_core::api::{Method, Purpose};
use quorum_core::sent::{Body, Outcome, Sent};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, FormData, ReadableStreamByobReader, ReadableStreamGetReaderOptions,
    ReadableStreamReaderMode, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect,
};

use crate::bindings::{now, platform};
use crate::{settings, store};

/// How much of a body is read at a time, at most, in bytes.
const PIECE: u32 = 256 * 1024;

/// What a request carries.
pub(crate) enum Payload {
    /// Nothing.
    Empty,
    /// A text and its media type.
    Text(String, &'static str),
    /// A form with a file in it; the browser writes the media type.
    Form {
        /// The form.
        form: FormData,
        /// The file's name.
        name: String,
        /// The file's length in bytes.
        size: u64,
    },
}

/// What came of a redirect.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Redirects {
    /// They are an error. A browser that follows one sends our headers, the key among them, and
    /// the body along to whatever origin it names.
    Refused,
    /// They are not followed either, but can be told from other failures. Only for a request
    /// that carries nothing.
    Shown,
}

/// On whose behalf a request leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause {
    /// For whom.
    pub(crate) purpose: Purpose,
    /// Whether nothing of it may be kept: it comes from a private window.
    pub(crate) private: bool,
}

/// A request.
pub(crate) struct Outgoing<'a> {
    /// The method.
    pub(crate) method: Method,
    /// The absolute address.
    pub(crate) url: &'a str,
    /// The API key, if it goes to the backend.
    pub(crate) key: Option<&'a str>,
    /// Whether the user's cookies go along.
    pub(crate) cookies: bool,
    /// What it carries.
    pub(crate) payload: Payload,
    /// What happens to redirects.
    pub(crate) redirects: Redirects,
    /// How long all of it may take, in milliseconds.
    pub(crate) limit_ms: u32,
    /// How long may pass in it without a piece, in milliseconds, if that is limited too.
    pub(crate) idle_ms: Option<u32>,
    /// On whose behalf.
    pub(crate) cause: Cause,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection, or one that broke, or one that is not allowed; the browser does not say.
    Unreachable,
    /// The time was over.
    TooSlow,
    /// Nothing came for too long.
    Stalled,
    /// It did not leave: this is a dry run.
    DryRun,
}

/// Stops an exchange from outside. Clones stop the same one, and are equal.
#[derive(Clone, PartialEq)]
pub(crate) struct Stop(AbortController);

impl Stop {
    /// A new one, for one exchange.
    pub(crate) fn new() -> Option<Self> {
        AbortController::new().ok().map(Self)
    }

    /// Breaks the exchange off.
    pub(crate) fn now(&self) {
        self.0.abort();
    }
}

/// An answer whose body still streams.
pub(crate) struct Incoming {
    response: Response,
    reader: Option<ReadableStreamByobReader>,
    /// What the next piece is read into.
    buffer: Option<ArrayBuffer>,
    limits: Limits,
    stop: Stop,
}

/// The time limits of an exchange, which is stopped by them. Dropping them disarms them, so they live as long
/// as the body is read.
struct Limits {
    /// Why it was stopped, if it was.
    why: Rc<Cell<Option<Trouble>>>,
    stop: Stop,
    idle_ms: Option<u32>,
    _whole: Timeout,
    _idle: Option<Timeout>,
}

impl Limits {
    fn new(outgoing: &Outgoing<'_>, stop: &Stop) -> Self {
        let why = Rc::default();
        let mut limits = Self {
            _whole: limit(&why, stop, outgoing.limit_ms, Trouble::TooSlow),
            why,
            stop: stop.clone(),
            idle_ms: outgoing.idle_ms,
            _idle: None,
        };
        limits.stir();
        limits
    }

    /// Something came.
    fn stir(&mut self) {
        let arm = |ms| limit(&self.why, &self.stop, ms, Trouble::Stalled);
        self._idle = self.idle_ms.map(arm);
    }

    fn trouble(&self) -> Trouble {
        self.why.get().unwrap_or(Trouble::Unreachable)
    }
}

fn limit(why: &Rc<Cell<Option<Trouble>>>, stop: &Stop, ms: u32, trouble: Trouble) -> Timeout {
    let (why, stop) = (why.clone(), stop.clone());
    Timeout::new(ms, move || {
        why.set(Some(trouble));
        stop.now();
    })
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn fetch(outgoing: Outgoing<'_>, stop: &Stop) -> Result<Incoming, Trouble> {
    // Reading a saved file, or what a page has made, is no sending. Of a private window nothing is kept,
    // and in a dry run nothing leaves all the same.
    let leaves = !outgoing.url.starts_with("file:") && !is_made_by_a_page(outgoing.url);
    let withheld = leaves && settings::dry_run();
    let mut entry = (leaves && !outgoing.cause.private).then(|| entry(&outgoing));
    if let Some(sent) = &mut entry {
        if withheld {
            sent.outcome = Outcome::Withheld;
        }
        store::put_sent(sent).await;
    }
    if withheld {
        return Err(Trouble::DryRun);
    }
    let fetched = exchange(outgoing, stop).await;
    if let Some(mut sent) = entry {
        sent.outcome = match &fetched {
            Ok(incoming) => Outcome::Answered(incoming.status()),
            Err(_) => Outcome::Failed,
        };
        store::put_sent(&sent).await;
    }
    fetched
}

/// A request's entry in the log.
fn entry(outgoing: &Outgoing<'_>) -> Sent {
    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
    }
    let number = NUMBER.replace(NUMBER.get().wrapping_add(1));
    let at = now();
    let sent = Sent {
        id: format!("{at}-{number}"),
        at,
        why: outgoing.cause.purpose,
        method: match outgoing.method {
            Method::Get => "GET".to_owned(),
            Method::Post => "POST".to_owned(),
        },
        url: outgoing.url.to_owned(),
        with_key: outgoing.key.is_some(),
        with_cookies: outgoing.cookies,
        body: match &outgoing.payload {
            Payload::Empty => Body::Nothing,
            Payload::Text(text, _) => Body::Text(text.clone()),
            Payload::Form { name, size, .. } => Body::File {
                name: name.clone(),
                size: *size,
            },
        },
        outcome: Outcome::Pending,
    };
    // The key may stand in an address of the API too, where there is none beside it.
    let key = settings::connection().map(|(_, key)| key);
    sent.without(key.as_ref().map(|key| key.reveal()))
}

/// Whether it is read from the page that made it, and not over the network.
pub(crate) fn is_made_by_a_page(url: &str) -> bool {
    url.starts_with("blob:")
}

async fn exchange(outgoing: Outgoing<'_>, stop: &Stop) -> Result<Incoming, Trouble> {
    let mut limits = Limits::new(&outgoing, stop);
    let response = match is_made_by_a_page(outgoing.url) {
        true => from_page(outgoing.url, stop).await,
        false => over_network(outgoing, stop).await,
    };
    let response = response.ok_or_else(|| limits.trouble())?;
    limits.stir();
    Ok(Incoming {
        response,
        reader: None,
        buffer: None,
        limits,
        stop: stop.clone(),
    })
}

async fn from_page(url: &str, stop: &Stop) -> Option<Response> {
    let read = platform::read_blob(url, &stop.0.signal()).await.ok()?;
    Some(read.dyn_into::<web_sys::Response>().ok()?.into())
}

async fn over_network(outgoing: Outgoing<'_>, stop: &Stop) -> Option<Response> {
    let redirect = match outgoing.redirects {
        Redirects::Refused => RequestRedirect::Error,
        Redirects::Shown => RequestRedirect::Manual,
    };
    let mut builder: RequestBuilder = match outgoing.method {
        Method::Get => Request::get(outgoing.url),
        Method::Post => Request::post(outgoing.url),
    };
    builder = builder
        .redirect(redirect)
        .credentials(if outgoing.cookies {
            RequestCredentials::Include
        } else {
            RequestCredentials::Omit
        })
        .cache(RequestCache::NoStore)
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .abort_signal(Some(&stop.0.signal()));
    if let Some(key) = outgoing.key {
        // A header of the API's: a server notes by it which program a submission came from.
        builder = builder
            .header("x-apikey", key)
            .header("x-tool", "quorum-extension");
    }
    let request = match outgoing.payload {
        Payload::Empty => builder.build(),
        Payload::Text(text, mime) => builder.header("content-type", mime).body(text),
        Payload::Form { form, .. } => builder.body(form),
    };
    request.ok()?.send().await.ok()
}

impl Incoming {
    /// The HTTP status; 0 where a redirect was shown.
    pub(crate) fn status(&self) -> u16 {
        self.response.status()
    }

    /// Whether this is a redirect that was asked to be shown.
    pub(crate) fn is_redirect(&self) -> bool {
        self.response.type_() == web_sys::ResponseType::Opaqueredirect
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name)
    }

    /// All headers that the browser shows.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.response.headers().entries().collect()
    }

    /// The next piece of the body, `None` at its end. All are read into the same memory: each lasts until the
    /// next. Pieces that are left to be collected make hundreds of megabytes of a large file.
    pub(crate) async fn piece(&mut self) -> Result<Option<Uint8Array>, Trouble> {
        let reader = match &self.reader {
            Some(reader) => reader,
            None => {
                let Some(body) = self.response.body() else {
                    return Ok(None);
                };
                let options = ReadableStreamGetReaderOptions::new();
                options.set_mode(ReadableStreamReaderMode::Byob);
                let reader = body.get_reader_with_options(&options).unchecked_into();
                self.reader.insert(reader)
            }
        };
        let buffer = self.buffer.take();
        let into = Uint8Array::new(&buffer.unwrap_or_else(|| ArrayBuffer::new(PIECE)));
        let read = JsFuture::from(reader.read_with_array_buffer_view(&into)).await;
        let read = read.map_err(|_| self.limits.trouble())?;
        self.limits.stir();
        if get(&read, "done").is_truthy() {
            return Ok(None);
        }
        let piece: Uint8Array = get(&read, "value").unchecked_into();
        self.buffer = Some(piece.buffer());
        Ok(Some(piece))
    }

    /// The whole body, `None` if it is longer than `most` bytes as decoded.
    pub(crate) async fn bytes(mut self, most: usize) -> Result<Option<Vec<u8>>, Trouble> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            let length = piece.length() as usize;
            if bytes.len() + length > most {
                self.stop.now();
                return Ok(None);
            }
            let at = bytes.len();
            bytes.resize(at + length, 0);
            piece.copy_to(&mut bytes[at..]);
        }
        Ok(Some(bytes))
    }
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
