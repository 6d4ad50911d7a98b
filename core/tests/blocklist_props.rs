//! What must hold of every list, update and Rice code, not only of the cases.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use quorum_core::blocklist::{
    ApplyError, Blocklist, Builder, Changes, Digest, Kind, OpenError, RiceDeltas, RiceError,
    Update, Version, Width, apply, diff,
};
use quorum_core::digest::sha256;
use quorum_core::safe_browsing::{SafeUrl, Shapes};

/// Values of every shape: spread evenly as hashes are, close together, and at both ends.
fn values() -> impl Strategy<Value = Vec<u64>> {
    let close = (any::<u64>(), vec(0..500_u64, 0..80)).prop_map(|(base, steps)| {
        steps
            .into_iter()
            .map(|step| base.saturating_add(step))
            .collect()
    });
    let ends = vec(prop_oneof![0..3_u64, u64::MAX - 3..=u64::MAX], 0..6);
    (vec(any::<u64>(), 0..300), close, ends).prop_map(
        |(even, close, ends): (Vec<u64>, Vec<u64>, Vec<u64>)| [even, close, ends].concat(),
    )
}

/// The leading bytes of each value are its prefix, whatever the length.
fn file(prefix_bytes: u8, values: &[u64], sequence: u64) -> Vec<u8> {
    let mut builder = Builder::new(Kind::BadFile(Digest::Sha256), prefix_bytes).unwrap();
    for value in values {
        builder.add(&value.to_be_bytes()).unwrap();
    }
    let token = sequence.to_le_bytes();
    let version = Version {
        sequence,
        token: &token,
    };
    builder.build("properties", version, sequence * 7).unwrap()
}

