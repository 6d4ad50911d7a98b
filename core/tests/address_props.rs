//! What holds for every address: forms are stable, nothing panics, nothing is lost.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use proptest::prelude::*;
use quorum_core::indicator::CanonicalUrl;
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
