//! Rules: their sources, what is said about each of them, and the compiled set that a scanner uses.
//!
//! Everything that YARA-X holds as numbers or bytes becomes text here, because reports and the browser
//! take text: an integer above 2^53 would not survive as a JavaScript number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

/// One text with YARA rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Names the text in errors, and is the namespace of its rules. Unique in a [`Ruleset`].
    pub name: &'a str,
    /// The rules.
    pub text: &'a str,
}

/// Our pack: every `.yar` file of the repository's `rules/`, listed by the build script.
const PACK: &[Source<'static>] = include!(concat!(env!("OUT_DIR"), "/pack.rs"));

/// From this `score` on a rule says *malicious*. The scale of 0 to 100 is the YARA Style Guide's
/// (github.com/Neo23x0/YARA-Style-Guide), which names no threshold; this one is ours.
const MALICIOUS_SCORE: u64 = 80;

/// How bad it is when a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Has honest uses; a person should look.
    Suspicious,
    /// Has no honest use that we know of.
    Malicious,
}

/// What a rule says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// The rule's identifier.
    pub name: String,
    /// The name of the [`Source`] that it stands in.
    pub namespace: String,
    /// Its tags, in the order of the source.
    pub tags: Vec<String>,
    /// Its `meta` section, in the order of the source; a key may come more than once. Integers, floats and
    /// booleans are in decimal or `true`/`false`; bytes that are no UTF-8 become U+FFFD.
    pub meta: Vec<(String, String)>,
}

impl RuleInfo {
    /// The first `meta` value with this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.meta
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Who wrote the rule: `meta.author`.
    pub fn author(&self) -> Option<&str> {
        self.get("author")
    }

    /// What the rule finds: `meta.description`.
    pub fn description(&self) -> Option<&str> {
        self.get("description")
    }

    /// Where to read more: `meta.reference`, usually an address. Text of the rule's author: not to be
    /// trusted as a link.
    pub fn reference(&self) -> Option<&str> {
        self.get("reference")
    }

    /// The licence of the rule: `meta.license`.
    pub fn license(&self) -> Option<&str> {
        self.get("license")
    }

    /// What to call a file that matches: `meta.label` (`Trojan.LNK.PowerShell`), or else the rule's name.
    pub fn label(&self) -> &str {
        self.get("label").unwrap_or(&self.name)
    }

    /// How bad the rule itself calls it, `None` if it does not say: by `meta.severity`, where only the
    /// very words `malicious` and `suspicious` count, since numbers there have a scale of their own in
    /// each collection; or else by `meta.score`, a whole number from 0 to 100, where 80 is *malicious*.
    pub fn stated_severity(&self) -> Option<Severity> {
        match self.get("severity") {
            Some("malicious") => return Some(Severity::Malicious),
            Some("suspicious") => return Some(Severity::Suspicious),
            _ => {}
        }
        let score: u64 = self.get("score")?.parse().ok()?;
        match score {
            0..MALICIOUS_SCORE => Some(Severity::Suspicious),
            MALICIOUS_SCORE..=100 => Some(Severity::Malicious),
            _ => None,
        }
    }

    /// [`RuleInfo::stated_severity`]; a rule that says nothing is [`Severity::Suspicious`].
    pub fn severity(&self) -> Severity {
        self.stated_severity().unwrap_or(Severity::Suspicious)
    }
}

/// Why sources were refused: the first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{source_name}:{line}:{column}: {message}")]
pub struct CompileError {
    /// The [`Source::name`] it stands in.
    pub source_name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// One sentence, without the place.
    pub message: String,
    /// YARA-X's code for this kind of error, such as `E009`; empty where it has none.
    pub code: String,
}

/// Compiled rules. Can be shared by any number of scanners and threads.
pub struct Ruleset {
    rules: yara_x::Rules,
    /// By namespace, then name: the way a match is found back.
    infos: BTreeMap<(String, String), Arc<RuleInfo>>,
    version: String,
    updated: Option<String>,
}

