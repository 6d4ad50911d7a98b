//! Undoing the spellings that keep an observable from being clicked.
//!
//! One table-driven walk: a byte that cannot begin a spelling costs one look-up. [`spelling`] reads
//! what stands at one place; both [`refang`] and the extractor's decoder are built on it, so that
//! they cannot disagree. What it looks at behind the place is bounded by [`REACH`], which keeps
//! both linear and lets the extractor work on chunks.

use std::borrow::Cow;

use crate::hidden::is_hidden;

/// The farthest that [`spelling`] looks behind the place that it is asked about, in bytes.
pub(super) const REACH: usize = 320;

/// Longest piece of markup that is skipped between two letters.
const MARKUP: usize = 256;

/// Says whether a label, in lower case, is a top-level domain. The words of prose are told from names
/// by what they end in; the whole list of endings is a table that not every module can carry.
pub(super) type Known = fn(&[u8]) -> bool;

/// Every top-level domain of the Public Suffix List.
pub(super) fn listed(label: &[u8]) -> bool {
    std::str::from_utf8(label).is_ok_and(|label| crate::suffix::public_suffix(label).known)
}

/// Any label: for who must not be mistaken by whatever list there is, as [`defang`](super::defang()).
#[cfg(feature = "observables")]
pub(super) fn any(_: &[u8]) -> bool {
    true
}

/// A spelling that stands for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    /// How many bytes of the text it takes.
    pub(super) len: usize,
    pub(super) meant: Meant,
    /// Whether nobody writes this but to keep something from being clicked. Markup, entities and
    /// words between spaces have other uses.
    pub(super) deliberate: bool,
}

/// What a spelling stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    Nothing,
    Char(char),
    Text(&'static str),
}

impl Spelling {
    fn new(len: usize, meant: Meant) -> Option<Self> {
        Some(Self {
            len,
            meant,
            deliberate: false,
        })
    }

    fn deliberate(len: usize, meant: Meant) -> Option<Self> {
        Some(Self {
            len,
            meant,
            deliberate: true,
        })
    }
}

/// Bytes at which a spelling can begin.
pub(super) const CAN_BEGIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    let bytes = b"[({<.\\& _hHmMfFsS";
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    // The first bytes of all characters that `fold` knows; see there.
    let leads = [0xc2, 0xcd, 0xd8, 0xe1, 0xe2, 0xe3, 0xea, 0xef, 0xf0, 0xf3];
    at = 0;
    while at < leads.len() {
        table[leads[at]] = true;
        at += 1;
    }
    table
};

/// Undoes the spellings that keep an observable from being clicked: `hxxp`, `h**p`, `meow://`,
/// `http[s]`, `[hxxp]://`, `hxxp__`; `[.]`, `(dot)`, `【.】`, half brackets, `\.`, `_dot_`,
/// `example dot com`; `[:]`, `[/]`, `[@]`, `[at]`; `http:// example .com`; full-width and ideographic
/// dots, invisible characters, HTML entities and inline markup between letters. Text without such
/// spellings is returned as it is.
///
/// What words could mean, too, is left alone: `the red dot here`, `thanks @example.com`, `a .com name`.
///
/// ```
/// use quorum_core::text::refang;
/// assert_eq!(refang("hXXp[:]//a[.]example(dot)com"), "http://a.example.com");
/// assert_eq!(refang("joe [at] example dot com"), "joe@example.com");
/// ```
pub fn refang(text: &str) -> Cow<'_, str> {
    undo(text, listed)
}

/// As [`refang`], where a name in words ends in one of the common top-level domains. It does without the
/// list of all: 40 KB, which the modules that are loaded most have no use for.
pub(crate) fn refang_common(text: &str) -> Cow<'_, str> {
    undo(text, |_| false)
}

pub(super) fn undo(text: &str, known: Known) -> Cow<'_, str> {
    let raw = text.as_bytes();
    let mut out: Option<Vec<u8>> = None;
    let mut copied = 0;
    let mut at = 0;
    while at < raw.len() {
        if !CAN_BEGIN[usize::from(raw[at])] {
            at += 1;
            continue;
        }
        // What is meant by the text up to here is needed as context, so it is brought up to date.
        let found = match &mut out {
            None => spelling(raw, at, &raw[..at], known),
            Some(out) => {
                out.extend_from_slice(&raw[copied..at]);
                copied = at;
                spelling(raw, at, out, known)
            }
        };
        let Some(found) = found else {
            at += 1;
            continue;
        };
        let out = out.get_or_insert_with(|| {
            let mut out = Vec::with_capacity(raw.len());
            out.extend_from_slice(&raw[..at]);
            out
        });
        push(out, found.meant);
        at += found.len;
        copied = at;
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.extend_from_slice(&raw[copied..]);
            // Spellings begin and end at character borders, so nothing is lost here.
            Cow::Owned(String::from_utf8_lossy(&out).into_owned())
        }
    }
}

