//! `quorum hash`: digests and type of files, by which a report can be asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quorum_core::deception::show_safely;
use quorum_core::digest::fuzzy::{FuzzyHasher, Similarity};
use quorum_core::digest::{Digests, FileType, HEAD_BYTES, Hasher, file_type};
use serde::Serialize;

use super::{Input, Stop, csv_field, inputs, told};
use crate::cli::{Failure, say};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One array of objects
    Json,
    /// Columns file, size, type, md5, sha1, sha256, ssdeep, tlsh
    Csv,
}

/// The command line of `quorum hash`.
#[derive(Args)]
pub(crate) struct Hash {
    /// Files to read; none, or -, is standard input
    files: Vec<PathBuf>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    file: String,
    #[serde(flatten)]
    digests: Digests,
    #[serde(flatten)]
    similarity: Similarity,
    #[serde(rename = "type")]
    file_type: FileType,
}

impl Hash {
    /// Reads the files and prints their digests. A file that cannot be read is told at the end, the
    /// others are read all the same.
    ///
    /// # Errors
    /// A file cannot be read, or the output is closed.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let mut problems = Vec::new();
        if self.format == Format::Csv {
            say("file,size,type,md5,sha1,sha256,ssdeep,tlsh")?;
        }
        for path in inputs(&self.files) {
            match read(&path) {
                Ok(row) => match self.format {
                    Format::Text => say(&text(&row))?,
                    Format::Csv => say(&csv(&row))?,
                    Format::Json => rows.push(row),
                },
                Err(Stop::Unreadable(problem)) => problems.push(problem),
                Err(Stop::Output(error)) => return Err(error),
            }
        }
        if self.format == Format::Json {
            say(&serde_json::to_string_pretty(&rows)?)?;
        }
        told(&problems)
    }
}

fn read(path: &std::path::Path) -> Result<Row, Stop> {
    let input = Input::open(path)?;
    let file = input.name.clone();
    let mut hasher = Hasher::new();
    let mut fuzzy = FuzzyHasher::new();
    let mut head = Vec::new();
    input.each(|piece| {
        head.extend_from_slice(&piece[..piece.len().min(HEAD_BYTES - head.len())]);
        hasher.update(piece);
        fuzzy.update(piece);
        Ok(())
    })?;
    Ok(Row {
        file,
        digests: hasher.finish(),
        similarity: fuzzy.finish(),
        file_type: file_type(&head),
    })
}

fn text(row: &Row) -> String {
    let Digests {
        md5,
        sha1,
        sha256,
        size,
    } = &row.digests;
    let Similarity { ssdeep, tlsh } = &row.similarity;
    let mut told = format!(
        "{}\n  type    {}\n  size    {size}\n  md5     {md5}\n  sha1    {sha1}\n  sha256  {sha256}\n  ssdeep  {ssdeep}",
        show_safely(&row.file),
        row.file_type.description,
    );
    if let Some(tlsh) = tlsh {
        told.push_str(&format!("\n  tlsh    {tlsh}"));
    }
    told
}

fn csv(row: &Row) -> String {
    let Digests {
        md5,
        sha1,
        sha256,
        size,
    } = &row.digests;
    let tlsh = row.similarity.tlsh.as_ref().map(ToString::to_string);
    format!(
        "{},{size},{},{md5},{sha1},{sha256},{},{}",
        csv_field(&row.file),
        row.file_type.tag,
        row.similarity.ssdeep,
        tlsh.unwrap_or_default(),
    )
}
