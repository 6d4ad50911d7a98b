//! `/groups`: who shares a tier and its quotas.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{GroupChangeAttributes, GroupChangeBody, NewMembers, NewServiceAccounts};
use super::people::checked_name;
use super::users::{changed, check_privileges, set_privileges, short, usage_days, usage_table};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::clock::{self, DAY};
use crate::error::ApiError;
use crate::ids::Secret;
use crate::objects;
use crate::quota::Used;
use crate::relationships::{
    administers, descriptors_at, dressed, group_node, objects_at, page, user_node,
};
use crate::store::{
    Account, AccountChange, AddAccount, AuditFilter, Group, GroupChange, Holder, Listing,
    NewAccount, Page, StoreError,
};
use crate::tier::{Limits, UNLIMITED};

/// Most service accounts that are made at once.
const MOST_SERVICE_ACCOUNTS: usize = 40;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(group, change))
        .routes(routes!(api_usage))
        .routes(routes!(users_consuming_quota))
        .routes(routes!(activity_log_entries))
        .routes(routes!(activity_log_entry))
        .routes(routes!(service_account))
        .routes(routes!(service_accounts, add_service_accounts))
        .routes(routes!(relationship))
        .routes(routes!(descriptors, add))
        .routes(routes!(is_in, remove))
}

/// A group one belongs to; to others it is not there.
async fn find(ask: &Ask, id: &str) -> Result<Group, ApiError> {
    let visible = ask.account.administrator || ask.account.group == id;
    let found = if visible {
        ask.app.store.group(id).await?
    } else {
        None
    };
    found.ok_or_else(|| ApiError::not_found(format!("Group {id:?} not found")))
}

/// The same, for what only its administrators may do.
async fn find_administered(ask: &Ask, id: &str) -> Result<Group, ApiError> {
    let group = find(ask, id).await?;
    if administers(ask, &group.name) {
        Ok(group)
    } else {
        Err(ApiError::forbidden(
            "This is for administrators of the group",
        ))
    }
}

