//! Files, looked at from all sides.

use quorum_core::inspect::Inspector;
use quorum_core::told::{Part, Told};
use serde_json::json;

use crate::harness::{bytes, string, subjects};

fn sentence(told: &Told) -> String {
    let severity = serde_json::to_value(told.severity).unwrap();
    let first = told.parts.first().map(|part| match part {
        Part::Text(text) | Part::Word(text) => text.clone(),
        Part::Count(count) => count.to_string(),
    });
    let words = [severity.as_str().unwrap(), &told.what].join(" ");
    [words]
        .into_iter()
        .chain(first)
        .collect::<Vec<_>>()
        .join(" ")
}

subjects! {
    inspect: |input| {
        let mut inspector = Inspector::new(string(&input["url"]), string(&input["name"]), &[]);
        // Uneven pieces: where the stream was cut must not matter.
        for piece in bytes(&input["bytes"]).chunks(61) {
            inspector.push(piece);
        }
        let found = inspector.finish();
        json!([
            found.type_tag,
            found.files,
            found.told.iter().map(sentence).collect::<Vec<_>>(),
            found.members.iter().map(|member| &member.path).collect::<Vec<_>>(),
        ])
    };
}
