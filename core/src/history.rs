//! The history of checked downloads: what a search takes, and the forms in which it leaves.

use serde::{Deserialize, Serialize};

use crate::guard::Record;
use crate::verdict::Verdict;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Words, each of which has to stand somewhere in name, address, labels or digests.
    pub text: String,
    /// The verdict.
    pub verdict: Option<Verdict>,
}

impl Filter {
    /// Whether this takes everything.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.verdict.is_none()
    }

    /// Whether a record is among what is looked for.
    pub fn takes(&self, record: &Record) -> bool {
        if self.verdict.is_some() && record.verdict() != self.verdict {
            return false;
        }
        let mut texts = vec![record.name.to_lowercase(), record.url.to_lowercase()];
        texts.extend(record.labels.iter().map(|label| label.to_lowercase()));
        if let Some(digests) = &record.digests {
            texts.push(digests.sha256.to_string());
            texts.push(digests.sha1.to_string());
            texts.push(digests.md5.to_string());
        }
        let words = self.text.to_lowercase();
        words
            .split_whitespace()
            .all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// The columns of [`csv`].
const COLUMNS: &str =
    "started,name,verdict,evidence,disposition,size,sha256,sha1,md5,labels,url,path";

/// A name as serde writes it.
fn name(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A table by RFC 4180. A text that a spreadsheet would run as a formula has an apostrophe in front.
/// `time` writes milliseconds since the Unix epoch by RFC 3339.
pub fn csv<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    time: impl Fn(i64) -> String,
) -> String {
    let mut out = format!("{COLUMNS}\r\n");
    for record in records {
        let digests = record.digests.as_ref();
        let digest =
            |of: fn(&crate::digest::Digests) -> String| digests.map(of).unwrap_or_default();
        let size = record.landed_size.or(digests.map(|it| it.size));
        let cells = [
            time(record.started),
            record.name.clone(),
            record.verdict().map(name).unwrap_or_default(),
            record
                .assessment
                .as_ref()
                .map(|it| name(it.evidence))
                .unwrap_or_default(),
            name(record.disposition),
            size.map(|size| size.to_string()).unwrap_or_default(),
            digest(|it| it.sha256.to_string()),
            digest(|it| it.sha1.to_string()),
            digest(|it| it.md5.to_string()),
            record.labels.join("; "),
            record.url.clone(),
            record.path.clone().unwrap_or_default(),
        ];
        out += &cells.map(|text| cell(&text)).join(",");
        out += "\r\n";
    }
    out
}

fn cell(text: &str) -> String {
    let guard = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if guard {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
