//! What goes on by itself later: a check or an upload for which the backend, or the way to it, has no
//! room just now. One mechanism for both: the record says when it goes on, the shell sees to being awake
//! then, and what the time has come for goes on in turn, as far as the budget reaches.

use serde::{Deserialize, Serialize};

use super::{Action, Record, Upload};
use crate::api::Failure;

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long it is gone on with, in milliseconds.
const PATIENCE_MS: i64 = 3 * DAY_MS;
/// How often the backend may fail meanwhile. A budget that is spent is no failure: it names a time.
const MOST_TRIES: u32 = 10;
/// How long to wait after the first failure, in milliseconds; after each further one twice as long.
const FIRST_WAIT_MS: i64 = MINUTE_MS / 2;
/// How long is waited at most after a failure, in milliseconds.
const MOST_WAIT_MS: i64 = 6 * 60 * MINUTE_MS;

/// That something about a download goes on later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// When, in milliseconds since the Unix epoch; `None` while it does go on.
    pub at: Option<i64>,
    /// When it was put off for the first time, in milliseconds since the Unix epoch.
    pub since: i64,
    /// How often the backend has failed meanwhile.
    pub tries: u32,
}

impl Record {
    /// When it goes on by itself, where it waits for that.
    pub fn waits_until(&self) -> Option<i64> {
        self.later?.at
    }

    /// When it is to be gone on with, as of `now`, where it waits for that.
    pub fn goes_on_at(&self, now: i64) -> Option<i64> {
        let at = self.waits_until()?;
        Some(if self.is_due(now) { now } else { at })
    }

    /// Whether it is time. What lies further ahead than anything is put off is from before the clock was
    /// set back.
    fn is_due(&self, now: i64) -> bool {
        self.waits_until()
            .is_some_and(|at| !(now + 1..=now + DAY_MS).contains(&at))
    }

    /// Puts off what has just failed, if a later try may go well by itself; `false` if it is not put off.
    pub(super) fn put_off(&mut self, failure: &Failure, now: i64) -> bool {
        if self.waits_until().is_some() {
            return true;
        }
        let before = self.later.take().unwrap_or(Later {
            at: None,
            since: now,
            tries: 0,
        });
        let since = before.since.min(now);
        let (tries, wait) = match failure {
            Failure::RateLimited { retry_at } | Failure::QuotaSpent { retry_at } => {
                let at = retry_at.unwrap_or(now.saturating_add(MINUTE_MS));
                (before.tries, at.saturating_sub(now).clamp(1_000, DAY_MS))
            }
            failure if failure.is_outage() => {
                let wait = FIRST_WAIT_MS << before.tries.min(MOST_TRIES);
                (before.tries + 1, wait.min(MOST_WAIT_MS))
            }
            _ => return false,
        };
        if tries > MOST_TRIES || now.saturating_sub(since) > PATIENCE_MS {
            return false;
        }
        self.later = Some(Later {
            at: Some(now.saturating_add(wait)),
            since,
            tries,
        });
        true
    }

    /// The same for the check. Beside an upload it is not put off: that ends with a look at the report.
    pub(super) fn put_off_check(&mut self, failure: &Failure, now: i64) {
        if self.upload != Upload::Sending {
            self.put_off(failure, now);
        }
    }

    /// The check is answered, or made anew: it waits for nothing, but an upload may.
    pub(super) fn waits_no_more(&mut self) {
        if self.upload != Upload::Sending {
            self.later = None;
        }
    }

    /// Goes on with what was put off.
    pub(super) fn go_on(&mut self, now: i64) -> Vec<Action> {
        // What goes on already does not go on twice.
        let due = self.later.as_mut().and_then(|later| later.at.take());
        match (due, &self.upload) {
            (None, _) => Vec::new(),
            (Some(_), Upload::Sending) => self.send_on(),
            (Some(_), _) => self.ask_again(now),
        }
    }
}

/// Which of these records go on now, where `free` requests may leave: uploads first, which somebody has
/// asked for, then what has been waiting for the longest time.
pub fn in_turn<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    free: usize,
    now: i64,
) -> Vec<String> {
    let due = records.into_iter().filter(|record| record.is_due(now));
    let mut due: Vec<_> = due
        .map(|record| {
            let since = record.later.map(|later| later.since);
            let background = record.upload != Upload::Sending;
            (background, since, record.started, &record.id)
        })
        .collect();
    due.sort_unstable();
    due.truncate(free);
    due.into_iter().map(|(.., id)| id.clone()).collect()
}
