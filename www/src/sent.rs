//! What was sent: each request that left this browser, what was in it and why; and the switch for a dry
//! run, in which nothing leaves and the list shows what would have.

use quorum_core::api::Purpose;
use quorum_core::message::{Problem, Reply, Request};
use quorum_core::sent::{Body, Outcome, Sent};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::menu::{Menu, Place};
use crate::plain::reveal;
use crate::sentences;
use crate::session::{Load, state, use_session, use_standing};
use crate::title::set_title;
use crate::words::{Key, Words, key};

/// How many entries are shown at first, and more each time.
const STEP: usize = 100;

fn sent(reply: Reply) -> Option<Vec<Sent>> {
    match reply {
        Reply::Sent(sent) => Some(sent),
        _ => None,
    }
}

/// The page.
#[component]
pub(crate) fn SentPage() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let standing = use_standing();
    let entries = use_state(|| Load::<Vec<Sent>>::Pending);
    let shown = use_state(|| STEP);
    let trouble = use_state(|| None::<Problem>);
    {
        let title = words.say(key("sent_title"));
        use_effect_with((), move |()| set_title(&title));
    }
    let load = {
        let (session, entries) = (session.clone(), entries.clone());
        Callback::from(move |()| {
            let asked = session.backend.ask_for(&Request::Sent, sent);
            let entries = entries.clone();
            spawn_local(async move { entries.set(asked.await.into()) });
        })
    };
    {
        let load = load.clone();
        use_effect_with((), move |()| load.emit(()));
    }
    let forget = {
        let (session, load) = (session.clone(), load.clone());
        Callback::from(move |_: MouseEvent| {
            let asked = session.backend.ask(&Request::ForgetSent);
            let load = load.clone();
            spawn_local(async move {
                let _ = asked.await;
                load.emit(());
            });
        })
    };
    let dry = standing.ready().is_some_and(|state| state.dry_run);
    let managed = standing
        .ready()
        .is_some_and(|state| state.managed.iter().any(|own| own == "dry_run"));
    let switch = {
        let (session, standing, trouble) = (session.clone(), standing.clone(), trouble.clone());
        Callback::from(move |_: MouseEvent| {
            let request = Request::SetDryRun { enabled: !dry };
            let asked = session.backend.ask_for(&request, state);
            let (standing, trouble) = (standing.clone(), trouble.clone());
            spawn_local(async move {
                match asked.await {
                    Ok(state) => standing.set(Load::Ready(state)),
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let more = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(*shown + STEP))
    };
    let reload = load.reform(|_: MouseEvent| ());
    let list = match &*entries {
        Load::Pending => html! {},
        Load::Failed(problem) => html! {
            <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
        },
        Load::Ready(entries) if entries.is_empty() => html! {
            <p class="note">{ words.say(key("sent_nothing")) }</p>
        },
        Load::Ready(entries) => html! {
            <>
                <ol class="log">
                    { for entries.iter().take(*shown).map(|sent| line(&words, sent)) }
                </ol>
                if entries.len() > *shown {
                    <div class="row"><button type="button" onclick={more}>{ words.say(key("sent_more")) }</button></div>
                }
            </>
        },
    };
    html! {
        <div class="options">
            <main>
                <Menu place={Place::Sent} />
                <h1>{ words.say(key("sent_title")) }</h1>
                <p class="note">{ words.say(key("sent_text")) }</p>
                <section>
                    <div class="check">
                        <input id="dry" type="checkbox" checked={dry} disabled={managed} onclick={switch} aria-describedby="dry-note" />
                        <label for="dry">{ words.say(key("sent_dry")) }</label>
                        <p class="note" id="dry-note">{ words.say(key("sent_dry_text")) }</p>
                    </div>
                    if let Some(problem) = &*trouble {
                        <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                    }
                </section>
                <section>
                    <div class="row">
                        <button type="button" onclick={reload}>{ words.say(key("sent_reload")) }</button>
                        <button type="button" onclick={forget}>{ words.say(key("sent_forget")) }</button>
                    </div>
                    { list }
                </section>
            </main>
        </div>
    }
}

/// What a request asks for, by its method and address.
fn what(sent: &Sent) -> Key {
    let Some((_, path)) = sent.url.split_once("/api/v3/") else {
        return match (&sent.body, sent.why) {
            (Body::File { .. }, _) => key("sent_upload"),
            (_, Purpose::Update) => key("sent_pack"),
            (Body::Text(_), _) if sent.url.ends_with("/api/quorum/v1/lookups") => {
                key("sent_lookup")
            }
            _ => key("sent_copy"),
        };
    };
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (&sent.body, parts.as_slice()) {
        (Body::File { .. }, _) => key("sent_upload"),
        (Body::Text(_), ["urls"]) => key("sent_submit"),
        (Body::Text(_), [.., "comments"]) => key("sent_comment"),
        (Body::Text(_), [.., "votes"]) => key("sent_vote"),
        (_, [.., "comments"]) => key("sent_comments"),
        (_, ["files", "upload_url"]) => key("sent_upload_url"),
        (_, ["files", _]) => key("sent_file"),
        (_, ["urls", _]) => key("sent_url"),
        (_, ["domains", _]) => key("sent_domain"),
        (_, ["ip_addresses", _]) => key("sent_ip"),
        (_, ["analyses", _]) => key("sent_analysis"),
        (_, ["users", ..]) => key("sent_account"),
        _ => key("sent_other"),
    }
}

fn line(words: &Words, sent: &Sent) -> Html {
    let why = match sent.why {
        Purpose::User => key("sent_why_user"),
        Purpose::Background => key("sent_why_background"),
        Purpose::Update => key("sent_why_update"),
    };
    let (tone, outcome) = match sent.outcome {
        Outcome::Pending => ("none", words.say(key("sent_pending"))),
        Outcome::Answered(status) => (
            "none",
            words.fill(key("sent_answered"), &[&status.to_string()]),
        ),
        Outcome::Failed => ("warn", words.say(key("sent_failed"))),
        Outcome::Withheld => ("calm", words.say(key("sent_withheld"))),
    };
    let along = [
        (sent.with_key, key("sent_with_key")),
        (sent.with_cookies, key("sent_with_cookies")),
    ];
    let mut meta = vec![words.moment(sent.at), words.say(why)];
    meta.extend(
        along
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, key)| words.say(key)),
    );
    html! {
        <li>
            <div class="head">
                <strong>{ words.say(what(sent)) }</strong>
                <span class={classes!("chip", tone)}>{ outcome }</span>
            </div>
            <p class="code"><bdi>{ format!("{} {}", sent.method, reveal(&sent.url)) }</bdi></p>
            { match &sent.body {
                Body::Nothing => html! {},
                Body::Text(text) => html! { <p class="code"><bdi>{ reveal(text) }</bdi></p> },
                Body::File { name, size } => html! {
                    <p class="code"><bdi>{ format!("{} ({})", reveal(name), words.size(*size)) }</bdi></p>
                },
            } }
            <p class="note">{ meta.join(" · ") }</p>
        </li>
    }
}
