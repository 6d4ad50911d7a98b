//! Engines: each judges an object on its own and fills a column of the report.
//!
//! An engine is trusted with nothing but its answer. It runs in a thread where it may block, under
//! a deadline; when it fails, panics or is late, its column says so and the report is complete all
//! the same.

mod content;
mod hash_list;
mod host_list;
mod packs;
mod url_list;
mod yara;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Kind, Md5, Sha1, Sha256};
use quorum_core::report::{Category, EngineResult};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::failpoint;
use crate::metrics::metrics;
use crate::rulebook::Rulebook;
use crate::telemetry::TARGET;

pub(crate) use content::Content;
pub(crate) use hash_list::HashList;
pub(crate) use host_list::HostList;
pub(crate) use packs::{Entries, Source, write_first_packs};
pub(crate) use url_list::UrlList;

/// What is judged.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// A file: what is known of its hashes, and its content where it is here and not too long.
    File {
        md5: Option<Md5>,
        sha1: Option<Sha1>,
        sha256: Option<Sha256>,
        content: Option<Content>,
    },
    Url(CanonicalUrl),
    Domain(Domain),
    Ip(IpAddr),
}

impl Subject {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::File { .. } => Kind::File,
            Self::Url(_) => Kind::Url,
            Self::Domain(_) => Kind::Domain,
            Self::Ip(_) => Kind::IpAddress,
        }
    }

    /// A file of which one hash is known.
    pub(crate) fn hash(hash: FileHash) -> Self {
        let (mut md5, mut sha1, mut sha256) = (None, None, None);
        match hash {
            FileHash::Md5(hash) => md5 = Some(hash),
            FileHash::Sha1(hash) => sha1 = Some(hash),
            FileHash::Sha256(hash) => sha256 = Some(hash),
        }
        Self::File {
            md5,
            sha1,
            sha256,
            content: None,
        }
    }
}

/// What an engine found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) category: Category,
    /// Its label.
    pub(crate) result: Option<String>,
    /// What goes into the report beside its column.
    pub(crate) attributes: Map<String, Value>,
}

impl Finding {
    fn new(category: Category, result: Option<String>) -> Self {
        Self {
            category,
            result,
            attributes: Map::new(),
        }
    }

    /// It objects, and calls it so.
    pub(crate) fn malicious(label: impl Into<String>) -> Self {
        Self::new(Category::Malicious, Some(label.into()))
    }

    /// It found nothing in a file.
    pub(crate) fn undetected() -> Self {
        Self::new(Category::Undetected, None)
    }

    /// It knows nothing of an address or a name.
    pub(crate) fn unrated() -> Self {
        Self::new(Category::Undetected, Some("unrated".to_owned()))
    }
}

/// Why an engine has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("it was late")]
    Late,
    #[error("it does not read this")]
    Unsupported,
    #[error("{0}")]
    Failed(String),
}

/// A judge of objects.
pub(crate) trait Engine: Send + Sync + 'static {
    /// The column's name.
    fn name(&self) -> &'static str;
    /// What it judges.
    fn judges(&self, kind: Kind) -> bool;
    /// Version of the program or the data.
    fn version(&self) -> String;
    /// The day of its data as `YYYYMMDD`.
    fn updated(&self) -> Option<String>;
    /// Whether judging is no more than a look into memory, for now: then it does not block.
    fn is_at_hand(&self) -> bool {
        false
    }
    /// Judges. May block; may be called from many threads at once.
    ///
    /// # Errors
    /// It has no answer; the column says why.
    fn judge(&self, subject: &Subject, deadline: Duration) -> Result<Finding, EngineError>;
}

/// All engines of this server.
pub(crate) struct Engines {
    /// In the order of the columns.
    all: Vec<Arc<dyn Engine>>,
    deadline: Duration,
    pub(crate) hashes: Arc<HashList>,
    pub(crate) urls: Arc<UrlList>,
    pub(crate) hosts: Arc<HostList>,
}

