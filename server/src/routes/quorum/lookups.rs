//! `/lookups`: what is known of everything whose hash begins with four bytes. Who asks so does not
//! tell which of 2²²⁴ hashes is meant, and decides itself with what comes back.

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use quorum_core::blocklist::Digest;
use quorum_core::indicator::{FileHash, Kind, Sha256};
use quorum_core::report::EngineResult;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::item;
use super::super::{Envelope, Errors};
use super::{JSON, blocking};
use crate::app::App;
use crate::ask::{Ask, JsonBody};
use crate::error::ApiError;
use crate::lists::Listed;
use crate::store::PrefixOf;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(lookups))
}

/// Most prefixes of one request.
const MOST: usize = 64;

/// Most candidates from the store for one prefix. By chance there are as many when two hundred
/// thousand million files are here.
const CANDIDATES: u32 = 50;

/// An answer's length is a multiple of this, so that it tells a wiretapper little.
const STEP: usize = 4096;

/// How long a client may go on with an answer.
pub(super) const GOOD_FOR: u64 = 300;

/// The first four bytes of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix(pub(super) [u8; 4]);

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u32::from_str_radix(&text, 16).ok().filter(|_| hex);
        let value = value.ok_or_else(|| {
            // Not repeated: who sent a whole hash by mistake need not find it in a log.
            de::Error::custom("a prefix is 8 hex digits, no more and no fewer")
        })?;
        Ok(Self(value.to_be_bytes()))
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// Which prefixes are looked up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Lookups {
    data: LookupsData,
}

/// Prefixes by what they are the beginnings of; 64 of them at most.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LookupsData {
    /// SHA-256 of files.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64, examples(json!(["275a021b"])))]
    sha256: Vec<Prefix>,
    /// SHA-1 of files.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64)]
    sha1: Vec<Prefix>,
    /// MD5 of files.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64)]
    md5: Vec<Prefix>,
    /// Ids of URLs: SHA-256 of canonical addresses.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64)]
    urls: Vec<Prefix>,
    /// SHA-256 of Safe Browsing expressions of addresses.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 64)]
    expressions: Vec<Prefix>,
}

/// What is known of everything whose hash begins so.
#[utoipa::path(
    post, path = "/lookups", tag = "lookups", operation_id = "lookups",
    request_body = Lookups,
    responses((status = 200, content_type = "application/json", body = Envelope), Errors)
)]
async fn lookups(ask: Ask, JsonBody(body): JsonBody<Lookups>) -> Result<Response, ApiError> {
    let LookupsData {
        sha256,
        sha1,
        md5,
        urls,
        expressions,
    } = body.data;
    let asked = [&sha256, &sha1, &md5, &urls, &expressions];
    let count: usize = asked.iter().map(|prefixes| prefixes.len()).sum();
    if count > MOST {
        return Err(ApiError::invalid_argument(format!(
            "{count} prefixes are more than {MOST}"
        )));
    }
    let (lists, engines) = (ask.app.lists.clone(), ask.app.engines.clone());
    let index = blocking(move || lists.index(&engines)).await?;
    let mut data = Map::new();
    let mut incomplete = Vec::new();
    for (name, by, prefixes) in [
        ("sha256", PrefixOf::Sha256, &sha256),
        ("sha1", PrefixOf::Sha1, &sha1),
        ("md5", PrefixOf::Md5, &md5),
        ("urls", PrefixOf::Url, &urls),
    ] {
        let kind = match by {
            PrefixOf::Url => Kind::Url,
            _ => Kind::File,
        };
        let mut found = BTreeMap::new();
        for prefix in prefixes {
            let text = prefix.to_string();
            let stored = ask.app.store.with_prefix(by, &text, CANDIDATES + 1).await?;
            if stored.len() > CANDIDATES as usize {
                incomplete.push(text.clone());
            }
            let listed: Vec<String> = match digest(by) {
                Some(digest) => {
                    let hashes = index.files(digest, prefix.0).iter();
                    hashes.map(FileHash::to_string).collect()
                }
                None => index.ids(prefix.0).iter().map(Sha256::to_string).collect(),
            };
            let mut candidates: BTreeMap<String, Value> = BTreeMap::new();
            for id in stored.iter().take(CANDIDATES as usize).chain(&listed) {
                if let Some((id, candidate)) = candidate(&ask, kind, id).await? {
                    candidates.insert(id, candidate);
                }
            }
            found.insert(text, candidates.into_values().collect::<Vec<_>>());
        }
        if !found.is_empty() {
            data.insert(name.to_owned(), json!(found));
        }
    }
    if !expressions.is_empty() {
        let each = expressions.iter().map(|prefix| {
            let listed = index.expressions(prefix.0).iter().map(listed);
            (prefix.to_string(), listed.collect::<Vec<_>>())
        });
        data.insert(
            "expressions".to_owned(),
            json!(each.collect::<BTreeMap<_, _>>()),
        );
    }
    let mut meta = Map::new();
    meta.insert("cache_seconds".to_owned(), GOOD_FOR.into());
    if !incomplete.is_empty() {
        meta.insert("incomplete".to_owned(), incomplete.into());
    }
    let body = padded(json!({"data": data, "meta": meta}));
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}

