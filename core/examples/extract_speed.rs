//! Measures extraction natively, by turns with somebody else: reads lines of a number, a space and a file's
//! path from standard input, extracts from that file so many times, and prints a line of JSON for each: the
//! file's bytes, the hits, and the milliseconds of each time.
//!
//! ```text
//! echo "9 report.txt" | cargo run --release -p quorum-core --example extract_speed
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use quorum_core::text::extract_bytes;

fn main() {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (times, path) = line.split_once(' ').unwrap();
        let text = std::fs::read(path).unwrap();
        let mut hits = 0;
        let ms: Vec<f64> = (0..times.parse().unwrap())
            .map(|_| {
                let start = Instant::now();
                hits = black_box(extract_bytes(&text, &Default::default())).len();
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        println!(
            "{}",
            serde_json::json!({"bytes": text.len(), "hits": hits, "ms": ms})
        );
    }
}
