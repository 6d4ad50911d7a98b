//! What crosses between the extension's contexts, declared once: who may ask what, and what comes
//! back.
//!
//! Messages are JSON on the wire, so nothing here holds bytes or numbers beyond 2^53. A field
//! with a key is never part of a reply.
//!
//! Variants are named outside of what they hold (`"state"`, `{"report": {…}}`): what is tagged inside or
//! beside its content is read by serde from a buffer as well as directly, and everything below is
//! compiled twice.

use serde::{Deserialize, Serialize};

use crate::api::{Failure, Remaining};
use crate::digest::Digests;
use crate::guard::Record;
use crate::history::Filter;
use crate::indicator::{Indicator, Kind};
use crate::lists::{ListSwitch, Lists};
use crate::pointed::{About, Pointed, Shorter, Written};
use crate::policy::Policy;
use crate::report::{Account, Comment, EngineResult, Page, Report, TotalVotes, VoteVerdict};
use crate::rules::{Library, ScanReport, Sort, Switch};
use crate::sent::Sent;
use crate::text::{DefangStyle, defang};
use crate::told::Inspection;
use crate::verdict::{Assessment, Evidence};

/// Who sends a message; the shell tells it from what the browser says of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A page of the extension in a tab or popup of its own.
    Page,
    /// The overlay card: a page of the extension inside somebody else's page.
    Card,
    /// A content script, or anything else.
    Other,
}

/// A question to the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How things stand. → [`Reply::State`]
    State,
    /// Save the backend's address and key, and try them. The permission for the address must
    /// have been asked for by then: that needs the click itself. → [`Reply::State`]
    Connect {
        /// What the user typed.
        address: String,
        /// What the user typed; `None` keeps the present key if the address is the same.
        key: Option<String>,
        /// Whether the key outlives the browser session.
        remember: bool,
    },
    /// Switch automatic download checks. → [`Reply::State`]
    SetDownloads {
        /// On or off.
        enabled: bool,
    },
    /// What is done with downloads from now on. → [`Reply::State`]
    SetPolicy {
        /// The user's settings.
        policy: Policy,
    },
    /// What the tab in front shows. → [`Reply::Pointed`]
    CurrentPage,
    /// What a text holds. → [`Reply::Pointed`]
    Read {
        /// Typed or pasted.
        text: String,
    },
    /// What the card in this tab is to show. → [`Reply::Pointed`]
    Card,
    /// How high the card would like to be. → [`Reply::Done`]
    CardHeight {
        /// In CSS pixels.
        height: u32,
    },
    /// Close the card. → [`Reply::Done`]
    CloseCard,
    /// A report. → [`Reply::Report`]
    Report {
        /// On what.
        indicator: Indicator,
        /// How it was got at.
        evidence: Evidence,
        /// Whether a stored answer will not do.
        fresh: bool,
        /// How it stood where it was pointed at.
        #[serde(default, skip_serializing_if = "Written::is_empty")]
        written: Written,
    },
    /// Comments. → [`Reply::Comments`]
    Comments {
        /// On what.
        indicator: Indicator,
        /// Where the page begins.
        cursor: Option<String>,
    },
    /// Write a comment. → [`Reply::Comment`]
    AddComment {
        /// On what.
        indicator: Indicator,
        /// What it says.
        text: String,
    },
    /// Vote. → [`Reply::Voted`]
    Vote {
        /// On what.
        indicator: Indicator,
        /// For which side.
        verdict: VoteVerdict,
    },
    /// Send an address in to be analysed; answered when it is done. → [`Reply::Report`]
    Submit {
        /// The address.
        indicator: Indicator,
    },
    /// The newest of the checked downloads, newest first. → [`Reply::Downloads`]
    Downloads,
    /// A page of the history, newest first. → [`Reply::History`]
    History {
        /// What is looked for.
        filter: Filter,
        /// The id of the record behind which the page begins.
        after: Option<String>,
    },
    /// Forget all downloads. → [`Reply::Done`]
    ForgetAll,
    /// Fetch a download that was kept back. → [`Reply::Done`]
    Keep {
        /// The record's id.
        id: String,
    },
    /// Send a download in to be analysed. → [`Reply::Done`]
    Upload {
        /// The record's id.
        id: String,
    },
    /// Do not send a download in after all. → [`Reply::Done`]
    CancelUpload {
        /// The record's id.
        id: String,
    },
    /// Check a download again. → [`Reply::Done`]
    Recheck {
        /// The record's id.
        id: String,
    },
    /// Forget a download. → [`Reply::Done`]
    Forget {
        /// The record's id.
        id: String,
    },
    /// What was sent, newest first. → [`Reply::Sent`]
    Sent,
    /// Forget what was sent. → [`Reply::Done`]
    ForgetSent,
    /// Send nothing from now on and log what would have been, or end that. → [`Reply::State`]
    SetDryRun {
        /// On or off.
        enabled: bool,
    },
    /// Open the full report in a tab. → [`Reply::Done`]
    OpenReport {
        /// On what.
        indicator: Indicator,
        /// How it stood where it was pointed at.
        #[serde(default, skip_serializing_if = "Written::is_empty")]
        written: Written,
    },
    /// Show a saved download in its folder. → [`Reply::Done`]
    ShowFile {
        /// The record's id.
        id: String,
    },
    /// The user has given the file of a download: if it is the one that was saved, its bytes count as the
    /// saved file's. → [`Reply::Done`], or [`Problem::OtherFile`]
    GiveFile {
        /// The record's id.
        id: String,
        /// What it is called.
        name: String,
        /// Digests of its bytes.
        digests: Digests,
        /// What was found in it.
        inspection: Inspection,
        /// What YARA rules say of it, if any are on.
        rules: Option<Box<ScanReport>>,
    },
    /// Open the browser's page about this extension, where saved files are let be read, unless they
    /// may be already. → [`Reply::State`]
    OpenDetails,
    /// Open the options. → [`Reply::Done`]
    OpenOptions,
    /// Open the page of the YARA rules. → [`Reply::Done`]
    OpenRules,
    /// Something about the YARA rules: a [`LibraryRequest`] as JSON, which the background hands on to the
    /// module of the library without knowing its shape. → [`Reply::Library`]
    Library(String),
}

