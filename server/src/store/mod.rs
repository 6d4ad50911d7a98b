//! The store: what is kept, as traits, one a concern, and the records that cross them.
//!
//! Nothing outside [`sqlite`] and [`postgres`] knows SQL; both answer the same traits with the
//! same statements. What a trait promises (which changes are one transaction, what is exact under
//! concurrency) stands at its methods, and `conformance` holds both to it.

pub(crate) mod archive;
pub(crate) mod bell;
pub(crate) mod blobs;
#[cfg(test)]
mod conformance;
pub(crate) mod epoch;
pub(crate) mod open;
#[expect(
    clippy::duplicate_mod,
    reason = "sql/ is compiled once for each dialect, against its own types"
)]
pub(crate) mod postgres;
mod snapshots;
pub(crate) mod sqlite;

use std::any::Any;
use std::ops::Range;

use async_trait::async_trait;
use quorum_core::digest::{Digests, FileType};
use quorum_core::indicator::{CanonicalUrl, FileHash, Kind};
use quorum_core::report::{EngineResult, VoteVerdict};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::epoch::Epoch;
use crate::behaviour::Behaviour;
use crate::clock;
use crate::ids::SecretHash;
use crate::tier::{INTELLIGENCE, Limits, PRIVATE_GRAPHS, PRIVATE_SCANNING, Scans, Tier, UNLIMITED};

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("schema: {0}")]
    Schema(sqlx::migrate::MigrateError),
    #[error(
        "a newer version of quorum has written this store (its schema is {found}, this program \
         knows {known}); nothing was changed: use that version, or restore a backup of before"
    )]
    Newer { found: i64, known: i64 },
    #[error("this store was moved to {place} and is only read any more")]
    Moved { place: String },
    #[error("the store is not empty: there are rows in {table}")]
    NotEmpty { table: &'static str },
    #[error("a text holds U+0000, which cannot be stored")]
    Nul,
    #[error("another worker has taken the job over")]
    LeaseLost,
    #[error("the attempt was not done by its deadline")]
    Late,
    #[error("less than {floor} bytes would be left on the disk")]
    NoSpace { floor: u64 },
    #[error("the blob {0} is not what its name says")]
    WrongBlob(String),
    #[error("{service}: {reason}")]
    Service {
        service: &'static str,
        reason: String,
    },
    #[error("a stored {what} cannot be read back: {text:?}")]
    Corrupt { what: &'static str, text: String },
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Blob(#[from] object_store::Error),
    #[error("{}: {source}", path.display())]
    Directory {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Everything at once.
pub(crate) trait Store:
    Epochs
    + Accounts
    + Audit
    + Items
    + Community
    + Relations
    + Lists
    + Queue
    + Usage
    + Upkeep
    + More
    + archive::Archive
{
}
impl<T> Store for T where
    T: Epochs
        + Accounts
        + Audit
        + Items
        + Community
        + Relations
        + Lists
        + Queue
        + Usage
        + Upkeep
        + More
        + archive::Archive
{
}

/// What some servers have and others do without.
pub(crate) trait More:
    Behaviours + Collections + Feeds + Private + Rules + Upstreams + Zips
{
}
impl<T: Behaviours + Collections + Feeds + Private + Rules + Upstreams + Zips> More for T {}

/// A right that is given back when it is dropped.
pub(crate) type Guard = Box<dyn Any + Send>;

/// Tells a schema that is newer than this program from other trouble.
fn schema_error(error: sqlx::migrate::MigrateError, ours: &sqlx::migrate::Migrator) -> StoreError {
    let known = ours.iter().map(|one| one.version).max().unwrap_or(0);
    match error {
        sqlx::migrate::MigrateError::VersionMissing(found) if found > known => {
            StoreError::Newer { found, known }
        }
        other => StoreError::Schema(other),
    }
}

fn read_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
        what,
        text: text.to_owned(),
    })
}

fn read_kind(text: &str) -> Result<Kind> {
    match text {
        "file" => Ok(Kind::File),
        "url" => Ok(Kind::Url),
        "domain" => Ok(Kind::Domain),
        "ip_address" => Ok(Kind::IpAddress),
        _ => Err(StoreError::Corrupt {
            what: "kind",
            text: text.to_owned(),
        }),
    }
}

/// What a thing that a group has for itself is called in the store, and in the API.
pub(crate) fn private_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Url => "private_url",
        _ => "private_file",
    }
}

/// Which one it is, among those of all groups. No group's name holds a slash.
pub(crate) fn private_key(group: &str, id: &str) -> String {
    [group, "/", id].concat()
}

/// What an analysis is about: its kind, the group that has it for itself, and its id.
fn read_place(kind: &str, item: &str) -> Result<(Kind, Option<String>, String)> {
    let of = match kind {
        "private_file" => Kind::File,
        "private_url" => Kind::Url,
        _ => return Ok((read_kind(kind)?, None, item.to_owned())),
    };
    let (group, id) = item.split_once('/').ok_or_else(|| StoreError::Corrupt {
        what: "key",
        text: item.to_owned(),
    })?;
    Ok((of, Some(group.to_owned()), id.to_owned()))
}

fn read<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Corrupt {
        what,
        text: text.to_owned(),
    })
}

/// Refuses what PostgreSQL cannot hold, whichever store this is: or it could never be moved.
fn storable(text: &str) -> Result<()> {
    match text.contains('\0') {
        true => Err(StoreError::Nul),
        false => Ok(()),
    }
}

/// Who does something, and by which door: what submissions and the audit log note.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    pub(crate) account: &'a str,
    pub(crate) group: &'a str,
    pub(crate) interface: &'a str,
    /// The country that the request came from, in two letters, where that is known.
    pub(crate) country: Option<&'a str>,
}

impl Actor<'static> {
    /// Whoever may run commands on the store itself. No user can have the name.
    pub(crate) const LOCAL: Self = Self {
        account: "(local)",
        group: "",
        interface: "local",
        country: None,
    };
}

/// Something granted beside the tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Privilege {
    pub(crate) name: String,
    pub(crate) expires: Option<i64>,
    pub(crate) by_group: bool,
}

