//! What stands in one region. The text with its spellings undone is walked once, from one run of
//! letters, digits, dots and hyphens to the next; the shape of a run and the byte behind it say
//! which kinds it could be, and only those are tried.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::names::{self, Evidence};
use super::paths::{self, PathKind};
use super::region::{Ending, Region};
use super::{BEHIND, Options, Reason, Strictness};
use crate::indicator::{Domain, Indicator};
use crate::observable::url::schemes;
use crate::observable::{HostUrl, Kind, Observable};
use crate::text::refang::first_char;

/// Something found, or something that only looked like it.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Where it stands in the text at hand.
    pub(super) place: Range<usize>,
    pub(super) outcome: Result<Observable, Reason>,
    /// What it contains, and where that stands.
    pub(super) inside: Vec<(Observable, Range<usize>)>,
}

/// Reads the region at `at`; returns where the next one begins, and whether that is inside of
/// something that is too long for an observable.
pub(super) fn region(
    raw: &[u8],
    at: usize,
    region: &mut Region,
    options: &Options,
    found: &mut Vec<Candidate>,
) -> (usize, bool) {
    let text = &raw[at..];
    let ending = region.decode(text);
    let mut reader = Reader {
        meant: region.meant(text),
        region,
        before: &raw[at.saturating_sub(BEHIND)..at],
        at,
        strictness: options.strictness,
        found,
        told: 0,
    };
    reader.run();
    let end = at + region.len;
    let mut too_long = false;
    let next = match ending {
        Ending::Path(path) => {
            let quote = raw[..at + path.start].last().copied();
            let (path_end, whole) = paths::end(text, path, quote);
            let place = at + path.start..at + path_end;
            if whole && let Some(observable) = read_path(&raw[place.clone()], path.kind) {
                found.push(Candidate {
                    place: place.clone(),
                    outcome: Ok(observable),
                    inside: Vec::new(),
                });
            }
            place.end
        }
        Ending::Closed => end,
        // What reaches the cut goes on behind it, nobody knows how.
        Ending::Cut => {
            found.retain(|candidate| candidate.place.end < end);
            // Without a byte that ends something this is one thing. (Sentences of some scripts have
            // none either.)
            let separates = |byte: &u8| !byte.is_ascii() || b"\"<>|`',;(){}".contains(byte);
            too_long = !raw[at..end].iter().any(separates);
            end
        }
    };
    let next = next.max(at + 1);
    if let Some((candidate, mutex_end)) = mutex(raw, at, next) {
        // The name may have read as something else on the way.
        found.retain(|other| other.place.end <= candidate.place.start);
        found.push(candidate);
        return (mutex_end.max(next), false);
    }
    (next, too_long)
}

fn read_path(written: &[u8], kind: PathKind) -> Option<Observable> {
    let text = std::str::from_utf8(written).ok()?;
    // In a string literal each backslash is doubled.
    let single = text.replace("\\\\", "\\");
    let text = if text.starts_with("\\\\\\\\") {
        &format!("\\{single}")
    } else if text.starts_with("\\\\") {
        text
    } else {
        &single
    };
    let kind = match kind {
        PathKind::File => Kind::FilePath,
        PathKind::Registry => Kind::RegistryKey,
    };
    Observable::parse_as(kind, text).ok()
}

