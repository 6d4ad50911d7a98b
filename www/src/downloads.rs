//! The history of checked downloads, and what can be done with each.

use std::rc::Rc;

use gloo_timers::callback::Interval;
use quorum_core::guard::{Disposition, Phase, Record, Upload};
use quorum_core::message::{self, News, Problem, Reply, Request, State};
use quorum_core::verdict::{Evidence, Reason, Verdict};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

use crate::given;
use crate::icon::{Icon, Shape};
use crate::matches::Matches;
use crate::plain::reveal;
use crate::report::Dots;
use crate::search::{carries_file, chosen, dropped};
use crate::sentences;
use crate::session::{Load, Target, use_news, use_session};
use crate::words::{Key, Phrase, Value, key};

/// The history, newest first.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct History {
    pub(crate) records: Vec<Rc<Record>>,
    /// Whether the background has told what it has.
    pub(crate) known: Load<()>,
    /// Whether the badge told of something that nobody had looked at.
    pub(crate) unseen: bool,
}

pub(crate) enum Change {
    All(Result<message::History, Problem>),
    One(Box<Record>),
    Gone(String),
    AllGone,
}

impl Reducible for History {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let mut next = (*self).clone();
        match change {
            Change::All(Ok(history)) => {
                next.records = history.records.into_iter().map(Rc::new).collect();
                next.unseen = history.unseen;
                next.known = Load::Ready(());
            }
            Change::All(Err(problem)) => next.known = Load::Failed(problem),
            Change::One(record) => {
                let record = Rc::new(*record);
                match next.records.iter_mut().find(|known| known.id == record.id) {
                    Some(known) => *known = record,
                    None => next.records.push(record),
                }
            }
            Change::AllGone => next.records.clear(),
            Change::Gone(id) => next.records.retain(|record| record.id != id),
        }
        next.records
            .sort_by_key(|record| std::cmp::Reverse(record.started));
        next.into()
    }
}

/// The history, kept up to date by the news.
#[hook]
pub(crate) fn use_history() -> UseReducerHandle<History> {
    let session = use_session();
    let history = use_reducer_eq(History::default);
    {
        let history = history.dispatcher();
        use_effect_with((), move |()| {
            let answer = session
                .backend
                .ask_for(&Request::Downloads, |reply| match reply {
                    Reply::Downloads(history) => Some(history),
                    _ => None,
                });
            spawn_local(async move { history.dispatch(Change::All(answer.await)) });
        });
    }
    {
        let history = history.dispatcher();
        use_news(Callback::from(move |news| match news {
            News::Download(record) => history.dispatch(Change::One(record)),
            News::Forgotten(id) => history.dispatch(Change::Gone(id)),
            News::AllForgotten => history.dispatch(Change::AllGone),
            News::State(_) | News::Rules(_) | News::Lists(_) => {}
        }));
    }
    history
}

#[derive(Properties, PartialEq)]
pub(crate) struct DownloadsProps {
    pub(crate) history: UseReducerHandle<History>,
    pub(crate) standing: Load<State>,
    pub(crate) on_open: Callback<Target>,
}

