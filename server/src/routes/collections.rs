//! `/collections`: things that somebody put together, for everybody or for themselves.

use axum::Json;
use axum::response::Response;
use quorum_core::indicator::Sha256;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::NewComment;
use super::item::said;
use super::members::{self, Form, HOLDS, MemberList, MemberLists, in_text, written};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::quota::COLLECTIONS;
use crate::relationships::{
    self, NEWEST, Node, Owner, collection_node, descriptors_at, dressed, objects_at, related_node,
};
use crate::store::{
    CollectionChange, CollectionFilter, CollectionOrder, CollectionRecord, Edit, Listing,
    MOST_MEMBERS, NewRelation, RelationRecord, StoreError, Topic,
};

/// Longest name of a collection, and longest description, in characters.
const MAX_NAME: usize = 256;
const MAX_DESCRIPTION: usize = 10_000;

/// A collection to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCollection {
    data: NewCollectionObject,
}

/// `type`, attributes, and what is to be in it: named one by one, or in a text.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCollectionObject {
    #[serde(rename = "type")]
    _type: CollectionType,
    attributes: NewCollectionAttributes,
    /// A text in which files, URLs, domains and IP addresses stand.
    raw_items: Option<String>,
    relationships: Option<MemberLists>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CollectionType {
    Collection,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCollectionAttributes {
    #[schema(max_length = 256, pattern = "\\S")]
    name: String,
    #[serde(default)]
    #[schema(max_length = 10_000)]
    description: String,
    /// It is there for nobody else.
    #[serde(default)]
    private: bool,
}

/// A change of a collection.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CollectionChangeBody {
    data: CollectionChangeObject,
}

/// `type`, `id` if one likes, what changes, and what comes in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CollectionChangeObject {
    #[serde(rename = "type")]
    _type: CollectionType,
    id: Option<String>,
    #[serde(default)]
    attributes: CollectionChangeAttributes,
    raw_items: Option<String>,
    relationships: Option<MemberLists>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionChangeAttributes {
    #[schema(max_length = 256)]
    name: Option<String>,
    #[schema(max_length = 10_000)]
    description: Option<String>,
    private: Option<bool>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(collections, add))
        .routes(routes!(collection, change, delete))
        .routes(routes!(comments, add_comment))
        .routes(routes!(search))
        .routes(routes!(mitre_tree))
        .routes(routes!(download))
        .routes(routes!(download_aggregations))
        .routes(routes!(download_relationship))
        .routes(routes!(relationship, add_members, remove_members))
        .routes(routes!(descriptors))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Collection {id:?} not found"))
}

/// A collection that the caller may see; others are not there.
async fn find(ask: &Ask, id: &str) -> Result<CollectionRecord, ApiError> {
    let found = ask.app.store.collection(id).await?;
    found
        .filter(|one| !one.private || one.owner == ask.account.name)
        .ok_or_else(|| missing(id))
}

/// The same, for what only its owner may do, and with what everybody sees an administrator.
async fn find_own(ask: &Ask, id: &str) -> Result<CollectionRecord, ApiError> {
    let found = find(ask, id).await?;
    ask.author_only(
        &found.owner,
        "Only who made a collection and administrators can change it",
    )?;
    Ok(found)
}

fn named(text: &str) -> Result<(), ApiError> {
    match text.trim() {
        "" => Err(ApiError::invalid_argument("name is empty")),
        _ if text.chars().count() > MAX_NAME => Err(ApiError::invalid_argument(format!(
            "name is longer than {MAX_NAME} characters"
        ))),
        _ => Ok(()),
    }
}

fn described(text: &str) -> Result<(), ApiError> {
    match text.chars().count() > MAX_DESCRIPTION {
        true => Err(ApiError::invalid_argument(format!(
            "description is longer than {MAX_DESCRIPTION} characters"
        ))),
        false => Ok(()),
    }
}

/// What became of a change, as an answer.
pub(super) fn edited(outcome: Edit, missing: ApiError) -> Result<(), ApiError> {
    match outcome {
        Edit::Done => Ok(()),
        Edit::Missing => Err(missing),
        Edit::Full => Err(ApiError::invalid_argument(format!(
            "More than {MOST_MEMBERS} things would be in it"
        ))),
        Edit::HasComments => Err(ApiError::invalid_argument(
            "It has comments, which others would not find any more",
        )),
    }
}

