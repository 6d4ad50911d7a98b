//! `/users` and `/groups`: accounts, and what is left of their quotas.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{MAX_PROFILE_TEXT, UserChange, UserChangeAttributes};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock::{self, DAY};
use crate::error::ApiError;
use crate::ids::SecretHash;
use crate::objects;
use crate::relationships::{descriptors_at, dressed, group_node, may_see, objects_at, user_node};
use crate::store::{Account, Group, ProfileChange};

/// How far back usage can be asked for, and over how many days at a time.
const USAGE_KEPT: i64 = 60;
const USAGE_SPAN: i64 = 30;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(user, change))
        .routes(routes!(overall_quotas))
        .routes(routes!(api_usage))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
        .routes(routes!(group))
        .routes(routes!(group_relationship))
        .routes(routes!(group_descriptors))
}

/// The user with a name or, by the user's own word, a key.
async fn find(ask: &Ask, id: &str) -> Result<Account, ApiError> {
    let account = match SecretHash::of(id) {
        Some(key) => ask.app.store.account_by_key(&key, clock::now()).await?,
        None => ask.app.store.account(id).await?,
    };
    // The message must not repeat what may be a key.
    account.ok_or_else(|| ApiError::not_found("User not found"))
}

/// The same, for what only the user and administrators may see.
async fn find_own(ask: &Ask, id: &str) -> Result<Account, ApiError> {
    let account = find(ask, id).await?;
    if may_see(ask, &account) {
        Ok(account)
    } else {
        Err(ApiError::forbidden(
            "Only the user and administrators can see this",
        ))
    }
}

/// A user, by name or key; quotas and privileges only for oneself.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn user(ask: Ask, Path(id): Path<String>) -> Answer {
    let node = user_node(&ask, find(&ask, &id).await?).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Changes first name, last name, profile phrase or preferences.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", operation_id = "change_user",
    params(("id" = String, Path)),
    request_body = UserChange,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn change(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<UserChange>,
) -> Answer {
    let account = find_own(&ask, &id).await?;
    if body.data.id.is_some_and(|id| id != account.name) {
        return Err(ApiError::bad_request("data.id is another user's"));
    }
    let UserChangeAttributes {
        first_name,
        last_name,
        profile_phrase,
        preferences,
    } = body.data.attributes;
    for text in [&first_name, &last_name, &profile_phrase]
        .into_iter()
        .flatten()
    {
        if text.chars().count() > MAX_PROFILE_TEXT {
            return Err(ApiError::invalid_argument(format!(
                "{text:?} is longer than {MAX_PROFILE_TEXT} characters"
            )));
        }
    }
    let change = ProfileChange {
        first_name,
        last_name,
        profile_phrase,
        preferences,
    };
    ask.app.store.change_profile(&account.name, &change).await?;
    let node = user_node(&ask, find(&ask, &account.name).await?).await?;
    Ok(Json(json!({"data": node.object})))
}

/// What is allowed and used, by the user and by the group. Free of charge.
#[utoipa::path(
    get, path = "/users/{id}/overall_quotas", tag = "users",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn overall_quotas(ask: Ask, Path(id): Path<String>) -> Answer {
    let account = find_own(&ask, &id).await?;
    let (user, group) = ask.app.ledger.used(&account, clock::now()).await?;
    let quotas: Map<_, _> = objects::quotas(account.tier.limits(), user, group)
        .into_iter()
        .map(|(name, allowed, by_user, by_group)| {
            let quota = json!({
                "user": {"allowed": allowed, "used": by_user},
                "group": {"allowed": allowed, "used": by_group, "inherited_from": account.group},
            });
            (name.to_owned(), quota)
        })
        .collect();
    Ok(Json(json!({"data": quotas})))
}

/// Requests by day and endpoint: the last 30 days, or 30 days at most of the last 60. Free of
/// charge.
#[utoipa::path(
    get, path = "/users/{id}/api_usage", tag = "users",
    params(
        ("id" = String, Path),
        ("start_date" = Option<String>, Query, description = "YYYYMMDD"),
        ("end_date" = Option<String>, Query, description = "YYYYMMDD")
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn api_usage(ask: Ask, Path(id): Path<String>) -> Answer {
    let account = find_own(&ask, &id).await?;
    let today = clock::now() / DAY;
    let day = |name: &str| match ask.parameter(name) {
        None | Some("") => Ok(None),
        Some(text) => clock::day_from_compact(text).map(Some).ok_or_else(|| {
            ApiError::invalid_argument(format!("{name} is {text:?}; it must be YYYYMMDD"))
        }),
    };
    let last = day("end_date")?.unwrap_or(today).min(today);
    let first = day("start_date")?.unwrap_or(last - USAGE_SPAN + 1);
    if first > last || last - first > USAGE_SPAN || first < today - USAGE_KEPT {
        return Err(ApiError::invalid_argument(format!(
            "The days must be {USAGE_SPAN} at most, of the last {USAGE_KEPT}, the first one first"
        )));
    }
    ask.app.ledger.flush().await?;
    let mut daily: BTreeMap<String, BTreeMap<String, u64>> = (first..=last)
        .map(|day| (clock::date(day * DAY), BTreeMap::new()))
        .collect();
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    for row in ask.app.store.usage_of(&account.name, first, last).await? {
        *total.entry(row.endpoint.clone()).or_default() += row.used;
        let that_day = daily.entry(clock::date(row.day * DAY)).or_default();
        *that_day.entry(row.endpoint).or_default() += row.used;
    }
    Ok(Json(json!({"data": {"daily": daily, "total": total}})))
}

/// What belongs to a user.
#[utoipa::path(
    get, path = "/users/{id}/{relationship}", tag = "users", operation_id = "users_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = user_node(&ask, find(&ask, &id).await?).await?.owner;
    objects_at(&ask, &owner, &name).await
}

/// The same as descriptors.
#[utoipa::path(
    get, path = "/users/{id}/relationships/{relationship}", tag = "users",
    operation_id = "users_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = user_node(&ask, find(&ask, &id).await?).await?.owner;
    descriptors_at(&ask, &owner, &name).await
}

/// A group one belongs to; to others it is not there.
async fn find_group(ask: &Ask, id: &str) -> Result<Group, ApiError> {
    let visible = ask.account.administrator || ask.account.group == id;
    let found = if visible {
        ask.app.store.group(id).await?
    } else {
        None
    };
    found.ok_or_else(|| ApiError::not_found(format!("Group {id:?} not found")))
}

/// A group.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "groups",
    params(("id" = String, Path), ("relationships" = Option<String>, Query)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn group(ask: Ask, Path(id): Path<String>) -> Answer {
    let node = group_node(&ask, find_group(&ask, &id).await?).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// A group's `users` or `administrators`.
#[utoipa::path(
    get, path = "/groups/{id}/{relationship}", tag = "groups",
    operation_id = "groups_relationship",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn group_relationship(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let owner = group_node(&ask, find_group(&ask, &id).await?).await?.owner;
    objects_at(&ask, &owner, &name).await
}

/// The same as descriptors.
#[utoipa::path(
    get, path = "/groups/{id}/relationships/{relationship}", tag = "groups",
    operation_id = "groups_descriptors",
    params(("id" = String, Path), ("relationship" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn group_descriptors(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let owner = group_node(&ask, find_group(&ask, &id).await?).await?.owner;
    descriptors_at(&ask, &owner, &name).await
}
