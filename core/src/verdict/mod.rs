//! From a report to a verdict, with the reasons a person can read.
//!
//! The words are not here: a [`Reason`] carries facts, the user interface has the sentences in
//! its locale files. The policy is here and nowhere else: [`assess`].

use serde::{Deserialize, Serialize};

use crate::api::Failure;
use crate::checksum::Compared;
use crate::lists::{Listing, Of, Says};
use crate::report::{Report, Stats};
use crate::rules::{Origin, RuleMatch};
use crate::told::{Severity, Told};

/// The six verdicts; there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Engines object, enough of them to say it.
    Malicious,
    /// There is doubt.
    Suspicious,
    /// Engines looked and found nothing. That is no proof.
    Clean,
    /// It is on a list of known good things.
    KnownGood,
    /// Nobody has seen it.
    Unknown,
    /// It was not checked; something failed or was not allowed.
    Unchecked,
}

/// What a more telling word than the plain verdict says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Phishing, by what the objecting engines call it.
    Phishing,
    /// A site that spreads malware.
    MalwareSite,
    /// Few generic objections against many that see nothing.
    FalseAlarm,
}

/// How the thing that was asked about was got at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The bytes on disk were hashed (three dots).
    SavedFile,
    /// The same address was fetched a second time and hashed (two dots).
    SecondCopy,
    /// Only the address or its host was looked up (one dot).
    Address,
    /// A person named the thing: a hash, a domain, an IP address.
    Given,
}

/// Why a verdict is as it is. Numbers are counts; times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// `objecting` of `answered` engines object.
    EnginesObject {
        /// Malicious or suspicious.
        objecting: u32,
        /// Came to a result.
        answered: u32,
    },
    /// The objections name no family.
    GenericLabels {
        /// How many there are.
        objecting: u32,
    },
    /// What most labels agree on.
    Family {
        /// The label.
        label: String,
    },
    /// Nobody objects.
    NobodyObjects {
        /// Engines that looked.
        answered: u32,
    },
    /// The community's votes lean to one side.
    Votes {
        /// For malicious.
        malicious: u32,
        /// For harmless.
        harmless: u32,
    },
    /// It is on a list of known good things.
    KnownOn {
        /// The list.
        list: String,
        /// Who distributes it, empty if not told.
        by: String,
    },
    /// It has been around.
    KnownSince {
        /// First sent in.
        first_seen: i64,
        /// How often.
        times: u64,
    },
    /// The backend has never seen it.
    NeverSeen,
    /// It was seen, but no engine came to a result.
    NoEngineAnswered {
        /// Engines that were asked.
        asked: u32,
    },
    /// The address is unknown; the verdict is on its host.
    HostOnly {
        /// The host.
        host: String,
    },
    /// The bytes could not be had, so only the address was looked up.
    BytesNotRead {
        /// Why.
        failure: CopyFailure,
    },
    /// Something was noticed about its address, its name or its bytes.
    Noticed {
        /// What.
        told: Told,
    },
    /// It is on a list that is kept here.
    Listed {
        /// On which, and what that says.
        listing: Listing,
    },
    /// A YARA rule matches.
    Rule {
        /// Its identifier.
        rule: String,
        /// Where it comes from.
        origin: Origin,
        /// Who wrote it, if it says so.
        author: Option<String>,
        /// Whether it stands for malicious, and not only for suspicious.
        malicious: bool,
    },
    /// A publisher's checksum was compared with the bytes.
    Checksum {
        /// How, where, and whether it holds.
        compared: Compared,
    },
    /// The verdict is about a member of the archive.
    Member {
        /// Its name, with the archives around it.
        path: String,
    },
    /// Not all members that deserve it were looked up.
    MembersNotAsked {
        /// How many were.
        asked: u32,
        /// Of how many.
        of: u32,
    },
    /// The second copy is not what was saved.
    CopyDiffers {
        /// Bytes announced or saved.
        saved: u64,
        /// Bytes of the second copy.
        copy: u64,
    },
    /// The second copy is of another type than what is saved.
    CopyType {
        /// The media type that the browser announces.
        announced: String,
        /// That of the second copy.
        copy: String,
    },
    /// It is on a private network and was not asked about.
    Private,
    /// Something failed.
    Failed {
        /// What.
        failure: Failure,
    },
}

