//! How many requests may leave: a backend's limit a minute, kept before it has to refuse us.
//!
//! One budget serves all windows. A person's own request goes before background work, which
//! leaves the last place of each minute free.

use serde::{Deserialize, Serialize};

use super::{Backend, Failure};
use crate::report::Account;

/// For whom a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody is waiting for it.
    User,
    /// Nobody asked for it just now.
    Background,
    /// Rules or lists are looked after.
    Update,
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// What virustotal.com's public tier allows a day; the account says better.
const PUBLIC_DAILY: u64 = 500;
/// How long background work rests after the first failure of the backend, in milliseconds; each further
/// one doubles it.
const REST_MS: i64 = 1_000;
/// How long it rests at most, in milliseconds.
const MOST_REST_MS: i64 = 15 * MINUTE_MS;

/// The state of a budget; it is small and can be stored. Times are milliseconds since the Unix
/// epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Requests a minute; `None` if no limit is known.
    per_minute: Option<u32>,
    /// When the requests of the last minute left, oldest first.
    sent: Vec<i64>,
    /// The backend has said not to ask before this time.
    blocked_until: i64,
    /// Requests of today, as the backend counts them.
    daily: Option<Daily>,
    /// Why background work rests, where the backend failed the last time.
    resting: Option<Rest>,
}

/// The quota of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Daily {
    used: u64,
    allowed: u64,
    /// Which day that is, in days since the Unix epoch by UTC; `None` until the next request.
    day: Option<i64>,
}

impl Daily {
    fn new(used: u64, allowed: u64) -> Self {
        Self {
            used,
            allowed,
            day: None,
        }
    }

    /// The quota as of `now`: at midnight by UTC the count begins anew.
    fn on(self, now: i64) -> Self {
        let today = now.div_euclid(DAY_MS);
        let used = match self.day {
            Some(day) if day != today => 0,
            _ => self.used,
        };
        Self {
            used,
            day: Some(today),
            ..self
        }
    }

    /// How many requests of the day this purpose may use: background work leaves the last tenth.
    fn usable(self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::User => self.allowed,
            Purpose::Background | Purpose::Update => self.allowed - self.allowed / 10,
        }
    }
}

/// That the backend failed, once or several times in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    failure: Failure,
    times: u32,
    until: i64,
}

/// What is left, for the footer of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remaining {
    /// Used and allowed in the last minute.
    pub minute: Option<(u32, u32)>,
    /// Used and allowed today.
    pub daily: Option<(u64, u64)>,
}

impl Budget {
    /// The budget for a backend of which nothing else is known yet.
    pub fn new(backend: &Backend) -> Self {
        Self {
            per_minute: backend.is_virustotal().then_some(4),
            daily: backend.is_virustotal().then(|| Daily::new(0, PUBLIC_DAILY)),
            ..Self::default()
        }
    }

    /// Takes over what the backend says of the account's quotas. An hourly quota is the API's way
    /// of telling the rate a minute: 240 an hour are 4 a minute.
    pub fn learn(&mut self, account: &Account) {
        if let Some(hourly) = account.hourly {
            self.per_minute = u32::try_from(hourly.allowed / 60)
                .ok()
                .map(|rate| rate.max(1));
        }
        self.daily = account
            .daily
            .map(|daily| Daily::new(daily.used, daily.allowed));
    }