/// A question about what is kept for scanning. One page alone asks it, and a module of its own answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LibraryRequest {
    /// Which YARA rules there are. → [`LibraryReply::Rules`]
    Rules,
    /// The text of one of the user's own rules. → [`LibraryReply::Text`]
    RuleText {
        /// [`OwnRule::id`](crate::rules::OwnRule::id).
        id: String,
    },
    /// Save a text of rules. → [`LibraryReply::Saved`]
    SaveRule {
        /// Which one; `None` makes a new one.
        id: Option<String>,
        /// What it is called.
        name: String,
        /// The rules.
        text: String,
    },
    /// Switch rules on or off. → [`LibraryReply::Rules`]
    SwitchRules {
        /// Which.
        what: Switch,
        /// On or off.
        enabled: bool,
    },
    /// Remove a text or a pack. → [`LibraryReply::Rules`]
    RemoveRules {
        /// Which of the two.
        sort: Sort,
        /// Its id.
        id: String,
    },
    /// Add a pack from an address, and fetch it. → [`LibraryReply::Rules`]
    AddPack {
        /// The address of its manifest, as typed.
        url: String,
    },
    /// Fetch a pack again, now. → [`LibraryReply::Rules`]
    UpdatePack {
        /// Its id.
        id: String,
    },
    /// Which local lists there are. → [`LibraryReply::Lists`]
    Lists,
    /// Add an address that lists are fetched from, and fetch them. → [`LibraryReply::Lists`]
    AddFeed {
        /// As typed.
        url: String,
    },
    /// Fetch the lists of an address again, now. → [`LibraryReply::Lists`]
    UpdateFeed {
        /// The feed's id.
        id: String,
    },
    /// Switch a list on or off. → [`LibraryReply::Lists`]
    SwitchList {
        /// Which.
        what: ListSwitch,
        /// On or off.
        enabled: bool,
    },
    /// Remove an address with its lists, or one of the user's own. → [`LibraryReply::Lists`]
    RemoveList {
        /// The id of the feed or of the own list.
        id: String,
    },
    /// The text of one of the user's own lists. → [`LibraryReply::Text`]
    ListText {
        /// [`OwnList::id`](crate::lists::OwnList::id).
        id: String,
    },
    /// Save one of the user's own lists. → [`LibraryReply::Saved`]
    SaveList {
        /// Which one; `None` makes a new one.
        id: Option<String>,
        /// What it is called.
        name: String,
        /// Its entries, one a line.
        text: String,
        /// Whether what is on it is known to be good, and not bad.
        good: bool,
    },
}

