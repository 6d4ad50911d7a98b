//! The Safe Browsing form of a web address, and the host-suffix × path-prefix expressions under
//! which lists name it. Apart from the form that the API makes its ids from.
//!
//! Source: Google's "URLs and Hashing", the text for version 5 of the Safe Browsing API
//! (<https://developers.google.com/safe-browsing/reference/URLs.and.Hashing>): the hosts of the
//! expressions begin at the registrable domain, and an IPv6 address that holds an IPv4 one becomes
//! this.
//!
//! Where implementations differ:
//!
//! - The query takes part, an empty one too: `/q?` gives `/q?` and `/q`.
//! - A number too large for its place in an IPv4 address (`276.2.3`) makes it a name, as in
//!   browsers; `inet_aton`'s white space (`10.192.95.89 xy`) is understood.
//! - User name and password are taken off before anything is unescaped, so that
//!   `http://good.example%2F@evil.example/` is about `evil.example`, where browsers go.
//! - Path segments are resolved before empty ones are dropped: `/a//../b` is `/a/b`, as in browsers.
//!
//! A backslash is no slash here, other than in browsers. Addresses that a person wrote should be
//! read by [`CanonicalUrl`](crate::indicator::CanonicalUrl) first.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use sha2::Digest as _;

use crate::indicator::Sha256;
use crate::suffix::registrable_domain;

/// Most expressions that an address has: five hosts × six paths.
pub const MAX_EXPRESSIONS: usize = 30;

/// Longest host that is read as an internationalised name, in bytes. None that DNS can hold is
/// longer, and the time for one label grows faster than its length.
const MAX_IDN_BYTES: usize = 1024;

/// Why bytes have no Safe Browsing form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SafeUrlError {
    /// There is no host in it: a path alone, or a scheme without `//`, such as `mailto:`.
    #[error("the address has no host")]
    NoHost,
    /// The host begins with a bracket and is no IPv6 address.
    #[error("what stands in brackets is no IPv6 address")]
    Ipv6,
}

/// An address in Safe Browsing's canonical form: ASCII; no user info, port or fragment; everything
/// unescaped that can be, then only what is needed escaped.
///
/// ```
/// use quorum_core::safe_browsing::SafeUrl;
/// let url = SafeUrl::parse(b"HTTPS://me@a.b.Example.co.uk:8443/1/%32.html?q#top")?;
/// assert_eq!(url.as_str(), "https://a.b.example.co.uk/1/2.html?q");
/// let expressions: Vec<String> = url.expressions().map(|e| e.to_string()).collect();
/// assert_eq!(expressions[..2], ["a.b.example.co.uk/1/2.html?q", "a.b.example.co.uk/1/2.html"]);
/// assert_eq!(expressions.last().unwrap(), "example.co.uk/1/");
/// # Ok::<(), quorum_core::safe_browsing::SafeUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeUrl {
    text: String,
    /// Where in the text the host begins and ends; the path begins where it ends.
    host: (usize, usize),
    /// Where the path ends: at the `?` or at the text's end.
    path_end: usize,
}

impl SafeUrl {
    /// Reads an address from its bytes, which need not be UTF-8. `http` where it names no scheme.
    /// Any scheme with `//` is taken. Time and memory grow with the length only.
    ///
    /// # Errors
    /// [`SafeUrlError`] if there is no host.
    pub fn parse(bytes: &[u8]) -> Result<Self, SafeUrlError> {
        let cleaned = cleaned(bytes);
        let bytes = without_user_info(&cleaned);
        let bytes = unescape(&bytes);
        let (scheme, rest) = split_scheme(&bytes)?;
        let authority_end = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?'))
            .unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(authority_end);
        let host = canonical_host(authority)?;
        let (path, query) = match rest.iter().position(|byte| *byte == b'?') {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, &[][..]),
        };

