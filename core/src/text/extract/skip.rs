//! Passing over words that cannot hold an observable, sixteen bytes at a time.
//!
//! A word is looked at (`look` in `mod.rs` decides) if one of its bytes, seen with the two behind
//! it, could call for that, or if it is long. What is asked here is the same of every byte and has
//! no branches, so that the compiler makes vector code of it; what it lets through is a little more
//! than needed, never less.

use super::LONG;

/// Bytes that are asked about at once.
const BLOCK: usize = 16;

/// What a block needs at hand: itself, and what may stand behind its last byte.
const WINDOW: usize = BLOCK + 2;

/// Where the first word begins, at or behind `at`, that may have to be read. `at` is the beginning
/// of a word or white space. If there is none that shows before `end`: the error is where the word
/// begins that reaches to `end`, or `end`.
pub(super) fn next_word(raw: &[u8], mut at: usize, end: usize) -> Result<usize, usize> {
    let first = at;
    let begin = |at: usize| {
        let word = raw[first..at].iter().rev();
        at - word.take_while(|byte| **byte > b' ').count()
    };
    // Whether the eight bytes in front are all of one word.
    let mut filled = false;
    while at < end {
        let mut padded = [0; WINDOW];
        let window = raw[at..].first_chunk::<WINDOW>().unwrap_or_else(|| {
            let rest = &raw[at..];
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        let (calling, blank) = ask(window);
        let [low, high] = blank.map(|half| half == 0);
        let calls = calling.map(|half| half.trailing_zeros() as usize / 8);
        let call = if calls[0] < 8 { calls[0] } else { 8 + calls[1] };
        // Two eights that are filled, one after the other: a word of `LONG` bytes has such.
        let long = low && (filled || high);
        let found = at + if long { 0 } else { call };
        if found < end.min(at + BLOCK) {
            // White space that calls does so for the word in front of it, and so does a bracket
            // behind a space: `example [.] com`.
            let spaced = opens(raw[found]) && raw[first..found].ends_with(b" ");
            let start = match begin(found - usize::from(spaced)) {
                start if spaced && start == found - 1 => found,
                start => start,
            };
            if start < found || raw[found] > b' ' {
                return Ok(start);
            }
            // Behind other white space: no word calls.
            at = found + 1;
            filled = false;
            continue;
        }
        filled = high;
        at += BLOCK;
    }
    Err(begin(end))
}

const _: () = assert!(LONG >= 7 + 16);

/// Brackets of all sorts; some differ by one bit.
fn opens(byte: u8) -> bool {
    (byte | 0x20 == b'{') | (byte == b'(') | (byte == b'<')
}

/// For each byte of the block 0, or not: whether it may call for its word to be read (a space: for
/// the word in front of it), and whether it is white space. As two little-endian halves each.
fn ask(window: &[u8; WINDOW]) -> ([u64; 2], [u64; 2]) {
    let mut calling = [0_u8; BLOCK];
    let mut blank = [0_u8; BLOCK];
    for at in 0..BLOCK {
        let (byte, next, third) = (window[at], window[at + 1], window[at + 2] | 0x20);
        let small_next = next | 0x20;
        // The slash and the digits follow each other in ASCII.
        let always = (byte.wrapping_sub(b'/') <= 10)
            | (byte == b'@')
            | (byte == b'\\')
            | (byte == b'&')
            | (byte == b'*')
            | (byte == 0xc2)
            | (byte >= 0xe1);
        let joined = ((byte == b'.') | (byte == b':')) & (next > b' ');
        // `dot`, `at`; behind a space two of their letters are asked for.
        let word = (small_next == b'd') | (small_next == b'a');
        let spoken = (byte == b'_') | ((byte == b' ') & ((third == b'o') | (third == b't')));
        // From the dot to the at-sign.
        let sign = (next.wrapping_sub(b'.') <= 18) | (next == b' ') | (small_next == b'p');
        let mutex = (byte | 0x20 == b'm') & (small_next == b'u');
        let calls = always | joined | (spoken & word) | (opens(byte) & (sign | word)) | mutex;
        calling[at] = u8::from(calls);
        blank[at] = u8::from(byte <= b' ');
    }
    let halves = |bytes: [u8; BLOCK]| {
        let both = u128::from_le_bytes(bytes);
        [both as u64, (both >> 64) as u64]
    };
    (halves(calling), halves(blank))
}

#[cfg(test)]
mod tests {
    use super::next_word;
    use crate::text::extract::look;

    /// The words that `look` wants read, by looking at every one.
    fn all(raw: &[u8]) -> Vec<usize> {
        let mut words = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            if raw[at] <= b' ' {
                at += 1;
                continue;
            }
            let (end, read) = look(raw, at);
            words.extend(read.then_some(at));
            at = end;
        }
        words
    }

    /// The same among those that are not passed over.
    fn not_passed_over(raw: &[u8]) -> Vec<usize> {
        let mut words = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let Ok(word) = next_word(raw, at, raw.len()) else {
                break;
            };
            let (end, read) = look(raw, word);
            words.extend(read.then_some(word));
            at = end;
        }
        words
    }

    #[test]
    fn no_word_is_passed_over_that_has_to_be_read() {
        let long = "x".repeat(26);
        let pieces = [
            " ", "\n", ".", ":", "[", "(", "<", "{", "]", ")", "dot", "At", "d", "p", "Mutex",
            "mutant", "_", "1", "A", "-", "/", "@", "\\", "&", "*", "\"", "é", "\u{3002}",
            "\u{ad}", "\u{200b}", "x", &long,
        ];
        let mut text = String::new();
        for lead in [0, 5, 12, 13, 14, 15] {
            for first in pieces {
                for second in pieces {
                    for third in pieces {
                        text.clear();
                        text.push_str("words words words "[..lead].trim_end());
                        text.extend([first, second, third, " x"]);
                        let raw = text.as_bytes();
                        assert_eq!(not_passed_over(raw), all(raw), "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_ends_within_a_word_gives_where_that_begins() {
        let raw = b"nothing to see here";
        assert_eq!(next_word(raw, 0, raw.len()), Err(15));
        assert_eq!(next_word(raw, 0, 13), Err(11));
        assert_eq!(next_word(raw, 0, 15), Err(15));
        assert_eq!(next_word(b"to see a.example", 0, 7), Err(7));
        assert_eq!(next_word(b"to see a.example", 0, 9), Ok(7));
    }
}
