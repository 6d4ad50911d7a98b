//! The WebAssembly module of the pages that people sit down for, apart from the one that opens with the
//! popup and with the card on a page: that one has to be small. All there is lies in quorum-www.
// The glue that wasm-bindgen generates is unsafe code; none is written by hand.
#![allow(unsafe_code)]

use quorum_www::Bridge;
use wasm_bindgen::prelude::*;

/// Mounts a page's interface into its body; see [`quorum_www::mount_console`].
///
/// # Errors
/// An unknown view, or a page without a body.
#[wasm_bindgen]
pub fn mount(backend: Bridge, view: String) -> Result<(), JsError> {
    quorum_www::mount_console(backend, &view)
}
