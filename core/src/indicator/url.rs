//! Web addresses: the canonical form that the API's ids are made from, and the ids themselves.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use super::address::{self, Reserved};
use super::{Domain, Indicator, Sha256};
use crate::digest::sha256;

/// Longest address that is taken, in bytes, as written and in canonical form; what is written longer
/// is refused before it is parsed.
pub const MAX_URL_BYTES: usize = 8 * 1024;

/// Why a text is not a web address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the address is {0} bytes long; {MAX_URL_BYTES} are taken")]
    TooLong(usize),
    /// The scheme is neither http nor https.
    #[error("{0:?} is not a web address's scheme")]
    Scheme(String),
    /// The URL Standard does not accept it.
    #[error("not a web address: {0}")]
    Syntax(#[from] url::ParseError),
}

/// An http or https address in canonical form.
///
/// The form is the URL Standard's serialisation and, beyond it: `http://` where no scheme was
/// written, no fragment, no final dots on the host, and one spelling for each percent-escape
/// (unreserved characters of RFC 3986 decoded, upper-case hex for the others).
///
/// ```
/// use quorum_core::indicator::CanonicalUrl;
/// let url: CanonicalUrl = "HTTP://Example.com:80/%7ebob#top".parse()?;
/// assert_eq!(url.to_string(), "http://example.com/~bob");
/// # Ok::<(), quorum_core::indicator::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalUrl(Url);

impl CanonicalUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed form.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The API's id of this address: the SHA-256 of its text.
    pub fn id(&self) -> Sha256 {
        sha256(self.as_str().as_bytes())
    }

    /// The host as text; IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host as an indicator of its own; `None` for a name of a single label.
    pub fn host_indicator(&self) -> Option<Indicator> {
        match self.0.host()? {
            Host::Domain(name) => name.parse::<Domain>().ok().map(Indicator::Domain),
            Host::Ipv4(v4) => Some(Indicator::Ip(v4.into())),
            Host::Ipv6(v6) => Some(Indicator::Ip(v6.into())),
        }
    }

    /// The same address without user name and password, which are nobody's business.
    pub fn without_credentials(&self) -> Self {
        let mut url = self.0.clone();
        // Both can fail only for addresses without a host, which this type cannot hold.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Self(url)
    }

    /// Whether the host is on a private network (or this machine), so that the address must
    /// never be sent.
    pub fn is_private(&self) -> bool {
        self.reserved().is_some()
    }

    /// Why the host is not one of the public internet, `None` if it is.
    pub fn reserved(&self) -> Option<Reserved> {
        match self.host_indicator() {
            Some(Indicator::Ip(ip)) => address::reserved(ip),
            Some(Indicator::Domain(domain)) => domain.reserved(),
            _ if self.host() == "localhost" => Some(Reserved::Loopback),
            _ => Some(Reserved::SingleLabel),
        }
    }
}

impl FromStr for CanonicalUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong(text.len()));
        }
        let mut url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            // "example.com:8080/x" parses as scheme "example.com"; a real scheme is followed by
            // something else than digits.
            Ok(url) if !looks_like_host_and_port(text) => {
                return Err(UrlError::Scheme(url.scheme().to_owned()));
            }
            Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
                Url::parse(&format!("http://{text}"))?
            }
            Err(error) => return Err(error.into()),
        };
        url.set_fragment(None);
        if let Some(host) = url.host_str().filter(|host| host.ends_with('.')) {
            let host = host.trim_end_matches('.').to_owned();
            url.set_host(Some(&host))?;
        }
        // Most addresses have no escapes; then what was parsed is the canonical form already.
        if url.path().contains('%') {
            let path = normalise_escapes(url.path());
            url.set_path(&path);
        }
        if let Some(query) = url.query().filter(|query| query.contains('%')) {
            let query = normalise_escapes(query);
            url.set_query(Some(&query));
        }
        // The form must be one that is taken again, and be so however the address was written.
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong(url.as_str().len()));
        }
        Ok(Self(url))
    }
}

fn looks_like_host_and_port(text: &str) -> bool {
    text.split_once(':').is_some_and(|(host, rest)| {
        let port = rest.split(['/', '?', '#']).next().unwrap_or_default();
        (host.contains('.') || host.eq_ignore_ascii_case("localhost"))
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// One spelling for each escape: RFC 3986 §6.2.2. A hex digit stays escaped where it would make an
/// escape of a stray percent sign in front of it: `%%34%31` says "%41", not "A".
fn normalise_escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while at + 2 < bytes.len() {
        let value = (bytes[at] == b'%')
            .then(|| Some(hex(bytes[at + 1])? * 16 + hex(bytes[at + 2])?))
            .flatten();
        let Some(value) = value else {
            at += 1;
            continue;
        };
        out.push_str(&text[copied..at]);
        let stray_percent = match out.as_bytes() {
            [.., b'%'] => true,
            [.., b'%', digit] => digit.is_ascii_hexdigit(),
            _ => false,
        };
        let unreserved = value.is_ascii_alphanumeric() || b"-._~".contains(&value);
        if unreserved && !(stray_percent && value.is_ascii_hexdigit()) {
            out.push(char::from(value));
        } else {
            out.push('%');
            out.push(char::from(bytes[at + 1].to_ascii_uppercase()));
            out.push(char::from(bytes[at + 2].to_ascii_uppercase()));
        }
        at += 3;
        copied = at;
    }
    out.push_str(&text[copied..]);
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CanonicalUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CanonicalUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// How a request names an address: by its id or by base64 of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlRef {
    /// 64 hex digits: the SHA-256 of the canonical address.
    Id(Sha256),
    /// The address itself, made canonical here.
    Url(CanonicalUrl),
}

impl UrlRef {
    /// The id that both forms lead to.
    pub fn id(&self) -> Sha256 {
        match self {
            Self::Id(id) => *id,
            Self::Url(url) => url.id(),
        }
    }
}

/// Why a request's URL id cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefError {
    /// Neither 64 hex digits nor base64 of UTF-8 text.
    #[error("neither a SHA-256 nor base64 of an address")]
    Encoding,
    /// Base64 of something that is no web address.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl FromStr for UrlRef {
    type Err = UrlRefError;

    /// Takes either base64 alphabet, with padding or without, as the API's clients send it.
    fn from_str(text: &str) -> Result<Self, UrlRefError> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::URL_SAFE, config);
        let folded = text.replace('+', "-").replace('/', "_");
        let bytes = engine.decode(folded).map_err(|_| UrlRefError::Encoding)?;
        let url = String::from_utf8(bytes).map_err(|_| UrlRefError::Encoding)?;
        Ok(Self::Url(url.parse()?))
    }
}
