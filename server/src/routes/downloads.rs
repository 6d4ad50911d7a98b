//! Samples that leave: `/files/{id}/download`, `/intelligence/zip_files`, and the addresses
//! `/_ah/download/{pass}` at which the bytes are fetched.
//!
//! Who may have them has [`INTELLIGENCE`] or [`DOWNLOADS`], and gets each in a ZIP; as it is gets
//! it who has [`RAW_DOWNLOADS`]. The quota counts samples when an address to them is given away;
//! the address needs no key, counts nothing and works for an hour.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use quorum_core::indicator::{FileHash, Kind, Sha256};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::NewZip;
use super::item::{self, sha256_of};
use super::{Envelope, Errors, private};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock::{self, DAY};
use crate::error::ApiError;
use crate::leave::{self, PASSWORD};
use crate::quota;
use crate::store::ZipRecord;
use crate::tier::{DOWNLOADS, INTELLIGENCE, RAW_DOWNLOADS};
use crate::{ids, objects};

/// How long an address of a sample can be used, in seconds.
const ADDRESS_LIFE: i64 = 3600;

/// How long a ZIP can be fetched, in seconds.
const ZIP_LIFE: i64 = DAY;

/// Most samples of a ZIP.
const MOST_SAMPLES: usize = 100;

/// Longest password of a ZIP, in bytes.
const LONGEST_PASSWORD: usize = 128;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(download))
        .routes(routes!(download_url))
        .routes(routes!(add_zip))
        .routes(routes!(zip))
        .routes(routes!(download_zip))
        .routes(routes!(zip_download_url))
}

/// Lets only who may have samples go on.
fn may_download(ask: &Ask) -> Result<(), ApiError> {
    let privileges = [INTELLIGENCE, DOWNLOADS, RAW_DOWNLOADS];
    match privileges.iter().any(|one| ask.account.has(one)) {
        true => Ok(()),
        false => Err(ApiError::forbidden(format!(
            "Downloading samples is not part of the {} tier",
            ask.account.tier
        ))),
    }
}

async fn spend(ask: &Ask, samples: u64) -> Result<(), ApiError> {
    let (ledger, now) = (&ask.app.ledger, clock::now());
    match ledger
        .spend(&ask.account, quota::DOWNLOADS, samples, now)
        .await?
    {
        true => Ok(()),
        false => Err(ApiError::quota_exceeded()),
    }
}

/// The sample that a request names, if its bytes are here.
async fn sample(ask: &Ask, hash: &FileHash) -> Result<Option<Sha256>, ApiError> {
    let Some(sha256) = sha256_of(ask, hash).await? else {
        return Ok(None);
    };
    let is_here = ask.app.store.has_file(&sha256).await?;
    Ok(sha256.parse().ok().filter(|_| is_here))
}

/// An address of ours that gives what `what` says to whoever asks, for an hour.
pub(super) fn address(ask: &Ask, what: &str) -> String {
    let expires = clock::now() + ADDRESS_LIFE;
    let pass = ids::pass(&ask.app.pseudonym_key, what, expires);
    format!("{}/_ah/download/{pass}", ask.origin)
}

async fn sample_address(ask: &Ask, raw: &str) -> Result<String, ApiError> {
    may_download(ask)?;
    let hash = item::file_hash(raw)?;
    let sha256 = sample(ask, &hash)
        .await?
        .ok_or_else(|| item::missing(Kind::File, raw))?;
    spend(ask, 1).await?;
    Ok(address_of_sample(ask, &sha256))
}

/// In which form the caller may have samples.
fn form(ask: &Ask) -> &'static str {
    match ask.account.has(RAW_DOWNLOADS) {
        true => "raw",
        false => "zip",
    }
}

/// The address of a sample that the caller's group has for itself.
pub(super) fn address_of_private(ask: &Ask, sha256: &Sha256) -> String {
    // In hex, since what a pass is for holds no dash.
    let group: String = ask
        .account
        .group
        .bytes()
        .map(|b| format!("{b:02x}"))
        .collect();
    address(ask, &format!("{}.{sha256}.{group}", form(ask)))
}

