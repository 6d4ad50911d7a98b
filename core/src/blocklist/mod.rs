//! Local lists: compact sets of hash prefixes, read where they lie.
//!
//! A list holds the first 4 to 8 bytes of digests: of the SHA-256 of Safe Browsing expressions
//! (`host/path`), or of files known to be good or bad. A prefix that matches is a hint and not a
//! proof: by chance n/2^p of all digests match a list of n entries of p bits
//! ([`Blocklist::false_positive_rate`]), and whoever must be sure asks for the full digests.
//!
//! - [`Builder`] makes a list's bytes: the same entries and the same header, the same bytes.
//! - [`Blocklist::open`] verifies bytes and borrows them; a damaged file is refused whole.
//! - [`diff`] makes an update and [`apply`] makes the next version from it, byte for byte. The old
//!   bytes are left alone, so that rolling back is to go on with them; where they were not kept,
//!   `diff(new, old)` leads back.
//! - [`RiceDeltas`] is the form in which Safe Browsing v5 sends prefixes and removal indices;
//!   [`Changes`] between two lists are what goes into it.
//!
//! The layout and what it costs stand in `file.rs`.

mod bits;
mod build;
mod file;
mod rice;
mod update;

pub use build::{BuildError, Builder};
pub use file::{Blocklist, Header, OpenError, OwnedBlocklist};
pub use rice::{RiceDeltas, RiceError, Width};
pub use update::{ApplyError, Changes, DiffError, Update, apply, diff};

use crate::indicator::Sha256;
use crate::safe_browsing::Expression;

/// What digest the prefixes of a list of files are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-1, for feeds that have nothing better.
    Sha1,
    /// MD5, for feeds that have nothing better.
    Md5,
}

/// What the entries of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Addresses: SHA-256 of Safe Browsing expressions.
    Url,
    /// Files known to be good.
    GoodFile(Digest),
    /// Files known to be bad.
    BadFile(Digest),
}

impl Kind {
    /// The two bytes that stand for it in a file.
    fn codes(self) -> (u8, u8) {
        let code = |digest| match digest {
            Digest::Sha256 => 0,
            Digest::Sha1 => 1,
            Digest::Md5 => 2,
        };
        match self {
            Self::Url => (0, 0),
            Self::GoodFile(digest) => (1, code(digest)),
            Self::BadFile(digest) => (2, code(digest)),
        }
    }

    fn from_codes(kind: u8, digest: u8) -> Option<Self> {
        let digest = match digest {
            0 => Digest::Sha256,
            1 => Digest::Sha1,
            2 => Digest::Md5,
            _ => return None,
        };
        match kind {
            0 if digest == Digest::Sha256 => Some(Self::Url),
            1 => Some(Self::GoodFile(digest)),
            2 => Some(Self::BadFile(digest)),
            _ => None,
        }
    }
}

/// Which version of a list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// Counts versions up; what is newer has the greater number.
    pub sequence: u64,
    /// What the source itself calls the version: up to 64 bytes that only the source understands,
    /// such as Safe Browsing's `version`.
    pub token: &'a [u8],
}

/// A prefix that was found. Not a proof yet: the full digest may be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// How many bits of the digest are known to be the same.
    pub prefix_bits: u8,
    /// Which entry it is, counted from 0 in ascending order.
    pub index: u32,
}

/// An expression of an address that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlMatch<'a> {
    /// Which of the expressions.
    pub expression: Expression<'a>,
    /// Its full hash, to be compared with those that the list's source knows for the prefix.
    pub hash: Sha256,
    /// Where it was found.
    pub found: Match,
}
