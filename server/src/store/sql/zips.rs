//! ZIPs of samples that were asked for.

use async_trait::async_trait;
use sqlx::Row as _;

use super::SqlStore;
use crate::store::{Result, ZipRecord, Zips, read_json, storable};

#[async_trait]
impl Zips for SqlStore {
    async fn add_zip(&self, zip: &ZipRecord, forget_before: i64) -> Result<i64> {
        storable(&zip.password)?;
        let samples = serde_json::json!(zip.samples).to_string();
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM zip_file WHERE created < $1")
            .bind(forget_before)
            .execute(&mut *tx)
            .await?;
        let seq = sqlx::query_scalar(
            "INSERT INTO zip_file (account, created, password, samples, missing, group_name)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq",
        )
        .bind(&zip.account)
        .bind(zip.created)
        .bind(&zip.password)
        .bind(samples)
        .bind(zip.missing as i64)
        .bind(&zip.group)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(seq)
    }

    async fn zip(&self, seq: i64) -> Result<Option<ZipRecord>> {
        let row = sqlx::query("SELECT * FROM zip_file WHERE seq = $1")
            .bind(seq)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| {
            Ok(ZipRecord {
                account: row.try_get("account")?,
                created: row.try_get("created")?,
                password: row.try_get("password")?,
                samples: read_json("list of samples", row.try_get("samples")?)?,
                missing: row.try_get::<i64, _>("missing")?.unsigned_abs(),
                group: row.try_get("group_name")?,
            })
        })
        .transpose()
    }
}
