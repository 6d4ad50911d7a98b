//! The bytes of a file that is judged: all of them at once where they are few, and otherwise block by
//! block, so that what a worker holds does not grow with what is sent in.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::TryStreamExt as _;
use quorum_core::digest::Digests;
use quorum_core::indicator::Sha256;
use tokio::runtime::Handle;

use crate::store::StoreError;
use crate::store::blobs::Blobs;

/// Up to this size a file is held as a whole, and rules may ask for all of it.
const WHOLE: u64 = 32 << 20;

/// How much of a longer file is held at a time.
const BLOCK: usize = 4 << 20;

/// How much of a block is at the beginning of the next one again: what is found must lie in one.
const OVERLAP: usize = 64 << 10;

/// A file's bytes.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// All of them.
    Whole(Bytes),
    /// More than are held at once.
    Long(Long),
}

impl Content {
    /// The content of a stored file.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) async fn of(blobs: &Arc<Blobs>, file: &Digests) -> Result<Self, StoreError> {
        Ok(match file.size <= WHOLE {
            true => Self::Whole(blobs.read(&file.sha256).await?),
            false => Self::Long(Long {
                blobs: blobs.clone(),
                sha256: file.sha256,
            }),
        })
    }
}

/// How much of a file that is held as a whole is handed out at a time.
const PIECE: usize = 64 << 10;

impl Content {
    /// Hands out the bytes from the first to the last, each once, until `take` has enough. Blocks as
    /// [`Long::blocks`] does.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(crate) fn read(
        &self,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let long = match self {
            Self::Whole(bytes) => {
                let _ = bytes.chunks(PIECE).try_for_each(take);
                return Ok(());
            }
            Self::Long(long) => long,
        };
        let mut read = 0;
        // What ends it early: the error, or nothing where `take` has enough.
        let ended = long.blocks(
            |offset, block| {
                let new = &block[read - offset..];
                read += new.len();
                match take(new) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(None),
                }
            },
            Some,
        );
        match ended {
            Ok(()) | Err(None) => Ok(()),
            Err(Some(why)) => Err(why),
        }
    }

    /// All bytes, where they are held.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Long(_) => None,
        }
    }
}

/// A long file, where it lies.
#[derive(Clone)]
pub(crate) struct Long {
    blobs: Arc<Blobs>,
    sha256: Sha256,
}

impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Long").field(&self.sha256).finish()
    }
}

impl Long {
    /// Hands out the file block by block, each with the offset that it begins at. Blocks: call it
    /// where that is allowed, in the runtime's own threads for it.
    ///
    /// # Errors
    /// `take` failed, or the file cannot be read: `unreadable` makes an error of why.
    pub(crate) fn blocks<E>(
        &self,
        mut take: impl FnMut(usize, &[u8]) -> Result<(), E>,
        unreadable: impl Fn(String) -> E,
    ) -> Result<(), E> {
        let runtime = Handle::current();
        let failed = |error: &dyn fmt::Display| unreadable(error.to_string());
        let mut stream = runtime
            .block_on(self.blobs.stream(&self.sha256))
            .map_err(|error| failed(&error))?;
        let mut blocks = Blocks::default();
        while let Some(chunk) = runtime
            .block_on(stream.try_next())
            .map_err(|error| failed(&error))?
        {
            blocks.add(&chunk, &mut take)?;
        }
        blocks.finish(&mut take)
    }
}

/// Cuts what comes in pieces of any size into blocks that overlap.
#[derive(Default)]
struct Blocks {
    offset: usize,
    held: Vec<u8>,
    /// How many of the bytes held were in the block before.
    again: usize,
}

impl Blocks {
    fn add<E>(
        &mut self,
        mut chunk: &[u8],
        take: &mut impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.held.reserve_exact(BLOCK - self.held.len());
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(BLOCK - self.held.len()));
            self.held.extend_from_slice(now);
            chunk = later;
            if self.held.len() == BLOCK {
                take(self.offset, &self.held)?;
                let gone = BLOCK - OVERLAP;
                self.held.drain(..gone);
                self.offset += gone;
                self.again = OVERLAP;
            }
        }
        Ok(())
    }

    fn finish<E>(self, take: &mut impl FnMut(usize, &[u8]) -> Result<(), E>) -> Result<(), E> {
        match self.held.len() > self.again {
            true => take(self.offset, &self.held),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_a_block_and_what_is_short_is_in_one_as_a_whole() {
        let size = 2 * BLOCK + 5;
        let bytes: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
        for piece in [1 << 20, 777_777, size] {
            let mut blocks = Blocks::default();
            let mut seen = Vec::new();
            let mut take = |offset: usize, block: &[u8]| {
                assert_eq!(block, &bytes[offset..offset + block.len()]);
                seen.push((offset, block.len()));
                Ok::<_, ()>(())
            };
            for chunk in bytes.chunks(piece) {
                blocks.add(chunk, &mut take).unwrap();
            }
            blocks.finish(&mut take).unwrap();
            let step = BLOCK - OVERLAP;
            let last = size - 2 * step;
            assert_eq!(seen, [(0, BLOCK), (step, BLOCK), (2 * step, last)]);
        }
    }
}
