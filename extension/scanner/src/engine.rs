//! Groups of compiled rules, one scanner each, and what they say of a file.
//!
//! Quorum's own pack, each pack from an address and the user's own texts are compiled apart: one that is
//! damaged does not take the others along, and one that takes too long can be named.

use std::collections::BTreeSet;

use quorum_core::rules::{
    Hit, MAX_HITS, Origin, RuleFault, RuleLine, RuleMatch, RuleSeverity, RuleText, ScanReport,
};
use quorum_yara::{
    BlockScanner, CompileError, Match, RuleInfo, Ruleset, ScanError, Scanner, Severity, Source,
};

/// The most bytes that a [`Hit`] shows.
const MAX_DATA: usize = 32;

/// Rules that are compiled together.
pub struct Group {
    origin: Origin,
    /// Begins the keys of its rules in `Library::off`.
    key: String,
    license: Option<String>,
    severity: Option<RuleSeverity>,
    rules: &'static Ruleset,
    /// Made when it is first needed, and kept: the browser compiles the rules' own module for each.
    scanner: Option<Scanner<'static>>,
}

impl Group {
    /// Quorum's own pack.
    pub fn built_in() -> Self {
        Self {
            origin: Origin::BuiltIn,
            key: "quorum".to_owned(),
            license: None,
            severity: None,
            rules: Ruleset::embedded(),
            scanner: None,
        }
    }

    /// Compiles texts. The compiled rules live as long as the Worker: a scanner borrows them, and a Worker
    /// whose rules have changed is replaced.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn compile(
        origin: Origin,
        key: &str,
        license: Option<String>,
        severity: Option<RuleSeverity>,
        texts: &[RuleText],
    ) -> Result<Self, RuleFault> {
        let rules = Ruleset::compile(texts.iter().map(source)).map_err(fault)?;
        Ok(Self {
            origin,
            key: key.to_owned(),
            license,
            severity,
            rules: Box::leak(Box::new(rules)),
            scanner: None,
        })
    }

    /// What there is to say of each of its rules.
    pub fn lines(&self) -> impl Iterator<Item = RuleLine> {
        self.rules
            .rules()
            .map(|info| line(&self.origin, self.license.as_deref(), self.severity, info))
    }

    fn count(&self) -> u32 {
        u32::try_from(self.rules.rules().len()).unwrap_or(u32::MAX)
    }
}

/// The groups that are on.
#[derive(Default)]
pub struct Engine {
    /// The groups, in the order they are tried.
    pub groups: Vec<Group>,
    /// Rules that are off one by one.
    pub off: BTreeSet<String>,
    /// Own texts that were left out.
    pub faults: Vec<RuleFault>,
}

impl Engine {
    /// Scans a whole file. `tell` gets the report as it stands before each group.
    pub fn scan(&mut self, bytes: &[u8], mut tell: impl FnMut(&ScanReport)) -> ScanReport {
        let mut report = self.begin();
        for group in &mut self.groups {
            report.unfinished = Some(group.origin.clone());
            tell(&report);
            let scanner = group
                .scanner
                .get_or_insert_with(|| Scanner::new(group.rules));
            let result = scanner.scan(bytes);
            if !take(&mut report, &self.off, group, result) {
                return report;
            }
        }
        report.unfinished = None;
        report
    }

    /// Begins the scan of a file that comes in blocks.
    pub fn blocks(&self) -> Blocks {
        Blocks {
            report: ScanReport {
                in_blocks: true,
                ..self.begin()
            },
            scanners: self
                .groups
                .iter()
                .map(|group| BlockScanner::new(group.rules))
                .collect(),
        }
    }

    fn begin(&self) -> ScanReport {
        ScanReport {
            faults: self.faults.clone(),
            ..ScanReport::default()
        }
    }
}

/// The scan of a file that comes in blocks.
pub struct Blocks {
    report: ScanReport,
    scanners: Vec<BlockScanner<'static>>,
}

