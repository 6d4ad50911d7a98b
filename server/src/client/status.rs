//! The one line on standard error that tells a person at a terminal how far long work is. Nobody
//! else sees it: indicatif draws nothing where standard error is no terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::clock::now_ms;

/// What is going on just now.
#[derive(Default)]
struct Now {
    next: u64,
    /// Bytes sent and bytes to send of each file on its way.
    uploads: BTreeMap<u64, (u64, u64)>,
    /// Until when each request waits, in milliseconds since the Unix epoch.
    waits: BTreeMap<u64, i64>,
    /// How many analyses are waited for.
    analyses: usize,
}

/// A handle on the line.
#[derive(Clone, Default)]
pub(crate) struct Status {
    now: Arc<Mutex<Now>>,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

/// Something that goes on until this is dropped.
pub(crate) struct Going {
    status: Status,
    id: u64,
    analysis: bool,
}

impl Status {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(&self) -> Option<ProgressBar> {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        bar.clone()
    }

    /// Begins to tell about so many items.
    pub(crate) fn begin(&self, items: usize) {
        let now = self.now.clone();
        let tell = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let now = now.lock().unwrap_or_else(PoisonError::into_inner);
            // A line that cannot be written is not worth an error.
            let _ = out.write_str(&describe(&now, now_ms()));
        };
        let bar = ProgressBar::with_draw_target(Some(items as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{pos} of {len}{now}") {
            bar.set_style(style.with_key("now", tell));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    /// One item is done.
    pub(crate) fn advance(&self) {
        if let Some(bar) = self.bar() {
            bar.inc(1);
        }
    }

    /// Takes the line away while something else is written.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bar() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the line away for good.
    pub(crate) fn end(&self) {
        if let Some(bar) = self.bar() {
            bar.finish_and_clear();
        }
    }

    /// A file of this many bytes is on its way.
    pub(crate) fn uploading(&self, size: u64) -> Going {
        self.going(false, |now, id| {
            now.uploads.insert(id, (0, size));
        })
    }

    /// A request waits until this time, in milliseconds since the Unix epoch.
    pub(crate) fn waiting(&self, until: i64) -> Going {
        self.going(false, |now, id| {
            now.waits.insert(id, until);
        })
    }

    /// An analysis is waited for.
    pub(crate) fn analysing(&self) -> Going {
        self.going(true, |now, _| now.analyses += 1)
    }

    fn going(&self, analysis: bool, note: impl FnOnce(&mut Now, u64)) -> Going {
        let mut now = self.now();
        now.next += 1;
        let id = now.next;
        note(&mut now, id);
        Going {
            status: self.clone(),
            id,
            analysis,
        }
    }
}

impl Going {
    /// So many more bytes have left.
    pub(crate) fn add(&self, bytes: u64) {
        if let Some((sent, _)) = self.status.now().uploads.get_mut(&self.id) {
            *sent += bytes;
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let mut now = self.status.now();
        now.uploads.remove(&self.id);
        now.waits.remove(&self.id);
        now.analyses -= usize::from(self.analysis);
    }
}

fn describe(now: &Now, time: i64) -> String {
    let mut text = String::new();
    if !now.uploads.is_empty() {
        let (sent, size) = now
            .uploads
            .values()
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let _ = write!(text, ", sending {} of {} kB", sent / 1000, size / 1000);
    }
    if now.analyses > 0 {
        let _ = write!(text, ", {} in analysis", now.analyses);
    }
    if let Some(until) = now.waits.values().min() {
        let seconds = (until - time).max(0) / 1000;
        let _ = write!(text, ", next request in {seconds} s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_told_any_more() {
        let status = Status::default();
        let upload = status.uploading(5000);
        upload.add(2000);
        let analysis = status.analysing();
        let wait = status.waiting(9000);
        let told = describe(&status.now(), 1000);
        assert_eq!(
            told,
            ", sending 2 of 5 kB, 1 in analysis, next request in 8 s"
        );
        drop((upload, analysis, wait));
        assert_eq!(describe(&status.now(), 1000), "");
    }
}