/// The name of a mutex, where the text says that it is one: `mutex: NAME`, `mutex name: "NAME"`,
/// `"mutex": "NAME"`, `CreateMutexW(0, 0, "NAME")`.
fn mutex(raw: &[u8], at: usize, word_end: usize) -> Option<(Candidate, usize)> {
    let word = &raw[at..word_end];
    let mark = |from: usize| {
        let marks = [&b"mutex"[..], b"mutant"].into_iter();
        let begins = |mark: &&[u8]| {
            let text = word.get(from..from + mark.len());
            text.is_some_and(|text| text.eq_ignore_ascii_case(mark))
        };
        marks.filter(begins).map(<[u8]>::len).next()
    };
    let (mark_start, len) = word
        .iter()
        .enumerate()
        .filter(|(_, byte)| byte.eq_ignore_ascii_case(&b'm'))
        .find_map(|(from, _)| Some((at + from, mark(from)?)))?;
    let behind = mark_start + len;
    let line = &raw[behind..raw.len().min(behind + 320)];
    let line = &line[..line
        .iter()
        .position(|&byte| byte < b' ')
        .unwrap_or(line.len())];
    let starts = |from: usize, text: &[u8]| {
        line.get(from..from + text.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(text))
    };
    let quoted = |from: usize| {
        let open = line[from..]
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\'' | b'`'))?
            + from;
        let close = line[open + 1..]
            .iter()
            .position(|&byte| byte == line[open])?
            + open
            + 1;
        Some(open + 1..close)
    };
    let letters = line
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let made = [&b"create"[..], b"open"].iter().any(|verb| {
        mark_start >= at + verb.len()
            && raw[mark_start - verb.len()..mark_start].eq_ignore_ascii_case(verb)
    });
    let place = if made && line.get(letters) == Some(&b'(') {
        quoted(letters)?
    } else {
        // `mutex`, `mutexes`, `mutex name`, `mutex named`; a key in quotes.
        let mut from = if starts(0, b"es") { 2 } else { 0 };
        for name in [&b" named"[..], b" name", b"name", b"_name"] {
            if starts(from, name) {
                from += name.len();
                break;
            }
        }
        let named = from > 2;
        from += usize::from(matches!(line.get(from), Some(b'"' | b'\'')));
        let gap = line[from..]
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b':' | b'='))
            .count();
        let marked = named || line[from..from + gap].iter().any(|byte| *byte != b' ');
        let start = from + gap;
        match line.get(start)? {
            b'"' | b'\'' | b'`' if gap > 0 => quoted(start)?,
            _ if marked && gap > 0 => {
                let len = line[start..]
                    .iter()
                    .take_while(|byte| **byte > b' ' && !b",;()<>\"'`".contains(byte))
                    .count();
                let name = &line[start..start + len];
                // A word of the sentence is no name.
                if name
                    .iter()
                    .all(|byte| byte.is_ascii_lowercase() || *byte == b'.')
                {
                    return None;
                }
                start..start + len - name.iter().rev().take_while(|byte| **byte == b'.').count()
            }
            _ => return None,
        }
    };
    let name = std::str::from_utf8(&line[place.clone()])
        .ok()?
        .replace("\\\\", "\\");
    let observable = Observable::parse_as(Kind::Mutex, &name).ok()?;
    let place = behind + place.start..behind + place.end;
    let end = place.end;
    Some((
        Candidate {
            place,
            outcome: Ok(observable),
            inside: Vec::new(),
        },
        end,
    ))
}

struct Reader<'a> {
    /// The region with its spellings undone.
    meant: &'a [u8],
    region: &'a Region,
    /// What stands in front of the region.
    before: &'a [u8],
    /// Where the region begins in the text at hand.
    at: usize,
    strictness: Strictness,
    found: &'a mut Vec<Candidate>,
    /// Where the last thing told ends.
    told: usize,
}

/// Bytes of a run.
const fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || byte >= 0x80
}

/// What a run is made of.
#[derive(Default, Clone, Copy)]
struct Shape {
    dots: usize,
    digits: usize,
    hex: usize,
    hyphens: usize,
    others: usize,
    wide: bool,
}

