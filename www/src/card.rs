//! The card: what the overlay on somebody else's page says.
//!
//! That page can cover, fade, move and imitate the card, and lure clicks onto it. So the card
//! - says what speaks against a thing, and never that nothing does: no word, number or colour in here
//!   is reassuring, whatever the verdict;
//! - counts a click only if it is a real one, after the card has been in sight for half a second;
//! - can open and close, and do nothing else.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Array;
use quorum_core::lists::Says;
use quorum_core::message::{ReportView, Request};
use quorum_core::pointed::{Pick, Pointed};
use quorum_core::report::Comment;
use quorum_core::told::{Severity, Told};
use quorum_core::verdict::{Assessment, Class, Reason, Verdict};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit,
    ResizeObserver,
};
use yew::prelude::*;

use crate::community::comments;
use crate::icon::{Icon, Shape};
use crate::plain::reveal;
use crate::ring::Ring;
use crate::sentences;
use crate::session::{Load, Target, pointed, use_report, use_session};
use crate::words::{Key, Phrase, Words, key};

/// How long the card must have been in sight before a click counts, in milliseconds.
const ARMED_AFTER_MS: u32 = 500;
/// How many labels are given.
const LABELS: usize = 3;
/// How many warnings are given.
const WARNINGS: usize = 3;
/// How much of a comment is given, in characters.
const COMMENT_CHARS: usize = 140;

/// Whether the verdict can be said inside a page that may be hostile.
fn can_be_said(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Clean | Verdict::KnownGood)
}

/// Whether the verdict speaks against the thing.
fn speaks_against(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Malicious | Verdict::Suspicious)
}

/// The card's heading. "Probably a false alarm" is said in our own pages only.
fn heading(assessment: &Assessment) -> Key {
    match assessment.class {
        _ if !can_be_said(assessment.verdict) => key("card_elsewhere"),
        Some(Class::FalseAlarm) => sentences::verdict(assessment.verdict),
        _ => sentences::heading(assessment),
    }
}

/// Whether this card has been in sight long enough for clicks to count.
#[hook]
fn use_armed(root: NodeRef) -> bool {
    let armed = use_state(|| false);
    {
        let armed = armed.clone();
        use_effect_with((), move |()| {
            let waiting = std::cell::RefCell::new(None::<Timeout>);
            let seen = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
                let Some(entry) = entries
                    .iter()
                    .next_back()
                    .and_then(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok())
                else {
                    return;
                };
                let armed = armed.clone();
                let mut waiting = waiting.borrow_mut();
                // Dropping a timer stops it: out of sight, the half second begins anew.
                *waiting = entry.is_intersecting().then(|| {
                    Timeout::new(ARMED_AFTER_MS, {
                        let armed = armed.clone();
                        move || armed.set(true)
                    })
                });
                if waiting.is_none() {
                    armed.set(false);
                }
            });
            let options = IntersectionObserverInit::new();
            options.set_threshold(&JsValue::from_f64(0.9));
            let observer =
                IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options)
                    .ok();
            if let (Some(observer), Some(root)) = (&observer, root.cast::<Element>()) {
                observer.observe(&root);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(seen);
            }
        });
    }
    *armed
}

