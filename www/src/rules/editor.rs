//! The editor of one text of rules: coloured as it is typed, checked by the compiler as soon as the typing
//! rests, tried on a file that is dropped.

use std::cell::Cell;

use gloo_timers::future::TimeoutFuture;
use quorum_core::message::{LibraryReply, LibraryRequest, Problem};
use quorum_core::rules::{
    CHECK_LIMIT_MS, Job, RuleFault, RuleText, ScanReport, Told, time_limit, valid_name,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::files::{chosen, dropped};
use crate::matches::Matches;
use crate::rules::highlight::{Kind, pieces};
use crate::sentences;
use crate::session::use_session;
use crate::words::{Phrase, key};

/// How long the typing rests before the compiler looks, in milliseconds.
const REST_MS: u32 = 300;
/// A text longer than this is not coloured: each key would take too long.
const MOST_COLOURED: usize = 100_000;

/// A text that is being worked on.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Draft {
    /// Which one it is; `None` for a new one.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What the compiler says.
#[derive(Debug, Clone, PartialEq)]
enum Check {
    Pending,
    Rules(usize),
    Fault(RuleFault),
    Failed,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq)]
enum Tried {
    No,
    Running(String),
    Report(String, ScanReport),
    Fault,
}

#[derive(Properties, PartialEq)]
pub(crate) struct EditorProps {
    pub(crate) draft: Draft,
    /// The editor is done with: saved or left.
    pub(crate) on_close: Callback<()>,
}

/// The editor.
#[component]
pub(crate) fn Editor(props: &EditorProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let name = use_state(|| props.draft.name.clone());
    let text = use_state(|| props.draft.text.clone());
    let check = use_state(|| Check::Pending);
    let tried = use_state(|| Tried::No);
    let trouble = use_state(|| None::<Problem>);
    let over = use_state(|| false);
    let area = use_node_ref();
    // Only the newest text's check counts.
    let latest = use_memo((), |()| Cell::new(0_u32));

    {
        let (backend, check, latest) = (session.backend.clone(), check.clone(), latest.clone());
        use_effect_with((*text).clone(), move |text| {
            let ticket = latest.get().wrapping_add(1);
            latest.set(ticket);
            check.set(Check::Pending);
            let texts = vec![RuleText {
                name: "draft".to_owned(),
                text: text.clone(),
            }];
            spawn_local(async move {
                TimeoutFuture::new(REST_MS).await;
                if latest.get() != ticket {
                    return;
                }
                let heard = backend
                    .scan(&Job::Check { texts }, None, CHECK_LIMIT_MS)
                    .await;
                if latest.get() == ticket {
                    check.set(match heard.told {
                        Some(Told::Rules(rules)) => Check::Rules(rules.len()),
                        Some(Told::Fault(fault)) => Check::Fault(fault),
                        _ => Check::Failed,
                    });
                }
            });
        });
    }

    let on_text = {
        let text = text.clone();
        Callback::from(move |event: InputEvent| {
            let area: HtmlTextAreaElement = event.target_unchecked_into();
            text.set(area.value());
        })
    };
    let on_name = {
        let name = name.clone();
        Callback::from(move |event: InputEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            name.set(field.value());
        })
    };
    let on_save = {
        let (backend, trouble, on_close) = (
            session.backend.clone(),
            trouble.clone(),
            props.on_close.clone(),
        );
        let request = LibraryRequest::SaveRule {
            id: props.draft.id.clone(),
            name: name.trim().to_owned(),
            text: (*text).clone(),
        };
        Callback::from(move |_: MouseEvent| {
            let answer = backend.ask_library(&request, saved);
            let (trouble, on_close) = (trouble.clone(), on_close.clone());
            spawn_local(async move {
                match answer.await {
                    Ok(_) => on_close.emit(()),
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let on_try = {
        let (backend, tried, text) = (session.backend.clone(), tried.clone(), text.clone());
        Callback::from(move |file: File| {
            let label = file.name();
            tried.set(Tried::Running(label.clone()));
            let draft = RuleText {
                name: "draft".to_owned(),
                text: (*text).clone(),
            };
            let limit = time_limit(file.size() as u64);
            let heard = backend.scan(&Job::Try { text: draft }, Some(&file), limit);
            let tried = tried.clone();
            spawn_local(async move {
                let heard = heard.await;
                tried.set(match heard.told {
                    Some(Told::Fault(_)) => Tried::Fault,
                    _ => Tried::Report(label, heard.report()),
                });
            });
        })
    };
    let on_choose = {
        let on_try = on_try.clone();
        Callback::from(move |event: Event| {
            if let Some(file) = chosen(&event).into_iter().next() {
                on_try.emit(file);
            }
        })
    };
    let ondragover = {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(true);
        })
    };
    let ondragleave = {
        let over = over.clone();
        Callback::from(move |_: DragEvent| over.set(false))
    };
    let ondrop = {
        let (over, on_try) = (over.clone(), on_try.clone());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            if let Some(file) = dropped(&event) {
                on_try.emit(file);
            }
        })
    };
    let go = |fault: &RuleFault| {
        let (area, text) = (area.clone(), text.clone());
        let at = place(&text, fault).1;
        Callback::from(move |_: MouseEvent| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                let at = text[..at].encode_utf16().count() as u32;
                // The element is there; what the browser thinks of the selection is no matter.
                let _ = area.focus();
                let _ = area.set_selection_range(at, at);
            }
        })
    };

    let fault = match &*check {
        Check::Fault(fault) => Some(fault),
        _ => None,
    };
    let status = match &*check {
        Check::Pending => html! { <p class="note">{ words.say(key("rules_checking")) }</p> },
        Check::Failed => html! { <p class="trouble">{ words.say(key("rules_not_checked")) }</p> },
        Check::Rules(count) => html! {
            <p class="note">{ words.phrase(&Phrase::counted(*count as u64, key("rules_good_one"), key("rules_good"))) }</p>
        },
        Check::Fault(fault) => html! {
            <button type="button" class="fault-line" onclick={go(fault)}>
                <b>{ words.phrase(&Phrase::new(key("rules_place"), [fault.line.into(), fault.column.into()])) }</b>
                { " " }<bdi>{ crate::plain::reveal(&fault.message) }</bdi>
            </button>
        },
    };
    let result = match &*tried {
        Tried::No => html! {},
        Tried::Fault => html! { <p class="trouble">{ words.say(key("rules_try_fault")) }</p> },
        Tried::Running(file) => html! {
            <>
                <p class="note">{ words.fill(key("rules_trying"), &[file]) }</p>
                <progress class="progress" aria-label={words.fill(key("rules_trying"), &[file])} />
            </>
        },
        Tried::Report(file, report) => html! {
            <>
                <p class="note">{ words.fill(key("rules_tried"), &[file]) }</p>
                <Matches report={report.clone()} calm=true />
            </>
        },
    };
    let lines = text.matches('\n').count() + 1;
    let numbers: Vec<_> = (1..=lines).map(|line| line.to_string()).collect();
    html! {
        <section class="editor-part">
            <h2>{ words.say(key("rules_editor")) }</h2>
            <label for="rule-name">{ words.say(key("rules_name")) }</label>
            <input id="rule-name" type="text" value={(*name).clone()} oninput={on_name} autocomplete="off" spellcheck="false" />
            <div class="editor">
                <pre class="gutter" aria-hidden="true">{ numbers.join("\n") }</pre>
                <div class="sheet">
                    <pre class="colours" aria-hidden="true">{ coloured(&text, fault) }{ "\n" }</pre>
                    <textarea
                        ref={area}
                        aria-label={words.say(key("rules_editor"))}
                        aria-invalid={fault.is_some().to_string()}
                        aria-describedby="rule-status"
                        spellcheck="false"
                        autocomplete="off"
                        autocapitalize="off"
                        wrap="off"
                        value={(*text).clone()}
                        oninput={on_text}
                    />
                </div>
            </div>
            <div class={classes!("status", match &*check { Check::Fault(_) | Check::Failed => "bad", Check::Rules(_) => "calm", Check::Pending => "none" })} id="rule-status" role="status">
                { status }
            </div>
            <div class={classes!("try", over.then_some("over"))} {ondragover} {ondragleave} {ondrop}>
                <input id="try-file" class="file" type="file" onchange={on_choose} />
                <label for="try-file" class="button">{ words.say(key("rules_try")) }</label>
                <span class="note">{ words.say(key("rules_try_hint")) }</span>
            </div>
            <div class="tried" role="status">{ result }</div>
            <div class="row">
                <button type="button" class="primary" disabled={!valid_name(name.trim())} onclick={on_save}>
                    { words.say(key("rules_save")) }
                </button>
                <button type="button" onclick={props.on_close.reform(|_: MouseEvent| ())}>
                    { words.say(key("rules_close")) }
                </button>
                if fault.is_some() { <span class="note">{ words.say(key("rules_save_fault")) }</span> }
            </div>
            if let Some(problem) = &*trouble {
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            }
        </section>
    }
}

