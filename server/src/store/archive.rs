//! A store as rows that no dialect is needed to read: what a backup holds, and what is carried
//! over when a store is moved.
//!
//! A row is a JSON list of its cells in the order of [`TABLES`], bytes as hex. Rows come in the
//! order of their table's key, so two stores hold the same exactly if the digests of their rows
//! ([`Tally`]) are the same.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Result, StoreError};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Integer,
    Text,
    Bytes,
}

/// A table that is carried along.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Column)],
    /// What the last of the columns held before there were any, as JSON: rows of a backup that was
    /// made then are filled up with it.
    pub(crate) since: &'static [&'static str],
    /// What its rows are ordered by.
    pub(crate) key: &'static str,
}

/// Tables that are not carried along: what is counted at this moment, and marks.
#[cfg(test)]
pub(super) const LEFT_BEHIND: &[&str] = &[
    "quota",
    "burst",
    "moved",
    "upstream_answer",
    "upstream_pause",
];

macro_rules! tables {
    ($($name:literal by $key:literal: $($column:literal $kind:ident),+
        $(; since $($added:literal $of:ident = $before:literal),+)?;)+) => {
        &[$(Table {
            name: $name,
            key: $key,
            columns: &[$(($column, Column::$kind)),+ $(, $(($added, Column::$of)),+)?],
            since: &[$($($before),+)?],
        }),+]
    };
}

/// All tables that are carried along, each after those that it refers to.
pub(crate) static TABLES: &[Table] = tables! {
    "user_group" by "name": "name" Text, "tier" Text, "created" Integer;
        since "profile" Text = r#""{}""#, "quotas" Text = r#""{}""#;
    "account" by "name": "name" Text, "group_name" Text, "role" Text, "status" Text,
        "first_name" Text, "last_name" Text, "profile_phrase" Text, "preferences" Text,
        "reputation" Integer, "created" Integer;
        since "email" Text = "null", "group_role" Text = r#""member""#, "service" Integer = "0";
    "privilege" by "holder_kind, holder, name": "holder_kind" Text, "holder" Text, "name" Text,
        "expires" Integer;
    "api_key" by "hash": "hash" Bytes, "account" Text, "label" Text, "created" Integer,
        "expires" Integer, "revoked" Integer;
    "upload_token" by "hash": "hash" Bytes, "account" Text, "expires" Integer;
        since "private" Integer = "0";
    "usage" by "account, group_name, day, endpoint": "account" Text, "group_name" Text,
        "day" Integer, "endpoint" Text, "used" Integer;
    "item" by "kind, id": "kind" Text, "id" Text, "first_submission" Integer,
        "last_submission" Integer, "times_submitted" Integer, "unique_sources" Integer,
        "votes_harmless" Integer, "votes_malicious" Integer, "reputation" Integer,
        "last_modification" Integer, "last_analysis" Text;
    "file" by "sha256": "sha256" Text, "sha1" Text, "md5" Text, "size" Integer, "type_tag" Text,
        "type_description" Text, "type_extension" Text, "type_tags" Text;
        since "sandbox_verdicts" Text = r#""{}""#;
    "file_name" by "sha256, name": "sha256" Text, "name" Text, "seen" Integer,
        "last_seen" Integer;
    "url" by "id": "id" Text, "url" Text;
    "submission" by "seq": "seq" Integer, "kind" Text, "item" Text, "date" Integer,
        "account" Text, "name" Text, "interface" Text;
        since "country" Text = "null";
    "private_item" by "seq": "sample" Text, "seq" Integer, "kind" Text, "key" Text,
        "group_name" Text, "id" Text, "sha1" Text, "md5" Text, "size" Integer, "type_tag" Text,
        "type_description" Text, "type_extension" Text, "type_tags" Text, "url" Text,
        "names" Text, "first_submission" Integer, "last_submission" Integer,
        "times_submitted" Integer, "expires" Integer, "last_analysis" Text;
    "analysis" by "seq": "seq" Integer, "id" Text, "kind" Text, "item" Text, "date" Integer,
        "status" Text, "results" Text, "findings" Text, "completed" Integer, "attempts" Integer;
    "job" by "id": "id" Integer, "analysis" Text, "group_name" Text, "attempts" Integer,
        "not_before" Integer, "error" Text, "rank" Integer, "claim" Integer, "deadline" Integer;
        since "account" Text = r#""""#, "turn" Integer = "0", "password" Text = "null";
    "free_read" by "sha256, group_name": "sha256" Text, "group_name" Text;
    "comment" by "seq": "seq" Integer, "id" Text, "kind" Text, "item" Text, "account" Text,
        "date" Integer, "text" Text;
        since "indexed" Integer = "0";
    "comment_tag" by "tag, comment": "tag" Text, "comment" Integer, "place" Integer;
    "comment_word" by "word, comment": "word" Text, "comment" Integer;
    "comment_mention" by "account, comment": "account" Text, "comment" Integer;
    "comment_vote" by "comment, account": "comment" Integer, "account" Text, "verdict" Text;
    "vote" by "seq": "seq" Integer, "id" Text, "kind" Text, "item" Text, "account" Text,
        "date" Integer, "verdict" Text;
        since "weight" Integer = "1";
    "false_positive" by "seq": "seq" Integer, "kind" Text, "item" Text, "account" Text,
        "date" Integer, "text" Text, "status" Text, "decided" Integer, "decided_by" Text,
        "answer" Text;
    "audit" by "seq": "seq" Integer, "date" Integer, "actor" Text, "interface" Text,
        "action" Text, "subject" Text, "group_name" Text, "detail" Text;
    "spent" by "group_name, quota, month, account": "group_name" Text, "quota" Text,
        "month" Integer, "account" Text, "used" Integer;
    "zip_file" by "seq": "seq" Integer, "account" Text, "created" Integer, "password" Text,
        "samples" Text, "missing" Integer;
        since "group_name" Text = "null";
    "yara_rule" by "id": "id" Text, "digest" Text, "included" Integer, "modified" Integer;
    "yara_match" by "seq": "seq" Integer, "rule" Text, "sha256" Text, "date" Integer;
    "behaviour" by "seq": "seq" Integer, "id" Text, "sha256" Text, "imported" Integer,
        "report" Text;
    "behaviour_relation" by "seq": "seq" Integer, "behaviour" Integer, "sha256" Text, "name" Text,
        "kind" Text, "target" Text;
    "setting" by "name": "name" Text, "value" Text;
    "list_version" by "list, sequence": "list" Text, "sequence" Integer, "date" Integer,
        "entries" Integer, "checksum" Text, "content" Text, "file" Bytes;
    "relation" by "seq": "seq" Integer, "kind" Text, "item" Text, "name" Text,
        "other_kind" Text, "other" Text, "first_seen" Integer, "last_seen" Integer,
        "context" Text;
    "collection" by "seq": "seq" Integer, "id" Text, "account" Text, "private" Integer,
        "name" Text, "description" Text, "created" Integer, "modified" Integer;
    "reference" by "seq": "seq" Integer, "id" Text, "account" Text, "url" Text, "title" Text,
        "author" Text, "published" Integer, "added" Integer, "modified" Integer;
};