    /// Asks for one request to leave now.
    ///
    /// # Errors
    /// The time at which it may be asked again.
    pub fn take(&mut self, purpose: Purpose, now: i64) -> Result<(), i64> {
        // A clock that was set back must not lock the budget for longer than a minute.
        self.sent
            .retain(|sent| (now - MINUTE_MS..=now).contains(sent));
        // Nobody silences us for longer than a day: this is from before the clock was set back.
        if self.blocked_until > now.saturating_add(DAY_MS) {
            self.blocked_until = 0;
        }
        if now < self.blocked_until {
            return Err(self.blocked_until);
        }
        if let Some(limit) = self.per_minute {
            let usable = match purpose {
                Purpose::User => limit,
                Purpose::Background | Purpose::Update => limit.saturating_sub(1).max(1),
            } as usize;
            if self.sent.len() >= usable {
                let freed = self.sent[self.sent.len() - usable];
                return Err(freed + MINUTE_MS + 1);
            }
        }
        // What the backend has just failed at is not worth asking again without anybody waiting for it.
        // A time far ahead is from before the clock was set back.
        if let (Purpose::Background, Some(rest)) = (purpose, &self.resting)
            && (now..=now + MOST_REST_MS).contains(&rest.until)
            && now < rest.until
        {
            return Err(rest.until);
        }
        self.daily = self.daily.map(|daily| daily.on(now));
        if let Some(daily) = &mut self.daily {
            if daily.used >= daily.usable(purpose) {
                return Err(next_utc_midnight(now));
            }
            daily.used += 1;
        }
        self.sent.push(now);
        Ok(())
    }

    /// How many requests could leave now for this purpose, counted up to `most`.
    pub fn free(&self, purpose: Purpose, now: i64, most: usize) -> usize {
        let mut copy = self.clone();
        (0..most)
            .take_while(|_| copy.take(purpose, now).is_ok())
            .count()
    }

    /// When the next request could leave for this purpose.
    pub fn opens_at(&self, purpose: Purpose, now: i64) -> i64 {
        self.clone().take(purpose, now).err().unwrap_or(now)
    }

    /// What [`take`](Self::take) refuses for, in terms a person can act on; `at` is the time that it named.
    pub fn why(&self, at: i64, now: i64) -> Failure {
        if let Some(rest) = self.resting.as_ref().filter(|rest| rest.until == at) {
            return rest.failure.clone();
        }
        let retry_at = Some(at);
        match at - now > MINUTE_MS + 1 {
            true => Failure::QuotaSpent { retry_at },
            false => Failure::RateLimited { retry_at },
        }
    }

    /// Takes over how a request went. After failures of the backend's own, background work rests, twice as
    /// long each time, between a half and the whole of that by `chance`, which the shell draws anew: many
    /// who were cut off together are not to come back together.
    pub fn note(&mut self, failure: Option<&Failure>, now: i64, chance: u32) {
        let Some(failure) = failure else {
            self.resting = None;
            return;
        };
        self.refused(failure, now);
        if !failure.is_outage() {
            return;
        }
        let times = self.resting.as_ref().map_or(0, |rest| rest.times);
        let whole = (REST_MS << times.min(20)).min(MOST_REST_MS);
        let spread = whole / 2 * i64::from(chance) / i64::from(u32::MAX);
        self.resting = Some(Rest {
            failure: failure.clone(),
            times: times.saturating_add(1),
            until: now + whole / 2 + spread,
        });
    }

    /// Takes over what a refusal says.
    pub fn refused(&mut self, failure: &Failure, now: i64) {
        let (retry_at, fallback) = match failure {
            Failure::RateLimited { retry_at } => (retry_at, now + MINUTE_MS),
            Failure::QuotaSpent { retry_at } => {
                self.daily = self.daily.map(|daily| Daily {
                    used: daily.allowed,
                    ..daily.on(now)
                });
                (retry_at, next_utc_midnight(now))
            }
            _ => return,
        };
        // Not even a backend may silence us for longer than a day.
        let until = retry_at.unwrap_or(fallback);
        self.blocked_until = until.clamp(now, now + DAY_MS);
    }

    /// What is left.
    pub fn remaining(&self, now: i64) -> Remaining {
        let recent = self
            .sent
            .iter()
            .filter(|sent| **sent > now - MINUTE_MS)
            .count() as u32;
        Remaining {
            minute: self.per_minute.map(|limit| (recent.min(limit), limit)),
            daily: self
                .daily
                .map(|daily| daily.on(now))
                .map(|daily| (daily.used, daily.allowed)),
        }
    }
}

