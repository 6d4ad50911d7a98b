//! The settings: which backend, which key, and whether downloads are checked by themselves.

use quorum_core::api::Backend as Address;
use quorum_core::message::{Problem, Request, State};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::menu::{Menu, Place};
use crate::plain::reveal;
use crate::policy::PolicySection;
use crate::sentences;
use crate::session::{Load, state, use_session, use_standing};
use crate::title::set_title;
use crate::words::{Key, Words, key};

/// What the status says.
#[derive(Clone, PartialEq)]
enum Outcome {
    /// How things stand.
    Standing,
    /// The backend is being asked.
    Asking,
    /// It did not work.
    Failed(Problem),
}

/// The page.
#[component]
pub(crate) fn Options() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let standing = use_standing();
    let open_rules = Callback::from(move |_: MouseEvent| {
        let answer = session.backend.ask(&Request::OpenRules);
        spawn_local(async move { drop(answer.await) });
    });
    {
        let title = words.say(key("options_title"));
        use_effect_with((), move |()| set_title(&title));
    }
    let on_state = {
        let standing = standing.clone();
        Callback::from(move |state| standing.set(Load::Ready(state)))
    };
    let body = match &*standing {
        Load::Pending => html! {},
        Load::Failed(problem) => html! {
            <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
        },
        Load::Ready(state) => html! {
            <>
                <Connection state={state.clone()} on_state={on_state.clone()} />
                <Automatic state={state.clone()} on_state={on_state.clone()} />
                <PolicySection state={state.clone()} on_state={on_state.clone()} />
                if state.saved_files.is_some() { <SavedFiles state={state.clone()} {on_state} /> }
            </>
        },
    };
    let help = [
        key("options_what_lookup"),
        key("options_what_upload"),
        key("options_what_key"),
        key("options_what_private"),
        key("options_what_pages"),
    ];
    html! {
        <div class="options">
            <main>
                <Menu place={Place::Options} />
                <h1>{ words.say(key("options_title")) }</h1>
                { body }
                <section>
                    <h2>{ words.say(key("rules_title")) }</h2>
                    <p class="note">{ words.say(key("rules_intro")) }</p>
                    <div class="row">
                        <button type="button" onclick={open_rules}>{ words.say(key("rules_open")) }</button>
                    </div>
                </section>
                <section>
                    <h2>{ words.say(key("options_what")) }</h2>
                    <ul class="plain-list">
                        { for help.into_iter().map(|key| html! { <li>{ words.say(key) }</li> }) }
                    </ul>
                </section>
            </main>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PartProps {
    state: State,
    on_state: Callback<State>,
}

#[component]
fn Connection(props: &PartProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let secret = use_node_ref();
    let address = use_state(|| props.state.address.clone().unwrap_or_default());
    let remember = use_state(|| props.state.remember);
    let outcome = use_state(|| Outcome::Standing);

    let onsubmit = {
        let (address, secret, remember) = (address.clone(), secret.clone(), *remember);
        let (outcome, on_state) = (outcome.clone(), props.on_state.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let typed = address.trim().to_owned();
            let request = Request::Connect {
                key: secret
                    .cast::<HtmlInputElement>()
                    .map(|field| field.value().trim().to_owned())
                    .filter(|key| !key.is_empty()),
                remember,
                address: typed.clone(),
            };
            // The permission must be asked for in the click itself, so its pattern cannot be waited
            // for. What is no backend's address needs none: the background says what is wrong.
            let granted = typed
                .parse::<Address>()
                .ok()
                .map(|address| session.backend.grant(&address.match_pattern()));
            outcome.set(Outcome::Asking);
            let (backend, outcome) = (session.backend.clone(), outcome.clone());
            let (address, secret, on_state) = (address.clone(), secret.clone(), on_state.clone());
            spawn_local(async move {
                if let Some(granted) = granted {
                    // Refused, it fails in the background, which knows the words for it.
                    granted.await;
                }
                match backend.ask_for(&request, state).await {
                    Ok(state) => {
                        if let Some(field) = secret.cast::<HtmlInputElement>() {
                            field.set_value("");
                        }
                        address.set(state.address.clone().unwrap_or_default());
                        on_state.emit(state);
                        outcome.set(Outcome::Standing);
                    }
                    Err(problem) => outcome.set(Outcome::Failed(problem)),
                }
            });
        })
    };

    let on_address = {
        let address = address.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(field) = field(&event) {
                address.set(field.value());
            }
        })
    };
    let on_remember = {
        let remember = remember.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(field) = field(&event) {
                remember.set(field.checked());
            }
        })
    };
    let managed = |name: &str| props.state.managed.iter().any(|own| own == name);
    let asking = *outcome == Outcome::Asking;
    let (tone, said) = match &*outcome {
        Outcome::Asking => ("none", vec![words.say(key("options_saving"))]),
        Outcome::Failed(problem) => ("bad", vec![words.phrase(&sentences::problem(problem))]),
        Outcome::Standing => standing(&words, &props.state),
    };
    html! {
        <section>
            <h2>{ words.say(key("options_backend")) }</h2>
            <p class="note">{ words.say(key("options_backend_text")) }</p>
            <form {onsubmit}>
                <label for="address">{ words.say(key("options_address")) }</label>
                <input
                    id="address"
                    type="text"
                    inputmode="url"
                    class="code"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    placeholder="virustotal.com"
                    value={(*address).clone()}
                    disabled={managed("address")}
                    oninput={on_address}
                />
                if managed("address") { <p class="note">{ words.say(key("managed_one")) }</p> }
                <label for="key">{ words.say(key("options_key")) }</label>
                <input
                    id="key"
                    ref={secret}
                    type="password"
                    class="code"
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby={props.state.has_key.then_some("key-note")}
                />
                if props.state.has_key {
                    <p class="note" id="key-note">{ words.say(key("options_key_kept")) }</p>
                }
                <div class="check">
                    <input
                        id="remember"
                        type="checkbox"
                        checked={*remember}
                        disabled={managed("remember")}
                        onclick={on_remember}
                        aria-describedby="remember-note"
                    />
                    <label for="remember">{ words.say(key("options_remember")) }</label>
                    <p class="note" id="remember-note">{ words.say(key("options_remember_text")) }</p>
                </div>
                <div class="row">
                    <button type="submit" class="primary" disabled={asking}>{ words.say(key("options_save")) }</button>
                </div>
                <div class={classes!("status", tone)} role="status">
                    { for said.into_iter().map(|line| html! { <p>{ line }</p> }) }
                    if asking { <progress class="progress" aria-label={words.say(key("options_saving"))} /> }
                </div>
            </form>
        </section>
    }
}

