//! The history of checked downloads: what a search takes, and the forms in which it leaves.

use serde::{Deserialize, Serialize};

use crate::guard::{Disposition, Record};
use crate::indicator::CanonicalUrl;
use crate::verdict::{Evidence, Verdict};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Words, each of which has to stand somewhere in name, address, labels or digests.
    pub text: String,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// Began at this time or later, in milliseconds since the Unix epoch.
    pub since: Option<i64>,
    /// Began before this time, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
    /// Came from this host or one below it; empty for all.
    pub site: String,
    /// What the verdict stands on.
    pub evidence: Option<Evidence>,
    /// What became of it.
    pub disposition: Option<Disposition>,
    /// Part of the name or the label of a YARA rule that matched; empty for all.
    pub rule: String,
}

impl Filter {
    /// Whether this takes everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record is among what is looked for.
    pub fn takes(&self, record: &Record) -> bool {
        if self.verdict.is_some() && record.verdict() != self.verdict
            || self.since.is_some_and(|since| record.started < since)
            || self.until.is_some_and(|until| record.started >= until)
            || self.disposition.is_some_and(|it| record.disposition != it)
            || !self.takes_evidence(record)
            || !self.takes_site(record)
            || !self.takes_rule(record)
        {
            return false;
        }
        let mut texts = vec![lower(&record.name), lower(&record.url)];
        texts.extend(record.labels.iter().map(|label| lower(label)));
        if let Some(digests) = &record.digests {
            texts.push(digests.sha256.to_string());
            texts.push(digests.sha1.to_string());
            texts.push(digests.md5.to_string());
        }
        let words = lower(&self.text);
        words
            .split_whitespace()
            .all(|word| texts.iter().any(|text| text.contains(word)))
    }

    fn takes_evidence(&self, record: &Record) -> bool {
        let evidence = record.assessment.as_ref().map(|it| it.evidence);
        self.evidence.is_none() || evidence == self.evidence
    }

    fn takes_site(&self, record: &Record) -> bool {
        let site = self.site.trim().trim_matches('.').to_ascii_lowercase();
        let below = |host: &str| {
            let front = host.strip_suffix(site.as_str());
            front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
        };
        site.is_empty()
            || record
                .url
                .parse::<CanonicalUrl>()
                .is_ok_and(|url| below(url.host()))
    }

    fn takes_rule(&self, record: &Record) -> bool {
        let rule = lower(self.rule.trim());
        let mut matches = record.rules.iter().flat_map(|report| &report.matches);
        rule.is_empty()
            || matches.any(|found| {
                let texts = [&found.rule.name, &found.label];
                texts.iter().any(|text| lower(text).contains(&rule))
            })
    }
}

/// In lower case, letter by letter: a Greek sigma is the same one at the end of a word, so that the beginning
/// of a word finds it.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
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
