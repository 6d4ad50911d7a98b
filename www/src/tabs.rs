//! Tabs as the ARIA patterns describe them: one stop for the Tab key, arrow keys inside.

use wasm_bindgen::JsCast;
use yew::prelude::*;

use crate::session::use_session;
use crate::words::{Key, key};

/// A part of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Engines,
    Community,
    Details,
    Downloads,
}

impl Part {
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Engines => "engines",
            Self::Community => "community",
            Self::Details => "details",
            Self::Downloads => "downloads",
        }
    }

    const fn label(self) -> Key {
        match self {
            Self::Engines => key("tab_engines"),
            Self::Community => key("tab_community"),
            Self::Details => key("tab_details"),
            Self::Downloads => key("tab_downloads"),
        }
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct TabsProps {
    /// The parts, each with its number if it has one.
    pub(crate) parts: Vec<(Part, Option<u64>)>,
    pub(crate) selected: Part,
    pub(crate) on_select: Callback<Part>,
}

/// The row of tabs.
#[component]
pub(crate) fn Tabs(props: &TabsProps) -> Html {
    let words = use_session().words;
    let list = use_node_ref();
    let onkeydown = {
        let (list, on_select) = (list.clone(), props.on_select.clone());
        let parts: Vec<_> = props.parts.iter().map(|(part, _)| *part).collect();
        let selected = props.selected;
        Callback::from(move |event: KeyboardEvent| {
            let here = parts.iter().position(|part| *part == selected).unwrap_or(0);
            let last = parts.len().saturating_sub(1);
            let there = match event.key().as_str() {
                "ArrowRight" if here == last => 0,
                "ArrowRight" => here + 1,
                "ArrowLeft" if here == 0 => last,
                "ArrowLeft" => here - 1,
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            on_select.emit(parts[there]);
            let tab = list
                .cast::<web_sys::Element>()
                .and_then(|list| list.children().item(there as u32))
                .and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(tab) = tab {
                // An element that cannot be focused is gone already.
                let _ = tab.focus();
            }
        })
    };
    let tabs = props.parts.iter().map(|(part, count)| {
        let part = *part;
        let selected = part == props.selected;
        let onclick = props.on_select.reform(move |_: MouseEvent| part);
        html! {
            <button
                key={part.id()}
                type="button"
                role="tab"
                id={format!("tab-{}", part.id())}
                aria-controls={format!("panel-{}", part.id())}
                aria-selected={selected.to_string()}
                tabindex={if selected { "0" } else { "-1" }}
                {onclick}
            >
                { words.say(part.label()) }
                if let Some(count) = count {
                    <span class="count">{ format!(" {}", words.number(*count as f64)) }</span>
                }
            </button>
        }
    });
    html! {
        <div class="tabs" role="tablist" aria-label={words.say(key("tabs_label"))} ref={list} {onkeydown}>
            { for tabs }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct PanelProps {
    pub(crate) part: Part,
    pub(crate) selected: Part,
    pub(crate) children: Html,
}

/// What belongs to a tab. It stays alive while another one is shown, with what it has loaded.
#[component]
pub(crate) fn Panel(props: &PanelProps) -> Html {
    html! {
        <div
            class="panel"
            role="tabpanel"
            id={format!("panel-{}", props.part.id())}
            aria-labelledby={format!("tab-{}", props.part.id())}
            tabindex="0"
            hidden={props.part != props.selected}
        >
            { props.children.clone() }
        </div>
    }
}
