//! Bytes: digests, how alike they are, what kind of file they are.

use quorum_core::checksum::{self, Claim};
use quorum_core::digest::{self, Digests, NameCheck, fuzzy};
use quorum_core::indicator;
use quorum_core::observable::{Ssdeep, Tlsh};
use quorum_npm::ClaimsJs;
use serde::Serialize;
use sha2::Digest as _;
use wasm_bindgen::prelude::*;

use crate::plain;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Digests")]
    /// Three digests and a size.
    pub type DigestsJs;
    #[wasm_bindgen(typescript_type = "Similarity")]
    /// Similarity digests.
    pub type SimilarityJs;
    #[wasm_bindgen(typescript_type = "FileType")]
    /// A file type.
    pub type FileTypeJs;
    #[wasm_bindgen(typescript_type = "NameCheck")]
    /// What a name promises.
    pub type NameCheckJs;
    #[wasm_bindgen(typescript_type = "RunsOn")]
    /// Where it runs.
    pub type RunsOnJs;
    #[wasm_bindgen(typescript_type = "Compared[]")]
    /// Claims that were compared.
    pub type ComparedJs;
}

/// MD5, SHA-1 and SHA-256 of a stream of bytes in one pass.
#[wasm_bindgen]
#[derive(Default)]
pub struct Hasher {
    inner: digest::Hasher,
}

#[wasm_bindgen]
impl Hasher {
    /// A hasher that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The digests of all that was added; more can be added afterwards.
    pub fn digests(&self) -> Result<DigestsJs, JsError> {
        plain(&self.inner.clone().finish())
    }

    /// The state, from which another process can go on.
    pub fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    /// A hasher that goes on from a saved state.
    pub fn restore(state: &[u8]) -> Result<Hasher, JsError> {
        Ok(Self {
            inner: digest::Hasher::restore(state)?,
        })
    }
}

/// SHA-256 alone of a stream of bytes.
#[wasm_bindgen]
#[derive(Default)]
pub struct Sha256 {
    inner: sha2::Sha256,
}

#[wasm_bindgen]
impl Sha256 {
    /// A hasher that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The digest of all that was added, 32 bytes; more can be added afterwards.
    pub fn digest(&self) -> Vec<u8> {
        self.inner.clone().finalize().to_vec()
    }
}

/// ssdeep and TLSH of a stream of bytes.
#[wasm_bindgen]
#[derive(Default)]
pub struct FuzzyHasher {
    inner: fuzzy::FuzzyHasher,
}

#[wasm_bindgen]
impl FuzzyHasher {
    /// A hasher that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The digests of all that was added; more can be added afterwards.
    pub fn digests(&self) -> Result<SimilarityJs, JsError> {
        plain(&self.inner.clone().finish())
    }
}

/// How alike two files are by their ssdeep digests: from 0 (nothing in common, or not comparable) to 100.
#[wasm_bindgen(js_name = ssdeepScore)]
pub fn ssdeep_score(one: &str, other: &str) -> Result<u8, JsError> {
    let (one, other): (Ssdeep, Ssdeep) = (one.parse()?, other.parse()?);
    Ok(fuzzy::ssdeep_score(&one, &other))
}

/// How far two files are apart by their TLSH digests: 0 for the same digest; up to 30 counts as very
/// similar, 100 and more as not.
#[wasm_bindgen(js_name = tlshDistance)]
pub fn tlsh_distance(one: &str, other: &str) -> Result<u32, JsError> {
    let (one, other): (Tlsh, Tlsh) = (one.parse()?, other.parse()?);
    Ok(fuzzy::tlsh_distance(&one, &other))
}

/// The type of a file by its first bytes; 36 KiB of them are enough.
#[wasm_bindgen(js_name = fileType)]
pub fn file_type(head: &[u8]) -> Result<FileTypeJs, JsError> {
    plain(&digest::file_type(head))
}

#[derive(Serialize)]
struct NameCheckWire {
    result: &'static str,
    expected: Vec<&'static str>,
}

/// Whether a file's name promises what its first bytes are.
#[wasm_bindgen(js_name = checkName)]
pub fn check_name(name: &str, head: &[u8]) -> Result<NameCheckJs, JsError> {
    let (result, expected) = match digest::check_name(name, &digest::file_type(head)) {
        NameCheck::Fits => ("fits", Vec::new()),
        NameCheck::Unusual => ("unusual", Vec::new()),
        NameCheck::Contradicts { expected } => ("contradicts", expected),
        NameCheck::NoEnding => ("no_ending", Vec::new()),
    };
    plain(&NameCheckWire { result, expected })
}

/// Where a double click on a file of this name runs what is in it.
#[wasm_bindgen(js_name = runsWhenOpened)]
pub fn runs_when_opened(name: &str) -> Result<RunsOnJs, JsError> {
    plain(&digest::runs_when_opened(name))
}

/// Compares what publishers say with the digests of a file's bytes, each place and algorithm once.
#[wasm_bindgen(js_name = compareChecksums)]
pub fn compare_checksums(
    claims: ClaimsJs,
    digests: DigestsJs,
    sha512: Option<String>,
) -> Result<ComparedJs, JsError> {
    let claims: Vec<Claim> = serde_wasm_bindgen::from_value(claims.into())?;
    let digests: Digests = serde_wasm_bindgen::from_value(digests.into())?;
    let sha512: Option<indicator::Sha512> = sha512.map(|hex| hex.parse()).transpose()?;
    plain(&checksum::compare(&claims, &digests, sha512.as_ref()))
}
