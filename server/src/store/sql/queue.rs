//! The durable queue.
//!
//! Fairness is start-time fair queueing over groups (Goyal, Vin and Cheng, 1996) with jobs of one
//! size: a job's rank is one more than that of its group's last job, but never less than that of
//! the job whose turn it is. The lowest rank is served first, so groups take turns, and a group
//! that comes late neither waits behind another's thousand jobs nor makes up for turns that it did
//! not want. Which of a group's jobs has the group's turn is decided in the same way among its
//! members: the job whose turn it is lends its rank to the one whose member's turn it is.
//!
//! A lease is fenced: every claim of a job has a number, and a worker whose number is not the last
//! one changes nothing any more.

use async_trait::async_trait;
use quorum_core::indicator::Kind;
use quorum_core::report::EngineResult;
use serde_json::{Map, Value};
use sqlx::Row as _;

use super::items::{analysis, find_analysis};
use super::rules::note_matches;
use super::{Connection, SqlStore, serialise};
use crate::failpoint;
use crate::store::{Actor, Job, Queue, Result, StoreError, read_json};

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::json!(value).to_string()
}

/// Queues an analysis.
pub(super) async fn add(
    connection: &mut Connection,
    analysis: &str,
    by: Actor<'_>,
    now: i64,
) -> Result<()> {
    serialise(connection, "queue", by.group).await?;
    let (rank_now, last_rank): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT coalesce(
             (SELECT rank FROM job WHERE not_before <= $1 ORDER BY rank, id LIMIT 1),
             (SELECT max(rank) FROM job)),
         (SELECT max(rank) FROM job WHERE group_name = $2)",
    )
    .bind(now)
    .bind(by.group)
    .fetch_one(&mut *connection)
    .await?;
    let (turn_now, last_turn): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT coalesce(
             (SELECT turn FROM job WHERE group_name = $2 AND not_before <= $1
              ORDER BY turn, id LIMIT 1),
             (SELECT max(turn) FROM job WHERE group_name = $2)),
         (SELECT max(turn) FROM job WHERE group_name = $2 AND account = $3)",
    )
    .bind(now)
    .bind(by.group)
    .bind(by.account)
    .fetch_one(&mut *connection)
    .await?;
    let next =
        |now: Option<i64>, last: Option<i64>| now.unwrap_or(0).max(last.map_or(0, |n| n + 1));
    sqlx::query(
        "INSERT INTO job (analysis, group_name, not_before, rank, account, turn)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(analysis)
    .bind(by.group)
    .bind(now)
    .bind(next(rank_now, last_rank))
    .bind(by.account)
    .bind(next(turn_now, last_turn))
    .execute(connection)
    .await?;
    Ok(())
}

/// The job to be done now: the group's whose turn it is, and in it the member's.
async fn choose(connection: &mut Connection, now: i64) -> Result<Option<i64>> {
    let first: Option<(i64, String, i64)> = sqlx::query_as(concat!(
        "SELECT id, group_name, rank FROM job WHERE not_before <= $1 ORDER BY rank, id LIMIT 1",
        take_unlocked!()
    ))
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((first, group, rank)) = first else {
        return Ok(None);
    };
    let of_member: Option<(i64, i64)> = sqlx::query_as(concat!(
        "SELECT id, rank FROM job WHERE group_name = $1 AND not_before <= $2
         ORDER BY turn, id LIMIT 1",
        take_unlocked!()
    ))
    .bind(&group)
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((chosen, later)) = of_member.filter(|(id, _)| *id != first) else {
        return Ok(Some(first));
    };
    for (id, rank) in [(first, later), (chosen, rank)] {
        sqlx::query("UPDATE job SET rank = $1 WHERE id = $2")
            .bind(rank)
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Some(chosen))
}

/// Makes sure that the job is still this worker's, to the end of the transaction, and leases it
/// on until `until` where that is later.
async fn hold(connection: &mut Connection, job: &Job, until: i64) -> Result<()> {
    let held = sqlx::query(
        "UPDATE job SET not_before = CASE WHEN not_before < $3 THEN $3 ELSE not_before END
         WHERE id = $1 AND claim = $2",
    )
    .bind(job.id)
    .bind(job.claim)
    .bind(until)
    .execute(connection)
    .await?;
    match held.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::LeaseLost),
    }
}

