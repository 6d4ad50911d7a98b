//! ssdeep: context-triggered piecewise hashing, streaming, and the score of two digests.
//!
//! The algorithm is Jesse Kornblum's (*Identifying almost identical files using context triggered
//! piecewise hashing*, Digital Investigation 3S, 2006, after Andrew Tridgell's spamsum); where the
//! paper leaves a choice open, what ssdeep 2.14 gives is right, since a digest is only worth
//! something when it equals everybody else's.
//!
//! A rolling hash over the last seven bytes cuts the stream into pieces: wherever it is −1 modulo
//! the block size. Each piece leaves one Base64 digit, six bits of a running FNV-like hash over it.
//! The right block size depends on the length, which a stream does not tell beforehand; so all that
//! can still be right (3, 6, 12, …) are kept at once.

use crate::observable::Ssdeep;

/// Digits of the first part at most; the second part has half as many.
const DIGITS: usize = 64;
/// Block sizes 3, 6, …, 3·2³⁰.
const SIZES: usize = 31;
const SMALLEST: u64 = 3;
/// The low byte of the piece hash's start 0x28021967 and of its FNV prime 0x01000193. Only six bits
/// of a hash are ever shown, and no higher bit flows into a lower one, so a byte is enough.
const START: u8 = 0x67;
const PRIME: u8 = 0x93;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bytes that the rolling hash looks at.
const WINDOW: usize = 7;

/// The sum of three hashes of the last [`WINDOW`] bytes; each byte leaves without a trace.
#[derive(Clone, Default)]
struct Rolling {
    window: [u8; WINDOW],
    next: usize,
    sum: u32,
    weighted: u32,
    shifted: u32,
}

impl Rolling {
    fn roll(&mut self, byte: u8) -> u32 {
        let (new, old) = (u32::from(byte), u32::from(self.window[self.next]));
        self.window[self.next] = byte;
        self.next = if self.next + 1 < WINDOW {
            self.next + 1
        } else {
            0
        };
        // The newest byte has the weight 7, the one that leaves had come down to 1 − 1 = 0 with
        // the subtraction of the sum.
        self.weighted = self
            .weighted
            .wrapping_sub(self.sum)
            .wrapping_add(WINDOW as u32 * new);
        self.sum = self.sum.wrapping_add(new).wrapping_sub(old);
        // Five bits a byte: after seven bytes a byte has been shifted out of the 32 bits.
        self.shifted = (self.shifted << 5) ^ new;
        self.value()
    }

    fn value(&self) -> u32 {
        self.sum
            .wrapping_add(self.weighted)
            .wrapping_add(self.shifted)
    }
}

/// What one block size has given so far.
#[derive(Clone, Copy)]
struct Track {
    digits: [u8; DIGITS],
    /// How many digits are final. The last place is overwritten by every later piece, so that
    /// one digit covers the rest of the stream.
    len: usize,
    /// What stands in the place `len`, once something does.
    last: Option<u8>,
    /// The same for the place 31, of the half as long second part.
    half_last: Option<u8>,
}

const EMPTY: Track = Track {
    digits: [0; DIGITS],
    len: 0,
    last: None,
    half_last: None,
};

/// Computes an ssdeep digest while bytes stream by.
#[derive(Clone)]
pub(super) struct Generator {
    rolling: Rolling,
    /// The running hash of the current piece for each block size, for the first part and for the
    /// second one. The one place more than there are sizes belongs to a size that is never cut.
    hashes: [[u8; 2]; SIZES + 1],
    tracks: Box<[Track; SIZES + 1]>,
    /// Tracks before this one can no longer be the right one.
    first: usize,
    /// Tracks from here on have seen no cut and equal the one before them.
    end: usize,
    size: u64,
}

