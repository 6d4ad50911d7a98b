//! The search field: text to look up, or a file to be hashed here. It only says what was given; what
//! is done with it is the page's affair.

use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

use crate::icon::{Icon, Shape};
use crate::session::use_session;
use crate::words::key;

#[derive(Properties, PartialEq)]
pub(crate) struct SearchProps {
    pub(crate) on_text: Callback<String>,
    pub(crate) on_file: Callback<File>,
}

/// The field, and the button that picks a file.
#[component]
pub(crate) fn Search(props: &SearchProps) -> Html {
    let words = use_session().words;
    let field = use_node_ref();
    let onsubmit = {
        let (field, on_text) = (field.clone(), props.on_text.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                let text = field.value();
                if !text.trim().is_empty() {
                    on_text.emit(text);
                }
            }
        })
    };
    let onchange = {
        let on_file = props.on_file.clone();
        Callback::from(move |event: Event| {
            if let Some(file) = chosen(&event) {
                on_file.emit(file);
            }
        })
    };
    let choose = words.say(key("file_choose"));
    html! {
        <form class="search" role="search" {onsubmit}>
            <input
                ref={field}
                type="search"
                aria-label={words.say(key("search_label"))}
                placeholder={words.say(key("search_placeholder"))}
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="search"
            />
            <input id="file" class="file" type="file" aria-label={choose.clone()} {onchange} />
            <label for="file" class="square" title={choose}><Icon shape={Shape::File} /></label>
        </form>
    }
}

/// The file that a field was given; it is emptied, so that the same one can be chosen again.
pub(crate) fn chosen(event: &Event) -> Option<File> {
    let input: HtmlInputElement = event.target()?.dyn_into().ok()?;
    let file = input.files()?.get(0);
    input.set_value("");
    file
}

/// The first file that a drop carries.
pub(crate) fn dropped(event: &DragEvent) -> Option<File> {
    event.data_transfer()?.files()?.get(0)
}

/// Whether a drag carries a file.
pub(crate) fn carries_file(event: &DragEvent) -> bool {
    event
        .data_transfer()
        .is_some_and(|data| data.types().includes(&"Files".into(), 0))
}