/// The answer to a [`LibraryRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LibraryReply {
    /// The rules.
    Rules(Library),
    /// The lists.
    Lists(Lists),
    /// A text of rules, or of a list.
    Text(String),
    /// A text of rules, or a list, was saved under this id.
    Saved(String),
}

impl From<&LibraryRequest> for Request {
    fn from(asked: &LibraryRequest) -> Self {
        Self::Library(serde_json::to_string(asked).unwrap_or_default())
    }
}

impl LibraryRequest {
    /// As [`Request::is_read`].
    pub fn is_read(&self) -> bool {
        matches!(
            self,
            Self::Rules | Self::RuleText { .. } | Self::Lists | Self::ListText { .. }
        )
    }

    /// Reads the answer, as it stands in [`Reply::Library`].
    ///
    /// # Errors
    /// What the library could not do, or that this is no answer of its own.
    pub fn answer(text: &str) -> Result<LibraryReply, Problem> {
        serde_json::from_str(text).unwrap_or_else(|error| {
            Err(Problem::Malformed {
                message: error.to_string(),
            })
        })
    }
}

impl Request {
    /// Whether this sender may ask this. The card lives where a page can lure clicks onto it, so
    /// it reads and opens and changes nothing; a content script asks nothing at all.
    pub fn allowed_from(&self, sender: Sender) -> bool {
        match sender {
            Sender::Page => true,
            Sender::Card => matches!(
                self,
                Self::State
                    | Self::Card
                    | Self::CardHeight { .. }
                    | Self::CloseCard
                    | Self::Report { fresh: false, .. }
                    | Self::Comments { cursor: None, .. }
                    | Self::OpenReport { .. }
                    | Self::OpenOptions
            ),
            Sender::Other => false,
        }
    }

    /// Whether it only reads, so that it may be asked again when its answer got lost. What the library is
    /// asked says so itself: [`LibraryRequest::is_read`].
    pub fn is_read(&self) -> bool {
        matches!(
            self,
            Self::State
                | Self::CurrentPage
                | Self::Read { .. }
                | Self::Card
                | Self::Report { .. }
                | Self::Comments { .. }
                | Self::Downloads
                | Self::History { .. }
                | Self::Sent
        )
    }
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How things stand.
    State(Box<State>),
    /// What was pointed at: nothing or much.
    Pointed(Pointed),
    /// A report.
    Report(Box<ReportView>),
    /// Comments.
    Comments(Page<Comment>),
    /// The comment that was written.
    Comment(Comment),
    /// Whether the vote was counted now; `false` if it had been before.
    Voted(bool),
    /// The history.
    Downloads(History),
    /// A page of the history.
    History(HistoryPage),
    /// What was sent.
    Sent(Vec<Sent>),
    /// The library's answer as JSON: [`LibraryRequest::answer`] reads it.
    Library(String),
    /// It is done.
    Done,
}

/// The newest of the checked downloads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// Newest first.
    pub records: Vec<Record>,
    /// Whether the toolbar's badge tells of a verdict that nobody has looked at yet.
    pub unseen: bool,
}

