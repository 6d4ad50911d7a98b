//! The open pages of the extension, and what they are told without asking.

use std::cell::RefCell;

use quorum_core::message::News;

use crate::bindings::{platform::Port, to_js};
use crate::settings;

/// The name of the ports that pages open to hear.
pub(crate) const PORT: &str = "news";

thread_local! {
    static PAGES: RefCell<Vec<Port>> = const { RefCell::new(Vec::new()) };
}

/// A page wants to hear.
pub(crate) fn add(port: Port) {
    PAGES.with_borrow_mut(|pages| pages.push(port));
}

/// A page is gone.
pub(crate) fn remove(port: &Port) {
    PAGES.with_borrow_mut(|pages| pages.retain(|page| page != port));
}

/// Tells all pages.
pub(crate) fn publish(news: &News) {
    let message = to_js(news);
    // A port whose page is gone throws; it is removed by its own event.
    PAGES.with_borrow(|pages| {
        for page in pages {
            let _ = page.post(&message);
        }
    });
}

/// Tells all pages how things stand.
pub(crate) fn publish_state() {
    publish(&News::State(Box::new(settings::state())));
}
