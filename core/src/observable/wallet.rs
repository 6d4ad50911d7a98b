//! Addresses of the three currencies that extortion is paid in. Each checksum is verified, so that
//! a random word of the right letters is not taken for one.

use std::fmt;

use bech32::primitives::decode::SegwitHrpstring;
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};

use super::{Fault, text_form, text_type};
use crate::indicator::decode_hex;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Reads digits of Bitcoin's base 58 as one big-endian number that fills `out`. (Monero cuts its
/// addresses into blocks, so leading digits of 0 cannot be counted here as they are in Bitcoin.)
fn base58(text: &[u8], start: usize, out: &mut [u8]) -> Result<(), Fault> {
    for (at, byte) in text.iter().enumerate() {
        let digit = BASE58.iter().position(|digit| digit == byte);
        let mut carry = digit.ok_or(Fault::Character(start + at))?;
        for place in out.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return Err(Fault::Range("number"));
        }
    }
    Ok(())
}

/// What a [`Bitcoin`] address pays to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BitcoinForm {
    /// A public key's hash, base58check.
    P2pkh,
    /// A script's hash, base58check.
    P2sh,
    /// A witness program of this version (0 to 16), bech32 or bech32m.
    Witness(u8),
}

text_type! {
    /// A Bitcoin address of the main or the test network: base58check (P2PKH, P2SH), or segregated
    /// witness in bech32 (BIP 173) or bech32m (BIP 350), the latter in lower case.
    ///
    /// ```
    /// use quorum_core::observable::{Bitcoin, BitcoinForm};
    /// let address: Bitcoin = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4".parse()?;
    /// assert_eq!(address.to_string(), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    /// assert_eq!(address.form(), BitcoinForm::Witness(0));
    /// # Ok::<(), quorum_core::observable::ParseError>(())
    /// ```
    Bitcoin, bitcoin
}

impl Bitcoin {
    /// What the address pays to.
    pub fn form(&self) -> BitcoinForm {
        // The first character of a base58check address follows from its version byte, and that of
        // a witness version is a bech32 digit; reading has verified both.
        match self.0.as_bytes() {
            [b'b' | b't', b'c' | b'b', b'1', digit, ..] => {
                let digits = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
                let version = digits.iter().position(|known| known == digit);
                BitcoinForm::Witness(version.unwrap_or_default() as u8)
            }
            [b'2' | b'3', ..] => BitcoinForm::P2sh,
            _ => BitcoinForm::P2pkh,
        }
    }

    /// Whether it is of the network on which coins are worth something.
    pub fn is_mainnet(&self) -> bool {
        self.0.starts_with(['1', '3', 'b'])
    }
}

fn bitcoin(text: &str) -> Result<String, Fault> {
    match text.as_bytes() {
        [b'1' | b'2' | b'3' | b'm' | b'n', ..] => {
            base58check(text.as_bytes())?;
            Ok(text.to_owned())
        }
        [b'b' | b'B', b'c' | b'C', b'1', ..] | [b't' | b'T', b'b' | b'B', b'1', ..] => {
            // BIP 173 allows 90 characters at most.
            if text.len() > 90 {
                return Err(Fault::Length(text.len()));
            }
            use bech32::primitives::decode::{SegwitHrpstringError, UncheckedHrpstringError};
            SegwitHrpstring::new(text).map_err(|error| match error {
                SegwitHrpstringError::Checksum(_) => Fault::Checksum,
                SegwitHrpstringError::Unchecked(UncheckedHrpstringError::Char(_)) => {
                    Fault::Form("in bech32's letters, all of one case")
                }
                _ => Fault::Form("a witness program"),
            })?;
            Ok(text.to_ascii_lowercase())
        }
        _ => Err(Fault::Form("a Bitcoin address by its first characters")),
    }
}

/// A version byte, 20 bytes of a hash, and 4 of the rest's double SHA-256.
fn base58check(text: &[u8]) -> Result<(), Fault> {
    // Shorter than any 25 bytes, longer than all.
    if !(25..=35).contains(&text.len()) {
        return Err(Fault::Length(text.len()));
    }
    let mut bytes = [0; 25];
    base58(text, 0, &mut bytes)?;
    // Each leading zero byte is written as one digit of 0; that makes the text unique.
    let ones = text.iter().take_while(|byte| **byte == b'1').count();
    if ones != bytes.iter().take_while(|byte| **byte == 0).count() {
        return Err(Fault::Length(text.len()));
    }
    let (payload, checksum) = bytes.split_at(21);
    if Sha256::digest(Sha256::digest(payload))[..4] != *checksum {
        return Err(Fault::Checksum);
    }
    // P2PKH and P2SH of the main network, then of the test network.
    match payload[0] {
        0x00 | 0x05 | 0x6f | 0xc4 => Ok(()),
        _ => Err(Fault::Range("version")),
    }
}

