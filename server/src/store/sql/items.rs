//! Files, URLs, domains and addresses, their submissions and analyses.

use async_trait::async_trait;
use quorum_core::digest::{Digests, FileType};
use quorum_core::indicator::{CanonicalUrl, FileHash, Kind, Md5};
use quorum_core::report::EngineResult;
use serde_json::json;
use sqlx::Row as _;

use super::audit::record;
use super::{Connection, Row, SqlStore, serialise};
use crate::ids;
use crate::store::{
    Actor, AnalysisRecord, FileRecord, Item, Items, JobState, LastAnalysis, Listing, Page,
    PrefixOf, Result, SentAs, StoreError, Submission, read, read_json, read_kind, read_place,
    storable,
};

/// How many names of a file a report carries.
const MAX_NAMES: i64 = 100;

/// An analysis with what it is about, and with its job where it is not complete.
macro_rules! analyses {
    ($rest:literal) => {
        concat!(
            "SELECT analysis.*, coalesce(file.sha1, own.sha1) AS sha1,
             coalesce(file.md5, own.md5) AS md5, coalesce(file.size, own.size) AS size,
             coalesce(url.url, own.url) AS url, job.attempts AS tried, deadline, error
             FROM analysis
             LEFT JOIN file ON analysis.kind = 'file' AND sha256 = item
             LEFT JOIN url ON analysis.kind = 'url' AND url.id = item
             LEFT JOIN private_item AS own ON own.kind = analysis.kind AND own.key = item
             LEFT JOIN job ON job.analysis = analysis.id ",
            $rest
        )
    };
}
pub(super) use analyses;

