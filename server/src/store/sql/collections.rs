//! Collections and references.

use async_trait::async_trait;
use serde_json::json;
use sqlx::Row as _;

use super::audit::record;
use super::relations::relate;
use super::{Connection, Row, SqlStore, serialise};
use crate::store::{
    Actor, CollectionChange, CollectionFilter, CollectionOrder, CollectionRecord, Collections,
    Edit, Listing, MOST_MEMBERS, NewRelation, Page, ReferenceChange, ReferenceFilter,
    ReferenceRecord, Result, storable,
};

/// How much of a kind is in a collection.
macro_rules! members {
    ($name:literal) => {
        concat!(
            "(SELECT count(*) FROM relation WHERE relation.kind = 'collection'
              AND item = collection.id AND relation.name = '",
            $name,
            "') AS in_",
            $name
        )
    };
}

/// Collections with the numbers of what is in them.
macro_rules! collections {
    ($($rest:expr),+) => {
        concat!(
            "SELECT collection.*, ",
            members!("files"), ", ", members!("urls"), ", ", members!("domains"), ", ",
            members!("ip_addresses"), ", ", members!("references"),
            " FROM collection ", $($rest),+
        )
    };
}

/// Those that a filter means. What it does not say is ''.
macro_rules! meant {
    () => {
        "WHERE (private = 0 OR account = $1) AND ($2 = '' OR account = $2)
         AND ($3 = '' OR lower(collection.name) LIKE $3 ESCAPE '!')
         AND ($4 = '' OR id IN (SELECT item FROM relation WHERE relation.kind = 'collection'
                                AND other_kind = $4 AND other = $5))"
    };
}

/// A page of them in an order.
macro_rules! ordered {
    ($order:literal) => {
        collections!(meant!(), " ORDER BY ", $order, " LIMIT $6 OFFSET $7")
    };
}

/// References that a filter means: what they are, and how many.
macro_rules! references {
    ($rest:literal) => {
        (
            concat!(
                "SELECT * FROM reference ",
                $rest,
                " AND seq < $4 ORDER BY seq DESC LIMIT $5"
            ),
            concat!("SELECT count(*) FROM reference ", $rest),
        )
    };
}

fn collection(row: &Row) -> Result<CollectionRecord> {
    let mut counts = Vec::new();
    for (name, column) in [
        ("files", "in_files"),
        ("urls", "in_urls"),
        ("domains", "in_domains"),
        ("ip_addresses", "in_ip_addresses"),
        ("references", "in_references"),
    ] {
        counts.push((name, row.try_get::<i64, _>(column)?.unsigned_abs()));
    }
    Ok(CollectionRecord {
        id: row.try_get("id")?,
        owner: row.try_get("account")?,
        private: row.try_get::<i64, _>("private")? == 1,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        created: row.try_get("created")?,
        modified: row.try_get("modified")?,
        counts,
    })
}

fn reference(row: &Row) -> Result<ReferenceRecord> {
    Ok(ReferenceRecord {
        id: row.try_get("id")?,
        owner: row.try_get("account")?,
        url: row.try_get("url")?,
        title: row.try_get("title")?,
        author: row.try_get("author")?,
        published: row.try_get("published")?,
        added: row.try_get("added")?,
        modified: row.try_get("modified")?,
    })
}

/// Adds what is to be in something, and answers whether it all fits.
async fn fill(
    connection: &mut Connection,
    kind: &str,
    id: &str,
    members: &[NewRelation],
    now: i64,
) -> Result<bool> {
    relate(connection, kind, id, members, now).await?;
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM relation WHERE kind = $1 AND item = $2")
            .bind(kind)
            .bind(id)
            .fetch_one(connection)
            .await?;
    Ok(there <= i64::from(MOST_MEMBERS))
}

