//! The handle to whoever answers: the extension's background, or a fake in a test.

use std::rc::Rc;

use js_sys::{Function, Promise, Uint8Array};
use quorum_core::message::{Answer, News, Problem, Reply, Request};
#[cfg(feature = "console")]
use quorum_core::message::{LibraryReply, LibraryRequest};
use quorum_core::rules::{Heard, Job};
use quorum_core::told::Inspection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

#[wasm_bindgen]
extern "C" {
    /// The JavaScript side of a `Backend`; [`mount`](crate::mount) says what it must have.
    pub type Bridge;

    #[wasm_bindgen(method, catch)]
    fn ask(this: &Bridge, request: JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn listen(this: &Bridge, callback: &Function) -> Result<Function, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn grant(this: &Bridge, pattern: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn scan(
        this: &Bridge,
        job: JsValue,
        file: Option<&Blob>,
        limit_ms: u32,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn inspect(this: &Bridge, name: &str) -> Result<Promise, JsValue>;

    /// The npm package's inspector of a file that streams by.
    type Inspector;
    #[wasm_bindgen(method, catch)]
    fn push(this: &Inspector, bytes: &Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn finish(this: &Inspector) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn free(this: &Inspector);
}

/// Looks at a file while it streams by. What fails in here costs what would have been noticed, and
/// nothing else.
pub(crate) struct Watch(Inspector);

impl Watch {
    /// Takes the next bytes.
    pub(crate) fn push(&self, bytes: &Uint8Array) {
        let _ = self.0.push(bytes);
    }

    /// What was found.
    pub(crate) fn finish(self) -> Inspection {
        let found = self.0.finish().map_err(refused);
        found.and_then(read).unwrap_or_default()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.free();
    }
}

/// Who answers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Backend(Rc<Bridge>);

impl PartialEq for Backend {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Ends a subscription when it is dropped.
pub(crate) struct Subscription {
    unlisten: Option<Function>,
    _callback: Closure<dyn FnMut(JsValue)>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(unlisten) = &self.unlisten {
            // A background that is gone has nothing left to unlisten from.
            let _ = unlisten.call0(&JsValue::NULL);
        }
    }
}

impl Backend {
    pub(crate) fn new(bridge: Bridge) -> Self {
        Self(Rc::new(bridge))
    }

    /// Sends a request at once and gives the reply when it comes.
    pub(crate) fn ask(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Reply, Problem>> + use<> {
        self.send(request, request.is_read())
    }

    /// As [`Backend::ask`]. The browser ends the background whenever it pleases, and with it the answers
    /// under way: what only reads is then asked once more, which starts the background anew.
    fn send(
        &self,
        request: &Request,
        is_read: bool,
    ) -> impl Future<Output = Result<Reply, Problem>> + use<> {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        let bridge = self.clone();
        let sent = request
            .serialize(&serializer)
            .map_err(|error| malformed(&error.to_string()))
            .and_then(|request| Ok((bridge.0.ask(request.clone()).map_err(refused)?, request)));
        async move {
            let (promise, request) = sent?;
            let mut answer = arrived(promise).await;
            if answer.is_none() && is_read {
                answer = arrived(bridge.0.ask(request).map_err(refused)?).await;
            }
            read::<Answer>(answer.ok_or(Problem::Lost)?)?.into()
        }
    }

    /// As [`Backend::ask`], for a reply of one sort: any other is a malformed one.
    pub(crate) fn ask_for<T>(
        &self,
        request: &Request,
        pick: fn(Reply) -> Option<T>,
    ) -> impl Future<Output = Result<T, Problem>> + use<T> {
        let reply = self.ask(request);
        async move { pick(reply.await?).ok_or_else(another) }
    }

    /// As [`Backend::ask_for`], of the library: the rules, and what is kept with them.
    #[cfg(feature = "console")]
    pub(crate) fn ask_library<T>(
        &self,
        request: &LibraryRequest,
        pick: fn(LibraryReply) -> Option<T>,
    ) -> impl Future<Output = Result<T, Problem>> + use<T> {
        let reply = self.send(&request.into(), request.is_read());
        async move {
            let Reply::Library(answer) = reply.await? else {
                return Err(another());
            };
            pick(LibraryRequest::answer(&answer)?).ok_or_else(another)
        }
    }

    /// Asks the browser for the permission for a match pattern, or for `"all"` sites. It must be
    /// called in the event of the user's own click, before anything is awaited.
    pub(crate) fn grant(&self, pattern: &str) -> impl Future<Output = bool> + use<> {
        let asked = self.0.grant(pattern);
        async move {
            match asked {
                Ok(promise) => JsFuture::from(promise)
                    .await
                    .is_ok_and(|answer| answer.is_truthy()),
                Err(_) => false,
            }
        }
    }

    /// Has this page's own scanner do a job, which it may take so long for.
    pub(crate) fn scan(
        &self,
        job: &Job,
        file: Option<&Blob>,
        limit_ms: u32,
    ) -> impl Future<Output = Heard> + use<> {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        let begun = job
            .serialize(&serializer)
            .map_err(|error| malformed(&error.to_string()))
            .and_then(|job| self.0.scan(job, file, limit_ms).map_err(refused));
        async move {
            let heard = match begun {
                Ok(begun) => JsFuture::from(begun).await.map_err(refused).and_then(read),
                Err(problem) => Err(problem),
            };
            heard.unwrap_or_else(|problem| Heard {
                failed: Some(format!("{problem:?}")),
                ..Heard::default()
            })
        }
    }

    /// Looks at a file that bears this name; `None` if the module for it does not load.
    pub(crate) fn inspect(&self, name: &str) -> impl Future<Output = Option<Watch>> + use<> {
        let begun = self.0.inspect(name);
        async move {
            let inspector = JsFuture::from(begun.ok()?).await.ok()?;
            Some(Watch(inspector.unchecked_into()))
        }
    }

    /// Calls back with all news until the subscription is dropped. News of an unknown shape are
    /// passed over: they come from a newer background.
    pub(crate) fn listen(&self, mut on_news: impl FnMut(News) + 'static) -> Subscription {
        let callback = Closure::new(move |news: JsValue| {
            if let Ok(news) = read(news) {
                on_news(news);
            }
        });
        let unlisten = self.0.listen(callback.as_ref().unchecked_ref()).ok();
        Subscription {
            unlisten,
            _callback: callback,
        }
    }
}

fn read<T: DeserializeOwned>(object: JsValue) -> Result<T, Problem> {
    serde_wasm_bindgen::from_value(object).map_err(|error| malformed(&error.to_string()))
}

/// An answer, unless it got lost: browsers reject then, or answer nothing.
async fn arrived(answer: Promise) -> Option<JsValue> {
    let answer = JsFuture::from(answer).await.ok()?;
    (!answer.is_undefined()).then_some(answer)
}

fn another() -> Problem {
    malformed("another reply than was asked for")
}

fn malformed(message: &str) -> Problem {
    Problem::Malformed {
        message: message.to_owned(),
    }
}

/// What a rejected promise or a thrown error says.
fn refused(error: JsValue) -> Problem {
    let message = error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .or_else(|| error.as_string())
        .unwrap_or_default();
    Problem::Browser { message }
}
