//! Rice–Golomb coding of ascending integers: the wire form of Safe Browsing v5, and what our own
//! updates are packed with.
//!
//! Source: Google, *Safe Browsing API v5*, messages `RiceDeltaEncoded32Bit` and
//! `RiceDeltaEncoded64Bit`. The first integer stands by itself; of each further one the difference
//! to its predecessor is written: the quotient by 2^k in unary (ones, ended by a zero), then the
//! remainder in k bits, least significant bit first, filling each byte from its lowest bit.
//! Hash prefixes are integers by big-endian reading, so ascending means sorted as bytes too.

use super::bits::{Writer, load, read};

/// How wide the integers of a Safe Browsing message are; it also says which parameters are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `RiceDeltaEncoded32Bit`: 4-byte hash prefixes and removal indices, parameters 3 to 30.
    Bits32,
    /// `RiceDeltaEncoded64Bit`: 8-byte hash prefixes, parameters 35 to 62.
    Bits64,
}

impl Width {
    fn bits(self) -> u32 {
        match self {
            Self::Bits32 => 32,
            Self::Bits64 => 64,
        }
    }

    fn parameters(self) -> (u8, u8) {
        match self {
            Self::Bits32 => (3, 30),
            Self::Bits64 => (35, 62),
        }
    }
}

/// Why integers cannot be coded, or code cannot be read. Entries are counted from 0, the first
/// value being entry 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RiceError {
    /// The parameter is not one that this width allows.
    #[error("Rice parameter {0} is outside of {1} to {2}")]
    Parameter(u8, u8, u8),
    /// There are more entries than can be counted in 32 bits.
    #[error("{0} entries are more than 32 bits count")]
    TooMany(usize),
    /// An entry is less than the one before it.
    #[error("entry {0} is less than the one before it")]
    Descends(usize),
    /// An entry does not fit into the width.
    #[error("entry {0} does not fit into {1} bits")]
    TooLarge(usize, u32),
    /// The encoded data end within an entry.
    #[error("the encoded data end within entry {0}")]
    Truncated(usize),
    /// There are data after the last entry: whole bytes, or padding bits that are not zero.
    #[error("data after the last entry, from bit {0} on")]
    Trailing(u64),
}

/// Ascending integers, Rice-coded. The fields are those of the Safe Browsing messages.
///
/// ```
/// use quorum_core::blocklist::{RiceDeltas, Width};
/// let values = [0x1d32c508, 0x291bc542, 0xf7a502e5];
/// let coded = RiceDeltas::encode(&values, Width::Bits32)?.expect("three entries");
/// assert_eq!((coded.first_value, coded.entries_count), (0x1d32c508, 2));
/// assert_eq!(coded.decode(Width::Bits32)?, values);
/// # Ok::<(), quorum_core::blocklist::RiceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiceDeltas {
    /// The first, smallest integer.
    pub first_value: u64,
    /// k: how many bits of each difference are not in unary.
    pub rice_parameter: u8,
    /// How many differences follow; the integers are one more.
    pub entries_count: u32,
    /// The coded differences.
    pub encoded_data: Vec<u8>,
}

impl RiceDeltas {
    /// Codes integers in ascending order with the parameter that makes them smallest among those
    /// the width allows. `None` when there are none: the messages then leave the field out.
    ///
    /// # Errors
    /// When they are not ascending, too many, or one does not fit.
    pub fn encode(values: &[u64], width: Width) -> Result<Option<Self>, RiceError> {
        if let Some(&last) = values.last()
            && width == Width::Bits32
            && last > u64::from(u32::MAX)
        {
            let at = values.partition_point(|&value| value <= u64::from(u32::MAX));
            return Err(RiceError::TooLarge(at, width.bits()));
        }
        let (least, most) = width.parameters();
        encode_within(values, least, most)
    }

    /// The integers, ascending (equal neighbours are possible).
    ///
    /// # Errors
    /// When the parameter is not allowed, or the data do not hold exactly these entries. Nothing
    /// is allocated for entries that the data cannot hold.
    pub fn decode(&self, width: Width) -> Result<Vec<u64>, RiceError> {
        let (least, most) = width.parameters();
        // A single value has no differences; the parameter is then left out, which is zero.
        if self.entries_count > 0 && !(least..=most).contains(&self.rice_parameter) {
            return Err(RiceError::Parameter(self.rice_parameter, least, most));
        }
        self.decode_within(width.bits())
    }