/// First folders of absolute POSIX paths; others are too often half of a ratio, a route or a URL.
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
    b"srv",
    b"sys",
    b"system",
    b"tmp",
    b"usr",
    b"var",
];

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.meant.len() {
            let byte = self.meant[at];
            at = if in_run(byte) {
                self.word(at)
            } else {
                match byte {
                    b'/' => self.posix_path(at),
                    b':' => self.network(at).unwrap_or(at + 1),
                    _ => at + 1,
                }
            };
        }
    }

    fn tell(&mut self, place: Range<usize>, outcome: Result<Observable, Reason>) {
        self.tell_with(place, outcome, Vec::new());
    }

    fn tell_with(
        &mut self,
        place: Range<usize>,
        outcome: Result<Observable, Reason>,
        inside: Vec<(Observable, Range<usize>)>,
    ) {
        if outcome.is_ok() {
            self.told = place.end;
        }
        let raw = |place: &Range<usize>| {
            let raw = self.region.raw(place);
            self.at + raw.start..self.at + raw.end
        };
        let inside = inside
            .into_iter()
            .map(|(observable, place)| (observable, raw(&place)))
            .collect();
        self.found.push(Candidate {
            place: raw(&place),
            outcome,
            inside,
        });
    }

    /// Tells what a stretch is if it reads as that kind.
    fn tell_if(&mut self, kind: Kind, place: Range<usize>) -> Option<usize> {
        let observable = self.parse(kind, &place)?;
        let end = place.end;
        self.tell(place, Ok(observable));
        Some(end)
    }

    fn parse(&self, kind: Kind, place: &Range<usize>) -> Option<Observable> {
        let text = std::str::from_utf8(&self.meant[place.clone()]).ok()?;
        Observable::parse_as(kind, text).ok()
    }

    /// The end of the run at `start`, and its shape.
    fn shape(&self, start: usize) -> (usize, Shape) {
        let mut shape = Shape::default();
        let mut at = start;
        // 0: nothing or a dot, 1: ASCII, 2: a script without spaces between words.
        let mut script = 0;
        while let Some(&byte) = self.meant.get(at) {
            let mut len = 1;
            match byte {
                b'.' => shape.dots += 1,
                b'0'..=b'9' => shape.digits += 1,
                b'a'..=b'f' | b'A'..=b'F' => shape.hex += 1,
                b'-' => shape.hyphens += 1,
                _ if byte < 0x80 => {
                    if !in_run(byte) {
                        break;
                    }
                    shape.others += 1;
                }
                _ => {
                    let Some(c) = first_char(&self.meant[at..])
                        .filter(|c| c.is_alphanumeric() || is_mark(*c))
                    else {
                        break;
                    };
                    len = c.len_utf8();
                    if is_unspaced(c) {
                        if script == 1 {
                            break;
                        }
                        script = 2;
                    }
                    shape.wide = true;
                    shape.others += 1;
                }
            }
            if byte == b'.' {
                script = 0;
            } else if byte.is_ascii_alphanumeric() {
                if script == 2 {
                    break;
                }
                script = 1;
            }
            at += len;
        }
        (at, shape)
    }

    /// Reads the run at `start`; returns where to go on.
    fn word(&mut self, start: usize) -> usize {
        let (end, shape) = self.shape(start);
        if end == start {
            // A character that is no letter.
            let skip = first_char(&self.meant[start..]).map_or(1, char::len_utf8);
            return start + skip;
        }
        let behind = &self.meant[end..];
        let found = match behind.first() {
            Some(b':') if behind.starts_with(b"://") => self.url(start, end),
            Some(b':') => self
                .colon(start, end, shape)
                .or_else(|| self.bare(start, end, shape)),
            Some(b'@') => self
                .email(start, end)
                .or_else(|| self.bare(start, end, shape)),
            _ => self.bare(start, end, shape),
        };
        found.unwrap_or(end).max(start + 1)
    }

    /// An address whose scheme ends at `colon`.
    fn url(&mut self, start: usize, colon: usize) -> Option<usize> {
        let run = &self.meant[start..colon];
        // Some end like another: `sftp`.
        let scheme = schemes()
            .filter(|scheme| {
                let tail = run.len().checked_sub(scheme.len());
                tail.is_some_and(|tail| run[tail..].eq_ignore_ascii_case(scheme.as_bytes()))
            })
            .max_by_key(|scheme| scheme.len())?;
        let first = colon - scheme.len();
        // `xhttp` may be glued to a word; another scheme must stand alone.
        let alone = first == start || !self.meant[first - 1].is_ascii_alphanumeric();
        if !alone && !scheme.starts_with("http") {
            return None;
        }
        let authority = colon + 3;
        let authority_end = self.authority_end(authority);
        // `http://http://…`: the second is the address.
        let host = &self.meant[authority..authority_end];
        let bare = host.strip_suffix(b":").unwrap_or(host);
        if schemes().any(|scheme| scheme.as_bytes() == bare)
            || host.iter().all(|&byte| byte == b'.')
        {
            return Some(authority);
        }
        let end = self.trim_url(first, self.path_end(first, authority_end));
        if end <= authority {
            return Some(authority);
        }
        let place = first..end;
        match self.parse(Kind::Url, &place) {
            Some(Observable::Url(url)) => {
                let inside = self.host_inside(&url, authority..authority_end.min(end));
                self.tell_with(place, Ok(Observable::Url(url)), inside);
            }
            // Not read again: an address that is too long may hold thousands.
            _ => self.tell(place, Err(Reason::Malformed)),
        }
        Some(end)
    }

    /// Where the authority that begins at `authority` ends.
    fn authority_end(&self, authority: usize) -> usize {
        let meant = self.meant;
        let mut at = authority;
        if meant.get(at) == Some(&b'[') {
            let close = meant[at..].iter().take(64).position(|&byte| byte == b']');
            at += close.map_or(0, |close| close + 1);
        }
        let mut ascii = false;
        while let Some(&byte) = meant.get(at) {
            match byte {
                b'.' | b'-' | b'_' | b':' | b'@' | b'%' => ascii = false,
                b'!' | b'$' | b'&' | b'*' | b'+' | b'=' | b'~' if self.user_info_ahead(at) => {}
                _ if byte.is_ascii_alphanumeric() => ascii = true,
                0x80.. => match first_char(&meant[at..]) {
                    Some(c)
                        if (c.is_alphanumeric() || is_mark(c)) && !(ascii && is_unspaced(c)) =>
                    {
                        at += c.len_utf8() - 1;
                    }
                    _ => break,
                },
                _ => break,
            }
            at += 1;
        }
        at
    }

    /// Where the address ends whose authority ends at `at` and which begins at `first`.
    fn path_end(&self, first: usize, mut at: usize) -> usize {
        let meant = self.meant;
        let quote = self.byte_before(first);
        if !matches!(meant.get(at), Some(b'/' | b'?' | b'#')) {
            return at;
        }
        let mut open = [0_usize; 3];
        while let Some(&byte) = meant.get(at) {
            match byte {
                0..=b' ' | b'"' | b'<' | b'>' | b'`' | b'|' | b'^' | b'\\' | 0x7f => break,
                b'\'' if quote == Some(b'\'') => break,
                b'(' => open[0] += 1,
                b'[' => open[1] += 1,
                b'{' => open[2] += 1,
                b')' | b']' | b'}' => {
                    let bracket = match byte {
                        b')' => &mut open[0],
                        b']' => &mut open[1],
                        _ => &mut open[2],
                    };
                    if *bracket == 0 {
                        break;
                    }
                    *bracket -= 1;
                }
                b',' | b';' if starts_scheme(&meant[at + 1..]) => break,
                0x80.. => match first_char(&meant[at..]) {
                    Some(c) if (c.is_alphanumeric() || is_mark(c)) && !is_unspaced(c) => {
                        at += c.len_utf8() - 1;
                    }
                    _ => break,
                },
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// The byte in front of a place, also if that is in front of the region.
    fn byte_before(&self, at: usize) -> Option<u8> {
        let before = at.checked_sub(1).map(|before| self.meant[before]);
        before.or_else(|| self.before.last().copied())
    }

    /// Whether an at-sign follows before the authority can end: then this is a user's name.
    fn user_info_ahead(&self, at: usize) -> bool {
        self.meant[at..]
            .iter()
            .take(64)
            .take_while(|byte| **byte > b' ' && !b"/?#\"<>".contains(byte))
            .any(|&byte| byte == b'@')
    }

    /// Takes off what belongs to the sentence.
    fn trim_url(&self, first: usize, mut end: usize) -> usize {
        let emphasis = self.byte_before(first);
        while end > first {
            let trimmed = match self.meant[end - 1] {
                b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' => true,
                byte @ (b'*' | b'_' | b'~') => emphasis == Some(byte),
                // A bracket that was opened and never closed.
                b'(' | b'[' | b'{' => true,
                _ => false,
            };
            if !trimmed {
                break;
            }
            end -= 1;
        }
        end
    }

    /// The host of an address as an observable of its own.
    fn host_inside(
        &self,
        url: &HostUrl,
        authority: Range<usize>,
    ) -> Vec<(Observable, Range<usize>)> {
        let text = &self.meant[authority.clone()];
        let mut start = authority.start
            + text
                .iter()
                .rposition(|&byte| byte == b'@')
                .map_or(0, |at| at + 1);
        let mut end = authority.end;
        if self.meant[start..end].first() == Some(&b'[') {
            start += 1;
            end = start
                + self.meant[start..end]
                    .iter()
                    .position(|&byte| byte == b']')
                    .unwrap_or(end - start);
        } else if let Some(colon) = self.meant[start..end].iter().position(|&byte| byte == b':') {
            end = start + colon;
        }
        while end > start && self.meant[end - 1] == b'.' {
            end -= 1;
        }
        if start == end {
            return Vec::new();
        }
        let host = match url.host_indicator() {
            Some(Indicator::Domain(domain)) => domain_or_onion(domain),
            Some(Indicator::Ip(ip)) => Observable::from(Indicator::Ip(ip)),
            _ => return Vec::new(),
        };
        vec![(host, start..end)]
    }

    /// A run with a colon behind it: IPv6, MAC, ssdeep, package URL.
    fn colon(&mut self, start: usize, end: usize, shape: Shape) -> Option<usize> {
        if self.meant[start..end].eq_ignore_ascii_case(b"pkg") {
            let len = self.meant[start..]
                .iter()
                .take(1024)
                .take_while(|byte| byte.is_ascii_graphic() && !b"\"'`<>|()[]{},;".contains(byte))
                .count();
            let end = self.trim_url(start, start + len);
            self.tell_if(Kind::Purl, start..end);
            return Some(end);
        }
        if shape.others == 0 && !shape.wide {
            if let Some(found) = self.network(start) {
                return Some(found);
            }
            if shape.hex == 0 && shape.dots == 0 && shape.hyphens == 0 && shape.digits <= 10 {
                return self.ssdeep(start);
            }
        }
        None
    }

    fn ssdeep(&mut self, start: usize) -> Option<usize> {
        let len = self.meant[start..]
            .iter()
            .take(170)
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+/:".contains(byte))
            .count();
        // A space, a comma or a quote ends it; a name may follow in quotes.
        (len >= 12)
            .then(|| self.tell_if(Kind::Ssdeep, start..start + len))
            .flatten()
    }

    /// IPv6 addresses, networks and MACs: hexadecimal digits with colons.
    fn network(&mut self, start: usize) -> Option<usize> {
        // The longest has 45 characters; a longer stretch is none.
        let stretch = &self.meant[start..];
        let len = stretch
            .iter()
            .take(64)
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
            .count();
        let next = stretch.get(len).copied();
        let glued = start > 0 && in_run(self.meant[start - 1])
            || next.is_some_and(|byte| in_run(byte) && byte != b'-');
        if len > 46 {
            // `sha256:…`, and two hashes with a colon between them: what is longer than a group is
            // read as what it is.
            if stretch[..len]
                .split(|&byte| byte == b':')
                .any(|part| part.len() >= 32)
            {
                return None;
            }
            let rest = stretch[len..].iter();
            return Some(
                start
                    + len
                    + rest
                        .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':')
                        .count(),
            );
        }
        if len < 3 || glued {
            return None;
        }
        let mut end = start + len;
        while end > start
            && (self.meant[end - 1] == b'.'
                || self.meant[end - 1] == b':' && !self.meant[start..end].ends_with(b"::"))
        {
            end -= 1;
        }
        let text = std::str::from_utf8(&self.meant[start..end]).ok()?;
        let colons = text.bytes().filter(|&byte| byte == b':').count();
        if colons < 2 {
            return None;
        }
        if (colons == 5 && text.len() == 17 || colons == 7 && text.len() == 23)
            && let Some(found) = self.tell_if(Kind::Mac, start..end)
        {
            return Some(found);
        }
        let address: Ipv6Addr = text.parse().ok()?;
        let groups = text.split(':').filter(|group| !group.is_empty()).count();
        let certain = text == "::1"
            || groups >= 3
            || text.len() > 6 && text.bytes().any(|byte| byte.is_ascii_digit());
        if !certain && self.strictness == Strictness::Strict {
            return None;
        }
        // A zone says which of the machine's networks: `fe80::1%eth0`.
        let mut network = end;
        let digits = self.digits_behind(network, b'/');
        if digits > 0 {
            network += 1 + digits;
            if let Some(found) = self.tell_if(Kind::Cidr, start..network) {
                return Some(found);
            }
        }
        self.tell(start..end, Ok(Observable::Ipv6(address)));
        Some(end)
    }

    /// How many digits (three at most) follow a separator at `at`, with no letter behind them.
    fn digits_behind(&self, at: usize, separator: u8) -> usize {
        let behind = &self.meant[at..];
        if behind.first() != Some(&separator) {
            return 0;
        }
        let digits = behind[1..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let next = behind.get(1 + digits);
        let ends =
            next.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'/' | b'_'));
        let dotted = next == Some(&b'.') && behind.get(2 + digits).is_some_and(u8::is_ascii_digit);
        if ends && !dotted { digits } else { 0 }
    }

    /// A mailbox: the run in front of an at-sign, and the name behind it.
    fn email(&mut self, start: usize, at_sign: usize) -> Option<usize> {
        let meant = self.meant;
        let back = meant[..at_sign]
            .iter()
            .rev()
            .take(64)
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || b".-_+%'&=!#$*?^~".contains(byte) || **byte >= 0x80
            })
            .count();
        let mut local = (at_sign - back).max(self.told);
        if local > start {
            return None;
        }
        // In front of the run only a tag's plus belongs to it: `a=b@c` is a parameter.
        if local < start && !meant[local..start].contains(&b'+') {
            local = start;
        }
        if let Some(cut) = meant[local..start]
            .iter()
            .rposition(|byte| !(byte.is_ascii_alphanumeric() || b".-_+%".contains(byte)))
        {
            local += cut + 1;
        }
        while local < at_sign && matches!(meant[local], b'.' | b'-' | b'\'' | b'+' | b'%') {
            local += 1;
        }
        let (mut end, _) = self.shape(at_sign + 1);
        while end > at_sign && matches!(meant[end - 1], b'.' | b'-' | b'_') {
            end -= 1;
        }
        if local >= at_sign || end <= at_sign + 1 || meant.get(end) == Some(&b'@') {
            return None;
        }
        let domain = at_sign + 1..end;
        let outcome = self.name(
            &domain,
            Evidence {
                mailbox: true,
                ..Evidence::default()
            },
        );
        let host = match outcome {
            Ok(host) => host,
            // `root@192.0.2.1`: the address is read on its own.
            Err(None) => return None,
            Err(Some(reason)) => {
                self.tell(local..end, Err(reason));
                // The name alone would be read again, with less evidence.
                return Some(end);
            }
        };
        let place = local..end;
        let observable = self.parse(Kind::Email, &place)?;
        self.tell_with(place, Ok(observable), vec![(host, domain)]);
        Some(end)
    }

    /// A name, judged and read. `Err(None)`: it has not even the shape of one.
    fn name(
        &self,
        place: &Range<usize>,
        mut evidence: Evidence,
    ) -> Result<Observable, Option<Reason>> {
        let written = &self.meant[place.clone()];
        let last = written.iter().rposition(|&byte| byte == b'.').ok_or(None)?;
        let top = &written[last + 1..];
        // A number is no top-level domain; one letter is none either.
        if top.len() < 2
            || top.iter().all(u8::is_ascii_digit)
            || written.len() > 253
            || written.windows(2).any(|pair| pair == b"..")
        {
            return Err(None);
        }
        evidence.deliberate |= self.region.deliberate(place);
        let text = std::str::from_utf8(written).map_err(|_| None)?;
        let lower;
        let mut host = text;
        if !written
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || !byte.is_ascii_alphabetic())
            || !text.is_ascii()
        {
            lower = if text.is_ascii() {
                text.to_ascii_lowercase()
            } else {
                text.parse::<Domain>().map_err(|_| None)?.to_string()
            };
            host = &lower;
        }
        let judged = if text.is_ascii() {
            written
        } else {
            host.as_bytes()
        };
        names::judge(judged, host, evidence, self.strictness).map_err(Some)?;
        host.parse::<Domain>()
            .map(domain_or_onion)
            .map_err(|_| Some(Reason::Malformed))
    }

    /// A run that nothing around it explains.
    fn bare(&mut self, mut start: usize, end: usize, shape: Shape) -> Option<usize> {
        let meant = self.meant;
        let mut last = end;
        // `and so on...example.com`: what stands behind the last of several dots.
        if let Some(dots) = meant[start..end].windows(2).rposition(|pair| pair == b"..") {
            let behind = start + dots + 2;
            if behind < end {
                // `index HASH..HASH` of a difference.
                self.hashes_within(start..start + dots);
                start = behind;
            }
        }
        while start < last && matches!(meant[start], b'.' | b'-' | b'_') {
            // `_dmarc.example.com` keeps its mark, `_example.com_` is emphasised.
            if meant[start] == b'_'
                && meant[end - 1] != b'_'
                && meant.get(start + 1).is_some_and(u8::is_ascii_alphabetic)
                && shape.dots > 0
            {
                break;
            }
            start += 1;
        }
        while last > start && matches!(meant[last - 1], b'.' | b'-' | b'_') {
            last -= 1;
        }
        let place = start..last;
        let run = &meant[place.clone()];
        if run.len() < 4 {
            return None;
        }
        if shape.wide {
            return if shape.dots > 0 {
                self.domain(place)
            } else {
                None
            };
        }
        if shape.dots > 0 && shape.hex == 0 && shape.others == 0 {
            return self.ipv4(place);
        }
        if let Some(found) = self.identifier(&place, shape) {
            return Some(found);
        }
        if run.contains(&b'.')
            && let Some(found) = self.domain(place.clone())
        {
            return Some(found);
        }
        // `sample_9c11….bin`: a hash as a part of a name.
        if run.len() > 32 && (shape.dots > 0 || shape.hyphens > 0 || run.contains(&b'_')) {
            self.hashes_within(place);
        }
        Some(end)
    }

    fn hashes_within(&mut self, place: Range<usize>) {
        let run = &self.meant[place.clone()];
        let mut at = place.start;
        for part in run.split(|byte| matches!(byte, b'.' | b'-' | b'_')) {
            let part = at..at + part.len();
            at = part.end + 1;
            if let Some(kind) = hash_kind(&self.meant[part.clone()]) {
                self.tell_if(kind, part);
            }
        }
    }

    fn ipv4(&mut self, place: Range<usize>) -> Option<usize> {
        // `1.2.3.4-1.2.3.9` is two, and `2026-11-24` none.
        let mut at = place.start;
        let mut goes_on = None;
        for part in self.meant[place.clone()].split(|&byte| byte == b'-') {
            let part = at..at + part.len();
            at = part.end + 1;
            let text = std::str::from_utf8(&self.meant[part.clone()]).ok()?;
            if let Ok(address) = text.parse::<Ipv4Addr>() {
                goes_on = Some(self.ipv4_at(part, address));
            } else if text.split('.').count() == 4 && !text.contains("..") {
                self.tell(part, Err(Reason::Malformed));
            }
        }
        Some(goes_on.unwrap_or(place.end).max(place.end))
    }

    fn ipv4_at(&mut self, place: Range<usize>, address: Ipv4Addr) -> usize {
        let lead = place.start.min(BEHIND);
        let near = &self.meant[place.start - lead..place.start];
        let joined;
        let context = if lead == place.start {
            joined = [self.before, near].concat();
            &joined[..]
        } else {
            near
        };
        if self.strictness == Strictness::Strict
            && !self.region.deliberate(&place)
            && names::is_version(context)
        {
            self.tell(place.clone(), Err(Reason::Version));
            return place.end;
        }
        let digits = self.digits_behind(place.end, b'/');
        if digits > 0 {
            let network = place.start..place.end + 1 + digits;
            if let Some(end) = self.tell_if(Kind::Cidr, network) {
                return end;
            }
        }
        let host = Observable::Ipv4(address);
        // `192.0.2.1/33` and `192.0.2.1/192.0.2.9` are no paths.
        let numbers = self.meant[place.end..]
            .iter()
            .skip(1)
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
            .count();
        let number = numbers > 0
            && !self
                .meant
                .get(place.end + 1 + numbers)
                .is_some_and(|byte| in_run(*byte) || b"/?".contains(byte));
        if !(self.meant.get(place.end) == Some(&b'/') && number)
            && let Some(end) = self.address_without_scheme(&place, &host)
        {
            return end;
        }
        self.tell(place.clone(), Ok(host));
        place.end
    }

    /// `example.com/path`, `198.51.100.7:8080/path`: a host with more than a slash behind it.
    fn address_without_scheme(
        &mut self,
        host_place: &Range<usize>,
        host: &Observable,
    ) -> Option<usize> {
        let path = host_place.end + self.port_behind(host_place.end);
        if !matches!(self.meant.get(path), Some(b'/' | b'?'))
            || self.meant[..host_place.start].ends_with(b"://")
        {
            return None;
        }
        let end = self.trim_url(host_place.start, self.path_end(host_place.start, path));
        if end < path + 2 {
            return None;
        }
        let place = host_place.start..end;
        let observable = self.parse(Kind::Url, &place).or_else(|| {
            let text = std::str::from_utf8(&self.meant[place.clone()]).ok()?;
            Observable::parse_as(Kind::Url, &format!("http://{text}")).ok()
        });
        match observable {
            Some(observable) => self.tell_with(
                place,
                Ok(observable),
                vec![(host.clone(), host_place.clone())],
            ),
            // The path is not read again: one that is too long may hold thousands of hosts.
            None => self.tell(host_place.clone(), Ok(host.clone())),
        }
        Some(end)
    }

    /// The length of `:8080`, or 0.
    fn port_behind(&self, at: usize) -> usize {
        if self.meant.get(at) != Some(&b':') {
            return 0;
        }
        let digits = self.meant[at + 1..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if matches!(digits, 1..=5) {
            digits + 1
        } else {
            0
        }
    }

    fn domain(&mut self, place: Range<usize>) -> Option<usize> {
        let behind = place.end + self.port_behind(place.end);
        let evidence = Evidence {
            path: behind > place.end
                || matches!(self.meant.get(behind), Some(b'/'))
                    && self.meant.get(behind + 1).is_some_and(|byte| in_run(*byte)),
            call: self.meant.get(place.end) == Some(&b'('),
            ..Evidence::default()
        };
        match self.name(&place, evidence) {
            Ok(Observable::Domain(domain)) if domain.top_level() == "onion" => {
                self.tell(place, Err(Reason::Checksum));
                None
            }
            Ok(host) => {
                if let Some(end) = self.address_without_scheme(&place, &host) {
                    return Some(end);
                }
                self.tell(place.clone(), Ok(host));
                Some(place.end)
            }
            Err(Some(reason)) => {
                self.tell(place, Err(reason));
                None
            }
            Err(None) => None,
        }
    }

    /// Hashes, wallets and numbers of registers: told by their length and beginning.
    fn identifier(&mut self, place: &Range<usize>, shape: Shape) -> Option<usize> {
        let run = &self.meant[place.clone()];
        // Not `shape.dots`: the full stop of a sentence was taken off.
        let dots = run.iter().filter(|byte| **byte == b'.').count();
        let plain = dots == 0 && shape.hyphens == 0;
        if let Some(kind) = hash_kind(run) {
            return self.tell_if(kind, place.clone());
        }
        let starts = |prefix: &[u8]| {
            run.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let wallet = match run {
            [b'0', b'x', ..] if run.len() == 42 => Some(Kind::Ethereum),
            [b'1' | b'3', ..] if plain && matches!(run.len(), 26..=35) => Some(Kind::Bitcoin),
            [b'4' | b'8', ..] if plain && matches!(run.len(), 95 | 106) => Some(Kind::Monero),
            _ if plain && starts(b"bc1") && matches!(run.len(), 14..=90) => Some(Kind::Bitcoin),
            _ => None,
        };
        if let Some(kind) = wallet {
            if let Some(end) = self.tell_if(kind, place.clone()) {
                return Some(end);
            }
            // Words of that length that begin with a digit are rare.
            if run.iter().any(u8::is_ascii_uppercase) {
                self.tell(place.clone(), Err(Reason::Checksum));
            }
            return None;
        }
        if run.starts_with(b"AS") {
            // `AS64511`, `ASN64511`, `AS64511-EXAMPLE`.
            let name = 2 + usize::from(run[2] == b'N');
            let digits = run[name..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let end = place.start + name + digits;
            if matches!(digits, 1..=10) && matches!(self.meant.get(end), None | Some(b'-'))
                || end == place.end && digits > 0
            {
                return self.tell_if(Kind::Asn, place.start..end);
            }
        }
        let kind = match run[0] {
            b'C' | b'c' if starts(b"cve-") => Kind::Cve,
            b'c' | b'p' if starts(b"ca-pub-") || starts(b"pub-") => Kind::GoogleAdsense,
            b'U' | b'G' if dots == 0 && (run.starts_with(b"UA-") || run.starts_with(b"G-")) => {
                Kind::GoogleAnalytics
            }
            b'T' | b'G' | b'S' | b'M' | b'C' | b'D' if shape.hyphens == 0 && is_attack(run) => {
                Kind::Attack
            }
            _ if shape.hyphens == 4 && run.len() == 36 => Kind::Uuid,
            _ if shape.hyphens == 5 && run.len() == 17
                || dots == 2 && run.len() == 14 && shape.others == 0 =>
            {
                Kind::Mac
            }
            _ => return None,
        };
        self.tell_if(kind, place.clone())
    }

    /// An absolute POSIX path at a slash.
    fn posix_path(&mut self, at: usize) -> usize {
        let previous = self.byte_before(at);
        let stands_alone =
            previous.is_none_or(|byte| byte <= b' ' || b"\"'=(:[,`>{;|".contains(&byte));
        if !stands_alone && !self.meant[..at].ends_with(b"file://") {
            return at + 1;
        }
        let rest = &self.meant[at + 1..];
        let root = rest
            .iter()
            .take(13)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if rest.get(root) != Some(&b'/') || ROOTS.binary_search(&&rest[..root]).is_err() {
            return at + 1;
        }
        let len = rest
            .iter()
            .take(1024)
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || b"._-+@%~/,:=".contains(byte) || **byte >= 0x80
            })
            .count();
        let mut end = at + 1 + len;
        while end > at && matches!(self.meant[end - 1], b'.' | b',' | b':' | b'=') {
            end -= 1;
        }
        if end < at + root + 3 {
            return at + 1;
        }
        self.tell_if(Kind::FilePath, at..end).unwrap_or(at + 1)
    }
}

