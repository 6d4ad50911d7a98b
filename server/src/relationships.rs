//! Which relationships the API's objects have, and what stands at their ends.
//!
//! Those that our own submissions, analyses and community give us are filled; every other name of
//! the API is there too, well-formed and empty, so that clients which walk all of them find what
//! they expect.

use std::collections::BTreeMap;

use quorum_core::indicator::Kind;
use serde_json::{Map, Value, json};

use crate::ask::Ask;
use crate::clock;
use crate::error::ApiError;
use crate::objects;
use crate::relating::parents;
use crate::routes::{item, private};
use crate::sandboxes;
use crate::store::{
    Account, AnalysisRecord, BehaviourRecord, CollectionFilter, CollectionOrder, CollectionRecord,
    CommentFilter, CommentRecord, Group, Item, Listing, Page, PrivateItem, ReferenceFilter,
    ReferenceRecord, RelationFilter, RelationRecord, Topic, VoteFilter,
};

/// How many descriptors of a relationship are shown inside an object.
const INSIDE: Page = Page {
    before: None,
    limit: 10,
};

const FILE: &str = "*analyses behaviours bundled_files *carbonblack_children *carbonblack_parents \
    *ciphered_bundled_files *ciphered_parents *clues *code_blocks collections comments \
    *compressed_parents contacted_domains contacted_ips contacted_urls *distributors dropped_files \
    *email_attachments *email_parents *email_senders *embedded_domains *embedded_ips \
    *embedded_urls *execution_parents graphs *hash_collisions *itw_domains *itw_ips *itw_urls \
    memory_pattern_domains memory_pattern_ips memory_pattern_urls *overlay_children \
    *overlay_parents *pcap_children *pcap_parents pe_resource_children pe_resource_parents \
    references related_attack_techniques *related_references *related_threat_actors *screenshots \
    sigma_analysis *similar_files *submissions *urls_for_embedded_js user_votes votes";

const URL: &str = "*analyses collections comments *communicating_files *contacted_domains \
    *contacted_ips *downloaded_files *embedded_js_files graphs http_response_contents \
    1last_serving_ip_address memory_pattern_parents 1network_location *redirecting_urls \
    *redirects_to references *referrer_files *referrer_urls related_attack_techniques \
    related_collections related_comments *related_references *related_threat_actors *submissions \
    *urls_related_by_tracker_id user_votes votes";

const DOMAIN: &str = "*caa_records *cname_records collections comments communicating_files \
    *downloaded_files graphs historical_ssl_certificates historical_whois 1immediate_parent \
    memory_pattern_parents *mx_records *ns_records 1parent references referrer_files \
    related_attack_techniques related_comments *related_references *related_threat_actors \
    resolutions siblings *soa_records subdomains *urls user_votes votes";

const IP_ADDRESS: &str = "collections comments communicating_files *downloaded_files graphs \
    historical_ssl_certificates historical_whois memory_pattern_parents references referrer_files \
    related_attack_techniques related_comments *related_references *related_threat_actors \
    resolutions *urls user_votes votes";

const USER: &str = "1api_quota_group collections comments graphs groups hunting_notification_files \
    hunting_notifications hunting_rulesets 1intelligence_quota_group mentions \
    1monitor_quota_group retrohunt_jobs votes";

const PRIVATE_FILE: &str = "analyses behaviours bundled_files ciphered_bundled_files \
    contacted_domains contacted_ips contacted_urls dropped_files embedded_domains embedded_ips \
    embedded_urls";

const PRIVATE_URL: &str = "analyses contacted_domains contacted_ips contacted_urls \
    downloaded_files 1last_serving_ip_address 1network_location redirects_to";

const BEHAVIOUR: &str = "attack_techniques contacted_domains contacted_ips contacted_urls \
    dropped_files 1file";

/// Every type with its relationships: `*` marks those that the public tier does not have, `1`
/// those with one object at the other end.
const TYPES: &[(&str, &str)] = &[
    ("analysis", "1item"),
    (
        "collection",
        "comments domains files ip_addresses 1owner references urls",
    ),
    ("comment", "1author 1item"),
    ("domain", DOMAIN),
    ("file", FILE),
    ("file_behaviour", BEHAVIOUR),
    ("group", "administrators service_accounts users"),
    ("ip_address", IP_ADDRESS),
    ("private_analysis", "1item"),
    ("private_file", PRIVATE_FILE),
    ("private_url", PRIVATE_URL),
    (
        "reference",
        "collections domains files ip_addresses 1owner urls",
    ),
    ("url", URL),
    ("user", USER),
    ("yara_rule", "files"),
];

