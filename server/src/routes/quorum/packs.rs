//! `/packs`: rules and lists that extensions take, only as far as they have changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use quorum_core::blocklist::{Blocklist, Digest, Kind, diff};
use quorum_core::indicator::Sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Envelope, Errors};
use super::{Keep, blocking, kept, kept_json};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::engines::{Engines, Source};
use crate::error::ApiError;
use crate::lists::{LISTS, Spec, spec};
use crate::origin::Origin;
use crate::rule_packs::RulePack;
use crate::store::ListVersion;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(status))
        .routes(routes!(manifest))
        .routes(routes!(file))
        .routes(routes!(changes))
        .routes(routes!(lists))
        .routes(routes!(list_file))
        .routes(routes!(list_update))
}

/// A manifest with what an extension need not know.
#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    manifest: &'a quorum_core::rules::PackManifest,
    checksum: Sha256,
    entries: usize,
}

impl<'a> From<&'a RulePack> for Manifest<'a> {
    fn from(pack: &'a RulePack) -> Self {
        Self {
            manifest: &pack.manifest,
            checksum: pack.checksum,
            entries: pack.manifest.files.len(),
        }
    }
}

async fn pack(app: &App, name: &str) -> Result<Arc<RulePack>, ApiError> {
    let packs = app.rule_packs.clone();
    let shelf = blocking(move || packs.shelf()).await?;
    match shelf.get(name) {
        Some(Ok(pack)) => Ok(pack.clone()),
        // What is wrong with it is told by `/packs`, to whom it concerns.
        Some(Err(_)) => Err(ApiError::not_found(format!(
            "Rule pack {name:?} is not in order and not handed out"
        ))),
        None => Err(ApiError::not_found(format!("Rule pack {name:?} not found"))),
    }
}

/// The packs of the server, with what is wrong with them.
#[utoipa::path(
    get, path = "/packs", tag = "packs", operation_id = "packs",
    responses((status = 200, body = Envelope), Errors)
)]
async fn status(ask: Ask) -> Answer {
    let (packs, engines) = (ask.app.rule_packs.clone(), ask.app.engines.clone());
    let (shelf, sources) = blocking(move || (packs.shelf(), sources(&engines, None))).await?;
    let rules = shelf.iter().map(|(name, pack)| {
        let (attributes, links) = match pack {
            Ok(pack) => (
                json!({
                    "status": "served",
                    "name": pack.manifest.name,
                    "version": pack.manifest.version,
                    "license": pack.manifest.license,
                    "checksum": pack.checksum,
                    "entries": pack.manifest.files.len(),
                    "rules": pack.rules,
                    "size": pack.manifest.files.iter().map(|file| file.size).sum::<u64>(),
                }),
                json!({"manifest": ask.origin.own(format_args!("packs/rules/{name}/pack.json"))}),
            ),
            Err(reason) => (json!({"status": "refused", "reason": reason}), json!({})),
        };
        json!({"type": "rule_pack", "id": name, "attributes": attributes, "links": links})
    });
    let lists = sources.iter().map(|source| {
        let mut attributes = json!({
            "status": if source.error.is_none() { "served" } else { "cut_off" },
            "entries": source.entries,
            "skipped_lines": source.skipped,
            "date": source.changed,
            "license": source.license,
        });
        if let Some(error) = &source.error {
            attributes["reason"] = error.as_str().into();
        }
        json!({"type": "list_source", "id": source.file, "attributes": attributes})
    });
    let all: Vec<_> = rules.chain(lists).collect();
    Ok(Json(json!({"data": all})))
}

/// The manifest of a rule pack, as extensions read it.
#[utoipa::path(
    get, path = "/packs/rules/{pack}/pack.json", tag = "packs", operation_id = "rule_pack",
    params(
        ("pack" = String, Path, description = "The folder's name"),
        ("if-none-match" = Option<String>, Header)
    ),
    responses(
        (status = 200, content_type = "application/json", body = Object),
        (status = 304, description = "It is the one that the client has"), Errors
    )
)]
async fn manifest(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let pack = pack(&app, &name).await?;
    Ok(kept_json(&headers, &json!(Manifest::from(&*pack))))
}

