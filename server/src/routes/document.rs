//! The OpenAPI document's head, and the shapes of bodies and answers that its paths share.
//!
//! The shapes of bodies are the types that the handlers read them with: what the document says and
//! what is taken cannot differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use quorum_core::report::VoteVerdict;

use crate::tier::Tier;

/// Longest comment, in characters; the macros below take the number only.
pub(crate) const MAX_COMMENT: usize = 4096;

/// Longest text of a profile, in characters; see above.
pub(crate) const MAX_PROFILE_TEXT: usize = 256;

/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub(crate) const MAX_EMAIL: usize = 254;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quorum",
        description = "Reports, submissions and community on files, URLs, domains and IP \
            addresses. Compatible with clients of the VirusTotal API v3."
    ),
    components(schemas(Envelope, ErrorEnvelope, ErrorBody)),
    servers((url = "/api/v3")),
    security(("key" = []))
)]
struct Head;

/// Where our own additions are.
pub(crate) const OWN: &str = "/api/quorum/v1";

/// Adds the paths of our own additions, and says where they are. A path may be in both places with
/// other methods.
pub(crate) fn add_own(
    document: &mut utoipa::openapi::OpenApi,
    additions: utoipa::openapi::OpenApi,
) {
    for (path, mut item) in additions.paths.paths {
        // The router's way to say that a parameter may hold slashes.
        let path = path.replace("{*", "{");
        let there = document.paths.paths.entry(path).or_default();
        for (operation, there) in [
            (item.get.take(), &mut there.get),
            (item.post.take(), &mut there.post),
            (item.patch.take(), &mut there.patch),
            (item.delete.take(), &mut there.delete),
        ] {
            if let Some(mut operation) = operation {
                operation.servers = Some(vec![utoipa::openapi::Server::new(OWN)]);
                *there = Some(operation);
            }
        }
    }
    if let Some(added) = additions.components {
        let components = document.components.get_or_insert_default();
        components.schemas.extend(added.schemas);
        components.responses.extend(added.responses);
    }
}

/// The document without paths; the routes add theirs.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-apikey")));
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("key", scheme);
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

/// `{"data": …}`: one object, a list with `meta` and `links`, or what the endpoint says.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope {
    /// The object or the list.
    data: Value,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    error: ErrorBody,
}

/// A code for programs and a message for people.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    #[schema(examples("NotFoundError"))]
    code: String,
    #[schema(examples("File \"…\" not found"))]
    message: String,
}

/// The errors that any endpoint may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the document only")]
pub(crate) enum Errors {
    /// The request, or an argument of it, is not one.
    #[response(status = 400)]
    BadRequest(ErrorEnvelope),
    /// No key, or one that opens nothing.
    #[response(status = 401)]
    Unauthorized(ErrorEnvelope),
    /// Not yours, or not part of your tier.
    #[response(status = 403)]
    Forbidden(ErrorEnvelope),
    /// Nobody has seen it, or there is no such path.
    #[response(status = 404)]
    NotFound(ErrorEnvelope),
    /// It is there already.
    #[response(status = 409)]
    Conflict(ErrorEnvelope),
    /// More bytes than are taken.
    #[response(status = 413)]
    TooLarge(ErrorEnvelope),
    /// The quota is spent, or the requests come too fast.
    #[response(status = 429)]
    TooMany(ErrorEnvelope),
    /// A fault of the server.
    #[response(status = 500)]
    Internal(ErrorEnvelope),
    /// May work when tried again.
    #[response(status = 503)]
    Transient(ErrorEnvelope),
}

/// The form that a file is sent in with.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document only: forms are streamed")]
pub(crate) struct FileForm {
    /// The bytes; the part's `filename` is the file's name.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// Opens the members of a ZIP that are protected. It is forgotten after the analysis.
    password: Option<String>,
}

/// The form that a URL is sent in with.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read by the document only: clients send two kinds of forms"
)]
pub(crate) struct UrlForm {
    /// With `http://` before it, `https://`, or nothing.
    #[schema(examples("https://example.com/"))]
    url: String,
}

