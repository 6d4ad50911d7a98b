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

use wasm_bindgen::prelude::*;

use crate::bindings::platform;

pub use crate::bindings::platform::Port;
pub use crate::rules::{fetch_file, lists_changed, lookup_address, rules_changed};

/// Runs once, when the module is loaded: a panic becomes a line in the browser's console before
/// it becomes a trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| bindings::error(&panic.to_string())));
}

/// Loads what earlier lives of the background left behind. Everything else waits for this.
#[wasm_bindgen]
pub async fn wake() {
    // Before anything else: local storage must be closed before there is something in it.
    if let Err(error) = platform::close_storage().await {
        bindings::error_value(&error);
    }
    settings::load().await;
    downloads::resume();
    reports::tidy();
    rules::tick();
    downloads::recheck();
}

/// The extension was installed or updated, or the browser started.
#[wasm_bindgen]
pub async fn installed() {
    card::set_menu().await;
}

/// Answers a message. `sender` is what the browser says of its sender.
#[wasm_bindgen]
pub async fn answer(message: JsValue, sender: JsValue) -> JsValue {
    answers::answer(message, sender).await
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
pub async fn menu_clicked(info: JsValue, tab: JsValue) {
    card::menu_clicked(info, tab).await;
}

/// A tab was closed.
#[wasm_bindgen]
pub async fn tab_removed(tab: f64) {
    card::forget(tab as i64).await;
}

/// A download waits for its name, and with it for us (Chromium).
#[wasm_bindgen]
pub async fn download_determining(item: JsValue) -> Result<(), JsValue> {
    downloads::begun(item, true).await
}

/// A download began. Where downloads can be held, the other event is the one that counts.
#[wasm_bindgen]
pub async fn download_created(item: JsValue) -> Result<(), JsValue> {
    if platform::can_hold() {
        return Ok(());
    }
    downloads::begun(item, false).await
}

/// Something about a download changed.
#[wasm_bindgen]
pub async fn download_changed(change: JsValue) -> Result<(), JsValue> {
    downloads::changed(change).await
}

/// A notification of ours was clicked.
#[wasm_bindgen]
pub async fn notification_clicked(id: String) {
    downloads::notification_clicked(id).await;
}

/// Something in a storage area changed. An organisation's settings come, and change, at any time.
#[wasm_bindgen]
pub async fn storage_changed(area: String) {
    if area == "managed" {
        settings::reread_managed().await;
        pages::publish_state();
    }
}

/// The alarm rang: something that was put off may be due. What was interrupted goes on in [`wake`].
#[wasm_bindgen]
pub fn alarm_rang() {
    downloads::take_up();
}

/// The user gave or took away access to sites.
#[wasm_bindgen]
pub async fn permissions_changed() {
    settings::reread_permissions().await;
    pages::publish_state();
}
