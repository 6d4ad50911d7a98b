//! DEFLATE (RFC 1951) in pieces, with a check of how much comes out of how little.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// How far back a match can reach.
const WINDOW: usize = 32 * 1024;
/// The ratio is checked at these places of the compressed stream, so that a verdict never depends on
/// how the stream was cut. At most 1 MiB comes out in between.
const STRIDE: u64 = 1024;
/// Below this much output no ratio is held against a stream: an empty disk image is no bomb.
const HARMLESS: u64 = 4 * 1024 * 1024;

/// What became of the bytes that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// All were taken; more are wanted.
    More,
    /// The compressed data ended.
    Done,
    /// They are not DEFLATE.
    Failed,
    /// More comes out than the ratio allows.
    TooDense,
    /// The receiver wants no more.
    Refused,
}

/// One compressed stream. Takes about 43 KB.
pub(super) struct Inflater {
    state: Box<DecompressorOxide>,
    window: Box<[u8]>,
    /// Where in the window the next byte goes.
    next: usize,
    /// Bytes taken so far.
    pub(super) packed: u64,
    /// Bytes given so far.
    pub(super) unpacked: u64,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            state: Box::default(),
            window: vec![0; WINDOW].into(),
            next: 0,
            packed: 0,
            unpacked: 0,
        }
    }

    /// Takes from the front of `input` and gives what comes out to `take`, until that refuses.
    pub(super) fn push(
        &mut self,
        input: &mut &[u8],
        ratio: u32,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Flow {
        loop {
            let stride = (STRIDE - self.packed % STRIDE) as usize;
            let piece = &input[..stride.min(input.len())];
            let (status, taken, given) = decompress(
                &mut self.state,
                piece,
                &mut self.window,
                self.next,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            *input = &input[taken..];
            self.packed += taken as u64;
            self.unpacked += given as u64;
            let out = &self.window[self.next..self.next + given];
            self.next = (self.next + given) % WINDOW;
            if !out.is_empty() && !take(out) {
                return Flow::Refused;
            }
            match status {
                TINFLStatus::Done => return Flow::Done,
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => {
                    let checked = self.packed.is_multiple_of(STRIDE) && taken > 0;
                    let most = self.packed.saturating_mul(ratio.into()).max(HARMLESS);
                    if checked && self.unpacked > most {
                        return Flow::TooDense;
                    }
                    if input.is_empty() {
                        return Flow::More;
                    }
                }
                _ => return Flow::Failed,
            }
        }
    }
}
