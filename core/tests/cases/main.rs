//! Runs the behaviour data in `tests/cases`, natively and (by wasm-bindgen-test) in WebAssembly.
//!
//! A file is one subject: `{"about": …, "cases": [{"in": …, "out": …}, …]}`. A new case needs no
//! code. A failing file reports all its failing cases at once. A module here is one area's subjects.
#![allow(clippy::unwrap_used)]

mod addresses;
mod api;
mod archives;
mod blocklists;
mod bytes;
mod deception;
mod files;
mod fuzzy;
mod harness;
mod indicators;
mod observables;
mod text;

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file_of_cases_is_run() {
    let subjects = [
        addresses::SUBJECTS,
        api::SUBJECTS,
        archives::SUBJECTS,
        blocklists::SUBJECTS,
        bytes::SUBJECTS,
        deception::SUBJECTS,
        files::SUBJECTS,
        fuzzy::SUBJECTS,
        indicators::SUBJECTS,
        observables::SUBJECTS,
        text::SUBJECTS,
    ]
    .concat();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.ends_with(".json") || subjects.contains(&name.as_str()),
            "tests/cases/{name} has no subject in core/tests/cases"
        );
    }
}