/// Tells the overlay how high the card is, whenever that changes.
#[hook]
fn use_height(root: NodeRef) {
    let session = use_session();
    use_effect_with((), move |()| {
        let element = root.cast::<Element>();
        let told = std::cell::Cell::new(0);
        let measured = element.clone();
        let resized = Closure::<dyn FnMut()>::new(move || {
            let height = measured
                .as_ref()
                .map_or(0.0, |element| element.get_bounding_client_rect().height())
                .ceil() as u32;
            if height != told.replace(height) {
                let answer = session.backend.ask(&Request::CardHeight { height });
                spawn_local(async move {
                    // A card that is being closed has no height to be kept.
                    let _ = answer.await;
                });
            }
        });
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
}

/// The card.
#[component]
pub(crate) fn Card() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let root = use_node_ref();
    let armed = use_armed(root.clone());
    use_height(root.clone());
    let found = use_state(|| Load::Pending);
    let chosen = use_state(|| 0_usize);
    {
        let (found, session) = (found.clone(), session.clone());
        use_effect_with((), move |()| {
            let answer = session.backend.ask_for(&Request::Card, pointed);
            spawn_local(async move { found.set(answer.await.into()) });
        });
    }
    let Pointed { picks: list, told } = found.ready().cloned().unwrap_or_default();
    let current = list.get(*chosen).cloned();
    let report = use_report(current.clone().map(Target::from));
    let indicator = current.as_ref().map(|pick| &pick.indicator);

    // A press counts only if a person made it and could see what it was on.
    let press = move |act: Rc<dyn Fn()>| {
        Callback::from(move |event: MouseEvent| {
            if armed && event.is_trusted() {
                act();
            }
        })
    };
    let send = |request: Request| -> Rc<dyn Fn()> {
        let session = session.clone();
        Rc::new(move || {
            let answer = session.backend.ask(&request);
            spawn_local(async move {
                // Both requests end this card or leave it for a tab; there is nothing to be told.
                let _ = answer.await;
            });
        })
    };

    let body = match (&*found, indicator, &report.load) {
        (Load::Failed(problem), _, _) => html! {
            <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
        },
        (Load::Ready(_), None, _) if !told.is_empty() => no_address(&words, &told),
        (Load::Ready(_), None, _) => html! { <h1>{ words.say(key("card_nothing")) }</h1> },
        (Load::Ready(_), Some(indicator), Load::Ready(view)) if view.indicator == *indicator => {
            html! {
                <Finding key={indicator.to_string()} view={view.clone()} />
            }
        }
        (Load::Ready(_), Some(indicator), Load::Failed(problem)) => html! {
            <>
                <h1>{ words.say(key("verdict_unchecked")) }</h1>
                <p class="what code"><bdi>{ reveal(&indicator.to_string()) }</bdi></p>
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            </>
        },
        (_, indicator, _) => html! {
            <div class="verdict skeleton" aria-busy="true" aria-label={words.say(key("loading"))}>
                <div class="ring small hole" />
                <div class="said">
                    <div class="line wide" />
                    if let Some(indicator) = indicator {
                        <p class="what code"><bdi>{ reveal(&indicator.to_string()) }</bdi></p>
                    }
                </div>
            </div>
        },
    };
    let open = current.clone().map(|pick| {
        html! {
            <button
                type="button"
                class="primary"
                disabled={!armed}
                onclick={press(send(Target::from(pick).opened()))}
            >
                { words.say(key("card_full_report")) }
            </button>
        }
    });
    let choose: Vec<_> = list
        .iter()
        .enumerate()
        .map(|(at, _)| {
            let chosen = chosen.clone();
            press(Rc::new(move || chosen.set(at)))
        })
        .collect();
    html! {
        <main class="card" ref={root} aria-label={words.say(key("card_label"))}>
            { choices(&words, &list, *chosen, &choose) }
            { body }
            <div class="actions">
                { for open }
                <button
                    type="button"
                    disabled={!armed}
                    onclick={press(send(Request::CloseCard))}
                >
                    { words.say(key("card_close")) }
                </button>
            </div>
        </main>
    }
}

fn choices(words: &Words, list: &[Pick], chosen: usize, choose: &[Callback<MouseEvent>]) -> Html {
    if list.len() < 2 {
        return html! {};
    }
    let items =
        list.iter()
            .zip(choose)
            .enumerate()
            .map(|(at, (Pick { indicator, .. }, onclick))| {
                html! {
                    <li>
                        <button
                            type="button"
                            class="choice"
                            aria-pressed={(at == chosen).to_string()}
                            {onclick}
                        >
                            <bdi class="code">{ reveal(&indicator.to_string()) }</bdi>
                        </button>
                    </li>
                }
            });
    html! {
        <section class="several">
            <h2>{ words.say(key("card_found")) }</h2>
            <ul class="choices">{ for items }</ul>
        </section>
    }
}

/// What there is to be told of an address that no backend can be asked about.
fn no_address(words: &Words, told: &[Told]) -> Html {
    html! {
        <>
            <h1>{ words.say(key("card_no_address")) }</h1>
            <ul class="reasons warn">{ for told.iter().map(|told| line(words, Shape::Alert, &sentences::noticed(told))) }</ul>
            <p class="note">{ words.say(key("card_no_address_text")) }</p>
        </>
    }
}

fn line(words: &Words, shape: Shape, said: &Phrase) -> Html {
    html! { <li><Icon {shape} /><span>{ words.phrase(said) }</span></li> }
}

#[derive(Properties, PartialEq)]
struct FindingProps {
    view: Rc<ReportView>,
}

#[component]
fn Finding(props: &FindingProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let view = &props.view;
    let assessment = &view.assessment;
    let against = speaks_against(assessment.verdict);
    let newest = use_state(|| None::<Comment>);
    {
        let (newest, indicator) = (newest.clone(), view.indicator.clone());
        use_effect_with((), move |()| {
            // Anybody may have written "harmless" below a thing that nobody objects to.
            if against {
                let request = Request::Comments {
                    indicator,
                    cursor: None,
                };
                let answer = session.backend.ask_for(&request, comments);
                spawn_local(async move {
                    // Without comments the card is still whole.
                    if let Ok(page) = answer.await {
                        newest.set(page.items.into_iter().next());
                    }
                });
            }
        });
    }
    let tone = if against {
        sentences::tone(assessment.verdict)
    } else {
        "none"
    };
    let labels: Vec<_> = view
        .labels
        .iter()
        .take(LABELS)
        .map(|label| reveal(label))
        .collect();
    let votes = view.votes;
    let all_votes = votes.malicious.saturating_add(votes.harmless);
    let elsewhere = !can_be_said(assessment.verdict);
    // That a list speaks for it is not said here.
    let listed = assessment.reasons.iter().find(|reason| {
        matches!(reason, Reason::Listed { listing } if matches!(listing.says, Says::Bad | Says::Hint))
    });
    let objects = assessment.stats.objecting() > 0;
    // What was made to deceive is seen by looking again, so it comes first; and it may be all there is.
    let warnings = assessment.reasons.iter().filter(|reason| {
        sentences::told(reason).is_some_and(|told| told.severity == Severity::Warning)
    });
    let warnings: Vec<_> = warnings.take(WARNINGS).collect();
    // What the verdict is about, where it is not the thing itself, and why nobody was asked.
    let limits = |reason: &&Reason| {
        matches!(
            reason,
            Reason::HostOnly { .. } | Reason::Failed { .. } | Reason::Private
        )
    };
    let limit = assessment.reasons.iter().find(limits);
    html! {
        <>
            <div class={classes!("verdict", tone)}>
                if against && objects { <Ring stats={assessment.stats} small=true /> }
                <div class="said">
                    <h1>{ words.say(heading(assessment)) }</h1>
                    <p class="what code"><bdi>{ reveal(&view.name) }</bdi></p>
                    { crate::report::unicode(&words, view) }
                </div>
            </div>
            if elsewhere {
                <p class="note">{ words.say(key("card_elsewhere_text")) }</p>
            } else if against {
                <ul class={classes!("reasons", tone)}>
                    { for listed.map(|reason| crate::report::line(&words, reason)) }
                    { for warnings.iter().map(|reason| line(&words, Shape::Alert, &sentences::reason(reason))) }
                    // That nobody objects would be reassuring.
                    if objects { { line(&words, Shape::Flag, &sentences::engines(assessment.stats)) } }
                    if let Some(limit) = limit { { crate::report::line(&words, limit) } }
                    if !labels.is_empty() {
                        <li>
                            <Icon shape={Shape::Tag} />
                            <bdi class="labels">{ labels.join(", ") }</bdi>
                        </li>
                    }
                    if votes.malicious > 0 {
                        <li>
                            <Icon shape={Shape::People} />
                            <span>
                                { words.phrase(&Phrase::new(
                                    key("card_votes"),
                                    [votes.malicious.into(), all_votes.into()],
                                )) }
                            </span>
                        </li>
                    }
                    if let Some(comment) = &*newest { { quote(&words, comment) } }
                </ul>
            } else if let Some(reason) = assessment.reasons.first() {
                <ul class="reasons none">{ crate::report::line(&words, reason) }</ul>
            }
        </>
    }
}

fn quote(words: &Words, comment: &Comment) -> Html {
    let text = reveal(&comment.text);
    let short: String = text.chars().take(COMMENT_CHARS).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    let author = match comment.author.as_deref() {
        Some(author) if !author.is_empty() => reveal(author),
        _ => words.say(key("comment_someone")),
    };
    html! {
        <li>
            <Icon shape={Shape::Quote} />
            <span>
                <bdi class="quote">{ short }{ rest }</bdi>
                <span class="meta"><bdi>{ author }</bdi></span>
            </span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use quorum_core::report::Stats;
    use quorum_core::verdict::Evidence;

    use super::*;

    fn assessment(verdict: Verdict, class: Option<Class>) -> Assessment {
        Assessment {
            verdict,
            class,
            evidence: Evidence::Address,
            reasons: Vec::new(),
            stats: Stats::default(),
        }
    }

    #[test]
    fn never_says_anything_reassuring() {
        for verdict in [Verdict::Clean, Verdict::KnownGood] {
            assert_eq!(heading(&assessment(verdict, None)), key("card_elsewhere"));
        }
        let alarm = assessment(Verdict::Suspicious, Some(Class::FalseAlarm));
        assert_eq!(heading(&alarm), key("verdict_suspicious"));
    }

    #[test]
    fn says_what_speaks_against_a_thing() {
        let phishing = assessment(Verdict::Malicious, Some(Class::Phishing));
        assert_eq!(heading(&phishing), key("class_phishing"));
        assert_eq!(
            heading(&assessment(Verdict::Malicious, None)),
            key("verdict_malicious")
        );
    }
}