impl Privilege {
    /// Whether it counts at a time.
    pub(crate) fn holds(&self, now: i64) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

/// A user, with the group and what it gives.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) tier: Tier,
    /// Of the server.
    pub(crate) administrator: bool,
    /// Of the group.
    pub(crate) group_administrator: bool,
    /// Whether it is a service account of the group, and nobody.
    pub(crate) service: bool,
    /// `active` or `suspended`.
    pub(crate) status: String,
    pub(crate) email: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) profile_phrase: String,
    pub(crate) preferences: Map<String, Value>,
    pub(crate) reputation: i64,
    pub(crate) created: i64,
    /// Granted to the user or the group, expired ones too.
    pub(crate) privileges: Vec<Privilege>,
    /// What the group may use.
    pub(crate) limits: Limits,
}

impl Account {
    /// Whether a privilege comes with the tier or was granted and counts now.
    pub(crate) fn has(&self, privilege: &str) -> bool {
        let now = clock::now();
        let granted = |one: &Privilege| one.name == privilege && one.holds(now);
        self.tier.privileges().contains(&privilege) || self.privileges.iter().any(granted)
    }

    /// Whether relationships that are not public may be read.
    pub(crate) fn is_premium(&self) -> bool {
        self.has(INTELLIGENCE)
    }
}

/// What a group may use: its tier's limits, what was agreed instead, and what add-ons bring.
fn limits(tier: Tier, agreed: &Map<String, Value>, privileges: &[Privilege], now: i64) -> Limits {
    let mut limits = tier.limits();
    let graphs = |one: &Privilege| one.by_group && one.name == PRIVATE_GRAPHS && one.holds(now);
    if privileges.iter().any(graphs) {
        limits.private_graphs = UNLIMITED;
    }
    let scanning = |one: &Privilege| one.name == PRIVATE_SCANNING && one.holds(now);
    if privileges.iter().any(scanning) {
        (limits.private_files, limits.private_urls) = (Scans::UNLIMITED, Scans::UNLIMITED);
    }
    for (quota, allowed) in agreed {
        if let (Some(limit), Some(allowed)) = (limits.named(quota), allowed.as_u64()) {
            *limit = allowed;
        }
    }
    limits
}

/// A group with its members' names.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) tier: Tier,
    pub(crate) limits: Limits,
    pub(crate) privileges: Vec<Privilege>,
    /// What it says of itself: texts by attribute.
    pub(crate) profile: Map<String, Value>,
    /// Quotas that were agreed beside the tier.
    pub(crate) quotas: Map<String, Value>,
    pub(crate) members: Vec<String>,
    pub(crate) administrators: Vec<String>,
    pub(crate) service_accounts: Vec<String>,
    pub(crate) created: i64,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewAccount<'a> {
    pub(crate) name: &'a str,
    pub(crate) group: &'a str,
    /// The tier of the group, which is made too and administered by the user; `None` joins a group
    /// that is there.
    pub(crate) tier: Option<Tier>,
    pub(crate) administrator: bool,
    /// Whether it is a service account of the group.
    pub(crate) service: bool,
    pub(crate) email: Option<&'a str>,
}

/// What became of a [`NewAccount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddAccount {
    Added,
    /// Also by a user who was deleted: what they said stays theirs.
    NameTaken,
    EmailTaken,
    GroupTaken,
    GroupMissing,
}

/// A key to be made.
#[derive(Clone, Copy)]
pub(crate) struct NewKey<'a> {
    pub(crate) hash: &'a SecretHash,
    /// What it is for, in its owner's words.
    pub(crate) label: &'a str,
    pub(crate) expires: Option<i64>,
}

impl<'a> From<&'a SecretHash> for NewKey<'a> {
    fn from(hash: &'a SecretHash) -> Self {
        Self {
            hash,
            label: "",
            expires: None,
        }
    }
}

/// A key as the store knows it, which is not the key.
#[derive(Debug, Clone)]
pub(crate) struct KeyRecord {
    /// The first 16 hex digits of its hash: names it, opens nothing.
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) created: i64,
    pub(crate) expires: Option<i64>,
    pub(crate) revoked: Option<i64>,
}

/// What changes about a user; `None` stays.
#[derive(Debug, Default)]
pub(crate) struct AccountChange {
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) profile_phrase: Option<String>,
    pub(crate) preferences: Option<Map<String, Value>>,
    pub(crate) email: Option<String>,
    pub(crate) status: Option<&'static str>,
    pub(crate) administrator: Option<bool>,
    pub(crate) group_administrator: Option<bool>,
}

/// What became of a change of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeAccount {
    Changed,
    Missing,
    EmailTaken,
    /// Nobody would administer the server any more.
    LastAdministrator,
}

/// What changes about a group; `None` stays.
#[derive(Debug, Default)]
pub(crate) struct GroupChange {
    pub(crate) tier: Option<Tier>,
    /// Attributes that change, `null` for those that go.
    pub(crate) profile: Map<String, Value>,
    /// The same of quotas.
    pub(crate) quotas: Map<String, Value>,
}

/// Whose a privilege is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holder<'a> {
    User(&'a str),
    Group(&'a str),
}

impl Holder<'_> {
    fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) => name,
        }
    }
}

/// Tells whether anything was committed.
#[async_trait]
pub(crate) trait Epochs: Send + Sync {
    /// The epoch of a moment after the call: what was read in it before is what would be read now.
    /// It has ended when a commit of anything but the books of requests is answered, to whichever
    /// process. `None` where that cannot be told.
    async fn epoch(&self) -> Option<Epoch>;
}