/// The address of a sample, in the form in which the caller may have it.
pub(super) fn address_of_sample(ask: &Ask, sha256: &Sha256) -> String {
    address(ask, &format!("{}.{sha256}", form(ask)))
}

/// Sends the client to an address.
///
/// # Errors
/// It is none.
pub(super) fn redirect(address: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(address).map_err(|_| ApiError::internal())?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Goes to where the file can be fetched: in a ZIP with the password `infected`, or as it is for
/// those with the privilege.
#[utoipa::path(
    get, path = "/files/{id}/download", tag = "files", operation_id = "download_file",
    params(("id" = String, Path, description = "SHA-256, SHA-1 or MD5",
        pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$")),
    responses((status = 302, description = "In `Location`, where it is for an hour"), Errors)
)]
pub(crate) async fn download(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
    redirect(&sample_address(&ask, &id).await?)
}

/// The address at which the file can be fetched for an hour, without a key.
#[utoipa::path(
    get, path = "/files/{id}/download_url", tag = "files", operation_id = "file_download_url",
    params(("id" = String, Path, description = "SHA-256, SHA-1 or MD5",
        pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$")),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn download_url(ask: Ask, Path(id): Path<String>) -> Answer {
    Ok(Json(json!({"data": sample_address(&ask, &id).await?})))
}

/// Puts files into a ZIP. Those that are not here are counted and left out.
#[utoipa::path(
    post, path = "/intelligence/zip_files", tag = "zip_files", operation_id = "add_zip_file",
    request_body = NewZip,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_zip(ask: Ask, JsonBody(body): JsonBody<NewZip>) -> Answer {
    may_download(&ask)?;
    make_zip(&ask, body, None).await
}

/// Makes a ZIP of everybody's files, or of those that a group has for itself. Those of the first
/// sort are counted.
///
/// # Errors
/// The body asks for nothing or too much, or the quota is spent.
pub(super) async fn make_zip(ask: &Ask, body: NewZip, group: Option<&str>) -> Answer {
    let hashes = body.data.hashes;
    if hashes.is_empty() || hashes.len() > MOST_SAMPLES {
        return Err(ApiError::invalid_argument(format!(
            "hashes must be a list of 1 to {MOST_SAMPLES}"
        )));
    }
    let password = body.data.password.unwrap_or_default();
    if password.len() > LONGEST_PASSWORD {
        return Err(ApiError::invalid_argument(format!(
            "password is longer than {LONGEST_PASSWORD} bytes"
        )));
    }
    let mut parsed = Vec::new();
    for hash in &hashes {
        parsed.push(item::file_hash(hash)?);
    }
    let (mut samples, mut missing) = (Vec::new(), 0);
    for hash in &parsed {
        let found = match group {
            Some(_) => private::sample(ask, hash).await?,
            None => sample(ask, hash).await?,
        };
        match found {
            Some(sha256) => samples.push(sha256.to_string()),
            None => missing += 1,
        }
    }
    // By different hashes, or twice by one.
    samples.sort_unstable();
    samples.dedup();
    if group.is_none() {
        spend(ask, samples.len() as u64).await?;
    }
    let now = clock::now();
    let record = ZipRecord {
        account: ask.account.name.clone(),
        created: now,
        password: match password.as_str() {
            "" => PASSWORD.to_owned(),
            _ => password,
        },
        samples,
        missing,
        group: group.map(str::to_owned),
    };
    let seq = ask.app.store.add_zip(&record, now - ZIP_LIFE).await?;
    Ok(Json(json!({"data": zip_object(ask, seq, &record)})))
}

pub(super) fn zip_object(ask: &Ask, seq: i64, record: &ZipRecord) -> Value {
    objects::zip_file(&ask.origin, seq, record)
}

/// One's own ZIP.
async fn find_zip(ask: &Ask, id: &str) -> Result<(i64, ZipRecord), ApiError> {
    may_download(ask)?;
    zip_of(ask, id, None).await
}

/// One's own ZIP, of everybody's files or of a group's.
///
/// # Errors
/// There is none.
pub(super) async fn zip_of(
    ask: &Ask,
    id: &str,
    group: Option<&str>,
) -> Result<(i64, ZipRecord), ApiError> {
    let missing = || ApiError::not_found(format!("ZIP file {id:?} not found"));
    let seq = id.parse().map_err(|_| missing())?;
    let since = clock::now() - ZIP_LIFE;
    match ask.app.store.zip(seq).await? {
        Some(record)
            if record.account == ask.account.name
                && record.group.as_deref() == group
                && record.created > since =>
        {
            Ok((seq, record))
        }
        _ => Err(missing()),
    }
}

/// How far a ZIP is.
#[utoipa::path(
    get, path = "/intelligence/zip_files/{id}", tag = "zip_files", operation_id = "zip_file",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn zip(ask: Ask, Path(id): Path<String>) -> Answer {
    let (seq, record) = find_zip(&ask, &id).await?;
    Ok(Json(json!({"data": zip_object(&ask, seq, &record)})))
}

/// Goes to where the ZIP can be fetched.
#[utoipa::path(
    get, path = "/intelligence/zip_files/{id}/download", tag = "zip_files",
    operation_id = "download_zip_file",
    params(("id" = String, Path)),
    responses((status = 302, description = "In `Location`, where it is for an hour"), Errors)
)]
pub(crate) async fn download_zip(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
    let (seq, _) = find_zip(&ask, &id).await?;
    redirect(&address(&ask, &format!("many.{seq}")))
}

