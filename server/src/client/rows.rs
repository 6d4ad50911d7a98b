//! What became of each thing that was asked about, written as a table, JSON or CSV while it comes.

use std::io::Write as _;

use quorum_core::deception::show_safely;
use quorum_core::indicator::Kind;
use quorum_core::report::Report;
use quorum_core::verdict::{Assessment, Evidence, Reason, Verdict, assess};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Exit, Format, Stop, words};
use crate::tools::csv_field;

/// How an answer was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// There was a report.
    Known,
    /// There is none, and nothing was sent in.
    Unknown,
    /// It was sent in, and is not analysed yet.
    Submitted,
    /// It was sent in, and this is what came of it.
    Analysed,
    /// There is no answer.
    Failed,
}

/// One thing that was asked about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    /// As it was named.
    pub(super) name: String,
    pub(super) kind: Option<Kind>,
    /// What the backend knows it as.
    pub(super) id: Option<String>,
    pub(super) state: State,
    /// With the reasons and the numbers that it stands on.
    #[serde(flatten)]
    pub(super) assessment: Option<Assessment>,
    /// Id of the analysis that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) analysis: Option<String>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// The report as the backend sent it, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<Value>,
    #[serde(skip)]
    pub(super) detail: Vec<(String, String)>,
    /// How the program ends, where that is not for the verdict to say.
    #[serde(skip)]
    pub(super) exit: Option<Exit>,
}

impl Row {
    pub(super) fn new(name: String, kind: Option<Kind>, id: Option<String>, state: State) -> Self {
        Self {
            name,
            kind,
            id,
            state,
            assessment: None,
            analysis: None,
            error: None,
            report: None,
            detail: Vec::new(),
            exit: None,
        }
    }

    /// There is no answer, for this reason.
    pub(super) fn fail(mut self, exit: Exit, error: String) -> Self {
        self.state = State::Failed;
        self.error = Some(error);
        self.exit = Some(exit);
        self
    }

    /// There is a report.
    pub(super) fn judged(mut self, report: &Report, raw: Value) -> Self {
        self.assessment = Some(assess(report, Evidence::Given));
        self.id = Some(report.id.clone());
        self.detail = detail(report);
        self.report = Some(raw);
        self
    }

    /// How the program ends if this is all there is.
    pub(super) fn exit(&self) -> Exit {
        match (&self.assessment, self.exit) {
            (_, Some(exit)) => exit,
            (Some(assessment), _) => match assessment.verdict {
                Verdict::Malicious => Exit::Malicious,
                Verdict::Suspicious => Exit::Suspicious,
                // What was said is said of the host.
                Verdict::Unknown if self.state == State::Unknown => Exit::NotFound,
                _ => Exit::Fine,
            },
            (None, None) if self.state == State::Unknown => Exit::NotFound,
            (None, None) => Exit::Fine,
        }
    }

    /// Whether asking again would bring nothing new soon.
    pub(super) fn is_final(&self) -> bool {
        self.assessment.is_some()
    }

    fn word(&self) -> String {
        match (&self.assessment, self.state) {
            (Some(assessment), _) => words::plain(assessment.verdict).to_owned(),
            (None, State::Failed) => "failed".to_owned(),
            (None, State::Submitted) => "submitted".to_owned(),
            (None, _) => "unknown".to_owned(),
        }
    }

    fn counts(&self) -> (Option<u32>, Option<u32>) {
        let stats = self.assessment.as_ref().map(|assessment| assessment.stats);
        (
            stats.map(|stats| stats.objecting()),
            stats.map(|stats| stats.answered()),
        )
    }

    fn why(&self) -> String {
        if let Some(error) = &self.error {
            return error.clone();
        }
        match (&self.assessment, self.state) {
            (Some(assessment), _) => {
                let mut reasons: Vec<_> = assessment.reasons.iter().map(words::reason).collect();
                if let Some((_, telling)) = words::verdict(assessment).split_once(", ") {
                    reasons.insert(1.min(reasons.len()), telling.to_owned());
                }
                reasons.join("; ")
            }
            (None, State::Submitted) => format!(
                "sent in, not analysed yet; analysis {}",
                self.analysis.as_deref().unwrap_or_default()
            ),
            _ => words::reason(&Reason::NeverSeen),
        }
    }
}

