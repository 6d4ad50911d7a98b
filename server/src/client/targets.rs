//! What the command line names: files, folders, hashes, addresses, names, or `-` for a list of them
//! on standard input.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use quorum_core::indicator::Indicator;
use walkdir::WalkDir;

use super::Stop;

/// One thing to ask about, as it was named.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) what: What,
}

pub(super) enum What {
    File(PathBuf),
    Indicator(Indicator),
    /// Nothing that can be asked about, and why.
    Neither(String),
    /// Something that cannot be read, and why.
    Unreadable(String),
}

/// Finds out what each argument is. What exists as a file is that file; `http://…` is always an
/// address. Folders are gone into with `recursive`, by their names' order and without following
/// links in them.
///
/// # Errors
/// Standard input cannot be read.
pub(super) fn targets(named: &[String], recursive: bool) -> Result<Vec<Target>, Stop> {
    let mut targets = Vec::new();
    for name in named {
        if name == "-" {
            for line in std::io::stdin().lock().lines() {
                let line = line.map_err(|error| Stop::local(format!("standard input: {error}")))?;
                if !line.trim().is_empty() {
                    add(&mut targets, line.trim_end_matches('\r'), recursive);
                }
            }
        } else {
            add(&mut targets, name, recursive);
        }
    }
    Ok(targets)
}

fn add(targets: &mut Vec<Target>, name: &str, recursive: bool) {
    let path = Path::new(name);
    let target = |what| Target {
        name: name.to_owned(),
        what,
    };
    if path.is_dir() {
        if recursive {
            walk(targets, path);
        } else {
            let reason = "a folder, which --recursive goes into".to_owned();
            targets.push(target(What::Neither(reason)));
        }
    } else if path.exists() {
        targets.push(target(What::File(path.to_owned())));
    } else {
        targets.push(target(match Indicator::read(name) {
            Ok(indicator) => What::Indicator(indicator),
            Err(error) => What::Neither(format!("no file, and {error}")),
        }));
    }
}

fn walk(targets: &mut Vec<Target>, folder: &Path) {
    for entry in WalkDir::new(folder).sort_by_file_name() {
        match entry {
            // Pipes and devices have no end.
            Ok(entry) if entry.file_type().is_file() => targets.push(Target {
                name: entry.path().display().to_string(),
                what: What::File(entry.into_path()),
            }),
            Ok(_) => {}
            Err(error) => targets.push(Target {
                name: error.path().unwrap_or(folder).display().to_string(),
                what: What::Unreadable(error.to_string()),
            }),
        }
    }
}

/// Asks a person at the terminal. `None` where there is nobody.
pub(super) fn ask(question: &str) -> Option<bool> {
    use std::io::IsTerminal as _;
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    write!(std::io::stderr(), "{question} [y/N] ").ok()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}
