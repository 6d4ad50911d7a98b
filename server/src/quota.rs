//! The ledger: counts requests against what a group's tier allows, exactly, whoever asks at the
//! same time.
//!
//! It counts in memory, under one lock, so that a look-up pays no write to the disk; what was
//! counted is added to the store's books every second and at the end. A process that is killed
//! forgets at most that second, in the users' favour.
//!
//! Where several processes count, each speaks for some of a group's day in the store before it
//! spends them, the fewer the fewer are left, one by one at the end; what it did not spend it gives
//! back within the second. So the day's limit is exact among all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{self, DAY};
use crate::store::{Account, Spent, Store, StoreError, UsageRow};
use crate::tier::{Limits, UNLIMITED};

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

/// The quota of samples that leave.
pub(crate) const DOWNLOADS: &str = "intelligence_downloads_monthly";

/// The quota of collections that are made.
pub(crate) const COLLECTIONS: &str = "collections_creation_monthly";

/// The quotas of what is scanned privately, a month and a minute.
pub(crate) const PRIVATE_FILES: [&str; 2] = ["private_scans_monthly", "private_scans_per_minute"];
pub(crate) const PRIVATE_URLS: [&str; 2] =
    ["private_urlscans_monthly", "private_urlscans_per_minute"];

/// Requests in the hour, the day and the month that are running, and what was spent in the month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) hourly: u64,
    pub(crate) daily: u64,
    pub(crate) monthly: u64,
    pub(crate) downloads: u64,
    pub(crate) collections: u64,
    pub(crate) private_files: u64,
    pub(crate) private_urls: u64,
    /// In the last minute, by the whole group.
    pub(crate) private_files_now: u64,
    pub(crate) private_urls_now: u64,
}

impl Used {
    /// With what stands in the store of quotas that are spent there at once.
    fn with_spent<'a>(mut self, spent: impl Iterator<Item = &'a Spent>) -> Self {
        for one in spent {
            match one.quota.as_str() {
                DOWNLOADS => self.downloads += one.used,
                COLLECTIONS => self.collections += one.used,
                quota if quota == PRIVATE_FILES[0] => self.private_files += one.used,
                quota if quota == PRIVATE_URLS[0] => self.private_urls += one.used,
                _ => {}
            }
        }
        self
    }
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
    /// What is spoken for of groups' days and not spent, and how many are left in the store.
    spoken_for: HashMap<String, Reserve>,
    /// What the store does not know yet, by user, group, day and endpoint.
    pending: HashMap<(String, String, i64, &'static str), u64>,
}

impl Books {
    /// Counts a request that is allowed.
    fn count(&mut self, account: &Account, endpoint: &'static str, now: i64) {
        self.groups
            .entry(account.group.clone())
            .or_default()
            .add(now);
        let member = (account.name.clone(), account.group.clone());
        self.users.entry(member.clone()).or_default().add(now);
        *self
            .pending
            .entry((member.0, member.1, now / DAY, endpoint))
            .or_default() += 1;
    }

    fn reserve(&mut self, group: &str, day: i64) -> &mut Reserve {
        let reserve = self.spoken_for.entry(group.to_owned()).or_default();
        if reserve.day != day {
            *reserve = Reserve {
                day,
                ..Reserve::default()
            };
        }
        reserve
    }

    /// Counts a request if one is spoken for.
    fn spend(&mut self, account: &Account, endpoint: &'static str, now: i64) -> bool {
        let reserve = self.reserve(&account.group, now / DAY);
        let Some(rest) = reserve.unspent.checked_sub(1) else {
            return false;
        };
        reserve.unspent = rest;
        self.count(account, endpoint, now);
        true
    }

    /// Takes back what [`Self::spend`] did.
    fn take_back(&mut self, account: &Account, endpoint: &'static str, now: i64) {
        self.reserve(&account.group, now / DAY).unspent += 1;
        let member = (account.name.clone(), account.group.clone());
        for used in [
            self.groups
                .entry(account.group.clone())
                .or_default()
                .turn(now),
            self.users.entry(member.clone()).or_default().turn(now),
        ] {
            used.hourly = used.hourly.saturating_sub(1);
            used.daily = used.daily.saturating_sub(1);
            used.monthly = used.monthly.saturating_sub(1);
        }
        let key = (member.0, member.1, now / DAY, endpoint);
        if let Some(count) = self.pending.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
    }

