//! Checksums in the headers of the answer that bears the file.
//!
//! | header | source |
//! |---|---|
//! | `Repr-Digest`, `Content-Digest` | RFC 9530, dictionaries of byte sequences (RFC 8941) |
//! | `Digest` | RFC 3230 and its registry; `id-…` are of the bytes without a content coding |
//! | `Content-MD5` | RFC 1864 (and Azure Blob Storage) |
//! | `x-goog-hash` | Google Cloud Storage; its CRC-32C is no digest |
//! | `x-amz-checksum-sha256`, `-sha1` | Amazon S3; one with a `-` is of parts |
//! | `x-checksum-sha256`, `-sha512`, `-sha1`, `-md5` | Artifactory, Maven Central, in hex |
//! | `ETag` | perhaps the MD5, as of what was stored in S3 in one piece |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Algorithm, Claim, Source, hex};

/// The claims in an answer's headers, given by name in any case and value.
///
/// ```
/// use quorum_core::checksum::{Algorithm, from_headers};
/// let claims = from_headers([("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==")]);
/// assert_eq!(claims[0].algorithm, Algorithm::Md5);
/// assert_eq!(claims[0].digest, "900150983cd24fb0d6963f7d28e17f72");
/// ```
pub fn from_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Claim> {
    let headers: Vec<(String, &str)> = headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let is = |name: &str, usual: &str| {
        let mut own = headers.iter().filter(|(own, _)| own == name);
        own.all(|(_, value)| value.is_empty() || value.eq_ignore_ascii_case(usual))
    };
    // Browsers undo the coding before anybody sees the bytes; most digests are of the coded ones.
    let coded = !is("content-encoding", "identity");
    // Google's storage undoes it by itself, and says nothing but here.
    let stored_coded = !is("x-goog-stored-content-encoding", "identity");
    let mut claims = Vec::new();
    for (name, value) in &headers {
        let mut claim = |found: Option<(Algorithm, String)>, perhaps| {
            claims.extend(found.map(|(algorithm, digest)| Claim {
                source: Source::Header(name.clone()),
                algorithm,
                digest,
                perhaps,
            }));
        };
        match name.as_str() {
            "repr-digest" | "content-digest" if !coded => {
                for item in value.split(',') {
                    claim(structured(item), false);
                }
            }
            "digest" => {
                for item in value.split(',') {
                    claim(instance(item, coded), false);
                }
            }
            "x-goog-hash" if !coded && !stored_coded => {
                for item in value.split(',') {
                    claim(instance(item, false), false);
                }
            }
            "content-md5" if !coded => claim(decoded(Algorithm::Md5, value), false),
            "x-amz-checksum-sha256" if !coded => claim(decoded(Algorithm::Sha256, value), false),
            "x-amz-checksum-sha1" if !coded => claim(decoded(Algorithm::Sha1, value), false),
            "x-checksum-sha512" | "x-checksum-sha256" | "x-checksum-sha1" | "x-checksum-md5"
                if !coded =>
            {
                claim(hex(value), false);
            }
            "etag" => {
                let tag = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                let digest = tag.and_then(hex);
                claim(digest.filter(|(of, _)| *of == Algorithm::Md5), true);
            }
            _ => {}
        }
    }
    claims
}

/// `sha-256=:BASE64:`, with parameters that mean nothing here.
fn structured(item: &str) -> Option<(Algorithm, String)> {
    let (key, value) = item.trim().split_once('=')?;
    let (value, _) = value.strip_prefix(':')?.split_once(':')?;
    let algorithm = match key {
        "md5" => Algorithm::Md5,
        "sha" => Algorithm::Sha1,
        "sha-256" => Algorithm::Sha256,
        "sha-512" => Algorithm::Sha512,
        _ => return None,
    };
    decoded(algorithm, value)
}

/// `SHA-256=BASE64`. Of coded bytes only those count that are made before the coding.
fn instance(item: &str, coded: bool) -> Option<(Algorithm, String)> {
    let (key, value) = item.trim().split_once('=')?;
    let key = key.trim().to_ascii_lowercase();
    let plain = key.strip_prefix("id-");
    if coded && plain.is_none() {
        return None;
    }
    let algorithm = match plain.unwrap_or(&key) {
        "md5" => Algorithm::Md5,
        "sha" => Algorithm::Sha1,
        "sha-256" => Algorithm::Sha256,
        "sha-512" => Algorithm::Sha512,
        _ => return None,
    };
    decoded(algorithm, value)
}

fn decoded(algorithm: Algorithm, value: &str) -> Option<(Algorithm, String)> {
    use std::fmt::Write as _;
    let bytes = STANDARD.decode(value.trim()).ok()?;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    hex(&text).filter(|(of, _)| *of == algorithm)
}