    /// Decodes with any parameter up to 62 and values up to `bits` ≤ 64 wide.
    pub(super) fn decode_within(&self, bits: u32) -> Result<Vec<u64>, RiceError> {
        let (k, data) = (u32::from(self.rice_parameter), &*self.encoded_data);
        if k > 62 {
            return Err(RiceError::Parameter(self.rice_parameter, 0, 62));
        }
        let most = super::bits::mask(bits);
        if self.first_value > most {
            return Err(RiceError::TooLarge(0, bits));
        }
        let end = data.len() as u64 * 8;
        let possible = end / u64::from(k + 1);
        let mut values =
            Vec::with_capacity(u64::from(self.entries_count).min(possible) as usize + 1);
        values.push(self.first_value);
        let (mut at, mut last) = (0_u64, self.first_value);
        for entry in 1..=self.entries_count as usize {
            let mut quotient = 0_u64;
            loop {
                // Past the end zeros are read, which end the unary part; `at > end` then tells.
                let ones = read(data, at, 57).trailing_ones().min(57);
                quotient += u64::from(ones);
                at += u64::from(ones);
                if ones < 57 {
                    break;
                }
            }
            at += 1;
            if at + u64::from(k) > end {
                return Err(RiceError::Truncated(entry));
            }
            // A remainder may straddle nine bytes.
            let low = k.min(32);
            let remainder = read(data, at, low) | read(data, at + u64::from(low), k - low) << low;
            at += u64::from(k);
            let left = most - last;
            if quotient > left >> k || (quotient << k | remainder) > left {
                return Err(RiceError::TooLarge(entry, bits));
            }
            last += quotient << k | remainder;
            values.push(last);
        }
        let used = at.div_ceil(8);
        if used != data.len() as u64 || load(data, (at / 8) as usize) >> (at % 8) != 0 {
            return Err(RiceError::Trailing(at));
        }
        Ok(values)
    }
}

/// Codes with the best parameter of a range.
pub(super) fn encode_within(
    values: &[u64],
    least: u8,
    most: u8,
) -> Result<Option<RiceDeltas>, RiceError> {
    let (&[first, ..], Some(&last)) = (values, values.last()) else {
        return Ok(None);
    };
    let count = values.len() - 1;
    let entries_count = u32::try_from(count).map_err(|_| RiceError::TooMany(values.len()))?;
    if let Some(at) = values.windows(2).position(|pair| pair[1] < pair[0]) {
        return Err(RiceError::Descends(at + 1));
    }
    if count == 0 {
        return Ok(Some(RiceDeltas {
            first_value: first,
            rice_parameter: 0,
            entries_count,
            encoded_data: Vec::new(),
        }));
    }
    let deltas = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let cost = |k: u8| {
        // The quotients add up to no more than the differences, which add up to `last - first`.
        let unary: u64 = deltas().map(|delta| delta >> k).sum();
        unary.saturating_add(count as u64 * u64::from(k + 1))
    };
    // The cost is convex in k (one more bit costs the same at each step, and saves ever less), so
    // that walking downhill from the mean's logarithm ends at the least; of equals, the smaller.
    let mean = (last - first) / count as u64;
    let mut k = (mean.checked_ilog2().unwrap_or(0) as u8).clamp(least, most);
    while k < most && cost(k + 1) < cost(k) {
        k += 1;
    }
    while k > least && cost(k - 1) <= cost(k) {
        k -= 1;
    }

    let mut writer = Writer::with_capacity((cost(k) / 8) as usize + 1);
    for delta in deltas() {
        let mut ones = delta >> k;
        while ones > 0 {
            let some = ones.min(56) as u32;
            writer.push(u64::MAX, some);
            ones -= u64::from(some);
        }
        writer.push(0, 1);
        let low = u32::from(k).min(32);
        writer.push(delta, low);
        writer.push(delta >> low, u32::from(k) - low);
    }
    Ok(Some(RiceDeltas {
        first_value: first,
        rice_parameter: k,
        entries_count,
        encoded_data: writer.finish(),
    }))
}
