//! Bad input never panics: each public entry that takes what others wrote is given addresses of 2 MB,
//! nested and repeated beginnings of everything, bytes that are no UTF-8 (lone surrogates among them), and
//! the streaming ones a text of 100 MB. What comes out is an answer or an error that can be told; that it
//! is the right one, tests/cases says.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use quorum_core::api::{ApiKey, Backend, Call, RawReply};
use quorum_core::archive;
use quorum_core::blocklist::{self, Blocklist, Builder, RiceDeltas, Width};
use quorum_core::checksum::{self, Level as PageLevel, Page};
use quorum_core::deception::{self, Protected};
use quorum_core::digest::{self, Hasher, fuzzy::FuzzyHasher};
use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Indicator, Sha512, UrlRef};
use quorum_core::inspect::Inspector;
use quorum_core::message::Request;
use quorum_core::observable::{Kind, Observable};
use quorum_core::privacy::{Level, Sendable, shorten};
use quorum_core::rules::{Library, PackManifest, PackUrl, valid_name};
use quorum_core::safe_browsing::SafeUrl;
use quorum_core::text::{self, DefangStyle, Extractor, Options};
use quorum_core::{hidden, stix, suffix};

const MB: usize = 1 << 20;

/// What every entry is given.
static INPUTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let long = |start: &str, part: &str, bytes: usize| {
        (start.to_owned() + &part.repeat(bytes / part.len())).into_bytes()
    };
    let mut all = vec![
        vec![],
        vec![0],
        (0..=255).collect(),
        long("http://example.com/", "a", 2 * MB),
        long("http://", "a.", 2 * MB),
        // Each escape that is undone makes the next one.
        long("https://example.com/?%", "25", 2 * MB),
    ];
    // Whatever nests or repeats, and what is no UTF-8: a lone continuation byte, an overlong NUL, halves
    // of surrogate pairs as JavaScript has them, a character that is cut off, a byte that never occurs.
    let parts: [&[u8]; 24] = [
        b"@",
        b"://",
        b"[.]",
        b"[",
        b"{\"a\":",
        b"<a ",
        b"%",
        b"%25",
        b"\\\\",
        b"../",
        b"&#x2e;",
        b"xn--",
        b"hxxp",
        b"\0",
        b"0x7f.",
        "\u{202e}".as_bytes(),
        "\u{200b}.".as_bytes(),
        "a\u{301}".as_bytes(),
        b"\x80",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xed\xb0\x80.",
        b"\xf0\x9f\x98",
        b"\xff",
    ];
    all.extend(parts.iter().map(|part| part.repeat(20_000 / part.len())));
    all.extend(parts.map(|part| [b"http://a.example/", part, b".example 198.51.100.7"].concat()));
    all
});

/// Reads a text and tells what is wrong with it.
fn parse<T: FromStr<Err: Display>>(text: &str) {
    if let Err(error) = text.parse::<T>() {
        assert!(!error.to_string().is_empty());
    }
}

static WELL_KNOWN: LazyLock<Protected> = LazyLock::new(Protected::well_known);

/// What text an entry is given where it takes text, and what bytes where it takes those.
trait Taken {
    fn of(bytes: &[u8], take: fn(&Self));
}

impl Taken for str {
    fn of(bytes: &[u8], take: fn(&str)) {
        take(&String::from_utf8_lossy(bytes));
    }
}

impl Taken for [u8] {
    fn of(bytes: &[u8], take: fn(&[u8])) {
        take(bytes);
    }
}

/// Each entry is a test: a name, and what is done with one input.
macro_rules! entries {
    ($($name:ident: |$input:ident: &$taken:ty| $body:expr;)*) => {
        $(
            #[test]
            fn $name() {
                fn entry($input: &$taken) {
                    $body
                }
                INPUTS.iter().for_each(|input| <$taken as Taken>::of(input, entry));
            }
        )*
    };
}