        let mut text = Vec::with_capacity(bytes.len() + 16);
        text.extend(scheme.unwrap_or(b"http"));
        text.make_ascii_lowercase();
        text.extend(b"://");
        let host_start = text.len();
        escape(&host, &mut text);
        let host_end = text.len();
        escape(&resolve(path), &mut text);
        let path_end = text.len();
        escape(query, &mut text);
        Ok(Self {
            text: String::from_utf8(text).expect("all but ASCII is escaped"),
            host: (host_start, host_end),
            path_end,
        })
    }

    /// The whole form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme, lower case.
    pub fn scheme(&self) -> &str {
        &self.text[..self.host.0 - "://".len()]
    }

    /// The host: a name, an IPv4 address in four decimal numbers, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// The path; it begins with a slash.
    pub fn path(&self) -> &str {
        &self.text[self.host.1..self.path_end]
    }

    /// The query without its question mark. An empty one is one.
    pub fn query(&self) -> Option<&str> {
        self.text[self.path_end..].strip_prefix('?')
    }

    /// What lists can name this address by, at most [`MAX_EXPRESSIONS`], each once: for the host
    /// itself and up to four suffixes of it (longest first, none shorter than the registrable
    /// domain), the path with the query, without it, `/`, and up to three folders more. Nothing is
    /// allocated.
    pub fn expressions(&self) -> impl Iterator<Item = Expression<'_>> + Clone {
        let (hosts, host_count) = self.host_starts();
        let (paths, path_count) = self.path_ends();
        (0..host_count * path_count).map(move |index| Expression {
            host: &self.text[hosts[index / path_count]..self.host.1],
            path: &self.text[self.host.1..paths[index % path_count]],
        })
    }

    /// The SHA-256 of each expression, in the same order.
    pub fn expression_hashes(&self) -> impl Iterator<Item = Sha256> + Clone + '_ {
        self.hashes_without(Shapes::default()).map(|(_, hash)| hash)
    }

    /// The SHA-256 of each expression that has none of these shapes, and which one of
    /// [`Self::expressions`] it is. The others are not hashed.
    pub fn hashes_without(
        &self,
        shapes: Shapes,
    ) -> impl Iterator<Item = (usize, Sha256)> + Clone + '_ {
        let (hosts, host_count) = self.host_starts();
        let (paths, path_count) = self.path_ends();
        let host = hosts.map(|start| Shapes::of_host(&self.text[start..self.host.1]));
        let path = paths.map(|end| Shapes::of_path(&self.text[self.host.1..end]));
        (0..host_count * path_count)
            .map(move |index| (index, index / path_count, index % path_count))
            .filter(move |&(_, at, to)| (host[at] | path[to]) & shapes.0 == 0)
            // In the address's text a host's end and a path's beginning stand side by side.
            .map(move |(index, at, to)| (index, sha256(&self.text[hosts[at]..paths[to]])))
    }

    /// Where in the text the hosts of the expressions begin, and how many there are.
    fn host_starts(&self) -> ([usize; 5], usize) {
        let host = self.host();
        let mut starts = [self.host.0; 5];
        let mut count = 1;
        let mut start = registrable_domain(host).map_or(0, |domain| host.len() - domain.len());
        // The host itself (start 0) comes first anyway.
        while start > 0 && count < starts.len() {
            starts[count] = self.host.0 + start;
            count += 1;
            start = host[..start - 1].rfind('.').map_or(0, |dot| dot + 1);
        }
        starts[1..count].reverse();
        (starts, count)
    }

    /// Where in the text the paths of the expressions end, and how many there are.
    fn path_ends(&self) -> ([usize; 6], usize) {
        let mut ends = [self.text.len(); 6];
        let mut count = usize::from(self.path_end < self.text.len());
        let slashes = self.path().bytes().zip(self.host.1 + 1..);
        let folders = slashes.filter(|(byte, _)| *byte == b'/').take(4);
        let shorter = folders
            .map(|(_, end)| end)
            .filter(|end| *end < self.path_end);
        for end in std::iter::once(self.path_end).chain(shorter) {
            ends[count] = end;
            count += 1;
        }
        (ends, count)
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A host suffix and a path prefix of an address. Its text, which is what is hashed, is the one
/// after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expression<'a> {
    /// The host or what is left of it.
    pub host: &'a str,
    /// The path or what is left of it, with the query if that belongs to the expression.
    pub path: &'a str,
}

/// Sorts of hosts and of paths that expressions have, a bit each: hosts of up to two names, of three,
/// of four, of more (bits 0 to 3); the path `/`, folders, files, and what has a query (bits 4 to 7).
/// They are told from the text alone, so that whoever makes a list and whoever asks it agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shapes(u8);

impl Shapes {
    /// The two of one expression.
    pub fn of(expression: &str) -> Self {
        let host = expression.find('/').unwrap_or(expression.len());
        let (host, path) = expression.split_at(host);
        Self(Self::of_host(host) | Self::of_path(path))
    }

    /// All that there are but these.
    pub fn others(self) -> Self {
        Self(!self.0)
    }