impl Generator {
    pub(super) fn new() -> Self {
        Self {
            rolling: Rolling::default(),
            hashes: [[START; 2]; SIZES + 1],
            tracks: Box::new([EMPTY; SIZES + 1]),
            first: 0,
            end: 1,
            size: 0,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let mut rest = bytes.iter();
        while !rest.as_slice().is_empty() {
            // Which tracks there are changes at a cut only.
            let active = &mut self.hashes[self.first..self.end];
            let smallest = (1u64 << self.first) - 1;
            let cut = rest.find_map(|&byte| {
                for hashes in active.iter_mut() {
                    *hashes = hashes.map(|hash| hash.wrapping_mul(PRIME) ^ byte);
                }
                let rolled = u64::from(self.rolling.roll(byte)) + 1;
                // Block sizes double: what does not cut the smallest cuts none.
                (rolled & smallest == 0 && rolled.is_multiple_of(SMALLEST)).then_some(rolled)
            });
            if let Some(rolled) = cut {
                self.cut(rolled);
            }
        }
    }

    /// Ends a piece in every track whose block size divides the rolled value.
    fn cut(&mut self, rolled: u64) {
        for at in self.first..SIZES {
            if at >= self.end || rolled & ((1 << at) - 1) != 0 {
                break;
            }
            if self.tracks[at].len == 0 && at + 1 == self.end {
                self.hashes[at + 1] = self.hashes[at];
                self.end += 1;
            }
            let track = &mut self.tracks[at];
            let [full, half] = &mut self.hashes[at];
            track.digits[track.len] = *full & 63;
            track.half_last = Some(*half & 63);
            if track.len < DIGITS - 1 {
                track.len += 1;
                *full = START;
                if track.len < DIGITS / 2 {
                    *half = START;
                    track.half_last = None;
                }
            } else {
                track.last = Some(track.digits[DIGITS - 1]);
                self.drop_first();
            }
        }
    }

    /// Gives the smallest block size up when the stream is too long for it already and the next
    /// one has digits enough.
    fn drop_first(&mut self) {
        if block_size(self.first) * (DIGITS as u64) < self.size
            && self.tracks[self.first + 1].len >= DIGITS / 2
        {
            self.first += 1;
        }
    }

    /// `size:first:second`, as ssdeep prints it.
    pub(super) fn finish(&self) -> String {
        let mut at = 0;
        while at + 1 < SIZES && block_size(at) * (DIGITS as u64) < self.size {
            at += 1;
        }
        at = at.min(self.end - 1);
        while at > self.first && self.tracks[at].len < DIGITS / 2 {
            at -= 1;
        }
        // A rolled value of 0 means that nothing but zeros came since the window began: ssdeep then
        // leaves the open piece out.
        let open = self.rolling.value() != 0;
        let track = &self.tracks[at];
        let last = if open {
            Some(self.hashes[at][0])
        } else {
            track.last
        };
        let first = base64(&track.digits[..track.len], last);
        let second = if at + 1 < self.end {
            let next = &self.tracks[at + 1];
            let last = if open {
                Some(self.hashes[at + 1][1])
            } else {
                next.half_last
            };
            base64(&next.digits[..next.len.min(DIGITS / 2 - 1)], last)
        } else {
            // Without a cut in this track the next one would be the same single piece.
            base64(&[], open.then_some(self.hashes[at][0]))
        };
        format!("{}:{first}:{second}", block_size(at))
    }
}

fn base64(digits: &[u8], last: Option<u8>) -> String {
    let digits = digits.iter().chain(last.as_ref());
    digits
        .map(|&digit| char::from(BASE64[usize::from(digit & 63)]))
        .collect()
}

fn block_size(at: usize) -> u64 {
    SMALLEST << at
}

/// The block size and both parts, squeezed.
fn parts(digest: &Ssdeep) -> Option<(u64, Vec<u8>, Vec<u8>)> {
    let (size, parts) = digest.as_str().split_once(':')?;
    let (first, second) = parts.split_once(':')?;
    Some((
        size.parse().ok()?,
        squeeze(first.as_bytes()),
        squeeze(second.as_bytes()),
    ))
}

/// Runs of one digit say little (a block of zeros gives one): three of them stay.
fn squeeze(digits: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(digits.len());
    for &digit in digits {
        if !out.ends_with(&[digit; 3]) {
            out.push(digit);
        }
    }
    out
}

/// How alike two digests are, 0 to 100; 0 also where their block sizes cannot be compared.
pub(super) fn score(one: &Ssdeep, other: &Ssdeep) -> u8 {
    let (Some(a), Some(b)) = (parts(one), parts(other)) else {
        return 0;
    };
    if a == b {
        return 100;
    }
    let doubled = |size: u64| size.saturating_mul(2);
    let score = if a.0 == b.0 {
        score_parts(&a.1, &b.1, a.0).max(score_parts(&a.2, &b.2, doubled(a.0)))
    } else if doubled(a.0) == b.0 {
        score_parts(&a.2, &b.1, b.0)
    } else if doubled(b.0) == a.0 {
        score_parts(&a.1, &b.2, a.0)
    } else {
        0
    };
    score as u8
}

/// The edit distance of two parts, scaled to 0…100.
fn score_parts(a: &[u8], b: &[u8], block_size: u64) -> u64 {
    // Parts without seven digits in common are alike by chance.
    let common = a
        .windows(WINDOW)
        .any(|piece| b.windows(WINDOW).any(|other| other == piece));
    if !common {
        return 0;
    }
    let total = (a.len() + b.len()) as u64;
    let score = 100 - 100 * (distance(a, b) * DIGITS as u64 / total) / DIGITS as u64;
    // Few bytes stand behind a digit of a small block size: its word is worth less.
    score.min((block_size / SMALLEST).saturating_mul(a.len().min(b.len()) as u64))
}

/// Levenshtein's distance in which replacing costs as much as removing and inserting.
fn distance(a: &[u8], b: &[u8]) -> u64 {
    let mut row: Vec<u64> = (0..=b.len() as u64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i as u64 + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + if x == y { 0 } else { 2 };
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
