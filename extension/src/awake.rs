//! Keeps the background awake while it works. A service worker is stopped after 30 s without an
//! event or a call of the extension API; a stream that is read or a request that is waited for
//! does not count as either. And should it be stopped all the same, an alarm wakes it again: it is set
//! before anything unfinished is written, and rings, where something waits, when its time has come.

use std::cell::Cell;

use gloo_timers::future::TimeoutFuture;

use crate::bindings::{now, platform};
use crate::downloads;
use crate::task::spawn_local;

/// Comfortably below the 30 s after which the browser stops an idle worker.
const STIR_MS: u32 = 20_000;
const ALARM: &str = "resume";
/// The shortest that both browsers take.
const ALARM_MINUTES: f64 = 1.0;

thread_local! {
    static WORKING: Cell<u32> = const { Cell::new(0) };
    /// Whether the alarm rings each minute, as far as this life has set it.
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// Sees to it that the background is woken within a minute, whatever happens to it.
pub(crate) async fn arm() {
    if !ARMED.replace(true) {
        let _ = platform::set_alarm(ALARM, ALARM_MINUTES).await;
    }
}

/// While one of these exists, the background stays awake.
pub(crate) struct Awake(());

impl Awake {
    /// Begins a piece of work.
    pub(crate) fn new() -> Self {
        let before = WORKING.replace(WORKING.get() + 1);
        if before == 0 {
            spawn_local(stir());
        }
        Self(())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        WORKING.set(WORKING.get() - 1);
        if WORKING.get() == 0 {
            spawn_local(rest());
        }
    }
}

/// Nothing is worked at: the alarm is set to when something goes on, or taken away.
async fn rest() {
    // Other work may have begun before this task had its turn.
    if WORKING.get() > 0 {
        return;
    }
    ARMED.set(false);
    let _ = match downloads::next() {
        Some(at) => {
            let minutes = (at - now()) as f64 / 60_000.0;
            platform::set_alarm(ALARM, minutes.max(ALARM_MINUTES)).await
        }
        None => platform::clear_alarm(ALARM).await,
    };
}

async fn stir() {
    arm().await;
    loop {
        TimeoutFuture::new(STIR_MS).await;
        if WORKING.get() == 0 {
            return;
        }
        let _ = platform::stir_worker().await;
    }
}