/// What a person may want to know of a report beside the verdict.
fn detail(report: &Report) -> Vec<(String, String)> {
    let mut detail = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            detail.push((name.to_owned(), value));
        }
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    add("id", report.id.clone());
    add("address", text(&report.url));
    add("title", text(&report.title));
    add("sha1", text(&report.file.sha1));
    add("md5", text(&report.file.md5));
    add(
        "size",
        report
            .file
            .size
            .map(|size| size.to_string())
            .unwrap_or_default(),
    );
    add("type", text(&report.file.type_description));
    let names: Vec<_> = report.file.names.iter().take(5).cloned().collect();
    add("names", names.join(", "));
    add("categories", report.categories.join(", "));
    add("tags", report.tags.join(", "));
    let analysed = report.analysed_at.map(crate::clock::date);
    add("analysed", analysed.unwrap_or_default());
    for engine in report
        .engines
        .iter()
        .filter(|engine| engine.category.objects())
    {
        let label = engine.result.clone().unwrap_or_default();
        add(&engine.engine_name, label);
    }
    detail
}

/// Writes rows as they come.
pub(super) struct Writer {
    format: Format,
    /// Whether whole reports are written.
    full: bool,
    begun: bool,
    exit: Exit,
}

impl Writer {
    pub(super) fn new(format: Format, full: bool) -> Self {
        Self {
            format,
            full,
            begun: false,
            exit: Exit::Fine,
        }
    }

    /// Writes one.
    ///
    /// # Errors
    /// Standard output is closed.
    pub(super) fn write(&mut self, row: &Row) -> Result<(), Stop> {
        self.exit = self.exit.min(row.exit());
        let mut out = std::io::stdout().lock();
        let first = !std::mem::replace(&mut self.begun, true);
        match self.format {
            Format::Table => {
                let (objecting, answered) = row.counts();
                let counts = match (objecting, answered) {
                    (Some(objecting), Some(answered)) => format!("{objecting} of {answered}"),
                    _ => "-".to_owned(),
                };
                writeln!(
                    out,
                    "{:<10}  {counts:>8}  {}  {}",
                    row.word(),
                    show_safely(&row.name),
                    show_safely(&row.why())
                )?;
                if self.full {
                    for (name, value) in &row.detail {
                        writeln!(out, "    {:<12}  {}", show_safely(name), show_safely(value))?;
                    }
                }
            }
            Format::Json => {
                let mut row = row.clone();
                if !self.full {
                    row.report = None;
                }
                let text = serde_json::to_string(&row).map_err(std::io::Error::other)?;
                write!(out, "{}{text}", if first { "[\n" } else { ",\n" })?;
            }
            Format::Csv => {
                if first {
                    write!(
                        out,
                        "name,kind,id,state,verdict,objecting,answered,reasons,analysis\r\n"
                    )?;
                }
                let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
                let (objecting, answered) = row.counts();
                let fields = [
                    row.name.clone(),
                    row.kind
                        .map(|kind| kind.as_str().to_owned())
                        .unwrap_or_default(),
                    row.id.clone().unwrap_or_default(),
                    // As in JSON.
                    serde_json::to_value(row.state)
                        .ok()
                        .and_then(|state| Some(state.as_str()?.to_owned()))
                        .unwrap_or_default(),
                    row.word(),
                    number(objecting),
                    number(answered),
                    row.why(),
                    row.analysis.clone().unwrap_or_default(),
                ];
                write!(
                    out,
                    "{}\r\n",
                    fields.map(|field| csv_field(&field)).join(",")
                )?;
            }
        }
        Ok(out.flush()?)
    }

    /// Ends what was begun. How the program ends.
    ///
    /// # Errors
    /// Standard output is closed.
    pub(super) fn end(self) -> Result<Exit, Stop> {
        let mut out = std::io::stdout().lock();
        match (self.format, self.begun) {
            (Format::Json, true) => writeln!(out, "\n]")?,
            (Format::Json, false) => writeln!(out, "[]")?,
            _ => {}
        }
        out.flush()?;
        Ok(self.exit)
    }
}