/// The form that a file is sent in with for a group alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document only: forms are streamed")]
pub(crate) struct PrivateFileForm {
    /// The bytes; the part's `filename` is the file's name.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// Opens the members of a ZIP that are protected. It is forgotten after the analysis.
    password: Option<String>,
    /// For how many days the file and its report are kept; 1 if nothing is said.
    #[schema(minimum = 1, maximum = 28)]
    retention_period_days: Option<u32>,
    /// What a sandbox would run the file with. Without effect: there is none.
    command_line: Option<String>,
    /// Without effect: there is no sandbox.
    disable_sandbox: Option<bool>,
    /// Without effect: there is no sandbox.
    enable_internet: Option<bool>,
    /// Without effect: there is no sandbox.
    intercept_tls: Option<bool>,
    /// Without effect: everything is kept where the server keeps it.
    storage_region: Option<String>,
    /// Without effect: there is no sandbox.
    interaction_sandbox: Option<String>,
    /// In seconds. Without effect: there is no sandbox.
    #[schema(minimum = 60, maximum = 1800)]
    interaction_timeout: Option<u32>,
}

/// The form that a URL is sent in with for a group alone.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read by the document only: clients send two kinds of forms"
)]
pub(crate) struct PrivateUrlForm {
    /// With `http://` before it, `https://`, or nothing.
    #[schema(examples("https://example.com/"))]
    url: String,
    /// For how many days the URL and its report are kept; 1 if nothing is said.
    #[schema(minimum = 1, maximum = 28)]
    retention_period_days: Option<u32>,
}

/// A ZIP to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewZip {
    pub(crate) data: NewZipData,
}

/// What is to be in it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewZipData {
    /// SHA-256, SHA-1 or MD5 of each file.
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) hashes: Vec<String>,
    /// `infected` if nothing is said.
    #[schema(max_length = 128)]
    pub(crate) password: Option<String>,
}

/// A comment to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewComment {
    pub(crate) data: NewCommentObject,
}

/// `type` and attributes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCommentObject {
    #[serde(rename = "type")]
    _type: CommentType,
    pub(crate) attributes: NewCommentAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CommentType {
    Comment,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCommentAttributes {
    /// Its `#words` become tags.
    #[schema(max_length = 4096, pattern = "\\S", examples("See #phishing"))]
    pub(crate) text: String,
}

/// A vote to be cast.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewVote {
    pub(crate) data: NewVoteObject,
}

/// `type` and attributes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewVoteObject {
    #[serde(rename = "type")]
    _type: VoteType,
    pub(crate) attributes: NewVoteAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VoteType {
    Vote,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVoteAttributes {
    #[schema(value_type = Verdict)]
    pub(crate) verdict: VoteVerdict,
}

/// What a vote says.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "spells the core's type for the document")]
enum Verdict {
    Harmless,
    Malicious,
}

/// A judgement on a comment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCommentVote {
    pub(crate) data: CommentJudgement,
}

/// What a user says of another's comment.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CommentJudgement {
    Positive,
    Negative,
    Abuse,
}

/// A change of a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UserChange {
    pub(crate) data: UserChangeObject,
}

/// `type`, `id` if one likes, and what changes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UserChangeObject {
    #[serde(rename = "type")]
    _type: UserType,
    pub(crate) id: Option<String>,
    pub(crate) attributes: UserChangeAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum UserType {
    User,
}

/// What changes about a user; what is missing stays. Names, phrase and preferences are the user's
/// own; the others are for who administers the user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChangeAttributes {
    #[schema(max_length = 256)]
    pub(crate) first_name: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) last_name: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) profile_phrase: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub(crate) preferences: Option<Map<String, Value>>,
    /// For administrators of the server.
    #[schema(max_length = 254, examples("bob@example.com"))]
    pub(crate) email: Option<String>,
    /// A suspended user's keys open nothing until they are active again.
    pub(crate) status: Option<UserStatus>,
    /// By name; `admin` is the role. For administrators of the server.
    pub(crate) privileges: Option<BTreeMap<String, PrivilegeChange>>,
}

/// Whether a user may do anything.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UserStatus {
    Active,
    Suspended,
}

impl UserStatus {
    /// As the store writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A privilege that is granted or taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivilegeChange {
    pub(crate) granted: bool,
    /// Seconds since the Unix epoch; for ever without.
    pub(crate) expiration_date: Option<i64>,
}

/// A change of a group.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GroupChangeBody {
    pub(crate) data: GroupChangeObject,
}

/// `type`, `id` if one likes, and what changes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GroupChangeObject {
    #[serde(rename = "type")]
    _type: GroupType,
    pub(crate) id: Option<String>,
    pub(crate) attributes: GroupChangeAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum GroupType {
    Group,
}

