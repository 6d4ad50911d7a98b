//! The address by which a client reached us. Every absolute URL that we emit carries it: clients
//! follow our links as they stand.

use std::fmt;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::app::App;
use crate::error::ApiError;

/// Stands in a request that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secure;

/// Scheme, host and port, without a slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct Origin(String);

impl Origin {
    /// The address of an object of the API.
    pub(crate) fn api(&self, path: impl fmt::Display) -> String {
        format!("{}/api/v3/{path}", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        let behind_proxy = peer.is_some_and(|peer| app.config.trusted_proxies.contains(&peer));
        let forwarded = |name: &str| {
            if behind_proxy {
                text(&parts.headers, name)
            } else {
                None
            }
        };
        let scheme = match forwarded("x-forwarded-proto") {
            Some("https") => "https",
            // Named by a proxy that we trust, or what we speak ourselves.
            None if parts.extensions.get::<Secure>().is_some() => "https",
            _ => "http",
        };
        let host = forwarded("x-forwarded-host")
            .or_else(|| text(&parts.headers, header::HOST.as_str()))
            .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
            .filter(|host| is_host(host))
            .ok_or_else(|| ApiError::bad_request("The Host header is missing or no host"))?;
        Ok(Self(format!("{scheme}://{host}")))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a text can stand between `//` and `/`. It goes into our answers, so it must not carry
/// anything else.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255 + 6
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_nothing_that_could_end_it() {
        assert!(is_host("quorum.example:8443"));
        assert!(is_host("[::1]:80"));
        assert!(!is_host("evil.example/@quorum.example"));
        assert!(!is_host("a b"));
        assert!(!is_host(""));
    }
}
