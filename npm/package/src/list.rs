//! Local lists: compact sets of hash prefixes of addresses or files.

use js_sys::{Array, Date, Object, Uint8Array};
use quorum_core::blocklist::{self, Builder, Digest, Kind, Match, OwnedBlocklist, Version};
use quorum_core::digest::Digests;
use quorum_core::safe_browsing::SafeUrl;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::bytes::DigestsJs;
use crate::plain;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "ListKind")]
    /// What the entries are.
    pub type ListKindJs;
    #[wasm_bindgen(typescript_type = "ListHeader")]
    /// What the header says.
    pub type HeaderJs;
    #[wasm_bindgen(typescript_type = "ListMatch | undefined")]
    /// An entry, or none.
    pub type MatchJs;
    #[wasm_bindgen(typescript_type = "ListUrlMatch[]")]
    /// Expressions that were found.
    pub type UrlMatchesJs;

    #[wasm_bindgen(typescript_type = "ListVersion")]
    /// Which version is made.
    pub type VersionJs;
    #[wasm_bindgen(method, getter)]
    fn name(this: &VersionJs) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn sequence(this: &VersionJs) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn token(this: &VersionJs) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = createdAt)]
    fn created_at(this: &VersionJs) -> JsValue;

    /// An entry that was found, and for an address by what. Written field by field: whoever looks up much
    /// would otherwise wait for serde to spell the names of the fields each time.
    #[wasm_bindgen(extends = Object)]
    type Found;
    #[wasm_bindgen(method, setter)]
    fn set_expression(this: &Found, expression: &str);
    #[wasm_bindgen(method, setter)]
    fn set_sha256(this: &Found, hex: &str);
    #[wasm_bindgen(method, setter, js_name = prefixBits)]
    fn set_prefix_bits(this: &Found, bits: u8);
    #[wasm_bindgen(method, setter)]
    fn set_index(this: &Found, index: u32);
}

/// All kinds with their names.
const KINDS: [(&str, Kind); 7] = [
    ("url", Kind::Url),
    ("good_file_sha256", Kind::GoodFile(Digest::Sha256)),
    ("good_file_sha1", Kind::GoodFile(Digest::Sha1)),
    ("good_file_md5", Kind::GoodFile(Digest::Md5)),
    ("bad_file_sha256", Kind::BadFile(Digest::Sha256)),
    ("bad_file_sha1", Kind::BadFile(Digest::Sha1)),
    ("bad_file_md5", Kind::BadFile(Digest::Md5)),
];

/// A whole number that JavaScript holds exactly.
fn whole(value: Option<f64>, what: &str) -> Result<u64, JsError> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    match value {
        Some(number) if number.fract() == 0.0 && (0.0..=MOST).contains(&number) => {
            Ok(number as u64)
        }
        _ => Err(JsError::new(&format!("{what} is no whole number"))),
    }
}

/// Gathers entries in any order and makes a list's bytes of them: the same entries and the same version
/// give the same bytes.
#[wasm_bindgen]
pub struct BlocklistBuilder {
    inner: Builder,
}

#[wasm_bindgen]
impl BlocklistBuilder {
    /// A list without entries, whose prefixes have 4 (the default) to 8 bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: ListKindJs, prefix_bytes: Option<u8>) -> Result<Self, JsError> {
        let name = JsValue::from(kind).as_string().unwrap_or_default();
        let kind = KINDS.iter().find(|(known, _)| *known == name);
        let (_, kind) = kind.ok_or_else(|| JsError::new("no kind of list has this name"))?;
        Ok(Self {
            inner: Builder::new(*kind, prefix_bytes.unwrap_or(4))?,
        })
    }

    /// Adds a digest, of which as many bytes as a prefix has are enough.
    #[wasm_bindgen(js_name = addDigest)]
    pub fn add_digest(&mut self, digest: &[u8]) -> Result<(), JsError> {
        self.inner.add(digest)?;
        Ok(())
    }

    /// Adds a Safe Browsing expression: `host/` for all of a host, or `host/path`. The first of
    /// `listedUrl(…).expressions` names one address alone.
    #[wasm_bindgen(js_name = addExpression)]
    pub fn add_expression(&mut self, expression: &str) {
        self.inner.add_expression(expression);
    }

    /// The list's bytes. The builder stays as it is.
    pub fn build(&self, version: &VersionJs) -> Result<Vec<u8>, JsError> {
        if !version.is_object() {
            return Err(JsError::new("the version is no object"));
        }
        let name = version.name().as_string();
        let name = name.ok_or_else(|| JsError::new("the version has no name"))?;
        let token = version.token();
        let token = match token.is_undefined() {
            true => Vec::new(),
            false => token
                .dyn_ref::<Uint8Array>()
                .ok_or_else(|| JsError::new("the token is no Uint8Array"))?
                .to_vec(),
        };
        let created_at = version.created_at();
        let created_at = created_at.dyn_ref::<Date>().map(Date::get_time);
        let version = Version {
            sequence: whole(version.sequence().as_f64(), "the sequence")?,
            token: &token,
        };
        let created_at = whole(created_at, "the time at which it was made")?;
        Ok(self.inner.clone().build(&name, version, created_at)?)
    }
}

