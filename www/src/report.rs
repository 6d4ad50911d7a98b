//! The head of a report: ring and verdict, what it is on, up to three reasons, the evidence and its
//! age. Who reads only this has the answer.

use std::rc::Rc;

use gloo_timers::callback::Interval;
use quorum_core::indicator::{Indicator, Kind};
use quorum_core::message::{Fact, Problem, ReportView};
use quorum_core::privacy::What;
use quorum_core::report::Stats;
use quorum_core::verdict::{Evidence, Reason, Verdict};
use yew::prelude::*;

use crate::icon::{Icon, Shape};
use crate::plain::reveal;
use crate::ring::Ring;
use crate::sentences;
use crate::session::{Load, ReportHandle, use_session};
use crate::words::{Phrase, Value, Words, key};

/// How many reasons are given.
pub(crate) const REASONS: usize = 3;
/// How often ages are written anew, in milliseconds.
const AGING_MS: u32 = 20_000;

#[derive(Properties, PartialEq)]
pub(crate) struct HeadProps {
    pub(crate) report: ReportHandle,
    /// What is being asked about, to be named before there is an answer.
    pub(crate) name: AttrValue,
}

/// The head, in whatever state the report is.
#[component]
pub(crate) fn Head(props: &HeadProps) -> Html {
    let words = use_session().words;
    match &props.report.load {
        Load::Pending => html! {
            <section class="verdict skeleton" aria-busy="true" aria-label={words.say(key("loading"))}>
                <div class="ring hole" />
                <div class="said">
                    <div class="line wide" />
                    <p class="what code"><bdi>{ reveal(&props.name) }</bdi></p>
                    <div class="line" />
                </div>
            </section>
        },
        Load::Failed(problem) => html! {
            <Failed name={props.name.clone()} problem={problem.clone()} retry={props.report.refresh.clone()} />
        },
        Load::Ready(view) => html! { <Answer report={props.report.clone()} view={view.clone()} /> },
    }
}

#[derive(Properties, PartialEq)]
struct FailedProps {
    name: AttrValue,
    problem: Problem,
    retry: Callback<()>,
}

#[component]
fn Failed(props: &FailedProps) -> Html {
    let words = use_session().words;
    let retry = props.retry.reform(|_: MouseEvent| ());
    html! {
        <section class="report-head">
            <div class="verdict none">
                <Ring stats={Stats::default()} />
                <div class="said">
                    <h1>{ words.say(key("verdict_unchecked")) }</h1>
                    <p class="what code"><bdi>{ reveal(&props.name) }</bdi></p>
                </div>
            </div>
            <ul class="reasons" role="alert">
                <li>
                    <Icon shape={Shape::Alert} />
                    <span>{ words.phrase(&sentences::problem(&props.problem)) }</span>
                </li>
            </ul>
            <div class="offer"><button type="button" onclick={retry}>{ words.say(key("try_again")) }</button></div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct AnswerProps {
    report: ReportHandle,
    view: Rc<ReportView>,
}

#[component]
fn Answer(props: &AnswerProps) -> Html {
    let words = use_session().words;
    let view = &props.view;
    let assessment = &view.assessment;
    let tone = sentences::tone(assessment.verdict);
    let trouble = props.report.trouble.as_ref().map(|problem| {
        html! { <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p> }
    });
    html! {
        <section class="report-head">
            <div class={classes!("verdict", tone)}>
                <Ring stats={assessment.stats} />
                <div class="said">
                    <h1>{ words.say(sentences::heading(assessment)) }</h1>
                    { name(&words, view) }
                </div>
            </div>
            <ul class={classes!("reasons", tone)}>
                { for sentences::chosen(&assessment.reasons, REASONS).into_iter().map(|reason| line(&words, reason)) }
            </ul>
            if view.can_submit { <Submit key={view.indicator.to_string()} report={props.report.clone()} view={view.clone()} /> }
            { for trouble }
            // What is never sent was not looked up, and will not be the next time.
            if !assessment.reasons.contains(&Reason::Private) {
                <EvidenceLine
                    evidence={(assessment.verdict != Verdict::Unchecked).then_some(assessment.evidence)}
                    at={view.asked_at}
                    busy={props.report.busy}
                    again={props.report.refresh.clone()}
                />
            }
        </section>
    }
}

fn name(words: &Words, view: &ReportView) -> Html {
    let named = view.kind == Kind::File && view.name != view.indicator.to_string();
    let about: Vec<_> = view
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Type(text) => Some(reveal(text)),
            Fact::Size(bytes) => Some(words.size(*bytes)),
            Fact::Title(text) => Some(reveal(text)),
            _ => None,
        })
        .collect();
    let about = if about.is_empty() {
        words.say(sentences::kind(view.kind))
    } else {
        about.join(", ")
    };
    html! {
        <>
            <p class={classes!("what", (!named).then_some("code"))}><bdi>{ reveal(&view.name) }</bdi></p>
            { unicode(words, view) }
            <p class="about" dir="auto">{ about }</p>
        </>
    }
}

/// The host as people write it. It stands beside the punycode and never instead: letters that look alike
/// are told apart by that alone.
pub(crate) fn unicode(words: &Words, view: &ReportView) -> Html {
    match &view.unicode {
        Some(host) => html! {
            <p class="about" dir="auto">{ words.fill(key("host_reads"), &[&reveal(host)]) }</p>
        },
        None => html! {},
    }
}

