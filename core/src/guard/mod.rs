//! The download guard: one state machine a download, events in, actions out.
//!
//! What it holds to, whatever happens:
//! - The browser's own download survives every failure of ours. Only a verdict of malicious keeps
//!   one back, unless the policy names others, and then only what can be had again, so that the user can
//!   still have it: what its address has given a second time, or was not asked for. What its address has
//!   refused to give again goes on, and is told.
//! - A hold ends after [`HOLD_MS`], whether anything is known by then or not.
//! - The shell stores the [`Record`] after each [`Record::step`] and before it carries out what
//!   came back. A worker that dies can therefore go on from [`Event::Woken`].
//! - Nothing is uploaded but on [`Event::UploadAsked`], which only a user's click makes, or by a rule of the
//!   policy for that host and type. An upload that died goes on, after a look whether the file has
//!   arrived: it is stored once.
//! - What the backend has no room for goes on when it has ([`Later`]).

mod drift;
mod later;
mod record;

pub use drift::{RECHECK_MS, due};
pub use later::{Later, in_turn};
pub use record::{
    Attempt, Disposition, Download, Drift, Kept, PageLook, Phase, Question, Record, Rung, Terms,
    Upload, UploadError,
};

use serde::{Deserialize, Serialize};

use crate::api::Failure;
use crate::checksum::{Claim, Source};
use crate::digest::Digests;
use crate::indicator::{CanonicalUrl, FileHash, Indicator, Kind, Sha256, Sha512};
use crate::lists::{Listing, Says};
use crate::report::{AnalysisStatus, Report};
use crate::rules::{RuleLine, ScanReport};
use crate::told::{Inspection, Told};
use crate::verdict::{Assessment, CopyFailure, Evidence, Reason, Verdict, assess, assess_host};

/// How long a download is held at most, in milliseconds. Chromium lets go at 15 s by itself; the
/// rest is for answering in an orderly way.
pub const HOLD_MS: u32 = 12_000;
/// How long an analysis is asked after before it is left to a later look, in milliseconds.
const ANALYSIS_PATIENCE_MS: i64 = 10 * 60 * 1000;
/// How long to wait before the backend is asked once more whether it has a file that may have arrived, in
/// milliseconds: some answer "never seen" while they still look at it.
const ASK_AGAIN_MS: [u32; 4] = [1_000, 2_000, 4_000, 8_000];
/// How much is kept of a `data:` address whose file nobody wants from us any more, in bytes.
const KEPT_OF_DATA: usize = 64;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The browser started a download.
    Started,
    /// This was noticed about address and name.
    Noticed(Vec<Told>),
    /// The page that the download came from was looked at for the publisher's checksums, as far as
    /// that could be.
    Published {
        /// What was found.
        claims: Vec<Claim>,
        /// How far it was looked at.
        page: PageLook,
    },
    /// A second copy was read, or could not be.
    CopyRead(Result<SecondCopy, CopyFailure>),
    /// The saved file was read, or could not be.
    SavedRead(Result<SecondCopy, CopyFailure>),
    /// The lists that are on were asked: about the address, or about the bytes with this digest.
    Listed {
        /// Of which bytes it is told; `None` for the address.
        of: Option<Sha256>,
        /// What is listed, the worst first.
        listings: Vec<Listing>,
    },
    /// What is stored of earlier answers about the file, if there is anything.
    Stored(Option<Box<Report>>),
    /// The bytes that were read were scanned with the rules that are on.
    Scanned(Box<ScanReport>),
    /// The backend answered about the file.
    FileReport(Result<Option<Box<Report>>, Failure>),
    /// The backend answered about the member of an archive that was asked about last.
    MemberReport(Result<Option<Box<Report>>, Failure>),
    /// The backend answered about the address or, where it did not know that, about the host.
    AddressReport(Result<Option<Box<Report>>, Failure>),
    /// The backend was asked about an older download anew, without anybody having asked for it.
    Rechecked(Result<Option<Box<Report>>, Failure>),
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
    /// The browser has begun to fetch what was kept back again, under this number of its own.
    FetchBegan(i64),
    /// It could not.
    FetchFailed,
    /// The time has come for what was put off.
    Due,
    /// The user agrees to send the file to the backend.
    UploadAsked,
    /// The user does not want it sent any more.
    UploadCancelled,
    /// The bytes are there and are going to leave now.
    UploadLeaves,
    /// Whether the backend has the file of an upload that was broken off.
    SentBefore(Result<bool, Failure>),
    /// The upload ended.
    Uploaded(Result<String, UploadError>),
    /// The analysis of an upload was asked after.
    Analysis(Result<AnalysisStatus, Failure>),
    /// The user was told this, as far as the browser does that.
    Notified(Notice),
}

