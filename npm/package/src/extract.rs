//! Observables in running text.

use std::fmt::Write;

use js_sys::JsString;
use quorum_core::observable::{Kind, Observable};
use quorum_core::text::{self, DefangStyle, Found, Hit, Options, Reason, Strictness};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{options, plain};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "string")]
    /// A text.
    pub type TextJs;
    #[wasm_bindgen(typescript_type = "ExtractOptions")]
    /// What to look for.
    pub type ExtractOptionsJs;
    #[wasm_bindgen(typescript_type = "Hit[]")]
    /// Hits, in the order of the text.
    pub type HitsJs;
    #[wasm_bindgen(typescript_type = "LeftOut[]")]
    /// What was left out, in the order of the text.
    pub type LeftOutJs;
    #[wasm_bindgen(typescript_type = "Kind")]
    /// A kind's name.
    pub type KindJs;
    #[wasm_bindgen(typescript_type = "DefangStyle")]
    /// A style's name.
    pub type StyleJs;
}

#[wasm_bindgen(raw_module = "./hits.js")]
extern "C" {
    /// Makes the objects.
    #[wasm_bindgen(js_name = hits)]
    fn hits_js(kinds: &str, numbers: &[u32], strings: &str) -> HitsJs;

    /// Writes a text as UTF-8, from this code unit on; how many code units and bytes that were.
    fn encode(text: &JsString, from: u32, into: &mut [u8], done: &mut [u32]);
}

/// The UTF-8 of a text. The encoder of the browser writes it where it is to be: to go over a long text unit
/// by unit first, as wasm-bindgen does for ASCII, takes as long as to read it.
fn utf8(text: TextJs) -> Result<Vec<u8>, JsError> {
    let text: JsString = JsValue::from(text)
        .dyn_into()
        .map_err(|_| JsError::new("the text is not a string"))?;
    let units = text.length();
    if units < SHORT {
        return Ok(String::from(text).into_bytes());
    }
    // Nearly all texts fit. A code unit is 3 bytes at most, so that the second time all do.
    let mut bytes = vec![0; (units + units / 8) as usize];
    let (mut read, mut written) = (0, 0);
    while read < units {
        let mut done = [0; 2];
        encode(&text, read, &mut bytes[written..], &mut done);
        read += done[0];
        written += done[1] as usize;
        bytes.resize(written + 3 * (units - read) as usize, 0);
    }
    Ok(bytes)
}

/// Texts of fewer code units are handed over as wasm-bindgen does it.
const SHORT: u32 = 512;

#[derive(Default, Deserialize)]
#[serde(default)]
struct OptionsWire {
    lenient: bool,
    kinds: Vec<Kind>,
}

fn extract_options(wire: Option<ExtractOptionsJs>) -> Result<Options, JsError> {
    let wire: OptionsWire = options(wire)?;
    Ok(Options {
        strictness: if wire.lenient {
            Strictness::Lenient
        } else {
            Strictness::Strict
        },
        kinds: wire.kinds,
    })
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
pub fn extract(text: TextJs, options: Option<ExtractOptionsJs>) -> Result<HitsJs, JsError> {
    let options = extract_options(options)?;
    Ok(Flat::objects(
        true,
        &text::extract_bytes(&utf8(text)?, &options),
    ))
}

#[derive(Serialize)]
struct LeftOutWire {
    written: String,
    start: usize,
    end: usize,
    reason: Reason,
}

/// What in a text looked like an observable and was left out, in the order of the text, and why.
#[wasm_bindgen(js_name = leftOut)]
pub fn left_out(text: TextJs, options: Option<ExtractOptionsJs>) -> Result<LeftOutJs, JsError> {
    let mut wire = Vec::new();
    let mut take = |found| {
        if let Found::LeftOut(left_out) = found {
            wire.push(LeftOutWire {
                written: left_out.written,
                start: left_out.utf16.start,
                end: left_out.utf16.end,
                reason: left_out.reason,
            });
        }
    };
    let mut extractor = text::Extractor::new(extract_options(options)?);
    extractor.push(&utf8(text)?, &mut take);
    extractor.finish(&mut take);
    plain(&wire)
}

/// Finds the observables of a text that comes in pieces of UTF-8, which may be cut anywhere.
#[wasm_bindgen]
pub struct Extractor {
    inner: Option<text::Extractor>,
}

#[wasm_bindgen]
impl Extractor {
    /// An extractor that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<ExtractOptionsJs>) -> Result<Self, JsError> {
        Ok(Self {
            inner: Some(text::Extractor::new(extract_options(options)?)),
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

/// A kind by its name.
pub(crate) fn kind(name: KindJs) -> Result<Kind, JsError> {
    let name = JsValue::from(name).as_string().unwrap_or_default();
    Ok(name.parse()?)
}

/// Spells an observable so that nobody clicks it: `brackets` (the default), `parentheses`, `words`.
#[wasm_bindgen]
pub fn defang(kind: KindJs, value: &str, style: Option<StyleJs>) -> Result<String, JsError> {
    let observable = Observable::parse_as(self::kind(kind)?, value)?;
    let style = match style.map(JsValue::from) {
        None => DefangStyle::Brackets,
        Some(name) => match name.as_string().as_deref() {
            Some("brackets") => DefangStyle::Brackets,
            Some("parentheses") => DefangStyle::Parentheses,
            Some("words") => DefangStyle::Words,
            other => return Err(JsError::new(&format!("no style {other:?}"))),
        },
    };
    Ok(text::defang(&observable, style))
}
