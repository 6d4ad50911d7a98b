//! Administration on the store itself, beside a running server or without one: `quorum group`,
//! `quorum token`, `quorum audit`, and what `quorum user` does beyond adding and listing. Whoever
//! may read the store may do all of it; the audit log says `(local)`. What a backend is to do
//! instead is in `client::people`.

use clap::{Args, Subcommand};
use serde_json::{Map, json};

use crate::cli::{Failure, is_name, make_data_directory, say};
use crate::client::There;
use crate::clock::{self, DAY};
use crate::config::Config;
use crate::ids::Secret;
use crate::objects::audit_entry;
use crate::routes::is_email;
use crate::store::{
    AccountChange, Actor, AuditFilter, ChangeAccount, GroupChange, Holder, NewKey, Page, Store,
    open,
};
use crate::tier::{ADD_ONS, Tier};

/// The commands of this module at the top level.
pub(crate) enum Command {
    /// `quorum group`.
    Group(GroupCommand),
    /// `quorum token`.
    Token(TokenCommand),
    /// `quorum audit`.
    Audit(AuditQuery),
}

/// More of `quorum user`.
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Changes a user
    Set(UserChange),
    /// Grants a user a privilege beside the group's tier
    Grant(Grant),
    /// Takes a privilege back
    Withdraw(Withdrawal),
    /// Deletes a user: the keys open nothing, the name stays taken, what was sent in and said stays
    Delete {
        name: String,
        #[command(flatten)]
        there: There,
    },
}

impl UserCommand {
    /// Whether a backend is to do it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        match self {
            Self::Set(UserChange { there, .. })
            | Self::Grant(Grant { there, .. })
            | Self::Withdraw(Withdrawal { there, .. })
            | Self::Delete { there, .. } => there.is_named(),
        }
    }
}

/// What changes about a user.
#[derive(Args)]
pub(crate) struct UserChange {
    pub(crate) name: String,
    /// E-mail address, by which groups add the user
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Lets nobody in with the user's keys
    #[arg(long, conflicts_with = "active")]
    suspended: bool,
    /// Lets the user in again
    #[arg(long)]
    active: bool,
    /// Whether the user administers the server
    #[arg(long, value_name = "BOOL")]
    pub(crate) administrator: Option<bool>,
    /// Whether the user administers the group
    #[arg(long, value_name = "BOOL")]
    pub(crate) group_administrator: Option<bool>,
    #[command(flatten)]
    pub(crate) there: There,
}

impl UserChange {
    /// What the user's status becomes.
    pub(crate) fn status(&self) -> Option<&'static str> {
        match (self.suspended, self.active) {
            (true, _) => Some("suspended"),
            (false, true) => Some("active"),
            (false, false) => None,
        }
    }
}

/// What there is to grant here. It is no list of allowed values, since a backend may know others.
fn help_on_privileges() -> String {
    format!("Its name, such as {}", ADD_ONS.join(", "))
}

/// A privilege for somebody.
#[derive(Args)]
pub(crate) struct Grant {
    /// Whose it is
    pub(crate) name: String,
    #[arg(help = help_on_privileges())]
    pub(crate) privilege: String,
    /// For so many days; for ever without
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    #[command(flatten)]
    pub(crate) there: There,
}

impl Grant {
    /// When it ends, in seconds since the Unix epoch.
    pub(crate) fn expires(&self) -> Option<i64> {
        expiry(self.days)
    }
}

/// A privilege that is taken back.
#[derive(Args)]
pub(crate) struct Withdrawal {
    /// Whose it is
    pub(crate) name: String,
    #[arg(help = help_on_privileges())]
    pub(crate) privilege: String,
    #[command(flatten)]
    pub(crate) there: There,
}

/// `quorum group`.
#[derive(Subcommand)]
pub(crate) enum GroupCommand {
    /// Adds a group without members
    Add {
        /// Letters, digits, `.`, `_` and `-`
        name: String,
        /// Licence tier
        #[arg(long, value_enum, default_value_t = Tier::Public)]
        tier: Tier,
    },
    /// Lists groups with their tiers and members
    List,
    /// Changes a group's tier or quotas
    Set(GroupSettings),
    /// Grants a group an add-on
    Grant(Grant),
    /// Takes an add-on back
    Withdraw(Withdrawal),
    /// Moves a user into a group
    Join {
        name: String,
        user: String,
        #[command(flatten)]
        there: There,
    },
    /// Moves a user out of the group, into one of their own
    Leave {
        user: String,
        #[command(flatten)]
        there: There,
    },
}

impl GroupCommand {
    /// Whether a backend is to do it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        match self {
            Self::Add { .. } | Self::List => false,
            Self::Set(GroupSettings { there, .. })
            | Self::Grant(Grant { there, .. })
            | Self::Withdraw(Withdrawal { there, .. })
            | Self::Join { there, .. }
            | Self::Leave { there, .. } => there.is_named(),
        }
    }
}

