//! Places where a test may make the process die, a thread panic or a thread hang.
//!
//! It exists because "nothing that was acknowledged is lost" can only be shown by dying at each
//! step on purpose. `QUORUM_FAILPOINTS="upload.published=abort;engine.Hash list=hang"` arms it; in
//! a release build there is nothing to arm.

#[cfg(debug_assertions)]
mod armed {
    use std::sync::LazyLock;

    #[derive(Clone, Copy)]
    enum Act {
        Abort,
        Panic,
        Hang,
    }

    static ARMED: LazyLock<Vec<(String, Act)>> = LazyLock::new(|| {
        let text = std::env::var("QUORUM_FAILPOINTS").unwrap_or_default();
        text.split(';')
            .filter_map(|entry| {
                let (name, act) = entry.split_once('=')?;
                let act = match act.trim() {
                    "abort" => Act::Abort,
                    "panic" => Act::Panic,
                    "hang" => Act::Hang,
                    _ => return None,
                };
                Some((name.trim().to_owned(), act))
            })
            .collect()
    });

    pub(crate) fn reach(name: &str) {
        for (armed, act) in ARMED.iter() {
            if armed != name {
                continue;
            }
            match act {
                Act::Abort => std::process::abort(),
                #[expect(clippy::panic, reason = "that is what the test asked for")]
                Act::Panic => panic!("failpoint {name}"),
                Act::Hang => loop {
                    std::thread::park();
                },
            }
        }
    }
}

/// Does what a test armed for this place; nothing in a release build.
#[inline]
pub(crate) fn reach(name: &str) {
    reach_with(|| name.to_owned());
}

/// The same for a place whose name has to be made first.
#[inline]
pub(crate) fn reach_with(name: impl FnOnce() -> String) {
    #[cfg(debug_assertions)]
    armed::reach(&name());
    #[cfg(not(debug_assertions))]
    let _ = name;
}
