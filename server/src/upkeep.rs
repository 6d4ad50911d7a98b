//! The commands that look after a store: `check`, `backup`, `restore`, `migrate`, `retention`.
//!
//! A backup is a directory: `tables/NAME.jsonl` with the rows of each table in their order,
//! `samples/xx/SHA256` with the samples as they lie in a store, and `manifest.json`, written last, with the count and the
//! digest of each. It is the same whichever store it was made of, and can be restored into either.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use quorum_core::indicator::{Kind, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};

use crate::cli::{Failure, make_data_directory, say};
use crate::clock::{self, DAY};
use crate::config::{Config, Retention};
use crate::failpoint;
use crate::store::archive::{Archive as _, Count, Filler, Sink, TABLES, Table, Tally};
use crate::store::blobs::Blobs;
use crate::store::open::{self, Opened};
use crate::store::sqlite::SqliteStore;
use crate::store::{Actor, Result, Store, StoreError};

/// How many names are asked for at once.
const PAGE: u32 = 1000;

/// The form of a backup that this program writes and reads.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// Seconds since the Unix epoch.
    made: i64,
    tables: BTreeMap<String, Count>,
    /// The samples' names with a line feed after each, counted and digested.
    blobs: Count,
}

/// Calls for every file that a row speaks of, in the order of their names.
async fn for_each_file(
    store: &dyn Store,
    mut each: impl AsyncFnMut(Sha256, u64) -> std::result::Result<(), Failure>,
) -> std::result::Result<(), Failure> {
    let mut after = String::new();
    loop {
        let page = store.files_after(&after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (name, size) in page {
            let sha256 = name.parse().map_err(|_| StoreError::Corrupt {
                what: "SHA-256",
                text: name,
            })?;
            each(sha256, size).await?;
        }
    }
}

/// Reads every blob against its name and every row against its blob, and looks for rows that
/// contradict each other.
///
/// # Errors
/// Something is wrong, which is said line by line before; or the store does not answer.
pub(crate) async fn check(config: &Config) -> std::result::Result<(), Failure> {
    let Opened { store, blobs } = open::both(config).await?;
    let mut wrong = 0_u64;
    let (mut files, mut stray) = (0_u64, 0_u64);
    for (what, count) in store.contradictions().await? {
        wrong += count;
        say(&format!("{count} {what}"))?;
    }
    for_each_file(&*store, async |sha256, size| {
        files += 1;
        let fault = match blobs.verify(&sha256).await {
            Ok(actual) if actual == size => return Ok(()),
            Ok(actual) => format!("has {actual} bytes instead of {size}"),
            Err(StoreError::WrongBlob(_)) => "is not what its name says".to_owned(),
            Err(StoreError::Blob(object_store::Error::NotFound { .. })) => "is missing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        wrong += 1;
        say(&format!("sample {sha256} {fault}"))
    })
    .await?;
    let mut listing = blobs.list();
    while let Some((name, _)) = listing.try_next().await? {
        stray += u64::from(!store.keeps(&name).await?);
    }
    if stray > 0 {
        // Not wrong: an upload that was cut off before it was accepted. The server sweeps them.
        say(&format!("{stray} samples that no row speaks of"))?;
    }
    store.close().await;
    match wrong {
        0 => say(&format!(
            "quorum: {files} samples and their rows are as they should be"
        )),
        _ => Err(format!("{wrong} things are wrong").into()),
    }
}

/// Digests the names of samples.
#[derive(Default)]
struct Names(u64, sha2::Sha256);

impl Names {
    fn add(&mut self, name: &Sha256) {
        use sha2::Digest as _;
        self.0 += 1;
        self.1.update(name.to_string());
        self.1.update("\n");
    }

    fn finish(self) -> Count {
        use sha2::Digest as _;
        let digest: [u8; 32] = self.1.finalize().into();
        Count {
            rows: self.0,
            sha256: Sha256::from(digest).to_string(),
        }
    }
}

/// Writes rows into files, one a table.
struct Files<'a> {
    directory: &'a Path,
    open: Option<(&'static str, tokio::io::BufWriter<tokio::fs::File>)>,
    tally: Tally,
    /// The samples that the rows speak of, each once.
    samples: BTreeSet<String>,
}

/// The sample that a row speaks of: the first cell in two of the tables.
fn sample_of(table: &Table, row: &str) -> Result<Option<String>> {
    if !matches!(table.name, "file" | "private_item") {
        return Ok(None);
    }
    let cells: Vec<serde_json::Value> =
        serde_json::from_str(row).map_err(|_| StoreError::Corrupt {
            what: "row",
            text: row.to_owned(),
        })?;
    let first = cells.first().and_then(|cell| cell.as_str());
    Ok(first.map(str::to_owned))
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Directory { path, source }
}

impl Files<'_> {
    async fn close(&mut self) -> Result<()> {
        if let Some((_, mut file)) = self.open.take() {
            file.flush().await.map_err(at(self.directory))?;
            file.get_ref()
                .sync_all()
                .await
                .map_err(at(self.directory))?;
        }
        Ok(())
    }

    fn path(&self, table: &str) -> std::path::PathBuf {
        self.directory.join("tables").join(format!("{table}.jsonl"))
    }
}

#[async_trait]
impl Sink for Files<'_> {
    async fn row(&mut self, table: &'static Table, row: &str) -> Result<()> {
        let mut line = self.tally.add(table, row)?;
        self.samples.extend(sample_of(table, &line)?);
        line.push('\n');
        if self
            .open
            .as_ref()
            .is_none_or(|(name, _)| *name != table.name)
        {
            self.close().await?;
            let path = self.path(table.name);
            let file = tokio::fs::File::create(&path).await.map_err(at(&path))?;
            self.open = Some((table.name, tokio::io::BufWriter::new(file)));
        }
        if let Some((_, file)) = &mut self.open {
            let written = file.write_all(line.as_bytes()).await;
            written.map_err(at(self.directory))?;
        }
        Ok(())
    }
}

