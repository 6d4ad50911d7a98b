//! Finding observables in running text: one scan, in which a word that cannot hold one costs a
//! look at each of its bytes and nothing else.
//!
//! The text is cut at white space into regions (`region.rs`), in which spellings are undone;
//! `read.rs` finds what stands in one. Nothing is looked at twice but for a bounded way back or
//! ahead, so that time grows with the text's length only, and a text that comes in pieces gives the
//! same hits wherever it was cut.

mod names;
mod paths;
mod read;
mod region;
mod skip;
mod utf16;

use std::ops::{ControlFlow, Range};

use serde::Serialize;

use crate::indicator::Indicator;
use crate::observable::{Kind, Observable};
use crate::text::refang;

/// How much evidence a name without a scheme needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// What reads like a file's name, a version or code is left out.
    #[default]
    Strict,
    /// All that could be one is taken.
    Lenient,
}

/// Why something that looked like an observable was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It ends like a file: `readme.md`.
    FileName,
    /// Four numbers that are a version or a section.
    Version,
    /// No top-level domain has this name.
    UnknownSuffix,
    /// Everybody registers below it: `co.uk`.
    PublicSuffix,
    /// A program's object and its member: `console.info`.
    Code,
    /// A package's name, written backwards: `com.example.app`.
    ReverseName,
    /// The space behind a full stop is missing.
    Sentence,
    /// The checksum inside does not fit.
    Checksum,
    /// It has the beginning of one, and not the rest.
    Malformed,
}

/// An observable, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What was found, in canonical form.
    pub observable: Observable,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Where it stands, in UTF-16 code units, as JavaScript counts.
    pub utf16: Range<usize>,
    /// How it is written there; bytes that are no UTF-8 as U+FFFD.
    pub written: String,
    /// What it contains: an address's host, a mailbox's domain.
    pub inside: Vec<Hit>,
}

/// Something that looked like an observable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Where it stands, in UTF-16 code units.
    pub utf16: Range<usize>,
    /// How it is written there.
    pub written: String,
    /// Why it was left out.
    pub reason: Reason,
}

/// What the extractor tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An observable.
    Hit(Hit),
    /// Something that looked like one.
    LeftOut(LeftOut),
}

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// How much evidence a bare name needs.
    pub strictness: Strictness,
    /// These kinds only; empty: all.
    pub kinds: Vec<Kind>,
}

/// Finds the observables of a text, in their order.
///
/// ```
/// let text = "Payload at hxxp://cdn.example[.]com/a.bin (see readme.md).";
/// let hits = quorum_core::text::extract(text, &Default::default());
/// assert_eq!(hits.len(), 1);
/// assert_eq!(hits[0].observable.to_string(), "http://cdn.example.com/a.bin");
/// assert_eq!(&text[hits[0].span.clone()], "hxxp://cdn.example[.]com/a.bin");
/// assert_eq!(hits[0].inside[0].observable.to_string(), "cdn.example.com");
/// ```
pub fn extract(text: &str, options: &Options) -> Vec<Hit> {
    extract_bytes(text.as_bytes(), options)
}

/// As [`extract`], of bytes that need not be UTF-8.
pub fn extract_bytes(text: &[u8], options: &Options) -> Vec<Hit> {
    let mut hits = Vec::new();
    each_hit(text, options, |hit| {
        hits.push(hit);
        ControlFlow::Continue(())
    });
    hits
}

/// As [`extract_bytes`], one by one; the text is read no further than it is wanted.
fn each_hit(text: &[u8], options: &Options, mut take: impl FnMut(Hit) -> ControlFlow<()>) {
    let mut scanner = Scanner::new(options.clone());
    scanner.hits_only = true;
    scanner.scan(text, 0, 0, true, &mut |found| match found {
        Found::Hit(hit) => take(hit),
        Found::LeftOut(_) => ControlFlow::Continue(()),
    });
}

/// The indicators of a text, each once, in their order, at most so many. What no backend has a
/// report on is passed over.
pub fn indicators(text: &str, limit: usize) -> Vec<Indicator> {
    let found = indicators_as_written(text, limit);
    found.into_iter().map(|(indicator, _)| indicator).collect()
}

