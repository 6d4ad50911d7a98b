//! What a local list costs: bytes an entry, and the time to make it, to open it and to ask it.
//!
//! `cargo run --release -p quorum-core --example blocklist_speed [ENTRIES]` (1,000,000 by default).
//! Each figure is the median of several rounds over questions in random order.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use quorum_core::blocklist::{Blocklist, Builder, Kind, Version, apply, diff};
use quorum_core::digest::sha256;

const ROUNDS: usize = 9;

/// Runs `work` on each question, several times; gives the median in nanoseconds a question, and how
/// many questions were answered with yes.
fn ask<T>(questions: &[T], mut work: impl FnMut(&T) -> bool) -> (f64, usize) {
    let mut found = 0;
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            found = questions
                .iter()
                .filter(|question| black_box(work(question)))
                .count();
            start.elapsed().as_nanos() as f64 / questions.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], found)
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = work();
    (start.elapsed().as_secs_f64() * 1e3, out)
}

fn main() {
    let entries: u32 = std::env::args()
        .nth(1)
        .map_or(1_000_000, |count| count.parse().unwrap());
    let digest = |text: String| *sha256(text.as_bytes()).as_bytes();
    let host = |index: u32| format!("host-{index}.example/");
    let members: Vec<_> = (0..entries).map(|index| digest(host(index))).collect();
    // Members in an order that has nothing to do with theirs, and as many strangers.
    let hits: Vec<_> = (0..200_000_u32)
        .map(|index| members[(index.wrapping_mul(2_654_435_761) % entries) as usize])
        .collect();
    let misses: Vec<_> = (0..200_000_u32)
        .map(|index| digest(format!("stranger-{index}.example/")))
        .collect();

    for prefix_bytes in [4, 8] {
        let build = |from: usize, sequence| {
            let mut builder = Builder::new(Kind::Url, prefix_bytes).unwrap();
            for digest in &members[from..] {
                builder.add(digest).unwrap();
            }
            builder
                .build(
                    "speed",
                    Version {
                        sequence,
                        token: b"",
                    },
                    0,
                )
                .unwrap()
        };
        let (building, file) = milliseconds(|| build(0, 2));
        let (opening, list) = milliseconds(|| Blocklist::open(&file).unwrap());
        println!(
            "{prefix_bytes}-byte prefixes, {} entries: {:.3} bytes an entry; built in {building:.0} ms, opened in {opening:.1} ms",
            list.header().entries,
            file.len() as f64 / f64::from(list.header().entries),
        );
        let (hit, found) = ask(&hits, |digest| list.lookup(digest).is_some());
        assert_eq!(found, hits.len());
        let (miss, chance) = ask(&misses, |digest| list.lookup(digest).is_some());
        println!(
            "  membership: {hit:.1} ns for members, {miss:.1} ns for others ({chance} of {} by chance)",
            misses.len()
        );

        // One entry of a thousand leaves, as many come.
        let older = build(entries as usize / 1000, 1);
        let older = Blocklist::open(&older).unwrap();
        let (differing, update) = milliseconds(|| diff(&older, &list).unwrap());
        let (applying, next) = milliseconds(|| apply(&older, &update).unwrap());
        assert_eq!(next, file);
        println!(
            "  update by {} entries: {} bytes ({:.2} an entry), made in {differing:.0} ms, applied in {applying:.0} ms",
            entries / 1000,
            update.len(),
            update.len() as f64 / f64::from(entries / 1000),
        );
    }
}