/// What changes about a group.
#[derive(Args)]
pub(crate) struct GroupSettings {
    pub(crate) name: String,
    /// Licence tier
    #[arg(long, value_enum)]
    pub(crate) tier: Option<Tier>,
    /// What is allowed beside the tier, such as api_requests_daily=5000; without a number what
    /// the tier allows
    #[arg(long, value_name = "NAME=N")]
    pub(crate) quota: Vec<String>,
    #[command(flatten)]
    pub(crate) there: There,
}

/// `quorum token`.
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes another API key for a user and shows it
    Add {
        user: String,
        /// What it is for
        #[arg(long, default_value = "")]
        label: String,
        /// For so many days; for ever without
        #[arg(long, value_name = "N")]
        days: Option<u32>,
    },
    /// Lists a user's keys, without the keys
    List { user: String },
    /// Revokes a key by its id
    Revoke { user: String, id: String },
}

/// `quorum audit`.
#[derive(Args)]
pub(crate) struct AuditQuery {
    /// Who did it
    #[arg(long)]
    actor: Option<String>,
    /// Such as key.revoked
    #[arg(long)]
    action: Option<String>,
    /// The name or id of what it was done to
    #[arg(long)]
    subject: Option<String>,
    /// Whom it concerns
    #[arg(long)]
    group: Option<String>,
    /// Most entries
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Who acts here.
const BY: Actor<'static> = Actor::LOCAL;

/// Carries a command out on the configuration's store.
///
/// # Errors
/// What went wrong, for people.
pub(crate) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    make_data_directory(&config.data)?;
    let store = open::store(config).await?;
    let outcome = match command {
        Command::Group(command) => group(&*store, command).await,
        Command::Token(command) => token(&*store, command).await,
        Command::Audit(query) => audit(&*store, query).await,
    };
    store.close().await;
    outcome
}

fn expiry(days: Option<u32>) -> Option<i64> {
    days.map(|days| clock::now() + i64::from(days) * DAY)
}

fn no_user<T>(name: &str) -> Result<T, Failure> {
    Err(format!("there is no user {name:?}").into())
}

fn no_group<T>(name: &str) -> Result<T, Failure> {
    Err(format!("there is no group {name:?}").into())
}

/// Carries out what `quorum user` does here.
///
/// # Errors
/// What went wrong, for people.
pub(crate) async fn user(store: &dyn Store, command: UserCommand) -> Result<(), Failure> {
    let now = clock::now();
    let (name, outcome) = match command {
        UserCommand::Set(change) => {
            if let Some(email) = change.email.as_deref().filter(|email| !is_email(email)) {
                return Err(format!("{email:?} is no e-mail address").into());
            }
            let changes = AccountChange {
                status: change.status(),
                email: change.email,
                administrator: change.administrator,
                group_administrator: change.group_administrator,
                ..AccountChange::default()
            };
            let outcome = store
                .change_account(&change.name, &changes, BY, now)
                .await?;
            (change.name, outcome)
        }
        UserCommand::Delete { name, .. } => {
            let outcome = store.delete_account(&name, BY, now).await?;
            (name, outcome)
        }
        UserCommand::Grant(grant) => {
            if store.account(&grant.name).await?.is_none() {
                return no_user(&grant.name);
            }
            let holder = Holder::User(&grant.name);
            return granted(store, holder, &grant).await;
        }
        UserCommand::Withdraw(withdrawal) => {
            return withdrawn(store, Holder::User(&withdrawal.name), &withdrawal).await;
        }
    };
    match outcome {
        ChangeAccount::Changed => say(&format!("quorum: user {name:?} changed")),
        ChangeAccount::Missing => no_user(&name),
        ChangeAccount::EmailTaken => Err("another user has this e-mail address".into()),
        ChangeAccount::LastAdministrator => {
            Err("nobody would administer the server any more".into())
        }
    }
}

async fn granted(store: &dyn Store, holder: Holder<'_>, grant: &Grant) -> Result<(), Failure> {
    // A backend may know others.
    if !ADD_ONS.contains(&grant.privilege.as_str()) {
        let known = ADD_ONS.join(", ");
        return Err(format!("{:?} is no privilege; there are: {known}", grant.privilege).into());
    }
    let expires = grant.expires();
    store
        .grant(holder, &grant.privilege, expires, BY, clock::now())
        .await?;
    let until = expires.map_or(String::new(), |end| format!(" until {}", clock::date(end)));
    let (name, privilege) = (&grant.name, &grant.privilege);
    say(&format!("quorum: {name:?} has {privilege}{until}"))
}

async fn withdrawn(
    store: &dyn Store,
    holder: Holder<'_>,
    Withdrawal {
        name, privilege, ..
    }: &Withdrawal,
) -> Result<(), Failure> {
    match store.withdraw(holder, privilege, BY, clock::now()).await? {
        true => say(&format!("quorum: {name:?} has {privilege} no more")),
        false => Err(format!("{privilege} was not granted to {name:?}").into()),
    }
}

