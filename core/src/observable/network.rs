//! What networks are made of: address blocks, autonomous systems, interfaces, mailboxes, onion
//! services.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha3::{Digest as _, Sha3_256};

use super::{Fault, text_form};
use crate::indicator::Domain;

/// A network in CIDR notation (RFC 4632, RFC 4291 §2.3). Bits of the address beyond the prefix
/// are dropped, as routers do: `192.0.2.77/24` is `192.0.2.0/24`.
///
/// ```
/// use quorum_core::observable::Cidr;
/// let network: Cidr = "192.0.2.77/24".parse()?;
/// assert_eq!(network.to_string(), "192.0.2.0/24");
/// assert!(network.contains("192.0.2.200".parse().unwrap()));
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(Network);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The network's first address.
    pub fn network(&self) -> IpAddr {
        self.0.address
    }

    /// How many leading bits all of the network's addresses share: up to 32 or 128.
    pub fn prefix_length(&self) -> u8 {
        self.0.prefix
    }

    /// Whether an address lies in the network. An IPv4 address is in no IPv6 network.
    pub fn contains(&self, address: IpAddr) -> bool {
        mask(address, self.0.prefix) == Some(self.0.address)
    }
}

/// The first address of the network; `None` where the address is shorter than the prefix.
fn mask(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => {
            let host = 32_u32.checked_sub(prefix.into())?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let host = 128_u32.checked_sub(prefix.into())?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    })
}

fn cidr(text: &str) -> Result<Network, Fault> {
    const FORM: Fault = Fault::Form("an IP address, a slash and a prefix length");
    // The longest IPv6 text form has 45 characters.
    if text.len() > 45 + 4 {
        return Err(Fault::Length(text.len()));
    }
    let (address, prefix) = text.split_once('/').ok_or(FORM)?;
    let prefix = decimal(prefix, 3).ok_or(FORM)?;
    let out_of_range = Fault::Range("prefix length");
    let prefix = u8::try_from(prefix).map_err(|_| out_of_range.clone())?;
    let address = mask(address.parse()?, prefix).ok_or(out_of_range)?;
    Ok(Network { address, prefix })
}

/// A decimal number of at most so many digits, without a sign and without leading zeros.
pub(super) fn decimal(text: &str, most: usize) -> Option<u64> {
    let plain = !text.is_empty()
        && text.len() <= most
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.address, self.0.prefix)
    }
}

text_form!(Cidr, cidr);

/// An autonomous system's number (RFC 6793): `AS0` to `AS4294967295`. `ASN13335`, `AS 13335` and
/// the dotted notation of RFC 5396 are read too; bare digits are not.
///
/// ```
/// use quorum_core::observable::Asn;
/// assert_eq!("ASN64500".parse::<Asn>()?.to_string(), "AS64500");
/// assert!("64500".parse::<Asn>().is_err());
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(u32);

impl Asn {
    /// The number.
    pub fn number(&self) -> u32 {
        self.0
    }
}

impl From<u32> for Asn {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

fn asn(text: &str) -> Result<u32, Fault> {
    const FORM: Fault = Fault::Form("AS and a number");
    if text.len() > "ASN 65535.65535".len() {
        return Err(Fault::Length(text.len()));
    }
    let digits = strip_prefix_ignoring_case(text, "AS").ok_or(FORM)?;
    let digits = strip_prefix_ignoring_case(digits, "N").unwrap_or(digits);
    let digits = digits.strip_prefix(' ').unwrap_or(digits);
    let number = match digits.split_once('.') {
        Some((high, low)) => {
            let part = |text| {
                let number = decimal(text, 5).ok_or(FORM)?;
                u16::try_from(number).map_err(|_| Fault::Range("number"))
            };
            u64::from(part(high)?) << 16 | u64::from(part(low)?)
        }
        None => decimal(digits, 10).ok_or(FORM)?,
    };
    u32::try_from(number).map_err(|_| Fault::Range("number"))
}

pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

text_form!(Asn, asn);

/// A hardware address: IEEE EUI-48 or EUI-64. Read with colons or hyphens between the bytes or
/// dots between groups of two bytes; written with colons and in lower case.
///
/// ```
/// use quorum_core::observable::Mac;
/// assert_eq!("00-1B-44-11-3A-B7".parse::<Mac>()?.to_string(), "00:1b:44:11:3a:b7");
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(Eui);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Eui {
    Eui48([u8; 6]),
    Eui64([u8; 8]),
}

impl Mac {
    /// The address's six or eight bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Eui::Eui48(bytes) => bytes,
            Eui::Eui64(bytes) => bytes,
        }
    }
}

