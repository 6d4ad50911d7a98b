//! `quorum scan` and `quorum report`: things are looked up, many at a time, and `scan` sends in what
//! the backend does not know.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::StreamExt as _;
use quorum_core::api::{Call, Failure, Reply};
use quorum_core::indicator::{FileHash, Indicator, Sha256};
use quorum_core::privacy::Sendable;
use quorum_core::report::{AnalysisStatus, Report as ReportObject};
use quorum_core::verdict::{Evidence, assess_host};
use serde_json::Value;
use sha2::Digest as _;
use tokio::sync::{OnceCell, Semaphore};

use super::connection::{Connection, NotSent, Refusal};
use super::journal::{Journal, Stamp};
use super::rows::{Row, State, Writer};
use super::settings::Reach;
use super::targets::{self, Target, What};
use super::{Exit, Format, Outcome, exit_of, interrupted, warn};

/// How many analyses are waited for beside what is looked up and sent. At virustotal.com each look at
/// one costs the quota, and there are none beside.
const MOST_WAITED: usize = 256;
/// How long to wait before an analysis is asked for, at first and at most; and at virustotal.com.
const FIRST_POLL: Duration = Duration::from_millis(250);
const SLOWEST_POLL: Duration = Duration::from_secs(20);
const PUBLIC_POLL: Duration = Duration::from_secs(15);

/// The command line of `quorum scan`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct Scan {
    /// Files, folders, web addresses; - reads them from standard input, one a line
    #[arg(required = true, value_name = "PATH|URL")]
    targets: Vec<String>,
    /// Goes into folders
    #[arg(long, short)]
    recursive: bool,
    /// Waits for the analyses of what was sent in, and tells what came of them
    #[arg(long, short)]
    wait: bool,
    /// Looks up only, sends nothing in
    #[arg(long, conflicts_with = "wait")]
    no_upload: bool,
    /// Agrees that what is sent to virustotal.com becomes visible to others
    #[arg(long, short)]
    yes: bool,
    /// How many are hashed, looked up or sent at a time
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Notes what was found out in this file, and does not ask about it again
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// The command line of `quorum report`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct Report {
    /// Hashes, web addresses, domains, IP addresses, files; - reads them from standard input, one
    /// a line
    #[arg(required = true, value_name = "WHAT")]
    targets: Vec<String>,
    /// How the result is written; JSON holds the backend's whole report
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// What is done about each target.
struct Work {
    connection: Connection,
    /// Sends in what is unknown.
    send: bool,
    wait: bool,
    /// Whether sending is agreed to; asked for when it is first needed.
    agreed: OnceCell<Result<(), String>>,
    yes: bool,
    max_wait: Duration,
    places: Semaphore,
}

impl Scan {
    /// # Errors
    /// Nothing can be asked at all.
    pub(crate) async fn run(self) -> Outcome {
        let connection = self.reach.connect()?;
        let journal = match &self.journal {
            Some(path) => Some(Journal::open(path, connection.backend.to_string())?),
            None => None,
        };
        let work = Work {
            connection,
            send: !self.no_upload,
            wait: self.wait,
            agreed: OnceCell::new(),
            yes: self.yes,
            max_wait: self.reach.max_wait(),
            places: Semaphore::new(self.jobs.into()),
        };
        let targets = targets::targets(&self.targets, self.recursive)?;
        all(work, targets, journal, Writer::new(self.format, false)).await
    }
}

impl Report {
    /// # Errors
    /// Nothing can be asked at all.
    pub(crate) async fn run(self) -> Outcome {
        let work = Work {
            connection: self.reach.connect()?,
            send: false,
            wait: false,
            agreed: OnceCell::new(),
            yes: false,
            max_wait: self.reach.max_wait(),
            places: Semaphore::new(4),
        };
        let targets = targets::targets(&self.targets, false)?;
        all(work, targets, None, Writer::new(self.format, true)).await
    }
}

/// Does the work for all targets and writes what comes of it, in the order in which it comes.
async fn all(
    work: Work,
    targets: Vec<Target>,
    mut journal: Option<Journal>,
    mut writer: Writer,
) -> Outcome {
    let work = Arc::new(work);
    let status = work.connection.status.clone();
    let count = targets.len();
    status.begin(count);
    let mut fresh = Vec::with_capacity(count);
    let mut done = 0;
    for target in targets {
        let stamp = match (&journal, &target.what) {
            (Some(_), What::File(path)) => Stamp::of(path),
            _ => None,
        };
        let noted = journal.as_ref().zip(stamp.as_ref());
        match noted.and_then(|(journal, stamp)| journal.find(&target.name, stamp)) {
            Some(row) => {
                status.aside(|| writer.write(row))?;
                status.advance();
                done += 1;
            }
            None => fresh.push((target, stamp)),
        }
    }
    if done > 0 {
        status.aside(|| warn(&format!("{done} of {count} stand in the journal")));
    }
    let rows = futures_util::stream::iter(fresh).map(|(target, stamp)| {
        let work = work.clone();
        async move { (work.one(target).await, stamp) }
    });
    let most = match work.connection.is_public() {
        true => work.places.available_permits(),
        false => MOST_WAITED,
    };
    let mut rows = std::pin::pin!(rows.buffer_unordered(most));
    let mut interrupt = std::pin::pin!(interrupted());
    let mut stopped = None;
    loop {
        let next = tokio::select! {
            next = rows.next() => next,
            () = &mut interrupt => {
                stopped = Some((Exit::Interrupted, "interrupted".to_owned()));
                break;
            }
        };
        let Some((row, stamp)) = next else { break };
        status.aside(|| writer.write(&row))?;
        if let (Some(journal), Some(stamp), true) = (&mut journal, stamp, row.is_final()) {
            journal.note(stamp, &row)?;
        }
        status.advance();
        done += 1;
        // What is refused to one is refused to the others as well.
        if row.exit() == Exit::Refused {
            let reason = row.error.clone().unwrap_or_default();
            stopped = Some((Exit::Refused, reason));
            break;
        }
    }
    status.end();
    let exit = writer.end()?;
    let Some((why, reason)) = stopped else {
        return Ok(exit);
    };
    if done < count {
        warn(&format!("{reason}; {} of {count} are left", count - done));
    }
    Ok(exit.min(why))
}

