//! What holds for every archive and for every heap of bytes that is none. Attack catalogue row: S10
//! (bombs, nesting, hostile names and directories).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod making;

use making::{Plan, gzip, layers, zip};
use proptest::prelude::*;
use quorum_core::archive::{Content, Event, Finding, Limit, Limits, Reader};
use quorum_core::digest::{Digests, Hasher};

fn small() -> Limits {
    Limits {
        depth: 3,
        members: 50,
        unpacked: 1 << 20,
        member: 1 << 18,
        ratio: 200,
    }
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> Vec<Event> {
    let mut events = Vec::new();
    let mut reader = Reader::new(limits);
    let mut tell = |event| events.push(event);
    for piece in pieces {
        reader.push(piece, &mut tell);
    }
    reader.finish(&mut tell);
    events
}

fn digests(bytes: &[u8]) -> Digests {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

fn contents(events: &[Event]) -> Vec<Content> {
    let content = |event: &Event| match event {
        Event::Finished(content) => Some(*content),
        _ => None,
    };
    events.iter().filter_map(content).collect()
}

fn limits_reached(events: &[Event]) -> Vec<Limit> {
    let limit = |event: &Event| match event {
        Event::Limit { limit, .. } => Some(*limit),
        _ => None,
    };
    events.iter().filter_map(limit).collect()
}

fn plan() -> impl Strategy<Value = Plan> {
    let data = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..3000),
        (any::<u8>(), 0..20_000usize).prop_map(|(byte, times)| vec![byte; times]),
        // What looks like the records around it.
        proptest::collection::vec(
            prop_oneof![
                Just(&b"PK\x03\x04"[..]),
                Just(&b"PK\x01\x02"[..]),
                Just(&b"PK\x05\x06"[..]),
                Just(&b"PK\x07\x08"[..]),
                Just(&b"P"[..]),
                Just(&b"PK"[..]),
                Just(&b"\0\0"[..]),
                Just(&b"\x14\0\0\0\x08\0"[..]),
            ],
            0..200
        )
        .prop_map(|parts| parts.concat()),
    ];
    (
        "[a-z]{1,8}(/[a-zäöü]{1,8}){0,2}",
        data,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(name, data, deflated, descriptor)| Plan {
            name,
            data,
            deflated,
            descriptor,
        })
}

/// Bytes that begin like an archive, or contain one, with some of them changed.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let sound = || proptest::collection::vec(plan(), 0..4).prop_map(|plans| zip(&plans));
    let heap = proptest::collection::vec(any::<u8>(), 0..2000);
    let start = prop_oneof![
        Just(&b""[..]),
        Just(&b"PK\x03\x04"[..]),
        Just(&b"PK\x05\x06"[..]),
        Just(&b"\x1f\x8b\x08\0"[..]),
        Just(&b"MZ"[..]),
    ];
    let bytes = prop_oneof![
        sound(),
        sound().prop_map(|zip| gzip(&zip)),
        (start, heap).prop_map(|(start, rest)| [start, &rest[..]].concat()),
        (sound(), sound()).prop_map(|(one, other)| [one, other].concat()),
    ];
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (bytes, changes).prop_map(|(mut bytes, changes)| {
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_zip_gives_back_what_went_in(plans in proptest::collection::vec(plan(), 0..6)) {
        let zip = zip(&plans);
        let events = read([&zip[..]], Limits { depth: 1, ..Limits::default() });
        let found: Vec<_> = contents(&events).iter().map(|content| content.digests).collect();
        let put: Vec<_> = plans.iter().map(|plan| digests(&plan.data)).collect();
        prop_assert_eq!(found, put);
        let names: Vec<_> = events.iter().filter_map(|event| match event {
            Event::Begun(member) => Some(String::from_utf8(member.name.clone()).unwrap()),
            Event::Damaged { .. } => Some(format!("{event:?}")),
            Event::Finding { finding, .. } if *finding != Finding::DuplicateName => Some(format!("{event:?}")),
            _ => None,
        }).collect();
        let put: Vec<_> = plans.iter().map(|plan| plan.name.clone()).collect();
        prop_assert_eq!(names, put);
    }

    #[test]
    fn a_gzip_gives_back_what_went_in(data in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let packed = gzip(&data);
        let found = contents(&read([&packed[..]], small()));
        prop_assert_eq!(found.last().unwrap().digests, digests(&data));
    }

    #[test]
    fn any_bytes_end_within_the_limits_however_they_are_cut(
        bytes in hostile(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let limits = small();
        let whole = read([&bytes[..]], limits);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        prop_assert_eq!(&read(pieces, limits), &whole);
        prop_assert_eq!(&read(bytes.chunks(1), limits), &whole);
        let begun = whole.iter().filter(|event| matches!(event, Event::Begun(_))).count();
        prop_assert!(begun <= limits.members as usize);
        for depth in 1..=limits.depth {
            let contents = contents(&whole);
            let there = contents.iter().filter(|content| content.depth == depth);
            prop_assert!(there.map(|content| content.digests.size).sum::<u64>() <= limits.unpacked);
        }
        prop_assert!(whole.len() <= 6 * limits.members as usize + 6);
    }
}

#[test]
fn layers_of_archives_end_at_the_sum_or_at_the_depth() {
    let bomb = layers(4);
    let limits = Limits {
        unpacked: 10 << 20,
        ..Limits::default()
    };
    assert_eq!(
        limits_reached(&read([&bomb[..]], limits)),
        [Limit::Unpacked]
    );
    let limits = Limits {
        depth: 2,
        ..Limits::default()
    };
    let reached = limits_reached(&read([&bomb[..]], limits));
    assert_eq!(reached, [Limit::Depth; 256]);
    let limits = Limits {
        members: 100,
        ..Limits::default()
    };
    assert_eq!(limits_reached(&read([&bomb[..]], limits)), [Limit::Members]);
}

#[test]
fn nesting_to_any_depth_ends_at_the_limit() {
    let mut data = b"x".to_vec();
    for _ in 0..300 {
        data = gzip(&data);
    }
    for depth in [0, 1, 16, 255] {
        let events = read(
            [&data[..]],
            Limits {
                depth,
                ..Limits::default()
            },
        );
        assert_eq!(limits_reached(&events), [Limit::Depth]);
        let opened = events
            .iter()
            .filter(|event| matches!(event, Event::Opened { .. }))
            .count();
        assert_eq!(opened, usize::from(depth.min(16)));
    }
}

/// One entry of the central directory for each of many names, all of one member.
#[test]
fn a_directory_full_of_overlaps_ends_at_the_limit() {
    let plan = |name: &str| Plan {
        name: name.to_owned(),
        data: vec![7; 999],
        deflated: true,
        descriptor: false,
    };
    let mut bytes = zip(&[plan("a")]);
    let entry = bytes
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .unwrap();
    let entry = bytes[entry..bytes.len() - 22].to_vec();
    let end = bytes.split_off(bytes.len() - 22);
    (0..50_000).for_each(|_| bytes.extend(&entry));
    bytes.extend(end);
    let events = read([&bytes[..]], Limits::default());
    let overlap = |event: &&Event| {
        matches!(
            event,
            Event::Finding {
                finding: Finding::Overlap { .. },
                ..
            }
        )
    };
    assert_eq!(events.iter().filter(overlap).count(), 9_999);
    assert_eq!(limits_reached(&events), [Limit::Members]);
}
