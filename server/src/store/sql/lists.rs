//! Versions of the lists that are handed to clients.

use async_trait::async_trait;
use sqlx::Row as _;

use super::{Row, SqlStore};
use crate::store::{ListVersion, Lists, Result};

fn version(row: &Row) -> Result<ListVersion> {
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(ListVersion {
        list: row.try_get("list")?,
        sequence: count("sequence")?,
        date: row.try_get("date")?,
        entries: count("entries")?,
        checksum: row.try_get("checksum")?,
        content: row.try_get("content")?,
    })
}

#[async_trait]
impl Lists for SqlStore {
    async fn list_versions(&self) -> Result<Vec<ListVersion>> {
        sqlx::query(
            "SELECT list, sequence, date, entries, checksum, content FROM list_version
             ORDER BY list, sequence DESC",
        )
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(version)
        .collect()
    }

    async fn list_file(&self, list: &str, sequence: u64) -> Result<Option<Vec<u8>>> {
        let Ok(sequence) = i64::try_from(sequence) else {
            return Ok(None);
        };
        Ok(
            sqlx::query_scalar("SELECT file FROM list_version WHERE list = $1 AND sequence = $2")
                .bind(list)
                .bind(sequence)
                .fetch_optional(&self.readers)
                .await?,
        )
    }

    async fn add_list_version(&self, new: &ListVersion, file: &[u8], keep: u32) -> Result<bool> {
        let sequence = new.sequence as i64;
        let mut tx = self.write().await?;
        let added = sqlx::query(
            "INSERT INTO list_version (list, sequence, date, entries, checksum, content, file)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE NOT EXISTS (SELECT 1 FROM list_version WHERE list = $1 AND sequence >= $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(&new.list)
        .bind(sequence)
        .bind(new.date)
        .bind(new.entries as i64)
        .bind(&new.checksum)
        .bind(&new.content)
        .bind(file)
        .execute(&mut *tx)
        .await?
        .rows_affected()
            == 1;
        if added {
            sqlx::query("DELETE FROM list_version WHERE list = $1 AND sequence <= $2")
                .bind(&new.list)
                .bind(sequence - i64::from(keep))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(added)
    }
}
