//! The embedded store: SQLite in WAL mode, one connection that writes and several that read.
//!
//! One writer is no loss, since SQLite has one anyway, and it turns "database is locked" into a
//! fair queue. `synchronous = FULL` makes a commit mean that it is on the disk.
//!
//! The statements are the files of `sql/`, which this module and [`postgres`](super::postgres)
//! each compile against their own types; what the two dialects say differently stands here.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Sqlite, Transaction};

use super::epoch::{Books, Epoch, WalIndex};
use super::{Epochs, Guard, Result, StoreError, schema_error};
use crate::failpoint;

/// A comment's tags, in the order of the text, as a JSON list.
macro_rules! tags_of_comment {
    () => {
        "(SELECT json_group_array(tag) FROM (SELECT tag FROM comment_tag
          WHERE comment = seq ORDER BY place))"
    };
}
/// What was granted to those whom the condition names, as a JSON list of lists.
macro_rules! privileges_where {
    ($condition:literal) => {
        concat!(
            "(SELECT json_group_array(json_array(privilege.name, privilege.expires, holder_kind))
              FROM privilege WHERE ",
            $condition,
            ")"
        )
    };
}
/// The texts of a JSON list, each as `value`.
macro_rules! each_text {
    ($parameter:literal) => {
        concat!("json_each(", $parameter, ")")
    };
}
/// Ends the choice of a job: there is one writer, so nobody else can be choosing.
macro_rules! take_unlocked {
    () => {
        ""
    };
}

#[path = "sql/accounts.rs"]
mod accounts;
#[path = "sql/archive.rs"]
mod archive;
#[path = "sql/audit.rs"]
mod audit;
#[path = "sql/behaviours.rs"]
mod behaviours;
#[path = "sql/collections.rs"]
mod collections;
#[path = "sql/community.rs"]
mod community;
#[path = "sql/feeds.rs"]
mod feeds;
#[path = "sql/items.rs"]
mod items;
#[path = "sql/lists.rs"]
mod lists;
#[path = "sql/private.rs"]
mod private;
#[path = "sql/queue.rs"]
mod queue;
#[path = "sql/relations.rs"]
mod relations;
#[path = "sql/rules.rs"]
mod rules;
#[path = "sql/upkeep.rs"]
mod upkeep;
#[path = "sql/upstream.rs"]
mod upstream;
#[path = "sql/usage.rs"]
mod usage;
#[path = "sql/zips.rs"]
mod zips;

