//! The OpenAPI document's head, and the shapes of bodies and answers that its paths share.
//!
//! The shapes of bodies are the types that the handlers read them with: what the document says and
//! what is taken cannot differ.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use quorum_core::report::VoteVerdict;

/// Longest comment, in characters; the macros below take the number only.
pub(crate) const MAX_COMMENT: usize = 4096;

/// Longest text of a profile, in characters; see above.
pub(crate) const MAX_PROFILE_TEXT: usize = 256;

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

/// What a user may change; what is missing stays.
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
}
