//! The library: rules and local lists, in a module of its own, which the background loads only when somebody
//! asks for it, a pack is due or something is looked up. It runs beside the light module, in the background.
//!
//! # What this crate must never know
//!
//! The network: it fetches through the light module (`fetch_file`), which is the one way out, keeps the
//! log of what was sent and holds to the dry run. Who asks: that is decided before a question gets here.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// The glue that wasm-bindgen generates is unsafe code; none is written by hand.
#![allow(unsafe_code)]

mod bindings;
mod lists;
mod rules;

use quorum_core::lists::{Query, Wanted};
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

/// Has what the organisation has set, and fetches the packs and the lists that are due.
#[wasm_bindgen]
pub async fn refresh() {
    take_managed().await;
    rules::refresh().await;
    lists::refresh().await;
}

/// Looks things up in the lists that are on; gives an array of `Listing`. `members` are paths and SHA-256 of an
/// archive's members in turn. Where `may_ask`, the backend is asked about a hit that has to be confirmed; of that
/// nothing is kept where it is `private`.
#[wasm_bindgen]
pub async fn look(
    addresses: Vec<String>,
    hashes: Vec<String>,
    members: Vec<String>,
    may_ask: bool,
    private: bool,
) -> JsValue {
    let file = Wanted {
        member: None,
        hashes: hashes.iter().filter_map(|hash| hash.parse().ok()).collect(),
    };
    let members = members.chunks_exact(2).map(|pair| Wanted {
        member: Some(pair[0].clone()),
        hashes: pair[1].parse().into_iter().collect(),
    });
    let query = Query {
        addresses,
        files: members.chain([file]).collect(),
    };
    bindings::to_js(&lists::look(&query, may_ask, private).await)
}

/// Sees to it that what the organisation has set is among what there is.
async fn take_managed() {
    for taken in [rules::take_managed().await, lists::take_managed().await] {
        if let Err(problem) = taken {
            // The disk is full, or the database is gone: the next start tries again.
            bindings::error(&format!("{problem:?}"));
        }
    }
}

async fn carry_out(request: LibraryRequest) -> Result<LibraryReply, Problem> {
    take_managed().await;
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
        other => return carry_out_on_lists(other).await,
    }))
}

async fn carry_out_on_lists(request: LibraryRequest) -> Result<LibraryReply, Problem> {
    Ok(LibraryReply::Lists(match request {
        LibraryRequest::AddFeed { url } => lists::add(&url).await?,
        LibraryRequest::UpdateFeed { id } => lists::update(&id).await,
        LibraryRequest::SwitchList { what, enabled } => lists::switch(&what, enabled).await?,
        LibraryRequest::RemoveList { id } => lists::remove(&id).await?,
        LibraryRequest::ListText { id } => {
            let text = lists::text(&id).await.ok_or(Problem::Gone)?;
            return Ok(LibraryReply::Text(text));
        }
        LibraryRequest::SaveList {
            id,
            name,
            text,
            good,
        } => {
            let id = lists::save(id, name, &text, good).await?;
            return Ok(LibraryReply::Saved(id));
        }
        _ => lists::lists().await,
    }))
}
