//! The audit log. Both databases refuse to change or delete its rows, whoever asks.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::Row as _;

use super::{Connection, Row, SqlStore};
use crate::store::{Actor, Audit, AuditFilter, AuditRecord, Listing, Page, Result, read_json};

/// Entries of which all that is asked for is so. What is not asked for compares with itself; the
/// first condition is the one that an index is chosen by. There is none for actions: every upload
/// would pay for it.
macro_rules! entries {
    ($select:literal, $first:literal, $rest:literal) => {
        concat!(
            $select,
            " FROM audit WHERE ",
            $first,
            " AND actor = coalesce($1, actor) AND action = coalesce($2, action)
             AND subject = coalesce($3, subject) AND group_name = coalesce($4, group_name)",
            $rest
        )
    };
}

/// The page and the count with this first condition.
macro_rules! listing {
    ($first:literal) => {
        (
            entries!(
                "SELECT *",
                $first,
                " AND seq < $5 ORDER BY seq DESC LIMIT $6"
            ),
            entries!("SELECT count(*)", $first, ""),
        )
    };
}

/// Adds an entry, in the transaction of what it tells.
pub(super) async fn record(
    connection: &mut Connection,
    by: Actor<'_>,
    now: i64,
    action: &str,
    subject: &str,
    group: &str,
    detail: Value,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO audit (date, actor, interface, action, subject, group_name, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(now)
    .bind(by.account)
    .bind(by.interface)
    .bind(action)
    .bind(subject)
    .bind(group)
    .bind(detail.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

fn entry(row: &Row) -> Result<AuditRecord> {
    Ok(AuditRecord {
        seq: row.try_get("seq")?,
        date: row.try_get("date")?,
        actor: row.try_get("actor")?,
        interface: row.try_get("interface")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        group: row.try_get("group_name")?,
        detail: read_json("audit entry", row.try_get("detail")?)?,
    })
}

#[async_trait]
impl Audit for SqlStore {
    async fn note(
        &self,
        by: Actor<'_>,
        action: &str,
        subject: &str,
        detail: Value,
        now: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        record(&mut tx, by, now, action, subject, by.group, detail).await?;
        Ok(tx.commit().await?)
    }

    async fn audit(&self, filter: AuditFilter<'_>, page: Page) -> Result<Listing<AuditRecord>> {
        let AuditFilter {
            actor,
            action,
            subject,
            group,
        } = filter;
        let (list, count) = match filter {
            AuditFilter {
                subject: Some(_), ..
            } => listing!("subject = $3"),
            AuditFilter { actor: Some(_), .. } => listing!("actor = $1"),
            AuditFilter { group: Some(_), .. } => listing!("group_name = $4"),
            _ => listing!("TRUE"),
        };
        let rows = sqlx::query(list)
            .bind(actor)
            .bind(action)
            .bind(subject)
            .bind(group)
            .bind(page.end())
            .bind(page.probe())
            .fetch_all(&self.readers)
            .await?;
        let total = sqlx::query_scalar(count)
            .bind(actor)
            .bind(action)
            .bind(subject)
            .bind(group)
            .fetch_one(&self.readers)
            .await?;
        let entries = rows
            .iter()
            .map(|row| {
                let entry = entry(row)?;
                Ok((entry.seq, entry))
            })
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }
}
