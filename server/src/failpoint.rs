//! Places where a test may make the process die, a thread panic or a thread hang.
//!
//! It exists because "nothing that was acknowledged is lost" can only be shown by dying at each
//! step on purpose. `QUORUM_FAILPOINTS="upload.published=abort;engine.Hash list=hang"` arms it, and
//! `upload.published=abort@7` lets the place be reached six times before; in a release build there
//! is nothing to arm.

#[cfg(debug_assertions)]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Clone, Copy)]
    enum Act {
        Abort,
        Panic,
        Hang,
    }

    struct Armed {
        name: String,
        act: Act,
        /// How often it must be reached before it acts.
        left: AtomicU32,
    }

    static ARMED: LazyLock<Vec<Armed>> = LazyLock::new(|| {
        let text = std::env::var("QUORUM_FAILPOINTS").unwrap_or_default();
        text.split(';')
            .filter_map(|entry| {
                let (name, act) = entry.split_once('=')?;
                let (act, time) = act.trim().split_once('@').unwrap_or((act.trim(), "1"));
                let act = match act {
                    "abort" => Act::Abort,
                    "panic" => Act::Panic,
                    "hang" => Act::Hang,
                    _ => return None,
                };
                Some(Armed {
                    name: name.trim().to_owned(),
                    act,
                    left: AtomicU32::new(time.parse().ok()?),
                })
            })
            .collect()
    });

    pub(crate) fn reach(name: &str) {
        for armed in ARMED.iter() {
            if armed.name != name {
                continue;
            }
            let less = |left: u32| left.checked_sub(1);
            let before = armed
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            if before.is_ok_and(|left| left > 1) {
                continue;
            }
            match armed.act {
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
