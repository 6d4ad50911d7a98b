//! Running text: refang, defang, extract.

use quorum_core::indicator::Indicator;
use quorum_core::observable::Observable;
use quorum_core::text::{
    self, DefangStyle, Extractor, Found, MAX_EXTRACTED, Options, Strictness, indicators,
};
use serde_json::{Value, json};

use crate::harness::{bytes, string, subjects};

/// `[kind, value, written]` of every hit, and `[reason, written]` of what was left out.
fn found(text: &str, strictness: Strictness) -> Value {
    let mut all = Vec::new();
    let mut extractor = Extractor::new(Options {
        strictness,
        ..Options::default()
    });
    let mut take = |one| all.push(one);
    extractor.push(text.as_bytes(), &mut take);
    extractor.finish(&mut take);
    let told = all.iter().map(|one| match one {
        Found::Hit(hit) => json!([
            hit.observable.kind(),
            hit.observable.to_string(),
            hit.written
        ]),
        Found::LeftOut(left_out) => json!([left_out.reason, left_out.written]),
    });
    told.collect()
}

subjects! {
    refang: |input| json!(text::refang(string(input)));
    defang: |input| {
        let observable = Observable::from(string(input).parse::<Indicator>().unwrap());
        json!(text::defang(&observable, DefangStyle::Brackets))
    };
    extract: |input| json!(indicators(string(input), MAX_EXTRACTED));
    observables_in_text: |input| found(string(input), Strictness::Strict);
    observables_in_text_lenient: |input| found(string(input), Strictness::Lenient);
    observable_values: |input| {
        let hits = text::extract_bytes(&bytes(input), &Options::default());
        hits.iter().map(|hit| json!(format!("{} {}", hit.observable.kind(), hit.observable))).collect()
    };
    spans: |input| {
        let hits = text::extract(string(input), &Options::default());
        let spans = hits.iter().map(|hit| {
            let inside = hit.inside.iter().map(|hit| [hit.span.start, hit.span.end, hit.utf16.start, hit.utf16.end]);
            json!([hit.span.start, hit.span.end, hit.utf16.start, hit.utf16.end, inside.collect::<Vec<_>>()])
        });
        spans.collect()
    };
}
