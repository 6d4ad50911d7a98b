//! The labelled texts of `tests/bench/texts`: everything that is labelled is found, and nothing else.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use quorum_core::text::extract;

/// The text without its labels, and the labels as `(kind, value, written)`.
fn labelled(source: &str) -> (String, Vec<(String, String, String)>) {
    let (mut text, mut labels) = (String::new(), Vec::new());
    let mut parts = source.split('⟦');
    text.push_str(parts.next().unwrap());
    for part in parts {
        let (label, rest) = part.split_once('⟧').unwrap();
        let fields: Vec<_> = label.split('|').collect();
        let written = *fields.last().unwrap();
        labels.push((
            fields[0].to_owned(),
            fields[1].to_owned(),
            written.to_owned(),
        ));
        text.push_str(written);
        text.push_str(rest);
    }
    (text, labels)
}

#[test]
fn labelled_texts_are_read_as_labelled() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/texts");
    let mut problems = Vec::new();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        files += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (text, mut expected) = labelled(&std::fs::read_to_string(&path).unwrap());
        for hit in extract(&text, &Default::default()) {
            assert_eq!(&text[hit.span.clone()], hit.written, "{name}");
            let got = (
                hit.observable.kind().to_string(),
                hit.observable.to_string(),
                hit.written,
            );
            match expected.iter().position(|label| *label == got) {
                Some(at) => drop(expected.remove(at)),
                None => problems.push(format!("{name}: found {got:?}")),
            }
        }
        problems.extend(
            expected
                .iter()
                .map(|label| format!("{name}: missed {label:?}")),
        );
    }
    assert!(files > 10, "the texts are missing");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
