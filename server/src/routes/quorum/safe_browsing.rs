//! `/v5`: the lists in the form of Google's Safe Browsing API v5, as JSON, for clients that speak it.
//!
//! Source: Google, *Safe Browsing API v5*, methods `hashLists.list`, `hashLists.batchGet`,
//! `hashList.get` and `hashes.search` with their messages in the JSON form of Protocol Buffers.
//! What is left out stands in `docs/QUORUM-V1.md`.

use std::collections::BTreeMap;

use axum::Json;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use quorum_core::blocklist::{Blocklist, Changes, Kind, RiceDeltas, RiceError, Width};
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Errors;
use super::blocking;
use super::lookups::GOOD_FOR;
use super::packs::version_file;
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::lists::{LISTS, Spec, spec};
use crate::store::ListVersion;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(hash_lists))
        .routes(routes!(batch_get))
        .routes(routes!(hash_list))
        .routes(routes!(search))
}

/// Most prefixes of one search, as the original has it.
const MOST_PREFIXES: usize = 1000;

/// The least that a client may set as the most entries of an update, as the original has it.
const LEAST_UPDATE: u64 = 1024;

/// Both alphabets, with padding or without: clients put base64 into queries in every way.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn bytes(text: &str) -> Option<Vec<u8>> {
    // A plus that was not escaped has become a space on its way through the query.
    URL_SAFE
        .decode(text.replace(['+', ' '], "-").replace('/', "_"))
        .ok()
}

/// What a client calls the version that it has: the list, its number, and the beginning of its
/// file's checksum, so that another store's count is not taken for ours.
fn token(version: &ListVersion) -> Vec<u8> {
    let mut token = version.list.clone().into_bytes();
    token.push(0);
    token.extend_from_slice(&version.sequence.to_be_bytes());
    token.extend_from_slice(version.checksum.get(..16).unwrap_or_default().as_bytes());
    token
}

/// The list that a token is of.
fn list_of(token: &[u8]) -> Option<&'static Spec> {
    let end = token.iter().position(|byte| *byte == 0)?;
    spec(std::str::from_utf8(&token[..end]).ok()?)
}

/// The tokens of a query, by list.
///
/// # Errors
/// One is no base64, or there are two of one list. One that is not of ours is as good as none.
fn tokens(ask: &Ask) -> Result<BTreeMap<&'static str, Vec<u8>>, ApiError> {
    let mut tokens = BTreeMap::new();
    for text in ask.parameters("version").filter(|text| !text.is_empty()) {
        let token = bytes(text).ok_or_else(|| {
            ApiError::invalid_argument(format!("version is {text:?}; it must be base64"))
        })?;
        if let Some(list) = list_of(&token)
            && tokens.insert(list.name, token).is_some()
        {
            return Err(ApiError::invalid_argument(format!(
                "There are two versions of the list {:?}",
                list.name
            )));
        }
    }
    Ok(tokens)
}

/// What a client can hold.
#[derive(Debug, Clone, Copy)]
struct Constraints {
    update: Option<u64>,
    database: Option<u64>,
}

impl Constraints {
    fn of(ask: &Ask) -> Result<Self, ApiError> {
        let read = |name: &str, least: u64| {
            let text = ask.parameter(name).unwrap_or_default();
            match text.parse() {
                _ if text.is_empty() => Ok(None),
                Ok(0) => Ok(None),
                Ok(number) if number >= least => Ok(Some(number)),
                _ => Err(ApiError::invalid_argument(format!(
                    "{name} is {text:?}; it must be a number from {least} on, or 0"
                ))),
            }
        };
        Ok(Self {
            update: read("sizeConstraints.maxUpdateEntries", LEAST_UPDATE)?,
            database: read("sizeConstraints.maxDatabaseEntries", 1)?,
        })
    }
}

/// An update, ready to be spelled.
struct Made {
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    width: Width,
    allowed: Option<u64>,
}

/// Why there is no update.
enum NotMade {
    TooLarge(u64),
    Damaged(String),
}

fn rice(values: &[u64], width: Width) -> Result<Option<Value>, RiceError> {
    let coded = RiceDeltas::encode(values, width)?;
    Ok(coded.map(|coded| {
        // 64 bits are text in the JSON form of Protocol Buffers.
        let first = match width {
            Width::Bits32 => coded.first_value.into(),
            Width::Bits64 => coded.first_value.to_string().into(),
        };
        let mut object = json!({
            "riceParameter": coded.rice_parameter,
            "entriesCount": coded.entries_count,
            "encodedData": STANDARD.encode(&coded.encoded_data),
        });
        object["firstValue"] = first;
        object
    }))
}

