//! The scanner: bytes in, matches out, within limits that hold for hostile rules and hostile files.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{RuleInfo, Ruleset, Severity};

/// The most [`PatternMatch`]es that one [`Match`] reports.
pub const MAX_MATCHES: usize = 1000;

/// The most bytes of the file that one [`PatternMatch`] shows.
pub const MAX_DATA: usize = 64;

/// How often a pattern is counted before YARA-X stops looking for it: `#a > 10000` is never true. Without
/// such an end, a file of one byte repeated costs memory for each of its bytes and patterns.
const MAX_COUNTED: usize = 10_000;

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The rule.
    pub rule: Arc<RuleInfo>,
    /// Where its patterns were found: in the order of the rule's patterns, then by offset; [`MAX_MATCHES`]
    /// at most. Empty for a rule whose condition needs no pattern.
    pub patterns: Vec<PatternMatch>,
}

impl Match {
    /// [`RuleInfo::label`] of the rule.
    pub fn label(&self) -> &str {
        self.rule.label()
    }

    /// [`RuleInfo::severity`] of the rule.
    pub fn severity(&self) -> Severity {
        self.rule.severity()
    }
}

/// One place where one pattern of a rule was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternMatch {
    /// The pattern's identifier with its `$`; `$` alone for a pattern without a name.
    pub identifier: String,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Length of the whole match in bytes.
    pub length: u64,
    /// The first [`MAX_DATA`] bytes of the match.
    pub data: Vec<u8>,
}

/// Why a scan gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// It took longer than [`Scanner::timeout`] allows.
    #[error("the scan took too long")]
    Timeout,
    /// YARA-X gave up for another reason: its words.
    #[error("the scan failed: {0}")]
    Failed(String),
}

/// Scans one file after another with one [`Ruleset`]. Making a scanner costs more than a small file's scan,
/// so keep it. It stays on the thread that made it (YARA-X's is not `Send`): files that are scanned at the
/// same time take one scanner each.
pub struct Scanner<'r> {
    ruleset: &'r Ruleset,
    engine: yara_x::Scanner<'r>,
}

impl<'r> Scanner<'r> {
    /// A scanner without a time limit.
    pub fn new(ruleset: &'r Ruleset) -> Self {
        let mut engine = yara_x::Scanner::new(ruleset.engine());
        engine.max_matches_per_pattern(MAX_COUNTED);
        Self { ruleset, engine }
    }

    /// Ends each scan with [`ScanError::Timeout`] after about this time. Natively YARA-X counts whole
    /// seconds, rounded up, and can be late by one. In WASM it does not look at the clock at all: there the
    /// Worker must be terminated.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.engine.set_timeout(limit);
        self
    }

    /// The rules that match these bytes, in the order of the ruleset's sources.
    ///
    /// # Errors
    /// [`ScanError::Timeout`], or [`ScanError::Failed`] with what YARA-X says. The scanner can be used again
    /// after either.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Vec<Match>, ScanError> {
        let results = self.engine.scan(bytes).map_err(refused)?;
        Ok(matches(self.ruleset, &results))
    }
}

/// Scans a file that is too large to be had as a whole, block by block. Patterns are found, each match
/// within one block; `filesize`, `uint16(0)` and the like and all modules are undefined, so a condition that
/// needs one of them is not met.
pub struct BlockScanner<'r> {
    ruleset: &'r Ruleset,
    engine: yara_x::blocks::Scanner<'r>,
}

impl<'r> BlockScanner<'r> {
    /// A scanner for one file after another, without a time limit.
    pub fn new(ruleset: &'r Ruleset) -> Self {
        let mut engine = yara_x::blocks::Scanner::new(ruleset.engine());
        engine.max_matches_per_pattern(MAX_COUNTED);
        Self { ruleset, engine }
    }

    /// Ends each block, and the end of a file, as [`Scanner::timeout`] does a scan.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.engine.set_timeout(limit);
        self
    }

    /// Takes the block that begins at this offset of the file. Blocks may overlap.
    ///
    /// # Errors
    /// As [`Scanner::scan`].
    pub fn block(&mut self, offset: usize, bytes: &[u8]) -> Result<(), ScanError> {
        self.engine.scan(offset, bytes).map(drop).map_err(refused)
    }

    /// Ends the file: the rules that match it. The next block is of another file.
    ///
    /// # Errors
    /// As [`Scanner::scan`].
    pub fn finish(&mut self) -> Result<Vec<Match>, ScanError> {
        let results = self.engine.finish().map_err(refused)?;
        Ok(matches(self.ruleset, &results))
    }
}

fn refused(error: yara_x::ScanError) -> ScanError {
    match error {
        yara_x::ScanError::Timeout => ScanError::Timeout,
        other => ScanError::Failed(other.to_string()),
    }
}

fn matches(ruleset: &Ruleset, results: &yara_x::ScanResults<'_, '_>) -> Vec<Match> {
    results
        .matching_rules()
        .map(|rule| Match {
            patterns: rule
                .patterns()
                .flat_map(|pattern| {
                    pattern
                        .matches()
                        .map(move |found| (pattern.identifier(), found))
                })
                .take(MAX_MATCHES)
                .map(|(identifier, found)| {
                    let range = found.range();
                    let data = found.data();
                    PatternMatch {
                        identifier: identifier.to_owned(),
                        offset: range.start as u64,
                        length: range.len() as u64,
                        data: data[..data.len().min(MAX_DATA)].to_vec(),
                    }
                })
                .collect(),
            rule: ruleset.info(&rule),
        })
        .collect()
}
