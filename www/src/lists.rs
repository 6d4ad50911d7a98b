//! The page of the local lists: where they come from, what is in them, which are on; and the user's own.

use js_sys::Promise;
use quorum_core::api::Backend as Address;
use quorum_core::lists::{
    Feed, FeedList, FeedProblem, HashKind, ListKind, ListSwitch, Lists, MAX_TEXT, OwnList,
};
use quorum_core::message::{LibraryReply, LibraryRequest, News, Problem};
use quorum_core::rules::valid_name;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::files::{chosen, save};
use crate::library::{AddressForm, Kept, use_kept};
use crate::menu::{Menu, Place};
use crate::plain::reveal;
use crate::sentences;
use crate::session::{Load, use_session, use_standing};
use crate::title::set_title;
use crate::words::{Key, Phrase, Value, Words, key};

/// The lists out of a reply.
fn lists(reply: LibraryReply) -> Option<Lists> {
    match reply {
        LibraryReply::Lists(lists) => Some(lists),
        _ => None,
    }
}

fn text(reply: LibraryReply) -> Option<String> {
    match reply {
        LibraryReply::Text(text) => Some(text),
        _ => None,
    }
}

/// A text that is being worked on.
#[derive(Debug, Clone, PartialEq, Default)]
struct Draft {
    /// Which list it is; `None` for a new one.
    id: Option<String>,
    name: String,
    text: String,
    good: bool,
}

