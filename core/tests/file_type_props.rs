//! Any bytes have a type and any name a check, whatever stands where offsets, lengths and chains
//! are read.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quorum_core::digest::{
    broad_type_of, check_name, content_tags, ending, file_type, file_type_of, runs_when_opened,
};

/// Beginnings behind which a header is read.
const HEADERS: &[&[u8]] = &[
    b"",
    b"MZ",
    b"PK\x03\x04",
    b"PK\x05\x06PK\x01\x02",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x7fELF\x02\x01",
    b"\xca\xfe\xba\xbe",
    b"\xff\xfe",
    b"<?xml ",
    b"<!--",
    b"{\"",
    b"#!",
    b"From ",
    b"From: a\nTo: b\n",
    b"[a]\n",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let random = prop::collection::vec(any::<u8>(), 0..700);
    let text = "[ -~\n\r\t\u{e9}\u{65e5}]{0,300}".prop_map(String::into_bytes);
    // Small numbers make offsets and lengths that point somewhere.
    let small = prop::collection::vec(prop_oneof![Just(0u8), 0..8u8, any::<u8>()], 0..1600);
    (
        prop::sample::select(HEADERS),
        prop_oneof![random, text, small],
    )
        .prop_map(|(header, rest)| [header, &rest].concat())
}

proptest! {
    #[test]
    fn any_bytes_have_a_type(head in bytes(), tail in bytes(), name in any::<String>()) {
        let found = file_type_of(&head, &tail);
        prop_assert_eq!(found.tags.iter().last(), Some(found.tag));
        check_name(&name, &found);
        check_name(&format!("{name}.{}", found.extension), &broad_type_of(&head, &tail));
        content_tags(&head);
        runs_when_opened(&name);
    }

    /// The usual ending of a type always fits it.
    #[test]
    fn the_usual_ending_fits(head in bytes()) {
        let found = file_type(&head);
        if !found.extension.is_empty() {
            let check = check_name(&format!("a.{}", found.extension), &found);
            prop_assert_eq!(check, quorum_core::digest::NameCheck::Fits);
        }
    }

    /// An ending is found again when it is hung on.
    #[test]
    fn endings_come_back(stem in "[a-z]{1,8}", own in "[a-z][a-z0-9]{0,6}", dots in "[. ]{0,4}") {
        let name = format!("{stem}.{own}{dots}");
        prop_assert_eq!(ending(&name), Some(own));
    }
}
