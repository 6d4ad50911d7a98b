//! Comments and votes.

use async_trait::async_trait;
use quorum_core::indicator::Kind;
use quorum_core::report::VoteVerdict;
use sqlx::Row as _;

use super::items::ensure_item;
use super::{Connection, Row, SqlStore};
use crate::ids;
use crate::store::{
    CastVote, CommentFilter, CommentRecord, CommentTally, CommentVerdict, Community, Listing, Page,
    Result, StoreError, VoteFilter, VoteRecord, read_json, read_kind, storable,
};

/// A comment with its tags in the order of the text and its votes counted.
macro_rules! comments {
    ($rest:literal) => {
        concat!(
            "SELECT comment.*, ",
            tags_of_comment!(),
            " AS tags,
             (SELECT count(*) FROM comment_vote WHERE comment = seq AND verdict = 'positive')
                AS positive,
             (SELECT count(*) FROM comment_vote WHERE comment = seq AND verdict = 'negative')
                AS negative,
             (SELECT count(*) FROM comment_vote WHERE comment = seq AND verdict = 'abuse')
                AS abuse
             FROM comment ",
            $rest
        )
    };
}

fn comment(row: &Row) -> Result<CommentRecord> {
    Ok(CommentRecord {
        id: row.try_get("id")?,
        kind: read_kind(row.try_get("kind")?)?,
        item: row.try_get("item")?,
        author: row.try_get("account")?,
        date: row.try_get("date")?,
        text: row.try_get("text")?,
        tags: read_json("tags", row.try_get("tags")?)?,
        votes: tally(row)?,
    })
}

fn tally(row: &Row) -> Result<CommentTally> {
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(CommentTally {
        positive: count("positive")?,
        negative: count("negative")?,
        abuse: count("abuse")?,
    })
}

fn verdict_text(verdict: VoteVerdict) -> &'static str {
    match verdict {
        VoteVerdict::Harmless => "harmless",
        VoteVerdict::Malicious => "malicious",
    }
}

fn read_verdict(text: &str) -> Result<VoteVerdict> {
    match text {
        "harmless" => Ok(VoteVerdict::Harmless),
        "malicious" => Ok(VoteVerdict::Malicious),
        _ => Err(StoreError::Corrupt {
            what: "verdict",
            text: text.to_owned(),
        }),
    }
}

fn vote(row: &Row) -> Result<VoteRecord> {
    Ok(VoteRecord {
        id: row.try_get("id")?,
        date: row.try_get("date")?,
        verdict: read_verdict(row.try_get("verdict")?)?,
    })
}

/// Text for `LIKE`, in which only our own `%` are wildcards.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

async fn existing_vote(
    connection: &mut Connection,
    kind: Kind,
    item: &str,
    account: &str,
) -> Result<Option<VoteVerdict>> {
    sqlx::query_scalar::<_, String>(
        "SELECT verdict FROM vote WHERE kind = $1 AND item = $2 AND account = $3",
    )
    .bind(kind.as_str())
    .bind(item)
    .bind(account)
    .fetch_optional(connection)
    .await?
    .as_deref()
    .map(read_verdict)
    .transpose()
}