/// As [`indicators`], each with how it is written where it stands first.
pub fn indicators_as_written(text: &str, limit: usize) -> Vec<(Indicator, String)> {
    let mut found: Vec<(Indicator, String)> = Vec::new();
    each_hit(text.as_bytes(), &Options::default(), |hit| {
        if found.len() == limit {
            return ControlFlow::Break(());
        }
        let new = |indicator: &Indicator| !found.iter().any(|(known, _)| known == indicator);
        let indicator = hit.observable.indicator().filter(new);
        found.extend(indicator.map(|indicator| (indicator, hit.written)));
        ControlFlow::Continue(())
    });
    found
}

/// Finds observables in a text that comes in pieces, which may be cut anywhere, also within a
/// character. Holds about 20 KiB of the text at a time, and the piece that it was given.
///
/// ```
/// use quorum_core::text::{Extractor, Found};
/// let mut found = Vec::new();
/// let mut extractor = Extractor::new(Default::default());
/// extractor.push(b"see 198.51.", &mut |one| found.push(one));
/// extractor.push(b"100.7", &mut |one| found.push(one));
/// extractor.finish(&mut |one| found.push(one));
/// assert!(matches!(&found[..], [Found::Hit(hit)] if hit.span == (4..16)));
/// ```
#[derive(Debug)]
pub struct Extractor {
    scanner: Scanner,
    /// The end of what came: [`BEHIND`] bytes for context, then what is not decided yet.
    held: Vec<u8>,
    /// Where in `held` what is not decided begins.
    undecided: usize,
    /// Where `held` begins in the text.
    base: usize,
}

/// How far a decision looks back.
const BEHIND: usize = 128;

impl Extractor {
    /// An extractor that has seen nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            scanner: Scanner::new(options),
            held: Vec::new(),
            undecided: 0,
            base: 0,
        }
    }

    /// Adds the next piece of the text; tells what is certain by now.
    pub fn push(&mut self, piece: &[u8], take: &mut impl FnMut(Found)) {
        self.held.extend_from_slice(piece);
        self.advance(false, take);
    }

    /// Ends the text; tells the rest.
    pub fn finish(mut self, take: &mut impl FnMut(Found)) {
        self.advance(true, take);
    }

    fn advance(&mut self, at_end: bool, take: &mut impl FnMut(Found)) {
        let take = &mut |found| {
            take(found);
            ControlFlow::Continue(())
        };
        self.undecided = self
            .scanner
            .scan(&self.held, self.undecided, self.base, at_end, take);
        // Moved in large steps, so that small pieces do not move the rest each time.
        let droppable = self.undecided.saturating_sub(BEHIND);
        if droppable > region::AHEAD {
            self.scanner
                .count_to(&self.held, self.base, self.base + droppable);
            self.held.drain(..droppable);
            self.undecided -= droppable;
            self.base += droppable;
        }
    }
}

/// What a byte can mean for its word.
mod class {
    /// Nothing: it is in no observable's way.
    pub(super) const PLAIN: u8 = 0;
    /// White space and control characters: the word's end.
    pub(super) const BLANK: u8 = 1;
    /// Together with capitals, hyphens or length.
    pub(super) const DIGIT: u8 = 2;
    /// Decided by the byte behind it.
    pub(super) const LOOK: u8 = 4;
    /// The word has to be read.
    pub(super) const READ: u8 = 8;
}

const CLASSES: [u8; 256] = {
    let mut table = [class::PLAIN; 256];
    let mut at = 0;
    while at <= b' ' as usize {
        table[at] = class::BLANK;
        at += 1;
    }
    at = b'0' as usize;
    while at <= b'9' as usize {
        table[at] = class::DIGIT;
        at += 1;
    }
    let look = b".:([<{_mM";
    at = 0;
    while at < look.len() {
        table[look[at] as usize] = class::LOOK;
        at += 1;
    }
    let read = b"@/\\&*";
    at = 0;
    while at < read.len() {
        table[read[at] as usize] = class::READ;
        at += 1;
    }
    // The first bytes of dots of other scripts, of full-width forms and of invisible characters.
    let folded = [0xc2, 0xe1, 0xe2, 0xe3, 0xea, 0xef, 0xf3];
    at = 0;
    while at < folded.len() {
        table[folded[at]] = class::LOOK;
        at += 1;
    }
    table
};

