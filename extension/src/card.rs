//! "Check with Quorum" in the context menu, and the card that it puts on the page.
//!
//! What a card is to show is kept by tab and asked for by the card itself: nothing of it passes
//! through the page, and the tab is the one that the browser names, not one that a message names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use quorum_core::indicator::Indicator;
use quorum_core::pointed::{About, MAX_WRITTEN, Pick, Pointed, Written};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::bindings::{error_value, from_js, platform, platform::Port, reader, to_js};
use crate::sender::{Asker, Tab};
use crate::settings;

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
    /// Firefox alone gives it.
    link_text: Option<String>,
    selection_text: Option<String>,
    src_url: Option<String>,
    page_url: Option<String>,
    frame_id: Option<i64>,
}

/// The nearest thing under the mouse.
#[derive(Debug, PartialEq)]
enum Target<'a> {
    /// A link, wherever it leads.
    Link(&'a str),
    /// Something else with an address of its own, if that is a web address.
    Address(Option<Pick>),
    /// Text, which has to be read.
    Selection(&'a str),
}

/// A link as its page has it.
#[derive(Deserialize, Default)]
struct Link {
    /// Its attribute.
    written: String,
    /// Its text.
    text: String,
}

/// A web address; `None` if the text is none.
pub(crate) fn address(text: &str) -> Option<Pick> {
    match text.parse().ok()? {
        url @ Indicator::Url(_) => Some(Pick::new(url, text, "")),
        _ => None,
    }
}

impl Clicked {
    /// What there is to be checked.
    fn target(&self) -> Target<'_> {
        if let Some(url) = &self.link_url {
            return Target::Link(url);
        }
        if let Some(text) = &self.selection_text {
            return Target::Selection(text);
        }
        // An image whose bytes stand in the page itself has no address: the page's counts.
        let of = |text: &Option<String>| address(text.as_deref()?);
        Target::Address(of(&self.src_url).or_else(|| of(&self.page_url)))
    }

    /// A link, with what its page says it is. The browser has put its address into the canonical form and
    /// names no text; the page is asked for both, where the click lets us.
    async fn link(&self, url: &str, tab: Option<i64>) -> Pointed {
        let mut link = Link::default();
        if let (Some(tab), Some(frame)) = (tab, self.frame_id) {
            let read = platform::read_link(tab as f64, frame as f64, url).await;
            link = read.ok().and_then(from_js).unwrap_or_default();
        }
        if let Some(text) = &self.link_text {
            link.text.clone_from(text);
        }
        if let Some(Pick { indicator, .. }) = address(url) {
            let pick = Pick::new(indicator, &link.written, &link.text);
            return Pointed {
                picks: vec![pick],
                told: Vec::new(),
            };
        }
        // Such an address may be a whole file; how it begins says what it is.
        let start: String = url.chars().take(MAX_WRITTEN).collect();
        let written = Written {
            address: String::new(),
            link_text: link.text,
        };
        Pointed {
            picks: Vec::new(),
            told: about(&start, &written).await.told,
        }
    }
}

/// What an address tells by itself and by how it was written.
pub(crate) async fn about(address: &str, written: &Written) -> About {
    reader::about_address(address, written, settings::policy().protect).await
}

/// Our item was chosen: shows the card on the page or, where none can be put, the report in a tab
/// of its own.
pub(crate) async fn menu_clicked(info: JsValue, tab: JsValue) {
    let clicked: Clicked = from_js(info).unwrap_or_default();
    let tab = from_js::<Tab>(tab).and_then(|tab| tab.id);
    let pointed = match clicked.target() {
        Target::Link(url) => clicked.link(url, tab).await,
        Target::Address(pick) => Pointed {
            picks: pick.into_iter().collect(),
            told: Vec::new(),
        },
        Target::Selection(text) => reader::pointed(text).await,
    };
    if let Some(tab) = tab {
        let shown = to_js(&pointed);
        let stored = platform::write_storage("session", &place(tab), &shown).await;
        let injected = platform::inject_card(tab as f64).await;
        if stored.is_ok() && injected.is_ok_and(|there| there.is_truthy()) {
            return;
        }
    }
    open_report(pointed.picks.first()).await;
}

/// Opens the full report in a tab.
pub(crate) async fn open_report(pick: Option<&Pick>) {
    let mut path = "report.html".to_owned();
    if let Some(Pick { indicator, written }) = pick {
        let indicator = indicator.to_string();
        let parts = [
            ("?indicator=", &indicator),
            ("&written=", &written.address),
            ("&text=", &written.link_text),
        ];
        for (name, value) in parts {
            if !value.is_empty() {
                path += name;
                path += &String::from(js_sys::encode_uri_component(value));
            }
        }
    }
    if let Err(error) = platform::open_page(&path).await {
        error_value(&error);
    }
}

/// What the card in a tab is to show.
pub(crate) async fn shown(tab: i64) -> Pointed {
    let Ok(session) = platform::read_storage("session").await else {
        return Pointed::default();
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

    fn page(text: &str) -> Target<'static> {
        Target::Address(address(text))
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
            ..Clicked::default()
        };
        assert_eq!(clicked.target(), Target::Link("https://a.example/x"));
    }

    #[test]
    fn a_link_that_is_no_web_address_is_not_replaced_by_something_else() {
        let clicked = Clicked {
            link_url: some("javascript:alert(1)"),
            page_url: some("https://c.example/"),
            ..Clicked::default()
        };
        assert_eq!(clicked.target(), Target::Link("javascript:alert(1)"));
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
        assert_eq!(clicked.target(), page("https://c.example/"));
    }
}
