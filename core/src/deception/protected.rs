//! Domains that others like to imitate, and how to tell an imitation.
//!
//! An imitation is looked for in the name that was registered (`paypa1.com`), in the parts of it
//! between hyphens (`paypal-login.com`), and in what stands in front of it
//! (`paypal.com.example.net`). A name that belongs to the owner is never one.
//!
//! How much is an imitation depends on the length of the protected name: most names of three or
//! four letters differ by one letter from another company, so there only what imitates the shape
//! of letters counts.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::host::{Name, is_fake_punctuation};
use super::unicode::{prototype, scripts};
use super::{Reason, Severity, Shown};
use crate::indicator::Domain;
use crate::suffix::{public_suffix, registrable_domain};

/// `core/src/deception/protected.txt`: well-known domains, its head says in which form.
const WELL_KNOWN: &str = include_str!("protected.txt");

/// Words that turn somebody else's name into a pretended page of its owner.
const LURES: [&str; 62] = [
    "2fa",
    "account",
    "accounts",
    "airdrop",
    "alert",
    "alerts",
    "auth",
    "authenticate",
    "authentication",
    "authorize",
    "billing",
    "blocked",
    "claim",
    "confirm",
    "confirmation",
    "customer",
    "customs",
    "delivery",
    "giftcard",
    "help",
    "helpdesk",
    "id",
    "identity",
    "invoice",
    "kyc",
    "limited",
    "locked",
    "login",
    "logon",
    "mfa",
    "otp",
    "parcel",
    "password",
    "pay",
    "payment",
    "payments",
    "recover",
    "recovery",
    "refund",
    "refunds",
    "restore",
    "reward",
    "rewards",
    "secure",
    "security",
    "sign",
    "signin",
    "sso",
    "support",
    "suspended",
    "track",
    "tracking",
    "unlock",
    "unusual",
    "update",
    "updates",
    "validate",
    "verification",
    "verify",
    "wallet",
    "webmail",
    "www",
];

/// No lure or filler has more letters.
const MAX_LURE: usize = 14;

/// Words that may stand beside a lure without making it any better.
const FILLERS: [&str; 15] = [
    "app", "bank", "banking", "center", "client", "com", "in", "my", "net", "official", "online",
    "portal", "service", "team", "web",
];

/// How a name imitates a protected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trick {
    /// Characters that look like the right ones: `раypal`, `paypa1`, `arnazon`.
    Homoglyph,
    /// The same letters with or without accents: `páypal`.
    Accent,
    /// Two letters changed places: `payapl`.
    Transposition,
    /// A letter doubled, or a double one written once: `payppal`, `gogle`.
    DoubledLetter,
    /// A hyphen put in or left out: `pay-pal`.
    Hyphen,
    /// The dot after `www` or before the suffix left out: `wwwpaypal.com`, `paypalcom.net`.
    MissingDot,
    /// A letter's neighbour on the keyboard: `paypsl`.
    KeyboardNeighbour,
    /// A character that differs in one bit, as a memory fault makes it: `paypam`.
    BitFlip,
    /// Another letter.
    Substitution,
    /// A letter too many.
    Insertion,
    /// A letter left out.
    Omission,
    /// The same name below another public suffix: `paypal.example`.
    OtherSuffix,
}

impl fmt::Display for Trick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Homoglyph => "characters that look like the right ones",
            Self::Accent => "accents added or left out",
            Self::Transposition => "two letters swapped",
            Self::DoubledLetter => "a letter doubled, or a double letter written once",
            Self::Hyphen => "a hyphen added or left out",
            Self::MissingDot => "a dot left out",
            Self::KeyboardNeighbour => "a neighbouring key",
            Self::BitFlip => "a letter that differs in one bit",
            Self::Substitution => "another letter",
            Self::Insertion => "a letter added",
            Self::Omission => "a letter left out",
            Self::OtherSuffix => "another ending",
        })
    }
}

