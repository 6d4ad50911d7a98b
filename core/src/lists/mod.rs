//! Local lists in use: which there are, where they come from, when they are looked after again, and what
//! it means to be on one. The bytes of a list are [`blocklist`](crate::blocklist)'s business.
//!
//! Where lists come from:
//! - A *feed* is an address: the catalogue of a Quorum server (`GET /packs/lists`), a file of the same form,
//!   or a text with an entry a line. It is fetched once a day.
//! - *Own* lists are the user's: a text that was pasted or imported.
//!
//! What a hit is worth ([`Says`]) depends on how much of a digest the list holds; `docs/LISTS.md` says why.

mod catalogue;
mod confirm;
#[cfg(feature = "blocklist")]
mod look;
#[cfg(feature = "blocklist")]
mod text;

pub use catalogue::{Catalogue, CatalogueError, MAX_CATALOGUE, Offer};
pub use confirm::{LOOKUP_PREFIXES, Lookup, lookup_body};
#[cfg(feature = "blocklist")]
pub use look::{Hit, OnShelf, Query, Shelf, Wanted};
#[cfg(feature = "blocklist")]
pub use text::{Built, Entries, Entry, Line};

use serde::{Deserialize, Serialize};

use crate::indicator::Sha256;
use crate::rules::{Glance, PackUrl, SetBy, due, sources, valid_name};

/// The longest file of a list, in bytes: 10 million digests of eight bytes are 56 MB.
pub const MAX_LIST: usize = 64 * 1024 * 1024;
/// The longest text with entries, in bytes.
pub const MAX_TEXT: usize = 16 * 1024 * 1024;
/// The most feeds, and the most own lists.
const MAX_SOURCES: usize = 100;

/// What digest the entries of a list of files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashKind {
    /// SHA-256.
    Sha256,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
}

/// What the entries of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// Addresses and hosts, as Safe Browsing expressions.
    Addresses,
    /// Files known to be bad.
    BadFiles(HashKind),
    /// Files known to be good.
    GoodFiles(HashKind),
}

/// What is on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// The address, or all that begins so: the expression without a scheme, `host/` for a whole host.
    Address(String),
    /// The file.
    File,
    /// A member of the archive, by its path.
    Member(String),
}

/// What a hit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It is on a list of bad things.
    Bad,
    /// The short form of it is, which others share: nobody has confirmed it.
    Hint,
    /// It is on a list of the user's of things known to be good.
    Good,
    /// The short form of it is on a list of things known to be good, which can be made to fit.
    GoodHint,
}

/// That something is on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The list's name.
    pub list: String,
    /// The host that it comes from; empty for a list of the user's.
    pub from: String,
    /// Its version; 0 where versions are not counted.
    pub version: u64,
    /// When that version was made, in milliseconds since the Unix epoch.
    pub made: i64,
    /// What is on it.
    pub of: Of,
    /// What the list's source calls it.
    pub label: Option<String>,
    /// What that says.
    pub says: Says,
}

impl Listing {
    /// Whether it is about an address, and not about bytes.
    pub fn is_address(&self) -> bool {
        matches!(self.of, Of::Address(_))
    }
}

/// How far it is known that a hit is the very thing, and not something else with the same beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proof {
    /// It is not known.
    #[default]
    None,
    /// It is; the source calls it this.
    Confirmed(Option<String>),
    /// It is something else.
    Refuted,
}

/// Which lists there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lists {
    /// Grows with every change of what a look-up would find.
    pub revision: u32,
    /// Addresses that lists are fetched from, in the order they were added.
    pub feeds: Vec<Feed>,
    /// The user's own lists, in the order they were made.
    pub own: Vec<OwnList>,
    /// The addresses that the organisation has set, as it writes them, as far as that has been carried out.
    pub managed: Vec<String>,
}

/// An address that lists are fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Names it for as long as it exists.
    pub id: String,
    /// Its address.
    pub url: PackUrl,
    /// Who wants it.
    #[serde(default)]
    pub set_by: SetBy,
    /// The lists that it has.
    pub lists: Vec<FeedList>,
    /// When all of them were had the last time, in milliseconds since the Unix epoch.
    pub updated: Option<i64>,
    /// When that was last tried.
    pub tried: Option<i64>,
    /// How often it failed since.
    pub failures: u32,
    /// Why, the last time.
    pub problem: Option<FeedProblem>,
}

/// A list of a feed's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedList {
    /// Its name at the feed.
    pub name: String,
    /// What its entries are.
    pub kind: ListKind,
    /// Its version.
    pub version: u64,
    /// The checksum of the file that is here; `None` where there is none.
    pub checksum: Option<Sha256>,
    /// How many entries that file has.
    pub entries: u32,
    /// When that version was made, in milliseconds since the Unix epoch.
    pub made: i64,
    /// The entries' licence, if the feed names one.
    pub license: Option<String>,
    /// Whether it is on.
    pub enabled: bool,
}

