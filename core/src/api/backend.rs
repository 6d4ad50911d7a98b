//! Where the backend is, read from what a person types.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

/// Why an address cannot be a backend's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// It is no web address.
    #[error("not a web address")]
    Syntax,
    /// Plain http is for this machine only: the key would travel readable.
    #[error("plain http is taken for this machine only")]
    Insecure,
    /// It carries a user name, a password, a query or a fragment.
    #[error("only scheme, host, port and path are taken")]
    Superfluous,
}

/// A backend's address: an https origin (or http on this machine), with a path in front of
/// `/api/v3` where a proxy needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend(Url);

impl Backend {
    /// `scheme://host[:port]`
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The match pattern under which a browser grants access to it.
    pub fn match_pattern(&self) -> String {
        match_pattern(&self.0)
    }

    /// The name to show: host and port, and the path if there is one.
    pub fn label(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host);
        let port = self
            .0
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        format!("{host}{port}{}", self.0.path().trim_end_matches('/'))
    }

    /// The absolute address of a path below `/api/v3/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v3/{path}", self.0.as_str().trim_end_matches('/'))
    }

    /// The absolute address of a path below `/api/quorum/v1/`, Quorum's own additions.
    pub fn quorum_url(&self, path: &str) -> String {
        let base = self.0.as_str().trim_end_matches('/');
        format!("{base}/api/quorum/v1/{path}")
    }

    /// Whether an address lies below `/api/quorum/v1/` of this backend, so that its key may go along.
    /// The address must be one that a parser has written: no dots are resolved here.
    pub fn has_quorum_url(&self, url: &str) -> bool {
        url.starts_with(&self.quorum_url(""))
    }

    /// Whether this is the public VirusTotal, whose free keys have 4 requests a minute.
    pub fn is_virustotal(&self) -> bool {
        self.0.host_str() == Some("www.virustotal.com")
    }
}

/// The match pattern under which a browser grants access to an address's origin. Patterns know no
/// ports.
pub fn match_pattern(url: &Url) -> String {
    format!(
        "{}://{}/*",
        url.scheme(),
        url.host_str().unwrap_or_default()
    )
}

impl FromStr for Backend {
    type Err = BackendError;

    /// Takes `virustotal.com`, `https://quorum.example`, `127.0.0.1:8080`, also with `/api/v3`
    /// at the end.
    fn from_str(text: &str) -> Result<Self, BackendError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            let host = text.split(['/', ':']).next().unwrap_or_default();
            let loopback =
                host == "localhost" || host.starts_with("127.") || text.starts_with("[::1]");
            format!("{}://{text}", if loopback { "http" } else { "https" })
        };
        let mut url = Url::parse(&with_scheme).map_err(|_| BackendError::Syntax)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(BackendError::Syntax),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(BackendError::Insecure),
            _ => return Err(BackendError::Syntax),
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(BackendError::Superfluous);
        }
        // Its API answers under www only; a redirect would be refused.
        if url.host_str() == Some("virustotal.com") {
            url.set_host(Some("www.virustotal.com"))
                .map_err(|_| BackendError::Syntax)?;
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/v3").unwrap_or(path).to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Serialize for Backend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Backend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_may_go_to_the_backends_own_packs_and_nowhere_else() {
        let backend: Backend = "https://quorum.example/team".parse().unwrap();
        let packs = backend.quorum_url("packs/lists");
        assert_eq!(
            packs,
            "https://quorum.example/team/api/quorum/v1/packs/lists"
        );
        assert!(backend.has_quorum_url(&packs));
        for other in [
            "https://quorum.example/api/quorum/v1/packs/lists",
            "https://quorum.example/team/api/v3/users/a",
            "https://quorum.example.evil.example/team/api/quorum/v1/packs/lists",
            "https://quorum.example:8443/team/api/quorum/v1/packs/lists",
            "http://quorum.example/team/api/quorum/v1/packs/lists",
        ] {
            assert!(!backend.has_quorum_url(other), "{other}");
        }
    }
}
