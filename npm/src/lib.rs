//! `@quorum/core`: quorum-core for JavaScript, in Node.js and in browsers.
//!
//! Values cross as plain objects, whose types stand in `TYPES`. Offsets are UTF-16 code units where
//! a string was given, and bytes where bytes were.
#![forbid(unsafe_code)]

use std::fmt::Write;

use quorum_core::blocklist::OwnedBlocklist;
use quorum_core::checksum;
use quorum_core::deception::{self, Protected};
use quorum_core::digest::{self, fuzzy};
use quorum_core::indicator::{Domain, Indicator};
use quorum_core::inspect;
use quorum_core::observable::{Kind, Observable};
use quorum_core::pointed::{self, Written};
use quorum_core::safe_browsing::SafeUrl;
use quorum_core::suffix;
use quorum_core::text::{self, DefangStyle, Found, Hit, Options, Strictness};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What sort of thing an observable is: url, domain, ipv4, sha256, … */
export type Kind = string;

export interface Observable {
  kind: Kind;
  /** The canonical text. */
  value: string;
  /** The id under which the API v3 keeps it, if it keeps such things. */
  id?: string;
}

export interface Hit {
  kind: Kind;
  value: string;
  /** As it stands in the text. */
  written: string;
  /** Where it stands: UTF-16 code units for a string, bytes for bytes. */
  start: number;
  end: number;
  /** What it contains: an address's host, a mailbox's domain. */
  inside: Hit[];
}

export interface ExtractOptions {
  /** Takes names that read like files, versions or code, too. */
  lenient?: boolean;
  /** These kinds only. */
  kinds?: Kind[];
}

export interface Digests { md5: string; sha1: string; sha256: string; size: number }
export interface Similarity { ssdeep: string; tlsh: string | null }
export interface FileType { tag: string; description: string; extension: string; tags: string[] }
/** What was noticed. `kind` names it; what else it has depends on that. */
export interface Finding { severity: "notice" | "warning"; kind: string; message: string; [fact: string]: unknown }
/** What was noticed, as the name of a sentence and what stands in it. */
export interface Told { severity: "notice" | "warning"; what: string; parts: ({ text: string } | { word: string } | { count: number })[] }
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
export interface ListedUrl { canonical: string; expressions: { expression: string; sha256: string }[] }
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "ExtractOptions | undefined")]
    /// What to look for.
    pub type ExtractOptionsJs;
    #[wasm_bindgen(typescript_type = "Hit[]")]
    /// Hits, in the order of the text.
    pub type HitsJs;
    #[wasm_bindgen(typescript_type = "Observable | undefined")]
    /// An observable.
    pub type ObservableJs;
    #[wasm_bindgen(typescript_type = "Digests")]
    /// Three digests and a size.
    pub type DigestsJs;
    #[wasm_bindgen(typescript_type = "Similarity")]
    /// Similarity digests.
    pub type SimilarityJs;
    #[wasm_bindgen(typescript_type = "FileType")]
    /// A file type.
    pub type FileTypeJs;
    #[wasm_bindgen(typescript_type = "Finding[]")]
    /// What was noticed.
    pub type FindingsJs;
    #[wasm_bindgen(typescript_type = "Told[]")]
    /// What was noticed, in sentences.
    pub type ToldJs;
    #[wasm_bindgen(typescript_type = "Inspection")]
    /// What was found.
    pub type InspectionJs;
    #[wasm_bindgen(typescript_type = "ListedUrl | undefined")]
    /// An address as lists know it.
    pub type ListedUrlJs;
}

/// Plain objects and arrays, numbers as numbers.
fn plain(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsError::from)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OptionsWire {
    lenient: bool,
    kinds: Vec<Kind>,
}

impl OptionsWire {
    fn read(options: ExtractOptionsJs) -> Result<Options, JsError> {
        let options: JsValue = options.into();
        let wire: Self = if options.is_undefined() || options.is_null() {
            Self::default()
        } else {
            serde_wasm_bindgen::from_value(options)?
        };
        Ok(Options {
            strictness: if wire.lenient {
                Strictness::Lenient
            } else {
                Strictness::Strict
            },
            kinds: wire.kinds,
        })
    }
}

