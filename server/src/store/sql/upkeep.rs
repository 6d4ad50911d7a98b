//! What keeps a store well: the lock between blobs and rows, the questions of `check`, and the
//! letting go of what is old.

use async_trait::async_trait;
use quorum_core::indicator::Kind;

use super::{SqlStore, serialise};
use crate::store::{Census, Guard, Result, Upkeep};

/// What must not be in a store, each with the statement that counts it.
const CONTRADICTIONS: &[(&str, &str)] = &[
    (
        "analyses that are not complete and have no job",
        "SELECT count(*) FROM analysis WHERE status <> 'completed'
         AND NOT EXISTS (SELECT 1 FROM job WHERE job.analysis = analysis.id)",
    ),
    (
        "jobs of analyses that are complete",
        "SELECT count(*) FROM job JOIN analysis ON analysis.id = job.analysis
         WHERE status = 'completed'",
    ),
    (
        "items with more than one analysis that is not complete",
        "SELECT count(*) FROM (SELECT item FROM analysis WHERE status <> 'completed'
         GROUP BY kind, item HAVING count(*) > 1) AS doubled",
    ),
    (
        "files without an item",
        "SELECT count(*) FROM file WHERE NOT EXISTS
         (SELECT 1 FROM item WHERE kind = 'file' AND id = sha256)",
    ),
    (
        "URLs without an item",
        "SELECT count(*) FROM url WHERE NOT EXISTS
         (SELECT 1 FROM item WHERE item.kind = 'url' AND item.id = url.id)",
    ),
    (
        "submissions of nothing",
        "SELECT count(*) FROM submission WHERE NOT EXISTS
         (SELECT 1 FROM item WHERE item.kind = submission.kind AND id = item)",
    ),
    (
        "items whose last analysis is missing",
        "SELECT count(*) FROM item WHERE last_analysis IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM analysis WHERE analysis.id = last_analysis)",
    ),
    (
        "items that count other submissions than there are",
        "SELECT count(*) FROM item WHERE times_submitted <>
         (SELECT count(*) FROM submission
          WHERE submission.kind = item.kind AND submission.item = item.id)",
    ),
    (
        "items that count other votes than there are",
        "SELECT count(*) FROM item WHERE votes_harmless + votes_malicious <>
         (SELECT count(*) FROM vote WHERE vote.kind = item.kind AND vote.item = item.id)",
    ),
    (
        "items with another reputation than their votes give",
        "SELECT count(*) FROM item WHERE reputation <> (SELECT coalesce(
          sum(CASE verdict WHEN 'harmless' THEN weight ELSE -weight END), 0) FROM vote
          WHERE vote.kind = item.kind AND vote.item = item.id)",
    ),
    (
        "matches of rules in files that are not there",
        "SELECT count(*) FROM yara_match WHERE NOT EXISTS
         (SELECT 1 FROM file WHERE file.sha256 = yara_match.sha256)",
    ),
    (
        "relations of sandboxes' reports that are not there",
        "SELECT count(*) FROM behaviour_relation WHERE NOT EXISTS
         (SELECT 1 FROM behaviour WHERE behaviour.seq = behaviour_relation.behaviour
          AND behaviour.sha256 = behaviour_relation.sha256)",
    ),
    (
        "URLs in sandboxes' reports that are not there",
        "SELECT count(*) FROM behaviour_relation WHERE kind = 'url' AND NOT EXISTS
         (SELECT 1 FROM url WHERE url.id = target)",
    ),
    (
        "users in groups that are not there",
        "SELECT count(*) FROM account WHERE NOT EXISTS
         (SELECT 1 FROM user_group WHERE user_group.name = group_name)",
    ),
    (
        "URLs of hosts that are not there",
        "SELECT count(*) FROM relation WHERE name = 'urls' AND kind IN ('domain', 'ip_address')
         AND NOT EXISTS (SELECT 1 FROM url WHERE url.id = other)",
    ),
    (
        "members of collections or references that are not there",
        "SELECT count(*) FROM relation
         WHERE kind = 'collection' AND NOT EXISTS (SELECT 1 FROM collection WHERE id = item)
         OR kind = 'reference' AND NOT EXISTS (SELECT 1 FROM reference WHERE id = item)",
    ),
    (
        "analyses of private things that are not there",
        "SELECT count(*) FROM analysis WHERE kind IN ('private_file', 'private_url')
         AND NOT EXISTS (SELECT 1 FROM private_item AS own
                         WHERE own.kind = analysis.kind AND own.key = item)",
    ),
    (
        "relations of private things that are not there",
        "SELECT count(*) FROM relation WHERE kind IN ('private_file', 'private_url')
         AND NOT EXISTS (SELECT 1 FROM private_item AS own
                         WHERE own.kind = relation.kind AND own.key = item)",
    ),
    (
        "private things whose last analysis is missing",
        "SELECT count(*) FROM private_item WHERE last_analysis IS NOT NULL AND NOT EXISTS
         (SELECT 1 FROM analysis WHERE analysis.id = last_analysis)",
    ),
    (
        "keys of nobody",
        "SELECT count(*) FROM api_key WHERE NOT EXISTS
         (SELECT 1 FROM account WHERE name = api_key.account)",
    ),
];

