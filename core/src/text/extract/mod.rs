//! Finding observables in running text.
//!
//! One scan over bytes, without going back. Words of prose cost a table look-up a byte
//! (`scan.rs`). A word that may hold something becomes a *region* (`region.rs`): the stretch up to
//! the next white space with its spellings undone, and a map from what is meant to what stands
//! there. A walk over the region (`read.rs`) looks at each word by its shape and its surroundings
//! and asks the value's own parser last; whether a name is a domain is judged in `names.rs`.
//! Windows paths and registry keys (`paths.rs`) and mutexes (`mutex.rs`) may hold spaces and are
//! read from the text as it stands.
//!
//! # Limits
//!
//! Whatever is decided about a place depends on 128 bytes before it and 18 KiB behind it, so the
//! pieces in which a text comes make no difference and the memory of an [`Extractor`] does not
//! grow with the text (it is some 160 KiB). The other side of it: a single word or address of more than
//! 16 KiB is left out, together with what follows it up to the next white space, quote, angle
//! bracket or bar.

mod mutex;
mod names;
mod paths;
mod read;
mod region;
mod scan;
mod utf16;

use std::ops::Range;

use crate::indicator::Indicator;
use crate::observable::{Kind, Observable};
use region::AHEAD;
use scan::{BEHIND, Piece, Scan};

/// How much has to speak for an observable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strictness {
    /// What is as often something else is left out: file names, versions, members of objects,
    /// names under an unknown suffix.
    #[default]
    Strict,
    /// What has the form is taken, but for names that end like a file and under no suffix.
    Lenient,
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How much has to speak for an observable.
    pub strictness: Strictness,
    /// The kinds that are wanted; `None` for all. Where a kind is not wanted, what would be inside
    /// of such a hit is one of its own: with only domains wanted, an address's host.
    pub kinds: Option<Vec<Kind>>,
    /// Whether to tell what was left out, and why.
    pub left_out: bool,
}

impl Options {
    fn wants(&self, kind: Kind) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// An observable and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What is meant.
    pub observable: Observable,
    /// The place in bytes.
    pub span: Range<usize>,
    /// The place in UTF-16 code units, as JavaScript counts. Bytes that are no UTF-8 count as the
    /// U+FFFD that a browser shows for them.
    pub utf16: Range<usize>,
    /// What stands there, as it is spelled. Bytes that are no UTF-8 are U+FFFD.
    pub written: String,
    /// What is contained in it and not shown beside it: an address's and a mailbox's host, a
    /// network's first address.
    pub inside: Vec<Hit>,
}

/// Why something that looks like an observable is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// No top-level domain of this name is known.
    #[error("nobody can register names under this ending")]
    UnknownSuffix,
    /// It is a suffix under which names are registered, and no name itself.
    #[error("it is an ending under which names are registered")]
    PublicSuffix,
    /// `setup.zip`.
    #[error("it looks like a file's name")]
    FileName,
    /// `v1.2.3.4`.
    #[error("it looks like a version or a section's number")]
    Version,
    /// `console.info`, `a::b`.
    #[error("it looks like a piece of a program")]
    Code,
    /// `com.example.app`.
    #[error("it looks like a name that a program writes backwards")]
    ReverseName,
    /// `the end.It begins`.
    #[error("it looks like two sentences without a space between")]
    Sentence,
    /// A digest's worth of decimal digits.
    #[error("it is a long number")]
    Number,
    /// A wallet's or an onion service's checksum does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// It has the form, and a part that cannot be.
    #[error("a part of it cannot be")]
    Malformed,
    /// Longer than anything of its kind.
    #[error("it is longer than anything of its kind")]
    TooLong,
}

impl Reason {
    /// The reason's name in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownSuffix => "unknown_suffix",
            Self::PublicSuffix => "public_suffix",
            Self::FileName => "file_name",
            Self::Version => "version",
            Self::Code => "code",
            Self::ReverseName => "reverse_name",
            Self::Sentence => "sentence",
            Self::Number => "number",
            Self::Checksum => "checksum",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
        }
    }
}

/// Something that looks like an observable and is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The place in bytes.
    pub span: Range<usize>,
    /// The place in UTF-16 code units.
    pub utf16: Range<usize>,
    /// What stands there.
    pub written: String,
    /// Why it is left out.
    pub reason: Reason,
}

/// What an [`Extractor`] has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An observable.
    Hit(Hit),
    /// Something that is none; only told if [`Options::left_out`] asks for it.
    LeftOut(LeftOut),
}

