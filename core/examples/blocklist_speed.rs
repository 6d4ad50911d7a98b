//! What a local list costs: bytes an entry, and the time to make it, to open it and to ask it.
//!
//! `cargo run --release -p quorum-core --example blocklist_speed [ENTRIES]` (1,000,000 by default).
//! Questions come in random order; times are medians over samples.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use quorum_core::blocklist::{Blocklist, Builder, Kind, Version, apply, diff};
use quorum_core::digest::sha256;
use quorum_core::safe_browsing::SafeUrl;

/// Questions that are timed together: fewer than a scheduler's time slice holds, so that other work
/// on the machine spoils some samples and not all.
const SAMPLE: usize = 100;

/// Runs `work` on all questions; gives the median in nanoseconds a question over the samples, and
/// how many questions were answered with yes.
fn ask<T>(questions: &[T], mut work: impl FnMut(&T) -> bool) -> (f64, usize) {
    let mut found = 0;
    let mut times: Vec<f64> = questions
        .chunks_exact(SAMPLE)
        .map(|sample| {
            let start = Instant::now();
            found += sample
                .iter()
                .filter(|question| black_box(work(question)))
                .count();
            start.elapsed().as_nanos() as f64 / SAMPLE as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], found)
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

    let urls = [
        "stranger-#.example/",
        "www.stranger-#.example/a/page.html?id=#",
        "a.b.c.d.stranger-#.example/1/2/3/4/5.html?id=#",
    ]
    .map(|form| {
        let url = |index: u32| {
            format!("https://{form}")
                .replace('#', &index.to_string())
                .into_bytes()
        };
        (form, (0..20_000).map(url).collect::<Vec<_>>())
    });

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

        for (what, urls) in &urls {
            let parsed: Vec<_> = urls
                .iter()
                .map(|url| SafeUrl::parse(url).unwrap())
                .collect();
            let expressions: usize = parsed.iter().map(|url| url.expressions().count()).sum();
            let (all, _) = ask(urls, |url| {
                let url = SafeUrl::parse(url).unwrap();
                list.lookup_url(&url).next().is_some()
            });
            let (parsing, _) = ask(urls, |url| SafeUrl::parse(url).is_ok());
            let (splitting, _) = ask(&parsed, |url| url.expressions().count() > 30);
            let (hashing, _) = ask(&parsed, |url| {
                url.expression_hashes()
                    .any(|hash| hash.as_bytes()[..8] == [0; 8])
            });
            println!(
                "  {what}, {:.1} expressions: {all:.0} ns from the address to the answer; canonical form {parsing:.0} ns, expressions {splitting:.0} ns, with hashes {hashing:.0} ns",
                expressions as f64 / urls.len() as f64,
            );
        }

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
