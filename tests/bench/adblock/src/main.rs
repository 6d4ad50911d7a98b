//! The local list beside adblock-rust, with the same hosts: bytes an entry, and the time from an
//! address to the answer. `cargo run --release [ENTRIES]`; prints one JSON object.
//!
//! Both are asked the same addresses by turns, a sample at a time. adblock's engine knows more than
//! hosts and is asked by request: it is given the address as a frame's, without a page around it.

use std::hint::black_box;
use std::time::Instant;

use adblock::Engine;
use adblock::lists::{FilterSet, ParseOptions};
use adblock::request::Request;
use quorum_core::blocklist::{Blocklist, Builder, Kind, Version};
use quorum_core::safe_browsing::SafeUrl;
use serde_json::json;

/// Questions that are timed together: fewer than a scheduler's time slice holds.
const SAMPLE: usize = 100;
const SAMPLES: usize = 201;

fn main() {
    let entries: usize = std::env::args()
        .nth(1)
        .map_or(1_000_000, |count| count.parse().expect("a number of entries"));
    let host = |index: usize| format!("host-{index}.example");

    let mut builder = Builder::new(Kind::Url, 4).expect("4 bytes are allowed");
    for index in 0..entries {
        builder.add_expression(&format!("{}/", host(index)));
    }
    let version = Version {
        sequence: 1,
        token: b"",
    };
    let file = builder
        .build("bench", version, 0)
        .expect("the list is small");
    let list = Blocklist::open(&file).expect("it was just made");

    let filters: String = (0..entries)
        .map(|index| format!("||{}^\n", host(index)))
        .collect();
    let mut set = FilterSet::new(false);
    set.add_filter_list(filters, ParseOptions::default());
    let engine = Engine::new_with_filter_set(set);
    let engine_bytes = engine.serialize().len();

    let ours = |url: &str| {
        let url = SafeUrl::parse(url.as_bytes()).expect("it has a host");
        list.lookup_url(&url).next().is_some()
    };
    let theirs = |url: &str| {
        let request = Request::new(url, "", "sub_frame", "GET").expect("it has a host");
        engine.check_network_request(&request).should_block()
    };

    let mut lookups = Vec::new();
    for (name, listed, form) in [
        ("a listed host", true, "https://#/"),
        (
            "a page under a listed host",
            true,
            "https://www.#/a/page.html?id=7",
        ),
        (
            "a page elsewhere",
            false,
            "https://www.other-#/a/page.html?id=7",
        ),
        (
            "a page elsewhere, with 30 expressions",
            false,
            "https://a.b.c.d.other-#/1/2/3/4/5.html?id=7",
        ),
    ] {
        let url =
            |index: usize| form.replace('#', &host(index.wrapping_mul(2_654_435_761) % entries));
        let urls: Vec<String> = (0..SAMPLE * SAMPLES).map(url).collect();
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        let mut wrong = 0;
        for sample in urls.chunks_exact(SAMPLE) {
            for (work, times) in [
                (&ours as &dyn Fn(&str) -> bool, &mut our_times),
                (&theirs, &mut their_times),
            ] {
                let start = Instant::now();
                let found = sample.iter().filter(|url| black_box(work(url))).count();
                times.push(start.elapsed().as_nanos() as f64 / SAMPLE as f64);
                wrong += if listed { SAMPLE - found } else { found };
            }
        }
        // A prefix of four bytes meets another host's by chance now and then.
        assert!(wrong <= urls.len() / 50, "{name}: {wrong} answers are wrong");
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        lookups.push(json!({
            "name": name,
            "ours_ns": median(&mut our_times),
            "theirs_ns": median(&mut their_times),
        }));
    }
    let each = |bytes: usize| bytes as f64 / entries as f64;
    let out = json!({
        "entries": entries,
        "bytes_an_entry": { "ours": each(file.len()), "theirs": each(engine_bytes) },
        "lookups": lookups,
    });
    println!("{out}");
}
