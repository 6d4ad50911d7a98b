//! Users, groups, keys, privileges and upload tokens.

use async_trait::async_trait;
use quorum_core::indicator::Sha256;
use serde_json::{Map, Value, json};
use sqlx::Row as _;

use super::audit::record;
use super::{Connection, Row, SqlStore, serialise};
use crate::clock;
use crate::ids::SecretHash;
use crate::store::{
    Account, AccountChange, Accounts, Actor, AddAccount, ChangeAccount, Group, GroupChange, Holder,
    KeyRecord, NewAccount, NewKey, Privilege, Result, StoreError, limits, read, read_json,
    storable,
};
use crate::tier::Tier;

/// A user who is there, with the group and what was granted to both.
macro_rules! accounts {
    ($rest:literal) => {
        concat!(
            "SELECT account.*, user_group.tier, user_group.quotas, ",
            privileges_where!(
                "(holder_kind = 'user' AND holder = account.name)
                 OR (holder_kind = 'group' AND holder = account.group_name)"
            ),
            " AS privileges
             FROM account JOIN user_group ON user_group.name = group_name ",
            $rest
        )
    };
}

/// A group with what was granted to it.
macro_rules! groups {
    ($rest:literal) => {
        concat!(
            "SELECT user_group.*, ",
            privileges_where!("holder_kind = 'group' AND holder = user_group.name"),
            " AS privileges FROM user_group ",
            $rest
        )
    };
}

fn privileges(row: &Row) -> Result<Vec<Privilege>> {
    let list: Vec<(String, Option<i64>, String)> =
        read_json("privileges", row.try_get("privileges")?)?;
    Ok(list
        .into_iter()
        .map(|(name, expires, holder)| Privilege {
            name,
            expires,
            by_group: holder == "group",
        })
        .collect())
}

fn account(row: &Row) -> Result<Account> {
    let tier = read("tier", row.try_get("tier")?)?;
    let privileges = privileges(row)?;
    let agreed = read_json("quotas", row.try_get("quotas")?)?;
    Ok(Account {
        name: row.try_get("name")?,
        group: row.try_get("group_name")?,
        tier,
        administrator: row.try_get::<&str, _>("role")? == "administrator",
        group_administrator: row.try_get::<&str, _>("group_role")? == "administrator",
        service: row.try_get::<i64, _>("service")? == 1,
        status: row.try_get("status")?,
        email: row.try_get("email")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        profile_phrase: row.try_get("profile_phrase")?,
        preferences: read_json("preferences", row.try_get("preferences")?)?,
        reputation: row.try_get("reputation")?,
        created: row.try_get("created")?,
        limits: limits(tier, &agreed, &privileges, clock::now()),
        privileges,
    })
}

/// A group without its members.
fn group(row: &Row) -> Result<Group> {
    let tier = read("tier", row.try_get("tier")?)?;
    let privileges = privileges(row)?;
    let quotas = read_json("quotas", row.try_get("quotas")?)?;
    Ok(Group {
        name: row.try_get("name")?,
        tier,
        limits: limits(tier, &quotas, &privileges, clock::now()),
        privileges,
        profile: read_json("profile", row.try_get("profile")?)?,
        quotas,
        members: Vec::new(),
        administrators: Vec::new(),
        service_accounts: Vec::new(),
        created: row.try_get("created")?,
    })
}

/// Notes that somebody belongs to a group.
fn add_member(group: &mut Group, member: &Row) -> Result<()> {
    let name: String = member.try_get("name")?;
    if member.try_get::<i64, _>("service")? == 1 {
        group.service_accounts.push(name);
        return Ok(());
    }
    if member.try_get::<&str, _>("group_role")? == "administrator" {
        group.administrators.push(name.clone());
    }
    group.members.push(name);
    Ok(())
}

async fn find(connection: &mut Connection, name: &str) -> Result<Option<Account>> {
    sqlx::query(accounts!("WHERE account.name = $1 AND status <> 'deleted'"))
        .bind(name)
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(account)
        .transpose()
}

