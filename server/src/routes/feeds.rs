//! `/feeds`: what came in, minute by minute, for who has the feed's licence.
//!
//! A batch is made when it is asked for: reports as they are then, of what was sent in within the
//! minute (files and URLs), of what was analysed (domains and IP addresses), and of what sandboxes
//! reported. A minute in which nothing came in is an empty batch; before the time that is kept there
//! are none. Feeds are free of charge.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use quorum_core::indicator::{Kind, Sha256};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::downloads::{address_of_sample, redirect};
use super::{Errors, behaviours, item};
use crate::app::App;
use crate::ask::{Ask, Path};
use crate::clock::{self, DAY};
use crate::error::ApiError;
use crate::ids;
use crate::sandboxes;
use crate::store::Submission;
use crate::tarball::{compressed, tarred};
use crate::tier::{BEHAVIOUR_FEED, DOMAIN_FEED, FILE_FEED, IP_ADDRESS_FEED, URL_FEED};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// How long batches are kept, in seconds; an address in one of them works as long.
const KEPT: i64 = 7 * DAY;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(minute))
        .routes(routes!(hour))
        .routes(routes!(part))
}

/// A feed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Feed {
    SentIn(Kind),
    Analysed(Kind),
    Behaviours,
}

impl Feed {
    /// The feed with a name, for who may have it.
    fn named(ask: &Ask, name: &str) -> Result<Self, ApiError> {
        let (feed, privilege) = match name {
            "files" => (Self::SentIn(Kind::File), FILE_FEED),
            "urls" => (Self::SentIn(Kind::Url), URL_FEED),
            "domains" => (Self::Analysed(Kind::Domain), DOMAIN_FEED),
            "ip_addresses" => (Self::Analysed(Kind::IpAddress), IP_ADDRESS_FEED),
            // The second is one client's spelling.
            "file_behaviours" | "file-behaviours" => (Self::Behaviours, BEHAVIOUR_FEED),
            _ => return Err(ApiError::not_found(format!("There is no feed {name:?}"))),
        };
        match ask.account.has(privilege) {
            true => Ok(feed),
            false => Err(ApiError::forbidden(format!(
                "The feed {name:?} needs the privilege {privilege:?}"
            ))),
        }
    }

    /// What came in within the minute that begins then, one object a line.
    async fn lines(self, ask: &Ask, start: i64) -> Result<String, ApiError> {
        let store = &ask.app.store;
        let within = start..start + MINUTE;
        let mut lines = String::new();
        let mut add = |object: Value| {
            // What was let go of since has no report.
            if object.get("error").is_none() {
                lines.push_str(&object.to_string());
                lines.push('\n');
            }
        };
        match self {
            Self::SentIn(kind) => {
                for sent in store.sent_in(kind, within).await? {
                    let mut object = item::node(ask, kind, &sent.item).await?.object;
                    object["context_attributes"] = context(ask, &sent);
                    add(object);
                }
            }
            Self::Analysed(kind) => {
                for id in store.analysed(kind, within).await? {
                    add(item::node(ask, kind, &id).await?.object);
                }
            }
            Self::Behaviours => {
                for record in store.reported(within).await? {
                    let token = token(ask, REPORT, &record.seq.to_string());
                    let page = format!("feeds/file_behaviours/{token}/html");
                    let mut object = sandboxes::node(ask, record).object;
                    object["context_attributes"] = json!({"html_report": ask.origin.api(page)});
                    add(object);
                }
            }
        }
        Ok(lines)
    }

    async fn batch(self, ask: &Ask, start: i64) -> Result<Vec<u8>, ApiError> {
        let lines = self.lines(ask, start).await?;
        packed(move || compressed(lines.as_bytes())).await
    }
}

/// Compresses where it may take its time.
async fn packed(
    work: impl FnOnce() -> std::io::Result<Vec<u8>> + Send + 'static,
) -> Result<Vec<u8>, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.ok()
        .and_then(Result::ok)
        .ok_or_else(ApiError::internal)
}

/// Who sent it in and how, and where the file can be fetched.
fn context(ask: &Ask, sent: &Submission) -> Value {
    let mut submitter = json!({"method": sent.interface});
    if let Some(country) = &sent.country {
        submitter["country"] = country.as_str().into();
    }
    let mut context = json!({"submitter": submitter});
    if sent.kind == Kind::File {
        context["filename"] = sent.name.as_deref().unwrap_or_default().into();
        let token = token(ask, FILE, &sent.item);
        let address = ask.origin.api(format_args!("feeds/files/{token}/download"));
        context["download_url"] = address.into();
    }
    context
}

/// What tokens are for.
const FILE: &str = "feed.file";
const REPORT: &str = "feed.report";

/// Names something in a feed to who may have the feed, for as long as the batch is kept.
fn token(ask: &Ask, what: &str, id: &str) -> String {
    let expires = clock::now() + KEPT;
    ids::pass(&ask.app.pseudonym_key, &format!("{what}.{id}"), expires)
}

