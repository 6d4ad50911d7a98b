//! The scan over bytes: words of prose are skipped by one table look-up a byte; the others become
//! regions.

use super::mutex;
use super::paths::{self, PathKind};
use super::read::{self, Draft, Reader};
use super::region::{AHEAD, Ending, LONGEST, Region};
use super::utf16::{self, Utf16};
use super::{Finding, Hit, LeftOut, Options, Reason, Strictness};
use crate::observable::{Kind, Mutex, Observable};
use crate::text::refang;

/// What has to stay of the text before a place so that it can be decided.
pub(super) const BEHIND: usize = 128;

/// Longest word before a spelled dot that stands between spaces.
const LONGEST_SPACED: usize = 64;

/// Classes of bytes, by what they say about the word that they stand in.
const SPACE: u8 = 1;
/// In the middle of a word there is something to look at.
const SURE: u8 = 2;
const SLASH: u8 = 4;
const ROUND: u8 = 8;
const DIGIT: u8 = 16;
const DASH: u8 = 32;
/// `x`, for "mutex", and the underscore, for `_dot_`.
const RARE: u8 = 64;
/// Begins a character that may be a form of a dot or a letter.
const HIGH: u8 = 128;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            0..=b' ' => SPACE,
            b'.' | b':' | b'@' | b'\\' | b'&' | b'[' | b'{' | b'<' => SURE,
            b'/' => SLASH,
            b'(' => ROUND,
            b'0'..=b'9' => DIGIT,
            b'-' => DASH,
            b'x' | b'X' | b'_' => RARE,
            0xe2 | 0xe3 | 0xef => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Everything that goes from one piece of a text to the next. Places count from the text's start.
#[derive(Debug, Default)]
pub(super) struct Scan {
    options: Options,
    region: Region,
    drafts: Vec<Draft>,
    /// What was read into a region already ends here.
    floor: usize,
    /// The word at the next place goes on from one that was cut.
    continued: bool,
    /// It goes on from one that is too long for anything, and its end is looked for.
    skipping: bool,
    utf16: Utf16,
    counted: usize,
}

/// A piece of a text and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) start: usize,
    /// Whether the text ends with it.
    pub(super) last: bool,
}

impl Scan {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Reads on from `at` (in the piece) as far as can be decided, which is all but the last
    /// [`AHEAD`] bytes unless the text ends. Gives where to go on.
    pub(super) fn run(
        &mut self,
        piece: Piece<'_>,
        mut at: usize,
        found: &mut dyn FnMut(Finding),
    ) -> usize {
        let bytes = piece.bytes;
        let end = if piece.last {
            bytes.len()
        } else {
            bytes.len().saturating_sub(AHEAD)
        };
        while at < end {
            if self.skipping {
                let rest = &bytes[at..end];
                let length = rest
                    .iter()
                    .position(|&byte| byte <= b' ' || b"\"<>|`".contains(&byte));
                self.skipping = length.is_none();
                at += length.unwrap_or(rest.len());
                continue;
            }
            let start = at;
            let most = bytes.len().min(start + LONGEST);
            let mut classes = 0;
            while at < most {
                let class = CLASS[usize::from(bytes[at])];
                if class & SPACE != 0 {
                    break;
                }
                classes |= class;
                at += 1;
            }
            let word = &bytes[start..at];
            if classes != 0 && worth(word, classes) {
                at = self.look(piece, start, at, classes, found);
            } else if matches!(word.len(), 2 | 3) && is_spoken(word) {
                if let Some(next) = self.spaced(piece, start, found) {
                    at = next;
                }
            } else if at - start == LONGEST {
                self.continued = bytes[at - 1].is_ascii_alphanumeric();
            }
            if at < bytes.len() && bytes[at] <= b' ' {
                self.continued = false;
                at += 1;
            }
        }
        at
    }

    /// Lets go of the text before a place.
    pub(super) fn forget(&mut self, piece: Piece<'_>, before: usize) {
        let before = piece.start + before;
        if before > self.counted {
            self.utf16
                .feed(&piece.bytes[self.counted - piece.start..before - piece.start]);
            self.counted = before;
        }
    }

    /// A word that may hold something.
    fn look(
        &mut self,
        piece: Piece<'_>,
        start: usize,
        end: usize,
        classes: u8,
        found: &mut dyn FnMut(Finding),
    ) -> usize {
        let word = &piece.bytes[start..end];
        let window = &piece.bytes[start..piece.bytes.len().min(start + AHEAD)];
        if matches!(word[0], b'[' | b'(' | b'{' | b'<')
            && let Some(next) = self.spaced(piece, start, found)
        {
            return next;
        }
        if classes & RARE != 0
            && let Some(at) = mutex::word(word)
            && let Some(name) = mutex::name(window, at, self.options.strictness)
            && let Some(value) = mutex_value(&window[name.clone()])
        {
            self.drafts.push(Draft {
                what: Ok(value),
                span: name.clone(),
                inside: None,
            });
            self.flush(piece, start, found);
            self.floor = piece.start + start + name.end;
            return start + name.end;
        }
        if classes & DIGIT != 0 && self.options.wants(Kind::Asn) {
            self.spaced_asn(piece, start, word, found);
        }
        self.region(piece, start, found)
    }

