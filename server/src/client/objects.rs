//! Objects of the backend as they are: `quorum search`, `quorum user show`, `quorum group show` and
//! `members`. Also how a list of objects is written.

use std::io::Write as _;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quorum_core::api::Failure;
use quorum_core::deception::show_safely;
use quorum_core::report::{Object, Report};
use quorum_core::verdict::{Evidence, assess};
use serde_json::Value;

use super::connection::{Connection, Refusal};
use super::settings::Reach;
use super::{Exit, Format, Outcome, Stop, words};
use crate::tools::csv_field;

/// The command line of `quorum search`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct Search {
    /// A hash, address, domain, IP address, or #tag and words of comments
    query: String,
    /// Searches the corpus with the query language of Intelligence, which needs that privilege
    #[arg(long)]
    intelligence: bool,
    /// Most results
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    limit: usize,
    /// How the result is written; JSON holds the objects as they came
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// The command line of `quorum user show`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct UserShow {
    /// Name of the user [default: whose key it is]
    name: Option<String>,
    /// Shows what is used and allowed instead
    #[arg(long)]
    quotas: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// The command line of `quorum group show`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct GroupShow {
    /// Name of the group
    name: String,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// The command line of `quorum group members`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct GroupMembers {
    /// Name of the group
    name: String,
    /// Its administrators only
    #[arg(long)]
    administrators: bool,
    /// Its service accounts instead
    #[arg(long, conflicts_with = "administrators")]
    service_accounts: bool,
    #[command(flatten)]
    listing: Listing,
}

/// The command line of `quorum group log`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct GroupLog {
    /// Name of the group
    name: String,
    #[command(flatten)]
    listing: Listing,
}

