//! `/users`, `/groups` and keys as our own additions have them: what the API v3 leaves to a web page.

use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{NewGroup, NewKeyBody, NewUser};
use super::users::{find, find_own, is_email, short};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::cli::is_name;
use crate::clock;
use crate::error::ApiError;
use crate::ids::Secret;
use crate::objects;
use crate::relationships::{administers, group_node, page, user_node};
use crate::store::{AddAccount, Listing, NewAccount, NewKey, StoreError};
use crate::tier::Tier;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(users, add_user))
        .routes(routes!(keys, add_key))
        .routes(routes!(revoke_key))
        .routes(routes!(groups, add_group))
}

/// For administrators of the server only.
pub(super) fn administrators_only(ask: &Ask) -> Result<(), ApiError> {
    match ask.account.administrator {
        true => Ok(()),
        false => Err(ApiError::forbidden(
            "This is for administrators of the server",
        )),
    }
}

pub(super) fn checked_name(name: &str) -> Result<(), ApiError> {
    match is_name(name) {
        true => Ok(()),
        false => Err(ApiError::invalid_argument(format!(
            "{name:?} is no name: 1 to 63 letters, digits, \".\", \"_\" and \"-\""
        ))),
    }
}

/// Users by name: all of them for administrators of the server, the group's for its own.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn users(ask: Ask) -> Answer {
    let mut accounts = ask.app.store.accounts().await?;
    if !ask.account.administrator {
        if !ask.account.group_administrator {
            return Err(ApiError::forbidden("This is for administrators"));
        }
        accounts.retain(|account| account.group == ask.account.group);
    }
    let part = ask.part(ask.page()?, accounts);
    let mut entries = Vec::new();
    for account in part.entries {
        entries.push(user_node(&ask, account).await?);
    }
    let listing = Listing {
        entries,
        next: part.next,
        total: part.total,
    };
    page(&ask, listing).await
}

/// Makes a user. Their first key is `apikey` in this answer and nowhere else.
#[utoipa::path(
    post, path = "/users", tag = "users",
    request_body = NewUser,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_user(ask: Ask, JsonBody(body): JsonBody<NewUser>) -> Answer {
    let name = body.data.id;
    let attributes = body.data.attributes;
    checked_name(&name)?;
    let (group, tier) = if ask.account.administrator {
        match (attributes.group, attributes.tier) {
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid_argument(
                    "A user joins a group or has one with a tier, not both",
                ));
            }
            (Some(group), None) => (group, None),
            (None, tier) => (name.clone(), Some(tier.unwrap_or(Tier::Public))),
        }
    } else {
        let own = &ask.account.group;
        let only_own =
            attributes.tier.is_none() && attributes.group.as_ref().is_none_or(|group| group == own);
        if !ask.account.group_administrator || !only_own {
            return Err(ApiError::forbidden(
                "Users are made by administrators of the server, and by those of a group in it",
            ));
        }
        (own.clone(), None)
    };
    if let Some(email) = attributes.email.as_deref().filter(|email| !is_email(email)) {
        return Err(ApiError::invalid_argument(format!(
            "{email:?} is no e-mail address"
        )));
    }
    let key = Secret::draw().map_err(StoreError::from)?;
    let hash = key.hash();
    let new = NewAccount {
        name: &name,
        group: &group,
        tier,
        administrator: false,
        service: false,
        email: attributes.email.as_deref(),
    };
    let store = &ask.app.store;
    let added = store.add_account(&new, (&hash).into(), ask.actor(), clock::now());
    match added.await? {
        AddAccount::Added => {}
        AddAccount::NameTaken => {
            return Err(ApiError::already_exists(format!(
                "The name {name:?} is taken"
            )));
        }
        AddAccount::EmailTaken => {
            return Err(ApiError::already_exists(
                "Another user has this e-mail address",
            ));
        }
        AddAccount::GroupTaken => {
            return Err(ApiError::already_exists(format!(
                "There is a group {group:?}"
            )));
        }
        AddAccount::GroupMissing => {
            return Err(ApiError::not_found(format!("Group {group:?} not found")));
        }
    }
    let mut object = user_node(&ask, find(&ask, &name).await?).await?.object;
    object["attributes"]["apikey"] = key.reveal().into();
    Ok(Json(json!({"data": object})))
}

