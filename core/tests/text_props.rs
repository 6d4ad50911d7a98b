//! What holds for every text: pieces give the hits of the whole, spans stand where they say, and
//! what is defanged reads as what it was.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use quorum_core::observable::{Kind, Observable};
use quorum_core::text::{
    DefangStyle, Extractor, Found, Options, Strictness, defang, extract, extract_bytes, refang,
};

/// Pieces that texts with observables are made of.
const PIECES: &[&str] = &[
    "http://",
    "hxxps[:]//",
    "a.example.com",
    "evil[.]example(.)net",
    "198.51.100.7",
    "2001:db8::1",
    "/24",
    ":8080",
    "/path?q=1&amp;x",
    "joe@example.com",
    " at ",
    " dot ",
    "com",
    "T1059.001",
    "CVE-2024-3400",
    "d41d8cd98f00b204e9800998ecf8427e",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "C:\\Windows\\a.exe",
    "HKLM\\Software\\X",
    "mutex: Evil7",
    "/etc/passwd",
    "(",
    ")",
    "[",
    "]",
    "<b>",
    "</b>",
    "\"",
    "'",
    ",",
    ".",
    " ",
    "\n",
    "\\n",
    "&#46;",
    "。",
    "．",
    "日本",
    "é",
    "😀",
    "\u{200b}",
    "\u{ad}",
    "-",
    "_",
    "AS64511",
    "pkg:npm/a@1",
    "meow://",
    "192.0.2.0",
    "node.js",
    "v1.2.3.4",
    "x",
    "1",
    ":",
    "@",
    "/",
    "\\",
    "&",
    ";",
];

/// Bits of spellings, and of what surrounds observables.
const BITS: &[&str] = &[
    " ",
    "\n",
    ".",
    ",",
    ":",
    "://",
    "/",
    "@",
    "-",
    "_",
    "\\",
    "\"",
    "'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "&",
    ";",
    "#",
    "?",
    "=",
    "%",
    "|",
    "*",
    "[.]",
    "(dot)",
    " dot ",
    " at ",
    "[at]",
    " [.] ",
    "[:]",
    "[/]",
    "\\.",
    "&#46;",
    "&amp;",
    "<b>",
    "</b>",
    "<span a=\"",
    "\u{200b}",
    "\u{ad}",
    "。",
    "．",
    "🙂",
    "é",
    "日本",
    "http",
    "hxxp",
    "h**p",
    "https://",
    "meow://",
    "www.",
    "evil",
    "example",
    "com",
    "co.uk",
    "org",
    "js",
    "zip",
    "onion",
    "1",
    "1.2.3.4",
    "255",
    "::",
    "2001:db8",
    "/24",
    "44d88612fea8a8f36de82e1278abb02f",
    "CVE-2021-44228",
    "T1059",
    ".001",
    "AS",
    "ASN ",
    "15169",
    "version ",
    "v",
    "C:\\",
    "Program Files\\",
    "a.exe",
    "HKLM\\",
    "%TEMP%\\",
    "\\\\srv\\",
    "/etc/",
    "mutex: ",
    "CreateMutexA(",
    "pkg:",
    "npm/a",
    "\\n",
    "\\u002e",
    "\\/",
    "joe",
    "dot",
    "at",
    "expyuzz4wqqyqhjn",
    "3:abcdefgh:ijklmnop",
    "G-ABCDEF1234",
    "\u{0}",
];

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat().into_bytes()),
        2 => prop::collection::vec(bits(), 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => ".*".prop_map(String::into_bytes),
    ]
}

fn bits() -> impl Strategy<Value = &'static str> {
    prop::sample::select(BITS)
}

