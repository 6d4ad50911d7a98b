//! `/file_behaviours` and what `/files` says of them: what sandboxes saw. Their reports are taken in
//! under our own additions, from who has the privilege.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use quorum_core::indicator::Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::history::kind_of;
use super::{Envelope, Errors, item};
use crate::app::App;
use crate::ask::{Answer, Ask, Path, read_json};
use crate::attack;
use crate::behaviour::{Behaviour, MAX_REPORT, merged};
use crate::clock;
use crate::error::ApiError;
use crate::ids;
use crate::objects;
use crate::relationships::{descriptors_at, dressed, objects_at};
use crate::sandboxes;
use crate::store::{BehaviourRecord, Page};
use crate::tier::BEHAVIOUR_IMPORT;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(summary))
        .routes(routes!(mitre_trees))
        .routes(routes!(behaviour))
        .routes(routes!(html))
        .routes(routes!(pcap))
        .routes(routes!(evtx))
        .routes(routes!(memdump))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
}

pub(super) fn own_routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(import))
}

/// Everything at once: a file has a report of each of some sandboxes.
const ALL: Page = Page {
    before: None,
    limit: 1000,
};

async fn reports_on(ask: &Ask, id: &str) -> Result<Vec<BehaviourRecord>, ApiError> {
    let found = item::find(ask, Kind::File, id).await?;
    Ok(ask.app.store.behaviours(&found.id, ALL).await?.entries)
}

