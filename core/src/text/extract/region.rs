//! A region: one stretch of text without white space (but for what a spelling takes in) that may
//! hold observables, and what it stands for with the spellings undone.

use std::ops::Range;

use super::paths::{self, PathStart};
use crate::text::refang::{self, CAN_BEGIN, Meant, REACH};

/// Longest region that is read at once, in bytes. It is twice the longest address that Quorum
/// takes, since entities and escapes make an address longer than it is.
pub(super) const LONGEST: usize = 16 * 1024;

/// What has to be at hand from a place on so that it can be decided: a region, and how far a path,
/// a name of a mutex or a spelling at its end looks on.
pub(super) const AHEAD: usize = LONGEST + 2 * 1024;

/// One place where the region's text stands for something else.
#[derive(Debug, Clone, Copy)]
struct Edit {
    /// Where what is meant begins, and how long it is.
    at: usize,
    len: usize,
    /// The bytes of the text that stand for it.
    raw: usize,
    raw_len: usize,
    deliberate: bool,
}

/// Why a region ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// White space, or the text's end.
    Closed,
    /// The region is longer than [`LONGEST`].
    Cut,
    /// A Windows path or registry key begins, which has a syntax of its own.
    Path(PathStart),
}

/// The working memory of one region, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Region {
    meant: Vec<u8>,
    edits: Vec<Edit>,
    /// How many bytes of the text it takes.
    pub(super) len: usize,
}

impl Region {
    /// Reads a region from the beginning of `raw`.
    pub(super) fn decode(&mut self, raw: &[u8]) -> Ending {
        self.meant.clear();
        self.edits.clear();
        let end = raw.len().min(LONGEST);
        let mut copied = 0;
        let mut at = 0;
        let mut ending = if end < raw.len() {
            Ending::Cut
        } else {
            Ending::Closed
        };
        while at < end {
            let byte = raw[at];
            if byte > b' ' && !CAN_BEGIN[usize::from(byte)] {
                at += 1;
                continue;
            }
            if byte < b' ' {
                ending = Ending::Closed;
                break;
            }
            // Within a word no letter begins a spelling; long words are full of letters that could.
            if byte.is_ascii_alphabetic() && at > copied && raw[at - 1].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            if byte == b'\\'
                && let Some(path) = paths::start(raw, at)
                && path.start >= copied
            {
                ending = Ending::Path(path);
                at = path.start;
                break;
            }
            let found = if self.edits.is_empty() {
                refang::spelling(raw, at, &raw[..at], refang::listed)
            } else {
                self.meant.extend_from_slice(&raw[copied..at]);
                copied = at;
                refang::spelling(raw, at, &self.meant, refang::listed)
            };
            let (len, meant, deliberate) = match found {
                Some(found) => (found.len, found.meant, found.deliberate),
                None if byte == b' ' => {
                    ending = Ending::Closed;
                    break;
                }
                // In a string literal these are white space and a quote.
                None if byte == b'\\'
                    && matches!(raw.get(at + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'')) =>
                {
                    let meant = match raw[at + 1] {
                        quote @ (b'"' | b'\'') => char::from(quote),
                        _ => '\n',
                    };
                    (2, Meant::Char(meant), false)
                }
                None => {
                    at += 1;
                    continue;
                }
            };
            if self.edits.is_empty() {
                self.meant.extend_from_slice(&raw[..at]);
            }
            let from = self.meant.len();
            refang::push(&mut self.meant, meant);
            self.edits.push(Edit {
                at: from,
                len: self.meant.len() - from,
                raw: at,
                raw_len: len,
                deliberate,
            });
            at += len;
            copied = at;
        }
        if !self.edits.is_empty() && copied < at {
            self.meant.extend_from_slice(&raw[copied..at]);
        }
        self.len = at;
        ending
    }

    /// What the region stands for.
    pub(super) fn meant<'a>(&'a self, raw: &'a [u8]) -> &'a [u8] {
        if self.edits.is_empty() {
            &raw[..self.len]
        } else {
            &self.meant
        }
    }

    /// The text's bytes that stand for a stretch of what is meant. It must not be empty.
    pub(super) fn raw(&self, meant: &Range<usize>) -> Range<usize> {
        self.raw_at(meant.start).start..self.raw_at(meant.end - 1).end
    }

    /// The text's bytes that stand for one byte of what is meant.
    fn raw_at(&self, meant: usize) -> Range<usize> {
        let after = self.edits.partition_point(|edit| edit.at <= meant);
        let Some(edit) = after.checked_sub(1).map(|last| self.edits[last]) else {
            return meant..meant + 1;
        };
        if meant < edit.at + edit.len {
            return edit.raw..edit.raw + edit.raw_len;
        }
        let raw = edit.raw + edit.raw_len + (meant - edit.at - edit.len);
        raw..raw + 1
    }

    /// Whether something in the stretch was written so that nobody clicks it.
    pub(super) fn deliberate(&self, meant: &Range<usize>) -> bool {
        self.edits_in(meant).any(|edit| edit.deliberate)
    }

    fn edits_in(&self, meant: &Range<usize>) -> impl Iterator<Item = &Edit> {
        let first = self.edits.partition_point(|edit| edit.at < meant.start);
        let end = meant.end;
        self.edits[first..]
            .iter()
            .take_while(move |edit| edit.at < end)
    }
}

const _: () = assert!(AHEAD - LONGEST > 2 * REACH);
