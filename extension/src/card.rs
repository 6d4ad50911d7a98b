//! "Check with Quorum" in the context menu, and the card that it puts on the page.
//!
//! What a card is to show is kept by tab and asked for by the card itself: nothing of it passes
//! through the page, and the tab is the one that the browser names, not one that a message names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use quorum_core::indicator::Indicator;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::bindings::{error_value, from_js, platform, platform::Port, reader, to_js};
use crate::sender::{Asker, Tab};

/// The name of the port between the overlay's frame and here.
pub(crate) const PORT: &str = "overlay";
const MENU: &str = "check";

thread_local! {
    /// The open cards, by tab.
    static CARDS: RefCell<BTreeMap<i64, Port>> = const { RefCell::new(BTreeMap::new()) };
}

/// Puts our item into the context menu.
pub(crate) async fn set_menu() {
    let title = platform::message("menu_check", Vec::new());
    if let Err(error) = platform::set_menu(MENU, &title).await {
        error_value(&error);
    }
}

/// What was clicked on: `contextMenus.OnClickData`, as far as it is used.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Clicked {
    link_url: Option<String>,
    selection_text: Option<String>,
    src_url: Option<String>,
    page_url: Option<String>,
}

/// The nearest thing under the mouse.
#[derive(Debug, PartialEq)]
enum Target<'a> {
    /// Something with an address of its own, if that is a web address.
    Address(Option<Indicator>),
    /// Text, which has to be read.
    Selection(&'a str),
}

impl Clicked {
    /// What there is to be checked.
    fn target(&self) -> Target<'_> {
        let address = |text: &Option<String>| -> Option<Indicator> {
            match text.as_deref()?.parse().ok()? {
                url @ Indicator::Url(_) => Some(url),
                _ => None,
            }
        };
        if self.link_url.is_some() {
            return Target::Address(address(&self.link_url));
        }
        if let Some(text) = &self.selection_text {
            return Target::Selection(text);
        }
        // An image whose bytes stand in the page itself has no address: the page's counts.
        Target::Address(address(&self.src_url).or_else(|| address(&self.page_url)))
    }
}

/// Our item was chosen: shows the card on the page or, where none can be put, the report in a tab
/// of its own.
pub(crate) async fn menu_clicked(info: JsValue, tab: JsValue) {
    let clicked: Clicked = from_js(info).unwrap_or_default();
    let tab: Option<Tab> = from_js(tab);
    let indicators = match clicked.target() {
        Target::Address(address) => address.into_iter().collect(),
        Target::Selection(text) => reader::indicators(text).await,
    };
    if let Some(tab) = tab.and_then(|tab| tab.id) {
        let shown = to_js(&indicators);
        let stored = platform::write_storage("session", &place(tab), &shown).await;
        let injected = platform::inject_card(tab as f64).await;
        if stored.is_ok() && injected.is_ok_and(|there| there.is_truthy()) {
            return;
        }
    }
    open_report(indicators.first()).await;
}

/// Opens the full report in a tab.
pub(crate) async fn open_report(indicator: Option<&Indicator>) {
    let path = match indicator {
        Some(indicator) => format!(
            "report.html?indicator={}",
            js_sys::encode_uri_component(&indicator.to_string())
        ),
        None => "report.html".to_owned(),
    };
    if let Err(error) = platform::open_page(&path).await {
        error_value(&error);
    }
}

/// What the card in a tab is to show.
pub(crate) async fn shown(tab: i64) -> Vec<Indicator> {
    let Ok(session) = platform::read_storage("session").await else {
        return Vec::new();
    };
    js_sys::Reflect::get(&session, &JsValue::from_str(&place(tab)))
        .ok()
        .and_then(from_js)
        .unwrap_or_default()
}

/// A tab was closed.
pub(crate) async fn forget(tab: i64) {
    let _ = platform::remove_from_storage("session", &place(tab)).await;
}

fn place(tab: i64) -> String {
    format!("card:{tab}")
}

/// A frame for a card was put on a page. It takes the place of an older one.
pub(crate) fn add(port: Port, sender: &Asker) {
    match sender.tab.as_ref().and_then(|tab| tab.id) {
        Some(tab) if sender.is_top => {
            if let Some(old) = CARDS.with_borrow_mut(|cards| cards.insert(tab, port)) {
                old.disconnect();
            }
        }
        _ => port.disconnect(),
    }
}

/// A frame is gone.
pub(crate) fn remove(port: &Port) {
    CARDS.with_borrow_mut(|cards| cards.retain(|_, card| card != port));
}

/// What a frame is told.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tell {
    /// How high to be, in CSS pixels.
    Height(u32),
    /// To go away.
    Close(bool),
}

/// Tells the frame in a tab something.
pub(crate) fn tell(tab: i64, what: &Tell) {
    let card = CARDS.with_borrow(|cards| cards.get(&tab).cloned());
    if let Some(card) = card {
        let _ = card.post(&to_js(what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Target<'static> {
        Target::Address(Some(text.parse().expect("a web address")))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_link_goes_before_the_selection_and_the_page() {
        let clicked = Clicked {
            link_url: some("https://a.example/x"),
            selection_text: some("b.example"),
            page_url: some("https://c.example/"),
            src_url: None,
        };
        assert_eq!(clicked.target(), address("https://a.example/x"));
    }

    #[test]
    fn a_link_that_is_no_web_address_is_not_replaced_by_something_else() {
        let clicked = Clicked {
            link_url: some("javascript:alert(1)"),
            page_url: some("https://c.example/"),
            ..Clicked::default()
        };
        assert_eq!(clicked.target(), Target::Address(None));
    }

    #[test]
    fn a_selection_goes_before_the_page() {
        let clicked = Clicked {
            selection_text: some("from 192.0.2[.]7 and hxxp://a[.]example/x"),
            page_url: some("https://c.example/"),
            ..Clicked::default()
        };
        let read = "from 192.0.2[.]7 and hxxp://a[.]example/x";
        assert_eq!(clicked.target(), Target::Selection(read));
    }

    #[test]
    fn an_inline_image_stands_for_its_page() {
        let clicked = Clicked {
            src_url: some("data:image/png;base64,AAAA"),
            page_url: some("https://c.example/"),
            ..Clicked::default()
        };
        assert_eq!(clicked.target(), address("https://c.example/"));
    }
}
