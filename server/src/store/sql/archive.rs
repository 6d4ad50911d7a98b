//! The store as rows that any dialect can read: see [`archive`](crate::store::archive).
//!
//! The statements are put together from the names in [`TABLES`] and nothing else.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;

use super::{
    Database, EACH, READ_ROW, SqlStore, after_import, column_names, read_bytes, write_bytes,
    write_integer,
};
use crate::store::archive::{Archive, Column, Import, Sink, TABLES, Table};
use crate::store::{Result, StoreError};

fn select(table: &Table) -> String {
    let cells: Vec<_> = table
        .columns
        .iter()
        .map(|(name, column)| match column {
            Column::Bytes => read_bytes(name),
            Column::Integer | Column::Text => (*name).to_owned(),
        })
        .collect();
    let (open, close) = READ_ROW;
    let (cells, name, key) = (cells.join(", "), table.name, table.key);
    [
        "SELECT ",
        open,
        &cells,
        close,
        " FROM ",
        name,
        " ORDER BY ",
        key,
    ]
    .concat()
}

fn insert(table: &Table) -> String {
    let mut names = Vec::new();
    let mut cells = Vec::new();
    for (place, (name, column)) in table.columns.iter().enumerate() {
        let cell = ["value ->> ", &place.to_string()].concat();
        names.push(*name);
        cells.push(match column {
            Column::Bytes => write_bytes(&cell),
            Column::Integer => write_integer(&cell),
            Column::Text => cell,
        });
    }
    let (names, cells) = (names.join(", "), cells.join(", "));
    [
        "INSERT INTO ",
        table.name,
        " (",
        &names,
        ") SELECT ",
        &cells,
        " FROM ",
        EACH,
    ]
    .concat()
}

#[async_trait]
impl Archive for SqlStore {
    async fn export(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut tx = self.snapshot().await?;
        for table in TABLES {
            let statement = AssertSqlSafe(select(table));
            let mut rows = sqlx::query_scalar::<Database, String>(statement).fetch(&mut *tx);
            while let Some(row) = rows.try_next().await? {
                sink.row(table, &row).await?;
            }
        }
        Ok(())
    }

    async fn import(&self) -> Result<Box<dyn Import>> {
        let mut tx = self.write().await?;
        for table in TABLES {
            let statement = ["SELECT EXISTS (SELECT 1 FROM ", table.name, ")"].concat();
            let filled: bool = sqlx::query_scalar(AssertSqlSafe(statement))
                .fetch_one(&mut *tx)
                .await?;
            if filled {
                return Err(StoreError::NotEmpty { table: table.name });
            }
        }
        Ok(Box::new(Importing(tx)))
    }

    async fn schema(&self) -> Result<Vec<(String, String)>> {
        column_names(&mut *self.snapshot().await?).await
    }
}

struct Importing(sqlx::Transaction<'static, Database>);

#[async_trait]
impl Import for Importing {
    async fn rows(&mut self, table: &'static Table, rows: &str) -> Result<()> {
        sqlx::query(AssertSqlSafe(insert(table)))
            .bind(rows)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        after_import(&mut self.0).await?;
        Ok(self.0.commit().await?)
    }
}