/// Whether the name was ever given to somebody.
async fn is_taken(connection: &mut Connection, name: &str) -> Result<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM account WHERE name = $1)")
            .bind(name)
            .fetch_one(connection)
            .await?,
    )
}

async fn is_group(connection: &mut Connection, name: &str) -> Result<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user_group WHERE name = $1)")
            .bind(name)
            .fetch_one(connection)
            .await?,
    )
}

async fn insert_group(
    connection: &mut Connection,
    name: &str,
    tier: Tier,
    by: Actor<'_>,
    now: i64,
) -> Result<()> {
    sqlx::query("INSERT INTO user_group (name, tier, created) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(tier.as_str())
        .bind(now)
        .execute(&mut *connection)
        .await?;
    let detail = json!({"tier": tier.as_str()});
    record(connection, by, now, "group.created", name, name, detail).await
}

fn key_id(hash: &[u8]) -> Result<String> {
    let hash = hash.try_into().map_err(|_| StoreError::Corrupt {
        what: "key",
        text: String::new(),
    })?;
    Ok(SecretHash::from_bytes(hash).id())
}

async fn insert_key(
    connection: &mut Connection,
    name: &str,
    group: &str,
    key: NewKey<'_>,
    by: Actor<'_>,
    now: i64,
) -> Result<()> {
    storable(key.label)?;
    sqlx::query(
        "INSERT INTO api_key (hash, account, label, created, expires) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.hash.as_bytes())
    .bind(name)
    .bind(key.label)
    .bind(now)
    .bind(key.expires)
    .execute(&mut *connection)
    .await?;
    let detail = json!({"key": key.hash.id(), "label": key.label, "expires": key.expires});
    record(connection, by, now, "key.created", name, group, detail).await
}

async fn revoke(
    connection: &mut Connection,
    account: &str,
    group: &str,
    hash: &[u8],
    by: Actor<'_>,
    now: i64,
) -> Result<bool> {
    let revoked =
        sqlx::query("UPDATE api_key SET revoked = $1 WHERE hash = $2 AND revoked IS NULL")
            .bind(now)
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    let detail = json!({"key": key_id(hash)?});
    record(connection, by, now, "key.revoked", account, group, detail).await?;
    Ok(true)
}

/// The hashes of a user's keys that are not revoked.
async fn open_keys(connection: &mut Connection, account: &str) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar(
        "SELECT hash FROM api_key WHERE account = $1 AND revoked IS NULL ORDER BY hash",
    )
    .bind(account)
    .fetch_all(connection)
    .await?)
}

/// Whether nobody else could administer the server.
async fn is_last_administrator(connection: &mut Connection, account: &Account) -> Result<bool> {
    if !account.administrator {
        return Ok(false);
    }
    let others: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM account
         WHERE role = 'administrator' AND status = 'active' AND name <> $1)",
    )
    .bind(&account.name)
    .fetch_one(connection)
    .await?;
    Ok(!others)
}

/// Whether an address belongs to somebody else.
async fn is_email_taken(connection: &mut Connection, email: &str, by: &str) -> Result<bool> {
    let taken = "SELECT EXISTS (SELECT 1 FROM account WHERE email = $1 AND name <> $2)";
    Ok(sqlx::query_scalar(taken)
        .bind(email)
        .bind(by)
        .fetch_one(connection)
        .await?)
}

/// Addresses are compared without regard to case, as everybody who types them does.
fn email_form(email: &str) -> String {
    email.to_lowercase()
}

fn role(administrator: bool) -> &'static str {
    if administrator {
        "administrator"
    } else {
        "member"
    }
}

