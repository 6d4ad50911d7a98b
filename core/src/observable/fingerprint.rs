//! Fingerprints in their text forms: similarity digests of files, and JARM.

use std::fmt;

use super::network::decimal;
use super::{Fault, text_form, text_type};
use crate::indicator::decode_hex;

text_type! {
    /// An ssdeep digest in the form that the program prints, without a file name:
    /// `blocksize:hash:hash`. The block size is 3 · 2ⁿ with n up to 30; each hash has at most 64
    /// of base64's characters, the second being taken at twice the block size.
    Ssdeep, ssdeep
}

fn ssdeep(text: &str) -> Result<String, Fault> {
    const MOST: usize = 64;
    const FORM: Fault = Fault::Form("a block size and two hashes with colons between");
    if text.len() > 10 + 2 * (1 + MOST) {
        return Err(Fault::Length(text.len()));
    }
    let (size, hashes) = text.split_once(':').ok_or(FORM)?;
    let (first, second) = hashes.split_once(':').ok_or(FORM)?;
    let size = decimal(size, 10).ok_or(FORM)?;
    let doublings = (size / 3)
        .checked_ilog2()
        .filter(|n| *n <= 30 && 3 << n == size);
    doublings.ok_or(Fault::Range("block size"))?;
    let start = text.len() - hashes.len();
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    if let Some(at) = first.bytes().position(|byte| !digit(byte)) {
        return Err(Fault::Character(start + at));
    }
    if let Some(at) = second.bytes().position(|byte| !digit(byte)) {
        return Err(Fault::Character(start + first.len() + 1 + at));
    }
    match first.len().max(second.len()) {
        longer if longer > MOST => Err(Fault::Length(longer)),
        _ => Ok(text.to_owned()),
    }
}

/// A TLSH digest of the usual 128 buckets and one checksum byte: 35 bytes, written `T1` and 70
/// hex digits. Digests from before version 4 lack the `T1` and are otherwise the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tlsh([u8; 35]);

impl Tlsh {
    /// The digest's bytes, in the order in which they are written.
    pub fn as_bytes(&self) -> &[u8; 35] {
        &self.0
    }
}

impl From<[u8; 35]> for Tlsh {
    fn from(bytes: [u8; 35]) -> Self {
        Self(bytes)
    }
}

fn tlsh(text: &str) -> Result<[u8; 35], Fault> {
    match text.len() {
        70 => Ok(decode_hex(text)?),
        72 => match text.strip_prefix("T1").or(text.strip_prefix("t1")) {
            Some(digits) => Ok(decode_hex(digits)?),
            None => Err(Fault::Form("T1 and 70 hex digits")),
        },
        other => Err(Fault::Length(other)),
    }
}

impl fmt::Display for Tlsh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("T1")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Tlsh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tlsh({self})")
    }
}

text_form!(Tlsh, tlsh);

text_type! {
    /// A TLS server's JARM fingerprint: for each of ten handshakes the chosen cipher (two hex
    /// digits) and version (a letter from `a` to `f`), or `000` for no answer; then 32 hex digits
    /// of the extensions' SHA-256. No answer at all is 62 zeros.
    Jarm, jarm
}

fn jarm(text: &str) -> Result<String, Fault> {
    const HANDSHAKES: usize = 30;
    /// How many ciphers JARM's list has; it counts them from 1, and what is not on it as one more.
    const CIPHERS: u32 = 69;
    if text.len() != 62 {
        return Err(Fault::Length(text.len()));
    }
    let bytes = text.as_bytes();
    if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        return Err(Fault::Character(at));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default();
    for triple in bytes[..HANDSHAKES].chunks(3) {
        let cipher = digit(triple[0]) * 16 + digit(triple[1]);
        let answered = (1..=CIPHERS + 1).contains(&cipher) && triple[2].is_ascii_alphabetic();
        if !answered && triple != b"000" {
            return Err(Fault::Range("cipher or version"));
        }
    }
    // Without any answer the program does not hash, so nothing but zeros can follow.
    let silent = |bytes: &[u8]| bytes.iter().all(|byte| *byte == b'0');
    if silent(&bytes[..HANDSHAKES]) && !silent(&bytes[HANDSHAKES..]) {
        return Err(Fault::Checksum);
    }
    Ok(text.to_ascii_lowercase())
}
