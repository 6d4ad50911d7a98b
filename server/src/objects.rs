//! The API's objects, built from the store's records: nothing here decides, it only spells.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use quorum_core::indicator::{CanonicalUrl, Domain, Indicator, Kind, address};
use quorum_core::report::{EngineResult, Stats, VoteVerdict};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::engines::Subject;
use crate::ids;
use crate::origin::Origin;
use crate::quota::{COLLECTIONS, DOWNLOADS, PRIVATE_FILES, PRIVATE_URLS, Used};
use crate::rulebook::{Rule, RulesetText};
use crate::store::{
    Account, AnalysisRecord, AuditRecord, BehaviourRecord, CollectionRecord, CommentRecord,
    FalsePositive, Group, Item, KeyRecord, PrivateItem, Privilege, ReferenceRecord, RuleRecord,
    Submission, VoteRecord, ZipRecord,
};
use crate::tier::Limits;

/// An object with its link to itself.
fn object(
    kind: &str,
    id: &str,
    origin: &Origin,
    path: &str,
    attributes: Map<String, Value>,
) -> Value {
    json!({
        "type": kind,
        "id": id,
        "links": {"self": origin.api(path)},
        "attributes": attributes,
    })
}

/// An object of which nothing is known here.
pub(crate) fn bare(origin: &Origin, kind: Kind, id: &str) -> Value {
    let path = format!("{}/{id}", kind.collection());
    let attributes = map(json!({
        "reputation": 0,
        "total_votes": {"harmless": 0, "malicious": 0},
    }));
    object(kind.as_str(), id, origin, &path, attributes)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The map of engine results by name.
fn by_engine(results: &[EngineResult]) -> Map<String, Value> {
    results
        .iter()
        .map(|result| (result.engine_name.clone(), json!(result)))
        .collect()
}

/// A report.
///
/// `listed` is what the lists say at this moment; it takes the place of what they said when the
/// item was last analysed.
pub(crate) fn report(
    origin: &Origin,
    id: &str,
    subject: &Subject,
    item: Option<&Item>,
    listed: Vec<EngineResult>,
) -> Value {
    let kind = subject.kind();
    let mut attributes = match subject {
        Subject::File { .. } => file_attributes(subject, item),
        Subject::Url(url) => url_attributes(url, item),
        Subject::Domain(domain) => domain_attributes(domain),
        Subject::Ip(ip) => address_attributes(*ip),
    };
    let stored = item.and_then(|item| item.analysis.as_ref());
    let submitted = item.is_some_and(|item| item.times_submitted > 0);
    let mut results = stored
        .map(|analysis| analysis.results.clone())
        .unwrap_or_default();
    for result in listed {
        match results
            .iter_mut()
            .find(|old| old.engine_name == result.engine_name)
        {
            Some(old) => *old = result,
            // What was sent in and waits for its analysis has no results yet, unless they are bad.
            None if stored.is_some() || !submitted || result.category.objects() => {
                results.push(result);
            }
            None => {}
        }
    }
    let now = clock::now();
    if let Some(date) = stored
        .map(|analysis| analysis.date)
        .or((!submitted).then_some(now))
    {
        attributes.insert("last_analysis_date".to_owned(), date.into());
    }
    attributes.extend(
        stored
            .map(|analysis| analysis.findings.clone())
            .unwrap_or_default(),
    );
    attributes.extend(map(json!({
        "last_analysis_stats": Stats::count(&results).for_kind(kind),
        "last_analysis_results": by_engine(&results),
        "last_modification_date": item.map_or(now, |item| item.last_modification),
        "reputation": item.map_or(0, |item| item.reputation),
        "total_votes": {
            "harmless": item.map_or(0, |item| item.votes_harmless),
            "malicious": item.map_or(0, |item| item.votes_malicious),
        },
    })));
    if let Some(item) = item
        && let (Some(first), Some(last)) = (item.first_submission, item.last_submission)
    {
        attributes.extend(map(json!({
            "first_submission_date": first,
            "last_submission_date": last,
            "times_submitted": item.times_submitted,
        })));
    }
    object(
        kind.as_str(),
        id,
        origin,
        &format!("{}/{id}", kind.collection()),
        attributes,
    )
}

fn file_attributes(subject: &Subject, item: Option<&Item>) -> Map<String, Value> {
    let mut attributes = Map::new();
    if let Subject::File {
        md5, sha1, sha256, ..
    } = subject
    {
        for (name, hash) in [
            ("md5", md5.map(|hash| hash.to_string())),
            ("sha1", sha1.map(|hash| hash.to_string())),
            ("sha256", sha256.map(|hash| hash.to_string())),
        ] {
            if let Some(hash) = hash {
                attributes.insert(name.to_owned(), hash.into());
            }
        }
    }
    let mut tags = Vec::new();
    if let Some(item) = item
        && let Some(file) = &item.file
    {
        attributes.extend(map(json!({
            "md5": file.md5,
            "sha1": file.sha1,
            "size": file.size,
            "type_tag": file.type_tag,
            "type_description": file.type_description,
            "type_tags": file.type_tags,
            "unique_sources": item.unique_sources,
            "names": file.names,
        })));
        if !file.type_extension.is_empty() {
            attributes.insert("type_extension".to_owned(), json!(file.type_extension));
        }
        if !file.sandbox_verdicts.is_empty() {
            attributes.insert("sandbox_verdicts".to_owned(), json!(file.sandbox_verdicts));
        }
        if let Some(name) = file.names.first() {
            attributes.insert("meaningful_name".to_owned(), json!(name));
        }
        if !matches!(file.type_tag.as_str(), "unknown" | "empty") {
            tags.push(file.type_tag.clone());
        }
    }
    attributes.insert("tags".to_owned(), json!(tags));
    attributes
}

fn url_attributes(url: &CanonicalUrl, item: Option<&Item>) -> Map<String, Value> {
    let mut attributes = map(json!({
        "url": url.as_str(),
        "last_final_url": url.as_str(),
        "has_content": false,
        "categories": {},
        "threat_names": [],
        "tags": [],
        "times_submitted": item.map_or(0, |item| item.times_submitted),
    }));
    match url.host_indicator() {
        Some(Indicator::Domain(domain)) => {
            attributes.insert("tld".to_owned(), domain.top_level().into());
        }
        Some(Indicator::Ip(_)) => {
            attributes.insert("tags".to_owned(), json!(["ip"]));
        }
        _ => {}
    }
    attributes
}

fn domain_attributes(domain: &Domain) -> Map<String, Value> {
    map(json!({
        "tld": domain.top_level(),
        // Clients read it without looking whether it is there.
        "whois": "",
        "categories": {},
        "popularity_ranks": {},
        "last_dns_records": [],
        "tags": [],
    }))
}

fn address_attributes(ip: IpAddr) -> Map<String, Value> {
    let mut tags = Vec::new();
    if ip.is_loopback() {
        tags.push("loopback");
    }
    if ip.is_multicast() {
        tags.push("multicast");
    }
    if address::is_private(ip) && tags.is_empty() {
        tags.push("private");
    }
    map(json!({"whois": "", "tags": tags}))
}

/// What stands before the paths, and the types, of what a group has for itself.
fn prefixes(private: bool) -> (&'static str, &'static str) {
    match private {
        true => ("private/", "private_"),
        false => ("", ""),
    }
}

/// An analysis, with `item` among its links. What the reply's `meta` says of it is
/// [`analysis_meta`]'s.
pub(crate) fn analysis(origin: &Origin, record: &AnalysisRecord) -> Value {
    let stats = if record.status == "queued" {
        json!({})
    } else {
        Stats::count(&record.results).for_kind(record.kind)
    };
    let (path, kind) = prefixes(record.group.is_some());
    let mut analysis = object(
        &format!("{kind}analysis"),
        &record.id,
        origin,
        &format!("{path}analyses/{}", record.id),
        map(json!({
            "date": record.date,
            "status": record.status,
            "stats": stats,
            "results": by_engine(&record.results),
        })),
    );
    if let Some(job) = &record.job {
        let mut told = map(json!({"attempts": job.attempts}));
        if let Some(deadline) = job.deadline {
            told.insert("deadline".to_owned(), deadline.into());
        }
        if let Some(error) = &job.error {
            told.insert("last_error".to_owned(), error.as_str().into());
        }
        analysis["attributes"]["job"] = told.into();
    }
    analysis["links"]["item"] = origin
        .api(format_args!(
            "{path}{}/{}",
            record.kind.collection(),
            record.item
        ))
        .into();
    analysis
}

/// `meta` of a reply that carries an analysis: what was analysed.
pub(crate) fn analysis_meta(record: &AnalysisRecord) -> Value {
    match (record.kind, &record.file, &record.url) {
        (Kind::File, Some(file), _) => json!({"file_info": file}),
        (Kind::Url, _, Some(url)) => json!({"url_info": {"id": record.item, "url": url}}),
        _ => json!({}),
    }
}

/// The answer to whoever sent something in.
pub(crate) fn analysis_descriptor(origin: &Origin, id: &str, private: bool) -> Value {
    let (path, kind) = prefixes(private);
    json!({
        "type": format!("{kind}analysis"),
        "id": id,
        "links": {"self": origin.api(format_args!("{path}analyses/{id}"))},
    })
}

/// The report on what a group has for itself.
pub(crate) fn private_report(
    origin: &Origin,
    record: &PrivateItem,
    subject: &Subject,
    listed: Vec<EngineResult>,
) -> Value {
    let mut object = report(origin, &record.id, subject, Some(&record.item), listed);
    let (kind, path) = (record.kind, origin.api(record.path()));
    object["type"] = format!("private_{}", kind.as_str()).into();
    object["links"]["self"] = path.into();
    if let Some(attributes) = object["attributes"].as_object_mut() {
        // What the community would say of it.
        attributes.retain(|name, _| {
            !matches!(
                name.as_str(),
                "reputation" | "total_votes" | "unique_sources"
            )
        });
        attributes.insert("expiration".to_owned(), record.expires.into());
        if kind == Kind::File {
            attributes.insert("downloadable".to_owned(), record.is_stored.into());
        }
    }
    object
}

/// A submission. Who it was shows as a pseudonym: the same for all that they send in, and nothing
/// to anybody without the store's key.
pub(crate) fn submission(origin: &Origin, record: &Submission, key: &[u8; 32]) -> Value {
    let id = ids::submission(record.kind, &record.item, record.seq);
    let mut attributes = map(json!({
        "date": record.date,
        "interface": record.interface,
        "source_key": ids::pseudonym(key, &record.account),
    }));
    if let Some(country) = &record.country {
        attributes.insert("country".to_owned(), country.as_str().into());
    }
    if let Some(name) = &record.name {
        attributes.insert("name".to_owned(), name.as_str().into());
    }
    object(
        "submission",
        &id,
        origin,
        &format!("submissions/{id}"),
        attributes,
    )
}

/// A sandbox's report. There is a page of each, and nothing that was recorded.
pub(crate) fn file_behaviour(origin: &Origin, record: &BehaviourRecord) -> Value {
    let mut attributes = record.report.clone();
    attributes.extend(map(json!({
        "last_modification_date": record.imported,
        "has_html_report": true,
        "has_pcap": false,
        "has_evtx": false,
        "has_memdump": false,
    })));
    attributes
        .entry("analysis_date")
        .or_insert_with(|| record.imported.into());
    let path = format!("file_behaviours/{}", segment(&record.id));
    object("file_behaviour", &record.id, origin, &path, attributes)
}

/// A sandbox's report as a page for people.
pub(crate) fn behaviour_page(record: &BehaviourRecord) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{sandbox}: {file}</title>\
         <h1>{sandbox}</h1><p>{file}</p>",
        sandbox = escaped(&record.sandbox),
        file = escaped(&record.sha256),
    );
    for (name, value) in &record.report {
        let title = escaped(&name.replace('_', " "));
        let text = match value {
            Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
            value => plain(value),
        };
        page.push_str(&format!("<h2>{title}</h2><pre>{}</pre>", escaped(&text)));
    }
    page.push_str("</html>\n");
    page
}

