//! The books of counted requests.

use async_trait::async_trait;
use sqlx::Row as _;

use super::{Connection, Row, SqlStore, serialise};
use crate::store::{Result, Spent, Usage, UsageRow};

/// The time that a tier's limit of requests a minute looks back on.
const MINUTE_MS: i64 = 60_000;

fn usage(row: &Row) -> Result<UsageRow> {
    Ok(UsageRow {
        account: row.try_get("account")?,
        group: row.try_get("group_name")?,
        day: row.try_get("day")?,
        endpoint: row.try_get("endpoint")?,
        used: row.try_get::<i64, _>("used")?.unsigned_abs(),
    })
}

#[async_trait]
impl Usage for SqlStore {
    async fn add_usage(&self, rows: &[UsageRow]) -> Result<()> {
        let (mut tx, books) = self.write_books().await?;
        let mut rows: Vec<_> = rows.iter().collect();
        // Everybody takes them in one order, so that no two writers wait for each other.
        rows.sort_by_key(|row| (&row.account, &row.group, row.day, &row.endpoint));
        for row in rows {
            sqlx::query(
                "INSERT INTO usage (account, group_name, day, endpoint, used)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, group_name, day, endpoint)
                 DO UPDATE SET used = usage.used + excluded.used",
            )
            .bind(&row.account)
            .bind(&row.group)
            .bind(row.day)
            .bind(&row.endpoint)
            .bind(row.used as i64)
            .execute(&mut *tx)
            .await?;
        }
        self.commit_books(tx, books).await
    }

    async fn usage_since(&self, day: i64) -> Result<Vec<UsageRow>> {
        sqlx::query("SELECT * FROM usage WHERE day >= $1")
            .bind(day)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(usage)
            .collect()
    }

    async fn usage_of(&self, account: &str, first: i64, last: i64) -> Result<Vec<UsageRow>> {
        sqlx::query("SELECT * FROM usage WHERE account = $1 AND day BETWEEN $2 AND $3")
            .bind(account)
            .bind(first)
            .bind(last)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(usage)
            .collect()
    }

    async fn last_day_of(&self, account: &str) -> Result<Option<i64>> {
        Ok(
            sqlx::query_scalar("SELECT max(day) FROM usage WHERE account = $1")
                .bind(account)
                .fetch_one(&self.readers)
                .await?,
        )
    }

    async fn usage_of_group(&self, group: &str, first: i64, last: i64) -> Result<Vec<UsageRow>> {
        sqlx::query("SELECT * FROM usage WHERE group_name = $1 AND day BETWEEN $2 AND $3")
            .bind(group)
            .bind(first)
            .bind(last)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(usage)
            .collect()
    }

    async fn reserve(&self, group: &str, day: i64, want: u64, limit: u64) -> Result<(u64, u64)> {
        let (mut tx, books) = self.write_books().await?;
        let used = quota_used(&mut tx, group, day).await?;
        let left = limit.saturating_sub(used);
        let granted = want.min(left);
        if granted > 0 {
            set_quota(&mut tx, group, day, used + granted).await?;
        }
        self.commit_books(tx, books).await?;
        Ok((granted, left - granted))
    }

    async fn release(&self, group: &str, day: i64, unused: u64) -> Result<()> {
        let (mut tx, books) = self.write_books().await?;
        let used = quota_used(&mut tx, group, day).await?;
        set_quota(&mut tx, group, day, used.saturating_sub(unused)).await?;
        self.commit_books(tx, books).await
    }