#[derive(Debug, Clone)]
struct Entry {
    /// What was registered, in ASCII.
    domain: Box<str>,
    /// The name in front of the suffix, as it is shown.
    label: Box<str>,
    suffix: Box<str>,
    word: bool,
    countries: bool,
    /// Other people's names that are one edit away.
    others: Box<[Box<str>]>,
}

impl Entry {
    fn new(domain: &str) -> Self {
        let (label, suffix) = split(domain);
        Self {
            domain: domain.into(),
            label: idna::domain_to_unicode(label).0.into(),
            suffix: suffix.into(),
            word: false,
            countries: false,
            others: Box::default(),
        }
    }

    fn length(&self) -> usize {
        self.label.chars().count()
    }
}

/// The registered name in front of its suffix, and the suffix. Of a name that is a public suffix
/// itself (`github.io`), its first label counts as registered.
fn split(domain: &str) -> (&str, &str) {
    let registered = registrable_domain(domain).unwrap_or(domain);
    registered.split_once('.').unwrap_or((registered, ""))
}

/// Domains to protect from look-alikes, prepared so that a check takes microseconds.
///
/// ```
/// use quorum_core::deception::{Protected, check_host};
/// let mine = Protected::from_iter(["example-bank.com".parse()?]);
/// assert_eq!(check_host("www.example-bank.com", &mine), []);
/// assert_eq!(
///     check_host("exarnple-bank.com", &mine)[0].to_string(),
///     "exarnple-bank.com looks like example-bank.com: characters that look like the right ones",
/// );
/// # Ok::<(), quorum_core::indicator::DomainError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Protected {
    entries: Vec<Entry>,
    /// (domain, owner), sorted; owners are numbered by their first entry.
    owned: Vec<(Box<str>, u32)>,
    /// (label, entry), sorted.
    by_label: Vec<(Box<str>, u32)>,
    /// (what the label looks like, entry), sorted.
    by_shape: Vec<(Box<str>, u32)>,
    /// (letters, entry) by the label's length: what can be one edit away is found by two numbers.
    by_length: Vec<Vec<(u32, u32)>>,
}

