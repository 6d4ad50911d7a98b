//! What the npm package `@quorum/core` and the extension share: reading selections, looking at files, a
//! publisher's checksums. The extension loads this as the module `quorum_npm`; `package` has all the rest.
//!
//! Values cross as plain objects, whose types stand in `TYPES`.
#![forbid(unsafe_code)]

use quorum_core::checksum;
use quorum_core::indicator::Indicator;
use quorum_core::inspect;
#[cfg(feature = "extension")]
use quorum_core::pointed::{self, Written};
use quorum_core::text;
use serde::Serialize;
use sha2::Digest as _;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Severity = "notice" | "warning";
/** What was noticed, as the name of a sentence and what stands in it. */
export interface Told { severity: Severity; what: string; parts: ({ text: string } | { word: string } | { count: number })[] }
export interface Inspection {
  told: Told[];
  /** The API's tag of the type: `peexe`, `zip`; empty if unknown. */
  type_tag: string;
  /** The type for people; empty if unknown. */
  type_name: string;
  /** Members of an archive that are worth a look-up. */
  members: { path: string; sha256: string; size: number }[];
  /** Files in the archive, as far as it was read. */
  files: number;
}
/** What a publisher says of a file's digest. */
export interface Claim {
  /** Where: in this header of the answer, beside the link on the page, in the list at this address. */
  source: { header: string } | "page" | { list: string };
  algorithm: "md5" | "sha1" | "sha256" | "sha512";
  /** Lower-case hex. */
  digest: string;
  /** Whether it need not be a digest of the bytes at all, as an `ETag`: then only that it holds says something. */
  perhaps: boolean;
}
/** A page, as far as it is looked at. */
export interface Page {
  address: string;
  /** The elements around the link, from the innermost outwards: their texts, and the absolute addresses that they link to. */
  levels: { text: string; links: string[] }[];
  /** Absolute addresses that the page links to. */
  links: string[];
}
/** What a page says of a file: beside the link, and addresses of lists that may have it, the most telling first. */
export interface Pointed { claims: Claim[]; lists: string[] }
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Told[]")]
    /// What was noticed, in sentences.
    pub type ToldJs;
    #[wasm_bindgen(typescript_type = "Inspection")]
    /// What was found.
    pub type InspectionJs;
    #[wasm_bindgen(typescript_type = "[string, string][]")]
    /// Headers of an answer, by name and value.
    pub type HeadersJs;
    #[wasm_bindgen(typescript_type = "Page")]
    /// A page around a link.
    pub type PageJs;
    #[wasm_bindgen(typescript_type = "Claim[]")]
    /// What publishers say.
    pub type ClaimsJs;
    #[wasm_bindgen(typescript_type = "Pointed")]
    /// What a page says.
    pub type PointedJs;
}

/// Plain objects and arrays, numbers as numbers.
///
/// # Errors
/// A number that JavaScript cannot hold.
pub fn plain<T: JsCast>(value: &impl Serialize) -> Result<T, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let value = value.serialize(&serializer)?;
    Ok(value.unchecked_into())
}

/// The indicators of a text (what a backend has reports on), each once, in their order, at most so
/// many, as text that `read` of the package reads.
#[wasm_bindgen]
pub fn indicators(text: &str, limit: usize) -> Vec<String> {
    let found = text::indicators(text, limit);
    found.iter().map(Indicator::to_string).collect()
}

/// SHA-512 of a stream.
#[wasm_bindgen]
#[derive(Default)]
pub struct Sha512 {
    inner: sha2::Sha512,
}

#[wasm_bindgen]
impl Sha512 {
    /// A hasher that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The digest so far, in hex.
    pub fn digest(&self) -> String {
        let digest: [u8; 64] = self.inner.clone().finalize().into();
        quorum_core::indicator::Sha512::from(digest).to_string()
    }
}

/// What the headers of an answer, pairs of name and value, say of its bytes' digests.
#[wasm_bindgen(js_name = headerChecksums)]
pub fn header_checksums(headers: HeadersJs) -> Result<ClaimsJs, JsError> {
    let headers: Vec<(String, String)> = serde_wasm_bindgen::from_value(headers.into())?;
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    plain(&checksum::from_headers(headers))
}

/// What a page says of the file that its link leads to, and which lists may have it.
#[wasm_bindgen(js_name = pageChecksums)]
pub fn page_checksums(page: PageJs, address: &str) -> Result<PointedJs, JsError> {
    let page = serde_wasm_bindgen::from_value(page.into())?;
    plain(&checksum::from_page(&page, address))
}

/// What a list of checksums says of the file with this name, behind a link to this address.
#[wasm_bindgen(js_name = listChecksums)]
pub fn list_checksums(
    text: &str,
    list: &str,
    address: &str,
    name: &str,
) -> Result<ClaimsJs, JsError> {
    let linked = checksum::file_name(address);
    plain(&checksum::from_list(text, list, &[&linked, name]))
}

/// What an address and a name tell before there are bytes; either may be empty. `protected` are domains
/// of one's own; what is no domain is passed over.
#[wasm_bindgen]
pub fn notice(url: &str, name: &str, protected: Option<Vec<String>>) -> Result<ToldJs, JsError> {
    let own = protected.unwrap_or_default();
    plain(&inspect::before_bytes(url, name, &own))
}

/// What a text points at: a `Pointed` of quorum-core, at most so many things.
#[cfg(feature = "extension")]
#[wasm_bindgen(js_name = pointedAt)]
pub fn pointed_at(text: &str, limit: usize) -> Result<JsValue, JsError> {
    plain(&pointed::pointed(text, limit))
}

/// What an address tells by itself and by how it stood where it was pointed at: an `About` of
/// quorum-core. `protected` as in [`notice`].
#[cfg(feature = "extension")]
#[wasm_bindgen(js_name = aboutAddress)]
pub fn about_address(
    address: &str,
    written: &str,
    link_text: &str,
    protected: Option<Vec<String>>,
) -> Result<JsValue, JsError> {
    let written = Written {
        address: written.to_owned(),
        link_text: link_text.to_owned(),
    };
    let own = protected.unwrap_or_default();
    plain(&pointed::about(address, &written, &own))
}

/// Looks at a file while it streams by: address, name, content, members of archives.
#[wasm_bindgen]
pub struct Inspector {
    inner: Option<inspect::Inspector>,
}

#[wasm_bindgen]
impl Inspector {
    /// An inspector for what comes from this address and is to have this name; `protected` as in
    /// [`notice`].
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, name: &str, protected: Option<Vec<String>>) -> Self {
        let own = protected.unwrap_or_default();
        Self {
            inner: Some(inspect::Inspector::new(url, name, &own)),
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Some(inner) = &mut self.inner {
            inner.push(bytes);
        }
    }

    /// The file has ended: what was found. There is nothing more to be had from it afterwards.
    pub fn finish(&mut self) -> Result<InspectionJs, JsError> {
        let inner = self
            .inner
            .take()
            .ok_or_else(|| JsError::new("the inspector has finished"))?;
        plain(&inner.finish())
    }
}