/// What goes with an item whose time has come. What people said of it stays.
const FORGET: &[&str] = &[
    "DELETE FROM submission WHERE kind = $1 AND item = $2",
    "DELETE FROM analysis WHERE kind = $1 AND item = $2",
    "DELETE FROM relation WHERE kind = $1 AND item = $2",
    "DELETE FROM relation WHERE other_kind = $1 AND other = $2
     AND kind IN ('domain', 'ip_address')",
    "DELETE FROM file_name WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM behaviour_relation WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM behaviour WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM yara_match WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM free_read WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM file WHERE $1 = 'file' AND sha256 = $2",
    "DELETE FROM url WHERE $1 = 'url' AND id = $2 AND NOT EXISTS
     (SELECT 1 FROM behaviour_relation WHERE kind = 'url' AND target = $2)",
    "DELETE FROM item WHERE kind = $1 AND id = $2
     AND NOT EXISTS (SELECT 1 FROM comment WHERE comment.kind = $1 AND comment.item = $2)
     AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.kind = $1 AND vote.item = $2)
     AND NOT EXISTS (SELECT 1 FROM url WHERE $1 = 'url' AND url.id = $2)",
    "UPDATE item SET first_submission = NULL, last_submission = NULL, times_submitted = 0,
     unique_sources = 0, last_analysis = NULL WHERE kind = $1 AND id = $2",
];

#[async_trait]
impl Upkeep for SqlStore {
    async fn settle(&self) -> Result<Guard> {
        self.settling(false).await
    }

    async fn settle_alone(&self) -> Result<Guard> {
        self.settling(true).await
    }

    async fn files_after(&self, sha256: &str, limit: u32) -> Result<Vec<(String, u64)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT sha256, size FROM file WHERE sha256 > $1
             UNION SELECT sample, size FROM private_item WHERE sample > $1
             ORDER BY sha256 LIMIT $2",
        )
        .bind(sha256)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(name, size)| (name, size.unsigned_abs()))
            .collect())
    }

    async fn keeps(&self, sha256: &str) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM file WHERE sha256 = $1)
             OR EXISTS (SELECT 1 FROM private_item WHERE sample = $1)",
        )
        .bind(sha256)
        .fetch_one(&self.readers)
        .await?)
    }

    async fn census(&self) -> Result<Census> {
        let (jobs, files, bytes): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM job), count(*), CAST(coalesce(sum(size), 0) AS BIGINT)
             FROM file",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(Census {
            jobs: jobs.unsigned_abs(),
            files: files.unsigned_abs(),
            bytes: bytes.unsigned_abs(),
        })
    }

    async fn contradictions(&self) -> Result<Vec<(&'static str, u64)>> {
        // One snapshot: what is counted must not change between two counts.
        let mut tx = self.snapshot().await?;
        let mut found = Vec::new();
        for (what, count) in CONTRADICTIONS {
            let count: i64 = sqlx::query_scalar(*count).fetch_one(&mut *tx).await?;
            if count > 0 {
                found.push((*what, count.unsigned_abs()));
            }
        }
        Ok(found)
    }

    async fn expired(&self, kind: Kind, before: i64, limit: u32) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT id FROM item WHERE kind = $1 AND last_modification < $2
             AND (first_submission IS NOT NULL OR last_analysis IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM analysis WHERE analysis.kind = item.kind
                             AND analysis.item = item.id AND status <> 'completed')
             ORDER BY last_modification, id LIMIT $3",
        )
        .bind(kind.as_str())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?)
    }

    async fn forget(&self, kind: Kind, id: &str, before: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        serialise(&mut tx, kind.as_str(), id).await?;
        // Again, since somebody may have sent it in a moment ago.
        let still: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM item WHERE kind = $1 AND id = $2
             AND last_modification < $3)
             AND NOT EXISTS (SELECT 1 FROM analysis WHERE kind = $1 AND item = $2
             AND status <> 'completed')",
        )
        .bind(kind.as_str())
        .bind(id)
        .bind(before)
        .fetch_one(&mut *tx)
        .await?;
        if still {
            for statement in FORGET {
                sqlx::query(*statement)
                    .bind(kind.as_str())
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(still)
    }

    async fn forget_usage(&self, before_day: i64) -> Result<u64> {
        let mut tx = self.write().await?;
        let gone = sqlx::query("DELETE FROM usage WHERE day < $1")
            .bind(before_day)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM quota WHERE day < $1")
            .bind(before_day)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }

    async fn close(&self) {
        self.close_all().await;
    }
}
