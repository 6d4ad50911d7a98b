//! Properties of the value types: every valid value is read back from its text, every text that is
//! read at all has a stable canonical form, and no text makes reading panic.
#![cfg(all(not(target_arch = "wasm32"), feature = "observables"))]
#![allow(clippy::unwrap_used)]

use bech32::{Fe32, Hrp, segwit};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use quorum_core::observable::{Cidr, Ethereum, Kind, Observable, Onion};
use sha3::{Digest, Keccak256, Sha3_256};

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The number that the bytes are, in base 58 of at least so many digits.
fn base58(bytes: &[u8], least: usize) -> String {
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += usize::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    digits.resize(digits.len().max(least), 0);
    digits
        .iter()
        .rev()
        .map(|digit| char::from(BASE58[usize::from(*digit)]))
        .collect()
}

fn base58check(version: u8, hash: [u8; 20]) -> String {
    let mut bytes = [&[version][..], &hash].concat();
    let checksum = sha2::Sha256::digest(sha2::Sha256::digest(&bytes));
    bytes.extend(&checksum[..4]);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    "1".repeat(zeros) + &base58(&bytes[zeros..], 0)
}

fn witness(testnet: bool, version: u8, program: &[u8]) -> String {
    let hrp = if testnet {
        Hrp::parse("tb")
    } else {
        Hrp::parse("bc")
    };
    let mut text = String::new();
    let version = Fe32::try_from(version).unwrap();
    segwit::encode_lower_to_fmt_unchecked(&mut text, hrp.unwrap(), version, program).unwrap();
    text
}

fn monero(prefix: u8, rest: &[u8]) -> String {
    let mut bytes = [&[prefix][..], rest].concat();
    let checksum = Keccak256::digest(&bytes);
    bytes.extend(&checksum[..4]);
    let digits = [0, 2, 3, 5, 6, 7, 9, 10, 11];
    bytes
        .chunks(8)
        .map(|block| base58(block, digits[block.len()]))
        .collect()
}

fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let digit = |at: usize| usize::from_str_radix(&bits[at..at + 5], 2).unwrap();
    let alphabet = b"abcdefghijklmnopqrstuvwxyz234567";
    (0..bits.len())
        .step_by(5)
        .map(|at| char::from(alphabet[digit(at)]))
        .collect()
}

fn onion(key: [u8; 32]) -> String {
    let mut hasher = Sha3_256::new();
    hasher.update(b".onion checksum");
    hasher.update(key);
    hasher.update([3]);
    let checksum = hasher.finalize();
    base32(&[&key[..], &checksum[..2], &[3]].concat()) + ".onion"
}