/// A list of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnList {
    /// Names it for as long as it exists.
    pub id: String,
    /// What the user calls it; unique.
    pub name: String,
    /// Whether what is on it is known to be good, and not bad.
    pub good: bool,
    /// Whether it is on.
    pub enabled: bool,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub changed: i64,
    /// How many entries it has.
    pub entries: u32,
    /// How many lines are none.
    pub skipped: u32,
}

/// Why a feed was not updated, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedProblem {
    /// It could not be fetched.
    Unreachable,
    /// The server answered with an error.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// What came is no catalogue, and no text with entries.
    NoLists,
    /// What came is longer than what is taken.
    TooLong,
    /// A list is not what the catalogue says; the one that was here before stays.
    Damaged {
        /// Its name.
        list: String,
    },
    /// The browser does not keep it.
    NotKept,
}

/// What is switched on or off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSwitch {
    /// A list of a feed's.
    Feed {
        /// The feed's id.
        feed: String,
        /// The list's name.
        list: String,
    },
    /// An own list, by its id.
    Own(String),
}

impl Lists {
    /// Adds a feed, to be fetched; gives its id. `None` if it is there already or there are too many.
    pub fn add(&mut self, url: PackUrl, now: i64) -> Option<String> {
        if self.feeds.len() >= MAX_SOURCES || self.feeds.iter().any(|feed| feed.url == url) {
            return None;
        }
        Some(self.push(url, SetBy::User, now))
    }

    fn push(&mut self, url: PackUrl, set_by: SetBy, now: i64) -> String {
        let id = self.fresh(now);
        self.feeds.push(Feed {
            id: id.clone(),
            url,
            set_by,
            lists: Vec::new(),
            updated: None,
            tried: None,
            failures: 0,
            problem: None,
        });
        id
    }

    /// Has the feeds that the organisation wants, all of their lists on, and none that it wanted and the user did
    /// not. Gives those that are gone.
    pub fn set_managed(&mut self, addresses: Vec<String>, now: i64) -> Vec<Feed> {
        let wanted = sources(&addresses);
        let mut gone = Vec::new();
        self.feeds.retain_mut(|feed| {
            let Some(set_by) = feed.set_by.turned(wanted.contains(&feed.url)) else {
                gone.push(feed.clone());
                return false;
            };
            feed.set_by = set_by;
            for list in &mut feed.lists {
                list.enabled |= set_by.is_managed();
            }
            true
        });
        for url in &wanted {
            if self.feeds.iter().all(|feed| feed.url != *url) {
                self.push(url.clone(), SetBy::Organisation, now);
            }
        }
        self.managed = addresses;
        self.revision += 1;
        gone
    }

    /// Whether the organisation has set the feed with this id.
    pub fn is_managed(&self, id: &str) -> bool {
        let mut feeds = self.feeds.iter();
        feeds.any(|feed| feed.id == id && feed.set_by.is_managed())
    }

    /// Saves an own list: a new one where it has no id. Gives its id; `None` if the name is taken or not
    /// allowed, the id is not known, or there are too many.
    pub fn save(&mut self, mut list: OwnList) -> Option<String> {
        let mut others = self.own.iter().filter(|own| own.id != list.id);
        if !valid_name(&list.name) || others.any(|own| own.name == list.name) {
            return None;
        }
        let id = if list.id.is_empty() {
            if self.own.len() >= MAX_SOURCES {
                return None;
            }
            list.id = self.fresh(list.changed);
            let id = list.id.clone();
            self.own.push(list);
            id
        } else {
            let known = self.own.iter_mut().find(|own| own.id == list.id)?;
            list.enabled = known.enabled;
            *known = list;
            known.id.clone()
        };
        self.revision += 1;
        Some(id)
    }

    /// An id that nothing here has.
    fn fresh(&self, now: i64) -> String {
        let used = |id: &str| {
            self.own.iter().any(|own| own.id == id) || self.feeds.iter().any(|feed| feed.id == id)
        };
        (0..)
            .map(|count| format!("{now}-{count}"))
            .find(|id| !used(id))
            .unwrap_or_default()
    }

