//! From one version of a list to another: what changed, packed small, applied byte for byte.
//!
//! # Format of an update, 1
//!
//! All numbers little-endian.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `QUORUMBU` |
//! | 8 | 2 | format, 1 |
//! | 10 | 1, 1 | Rice parameters of the removals and of the additions |
//! | 12 | 1 | length of the new version's token, 0 to 64 |
//! | 13 | 1 | the [`Shapes`] that no entry of the new version has, as in its file |
//! | 14 | 8, 8 | sequence numbers, old and new |
//! | 30 | 8 | when the new version was made |
//! | 38 | 32, 32 | checksums of the old and of the new file |
//! | 102 | 4, 4 | how many removals and additions |
//! | 110 | 4, 8 | the first removal and the first addition (0 where there is none) |
//! | 122 | 4 | bytes of the coded removals |
//! | 126 | | token, coded removals, coded additions |
//!
//! Removals are indices into the old list, additions are prefixes; both ascend and are coded as in
//! [`RiceDeltas`]. The checksum of the result stands for the update's integrity too.

use super::Version;
use super::bits::{load, mask, read};
use super::file::{Blocklist, Header, TEXT_MAX, write};
use super::rice::{RiceDeltas, RiceError, encode_within};
use crate::safe_browsing::Shapes;

const FORMAT: u16 = 1;
const MAGIC: &[u8; 8] = b"QUORUMBU";
/// Where the token begins.
const FIXED: usize = 126;

/// Why there is no update from one list to another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// The two are not versions of one list.
    #[error("the lists differ in {0}")]
    Unlike(&'static str),
}

/// Why an update cannot be applied. The old list is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The bytes are not an update.
    #[error("at byte {at}: {what}")]
    Malformed {
        /// Where.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The removals or the additions cannot be decoded.
    #[error("the {part}: {error}")]
    Rice {
        /// Which of the two.
        part: &'static str,
        /// Why.
        error: RiceError,
    },
    /// The update is for another file than this one.
    #[error("the update is for sequence {needed} with another checksum; the list has {found}")]
    WrongBase {
        /// The sequence number that the update starts from.
        needed: u64,
        /// The list's.
        found: u64,
    },
    /// A removal repeats the one before, or names no entry.
    #[error("removal {0} repeats an index or names no entry")]
    Removal(usize),
    /// An addition repeats the one before, is on the list already, or is longer than a prefix.
    #[error("addition {0} is on the list already or too large")]
    Addition(usize),
    /// There would be more entries than can be counted, or the token is too long.
    #[error("{0} too long for a list")]
    TooLong(&'static str),
    /// What comes out is not what the update's maker had.
    #[error("the result's checksum is not the update's")]
    WrongResult,
}

/// What changes from one version of a list to the next.
///
/// The two fields are what Safe Browsing v5 sends as `compressedRemovals` and
/// `additionsFourBytes` or `additionsEightBytes`, once coded by [`RiceDeltas::encode`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Indices into the old list, strictly ascending.
    pub removals: Vec<u64>,
    /// Prefixes as big-endian integers, strictly ascending. They are added after the removals.
    pub additions: Vec<u64>,
}

impl Changes {
    /// What leads from `old` to `new`, in time proportional to their lengths.
    ///
    /// # Errors
    /// When the kinds or the lengths of the prefixes differ.
    pub fn between(old: &Blocklist<'_>, new: &Blocklist<'_>) -> Result<Self, DiffError> {
        let (a, b) = (old.header(), new.header());
        if a.kind != b.kind {
            return Err(DiffError::Unlike("kind"));
        }
        if a.prefix_bytes != b.prefix_bytes {
            return Err(DiffError::Unlike("the length of their prefixes"));
        }
        let mut changes = Self::default();
        let mut new = new.entries().peekable();
        for (index, value) in (0..).zip(old.entries()) {
            changes
                .additions
                .extend(std::iter::from_fn(|| new.next_if(|&next| next < value)));
            if new.next_if_eq(&value).is_none() {
                changes.removals.push(index);
            }
        }
        changes.additions.extend(new);
        Ok(changes)
    }

    /// The bytes of the list that these changes make of `old`. What shapes the additions have is not
    /// known.
    ///
    /// # Errors
    /// When they do not fit that list.
    pub fn apply(
        &self,
        old: &Blocklist<'_>,
        version: Version<'_>,
        created_at: u64,
    ) -> Result<Vec<u8>, ApplyError> {
        let absent = match *self.additions {
            [] => old.header().absent,
            _ => Shapes::default(),
        };
        self.apply_with(old, version, created_at, absent)
    }