#[async_trait]
impl Community for SqlStore {
    async fn add_comment(
        &self,
        kind: Kind,
        item: &str,
        author: &str,
        text: &str,
        tags: &[String],
        now: i64,
    ) -> Result<CommentRecord> {
        storable(text)?;
        let mut tx = self.write().await?;
        ensure_item(&mut tx, kind, item, now).await?;
        // Eight hex digits can meet on a much discussed item; then they are drawn again.
        let (id, seq) = loop {
            let id = ids::remark(kind, item)?;
            let added: Option<i64> = sqlx::query_scalar(
                "INSERT INTO comment (id, kind, item, account, date, text)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING seq",
            )
            .bind(&id)
            .bind(kind.as_str())
            .bind(item)
            .bind(author)
            .bind(now)
            .bind(text)
            .fetch_optional(&mut *tx)
            .await?;
            if let Some(seq) = added {
                break (id, seq);
            }
        };
        for (place, tag) in tags.iter().enumerate() {
            sqlx::query("INSERT INTO comment_tag (tag, comment, place) VALUES ($1, $2, $3)")
                .bind(tag)
                .bind(seq)
                .bind(place as i64)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(CommentRecord {
            id,
            kind,
            item: item.to_owned(),
            author: author.to_owned(),
            date: now,
            text: text.to_owned(),
            tags: tags.to_vec(),
            votes: CommentTally::default(),
        })
    }

    async fn comment(&self, id: &str) -> Result<Option<CommentRecord>> {
        sqlx::query(comments!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(comment)
            .transpose()
    }

    async fn comments(
        &self,
        filter: CommentFilter<'_>,
        page: Page,
    ) -> Result<Listing<CommentRecord>> {
        // Each filter is a statement of its own with two parameters, of which some ignore one.
        let (list, count, first, second) = match filter {
            CommentFilter::All => (
                comments!("WHERE $1 = '' AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"),
                "SELECT count(*) FROM comment WHERE $1 = '' AND $2 = ''",
                String::new(),
                String::new(),
            ),
            CommentFilter::Tag(tag) => (
                comments!(
                    "WHERE seq IN (SELECT comment FROM comment_tag WHERE tag = $1) AND $2 = ''
                     AND seq < $3 ORDER BY seq DESC LIMIT $4"
                ),
                "SELECT count(*) FROM comment_tag WHERE tag = $1 AND $2 = ''",
                tag.to_owned(),
                String::new(),
            ),
            CommentFilter::On(kind, item) => (
                comments!("WHERE kind = $1 AND item = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"),
                "SELECT count(*) FROM comment WHERE kind = $1 AND item = $2",
                kind.as_str().to_owned(),
                item.to_owned(),
            ),
            CommentFilter::By(account) => (
                comments!("WHERE account = $1 AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"),
                "SELECT count(*) FROM comment WHERE account = $1 AND $2 = ''",
                account.to_owned(),
                String::new(),
            ),
            CommentFilter::Containing(text) => (
                comments!(
                    "WHERE lower(text) LIKE lower($1) ESCAPE '\\' AND $2 = '' AND seq < $3
                     ORDER BY seq DESC LIMIT $4"
                ),
                "SELECT count(*) FROM comment WHERE lower(text) LIKE lower($1) ESCAPE '\\' AND $2 = ''",
                containing(text),
                String::new(),
            ),
        };
        let rows = sqlx::query(list)
            .bind(&first)
            .bind(&second)
            .bind(page.end())
            .bind(page.probe())
            .fetch_all(&self.readers)
            .await?;
        let total = sqlx::query_scalar(count)
            .bind(&first)
            .bind(&second)
            .fetch_one(&self.readers)
            .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, comment(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn delete_comment(&self, id: &str) -> Result<bool> {
        let mut tx = self.write().await?;
        let gone = sqlx::query("DELETE FROM comment WHERE id = $1")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected() == 1)
    }

    async fn vote_comment(
        &self,
        id: &str,
        account: &str,
        verdict: CommentVerdict,
    ) -> Result<CommentTally> {
        let verdict = match verdict {
            CommentVerdict::Positive => "positive",
            CommentVerdict::Negative => "negative",
            CommentVerdict::Abuse => "abuse",
        };
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO comment_vote (comment, account, verdict)
             SELECT seq, $1, $2 FROM comment WHERE id = $3
             ON CONFLICT (comment, account) DO UPDATE SET verdict = excluded.verdict",
        )
        .bind(account)
        .bind(verdict)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query(comments!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map_or(Ok(CommentTally::default()), tally)
    }

    async fn vote(
        &self,
        kind: Kind,
        item: &str,
        account: &str,
        verdict: VoteVerdict,
        now: i64,
    ) -> Result<CastVote> {
        let mut tx = self.write().await?;
        ensure_item(&mut tx, kind, item, now).await?;
        if let Some(earlier) = existing_vote(&mut tx, kind, item, account).await? {
            return Ok(CastVote::Already(earlier));
        }
        let id = loop {
            let id = ids::remark(kind, item)?;
            let added = sqlx::query(
                "INSERT INTO vote (id, kind, item, account, date, verdict)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            )
            .bind(&id)
            .bind(kind.as_str())
            .bind(item)
            .bind(account)
            .bind(now)
            .bind(verdict_text(verdict))
            .execute(&mut *tx)
            .await?;
            if added.rows_affected() == 1 {
                break id;
            }
        };
        let harmless = i64::from(verdict == VoteVerdict::Harmless);
        sqlx::query(
            "UPDATE item SET votes_harmless = votes_harmless + $1,
             votes_malicious = votes_malicious + $2, reputation = reputation + $3,
             last_modification = $4 WHERE kind = $5 AND id = $6",
        )
        .bind(harmless)
        .bind(1 - harmless)
        .bind(2 * harmless - 1)
        .bind(now)
        .bind(kind.as_str())
        .bind(item)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(CastVote::Cast(VoteRecord {
            id,
            date: now,
            verdict,
        }))
    }

    async fn vote_by_id(&self, id: &str) -> Result<Option<VoteRecord>> {
        sqlx::query("SELECT * FROM vote WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(vote)
            .transpose()
    }

    async fn votes(&self, filter: VoteFilter<'_>, page: Page) -> Result<Listing<VoteRecord>> {
        let (list, count, kind, item, account) = match filter {
            VoteFilter::On(kind, item) => (
                "SELECT * FROM vote WHERE kind = $1 AND item = $2 AND $3 = '' AND seq < $4
                 ORDER BY seq DESC LIMIT $5",
                "SELECT count(*) FROM vote WHERE kind = $1 AND item = $2 AND $3 = ''",
                kind.as_str(),
                item,
                "",
            ),
            VoteFilter::OnBy(kind, item, account) => (
                "SELECT * FROM vote WHERE kind = $1 AND item = $2 AND account = $3 AND seq < $4
                 ORDER BY seq DESC LIMIT $5",
                "SELECT count(*) FROM vote WHERE kind = $1 AND item = $2 AND account = $3",
                kind.as_str(),
                item,
                account,
            ),
            VoteFilter::By(account) => (
                "SELECT * FROM vote WHERE $1 = '' AND $2 = '' AND account = $3 AND seq < $4
                 ORDER BY seq DESC LIMIT $5",
                "SELECT count(*) FROM vote WHERE $1 = '' AND $2 = '' AND account = $3",
                "",
                "",
                account,
            ),
        };
        let rows = sqlx::query(list)
            .bind(kind)
            .bind(item)
            .bind(account)
            .bind(page.end())
            .bind(page.probe())
            .fetch_all(&self.readers)
            .await?;
        let total = sqlx::query_scalar(count)
            .bind(kind)
            .bind(item)
            .bind(account)
            .fetch_one(&self.readers)
            .await?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, vote(row)?)))
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }
}