/// A text as it is, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => format!("{value:#}"),
    }
}

/// A rule of the catalogue.
pub(crate) fn yara_rule(origin: &Origin, rule: &Rule, record: &RuleRecord) -> Value {
    let meta: Vec<_> = rule
        .info
        .meta
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let mut attributes = map(json!({
        "name": rule.info.name,
        "rule": rule.text,
        "enabled": true,
        "matches": record.matches,
        "author": rule.info.author().unwrap_or_default(),
        "tags": rule.info.tags,
        "meta": meta,
        "included_date": record.included,
        "last_modification_date": record.modified,
    }));
    if let Some(date) = rule.created {
        attributes.insert("creation_date".to_owned(), date.into());
    }
    let path = format!("yara_rules/{}", segment(&rule.id));
    object("yara_rule", &rule.id, origin, &path, attributes)
}

/// An id as one segment of a path.
pub(crate) fn segment(id: &str) -> PercentEncode<'_> {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(id, PLAIN)
}

/// A text with rules, and the names of those that can match.
pub(crate) fn yara_ruleset(
    origin: &Origin,
    id: &str,
    ruleset: &RulesetText,
    names: &[&str],
) -> Value {
    let attributes = map(json!({
        "name": ruleset.name,
        "rules": ruleset.text,
        "number_of_rules": names.len(),
        "rule_names": names,
    }));
    let path = format!("yara_rulesets/{id}");
    object("yara_ruleset", id, origin, &path, attributes)
}

