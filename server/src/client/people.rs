//! Users and groups of a backend changed: `quorum user set`, `grant`, `withdraw` and `delete`, and
//! `quorum group set`, `grant`, `withdraw`, `join` and `leave` with `--backend`. What they do on the
//! store of this machine is in `admin`.
//!
//! Users are added to a group by their e-mail addresses; who names one otherwise has the backend
//! asked for it first.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::connection::Connection;
use super::objects::escape;
use super::{Exit, Outcome, Stop, written};
use crate::admin::{
    Grant, GroupCommand, GroupSettings, UserChange, UserCommand, Withdrawal, quotas,
};

/// Carries out what `quorum user` has a backend do.
///
/// # Errors
/// The backend does not do it, or cannot be asked.
pub(crate) async fn user(command: UserCommand) -> Outcome {
    match command {
        UserCommand::Set(change) => set_user(change).await,
        UserCommand::Grant(grant) => granted("user", grant).await,
        UserCommand::Withdraw(withdrawal) => withdrawn("user", withdrawal).await,
        UserCommand::Delete { name, there } => {
            let path = path("user", &name);
            there.connect()?.change(Method::DELETE, &path, None).await?;
            done(&format!("user {name:?} deleted"))
        }
    }
}

/// Carries out what `quorum group` has a backend do.
///
/// # Errors
/// The backend does not do it, or cannot be asked.
pub(crate) async fn group(command: GroupCommand) -> Outcome {
    match command {
        GroupCommand::Set(GroupSettings {
            name,
            tier,
            quota,
            there,
        }) => {
            let mut attributes = Map::new();
            if let Some(tier) = tier {
                attributes.insert("tier".to_owned(), json!(tier));
            }
            let quotas = quotas(&quota).map_err(Stop::usage)?;
            if !quotas.is_empty() {
                let allowed = |(name, n): (String, Value)| (name, json!({"allowed": n}));
                let quotas: Map<_, _> = quotas.into_iter().map(allowed).collect();
                attributes.insert("quotas".to_owned(), quotas.into());
            }
            change(&there.connect()?, "group", &name, attributes).await?;
            done(&format!("group {name:?} changed"))
        }
        GroupCommand::Grant(grant) => granted("group", grant).await,
        GroupCommand::Withdraw(withdrawal) => withdrawn("group", withdrawal).await,
        GroupCommand::Join { name, user, there } => {
            add(&there.connect()?, &name, "users", &user).await?;
            done(&format!("{user:?} is in {name:?}"))
        }
        GroupCommand::Leave { user, there } => {
            let connection = there.connect()?;
            let group = group_of(&connection, &user).await?;
            remove(&connection, &group, "users", &user).await?;
            done(&format!("{user:?} is in {group:?} no more"))
        }
        // They have no backend: its API has neither.
        GroupCommand::Add { .. } | GroupCommand::List => Ok(Exit::Fine),
    }
}

fn done(what: &str) -> Outcome {
    written(&format!("quorum: {what}"))?;
    Ok(Exit::Fine)
}

fn path(kind: &str, name: &str) -> String {
    format!("{kind}s/{}", escape(name))
}

/// Where the members of a group are changed: `which` of them, `users` or `administrators`.
fn members(group: &str, which: &str) -> String {
    format!("{}/relationships/{which}", path("group", group))
}

/// Changes attributes, if there is any to change.
async fn change(
    connection: &Connection,
    kind: &str,
    name: &str,
    attributes: Map<String, Value>,
) -> Result<(), Stop> {
    if !attributes.is_empty() {
        let body = json!({"data": {"type": kind, "id": name, "attributes": attributes}});
        let path = path(kind, name);
        connection.change(Method::PATCH, &path, Some(&body)).await?;
    }
    Ok(())
}

async fn set_user(set: UserChange) -> Outcome {
    let connection = set.there.connect()?;
    let name = &set.name;
    let mut attributes = Map::new();
    if let Some(email) = &set.email {
        attributes.insert("email".to_owned(), json!(email));
    }
    if let Some(status) = set.status() {
        attributes.insert("status".to_owned(), json!(status));
    }
    if let Some(granted) = set.administrator {
        let privileges = json!({"admin": {"granted": granted}});
        attributes.insert("privileges".to_owned(), privileges);
    }
    change(&connection, "user", name, attributes).await?;
    if let Some(administrator) = set.group_administrator {
        let group = group_of(&connection, name).await?;
        match administrator {
            true => add(&connection, &group, "administrators", name).await?,
            false => remove(&connection, &group, "administrators", name).await?,
        }
    }
    done(&format!("user {name:?} changed"))
}

async fn privilege(
    connection: &Connection,
    kind: &str,
    name: &str,
    privilege: &str,
    change_to: Value,
) -> Result<(), Stop> {
    let attributes = Map::from_iter([("privileges".to_owned(), json!({privilege: change_to}))]);
    change(connection, kind, name, attributes).await
}

async fn granted(kind: &str, grant: Grant) -> Outcome {
    let connection = grant.there.connect()?;
    let mut granted = json!({"granted": true});
    if let Some(expires) = grant.expires() {
        granted["expiration_date"] = json!(expires);
    }
    privilege(&connection, kind, &grant.name, &grant.privilege, granted).await?;
    done(&format!("{:?} has {}", grant.name, grant.privilege))
}

async fn withdrawn(
    kind: &str,
    Withdrawal {
        name,
        privilege: of,
        there,
    }: Withdrawal,
) -> Outcome {
    let granted = json!({"granted": false});
    privilege(&there.connect()?, kind, &name, &of, granted).await?;
    done(&format!("{name:?} has {of} no more"))
}

async fn add(connection: &Connection, group: &str, which: &str, user: &str) -> Result<(), Stop> {
    let email = match user.contains('@') {
        true => user.to_owned(),
        false => {
            let document = connection.get(path("user", user)).await?;
            let email = document["data"]["attributes"]["email"].as_str();
            email.map(str::to_owned).ok_or_else(|| {
                Stop::usage(format!(
                    "the backend does not tell the e-mail address of {user:?}, by which groups add \
                     users: give it instead"
                ))
            })?
        }
    };
    let body = json!({"data": [{"type": "user", "id": email}]});
    let path = members(group, which);
    Ok(connection.change(Method::POST, &path, Some(&body)).await?)
}

async fn remove(connection: &Connection, group: &str, which: &str, user: &str) -> Result<(), Stop> {
    let path = format!("{}/{}", members(group, which), escape(user));
    Ok(connection.change(Method::DELETE, &path, None).await?)
}

/// The group of a user.
async fn group_of(connection: &Connection, user: &str) -> Result<String, Stop> {
    let document = connection
        .get(format!("{}/groups", path("user", user)))
        .await?;
    let group = document["data"][0]["id"].as_str();
    group
        .map(str::to_owned)
        .ok_or_else(|| Stop::usage(format!("the backend names no group of {user:?}")))
}