/// An Ethereum address: `0x` and 40 hex digits. The canonical form carries EIP-55's checksum in
/// the case of its letters. Mixed case must fit that checksum; all letters of one case carry none
/// and are taken as they are, as EIP-55 asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ethereum([u8; 20]);

impl Ethereum {
    /// The address's bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The 40 digits, with EIP-55's upper case: a letter is upper case where the hex digit at its
    /// place in the Keccak-256 of the lower-case text is 8 or more.
    fn digits(&self) -> [u8; 40] {
        let mut digits = [0; 40];
        for (at, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[usize::from(nibble(&self.0, at))];
        }
        let hash = Keccak256::digest(digits);
        for (at, digit) in digits.iter_mut().enumerate() {
            if nibble(&hash, at) >= 8 {
                digit.make_ascii_uppercase();
            }
        }
        digits
    }
}

fn nibble(bytes: &[u8], at: usize) -> u8 {
    bytes[at / 2] >> (4 * (1 - at % 2)) & 15
}

fn ethereum(text: &str) -> Result<[u8; 20], Fault> {
    if text.len() != 42 {
        return Err(Fault::Length(text.len()));
    }
    let written = text
        .strip_prefix("0x")
        .ok_or(Fault::Form("0x and 40 hex digits"))?;
    let bytes = decode_hex(written)?;
    let one_case = |other: fn(&u8) -> bool| !written.as_bytes().iter().any(other);
    let unchecked = one_case(u8::is_ascii_uppercase) || one_case(u8::is_ascii_lowercase);
    if !unchecked && Ethereum(bytes).digits() != written.as_bytes() {
        return Err(Fault::Checksum);
    }
    Ok(bytes)
}

impl fmt::Display for Ethereum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.digits()
            .iter()
            .try_for_each(|digit| fmt::Write::write_char(f, char::from(*digit)))
    }
}

impl fmt::Debug for Ethereum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ethereum({self})")
    }
}

text_form!(Ethereum, ethereum);

/// What sort of [`Monero`] address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MoneroForm {
    /// A wallet's primary address.
    Standard,
    /// A primary address with a payment id inside.
    Integrated,
    /// One of the many addresses of a wallet.
    Subaddress,
}

text_type! {
    /// A Monero address of the main, test or stage network: two public keys and, in an integrated
    /// one, a payment id, with 4 bytes of their Keccak-256.
    Monero, monero
}

/// Bytes of a block and the digits it is written in: Monero's base 58 pads each block.
const FULL_BLOCK: (usize, usize) = (8, 11);
const LAST_BLOCK: (usize, usize) = (5, 7);
/// Length of a text without and with a payment id.
const PLAIN: usize = 95;
const WITH_PAYMENT_ID: usize = 106;

/// `cryptonote_config.h`: the prefixes of standard, integrated and subaddresses, by network.
const NETWORKS: [[u8; 3]; 3] = [[18, 19, 42], [53, 54, 63], [24, 25, 36]];

impl Monero {
    /// What sort of address it is.
    pub fn form(&self) -> MoneroForm {
        match self.network_byte() {
            42 | 63 | 36 => MoneroForm::Subaddress,
            19 | 54 | 25 => MoneroForm::Integrated,
            _ => MoneroForm::Standard,
        }
    }

    /// Whether it is of the network on which coins are worth something.
    pub fn is_mainnet(&self) -> bool {
        NETWORKS[0].contains(&self.network_byte())
    }

    fn network_byte(&self) -> u8 {
        let mut block = [0; FULL_BLOCK.0];
        // Reading has verified all digits.
        let _ = base58(&self.0.as_bytes()[..FULL_BLOCK.1], 0, &mut block);
        block[0]
    }
}

fn monero(text: &str) -> Result<String, Fault> {
    let length = match text.len() {
        PLAIN => 69,
        WITH_PAYMENT_ID => 77,
        other => return Err(Fault::Length(other)),
    };
    let mut bytes = [0; 77];
    let bytes = &mut bytes[..length];
    let (full, last) = text.as_bytes().split_at(text.len() - LAST_BLOCK.1);
    let (full_bytes, last_bytes) = bytes.split_at_mut(length - LAST_BLOCK.0);
    let blocks = full
        .chunks(FULL_BLOCK.1)
        .zip(full_bytes.chunks_mut(FULL_BLOCK.0));
    for (index, (digits, block)) in blocks.enumerate() {
        base58(digits, index * FULL_BLOCK.1, block)?;
    }
    base58(last, full.len(), last_bytes)?;
    let (payload, checksum) = bytes.split_at(length - 4);
    // Integrated is the middle one of each network, and the only one with a payment id.
    let form = NETWORKS
        .iter()
        .find_map(|forms| forms.iter().position(|form| *form == payload[0]));
    if form.ok_or(Fault::Range("network byte"))? == 1 && length == 69
        || form != Some(1) && length == 77
    {
        return Err(Fault::Length(text.len()));
    }
    if Keccak256::digest(payload)[..4] != *checksum {
        return Err(Fault::Checksum);
    }
    Ok(text.to_owned())
}
