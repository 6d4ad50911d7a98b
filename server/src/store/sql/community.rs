//! Comments, votes, and what people hold to be wrong.
//!
//! A vote counts for the binary logarithm of its voter's reputation, and one more: whoever is
//! trusted a thousand times as much speaks ten times as loud. Reputation is what others think of a
//! user's comments; those of the same group do not count, or a group would praise itself.

use async_trait::async_trait;
use quorum_core::indicator::Kind;
use quorum_core::report::VoteVerdict;
use serde_json::json;
use sqlx::Row as _;

use super::audit::record;
use super::items::ensure_item;
use super::{Connection, Row, SqlStore, serialise};
use crate::ids;
use crate::store::{
    Actor, CastVote, CommentFilter, CommentRecord, CommentTally, CommentVerdict, Community,
    FalsePositive, Listing, Page, Result, StoreError, Topic, VoteFilter, VoteRecord, read_json,
    read_kind, read_topic, storable,
};
use crate::words;

/// A comment with its tags in the order of the text and its votes counted.
macro_rules! comments {
    ($($rest:expr),+) => {
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
            $($rest),+
        )
    };
}

/// Comments on the neighbours of a thing.
macro_rules! near {
    () => {
        "WHERE seq IN (
            SELECT comment.seq FROM relation
            JOIN comment ON comment.kind = other_kind AND comment.item = other
            WHERE relation.kind = $1 AND relation.item = $2
            AND relation.name IN ('urls', 'subdomains')
            UNION SELECT comment.seq FROM relation
            JOIN comment ON comment.kind = relation.kind AND comment.item = relation.item
            WHERE other_kind = $1 AND other = $2 AND relation.name IN ('urls', 'subdomains'))"
    };
}

/// Comments in which each word of a JSON list stands.
macro_rules! with_words {
    () => {
        concat!(
            "WHERE seq IN (SELECT comment FROM comment_word WHERE word IN (SELECT value FROM ",
            each_text!("$1"),
            ") GROUP BY comment HAVING count(*) = (SELECT count(*) FROM ",
            each_text!("$1"),
            "))"
        )
    };
}

fn comment(row: &Row) -> Result<CommentRecord> {
    Ok(CommentRecord {
        id: row.try_get("id")?,
        topic: read_topic(row.try_get("kind")?)?,
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
        weight: row.try_get("weight")?,
        author: row.try_get("account")?,
    })
}

/// What a vote of somebody with this reputation counts for.
fn weight(reputation: i64) -> i64 {
    reputation
        .checked_ilog2()
        .map_or(0, |log| i64::from(log) + 1)
}

/// What a judgement of somebody's comment does to their reputation.
fn standing(verdict: &str) -> i64 {
    match verdict {
        "positive" => 1,
        "negative" => -1,
        "abuse" => -2,
        _ => 0,
    }
}

/// Notes the words of a comment, by which it is found.
async fn index(connection: &mut Connection, seq: i64, text: &str) -> Result<()> {
    sqlx::query(concat!(
        "INSERT INTO comment_word (word, comment) SELECT value, $2 FROM ",
        each_text!("$1")
    ))
    .bind(json!(words::words(text)).to_string())
    .bind(seq)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE comment SET indexed = 1 WHERE seq = $1")
        .bind(seq)
        .execute(connection)
        .await?;
    Ok(())
}

/// The group of a user, also of one who is gone.
async fn group_of(connection: &mut Connection, account: &str) -> Result<String> {
    let group: Option<String> =
        sqlx::query_scalar("SELECT group_name FROM account WHERE name = $1")
            .bind(account)
            .fetch_optional(connection)
            .await?;
    Ok(group.unwrap_or_default())
}

fn false_positive(row: &Row) -> Result<FalsePositive> {
    Ok(FalsePositive {
        seq: row.try_get("seq")?,
        kind: read_kind(row.try_get("kind")?)?,
        item: row.try_get("item")?,
        account: row.try_get("account")?,
        date: row.try_get("date")?,
        text: row.try_get("text")?,
        status: row.try_get("status")?,
        decided: row.try_get("decided")?,
        decided_by: row.try_get("decided_by")?,
        answer: row.try_get("answer")?,
    })
}