fn mac(text: &str) -> Result<Eui, Fault> {
    fn collect<const N: usize>(text: &[u8], group: usize) -> Result<[u8; N], Fault> {
        let separator = text[group];
        let mut out = [0; N];
        let mut digits = 0;
        for (at, &byte) in text.iter().enumerate() {
            if at % (group + 1) == group {
                if byte != separator {
                    return Err(Fault::Character(at));
                }
            } else {
                let value = char::from(byte).to_digit(16).ok_or(Fault::Character(at))?;
                out[digits / 2] = out[digits / 2] << 4 | value as u8;
                digits += 1;
            }
        }
        Ok(out)
    }
    let bytes = text.as_bytes();
    match (bytes.len(), bytes.get(2), bytes.get(4)) {
        (17, Some(b':' | b'-'), _) => collect(bytes, 2).map(Eui::Eui48),
        (23, Some(b':' | b'-'), _) => collect(bytes, 2).map(Eui::Eui64),
        (14, _, Some(b'.')) => collect(bytes, 4).map(Eui::Eui48),
        (19, _, Some(b'.')) => collect(bytes, 4).map(Eui::Eui64),
        (14 | 17 | 19 | 23, ..) => Err(Fault::Form("bytes in hex with one separator")),
        (length, ..) => Err(Fault::Length(length)),
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .enumerate()
            .try_for_each(|(at, byte)| {
                let colon = if at == 0 { "" } else { ":" };
                write!(f, "{colon}{byte:02x}")
            })
    }
}

text_form!(Mac, mac);

/// An e-mail address: the addr-spec of RFC 5322 within the limits of RFC 5321, with the letters
/// of any script in the local part (RFC 6531). Comments, folding white space and address literals
/// (`user@[192.0.2.1]`) are not taken.
///
/// The domain is in lower case; the local part is kept as written, because only its host may say
/// that case does not matter. Quotes that are not needed are dropped: `"bob"@example.com` is
/// `bob@example.com` (RFC 5321 §4.1.2).
///
/// ```
/// use quorum_core::observable::Email;
/// let email: Email = "Joe.Doe+x@Mail.Example.COM".parse()?;
/// assert_eq!(email.to_string(), "Joe.Doe+x@mail.example.com");
/// assert_eq!(email.domain().as_str(), "mail.example.com");
/// # Ok::<(), quorum_core::observable::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Mailbox);

// The domain leads, so that addresses of one domain stand together when sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Mailbox {
    domain: Domain,
    local: String,
}

impl Email {
    /// What stands before the `@`, in quotes if it needs them.
    pub fn local_part(&self) -> &str {
        &self.0.local
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &Domain {
        &self.0.domain
    }
}

fn email(text: &str) -> Result<Mailbox, Fault> {
    const MOST_LOCAL: usize = 64;
    // RFC 5321's path of 256 bytes less its brackets. The name may be longer before it is ASCII.
    const MOST: usize = 254;
    if text.len() > 2 * MOST {
        return Err(Fault::Length(text.len()));
    }
    let (local, domain) = text
        .rsplit_once('@')
        .ok_or(Fault::Form("an address with an @"))?;
    if local.is_empty() || local.len() > MOST_LOCAL {
        return Err(Fault::Length(local.len()));
    }
    let local = match local.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => match dot_atom(local) {
            None => local.to_owned(),
            Some(at) => return Err(Fault::Character(at)),
        },
    };
    let domain: Domain = domain.parse()?;
    let length = local.len() + 1 + domain.as_str().len();
    if length > MOST {
        return Err(Fault::Length(length));
    }
    Ok(Mailbox { domain, local })
}