    /// A dot or an at-sign spelled between spaces begins at `start`: the region begins with the
    /// word before it.
    fn spaced(
        &mut self,
        piece: Piece<'_>,
        start: usize,
        found: &mut dyn FnMut(Finding),
    ) -> Option<usize> {
        let space = start.checked_sub(1)?;
        let floor = self.floor.saturating_sub(piece.start);
        if piece.bytes[space] != b' ' || space <= floor {
            return None;
        }
        let length = piece.bytes[floor..space]
            .iter()
            .rev()
            .take(LONGEST_SPACED)
            .take_while(|&&byte| byte > b' ')
            .count();
        let from = space - length;
        if length == 0 || length == LONGEST_SPACED {
            return None;
        }
        let window = &piece.bytes[from..piece.bytes.len().min(from + AHEAD)];
        refang::spelling(window, length, &window[..length])?;
        Some(self.region(piece, from, found))
    }

    /// `AS 15169`: the number stands in a word of its own.
    fn spaced_asn(
        &mut self,
        piece: Piece<'_>,
        start: usize,
        word: &[u8],
        found: &mut dyn FnMut(Finding),
    ) {
        let before = &piece.bytes[start.saturating_sub(5)..start];
        let length = match before {
            [.., b'A', b'S', b'N', b' '] => 4,
            [.., b'A', b'S', b' '] => 3,
            _ => return,
        };
        let free =
            before.len() == length || !before[before.len() - length - 1].is_ascii_alphanumeric();
        let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let closed = word[digits..]
            .iter()
            .all(|byte| b".,;:!?)]}\"'".contains(byte));
        // `AS 400` is a computer.
        let enough = length == 4 || digits > 3 || self.options.strictness == Strictness::Lenient;
        let from = start - length;
        let text = std::str::from_utf8(&piece.bytes[from..start + digits]);
        if free
            && closed
            && enough
            && piece.start + from >= self.floor
            && let Some(value) = text
                .ok()
                .and_then(|text| Observable::parse_as(Kind::Asn, text).ok())
        {
            self.drafts.push(Draft {
                what: Ok(value),
                span: 0..length + digits,
                inside: None,
            });
            self.flush(piece, from, found);
        }
    }

    /// Reads the region that begins at `start`; gives where it ends.
    fn region(&mut self, piece: Piece<'_>, start: usize, found: &mut dyn FnMut(Finding)) -> usize {
        let window = &piece.bytes[start..piece.bytes.len().min(start + AHEAD)];
        let ending = self.region.decode(window);
        let cut = ending == Ending::Cut;
        let rest = Reader {
            raw: window,
            region: &self.region,
            text: self.region.meant(window),
            behind: &piece.bytes[start.saturating_sub(BEHIND / 2)..start],
            strictness: self.options.strictness,
            left_out: self.options.left_out,
            found: &mut self.drafts,
            no_colons: 0,
            no_mailbox: 0,
            other_scheme: 0,
        }
        .run(self.continued, cut);
        let mut end = self.region.len;
        self.continued = false;
        if let Some(rest) = rest {
            let begins = self.region.raw(&(rest..rest + 1)).start;
            if begins == 0 {
                self.skipping = true;
                self.leave_out(Reason::TooLong, 0..end);
            } else {
                end = begins;
            }
        }
        if let Ending::Path(path) = ending {
            let quote = (start + path.start)
                .checked_sub(1)
                .map(|before| piece.bytes[before]);
            let whole;
            (end, whole) = paths::end(window, path, quote);
            let (kind, span) = match path.kind {
                PathKind::File => (Kind::FilePath, path.start..end),
                PathKind::Registry => (Kind::RegistryKey, path.start..end),
            };
            // A drive's root says nothing.
            let named = span.len() > 3;
            let value = std::str::from_utf8(&window[span.clone()]).ok();
            let value = value.filter(|_| whole && named);
            match value.and_then(|text| Observable::parse_as(kind, text).ok()) {
                Some(value) => self.drafts.push(Draft {
                    inside: read::server(&window[span.clone()], path.start),
                    what: Ok(value),
                    span,
                }),
                None if !whole => self.leave_out(Reason::TooLong, span),
                None if named => self.leave_out(Reason::Malformed, span),
                None => {}
            }
        }
        self.flush(piece, start, found);
        self.floor = piece.start + start + end;
        start + end
    }

    fn leave_out(&mut self, reason: Reason, span: std::ops::Range<usize>) {
        if self.options.left_out {
            self.drafts.push(Draft {
                what: Err(reason),
                span,
                inside: None,
            });
        }
    }

