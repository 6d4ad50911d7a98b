//! The engines of a report, in three groups: who objects, who does not, who gave no answer.

use std::rc::Rc;

use quorum_core::message::ReportView;
use quorum_core::report::{Category, EngineResult};
use yew::prelude::*;

use crate::plain::reveal;
use crate::sentences;
use crate::session::use_session;
use crate::words::{Key, Words, key};

/// Silent groups longer than this are folded.
const FOLDED_FROM: usize = 5;
/// How many names a folded group gives.
const NAMED: usize = 3;

#[derive(Properties, PartialEq)]
pub(crate) struct EnginesProps {
    pub(crate) view: Rc<ReportView>,
}

/// The list.
#[component]
pub(crate) fn Engines(props: &EnginesProps) -> Html {
    let words = use_session().words;
    let engines = &props.view.engines;
    if engines.is_empty() {
        return html! { <p class="empty">{ words.say(key("engines_none")) }</p> };
    }
    let group = |belongs: fn(Category) -> bool| {
        let mut group: Vec<_> = engines
            .iter()
            .filter(|engine| belongs(engine.category))
            .cloned()
            .collect();
        // Who objects stands before who doubts; otherwise the name is what one looks for.
        group.sort_by_cached_key(|engine| {
            let doubts = engine.category == Category::Suspicious;
            (doubts, engine.engine_name.to_ascii_lowercase())
        });
        group
    };
    html! {
        <>
            <Group title={key("group_object")} engines={group(Category::objects)} open=true />
            <Group title={key("group_silent")} engines={group(|c| c.answered() && !c.objects())} />
            <Group title={key("group_unanswered")} engines={group(|c| !c.answered())} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct GroupProps {
    title: Key,
    engines: Vec<EngineResult>,
    /// Whether it is never folded.
    #[prop_or_default]
    open: bool,
}

#[component]
fn Group(props: &GroupProps) -> Html {
    let words = use_session().words;
    let unfolded = use_state(|| false);
    let count = props.engines.len();
    if count == 0 {
        return html! {};
    }
    let foldable = !props.open && count >= FOLDED_FROM;
    let toggle = {
        let unfolded = unfolded.clone();
        Callback::from(move |_: MouseEvent| unfolded.set(!*unfolded))
    };
    let folded = foldable && !*unfolded;
    let names = || {
        let names: Vec<_> = props
            .engines
            .iter()
            .take(NAMED)
            .map(|engine| reveal(&engine.engine_name))
            .collect();
        format!("{}, …", names.join(", "))
    };
    html! {
        <section class="group">
            <h2>{ words.fill(props.title, &[&words.number(count as f64)]) }</h2>
            <ul>
                if folded {
                    <li class="engine">
                        <span class={classes!("pip", pip(props.engines[0].category))} />
                        <span class="name">{ names() }</span>
                        <button type="button" class="plain" aria-expanded="false" onclick={toggle.clone()}>
                            { words.say(key("show_all")) }
                        </button>
                    </li>
                } else {
                    { for props.engines.iter().map(|engine| row(&words, engine)) }
                }
            </ul>
            if foldable && !folded {
                <button type="button" class="plain fewer" aria-expanded="true" onclick={toggle}>
                    { words.say(key("show_fewer")) }
                </button>
            }
        </section>
    }
}

const fn pip(category: Category) -> &'static str {
    match category {
        Category::Malicious => "bad",
        Category::Suspicious => "warn",
        Category::Harmless | Category::Undetected => "silent",
        _ => "missing",
    }
}

fn row(words: &Words, engine: &EngineResult) -> Html {
    let label = engine
        .result
        .as_deref()
        .filter(|label| engine.category.objects() && !label.is_empty())
        .map(reveal)
        .or_else(|| sentences::category(engine.category).map(|key| words.say(key)));
    let about: Vec<_> = [
        engine
            .engine_version
            .as_deref()
            .filter(|version| !version.is_empty())
            .map(|version| words.fill(key("engine_version"), &[version])),
        engine
            .engine_update
            .as_deref()
            .and_then(|stamp| words.stamp(stamp))
            .map(|day| words.fill(key("engine_data"), &[&day])),
    ]
    .into_iter()
    .flatten()
    .collect();
    html! {
        <li class="engine">
            <span class={classes!("pip", pip(engine.category))} />
            <bdi class="name">{ reveal(&engine.engine_name) }</bdi>
            if let Some(label) = label {
                <bdi class={classes!("label", pip(engine.category))}>{ label }</bdi>
            }
            if !about.is_empty() { <small>{ about.join(" · ") }</small> }
        </li>
    }
}
