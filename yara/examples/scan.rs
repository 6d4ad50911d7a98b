//! Scans the files and folders named on the command line with our pack and prints every match: for those
//! who write rules.
//!
//! `cargo run -p quorum-yara --release --example scan -- /usr/share`

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::PathBuf;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = quorum_yara::Ruleset::embedded();
    let mut scanner = quorum_yara::Scanner::new(rules).timeout(Duration::from_secs(10));
    let mut pending: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (mut files, mut matches) = (0_u64, 0_u64);
    while let Some(path) = pending.pop() {
        let meta = std::fs::symlink_metadata(&path)?;
        if meta.is_dir() {
            pending.extend(
                std::fs::read_dir(&path)?
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if meta.is_file() {
            files += 1;
            match scanner.scan(&std::fs::read(&path)?) {
                Ok(found) => {
                    for one in found {
                        matches += 1;
                        println!("{} {:?} {}", one.label(), one.severity(), path.display());
                    }
                }
                Err(error) => println!("{error}: {}", path.display()),
            }
        }
    }
    println!(
        "{files} files, {matches} matches, {} rules of {}",
        rules.rules().len(),
        rules.version()
    );
    Ok(())
}