impl Work {
    async fn one(&self, target: Target) -> Row {
        let Target { name, what } = target;
        let row = |kind| Row::new(name.clone(), kind, None, State::Unknown);
        match what {
            What::Neither(reason) => row(None).fail(Exit::Usage, reason),
            What::Unreadable(reason) => row(None).fail(Exit::Local, reason),
            What::Indicator(indicator) => self.indicator(&name, indicator).await,
            What::File(path) => self.file(&name, path).await,
        }
    }

    async fn report(
        &self,
        of: &Sendable<Indicator>,
    ) -> Result<Option<(Box<ReportObject>, Value)>, Refusal> {
        match self.connection.call(&Call::Report(of.clone())).await? {
            (Reply::Report(Some(report)), raw) => Ok(Some((report, raw))),
            (Reply::Report(None), _) => Ok(None),
            _ => Err(Failure::NotTheApi.into()),
        }
    }

    async fn indicator(&self, name: &str, indicator: Indicator) -> Row {
        let row = Row::new(
            name.to_owned(),
            Some(indicator.kind()),
            Some(indicator.id()),
            State::Known,
        );
        let of = match Sendable::try_from(indicator) {
            Ok(of) => of,
            Err(error) => return row.fail(Exit::Usage, error.to_string()),
        };
        let Ok(place) = self.places.acquire().await else {
            return row.fail(Exit::Interrupted, Failure::Interrupted.to_string());
        };
        let analysis = match self.report(&of).await {
            Ok(Some((report, raw))) => return row.judged(&report, raw),
            Err(refusal) => return refused(row, &refusal),
            Ok(None) => match of.get() {
                Indicator::Url(url) if self.send => match self.agree().await {
                    Err(reason) => return unsent(row, reason),
                    Ok(()) => match Sendable::try_from(url.clone()) {
                        Ok(url) => self.connection.call(&Call::SubmitUrl(url)).await,
                        Err(error) => return row.fail(Exit::Usage, error.to_string()),
                    },
                },
                Indicator::Url(url) => return self.host(row, url.host_indicator()).await,
                _ => {
                    return Row {
                        state: State::Unknown,
                        ..row
                    };
                }
            },
        };
        drop(place);
        match analysis {
            Ok((Reply::Analysis(analysis), _)) => self.follow(row, &of, analysis.id).await,
            Ok(_) => refused(row, &Failure::NotTheApi.into()),
            Err(refusal) => refused(row, &refusal),
        }
    }

    /// An address that nobody knows is judged by its host, as far as that speaks against it.
    async fn host(&self, row: Row, host: Option<Indicator>) -> Row {
        let row = Row {
            state: State::Unknown,
            ..row
        };
        let Some(Ok(host)) = host.map(Sendable::try_from) else {
            return row;
        };
        match self.report(&host).await {
            Ok(None) => row,
            Ok(Some((report, _))) => Row {
                assessment: Some(assess_host(&report, Evidence::Address)),
                ..row
            },
            Err(refusal) => refused(row, &refusal),
        }
    }

