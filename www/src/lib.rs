//! The user interface: popup, report, options, history, log, and the card that stands on other people's
//! pages.
//!
//! # What this crate must never know
//!
//! It names no browser API of extensions and no address of a backend: all that it wants it asks of
//! the `Backend` handle it was mounted with, in the words of `quorum_core::message`.
//! What a verdict means is decided in the core; here it only gets a word, a colour and a place.
//!
//! Text from outside is only ever a text node or an attribute that cannot run or navigate: there is
//! no raw markup, and no link but those between our own pages.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// Each of the two modules leaves out what the other one shows.
#![cfg_attr(
    not(all(feature = "light", feature = "console")),
    allow(dead_code, unused_imports)
)]

mod backend;
#[cfg(feature = "light")]
mod card;
mod community;
mod copy;
mod details;
mod downloads;
mod engines;
#[cfg(feature = "console")]
mod files;
mod given;
#[cfg(feature = "console")]
mod history;
mod icon;
#[cfg(feature = "console")]
mod library;
#[cfg(feature = "console")]
mod lists;
mod matches;
#[cfg(feature = "console")]
mod menu;
#[cfg(feature = "console")]
mod options;
#[cfg(feature = "light")]
mod page;
mod plain;
#[cfg(feature = "console")]
mod policy;
#[cfg(feature = "light")]
mod popup;
mod report;
mod ring;
#[cfg(feature = "console")]
mod rules;
mod search;
#[cfg(feature = "console")]
mod sent;
mod sentences;
mod session;
mod tabs;
mod title;
mod words;

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use yew::prelude::*;

use backend::Backend;
pub use backend::Bridge;
use session::Session;
use words::Words;

#[derive(Properties, PartialEq)]
struct AppProps {
    page: Callback<(), Html>,
    session: Session,
}

#[component]
fn App(props: &AppProps) -> Html {
    html! {
        <ContextProvider<Session> context={props.session.clone()}>{ props.page.emit(()) }</ContextProvider<Session>>
    }
}

/// Mounts what people see at a glance: `popup`, `report` or `card`, into the page's body.
///
/// `backend` is an object with `ask(request) -> Promise<answer>`, `listen(callback) -> unlisten`,
/// `grant(pattern) -> Promise<boolean>`, `scan(job, file, limit_ms) -> Promise<heard>` and
/// `inspect(name) -> Promise<inspector>`; requests, answers and news are plain objects in the shapes of
/// `quorum_core::message`, jobs and what is heard of them in those of `quorum_core::rules`; an inspector
/// is the npm package's. `view` is the page's `data-view`.
///
/// # Errors
/// An unknown view, or a page without a body.
#[cfg(feature = "light")]
#[wasm_bindgen]
pub fn mount(backend: Bridge, view: String) -> Result<(), JsError> {
    let page = match view.as_str() {
        "popup" => Callback::from(|()| html! { <popup::Popup /> }),
        "report" => Callback::from(|()| html! { <page::ReportPage /> }),
        "card" => Callback::from(|()| html! { <card::Card /> }),
        other => return Err(JsError::new(&format!("unknown view {other:?}"))),
    };
    render(backend, page)
}

/// Mounts what people sit down for: `options`, `history`, `rules`, `lists` or `sent`. As [`mount`]; in a module of its own, `quorum-console`.
///
/// # Errors
/// As [`mount`].
#[cfg(feature = "console")]
pub fn mount_console(backend: Bridge, view: &str) -> Result<(), JsError> {
    let page = match view {
        "options" => Callback::from(|()| html! { <options::Options /> }),
        "history" => Callback::from(|()| html! { <history::HistoryView /> }),
        "rules" => Callback::from(|()| html! { <rules::Rules /> }),
        "lists" => Callback::from(|()| html! { <lists::ListsPage /> }),
        "sent" => Callback::from(|()| html! { <sent::SentPage /> }),
        other => return Err(JsError::new(&format!("unknown view {other:?}"))),
    };
    render(backend, page)
}

fn render(backend: Bridge, page: Callback<(), Html>) -> Result<(), JsError> {
    let window = web_sys::window().ok_or_else(|| JsError::new("no window"))?;
    let document = window
        .document()
        .ok_or_else(|| JsError::new("no document"))?;
    let body = document.body().ok_or_else(|| JsError::new("no body"))?;
    let words = Words::for_tag(&window.navigator().language().unwrap_or_default());
    if let Some(html) = document.document_element() {
        html.set_attribute("lang", words.language().tag())
            .map_err(|_| JsError::new("no lang"))?;
    }
    let session = Session {
        backend: Backend::new(backend),
        words: Rc::new(words),
    };
    yew::Renderer::<App>::with_root_and_props(body.into(), AppProps { page, session }).render();
    Ok(())
}