type Database = Sqlite;
type Row = sqlx::sqlite::SqliteRow;
type Connection = sqlx::SqliteConnection;
type SqlStore = SqliteStore;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// The store in one file.
pub(crate) struct SqliteStore {
    readers: SqlitePool,
    writer: SqlitePool,
    /// Beside the file: shared by whoever moves a blob into place and commits its row, exclusive
    /// for whoever takes a blob away, in this process or another.
    settling: PathBuf,
    index: WalIndex,
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
            // A full disk makes SQLite end a transaction by itself. Then sqlx's ROLLBACK fails, and it
            // holds the transaction to be open for ever: such a connection writes nothing any more.
            .before_acquire(|connection, _| {
                let is_whole = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_whole) })
            })
            .connect_with(options.clone())
            .await?;
        // A server and a command beside it may start at the same time: one of them migrates.
        let migrating = path.with_extension("migrating");
        let turn = tokio::task::spawn_blocking(move || {
            let file = File::create(&migrating)?;
            file.lock().map(|()| file)
        });
        let turn = turn.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        let turn = turn.map_err(|source| StoreError::Directory {
            path: path.to_owned(),
            source,
        })?;
        failpoint::reach("store.migrating");
        let migrated = MIGRATIONS.run(&writer).await;
        migrated.map_err(|error| schema_error(error, &MIGRATIONS))?;
        failpoint::reach("store.migrated");
        drop(turn);
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self {
            readers,
            writer,
            settling: path.with_extension("settling"),
            index: WalIndex::of(path),
        })
    }

    #[cfg(test)]
    pub(super) async fn execute_for_test(&self, statement: &'static str) -> Result<()> {
        sqlx::query(statement).execute(&self.writer).await?;
        Ok(())
    }

    /// A transaction that may write from its first statement on, so that it cannot find the
    /// lock taken half-way.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        if let Err(error) = &begun
            && is_read_only(error)
            && let Ok(connection) = self.writer.acquire().await
        {
            // Opened while the disk could only be read: it would stay so for ever.
            let _ = connection.close().await;
        }
        let mut tx = begun?;
        refuse_if_moved(&mut tx).await?;
        Ok(tx)
    }

    /// The same for the books of requests, which no look-up reads: committed by
    /// [`Self::commit_books`] they end no epoch.
    async fn write_books(&self) -> Result<(Transaction<'static, Sqlite>, Books<'_>)> {
        let tx = self.write().await?;
        // Nobody else can commit from here on.
        Ok((tx, self.index.open_books()))
    }

    /// Commits what was written into the books.
    async fn commit_books(&self, tx: Transaction<'static, Sqlite>, books: Books<'_>) -> Result<()> {
        tx.commit().await?;
        books.committed();
        Ok(())
    }

    /// A transaction that sees the store as it is now, whatever is written meanwhile.
    async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.readers.begin().await?)
    }

    /// The lock of [`Upkeep::settle`](super::Upkeep::settle).
    async fn settling(&self, alone: bool) -> Result<Guard> {
        let path = self.settling.clone();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Directory { path, source }
        };
        let file = File::create(&path).map_err(failed(&path))?;
        if !alone && file.try_lock_shared().is_ok() {
            return Ok(Box::new(file));
        }
        let locked = tokio::task::spawn_blocking(move || {
            let locked = if alone {
                file.lock()
            } else {
                file.lock_shared()
            };
            locked.map(|()| file)
        });
        let locked = locked.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        Ok(Box::new(locked.map_err(failed(&path))?))
    }

    /// Keeps everybody from writing, so that what is read stays true, until the store is marked as
    /// moved or the answer is dropped. Reading goes on.
    ///
    /// # Errors
    /// Somebody writes for too long, or the store was moved before.
    pub(crate) async fn freeze(&self) -> Result<Frozen> {
        Ok(Frozen(self.write().await?))
    }

    /// Says that a job was queued, to other processes. Here there are none.
    async fn announce_job(&self, _: &mut Connection) -> Result<()> {
        Ok(())
    }

    /// Closes all connections, so that the write-ahead log is folded back into the file.
    async fn close_all(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Epochs for SqliteStore {
    async fn epoch(&self) -> Option<Epoch> {
        self.index.epoch()
    }
}

/// Whether SQLite refused to write since it may not. Its lower eight bits say so, the others why.
fn is_read_only(error: &sqlx::Error) -> bool {
    const READ_ONLY: u32 = 8;
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == READ_ONLY)
}

/// The right to mark a store as moved: see [`SqliteStore::freeze`].
pub(crate) struct Frozen(Transaction<'static, Sqlite>);

impl Frozen {
    /// Marks the store: from now on it is only read.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub(crate) async fn moved_to(mut self, place: &str) -> Result<()> {
        sqlx::query("INSERT INTO moved (place) VALUES ($1)")
            .bind(place)
            .execute(&mut *self.0)
            .await?;
        Ok(self.0.commit().await?)
    }
}

/// What a store that was moved elsewhere answers to who would write: what is written here now
/// would be lost.
async fn refuse_if_moved(connection: &mut Connection) -> Result<()> {
    let place: Option<String> = sqlx::query_scalar("SELECT place FROM moved")
        .fetch_optional(connection)
        .await?;
    place.map_or(Ok(()), |place| Err(StoreError::Moved { place }))
}

/// Makes the changes of one thing wait for one another. Here all changes do anyway.
async fn serialise(_: &mut Connection, _: &str, _: &str) -> Result<()> {
    Ok(())
}

/// A row as a JSON list: what stands around its cells.
const READ_ROW: (&str, &str) = ("json_array(", ")");
/// The rows of a JSON list of lists, each as `value`.
const EACH: &str = "json_each($1)";

fn read_bytes(column: &str) -> String {
    ["lower(hex(", column, "))"].concat()
}

fn write_bytes(cell: &str) -> String {
    ["unhex(", cell, ")"].concat()
}

fn write_integer(cell: &str) -> String {
    cell.to_owned()
}

/// Sequences go on after the highest number by themselves.
async fn after_import(_: &mut Connection) -> Result<()> {
    Ok(())
}

/// Every table and column there is.
async fn column_names(connection: &mut Connection) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\'
         AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_all(connection)
    .await?)
}