/// Why a download's bytes could not be read a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyFailure {
    /// The extension has no permission for the site.
    NoPermission,
    /// The address has a scheme that cannot be fetched (`ftp:`).
    Scheme,
    /// It is a `blob:` that no page which may be read gives out any more.
    Withdrawn,
    /// The site refused or broke off.
    Refused,
    /// It took too long.
    TooSlow,
    /// Nothing more came for a long time.
    Stalled,
    /// It comes by plain http, from which an extension may read nothing.
    PlainHttp,
    /// It is larger than what is read.
    TooLarge,
    /// Another file came.
    Different,
    /// Nothing is sent at all: this is a dry run.
    DryRun,
}

/// A verdict with all that it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// A more telling word, where there is one.
    pub class: Option<Class>,
    /// How the thing was got at.
    pub evidence: Evidence,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
    /// What the engines said in numbers; zero throughout without a report.
    pub stats: Stats,
}

impl Assessment {
    /// Nobody was asked.
    pub(crate) fn silent(evidence: Evidence) -> Self {
        Self {
            verdict: Verdict::Unknown,
            class: None,
            evidence,
            reasons: Vec::new(),
            stats: Stats::default(),
        }
    }

    /// Nobody has seen it.
    pub fn unknown(evidence: Evidence) -> Self {
        Self::silent(evidence).with(Reason::NeverSeen)
    }

    /// It was not checked, for this reason.
    pub fn unchecked(evidence: Evidence, reason: Reason) -> Self {
        Self {
            verdict: Verdict::Unchecked,
            class: None,
            evidence,
            reasons: vec![reason],
            stats: Stats::default(),
        }
    }

    /// Takes back what only the absence of objections stands for: the thing that was looked at is
    /// not the thing that was asked about.
    pub(crate) fn without_praise(mut self) -> Self {
        if matches!(self.verdict, Verdict::Clean | Verdict::KnownGood) {
            self.verdict = Verdict::Unknown;
        }
        self
    }

    /// Takes in what was noticed. A warning is a doubt where nothing is known for or against the
    /// thing, and where nobody objects: what was made today to deceive, nobody has seen yet.
    pub fn noticing(mut self, told: &[Told]) -> Self {
        let noticed = |severity: Severity| {
            let of = move |told: &&Told| told.severity == severity;
            let told = told.iter().filter(of).cloned();
            told.map(|told| Reason::Noticed { told })
        };
        let warned = noticed(Severity::Warning).next().is_some();
        let open = [Verdict::Clean, Verdict::Unknown, Verdict::Unchecked];
        let at = if warned && open.contains(&self.verdict) {
            self.verdict = Verdict::Suspicious;
            0
        } else {
            self.reasons.len()
        };
        self.reasons.splice(at..at, noticed(Severity::Warning));
        self.reasons.extend(noticed(Severity::Notice));
        self
    }

    /// Takes in which lists it is on, the worst first. A list of bad things makes it malicious, whatever
    /// others say; the short form of one is a doubt, as a warning is in [`Assessment::noticing`]. A list of
    /// things known to be good says so where nobody objects; its short form says nothing of the verdict.
    pub fn listed(mut self, listings: &[Listing]) -> Self {
        const MOST: usize = 3;
        let open = [Verdict::Clean, Verdict::Unknown, Verdict::Unchecked];
        let verdict = match listings.first().map(|worst| worst.says) {
            Some(Says::Bad) => Some(Verdict::Malicious),
            Some(Says::Hint) => Some(Verdict::Suspicious),
            Some(Says::Good) => Some(Verdict::KnownGood),
            Some(Says::GoodHint) | None => None,
        };
        let raised = verdict.filter(|verdict| match verdict {
            Verdict::Malicious => self.verdict != Verdict::Malicious,
            _ => open.contains(&self.verdict),
        });
        let at = match raised {
            Some(verdict) => {
                self.verdict = verdict;
                // What it was called was about the other verdict.
                self.class = None;
                0
            }
            // Beside others who object.
            None if verdict == Some(Verdict::Malicious) => {
                let objects = |reason: &&Reason| {
                    matches!(
                        reason,
                        Reason::EnginesObject { .. } | Reason::HostOnly { .. }
                    )
                };
                self.reasons.iter().take_while(objects).count()
            }
            None => self.reasons.len(),
        };
        let reasons = listings.iter().take(MOST).flat_map(|listing| {
            let member = match &listing.of {
                Of::Member(path) => Some(Reason::Member { path: path.clone() }),
                _ => None,
            };
            let listing = listing.clone();
            [Some(Reason::Listed { listing }), member]
        });
        self.reasons.splice(at..at, reasons.flatten());
        self
    }