impl Engines {
    /// The engines over the packs in a directory and the rules of a book.
    pub(crate) fn open(packs: &Path, rules: Arc<Rulebook>, deadline: Duration) -> Self {
        let hashes = Arc::new(HashList::new(packs));
        let urls = Arc::new(UrlList::new(packs));
        let hosts = Arc::new(HostList::new(packs));
        let all: Vec<Arc<dyn Engine>> = vec![
            Arc::new(yara::Yara::new(rules)),
            hashes.clone(),
            urls.clone(),
            hosts.clone(),
        ];
        Self {
            all,
            deadline,
            hashes,
            urls,
            hosts,
        }
    }

    /// All of them, in the order of the columns.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<dyn Engine>> {
        self.all.iter()
    }

    /// The columns' names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|engine| engine.name())
    }

    fn judging(&self, kind: Kind) -> impl Iterator<Item = &Arc<dyn Engine>> {
        self.all.iter().filter(move |engine| engine.judges(kind))
    }

    /// Starts every engine that judges the subject and has no answer in `done` yet.
    pub(crate) fn start(&self, subject: Subject, done: &[EngineResult]) -> Running {
        let subject = Arc::new(subject);
        let mut tasks = JoinSet::new();
        for engine in self.judging(subject.kind()) {
            if done
                .iter()
                .all(|result| result.engine_name != engine.name())
            {
                let judged = judge(engine.clone(), subject.clone(), self.deadline);
                tasks.spawn(judged.in_current_span());
            }
        }
        Running(tasks)
    }

    /// A column that says `failure` for every engine that has no answer in `done`.
    pub(crate) fn give_up(&self, kind: Kind, done: &[EngineResult]) -> Vec<EngineResult> {
        self.judging(kind)
            .filter(|engine| {
                done.iter()
                    .all(|result| result.engine_name != engine.name())
            })
            .map(|engine| column(engine.as_ref(), kind, Category::Failure, None))
            .collect()
    }

    /// The version of the lists that judge a kind: as long as it stays they say the same of the same.
    /// `None` while they have to look at their files.
    pub(crate) fn lists_version(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::File => self.hashes.version_at_hand(),
            Kind::Url => Some(self.urls.version_at_hand()? + self.hosts.version_at_hand()?),
            Kind::Domain | Kind::IpAddress => self.hosts.version_at_hand(),
        }
    }

    /// What the lists say now. They answer from memory, so a report can always carry their
    /// present word instead of that of its last analysis.
    pub(crate) async fn ask_lists(&self, subject: Subject) -> Vec<EngineResult> {
        let lists: [Arc<dyn Engine>; 3] =
            [self.hashes.clone(), self.urls.clone(), self.hosts.clone()];
        let subject = Arc::new(subject);
        let mut results = Vec::new();
        for engine in lists {
            if engine.judges(subject.kind()) {
                results.push(judge(engine, subject.clone(), self.deadline).await.result);
            }
        }
        results
    }
}

/// Engines at work.
pub(crate) struct Running(JoinSet<Verdict>);

/// One engine's column, and what goes beside it.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) result: EngineResult,
    pub(crate) attributes: Map<String, Value>,
}

impl Running {
    /// Whether all have answered.
    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The next verdict, in the order in which they come; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Verdict> {
        loop {
            match self.0.join_next().await? {
                Ok(verdict) => return Some(verdict),
                // The tasks catch what their engines do; only a shutdown cancels one.
                Err(_) => continue,
            }
        }
    }
}

fn column(
    engine: &dyn Engine,
    kind: Kind,
    category: Category,
    result: Option<String>,
) -> EngineResult {
    // Addresses and names have neither version nor date, and no word for "failed".
    let file = kind == Kind::File;
    let category = match category {
        Category::Failure | Category::TypeUnsupported if !file => Category::Timeout,
        other => other,
    };
    EngineResult {
        category,
        engine_name: engine.name().to_owned(),
        engine_version: file.then(|| engine.version()),
        engine_update: if file { engine.updated() } else { None },
        method: "blacklist".to_owned(),
        result,
    }
}