    /// Switches a list; `false` if it is not there, or the organisation's.
    pub fn switch(&mut self, what: &ListSwitch, enabled: bool) -> bool {
        let switch = match what {
            ListSwitch::Own(id) => {
                let own = self.own.iter_mut().find(|own| own.id == *id);
                own.map(|own| &mut own.enabled)
            }
            ListSwitch::Feed { feed, list } => {
                let known = self.feeds.iter_mut().find(|known| known.id == *feed);
                let feed = known.filter(|feed| !feed.set_by.is_managed());
                let list =
                    feed.and_then(|feed| feed.lists.iter_mut().find(|known| known.name == *list));
                list.map(|list| &mut list.enabled)
            }
        };
        let Some(switch) = switch else {
            return false;
        };
        *switch = enabled;
        self.revision += 1;
        true
    }

    /// Removes a feed with all its lists, or an own list; `false` if there is none with this id, or it is the
    /// organisation's.
    pub fn remove(&mut self, id: &str) -> bool {
        if self.is_managed(id) {
            return false;
        }
        let before = self.own.len() + self.feeds.len();
        self.own.retain(|own| own.id != id);
        self.feeds.retain(|feed| feed.id != id);
        let removed = self.own.len() + self.feeds.len() < before;
        self.revision += u32::from(removed);
        removed
    }

    /// A feed was fetched: what it has by now, and what was wrong with some of it. A list that was switched
    /// meanwhile stays as it was switched. `false` if the feed is gone.
    pub fn fetched(
        &mut self,
        id: &str,
        mut lists: Vec<FeedList>,
        problem: Option<FeedProblem>,
        now: i64,
    ) -> bool {
        let Some(feed) = self.feeds.iter_mut().find(|feed| feed.id == id) else {
            return false;
        };
        for list in &mut lists {
            if let Some(known) = feed.lists.iter().find(|known| known.name == list.name) {
                list.enabled = known.enabled;
            }
        }
        if feed.lists != lists {
            self.revision += 1;
        }
        feed.lists = lists;
        match problem {
            None => {
                feed.updated = Some(now);
                feed.tried = Some(now);
                feed.failures = 0;
                feed.problem = None;
            }
            Some(problem) => feed.fail(problem, now),
        }
        true
    }

    /// A feed could not be fetched; what was there before stays.
    pub fn failed(&mut self, id: &str, problem: FeedProblem, now: i64) {
        if let Some(feed) = self.feeds.iter_mut().find(|feed| feed.id == id) {
            feed.fail(problem, now);
        }
    }

    /// The file of a list is not there any more, or damaged: the feed is due at once, and gives a whole one.
    pub fn lost(&mut self, id: &str, list: &str) {
        if let Some(feed) = self.feeds.iter_mut().find(|feed| feed.id == id)
            && let Some(list) = feed.lists.iter_mut().find(|known| known.name == list)
        {
            list.checksum = None;
            list.entries = 0;
            feed.tried = None;
            self.revision += 1;
        }
    }

    /// What the background must know: whether any list is on, and when the first feed is due.
    pub fn glance(&self) -> Glance {
        let feeds = || self.feeds.iter().filter(|feed| feed.is_on());
        let lists = || self.feeds.iter().flat_map(|feed| &feed.lists);
        Glance {
            any: self.own.iter().any(|own| own.enabled)
                || lists().any(|list| list.enabled && list.checksum.is_some()),
            due: feeds().map(Feed::due).min(),
            managed: self.managed.clone(),
        }
    }

    /// The feeds that are due to be fetched: a day after the last time, sooner after a failure.
    pub fn due(&self, now: i64) -> Vec<String> {
        self.feeds
            .iter()
            // A time that is to come is from before the clock was set.
            .filter(|feed| feed.is_on())
            .filter(|feed| feed.due() <= now || feed.tried.is_some_and(|tried| tried > now))
            .map(|feed| feed.id.clone())
            .collect()
    }
}

impl Feed {
    fn fail(&mut self, problem: FeedProblem, now: i64) {
        self.tried = Some(now);
        self.failures = self.failures.saturating_add(1);
        self.problem = Some(problem);
    }

    /// Whether anybody wants something of it: of one that was never had it is not known yet.
    fn is_on(&self) -> bool {
        self.lists.is_empty() || self.lists.iter().any(|list| list.enabled)
    }

