//! The download guard: one state machine a download, events in, actions out.
//!
//! What it holds to, whatever happens:
//! - The browser's own download survives every failure of ours. Only a verdict of malicious keeps
//!   one back, and then its address is kept so that the user can still have it.
//! - A hold ends after [`HOLD_MS`], whether anything is known by then or not.
//! - The shell stores the [`Record`] after each [`Record::step`] and before it carries out what
//!   came back. A worker that dies can therefore go on from [`Event::Woken`].
//! - Nothing is uploaded but on [`Event::UploadAsked`], which only a user's click makes.

mod record;

pub use record::{Disposition, Download, Phase, Record, Upload, UploadError};

use serde::{Deserialize, Serialize};

use crate::api::Failure;
use crate::digest::Digests;
use crate::indicator::{CanonicalUrl, FileHash, Indicator, Kind, Sha256};
use crate::report::{AnalysisStatus, Report};
use crate::rules::{RuleLine, ScanReport};
use crate::verdict::{Assessment, CopyFailure, Evidence, Reason, Verdict, assess, assess_host};

/// How long a download is held at most, in milliseconds. Chromium lets go at 15 s by itself; the
/// rest is for answering in an orderly way.
pub const HOLD_MS: u32 = 12_000;
/// How long an analysis is asked after before it is left to a later look, in milliseconds.
const ANALYSIS_PATIENCE_MS: i64 = 10 * 60 * 1000;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The browser started a download.
    Started,
    /// A second copy was read, or could not be.
    CopyRead(Result<SecondCopy, CopyFailure>),
    /// The second copy was scanned with the rules that are on.
    Scanned(Box<ScanReport>),
    /// The backend answered about the file.
    FileReport(Result<Option<Box<Report>>, Failure>),
    /// The backend answered about the address or, where it did not know that, about the host.
    AddressReport(Result<Option<Box<Report>>, Failure>),
    /// The hold's time is over.
    HoldExpired,
    /// The file is complete on disk.
    Landed {
        /// Its length in bytes.
        size: Option<u64>,
        /// Where it is.
        path: Option<String>,
    },
    /// The download ended without a file, by the user or by an error that is not ours.
    Gone,
    /// The worker died and is back.
    Woken,
    /// The user wants the check made again.
    CheckAsked,
    /// The user wants a file that was kept back.
    KeepAsked,
    /// The user agrees to send the file to the backend.
    UploadAsked,
    /// The upload ended.
    Uploaded(Result<String, UploadError>),
    /// The analysis of an upload was asked after.
    Analysis(Result<AnalysisStatus, Failure>),
}

/// A second copy of a download, as read by the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondCopy {
    /// Its digests and length.
    pub digests: Digests,
    /// Its media type as the server named it, empty if it did not.
    pub mime: String,
}

/// What is to be done. The shell carries these out in order and feeds what comes of them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send [`Event::HoldExpired`] after this many milliseconds.
    StartHold(u32),
    /// Read a second copy from this address (`http`, `https` or `data`) and digest it.
    ReadCopy(String),
    /// Ask for a file's report.
    AskFile(Sha256),
    /// Ask for an address's report, and for its host's if there is none.
    AskAddress(CanonicalUrl),
    /// Let the held download go on.
    Release,
    /// Cancel the held download.
    KeepBack,
    /// Download this address again, unchecked.
    FetchAgain(String),
    /// Fetch this address, make sure that the bytes have this digest, and send them in under
    /// this name.
    Upload {
        /// Where the bytes are.
        url: String,
        /// What they must be.
        sha256: Sha256,
        /// The file's name.
        name: String,
    },
    /// Ask after an analysis, after this many milliseconds.
    AskAnalysis {
        /// Its id.
        id: String,
        /// How long to wait first.
        after_ms: u32,
    },
    /// Tell the user by a notification.
    Notify(Notice),
}

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A malicious download was kept back.
    KeptBack,
    /// A download turned out malicious after it had been let go.
    FoundLate,
    /// YARA rules match a download.
    RulesMatched,
}

