//! Observables: everything a text can point at that a defender collects, each kind a type of its
//! own that cannot hold a wrong value. (STIX 2.1 calls them cyber-observables.) The four of them
//! that a backend has reports on are also an [`Indicator`].
//!
//! Every type reads its spellings with [`FromStr`], holds one canonical form, prints it with
//! [`Display`](fmt::Display), and is ordered and compared by it. Reading is strict: markup and
//! defanged spellings belong to [`refang`](crate::text::refang()), text around a value to the
//! scanner. A text that is nothing of the kind is refused by its length or its first characters,
//! before anything is allocated.

mod fingerprint;
mod group;
mod identifier;
mod network;
mod package;
pub(crate) mod path;
pub(crate) mod url;
mod wallet;

pub use fingerprint::{Jarm, Ssdeep, Tlsh};
pub use group::{Groups, Host, group_by_host, group_by_registrable_domain};
pub use identifier::{Attack, AttackObject, Cve, GoogleAdsense, GoogleAnalytics, Uuid};
pub use network::{Asn, Cidr, Email, Mac, Onion};
pub use package::Purl;
pub use path::{FilePath, Mutex, RegistryKey};
pub use url::HostUrl;
pub use wallet::{Bitcoin, BitcoinForm, Ethereum, Monero, MoneroForm};

use std::fmt;
use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::indicator::{
    Domain, DomainError, FileHash, HashError, Indicator, Md5, Sha1, Sha256, Sha512, UrlError,
};

/// What is wrong with a text that was read as a value of some kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text's length in bytes, which no value of the kind has.
    #[error("it is {0} bytes long")]
    Length(usize),
    /// A character that cannot stand where it does; the position counts bytes from 0.
    #[error("the character at byte {0} cannot stand there")]
    Character(usize),
    /// The parts that a value of the kind is made of are not all there, or not in their order.
    #[error("it is not {0}")]
    Form(&'static str),
    /// A part is well written, but its value is not one that exists.
    #[error("its {0} does not exist")]
    Range(&'static str),
    /// The checksum inside does not fit the rest: most likely a typing error.
    #[error("its checksum does not fit")]
    Checksum,
    /// Not a file hash.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The domain name (of an e-mail address, say) is none.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Not a web address.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// Not an IP address.
    #[error(transparent)]
    Ip(#[from] AddrParseError),
}

/// A text is not a value of the kind that it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a value of kind {kind}: {fault}")]
pub struct ParseError {
    /// The kind that was asked for.
    pub kind: Kind,
    /// What is wrong with the text.
    pub fault: Fault,
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        error.fault
    }
}

/// A text that names no [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no kind of observable has this name")]
pub struct NoSuchKind;

/// The reading and writing that every type of this module has: `FromStr` by a function that gives
/// the inside, and the text form in serde.
macro_rules! text_form {
    ($name:ident, $read:path) => {
        impl std::str::FromStr for $name {
            type Err = crate::observable::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $read(text)
                    .map(Self)
                    .map_err(|fault| crate::observable::ParseError {
                        kind: crate::observable::Kind::$name,
                        fault,
                    })
            }
        }

        crate::observable::serde_as_text!($name);
    };
}

macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A type that is its canonical text.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $read:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        crate::observable::text_form!($name, $read);
    };
}

use {serde_as_text, text_form, text_type};

macro_rules! observables {
    ($($(#[$doc:meta])* $kind:ident($type:ty) = $name:literal;)*) => {
        /// What sort of thing an [`Observable`] is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", $name, "`")] $kind,)*
        }

        impl Kind {
            /// Every kind, in their order.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind's name: in JSON, on the command line, in cases.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }

        /// Something that a text points at.
        ///
        /// Ordered by kind, then by value. In JSON: `{"kind": …, "value": …}`, the value being
        /// the canonical text.
        ///
        /// ```
        /// use quorum_core::observable::{Kind, Observable};
        /// let found = Observable::parse_as(Kind::Cidr, "192.0.2.77/24")?;
        /// assert_eq!(found.to_string(), "192.0.2.0/24");
        /// assert_eq!(found.indicator(), None);
        /// # Ok::<(), quorum_core::observable::ParseError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Observable {
            $($(#[$doc])* $kind($type),)*
        }

        impl Observable {
            /// What sort of thing this is.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Reads a text as a value of one kind, without trying any other.
            pub fn parse_as(kind: Kind, text: &str) -> Result<Self, ParseError> {
                match kind {
                    $(Kind::$kind => text
                        .parse::<$type>()
                        .map(Self::$kind)
                        .map_err(|error| ParseError { kind, fault: error.into() }),)*
                }
            }
        }

        impl fmt::Display for Observable {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(value) => value.fmt(f),)*
                }
            }
        }

        $(impl From<$type> for Observable {
            fn from(value: $type) -> Self {
                Self::$kind(value)
            }
        })*
    };
}

