//! What UTS #39 needs to know of the characters that a host name can hold: to which scripts they
//! belong, whether they are fit for identifiers, and what they look like.
//!
//! `unicode.bin` is made from Unicode's data (as the crates `unicode-script` and
//! `unicode-security` carry it) by `compile.rs`, whose test fails when the two differ:
//!
//! ```text
//! QUORUM_WRITE=1 cargo test -p quorum-core deception
//! ```
//!
//! Those crates themselves would cost 110 KB of the browser's module, gzipped; this costs 8 KB,
//! because it leaves out what IDNA maps away or refuses, and of the characters that are not fit
//! for identifiers (`Identifier_Status` is not `Allowed`) all but those that look like ASCII.
//!
//! # The table
//!
//! Numbers are LEB128. A count of script sets and the sets, 4 bytes each, little-endian. A count
//! of runs of allowed characters, then by column: the distance of each run's start from the
//! end of the one before, its length less one, the number of its set. A count of look-alikes, then
//! by column: the distance of each from the one before, how many bytes its prototype has, and the
//! prototypes end to end, in UTF-8. ASCII is not in the table.

use std::sync::OnceLock;

static TABLE: &[u8] = include_bytes!("unicode.bin");

/// The scripts that UAX #31 recommends for identifiers, in the order of their bits in a
/// [`ScriptSet`]. All allowed characters belong to one of these, or to all.
pub(super) const SCRIPTS: [&str; 29] = [
    "Arabic",
    "Armenian",
    "Bengali",
    "Bopomofo",
    "Cyrillic",
    "Devanagari",
    "Ethiopic",
    "Georgian",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hebrew",
    "Hiragana",
    "Kannada",
    "Katakana",
    "Khmer",
    "Lao",
    "Latin",
    "Malayalam",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Tamil",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
];

/// The zeros of the decimal digits that are allowed in identifiers, besides ASCII's.
pub(super) const ZEROS: [char; 11] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ae6}', '\u{ce6}', '\u{e50}', '\u{ed0}',
    '\u{f20}', '\u{1040}', '\u{17e0}',
];

/// UTS #39's augmented script set: one bit for each of [`SCRIPTS`], and three for the writing
/// systems that mix scripts by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScriptSet(pub(super) u32);

impl ScriptSet {
    pub(super) const ALL: Self = Self(u32::MAX);
    const LATIN: Self = Self(1 << 19);
    const CYRILLIC: Self = Self(1 << 4);
    const GREEK: Self = Self(1 << 8);
    pub(super) const HAN_WITH_BOPOMOFO: u32 = 1 << 29;
    pub(super) const JAPANESE: u32 = 1 << 30;
    pub(super) const KOREAN: u32 = 1 << 31;
    const WRITING_SYSTEMS: u32 = Self::HAN_WITH_BOPOMOFO | Self::JAPANESE | Self::KOREAN;

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn is_latin(self) -> bool {
        self != Self::ALL && self.contains(Self::LATIN)
    }

    /// The scripts' English names.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        (0..)
            .zip(SCRIPTS)
            .filter_map(move |(bit, name)| (self.0 >> bit & 1 == 1).then_some(name))
    }
}

/// UTS #39 §5.2, from the safest down, without the difference between ASCII and one script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Restriction {
    /// One script, or one writing system, or one of the East Asian ones with Latin.
    Highly,
    /// Latin with one other recommended script that is neither Cyrillic nor Greek.
    Moderately,
    /// Other mixtures.
    Minimally,
    /// With characters that are not fit for identifiers.
    Unrestricted,
}

struct Run {
    first: u32,
    last: u32,
    scripts: ScriptSet,
}

struct LookAlike {
    of: u32,
    start: usize,
    end: usize,
}

#[derive(Default)]
struct Tables {
    runs: Vec<Run>,
    look_alikes: Vec<LookAlike>,
    prototypes: &'static str,
}

