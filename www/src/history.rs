//! The whole history of checked downloads: searched, read page by page, forgotten, taken along.

use std::rc::Rc;

use quorum_core::guard::Record;
use quorum_core::history::{self, Filter};
use quorum_core::message::{HistoryPage, News, Problem, Reply, Request};
use quorum_core::stix;
use quorum_core::verdict::Verdict;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::downloads::Row;
use crate::files::save;
use crate::menu::{Menu, Place};
use crate::sentences;
use crate::session::{Load, Session, Target, use_news, use_session, use_standing};
use crate::title::set_title;
use crate::words::{Words, key};

/// What can be looked for, in the order of how bad it is.
const VERDICTS: [Verdict; 6] = [
    Verdict::Malicious,
    Verdict::Suspicious,
    Verdict::Unknown,
    Verdict::Unchecked,
    Verdict::Clean,
    Verdict::KnownGood,
];

/// The forms in which the history leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Json,
    Stix,
}

fn page(reply: Reply) -> Option<HistoryPage> {
    match reply {
        Reply::History(page) => Some(page),
        _ => None,
    }
}

/// The page.
#[component]
pub(crate) fn HistoryView() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let standing = use_standing();
    let filter = use_state(Filter::default);
    let found = use_state(|| Load::<HistoryPage>::Pending);
    let trouble = use_state(|| None::<Problem>);
    let sure = use_state(|| false);
    {
        let title = words.say(key("history_title"));
        use_effect_with((), move |()| set_title(&title));
    }
    // What an earlier filter finds comes too late to count.
    let latest = use_mut_ref(|| 0_u32);
    let ask = {
        let (session, found) = (session.clone(), found.clone());
        Callback::from(move |(filter, known): (Filter, Option<HistoryPage>)| {
            let after = known.as_ref().and_then(|page| page.next.clone());
            let asked = session
                .backend
                .ask_for(&Request::History { filter, after }, page);
            let ticket = latest.borrow().wrapping_add(1);
            *latest.borrow_mut() = ticket;
            let (found, latest) = (found.clone(), latest.clone());
            spawn_local(async move {
                let answer = asked.await;
                if *latest.borrow() != ticket {
                    return;
                }
                found.set(match (answer, known) {
                    (Ok(page), Some(mut known)) => {
                        known.records.extend(page.records);
                        known.next = page.next;
                        Load::Ready(known)
                    }
                    (answer, _) => answer.into(),
                });
            });
        })
    };
    {
        let ask = ask.clone();
        use_effect_with((*filter).clone(), move |filter| {
            ask.emit((filter.clone(), None));
        });
    }
    {
        let (ask, filter) = (ask.clone(), filter.clone());
        use_news(Callback::from(move |news| {
            if matches!(news, News::Forgotten(_) | News::AllForgotten) {
                ask.emit(((*filter).clone(), None));
            }
        }));
    }
    let on_text = {
        let filter = filter.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                filter.set(Filter {
                    text: field.value(),
                    ..(*filter).clone()
                });
            }
        })
    };
    let on_verdict = {
        let filter = filter.clone();
        Callback::from(move |event: Event| {
            if let Some(field) = event.target_dyn_into::<HtmlSelectElement>() {
                // The first choice is all of them.
                let chosen = field.selected_index() - 1;
                let verdict = usize::try_from(chosen).ok().and_then(|at| VERDICTS.get(at));
                filter.set(Filter {
                    verdict: verdict.copied(),
                    ..(*filter).clone()
                });
            }
        })
    };
    let on_open = {
        let session = session.clone();
        Callback::from(move |target: Target| {
            let request = Request::OpenReport {
                indicator: target.indicator,
            };
            let asked = session.backend.ask(&request);
            spawn_local(async move {
                let _ = asked.await;
            });
        })
    };
    let export = {
        let (session, filter, trouble) = (session.clone(), filter.clone(), trouble.clone());
        Callback::from(move |form: Form| {
            let (session, filter) = (session.clone(), (*filter).clone());
            let trouble = trouble.clone();
            spawn_local(async move {
                match everything(&session, filter).await {
                    Ok(records) => give(form, &records),
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let forget = {
        let (session, sure, trouble) = (session.clone(), sure.clone(), trouble.clone());
        Callback::from(move |_: MouseEvent| {
            if !*sure {
                return sure.set(true);
            }
            sure.set(false);
            let asked = session.backend.ask(&Request::ForgetAll);
            let trouble = trouble.clone();
            spawn_local(async move {
                if let Err(problem) = asked.await {
                    trouble.set(Some(problem));
                }
            });
        })
    };
    let more = found.ready().filter(|page| page.next.is_some()).map(|page| {
        let (ask, filter, known) = (ask.clone(), (*filter).clone(), page.clone());
        let onclick = Callback::from(move |_: MouseEvent| ask.emit((filter.clone(), Some(known.clone()))));
        html! { <div class="row"><button type="button" {onclick}>{ words.say(key("sent_more")) }</button></div> }
    });
    let after = standing.ready().is_some_and(|state| !state.can_hold);
    let backend = standing
        .ready()
        .and_then(|state| state.backend.clone())
        .unwrap_or_default();
    let list = match &*found {
        Load::Pending => html! {},
        Load::Failed(problem) => html! {
            <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
        },
        Load::Ready(page) if page.records.is_empty() => html! {
            <p class="note" role="status">{ words.say(if filter.is_empty() { key("downloads_none") } else { key("history_none") }) }</p>
        },
        Load::Ready(page) => html! {
            <ul class="downloads">
                { for page.records.iter().map(|record| html! {
                    <Row
                        key={record.id.clone()}
                        record={Rc::new(record.clone())}
                        {after}
                        backend={backend.clone()}
                        on_open={on_open.clone()}
                    />
                }) }
            </ul>
        },
    };
    let total = found
        .ready()
        .and_then(|page| page.total)
        .unwrap_or_default();
    let forms = [
        (Form::Csv, "CSV"),
        (Form::Json, "JSON"),
        (Form::Stix, "STIX 2.1"),
    ];
    html! {
        <div class="options">
            <main>
                <Menu place={Place::History} />
                <h1>{ words.say(key("history_title")) }</h1>
                <section>
                    <form class="search" onsubmit={Callback::from(|event: SubmitEvent| event.prevent_default())}>
                        <label for="text">{ words.say(key("history_search")) }</label>
                        <input id="text" type="search" autocomplete="off" spellcheck="false" value={filter.text.clone()} oninput={on_text} />
                        <label for="verdict">{ words.say(key("history_verdict")) }</label>
                        <select id="verdict" onchange={on_verdict}>
                            <option selected={filter.verdict.is_none()}>{ words.say(key("history_all")) }</option>
                            { for VERDICTS.iter().map(|verdict| html! {
                                <option selected={filter.verdict == Some(*verdict)}>{ words.say(sentences::verdict(*verdict)) }</option>
                            }) }
                        </select>
                    </form>
                    <p class="note">{ words.fill(key("history_total"), &[&words.number(total as f64)]) }</p>
                    { list }
                    { for more }
                </section>
                <section>
                    <h2>{ words.say(key("history_take")) }</h2>
                    <p class="note">{ words.say(key("history_take_text")) }</p>
                    <div class="row">
                        { for forms.into_iter().map(|(form, name)| {
                            let onclick = export.reform(move |_: MouseEvent| form);
                            html! { <button type="button" {onclick}>{ name }</button> }
                        }) }
                    </div>
                    <div class="row">
                        <button type="button" onclick={forget}>
                            { words.say(if *sure { key("history_forget_sure") } else { key("history_forget") }) }
                        </button>
                    </div>
                    if let Some(problem) = &*trouble {
                        <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                    }
                </section>
            </main>
        </div>
    }
}

/// All records that a filter takes, page by page: a message of the browser's has a limit.
async fn everything(session: &Session, filter: Filter) -> Result<Vec<Record>, Problem> {
    let mut records = Vec::new();
    let mut after = None;
    loop {
        let request = Request::History {
            filter: filter.clone(),
            after,
        };
        let found = session.backend.ask_for(&request, page).await?;
        records.extend(found.records);
        after = found.next;
        if after.is_none() {
            return Ok(records);
        }
    }
}

/// Gives a file to the user, as a download of the page.
fn give(form: Form, records: &[Record]) {
    let time = |ms: i64| Words::rfc3339(ms);
    let (name, mime, text) = match form {
        Form::Csv => (
            "quorum-history.csv",
            "text/csv",
            history::csv(records, time),
        ),
        Form::Json => (
            "quorum-history.json",
            "application/json",
            serde_json::to_string_pretty(records).unwrap_or_default(),
        ),
        Form::Stix => (
            "quorum-history.stix.json",
            "application/stix+json;version=2.1",
            stix::downloads(records, time).to_string(),
        ),
    };
    if let Err(error) = save(name, mime, &text) {
        web_sys::console::error_1(&error);
    }
}
