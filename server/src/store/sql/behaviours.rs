//! Sandboxes' reports, and what the files touched.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use quorum_core::indicator::Kind;
use serde_json::{Map, Value, json};
use sqlx::Row as _;

use super::audit::record;
use super::items::ensure_item;
use super::{Row, SqlStore, serialise};
use crate::behaviour::Behaviour;
use crate::ids;
use crate::store::{Actor, BehaviourRecord, Behaviours, Listing, Page, Ran, Result, read_json};

fn behaviour(row: &Row) -> Result<BehaviourRecord> {
    let id: String = row.try_get("id")?;
    let sha256: String = row.try_get("sha256")?;
    Ok(BehaviourRecord {
        seq: row.try_get("seq")?,
        sandbox: id.get(sha256.len() + 1..).unwrap_or_default().to_owned(),
        id,
        sha256,
        imported: row.try_get("imported")?,
        report: read_json("report", row.try_get("report")?)?,
    })
}

#[async_trait]
impl Behaviours for SqlStore {
    async fn import_behaviour(
        &self,
        sha256: &str,
        report: &Behaviour,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool> {
        let sandbox = report.sandbox_name.as_str();
        let id = ids::behaviour(sha256, sandbox);
        let mut tx = self.write().await?;
        serialise(&mut tx, Kind::File.as_str(), sha256).await?;
        let verdicts: Option<String> =
            sqlx::query_scalar("SELECT sandbox_verdicts FROM file WHERE sha256 = $1")
                .bind(sha256)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(verdicts) = verdicts else {
            return Ok(false);
        };
        let seq: i64 = sqlx::query_scalar(
            "INSERT INTO behaviour (id, sha256, imported, report) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET imported = excluded.imported, report = excluded.report
             RETURNING seq",
        )
        .bind(&id)
        .bind(sha256)
        .bind(now)
        .bind(json!(report.attributes()).to_string())
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM behaviour_relation WHERE behaviour = $1")
            .bind(seq)
            .execute(&mut *tx)
            .await?;
        let relations = report.relations();
        // In one order, so that no two reports wait for each other.
        let urls: BTreeMap<_, _> = relations
            .iter()
            .filter_map(|relation| Some((&relation.target, relation.url.as_ref()?)))
            .collect();
        for (id, url) in urls {
            ensure_item(&mut tx, Kind::Url, id, now).await?;
            sqlx::query("INSERT INTO url (id, url) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(url)
                .execute(&mut *tx)
                .await?;
        }
        for relation in &relations {
            sqlx::query(
                "INSERT INTO behaviour_relation (behaviour, sha256, name, kind, target)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(seq)
            .bind(sha256)
            .bind(relation.name)
            .bind(relation.kind)
            .bind(&relation.target)
            .execute(&mut *tx)
            .await?;
        }
        let mut verdicts: Map<String, Value> = read_json("sandbox_verdicts", &verdicts)?;
        match report.verdict() {
            Some(verdict) => verdicts.insert(sandbox.to_owned(), verdict),
            None => verdicts.remove(sandbox),
        };
        sqlx::query("UPDATE file SET sandbox_verdicts = $1 WHERE sha256 = $2")
            .bind(json!(verdicts).to_string())
            .bind(sha256)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE item SET last_modification = $1 WHERE kind = 'file' AND id = $2")
            .bind(now)
            .bind(sha256)
            .execute(&mut *tx)
            .await?;
        let detail = json!({"sandbox": sandbox});
        record(
            &mut tx,
            by,
            now,
            "behaviour.imported",
            sha256,
            by.group,
            detail,
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn behaviour(&self, id: &str) -> Result<Option<BehaviourRecord>> {
        let row = sqlx::query("SELECT * FROM behaviour WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(behaviour).transpose()
    }

    async fn behaviour_by_seq(&self, seq: i64) -> Result<Option<BehaviourRecord>> {
        let row = sqlx::query("SELECT * FROM behaviour WHERE seq = $1")
            .bind(seq)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(behaviour).transpose()
    }

    async fn behaviours(&self, sha256: &str, page: Page) -> Result<Listing<BehaviourRecord>> {
        let rows = sqlx::query(
            "SELECT * FROM behaviour WHERE sha256 = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
        )
        .bind(sha256)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar("SELECT count(*) FROM behaviour WHERE sha256 = $1")
            .bind(sha256)
            .fetch_one(&self.readers)
            .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, behaviour(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn reported(&self, within: Range<i64>) -> Result<Vec<BehaviourRecord>> {
        sqlx::query(
            "SELECT * FROM behaviour WHERE imported >= $1 AND imported < $2 ORDER BY imported, seq",
        )
        .bind(within.start)
        .bind(within.end)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(behaviour)
        .collect()
    }

    async fn touched(&self, ran: Ran<'_>, name: &str, page: Page) -> Result<Listing<String>> {
        let (file, report) = match ran {
            Ran::File(sha256) => (sha256.to_owned(), None),
            Ran::Report(seq) => {
                let file = sqlx::query_scalar("SELECT sha256 FROM behaviour WHERE seq = $1")
                    .bind(seq)
                    .fetch_optional(&self.readers)
                    .await?;
                match file {
                    Some(file) => (file, Some(seq)),
                    None => return Ok(Listing::empty()),
                }
            }
        };
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT max(seq), target FROM behaviour_relation
             WHERE sha256 = $1 AND name = $2 AND behaviour = coalesce($3, behaviour)
             GROUP BY target HAVING max(seq) < $4 ORDER BY 1 DESC LIMIT $5",
        )
        .bind(&file)
        .bind(name)
        .bind(report)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar(
            "SELECT count(DISTINCT target) FROM behaviour_relation
             WHERE sha256 = $1 AND name = $2 AND behaviour = coalesce($3, behaviour)",
        )
        .bind(&file)
        .bind(name)
        .bind(report)
        .fetch_one(&self.readers)
        .await?;
        Ok(page.listing(rows, total))
    }

    async fn touching(
        &self,
        kind: Kind,
        target: &str,
        name: &str,
        page: Page,
    ) -> Result<Listing<String>> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT max(seq), sha256 FROM behaviour_relation
             WHERE kind = $1 AND target = $2 AND name = $3
             GROUP BY sha256 HAVING max(seq) < $4 ORDER BY 1 DESC LIMIT $5",
        )
        .bind(kind.as_str())
        .bind(target)
        .bind(name)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar(
            "SELECT count(DISTINCT sha256) FROM behaviour_relation
             WHERE kind = $1 AND target = $2 AND name = $3",
        )
        .bind(kind.as_str())
        .bind(target)
        .bind(name)
        .fetch_one(&self.readers)
        .await?;
        Ok(page.listing(rows, total))
    }
}
