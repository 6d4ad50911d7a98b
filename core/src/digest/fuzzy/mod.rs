//! Similarity digests: ssdeep and TLSH, of a stream, and how alike two of them are.

mod ssdeep;

use tlsh::GeneratorType as _;

/// Computes both similarity digests while bytes stream by, beside a
/// [`Hasher`](crate::digest::Hasher).
#[derive(Clone)]
pub struct FuzzyHasher {
    ssdeep: ssdeep::Generator,
    tlsh: tlsh::TlshGenerator,
}

impl Default for FuzzyHasher {
    fn default() -> Self {
        Self { ssdeep: ssdeep::Generator::new(), tlsh: tlsh::TlshGenerator::new() }
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

    pub fn finish(&self) -> (String, Option<String>) {
        let options = tlsh::generate::GeneratorOptions::new().pure_integer_qratio_computation(true);
        (self.ssdeep.finish(), self.tlsh.finalize_with_options(options).ok().map(|t| t.to_string()))
    }
}

pub fn ssdeep_score(a: &str, b: &str) -> u8 { ssdeep::score(a, b) }
pub fn tlsh_distance(a: &str, b: &str) -> Option<u32> {
    let (a, b): (tlsh::Tlsh, tlsh::Tlsh) = (a.parse().ok()?, b.parse().ok()?);
    Some(tlsh::FuzzyHashType::compare(&a, &b))
}