/// Counts a vote at what it is about, or takes it back.
async fn count_vote(
    connection: &mut Connection,
    kind: Kind,
    item: &str,
    verdict: VoteVerdict,
    weight: i64,
    votes: i64,
    now: i64,
) -> Result<()> {
    let (harmless, malicious, sign) = match verdict {
        VoteVerdict::Harmless => (votes, 0, votes),
        VoteVerdict::Malicious => (0, votes, -votes),
    };
    sqlx::query(
        "UPDATE item SET votes_harmless = votes_harmless + $1,
         votes_malicious = votes_malicious + $2, reputation = reputation + $3,
         last_modification = $4 WHERE kind = $5 AND id = $6",
    )
    .bind(harmless)
    .bind(malicious)
    .bind(sign * weight)
    .bind(now)
    .bind(kind.as_str())
    .bind(item)
    .execute(connection)
    .await?;
    Ok(())
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
        topic: Topic,
        item: &str,
        author: &str,
        text: &str,
        now: i64,
    ) -> Result<Option<CommentRecord>> {
        storable(text)?;
        let tags = words::tags(text);
        let mut tx = self.write().await?;
        match topic {
            Topic::Item(kind) => ensure_item(&mut tx, kind, item, now).await?,
            Topic::Collection => {
                serialise(&mut tx, topic.as_str(), item).await?;
                let shared: bool = sqlx::query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM collection WHERE id = $1 AND private = 0)",
                )
                .bind(item)
                .fetch_one(&mut *tx)
                .await?;
                if !shared {
                    return Ok(None);
                }
            }
        }
        // Eight hex digits can meet on a much discussed item; then they are drawn again.
        let (id, seq) = loop {
            let id = ids::remark(ids::letter_of(topic), item)?;
            let added: Option<i64> = sqlx::query_scalar(
                "INSERT INTO comment (id, kind, item, account, date, text)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING seq",
            )
            .bind(&id)
            .bind(topic.as_str())
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
        index(&mut tx, seq, text).await?;
        sqlx::query(concat!(
            "INSERT INTO comment_mention (account, comment) SELECT name, $2 FROM account
             WHERE status <> 'deleted' AND name IN (SELECT value FROM ",
            each_text!("$1"),
            ")"
        ))
        .bind(json!(words::mentions(text)).to_string())
        .bind(seq)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(CommentRecord {
            id,
            topic,
            item: item.to_owned(),
            author: author.to_owned(),
            date: now,
            text: text.to_owned(),
            tags,
            votes: CommentTally::default(),
        }))
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
            CommentFilter::Near(kind, item) => (
                comments!(near!(), " AND seq < $3 ORDER BY seq DESC LIMIT $4"),
                concat!("SELECT count(*) FROM comment ", near!()),
                kind.as_str().to_owned(),
                item.to_owned(),
            ),
            CommentFilter::By(account) => (
                comments!("WHERE account = $1 AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"),
                "SELECT count(*) FROM comment WHERE account = $1 AND $2 = ''",
                account.to_owned(),
                String::new(),
            ),
            CommentFilter::Mentioning(account) => (
                comments!(
                    "WHERE seq IN (SELECT comment FROM comment_mention WHERE account = $1)
                     AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"
                ),
                "SELECT count(*) FROM comment_mention WHERE account = $1 AND $2 = ''",
                account.to_owned(),
                String::new(),
            ),
            CommentFilter::CalledAbuse => (
                comments!(
                    "WHERE seq IN (SELECT comment FROM comment_vote WHERE verdict = 'abuse')
                     AND $1 = '' AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"
                ),
                "SELECT count(DISTINCT comment) FROM comment_vote
                 WHERE verdict = 'abuse' AND $1 = '' AND $2 = ''",
                String::new(),
                String::new(),
            ),
            CommentFilter::Saying(text) => {
                let words = words::words(text);
                if words.is_empty() {
                    return Ok(Listing::empty());
                }
                (
                    comments!(
                        with_words!(),
                        " AND $2 = '' AND seq < $3 ORDER BY seq DESC LIMIT $4"
                    ),
                    concat!(
                        "SELECT count(*) FROM comment ",
                        with_words!(),
                        " AND $2 = ''"
                    ),
                    json!(words).to_string(),
                    String::new(),
                )
            }
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

    async fn delete_comment(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        let author: Option<String> =
            sqlx::query_scalar("DELETE FROM comment WHERE id = $1 RETURNING account")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(author) = author else {
            return Ok(false);
        };
        let group = group_of(&mut tx, &author).await?;
        let detail = json!({"author": author});
        record(&mut tx, by, now, "comment.deleted", id, &group, detail).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn vote_comment(
        &self,
        id: &str,
        by: Actor<'_>,
        verdict: CommentVerdict,
    ) -> Result<CommentTally> {
        let verdict = match verdict {
            CommentVerdict::Positive => "positive",
            CommentVerdict::Negative => "negative",
            CommentVerdict::Abuse => "abuse",
        };
        let mut tx = self.write().await?;
        // What one user says twice at once is said once.
        serialise(&mut tx, "comment", id).await?;
        let comment: Option<(i64, String)> =
            sqlx::query_as("SELECT seq, account FROM comment WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((seq, author)) = comment else {
            return Ok(CommentTally::default());
        };
        let before: Option<String> = sqlx::query_scalar(
            "SELECT verdict FROM comment_vote WHERE comment = $1 AND account = $2",
        )
        .bind(seq)
        .bind(by.account)
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO comment_vote (comment, account, verdict) VALUES ($1, $2, $3)
             ON CONFLICT (comment, account) DO UPDATE SET verdict = excluded.verdict",
        )
        .bind(seq)
        .bind(by.account)
        .bind(verdict)
        .execute(&mut *tx)
        .await?;
        // Users of one group, and so oneself, do not praise or blame each other.
        sqlx::query(
            "UPDATE account SET reputation = reputation + $1 WHERE name = $2 AND group_name <> $3",
        )
        .bind(standing(verdict) - before.as_deref().map_or(0, standing))
        .bind(author)
        .bind(by.group)
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query(comments!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map_or(Ok(CommentTally::default()), tally)
    }

    async fn dismiss_abuse(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "comment", id).await?;
        let comment: Option<(i64, String)> =
            sqlx::query_as("SELECT seq, account FROM comment WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((seq, author)) = comment else {
            return Ok(false);
        };
        let group = group_of(&mut tx, &author).await?;
        let gone: Vec<String> = sqlx::query_scalar(
            "DELETE FROM comment_vote WHERE comment = $1 AND verdict = 'abuse' RETURNING account",
        )
        .bind(seq)
        .fetch_all(&mut *tx)
        .await?;
        if gone.is_empty() {
            return Ok(false);
        }
        let mut given_back = 0;
        for voter in &gone {
            if group_of(&mut tx, voter).await? != group {
                given_back -= standing("abuse");
            }
        }
        sqlx::query("UPDATE account SET reputation = reputation + $1 WHERE name = $2")
            .bind(given_back)
            .bind(&author)
            .execute(&mut *tx)
            .await?;
        let detail = json!({"author": author, "reported_by": gone});
        record(&mut tx, by, now, "abuse.dismissed", id, &group, detail).await?;
        tx.commit().await?;
        Ok(true)
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
        let reputation: Option<i64> =
            sqlx::query_scalar("SELECT reputation FROM account WHERE name = $1")
                .bind(account)
                .fetch_optional(&mut *tx)
                .await?;
        let weight = weight(reputation.unwrap_or(0));
        let id = loop {
            let id = ids::remark(ids::letter(kind), item)?;
            let added = sqlx::query(
                "INSERT INTO vote (id, kind, item, account, date, verdict, weight)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            )
            .bind(&id)
            .bind(kind.as_str())
            .bind(item)
            .bind(account)
            .bind(now)
            .bind(verdict_text(verdict))
            .bind(weight)
            .execute(&mut *tx)
            .await?;
            if added.rows_affected() == 1 {
                break id;
            }
        };
        count_vote(&mut tx, kind, item, verdict, weight, 1, now).await?;
        tx.commit().await?;
        Ok(CastVote::Cast(VoteRecord {
            id,
            date: now,
            verdict,
            weight,
            author: account.to_owned(),
        }))
    }

    async fn delete_vote(&self, id: &str, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        let found: Option<(String, String)> =
            sqlx::query_as("SELECT kind, item FROM vote WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((kind, item)) = found else {
            return Ok(false);
        };
        serialise(&mut tx, &kind, &item).await?;
        let row = sqlx::query("DELETE FROM vote WHERE id = $1 RETURNING *")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(gone) = row.as_ref().map(vote).transpose()? else {
            return Ok(false);
        };
        let kind = read_kind(&kind)?;
        count_vote(&mut tx, kind, &item, gone.verdict, gone.weight, -1, now).await?;
        let group = group_of(&mut tx, &gone.author).await?;
        let detail = json!({"author": gone.author, "verdict": gone.verdict});
        record(&mut tx, by, now, "vote.deleted", id, &group, detail).await?;
        tx.commit().await?;
        Ok(true)
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

    async fn report_false_positive(
        &self,
        kind: Kind,
        item: &str,
        by: Actor<'_>,
        text: &str,
        now: i64,
    ) -> Result<Option<FalsePositive>> {
        storable(text)?;
        let mut tx = self.write().await?;
        let row = sqlx::query(
            "INSERT INTO false_positive (kind, item, account, date, text)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING *",
        )
        .bind(kind.as_str())
        .bind(item)
        .bind(by.account)
        .bind(now)
        .bind(text)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(reported) = row.as_ref().map(false_positive).transpose()? else {
            return Ok(None);
        };
        let detail = json!({"report": reported.seq, "type": kind.as_str()});
        record(
            &mut tx,
            by,
            now,
            "false-positive.reported",
            item,
            by.group,
            detail,
        )
        .await?;
        tx.commit().await?;
        Ok(Some(reported))
    }

    async fn false_positive(&self, seq: i64) -> Result<Option<FalsePositive>> {
        sqlx::query("SELECT * FROM false_positive WHERE seq = $1")
            .bind(seq)
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(false_positive)
            .transpose()
    }

    async fn false_positives(
        &self,
        status: Option<&str>,
        by: Option<&str>,
        page: Page,
    ) -> Result<Listing<FalsePositive>> {
        let rows = sqlx::query(
            "SELECT * FROM false_positive WHERE status = coalesce($1, status)
             AND account = coalesce($2, account) AND seq < $3 ORDER BY seq DESC LIMIT $4",
        )
        .bind(status)
        .bind(by)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar(
            "SELECT count(*) FROM false_positive WHERE status = coalesce($1, status)
             AND account = coalesce($2, account)",
        )
        .bind(status)
        .bind(by)
        .fetch_one(&self.readers)
        .await?;
        let entries = rows
            .iter()
            .map(|row| {
                let entry = false_positive(row)?;
                Ok((entry.seq, entry))
            })
            .collect::<Result<_>>()?;
        Ok(page.listing(entries, total))
    }

    async fn decide_false_positive(
        &self,
        seq: i64,
        accepted: bool,
        answer: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<FalsePositive>> {
        storable(answer)?;
        let status = if accepted { "accepted" } else { "rejected" };
        let mut tx = self.write().await?;
        let row = sqlx::query(
            "UPDATE false_positive SET status = $1, decided = $2, decided_by = $3, answer = $4
             WHERE seq = $5 RETURNING *",
        )
        .bind(status)
        .bind(now)
        .bind(by.account)
        .bind(answer)
        .bind(seq)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(decided) = row.as_ref().map(false_positive).transpose()? else {
            return Ok(None);
        };
        let group = group_of(&mut tx, &decided.account).await?;
        let detail = json!({"report": seq, "status": status});
        let subject = &decided.item;
        record(
            &mut tx,
            by,
            now,
            "false-positive.decided",
            subject,
            &group,
            detail,
        )
        .await?;
        tx.commit().await?;
        Ok(Some(decided))
    }

    async fn index_comments(&self) -> Result<u64> {
        let mut indexed = 0;
        loop {
            let mut tx = self.write().await?;
            let waiting: Vec<(i64, String)> = sqlx::query_as(concat!(
                "SELECT seq, text FROM comment WHERE indexed = 0 ORDER BY seq LIMIT 200",
                take_unlocked!()
            ))
            .fetch_all(&mut *tx)
            .await?;
            if waiting.is_empty() {
                return Ok(indexed);
            }
            for (seq, text) in &waiting {
                index(&mut tx, *seq, text).await?;
            }
            tx.commit().await?;
            indexed += waiting.len() as u64;
        }
    }
}
