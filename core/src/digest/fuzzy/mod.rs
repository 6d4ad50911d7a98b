//! Similarity digests of a stream, ssdeep and TLSH, and how alike two of them are.

mod ssdeep;

use serde::Serialize;
use tlsh::generate::GeneratorOptions;
use tlsh::{FuzzyHashType as _, GeneratorType as _};

use crate::observable::{Ssdeep, Tlsh};

/// The similarity digests of one stream of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Similarity {
    /// As ssdeep 2.14 prints it.
    pub ssdeep: Ssdeep,
    /// As TLSH 4.12 and later print it. Nothing below 50 bytes, above 4 GiB, and where the bytes
    /// vary too little for it to mean anything.
    pub tlsh: Option<Tlsh>,
}

/// Computes [`Similarity`] while bytes stream by, beside a [`Hasher`](crate::digest::Hasher).
/// It takes about 4 KB, however long the stream is.
///
/// ```
/// use quorum_core::digest::fuzzy::{FuzzyHasher, ssdeep_score, tlsh_distance};
///
/// let digest = |text: &str| {
///     let mut hasher = FuzzyHasher::new();
///     text.lines().for_each(|line| hasher.update(line.as_bytes()));
///     hasher.finish()
/// };
/// let text: String = (0..200).map(|n| format!("{n} bottles of beer on the wall\n")).collect();
/// let one = digest(&text);
/// let other = digest(&text.replace("99 bottles", "ninety-nine bottles"));
/// assert!(ssdeep_score(&one.ssdeep, &other.ssdeep) > 80);
/// assert!(tlsh_distance(&one.tlsh.unwrap(), &other.tlsh.unwrap()) < 30);
/// ```
#[derive(Clone)]
pub struct FuzzyHasher {
    ssdeep: ssdeep::Generator,
    tlsh: tlsh::TlshGenerator,
}

impl Default for FuzzyHasher {
    fn default() -> Self {
        Self {
            ssdeep: ssdeep::Generator::new(),
            tlsh: tlsh::TlshGenerator::new(),
        }
    }
}

impl FuzzyHasher {
    /// A hasher that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        self.ssdeep.update(bytes);
        self.tlsh.update(bytes);
    }

    /// The digests of all that was added.
    pub fn finish(self) -> Similarity {
        // TLSH 4.12.1 went over to integers, which round the same everywhere.
        let options = GeneratorOptions::new().pure_integer_qratio_computation(true);
        let tlsh = self.tlsh.finalize_with_options(options).ok();
        Similarity {
            ssdeep: self
                .ssdeep
                .finish()
                .parse()
                .expect("the generator prints the form that the type reads"),
            tlsh: tlsh.and_then(|digest| digest.to_string().parse().ok()),
        }
    }
}

/// How alike two files are by their ssdeep digests, as ssdeep 2.14 scores it: from 0 (nothing in
/// common, or block sizes that cannot be compared) to 100.
pub fn ssdeep_score(one: &Ssdeep, other: &Ssdeep) -> u8 {
    ssdeep::score(one, other)
}

/// How far two files are apart by their TLSH digests, the length counted in: 0 for the same digest,
/// and without an upper bound worth naming. TLSH's authors take up to 30 as very similar and 100
/// and more as not.
pub fn tlsh_distance(one: &Tlsh, other: &Tlsh) -> u32 {
    let read = |digest: &Tlsh| -> tlsh::Tlsh {
        let text = digest.to_string();
        text.parse()
            .expect("without its strict parser fast-tlsh reads any 35 bytes")
    };
    read(one).compare(&read(other))
}
