//! Finds a publisher's checksums on the page that a download came from, and in the lists that it leads to.
//! The page is only read, and only where the user lets us. What in all that is a checksum of the file is
//! the core's to say.

use quorum_core::api::{Method, match_pattern};
use quorum_core::checksum::{Claim, MAX_LIST};
use quorum_core::guard::{PageLook, Record};
use quorum_core::indicator::CanonicalUrl;

use crate::bindings::{platform, reader};
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, fetch};
use crate::settings;

/// How long a list may take to come, in milliseconds: a download may be waiting.
const LIMIT_MS: u32 = 2_500;

/// What the page says of a download, and how far it was looked at.
pub(crate) async fn find(
    referrer: &str,
    link: &str,
    record: &Record,
    cause: Cause,
) -> (Vec<Claim>, PageLook) {
    let links = vec![link.to_owned(), record.url.clone()];
    let page = match platform::read_page(referrer, links).await {
        Ok(page) if page.is_undefined() => return (Vec::new(), PageLook::NotFound),
        Ok(page) => page,
        Err(_) => return (Vec::new(), PageLook::NoAccess),
    };
    let pointed = reader::page_claims(&page, link).await;
    let mut claims = pointed.claims;
    let mut look = PageLook::Read;
    for list in pointed.lists {
        match read(&list, cause).await {
            Some(text) => {
                claims.extend(reader::list_claims(&text, &list, link, &record.name).await);
            }
            None => look = PageLook::ListNotRead,
        }
    }
    (claims, look)
}

/// A list's text, if it can be had.
async fn read(list: &str, cause: Cause) -> Option<String> {
    let parsed: CanonicalUrl = list.parse().ok()?;
    if !settings::may_read(vec![match_pattern(parsed.as_url())]).await {
        return None;
    }
    let outgoing = Outgoing {
        method: Method::Get,
        url: list,
        key: None,
        cookies: false,
        payload: Payload::Empty,
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
        idle_ms: None,
        cause,
    };
    let incoming = fetch(outgoing, &Stop::new()?).await.ok()?;
    if incoming.status() != 200 {
        return None;
    }
    let bytes = incoming.bytes(MAX_LIST).await.ok()??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
