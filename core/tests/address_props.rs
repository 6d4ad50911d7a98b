//! What holds for every address: forms are stable, nothing panics, nothing is lost.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use quorum_core::indicator::CanonicalUrl;
use quorum_core::indicator::address::reserved;
use quorum_core::privacy::{Level, Sendable, shorten};
use quorum_core::safe_browsing::{MAX_EXPRESSIONS, SafeUrl};
use quorum_core::suffix::{public_suffix, registrable_domain};

/// Bytes made of what addresses are made of, and of anything.
fn address() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::sample::select(
            [
                "http://", "https:", "//", "/", ".", "..", "/../", "/./", "@", ":", ":80", "?", "#", "%", "%25",
                "%%", "%2e", "%34%31", "%2F", "%C3", "%BC", "ü", "ß", "．", "％", "／", "[", "]", "::", "0x", "127", "1.2.3.4",
                "xn--", "com", "co.uk", "a", "A", "\\", " ", "\t", ";", "&token=", "=", "me@example.com",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "sid", "0123456789abcdef0123456789abcdef",
            ]
            .as_slice(),
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn level() -> impl Strategy<Value = Level> {
    proptest::sample::select(
        [Level::UserInfo, Level::Fragment, Level::Query, Level::Path].as_slice(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_safe_browsing_form_is_stable(bytes in address()) {
        if let Ok(url) = SafeUrl::parse(&bytes) {
            prop_assert_eq!(SafeUrl::parse(url.as_str().as_bytes()), Ok(url));
        }
    }

    #[test]
    fn a_safe_browsing_form_is_its_parts(bytes in address()) {
        if let Ok(url) = SafeUrl::parse(&bytes) {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            prop_assert_eq!(
                format!("{}://{}{}{query}", url.scheme(), url.host(), url.path()),
                url.as_str()
            );
            prop_assert!(!url.host().is_empty() && url.path().starts_with('/'));
            prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
        }
    }

    #[test]
    fn expressions_are_few_and_each_once(bytes in address()) {
        if let Ok(url) = SafeUrl::parse(&bytes) {
            let all: Vec<String> = url.expressions().map(|e| e.to_string()).collect();
            prop_assert!((1..=MAX_EXPRESSIONS).contains(&all.len()));
            prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
            for path in [url.path(), "/"] {
                let expression = [url.host(), path].concat();
                prop_assert!(all.contains(&expression), "{}", expression);
            }
        }
    }

    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SafeUrl::parse(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = public_suffix(&text);
        let _ = registrable_domain(&text);
        let _ = text.parse::<CanonicalUrl>();
    }

    #[test]
    fn the_canonical_form_is_stable(bytes in address()) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(url) = text.parse::<CanonicalUrl>() {
            prop_assert_eq!(url.as_str().parse::<CanonicalUrl>(), Ok(url.clone()));
            // What a browser would open has a Safe Browsing form, on the same host.
            let safe = SafeUrl::parse(url.as_str().as_bytes());
            prop_assert!(safe.is_ok(), "{url}");
        }
    }

    #[test]
    fn a_registrable_domain_is_one_label_and_the_suffix(host in "([a-z0-9]{1,3}\\.){0,4}(com|co\\.uk|jp|kawasaki\\.jp|ck|github\\.io|zz)") {
        let suffix = public_suffix(&host).text;
        match registrable_domain(&host) {
            Some(domain) => {
                let label = domain.strip_suffix(suffix).unwrap().strip_suffix('.').unwrap();
                prop_assert!(!label.is_empty() && !label.contains('.'));
                let before = host.strip_suffix(domain).unwrap();
                prop_assert!(before.is_empty() || before.ends_with('.'));
            }
            None => prop_assert_eq!(suffix, host.as_str()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn differences_reassemble_the_original(bytes in address(), level in level()) {
        let original = String::from_utf8_lossy(&bytes);
        let shortened = shorten(&original, level);
        let (mut there, mut back) = (String::new(), String::new());
        let (mut from_original, mut from_shortened) = (0, 0);
        for difference in &shortened.differences {
            prop_assert!(difference.start < difference.end);
            let kept = &original[from_original..difference.start];
            let removed = &original[difference.start..difference.end];
            prop_assert_ne!(removed, difference.replacement);
            there.extend([kept, difference.replacement]);
            let kept = &shortened.text[from_shortened..from_shortened + kept.len()];
            back.extend([kept, removed]);
            from_original = difference.end;
            from_shortened += kept.len() + difference.replacement.len();
        }
        there.push_str(&original[from_original..]);
        back.push_str(&shortened.text[from_shortened..]);
        prop_assert_eq!(there, shortened.text);
        prop_assert_eq!(back, original);
    }

    #[test]
    fn shortening_twice_changes_nothing_more(bytes in address(), level in level()) {
        let once = shorten(&String::from_utf8_lossy(&bytes), level).text;
        prop_assert_eq!(shorten(&once, level).text, once);
    }

    #[test]
    fn a_shortened_web_address_is_one_on_the_same_host(bytes in address(), level in level()) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(url) = text.parse::<CanonicalUrl>() {
            let shortened = shorten(&text, level).text;
            let parsed = shortened.parse::<CanonicalUrl>();
            prop_assert!(parsed.is_ok(), "{}", shortened);
            let parsed = parsed.unwrap();
            prop_assert_eq!(parsed.host(), url.host());
            prop_assert_eq!(parsed.as_url().port(), url.as_url().port());
            prop_assert_eq!(parsed.as_url().username(), "");
            prop_assert_eq!(parsed.as_url().password(), None);
        }
    }

    #[test]
    fn what_is_sendable_is_public_and_has_no_credentials(bytes in address()) {
        if let Ok(url) = String::from_utf8_lossy(&bytes).parse::<CanonicalUrl>() {
            let private = url.is_private();
            match Sendable::try_from(url) {
                Ok(url) => {
                    prop_assert!(!private);
                    let url = url.get().as_url();
                    prop_assert_eq!((url.username(), url.password()), ("", None));
                }
                Err(_) => prop_assert!(private),
            }
        }
    }

    #[test]
    fn an_embedded_address_is_judged_as_itself(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from(bits);
        let [high, low] = [(bits >> 16) as u16, bits as u16];
        for v6 in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 1, 2, 3, 4, 5),
            Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low),
            Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0x200, 0x5efe, high, low),
        ] {
            prop_assert_eq!(reserved(v6.into()), reserved(v4.into()), "{}", v6);
        }
    }
}
