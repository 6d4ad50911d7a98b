//! MD5, SHA-1 and SHA-256 of a stream in one pass, what kind of file its first bytes
//! show, and whether its name says the same.

mod file_type;
#[cfg(feature = "fuzzy")]
pub mod fuzzy;
mod name;

pub use file_type::{
    FileType, HEAD_BYTES, TAIL_BYTES, TypeTags, broad_type_of, content_tags, file_type,
    file_type_of,
};
pub use name::{NameCheck, RunsOn, check_name, ending, runs_when_opened};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};

use crate::indicator::{Md5, Sha1, Sha256};

/// The three digests of one stream of bytes, and how many bytes there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// MD5 (RFC 1321): for look-ups only, it can be forged.
    pub md5: Md5,
    /// SHA-1 (FIPS 180-4): for look-ups only, it can be forged.
    pub sha1: Sha1,
    /// SHA-256 (FIPS 180-4): the identity of the bytes.
    pub sha256: Sha256,
    /// Length in bytes.
    pub size: u64,
}

/// Computes [`Digests`] while bytes stream by. Cloning it forks the stream, and
/// [`save`](Self::save) carries it into another process.
///
/// ```
/// let mut hasher = quorum_core::digest::Hasher::new();
/// hasher.update(b"a");
/// hasher.update(b"bc");
/// assert_eq!(hasher.finish().md5.to_string(), "900150983cd24fb0d6963f7d28e17f72");
/// ```
#[derive(Clone, Default)]
pub struct Hasher {
    md5: md5::Md5,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    size: u64,
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        // Small pieces keep the input in the first-level cache for all three algorithms.
        for piece in bytes.chunks(16 * 1024) {
            self.md5.update(piece);
            self.sha1.update(piece);
            self.sha256.update(piece);
        }
        self.size += bytes.len() as u64;
    }

    /// The digests of all that was added.
    pub fn finish(self) -> Digests {
        Digests {
            md5: <[u8; 16]>::from(self.md5.finalize()).into(),
            sha1: <[u8; 20]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; 32]>::from(self.sha256.finalize()).into(),
            size: self.size,
        }
    }

    /// The state as bytes (a few hundred), from which [`restore`](Self::restore) goes on in another
    /// process: a service worker may die in the middle of a download.
    ///
    /// The form is one byte of version, the size (8 bytes, little-endian), the states of MD5, SHA-1
    /// and SHA-256 as their crates write them, and the first 8 bytes of the SHA-256 of all that.
    /// It holds up to 63 bytes of the hashed data in plain form.
    ///
    /// ```
    /// # use quorum_core::digest::Hasher;
    /// let mut hasher = Hasher::new();
    /// hasher.update(b"a");
    /// let mut resumed = Hasher::restore(&hasher.save())?;
    /// resumed.update(b"bc");
    /// assert_eq!(resumed.finish().md5.to_string(), "900150983cd24fb0d6963f7d28e17f72");
    /// # Ok::<(), quorum_core::digest::StateError>(())
    /// ```
    pub fn save(&self) -> Vec<u8> {
        let mut state = vec![STATE_VERSION];
        state.extend_from_slice(&self.size.to_le_bytes());
        state.extend_from_slice(&self.md5.serialize());
        state.extend_from_slice(&self.sha1.serialize());
        state.extend_from_slice(&self.sha256.serialize());
        let check = sha2::Sha256::digest(&state);
        state.extend_from_slice(&check[..STATE_CHECK]);
        state
    }

    /// Goes on from what [`save`](Self::save) gave.
    ///
    /// # Errors
    ///
    /// [`StateError`] for anything else; a damaged state is never continued.
    pub fn restore(state: &[u8]) -> Result<Self, StateError> {
        match state.first() {
            Some(&STATE_VERSION) => {}
            Some(&other) => return Err(StateError::Version(other)),
            None => return Err(StateError::Length { found: 0 }),
        }
        let length = StateError::Length { found: state.len() };
        let split = state.len().checked_sub(STATE_CHECK).ok_or(length.clone())?;
        let (body, check) = state.split_at(split);
        let rest = body.get(1..).ok_or(length.clone())?;
        let (size, rest) = rest.split_first_chunk().ok_or(length.clone())?;
        let size = u64::from_le_bytes(*size);
        let (md5, rest) = take::<md5::Md5>(rest).ok_or(length.clone())?;
        let (sha1, rest) = take::<sha1::Sha1>(rest).ok_or(length.clone())?;
        let (sha256, rest) = take::<sha2::Sha256>(rest).ok_or(length.clone())?;
        if !rest.is_empty() {
            return Err(length);
        }
        if sha2::Sha256::digest(body)[..STATE_CHECK] != *check {
            return Err(StateError::Checksum);
        }
        // Each state counts its whole blocks behind its chaining value: where the counts and the
        // size differ, whoever made this state made it up, and the padding would be computed from
        // numbers that can overflow.
        let agrees = |state: &[u8], chaining: usize| {
            state.get(chaining..chaining + 8) == Some(&(size / 64).to_le_bytes())
                && state.get(chaining + 8).map(|&pos| u64::from(pos)) == Some(size % 64)
        };
        if size > u64::MAX / 8 || !agrees(&md5, 16) || !agrees(&sha1, 20) || !agrees(&sha256, 32) {
            return Err(StateError::Inconsistent);
        }
        let inconsistent = |_| StateError::Inconsistent;
        Ok(Self {
            md5: md5::Md5::deserialize(&md5).map_err(inconsistent)?,
            sha1: sha1::Sha1::deserialize(&sha1).map_err(inconsistent)?,
            sha256: sha2::Sha256::deserialize(&sha256).map_err(inconsistent)?,
            size,
        })
    }
}