/// Texts that are values of a kind, in all of its spellings.
fn valid(kind: Kind) -> BoxedStrategy<String> {
    let by = |regex: &str| proptest::string::string_regex(regex).unwrap().boxed();
    match kind {
        Kind::Url => by(
            "(https?|FTP|ftps|sftp|wss?|ssh|tftp|ldaps?|smb|telnet|rtsp|ircs?|git)://([a-z%0-9]{1,5}(:[a-z@]{0,5})?@)?([A-Za-zé]{1,9}\\.){1,3}[a-z]{2,6}\\.?(:[1-9][0-9]{0,3})?(/[ -~é&&[^ #?\\\\]]{0,12}){0,3}(\\?[!-~&&[^#]]{0,20})?(#[a-z]{0,5})?",
        ),
        Kind::Domain => by("([a-zA-Z0-9_]{1,12}\\.){1,4}[a-z]{2,8}\\.?"),
        Kind::Ipv4 => any::<std::net::Ipv4Addr>()
            .prop_map(|v4| v4.to_string())
            .boxed(),
        Kind::Ipv6 => by(
            "[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}|::(ffff:)?192\\.0\\.2\\.[0-9]|[0-9a-f]{1,4}(:[0-9A-F]{1,4}){0,3}::(0:){0,2}[1-9a-f]",
        ),
        Kind::Cidr => prop_oneof![
            (any::<std::net::Ipv4Addr>(), 0..=32).prop_map(|(ip, n)| format!("{ip}/{n}")),
            (any::<std::net::Ipv6Addr>(), 0..=128).prop_map(|(ip, n)| format!("{ip}/{n}")),
        ]
        .boxed(),
        Kind::Md5 => by("[0-9a-fA-F]{32}"),
        Kind::Sha1 => by("[0-9a-fA-F]{40}"),
        Kind::Sha256 => by("[0-9a-fA-F]{64}"),
        Kind::Sha512 => by("[0-9a-fA-F]{128}"),
        Kind::Ssdeep => (0..=30, "[A-Za-z0-9+/]{0,64}", "[A-Za-z0-9+/]{0,64}")
            .prop_map(|(n, first, second)| format!("{}:{first}:{second}", 3_u64 << n))
            .boxed(),
        Kind::Tlsh => by("(T1|t1)?[0-9a-fA-F]{70}"),
        Kind::Email => by(
            "([A-Za-z0-9é!#$%&'*+/=?^_`{|}~-]{1,12}(\\.[a-z-]{1,8}){0,2}|\"([A-Za-z0-9 @,.()<>é]|\\\\[ -~]){0,20}\")@([A-Za-z0-9ü]{1,9}\\.){1,3}[a-zA-Z]{2,6}",
        ),
        Kind::Cve => by("(CVE|cve)-(1999|20[0-9]{2})-[0-9]{4,19}"),
        Kind::Asn => {
            by("(AS|as|ASN|AS |asn )([1-9][0-9]{0,8}|0|[1-9][0-9]{0,3}\\.[1-9][0-9]{0,3})")
        }
        Kind::Mac => by(
            "[0-9a-fA-F]{2}((:[0-9a-fA-F]{2}){5}|(-[0-9a-fA-F]{2}){5}|(:[0-9a-fA-F]{2}){7})|[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){2,3}",
        ),
        Kind::Bitcoin => prop_oneof![
            (
                proptest::sample::select(&[0, 5, 0x6f, 0xc4][..]),
                any::<[u8; 20]>()
            )
                .prop_map(|(version, hash)| base58check(version, hash)),
            (0..20_usize).prop_map(|zeros| {
                let mut hash = [255; 20];
                hash[..zeros].fill(0);
                base58check(0, hash)
            }),
            (any::<bool>(), any::<[u8; 20]>())
                .prop_map(|(testnet, hash)| witness(testnet, 0, &hash)),
            (any::<bool>(), any::<[u8; 32]>())
                .prop_map(|(testnet, hash)| witness(testnet, 0, &hash).to_uppercase()),
            (
                any::<bool>(),
                1..=16_u8,
                proptest::collection::vec(any::<u8>(), 2..=40)
            )
                .prop_map(|(testnet, version, program)| witness(testnet, version, &program)),
        ]
        .boxed(),
        Kind::Ethereum => prop_oneof![by("0x[0-9a-f]{40}"), by("0x[0-9A-F]{40}")].boxed(),
        Kind::Monero => prop_oneof![
            (
                proptest::sample::select(&[18, 42, 53, 63, 24, 36][..]),
                any::<[[u8; 32]; 2]>()
            )
                .prop_map(|(prefix, keys)| monero(prefix, keys.as_flattened())),
            (
                proptest::sample::select(&[19, 54, 25][..]),
                any::<[[u8; 24]; 3]>()
            )
                .prop_map(|(prefix, keys)| monero(prefix, keys.as_flattened())),
        ]
        .boxed(),
        Kind::GoogleAnalytics => by("G-[A-Z0-9]{10}|(UA|ua)-[1-9][0-9]{3,9}-[1-9][0-9]{0,3}"),
        Kind::GoogleAdsense => by("(ca-|ca-mb-|ca-video-|partner-)?pub-[0-9]{16}"),
        Kind::FilePath => by(
            "([A-Za-z]:[\\\\/]|%[A-Za-z]{1,9}(\\([a-z0-9]{1,4}\\))?%[\\\\/]|\\\\\\\\[a-z0-9.]{2,9}\\\\{1,2}|\\\\\\\\\\?\\\\[a-z]:\\\\|\\\\\\\\\\.\\\\)[a-z$é]{1,9}([\\\\/]{1,2}[A-Za-z0-9 ._'é-]{1,12}){0,4}(\\\\|:[a-z]{1,4})?|/[a-zé]([!-~ \\\\]{1,12}/){0,4}",
        ),
        Kind::RegistryKey => by(
            "(HKLM|hkcu|HKCR:|HKU|HKCC|HKPD|HKEY_LOCAL_MACHINE|Computer\\\\HKEY_USERS|Registry::HKEY_CURRENT_USER|\\\\REGISTRY\\\\(USER|Machine))(\\\\{1,2}[ -~é&&[^\\\\]]{1,20}){0,4}\\\\?",
        ),
        Kind::Mutex => {
            by("(Global\\\\|local\\\\)?[!-~&&[^\\\\]]([ -~é&&[^\\\\]]{0,30}[!-~&&[^\\\\]])?")
        }
        Kind::Attack => by("(TA|ta|G|S|C|M|DS|T)[0-9]{4}|T[0-9]{4}\\.[0-9]{2}[1-9]"),
        Kind::Uuid => by(
            "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\}|(urn|URN):uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        ),
        Kind::Jarm => {
            by("(000|([0-3][1-9a-f]|4[0-6])[a-f]){9}[0-3][1-9a-fA-F][a-f][0-9a-f]{32}|0{62}")
        }
        Kind::Purl => by(
            "pkg:/{0,2}(generic|Deb|RPM|npm|github)(/[A-Za-z0-9é!$&'()*+,;=:._~-]{3,9}){1,3}(@[A-Za-z0-9.+!:~-]{1,9})?(\\?([a-z][a-z0-9_.-]{0,4}x=[A-Za-z0-9:/%!.]{0,0}|arch=[A-Za-z0-9:/,!.]{0,9}|z=[a-z]{1,3}))?(#[a-z!][a-z./!]{0,9})?",
        ),
        Kind::Onion => prop_oneof![
            any::<[u8; 32]>().prop_map(onion),
            any::<[u8; 32]>().prop_map(|key| format!("www.{}", onion(key).to_uppercase())),
            by("([a-z]{1,5}\\.)?[a-z2-7]{16}\\.onion"),
        ]
        .boxed(),
    }
}

fn some_kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(Kind::ALL)
}