    /// Puts what the store says of a group in the place of what this process counted.
    fn read_anew(&mut self, group: &str, rows: &[UsageRow], now: i64) {
        let zero = |used: &mut Used| (used.daily, used.monthly) = (0, 0);
        zero(self.groups.entry(group.to_owned()).or_default().turn(now));
        for ((_, of), counter) in &mut self.users {
            if of == group {
                zero(counter.turn(now));
            }
        }
        for row in rows {
            let member = (row.account.clone(), row.group.clone());
            let counters = [
                self.groups.entry(group.to_owned()).or_default(),
                self.users.entry(member).or_default(),
            ];
            for counter in counters {
                let used = counter.turn(now);
                used.monthly += row.used;
                if row.day == now / DAY {
                    used.daily += row.used;
                }
            }
        }
    }
}

/// What a process may spend of a group's day without asking.
#[derive(Default)]
struct Reserve {
    day: i64,
    unspent: u64,
    /// As the store said last; decides how much is asked for next.
    left: u64,
    /// When that was.
    asked: Option<Instant>,
}

impl Reserve {
    /// How many to speak for now: a 64th of what is left, which comes back within the second. So
    /// nobody is refused for what another process holds, unless they spend 63 times as much
    /// meanwhile.
    fn want(&self) -> u64 {
        // What was left a while ago may be gone by now.
        let knows = |asked: Instant| asked.elapsed() < 2 * FLUSH_EVERY;
        let most = match self.asked.is_some_and(knows) {
            true => MOST_AT_ONCE,
            false => FIRST_AT_ONCE,
        };
        (self.left / 64).clamp(1, most)
    }
}

/// Most requests that a process speaks for at once.
const MOST_AT_ONCE: u64 = 16_384;

/// Most for which one does that has not asked lately.
const FIRST_AT_ONCE: u64 = 64;

/// Under which name a group's scans in a minute are counted. No group's name holds a slash: this
/// is beside its requests.
fn in_a_minute(group: &str, quota: &str) -> String {
    [group, "/", quota].concat()
}

/// The one place where requests are counted.
pub(crate) struct Ledger {
    books: Mutex<Books>,
    store: Arc<dyn Store>,
    /// Whether other processes count too. Then this is held while the store is asked, so that two
    /// hundred requests at once do not speak for two hundred times what one needs.
    shared: Option<tokio::sync::Mutex<()>>,
    /// Held while the books are brought up to date: who asks for that must not go on while somebody
    /// else still writes what was taken out of them.
    flushing: tokio::sync::Mutex<()>,
}