/// What the names mean, for people.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("administrators", "Users who administer the group"),
    ("analyses", "Analyses of the object, newest first"),
    ("api_quota_group", "Group whose API quota is used"),
    ("attack_techniques", "ATT&CK techniques that were seen"),
    ("author", "User who wrote it"),
    ("behaviours", "Reports of sandboxes that ran the file"),
    ("bundled_files", "Files inside the file"),
    ("caa_records", "Names in the domain's CAA records"),
    (
        "carbonblack_children",
        "Files that it was seen to write on endpoints",
    ),
    (
        "carbonblack_parents",
        "Files that were seen to write it on endpoints",
    ),
    ("ciphered_bundled_files", "Encrypted files inside the file"),
    ("ciphered_parents", "Encrypted files that contain it"),
    ("clues", "Clues about the file"),
    ("cname_records", "Names in the domain's CNAME records"),
    (
        "code_blocks",
        "Blocks of code that it shares with other files",
    ),
    ("collections", "Collections that the object is in"),
    ("comments", "Comments, newest first"),
    ("communicating_files", "Files that talk to it when they run"),
    ("compressed_parents", "Archives that contain it"),
    ("contacted_domains", "Domains that it talks to"),
    ("contacted_ips", "IP addresses that it talks to"),
    ("contacted_urls", "URLs that it talks to"),
    ("distributors", "Who distributes it"),
    ("domains", "Domains that it holds or is about"),
    ("downloaded_files", "Files that were downloaded from it"),
    ("dropped_files", "Files that it writes when it runs"),
    ("email_attachments", "Files attached to the message"),
    ("email_parents", "Messages that carry it"),
    ("email_senders", "Addresses that sent the message"),
    ("embedded_domains", "Domains in its text"),
    ("embedded_ips", "IP addresses in its text"),
    ("embedded_js_files", "Scripts that the page embeds"),
    ("embedded_urls", "URLs in its text"),
    ("execution_parents", "Files that run it"),
    ("file", "The file that ran"),
    ("files", "Files that it holds, is about or has matched"),
    ("graphs", "Graphs that the object is in"),
    ("groups", "Groups that the user is in"),
    ("hash_collisions", "Other files with one of its hashes"),
    ("historical_ssl_certificates", "TLS certificates seen there"),
    ("historical_whois", "Registration records over time"),
    (
        "http_response_contents",
        "Contents that the address has answered with",
    ),
    (
        "hunting_notification_files",
        "Files that the user's rules found",
    ),
    ("hunting_notifications", "Notifications of the user's rules"),
    ("hunting_rulesets", "The user's rules"),
    ("immediate_parent", "The domain one label up"),
    (
        "intelligence_quota_group",
        "Group whose Intelligence quota is used",
    ),
    ("ip_addresses", "IP addresses that it holds or is about"),
    ("item", "The object that it is about"),
    ("itw_domains", "Domains that it was downloaded from"),
    ("itw_ips", "IP addresses that it was downloaded from"),
    ("itw_urls", "URLs that it was downloaded from"),
    (
        "last_serving_ip_address",
        "IP address that last answered for it",
    ),
    ("memory_pattern_domains", "Domains seen in its memory"),
    ("memory_pattern_ips", "IP addresses seen in its memory"),
    (
        "memory_pattern_parents",
        "Files that had it in their memory",
    ),
    ("memory_pattern_urls", "URLs seen in its memory"),
    ("mentions", "Comments that mention the user"),
    ("monitor_quota_group", "Group whose Monitor quota is used"),
    ("mx_records", "Names in the domain's MX records"),
    ("network_location", "The domain or IP address of the URL"),
    ("ns_records", "Names in the domain's NS records"),
    ("overlay_children", "Files in its overlay"),
    ("overlay_parents", "Files with it in their overlay"),
    ("owner", "User who made it"),
    ("parent", "The registered domain above it"),
    ("pcap_children", "Files in the network capture"),
    ("pcap_parents", "Network captures that contain it"),
    ("pe_resource_children", "Files in its resources"),
    ("pe_resource_parents", "Files with it in their resources"),
    ("redirecting_urls", "URLs that redirect to it"),
    ("redirects_to", "URLs that it redirects to"),
    ("references", "Publications about it"),
    ("referrer_files", "Files with it in their text"),
    ("referrer_urls", "URLs that refer to it"),
    (
        "related_attack_techniques",
        "ATT&CK techniques seen with it",
    ),
    ("related_collections", "Collections of objects near it"),
    ("related_comments", "Comments on objects near it"),
    ("related_references", "Publications about objects near it"),
    ("related_threat_actors", "Threat actors seen with it"),
    ("resolutions", "DNS resolutions over time"),
    ("retrohunt_jobs", "The user's Retrohunt jobs"),
    ("screenshots", "Screenshots of sandboxes"),
    (
        "service_accounts",
        "Service accounts of the group, which are nobody",
    ),
    ("siblings", "Domains beside it"),
    ("sigma_analysis", "Sigma rules that its behaviour matches"),
    ("similar_files", "Files like it"),
    ("soa_records", "Names in the domain's SOA records"),
    ("subdomains", "Domains below it"),
    ("submissions", "Each time it was sent in, newest first"),
    ("urls", "URLs on it, or in it"),
    ("urls_for_embedded_js", "URLs in its scripts"),
    ("urls_related_by_tracker_id", "URLs with the same tracker"),
    ("user_votes", "Your own vote on it"),
    ("users", "Users in the group"),
    ("votes", "Votes, newest first"),
];