/// The page.
#[component]
pub(crate) fn ListsPage() -> Html {
    let session = use_session();
    let words = session.words.clone();
    let standing = use_standing();
    let Kept {
        load: known,
        trouble,
        act,
    } = use_kept(LibraryRequest::Lists, lists, |news| match news {
        News::Lists(lists) => Some(lists),
        _ => None,
    });
    let draft = use_state(|| None::<Draft>);
    {
        let title = words.say(key("lists_title"));
        use_effect_with((), move |()| set_title(&title));
    }
    let with_text = {
        let (backend, trouble) = (session.backend.clone(), trouble.clone());
        Callback::from(move |(own, then): (OwnList, Callback<Draft>)| {
            let asked = LibraryRequest::ListText { id: own.id.clone() };
            let answer = backend.ask_library(&asked, text);
            let trouble = trouble.clone();
            spawn_local(async move {
                match answer.await {
                    Ok(text) => then.emit(Draft {
                        id: Some(own.id),
                        name: own.name,
                        text,
                        good: own.good,
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
            &format!("{}.txt", saved.name),
            "text/plain",
            &saved.text,
        ))
    });
    let on_new = open.reform(|_: MouseEvent| Draft::default());
    let on_close = {
        let draft = draft.clone();
        Callback::from(move |()| draft.set(None))
    };
    let on_import = {
        let open = open.clone();
        Callback::from(move |event: Event| {
            let Some(file) = chosen(&event).into_iter().next() else {
                return;
            };
            let open = open.clone();
            spawn_local(async move {
                if let Some(text) = read(&file).await {
                    open.emit(Draft {
                        name: stem(&file.name()),
                        text,
                        ..Draft::default()
                    });
                }
            });
        })
    };

    let known = match &*known {
        Load::Pending => return html! {},
        Load::Failed(problem) => {
            return html! { <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p> };
        }
        Load::Ready(known) => known.clone(),
    };
    let offered = standing.ready().and_then(|state| {
        let address: Address = state.address.as_ref()?.parse().ok()?;
        let url = address.quorum_url("packs/lists");
        let there = known.feeds.iter().any(|feed| feed.url.to_string() == url);
        let offer = state.has_key && !there && !address.is_virustotal();
        offer.then(|| (state.backend.clone().unwrap_or_default(), url))
    });
    let own = |own: &OwnList| {
        let with = |then: &Callback<Draft>| {
            let (own, then) = (own.clone(), then.clone());
            with_text.reform(move |_: MouseEvent| (own.clone(), then.clone()))
        };
        let remove = {
            let id = own.id.clone();
            act.reform(move |_: MouseEvent| LibraryRequest::RemoveList { id: id.clone() })
        };
        let sort = match own.good {
            true => key("lists_good"),
            false => key("lists_bad"),
        };
        let mut facts = vec![
            words.say(sort),
            entries(&words, own.entries),
            words.fill(key("rules_changed"), &[&words.ago(own.changed)]),
        ];
        if own.skipped > 0 {
            facts.push(words.phrase(&Phrase::counted(
                own.skipped.into(),
                key("lists_skipped_one"),
                key("lists_skipped"),
            )));
        }
        html! {
            <li class="entry" key={own.id.clone()}>
                <Toggle what={ListSwitch::Own(own.id.clone())} on={own.enabled} label={own.name.clone()} act={act.clone()}>
                    <p class="note">{ facts.join(" · ") }</p>
                </Toggle>
                <div class="actions" role="group" aria-label={words.fill(key("actions_for"), &[&own.name])}>
                    { button(&words, key("rules_edit"), with(&open)) }
                    { button(&words, key("rules_export"), with(&export)) }
                    { button(&words, key("rules_remove"), remove) }
                </div>
            </li>
        }
    };
    html! {
        <div class="options rules">
            <main>
                <Menu place={Place::Lists} />
                <h1>{ words.say(key("lists_title")) }</h1>
                <p class="note">{ words.say(key("lists_intro")) }</p>
                if let Some(problem) = &*trouble {
                    <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
                }
                <section>
                    <h2>{ words.say(key("lists_feeds")) }</h2>
                    <p class="note">{ words.say(key("lists_feeds_text")) }</p>
                    if let Some((name, url)) = offered { <Offered {name} {url} act={act.clone()} /> }
                    { for known.feeds.iter().map(|feed| html! {
                        <FeedEntry key={feed.id.clone()} feed={feed.clone()} act={act.clone()} />
                    }) }
                    <AddressForm id="feed-url" label={key("lists_address")} note={key("lists_address_text")} add={key("lists_add")}
                        placeholder="https://lists.example/hosts.txt" request={Callback::from(|url| LibraryRequest::AddFeed { url })} />
                </section>
                <section>
                    <h2>{ words.say(key("lists_own")) }</h2>
                    <p class="note">{ words.say(key("lists_own_text")) }</p>
                    <ul class="entries">{ for known.own.iter().map(own) }</ul>
                    <div class="row">
                        <button type="button" onclick={on_new}>{ words.say(key("lists_new")) }</button>
                        <input id="import" class="file" type="file" accept=".txt,.csv,.hosts,text/plain" onchange={on_import} />
                        <label for="import" class="button">{ words.say(key("rules_import")) }</label>
                    </div>
                </section>
                if let Some(draft) = &*draft {
                    <Editor key={draft.id.clone().unwrap_or_default()} draft={draft.clone()} {on_close} />
                }
            </main>
        </div>
    }
}

fn button(words: &Words, name: Key, onclick: Callback<MouseEvent>) -> Html {
    html! { <button type="button" class="plain" {onclick}>{ words.say(name) }</button> }
}

fn entries(words: &Words, count: u32) -> String {
    words.phrase(&Phrase::counted(
        count.into(),
        key("lists_entries_one"),
        key("lists_entries"),
    ))
}

#[derive(Properties, PartialEq)]
struct ToggleProps {
    what: ListSwitch,
    on: bool,
    label: String,
    /// Whether the organisation has set it.
    #[prop_or_default]
    managed: bool,
    act: Callback<LibraryRequest>,
    children: Html,
}

/// A checkbox with the list that it is about.
#[component]
fn Toggle(props: &ToggleProps) -> Html {
    let id = match &props.what {
        ListSwitch::Own(id) => format!("switch-{id}"),
        ListSwitch::Feed { feed, list } => format!("switch-{feed}-{list}"),
    };
    let onclick = {
        let (what, act) = (props.what.clone(), props.act.clone());
        Callback::from(move |event: MouseEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            act.emit(LibraryRequest::SwitchList {
                what: what.clone(),
                enabled: field.checked(),
            });
        })
    };
    html! {
        <div class="check">
            <input id={id.clone()} type="checkbox" checked={props.on} disabled={props.managed} {onclick} />
            <label for={id}><bdi>{ reveal(&props.label) }</bdi></label>
            { props.children.clone() }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct OfferedProps {
    /// The connected backend's name.
    name: String,
    url: String,
    act: Callback<LibraryRequest>,
}

/// The connected backend may have lists.
#[component]
fn Offered(props: &OfferedProps) -> Html {
    let words = use_session().words;
    let url = props.url.clone();
    let onclick = props
        .act
        .reform(move |_: MouseEvent| LibraryRequest::AddFeed { url: url.clone() });
    html! {
        <div class="row">
            <button type="button" class="primary" {onclick}>
                { words.fill(key("lists_use"), &[&props.name]) }
            </button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct FeedProps {
    feed: Feed,
    act: Callback<LibraryRequest>,
}

/// An address with its lists.
#[component]
fn FeedEntry(props: &FeedProps) -> Html {
    let words = use_session().words;
    let feed = &props.feed;
    let act = |request: LibraryRequest| props.act.reform(move |_: MouseEvent| request.clone());
    let id = || feed.id.clone();
    let managed = feed.set_by.is_managed();
    let list = |list: &FeedList| {
        let mut facts = vec![words.say(holds(list.kind))];
        if list.checksum.is_some() {
            facts.push(entries(&words, list.entries));
            if list.version > 0 {
                facts.push(words.fill(key("rules_version"), &[&list.version.to_string()]));
            }
            facts.push(words.day(list.made.div_euclid(1000)));
        } else {
            facts.push(words.say(key("lists_not_had")));
        }
        facts.extend(list.license.as_deref().map(reveal));
        let what = ListSwitch::Feed {
            feed: feed.id.clone(),
            list: list.name.clone(),
        };
        html! {
            <li class="entry" key={list.name.clone()}>
                <Toggle {what} on={list.enabled} {managed} label={list.name.clone()} act={props.act.clone()}>
                    <p class="note">{ facts.join(" · ") }</p>
                </Toggle>
            </li>
        }
    };
    html! {
        <div class="feed">
            <div class="entry">
                <div>
                    <h3><bdi>{ feed.url.host() }</bdi></h3>
                    <p class="note code"><bdi>{ reveal(&feed.url.to_string()) }</bdi></p>
                    if managed { <p class="note">{ words.say(key("managed_one")) }</p> }
                    if let Some(updated) = feed.updated {
                        <p class="note">{ words.fill(key("rules_updated"), &[&words.ago(updated)]) }</p>
                    }
                    if let Some(problem) = &feed.problem {
                        <p class="trouble note" role="status">{ words.phrase(&feed_problem(problem)) }</p>
                        if !feed.lists.is_empty() { <p class="note">{ words.say(key("rules_pack_kept")) }</p> }
                    }
                </div>
                <div class="actions" role="group" aria-label={words.fill(key("actions_for"), &[&feed.url.host()])}>
                    { button(&words, key("rules_update"), act(LibraryRequest::UpdateFeed { id: id() })) }
                    if !managed { { button(&words, key("rules_remove"), act(LibraryRequest::RemoveList { id: id() })) } }
                </div>
            </div>
            <ul class="entries">{ for feed.lists.iter().map(list) }</ul>
        </div>
    }
}

/// What a list's entries are.
fn holds(kind: ListKind) -> Key {
    match kind {
        ListKind::Addresses => key("lists_addresses"),
        ListKind::BadFiles(HashKind::Sha256) => key("lists_files_sha256"),
        ListKind::BadFiles(HashKind::Sha1) => key("lists_files_sha1"),
        ListKind::BadFiles(HashKind::Md5) => key("lists_files_md5"),
        ListKind::GoodFiles(_) => key("lists_files_good"),
    }
}

fn feed_problem(problem: &FeedProblem) -> Phrase {
    match problem {
        FeedProblem::Unreachable => key("lists_unreachable").into(),
        FeedProblem::Status { status } => {
            Phrase::new(key("rules_pack_status"), [Value::Count(u64::from(*status))])
        }
        FeedProblem::NoLists => key("lists_none_there").into(),
        FeedProblem::TooLong => key("lists_too_long").into(),
        FeedProblem::Damaged { list } => Phrase::new(key("lists_damaged"), [list.as_str().into()]),
        FeedProblem::NotKept => key("lists_not_kept").into(),
    }
}

#[derive(Properties, PartialEq)]
struct EditorProps {
    draft: Draft,
    on_close: Callback<()>,
}

/// One of the user's own lists, to be written or pasted.
#[component]
fn Editor(props: &EditorProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let draft = use_state(|| props.draft.clone());
    let trouble = use_state(|| None::<Problem>);
    let change = |make: fn(&mut Draft, String)| {
        let draft = draft.clone();
        move |value: String| {
            let mut changed = (*draft).clone();
            make(&mut changed, value);
            draft.set(changed);
        }
    };
    let on_name = {
        let set = change(|draft, value| draft.name = value);
        Callback::from(move |event: InputEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            set(field.value());
        })
    };
    let on_text = {
        let set = change(|draft, value| draft.text = value);
        Callback::from(move |event: InputEvent| {
            let area: HtmlTextAreaElement = event.target_unchecked_into();
            set(area.value());
        })
    };
    let on_save = {
        let (backend, trouble, on_close) = (
            session.backend.clone(),
            trouble.clone(),
            props.on_close.clone(),
        );
        let request = LibraryRequest::SaveList {
            id: draft.id.clone(),
            name: draft.name.trim().to_owned(),
            text: draft.text.clone(),
            good: draft.good,
        };
        Callback::from(move |_: MouseEvent| {
            let answer = backend.ask_library(&request, Some);
            let (trouble, on_close) = (trouble.clone(), on_close.clone());
            spawn_local(async move {
                match answer.await {
                    Ok(_) => on_close.emit(()),
                    Err(problem) => trouble.set(Some(problem)),
                }
            });
        })
    };
    let choice = |good: bool, id: &'static str, label: Key, note: Key| {
        let onclick = {
            let draft = draft.clone();
            Callback::from(move |_: MouseEvent| {
                let mut changed = (*draft).clone();
                changed.good = good;
                draft.set(changed);
            })
        };
        html! {
            <div class="check">
                <input {id} type="radio" name="good" checked={draft.good == good} {onclick} />
                <label for={id}>{ words.say(label) }</label>
                <p class="note">{ words.say(note) }</p>
            </div>
        }
    };
    html! {
        <section>
            <h2>{ words.say(key("lists_editor")) }</h2>
            <label for="list-name">{ words.say(key("rules_name")) }</label>
            <input id="list-name" type="text" value={draft.name.clone()} oninput={on_name} autocomplete="off" spellcheck="false" />
            <fieldset>
                <legend>{ words.say(key("lists_what")) }</legend>
                { choice(false, "list-bad", key("lists_bad"), key("lists_bad_text")) }
                { choice(true, "list-good", key("lists_good"), key("lists_good_text")) }
            </fieldset>
            <label for="list-text">{ words.say(key("lists_text")) }</label>
            <textarea id="list-text" class="code" rows="10" spellcheck="false" autocomplete="off" autocapitalize="off"
                aria-describedby="list-note" value={draft.text.clone()} oninput={on_text} />
            <p class="note" id="list-note">{ words.say(key("lists_text_note")) }</p>
            <div class="row">
                <button type="button" class="primary" disabled={!valid_name(draft.name.trim())} onclick={on_save}>
                    { words.say(key("rules_save")) }
                </button>
                <button type="button" onclick={props.on_close.reform(|_: MouseEvent| ())}>
                    { words.say(key("rules_close")) }
                </button>
            </div>
            if let Some(problem) = &*trouble {
                <p class="trouble" role="alert">{ words.phrase(&sentences::problem(problem)) }</p>
            }
        </section>
    }
}

/// What an imported list is called: the file's name without its ending.
fn stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.trim().replace('/', "_")
}

/// A file's text, `None` if it is too long for a list or cannot be read.
async fn read(file: &File) -> Option<String> {
    if file.size() > MAX_TEXT as f64 {
        return None;
    }
    let text: Promise = file.text();
    JsFuture::from(text).await.ok()?.as_string()
}