impl From<Match> for Found {
    fn from(entry: Match) -> Self {
        let found: Self = Object::new().unchecked_into();
        found.set_prefix_bits(entry.prefix_bits);
        found.set_index(entry.index);
        found
    }
}

fn found(entry: Option<Match>) -> MatchJs {
    let found = entry.map(|entry| Found::from(entry).into());
    found.unwrap_or(JsValue::UNDEFINED).unchecked_into()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeaderWire<'a> {
    kind: &'static str,
    prefix_bytes: u8,
    name: &'a str,
    entries: u32,
}

/// A local list of hash prefixes, verified when it is opened. What is found is a hint and no proof: a
/// prefix is the beginning of a hash.
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

    /// What the header says.
    #[wasm_bindgen(getter)]
    pub fn header(&self) -> Result<HeaderJs, JsError> {
        let header = self.inner.list().header();
        let kind = KINDS.iter().find(|(_, kind)| *kind == header.kind);
        let wire: JsValue = plain(&HeaderWire {
            kind: kind.map_or("", |(name, _)| name),
            prefix_bytes: header.prefix_bytes,
            name: header.name,
            entries: header.entries,
        })?;
        let created_at = Date::new(&(header.created_at as f64).into());
        let sequence = JsValue::from(header.version.sequence as f64);
        let token = Uint8Array::from(header.version.token);
        for (name, value) in [
            ("sequence", sequence),
            ("token", token.into()),
            ("createdAt", created_at.into()),
        ] {
            js_sys::Reflect::set(&wire, &name.into(), &value)
                .map_err(|_| JsError::new("an object that cannot be written"))?;
        }
        Ok(wire.unchecked_into())
    }

    /// The SHA-256 that names this very file, 32 bytes.
    #[wasm_bindgen(getter)]
    pub fn checksum(&self) -> Vec<u8> {
        self.inner.list().checksum().to_vec()
    }

    /// The probability that something which is not on the list matches by chance, for each hash asked.
    #[wasm_bindgen(getter, js_name = falsePositiveRate)]
    pub fn false_positive_rate(&self) -> f64 {
        self.inner.list().false_positive_rate()
    }

    /// Those of an address's expressions that are listed, the most exact one first; nothing for what has
    /// no host.
    #[wasm_bindgen(js_name = lookupUrl)]
    pub fn lookup_url(&self, url: &str) -> UrlMatchesJs {
        let matches = Array::<JsValue>::new();
        if let Ok(safe) = SafeUrl::parse(url.as_bytes()) {
            for one in self.inner.list().lookup_url(&safe) {
                let found = Found::from(one.found);
                found.set_expression(&one.expression.to_string());
                found.set_sha256(&one.hash.to_string());
                matches.push(&found);
            }
        }
        matches.unchecked_into()
    }

    /// Finds a Safe Browsing expression.
    #[wasm_bindgen(js_name = lookupExpression)]
    pub fn lookup_expression(&self, expression: &str) -> MatchJs {
        found(self.inner.list().lookup_expression(expression))
    }

    /// Finds a digest, of which as many bytes as a prefix has are enough.
    #[wasm_bindgen(js_name = lookupDigest)]
    pub fn lookup_digest(&self, digest: &[u8]) -> MatchJs {
        found(self.inner.list().lookup(digest))
    }

    /// Finds a file by that one of its digests which the list is made of.
    #[wasm_bindgen(js_name = lookupFile)]
    pub fn lookup_file(&self, digests: DigestsJs) -> Result<MatchJs, JsError> {
        let digests: Digests = serde_wasm_bindgen::from_value(digests.into())?;
        Ok(found(self.inner.list().lookup_file(&digests)))
    }

    /// The update that leads from this version to another one, newer or older.
    pub fn diff(&self, other: &Blocklist) -> Result<Vec<u8>, JsError> {
        Ok(blocklist::diff(&self.inner.list(), &other.inner.list())?)
    }

    /// The bytes of the version that an update makes of this one, which stays as it is.
    pub fn apply(&self, update: &[u8]) -> Result<Vec<u8>, JsError> {
        Ok(blocklist::apply(&self.inner.list(), update)?)
    }
}
