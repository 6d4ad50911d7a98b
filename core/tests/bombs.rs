//! A bomb costs no more than the limits say, whatever it would unpack to: the memory that is held at once
//! and all that is ever asked for are counted, and what is told. A binary of its own, because the
//! allocator counts for all that runs beside it. Attack catalogue row: S10.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]
#![allow(
    unsafe_code,
    reason = "an allocator is made of it; this one only counts"
)]

mod making;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use making::{Plan, gzip, layers, zip};
use quorum_core::archive::{Event, Limit, Limits, Reader};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static EVER: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(held, Relaxed);
        EVER.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const MIB: usize = 1 << 20;

/// What reading cost and told.
struct Cost {
    held: usize,
    ever: usize,
    events: usize,
    /// Bytes of members that were read to their end, by depth.
    read: [u64; 17],
    limits: Vec<Limit>,
}

/// Reads in pieces as a browser gets them. Events are counted and forgotten: they are the caller's.
fn read(bytes: &[u8], limits: Limits) -> Cost {
    let mut cost = Cost {
        held: 0,
        ever: 0,
        events: 0,
        read: [0; 17],
        limits: Vec::with_capacity(64),
    };
    let (held, ever) = (HELD.load(Relaxed), EVER.load(Relaxed));
    MOST.store(held, Relaxed);
    let mut reader = Reader::new(limits);
    let mut tell = |event: Event| {
        cost.events += 1;
        match event {
            Event::Finished(content) => {
                cost.read[usize::from(content.depth)] += content.digests.size;
            }
            Event::Limit { limit, .. } if !cost.limits.contains(&limit) => cost.limits.push(limit),
            _ => {}
        }
    };
    for piece in bytes.chunks(64 * 1024) {
        reader.push(piece, &mut tell);
    }
    reader.finish(&mut tell);
    cost.held = MOST.load(Relaxed) - held;
    cost.ever = EVER.load(Relaxed) - ever;
    cost
}

fn one(data: Vec<u8>) -> Vec<u8> {
    zip(&[Plan {
        name: "a".to_owned(),
        data,
        deflated: true,
        descriptor: true,
    }])
}

/// As many empty members as make the directory large.
fn many(count: usize) -> Vec<u8> {
    let plans: Vec<_> = (0..count)
        .map(|n| Plan {
            name: format!("{n:040}"),
            data: Vec::new(),
            deflated: false,
            descriptor: false,
        })
        .collect();
    zip(&plans)
}

#[test]
fn a_bomb_ends_at_a_limit_in_bounded_memory_and_with_bounded_output() {
    let zeros = || vec![0; 48 * MIB];
    let usual = Limits::default();
    // Where nothing else stops it, the sum does.
    let sum = Limits {
        ratio: u32::MAX,
        unpacked: 8 * MIB as u64,
        ..usual
    };
    let gzipped = gzip(&zeros());
    let bombs = [
        ("gzip", gzipped.clone(), Limit::Ratio, usual),
        ("gzip, by its sum", gzipped.clone(), Limit::Unpacked, sum),
        (
            "gzip in gzip in ZIP",
            one(gzip(&gzipped)),
            Limit::Ratio,
            usual,
        ),
        ("ZIP", one(zeros()), Limit::Ratio, usual),
        ("ZIP, by its sum", one(zeros()), Limit::Unpacked, sum),
        (
            "ZIP in ZIP in ZIP",
            one(one(one(zeros()))),
            Limit::Ratio,
            usual,
        ),
        // 16 ZIPs of 16 ZIPs of 16 ZIPs with a megabyte each: 4 GiB.
        ("a tree, by its sum", layers(3), Limit::Unpacked, sum),
        ("members", many(20_000), Limit::Members, usual),
    ];
    for (name, bytes, limit, limits) in bombs {
        let cost = read(&bytes, limits);
        assert!(cost.limits.contains(&limit), "{name}: {:?}", cost.limits);
        // What the module's documentation promises for the default limits.
        assert!(cost.held < 4 * MIB, "{name} holds {} bytes", cost.held);
        assert!(
            cost.events <= 4 * limits.members as usize,
            "{name} tells {} events",
            cost.events
        );
        for (depth, read) in cost.read.iter().enumerate() {
            assert!(
                *read <= limits.unpacked,
                "{name}: {read} bytes at depth {depth}"
            );
        }
        // A step that asks for memory is paid for by bytes that came or by a member that began: no
        // work is done over and over.
        let paid = bytes.len() + 400 * 1024 * (1 + cost.events);
        assert!(
            cost.ever < paid,
            "{name} asks for {} bytes in all",
            cost.ever
        );
    }
    // Not a test of its own: the allocator counts what runs beside.
    a_member_is_not_held_however_long_it_is();
}

fn a_member_is_not_held_however_long_it_is() {
    let held = |size: usize| {
        let packed = gzip(&vec![0; size]);
        let limits = Limits {
            ratio: u32::MAX,
            ..Limits::default()
        };
        read(&packed, limits).held
    };
    let (short, long) = (held(MIB), held(32 * MIB));
    assert!(
        long < short + 64 * 1024,
        "{short} bytes for 1 MiB, {long} for 32"
    );
}