/// A download's bytes, as read by the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondCopy {
    /// Its digests and length.
    pub digests: Digests,
    /// Its media type as the server named it, empty if it did not.
    pub mime: String,
    /// What was noticed while it was read.
    pub inspection: Inspection,
    /// SHA-512, where a checksum wants it.
    pub sha512: Option<Sha512>,
    /// What the answer's headers say of the bytes.
    pub published: Vec<Claim>,
    /// Whether it came in a content coding: then the length that was announced is not that of its bytes.
    pub coded: bool,
    /// Whether the bytes are at hand for an [`Action::Scan`]: rules are on.
    pub scannable: bool,
}

/// What is to be done. The shell carries these out in order and feeds what comes of them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send [`Event::HoldExpired`] after this many milliseconds.
    StartHold(u32),
    /// Read a second copy from this address (`http`, `https` or `data`) and digest it.
    ReadCopy(String),
    /// Read the saved file at this path, if the user lets us, and digest it.
    ReadSaved(String),
    /// Ask the lists about the address (`None`), or about the bytes with this digest and the archive's
    /// members among them.
    AskLists(Option<Sha256>),
    /// Look for a stored answer about a file; nothing leaves for it.
    AskStored(Sha256),
    /// Scan the bytes with this digest that were read just now with the rules that are on.
    Scan(Sha256),
    /// Ask for a file's report.
    AskFile(Sha256),
    /// Ask for the report of an archive's member.
    AskMember(Sha256),
    /// Ask for an address's report, and for its host's if there is none.
    AskAddress(CanonicalUrl),
    /// Let the held download go on.
    Release,
    /// Cancel the held download.
    KeepBack,
    /// Download this address again, unchecked, unless that has been begun since this time, in
    /// milliseconds since the Unix epoch.
    FetchAgain {
        /// What.
        url: String,
        /// Since when the user wants it.
        since: i64,
    },
    /// Read the bytes again, make sure that they have this digest, and send them in.
    Upload {
        /// Where they are, if they are not the saved file's.
        url: String,
        /// What they must be.
        sha256: Sha256,
    },
    /// Ask, and be content with no stored answer, whether the backend has this file.
    AskWhetherSent {
        /// Which.
        sha256: Sha256,
        /// How long to wait first, in milliseconds.
        after_ms: u32,
    },
    /// Ask after an analysis, after this many milliseconds.
    AskAnalysis {
        /// Its id.
        id: String,
        /// How long to wait first.
        after_ms: u32,
    },
    /// Tell the user by a notification, and send [`Event::Notified`] when that is done.
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
    /// A download that the policy would have kept back could not be: it is on disk or goes there.
    NotKeptBack,
    /// YARA rules match a download.
    RulesMatched,
    /// A download of some time ago turned out malicious.
    TurnedMalicious,
}

impl Record {
    /// Takes one event and says what to do. `now` is in milliseconds since the Unix epoch.
    pub fn step(&mut self, event: Event, now: i64) -> Vec<Action> {
        let actions = self.take(event, now);
        for action in &actions {
            if let Action::Notify(notice) = action
                && !self.untold.contains(notice)
            {
                self.untold.push(*notice);
            }
        }
        self.open = u8::from(self.goes_on());
        actions
    }

