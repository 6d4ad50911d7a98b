//! The user interface: popup, report, options and the card that stands on other people's pages.
//!
//! # What this crate must never know
//!
//! It names no browser API of extensions and no address of a backend: all that it wants it asks of
//! the `Backend` handle it was mounted with, in the words of `quorum_core::message`.
//! What a verdict means is decided in the core; here it only gets a word, a colour and a place.
//!
//! Text from outside is only ever a text node or an attribute that cannot run or navigate: there is
//! no raw markup and no link.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backend;
mod card;
mod community;
mod copy;
mod details;
mod downloads;
mod engines;
mod hash_file;
mod icon;
mod matches;
mod options;
mod page;
mod plain;
mod popup;
mod report;
mod ring;
mod search;
mod sentences;
mod session;
mod tabs;
mod words;

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use yew::prelude::*;

use backend::{Backend, Bridge};
use session::Session;
use words::Words;

/// Which page is mounted: the value of the page's `data-view`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Popup,
    Report,
    Options,
    Card,
}

#[derive(Properties, PartialEq)]
struct AppProps {
    view: View,
    session: Session,
}

#[component]
fn App(props: &AppProps) -> Html {
    let page = match props.view {
        View::Popup => html! { <popup::Popup /> },
        View::Report => html! { <page::ReportPage /> },
        View::Options => html! { <options::Options /> },
        View::Card => html! { <card::Card /> },
    };
    html! {
        <ContextProvider<Session> context={props.session.clone()}>{ page }</ContextProvider<Session>>
    }
}

/// Mounts a page's interface into its body.
///
/// `backend` is an object with `ask(request) -> Promise<answer>`, `listen(callback) -> unlisten`,
/// `grant(pattern) -> Promise<boolean>` and `scan(job, file, limit_ms) -> Promise<heard>`; requests,
/// answers and news are plain objects in the shapes of `quorum_core::message`, jobs and what is heard of
/// them in those of `quorum_core::rules`. `view` is `popup`, `report`, `options` or `card`.
///
/// # Errors
/// An unknown view, or a page without a body.
#[wasm_bindgen]
pub fn mount(backend: Bridge, view: String) -> Result<(), JsError> {
    let view = match view.as_str() {
        "popup" => View::Popup,
        "report" => View::Report,
        "options" => View::Options,
        "card" => View::Card,
        other => return Err(JsError::new(&format!("unknown view {other:?}"))),
    };
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
    yew::Renderer::<App>::with_root_and_props(body.into(), AppProps { view, session }).render();
    Ok(())
}