impl Record {
    /// Takes one event and says what to do. `now` is in milliseconds since the Unix epoch.
    pub fn step(&mut self, event: Event, now: i64) -> Vec<Action> {
        match event {
            Event::Started => self.start(),
            Event::Woken => self.wake(),
            Event::CheckAsked => self.check(),
            Event::CopyRead(Ok(copy)) => self.copy_read(copy),
            Event::CopyRead(Err(failure)) => self.without_bytes(failure),
            Event::Scanned(report) => self.scanned(*report),
            Event::FileReport(result) => {
                let assessment = match result {
                    Ok(Some(report)) => {
                        self.labels = report.labels().into_iter().map(str::to_owned).collect();
                        assess(&report, Evidence::SecondCopy)
                    }
                    Ok(None) => Assessment::unknown(Evidence::SecondCopy),
                    Err(failure) => {
                        Assessment::unchecked(Evidence::SecondCopy, Reason::Failed { failure })
                    }
                };
                self.conclude(assessment, now)
            }
            Event::AddressReport(result) => {
                let assessment = match result {
                    Ok(Some(report)) => {
                        self.labels = report.labels().into_iter().map(str::to_owned).collect();
                        if report.kind == Kind::Url {
                            // That an address has no objections says nothing of what it serves.
                            assess(&report, Evidence::Address).without_praise()
                        } else {
                            assess_host(&report, Evidence::Address)
                        }
                    }
                    Ok(None) => Assessment::unknown(Evidence::Address),
                    Err(Failure::Private) => {
                        Assessment::unchecked(Evidence::Address, Reason::Private)
                    }
                    Err(failure) => {
                        Assessment::unchecked(Evidence::Address, Reason::Failed { failure })
                    }
                };
                self.conclude(assessment, now)
            }
            Event::HoldExpired => self.release(),
            Event::Landed { size, path } => self.landed(size, path),
            Event::Gone => {
                if matches!(self.disposition, Disposition::Held | Disposition::Released) {
                    self.disposition = Disposition::Gone;
                }
                Vec::new()
            }
            Event::KeepAsked => {
                if self.disposition != Disposition::KeptBack {
                    return Vec::new();
                }
                self.disposition = Disposition::KeptAnyway;
                vec![Action::FetchAgain(self.url.clone())]
            }
            Event::UploadAsked => self.upload(),
            Event::Uploaded(result) => self.uploaded(result, now),
            Event::Analysis(result) => self.analysed(result, now),
        }
    }

    fn start(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.disposition == Disposition::Held {
            actions.push(Action::StartHold(HOLD_MS));
        }
        actions.extend(self.check());
        actions
    }