    fn apply_with(
        &self,
        old: &Blocklist<'_>,
        version: Version<'_>,
        created_at: u64,
        absent: Shapes,
    ) -> Result<Vec<u8>, ApplyError> {
        let header = old.header();
        if version.token.len() > TEXT_MAX {
            return Err(ApplyError::TooLong("the token is"));
        }
        let kept = u64::from(header.entries).saturating_sub(self.removals.len() as u64);
        let entries = u32::try_from(kept + self.additions.len() as u64)
            .map_err(|_| ApplyError::TooLong("the entries are"))?;
        let most = mask(u32::from(header.prefix_bytes) * 8);

        let mut values = Vec::with_capacity(entries as usize);
        let mut removals = self.removals.iter().peekable();
        let mut additions = self.additions.iter().copied().enumerate().peekable();
        let mut add_below = |values: &mut Vec<u64>, limit: Option<u64>| {
            while let Some((at, value)) =
                additions.next_if(|&(_, value)| limit.is_none_or(|limit| value <= limit))
            {
                if value > most
                    || limit == Some(value)
                    || values.last().is_some_and(|&last| last >= value)
                {
                    return Err(ApplyError::Addition(at));
                }
                values.push(value);
            }
            Ok(())
        };
        for (index, value) in (0_u64..).zip(old.entries()) {
            if removals.next_if_eq(&&index).is_some() {
                continue;
            }
            add_below(&mut values, Some(value))?;
            values.push(value);
        }
        add_below(&mut values, None)?;
        if removals.peek().is_some() {
            return Err(ApplyError::Removal(self.removals.len() - removals.len()));
        }
        let header = Header {
            version,
            created_at,
            entries,
            absent,
            ..header
        };
        Ok(write(&header, &values))
    }
}

/// An update that was read: what it is for, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update<'a> {
    /// The sequence number of the version that it is for.
    pub from_sequence: u64,
    /// The [`Blocklist::checksum`] of the file that it is for.
    pub from_checksum: [u8; 32],
    /// The version that it makes.
    pub version: Version<'a>,
    /// When that version was made, ms since the Unix epoch.
    pub created_at: u64,
    /// The [`Blocklist::checksum`] of the file that it makes.
    pub checksum: [u8; 32],
    /// What it takes away and adds.
    pub changes: Changes,
    /// The [`Header::absent`] of that version.
    pub absent: Shapes,
}

impl<'a> Update<'a> {
    /// Reads an update.
    ///
    /// # Errors
    /// When the bytes are not one; says where.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ApplyError> {
        let wrong = |at, what| Err(ApplyError::Malformed { at, what });
        if !bytes.starts_with(MAGIC) {
            return wrong(0, "not an update of a local list");
        }
        let Some((head, rest)) = bytes.split_at_checked(FIXED) else {
            return wrong(bytes.len(), "the header is cut off");
        };
        let number = |at: usize, bytes: u32| read(head, at as u64 * 8, bytes * 8);
        if number(8, 2) != u64::from(FORMAT) {
            return wrong(8, "the format is unknown");
        }
        if usize::from(head[12]) > TEXT_MAX {
            return wrong(12, "a token has up to 64 bytes");
        }
        let (Some((token, rest)), coded) = (rest.split_at_checked(head[12].into()), number(122, 4))
        else {
            return wrong(bytes.len(), "the token is cut off");
        };
        let Some((removals, additions)) = usize::try_from(coded)
            .ok()
            .and_then(|coded| rest.split_at_checked(coded))
        else {
            return wrong(bytes.len(), "the removals are cut off");
        };
        let checksum =
            |at: usize| -> [u8; 32] { head[at..at + 32].try_into().expect("32 bytes were taken") };
        let unpack = |part, first_value, rice_parameter, count: u64, data: &[u8], bits| {
            let Some(differences) = count.checked_sub(1) else {
                return match data.is_empty() && first_value == 0 && rice_parameter == 0 {
                    true => Ok(Vec::new()),
                    false => Err(ApplyError::Rice {
                        part,
                        error: RiceError::Trailing(0),
                    }),
                };
            };
            RiceDeltas {
                first_value,
                rice_parameter,
                entries_count: differences as u32,
                encoded_data: data.to_vec(),
            }
            .decode_within(bits)
            .map_err(|error| ApplyError::Rice { part, error })
        };
        Ok(Self {
            from_sequence: load(head, 14),
            from_checksum: checksum(38),
            version: Version {
                sequence: load(head, 22),
                token,
            },
            created_at: load(head, 30),
            checksum: checksum(70),
            absent: head[13].into(),
            changes: Changes {
                removals: unpack(
                    "removals",
                    number(110, 4),
                    head[10],
                    number(102, 4),
                    removals,
                    32,
                )?,
                additions: unpack(
                    "additions",
                    load(head, 114),
                    head[11],
                    number(106, 4),
                    additions,
                    64,
                )?,
            },
        })
    }

    /// The bytes of the new version. `old` stays as it is.
    ///
    /// # Errors
    /// When the update is for another file, or does not lead to the file that it was made for.
    pub fn apply(&self, old: &Blocklist<'_>) -> Result<Vec<u8>, ApplyError> {
        if self.from_checksum != *old.checksum() {
            return Err(ApplyError::WrongBase {
                needed: self.from_sequence,
                found: old.header().version.sequence,
            });
        }
        let bytes = self
            .changes
            .apply_with(old, self.version, self.created_at, self.absent)?;
        match bytes.ends_with(&self.checksum) {
            true => Ok(bytes),
            false => Err(ApplyError::WrongResult),
        }
    }
}