async fn members(
    ask: &Ask,
    raw_items: Option<String>,
    lists: Option<MemberLists>,
) -> Result<Vec<NewRelation>, ApiError> {
    let mut members = match lists {
        Some(lists) => lists.read(ask).await?,
        None => Vec::new(),
    };
    if let Some(text) = raw_items {
        // A large text takes a while to read.
        let found = tokio::task::spawn_blocking(move || in_text(&text)).await;
        members.extend(found.map_err(|_| ApiError::internal())?);
    }
    Ok(members)
}

/// Collections that the caller may see, the newest first.
#[utoipa::path(
    get, path = "/collections", tag = "collections",
    params(
        ("filter" = Option<String>, Query,
            description = "`name:word`, `owner:user`, `collection_type:collection`, with spaces between"),
        ("order" = Option<String>, Query,
            description = "`name`, `creation_date` or `last_modification_date`, with `+` or `-` behind it"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query), ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn collections(ask: Ask) -> Answer {
    let page = ask.page()?;
    let orders = [
        ("name", CollectionOrder::Name),
        ("creation_date", CollectionOrder::Created),
        ("last_modification_date", CollectionOrder::Modified),
    ];
    let order = ask.order(&orders)?.unwrap_or(NEWEST);
    let text = ask.parameter("filter").unwrap_or_default().to_owned();
    let mut filter = CollectionFilter {
        viewer: &ask.account.name,
        ..CollectionFilter::default()
    };
    for word in text.split_whitespace() {
        match word.split_once(':') {
            Some(("name", name)) => filter.name = name.trim_matches('"'),
            Some(("owner", owner)) => filter.owner = owner,
            // There are no others here.
            Some(("collection_type", "collection")) => {}
            Some(("collection_type", _)) => return Ok(ask.list(Listing::empty())),
            _ => {
                return Err(ApiError::invalid_argument(format!(
                    "filter has {word:?}; it must be name:, owner: or collection_type: and a word"
                )));
            }
        }
    }
    let listing = relationships::collections(&ask, filter, order, page).await?;
    relationships::page(&ask, listing).await
}

/// Makes a collection.
#[utoipa::path(
    post, path = "/collections", tag = "collections", operation_id = "add_collection",
    request_body = NewCollection,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add(ask: Ask, JsonBody(body): JsonBody<NewCollection>) -> Answer {
    let NewCollectionAttributes {
        name,
        description,
        private,
    } = body.data.attributes;
    named(&name)?;
    described(&description)?;
    let members = members(&ask, body.data.raw_items, body.data.relationships).await?;
    let now = clock::now();
    if !ask
        .app
        .ledger
        .spend(&ask.account, COLLECTIONS, 1, now)
        .await?
    {
        return Err(ApiError::quota_exceeded());
    }
    let mut id = [0; 32];
    getrandom::fill(&mut id).map_err(StoreError::from)?;
    let new = CollectionRecord {
        id: Sha256::from(id).to_string(),
        owner: ask.account.name.clone(),
        private,
        name,
        description,
        created: now,
        modified: now,
        counts: Vec::new(),
    };
    let store = &ask.app.store;
    let outcome = store.add_collection(&new, &members, ask.actor(), now);
    edited(outcome.await?, missing(&new.id))?;
    told(&ask, &new.id).await
}

async fn told(ask: &Ask, id: &str) -> Answer {
    let node = collection_node(ask, find(ask, id).await?);
    Ok(Json(json!({"data": dressed(ask, node).await?})))
}

/// A collection.
#[utoipa::path(
    get, path = "/collections/{id}", tag = "collections",
    params(
        ("id" = String, Path), ("relationships" = Option<String>, Query),
        ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn collection(ask: Ask, Path(id): Path<String>) -> Answer {
    told(&ask, &id).await
}

/// Changes a collection of one's own; what is named comes in beside what is there.
#[utoipa::path(
    patch, path = "/collections/{id}", tag = "collections", operation_id = "change_collection",
    params(("id" = String, Path)),
    request_body = CollectionChangeBody,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn change(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<CollectionChangeBody>,
) -> Answer {
    let found = find_own(&ask, &id).await?;
    if body.data.id.is_some_and(|id| id != found.id) {
        return Err(ApiError::bad_request("data.id is another collection's"));
    }
    let CollectionChangeAttributes {
        name,
        description,
        private,
    } = body.data.attributes;
    name.as_deref().map_or(Ok(()), named)?;
    description.as_deref().map_or(Ok(()), described)?;
    let change = CollectionChange {
        private,
        name,
        description,
        add: members(&ask, body.data.raw_items, body.data.relationships).await?,
        remove: Vec::new(),
    };
    edit(&ask, &found.id, &change).await?;
    // An administrator may have hidden it from themselves.
    let changed = ask.app.store.collection(&found.id).await?;
    let changed = changed.ok_or_else(|| missing(&id))?;
    Ok(Json(json!({"data": collection_node(&ask, changed).object})))
}

async fn edit(ask: &Ask, id: &str, change: &CollectionChange) -> Result<(), ApiError> {
    let (store, by) = (&ask.app.store, ask.actor());
    let outcome = store.change_collection(id, change, by, clock::now());
    edited(outcome.await?, missing(id))
}

/// Deletes a collection of one's own, with what was said about it.
#[utoipa::path(
    delete, path = "/collections/{id}", tag = "collections", operation_id = "delete_collection",
    params(("id" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn delete(ask: Ask, Path(id): Path<String>) -> Answer {
    let found = find_own(&ask, &id).await?;
    let (store, by) = (&ask.app.store, ask.actor());
    match store.delete_collection(&found.id, by, clock::now()).await? {
        true => Ok(Json(json!({}))),
        false => Err(missing(&id)),
    }
}

/// Comments, newest first.
#[utoipa::path(
    get, path = "/collections/{id}/comments", tag = "collections",
    operation_id = "collections_comments",
    params(
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn comments(ask: Ask, Path(id): Path<String>) -> Answer {
    let owner = Owner::Collection(find(&ask, &id).await?);
    objects_at(&ask, &owner, "comments").await
}

/// Adds a comment to a collection that everybody sees.
#[utoipa::path(
    post, path = "/collections/{id}/comments", tag = "collections",
    operation_id = "collections_add_comment",
    params(("id" = String, Path)),
    request_body = NewComment,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_comment(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewComment>,
) -> Answer {
    let text = body.data.attributes.text.as_str();
    said("comment", text)?;
    let found = find(&ask, &id).await?;
    if found.private {
        return Err(ApiError::invalid_argument(
            "Nobody else would read a comment on a private collection",
        ));
    }
    let (store, author) = (&ask.app.store, &ask.account.name);
    let record = store
        .add_comment(Topic::Collection, &found.id, author, text, clock::now())
        .await?
        .ok_or_else(|| missing(&id))?;
    let object = objects::comment(&ask.origin, &record);
    let owner = Owner::Comment(record);
    Ok(Json(
        json!({"data": dressed(&ask, Node { owner, object }).await?}),
    ))
}

async fn all(ask: &Ask, id: &str) -> Result<Vec<RelationRecord>, ApiError> {
    let found = find(ask, id).await?;
    let store = &ask.app.store;
    Ok(store
        .all_relations("collection", &found.id, MOST_MEMBERS)
        .await?)
}

/// What is in a collection and has a text in it, in any case.
#[utoipa::path(
    get, path = "/collections/{id}/search", tag = "collections",
    operation_id = "collections_search",
    params(
        ("id" = String, Path), ("query" = String, Query, pattern = "\\S"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query), ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn search(ask: Ask, Path(id): Path<String>) -> Answer {
    let query = ask.parameter("query").unwrap_or_default().trim();
    if query.is_empty() {
        return Err(ApiError::invalid_argument("query is empty"));
    }
    let (query, page) = (query.to_lowercase(), ask.page()?);
    let mut members = all(&ask, &id).await?;
    members.retain(|one| one.id.contains(&query) || written(one).to_lowercase().contains(&query));
    let part = ask.part(page, members);
    let mut entries = Vec::new();
    for member in part.entries {
        entries.push(related_node(&ask, member).await?);
    }
    let listing = Listing {
        entries,
        next: part.next,
        total: part.total,
    };
    relationships::page(&ask, listing).await
}

/// Techniques by tactic that what is in a collection uses: a sandbox would tell, and none does here.
#[utoipa::path(
    get, path = "/collections/{id}/mitre_tree", tag = "collections",
    operation_id = "collections_mitre_tree",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn mitre_tree(ask: Ask, Path(id): Path<String>) -> Answer {
    find(&ask, &id).await?;
    Ok(Json(json!({"data": {}})))
}

/// All that is in a collection, as a file.
#[utoipa::path(
    get, path = "/collections/{id}/download/{format}", tag = "collections",
    operation_id = "collections_download",
    params(("id" = String, Path), ("format" = String, Path, description = "`json`, `csv` or `stix`")),
    responses(
        (status = 200, description = "JSON, CSV, or a STIX 2.1 bundle",
            content((Envelope = "application/json"), (String = "text/csv"))),
        Errors
    )
)]
pub(crate) async fn download(
    ask: Ask,
    Path((id, format)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let members = all(&ask, &id).await?;
    Ok(members::file(Form::named(&format)?, &members))
}

/// What the things in a collection have in common, as a file.
#[utoipa::path(
    get, path = "/collections/{id}/aggregations/download/{format}", tag = "collections",
    operation_id = "collections_download_aggregations",
    params(("id" = String, Path), ("format" = String, Path, description = "`json` or `csv`")),
    responses(
        (status = 200, description = "JSON or CSV",
            content((Envelope = "application/json"), (String = "text/csv"))),
        Errors
    )
)]
pub(crate) async fn download_aggregations(
    ask: Ask,
    Path((id, format)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let members = all(&ask, &id).await?;
    members::aggregations(Form::named(&format)?, &members)
}

/// Which relation with members is meant.
fn holds(name: &str) -> Result<&'static str, ApiError> {
    HOLDS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(known, _)| *known)
        .ok_or_else(|| {
            ApiError::not_found(format!(
                "Type \"collection\" has no relationship {name:?} with members"
            ))
        })
}

/// What is in a collection under one relationship, as a file.
#[utoipa::path(
    get, path = "/collections/{id}/{relationship}/download/{format}", tag = "collections",
    operation_id = "collections_download_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("format" = String, Path, description = "`json`, `csv` or `stix`")
    ),
    responses(
        (status = 200, description = "JSON, CSV, or a STIX 2.1 bundle",
            content((Envelope = "application/json"), (String = "text/csv"))),
        Errors
    )
)]
pub(crate) async fn download_relationship(
    ask: Ask,
    Path((id, name, format)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let mut members = all(&ask, &id).await?;
    let name = holds(&name)?;
    members.retain(|one| one.name == name);
    Ok(members::file(Form::named(&format)?, &members))
}

/// What is in a collection, or has to do with it.
#[utoipa::path(
    get, path = "/collections/{id}/{relationship}", tag = "collections",
    operation_id = "collections_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query), ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Collection(find(&ask, &id).await?);
    objects_at(&ask, &owner, &name).await
}

