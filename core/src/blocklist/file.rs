//! The file of a list: how its bytes lie, how they are verified, how a prefix is found in them.
//!
//! # Format 1
//!
//! All numbers little-endian, nothing aligned.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `QUORUMBL` |
//! | 8 | 2 | format, 1 |
//! | 10 | 1 | kind: 0 addresses, 1 files known good, 2 files known bad |
//! | 11 | 1 | digest: 0 SHA-256, 1 SHA-1, 2 MD5 (0 for addresses) |
//! | 12 | 1 | bytes of a prefix, 4 to 8 |
//! | 13 | 1 | length of the name, 1 to 64 |
//! | 14 | 1 | length of the version's token, 0 to 64 |
//! | 15 | 1 | of addresses: [`Shapes`] that no entry has, 0 where that is not known; else 0 |
//! | 16 | 8 | sequence number of the version |
//! | 24 | 8 | when it was made, ms since the Unix epoch |
//! | 32 | 4 | entries n |
//! | 36 | | name (UTF-8, no control characters), token (any bytes) |
//! | | | the three parts of the set, below |
//! | end − 32 | 32 | SHA-256 of all that precedes |
//!
//! # The set
//!
//! Elias–Fano (P. Elias 1974, R. Fano 1971) over the prefixes read as big-endian integers of p
//! bits. The range is cut into B = 2^⌈log₂ n⌉ buckets (at least 2^(p − 56), so that a low half
//! fits into one read of 57 bits), so an integer is its bucket's number and ℓ = p − log₂ B low bits.
//!
//! 1. *ranks*: for each 64 buckets a `u32`: how many entries lie in the buckets before.
//! 2. *buckets*: of each bucket one 1 an entry, then a 0; n + B bits, filled up to 8 bytes.
//! 3. *low bits* of all entries, ℓ bits each, filled up to a byte.
//!
//! An entry costs ℓ + 1 + 1.5 B/n bits. For n = 10⁶: 14.57 bits = 1.82 bytes with 4-byte prefixes,
//! 46.57 bits = 5.82 bytes with 8-byte prefixes. The least that any structure can do is
//! log₂(2^p/n) + 1.44 bits: 1.69 and 5.69 bytes.

use sha2::{Digest as _, Sha256};

use super::bits::{Writer, load, mask, read};
use super::{Digest, Kind, Match, UrlMatch, Version};
use crate::digest::Digests;
use crate::safe_browsing::{MAX_EXPRESSIONS, SafeUrl, Shapes};

pub(super) const FORMAT: u16 = 1;
const MAGIC: &[u8; 8] = b"QUORUMBL";
/// Where the name begins.
const FIXED: usize = 36;
const CHECKSUM: usize = 32;
/// Buckets that share one rank.
const BLOCK: u64 = 64;
/// The longest name and the longest token, in bytes.
pub(super) const TEXT_MAX: usize = 64;

