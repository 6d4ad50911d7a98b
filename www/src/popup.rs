//! The popup: the report of the page in front or of whatever is typed or dropped, and the history of
//! checked downloads.

use std::cell::Cell;
use std::rc::Rc;

use quorum_core::api::Failure;
use quorum_core::message::{Problem, Request, State};
use quorum_core::pointed::{Pick, Pointed};
use quorum_core::verdict::Evidence;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

use crate::community::Community;
use crate::details::Details;
use crate::downloads::{Downloads, use_history};
use crate::engines::Engines;
use crate::given::{self, Given};
use crate::icon::{Icon, Shape};
use crate::plain::reveal;
use crate::report::Head;
use crate::search::{Search, carries_file, dropped};
use crate::sentences;
use crate::session::{Load, Target, pointed, use_report, use_session, use_standing};
use crate::tabs::{Panel, Part, Tabs};
use crate::words::{Words, key};

/// What the popup is about.
#[derive(Clone, PartialEq)]
enum Subject {
    /// The page in front is being found out.
    Page,
    /// The page in front has no public address.
    NoPage,
    /// One thing: its report.
    One(Target),
    /// Several were found in a text, or something that is no web address.
    Several(Pointed),
    /// None was.
    Nothing,
    /// A file is being read: its name, and the share that is done.
    Reading(String, f64),
    /// A file could not be read.
    Unreadable(String),
    /// The background refused.
    Trouble(Problem),
}

