//! What files, URLs, domains and IP addresses have in common: a report, a new analysis, comments,
//! votes and relationships. The nouns' modules get their endpoints from [`item_routes`].

use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Indicator, Kind, UrlRef};
use quorum_core::report::VoteVerdict;
use serde_json::json;

use super::document::{MAX_COMMENT, NewComment, NewVote};
use crate::app::App;
use crate::ask::{Answer, Ask, charge, report_name};
use crate::clock;
use crate::engines::Subject;
use crate::error::ApiError;
use crate::gate::Admitted;
use crate::kept::Report;
use crate::objects;
use crate::origin::Origin;
use crate::relationships::{Node, Owner, descriptors_at, dressed, gone, objects_at};
use crate::store::epoch::Epoch;
use crate::store::{CastVote, Item};

/// Makes the endpoints that every noun has, as functions `report`, `analyse`, `add_comment`,
/// `add_vote`, `comments`, `votes`, `relationship` and `descriptors`, and `common_routes` over
/// them.
macro_rules! item_routes {
    ($kind:expr, $noun:literal, $id:literal, $pattern:literal) => {
        #[doc = concat!("Report on one of the ", $noun, ".")]
        #[utoipa::path(
            get, path = concat!("/", $noun, "/{id}"), tag = $noun,
            operation_id = concat!($noun, "_report"),
            params(
                ("id" = String, Path, description = $id, pattern = $pattern),
                ("relationships" = Option<String>, Query, description = "Names, with commas between")
            ),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn report(ask: Ask, Path(id): Path<String>) -> Result<Response, ApiError> {
            item::report(&ask, $kind, &id).await
        }

        #[doc = "Asks for a new analysis."]
        #[utoipa::path(
            post, path = concat!("/", $noun, "/{id}/analyse"), tag = $noun,
            operation_id = concat!($noun, "_analyse"),
            params(("id" = String, Path, description = $id, pattern = $pattern)),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn analyse(ask: Ask, Path(id): Path<String>) -> Answer {
            item::analyse(&ask, $kind, &id).await
        }

        #[doc = "Comments, newest first."]
        #[utoipa::path(
            get, path = concat!("/", $noun, "/{id}/comments"), tag = $noun,
            operation_id = concat!($noun, "_comments"),
            params(
                ("id" = String, Path, description = $id, pattern = $pattern),
                ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
                ("relationships" = Option<String>, Query)
            ),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn comments(ask: Ask, Path(id): Path<String>) -> Answer {
            item::relationship(&ask, $kind, &id, "comments").await
        }

        #[doc = "Adds a comment; its `#words` become tags."]
        #[utoipa::path(
            post, path = concat!("/", $noun, "/{id}/comments"), tag = $noun,
            operation_id = concat!($noun, "_add_comment"),
            params(("id" = String, Path, description = $id, pattern = $pattern)),
            request_body = NewComment,
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn add_comment(
            ask: Ask, Path(id): Path<String>, JsonBody(body): JsonBody<NewComment>,
        ) -> Answer {
            item::add_comment(&ask, $kind, &id, body).await
        }

        #[doc = "Votes, newest first."]
        #[utoipa::path(
            get, path = concat!("/", $noun, "/{id}/votes"), tag = $noun,
            operation_id = concat!($noun, "_votes"),
            params(
                ("id" = String, Path, description = $id, pattern = $pattern),
                ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
            ),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn votes(ask: Ask, Path(id): Path<String>) -> Answer {
            item::relationship(&ask, $kind, &id, "votes").await
        }

        #[doc = "Votes `harmless` or `malicious`, once."]
        #[utoipa::path(
            post, path = concat!("/", $noun, "/{id}/votes"), tag = $noun,
            operation_id = concat!($noun, "_add_vote"),
            params(("id" = String, Path, description = $id, pattern = $pattern)),
            request_body = NewVote,
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn add_vote(
            ask: Ask, Path(id): Path<String>, JsonBody(body): JsonBody<NewVote>,
        ) -> Answer {
            item::add_vote(&ask, $kind, &id, body).await
        }

        #[doc = "Objects at the other end of a relationship."]
        #[utoipa::path(
            get, path = concat!("/", $noun, "/{id}/{relationship}"), tag = $noun,
            operation_id = concat!($noun, "_relationship"),
            params(
                ("id" = String, Path, description = $id, pattern = $pattern), ("relationship" = String, Path),
                ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
                ("relationships" = Option<String>, Query)
            ),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn relationship(
            ask: Ask, Path((id, name)): Path<(String, String)>,
        ) -> Answer {
            item::relationship(&ask, $kind, &id, &name).await
        }

        #[doc = "The same as descriptors: type and id only."]
        #[utoipa::path(
            get, path = concat!("/", $noun, "/{id}/relationships/{relationship}"), tag = $noun,
            operation_id = concat!($noun, "_descriptors"),
            params(
                ("id" = String, Path, description = $id, pattern = $pattern), ("relationship" = String, Path),
                ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
            ),
            responses((status = 200, body = Envelope), Errors)
        )]
        pub(crate) async fn descriptors(
            ask: Ask, Path((id, name)): Path<(String, String)>,
        ) -> Answer {
            item::descriptors(&ask, $kind, &id, &name).await
        }

        fn common_routes() -> OpenApiRouter<App> {
            OpenApiRouter::default()
                .routes(routes!(report))
                .routes(routes!(analyse))
                .routes(routes!(comments, add_comment))
                .routes(routes!(votes, add_vote))
                .routes(routes!(relationship))
                .routes(routes!(descriptors))
        }
    };
}
pub(super) use item_routes;