/// Takes rows.
#[async_trait]
pub(crate) trait Sink: Send {
    async fn row(&mut self, table: &'static Table, row: &str) -> Result<()>;
}

/// A store that can be carried away and filled.
#[async_trait]
pub(crate) trait Archive: Send + Sync {
    /// Hands out all rows as they are at one moment, table by table.
    async fn export(&self, sink: &mut dyn Sink) -> Result<()>;
    /// Begins to fill an empty store. Nothing is there before [`Import::commit`].
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`].
    async fn import(&self) -> Result<Box<dyn Import>>;
    /// Names of all tables with their columns, for the tests that compare the dialects.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests ask"))]
    async fn schema(&self) -> Result<Vec<(String, String)>>;
}

/// A store that is being filled.
#[async_trait]
pub(crate) trait Import: Send {
    /// Adds rows, as a JSON list.
    async fn rows(&mut self, table: &'static Table, rows: &str) -> Result<()>;
    /// Makes it so.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// How many rows of a table there are, and the SHA-256 over them with a line feed after each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) rows: u64,
    pub(crate) sha256: String,
}

/// Counts and digests rows, table by table.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<&'static str, (u64, Sha256)>);

impl Tally {
    /// Adds a row, however the dialect has spelled it, and returns its one spelling, with what it
    /// lacks since it was written.
    ///
    /// # Errors
    /// It is no list of the table's cells.
    pub(crate) fn add(&mut self, table: &'static Table, row: &str) -> Result<String> {
        let corrupt = || StoreError::Corrupt {
            what: "row",
            text: row.to_owned(),
        };
        let cells: Vec<Value> = serde_json::from_str(row).map_err(|_| corrupt())?;
        let lacks = table.columns.len().checked_sub(cells.len());
        // A row has all of the later columns or none: there was one release in between.
        let filling = match lacks {
            Some(0) => &[],
            Some(lacks) if lacks == table.since.len() => table.since,
            _ => return Err(corrupt()),
        };
        let line = serde_json::json!(cells).to_string();
        let (rows, digest) = self.0.entry(table.name).or_default();
        *rows += 1;
        digest.update(&line);
        digest.update("\n");
        let mut line = line;
        for cell in filling {
            line.truncate(line.len() - 1);
            line.push(',');
            line.push_str(cell);
            line.push(']');
        }
        Ok(line)
    }

    /// The result, of every table.
    pub(crate) fn finish(mut self) -> BTreeMap<String, Count> {
        TABLES
            .iter()
            .map(|table| {
                let (rows, digest) = self.0.remove(table.name).unwrap_or_default();
                let digest: [u8; 32] = digest.finalize().into();
                let sha256 = quorum_core::indicator::Sha256::from(digest).to_string();
                (table.name.to_owned(), Count { rows, sha256 })
            })
            .collect()
    }
}

#[async_trait]
impl Sink for Tally {
    async fn row(&mut self, table: &'static Table, row: &str) -> Result<()> {
        self.add(table, row).map(drop)
    }
}

/// Fills a store row by row, in batches.
pub(crate) struct Filler {
    import: Box<dyn Import>,
    table: Option<&'static Table>,
    batch: String,
}

/// Most bytes of rows that are sent at once, if no single one is larger.
const BATCH: usize = 1 << 20;

impl Filler {
    pub(crate) fn new(import: Box<dyn Import>) -> Self {
        Self {
            import,
            table: None,
            batch: String::new(),
        }
    }

    /// Adds a row in its one spelling.
    pub(crate) async fn add(&mut self, table: &'static Table, line: &str) -> Result<()> {
        let other = self.table.is_some_and(|before| before.name != table.name);
        if other || self.batch.len() + line.len() > BATCH {
            self.flush().await?;
        }
        self.table = Some(table);
        self.batch
            .push(if self.batch.is_empty() { '[' } else { ',' });
        self.batch.push_str(line);
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        if let Some(table) = self.table.take() {
            let mut batch = std::mem::take(&mut self.batch);
            batch.push(']');
            self.import.rows(table, &batch).await?;
        }
        Ok(())
    }

    /// Makes it so.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.flush().await?;
        self.import.commit().await
    }
}