/// A reason with its icon.
pub(crate) fn line(words: &Words, reason: &Reason) -> Html {
    html! {
        <li>
            <Icon shape={sentences::shape(reason)} />
            <span>{ words.phrase(&sentences::reason(reason)) }</span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct SubmitProps {
    report: ReportHandle,
    view: Rc<ReportView>,
}

#[component]
fn Submit(props: &SubmitProps) -> Html {
    let words = use_session().words;
    let sending = use_state(|| false);
    let whole = use_state(|| false);
    let busy = props.report.busy && *sending;
    // Neither of the two has what is never sent.
    let all = match &props.view.indicator {
        Indicator::Url(url) => Indicator::Url(url.without_credentials()),
        other => other.clone(),
    };
    let shorter = props.view.shorter.as_ref();
    let part = shorter.map(|it| &it.indicator).filter(|part| **part != all);
    let what = part.filter(|_| !*whole).unwrap_or(&all).clone();
    let text = what.to_string();
    let onclick = {
        let (sending, submit) = (sending.clone(), props.report.submit.clone());
        Callback::from(move |_: MouseEvent| {
            sending.set(true);
            submit.emit(what.clone());
        })
    };
    let on_whole = {
        let whole = whole.clone();
        Callback::from(move |_: MouseEvent| whole.set(!*whole))
    };
    let taken = shorter.map(|it| it.taken.iter()).into_iter().flatten();
    // What is never sent stays out of the whole address too.
    let taken = taken.filter(|it| !*whole || matches!(it.what, What::UserInfo | What::Fragment));
    let taken: Vec<_> = taken
        .map(|it| {
            let what = Value::Phrase(Box::new(sentences::taken(it.what).into()));
            let values = [what, Value::Text(it.text.clone())];
            words.phrase(&Phrase::new(key("submit_taken_one"), values))
        })
        .collect();
    let note = if busy {
        key("submit_busy")
    } else {
        key("submit_note")
    };
    html! {
        <div class="offer">
            if shorter.is_some() {
                <p class="note">{ words.say(key("submit_what")) }</p>
                <p class="what code"><bdi>{ reveal(&text) }</bdi></p>
            }
            if !taken.is_empty() {
                <p class="note">{ words.say(key("submit_taken")) }</p>
                <ul class="plain-list">{ for taken.iter().map(|text| html! { <li><bdi>{ text }</bdi></li> }) }</ul>
            }
            if part.is_some() {
                <div class="check">
                    <input id="whole" type="checkbox" checked={*whole} disabled={props.report.busy} onclick={on_whole} />
                    <label for="whole">{ words.say(key("submit_whole")) }</label>
                </div>
            }
            <button type="button" class="primary" disabled={props.report.busy} {onclick}>
                { words.say(key("submit")) }
            </button>
            <p class="note" role="status">{ words.fill(note, &[&props.view.backend]) }</p>
            if busy { <progress class="progress" aria-label={words.say(key("loading"))} /> }
        </div>
    }
}

/// How strong the evidence is, as dots with a name.
#[derive(Properties, PartialEq)]
pub(crate) struct DotsProps {
    pub(crate) evidence: Evidence,
}

#[component]
pub(crate) fn Dots(props: &DotsProps) -> Html {
    let words = use_session().words;
    let Some(filled) = sentences::dots(props.evidence) else {
        return html! {};
    };
    let name = words.phrase(&Phrase::new(
        key("evidence_strength"),
        [Value::Count(filled.into())],
    ));
    html! {
        <svg class="dots" viewBox="0 0 28 8" width="28" height="8" role="img" aria-label={name}>
            { for (0..3_u32).map(|dot| html! {
                <circle
                    class={if dot < filled { "full" } else { "hollow" }}
                    cx={(4 + dot * 10).to_string()}
                    cy="4"
                    r="3"
                />
            }) }
        </svg>
    }
}

#[derive(Properties, PartialEq)]
struct EvidenceProps {
    /// `None` if looking failed.
    evidence: Option<Evidence>,
    /// When the backend was asked, in milliseconds since the Unix epoch.
    at: i64,
    busy: bool,
    again: Callback<()>,
}

#[component]
fn EvidenceLine(props: &EvidenceProps) -> Html {
    let words = use_session().words;
    let turn = use_state(|| 0_u32);
    {
        let turn = turn.clone();
        use_effect_with(*turn, move |now| {
            let next = now.wrapping_add(1);
            let timer = Interval::new(AGING_MS, move || turn.set(next));
            move || drop(timer)
        });
    }
    let again = props.again.reform(|_: MouseEvent| ());
    let name = words.say(key("check_again"));
    let when = match props.evidence {
        Some(_) => key("checked_ago"),
        None => key("tried_ago"),
    };
    html! {
        <div class="evidence">
            if let Some(evidence) = props.evidence {
                <Dots {evidence} />
            }
            <span>
                if let Some(evidence) = props.evidence {
                    { words.say(sentences::evidence(evidence)) }
                    { " · " }
                }
                <span title={words.moment(props.at)}>
                    { words.fill(when, &[&words.ago(props.at)]) }
                </span>
            </span>
            <button
                type="button"
                class={classes!("quiet", props.busy.then_some("busy"))}
                aria-label={name.clone()}
                title={name}
                disabled={props.busy}
                onclick={again}
            >
                <Icon shape={Shape::Refresh} />
            </button>
        </div>
    }
}
