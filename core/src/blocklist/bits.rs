//! Reading and writing numbers of any width, least significant bit first, at any bit of a byte
//! string. The lists' low halves and the Rice code are written this way.

/// The eight bytes from `at` on as a little-endian number; what lies past the end reads as zero,
/// so that no offset, however wrong, can panic.
#[inline]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    match at.checked_add(8).and_then(|end| bytes.get(at..end)) {
        Some(word) => u64::from_le_bytes(word.try_into().expect("eight bytes were taken")),
        None => tail(bytes, at),
    }
}

#[cold]
fn tail(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes.iter().skip(at)) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}

/// The lowest `width` bits set; `width` ≤ 64.
#[inline]
pub(super) fn mask(width: u32) -> u64 {
    if width == 0 {
        0
    } else {
        u64::MAX >> (64 - width)
    }
}

/// `width` ≤ 57 bits from bit `at` on.
#[inline]
pub(super) fn read(bytes: &[u8], at: u64, width: u32) -> u64 {
    // An address that does not fit into `usize` lies past the end of anything in memory.
    let byte = usize::try_from(at / 8).unwrap_or(usize::MAX);
    load(bytes, byte) >> (at % 8) & mask(width)
}

/// Appends numbers to a byte string.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// The bits that do not fill a byte yet, and how many they are (≤ 7 between calls).
    pending: u64,
    filled: u32,
}

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Appends the lowest `width` ≤ 57 bits of `value`.
    pub(super) fn push(&mut self, value: u64, width: u32) {
        self.pending |= (value & mask(width)) << self.filled;
        self.filled += width;
        let whole = self.filled / 8;
        self.bytes
            .extend_from_slice(&self.pending.to_le_bytes()[..whole as usize]);
        self.pending = if whole == 8 {
            0
        } else {
            self.pending >> (whole * 8)
        };
        self.filled %= 8;
    }

    /// The bytes, the last one filled up with zero bits.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}