/// A ZIP of samples. It is made while it is fetched, so there is nothing to wait for.
pub(crate) fn zip_file(origin: &Origin, seq: i64, record: &ZipRecord) -> Value {
    let path = match record.group {
        Some(_) => "private",
        None => "intelligence",
    };
    object(
        "zip_file",
        &seq.to_string(),
        origin,
        &format!("{path}/zip_files/{seq}"),
        map(json!({
            "status": "finished",
            "progress": 100,
            "files_ok": record.samples.len(),
            "files_error": record.missing,
        })),
    )
}

/// A collection.
pub(crate) fn collection(origin: &Origin, record: &CollectionRecord) -> Value {
    let mut attributes = map(json!({
        "name": record.name,
        "description": record.description,
        "private": record.private,
        "collection_type": "collection",
        "creation_date": record.created,
        "last_modification_date": record.modified,
    }));
    for (name, count) in &record.counts {
        attributes.insert(format!("{name}_count"), (*count).into());
    }
    let path = format!("collections/{}", record.id);
    object("collection", &record.id, origin, &path, attributes)
}

/// A reference.
pub(crate) fn reference(origin: &Origin, record: &ReferenceRecord) -> Value {
    let attributes = map(json!({
        "url": record.url,
        "title": record.title,
        "author": record.author,
        "creation_date": record.published,
        "last_modification_date": record.modified,
    }));
    let path = format!("references/{}", record.id);
    object("reference", &record.id, origin, &path, attributes)
}