/// A file of a rule pack.
#[utoipa::path(
    get, path = "/packs/rules/{pack}/{*path}", tag = "packs", operation_id = "rule_file",
    params(
        ("pack" = String, Path), ("path" = String, Path, description = "As the manifest has it"),
        ("sha256" = Option<String>, Query, description = "Only if this is its SHA-256"),
        ("if-none-match" = Option<String>, Header)
    ),
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 304, description = "It is the one that the client has"), Errors
    )
)]
async fn file(
    State(app): State<App>,
    Path((name, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found(format!("Rule pack {name:?} has no such file {path:?}"));
    let pack = pack(&app, &name).await?;
    let file = pack.file(&path).ok_or_else(missing)?.clone();
    let query = query.unwrap_or_default();
    let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "sha256");
    let keep = match wanted {
        None => Keep::Ask,
        Some((_, wanted)) if wanted.parse() == Ok(file.sha256) => Keep::ForEver,
        Some(_) => return Err(missing()),
    };
    let etag = file.sha256.to_string();
    let text = blocking(move || pack.text(&file)).await?;
    // Between the look and the reading the file was changed.
    let text = text.map_err(ApiError::transient)?;
    let kind = "text/plain; charset=utf-8";
    Ok(kept(&headers, &etag, keep, kind, Bytes::from(text)))
}

/// What a client has of a rule pack.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Has {
    data: HasFiles,
}

/// The SHA-256 of the files that it has.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HasFiles {
    #[schema(value_type = Vec<String>, max_items = 2000)]
    have: Vec<Sha256>,
}

/// Only what changed of a rule pack: the manifest, and the texts that the client lacks.
#[utoipa::path(
    post, path = "/packs/rules/{pack}/changes", tag = "packs", operation_id = "rule_changes",
    params(("pack" = String, Path)),
    request_body = Has,
    responses((status = 200, body = Envelope), Errors)
)]
async fn changes(ask: Ask, Path(name): Path<String>, JsonBody(body): JsonBody<Has>) -> Answer {
    let pack = pack(&ask.app, &name).await?;
    let have = body.data.have;
    let read = blocking(move || {
        let files = pack.manifest.files.iter();
        let lacking = files.filter(|file| !have.contains(&file.sha256));
        let texts: Result<BTreeMap<_, _>, String> = lacking
            .map(|file| Ok((file.sha256.to_string(), pack.text(file)?)))
            .collect();
        texts.map(|texts| json!({"manifest": Manifest::from(&*pack), "texts": texts}))
    });
    let data = read.await?.map_err(ApiError::transient)?;
    Ok(Json(json!({"data": data})))
}

/// The files that the lists come from: all, or those of one list.
fn sources(engines: &Engines, spec: Option<&Spec>) -> Vec<Source> {
    let addresses = spec.is_none_or(|spec| spec.kind == Kind::Url);
    let files = spec.is_none_or(|spec| spec.kind != Kind::Url);
    let mut sources = Vec::new();
    if files {
        sources.extend_from_slice(&engines.hashes.current().sources);
    }
    if addresses {
        sources.extend_from_slice(&engines.urls.current().sources);
        sources.extend_from_slice(&engines.hosts.current().sources);
    }
    sources
}

/// The licence of what comes from several files, if each says something; those without entries
/// need none.
fn license(sources: &[Source]) -> Option<String> {
    let mut licenses: Vec<_> = sources
        .iter()
        .filter(|source| source.entries > 0)
        .map(|source| source.license.as_deref())
        .collect::<Option<_>>()?;
    licenses.sort_unstable();
    licenses.dedup();
    let joined: Vec<_> = match licenses.as_slice() {
        [] => return None,
        [one] => return Some((*one).to_owned()),
        several => several
            .iter()
            .map(|one| match one.contains(' ') {
                true => format!("({one})"),
                false => (*one).to_owned(),
            })
            .collect(),
    };
    Some(joined.join(" AND "))
}

fn version(version: &ListVersion) -> Value {
    json!({
        "version": version.sequence,
        "checksum": version.checksum,
        "entries": version.entries,
        "date": version.date,
    })
}

