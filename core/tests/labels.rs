//! The labelled texts of `tests/bench/texts`: everything that is labelled is found, and nothing else. Of
//! those in `held-out`, with which the reader is not corrected, as much as was measured.
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

/// What is wrong with how the texts of a folder are read.
struct Reading {
    texts: usize,
    labels: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

impl Reading {
    fn of(folder: &str) -> Self {
        let mut reading = Self {
            texts: 0,
            labels: 0,
            missed: Vec::new(),
            wrong: Vec::new(),
        };
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
            .collect();
        paths.sort();
        for path in paths {
            reading.read(&path);
        }
        reading
    }

    fn read(&mut self, path: &std::path::Path) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (text, mut expected) = labelled(&std::fs::read_to_string(path).unwrap());
        self.texts += 1;
        self.labels += expected.len();
        for hit in extract(&text, &Default::default()) {
            assert_eq!(&text[hit.span.clone()], hit.written, "{name}");
            let got = (
                hit.observable.kind().to_string(),
                hit.observable.to_string(),
                hit.written,
            );
            match expected.iter().position(|label| *label == got) {
                Some(at) => drop(expected.remove(at)),
                None => self.wrong.push(format!("{name}: found {got:?}")),
            }
        }
        let missed = expected.iter();
        self.missed
            .extend(missed.map(|label| format!("{name}: missed {label:?}")));
    }

    fn problems(&self) -> String {
        [&self.wrong[..], &self.missed].concat().join("\n")
    }
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/texts");

#[test]
fn labelled_texts_are_read_as_labelled() {
    let reading = Reading::of(FOLDER);
    assert!(reading.texts > 10, "the texts are missing");
    let problems = reading.problems();
    assert!(problems.is_empty(), "{problems}");
}

/// A reader that is corrected with a text says nothing about others. What these measured stands beside
/// them; better is welcome and has to be written down.
#[test]
fn held_out_texts_are_read_as_well_as_was_measured() {
    let folder = format!("{FOLDER}/held-out");
    let reading = Reading::of(&folder);
    let measured = std::fs::read_to_string(format!("{folder}/measured.json")).unwrap();
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    let now = &measured["now"];
    assert_eq!(
        serde_json::json!({
            "labels": reading.labels,
            "missed": reading.missed.len(),
            "wrong": reading.wrong.len(),
        }),
        *now,
        "{}",
        reading.problems()
    );
}