/// A group.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "groups",
    params(
        ("id" = String, Path), ("relationships" = Option<String>, Query),
        ("attributes" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn group(ask: Ask, Path(id): Path<String>) -> Answer {
    let group = find(&ask, &id).await?;
    let by_user = match administers(&ask, &group.name) {
        true => Some(usage_by_user(&ask, &group).await?),
        false => None,
    };
    let mut node = group_node(&ask, group).await?;
    if let Some(by_user) = by_user {
        node.object["attributes"]["quota_usage_by_user"] = by_user;
    }
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// Changes a group: what it says of itself by its administrators; tier, quotas and privileges by
/// those of the server.
#[utoipa::path(
    patch, path = "/groups/{id}", tag = "groups", operation_id = "change_group",
    params(("id" = String, Path)),
    request_body = GroupChangeBody,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn change(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<GroupChangeBody>,
) -> Answer {
    let group = find_administered(&ask, &id).await?;
    if body.data.id.is_some_and(|id| id != group.name) {
        return Err(ApiError::bad_request("data.id is another group's"));
    }
    let GroupChangeAttributes {
        organization,
        organization_legal_name,
        country,
        country_iso,
        domain_name,
        industry,
        tier,
        quotas,
        privileges,
    } = body.data.attributes;
    let bought = tier.is_some() || quotas.is_some() || privileges.is_some();
    if bought && !ask.account.administrator {
        return Err(ApiError::forbidden(
            "tier, quotas and privileges are changed by administrators of the server",
        ));
    }
    let mut profile = Map::new();
    for (name, text) in [
        ("organization", organization),
        ("organization_legal_name", organization_legal_name),
        ("country", country),
        ("country_iso", country_iso),
        ("domain_name", domain_name),
        ("industry", industry),
    ] {
        short(text.as_ref())?;
        profile.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    let mut agreed = Map::new();
    let mut limits = group.limits;
    for (name, change) in quotas.unwrap_or_default() {
        if limits.named(&name).is_none() {
            return Err(ApiError::invalid_argument(format!(
                "{name:?} is no quota that can be set"
            )));
        }
        if change.allowed.is_some_and(|allowed| allowed > UNLIMITED) {
            return Err(ApiError::invalid_argument(format!(
                "{name:?} cannot be more than {UNLIMITED}"
            )));
        }
        agreed.insert(name, json!(change.allowed));
    }
    let privileges = privileges.unwrap_or_default();
    let with_tier = tier.unwrap_or(group.tier).privileges();
    check_privileges(&privileges, with_tier)?;
    let change = GroupChange {
        tier,
        profile,
        quotas: agreed,
    };
    let (store, by) = (&ask.app.store, ask.actor());
    store
        .change_group(&group.name, &change, by, clock::now())
        .await?;
    set_privileges(&ask, Holder::Group(&group.name), &privileges).await?;
    let node = group_node(&ask, find(&ask, &group.name).await?).await?;
    Ok(Json(json!({"data": node.object})))
}

/// Requests of all members by day and endpoint: the last 30 days, or 30 days at most of the last
/// 60. Free of charge.
#[utoipa::path(
    get, path = "/groups/{id}/api_usage", tag = "groups", operation_id = "group_api_usage",
    params(
        ("id" = String, Path),
        ("start_date" = Option<String>, Query, description = "YYYYMMDD"),
        ("end_date" = Option<String>, Query, description = "YYYYMMDD")
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn api_usage(ask: Ask, Path(id): Path<String>) -> Answer {
    let group = find_administered(&ask, &id).await?;
    let (first, last) = usage_days(&ask)?;
    ask.app.ledger.flush().await?;
    let rows = ask
        .app
        .store
        .usage_of_group(&group.name, first, last)
        .await?;
    Ok(Json(json!({"data": usage_table(first, last, rows)})))
}

/// The days of a period of a quota, the first and the last, counted from the Unix epoch: the one
/// that is running, or one that `period=` names as `YYYYMM`, or `YYYYMMDD` for a day's quota.
fn period(ask: &Ask, daily: bool) -> Result<(i64, i64), ApiError> {
    let today = clock::now() / DAY;
    let running = match daily {
        true => (today, today),
        false => (clock::month_start(today), today),
    };
    let asked = ask.parameter("period").unwrap_or_default();
    let day = match (asked.len(), daily) {
        (0, _) => return Ok(running),
        (8, true) => clock::day_from_compact(asked).map(|day| (day, day)),
        (6, false) => clock::day_from_compact(&format!("{asked}01"))
            .map(|first| (first, clock::month_end(first))),
        _ => None,
    };
    day.ok_or_else(|| {
        let form = if daily { "YYYYMMDD" } else { "YYYYMM" };
        ApiError::invalid_argument(format!("period is {asked:?}; it must be {form}"))
    })
}

/// What members used of one of the group's quotas in a period, by name.
async fn used_of(
    ask: &Ask,
    group: &Group,
    quota: &str,
    (first, last): (i64, i64),
) -> Result<BTreeMap<String, u64>, ApiError> {
    let store = &ask.app.store;
    let mut by_user: BTreeMap<String, u64> = BTreeMap::new();
    // What the others are spent on stands in the store by itself; some nobody can spend yet.
    if matches!(quota, "api_requests_daily" | "api_requests_monthly") {
        for row in store.usage_of_group(&group.name, first, last).await? {
            *by_user.entry(row.account).or_default() += row.used;
        }
    }
    for spent in store.spent(&group.name, clock::month_start(first)).await? {
        if spent.quota == quota {
            *by_user.entry(spent.account).or_default() += spent.used;
        }
    }
    Ok(by_user)
}

/// By what members who used something are ordered.
#[derive(Clone, Copy)]
enum ConsumerOrder {
    Used,
    Name,
}

/// Members by what they used of one of the group's quotas in the time that it is running or in
/// another one, most first.
#[utoipa::path(
    get, path = "/groups/{id}/users_consuming_quota/{quota_name}", tag = "groups",
    params(
        ("id" = String, Path), ("quota_name" = String, Path),
        ("period" = Option<String>, Query, description = "`YYYYMM`, or `YYYYMMDD` for a day's quota"),
        ("order" = Option<String>, Query,
            description = "`quota_consumed_from_group` or `id`, with `+` or `-` behind it"),
        ("attributes" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn users_consuming_quota(
    ask: Ask,
    Path((id, quota)): Path<(String, String)>,
) -> Answer {
    let group = find_administered(&ask, &id).await?;
    let known = objects::quotas(group.limits, Used::default(), Used::default());
    if !known.iter().any(|(name, ..)| *name == quota) {
        return Err(ApiError::not_found(format!("There is no quota {quota:?}")));
    }
    let orders = [
        ("quota_consumed_from_group", ConsumerOrder::Used),
        ("id", ConsumerOrder::Name),
    ];
    let order = ask.order(&orders)?.unwrap_or((ConsumerOrder::Used, false));
    let days = period(&ask, quota == "api_requests_daily")?;
    ask.app.ledger.flush().await?;
    let mut consumers = Vec::new();
    for (name, used) in used_of(&ask, &group, &quota, days).await? {
        // Those who were deleted are no users any more: a page must not be empty where they were.
        if let Some(account) = ask.app.store.account(&name).await? {
            consumers.push((account, used));
        }
    }
    match order {
        (ConsumerOrder::Name, true) => {}
        (ConsumerOrder::Name, false) => consumers.reverse(),
        (ConsumerOrder::Used, true) => consumers.sort_by_key(|(_, used)| *used),
        (ConsumerOrder::Used, false) => {
            consumers.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
        }
    }
    let Listing {
        entries,
        next,
        total,
    } = ask.part(ask.page()?, consumers);
    let mut nodes = Vec::new();
    for (account, used) in entries {
        let mut node = user_node(&ask, account).await?;
        node.object["context_attributes"] = json!({"quota_consumed_from_group": used});
        nodes.push(node);
    }
    let listing = Listing {
        entries: nodes,
        next,
        total,
    };
    page(&ask, listing).await
}

/// What each member used of the group's quotas in the time that they are running.
async fn usage_by_user(ask: &Ask, group: &Group) -> Result<Value, ApiError> {
    ask.app.ledger.flush().await?;
    let mut by_user: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    for (quota, ..) in objects::quotas(group.limits, Used::default(), Used::default()) {
        let today = clock::now() / DAY;
        let days = match quota {
            "api_requests_daily" => (today, today),
            _ => (clock::month_start(today), today),
        };
        for (name, used) in used_of(ask, group, quota, days).await? {
            by_user.entry(name).or_default().insert(quota, used);
        }
    }
    Ok(json!(by_user))
}

/// Who did what in the group, newest first, for its administrators.
#[utoipa::path(
    get, path = "/groups/{id}/activity_log_entries", tag = "groups",
    params(
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn activity_log_entries(ask: Ask, Path(id): Path<String>) -> Answer {
    let group = find_administered(&ask, &id).await?;
    let filter = AuditFilter {
        group: Some(&group.name),
        ..AuditFilter::default()
    };
    let entries = ask.app.store.audit(filter, ask.page()?).await?;
    Ok(ask.list(entries.map(|entry| objects::activity_log_entry(&ask.origin, &entry))))
}

/// One entry of a group's log, for its administrators.
#[utoipa::path(
    get, path = "/activity_log_entries/{id}", tag = "groups",
    params(("id" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn activity_log_entry(ask: Ask, Path(id): Path<String>) -> Answer {
    let missing = || ApiError::not_found(format!("Activity log entry {id:?} not found"));
    let seq: i64 = id.parse().map_err(|_| missing())?;
    let page = Page {
        before: Some(seq.saturating_add(1)),
        limit: 1,
    };
    let found = ask.app.store.audit(AuditFilter::default(), page).await?;
    let entry = found.entries.into_iter().find(|entry| {
        entry.seq == seq && !entry.group.is_empty() && administers(&ask, &entry.group)
    });
    let entry = entry.ok_or_else(missing)?;
    Ok(Json(
        json!({"data": objects::activity_log_entry(&ask.origin, &entry)}),
    ))
}

/// A service account of one's group. Its key is shown once, when it is made.
#[utoipa::path(
    get, path = "/service_accounts/{id}", tag = "groups",
    params(
        ("id" = String, Path, description = "The group, `_`, what it is called there"),
        ("relationships" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn service_account(ask: Ask, Path(id): Path<String>) -> Answer {
    let found = ask.app.store.account(&id).await?;
    let visible = |account: &Account| {
        account.service && (ask.account.administrator || ask.account.group == account.group)
    };
    let account = found
        .filter(visible)
        .ok_or_else(|| ApiError::not_found("Service account not found"))?;
    let node = user_node(&ask, account).await?;
    Ok(Json(json!({"data": dressed(&ask, node).await?})))
}

/// A group's service accounts, as descriptors.
#[utoipa::path(
    get, path = "/groups/{id}/relationships/service_accounts", tag = "groups",
    operation_id = "groups_service_accounts",
    params(
        ("id" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn service_accounts(ask: Ask, Path(id): Path<String>) -> Answer {
    descriptors(ask, Path((id, "service_accounts".to_owned()))).await
}

/// Makes service accounts in a group, by its administrators: members that are nobody, for what runs
/// by itself. The key of each is `apikey` in this answer and nowhere else.
#[utoipa::path(
    post, path = "/groups/{id}/relationships/service_accounts", tag = "groups",
    operation_id = "groups_add_service_accounts",
    params(("id" = String, Path)),
    request_body = NewServiceAccounts,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add_service_accounts(
    ask: Ask,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewServiceAccounts>,
) -> Answer {
    let group = find_administered(&ask, &id).await?;
    if body.data.is_empty() || body.data.len() > MOST_SERVICE_ACCOUNTS {
        return Err(ApiError::invalid_argument(format!(
            "data must be a list of 1 to {MOST_SERVICE_ACCOUNTS}"
        )));
    }
    let store = &ask.app.store;
    let taken = |name: &str| ApiError::already_exists(format!("The name {name:?} is taken"));
    // All of them are looked at before the first is made.
    let mut names = Vec::new();
    for one in &body.data {
        let name = format!("{}_{}", group.name, one.name());
        checked_name(one.name())?;
        checked_name(&name)?;
        if names.contains(&name) || store.account(&name).await?.is_some() {
            return Err(taken(&name));
        }
        names.push(name);
    }
    let mut data = Vec::new();
    for name in names {
        let key = Secret::draw().map_err(StoreError::from)?;
        let hash = key.hash();
        let new = NewAccount {
            name: &name,
            group: &group.name,
            tier: None,
            administrator: false,
            service: true,
            email: None,
        };
        let added = store.add_account(&new, (&hash).into(), ask.actor(), clock::now());
        let account = match added.await? {
            AddAccount::Added => store.account(&name).await?,
            _ => None,
        };
        let account = account.ok_or_else(|| taken(&name))?;
        let mut object = user_node(&ask, account).await?.object;
        object["attributes"]["apikey"] = key.reveal().into();
        data.push(object);
    }
    Ok(Json(json!({"data": data})))
}

/// A group's `users`, `administrators` or `service_accounts`.
#[utoipa::path(
    get, path = "/groups/{id}/{relationship}", tag = "groups",
    operation_id = "groups_relationship",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn relationship(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = group_node(&ask, find(&ask, &id).await?).await?.owner;
    objects_at(&ask, &owner, &name).await
}

/// The same as descriptors.
#[utoipa::path(
    get, path = "/groups/{id}/relationships/{relationship}", tag = "groups",
    operation_id = "groups_descriptors",
    params(
        ("id" = String, Path), ("relationship" = String, Path),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn descriptors(ask: Ask, Path((id, name)): Path<(String, String)>) -> Answer {
    let owner = group_node(&ask, find(&ask, &id).await?).await?.owner;
    descriptors_at(&ask, &owner, &name).await
}

/// A group's relationships that have members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    Users,
    Administrators,
    ServiceAccounts,
}

/// Which of them is meant.
fn members(name: &str) -> Result<Members, ApiError> {
    match name {
        "users" => Ok(Members::Users),
        "administrators" => Ok(Members::Administrators),
        "service_accounts" => Ok(Members::ServiceAccounts),
        _ => Err(ApiError::not_found(format!(
            "Type \"group\" has no relationship {name:?} with members"
        ))),
    }
}

/// Adds users to a group, or members to its administrators, by their e-mail addresses.
///
/// Administrators of the server add anybody. Those of a group add who shares no group with
/// anybody and has no licence of their own; others are not there for them.
#[utoipa::path(
    post, path = "/groups/{id}/relationships/{relationship}", tag = "groups",
    operation_id = "groups_add",
    params(("id" = String, Path), ("relationship" = String, Path)),
    request_body = NewMembers,
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn add(
    ask: Ask,
    Path((id, name)): Path<(String, String)>,
    JsonBody(body): JsonBody<NewMembers>,
) -> Answer {
    let group = find_administered(&ask, &id).await?;
    // Service accounts have a route of their own.
    let administrators = members(&name)? == Members::Administrators;
    // All of them are found before the first is added.
    let mut accounts = Vec::new();
    for member in &body.data {
        let email = &member.id;
        if !email.contains('@') {
            return Err(ApiError::invalid_argument(format!(
                "{email:?} is no e-mail address; users are added by theirs"
            )));
        }
        let found = ask.app.store.account_by_email(email).await?;
        let may_be_added = match &found {
            None => false,
            Some(account) if account.group == group.name => true,
            Some(account) => !administrators && may_take_in(&ask, account).await?,
        };
        match found {
            Some(account) if may_be_added => accounts.push(account),
            _ => return Err(ApiError::not_found(format!("User {email:?} not found"))),
        }
    }
    let (store, now) = (&ask.app.store, clock::now());
    for account in &accounts {
        if administrators {
            set_role(&ask, account, true).await?;
        } else if account.group != group.name {
            store
                .move_account(&account.name, Some(&group.name), ask.actor(), now)
                .await?;
        }
    }
    let data: Vec<_> = accounts
        .iter()
        .map(|account| json!({"type": "user", "id": account.name}))
        .collect();
    Ok(Json(json!({"data": data})))
}

/// Whether the caller may make somebody a member who is none.
async fn may_take_in(ask: &Ask, account: &Account) -> Result<bool, ApiError> {
    if ask.account.administrator {
        return Ok(true);
    }
    let has_licence = account.limits != Limits::of_nobody() || !account.privileges.is_empty();
    let group = ask.app.store.group(&account.group).await?;
    let alone =
        group.is_some_and(|group| group.members.len() == 1 && group.service_accounts.is_empty());
    Ok(alone && !has_licence && !account.administrator && !account.service)
}

async fn set_role(ask: &Ask, account: &Account, administrator: bool) -> Result<(), ApiError> {
    let change = AccountChange {
        group_administrator: Some(administrator),
        ..AccountChange::default()
    };
    let (store, now) = (&ask.app.store, clock::now());
    let outcome = store.change_account(&account.name, &change, ask.actor(), now);
    changed(outcome.await?)
}

/// A member of one of the relationships, by name or e-mail address.
async fn find_member(
    ask: &Ask,
    group: &Group,
    members: Members,
    user: &str,
) -> Result<Option<Account>, ApiError> {
    let is_one = |account: &Account| {
        account.group == group.name
            && account.service == (members == Members::ServiceAccounts)
            && (account.group_administrator || members != Members::Administrators)
    };
    let found = match user.contains('@') {
        true => ask.app.store.account_by_email(user).await?,
        false => ask.app.store.account(user).await?,
    };
    Ok(found.filter(is_one))
}

/// Whether somebody is one of them: `true` or `false`.
#[utoipa::path(
    get, path = "/groups/{id}/relationships/{relationship}/{user}", tag = "groups",
    operation_id = "groups_is_in",
    params(("id" = String, Path), ("relationship" = String, Path), ("user" = String, Path)),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn is_in(
    ask: Ask,
    Path((id, name, user)): Path<(String, String, String)>,
) -> Answer {
    let group = find(&ask, &id).await?;
    let member = find_member(&ask, &group, members(&name)?, &user).await?;
    Ok(Json(json!({"data": Value::Bool(member.is_some())})))
}

/// Takes somebody out of the group, into one of their own; or out of its administrators. Members
/// may leave by themselves. A service account is deleted.
#[utoipa::path(
    delete, path = "/groups/{id}/relationships/{relationship}/{user}", tag = "groups",
    operation_id = "groups_remove",
    params(("id" = String, Path), ("relationship" = String, Path), ("user" = String, Path)),
    responses((status = 200, description = "An empty object"), Errors)
)]
pub(crate) async fn remove(
    ask: Ask,
    Path((id, name, user)): Path<(String, String, String)>,
) -> Answer {
    let group = find(&ask, &id).await?;
    let members = members(&name)?;
    let member = find_member(&ask, &group, members, &user).await?;
    let oneself = member
        .as_ref()
        .is_some_and(|one| one.name == ask.account.name);
    if !oneself && !administers(&ask, &group.name) {
        return Err(ApiError::forbidden(
            "This is for administrators of the group",
        ));
    }
    let member = member
        .ok_or_else(|| ApiError::not_found(format!("User {user:?} not found in the group")))?;
    let (store, by, now) = (&ask.app.store, ask.actor(), clock::now());
    match members {
        Members::Administrators => set_role(&ask, &member, false).await?,
        Members::ServiceAccounts => {
            changed(store.delete_account(&member.name, by, now).await?)?;
        }
        Members::Users => {
            store.move_account(&member.name, None, by, now).await?;
        }
    }
    Ok(Json(json!({})))
}