    async fn admit_burst(&self, group: &str, now_ms: i64, limit: u32) -> Result<Option<i64>> {
        let (mut tx, books) = self.write_books().await?;
        serialise(&mut tx, "burst", group).await?;
        let since = now_ms - MINUTE_MS;
        sqlx::query("DELETE FROM burst WHERE group_name = $1 AND at <= $2")
            .bind(group)
            .bind(since)
            .execute(&mut *tx)
            .await?;
        let (recent, oldest): (i64, Option<i64>) =
            sqlx::query_as("SELECT count(*), min(at) FROM burst WHERE group_name = $1")
                .bind(group)
                .fetch_one(&mut *tx)
                .await?;
        if recent >= i64::from(limit) {
            return Ok(Some(oldest.unwrap_or(now_ms) + MINUTE_MS - now_ms));
        }
        sqlx::query("INSERT INTO burst (group_name, at) VALUES ($1, $2)")
            .bind(group)
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        self.commit_books(tx, books).await?;
        Ok(None)
    }

    async fn recent(&self, group: &str, now_ms: i64) -> Result<u64> {
        let recent: i64 =
            sqlx::query_scalar("SELECT count(*) FROM burst WHERE group_name = $1 AND at > $2")
                .bind(group)
                .bind(now_ms - MINUTE_MS)
                .fetch_one(&self.readers)
                .await?;
        Ok(recent.unsigned_abs())
    }

    async fn spend(
        &self,
        (account, group): (&str, &str),
        quota: &str,
        month: i64,
        number: u64,
        limit: u64,
    ) -> Result<bool> {
        let (mut tx, books) = self.write_books().await?;
        serialise(&mut tx, "spend", group).await?;
        let used: i64 = sqlx::query_scalar(
            "SELECT CAST(coalesce(sum(used), 0) AS BIGINT) FROM spent
             WHERE group_name = $1 AND quota = $2 AND month = $3",
        )
        .bind(group)
        .bind(quota)
        .bind(month)
        .fetch_one(&mut *tx)
        .await?;
        if used.unsigned_abs().saturating_add(number) > limit {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO spent (group_name, quota, month, account, used)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (group_name, quota, month, account)
             DO UPDATE SET used = spent.used + excluded.used",
        )
        .bind(group)
        .bind(quota)
        .bind(month)
        .bind(account)
        .bind(number as i64)
        .execute(&mut *tx)
        .await?;
        self.commit_books(tx, books).await?;
        Ok(true)
    }

    async fn spent(&self, group: &str, month: i64) -> Result<Vec<Spent>> {
        let rows = sqlx::query(
            "SELECT account, quota, used FROM spent WHERE group_name = $1 AND month = $2
             ORDER BY quota, account",
        )
        .bind(group)
        .bind(month)
        .fetch_all(&self.readers)
        .await?;
        let spent = rows.iter().map(|row| {
            Ok(Spent {
                account: row.try_get("account")?,
                quota: row.try_get("quota")?,
                used: row.try_get::<i64, _>("used")?.unsigned_abs(),
            })
        });
        spent.collect()
    }
}

/// What is spoken for of a group's day, by all processes. Nobody else changes it before this
/// transaction ends.
async fn quota_used(connection: &mut Connection, group: &str, day: i64) -> Result<u64> {
    serialise(connection, "quota", group).await?;
    // The first of the day begins with what the books say, for a store that was moved today.
    sqlx::query(
        "INSERT INTO quota (group_name, day, used)
         SELECT $1, $2, CAST(coalesce(sum(used), 0) AS BIGINT) FROM usage
         WHERE group_name = $1 AND day = $2
         ON CONFLICT (group_name, day) DO NOTHING",
    )
    .bind(group)
    .bind(day)
    .execute(&mut *connection)
    .await?;
    let used: i64 = sqlx::query_scalar("SELECT used FROM quota WHERE group_name = $1 AND day = $2")
        .bind(group)
        .bind(day)
        .fetch_one(connection)
        .await?;
    Ok(used.unsigned_abs())
}

async fn set_quota(connection: &mut Connection, group: &str, day: i64, used: u64) -> Result<()> {
    sqlx::query("UPDATE quota SET used = $3 WHERE group_name = $1 AND day = $2")
        .bind(group)
        .bind(day)
        .bind(used as i64)
        .execute(connection)
        .await?;
    Ok(())
}