/// A user's keys, the newest first: their names and dates, never the keys.
#[utoipa::path(
    get, path = "/users/{id}/keys", tag = "users",
    params(
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn keys(ask: Ask, Path(id): Path<String>) -> Answer {
    let account = find_own(&ask, &id).await?;
    let keys = ask.app.store.keys(&account.name).await?;
    let listing = ask.part(ask.page()?, keys);
    Ok(ask.list(listing.map(|key| objects::api_key(&account.name, &key, None))))
}

/// Makes another key, for oneself, for a service account by who administers its group, or by an
/// administrator of the server. It is `apikey` in this
/// answer and nowhere else.
#[utoipa::path(
    post, path = "/users/{id}/keys", tag = "users",
    params(("id" = String, Path)),
    request_body = NewKeyBody,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_key(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewKeyBody>,
) -> Answer {
    let account = find_own(&ask, &id).await?;
    // Whoever makes a key for a user can act as the user.
    let of_ours = account.service && administers(&ask, &account.group);
    if ask.account.name != account.name && !ask.account.administrator && !of_ours {
        return Err(ApiError::forbidden(
            "A key is made by the user or by an administrator of the server; a service account's \
             by one of its group",
        ));
    }
    let attributes = body.data.attributes;
    short(Some(&attributes.label))?;
    let now = clock::now();
    if attributes.expiration_date.is_some_and(|end| end <= now) {
        return Err(ApiError::invalid_argument("expiration_date is over"));
    }
    let key = Secret::draw().map_err(StoreError::from)?;
    let hash = key.hash();
    let new = NewKey {
        hash: &hash,
        label: &attributes.label,
        expires: attributes.expiration_date,
    };
    let (store, by) = (&ask.app.store, ask.actor());
    if !store.add_key(&account.name, new, false, by, now).await? {
        return Err(ApiError::not_found("User not found"));
    }
    let record = crate::store::KeyRecord {
        id: hash.id(),
        label: attributes.label,
        created: now,
        expires: attributes.expiration_date,
        revoked: None,
    };
    let object = objects::api_key(&account.name, &record, Some(&key.reveal()));
    Ok(Json(json!({"data": object})))
}

/// Revokes a key, from the next request on.
#[utoipa::path(
    delete, path = "/users/{id}/keys/{key}", tag = "users",
    params(("id" = String, Path), ("key" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn revoke_key(ask: Ask, Path((id, key)): Path<(String, String)>) -> Answer {
    let account = find_own(&ask, &id).await?;
    let (store, by) = (&ask.app.store, ask.actor());
    if !store
        .revoke_key(&account.name, &key, by, clock::now())
        .await?
    {
        return Err(ApiError::not_found(format!("Key {key:?} not found")));
    }
    Ok(Json(json!({})))
}

/// All groups by name, for administrators of the server.
#[utoipa::path(
    get, path = "/groups", tag = "groups",
    params(("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn groups(ask: Ask) -> Answer {
    administrators_only(&ask)?;
    let part = ask.part(ask.page()?, ask.app.store.groups().await?);
    let mut entries = Vec::new();
    for group in part.entries {
        entries.push(group_node(&ask, group).await?);
    }
    let listing = Listing {
        entries,
        next: part.next,
        total: part.total,
    };
    page(&ask, listing).await
}

/// Makes a group without members.
#[utoipa::path(
    post, path = "/groups", tag = "groups",
    request_body = NewGroup,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_group(ask: Ask, JsonBody(body): JsonBody<NewGroup>) -> Answer {
    administrators_only(&ask)?;
    let name = body.data.id;
    checked_name(&name)?;
    let (store, by) = (&ask.app.store, ask.actor());
    let tier = body.data.attributes.tier;
    if !store.add_group(&name, tier, by, clock::now()).await? {
        return Err(ApiError::already_exists(format!(
            "There is a group {name:?}"
        )));
    }
    let made = store.group(&name).await?;
    let made = made.ok_or_else(|| ApiError::not_found(format!("Group {name:?} not found")))?;
    Ok(Json(json!({"data": group_node(&ask, made).await?.object})))
}