    /// Takes in which YARA rules match: the worst of them alone is a reason, the others stand beside. One
    /// that stands for malicious makes it that, whatever others say; any other is a doubt, as a
    /// warning is in [`Assessment::noticing`].
    pub fn matching(mut self, matches: &[RuleMatch]) -> Self {
        let worst = matches.iter().find(|found| found.rule.malicious);
        let Some(found) = worst.or(matches.first()) else {
            return self;
        };
        let malicious = found.rule.malicious;
        let open = [Verdict::Clean, Verdict::Unknown, Verdict::Unchecked];
        let raised = match malicious {
            true => self.verdict != Verdict::Malicious,
            false => open.contains(&self.verdict),
        };
        let at = if raised {
            self.verdict = match malicious {
                true => Verdict::Malicious,
                false => Verdict::Suspicious,
            };
            // What it was called was about the other verdict.
            self.class = None;
            0
        } else {
            self.reasons.len()
        };
        let reason = Reason::Rule {
            rule: found.rule.name.clone(),
            origin: found.rule.origin.clone(),
            author: found.rule.author.clone(),
            malicious,
        };
        self.reasons.insert(at, reason);
        self
    }

    /// Takes in how the publisher's checksums compare. One that does not hold is a doubt, as a warning
    /// is in [`Assessment::noticing`]; one that holds is no praise: who gives out a file may say what
    /// they like of it.
    pub fn comparing(mut self, compared: Vec<Compared>) -> Self {
        let differs = compared.iter().any(|it| !it.matches);
        let open = [Verdict::Clean, Verdict::Unknown, Verdict::Unchecked];
        let at = if differs && open.contains(&self.verdict) {
            self.verdict = Verdict::Suspicious;
            0
        } else {
            self.reasons.len()
        };
        let reason = |compared| Reason::Checksum { compared };
        let (holding, others): (Vec<_>, Vec<_>) = compared.into_iter().partition(|it| it.matches);
        self.reasons.splice(at..at, others.into_iter().map(reason));
        self.reasons.extend(holding.into_iter().map(reason));
        self
    }

    /// Puts a reason that is about the evidence behind those about the verdict.
    pub fn with(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }
}

/// Objections from this share of the engines that answered make a verdict of malicious…
const MALICIOUS_SHARE: (u32, u32) = (1, 5);
/// …and so do this many, however many others see nothing.
const MALICIOUS_COUNT: u32 = 5;
/// At most this many generic objections, among at least [`FALSE_ALARM_OF`] results, are probably
/// a false alarm.
const FALSE_ALARM_MOST: u32 = 2;
const FALSE_ALARM_OF: u32 = 30;
/// This many more votes for malicious than for harmless are a doubt of their own.
const VOTES_LEAD: u32 = 3;

