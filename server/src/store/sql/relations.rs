//! What belongs to what.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::Row as _;

use super::{Connection, Row, SqlStore, serialise};
use crate::store::{
    Listing, NewRelation, Page, RelationFilter, RelationRecord, Relations, Result, read_json,
    storable,
};

/// Notes relations of one thing, or that they were seen again.
pub(super) async fn relate(
    connection: &mut Connection,
    kind: &str,
    id: &str,
    found: &[NewRelation],
    now: i64,
) -> Result<()> {
    for one in found {
        let context = Value::from(one.context.clone()).to_string();
        storable(&one.other)?;
        sqlx::query(
            "INSERT INTO relation
             (kind, item, name, other_kind, other, first_seen, last_seen, context)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
             ON CONFLICT (kind, item, name, other_kind, other)
             DO UPDATE SET last_seen = excluded.last_seen, context = excluded.context",
        )
        .bind(kind)
        .bind(id)
        .bind(one.name)
        .bind(one.other_kind)
        .bind(&one.other)
        .bind(now)
        .bind(context)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn relation(row: &Row) -> Result<(i64, RelationRecord)> {
    let record = RelationRecord {
        name: row.try_get("name")?,
        kind: row.try_get("other_kind")?,
        id: row.try_get("other")?,
        context: read_json("context", row.try_get("context")?)?,
        first_seen: row.try_get("first_seen")?,
        last_seen: row.try_get("last_seen")?,
    };
    Ok((row.try_get("seq")?, record))
}

#[async_trait]
impl Relations for SqlStore {
    async fn relate(&self, kind: &str, id: &str, found: &[NewRelation], now: i64) -> Result<()> {
        let mut tx = self.write().await?;
        serialise(&mut tx, kind, id).await?;
        relate(&mut tx, kind, id, found, now).await?;
        Ok(tx.commit().await?)
    }

    async fn relations(
        &self,
        filter: RelationFilter<'_>,
        page: Page,
    ) -> Result<Listing<RelationRecord>> {
        let (list, count, cells) = match filter {
            RelationFilter::Of { kind, id, name } => (
                "SELECT * FROM relation WHERE kind = $1 AND item = $2 AND name = $3 AND $4 = ''
                 AND seq < $5 ORDER BY seq DESC LIMIT $6",
                "SELECT count(*) FROM relation
                 WHERE kind = $1 AND item = $2 AND name = $3 AND $4 = ''",
                [kind, id, name, ""],
            ),
            RelationFilter::Beside { kind, id, name, of } => (
                "SELECT * FROM relation WHERE kind = $1 AND item = $4 AND name = $3
                 AND other_kind = $1 AND other <> $2 AND seq < $5 ORDER BY seq DESC LIMIT $6",
                "SELECT count(*) FROM relation WHERE kind = $1 AND item = $4 AND name = $3
                 AND other_kind = $1 AND other <> $2",
                [kind, id, name, of],
            ),
            RelationFilter::With {
                kind,
                name,
                other_kind,
                other,
            } => (
                "SELECT seq, name, kind AS other_kind, item AS other, first_seen, last_seen, context
                 FROM relation WHERE kind = $1 AND name = $2 AND other_kind = $3 AND other = $4
                 AND seq < $5 ORDER BY seq DESC LIMIT $6",
                "SELECT count(*) FROM relation
                 WHERE kind = $1 AND name = $2 AND other_kind = $3 AND other = $4",
                [kind, name, other_kind, other],
            ),
        };
        let mut listing = sqlx::query(list);
        let mut counting = sqlx::query_scalar(count);
        for cell in cells {
            listing = listing.bind(cell);
            counting = counting.bind(cell);
        }
        let rows = listing
            .bind(page.end())
            .bind(page.probe())
            .fetch_all(&self.readers)
            .await?;
        let total = counting.fetch_one(&self.readers).await?;
        let entries = rows.iter().map(relation).collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn all_relations(&self, kind: &str, id: &str, limit: u32) -> Result<Vec<RelationRecord>> {
        sqlx::query(
            "SELECT * FROM relation WHERE kind = $1 AND item = $2 ORDER BY name, seq LIMIT $3",
        )
        .bind(kind)
        .bind(id)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(|row| Ok(relation(row)?.1))
        .collect()
    }

    async fn urls_after(&self, id: &str, limit: u32) -> Result<Vec<(String, String)>> {
        Ok(
            sqlx::query_as("SELECT id, url FROM url WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await?,
        )
    }

    async fn noted(&self, name: &str) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar("SELECT value FROM setting WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.readers)
                .await?,
        )
    }

    async fn note_down(&self, name: &str, value: &str) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}
