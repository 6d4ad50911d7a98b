//! `/private`: what a group has looked at for itself alone, for who has the add-on
//! [`PRIVATE_SCANNING`].
//!
//! It is another object than the same file or URL that is everybody's, with its own analyses: neither
//! tells of the other. It is found by the members of the group that sent it in and by nobody else,
//! administrators of the server too; nothing asks an upstream about it; and it goes when its time has
//! come. There are no sandboxes here: what would be told them is looked at, and has no effect.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::response::Response;
use quorum_core::digest::file_type;
use quorum_core::indicator::{FileHash, Kind, Sha256, UrlRef};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::analyses::{missing as missing_analysis, padded};
use super::document::{NewZip, PrivateFileForm, PrivateUrlForm};
use super::files::{Door, to_the_end, upload_address};
use super::upload::{self, Upload};
use super::{Envelope, Errors, downloads, item, urls};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path, allowed};
use crate::clock::{self, DAY};
use crate::engines::Subject;
use crate::error::ApiError;
use crate::objects;
use crate::origin::Origin;
use crate::quota::{PRIVATE_FILES, PRIVATE_URLS};
use crate::relationships::{Node, Owner, analysis_node, descriptors_at, dressed, objects_at, page};
use crate::store::{
    Account, AnalysisRecord, Listing, NewPrivate, PrivateItem, PrivateSubject, SentAs,
};
use crate::tier::PRIVATE_SCANNING;

/// For how many days something is kept: where nothing is said, and at most.
const DAYS: i64 = 1;
const MOST_DAYS: i64 = 28;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(files, submit_file))
        .routes(routes!(upload_url))
        .routes(routes!(file, delete_file))
        .routes(routes!(analyse_file))
        .routes(routes!(download))
        .routes(routes!(summary))
        .routes(routes!(mitre_trees))
        .routes(routes!(behaviours))
        .routes(routes!(file_relationship))
        .routes(routes!(file_descriptors))
        .routes(routes!(analyses))
        .routes(routes!(analysis))
        .routes(routes!(analysis_relationship))
        .routes(routes!(analysis_descriptors))
        .routes(routes!(submit_url))
        .routes(routes!(url))
        .routes(routes!(url_relationship))
        .routes(routes!(url_descriptors))
        .routes(routes!(behaviour))
        .routes(routes!(recording))
        .routes(routes!(add_zip))
        .routes(routes!(zip))
        .routes(routes!(download_zip))
        .routes(routes!(zip_download_url))
}

/// Lets only who has the add-on go on.
fn may_scan(account: &Account) -> Result<(), ApiError> {
    match account.has(PRIVATE_SCANNING) {
        true => Ok(()),
        false => Err(ApiError::forbidden(format!(
            "Private scanning needs the privilege {PRIVATE_SCANNING:?}"
        ))),
    }
}