/// The policy: what a report means.
///
/// ```
/// use quorum_core::api::{Call, RawReply, Reply};
/// use quorum_core::indicator::Indicator;
/// use quorum_core::privacy::Sendable;
/// use quorum_core::verdict::{Evidence, Verdict, assess};
/// let call = Call::Report(Sendable::try_from(Indicator::read("evil.example")?)?);
/// let body = br#"{"data": {"type": "domain", "id": "evil.example", "attributes": {"last_analysis_results": {
///     "A": {"category": "malicious", "engine_name": "A", "method": "blacklist", "result": "phishing"},
///     "B": {"category": "undetected", "engine_name": "B", "method": "blacklist", "result": null}}}}}"#;
/// let raw = RawReply { status: 200, content_type: "application/json", retry_after: None, body };
/// let Ok(Reply::Report(Some(report))) = call.interpret(raw, 0) else { panic!() };
/// assert_eq!(assess(&report, Evidence::Given).verdict, Verdict::Malicious);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assess(report: &Report, evidence: Evidence) -> Assessment {
    let stats = report.stats;
    let (objecting, answered) = (stats.objecting(), stats.answered());
    let labels = report.labels();
    let generic = objecting > 0 && labels.iter().all(|label| is_generic(label));
    let known_on = report.file.known_on.first();
    let against = report.votes.malicious >= report.votes.harmless.saturating_add(VOTES_LEAD);

    // A backend's own count may be any number.
    let times = |count: u32, by: u32| u64::from(count) * u64::from(by);
    let by_share = times(stats.malicious, MALICIOUS_SHARE.1) >= times(answered, MALICIOUS_SHARE.0);
    let verdict = if stats.malicious > 0 && (by_share || stats.malicious >= MALICIOUS_COUNT) {
        Verdict::Malicious
    } else if objecting > 0 || against {
        Verdict::Suspicious
    } else if known_on.is_some() {
        Verdict::KnownGood
    } else if answered > 0 {
        Verdict::Clean
    } else {
        Verdict::Unknown
    };

    let class = match verdict {
        Verdict::Malicious | Verdict::Suspicious if mentions(report, &labels, "phish") => {
            Some(Class::Phishing)
        }
        Verdict::Malicious if report.url.is_some() && mentions(report, &labels, "malware") => {
            Some(Class::MalwareSite)
        }
        Verdict::Suspicious
            if generic
                && objecting <= FALSE_ALARM_MOST
                && answered >= FALSE_ALARM_OF
                && !against =>
        {
            Some(Class::FalseAlarm)
        }
        _ => None,
    };

    let mut reasons = Vec::new();
    if objecting > 0 {
        reasons.push(Reason::EnginesObject {
            objecting,
            answered,
        });
        if let Some(label) = report.threat_label.clone().or_else(|| common_label(report)) {
            reasons.push(Reason::Family { label });
        } else if generic {
            reasons.push(Reason::GenericLabels { objecting });
        }
    } else if let Some(list) = known_on {
        reasons.push(Reason::KnownOn {
            list: list.clone(),
            by: report.file.distributors.join(", "),
        });
    }
    if objecting == 0 && answered > 0 {
        reasons.push(Reason::NobodyObjects { answered });
    }
    if answered == 0 {
        reasons.push(Reason::NoEngineAnswered {
            asked: stats.unanswered(),
        });
    }
    if against || report.votes.harmless >= report.votes.malicious.saturating_add(VOTES_LEAD) {
        let votes = Reason::Votes {
            malicious: report.votes.malicious,
            harmless: report.votes.harmless,
        };
        // Where the votes alone make the doubt, they are the first reason.
        let first = against && objecting == 0;
        reasons.insert(if first { 0 } else { reasons.len() }, votes);
    }
    if let (Some(first_seen), Some(times)) = (report.first_seen, report.times_submitted) {
        reasons.push(Reason::KnownSince { first_seen, times });
    }
    Assessment {
        verdict,
        class,
        evidence,
        reasons,
        stats,
    }
}

/// What the report on a host says about an address on it that nobody has seen: objections count,
/// their absence does not.
pub fn assess_host(report: &Report, evidence: Evidence) -> Assessment {
    let mut assessment = assess(report, evidence).without_praise();
    let reason = Reason::HostOnly {
        host: report.id.clone(),
    };
    // Behind who objects, before everything that is said of the objections.
    let at = usize::from(report.stats.objecting() > 0);
    assessment.reasons.insert(at, reason);
    assessment
}

/// Whether the backend's classes, the labels or the tags hold a word.
fn mentions(report: &Report, labels: &[&str], word: &str) -> bool {
    let classes = report
        .categories
        .iter()
        .chain(&report.tags)
        .map(String::as_str);
    classes
        .chain(labels.iter().copied())
        .any(|text| text.to_ascii_lowercase().contains(word))
}

