//! `/references`: publications, and what they are about. Everybody sees them.

use axum::Json;
use quorum_core::indicator::CanonicalUrl;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::collections::edited;
use super::members::{MemberLists, reference_id};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock;
use crate::error::ApiError;
use crate::relationships::{Owner, descriptors_at, dressed, objects_at, reference_node};
use crate::store::{ReferenceChange, ReferenceRecord};

/// Longest title, and longest names of authors, in characters.
const MAX_TEXT: usize = 512;

/// A reference to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReference {
    data: NewReferenceObject,
}

/// `type`, attributes, and what it is about.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReferenceObject {
    #[serde(rename = "type")]
    _type: ReferenceType,
    attributes: NewReferenceAttributes,
    relationships: Option<MemberLists>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ReferenceType {
    Reference,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReferenceAttributes {
    #[schema(examples("https://blog.example/a-report"))]
    url: String,
    #[schema(max_length = 512)]
    title: Option<String>,
    #[schema(max_length = 512)]
    author: Option<String>,
    creation_date: Option<Moment>,
}

/// A change of a reference.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReferenceChangeBody {
    data: ReferenceChangeObject,
}

/// `type`, `id` if one likes, what changes, and what it is about besides.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReferenceChangeObject {
    #[serde(rename = "type")]
    _type: ReferenceType,
    id: Option<String>,
    #[serde(default)]
    attributes: ReferenceChangeAttributes,
    relationships: Option<MemberLists>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferenceChangeAttributes {
    /// Must be the address that it has.
    url: Option<String>,
    #[schema(max_length = 512)]
    title: Option<String>,
    #[schema(max_length = 512)]
    author: Option<String>,
    creation_date: Option<Moment>,
}

/// A time: seconds since the Unix epoch, or `YYYY-MM-DD HH:MM:SS` in UTC.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Moment {
    Seconds(i64),
    Text(String),
}

impl Moment {
    fn seconds(&self) -> Result<i64, ApiError> {
        let text = match self {
            // What a calendar can say.
            Self::Seconds(seconds) if seconds.unsigned_abs() < 1 << 40 => return Ok(*seconds),
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Text(text) => text.clone(),
        };
        let whole = match text.len() {
            10 => format!("{text} 00:00:00"),
            _ => text.replace('T', " "),
        };
        chrono::NaiveDateTime::parse_from_str(&whole, "%Y-%m-%d %H:%M:%S")
            .map(|time| time.and_utc().timestamp())
            .map_err(|_| {
                ApiError::invalid_argument(format!(
                    "creation_date is {text:?}; it must be seconds since 1970 or \
                     YYYY-MM-DD HH:MM:SS"
                ))
            })
    }
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(add, change_named))
        .routes(routes!(reference, change))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
}

async fn find(ask: &Ask, id: &str) -> Result<ReferenceRecord, ApiError> {
    let found = ask.app.store.reference(&reference_id(id)?).await?;
    found.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Reference {id:?} not found"))
}

fn short(name: &str, text: Option<&String>) -> Result<(), ApiError> {
    match text {
        Some(text) if text.chars().count() > MAX_TEXT => Err(ApiError::invalid_argument(format!(
            "{name} is longer than {MAX_TEXT} characters"
        ))),
        _ => Ok(()),
    }
}

fn address(text: &str) -> Result<CanonicalUrl, ApiError> {
    let url: CanonicalUrl = text
        .parse()
        .map_err(|error| ApiError::invalid_argument(format!("url {text:?} is none: {error}")))?;
    Ok(url.without_credentials())
}

async fn told(ask: &Ask, id: &str) -> Answer {
    let node = reference_node(ask, find(ask, id).await?);
    Ok(Json(json!({"data": dressed(ask, node).await?})))
}