impl Protected {
    /// The list that comes with Quorum: some 250 domains that are impersonated most, with the
    /// other domains of their owners.
    pub fn well_known() -> Self {
        let mut protected = Self::default();
        for line in WELL_KNOWN.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(domain) = words.next() else { continue };
            let mut entry = Entry::new(domain);
            let mut others: Vec<Box<str>> = Vec::new();
            let owner = protected.entries.len() as u32;
            protected.owned.push((domain.into(), owner));
            for word in words {
                match word {
                    "word" => entry.word = true,
                    "countries" => entry.countries = true,
                    _ => match word.strip_prefix('-') {
                        Some(label) => others.push(label.into()),
                        None => protected.owned.push((word.into(), owner)),
                    },
                }
            }
            entry.others = others.into();
            protected.entries.push(entry);
        }
        protected.index();
        protected
    }

    fn index(&mut self) {
        self.owned.sort_unstable();
        self.owned.dedup();
        (self.by_label, self.by_shape, self.by_length) = Default::default();
        for (number, entry) in (0..).zip(&self.entries) {
            self.by_label.push((entry.label.clone(), number));
            self.by_shape.push((shape(&entry.label).into(), number));
            let length = entry.length();
            if self.by_length.len() <= length {
                self.by_length.resize_with(length + 1, Vec::new);
            }
            self.by_length[length].push((letters(&entry.label), number));
        }
        self.by_label.sort_unstable();
        self.by_shape.sort_unstable();
    }

    /// Whether a name, or the domain that it lies below, belongs to an owner on the list.
    pub(super) fn owns(&self, ascii: &str) -> bool {
        self.owners(ascii).next().is_some()
    }

    /// Whether two hosts belong to one owner on the list.
    pub(super) fn have_one_owner(&self, a: &str, b: &str) -> bool {
        self.owners(a)
            .any(|owner| self.owners(b).any(|other| other == owner))
    }

    fn owners(&self, ascii: &str) -> impl Iterator<Item = u32> {
        // What is a public suffix itself (`github.io`) is found by the name as it is.
        found(&self.owned, registrable_domain(ascii).unwrap_or(ascii))
    }

    fn named(&self, label: &str) -> impl Iterator<Item = &Entry> {
        found(&self.by_label, label).map(|number| &self.entries[number as usize])
    }

    fn shaped(&self, shape: &str) -> impl Iterator<Item = &Entry> {
        found(&self.by_shape, shape).map(|number| &self.entries[number as usize])
    }

    /// What imitates a protected domain in a name: at most one finding for what was registered,
    /// and one for what stands in front of it.
    pub(super) fn check(&self, name: &Name, findings: &mut Vec<(Severity, Reason)>) {
        if self.entries.is_empty() || self.owns(&name.ascii) {
            return;
        }
        let Some(registered) = registrable_domain(&name.ascii) else {
            return;
        };
        let (ascii_label, suffix) = registered.split_once('.').unwrap_or((registered, ""));
        let label = idna::domain_to_unicode(ascii_label).0;
        let candidate = Candidate {
            label: &label,
            suffix,
            private: public_suffix(&name.ascii).private,
        };
        if let Some((severity, entry, trick)) = self.look_alike(&candidate) {
            findings.push((
                severity,
                Reason::LookAlike {
                    domain: Shown::from(format!("{label}.{suffix}").as_str()),
                    ascii: Shown::from(registered),
                    protected: Shown::from(&*entry.domain),
                    trick,
                },
            ));
        } else if let Some((severity, entry, part)) = self.part(&label) {
            findings.push((
                severity,
                Reason::NameInsideName {
                    domain: Shown::from(registered),
                    part: Shown::from(part),
                    protected: Shown::from(&*entry.domain),
                },
            ));
        }
        let labels_in_front = name.ascii[..name.ascii.len() - registered.len()]
            .matches('.')
            .count();
        let front: Vec<&str> = name.unicode.split('.').take(labels_in_front).collect();
        if let Some((severity, entry, part)) = self.in_front(&front.join("."), &label) {
            findings.push((
                severity,
                Reason::NameInSubdomain {
                    domain: Shown::from(registered),
                    part: Shown::from(part.as_str()),
                    protected: Shown::from(&*entry.domain),
                },
            ));
        }
    }

    fn look_alike(&self, candidate: &Candidate<'_>) -> Option<(Severity, &Entry, Trick)> {
        let shape = shape(candidate.label);
        let same_shape = self
            .shaped(&shape)
            .map(|entry| (entry, candidate.shape_trick(entry)));
        let (length, letters) = (candidate.label.chars().count(), letters(candidate.label));
        let near = (length.saturating_sub(1)..=length + 1)
            .filter_map(|length| self.by_length.get(length))
            .flatten()
            // One edit changes at most two of the bits that say which letters there are.
            .filter(|(other, _)| (letters ^ other).count_ones() <= 2)
            .map(|(_, number)| &self.entries[*number as usize])
            .map(|entry| (entry, one_edit(candidate.label, &entry.label)));
        let joined = candidate
            .without_dot()
            .into_iter()
            .flat_map(|label| self.named(label))
            .map(|entry| {
                (
                    entry,
                    candidate.misses_dot(entry).then_some(Trick::MissingDot),
                )
            });
        same_shape
            .chain(near)
            .chain(joined)
            .filter_map(|(entry, trick)| {
                let trick = trick?;
                Some((candidate.judge(entry, trick)?, entry, trick))
            })
            // Warnings first, then the more telling trick.
            .min_by_key(|(severity, entry, trick)| {
                (
                    std::cmp::Reverse(*severity),
                    *trick,
                    *entry.suffix != *candidate.suffix,
                )
            })
    }

    /// A protected name as a part of a registered one: between hyphens, or glued to a lure.
    fn part<'a>(&self, label: &'a str) -> Option<(Severity, &Entry, &'a str)> {
        let parts: Vec<&str> = label.split('-').collect();
        let lured = parts.iter().any(|part| is_lure(part));
        // Names on the list have at most one hyphen of their own (`t-mobile`).
        let mut hyphens = vec![0];
        hyphens.extend(label.match_indices('-').map(|(at, _)| at + 1));
        hyphens.push(label.len() + 1);
        let runs = [2, 3].into_iter().flat_map(|count| hyphens.windows(count));
        let runs = runs.map(|ends| &label[ends[0]..ends[ends.len() - 1] - 1]);
        let hyphenated = runs
            .filter(|run| run.len() < label.len())
            .filter_map(|part| {
                let (entry, exact) = self.is_name(part)?;
                let with_suffix = exact && parts.contains(&&*entry.suffix);
                if lured || with_suffix {
                    (entry.length() >= 3).then_some((Severity::Warning, entry, part))
                } else {
                    (entry.length() >= 5 && !entry.word).then_some((Severity::Notice, entry, part))
                }
            });
        let glued = parts.iter().flat_map(|part| {
            // No name on the list and no lure is longer than this.
            let cuts = (part.char_indices().map(|(at, _)| at)).filter(|at| (2..=60).contains(at));
            cuts.flat_map(move |at| {
                let (first, second) = part.split_at(at);
                [(first, second), (second, first)]
            })
            .filter(|(_, rest)| is_luring(rest))
            .filter_map(|(name, _)| {
                let (entry, _) = self.is_name(name)?;
                (entry.length() >= 5).then_some((Severity::Warning, entry, name))
            })
        });
        hyphenated
            .chain(glued)
            .max_by_key(|(severity, entry, _)| (*severity, entry.length()))
    }

    /// A protected name in front of another registered domain: as a part between dots and hyphens,
    /// or a whole domain of its owner, which may run on into the registered label
    /// (`paypal.com-login.net`).
    fn in_front(&self, front: &str, label: &str) -> Option<(Severity, &Entry, String)> {
        if front.is_empty() {
            return None;
        }
        let whole = format!("{front}.{label}");
        let is_break = |c: char| matches!(c, '.' | '-') || is_fake_punctuation(c);
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, sign) in whole.match_indices(is_break) {
            parts.push((start, at));
            start = at + sign.len();
        }
        parts.push((start, whole.len()));
        let lured = parts
            .iter()
            .map(|(from, to)| &whole[*from..*to])
            .any(|part| part != "www" && is_lure(part));
        let mut best: Option<(Severity, &Entry, String)> = None;
        let mut offer = |severity, entry, part: &str| {
            if best.as_ref().is_none_or(|(known, _, _)| severity > *known) {
                best = Some((severity, entry, part.to_owned()));
            }
        };
        for (number, (from, to)) in parts
            .iter()
            .enumerate()
            .filter(|(_, (from, _))| *from < front.len())
        {
            // The longest domains that are owned have four parts.
            for (_, to) in parts[number..].iter().take(4).skip(1) {
                let written = &whole[*from..*to];
                let domain = written.replace(is_break, ".");
                // Shorter ones (`x.com`) are there by chance, or as two ordinary parts.
                if let Some(entry) = found(&self.owned, &domain)
                    .chain(found(&self.owned, written))
                    .map(|owner| &self.entries[owner as usize])
                    .find(|_| domain.len() >= if written.contains('-') { 9 } else { 6 })
                {
                    offer(Severity::Warning, entry, written);
                }
            }
            let part = &whole[*from..*to];
            let Some((entry, exact)) = self.is_name(part) else {
                continue;
            };
            if !exact || (lured && entry.length() >= 4) {
                offer(Severity::Warning, entry, part);
            } else if entry.length() >= 5 && !entry.word {
                offer(Severity::Notice, entry, part);
            }
        }
        best
    }

    /// The entry whose name this is, or (if it is long enough to be sure) looks like.
    fn is_name(&self, part: &str) -> Option<(&Entry, bool)> {
        if part.len() < 2 {
            return None;
        }
        if let Some(entry) = self.named(part).next() {
            return Some((entry, true));
        }
        let entry = self.shaped(&shape(part)).next()?;
        (entry.length() >= 5
            && (!part.is_ascii() || !entry.others.iter().any(|other| **other == *part)))
        .then_some((entry, false))
    }
}