/// How something of a group's is listed.
#[derive(Args)]
struct Listing {
    /// Most results
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    limit: usize,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

impl Listing {
    /// Lists what a group has under a name.
    async fn write(self, group: &str, what: &str) -> Outcome {
        let path = format!("groups/{}/{what}?", escape(group));
        let objects = list(&self.reach.connect()?, &path, self.limit, 40).await?;
        write_list(&objects, self.format)?;
        Ok(Exit::Fine)
    }
}

/// Text as it may stand in a path or a query.
pub(super) fn escape(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Search {
    /// # Errors
    /// The backend does not answer.
    pub(crate) async fn run(self) -> Outcome {
        let (path, most) = match self.intelligence {
            true => ("intelligence/search", 300),
            false => ("search", 40),
        };
        let path = format!("{path}?query={}", escape(&self.query));
        let objects = list(&self.reach.connect()?, &path, self.limit, most).await?;
        write_list(&objects, self.format)?;
        Ok(match objects.is_empty() {
            true => Exit::NotFound,
            false => Exit::Fine,
        })
    }
}

impl UserShow {
    /// # Errors
    /// The backend does not answer, or knows no such user.
    pub(crate) async fn run(self) -> Outcome {
        let connection = self.reach.connect()?;
        let mut path = match &self.name {
            Some(name) => format!("users/{}", escape(name)),
            None => connection.own_path(),
        };
        if self.quotas {
            path.push_str("/overall_quotas");
        }
        one(&connection, path, self.format).await
    }
}

impl GroupShow {
    /// # Errors
    /// The backend does not answer, or knows no such group.
    pub(crate) async fn run(self) -> Outcome {
        let path = format!("groups/{}", escape(&self.name));
        one(&self.reach.connect()?, path, self.format).await
    }
}

impl GroupMembers {
    /// # Errors
    /// The backend does not answer, or knows no such group.
    pub(crate) async fn run(self) -> Outcome {
        let which = match (self.administrators, self.service_accounts) {
            (true, _) => "administrators",
            (false, true) => "service_accounts",
            (false, false) => "users",
        };
        self.listing.write(&self.name, which).await
    }
}

impl GroupLog {
    /// # Errors
    /// The backend does not answer, or the group is not the caller's to look after.
    pub(crate) async fn run(self) -> Outcome {
        self.listing.write(&self.name, "activity_log_entries").await
    }
}

/// Gets the objects of a list, page by page. `path` has its query begun; `most` is what the API
/// gives at a time.
///
/// # Errors
/// The backend does not answer.
pub(super) async fn list(
    connection: &Connection,
    path: &str,
    limit: usize,
    most: usize,
) -> Result<Vec<Value>, Refusal> {
    let mut objects: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    while objects.len() < limit {
        let page = most.min(limit - objects.len());
        let mut document = connection
            .get(format!("{path}&limit={page}{cursor}"))
            .await?;
        let Value::Array(items) = document["data"].take() else {
            return Err(Failure::NotTheApi.into());
        };
        let last = items.is_empty();
        objects.extend(items.into_iter().take(page).map(without_key));
        match document.pointer("/meta/cursor").and_then(Value::as_str) {
            Some(next) if !last && !next.is_empty() => cursor = format!("&cursor={}", escape(next)),
            _ => break,
        }
    }
    Ok(objects)
}

/// A user object may hold the key of the user. Nobody needs it on a screen.
fn without_key(mut object: Value) -> Value {
    if let Some(Value::Object(attributes)) = object.get_mut("attributes") {
        attributes.remove("apikey");
    }
    object
}

/// What an object is, in a few words.
fn summary(object: &Value) -> String {
    let attribute = |name: &str| object["attributes"][name].as_str();
    let read: Option<Object> = serde_json::from_value(object.clone()).ok();
    if let Some(Ok(report)) = read.map(Report::from_object) {
        let assessment = assess(&report, Evidence::Given);
        let named = report.url.or(report.file.names.into_iter().next());
        let reasons: Vec<_> = assessment.reasons.iter().map(words::reason).collect();
        let named = named.map(|name| format!("{name}: ")).unwrap_or_default();
        return format!(
            "{named}{}; {}",
            words::verdict(&assessment),
            reasons.join("; ")
        );
    }
    attribute("text")
        .or(attribute("name"))
        .or(attribute("verdict"))
        .or(attribute("action"))
        .or(attribute("status"))
        .unwrap_or_default()
        .to_owned()
}

/// Writes a list of objects.
///
/// # Errors
/// Standard output is closed.
pub(super) fn write_list(objects: &[Value], format: Format) -> Result<(), Stop> {
    let text = |object: &Value, name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let rows = objects
        .iter()
        .map(|object| [text(object, "type"), text(object, "id"), summary(object)]);
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => {
            let json = serde_json::to_string_pretty(objects).map_err(std::io::Error::other)?;
            writeln!(out, "{json}")?;
        }
        Format::Csv => {
            write!(out, "type,id,summary\r\n")?;
            for row in rows {
                write!(out, "{}\r\n", row.map(|field| csv_field(&field)).join(","))?;
            }
        }
        Format::Table => {
            for row in rows {
                writeln!(out, "{}", row.map(|field| show_safely(&field)).join("  "))?;
            }
        }
    }
    Ok(out.flush()?)
}

/// Gets and writes one object.
async fn one(connection: &Connection, path: String, format: Format) -> Outcome {
    let mut document = connection.get(path).await?;
    let object = without_key(document["data"].take());
    if !object.is_object() {
        return Err(Refusal::from(Failure::NotTheApi).into());
    }
    let mut out = std::io::stdout().lock();
    if format == Format::Json {
        let json = serde_json::to_string_pretty(&object).map_err(std::io::Error::other)?;
        writeln!(out, "{json}")?;
        out.flush()?;
        return Ok(Exit::Fine);
    }
    let mut lines = Vec::new();
    for name in ["type", "id"] {
        flatten(name, &object[name], &mut lines);
    }
    // A document without an object's form is attributes throughout.
    match object.get("attributes") {
        Some(attributes) => flatten("", attributes, &mut lines),
        None => flatten("", &object, &mut lines),
    }
    if format == Format::Csv {
        write!(out, "name,value\r\n")?;
    }
    for (name, value) in lines {
        match format {
            Format::Csv => write!(out, "{},{}\r\n", csv_field(&name), csv_field(&value))?,
            _ => writeln!(out, "{:<44}  {}", show_safely(&name), show_safely(&value))?,
        }
    }
    out.flush()?;
    Ok(Exit::Fine)
}

/// One line a value, the names of what it stands in before it. A quota is one value.
fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    let under = |key: &str| match name {
        "" => key.to_owned(),
        name => format!("{name}.{key}"),
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => match (fields.get("used"), fields.get("allowed")) {
            (Some(used), Some(allowed)) => {
                lines.push((name.to_owned(), format!("{used} of {allowed}")));
            }
            _ => {
                for (key, value) in fields {
                    flatten(&under(key), value, lines);
                }
            }
        },
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                })
                .collect();
            lines.push((name.to_owned(), items.join(", ")));
        }
        Value::String(text) => lines.push((name.to_owned(), text.clone())),
        other => lines.push((name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_one_line() {
        let mut lines = Vec::new();
        let value = serde_json::json!({"quotas": {"a": {"used": 1, "allowed": 4}}, "b": ["x", 2]});
        flatten("", &value, &mut lines);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(lines, [pair("quotas.a", "1 of 4"), pair("b", "x, 2")]);
    }
}