/// Runs one engine where it may block, under its deadline.
#[tracing::instrument(
    target = TARGET, name = "engine", skip_all,
    fields(otel.name = engine.name(), category = tracing::field::Empty)
)]
async fn judge(engine: Arc<dyn Engine>, subject: Arc<Subject>, deadline: Duration) -> Verdict {
    let kind = subject.kind();
    let worker = engine.clone();
    let work = move || {
        failpoint::reach_with(|| format!("engine.{}", worker.name()));
        if let Subject::File {
            sha256: Some(sha256),
            ..
        } = *subject
        {
            failpoint::reach_with(|| format!("engine.{} on {sha256}", worker.name()));
        }
        worker.judge(&subject, deadline)
    };
    let began = Instant::now();
    let answer = if engine.is_at_hand() {
        work()
    } else {
        // The engine knows the deadline and should keep it; a thread that does not is left behind.
        match tokio::time::timeout(deadline, tokio::task::spawn_blocking(work)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(EngineError::Failed(panic.to_string())),
            Err(_) => Err(EngineError::Late),
        }
    };
    let said = match &answer {
        Ok(finding) => finding.category,
        Err(EngineError::Late) => Category::Timeout,
        Err(EngineError::Unsupported) => Category::TypeUnsupported,
        Err(EngineError::Failed(_)) => Category::Failure,
    };
    metrics().engine(engine.name(), said, began.elapsed());
    tracing::Span::current().record("category", tracing::field::debug(said));
    match answer {
        Ok(finding) => Verdict {
            result: column(engine.as_ref(), kind, said, finding.result),
            attributes: finding.attributes,
        },
        Err(error) => {
            if said != Category::TypeUnsupported {
                tracing::warn!(engine = engine.name(), %error, "an engine gave no answer");
            }
            Verdict {
                result: column(engine.as_ref(), kind, said, None),
                attributes: Map::new(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Duration = Duration::from_secs(60);

    struct Scripted(fn() -> Result<Finding, EngineError>);

    impl Engine for Scripted {
        fn name(&self) -> &'static str {
            "Scripted"
        }
        fn judges(&self, _: Kind) -> bool {
            true
        }
        fn version(&self) -> String {
            "1".to_owned()
        }
        fn updated(&self) -> Option<String> {
            Some("20231114".to_owned())
        }
        fn judge(&self, _: &Subject, _: Duration) -> Result<Finding, EngineError> {
            (self.0)()
        }
    }

    async fn column_of(
        script: fn() -> Result<Finding, EngineError>,
        subject: Subject,
        deadline: Duration,
    ) -> EngineResult {
        judge(Arc::new(Scripted(script)), Arc::new(subject), deadline)
            .await
            .result
    }

    fn file() -> Subject {
        Subject::File {
            md5: None,
            sha1: None,
            sha256: None,
            content: None,
        }
    }

    #[tokio::test]
    async fn an_engine_that_panics_shows_as_failure() {
        let result = column_of(|| panic!("on purpose"), file(), PLENTY).await;
        assert_eq!(result.category, Category::Failure);
        assert_eq!(result.engine_update.as_deref(), Some("20231114"));
    }

    #[tokio::test]
    async fn an_engine_that_never_returns_shows_as_timeout() {
        // The thread outlives the test's runtime, which does not wait for it.
        let result = column_of(
            || {
                std::thread::sleep(Duration::from_millis(500));
                Ok(Finding::undetected())
            },
            file(),
            Duration::from_millis(50),
        )
        .await;
        assert_eq!(result.category, Category::Timeout);
    }

    #[tokio::test]
    async fn a_name_has_no_column_that_only_files_have() {
        let subject = Subject::Ip("192.0.2.1".parse().unwrap());
        let result = column_of(|| Err(EngineError::Failed("x".to_owned())), subject, PLENTY).await;
        assert_eq!(result.category, Category::Timeout);
        assert_eq!(result.engine_version, None);
    }
}
