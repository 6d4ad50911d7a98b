//! What `quorum` does without a server and without a backend: it finds observables in texts, explains
//! addresses and hashes files. All of the knowledge is `quorum-core`'s; here it is read and printed.

mod explain;
mod extract;
mod hash;

use std::fs::File;
use std::io::{IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use quorum_core::deception::show_safely;

use crate::cli::Failure;

pub(crate) use explain::Explain;
pub(crate) use extract::Extract;
pub(crate) use hash::Hash;

/// How much is read at a time.
const PIECE: usize = 256 * 1024;

/// Why a file was not read to its end.
enum Stop {
    /// It cannot be read, for this reason; the others can.
    Unreadable(String),
    /// What was found in it cannot be told: nothing more can.
    Output(Failure),
}

impl Stop {
    fn unreadable(name: &str, why: impl std::fmt::Display) -> Self {
        Self::Unreadable(format!("cannot read {}: {why}", show_safely(name)))
    }
}

/// The files that could not be read, told when the others were.
///
/// # Errors
/// There are some.
fn told(unreadable: &[String]) -> Result<(), Failure> {
    if unreadable.is_empty() {
        Ok(())
    } else {
        Err(unreadable.join("\nquorum: ").into())
    }
}

/// A file that is read from its beginning to its end, `-` being standard input.
struct Input {
    name: String,
    read: Box<dyn Read>,
    /// Unknown for a pipe.
    size: Option<u64>,
}

impl Input {
    fn open(path: &Path) -> Result<Self, Stop> {
        let name = path.display().to_string();
        if name == "-" {
            return Ok(Self {
                name,
                read: Box::new(std::io::stdin()),
                size: None,
            });
        }
        let told = |error: std::io::Error| Stop::unreadable(&name, error);
        let file = File::open(path).map_err(told)?;
        let meta = file.metadata().map_err(told)?;
        if meta.is_dir() {
            return Err(Stop::unreadable(&name, "it is a folder"));
        }
        Ok(Self {
            size: meta.is_file().then_some(meta.len()),
            read: Box::new(file),
            name,
        })
    }

    /// Gives the content piece by piece.
    fn each(mut self, mut take: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Stop> {
        let mut piece = vec![0; PIECE];
        let mut progress = Progress::new(&self.name, self.size);
        loop {
            match self.read.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    take(&piece[..length]).map_err(Stop::Output)?;
                    progress.add(length);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::unreadable(&self.name, error)),
            }
        }
    }
}

/// Opens what was named; nothing named is standard input.
fn inputs(paths: &[PathBuf]) -> Vec<PathBuf> {
    if paths.is_empty() {
        vec![PathBuf::from("-")]
    } else {
        paths.to_vec()
    }
}

/// Tells a person at a terminal how far long work is; nobody else.
struct Progress<'a> {
    name: &'a str,
    size: Option<u64>,
    done: u64,
    shown: Option<Instant>,
    begun: Instant,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str, size: Option<u64>) -> Self {
        Self {
            name,
            size,
            done: 0,
            shown: None,
            begun: Instant::now(),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        let since = self.shown.unwrap_or(self.begun).elapsed();
        if !self.terminal
            || since < Duration::from_millis(if self.shown.is_some() { 200 } else { 1000 })
        {
            return;
        }
        self.shown = Some(Instant::now());
        // It is advice; a closed terminal is no reason to stop.
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", self.line());
    }

    fn line(&self) -> String {
        let far = match self.size {
            Some(size) if size > 0 => format!("{} %", self.done * 100 / size),
            _ => format!("{} MB", self.done / 1_000_000),
        };
        format!("{}: {far}", show_safely(self.name))
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// A field of a CSV record (RFC 4180). Spreadsheets run what begins with these characters as a
/// formula, and the texts come from strangers: such a field gets an apostrophe in front.
pub(crate) fn csv_field(text: &str) -> String {
    let formula = text.len() > 1 && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn a_name_in_the_progress_controls_no_terminal() {
        let mut progress = Progress::new("a\x1b]0;title\x07\u{202e}.bin", Some(200));
        progress.done = 50;
        assert_eq!(
            progress.line(),
            "a[U+001B]]0;title[U+0007][U+202E].bin: 25 %"
        );
        progress.size = None;
        progress.done = 3_400_000;
        assert!(progress.line().ends_with(".bin: 3 MB"));
    }
}