/// Relationships that are others, read from the other end: of which type, under which name, what
/// has which to it.
const INVERSES: &[(&str, &str, &str, &str)] = &[
    ("file", "compressed_parents", "file", "bundled_files"),
    ("file", "ciphered_parents", "file", "ciphered_bundled_files"),
    ("url", "referrer_files", "file", "embedded_urls"),
    ("domain", "referrer_files", "file", "embedded_domains"),
    ("ip_address", "referrer_files", "file", "embedded_ips"),
];

/// One relationship of a type.
#[derive(Debug, Clone, Copy)]
struct Relation {
    name: &'static str,
    premium: bool,
    one: bool,
}

fn relations(kind: &str) -> impl Iterator<Item = Relation> {
    let names = TYPES
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or("", |(_, names)| names);
    names.split_ascii_whitespace().map(|marked| Relation {
        name: marked.trim_start_matches(['*', '1']),
        premium: marked.starts_with('*'),
        one: marked.starts_with('1'),
    })
}

/// What `/metadata` says of relationships: by type, a list of names with their descriptions.
pub(crate) fn catalogue() -> Value {
    let describe = |name: &str| {
        DESCRIPTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, text)| text)
    };
    let types: BTreeMap<_, Vec<_>> = TYPES
        .iter()
        .map(|(kind, _)| {
            let list = relations(kind)
                .map(|relation| json!({"name": relation.name, "description": describe(relation.name)}))
                .collect();
            (*kind, list)
        })
        .collect();
    json!(types)
}

/// An object that has relationships.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    Item(Kind, String),
    Comment(CommentRecord),
    Analysis(AnalysisRecord),
    User(Account),
    Group(Group),
    Collection(CollectionRecord),
    Reference(ReferenceRecord),
    /// By its id.
    YaraRule(String),
    Behaviour(BehaviourRecord),
    Private(Box<PrivateItem>),
    /// Votes and submissions, which have none.
    None,
}

impl Owner {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Item(kind, _) => kind.as_str(),
            Self::Comment(_) => "comment",
            Self::Analysis(analysis) if analysis.group.is_some() => "private_analysis",
            Self::Analysis(_) => "analysis",
            Self::Private(record) => record.place().0,
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::Collection(_) => "collection",
            Self::Reference(_) => "reference",
            Self::YaraRule(_) => "yara_rule",
            Self::Behaviour(_) => "file_behaviour",
            Self::None => "",
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Item(kind, id) => format!("{}/{id}", kind.collection()),
            Self::Comment(comment) => format!("comments/{}", comment.id),
            Self::Analysis(analysis) if analysis.group.is_some() => {
                format!("private/analyses/{}", analysis.id)
            }
            Self::Analysis(analysis) => format!("analyses/{}", analysis.id),
            Self::Private(record) => record.path(),
            Self::User(account) => format!("users/{}", account.name),
            Self::Group(group) => format!("groups/{}", group.name),
            Self::Collection(collection) => format!("collections/{}", collection.id),
            Self::Reference(reference) => format!("references/{}", reference.id),
            Self::Behaviour(record) => {
                format!("file_behaviours/{}", objects::segment(&record.id))
            }
            Self::YaraRule(id) => format!("yara_rules/{}", objects::segment(id)),
            Self::None => String::new(),
        }
    }
}

