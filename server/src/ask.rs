//! A request as handlers see it: who asks, by which address of ours, with which parameters; and
//! the two ways to answer, an object or a page of a list.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Instant;

use crate::app::App;
use crate::clock;
use crate::cursor;
use crate::error::ApiError;
use crate::gate::Admitted;
use crate::origin::{Origin, country};
use crate::quota::Refusal;
use crate::store::epoch::Epoch;
use crate::store::{Account, Actor, Listing, Page};

/// What handlers answer.
pub(crate) type Answer = Result<Json<Value>, ApiError>;

/// Entries of a page where nothing is said.
const DEFAULT_LIMIT: u32 = 10;

/// Most entries of a page; who asks for more gets so many.
const MAX_LIMIT: u32 = 40;

/// Most bytes of a JSON or form body.
const MAX_BODY: usize = 256 * 1024;

/// An authenticated request without its body.
pub(crate) struct Ask {
    pub(crate) app: App,
    pub(crate) account: Arc<Account>,
    /// In which epoch of the store they ask; nothing where that cannot be told.
    pub(crate) epoch: Option<Epoch>,
    /// Scheme, host and port that the client used, such as `https://quorum.example`.
    pub(crate) origin: Origin,
    /// The path, with the API's prefix.
    path: String,
    query: Vec<(String, String)>,
    /// By which door the request came.
    pub(crate) interface: &'static str,
    /// From which country, where that is known.
    pub(crate) country: Option<String>,
}

/// The name of a report that was asked for without parameters.
pub(crate) fn report_name(group: &str, origin: &Origin, path: &str) -> String {
    format!("{group}\n{origin}\n{path}")
}

/// The door by which a request came, as our own programs name themselves.
pub(crate) fn interface(headers: &HeaderMap) -> &'static str {
    let tool = headers.get("x-tool").and_then(|tool| tool.to_str().ok());
    match tool {
        Some("quorum-extension") => "extension",
        Some("quorum-web") => "web",
        Some(tool) if tool == "quorum-cli" || tool.starts_with("quorum/") => "cli",
        Some("quorum-mail") => "mail",
        _ => "api",
    }
}

impl FromRequestParts<App> for Ask {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let admitted = parts.extensions.get::<Admitted>();
        // The gate lets nobody through without: a route outside of it asks for an account.
        let admitted = admitted.ok_or_else(ApiError::authentication_required)?;
        let Admitted { account, epoch } = admitted.clone();
        let origin = Origin::from_request_parts(parts, app).await?;
        let uri = match OriginalUri::from_request_parts(parts, app).await {
            Ok(OriginalUri(uri)) => uri,
        };
        Ok(Self {
            app: app.clone(),
            account,
            epoch,
            origin,
            path: uri.path().to_owned(),
            query: form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            interface: interface(&parts.headers),
            country: country(parts, app),
        })
    }
}

impl Ask {
    /// Lets only who made something, and administrators of the server, do something about it.
    ///
    /// # Errors
    /// It is somebody else's: `otherwise`.
    pub(crate) fn author_only(&self, author: &str, otherwise: &str) -> Result<(), ApiError> {
        if author == self.account.name || self.account.administrator {
            Ok(())
        } else {
            Err(ApiError::forbidden(otherwise))
        }
    }

    /// A parameter of the query; of several with one name the first.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All parameters of one name.
    pub(crate) fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.query.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The names in `relationships=`.
    pub(crate) fn relationships(&self) -> Vec<&str> {
        let asked = self.parameter("relationships").unwrap_or_default();
        let mut names: Vec<_> = asked
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Keeps of an object's attributes those that `attributes=` names, if it names any.
    pub(crate) fn restrict(&self, object: &mut Value) {
        let asked = self.parameter("attributes").unwrap_or_default();
        let names: Vec<_> = asked.split(',').map(str::trim).collect();
        if asked.trim().is_empty() {
            return;
        }
        if let Some(attributes) = object.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.retain(|name, _| names.contains(&name.as_str()));
        }
    }

    /// By what a list is to be ordered, of what it can be, and whether from the least up; `None`
    /// where nothing is said. `+` after the name is up, as is nothing, and `-` is down.
    ///
    /// # Errors
    /// The list has no such order.
    pub(crate) fn order<T: Copy>(
        &self,
        allowed: &[(&str, T)],
    ) -> Result<Option<(T, bool)>, ApiError> {
        let asked = self.parameter("order").unwrap_or_default();
        if asked.is_empty() {
            return Ok(None);
        }
        // A `+` that was not escaped has become a space.
        let (name, up) = match asked.strip_suffix(['+', ' ']) {
            Some(name) => (name, true),
            None => match asked.strip_suffix('-') {
                Some(name) => (name, false),
                None => (asked, true),
            },
        };
        match allowed.iter().find(|(known, _)| *known == name) {
            Some((_, order)) => Ok(Some((*order, up))),
            None => {
                let known: Vec<_> = allowed.iter().map(|(known, _)| *known).collect();
                Err(ApiError::invalid_argument(format!(
                    "order is {asked:?}; it must be one of {}, with + or - behind it",
                    known.join(", ")
                )))
            }
        }
    }

