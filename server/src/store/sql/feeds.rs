//! What came in within a time.

use std::ops::Range;

use async_trait::async_trait;
use quorum_core::indicator::Kind;

use super::SqlStore;
use super::items::submission;
use crate::store::{Feeds, Result, Submission};

#[async_trait]
impl Feeds for SqlStore {
    async fn sent_in(&self, kind: Kind, within: Range<i64>) -> Result<Vec<Submission>> {
        sqlx::query(
            "SELECT * FROM submission WHERE kind = $1 AND date >= $2 AND date < $3 ORDER BY seq",
        )
        .bind(kind.as_str())
        .bind(within.start)
        .bind(within.end)
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(submission)
        .collect()
    }

    async fn analysed(&self, kind: Kind, within: Range<i64>) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT item FROM analysis WHERE kind = $1 AND date >= $2 AND date < $3
             GROUP BY item ORDER BY min(seq)",
        )
        .bind(kind.as_str())
        .bind(within.start)
        .bind(within.end)
        .fetch_all(&self.readers)
        .await?)
    }
}
