//! The cache of what the upstream said, and until when it is left alone.

use async_trait::async_trait;
use quorum_core::indicator::Kind;
use sqlx::Row as _;

use super::SqlStore;
use crate::store::{Result, UpstreamAnswer, Upstreams, read_json};

#[async_trait]
impl Upstreams for SqlStore {
    async fn upstream_answer(&self, kind: Kind, id: &str) -> Result<Option<UpstreamAnswer>> {
        let row =
            sqlx::query("SELECT fetched, body FROM upstream_answer WHERE kind = $1 AND id = $2")
                .bind(kind.as_str())
                .bind(id)
                .fetch_optional(&self.readers)
                .await?;
        row.map(|row| {
            let body: Option<String> = row.try_get("body")?;
            let body = body.map(|text| read_json("answer of the upstream", &text));
            Ok(UpstreamAnswer {
                fetched: row.try_get("fetched")?,
                body: body.transpose()?,
            })
        })
        .transpose()
    }

    async fn keep_upstream(
        &self,
        kind: Kind,
        id: &str,
        answer: &UpstreamAnswer,
        forget_before: i64,
    ) -> Result<()> {
        // PostgreSQL's texts hold no U+0000; in JSON it is written out.
        let body = answer
            .body
            .as_ref()
            .map(|body| serde_json::json!(body).to_string());
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM upstream_answer WHERE fetched < $1")
            .bind(forget_before)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO upstream_answer (kind, id, fetched, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, id) DO UPDATE SET fetched = excluded.fetched, body = excluded.body",
        )
        .bind(kind.as_str())
        .bind(id)
        .bind(answer.fetched)
        .bind(body)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn upstream_pause(&self) -> Result<i64> {
        let until = sqlx::query_scalar("SELECT until FROM upstream_pause")
            .fetch_optional(&self.readers)
            .await?;
        Ok(until.unwrap_or(0))
    }

    async fn pause_upstream(&self, until: i64) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO upstream_pause (one, until) VALUES (1, $1)
             ON CONFLICT (one) DO UPDATE SET until = CASE
             WHEN upstream_pause.until > excluded.until THEN upstream_pause.until
             ELSE excluded.until END",
        )
        .bind(until)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}
