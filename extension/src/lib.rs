//! The extension's shell around quorum-core: it hands the browser's events to the core's state
//! machines and carries out what they ask for.
//!
//! `js/background.js` registers the browser's listeners and calls the functions of this file;
//! everything they lead to is decided in Rust. Nothing in here may ever cost the user a download:
//! what fails, lets go.
//!
//! # What this crate must never know
//!
//! The words that people read (they come by key from the locales), what makes a verdict (the
//! core's policy), and the browser's API by name (`js/platform.js` translates it).
#![cfg_attr(test, allow(clippy::unwrap_used))]
// The glue that wasm-bindgen generates is unsafe code; none is written by hand.
#![allow(unsafe_code)]

mod answers;
mod awake;
mod backend;
mod badge;
mod bindings;
mod card;
mod copy;
mod downloads;
mod fetch;
mod lists;
mod pages;
mod plain;
mod published;
mod reports;
mod rules;
mod sender;
mod settings;
mod store;
mod task;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use crate::bindings::platform;
use crate::task::promise;

pub use crate::bindings::platform::Port;
pub use crate::rules::{fetch_file, lists_changed, lookup_address, managed_sources, rules_changed};

/// Runs once, when the module is loaded: a panic becomes a line in the browser's console before
/// it becomes a trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| bindings::error(&panic.to_string())));
}

/// Loads what earlier lives of the background left behind. Everything else waits for this.
#[wasm_bindgen]
pub fn wake() -> Promise {
    promise(async move {
        // Before anything else: local storage must be closed before there is something in it.
        if let Err(error) = platform::close_storage().await {
            bindings::error_value(&error);
        }
        bindings::spool::clear();
        settings::load().await;
        downloads::resume();
        reports::tidy();
        rules::tick();
        downloads::recheck();
        Ok(JsValue::UNDEFINED)
    })
}

/// The extension was installed or updated, or the browser started.
#[wasm_bindgen]
pub fn installed() -> Promise {
    promise(async move {
        card::set_menu().await;
        Ok(JsValue::UNDEFINED)
    })
}

/// Answers a message. `sender` is what the browser says of its sender.
#[wasm_bindgen]
pub fn answer(message: JsValue, sender: JsValue) -> Promise {
    promise(async move { Ok(answers::answer(message, sender).await) })
}

/// A context opened a port: a page of ours that wants news, or the overlay's frame.
#[wasm_bindgen]
pub fn connected(port: Port, sender: JsValue) {
    let Some(sender) = sender::read(sender) else {
        return port.disconnect();
    };
    match port.name().as_str() {
        pages::PORT if sender.class == quorum_core::message::Sender::Page => pages::add(port),
        card::PORT => card::add(port, &sender),
        _ => port.disconnect(),
    }
}

/// The other end of a port is gone.
#[wasm_bindgen]
pub fn disconnected(port: &Port) {
    pages::remove(port);
    card::remove(port);
}

/// Our item in the context menu was chosen.
#[wasm_bindgen]
pub fn menu_clicked(info: JsValue, tab: JsValue) -> Promise {
    promise(async move {
        card::menu_clicked(info, tab).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// A tab was closed.
#[wasm_bindgen]
pub fn tab_removed(tab: f64) -> Promise {
    promise(async move {
        card::forget(tab as i64).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// A download waits for its name, and with it for us (Chromium).
#[wasm_bindgen]
pub fn download_determining(item: JsValue) -> Promise {
    promise(async move {
        downloads::begun(item, true)
            .await
            .map(|()| JsValue::UNDEFINED)
    })
}

/// A download began. Where downloads can be held, the other event is the one that counts.
#[wasm_bindgen]
pub fn download_created(item: JsValue) -> Promise {
    promise(async move {
        if platform::can_hold() {
            return Ok(JsValue::UNDEFINED);
        }
        downloads::begun(item, false)
            .await
            .map(|()| JsValue::UNDEFINED)
    })
}

/// Something about a download changed.
#[wasm_bindgen]
pub fn download_changed(change: JsValue) -> Promise {
    promise(async move {
        downloads::changed(change)
            .await
            .map(|()| JsValue::UNDEFINED)
    })
}

/// A notification of ours was clicked.
#[wasm_bindgen]
pub fn notification_clicked(id: String) -> Promise {
    promise(async move {
        downloads::notification_clicked(id).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// Something in a storage area changed. An organisation's settings come, and change, at any time.
#[wasm_bindgen]
pub fn storage_changed(area: String) -> Promise {
    promise(async move {
        if area == "managed" {
            settings::reread_managed().await;
            pages::publish_state();
            rules::tick();
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// The alarm rang: something that was put off may be due. What was interrupted goes on in [`wake`].
#[wasm_bindgen]
pub fn alarm_rang() {
    downloads::take_up();
}

/// The user gave or took away access to sites.
#[wasm_bindgen]
pub fn permissions_changed() -> Promise {
    promise(async move {
        settings::reread_permissions().await;
        pages::publish_state();
        Ok(JsValue::UNDEFINED)
    })
}
