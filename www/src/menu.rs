//! The way between the pages that people sit down for.

use yew::prelude::*;

use crate::session::use_session;
use crate::words::key;

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Options,
    History,
    Rules,
    Lists,
    Sent,
}

#[derive(Properties, PartialEq)]
pub(crate) struct MenuProps {
    /// The page that this is.
    pub(crate) place: Place,
}

#[component]
pub(crate) fn Menu(props: &MenuProps) -> Html {
    let words = use_session().words;
    let places = [
        (Place::Options, "options.html", key("options_title")),
        (Place::History, "history.html", key("history_title")),
        (Place::Rules, "rules.html", key("rules_title")),
        (Place::Lists, "lists.html", key("lists_title")),
        (Place::Sent, "sent.html", key("sent_title")),
    ];
    html! {
        <nav class="menu" aria-label="Quorum">
            { for places.into_iter().map(|(place, page, name)| html! {
                <a href={page} aria-current={(place == props.place).then_some("page")}>{ words.say(name) }</a>
            }) }
        </nav>
    }
}
