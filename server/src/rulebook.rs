//! The rulebook: every YARA rule that this server scans with, those that are built in and those of
//! the rule packs, under the names by which reports and the catalogue speak of them.
//!
//! An edition of the book is made when the packs have changed, and stays whole while somebody reads
//! it. The packs' rules are compiled together; a pack that an extension would not take is in no
//! edition, and `quorum doctor` says why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use quorum_core::digest::sha256;
use quorum_core::rules::RuleSeverity;
use quorum_yara::{RuleInfo, Ruleset, Severity, Source, rule_texts};

use crate::clock;
use crate::rule_packs::{RulePacks, Shelf};
use crate::store::{Result, Store};

/// Ten hex digits that stay while a ruleset keeps its name.
pub(crate) fn ruleset_id(namespace: &str) -> String {
    let mut id = sha256(namespace.as_bytes()).to_string();
    id.truncate(10);
    id
}

/// The id of a rule: its ruleset's, and its name.
pub(crate) fn rule_id(ruleset: &str, name: &str) -> String {
    format!("{ruleset}|{name}")
}

/// A text with rules.
#[derive(Debug)]
pub(crate) struct RulesetText {
    /// For one of a pack `<pack>/<path>`, for a built-in one a single word.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A rule that can match.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) ruleset: String,
    pub(crate) info: RuleInfo,
    /// As it is written.
    pub(crate) text: String,
    /// When its author says that it was written.
    pub(crate) created: Option<i64>,
    /// What a match means: as the rule says, or else its pack.
    pub(crate) severity: Severity,
}

impl Rule {
    /// What the rule is against, where it says so.
    pub(crate) fn threat_category(&self) -> Option<&str> {
        ["threat_category", "category", "malware_type"]
            .iter()
            .find_map(|key| self.info.get(key))
    }
}

/// What the manifest of a ruleset's pack says that its rules mean.
fn severity_of_pack(shelf: &Shelf, namespace: &str) -> Option<Severity> {
    let (pack, _) = namespace.split_once('/')?;
    let pack = shelf.get(pack)?.as_ref().ok()?;
    pack.manifest.severity.map(|severity| match severity {
        RuleSeverity::Suspicious => Severity::Suspicious,
        RuleSeverity::Malicious => Severity::Malicious,
    })
}

/// All rules as they are at one time.
#[derive(Debug)]
pub(crate) struct Edition {
    shelf: Arc<Shelf>,
    /// Compiled, where there are any.
    packs: Option<Ruleset>,
    /// By id.
    pub(crate) rules: BTreeMap<String, Rule>,
    /// By id.
    pub(crate) rulesets: BTreeMap<String, RulesetText>,
}

impl Edition {
    /// Compiles and reads everything. Takes long.
    fn of(shelf: Arc<Shelf>) -> Self {
        let mut texts = Vec::new();
        for (name, pack) in &*shelf {
            let Ok(pack) = pack else { continue };
            let mut of_pack = Vec::new();
            for file in &pack.manifest.files {
                match pack.text(file) {
                    Ok(text) => of_pack.push((format!("{name}/{}", file.path), text)),
                    // Changed since it was read: the next edition has it.
                    Err(reason) => {
                        tracing::warn!(pack = name, file = file.path, reason, "not scanned with");
                        of_pack.clear();
                        break;
                    }
                }
            }
            texts.extend(of_pack);
        }
        let packs = loop {
            if texts.is_empty() {
                break None;
            }
            let sources = texts.iter().map(|(name, text)| Source { name, text });
            match Ruleset::compile(sources) {
                Ok(rules) => break Some(rules),
                // Each pack compiles alone; one that does not beside the others is left out.
                Err(error) => {
                    tracing::error!(%error, "a rule pack is not scanned with");
                    let pack = error.source_name.split('/').next().unwrap_or_default();
                    let pack = format!("{pack}/");
                    texts.retain(|(name, _)| !name.starts_with(&pack));
                }
            }
        };
        let embedded = Ruleset::embedded_sources().iter();
        let embedded = embedded.map(|source| (source.name.to_owned(), source.text.to_owned()));
        let rulesets: BTreeMap<_, _> = embedded
            .chain(texts)
            .map(|(name, text)| (ruleset_id(&name), RulesetText { name, text }))
            .collect();
        let written: BTreeMap<_, _> = rulesets
            .iter()
            .flat_map(|(id, ruleset)| {
                let rules = rule_texts(&ruleset.text).into_iter();
                rules.map(move |(name, text)| (rule_id(id, &name), text))
            })
            .collect();
        let infos = Ruleset::embedded().rules();
        let rules = infos
            .chain(packs.iter().flat_map(Ruleset::rules))
            .map(|info| {
                let ruleset = ruleset_id(&info.namespace);
                let id = rule_id(&ruleset, &info.name);
                let text = written.get(&id).cloned().unwrap_or_default();
                let created = info.get("date").and_then(clock::from_any_date);
                let severity = info
                    .stated_severity()
                    .or_else(|| severity_of_pack(&shelf, &info.namespace))
                    .unwrap_or(Severity::Suspicious);
                let rule = Rule {
                    id: id.clone(),
                    ruleset,
                    info: info.clone(),
                    text,
                    created,
                    severity,
                };
                (id, rule)
            })
            .collect();
        Self {
            shelf,
            packs,
            rules,
            rulesets,
        }
    }

