//! `/users`: accounts, what they may do, and what is left of their quotas.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{
    MAX_EMAIL, MAX_PROFILE_TEXT, PrivilegeChange, UserChange, UserChangeAttributes, UserStatus,
};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock::{self, DAY};
use crate::error::ApiError;
use crate::ids::SecretHash;
use crate::objects;
use crate::relationships::{descriptors_at, dressed, may_manage, may_see, objects_at, user_node};
use crate::store::{Account, AccountChange, ChangeAccount, Holder, UsageRow};
use crate::tier::ADD_ONS;

/// How far back usage can be asked for, and over how many days at a time.
const USAGE_KEPT: i64 = 60;
const USAGE_SPAN: i64 = 30;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(user, change, delete))
        .routes(routes!(overall_quotas))
        .routes(routes!(api_usage))
        .routes(routes!(relationship))
        .routes(routes!(descriptors))
}

/// The user with a name or, by the user's own word, a key.
pub(super) async fn find(ask: &Ask, id: &str) -> Result<Account, ApiError> {
    let account = match SecretHash::of(id) {
        Some(key) => ask.app.store.account_by_key(&key, clock::now()).await?,
        None => ask.app.store.account(id).await?,
    };
    // The message must not repeat what may be a key.
    account.ok_or_else(|| ApiError::not_found("User not found"))
}

