//! The library: which rules there are, which are on, and when packs are looked after again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{PackFault, PackManifest, PackUrl, RuleFault, RuleSeverity};

/// How old a pack gets before it is fetched again, in milliseconds.
const UPDATE_MS: i64 = 24 * 60 * 60 * 1000;
/// The first wait after a failure; it doubles up to [`UPDATE_MS`].
const RETRY_MS: i64 = 60 * 60 * 1000;
/// The most own texts, and the most packs.
const MAX_ENTRIES: usize = 200;

/// What there is, without the texts themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Library {
    /// Grows with every change of what a scan would use.
    pub revision: u32,
    /// Whether Quorum's own pack is on.
    pub built_in: bool,
    /// The user's own texts, in the order they were made.
    pub own: Vec<OwnRule>,
    /// Packs, in the order they were added.
    pub packs: Vec<Pack>,
    /// Rules that are off one by one: `pack-id/source/name`, `own/…` and `quorum/…` likewise.
    pub off: BTreeSet<String>,
    /// The addresses of packs that the organisation has set, as it writes them, as far as that has been carried out.
    pub managed: Vec<String>,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            revision: 0,
            built_in: true,
            own: Vec::new(),
            packs: Vec::new(),
            off: BTreeSet::new(),
            managed: Vec::new(),
        }
    }
}

/// Who wants a source of rules or lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// The user.
    #[default]
    User,
    /// The organisation alone: it goes when the organisation wants it no more.
    Organisation,
    /// The organisation, and the user from before.
    Both,
}

impl SetBy {
    /// Whether the user can neither switch nor remove it.
    pub fn is_managed(self) -> bool {
        self != Self::User
    }

    /// What becomes of it where the organisation wants it, or does not: `None` where nobody does any more.
    pub(crate) fn turned(self, wanted: bool) -> Option<Self> {
        match (self, wanted) {
            (Self::Organisation, wanted) => wanted.then_some(self),
            (Self::User | Self::Both, true) => Some(Self::Both),
            (Self::User | Self::Both, false) => Some(Self::User),
        }
    }
}

/// What the background must know of the library without its module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// Whether any rules are on.
    pub any: bool,
    /// When the first of the packs that are on is due, in milliseconds since the Unix epoch; `None` if none is on.
    pub due: Option<i64>,
    /// The addresses that the organisation has set, as it writes them, as far as that has been carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed: Vec<String>,
}

impl Default for Glance {
    /// Of the library that nobody has changed: Quorum's own pack is on, and is never fetched.
    fn default() -> Self {
        Self {
            any: true,
            due: None,
            managed: Vec::new(),
        }
    }
}

impl Glance {
    /// Whether a pack is due. None is ever due later than in a day: a later time is from before the clock
    /// was set.
    pub fn is_due(&self, now: i64) -> bool {
        self.due
            .is_some_and(|due| due <= now || due - now > UPDATE_MS)
    }
}

/// A text of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRule {
    /// Names it for as long as it exists.
    pub id: String,
    /// What the user calls it; unique.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub changed: i64,
}

/// A pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Names it for as long as it exists.
    pub id: String,
    /// Its manifest's address.
    pub url: PackUrl,
    /// What it calls itself; empty as long as it has never been had.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The licence of the rules that name none.
    pub license: Option<String>,
    /// How bad it is when one of its rules matches that does not say it itself.
    #[serde(default)]
    pub severity: Option<RuleSeverity>,
    /// Whether it is on.
    pub enabled: bool,
    /// Who wants it.
    #[serde(default)]
    pub set_by: SetBy,
    /// How many rules it has.
    pub rules: u32,
    /// When what is here was fetched, in milliseconds since the Unix epoch.
    pub updated: Option<i64>,
    /// When it was last tried.
    pub tried: Option<i64>,
    /// How often it failed since it was last had.
    pub failures: u32,
    /// Why, the last time.
    pub problem: Option<PackProblem>,
}

/// Why a pack was not updated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackProblem {
    /// It could not be fetched.
    Unreachable,
    /// The server answered with an error.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// It is damaged, or no pack.
    Damaged {
        /// What is wrong.
        fault: PackFault,
    },
    /// Its rules do not compile.
    Rules {
        /// The first error.
        fault: RuleFault,
    },
    /// The compiler did not end, or not in time.
    NotChecked,
}

/// What is switched on or off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Quorum's own pack.
    BuiltIn,
    /// A pack, by its id.
    Pack(String),
    /// An own text, by its id.
    Own(String),
    /// One rule, by its key in [`Library::off`].
    Rule(String),
}

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A pack.
    Pack,
    /// An own text.
    Own,
}