    fn take(&mut self, event: Event, now: i64) -> Vec<Action> {
        match event {
            Event::Started => self.start(now),
            Event::Woken => self.wake(now),
            Event::CheckAsked => self.begin(now),
            Event::Noticed(told) => self.noticed(told),
            Event::Published { claims, page } => {
                self.published.extend(claims);
                self.page = Some(page);
                Vec::new()
            }
            Event::CopyRead(Ok(copy)) => self.copy_read(copy, now),
            Event::CopyRead(Err(failure)) => self.without_copy(failure, now),
            Event::SavedRead(Ok(saved)) => self.saved_read(saved, now),
            // What is known stays what it is: this rung is out of reach, and another one was not.
            Event::SavedRead(Err(failure)) => {
                self.tried(Evidence::SavedFile, Some(failure));
                self.without_new_bytes(now)
            }
            Event::Listed { of: None, listings } => self.address_listed(listings, now),
            Event::Listed {
                of: Some(sha256),
                listings,
            } => self.bytes_listed(sha256, listings, now),
            Event::Stored(report) => self.stored(report.as_deref(), now),
            Event::Scanned(report) => self.scanned(*report, now),
            Event::FileReport(result) => self.file_answered(result, now),
            Event::Rechecked(result) => self.rechecked(result, now),
            Event::MemberReport(result) => self.member_answered(result, now),
            Event::AddressReport(result) => {
                self.tried(Evidence::Address, None);
                if let Err(failure) = &result {
                    self.put_off_check(failure, now);
                }
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
                match self.disposition {
                    Disposition::Held | Disposition::Released => {
                        self.disposition = Disposition::Gone;
                    }
                    // The end of the one that we cancelled is none of the one that is fetched.
                    Disposition::Fetching if self.kept.as_ref().is_some_and(|it| it.begun) => {
                        self.not_fetched();
                    }
                    _ => {}
                }
                Vec::new()
            }
            Event::KeepAsked => self.keep(now),
            Event::FetchBegan(number) => {
                if self.disposition == Disposition::Fetching {
                    self.download = number;
                    self.kept = self.kept.take().map(|kept| Kept {
                        begun: true,
                        ..kept
                    });
                }
                Vec::new()
            }
            Event::FetchFailed => {
                if self.disposition == Disposition::Fetching {
                    self.not_fetched();
                }
                Vec::new()
            }
            Event::Due => self.go_on(now),
            Event::UploadAsked if self.can_upload() => self.send(),
            Event::UploadAsked => Vec::new(),
            Event::UploadCancelled => {
                if self.upload == Upload::Sending {
                    self.upload = Upload::No;
                    self.attempt = None;
                    self.later = None;
                    self.unwanted = true;
                }
                Vec::new()
            }
            Event::UploadLeaves => {
                if self.upload == Upload::Sending {
                    self.attempt = Some(Attempt {
                        left: true,
                        denied: 0,
                    });
                }
                Vec::new()
            }
            Event::SentBefore(result) => self.sent_before(result, now),
            Event::Uploaded(result) => self.uploaded(result, now),
            Event::Analysis(result) => self.analysed(result, now),
            Event::Notified(notice) => {
                self.untold.retain(|untold| *untold != notice);
                Vec::new()
            }
        }
    }

    fn file_answered(
        &mut self,
        result: Result<Option<Box<Report>>, Failure>,
        now: i64,
    ) -> Vec<Action> {
        let sent = self.upload == Upload::Done && self.attempt.is_some();
        let assessment = match result {
            Ok(Some(report)) => {
                self.attempt = self.attempt.filter(|_| !sent);
                self.labels = report.labels().into_iter().map(str::to_owned).collect();
                assess(&report, self.read)
            }
            Ok(None) => {
                // It has analysed what we sent, and does not know it by our digest: it has got something else.
                if sent {
                    self.upload = Upload::Failed {
                        error: UploadError::Backend {
                            failure: Failure::NotFound,
                        },
                    };
                    self.attempt = None;
                }
                Assessment::unknown(self.read)
            }
            // Who does not answer about the archive is not asked about its members.
            Err(failure) => {
                self.put_off_check(&failure, now);
                let assessment = Assessment::unchecked(self.read, Reason::Failed { failure });
                return self.conclude(assessment, now);
            }
        };
        let settled = [Verdict::Malicious, Verdict::KnownGood].contains(&assessment.verdict);
        match self.inspection.members.first() {
            Some(member) if !settled => {
                let ask = Action::AskMember(member.sha256);
                self.members_asked = 0;
                self.archive = Some(assessment);
                vec![ask]
            }
            _ => self.conclude(assessment, now),
        }
    }

    /// The archive's verdict is that of its worst member, where that is worse than its own.
    fn member_answered(
        &mut self,
        result: Result<Option<Box<Report>>, Failure>,
        now: i64,
    ) -> Vec<Action> {
        let Some(mut archive) = self.archive.take() else {
            return Vec::new();
        };
        if let Err(failure) = &result {
            self.put_off_check(failure, now);
        }
        let at = self.members_asked as usize;
        let of = self.inspection.members.len();
        let Some(member) = self.inspection.members.get(at) else {
            return self.conclude(archive, now);
        };
        let failed = result.is_err();
        if let Ok(Some(report)) = result {
            let mut own = assess(&report, self.read);
            // The variants stand in the order of how bad they are.
            let bad = own.verdict <= Verdict::Suspicious && own.verdict < archive.verdict;
            if bad {
                own.reasons.insert(
                    0,
                    Reason::Member {
                        path: member.path.clone(),
                    },
                );
                self.labels = report.labels().into_iter().map(str::to_owned).collect();
                archive = own;
            }
        }
        if failed {
            archive = archive.with(Reason::MembersNotAsked {
                asked: self.members_asked,
                of: u32::try_from(of).unwrap_or(u32::MAX),
            });
            return self.conclude(archive, now);
        }
        self.members_asked += 1;
        match self.inspection.members.get(at + 1) {
            Some(next) if archive.verdict != Verdict::Malicious => {
                let ask = Action::AskMember(next.sha256);
                self.archive = Some(archive);
                vec![ask]
            }
            _ => self.conclude(archive, now),
        }
    }