/// Appends what a spelling stands for.
pub(super) fn push(out: &mut Vec<u8>, meant: Meant) {
    match meant {
        Meant::Nothing => {}
        Meant::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Meant::Text(text) => out.extend_from_slice(text.as_bytes()),
    }
}

/// The spelling that begins at `at`, where `before` is what the text up to there stands for.
pub(super) fn spelling(raw: &[u8], at: usize, before: &[u8], known: Known) -> Option<Spelling> {
    let rest = &raw[at..];
    let rest = &rest[..rest.len().min(REACH)];
    match rest[0] {
        b'[' | b'(' | b'{' | b'<' => bracketed(rest)
            .or_else(|| half_bracket(rest, before, known))
            .or_else(|| markup(rest, before))
            .or_else(|| scheme_in_brackets(rest, before)),
        b'.' if !matches!(rest.get(1), Some(b']' | b'}' | b')' | b'>')) => None,
        b'.' => half_bracket(rest, before, known),
        b'\\' => backslash(rest, before),
        b'&' => entity(rest),
        b' ' => spaced(rest, before, &raw[..at], known),
        b'_' => word_between(rest, before, b'_', known),
        b'h' | b'H' | b'm' | b'M' | b'f' | b'F' | b's' | b'S' => {
            scheme(rest, before).or_else(|| scheme_with_underscores(rest, before, known))
        }
        _ => bracketed(rest).or_else(|| folded(rest, before)),
    }
}

/// Whether the text ends in a letter or digit of any script.
fn ends_alphanumeric(text: &[u8]) -> bool {
    match text.last() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => last_char(text).is_some_and(char::is_alphanumeric),
    }
}

fn last_char(text: &[u8]) -> Option<char> {
    let start = text.iter().rposition(|byte| byte & 0xc0 != 0x80)?;
    first_char(&text[start..])
}

/// The character at the beginning, if it is UTF-8.
pub(super) fn first_char(text: &[u8]) -> Option<char> {
    let first = *text.first()?;
    let len = match first {
        0..=0x7f => return Some(char::from(first)),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(..len)?).ok()?.chars().next()
}

/// Whether the text begins with a letter or digit of any script.
fn begins_alphanumeric(text: &[u8]) -> bool {
    match text.first() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => first_char(text).is_some_and(char::is_alphanumeric),
    }
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// What can stand in brackets, longest first where one begins another.
const IN_BRACKETS: &[(&[u8], &str)] = &[
    (b".", "."),
    (b"://", "://"),
    (b":", ":"),
    (b"//", "//"),
    (b"/", "/"),
    (b"@", "@"),
    (b"dot", "."),
    (b"punkt", "."),
    (b"point", "."),
    (b"at", "@"),
    ("\u{ff0e}".as_bytes(), "."),
    ("\u{3002}".as_bytes(), "."),
    ("\u{ff20}".as_bytes(), "@"),
];

/// The length of the bracket at the beginning that opens something: one of ASCII, or of East Asian
/// text (`［（｛【`).
fn opens(text: &[u8]) -> Option<usize> {
    match text {
        [b'[' | b'(' | b'{' | b'<', ..] => Some(1),
        [0xef, 0xbc, 0xbb | 0x88, ..] | [0xef, 0xbd, 0x9b, ..] | [0xe3, 0x80, 0x90, ..] => Some(3),
        _ => None,
    }
}

/// As [`opens`], of one that closes.
fn closes(text: &[u8]) -> Option<usize> {
    match text {
        [b']' | b')' | b'}' | b'>', ..] => Some(1),
        [0xef, 0xbc, 0xbd | 0x89, ..] | [0xef, 0xbd, 0x9d, ..] | [0xe3, 0x80, 0x91, ..] => Some(3),
        _ => None,
    }
}

/// `[.]`, `(dot)`, `{ at }`, `<.>`, `【.】`; the closing bracket may be of another kind.
fn bracketed(rest: &[u8]) -> Option<Spelling> {
    let open = opens(rest)?;
    let space = usize::from(rest.get(open) == Some(&b' '));
    let inner = open + space;
    // Most brackets are decided by the byte behind them.
    if !matches!(
        rest.get(inner)?,
        b':' | b'/' | b'.' | b'@' | b'd' | b'D' | b'p' | b'P' | b'a' | b'A' | 0xe3 | 0xef
    ) {
        return None;
    }
    for (written, meant) in IN_BRACKETS {
        if starts_with(&rest[inner..], written) {
            let mut close = inner + written.len();
            close += usize::from(space == 1 && rest.get(close) == Some(&b' '));
            if let Some(len) = closes(rest.get(close..)?) {
                return Spelling::deliberate(close + len, Meant::Text(meant));
            }
        }
    }
    None
}

