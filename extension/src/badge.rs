//! The toolbar's button: a sign for the newest checked download, until somebody has looked, and in its
//! title how long a held one waits at most.

use quorum_core::verdict::Verdict;

use crate::bindings::platform;
use crate::task::spawn_local;

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

/// Whether a sign is there. The browser remembers it for longer than this worker lives.
pub(crate) async fn is_shown() -> bool {
    let text = platform::badge().await.ok();
    text.and_then(|text| text.as_string())
        .is_some_and(|text| !text.is_empty())
}

/// Takes the sign away: the history has been opened.
pub(crate) fn clear() {
    set(("", QUIET));
}

/// Says on the toolbar's button which download waits for its check, and for how many seconds more at
/// most; without one, what the button is.
pub(crate) fn waits(download: Option<(&str, u32)>) {
    let title = match download {
        Some((name, seconds)) => {
            let parts = vec![name.to_owned(), seconds.to_string()];
            platform::message("notice_held", parts)
        }
        None => platform::message("extensionName", Vec::new()),
    };
    spawn_local(async move {
        let _ = platform::set_title(&title).await;
    });
}

fn set((text, colour): (&'static str, &'static str)) {
    spawn_local(async move {
        let _ = platform::set_badge(text, colour).await;
    });
}