/// A comment.
pub(crate) fn comment(origin: &Origin, record: &CommentRecord) -> Value {
    object(
        "comment",
        &record.id,
        origin,
        &format!("comments/{}", record.id),
        map(json!({
            "date": record.date,
            "text": record.text,
            "html": escaped(&record.text),
            "tags": record.tags,
            "votes": {
                "positive": record.votes.positive,
                "negative": record.votes.negative,
                "abuse": record.votes.abuse,
            },
        })),
    )
}

/// Text as HTML that shows it: clients put `html` into pages as it stands.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// A vote.
pub(crate) fn vote(origin: &Origin, record: &VoteRecord) -> Value {
    let value = match record.verdict {
        VoteVerdict::Harmless => record.weight,
        VoteVerdict::Malicious => -record.weight,
    };
    object(
        "vote",
        &record.id,
        origin,
        &format!("votes/{}", record.id),
        map(json!({"date": record.date, "verdict": record.verdict, "value": value})),
    )
}

/// The quotas that a group's tier gives, by name, with what is used of each by a user and by all.
pub(crate) fn quotas(
    limits: Limits,
    user: Used,
    group: Used,
) -> Vec<(&'static str, u64, u64, u64)> {
    let Limits {
        minute,
        daily,
        searches,
        downloads,
        retrohunt,
        livehunt,
        vtdiff,
        private_graphs,
        collections,
        private_files,
        private_urls,
    } = limits;
    let hourly = minute.map_or(daily, |minute| u64::from(minute) * 60);
    vec![
        ("api_requests_hourly", hourly, user.hourly, group.hourly),
        ("api_requests_daily", daily, user.daily, group.daily),
        (
            "api_requests_monthly",
            daily * 31,
            user.monthly,
            group.monthly,
        ),
        ("intelligence_searches_monthly", searches, 0, 0),
        (DOWNLOADS, downloads, user.downloads, group.downloads),
        ("intelligence_hunting_rules", livehunt, 0, 0),
        ("intelligence_retrohunt_jobs_monthly", retrohunt, 0, 0),
        ("intelligence_graphs_private", private_graphs, 0, 0),
        ("intelligence_vtdiff_creation_monthly", vtdiff, 0, 0),
        (
            COLLECTIONS,
            collections,
            user.collections,
            group.collections,
        ),
        (
            PRIVATE_FILES[0],
            private_files.monthly,
            user.private_files,
            group.private_files,
        ),
        (
            PRIVATE_FILES[1],
            private_files.minute,
            user.private_files_now,
            group.private_files_now,
        ),
        (
            PRIVATE_URLS[0],
            private_urls.monthly,
            user.private_urls,
            group.private_urls,
        ),
        (
            PRIVATE_URLS[1],
            private_urls.minute,
            user.private_urls_now,
            group.private_urls_now,
        ),
        ("monitor_storage_bytes", 0, 0, 0),
        ("monitor_storage_files", 0, 0, 0),
        ("monitor_uploaded_bytes", 0, 0, 0),
        ("monitor_uploaded_files", 0, 0, 0),
    ]
}

