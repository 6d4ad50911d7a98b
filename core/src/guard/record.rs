//! What is kept of a download: the one thing that the badge, the notification and the history
//! show.

use serde::{Deserialize, Serialize};

use super::{Later, Notice};
use crate::api::Failure;
use crate::checksum::{Claim, Compared, compare};
use crate::digest::{Digests, ending};
use crate::indicator::Sha512;
use crate::lists::Listing;
use crate::policy::is_document;
use crate::rules::ScanReport;
use crate::told::Inspection;
use crate::verdict::{Assessment, CopyFailure, Evidence, Reason, Verdict};

/// A download as the browser announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The browser's own number for it.
    pub id: i64,
    /// Where the bytes come from, after all redirects.
    pub url: String,
    /// The name it is going to have.
    pub name: String,
    /// Its media type, empty if unknown.
    pub mime: String,
    /// Its length in bytes as the browser announces it, where it does.
    pub size: Option<u64>,
    /// When it began, in milliseconds since the Unix epoch.
    pub started: i64,
    /// Whether it comes from a private window: then nothing of it is kept.
    pub private: bool,
    /// Whether this browser lets us hold it back until we have looked.
    pub held: bool,
    /// What goes for it.
    pub terms: Terms,
}

/// What goes for a download, by the [`Policy`](crate::policy::Policy) of when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Verdicts at which it is kept back, if it is held.
    pub keep_back: Vec<Verdict>,
    /// Whether the backend may be asked about it.
    pub ask: bool,
    /// Whether it may be sent in if it is a document.
    pub send_documents: bool,
    /// Types of files that are sent in without a click where nobody knows them, as in
    /// [`SendRule::types`](crate::policy::SendRule::types).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<String>,
}

/// Whether the check is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It goes on.
    Checking,
    /// It is over; there is an assessment.
    Done,
}

/// Which question about the bytes the check is at, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The bytes are known and are read once more, for the rules.
    Bytes,
    /// Whether they are on a list.
    Lists,
    /// What is stored of earlier answers.
    Stored,
    /// What the rules say.
    Rules,
    /// What the backend says; or none at all.
    #[default]
    Backend,
}

/// What became of the download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It waits for us.
    Held,
    /// It goes on, or never waited.
    Released,
    /// We cancelled it: it is malicious.
    KeptBack,
    /// We had cancelled it, and the user wants it all the same: it is on its way.
    Fetching,
    /// We had cancelled it and the user fetched it all the same.
    KeptAnyway,
    /// It ended without a file, and not by us.
    Gone,
}

/// That the user wanted a file which was kept back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What the user was shown against it.
    pub despite: Assessment,
    /// Whether the browser has begun to fetch it again.
    #[serde(default)]
    pub begun: bool,
}

/// An attempt to send a file in, as far as it must be known after a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// Whether bytes of it may have left.
    pub left: bool,
    /// How often the backend was asked since then whether it has the file, and said no.
    pub denied: u32,
}

/// A rung of the ladder that was tried to get at the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Which one.
    pub by: Evidence,
    /// Why it came to nothing; `None` if it did not.
    pub failure: Option<CopyFailure>,
}

/// That a file turned out malicious some time after it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// What it was before.
    pub was: Verdict,
    /// When that was found out, in milliseconds since the Unix epoch.
    pub on: i64,
    /// When it was found to be malicious, in milliseconds since the Unix epoch.
    pub since: i64,
}

/// How far the page that a download came from was looked at for checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageLook {
    /// It was, and the lists that it leads to.
    Read,
    /// It was, but a list that it leads to could not be read.
    ListNotRead,
    /// We have no access to it.
    NoAccess,
    /// It is not open, or does not have the link.
    NotFound,
}

/// Why an upload came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadError {
    /// The bytes could not be had again.
    Copy {
        /// Why.
        failure: CopyFailure,
    },
    /// The backend did not take them, or did not finish.
    Backend {
        /// Why.
        failure: Failure,
    },
}

/// How far sending the file in is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upload {
    /// Nobody asked for it.
    #[default]
    No,
    /// On its way.
    Sending,
    /// The backend has it and is at work.
    Analysing {
        /// The analysis's id.
        analysis: String,
        /// Since when, in milliseconds since the Unix epoch.
        since: i64,
    },
    /// Analysed.
    Done,
    /// It failed.
    Failed {
        /// Why.
        error: UploadError,
    },
}