observables! {
    /// An address with a scheme and a host.
    Url(HostUrl) = "url";
    /// A domain name.
    Domain(Domain) = "domain";
    /// An IPv4 address in four decimal parts.
    Ipv4(Ipv4Addr) = "ipv4";
    /// An IPv6 address; text as in RFC 5952.
    Ipv6(Ipv6Addr) = "ipv6";
    /// A network of IP addresses.
    Cidr(Cidr) = "cidr";
    /// A file by its MD5.
    Md5(Md5) = "md5";
    /// A file by its SHA-1.
    Sha1(Sha1) = "sha1";
    /// A file by its SHA-256.
    Sha256(Sha256) = "sha256";
    /// A file by its SHA-512.
    Sha512(Sha512) = "sha512";
    /// A file's ssdeep similarity digest.
    Ssdeep(Ssdeep) = "ssdeep";
    /// A file's TLSH similarity digest.
    Tlsh(Tlsh) = "tlsh";
    /// An e-mail address.
    Email(Email) = "email";
    /// A vulnerability.
    Cve(Cve) = "cve";
    /// An autonomous system.
    Asn(Asn) = "asn";
    /// A network interface's hardware address.
    Mac(Mac) = "mac";
    /// A Bitcoin address.
    Bitcoin(Bitcoin) = "bitcoin";
    /// An Ethereum address.
    Ethereum(Ethereum) = "ethereum";
    /// A Monero address.
    Monero(Monero) = "monero";
    /// A Google Analytics property.
    GoogleAnalytics(GoogleAnalytics) = "google_analytics";
    /// A Google AdSense publisher.
    GoogleAdsense(GoogleAdsense) = "google_adsense";
    /// Where a file lies.
    FilePath(FilePath) = "file_path";
    /// A key of the Windows registry.
    RegistryKey(RegistryKey) = "registry_key";
    /// A mutex's name.
    Mutex(Mutex) = "mutex";
    /// An object of MITRE ATT&CK.
    Attack(Attack) = "attack";
    /// A UUID.
    Uuid(Uuid) = "uuid";
    /// A TLS server's JARM fingerprint.
    Jarm(Jarm) = "jarm";
    /// A package URL.
    Purl(Purl) = "purl";
    /// An onion service's name.
    Onion(Onion) = "onion";
}

impl FromStr for Kind {
    type Err = NoSuchKind;

    fn from_str(text: &str) -> Result<Self, NoSuchKind> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == text).ok_or(NoSuchKind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(Kind);

impl Observable {
    /// The same thing as what a backend has reports on: a web address, a domain name, an IP
    /// address, or a file by MD5, SHA-1 or SHA-256. `None` for everything else.
    pub fn indicator(&self) -> Option<Indicator> {
        Some(match self {
            Self::Url(url) => Indicator::Url(url.indicator()?.clone()),
            Self::Domain(domain) => Indicator::Domain(domain.clone()),
            Self::Ipv4(v4) => Indicator::Ip((*v4).into()),
            Self::Ipv6(v6) => Indicator::Ip((*v6).into()),
            Self::Md5(hash) => Indicator::File(FileHash::Md5(*hash)),
            Self::Sha1(hash) => Indicator::File(FileHash::Sha1(*hash)),
            Self::Sha256(hash) => Indicator::File(FileHash::Sha256(*hash)),
            _ => return None,
        })
    }

    /// The id under which the API keeps it, where it keeps such things.
    pub fn id(&self) -> Option<String> {
        self.indicator().map(|indicator| indicator.id())
    }
}

impl From<Indicator> for Observable {
    fn from(indicator: Indicator) -> Self {
        match indicator {
            Indicator::File(FileHash::Md5(hash)) => Self::Md5(hash),
            Indicator::File(FileHash::Sha1(hash)) => Self::Sha1(hash),
            Indicator::File(FileHash::Sha256(hash)) => Self::Sha256(hash),
            Indicator::Url(url) => Self::Url(url.into()),
            Indicator::Domain(domain) => Self::Domain(domain),
            Indicator::Ip(IpAddr::V4(v4)) => Self::Ipv4(v4),
            Indicator::Ip(IpAddr::V6(v6)) => Self::Ipv6(v6),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire<T> {
    kind: Kind,
    value: T,
}

impl Serialize for Observable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, value) = (self.kind(), self.to_string());
        Wire { kind, value }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Observable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { kind, value } = Wire::<String>::deserialize(deserializer)?;
        Self::parse_as(kind, &value).map_err(de::Error::custom)
    }
}
