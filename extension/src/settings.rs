//! What the user has set, and the one key. Settings lie in `storage.local`, the key and what was
//! learnt of the account in `storage.session`, which the browser keeps in memory, and the budget in the
//! database, since a backend counts on when the browser is started anew; in a private window, which writes
//! nothing to disk and counts by itself, in `storage.session` too. A key that is
//! to be remembered lies sealed in the vault beside. The key is bound to its backend's origin: an
//! address that changes without it, by whatever way, finds no key.

use std::cell::RefCell;

use quorum_core::api::{ApiKey, Backend, Budget, Purpose};
use quorum_core::message::State;
use quorum_core::policy::{Managed, Policy};
use quorum_core::report::Account;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::bindings::{database, error_value, from_js, now, platform, to_js, vault};
use crate::store;
use crate::task::spawn_local;

/// Under which name the budget is kept.
const BUDGET: &str = "budget";
/// Both schemes' patterns: what "all sites" means.
const ALL_SITES: [&str; 2] = ["https://*/*", "http://*/*"];

/// All of it, as it is now.
#[derive(Clone)]
struct Settings {
    /// The one that counts.
    backend: Option<Backend>,
    /// The backend's address as the user has set it.
    address: Option<String>,
    key: Option<ApiKey>,
    remember: bool,
    downloads: bool,
    dry_run: bool,
    /// The user's own.
    policy: Policy,
    managed: Managed,
    /// What the organisation has set that is of no use, as [`Managed::read`] tells it.
    managed_bad: Vec<String>,
    all_sites: bool,
    saved_files: bool,
    account: Option<Account>,
    budget: Budget,
}

thread_local! {
    static SETTINGS: RefCell<Settings> = RefCell::new(Settings {
        backend: None,
        address: None,
        key: None,
        remember: false,
        downloads: false,
        dry_run: false,
        policy: Policy::default(),
        managed: Managed::default(),
        managed_bad: Vec::new(),
        all_sites: false,
        saved_files: false,
        account: None,
        budget: Budget::default(),
    });
}

fn read<T>(take: impl FnOnce(&Settings) -> T) -> T {
    SETTINGS.with_borrow(take)
}

fn change<T>(make: impl FnOnce(&mut Settings) -> T) -> T {
    SETTINGS.with_borrow_mut(make)
}

/// `storage.local`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Local {
    settings: Stored,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Stored {
    address: Option<String>,
    downloads: bool,
    remember: bool,
    dry_run: bool,
    policy: Policy,
}

/// `storage.session`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Session {
    /// Not an [`ApiKey`]: that type has no serde form, so that it is never written by accident.
    key: Option<Bound<String>>,
    account: Option<Bound<Account>>,
    budget: Option<Bound<Budget>>,
    /// When it was last looked for downloads to be asked about anew, in milliseconds since the Unix epoch.
    rechecked: Option<i64>,
}

/// Something that is true of one backend only.
#[derive(Serialize, Deserialize)]
struct Bound<T> {
    origin: String,
    value: T,
}

impl<T> Bound<T> {
    fn to(self, backend: &Backend) -> Option<T> {
        (self.origin == backend.origin()).then_some(self.value)
    }
}

/// The organisation has changed what it sets.
pub(crate) async fn reread_managed() {
    let (managed, bad) = managed().await;
    let backend = |of: &Managed| of.address.clone();
    if backend(&managed) != read(|settings| backend(&settings.managed)) {
        // Another backend has another key, account and budget.
        return load().await;
    }
    change(|settings| {
        settings.managed = managed;
        settings.managed_bad = bad;
    });
}

async fn managed() -> (Managed, Vec<String>) {
    let managed = platform::read_managed().await.ok();
    Managed::read(managed.and_then(from_js).unwrap_or_default())
}

