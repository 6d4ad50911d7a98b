//! What collections hold and references are about: how bodies name it, how it is found in a text,
//! and how it is handed out as a file.

use std::collections::{BTreeMap, HashSet};

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Indicator, UrlRef};
use quorum_core::observable::Observable;
use quorum_core::stix;
use quorum_core::suffix::registrable_domain;
use quorum_core::text::{Options, extract};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::ask::Ask;
use crate::error::ApiError;
use crate::relating::relation;
use crate::store::{NewRelation, RelationRecord};
use crate::tools::csv_field;

use super::item;

/// The relations that have members, each with the type of those.
pub(super) const HOLDS: &[(&str, &str)] = &[
    ("files", "file"),
    ("urls", "url"),
    ("domains", "domain"),
    ("ip_addresses", "ip_address"),
    ("references", "reference"),
];

/// A type of things that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberType {
    File,
    Url,
    Domain,
    IpAddress,
    Reference,
}

/// A thing by its type and its id; a URL also by its text.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MemberDescriptor {
    #[serde(rename = "type")]
    kind: MemberType,
    #[schema(examples("example.com"))]
    id: Option<String>,
    url: Option<String>,
}

/// Things under `data`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MemberList {
    #[schema(max_items = 10_000)]
    pub(crate) data: Vec<MemberDescriptor>,
}

/// Things by the name of the relation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberLists {
    files: Option<MemberList>,
    urls: Option<MemberList>,
    domains: Option<MemberList>,
    ip_addresses: Option<MemberList>,
    references: Option<MemberList>,
}

impl MemberLists {
    /// The things as relations.
    ///
    /// # Errors
    /// One is not what its list holds, or not there.
    pub(super) async fn read(self, ask: &Ask) -> Result<Vec<NewRelation>, ApiError> {
        let mut members = Vec::new();
        for (name, list) in [
            ("files", self.files),
            ("urls", self.urls),
            ("domains", self.domains),
            ("ip_addresses", self.ip_addresses),
            ("references", self.references),
        ] {
            if let Some(list) = list {
                members.extend(list.read(ask, name).await?);
            }
        }
        Ok(members)
    }
}

impl MemberList {
    /// The things as relations with a name.
    ///
    /// # Errors
    /// One is of another type than the relation's, no id of its type, or not there.
    pub(super) async fn read(self, ask: &Ask, name: &str) -> Result<Vec<NewRelation>, ApiError> {
        let mut members = Vec::new();
        for one in self.data {
            let member = one.read(ask).await?;
            if member.name != name {
                return Err(ApiError::invalid_argument(format!(
                    "{name} does not hold what is of type {:?}",
                    member.other_kind
                )));
            }
            members.push(member);
        }
        Ok(members)
    }
}

impl MemberDescriptor {
    async fn read(self, ask: &Ask) -> Result<NewRelation, ApiError> {
        let text = match (self.kind, &self.url, &self.id) {
            (MemberType::Url, Some(url), _) => url,
            (_, _, Some(id)) => id,
            _ => return Err(ApiError::invalid_argument("A descriptor has no id")),
        };
        let refused = |what: &str| ApiError::invalid_argument(format!("{text:?} is not {what}"));
        let indicator = match self.kind {
            MemberType::File => {
                let hash: FileHash = text.parse().map_err(|_| refused("a file hash"))?;
                match item::sha256_of(ask, &hash).await?.map(|hex| hex.parse()) {
                    Some(Ok(sha256)) => Indicator::File(FileHash::Sha256(sha256)),
                    _ => Indicator::File(hash),
                }
            }
            MemberType::Url if self.url.is_some() => {
                let url: CanonicalUrl = text.parse().map_err(|_| refused("a URL"))?;
                Indicator::Url(url)
            }
            MemberType::Url => {
                let reference: UrlRef = text.parse().map_err(|_| refused("a URL id"))?;
                match reference {
                    UrlRef::Url(url) => Indicator::Url(url),
                    UrlRef::Id(id) => return Ok(by_id("urls", "url", id.to_string())),
                }
            }
            MemberType::Domain => {
                let domain: Domain = text.parse().map_err(|_| refused("a domain name"))?;
                Indicator::Domain(domain)
            }
            MemberType::IpAddress => {
                Indicator::Ip(text.parse().map_err(|_| refused("an IP address"))?)
            }
            MemberType::Reference => {
                let id = reference_id(text)?;
                return match ask.app.store.reference(&id).await? {
                    Some(_) => Ok(by_id("references", "reference", id)),
                    None => Err(ApiError::not_found(format!("Reference {text:?} not found"))),
                };
            }
        };
        Ok(member(&indicator))
    }
}

fn by_id(name: &'static str, other_kind: &'static str, other: String) -> NewRelation {
    NewRelation {
        name,
        other_kind,
        other,
        context: Map::new(),
    }
}

/// The id of a reference: that of its address, or the address in base64.
///
/// # Errors
/// It is neither.
pub(super) fn reference_id(text: &str) -> Result<String, ApiError> {
    let reference: UrlRef = text
        .parse()
        .map_err(|_| ApiError::invalid_argument(format!("{text:?} is no reference's id")))?;
    Ok(match reference {
        UrlRef::Url(url) => url.without_credentials().id().to_string(),
        UrlRef::Id(id) => id.to_string(),
    })
}