/// What a list of these values must hold.
fn sorted(prefix_bytes: u8, values: &[u64]) -> Vec<u64> {
    let mut values: Vec<u64> = values
        .iter()
        .map(|value| value >> (64 - 8 * u32::from(prefix_bytes)))
        .collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Two versions of a list with something in common.
fn versions() -> impl Strategy<Value = (u8, Vec<u64>, Vec<u64>)> {
    (4..=8_u8, values(), values(), values())
        .prop_map(|(bytes, common, a, b)| (bytes, [&*common, &a].concat(), [&*common, &b].concat()))
}

/// Replaces the checksum at the end, so that what is behind it is reached.
fn reseal(file: &mut [u8]) {
    let content = file.len() - 32;
    let checksum = sha256(&file[..content]);
    file[content..].copy_from_slice(checksum.as_bytes());
}

proptest! {
    #[test]
    fn every_member_is_found_at_its_index_and_nothing_else_is(
        bytes in 4..=8_u8, members in values(), others in values(),
    ) {
        let file = file(bytes, &members, 1);
        let list = Blocklist::open(&file).unwrap();
        let expected = sorted(bytes, &members);
        prop_assert_eq!(list.header().entries as usize, expected.len());
        prop_assert!(list.entries().eq(expected.iter().copied()));
        for value in members.iter().chain(&others) {
            // Neighbours are the questions most like an entry.
            for value in [*value, value.wrapping_add(1 << (64 - 8 * u32::from(bytes))), value ^ 1 << 63] {
                let index = expected.binary_search(&(value >> (64 - 8 * u32::from(bytes)))).ok();
                let found = list.lookup(&value.to_be_bytes());
                prop_assert_eq!(found.map(|found| found.index as usize), index);
            }
        }
    }

    #[test]
    fn order_and_repetition_of_entries_make_no_difference(bytes in 4..=8_u8, members in values()) {
        let mut turned = members.clone();
        turned.reverse();
        turned.extend_from_slice(&members);
        prop_assert_eq!(file(bytes, &members, 1), file(bytes, &turned, 1));
    }

    #[test]
    fn a_file_with_any_bit_flipped_is_refused(
        bytes in 4..=8_u8, members in values(), at in any::<prop::sample::Index>(), bit in 0..8,
    ) {
        let mut file = file(bytes, &members, 1);
        let at = at.index(file.len());
        file[at] ^= 1_u8 << bit;
        prop_assert!(Blocklist::open(&file).is_err());
    }

    #[test]
    fn a_shorter_or_longer_file_is_refused(
        bytes in 4..=8_u8, members in values(), cut in any::<prop::sample::Index>(), more in vec(any::<u8>(), 1..40),
    ) {
        let file = file(bytes, &members, 1);
        prop_assert!(Blocklist::open(&file[..cut.index(file.len())]).is_err());
        let refused = Blocklist::open(&[&*file, &more].concat()).unwrap_err();
        let is_length = matches!(refused, OpenError::Length { .. });
        prop_assert!(is_length, "{}", refused);
    }

    /// With the checksum made anew, a changed file is refused, or is exactly what a builder makes.
    #[test]
    fn a_resealed_change_is_refused_or_a_proper_list(
        bytes in 4..=8_u8, members in values(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut file = file(bytes, &members, 1);
        for (at, byte) in changes {
            // Mostly in the set, whose bytes outnumber the header's.
            let at = at.index(file.len() - 32);
            file[at] = byte;
        }
        reseal(&mut file);
        if let Ok(list) = Blocklist::open(&file) {
            let header = list.header();
            let skip = 8 - usize::from(header.prefix_bytes);
            let mut builder = Builder::new(header.kind, header.prefix_bytes).unwrap();
            for value in list.entries() {
                prop_assert!(list.lookup(&value.to_be_bytes()[skip..]).is_some());
                builder.add(&value.to_be_bytes()[skip..]).unwrap();
            }
            prop_assert_eq!(builder.build(header.name, header.version, header.created_at).unwrap(), file);
        }
    }

    #[test]
    fn an_update_leads_to_the_same_bytes_and_back((bytes, a, b) in versions()) {
        let (old_file, new_file) = (file(bytes, &a, 1), file(bytes, &b, 2));
        let (old, new) = (Blocklist::open(&old_file).unwrap(), Blocklist::open(&new_file).unwrap());
        let (forth, back) = (diff(&old, &new).unwrap(), diff(&new, &old).unwrap());
        prop_assert_eq!(apply(&old, &forth).unwrap(), new_file.clone());
        prop_assert_eq!(apply(&new, &back).unwrap(), old_file.clone());
        let refused = apply(&new, &forth);
        let is_base = matches!(refused, Err(ApplyError::WrongBase { needed: 1, found: 2 }));
        prop_assert!(is_base);

        let changes = Changes::between(&old, &new).unwrap();
        let (a, b) = (sorted(bytes, &a), sorted(bytes, &b));
        prop_assert!(changes.removals.iter().all(|&index| b.binary_search(&a[index as usize]).is_err()));
        prop_assert!(changes.additions.iter().all(|value| a.binary_search(value).is_err()));
        prop_assert_eq!(a.len() - changes.removals.len() + changes.additions.len(), b.len());
    }

    #[test]
    fn a_damaged_update_never_makes_another_list(
        (bytes, a, b) in versions(), at in any::<prop::sample::Index>(), bit in 0..8, cut in any::<prop::sample::Index>(),
    ) {
        let (old_file, new_file) = (file(bytes, &a, 1), file(bytes, &b, 2));
        let (old, new) = (Blocklist::open(&old_file).unwrap(), Blocklist::open(&new_file).unwrap());
        let update = diff(&old, &new).unwrap();
        prop_assert!(apply(&old, &update[..cut.index(update.len())]).is_err());
        prop_assert!(apply(&old, &[&*update, &[0]].concat()).is_err());
        let mut damaged = update;
        let at = at.index(damaged.len());
        damaged[at] ^= 1_u8 << bit;
        // Only the number of the old version is for people alone; all else is caught.
        if let Ok(made) = apply(&old, &damaged) {
            prop_assert!((14..22).contains(&at));
            prop_assert_eq!(made, new_file);
        }
    }

    #[test]
    fn changes_of_any_kind_are_refused_or_make_a_proper_list(
        bytes in 4..=8_u8, members in values(), removals in vec(0..400_u64, 0..20), additions in values(),
        tidy in any::<bool>(),
    ) {
        let file = file(bytes, &members, 1);
        let old = Blocklist::open(&file).unwrap();
        let mut changes = Changes { removals, additions };
        if tidy {
            changes.removals.retain(|&index| index < old.header().entries.into());
            changes.removals.sort_unstable();
            changes.removals.dedup();
            changes.additions = sorted(bytes, &changes.additions);
            changes.additions.retain(|value| !sorted(bytes, &members).contains(value));
        }
        match changes.apply(&old, Version { sequence: 2, token: b"" }, 0) {
            Ok(next) => {
                let entries = Blocklist::open(&next).unwrap().header().entries as usize;
                let expected = old.header().entries as usize - changes.removals.len() + changes.additions.len();
                prop_assert_eq!(entries, expected);
            }
            Err(refused) => prop_assert!(!tidy, "{}", refused),
        }
    }

    #[test]
    fn rice_codes_decode_to_what_was_coded(mut values in values()) {
        values.sort_unstable();
        let wide = RiceDeltas::encode(&values, Width::Bits64).unwrap();
        prop_assert_eq!(wide.map_or(vec![], |coded| coded.decode(Width::Bits64).unwrap()), values.clone());
        let values: Vec<u64> = values.iter().map(|value| value >> 32).collect();
        let narrow = RiceDeltas::encode(&values, Width::Bits32).unwrap();
        prop_assert_eq!(narrow.map_or(vec![], |coded| coded.decode(Width::Bits32).unwrap()), values);
    }

    /// What decodes from any bytes ascends, and coding it with the same parameter gives the bytes;
    /// here by way of the best parameter, which cannot be larger.
    #[test]
    fn any_bytes_decode_to_ascending_integers_or_an_error(
        first in any::<u32>(), parameter in 0..70_u8, count in 0..200_u32, data in vec(any::<u8>(), 0..200),
        wide in any::<bool>(),
    ) {
        let width = if wide { Width::Bits64 } else { Width::Bits32 };
        let coded = RiceDeltas {
            first_value: first.into(), rice_parameter: parameter, entries_count: count, encoded_data: data,
        };
        if let Ok(values) = coded.decode(width) {
            prop_assert!(values.is_sorted());
            prop_assert_eq!(values.len(), count as usize + 1);
            let best = RiceDeltas::encode(&values, width).unwrap().unwrap();
            prop_assert!(best.encoded_data.len() <= coded.encoded_data.len());
            if best.rice_parameter == coded.rice_parameter {
                prop_assert_eq!(best, coded);
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_without_panic(bytes in vec(any::<u8>(), 0..400)) {
        let at_all = Blocklist::open(&bytes).is_ok() || Update::read(&bytes).is_ok();
        prop_assert!(!at_all);
        let list = [&b"QUORUMBL\x01\0\0\0\x04\x01\0\0"[..], &bytes, &[0; 32]].concat();
        let mut list = list;
        reseal(&mut list);
        let _ = Blocklist::open(&list);
        let _ = Update::read(&[&b"QUORUMBU\x01\0"[..], &bytes].concat());
    }
}

/// Addresses with few names or many, a few folders or none, a file or not, a query or not.
fn address() -> impl Strategy<Value = String> {
    let name = || proptest::sample::select(["a", "b", "com", "co", "uk", "example"].as_slice());
    let host = prop_oneof![
        9 => vec(name(), 1..8).prop_map(|names| names.join(".")),
        1 => Just("192.0.2.7".to_owned()),
    ];
    let query = proptest::sample::select(["", "?", "?id=1/2"].as_slice());
    (host, vec(name(), 0..7), any::<bool>(), query).prop_map(|(host, folders, file, query)| {
        let folders: String = folders.iter().map(|name| format!("{name}/")).collect();
        format!(
            "http://{host}/{folders}{}{query}",
            if file { "x.html" } else { "" }
        )
    })
}

/// A list of addresses with 8-byte prefixes.
fn listing<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut builder = Builder::new(Kind::Url, 8).unwrap();
    for expression in expressions {
        builder.add_expression(expression);
    }
    builder.build("addresses", VERSION, 0).unwrap()
}
const VERSION: Version<'_> = Version {
    sequence: 1,
    token: b"",
};

proptest! {
    /// What a list knows of its entries' shapes hides none of them.
    #[test]
    fn an_address_is_found_by_what_is_listed_of_it(
        address in address(),
        listed in any::<u32>(),
        strangers in vec(address(), 0..3),
    ) {
        let url = SafeUrl::parse(address.as_bytes()).unwrap();
        let all: Vec<String> = url.expressions().map(|one| one.to_string()).collect();
        let strangers: Vec<String> = strangers
            .iter()
            .map(|address| SafeUrl::parse(address.as_bytes()).unwrap())
            .flat_map(|url| url.expressions().map(|one| one.to_string()).collect::<Vec<_>>())
            .filter(|one| !all.contains(one))
            .collect();
        let own: Vec<&str> = (0..)
            .zip(&all)
            .filter(|(bit, _)| listed >> bit & 1 == 1)
            .map(|(_, one)| one.as_str())
            .collect();
        let file = listing(own.iter().copied().chain(strangers.iter().map(String::as_str)));
        let list = Blocklist::open(&file).unwrap();
        let found: Vec<String> = list.lookup_url(&url).map(|found| found.expression.to_string()).collect();
        prop_assert_eq!(found, own);
        prop_assert_eq!(url.hashes_without(Shapes::default()).count(), all.len());
    }
}

/// A list of hosts alone asks about no path, one to which hashes came whose texts nobody knows about all.
#[test]
fn a_list_of_hosts_is_asked_about_hosts() {
    let url = SafeUrl::parse(b"http://www.evil.example/a/b.html?c").unwrap();
    let hosts = listing(["evil.example/", "www.shop.example/"]);
    let old = Blocklist::open(&hosts).unwrap();
    let asked = |list: &Blocklist<'_>| url.hashes_without(list.header().absent).count();
    assert_eq!((url.expressions().count(), asked(&old)), (8, 2));

    let added = listing(["www.evil.example/a/"]);
    let additions = Blocklist::open(&added).unwrap().entries().collect();
    let change = |additions: Vec<u64>, removals: Vec<u64>| {
        let changes = Changes {
            removals,
            additions,
        };
        changes.apply(&old, VERSION, 0).unwrap()
    };
    let more = change(additions, vec![]);
    let list = Blocklist::open(&more).unwrap();
    assert_eq!((asked(&list), list.lookup_url(&url).count()), (8, 2));
    let less = change(vec![], vec![0]);
    assert_eq!(asked(&Blocklist::open(&less).unwrap()), 2);

    // What is handed out as an update knows it, in both directions.
    let (hosts, both) = (old, listing(["evil.example/", "www.evil.example/a/"]));
    let both = Blocklist::open(&both).unwrap();
    assert_eq!(asked(&both), 4);
    for (from, to) in [(hosts, both), (both, hosts)] {
        let made = apply(&from, &diff(&from, &to).unwrap()).unwrap();
        assert_eq!(Blocklist::open(&made).unwrap().header(), to.header());
    }
}

/// Hashes that are not on a list match it by chance as often as the documentation says.
#[test]
fn strangers_match_by_chance_only() {
    let digest = |text: String| *sha256(text.as_bytes()).as_bytes();
    let mut builder = Builder::new(Kind::Url, 4).unwrap();
    for index in 0..100_000 {
        builder.add(&digest(format!("member {index}"))).unwrap();
    }
    let file = builder
        .build(
            "chance",
            Version {
                sequence: 0,
                token: b"",
            },
            0,
        )
        .unwrap();
    let list = Blocklist::open(&file).unwrap();
    let asked = 400_000;
    let matches = (0..asked)
        .filter(|index| list.lookup(&digest(format!("stranger {index}"))).is_some())
        .count();
    let expected = list.false_positive_rate() * f64::from(asked);
    assert!((9.0..9.6).contains(&expected), "{expected}");
    // Poisson: with a mean of 9.3, more than 30 happen once in 10⁸ (and the hashes are always the same).
    assert!(
        (1..=30).contains(&matches),
        "{matches} instead of about {expected}"
    );
}

/// All the bits of a small file, one after the other.
#[test]
fn each_bit_of_a_file_matters() {
    let file = file(5, &[1 << 60, 5 << 40, u64::MAX], 3);
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Blocklist::open(&damaged).is_err(), "bit {bit}");
    }
}

/// The cost that `blocklist/file.rs` states, and the bar of two bytes an entry.
#[test]
fn an_entry_costs_what_is_documented() {
    // Evenly spread without hashing: multiples of the golden ratio's fraction.
    let values: Vec<u64> = (0..1_000_000_u64)
        .map(|index| index.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    for (bytes, bits) in [(4, 14.57), (5, 22.57), (6, 30.57), (7, 38.57), (8, 46.57)] {
        let file = file(bytes, &values, 1);
        let entries = Blocklist::open(&file).unwrap().header().entries;
        let cost = file.len() as f64 * 8.0 / f64::from(entries);
        assert!((cost - bits).abs() < 0.02, "{bytes}: {cost}");
    }
}

/// A list whose entries all share one bucket is made, verified and asked in reasonable time.
#[test]
fn a_skewed_list_is_read_too() {
    let values: Vec<u64> = (0..200_000_u64).map(|index| index << 32).collect();
    let file = file(4, &values, 1);
    let list = Blocklist::open(&file).unwrap();
    for index in [0, 1, 99_999, 199_999_u64] {
        let found = list.lookup(&(index << 32).to_be_bytes()).unwrap();
        assert_eq!(u64::from(found.index), index);
    }
    assert!(list.lookup(&(200_000_u64 << 32).to_be_bytes()).is_none());
}

/// More entries promised than the data can hold: an error, and no memory for them.
#[test]
fn promises_allocate_nothing() {
    let coded = RiceDeltas {
        first_value: 0,
        rice_parameter: 3,
        entries_count: u32::MAX,
        encoded_data: vec![0; 8],
    };
    assert_eq!(coded.decode(Width::Bits32), Err(RiceError::Truncated(17)));
}