/// What is well known and a person's own domains: the list, and of what it was made.
static KEPT: Mutex<Option<(Vec<String>, Arc<Protected>)>> = Mutex::new(None);

impl Protected {
    /// What is well known, and these domains of one's own; what is no domain is passed over. Making
    /// the list costs more than asking it, and the same one is asked again and again: it is kept.
    pub fn with(own: &[String]) -> Arc<Self> {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, list)) if of == own => list.clone(),
            _ => {
                let mut list = Self::well_known();
                list.extend(own.iter().filter_map(|domain| domain.trim().parse().ok()));
                let list = Arc::new(list);
                *kept = Some((own.to_vec(), list.clone()));
                list
            }
        }
    }
}

impl Extend<Domain> for Protected {
    /// Adds domains of the user's own, which belong to one owner. Of a name with more labels what was
    /// registered is taken.
    fn extend<I: IntoIterator<Item = Domain>>(&mut self, domains: I) {
        let owner = self.entries.len() as u32;
        for domain in domains {
            let registered = registrable_domain(domain.as_str()).unwrap_or(domain.as_str());
            self.owned.push((registered.into(), owner));
            self.entries.push(Entry::new(registered));
        }
        self.index();
    }
}

impl FromIterator<Domain> for Protected {
    fn from_iter<I: IntoIterator<Item = Domain>>(domains: I) -> Self {
        let mut protected = Self::default();
        protected.extend(domains);
        protected
    }
}