    fn start(&mut self, now: i64) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.disposition == Disposition::Held {
            self.held_until = Some(now + i64::from(HOLD_MS));
            actions.push(Action::StartHold(HOLD_MS));
        }
        actions.extend(self.begin(now));
        actions
    }

    /// Asks the lists about the address before anything leaves, where any are on; else checks at once.
    fn begin(&mut self, now: i64) -> Vec<Action> {
        if !self.lists {
            return self.check(now);
        }
        self.phase = Phase::Checking;
        self.listing = true;
        vec![Action::AskLists(None)]
    }

    /// A listed address ends the asking: nothing is fetched from it. That it is good says nothing of what
    /// it serves.
    fn address_listed(&mut self, mut listings: Vec<Listing>, now: i64) -> Vec<Action> {
        listings.retain(|it| matches!(it.says, Says::Bad | Says::Hint));
        let worst = listings.first().map(|it| it.says);
        self.listed.retain(|it| !it.is_address());
        self.listed.splice(0..0, listings.iter().cloned());
        let waited = std::mem::take(&mut self.listing);
        match (worst, self.phase) {
            (Some(Says::Bad), Phase::Checking) if waited => {
                self.question = Question::Backend;
                let evidence = match self.digests {
                    Some(_) => self.read,
                    None => Evidence::Address,
                };
                self.conclude(Assessment::silent(evidence), now)
            }
            (_, Phase::Checking) if waited => self.check(now),
            // The saved file was faster, and there is a verdict without it.
            (Some(_), Phase::Done) => match self.assessment.clone() {
                Some(assessment) => self.settle(assessment.listed(&listings)),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// A list ends the asking where it says that the file is bad, or that it is known to be good. The scan is
    /// made all the same, as after [`Record::stored`].
    fn bytes_listed(&mut self, of: Sha256, listings: Vec<Listing>, now: i64) -> Vec<Action> {
        let counts = self.digests.is_some_and(|it| it.sha256 == of);
        if self.question != Question::Lists || !counts {
            return Vec::new();
        }
        // Put in place one by one: sorting would be 4 KB more of the light module, for this type alone.
        for listing in listings {
            let at = self.listed.partition_point(|it| it.says <= listing.says);
            self.listed.insert(at, listing);
        }
        if !matches!(self.listed.first(), Some(it) if matches!(it.says, Says::Bad | Says::Good)) {
            return self.ask_others(now);
        }
        self.question = Question::Backend;
        let mut actions = self.conclude(Assessment::silent(self.read), now);
        if self.scannable {
            actions.push(Action::Scan(of));
        }
        actions
    }

    fn check(&mut self, now: i64) -> Vec<Action> {
        self.phase = Phase::Checking;
        self.waits_no_more();
        if let Some(digests) = self.digests {
            // The user may have let us read saved files since.
            let saved = self.read_saved().filter(|_| self.landed_size.is_some());
            // Rules may have been changed since, and a scan that was broken off is to be made after all:
            // both need the bytes.
            if self.rules.is_some() || self.question != Question::Backend {
                self.question = Question::Bytes;
                let again = self.path.clone().filter(|_| self.landed_size.is_some());
                return match again {
                    Some(path) => vec![Action::ReadSaved(path)],
                    None => self.read_copy_again(now),
                };
            }
            let mut actions = self.ask_file(digests.sha256, now);
            actions.extend(saved);
            return actions;
        }
        if self.readable() {
            vec![Action::ReadCopy(self.url.clone())]
        } else {
            self.without_bytes(CopyFailure::Scheme)
        }
    }

    /// Asks the backend once more what it had no room for.
    fn ask_again(&mut self, now: i64) -> Vec<Action> {
        self.phase = Phase::Checking;
        match (self.digests, self.url.parse::<CanonicalUrl>()) {
            (Some(digests), _) => self.ask_file(digests.sha256, now),
            (None, Ok(url)) => vec![Action::AskAddress(url)],
            (None, Err(_)) => self.check(now),
        }
    }

    /// Whether the shell can read a second copy from the address.
    fn readable(&self) -> bool {
        ["https:", "http:", "data:", "blob:http"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme))
    }

    /// Reads a second copy once more, where there is one to be had and it would be the same file.
    fn read_copy_again(&mut self, now: i64) -> Vec<Action> {
        let cut = self.url.starts_with("data:") && self.url.len() <= KEPT_OF_DATA;
        if self.read == Evidence::SecondCopy && self.readable() && !cut {
            return vec![Action::ReadCopy(self.url.clone())];
        }
        self.ask_without_bytes(now)
    }

    /// The bytes cannot be had once more: what the rules said of them stays, and only the backend is
    /// asked.
    fn ask_without_bytes(&mut self, now: i64) -> Vec<Action> {
        self.question = Question::Backend;
        match self.digests {
            Some(digests) => self.ask_file(digests.sha256, now),
            None => Vec::new(),
        }
    }

    /// After the worker's death no hold is left: the browser has let go by itself.
    fn wake(&mut self, now: i64) -> Vec<Action> {
        if self.disposition == Disposition::Held {
            self.disposition = Disposition::Released;
        }
        let mut actions = match self.phase {
            Phase::Checking => self.begin(now),
            Phase::Done => Vec::new(),
        };
        if self.disposition == Disposition::Fetching {
            actions.extend(self.fetch_again());
        }
        // What waits goes on when its time has come. What had gone on goes on with the check, or with the upload.
        let waits = self.waits_until().is_some();
        match (&self.upload, self.digests) {
            (Upload::Sending, _) if !waits => actions.extend(self.send_on()),
            (Upload::Analysing { analysis, .. }, _) => actions.push(Action::AskAnalysis {
                id: analysis.clone(),
                after_ms: 0,
            }),
            _ => {}
        }
        actions.extend(self.untold.iter().copied().map(Action::Notify));
        actions
    }

    /// What was noticed about bytes holds this too.
    fn noticed(&mut self, told: Vec<Told>) -> Vec<Action> {
        if self.digests.is_none() {
            self.assessment = self.assessment.take().map(|it| it.noticing(&told));
            self.inspection.told = told;
        }
        Vec::new()
    }

    /// Asks about bytes that were just read, what costs least first: the lists, what is stored, the rules, the
    /// backend.
    fn ask(&mut self, scannable: bool, now: i64) -> Vec<Action> {
        let Some(Digests { sha256, .. }) = self.digests else {
            return Vec::new();
        };
        self.phase = Phase::Checking;
        self.scannable = scannable;
        self.listed.retain(Listing::is_address);
        // An answer about the address that is still to come is taken in, and begins nothing any more.
        self.listing = false;
        if self.lists {
            self.question = Question::Lists;
            return vec![Action::AskLists(Some(sha256))];
        }
        self.ask_others(now)
    }

    /// What is asked after the lists.
    fn ask_others(&mut self, now: i64) -> Vec<Action> {
        let Some(Digests { sha256, .. }) = self.digests else {
            return Vec::new();
        };
        if !self.scannable {
            self.rules = None;
            self.question = Question::Backend;
            return self.ask_file(sha256, now);
        }
        if self.terms.ask {
            self.question = Question::Stored;
            return vec![Action::AskStored(sha256)];
        }
        self.question = Question::Rules;
        vec![Action::Scan(sha256)]
    }

    /// An earlier answer that says malicious ends the asking. The scan is made all the same: it costs
    /// nobody anything, and the user's own rules are there to hunt with.
    fn stored(&mut self, report: Option<&Report>, now: i64) -> Vec<Action> {
        let (Question::Stored, Some(digests)) = (self.question, self.digests) else {
            return Vec::new();
        };
        self.question = Question::Rules;
        let mut actions = Vec::new();
        if let Some(report) = report {
            let assessment = assess(report, self.read);
            if assessment.verdict == Verdict::Malicious {
                self.question = Question::Backend;
                self.labels = report.labels().into_iter().map(str::to_owned).collect();
                actions = self.conclude(assessment, now);
            }
        }
        actions.push(Action::Scan(digests.sha256));
        actions
    }

    /// Asks about the file, or says that what comes from the intranet is asked about nobody.
    fn ask_file(&mut self, sha256: Sha256, now: i64) -> Vec<Action> {
        if self.terms.ask {
            return vec![Action::AskFile(sha256)];
        }
        let assessment = Assessment::unchecked(self.read, Reason::Private);
        self.conclude(assessment, now)
    }

    fn copy_read(&mut self, copy: SecondCopy, now: i64) -> Vec<Action> {
        if copy.coded {
            self.announced = None;
        }
        // A login or error page that came with status 200 is not the file.
        let html = |mime: &str| mime.starts_with("text/html");
        let page = html(&copy.mime) && !self.mime.is_empty() && !html(&self.mime);
        let size = self.landed_size.or(self.announced);
        if let Some(saved) = size.filter(|saved| *saved != copy.digests.size) {
            self.copy_differs = Some(Reason::CopyDiffers {
                saved,
                copy: copy.digests.size,
            });
        } else if let Some(differs) = other_type(&self.mime, &copy.mime) {
            self.copy_differs = Some(differs);
        }
        if page || size.is_some_and(|saved| saved != copy.digests.size) {
            return self.without_copy(CopyFailure::Different, now);
        }
        self.tried(Evidence::SecondCopy, None);
        // The saved file was read first: that is what counts, and the copy is compared with it.
        if self.read == Evidence::SavedFile {
            if let Some(saved) = self.digests {
                self.compare(&saved, &copy.digests);
                if saved.sha256 == copy.digests.sha256 {
                    self.published.extend(copy.published);
                }
            }
            return Vec::new();
        }
        // The site may have another file there by now: the question is about the one that was saved.
        if self.question == Question::Bytes
            && self.digests.map(|it| it.sha256) != Some(copy.digests.sha256)
        {
            return self.ask_without_bytes(now);
        }
        self.digests = Some(copy.digests);
        self.sha512 = copy.sha512;
        // What the headers said the last time was about the last answer.
        self.published
            .retain(|claim| !matches!(claim.source, Source::Header(_)));
        self.published.extend(copy.published);
        self.inspection = copy.inspection;
        self.ask(copy.scannable, now)
    }

    /// The very bytes on disk: what was found out about other bytes does not count any more.
    fn saved_read(&mut self, saved: SecondCopy, now: i64) -> Vec<Action> {
        self.tried(Evidence::SavedFile, None);
        let first = self.read != Evidence::SavedFile;
        self.read = Evidence::SavedFile;
        self.landed_size = Some(saved.digests.size);
        self.copy_failure = None;
        self.inspection = saved.inspection;
        self.sha512 = saved
            .sha512
            .or(self.sha512.filter(|_| self.same_as(&saved.digests)));
        let before = self.digests.replace(saved.digests);
        if let Some(copy) = before.as_ref().filter(|_| first) {
            self.compare(&saved.digests, copy);
        }
        let same = before.is_some_and(|copy| copy.sha256 == saved.digests.sha256);
        if !same {
            self.rules = None;
        }
        if same && self.question != Question::Bytes {
            match &mut self.assessment {
                Some(assessment) if assessment.evidence == Evidence::SecondCopy => {
                    assessment.evidence = Evidence::SavedFile;
                    let scan = self.phase == Phase::Done && self.rules.is_none() && saved.scannable;
                    let scan = scan.then_some(Action::Scan(saved.digests.sha256));
                    return scan.into_iter().collect();
                }
                // It is being asked about just now.
                None => return Vec::new(),
                Some(_) => {}
            }
        }
        self.ask(saved.scannable, now)
    }

    /// The saved file cannot be read. Where its bytes were wanted once more, a second copy may do.
    fn without_new_bytes(&mut self, now: i64) -> Vec<Action> {
        match self.question {
            Question::Bytes => self.read_copy_again(now),
            _ => Vec::new(),
        }
    }

    /// No second copy is to be had.
    fn without_copy(&mut self, failure: CopyFailure, now: i64) -> Vec<Action> {
        // Pages of extensions may not connect to everybody by plain http: that is not the site's doing.
        let failure = match failure {
            CopyFailure::Refused if self.is_plain_http() => CopyFailure::PlainHttp,
            other => other,
        };
        self.tried(Evidence::SecondCopy, Some(failure));
        match self.question {
            Question::Bytes => self.ask_without_bytes(now),
            _ => self.without_bytes(failure),
        }
    }

    /// Whether its address is one of plain http, and not of this machine.
    fn is_plain_http(&self) -> bool {
        self.url.starts_with("http:")
            && self
                .url
                .parse::<CanonicalUrl>()
                .is_ok_and(|url| !["127.0.0.1", "localhost"].contains(&url.host()))
    }

    fn same_as(&self, digests: &Digests) -> bool {
        self.digests.is_some_and(|own| own.sha256 == digests.sha256)
    }

    /// That a site gives other bytes to the second asker says something of the site.
    fn compare(&mut self, saved: &Digests, copy: &Digests) {
        if saved.sha256 != copy.sha256 {
            self.copy_differs = Some(Reason::CopyDiffers {
                saved: saved.size,
                copy: copy.size,
            });
        }
    }

    /// What rules say is part of the verdict, and told once for each rule that is new.
    fn scanned(&mut self, mut report: ScanReport, now: i64) -> Vec<Action> {
        const KEPT: usize = 50;
        // What the verdict is based on stays, whatever else there is.
        let (first, others): (Vec<_>, Vec<_>) = report
            .matches
            .into_iter()
            .partition(|found| found.rule.malicious);
        report.matches = first.into_iter().chain(others).take(KEPT).collect();
        let known = |rule: &RuleLine| {
            let before = self.rules.iter().flat_map(|it| &it.matches);
            before.into_iter().any(|found| found.rule == *rule)
        };
        let new = report.matches.iter().any(|found| !known(&found.rule));
        let malicious = report.matches.iter().any(|found| found.rule.malicious);
        self.rules = Some(report);
        let mut actions = if self.question == Question::Rules {
            self.question = Question::Backend;
            match self.digests {
                // That ends the asking.
                Some(_) if malicious => self.conclude(Assessment::silent(self.read), now),
                Some(digests) => self.ask_file(digests.sha256, now),
                None => Vec::new(),
            }
        } else if let (Phase::Done, Some(assessment)) = (self.phase, self.assessment.clone()) {
            let assessment = self.matched(assessment);
            self.settle(assessment)
        } else {
            Vec::new()
        };
        // One notification about one thing.
        let told = |action: &Action| matches!(action, Action::Notify(_));
        if new && !actions.iter().any(told) {
            actions.push(Action::Notify(Notice::RulesMatched));
        }
        actions
    }

    fn matched(&self, assessment: Assessment) -> Assessment {
        match &self.rules {
            Some(report) => assessment.matching(&report.matches),
            None => assessment,
        }
    }

    fn without_bytes(&mut self, failure: CopyFailure) -> Vec<Action> {
        if self.read == Evidence::SavedFile {
            return Vec::new();
        }
        self.copy_failure = Some(failure);
        if self
            .tried
            .iter()
            .all(|rung| rung.by != Evidence::SecondCopy)
        {
            self.tried(Evidence::SecondCopy, Some(failure));
        }
        match self.url.parse::<CanonicalUrl>() {
            Ok(url) => vec![Action::AskAddress(url)],
            Err(_) => {
                let reason = Reason::BytesNotRead { failure };
                let assessment =
                    Assessment::unchecked(Evidence::Address, reason).listed(&self.listed);
                self.settle(assessment.noticing(&self.inspection.told))
            }
        }
    }

    /// The user wants what was kept back.
    fn keep(&mut self, now: i64) -> Vec<Action> {
        if self.disposition != Disposition::KeptBack {
            return Vec::new();
        }
        self.disposition = Disposition::Fetching;
        self.not_had = false;
        // Who wants it has seen that it was kept back.
        self.untold.retain(|notice| *notice != Notice::KeptBack);
        self.kept = self.assessment.clone().map(|despite| Kept {
            at: now,
            despite,
            begun: false,
        });
        self.fetch_again().into_iter().collect()
    }

    fn fetch_again(&self) -> Option<Action> {
        let since = self.kept.as_ref()?.at;
        let url = self.url.clone();
        Some(Action::FetchAgain { url, since })
    }

    /// It is kept back still, and can be asked for again.
    fn not_fetched(&mut self) {
        self.disposition = Disposition::KeptBack;
        self.kept = None;
        self.not_had = true;
    }

    fn conclude(&mut self, mut assessment: Assessment, now: i64) -> Vec<Action> {
        assessment = self
            .matched(assessment.listed(&self.listed))
            .comparing(self.checksums())
            .noticing(&self.inspection.told);
        if let Some(failure) = self.copy_failure
            && !(failure == CopyFailure::Different && self.copy_differs.is_some())
        {
            assessment = assessment.with(Reason::BytesNotRead { failure });
        }
        if let Some(differs) = &self.copy_differs {
            assessment = assessment.with(differs.clone());
        }
        self.archive = None;
        self.checked_at = Some(now);
        if self.waits_until().is_none() {
            self.waits_no_more();
        }
        let mut actions = self.settle(assessment);
        if self.sends_itself() {
            actions.extend(self.send());
        }
        actions
    }

    fn settle(&mut self, assessment: Assessment) -> Vec<Action> {
        let malicious = assessment.verdict == Verdict::Malicious;
        let keep_back = self.terms.keep_back.contains(&assessment.verdict);
        let was_malicious = self.verdict() == Some(Verdict::Malicious);
        self.assessment = Some(assessment);
        self.phase = Phase::Done;
        self.recheck_size();
        let held = self.disposition == Disposition::Held;
        if held && keep_back && self.can_be_had_again() {
            self.disposition = Disposition::KeptBack;
            return vec![Action::KeepBack, Action::Notify(Notice::KeptBack)];
        }
        self.shorten();
        let mut actions = self.release();
        let released = self.disposition == Disposition::Released;
        if released && held && keep_back {
            actions.push(Action::Notify(Notice::NotKeptBack));
        } else if malicious && !was_malicious && released {
            actions.push(Action::Notify(Notice::FoundLate));
        }
        actions
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
        // The browser let go before we did, or the user went on with one that was cut, or our cancelling came
        // too late: it is on disk now.
        let too_late = self.disposition == Disposition::KeptBack;
        if self.disposition == Disposition::Fetching {
            self.disposition = Disposition::KeptAnyway;
        }
        if too_late || matches!(self.disposition, Disposition::Held | Disposition::Gone) {
            self.disposition = Disposition::Released;
        }
        self.recheck_size();
        let mut actions = Vec::new();
        if too_late {
            actions.push(Action::Notify(Notice::NotKeptBack));
        }
        actions.extend(self.read_saved());
        actions
    }

    /// The best rung of the ladder, where it has not been taken yet.
    fn read_saved(&self) -> Option<Action> {
        let path = self.path.clone()?;
        (self.read != Evidence::SavedFile).then_some(Action::ReadSaved(path))
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
        let settled = matches!(
            self.verdict(),
            Some(Verdict::Clean | Verdict::KnownGood | Verdict::Suspicious)
        );
        let wanted = matches!(
            self.disposition,
            Disposition::KeptBack | Disposition::Fetching
        );
        if settled && !wanted && self.url.starts_with("data:") {
            self.url
                .truncate(self.url.floor_char_boundary(KEPT_OF_DATA));
        }
    }

    fn send(&mut self) -> Vec<Action> {
        let Some(digests) = self.digests else {
            return Vec::new();
        };
        self.upload = Upload::Sending;
        self.attempt = Some(Attempt::default());
        self.later = None;
        vec![Action::Upload {
            url: self.url.clone(),
            sha256: digests.sha256,
        }]
    }

    /// Goes on with an upload that was broken off: at once if nothing can have left, else after a look
    /// whether it has arrived.
    fn send_on(&mut self) -> Vec<Action> {
        let (Some(attempt), Some(digests)) = (self.attempt, self.digests) else {
            return self.send();
        };
        match attempt.left {
            false => self.send(),
            true => vec![Action::AskWhetherSent {
                sha256: digests.sha256,
                after_ms: 0,
            }],
        }
    }

    /// The user's click still counts: what did not arrive is sent, and what did is not sent twice.
    fn sent_before(&mut self, result: Result<bool, Failure>, now: i64) -> Vec<Action> {
        let (Upload::Sending, Some(digests)) = (&self.upload, self.digests) else {
            return Vec::new();
        };
        match result {
            Ok(false) => {
                let denied = self.attempt.map_or(0, |attempt| attempt.denied);
                let Some(after_ms) = ASK_AGAIN_MS.get(denied as usize) else {
                    return self.send();
                };
                self.attempt = Some(Attempt {
                    left: true,
                    denied: denied + 1,
                });
                vec![Action::AskWhetherSent {
                    sha256: digests.sha256,
                    after_ms: *after_ms,
                }]
            }
            Ok(true) => {
                self.upload = Upload::Done;
                self.later = None;
                self.phase = Phase::Checking;
                vec![Action::AskFile(digests.sha256)]
            }
            Err(failure) => self.upload_failed(UploadError::Backend { failure }, now),
        }
    }

    fn uploaded(&mut self, result: Result<String, UploadError>, now: i64) -> Vec<Action> {
        // It was cancelled.
        if self.upload != Upload::Sending {
            return Vec::new();
        }
        match result {
            Ok(analysis) => {
                self.later = None;
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
                // What was refused has not arrived.
                if let UploadError::Backend {
                    failure: Failure::RateLimited { .. } | Failure::QuotaSpent { .. },
                } = error
                {
                    self.attempt = Some(Attempt::default());
                }
                self.upload_failed(error, now)
            }
        }
    }

    /// What may go well later goes on then.
    fn upload_failed(&mut self, error: UploadError, now: i64) -> Vec<Action> {
        if let UploadError::Backend { failure } = &error
            && self.put_off(failure, now)
        {
            return Vec::new();
        }
        self.upload = Upload::Failed { error };
        self.attempt = None;
        self.later = None;
        Vec::new()
    }

    fn analysed(&mut self, result: Result<AnalysisStatus, Failure>, now: i64) -> Vec<Action> {
        let Upload::Analysing { analysis, since } = self.upload.clone() else {
            return Vec::new();
        };
        // A clock that was set back must not make us ask for ever.
        let since = since.min(now);
        self.upload = Upload::Analysing {
            analysis: analysis.clone(),
            since,
        };
        let waited = now.saturating_sub(since).min(ANALYSIS_PATIENCE_MS);
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

/// That a second copy is of another type than the browser announces, where both say one.
fn other_type(announced: &str, copy: &str) -> Option<Reason> {
    /// What servers say of files whose type they do not know, or do not want to be looked at.
    const NONE: [&str; 4] = [
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/force-download",
    ];
    let essence = |mime: &str| {
        let essence = mime.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    };
    let (announced, copy) = (essence(announced), essence(copy));
    let said = |mime: &String| !NONE.contains(&mime.as_str());
    (said(&announced) && said(&copy) && announced != copy)
        .then_some(Reason::CopyType { announced, copy })
}