/// Something granted beside the tier, as objects show it.
fn privilege(granted: &Privilege) -> Value {
    let mut privilege = json!({"granted": granted.holds(clock::now())});
    if let Some(expires) = granted.expires {
        privilege["expiration_date"] = expires.into();
    }
    privilege
}

/// A key. `secret` only in the answer to whoever made it.
pub(crate) fn api_key(user: &str, key: &KeyRecord, secret: Option<&str>) -> Value {
    let now = clock::now();
    let status = match key {
        KeyRecord {
            revoked: Some(_), ..
        } => "revoked",
        KeyRecord {
            expires: Some(expires),
            ..
        } if *expires <= now => "expired",
        _ => "active",
    };
    let mut attributes = map(json!({
        "label": key.label,
        "creation_date": key.created,
        "status": status,
        "user": user,
    }));
    // A date that is none breaks clients.
    let more = [
        ("expiration_date", key.expires.map(Value::from)),
        ("revocation_date", key.revoked.map(Value::from)),
        ("apikey", secret.map(Value::from)),
    ];
    for (name, value) in more {
        attributes.extend(value.map(|value| (name.to_owned(), value)));
    }
    json!({"type": "api_key", "id": key.id, "attributes": attributes})
}

/// An entry of the audit log.
pub(crate) fn audit_entry(entry: &AuditRecord) -> Value {
    json!({"type": "audit_entry", "id": entry.seq.to_string(), "attributes": {
        "date": entry.date,
        "actor": entry.actor,
        "interface": entry.interface,
        "action": entry.action,
        "subject": entry.subject,
        "group": entry.group,
        "detail": entry.detail,
    }})
}

/// A report that something is objected to wrongly.
pub(crate) fn false_positive(origin: &Origin, report: &FalsePositive) -> Value {
    let mut attributes = map(json!({
        "date": report.date,
        "text": report.text,
        "status": report.status,
        "reported_by": report.account,
    }));
    let more = [
        ("decision_date", report.decided.map(Value::from)),
        ("decided_by", report.decided_by.as_deref().map(Value::from)),
        ("answer", report.answer.as_deref().map(Value::from)),
    ];
    for (name, value) in more {
        attributes.extend(value.map(|value| (name.to_owned(), value)));
    }
    let item = format!("{}/{}", report.kind.collection(), report.item);
    json!({
        "type": "false_positive",
        "id": report.seq.to_string(),
        "attributes": attributes,
        "relationships": {"item": {"data": {"type": report.kind.as_str(), "id": report.item}}},
        "links": {
            "self": origin.own(format_args!("false_positives/{}", report.seq)),
            "item": origin.api(item),
        },
    })
}