impl Ruleset {
    /// Compiles sources. `include` is refused, and so is a pattern that YARA-X holds for slow. A loop that
    /// may be slow is not: `for any i in (1..#a)` is in every other rule that people have, and the
    /// scanner's time limit ends it.
    ///
    /// # Errors
    /// The first error, with the source, line and column it stands at.
    pub fn compile<'a>(
        sources: impl IntoIterator<Item = Source<'a>>,
    ) -> Result<Self, CompileError> {
        let mut compiler = yara_x::Compiler::new();
        compiler.enable_includes(false).error_on_slow_pattern(true);

        let mut names = BTreeSet::new();
        let mut hashed = String::new();
        for source in sources {
            if !names.insert(source.name) {
                return Err(CompileError {
                    source_name: source.name.to_owned(),
                    line: 1,
                    column: 1,
                    message: "another source has the same name".to_owned(),
                    code: String::new(),
                });
            }
            compiler.new_namespace(source.name);
            compiler
                .add_source(yara_x::SourceCode::from(source.text).with_origin(source.name))
                .map_err(|error| CompileError::from_engine(source, &error))?;
            // The digest of each text has one length, so no two lists of sources read the same.
            hashed.push_str(&quorum_core::digest::sha256(source.name.as_bytes()).to_string());
            hashed.push_str(&quorum_core::digest::sha256(source.text.as_bytes()).to_string());
        }

        let rules = compiler.build();
        let infos: BTreeMap<_, _> = rules
            .iter()
            .filter(|rule| !rule.is_private())
            .map(|rule| {
                let info = RuleInfo::from_engine(&rule);
                ((info.namespace.clone(), info.name.clone()), Arc::new(info))
            })
            .collect();
        // ISO dates: the greatest text is the newest day.
        let updated = infos
            .values()
            .filter_map(|info| info.get("date"))
            .filter(|date| is_day(date))
            .max()
            .map(str::to_owned);
        let digest = quorum_core::digest::sha256(hashed.as_bytes()).to_string();
        let version = match &updated {
            Some(day) => format!("{day}+{}", &digest[..12]),
            None => digest[..12].to_owned(),
        };
        Ok(Self {
            rules,
            infos,
            version,
            updated,
        })
    }

    /// Our own pack, compiled at the first call and kept.
    pub fn embedded() -> &'static Self {
        static PACKED: OnceLock<Ruleset> = OnceLock::new();
        PACKED.get_or_init(
            || match Self::compile(Self::embedded_sources().iter().copied()) {
                Ok(rules) => rules,
                // The sources are constants of this build: a test has compiled these very ones.
                Err(error) => unreachable!("the embedded rules do not compile: {error}"),
            },
        )
    }

    /// The sources of [`Ruleset::embedded`], sorted by name.
    pub const fn embedded_sources() -> &'static [Source<'static>] {
        PACK
    }

    /// Names these very sources: the newest `meta.date` of the rules, if one has any, and the start of a
    /// SHA-256 over names and texts in their order: `2026-11-24+3f9ad2c0b1e4`.
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// The newest `meta.date` of the rules, `YYYY-MM-DD`.
    pub fn updated(&self) -> Option<&str> {
        self.updated.as_deref()
    }

    /// Every rule that can match, by namespace and name. Private rules, which only help others, are not in it.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &RuleInfo> {
        self.infos.values().map(AsRef::as_ref)
    }

    pub(crate) fn engine(&self) -> &yara_x::Rules {
        &self.rules
    }

    pub(crate) fn info(&self, rule: &yara_x::Rule<'_, '_>) -> Arc<RuleInfo> {
        let key = (rule.namespace().to_owned(), rule.identifier().to_owned());
        self.infos
            .get(&key)
            .cloned()
            .unwrap_or_else(|| Arc::new(RuleInfo::from_engine(rule)))
    }
}

impl std::fmt::Debug for Ruleset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ruleset")
            .field("version", &self.version)
            .field("rules", &self.infos.len())
            .finish()
    }
}

impl RuleInfo {
    fn from_engine(rule: &yara_x::Rule<'_, '_>) -> Self {
        use yara_x::MetaValue;
        Self {
            name: rule.identifier().to_owned(),
            namespace: rule.namespace().to_owned(),
            tags: rule.tags().map(|tag| tag.identifier().to_owned()).collect(),
            meta: rule
                .metadata()
                .map(|(key, value)| {
                    let value = match value {
                        MetaValue::Integer(number) => number.to_string(),
                        MetaValue::Float(number) => number.to_string(),
                        MetaValue::Bool(yes) => yes.to_string(),
                        MetaValue::String(text) => text.to_owned(),
                        MetaValue::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    };
                    (key.to_owned(), value)
                })
                .collect(),
        }
    }
}

impl CompileError {
    fn from_engine(source: Source<'_>, error: &yara_x::errors::CompileError) -> Self {
        // The place of the main label is public in the serialised form only.
        let report = serde_json::to_value(error).unwrap_or_default();
        let number = |key: &str| {
            report
                .get(key)
                .and_then(|n| n.as_u64())
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(1)
        };
        let (line, column) = (number("line"), number("column"));
        let detail = report["labels"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|label| label["line"] == line && label["column"] == column)
            .and_then(|label| label["text"].as_str());
        let message = match detail {
            Some(detail) => format!("{}: {detail}", error.title()),
            None => error.title().to_owned(),
        };
        Self {
            source_name: source.name.to_owned(),
            line,
            column,
            message,
            code: error.code().to_owned(),
        }
    }
}

/// Whether a text has the shape `YYYY-MM-DD`: rules from elsewhere write dates as they like.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}