/// Something that a report can be given on.
pub(crate) struct Found {
    pub(crate) subject: Subject,
    /// Its id in answers.
    pub(crate) id: String,
    /// What the store knows of it; nothing for what only a list knows, and for names and
    /// addresses that nobody has said anything about.
    pub(crate) item: Option<Item>,
}

pub(super) fn missing(kind: Kind, raw: &str) -> ApiError {
    let word = match kind {
        Kind::File => "File",
        Kind::Url => "URL",
        Kind::Domain => "Domain",
        Kind::IpAddress => "IP address",
    };
    ApiError::not_found(format!("{word} {raw:?} not found"))
}

/// Finds what a request names.
///
/// # Errors
/// The name is not of its kind; or it is a file or URL that was never sent in and is on no list.
pub(crate) async fn find(ask: &Ask, kind: Kind, raw: &str) -> Result<Found, ApiError> {
    let refused = |what: &str| ApiError::invalid_argument(format!("{raw:?} is not {what}"));
    match kind {
        Kind::File => find_file(ask, file_hash(raw)?)
            .await?
            .ok_or_else(|| missing(kind, raw)),
        Kind::Url => {
            let reference: UrlRef = raw
                .parse()
                .map_err(|error| refused(&format!("a URL id: {error}")))?;
            let reference = match reference {
                UrlRef::Url(url) => UrlRef::Url(url.without_credentials()),
                id @ UrlRef::Id(_) => id,
            };
            find_url(ask, reference)
                .await?
                .ok_or_else(|| missing(kind, raw))
        }
        Kind::Domain => {
            let domain: Domain = raw
                .parse()
                .map_err(|error| refused(&format!("a domain name: {error}")))?;
            let id = domain.to_string();
            let item = ask.app.store.item(kind, &id).await?;
            Ok(Found {
                subject: Subject::Domain(domain),
                id,
                item,
            })
        }
        Kind::IpAddress => {
            let ip = raw
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse()
                .map_err(|_| refused("an IP address"))?;
            let subject = Subject::Ip(ip);
            let id = ip.to_string();
            let item = ask.app.store.item(kind, &id).await?;
            Ok(Found { subject, id, item })
        }
    }
}

/// The hash that a request names a file by.
///
/// # Errors
/// It is none.
pub(super) fn file_hash(raw: &str) -> Result<FileHash, ApiError> {
    raw.parse()
        .map_err(|error| ApiError::invalid_argument(format!("{raw:?} is not a file hash: {error}")))
}

/// The SHA-256 by which the store knows a file: that of the first file with this hash.
pub(super) async fn sha256_of(ask: &Ask, hash: &FileHash) -> Result<Option<String>, ApiError> {
    Ok(match hash {
        FileHash::Sha256(sha256) => Some(sha256.to_string()),
        _ => ask.app.store.files_with(hash).await?.into_iter().next(),
    })
}