/// Why bytes are not a list. Nothing of such a file is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The first bytes are not those of a list.
    #[error("at byte 0: not a local list")]
    Magic,
    /// The format is one that this version does not know.
    #[error("at byte 8: format {0} is unknown")]
    Format(u16),
    /// A field of the header has a value that it cannot have.
    #[error("at byte {at}: {what}")]
    Header {
        /// Where the field begins.
        at: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file is shorter or longer than its header says.
    #[error("the file has {found} bytes where its header needs {needed}")]
    Length {
        /// What the header needs; at least this much where the header itself is cut off.
        needed: u64,
        /// What there is.
        found: u64,
    },
    /// The content is not what the checksum at the end was made of.
    #[error("at byte {at}: the checksum does not fit the content")]
    Checksum {
        /// Where the checksum begins.
        at: usize,
    },
    /// The checksum is right, but the set is not one that a builder makes.
    #[error("at byte {at}: {what}")]
    Structure {
        /// The first byte of the part that is wrong, or of the wrong element in it.
        at: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What the header of a list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// What the entries are.
    pub kind: Kind,
    /// Length of each entry's prefix in bytes, 4 to 8.
    pub prefix_bytes: u8,
    /// The list's name.
    pub name: &'a str,
    /// Which version of the list this is.
    pub version: Version<'a>,
    /// When it was made: milliseconds since the Unix epoch, as the builder was told.
    pub created_at: u64,
    /// How many entries there are.
    pub entries: u32,
    /// Shapes of expressions that no entry has, as far as that is known: a look-up does not hash what has one
    /// of them. A list of hosts has no paths.
    pub absent: Shapes,
}

/// Where the parts of a set lie, counted from the end of the header's texts.
struct Layout {
    low_bits: u32,
    buckets: u64,
    ranks: u64,
    upper: u64,
    lower: u64,
}

impl Layout {
    fn of(prefix_bytes: u8, entries: u32) -> Self {
        let prefix_bits = u32::from(prefix_bytes) * 8;
        let buckets = u64::from(entries)
            .next_power_of_two()
            .max(1 << prefix_bits.saturating_sub(56));
        let low_bits = prefix_bits - buckets.ilog2();
        Self {
            low_bits,
            buckets,
            ranks: buckets.div_ceil(BLOCK) * 4,
            upper: (u64::from(entries) + buckets).div_ceil(64) * 8,
            lower: (u64::from(entries) * u64::from(low_bits)).div_ceil(8),
        }
    }
}

/// A list, read where its bytes lie. Opening it verifies all of it; finding something in it then
/// needs no allocation and cannot fail.
///
/// ```
/// use quorum_core::blocklist::{Blocklist, Builder, Kind, Version};
/// let mut builder = Builder::new(Kind::Url, 4)?;
/// builder.add_expression("malware.example/");
/// let version = Version { sequence: 1, token: b"" };
/// let bytes = builder.build("example", version, 1_700_000_000_000)?;
///
/// let list = Blocklist::open(&bytes)?;
/// assert_eq!(list.header().entries, 1);
/// assert!(list.lookup_expression("malware.example/").is_some());
/// assert!(list.lookup_expression("example.com/").is_none());
/// assert!(Blocklist::open(&bytes[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Blocklist<'a> {
    header: Header<'a>,
    low_bits: u32,
    ranks: &'a [u8],
    upper: &'a [u8],
    lower: &'a [u8],
    checksum: &'a [u8; CHECKSUM],
}

/// A list that holds its bytes: verified once, and borrowed for each look-up at no cost.
#[derive(Clone)]
pub struct OwnedBlocklist(Vec<u8>);

impl OwnedBlocklist {
    /// Verifies the bytes and keeps them.
    ///
    /// # Errors
    /// As [`Blocklist::open`].
    pub fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        Blocklist::open(&bytes)?;
        Ok(Self(bytes))
    }

    /// The list.
    pub fn list(&self) -> Blocklist<'_> {
        let (list, ..) =
            Blocklist::lay_out(&self.0).expect("the bytes were verified and never change");
        list
    }
}

