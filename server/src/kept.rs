//! What look-ups found, kept for as long as its epoch lasts: a key's user, and the reports as they
//! were sent.
//!
//! Nothing here is ever out of date: who asks brings the epoch of now, and what is of another one is
//! not found ([`crate::store::epoch`]). What an answer depends on besides the store stands in its
//! name or beside it: the request, the group whose first reading of a file is free, the version of
//! the lists, and the time where it shows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;

use crate::ids::SecretHash;
use crate::store::Account;
use crate::store::epoch::{Epoch, locked};

/// Most users that are kept.
const MOST_ACCOUNTS: usize = 2048;

/// Most bytes of reports, with their names.
const MOST_BYTES: usize = 16 << 20;

/// What a report takes beside its bytes and its name, about.
const OVERHEAD: usize = 128;

/// A report as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) body: Bytes,
    /// The version of the lists that were asked.
    pub(crate) lists: u64,
    /// The one second in which it is true, if the time shows in it.
    pub(crate) only_at: Option<i64>,
}

#[derive(Default)]
struct OfEpoch {
    epoch: Epoch,
    /// With the second: a key or a privilege may end with any.
    accounts: HashMap<SecretHash, (i64, Arc<Account>)>,
    reports: HashMap<String, Report>,
    bytes: usize,
}

/// What was found in the epoch of now.
#[derive(Default)]
pub(crate) struct Kept(Mutex<OfEpoch>);

impl Kept {
    /// What is kept of an epoch; `None` if it is over already.
    fn of(&self, epoch: Epoch) -> Option<MutexGuard<'_, OfEpoch>> {
        let mut kept = locked(&self.0);
        if kept.epoch < epoch {
            let begun = OfEpoch {
                epoch,
                ..OfEpoch::default()
            };
            let over = std::mem::replace(&mut *kept, begun);
            // Letting go of much takes a while, in which others need not wait.
            drop(kept);
            drop(over);
            kept = locked(&self.0);
        }
        (kept.epoch == epoch).then_some(kept)
    }

    /// The holder of a key in this second.
    pub(crate) fn account(&self, epoch: Epoch, key: &SecretHash, now: i64) -> Option<Arc<Account>> {
        let kept = self.of(epoch)?;
        let (second, account) = kept.accounts.get(key)?;
        (*second == now).then(|| account.clone())
    }

    /// Keeps the holder of a key.
    pub(crate) fn keep_account(
        &self,
        epoch: Epoch,
        key: &SecretHash,
        now: i64,
        account: &Arc<Account>,
    ) {
        if let Some(mut kept) = self.of(epoch) {
            if kept.accounts.len() >= MOST_ACCOUNTS {
                kept.accounts.clear();
            }
            kept.accounts.insert(*key, (now, account.clone()));
        }
    }

    /// The report of this name, if it is true now.
    pub(crate) fn report(&self, epoch: Epoch, name: &str, lists: u64, now: i64) -> Option<Bytes> {
        let kept = self.of(epoch)?;
        let report = kept.reports.get(name)?;
        let is_true = report.lists == lists && report.only_at.is_none_or(|only| only == now);
        is_true.then(|| report.body.clone())
    }

    /// Keeps a report.
    pub(crate) fn keep_report(&self, epoch: Epoch, name: String, report: Report) {
        let size = name.len() + report.body.len() + OVERHEAD;
        let Some(mut kept) = self.of(epoch) else {
            return;
        };
        let mut over = HashMap::new();
        if kept.bytes + size > MOST_BYTES {
            over = std::mem::take(&mut kept.reports);
            kept.bytes = 0;
        }
        if size <= MOST_BYTES {
            kept.bytes += size;
            // A name that was there is counted twice, to the end of the epoch at most.
            kept.reports.insert(name, report);
        }
        drop(kept);
        drop(over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(body: &'static str) -> Report {
        Report {
            body: Bytes::from_static(body.as_bytes()),
            lists: 1,
            only_at: None,
        }
    }

    #[test]
    fn a_report_is_found_in_its_epoch_with_its_lists_and_at_its_time() {
        let kept = Kept::default();
        let epoch = Epoch::default().next();
        let name = || "a".to_owned();
        kept.keep_report(epoch, name(), report("x"));
        assert_eq!(kept.report(epoch, "a", 1, 7).unwrap(), "x");
        assert_eq!(kept.report(epoch, "a", 2, 7), None);
        assert_eq!(kept.report(epoch, "b", 1, 7), None);
        let timely = Report {
            only_at: Some(7),
            ..report("y")
        };
        kept.keep_report(epoch, name(), timely);
        assert_eq!(kept.report(epoch, "a", 1, 7).unwrap(), "y");
        assert_eq!(kept.report(epoch, "a", 1, 8), None);
        let later = epoch.next();
        assert_eq!(kept.report(later, "a", 1, 7), None);
        // What comes late is of an epoch that is over.
        kept.keep_report(epoch, name(), report("x"));
        assert_eq!(kept.report(later, "a", 1, 7), None);
        assert_eq!(kept.report(epoch, "a", 1, 7), None);
    }

    #[test]
    fn reports_take_so_many_bytes_and_no_more() {
        let kept = Kept::default();
        let epoch = Epoch::default();
        let large = |bytes: usize| Report {
            body: vec![b'x'; bytes].into(),
            ..report("")
        };
        for number in 0..100 {
            kept.keep_report(epoch, number.to_string(), large(1 << 20));
            let held = kept.0.lock().unwrap();
            let bytes: usize = held.reports.values().map(|one| one.body.len()).sum();
            assert!(bytes <= MOST_BYTES && held.bytes <= MOST_BYTES);
        }
        assert!(kept.report(epoch, "99", 1, 0).is_some());
        kept.keep_report(epoch, "too large".to_owned(), large(MOST_BYTES));
        assert_eq!(kept.report(epoch, "too large", 1, 0), None);
    }
}