/// Makes the update that leads from one version of a list to another, in either direction.
///
/// ```
/// use quorum_core::blocklist::{Blocklist, Builder, Kind, Version, apply, diff};
/// let make = |sequence, expressions: &[&str]| {
///     let mut builder = Builder::new(Kind::Url, 4)?;
///     expressions.iter().for_each(|expression| { builder.add_expression(expression); });
///     builder.build("example", Version { sequence, token: b"" }, 0)
/// };
/// let (one, two) = (make(1, &["a.example/"])?, make(2, &["a.example/", "b.example/"])?);
/// let (old, new) = (Blocklist::open(&one)?, Blocklist::open(&two)?);
/// assert_eq!(apply(&old, &diff(&old, &new)?)?, two);
/// assert_eq!(apply(&new, &diff(&new, &old)?)?, one);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the two are not versions of one list: name, kind or prefix length differ.
pub fn diff(old: &Blocklist<'_>, new: &Blocklist<'_>) -> Result<Vec<u8>, DiffError> {
    let header = new.header();
    if old.header().name != header.name {
        return Err(DiffError::Unlike("name"));
    }
    let changes = Changes::between(old, new)?;
    let pack = |values: &[u64]| {
        encode_within(values, 0, 62)
            .expect("the values ascend and are no more than the entries of a list")
            .map_or((0, 0, Vec::new()), |rice| {
                (rice.first_value, rice.rice_parameter, rice.encoded_data)
            })
    };
    let (first_removal, removal_parameter, removals) = pack(&changes.removals);
    let (first_addition, addition_parameter, additions) = pack(&changes.additions);
    let token = header.version.token;

    let mut out = Vec::with_capacity(FIXED + token.len() + removals.len() + additions.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&[
        removal_parameter,
        addition_parameter,
        token.len() as u8,
        header.absent.bits(),
    ]);
    out.extend_from_slice(&old.header().version.sequence.to_le_bytes());
    out.extend_from_slice(&header.version.sequence.to_le_bytes());
    out.extend_from_slice(&header.created_at.to_le_bytes());
    out.extend_from_slice(old.checksum());
    out.extend_from_slice(new.checksum());
    // Counts and indices of a list's entries fit into 32 bits, and so do bytes of 32-bit indices.
    out.extend_from_slice(&(changes.removals.len() as u32).to_le_bytes());
    out.extend_from_slice(&(changes.additions.len() as u32).to_le_bytes());
    out.extend_from_slice(&(first_removal as u32).to_le_bytes());
    out.extend_from_slice(&first_addition.to_le_bytes());
    out.extend_from_slice(&(removals.len() as u32).to_le_bytes());
    out.extend_from_slice(token);
    out.extend_from_slice(&removals);
    out.extend_from_slice(&additions);
    Ok(out)
}

/// Makes the next version of a list: [`Update::read`] and [`Update::apply`].
///
/// # Errors
/// When the bytes are no update, or not one for this file, or do not make what they promise.
pub fn apply(old: &Blocklist<'_>, update: &[u8]) -> Result<Vec<u8>, ApplyError> {
    Update::read(update)?.apply(old)
}