/// A page of the history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HistoryPage {
    /// Newest first.
    pub records: Vec<Record>,
    /// Behind which record the next page begins; `None` at the end.
    pub next: Option<String>,
    /// How many downloads are kept in all, whatever is looked for: told with the first page.
    pub total: Option<u64>,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The message is not of a known shape.
    Malformed {
        /// What is wrong with it, for a developer.
        message: String,
    },
    /// This sender may not ask this.
    NotAllowed,
    /// The address cannot be a backend's; plain http is for this machine only.
    BadAddress {
        /// Whether plain http is the trouble.
        insecure: bool,
    },
    /// This cannot be an API key.
    BadKey,
    /// A new address needs the key to be entered again.
    KeyNeeded,
    /// There is no such record any more.
    Gone,
    /// This is not the file that was saved.
    OtherFile,
    /// The saved file is not where it was.
    FileMoved,
    /// A text of rules cannot be called this, or another one is.
    RuleName,
    /// This cannot be the address of a pack, or it is there already.
    PackAddress,
    /// A list has no entry that can be read, or is too long.
    ListText,
    /// The organisation has set it.
    Managed,
    /// The backend, or the way to it.
    Backend {
        /// What happened.
        failure: Failure,
    },
    /// The browser refused something.
    Browser {
        /// Its own words.
        message: String,
    },
    /// The browser ended the background before it answered, so whether it was done is not known.
    Lost,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Backend { failure }
    }
}

/// What every message is answered with: `{ok: true, …}` or `{ok: false, …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it went well.
    pub ok: bool,
    /// The reply if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// The problem if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl From<Result<Reply, Problem>> for Answer {
    fn from(result: Result<Reply, Problem>) -> Self {
        match result {
            Ok(reply) => Self {
                ok: true,
                reply: Some(reply),
                problem: None,
            },
            Err(problem) => Self {
                ok: false,
                reply: None,
                problem: Some(problem),
            },
        }
    }
}

impl From<Answer> for Result<Reply, Problem> {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer {
                ok: true,
                reply: Some(reply),
                ..
            } => Ok(reply),
            Answer {
                problem: Some(problem),
                ..
            } => Err(problem),
            _ => Err(Problem::Malformed {
                message: "an answer without content".to_owned(),
            }),
        }
    }
}

/// What the background tells all open pages without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A download's record is new or has changed.
    Download(Box<Record>),
    /// A download's record is gone.
    Forgotten(String),
    /// All records are gone.
    AllForgotten,
    /// Settings or account have changed.
    State(Box<State>),
    /// YARA rules have changed: a [`Library`] as JSON: one page alone reads it, and the others need not know its shape.
    Rules(String),
    /// Local lists have changed: a [`Lists`] as JSON, likewise.
    Lists(String),
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// The backend's address, if one is set.
    pub address: Option<String>,
    /// Its short name for people.
    pub backend: Option<String>,
    /// Whether there is a key.
    pub has_key: bool,
    /// Whether the key outlives the browser session.
    pub remember: bool,
    /// The account, as last seen.
    pub account: Option<Account>,
    /// What is left of the budget.
    pub remaining: Remaining,
    /// Whether downloads are checked automatically.
    pub downloads: bool,
    /// Whether all sites may be read, so that a second copy can be had.
    pub all_sites: bool,
    /// Whether this browser lets downloads be held.
    pub can_hold: bool,
    /// Whether saved files may be read; `None` where no extension ever may.
    pub saved_files: Option<bool>,
    /// Whether nothing is sent, and only logged.
    pub dry_run: bool,
    /// What is done with downloads.
    pub policy: Policy,
    /// The names of what the organisation has set, by [`Managed`](crate::policy::Managed).
    pub managed: Vec<String>,
    /// The names of what the organisation has set to a value that is of no use.
    pub managed_bad: Vec<String>,
    /// Whether what is stored was written by a newer version: then nothing is stored.
    pub newer_data: bool,
}