    fn check(&mut self) -> Vec<Action> {
        self.phase = Phase::Checking;
        if let Some(digests) = self.digests {
            return vec![Action::AskFile(digests.sha256)];
        }
        let readable = ["https:", "http:", "data:"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme));
        if readable {
            vec![Action::ReadCopy(self.url.clone())]
        } else {
            self.without_bytes(CopyFailure::Scheme)
        }
    }

    /// After the worker's death no hold is left: the browser has let go by itself.
    fn wake(&mut self) -> Vec<Action> {
        if self.disposition == Disposition::Held {
            self.disposition = Disposition::Released;
        }
        match (&self.phase, &self.upload) {
            (Phase::Checking, _) => self.check(),
            // The bytes may or may not have arrived. Sending the same file again is counted once
            // by the backend, but it was the user's click that allowed it, so the user is asked.
            (_, Upload::Sending) => {
                self.upload = Upload::Failed {
                    error: UploadError::Backend {
                        failure: Failure::Interrupted,
                    },
                };
                Vec::new()
            }
            (_, Upload::Analysing { analysis, .. }) => vec![Action::AskAnalysis {
                id: analysis.clone(),
                after_ms: 0,
            }],
            _ => Vec::new(),
        }
    }

    fn copy_read(&mut self, copy: SecondCopy) -> Vec<Action> {
        // A login or error page that came with status 200 is not the file.
        let html = |mime: &str| mime.starts_with("text/html");
        if html(&copy.mime) && !self.mime.is_empty() && !html(&self.mime) {
            return self.without_bytes(CopyFailure::Different);
        }
        if let Some(saved) = self.landed_size
            && saved != copy.digests.size
        {
            return self.without_bytes(CopyFailure::Different);
        }
        self.digests = Some(copy.digests);
        vec![Action::AskFile(copy.digests.sha256)]
    }

    /// What rules say is shown beside the verdict, and told once for each rule that is new.
    fn scanned(&mut self, mut report: ScanReport) -> Vec<Action> {
        const KEPT: usize = 50;
        report.matches.truncate(KEPT);
        let known = |rule: &RuleLine| {
            let before = self.rules.iter().flat_map(|it| &it.matches);
            before.into_iter().any(|found| found.rule == *rule)
        };
        let new = report.matches.iter().any(|found| !known(&found.rule));
        self.rules = Some(report);
        if new {
            vec![Action::Notify(Notice::RulesMatched)]
        } else {
            Vec::new()
        }
    }

    fn without_bytes(&mut self, failure: CopyFailure) -> Vec<Action> {
        self.copy_failure = Some(failure);
        match self.url.parse::<CanonicalUrl>() {
            Ok(url) => vec![Action::AskAddress(url)],
            Err(_) => {
                let reason = Reason::BytesNotRead { failure };
                self.settle(Assessment::unchecked(Evidence::Address, reason))
            }
        }
    }

    fn conclude(&mut self, mut assessment: Assessment, now: i64) -> Vec<Action> {
        if let Some(failure) = self.copy_failure {
            assessment = assessment.with(Reason::BytesNotRead { failure });
        }
        self.checked_at = Some(now);
        self.settle(assessment)
    }

    fn settle(&mut self, assessment: Assessment) -> Vec<Action> {
        let malicious = assessment.verdict == Verdict::Malicious;
        let was_malicious = self.verdict() == Some(Verdict::Malicious);
        self.assessment = Some(assessment);
        self.phase = Phase::Done;
        self.recheck_size();
        self.shorten();
        if !malicious {
            return self.release();
        }
        match self.disposition {
            Disposition::Held => {
                self.disposition = Disposition::KeptBack;
                vec![Action::KeepBack, Action::Notify(Notice::KeptBack)]
            }
            Disposition::Released if !was_malicious => vec![Action::Notify(Notice::FoundLate)],
            _ => Vec::new(),
        }
    }

    fn release(&mut self) -> Vec<Action> {
        if self.disposition != Disposition::Held {
            return Vec::new();
        }
        self.disposition = Disposition::Released;
        vec![Action::Release]
    }

    fn landed(&mut self, size: Option<u64>, path: Option<String>) -> Vec<Action> {
        self.landed_size = size.or(self.landed_size);
        self.path = path.or(self.path.take());
        // The browser let go before we did, or our cancelling came too late: it is on disk now.
        let too_late = self.disposition == Disposition::KeptBack;
        if too_late || self.disposition == Disposition::Held {
            self.disposition = Disposition::Released;
        }
        self.recheck_size();
        if too_late {
            vec![Action::Notify(Notice::FoundLate)]
        } else {
            Vec::new()
        }
    }

    /// A second copy of another length than the saved file says nothing good about that file.
    fn recheck_size(&mut self) {
        let (Some(saved), Some(digests), Some(assessment)) =
            (self.landed_size, self.digests, &mut self.assessment)
        else {
            return;
        };
        if saved == digests.size || assessment.evidence != Evidence::SecondCopy {
            return;
        }
        let reason = Reason::CopyDiffers {
            saved,
            copy: digests.size,
        };
        if assessment.reasons.contains(&reason) {
            return;
        }
        assessment.reasons.insert(0, reason);
        if assessment.verdict != Verdict::Malicious {
            assessment.verdict = Verdict::Unchecked;
        }
        assessment.evidence = Evidence::Address;
    }

    /// A `data:` address is the whole file. It is kept only as long as somebody may want the file
    /// from us: to have what was kept back, or to send in what nobody knows (yet).
    fn shorten(&mut self) {
        const KEPT: usize = 64;
        let settled = matches!(
            self.verdict(),
            Some(Verdict::Clean | Verdict::KnownGood | Verdict::Suspicious)
        );
        if settled && self.url.starts_with("data:") {
            self.url.truncate(self.url.floor_char_boundary(KEPT));
        }
    }

    fn upload(&mut self) -> Vec<Action> {
        let Some(digests) = self.digests.filter(|_| self.can_upload()) else {
            return Vec::new();
        };
        self.upload = Upload::Sending;
        vec![Action::Upload {
            url: self.url.clone(),
            sha256: digests.sha256,
            name: self.name.clone(),
        }]
    }

    fn uploaded(&mut self, result: Result<String, UploadError>, now: i64) -> Vec<Action> {
        match result {
            Ok(analysis) => {
                self.upload = Upload::Analysing {
                    analysis: analysis.clone(),
                    since: now,
                };
                vec![Action::AskAnalysis {
                    id: analysis,
                    after_ms: 2_000,
                }]
            }
            Err(error) => {
                self.upload = Upload::Failed { error };
                Vec::new()
            }
        }
    }

    fn analysed(&mut self, result: Result<AnalysisStatus, Failure>, now: i64) -> Vec<Action> {
        let Upload::Analysing { analysis, since } = self.upload.clone() else {
            return Vec::new();
        };
        let waited = (now - since).clamp(0, ANALYSIS_PATIENCE_MS);
        match (result, self.digests) {
            (Ok(AnalysisStatus::Completed), Some(digests)) => {
                self.upload = Upload::Done;
                self.phase = Phase::Checking;
                vec![Action::AskFile(digests.sha256)]
            }
            (Ok(_), _)
            | (Err(Failure::RateLimited { .. } | Failure::Unreachable | Failure::TooSlow), _)
                if waited < ANALYSIS_PATIENCE_MS =>
            {
                // Every 15 s suits a budget of 4 a minute; the first looks come sooner, since our
                // own server is done in a moment.
                let after_ms = if waited < 10_000 { 2_000 } else { 15_000 };
                vec![Action::AskAnalysis {
                    id: analysis,
                    after_ms,
                }]
            }
            (Ok(_), _) => {
                self.upload = Upload::Failed {
                    error: UploadError::Backend {
                        failure: Failure::TooSlow,
                    },
                };
                Vec::new()
            }
            (Err(failure), _) => {
                self.upload = Upload::Failed {
                    error: UploadError::Backend { failure },
                };
                Vec::new()
            }
        }
    }

    /// What the full report of this download is asked for by.
    pub fn indicator(&self) -> Option<Indicator> {
        match self.digests {
            Some(digests) => Some(Indicator::File(FileHash::Sha256(digests.sha256))),
            None => self.url.parse().ok().map(Indicator::Url),
        }
    }
}
