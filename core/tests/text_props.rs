//! What holds for every text: pieces make no difference, spans name what is written, and a
//! defanged value is read back.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "observables")]
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use quorum_core::observable::{Kind, Observable};
use quorum_core::text::extract::{Extractor, Finding, Options, Strictness, extract_with};
use quorum_core::text::{DefangStyle, defang, refang};

/// Bits of text that observables, spellings and what surrounds them are made of.
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
    let bits = || prop::sample::select(BITS).prop_map(|bit| bit.as_bytes().to_vec());
    let pieces = prop_oneof![
        12 => bits(),
        1 => vec(any::<u8>(), 0..6),
        // Long enough for a region to be cut.
        1 => (bits(), 0..4000_usize).prop_map(|(bit, times)| bit.repeat(times)),
    ];
    vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn options(lenient: bool) -> Options {
    Options {
        strictness: if lenient {
            Strictness::Lenient
        } else {
            Strictness::Strict
        },
        kinds: None,
        left_out: true,
    }
}

fn whole(text: &[u8], lenient: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    extract_with(text, options(lenient), |finding| findings.push(finding));
    findings
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
    let strange = prop::sample::select(BITS).prop_map(str::to_owned);
    let strange = vec(prop_oneof![strange, "\\PC{0,3}"], 0..8).prop_map(|bits| bits.concat());
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn pieces_make_no_difference(text in text(), lenient: bool, mut cuts in vec(any::<prop::sample::Index>(), 0..12)) {
        let expected = whole(&text, lenient);
        let mut places: Vec<usize> = cuts.drain(..).map(|cut| cut.index(text.len() + 1)).collect();
        places.sort_unstable();
        places.push(text.len());
        let mut findings = Vec::new();
        let mut extractor = Extractor::new(options(lenient));
        let mut at = 0;
        for place in places {
            extractor.push(&text[at..place], &mut |finding| findings.push(finding));
            at = place;
        }
        extractor.finish(&mut |finding| findings.push(finding));
        prop_assert_eq!(findings, expected);
    }

    #[test]
    fn single_bytes_make_no_difference(text in vec(prop::sample::select(BITS), 0..60)) {
        let text = text.concat().into_bytes();
        let mut findings = Vec::new();
        let mut extractor = Extractor::new(options(false));
        for byte in &text {
            extractor.push(&[*byte], &mut |finding| findings.push(finding));
        }
        extractor.finish(&mut |finding| findings.push(finding));
        prop_assert_eq!(findings, whole(&text, false));
    }

    #[test]
    fn spans_name_what_is_written(text in text(), lenient: bool) {
        let (mut end, mut counted, mut counted_units) = (0, 0, 0);
        for finding in whole(&text, lenient) {
            let (span, utf16, written) = match &finding {
                Finding::Hit(hit) => (&hit.span, &hit.utf16, &hit.written),
                Finding::LeftOut(out) => (&out.span, &out.utf16, &out.written),
            };
            prop_assert!(span.start < span.end);
            prop_assert_eq!(&String::from_utf8_lossy(&text[span.clone()]), written);
            // Findings begin with whole characters, so the text between them can be counted by itself.
            let units = |place: std::ops::Range<usize>| String::from_utf8_lossy(&text[place]).encode_utf16().count();
            prop_assert!(counted <= span.start);
            counted_units += units(counted..span.start);
            counted = span.start;
            prop_assert_eq!(counted_units, utf16.start);
            prop_assert_eq!(utf16.len(), written.encode_utf16().count());
            if let Finding::Hit(hit) = &finding {
                // Hits stand in order and do not overlap.
                prop_assert!(end <= span.start, "{:?} begins before {}", hit, end);
                end = span.end;
                for inner in &hit.inside {
                    prop_assert!(span.start <= inner.span.start && inner.span.end <= span.end);
                    prop_assert_eq!(&String::from_utf8_lossy(&text[inner.span.clone()]), &inner.written);
                    prop_assert_eq!(counted_units + units(span.start..inner.span.start), inner.utf16.start);
                }
            }
        }
    }

    #[test]
    fn any_bytes_can_be_read(text in vec(any::<u8>(), 0..600)) {
        whole(&text, true);
        refang(&String::from_utf8_lossy(&text));
    }

    #[test]
    fn refang_undoes_defang(value in observable()) {
        for style in [DefangStyle::Brackets, DefangStyle::Everywhere, DefangStyle::Words] {
            let written = defang(&value, style);
            let read = refang(&written);
            prop_assert_eq!(&*read, &value.to_string(), "by way of {}", written);
            prop_assert_eq!(Observable::parse_as(value.kind(), &read), Ok(value.clone()));
        }
    }

    #[test]
    fn what_is_defanged_is_found(host in "[a-z]{2,8}\\.[a-z]{2,8}\\.(com|de|org)", path in "[a-z0-9/]{0,10}") {
        for (kind, text) in [
            (Kind::Url, format!("http://{host}/{path}")),
            (Kind::Domain, host.clone()),
            (Kind::Email, format!("joe@{host}")),
        ] {
            let value = Observable::parse_as(kind, &text).unwrap();
            for style in [DefangStyle::Brackets, DefangStyle::Everywhere, DefangStyle::Words] {
                let findings = whole(format!("see {}, then", defang(&value, style)).as_bytes(), false);
                let [Finding::Hit(hit)] = findings.as_slice() else {
                    return Err(TestCaseError::fail(format!("{findings:?}")));
                };
                prop_assert_eq!(&hit.observable, &value);
            }
        }
    }
}