    /// The bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    fn of_host(host: &str) -> u8 {
        let dots = host.bytes().filter(|byte| *byte == b'.').count();
        1 << (dots.clamp(1, 4) - 1)
    }

    fn of_path(path: &str) -> u8 {
        match path {
            "/" => 1 << 4,
            path if path.contains('?') => 1 << 7,
            path if path.ends_with('/') => 1 << 5,
            _ => 1 << 6,
        }
    }
}

impl From<u8> for Shapes {
    fn from(bits: u8) -> Self {
        Self(bits)
    }
}

impl std::ops::BitOrAssign for Shapes {
    fn bitor_assign(&mut self, more: Self) {
        self.0 |= more.0;
    }
}

impl Expression<'_> {
    /// The SHA-256 of its text.
    pub fn hash(&self) -> Sha256 {
        <[u8; 32]>::from(
            sha2::Sha256::new()
                .chain_update(self.host)
                .chain_update(self.path)
                .finalize(),
        )
        .into()
    }
}

/// The SHA-256 of a text. Most expressions fit into one block, which is laid out here: to keep what
/// comes in pieces takes as long as to hash it, in WebAssembly.
fn sha256(text: &str) -> Sha256 {
    const BLOCK: usize = 64;
    // FIPS 180-4, 5.1.1 and 5.3.3: a one, zeros, the length in bits; the initial hash value.
    const LONGEST: usize = BLOCK - 9;
    if text.len() > LONGEST {
        return <[u8; 32]>::from(sha2::Sha256::digest(text)).into();
    }
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(text.as_bytes()) {
        *to = *from;
    }
    block[text.len()] = 0x80;
    block[BLOCK - 2..].copy_from_slice(&(text.len() as u16 * 8).to_be_bytes());
    let mut state = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19_u32,
    ];
    sha2::block_api::compress256(&mut state, &[block]);
    let mut digest = [0; 32];
    for (to, word) in digest.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    digest.into()
}

impl fmt::Display for Expression<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// Without white space around it, tabs and line ends inside, and the fragment.
fn cleaned(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut bytes = bytes;
    while let [0..=b' ', rest @ ..] | [rest @ .., 0..=b' '] = bytes {
        bytes = rest;
    }
    let end = bytes.iter().position(|byte| *byte == b'#');
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    let removed = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n');
    if bytes.iter().any(removed) {
        bytes.iter().copied().filter(|b| !removed(b)).collect()
    } else {
        Cow::Borrowed(bytes)
    }
}

