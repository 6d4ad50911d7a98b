//! The toolbar badge: a sign for the newest checked download, until somebody has looked.

use quorum_core::verdict::Verdict;
use wasm_bindgen_futures::spawn_local;

use crate::bindings::platform;

const BAD: &str = "#b3261e";
const WARN: &str = "#8a5a00";
const QUIET: &str = "#5f6368";

/// Text and colour for a verdict. There is none for the good ones: no badge ever says "safe".
fn sign(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Malicious => ("!", BAD),
        Verdict::Suspicious => ("?", WARN),
        Verdict::Unknown => ("?", QUIET),
        Verdict::Unchecked => ("–", QUIET),
        Verdict::Clean | Verdict::KnownGood => ("", QUIET),
    }
}

/// Shows the sign for a verdict.
pub(crate) fn show(verdict: Verdict) {
    set(sign(verdict));
}

/// Takes the sign away: the history has been opened.
pub(crate) fn clear() {
    set(("", QUIET));
}

fn set((text, colour): (&'static str, &'static str)) {
    spawn_local(async move {
        let _ = platform::set_badge(text, colour).await;
    });
}
