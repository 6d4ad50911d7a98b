//! Users, groups, keys and upload tokens.

use async_trait::async_trait;
use sqlx::Row as _;

use super::{Connection, Row, SqlStore, serialise};
use crate::ids::SecretHash;
use crate::store::{
    Account, Accounts, AddAccount, Group, NewAccount, ProfileChange, Result, read, read_json,
    storable,
};

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        name: row.try_get("name")?,
        group: row.try_get("group_name")?,
        tier: read("tier", row.try_get("tier")?)?,
        administrator: row.try_get::<&str, _>("role")? == "administrator",
        status: row.try_get("status")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        profile_phrase: row.try_get("profile_phrase")?,
        preferences: read_json("preferences", row.try_get("preferences")?)?,
        reputation: row.try_get("reputation")?,
        created: row.try_get("created")?,
    })
}

async fn find(connection: &mut Connection, name: &str) -> Result<Option<Account>> {
    sqlx::query(
        "SELECT account.*, tier FROM account JOIN user_group ON user_group.name = group_name
         WHERE account.name = $1",
    )
    .bind(name)
    .fetch_optional(connection)
    .await?
    .as_ref()
    .map(account)
    .transpose()
}

async fn insert_key(
    connection: &mut Connection,
    name: &str,
    key: &SecretHash,
    now: i64,
) -> Result<()> {
    sqlx::query("INSERT INTO api_key (hash, account, created) VALUES ($1, $2, $3)")
        .bind(key.as_bytes())
        .bind(name)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl Accounts for SqlStore {
    async fn account(&self, name: &str) -> Result<Option<Account>> {
        find(&mut *self.readers.acquire().await?, name).await
    }

    async fn account_by_key(&self, key: &SecretHash, now: i64) -> Result<Option<Account>> {
        sqlx::query(
            "SELECT account.*, tier FROM api_key
             JOIN account ON account.name = api_key.account
             JOIN user_group ON user_group.name = group_name
             WHERE hash = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)",
        )
        .bind(key.as_bytes())
        .bind(now)
        .fetch_optional(&self.readers)
        .await?
        .as_ref()
        .map(account)
        .transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        sqlx::query(
            "SELECT account.*, tier FROM account JOIN user_group ON user_group.name = group_name
             ORDER BY account.name",
        )
        .fetch_all(&self.readers)
        .await?
        .iter()
        .map(account)
        .collect()
    }

    async fn add_account(
        &self,
        new: &NewAccount<'_>,
        key: &SecretHash,
        now: i64,
    ) -> Result<AddAccount> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        if find(&mut tx, new.name).await?.is_some() {
            return Ok(AddAccount::NameTaken);
        }
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user_group WHERE name = $1)")
                .bind(new.group)
                .fetch_one(&mut *tx)
                .await?;
        match (there, new.tier) {
            (true, Some(_)) => return Ok(AddAccount::GroupTaken),
            (false, None) => return Ok(AddAccount::GroupMissing),
            (true, None) => {}
            (false, Some(tier)) => {
                sqlx::query("INSERT INTO user_group (name, tier, created) VALUES ($1, $2, $3)")
                    .bind(new.group)
                    .bind(tier.as_str())
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        sqlx::query(
            "INSERT INTO account (name, group_name, role, created) VALUES ($1, $2, $3, $4)",
        )
        .bind(new.name)
        .bind(new.group)
        .bind(if new.administrator {
            "administrator"
        } else {
            "member"
        })
        .bind(now)
        .execute(&mut *tx)
        .await?;
        insert_key(&mut tx, new.name, key, now).await?;
        tx.commit().await?;
        Ok(AddAccount::Added)
    }

    async fn add_key(
        &self,
        account: &str,
        key: &SecretHash,
        revoke_others: bool,
        now: i64,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        if find(&mut tx, account).await?.is_none() {
            return Ok(false);
        }
        if revoke_others {
            sqlx::query("UPDATE api_key SET revoked = $1 WHERE account = $2 AND revoked IS NULL")
                .bind(now)
                .bind(account)
                .execute(&mut *tx)
                .await?;
        }
        insert_key(&mut tx, account, key, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn change_profile(&self, account: &str, change: &ProfileChange) -> Result<()> {
        for text in [
            &change.first_name,
            &change.last_name,
            &change.profile_phrase,
        ] {
            storable(text.as_deref().unwrap_or_default())?;
        }
        let preferences = change
            .preferences
            .as_ref()
            .map(|map| serde_json::json!(map).to_string());
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE account SET first_name = coalesce($1, first_name),
             last_name = coalesce($2, last_name), profile_phrase = coalesce($3, profile_phrase),
             preferences = coalesce($4, preferences) WHERE name = $5",
        )
        .bind(&change.first_name)
        .bind(&change.last_name)
        .bind(&change.profile_phrase)
        .bind(preferences)
        .bind(account)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn group(&self, name: &str) -> Result<Option<Group>> {
        let Some(tier) =
            sqlx::query_scalar::<_, String>("SELECT tier FROM user_group WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.readers)
                .await?
        else {
            return Ok(None);
        };
        let rows =
            sqlx::query("SELECT name, role FROM account WHERE group_name = $1 ORDER BY name")
                .bind(name)
                .fetch_all(&self.readers)
                .await?;
        let mut group = Group {
            name: name.to_owned(),
            tier: read("tier", &tier)?,
            members: Vec::new(),
            administrators: Vec::new(),
        };
        for row in rows {
            let member: String = row.try_get("name")?;
            if row.try_get::<&str, _>("role")? == "administrator" {
                group.administrators.push(member.clone());
            }
            group.members.push(member);
        }
        Ok(Some(group))
    }

    async fn add_upload_token(
        &self,
        token: &SecretHash,
        account: &str,
        expires: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO upload_token (hash, account, expires) VALUES ($1, $2, $3)")
            .bind(token.as_bytes())
            .bind(account)
            .bind(expires)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn take_upload_token(&self, token: &SecretHash, now: i64) -> Result<Option<Account>> {
        let mut tx = self.write().await?;
        let holder: Option<(String, i64)> =
            sqlx::query_as("DELETE FROM upload_token WHERE hash = $1 RETURNING account, expires")
                .bind(token.as_bytes())
                .fetch_optional(&mut *tx)
                .await?;
        // Tokens that nobody came for leave with the one that is used.
        sqlx::query("DELETE FROM upload_token WHERE expires <= $1")
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let account = match holder {
            Some((name, expires)) if expires > now => find(&mut tx, &name).await?,
            _ => None,
        };
        tx.commit().await?;
        Ok(account)
    }
}