#[wasm_bindgen(raw_module = "./hits.js")]
extern "C" {
    /// Makes the objects.
    #[wasm_bindgen(js_name = hits)]
    fn hits_js(kinds: &str, numbers: &[u32], strings: &str) -> HitsJs;
}

/// Hits on their way to JavaScript, which makes the objects of them (`hits.js`).
struct Flat {
    /// Offsets count UTF-16 code units, not bytes.
    utf16: bool,
    /// For a list of hits: how many they are; then for each its kind's place in [`Kind::ALL`], its
    /// start and end, where in `strings` its value ends, where what is written ends (nothing is
    /// there if that is the value), and the list of what it contains.
    numbers: Vec<u32>,
    strings: String,
    /// The length of `strings` in UTF-16 code units.
    units: u32,
}

impl Flat {
    fn objects(utf16: bool, hits: &[Hit]) -> HitsJs {
        let mut flat = Self {
            utf16,
            numbers: Vec::new(),
            strings: String::new(),
            units: 0,
        };
        flat.list(hits);
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        hits_js(&kinds.join(" "), &flat.numbers, &flat.strings)
    }

    fn list(&mut self, hits: &[Hit]) {
        self.numbers.push(hits.len() as u32);
        for hit in hits {
            let place = if self.utf16 { &hit.utf16 } else { &hit.span };
            let kind = hit.observable.kind() as u32;
            self.numbers
                .extend([kind, place.start as u32, place.end as u32]);
            let start = self.strings.len();
            // Writing to a string cannot fail.
            let _ = write!(self.strings, "{}", hit.observable);
            let end = self.strings.len();
            self.end_string(start);
            if self.strings[start..] != hit.written {
                self.strings.push_str(&hit.written);
            }
            self.end_string(end);
            self.list(&hit.inside);
        }
    }

    /// Notes that a string ends here.
    fn end_string(&mut self, start: usize) {
        let string = &self.strings[start..];
        self.units += if string.is_ascii() {
            string.len() as u32
        } else {
            string.encode_utf16().count() as u32
        };
        self.numbers.push(self.units);
    }
}

/// Finds the observables of a text, in their order.
#[wasm_bindgen]
pub fn extract(text: &str, options: ExtractOptionsJs) -> Result<HitsJs, JsError> {
    let hits = text::extract(text, &OptionsWire::read(options)?);
    Ok(Flat::objects(true, &hits))
}

/// Finds the observables of a text that comes in pieces, which may be cut anywhere.
#[wasm_bindgen]
pub struct Extractor {
    inner: Option<text::Extractor>,
}

#[wasm_bindgen]
impl Extractor {
    /// An extractor that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(options: ExtractOptionsJs) -> Result<Self, JsError> {
        Ok(Self {
            inner: Some(text::Extractor::new(OptionsWire::read(options)?)),
        })
    }

    /// Adds the next bytes of the text; returns the hits that are certain by now.
    pub fn push(&mut self, bytes: &[u8]) -> Result<HitsJs, JsError> {
        let mut hits = Vec::new();
        let inner = self.inner.as_mut().ok_or_else(finished)?;
        inner.push(bytes, &mut |found| keep(found, &mut hits));
        Ok(Flat::objects(false, &hits))
    }

    /// Ends the text; returns the rest of the hits.
    pub fn finish(&mut self) -> Result<HitsJs, JsError> {
        let mut hits = Vec::new();
        let inner = self.inner.take().ok_or_else(finished)?;
        inner.finish(&mut |found| keep(found, &mut hits));
        Ok(Flat::objects(false, &hits))
    }
}

fn keep(found: Found, hits: &mut Vec<Hit>) {
    if let Found::Hit(hit) = found {
        hits.push(hit);
    }
}

fn finished() -> JsError {
    JsError::new("finish() was called before")
}

