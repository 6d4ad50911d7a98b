//! Older downloads, asked about anew: what nobody knew on the day it came, engines may know a week later.
//!
//! Only the backend is asked, and only about the digest; the bytes are not read again. A few a day,
//! spread over the hours, so that the budget of the day is the user's.

use super::{Action, Disposition, Drift, Notice, Phase, Record};
use crate::api::Failure;
use crate::report::Report;
use crate::verdict::{Assessment, Verdict, assess};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How often it is looked what is due, in milliseconds.
pub const RECHECK_MS: i64 = HOUR_MS;
/// Files that came longer ago are left alone.
const OLDEST_MS: i64 = 90 * DAY_MS;
/// In its first week a file is asked about once a day, afterwards once a week.
const YOUNG_MS: i64 = 7 * DAY_MS;
/// The most questions in a day, and at a time.
const MOST_A_DAY: usize = 20;
const MOST_AT_ONCE: usize = 3;

/// Which of these records are to be asked about now, the one that waits for the longest time first.
/// `records` are all of the last 90 days, as far as they are there.
pub fn due<'a>(records: impl IntoIterator<Item = &'a Record>, now: i64) -> Vec<String> {
    let mut asked = 0_usize;
    let mut due = Vec::new();
    for record in records {
        // A time that lies ahead is from before the clock was set.
        let ago = |at: i64| if at <= now { now - at } else { i64::MAX };
        asked += usize::from(record.rechecked.is_some_and(|at| ago(at) < DAY_MS));
        let age = ago(record.started);
        let last = record.rechecked.max(record.checked_at);
        let (Some(last), true) = (last, age < OLDEST_MS && record.can_turn()) else {
            continue;
        };
        let wait = if age < YOUNG_MS { DAY_MS } else { 7 * DAY_MS };
        if ago(last) >= wait {
            due.push((last, record.id.clone()));
        }
    }
    let most = MOST_AT_ONCE.min(MOST_A_DAY.saturating_sub(asked));
    let mut chosen = Vec::new();
    while chosen.len() < most
        && let Some(at) = (0..due.len()).min_by_key(|at| &due[*at])
    {
        chosen.push(due.swap_remove(at).1);
    }
    chosen
}

impl Record {
    /// Whether it is worth asking about anew: the file is there, its digest is known, and it may be asked
    /// about.
    fn can_turn(&self) -> bool {
        let there = matches!(
            self.disposition,
            Disposition::Released | Disposition::KeptAnyway
        );
        let settled = [Verdict::Malicious, Verdict::KnownGood];
        there
            && self.landed_size.is_some()
            && self.phase == Phase::Done
            && self.digests.is_some()
            && self.terms.ask
            && !self.private
            && self
                .verdict()
                .is_some_and(|verdict| !settled.contains(&verdict))
    }

    pub(super) fn rechecked(
        &mut self,
        result: Result<Option<Box<Report>>, Failure>,
        now: i64,
    ) -> Vec<Action> {
        // The user may have asked meanwhile, or have forgotten what was there.
        let Some(was) = self.verdict().filter(|_| self.can_turn()) else {
            return Vec::new();
        };
        // Who does not answer now says nothing of the file: it stays what it is, and due.
        let Ok(report) = result else {
            return Vec::new();
        };
        self.rechecked = Some(now);
        let assessment = match &report {
            Some(report) => assess(report, self.read),
            None => Assessment::unknown(self.read),
        };
        // What was said of an archive may have been said of its members, which are not asked about here.
        let malicious = assessment.verdict == Verdict::Malicious;
        if !malicious && !self.inspection.members.is_empty() {
            return Vec::new();
        }
        if let Some(report) = report {
            self.labels = report.labels().into_iter().map(str::to_owned).collect();
        }
        let on = self.checked_at.unwrap_or(self.started);
        let mut actions = self.conclude(assessment, now);
        if malicious {
            self.drift = Some(Drift {
                was,
                on,
                since: now,
            });
            actions.retain(|action| !matches!(action, Action::Notify(_)));
            actions.push(Action::Notify(Notice::TurnedMalicious));
        }
        actions
    }
}