/// What is kept of a download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Our own id of it: the start time and the browser's number, which starts anew with each
    /// profile.
    pub id: String,
    /// The browser's number for it.
    pub download: i64,
    /// Its name.
    pub name: String,
    /// Where the bytes came from. A `data:` address, which is the whole file, is cut once the file
    /// is not wanted from us any more.
    pub url: String,
    /// Its media type as announced.
    pub mime: String,
    /// Its length in bytes as announced.
    #[serde(default)]
    pub announced: Option<u64>,
    /// When it began, in milliseconds since the Unix epoch.
    pub started: i64,
    /// When the verdict was reached, in milliseconds since the Unix epoch.
    pub checked_at: Option<i64>,
    /// Whether it is from a private window, and so not to be stored.
    pub private: bool,
    /// Whether the check is over.
    pub phase: Phase,
    /// Which question the check is at.
    #[serde(default)]
    pub question: Question,
    /// Whether any lists are on, as far as the shell said the last time.
    #[serde(default)]
    pub lists: bool,
    /// Whether the lists are asked about its address just now, and the check goes on with their answer.
    #[serde(default)]
    pub listing: bool,
    /// Whether the bytes that were read last are at hand for a scan.
    #[serde(default)]
    pub scannable: bool,
    /// Which lists it is on, by its address or its bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Listing>,
    /// What goes for it.
    pub terms: Terms,
    /// What became of it.
    pub disposition: Disposition,
    /// Until when it waits for us at most while it is held, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub held_until: Option<i64>,
    /// That the user has kept it anyway.
    #[serde(default)]
    pub kept: Option<Kept>,
    /// Whether the user wanted what was kept back, and it could not be had again.
    #[serde(default)]
    pub not_had: bool,
    /// That something about it goes on later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<Later>,
    /// The verdict, once there is one.
    pub assessment: Option<Assessment>,
    /// What the objecting engines call it.
    pub labels: Vec<String>,
    /// Digests of the bytes that were read.
    pub digests: Option<Digests>,
    /// SHA-512 of the same bytes, where a checksum wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha512: Option<Sha512>,
    /// What the publisher says of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Claim>,
    /// How far the page that it came from was looked at for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageLook>,
    /// Which bytes these are: those of the second copy, or of the saved file.
    pub read: Evidence,
    /// What was noticed about them, and about address and name.
    pub inspection: Inspection,
    /// How many members of the archive were asked about.
    pub members_asked: u32,
    /// What is known of the archive itself while its members are asked about.
    pub archive: Option<Assessment>,
    /// That the second copy had other bytes than the saved file.
    pub copy_differs: Option<Reason>,
    /// Why there is no second copy.
    pub copy_failure: Option<CopyFailure>,
    /// How the bytes were looked for: the last result of each rung.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Rung>,
    /// What YARA rules say of the bytes that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<ScanReport>,
    /// How long the saved file is, in bytes.
    pub landed_size: Option<u64>,
    /// Where the saved file is.
    pub path: Option<String>,
    /// How far sending it in is.
    pub upload: Upload,
    /// The attempt to send it in that is not known to have arrived as what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// Whether the user has cancelled sending it in: then nothing but the user sends it.
    #[serde(default)]
    pub unwanted: bool,
    /// What the user is still to be told by a notification.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Notice>,
    /// When it was last asked about anew by itself, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub rechecked: Option<i64>,
    /// That it turned out malicious later.
    #[serde(default)]
    pub drift: Option<Drift>,
    /// 1 while something about it goes on, else 0: a database finds what was left unfinished by it.
    pub open: u8,
}

impl Record {
    /// The record of a download that just began.
    pub fn new(download: Download) -> Self {
        Self {
            id: format!("{}-{}", download.started, download.id),
            download: download.id,
            name: download.name,
            url: download.url,
            mime: download.mime,
            announced: download.size,
            started: download.started,
            checked_at: None,
            private: download.private,
            phase: Phase::Checking,
            question: Question::Backend,
            lists: false,
            listing: false,
            scannable: false,
            listed: Vec::new(),
            terms: download.terms,
            disposition: if download.held {
                Disposition::Held
            } else {
                Disposition::Released
            },
            held_until: None,
            kept: None,
            not_had: false,
            later: None,
            assessment: None,
            labels: Vec::new(),
            digests: None,
            sha512: None,
            published: Vec::new(),
            page: None,
            read: Evidence::SecondCopy,
            inspection: Inspection::default(),
            members_asked: 0,
            archive: None,
            copy_differs: None,
            copy_failure: None,
            tried: Vec::new(),
            rules: None,
            landed_size: None,
            path: None,
            upload: Upload::No,
            attempt: None,
            unwanted: false,
            untold: Vec::new(),
            rechecked: None,
            drift: None,
            open: 1,
        }
    }

