//! What is fuzzed: each function takes any bytes and fails by panicking. The fuzzer calls them, and
//! `core/tests/corpus.rs` replays on them what the fuzzer has found interesting.

use quorum_core::api::{Call, RawReply};
use quorum_core::indicator::{CanonicalUrl, Indicator};

/// Web addresses: what is canonical stays as it is, and its id is found again.
pub(crate) fn url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(url) = text.parse::<CanonicalUrl>() {
        assert_eq!(url.as_str().parse::<CanonicalUrl>().as_ref(), Ok(&url));
    }
    if let Ok(indicator) = Indicator::read(text) {
        assert_eq!(indicator.to_string().parse(), Ok(indicator));
    }
}

/// A backend's reply: the first two bytes choose the call and the status.
pub(crate) fn reply(bytes: &[u8]) {
    let [call, status, body @ ..] = bytes else {
        return;
    };
    let of = || Indicator::File("a".repeat(64).parse().expect("a SHA-256"));
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