/// An object, and what it can be asked for further.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) owner: Owner,
    pub(crate) object: Value,
}

/// What stands at the other end of a relationship.
#[expect(
    clippy::large_enum_variant,
    reason = "one is made a request and moved once; a box would only be in the way"
)]
pub(crate) enum Related {
    One(Option<Node>),
    Many(Listing<Node>),
}

/// Reads a relationship.
///
/// # Errors
/// There is no such relationship, or the caller's tier does not have it.
pub(crate) async fn related(
    ask: &Ask,
    owner: &Owner,
    name: &str,
    page: Page,
) -> Result<Related, ApiError> {
    let kind = owner.type_name();
    let Some(relation) = relations(kind).find(|relation| relation.name == name) else {
        return Err(ApiError::not_found(format!(
            "Type {kind:?} has no relationship {name:?}"
        )));
    };
    if relation.premium && !ask.account.is_premium() {
        return Err(ApiError::forbidden(format!(
            "Relationship {name:?} is not part of the {} tier",
            ask.account.tier
        )));
    }
    let filled = match owner {
        Owner::Item(kind, id) => of_item(ask, *kind, id, name, page).await?,
        Owner::Comment(comment) => Some(Related::One(match name {
            "author" => {
                let author = ask.app.store.account(&comment.author).await?;
                match author {
                    Some(account) => Some(user_node(ask, account).await?),
                    None => None,
                }
            }
            _ => Some(match comment.topic {
                Topic::Item(kind) => item::node(ask, kind, &comment.item).await?,
                Topic::Collection => other_node(ask, "collection", &comment.item).await?,
            }),
        })),
        Owner::Analysis(analysis) if analysis.group.is_some() => {
            let found = private::find(ask, analysis.kind, &analysis.item).await?;
            Some(Related::One(Some(private::node(ask, found).await?)))
        }
        Owner::Analysis(analysis) => Some(Related::One(Some(
            item::node(ask, analysis.kind, &analysis.item).await?,
        ))),
        Owner::Private(record) => Some(of_private(ask, record, name, page).await?),
        Owner::User(account) => of_user(ask, account, name, page).await?,
        Owner::Group(group) => {
            let names = match name {
                "users" => &group.members,
                "service_accounts" => &group.service_accounts,
                _ => &group.administrators,
            };
            let names = ask.part(page, names.clone());
            let mut entries = Vec::new();
            for name in names.entries {
                if let Some(account) = ask.app.store.account(&name).await? {
                    entries.push(user_node(ask, account).await?);
                }
            }
            Some(Related::Many(Listing {
                entries,
                next: names.next,
                total: names.total,
            }))
        }
        Owner::Collection(collection) => {
            let on = CommentFilter::On(Topic::Collection, &collection.id);
            match name {
                "owner" => Some(owner_node(ask, &collection.owner).await?),
                "comments" => Some(Related::Many(comments(ask, on, page).await?)),
                _ => Some(noted(ask, "collection", &collection.id, name, page).await?),
            }
        }
        Owner::Reference(reference) => {
            let id = &reference.id;
            match name {
                "owner" => Some(owner_node(ask, &reference.owner).await?),
                "collections" => Some(holding(ask, "reference", id, page).await?),
                _ => Some(noted(ask, "reference", id, name, page).await?),
            }
        }
        Owner::Behaviour(record) => sandboxes::of_report(ask, record, name, page).await?,
        Owner::YaraRule(id) => {
            let matches = ask.app.store.rule_matches(id, page).await?;
            let mut entries = Vec::new();
            for found in matches.entries {
                let mut node = item::node(ask, Kind::File, &found.sha256).await?;
                node.object["context_attributes"] = json!({"match_date": found.date});
                entries.push(node);
            }
            Some(Related::Many(Listing {
                entries,
                next: matches.next,
                total: matches.total,
            }))
        }
        Owner::None => None,
    };
    Ok(filled.unwrap_or_else(|| {
        if relation.one {
            Related::One(None)
        } else {
            Related::Many(Listing::empty())
        }
    }))
}