/// A value of each kind, from text of the kind's form.
fn observable() -> impl Strategy<Value = Observable> {
    let host = "[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,2}\\.[a-z]{2,6}";
    let digits = |count: usize| format!("[0-9a-f]{{{count}}}");
    let of = |kind: Kind, pattern: &str| {
        proptest::string::string_regex(pattern)
            .unwrap()
            .prop_filter_map("no value", move |text| {
                Observable::parse_as(kind, &text).ok()
            })
            .boxed()
    };
    // Anything that an address, a path or a name can hold, spellings in it included.
    let strange = bits().prop_map(str::to_owned);
    let strange = prop::collection::vec(prop_oneof![strange, "\\PC{0,3}"], 0..8)
        .prop_map(|bits| bits.concat());
    let with = move |kind: Kind, prefix: &'static str| {
        strange
            .clone()
            .prop_filter_map("no value", move |rest| {
                Observable::parse_as(kind, &format!("{prefix}{rest}")).ok()
            })
            .boxed()
    };
    let fixed =
        |text: &'static str, kind: Kind| Just(Observable::parse_as(kind, text).unwrap()).boxed();
    prop::strategy::Union::new([
        of(
            Kind::Url,
            &format!(
                "(https?|ftps?|sftp|ws)://([a-z]{{1,5}}(:[a-z]{{1,3}})?@)?{host}(:[0-9]{{1,4}})?/[!-~]{{0,30}}"
            ),
        ),
        with(Kind::Url, "http://a.example/"),
        with(Kind::Url, "https://joe@a.example/?q="),
        with(Kind::Url, "ldap://a.example/"),
        of(Kind::Domain, host),
        any::<std::net::Ipv4Addr>()
            .prop_map(Observable::from)
            .boxed(),
        any::<std::net::Ipv6Addr>()
            .prop_map(Observable::from)
            .boxed(),
        (any::<std::net::Ipv6Addr>(), 0..=128_u8)
            .prop_map(|(ip, prefix)| {
                Observable::parse_as(Kind::Cidr, &format!("{ip}/{prefix}")).unwrap()
            })
            .boxed(),
        (any::<std::net::Ipv4Addr>(), 0..=32_u8)
            .prop_map(|(ip, prefix)| {
                Observable::parse_as(Kind::Cidr, &format!("{ip}/{prefix}")).unwrap()
            })
            .boxed(),
        of(Kind::Md5, &digits(32)),
        of(Kind::Sha1, &digits(40)),
        of(Kind::Sha256, &digits(64)),
        of(Kind::Sha512, &digits(128)),
        of(
            Kind::Ssdeep,
            "(3|6|96):[A-Za-z0-9/+]{6,64}:[A-Za-z0-9/+]{6,64}",
        ),
        of(Kind::Tlsh, "T1[0-9A-F]{70}"),
        of(
            Kind::Email,
            &format!("[a-z0-9!#$%&'*+/=?^_`{{|}}~-]{{1,10}}(\\.[a-z]{{1,5}})?@{host}"),
        ),
        of(Kind::Email, "\"[ !#-~]{1,10}\"@a\\.example"),
        of(Kind::Cve, "CVE-20[0-9]{2}-[0-9]{4,8}"),
        of(Kind::Asn, "AS[0-9]{1,9}"),
        of(Kind::Mac, "[0-9a-f]{2}(:[0-9a-f]{2}){5}"),
        fixed("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Kind::Bitcoin),
        fixed("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Kind::Ethereum),
        of(Kind::GoogleAnalytics, "G-[A-Z0-9]{10}"),
        of(Kind::GoogleAdsense, "pub-[0-9]{16}"),
        with(Kind::FilePath, "C:\\"),
        with(Kind::FilePath, "/"),
        with(Kind::FilePath, "\\\\srv\\share\\"),
        with(Kind::RegistryKey, "HKLM\\"),
        with(Kind::Mutex, ""),
        with(Kind::Mutex, "Global\\"),
        of(Kind::Attack, "T[0-9]{4}\\.00[1-9]"),
        of(
            Kind::Uuid,
            "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
        ),
        fixed(
            "27d40d40d29d40d1dc42d43d00041d4689ee210389f4f6b4b5b1b93f92252d",
            Kind::Jarm,
        ),
        with(Kind::Purl, "pkg:npm/a"),
        of(Kind::Onion, "[a-z2-7]{16}\\.onion"),
    ])
}

/// Texts in which regions are cut because they have no end.
fn long_text() -> impl Strategy<Value = Vec<u8>> {
    let run = (bits(), 0..6000_usize).prop_map(|(bit, times)| bit.repeat(times));
    let piece = prop_oneof![3 => bits().prop_map(str::to_owned), 1 => run];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat().into_bytes())
}

