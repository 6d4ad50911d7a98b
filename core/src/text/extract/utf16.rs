//! Counting UTF-16 code units of bytes that come in pieces.

/// Counts the UTF-16 code units of what `String::from_utf8_lossy` (and a browser's `TextDecoder`)
/// would make of the bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Utf16 {
    units: usize,
    /// The beginning of a character whose end is in the next piece: 3 bytes at most.
    carry: Vec<u8>,
}

impl Utf16 {
    /// The units so far. An unfinished character counts as the one replacement character that it
    /// is if the text ends here.
    pub(super) fn units(&self) -> usize {
        self.units + usize::from(!self.carry.is_empty())
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while let (false, Some((&first, rest))) = (self.carry.is_empty(), bytes.split_first()) {
            let mut carry = std::mem::take(&mut self.carry);
            carry.push(first);
            bytes = rest;
            self.count(&carry);
        }
        self.count(bytes);
    }

    fn count(&mut self, bytes: &[u8]) {
        // Most texts are ASCII for long stretches: not one high bit in all of them.
        if bytes.iter().fold(0, |all, byte| all | byte) < 0x80 {
            self.units += bytes.len();
            return;
        }
        for chunk in bytes.utf8_chunks() {
            self.units += len(chunk.valid());
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let unfinished = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if unfinished && invalid.as_ptr_range().end == bytes.as_ptr_range().end {
                self.carry = invalid.to_vec();
            } else {
                self.units += 1;
            }
        }
    }
}

/// The UTF-16 code units of a text.
pub(super) fn len(text: &str) -> usize {
    // Sums that fit into bytes, which the compiler turns into vector code.
    let units = |bytes: &[u8]| {
        let units = bytes
            .iter()
            .map(|byte| u8::from(byte & 0xc0 != 0x80) + u8::from(*byte >= 0xf0));
        usize::from(units.sum::<u8>())
    };
    text.as_bytes().chunks(127).map(units).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_pieces_count_as_the_whole() {
        let texts: [&[u8]; 6] = [
            "a\u{e4}\u{20ac}\u{1f600}z".as_bytes(),
            b"\xf0\x9f\x98",
            b"\xf0\x9fa\xe2\x82\xe2\x82\xac",
            b"\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80",
            b"",
            b"\xe2\x82\xf0\x9f\x98\x80\xe2",
        ];
        for text in texts {
            let expected = String::from_utf8_lossy(text).encode_utf16().count();
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let mut counter = Utf16::default();
                    counter.feed(&text[..first]);
                    counter.feed(&text[first..second]);
                    counter.feed(&text[second..]);
                    assert_eq!(counter.units(), expected, "{text:?} at {first}, {second}");
                }
            }
        }
    }
}
