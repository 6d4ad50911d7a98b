//! The page of the YARA rules: Quorum's own pack, packs from addresses, and the user's own rules with an
//! editor. A module of its own, so that the popup does not carry it.
//!
//! It is built from the same pieces as the other pages, whose sources it shares, and is under the same
//! rules: it names no browser API of extensions, and text from outside is only ever a text node.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[path = "../../src/backend.rs"]
mod backend;
mod editor;
mod files;
mod highlight;
#[allow(dead_code, reason = "shared with the other pages")]
#[path = "../../src/icon.rs"]
mod icon;
mod library;
#[path = "../../src/matches.rs"]
mod matches;
mod page;
#[path = "../../src/plain.rs"]
mod plain;
#[allow(dead_code, reason = "shared with the other pages")]
#[path = "../../src/sentences.rs"]
mod sentences;
#[allow(dead_code, reason = "shared with the other pages")]
#[path = "../../src/session.rs"]
mod session;
#[allow(dead_code, reason = "shared with the other pages")]
#[path = "../../src/words.rs"]
mod words;

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use yew::prelude::*;

use backend::{Backend, Bridge};
use session::Session;
use words::Words;

#[derive(Properties, PartialEq)]
struct AppProps {
    session: Session,
}

#[component]
fn App(props: &AppProps) -> Html {
    html! {
        <ContextProvider<Session> context={props.session.clone()}><page::Rules /></ContextProvider<Session>>
    }
}

/// Mounts the page into its body. `backend` is what `mount` of the other pages takes too; `view` is `rules`.
///
/// # Errors
/// An unknown view, or a page without a body.
#[wasm_bindgen]
pub fn mount(backend: Bridge, view: String) -> Result<(), JsError> {
    if view != "rules" {
        return Err(JsError::new(&format!("unknown view {view:?}")));
    }
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
    document.set_title(&format!(
        "{} · Quorum",
        words.say(words::key("rules_title"))
    ));
    let session = Session {
        backend: Backend::new(backend),
        words: Rc::new(words),
    };
    yew::Renderer::<App>::with_root_and_props(body.into(), AppProps { session }).render();
    Ok(())
}