/// Writes everything into a new directory, as it is at one moment, while the server goes on.
///
/// # Errors
/// The directory is there already, or something cannot be read or written.
pub(crate) async fn backup(config: &Config, directory: &Path) -> std::result::Result<(), Failure> {
    let Opened { store, blobs } = open::both(config).await?;
    make_new_directory(directory)?;
    let tables = directory.join("tables");
    make_data_directory(&tables)?;
    // First, so that the backup itself tells that it was made.
    let place = directory.display().to_string();
    let noted = store.note(
        Actor::LOCAL,
        "store.backup",
        &place,
        json!({}),
        clock::now(),
    );
    match noted.await {
        // One that was moved is only read.
        Ok(()) | Err(StoreError::Moved { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut files = Files {
        directory,
        open: None,
        tally: Tally::default(),
        samples: BTreeSet::new(),
    };
    // Rows first: a sample is there before its row, and what comes later is the next backup's.
    store.export(&mut files).await?;
    files.close().await?;
    let there = Arc::new(Blobs::local(directory, 0)?);
    let mut names = Names::default();
    for name in &files.samples {
        let sha256 = name
            .parse()
            .map_err(|_| StoreError::WrongBlob(name.clone()))?;
        there.copy_from(&blobs, &sha256).await?;
        names.add(&sha256);
    }
    let manifest = Manifest {
        format: FORMAT,
        made: clock::now(),
        tables: files.tally.finish(),
        blobs: names.finish(),
    };
    std::fs::File::open(&tables)?.sync_all()?;
    write_manifest(directory, &manifest)?;
    store.close().await;
    say(&format!(
        "quorum: {} rows and {} samples are in {}",
        manifest
            .tables
            .values()
            .map(|count| count.rows)
            .sum::<u64>(),
        manifest.blobs.rows,
        directory.display()
    ))
}

fn make_new_directory(directory: &Path) -> std::result::Result<(), Failure> {
    if std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty", directory.display()).into());
    }
    make_data_directory(directory)
}

/// Last, under another name first: a directory with a manifest is a whole backup.
fn write_manifest(directory: &Path, manifest: &Manifest) -> std::result::Result<(), Failure> {
    use std::io::Write as _;
    let unfinished = directory.join("manifest.part");
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, directory.join("manifest.json"))?;
    std::fs::File::open(directory)?.sync_all()?;
    Ok(())
}

/// Fills an empty store from a backup. Everything is read and compared with the manifest before
/// anything is committed.
///
/// # Errors
/// The backup is damaged, or the store is not empty.
pub(crate) async fn restore(config: &Config, directory: &Path) -> std::result::Result<(), Failure> {
    let text = std::fs::read_to_string(directory.join("manifest.json"))
        .map_err(|error| format!("{} is no whole backup: {error}", directory.display()))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| format!("the manifest is damaged: {error}"))?;
    if manifest.format != FORMAT {
        return Err(format!(
            "the backup has form {}, this program reads {FORMAT}",
            manifest.format
        )
        .into());
    }
    make_data_directory(&config.data)?;
    let Opened { store, blobs } = open::both(config).await?;
    let mut filler = Filler::new(store.import().await?);
    let mut tally = Tally::default();
    let mut samples = BTreeSet::new();
    for table in TABLES {
        let path = directory
            .join("tables")
            .join(format!("{}.jsonl", table.name));
        let Ok(file) = tokio::fs::File::open(&path).await else {
            // A table without rows has no file; one that is missing shows in the counts.
            continue;
        };
        let mut lines = tokio::io::BufReader::new(file).lines();
        while let Some(line) = lines.next_line().await? {
            let line = tally.add(table, &line)?;
            samples.extend(sample_of(table, &line)?);
            filler.add(table, &line).await?;
        }
    }
    same(&manifest.tables, &tally.finish(), "the backup is damaged")?;
    let from = Blobs::local(directory, 0)?;
    let mut names = Names::default();
    for name in samples {
        let sha256 = name.parse().map_err(|_| StoreError::WrongBlob(name))?;
        blobs
            .copy_from(&from, &sha256)
            .await
            .map_err(|error| format!("the backup is damaged: sample {sha256}: {error}"))?;
        names.add(&sha256);
    }
    if names.finish() != manifest.blobs {
        return Err("the backup is damaged: it has other samples than its manifest says".into());
    }
    filler.commit().await?;
    store.close().await;
    say(&format!(
        "quorum: restored {} samples and all rows, as they were at {}",
        manifest.blobs.rows,
        clock::date(manifest.made)
    ))
}

