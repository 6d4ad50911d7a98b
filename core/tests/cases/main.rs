//! Runs the behaviour data in `tests/cases`, natively and (by wasm-bindgen-test) in WebAssembly.
//!
//! A file is one subject: `{"about": …, "cases": [{"in": …, "out": …}, …]}`. A new case needs no
//! code. A failing file reports all its failing cases at once. A module here is one area's subjects.
#![allow(clippy::unwrap_used)]

mod addresses;
mod api;
#[cfg(feature = "archive")]
mod archives;
#[cfg(feature = "blocklist")]
mod blocklists;
mod bytes;
mod checksums;
#[cfg(feature = "deception")]
mod deception;
#[cfg(all(feature = "archive", feature = "deception"))]
mod files;
#[cfg(feature = "fuzzy")]
mod fuzzy;
mod harness;
mod indicators;
#[cfg(all(feature = "archive", feature = "deception", feature = "observables"))]
mod messages;
#[cfg(feature = "observables")]
mod observables;
#[cfg(feature = "observables")]
mod text;

#[cfg(not(target_arch = "wasm32"))]
#[test]
#[cfg_attr(
    not(all(
        feature = "archive",
        feature = "blocklist",
        feature = "deception",
        feature = "fuzzy",
        feature = "observables"
    )),
    ignore = "not every area is compiled"
)]
fn every_file_of_cases_is_run() {
    let subjects = [
        addresses::SUBJECTS,
        api::SUBJECTS,
        #[cfg(feature = "archive")]
        archives::SUBJECTS,
        #[cfg(feature = "blocklist")]
        blocklists::SUBJECTS,
        bytes::SUBJECTS,
        checksums::SUBJECTS,
        #[cfg(feature = "deception")]
        deception::SUBJECTS,
        #[cfg(all(feature = "archive", feature = "deception"))]
        files::SUBJECTS,
        #[cfg(feature = "fuzzy")]
        fuzzy::SUBJECTS,
        indicators::SUBJECTS,
        #[cfg(all(feature = "archive", feature = "deception", feature = "observables"))]
        messages::SUBJECTS,
        #[cfg(feature = "observables")]
        observables::SUBJECTS,
        #[cfg(feature = "observables")]
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