/// When something is to be fetched that was tried then and failed so often since: long ago if it never was.
pub(crate) fn due(tried: Option<i64>, failures: u32) -> i64 {
    let wait = match failures {
        0 => UPDATE_MS,
        count => (RETRY_MS << (count - 1).min(5)).min(UPDATE_MS),
    };
    tried.map_or(0, |tried| tried.saturating_add(wait))
}

/// What an organisation's addresses lead to, as far as it can be fetched.
pub(crate) fn sources(addresses: &[String]) -> Vec<PackUrl> {
    let read = addresses.iter().map(|address| address.parse());
    read.filter_map(Result::ok).collect()
}

/// Whether an own text may be called this: something, and nothing that would break a line of the page.
pub fn valid_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=100).contains(&length)
        && name.trim() == name
        && !name.chars().any(|c| c.is_control() || c == '/')
}

impl Library {
    /// Saves an own text under its name: a new one where `id` is `None`. Gives its id; `None` if the name is
    /// taken or not allowed, the id is not known, or there are too many.
    pub fn save(&mut self, id: Option<&str>, name: &str, now: i64) -> Option<String> {
        let taken = self
            .own
            .iter()
            .any(|own| own.name == name && Some(own.id.as_str()) != id);
        if taken || !valid_name(name) {
            return None;
        }
        let id = match id {
            Some(id) => {
                let own = self.own.iter_mut().find(|own| own.id == id)?;
                name.clone_into(&mut own.name);
                own.changed = now;
                id.to_owned()
            }
            None if self.own.len() >= MAX_ENTRIES => return None,
            None => {
                let id = self.fresh(now);
                self.own.push(OwnRule {
                    id: id.clone(),
                    name: name.to_owned(),
                    enabled: true,
                    changed: now,
                });
                id
            }
        };
        self.revision += 1;
        Some(id)
    }

    /// Adds a pack, to be fetched; gives its id. `None` if it is there already or there are too many.
    pub fn add(&mut self, url: PackUrl, now: i64) -> Option<String> {
        if self.packs.len() >= MAX_ENTRIES || self.packs.iter().any(|pack| pack.url == url) {
            return None;
        }
        Some(self.push(url, SetBy::User, now))
    }

    fn push(&mut self, url: PackUrl, set_by: SetBy, now: i64) -> String {
        let id = self.fresh(now);
        self.packs.push(Pack {
            id: id.clone(),
            url,
            name: String::new(),
            version: String::new(),
            license: None,
            severity: None,
            enabled: true,
            set_by,
            rules: 0,
            updated: None,
            tried: None,
            failures: 0,
            problem: None,
        });
        id
    }

    /// Has the packs that the organisation wants, all of them on, and none that it wanted and the user did not.
    /// Gives the ids of those that are gone.
    pub fn set_managed(&mut self, addresses: Vec<String>, now: i64) -> Vec<String> {
        let wanted = sources(&addresses);
        let mut gone = Vec::new();
        self.packs.retain_mut(|pack| {
            let Some(set_by) = pack.set_by.turned(wanted.contains(&pack.url)) else {
                gone.push(pack.id.clone());
                return false;
            };
            pack.set_by = set_by;
            pack.enabled |= set_by.is_managed();
            true
        });
        for url in &wanted {
            if self.packs.iter().all(|pack| pack.url != *url) {
                self.push(url.clone(), SetBy::Organisation, now);
            }
        }
        // What the user has switched off of the organisation's is on again: it is not theirs to say any more.
        let managed = self.packs.iter().filter(|pack| pack.set_by.is_managed());
        let ids: Vec<_> = managed.map(|pack| pack.id.clone()).collect();
        for id in ids.iter().chain(&gone) {
            self.forget_rules(id);
        }
        self.managed = addresses;
        self.revision += 1;
        gone
    }

    /// Forgets which rules of a pack are off.
    fn forget_rules(&mut self, pack: &str) {
        let prefix = format!("{pack}/");
        self.off.retain(|key| !key.starts_with(&prefix));
    }

    /// Whether the organisation has set the pack that this is, or is in.
    pub fn is_managed(&self, what: &Switch) -> bool {
        let id = match what {
            Switch::Pack(id) => id.as_str(),
            Switch::Rule(key) => key.split('/').next().unwrap_or_default(),
            Switch::BuiltIn | Switch::Own(_) => return false,
        };
        let mut packs = self.packs.iter();
        packs.any(|pack| pack.id == id && pack.set_by.is_managed())
    }