/// Spends one of the group's private scans.
async fn spend(app: &App, account: &Account, quota: [&'static str; 2]) -> Result<(), ApiError> {
    allowed(app.ledger.scan(account, quota, clock::now()).await?)
}

fn missing(kind: Kind, raw: &str) -> ApiError {
    let word = match kind {
        Kind::Url => "URL",
        _ => "file",
    };
    ApiError::not_found(format!("Private {word} {raw:?} not found"))
}

/// The id of a private thing: of a file the SHA-256, and no other hash.
fn id_of(kind: Kind, raw: &str) -> Result<String, ApiError> {
    if kind == Kind::Url {
        let reference: UrlRef = raw.parse().map_err(|error| {
            ApiError::invalid_argument(format!("{raw:?} is not a URL id: {error}"))
        })?;
        return Ok(match reference {
            UrlRef::Url(url) => url.without_credentials().id().to_string(),
            UrlRef::Id(id) => id.to_string(),
        });
    }
    match item::file_hash(raw)? {
        FileHash::Sha256(sha256) => Ok(sha256.to_string()),
        _ => Err(ApiError::invalid_argument(format!(
            "{raw:?} is not a SHA-256, by which private files are known"
        ))),
    }
}

/// Finds what the caller's group has for itself.
///
/// # Errors
/// It has not, or its time has come; the caller has not the add-on; the name is none.
pub(crate) async fn find(ask: &Ask, kind: Kind, raw: &str) -> Result<PrivateItem, ApiError> {
    may_scan(&ask.account)?;
    let id = id_of(kind, raw)?;
    let (store, group) = (&ask.app.store, &ask.account.group);
    let found = store.private_item(group, kind, &id, clock::now()).await?;
    found.ok_or_else(|| missing(kind, raw))
}

/// The file that a hash names, if the caller's group has its bytes for itself.
pub(super) async fn sample(ask: &Ask, hash: &FileHash) -> Result<Option<Sha256>, ApiError> {
    let FileHash::Sha256(sha256) = hash else {
        return Ok(None);
    };
    let (store, group) = (&ask.app.store, &ask.account.group);
    let id = sha256.to_string();
    let found = store
        .private_item(group, Kind::File, &id, clock::now())
        .await?;
    Ok(found.filter(|record| record.is_stored).map(|_| *sha256))
}

/// An analysis of what the caller's group has for itself.
///
/// # Errors
/// The store does not answer.
pub(super) async fn find_analysis(ask: &Ask, id: &str) -> Result<Option<AnalysisRecord>, ApiError> {
    if may_scan(&ask.account).is_err() {
        return Ok(None);
    }
    let (store, group) = (&ask.app.store, &ask.account.group);
    Ok(store
        .private_analysis(group, &padded(id), clock::now())
        .await?)
}

/// The report on a private thing.
///
/// # Errors
/// What the store has of it cannot be read.
pub(crate) async fn node(ask: &Ask, record: PrivateItem) -> Result<Node, ApiError> {
    let subject = match (&record.item.file, &record.item.url) {
        (Some(file), _) => Subject::File {
            md5: file.md5.parse().ok(),
            sha1: file.sha1.parse().ok(),
            sha256: record.id.parse().ok(),
            content: None,
        },
        (None, Some(url)) => Subject::Url(url.parse().map_err(|_| ApiError::internal())?),
        (None, None) => return Err(ApiError::internal()),
    };
    let listed = ask.app.engines.ask_lists(subject.clone()).await;
    Ok(Node {
        object: objects::private_report(&ask.origin, &record, &subject, listed),
        owner: Owner::Private(Box::new(record)),
    })
}

/// What was asked for beside the thing itself.
struct Wishes {
    /// In seconds.
    kept: i64,
    /// Parameters that were named and change nothing here.
    without_effect: Vec<&'static str>,
}

/// Reads a form's fields.
///
/// # Errors
/// One is not of its type.
fn wishes<K: AsRef<str> + Ord + std::borrow::Borrow<str>>(
    fields: &BTreeMap<K, String>,
) -> Result<Wishes, ApiError> {
    let number = |name: &str, from: i64, to: i64| match fields.get(name) {
        None => Ok(None),
        Some(text) => match text.trim().parse() {
            Ok(number) if (from..=to).contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::invalid_argument(format!(
                "{name} is {text:?}; it must be a number from {from} to {to}"
            ))),
        },
    };
    let days = number("retention_period_days", 1, MOST_DAYS)?.unwrap_or(DAYS);
    number("interaction_timeout", 60, 1800)?;
    for name in ["disable_sandbox", "enable_internet", "intercept_tls"] {
        let value = fields
            .get(name)
            .map(|text| text.trim().to_ascii_lowercase());
        if let Some(value) = value
            && !["true", "false", "1", "0"].contains(&value.as_str())
        {
            return Err(ApiError::invalid_argument(format!(
                "{name} is {value:?}; it must be true or false"
            )));
        }
    }
    let sandboxes = [
        "command_line",
        "disable_sandbox",
        "enable_internet",
        "intercept_tls",
        "interaction_sandbox",
        "interaction_timeout",
        "storage_region",
    ];
    let named = sandboxes
        .into_iter()
        .filter(|name| fields.contains_key(*name));
    Ok(Wishes {
        kept: days * DAY,
        without_effect: named.collect(),
    })
}