fn same(
    expected: &BTreeMap<String, Count>,
    found: &BTreeMap<String, Count>,
    otherwise: &str,
) -> std::result::Result<(), Failure> {
    for (table, count) in expected {
        if found.get(table) != Some(count) {
            let rows = found.get(table).map_or(0, |count| count.rows);
            return Err(format!(
                "{otherwise}: {table} has {rows} rows of {}, or others",
                count.rows
            )
            .into());
        }
    }
    Ok(())
}

/// Copies rows into another store.
struct Carrier(Filler, Tally);

#[async_trait]
impl Sink for Carrier {
    async fn row(&mut self, table: &'static Table, row: &str) -> Result<()> {
        let line = self.1.add(table, row)?;
        self.0.add(table, &line).await
    }
}

/// Moves an embedded store to the one that another configuration means. The server may run and be
/// read from all the time; while the rows are copied, writing waits or is refused, and afterwards
/// the old store is only read any more. Both are read to the end and compared before that. What
/// died on the way is begun again.
///
/// # Errors
/// The other store holds something else, something cannot be copied, or the two differ; then the old store
/// goes on as before.
pub(crate) async fn migrate(config: &Config, to: &Config) -> std::result::Result<(), Failure> {
    if config.is_shared() {
        return Err("this store is grown already; backup and restore move it".into());
    }
    let Some(place) = &to.store.url else {
        return Err("the configuration to migrate to has no store.url".into());
    };
    let old = SqliteStore::open(&open::store_path(&config.data)).await?;
    let old_blobs = Blobs::local(&config.data, 0)?;
    let new = open::both(to).await?;
    // Most of the samples while everybody goes on writing, the last ones after.
    let carried = copy_samples(&old, &old_blobs, &new.blobs).await?;
    say(&format!("quorum: {} samples are there", carried.rows))?;
    let frozen = old.freeze().await?;
    let samples = copy_samples(&old, &old_blobs, &new.blobs).await?;
    let rows = match new.store.import().await {
        Ok(import) => {
            let mut carrier = Carrier(Filler::new(import), Tally::default());
            old.export(&mut carrier).await?;
            carrier.0.commit().await?;
            carrier.1
        }
        // Perhaps by an earlier try that died after its commit; the comparison tells.
        Err(StoreError::NotEmpty { .. }) => {
            let mut rows = Tally::default();
            old.export(&mut rows).await?;
            rows
        }
        Err(error) => return Err(error.into()),
    };
    failpoint::reach("migrate.copied");
    let rows = rows.finish();
    let mut there = Tally::default();
    new.store.export(&mut there).await?;
    same(&rows, &there.finish(), "the stores differ")?;
    let mut names = Names::default();
    for_each_file(&*new.store, async |sha256, size| {
        if new.blobs.verify(&sha256).await? != size {
            return Err(StoreError::WrongBlob(sha256.to_string()).into());
        }
        names.add(&sha256);
        Ok(())
    })
    .await?;
    if names.finish() != samples {
        return Err("the stores differ: they have other samples".into());
    }
    frozen.moved_to(&place.to_string()).await?;
    for (table, count) in &rows {
        say(&format!("{table}\t{}\t{}", count.rows, count.sha256))?;
    }
    say(&format!("samples\t{}\t{}", samples.rows, samples.sha256))?;
    say(&format!(
        "quorum: moved to {place}; every row and every sample is the same. Start the server with \
         the new configuration; the old store is only read any more"
    ))
}