impl<'a> Blocklist<'a> {
    /// Verifies the bytes and borrows them: header, length, checksum, and that the set is one a
    /// builder makes. Takes time in proportion to the length.
    ///
    /// # Errors
    /// For anything but an undamaged list of a known format; says where.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let (list, buckets, parts) = Self::lay_out(bytes)?;
        let content = &bytes[..bytes.len() - CHECKSUM];
        if Sha256::digest(content)[..] != list.checksum[..] {
            return Err(OpenError::Checksum { at: content.len() });
        }
        match list.flaw(buckets) {
            None => Ok(list),
            Some((part, offset, what)) => Err(OpenError::Structure {
                at: parts[part] + offset,
                what,
            }),
        }
    }

    /// Finds the parts by the header and the length alone: the list, the number of its buckets, and
    /// where its three parts begin.
    fn lay_out(bytes: &'a [u8]) -> Result<(Self, u64, [usize; 3]), OpenError> {
        let (header, texts_end) = header(bytes)?;
        let layout = Layout::of(header.prefix_bytes, header.entries);
        let needed = [layout.ranks, layout.upper, layout.lower, CHECKSUM as u64]
            .iter()
            .fold(texts_end as u64, |sum, part| sum + part);
        if needed != bytes.len() as u64 {
            return Err(OpenError::Length {
                needed,
                found: bytes.len() as u64,
            });
        }
        // Nothing is longer than the bytes, so that all of these fit into `usize`.
        let upper_at = texts_end + layout.ranks as usize;
        let lower_at = upper_at + layout.upper as usize;
        let (content, checksum) = bytes
            .split_last_chunk()
            .expect("the length was compared above");
        let list = Self {
            header,
            low_bits: layout.low_bits,
            ranks: &content[texts_end..upper_at],
            upper: &content[upper_at..lower_at],
            lower: &content[lower_at..],
            checksum,
        };
        Ok((list, layout.buckets, [texts_end, upper_at, lower_at]))
    }

    /// What differs from what a builder makes: the part (ranks, buckets, low bits), the offset in
    /// it, and what it is.
    fn flaw(&self, buckets: u64) -> Option<(usize, usize, &'static str)> {
        let entries = u64::from(self.header.entries);
        let ranks = buckets.div_ceil(BLOCK);
        let (mut before, mut block, mut index) = (None, 0, 0_u64);
        for (position, value) in self.positions() {
            let bucket = position - index;
            if index == entries || bucket >= buckets {
                return Some((
                    1,
                    (position / 8) as usize,
                    "an entry too many, or in no bucket",
                ));
            }
            if before >= Some(value) {
                let at = index * u64::from(self.low_bits) / 8;
                return Some((
                    2,
                    at as usize,
                    "an entry that is not greater than the one before",
                ));
            }
            before = Some(value);
            while block * BLOCK <= bucket {
                if self.rank(block) != index {
                    return Some((0, block as usize * 4, "a wrong rank"));
                }
                block += 1;
            }
            index += 1;
        }
        if index != entries {
            return Some((1, 0, "fewer entries than the header says"));
        }
        if let Some(block) = (block..ranks).find(|&block| self.rank(block) != entries) {
            return Some((0, block as usize * 4, "a wrong rank"));
        }
        let used = entries * u64::from(self.low_bits);
        (read(self.lower, used, 7) != 0).then_some((
            2,
            (used / 8) as usize,
            "padding that is not zero",
        ))
    }

    /// What the header says.
    pub fn header(&self) -> Header<'a> {
        self.header
    }

    /// The SHA-256 at the end of the file: it names this very file, and an update its base.
    pub fn checksum(&self) -> &'a [u8; 32] {
        self.checksum
    }

    /// The SHA-256 over all prefixes, sorted, as Safe Browsing v5 defines a list's
    /// `sha256Checksum`.
    pub fn prefixes_sha256(&self) -> [u8; 32] {
        let skip = 8 - usize::from(self.header.prefix_bytes);
        let mut hasher = Sha256::new();
        for value in self.entries() {
            hasher.update(&value.to_be_bytes()[skip..]);
        }
        hasher.finalize().into()
    }

    /// The probability that something which is not on the list matches by chance: n/2^p for each
    /// hash asked, so for each of an address's up to 30 expressions. With 10⁶ entries that is
    /// 2.3 · 10⁻⁴ at 4 bytes and 5.4 · 10⁻¹⁴ at 8.
    pub fn false_positive_rate(&self) -> f64 {
        f64::from(self.header.entries) / 2_f64.powi(i32::from(self.header.prefix_bytes) * 8)
    }

    /// All prefixes in ascending order, as big-endian integers.
    pub fn entries(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.positions().map(|(_, value)| value)
    }

    /// Of each entry: its bit's position among the buckets' bits, and its value.
    fn positions(&self) -> Positions<'a> {
        Positions {
            upper: self.upper,
            lower: self.lower,
            low_bits: self.low_bits,
            word: load(self.upper, 0),
            at: 0,
            index: 0,
        }
    }

    /// Finds a digest (or at least the first bytes of one, as many as the list's prefixes have).
    /// What is shorter is not found.
    pub fn lookup(&self, digest: &[u8]) -> Option<Match> {
        let value = prefix(digest, self.header.prefix_bytes)?;
        self.finish(value, self.start(value))
    }

    /// Finds a Safe Browsing expression (`host/path`, no scheme) by its SHA-256.
    pub fn lookup_expression(&self, expression: &str) -> Option<Match> {
        self.lookup(&Sha256::digest(expression))
    }

    /// Those of an address's expressions that are found, the most exact one first. Nothing is
    /// hashed before the iterator is asked. Where there are several lists, hash once
    /// ([`SafeUrl::expression_hashes`]) and give each hash to [`Self::lookup`]: hashing is what
    /// takes the time.
    ///
    /// ```
    /// # use quorum_core::blocklist::{Blocklist, Builder, Kind, Version};
    /// use quorum_core::safe_browsing::SafeUrl;
    /// # let mut builder = Builder::new(Kind::Url, 4)?;
    /// builder.add_expression("bad.example/");
    /// # let bytes = builder.build("example", Version { sequence: 1, token: b"" }, 0)?;
    /// # let list = Blocklist::open(&bytes)?;
    /// let url = SafeUrl::parse(b"http://www.bad.example/a/b.html?c")?;
    /// let found = list.lookup_url(&url).next().expect("its host is listed");
    /// assert_eq!(found.expression.to_string(), "bad.example/");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lookup_url<'u>(
        &self,
        url: &'u SafeUrl,
    ) -> impl Iterator<Item = UrlMatch<'u>> + use<'a, 'u> {
        // A look-up mostly waits for memory. All are begun before any is ended, so that they wait
        // together and not one after the other.
        let mut asked = [(0, 0, 0); MAX_EXPRESSIONS];
        let mut count = 0;
        let hashes = url.hashes_without(self.header.absent);
        for (asked, (index, hash)) in asked.iter_mut().zip(hashes) {
            let value = prefix(hash.as_bytes(), self.header.prefix_bytes).unwrap_or_default();
            (asked.0, asked.1) = (index, value);
            count += 1;
        }
        for (_, value, start) in &mut asked[..count] {
            *start = self.start(*value);
        }
        let list = *self;
        let asked = asked.into_iter().take(count);
        asked.filter_map(move |(index, value, start)| {
            let found = list.finish(value, start)?;
            // Put together only now: hardly anything is found.
            let expression = url.expressions().nth(index)?;
            Some(UrlMatch {
                expression,
                hash: expression.hash(),
                found,
            })
        })
    }

    /// Finds a file by that one of its digests which the list is made of; nothing in a list of
    /// addresses.
    pub fn lookup_file(&self, digests: &Digests) -> Option<Match> {
        match self.header.kind {
            Kind::Url => None,
            Kind::GoodFile(digest) | Kind::BadFile(digest) => match digest {
                Digest::Sha256 => self.lookup(digests.sha256.as_bytes()),
                Digest::Sha1 => self.lookup(digests.sha1.as_bytes()),
                Digest::Md5 => self.lookup(digests.md5.as_bytes()),
            },
        }
    }

    fn rank(&self, block: u64) -> u64 {
        read(self.ranks, block * 32, 32)
    }

    fn low(&self, index: u64) -> u64 {
        read(self.lower, index * u64::from(self.low_bits), self.low_bits)
    }

    /// The first half of a look-up: where in the buckets' bits the value's bucket begins. Constant
    /// time for hashes, which spread evenly; where a list was made so that they don't, one step
    /// more for each 64 entries that share a rank.
    fn start(&self, value: u64) -> u64 {
        let bucket = value >> self.low_bits;
        let rank = self.rank(bucket / BLOCK);
        self.after_zeros(bucket / BLOCK * BLOCK + rank, (bucket % BLOCK) as u32)
    }

    /// The other half: finds the value in its bucket.
    fn finish(&self, value: u64, start: u64) -> Option<Match> {
        let bucket = value >> self.low_bits;
        let target = value & mask(self.low_bits);
        let first = start - bucket;
        let (mut from, mut to) = (first, first + self.ones(start));
        while to - from > 8 {
            let middle = from.midpoint(to);
            match self.low(middle) <= target {
                true => from = middle,
                false => to = middle,
            }
        }
        // Hashes put one entry or two into a bucket: one by one is the fastest there.
        let index = (from..to).find(|&index| self.low(index) >= target)?;
        (self.low(index) == target).then_some(Match {
            prefix_bits: self.header.prefix_bytes * 8,
            index: index as u32,
        })
    }

    /// The position after the `count`-th zero (`count` < 64) from bit `at` on.
    fn after_zeros(&self, at: u64, count: u32) -> u64 {
        if count == 0 {
            return at;
        }
        // Nearly always the place is in the first two words, and which of them cannot be foreseen:
        // choosing without a jump is worth a second read.
        let mut index = at / 64;
        let first = !self.word(index) & (u64::MAX << (at % 64));
        let second = !self.word(index + 1);
        let in_first = first.count_ones();
        let later = u64::from(count > in_first);
        let mut zeros = first ^ ((first ^ second) & later.wrapping_neg());
        let mut rank = count - 1 - (in_first & (later as u32).wrapping_neg());
        index += later;
        loop {
            match select(zeros, rank) {
                Ok(bit) => return index * 64 + u64::from(bit) + 1,
                Err(ones) => rank -= ones,
            }
            index += 1;
            zeros = !self.word(index);
        }
    }

    /// How many ones follow from bit `at` on.
    fn ones(&self, at: u64) -> u64 {
        let mut end = at;
        loop {
            let ones = read(self.upper, end, 57).trailing_ones();
            end += u64::from(ones);
            if ones < 57 {
                return end - at;
            }
        }
    }

    /// A word of the buckets' bits; zero past the end, so that no scan runs on.
    fn word(&self, index: u64) -> u64 {
        usize::try_from(index * 8).map_or(0, |at| load(self.upper, at))
    }
}