fn member(indicator: &Indicator) -> NewRelation {
    let kind = indicator.kind().as_str();
    let name = HOLDS.iter().find(|(_, of)| *of == kind);
    relation(name.map_or("", |(name, _)| name), indicator)
}

/// The things that a text names, each once.
pub(super) fn in_text(text: &str) -> Vec<NewRelation> {
    let mut seen = HashSet::new();
    extract(text, &Options::default())
        .iter()
        .filter_map(|hit| hit.observable.indicator())
        .map(|indicator| member(&indicator))
        .filter(|member| seen.insert((member.name, member.other.clone())))
        .collect()
}

/// A member as it is written: a URL's text, and everything else's id.
pub(super) fn written(member: &RelationRecord) -> &str {
    let url = member.context.get("url").and_then(Value::as_str);
    url.unwrap_or(&member.id)
}

/// A form in which members are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Csv,
    Stix,
}

impl Form {
    /// The form with a name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn named(name: &str) -> Result<Self, ApiError> {
        match name {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "stix" => Ok(Self::Stix),
            _ => Err(ApiError::invalid_argument(format!(
                "There is no format {name:?}; there are json, csv and stix"
            ))),
        }
    }

    fn answer(self, text: String) -> Response {
        let (kind, name) = match self {
            Self::Json => ("application/json", "collection.json"),
            Self::Csv => ("text/csv; charset=utf-8", "collection.csv"),
            Self::Stix => ("application/json", "collection.stix.json"),
        };
        let attached = format!("attachment; filename=\"{name}\"");
        let mut response = text.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(attached) = HeaderValue::from_str(&attached) {
            headers.insert(header::CONTENT_DISPOSITION, attached);
        }
        response
    }
}

/// Members as a file.
pub(super) fn file(form: Form, members: &[RelationRecord]) -> Response {
    let text = match form {
        Form::Json => {
            let rows: Vec<_> = members
                .iter()
                .map(|one| json!({"type": one.kind, "id": one.id, "value": written(one)}))
                .collect();
            json!({"data": rows}).to_string()
        }
        Form::Csv => {
            let rows = members.iter().map(|one| {
                let cells = [one.kind.as_str(), &one.id, written(one)].map(csv_field);
                [cells.join(",").as_str(), "\r\n"].concat()
            });
            ["type,id,value\r\n".to_owned()]
                .into_iter()
                .chain(rows)
                .collect()
        }
        Form::Stix => {
            let observables: Vec<Observable> = members
                .iter()
                .filter_map(|one| Indicator::read(written(one)).ok())
                .map(Observable::from)
                .collect();
            let now = chrono::DateTime::from_timestamp(crate::clock::now(), 0).unwrap_or_default();
            let now = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            stix::bundle(&observables, &now).0.to_string()
        }
    };
    form.answer(text)
}

/// What members have in common, by type and attribute: how many have which value.
fn common(members: &[RelationRecord]) -> BTreeMap<(&str, &'static str), BTreeMap<String, u64>> {
    let mut counts: BTreeMap<_, BTreeMap<String, u64>> = BTreeMap::new();
    for one in members {
        let mut count = |attribute, value: &str| {
            let values: &mut BTreeMap<_, _> =
                counts.entry((one.name.as_str(), attribute)).or_default();
            *values.entry(value.to_owned()).or_default() += 1;
        };
        let host = match Indicator::read(written(one)) {
            Ok(Indicator::Url(url)) => {
                count("scheme", url.as_url().scheme());
                count("host", url.host());
                url.host_indicator()
            }
            Ok(other) => Some(other),
            Err(_) => None,
        };
        if let Some(Indicator::Domain(domain)) = host {
            count("tld", domain.top_level());
            if let Some(registered) = registrable_domain(domain.as_str()) {
                count("registered_domain", registered);
            }
        }
    }
    counts
}

/// What members have in common, as a file: values that more than one has, most first.
///
/// # Errors
/// STIX has no form for it.
pub(super) fn aggregations(form: Form, members: &[RelationRecord]) -> Result<Response, ApiError> {
    let mut told: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut rows = "relationship,attribute,value,count\r\n".to_owned();
    for ((name, attribute), values) in common(members) {
        let mut values: Vec<_> = values.into_iter().filter(|(_, count)| *count > 1).collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (value, count) in &values {
            let cells = [name, attribute, value, &count.to_string()].map(csv_field);
            rows.push_str(&cells.join(","));
            rows.push_str("\r\n");
        }
        let values = values
            .iter()
            .map(|(value, count)| json!({"value": value, "count": count}));
        let values = values.collect::<Vec<_>>().into();
        told.entry(name)
            .or_default()
            .insert(attribute.to_owned(), values);
    }
    match form {
        Form::Json => Ok(form.answer(json!({"data": told}).to_string())),
        Form::Csv => Ok(form.answer(rows)),
        Form::Stix => Err(ApiError::invalid_argument(
            "Aggregations come as json or csv; STIX has no form for them",
        )),
    }
}
