//! What is fuzzed: each function takes any bytes and fails by panicking. The fuzzer calls them, and
//! `core/tests/corpus.rs` replays on them what the fuzzer has found interesting.

use quorum_core::api::{Call, RawReply};
use quorum_core::archive;
use quorum_core::blocklist::{Blocklist, Update};
use quorum_core::indicator::{CanonicalUrl, Indicator};
use quorum_core::privacy::{Level, Sendable, shorten};
use quorum_core::safe_browsing::{MAX_EXPRESSIONS, SafeUrl};
use quorum_core::text::{self, Extractor, Options};

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

/// Running text: two halves give the hits of the whole, and every hit stands where it says.
pub(crate) fn extract(bytes: &[u8]) {
    let all = |pieces: &[&[u8]]| {
        let mut found = Vec::new();
        let mut extractor = Extractor::new(Options::default());
        for piece in pieces {
            extractor.push(piece, &mut |one| found.push(one));
        }
        extractor.finish(&mut |one| found.push(one));
        found
    };
    // The first byte says where it is cut.
    let Some((&cut, text)) = bytes.split_first() else {
        return;
    };
    let (first, second) = text.split_at(text.len() * usize::from(cut) / 256);
    assert_eq!(all(&[first, second]), all(&[text]));
    for hit in text::extract_bytes(text, &Options::default()) {
        assert_eq!(
            String::from_utf8_lossy(&text[hit.span.clone()]),
            hit.written
        );
    }
}

/// Spellings: whatever is undone is text.
pub(crate) fn refang(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = text::refang(&text).len();
}

/// Lists and their updates: damaged ones are refused.
pub(crate) fn list(bytes: &[u8]) {
    if let Ok(list) = Blocklist::open(bytes) {
        assert!(list.entries().count() as u64 >= u64::from(list.lookup(&[0; 32]).is_some()));
    }
    let _ = Update::read(bytes);
}

/// Archives: two halves give the events of the whole.
pub(crate) fn archive(bytes: &[u8]) {
    let all = |pieces: &[&[u8]]| {
        let mut events = Vec::new();
        let mut reader = archive::Reader::new(archive::Limits::default());
        for piece in pieces {
            reader.push(piece, &mut |event| events.push(event));
        }
        reader.finish(&mut |event| events.push(event));
        events
    };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    assert_eq!(all(&[first, second]), all(&[bytes]));
}