/// The field that an event is on.
fn field(event: &web_sys::Event) -> Option<HtmlInputElement> {
    event.target()?.dyn_into().ok()
}

/// Who is connected to what, and what is left.
fn standing(words: &Words, state: &State) -> (&'static str, Vec<String>) {
    let Some(backend) = &state.backend else {
        return ("none", vec![words.say(key("options_not_connected"))]);
    };
    if !state.has_key {
        return ("warn", vec![words.say(key("options_no_key"))]);
    }
    let mut said = vec![match &state.account {
        Some(account) if !account.name.is_empty() => {
            words.fill(key("options_connected"), &[backend, &account.name])
        }
        _ => words.fill(key("options_connected_nameless"), &[backend]),
    }];
    let left: Vec<_> = sentences::remaining(state.remaining, false)
        .iter()
        .map(|phrase| words.phrase(phrase))
        .collect();
    said.push(reveal(&left.join(" · ")));
    ("calm", said)
}

#[component]
fn Automatic(props: &PartProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let trouble = use_state(|| None::<Problem>);
    // Asks for access in the click itself, and at the same time says what is wanted: the checks are
    // of use without the access too. Once the browser has answered, how things stand is asked anew.
    let switch = {
        let (trouble, on_state) = (trouble.clone(), props.on_state.clone());
        Callback::from(move |(enabled, access): (bool, bool)| {
            let granted = access.then(|| session.backend.grant("all"));
            let answer = session
                .backend
                .ask_for(&Request::SetDownloads { enabled }, state);
            let (backend, trouble, on_state) =
                (session.backend.clone(), trouble.clone(), on_state.clone());
            spawn_local(async move {
                let mut answer = answer.await;
                if let Some(granted) = granted
                    && granted.await
                {
                    answer = backend.ask_for(&Request::State, state).await;
                }
                match answer {
                    Ok(state) => {
                        trouble.set(None);
                        on_state.emit(state);
                    }
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let all_sites = props.state.all_sites;
    let onclick = {
        let switch = switch.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(field) = field(&event) {
                switch.emit((field.checked(), field.checked() && !all_sites));
            }
        })
    };
    let managed = props.state.managed.iter().any(|own| own == "downloads");
    let grant = switch.reform(|_: MouseEvent| (true, true));
    let does = if props.state.can_hold {
        key("options_auto_text")
    } else {
        key("options_auto_text_after")
    };
    let access: Key = match (props.state.downloads, all_sites) {
        (_, true) => key("options_access_granted"),
        (true, false) => key("options_access_missing"),
        (false, false) => key("options_access_asked"),
    };
    html! {
        <section>
            <h2>{ words.say(key("options_downloads")) }</h2>
            <div class="check">
                <input
                    id="auto"
                    type="checkbox"
                    checked={props.state.downloads}
                    aria-describedby="auto-note access-note"
                    disabled={managed}
                    {onclick}
                />
                <label for="auto">{ words.say(key("options_auto")) }</label>
                if managed { <p class="note">{ words.say(key("managed_one")) }</p> }
                <p class="note" id="auto-note">{ words.say(does) }</p>
                <p class="note" id="access-note">{ words.say(access) }</p>
            </div>
            if props.state.downloads && !all_sites {
                <div class="row">
                    <button type="button" onclick={grant}>{ words.say(key("options_access_button")) }</button>
                </div>
            }
            if let Some(problem) = &*trouble {
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            }
        </section>
    }
}

/// The best evidence there is, and what it takes: the user's leave to read what was saved.
#[component]
fn SavedFiles(props: &PartProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let granted = props.state.saved_files == Some(true);
    // The permission is asked for in the click; the switch beside it can only be turned on the browser's
    // own page, which opens after it.
    let allow = {
        let on_state = props.on_state.clone();
        Callback::from(move |_: MouseEvent| {
            let access = session.backend.grant("file:///*");
            let (backend, on_state) = (session.backend.clone(), on_state.clone());
            spawn_local(async move {
                access.await;
                let asked = backend.ask_for(&Request::OpenDetails, state).await;
                if let Ok(state) = asked {
                    on_state.emit(state);
                }
            });
        })
    };
    html! {
        <section>
            <h2>{ words.say(key("options_saved")) }</h2>
            <p class="note">{ words.say(key("options_saved_text")) }</p>
            if granted {
                <p class="status calm">{ words.say(key("options_saved_granted")) }</p>
            } else {
                <p class="note">{ words.say(key("options_saved_how")) }</p>
                <div class="row">
                    <button type="button" onclick={allow}>{ words.say(key("options_saved_button")) }</button>
                </div>
            }
        </section>
    }
}
