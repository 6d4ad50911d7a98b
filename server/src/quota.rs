//! The ledger: counts requests against what a group's tier allows, exactly, whoever asks at the
//! same time.
//!
//! It counts in memory, under one lock, so that a look-up pays no write to the disk; what was
//! counted is added to the store's books every second and at the end. A process that is killed
//! forgets at most that second, in the users' favour.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{self, DAY};
use crate::store::{Account, Store, StoreError, UsageRow};
use crate::tier::Limits;

/// How often the books are brought up to date.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_secs(1);

const MINUTE: Duration = Duration::from_secs(60);

/// Why a request is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too fast; allowed again after so many seconds.
    Burst { retry_after: u64 },
    /// The day's requests are spent.
    Spent,
}

/// Requests in the hour, the day and the month that are running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) hourly: u64,
    pub(crate) daily: u64,
    pub(crate) monthly: u64,
}

#[derive(Default)]
struct Counter {
    hour: i64,
    day: i64,
    month: i64,
    used: Used,
}

impl Counter {
    /// Starts a new count for each period that has ended.
    fn turn(&mut self, now: i64) -> &mut Used {
        let (hour, day) = (now / 3600, now / DAY);
        let month = clock::month_start(day);
        if self.hour != hour {
            (self.hour, self.used.hourly) = (hour, 0);
        }
        if self.day != day {
            (self.day, self.used.daily) = (day, 0);
        }
        if self.month != month {
            (self.month, self.used.monthly) = (month, 0);
        }
        &mut self.used
    }

    fn add(&mut self, now: i64) {
        let used = self.turn(now);
        used.hourly += 1;
        used.daily += 1;
        used.monthly += 1;
    }
}

#[derive(Default)]
struct Books {
    groups: HashMap<String, Counter>,
    /// By user and group: who changes the group begins anew.
    users: HashMap<(String, String), Counter>,
    /// The last minute's requests of groups whose tier has such a limit.
    bursts: HashMap<String, VecDeque<Instant>>,
    /// What the store does not know yet, by user, group, day and endpoint.
    pending: HashMap<(String, String, i64, &'static str), u64>,
}

/// The one place where requests are counted.
pub(crate) struct Ledger {
    books: Mutex<Books>,
    store: Arc<dyn Store>,
}

impl Ledger {
    /// Opens the ledger with what the store's books say of the running month.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn open(store: Arc<dyn Store>, now: i64) -> Result<Self, StoreError> {
        let today = now / DAY;
        let mut books = Books::default();
        for row in store.usage_since(clock::month_start(today)).await? {
            let group = books.groups.entry(row.group.clone()).or_default();
            let mut counters = [
                group,
                books.users.entry((row.account, row.group)).or_default(),
            ];
            for counter in &mut counters {
                let used = counter.turn(now);
                used.monthly += row.used;
                if row.day == today {
                    used.daily += row.used;
                }
            }
        }
        Ok(Self {
            books: Mutex::new(books),
            store,
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Counters are whole after every statement: a panic elsewhere spoils nothing here.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one request, or says why it is not allowed. Of any number of callers at one left,
    /// one succeeds. What is refused is not counted.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub(crate) fn charge(
        &self,
        account: &Account,
        endpoint: &'static str,
        now: i64,
        instant: Instant,
    ) -> Result<(), Refusal> {
        let Limits { minute, daily, .. } = account.tier.limits();
        let mut books = self.books();
        if let Some(minute) = minute {
            let recent = books.bursts.entry(account.group.clone()).or_default();
            while recent
                .front()
                .is_some_and(|then| instant.duration_since(*then) >= MINUTE)
            {
                recent.pop_front();
            }
            if recent.len() >= minute as usize
                && let Some(oldest) = recent.front()
            {
                let wait = MINUTE.saturating_sub(instant.duration_since(*oldest));
                return Err(Refusal::Burst {
                    retry_after: wait.as_secs() + 1,
                });
            }
        }
        let group = books.groups.entry(account.group.clone()).or_default();
        if group.turn(now).daily >= daily {
            return Err(Refusal::Spent);
        }
        group.add(now);
        if minute.is_some()
            && let Some(recent) = books.bursts.get_mut(&account.group)
        {
            recent.push_back(instant);
        }
        let member = (account.name.clone(), account.group.clone());
        books.users.entry(member.clone()).or_default().add(now);
        *books
            .pending
            .entry((member.0, member.1, now / DAY, endpoint))
            .or_default() += 1;
        Ok(())
    }

    /// What a user has used, and what the whole group has.
    pub(crate) fn used(&self, account: &Account, now: i64) -> (Used, Used) {
        let mut books = self.books();
        let member = (account.name.clone(), account.group.clone());
        let user = *books.users.entry(member).or_default().turn(now);
        (
            user,
            *books
                .groups
                .entry(account.group.clone())
                .or_default()
                .turn(now),
        )
    }

    /// What a group has used.
    pub(crate) fn group_used(&self, group: &str, now: i64) -> Used {
        *self
            .books()
            .groups
            .entry(group.to_owned())
            .or_default()
            .turn(now)
    }

    /// Brings the store's books up to date.
    ///
    /// # Errors
    /// The store does not answer; nothing is lost, the next call tries again.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut self.books().pending);
        if pending.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = pending
            .iter()
            .map(|((account, group, day, endpoint), used)| UsageRow {
                account: account.clone(),
                group: group.clone(),
                day: *day,
                endpoint: (*endpoint).to_owned(),
                used: *used,
            })
            .collect();
        let done = self.store.add_usage(&rows).await;
        if done.is_err() {
            let mut books = self.books();
            for (key, used) in pending {
                *books.pending.entry(key).or_default() += used;
            }
        }
        done
    }
}