/// Where a text stops being a dot-atom of RFC 5322; `None` if it is one.
fn dot_atom(text: &str) -> Option<usize> {
    let mut after_dot = true;
    for (at, letter) in text.char_indices() {
        let atom = letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter);
        if !atom && (letter != '.' || after_dot) {
            return Some(at);
        }
        after_dot = letter == '.';
    }
    after_dot.then_some(text.len())
}

/// Reads a quoted local part behind its first quote; gives it without quotes and escapes where it
/// does without, and with no more escapes than it needs otherwise.
fn unquote(quoted: &str) -> Result<String, Fault> {
    let mut content = String::new();
    let mut letters = quoted.char_indices();
    loop {
        match letters.next() {
            Some((at, '"')) if at + 1 == quoted.len() => break,
            Some((at, '\\')) => match letters.next() {
                Some((_, escaped @ ' '..='~')) => content.push(escaped),
                _ => return Err(Fault::Character(at + 1)),
            },
            Some((_, letter))
                if letter != '"'
                    && (letter == ' ' || letter.is_alphanumeric() || letter.is_ascii_graphic()) =>
            {
                content.push(letter);
            }
            Some((at, _)) => return Err(Fault::Character(at + 1)),
            None => return Err(Fault::Form("closed by a quote")),
        }
    }
    if dot_atom(&content).is_none() {
        return Ok(content);
    }
    let escaped = content.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.0.local, self.0.domain)
    }
}

text_form!(Email, email);

/// An onion service's name (RFC 7686): version 3, whose checksum is verified, or the version 2
/// that Tor retired in 2021. Labels in front of the service's own are kept, as browsers send them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Onion(Domain);

impl Onion {
    /// The name as a domain name.
    pub fn as_domain(&self) -> &Domain {
        &self.0
    }

    /// The protocol's version: 3, or 2 for the retired names of 16 characters.
    pub fn version(&self) -> u8 {
        match service_label(self.0.as_str()).map(str::len) {
            Some(V2) => 2,
            _ => 3,
        }
    }
}

/// Lengths of the label that is the service's address.
const V2: usize = 16;
const V3: usize = 56;

fn service_label(name: &str) -> Option<&str> {
    let (rest, top) = name.rsplit_once('.')?;
    top.eq_ignore_ascii_case("onion")
        .then(|| rest.rsplit('.').next())
        .flatten()
}

/// Tor's rend-spec-v3 §6 for version 3; a version 2 name is 80 bits of a hash and says nothing
/// about itself.
fn onion(text: &str) -> Result<Domain, Fault> {
    // As long as a domain name may be, with a final dot.
    if text.len() > 254 {
        return Err(Fault::Length(text.len()));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = service_label(name).ok_or(Fault::Form("a name under .onion"))?;
    let start = name.len() - ".onion".len() - label.len();
    match label.len() {
        V2 => {
            base32::<10>(label).map_err(|at| Fault::Character(start + at))?;
        }
        V3 => {
            let bytes: [u8; 35] = base32(label).map_err(|at| Fault::Character(start + at))?;
            let (key, tail) = bytes.split_at(32);
            let (checksum, version) = tail.split_at(2);
            if version != [3] {
                return Err(Fault::Range("version"));
            }
            let digest = Sha3_256::new()
                .chain_update(b".onion checksum")
                .chain_update(key)
                .chain_update(version)
                .finalize();
            if digest[..2] != *checksum {
                return Err(Fault::Checksum);
            }
        }
        length => return Err(Fault::Length(length)),
    }
    Ok(name.parse()?)
}

/// RFC 4648 base32 of exactly `N` bytes, a whole number of 5-bit digits; the error is where
/// another character stands.
fn base32<const N: usize>(text: &str) -> Result<[u8; N], usize> {
    let mut out = [0; N];
    for (at, byte) in text.bytes().enumerate() {
        let digit = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            figure @ b'2'..=b'7' => figure - b'2' + 26,
            _ => return Err(at),
        };
        let (index, shift) = (at * 5 / 8, at * 5 % 8);
        let wide = u16::from(digit) << (11 - shift);
        let [high, low] = wide.to_be_bytes();
        out[index] |= high;
        if low != 0 {
            out[index + 1] |= low;
        }
    }
    Ok(out)
}

impl fmt::Display for Onion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Onion, onion);