/// Undoes the spellings that keep an observable from being clicked.
#[wasm_bindgen]
pub fn refang(text: &str) -> String {
    text::refang(text).into_owned()
}

/// Spells an observable so that nobody clicks it: `brackets` (the default), `parentheses`, `words`.
#[wasm_bindgen]
pub fn defang(kind: &str, value: &str, style: Option<String>) -> Result<String, JsError> {
    let observable = Observable::parse_as(kind.parse::<Kind>()?, value)?;
    let style = match style.as_deref() {
        None | Some("brackets") => DefangStyle::Brackets,
        Some("parentheses") => DefangStyle::Parentheses,
        Some("words") => DefangStyle::Words,
        Some(other) => return Err(JsError::new(&format!("no style {other:?}"))),
    };
    Ok(text::defang(&observable, style))
}

#[derive(Serialize)]
struct ObservableWire {
    kind: Kind,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Reads what a person typed or dropped as what a backend has reports on: a file's hash, a web
/// address, a domain name, an IP address.
#[wasm_bindgen]
pub fn read(text: &str) -> Result<ObservableJs, JsError> {
    let Ok(indicator) = Indicator::read(text) else {
        return Ok(JsValue::UNDEFINED.unchecked_into());
    };
    let observable = Observable::from(indicator);
    let wire = ObservableWire {
        kind: observable.kind(),
        value: observable.to_string(),
        id: observable.id(),
    };
    Ok(plain(&wire)?.unchecked_into())
}

/// The indicators of a text (what a backend has reports on), each once, in their order, at most so
/// many, as text that [`read`] reads.
#[wasm_bindgen]
pub fn indicators(text: &str, limit: usize) -> Vec<String> {
    let found = text::indicators(text, limit);
    found.iter().map(Indicator::to_string).collect()
}

#[derive(Serialize)]
struct ListedWire {
    canonical: String,
    expressions: Vec<ExpressionWire>,
}

#[derive(Serialize)]
struct ExpressionWire {
    expression: String,
    sha256: String,
}

/// The Safe Browsing form of an address, and the expressions under which lists name it.
#[wasm_bindgen(js_name = listedUrl)]
pub fn listed_url(url: &str) -> Result<ListedUrlJs, JsError> {
    let Ok(safe) = SafeUrl::parse(url.as_bytes()) else {
        return Ok(JsValue::UNDEFINED.unchecked_into());
    };
    let expressions = safe.expressions().map(|expression| ExpressionWire {
        expression: expression.to_string(),
        sha256: expression.hash().to_string(),
    });
    let wire = ListedWire {
        canonical: safe.as_str().to_owned(),
        expressions: expressions.collect(),
    };
    Ok(plain(&wire)?.unchecked_into())
}

/// The name below which anybody can register, and one label more: `example.co.uk`.
#[wasm_bindgen(js_name = registrableDomain)]
pub fn registrable_domain(host: &str) -> Option<String> {
    suffix::registrable_domain(host).map(str::to_owned)
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
        Ok(plain(&self.inner.clone().finish())?.unchecked_into())
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
        Ok(plain(&self.inner.clone().finish())?.unchecked_into())
    }
}

/// The type of a file by its first bytes.
#[wasm_bindgen(js_name = fileType)]
pub fn file_type(head: &[u8]) -> Result<FileTypeJs, JsError> {
    Ok(plain(&digest::file_type(head))?.unchecked_into())
}

/// A local list of hash prefixes, verified when it is opened.
#[wasm_bindgen]
pub struct Blocklist {
    inner: OwnedBlocklist,
}

#[wasm_bindgen]
impl Blocklist {
    /// Opens a list; a damaged one is refused with the reason.
    pub fn open(bytes: Vec<u8>) -> Result<Blocklist, JsError> {
        Ok(Self {
            inner: OwnedBlocklist::open(bytes)?,
        })
    }