entries! {
    indicators: |text: &str| {
        if let Ok(indicator) = Indicator::read(text) {
            let _ = (indicator.id(), Sendable::try_from(indicator));
        }
        parse::<Indicator>(text);
        parse::<CanonicalUrl>(text);
        parse::<UrlRef>(text);
        parse::<Domain>(text);
        parse::<FileHash>(text);
        parse::<Sha512>(text);
    };
    observables: |text: &str| for &kind in Kind::ALL {
        match Observable::parse_as(kind, text) {
            Ok(found) => {
                for style in [DefangStyle::Brackets, DefangStyle::Parentheses, DefangStyle::Words] {
                    let _ = text::defang(&found, style);
                }
                let _ = (found.id(), found.host(), stix::bundle([&found], ""));
            }
            Err(error) => assert!(error.to_string().contains(kind.as_str())),
        }
    };
    spellings: |text: &str| {
        let _ = (text::refang(text), hidden::show_safely(text), hidden::show_text_safely(text));
    };
    checksums: |text: &str| {
        let headers = ["content-digest", "digest", "content-md5", "x-goog-hash", "x-checksum-sha256", "etag"];
        let mut claims = checksum::from_headers(headers.map(|name| (name, text)));
        claims.extend(checksum::from_headers([(text, text)]));
        claims.extend(checksum::from_list(text, "https://a.example/SHA256SUMS", &["a.bin", text]));
        claims.extend(checksum::from_list("a line", text, &[text]));
        let level = PageLevel {
            text: text.to_owned(),
            links: vec![text.to_owned(), "https://a.example/a.bin".to_owned()],
        };
        let page = Page {
            address: text.to_owned(),
            levels: vec![level.clone(), level],
            links: vec![text.to_owned()],
        };
        for address in [text, "https://a.example/a.bin"] {
            claims.extend(checksum::from_page(&page, address).claims);
        }
        let compared = checksum::compare(&claims, &Hasher::new().finish(), None);
        assert!(compared.len() <= claims.len());
        let _ = (checksum::file_name(text), checksum::want_sha512(&claims));
    };
    addresses_of_rules: |text: &str| {
        parse::<PackUrl>(text);
        let _ = valid_name(text);
        let _ = Library::default().save(Some(text), text, 0);
        assert!(Library::default().save(None, text, 0).is_none_or(|id| !id.is_empty()));
    };
    running_text: |text: &str| drop((text::extract(text, &Options::default()), text::indicators(text, 9)));
    suffixes: |text: &str| {
        let _ = (suffix::public_suffix(text), suffix::registrable_domain(text));
    };
    shortened: |text: &str| drop(shorten(text, Level::Path));
    deceptive_names: |text: &str| {
        let _ = (
            deception::check_url(text, &WELL_KNOWN),
            deception::check_host(text, &WELL_KNOWN),
            deception::check_link(text, text, &WELL_KNOWN),
            deception::check_file_name(text),
            deception::host_both_ways(text),
            deception::show_safely(text),
        );
    };
    file_names: |text: &str| {
        let found = digest::file_type(text.as_bytes());
        let _ = (digest::check_name(text, &found), digest::ending(text), digest::runs_when_opened(text));
    };
    backends_and_keys: |text: &str| {
        parse::<Backend>(text);
        parse::<ApiKey>(text);
        let call = Call::SubmitFile { name: text.to_owned() };
        let _ = (call.request(), Call::Analysis(text.to_owned()).request());
    };
    list_expressions: |text: &str| {
        let build = |name| {
            let mut builder = Builder::new(blocklist::Kind::Url, 8).unwrap();
            builder.add_expression(text);
            builder.build(name, blocklist::Version { sequence: 0, token: b"" }, 0)
        };
        if let Err(error) = build(text) {
            assert!(!error.to_string().is_empty());
        }
        let file = build("list").unwrap();
        assert!(Blocklist::open(&file).unwrap().lookup_expression(text).is_some());
    };
    listed_addresses: |bytes: &[u8]| match SafeUrl::parse(bytes) {
        Ok(url) => drop(url.expression_hashes().count()),
        Err(error) => assert!(!error.to_string().is_empty()),
    };
    text_of_bytes: |bytes: &[u8]| drop(text::extract_bytes(bytes, &Options::default()));
    file_types: |bytes: &[u8]| {
        let _ = (
            digest::file_type_of(bytes, bytes),
            digest::broad_type_of(bytes, bytes),
            digest::content_tags(bytes),
        );
    };
    saved_digests: |bytes: &[u8]| if let Err(error) = Hasher::restore(bytes) {
        assert!(!error.to_string().is_empty());
    };
    archives: |bytes: &[u8]| {
        let mut reader = archive::Reader::new(archive::Limits::default());
        reader.push(bytes, &mut |_| {});
        reader.finish(&mut |_| {});
        let _ = archive::kind(bytes);
    };
    inspected: |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let mut inspector = Inspector::new(&text, &text, &[text.to_string()]);
        bytes.chunks(4099).for_each(|piece| inspector.push(piece));
        let _ = inspector.finish();
    };
    rules: |bytes: &[u8]| {
        let refused = PackManifest::read(bytes).map(|_| ()).unwrap_err();
        assert!(!refused.to_string().is_empty());
        assert!(serde_json::from_slice::<Library>(bytes).is_err());
        let file = br#"{"quorum_rules":1,"name":"n","version":"1","files":[{"path":"a.yar","size":3,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}]}"#;
        let manifest = PackManifest::read(file).unwrap();
        assert!(manifest.files[0].accept(bytes.to_vec()).is_err());
    };
    lists: |bytes: &[u8]| {
        let refused = Blocklist::open(bytes).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("byte"));
        let refused = blocklist::Update::read(bytes).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("byte"));
        let coded = RiceDeltas {
            first_value: 0,
            rice_parameter: 3,
            entries_count: u32::MAX,
            encoded_data: bytes.to_vec(),
        };
        assert!(coded.decode(Width::Bits64).is_err());
    };
    replies: |bytes: &[u8]| for status in [200, 404, 429] {
        let raw = RawReply {
            status,
            content_type: "application/json",
            retry_after: std::str::from_utf8(bytes).ok(),
            body: bytes,
        };
        let failure = Call::Analysis("a".to_owned()).interpret(raw, 0).unwrap_err();
        assert!(!failure.to_string().is_empty());
    };
    messages: |bytes: &[u8]| assert!(serde_json::from_slice::<Request>(bytes).is_err());
}

