//! A button that copies a text, and says whether it did.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use crate::icon::{Icon, Shape};
use crate::session::use_session;
use crate::words::key;

#[derive(Properties, PartialEq)]
pub(crate) struct CopyProps {
    /// What is copied.
    pub(crate) text: AttrValue,
    /// What that is called.
    pub(crate) what: AttrValue,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Copied,
    Refused,
}

/// The button.
#[component]
pub(crate) fn Copy(props: &CopyProps) -> Html {
    let words = use_session().words;
    let outcome = use_state(|| None);
    let onclick = {
        let (text, outcome) = (props.text.clone(), outcome.clone());
        Callback::from(move |_: MouseEvent| {
            let written =
                web_sys::window().map(|window| window.navigator().clipboard().write_text(&text));
            let outcome = outcome.clone();
            spawn_local(async move {
                let done = match written {
                    Some(written) => JsFuture::from(written).await.is_ok(),
                    None => false,
                };
                outcome.set(Some(if done {
                    Outcome::Copied
                } else {
                    Outcome::Refused
                }));
            });
        })
    };
    let said = match *outcome {
        None => String::new(),
        Some(Outcome::Copied) => words.say(key("copied")),
        Some(Outcome::Refused) => words.say(key("copy_failed")),
    };
    let shape = match *outcome {
        Some(Outcome::Copied) => Shape::Check,
        _ => Shape::Copy,
    };
    let name = words.fill(key("copy"), &[&props.what]);
    html! {
        <span class="copy">
            <button type="button" class="quiet" aria-label={name.clone()} title={name} {onclick}>
                <Icon {shape} />
            </button>
            <span class="said" role="status">{ said }</span>
        </span>
    }
}
