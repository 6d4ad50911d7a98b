//! Envelopes and the smaller objects, read from JSON with the limits that hostile replies call
//! for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{EngineResult, Stats};

/// Why a reply that claimed to be the API's is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedReply {
    /// Not JSON, or not the envelope; serde's message names line and column.
    #[error("not the API's JSON: {0}")]
    Json(String),
    /// The object is of another type than was asked for.
    #[error("an object of type {0:?} was not asked for")]
    Type(String),
    /// The object is another one than was asked for.
    #[error("asked for {asked:?}, got {got:?}")]
    Id {
        /// The id in the request.
        asked: String,
        /// The id in the reply.
        got: String,
    },
    /// An attribute that the verdict stands on is of the wrong type.
    #[error("an attribute is not as it should be: {0}")]
    Attribute(String),
}

/// An object as every reply carries it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Object {
    /// `type`
    #[serde(rename = "type")]
    pub kind: String,
    /// `id`
    pub id: String,
    /// `attributes`; absent in descriptors.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// `relationships`; absent unless asked for.
    #[serde(default)]
    pub relationships: Map<String, Value>,
}

/// A list with its cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The entries of this page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub cursor: Option<String>,
    /// How many there are in all, where the backend says it.
    pub total: Option<u64>,
}

/// What one reply carries.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    pub(crate) meta: Map<String, Value>,
    #[serde(default)]
    error: Value,
}

impl Envelope {
    /// Reads a reply's bytes. serde_json stops at a nesting of 128 by itself.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, MalformedReply> {
        let envelope: Self = serde_json::from_slice(bytes)
            .map_err(|error| MalformedReply::Json(error.to_string()))?;
        if envelope.data.is_null() {
            return Err(MalformedReply::Json("no data".to_owned()));
        }
        // Whoever says both that it failed and what it found is not to be believed.
        if !envelope.error.is_null() {
            return Err(MalformedReply::Json("data beside an error".to_owned()));
        }
        Ok(envelope)
    }

    pub(crate) fn object(self) -> Result<Object, MalformedReply> {
        serde_json::from_value(self.data).map_err(|error| MalformedReply::Json(error.to_string()))
    }

    pub(crate) fn objects(self, cap: usize) -> Result<Page<Object>, MalformedReply> {
        let Value::Array(values) = self.data else {
            return Err(MalformedReply::Json("data is not a list".to_owned()));
        };
        Ok(Page {
            items: values
                .into_iter()
                .take(cap)
                .filter_map(|value| serde_json::from_value(value).ok())
                .collect(),
            cursor: self
                .meta
                .get("cursor")
                .and_then(Value::as_str)
                .filter(|cursor| !cursor.is_empty() && cursor.len() <= 4096)
                .map(str::to_owned),
            total: self.meta.get("count").and_then(Value::as_u64),
        })
    }
}

/// How others judged a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommentVotes {
    /// Found it helpful.
    pub positive: u32,
    /// Did not.
    pub negative: u32,
    /// Reported it.
    pub abuse: u32,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// When it was written, in seconds since the Unix epoch.
    pub date: i64,
    /// What it says, as plain text.
    pub text: String,
    /// Its `#tags`, without the sign.
    pub tags: Vec<String>,
    /// How it was judged.
    pub votes: CommentVotes,
    /// Who wrote it, where the backend says so.
    pub author: Option<String>,
}

impl Comment {
    /// Reads a comment object; fields of the wrong type are taken as empty.
    pub fn from_object(object: Object) -> Result<Self, MalformedReply> {
        if object.kind != "comment" {
            return Err(MalformedReply::Type(object.kind));
        }
        let attribute = |name: &str| object.attributes.get(name);
        Ok(Self {
            date: attribute("date").and_then(Value::as_i64).unwrap_or(0),
            text: attribute("text")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            tags: attribute("tags")
                .and_then(|tags| serde_json::from_value(tags.clone()).ok())
                .unwrap_or_default(),
            votes: attribute("votes")
                .and_then(|votes| serde_json::from_value(votes.clone()).ok())
                .unwrap_or_default(),
            author: object
                .relationships
                .get("author")
                .and_then(|author| author.pointer("/data/id"))
                .and_then(Value::as_str)
                .map(str::to_owned),
            id: object.id,
        })
    }
}

/// How far an analysis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnalysisStatus {
    /// Waiting.
    Queued,
    /// Engines are at work.
    InProgress,
    /// Done.
    Completed,
}

/// An analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub status: AnalysisStatus,
    /// Counted from the results.
    pub stats: Stats,
}

impl Analysis {
    /// Reads an analysis object. A descriptor, as the answer to a submission carries it, counts
    /// as queued.
    pub fn from_object(object: Object) -> Result<Self, MalformedReply> {
        if object.kind != "analysis" {
            return Err(MalformedReply::Type(object.kind));
        }
        let status = match object.attributes.get("status") {
            None => AnalysisStatus::Queued,
            Some(status) => serde_json::from_value(status.clone())
                .map_err(|error| MalformedReply::Attribute(error.to_string()))?,
        };
        let results: BTreeMap<String, EngineResult> = object
            .attributes
            .get("results")
            .and_then(|results| serde_json::from_value(results.clone()).ok())
            .unwrap_or_default();
        Ok(Self {
            id: object.id,
            status,
            stats: Stats::count(results.values()),
        })
    }
}

/// One quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quota {
    /// How many are allowed.
    pub allowed: u64,
    /// How many are used.
    pub used: u64,
}

/// The account that an API key belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// The user's name.
    pub name: String,
    /// `api_requests_hourly`, where the backend tells it.
    pub hourly: Option<Quota>,
    /// `api_requests_daily`, where the backend tells it.
    pub daily: Option<Quota>,
    /// `api_requests_monthly`, where the backend tells it.
    pub monthly: Option<Quota>,
}

impl Account {
    /// Reads a user object.
    pub fn from_object(object: Object) -> Result<Self, MalformedReply> {
        if object.kind != "user" {
            return Err(MalformedReply::Type(object.kind));
        }
        let quota = |name: &str| {
            object
                .attributes
                .get("quotas")
                .and_then(|quotas| quotas.get(name))
                .and_then(|quota| serde_json::from_value(quota.clone()).ok())
        };
        Ok(Self {
            hourly: quota("api_requests_hourly"),
            daily: quota("api_requests_daily"),
            monthly: quota("api_requests_monthly"),
            name: object.id,
        })
    }
}