/// Reads it back.
fn read_token<'a>(ask: &Ask, what: &str, token: &'a str) -> Result<&'a str, ApiError> {
    ids::read_pass(&ask.app.pseudonym_key, token, clock::now())
        .and_then(|said| said.strip_prefix(what)?.strip_prefix('.'))
        .ok_or_else(|| ApiError::not_found("This address of a feed has expired or never was"))
}

/// Whether a batch of so many seconds that begins then is there: complete since long enough, and
/// not let go of.
fn available(start: i64, length: i64, waiting: i64) -> Result<(), ApiError> {
    let now = clock::now();
    let newest = (now - waiting).div_euclid(length) * length;
    if start > newest {
        return Err(ApiError::not_available_yet(format!(
            "The newest batch is {}",
            clock::compact_minute(newest)
        )));
    }
    if start + length <= now - KEPT {
        return Err(ApiError::not_found("Batches are kept for 7 days"));
    }
    Ok(())
}

fn archive(bytes: Vec<u8>) -> Response {
    let mut response = Body::from(bytes).into_response();
    let kind = HeaderValue::from_static("application/x-bzip2");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What came in within a minute, as bzip2 of one object a line. The newest batch is an hour old.
#[utoipa::path(
    get, path = "/feeds/{feed}/{batch}", tag = "feeds", operation_id = "feed_minute",
    params(
        ("feed" = String, Path, description = "`files`, `urls`, `domains`, `ip_addresses` or \
            `file_behaviours`"),
        ("batch" = String, Path, description = "`YYYYMMDDhhmm`, UTC")
    ),
    responses(
        (status = 200, content_type = "application/x-bzip2", body = Vec<u8>), Errors
    )
)]
pub(crate) async fn minute(
    ask: Ask,
    Path((feed, batch)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let feed = Feed::named(&ask, &feed)?;
    let start = clock::minute_from_compact(&batch).ok_or_else(|| {
        ApiError::invalid_argument(format!("{batch:?} is not a minute such as 202611241730"))
    })?;
    available(start, MINUTE, HOUR)?;
    Ok(archive(feed.batch(&ask, start).await?))
}

/// The minutes of an hour, as tar in bzip2. The newest hour began two hours ago at least.
#[utoipa::path(
    get, path = "/feeds/{feed}/hourly/{hour}", tag = "feeds", operation_id = "feed_hour",
    params(
        ("feed" = String, Path, description = "`files`, `urls`, `domains`, `ip_addresses` or \
            `file_behaviours`"),
        ("hour" = String, Path, description = "`YYYYMMDDhh`, UTC")
    ),
    responses(
        (status = 200, content_type = "application/x-bzip2", body = Vec<u8>), Errors
    )
)]
pub(crate) async fn hour(
    ask: Ask,
    Path((feed, hour)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let feed = Feed::named(&ask, &feed)?;
    let start = clock::minute_from_compact(&format!("{hour}00")).ok_or_else(|| {
        ApiError::invalid_argument(format!("{hour:?} is not an hour such as 2026112417"))
    })?;
    available(start, HOUR, 2 * HOUR)?;
    let mut files = Vec::new();
    for minute in (start..start + HOUR).step_by(MINUTE as usize) {
        let name = format!("{}.bz2", clock::compact_minute(minute));
        files.push((name, minute + MINUTE, feed.batch(&ask, minute).await?));
    }
    Ok(archive(packed(move || tarred(&files)).await?))
}

/// What belongs to a line of a feed: `download` goes to where a file can be fetched, in a ZIP with the
/// password `infected`, or as it is for those with the privilege; `html` is a sandbox's report.
#[utoipa::path(
    get, path = "/feeds/{feed}/{batch}/{part}", tag = "feeds", operation_id = "feed_part",
    params(
        ("feed" = String, Path),
        ("batch" = String, Path, description = "As the line has it"),
        ("part" = String, Path, description = "As the line has it")
    ),
    responses(
        (status = 200, content_type = "text/html", body = String),
        (status = 302, description = "In `Location`, where it is for an hour"), Errors
    )
)]
pub(crate) async fn part(
    ask: Ask,
    Path((feed, batch, part)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    match (Feed::named(&ask, &feed)?, part.as_str()) {
        (Feed::SentIn(Kind::File), "download") => {
            let id = read_token(&ask, FILE, &batch)?;
            let sha256: Option<Sha256> = id.parse().ok();
            match sha256 {
                Some(sha256) if ask.app.store.has_file(id).await? => {
                    redirect(&address_of_sample(&ask, &sha256))
                }
                _ => Err(item::missing(Kind::File, id)),
            }
        }
        (Feed::Behaviours, "html") => {
            let seq = read_token(&ask, REPORT, &batch)?.parse();
            let record = match seq {
                Ok(seq) => ask.app.store.behaviour_by_seq(seq).await?,
                Err(_) => None,
            };
            let gone = || ApiError::not_found("The report was let go of");
            Ok(behaviours::page(&record.ok_or_else(gone)?))
        }
        _ => Err(ApiError::not_found(format!(
            "The feed {feed:?} has no {part:?}"
        ))),
    }
}
