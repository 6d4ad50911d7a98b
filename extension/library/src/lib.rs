//! The library: what is kept for scanning, in a module of its own, which the background loads only when
//! somebody asks for it or a pack is due. It runs beside the light module, in the background.
//!
//! # What this crate must never know
//!
//! The network: it fetches through the light module (`fetch_file`), which is the one way out, keeps the
//! log of what was sent and holds to the dry run. Who asks: that is decided before a question gets here.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// The glue that wasm-bindgen generates is unsafe code; none is written by hand.
#![allow(unsafe_code)]

mod bindings;
mod rules;

use quorum_core::message::{LibraryReply, LibraryRequest, Problem};
use wasm_bindgen::prelude::*;

/// Runs once, when the module is loaded: a panic becomes a line in the browser's console before
/// it becomes a trap.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| bindings::error(&panic.to_string())));
}

/// Answers a [`LibraryRequest`] in JSON with what [`LibraryRequest::answer`] reads.
#[wasm_bindgen]
pub async fn ask(request: String) -> String {
    let answer = match serde_json::from_str(&request) {
        Ok(request) => carry_out(request).await,
        Err(error) => Err(Problem::Malformed {
            message: error.to_string(),
        }),
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// Fetches the packs that are due.
#[wasm_bindgen]
pub async fn refresh() {
    rules::refresh().await;
}

async fn carry_out(request: LibraryRequest) -> Result<LibraryReply, Problem> {
    Ok(LibraryReply::Rules(match request {
        LibraryRequest::Rules => rules::library().await,
        LibraryRequest::RuleText { id } => {
            let text = rules::text(&id).await.ok_or(Problem::Gone)?;
            return Ok(LibraryReply::Text(text));
        }
        LibraryRequest::SaveRule { id, name, text } => {
            let id = rules::save(id.as_deref(), &name, text).await?;
            return Ok(LibraryReply::Saved(id));
        }
        LibraryRequest::SwitchRules { what, enabled } => rules::switch(&what, enabled).await?,
        LibraryRequest::RemoveRules { sort, id } => rules::remove(sort, &id).await?,
        LibraryRequest::AddPack { url } => rules::add(&url).await?,
        LibraryRequest::UpdatePack { id } => rules::update(&id).await,
    }))
}