fn found(sorted: &[(Box<str>, u32)], key: &str) -> impl Iterator<Item = u32> {
    let from = sorted.partition_point(|(known, _)| **known < *key);
    sorted[from..]
        .iter()
        .take_while(move |(known, _)| **known == *key)
        .map(|(_, number)| *number)
}

/// A registered name that may be an imitation.
struct Candidate<'a> {
    label: &'a str,
    suffix: &'a str,
    /// Whether the suffix is a company's, below which its customers have their names.
    private: bool,
}

impl<'a> Candidate<'a> {
    /// The trick of a name that has the shape of the protected one.
    fn shape_trick(&self, entry: &Entry) -> Option<Trick> {
        if *self.label == *entry.label {
            return Some(Trick::OtherSuffix);
        }
        let plain = |label: &str| -> String { label.chars().filter_map(without_accent).collect() };
        Some(if plain(self.label) == plain(&entry.label) {
            Trick::Accent
        } else {
            Trick::Homoglyph
        })
    }

    /// The name without the `www` in front of it or the suffix glued to it.
    fn without_dot(&self) -> Vec<&'a str> {
        let mut out: Vec<&str> = self.label.strip_prefix("www").into_iter().collect();
        for glued in ["com", "net", "org"] {
            out.extend(self.label.strip_suffix(glued));
        }
        out
    }

    fn misses_dot(&self, entry: &Entry) -> bool {
        entry.length() >= 4
            && (self.label.starts_with("www")
                || self.label.strip_prefix(&*entry.label) == Some(&*entry.suffix))
    }

    /// How much a trick means here; `None` if that is a coincidence.
    fn judge(&self, entry: &Entry, trick: Trick) -> Option<Severity> {
        let length = entry.length();
        let same_suffix = self.suffix == &*entry.suffix;
        if entry.others.iter().any(|other| **other == *self.label) {
            return None;
        }
        let by_suffix = if same_suffix {
            Severity::Warning
        } else {
            Severity::Notice
        };
        match trick {
            Trick::OtherSuffix => {
                let country = entry.countries
                    && !self.private
                    && self
                        .suffix
                        .rsplit('.')
                        .next()
                        .is_some_and(|top| top.len() == 2 || top.starts_with("xn--"));
                // Names of one to three letters are somebody else's below every other suffix.
                (!same_suffix && !country && !entry.word && length >= 4).then_some(Severity::Notice)
            }
            Trick::Homoglyph if self.label.is_ascii() => match length {
                // "ing" is not "lng"; a digit for a letter is no accident.
                ..=2 => None,
                3 | 4 => {
                    let digits = |label: &str| label.bytes().filter(u8::is_ascii_digit).count();
                    (same_suffix && digits(self.label) > digits(&entry.label))
                        .then_some(Severity::Warning)
                }
                _ => Some(Severity::Warning),
            },
            Trick::Homoglyph => Some(Severity::Warning),
            Trick::Accent => (length >= 4).then_some(by_suffix),
            Trick::MissingDot => Some(by_suffix),
            Trick::Transposition | Trick::DoubledLetter => {
                (length >= 6 || (length == 5 && same_suffix)).then_some(by_suffix)
            }
            Trick::Hyphen => (length >= 5 && !entry.word).then_some(by_suffix),
            _ => (length >= 6 && !entry.word && (same_suffix || length >= 8)).then_some(by_suffix),
        }
    }
}