fn all(pieces: &[&[u8]], strictness: Strictness) -> Vec<Found> {
    let mut found = Vec::new();
    let mut extractor = Extractor::new(Options {
        strictness,
        ..Options::default()
    });
    for piece in pieces {
        extractor.push(piece, &mut |one| found.push(one));
    }
    extractor.finish(&mut |one| found.push(one));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_pieces_give_the_hits_of_the_whole(text in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4), lenient in any::<bool>()) {
        let strictness = if lenient { Strictness::Lenient } else { Strictness::Strict };
        let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let pieces: Vec<_> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(all(&pieces, strictness), all(&[&text], strictness));
    }

    #[test]
    fn refang_undoes_defang(value in observable()) {
        for style in [DefangStyle::Brackets, DefangStyle::Parentheses, DefangStyle::Words] {
            let written = defang(&value, style);
            let read = refang(&written);
            prop_assert_eq!(&*read, &value.to_string(), "by way of {}", written);
            prop_assert_eq!(Observable::parse_as(value.kind(), &read), Ok(value.clone()));
        }
    }

    #[test]
    fn spans_stand_where_they_say_and_in_order(text in text()) {
        let mut end = 0;
        for hit in extract_bytes(&text, &Options::default()) {
            prop_assert!(hit.span.start >= end, "{:?} overlaps what ends at {end}", hit);
            prop_assert_eq!(&String::from_utf8_lossy(&text[hit.span.clone()]), &hit.written);
            for inside in &hit.inside {
                prop_assert!(hit.span.start <= inside.span.start && inside.span.end <= hit.span.end);
                prop_assert!(hit.utf16.start <= inside.utf16.start && inside.utf16.end <= hit.utf16.end);
            }
            end = hit.span.end;
        }
    }

    #[test]
    fn utf16_spans_are_those_of_javascript(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let text = pieces.concat();
        let units: Vec<u16> = text.encode_utf16().collect();
        for hit in extract(&text, &Options::default()) {
            prop_assert_eq!(String::from_utf16(&units[hit.utf16.clone()]).unwrap(), hit.written);
        }
    }

    #[test]
    fn refang_leaves_nothing_to_refang(text in text()) {
        let text = String::from_utf8_lossy(&text);
        // It never fails, and never makes a text longer than its scheme names do.
        prop_assert!(refang(&text).len() <= text.len() + text.matches("meow").count() + text.len() / 2);
    }
}

/// A value of every kind that a program would make a link of, and of some that it would not.
#[test]
fn what_is_defanged_reads_as_it_was() {
    let values = [
        (
            Kind::Url,
            "https://a.example.com/x.html?y=1.2&z=a@b.example",
        ),
        (Kind::Url, "http://user@a.example.com:8080/"),
        (Kind::Url, "ftp://files.example.com/a.bin"),
        (Kind::Url, "http://[2001:db8::1]/x"),
        (Kind::Url, "http://198.51.100.7/"),
        (Kind::Url, "sftp://a.example.com/"),
        (Kind::Domain, "a.example.com"),
        (Kind::Domain, "xn--bcher-kva.example"),
        (Kind::Ipv4, "198.51.100.7"),
        (Kind::Ipv6, "2001:db8::1"),
        (Kind::Cidr, "198.51.100.0/24"),
        (Kind::Cidr, "2001:db8::/32"),
        (Kind::Email, "joe.doe@mail.example.com"),
        (
            Kind::Onion,
            "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
        ),
        (Kind::Cve, "CVE-2024-3400"),
        (Kind::FilePath, "C:\\Windows\\Temp\\a.exe"),
        (Kind::RegistryKey, "HKEY_LOCAL_MACHINE\\Software\\X"),
        (Kind::Purl, "pkg:npm/left-pad@1.3.0"),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        (Kind::Mac, "00:1b:44:11:3a:b7"),
        (Kind::Uuid, "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ];
    for (kind, text) in values {
        let value = Observable::parse_as(kind, text).unwrap();
        for style in [
            DefangStyle::Brackets,
            DefangStyle::Parentheses,
            DefangStyle::Words,
        ] {
            let written = defang(&value, style);
            assert_eq!(
                Observable::parse_as(kind, &refang(&written)),
                Ok(value.clone()),
                "{written}"
            );
            // What a reader would find in a text is the same value.
            if matches!(
                kind,
                Kind::Url | Kind::Domain | Kind::Ipv4 | Kind::Email | Kind::Onion
            ) {
                let hits = extract(&format!("see {written} there"), &Options::default());
                assert_eq!(
                    hits.first().map(|hit| &hit.observable),
                    Some(&value),
                    "{written}"
                );
            }
        }
    }
}

#[test]
fn a_long_text_in_small_pieces_gives_the_hits_of_the_whole() {
    let text = "word hxxp://a.example[.]com/x, ".repeat(9_000);
    let whole = all(&[text.as_bytes()], Strictness::Strict);
    assert_eq!(whole.len(), 9_000);
    for size in [1_000, 4_097, 65_536] {
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        assert!(
            all(&pieces, Strictness::Strict) == whole,
            "pieces of {size}"
        );
    }
    // A word without an end is cut at the same places.
    let text = "http://a.example.com/".to_owned() + &"x".repeat(100_000) + " 198.51.100.7";
    let pieces: Vec<_> = text.as_bytes().chunks(777).collect();
    assert!(all(&pieces, Strictness::Strict) == all(&[text.as_bytes()], Strictness::Strict));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_pieces_of_a_long_text_give_the_hits_of_the_whole(text in long_text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let pieces: Vec<_> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(all(&pieces, Strictness::Strict), all(&[&text], Strictness::Strict));
    }
}