    fn due(&self) -> i64 {
        due(self.tried, self.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn list(name: &str) -> FeedList {
        FeedList {
            name: name.to_owned(),
            kind: ListKind::Addresses,
            version: 1,
            checksum: Some([7; 32].into()),
            entries: 3,
            made: 0,
            license: None,
            enabled: true,
        }
    }

    fn with_feed() -> (Lists, String) {
        let mut lists = Lists::default();
        let url = "https://lists.example/packs/lists".parse().unwrap();
        let id = lists.add(url, 0).unwrap();
        (lists, id)
    }

    fn own(name: &str, good: bool) -> OwnList {
        OwnList {
            id: String::new(),
            name: name.to_owned(),
            good,
            enabled: true,
            changed: 5,
            entries: 1,
            skipped: 0,
        }
    }

    #[test]
    fn a_feed_is_due_a_day_after_it_was_had_and_an_hour_after_a_failure() {
        let (mut lists, id) = with_feed();
        assert_eq!(lists.due(0), std::slice::from_ref(&id), "never had");
        assert!(lists.fetched(&id, vec![list("urls")], None, 0));
        assert!(lists.due(24 * HOUR - 1).is_empty());
        assert_eq!(lists.due(24 * HOUR), std::slice::from_ref(&id));
        let damaged = FeedProblem::Damaged {
            list: "urls".to_owned(),
        };
        lists.fetched(&id, vec![list("urls")], Some(damaged.clone()), 30 * HOUR);
        let feed = &lists.feeds[0];
        assert_eq!(feed.updated, Some(0), "not all of it was had");
        assert_eq!(feed.problem, Some(damaged));
        assert_eq!(lists.due(31 * HOUR), std::slice::from_ref(&id));
        assert!(lists.due(31 * HOUR - 1).is_empty());
        lists.lost(&id, "urls");
        assert_eq!(lists.due(30 * HOUR), std::slice::from_ref(&id), "at once");
    }

    #[test]
    fn nothing_is_fetched_of_which_all_is_off_and_the_glance_says_so() {
        let (mut lists, id) = with_feed();
        assert!(!lists.glance().any);
        assert!(lists.glance().is_due(0));
        lists.fetched(&id, vec![list("urls"), list("files-md5")], None, 0);
        assert!(lists.glance().any);
        let off = |list: &str| ListSwitch::Feed {
            feed: id.clone(),
            list: list.to_owned(),
        };
        assert!(lists.switch(&off("urls"), false));
        assert!(lists.glance().is_due(25 * HOUR));
        assert!(lists.switch(&off("files-md5"), false));
        assert!(!lists.switch(&off("other"), false));
        let nothing = Glance {
            any: false,
            ..Glance::default()
        };
        assert_eq!(lists.glance(), nothing);
        // What the feed has anew does not switch on what was switched off.
        lists.fetched(&id, vec![list("urls"), list("new")], None, 30 * HOUR);
        let on: Vec<_> = lists.feeds[0].lists.iter().map(|it| it.enabled).collect();
        assert_eq!(on, [false, true]);
    }

    #[test]
    fn own_lists_have_names_of_their_own_and_the_revision_tells_of_each_change() {
        let mut lists = Lists::default();
        let first = lists.save(own("a", false)).unwrap();
        assert_eq!(lists.save(own("a", true)), None, "the name is taken");
        assert_eq!(lists.save(own(" a", true)), None);
        let second = lists.save(own("b", true)).unwrap();
        assert_ne!(first, second);
        lists.switch(&ListSwitch::Own(first.clone()), false);
        let changed = OwnList {
            id: first.clone(),
            ..own("c", false)
        };
        let before = lists.revision;
        assert_eq!(lists.save(changed), Some(first.clone()));
        assert!(!lists.own[0].enabled, "it stays as it was switched");
        assert!(lists.remove(&first));
        assert!(!lists.remove(&first));
        assert_eq!(lists.revision, before + 2);
        let unknown = OwnList {
            id: "gone".to_owned(),
            ..own("d", false)
        };
        assert_eq!(lists.save(unknown), None);
    }

    #[test]
    fn what_the_organisation_sets_is_on_and_stays_and_goes_with_its_word() {
        let (mut lists, mine) = with_feed();
        lists.fetched(&mine, vec![list("urls")], None, 0);
        let off = ListSwitch::Feed {
            feed: mine.clone(),
            list: "urls".to_owned(),
        };
        assert!(lists.switch(&off, false));
        let theirs = "https://soc.example/hosts.txt".to_owned();
        let wanted = vec![lists.feeds[0].url.to_string(), theirs];
        assert!(lists.set_managed(wanted.clone(), 0).is_empty());
        assert_eq!(lists.glance().managed, wanted);
        assert!(lists.feeds[0].lists[0].enabled);
        assert!(!lists.switch(&off, false));
        assert!(!lists.remove(&mine));
        assert!(lists.due(0).contains(&lists.feeds[1].id), "it is fetched");
        assert!(lists.save(own("a", false)).is_some(), "that is the user's");
        // What the user had from before is the user's again.
        let gone = lists.set_managed(Vec::new(), 2);
        assert_eq!(gone.len(), 1);
        assert_eq!(lists.feeds.len(), 1);
        assert!(lists.switch(&off, false));
        assert!(lists.remove(&mine));
    }
}