async fn of_item(
    ask: &Ask,
    kind: Kind,
    id: &str,
    name: &str,
    page: Page,
) -> Result<Option<Related>, ApiError> {
    if let Some(seen) = sandboxes::of_item(ask, kind, id, name, page).await? {
        return Ok(Some(seen));
    }
    let store = &ask.app.store;
    Ok(Some(Related::Many(match name {
        "comments" => comments(ask, CommentFilter::On(kind.into(), id), page).await?,
        "related_comments" => comments(ask, CommentFilter::Near(kind, id), page).await?,
        "votes" => votes(ask, VoteFilter::On(kind, id), page).await?,
        "user_votes" => votes(ask, VoteFilter::OnBy(kind, id, &ask.account.name), page).await?,
        "analyses" => {
            let listing = store.analyses(kind, id, page).await?;
            listing.map(|record| analysis_node(ask, record))
        }
        "submissions" => store.submissions(kind, id, page).await?.map(|record| Node {
            object: objects::submission(&ask.origin, &record, &ask.app.pseudonym_key),
            owner: Owner::None,
        }),
        "network_location" => {
            return Ok(Some(Related::One(item::network_location(ask, id).await?)));
        }
        "parent" | "immediate_parent" => {
            let parents = parents(id);
            let parent = match name {
                "parent" => parents.last(),
                _ => parents.first(),
            };
            return Ok(Some(Related::One(match parent {
                Some(parent) => Some(item::node(ask, kind, parent).await?),
                None => None,
            })));
        }
        "siblings" => {
            let filter = match parents(id).first() {
                Some(of) => RelationFilter::Beside {
                    kind: kind.as_str(),
                    id,
                    name: "children",
                    of,
                },
                None => return Ok(None),
            };
            related_nodes(ask, store.relations(filter, page).await?).await?
        }
        "hash_collisions" => collisions(ask, id, page).await?,
        "collections" => return Ok(Some(holding(ask, kind.as_str(), id, page).await?)),
        "related_collections" => {
            let Some(host) = item::network_location(ask, id).await? else {
                return Ok(None);
            };
            return match host.owner {
                Owner::Item(kind, id) => Ok(Some(holding(ask, kind.as_str(), &id, page).await?)),
                _ => Ok(None),
            };
        }
        "references" | "related_references" => {
            let filter = match name {
                "references" => ReferenceFilter::About(kind.as_str(), id),
                _ => ReferenceFilter::Near(kind.as_str(), id, &ask.account.name),
            };
            let listing = store.references(filter, page).await?;
            listing.map(|record| reference_node(ask, record))
        }
        _ => return Ok(Some(noted(ask, kind.as_str(), id, name, page).await?)),
    })))
}

/// Of what a group has for itself. The things at the other ends are everybody's.
async fn of_private(
    ask: &Ask,
    record: &PrivateItem,
    name: &str,
    page: Page,
) -> Result<Related, ApiError> {
    let (kind, key) = record.place();
    Ok(match (name, &record.item.url) {
        ("analyses", _) => {
            let of = Some((record.kind, record.id.as_str()));
            let (store, now) = (&ask.app.store, clock::now());
            let listing = store.private_analyses(&record.group, of, false, now, page);
            Related::Many(listing.await?.map(|record| analysis_node(ask, record)))
        }
        ("network_location", Some(url)) => Related::One(item::location_of(ask, url).await?),
        _ => noted(ask, kind, &key, name, page).await?,
    })
}

/// An analysis.
pub(crate) fn analysis_node(ask: &Ask, record: AnalysisRecord) -> Node {
    Node {
        object: objects::analysis(&ask.origin, &record),
        owner: Owner::Analysis(record),
    }
}

/// What was noted of a thing under a name, or at others of it.
async fn noted(
    ask: &Ask,
    kind: &str,
    id: &str,
    name: &str,
    page: Page,
) -> Result<Related, ApiError> {
    let inverse = INVERSES
        .iter()
        .find(|(of, here, ..)| (*of, *here) == (kind, name));
    let filter = match inverse {
        Some((_, _, there, name)) => RelationFilter::With {
            kind: there,
            name,
            other_kind: kind,
            other: id,
        },
        None => RelationFilter::Of { kind, id, name },
    };
    let one = relations(kind).any(|relation| relation.name == name && relation.one);
    let listing = ask.app.store.relations(filter, page).await?;
    let listing = related_nodes(ask, listing).await?;
    Ok(match one {
        true => Related::One(listing.entries.into_iter().next()),
        false => Related::Many(listing),
    })
}