/// The version of [`Hasher::save`]'s form. A unit test pins the bytes: when an update of the digest
/// crates changes them, this number has to change too.
const STATE_VERSION: u8 = 1;

/// How many bytes of SHA-256 guard a saved state.
const STATE_CHECK: usize = 8;

/// Why bytes are not a saved [`Hasher`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The first byte names a form that this version does not read.
    #[error("a saved hasher of version {0}, but this reads version {STATE_VERSION}")]
    Version(u8),
    /// It has another length than a saved hasher has.
    #[error("{found} bytes are not the length of a saved hasher")]
    Length {
        /// How many bytes there were.
        found: usize,
    },
    /// The check value at the end is not that of the bytes before it.
    #[error("the saved hasher is damaged: its checksum differs")]
    Checksum,
    /// The parts disagree about how many bytes were hashed.
    #[error("the saved hasher's parts disagree about what was hashed")]
    Inconsistent,
}

/// Splits one algorithm's state off the front.
fn take<T: SerializableState>(bytes: &[u8]) -> Option<(SerializedState<T>, &[u8])> {
    let mut state = SerializedState::<T>::default();
    let (front, rest) = bytes.split_at_checked(state.len())?;
    state.copy_from_slice(front);
    Some((state, rest))
}

/// The SHA-256 of bytes that are all here already.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    <[u8; 32]>::from(sha2::Sha256::digest(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(bytes: &[u8]) -> Hasher {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher
    }

    #[test]
    fn a_saved_hasher_goes_on_wherever_it_was_cut() {
        let bytes: Vec<u8> = (0..=255).cycle().take(300).collect();
        for cut in 0..=bytes.len() {
            let mut hasher = Hasher::restore(&fed(&bytes[..cut]).save()).unwrap();
            hasher.update(&bytes[cut..]);
            assert_eq!(hasher.finish(), fed(&bytes).finish(), "cut at {cut}");
        }
    }

    #[test]
    fn the_form_is_the_one_that_its_version_names() {
        let state = fed(&[b'q'; 200]).save();
        assert_eq!(state.len(), 301);
        assert_eq!(
            sha256(&state).to_string(),
            "30869edb3e5c898493ce14aa468d88875d7ee8a350f855500236ab5cb042159b",
            "the form changed: change STATE_VERSION too"
        );
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        let state = fed(&[b'q'; 200]).save();
        for length in 1..state.len() {
            let error = Hasher::restore(&state[..length]).err().unwrap();
            assert_eq!(error, StateError::Length { found: length });
        }
        for at in 0..state.len() {
            let mut damaged = state.clone();
            damaged[at] ^= 1;
            let expected = match at {
                0 => StateError::Version(STATE_VERSION ^ 1),
                _ => StateError::Checksum,
            };
            assert_eq!(Hasher::restore(&damaged).err(), Some(expected), "{at}");
        }
        assert_eq!(
            Hasher::restore(&[]).err(),
            Some(StateError::Length { found: 0 })
        );
    }

    #[test]
    fn a_made_up_state_with_a_good_checksum_is_refused() {
        let state = fed(&[b'q'; 200]).save();
        let split = state.len() - STATE_CHECK;
        // Size, then each algorithm's count of blocks and its fill of the last one.
        for at in [1, 8, 9 + 16, 9 + 24, 97 + 20, 97 + 28, 189 + 32, 189 + 40] {
            let mut made_up = state[..split].to_vec();
            made_up[at] = 0xff;
            let check = sha2::Sha256::digest(&made_up);
            made_up.extend_from_slice(&check[..STATE_CHECK]);
            let error = Hasher::restore(&made_up).err();
            assert_eq!(error, Some(StateError::Inconsistent), "{at}");
        }
    }
}