/// Lays a change over a map: `null` takes away.
fn lay_over(map: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (name, value) in change {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
}

/// Everything that a holder's rows and the log call it by.
async fn holder(connection: &mut Connection, holder: Holder<'_>) -> Result<(String, String)> {
    Ok(match holder {
        Holder::Group(name) => ("group".to_owned(), name.to_owned()),
        Holder::User(name) => {
            let group = find(connection, name).await?.map(|account| account.group);
            ("user".to_owned(), group.unwrap_or_default())
        }
    })
}

#[async_trait]
impl Accounts for SqlStore {
    async fn account(&self, name: &str) -> Result<Option<Account>> {
        find(&mut *self.readers.acquire().await?, name).await
    }

    async fn account_by_key(&self, key: &SecretHash, now: i64) -> Result<Option<Account>> {
        sqlx::query(accounts!(
            "JOIN api_key ON api_key.account = account.name
             WHERE hash = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)"
        ))
        .bind(key.as_bytes())
        .bind(now)
        .fetch_optional(&self.readers)
        .await?
        .as_ref()
        .map(account)
        .transpose()
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        sqlx::query(accounts!("WHERE email = $1 AND status <> 'deleted'"))
            .bind(email_form(email))
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(account)
            .transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        sqlx::query(accounts!("WHERE status <> 'deleted' ORDER BY account.name"))
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(account)
            .collect()
    }

    async fn add_account(
        &self,
        new: &NewAccount<'_>,
        key: NewKey<'_>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<AddAccount> {
        let email = new.email.map(email_form);
        storable(email.as_deref().unwrap_or_default())?;
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        if is_taken(&mut tx, new.name).await? {
            return Ok(AddAccount::NameTaken);
        }
        if let Some(email) = &email
            && is_email_taken(&mut tx, email, new.name).await?
        {
            return Ok(AddAccount::EmailTaken);
        }
        match (is_group(&mut tx, new.group).await?, new.tier) {
            (true, Some(_)) => return Ok(AddAccount::GroupTaken),
            (false, None) => return Ok(AddAccount::GroupMissing),
            (true, None) => {}
            (false, Some(tier)) => insert_group(&mut tx, new.group, tier, by, now).await?,
        }
        sqlx::query(
            "INSERT INTO account (name, group_name, role, created, email, group_role, service)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(new.name)
        .bind(new.group)
        .bind(role(new.administrator))
        .bind(now)
        .bind(email)
        .bind(role(new.tier.is_some()))
        .bind(i64::from(new.service))
        .execute(&mut *tx)
        .await?;
        let mut detail = json!({"group": new.group, "administrator": new.administrator});
        if new.service {
            detail["service_account"] = true.into();
        }
        record(
            &mut tx,
            by,
            now,
            "user.created",
            new.name,
            new.group,
            detail,
        )
        .await?;
        insert_key(&mut tx, new.name, new.group, key, by, now).await?;
        tx.commit().await?;
        Ok(AddAccount::Added)
    }

    async fn change_account(
        &self,
        name: &str,
        change: &AccountChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<ChangeAccount> {
        let email = change.email.as_deref().map(email_form);
        for text in [
            &change.first_name,
            &change.last_name,
            &change.profile_phrase,
            &email,
        ] {
            storable(text.as_deref().unwrap_or_default())?;
        }
        let preferences = change
            .preferences
            .as_ref()
            .map(|map| json!(map).to_string());
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        let Some(before) = find(&mut tx, name).await? else {
            return Ok(ChangeAccount::Missing);
        };
        let stays = change.administrator != Some(false)
            && change.status.is_none_or(|status| status == "active");
        if !stays && is_last_administrator(&mut tx, &before).await? {
            return Ok(ChangeAccount::LastAdministrator);
        }
        if let Some(email) = &email
            && is_email_taken(&mut tx, email, name).await?
        {
            return Ok(ChangeAccount::EmailTaken);
        }
        sqlx::query(
            "UPDATE account SET first_name = coalesce($1, first_name),
             last_name = coalesce($2, last_name), profile_phrase = coalesce($3, profile_phrase),
             preferences = coalesce($4, preferences), email = coalesce($5, email),
             status = coalesce($6, status), role = coalesce($7, role),
             group_role = coalesce($8, group_role) WHERE name = $9",
        )
        .bind(&change.first_name)
        .bind(&change.last_name)
        .bind(&change.profile_phrase)
        .bind(preferences)
        .bind(&email)
        .bind(change.status)
        .bind(change.administrator.map(role))
        .bind(change.group_administrator.map(role))
        .bind(name)
        .execute(&mut *tx)
        .await?;
        // Which parts of a profile changed, but not to what: that is the user's own.
        let mut detail = Map::new();
        let profile = [
            ("first_name", change.first_name.is_some()),
            ("last_name", change.last_name.is_some()),
            ("profile_phrase", change.profile_phrase.is_some()),
            ("preferences", change.preferences.is_some()),
        ];
        for (part, _) in profile.iter().filter(|(_, changed)| *changed) {
            detail.insert((*part).to_owned(), Value::Bool(true));
        }
        let told = [
            ("email", email.map(Value::from)),
            ("status", change.status.map(Value::from)),
            ("administrator", change.administrator.map(Value::from)),
            (
                "group_administrator",
                change.group_administrator.map(Value::from),
            ),
        ];
        for (part, value) in told {
            detail.extend(value.map(|value| (part.to_owned(), value)));
        }
        let detail = detail.into();
        record(
            &mut tx,
            by,
            now,
            "user.changed",
            name,
            &before.group,
            detail,
        )
        .await?;
        tx.commit().await?;
        Ok(ChangeAccount::Changed)
    }

    async fn delete_account(&self, name: &str, by: Actor<'_>, now: i64) -> Result<ChangeAccount> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        let Some(account) = find(&mut tx, name).await? else {
            return Ok(ChangeAccount::Missing);
        };
        if is_last_administrator(&mut tx, &account).await? {
            return Ok(ChangeAccount::LastAdministrator);
        }
        for hash in open_keys(&mut tx, name).await? {
            revoke(&mut tx, name, &account.group, &hash, by, now).await?;
        }
        for statement in [
            "DELETE FROM upload_token WHERE account = $1",
            "DELETE FROM privilege WHERE holder_kind = 'user' AND holder = $1",
            // What only they could see.
            "DELETE FROM relation WHERE kind = 'collection' AND item IN
             (SELECT id FROM collection WHERE account = $1 AND private = 1)",
            "DELETE FROM collection WHERE account = $1 AND private = 1",
            "UPDATE account SET status = 'deleted', role = 'member', group_role = 'member',
             email = NULL, first_name = '', last_name = '', profile_phrase = '',
             preferences = '{}' WHERE name = $1",
        ] {
            sqlx::query(statement).bind(name).execute(&mut *tx).await?;
        }
        record(
            &mut tx,
            by,
            now,
            "user.deleted",
            name,
            &account.group,
            json!({}),
        )
        .await?;
        tx.commit().await?;
        Ok(ChangeAccount::Changed)
    }

    async fn add_key(
        &self,
        account: &str,
        key: NewKey<'_>,
        revoke_others: bool,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        let Some(Account { group, .. }) = find(&mut tx, account).await? else {
            return Ok(false);
        };
        if revoke_others {
            for hash in open_keys(&mut tx, account).await? {
                revoke(&mut tx, account, &group, &hash, by, now).await?;
            }
        }
        insert_key(&mut tx, account, &group, key, by, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn keys(&self, account: &str) -> Result<Vec<KeyRecord>> {
        sqlx::query("SELECT * FROM api_key WHERE account = $1 ORDER BY created DESC, hash")
            .bind(account)
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| {
                Ok(KeyRecord {
                    id: key_id(row.try_get("hash")?)?,
                    label: row.try_get("label")?,
                    created: row.try_get("created")?,
                    expires: row.try_get("expires")?,
                    revoked: row.try_get("revoked")?,
                })
            })
            .collect()
    }

    async fn revoke_key(&self, account: &str, id: &str, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        let Some(Account { group, .. }) = find(&mut tx, account).await? else {
            return Ok(false);
        };
        let mut revoked = false;
        for hash in open_keys(&mut tx, account).await? {
            if key_id(&hash)? == id {
                revoked |= revoke(&mut tx, account, &group, &hash, by, now).await?;
            }
        }
        tx.commit().await?;
        Ok(revoked)
    }

    async fn group(&self, name: &str) -> Result<Option<Group>> {
        let row = sqlx::query(groups!("WHERE name = $1"))
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        let Some(mut found) = row.as_ref().map(group).transpose()? else {
            return Ok(None);
        };
        let members = sqlx::query(
            "SELECT name, group_role, service FROM account
             WHERE group_name = $1 AND status <> 'deleted' ORDER BY name",
        )
        .bind(name)
        .fetch_all(&self.readers)
        .await?;
        for member in &members {
            add_member(&mut found, member)?;
        }
        Ok(Some(found))
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let rows = sqlx::query(groups!("ORDER BY name"))
            .fetch_all(&self.readers)
            .await?;
        let mut groups = rows.iter().map(group).collect::<Result<Vec<_>>>()?;
        let members = sqlx::query(
            "SELECT name, group_role, service, group_name FROM account WHERE status <> 'deleted'
             ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await?;
        for member in &members {
            let of: &str = member.try_get("group_name")?;
            // Sorted byte by byte, here as there.
            if let Ok(place) = groups.binary_search_by(|group| group.name.as_str().cmp(of)) {
                add_member(&mut groups[place], member)?;
            }
        }
        Ok(groups)
    }

    async fn add_group(&self, name: &str, tier: Tier, by: Actor<'_>, now: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        if is_group(&mut tx, name).await? {
            return Ok(false);
        }
        insert_group(&mut tx, name, tier, by, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn change_group(
        &self,
        name: &str,
        change: &GroupChange,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool> {
        for text in change.profile.values().filter_map(Value::as_str) {
            storable(text)?;
        }
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        let row = sqlx::query(groups!("WHERE name = $1"))
            .bind(name)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(mut group) = row.as_ref().map(group).transpose()? else {
            return Ok(false);
        };
        lay_over(&mut group.profile, &change.profile);
        lay_over(&mut group.quotas, &change.quotas);
        sqlx::query("UPDATE user_group SET tier = $1, profile = $2, quotas = $3 WHERE name = $4")
            .bind(change.tier.unwrap_or(group.tier).as_str())
            .bind(json!(group.profile).to_string())
            .bind(json!(group.quotas).to_string())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        let mut detail = Map::new();
        if let Some(tier) = change.tier {
            detail.insert("tier".to_owned(), tier.as_str().into());
        }
        for (part, map) in [("profile", &change.profile), ("quotas", &change.quotas)] {
            if !map.is_empty() {
                detail.insert(part.to_owned(), json!(map));
            }
        }
        record(&mut tx, by, now, "group.changed", name, name, detail.into()).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn move_account(
        &self,
        name: &str,
        group: Option<&str>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<Option<String>> {
        let mut tx = self.write().await?;
        serialise(&mut tx, "accounts", "").await?;
        let Some(account) = find(&mut tx, name).await? else {
            return Ok(None);
        };
        let (to, own) = match group {
            Some(group) if is_group(&mut tx, group).await? => (group.to_owned(), false),
            Some(_) => return Ok(None),
            None => (own_group(&mut tx, name, by, now).await?, true),
        };
        sqlx::query("UPDATE account SET group_name = $1, group_role = $2 WHERE name = $3")
            .bind(&to)
            .bind(role(own))
            .bind(name)
            .execute(&mut *tx)
            .await?;
        let left = json!({"group": account.group, "to": to});
        record(
            &mut tx,
            by,
            now,
            "member.removed",
            name,
            &account.group,
            left,
        )
        .await?;
        let joined = json!({"group": to, "from": account.group});
        record(&mut tx, by, now, "member.added", name, &to, joined).await?;
        tx.commit().await?;
        Ok(Some(to))
    }

    async fn grant(
        &self,
        to: Holder<'_>,
        privilege: &str,
        expires: Option<i64>,
        by: Actor<'_>,
        now: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let (kind, group) = holder(&mut tx, to).await?;
        sqlx::query(
            "INSERT INTO privilege (holder_kind, holder, name, expires) VALUES ($1, $2, $3, $4)
             ON CONFLICT (holder_kind, holder, name) DO UPDATE SET expires = excluded.expires",
        )
        .bind(&kind)
        .bind(to.name())
        .bind(privilege)
        .bind(expires)
        .execute(&mut *tx)
        .await?;
        let detail = json!({"privilege": privilege, "to": kind, "expires": expires});
        record(
            &mut tx,
            by,
            now,
            "privilege.granted",
            to.name(),
            &group,
            detail,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    async fn withdraw(
        &self,
        from: Holder<'_>,
        privilege: &str,
        by: Actor<'_>,
        now: i64,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let (kind, group) = holder(&mut tx, from).await?;
        let gone = sqlx::query(
            "DELETE FROM privilege WHERE holder_kind = $1 AND holder = $2 AND name = $3",
        )
        .bind(&kind)
        .bind(from.name())
        .bind(privilege)
        .execute(&mut *tx)
        .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        let detail = json!({"privilege": privilege, "from": kind});
        record(
            &mut tx,
            by,
            now,
            "privilege.revoked",
            from.name(),
            &group,
            detail,
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn add_upload_token(
        &self,
        token: &SecretHash,
        account: &str,
        private: bool,
        expires: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO upload_token (hash, account, expires, private) VALUES ($1, $2, $3, $4)",
        )
        .bind(token.as_bytes())
        .bind(account)
        .bind(expires)
        .bind(i64::from(private))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn take_upload_token(
        &self,
        token: &SecretHash,
        now: i64,
    ) -> Result<Option<(Account, bool)>> {
        let mut tx = self.write().await?;
        let holder: Option<(String, i64, i64)> = sqlx::query_as(
            "DELETE FROM upload_token WHERE hash = $1 RETURNING account, expires, private",
        )
        .bind(token.as_bytes())
        .fetch_optional(&mut *tx)
        .await?;
        // Tokens that nobody came for leave with the one that is used.
        sqlx::query("DELETE FROM upload_token WHERE expires <= $1")
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let (account, private) = match holder {
            Some((name, expires, private)) if expires > now => {
                (find(&mut tx, &name).await?, private == 1)
            }
            _ => (None, false),
        };
        tx.commit().await?;
        // An address outlives a switched-off user's keys, but opens no more than they do.
        let account = account.filter(|account| account.status == "active");
        Ok(account.map(|account| (account, private)))
    }

    async fn pseudonym_key(&self) -> Result<[u8; 32]> {
        let mut tx = self.write().await?;
        let mut drawn = [0; 32];
        getrandom::fill(&mut drawn)?;
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES ('pseudonym-key', $1) ON CONFLICT DO NOTHING",
        )
        .bind(Sha256::from(drawn).to_string())
        .execute(&mut *tx)
        .await?;
        let kept: String =
            sqlx::query_scalar("SELECT value FROM setting WHERE name = 'pseudonym-key'")
                .fetch_one(&mut *tx)
                .await?;
        tx.commit().await?;
        let key: Sha256 = read("setting", &kept)?;
        Ok(*key.as_bytes())
    }
}

/// A group that a user has alone: one that bears the name, or one that is made, with a number
/// after the name where others took it over.
async fn own_group(
    connection: &mut Connection,
    name: &str,
    by: Actor<'_>,
    now: i64,
) -> Result<String> {
    let mut number = 1;
    loop {
        let own = match number {
            1 => name.to_owned(),
            _ => [name, "-", &number.to_string()].concat(),
        };
        if !is_group(connection, &own).await? {
            insert_group(connection, &own, Tier::Public, by, now).await?;
            return Ok(own);
        }
        let shared: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM account
             WHERE group_name = $1 AND name <> $2 AND status <> 'deleted')",
        )
        .bind(&own)
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
        if number == 1 && !shared {
            return Ok(own);
        }
        number += 1;
    }
}
