//! Running text: refang, defang, extract.

use quorum_core::observable::{Kind, Observable};
use quorum_core::text::extract::{
    Extractor, Finding, Hit, Options, Strictness, extract_bytes, extract_with,
};
use quorum_core::text::{self, DefangStyle};
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// `kind value`, as cases name a hit.
fn name(observable: &Observable) -> String {
    format!("{} {observable}", observable.kind())
}

fn place(hit: &Hit) -> Value {
    json!({
        "hit": name(&hit.observable),
        "written": hit.written,
        "bytes": [hit.span.start, hit.span.end],
        "utf16": [hit.utf16.start, hit.utf16.end],
        "inside": hit.inside.iter().map(place).collect::<Vec<_>>(),
    })
}

/// A case's text and options: `{"text": …, "lenient": true, "kinds": […]}`, or the text alone.
fn options(input: &Value) -> (Vec<u8>, Options) {
    let text = if input["text"].is_null() {
        input
    } else {
        &input["text"]
    };
    let strictness = match input["lenient"].as_bool() {
        Some(true) => Strictness::Lenient,
        _ => Strictness::Strict,
    };
    let kinds = input["kinds"].as_array().map(|kinds| {
        let kind = |kind: &Value| string(kind).parse::<Kind>().unwrap();
        kinds.iter().map(kind).collect()
    });
    let options = Options {
        strictness,
        kinds,
        left_out: true,
    };
    (bytes(text), options)
}

subjects! {
    refang: |input| json!(text::refang(string(input)));
    defang: |input| {
        let kind = string(&input[0]).parse().unwrap();
        let value = Observable::parse_as(kind, string(&input[1])).unwrap();
        let styles = [DefangStyle::Brackets, DefangStyle::Everywhere, DefangStyle::Words];
        json!(styles.map(|style| text::defang(&value, style)))
    };
    extract: |input| {
        let (text, options) = options(input);
        let mut hits = Vec::new();
        extract_with(&text, options, |finding| {
            if let Finding::Hit(hit) = finding {
                hits.push(name(&hit.observable));
            }
        });
        json!(hits)
    };
    // The place of every hit, and what is inside of it.
    extract_places: |input| json!(extract_bytes(&bytes(input)).iter().map(place).collect::<Vec<_>>());
    // What is left out, and why.
    extract_left_out: |input| {
        let (text, options) = options(input);
        let mut left = Vec::new();
        extract_with(&text, options, |finding| {
            if let Finding::LeftOut(out) = finding {
                left.push(format!("{} {}", out.reason.as_str(), out.written));
            }
        });
        json!(left)
    };
    // A text in the pieces that are given.
    extract_pieces: |input| {
        let mut hits = Vec::new();
        let mut extractor = Extractor::new(Options::default());
        let mut add = |finding| {
            if let Finding::Hit(hit) = finding {
                hits.push(place(&hit));
            }
        };
        for piece in input.as_array().unwrap() {
            extractor.push(&bytes(piece), &mut add);
        }
        extractor.finish(&mut add);
        json!(hits)
    };
    // What a selection in the browser is read as.
    indicators: |input| {
        let (text, limit) = match input {
            Value::String(text) => (text.as_str(), 100),
            input => (string(&input["text"]), input["limit"].as_u64().unwrap() as usize),
        };
        json!(text::indicators(text, limit))
    };
}

/// A bound that no file of cases can hold: the memory's, by way of what is handed out.
#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn a_long_text_is_read_to_its_end() {
    let text = "lorem ipsum dolor sit amet, consectetur ".repeat(50_000) + "hxxp://evil[.]com/x";
    let hits = text::extract(&text);
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].span, text.len() - 19..text.len());
}