/// The things at the other ends of relations, each with what it is there.
async fn related_nodes(
    ask: &Ask,
    listing: Listing<RelationRecord>,
) -> Result<Listing<Node>, ApiError> {
    let mut entries = Vec::new();
    for record in listing.entries {
        entries.push(related_node(ask, record).await?);
    }
    Ok(Listing {
        entries,
        next: listing.next,
        total: listing.total,
    })
}

/// The thing at the other end of a relation.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn related_node(ask: &Ask, record: RelationRecord) -> Result<Node, ApiError> {
    let url = record.context.get("url").and_then(Value::as_str);
    let mut node = match (record.kind.as_str(), url) {
        ("url", Some(url)) => item::url_node(ask, &record.id, url).await?,
        (kind, _) => other_node(ask, kind, &record.id).await?,
    };
    if !record.context.is_empty() {
        node.object["context_attributes"] = record.context.into();
    }
    Ok(node)
}

/// A thing by its type and id, as far as the caller may see it.
async fn other_node(ask: &Ask, kind: &str, id: &str) -> Result<Node, ApiError> {
    let store = &ask.app.store;
    let found = match kind {
        "file" => Some(item::node(ask, Kind::File, id).await?),
        "url" => Some(item::node(ask, Kind::Url, id).await?),
        "domain" => Some(item::node(ask, Kind::Domain, id).await?),
        "ip_address" => Some(item::node(ask, Kind::IpAddress, id).await?),
        "collection" => {
            let found = store.collection(id).await?;
            let found = found.filter(|one| !one.private || one.owner == ask.account.name);
            found.map(|record| collection_node(ask, record))
        }
        "reference" => {
            let found = store.reference(id).await?;
            found.map(|record| reference_node(ask, record))
        }
        _ => None,
    };
    Ok(found.unwrap_or_else(|| gone(kind, id)))
}

/// What is not there any more, or not for the caller.
pub(crate) fn gone(kind: &str, id: &str) -> Node {
    let error = json!({"code": "NotFoundError", "message": "Not available"});
    Node {
        object: json!({"type": kind, "id": id, "error": error}),
        owner: Owner::None,
    }
}

/// Other files with the MD5 or the SHA-1 of a file.
async fn collisions(ask: &Ask, id: &str, page: Page) -> Result<Listing<Node>, ApiError> {
    let store = &ask.app.store;
    let mut others = Vec::new();
    if let Some(Item {
        file: Some(file), ..
    }) = store.item(Kind::File, id).await?
    {
        for hash in [&file.md5, &file.sha1] {
            let Ok(hash) = hash.parse() else { continue };
            others.extend(store.files_with(&hash).await?);
        }
    }
    others.sort_unstable();
    others.dedup();
    others.retain(|other| other != id);
    let part = ask.part(page, others);
    let mut entries = Vec::new();
    for other in part.entries {
        entries.push(item::node(ask, Kind::File, &other).await?);
    }
    Ok(Listing {
        entries,
        next: part.next,
        total: part.total,
    })
}

/// The collections that hold a thing, of those that the caller may see.
async fn holding(ask: &Ask, kind: &str, id: &str, page: Page) -> Result<Related, ApiError> {
    let filter = CollectionFilter {
        viewer: &ask.account.name,
        holding: Some((kind, id)),
        ..CollectionFilter::default()
    };
    collections(ask, filter, NEWEST, page)
        .await
        .map(Related::Many)
}

/// How collections are ordered where nothing is said.
pub(crate) const NEWEST: (CollectionOrder, bool) = (CollectionOrder::Created, false);

/// Collections as nodes.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn collections(
    ask: &Ask,
    filter: CollectionFilter<'_>,
    order: (CollectionOrder, bool),
    page: Page,
) -> Result<Listing<Node>, ApiError> {
    let listing = ask.app.store.collections(filter, order, page).await?;
    Ok(listing.map(|record| collection_node(ask, record)))
}

/// A collection.
pub(crate) fn collection_node(ask: &Ask, record: CollectionRecord) -> Node {
    Node {
        object: objects::collection(&ask.origin, &record),
        owner: Owner::Collection(record),
    }
}

/// A reference.
pub(crate) fn reference_node(ask: &Ask, record: ReferenceRecord) -> Node {
    Node {
        object: objects::reference(&ask.origin, &record),
        owner: Owner::Reference(record),
    }
}

async fn owner_node(ask: &Ask, name: &str) -> Result<Related, ApiError> {
    let account = ask.app.store.account(name).await?;
    Ok(Related::One(match account {
        Some(account) => Some(user_node(ask, account).await?),
        None => None,
    }))
}