/// The text of a value is read back as the same value, which has the same text; in JSON too.
fn is_stable(value: &Observable) {
    let text = value.to_string();
    let again = Observable::parse_as(value.kind(), &text);
    assert_eq!(again.as_ref(), Ok(value), "{text:?}");
    assert_eq!(again.unwrap().to_string(), text);
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<Observable>(&json).unwrap(), value);
    if let Some(indicator) = value.indicator() {
        assert_eq!(&Observable::from(indicator), value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_valid_text_is_read_and_stable((kind, text) in some_kind().prop_flat_map(|kind| (Just(kind), valid(kind)))) {
        let value = Observable::parse_as(kind, &text);
        prop_assert!(value.is_ok(), "{:?}: {:?}", text, value);
        is_stable(&value.unwrap());
    }

    /// A valid text with one place changed: what is still read is still stable.
    #[test]
    fn a_damaged_text_is_refused_or_stable(
        (kind, text) in some_kind().prop_flat_map(|kind| (Just(kind), valid(kind))),
        other in some_kind(),
        at in any::<proptest::sample::Index>(),
        with in "[ -~é\u{0}\u{3002}\u{200b}]{0,2}",
        remove in any::<bool>(),
    ) {
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        letters.splice(at..at + usize::from(remove), with.chars());
        let damaged: String = letters.into_iter().collect();
        for kind in [kind, other] {
            if let Ok(value) = Observable::parse_as(kind, &damaged) {
                is_stable(&value);
            }
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        for kind in Kind::ALL {
            if let Ok(value) = Observable::parse_as(*kind, &text) {
                is_stable(&value);
            }
        }
    }

    /// What carries a checksum of four bytes does not survive one wrong letter.
    #[test]
    fn a_wrong_letter_breaks_a_checksum(
        (kind, text) in proptest::sample::select(&[Kind::Bitcoin, Kind::Monero][..]).prop_flat_map(|kind| (Just(kind), valid(kind))),
        at in any::<proptest::sample::Index>(),
        letter in proptest::sample::select(BASE58),
    ) {
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = letter;
        let damaged = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(Observable::parse_as(kind, &damaged).is_ok(), damaged == text);
    }

    #[test]
    fn a_wrong_case_breaks_an_ethereum_checksum(
        text in "0x[0-9a-f]{40}",
        at in any::<proptest::sample::Index>(),
    ) {
        let mut text = text.parse::<Ethereum>().unwrap().to_string().into_bytes();
        let letters: Vec<usize> = (2..42).filter(|at| text[*at].is_ascii_alphabetic()).collect();
        prop_assume!(letters.len() > 2);
        let at = letters[at.index(letters.len())];
        text[at] ^= 0x20;
        let damaged = String::from_utf8(text).unwrap();
        let one_case = damaged[2..] == damaged[2..].to_uppercase() || damaged[2..] == damaged[2..].to_lowercase();
        prop_assert_eq!(damaged.parse::<Ethereum>().is_ok(), one_case);
    }

    #[test]
    fn a_wrong_key_breaks_an_onion_checksum(key in any::<[u8; 32]>(), at in 0..51_usize) {
        let name = onion(key);
        let mut bytes = name.into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        // Two bytes of checksum let one change in 65,536 through; the reader must agree with ours.
        let damaged = String::from_utf8(bytes).unwrap();
        let bits: String = damaged[..56].bytes().map(|b| format!("{:05b}", if b.is_ascii_digit() { b - b'2' + 26 } else { b - b'a' })).collect();
        let bytes: Vec<u8> = (0..35).map(|i| u8::from_str_radix(&bits[i * 8..i * 8 + 8], 2).unwrap()).collect();
        let fits = onion(bytes[..32].try_into().unwrap()) == damaged;
        prop_assert_eq!(damaged.parse::<Onion>().is_ok(), fits);
    }

    #[test]
    fn a_network_holds_its_addresses(ip in any::<std::net::IpAddr>(), prefix in 0..=128_u8) {
        match format!("{ip}/{prefix}").parse::<Cidr>() {
            Ok(cidr) => {
                prop_assert!(cidr.contains(ip) && cidr.contains(cidr.network()));
                prop_assert_eq!(cidr.prefix_length(), prefix);
            }
            Err(_) => prop_assert!(ip.is_ipv4() && prefix > 32),
        }
    }
}
