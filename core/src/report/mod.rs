//! The objects of the API v3 as far as Quorum reads them: reports with their engines' results,
//! votes, comments, analyses, the account behind a key.
//!
//! The same types serve the client, which must survive whatever a backend sends, and the server,
//! which must send exactly the API's shapes. Reading is therefore tolerant (what is missing is
//! empty, what is unknown is skipped) and the numbers that verdicts rest on are counted here
//! rather than believed.

mod wire;

pub(crate) use wire::Envelope;
pub use wire::{
    Account, Analysis, AnalysisStatus, Comment, CommentVotes, MalformedReply, Object, Page, Quota,
};

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::indicator::{Kind, Sha256};

/// What one engine said, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// It objects.
    Malicious,
    /// It has doubts.
    Suspicious,
    /// It looked and calls the thing harmless.
    Harmless,
    /// It looked and found nothing.
    Undetected,
    /// It was late.
    Timeout,
    /// It was late more than once (files only).
    ConfirmedTimeout,
    /// It failed (files only).
    Failure,
    /// It does not read this type of file (files only).
    TypeUnsupported,
    /// A word that this version does not know; counted as no answer.
    #[serde(other)]
    Unrecognised,
}

impl Category {
    /// Malicious or suspicious.
    pub fn objects(self) -> bool {
        matches!(self, Self::Malicious | Self::Suspicious)
    }

    /// Whether the engine looked at the thing and came to a result.
    pub fn answered(self) -> bool {
        matches!(
            self,
            Self::Malicious | Self::Suspicious | Self::Harmless | Self::Undetected
        )
    }
}

/// One engine's column of a report: an entry of `last_analysis_results`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineResult {
    /// What it said.
    pub category: Category,
    /// Its name, again as the key of the map.
    pub engine_name: String,
    /// Its version (files only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// Date of its data as `YYYYMMDD` (files only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_update: Option<String>,
    /// How it works: `blacklist` in all that the API sends today.
    #[serde(default)]
    pub method: String,
    /// Its label for what it found; `null` on the wire when there is none.
    #[serde(default)]
    pub result: Option<String>,
}

/// `last_analysis_stats` of a file; addresses and names have the first five only, see
/// [`Stats::for_kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Stats {
    /// Engines that call it harmless.
    pub harmless: u32,
    /// Engines that object.
    pub malicious: u32,
    /// Engines in doubt.
    pub suspicious: u32,
    /// Engines that found nothing.
    pub undetected: u32,
    /// Engines that were late.
    pub timeout: u32,
    /// Engines that were late more than once.
    pub confirmed_timeout: u32,
    /// Engines that failed.
    pub failure: u32,
    /// Engines that do not read the type.
    pub type_unsupported: u32,
}

impl Stats {
    /// Counts results.
    pub fn count<'a>(results: impl IntoIterator<Item = &'a EngineResult>) -> Self {
        let mut stats = Self::default();
        for result in results {
            let counter = match result.category {
                Category::Malicious => &mut stats.malicious,
                Category::Suspicious => &mut stats.suspicious,
                Category::Harmless => &mut stats.harmless,
                Category::Undetected => &mut stats.undetected,
                Category::Timeout => &mut stats.timeout,
                Category::ConfirmedTimeout => &mut stats.confirmed_timeout,
                Category::Failure | Category::Unrecognised => &mut stats.failure,
                Category::TypeUnsupported => &mut stats.type_unsupported,
            };
            *counter = counter.saturating_add(1);
        }
        stats
    }

    /// Engines that object or doubt.
    pub fn objecting(&self) -> u32 {
        self.malicious.saturating_add(self.suspicious)
    }

    /// Engines that came to a result: the "m" of "n of m".
    pub fn answered(&self) -> u32 {
        self.objecting()
            .saturating_add(self.harmless)
            .saturating_add(self.undetected)
    }

    /// Engines that were asked and gave no result.
    pub fn unanswered(&self) -> u32 {
        self.timeout
            .saturating_add(self.confirmed_timeout)
            .saturating_add(self.failure)
            .saturating_add(self.type_unsupported)
    }

    /// The wire form: all eight counters for a file, five for everything else.
    pub fn for_kind(&self, kind: Kind) -> serde_json::Value {
        let five = serde_json::json!({
            "harmless": self.harmless, "malicious": self.malicious, "suspicious": self.suspicious,
            "undetected": self.undetected, "timeout": self.timeout,
        });
        match (kind, serde_json::to_value(self)) {
            (Kind::File, Ok(all)) => all,
            _ => five,
        }
    }
}

/// `total_votes`: how the community voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TotalVotes {
    /// Votes for harmless.
    #[serde(deserialize_with = "count_or_zero")]
    pub harmless: u32,
    /// Votes for malicious.
    #[serde(deserialize_with = "count_or_zero")]
    pub malicious: u32,
}

/// What a vote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteVerdict {
    /// `harmless`
    Harmless,
    /// `malicious`
    Malicious,
}

/// What a report says about a file, beside its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileFacts {
    /// SHA-256, where the backend knows it.
    pub sha256: Option<Sha256>,
    /// SHA-1 as the backend wrote it.
    pub sha1: Option<String>,
    /// MD5 as the backend wrote it.
    pub md5: Option<String>,
    /// Length in bytes.
    pub size: Option<u64>,
    /// `type_description`.
    pub type_description: Option<String>,
    /// `type_tag`.
    pub type_tag: Option<String>,
    /// Names it was seen under, the backend's favourite first.
    pub names: Vec<String>,
    /// Lists of known good software that carry it: `known_distributors.data_sources`.
    pub known_on: Vec<String>,
    /// Who distributes it: `known_distributors.distributors`.
    pub distributors: Vec<String>,
}

