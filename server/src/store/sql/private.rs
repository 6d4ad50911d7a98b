//! What groups send in for themselves alone.

use async_trait::async_trait;
use quorum_core::indicator::{Kind, Md5};
use serde_json::json;
use sqlx::Row as _;

use super::audit::record;
use super::items::{
    analyses, analysis, enqueue, file_record, find_analysis, keep_password, last_analysis,
};
use super::relations::relate;
use super::{Connection, Row, SqlStore, serialise};
use crate::ids;
use crate::store::{
    Actor, AnalysisRecord, FileRecord, Item, Job, Listing, NewPrivate, NewRelation, Page, Private,
    PrivateItem, PrivateSubject, Result, StoreError, private_key, private_kind, read, read_json,
    read_place, storable,
};

/// How many names of a file are kept.
const MAX_NAMES: usize = 100;

/// A private thing with its last analysis.
macro_rules! private_items {
    ($rest:literal) => {
        concat!(
            "SELECT own.*, analysis.date AS analysed, results, findings FROM private_item AS own
             LEFT JOIN analysis ON analysis.id = last_analysis ",
            $rest
        )
    };
}

fn private_item(row: &Row) -> Result<PrivateItem> {
    let (kind, group, id) = read_place(row.try_get("kind")?, row.try_get("key")?)?;
    let names: Vec<String> = read_json("names", row.try_get("names")?)?;
    let file = file_record(row)?.map(|file| FileRecord { names, ..file });
    let analysis = last_analysis(row)?;
    let last = row.try_get("last_submission")?;
    let modified = analysis.as_ref().map_or(last, |found| found.date.max(last));
    Ok(PrivateItem {
        kind,
        group: group.unwrap_or_default(),
        id,
        is_stored: row.try_get::<Option<String>, _>("sample")?.is_some(),
        expires: row.try_get("expires")?,
        item: Item {
            first_submission: row.try_get("first_submission")?,
            last_submission: Some(last),
            times_submitted: row.try_get::<i64, _>("times_submitted")?.unsigned_abs(),
            unique_sources: 0,
            votes_harmless: 0,
            votes_malicious: 0,
            reputation: 0,
            last_modification: modified,
            file,
            url: row.try_get("url")?,
            analysis,
        },
    })
}