    /// Which page is asked for.
    ///
    /// # Errors
    /// `limit` is no number above 0, or `cursor` is not one of this list's.
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        let limit = match self.parameter("limit").unwrap_or_default() {
            "" => DEFAULT_LIMIT,
            text => match text.parse::<u64>() {
                Ok(limit) if limit > 0 => limit.min(MAX_LIMIT.into()) as u32,
                _ => {
                    return Err(ApiError::invalid_argument(format!(
                        "limit is {text:?}; it must be a number from 1 to {MAX_LIMIT}"
                    )));
                }
            },
        };
        // One client sends two quotation marks where it means nothing.
        let before = match self.parameter("cursor").unwrap_or_default() {
            "" | "\"\"" => None,
            text => Some(cursor::decode(text, &self.scope()).ok_or_else(|| {
                ApiError::bad_request("cursor is not one that this list gave away")
            })?),
        };
        Ok(Page { before, limit })
    }

    /// What makes a list this one and no other: its path and filters.
    fn scope(&self) -> String {
        let mut scope = self.path.clone();
        for (key, value) in &self.query {
            if !matches!(
                key.as_str(),
                "limit" | "cursor" | "relationships" | "attributes"
            ) {
                scope.push_str(&format!("\n{key}={value}"));
            }
        }
        scope
    }

    /// This request's address, with another cursor if one is given.
    fn link(&self, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in &self.query {
            if key != "cursor" || cursor.is_none() {
                query.append_pair(key, value);
            }
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        match query.finish().as_str() {
            "" => format!("{}{}", self.origin, self.path),
            query => format!("{}{}?{query}", self.origin, self.path),
        }
    }

    /// The envelope of a page.
    pub(crate) fn list(&self, listing: Listing<Value>) -> Json<Value> {
        let mut meta = Map::new();
        let mut links = Map::new();
        meta.insert("count".to_owned(), listing.total.into());
        links.insert("self".to_owned(), self.link(None).into());
        if let Some(next) = listing.next {
            let cursor = cursor::encode(next, &self.scope());
            links.insert("next".to_owned(), self.link(Some(&cursor)).into());
            meta.insert("cursor".to_owned(), cursor.into());
        }
        Json(json!({"data": listing.entries, "meta": meta, "links": links}))
    }

    /// What names a report that does not depend on who asks, but on the group whose first reading of
    /// a new file is free; nothing for one with relationships, which show not everybody the same.
    pub(crate) fn report_name(&self) -> Option<String> {
        if self.parameter("relationships").is_some() {
            return None;
        }
        let mut name = report_name(&self.account.group, &self.origin, &self.path);
        if let Some(attributes) = self.parameter("attributes") {
            name.push('\n');
            name.push_str(attributes);
        }
        Some(name)
    }

    /// Counts this request against the quota.
    ///
    /// # Errors
    /// The quota does not allow it.
    pub(crate) async fn charge(&self, endpoint: &'static str) -> Result<(), ApiError> {
        charge(&self.app, &self.account, endpoint).await
    }

    /// Who asks, as submissions and the audit log note it.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor {
            account: &self.account.name,
            group: &self.account.group,
            interface: self.interface,
            country: self.country.as_deref(),
        }
    }

    /// A page of a list that is here as a whole: its cursors are places in it.
    pub(crate) fn part<T>(&self, page: Page, all: Vec<T>) -> Listing<T> {
        let total = all.len() as u64;
        let start = usize::try_from(page.before.unwrap_or(0)).unwrap_or(usize::MAX);
        let end = start.saturating_add(page.limit as usize);
        let entries = all.into_iter().skip(start).take(page.limit as usize);
        Listing {
            entries: entries.collect(),
            next: (end < total as usize).then_some(end as i64),
            total,
        }
    }
}

/// Counts one request of an account against its quota.
///
/// # Errors
/// The quota does not allow it.
pub(crate) async fn charge(
    app: &App,
    account: &Account,
    endpoint: &'static str,
) -> Result<(), ApiError> {
    let charged = app
        .ledger
        .charge(account, endpoint, clock::now(), Instant::now());
    allowed(charged.await?)
}

/// What the ledger refuses, as an answer.
///
/// # Errors
/// It refuses.
pub(crate) fn allowed(outcome: Result<(), Refusal>) -> Result<(), ApiError> {
    outcome.map_err(|refusal| match refusal {
        Refusal::Burst { retry_after } => ApiError::too_many_requests(retry_after),
        Refusal::Spent => ApiError::quota_exceeded(),
    })
}

/// One segment of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

/// All bytes of a body that has to be small.
///
/// # Errors
/// It is larger than [`MAX_BODY`], or it broke off.
pub(crate) async fn small_body(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::bad_request(format!("The body broke off: {error}")))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(ApiError::too_large(format!(
                "The body is larger than {MAX_BODY} bytes"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A JSON body, whatever the content type says: clients say many things.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        read_json(&small_body(request.into_body()).await?).map(Self)
    }
}

/// Reads a JSON body.
///
/// # Errors
/// It is not JSON, or not as it should be.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            ApiError::invalid_argument(format!("The body is not as it should be: {error}"))
        } else {
            ApiError::bad_request(format!("The body is not JSON: {error}"))
        }
    })
}
