//! What the pages of the rules and of the lists share: what the library has, kept up to date by the news, and the
//! form that gives it an address to fetch from.

use quorum_core::message::{LibraryReply, LibraryRequest, News, Problem};
use quorum_core::rules::PackUrl;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::sentences;
use crate::session::{Load, use_news, use_session};
use crate::words::Key;

/// Something that the library has, and the way to change it.
pub(crate) struct Kept<T> {
    /// As it is.
    pub(crate) load: UseStateHandle<Load<T>>,
    /// Why the last change came to nothing.
    pub(crate) trouble: UseStateHandle<Option<Problem>>,
    /// Asks for a change. The news tell what came of it.
    pub(crate) act: Callback<LibraryRequest>,
}

/// Asks the library for something, and hears of it from then on: `pick` takes it out of the reply, `told` its
/// JSON out of the news.
#[hook]
pub(crate) fn use_kept<T: DeserializeOwned + 'static>(
    request: LibraryRequest,
    pick: fn(LibraryReply) -> Option<T>,
    told: fn(News) -> Option<String>,
) -> Kept<T> {
    let session = use_session();
    let load = use_state(|| Load::Pending);
    let trouble = use_state(|| None);
    {
        let (backend, load) = (session.backend.clone(), load.clone());
        use_effect_with((), move |()| {
            let asked = backend.ask_library(&request, pick);
            spawn_local(async move { load.set(asked.await.into()) });
        });
    }
    {
        let load = load.clone();
        use_news(Callback::from(move |news| {
            if let Some(known) = told(news)
                && let Ok(known) = serde_json::from_str(&known)
            {
                load.set(Load::Ready(known));
            }
        }));
    }
    let act = {
        let (backend, trouble) = (session.backend.clone(), trouble.clone());
        Callback::from(move |request: LibraryRequest| {
            let answer = backend.ask_library(&request, Some);
            let trouble = trouble.clone();
            spawn_local(async move { trouble.set(answer.await.err()) });
        })
    };
    Kept { load, trouble, act }
}

#[derive(Properties, PartialEq)]
pub(crate) struct AddressProps {
    /// The field's id.
    pub(crate) id: &'static str,
    pub(crate) label: Key,
    /// What is said of the field.
    #[prop_or_default]
    pub(crate) note: Option<Key>,
    /// What the button says.
    pub(crate) add: Key,
    pub(crate) placeholder: &'static str,
    /// What is asked with the address as it was typed.
    pub(crate) request: Callback<String, LibraryRequest>,
}

/// A form for an address to fetch from.
#[component]
pub(crate) fn AddressForm(props: &AddressProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let url = use_state(String::new);
    let busy = use_state(|| false);
    let trouble = use_state(|| None::<Problem>);
    let oninput = {
        let url = url.clone();
        Callback::from(move |event: InputEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            url.set(field.value());
        })
    };
    let onsubmit = {
        let (backend, url, busy, trouble) = (
            session.backend.clone(),
            url.clone(),
            busy.clone(),
            trouble.clone(),
        );
        let request = props.request.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            // Access must be asked for in the click itself; without it the server must allow everybody.
            let granted = url
                .parse::<PackUrl>()
                .ok()
                .map(|url| backend.grant(&url.match_pattern()));
            let request = request.emit((*url).clone());
            let (backend, url, busy, trouble) =
                (backend.clone(), url.clone(), busy.clone(), trouble.clone());
            busy.set(true);
            spawn_local(async move {
                if let Some(granted) = granted {
                    granted.await;
                }
                match backend.ask_library(&request, Some).await {
                    Ok(_) => {
                        url.set(String::new());
                        trouble.set(None);
                    }
                    Err(problem) => trouble.set(Some(problem)),
                }
                busy.set(false);
            });
        })
    };
    html! {
        <form {onsubmit}>
            <label for={props.id}>{ words.say(props.label) }</label>
            <input id={props.id} type="text" inputmode="url" class="code" autocomplete="off" spellcheck="false"
                placeholder={props.placeholder} value={(*url).clone()} {oninput} />
            if let Some(note) = props.note { <p class="note">{ words.say(note) }</p> }
            <div class="row">
                <button type="submit" disabled={*busy || url.trim().is_empty()}>{ words.say(props.add) }</button>
            </div>
            if *busy { <progress class="progress" aria-label={words.say(props.add)} /> }
            if let Some(problem) = &*trouble {
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            }
        </form>
    }
}
