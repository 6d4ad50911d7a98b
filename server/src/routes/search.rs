//! `/search`: finds an object by what a person would write, or comments by tag or text.

use quorum_core::indicator::{FileHash, Indicator, UrlRef};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::item::{self, Found};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask};
use crate::error::ApiError;
use crate::relationships::{self, Node};
use crate::store::{CommentFilter, Listing};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(search))
}

/// Finds files by hash, URLs, domains and IP addresses by their text, comments by `#tag` or by
/// words.
#[utoipa::path(
    get, path = "/search", tag = "search",
    params(
        ("query" = String, Query, pattern = "\\S"), ("limit" = Option<u32>, Query, minimum = 1),
        ("cursor" = Option<String>, Query), ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn search(ask: Ask) -> Answer {
    let query = ask.parameter("query").unwrap_or_default().trim().to_owned();
    if query.is_empty() {
        return Err(ApiError::invalid_argument("query is empty"));
    }
    let page = ask.page()?;
    let listing = if let Some(tag) = query.strip_prefix('#') {
        relationships::comments(&ask, CommentFilter::Tag(&tag.to_lowercase()), page).await?
    } else if let Ok(indicator) = Indicator::read(&query) {
        let mut entries = Vec::new();
        for found in objects(&ask, indicator).await? {
            entries.push(found.node(&ask).await);
        }
        whole(entries)
    } else {
        relationships::comments(&ask, CommentFilter::Saying(&query), page).await?
    };
    relationships::page(&ask, listing).await
}

fn whole(entries: Vec<Node>) -> Listing<Node> {
    let total = entries.len() as u64;
    Listing {
        entries,
        next: None,
        total,
    }
}

/// The objects that an indicator names: none if nobody has seen it, several where files collide.
async fn objects(ask: &Ask, indicator: Indicator) -> Result<Vec<Found>, ApiError> {
    match indicator {
        Indicator::File(hash) => {
            let mut found = Vec::new();
            for sha256 in ask.app.store.files_with(&hash).await? {
                if let Ok(sha256) = sha256.parse() {
                    found.extend(item::find_file(ask, FileHash::Sha256(sha256)).await?);
                }
            }
            if found.is_empty() {
                found.extend(item::find_file(ask, hash).await?);
            }
            Ok(found)
        }
        Indicator::Url(url) => {
            let reference = UrlRef::Url(url.without_credentials());
            Ok(item::find_url(ask, reference).await?.into_iter().collect())
        }
        host => Ok(vec![item::find(ask, host.kind(), &host.to_string()).await?]),
    }
}