/// Lets go of a thing with all that there is of it, in this transaction.
async fn forget(connection: &mut Connection, kind: &str, key: &str) -> Result<()> {
    for statement in [
        "DELETE FROM job WHERE analysis IN
         (SELECT id FROM analysis WHERE kind = $1 AND item = $2)",
        "DELETE FROM analysis WHERE kind = $1 AND item = $2",
        "DELETE FROM relation WHERE kind = $1 AND item = $2",
        "DELETE FROM private_item WHERE kind = $1 AND key = $2",
    ] {
        sqlx::query(statement)
            .bind(kind)
            .bind(key)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The id of an analysis of a group's thing at a time.
fn analysis_id(subject: &str, group: &str) -> impl Fn(i64) -> String {
    move |epoch| ids::private_analysis(subject, group, epoch)
}

#[async_trait]
impl Private for SqlStore {
    async fn submit_private(
        &self,
        new: &NewPrivate<'_>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<String> {
        let kind = private_kind(new.subject.kind());
        let id = new.subject.id();
        let key = private_key(by.group, &id);
        let (mut name, mut password) = (None, None);
        let (mut digests, mut file_type, mut url) = (None, None, None);
        match &new.subject {
            PrivateSubject::File(file, of_type, sent_as) => {
                (digests, file_type) = (Some(*file), Some(*of_type));
                (name, password) = (sent_as.name, sent_as.password);
            }
            PrivateSubject::Url(address) => url = Some(address.as_str()),
        }
        storable(name.unwrap_or_default())?;
        storable(password.unwrap_or_default())?;
        let md5 = digests.map(|digests| digests.md5.to_string());
        let mut tx = self.write().await?;
        serialise(&mut tx, kind, &key).await?;
        let known: Option<String> =
            sqlx::query_scalar("SELECT names FROM private_item WHERE kind = $1 AND key = $2")
                .bind(kind)
                .bind(&key)
                .fetch_optional(&mut *tx)
                .await?;
        let mut names: Vec<String> = match known {
            Some(known) => read_json("names", &known)?,
            None => Vec::new(),
        };
        if let Some(name) = name {
            names.retain(|one| one != name);
            names.insert(0, name.to_owned());
            names.truncate(MAX_NAMES);
        }
        let seq: i64 = sqlx::query_scalar(
            "INSERT INTO private_item (kind, key, group_name, id, sample, sha1, md5, size, type_tag,
             type_description, type_extension, type_tags, url, names, first_submission,
             last_submission, times_submitted, expires)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 1, $16)
             ON CONFLICT (kind, key) DO UPDATE SET sample = excluded.sample, names = excluded.names,
             last_submission = excluded.last_submission, expires = excluded.expires,
             times_submitted = private_item.times_submitted + 1
             RETURNING seq",
        )
        .bind(kind)
        .bind(&key)
        .bind(by.group)
        .bind(&id)
        .bind(digests.map(|_| &id))
        .bind(digests.map(|digests| digests.sha1.to_string()))
        .bind(&md5)
        .bind(digests.map(|digests| digests.size as i64))
        .bind(file_type.map(|one| one.tag))
        .bind(file_type.map(|one| one.description))
        .bind(file_type.map(|one| one.extension))
        .bind(file_type.map(|one| json!(one.tags).to_string()))
        .bind(url)
        .bind(json!(names).to_string())
        .bind(now)
        .bind(new.expires)
        .fetch_one(&mut *tx)
        .await?;
        note(&mut tx, kind, "submitted", seq, by, now).await?;
        let id = analysis_id(md5.as_deref().unwrap_or(&id), by.group);
        let id = enqueue(&mut tx, (kind, &key), id, by, now).await?;
        keep_password(&mut tx, &id, password).await?;
        self.announce_job(&mut tx).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn private_item(
        &self,
        group: &str,
        kind: Kind,
        id: &str,
        now: i64,
    ) -> Result<Option<PrivateItem>> {
        sqlx::query(private_items!(
            "WHERE own.kind = $1 AND key = $2 AND expires > $3"
        ))
        .bind(private_kind(kind))
        .bind(private_key(group, id))
        .bind(now)
        .fetch_optional(&self.readers)
        .await?
        .as_ref()
        .map(private_item)
        .transpose()
    }

    async fn private_files(
        &self,
        group: &str,
        now: i64,
        page: Page,
    ) -> Result<Listing<PrivateItem>> {
        let kind = private_kind(Kind::File);
        let rows = sqlx::query(private_items!(
            "WHERE group_name = $1 AND own.kind = $2 AND expires > $3 AND own.seq < $4
             ORDER BY own.seq DESC LIMIT $5"
        ))
        .bind(group)
        .bind(kind)
        .bind(now)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar(
            "SELECT count(*) FROM private_item WHERE group_name = $1 AND kind = $2 AND expires > $3",
        )
        .bind(group)
        .bind(kind)
        .bind(now)
        .fetch_one(&self.readers)
        .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, private_item(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn analyse_private(
        &self,
        kind: Kind,
        id: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>> {
        let key = private_key(by.group, id);
        let (subject, kind) = (id, private_kind(kind));
        let mut tx = self.write().await?;
        serialise(&mut tx, kind, &key).await?;
        let there: Option<Option<String>> = sqlx::query_scalar(
            "SELECT md5 FROM private_item WHERE kind = $1 AND key = $2 AND expires > $3
             AND (sample IS NOT NULL OR url IS NOT NULL)",
        )
        .bind(kind)
        .bind(&key)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(md5) = there else { return Ok(None) };
        let md5: Option<Md5> = md5.map(|md5| read("MD5", &md5)).transpose()?;
        let md5 = md5.map(|md5| md5.to_string());
        let name = analysis_id(md5.as_deref().unwrap_or(subject), by.group);
        let analysis = enqueue(&mut tx, (kind, &key), name, by, now).await?;
        self.announce_job(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(analysis))
    }

    async fn private_analysis(
        &self,
        group: &str,
        id: &str,
        now: i64,
    ) -> Result<Option<AnalysisRecord>> {
        let mut tx = self.snapshot().await?;
        let Some(row) = find_analysis(&mut tx, id).await? else {
            return Ok(None);
        };
        let record = analysis(&row)?;
        if record.group.as_deref() != Some(group) {
            return Ok(None);
        }
        let (kind, key) = record.place();
        let there: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM private_item
             WHERE kind = $1 AND key = $2 AND expires > $3)",
        )
        .bind(kind)
        .bind(&key)
        .bind(now)
        .fetch_one(&mut *tx)
        .await?;
        Ok(there.then_some(record))
    }

    async fn private_analyses(
        &self,
        group: &str,
        of: Option<(Kind, &str)>,
        up: bool,
        now: i64,
        page: Page,
    ) -> Result<Listing<AnalysisRecord>> {
        let list = match up {
            false => analyses!(
                "WHERE own.group_name = $1 AND expires > $2 AND own.key = coalesce($3, own.key)
                 AND own.kind = coalesce($4, own.kind) AND analysis.seq < $5
                 ORDER BY analysis.seq DESC LIMIT $6"
            ),
            true => analyses!(
                "WHERE own.group_name = $1 AND expires > $2 AND own.key = coalesce($3, own.key)
                 AND own.kind = coalesce($4, own.kind) AND analysis.seq > $5
                 ORDER BY analysis.seq LIMIT $6"
            ),
        };
        let (key, kind) = (
            of.map(|(_, id)| private_key(group, id)),
            of.map(|(kind, _)| private_kind(kind)),
        );
        let from = match up {
            true => page.before.unwrap_or(0),
            false => page.end(),
        };
        let rows = sqlx::query(list)
            .bind(group)
            .bind(now)
            .bind(&key)
            .bind(kind)
            .bind(from)
            .bind(page.probe())
            .fetch_all(&self.readers)
            .await?;
        let total = sqlx::query_scalar(
            "SELECT count(*) FROM private_item AS own
             JOIN analysis ON analysis.kind = own.kind AND item = own.key
             WHERE group_name = $1 AND expires > $2 AND own.key = coalesce($3, own.key)
             AND own.kind = coalesce($4, own.kind)",
        )
        .bind(group)
        .bind(now)
        .bind(&key)
        .bind(kind)
        .fetch_one(&self.readers)
        .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, analysis(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn relate_private(&self, job: &Job, found: &[NewRelation], now: i64) -> Result<()> {
        let (kind, key) = job.analysis.place();
        let mut tx = self.write().await?;
        serialise(&mut tx, kind, &key).await?;
        // Deleted, or expired, while it was read: what is in it must not be noted any more.
        let there: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM private_item WHERE kind = $1 AND key = $2)",
        )
        .bind(kind)
        .bind(&key)
        .fetch_one(&mut *tx)
        .await?;
        if !there {
            return Err(StoreError::LeaseLost);
        }
        relate(&mut tx, kind, &key, found, now).await?;
        Ok(tx.commit().await?)
    }

    async fn delete_private(
        &self,
        kind: Kind,
        id: &str,
        only_sample: bool,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool> {
        let (kind, key) = (private_kind(kind), private_key(by.group, id));
        let mut tx = self.write().await?;
        serialise(&mut tx, kind, &key).await?;
        let seq: Option<i64> = sqlx::query_scalar(
            "SELECT seq FROM private_item WHERE kind = $1 AND key = $2 AND expires > $3",
        )
        .bind(kind)
        .bind(&key)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(seq) = seq else { return Ok(false) };
        let action = match only_sample {
            true => {
                sqlx::query("UPDATE private_item SET sample = NULL WHERE seq = $1")
                    .bind(seq)
                    .execute(&mut *tx)
                    .await?;
                "deleted_from_storage"
            }
            false => {
                forget(&mut tx, kind, &key).await?;
                "deleted"
            }
        };
        note(&mut tx, kind, action, seq, by, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn expire_private(&self, now: i64, limit: u32) -> Result<Vec<(Kind, String)>> {
        let expired: Vec<(String, String)> = sqlx::query_as(
            "SELECT kind, key FROM private_item WHERE expires <= $1 ORDER BY expires, seq LIMIT $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let mut gone = Vec::new();
        for (kind, key) in expired {
            let mut tx = self.write().await?;
            serialise(&mut tx, &kind, &key).await?;
            // Again, since it may have been sent in a moment ago.
            let still: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM private_item
                 WHERE kind = $1 AND key = $2 AND expires <= $3)",
            )
            .bind(&kind)
            .bind(&key)
            .bind(now)
            .fetch_one(&mut *tx)
            .await?;
            if still {
                forget(&mut tx, &kind, &key).await?;
                let (kind, _, id) = read_place(&kind, &key)?;
                gone.push((kind, id));
            }
            tx.commit().await?;
        }
        Ok(gone)
    }
}

/// Notes what a group did with a thing of its own under the thing's number: the log is read by
/// those too who must not learn which it was.
async fn note(
    connection: &mut Connection,
    kind: &str,
    what: &str,
    seq: i64,
    by: Actor<'_>,
    now: i64,
) -> Result<()> {
    let action = [kind, ".", what].concat();
    let subject = seq.to_string();
    record(connection, by, now, &action, &subject, by.group, json!({})).await
}
