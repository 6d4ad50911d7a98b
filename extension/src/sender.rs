//! Who sent a message: decided here from what the browser says of the sender, never from what
//! the message says of itself.

use quorum_core::message::Sender;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use crate::bindings::{from_js, platform};

/// What the browser says of a sender: `runtime.MessageSender`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    id: Option<String>,
    url: Option<String>,
    frame_id: Option<i64>,
    tab: Option<Tab>,
}

/// A tab, as far as it is used.
#[derive(Deserialize)]
pub(crate) struct Tab {
    /// Its number; a tab without a page (the developer tools' own) has none.
    pub(crate) id: Option<i64>,
    /// Its address, where we may know it.
    pub(crate) url: Option<String>,
    /// Whether it is in a private window.
    #[serde(default)]
    pub(crate) incognito: bool,
}

/// A sender, judged.
pub(crate) struct Asker {
    /// What it may ask.
    pub(crate) class: Sender,
    /// The tab it sits in.
    pub(crate) tab: Option<Tab>,
    /// The name of the page of ours, e.g. `popup.html`; empty for all others.
    pub(crate) page: String,
    /// Whether it is a content script in the top frame of its tab.
    pub(crate) is_top: bool,
}

/// Reads and judges what the browser says of a sender; `None` if it is not of our extension.
pub(crate) fn read(sender: JsValue) -> Option<Asker> {
    let facts: Facts = from_js(sender)?;
    if facts.id? != platform::own_id() {
        return None;
    }
    let own = platform::file_url("");
    let url = facts.url.unwrap_or_default();
    let page = own_page(&url, &own).unwrap_or_default().to_owned();
    Some(Asker {
        class: classify(&page, facts.frame_id),
        tab: facts.tab,
        page,
        is_top: facts.frame_id == Some(0),
    })
}

/// The name of our page at this address, `None` if it is not ours.
fn own_page<'a>(url: &'a str, own: &str) -> Option<&'a str> {
    let path = url.strip_prefix(own)?;
    Some(path.split(['?', '#']).next().unwrap_or_default())
}

/// A page of ours inside of somebody else's is a card, whatever its name; so is the card alone.
fn classify(page: &str, frame: Option<i64>) -> Sender {
    match page {
        "" => Sender::Other,
        "card.html" => Sender::Card,
        _ if frame.unwrap_or(0) > 0 => Sender::Card,
        _ => Sender::Page,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "chrome-extension://abcdefgh/";

    fn class(url: &str, frame: Option<i64>) -> Sender {
        classify(own_page(url, OWN).unwrap_or_default(), frame)
    }

    #[test]
    fn a_web_page_is_nobody_even_if_it_imitates_our_paths() {
        for url in [
            "https://evil.example/popup.html",
            "https://evil.example/chrome-extension://abcdefgh/popup.html",
            "chrome-extension://abcdefghi/popup.html",
            "",
        ] {
            assert_eq!(class(url, Some(0)), Sender::Other, "{url}");
        }
    }

    #[test]
    fn a_page_of_ours_is_one_only_where_nobody_frames_it() {
        assert_eq!(
            class("chrome-extension://abcdefgh/popup.html?x#y", None),
            Sender::Page
        );
        assert_eq!(
            class("chrome-extension://abcdefgh/report.html", Some(0)),
            Sender::Page
        );
        assert_eq!(
            class("chrome-extension://abcdefgh/options.html", Some(7)),
            Sender::Card
        );
        assert_eq!(
            class("chrome-extension://abcdefgh/card.html", Some(0)),
            Sender::Card
        );
    }
}