async fn of_user(
    ask: &Ask,
    account: &Account,
    name: &str,
    page: Page,
) -> Result<Option<Related>, ApiError> {
    Ok(Some(match name {
        "comments" => Related::Many(comments(ask, CommentFilter::By(&account.name), page).await?),
        "votes" => Related::Many(votes(ask, VoteFilter::By(&account.name), page).await?),
        "collections" => {
            let filter = CollectionFilter {
                viewer: &ask.account.name,
                owner: &account.name,
                ..CollectionFilter::default()
            };
            Related::Many(collections(ask, filter, NEWEST, page).await?)
        }
        "mentions" => {
            let filter = CommentFilter::Mentioning(&account.name);
            Related::Many(comments(ask, filter, page).await?)
        }
        "groups" | "api_quota_group" | "intelligence_quota_group" | "monitor_quota_group" => {
            // Whose group somebody is in is theirs to know.
            let node = match ask.app.store.group(&account.group).await? {
                Some(group) if may_see(ask, account) => Some(group_node(ask, group).await?),
                _ => None,
            };
            if name == "groups" {
                let entries: Vec<_> = node.into_iter().collect();
                let total = entries.len() as u64;
                Related::Many(Listing {
                    entries,
                    next: None,
                    total,
                })
            } else {
                Related::One(node)
            }
        }
        _ => return Ok(None),
    }))
}

/// Whether the caller may see what is private about a user.
pub(crate) fn may_see(ask: &Ask, account: &Account) -> bool {
    ask.account.name == account.name || may_manage(ask, account)
}

/// Whether the caller administers a user: the server, or the user's group. Who administers a group
/// has no say over who administers the server.
pub(crate) fn may_manage(ask: &Ask, account: &Account) -> bool {
    ask.account.administrator || (administers(ask, &account.group) && !account.administrator)
}

/// Whether the caller administers a group.
pub(crate) fn administers(ask: &Ask, group: &str) -> bool {
    ask.account.administrator || (ask.account.group_administrator && ask.account.group == group)
}

/// A user as the caller may see them.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn user_node(ask: &Ask, account: Account) -> Result<Node, ApiError> {
    let now = clock::now();
    let mut used = None;
    let mut last_login = None;
    if may_see(ask, &account) {
        used = Some(ask.app.ledger.used(&account, now).await?);
        // Every request is a login; of others' it is known to the day.
        last_login = match account.name == ask.account.name {
            true => Some(now),
            false => {
                let day = ask.app.store.last_day_of(&account.name).await?;
                day.map(|day| day * clock::DAY)
            }
        };
    }
    let mut object = objects::user(&ask.origin, &account, used);
    if let Some(last_login) = last_login {
        object["attributes"]["last_login"] = last_login.into();
    }
    Ok(Node {
        object,
        owner: Owner::User(account),
    })
}

/// A group as the caller may see it.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn group_node(ask: &Ask, group: Group) -> Result<Node, ApiError> {
    let inside = ask.account.administrator || ask.account.group == group.name;
    let used = match inside {
        true => Some(ask.app.ledger.group_used(&group.name, clock::now()).await?),
        false => None,
    };
    Ok(Node {
        object: objects::group(&ask.origin, &group, used),
        owner: Owner::Group(group),
    })
}

/// Comments as nodes.
pub(crate) async fn comments(
    ask: &Ask,
    filter: CommentFilter<'_>,
    page: Page,
) -> Result<Listing<Node>, ApiError> {
    Ok(ask
        .app
        .store
        .comments(filter, page)
        .await?
        .map(|record| Node {
            object: objects::comment(&ask.origin, &record),
            owner: Owner::Comment(record),
        }))
}

async fn votes(ask: &Ask, filter: VoteFilter<'_>, page: Page) -> Result<Listing<Node>, ApiError> {
    Ok(ask.app.store.votes(filter, page).await?.map(|record| Node {
        object: objects::vote(&ask.origin, &record),
        owner: Owner::None,
    }))
}

/// Type and id of an object, in which context it stands, and why it cannot be served if it cannot.
fn descriptor(object: &Value) -> Value {
    let mut descriptor = Map::new();
    for name in ["type", "id", "context_attributes", "error"] {
        if let Some(value) = object.get(name) {
            descriptor.insert(name.to_owned(), value.clone());
        }
    }
    descriptor.into()
}

