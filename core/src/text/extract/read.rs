//! Finding observables in one region: a single walk over words, each looked at by its shape and by
//! what stands around it. No byte is given to a value's own parser before its shape fits, and what
//! was looked at in vain is not looked at again.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::names::{self, Evidence};
use super::region::Region;
use super::{Reason, Strictness};
use crate::indicator::{Domain, Indicator};
use crate::observable::{Fault, HostUrl, Kind, Observable, Onion};
use crate::text::refang::first_char;

/// Something found in a region; all places count the bytes that the region takes in the text.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) what: Result<Observable, Reason>,
    pub(super) span: Range<usize>,
    pub(super) inside: Option<(Observable, Range<usize>)>,
}

/// Byte classes. A word is made of letters, digits, `.`, `-` and `_`.
const WORD: u8 = 1;
const DIGIT: u8 = 2;
/// A letter that is a hex digit, and any other letter.
const HEX: u8 = 4;
const LETTER: u8 = 8;
const DOT: u8 = 16;
const DASH: u8 = 32;
const UNDERSCORE: u8 = 64;
/// Part of a character that is not ASCII. Whether it is a letter is seen when it is met.
const HIGH: u8 = 128;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => WORD | DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => WORD | HEX,
            b'g'..=b'z' | b'G'..=b'Z' => WORD | LETTER,
            b'.' => WORD | DOT,
            b'-' => WORD | DASH,
            b'_' => WORD | UNDERSCORE,
            0x80.. => WORD | HIGH,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

fn is_letter_or_digit(byte: u8) -> bool {
    class(byte) & (DIGIT | HEX | LETTER) != 0
}

/// Longest name that is looked at. Names in other scripts get shorter when they become ASCII.
const LONGEST_NAME: usize = 512;

/// Whether an address with this scheme is a [`HostUrl`].
fn is_scheme(name: &[u8]) -> bool {
    const SCHEMES: &[&[u8]] = &[
        b"https", b"ftp", b"ftps", b"git", b"irc", b"ircs", b"ldap", b"ldaps", b"rtsp", b"rtsps",
        b"sftp", b"smb", b"ssh", b"telnet", b"tftp", b"ws", b"wss",
    ];
    let same = |scheme: &&[u8]| scheme.eq_ignore_ascii_case(name);
    same(&b"http".as_slice()) || SCHEMES.iter().any(same)
}

pub(super) struct Reader<'a> {
    /// The region's bytes and what they stand for.
    pub(super) raw: &'a [u8],
    pub(super) region: &'a Region,
    pub(super) text: &'a [u8],
    /// The end of the text before the region.
    pub(super) behind: &'a [u8],
    pub(super) strictness: Strictness,
    /// Whether what was left out is told.
    pub(super) left_out: bool,
    pub(super) found: &'a mut Vec<Draft>,
    /// Up to here it is known that no colons make an address or a digest,
    pub(super) no_colons: usize,
    /// and no at-sign a mailbox.
    pub(super) no_mailbox: usize,
    /// What stands here is behind a scheme that is no address's.
    pub(super) other_scheme: usize,
}