impl Ledger {
    /// Opens the ledger with what the store's books say of the running month.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        shared: bool,
        now: i64,
    ) -> Result<Self, StoreError> {
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
            shared: shared.then(tokio::sync::Mutex::default),
            flushing: tokio::sync::Mutex::default(),
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
    /// The store does not answer, which it has to only where other processes count too. Inside,
    /// the [`Refusal`].
    pub(crate) async fn charge(
        &self,
        account: &Account,
        endpoint: &'static str,
        now: i64,
        instant: Instant,
    ) -> Result<Result<(), Refusal>, StoreError> {
        match &self.shared {
            None => Ok(self.charge_alone(account, endpoint, now, instant)),
            Some(asking) => self.charge_among(asking, account, endpoint, now).await,
        }
    }

    fn charge_alone(
        &self,
        account: &Account,
        endpoint: &'static str,
        now: i64,
        instant: Instant,
    ) -> Result<(), Refusal> {
        let Limits { minute, daily, .. } = account.limits;
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
        if minute.is_some()
            && let Some(recent) = books.bursts.get_mut(&account.group)
        {
            recent.push_back(instant);
        }
        books.count(account, endpoint, now);
        Ok(())
    }

    async fn charge_among(
        &self,
        asking: &tokio::sync::Mutex<()>,
        account: &Account,
        endpoint: &'static str,
        now: i64,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let Limits { minute, daily, .. } = account.limits;
        let day = now / DAY;
        if !self.books().spend(account, endpoint, now) {
            let _asking = asking.lock().await;
            // Somebody may have asked for more while we waited.
            if !self.books().spend(account, endpoint, now) {
                let want = self.books().reserve(&account.group, day).want();
                let (granted, left) = self.store.reserve(&account.group, day, want, daily).await?;
                let mut books = self.books();
                let reserve = books.reserve(&account.group, day);
                reserve.unspent += granted;
                reserve.left = left;
                reserve.asked = Some(Instant::now());
                if !books.spend(account, endpoint, now) {
                    return Ok(Err(Refusal::Spent));
                }
            }
        }
        // Last, since a request that the day does not allow is not one of the minute's.
        if let Some(minute) = minute
            && let Some(wait) = self
                .store
                .admit_burst(&account.group, clock::now_ms(), minute)
                .await?
        {
            self.books().take_back(account, endpoint, now);
            return Ok(Err(Refusal::Burst {
                retry_after: wait.unsigned_abs() / 1000 + 1,
            }));
        }
        Ok(Ok(()))
    }

    /// What a user has used, and what the whole group has.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn used(
        &self,
        account: &Account,
        now: i64,
    ) -> Result<(Used, Used), StoreError> {
        let (group, spent) = self.group_spent(&account.group, now).await?;
        let member = (account.name.clone(), account.group.clone());
        let user = *self.books().users.entry(member).or_default().turn(now);
        let own = spent.iter().filter(|one| one.account == account.name);
        let user = Used {
            private_files_now: group.private_files_now,
            private_urls_now: group.private_urls_now,
            ..user.with_spent(own)
        };
        Ok((user, group))
    }

    /// Spends so many of a group's monthly quota, all or none; `false` if that is more than is
    /// left.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn spend(
        &self,
        account: &Account,
        quota: &'static str,
        number: u64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut limits = account.limits;
        let limit = limits.named(quota).map_or(0, |limit| *limit);
        let who = (account.name.as_str(), account.group.as_str());
        let month = clock::month_start(now / DAY);
        self.store.spend(who, quota, month, number, limit).await
    }

    /// Spends one private scan of the month's and of the minute's, or says why it is not allowed.
    /// Exact under concurrency, also among several processes.
    ///
    /// # Errors
    /// The store does not answer. Inside, the [`Refusal`].
    pub(crate) async fn scan(
        &self,
        account: &Account,
        [monthly, minute]: [&'static str; 2],
        now: i64,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let mut limits = account.limits;
        let allowed = limits.named(minute).map_or(0, |limit| *limit);
        if let Ok(limit) = u32::try_from(allowed)
            && allowed < UNLIMITED
        {
            let name = in_a_minute(&account.group, minute);
            let wait = self
                .store
                .admit_burst(&name, clock::now_ms(), limit)
                .await?;
            if let Some(wait) = wait {
                return Ok(Err(Refusal::Burst {
                    retry_after: wait.unsigned_abs() / 1000 + 1,
                }));
            }
        }
        Ok(match self.spend(account, monthly, 1, now).await? {
            true => Ok(()),
            false => Err(Refusal::Spent),
        })
    }

    /// What a group has used.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn group_used(&self, group: &str, now: i64) -> Result<Used, StoreError> {
        Ok(self.group_spent(group, now).await?.0)
    }

    /// The same, with what each member spent.
    async fn group_spent(&self, group: &str, now: i64) -> Result<(Used, Vec<Spent>), StoreError> {
        if self.shared.is_some() {
            // What the others counted is in the store.
            self.flush().await?;
            let today = now / DAY;
            let first = clock::month_start(today);
            let rows = self.store.usage_of_group(group, first, today).await?;
            self.books().read_anew(group, &rows, now);
        }
        let month = clock::month_start(now / DAY);
        let spent = self.store.spent(group, month).await?;
        let mut scanned = [0; 2];
        for ([_, minute], scanned) in [PRIVATE_FILES, PRIVATE_URLS].iter().zip(&mut scanned) {
            let name = in_a_minute(group, minute);
            *scanned = self.store.recent(&name, clock::now_ms()).await?;
        }
        let mut books = self.books();
        let mut used = *books.groups.entry(group.to_owned()).or_default().turn(now);
        [used.private_files_now, used.private_urls_now] = scanned;
        Ok((used.with_spent(spent.iter()), spent))
    }

    /// Brings the store's books up to date.
    ///
    /// # Errors
    /// The store does not answer; nothing is lost, the next call tries again.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        if self.shared.is_some() {
            let unspent: Vec<_> = {
                let mut books = self.books();
                let taken = books.spoken_for.iter_mut();
                taken
                    .filter(|(_, reserve)| reserve.unspent > 0)
                    .map(|(group, reserve)| {
                        let unspent = std::mem::take(&mut reserve.unspent);
                        (group.clone(), reserve.day, unspent)
                    })
                    .collect()
            };
            for (group, day, unspent) in unspent {
                // What cannot be given back is lost to the group for the day, not to the count.
                self.store.release(&group, day, unspent).await?;
            }
        }
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