/// Reads everything from where it is stored. What cannot be read counts as not set.
pub(crate) async fn load() {
    let local: Local = from_area("local").await;
    let session: Session = from_area("session").await;
    let stored = local.settings;
    let (managed, bad) = managed().await;
    let address = managed.address.clone().or(stored.address.clone());
    let backend: Option<Backend> = address.and_then(|address| address.parse().ok());
    let mut key = None;
    let mut account = None;
    let mut budget = Budget::default();
    if let Some(backend) = &backend {
        key = session.key.and_then(|key| key.to(backend));
        let remember = stored.remember && managed.remember != Some(false);
        if key.is_none() && remember && !platform::in_private() {
            key = remembered(backend).await;
        }
        account = session.account.and_then(|account| account.to(backend));
        let stored = match platform::in_private() {
            true => session.budget,
            false => store::state(BUDGET).await,
        };
        budget = stored
            .and_then(|budget| budget.to(backend))
            .unwrap_or_else(|| Budget::new(backend));
    }
    change(|settings| {
        settings.backend = backend;
        settings.address = stored.address;
        settings.key = key.and_then(|key| key.parse().ok());
        settings.remember = stored.remember;
        settings.downloads = stored.downloads;
        settings.dry_run = stored.dry_run;
        settings.policy = stored.policy;
        settings.managed = managed;
        settings.managed_bad = bad;
        settings.account = account;
        settings.budget = budget;
    });
    reread_permissions().await;
}

async fn from_area<T: serde::de::DeserializeOwned + Default>(area: &str) -> T {
    match platform::read_storage(area).await {
        Ok(value) => from_js(value).unwrap_or_default(),
        Err(error) => {
            error_value(&error);
            T::default()
        }
    }
}

async fn remembered(backend: &Backend) -> Option<String> {
    let secret = vault::unseal().await.ok()?.as_string()?;
    serde_json::from_str::<Bound<String>>(&secret)
        .ok()?
        .to(backend)
}

async fn write<T: Serialize>(area: &str, name: &str, value: &T) {
    if let Err(error) = platform::write_storage(area, name, &to_js(value)).await {
        error_value(&error);
    }
}

async fn save() {
    let stored = read(|settings| Stored {
        address: settings.address.clone(),
        downloads: settings.downloads,
        remember: settings.remember,
        dry_run: settings.dry_run,
        policy: settings.policy.clone(),
    });
    write("local", "settings", &stored).await;
}

/// Whom to ask, and with which key.
pub(crate) fn connection() -> Option<(Backend, ApiKey)> {
    read(|settings| Some((settings.backend.clone()?, settings.key.clone()?)))
}

/// The present backend.
pub(crate) fn backend() -> Option<Backend> {
    read(|settings| settings.backend.clone())
}

/// Whether downloads are checked.
pub(crate) fn downloads() -> bool {
    read(|settings| settings.managed.downloads.unwrap_or(settings.downloads))
}

/// Switches the checks of downloads.
pub(crate) async fn set_downloads(enabled: bool) {
    change(|settings| settings.downloads = enabled);
    save().await;
}

/// Whether nothing is sent, and only logged.
pub(crate) fn dry_run() -> bool {
    read(|settings| settings.managed.dry_run.unwrap_or(settings.dry_run))
}

/// What is done with downloads.
pub(crate) fn policy() -> Policy {
    read(|settings| settings.managed.over(&settings.policy))
}

/// Takes the user's settings for downloads. What the organisation has set stays as it is.
pub(crate) async fn set_policy(policy: Policy) {
    change(|settings| settings.policy = settings.managed.under(policy, &settings.policy));
    save().await;
}

/// The addresses that the organisation has set for a store of the library.
pub(crate) fn managed_sources(lists: bool) -> Vec<String> {
    read(|settings| {
        let managed = &settings.managed;
        let sources = if lists {
            &managed.lists
        } else {
            &managed.rule_packs
        };
        sources.clone().unwrap_or_default()
    })
}

/// Whether the organisation has set the backend.
pub(crate) fn backend_is_managed() -> bool {
    read(|settings| settings.managed.address.is_some())
}

/// Begins or ends a dry run.
pub(crate) async fn set_dry_run(enabled: bool) {
    change(|settings| settings.dry_run = enabled);
    save().await;
}

/// Whether the present key may be used at this address: it may if that is the same origin.
pub(crate) fn has_key_for(backend: &Backend) -> bool {
    read(|settings| {
        settings.key.is_some()
            && settings
                .backend
                .as_ref()
                .is_some_and(|present| present.origin() == backend.origin())
    })
}