impl Blocks {
    /// Takes the block at this offset; `tell` gets the report as it stands before each group. `false` if a
    /// group failed: [`Blocks::report`] says which.
    pub fn block(
        &mut self,
        engine: &Engine,
        offset: usize,
        bytes: &[u8],
        mut tell: impl FnMut(&ScanReport),
    ) -> bool {
        for (group, scanner) in engine.groups.iter().zip(&mut self.scanners) {
            self.report.unfinished = Some(group.origin.clone());
            tell(&self.report);
            if let Err(error) = scanner.block(offset, bytes) {
                self.report.trouble = Some(error.to_string());
                return false;
            }
        }
        true
    }

    /// The report as it stands.
    pub fn report(self) -> ScanReport {
        self.report
    }

    /// Ends the file.
    pub fn finish(mut self, engine: &Engine, mut tell: impl FnMut(&ScanReport)) -> ScanReport {
        let mut report = self.report;
        for (group, scanner) in engine.groups.iter().zip(&mut self.scanners) {
            report.unfinished = Some(group.origin.clone());
            tell(&report);
            if !take(&mut report, &engine.off, group, scanner.finish()) {
                return report;
            }
        }
        report.unfinished = None;
        report
    }
}

/// Adds what a group says to the report; `false` if it failed.
fn take(
    report: &mut ScanReport,
    off: &BTreeSet<String>,
    group: &Group,
    result: Result<Vec<Match>, ScanError>,
) -> bool {
    match result {
        Ok(matches) => {
            report.rules += group.count();
            report.matches.extend(
                matches
                    .iter()
                    .filter(|found| {
                        let info = &found.rule;
                        off.is_empty()
                            || !off.contains(&format!(
                                "{}/{}/{}",
                                group.key, info.namespace, info.name
                            ))
                    })
                    .map(|found| told(group, found)),
            );
            true
        }
        Err(error) => {
            report.trouble = Some(error.to_string());
            false
        }
    }
}

/// Compiles texts for their own sake: their rules, or what is wrong.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(origin: &Origin, texts: &[RuleText]) -> Result<Vec<RuleLine>, RuleFault> {
    let rules = Ruleset::compile(texts.iter().map(source)).map_err(fault)?;
    Ok(rules
        .rules()
        .map(|info| line(origin, None, None, info))
        .collect())
}

fn source(text: &RuleText) -> Source<'_> {
    Source {
        name: &text.name,
        text: &text.text,
    }
}

fn fault(error: CompileError) -> RuleFault {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    RuleFault {
        source: error.source_name,
        line: number(error.line),
        column: number(error.column),
        message: error.message,
        code: error.code,
    }
}

fn line(
    origin: &Origin,
    license: Option<&str>,
    severity: Option<RuleSeverity>,
    info: &RuleInfo,
) -> RuleLine {
    let malicious = match info.stated_severity() {
        Some(stated) => stated == Severity::Malicious,
        None => severity == Some(RuleSeverity::Malicious),
    };
    RuleLine {
        origin: origin.clone(),
        source: info.namespace.clone(),
        name: info.name.clone(),
        description: info.description().map(str::to_owned),
        author: info.author().map(str::to_owned),
        reference: info.reference().map(str::to_owned),
        license: info.license().or(license).map(str::to_owned),
        malicious,
    }
}

fn told(group: &Group, found: &Match) -> RuleMatch {
    RuleMatch {
        rule: line(
            &group.origin,
            group.license.as_deref(),
            group.severity,
            &found.rule,
        ),
        label: found.label().to_owned(),
        tags: found.rule.tags.clone(),
        meta: found.rule.meta.clone(),
        hits: found
            .patterns
            .iter()
            .take(MAX_HITS)
            .map(|hit| Hit {
                pattern: hit.identifier.clone(),
                offset: hit.offset,
                length: hit.length,
                data: hex(&hit.data[..hit.data.len().min(MAX_DATA)]),
            })
            .collect(),
    }
}

/// In two digits a byte; to format each byte took longer than to scan for it.
fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(
        bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]),
    );
    text
}