/// `a[.b`, `a.]b`, `a[dot com`: somebody lost a bracket. Only between letters and digits, since
/// `[1.2.3.]` and `[.5` have their own meaning; and where the rest is used by sentences and programs
/// (`(see there.)Then`, `a<.b`, `x[dotted]`), only in a name that comes to a known end.
fn half_bracket(rest: &[u8], before: &[u8], known: Known) -> Option<Spelling> {
    if !ends_alphanumeric(before) {
        return None;
    }
    let name = |from: usize| {
        let behind = rest.get(from..)?;
        let name = name_len(behind)?;
        let closed = behind.get(name).is_some_and(|byte| b"])}>".contains(byte));
        // A sentence begins with a capital.
        let small = behind[0].is_ascii_lowercase() || behind[0].is_ascii_digit();
        let ends = || Name::read(behind).is_some_and(|name| name.is_rest(is_marked(before), known));
        (small && !closed && ends()).then_some(())
    };
    let opened = || last_word(before).iter().any(|byte| b"([{<".contains(byte));
    let len = match rest {
        [b'[' | b'{' | b'(', b'.', next @ ..] | [b'.', b']' | b'}', next @ ..] => {
            begins_alphanumeric(next).then_some(2)
        }
        [b'.', b')' | b'>', ..] if !opened() => name(2).map(|()| 2),
        [b'<', b'.', ..] => name(2).map(|()| 2),
        [b'[' | b'(' | b'{', d, o, t, ..] if [*d, *o, *t].eq_ignore_ascii_case(b"dot") => {
            let len = 4 + usize::from(rest.get(4) == Some(&b' '));
            name(len).map(|()| len)
        }
        _ => None,
    }?;
    Spelling::deliberate(len, Meant::Char('.'))
}

/// What stands behind the last white space, or the end of it. Looks back a bounded way.
fn last_word(before: &[u8]) -> &[u8] {
    let len = before.iter().rev().take(64);
    let len = len.take_while(|byte| !byte.is_ascii_whitespace()).count();
    &before[before.len() - len..]
}