impl Made {
    /// The fields that say what changes.
    fn fields(&self) -> Result<Map<String, Value>, NotMade> {
        let damaged = |error: &dyn std::fmt::Display| NotMade::Damaged(error.to_string());
        let new = Blocklist::open(&self.new).map_err(|error| damaged(&error))?;
        let changes = match &self.old {
            None => Changes {
                removals: Vec::new(),
                additions: new.entries().collect(),
            },
            Some(old) => {
                let old = Blocklist::open(old).map_err(|error| damaged(&error))?;
                Changes::between(&old, &new).map_err(|error| damaged(&error))?
            }
        };
        let entries = (changes.removals.len() + changes.additions.len()) as u64;
        if self.allowed.is_some_and(|allowed| entries > allowed) {
            return Err(NotMade::TooLarge(entries));
        }
        let (name, width) = match self.width {
            Width::Bits32 => ("additionsFourBytes", Width::Bits32),
            Width::Bits64 => ("additionsEightBytes", Width::Bits64),
        };
        let mut fields = Map::new();
        for (name, values, width) in [
            ("compressedRemovals", &changes.removals, Width::Bits32),
            (name, &changes.additions, width),
        ] {
            if let Some(coded) = rice(values, width).map_err(|error| damaged(&error))? {
                fields.insert(name.to_owned(), coded);
            }
        }
        let checksum = STANDARD.encode(new.prefixes_sha256());
        fields.insert("sha256Checksum".to_owned(), checksum.into());
        Ok(fields)
    }
}

fn width(spec: &Spec) -> Width {
    match spec.prefix_bytes {
        4 => Width::Bits32,
        _ => Width::Bits64,
    }
}

/// A list, from the version that the client has on.
async fn update(
    ask: &Ask,
    spec: &'static Spec,
    versions: &[ListVersion],
    has: Option<&Vec<u8>>,
    constraints: Constraints,
) -> Result<Value, ApiError> {
    let mut of_list = versions.iter().filter(|one| one.list == spec.name);
    let newest = of_list
        .clone()
        .next()
        .ok_or_else(|| ApiError::transient(format!("The list {:?} is not made yet", spec.name)))?;
    if let Some(most) = constraints.database
        && newest.entries > most
    {
        return Err(ApiError::invalid_argument(format!(
            "The list {:?} has {} entries, more than sizeConstraints.maxDatabaseEntries; parts of \
             lists are not served",
            spec.name, newest.entries
        )));
    }
    let known = has.and_then(|has| of_list.find(|one| token(one) == *has));
    let mut object = json!({
        "name": spec.name,
        "version": STANDARD.encode(token(newest)),
        "partialUpdate": known.is_some(),
        "minimumWaitDuration": format!("{GOOD_FOR}s"),
    });
    // Nothing new: no checksum either, as the original has it.
    if known.is_some_and(|known| known.sequence == newest.sequence) {
        return Ok(object);
    }
    let made = Made {
        old: match known {
            None => None,
            Some(known) => Some(version_file(&ask.app, spec.name, known.sequence).await?),
        },
        new: version_file(&ask.app, spec.name, newest.sequence).await?,
        width: width(spec),
        allowed: constraints.update,
    };
    match blocking(move || made.fields()).await? {
        Ok(fields) => {
            for (name, value) in fields {
                object[name] = value;
            }
            Ok(object)
        }
        Err(NotMade::TooLarge(entries)) => Err(ApiError::invalid_argument(format!(
            "The update of the list {:?} has {entries} entries, more than \
             sizeConstraints.maxUpdateEntries; parts of updates are not served",
            spec.name
        ))),
        Err(NotMade::Damaged(reason)) => {
            tracing::error!(list = spec.name, reason, "a kept list is damaged");
            Err(ApiError::internal())
        }
    }
}

fn known(name: &str) -> Result<&'static Spec, ApiError> {
    spec(name).ok_or_else(|| ApiError::not_found(format!("The list {name:?} not found")))
}

/// The lists that there are, without their contents.
#[utoipa::path(
    get, path = "/v5/hashLists", tag = "safe browsing", operation_id = "hash_lists",
    responses((status = 200, body = Object), Errors)
)]
async fn hash_lists(ask: Ask) -> Answer {
    let versions = ask
        .app
        .lists
        .versions(&ask.app.engines, &*ask.app.store)
        .await?;
    let lists = LISTS.iter().map(|spec| {
        let newest = versions.iter().find(|one| one.list == spec.name);
        let threats: &[&str] = match spec.kind {
            Kind::Url => &["MALWARE", "SOCIAL_ENGINEERING"],
            Kind::GoodFile(_) => &[],
            Kind::BadFile(_) => &["MALWARE"],
        };
        let mut list = json!({
            "name": spec.name,
            "metadata": {
                "threatTypes": threats,
                "description": spec.description,
                "hashLength": match width(spec) {
                    Width::Bits32 => "FOUR_BYTES",
                    Width::Bits64 => "EIGHT_BYTES",
                },
            },
        });
        if let Some(newest) = newest {
            list["version"] = STANDARD.encode(token(newest)).into();
        }
        list
    });
    Ok(Json(json!({"hashLists": lists.collect::<Vec<_>>()})))
}