    /// An id that nothing here has: the time, and a count where that is taken.
    fn fresh(&self, now: i64) -> String {
        let used = |id: &str| {
            self.own.iter().any(|own| own.id == id) || self.packs.iter().any(|pack| pack.id == id)
        };
        (0..)
            .map(|count| format!("{now}-{count}"))
            .find(|id| !used(id))
            .unwrap_or_default()
    }

    /// Switches something; `false` if it is not there, or the organisation's.
    pub fn switch(&mut self, what: &Switch, enabled: bool) -> bool {
        if self.is_managed(what) {
            return false;
        }
        match what {
            Switch::BuiltIn => self.built_in = enabled,
            Switch::Pack(id) => match self.packs.iter_mut().find(|pack| pack.id == *id) {
                Some(pack) => pack.enabled = enabled,
                None => return false,
            },
            Switch::Own(id) => match self.own.iter_mut().find(|own| own.id == *id) {
                Some(own) => own.enabled = enabled,
                None => return false,
            },
            Switch::Rule(key) if enabled => {
                self.off.remove(key);
            }
            Switch::Rule(key) => {
                self.off.insert(key.clone());
            }
        }
        self.revision += 1;
        true
    }

    /// Removes something; `false` if it is not there, or the organisation's.
    pub fn remove(&mut self, sort: Sort, id: &str) -> bool {
        if sort == Sort::Pack && self.is_managed(&Switch::Pack(id.to_owned())) {
            return false;
        }
        let before = self.own.len() + self.packs.len();
        match sort {
            Sort::Own => self.own.retain(|own| own.id != id),
            Sort::Pack => {
                self.packs.retain(|pack| pack.id != id);
                self.forget_rules(id);
            }
        }
        let removed = self.own.len() + self.packs.len() < before;
        self.revision += u32::from(removed);
        removed
    }

    /// A pack was fetched, verified and compiled: so many rules.
    pub fn updated(&mut self, id: &str, manifest: &PackManifest, rules: u32, now: i64) {
        if let Some(pack) = self.packs.iter_mut().find(|pack| pack.id == id) {
            pack.name.clone_from(&manifest.name);
            pack.version.clone_from(&manifest.version);
            pack.license.clone_from(&manifest.license);
            pack.severity = manifest.severity;
            pack.rules = rules;
            pack.updated = Some(now);
            pack.tried = Some(now);
            pack.failures = 0;
            pack.problem = None;
            self.revision += 1;
        }
    }

    /// A pack was not updated; what was there before stays.
    pub fn failed(&mut self, id: &str, problem: PackProblem, now: i64) {
        if let Some(pack) = self.packs.iter_mut().find(|pack| pack.id == id) {
            pack.tried = Some(now);
            pack.failures = pack.failures.saturating_add(1);
            pack.problem = Some(problem);
        }
    }

    /// What the background must know.
    pub fn glance(&self) -> Glance {
        let packs = || self.packs.iter().filter(|pack| pack.enabled);
        Glance {
            any: self.built_in
                || self.own.iter().any(|own| own.enabled)
                || packs().next().is_some(),
            due: packs().map(Pack::due).min(),
            managed: self.managed.clone(),
        }
    }

    /// The packs that are on and due to be fetched: a day after the last time, sooner after a failure.
    pub fn due(&self, now: i64) -> Vec<String> {
        self.packs
            .iter()
            .filter(|pack| pack.enabled && pack.is_due(now))
            .map(|pack| pack.id.clone())
            .collect()
    }
}

impl Pack {
    fn due(&self) -> i64 {
        due(self.tried, self.failures)
    }

