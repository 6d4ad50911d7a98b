//! What is fuzzed: each function takes any bytes and fails by panicking. The fuzzer calls them, and
//! `core/tests/corpus.rs` replays on them what the fuzzer has found interesting.

use quorum_core::api::{Call, RawReply, Reply};
use quorum_core::archive;
use quorum_core::blocklist::{Blocklist, Builder, Kind, Update, Version};
use quorum_core::deception::{
    Protected, check_file_name, check_host, check_link, check_url, is_bidi_control, is_invisible,
    show_safely,
};
use quorum_core::digest::{
    HEAD_BYTES, broad_type_of, check_name, content_tags, file_type, file_type_of, sha256,
};
use quorum_core::indicator::{CanonicalUrl, Indicator};
use quorum_core::privacy::{Level, Sendable, shorten};
use quorum_core::report::VoteVerdict;
use quorum_core::safe_browsing::{MAX_EXPRESSIONS, SafeUrl};
use quorum_core::text::{self, DefangStyle, Extractor, Options, Strictness, refang as undo};
use quorum_core::verdict::{Evidence, Verdict, assess};

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
    let sendable = |text: &str| {
        let indicator: Indicator = text.parse().expect("an indicator");
        Sendable::try_from(indicator).expect("a public one")
    };
    let file = || sendable(&"a".repeat(64));
    let call = match call % 9 {
        0 => Call::Report(file()),
        1 => Call::Comments {
            of: file(),
            cursor: None,
        },
        2 => Call::SubmitFile {
            name: "a".to_owned(),
        },
        3 => Call::Analysis("a".to_owned()),
        4 => Call::Report(sendable("https://a.example/")),
        5 => Call::Report(sendable("a.example")),
        6 => Call::Account("a".repeat(64).parse().expect("a key")),
        7 => Call::AddComment {
            of: file(),
            text: "a".to_owned(),
        },
        _ => Call::Vote {
            of: file(),
            verdict: VoteVerdict::Malicious,
        },
    };
    // Whatever it is, it is an answer or a failure; neither is a panic.
    let reply = call.interpret(
        RawReply {
            status: 200 + u16::from(*status),
            content_type: "application/json",
            retry_after: std::str::from_utf8(body).ok(),
            body,
        },
        0,
    );
    if let Ok(Reply::Report(Some(report))) = reply {
        let assessment = assess(&report, Evidence::Given);
        assert!(assessment.stats.answered() > 0 || assessment.verdict != Verdict::Clean);
    }
}

/// Running text: two halves give the hits of the whole, and every hit stands where it says. The first
/// byte says where it is cut, and by its last bit how strictly it is read.
pub(crate) fn extract(bytes: &[u8]) {
    let Some((&first, text)) = bytes.split_first() else {
        return;
    };
    let options = Options {
        strictness: if first & 1 == 0 {
            Strictness::Strict
        } else {
            Strictness::Lenient
        },
        ..Options::default()
    };
    let all = |pieces: &[&[u8]]| {
        let mut found = Vec::new();
        let mut extractor = Extractor::new(options.clone());
        for piece in pieces {
            extractor.push(piece, &mut |one| found.push(one));
        }
        extractor.finish(&mut |one| found.push(one));
        found
    };
    let (one, other) = text.split_at(text.len() * usize::from(first) / 256);
    assert_eq!(all(&[one, other]), all(&[text]));
    let mut end = 0;
    for hit in text::extract_bytes(text, &options) {
        assert!(hit.span.start >= end, "hits overlap");
        end = hit.span.end;
        assert_eq!(
            String::from_utf8_lossy(&text[hit.span.clone()]),
            hit.written
        );
    }
}

/// Spellings: what no spelling begins in stays as it is, nothing grows beyond what the longest can
/// stand for, and whatever is found in a text can be spelled and read again.
pub(crate) fn refang(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let undone = undo(&text);
    // `f*p` stands for as much; two lines for `://`.
    assert!(undone.len() <= text.len() + text.len() / 2);
    let plain = |c: char| c.is_ascii_alphanumeric() && !"hmfsHMFS".contains(c) || c == '\n';
    if text.chars().all(plain) {
        assert_eq!(undone, text);
    }
    for hit in text::extract(&text, &Options::default()).iter().take(8) {
        let value = hit.observable.to_string();
        for style in [DefangStyle::Brackets, DefangStyle::Words] {
            assert_eq!(undo(&text::defang(&hit.observable, style)), value);
        }
    }
}

/// Addresses, links and names that are made to deceive: what a finding quotes has nothing hidden in it,
/// and what is shown safely stays as it is.
pub(crate) fn deception(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let protected = Protected::well_known();
    let (one, other) = text.split_once('\n').unwrap_or((&text, &text));
    let findings = [
        check_url(&text, &protected),
        check_host(one, &protected),
        check_link(one, other, &protected),
        check_file_name(&text),
    ];
    for finding in findings.concat() {
        let told = finding.to_string();
        assert!(!told.is_empty());
        assert!(
            !told.contains(|c| is_bidi_control(c) || is_invisible(c)),
            "{told:?}"
        );
    }
    let shown = show_safely(&text);
    assert_eq!(show_safely(&shown), shown);
}

/// Types of files: the end of a file adds to its begin and takes nothing away, the broad reading
/// contradicts no exact one, and a file that is called by its type's own ending is no lie.
pub(crate) fn file_types(bytes: &[u8]) {
    let found = file_type(bytes);
    assert_eq!(file_type_of(bytes, &[]), found);
    assert_eq!(found.tags.iter().last(), Some(found.tag));
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let broad = broad_type_of(head, bytes);
    assert!(!broad.description.is_empty());
    let _ = content_tags(bytes);
    if !found.extension.is_empty() {
        let name = format!("a.{}", found.extension);
        let checked = check_name(&name, &found);
        assert!(
            !matches!(checked, quorum_core::digest::NameCheck::Contradicts { .. }),
            "{name}: {}",
            found.tag
        );
    }
}

/// Lists and their updates: damaged ones are refused, and what is taken is whole. The bytes are read as
/// they are, with the checksum that a list of them needs, and as an update of a small list.
pub(crate) fn list(bytes: &[u8]) {
    for file in [bytes, &[bytes, sha256(bytes).as_bytes()].concat()] {
        let Ok(list) = Blocklist::open(file) else {
            continue;
        };
        let entries: Vec<_> = list.entries().collect();
        assert!(entries.is_sorted_by(|one, next| one < next));
        assert_eq!(entries.len(), list.header().entries as usize);
        let unused = 8 - usize::from(list.header().prefix_bytes);
        for (index, entry) in entries.iter().enumerate() {
            let mut digest = [0; 32];
            digest[..8 - unused].copy_from_slice(&entry.to_be_bytes()[unused..]);
            let found = list.lookup(&digest).map(|found| found.index as usize);
            assert_eq!(found, Some(index));
        }
    }
    let Ok(update) = Update::read(bytes) else {
        return;
    };
    let mut builder = Builder::new(Kind::Url, 4).expect("4 bytes are a prefix");
    for expression in ["a/", "b/", "c/", "d/"] {
        builder.add_expression(expression);
    }
    let version = Version {
        sequence: 1,
        token: b"",
    };
    let file = builder.build("list", version, 0).expect("a list");
    let list = Blocklist::open(&file).expect("it was built just now");
    if let Ok(next) = update.changes.apply(&list, update.version, 0) {
        assert!(Blocklist::open(&next).is_ok());
    }
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
