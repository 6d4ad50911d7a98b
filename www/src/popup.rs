//! The popup: the report of the page in front or of whatever is typed or dropped, and the history of
//! checked downloads.

use std::cell::Cell;

use quorum_core::api::Failure;
use quorum_core::indicator::{FileHash, Indicator};
use quorum_core::message::{Problem, Request, State};
use quorum_core::rules::{Job, ScanReport, time_limit};
use quorum_core::verdict::{Evidence, Verdict};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

use crate::community::Community;
use crate::details::Details;
use crate::downloads::{Downloads, use_history};
use crate::engines::Engines;
use crate::hash_file::hash_file;
use crate::icon::{Icon, Shape};
use crate::matches::Matches;
use crate::plain::reveal;
use crate::report::Head;
use crate::search::{Search, carries_file, dropped};
use crate::sentences;
use crate::session::{Target, indicators, use_report, use_session, use_standing};
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
    /// Several were found in a text.
    Several(Vec<Indicator>),
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
    // What the rules say of the file that was dropped: its digest says which file that is.
    let scanned = use_state(|| None::<(Indicator, ScanReport)>);

    let find = {
        let (subject, session, latest) = (subject.clone(), session.clone(), latest.clone());
        Callback::from(move |(request, otherwise): (Request, Subject)| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            let answer = session.backend.ask_for(&request, indicators);
            let (subject, latest) = (subject.clone(), latest.clone());
            spawn_local(async move {
                let answer = answer.await;
                if latest.get() != ticket {
                    return;
                }
                subject.set(match answer {
                    Ok(mut found) if found.len() == 1 => {
                        Subject::One(Target::named(found.remove(0)))
                    }
                    Ok(found) if found.is_empty() => otherwise,
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
        let (session, scanned) = (session.clone(), scanned.clone());
        Callback::from(move |file: File| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            subject.set(Subject::Reading(file.name(), 0.0));
            part.set(Part::Engines);
            let (subject, latest) = (subject.clone(), latest.clone());
            let (backend, scanned) = (session.backend.clone(), scanned.clone());
            spawn_local(async move {
                let progress = {
                    let (subject, latest, name) = (subject.clone(), latest.clone(), file.name());
                    move |share| {
                        if latest.get() == ticket {
                            subject.set(Subject::Reading(name.clone(), share));
                        }
                    }
                };
                let limit = time_limit(file.size() as u64);
                let scan = backend.scan(&Job::Scan, Some(&file), limit);
                let digests = hash_file(&file, progress).await;
                if latest.get() != ticket {
                    return;
                }
                let Ok(digests) = digests else {
                    return subject.set(Subject::Unreadable(file.name()));
                };
                let indicator = Indicator::File(FileHash::Sha256(digests.sha256));
                subject.set(Subject::One(Target {
                    indicator: indicator.clone(),
                    evidence: Evidence::SavedFile,
                }));
                scanned.set(Some((indicator, scan.await.report())));
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
    let on_choose = on_open.reform(Target::named);

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
            event.prevent_default();
            over.set(false);
            if let Some(file) = dropped(&event) {
                on_file.emit(file);
            }
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

    let view = target.as_ref().and(report.load.ready()).cloned();
    let on_voices = {
        let voices = voices.clone();
        Callback::from(move |count| voices.set(count))
    };
    let mut parts = Vec::new();
    if let Some(view) = &view {
        parts.push((Part::Engines, Some(view.engines.len() as u64)));
        parts.push((Part::Community, Some(*voices)));
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

    let connected = standing
        .ready()
        .is_none_or(|state| state.address.is_some() && state.has_key);
    // Lists and what is noticed need no backend: what they say is shown, and the rest says that there is none.
    let told = report.load.ready().filter(|_| target.is_some());
    let told = told.is_some_and(|view| view.assessment.verdict != Verdict::Unchecked);
    let head = match (&*subject, standing.ready()) {
        (Subject::Page | Subject::NoPage | Subject::One(_), Some(state)) if !connected && !told => {
            welcome(&words, state, &open_options)
        }
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
                if let (Some(target), Some((of, report))) = (&target, &*scanned) {
                    if target.indicator == *of {
                        <section class="scanned"><Matches report={report.clone()} calm=true /></section>
                    }
                }
                <Tabs {parts} {selected} {on_select} />
                if let Some(view) = &view {
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

fn welcome(words: &Words, state: &State, open_options: &Callback<()>) -> Html {
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
            <h1>{ words.say(title) }</h1>
            <p>{ text }</p>
            <button type="button" class="primary" onclick={open_options.reform(|_: MouseEvent| ())}>
                { words.say(button) }
            </button>
        </section>
    }
}

fn choices(words: &Words, found: &[Indicator], on_choose: &Callback<Indicator>) -> Html {
    let items = found.iter().map(|indicator| {
        let chosen = indicator.clone();
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
            <h1>{ words.say(key("search_choose")) }</h1>
            <ul class="choices">{ for items }</ul>
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