/// Finds a file by any of its hashes.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn find_file(ask: &Ask, hash: FileHash) -> Result<Option<Found>, ApiError> {
    if let Some(sha256) = sha256_of(ask, &hash).await? {
        let item = ask.app.store.item(Kind::File, &sha256).await?;
        if let Some(item) = item
            && let Some(file) = &item.file
        {
            let subject = Subject::File {
                md5: file.md5.parse().ok(),
                sha1: file.sha1.parse().ok(),
                sha256: sha256.parse().ok(),
                content: None,
            };
            return Ok(Some(Found {
                subject,
                id: sha256,
                item: Some(item),
            }));
        }
    }
    let engines = ask.app.engines.clone();
    if !blocking(move || engines.hashes.lists(&hash)).await? {
        return Ok(None);
    }
    let id = hash.to_string();
    let item = ask.app.store.item(Kind::File, &id).await?;
    Ok(Some(Found {
        subject: Subject::hash(hash),
        id,
        item,
    }))
}

/// Finds a URL by its id.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn find_url(ask: &Ask, reference: UrlRef) -> Result<Option<Found>, ApiError> {
    let sha256 = reference.id();
    let id = sha256.to_string();
    let item = ask.app.store.item(Kind::Url, &id).await?;
    let stored = item
        .as_ref()
        .and_then(|item| item.url.as_deref())
        .and_then(|url| url.parse::<CanonicalUrl>().ok());
    let url = match stored {
        Some(url) => url,
        None => {
            let engines = ask.app.engines.clone();
            match blocking(move || engines.urls.find(&sha256)).await? {
                Some(url) => url,
                None => return Ok(None),
            }
        }
    };
    Ok(Some(Found {
        subject: Subject::Url(url),
        id,
        item,
    }))
}

/// Runs what may read files where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ApiError::internal())
}

impl Found {
    fn owner(&self) -> Owner {
        Owner::Item(self.subject.kind(), self.id.clone())
    }

    /// Whether its report is the same at any time: that on what was neither sent in nor analysed says
    /// that it is of now.
    fn is_timeless(&self) -> bool {
        let known = |item: &Item| item.times_submitted > 0 || item.analysis.is_some();
        self.item.as_ref().is_some_and(known)
    }

    /// Its report.
    pub(crate) async fn node(self, ask: &Ask) -> Node {
        let listed = ask.app.engines.ask_lists(self.subject.clone()).await;
        Node {
            object: objects::report(
                &ask.origin,
                &self.id,
                &self.subject,
                self.item.as_ref(),
                listed,
            ),
            owner: self.owner(),
        }
    }
}

/// The report at the other end of a relationship.
///
/// # Errors
/// It is gone, or the store does not answer.
pub(crate) async fn node(ask: &Ask, kind: Kind, id: &str) -> Result<Node, ApiError> {
    match find(ask, kind, id).await {
        Ok(found) => Ok(found.node(ask).await),
        // Commented on while it was on a list, and taken off since.
        Err(error) if error.is_not_found() => Ok(gone(kind.as_str(), id)),
        Err(error) => Err(error),
    }
}

/// The report on a URL of which the text is known, whether or not it was sent in.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn url_node(ask: &Ask, id: &str, text: &str) -> Result<Node, ApiError> {
    match (find(ask, Kind::Url, id).await, text.parse()) {
        (Ok(found), _) => Ok(found.node(ask).await),
        (Err(error), Ok(url)) if error.is_not_found() => {
            let found = Found {
                subject: Subject::Url(url),
                id: id.to_owned(),
                item: None,
            };
            Ok(found.node(ask).await)
        }
        (Err(error), _) => Err(error),
    }
}

/// The domain or address that a URL is on.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn network_location(ask: &Ask, id: &str) -> Result<Option<Node>, ApiError> {
    let Found {
        subject: Subject::Url(url),
        ..
    } = find(ask, Kind::Url, id).await?
    else {
        return Ok(None);
    };
    location_of(ask, url.as_str()).await
}

/// The same of a URL's text.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn location_of(ask: &Ask, url: &str) -> Result<Option<Node>, ApiError> {
    let url: Option<CanonicalUrl> = url.parse().ok();
    match url.and_then(|url| url.host_indicator()) {
        Some(host @ (Indicator::Domain(_) | Indicator::Ip(_))) => {
            Ok(Some(node(ask, host.kind(), &host.to_string()).await?))
        }
        _ => Ok(None),
    }
}