fn saved(reply: LibraryReply) -> Option<String> {
    match reply {
        LibraryReply::Saved(id) => Some(id),
        _ => None,
    }
}

/// Where a fault's line begins and where the fault itself is, in bytes of the text.
fn place(text: &str, fault: &RuleFault) -> (usize, usize) {
    let before = (fault.line as usize).saturating_sub(1);
    let line: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let column = (fault.column as usize).saturating_sub(1);
    let within: usize = text[line..]
        .chars()
        .take_while(|c| *c != '\n')
        .take(column)
        .map(char::len_utf8)
        .sum();
    (line, line + within)
}

/// The text in colours, with a mark where the fault is.
fn coloured(text: &str, fault: Option<&RuleFault>) -> Html {
    if text.len() > MOST_COLOURED {
        return html! { text };
    }
    let marked = fault.map(|fault| place(text, fault).1);
    let mut at = 0;
    let spans = pieces(text).into_iter().map(|(kind, piece)| {
        let (from, to) = (at, at + piece.len());
        at = to;
        let inner = match marked.filter(|mark| (from..to).contains(mark)) {
            Some(mark) => {
                let (before, rest) = piece.split_at(mark - from);
                // The character, and the word that goes on after it.
                let first = rest.chars().next().map_or(0, char::len_utf8);
                let word = rest[first..].find(|c: char| !c.is_alphanumeric() && c != '_');
                let (bad, after) = rest.split_at(word.map_or(rest.len(), |end| first + end));
                html! { <>{ before }<mark>{ bad }</mark>{ after }</> }
            }
            None => html! { piece },
        };
        match kind {
            Kind::Plain => inner,
            _ => html! { <span class={kind.class()}>{ inner }</span> },
        }
    });
    html! { <>{ for spans }</> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: u32, column: u32) -> RuleFault {
        RuleFault {
            source: String::new(),
            line,
            column,
            message: String::new(),
            code: String::new(),
        }
    }

    #[test]
    fn a_place_is_counted_in_characters_and_stays_in_the_text() {
        let text = "rule a\n  条件 b\n";
        assert_eq!(place(text, &fault(1, 6)), (0, 5));
        assert_eq!(&text[place(text, &fault(2, 6)).1..], "b\n");
        assert_eq!(place(text, &fault(2, 99)).1, text.len() - 1);
        assert_eq!(place(text, &fault(9, 9)), (text.len(), text.len()));
    }
}
