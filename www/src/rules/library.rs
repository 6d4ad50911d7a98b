//! What there is: Quorum's own pack, packs from addresses, the user's own texts; each with its switch.

use quorum_core::message::{LibraryReply, LibraryRequest};
use quorum_core::rules::{
    CHECK_LIMIT_MS, Job, Library, Origin, Pack, PackFault, PackProblem, RuleLine, Sort, Switch,
    Told,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::library::AddressForm;
use crate::matches::origin;
use crate::plain::reveal;
use crate::session::use_session;
use crate::words::{Key, Phrase, Value, key};

/// The library out of a reply.
pub(crate) fn rules(reply: LibraryReply) -> Option<Library> {
    match reply {
        LibraryReply::Rules(library) => Some(library),
        _ => None,
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct SwitchProps {
    pub(crate) what: Switch,
    pub(crate) on: bool,
    pub(crate) label: String,
    /// Whether the organisation has set it.
    #[prop_or_default]
    pub(crate) managed: bool,
    /// Takes what is to be asked.
    pub(crate) act: Callback<LibraryRequest>,
    #[prop_or_default]
    pub(crate) children: Html,
}

/// A checkbox with what it is about.
#[component]
pub(crate) fn Toggle(props: &SwitchProps) -> Html {
    let id = match &props.what {
        Switch::BuiltIn => "switch-built-in".to_owned(),
        Switch::Pack(id) | Switch::Own(id) | Switch::Rule(id) => format!("switch-{id}"),
    };
    let onclick = {
        let (what, act) = (props.what.clone(), props.act.clone());
        Callback::from(move |event: MouseEvent| {
            let field: HtmlInputElement = event.target_unchecked_into();
            act.emit(LibraryRequest::SwitchRules {
                what: what.clone(),
                enabled: field.checked(),
            });
        })
    };
    html! {
        <div class="check">
            <input id={id.clone()} type="checkbox" checked={props.on} disabled={props.managed} {onclick} />
            <label for={id}><bdi>{ &props.label }</bdi></label>
            { props.children.clone() }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct PacksProps {
    pub(crate) library: Library,
    pub(crate) act: Callback<LibraryRequest>,
}

/// The packs, and the form that adds one.
#[component]
pub(crate) fn Packs(props: &PacksProps) -> Html {
    let words = use_session().words;
    html! {
        <section>
            <h2>{ words.say(key("rules_packs")) }</h2>
            <p class="note">{ words.say(key("rules_packs_text")) }</p>
            <ul class="entries">
                { for props.library.packs.iter().map(|pack| html! {
                    <PackEntry key={pack.id.clone()} pack={pack.clone()} act={props.act.clone()} />
                }) }
            </ul>
            <AddressForm id="pack-url" label={key("rules_pack_address")} add={key("rules_pack_add")}
                placeholder="https://rules.example/pack.json" request={Callback::from(|url| LibraryRequest::AddPack { url })} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct PackProps {
    pack: Pack,
    act: Callback<LibraryRequest>,
}

#[component]
fn PackEntry(props: &PackProps) -> Html {
    let words = use_session().words;
    let pack = &props.pack;
    let address = pack.url.to_string();
    let label = if pack.name.is_empty() {
        reveal(&address)
    } else {
        reveal(&pack.name)
    };
    let mut facts = Vec::new();
    if let Some(updated) = pack.updated {
        facts.push(words.phrase(&Phrase::counted(
            u64::from(pack.rules),
            key("rules_count_one"),
            key("rules_count"),
        )));
        facts.push(words.fill(key("rules_version"), &[&pack.version]));
        facts.extend(pack.license.as_deref().map(reveal));
        facts.push(words.fill(key("rules_updated"), &[&words.ago(updated)]));
    }
    let id = || pack.id.clone();
    let managed = pack.set_by.is_managed();
    let button = |name: Key, request: LibraryRequest| {
        let act = props.act.clone();
        let onclick = Callback::from(move |_: MouseEvent| act.emit(request.clone()));
        html! { <button type="button" class="plain" {onclick}>{ words.say(name) }</button> }
    };
    html! {
        <li class="entry">
            <Toggle what={Switch::Pack(id())} on={pack.enabled} {managed} {label} act={props.act.clone()}>
                if managed { <p class="note">{ words.say(key("managed_one")) }</p> }
                <p class="note code"><bdi>{ reveal(&address) }</bdi></p>
                if !facts.is_empty() { <p class="note">{ facts.join(" · ") }</p> }
                if let Some(problem) = &pack.problem {
                    <p class="trouble note" role="status">{ words.phrase(&pack_problem(problem)) }</p>
                    if pack.updated.is_some() { <p class="note">{ words.say(key("rules_pack_kept")) }</p> }
                }
            </Toggle>
            <div class="actions" role="group" aria-label={words.fill(key("actions_for"), &[&pack.name])}>
                { button(key("rules_update"), LibraryRequest::UpdatePack { id: id() }) }
                if !managed { { button(key("rules_remove"), LibraryRequest::RemoveRules { sort: Sort::Pack, id: id() }) } }
            </div>
        </li>
    }
}

/// Why a pack was not taken.
fn pack_problem(problem: &PackProblem) -> Phrase {
    match problem {
        PackProblem::Unreachable => key("rules_pack_unreachable").into(),
        PackProblem::Status { status } => {
            Phrase::new(key("rules_pack_status"), [Value::Count(u64::from(*status))])
        }
        PackProblem::NotChecked => key("rules_pack_not_checked").into(),
        PackProblem::Rules { fault } => Phrase::new(
            key("rules_pack_fault"),
            [
                fault.source.as_str().into(),
                fault.line.into(),
                fault.column.into(),
                fault.message.as_str().into(),
            ],
        ),
        PackProblem::Damaged { fault } => match fault {
            PackFault::Manifest { message } => {
                Phrase::new(key("rules_pack_manifest"), [message.as_str().into()])
            }
            PackFault::Format { version } => {
                Phrase::new(key("rules_pack_format"), [(*version).into()])
            }
            PackFault::List { path } => Phrase::new(key("rules_pack_list"), [path.as_str().into()]),
            PackFault::Checksum { path } => {
                Phrase::new(key("rules_pack_checksum"), [path.as_str().into()])
            }
            PackFault::NotText { path } => {
                Phrase::new(key("rules_pack_not_text"), [path.as_str().into()])
            }
        },
    }
}

/// Every rule that there is, when somebody wants to see them: compiling them all takes a moment.
#[component]
pub(crate) fn Each(props: &PacksProps) -> Html {
    let session = use_session();
    let words = session.words.clone();
    let lines = use_state(|| None::<Vec<RuleLine>>);
    let open = use_state(|| false);
    {
        let (backend, lines) = (session.backend.clone(), lines.clone());
        use_effect_with((*open, props.library.revision), move |(open, _)| {
            if *open {
                let heard = backend.scan(&Job::List, None, CHECK_LIMIT_MS);
                spawn_local(async move {
                    if let Some(Told::Rules(rules)) = heard.await.told {
                        lines.set(Some(rules));
                    }
                });
            }
        });
    }
    let ontoggle = {
        let open = open.clone();
        Callback::from(move |event: Event| {
            let details: web_sys::Element = event.target_unchecked_into();
            open.set(details.has_attribute("open"));
        })
    };
    let row = |rule: &RuleLine| {
        let from = match &rule.origin {
            Origin::BuiltIn => "quorum",
            Origin::Own => "own",
            Origin::Pack(name) => {
                let pack = props.library.packs.iter().find(|pack| pack.name == *name);
                pack.map_or("", |pack| pack.id.as_str())
            }
        };
        let id = format!("{from}/{}/{}", rule.source, rule.name);
        let on = !props.library.off.contains(&id);
        let what = Switch::Rule(id.clone());
        let managed = props.library.is_managed(&what);
        let facts: Vec<_> = [
            Some(words.value(&origin(&rule.origin))),
            rule.author.as_deref().map(reveal),
            rule.license.as_deref().map(reveal),
        ]
        .into_iter()
        .flatten()
        .collect();
        html! {
            <li class="entry" key={id}>
                <Toggle {what} {on} {managed} label={reveal(&rule.name)} act={props.act.clone()}>
                    if let Some(description) = &rule.description { <p class="note"><bdi>{ reveal(description) }</bdi></p> }
                    <p class="note">{ facts.join(" · ") }</p>
                    if let Some(reference) = &rule.reference { <p class="note"><bdi>{ reveal(reference) }</bdi></p> }
                </Toggle>
            </li>
        }
    };
    html! {
        <section>
            <details {ontoggle}>
                <summary>{ words.say(key("rules_each")) }</summary>
                <p class="note">{ words.say(key("rules_each_text")) }</p>
                if let Some(lines) = &*lines {
                    <ul class="entries">{ for lines.iter().map(row) }</ul>
                } else {
                    <progress class="progress" aria-label={words.say(key("loading"))} />
                }
            </details>
        </section>
    }
}