fn digest(by: PrefixOf) -> Option<Digest> {
    match by {
        PrefixOf::Sha256 => Some(Digest::Sha256),
        PrefixOf::Sha1 => Some(Digest::Sha1),
        PrefixOf::Md5 => Some(Digest::Md5),
        PrefixOf::Url => None,
    }
}

/// What a client needs of a report to decide itself; `None` for what is gone by now.
async fn candidate(ask: &Ask, kind: Kind, id: &str) -> Result<Option<(String, Value)>, ApiError> {
    let found = match item::find(ask, kind, id).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let id = found.id.clone();
    let report = found.node(ask).await.object;
    let of_report = &report["attributes"];
    let mut attributes = Map::new();
    for name in [
        "md5",
        "sha1",
        "sha256",
        "last_analysis_stats",
        "last_analysis_date",
        "reputation",
        "total_votes",
    ] {
        if let Some(value) = of_report.get(name) {
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    let results: BTreeMap<String, EngineResult> =
        serde_json::from_value(of_report["last_analysis_results"].clone()).unwrap_or_default();
    let objections: BTreeMap<_, _> = results
        .into_iter()
        .filter(|(_, result)| result.category.objects())
        .collect();
    // The objecting columns only, in the report's form: what says nothing is counted in the stats.
    attributes.insert("objections".to_owned(), json!(objections));
    let candidate = json!({"type": kind.as_str(), "id": id, "attributes": attributes});
    Ok(Some((id, candidate)))
}

fn listed(one: &Listed) -> Value {
    let mut attributes = json!({
        "names": if one.url.is_some() { "url" } else { "host" },
        "label": one.label,
    });
    if let Some(url) = &one.url {
        attributes["url"] = json!(url);
    }
    json!({"type": "expression", "id": one.hash, "attributes": attributes})
}

/// The answer with as much `meta.padding` that its length is a multiple of [`STEP`].
fn padded(mut answer: Value) -> String {
    answer["meta"]["padding"] = "".into();
    let bare = answer.to_string().len();
    let lacking = bare.next_multiple_of(STEP) - bare;
    answer["meta"]["padding"] = "0".repeat(lacking).into();
    answer.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_four_bytes_and_nothing_else() {
        let read = |text: &str| serde_json::from_value::<Prefix>(json!(text));
        assert_eq!(read("275A021b").unwrap().to_string(), "275a021b");
        assert_eq!(read("00000000").unwrap(), Prefix([0; 4]));
        for text in ["", "275a021", "275a021bb", "+75a021b", "275a021g", "２"] {
            assert!(read(text).is_err(), "{text}");
        }
        let whole = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
        let refused = read(whole).unwrap_err().to_string();
        assert!(!refused.contains("275a021b"), "{refused}");
    }

    #[test]
    fn every_answer_is_as_long_as_its_step() {
        for length in [0, 1, STEP - 60, STEP, STEP + 1] {
            let answer = json!({"data": "x".repeat(length), "meta": {}});
            let padded = padded(answer);
            assert_eq!(padded.len() % STEP, 0, "{length}");
            assert!(padded.len() < length + 2 * STEP, "{length}");
            assert!(serde_json::from_str::<Value>(&padded).is_ok());
        }
    }
}