/// The address at which the ZIP can be fetched for an hour, without a key.
#[utoipa::path(
    get, path = "/intelligence/zip_files/{id}/download_url", tag = "zip_files",
    operation_id = "zip_file_download_url",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn zip_download_url(ask: Ask, Path(id): Path<String>) -> Answer {
    let (seq, _) = find_zip(&ask, &id).await?;
    Ok(Json(json!({"data": address(&ask, &format!("many.{seq}"))})))
}

fn from_hex(hex: &str) -> Option<String> {
    let digits = (0..hex.len()).step_by(2);
    let bytes = digits.map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

/// `GET /_ah/download/{pass}`: the bytes. The pass is the authority.
pub(super) async fn fetch(
    State(app): State<App>,
    Path(pass): Path<String>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::not_found("This download address has expired or never was");
    let now = clock::now();
    let what = ids::read_pass(&app.pseudonym_key, &pass, now).ok_or_else(unknown)?;
    let (form, which) = what.split_once('.').ok_or_else(unknown)?;
    if form == "many" {
        let seq = which.parse().map_err(|_| unknown())?;
        let zip = app.store.zip(seq).await?.ok_or_else(unknown)?;
        let samples = zip.samples.iter().filter_map(|one| one.parse().ok());
        let samples = samples.collect();
        return Ok(leave::zipped(&app.blobs, samples, zip.password, which));
    }
    let (which, group) = match which.split_once('.') {
        Some((sha256, group)) => (sha256, Some(from_hex(group).ok_or_else(unknown)?)),
        None => (which, None),
    };
    let sha256: Sha256 = which.parse().map_err(|_| unknown())?;
    // Let go of in the meantime.
    let is_here = match group {
        Some(group) => {
            let found = app.store.private_item(&group, Kind::File, which, now);
            found.await?.is_some_and(|record| record.is_stored)
        }
        None => app.store.has_file(which).await?,
    };
    if !is_here {
        return Err(unknown());
    }
    match form {
        "raw" => Ok(leave::raw(&app.blobs, &sha256).await?),
        "zip" => {
            let password = PASSWORD.to_owned();
            Ok(leave::zipped(&app.blobs, vec![sha256], password, which))
        }
        _ => Err(unknown()),
    }
}