/// `GET /{noun}/{id}`
pub(crate) async fn report(ask: &Ask, kind: Kind, raw: &str) -> Result<Response, ApiError> {
    let place = Place::of(ask, kind);
    if let Some(body) = place.as_ref().and_then(|place| place.find(&ask.app)) {
        // Nothing was committed since it was read and not free.
        if kind == Kind::File {
            ask.charge("files").await?;
        }
        return Ok(sent(body));
    }
    if kind == Kind::File {
        // Who sent a new file in reads its first report free of charge.
        let sha256 = match raw.parse() {
            Ok(hash) => sha256_of(ask, &hash).await?,
            Err(_) => None,
        };
        let free = match sha256 {
            Some(sha256) => {
                let store = &ask.app.store;
                let taken = store.take_free_read(&sha256, &ask.account.group).await;
                // Where nothing can be written, reading goes on: while a store is moved, or the
                // disk is full.
                taken.unwrap_or_else(|error| {
                    tracing::warn!(%error, "a free reading cannot be taken");
                    false
                })
            }
            None => false,
        };
        if !free {
            ask.charge("files").await?;
        }
    }
    let found = find(ask, kind, raw).await;
    let is_timeless = found.as_ref().is_ok_and(Found::is_timeless);
    let node = with_upstream(ask, kind, raw, found).await?;
    let report = json!({"data": dressed(ask, node).await?});
    let body = Bytes::from(report.to_string());
    if let Some(place) = place {
        place.keep(ask, body.clone(), is_timeless);
    }
    Ok(sent(body))
}

/// The report of a path, if it is kept, for who asks for it without parameters.
///
/// # Errors
/// The quota does not allow it.
pub(crate) async fn kept(
    app: &App,
    Admitted { account, epoch }: &Admitted,
    kind: Kind,
    (origin, path): (&Origin, &str),
) -> Result<Option<Response>, ApiError> {
    let name = || report_name(&account.group, origin, path);
    let place = epoch.and_then(|epoch| Place::named(app, epoch, kind, name));
    let Some(body) = place.and_then(|place| place.find(app)) else {
        return Ok(None);
    };
    charge(app, account, kind.collection()).await?;
    Ok(Some(sent(body)))
}

fn sent(body: Bytes) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], body).into_response()
}

/// Where a report is kept that depends on nothing but what is named here.
struct Place {
    epoch: Epoch,
    name: String,
    kind: Kind,
    lists: u64,
    second: i64,
    began: Instant,
}

impl Place {
    /// `None` for a report that nobody can say to be true still when it is asked for again.
    fn of(ask: &Ask, kind: Kind) -> Option<Self> {
        let name = ask.report_name()?;
        Self::named(&ask.app, ask.epoch?, kind, || name)
    }

    fn named(app: &App, epoch: Epoch, kind: Kind, name: impl FnOnce() -> String) -> Option<Self> {
        // What another backend says depends on budgets, pauses and times.
        if app.upstream.is_some() {
            return None;
        }
        Some(Self {
            epoch,
            lists: app.engines.lists_version(kind)?,
            name: name(),
            kind,
            second: clock::now(),
            began: Instant::now(),
        })
    }

    fn find(&self, app: &App) -> Option<Bytes> {
        app.kept
            .report(self.epoch, &self.name, self.lists, self.second)
    }

    fn keep(self, ask: &Ask, body: Bytes, is_timeless: bool) {
        let stayed = ask.app.engines.lists_version(self.kind) == Some(self.lists);
        // A list that is late has not said what it will say next.
        let in_time = self.began.elapsed() < ask.app.config.engine_timeout();
        let only_at = (!is_timeless).then_some(self.second);
        if stayed && in_time && only_at.is_none_or(|second| second == clock::now()) {
            let Self {
                epoch, name, lists, ..
            } = self;
            let report = Report {
                body,
                lists,
                only_at,
            };
            ask.app.kept.keep_report(epoch, name, report);
        }
    }
}

