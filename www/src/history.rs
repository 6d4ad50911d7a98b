//! The whole history of checked downloads: searched, read page by page, forgotten, taken along.

use std::rc::Rc;

use js_sys::Date;
use quorum_core::guard::{Disposition, Record};
use quorum_core::history::{self, Filter};
use quorum_core::message::{HistoryPage, News, Problem, Reply, Request};
use quorum_core::stix;
use quorum_core::verdict::{Evidence, Verdict};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::downloads::Row;
use crate::files::save;
use crate::menu::{Menu, Place};
use crate::sentences;
use crate::session::{Load, Session, Target, use_news, use_session, use_standing};
use crate::title::set_title;
use crate::words::{Key, Words, key};

/// What can be looked for, in the order of how bad it is.
const VERDICTS: [Verdict; 6] = [
    Verdict::Malicious,
    Verdict::Suspicious,
    Verdict::Unknown,
    Verdict::Unchecked,
    Verdict::Clean,
    Verdict::KnownGood,
];

/// What a verdict can stand on, the strongest first.
const GRADES: [Evidence; 3] = [Evidence::SavedFile, Evidence::SecondCopy, Evidence::Address];

/// What can have become of a download, and the word for it.
const FATES: [(Disposition, Key); 4] = [
    (Disposition::Released, key("state_released")),
    (Disposition::KeptBack, key("state_kept_back")),
    (Disposition::KeptAnyway, key("state_kept_anyway")),
    (Disposition::Gone, key("state_gone")),
];

/// The begin of the day that a field names, or of one so many days later, in the time zone of the one who
/// looks, in milliseconds since the Unix epoch.
fn day(field: &HtmlInputElement, later: i32) -> Option<i64> {
    // The field gives `2026-11-24` whatever it shows, and nothing while it is not filled in.
    let text = field.value();
    let mut numbers = text.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let begin = Date::new_with_year_month_day(year.try_into().ok()?, month - 1, day + later);
    Some(begin.get_time() as i64)
}

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
    // A field whose text changes the filter.
    let field = |id: &'static str,
                 kind: &'static str,
                 label: Key,
                 set: fn(&mut Filter, &HtmlInputElement)| {
        let filter = filter.clone();
        let oninput = Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                let mut next = (*filter).clone();
                set(&mut next, &field);
                filter.set(next);
            }
        });
        html! {
            <div>
                <label for={id}>{ words.say(label) }</label>
                <input {id} type={kind} autocomplete="off" spellcheck="false" {oninput} />
            </div>
        }
    };
    // A choice among the values of an enum, all of them first.
    let choice = |id: &'static str,
                  label: Key,
                  names: Vec<Key>,
                  set: fn(&mut Filter, Option<usize>)| {
        let filter = filter.clone();
        let onchange = Callback::from(move |event: Event| {
            if let Some(field) = event.target_dyn_into::<HtmlSelectElement>() {
                let mut next = (*filter).clone();
                set(&mut next, usize::try_from(field.selected_index() - 1).ok());
                filter.set(next);
            }
        });
        html! {
            <div>
                <label for={id}>{ words.say(label) }</label>
                <select {id} {onchange}>
                    <option>{ words.say(key("history_all")) }</option>
                    { for names.into_iter().map(|name| html! { <option>{ words.say(name) }</option> }) }
                </select>
            </div>
        }
    };
    let on_open = {
        let session = session.clone();
        Callback::from(move |target: Target| {
            let asked = session.backend.ask(&target.opened());
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
                    <form class="finder" onsubmit={Callback::from(|event: SubmitEvent| event.prevent_default())}>
                        <label for="text">{ words.say(key("history_search")) }</label>
                        <input id="text" type="search" autocomplete="off" spellcheck="false" value={filter.text.clone()} oninput={on_text} />
                        { choice("verdict", key("history_verdict"), VERDICTS.map(sentences::verdict).to_vec(), |filter, at| filter.verdict = at.and_then(|at| VERDICTS.get(at)).copied()) }
                        <details>
                            <summary>{ words.say(key("history_more")) }</summary>
                            <div class="filters">
                                { field("since", "date", key("history_since"), |filter, field| filter.since = day(field, 0)) }
                                { field("until", "date", key("history_until"), |filter, field| filter.until = day(field, 1)) }
                                { field("site", "text", key("history_site"), |filter, field| filter.site = field.value()) }
                                { field("rule", "text", key("history_rule"), |filter, field| filter.rule = field.value()) }
                                { choice("evidence", key("history_evidence"), GRADES.map(sentences::evidence).to_vec(), |filter, at| filter.evidence = at.and_then(|at| GRADES.get(at)).copied()) }
                                { choice("became", key("history_became"), FATES.map(|(_, name)| name).to_vec(), |filter, at| filter.disposition = at.and_then(|at| FATES.get(at)).map(|(fate, _)| *fate)) }
                            </div>
                        </details>
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