/// Reads a text that comes in pieces. However it is cut, the findings are the same, and they come
/// in the text's order.
///
/// ```
/// use quorum_core::text::extract::{Extractor, Finding, Options};
/// let mut found = Vec::new();
/// let mut extractor = Extractor::new(Options::default());
/// for piece in ["see hxxp://ev", "il[.]exam", "ple/x."] {
///     extractor.push(piece.as_bytes(), &mut |finding| found.push(finding));
/// }
/// extractor.finish(&mut |finding| found.push(finding));
/// let Finding::Hit(hit) = &found[0] else { unreachable!() };
/// assert_eq!(hit.observable.to_string(), "http://evil.example/x");
/// assert_eq!((hit.span.clone(), hit.written.as_str()), (4..27, "hxxp://evil[.]example/x"));
/// ```
#[derive(Debug)]
pub struct Extractor {
    scan: Scan,
    buffer: Vec<u8>,
    /// Where the buffer begins in the text, and how far it was read.
    start: usize,
    at: usize,
}

/// How much of a piece is taken into the buffer at once.
const GULP: usize = 64 * 1024;

impl Extractor {
    /// An extractor at the beginning of a text.
    pub fn new(options: Options) -> Self {
        Self {
            scan: Scan::new(options),
            buffer: Vec::new(),
            start: 0,
            at: 0,
        }
    }

    /// Reads the next piece. Findings near its end come with the next one or at the end.
    pub fn push(&mut self, bytes: &[u8], found: &mut impl FnMut(Finding)) {
        for gulp in bytes.chunks(GULP) {
            self.buffer.extend_from_slice(gulp);
            let piece = Piece {
                bytes: &self.buffer,
                start: self.start,
                last: false,
            };
            self.at = self.scan.run(piece, self.at, found);
            if self.at >= GULP {
                let gone = self.at - BEHIND;
                self.scan.forget(piece, gone);
                self.buffer.drain(..gone);
                self.start += gone;
                self.at = BEHIND;
            }
        }
    }

    /// The text ends here.
    pub fn finish(mut self, found: &mut impl FnMut(Finding)) {
        let piece = Piece {
            bytes: &self.buffer,
            start: self.start,
            last: true,
        };
        self.scan.run(piece, self.at, found);
    }
}

/// Reads a whole text without copying it.
pub fn extract_with(text: &[u8], options: Options, mut found: impl FnMut(Finding)) {
    let piece = Piece {
        bytes: text,
        start: 0,
        last: true,
    };
    Scan::new(options).run(piece, 0, &mut found);
}

/// The observables in a text, in its order, with the usual [`Options`].
///
/// ```
/// use quorum_core::text::extract;
/// let hits = extract("CVE-2021-44228: 1[.]2[.]3[.]4 fetched hxxps://evil[.]com/a.exe.");
/// let values: Vec<String> = hits.iter().map(|hit| hit.observable.to_string()).collect();
/// assert_eq!(values, ["CVE-2021-44228", "1.2.3.4", "https://evil.com/a.exe"]);
/// assert_eq!(hits[2].inside[0].observable.to_string(), "evil.com");
/// ```
pub fn extract(text: &str) -> Vec<Hit> {
    extract_bytes(text.as_bytes())
}

/// The same for bytes that need not be UTF-8.
pub fn extract_bytes(text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    extract_with(text, Options::default(), |finding| {
        if let Finding::Hit(hit) = finding {
            hits.push(hit);
        }
    });
    hits
}

/// As many indicators as a page of the extension shows of a selection.
pub const MAX_INDICATORS: usize = 100;

/// The first indicators in a text, each once, in its order, at most `limit` of them. The rest of
/// the text is not read.
pub fn indicators(text: &str, limit: usize) -> Vec<Indicator> {
    let mut indicators = Vec::new();
    let add = |indicators: &mut Vec<Indicator>, finding| {
        if let Finding::Hit(hit) = finding
            && let Some(indicator) = hit.observable.indicator()
            && indicators.len() < limit
            && !indicators.contains(&indicator)
        {
            indicators.push(indicator);
        }
    };
    let mut extractor = Extractor::new(Options::default());
    for piece in text.as_bytes().chunks(GULP) {
        extractor.push(piece, &mut |finding| add(&mut indicators, finding));
        if indicators.len() >= limit {
            return indicators;
        }
    }
    extractor.finish(&mut |finding| add(&mut indicators, finding));
    indicators
}

const _: () = assert!(GULP > 2 * BEHIND && GULP > AHEAD);