/// The list.
#[component]
pub(crate) fn Downloads(props: &DownloadsProps) -> Html {
    let words = use_session().words;
    let standing = props.standing.ready();
    let after = standing.is_some_and(|state| !state.can_hold);
    let off = standing.is_some_and(|state| !state.downloads);
    let backend = standing
        .and_then(|state| state.backend.clone())
        .unwrap_or_default();
    let rows = props.history.records.iter().map(|record| {
        html! {
            <Row
                key={record.id.clone()}
                record={record.clone()}
                {after}
                backend={backend.clone()}
                on_open={props.on_open.clone()}
            />
        }
    });
    html! {
        <>
            if standing.is_some_and(|state| state.newer_data) {
                <p class="trouble">{ words.say(key("newer_data")) }</p>
            }
            if off { <p class="note lead">{ words.say(key("downloads_off")) }</p> }
            else if after { <p class="note lead">{ words.say(key("downloads_after")) }</p> }
            <ul class="downloads">{ for rows }</ul>
            if let Load::Failed(problem) = &props.history.known {
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            } else if props.history.records.is_empty() && props.history.known == Load::Ready(()) {
                <p class="empty">{ words.say(key("downloads_none")) }</p>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct CountdownProps {
    /// In milliseconds since the Unix epoch.
    until: i64,
}

/// How long a held download waits at most, second by second.
#[component]
fn Countdown(props: &CountdownProps) -> Html {
    let words = use_session().words;
    let until = props.until;
    let left = move || {
        (until - js_sys::Date::now() as i64)
            .max(0)
            .unsigned_abs()
            .div_ceil(1000)
    };
    let shown = use_state(left);
    {
        let shown = shown.setter();
        use_effect_with((), move |()| {
            let tick = Interval::new(250, move || shown.set(left()));
            move || drop(tick)
        });
    }
    let said = Phrase::counted(*shown, key("held_for_one"), key("held_for"));
    // A timer is not read out each second by itself.
    html! { <p class="why" role="timer">{ words.phrase(&said) }</p> }
}

#[derive(Properties, PartialEq)]
pub(crate) struct RowProps {
    pub(crate) record: Rc<Record>,
    /// Whether downloads are checked only after they were saved.
    pub(crate) after: bool,
    pub(crate) backend: AttrValue,
    pub(crate) on_open: Callback<Target>,
}

/// A download, and what can be done about it.
#[component]
pub(crate) fn Row(props: &RowProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let record = &props.record;
    let trouble = use_state(|| None::<Problem>);
    let act = {
        let (session, trouble) = (session.clone(), trouble.clone());
        Callback::from(move |request: Request| {
            let answer = session.backend.ask(&request);
            let trouble = trouble.clone();
            spawn_local(async move { trouble.set(answer.await.err()) });
        })
    };
    // The share of a given file that is read.
    let reading = use_state(|| None::<f64>);
    let take = {
        let (session, trouble, reading) = (session.clone(), trouble.clone(), reading.setter());
        let id = record.id.clone();
        Callback::from(move |file: File| {
            let (backend, trouble, reading) =
                (session.backend.clone(), trouble.setter(), reading.clone());
            let id = id.clone();
            reading.set(Some(0.0));
            trouble.set(None);
            spawn_local(async move {
                let scan = given::scan(&backend, &file);
                let progress = reading.clone();
                let found =
                    given::read(&backend, &file, move |share| progress.set(Some(share))).await;
                let problem = match found {
                    Ok(mut found) => {
                        found.rules = Some(scan.await);
                        backend.ask(&found.of_download(id)).await.err()
                    }
                    Err(_) => Some(Problem::FileMoved),
                };
                reading.set(None);
                trouble.set(problem);
            });
        })
    };
    let name = reveal(&record.name);
    let checking = record.phase == Phase::Checking;
    let under_way = checking || matches!(record.upload, Upload::Sending | Upload::Analysing { .. });
    let (tone, word) = match (checking, record.verdict()) {
        (false, Some(verdict)) => (sentences::tone(verdict), sentences::verdict(verdict)),
        _ => ("none", key("checking")),
    };

    let open = record.indicator().map(|indicator| {
        let evidence = record
            .assessment
            .as_ref()
            .map_or(Evidence::Address, |assessment| assessment.evidence);
        props.on_open.reform(move |_: MouseEvent| Target {
            evidence,
            ..Target::named(indicator.clone())
        })
    });
    let title = match open {
        Some(onclick) => html! {
            <button type="button" class="name" title={words.fill(key("open_report"), &[&name])} {onclick}>
                <bdi>{ &name }</bdi>
            </button>
        },
        None => html! { <span class="name"><bdi>{ &name }</bdi></span> },
    };

    let until = record
        .held_until
        .filter(|_| record.disposition == Disposition::Held);
    let kept = record.kept.as_ref().map(|kept| {
        let verdict = sentences::verdict(kept.despite.verdict).into();
        let mut values = vec![Value::Moment(kept.at), Value::Phrase(Box::new(verdict))];
        let why = kept.despite.reasons.first().map(sentences::reason);
        values.extend(why.map(|why| Value::Phrase(Box::new(why))));
        let key = match values.len() {
            2 => key("kept_despite"),
            _ => key("kept_despite_reason"),
        };
        words.phrase(&Phrase::new(key, values))
    });
    let drift = record.drift.as_ref().map(|drift| {
        let was = sentences::verdict(drift.was).into();
        let day = |ms: i64| Value::Day(ms.div_euclid(1000));
        let values = [
            Value::Phrase(Box::new(was)),
            day(drift.on),
            day(drift.since),
        ];
        words.phrase(&Phrase::new(key("drift"), values))
    });
    let mut parts = Vec::new();
    if record.private {
        parts.push(words.say(key("state_private")));
    }
    if let Some(said) = sentences::disposition(record.disposition).filter(|_| until.is_none()) {
        parts.push(words.say(said));
    }
    if props.after && !checking && record.disposition == Disposition::Released {
        parts.push(words.say(key("state_after")));
    }
    let when = record.checked_at.unwrap_or(record.started);
    parts.push(words.ago(when));

    let reasons = record
        .assessment
        .as_ref()
        .filter(|_| !checking)
        .map(|assessment| sentences::brief(&assessment.reasons))
        .unwrap_or_default();
    // Each of them stands below, the one that may be the strongest reason too.
    let reasons = reasons
        .into_iter()
        .filter(|it| !matches!(it, Reason::Checksum { .. }));
    let checksums = record.checksums();
    let page = record.page.filter(|_| record.digests.is_some());
    let page = page.and_then(sentences::page_look);
    let labels =
        (!record.labels.is_empty() && record.verdict() != Some(Verdict::Clean)).then(|| {
            record
                .labels
                .iter()
                .take(2)
                .map(|label| reveal(label))
                .collect::<Vec<_>>()
        });
    let evidence = record
        .assessment
        .as_ref()
        .filter(|_| !checking)
        .map(|assessment| assessment.evidence);

    let progress = match &record.upload {
        Upload::Sending => Some(key("upload_sending")),
        Upload::Analysing { .. } => Some(key("upload_analysing")),
        _ => None,
    };
    let later = record.waits_until();
    let later = later.map(|at| words.phrase(&Phrase::new(key("goes_on_at"), [Value::Moment(at)])));
    let tried = record
        .tried
        .iter()
        .map(|rung| words.say(sentences::rung(rung)));
    // One alone stands below anyway.
    let tried: Vec<_> = tried.filter(|_| record.tried.len() > 1).collect();
    let failed_upload = match &record.upload {
        Upload::Failed { error } => Some(words.phrase(&sentences::upload_error(error))),
        _ => None,
    };

    let id = || record.id.clone();
    let button = |name: Key, class: &'static str, request: Request| {
        let act = act.clone();
        let onclick = Callback::from(move |_: MouseEvent| act.emit(request.clone()));
        html! { <button type="button" {class} {onclick}>{ words.say(name) }</button> }
    };
    let kept_back = record.disposition == Disposition::KeptBack;
    let upload = record.can_upload() && !under_way;
    let landed = record.has_landed();
    // Better evidence than the saved file there is none.
    let wanted = landed && !under_way && reading.is_none() && evidence != Some(Evidence::SavedFile);
    let ondragover = Callback::from(move |event: DragEvent| {
        if wanted && carries_file(&event) {
            event.prevent_default();
        }
    });
    let ondrop = {
        let take = take.clone();
        Callback::from(move |event: DragEvent| {
            if wanted && let Some(file) = dropped(&event) {
                event.prevent_default();
                take.emit(file);
            }
        })
    };
    let onchange = Callback::from(move |event: Event| {
        if let Some(file) = chosen(&event) {
            take.emit(file);
        }
    });
    let field = format!("given-{}", record.id);
    html! {
        <li class="download" {ondragover} {ondrop}>
            <span class={classes!("mark", tone)}><Icon shape={Shape::File} /></span>
            { title }
            <span class={classes!("chip", tone)}>{ words.say(word) }</span>
            <div class="body">
                if let Some(drift) = drift { <p class="why">{ drift }</p> }
                { for reasons.map(|reason| html! {
                    <p class="why">{ words.phrase(&sentences::reason(reason)) }</p>
                }) }
                { for checksums.iter().map(|compared| html! {
                    <p class="why">{ words.phrase(&sentences::checksum(compared)) }</p>
                }) }
                if let Some(labels) = labels { <p class="labels"><bdi>{ labels.join(", ") }</bdi></p> }
                if let Some(report) = &record.rules { <Matches report={report.clone()} calm=false /> }
                if under_way {
                    <progress class="progress" aria-label={words.say(progress.unwrap_or(key("checking")))} />
                }
                if let Some(until) = until { <Countdown {until} /> }
                if let Some(kept) = kept { <p class="why">{ kept }</p> }
                if let Some(progress) = progress { <p class="why">{ words.say(progress) }</p> }
                if let Some(later) = later { <p class="why">{ later }</p> }
                if record.not_had { <p class="trouble">{ words.say(key("keep_failed")) }</p> }
                if let Some(failed) = failed_upload { <p class="trouble">{ failed }</p> }
                if !tried.is_empty() {
                    <details class="note">
                        <summary>{ words.say(key("tried")) }</summary>
                        { for tried.into_iter().map(|line| html! { <p>{ line }</p> }) }
                    </details>
                }
                if let Some(page) = page { <p class="note">{ words.say(page) }</p> }
                <p class="meta">
                    if let Some(evidence) = evidence {
                        <span><Dots {evidence} />{ words.say(sentences::evidence(evidence)) }</span>
                    }
                    { for parts.into_iter().map(|part| html! { <span>{ part }</span> }) }
                </p>
                if let Some(share) = *reading {
                    <progress class="progress" max="1" value={share.to_string()} aria-label={words.fill(key("file_hashing"), &[&name])} />
                }
                if kept_back { <p class="note">{ words.say(key("keep_note")) }</p> }
                if upload { <p class="note">{ words.fill(key("upload_note"), &[&props.backend]) }</p> }
                <div class="actions" role="group" aria-label={words.fill(key("actions_for"), &[&name])}>
                    if kept_back { { button(key("keep"), "", Request::Keep { id: id() }) } }
                    if upload { { button(key("upload"), "", Request::Upload { id: id() }) } }
                    if record.upload == Upload::Sending { { button(key("upload_cancel"), "", Request::CancelUpload { id: id() }) } }
                    if landed { { button(key("show_file"), "plain", Request::ShowFile { id: id() }) } }
                    if wanted {
                        <span class="give">
                            <input id={field.clone()} class="file" type="file" aria-label={words.fill(key("give_file_for"), &[&name])} {onchange} />
                            <label for={field} title={words.say(key("give_file_note"))}>{ words.say(key("give_file")) }</label>
                        </span>
                    }
                    if !under_way { { button(key("check_again"), "plain", Request::Recheck { id: id() }) } }
                    { button(key("forget"), "plain", Request::Forget { id: id() }) }
                </div>
                if let Some(problem) = &*trouble {
                    <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                }
            </div>
        </li>
    }
}
