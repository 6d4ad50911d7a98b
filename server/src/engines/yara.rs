//! YARA-X with the rules that are built in. Its column names the strongest rule; all of them stand
//! in `crowdsourced_yara_results`.

use std::cell::Cell;
use std::time::Duration;

use quorum_core::indicator::Kind;
use quorum_core::report::Category;
use quorum_yara::{Match, Ruleset, ScanError, Scanner, Severity};
use serde_json::json;

use super::{Engine, EngineError, Finding, Subject};
use crate::clock;

thread_local! {
    /// A scanner costs more to make than a small file takes to scan, and cannot leave its thread:
    /// each thread keeps its own. It is taken out while it works, so one that panicked is not met
    /// again.
    static IDLE: Cell<Option<Scanner<'static>>> = const { Cell::new(None) };
}

/// The engine.
pub(super) struct Yara {
    ruleset: &'static Ruleset,
}

impl Yara {
    /// Compiles the built-in rules, or takes those that are compiled already.
    pub(super) fn embedded() -> Self {
        Self {
            ruleset: Ruleset::embedded(),
        }
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
        self.ruleset.version()
    }

    fn updated(&self) -> Option<String> {
        self.ruleset.updated().map(|day| day.replace('-', ""))
    }

    fn judge(&self, subject: &Subject, deadline: Duration) -> Result<Finding, EngineError> {
        // No bytes: the file is larger than what is scanned.
        let Subject::File {
            bytes: Some(bytes), ..
        } = subject
        else {
            return Err(EngineError::Unsupported);
        };
        let kept = IDLE.take().unwrap_or_else(|| Scanner::new(self.ruleset));
        let mut scanner = kept.timeout(deadline);
        let matches = scanner.scan(bytes).map_err(|error| match error {
            ScanError::Timeout => EngineError::Late,
            ScanError::Failed(reason) => EngineError::Failed(reason),
        });
        IDLE.set(Some(scanner));
        Ok(finding(&matches?))
    }
}

fn finding(matches: &[Match]) -> Finding {
    // `max_by_key` would take the last of equals; the first rule of the set shall win.
    let Some(strongest) = matches.iter().rev().max_by_key(|found| found.severity()) else {
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
                // Ten hex digits that stay while the ruleset keeps its name.
                "ruleset_id": quorum_core::digest::sha256(rule.namespace.as_bytes()).to_string()[..10],
                "author": rule.author().unwrap_or_default(),
                "source": rule.reference().unwrap_or_default(),
                "description": rule.description().unwrap_or_default(),
                "match_in_subfile": false,
                "match_date": now,
            })
        })
        .collect();
    let mut finding = match strongest.severity() {
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