/// The popup.
#[component]
pub(crate) fn Popup() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let standing = use_standing();
    let history = use_history();
    let subject = use_state(|| Subject::Page);
    let part = use_state(|| Part::Engines);
    let voices = use_state(|| 0_u64);
    let over = use_state(|| false);
    let middle = use_node_ref();
    // Only the newest question may set the subject.
    let latest = use_memo((), |()| Cell::new(0_u32));

    let target = match &*subject {
        Subject::One(target) => Some(target.clone()),
        _ => None,
    };
    let report = use_report(target.clone());
    // The file that was dropped: its digest says which report is on it.
    let given = use_state(|| None::<Given>);

    let find = {
        let (subject, session, latest) = (subject.clone(), session.clone(), latest.clone());
        Callback::from(move |(request, otherwise): (Request, Subject)| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            let answer = session.backend.ask_for(&request, pointed);
            let (subject, latest) = (subject.clone(), latest.clone());
            spawn_local(async move {
                let answer = answer.await;
                if latest.get() != ticket {
                    return;
                }
                subject.set(match answer {
                    Ok(mut found) if found.picks.len() == 1 && found.told.is_empty() => {
                        Subject::One(found.picks.remove(0).into())
                    }
                    Ok(found) if found.picks.is_empty() && found.told.is_empty() => otherwise,
                    Ok(found) => Subject::Several(found),
                    Err(Problem::Backend {
                        failure: Failure::NoBackend,
                    }) => otherwise,
                    Err(problem) => Subject::Trouble(problem),
                });
            });
        })
    };
    {
        let find = find.clone();
        use_effect_with((), move |()| {
            find.emit((Request::CurrentPage, Subject::NoPage));
        });
    }
    {
        // The badge called for a look at the history, so it is what the popup opens at.
        let part = part.clone();
        use_effect_with(history.unseen, move |unseen| {
            if *unseen {
                part.set(Part::Downloads);
            }
        });
    }
    let on_text = {
        let part = part.clone();
        find.reform(move |text| {
            part.set(Part::Engines);
            (Request::Read { text }, Subject::Nothing)
        })
    };
    let on_file = {
        let (subject, latest, part) = (subject.clone(), latest.clone(), part.clone());
        let (session, given) = (session.clone(), given.clone());
        Callback::from(move |file: File| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            subject.set(Subject::Reading(file.name(), 0.0));
            part.set(Part::Engines);
            let (subject, latest) = (subject.clone(), latest.clone());
            let (backend, given) = (session.backend.clone(), given.clone());
            spawn_local(async move {
                let progress = {
                    let (subject, latest, name) = (subject.clone(), latest.clone(), file.name());
                    move |share| {
                        if latest.get() == ticket {
                            subject.set(Subject::Reading(name.clone(), share));
                        }
                    }
                };
                let scan = given::scan(&backend, &file);
                let found = given::read(&backend, &file, progress).await;
                if latest.get() != ticket {
                    return;
                }
                let Ok(mut found) = found else {
                    return subject.set(Subject::Unreadable(file.name()));
                };
                given.set(Some(found.clone()));
                subject.set(Subject::One(Target {
                    evidence: Evidence::SavedFile,
                    ..Target::named(found.indicator())
                }));
                found.rules = Some(scan.await);
                if latest.get() == ticket {
                    given.set(Some(found));
                }
            });
        })
    };
    let on_open = {
        let middle = middle.clone();
        let (subject, latest, part) = (subject.clone(), latest.clone(), part.clone());
        Callback::from(move |target| {
            latest.set(latest.get().wrapping_add(1));
            subject.set(Subject::One(target));
            part.set(Part::Engines);
            if let Some(middle) = middle.cast::<web_sys::Element>() {
                middle.set_scroll_top(0);
            }
        })
    };
    let on_choose = on_open.reform(Target::from);

    let ondragover = {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            if carries_file(&event) {
                event.prevent_default();
                over.set(true);
            }
        })
    };
    let ondragleave = {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            // Between two elements of the page the pointer has not left it.
            if event.related_target().is_none() {
                over.set(false);
            }
        })
    };
    let ondrop = {
        let (over, on_file) = (over.clone(), on_file.clone());
        Callback::from(move |event: DragEvent| {
            over.set(false);
            // A download's row may have taken it.
            if let Some(file) = dropped(&event).filter(|_| !event.default_prevented()) {
                on_file.emit(file);
            }
            event.prevent_default();
        })
    };
    let open_options = {
        let session = session.clone();
        Callback::from(move |()| {
            let answer = session.backend.ask(&Request::OpenOptions);
            spawn_local(async move {
                // The settings open in a tab of their own, and this popup is closed by that.
                let _ = answer.await;
            });
        })
    };

    let mut report = report;
    let given = (*given).as_ref().filter(|given| {
        let of = target.as_ref().map(|target| &target.indicator);
        of == Some(&given.indicator())
    });
    if let (Some(given), Load::Ready(view)) = (given, &report.load)
        && view.indicator == given.indicator()
    {
        report.load = Load::Ready(Rc::new(given.clone().into_view(view)));
    }
    let view = target.as_ref().and(report.load.ready()).cloned();
    let connected = standing
        .ready()
        .is_none_or(|state| state.address.is_some() && state.has_key);
    let on_voices = {
        let voices = voices.clone();
        Callback::from(move |count| voices.set(count))
    };
    let mut parts = Vec::new();
    if let Some(view) = &view {
        // Without a backend there are none, and nobody to ask.
        if connected {
            parts.push((Part::Engines, Some(view.engines.len() as u64)));
            parts.push((Part::Community, Some(*voices)));
        }
        parts.push((Part::Details, None));
    }
    parts.push((Part::Downloads, Some(history.records.len() as u64)));
    let selected = match parts.iter().find(|(known, _)| *known == *part) {
        Some((known, _)) => *known,
        None => parts[0].0,
    };
    let on_select = {
        let part = part.clone();
        Callback::from(move |selected| part.set(selected))
    };

    let unconnected = standing.ready().filter(|_| !connected);
    let head = match (&*subject, unconnected) {
        // There is nothing to be said of anything yet.
        (Subject::NoPage, Some(_)) => html! {},
        (Subject::Page, _) => html! {
            <section class="verdict skeleton" aria-busy="true" aria-label={words.say(key("loading"))}>
                <div class="ring hole" />
                <div class="said"><div class="line wide" /><div class="line" /></div>
            </section>
        },
        (Subject::One(target), _) => html! {
            <Head report={report.clone()} name={target.indicator.to_string()} />
        },
        (Subject::NoPage, _) => html! {
            <section class="notice">
                <h1>{ words.say(key("page_none")) }</h1>
                <p>{ words.say(key("page_none_hint")) }</p>
            </section>
        },
        (Subject::Several(found), _) => choices(&words, found, &on_choose),
        (Subject::Nothing, _) => html! {
            <section class="notice" role="alert"><p>{ words.say(key("search_nothing")) }</p></section>
        },
        (Subject::Reading(name, share), _) => html! {
            <section class="notice" role="status">
                <p>{ words.fill(key("file_hashing"), &[name]) }</p>
                <progress
                    class="progress"
                    max="1"
                    value={share.to_string()}
                    aria-label={words.fill(key("file_hashing"), &[name])}
                />
                <p class="note">{ words.say(key("file_stays")) }</p>
            </section>
        },
        (Subject::Unreadable(name), _) => html! {
            <section class="notice" role="alert">
                <p>{ words.fill(key("file_unreadable"), &[name]) }</p>
            </section>
        },
        (Subject::Trouble(problem), _) => html! {
            <section class="notice" role="alert">
                <p>{ words.phrase(&sentences::problem(problem)) }</p>
            </section>
        },
    };

    html! {
        <div class="popup" {ondragover} {ondragleave} {ondrop}>
            <header class="top">
                <Search {on_text} {on_file} />
                <button
                    type="button"
                    class="square"
                    aria-label={words.say(key("settings"))}
                    title={words.say(key("settings"))}
                    onclick={open_options.reform(|_: MouseEvent| ())}
                >
                    <Icon shape={Shape::Gear} />
                </button>
            </header>
            <main ref={middle}>
                { head }
                if let (Some(given), Some(view)) = (given, &view) { { given.below(&words, view) } }
                if let Some(state) = unconnected { { welcome(&words, state, &open_options, *subject == Subject::NoPage) } }
                <Tabs {parts} {selected} {on_select} />
                if let Some(view) = view.as_ref().filter(|_| !connected) {
                    <Panel part={Part::Details} {selected}><Details view={view.clone()} /></Panel>
                } else if let Some(view) = &view {
                    <Panel part={Part::Engines} {selected}><Engines view={view.clone()} /></Panel>
                    <Panel part={Part::Community} {selected}>
                        <Community
                            key={view.indicator.to_string()}
                            view={view.clone()}
                            shown={selected == Part::Community}
                            on_count={on_voices}
                        />
                    </Panel>
                    <Panel part={Part::Details} {selected}><Details view={view.clone()} /></Panel>
                }
                <Panel part={Part::Downloads} {selected}>
                    <Downloads history={history.clone()} standing={(*standing).clone()} {on_open} />
                </Panel>
            </main>
            { footer(&words, view.as_deref(), standing.ready()) }
            if *over { <div class="drop">{ words.say(key("file_drop")) }</div> }
        </div>
    }
}