    fn is_due(&self, now: i64) -> bool {
        // A time that is to come is from before the clock was set.
        self.due() <= now || self.tried.is_some_and(|tried| tried > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn with_pack() -> (Library, String) {
        let mut library = Library::default();
        let url = "https://rules.example/p.json".parse().unwrap();
        let id = library.add(url, 0).unwrap();
        (library, id)
    }

    #[test]
    fn a_pack_is_due_a_day_after_it_was_had_and_sooner_after_a_failure() {
        let (mut library, id) = with_pack();
        assert_eq!(library.due(0), std::slice::from_ref(&id));
        library.packs[0].tried = Some(0);
        assert!(library.due(23 * HOUR).is_empty());
        assert_eq!(library.due(24 * HOUR), std::slice::from_ref(&id));
        // 1, 2, 4, 8, 16, 24 hours.
        for (failures, hours) in [1, 2, 4, 8, 16, 24, 24].into_iter().enumerate() {
            library.failed(&id, PackProblem::Unreachable, 0);
            assert_eq!(library.packs[0].failures as usize, failures + 1);
            assert!(library.due(hours * HOUR - 1).is_empty());
            assert_eq!(library.due(hours * HOUR), std::slice::from_ref(&id));
        }
        // The clock was set back: what was tried in the future is of unknown age.
        assert_eq!(library.due(-1), std::slice::from_ref(&id));
        library.switch(&Switch::Pack(id), false);
        assert!(library.due(1000 * HOUR).is_empty());
    }

    #[test]
    fn a_glance_tells_what_the_library_would() {
        assert_eq!(Library::default().glance(), Glance::default());
        let (mut library, id) = with_pack();
        assert!(library.glance().is_due(0), "never had");
        library.packs[0].tried = Some(HOUR);
        for now in [2, 24, 25, 26] {
            let now = now * HOUR;
            assert_eq!(library.glance().is_due(now), !library.due(now).is_empty());
        }
        assert!(library.glance().is_due(-HOUR), "the clock was set back");
        library.switch(&Switch::BuiltIn, false);
        assert!(library.glance().any);
        library.switch(&Switch::Pack(id), false);
        let nothing = Glance {
            any: false,
            ..Glance::default()
        };
        assert_eq!(library.glance(), nothing);
        let own = library.save(None, "a", 0).unwrap();
        assert!(library.glance().any);
        library.switch(&Switch::Own(own), false);
        assert!(!library.glance().any);
    }

    #[test]
    fn names_are_unique_and_the_revision_grows_with_what_a_scan_would_use() {
        let mut library = Library::default();
        let first = library.save(None, "a", 1).unwrap();
        let second = library.save(None, "b", 1).unwrap();
        assert_ne!(first, second);
        assert_eq!(library.save(None, "a", 2), None);
        assert_eq!(library.save(Some(&second), "a", 2), None);
        for name in ["", " a", "a/b", "a\nb"] {
            assert_eq!(library.save(None, name, 2), None, "{name:?}");
        }
        assert_eq!(library.save(Some(&first), "a", 2), Some(first.clone()));
        let before = library.revision;
        assert!(library.switch(&Switch::Own(first.clone()), false));
        assert!(library.remove(Sort::Own, &first));
        assert!(!library.remove(Sort::Own, &first));
        assert_eq!(library.revision, before + 2);
    }

    #[test]
    fn what_is_said_of_a_pack_that_is_removed_goes_with_it() {
        let (mut library, id) = with_pack();
        library.switch(&Switch::Rule(format!("{id}/a.yar/r")), false);
        library.switch(&Switch::Rule("own/a/r".to_owned()), false);
        assert!(library.remove(Sort::Pack, &id));
        assert_eq!(library.off.iter().collect::<Vec<_>>(), ["own/a/r"]);
    }

    #[test]
    fn what_the_organisation_sets_is_on_and_stays_and_goes_with_its_word() {
        let (mut library, mine) = with_pack();
        let shared = library.packs[0].url.to_string();
        library.switch(&Switch::Pack(mine.clone()), false);
        library.switch(&Switch::Rule(format!("{mine}/a.yar/r")), false);
        let wanted = vec![shared, "https://soc.example".to_owned()];
        // Named twice, it is there once.
        let twice = [wanted.clone(), wanted.clone()].concat();
        assert!(library.set_managed(twice.clone(), 0).is_empty());
        assert_eq!(library.managed, twice);
        assert_eq!(library.glance().managed, twice, "as it is written");
        assert_eq!(library.packs.len(), 2);
        let theirs = library.packs[1].id.clone();
        for id in [&mine, &theirs] {
            let rule = Switch::Rule(format!("{id}/a.yar/r"));
            for what in [Switch::Pack(id.clone()), rule] {
                assert!(library.is_managed(&what));
                assert!(!library.switch(&what, false), "{what:?}");
            }
            assert!(!library.remove(Sort::Pack, id));
        }
        assert!(library.packs.iter().all(|pack| pack.enabled));
        assert!(library.off.is_empty(), "all of it is on");
        assert!(
            library.switch(&Switch::BuiltIn, false),
            "that is the user's"
        );
        // Set again, as at each start, nothing is another than before.
        let before = library.packs.clone();
        assert!(library.set_managed(wanted, 1).is_empty());
        assert_eq!(library.packs, before);
        // What the user had from before is the user's again.
        assert_eq!(library.set_managed(Vec::new(), 2), [theirs]);
        assert_eq!(library.packs.len(), 1);
        assert!(library.remove(Sort::Pack, &mine));
    }
}