/// Users, groups, keys, privileges and upload tokens. Every change stands in the audit log from
/// the transaction on that makes it.
#[async_trait]
pub(crate) trait Accounts: Send + Sync {
    async fn account(&self, name: &str) -> Result<Option<Account>>;
    /// The holder of a key that is neither expired nor revoked.
    async fn account_by_key(&self, key: &SecretHash, now: i64) -> Result<Option<Account>>;
    /// The one with this address, in any case.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>>;
    async fn accounts(&self) -> Result<Vec<Account>>;
    /// Makes user, group and key in one transaction.
    async fn add_account(
        &self,
        new: &NewAccount<'_>,
        key: NewKey<'_>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<AddAccount>;
    /// Changes all that is said, or nothing.
    async fn change_account(
        &self,
        account: &str,
        change: &AccountChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<ChangeAccount>;
    /// Revokes the keys and forgets who it was. The name stays taken, and what the user sent in
    /// and said stays.
    async fn delete_account(&self, account: &str, by: Actor<'_>, now: i64)
    -> Result<ChangeAccount>;
    /// Adds a key; `false` if there is no such user.
    async fn add_key(
        &self,
        account: &str,
        key: NewKey<'_>,
        revoke_others: bool,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool>;
    /// All keys of a user, the newest first.
    async fn keys(&self, account: &str) -> Result<Vec<KeyRecord>>;
    /// `false` if there is no such key of that user, or it is revoked already.
    async fn revoke_key(&self, account: &str, id: &str, by: Actor<'_>, now: i64) -> Result<bool>;
    async fn group(&self, name: &str) -> Result<Option<Group>>;
    async fn groups(&self) -> Result<Vec<Group>>;
    /// Makes a group without members; `false` if there is one.
    async fn add_group(&self, name: &str, tier: Tier, by: Actor<'_>, now: i64) -> Result<bool>;
    /// `false` if there is no such group.
    async fn change_group(
        &self,
        name: &str,
        change: &GroupChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool>;
    /// Makes somebody a member of a group, and of no other; without a group, of one of their own.
    /// Whatever they administered before, they do not any more. Answers the group's name, `None`
    /// where there is no such user or group.
    async fn move_account(
        &self,
        account: &str,
        group: Option<&str>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>>;
    /// Grants a privilege to a day or for ever.
    async fn grant(
        &self,
        holder: Holder<'_>,
        privilege: &str,
        expires: Option<i64>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<()>;
    /// Takes it back; `false` if it was not granted.
    async fn withdraw(
        &self,
        holder: Holder<'_>,
        privilege: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool>;
    /// Adds a token, for what is private or for what is everybody's.
    async fn add_upload_token(
        &self,
        token: &SecretHash,
        account: &str,
        private: bool,
        expires: i64,
    ) -> Result<()>;
    /// Takes a token away and says whose it was, and whether it is for what is private. Of any
    /// number of callers one gets it.
    async fn take_upload_token(
        &self,
        token: &SecretHash,
        now: i64,
    ) -> Result<Option<(Account, bool)>>;
    /// The key of the pseudonyms under which sources are shown, drawn on first use.
    async fn pseudonym_key(&self) -> Result<[u8; 32]>;
}

/// Something that somebody did.
#[derive(Debug, Clone)]
pub(crate) struct AuditRecord {
    pub(crate) seq: i64,
    pub(crate) date: i64,
    pub(crate) actor: String,
    pub(crate) interface: String,
    /// What was done to what kind of thing, such as `key.revoked`.
    pub(crate) action: String,
    /// Its name or id.
    pub(crate) subject: String,
    /// The group that it concerns.
    pub(crate) group: String,
    pub(crate) detail: Map<String, Value>,
}

/// Which entries of the audit log are meant: all of which every named thing is so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AuditFilter<'a> {
    pub(crate) actor: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
}

/// The log of who did what. It is only added to; most entries are written by the methods that do
/// what they tell, in the same transaction.
#[async_trait]
pub(crate) trait Audit: Send + Sync {
    /// Notes something that changes no row.
    async fn note(
        &self,
        by: Actor<'_>,
        action: &str,
        subject: &str,
        detail: Value,
        now: i64,
    ) -> Result<()>;
    async fn audit(&self, filter: AuditFilter<'_>, page: Page) -> Result<Listing<AuditRecord>>;
}

/// Which part of a listing is wanted: what stands before an entry, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// The last entry of the page before this one.
    pub(crate) before: Option<i64>,
    pub(crate) limit: u32,
}

impl Page {
    /// The first sequence number that does not belong to this page.
    fn end(self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// One more than is shown: whether it is there tells whether there is a next page.
    fn probe(self) -> i64 {
        i64::from(self.limit) + 1
    }

    fn listing<T>(self, mut entries: Vec<(i64, T)>, total: i64) -> Listing<T> {
        let more = entries.len() > self.limit as usize;
        entries.truncate(self.limit as usize);
        let next = if more {
            entries.last().map(|(seq, _)| *seq)
        } else {
            None
        };
        Listing {
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
            next,
            total: total.unsigned_abs(),
        }
    }
}

/// A part of a listing.
#[derive(Debug, Clone)]
pub(crate) struct Listing<T> {
    pub(crate) entries: Vec<T>,
    /// Where the next part begins, if there is one.
    pub(crate) next: Option<i64>,
    /// How many entries there are in all.
    pub(crate) total: u64,
}

impl<T> Listing<T> {
    pub(crate) fn empty() -> Self {
        Self {
            entries: Vec::new(),
            next: None,
            total: 0,
        }
    }

    pub(crate) fn map<U>(self, each: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            entries: self.entries.into_iter().map(each).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

/// What a file is, beside its bytes.
#[derive(Debug, Clone)]
pub(crate) struct FileRecord {
    pub(crate) sha1: String,
    pub(crate) md5: String,
    pub(crate) size: u64,
    pub(crate) type_tag: String,
    pub(crate) type_description: String,
    pub(crate) type_extension: String,
    pub(crate) type_tags: Vec<String>,
    /// The name it was seen under most often first.
    pub(crate) names: Vec<String>,
    /// What sandboxes call it, by their names.
    pub(crate) sandbox_verdicts: Map<String, Value>,
}

/// The last completed analysis of an item.
#[derive(Debug, Clone)]
pub(crate) struct LastAnalysis {
    pub(crate) date: i64,
    pub(crate) results: Vec<EngineResult>,
    pub(crate) findings: Map<String, Value>,
}

/// Something that was sent in, commented on or voted for.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) first_submission: Option<i64>,
    pub(crate) last_submission: Option<i64>,
    pub(crate) times_submitted: u64,
    pub(crate) unique_sources: u64,
    pub(crate) votes_harmless: u64,
    pub(crate) votes_malicious: u64,
    pub(crate) reputation: i64,
    pub(crate) last_modification: i64,
    /// For a file whose bytes are here.
    pub(crate) file: Option<FileRecord>,
    /// For a URL that was sent in.
    pub(crate) url: Option<String>,
    pub(crate) analysis: Option<LastAnalysis>,
}

/// An analysis as the store holds it.
#[derive(Debug, Clone)]
pub(crate) struct AnalysisRecord {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) item: String,
    /// Who alone may see it, where it is about something private.
    pub(crate) group: Option<String>,
    pub(crate) date: i64,
    /// `queued`, `in-progress` or `completed`.
    pub(crate) status: String,
    pub(crate) results: Vec<EngineResult>,
    /// For a file: sha256, sha1, md5 and size; for a URL: the text.
    pub(crate) file: Option<Digests>,
    pub(crate) url: Option<String>,
    /// While it is not complete.
    pub(crate) job: Option<JobState>,
}

impl AnalysisRecord {
    /// Under which kind and id the store has what it is about.
    fn place(&self) -> (&'static str, String) {
        match &self.group {
            Some(group) => (private_kind(self.kind), private_key(group, &self.item)),
            None => (self.kind.as_str(), self.item.clone()),
        }
    }
}

/// What a job has been through.
#[derive(Debug, Clone)]
pub(crate) struct JobState {
    /// How often it was begun.
    pub(crate) attempts: u32,
    /// When the attempt that is running is given up.
    pub(crate) deadline: Option<i64>,
    /// Why the last attempt that ended did not complete it.
    pub(crate) error: Option<String>,
}

/// One act of sending something in.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) seq: i64,
    pub(crate) kind: Kind,
    pub(crate) item: String,
    pub(crate) date: i64,
    pub(crate) name: Option<String>,
    pub(crate) interface: String,
    /// Who it was; shown as a pseudonym only.
    pub(crate) account: String,
    /// Two letters.
    pub(crate) country: Option<String>,
}

/// Which hash a prefix is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrefixOf {
    /// Of files.
    Sha256,
    Sha1,
    Md5,
    /// A URL's id.
    Url,
}

/// What a file was sent in with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SentAs<'a> {
    pub(crate) name: Option<&'a str>,
    /// What opens it. It is forgotten with the job.
    pub(crate) password: Option<&'a str>,
}

/// Files, URLs, domains, addresses; their submissions and analyses.
#[async_trait]
pub(crate) trait Items: Send + Sync {
    /// The SHA-256 of every file that has this hash, first seen first. More than one only where
    /// somebody made two files collide.
    async fn files_with(&self, hash: &FileHash) -> Result<Vec<String>>;
    async fn item(&self, kind: Kind, id: &str) -> Result<Option<Item>>;
    /// Whether the bytes of a file are here, for everybody.
    async fn has_file(&self, sha256: &str) -> Result<bool>;
    /// Notes a file whose blob is safe, its submission, an analysis and its job in one
    /// transaction. Returns the analysis's id: that of an unfinished one where there is one.
    async fn submit_file(
        &self,
        digests: &Digests,
        file_type: &FileType,
        sent_as: SentAs<'_>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<String>;
    /// The same for a URL.
    async fn submit_url(&self, url: &CanonicalUrl, by: Actor<'_>, now: i64) -> Result<String>;
    /// Queues an analysis of something that is here (a domain or an address always is); `None`
    /// if it is not.
    async fn analyse(
        &self,
        kind: Kind,
        id: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>>;
    /// One that is everybody's.
    async fn analysis(&self, id: &str) -> Result<Option<AnalysisRecord>>;
    async fn analyses(&self, kind: Kind, id: &str, page: Page) -> Result<Listing<AnalysisRecord>>;
    async fn submission(&self, seq: i64) -> Result<Option<Submission>>;
    async fn submissions(&self, kind: Kind, id: &str, page: Page) -> Result<Listing<Submission>>;
    /// The ids of what is here and has a hash of this kind that begins with these hex digits, at
    /// most so many.
    async fn with_prefix(&self, by: PrefixOf, prefix: &str, limit: u32) -> Result<Vec<String>>;
    /// Of things of a kind on which it was decided whether they are objected to rightly, the last
    /// decided first: whether the objections were taken for wrong, and what engines had said in the
    /// last analysis before that was reported.
    async fn decided(&self, kind: Kind, limit: u32) -> Result<Vec<(bool, Vec<EngineResult>)>>;
    /// Of the `limit` things of a kind to which something happened last, those on which nothing was
    /// decided and whose first and last analyses are so many seconds apart: the results of both.
    async fn revisited(
        &self,
        kind: Kind,
        limit: u32,
        apart: i64,
    ) -> Result<Vec<(Vec<EngineResult>, Vec<EngineResult>)>>;
    /// Takes away the group's one free reading of a new file's report, once its analysis is
    /// complete; `true` for one caller only.
    async fn take_free_read(&self, sha256: &str, group: &str) -> Result<bool>;
}

/// What can be commented on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Item(Kind),
    /// One that everybody sees.
    Collection,
}

impl Topic {
    /// The API's object type.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Item(kind) => kind.as_str(),
            Self::Collection => "collection",
        }
    }
}

impl From<Kind> for Topic {
    fn from(kind: Kind) -> Self {
        Self::Item(kind)
    }
}

fn read_topic(text: &str) -> Result<Topic> {
    match text {
        "collection" => Ok(Topic::Collection),
        other => read_kind(other).map(Topic::Item),
    }
}

/// A comment.
#[derive(Debug, Clone)]
pub(crate) struct CommentRecord {
    pub(crate) id: String,
    pub(crate) topic: Topic,
    pub(crate) item: String,
    pub(crate) author: String,
    pub(crate) date: i64,
    pub(crate) text: String,
    pub(crate) tags: Vec<String>,
    pub(crate) votes: CommentTally,
}

/// How a comment was judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CommentTally {
    pub(crate) positive: u64,
    pub(crate) negative: u64,
    pub(crate) abuse: u64,
}

/// What one user says of another's comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommentVerdict {
    Positive,
    Negative,
    Abuse,
}

/// Which comments are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CommentFilter<'a> {
    All,
    /// With this tag, in lower case.
    Tag(&'a str),
    On(Topic, &'a str),
    /// On a thing's neighbours: the URLs of a host, a domain and those below it.
    Near(Kind, &'a str),
    By(&'a str),
    /// With each word of a text in them, in any case.
    Saying(&'a str),
    /// With `@name` in them.
    Mentioning(&'a str),
    /// Called abuse by somebody.
    CalledAbuse,
}

/// A vote.
#[derive(Debug, Clone)]
pub(crate) struct VoteRecord {
    pub(crate) id: String,
    pub(crate) date: i64,
    pub(crate) verdict: VoteVerdict,
    /// What it counts for, from 0 on.
    pub(crate) weight: i64,
    pub(crate) author: String,
}

/// What somebody holds to be objected to wrongly.
#[derive(Debug, Clone)]
pub(crate) struct FalsePositive {
    pub(crate) seq: i64,
    pub(crate) kind: Kind,
    pub(crate) item: String,
    pub(crate) account: String,
    pub(crate) date: i64,
    pub(crate) text: String,
    /// `open`, `accepted` or `rejected`.
    pub(crate) status: String,
    pub(crate) decided: Option<i64>,
    pub(crate) decided_by: Option<String>,
    pub(crate) answer: Option<String>,
}

/// Which votes are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum VoteFilter<'a> {
    On(Kind, &'a str),
    /// One user's vote on one item.
    OnBy(Kind, &'a str, &'a str),
    By(&'a str),
}

/// What became of a vote.
#[derive(Debug, Clone)]
pub(crate) enum CastVote {
    Cast(VoteRecord),
    /// The user has voted on this item before, and so.
    Already(VoteVerdict),
}

/// What people say.
#[async_trait]
pub(crate) trait Community: Send + Sync {
    /// Adds a comment, with the tags, the mentions and the words of its text; `None` where its topic
    /// is not there, or not for everybody.
    async fn add_comment(
        &self,
        topic: Topic,
        item: &str,
        author: &str,
        text: &str,
        now: i64,
    ) -> Result<Option<CommentRecord>>;
    async fn comment(&self, id: &str) -> Result<Option<CommentRecord>>;
    async fn comments(
        &self,
        filter: CommentFilter<'_>,
        page: Page,
    ) -> Result<Listing<CommentRecord>>;
    /// `false` if it was gone already.
    async fn delete_comment(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool>;
    /// Notes one user's judgement, in place of an earlier one of theirs, counts anew, and gives the
    /// author the reputation, exact under concurrency.
    async fn vote_comment(
        &self,
        id: &str,
        by: Actor<'_>,
        verdict: CommentVerdict,
    ) -> Result<CommentTally>;
    /// Takes back whatever called a comment abuse; `false` if nothing did.
    async fn dismiss_abuse(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool>;
    /// One vote a user and item, exact under concurrency, weighed by the voter's reputation.
    async fn vote(
        &self,
        kind: Kind,
        item: &str,
        account: &str,
        verdict: VoteVerdict,
        now: i64,
    ) -> Result<CastVote>;
    /// Takes a vote back; `false` if it was gone already.
    async fn delete_vote(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool>;
    async fn vote_by_id(&self, id: &str) -> Result<Option<VoteRecord>>;
    async fn votes(&self, filter: VoteFilter<'_>, page: Page) -> Result<Listing<VoteRecord>>;
    /// Notes what somebody holds to be wrong; `None` while an earlier one of theirs on the same is
    /// open.
    async fn report_false_positive(
        &self,
        kind: Kind,
        item: &str,
        by: Actor<'_>,
        text: &str,
        now: i64,
    ) -> Result<Option<FalsePositive>>;
    async fn false_positive(&self, seq: i64) -> Result<Option<FalsePositive>>;
    /// With a status, by somebody, or all.
    async fn false_positives(
        &self,
        status: Option<&str>,
        by: Option<&str>,
        page: Page,
    ) -> Result<Listing<FalsePositive>>;
    /// Decides it, also anew; `None` if there is none.
    async fn decide_false_positive(
        &self,
        seq: i64,
        accepted: bool,
        answer: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<FalsePositive>>;
    /// Indexes comments from before there was an index. Returns how many those were.
    async fn index_comments(&self) -> Result<u64>;
}

/// Something that one thing has to do with another. Kinds are the API's object types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewRelation {
    /// As it is called from the side of the thing that it is noted at, such as `bundled_files`.
    pub(crate) name: &'static str,
    pub(crate) other_kind: &'static str,
    pub(crate) other: String,
    /// What the other is here, and nowhere else: the name of a member of an archive.
    pub(crate) context: Map<String, Value>,
}

/// One relation, with the thing at its other end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RelationRecord {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) context: Map<String, Value>,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
}

/// Which relations are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RelationFilter<'a> {
    /// Those that a thing has under a name.
    Of {
        kind: &'a str,
        id: &'a str,
        name: &'a str,
    },
    /// Those of another thing of its kind, without the one to the thing itself.
    Beside {
        kind: &'a str,
        id: &'a str,
        name: &'a str,
        of: &'a str,
    },
    /// Those that things of a kind have to this one under a name: the same from the other end.
    With {
        kind: &'a str,
        name: &'a str,
        other_kind: &'a str,
        other: &'a str,
    },
}

/// What belongs to what.
#[async_trait]
pub(crate) trait Relations: Send + Sync {
    /// Notes relations of one thing, all or none. What is noted already was seen again.
    async fn relate(&self, kind: &str, id: &str, found: &[NewRelation], now: i64) -> Result<()>;
    async fn relations(
        &self,
        filter: RelationFilter<'_>,
        page: Page,
    ) -> Result<Listing<RelationRecord>>;
    /// All that a thing has, by name and in the order in which they were noted; at most so many.
    async fn all_relations(&self, kind: &str, id: &str, limit: u32) -> Result<Vec<RelationRecord>>;
    /// Ids and texts of URLs in the order of their ids, from the one after this on.
    async fn urls_after(&self, id: &str, limit: u32) -> Result<Vec<(String, String)>>;
    /// What the store has noted for itself under a name.
    async fn noted(&self, name: &str) -> Result<Option<String>>;
    async fn note_down(&self, name: &str, value: &str) -> Result<()>;
}

/// Most things in a collection, or that a reference is about.
pub(crate) const MOST_MEMBERS: u32 = 10_000;

/// What somebody put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionRecord {
    pub(crate) id: String,
    pub(crate) owner: String,
    /// It is there for its owner alone.
    pub(crate) private: bool,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// How much is in it, by the name of its relations.
    pub(crate) counts: Vec<(&'static str, u64)>,
}

/// What changes about a collection; `None` stays.
#[derive(Debug, Default)]
pub(crate) struct CollectionChange {
    pub(crate) private: Option<bool>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) add: Vec<NewRelation>,
    pub(crate) remove: Vec<NewRelation>,
}

/// What became of a change of a collection or a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    Done,
    Missing,
    /// More than [`MOST_MEMBERS`] would be in it.
    Full,
    /// Others have commented on it, who would not find what they said any more.
    HasComments,
}

/// Which collections are meant, of those that somebody may see.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CollectionFilter<'a> {
    pub(crate) viewer: &'a str,
    /// Whose they are; all if nothing is said.
    pub(crate) owner: &'a str,
    /// What stands in their names, in any case of ASCII's letters.
    pub(crate) name: &'a str,
    /// Kind and id of what is in them.
    pub(crate) holding: Option<(&'a str, &'a str)>,
}

/// By what collections are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CollectionOrder {
    Created,
    Modified,
    Name,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferenceRecord {
    /// That of its address.
    pub(crate) id: String,
    /// Who noted it.
    pub(crate) owner: String,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) author: String,
    /// When it was published.
    pub(crate) published: i64,
    pub(crate) added: i64,
    pub(crate) modified: i64,
}

/// What changes about a reference; `None` stays.
#[derive(Debug, Default)]
pub(crate) struct ReferenceChange {
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) published: Option<i64>,
    pub(crate) add: Vec<NewRelation>,
}

/// Which references are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ReferenceFilter<'a> {
    /// Those that are about a thing.
    About(&'a str, &'a str),
    /// Those that stand in the collections with a thing which somebody may see.
    Near(&'a str, &'a str, &'a str),
}

/// Collections and references. What is in them are relations.
#[async_trait]
pub(crate) trait Collections: Send + Sync {
    /// Makes one with what is in it, all or nothing.
    async fn add_collection(
        &self,
        new: &CollectionRecord,
        members: &[NewRelation],
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit>;
    /// Whosever it is.
    async fn collection(&self, id: &str) -> Result<Option<CollectionRecord>>;
    /// Pages count entries from the first.
    async fn collections(
        &self,
        filter: CollectionFilter<'_>,
        order: (CollectionOrder, bool),
        page: Page,
    ) -> Result<Listing<CollectionRecord>>;
    /// Changes all that is said, or nothing.
    async fn change_collection(
        &self,
        id: &str,
        change: &CollectionChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit>;
    /// With all that was said about it; `false` if it was gone already.
    async fn delete_collection(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool>;
    /// `None` if it is noted already.
    async fn add_reference(
        &self,
        new: &ReferenceRecord,
        about: &[NewRelation],
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<Edit>>;
    async fn reference(&self, id: &str) -> Result<Option<ReferenceRecord>>;
    async fn references(
        &self,
        filter: ReferenceFilter<'_>,
        page: Page,
    ) -> Result<Listing<ReferenceRecord>>;
    async fn change_reference(
        &self,
        id: &str,
        change: &ReferenceChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit>;
}

/// An analysis to be made.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: i64,
    /// Which claim of the job this is; with a later one it is another worker's.
    pub(crate) claim: i64,
    /// How often it was begun before.
    pub(crate) attempts: u32,
    /// What it is about, with the results that earlier attempts came to.
    pub(crate) analysis: AnalysisRecord,
    pub(crate) findings: Map<String, Value>,
    /// What opens the file, where whoever sent it in has said so.
    pub(crate) password: Option<String>,
}

/// The durable queue. A job is there from the transaction that accepted it to the one that
/// completes its analysis.
///
/// Of any number of workers one has a job. Once its lease is over another may claim it; from then
/// on every method that takes the job answers the first with [`StoreError::LeaseLost`] and changes
/// nothing.
#[async_trait]
pub(crate) trait Queue: Send + Sync {
    /// Takes the job whose turn it is among those that are due, for `lease` seconds. Groups take
    /// turns; a group's jobs come in their order.
    async fn claim(&self, now: i64, lease: i64) -> Result<Option<Job>>;
    /// Counts an attempt before it is made, notes when it will be given up, and says the how
    /// manieth it is. What dies while a job waits for its turn has not tried it.
    async fn begin(&self, job: &Job, deadline: i64) -> Result<u32>;
    /// When the next job that cannot be had now can be had.
    async fn next_due(&self) -> Result<Option<i64>>;
    /// Leases the job on, until that time.
    async fn hold(&self, job: &Job, until: i64) -> Result<()>;
    /// Keeps the results so far, for readers and for another attempt.
    async fn keep(
        &self,
        job: &Job,
        results: &[EngineResult],
        findings: &Map<String, Value>,
    ) -> Result<()>;
    /// Completes the analysis, makes it the item's last and removes the job, all or nothing.
    async fn complete(
        &self,
        job: &Job,
        results: &[EngineResult],
        findings: &Map<String, Value>,
        now: i64,
    ) -> Result<()>;
    /// Gives a job back, with the reason. A job that is another's by now is left alone.
    async fn give_back(&self, job: &Job, not_before: i64, error: &str) -> Result<()>;
    /// Ends all leases: for the start of a process that is the only one.
    async fn end_leases(&self, now: i64) -> Result<u64>;
}

/// A version of a list that is handed to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListVersion {
    pub(crate) list: String,
    /// Counts up; numbers may be missing.
    pub(crate) sequence: u64,
    pub(crate) date: i64,
    pub(crate) entries: u64,
    /// The SHA-256 at the end of the file, as hex.
    pub(crate) checksum: String,
    /// The SHA-256 over all prefixes, as hex: the same in two versions that hold the same.
    pub(crate) content: String,
}

/// The versions of the lists that are handed to clients.
#[async_trait]
pub(crate) trait Lists: Send + Sync {
    /// All that are kept, by list, the newest of each first.
    async fn list_versions(&self) -> Result<Vec<ListVersion>>;
    /// A version's bytes, as `quorum_core::blocklist` writes them.
    async fn list_file(&self, list: &str, sequence: u64) -> Result<Option<Vec<u8>>>;
    /// Adds a version and lets go of those that are `keep` numbers or more behind it. `false` if
    /// the number, or a later one, is taken: exact under concurrency.
    async fn add_list_version(&self, new: &ListVersion, file: &[u8], keep: u32) -> Result<bool>;
}

/// Requests that were counted.
#[derive(Debug, Clone)]
pub(crate) struct UsageRow {
    pub(crate) account: String,
    pub(crate) group: String,
    /// Days since the Unix epoch.
    pub(crate) day: i64,
    pub(crate) endpoint: String,
    pub(crate) used: u64,
}

/// The books.
#[async_trait]
pub(crate) trait Usage: Send + Sync {
    /// Adds to what stands there.
    async fn add_usage(&self, rows: &[UsageRow]) -> Result<()>;
    /// All rows from a day on.
    async fn usage_since(&self, day: i64) -> Result<Vec<UsageRow>>;
    /// One user's rows, both days included.
    async fn usage_of(&self, account: &str, first: i64, last: i64) -> Result<Vec<UsageRow>>;
    /// The last day on which a user asked for something, as far back as usage is kept.
    async fn last_day_of(&self, account: &str) -> Result<Option<i64>>;
    /// One group's rows, both days included.
    async fn usage_of_group(&self, group: &str, first: i64, last: i64) -> Result<Vec<UsageRow>>;
    /// Speaks for up to `want` requests of a group whose tier allows `limit` a day, for one of
    /// several processes that count. Answers how many it got and how many are left after that;
    /// exact under concurrency.
    async fn reserve(&self, group: &str, day: i64, want: u64, limit: u64) -> Result<(u64, u64)>;
    /// Gives back what was spoken for and not used.
    async fn release(&self, group: &str, day: i64, unused: u64) -> Result<()>;
    /// Notes a request of a group that may make `limit` a minute; `Some` says that it may not, and
    /// in how many milliseconds it may. Exact under concurrency.
    async fn admit_burst(&self, group: &str, now_ms: i64, limit: u32) -> Result<Option<i64>>;
    /// How many of those were in the last minute.
    async fn recent(&self, group: &str, now_ms: i64) -> Result<u64>;
    /// Spends so many of what a group may spend of a quota in a month, all of them or none;
    /// `false` if that is more than is left. Exact under concurrency.
    async fn spend(
        &self,
        who: (&str, &str),
        quota: &str,
        month: i64,
        number: u64,
        limit: u64,
    ) -> Result<bool>;
    /// What the members of a group spent in a month.
    async fn spent(&self, group: &str, month: i64) -> Result<Vec<Spent>>;
}

/// What a member spent of one of a group's monthly quotas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) account: String,
    pub(crate) quota: String,
    pub(crate) used: u64,
}

/// Samples that leave in one ZIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZipRecord {
    /// Whose it is.
    pub(crate) account: String,
    pub(crate) created: i64,
    pub(crate) password: String,
    /// By SHA-256, those that are here.
    pub(crate) samples: Vec<String>,
    /// How many more were asked for.
    pub(crate) missing: u64,
    /// The group whose private files they are.
    pub(crate) group: Option<String>,
}

/// What a group wants to have looked at for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PrivateSubject<'a> {
    /// Its bytes are safe.
    File(&'a Digests, &'a FileType, SentAs<'a>),
    Url(&'a CanonicalUrl),
}

impl PrivateSubject<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::File(..) => Kind::File,
            Self::Url(_) => Kind::Url,
        }
    }

    fn id(&self) -> String {
        match self {
            Self::File(digests, ..) => digests.sha256.to_string(),
            Self::Url(url) => url.id().to_string(),
        }
    }
}

/// The same, until a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewPrivate<'a> {
    pub(crate) subject: PrivateSubject<'a>,
    pub(crate) expires: i64,
}

/// A file or a URL that a group has for itself.
#[derive(Debug, Clone)]
pub(crate) struct PrivateItem {
    pub(crate) kind: Kind,
    pub(crate) group: String,
    pub(crate) id: String,
    /// Whether a file's bytes are still here.
    pub(crate) is_stored: bool,
    /// When nothing of it is here any more.
    pub(crate) expires: i64,
    /// What is known of it; nobody votes on it.
    pub(crate) item: Item,
}

impl PrivateItem {
    /// Its path under the API's prefix.
    pub(crate) fn path(&self) -> String {
        format!("private/{}/{}", self.kind.collection(), self.id)
    }

    /// Under which kind and id its relations are noted.
    pub(crate) fn place(&self) -> (&'static str, String) {
        (private_kind(self.kind), private_key(&self.group, &self.id))
    }
}

/// What groups have for themselves. Nothing of it is found by any other trait's methods, but by
/// those of the queue and of [`Upkeep`]; and nothing of a group's, or expired, by those of this one.
#[async_trait]
pub(crate) trait Private: Send + Sync {
    /// Notes a thing, its analysis and its job for the group of `by`, in one transaction. Returns the
    /// analysis's id. One that is there already stays until the new time.
    async fn submit_private(&self, new: &NewPrivate<'_>, by: Actor<'_>, now: i64)
    -> Result<String>;
    async fn private_item(
        &self,
        group: &str,
        kind: Kind,
        id: &str,
        now: i64,
    ) -> Result<Option<PrivateItem>>;
    async fn private_files(
        &self,
        group: &str,
        now: i64,
        page: Page,
    ) -> Result<Listing<PrivateItem>>;
    /// Queues an analysis of what the group of `by` has; `None` if it does not, or not the bytes.
    async fn analyse_private(
        &self,
        kind: Kind,
        id: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>>;
    async fn private_analysis(
        &self,
        group: &str,
        id: &str,
        now: i64,
    ) -> Result<Option<AnalysisRecord>>;
    /// A group's analyses, or those of one thing; with `up` the oldest first.
    async fn private_analyses(
        &self,
        group: &str,
        of: Option<(Kind, &str)>,
        up: bool,
        now: i64,
        page: Page,
    ) -> Result<Listing<AnalysisRecord>>;
    /// Notes relations of what a job is about, at it alone.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it is gone.
    async fn relate_private(&self, job: &Job, found: &[NewRelation], now: i64) -> Result<()>;
    /// Lets go of what the group of `by` has, or only of a file's bytes; `false` if it has not. The
    /// blob is its caller's to remove.
    async fn delete_private(
        &self,
        kind: Kind,
        id: &str,
        only_sample: bool,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool>;
    /// Lets go of at most so many things whose time has come, and says which they were. The blobs
    /// are its caller's to remove.
    async fn expire_private(&self, now: i64, limit: u32) -> Result<Vec<(Kind, String)>>;
}

/// ZIPs that were asked for. Only what is to be in them is kept.
#[async_trait]
pub(crate) trait Zips: Send + Sync {
    /// Adds one, lets go of those from before a time, and says under which number it is.
    async fn add_zip(&self, zip: &ZipRecord, forget_before: i64) -> Result<i64>;
    async fn zip(&self, seq: i64) -> Result<Option<ZipRecord>>;
}

/// What a sandbox saw a file do.
#[derive(Debug, Clone)]
pub(crate) struct BehaviourRecord {
    pub(crate) seq: i64,
    /// The file's SHA-256, `_`, the sandbox's name.
    pub(crate) id: String,
    pub(crate) sha256: String,
    pub(crate) sandbox: String,
    pub(crate) imported: i64,
    /// The report's attributes: see [`Behaviour`].
    pub(crate) report: Map<String, Value>,
}

/// Whose relations are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ran<'a> {
    /// All that a file did, in any sandbox.
    File(&'a str),
    /// What one report says.
    Report(i64),
}

/// Sandboxes' reports.
#[async_trait]
pub(crate) trait Behaviours: Send + Sync {
    /// Takes a report in, in place of an earlier one of the same sandbox on the same file; `false` if
    /// there is no such file. The URLs that it names are known from then on.
    async fn import_behaviour(
        &self,
        sha256: &str,
        report: &Behaviour,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool>;
    async fn behaviour(&self, id: &str) -> Result<Option<BehaviourRecord>>;
    async fn behaviour_by_seq(&self, seq: i64) -> Result<Option<BehaviourRecord>>;
    /// Of a file, the newest first.
    async fn behaviours(&self, sha256: &str, page: Page) -> Result<Listing<BehaviourRecord>>;
    /// Those that were taken in within a time, the oldest first.
    async fn reported(&self, within: Range<i64>) -> Result<Vec<BehaviourRecord>>;
    /// Ids of what stands at the other end of a file's relationship, each once.
    async fn touched(&self, ran: Ran<'_>, name: &str, page: Page) -> Result<Listing<String>>;
    /// The other way: the files at whose other end something stands.
    async fn touching(
        &self,
        kind: Kind,
        target: &str,
        name: &str,
        page: Page,
    ) -> Result<Listing<String>>;
}

/// What came in within a time, from its first second to the one before its last: what the feeds
/// hand out.
#[async_trait]
pub(crate) trait Feeds: Send + Sync {
    /// The submissions of a kind, the oldest first.
    async fn sent_in(&self, kind: Kind, within: Range<i64>) -> Result<Vec<Submission>>;
    /// The things of a kind whose analysis was asked for, each once.
    async fn analysed(&self, kind: Kind, within: Range<i64>) -> Result<Vec<String>>;
}

/// What is known of a YARA rule beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleRecord {
    /// See [`rule_id`](crate::rulebook::rule_id).
    pub(crate) id: String,
    /// Since when it is here.
    pub(crate) included: i64,
    /// When its text was last another one.
    pub(crate) modified: i64,
    /// How many files it has matched.
    pub(crate) matches: u64,
}

/// A file that a rule has matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleMatch {
    pub(crate) sha256: String,
    /// Of the last analysis in which it did.
    pub(crate) date: i64,
}

/// The catalogue of YARA rules. What matches is noted by [`Queue::complete`].
#[async_trait]
pub(crate) trait Rules: Send + Sync {
    /// Notes the rules that there are, each with the digest of its text: those that are new, and
    /// those that are written anew.
    async fn note_rules(&self, rules: &[(String, String)], now: i64) -> Result<()>;
    /// What is known of one rule, or of all that ever were.
    async fn rule_records(&self, id: Option<&str>) -> Result<Vec<RuleRecord>>;
    /// The files that a rule has matched, the one that it matched first last.
    async fn rule_matches(&self, id: &str, page: Page) -> Result<Listing<RuleMatch>>;
}

/// What the upstream said of something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UpstreamAnswer {
    /// When.
    pub(crate) fetched: i64,
    /// Its attributes; `None` where it knows nothing.
    pub(crate) body: Option<Map<String, Value>>,
}

/// The cache of what the upstream said, for all processes.
#[async_trait]
pub(crate) trait Upstreams: Send + Sync {
    async fn upstream_answer(&self, kind: Kind, id: &str) -> Result<Option<UpstreamAnswer>>;
    /// Keeps an answer in place of an earlier one, and lets go of those from before a time.
    async fn keep_upstream(
        &self,
        kind: Kind,
        id: &str,
        answer: &UpstreamAnswer,
        forget_before: i64,
    ) -> Result<()>;
    /// Until when the upstream is left alone, in milliseconds since the Unix epoch.
    async fn upstream_pause(&self) -> Result<i64>;
    /// Leaves it alone until then, or for longer where that was said before.
    async fn pause_upstream(&self, until: i64) -> Result<()>;
}

/// How much there is in a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Census {
    /// Analyses that are accepted and not complete.
    pub(crate) jobs: u64,
    pub(crate) files: u64,
    /// What the files take.
    pub(crate) bytes: u64,
}

/// What keeps a store well.
#[async_trait]
pub(crate) trait Upkeep: Send + Sync {
    /// Held from a blob's move into place to the commit of its row, by any number at once: while
    /// it is, no blob is taken for an orphan.
    async fn settle(&self) -> Result<Guard>;
    /// Held while an orphan is looked for and removed, by one and by nobody who settles.
    async fn settle_alone(&self) -> Result<Guard>;
    /// Whether somebody has the bytes with this SHA-256 here, for everybody or for themselves.
    async fn keeps(&self, sha256: &str) -> Result<bool>;
    /// SHA-256 and size of all whose bytes are here, in the order of their names, from the one after
    /// this on.
    async fn files_after(&self, sha256: &str, limit: u32) -> Result<Vec<(String, u64)>>;
    /// How much there is.
    async fn census(&self) -> Result<Census>;
    /// What contradicts itself in the rows, with how often. Empty is well.
    async fn contradictions(&self) -> Result<Vec<(&'static str, u64)>>;
    /// Items that nothing has happened to since a time, the oldest first.
    async fn expired(&self, kind: Kind, before: i64, limit: u32) -> Result<Vec<String>>;
    /// Lets go of such an item: its submissions, analyses and names, all or nothing. What people
    /// said of it stays. `false` if something has happened to it since.
    async fn forget(&self, kind: Kind, id: &str, before: i64) -> Result<bool>;
    /// Lets go of usage from before a day. Returns how many rows that were.
    async fn forget_usage(&self, before_day: i64) -> Result<u64>;
    /// Ends all connections.
    async fn close(&self);
}
