//! What the module says, said by the same code natively: for the differential test and the benchmark.
//!
//! `native RULES FOLDER` prints one line of JSON for each file of the folder, in the order of their names:
//! the report on it. `native RULES FOLDER timed` scans them instead, once for each line of
//! standard input, and prints how long that took, in milliseconds, and how many rules matched.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::io::Write as _;
use std::time::Instant;

use quorum_core::rules::{Origin, RuleText};
use quorum_scanner::{Engine, Group};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (rules, folder) = (
        arguments.next().ok_or("no rules")?,
        arguments.next().ok_or("no folder")?,
    );
    let timed = arguments.next().is_some();
    let text = RuleText {
        name: "rules".to_owned(),
        text: std::fs::read_to_string(rules)?,
    };
    let group = Group::compile(Origin::Own, "own", None, None, &[text]).map_err(|fault| {
        format!(
            "{}:{}:{}: {}",
            fault.source, fault.line, fault.column, fault.message
        )
    })?;
    let mut engine = Engine {
        groups: vec![group],
        ..Engine::default()
    };
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    if !timed {
        for file in &files {
            println!("{}", serde_json::to_string(&engine.scan(file, |_| {}))?);
        }
        return Ok(());
    }
    for line in std::io::stdin().lines() {
        line?;
        let start = Instant::now();
        let mut matches = 0;
        for file in &files {
            matches += engine.scan(file, |_| {}).matches.len();
        }
        println!("{} {matches}", start.elapsed().as_secs_f64() * 1000.0);
        std::io::stdout().flush()?;
    }
    Ok(())
}