/// All reports of sandboxes on a file as one.
#[utoipa::path(
    get, path = "/files/{id}/behaviour_summary", tag = "file_behaviours",
    operation_id = "behaviour_summary",
    params(("id" = String, Path, description = "SHA-256, SHA-1 or MD5",
        pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn summary(ask: Ask, Path(id): Path<String>) -> Answer {
    let reports = reports_on(&ask, &id).await?;
    let all = merged(reports.iter().map(|record| &record.report));
    Ok(Json(json!({"data": all})))
}

/// The techniques of ATT&CK that each sandbox saw, under their tactics.
#[utoipa::path(
    get, path = "/files/{id}/behaviour_mitre_trees", tag = "file_behaviours",
    operation_id = "behaviour_mitre_trees",
    params(("id" = String, Path, description = "SHA-256, SHA-1 or MD5",
        pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn mitre_trees(ask: Ask, Path(id): Path<String>) -> Answer {
    let mut trees = Map::new();
    for record in reports_on(&ask, &id).await? {
        let report: Behaviour = serde_json::from_value(record.report.into()).map_err(|error| {
            tracing::error!(%error, report = record.id, "a stored report cannot be read");
            ApiError::internal()
        })?;
        trees.insert(record.sandbox, attack::tree(&report.techniques()));
    }
    Ok(Json(json!({"data": trees})))
}

async fn find(ask: &Ask, id: &str) -> Result<BehaviourRecord, ApiError> {
    let found = ask.app.store.behaviour(id).await?;
    found.ok_or_else(|| ApiError::not_found(format!("File behaviour {id:?} not found")))
}

/// A sandbox's report on a file, by the file's SHA-256, `_` and the sandbox's name.
#[utoipa::path(
    get, path = "/file_behaviours/{id}", tag = "file_behaviours", operation_id = "file_behaviour",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn behaviour(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = find(&ask, &id).await?;
    let node = sandboxes::node(&ask, record);
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Objects at the other end of a relationship.
#[utoipa::path(
    get, path = "/file_behaviours/{id}/{relationship}", tag = "file_behaviours",
    operation_id = "file_behaviour_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let node = sandboxes::node(&ask, find(&ask, &id).await?);
    objects_at(&ask, &node.owner, &name).await
}

/// The same as descriptors: type and id only.
#[utoipa::path(
    get, path = "/file_behaviours/{id}/relationships/{relationship}", tag = "file_behaviours",
    operation_id = "file_behaviour_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let node = sandboxes::node(&ask, find(&ask, &id).await?);
    descriptors_at(&ask, &node.owner, &name).await
}

/// A report as a page, which does nothing and loads nothing.
pub(super) fn page(record: &BehaviourRecord) -> Response {
    let mut response = objects::behaviour_page(record).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The report as a page for people.
#[utoipa::path(
    get, path = "/file_behaviours/{id}/html", tag = "file_behaviours",
    operation_id = "file_behaviour_html",
    params(("id" = String, Path)),
    responses((status = 200, content_type = "text/html", body = String), Errors)
)]
pub(crate) async fn html(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(page(&find(&ask, &id).await?))
}

/// Endpoints of what sandboxes record and an imported report does not bring.
macro_rules! recordings {
    ($($name:ident, $path:literal, $operation:literal, $what:literal;)+) => {$(
        #[doc = concat!("The ", $what, ", where the sandbox's report brought one: none does here.")]
        #[utoipa::path(
            get, path = concat!("/file_behaviours/{id}/", $path), tag = "file_behaviours",
            operation_id = $operation,
            params(("id" = String, Path)),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn $name(ask: Ask, Path(id): Path<String>) -> Answer {
            if !ask.account.is_premium() {
                return Err(ApiError::forbidden(format!(
                    "Recordings of sandboxes are not part of the {} tier",
                    ask.account.tier
                )));
            }
            find(&ask, &id).await?;
            Err(ApiError::not_found(format!(
                "File behaviour {id:?} has no {}",
                $what
            )))
        }
    )+};
}

recordings! {
    pcap, "pcap", "file_behaviour_pcap", "network capture";
    evtx, "evtx", "file_behaviour_evtx", "event log";
    memdump, "memdump", "file_behaviour_memdump", "memory dump";
}

/// A sandbox's report to be taken in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBehaviour {
    data: NewBehaviourObject,
}

/// `type` and attributes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBehaviourObject {
    #[serde(rename = "type")]
    _type: BehaviourType,
    attributes: Behaviour,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BehaviourType {
    FileBehaviour,
}

/// Takes a sandbox's report on a file in, in place of an earlier one of the same sandbox. For who has
/// the privilege `behaviour-import`, and administrators of the server. At most 4 MiB.
#[utoipa::path(
    post, path = "/{collection}/{id}/behaviours", tag = "file_behaviours",
    operation_id = "import_behaviour",
    params(
        ("collection" = String, Path, description = "`files`"),
        ("id" = String, Path, description = "SHA-256, SHA-1 or MD5")
    ),
    request_body = NewBehaviour,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn import(
    ask: Ask,
    Path((collection, id)): Path<(String, String)>,
    request: Request,
) -> Answer {
    if kind_of(&collection)? != Kind::File {
        return Err(ApiError::not_found("Only files have behaviours"));
    }
    if !ask.account.administrator && !ask.account.has(BEHAVIOUR_IMPORT) {
        return Err(ApiError::forbidden(format!(
            "Importing sandboxes' reports needs the privilege {BEHAVIOUR_IMPORT:?}"
        )));
    }
    let bytes = axum::body::to_bytes(request.into_body(), MAX_REPORT).await;
    let bytes = bytes.map_err(|_| {
        ApiError::too_large(format!(
            "The report is larger than {MAX_REPORT} bytes, or was cut off"
        ))
    })?;
    let body: NewBehaviour = read_json(&bytes)?;
    let report = body.data.attributes;
    report.check().map_err(ApiError::invalid_argument)?;
    let hash = item::file_hash(&id)?;
    let missing = || item::missing(Kind::File, &id);
    let sha256 = item::sha256_of(&ask, &hash).await?.ok_or_else(missing)?;
    let (store, by) = (&ask.app.store, ask.actor());
    if !store
        .import_behaviour(&sha256, &report, by, clock::now())
        .await?
    {
        return Err(missing());
    }
    let record = find(&ask, &ids::behaviour(&sha256, &report.sandbox_name)).await?;
    let object: Value = objects::file_behaviour(&ask.origin, &record);
    Ok(Json(json!({"data": object})))
}