    /// Whether something about it goes on.
    pub(super) fn goes_on(&self) -> bool {
        self.phase == Phase::Checking
            || self.disposition == Disposition::Fetching
            || self.waits_until().is_some()
            || matches!(self.upload, Upload::Sending | Upload::Analysing { .. })
            || !self.untold.is_empty()
    }

    /// How the publisher's checksums compare with the bytes that were read.
    pub fn checksums(&self) -> Vec<Compared> {
        match &self.digests {
            Some(digests) => compare(&self.published, digests, self.sha512.as_ref()),
            None => Vec::new(),
        }
    }

    /// The verdict, once there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        self.assessment
            .as_ref()
            .map(|assessment| assessment.verdict)
    }

    /// Whether this may be shown in its folder: it was saved, as far as we know.
    pub fn has_landed(&self) -> bool {
        let saved = [Disposition::Released, Disposition::KeptAnyway];
        self.path.is_some() && saved.contains(&self.disposition)
    }

    /// Whether a file that the user gives is the one that was saved: it has the saved file's length, and
    /// its name or bytes that are known already.
    pub fn is_saved_as(&self, name: &str, digests: &Digests) -> bool {
        let path = self.path.as_deref().unwrap_or(&self.name);
        let saved = path.rsplit(['/', '\\']).next();
        let same = self.digests.is_some_and(|own| own.sha256 == digests.sha256);
        self.has_landed()
            && self.landed_size.is_none_or(|size| size == digests.size)
            && (same || saved == Some(name))
    }

    /// Whether the backend has never seen the file, whatever else there is to say about it.
    fn never_seen(&self) -> bool {
        let assessment = self.assessment.as_ref();
        assessment.is_some_and(|it| {
            it.verdict == Verdict::Unknown || it.reasons.contains(&Reason::NeverSeen)
        })
    }

    /// Whether sending the file in can be offered: the bytes are known, nobody has seen them, and
    /// they are not on their way already.
    pub fn can_upload(&self) -> bool {
        let document = is_document(&self.name, &self.inspection.type_tag);
        self.digests.is_some()
            && self.never_seen()
            && (self.terms.send_documents || !document)
            && matches!(self.upload, Upload::No | Upload::Failed { .. })
    }

    /// Whether the policy has it sent in without a click, once.
    pub(super) fn sends_itself(&self) -> bool {
        let named = |own: &String| {
            let own = own.trim().trim_start_matches('.');
            let is = |of: &str| own.eq_ignore_ascii_case(of);
            own == "*"
                || is(&self.inspection.type_tag)
                || ending(&self.name).as_deref().is_some_and(is)
        };
        self.upload == Upload::No
            && !self.unwanted
            && !self.private
            && self.terms.send.iter().any(named)
            && self.can_upload()
    }

    /// Whether the file can be had once more by a plain request. Where one was made, its answer tells: a form
    /// or a one-time link gives none, or another file. Where none was made (the address is on a list, we have no
    /// access), an address of the web is taken to give it: for the sake of the rare form, what is known to be bad is
    /// not let through.
    pub(super) fn can_be_had_again(&self) -> bool {
        if let Some(digests) = self.digests {
            let as_announced = self.announced.is_none_or(|size| size == digests.size);
            // What a page made is not to be had by its address when the page is gone.
            let made = self.url.starts_with("blob:");
            return self.read == Evidence::SecondCopy && as_announced && !made;
        }
        let told = matches!(
            self.copy_failure,
            Some(CopyFailure::Refused | CopyFailure::Different | CopyFailure::Scheme)
        );
        let web = self.url.starts_with("https:") || self.url.starts_with("http:");
        web && !told
    }

    /// Writes down what came of a rung.
    pub(super) fn tried(&mut self, by: Evidence, failure: Option<CopyFailure>) {
        self.tried.retain(|rung| rung.by != by);
        self.tried.push(Rung { by, failure });
    }
}