fn domain_or_onion(domain: Domain) -> Observable {
    if domain.top_level() == "onion"
        && let Ok(onion) = Observable::parse_as(Kind::Onion, domain.as_str())
    {
        return onion;
    }
    Observable::Domain(domain)
}

/// The kind of a hash by its length, if it is one by its digits.
fn hash_kind(run: &[u8]) -> Option<Kind> {
    let kind = match run.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        62 => Kind::Jarm,
        64 => Kind::Sha256,
        70 => Kind::Tlsh,
        72 if run.starts_with(b"T1") => {
            return run[2..]
                .iter()
                .all(u8::is_ascii_hexdigit)
                .then_some(Kind::Tlsh);
        }
        128 => Kind::Sha512,
        _ => return None,
    };
    let hex = run.iter().all(u8::is_ascii_hexdigit);
    // A number of so many digits is a number; zeros are a place holder.
    let letters = run.iter().any(u8::is_ascii_alphabetic);
    (hex && (letters || kind == Kind::Jarm)).then_some(kind)
}

/// Whether this is an id of ATT&CK: the numbers that are given out begin with 0 or 1, which keeps
/// most part numbers out.
fn is_attack(run: &[u8]) -> bool {
    let letters = run
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let (number, rest) = run[letters..].split_at((run.len() - letters).min(4));
    let known = matches!(
        &run[..letters],
        b"T" | b"TA" | b"G" | b"S" | b"M" | b"C" | b"DS"
    );
    let sub =
        rest.is_empty() || letters == 1 && run[0] == b'T' && rest.len() == 4 && rest[0] == b'.';
    known && sub && number.len() == 4 && number.iter().all(u8::is_ascii_digit) && number[0] < b'2'
}

/// Whether an address begins here: `…,http://`.
fn starts_scheme(text: &[u8]) -> bool {
    let letters = text
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    letters > 1 && text[letters..].starts_with(b"://")
}

/// A mark that belongs to the letter in front of it.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}'..='\u{94d}' | '\u{200c}' | '\u{200d}')
}

/// A letter of a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_sorted_for_the_binary_search() {
        assert!(ROOTS.is_sorted());
    }
}
