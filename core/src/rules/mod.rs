//! YARA rules in the browser: what there is, what a scan says, and what the scanner's Worker is asked.
//!
//! The engine itself is not here: it is megabytes, and lives in a Worker (`extension/scanner`). What
//! crosses between that Worker, the background and the pages is declared here once. Numbers of a rule's
//! `meta` are text on the way, since JavaScript would round those above 2^53.

mod library;
mod pack;

pub use library::{Glance, Library, OwnRule, Pack, PackProblem, SetBy, Sort, Switch, valid_name};
pub(crate) use library::{due, sources};
pub use pack::{
    MAX_FILE, MAX_MANIFEST, MAX_TOTAL, PackFault, PackFile, PackManifest, PackUrl, PackUrlError,
};

use serde::{Deserialize, Serialize};

/// Up to this many bytes a file is scanned as a whole. The scanner's memory holds it once.
pub const MAX_WHOLE: u64 = 128 * 1024 * 1024;
/// Up to this many bytes a file is scanned at all; above [`MAX_WHOLE`] in blocks, where patterns are
/// found and everything that needs the whole file (`filesize`, `uint16(0)`, modules) is undefined.
pub const MAX_SCANNED: u64 = 2 * 1024 * 1024 * 1024;
/// The most places that one match tells of.
pub const MAX_HITS: usize = 20;

/// How long a scan of so many bytes may take, in milliseconds. The Worker is ended then: nothing inside
/// of it can stop a rule that runs for ever.
pub fn time_limit(size: u64) -> u32 {
    // A rule set that is slower than 4 MB a second is of no use.
    let more = size.min(MAX_SCANNED) / (4 * 1024);
    u32::try_from(10_000 + more).unwrap_or(u32::MAX)
}

/// How long the compiling of rules may take, in milliseconds.
pub const CHECK_LIMIT_MS: u32 = 20_000;

/// A text with rules, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// An own rule's name, or the path of a file in a pack. Namespace of the rules.
    pub name: String,
    /// The rules.
    pub text: String,
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Quorum's own pack, which is part of the extension.
    BuiltIn,
    /// A pack from an address, by its name.
    Pack(String),
    /// The user's own rules.
    Own,
}

/// How bad it is when a rule matches, as a pack's manifest says it for rules that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSeverity {
    /// Honest files may do the same.
    Suspicious,
    /// There is no honest use.
    Malicious,
}

/// What is shown of a rule, matched or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLine {
    /// Where it comes from.
    pub origin: Origin,
    /// The text that it stands in: [`RuleText::name`].
    pub source: String,
    /// Its identifier.
    pub name: String,
    /// `meta.description`.
    pub description: Option<String>,
    /// `meta.author`.
    pub author: Option<String>,
    /// `meta.reference`. Text of the author, never to be made a link.
    pub reference: Option<String>,
    /// `meta.license`, or else the licence of the whole pack.
    pub license: Option<String>,
    /// Whether what it matches is malicious, and not only suspicious: by its own `meta`
    /// (`severity = "malicious"`, or `score` from 80 to 100), or else by its pack's manifest.
    pub malicious: bool,
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleMatch {
    /// The rule.
    pub rule: RuleLine,
    /// What to call the file: `meta.label`, or the rule's name.
    pub label: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its whole `meta` section in order; numbers in decimal.
    pub meta: Vec<(String, String)>,
    /// Where its patterns were found, [`MAX_HITS`] at most.
    pub hits: Vec<Hit>,
}

/// One place where a pattern was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The pattern's identifier, with its `$`.
    pub pattern: String,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Length of the match in bytes.
    pub length: u64,
    /// The first bytes of it, in hexadecimal.
    pub data: String,
}

/// What is wrong with a text of rules: the first thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFault {
    /// The text: [`RuleText::name`].
    pub source: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// One sentence of the compiler's.
    pub message: String,
    /// The compiler's code for it, such as `E009`; empty if it has none.
    pub code: String,
}

/// What a scan found. The Worker tells one before each group of rules and one at the end, so that of a
/// scan that had to be ended there is what was known by then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScanReport {
    /// The rules that matched.
    pub matches: Vec<RuleMatch>,
    /// Own rules that were left out because they do not compile.
    pub faults: Vec<RuleFault>,
    /// How many rules were tried, those of [`ScanReport::unfinished`] not included.
    pub rules: u32,
    /// The group whose scan is going on; in a last report, the one that took too long or failed.
    pub unfinished: Option<Origin>,
    /// Whether the file was scanned in blocks.
    pub in_blocks: bool,
    /// Whether the file is larger than [`MAX_SCANNED`] and was not scanned.
    pub too_large: bool,
    /// Why the engine gave up, in its words, if it did.
    pub trouble: Option<String>,
}

/// What the Worker is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Scan the file that comes along with all rules that are on. → [`Told::Report`]
    Scan,
    /// Compile texts, together. → [`Told::Rules`] or [`Told::Fault`]
    Check {
        /// The texts.
        texts: Vec<RuleText>,
    },
    /// Scan the file that comes along with this text alone. → [`Told::Report`] or [`Told::Fault`]
    Try {
        /// The text.
        text: RuleText,
    },
    /// All rules that are there, on or off. → [`Told::Rules`]
    List,
}

/// The last that was heard of a Worker about a job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// What it told.
    pub told: Option<Told>,
    /// Whether it said that this was the last; otherwise it was ended at the limit.
    pub done: bool,
    /// Why there is nothing, in the browser's words.
    pub failed: Option<String>,
}

impl Heard {
    /// The report on a file. A scan that came to no end keeps [`ScanReport::unfinished`], and has a
    /// [`ScanReport::trouble`] where that was not a matter of time.
    pub fn report(self) -> ScanReport {
        match (self.told, self.failed) {
            (Some(Told::Report(report)), None) => report,
            (_, failed) => ScanReport {
                trouble: Some(failed.unwrap_or_default()),
                ..ScanReport::default()
            },
        }
    }
}

/// What the Worker tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// What a scan found, so far or at all.
    Report(ScanReport),
    /// Rules.
    Rules(Vec<RuleLine>),
    /// A text that does not compile.
    Fault(RuleFault),
}