impl std::fmt::Debug for Blocklist<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocklist")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// The position of the `rank`-th one (from 0, below 64) of a word; where there are no more than
/// `rank`, how many there are. Without jumps, after S. Vigna, *Broadword implementation of
/// rank/select queries* (2008), algorithm 2.
#[inline]
fn select(word: u64, rank: u32) -> Result<u32, u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // In each byte: how many ones there are in it and in those below.
    let mut sums = word - (word >> 1 & 0x5555_5555_5555_5555);
    sums = (sums & 0x3333_3333_3333_3333) + (sums >> 2 & 0x3333_3333_3333_3333);
    sums = ((sums + (sums >> 4)) & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(ONES);
    let ones = (sums >> 56) as u32;
    if ones <= rank {
        return Err(ones);
    }
    // The first byte whose sum exceeds `rank` holds the one that is looked for …
    let at = (((sums | TOPS) - u64::from(rank + 1) * ONES) & TOPS).trailing_zeros() & !7;
    let rank = rank - ((sums << 8) >> at & 0xff) as u32;
    // … and the same again with its bits, one in each byte.
    let bits = (word >> at & 0xff).wrapping_mul(ONES) & 0x8040_2010_0804_0201;
    let sums = ((bits + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & ONES).wrapping_mul(ONES);
    let bit = (((sums | TOPS) - u64::from(rank + 1) * ONES) & TOPS).trailing_zeros() / 8;
    Ok(at + bit)
}

struct Positions<'a> {
    upper: &'a [u8],
    lower: &'a [u8],
    low_bits: u32,
    /// What is left of the word that begins at byte `at`.
    word: u64,
    at: usize,
    index: u64,
}