    /// Hands out what was found; its places count from `from` in the piece.
    fn flush(&mut self, piece: Piece<'_>, from: usize, found: &mut dyn FnMut(Finding)) {
        for draft in self.drafts.drain(..) {
            let wanted = |value: &Observable| self.options.wants(value.kind());
            let (what, span, inside) = match (draft.what, draft.inside) {
                (Ok(outer), inside) if wanted(&outer) => (Ok(outer), draft.span, inside),
                // What would be inside of it stands for itself then.
                (Ok(_), Some((value, span))) if wanted(&value) => (Ok(value), span, None),
                (Ok(_), _) => continue,
                (Err(reason), _) => (Err(reason), draft.span, None),
            };
            let start = piece.start + from + span.start;
            if start > self.counted {
                let uncounted = self.counted - piece.start..start - piece.start;
                self.utf16.feed(&piece.bytes[uncounted]);
                self.counted = start;
            }
            let written = |span: &std::ops::Range<usize>| {
                String::from_utf8_lossy(&piece.bytes[from + span.start..from + span.end])
                    .into_owned()
            };
            let text = written(&span);
            // Never less: what is found is handed out in the text's order.
            let units = self.utf16.units();
            let utf16 = units..units + utf16::len(&text);
            let place = start..piece.start + from + span.end;
            found(match what {
                Err(reason) => Finding::LeftOut(LeftOut {
                    span: place,
                    utf16,
                    written: text,
                    reason,
                }),
                Ok(observable) => {
                    let inside = inside
                        .filter(|(value, _)| wanted(value))
                        .map(|(value, inner)| {
                            let lead = written(&(span.start..inner.start));
                            let text = written(&inner);
                            let units = units + utf16::len(&lead);
                            Hit {
                                observable: value,
                                span: piece.start + from + inner.start
                                    ..piece.start + from + inner.end,
                                utf16: units..units + utf16::len(&text),
                                written: text,
                                inside: Vec::new(),
                            }
                        });
                    Finding::Hit(Hit {
                        observable,
                        span: place,
                        utf16,
                        written: text,
                        inside: inside.into_iter().collect(),
                    })
                }
            });
        }
    }
}

fn mutex_value(written: &[u8]) -> Option<Observable> {
    let text = std::str::from_utf8(written).ok()?;
    // In a string literal the backslash is doubled.
    let mutex: Mutex = text.replace("\\\\", "\\").parse().ok()?;
    Some(mutex.into())
}

fn is_spoken(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"at") || word.eq_ignore_ascii_case(b"dot")
}

/// Whether a word may hold an observable. `classes` are those of its bytes.
fn worth(word: &[u8], mut classes: u8) -> bool {
    // The sentence's punctuation is all that a short word may have; a long one is not worth asking,
    // if it has anything but punctuation.
    if classes & SURE != 0 && word.len() > 64 {
        let letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        return word.iter().any(letter);
    }
    if classes & (SURE | SLASH | ROUND) != 0 {
        // Most of these are the sentence's.
        let leading = word
            .iter()
            .take_while(|byte| b"([{<\"'*_".contains(byte))
            .count();
        let trailing = word[leading..]
            .iter()
            .rev()
            .take_while(|byte| b".,;:!?)]}>\"'*_".contains(byte))
            .count();
        // A spelled dot may begin the word or be all of it: `[.]`.
        if leading > 0
            && word.len() > 2
            && matches!(word[0], b'[' | b'(' | b'{' | b'<')
            && matches!(
                word[1],
                b'.' | b'@' | b':' | b'/' | b'd' | b'D' | b'a' | b'A'
            )
        {
            return true;
        }
        let inside = &word[leading..word.len() - trailing];
        classes = inside
            .iter()
            .fold(0, |classes, &byte| classes | CLASS[usize::from(byte)]);
        if classes & (SURE | ROUND) != 0 {
            return true;
        }
        if classes & SLASH != 0 && inside[0] == b'/' {
            return true;
        }
    }
    if classes & DIGIT != 0 {
        let plain = classes & !DIGIT == 0;
        // Short words of letters and digits are ATT&CK's and systems' ids or nothing.
        if !plain || word.len() >= 26 {
            return true;
        }
        let first = word
            .iter()
            .copied()
            .find(u8::is_ascii_alphanumeric)
            .unwrap_or(0);
        if word.len() >= 3
            && (first.is_ascii_digit() && word.len() < 14 || b"ATSGMDCatsgmdc".contains(&first))
        {
            return true;
        }
    }
    if classes & RARE != 0 {
        let spoken = |spoken: &[u8]| {
            word.windows(spoken.len())
                .any(|window| window.eq_ignore_ascii_case(spoken))
        };
        if mutex::word(word).is_some() || spoken(b"_dot_") {
            return true;
        }
    }
    classes & DASH != 0 && word.len() > 11 && word.windows(2).any(|pair| pair == b"G-")
        || classes & HIGH != 0 && has_foreign_dot(word)
}

/// The dots that [`refang`](crate::text::refang()) knows besides the ASCII one.
fn has_foreign_dot(word: &[u8]) -> bool {
    const DOTS: [[u8; 3]; 5] = [
        [0xe3, 0x80, 0x82],
        [0xef, 0xbd, 0xa1],
        [0xef, 0xbc, 0x8e],
        [0xe2, 0x80, 0xa4],
        [0xef, 0xb9, 0x92],
    ];
    word.array_windows().any(|window| DOTS.contains(window))
}
