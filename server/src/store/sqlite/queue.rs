//! The durable queue in SQLite.

use async_trait::async_trait;
use quorum_core::report::EngineResult;
use serde_json::{Map, Value};
use sqlx::Row as _;

use super::super::{Job, Queue, Result};
use super::items::analysis;
use super::{SqliteStore, read_json};
use crate::failpoint;

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::json!(value).to_string()
}

#[async_trait]
impl Queue for SqliteStore {
    async fn claim(&self, now: i64, lease: i64) -> Result<Option<Job>> {
        let mut tx = self.write().await?;
        let claimed: Option<(i64, i64, String)> = sqlx::query_as(
            "UPDATE job SET not_before = ? WHERE id = (
                 SELECT id FROM job WHERE not_before <= ? ORDER BY id LIMIT 1
             ) RETURNING id, attempts, analysis",
        )
        .bind(now + lease)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((id, attempts, analysis_id)) = claimed else {
            return Ok(None);
        };
        let row = sqlx::query(
            "SELECT analysis.*, sha1, md5, size, url FROM analysis
             LEFT JOIN file ON kind = 'file' AND sha256 = item
             LEFT JOIN url ON kind = 'url' AND url.id = item WHERE analysis.id = ?",
        )
        .bind(&analysis_id)
        .fetch_one(&mut *tx)
        .await?;
        let job = Job {
            id,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            findings: read_json("analysis", row.try_get("findings")?)?,
            analysis: analysis(&row)?,
        };
        tx.commit().await?;
        failpoint::reach("job.claimed");
        Ok(Some(job))
    }

    async fn begin(&self, job: &Job) -> Result<u32> {
        let mut tx = self.write().await?;
        let attempts: i64 = sqlx::query_scalar(
            "UPDATE job SET attempts = attempts + 1 WHERE id = ? RETURNING attempts",
        )
        .bind(job.id)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("UPDATE analysis SET status = 'in-progress', attempts = ? WHERE id = ?")
            .bind(attempts)
            .bind(&job.analysis.id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        failpoint::reach("job.begun");
        Ok(u32::try_from(attempts).unwrap_or(u32::MAX))
    }

    async fn next_due(&self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar("SELECT min(not_before) FROM job")
            .fetch_one(&self.readers)
            .await?)
    }

    async fn keep(
        &self,
        job: &Job,
        results: &[EngineResult],
        findings: &Map<String, Value>,
    ) -> Result<()> {
        sqlx::query("UPDATE analysis SET results = ?, findings = ? WHERE id = ?")
            .bind(json(results))
            .bind(json(findings))
            .bind(&job.analysis.id)
            .execute(&self.writer)
            .await?;
        failpoint::reach("job.kept");
        Ok(())
    }

    async fn complete(
        &self,
        job: &Job,
        results: &[EngineResult],
        findings: &Map<String, Value>,
        now: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE analysis SET status = 'completed', results = ?, findings = ?, completed = ?
             WHERE id = ?",
        )
        .bind(json(results))
        .bind(json(findings))
        .bind(now)
        .bind(&job.analysis.id)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE item SET last_analysis = ?, last_modification = ? WHERE kind = ? AND id = ?",
        )
        .bind(&job.analysis.id)
        .bind(now)
        .bind(job.analysis.kind.as_str())
        .bind(&job.analysis.item)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM job WHERE id = ?")
            .bind(job.id)
            .execute(&mut *tx)
            .await?;
        failpoint::reach("job.completing");
        tx.commit().await?;
        failpoint::reach("job.completed");
        Ok(())
    }

    async fn give_back(&self, job: &Job, not_before: i64, error: &str) -> Result<()> {
        sqlx::query("UPDATE job SET not_before = ?, error = ? WHERE id = ?")
            .bind(not_before)
            .bind(error)
            .bind(job.id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn end_leases(&self, now: i64) -> Result<u64> {
        let ended = sqlx::query("UPDATE job SET not_before = min(not_before, ?)")
            .bind(now)
            .execute(&self.writer)
            .await?;
        Ok(ended.rows_affected())
    }
}
