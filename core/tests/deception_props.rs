//! What holds for every text that the deception checks are given.
#![cfg(all(feature = "deception", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use proptest::prelude::*;
use quorum_core::api::Call;
use quorum_core::deception::{
    Finding, Protected, Reason, check_file_name, check_host, check_link, check_url, host_both_ways,
    is_bidi_control, is_invisible, show_safely,
};
use quorum_core::hidden::show_text_safely;
use quorum_core::indicator::{CanonicalUrl, Indicator, MAX_URL_BYTES};
use quorum_core::privacy::Sendable;

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

/// Attack catalogue row E20: what a hostile address hides is shown, and what must not leave does not.
#[test]
fn e20_hostile_addresses_are_shown_as_they_are_and_leave_without_what_is_private() {
    // User and fragment never leave; nothing but web addresses does.
    let url = Indicator::read("https://user:pa55@evil.example/x#secret").unwrap();
    let leaves = Sendable::try_from(url).unwrap();
    let request = Call::SubmitUrl(
        Sendable::try_from(
            "https://user:pa55@evil.example/x#secret"
                .parse::<CanonicalUrl>()
                .unwrap(),
        )
        .unwrap(),
    )
    .request();
    let told = format!("{request:?} {}", leaves.get());
    assert!(
        !["user", "pa55", "secret"]
            .iter()
            .any(|part| told.contains(part)),
        "{told}"
    );
    for scheme in [
        "data:text/html,x",
        "blob:https://evil.example/1",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://evil.example/",
    ] {
        assert!(Indicator::read(scheme).is_err(), "{scheme}");
        assert!(scheme.parse::<CanonicalUrl>().is_err(), "{scheme}");
        if !scheme.starts_with("ftp") {
            assert_ne!(check_url(scheme, &WELL_KNOWN), [], "{scheme}");
        }
    }
    // A name that looks like another is shown as the DNS has it, too.
    for (host, ascii) in [
        ("p\u{430}ypal.com", "xn--pypal-4ve.com"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
    ] {
        assert_eq!(host_both_ways(host).ascii.as_str(), ascii);
        assert_ne!(check_host(host, &WELL_KNOWN), [], "{host}");
    }
    // What turns the direction or takes no room is written out, in one line and in many.
    for text in [
        "https://evil.example/\u{202e}gpj.exe",
        "https://pay\u{200b}pal.example/",
        "evil\u{ad}.example",
    ] {
        assert!(!is_safe(text) && is_safe(&show_safely(text)) && is_safe(&show_text_safely(text)));
        assert_ne!(check_url(text, &WELL_KNOWN), [], "{text:?}");
    }
    assert!(show_safely("a\u{202e}b").contains("[U+202E]"));
    // 8 KiB is the limit, before anything is read; an escape of an escape stays one.
    let long = |bytes: usize| format!("https://evil.example/{}", "a".repeat(bytes - 21));
    assert!(long(MAX_URL_BYTES).parse::<CanonicalUrl>().is_ok());
    for bytes in [MAX_URL_BYTES + 1, 2_000_000] {
        assert!(long(bytes).parse::<CanonicalUrl>().is_err());
        assert!(Indicator::read(&long(bytes)).is_err());
    }
    let nested: CanonicalUrl = "https://evil.example/%2525252e%2525252e/".parse().unwrap();
    assert_eq!(nested.as_str(), "https://evil.example/%2525252e%2525252e/");
}