    /// The expression (`host/path`) under which an address is listed, if it is. A list holds the
    /// beginnings of hashes: a hit is to be confirmed where that matters.
    #[wasm_bindgen(js_name = lookupUrl)]
    pub fn lookup_url(&self, url: &str) -> Option<String> {
        let safe = SafeUrl::parse(url.as_bytes()).ok()?;
        let found = self.inner.list().lookup_url(&safe).next()?;
        Some(found.expression.to_string())
    }
}

#[derive(Serialize)]
struct FindingWire<'a> {
    severity: deception::Severity,
    message: String,
    #[serde(flatten)]
    reason: &'a deception::Reason,
}

fn findings(found: &[deception::Finding]) -> Result<FindingsJs, JsError> {
    let wire: Vec<_> = found
        .iter()
        .map(|finding| FindingWire {
            severity: finding.severity,
            message: finding.to_string(),
            reason: &finding.reason,
        })
        .collect();
    Ok(plain(&wire)?.unchecked_into())
}

/// What about an address is made to deceive; `protected` are domains of one's own that others may
/// imitate, besides those that are well known. Throws where one of these is no domain.
#[wasm_bindgen(js_name = checkUrl)]
pub fn check_url(url: &str, protected: Option<Vec<String>>) -> Result<FindingsJs, JsError> {
    findings(&deception::check_url(url, &list(protected)?))
}

fn list(own: Option<Vec<String>>) -> Result<Protected, JsError> {
    let mut list = Protected::well_known();
    for own in own.unwrap_or_default() {
        list.extend([own.parse::<Domain>()?]);
    }
    Ok(list)
}

/// What about a link is made to deceive: its text against where it leads; `protected` as in
/// `checkUrl`.
#[wasm_bindgen(js_name = checkLink)]
pub fn check_link(
    text: &str,
    target: &str,
    protected: Option<Vec<String>>,
) -> Result<FindingsJs, JsError> {
    findings(&deception::check_link(text, target, &list(protected)?))
}

/// What about a file's name is made to deceive.
#[wasm_bindgen(js_name = checkFileName)]
pub fn check_file_name(name: &str) -> Result<FindingsJs, JsError> {
    findings(&deception::check_file_name(name))
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
pub fn header_checksums(headers: JsValue) -> Result<JsValue, JsError> {
    let headers: Vec<(String, String)> = serde_wasm_bindgen::from_value(headers)?;
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    plain(&checksum::from_headers(headers))
}

/// What a page says of the file that its link leads to, and which lists may have it.
#[wasm_bindgen(js_name = pageChecksums)]
pub fn page_checksums(page: JsValue, address: &str) -> Result<JsValue, JsError> {
    plain(&checksum::from_page(
        &serde_wasm_bindgen::from_value(page)?,
        address,
    ))
}

/// What a list of checksums says of the file with this name, behind a link to this address.
#[wasm_bindgen(js_name = listChecksums)]
pub fn list_checksums(
    text: &str,
    list: &str,
    address: &str,
    name: &str,
) -> Result<JsValue, JsError> {
    let linked = checksum::file_name(address);
    plain(&checksum::from_list(text, list, &[&linked, name]))
}

/// What an address and a name tell before there are bytes; either may be empty. `protected` are domains
/// of one's own; what is no domain is passed over.
#[wasm_bindgen]
pub fn notice(url: &str, name: &str, protected: Option<Vec<String>>) -> Result<ToldJs, JsError> {
    let own = protected.unwrap_or_default();
    Ok(plain(&inspect::before_bytes(url, name, &own))?.unchecked_into())
}

/// What a text points at: a `Pointed` of quorum-core, at most so many things.
#[wasm_bindgen(js_name = pointedAt)]
pub fn pointed_at(text: &str, limit: usize) -> Result<JsValue, JsError> {
    plain(&pointed::pointed(text, limit))
}

/// What an address tells by itself and by how it stood where it was pointed at: an `About` of
/// quorum-core. `protected` as in [`notice`].
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
        Ok(plain(&inner.finish())?.unchecked_into())
    }
}