/// That no backend is connected, and what is not known for lack of one; `alone` if nothing else is shown.
fn welcome(words: &Words, state: &State, open_options: &Callback<()>, alone: bool) -> Html {
    let (title, text, button) = match &state.backend {
        Some(backend) => (
            key("welcome_key_title"),
            words.fill(key("welcome_key_text"), &[backend]),
            key("welcome_key_button"),
        ),
        None => (
            key("welcome_title"),
            words.say(key("welcome_text")),
            key("welcome_button"),
        ),
    };
    html! {
        <section class="notice">
            if alone { <h1>{ words.say(title) }</h1> } else { <h2>{ words.say(title) }</h2> }
            <p>{ text }</p>
            <p>{ words.say(key("welcome_here")) }</p>
            <button type="button" class="primary" onclick={open_options.reform(|_: MouseEvent| ())}>
                { words.say(button) }
            </button>
        </section>
    }
}

fn choices(words: &Words, found: &Pointed, on_choose: &Callback<Pick>) -> Html {
    let items = found.picks.iter().map(|pick| {
        let (chosen, indicator) = (pick.clone(), &pick.indicator);
        let onclick = on_choose.reform(move |_: MouseEvent| chosen.clone());
        html! {
            <li>
                <button type="button" class="choice" {onclick}>
                    <bdi class="code">{ reveal(&indicator.to_string()) }</bdi>
                    <small>{ words.say(sentences::kind(indicator.kind())) }</small>
                </button>
            </li>
        }
    });
    html! {
        <section class="notice">
            if !found.told.is_empty() {
                <h1>{ words.say(key("card_no_address")) }</h1>
                { for found.told.iter().map(|told| html! { <p>{ words.phrase(&sentences::noticed(told)) }</p> }) }
                <p class="note">{ words.say(key("card_no_address_text")) }</p>
            }
            if !found.picks.is_empty() {
                <h1>{ words.say(key("search_choose")) }</h1>
                <ul class="choices">{ for items }</ul>
            }
        </section>
    }
}

/// Who answered, and what is left of the budget.
pub(crate) fn footer(
    words: &Words,
    view: Option<&quorum_core::message::ReportView>,
    standing: Option<&State>,
) -> Html {
    let backend = view
        .map(|view| view.backend.as_str())
        .or_else(|| standing?.backend.as_deref());
    let Some(backend) = backend.filter(|backend| !backend.is_empty()) else {
        return html! {};
    };
    // The news are newer than the report.
    let remaining = standing
        .map(|state| state.remaining)
        .or(view.map(|view| view.remaining))
        .unwrap_or_default();
    let said = |short| {
        let phrases = sentences::remaining(remaining, short);
        let said: Vec<_> = phrases.iter().map(|phrase| words.phrase(phrase)).collect();
        said.join(" · ")
    };
    html! {
        <footer>
            <span class="backend"><bdi>{ reveal(backend) }</bdi></span>
            <span class="left" title={said(false)}>{ said(true) }</span>
        </footer>
    }
}
