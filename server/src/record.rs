//! How often an engine was right before: counted from what is stored, never estimated.
//!
//! An objection is *settled* in one of two ways, which are counted apart since they are not worth
//! the same:
//!
//! - **decided**: somebody reported the thing as objected to wrongly, and an administrator of the
//!   server decided. What an engine said counts as it stood in the last analysis before the report.
//!   Accepted: who objected was wrong. Rejected: who objected was right, and who had looked and
//!   said nothing missed it.
//! - **later majority**: nothing was decided, and the thing was analysed again at least a day after
//!   its first analysis. What an engine said first is held against what the *others* say last: the
//!   engine's own later word has no vote, and at least three others must have come to a result. More than half
//!   of them object: who objected was right, who did not missed it. Half or fewer: who objected was
//!   wrong.
//!
//! An engine that was late, failed or does not read such things has said nothing and is not
//! counted; neither is silence about what is harmless, which is nearly everything.
//!
//! Limits: only what is in this server's store counts, and of that the last [`MOST`] things. What
//! a list says outside of analyses is not stored. People report what bothers them, so decided cases
//! are no sample. A majority can be wrong together, and engines copy each other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quorum_core::indicator::Kind;
use quorum_core::report::EngineResult;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::clock::DAY;
use crate::store::{Store, StoreError};

/// Things that are looked back at.
const MOST: u32 = 2000;

/// How many others must have come to a result to be a majority.
const OTHERS: usize = 3;

/// How long a count is good for: it reads much, and changes slowly.
const GOOD_FOR: Duration = Duration::from_secs(10);

/// Settled cases of one engine.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// It objected, rightly.
    pub(crate) right: u32,
    /// It objected, wrongly.
    pub(crate) wrong: u32,
    /// It looked at what was malicious and said nothing.
    pub(crate) missed: u32,
}

/// What is known of one engine's past.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    pub(crate) decided: Tally,
    pub(crate) later_majority: Tally,
}

/// Records by the engine's name.
pub(crate) type Records = BTreeMap<String, Record>;

fn settle(tally: &mut Tally, said: &EngineResult, malicious: bool) {
    match (said.category.objects(), malicious) {
        (true, true) => tally.right += 1,
        (true, false) => tally.wrong += 1,
        (false, true) => tally.missed += 1,
        (false, false) => {}
    }
}

fn answers(results: &[EngineResult]) -> impl Iterator<Item = &EngineResult> {
    results.iter().filter(|one| one.category.answered())
}

/// Counts a thing on which it was decided.
fn count_decided(records: &mut Records, accepted: bool, results: &[EngineResult]) {
    for said in answers(results) {
        let record = records.entry(said.engine_name.clone()).or_default();
        settle(&mut record.decided, said, !accepted);
    }
}

/// Counts a thing that was analysed again.
fn count_revisited(records: &mut Records, first: &[EngineResult], last: &[EngineResult]) {
    for said in answers(first) {
        let others = answers(last).filter(|other| other.engine_name != said.engine_name);
        let objections: Vec<_> = others.map(|other| other.category.objects()).collect();
        if objections.len() < OTHERS {
            continue;
        }
        let objecting = objections.iter().filter(|objects| **objects).count();
        let record = records.entry(said.engine_name.clone()).or_default();
        let malicious = 2 * objecting > objections.len();
        settle(&mut record.later_majority, said, malicious);
    }
}

/// The records of this server's engines, counted anew when they are asked for and old.
#[derive(Default)]
pub(crate) struct Past(Mutex<HashMap<&'static str, (Instant, Arc<Records>)>>);

impl Past {
    /// The records in judging things of a kind.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn records(
        &self,
        store: &dyn Store,
        kind: Kind,
    ) -> Result<Arc<Records>, StoreError> {
        // Held while it counts: whoever comes meanwhile waits for that count.
        let mut known = self.0.lock().await;
        if let Some((counted, records)) = known.get(kind.as_str())
            && counted.elapsed() < GOOD_FOR
        {
            return Ok(records.clone());
        }
        let mut records = Records::new();
        for (accepted, results) in store.decided(kind, MOST).await? {
            count_decided(&mut records, accepted, &results);
        }
        for (first, last) in store.revisited(kind, MOST, DAY).await? {
            count_revisited(&mut records, &first, &last);
        }
        let records = Arc::new(records);
        known.insert(kind.as_str(), (Instant::now(), records.clone()));
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use quorum_core::report::Category;

    use super::*;

    fn results(said: &[(&str, Category)]) -> Vec<EngineResult> {
        let each = said.iter();
        each.map(|(name, category)| EngineResult {
            category: *category,
            engine_name: (*name).to_owned(),
            engine_version: None,
            engine_update: None,
            method: "blacklist".to_owned(),
            result: None,
        })
        .collect()
    }

    use Category::{Harmless, Malicious, Suspicious, Timeout, Undetected};

    fn tally(right: u32, wrong: u32, missed: u32) -> Tally {
        Tally {
            right,
            wrong,
            missed,
        }
    }

    #[test]
    fn a_decision_tells_who_was_right() {
        let said = results(&[
            ("A", Malicious),
            ("B", Undetected),
            ("C", Timeout),
            ("D", Suspicious),
        ]);
        let mut records = Records::new();
        count_decided(&mut records, false, &said);
        assert_eq!(records["A"].decided, tally(1, 0, 0));
        assert_eq!(records["B"].decided, tally(0, 0, 1));
        assert!(!records.contains_key("C"), "it said nothing");
        count_decided(&mut records, true, &said);
        assert_eq!(records["A"].decided, tally(1, 1, 0));
        assert_eq!(records["B"].decided, tally(0, 0, 1));
        assert_eq!(records["D"].decided, tally(1, 1, 0));
        assert_eq!(records["A"].later_majority, Tally::default());
    }

    #[test]
    fn the_first_word_is_held_against_what_others_say_last() {
        let first = results(&[
            ("A", Malicious),
            ("B", Undetected),
            ("C", Undetected),
            ("D", Timeout),
        ]);
        // A has taken it back, and that is not its own judge.
        let last = results(&[
            ("A", Undetected),
            ("B", Malicious),
            ("C", Malicious),
            ("D", Harmless),
        ]);
        let mut records = Records::new();
        count_revisited(&mut records, &first, &last);
        assert_eq!(records["A"].later_majority, tally(1, 0, 0));
        // For B: A and D do not object, C does.
        assert_eq!(records["B"].later_majority, Tally::default());
        assert!(!records.contains_key("D"), "it said nothing at first");
    }

    #[test]
    fn half_is_no_majority_and_two_are_no_crowd() {
        let first = results(&[("A", Malicious), ("B", Undetected)]);
        let half = results(&[
            ("B", Malicious),
            ("C", Malicious),
            ("D", Undetected),
            ("E", Harmless),
        ]);
        let mut records = Records::new();
        count_revisited(&mut records, &first, &half);
        assert_eq!(records["A"].later_majority, tally(0, 1, 0));
        let mut records = Records::new();
        let two = results(&[("B", Malicious), ("C", Malicious), ("D", Timeout)]);
        count_revisited(&mut records, &first, &two);
        assert!(records.is_empty(), "{records:?}");
        let three = results(&[("A", Undetected), ("C", Malicious), ("D", Malicious)]);
        count_revisited(&mut records, &first, &three);
        assert_eq!(records["B"].later_majority, tally(0, 0, 1));
        assert!(!records.contains_key("A"));
    }
}
