//! What holds for every text that the deception checks are given.
#![cfg(all(feature = "deception", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use proptest::prelude::*;
use quorum_core::deception::{
    Finding, Protected, Reason, check_file_name, check_host, check_link, check_url, host_both_ways,
    is_bidi_control, is_invisible, show_safely,
};

static WELL_KNOWN: LazyLock<Protected> = LazyLock::new(Protected::well_known);

fn is_safe(text: &str) -> bool {
    !text.contains(|c| is_bidi_control(c) || is_invisible(c))
}

fn assert_tellable(findings: &[Finding]) {
    for finding in findings {
        let text = finding.to_string();
        assert!(!text.is_empty() && is_safe(&text), "{text:?}");
        let json = serde_json::to_string(finding).unwrap();
        assert!(is_safe(&json), "{json:?}");
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), *finding);
    }
}

/// Texts from the pieces that addresses and names are made of, and from any characters at all.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        any::<char>().prop_map(String::from),
        "[a-z0-9.-]{1,12}",
        prop::sample::select(vec![
            "https://",
            "http:",
            "//",
            "\\",
            "@",
            ":",
            ":8080",
            "/",
            "?",
            "#",
            "%2e",
            "%",
            "%e2%80%ae",
            "xn--",
            "xn--80ak6aa92e",
            "paypal",
            "paypa1",
            ".com",
            ".co.uk",
            "www.",
            "-login",
            "0x7f",
            "127.1",
            "[::ffff:1.2.3.4]",
            "javascript:",
            "data:text/html,",
            "file://",
            "\u{202e}",
            "\u{200d}",
            "\u{200b}",
            "\u{ad}",
            "\u{feff}",
            "\u{3164}",
            "\t",
            "\n",
            "\0",
            "   ",
            ".pdf",
            ".exe",
            ".scr",
            "..",
            "аррӏе",
            "日本語",
            "१",
            "２",
            "。",
            "⁄",
            "\u{301}",
            "ß",
            "İ",
            "🙂",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Protected names that are long enough for every trick, and no everyday words.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "example-bank",
        "quorumtest",
        "mycompany",
        "wunderbar",
        "zeitgeist",
    ])
    .prop_map(str::to_owned)
}

fn protect(name: &str) -> Protected {
    Protected::from_iter([format!("{name}.com").parse().unwrap()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_checked_and_told_safely(text in text(), other in text()) {
        for findings in [
            check_host(&text, &WELL_KNOWN),
            check_url(&text, &WELL_KNOWN),
            check_link(&text, &other, &WELL_KNOWN),
            check_file_name(&text),
        ] {
            assert_tellable(&findings);
        }
        let both = host_both_ways(&text);
        prop_assert!(is_safe(both.unicode.as_str()) && is_safe(both.ascii.as_str()));
    }

    #[test]
    fn what_is_shown_safely_is_safe_and_stays_as_it_is(text in "\\PC*|[\\x00-\\u{10ffff}]{0,20}") {
        let shown = show_safely(&text);
        prop_assert!(is_safe(&shown));
        prop_assert_eq!(show_safely(&shown), shown);
    }

    #[test]
    fn a_protected_domain_and_what_lies_below_it_imitates_nothing(name in name(), below in "([a-z]{1,8}\\.){0,3}") {
        prop_assert_eq!(check_host(&format!("{below}{name}.com"), &protect(&name)), []);
    }

    #[test]
    fn every_single_edit_of_a_protected_name_is_found(name in name(), at in any::<prop::sample::Index>(), letter in "[a-z]", edit in 0..4) {
        let at = at.index(name.len() - 1);
        let mut edited: Vec<char> = name.chars().collect();
        match edit {
            0 => edited[at] = letter.chars().next().unwrap(),
            1 => edited.insert(at, letter.chars().next().unwrap()),
            2 => drop(edited.remove(at)),
            _ => edited.swap(at, at + 1),
        }
        let edited: String = edited.into_iter().collect();
        prop_assume!(edited != name && !edited.starts_with('-'));
        let findings = check_host(&format!("{edited}.com"), &protect(&name));
        let found = findings.iter().any(|finding| matches!(finding.reason, Reason::LookAlike { .. }));
        prop_assert!(found, "{} for {}: {:?}", edited, name, findings);
    }

    #[test]
    fn words_of_no_ones_name_are_left_alone(host in "[a-z]{1,5}\\.(com|net|org|de)") {
        // Names of up to five letters differ from the shorter ones on the list by less than what
        // counts there, unless a digit, a swap or a double letter is in play.
        let findings = check_host(&host, &Protected::from_iter(["x.com".parse().unwrap(), "dhl.com".parse().unwrap(), "ebay.com".parse().unwrap()]));
        let other_suffix = |finding: &Finding| matches!(&finding.reason, Reason::LookAlike { .. } if host.starts_with("ebay."));
        prop_assert!(findings.iter().all(other_suffix), "{:?}", findings);
    }
}
