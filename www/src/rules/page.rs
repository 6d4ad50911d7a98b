//! The page: what there is, and the editor when a text is open.

use js_sys::Promise;
use quorum_core::message::{LibraryReply, LibraryRequest, News};
use quorum_core::rules::{OwnRule, Sort, Switch};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;
use yew::prelude::*;

use crate::files::{chosen, save};
use crate::library::{Kept, use_kept};
use crate::menu::{Menu, Place};
use crate::rules::editor::{Draft, Editor};
use crate::rules::library::{Each, Packs, Toggle, rules};
use crate::sentences;
use crate::session::{Load, use_session};
use crate::words::{Key, key};

/// What a new text begins with.
const TEMPLATE: &str = r#"rule my_rule
{
  meta:
    author = ""
    description = ""
    severity = "suspicious"
  strings:
    $text = "something to look for"
  condition:
    $text
}
"#;

/// The page.
#[component]
pub(crate) fn Rules() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let Kept {
        load: library,
        trouble,
        act,
    } = use_kept(LibraryRequest::Rules, rules, |news| match news {
        News::Rules(library) => Some(library),
        _ => None,
    });
    let draft = use_state(|| None::<Draft>);
    let with_text = {
        let (backend, trouble) = (session.backend.clone(), trouble.clone());
        Callback::from(move |(own, then): (OwnRule, Callback<Draft>)| {
            let answer =
                backend.ask_library(&LibraryRequest::RuleText { id: own.id.clone() }, text);
            let trouble = trouble.clone();
            spawn_local(async move {
                match answer.await {
                    Ok(text) => then.emit(Draft {
                        id: Some(own.id),
                        name: own.name,
                        text,
                    }),
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let open = {
        let draft = draft.clone();
        Callback::from(move |opened: Draft| draft.set(Some(opened)))
    };
    let export = Callback::from(|saved: Draft| {
        drop(save(
            &format!("{}.yar", saved.name),
            "text/plain",
            &saved.text,
        ))
    });
    let on_new = open.reform(|_: MouseEvent| Draft {
        text: TEMPLATE.to_owned(),
        ..Draft::default()
    });
    let on_close = {
        let draft = draft.clone();
        Callback::from(move |()| draft.set(None))
    };
    let on_import = {
        let (act, open) = (act.clone(), open.clone());
        Callback::from(move |event: Event| {
            let files = chosen(&event);
            let one = files.len() == 1;
            for file in files {
                let (act, open) = (act.clone(), open.clone());
                spawn_local(async move {
                    let name = stem(&file.name());
                    let Some(text) = read(&file).await else {
                        return;
                    };
                    // One is shown before it is saved; many are saved as they are.
                    if one {
                        open.emit(Draft {
                            id: None,
                            name,
                            text,
                        });
                    } else {
                        act.emit(LibraryRequest::SaveRule {
                            id: None,
                            name,
                            text,
                        });
                    }
                });
            }
        })
    };

    let library = match &*library {
        Load::Pending => return html! {},
        Load::Failed(problem) => {
            return html! { <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p> };
        }
        Load::Ready(library) => library.clone(),
    };
    let entry = |own: &OwnRule| {
        let button = |name: Key, onclick: Callback<MouseEvent>| {
            html! { <button type="button" class="plain" {onclick}>{ words.say(name) }</button> }
        };
        let with = |then: &Callback<Draft>| {
            let (own, then) = (own.clone(), then.clone());
            with_text.reform(move |_: MouseEvent| (own.clone(), then.clone()))
        };
        let remove = {
            let id = own.id.clone();
            act.reform(move |_: MouseEvent| LibraryRequest::RemoveRules {
                sort: Sort::Own,
                id: id.clone(),
            })
        };
        html! {
            <li class="entry" key={own.id.clone()}>
                <Toggle what={Switch::Own(own.id.clone())} on={own.enabled} label={own.name.clone()} act={act.clone()}>
                    <p class="note">{ words.fill(key("rules_changed"), &[&words.ago(own.changed)]) }</p>
                </Toggle>
                <div class="actions" role="group" aria-label={words.fill(key("actions_for"), &[&own.name])}>
                    { button(key("rules_edit"), with(&open)) }
                    { button(key("rules_export"), with(&export)) }
                    { button(key("rules_remove"), remove) }
                </div>
            </li>
        }
    };
    html! {
        <div class="options rules">
            <main>
                <Menu place={Place::Rules} />
                <h1>{ words.say(key("rules_title")) }</h1>
                <p class="note">{ words.say(key("rules_intro")) }</p>
                if let Some(problem) = &*trouble {
                    <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                }
                <section>
                    <h2>{ words.say(key("rules_own")) }</h2>
                    if library.own.is_empty() { <p class="note">{ words.say(key("rules_own_none")) }</p> }
                    <ul class="entries">{ for library.own.iter().map(entry) }</ul>
                    <div class="row">
                        <button type="button" class="primary" onclick={on_new}>{ words.say(key("rules_new")) }</button>
                        <input id="import" class="file" type="file" accept=".yar,.yara,text/plain" multiple=true onchange={on_import} />
                        <label for="import" class="button">{ words.say(key("rules_import")) }</label>
                    </div>
                </section>
                if let Some(draft) = &*draft {
                    <Editor key={draft.id.clone().unwrap_or_default()} draft={draft.clone()} {on_close} />
                }
                <section>
                    <Toggle what={Switch::BuiltIn} on={library.built_in} label={words.say(key("rules_built_in"))} act={act.clone()}>
                        <p class="note">{ words.say(key("rules_built_in_text")) }</p>
                    </Toggle>
                </section>
                <Packs library={library.clone()} act={act.clone()} />
                <Each {library} {act} />
            </main>
        </div>
    }
}

fn text(reply: LibraryReply) -> Option<String> {
    match reply {
        LibraryReply::Text(text) => Some(text),
        _ => None,
    }
}

/// What an imported text is called: the file's name without its ending.
fn stem(name: &str) -> String {
    let stem = name
        .strip_suffix(".yara")
        .or(name.strip_suffix(".yar"))
        .unwrap_or(name);
    stem.trim().replace('/', "_")
}

/// A file's text, `None` if it is far too long for rules or cannot be read.
async fn read(file: &File) -> Option<String> {
    if file.size() > quorum_core::rules::MAX_FILE as f64 {
        return None;
    }
    let text: Promise = file.text();
    JsFuture::from(text).await.ok()?.as_string()
}