impl Reader<'_> {
    /// Reads the region. `continued`: its first word goes on from one that was too long, and is no
    /// observable. `cut`: the text goes on behind it; then the result is where the last word (of
    /// what is meant) begins, which reaches the end and has not been judged.
    pub(super) fn run(&mut self, continued: bool, cut: bool) -> Option<usize> {
        let end = self.text.len();
        let mut at = 0;
        while at < end {
            let byte = self.text[at];
            if class(byte) & WORD == 0 && byte != b'/' && (byte != b':' || at < self.no_colons) {
                at += 1;
                continue;
            }
            let before = self.found.len();
            let next = self.step(at);
            // One byte more: the at-sign of a mailbox.
            if cut && next + 1 >= end {
                self.found.truncate(before);
                return Some(at);
            }
            if continued && at == 0 {
                self.found.truncate(before);
            }
            at = next;
        }
        None
    }

    /// Looks at what begins at `at`; gives where to go on.
    fn step(&mut self, at: usize) -> usize {
        match self.text[at] {
            b':' => {
                let double = self.text.get(at + 1) == Some(&b':') && at >= self.no_colons;
                double.then(|| self.colons(at)).flatten().unwrap_or(at + 1)
            }
            b'/' => self.posix_path(at).unwrap_or(at + 1),
            _ => {
                let (end, flags) = self.word(at);
                if end > at {
                    self.atom(at, end, flags)
                } else {
                    // Punctuation of another script, or no UTF-8.
                    at + first_char(&self.text[at..]).map_or(1, char::len_utf8)
                }
            }
        }
    }

    /// Where the word ends that begins here, and the classes of its bytes.
    fn word(&self, at: usize) -> (usize, u8) {
        let mut end = at;
        let mut flags = 0;
        while let Some(&byte) = self.text.get(end) {
            let class = class(byte);
            if class & WORD == 0 {
                break;
            }
            end += if class & HIGH == 0 {
                1
            } else {
                match first_char(&self.text[end..]) {
                    Some(c) if c.is_alphanumeric() || is_mark(c) => c.len_utf8(),
                    _ => break,
                }
            };
            flags |= class;
        }
        (end, flags)
    }

    /// A word without the hyphens and dots around it, and without the underscores of emphasis.
    fn trim(&self, at: usize, end: usize) -> Range<usize> {
        let (mut start, mut stop) = (at, end);
        while start < stop && matches!(self.text[start], b'.' | b'-') {
            start += 1;
        }
        while start < stop && matches!(self.text[stop - 1], b'.' | b'-') {
            stop -= 1;
        }
        while start < stop && self.text[stop - 1] == b'_' {
            stop -= 1;
            start += usize::from(self.text[start] == b'_');
        }
        start.min(stop)..stop
    }

    fn atom(&mut self, at: usize, end: usize, flags: u8) -> usize {
        let word = self.trim(at, end);
        if word.is_empty() {
            return end;
        }
        let next = self.text.get(end).copied();
        if next == Some(b':') && word.end == end {
            if self.text[end..].starts_with(b"://") {
                return self.address(word);
            }
            if self.text[word.clone()].eq_ignore_ascii_case(b"pkg") {
                return self.package(word.start);
            }
            let plain = flags & (DOT | DASH | UNDERSCORE | HIGH | LETTER) == 0;
            if plain && word.start >= self.no_colons && word.len() <= 10 {
                let found = self
                    .colons(word.start)
                    .or_else(|| self.ssdeep(word.clone()));
                if let Some(next) = found {
                    return next;
                }
            }
        }
        if let Some(sign) = self.at_sign(end)
            && let Some(next) = self.mailbox(word.start, sign)
        {
            return next;
        }
        if flags & DOT == 0 || !self.text[word.clone()].contains(&b'.') {
            self.identifier(word, flags);
            return end;
        }
        if let (9 | 14 | 19, Some(text)) = (word.len(), self.str(&word)) {
            let kind = if word.len() < 10 {
                Kind::Attack
            } else {
                Kind::Mac
            };
            if (kind == Kind::Mac || text.starts_with('T'))
                && let Ok(value) = Observable::parse_as(kind, text)
            {
                self.emit(value, word);
                return end;
            }
        }
        if flags & (HEX | LETTER | HIGH) == 0 {
            return self.numbers(word).max(end);
        }
        self.dotted(word).max(end)
    }

    fn str(&self, meant: &Range<usize>) -> Option<&str> {
        std::str::from_utf8(&self.text[meant.clone()]).ok()
    }

    fn emit(&mut self, value: Observable, meant: Range<usize>) {
        self.draft(Ok(value), &meant, None);
    }

    fn emit_around(
        &mut self,
        value: Observable,
        meant: &Range<usize>,
        inside: Option<(Observable, Range<usize>)>,
    ) {
        self.draft(Ok(value), meant, inside);
    }

    fn leave_out(&mut self, reason: Reason, meant: &Range<usize>) {
        if self.left_out {
            self.draft(Err(reason), meant, None);
        }
    }

    fn draft(
        &mut self,
        what: Result<Observable, Reason>,
        meant: &Range<usize>,
        inside: Option<(Observable, Range<usize>)>,
    ) {
        self.found.push(Draft {
            what,
            span: self.region.raw(meant),
            inside: inside.map(|(value, meant)| (value, self.region.raw(&meant))),
        });
    }

    /// Reads a stretch as a value of one kind, and emits it or says why not.
    fn take(&mut self, kind: Kind, meant: Range<usize>) -> bool {
        let Some(text) = self.str(&meant) else {
            return false;
        };
        match Observable::parse_as(kind, text) {
            Ok(value) => {
                self.emit(value, meant);
                true
            }
            Err(error) => {
                if error.fault == Fault::Checksum {
                    self.leave_out(Reason::Checksum, &meant);
                }
                false
            }
        }
    }

    // ---- addresses ----

    /// An address with a scheme. `word` ends at `://`.
    fn address(&mut self, word: Range<usize>) -> usize {
        let behind = word.end + 3;
        let letters = self.text[word.clone()]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let start = word.end - letters;
        if !is_scheme(&self.text[start..word.end]) {
            self.other_scheme = behind;
            return behind;
        }
        // Of several schemes in a row the last one has the host.
        let more = self.text[behind..]
            .chunks_exact(b"http://".len())
            .take_while(|chunk| chunk == b"http://")
            .count();
        if more > 0 {
            return behind + b"http://".len() * (more - 1);
        }
        let Some(host) = self.host(behind) else {
            return behind;
        };
        let after = self.port(host.end);
        let reach = match self.text.get(after) {
            Some(b'/' | b'?' | b'#') => self.tail(after, start),
            _ => after,
        };
        let end = self.trim_tail(after, reach, start);
        self.url(start..end, host);
        reach.max(end)
    }

    /// The host of an address, behind user name and password; `None` where there is nothing that
    /// can be one.
    fn host(&self, at: usize) -> Option<Range<usize>> {
        const LONGEST_AUTHORITY: usize = 1024;
        let authority = self.text[at..]
            .iter()
            .take(LONGEST_AUTHORITY)
            .take_while(|byte| {
                !matches!(
                    byte,
                    0..=b' '
                        | b'/'
                        | b'?'
                        | b'#'
                        | b'\\'
                        | b'<'
                        | b'>'
                        | b'"'
                        | b'\''
                        | b'|'
                        | b','
                        | b'('
                        | b')'
                        | b'{'
                        | b'}'
                        | b'^'
                        | b'`'
                        | b';'
                )
            });
        let mut sign = None;
        for (index, byte) in authority.enumerate() {
            match byte {
                b'@' => sign = Some(index),
                // Without an at-sign a host ends here; most have none.
                b'[' if index > 0 && sign != Some(index - 1) => break,
                _ => {}
            }
        }
        let at = at + sign.map_or(0, |sign| sign + 1);
        if self.text.get(at) == Some(&b'[') {
            let length = self.text[at..]
                .iter()
                .take(50)
                .position(|&byte| byte == b']')?;
            let inside = at + 1..at + length;
            self.str(&inside)?.parse::<Ipv6Addr>().ok()?;
            return Some(at..at + length + 1);
        }
        let (end, flags) = self.word(at);
        let host = at..self.trim(at, end).end;
        if host.is_empty() || host.len() > LONGEST_NAME {
            return None;
        }
        let host = match flags & HIGH {
            0 => host,
            _ => self.foreign_host(host),
        };
        let text = &self.text[host.clone()];
        if text.contains(&b'.') {
            // `http://...` has no host.
            return (text[0] != b'.').then_some(host);
        }
        let next = self.text.get(host.end);
        let number = text.iter().all(u8::is_ascii_digit) || text.starts_with(b"0x");
        let local = match self.strictness {
            Strictness::Lenient => true,
            Strictness::Strict => {
                text.eq_ignore_ascii_case(b"localhost") || matches!(next, Some(b'/' | b':'))
            }
        };
        let prefix = text.len() < 6 && is_scheme(text);
        (!prefix && if number { text.len() > 6 } else { local }).then_some(host)
    }

    /// Where a host in letters of several scripts ends: all of it, if that is a name under a
    /// suffix; otherwise a sentence goes on right behind it, and it ends with the ASCII letters.
    fn foreign_host(&self, host: Range<usize>) -> Range<usize> {
        let known = self.str(&host).and_then(|text| text.parse::<Domain>().ok());
        if known.is_some_and(|name| crate::suffix::public_suffix(name.as_str()).known) {
            return host;
        }
        let ascii = self.text[host.clone()]
            .iter()
            .take_while(|byte| byte.is_ascii())
            .count();
        match ascii {
            0 => host,
            _ => host.start..host.start + ascii,
        }
    }

    /// Behind a host: where its port ends, if it has one.
    fn port(&self, at: usize) -> usize {
        if self.text.get(at) != Some(&b':') {
            return at;
        }
        let digits = self.text[at + 1..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if (1..=5).contains(&digits) {
            at + 1 + digits
        } else {
            at
        }
    }

    /// Where path, query and fragment end: at what cannot stand in an address, at a bracket that
    /// was not opened in it, and where another address follows a comma.
    fn tail(&self, at: usize, start: usize) -> usize {
        let quoted = start > 0 && self.text[start - 1] == b'\'';
        let (mut round, mut square, mut curly) = (0_u32, 0_u32, 0_u32);
        let mut end = at;
        while let Some(&byte) = self.text.get(end) {
            let depth = match byte {
                b'(' | b')' => &mut round,
                b'[' | b']' => &mut square,
                _ => &mut curly,
            };
            match byte {
                0..=b' ' | b'<' | b'>' | b'"' | b'`' | b'|' | b'^' | b'\\' | 0x7f => break,
                b'\'' if quoted => break,
                b'(' | b'[' | b'{' => *depth += 1,
                b')' | b']' | b'}' => match depth.checked_sub(1) {
                    Some(less) => *depth = less,
                    None => break,
                },
                b',' | b';' if self.list_goes_on(end + 1) => break,
                b'.' if self.region.foreign(self.raw, end) => break,
                0x80.. => match first_char(&self.text[end..]) {
                    Some(c) if c.is_alphanumeric() || is_mark(c) => {
                        end += c.len_utf8();
                        continue;
                    }
                    _ => break,
                },
                _ => {}
            }
            end += 1;
        }
        end
    }

    /// Whether a comma or semicolon before `at` separates: nothing or another address follows.
    fn list_goes_on(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        let starts = |prefix: &[u8]| {
            rest.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        match rest.first() {
            None | Some(0..=b' ' | b'"' | b'\'' | b'<') => true,
            Some(_) => starts(b"http:") || starts(b"https:") || starts(b"ftp:") || starts(b"www."),
        }
    }

    /// Takes off what belongs to the sentence. `from` is where host and port end.
    fn trim_tail(&self, from: usize, mut end: usize, start: usize) -> usize {
        let emphasis = start > 0 && matches!(self.text[start - 1], b'_' | b'~');
        while end > from {
            match self.text[end - 1] {
                b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' => {}
                b'_' | b'~' if emphasis => {}
                _ => break,
            }
            end -= 1;
        }
        end
    }

    /// Emits an address with its host inside.
    fn url(&mut self, meant: Range<usize>, host: Range<usize>) {
        let Some(text) = self.str(&meant) else {
            return;
        };
        let Ok(url) = text.parse::<HostUrl>() else {
            let reason = if meant.len() > crate::indicator::MAX_URL_BYTES {
                Reason::TooLong
            } else {
                Reason::Malformed
            };
            self.leave_out(reason, &meant);
            return;
        };
        let inside = url
            .host_indicator()
            .map(|inside| (host_value(inside), host));
        self.emit_around(url.into(), &meant, inside);
    }

    /// Behind a host without a scheme: where the address ends that it begins, if it does.
    fn rest_of_address(&self, host: &Range<usize>) -> Option<usize> {
        if host.start == self.other_scheme && host.start > 0 {
            return None;
        }
        let after = self.port(host.end);
        let first = *self.text.get(after + 1)?;
        let fits = match self.text[after] {
            b'/' => {
                is_letter_or_digit(first) || first >= 0x80 || b"_-~%?#@!.$+*&=:([".contains(&first)
            }
            b'?' => {
                is_letter_or_digit(first)
                    && self.text[after..].iter().take(32).any(|&byte| byte == b'=')
            }
            _ => false,
        };
        fits.then_some(after)
    }

    // ---- numbers ----

    /// Digits, dots and hyphens: IPv4 addresses, ranges of them, networks.
    fn numbers(&mut self, word: Range<usize>) -> usize {
        if word.len() > LONGEST_NAME {
            self.leave_out(Reason::TooLong, &word);
            return word.end;
        }
        let mut start = word.start;
        while start < word.end {
            let length = self.text[start..word.end]
                .iter()
                .take_while(|&&byte| byte != b'-')
                .count();
            let part = start..start + length;
            let dots = self.text[part.clone()]
                .iter()
                .filter(|&&byte| byte == b'.')
                .count();
            if dots >= 3 && length <= 64 {
                let end = self.ipv4(part.clone(), dots, part.end == word.end);
                if end > word.end {
                    return end;
                }
            }
            start += length + 1;
        }
        word.end
    }

    fn ipv4(&mut self, part: Range<usize>, dots: usize, last: bool) -> usize {
        let address = match self.str(&part).map(str::parse::<Ipv4Addr>) {
            Some(Ok(address)) => address,
            _ => {
                let reason = if dots == 3 {
                    Reason::Malformed
                } else {
                    Reason::Version
                };
                self.leave_out(reason, &part);
                return part.end;
            }
        };
        if self.strictness == Strictness::Strict
            && !self.region.deliberate(&part)
            && names::is_version(&self.before(part.start))
        {
            self.leave_out(Reason::Version, &part);
            return part.end;
        }
        if !last {
            self.emit(address.into(), part.clone());
            return part.end;
        }
        if let Some(end) = self.prefix_length(part.end, 2) {
            if let Some(network) = self
                .str(&(part.start..end))
                .and_then(|text| text.parse().ok())
            {
                let inside = (address.into(), part.clone());
                self.emit_around(Observable::Cidr(network), &(part.start..end), Some(inside));
                return end;
            }
        } else if let Some(after) = self.rest_of_address(&part) {
            // `8.8.8.8/8.8.4.4` is two.
            let (end, _) = self.word(after + 1);
            let two = self
                .str(&self.trim(after + 1, end))
                .is_some_and(|text| text.parse::<Ipv4Addr>().is_ok());
            let reach = self.tail(after, part.start);
            let end = self.trim_tail(after, reach, part.start);
            if !two && end > after + 1 {
                self.url(part.start..end, part);
                return reach;
            }
        }
        self.emit(address.into(), part.clone());
        part.end
    }

    /// The end of `/24` behind an address.
    fn prefix_length(&self, at: usize, most: usize) -> Option<usize> {
        if self.text.get(at) != Some(&b'/') {
            return None;
        }
        let (end, flags) = self.word(at + 1);
        let number = self.trim(at + 1, end);
        // `10.0.0.0/8-10.1.0.0/16` and a final dot are fine, a path is not.
        let fits = number.start == at + 1
            && (1..=most).contains(&number.len())
            && flags & (HEX | LETTER | HIGH | UNDERSCORE) == 0
            && self.text[number.clone()].iter().all(u8::is_ascii_digit)
            && self.text.get(end) != Some(&b'/');
        fits.then_some(number.end)
    }

    /// The last bytes in front of a place, from before the region too.
    fn before(&self, at: usize) -> Vec<u8> {
        const ENOUGH: usize = 32;
        if at >= ENOUGH {
            return self.text[at - ENOUGH..at].to_vec();
        }
        let behind = &self.behind[self.behind.len().saturating_sub(ENOUGH)..];
        [behind, &self.text[..at]].concat()
    }

    /// IPv6 addresses, their networks, and hardware addresses. On failure it is noted how far
    /// there is nothing of the sort.
    fn colons(&mut self, start: usize) -> Option<usize> {
        let length = self.text[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
            .count();
        let mut end = start + length;
        self.no_colons = end;
        if self
            .text
            .get(end)
            .is_some_and(|&byte| is_letter_or_digit(byte) || byte == b'_')
        {
            return None;
        }
        while end > start && self.text[end - 1] == b'.'
            || self.text[..end].ends_with(b":") && !self.text[..end].ends_with(b"::")
        {
            end -= 1;
        }
        let run = start..end;
        // The longest form is that with an IPv4 address inside.
        if !(3..=45).contains(&run.len()) {
            return None;
        }
        let text = self.str(&run)?;
        if matches!(run.len(), 17 | 23)
            && let Ok(value) = Observable::parse_as(Kind::Mac, text)
        {
            self.emit(value, run);
            return Some(end);
        }
        let address: Ipv6Addr = text.parse().ok()?;
        // `a::b` is a path of some programming language as often as an address.
        if self.strictness == Strictness::Strict
            && !self.region.deliberate(&run)
            && !plausible_ipv6(text, address)
        {
            self.leave_out(Reason::Code, &run);
            return Some(end);
        }
        if let Some(with_prefix) = self.prefix_length(end, 3)
            && let Some(network) = self
                .str(&(start..with_prefix))
                .and_then(|text| text.parse().ok())
        {
            let inside = (address.into(), run);
            self.emit_around(
                Observable::Cidr(network),
                &(start..with_prefix),
                Some(inside),
            );
            return Some(with_prefix);
        }
        self.emit(address.into(), run);
        Some(end)
    }

    /// `blocksize:hash:hash`, where `word` is the block size.
    fn ssdeep(&mut self, word: Range<usize>) -> Option<usize> {
        let size: u64 = self.str(&word)?.parse().ok()?;
        if !size.is_multiple_of(3) || !(size / 3).is_power_of_two() {
            return None;
        }
        let run = |from: usize| {
            self.text[from..]
                .iter()
                .take(65)
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+'))
                .count()
        };
        let first = run(word.end + 1);
        let colon = word.end + 1 + first;
        // A time of day has this form too; real digests are longer.
        if self.text.get(colon) != Some(&b':') || first < 6 {
            return None;
        }
        let end = colon + 1 + run(colon + 1);
        let meant = word.start..end;
        let closed = !self
            .text
            .get(end)
            .is_some_and(|&byte| matches!(byte, b':' | b'_'));
        (closed && meant.len() >= 16 && self.take(Kind::Ssdeep, meant)).then_some(end)
    }

    // ---- words ----

    /// Where the at-sign stands behind a word that may be a mailbox, or the beginning of one.
    fn at_sign(&mut self, end: usize) -> Option<usize> {
        match self.text.get(end)? {
            b'@' => Some(end),
            b'+' | b'%' | b'=' if end >= self.no_mailbox => {
                let length = self.text[end..]
                    .iter()
                    .take(64)
                    .take_while(|&&byte| is_letter_or_digit(byte) || b".-_+%=".contains(&byte))
                    .count();
                self.no_mailbox = end + length;
                (self.text.get(end + length) == Some(&b'@')).then_some(end + length)
            }
            _ => None,
        }
    }

    fn mailbox(&mut self, start: usize, sign: usize) -> Option<usize> {
        let (end, flags) = self.word(sign + 1);
        let host = self.trim(sign + 1, end);
        // `foo=joe@…` in a query; `=` in a mailbox is rare and means that another one is inside.
        let start = match self.text[start..sign]
            .iter()
            .rposition(|&byte| byte == b'=')
        {
            Some(equals) if !self.text[start..sign].contains(&b'+') => start + equals + 1,
            _ => start,
        };
        // A sentence in another script may stand right before it.
        let start = match self.text[start..sign]
            .iter()
            .rposition(|byte| !byte.is_ascii())
        {
            Some(high) if flags & HIGH == 0 && start + high + 1 < sign => start + high + 1,
            _ => start,
        };
        if host.start != sign + 1
            || host.len() > LONGEST_NAME
            || !self.text[host.clone()].contains(&b'.')
        {
            return None;
        }
        let text = self.str(&host)?;
        let domain: Domain = text.parse().ok()?;
        let evidence = Evidence {
            deliberate: self.region.deliberate(&(start..host.end)),
            mailbox: true,
            ..Evidence::default()
        };
        let meant = start..host.end;
        if let Err(reason) =
            names::judge(text.as_bytes(), domain.as_str(), evidence, self.strictness)
        {
            self.leave_out(reason, &meant);
            return Some(end);
        }
        let value = Observable::parse_as(Kind::Email, self.str(&meant)?).ok()?;
        self.emit_around(value, &meant, Some((domain_value(domain), host)));
        Some(end)
    }

    /// A word with dots in it that is no number: a name, or the beginning of an address.
    fn dotted(&mut self, word: Range<usize>) -> usize {
        if word.len() > LONGEST_NAME {
            return self.long_word(word);
        }
        // An ellipsis separates.
        let double = self.text[word.clone()]
            .windows(2)
            .position(|pair| pair == b"..");
        if let Some(double) = double {
            let first = self.trim(word.start, word.start + double);
            let second = self.trim(word.start + double, word.end);
            for part in [first, second] {
                if self.text[part.clone()].contains(&b'.') {
                    self.dotted(part);
                }
            }
            return word.end;
        }
        if self.text[word.clone()].is_ascii() {
            return self.name(word);
        }
        let domain = self.str(&word).and_then(|text| text.parse::<Domain>().ok());
        match domain.filter(|name| crate::suffix::public_suffix(name.as_str()).known) {
            Some(domain) => self.named(word, domain, None),
            None => self.long_word(word),
        }
    }

    /// No name as a whole. There may be one in ASCII inside of a sentence in another script.
    fn long_word(&mut self, word: Range<usize>) -> usize {
        let mut end = word.end;
        let mut at = word.start;
        while at < word.end {
            let length = self.text[at..word.end]
                .iter()
                .take_while(|byte| byte.is_ascii())
                .count();
            let part = self.trim(at, at + length);
            if part.len() > LONGEST_NAME {
                self.leave_out(Reason::TooLong, &part);
            } else if self.text[part.clone()].contains(&b'.') {
                end = end.max(self.name(part));
            }
            at += length + 1;
        }
        end
    }

    /// A name in ASCII.
    fn name(&mut self, word: Range<usize>) -> usize {
        let text = &self.text[word.clone()];
        let top = text.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
        let fine = top.len() > 1
            && (top.iter().all(u8::is_ascii_alphabetic)
                || top
                    .get(..4)
                    .is_some_and(|start| start.eq_ignore_ascii_case(b"xn--")));
        let domain = fine
            .then(|| self.str(&word)?.parse::<Domain>().ok())
            .flatten();
        let Some(domain) = domain else {
            return self.no_name(word);
        };
        let before = word.start.checked_sub(1).map(|before| self.text[before]);
        self.named(word, domain, before)
    }

    fn named(&mut self, word: Range<usize>, domain: Domain, before: Option<u8>) -> usize {
        let path = self.rest_of_address(&word);
        let evidence = Evidence {
            deliberate: self.region.deliberate(&word),
            scheme: word.start == self.other_scheme && word.start > 0,
            mailbox: before == Some(b'@'),
            path: path.is_some(),
            call: self.text.get(word.end) == Some(&b'('),
        };
        let judged = names::judge(
            &self.text[word.clone()],
            domain.as_str(),
            evidence,
            self.strictness,
        );
        if let Err(reason) = judged {
            self.leave_out(reason, &word);
            self.segments(word.clone());
            return word.end;
        }
        let value = match domain.top_level() {
            "onion" => match domain.as_str().parse::<Onion>() {
                Ok(onion) => Observable::Onion(onion),
                Err(error) => {
                    let reason = if error.fault == Fault::Checksum {
                        Reason::Checksum
                    } else {
                        Reason::Malformed
                    };
                    self.leave_out(reason, &word);
                    return word.end;
                }
            },
            _ => Observable::Domain(domain),
        };
        if let Some(after) = path {
            let reach = self.tail(after, word.start);
            let end = self.trim_tail(after, reach, word.start);
            if end > after + 1 {
                self.url(word.start..end, word);
                return reach;
            }
        }
        let end = word.end;
        self.emit(value, word);
        end
    }

    /// What has dots and cannot be a name: `v1.2.3.4`, or digests and numbers with dots between.
    fn no_name(&mut self, word: Range<usize>) -> usize {
        let text = &self.text[word.clone()];
        if let [b'v' | b'V', rest @ ..] = text
            && rest
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'.')
            && rest.iter().filter(|&&byte| byte == b'.').count() >= 2
        {
            let number = word.start + 1..word.end;
            let address = self
                .str(&number)
                .and_then(|text| text.parse::<Ipv4Addr>().ok());
            match address {
                Some(address) if self.strictness == Strictness::Lenient => {
                    self.emit(address.into(), number)
                }
                _ => self.leave_out(Reason::Version, &word),
            }
            return word.end;
        }
        let end = word.end;
        self.segments(word);
        end
    }

    /// A word without dots: digests, wallets, and what somebody has numbered.
    fn identifier(&mut self, word: Range<usize>, flags: u8) {
        let text = &self.text[word.clone()];
        if flags & DASH != 0 {
            let kind = match (text, text.len()) {
                ([b'C' | b'c', b'V' | b'v', b'E' | b'e', b'-', ..], 13..=28) => Some(Kind::Cve),
                ([b'G', b'-', ..], 12) | ([b'U' | b'u', b'A' | b'a', b'-', ..], 9..) => {
                    Some(Kind::GoogleAnalytics)
                }
                ([b'p', b'u', b'b', b'-', ..], 20)
                | ([b'c', b'a', b'-', ..] | [b'p', b'a', b'r', b't', ..], 23..=32) => {
                    Some(Kind::GoogleAdsense)
                }
                (_, 36) => Some(Kind::Uuid),
                (_, 17 | 23) => Some(Kind::Mac),
                _ => None,
            };
            // An id of Analytics has a digit, or it is a word with a letter in front.
            let worth = flags & DIGIT != 0;
            if let Some(kind) = kind.filter(|_| worth)
                && self.take(kind, word.clone())
            {
                return;
            }
        }
        if flags & DIGIT == 0 {
            return;
        }
        if let (5..=12, Some(text)) = (word.len(), self.str(&word)) {
            let bytes = text.as_bytes();
            let strict = self.strictness == Strictness::Strict;
            let upper = !strict || bytes[0].is_ascii_uppercase();
            let kind = match bytes {
                [b'A' | b'a', b'S' | b's', ..] => Kind::Asn,
                [b'T' | b't', b'A' | b'a', ..] | [b'D' | b'd', b'S' | b's', ..] => Kind::Attack,
                // Groups and software are numbered from 0001 on, mitigations from 1001.
                [b'G' | b'S' | b'C' | b'g' | b's' | b'c', digit, ..]
                    if !strict || *digit == b'0' =>
                {
                    Kind::Attack
                }
                [b'M', b'1', b'0' | b'1', ..] | [b'T' | b't', b'0'..=b'1', ..] => Kind::Attack,
                _ => return,
            };
            if upper {
                self.take(kind, word);
            }
            return;
        }
        if let (3..=4, Some(text)) = (word.len(), self.str(&word)) {
            if text.starts_with("AS") {
                self.take(Kind::Asn, word);
            }
            return;
        }
        if let [b'A', b'S', digits @ ..] = &self.text[word.clone()] {
            // `AS13335-NAME`, as WHOIS prints it.
            let length = digits
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let name = digits
                .get(length)
                .is_some_and(|byte| matches!(byte, b'-' | b'_'));
            if length > 2 && name && self.take(Kind::Asn, word.start..word.start + 2 + length) {
                return;
            }
        }
        self.segments(word);
    }

    /// The runs of letters and digits in a word that may be digests or wallets.
    fn segments(&mut self, word: Range<usize>) {
        let mut at = word.start;
        while at < word.end {
            let mut flags = 0;
            let length = self.text[at..word.end]
                .iter()
                .take_while(|&&byte| {
                    let class = class(byte);
                    flags |= class;
                    class & (DIGIT | HEX | LETTER) != 0
                })
                .count();
            if (26..=128).contains(&length) {
                self.segment(at..at + length);
            }
            at += length + 1;
        }
    }

    fn segment(&mut self, meant: Range<usize>) {
        let text = &self.text[meant.clone()];
        let hex = || text.iter().all(u8::is_ascii_hexdigit);
        let kind = match (text, text.len()) {
            (_, 32) if hex() => Kind::Md5,
            (_, 40) if hex() => Kind::Sha1,
            (_, 64) if hex() => Kind::Sha256,
            (_, 128) if hex() => Kind::Sha512,
            (_, 62) if hex() => Kind::Jarm,
            (_, 70) if hex() => Kind::Tlsh,
            ([b'T' | b't', b'1', ..], 72) => Kind::Tlsh,
            ([b'0', b'x', ..], 42) => Kind::Ethereum,
            ([b'1' | b'3', ..], 26..=35) => Kind::Bitcoin,
            ([b'b' | b'B', b'c' | b'C', b'1', ..], 26..=90) => Kind::Bitcoin,
            ([b'm' | b'n' | b'2', ..], 26..=35) if self.strictness == Strictness::Lenient => {
                Kind::Bitcoin
            }
            ([b'4' | b'8', ..], 95 | 106) => Kind::Monero,
            _ => return,
        };
        // A long number is none; one digest in three millions has no letter.
        let number = text.iter().all(u8::is_ascii_digit);
        if number && self.strictness == Strictness::Strict {
            self.leave_out(Reason::Number, &meant);
            return;
        }
        self.take(kind, meant);
    }

    fn package(&mut self, start: usize) -> usize {
        let length = self.text[start..]
            .iter()
            .take_while(|byte| !matches!(byte, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'|' | b')' | b']' | b'}' | b',' | b';' | 0x7f..))
            .count();
        let reach = start + length;
        let end = self.trim_tail(start + 4, reach, start);
        self.take(Kind::Purl, start..end);
        reach
    }

    // ---- paths ----

    fn posix_path(&mut self, at: usize) -> Option<usize> {
        /// The folders below the root of Unix, Linux, macOS and Android systems.
        const ROOTS: &[&[u8]] = &[
            b"Applications",
            b"Library",
            b"System",
            b"Users",
            b"Volumes",
            b"bin",
            b"boot",
            b"data",
            b"dev",
            b"etc",
            b"home",
            b"lib",
            b"lib64",
            b"media",
            b"mnt",
            b"opt",
            b"private",
            b"proc",
            b"root",
            b"run",
            b"sbin",
            b"sdcard",
            b"snap",
            b"srv",
            b"storage",
            b"sys",
            b"tmp",
            b"usr",
            b"var",
        ];
        let free = at == self.other_scheme
            || match at.checked_sub(1).map(|before| self.text[before]) {
                None => true,
                Some(before) => b"\"'`([{=,;|: \n@".contains(&before),
            };
        if !free {
            return None;
        }
        let (root, _) = self.word(at + 1);
        let known = ROOTS.binary_search(&&self.text[at + 1..root]).is_ok();
        if self.text.get(root) != Some(&b'/')
            || root == at + 1
            || !(known || self.strictness == Strictness::Lenient)
        {
            return None;
        }
        let mut end = root;
        while let Some(&byte) = self.text.get(end) {
            if class(byte) & HIGH != 0 {
                let (next, _) = self.word(end);
                if next == end {
                    break;
                }
                end = next;
            } else if class(byte) & WORD != 0 || b"/+@%=~$#*".contains(&byte) {
                end += 1;
            } else {
                break;
            }
        }
        let reach = end;
        while end > root + 1 && matches!(self.text[end - 1], b'.' | b'*' | b'=') {
            end -= 1;
        }
        (end > root + 1 && self.take(Kind::FilePath, at..end)).then_some(reach)
    }
}

/// Marks that letters of some scripts carry; they are no letters themselves.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{fff}' | '\u{30fb}' | '\u{b7}')
}

