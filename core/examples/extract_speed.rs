//! Measures extraction natively: `cargo run --release -p quorum-core --example extract_speed FILE…`.
//! Prints a line of JSON for each file: its bytes, the hits, and the milliseconds of each of nine runs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use quorum_core::text::extract_bytes;

fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read(&path).unwrap();
        let mut times = Vec::new();
        let mut hits = 0;
        for _ in 0..9 {
            let start = Instant::now();
            hits = extract_bytes(&text, &Default::default()).len();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "{}",
            serde_json::json!({"file": path, "bytes": text.len(), "hits": hits, "ms": times})
        );
    }
}