fn next_utc_midnight(now: i64) -> i64 {
    (now.div_euclid(DAY_MS) + 1) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> Budget {
        Budget::new(&"virustotal.com".parse().unwrap())
    }

    #[test]
    fn four_a_minute_and_the_fifth_waits_for_the_first_to_age() {
        let mut budget = public();
        for second in 0..4 {
            assert_eq!(budget.take(Purpose::User, second * 1000), Ok(()));
        }
        assert_eq!(budget.take(Purpose::User, 5000), Err(60_001));
        assert_eq!(budget.take(Purpose::User, 60_001), Ok(()));
    }

    #[test]
    fn background_work_leaves_the_last_place_to_the_user() {
        let mut budget = public();
        for _ in 0..3 {
            assert_eq!(budget.take(Purpose::Background, 0), Ok(()));
        }
        assert!(budget.take(Purpose::Background, 0).is_err());
        assert_eq!(budget.take(Purpose::User, 0), Ok(()));
    }

    #[test]
    fn a_refusal_blocks_until_the_time_it_names_but_not_longer_than_a_day() {
        let mut budget = Budget::new(&"https://q.example".parse().unwrap());
        budget.refused(
            &Failure::RateLimited {
                retry_at: Some(7000),
            },
            1000,
        );
        assert_eq!(budget.take(Purpose::User, 6999), Err(7000));
        assert_eq!(budget.take(Purpose::User, 7000), Ok(()));
        budget.refused(
            &Failure::RateLimited {
                retry_at: Some(i64::MAX),
            },
            7000,
        );
        assert_eq!(budget.take(Purpose::User, 8000), Err(7000 + 86_400_000));
    }

    #[test]
    fn a_clock_set_back_does_not_lock_the_budget() {
        let mut budget = public();
        for _ in 0..4 {
            budget.take(Purpose::User, 10_000_000).unwrap();
        }
        assert_eq!(budget.take(Purpose::User, 0), Ok(()));
    }

    #[test]
    fn e28_a_refusal_of_before_the_clock_was_set_back_is_forgotten() {
        let mut budget = Budget::new(&"https://q.example".parse().unwrap());
        let later = 40 * 365 * DAY_MS;
        budget.refused(&Failure::QuotaSpent { retry_at: None }, later);
        assert!(budget.take(Purpose::User, later + 1).is_err());
        assert_eq!(budget.take(Purpose::User, 0), Ok(()));
    }

    #[test]
    fn e26_e27_a_day_of_refusals_costs_no_more_questions_than_it_is_told_to() {
        // A backend that says "in an hour" all day, and somebody who would ask every second.
        let mut budget = Budget::new(&"https://q.example".parse().unwrap());
        let hour = 60 * MINUTE_MS;
        let mut asked = 0;
        for second in 0..24 * 3600_i64 {
            let now = second * 1000;
            if budget.take(Purpose::Background, now).is_ok() {
                asked += 1;
                let retry_at = Some(now + hour);
                budget.refused(&Failure::QuotaSpent { retry_at }, now);
            }
        }
        assert_eq!(asked, 24);
        assert_eq!(budget.take(Purpose::Background, DAY_MS), Ok(()));
        // One that names no time is not asked before the day is over.
        let mut budget = Budget::new(&"https://q.example".parse().unwrap());
        budget.refused(&Failure::QuotaSpent { retry_at: None }, 1000);
        assert_eq!(budget.take(Purpose::User, DAY_MS - 1), Err(DAY_MS));
        assert_eq!(budget.take(Purpose::User, DAY_MS), Ok(()));
    }

    #[test]
    fn e27_a_spent_day_refuses_until_midnight_and_the_last_tenth_is_the_users() {
        let mut budget = Budget {
            per_minute: None,
            ..public()
        };
        for _ in 0..450 {
            assert_eq!(budget.take(Purpose::Background, 5), Ok(()));
        }
        assert_eq!(budget.take(Purpose::Background, 5), Err(DAY_MS));
        for _ in 0..50 {
            assert_eq!(budget.take(Purpose::User, 6), Ok(()));
        }
        let at = budget.take(Purpose::User, 7).unwrap_err();
        assert_eq!(at, DAY_MS);
        assert_eq!(
            budget.why(at, 7),
            Failure::QuotaSpent {
                retry_at: Some(DAY_MS)
            }
        );
        assert_eq!(budget.remaining(7).daily, Some((500, 500)));
        assert_eq!(budget.take(Purpose::User, DAY_MS), Ok(()));
        assert_eq!(budget.remaining(DAY_MS).daily, Some((1, 500)));
    }

    #[test]
    fn e26_twenty_tabs_at_once_are_four_a_minute_and_the_user_comes_first() {
        let mut budget = public();
        let mut left = Vec::new();
        let mut waiting = vec![Purpose::Background; 20];
        for second in 0..900_i64 {
            let now = second * 1000;
            // Somebody asks in the third minute.
            if second == 125 {
                assert_eq!(
                    budget.take(Purpose::User, now),
                    Ok(()),
                    "the user does not wait"
                );
                left.push(now);
            }
            while !waiting.is_empty() && budget.take(Purpose::Background, now).is_ok() {
                waiting.pop();
                left.push(now);
            }
        }
        assert!(waiting.is_empty(), "all go on in the end");
        for at in &left {
            let minute = left.iter().filter(|it| (*at..=at + MINUTE_MS).contains(it));
            assert!(minute.count() <= 4, "{left:?}");
        }
    }

    #[test]
    fn e26_background_work_rests_twice_as_long_after_each_failure_and_the_user_may_ask() {
        let mut budget = Budget::new(&"https://q.example".parse().unwrap());
        let failure = Failure::Backend { status: 503 };
        let mut now = 0;
        let mut rests = Vec::new();
        for _ in 0..14 {
            budget.note(Some(&failure), now, u32::MAX);
            let until = budget.take(Purpose::Background, now).unwrap_err();
            assert_eq!(budget.why(until, now), failure);
            assert_eq!(budget.take(Purpose::User, now), Ok(()));
            rests.push(until - now);
            now = until;
            assert_eq!(budget.take(Purpose::Background, now), Ok(()));
        }
        assert_eq!(rests[..4], [1000, 2000, 4000, 8000]);
        assert_eq!(rests[13], MOST_REST_MS);
        // The shell's chance spreads it, by a half at most.
        budget.note(Some(&failure), now, 0);
        assert_eq!(
            budget.opens_at(Purpose::Background, now),
            now + MOST_REST_MS / 2
        );
        budget.note(None, now, 0);
        assert_eq!(budget.opens_at(Purpose::Background, now), now);
        // A clock that is set back does not make it rest for years.
        budget.note(Some(&failure), 1_000_000_000_000, 0);
        assert_eq!(budget.take(Purpose::Background, 0), Ok(()));
    }

    #[test]
    fn what_is_free_is_counted_without_being_taken() {
        let mut budget = public();
        budget.take(Purpose::User, 0).unwrap();
        assert_eq!(budget.free(Purpose::Background, 1, 9), 2);
        assert_eq!(budget.free(Purpose::User, 1, 9), 3);
        assert_eq!(budget.opens_at(Purpose::User, 1), 1);
    }

    #[test]
    fn an_hourly_quota_tells_the_rate() {
        let mut budget = public();
        budget.learn(&Account {
            hourly: Some(crate::report::Quota {
                allowed: 600,
                used: 0,
            }),
            ..Account::default()
        });
        assert_eq!(budget.remaining(0).minute, Some((0, 10)));
    }
}