/// The object, with the relationships inside that `relationships=` asks for. Names that its type
/// does not have, or the caller's tier, are passed over: clients ask for what other servers know.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn dressed(ask: &Ask, node: Node) -> Result<Value, ApiError> {
    let Node { owner, mut object } = node;
    let mut inside = Map::new();
    for name in ask.relationships() {
        let known = relations(owner.type_name()).find(|relation| relation.name == name);
        if known.is_none_or(|relation| relation.premium && !ask.account.is_premium()) {
            continue;
        }
        let path = owner.path();
        let mut links = Map::new();
        let own = ask.origin.api(format_args!("{path}/relationships/{name}"));
        links.insert("self".to_owned(), own.into());
        links.insert(
            "related".to_owned(),
            ask.origin.api(format_args!("{path}/{name}")).into(),
        );
        let relationship = match related(ask, &owner, name, INSIDE).await? {
            Related::One(node) => {
                json!({"data": node.map(|node| descriptor(&node.object)), "links": links})
            }
            Related::Many(listing) => {
                let mut meta = Map::new();
                meta.insert("count".to_owned(), listing.total.into());
                if let Some(next) = listing.next {
                    // Resumes the list of descriptors, whose path is its own.
                    let scope = format!("/api/v3/{path}/relationships/{name}");
                    let cursor = crate::cursor::encode(next, &scope);
                    let next = format!("{path}/relationships/{name}?cursor={cursor}");
                    links.insert("next".to_owned(), ask.origin.api(next).into());
                    meta.insert("cursor".to_owned(), cursor.into());
                }
                let data: Vec<_> = listing
                    .entries
                    .iter()
                    .map(|node| descriptor(&node.object))
                    .collect();
                json!({"data": data, "links": links, "meta": meta})
            }
        };
        inside.insert(name.to_owned(), relationship);
    }
    if ask.parameter("relationships").is_some() {
        object["relationships"] = inside.into();
    }
    ask.restrict(&mut object);
    Ok(object)
}

/// Answers `/{collection}/{id}/{relationship}`: whole objects.
///
/// # Errors
/// See [`related`]; the page's parameters are wrong.
pub(crate) async fn objects_at(ask: &Ask, owner: &Owner, name: &str) -> crate::ask::Answer {
    match related(ask, owner, name, ask.page()?).await? {
        Related::One(node) => {
            let data = match node {
                Some(node) => dressed(ask, node).await?,
                None => Value::Null,
            };
            Ok(axum::Json(json!({"data": data})))
        }
        Related::Many(listing) => page(ask, listing).await,
    }
}

/// Answers `/{collection}/{id}/relationships/{relationship}`: descriptors.
///
/// # Errors
/// See [`related`]; the page's parameters are wrong.
pub(crate) async fn descriptors_at(ask: &Ask, owner: &Owner, name: &str) -> crate::ask::Answer {
    match related(ask, owner, name, ask.page()?).await? {
        Related::One(node) => {
            let path = owner.path();
            Ok(axum::Json(json!({
                "data": node.map(|node| descriptor(&node.object)),
                "links": {
                    "self": ask.origin.api(format_args!("{path}/relationships/{name}")),
                    "related": ask.origin.api(format_args!("{path}/{name}")),
                },
            })))
        }
        Related::Many(listing) => Ok(ask.list(listing.map(|node| descriptor(&node.object)))),
    }
}

/// A page of whole objects, each with the relationships that were asked for.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn page(ask: &Ask, listing: Listing<Node>) -> crate::ask::Answer {
    let Listing {
        entries,
        next,
        total,
    } = listing;
    let mut objects = Vec::with_capacity(entries.len());
    for node in entries {
        objects.push(dressed(ask, node).await?);
    }
    Ok(ask.list(Listing {
        entries: objects,
        next,
        total,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relationship_is_described() {
        for (kind, _) in TYPES {
            for relation in relations(kind) {
                assert!(
                    DESCRIPTIONS.iter().any(|(name, _)| *name == relation.name),
                    "{} of {kind} has no description",
                    relation.name
                );
            }
        }
    }

    #[test]
    fn nothing_is_described_that_is_not_there() {
        let names: Vec<_> = TYPES
            .iter()
            .flat_map(|(kind, _)| relations(kind))
            .map(|r| r.name)
            .collect();
        for (name, _) in DESCRIPTIONS {
            assert!(names.contains(name), "{name} is no relationship");
        }
    }
}
