//! The books of counted requests in SQLite.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::super::{Result, Usage, UsageRow};
use super::SqliteStore;

fn usage(row: &SqliteRow) -> Result<UsageRow> {
    Ok(UsageRow {
        account: row.try_get("account")?,
        group: row.try_get("group_name")?,
        day: row.try_get("day")?,
        endpoint: row.try_get("endpoint")?,
        used: row.try_get::<i64, _>("used")?.unsigned_abs(),
    })
}

#[async_trait]
impl Usage for SqliteStore {
    async fn add_usage(&self, rows: &[UsageRow]) -> Result<()> {
        let mut tx = self.write().await?;
        for row in rows {
            sqlx::query(
                "INSERT INTO usage (account, group_name, day, endpoint, used)
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET used = used + excluded.used",
            )
            .bind(&row.account)
            .bind(&row.group)
            .bind(row.day)
            .bind(&row.endpoint)
            .bind(row.used as i64)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn usage_since(&self, day: i64) -> Result<Vec<UsageRow>> {
        sqlx::query("SELECT * FROM usage WHERE day >= ?")
            .bind(day)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(usage)
            .collect()
    }

    async fn usage_of(&self, account: &str, first: i64, last: i64) -> Result<Vec<UsageRow>> {
        sqlx::query("SELECT * FROM usage WHERE account = ? AND day BETWEEN ? AND ?")
            .bind(account)
            .bind(first)
            .bind(last)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(usage)
            .collect()
    }
}