#[async_trait]
impl Collections for SqlStore {
    async fn add_collection(
        &self,
        new: &CollectionRecord,
        members: &[NewRelation],
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit> {
        storable(&new.name)?;
        storable(&new.description)?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO collection (id, account, private, name, description, created, modified)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(&new.id)
        .bind(&new.owner)
        .bind(i64::from(new.private))
        .bind(&new.name)
        .bind(&new.description)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if !fill(&mut tx, "collection", &new.id, members, now).await? {
            return Ok(Edit::Full);
        }
        let detail = json!({"private": new.private});
        let (action, group) = ("collection.created", by.group);
        record(&mut tx, by, now, action, &new.id, group, detail).await?;
        tx.commit().await?;
        Ok(Edit::Done)
    }

    async fn collection(&self, id: &str) -> Result<Option<CollectionRecord>> {
        sqlx::query(collections!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(collection)
            .transpose()
    }

    async fn collections(
        &self,
        filter: CollectionFilter<'_>,
        order: (CollectionOrder, bool),
        page: Page,
    ) -> Result<Listing<CollectionRecord>> {
        let list = match order {
            (CollectionOrder::Created, true) => ordered!("collection.seq"),
            (CollectionOrder::Created, false) => ordered!("collection.seq DESC"),
            (CollectionOrder::Modified, true) => ordered!("modified, collection.seq"),
            (CollectionOrder::Modified, false) => ordered!("modified DESC, collection.seq DESC"),
            (CollectionOrder::Name, true) => ordered!("collection.name, collection.seq"),
            (CollectionOrder::Name, false) => ordered!("collection.name DESC, collection.seq DESC"),
        };
        let mut name = String::new();
        if !filter.name.is_empty() {
            name.push('%');
            for c in filter.name.chars() {
                if matches!(c, '%' | '_' | '!') {
                    name.push('!');
                }
                name.push(c.to_ascii_lowercase());
            }
            name.push('%');
        }
        let (kind, id) = filter.holding.unwrap_or_default();
        let skipped = page.before.unwrap_or(0);
        let rows = sqlx::query(list)
            .bind(filter.viewer)
            .bind(filter.owner)
            .bind(&name)
            .bind(kind)
            .bind(id)
            .bind(page.probe())
            .bind(skipped)
            .fetch_all(&self.readers)
            .await?;
        let total = sqlx::query_scalar(concat!("SELECT count(*) FROM collection ", meant!()))
            .bind(filter.viewer)
            .bind(filter.owner)
            .bind(&name)
            .bind(kind)
            .bind(id)
            .fetch_one(&self.readers)
            .await?;
        let numbered = rows.iter().zip(skipped + 1..);
        let entries = numbered
            .map(|(row, number)| Ok((number, collection(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn change_collection(
        &self,
        id: &str,
        change: &CollectionChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit> {
        for text in [&change.name, &change.description] {
            storable(text.as_deref().unwrap_or_default())?;
        }
        let mut tx = self.write().await?;
        serialise(&mut tx, "collection", id).await?;
        if change.private == Some(true) {
            let commented: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM comment WHERE kind = 'collection' AND item = $1)",
            )
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
            if commented {
                return Ok(Edit::HasComments);
            }
        }
        let changed = sqlx::query(
            "UPDATE collection SET private = coalesce($1, private), name = coalesce($2, name),
             description = coalesce($3, description), modified = $4 WHERE id = $5",
        )
        .bind(change.private.map(i64::from))
        .bind(change.name.as_deref())
        .bind(change.description.as_deref())
        .bind(now)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(Edit::Missing);
        }
        for one in &change.remove {
            sqlx::query(
                "DELETE FROM relation WHERE kind = 'collection' AND item = $1 AND name = $2
                 AND other_kind = $3 AND other = $4",
            )
            .bind(id)
            .bind(one.name)
            .bind(one.other_kind)
            .bind(&one.other)
            .execute(&mut *tx)
            .await?;
        }
        if !fill(&mut tx, "collection", id, &change.add, now).await? {
            return Ok(Edit::Full);
        }
        let detail = json!({"added": change.add.len(), "removed": change.remove.len()});
        let (action, group) = ("collection.changed", by.group);
        record(&mut tx, by, now, action, id, group, detail).await?;
        tx.commit().await?;
        Ok(Edit::Done)
    }

    async fn delete_collection(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "collection", id).await?;
        let gone = sqlx::query("DELETE FROM collection WHERE id = $1")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        for rest in [
            "DELETE FROM relation WHERE kind = 'collection' AND item = $1",
            "DELETE FROM relation WHERE other_kind = 'collection' AND other = $1",
            "DELETE FROM comment WHERE kind = 'collection' AND item = $1",
        ] {
            sqlx::query(rest).bind(id).execute(&mut *tx).await?;
        }
        let (action, group) = ("collection.deleted", by.group);
        record(&mut tx, by, now, action, id, group, json!({})).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn add_reference(
        &self,
        new: &ReferenceRecord,
        about: &[NewRelation],
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<Edit>> {
        storable(&new.title)?;
        storable(&new.author)?;
        let mut tx = self.write().await?;
        let added = sqlx::query(
            "INSERT INTO reference (id, account, url, title, author, published, added, modified)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING",
        )
        .bind(&new.id)
        .bind(&new.owner)
        .bind(&new.url)
        .bind(&new.title)
        .bind(&new.author)
        .bind(new.published)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(None);
        }
        if !fill(&mut tx, "reference", &new.id, about, now).await? {
            return Ok(Some(Edit::Full));
        }
        let detail = json!({"url": new.url});
        let (action, group) = ("reference.created", by.group);
        record(&mut tx, by, now, action, &new.id, group, detail).await?;
        tx.commit().await?;
        Ok(Some(Edit::Done))
    }

    async fn reference(&self, id: &str) -> Result<Option<ReferenceRecord>> {
        sqlx::query("SELECT * FROM reference WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(reference)
            .transpose()
    }

    async fn references(
        &self,
        filter: ReferenceFilter<'_>,
        page: Page,
    ) -> Result<Listing<ReferenceRecord>> {
        let ((list, count), cells) = match filter {
            ReferenceFilter::About(kind, id) => (
                references!(
                    "WHERE id IN (SELECT item FROM relation WHERE kind = 'reference'
                     AND other_kind = $1 AND other = $2) AND $3 = ''"
                ),
                [kind, id, ""],
            ),
            ReferenceFilter::Near(kind, id, viewer) => (
                references!(
                    "WHERE id IN (SELECT noted.other FROM relation AS noted
                     JOIN relation AS held ON held.kind = 'collection' AND held.item = noted.item
                     JOIN collection ON collection.id = noted.item
                     WHERE noted.kind = 'collection' AND noted.name = 'references'
                     AND held.other_kind = $1 AND held.other = $2
                     AND (private = 0 OR collection.account = $3))"
                ),
                [kind, id, viewer],
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
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, reference(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn change_reference(
        &self,
        id: &str,
        change: &ReferenceChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Edit> {
        for text in [&change.title, &change.author] {
            storable(text.as_deref().unwrap_or_default())?;
        }
        let mut tx = self.write().await?;
        serialise(&mut tx, "reference", id).await?;
        let changed = sqlx::query(
            "UPDATE reference SET title = coalesce($1, title), author = coalesce($2, author),
             published = coalesce($3, published), modified = $4 WHERE id = $5",
        )
        .bind(change.title.as_deref())
        .bind(change.author.as_deref())
        .bind(change.published)
        .bind(now)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(Edit::Missing);
        }
        if !fill(&mut tx, "reference", id, &change.add, now).await? {
            return Ok(Edit::Full);
        }
        let detail = json!({"added": change.add.len()});
        let (action, group) = ("reference.changed", by.group);
        record(&mut tx, by, now, action, id, group, detail).await?;
        tx.commit().await?;
        Ok(Edit::Done)
    }
}
