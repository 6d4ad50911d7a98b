//! What is fuzzed: each function takes any bytes and fails by panicking. The fuzzer calls them, and
//! `core/tests/corpus.rs` replays on them what the fuzzer has found interesting.

use quorum_core::api::{Call, RawReply};
use quorum_core::indicator::{CanonicalUrl, Indicator};
use quorum_core::privacy::{Level, Sendable, shorten};
use quorum_core::safe_browsing::{MAX_EXPRESSIONS, SafeUrl};

/// Web addresses: what is canonical or shortened stays as it is, and its id is found again.
pub(crate) fn url(bytes: &[u8]) {
    if let Ok(url) = SafeUrl::parse(bytes) {
        assert_eq!(SafeUrl::parse(url.as_str().as_bytes()).as_ref(), Ok(&url));
        assert!(url.expression_hashes().count() <= MAX_EXPRESSIONS);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(url) = text.parse::<CanonicalUrl>() {
        assert_eq!(url.as_str().parse::<CanonicalUrl>().as_ref(), Ok(&url));
    }
    let shortened = shorten(text, Level::Path).text;
    assert_eq!(shorten(&shortened, Level::Path).text, shortened);
    if let Ok(indicator) = Indicator::read(text) {
        assert_eq!(indicator.to_string().parse(), Ok(indicator));
    }
}

/// A backend's reply: the first two bytes choose the call and the status.
pub(crate) fn reply(bytes: &[u8]) {
    let [call, status, body @ ..] = bytes else {
        return;
    };
    let of = || {
        let file = Indicator::File("a".repeat(64).parse().expect("a SHA-256"));
        Sendable::try_from(file).expect("a hash is private to nobody")
    };
    let call = match call % 4 {
        0 => Call::Report(of()),
        1 => Call::Comments {
            of: of(),
            cursor: None,
        },
        2 => Call::SubmitFile {
            name: "a".to_owned(),
        },
        _ => Call::Analysis("a".to_owned()),
    };
    // Whatever it is, it is an answer or a failure; neither is a panic.
    let _ = call.interpret(
        RawReply {
            status: 200 + u16::from(*status),
            content_type: "application/json",
            retry_after: None,
            body,
        },
        0,
    );
}
