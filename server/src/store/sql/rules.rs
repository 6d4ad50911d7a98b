//! The catalogue of YARA rules, and what they have matched.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{Connection, SqlStore};
use crate::rulebook::rule_id;
use crate::store::{Listing, Page, Result, RuleMatch, RuleRecord, Rules};

/// Notes what matched a file, as its report tells it.
pub(super) async fn note_matches(
    connection: &mut Connection,
    sha256: &str,
    findings: &Map<String, Value>,
    now: i64,
) -> Result<()> {
    let found = findings.get("crowdsourced_yara_results");
    for one in found.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        let (Some(ruleset), Some(rule)) = (text("ruleset_id"), text("rule_name")) else {
            continue;
        };
        sqlx::query(
            "INSERT INTO yara_match (rule, sha256, date) VALUES ($1, $2, $3)
             ON CONFLICT (rule, sha256) DO UPDATE SET date = excluded.date",
        )
        .bind(rule_id(ruleset, rule))
        .bind(sha256)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[async_trait]
impl Rules for SqlStore {
    async fn note_rules(&self, rules: &[(String, String)], now: i64) -> Result<()> {
        let known: Vec<(String, String)> = sqlx::query_as("SELECT id, digest FROM yara_rule")
            .fetch_all(&self.readers)
            .await?;
        let known: HashMap<_, _> = known.into_iter().collect();
        let mut new = rules
            .iter()
            .filter(|(id, digest)| known.get(id) != Some(digest));
        let Some(first) = new.next() else {
            return Ok(());
        };
        let mut tx = self.write().await?;
        for (id, digest) in std::iter::once(first).chain(new) {
            sqlx::query(
                "INSERT INTO yara_rule (id, digest, included, modified) VALUES ($1, $2, $3, $3)
                 ON CONFLICT (id) DO UPDATE SET digest = excluded.digest,
                 modified = excluded.modified WHERE yara_rule.digest <> excluded.digest",
            )
            .bind(id)
            .bind(digest)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn rule_records(&self, id: Option<&str>) -> Result<Vec<RuleRecord>> {
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, included, modified,
             (SELECT count(*) FROM yara_match WHERE rule = yara_rule.id)
             FROM yara_rule WHERE id = coalesce($1, id) ORDER BY id",
        )
        .bind(id)
        .fetch_all(&self.readers)
        .await?;
        let records = rows
            .into_iter()
            .map(|(id, included, modified, matches)| RuleRecord {
                id,
                included,
                modified,
                matches: matches.unsigned_abs(),
            });
        Ok(records.collect())
    }

    async fn rule_matches(&self, id: &str, page: Page) -> Result<Listing<RuleMatch>> {
        let rows: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT seq, sha256, date FROM yara_match WHERE rule = $1 AND seq < $2
             ORDER BY seq DESC LIMIT $3",
        )
        .bind(id)
        .bind(page.end())
        .bind(page.probe())
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query_scalar("SELECT count(*) FROM yara_match WHERE rule = $1")
            .bind(id)
            .fetch_one(&self.readers)
            .await?;
        let entries = rows
            .into_iter()
            .map(|(seq, sha256, date)| (seq, RuleMatch { sha256, date }))
            .collect();
        Ok(page.listing(entries, total))
    }
}