/// What changes about a group; what is missing stays. Tier, quotas and privileges are for
/// administrators of the server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupChangeAttributes {
    #[schema(max_length = 256)]
    pub(crate) organization: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) organization_legal_name: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) country: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) country_iso: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) domain_name: Option<String>,
    #[schema(max_length = 256)]
    pub(crate) industry: Option<String>,
    pub(crate) tier: Option<Tier>,
    /// By name, what is allowed beside the tier.
    pub(crate) quotas: Option<BTreeMap<String, QuotaChange>>,
    pub(crate) privileges: Option<BTreeMap<String, PrivilegeChange>>,
}

/// What is allowed of something.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaChange {
    /// `null` is what the tier allows.
    #[schema(maximum = 1_000_000_000)]
    pub(crate) allowed: Option<u64>,
}

/// Users to be added to a group, or to its administrators.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMembers {
    #[schema(max_items = 40)]
    pub(crate) data: Vec<NewMember>,
}

/// Service accounts to be made in a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewServiceAccounts {
    #[schema(min_items = 1, max_items = 40)]
    pub(crate) data: Vec<NewServiceAccount>,
}

/// One of them, by what it is called in the group: as a descriptor, or the word alone.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NewServiceAccount {
    Descriptor(NewServiceAccountObject),
    Name(String),
}

/// `type`, and what it is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewServiceAccountObject {
    #[serde(rename = "type")]
    _type: ServiceAccountType,
    /// Letters, digits, `.`, `_` and `-`; with the group's name and `_` before it at most 63.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,63}$")]
    id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ServiceAccountType {
    ServiceAccount,
}

impl NewServiceAccount {
    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Descriptor(object) => &object.id,
            Self::Name(name) => name,
        }
    }
}

/// One of them, by e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    #[serde(rename = "type")]
    _type: UserType,
    #[schema(examples("bob@example.com"))]
    pub(crate) id: String,
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    pub(crate) data: NewUserObject,
}

/// `type`, the name as `id`, and attributes if one likes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserObject {
    #[serde(rename = "type")]
    _type: UserType,
    /// Letters, digits, `.`, `_` and `-`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) attributes: NewUserAttributes,
}

/// Where a new user belongs.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewUserAttributes {
    #[schema(max_length = 254)]
    pub(crate) email: Option<String>,
    /// The group to join; else one is made for the user by administrators of the server, and
    /// administrators of a group add to their own.
    pub(crate) group: Option<String>,
    /// Of the group that is made.
    pub(crate) tier: Option<Tier>,
}

/// A group to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    pub(crate) data: NewGroupObject,
}

/// `type`, the name as `id`, and the tier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupObject {
    #[serde(rename = "type")]
    _type: GroupType,
    /// Letters, digits, `.`, `_` and `-`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub(crate) id: String,
    pub(crate) attributes: NewGroupAttributes,
}

/// What a new group may use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupAttributes {
    pub(crate) tier: Tier,
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    pub(crate) data: NewKeyObject,
}

/// `type` and attributes if one likes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyObject {
    #[serde(rename = "type")]
    _type: KeyType,
    #[serde(default)]
    pub(crate) attributes: NewKeyAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyType {
    ApiKey,
}

/// What a key is for, and for how long.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewKeyAttributes {
    #[schema(max_length = 256)]
    pub(crate) label: String,
    /// Seconds since the Unix epoch; for ever without.
    pub(crate) expiration_date: Option<i64>,
}

/// A report that something is objected to wrongly.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFalsePositive {
    pub(crate) data: NewFalsePositiveObject,
}

/// `type` and attributes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFalsePositiveObject {
    #[serde(rename = "type")]
    _type: FalsePositiveType,
    pub(crate) attributes: NewCommentAttributes,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FalsePositiveType {
    FalsePositive,
}

/// What an administrator decides on a report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FalsePositiveDecision {
    pub(crate) data: FalsePositiveDecisionObject,
}

/// `type` and attributes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FalsePositiveDecisionObject {
    #[serde(rename = "type")]
    _type: FalsePositiveType,
    pub(crate) attributes: FalsePositiveDecisionAttributes,
}

/// The decision, and words for whoever reported it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FalsePositiveDecisionAttributes {
    pub(crate) status: DecidedStatus,
    #[serde(default)]
    #[schema(max_length = 4096)]
    pub(crate) answer: String,
}

/// How it was decided.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DecidedStatus {
    Accepted,
    Rejected,
}
