//! Licence tiers: what a group may use, from the product's own table. A key belongs to a user, a
//! user to a group, a group to one tier.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A licence tier.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schema(rename_all = "kebab-case")]
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
    /// Intelligence searches a month.
    pub(crate) searches: u64,
    /// Downloads a month.
    pub(crate) downloads: u64,
    /// Retrohunt jobs a month.
    pub(crate) retrohunt: u64,
    /// Active Livehunt rules.
    pub(crate) livehunt: u64,
    /// VTDIFF jobs a month.
    pub(crate) vtdiff: u64,
    /// Private graphs.
    pub(crate) private_graphs: u64,
    /// Collections made a month.
    pub(crate) collections: u64,
    /// Files scanned privately.
    pub(crate) private_files: Scans,
    /// URLs scanned privately.
    pub(crate) private_urls: Scans,
}

/// How many private scans there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scans {
    /// A month.
    pub(crate) monthly: u64,
    /// In any 60 seconds.
    pub(crate) minute: u64,
}

impl Scans {
    const NONE: Self = Self {
        monthly: 0,
        minute: 0,
    };

    /// What the add-on brings; a group's own numbers can be less.
    pub(crate) const UNLIMITED: Self = Self {
        monthly: UNLIMITED,
        minute: UNLIMITED,
    };
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
            searches: intelligence,
            downloads: intelligence,
            retrohunt,
            livehunt,
            vtdiff,
            private_graphs: 0,
            // The tiers say nothing of them; a group's own number can.
            collections: UNLIMITED,
            private_files: Scans::NONE,
            private_urls: Scans::NONE,
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
            Self::Basic | Self::Professional | Self::Enterprise => &[INTELLIGENCE],
            Self::Duet => &[INTELLIGENCE, PRIVATE_GRAPHS],
            Self::DuetFeeds => &[
                INTELLIGENCE,
                PRIVATE_GRAPHS,
                FILE_FEED,
                URL_FEED,
                BEHAVIOUR_FEED,
            ],
        }
    }
}

impl Limits {
    /// Those of somebody without a licence.
    pub(crate) fn of_nobody() -> Self {
        Tier::Public.limits()
    }

    /// The limit with a quota's name in the API; `None` for what is not given by tiers.
    pub(crate) fn named(&mut self, quota: &str) -> Option<&mut u64> {
        Some(match quota {
            "api_requests_daily" => &mut self.daily,
            "intelligence_searches_monthly" => &mut self.searches,
            "intelligence_downloads_monthly" => &mut self.downloads,
            "intelligence_hunting_rules" => &mut self.livehunt,
            "intelligence_retrohunt_jobs_monthly" => &mut self.retrohunt,
            "intelligence_graphs_private" => &mut self.private_graphs,
            "intelligence_vtdiff_creation_monthly" => &mut self.vtdiff,
            "collections_creation_monthly" => &mut self.collections,
            "private_scans_monthly" => &mut self.private_files.monthly,
            "private_scans_per_minute" => &mut self.private_files.minute,
            "private_urlscans_monthly" => &mut self.private_urls.monthly,
            "private_urlscans_per_minute" => &mut self.private_urls.minute,
            _ => return None,
        })
    }
}

/// The privilege of what is not public: premium relationships, submissions.
pub(crate) const INTELLIGENCE: &str = "intelligence";

/// The add-on of downloading samples, each in a ZIP with a password, without the rest of
/// [`INTELLIGENCE`], which has it too.
pub(crate) const DOWNLOADS: &str = "downloads-tier-1";

/// The add-on of downloading samples as they are.
pub(crate) const RAW_DOWNLOADS: &str = "downloads-tier-2";

/// The add-on of private graphs.
pub(crate) const PRIVATE_GRAPHS: &str = "private-graphs";

/// The add-on of the feed of files.
pub(crate) const FILE_FEED: &str = "file-feed";

/// The add-on of the feed of URLs.
pub(crate) const URL_FEED: &str = "url-feed";

/// The add-on of the feed of domains.
pub(crate) const DOMAIN_FEED: &str = "domain-feed";

/// The add-on of the feed of IP addresses.
pub(crate) const IP_ADDRESS_FEED: &str = "ip-address-feed";

/// The add-on of the feed of sandboxes' reports.
pub(crate) const BEHAVIOUR_FEED: &str = "file-behaviour-feed";

/// The add-on of taking sandboxes' reports in.
pub(crate) const BEHAVIOUR_IMPORT: &str = "behaviour-import";

/// The add-on of private scanning.
pub(crate) const PRIVATE_SCANNING: &str = "private-scanning";

/// Everything that can be granted to a group or a user beside its tier, for ever or to a day. That
/// of administrating the server is a role: see `Account::administrator`.
pub(crate) const ADD_ONS: &[&str] = &[
    INTELLIGENCE,
    PRIVATE_GRAPHS,
    "retrohunt-180-days",
    "retrohunt-365-days",
    FILE_FEED,
    URL_FEED,
    DOMAIN_FEED,
    IP_ADDRESS_FEED,
    BEHAVIOUR_FEED,
    BEHAVIOUR_IMPORT,
    PRIVATE_SCANNING,
    DOWNLOADS,
    RAW_DOWNLOADS,
    "big-files",
];

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
            let written = serde_json::json!(tier.as_str());
            assert_eq!(serde_json::from_value::<Tier>(written).unwrap(), *tier);
        }
    }

    #[test]
    fn what_comes_with_a_tier_can_be_granted_too() {
        for tier in Tier::value_variants() {
            for privilege in tier.privileges() {
                assert!(ADD_ONS.contains(privilege), "{privilege}");
            }
        }
    }
}