/// Takes user name and password out of an address whose authority can be told without unescaping.
fn without_user_info(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(start) = bytes.windows(3).position(|three| three == b"://") else {
        return Cow::Borrowed(bytes);
    };
    let start = start + 3;
    let user_info = bytes[start..]
        .iter()
        .take_while(|byte| !matches!(byte, b'/' | b'?'))
        .enumerate()
        .filter(|(_, byte)| **byte == b'@')
        .last();
    match user_info {
        // A "://" inside a path or a query has no scheme in front.
        Some((at, _)) if is_scheme(&bytes[..start - 3]) => {
            [&bytes[..start], &bytes[start + at + 1..]].concat().into()
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// Unescapes until nothing is left to unescape. A byte that completes an escape is replaced at
/// once, which comes to the same as pass after pass (no two escapes overlap), in one pass.
pub(crate) fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = bytes.iter().position(|byte| *byte == b'%') else {
        return Cow::Borrowed(bytes);
    };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend(&bytes[..first]);
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    for byte in &bytes[first..] {
        out.push(*byte);
        while let [.., b'%', high, low] = out[..]
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            out.truncate(out.len() - 3);
            out.push(high << 4 | low);
        }
    }
    Cow::Owned(out)
}

fn is_scheme(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
}

/// The scheme, if there is one, and what follows its `://`.
fn split_scheme(bytes: &[u8]) -> Result<(Option<&[u8]>, &[u8]), SafeUrlError> {
    let before_path = bytes.split(|byte| matches!(byte, b'/' | b'?')).next();
    let before_path = before_path.unwrap_or_default();
    let Some(colon) = before_path.iter().position(|byte| *byte == b':') else {
        return Ok((None, bytes));
    };
    let (scheme, after) = (&bytes[..colon], &bytes[colon + 1..]);
    if is_scheme(scheme)
        && let Some(rest) = after.strip_prefix(b"//")
    {
        return Ok((Some(scheme), rest));
    }
    // "example.com:8080/" and "[2001:db8::1]/" name no scheme; "mailto:me@example.com" has no host.
    let port = &before_path[colon + 1..];
    let is_port = !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    if is_port || bytes.starts_with(b"[") {
        Ok((None, bytes))
    } else {
        Err(SafeUrlError::NoHost)
    }
}

/// The host alone, in the form in which lists have it. Not escaped yet.
fn canonical_host(authority: &[u8]) -> Result<Vec<u8>, SafeUrlError> {
    let after_user_info = authority.rsplit(|byte| *byte == b'@').next();
    let mut host = after_user_info.unwrap_or_default();
    loop {
        host = match host {
            [b'.', rest @ ..] | [rest @ .., b'.'] => rest,
            _ => match host.iter().rposition(|byte| *byte == b':') {
                Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
                _ => break,
            },
        }
    }
    if host.starts_with(b"[") {
        return ipv6(host).ok_or(SafeUrlError::Ipv6);
    }
    let name = if host.is_ascii() || host.len() > MAX_IDN_BYTES {
        None
    } else {
        // A name that no browser would take is kept as it is: its bytes get escaped.
        idna::domain_to_ascii_cow(host, AsciiDenyList::URL).ok()
    };
    let host = name.as_ref().map_or(host, |name| name.as_bytes());
    let mut out = Vec::with_capacity(host.len());
    for label in host.split(|byte| *byte == b'.') {
        if !out.is_empty() && !label.is_empty() {
            out.push(b'.');
        }
        out.extend(label.iter().map(u8::to_ascii_lowercase));
    }
    if out.is_empty() {
        return Err(SafeUrlError::NoHost);
    }
    Ok(match ipv4(&out) {
        Some(address) => address.to_string().into_bytes(),
        None => out,
    })
}

fn ipv6(host: &[u8]) -> Option<Vec<u8>> {
    let inner = host.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let address: Ipv6Addr = std::str::from_utf8(inner).ok()?.parse().ok()?;
    // RFC 4291 §2.5.5.2 and RFC 6052 §2.1: an IPv4 address inside.
    let [a, b, c, d] = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            (u32::from(high) << 16 | u32::from(low)).to_be_bytes()
        }
        _ => return Some(format!("[{address}]").into_bytes()),
    };
    Some(Ipv4Addr::new(a, b, c, d).to_string().into_bytes())
}

/// Any spelling that `inet_aton` knows: one to four numbers, decimal, octal or hexadecimal, the last
/// of which fills what is left; white space ends it.
fn ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    let host = host.split(u8::is_ascii_whitespace).next()?;
    let mut address = 0;
    let mut bits = 32;
    let mut parts = host.split(|byte| *byte == b'.').peekable();
    while let Some(part) = parts.next() {
        let number = number(part)?;
        if parts.peek().is_none() {
            let fits = u64::from(number) < 1 << bits;
            return fits.then(|| Ipv4Addr::from(address | number));
        }
        bits -= 8;
        if number > 255 || bits == 0 {
            return None;
        }
        address |= number << bits;
    }
    None
}

fn number(text: &[u8]) -> Option<u32> {
    let (radix, digits) = match text {
        [] => return None,
        [b'0', b'x', digits @ ..] => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        digits => (10, digits),
    };
    digits.iter().try_fold(0u32, |value, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })
}

/// The path with `.` and `..` carried out, then with runs of slashes as one.
fn resolve(path: &[u8]) -> Cow<'_, [u8]> {
    let simple = |pair: &[u8]| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.');
    if !path.is_empty() && path.windows(2).all(simple) {
        return Cow::Borrowed(path);
    }
    let mut out = Vec::with_capacity(path.len() + 1);
    let mut segments = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let dots = segment == b"." || segment == b"..";
        if segment == b".." {
            let parent = out.iter().rposition(|byte| *byte == b'/');
            out.truncate(parent.unwrap_or(0));
        }
        // A dot segment at the end leaves the folder's slash.
        if !dots || segments.peek().is_none() {
            out.push(b'/');
        }
        if !dots {
            out.extend(segment);
        }
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out.dedup_by(|next, before| *next == b'/' && *before == b'/');
    Cow::Owned(out)
}

/// Appends bytes, escaping what the form wants escaped.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut rest = bytes;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, 0..=32 | 127.. | b'#' | b'%'))
    {
        let digit = |four: u8| DIGITS[usize::from(four)];
        out.extend_from_slice(&rest[..at]);
        out.extend([b'%', digit(rest[at] >> 4), digit(rest[at] & 15)]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
