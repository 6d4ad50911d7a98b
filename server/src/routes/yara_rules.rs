//! `/yara_rules`, `/yara_rulesets` and `/sigma_rules`: the catalogue of the rules that this server
//! scans with, and the files that each has matched. There are no Sigma rules here.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, Path};
use crate::error::ApiError;
use crate::filter::{self, Term};
use crate::objects;
use crate::relationships::{self, Node, Owner, descriptors_at, dressed, objects_at};
use crate::rulebook::{Edition, Rule};
use crate::store::RuleRecord;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(rule))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
        .routes(routes!(ruleset))
        .routes(routes!(sigma_rule))
}

/// What the catalogue can be ordered by.
const ORDERS: [&str; 4] = [
    "matches",
    "creation_date",
    "included_date",
    "modification_date",
];

/// A rule with what the store knows of it.
type Entry<'a> = (&'a Rule, RuleRecord);

fn holds(term: &Term, (rule, record): &Entry<'_>) -> Result<bool, ApiError> {
    Ok(match term.name.as_str() {
        "author" => rule.info.author().is_some_and(|author| term.is_in(author)),
        "name" => term.is_in(&rule.info.name),
        "tag" => rule.info.tags.iter().any(|tag| term.is(tag)),
        "threat_category" => rule.threat_category().is_some_and(|said| term.is(said)),
        // What is here is scanned with.
        "enabled" => term.truth()?,
        "creation_date" => {
            let span = term.span()?;
            rule.created.is_some_and(|date| span.contains(&date))
        }
        "included_date" => term.span()?.contains(&record.included),
        "last_modification_date" => term.span()?.contains(&record.modified),
        _ => return Err(term.unknown()),
    })
}

fn node(ask: &Ask, rule: &Rule, record: &RuleRecord) -> Node {
    Node {
        object: objects::yara_rule(&ask.origin, rule, record),
        owner: Owner::YaraRule(rule.id.clone()),
    }
}

async fn edition(ask: &Ask) -> Result<Arc<Edition>, ApiError> {
    Ok(ask.app.rules.noted(&*ask.app.store).await?)
}

/// The rules that the server scans with.
#[utoipa::path(
    get, path = "/yara_rules", tag = "yara_rules", operation_id = "yara_rules",
    params(
        ("filter" = Option<String>, Query, description = "Terms such as `author:quorum tag:webshell \
            creation_date:2026-11-01+`; by `author`, `name`, `tag`, `threat_category`, `enabled`, \
            `creation_date`, `included_date` and `last_modification_date`"),
        ("order" = Option<String>, Query, description = "`matches`, `creation_date`, `included_date` \
            or `modification_date`, with `+` or `-`; the last one included first if nothing is said"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn list(ask: Ask) -> Answer {
    let page = ask.page()?;
    let terms = filter::terms(ask.parameter("filter").unwrap_or_default())?;
    let asked = match ask.parameter("order").unwrap_or_default() {
        "" => "included_date-",
        asked => asked,
    };
    let (by, down) = filter::order(asked, &ORDERS)?;
    let edition = edition(&ask).await?;
    let records = ask.app.store.rule_records(None).await?;
    let mut records: HashMap<_, _> = records
        .into_iter()
        .map(|record| (record.id.clone(), record))
        .collect();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for rule in edition.rules.values() {
        let Some(record) = records.remove(&rule.id) else {
            continue;
        };
        let entry = (rule, record);
        let mut all = true;
        for term in &terms {
            // Each is read, so that a wrong one is told whatever the others say.
            all &= holds(term, &entry)?;
        }
        if all {
            entries.push(entry);
        }
    }
    // By id before: what is equal has an order too.
    entries.sort_by_key(|(rule, record)| {
        let key = match by {
            "matches" => i64::try_from(record.matches).unwrap_or(i64::MAX),
            "creation_date" => rule.created.unwrap_or(i64::MIN + 1),
            "included_date" => record.included,
            _ => record.modified,
        };
        if down { -key } else { key }
    });
    let listing = ask.part(page, entries);
    relationships::page(
        &ask,
        listing.map(|(rule, record)| node(&ask, rule, &record)),
    )
    .await
}

/// A rule and its node.
async fn find(ask: &Ask, id: &str) -> Result<Node, ApiError> {
    let missing = || ApiError::not_found(format!("YARA rule {id:?} not found"));
    let edition = edition(ask).await?;
    let rule = edition.rules.get(id).ok_or_else(missing)?;
    let records = ask.app.store.rule_records(Some(id)).await?;
    let record = records.first().ok_or_else(missing)?;
    Ok(node(ask, rule, record))
}

/// One of them, by ten hex digits of its ruleset, `|` and its name.
#[utoipa::path(
    get, path = "/yara_rules/{id}", tag = "yara_rules", operation_id = "yara_rule",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn rule(ask: Ask, Path(id): Path<String>) -> Answer {
    let node = find(&ask, &id).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Objects at the other end of a relationship: `files` that the rule has matched.
#[utoipa::path(
    get, path = "/yara_rules/{id}/{relationship}", tag = "yara_rules",
    operation_id = "yara_rule_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let node = find(&ask, &id).await?;
    objects_at(&ask, &node.owner, &name).await
}

/// The same as descriptors: type and id only.
#[utoipa::path(
    get, path = "/yara_rules/{id}/relationships/{relationship}", tag = "yara_rules",
    operation_id = "yara_rule_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let node = find(&ask, &id).await?;
    descriptors_at(&ask, &node.owner, &name).await
}

/// A text with rules, by the `ruleset_id` of reports.
#[utoipa::path(
    get, path = "/yara_rulesets/{id}", tag = "yara_rules", operation_id = "yara_ruleset",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn ruleset(ask: Ask, Path(id): Path<String>) -> Answer {
    let edition = edition(&ask).await?;
    let ruleset = edition
        .rulesets
        .get(&id)
        .ok_or_else(|| ApiError::not_found(format!("YARA ruleset {id:?} not found")))?;
    let rules = edition.rules.values().filter(|rule| rule.ruleset == id);
    let names: Vec<_> = rules.map(|rule| rule.info.name.as_str()).collect();
    let object = objects::yara_ruleset(&ask.origin, &id, ruleset, &names);
    Ok(Json(json!({"data": object})))
}

/// A Sigma rule; there are none here.
#[utoipa::path(
    get, path = "/sigma_rules/{id}", tag = "yara_rules", operation_id = "sigma_rule",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn sigma_rule(_ask: Ask, Path(id): Path<String>) -> Answer {
    Err(ApiError::not_found(format!("Sigma rule {id:?} not found")))
}