/// Reads the table; a short one gives zeros, which the test in `compile.rs` would notice.
struct Reader(&'static [u8]);

impl Reader {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u32 {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte();
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    fn numbers(&mut self, count: u32) -> Vec<u32> {
        (0..count).map(|_| self.number()).collect()
    }
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut reader = Reader(TABLE);
        let sets: Vec<ScriptSet> = (0..reader.number())
            .map(|_| ScriptSet(u32::from_le_bytes([(); 4].map(|()| reader.byte()))))
            .collect();
        let count = reader.number();
        let (starts, lengths) = (reader.numbers(count), reader.numbers(count));
        let mut end = 0;
        let runs = starts
            .into_iter()
            .zip(lengths)
            .zip(reader.numbers(count))
            .map(|((start, length), set)| {
                let first = end + start;
                end = first + length;
                let scripts = sets.get(set as usize).copied().unwrap_or(ScriptSet::ALL);
                Run {
                    first,
                    last: end,
                    scripts,
                }
            })
            .collect();
        let count = reader.number();
        let (distances, lengths) = (reader.numbers(count), reader.numbers(count));
        let (mut of, mut end) = (0, 0);
        let look_alikes = distances
            .into_iter()
            .zip(lengths)
            .map(|(distance, length)| {
                of += distance;
                let start = end;
                end += length as usize;
                LookAlike { of, start, end }
            })
            .collect();
        let prototypes = std::str::from_utf8(reader.0).unwrap_or_default();
        Tables {
            runs,
            look_alikes,
            prototypes,
        }
    })
}

/// The scripts that a character is used in (`Script_Extensions`, augmented as UTS #39 §5.1 says);
/// `None` if it is not fit for identifiers.
pub(super) fn scripts(c: char) -> Option<ScriptSet> {
    match c {
        'a'..='z' | 'A'..='Z' => return Some(ScriptSet::LATIN),
        '\0'..='\x7f' => return Some(ScriptSet::ALL),
        _ => {}
    }
    let runs = &tables().runs;
    let at = runs.partition_point(|run| run.last < u32::from(c));
    runs.get(at)
        .filter(|run| run.first <= u32::from(c))
        .map(|run| run.scripts)
}

/// What a character looks like: its prototype (UTS #39 §4), already decomposed; `None` where that
/// is the character itself. ASCII, and Hangul's decomposition, are left to the caller.
pub(super) fn prototype(c: char) -> Option<&'static str> {
    if c.is_ascii() {
        return None;
    }
    let tables = tables();
    let at = tables
        .look_alikes
        .binary_search_by_key(&u32::from(c), |entry| entry.of)
        .ok()?;
    let entry = &tables.look_alikes[at];
    tables.prototypes.get(entry.start..entry.end)
}

/// How a label mixes scripts (UTS #39 §5.2).
pub(super) fn restriction(label: &str) -> Restriction {
    let (mut all, mut but_latin) = (ScriptSet::ALL, ScriptSet::ALL);
    for c in label.chars() {
        let Some(set) = scripts(c) else {
            return Restriction::Unrestricted;
        };
        all = all.and(set);
        if !set.contains(ScriptSet::LATIN) {
            but_latin = but_latin.and(set);
        }
    }
    if all.0 != 0 || but_latin.0 & ScriptSet::WRITING_SYSTEMS != 0 {
        Restriction::Highly
    } else if but_latin.0.count_ones() == 1
        && but_latin != ScriptSet::CYRILLIC
        && but_latin != ScriptSet::GREEK
    {
        Restriction::Moderately
    } else {
        Restriction::Minimally
    }
}

/// Which decimal system a character is a digit of, by its zero; `None` if it is no digit.
pub(super) fn digit_zero(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some('0');
    }
    ZEROS
        .into_iter()
        .find(|zero| (0..10).contains(&(u32::from(c).wrapping_sub(u32::from(*zero)))))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "compile.rs"]
mod compile;
