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
    daily: Option<(u64, u64)>,
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
        self.daily = account.daily.map(|daily| (daily.used, daily.allowed));
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
        self.sent.push(now);
        if let Some((used, _)) = &mut self.daily {
            *used += 1;
        }
        Ok(())
    }

    /// Takes over what a refusal says.
    pub fn refused(&mut self, failure: &Failure, now: i64) {
        let (retry_at, fallback) = match failure {
            Failure::RateLimited { retry_at } => (retry_at, now + MINUTE_MS),
            Failure::QuotaSpent { retry_at } => {
                if let Some((used, allowed)) = &mut self.daily {
                    *used = *allowed;
                }
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
            daily: self.daily,
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