fn plausible_ipv6(text: &str, address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    match text.as_bytes() {
        // The unspecified address says nothing; `::a` is a name in the outermost scope.
        [b':', b':', rest @ ..] => rest == b"1" || rest.contains(&b'.') || rest.len() > 4,
        _ if !text.contains("::") => true,
        // Global unicast, link-local, unique local, multicast, NAT64: all with four digits or so.
        _ => {
            matches!(first, 0x2000..=0x3fff | 0xfe80..=0xfebf | 0xfc00..=0xfdff | 0xff00..=0xffff)
                || text.starts_with("64:ff9b:")
                || text.bytes().filter(|&byte| byte == b':').count() > 4
        }
    }
}

fn host_value(host: Indicator) -> Observable {
    match host {
        Indicator::Domain(domain) => domain_value(domain),
        other => other.into(),
    }
}

pub(super) fn domain_value(domain: Domain) -> Observable {
    match domain.as_str().parse::<Onion>() {
        Ok(onion) => Observable::Onion(onion),
        Err(_) => Observable::Domain(domain),
    }
}

/// The server of a `\\server\share`, where it is an IP address or a name under a suffix. `path` begins
/// at `at`.
pub(super) fn server(path: &[u8], at: usize) -> Option<(Observable, Range<usize>)> {
    let slashes = path.iter().take_while(|&&byte| byte == b'\\').count();
    if !matches!(slashes, 2 | 4) {
        return None;
    }
    let host = path[slashes..]
        .iter()
        .take_while(|&&byte| is_letter_or_digit(byte) || matches!(byte, b'.' | b'-'))
        .count();
    let span = slashes..slashes + host;
    let text = std::str::from_utf8(&path[span.clone()]).ok()?;
    let value = match text.parse::<Ipv4Addr>() {
        Ok(address) => address.into(),
        Err(_) => {
            let domain: Domain = text.parse().ok()?;
            let known = crate::suffix::public_suffix(domain.as_str()).known;
            known.then(|| domain_value(domain))?
        }
    };
    Some((value, at + span.start..at + span.end))
}
