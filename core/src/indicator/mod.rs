//! Indicators: the things people point at when they ask "is this safe?" — files by hash, web
//! addresses, domain names and IP addresses.

pub mod address;
mod domain;
mod hash;
mod url;

pub use domain::{Domain, DomainError};
#[cfg(feature = "observables")]
pub(crate) use hash::decode as decode_hex;
pub use hash::{FileHash, HashError, Md5, Sha1, Sha256, Sha512};
pub use url::{CanonicalUrl, MAX_URL_BYTES, UrlError, UrlRef, UrlRefError};

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::text::refang_common;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Something that a backend can have a report on.
///
/// Its text form is what a person would write (and parses back to the same value), so it can
/// travel as one string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indicator {
    /// A file, by one of its hashes.
    File(FileHash),
    /// A web address.
    Url(CanonicalUrl),
    /// A domain name.
    Domain(Domain),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
}

/// What sort of thing an [`Indicator`] is, spelled as the API's object types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `file`
    File,
    /// `url`
    Url,
    /// `domain`
    Domain,
    /// `ip_address`
    IpAddress,
}

impl Kind {
    /// The object type's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Url => "url",
            Self::Domain => "domain",
            Self::IpAddress => "ip_address",
        }
    }

    /// The collection's name in the API's paths.
    pub fn collection(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Url => "urls",
            Self::Domain => "domains",
            Self::IpAddress => "ip_addresses",
        }
    }
}

/// A text in which no indicator could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no hash, web address, domain name or IP address")]
pub struct NotAnIndicator;

impl Indicator {
    /// What sort of thing this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::File,
            Self::Url(_) => Kind::Url,
            Self::Domain(_) => Kind::Domain,
            Self::Ip(_) => Kind::IpAddress,
        }
    }

    /// The id under which the API keeps it. Web addresses lose user name and password first.
    pub fn id(&self) -> String {
        match self {
            Self::File(hash) => hash.to_string(),
            Self::Url(url) => url.without_credentials().id().to_string(),
            Self::Domain(domain) => domain.to_string(),
            Self::Ip(ip) => ip.to_string(),
        }
    }

    /// Whether it has a meaning on a private network only. Such an indicator is never sent.
    pub fn is_private(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Url(url) => url.is_private(),
            Self::Domain(domain) => domain.is_private(),
            Self::Ip(ip) => address::is_private(*ip),
        }
    }

    /// Reads what a person typed or dropped: any spelling that [`refang`](crate::text::refang())
    /// knows, but that names in words (`example dot com`) have to end in a common top-level domain.
    ///
    /// ```
    /// use quorum_core::indicator::{Indicator, Kind};
    /// let found = Indicator::read(" hxxps://login[.]example[.]com/a ")?;
    /// assert_eq!(found.to_string(), "https://login.example.com/a");
    /// # Ok::<(), quorum_core::indicator::NotAnIndicator>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, NotAnIndicator> {
        refang_common(text.trim()).parse()
    }
}

impl FromStr for Indicator {
    type Err = NotAnIndicator;

    fn from_str(text: &str) -> Result<Self, NotAnIndicator> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_URL_BYTES {
            return Err(NotAnIndicator);
        }
        if let Ok(hash) = text.parse() {
            return Ok(Self::File(hash));
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Ok(Self::Ip(ip));
        }
        if let Ok(domain) = text.parse() {
            return Ok(Self::Domain(domain));
        }
        // Without a scheme only what has a dot in its host is an address: "a/b" is not.
        let has_scheme = text.get(..8).or(text.get(..7)).is_some_and(|start| {
            let start = start.to_ascii_lowercase();
            start.starts_with("http://") || start.starts_with("https://")
        });
        match text.parse::<CanonicalUrl>() {
            Ok(url)
                if !text.contains(char::is_whitespace)
                    && (has_scheme || url.host_indicator().is_some()) =>
            {
                Ok(Self::Url(url))
            }
            _ => Err(NotAnIndicator),
        }
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(hash) => hash.fmt(f),
            Self::Url(url) => url.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl Serialize for Indicator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Indicator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