/// A line of a report's details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// SHA-256.
    Sha256(String),
    /// SHA-1.
    Sha1(String),
    /// MD5.
    Md5(String),
    /// Length in bytes.
    Size(u64),
    /// Type for people.
    Type(String),
    /// Names it was seen under.
    Names(Vec<String>),
    /// The address itself.
    Address(String),
    /// Title of the page.
    Title(String),
    /// First seen, in seconds since the Unix epoch.
    FirstSeen(i64),
    /// Last analysed, in seconds since the Unix epoch.
    Analysed(i64),
    /// How often it was sent in.
    TimesSubmitted(u64),
    /// The community's score.
    Reputation(i64),
    /// Classes by vendor.
    Categories(Vec<String>),
    /// Tags.
    Tags(Vec<String>),
}

/// A report, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportView {
    /// On what.
    pub indicator: Indicator,
    /// What sort of thing that is.
    pub kind: Kind,
    /// What to call it: a file's best name, else the indicator.
    pub name: String,
    /// The indicator, spelled so that nobody clicks it.
    pub defanged: String,
    /// Its host as people write it, where the indicator has it in punycode.
    pub unicode: Option<String>,
    /// The address without what is about a person, where sending it in is offered and there is such a
    /// thing in it.
    pub shorter: Option<Shorter>,
    /// The verdict and its reasons.
    pub assessment: Assessment,
    /// The worst labels.
    pub labels: Vec<String>,
    /// All engines.
    pub engines: Vec<EngineResult>,
    /// Votes.
    pub votes: TotalVotes,
    /// Details.
    pub facts: Vec<Fact>,
    /// When the backend was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
    /// Whether sending the thing in can be offered: an unknown public address, and a backend to send it to.
    pub can_submit: bool,
    /// The backend's short name.
    pub backend: String,
    /// What is left of the budget.
    pub remaining: Remaining,
}

impl ReportView {
    /// Puts a report into the form in which it is shown.
    pub fn new(
        indicator: Indicator,
        report: Option<&Report>,
        assessment: Assessment,
        about: About,
        asked_at: i64,
        backend: String,
        remaining: Remaining,
    ) -> Self {
        let written = indicator.to_string();
        let defanged = defang(&indicator.clone().into(), DefangStyle::Brackets);
        let name = report
            .filter(|report| report.kind == indicator.kind())
            .and_then(|report| report.file.names.first())
            .cloned()
            .unwrap_or(written);
        let can_submit = report.is_none_or(|report| report.kind != Kind::Url)
            && indicator.kind() == Kind::Url
            && !indicator.is_private()
            && !backend.is_empty();
        Self {
            kind: indicator.kind(),
            indicator,
            name,
            defanged,
            unicode: about.unicode,
            shorter: about.shorter.filter(|_| can_submit),
            assessment: assessment.noticing(&about.told),
            labels: report
                .map(|report| report.labels().into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
            engines: report
                .map(|report| report.engines.clone())
                .unwrap_or_default(),
            votes: report.map(|report| report.votes).unwrap_or_default(),
            facts: report.map(facts).unwrap_or_default(),
            asked_at,
            can_submit,
            backend,
            remaining,
        }
    }
}

fn facts(report: &Report) -> Vec<Fact> {
    let file = &report.file;
    let list = |items: &[String]| (!items.is_empty()).then(|| items.to_vec());
    [
        file.type_description.clone().map(Fact::Type),
        file.size.map(Fact::Size),
        file.sha256.map(|hash| Fact::Sha256(hash.to_string())),
        file.sha1.clone().map(Fact::Sha1),
        file.md5.clone().map(Fact::Md5),
        list(&file.names).map(Fact::Names),
        report.url.clone().map(Fact::Address),
        report.title.clone().map(Fact::Title),
        report.first_seen.map(Fact::FirstSeen),
        report.analysed_at.map(Fact::Analysed),
        report.times_submitted.map(Fact::TimesSubmitted),
        Some(Fact::Reputation(report.reputation)),
        list(&report.categories).map(Fact::Categories),
        list(&report.tags).map(Fact::Tags),
    ]
    .into_iter()
    .flatten()
    .collect()
}
