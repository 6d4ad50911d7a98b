//! The embedded store: SQLite in WAL mode, one connection that writes and several that read.
//!
//! One writer is no loss, since SQLite has one anyway, and it turns "database is locked" into a
//! fair queue. `synchronous = FULL` makes a commit mean that it is on the disk.

mod accounts;
mod community;
mod items;
mod queue;
mod usage;

use std::path::Path;
use std::time::Duration;

use quorum_core::indicator::Kind;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use super::{Listing, Page, Result, StoreError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The store in one file.
pub(crate) struct SqliteStore {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl SqliteStore {
    /// Opens the store, makes it if there is none and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be opened, or a newer version of this program has written it.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.clone())
            .await?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self { readers, writer })
    }

    /// Closes all connections, so that the write-ahead log is folded back into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that may write from its first statement on, so that it cannot find the
    /// lock taken half-way.
    async fn write(&self) -> Result<Transaction<'_, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn read_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
        what,
        text: text.to_owned(),
    })
}

fn read_kind(text: &str) -> Result<Kind> {
    match text {
        "file" => Ok(Kind::File),
        "url" => Ok(Kind::Url),
        "domain" => Ok(Kind::Domain),
        "ip_address" => Ok(Kind::IpAddress),
        _ => Err(StoreError::Corrupt {
            what: "kind",
            text: text.to_owned(),
        }),
    }
}

fn read<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Corrupt {
        what,
        text: text.to_owned(),
    })
}

impl Page {
    /// The first sequence number that does not belong to this page.
    fn end(self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// One more than is shown: whether it is there tells whether there is a next page.
    fn probe(self) -> i64 {
        i64::from(self.limit) + 1
    }

    fn listing<T>(self, mut entries: Vec<(i64, T)>, total: i64) -> Listing<T> {
        let more = entries.len() > self.limit as usize;
        entries.truncate(self.limit as usize);
        let next = if more {
            entries.last().map(|(seq, _)| *seq)
        } else {
            None
        };
        Listing {
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
            next,
            total: total.unsigned_abs(),
        }
    }
}
