//! `@quorum/core`: quorum-core for JavaScript, in Node.js and in browsers.
//!
//! Values cross as plain objects, whose types stand in `types.d.ts`. Offsets are UTF-16 code units where a
//! string was given, and bytes where bytes were. What is wrong with an argument is thrown as an `Error`.
#![forbid(unsafe_code)]

pub mod address;
pub mod archive;
pub mod bytes;
pub mod extract;
pub mod list;
pub mod observable;

use quorum_core::observable::Kind;
use quorum_npm::plain;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("../types.d.ts");

#[wasm_bindgen(typescript_custom_section)]
const KIND: &str = KIND_TYPE;

/// `Kind` as TypeScript has it: the union of all names.
pub const KIND_TYPE: &str = match std::str::from_utf8(&KIND_BYTES) {
    Ok(text) => text,
    Err(_) => panic!("names are UTF-8"),
};

const KIND_LENGTH: usize = kind_type::<0>().1;
const KIND_BYTES: [u8; KIND_LENGTH] = kind_type().0;

/// As much of it as fits, and its length.
const fn kind_type<const N: usize>() -> ([u8; N], usize) {
    let about = "/** What sort of thing an observable is. */\nexport type Kind =";
    let (mut out, mut length) = append([0; N], 0, about);
    let mut at = 0;
    while at < Kind::ALL.len() {
        (out, length) = append(out, length, "\n  | \"");
        (out, length) = append(out, length, Kind::ALL[at].as_str());
        (out, length) = append(out, length, "\"");
        at += 1;
    }
    append(out, length, ";\n")
}

const fn append<const N: usize>(
    mut out: [u8; N],
    mut length: usize,
    text: &str,
) -> ([u8; N], usize) {
    let mut from = 0;
    while from < text.len() {
        if length < N {
            out[length] = text.as_bytes()[from];
        }
        from += 1;
        length += 1;
    }
    (out, length)
}

/// Objects by way of JSON: numbers that JavaScript cannot hold exactly are rounded, and not refused.
fn rounded<T: JsCast>(value: &impl Serialize) -> Result<T, JsError> {
    let text = serde_json::to_string(value)?;
    let value = js_sys::JSON::parse(&text).map_err(|_| JsError::new("not JSON"))?;
    Ok(value.unchecked_into())
}

/// Reads an object; without one all of its properties are as usual.
fn options<T: DeserializeOwned + Default>(value: Option<impl Into<JsValue>>) -> Result<T, JsError> {
    let Some(value) = value else {
        return Ok(T::default());
    };
    Ok(serde_wasm_bindgen::from_value(value.into())?)
}