impl Iterator for Positions<'_> {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        while self.word == 0 {
            self.at += 8;
            if self.at >= self.upper.len() {
                return None;
            }
            self.word = load(self.upper, self.at);
        }
        let position = self.at as u64 * 8 + u64::from(self.word.trailing_zeros());
        self.word &= self.word - 1;
        let bucket = position - self.index;
        let low = read(
            self.lower,
            self.index * u64::from(self.low_bits),
            self.low_bits,
        );
        self.index += 1;
        Some((position, bucket << self.low_bits | low))
    }
}

/// The first bytes of a digest as an integer.
pub(super) fn prefix(digest: &[u8], bytes: u8) -> Option<u64> {
    let word = load(digest, 0).swap_bytes() >> (64 - 8 * u32::from(bytes));
    (digest.len() >= bytes.into()).then_some(word)
}

/// Reads the header; also says where its texts end.
fn header(bytes: &[u8]) -> Result<(Header<'_>, usize), OpenError> {
    let wrong = |at, what| Err(OpenError::Header { at, what });
    let need = |needed: usize| match bytes.len() >= needed {
        true => Ok(()),
        false => Err(OpenError::Length {
            needed: needed as u64,
            found: bytes.len() as u64,
        }),
    };
    if !bytes.starts_with(&MAGIC[..bytes.len().min(8)]) {
        return Err(OpenError::Magic);
    }
    need(FIXED)?;
    let format = u16::from_le_bytes([bytes[8], bytes[9]]);
    if format != FORMAT {
        return Err(OpenError::Format(format));
    }
    let kind = match Kind::from_codes(bytes[10], bytes[11]) {
        Some(kind) => kind,
        None => return wrong(10, "a kind or digest that there is not"),
    };
    let prefix_bytes = bytes[12];
    if !(4..=8).contains(&prefix_bytes) {
        return wrong(12, "a prefix has 4 to 8 bytes");
    }
    let (name_len, token_len) = (usize::from(bytes[13]), usize::from(bytes[14]));
    if token_len > TEXT_MAX {
        return wrong(14, "a token has up to 64 bytes");
    }
    if bytes[15] != 0 && kind != Kind::Url {
        return wrong(15, "a byte that must be zero");
    }
    let texts_end = FIXED + name_len + token_len;
    need(texts_end)?;
    let name = match std::str::from_utf8(&bytes[FIXED..FIXED + name_len]) {
        Ok(name) if is_name(name) => name,
        _ => {
            return wrong(
                FIXED,
                "a name is 1 to 64 bytes of UTF-8 without control characters",
            );
        }
    };
    let header = Header {
        kind,
        prefix_bytes,
        name,
        version: Version {
            sequence: load(bytes, 16),
            token: &bytes[FIXED + name_len..texts_end],
        },
        created_at: load(bytes, 24),
        entries: read(bytes, 32 * 8, 32) as u32,
        absent: bytes[15].into(),
    };
    Ok((header, texts_end))
}

