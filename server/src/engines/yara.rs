//! YARA-X with the rules that are built in and those of the packs. Its column names the strongest
//! rule; all of them stand in `crowdsourced_yara_results`.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quorum_core::indicator::Kind;
use quorum_core::report::Category;
use quorum_yara::{BlockScanner, Match, Ruleset, ScanError, Scanner, Severity};
use serde_json::json;

use super::content::Long;
use super::{Content, Engine, EngineError, Finding, Subject};
use crate::clock;
use crate::rulebook::{Edition, Rulebook, ruleset_id};

thread_local! {
    /// A scanner costs more to make than a small file takes to scan, and cannot leave its thread:
    /// each thread keeps its own of the built-in rules. It is taken out while it works, so one that
    /// panicked is not met again.
    static IDLE: Cell<Option<Scanner<'static>>> = const { Cell::new(None) };
}

/// The engine.
pub(super) struct Yara {
    rules: Arc<Rulebook>,
}

impl Yara {
    /// Compiles the rules, or takes those that are compiled already.
    pub(super) fn new(rules: Arc<Rulebook>) -> Self {
        let _compiled = rules.current();
        Self { rules }
    }
}

impl Engine for Yara {
    fn name(&self) -> &'static str {
        "Quorum YARA"
    }

    fn judges(&self, kind: Kind) -> bool {
        kind == Kind::File
    }

    fn version(&self) -> String {
        self.rules.current().version()
    }

    fn updated(&self) -> Option<String> {
        let day = self.rules.current().updated()?;
        Some(day.replace('-', ""))
    }

    fn judge(&self, subject: &Subject, deadline: Duration) -> Result<Finding, EngineError> {
        // No content: the file is larger than what is scanned.
        let Subject::File {
            content: Some(content),
            ..
        } = subject
        else {
            return Err(EngineError::Unsupported);
        };
        let began = Instant::now();
        let edition = self.rules.current();
        let sets = [Some(Ruleset::embedded()), edition.packs()];
        let matches = match content {
            Content::Whole(bytes) => {
                let kept = IDLE
                    .take()
                    .unwrap_or_else(|| Scanner::new(Ruleset::embedded()));
                let mut scanner = kept.timeout(deadline);
                let matches = scanner.scan(bytes);
                IDLE.set(Some(scanner));
                let mut matches = matches.map_err(refused)?;
                if let Some(packs) = edition.packs() {
                    let left = deadline.saturating_sub(began.elapsed());
                    let mut scanner = Scanner::new(packs).timeout(left);
                    matches.extend(scanner.scan(bytes).map_err(refused)?);
                }
                matches
            }
            Content::Long(long) => by_blocks(long, sets.into_iter().flatten(), began, deadline)?,
        };
        Ok(finding(&matches, &edition))
    }
}

fn refused(error: ScanError) -> EngineError {
    match error {
        ScanError::Timeout => EngineError::Late,
        ScanError::Failed(reason) => EngineError::Failed(reason),
    }
}

/// Reads a long file once, for all sets of rules.
fn by_blocks<'r>(
    long: &Long,
    sets: impl Iterator<Item = &'r Ruleset>,
    began: Instant,
    deadline: Duration,
) -> Result<Vec<Match>, EngineError> {
    let mut scanners: Vec<_> = sets
        .map(|set| BlockScanner::new(set).timeout(deadline))
        .collect();
    let take = |offset: usize, block: &[u8]| {
        for scanner in &mut scanners {
            // The scanner's own limit is that of one block.
            if began.elapsed() >= deadline {
                return Err(EngineError::Late);
            }
            scanner.block(offset, block).map_err(refused)?;
        }
        Ok(())
    };
    long.blocks(take, EngineError::Failed)?;
    let mut matches = Vec::new();
    for scanner in &mut scanners {
        matches.extend(scanner.finish().map_err(refused)?);
    }
    Ok(matches)
}

fn finding(matches: &[Match], edition: &Edition) -> Finding {
    // `max_by_key` would take the last of equals; the first rule of the set shall win.
    let judged = matches
        .iter()
        .rev()
        .map(|found| (edition.severity(&found.rule), found));
    let Some((severity, strongest)) = judged.max_by_key(|(severity, _)| *severity) else {
        return Finding::undetected();
    };
    let now = clock::now();
    let rules: Vec<_> = matches
        .iter()
        .map(|found| {
            let rule = &found.rule;
            json!({
                "rule_name": rule.name,
                "ruleset_name": rule.namespace,
                "ruleset_id": ruleset_id(&rule.namespace),
                "author": rule.author().unwrap_or_default(),
                "source": rule.reference().unwrap_or_default(),
                "description": rule.description().unwrap_or_default(),
                "match_in_subfile": false,
                "match_date": now,
            })
        })
        .collect();
    let mut finding = match severity {
        Severity::Malicious => Finding::malicious(strongest.label()),
        Severity::Suspicious => Finding {
            category: Category::Suspicious,
            ..Finding::malicious(strongest.label())
        },
    };
    finding
        .attributes
        .insert("crowdsourced_yara_results".to_owned(), rules.into());
    finding
}
