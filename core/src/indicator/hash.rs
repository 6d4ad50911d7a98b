//! File hashes as types that cannot hold anything else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a file hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The text's length in bytes, which is not that of the hash it was read as.
    #[error("no such hash has {0} hex digits")]
    Length(usize),
    /// A character is not a hex digit; the position counts bytes from 0.
    #[error("not a hex digit at position {0}")]
    Digit(usize),
}

/// Reads exactly `N` bytes in hex of either case.
pub(crate) fn decode<const N: usize>(text: &str) -> Result<[u8; N], HashError> {
    let bytes = text.as_bytes();
    if bytes.len() != N * 2 {
        return Err(HashError::Length(bytes.len()));
    }
    let mut out = [0; N];
    for (index, pair) in bytes.chunks_exact(2).enumerate() {
        let digit = |offset: usize| {
            char::from(pair[offset])
                .to_digit(16)
                .ok_or(HashError::Digit(index * 2 + offset))
        };
        out[index] = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Ok(out)
}

macro_rules! hash {
    ($name:ident, $bytes:literal, $title:literal) => {
        #[doc = concat!("A ", $title, " digest. Text form: lower-case hex; parsing takes either case.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The digest's bytes, in the order in which they are written.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        impl FromStr for $name {
            type Err = HashError;
            fn from_str(text: &str) -> Result<Self, HashError> {
                decode(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; $bytes * 2];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&[
                        b"0123456789abcdef"[usize::from(byte >> 4)],
                        b"0123456789abcdef"[usize::from(byte & 15)],
                    ]);
                }
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(de::Error::custom)
            }
        }
    };
}

hash!(Md5, 16, "MD5");
hash!(Sha1, 20, "SHA-1");
hash!(Sha256, 32, "SHA-256");
hash!(Sha512, 64, "SHA-512");

/// A file named by one of its hashes. Only SHA-256 is a proof; the other two can collide and are
/// accepted because people still write them.
///
/// ```
/// use quorum_core::indicator::{FileHash, HashError};
/// let hash: FileHash = "900150983CD24FB0D6963F7D28E17F72".parse()?;
/// assert!(matches!(hash, FileHash::Md5(_)));
/// assert_eq!(hash.to_string(), "900150983cd24fb0d6963f7d28e17f72");
/// // The error says where.
/// assert_eq!("90015098zcd24fb0d6963f7d28e17f72".parse::<FileHash>(), Err(HashError::Digit(8)));
/// # Ok::<(), HashError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileHash {
    /// 32 hex digits.
    Md5(Md5),
    /// 40 hex digits.
    Sha1(Sha1),
    /// 64 hex digits.
    Sha256(Sha256),
}

impl FromStr for FileHash {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        match text.len() {
            32 => text.parse().map(Self::Md5),
            40 => text.parse().map(Self::Sha1),
            64 => text.parse().map(Self::Sha256),
            other => Err(HashError::Length(other)),
        }
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Md5(hash) => hash.fmt(f),
            Self::Sha1(hash) => hash.fmt(f),
            Self::Sha256(hash) => hash.fmt(f),
        }
    }
}

impl Serialize for FileHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