/// Whether a list can have this name.
pub(super) fn is_name(name: &str) -> bool {
    (1..=TEXT_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Writes the file. `values` strictly ascend and fit into the prefix; name and token are not too
/// long; `header.entries` is not looked at.
pub(super) fn write(header: &Header<'_>, values: &[u64]) -> Vec<u8> {
    let entries = values.len() as u32;
    let layout = Layout::of(header.prefix_bytes, entries);
    let (kind, digest) = header.kind.codes();
    let Version { sequence, token } = header.version;
    let mut out = Vec::with_capacity(
        FIXED + 2 * TEXT_MAX + (layout.ranks + layout.upper + layout.lower) as usize + CHECKSUM,
    );
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&[
        kind,
        digest,
        header.prefix_bytes,
        header.name.len() as u8,
        token.len() as u8,
        header.absent.bits(),
    ]);
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&header.created_at.to_le_bytes());
    out.extend_from_slice(&entries.to_le_bytes());
    out.extend_from_slice(header.name.as_bytes());
    out.extend_from_slice(token);

    let bucket = |value: u64| value >> layout.low_bits;
    let mut rank = 0;
    for block in 0..layout.buckets.div_ceil(BLOCK) {
        while values
            .get(rank)
            .is_some_and(|&value| bucket(value) < block * BLOCK)
        {
            rank += 1;
        }
        out.extend_from_slice(&(rank as u32).to_le_bytes());
    }
    let upper_at = out.len();
    out.resize(upper_at + layout.upper as usize, 0);
    let mut lower = Writer::with_capacity(layout.lower as usize);
    for (index, &value) in values.iter().enumerate() {
        let position = bucket(value) + index as u64;
        out[upper_at + (position / 8) as usize] |= 1 << (position % 8);
        lower.push(value, layout.low_bits);
    }
    out.extend_from_slice(&lower.finish());
    let checksum = Sha256::digest(&out);
    out.extend_from_slice(&checksum);
    out
}