/// One analysis, public or private, as a row of [`analyses`].
pub(super) async fn find_analysis(connection: &mut Connection, id: &str) -> Result<Option<Row>> {
    Ok(sqlx::query(analyses!("WHERE analysis.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?)
}

pub(super) fn analysis(row: &Row) -> Result<AnalysisRecord> {
    let (kind, group, item) = read_place(row.try_get("kind")?, row.try_get("item")?)?;
    let file = match row.try_get::<Option<&str>, _>("md5")? {
        Some(md5) if kind == Kind::File => Some(Digests {
            md5: read("MD5", md5)?,
            sha1: read("SHA-1", row.try_get("sha1")?)?,
            sha256: read("SHA-256", &item)?,
            size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        }),
        _ => None,
    };
    Ok(AnalysisRecord {
        id: row.try_get("id")?,
        kind,
        group,
        item,
        date: row.try_get("date")?,
        status: row.try_get("status")?,
        results: read_json("analysis", row.try_get("results")?)?,
        file,
        url: row.try_get("url")?,
        job: match row.try_get::<Option<i64>, _>("tried")? {
            None => None,
            Some(tried) => Some(JobState {
                attempts: u32::try_from(tried).unwrap_or(u32::MAX),
                deadline: row.try_get("deadline")?,
                error: row.try_get("error")?,
            }),
        },
    })
}

/// The file that a row has, if it has one; without its names and what sandboxes say.
pub(super) fn file_record(row: &Row) -> Result<Option<FileRecord>> {
    let Some(md5) = row.try_get("md5")? else {
        return Ok(None);
    };
    Ok(Some(FileRecord {
        md5,
        sha1: row.try_get("sha1")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        type_tag: row.try_get("type_tag")?,
        type_description: row.try_get("type_description")?,
        type_extension: row.try_get("type_extension")?,
        type_tags: read_json("type_tags", row.try_get("type_tags")?)?,
        names: Vec::new(),
        sandbox_verdicts: serde_json::Map::new(),
    }))
}

/// The last analysis that a row has, if it has one.
pub(super) fn last_analysis(row: &Row) -> Result<Option<LastAnalysis>> {
    let Some(date) = row.try_get("analysed")? else {
        return Ok(None);
    };
    Ok(Some(LastAnalysis {
        date,
        results: read_json("analysis", row.try_get("results")?)?,
        findings: read_json("analysis", row.try_get("findings")?)?,
    }))
}

pub(super) fn submission(row: &Row) -> Result<Submission> {
    Ok(Submission {
        seq: row.try_get("seq")?,
        kind: read_kind(row.try_get("kind")?)?,
        item: row.try_get("item")?,
        date: row.try_get("date")?,
        name: row.try_get("name")?,
        interface: row.try_get("interface")?,
        account: row.try_get("account")?,
        country: row.try_get("country")?,
    })
}

/// Makes sure that an item's row is there, and that nobody else changes the item before this
/// transaction ends.
pub(super) async fn ensure_item(
    connection: &mut Connection,
    kind: Kind,
    id: &str,
    now: i64,
) -> Result<()> {
    serialise(connection, kind.as_str(), id).await?;
    sqlx::query(
        "INSERT INTO item (kind, id, last_modification) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(kind.as_str())
    .bind(id)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

async fn note_submission(
    connection: &mut Connection,
    kind: Kind,
    id: &str,
    name: Option<&str>,
    by: Actor<'_>,
    now: i64,
) -> Result<()> {
    let known_source: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM submission WHERE kind = $1 AND item = $2 AND account = $3)",
    )
    .bind(kind.as_str())
    .bind(id)
    .bind(by.account)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO submission (kind, item, date, account, name, interface, country)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(kind.as_str())
    .bind(id)
    .bind(now)
    .bind(by.account)
    .bind(name)
    .bind(by.interface)
    .bind(by.country)
    .execute(&mut *connection)
    .await?;
    let action = match kind {
        Kind::File => "file.submitted",
        _ => "url.submitted",
    };
    let detail = name.map_or(json!({}), |name| json!({"name": name}));
    record(connection, by, now, action, id, by.group, detail).await?;
    sqlx::query(
        "UPDATE item SET first_submission = coalesce(first_submission, $1), last_submission = $2,
         times_submitted = times_submitted + 1, unique_sources = unique_sources + $3,
         last_modification = $4 WHERE kind = $5 AND id = $6",
    )
    .bind(now)
    .bind(now)
    .bind(i64::from(!known_source))
    .bind(now)
    .bind(kind.as_str())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues an analysis, or finds the one that is queued or running already. `name` makes its id of a
/// time.
pub(super) async fn enqueue(
    connection: &mut Connection,
    (kind, item): (&str, &str),
    name: impl Fn(i64) -> String,
    by: Actor<'_>,
    now: i64,
) -> Result<String> {
    let unfinished: Option<String> = sqlx::query_scalar(
        "SELECT id FROM analysis WHERE kind = $1 AND item = $2 AND status <> 'completed'
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(kind)
    .bind(item)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(id) = unfinished {
        return Ok(id);
    }
    // The id's resolution is one second: a second analysis within it takes the next one.
    let mut epoch = now;
    let id = loop {
        let id = name(epoch);
        let added = sqlx::query(
            "INSERT INTO analysis (id, kind, item, date, status) VALUES ($1, $2, $3, $4, 'queued')
             ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(kind)
        .bind(item)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        if added.rows_affected() == 1 {
            break id;
        }
        epoch += 1;
    };
    super::queue::add(connection, &id, by, now).await?;
    Ok(id)
}

/// Keeps what opens a file, with the job.
pub(super) async fn keep_password(
    connection: &mut Connection,
    analysis: &str,
    password: Option<&str>,
) -> Result<()> {
    if password.is_some() {
        sqlx::query("UPDATE job SET password = $1 WHERE analysis = $2")
            .bind(password)
            .bind(analysis)
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl Items for SqlStore {
    async fn files_with(&self, hash: &FileHash) -> Result<Vec<String>> {
        let query = match hash {
            FileHash::Sha256(_) => "SELECT sha256 FROM file WHERE sha256 = $1",
            FileHash::Sha1(_) => {
                "SELECT sha256 FROM file JOIN item ON kind = 'file' AND id = sha256
                 WHERE sha1 = $1 ORDER BY first_submission, sha256"
            }
            FileHash::Md5(_) => {
                "SELECT sha256 FROM file JOIN item ON kind = 'file' AND id = sha256
                 WHERE md5 = $1 ORDER BY first_submission, sha256"
            }
        };
        Ok(sqlx::query_scalar(query)
            .bind(hash.to_string())
            .fetch_all(&self.readers)
            .await?)
    }

    async fn item(&self, kind: Kind, id: &str) -> Result<Option<Item>> {
        let Some(row) = sqlx::query(
            "SELECT item.*, sha1, md5, size, type_tag, type_description, type_extension,
             type_tags, sandbox_verdicts, url.url, analysis.date AS analysed, results, findings
             FROM item
             LEFT JOIN file ON item.kind = 'file' AND sha256 = item.id
             LEFT JOIN url ON item.kind = 'url' AND url.id = item.id
             LEFT JOIN analysis ON analysis.id = last_analysis
             WHERE item.kind = $1 AND item.id = $2",
        )
        .bind(kind.as_str())
        .bind(id)
        .fetch_optional(&self.readers)
        .await?
        else {
            return Ok(None);
        };
        let mut file = file_record(&row)?;
        if let Some(file) = &mut file {
            file.sandbox_verdicts = read_json("verdicts", row.try_get("sandbox_verdicts")?)?;
            file.names = sqlx::query_scalar(
                "SELECT name FROM file_name WHERE sha256 = $1
                 ORDER BY seen DESC, last_seen DESC, name LIMIT $2",
            )
            .bind(id)
            .bind(MAX_NAMES)
            .fetch_all(&self.readers)
            .await?;
        }
        let analysis = last_analysis(&row)?;
        let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        Ok(Some(Item {
            first_submission: row.try_get("first_submission")?,
            last_submission: row.try_get("last_submission")?,
            times_submitted: count("times_submitted")?,
            unique_sources: count("unique_sources")?,
            votes_harmless: count("votes_harmless")?,
            votes_malicious: count("votes_malicious")?,
            reputation: row.try_get("reputation")?,
            last_modification: row.try_get("last_modification")?,
            file,
            url: row.try_get("url")?,
            analysis,
        }))
    }

    async fn has_file(&self, sha256: &str) -> Result<bool> {
        Ok(
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM file WHERE sha256 = $1)")
                .bind(sha256)
                .fetch_one(&self.readers)
                .await?,
        )
    }

    async fn submit_file(
        &self,
        digests: &Digests,
        file_type: &FileType,
        sent_as: SentAs<'_>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<String> {
        let SentAs { name, password } = sent_as;
        storable(name.unwrap_or_default())?;
        storable(password.unwrap_or_default())?;
        let sha256 = digests.sha256.to_string();
        let mut tx = self.write().await?;
        ensure_item(&mut tx, Kind::File, &sha256, now).await?;
        let new = sqlx::query(
            "INSERT INTO file (sha256, sha1, md5, size, type_tag, type_description,
             type_extension, type_tags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(&sha256)
        .bind(digests.sha1.to_string())
        .bind(digests.md5.to_string())
        .bind(digests.size as i64)
        .bind(file_type.tag)
        .bind(file_type.description)
        .bind(file_type.extension)
        .bind(json!(file_type.tags).to_string())
        .execute(&mut *tx)
        .await?
        .rows_affected()
            == 1;
        if let Some(name) = name {
            sqlx::query(
                "INSERT INTO file_name (sha256, name, seen, last_seen) VALUES ($1, $2, 1, $3)
                 ON CONFLICT (sha256, name)
                 DO UPDATE SET seen = file_name.seen + 1, last_seen = excluded.last_seen",
            )
            .bind(&sha256)
            .bind(name)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        if new {
            sqlx::query("INSERT INTO free_read (sha256, group_name) VALUES ($1, $2)")
                .bind(&sha256)
                .bind(by.group)
                .execute(&mut *tx)
                .await?;
        }
        note_submission(&mut tx, Kind::File, &sha256, name, by, now).await?;
        let name = |epoch| ids::analysis(Kind::File, &sha256, Some(&digests.md5), epoch);
        let id = enqueue(&mut tx, (Kind::File.as_str(), &sha256), name, by, now).await?;
        keep_password(&mut tx, &id, password).await?;
        self.announce_job(&mut tx).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn submit_url(&self, url: &CanonicalUrl, by: Actor<'_>, now: i64) -> Result<String> {
        let id = url.id().to_string();
        let mut tx = self.write().await?;
        ensure_item(&mut tx, Kind::Url, &id, now).await?;
        sqlx::query("INSERT INTO url (id, url) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&id)
            .bind(url.as_str())
            .execute(&mut *tx)
            .await?;
        note_submission(&mut tx, Kind::Url, &id, None, by, now).await?;
        let name = |epoch| ids::analysis(Kind::Url, &id, None, epoch);
        let analysis = enqueue(&mut tx, (Kind::Url.as_str(), &id), name, by, now).await?;
        self.announce_job(&mut tx).await?;
        tx.commit().await?;
        Ok(analysis)
    }

    async fn analyse(
        &self,
        kind: Kind,
        id: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>> {
        let mut tx = self.write().await?;
        let mut md5: Option<Md5> = None;
        serialise(&mut tx, kind.as_str(), id).await?;
        match kind {
            Kind::File => {
                let found: Option<String> =
                    sqlx::query_scalar("SELECT md5 FROM file WHERE sha256 = $1")
                        .bind(id)
                        .fetch_optional(&mut *tx)
                        .await?;
                let Some(found) = found else { return Ok(None) };
                md5 = Some(read("MD5", &found)?);
            }
            Kind::Url => {
                let there: bool =
                    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM url WHERE id = $1)")
                        .bind(id)
                        .fetch_one(&mut *tx)
                        .await?;
                if !there {
                    return Ok(None);
                }
            }
            Kind::Domain | Kind::IpAddress => ensure_item(&mut tx, kind, id, now).await?,
        }
        let name = |epoch| ids::analysis(kind, id, md5.as_ref(), epoch);
        let analysis = enqueue(&mut tx, (kind.as_str(), id), name, by, now).await?;
        self.announce_job(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(analysis))
    }

    async fn analysis(&self, id: &str) -> Result<Option<AnalysisRecord>> {
        find_analysis(&mut *self.readers.acquire().await?, id)
            .await?
            .as_ref()
            .map(analysis)
            .transpose()
            .map(|found| found.filter(|record| record.group.is_none()))
    }

    async fn analyses(&self, kind: Kind, id: &str, page: Page) -> Result<Listing<AnalysisRecord>> {
        let rows = sqlx::query(analyses!(
            "WHERE analysis.kind = $1 AND item = $2 AND analysis.seq < $3
             ORDER BY analysis.seq DESC LIMIT $4"
        ))
        .bind(kind.as_str())
        .bind(id)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total =
            sqlx::query_scalar("SELECT count(*) FROM analysis WHERE kind = $1 AND item = $2")
                .bind(kind.as_str())
                .bind(id)
                .fetch_one(&self.readers)
                .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, analysis(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn submission(&self, seq: i64) -> Result<Option<Submission>> {
        sqlx::query("SELECT * FROM submission WHERE seq = $1")
            .bind(seq)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(submission)
            .transpose()
    }

    async fn submissions(&self, kind: Kind, id: &str, page: Page) -> Result<Listing<Submission>> {
        let rows = sqlx::query(
            "SELECT * FROM submission WHERE kind = $1 AND item = $2 AND seq < $3
             ORDER BY seq DESC LIMIT $4",
        )
        .bind(kind.as_str())
        .bind(id)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total =
            sqlx::query_scalar("SELECT count(*) FROM submission WHERE kind = $1 AND item = $2")
                .bind(kind.as_str())
                .bind(id)
                .fetch_one(&self.readers)
                .await?;
        let entries = rows
            .iter()
            .map(|row| {
                let entry = submission(row)?;
                Ok((entry.seq, entry))
            })
            .collect::<std::result::Result<_, StoreError>>()?;
        Ok(page.listing(entries, total))
    }

    async fn with_prefix(&self, by: PrefixOf, prefix: &str, limit: u32) -> Result<Vec<String>> {
        let query = match by {
            PrefixOf::Sha256 => {
                "SELECT sha256 FROM file WHERE sha256 >= $1 AND sha256 < $2 ORDER BY sha256 LIMIT $3"
            }
            PrefixOf::Sha1 => {
                "SELECT sha256 FROM file WHERE sha1 >= $1 AND sha1 < $2 ORDER BY sha1 LIMIT $3"
            }
            PrefixOf::Md5 => {
                "SELECT sha256 FROM file WHERE md5 >= $1 AND md5 < $2 ORDER BY md5 LIMIT $3"
            }
            PrefixOf::Url => "SELECT id FROM url WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3",
        };
        // What follows the prefix is a hex digit, and `g` comes after all of them.
        Ok(sqlx::query_scalar(query)
            .bind(prefix)
            .bind([prefix, "g"].concat())
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?)
    }

    async fn decided(&self, kind: Kind, limit: u32) -> Result<Vec<(bool, Vec<EngineResult>)>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT report.status, analysis.results FROM false_positive AS report
             JOIN analysis ON analysis.seq = (
                 SELECT max(before.seq) FROM analysis AS before
                 WHERE before.kind = report.kind AND before.item = report.item
                 AND before.status = 'completed' AND before.completed <= report.date)
             WHERE report.kind = $1 AND report.status <> 'open'
             AND NOT EXISTS (
                 SELECT 1 FROM false_positive AS later
                 WHERE later.kind = report.kind AND later.item = report.item
                 AND later.status <> 'open' AND (later.decided > report.decided
                     OR later.decided = report.decided AND later.seq > report.seq))
             ORDER BY report.decided DESC, report.seq DESC LIMIT $2",
        )
        .bind(kind.as_str())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|(status, results)| Ok((status == "accepted", read_json("analysis", results)?)))
            .collect()
    }

    async fn revisited(
        &self,
        kind: Kind,
        limit: u32,
        apart: i64,
    ) -> Result<Vec<(Vec<EngineResult>, Vec<EngineResult>)>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT first.results, last.results
             FROM (SELECT id, last_analysis FROM item WHERE kind = $1
                   ORDER BY last_modification DESC, id LIMIT $2) AS recent
             JOIN analysis AS last ON last.id = recent.last_analysis
             JOIN analysis AS first ON first.seq = (
                 SELECT min(seq) FROM analysis
                 WHERE kind = $1 AND item = recent.id AND status = 'completed')
             WHERE last.completed - first.completed >= $3
             AND NOT EXISTS (SELECT 1 FROM false_positive AS report
                             WHERE report.kind = $1 AND report.item = recent.id
                             AND report.status <> 'open')
             ORDER BY last.seq DESC",
        )
        .bind(kind.as_str())
        .bind(i64::from(limit))
        .bind(apart)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|(first, last)| Ok((read_json("analysis", first)?, read_json("analysis", last)?)))
            .collect()
    }

    async fn take_free_read(&self, sha256: &str, group: &str) -> Result<bool> {
        // Looked for before it is taken: the common case, that there is none, must not wait for
        // the writer.
        let there: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM free_read JOIN item ON kind = 'file' AND id = sha256
             WHERE sha256 = $1 AND group_name = $2 AND last_analysis IS NOT NULL)",
        )
        .bind(sha256)
        .bind(group)
        .fetch_one(&self.readers)
        .await?;
        if !there {
            return Ok(false);
        }
        let mut tx = self.write().await?;
        let taken = sqlx::query("DELETE FROM free_read WHERE sha256 = $1 AND group_name = $2")
            .bind(sha256)
            .bind(group)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() == 1)
    }
}
