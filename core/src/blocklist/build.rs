//! Making lists.

use sha2::{Digest as _, Sha256};

use super::file::{Header, TEXT_MAX, is_name, prefix, write};
use super::{Kind, Version};
use crate::safe_browsing::Shapes;

/// Why a list cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The prefixes would be too short or too long.
    #[error("a prefix has 4 to 8 bytes, not {0}")]
    PrefixBytes(u8),
    /// A digest has fewer bytes than the list's prefixes.
    #[error("{found} bytes of a digest are fewer than the {needed} of a prefix")]
    Digest {
        /// Bytes of a prefix.
        needed: u8,
        /// Bytes that were given.
        found: usize,
    },
    /// The name is empty, too long, or has control characters.
    #[error("a name is 1 to 64 bytes without control characters")]
    Name,
    /// The version's token is too long.
    #[error("a token of {0} bytes is longer than 64")]
    Token(usize),
    /// There are more entries than can be counted in 32 bits.
    #[error("{0} entries are more than 32 bits count")]
    TooMany(usize),
}

/// Gathers entries in any order, repeated or not, and makes a list of them. The same entries with
/// the same name, version and time give the same bytes, always and everywhere.
///
/// ```
/// use quorum_core::blocklist::{Blocklist, Builder, Kind, Version};
/// let mut builder = Builder::new(Kind::Url, 4)?;
/// builder.add_expression("evil.example/").add_expression("host.example/malware/");
/// let file = builder.build("own", Version { sequence: 1, token: b"" }, 0)?;
/// let list = Blocklist::open(&file)?;
/// assert!(list.lookup_expression("evil.example/").is_some());
/// assert!(list.lookup_expression("host.example/").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    kind: Kind,
    prefix_bytes: u8,
    values: Vec<u64>,
    /// What shapes the expressions have.
    shapes: Shapes,
}

impl Builder {
    /// A list without entries whose prefixes have 4 to 8 bytes.
    ///
    /// # Errors
    /// For any other length.
    pub fn new(kind: Kind, prefix_bytes: u8) -> Result<Self, BuildError> {
        if !(4..=8).contains(&prefix_bytes) {
            return Err(BuildError::PrefixBytes(prefix_bytes));
        }
        Ok(Self {
            kind,
            prefix_bytes,
            values: Vec::new(),
            shapes: Shapes::default(),
        })
    }

    /// Adds a digest, of which the first bytes are enough.
    ///
    /// # Errors
    /// When there are fewer than a prefix has.
    pub fn add(&mut self, digest: &[u8]) -> Result<&mut Self, BuildError> {
        let value = prefix(digest, self.prefix_bytes).ok_or(BuildError::Digest {
            needed: self.prefix_bytes,
            found: digest.len(),
        })?;
        self.values.push(value);
        // It may be anything's.
        self.shapes |= Shapes::default().others();
        Ok(self)
    }

    /// Adds the SHA-256 of a Safe Browsing expression: `host/` for all of a host, or `host/path`,
    /// in canonical form and without a scheme. What names one address alone is the first of its
    /// [`expressions`](crate::safe_browsing::SafeUrl::expressions).
    pub fn add_expression(&mut self, expression: &str) -> &mut Self {
        let digest = Sha256::digest(expression);
        // A prefix is never longer than this digest, so that it is one value each time.
        self.values.extend(prefix(&digest, self.prefix_bytes));
        self.shapes |= Shapes::of(expression);
        self
    }

    /// The list's bytes. `created_at` is in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When name, token or number of entries do not fit into a header.
    pub fn build(
        mut self,
        name: &str,
        version: Version<'_>,
        created_at: u64,
    ) -> Result<Vec<u8>, BuildError> {
        if !is_name(name) {
            return Err(BuildError::Name);
        }
        if version.token.len() > TEXT_MAX {
            return Err(BuildError::Token(version.token.len()));
        }
        self.values.sort_unstable();
        self.values.dedup();
        let entries =
            u32::try_from(self.values.len()).map_err(|_| BuildError::TooMany(self.values.len()))?;
        let header = Header {
            kind: self.kind,
            prefix_bytes: self.prefix_bytes,
            name,
            version,
            created_at,
            entries,
            absent: match self.kind {
                Kind::Url => self.shapes.others(),
                Kind::GoodFile(_) | Kind::BadFile(_) => Shapes::default(),
            },
        };
        Ok(write(&header, &self.values))
    }
}