/// Notes a publication and what it is about.
#[utoipa::path(
    post, path = "/references", tag = "references", operation_id = "add_reference",
    request_body = NewReference,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add(ask: Ask, JsonBody(body): JsonBody<NewReference>) -> Answer {
    let attributes = body.data.attributes;
    let url = address(&attributes.url)?;
    short("title", attributes.title.as_ref())?;
    short("author", attributes.author.as_ref())?;
    let now = clock::now();
    let published = match &attributes.creation_date {
        Some(moment) => moment.seconds()?,
        None => now,
    };
    let about = body
        .data
        .relationships
        .unwrap_or_default()
        .read(&ask)
        .await?;
    let new = ReferenceRecord {
        id: url.id().to_string(),
        owner: ask.account.name.clone(),
        url: url.as_str().to_owned(),
        title: attributes.title.unwrap_or_default(),
        author: attributes.author.unwrap_or_default(),
        published,
        added: now,
        modified: now,
    };
    let store = &ask.app.store;
    match store.add_reference(&new, &about, ask.actor(), now).await? {
        Some(outcome) => edited(outcome, missing(&new.id))?,
        None => {
            return Err(ApiError::already_exists(format!(
                "There is a reference to {:?}",
                new.url
            )));
        }
    }
    told(&ask, &new.id).await
}

/// Changes a reference of one's own that the body names, by its address or its id.
#[utoipa::path(
    patch, path = "/references", tag = "references", operation_id = "change_named_reference",
    request_body = ReferenceChangeBody,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn change_named(
    ask: Ask,
    JsonBody(body): JsonBody<ReferenceChangeBody>,
) -> Answer {
    let ReferenceChangeObject {
        id,
        attributes,
        relationships,
        ..
    } = body.data;
    let id = match (id.filter(|id| !id.is_empty()), &attributes.url) {
        (Some(id), _) => id,
        (None, Some(url)) => address(url)?.id().to_string(),
        (None, None) => {
            return Err(ApiError::invalid_argument(
                "Which reference? The body has no id and no url",
            ));
        }
    };
    let found = find(&ask, &id).await?;
    edit(&ask, found, attributes, relationships).await
}

/// A reference, by its id or by its address in base64.
#[utoipa::path(
    get, path = "/references/{id}", tag = "references",
    params(
        ("id" = String, Path), ("relationships" = Option<String>, Query),
        ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn reference(ask: Ask, Path(id): Path<String>) -> Answer {
    told(&ask, &id).await
}

/// Changes a reference of one's own; what is named comes in beside what is there.
#[utoipa::path(
    patch, path = "/references/{id}", tag = "references", operation_id = "change_reference",
    params(("id" = String, Path)),
    request_body = ReferenceChangeBody,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn change(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ReferenceChangeBody>,
) -> Answer {
    let found = find(&ask, &id).await?;
    if body
        .data
        .id
        .is_some_and(|id| !id.is_empty() && id != found.id)
    {
        return Err(ApiError::bad_request("data.id is another reference's"));
    }
    edit(&ask, found, body.data.attributes, body.data.relationships).await
}

async fn edit(
    ask: &Ask,
    found: ReferenceRecord,
    attributes: ReferenceChangeAttributes,
    about: Option<MemberLists>,
) -> Answer {
    ask.author_only(
        &found.owner,
        "Only who noted a reference and administrators can change it",
    )?;
    if let Some(url) = &attributes.url
        && address(url)?.id().to_string() != found.id
    {
        return Err(ApiError::invalid_argument(
            "url is another one; a reference's address does not change",
        ));
    }
    short("title", attributes.title.as_ref())?;
    short("author", attributes.author.as_ref())?;
    let published = match &attributes.creation_date {
        Some(moment) => Some(moment.seconds()?),
        None => None,
    };
    let change = ReferenceChange {
        title: attributes.title,
        author: attributes.author,
        published,
        add: about.unwrap_or_default().read(ask).await?,
    };
    let (store, by) = (&ask.app.store, ask.actor());
    let outcome = store.change_reference(&found.id, &change, by, clock::now());
    edited(outcome.await?, missing(&found.id))?;
    told(ask, &found.id).await
}

/// What a reference is about, or has to do with it.
#[utoipa::path(
    get, path = "/references/{id}/{relationship}", tag = "references",
    operation_id = "references_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query), ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Reference(find(&ask, &id).await?);
    objects_at(&ask, &owner, &name).await
}

/// The same as descriptors.
#[utoipa::path(
    get, path = "/references/{id}/relationships/{relationship}", tag = "references",
    operation_id = "references_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Reference(find(&ask, &id).await?);
    descriptors_at(&ask, &owner, &name).await
}