/// The answer to whoever sent something in.
fn accepted(origin: &Origin, analysis: &str, without_effect: &[&str]) -> Json<Value> {
    let data = objects::analysis_descriptor(origin, analysis, true);
    Json(match without_effect {
        [] => json!({"data": data}),
        names => json!({"data": data, "meta": {"parameters_without_effect": names}}),
    })
}

/// The group's private files, the newest first.
#[utoipa::path(
    get, path = "/private/files", tag = "private_scanning", operation_id = "private_files",
    params(
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn files(ask: Ask) -> Answer {
    may_scan(&ask.account)?;
    let (store, group) = (&ask.app.store, &ask.account.group);
    let listing = store
        .private_files(group, clock::now(), ask.page()?)
        .await?;
    let mut entries = Vec::with_capacity(listing.entries.len());
    for record in listing.entries {
        entries.push(node(&ask, record).await?);
    }
    let listing = Listing {
        entries,
        next: listing.next,
        total: listing.total,
    };
    page(&ask, listing).await
}

/// Sends a file in for the caller's group alone. It is kept for `retention_period_days`; what is said
/// to sandboxes has no effect, and the answer's `meta` says so.
#[utoipa::path(
    post, path = "/private/files", tag = "private_scanning", operation_id = "submit_private_file",
    request_body(content = PrivateFileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submit_file(ask: Ask, request: Request) -> Answer {
    let door = Door::of(&ask);
    take_in(ask.app, ask.account, door, ask.origin, request).await
}

/// Takes a private file in.
///
/// # Errors
/// The caller may not, has spent their scans, or the form is not as it should be.
pub(super) async fn take_in(
    app: App,
    account: Arc<Account>,
    door: Door,
    origin: Origin,
    request: Request,
) -> Answer {
    may_scan(&account)?;
    let (parts, body) = request.into_parts();
    let upload = upload::receive(&app, &parts.headers, body, upload::PRIVATE).await?;
    let wishes = wishes(&upload.fields)?;
    let expires = clock::now() + wishes.kept;
    let analysis = to_the_end(accept(app, account, door, upload, expires)).await?;
    Ok(accepted(&origin, &analysis, &wishes.without_effect))
}

/// Accepts a received file, in the order of one that is everybody's: bytes, rows, answer.
async fn accept(
    app: App,
    account: Arc<Account>,
    door: Door,
    upload: Upload,
    expires: i64,
) -> Result<String, ApiError> {
    spend(&app, &account, PRIVATE_FILES).await?;
    let password = upload.password().map(str::to_owned);
    let Upload { received, name, .. } = upload;
    let (digests, file_type) = (received.digests, file_type(&received.head));
    let sent_as = SentAs {
        name: name.as_deref(),
        password: password.as_deref(),
    };
    let new = NewPrivate {
        subject: PrivateSubject::File(&digests, &file_type, sent_as),
        expires,
    };
    let settling = received.publish(&*app.store).await?;
    let by = door.actor(&account);
    let analysis = app.store.submit_private(&new, by, clock::now()).await?;
    drop(settling);
    app.bell.ring().await;
    Ok(analysis)
}

/// An address that takes one private file, without a key.
#[utoipa::path(
    get, path = "/private/files/upload_url", tag = "private_scanning",
    operation_id = "private_upload_url",
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn upload_url(ask: Ask) -> Answer {
    may_scan(&ask.account)?;
    upload_address(&ask, true).await
}

/// Report on a private file.
#[utoipa::path(
    get, path = "/private/files/{id}", tag = "private_scanning", operation_id = "private_file",
    params(
        ("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$"),
        ("relationships" = Option<String>, Query, description = "Names, with commas between")
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn file(ask: Ask, Path(id): Path<String>) -> Answer {
    let node = node(&ask, find(&ask, Kind::File, &id).await?).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Lets go of a private file and all that is known of it, or of its bytes only.
#[utoipa::path(
    delete, path = "/private/files/{id}", tag = "private_scanning",
    operation_id = "delete_private_file",
    params(
        ("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$"),
        ("only_from_storage" = Option<bool>, Query, description = "The report stays")
    ),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn delete_file(ask: Ask, Path(id): Path<String>) -> Answer {
    may_scan(&ask.account)?;
    let sha256 = id_of(Kind::File, &id)?;
    let only_sample = match ask.parameter("only_from_storage").unwrap_or_default() {
        "" | "false" => false,
        "true" => true,
        other => {
            return Err(ApiError::invalid_argument(format!(
                "only_from_storage is {other:?}; it must be true or false"
            )));
        }
    };
    let (store, by) = (&ask.app.store, ask.actor());
    let gone = store.delete_private(Kind::File, &sha256, only_sample, by, clock::now());
    if !gone.await? {
        return Err(missing(Kind::File, &id));
    }
    // The row is gone for good before the bytes are; others may have the same.
    ask.app.blobs.remove_orphan(&**store, &sha256).await?;
    Ok(Json(json!({})))
}

/// Asks for a new analysis of a private file. It counts as a scan, and the file is not kept longer
/// for it.
#[utoipa::path(
    post, path = "/private/files/{id}/analyse", tag = "private_scanning",
    operation_id = "analyse_private_file",
    params(("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analyse_file(ask: Ask, Path(id): Path<String>) -> Answer {
    let found = find(&ask, Kind::File, &id).await?;
    let not_stored = || ApiError::not_found(format!("The bytes of {id:?} are not stored any more"));
    if !found.is_stored {
        return Err(not_stored());
    }
    spend(&ask.app, &ask.account, PRIVATE_FILES).await?;
    let (store, by) = (&ask.app.store, ask.actor());
    let queued = store.analyse_private(Kind::File, &found.id, by, clock::now());
    let analysis = queued.await?.ok_or_else(not_stored)?;
    ask.app.bell.ring().await;
    Ok(accepted(&ask.origin, &analysis, &[]))
}

/// Goes to where the private file can be fetched: in a ZIP with the password `infected`, or as it is
/// for those with the privilege. It costs no download.
#[utoipa::path(
    get, path = "/private/files/{id}/download", tag = "private_scanning",
    operation_id = "download_private_file",
    params(("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$")),
    responses((status = 302, description = "In `Location`, where it is for an hour"), Errors)
)]
pub(crate) async fn download(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
    let found = find(&ask, Kind::File, &id).await?;
    match found.id.parse() {
        Ok(sha256) if found.is_stored => {
            downloads::redirect(&downloads::address_of_private(&ask, &sha256))
        }
        _ => Err(missing(Kind::File, &id)),
    }
}

/// What sandboxes saw a private file do: there are none, and it is empty.
#[utoipa::path(
    get, path = "/private/files/{id}/behaviour_summary", tag = "private_scanning",
    operation_id = "private_behaviour_summary",
    params(("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn summary(ask: Ask, Path(id): Path<String>) -> Answer {
    find(&ask, Kind::File, &id).await?;
    Ok(Json(json!({"data": {}})))
}

/// The techniques of ATT&CK that sandboxes saw: there are none, and it is empty.
#[utoipa::path(
    get, path = "/private/files/{id}/behaviour_mitre_trees", tag = "private_scanning",
    operation_id = "private_behaviour_mitre_trees",
    params(("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn mitre_trees(ask: Ask, Path(id): Path<String>) -> Answer {
    find(&ask, Kind::File, &id).await?;
    Ok(Json(json!({"data": {}})))
}

/// Reports of sandboxes on a private file, as the vendor's own document spells the path.
#[utoipa::path(
    get, path = "/private/file/{id}/behaviours", tag = "private_scanning",
    operation_id = "private_behaviours",
    params(
        ("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn behaviours(ask: Ask, Path(id): Path<String>) -> Answer {
    related(&ask, Kind::File, &id, "behaviours").await
}

async fn related(ask: &Ask, kind: Kind, id: &str, name: &str) -> Answer {
    let owner = Owner::Private(Box::new(find(ask, kind, id).await?));
    objects_at(ask, &owner, name).await
}

async fn described(ask: &Ask, kind: Kind, id: &str, name: &str) -> Answer {
    let owner = Owner::Private(Box::new(find(ask, kind, id).await?));
    descriptors_at(ask, &owner, name).await
}

/// Objects at the other end of a private file's relationship.
#[utoipa::path(
    get, path = "/private/files/{id}/{relationship}", tag = "private_scanning",
    operation_id = "private_file_relationship",
    params(
        ("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$"),
        ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn file_relationship(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    related(&ask, Kind::File, &id, &name).await
}

/// The same as descriptors: type and id only.
#[utoipa::path(
    get, path = "/private/files/{id}/relationships/{relationship}", tag = "private_scanning",
    operation_id = "private_file_descriptors",
    params(
        ("id" = String, Path, description = "SHA-256", pattern = "^[0-9a-fA-F]{64}$"),
        ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn file_descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    described(&ask, Kind::File, &id, &name).await
}

/// The group's private analyses, the newest first.
#[utoipa::path(
    get, path = "/private/analyses", tag = "private_scanning", operation_id = "private_analyses",
    params(
        ("order" = Option<String>, Query, description = "`date`, with `+` or `-` behind it"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analyses(ask: Ask) -> Answer {
    may_scan(&ask.account)?;
    let ((), up) = ask.order(&[("date", ())])?.unwrap_or(((), false));
    let (store, group) = (&ask.app.store, &ask.account.group);
    let listing = store.private_analyses(group, None, up, clock::now(), ask.page()?);
    let listing = listing.await?.map(|record| analysis_node(&ask, record));
    page(&ask, listing).await
}

async fn own_analysis(ask: &Ask, id: &str) -> Result<AnalysisRecord, ApiError> {
    may_scan(&ask.account)?;
    let found = find_analysis(ask, id).await?;
    found.ok_or_else(|| missing_analysis(id))
}

/// A private analysis; `meta` says what was analysed.
#[utoipa::path(
    get, path = "/private/analyses/{id}", tag = "private_scanning",
    operation_id = "private_analysis",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analysis(ask: Ask, Path(id): Path<String>) -> Answer {
    let record = own_analysis(&ask, &id).await?;
    let meta = objects::analysis_meta(&record);
    let data = dressed(&ask, analysis_node(&ask, record)).await?;
    Ok(Json(json!({"data": data, "meta": meta})))
}

/// What the private analysis is about: `item`.
#[utoipa::path(
    get, path = "/private/analyses/{id}/{relationship}", tag = "private_scanning",
    operation_id = "private_analysis_relationship",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analysis_relationship(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let owner = Owner::Analysis(own_analysis(&ask, &id).await?);
    objects_at(&ask, &owner, &name).await
}

/// The same as a descriptor.
#[utoipa::path(
    get, path = "/private/analyses/{id}/relationships/{relationship}", tag = "private_scanning",
    operation_id = "private_analysis_descriptors",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn analysis_descriptors(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let owner = Owner::Analysis(own_analysis(&ask, &id).await?);
    descriptors_at(&ask, &owner, &name).await
}

/// Sends a URL in for the caller's group alone. What is said to sandboxes has no effect, and the
/// answer's `meta` says so.
#[utoipa::path(
    post, path = "/private/urls", tag = "private_scanning", operation_id = "submit_private_url",
    request_body(content = PrivateUrlForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn submit_url(ask: Ask, request: Request) -> Answer {
    may_scan(&ask.account)?;
    let mut fields = urls::form_fields(request).await?;
    fields.retain(|_, value| !value.is_empty());
    let url = urls::url_field(&fields)?;
    let wishes = wishes(&fields)?;
    spend(&ask.app, &ask.account, PRIVATE_URLS).await?;
    let now = clock::now();
    let new = NewPrivate {
        subject: PrivateSubject::Url(&url),
        expires: now + wishes.kept,
    };
    let submitted = ask.app.store.submit_private(&new, ask.actor(), now);
    let analysis = submitted.await?;
    ask.app.bell.ring().await;
    Ok(accepted(&ask.origin, &analysis, &wishes.without_effect))
}

/// Report on a private URL.
#[utoipa::path(
    get, path = "/private/urls/{id}", tag = "private_scanning", operation_id = "private_url",
    params(
        ("id" = String, Path, description = "SHA-256 of the canonical URL, or base64 of the URL",
            pattern = "^[0-9a-fA-F]{64}$"),
        ("relationships" = Option<String>, Query, description = "Names, with commas between")
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn url(ask: Ask, Path(id): Path<String>) -> Answer {
    let node = node(&ask, find(&ask, Kind::Url, &id).await?).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Objects at the other end of a private URL's relationship.
#[utoipa::path(
    get, path = "/private/urls/{id}/{relationship}", tag = "private_scanning",
    operation_id = "private_url_relationship",
    params(
        ("id" = String, Path, pattern = "^[0-9a-fA-F]{64}$"), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn url_relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    related(&ask, Kind::Url, &id, &name).await
}

/// The same as descriptors: type and id only.
#[utoipa::path(
    get, path = "/private/urls/{id}/relationships/{relationship}", tag = "private_scanning",
    operation_id = "private_url_descriptors",
    params(
        ("id" = String, Path, pattern = "^[0-9a-fA-F]{64}$"), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn url_descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    described(&ask, Kind::Url, &id, &name).await
}

/// A sandbox's report on a private file: there is none.
#[utoipa::path(
    get, path = "/private/file_behaviours/{id}", tag = "private_scanning",
    operation_id = "private_file_behaviour",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn behaviour(ask: Ask, Path(id): Path<String>) -> Answer {
    may_scan(&ask.account)?;
    Err(ApiError::not_found(format!(
        "Private file behaviour {id:?} not found"
    )))
}

/// What a sandbox recorded, `html`, `pcap`, `evtx` or `memdump`: there is none.
#[utoipa::path(
    get, path = "/private/file_behaviours/{id}/{recording}", tag = "private_scanning",
    operation_id = "private_file_behaviour_recording",
    params(("id" = String, Path), ("recording" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn recording(ask: Ask, Path((id, _)): Path<(String, String)>) -> Answer {
    behaviour(ask, Path(id)).await
}

/// Puts private files into a ZIP. Those that are not here are counted and left out.
#[utoipa::path(
    post, path = "/private/zip_files", tag = "private_scanning",
    operation_id = "add_private_zip_file",
    request_body = NewZip,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_zip(ask: Ask, JsonBody(body): JsonBody<NewZip>) -> Answer {
    may_scan(&ask.account)?;
    downloads::make_zip(&ask, body, Some(&ask.account.group)).await
}

/// How far a ZIP of private files is.
#[utoipa::path(
    get, path = "/private/zip_files/{id}", tag = "private_scanning",
    operation_id = "private_zip_file",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn zip(ask: Ask, Path(id): Path<String>) -> Answer {
    may_scan(&ask.account)?;
    let (seq, record) = downloads::zip_of(&ask, &id, Some(&ask.account.group)).await?;
    Ok(Json(
        json!({"data": downloads::zip_object(&ask, seq, &record)}),
    ))
}

async fn zip_address(ask: &Ask, id: &str) -> Result<String, ApiError> {
    may_scan(&ask.account)?;
    let (seq, _) = downloads::zip_of(ask, id, Some(&ask.account.group)).await?;
    Ok(downloads::address(ask, &format!("many.{seq}")))
}

/// Goes to where the ZIP can be fetched.
#[utoipa::path(
    get, path = "/private/zip_files/{id}/download", tag = "private_scanning",
    operation_id = "download_private_zip_file",
    params(("id" = String, Path)),
    responses((status = 302, description = "In `Location`, where it is for an hour"), Errors)
)]
pub(crate) async fn download_zip(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
    downloads::redirect(&zip_address(&ask, &id).await?)
}

/// The address at which the ZIP can be fetched for an hour, without a key.
#[utoipa::path(
    get, path = "/private/zip_files/{id}/download_url", tag = "private_scanning",
    operation_id = "private_zip_file_download_url",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn zip_download_url(ask: Ask, Path(id): Path<String>) -> Answer {
    Ok(Json(json!({"data": zip_address(&ask, &id).await?})))
}