/// Takes a new backend, and a new key unless the present one stays.
///
/// # Errors
/// The browser's, if the key cannot be remembered; it is kept for this session then.
pub(crate) async fn connect(
    backend: Backend,
    key: Option<ApiKey>,
    remember: bool,
) -> Result<(), JsValue> {
    // The same key of the same backend has used up what it has used up.
    let same = key.is_none() && has_key_for(&backend);
    let key = key.or_else(|| read(|settings| settings.key.clone()));
    let bound = key.as_ref().map(|key| Bound {
        origin: backend.origin(),
        value: key.reveal().to_owned(),
    });
    // A private window's key is gone with the window.
    let allowed = read(|settings| settings.managed.remember) != Some(false);
    let remember = remember && allowed && !platform::in_private();
    change(|settings| {
        if !same {
            settings.budget = Budget::new(&backend);
        }
        if settings.managed.address.is_none() {
            settings.address = Some(backend.to_string());
        }
        settings.account = None;
        settings.backend = Some(backend);
        settings.key = key;
        settings.remember = remember;
    });
    write("session", "key", &bound).await;
    let _ = platform::remove_from_storage("session", "account").await;
    save().await;
    save_budget().await;
    match bound {
        Some(bound) if remember => {
            let secret = serde_json::to_string(&bound).unwrap_or_default();
            vault::seal(&secret).await.map(drop)
        }
        _ => vault::forget().await.map(drop),
    }
}

/// Takes over what the backend says of the account.
pub(crate) async fn learn(account: Account) {
    let Some(backend) = backend() else { return };
    change(|settings| {
        settings.budget.learn(&account);
        settings.account = Some(account.clone());
    });
    let bound = Bound {
        origin: backend.origin(),
        value: account,
    };
    write("session", "account", &bound).await;
    save_budget().await;
}

/// Changes the budget, which all windows share, and stores it.
pub(crate) fn with_budget<T>(make: impl FnOnce(&mut Budget) -> T) -> T {
    let out = change(|settings| make(&mut settings.budget));
    spawn_local(save_budget());
    out
}

async fn save_budget() {
    let bound = read(|settings| {
        settings.backend.as_ref().map(|backend| Bound {
            origin: backend.origin(),
            value: settings.budget.clone(),
        })
    });
    match bound {
        Some(bound) if platform::in_private() => write("session", BUDGET, &bound).await,
        Some(bound) => store::put_state(BUDGET, &bound).await,
        None => {}
    }
}

/// Whether it is time to ask about older downloads anew, which is done each so many milliseconds in a
/// session; the time counts from now then.
pub(crate) async fn take_turn(each_ms: i64) -> bool {
    let session: Session = from_area("session").await;
    let now = now();
    let ago = session.rechecked.map(|last| now - last);
    if ago.is_some_and(|ago| (0..each_ms).contains(&ago)) {
        return false;
    }
    write("session", "rechecked", &now).await;
    true
}

/// Asks the browser again what we may read.
pub(crate) async fn reread_permissions() {
    let all_sites = may_read(ALL_SITES.map(str::to_owned).to_vec()).await;
    let files = platform::may_read_files().await;
    let saved_files = files.is_ok_and(|files| files.is_truthy());
    change(|settings| {
        settings.all_sites = all_sites;
        settings.saved_files = saved_files;
    });
}

/// Whether all of these match patterns are granted.
pub(crate) async fn may_read(patterns: Vec<String>) -> bool {
    platform::may_read(patterns)
        .await
        .is_ok_and(|granted| granted.is_truthy())
}

/// How things stand. The key itself is no part of it.
pub(crate) fn state() -> State {
    read(|settings| State {
        address: settings.backend.as_ref().map(ToString::to_string),
        backend: settings.backend.as_ref().map(Backend::label),
        has_key: settings.key.is_some(),
        remember: settings.remember && settings.managed.remember != Some(false),
        account: settings.account.clone(),
        remaining: settings.budget.remaining(now()),
        downloads: settings.managed.downloads.unwrap_or(settings.downloads),
        all_sites: settings.all_sites,
        can_hold: platform::can_hold(),
        saved_files: platform::can_hold().then_some(settings.saved_files),
        dry_run: settings.managed.dry_run.unwrap_or(settings.dry_run),
        policy: settings.managed.over(&settings.policy),
        managed: settings.managed.names(),
        managed_bad: settings.managed_bad.clone(),
        newer_data: database::is_newer(),
    })
}

/// How many requests could leave now without anybody waiting for them, counted up to `most`.
pub(crate) fn free(most: usize) -> usize {
    read(|settings| settings.budget.free(Purpose::Background, now(), most))
}

/// When the next request could leave without anybody waiting for it.
pub(crate) fn opens_at() -> i64 {
    read(|settings| settings.budget.opens_at(Purpose::Background, now()))
}

/// What is left of the budget.
pub(crate) fn remaining() -> quorum_core::api::Remaining {
    read(|settings| settings.budget.remaining(now()))
}