#[async_trait]
impl Queue for SqlStore {
    async fn claim(&self, now: i64, lease: i64) -> Result<Option<Job>> {
        let mut tx = self.write().await?;
        let Some(chosen) = choose(&mut tx, now).await? else {
            return Ok(None);
        };
        let claimed: Option<(i64, i64, i64, String, Option<String>)> = sqlx::query_as(
            "UPDATE job SET not_before = $1, claim = claim + 1 WHERE id = $2
             RETURNING id, claim, attempts, analysis, password",
        )
        .bind(now + lease)
        .bind(chosen)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((id, claim, attempts, analysis_id, password)) = claimed else {
            return Ok(None);
        };
        let row = find_analysis(&mut tx, &analysis_id)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?;
        let job = Job {
            id,
            claim,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            findings: read_json("analysis", row.try_get("findings")?)?,
            analysis: analysis(&row)?,
            password,
        };
        tx.commit().await?;
        failpoint::reach("job.claimed");
        Ok(Some(job))
    }

    async fn begin(&self, job: &Job, deadline: i64) -> Result<u32> {
        let mut tx = self.write().await?;
        let attempts: i64 = sqlx::query_scalar(
            "UPDATE job SET attempts = attempts + 1, deadline = $3
             WHERE id = $1 AND claim = $2 RETURNING attempts",
        )
        .bind(job.id)
        .bind(job.claim)
        .bind(deadline)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(StoreError::LeaseLost)?;
        sqlx::query("UPDATE analysis SET status = 'in-progress', attempts = $1 WHERE id = $2")
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

    async fn hold(&self, job: &Job, until: i64) -> Result<()> {
        let mut tx = self.write().await?;
        hold(&mut tx, job, until).await?;
        Ok(tx.commit().await?)
    }

    async fn keep(
        &self,
        job: &Job,
        results: &[EngineResult],
        findings: &Map<String, Value>,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        hold(&mut tx, job, 0).await?;
        sqlx::query("UPDATE analysis SET results = $1, findings = $2 WHERE id = $3")
            .bind(json(results))
            .bind(json(findings))
            .bind(&job.analysis.id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
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
        // In the order in which a submission takes its locks: the item, then the job.
        let (kind, item) = job.analysis.place();
        serialise(&mut tx, kind, &item).await?;
        let removed = sqlx::query("DELETE FROM job WHERE id = $1 AND claim = $2")
            .bind(job.id)
            .bind(job.claim)
            .execute(&mut *tx)
            .await?;
        if removed.rows_affected() != 1 {
            return Err(StoreError::LeaseLost);
        }
        sqlx::query(
            "UPDATE analysis SET status = 'completed', results = $1, findings = $2,
             completed = $3 WHERE id = $4",
        )
        .bind(json(results))
        .bind(json(findings))
        .bind(now)
        .bind(&job.analysis.id)
        .execute(&mut *tx)
        .await?;
        // What is private is no match of a rule's that others see.
        let private = job.analysis.group.is_some();
        let last = match private {
            true => "UPDATE private_item SET last_analysis = $1 WHERE kind = $2 AND key = $3",
            false => {
                "UPDATE item SET last_analysis = $1, last_modification = $4
                 WHERE kind = $2 AND id = $3"
            }
        };
        let last = sqlx::query(last)
            .bind(&job.analysis.id)
            .bind(kind)
            .bind(&item);
        let last = if private { last } else { last.bind(now) };
        last.execute(&mut *tx).await?;
        if job.analysis.kind == Kind::File && !private {
            note_matches(&mut tx, &job.analysis.item, findings, now).await?;
        }
        failpoint::reach("job.completing");
        tx.commit().await?;
        failpoint::reach("job.completed");
        Ok(())
    }

    async fn give_back(&self, job: &Job, not_before: i64, error: &str) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE job SET not_before = $1, error = $2, deadline = NULL
             WHERE id = $3 AND claim = $4",
        )
        .bind(not_before)
        // What a system reports may hold anything.
        .bind(error.replace('\0', ""))
        .bind(job.id)
        .bind(job.claim)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn end_leases(&self, now: i64) -> Result<u64> {
        let mut tx = self.write().await?;
        let ended = sqlx::query(
            "UPDATE job SET claim = claim + 1,
             not_before = CASE WHEN not_before > $1 THEN $1 ELSE not_before END",
        )
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(ended.rows_affected())
    }
}