fn is_lure(word: &str) -> bool {
    LURES.binary_search(&word).is_ok()
}

/// Whether a text is made of lures, fillers and digits, with at least one lure.
fn is_luring(text: &str) -> bool {
    // One lure, alone or with one filler on either side, is all that is seen in practice.
    let text = text.trim_matches(|c: char| c.is_ascii_digit());
    if is_lure(text) {
        return true;
    }
    if text.len() > 2 * MAX_LURE {
        return false;
    }
    (1..text.len())
        .filter(|at| text.is_char_boundary(*at))
        .any(|at| {
            let (first, second) = text.split_at(at);
            (is_lure(first) && (is_lure(second) || FILLERS.contains(&second)))
                || (FILLERS.contains(&first) && is_lure(second))
        })
}

/// Which letters a label has: a bit for each of a–z, the others share the rest.
fn letters(label: &str) -> u32 {
    label.chars().fold(0, |bits, c| {
        bits | 1
            << match c {
                'a'..='z' => u32::from(c) - u32::from('a'),
                '-' => 26,
                '0'..='9' => 27 + u32::from(c) % 2,
                _ => 29 + u32::from(c) % 3,
            }
    })
}

/// The letter without its accents, if it is one of its own script with accents.
fn without_accent(c: char) -> Option<char> {
    let mut parts = prototype(c).unwrap_or_default().chars();
    match parts.next() {
        _ if is_accent(c) => None,
        Some(base)
            if scripts(base) == scripts(c)
                && parts.clone().next().is_some()
                && parts.all(is_accent) =>
        {
            Some(base)
        }
        _ => Some(c),
    }
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// What a label looks like at a glance: its skeleton (UTS #39 §4) without accents, and with the
/// look-alikes inside ASCII folded, which the skeleton knows only in upper case.
pub(super) fn shape(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    let mut push = |c: char| {
        let c = match c.to_ascii_lowercase() {
            '0' => 'o',
            '1' | 'i' | '|' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '8' => 'b',
            // Turned letters have prototypes of their own.
            'ə' | 'ǝ' => 'e',
            c => c,
        };
        match (out.chars().next_back(), c) {
            (Some('r' | 'n'), 'n') => replace_last(&mut out, 'm'),
            (Some('v'), 'v') => replace_last(&mut out, 'w'),
            (Some('c'), 'l') => replace_last(&mut out, 'd'),
            _ => out.push(c),
        }
    };
    for c in label.chars() {
        match prototype(c) {
            Some(prototype) => prototype
                .chars()
                .filter(|c| !is_accent(*c))
                .for_each(&mut push),
            None if is_accent(c) => {}
            None => push(c),
        }
    }
    out
}

fn replace_last(text: &mut String, c: char) {
    text.pop();
    text.push(c);
}

/// The rows of a keyboard, each with what lies between the keys of the row above (QWERTY; the
/// letters that QWERTZ and AZERTY have elsewhere are few, and are found as substitutions).
const KEYBOARD: [&str; 4] = ["1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn are_neighbours(a: char, b: char) -> bool {
    let place = |c: char| {
        (0i32..)
            .zip(KEYBOARD)
            .find_map(|(row, keys)| Some((row, i32::try_from(keys.find(c)?).ok()?)))
    };
    let (Some((row_a, at_a)), Some((row_b, at_b))) = (place(a), place(b)) else {
        return false;
    };
    match row_b - row_a {
        0 => (at_a - at_b).abs() == 1,
        // Each row is shifted to the right by about half a key.
        1 => at_a - at_b == 0 || at_a - at_b == 1,
        -1 => at_b - at_a == 0 || at_b - at_a == 1,
        _ => false,
    }
}

/// By which single edit a label came out of a protected name, if by one.
fn one_edit(label: &str, name: &str) -> Option<Trick> {
    let (label, name): (Vec<char>, Vec<char>) = (label.chars().collect(), name.chars().collect());
    let same_start = label.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let most = label.len().min(name.len()) - same_start;
    let same_end = label
        .iter()
        .rev()
        .zip(name.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let added = &label[same_start..label.len() - same_end];
    let gone = &name[same_start..name.len() - same_end];
    // A letter beside its equal: the start that is the same runs past it.
    let doubles = |text: &[char], c: char| {
        same_start > 0 && text.get(same_start - 1) == Some(&c)
            || text.get(same_start + 1) == Some(&c)
    };
    match (added, gone) {
        (['-'], []) | ([], ['-']) => Some(Trick::Hyphen),
        ([c], []) => Some(if doubles(&label, *c) {
            Trick::DoubledLetter
        } else {
            Trick::Insertion
        }),
        ([], [c]) => Some(if doubles(&name, *c) {
            Trick::DoubledLetter
        } else {
            Trick::Omission
        }),
        ([a, b], [c, d]) if (a, b) == (d, c) => Some(Trick::Transposition),
        ([a], [b]) => Some(if are_neighbours(*a, *b) {
            Trick::KeyboardNeighbour
        } else if (u32::from(*a) ^ u32::from(*b)).is_power_of_two() {
            Trick::BitFlip
        } else {
            Trick::Substitution
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lures_are_sorted_for_the_binary_search() {
        assert!(LURES.is_sorted());
        assert!(
            LURES
                .iter()
                .chain(&FILLERS)
                .all(|word| word.len() <= MAX_LURE)
        );
    }

    #[test]
    fn the_list_is_well_formed() {
        let protected = Protected::well_known();
        assert!(protected.entries.len() > 200);
        for (domain, _) in &protected.owned {
            assert_eq!(domain.parse::<Domain>().unwrap().as_str(), &**domain);
            // What lies below a domain is found through the domain that was registered.
            let registered = registrable_domain(domain);
            assert!(
                registered.is_none_or(|registered| *registered == **domain),
                "{domain}"
            );
        }
        for pair in protected.by_label.windows(2) {
            assert!(
                pair[0].0 != pair[1].0
                    || protected.entries[pair[0].1 as usize].domain
                        != protected.entries[pair[1].1 as usize].domain,
                "{} twice",
                pair[0].0
            );
        }
    }

    #[test]
    fn every_edit_has_its_name() {
        for (label, name, trick) in [
            ("payapl", "paypal", Some(Trick::Transposition)),
            ("payppal", "paypal", Some(Trick::DoubledLetter)),
            ("gogle", "google", Some(Trick::DoubledLetter)),
            ("pay-pal", "paypal", Some(Trick::Hyphen)),
            ("tmobile", "t-mobile", Some(Trick::Hyphen)),
            ("paypsl", "paypal", Some(Trick::KeyboardNeighbour)),
            ("paypel", "paypal", Some(Trick::BitFlip)),
            ("paypul", "paypal", Some(Trick::Substitution)),
            ("paypaql", "paypal", Some(Trick::Insertion)),
            ("papal", "paypal", Some(Trick::Omission)),
            ("paypal", "paypal", None),
            ("", "", None),
            ("pypla", "paypal", None),
        ] {
            assert_eq!(one_edit(label, name), trick, "{label} {name}");
        }
    }
}
