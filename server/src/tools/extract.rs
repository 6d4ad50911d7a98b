//! `quorum extract`: the observables of texts, as text, JSON, CSV or a STIX 2.1 bundle.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use quorum_core::deception::show_safely;
use quorum_core::observable::{Kind, Observable};
use quorum_core::stix;
use quorum_core::text::{Extractor, Found, Hit, Options, Strictness};
use serde::Serialize;

use super::{Input, Stop, csv_field, inputs, told};
use crate::cli::Failure;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each: kind, tab, value
    Text,
    /// One array of {kind, value, written, start, end}; start and end count bytes
    Json,
    /// Columns kind, value, written, start, end, file
    Csv,
    /// A STIX 2.1 bundle of cyber-observable objects
    Stix,
}

/// The command line of `quorum extract`.
#[derive(Args)]
pub(crate) struct Extract {
    /// Texts to read; none, or -, is standard input
    files: Vec<PathBuf>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also lists what is contained in what is listed: an address's host
    #[arg(long)]
    all: bool,
    /// Takes names that read like files, versions or code, too
    #[arg(long)]
    lenient: bool,
    /// Each value once, where it stands first
    #[arg(long)]
    unique: bool,
    /// These kinds only: url, domain, ipv4, sha256, …
    #[arg(long = "kind", value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Tells on standard error what looked like an observable, and why it is none
    #[arg(long)]
    left_out: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    kind: Kind,
    value: String,
    written: &'a str,
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

impl Extract {
    /// Reads the texts and prints what is in them. A file that cannot be read is told at the end, the
    /// others are read all the same.
    ///
    /// # Errors
    /// A file cannot be read, or the output is closed.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let files = inputs(&self.files);
        let mut output = Output {
            format: self.format,
            unique: self.unique,
            all: self.all,
            name_files: files.len() > 1,
            seen: HashSet::new(),
            observables: Vec::new(),
            rows: 0,
            out: std::io::BufWriter::new(std::io::stdout().lock()),
        };
        let mut problems = Vec::new();
        output.begin()?;
        for path in files {
            match self.read(&path, &mut output) {
                Ok(()) => {}
                Err(Stop::Unreadable(problem)) => problems.push(problem),
                Err(Stop::Output(error)) => return Err(error),
            }
        }
        output.end()?;
        told(&problems)
    }

    /// Reads one text. What was found in front of a place that cannot be read is told.
    fn read<W: Write>(&self, path: &Path, output: &mut Output<W>) -> Result<(), Stop> {
        let input = Input::open(path)?;
        let name = input.name.clone();
        let mut extractor = Extractor::new(Options {
            strictness: if self.lenient {
                Strictness::Lenient
            } else {
                Strictness::Strict
            },
            kinds: self.kinds.clone(),
        });
        let mut found = Vec::new();
        let read = input.each(|piece| {
            extractor.push(piece, &mut |one| found.push(one));
            found
                .drain(..)
                .try_for_each(|one| output.take(&name, one, self.left_out))
        });
        if matches!(read, Err(Stop::Output(_))) {
            return read;
        }
        extractor.finish(&mut |one| found.push(one));
        found
            .into_iter()
            .try_for_each(|one| output.take(&name, one, self.left_out))
            .map_err(Stop::Output)?;
        read
    }
}

struct Output<W: Write> {
    format: Format,
    unique: bool,
    all: bool,
    name_files: bool,
    seen: HashSet<Observable>,
    observables: Vec<Observable>,
    rows: usize,
    out: W,
}

impl<W: Write> Output<W> {
    fn begin(&mut self) -> Result<(), Failure> {
        match self.format {
            Format::Json => write!(self.out, "[")?,
            Format::Csv => write!(self.out, "kind,value,written,start,end,file\r\n")?,
            Format::Text | Format::Stix => {}
        }
        Ok(())
    }

    fn take(&mut self, file: &str, found: Found, tell_left_out: bool) -> Result<(), Failure> {
        match found {
            Found::Hit(hit) => {
                self.row(file, &hit)?;
                if self.all {
                    hit.inside
                        .iter()
                        .try_for_each(|inside| self.row(file, inside))?;
                }
            }
            Found::LeftOut(left_out) if tell_left_out => {
                let reason = serde_json::to_value(left_out.reason)?;
                let reason = reason.as_str().unwrap_or_default().replace('_', " ");
                writeln!(
                    std::io::stderr(),
                    "quorum: {}: left out {:?} at byte {}: {reason}",
                    show_safely(file),
                    left_out.written,
                    left_out.span.start,
                )?;
            }
            Found::LeftOut(_) => {}
        }
        Ok(())
    }

    fn row(&mut self, file: &str, hit: &Hit) -> Result<(), Failure> {
        if self.unique && !self.seen.insert(hit.observable.clone()) {
            return Ok(());
        }
        let value = hit.observable.to_string();
        let kind = hit.observable.kind();
        match self.format {
            Format::Text => {
                let file = if self.name_files {
                    format!("{}\t", show_safely(file))
                } else {
                    String::new()
                };
                writeln!(self.out, "{file}{kind}\t{}", show_safely(&value))?;
            }
            Format::Json => {
                let row = Row {
                    kind,
                    value,
                    written: &hit.written,
                    start: hit.span.start,
                    end: hit.span.end,
                    file: self.name_files.then_some(file),
                };
                write!(self.out, "{}\n  ", if self.rows > 0 { "," } else { "" })?;
                serde_json::to_writer(&mut self.out, &row)?;
            }
            Format::Csv => write!(
                self.out,
                "{kind},{},{},{},{},{}\r\n",
                csv_field(&value),
                csv_field(&hit.written),
                hit.span.start,
                hit.span.end,
                csv_field(file),
            )?,
            Format::Stix => self.observables.push(hit.observable.clone()),
        }
        self.rows += 1;
        Ok(())
    }

    fn end(mut self) -> Result<(), Failure> {
        match self.format {
            Format::Json => writeln!(self.out, "{}]", if self.rows > 0 { "\n" } else { "" })?,
            Format::Stix => {
                let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                let (bundle, left_out) = stix::bundle(&self.observables, &now);
                serde_json::to_writer_pretty(&mut self.out, &bundle)?;
                writeln!(self.out)?;
                if !left_out.is_empty() {
                    writeln!(
                        std::io::stderr(),
                        "quorum: {} observables are of kinds that STIX has no object for",
                        left_out.len()
                    )?;
                }
            }
            Format::Text | Format::Csv => {}
        }
        Ok(self.out.flush()?)
    }
}
