//! `--journal FILE`: what a scan has found out, a line a file, so that the next run over the same
//! folders asks only about what is new or changed.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::Stop;
use super::rows::Row;

/// By which a file is taken for the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    /// In nanoseconds since the Unix epoch.
    modified: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self {
            size: meta.len(),
            modified: u64::try_from(modified.as_nanos()).ok()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    backend: String,
    stamp: Stamp,
    row: Row,
}

/// An open journal. One process writes it at a time.
pub(super) struct Journal {
    backend: String,
    file: File,
    found: HashMap<String, (Stamp, Row)>,
}

impl Journal {
    /// Opens or begins one. A line that a killed run left half is no line.
    ///
    /// # Errors
    /// It cannot be read, or another run writes it.
    pub(super) fn open(path: &Path, backend: String) -> Result<Self, Stop> {
        let told = |error: std::io::Error| Stop::local(format!("{}: {error}", path.display()));
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(told)?;
        file.try_lock()
            .map_err(|error| Stop::local(format!("{}: {error}", path.display())))?;
        let mut found = HashMap::new();
        let mut whole = true;
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(told)? > 0 {
            whole = line.ends_with(b"\n");
            if let Ok(Line {
                backend: of,
                stamp,
                row,
            }) = serde_json::from_slice(&line)
                && of == backend
            {
                found.insert(row.name.clone(), (stamp, row));
            }
            line.clear();
        }
        if !whole {
            file.seek(std::io::SeekFrom::End(0)).map_err(told)?;
            file.write_all(b"\n").map_err(told)?;
        }
        Ok(Self {
            backend,
            file,
            found,
        })
    }

    /// What was found out about a file that has not changed since.
    pub(super) fn find(&self, name: &str, stamp: &Stamp) -> Option<&Row> {
        let (then, row) = self.found.get(name)?;
        (then == stamp).then_some(row)
    }

    /// Notes a row.
    ///
    /// # Errors
    /// The disk does not let us.
    pub(super) fn note(&mut self, stamp: Stamp, row: &Row) -> Result<(), Stop> {
        let mut row = row.clone();
        row.report = None;
        let line = Line {
            backend: self.backend.clone(),
            stamp,
            row,
        };
        let mut text = serde_json::to_string(&line).map_err(std::io::Error::other)?;
        text.push('\n');
        // One write, so that a line is there or not.
        Ok(self.file.write_all(text.as_bytes())?)
    }
}
