//! The address by which a client reached us, and that from which it came. Every absolute URL that we
//! emit carries the first: clients follow our links as they stand.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

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

impl Origin {
    /// The address of an object of our own additions.
    pub(crate) fn own(&self, path: impl fmt::Display) -> String {
        format!("{}{}/{path}", self.0, crate::routes::OWN)
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
        Self::of(parts, app)
    }
}

impl Origin {
    /// That by which a request came.
    ///
    /// # Errors
    /// It names no host.
    pub(crate) fn of(parts: &Parts, app: &App) -> Result<Self, ApiError> {
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

/// Where a request came from: the peer, or the last address before the proxies that we trust. What
/// a client claims beyond those is nobody's word but its own.
fn client_address(parts: &Parts, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    let forwarded = parts.headers.get_all("x-forwarded-for").iter();
    let hops = forwarded.filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = hops.flat_map(|value| value.split(',')).collect();
    let mut address = peer;
    for hop in hops.iter().rev() {
        if !trusted.contains(&address) {
            break;
        }
        address = hop.trim().parse().ok()?;
    }
    Some(address.to_canonical())
}

/// The country that a request came from, in two letters.
pub(crate) fn country(parts: &Parts, app: &App) -> Option<String> {
    let countries = app.countries.as_ref()?;
    countries.of(client_address(parts, &app.config.trusted_proxies)?)
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
    fn an_address_is_believed_as_far_as_the_proxies_are_known() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let asked = |peer: &str, forwarded: &[&str]| {
            let mut request = axum::http::Request::builder();
            for value in forwarded {
                request = request.header("x-forwarded-for", *value);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let peer = SocketAddr::from((ip(peer), 1));
            parts.extensions.insert(ConnectInfo(peer));
            client_address(&parts, &[ip("10.0.0.1"), ip("10.0.0.2")])
        };
        assert_eq!(asked("192.0.2.7", &["203.0.113.9"]), Some(ip("192.0.2.7")));
        assert_eq!(
            asked("10.0.0.1", &["1.1.1.1, 192.0.2.7"]),
            Some(ip("192.0.2.7"))
        );
        let two = asked("10.0.0.1", &["1.1.1.1, 192.0.2.7", "10.0.0.2"]);
        assert_eq!(two, Some(ip("192.0.2.7")));
        assert_eq!(asked("10.0.0.1", &["unknown"]), None);
        assert_eq!(asked("10.0.0.1", &[]), Some(ip("10.0.0.1")));
        assert_eq!(asked("::ffff:192.0.2.7", &[]), Some(ip("192.0.2.7")));
    }

    #[test]
    fn a_host_is_nothing_that_could_end_it() {
        assert!(is_host("quorum.example:8443"));
        assert!(is_host("[::1]:80"));
        assert!(!is_host("evil.example/@quorum.example"));
        assert!(!is_host("a b"));
        assert!(!is_host(""));
    }
}