    async fn file(&self, name: &str, path: PathBuf) -> Row {
        let kind = Some(quorum_core::indicator::Kind::File);
        let row = Row::new(name.to_owned(), kind, None, State::Known);
        let Ok(place) = self.places.acquire().await else {
            return row.fail(Exit::Interrupted, Failure::Interrupted.to_string());
        };
        let hashed = {
            let path = path.clone();
            tokio::task::spawn_blocking(move || hash(&path)).await
        };
        let (sha256, size) = match hashed {
            Ok(Ok(hashed)) => hashed,
            Ok(Err(error)) => return row.fail(Exit::Local, format!("cannot be read: {error}")),
            Err(error) => return row.fail(Exit::Local, error.to_string()),
        };
        let row = Row {
            id: Some(sha256.to_string()),
            ..row
        };
        let of = match Sendable::try_from(Indicator::File(FileHash::Sha256(sha256))) {
            Ok(of) => of,
            Err(error) => return row.fail(Exit::Usage, error.to_string()),
        };
        match self.report(&of).await {
            Ok(Some((report, raw))) => return row.judged(&report, raw),
            Err(refusal) => return refused(row, &refusal),
            // An empty file has nothing to be analysed.
            Ok(None) if !self.send || size == 0 => {
                return Row {
                    state: State::Unknown,
                    ..row
                };
            }
            Ok(None) => {}
        }
        if let Err(reason) = self.agree().await {
            return unsent(row, reason);
        }
        let base = path.file_name().unwrap_or_default().to_string_lossy();
        let sent = self.connection.upload(&path, &base, size, sha256).await;
        drop(place);
        match sent {
            Ok(analysis) => self.follow(row, &of, analysis).await,
            Err(NotSent::Refused(refusal)) => refused(row, &refusal),
            Err(NotSent::File(error)) => row.fail(Exit::Local, format!("cannot be read: {error}")),
            Err(NotSent::Changed) => row.fail(
                Exit::Local,
                "not sent: it is not any more what was looked up".to_owned(),
            ),
        }
    }

    /// Whether things may be sent in, or why not. Asked once for all.
    async fn agree(&self) -> Result<(), String> {
        let decide = async || {
            let (public, yes) = (self.connection.is_public(), self.yes);
            let label = self.connection.backend.label();
            let status = self.connection.status.clone();
            let agreement = tokio::task::spawn_blocking(move || {
                status.aside(|| {
                    if !public || yes {
                        warn(&format!("what {label} does not know is sent to it"));
                    }
                    agreement(&label, public, yes, targets::ask)
                })
            });
            agreement
                .await
                .unwrap_or_else(|error| Err(error.to_string()))
        };
        self.agreed.get_or_init(decide).await.clone()
    }

    /// Waits for an analysis, if that is wanted, and for the report that comes of it.
    async fn follow(&self, row: Row, of: &Sendable<Indicator>, analysis: String) -> Row {
        let row = Row {
            state: State::Submitted,
            analysis: Some(analysis.clone()),
            ..row
        };
        if !self.wait {
            return row;
        }
        let _analysing = self.connection.status.analysing();
        let first = match self.connection.is_public() {
            true => PUBLIC_POLL,
            false => FIRST_POLL,
        };
        let (began, mut pause) = (Instant::now(), first);
        loop {
            tokio::time::sleep(pause).await;
            match self
                .connection
                .call(&Call::Analysis(analysis.clone()))
                .await
            {
                Ok((Reply::Analysis(now), _)) if now.status == AnalysisStatus::Completed => break,
                Ok(_) => {}
                Err(refusal) => return refused(row, &refusal),
            }
            if began.elapsed() > self.max_wait {
                return refused(row, &Failure::TooSlow.into());
            }
            pause = (pause * 3 / 2).min(SLOWEST_POLL);
        }
        let row = Row {
            state: State::Analysed,
            ..row
        };
        match self.report(of).await {
            Ok(Some((report, raw))) => row.judged(&report, raw),
            Ok(None) => refused(row, &Failure::NotFound.into()),
            Err(refusal) => refused(row, &refusal),
        }
    }
}

/// Whoever says `scan` wants things sent in. That others see them then is for the person to agree to.
fn agreement(
    label: &str,
    public: bool,
    yes: bool,
    ask: impl FnOnce(&str) -> Option<bool>,
) -> Result<(), String> {
    if !public || yes {
        return Ok(());
    }
    let question =
        format!("What {label} does not know is sent to it and becomes visible to others. Send it?");
    match ask(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(format!("unknown to {label} and not sent")),
        None => Err(format!(
            "unknown to {label} and not sent: what is sent becomes visible to others, which --yes \
             agrees to"
        )),
    }
}

fn refused(row: Row, refusal: &Refusal) -> Row {
    row.fail(exit_of(&refusal.failure), refusal.to_string())
}

fn unsent(row: Row, reason: String) -> Row {
    let state = State::Unknown;
    Row {
        state,
        ..row.fail(Exit::Usage, reason)
    }
}

/// SHA-256 and length of a file.
fn hash(path: &Path) -> std::io::Result<(Sha256, u64)> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut size) = (sha2::Sha256::new(), 0);
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((<[u8; 32]>::from(hash.finalize()).into(), size)),
            Ok(length) => {
                hash.update(&piece[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_public_unless_somebody_says_so() {
        let never = |_: &str| -> Option<bool> { panic!("nobody needs to be asked") };
        assert_eq!(agreement("q.example", false, false, never), Ok(()));
        assert_eq!(agreement("virustotal.com", true, true, never), Ok(()));
        assert_eq!(
            agreement("virustotal.com", true, false, |_| Some(true)),
            Ok(())
        );
        assert!(agreement("virustotal.com", true, false, |_| Some(false)).is_err());
        let unasked = agreement("virustotal.com", true, false, |_| None).unwrap_err();
        assert!(unasked.contains("visible to others"), "{unasked}");
        assert!(unasked.contains("--yes"), "{unasked}");
    }
}
