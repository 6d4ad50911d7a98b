//! A domain name in the one form in which names are compared: ASCII, lower case, no final dot.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::address::Reserved;

/// Why a text is not a domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// It has one label only; such names mean something else on every network.
    #[error("a domain name has at least two labels")]
    SingleLabel,
    /// The name is longer than 253 bytes or a label longer than 63.
    #[error("a domain name has at most 253 characters, a label at most 63")]
    TooLong,
    /// Something in it cannot stand in a domain name.
    #[error("not a domain name")]
    Syntax,
}

/// A domain name of two labels or more: `example.com`, `xn--bcher-kva.example`.
///
/// Names that people write in their own script are taken and kept in their ASCII form (UTS #46).
///
/// ```
/// use quorum_core::indicator::{Domain, DomainError};
/// let domain: Domain = "Bücher.Example.".parse()?;
/// assert_eq!(domain.as_str(), "xn--bcher-kva.example");
/// assert!("printer.local".parse::<Domain>()?.is_private());
/// assert_eq!("localhost".parse::<Domain>(), Err(DomainError::SingleLabel));
/// # Ok::<(), DomainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Domain {
    /// The ASCII form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last label.
    pub fn top_level(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }

    /// Whether this name has a meaning on a private network only, and so must never be sent.
    pub fn is_private(&self) -> bool {
        self.reserved().is_some()
    }

    /// Why this name is not one of the public internet, `None` if it is.
    ///
    /// Reserved are `localhost` (RFC 6761), `local` (RFC 6762), `home.arpa` (RFC 8375), `internal`
    /// (ICANN's board, 29 July 2024), the names that networks use of their own (RFC 6762,
    /// appendix G), `mail` (withheld together with `corp` and `home` for that reason, ICANN's board,
    /// 4 February 2018) and `localdomain`, what many systems call themselves.
    ///
    /// Not reserved are `test`, `example` and `invalid` (RFC 6761): they exist nowhere, so they give
    /// nothing away; nor `onion` (RFC 7686) and `alt` (RFC 9476), which lead to places that all can
    /// reach, if not by DNS.
    pub fn reserved(&self) -> Option<Reserved> {
        match self.top_level() {
            "localhost" => Some(Reserved::Loopback),
            "local" | "internal" | "intranet" | "private" | "corp" | "home" | "lan" | "mail"
            | "localdomain" => Some(Reserved::LocalName),
            "arpa" if self.0 == "home.arpa" || self.0.ends_with(".home.arpa") => {
                Some(Reserved::LocalName)
            }
            _ => None,
        }
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let trimmed = text.strip_suffix('.').unwrap_or(text);
        // idna would reject a longer name too, after walking all of it.
        if trimmed.len() > 1024 {
            return Err(DomainError::TooLong);
        }
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
        let ascii = if trimmed.bytes().all(plain) && !trimmed.contains("xn--") {
            // UTS #46 leaves these as they are.
            trimmed.to_owned()
        } else {
            idna::domain_to_ascii(trimmed).map_err(|_| DomainError::Syntax)?
        };
        if ascii.len() > 253 || ascii.split('.').any(|label| label.len() > 63) {
            return Err(DomainError::TooLong);
        }
        // The underscore is no host name, but DNS carries it and reports are made for it.
        let fine = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if !ascii.split('.').all(fine) {
            return Err(DomainError::Syntax);
        }
        let top = ascii.rsplit('.').next().unwrap_or_default();
        if top.len() == ascii.len() {
            return Err(DomainError::SingleLabel);
        }
        // A numeric last label would be an address to every URL parser.
        if top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DomainError::Syntax);
        }
        Ok(Self(ascii))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