/// The report on what was found, or was not, with what the upstream says of it.
async fn with_upstream(
    ask: &Ask,
    kind: Kind,
    raw: &str,
    found: Result<Found, ApiError>,
) -> Result<Node, ApiError> {
    let Some(upstream) = &ask.app.upstream else {
        return Ok(found?.node(ask).await);
    };
    let found = match found {
        Err(error) if !error.is_not_found() => return Err(error),
        found => found,
    };
    let text = match &found {
        Ok(Found {
            subject: Subject::Url(url),
            ..
        }) => Some(url.as_str()),
        _ => None,
    };
    let (store, group) = (&*ask.app.store, &ask.account.group);
    let told = upstream.look_up(store, group, kind, raw, text).await;
    match (found, told) {
        (Ok(found), Some(told)) => {
            let mut node = found.node(ask).await;
            told.lay_under(kind, &mut node.object);
            Ok(node)
        }
        (Ok(found), None) => Ok(found.node(ask).await),
        (Err(_), Some(told)) if told.is_known() => {
            let id = told.id(kind).ok_or_else(|| missing(kind, raw))?;
            let mut object = objects::bare(&ask.origin, kind, &id);
            told.lay_under(kind, &mut object);
            let owner = Owner::Item(kind, id);
            Ok(Node { owner, object })
        }
        (Err(error), _) => Err(error),
    }
}

/// `POST /{noun}/{id}/analyse`
pub(crate) async fn analyse(ask: &Ask, kind: Kind, raw: &str) -> Answer {
    let found = find(ask, kind, raw).await?;
    let analysis = ask
        .app
        .store
        .analyse(kind, &found.id, ask.actor(), clock::now())
        .await?
        .ok_or_else(|| missing(kind, raw))?;
    ask.app.bell.ring().await;
    Ok(Json(
        json!({"data": objects::analysis_descriptor(&ask.origin, &analysis, false)}),
    ))
}

/// `GET /{noun}/{id}/{relationship}`
pub(crate) async fn relationship(ask: &Ask, kind: Kind, raw: &str, name: &str) -> Answer {
    let found = find(ask, kind, raw).await?;
    objects_at(ask, &found.owner(), name).await
}

/// `GET /{noun}/{id}/relationships/{relationship}`
pub(crate) async fn descriptors(ask: &Ask, kind: Kind, raw: &str, name: &str) -> Answer {
    let found = find(ask, kind, raw).await?;
    descriptors_at(ask, &found.owner(), name).await
}

/// Refuses what says nothing, or too much.
///
/// # Errors
/// See above.
pub(crate) fn said(what: &str, text: &str) -> Result<(), ApiError> {
    if text.trim().is_empty() {
        return Err(ApiError::invalid_argument(format!(
            "The {what} has no text"
        )));
    }
    if text.chars().count() > MAX_COMMENT {
        return Err(ApiError::invalid_argument(format!(
            "The {what} is longer than {MAX_COMMENT} characters"
        )));
    }
    Ok(())
}

/// `POST /{noun}/{id}/comments`
pub(crate) async fn add_comment(ask: &Ask, kind: Kind, raw: &str, body: NewComment) -> Answer {
    let text = body.data.attributes.text.as_str();
    said("comment", text)?;
    let found = find(ask, kind, raw).await?;
    let record = ask
        .app
        .store
        .add_comment(
            kind.into(),
            &found.id,
            &ask.account.name,
            text,
            clock::now(),
        )
        .await?
        .ok_or_else(|| missing(kind, raw))?;
    let object = objects::comment(&ask.origin, &record);
    Ok(Json(
        json!({"data": dressed(ask, Node { owner: Owner::Comment(record), object }).await?}),
    ))
}

/// `POST /{noun}/{id}/votes`
pub(crate) async fn add_vote(ask: &Ask, kind: Kind, raw: &str, body: NewVote) -> Answer {
    let verdict = body.data.attributes.verdict;
    let found = find(ask, kind, raw).await?;
    let name = &ask.account.name;
    match ask
        .app
        .store
        .vote(kind, &found.id, name, verdict, clock::now())
        .await?
    {
        CastVote::Cast(record) => Ok(Json(json!({"data": objects::vote(&ask.origin, &record)}))),
        CastVote::Already(earlier) => {
            let earlier = match earlier {
                VoteVerdict::Harmless => "harmless",
                VoteVerdict::Malicious => "malicious",
            };
            let word = match kind {
                Kind::File => "file",
                Kind::Url => "URL",
                Kind::Domain => "domain",
                Kind::IpAddress => "IP address",
            };
            Err(ApiError::already_exists(format!(
                "User \"{name}\" already voted \"{earlier}\" for this {word}"
            )))
        }
    }
}