/// Bytes that end an address, a name and a path wherever they stand.
const ENDS_ANYTHING: &[u8] = b"\"<>|`";

/// From this length on a word is read whatever it is made of: hashes and wallets begin here.
const LONG: usize = 26;

/// Up to this length punctuation may be a spelling that joins the words beside it.
const SHORT: usize = 16;

/// The longest word that is looked at as a whole; the rest is the next word.
const WORD: usize = region::LONGEST;

#[derive(Debug)]
struct Scanner {
    options: Options,
    region: region::Region,
    utf16: utf16::Utf16,
    /// How far `utf16` has counted, in bytes of the whole text.
    counted: usize,
    /// What was found in the region at hand, by its place in the text at hand.
    found: Vec<read::Candidate>,
    /// The place at hand is inside of something too long, whose end is looked for.
    skipping: bool,
    /// Nobody asks for what is left out.
    hits_only: bool,
}

impl Scanner {
    fn new(options: Options) -> Self {
        Self {
            options,
            region: region::Region::default(),
            utf16: utf16::Utf16::default(),
            counted: 0,
            found: Vec::new(),
            skipping: false,
            hits_only: false,
        }
    }

    /// Reads on from `from` as far as it can be decided, and as `take` wants more; returns how far
    /// that was. `base` is where `raw` begins in the text.
    fn scan(
        &mut self,
        raw: &[u8],
        from: usize,
        base: usize,
        at_end: bool,
        take: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> usize {
        let mut at = from;
        // What begins at or behind this place cannot be decided yet.
        let ahead = if at_end { 0 } else { region::AHEAD - 1 };
        let decided = raw.len().saturating_sub(ahead);
        while at < decided {
            if self.skipping {
                let rest = &raw[at..decided];
                let ends = |byte: &u8| *byte <= b' ' || ENDS_ANYTHING.contains(byte);
                let len = rest.iter().position(ends);
                self.skipping = len.is_none();
                at += len.unwrap_or(rest.len());
                continue;
            }
            match skip::next_word(raw, at, decided) {
                Ok(word) => at = word,
                Err(word) => return word,
            }
            let (end, to_read) = look(raw, at);
            if !to_read {
                at = end;
                continue;
            }
            let mut found = std::mem::take(&mut self.found);
            (at, self.skipping) =
                read::region(raw, at, &mut self.region, &self.options, &mut found);
            let told = found
                .drain(..)
                .try_for_each(|candidate| self.tell(raw, base, candidate, take));
            if told.is_break() {
                return at;
            }
            self.found = found;
        }
        at
    }

    fn tell(
        &mut self,
        raw: &[u8],
        base: usize,
        candidate: read::Candidate,
        take: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let kinds = &self.options.kinds;
        let wanted =
            |observable: &Observable| kinds.is_empty() || kinds.contains(&observable.kind());
        let read::Candidate {
            place,
            outcome,
            inside,
        } = candidate;
        let inside: Vec<_> = inside
            .into_iter()
            .filter(|(observable, _)| wanted(observable))
            .collect();
        let shown = outcome.as_ref().map_or(!self.hits_only, wanted);
        if !shown && inside.is_empty() {
            return ControlFlow::Continue(());
        }
        self.count_to(raw, base, base + place.start);
        let start = self.utf16.units();
        let units =
            |place: &Range<usize>| utf16::len(&String::from_utf8_lossy(&raw[place.clone()]));
        let hit = |observable, at: &Range<usize>, inside| {
            let first = start + units(&(place.start..at.start));
            Hit {
                observable,
                span: base + at.start..base + at.end,
                utf16: first..first + units(at),
                written: String::from_utf8_lossy(&raw[at.clone()]).into_owned(),
                inside,
            }
        };
        let inside = inside
            .into_iter()
            .map(|(observable, at)| hit(observable, &at, Vec::new()));
        match outcome {
            // What was asked for stands inside of what was not.
            Ok(_) if !shown => inside.into_iter().try_for_each(|hit| take(Found::Hit(hit))),
            Ok(observable) => {
                let inside = inside.collect();
                take(Found::Hit(hit(observable, &place, inside)))
            }
            Err(reason) => take(Found::LeftOut(LeftOut {
                span: base + place.start..base + place.end,
                utf16: start..start + units(&place),
                written: String::from_utf8_lossy(&raw[place.clone()]).into_owned(),
                reason,
            })),
        }
    }

    /// Counts UTF-16 code units up to a place in the text.
    fn count_to(&mut self, raw: &[u8], base: usize, place: usize) {
        if place > self.counted {
            self.utf16.feed(&raw[self.counted - base..place - base]);
            self.counted = place;
        }
    }
}

/// The end of the word at `at`, and whether anything in it calls for reading it.
fn look(raw: &[u8], at: usize) -> (usize, bool) {
    let limit = raw.len().min(at + WORD);
    // Punctuation alone is nothing, however long it is.
    let marks = punctuation(&raw[at..limit]);
    if marks > SHORT
        && raw[at + marks..limit]
            .first()
            .is_none_or(|byte| *byte <= b' ')
    {
        return (at + marks, false);
    }
    let mut end = at;
    let mut classes = 0;
    let mut hyphen = false;
    while end < limit {
        let byte = raw[end];
        let mut class = CLASSES[usize::from(byte)];
        if class == class::BLANK {
            break;
        }
        if class == class::LOOK && calls(byte, &raw[end + 1..]) {
            class = class::READ;
        }
        hyphen |= byte == b'-';
        classes |= class;
        end += 1;
    }
    // A capital and a digit: `AS64511`, `T1059`; a hyphen and a digit: `CVE-2024-1`.
    let digits = classes & class::DIGIT != 0;
    let marked = digits && (hyphen || raw[at..end].iter().any(u8::is_ascii_uppercase));
    let long = end - at >= LONG;
    // `example dot com`, `joe [at] example`.
    let spoken = || {
        raw.get(end) == Some(&b' ')
            && matches!(
                raw.get(end + 1),
                Some(b'd' | b'D' | b'a' | b'A' | b'[' | b'(' | b'{' | b'<')
            )
            && refang::spelling(&raw[at..], end - at, &raw[at..end], refang::listed).is_some()
    };
    (
        end,
        classes & class::READ != 0 || marked || long || spoken(),
    )
}

/// How many bytes of punctuation a text begins with.
fn punctuation(text: &[u8]) -> usize {
    // Without branches inside of a piece, so that it becomes vector code.
    let all = |piece: &[u8]| {
        let marks = piece.iter().map(u8::is_ascii_punctuation);
        marks.fold(true, |all, mark| all & mark)
    };
    let whole = text.chunks_exact(SHORT).take_while(|piece| all(piece));
    let whole = whole.count() * SHORT;
    let rest = text[whole..]
        .iter()
        .take_while(|byte| byte.is_ascii_punctuation());
    whole + rest.count()
}

/// Whether a byte that means something in some places means something here.
fn calls(byte: u8, behind: &[u8]) -> bool {
    let Some(&next) = behind.first() else {
        return false;
    };
    match byte {
        b'.' => {
            next.is_ascii_alphanumeric()
                || matches!(next, b']' | b'}' | b'<' | b'&' | b'_')
                || (matches!(next, b')' | b'>')
                    && behind.get(1).is_some_and(u8::is_ascii_alphanumeric))
                || next >= 0x80
        }
        b':' => next > b' ' && next != b'"',
        b'(' | b'[' | b'<' | b'{' => {
            matches!(
                next,
                b'.' | b':' | b'/' | b'@' | b'd' | b'D' | b'a' | b'A' | b'p' | b'P'
            ) || matches!(
                (next, behind.get(1)),
                (b' ', Some(b'.' | b'd' | b'D' | b'a' | b'A' | b'@'))
            )
        }
        b'_' => matches!(next, b'd' | b'D' | b'a' | b'A'),
        // `mutex`, `mutant`.
        b'm' | b'M' => matches!(
            behind,
            [b'u' | b'U', b't' | b'T', b'e' | b'E' | b'a' | b'A', ..]
        ),
        0xc2 => next == 0xad,
        0xe2 => matches!(
            behind,
            [0x80, 0x8b..=0x91 | 0xa4 | 0xaa..=0xae, ..] | [0x81, 0x84 | 0xa0..=0xaf, ..] | [0x88, 0x95, ..]
        ),
        0xe3 => matches!(behind, [0x80, 0x82 | 0x90, ..]),
        _ => byte >= 0x80,
    }
}