/// A user, or a service account. `used` only for who may see it: the user and administrators.
pub(crate) fn user(origin: &Origin, account: &Account, used: Option<(Used, Used)>) -> Value {
    // What it was called in its group.
    let of_group = account.name.strip_prefix(&format!("{}_", account.group));
    let first_name = match of_group.filter(|_| account.service) {
        Some(name) => name,
        None => &account.first_name,
    };
    let mut attributes = map(json!({
        "first_name": first_name,
        "last_name": account.last_name,
        "profile_phrase": account.profile_phrase,
        "status": account.status,
        "reputation": account.reputation,
        "user_since": account.created,
    }));
    if let Some((user, group)) = used {
        let quotas: Map<_, _> = quotas(account.limits, user, group)
            .into_iter()
            .map(|(name, allowed, used, _)| {
                (name.to_owned(), json!({"allowed": allowed, "used": used}))
            })
            .collect();
        let inherited = |mut privilege: Value| {
            privilege["inherited_from"] = account.group.as_str().into();
            privilege["inherited_via"] = "api_quota_group".into();
            privilege
        };
        let mut privileges = Map::new();
        for one in &account.privileges {
            let privilege = match one.by_group {
                true => inherited(privilege(one)),
                false => privilege(one),
            };
            // One's own and the group's: the one that counts now shows.
            let shown: Option<&Value> = privileges.get(&one.name);
            if shown.is_none_or(|shown| shown["granted"] == false) {
                privileges.insert(one.name.clone(), privilege);
            }
        }
        for name in account.tier.privileges() {
            privileges.insert((*name).to_owned(), inherited(json!({"granted": true})));
        }
        if account.administrator {
            privileges.insert("admin".to_owned(), json!({"granted": true}));
        }
        attributes.extend(map(json!({
            "quotas": quotas,
            "privileges": privileges,
            "preferences": account.preferences,
            "has_2fa": false,
        })));
        if let Some(email) = &account.email {
            attributes.insert("email".to_owned(), email.as_str().into());
        }
    }
    let (kind, path) = match account.service {
        true => ("service_account", "service_accounts"),
        false => ("user", "users"),
    };
    let path = format!("{path}/{}", account.name);
    object(kind, &account.name, origin, &path, attributes)
}

/// An entry of the audit log as the API has it of a group. Where it was done from is not kept.
pub(crate) fn activity_log_entry(origin: &Origin, entry: &AuditRecord) -> Value {
    let subject = entry.subject.as_str();
    let mut info = entry.detail.clone();
    let (what, _) = entry.action.split_once('.').unwrap_or_default();
    let target = match what {
        "key" | "user" | "privilege" => "user",
        "file" | "url" | "comment" | "vote" | "group" | "collection" | "reference" => what,
        _ => "",
    };
    if target == "user" {
        info.insert("user".to_owned(), subject.into());
    }
    let id = entry.seq.to_string();
    let path = format!("activity_log_entries/{id}");
    let attributes = map(json!({"date": entry.date, "action": entry.action, "info": info}));
    let mut told = object("activity_log_entry", &id, origin, &path, attributes);
    let mut related = Map::new();
    for (name, kind, id) in [
        ("group", "group", entry.group.as_str()),
        // Whoever runs commands on the store itself is no user.
        ("user", "user", entry.actor.as_str()),
        ("target", target, subject),
    ] {
        if !kind.is_empty() && !id.is_empty() && !id.starts_with('(') {
            related.insert(
                name.to_owned(),
                json!({"data": {"type": kind, "id": id}, "meta": {"count": 1}}),
            );
        }
    }
    told["relationships"] = related.into();
    told
}

/// A group. Quotas only for its members and administrators.
pub(crate) fn group(origin: &Origin, group: &Group, used: Option<Used>) -> Value {
    let mut attributes = group.profile.clone();
    attributes
        .entry("organization")
        .or_insert_with(|| group.name.as_str().into());
    if let Some(used) = used {
        let quotas: Map<_, _> = quotas(group.limits, Used::default(), used)
            .into_iter()
            .map(|(name, allowed, _, used)| {
                (name.to_owned(), json!({"allowed": allowed, "used": used}))
            })
            .collect();
        let mut privileges: Map<String, Value> = group
            .privileges
            .iter()
            .map(|one| (one.name.clone(), privilege(one)))
            .collect();
        for name in group.tier.privileges() {
            privileges.insert((*name).to_owned(), json!({"granted": true}));
        }
        attributes.extend(map(json!({
            "tier": group.tier.as_str(),
            "creation_date": group.created,
            "quotas": quotas,
            "privileges": privileges,
            "auto_add_users": [],
        })));
    }
    object(
        "group",
        &group.name,
        origin,
        &format!("groups/{}", group.name),
        attributes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comments_html_shows_its_text() {
        assert_eq!(
            escaped("<b>'&\"</b>"),
            "&lt;b&gt;&#39;&amp;&quot;&lt;/b&gt;"
        );
    }
}
