//! Measures that no text takes much longer than prose of its length: prose, a text of which a tenth is observables, and hostile texts,
//! each as a ratio to prose. Rounds are interleaved; the best of each is told, since whatever
//! else the machine does only adds.
//!
//! ```text
//! cargo run --release -p quorum-core --example extract_hostile [PART OF A TEXT'S NAME]
//! ```
#![allow(clippy::print_stdout)]

use std::time::Instant;

use quorum_core::text::extract_bytes;

const LENGTH: usize = 1 << 18;
/// Many short rounds: the best of them was not interrupted.
const ROUNDS: usize = 40;

const PROSE: &str = "It was the first thing that she had noticed, or so she said afterwards: the \
    door (the green one) stood open, and nobody was there. \"We'll wait,\" he answered; the clock \
    showed half past ten. In 1987 they had moved to the coast - a well-known place - with 3 \
    children and a dog. Nothing else happened that evening, e.g. no letter came.\n";

const OBSERVABLES: &str = "hxxps://login[.]evil-site[.]com/a/b.php?id=1 \
    44d88612fea8a8f36de82e1278abb02f 203[.]0[.]113[.]77 joe@mail.example.org evil.co.uk \
    CVE-2021-44228 http://203.0.113.5:8080/x.exe 2001:db8::8a2e:370:7334 \
    275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f C:\\Windows\\Temp\\a.exe\n";

fn fill(piece: &str, length: usize) -> Vec<u8> {
    piece.bytes().cycle().take(length).collect()
}

/// A tenth of the bytes is observables.
fn mixed(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < length {
        text.extend_from_slice(OBSERVABLES.as_bytes());
        text.extend(fill(PROSE, 9 * OBSERVABLES.len()));
    }
    text
}

fn main() {
    let mut texts = vec![
        ("prose".to_owned(), fill(PROSE, LENGTH)),
        ("ten times as much".to_owned(), fill(PROSE, 10 * LENGTH)),
        ("a tenth observables".to_owned(), mixed(LENGTH)),
        ("ten times as much of it".to_owned(), mixed(10 * LENGTH)),
        ("observables only".to_owned(), fill(OBSERVABLES, LENGTH)),
    ];
    for hostile in [
        "a.a.a.",
        "http://",
        "[.]",
        "@",
        "(",
        ":",
        "0123456789abcdef",
        "<",
        "&",
        "\\",
        "a@",
        "a+",
        "http://a.",
        "1:",
        "::",
        "&#46;",
        "<b>",
        "a<b>",
        "a.com/",
        "a [.] ",
        "\"C:\\ ",
        "\\\\a\\b",
        "http://a@",
        "3:abcdef:",
        "1.2.3.4-",
        "%",
        "a dot ",
        "mutex: \"",
        "/etc/",
        "hxxp",
        "http://[",
        "HKLM\\",
        "a\u{3002}",
        "pkg:",
        "a\u{ad}",
        "_dot_",
        " at ",
        "é.",
    ] {
        texts.push((format!("only {hostile:?}"), fill(hostile, LENGTH)));
    }
    // Prose stays, to compare with.
    if let Some(name) = std::env::args().nth(1) {
        texts.retain(|(known, _)| known.contains(&name) || known == "prose");
    }
    let mut times = vec![Vec::new(); texts.len()];
    let mut hits = vec![0; texts.len()];
    for _ in 0..ROUNDS {
        for (index, (_, text)) in texts.iter().enumerate() {
            let start = Instant::now();
            hits[index] = extract_bytes(text, &Default::default()).len();
            times[index].push(start.elapsed().as_secs_f64());
        }
    }
    let best = |times: &Vec<f64>| times.iter().copied().fold(f64::INFINITY, f64::min);
    let times: Vec<f64> = times.iter().map(best).collect();
    for ((name, text), (time, hits)) in texts.iter().zip(times.iter().zip(hits)) {
        let each = time / text.len() as f64;
        let ratio = each / (times[0] / texts[0].1.len() as f64);
        let speed = text.len() as f64 / time / 1e6;
        println!("{ratio:7.2} x prose  {speed:8.0} MB/s  {hits:7} hits  {name}");
    }
}