/// A report as Quorum understands it. Times are seconds since the Unix epoch, as on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What sort of object it is on.
    pub kind: Kind,
    /// The backend's id of it.
    pub id: String,
    /// One entry an engine, by name.
    pub engines: Vec<EngineResult>,
    /// Counted from `engines`; taken from the backend only where it sent no results.
    pub stats: Stats,
    /// When the engines last looked.
    pub analysed_at: Option<i64>,
    /// Votes.
    pub votes: TotalVotes,
    /// The community's score; below zero is bad.
    pub reputation: i64,
    /// When it was first sent in.
    pub first_seen: Option<i64>,
    /// How often it was sent in.
    pub times_submitted: Option<u64>,
    /// The family that most labels agree on: `suggested_threat_label`.
    pub threat_label: Option<String>,
    /// Classes by vendor (`phishing`, `malware sites`), for addresses and names.
    pub categories: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// For a file.
    pub file: FileFacts,
    /// For an address: the text; for a page, its title.
    pub url: Option<String>,
    /// Title of the page behind an address.
    pub title: Option<String>,
}

impl Report {
    /// Labels of the objecting engines, malicious before suspicious, each once.
    pub fn labels(&self) -> Vec<&str> {
        let of = |category| {
            self.engines
                .iter()
                .filter(move |it| it.category == category)
        };
        let objecting = of(Category::Malicious).chain(of(Category::Suspicious));
        let mut labels = Vec::new();
        for label in objecting.filter_map(|engine| engine.result.as_deref()) {
            if !label.is_empty() && !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    /// Reads a report object (the `data` of a reply).
    pub fn from_object(object: wire::Object) -> Result<Self, MalformedReply> {
        let kind = match object.kind.as_str() {
            "file" => Kind::File,
            "url" => Kind::Url,
            "domain" => Kind::Domain,
            "ip_address" => Kind::IpAddress,
            other => return Err(MalformedReply::Type(other.to_owned())),
        };
        let attributes: Attributes = serde_json::from_value(object.attributes.into())
            .map_err(|error| MalformedReply::Attribute(error.to_string()))?;
        let engines: Vec<_> = attributes
            .last_analysis_results
            .into_iter()
            .filter_map(|(name, value)| {
                // The key is the name that counts; one odd entry must not cost the report.
                let mut result: EngineResult = serde_json::from_value(value).ok()?;
                result.engine_name = name;
                Some(result)
            })
            .collect();
        let stats = if engines.is_empty() {
            attributes.last_analysis_stats
        } else {
            Stats::count(&engines)
        };
        let mut names = attributes.names;
        if let Some(best) = attributes.meaningful_name {
            names.retain(|name| *name != best);
            names.insert(0, best);
        }
        Ok(Self {
            kind,
            id: object.id,
            engines,
            stats,
            analysed_at: attributes.last_analysis_date,
            votes: attributes.total_votes,
            reputation: attributes.reputation,
            first_seen: attributes
                .first_submission_date
                .or(attributes.creation_date),
            times_submitted: attributes.times_submitted,
            threat_label: attributes
                .popular_threat_classification
                .and_then(|class| class.suggested_threat_label),
            categories: attributes.categories.into_values().collect(),
            tags: attributes.tags,
            file: FileFacts {
                sha256: attributes.sha256.and_then(|hash| hash.parse().ok()),
                sha1: attributes.sha1,
                md5: attributes.md5,
                size: attributes.size,
                type_description: attributes.type_description,
                type_tag: attributes.type_tag,
                names,
                known_on: attributes.known_distributors.data_sources,
                distributors: attributes.known_distributors.distributors,
            },
            url: attributes.url,
            title: attributes.title,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attributes {
    last_analysis_results: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "or_default")]
    last_analysis_stats: Stats,
    #[serde(deserialize_with = "or_default")]
    last_analysis_date: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    total_votes: TotalVotes,
    #[serde(deserialize_with = "or_default")]
    reputation: i64,
    #[serde(deserialize_with = "or_default")]
    first_submission_date: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    creation_date: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    times_submitted: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    popular_threat_classification: Option<Classification>,
    #[serde(deserialize_with = "or_default")]
    categories: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    tags: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    sha256: Option<String>,
    #[serde(deserialize_with = "or_default")]
    sha1: Option<String>,
    #[serde(deserialize_with = "or_default")]
    md5: Option<String>,
    #[serde(deserialize_with = "or_default")]
    size: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    type_description: Option<String>,
    #[serde(deserialize_with = "or_default")]
    type_tag: Option<String>,
    #[serde(deserialize_with = "or_default")]
    names: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    meaningful_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    known_distributors: Distributors,
    #[serde(deserialize_with = "or_default")]
    url: Option<String>,
    #[serde(deserialize_with = "or_default")]
    title: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Classification {
    suggested_threat_label: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Distributors {
    distributors: Vec<String>,
    data_sources: Vec<String>,
}

/// Reads a field that a verdict does not stand on: of another type than expected, it is as good
/// as missing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Vote totals are whole numbers in the documentation and weighed sums in practice.
fn count_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_f64().map_or(0, |number| number.max(0.0) as u32))
}