    /// The packs' rules, if there are any.
    pub(crate) fn packs(&self) -> Option<&Ruleset> {
        self.packs.as_ref()
    }

    /// What a match of a rule means.
    pub(crate) fn severity(&self, info: &RuleInfo) -> Severity {
        let id = rule_id(&ruleset_id(&info.namespace), &info.name);
        let known = self.rules.get(&id);
        known.map_or_else(|| info.severity(), |rule| rule.severity)
    }

    /// Names these very rules.
    pub(crate) fn version(&self) -> String {
        let own = Ruleset::embedded().version();
        match &self.packs {
            Some(packs) => format!("{own}+{}", packs.version()),
            None => own,
        }
    }

    /// The newest day that a rule names, `YYYY-MM-DD`.
    pub(crate) fn updated(&self) -> Option<String> {
        let packs = self.packs.as_ref().and_then(Ruleset::updated);
        Ruleset::embedded().updated().max(packs).map(str::to_owned)
    }
}

/// The book.
pub(crate) struct Rulebook {
    packs: Arc<RulePacks>,
    current: RwLock<Option<Arc<Edition>>>,
    /// Held by who makes an edition.
    making: Mutex<()>,
    /// The edition that the store knows of.
    noted: tokio::sync::Mutex<Option<Arc<Edition>>>,
}

impl Rulebook {
    /// A book over packs.
    pub(crate) fn new(packs: Arc<RulePacks>) -> Self {
        Self {
            packs,
            current: RwLock::default(),
            making: Mutex::default(),
            noted: tokio::sync::Mutex::default(),
        }
    }

    fn last(&self) -> Option<Arc<Edition>> {
        let last = self.current.read();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rules as the packs have them now, give or take a second. Reads files and compiles: call
    /// it where blocking is allowed. While one makes an edition, the others go on with the last.
    pub(crate) fn current(&self) -> Arc<Edition> {
        let last = self.last();
        let making = match &last {
            Some(_) => match self.making.try_lock() {
                Ok(making) => Some(making),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            },
            None => Some(self.making.lock().unwrap_or_else(PoisonError::into_inner)),
        };
        match (last, making) {
            (Some(last), None) => last,
            _ => {
                let shelf = self.packs.shelf();
                // Again: somebody may have made it while this one waited.
                if let Some(last) = self.last()
                    && Arc::ptr_eq(&last.shelf, &shelf)
                {
                    return last;
                }
                let edition = Arc::new(Edition::of(shelf));
                tracing::info!(
                    rules = edition.rules.len(),
                    version = edition.version(),
                    "a new edition of the rules"
                );
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Some(edition.clone());
                edition
            }
        }
    }

    /// The same from where blocking is not allowed, with the store told of rules that are new or
    /// written anew.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn noted(self: &Arc<Self>, store: &dyn Store) -> Result<Arc<Edition>> {
        let book = self.clone();
        let edition = tokio::task::spawn_blocking(move || book.current()).await;
        let edition = edition.map_err(|_| sqlx::Error::WorkerCrashed)?;
        let mut noted = self.noted.lock().await;
        if noted
            .as_ref()
            .is_none_or(|last| !Arc::ptr_eq(last, &edition))
        {
            let rules: Vec<_> = edition
                .rules
                .values()
                .map(|rule| (rule.id.clone(), sha256(rule.text.as_bytes()).to_string()))
                .collect();
            store.note_rules(&rules, clock::now()).await?;
            *noted = Some(edition.clone());
        }
        Ok(edition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_in_rule_is_in_the_book_with_its_text_and_its_day() {
        let directory = std::env::temp_dir().join("quorum-no-packs-here");
        let book = Rulebook::new(Arc::new(RulePacks::new(&directory)));
        let edition = book.current();
        assert!(edition.packs().is_none());
        assert_eq!(edition.rules.len(), Ruleset::embedded().rules().len());
        for (id, rule) in &edition.rules {
            assert!(rule.text.contains(&rule.info.name), "{id}");
            assert!(rule.text.trim_end().ends_with('}'), "{id}");
            assert!(rule.created.is_some(), "{id}");
            assert!(edition.rulesets[&rule.ruleset].text.contains(&rule.text));
        }
        assert!(Arc::ptr_eq(&edition, &book.current()));
    }

    #[test]
    fn a_pack_says_what_those_of_its_rules_mean_that_do_not() {
        let name = format!("quorum-rulebook-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let folder = directory.join("rules/mine");
        std::fs::create_dir_all(&folder).unwrap();
        let text = "rule said { meta: severity = \"suspicious\" condition: true }\n\
                    rule unsaid { condition: true }\n";
        std::fs::write(folder.join("a.yar"), text).unwrap();
        let manifest = serde_json::json!({
            "quorum_rules": 1, "name": "Mine", "version": "1", "severity": "malicious",
            "files": [{"path": "a.yar", "size": text.len(), "sha256": sha256(text.as_bytes())}],
        });
        std::fs::write(folder.join("pack.json"), manifest.to_string()).unwrap();
        let edition = Rulebook::new(Arc::new(RulePacks::new(&directory))).current();
        std::fs::remove_dir_all(&directory).unwrap();
        let ruleset = ruleset_id("mine/a.yar");
        let severity = |name: &str| edition.rules[&rule_id(&ruleset, name)].severity;
        assert_eq!(severity("said"), Severity::Suspicious);
        assert_eq!(severity("unsaid"), Severity::Malicious);
        assert_eq!(edition.rulesets[&ruleset].text, text);
    }
}