/// The same, for what only the user and administrators may see.
pub(super) async fn find_own(ask: &Ask, id: &str) -> Result<Account, ApiError> {
    let account = find(ask, id).await?;
    if may_see(ask, &account) {
        Ok(account)
    } else {
        Err(ApiError::forbidden(
            "This is for the user and for administrators",
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

/// Whether a text can be an e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    text.len() <= MAX_EMAIL
        && text.chars().all(plain)
        && text
            .rsplit_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

/// Refuses what is too long for a profile.
pub(super) fn short(text: Option<&String>) -> Result<(), ApiError> {
    match text {
        Some(text) if text.chars().count() > MAX_PROFILE_TEXT => Err(ApiError::invalid_argument(
            format!("{text:?} is longer than {MAX_PROFILE_TEXT} characters"),
        )),
        _ => Ok(()),
    }
}

/// Changes a user: oneself, or one whom one administers.
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
        email,
        status,
        privileges,
    } = body.data.attributes;
    for text in [&first_name, &last_name, &profile_phrase] {
        short(text.as_ref())?;
    }
    // An address is what administrators of groups name a user by: who could choose it could be
    // taken for somebody else.
    if (email.is_some() || privileges.is_some()) && !ask.account.administrator {
        return Err(ApiError::forbidden(
            "email and privileges are changed by administrators of the server",
        ));
    }
    if status.is_some() && !may_manage(&ask, &account) {
        return Err(ApiError::forbidden("status is changed by administrators"));
    }
    if let Some(email) = email.as_deref().filter(|email| !is_email(email)) {
        return Err(ApiError::invalid_argument(format!(
            "{email:?} is no e-mail address"
        )));
    }
    let mut privileges = privileges.unwrap_or_default();
    let administrator = match privileges.remove("admin") {
        Some(PrivilegeChange {
            granted: true,
            expiration_date: Some(_),
        }) => {
            return Err(ApiError::invalid_argument(
                "admin is a role, which does not expire",
            ));
        }
        role => role.map(|role| role.granted),
    };
    let inherited = account.tier.privileges();
    check_privileges(&privileges, inherited)?;
    let change = AccountChange {
        first_name,
        last_name,
        profile_phrase,
        preferences,
        email,
        status: status.map(UserStatus::as_str),
        administrator,
        group_administrator: None,
    };
    changed(
        ask.app
            .store
            .change_account(&account.name, &change, ask.actor(), clock::now())
            .await?,
    )?;
    set_privileges(&ask, Holder::User(&account.name), &privileges).await?;
    let node = user_node(&ask, find(&ask, &account.name).await?).await?;
    Ok(Json(json!({"data": node.object})))
}

/// What became of a change, as an answer.
pub(super) fn changed(outcome: ChangeAccount) -> Result<(), ApiError> {
    match outcome {
        ChangeAccount::Changed => Ok(()),
        ChangeAccount::Missing => Err(ApiError::not_found("User not found")),
        ChangeAccount::EmailTaken => Err(ApiError::already_exists(
            "Another user has this e-mail address",
        )),
        ChangeAccount::LastAdministrator => Err(ApiError::bad_request(
            "Nobody would administer the server any more",
        )),
    }
}

/// Refuses privileges that there are not, or that cannot be taken back.
///
/// # Errors
/// See above.
pub(super) fn check_privileges(
    privileges: &BTreeMap<String, PrivilegeChange>,
    with_tier: &[&str],
) -> Result<(), ApiError> {
    for (name, change) in privileges {
        if !ADD_ONS.contains(&name.as_str()) {
            return Err(ApiError::invalid_argument(format!(
                "There is no privilege {name:?}; there are {}",
                ADD_ONS.join(", ")
            )));
        }
        if !change.granted && with_tier.contains(&name.as_str()) {
            return Err(ApiError::invalid_argument(format!(
                "Privilege {name:?} comes with the group's tier and cannot be taken back"
            )));
        }
        if change.granted
            && change
                .expiration_date
                .is_some_and(|end| end <= clock::now())
        {
            return Err(ApiError::invalid_argument(format!(
                "The expiration_date of {name:?} is over"
            )));
        }
    }
    Ok(())
}

/// Grants and takes back what [`check_privileges`] has let through.
///
/// # Errors
/// The store does not answer.
pub(super) async fn set_privileges(
    ask: &Ask,
    holder: Holder<'_>,
    privileges: &BTreeMap<String, PrivilegeChange>,
) -> Result<(), ApiError> {
    let (store, by, now) = (&ask.app.store, ask.actor(), clock::now());
    for (name, change) in privileges {
        if change.granted {
            let expires = change.expiration_date;
            store.grant(holder, name, expires, by, now).await?;
        } else {
            store.withdraw(holder, name, by, now).await?;
        }
    }
    Ok(())
}

/// Deletes a user: oneself, or by an administrator of the server. The keys open nothing any more
/// and the profile is gone; the name stays taken, and what was sent in and said stays.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", operation_id = "delete_user",
    params(("id" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn delete(ask: Ask, Path(id): Path<String>) -> Answer {
    let account = find_own(&ask, &id).await?;
    if ask.account.name != account.name && !ask.account.administrator {
        return Err(ApiError::forbidden(
            "A user is deleted by themselves or by an administrator of the server",
        ));
    }
    let store = &ask.app.store;
    changed(
        store
            .delete_account(&account.name, ask.actor(), clock::now())
            .await?,
    )?;
    Ok(Json(json!({})))
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
    let quotas: Map<_, _> = objects::quotas(account.limits, user, group)
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
    let (first, last) = usage_days(&ask)?;
    ask.app.ledger.flush().await?;
    let rows = ask.app.store.usage_of(&account.name, first, last).await?;
    Ok(Json(json!({"data": usage_table(first, last, rows)})))
}

/// The days that usage is asked for, both included, counted from the Unix epoch.
///
/// # Errors
/// They are none, too many or too long ago.
pub(super) fn usage_days(ask: &Ask) -> Result<(i64, i64), ApiError> {
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
    Ok((first, last))
}

/// Usage by day and endpoint, and by endpoint.
pub(super) fn usage_table(first: i64, last: i64, rows: Vec<UsageRow>) -> Value {
    let mut daily: BTreeMap<String, BTreeMap<String, u64>> = (first..=last)
        .map(|day| (clock::date(day * DAY), BTreeMap::new()))
        .collect();
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *total.entry(row.endpoint.clone()).or_default() += row.used;
        let that_day = daily.entry(clock::date(row.day * DAY)).or_default();
        *that_day.entry(row.endpoint).or_default() += row.used;
    }
    json!({"daily": daily, "total": total})
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
