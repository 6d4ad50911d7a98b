//! A publisher's checksums: what a site says that a file's digest is, found where publishers say it, and
//! compared with the digests of the bytes that came.
//!
//! Three places are read: headers of the answer that bears the file, lists such as `SHA256SUMS`, and the
//! text beside the link on a page. A claim is taken only where there is no doubt which file it is about,
//! and of claims that could be about several files only one that holds is told: a false alarm would teach
//! people to look away.

mod header;
mod list;
mod page;

pub use header::from_headers;
pub use list::{MAX_LIST, from_list};
pub use page::{Level, MAX_LISTS, Page, Pointed, from_page};

use serde::{Deserialize, Serialize};

use crate::digest::Digests;
use crate::indicator::Sha512;

/// How a checksum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// MD5 (RFC 1321). It can be forged: a match is no proof, a difference is one.
    Md5,
    /// SHA-1 (FIPS 180-4). As MD5.
    Sha1,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512 (FIPS 180-4).
    Sha512,
}

impl Algorithm {
    /// Its name as publishers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The algorithm whose digests have this many hex digits.
    fn of_hex_digits(count: usize) -> Option<Self> {
        Some(match count {
            32 => Self::Md5,
            40 => Self::Sha1,
            64 => Self::Sha256,
            128 => Self::Sha512,
            _ => return None,
        })
    }
}

/// Where a publisher says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In this header of the answer, in lower case.
    Header(String),
    /// Beside the link on the page.
    Page,
    /// In the list at this address.
    List(String),
}

/// What a publisher says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where.
    pub source: Source,
    /// How it is made.
    pub algorithm: Algorithm,
    /// The digest in lower-case hex, of the algorithm's length.
    pub digest: String,
    /// Whether it need not be a digest of the bytes at all, as an `ETag` need not: then only that it
    /// holds says something.
    pub perhaps: bool,
}

/// A claim that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Where it stands.
    pub source: Source,
    /// How it is made.
    pub algorithm: Algorithm,
    /// Whether the bytes have it.
    pub matches: bool,
}

/// Compares claims with what the bytes have, each place and algorithm once. Where a place has several
/// digests, or the digest need not be one, that none of them holds is not told.
pub fn compare(claims: &[Claim], digests: &Digests, sha512: Option<&Sha512>) -> Vec<Compared> {
    let holds = |claim: &Claim| {
        Some(match claim.algorithm {
            Algorithm::Md5 => digests.md5.to_string() == claim.digest,
            Algorithm::Sha1 => digests.sha1.to_string() == claim.digest,
            Algorithm::Sha256 => digests.sha256.to_string() == claim.digest,
            Algorithm::Sha512 => sha512?.to_string() == claim.digest,
        })
    };
    let mut compared: Vec<Compared> = Vec::new();
    for claim in claims {
        let is_it =
            |source: &Source, algorithm| (source, algorithm) == (&claim.source, claim.algorithm);
        if compared.iter().any(|it| is_it(&it.source, it.algorithm)) {
            continue;
        }
        let group = || claims.iter().filter(|it| is_it(&it.source, it.algorithm));
        let matches = group().any(|it| holds(it) == Some(true));
        let certain =
            holds(claim).is_some() && group().all(|it| it.digest == claim.digest && !it.perhaps);
        if matches || certain {
            compared.push(Compared {
                source: claim.source.clone(),
                algorithm: claim.algorithm,
                matches,
            });
        }
    }
    compared
}

/// Whether SHA-512 is wanted to compare these.
pub fn want_sha512(claims: &[Claim]) -> bool {
    let mut algorithms = claims.iter().map(|claim| claim.algorithm);
    algorithms.any(|algorithm| algorithm == Algorithm::Sha512)
}

/// A digest of hex digits of either case.
fn hex(text: &str) -> Option<(Algorithm, String)> {
    let algorithm = Algorithm::of_hex_digits(text.len())?;
    let good = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| (algorithm, text.to_ascii_lowercase()))
}

/// The last segment of an address's path, or the whole of a name, with its escapes undone.
pub fn file_name(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(last.len());
    let mut rest = last.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        if let (b'%', [high, low, after @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push((high * 16 + low) as u8);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