/// Reads `NAME=N` or `NAME=`: what is allowed of each, `null` for what the tier allows.
///
/// # Errors
/// One is something else.
pub(crate) fn quotas(settings: &[String]) -> Result<Map<String, serde_json::Value>, String> {
    let mut quotas = Map::new();
    let mut limits = Tier::Public.limits();
    for setting in settings {
        let (name, allowed) = setting
            .split_once('=')
            .filter(|(name, _)| limits.named(name).is_some())
            .ok_or_else(|| format!("{setting:?} sets no quota: give NAME=N"))?;
        let allowed = match allowed {
            "" => serde_json::Value::Null,
            number => json!(
                number
                    .parse::<u64>()
                    .map_err(|_| format!("{setting:?}: no number"))?
            ),
        };
        quotas.insert(name.to_owned(), allowed);
    }
    Ok(quotas)
}

async fn group(store: &dyn Store, command: GroupCommand) -> Result<(), Failure> {
    let now = clock::now();
    match command {
        GroupCommand::Add { name, tier } => {
            if !is_name(&name) {
                return Err(format!("{name:?} is no name").into());
            }
            match store.add_group(&name, tier, BY, now).await? {
                true => say(&format!("quorum: group {name:?} created")),
                false => Err(format!("there is a group {name:?} already").into()),
            }
        }
        GroupCommand::List => {
            for group in store.groups().await? {
                say(&format!(
                    "{}\t{}\t{}\t{}",
                    group.name,
                    group.tier,
                    group.members.join(","),
                    group.administrators.join(",")
                ))?;
            }
            Ok(())
        }
        GroupCommand::Set(GroupSettings {
            name, tier, quota, ..
        }) => {
            let change = GroupChange {
                tier,
                quotas: quotas(&quota)?,
                ..GroupChange::default()
            };
            match store.change_group(&name, &change, BY, now).await? {
                true => say(&format!("quorum: group {name:?} changed")),
                false => no_group(&name),
            }
        }
        GroupCommand::Grant(grant) => {
            if store.group(&grant.name).await?.is_none() {
                return no_group(&grant.name);
            }
            granted(store, Holder::Group(&grant.name), &grant).await
        }
        GroupCommand::Withdraw(withdrawal) => {
            withdrawn(store, Holder::Group(&withdrawal.name), &withdrawal).await
        }
        GroupCommand::Join { name, user, .. } => {
            match store.move_account(&user, Some(&name), BY, now).await? {
                Some(group) => say(&format!("quorum: {user:?} is in {group:?}")),
                None => Err(format!("there is no user {user:?} or no group {name:?}").into()),
            }
        }
        GroupCommand::Leave { user, .. } => match store.move_account(&user, None, BY, now).await? {
            Some(group) => say(&format!("quorum: {user:?} is in {group:?}")),
            None => no_user(&user),
        },
    }
}

async fn token(store: &dyn Store, command: TokenCommand) -> Result<(), Failure> {
    let now = clock::now();
    match command {
        TokenCommand::Add { user, label, days } => {
            let key = Secret::draw()?;
            let hash = key.hash();
            let new = NewKey {
                hash: &hash,
                label: &label,
                expires: expiry(days),
            };
            if !store.add_key(&user, new, false, BY, now).await? {
                return no_user(&user);
            }
            say(&format!(
                "quorum: API key {} of {user:?} (shown once): {}",
                hash.id(),
                key.reveal()
            ))
        }
        TokenCommand::List { user } => {
            if store.account(&user).await?.is_none() {
                return no_user(&user);
            }
            let date = |time: Option<i64>| time.map_or("-".to_owned(), clock::date);
            for key in store.keys(&user).await? {
                say(&format!(
                    "{}\t{}\texpires {}\trevoked {}\t{}",
                    key.id,
                    clock::date(key.created),
                    date(key.expires),
                    date(key.revoked),
                    key.label
                ))?;
            }
            Ok(())
        }
        TokenCommand::Revoke { user, id } => match store.revoke_key(&user, &id, BY, now).await? {
            true => say(&format!(
                "quorum: key {id} of {user:?} opens nothing any more"
            )),
            false => Err(format!("{user:?} has no key {id:?} that could be revoked").into()),
        },
    }
}

async fn audit(store: &dyn Store, query: AuditQuery) -> Result<(), Failure> {
    let filter = AuditFilter {
        actor: query.actor.as_deref(),
        action: query.action.as_deref(),
        subject: query.subject.as_deref(),
        group: query.group.as_deref(),
    };
    let mut left = query.limit;
    let mut before = None;
    while left > 0 {
        let page = Page {
            before,
            limit: left.min(1000),
        };
        let listing = store.audit(filter, page).await?;
        left -= listing.entries.len() as u32;
        for entry in &listing.entries {
            match query.json {
                true => say(&audit_entry(entry).to_string())?,
                false => say(&format!(
                    "{}\t{}\t{}\t{}\t{}\t{}",
                    clock::date_time(entry.date),
                    entry.actor,
                    entry.interface,
                    entry.action,
                    entry.subject,
                    json!(entry.detail)
                ))?,
            }
        }
        before = listing.next;
        if before.is_none() {
            break;
        }
    }
    Ok(())
}