/// 100 MB in pieces of 1 MB, each the same.
fn stream(piece: &[u8], mut take: impl FnMut(&[u8])) {
    for _ in 0..100 {
        take(piece);
    }
}

#[test]
fn a_text_of_100_mb_is_read() {
    let prose = b"Nothing to be found in this sentence, however often it is read. ".repeat(MB / 64);
    let mut hits = 0;
    let mut extractor = Extractor::new(Options::default());
    stream(&prose, |piece| extractor.push(piece, &mut |_| hits += 1));
    extractor.push(b"hxxp://a.example[.]com/", &mut |_| hits += 1);
    extractor.finish(&mut |_| hits += 1);
    assert_eq!(hits, 1);
    let whole = String::from_utf8(prose.repeat(100)).unwrap();
    assert_eq!(text::refang(&whole).len(), whole.len());
}

#[test]
fn bytes_of_100_mb_are_read() {
    let zeros = vec![0; MB];
    let (mut hasher, mut fuzzy) = (Hasher::new(), FuzzyHasher::new());
    let mut reader = archive::Reader::new(archive::Limits::default());
    stream(&zeros, |piece| {
        hasher.update(piece);
        reader.push(piece, &mut |_| {});
    });
    reader.finish(&mut |_| {});
    fuzzy.update(&zeros);
    let _ = fuzzy.finish();
    assert_eq!(hasher.finish().size, 100 << 20);
}