/// Several lists, each from the version that the client has on.
#[utoipa::path(
    get, path = "/v5/hashLists:batchGet", tag = "safe browsing", operation_id = "batch_get_hash_lists",
    params(
        ("names" = Vec<String>, Query), ("version" = Option<Vec<String>>, Query),
        ("sizeConstraints.maxUpdateEntries" = Option<u64>, Query),
        ("sizeConstraints.maxDatabaseEntries" = Option<u64>, Query)
    ),
    responses((status = 200, body = Object), Errors)
)]
async fn batch_get(ask: Ask) -> Answer {
    let mut lists: Vec<&Spec> = Vec::new();
    for name in ask.parameters("names") {
        let list = known(name)?;
        if lists.iter().any(|one| one.name == list.name) {
            return Err(ApiError::invalid_argument(format!(
                "The list {name:?} is named twice"
            )));
        }
        lists.push(list);
    }
    if lists.is_empty() {
        return Err(ApiError::invalid_argument("names is missing"));
    }
    let (tokens, constraints) = (tokens(&ask)?, Constraints::of(&ask)?);
    let versions = ask
        .app
        .lists
        .versions(&ask.app.engines, &*ask.app.store)
        .await?;
    let mut updates = Vec::new();
    for list in lists {
        let has = tokens.get(list.name);
        updates.push(update(&ask, list, &versions, has, constraints).await?);
    }
    Ok(Json(json!({"hashLists": updates})))
}

/// One list, from the version that the client has on.
#[utoipa::path(
    get, path = "/v5/hashList/{name}", tag = "safe browsing", operation_id = "hash_list",
    params(
        ("name" = String, Path), ("version" = Option<String>, Query),
        ("sizeConstraints.maxUpdateEntries" = Option<u64>, Query),
        ("sizeConstraints.maxDatabaseEntries" = Option<u64>, Query)
    ),
    responses((status = 200, body = Object), Errors)
)]
async fn hash_list(ask: Ask, Path(name): Path<String>) -> Answer {
    let list = known(&name)?;
    let (tokens, constraints) = (tokens(&ask)?, Constraints::of(&ask)?);
    let versions = ask
        .app
        .lists
        .versions(&ask.app.engines, &*ask.app.store)
        .await?;
    let has = tokens.get(list.name);
    Ok(Json(update(&ask, list, &versions, has, constraints).await?))
}

/// The threat that a label speaks of. Labels are the administrator's own words.
fn threat(label: &str) -> &'static str {
    match label.to_ascii_lowercase().contains("phish") {
        true => "SOCIAL_ENGINEERING",
        false => "MALWARE",
    }
}

/// The full hashes of listed addresses and hosts that begin with any of these.
#[utoipa::path(
    get, path = "/v5/hashes:search", tag = "safe browsing", operation_id = "search_hashes",
    params(("hashPrefixes" = Vec<String>, Query, description = "Four bytes each, in base64")),
    responses((status = 200, body = Object), Errors)
)]
async fn search(ask: Ask) -> Answer {
    let mut prefixes = Vec::new();
    for text in ask.parameters("hashPrefixes") {
        let prefix = bytes(text).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        prefixes.push(prefix.ok_or_else(|| {
            ApiError::invalid_argument("hashPrefixes must be base64 of exactly four bytes each")
        })?);
    }
    if prefixes.is_empty() || prefixes.len() > MOST_PREFIXES {
        return Err(ApiError::invalid_argument(format!(
            "There are {} hashPrefixes; there must be 1 to {MOST_PREFIXES}",
            prefixes.len()
        )));
    }
    let (lists, engines) = (ask.app.lists.clone(), ask.app.engines.clone());
    let index = blocking(move || lists.index(&engines)).await?;
    let mut found: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for one in prefixes
        .iter()
        .flat_map(|prefix| index.expressions(*prefix))
    {
        let threats = found.entry(one.hash).or_default();
        let threat = threat(&one.label);
        if !threats.contains(&threat) {
            threats.push(threat);
        }
    }
    let hashes = found.into_iter().map(|(hash, threats)| {
        let details = threats.iter().map(|threat| json!({"threatType": threat}));
        json!({
            "fullHash": STANDARD.encode(hash.as_bytes()),
            "fullHashDetails": details.collect::<Vec<_>>(),
        })
    });
    Ok(Json(json!({
        "fullHashes": hashes.collect::<Vec<_>>(),
        "cacheDuration": format!("{GOOD_FOR}s"),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_however_it_is_written() {
        for text in ["+/8=", "-_8=", "+/8", "-_8", " /8="] {
            assert_eq!(bytes(text).unwrap(), [0xfb, 0xff], "{text}");
        }
        assert_eq!(bytes("a"), None);
        assert_eq!(bytes("é"), None);
    }

    #[test]
    fn a_token_names_its_list_and_no_other_stores_version() {
        let version = ListVersion {
            list: "urls".to_owned(),
            sequence: 7,
            date: 0,
            entries: 0,
            checksum: "ab".repeat(32),
            content: String::new(),
        };
        let other = ListVersion {
            checksum: "cd".repeat(32),
            ..version.clone()
        };
        assert_eq!(list_of(&token(&version)).unwrap().name, "urls");
        assert_ne!(token(&version), token(&other));
        assert!(list_of(b"nothing\0").is_none());
        assert!(list_of(b"urls").is_none());
    }
}
