//! Licence tiers: what a group may use, from the product's own table. A key belongs to a user, a
//! user to a group, a group to one tier.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

/// A licence tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Tier {
    /// Free of charge.
    Public,
    /// The smallest licence.
    Basic,
    /// The middle one.
    Professional,
    /// The large one.
    Enterprise,
    /// All that the server has.
    Duet,
    /// All that the server has, and the feeds.
    DuetFeeds,
}

/// What a tier allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Requests in any 60 seconds; `None` is no limit.
    pub(crate) minute: Option<u32>,
    /// Requests a day.
    pub(crate) daily: u64,
    /// Intelligence searches a month; downloads have as many of their own.
    pub(crate) intelligence: u64,
    /// Retrohunt jobs a month.
    pub(crate) retrohunt: u64,
    /// Active Livehunt rules.
    pub(crate) livehunt: u64,
    /// VTDIFF jobs a month.
    pub(crate) vtdiff: u64,
    /// Private graphs.
    pub(crate) private_graphs: u64,
}

/// How "unlimited" is written where a number has to stand.
pub(crate) const UNLIMITED: u64 = 1_000_000_000;

impl Tier {
    /// The tier's name, as the command line and the store write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Basic => "basic",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Duet => "duet",
            Self::DuetFeeds => "duet-feeds",
        }
    }

    /// What it allows.
    pub(crate) fn limits(self) -> Limits {
        let paid = |daily, intelligence, retrohunt, livehunt, vtdiff| Limits {
            minute: None,
            daily,
            intelligence,
            retrohunt,
            livehunt,
            vtdiff,
            private_graphs: 0,
        };
        match self {
            Self::Public => Limits {
                minute: Some(4),
                ..paid(500, 0, 0, 0, 0)
            },
            Self::Basic => paid(1_000, 300, 2, 5, 5),
            Self::Professional => paid(10_000, 1_000, 5, 25, 25),
            Self::Enterprise => paid(30_000, 5_000, 25, 100, 100),
            Self::Duet | Self::DuetFeeds => Limits {
                private_graphs: UNLIMITED,
                ..paid(100_000_000, 20_000, 1_000, 20_000, 10_000)
            },
        }
    }

    /// Privileges that come with it.
    pub(crate) fn privileges(self) -> &'static [&'static str] {
        match self {
            Self::Public => &[],
            Self::Basic | Self::Professional | Self::Enterprise => &["intelligence"],
            Self::Duet => &["intelligence", "private-graphs"],
            Self::DuetFeeds => &[
                "intelligence",
                "private-graphs",
                "file-feed",
                "url-feed",
                "file-behaviour-feed",
            ],
        }
    }

    /// Whether relationships that are not public may be read.
    pub(crate) fn is_premium(self) -> bool {
        self != Self::Public
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_and_the_store_write_a_tier_alike() {
        for tier in Tier::value_variants() {
            assert_eq!(tier.as_str().parse(), Ok(*tier));
        }
    }
}
