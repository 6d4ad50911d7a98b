//! The grown store: PostgreSQL, which any number of processes share.
//!
//! The statements are the files of `sql/`, which this module and [`sqlite`](super::sqlite) each
//! compile against their own types; what the two dialects say differently stands here. Where
//! SQLite has one writer, here the changes of one item, one group's quota or the accounts wait for
//! one another by advisory locks that their transactions hold ([`serialise`]); a job is chosen by
//! `FOR UPDATE SKIP LOCKED`.

use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};

use super::epoch::Epoch;
use super::snapshots::Snapshots;
use super::{Epochs, Guard, Result, StoreError, schema_error};
use crate::failpoint;

/// A comment's tags, in the order of the text, as a JSON list.
macro_rules! tags_of_comment {
    () => {
        "coalesce((SELECT json_agg(tag ORDER BY place) FROM comment_tag
          WHERE comment = seq), '[]')::text"
    };
}
/// What was granted to those whom the condition names, as a JSON list of lists.
macro_rules! privileges_where {
    ($condition:literal) => {
        concat!(
            "coalesce((SELECT json_agg(json_build_array(privilege.name, privilege.expires,
              holder_kind)) FROM privilege WHERE ",
            $condition,
            "), '[]')::text"
        )
    };
}
/// The texts of a JSON list, each as `value`.
macro_rules! each_text {
    ($parameter:literal) => {
        concat!(
            "json_array_elements_text(",
            $parameter,
            "::json) AS each (value)"
        )
    };
}
/// Ends the choice of a job: those that another worker is choosing are passed over.
macro_rules! take_unlocked {
    () => {
        " FOR UPDATE SKIP LOCKED"
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

type Database = Postgres;
type Row = sqlx::postgres::PgRow;
type Connection = sqlx::PgConnection;
type SqlStore = PostgresStore;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The channel on which queued jobs are announced.
const JOBS: &str = "quorum_job";

/// Hears of jobs that are queued by any process, over a connection of its own.
///
/// # Errors
/// The server does not answer.
pub(super) async fn listen(address: &str) -> Result<PgListener> {
    let mut listener = PgListener::connect(address).await?;
    listener.listen(JOBS).await?;
    Ok(listener)
}

/// The advisory lock that [`Upkeep::settle`](super::Upkeep::settle) takes.
const SETTLING: i64 = 0x7175_6f72_756d;

/// The store in a database of a server.
pub(crate) struct PostgresStore {
    readers: PgPool,
    /// For the lock of [`Upkeep::settle`](super::Upkeep::settle), which is held while rows are
    /// written: from one pool, holders would wait for each other's second connection.
    settlers: PgPool,
    /// Whether queued jobs are announced: unless something else carries that.
    announces: bool,
    snapshots: Snapshots,
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host/database?…` and brings the schema up to date.
    ///
    /// # Errors
    /// The address is wrong, the server does not answer, or a newer version of this program has
    /// written the database.
    pub(crate) async fn open(address: &str, announces: bool) -> Result<Self> {
        // What a commit promises must not depend on how the server was set up.
        let options = PgConnectOptions::from_str(address)?
            .application_name("quorum")
            .options([
                ("synchronous_commit", "on"),
                ("default_transaction_isolation", "read committed"),
            ]);
        let of = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(5))
        };
        let settlers = of(16).connect_lazy_with(options.clone());
        let snapshots = Snapshots::new(options.clone());
        let pool = of(16).connect_with(options).await?;
        failpoint::reach("store.migrating");
        // The migrator holds a lock on the server: of many that start at once, one migrates.
        let migrated = MIGRATIONS.run(&pool).await;
        migrated.map_err(|error| schema_error(error, &MIGRATIONS))?;
        failpoint::reach("store.migrated");
        Ok(Self {
            readers: pool,
            settlers,
            announces,
            snapshots,
        })
    }

    #[cfg(test)]
    pub(super) async fn execute_for_test(&self, statement: &'static str) -> Result<()> {
        sqlx::query(statement).execute(&self.readers).await?;
        Ok(())
    }

    /// A transaction that writes.
    async fn write(&self) -> Result<Transaction<'static, Postgres>> {
        let mut tx = self.readers.begin().await?;
        refuse_if_moved(&mut tx).await?;
        Ok(tx)
    }

    /// The same for the books of requests, which no look-up reads: committed by
    /// [`Self::commit_books`] they end no epoch of this process.
    async fn write_books(&self) -> Result<(Transaction<'static, Postgres>, ())> {
        let mut tx = self.write().await?;
        let xid: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
            .fetch_one(&mut *tx)
            .await?;
        let number = xid.parse().map_err(|_| StoreError::Corrupt {
            what: "transaction",
            text: xid,
        })?;
        self.snapshots.note_books(number);
        Ok((tx, ()))
    }

    /// Commits what was written into the books.
    async fn commit_books(&self, tx: Transaction<'static, Postgres>, (): ()) -> Result<()> {
        Ok(tx.commit().await?)
    }

    /// A transaction that sees the store as it is now, whatever is written meanwhile.
    async fn snapshot(&self) -> Result<Transaction<'static, Postgres>> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(self.readers.begin_with(begin).await?)
    }

    /// The lock of [`Upkeep::settle`](super::Upkeep::settle): a transaction that does nothing but
    /// hold it.
    async fn settling(&self, alone: bool) -> Result<Guard> {
        let mut tx = self.settlers.begin().await?;
        let lock = if alone {
            "SELECT pg_advisory_xact_lock($1)"
        } else {
            "SELECT pg_advisory_xact_lock_shared($1)"
        };
        sqlx::query(lock).bind(SETTLING).execute(&mut *tx).await?;
        Ok(Box::new(tx))
    }

    /// Says that a job was queued, to all processes, once this transaction is committed.
    async fn announce_job(&self, connection: &mut Connection) -> Result<()> {
        if self.announces {
            sqlx::query("SELECT pg_notify($1, '')")
                .bind(JOBS)
                .execute(connection)
                .await?;
        }
        Ok(())
    }

    /// Closes all connections.
    async fn close_all(&self) {
        self.readers.close().await;
        self.settlers.close().await;
    }
}

#[async_trait]
impl Epochs for PostgresStore {
    async fn epoch(&self) -> Option<Epoch> {
        self.snapshots.epoch().await
    }
}

/// Nothing is moved from here.
async fn refuse_if_moved(_: &mut Connection) -> Result<()> {
    Ok(())
}

/// Makes the changes of one thing wait for one another, to the end of the transaction.
async fn serialise(connection: &mut Connection, what: &str, which: &str) -> Result<()> {
    // Two things whose hashes meet wait for each other without need, which is rare and harmless.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, hashtext($2)))")
        .bind(which)
        .bind(what)
        .execute(connection)
        .await?;
    Ok(())
}

/// A row as a JSON list: what stands around its cells.
const READ_ROW: (&str, &str) = ("json_build_array(", ")::text");
/// The rows of a JSON list of lists, each as `value`.
const EACH: &str = "json_array_elements($1::json) AS each (value)";

fn read_bytes(column: &str) -> String {
    ["encode(", column, ", 'hex')"].concat()
}

fn write_bytes(cell: &str) -> String {
    ["decode(", cell, ", 'hex')"].concat()
}

fn write_integer(cell: &str) -> String {
    ["(", cell, ")::bigint"].concat()
}

/// Lets the sequences go on after the highest number.
async fn after_import(connection: &mut Connection) -> Result<()> {
    for statement in [
        "SELECT setval(pg_get_serial_sequence('submission', 'seq'), max(seq)) FROM submission",
        "SELECT setval(pg_get_serial_sequence('analysis', 'seq'), max(seq)) FROM analysis",
        "SELECT setval(pg_get_serial_sequence('job', 'id'), max(id)) FROM job",
        "SELECT setval(pg_get_serial_sequence('comment', 'seq'), max(seq)) FROM comment",
        "SELECT setval(pg_get_serial_sequence('vote', 'seq'), max(seq)) FROM vote",
        "SELECT setval(pg_get_serial_sequence('audit', 'seq'), max(seq)) FROM audit",
        "SELECT setval(pg_get_serial_sequence('false_positive', 'seq'), max(seq))
         FROM false_positive",
        "SELECT setval(pg_get_serial_sequence('zip_file', 'seq'), max(seq)) FROM zip_file",
        "SELECT setval(pg_get_serial_sequence('yara_match', 'seq'), max(seq)) FROM yara_match",
        "SELECT setval(pg_get_serial_sequence('behaviour', 'seq'), max(seq)) FROM behaviour",
        "SELECT setval(pg_get_serial_sequence('behaviour_relation', 'seq'), max(seq))
         FROM behaviour_relation",
        "SELECT setval(pg_get_serial_sequence('relation', 'seq'), max(seq)) FROM relation",
        "SELECT setval(pg_get_serial_sequence('collection', 'seq'), max(seq)) FROM collection",
        "SELECT setval(pg_get_serial_sequence('reference', 'seq'), max(seq)) FROM reference",
        "SELECT setval(pg_get_serial_sequence('private_item', 'seq'), max(seq)) FROM private_item",
    ] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Every table and column there is.
async fn column_names(connection: &mut Connection) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(connection)
    .await?)
}