/// Puts things into a collection of one's own.
#[utoipa::path(
    post, path = "/collections/{id}/{relationship}", tag = "collections",
    operation_id = "collections_add_members",
    params(("id" = String, Path), ("relationship" = String, Path)),
    request_body = MemberList,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_members(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
    JsonBody(body): JsonBody<MemberList>,
) -> Answer {
    let found = find_own(&ask, &id).await?;
    let add = body.read(&ask, holds(&name)?).await?;
    let data = descriptors_of(&add);
    let change = CollectionChange {
        add,
        ..CollectionChange::default()
    };
    edit(&ask, &found.id, &change).await?;
    Ok(Json(json!({"data": data})))
}

fn descriptors_of(members: &[NewRelation]) -> Vec<serde_json::Value> {
    let each = members.iter();
    each.map(|one| json!({"type": one.other_kind, "id": one.other}))
        .collect()
}

/// Takes things out of a collection of one's own.
#[utoipa::path(
    delete, path = "/collections/{id}/{relationship}", tag = "collections",
    operation_id = "collections_remove_members",
    params(("id" = String, Path), ("relationship" = String, Path)),
    request_body = MemberList,
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn remove_members(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
    JsonBody(body): JsonBody<MemberList>,
) -> Answer {
    let found = find_own(&ask, &id).await?;
    let change = CollectionChange {
        remove: body.read(&ask, holds(&name)?).await?,
        ..CollectionChange::default()
    };
    edit(&ask, &found.id, &change).await?;
    Ok(Json(json!({})))
}

/// The same as descriptors.
#[utoipa::path(
    get, path = "/collections/{id}/relationships/{relationship}", tag = "collections",
    operation_id = "collections_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = Owner::Collection(find(&ask, &id).await?);
    descriptors_at(&ask, &owner, &name).await
}