/// The lists, with the versions that are kept.
#[utoipa::path(
    get, path = "/packs/lists", tag = "packs", operation_id = "list_packs",
    params(("if-none-match" = Option<String>, Header)),
    responses(
        (status = 200, content_type = "application/json", body = Envelope),
        (status = 304, description = "It is what the client has"), Errors
    )
)]
async fn lists(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let versions = app.lists.versions(&app.engines, &*app.store).await?;
    let engines = app.engines.clone();
    let licenses = blocking(move || {
        let each = LISTS.iter();
        each.map(|spec| license(&sources(&engines, Some(spec))))
            .collect::<Vec<_>>()
    });
    let mut data = Vec::new();
    for (spec, license) in LISTS.iter().zip(licenses.await?) {
        let mut of_list = versions
            .iter()
            .filter(|one| one.list == spec.name)
            .peekable();
        let Some(newest) = of_list.peek() else {
            continue;
        };
        let file = format!("packs/lists/{}/{}", spec.name, newest.sequence);
        let (kind, digest) = match spec.kind {
            Kind::Url => ("url", Digest::Sha256),
            Kind::GoodFile(digest) => ("good_file", digest),
            Kind::BadFile(digest) => ("bad_file", digest),
        };
        let digest = match digest {
            Digest::Sha256 => "sha256",
            Digest::Sha1 => "sha1",
            Digest::Md5 => "md5",
        };
        let mut attributes = version(newest);
        attributes["kind"] = kind.into();
        attributes["digest"] = digest.into();
        attributes["prefix_bytes"] = spec.prefix_bytes.into();
        attributes["description"] = spec.description.into();
        attributes["license"] = json!(license);
        attributes["versions"] = of_list.map(version).collect();
        data.push(json!({
            "type": "list_pack",
            "id": spec.name,
            "attributes": attributes,
            "links": {"file": origin.own(file)},
        }));
    }
    Ok(kept_json(&headers, &json!({"data": data})))
}

/// The file of a version.
///
/// # Errors
/// There is no such list or version, or the store does not answer.
pub(super) async fn version_file(
    app: &App,
    name: &str,
    sequence: u64,
) -> Result<Vec<u8>, ApiError> {
    let file = match spec(name) {
        Some(_) => app.store.list_file(name, sequence).await?,
        None => None,
    };
    file.ok_or_else(|| {
        ApiError::not_found(format!("Version {sequence} of the list {name:?} not found"))
    })
}

const OCTETS: &str = "application/octet-stream";

/// A list as a file of the core's form.
#[utoipa::path(
    get, path = "/packs/lists/{list}/{version}", tag = "packs", operation_id = "list_file",
    params(
        ("list" = String, Path), ("version" = u64, Path),
        ("if-none-match" = Option<String>, Header)
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "It is the one that the client has"), Errors
    )
)]
async fn list_file(
    State(app): State<App>,
    Path((name, sequence)): Path<(String, u64)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = version_file(&app, &name, sequence).await?;
    let etag = quorum_core::digest::sha256(&file).to_string();
    Ok(kept(&headers, &etag, Keep::ForEver, OCTETS, file.into()))
}

/// What leads from one version of a list to another, as the core applies it.
#[utoipa::path(
    get, path = "/packs/lists/{list}/{version}/from/{base}", tag = "packs",
    operation_id = "list_update",
    params(
        ("list" = String, Path), ("version" = u64, Path),
        ("base" = u64, Path, description = "The version that the client has; may be the later one"),
        ("if-none-match" = Option<String>, Header)
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "It is the one that the client has"), Errors
    )
)]
async fn list_update(
    State(app): State<App>,
    Path((name, sequence, base)): Path<(String, u64, u64)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let new = version_file(&app, &name, sequence).await?;
    let old = version_file(&app, &name, base).await?;
    let update = blocking(move || {
        let words = |error: quorum_core::blocklist::OpenError| error.to_string();
        let (old, new) = (
            Blocklist::open(&old).map_err(words)?,
            Blocklist::open(&new).map_err(words)?,
        );
        diff(&old, &new).map_err(|error| error.to_string())
    });
    let update = update.await?.map_err(|reason| {
        tracing::error!(
            list = name,
            sequence,
            base,
            reason,
            "a kept list is damaged"
        );
        ApiError::internal()
    })?;
    let etag = quorum_core::digest::sha256(&update).to_string();
    Ok(kept(&headers, &etag, Keep::ForEver, OCTETS, update.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_told_where_every_file_tells_its_own() {
        let source = |entries, license: Option<&str>| Source {
            file: "hashes/a.txt".to_owned(),
            changed: 0,
            entries,
            skipped: 0,
            license: license.map(str::to_owned),
            error: None,
        };
        let (cc0, mit) = (source(1, Some("CC0-1.0")), source(2, Some("MIT")));
        let either = source(1, Some("MIT OR ISC"));
        assert_eq!(license(&[]), None);
        assert_eq!(license(std::slice::from_ref(&cc0)).unwrap(), "CC0-1.0");
        assert_eq!(
            license(&[mit.clone(), cc0.clone(), either, mit]).unwrap(),
            "CC0-1.0 AND MIT AND (MIT OR ISC)"
        );
        assert_eq!(license(&[cc0.clone(), source(1, None)]), None);
        assert_eq!(license(&[cc0, source(0, None)]).unwrap(), "CC0-1.0");
    }
}