/// Whether the last word looks like a part of a name rather than like a word: it has a dot or a digit.
fn is_marked(before: &[u8]) -> bool {
    let word = last_word(before);
    word.iter()
        .any(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// The length of the labels and dots (plain or in brackets) at the beginning, if there are any.
fn name_len(text: &[u8]) -> Option<usize> {
    let mut len = label_len(text);
    if len == 0 {
        return None;
    }
    loop {
        let dot = dot_len(&text[len..]);
        let label = text.get(len + dot..).map_or(0, label_len);
        if dot == 0 || label == 0 {
            return Some(len);
        }
        len += dot + label;
    }
}

/// The length of the dot at the beginning, plain or in brackets, or 0.
fn dot_len(text: &[u8]) -> usize {
    match text.first() {
        Some(b'.') => 1,
        Some(_) => bracketed(text)
            .filter(|found| found.meant == Meant::Text("."))
            .map_or(0, |found| found.len),
        None => 0,
    }
}

/// Labels with dots (plain or in brackets) between them, behind which no other letter follows.
struct Name {
    labels: usize,
    /// How many of the labels are numbers.
    numbers: usize,
    /// The last label, in lower case.
    last: Vec<u8>,
}

impl Name {
    fn read(text: &[u8]) -> Option<Self> {
        let len = name_len(text)?;
        let goes_on =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"_@".contains(byte) || *byte >= 0x80;
        if text.get(len).is_some_and(goes_on) {
            return None;
        }
        let (mut at, mut labels, mut numbers) = (0, 0, 0);
        loop {
            let label = &text[at..at + label_len(&text[at..])];
            labels += 1;
            numbers += usize::from(label.iter().all(u8::is_ascii_digit));
            at += label.len();
            if at >= len {
                return Some(Self {
                    labels,
                    numbers,
                    last: label.to_ascii_lowercase(),
                });
            }
            at += dot_len(&text[at..]);
        }
    }

    /// Whether its last label is a top-level domain that prose has no use for.
    fn is_common(&self) -> bool {
        SPOKEN_ENDINGS.binary_search(&self.last.as_slice()).is_ok()
    }

    fn is_country(&self) -> bool {
        self.last.len() == 2 && self.last.iter().all(u8::is_ascii_alphabetic)
    }

    /// Whether it is a host: an IPv4 address, or a name below a top-level domain.
    fn is_whole(&self, known: Known) -> bool {
        let named = self.is_common() || self.is_country() || known(&self.last);
        (self.labels > 1 && named) || (self.labels == 4 && self.numbers == 4)
    }

    /// Whether it is the rest of a host, of which something stands in front that may be `marked` as a
    /// part of a name.
    fn is_rest(&self, marked: bool, known: Known) -> bool {
        let word = || SHORT_WORDS.binary_search(&self.last.as_slice()).is_ok();
        self.is_common()
            || (self.is_country() && (self.labels > 1 || !word()))
            || ((marked || self.labels > 1) && known(&self.last))
    }
}

/// Backslashes: `\.` of regular expressions and Markdown, `\/` and `\u002e` of JSON,
/// `http:\\`.
fn backslash(rest: &[u8], before: &[u8]) -> Option<Spelling> {
    let slashes = rest.iter().take(3).take_while(|&&b| b == b'\\').count();
    let after = &rest[slashes..];
    if slashes <= 2 {
        // `C:\dir\.git` has a backslash already; in a path the dot is a name's own.
        if after.first() == Some(&b'.')
            && ends_alphanumeric(before)
            && begins_alphanumeric(&after[1..])
            && !word_has_backslash(before)
        {
            return Spelling::deliberate(slashes + 1, Meant::Char('.'));
        }
        if slashes == 1 && after.first() == Some(&b'/') {
            return Spelling::new(2, Meant::Char('/'));
        }
        let web = || {
            [&b"http:"[..], b"https:", b"ftp:"].iter().any(|scheme| {
                before.len() >= scheme.len()
                    && starts_with(&before[before.len() - scheme.len()..], scheme)
            })
        };
        if slashes == 2 && before.last() == Some(&b':') && begins_alphanumeric(after) && web() {
            return Spelling::deliberate(2, Meant::Text("//"));
        }
    }
    // Only what is ASCII: a folder may well be called `\ubeef`.
    if slashes == 1
        && let [b'u', b'0', b'0', high, low, ..] | [b'x', high, low, ..] = after
        && let Some(c) = hex_pair(*high, *low).filter(|c| c.is_ascii_graphic())
        && !word_has_backslash(before)
    {
        let len = if after[0] == b'u' { 6 } else { 4 };
        return Spelling::new(len, Meant::Char(char::from(c)));
    }
    None
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Whether the last word has a backslash that stands for itself. Looks back a bounded way.
fn word_has_backslash(before: &[u8]) -> bool {
    before
        .iter()
        .rev()
        .take(256)
        .take_while(|byte| !byte.is_ascii_whitespace())
        .any(|&byte| byte == b'\\')
}

/// Named entities that occur in addresses and around them (HTML Standard, "Named character
/// references").
const ENTITIES: &[(&[u8], char)] = &[
    (b"NewLine", '\n'),
    (b"Tab", '\t'),
    (b"ZeroWidthSpace", '\u{200b}'),
    (b"amp", '&'),
    (b"apos", '\''),
    (b"ast", '*'),
    (b"bsol", '\\'),
    (b"colon", ':'),
    (b"comma", ','),
    (b"commat", '@'),
    (b"equals", '='),
    (b"excl", '!'),
    (b"gt", '>'),
    (b"hyphen", '-'),
    (b"lbrace", '{'),
    (b"lbrack", '['),
    (b"lcub", '{'),
    (b"lowbar", '_'),
    (b"lpar", '('),
    (b"lsqb", '['),
    (b"lt", '<'),
    (b"nbsp", '\u{a0}'),
    (b"num", '#'),
    (b"percnt", '%'),
    (b"period", '.'),
    (b"plus", '+'),
    (b"quest", '?'),
    (b"quot", '"'),
    (b"rbrace", '}'),
    (b"rbrack", ']'),
    (b"rcub", '}'),
    (b"rpar", ')'),
    (b"rsqb", ']'),
    (b"semi", ';'),
    (b"shy", '\u{ad}'),
    (b"sol", '/'),
    (b"zwj", '\u{200d}'),
    (b"zwnj", '\u{200c}'),
];

/// `&#46;`, `&#x2e;`, `&period;`. The semicolon is needed: `&copy=1` is a query. The form with a
/// capital X, which nobody else writes, is how [`defang`](super::defang) protects a character: it
/// stands for exactly that one.
fn entity(rest: &[u8]) -> Option<Spelling> {
    if !matches!(rest.get(1), Some(b'#' | b'a'..=b'z' | b'N' | b'T' | b'Z')) {
        return None;
    }
    let end = rest.iter().take(18).position(|&byte| byte == b';')?;
    let name = &rest[1..end];
    if let [b'#', b'X', ..] = name {
        let c = number(&name[2..], 16)?;
        return Spelling::new(end + 1, Meant::Char(c));
    }
    let c = if let [b'#', digits @ ..] = name {
        match digits {
            [b'x', hex @ ..] => number(hex, 16)?,
            decimal => number(decimal, 10)?,
        }
    } else {
        let at = ENTITIES
            .binary_search_by(|(known, _)| known.cmp(&name))
            .ok()?;
        ENTITIES[at].1
    };
    let meant = if is_overlooked(c) {
        Meant::Nothing
    } else {
        Meant::Char(fold(c).unwrap_or(c))
    };
    Spelling::new(end + 1, meant)
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    // `from_str_radix` takes a sign.
    if !digits.first()?.is_ascii_hexdigit() {
        return None;
    }
    let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    char::from_u32(number).filter(|&c| c != '\0')
}

/// Elements that do not break a line, and so can stand between the letters of a name.
const INLINE: &[&[u8]] = &[
    b"b", b"big", b"em", b"font", b"i", b"mark", b"s", b"small", b"span", b"strong", b"tt", b"u",
    b"wbr",
];

/// Markup between letters: `evil<b>.</b>com`, `evil<wbr>.com`, `evil<!-- -->.com`.
fn markup(rest: &[u8], before: &[u8]) -> Option<Spelling> {
    let previous = *before.last()?;
    let joins = |byte: u8| matches!(byte, b'.' | b'@' | b':' | b'/' | b'-');
    if rest[0] != b'<' || !(joins(previous) || ends_alphanumeric(before)) {
        return None;
    }
    let mut at = 0;
    // A closing tag followed by an opening one is two cells as often as one name, unless a dot
    // stands beside them.
    let (mut tags, mut attributes) = (0, false);
    while rest.get(at) == Some(&b'<') {
        let (len, plain) = tag(&rest[at..])?;
        at += len;
        tags += 1;
        attributes |= !plain;
    }
    let after = &rest[at..];
    let next = *after.first()?;
    let spelled = matches!(next, b'[' | b'(' | b'{' | b'&') && spelled_join(after);
    let fine = joins(previous)
        || joins(next)
        || spelled
        || (tags == 1 && !attributes && begins_alphanumeric(after));
    // `</b>.` ends a sentence.
    let goes_on = begins_alphanumeric(after)
        || spelled
        || (joins(next)
            && after
                .get(1)
                .is_some_and(|&b| b == b'<' || b == b'/' || begins_alphanumeric(&[b])));
    (fine && goes_on)
        .then(|| Spelling::new(at, Meant::Nothing))
        .flatten()
}

/// Whether a dot, colon, slash or at-sign is spelled out here.
fn spelled_join(text: &[u8]) -> bool {
    match text.first() {
        Some(b'&') => entity(text)
            .is_some_and(|found| matches!(found.meant, Meant::Char('.' | '@' | ':' | '/'))),
        Some(_) => bracketed(text).is_some(),
        None => false,
    }
}

/// The length of the inline tag or comment at the beginning, and whether it has no attributes.
fn tag(text: &[u8]) -> Option<(usize, bool)> {
    if text.starts_with(b"<!--") {
        let end = text[4..]
            .windows(3)
            .take(MARKUP)
            .position(|w| w == b"-->")?;
        return Some((end + 7, true));
    }
    let name_at = 1 + usize::from(text.get(1) == Some(&b'/'));
    let name_len = text[name_at..]
        .iter()
        .take(7)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let name = &text[name_at..name_at + name_len];
    let inline = |known: &&[u8]| known.eq_ignore_ascii_case(name);
    if !INLINE.iter().any(inline) {
        return None;
    }
    let behind = name_at + name_len;
    match text.get(behind)? {
        b'>' => Some((behind + 1, true)),
        b'/' if text.get(behind + 1) == Some(&b'>') => Some((behind + 2, true)),
        b' ' | b'\t' | b'\n' | b'/' => {
            let end = text[behind..]
                .iter()
                .take(MARKUP)
                .position(|&byte| matches!(byte, b'>' | b'<'))?;
            (text[behind + end] == b'>').then_some((behind + end + 1, false))
        }
        _ => None,
    }
}

/// Spellings of a scheme, where a colon (spelled in any way) follows: `hxxp`, `h**ps`, `h[tt]p`,
/// `http[s]`, `fxp`, `meow`.
fn scheme(rest: &[u8], before: &[u8]) -> Option<Spelling> {
    if before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    // The plain words are many: two bytes tell.
    match rest.get(..2)? {
        [
            b'h' | b'H',
            b't' | b'T' | b'x' | b'X' | b'*' | b'[' | b'(' | b'{' | b'_',
        ] => {}
        [b'm' | b'M', b'e' | b'E'] | [b'f' | b'F', b'x' | b'X' | b'*' | b'['] => {}
        [b's' | b'S', b'f' | b'F' | b'h' | b'H'] => {}
        _ => return None,
    }
    let mut letters = [0_u8; 8];
    let mut count = 0;
    let mut at = 0;
    // A bracket closes what it opened before the colon: `http[s]`, `h[xx]p`.
    let mut open = false;
    loop {
        let byte = *rest.get(at)?;
        match byte {
            b':' => break,
            b'[' | b'(' | b'{' if !open && matches!(rest.get(at + 1), Some(b':' | b' ')) => break,
            b'[' | b'(' | b'{' if !open => open = true,
            b']' | b')' | b'}' if open => open = false,
            0x80.. if !open && bracketed(&rest[at..]).is_some() => break,
            _ if count == letters.len() => return None,
            b'a'..=b'z' | b'A'..=b'Z' | b'*' | b'_' => {
                letters[count] = byte.to_ascii_lowercase();
                count += 1;
            }
            _ => return None,
        }
        at += 1;
    }
    if open {
        return None;
    }
    let meant = scheme_of(&letters[..count])?;
    // Written as it is meant (in any case): nothing to undo.
    if rest[..at].eq_ignore_ascii_case(meant.as_bytes()) {
        return None;
    }
    // "meow: said the cat" is no address.
    if letters[0] == b'm' && !rest[at..].starts_with(b"://") && bracketed(&rest[at..]).is_none() {
        return None;
    }
    Spelling::deliberate(at, Meant::Text(meant))
}

/// The scheme that these letters, in lower case, stand for.
fn scheme_of(letters: &[u8]) -> Option<&'static str> {
    let hidden = |letters: &[u8]| {
        matches!(letters.len(), 2 | 3)
            && letters
                .iter()
                .all(|b| matches!(b, b't' | b'x' | b'*' | b'_'))
    };
    Some(match letters {
        b"meow" => "http",
        b"meows" => "https",
        [b'h', middle @ .., b'p', b's'] if hidden(middle) => "https",
        [b'h', middle @ .., b'p'] if hidden(middle) => "http",
        [b'f', b't' | b'x' | b'*', b'p'] => "ftp",
        [b'f', b't' | b'x' | b'*', b'p', b's'] => "ftps",
        [b's', b'f', b't' | b'x' | b'*', b'p'] => "sftp",
        _ => return None,
    })
}

/// `[hxxp]://`, `(https)[:]//`.
fn scheme_in_brackets(rest: &[u8], before: &[u8]) -> Option<Spelling> {
    if ends_alphanumeric(before) {
        return None;
    }
    let inner = &rest[1..];
    let len = inner
        .iter()
        .take(8)
        .position(|byte| b"])}".contains(byte))?;
    let meant = scheme_of(&inner[..len].to_ascii_lowercase())?;
    let behind = &inner[len + 1..];
    let colon = behind.starts_with(b"://")
        || bracketed(behind).is_some_and(|found| matches!(found.meant, Meant::Text(":" | "://")));
    colon
        .then(|| Spelling::deliberate(len + 2, Meant::Text(meant)))
        .flatten()
}

/// `hxxp__example.com`, and `http___example.com` as programs name files: a line for each character that
/// a file's name cannot have. A host has to follow: `http__init` is a program's own name.
fn scheme_with_underscores(rest: &[u8], before: &[u8], known: Known) -> Option<Spelling> {
    if before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let letters = rest
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let lines = rest[letters..]
        .iter()
        .take(4)
        .take_while(|byte| **byte == b'_')
        .count();
    if !matches!(lines, 2 | 3) {
        return None;
    }
    let written = rest[..letters].to_ascii_lowercase();
    let meant = match scheme_of(&written)? {
        "http" => "http://",
        "https" => "https://",
        _ => return None,
    };
    let host = Name::read(&rest[letters + lines..])?;
    // `http__server.py` is a file: where the scheme is not hidden, the name has to be beyond doubt.
    let plain = meant.as_bytes().starts_with(&written);
    let fine = host.is_whole(known) && (!plain || host.labels > 2 || host.is_common());
    fine.then(|| Spelling::deliberate(letters + lines, Meant::Text(meant)))
        .flatten()
}

/// A space before a spelled dot or at-sign (`evil [.] com`, `joe at evil dot com`), and within an
/// address that has a scheme (`http:// evil .com /x`). `raw` is what was written in front of it.
fn spaced(rest: &[u8], before: &[u8], raw: &[u8], known: Known) -> Option<Spelling> {
    let nothing = || Spelling::deliberate(1, Meant::Nothing);
    let next = rest.get(1)?;
    if before.ends_with(b"://") {
        return host_or_its_beginning(&rest[1..], known)
            .then(nothing)
            .flatten();
    }
    if !ends_alphanumeric(before) {
        return None;
    }
    match next {
        b'[' | b'(' | b'{' | b'<' => {
            let found = bracketed(&rest[1..])?;
            let mut len = 1 + found.len;
            len += usize::from(rest.get(len) == Some(&b' '));
            begins_alphanumeric(&rest[len.min(rest.len())..])
                .then(|| Spelling::new(len, found.meant))
                .flatten()
        }
        // `http://evil .com` and `http://evil . com`; `a .com name` and the end of a sentence have
        // no scheme in front, or a host that is whole.
        b'.' => {
            let label = 2 + usize::from(rest.get(2) == Some(&b' '));
            let behind = rest.get(label..)?;
            let host = host_of_address(before)?;
            let joins = behind.first().is_some_and(u8::is_ascii_lowercase)
                && Name::read(behind).is_some_and(|name| name.is_rest(true, known))
                && !Name::read(host).is_some_and(|host| host.is_whole(known));
            joins
                .then(|| Spelling::deliberate(label, Meant::Char('.')))
                .flatten()
        }
        // The path of an address that has spaces elsewhere.
        b'/' if rest.get(2).is_some_and(u8::is_ascii_graphic)
            && has_spaced_dot(raw)
            && host_of_address(before).is_some() =>
        {
            nothing()
        }
        _ => word_between(rest, before, b' ', known),
    }
}

/// Whether a host begins here, whole (`evil.com`) or with a space inside (`evil .com`).
fn host_or_its_beginning(text: &[u8], known: Known) -> bool {
    let Some(len) = name_len(text) else {
        return false;
    };
    let rest = || {
        let behind = text[len..].strip_prefix(b" .")?;
        let behind = behind.strip_prefix(b" ").unwrap_or(behind);
        Name::read(behind).filter(|name| name.is_rest(true, known))
    };
    Name::read(text).is_some_and(|name| name.is_whole(known)) || rest().is_some()
}

/// The host that the text ends in, where a scheme and `://` stand in front of it.
fn host_of_address(before: &[u8]) -> Option<&[u8]> {
    let host = before.iter().rev().take(64);
    let host = host.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let at = before.len() - host.count();
    before[..at].ends_with(b"://").then(|| &before[at..])
}

/// Whether what was written ends in a label behind a dot that has a space in front.
fn has_spaced_dot(raw: &[u8]) -> bool {
    let label = raw.iter().rev().take(64);
    let label = label.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-');
    let front = &raw[..raw.len() - label.count()];
    front.ends_with(b" .") || front.ends_with(b" . ")
}

/// Last labels that make `example dot com` a name whatever stands in front, because prose does not put
/// them there; any two letters besides.
const SPOKEN_ENDINGS: &[&[u8]] = &[
    b"app", b"biz", b"cloud", b"club", b"com", b"dev", b"edu", b"example", b"gov", b"info", b"int",
    b"live", b"mil", b"mobi", b"name", b"net", b"onion", b"online", b"org", b"pro", b"shop",
    b"site", b"space", b"store", b"tech", b"test", b"top", b"vip", b"website", b"work", b"xyz",
];

/// Two-letter words that are names of countries by accident.
const SHORT_WORDS: &[&[u8]] = &[
    b"am", b"as", b"at", b"be", b"by", b"do", b"he", b"if", b"in", b"is", b"it", b"me", b"my",
    b"no", b"of", b"on", b"or", b"so", b"to", b"up", b"us", b"we",
];

/// Words before " at " that are a sentence and no mailbox.
const BEFORE_AT: &[&[u8]] = &[
    b"and",
    b"are",
    b"available",
    b"be",
    b"found",
    b"hosted",
    b"is",
    b"located",
    b"look",
    b"looking",
    b"me",
    b"or",
    b"page",
    b"reached",
    b"server",
    b"site",
    b"them",
    b"us",
    b"visit",
    b"was",
    b"website",
    b"were",
];

/// `dot` and `at` as words between spaces or underscores, where both sides look like a name and
/// the name comes to a known end.
fn word_between(rest: &[u8], before: &[u8], separator: u8, known: Known) -> Option<Spelling> {
    if !ends_alphanumeric(before) {
        return None;
    }
    // `evil dot] com`: the bracket in front was lost.
    if starts_with(&rest[1..], b"dot")
        && matches!(rest.get(4), Some(b']' | b')' | b'}'))
        && !last_word(before).iter().any(|byte| b"([{".contains(byte))
    {
        let len = 5 + usize::from(rest.get(5) == Some(&separator));
        let behind = rest.get(len..)?;
        return comes_to_an_end(behind, separator, is_marked(before), known)
            .then(|| Spelling::deliberate(len, Meant::Char('.')))
            .flatten();
    }
    let word =
        |word: &[u8]| starts_with(&rest[1..], word) && rest.get(1 + word.len()) == Some(&separator);
    if word(b"dot") {
        return comes_to_an_end(&rest[5..], separator, is_marked(before), known)
            .then(|| Spelling::new(5, Meant::Char('.')))
            .flatten();
    }
    if word(b"at") {
        let start = before
            .iter()
            .rev()
            .take(64)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let local = before[before.len() - start..].to_ascii_lowercase();
        let label = label_len(&rest[4..]);
        let behind = &rest[4 + label..];
        let spelled = label > 0
            && (bracketed(behind.strip_prefix(b" ").unwrap_or(behind))
                .is_some_and(|found| found.meant == Meant::Text("."))
                || (behind.first() == Some(&separator)
                    && starts_with(&behind[1..], b"dot")
                    && behind.get(4) == Some(&separator)
                    && comes_to_an_end(&behind[5..], separator, false, known)));
        return (spelled && BEFORE_AT.binary_search(&local.as_slice()).is_err())
            .then(|| Spelling::new(4, Meant::Char('@')))
            .flatten();
    }
    None
}

fn label_len(text: &[u8]) -> usize {
    text.iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count()
}

/// Whether what is spoken or written from here on ends like a domain name: `co dot uk`, `com`. Many
/// top-level domains are words, too (`the red dot here`): those that are not common count only where
/// there is more than one dot, or what stands in front is `marked` as a part of a name.
fn comes_to_an_end(mut text: &[u8], separator: u8, marked: bool, known: Known) -> bool {
    for dots in 1..6 {
        let len = label_len(text);
        let label = text[..len].to_ascii_lowercase();
        let behind = &text[len..];
        // `dot dot dot` is Morse code.
        if len == 0 || label == b"dot" {
            return false;
        }
        let mut next = behind;
        if let [first, d, o, t, last, ..] = behind
            && *first == separator
            && *last == separator
            && [*d, *o, *t].eq_ignore_ascii_case(b"dot")
        {
            text = &behind[5..];
            continue;
        }
        if let Some(found) = bracketed(next).filter(|found| found.meant == Meant::Text(".")) {
            text = &behind[found.len..];
            continue;
        }
        // `example dot co.uk`.
        while let [b'.', more @ ..] = next
            && label_len(more) > 0
        {
            next = &more[label_len(more)..];
        }
        if next.len() < behind.len() {
            return true;
        }
        return if len == 2 {
            label.iter().all(u8::is_ascii_alphabetic)
                && (dots > 1 || SHORT_WORDS.binary_search(&label.as_slice()).is_err())
        } else {
            SPOKEN_ENDINGS.binary_search(&label.as_slice()).is_ok()
                || ((dots > 1 || marked) && known(&label))
        };
    }
    false
}

/// Characters of other scripts that stand for an ASCII one, and characters that are there to be
/// overlooked.
fn folded(rest: &[u8], before: &[u8]) -> Option<Spelling> {
    let c = first_char(rest)?;
    let len = c.len_utf8();
    let after = &rest[len..];
    if is_overlooked(c) {
        // Between letters it hides something; in an emoji it is the joint.
        let near = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        return (near(before.last()) || near(after.first()))
            .then(|| Spelling::new(len, Meant::Nothing))
            .flatten();
    }
    let meant = fold(c)?;
    // Punctuation of East Asian sentences stays, unless a name goes on behind it.
    let joint = matches!(meant, ':' | '/') && matches!(before.last(), Some(b':' | b'/'));
    let fine = meant.is_ascii_alphanumeric()
        || meant == '-'
        || ((ends_alphanumeric(before) || joint)
            && (begins_alphanumeric(after)
                || after.first() == Some(&b'/')
                || first_char(after).and_then(fold) == Some('/')));
    fine.then(|| Spelling::new(len, Meant::Char(meant)))
        .flatten()
}

/// The ASCII character that a character of another block is a form of.
fn fold(c: char) -> Option<char> {
    Some(match c {
        // Ideographic full stop and its half-width form, one dot leader, small full stop.
        '\u{3002}' | '\u{ff61}' | '\u{2024}' | '\u{fe52}' => '.',
        '\u{2010}' | '\u{2011}' | '\u{fe63}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{fe55}' | '\u{a789}' => ':',
        '\u{fe6b}' => '@',
        // The full-width forms are ASCII, moved.
        '\u{ff0d}'..='\u{ff1a}'
        | '\u{ff20}'..='\u{ff3a}'
        | '\u{ff3f}'
        | '\u{ff41}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xfee0)?,
        _ => return None,
    })
}

/// Whether a character is there to be overlooked: hidden, and no line end or other control.
fn is_overlooked(c: char) -> bool {
    is_hidden(c) && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_the_binary_search() {
        assert!(ENTITIES.is_sorted_by_key(|(name, _)| *name));
        assert!(SPOKEN_ENDINGS.is_sorted());
        assert!(SHORT_WORDS.is_sorted());
        assert!(BEFORE_AT.is_sorted());
    }

    #[test]
    fn every_character_that_is_undone_is_looked_at() {
        for c in ('\u{80}'..=char::MAX).filter(|&c| fold(c).is_some() || is_overlooked(c)) {
            let lead = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
            assert!(CAN_BEGIN[usize::from(lead)], "{c:?}");
        }
    }
}