async fn copy_samples(
    rows: &dyn Store,
    from: &Blobs,
    to: &Arc<Blobs>,
) -> std::result::Result<Count, Failure> {
    let mut names = Names::default();
    for_each_file(rows, async |sha256, _| {
        to.copy_from(from, &sha256).await?;
        names.add(&sha256);
        Ok(())
    })
    .await?;
    Ok(names.finish())
}

/// Lets go of what groups have for themselves and whose time has come. Returns how many things that
/// were.
///
/// # Errors
/// The store or the blobs do not answer.
pub(crate) async fn expire_private(store: &dyn Store, blobs: &Blobs) -> Result<u64> {
    let mut gone = 0;
    loop {
        let expired = store.expire_private(clock::now(), PAGE).await?;
        if expired.is_empty() {
            return Ok(gone);
        }
        gone += expired.len() as u64;
        for (kind, id) in expired {
            // The row is gone for good before the bytes are; others may have the same.
            if kind == Kind::File {
                blobs.remove_orphan(store, &id).await?;
            }
        }
    }
}

/// Under which name the store has noted when the server last did what its policy says.
const LAST_RETENTION: &str = "retention.last";

/// Lets go of what is older than the policy keeps, if it is time. Returns how many things went, and
/// rows of usage; `None` if it is not.
///
/// # Errors
/// The store or the blobs do not answer.
pub(crate) async fn retention_if_due(
    policy: &Retention,
    store: &dyn Store,
    blobs: &Blobs,
) -> Result<Option<(u64, u64)>> {
    let Some(hours) = policy.every_hours else {
        return Ok(None);
    };
    let now = clock::now();
    let last = store.noted(LAST_RETENTION).await?;
    let last = last.and_then(|text| text.parse().ok()).unwrap_or(0);
    if now - last < i64::from(hours) * 3600 {
        return Ok(None);
    }
    // First: what fails is tried again when it is time again, and no other process does the same.
    store.note_down(LAST_RETENTION, &now.to_string()).await?;
    let mut gone = 0;
    for (kind, days) in policy.kinds() {
        if let Some(days) = days {
            gone += let_go(store, blobs, kind, days).await?;
        }
    }
    let rows = match policy.usage {
        Some(days) => store.forget_usage(now / DAY - i64::from(days)).await?,
        None => 0,
    };
    Ok(Some((gone, rows)))
}

/// Lets go of all of a kind that has been without news for so many days. Returns how many.
async fn let_go(store: &dyn Store, blobs: &Blobs, kind: Kind, days: u32) -> Result<u64> {
    let before = clock::now() - i64::from(days) * DAY;
    let mut gone = 0;
    loop {
        let mut progress = false;
        for id in store.expired(kind, before, PAGE).await? {
            if store.forget(kind, &id, before).await? {
                progress = true;
                gone += 1;
                // The row is gone for good before the bytes are.
                if kind == Kind::File {
                    blobs.remove_orphan(store, &id).await?;
                }
            }
        }
        if !progress {
            return Ok(gone);
        }
    }
}

/// Lets go of what is older than the policy keeps, or only says what that would be.
///
/// # Errors
/// There is no policy, or the store does not answer.
pub(crate) async fn retention(config: &Config, apply: bool) -> std::result::Result<(), Failure> {
    let policy = config.retention;
    let kinds = policy.kinds();
    if kinds.iter().all(|(_, days)| days.is_none()) && policy.usage.is_none() {
        return Err("there is no policy: set days in [retention] of the configuration".into());
    }
    let Opened { store, blobs } = open::both(config).await?;
    let verb = if apply {
        "let go of"
    } else {
        "would let go of"
    };
    for (kind, days) in kinds {
        let Some(days) = days else { continue };
        let before = clock::now() - i64::from(days) * DAY;
        let gone = if apply {
            let_go(&*store, &blobs, kind, days).await?
        } else {
            let expired = store.expired(kind, before, u32::MAX).await?;
            for id in &expired {
                say(&format!("{}\t{id}", kind.as_str()))?;
            }
            expired.len() as u64
        };
        say(&format!(
            "quorum: {verb} {gone} {} without news for {days} days",
            kind.collection()
        ))?;
    }
    if let Some(days) = policy.usage.filter(|_| apply) {
        let day = clock::now() / DAY - i64::from(days);
        let rows = store.forget_usage(day).await?;
        say(&format!("quorum: let go of {rows} rows of usage"))?;
    }
    store.close().await;
    Ok(())
}