/// Words of labels that name no family: they say how a thing was noticed, not what it is.
const GENERIC: &[&str] = &[
    "agent",
    "ai",
    "attribute",
    "behaveslike",
    "bscope",
    "confidence",
    "detect",
    "detected",
    "gen",
    "generic",
    "genericrxaa",
    "heur",
    "heuristic",
    "high",
    "highconfidence",
    "kryptik",
    "low",
    "malicious",
    "malware",
    "ml",
    "moderate",
    "packed",
    "pua",
    "pup",
    "riskware",
    "score",
    "susgen",
    "suspicious",
    "trojan",
    "unsafe",
    "unwanted",
    "variant",
    "virus",
    "w32",
    "w64",
    "win32",
    "win64",
];

fn is_generic(label: &str) -> bool {
    label
        .split(|c: char| !c.is_ascii_alphabetic() && !c.is_ascii_digit())
        .map(str::to_ascii_lowercase)
        .filter(|word| !word.is_empty() && !word.bytes().all(|byte| byte.is_ascii_digit()))
        .all(|word| GENERIC.binary_search(&word.as_str()).is_ok())
}

/// The one label of all malicious results that name a family, where it is the same for all.
fn common_label(report: &Report) -> Option<String> {
    let mut labels = report.labels();
    labels.retain(|label| !is_generic(label));
    match labels[..] {
        [one] => Some(one.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn host(category: &str) -> Assessment {
        let object = serde_json::from_value(json!({
            "type": "domain", "id": "a.example",
            "attributes": {"last_analysis_results": {
                "Host list": {"category": category, "engine_name": "Host list", "result": "x"},
            }},
        }));
        let report = Report::from_object(object.unwrap()).unwrap();
        assess_host(&report, Evidence::Address)
    }

    #[test]
    fn an_unlisted_host_leaves_an_unseen_address_unknown_and_says_why() {
        let assessment = host("harmless");
        assert_eq!(assessment.verdict, Verdict::Unknown);
        assert!(matches!(assessment.reasons[0], Reason::HostOnly { .. }));
    }

    #[test]
    fn a_listed_host_condemns_the_addresses_on_it() {
        let assessment = host("malicious");
        assert_eq!(assessment.verdict, Verdict::Malicious);
        let [Reason::EnginesObject { .. }, Reason::HostOnly { host }, ..] = &assessment.reasons[..]
        else {
            panic!("{assessment:?}");
        };
        assert_eq!(host, "a.example");
    }

    #[test]
    fn a_list_says_what_it_is_worth_and_no_more() {
        let listing = |says| Listing {
            list: "Hosts".to_owned(),
            from: "lists.example".to_owned(),
            version: 7,
            made: 0,
            of: Of::File,
            label: None,
            says,
        };
        let of = |verdict, says| {
            let before = Assessment {
                verdict,
                ..Assessment::unknown(Evidence::Given)
            };
            before.listed(&[listing(says)]).verdict
        };
        let (unknown, clean) = (Verdict::Unknown, Verdict::Clean);
        assert_eq!(of(unknown, Says::Bad), Verdict::Malicious);
        assert_eq!(of(Verdict::KnownGood, Says::Bad), Verdict::Malicious);
        assert_eq!(of(clean, Says::Hint), Verdict::Suspicious);
        assert_eq!(of(Verdict::KnownGood, Says::Hint), Verdict::KnownGood);
        assert_eq!(of(Verdict::Unchecked, Says::Good), Verdict::KnownGood);
        for objecting in [Verdict::Malicious, Verdict::Suspicious] {
            assert_eq!(of(objecting, Says::Good), objecting);
        }
        assert_eq!(of(unknown, Says::GoodHint), unknown);
        // The strongest reason stands first, and one that raises nothing last.
        let first = |says| {
            Assessment::unknown(Evidence::Given)
                .listed(&[listing(says)])
                .reasons
        };
        assert!(matches!(first(Says::Bad)[0], Reason::Listed { .. }));
        assert!(matches!(first(Says::GoodHint)[1], Reason::Listed { .. }));
    }

    #[test]
    fn generic_words_are_sorted_for_the_binary_search() {
        assert!(GENERIC.is_sorted());
    }
}
