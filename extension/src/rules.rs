//! The library, which has a module of its own (`quorum-library`): loaded when somebody asks for it, a pack is
//! due, or something is looked up in local lists. What is needed at each start and each download is read from
//! the database without it.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use quorum_core::api::{Failure, Method, Purpose};
use quorum_core::message::{News, Problem};
use quorum_core::rules::{Glance, Job, ScanReport, time_limit};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::awake::Awake;
use crate::bindings::{database, error_value, from_js, library, now, platform, scanner, words};
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, fetch};
use crate::task::spawn_local;
use crate::{pages, settings};

/// How long one file of a pack may take to come, in milliseconds.
const LIMIT_MS: u32 = 60_000;
/// How long an answer about a hit may take to come, in milliseconds: a download may be waiting for it.
const LOOKUP_LIMIT_MS: u32 = 5_000;
/// How often it is looked whether a pack is due, in minutes.
const ALARM_MINUTES: f64 = 60.0;

/// The stored library, as far as it is read here.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Stored {
    glance: Glance,
}

/// What is to be known of a store of the library, if anything is in it.
async fn glance(store: &str) -> Option<Glance> {
    match database::get(store, "library").await {
        Ok(stored) => from_js::<Stored>(stored).map(|stored| stored.glance),
        Err(error) => {
            error_value(&error);
            None
        }
    }
}

/// Asks the library; question and answer are JSON of its own.
///
/// # Errors
/// Its module does not load.
pub(crate) async fn ask(request: &str) -> Result<String, Problem> {
    let _awake = Awake::new();
    let answer = library::ask(request)
        .await
        .map_err(|error| Problem::Browser {
            message: words(&error),
        })?;
    Ok(answer.as_string().unwrap_or_default())
}

/// Has the packs looked after that are due, without anybody waiting for it, and sees to it that this is
/// called again.
pub(crate) fn tick() {
    if platform::in_private() {
        return;
    }
    spawn_local(async {
        let glances = [glance("rules").await, glance("lists").await];
        // What the organisation has set since is not in the library yet.
        let is_new = |lists: bool| {
            let known = glances[usize::from(lists)].as_ref();
            known.map_or(&[][..], |glance| &glance.managed) != settings::managed_sources(lists)
        };
        let is_new = is_new(false) || is_new(true);
        let glances = || glances.iter().flatten();
        if (is_new || glances().any(|glance| glance.due.is_some()))
            && let Err(error) = platform::set_alarm("rules", ALARM_MINUTES).await
        {
            error_value(&error);
        }
        if is_new || glances().any(|glance| glance.is_due(now())) {
            // What woke us is to be done first.
            TimeoutFuture::new(1_000).await;
            let _awake = Awake::new();
            if let Err(error) = library::refresh().await {
                error_value(&error);
            }
        }
    });
}

/// Whether any rules are on.
pub(crate) async fn any() -> bool {
    glance("rules").await.unwrap_or_default().any
}

/// Whether any local lists are on.
pub(crate) async fn any_lists() -> bool {
    glance("lists").await.is_some_and(|glance| glance.any)
}

/// What the rules that are on say of a file.
pub(crate) async fn scan(file: &Blob) -> ScanReport {
    let _awake = Awake::new();
    let limit = time_limit(file.size() as u64);
    scanner::run(&Job::Scan, Some(file), limit).await.report()
}

/// Fetches a file for the library, without cookies, or asks about what is in `body`: the status and, where
/// that is 200, the bytes; `null` if they are more than `most`. The key goes along to the configured backend's
/// own address and nowhere else; a question goes there alone. Of a private one nothing is kept.
///
/// # Errors
/// There is no answer.
#[wasm_bindgen]
pub async fn fetch_file(
    url: String,
    most: f64,
    body: Option<String>,
    private: bool,
) -> Result<Array, JsValue> {
    let nothing = |_| JsValue::NULL;
    let key = settings::connection()
        .filter(|(backend, _)| backend.has_quorum_url(&url))
        .map(|(_, key)| key);
    let (purpose, limit_ms) = match body {
        Some(_) if key.is_none() => return Err(JsValue::NULL),
        Some(_) => (Purpose::Background, LOOKUP_LIMIT_MS),
        None => (Purpose::Update, LIMIT_MS),
    };
    if key.is_some() {
        settings::with_budget(|budget| budget.take(purpose, now())).map_err(|_| JsValue::NULL)?;
    }
    let stop = Stop::new().ok_or(JsValue::NULL)?;
    let outgoing = Outgoing {
        method: match body {
            Some(_) => Method::Post,
            None => Method::Get,
        },
        url: &url,
        key: key.as_ref().map(|key| key.reveal()),
        cookies: false,
        payload: match body {
            Some(body) => Payload::Text(body, "application/json"),
            None => Payload::Empty,
        },
        redirects: Redirects::Refused,
        limit_ms,
        idle_ms: None,
        cause: Cause { purpose, private },
    };
    let incoming = fetch(outgoing, &stop).await.map_err(nothing)?;
    let status = incoming.status();
    if status == 429 && key.is_some() {
        let refused = Failure::RateLimited { retry_at: None };
        settings::with_budget(|budget| budget.refused(&refused, now()));
    }
    let bytes = match status {
        200 => incoming.bytes(most as usize).await.map_err(nothing)?,
        _ => None,
    };
    let bytes = bytes.map_or(JsValue::NULL, |bytes| {
        Uint8Array::from(bytes.as_slice()).into()
    });
    Ok(Array::of2(&status.into(), &bytes))
}

/// Where the backend is asked what stands behind a hit in a list that was fetched from this address, if it
/// was fetched from the backend.
#[wasm_bindgen]
pub fn lookup_address(feed: &str) -> Option<String> {
    let (backend, _) = settings::connection()?;
    backend
        .has_quorum_url(feed)
        .then(|| backend.quorum_url("lookups"))
}

/// The addresses that the organisation has set: of lists, or of packs of rules.
#[wasm_bindgen]
pub fn managed_sources(lists: bool) -> Vec<String> {
    settings::managed_sources(lists)
}

/// Tells all pages that the rules have changed.
#[wasm_bindgen]
pub fn rules_changed(library: String) {
    pages::publish(&News::Rules(library));
}

/// Tells all pages that local lists have changed.
#[wasm_bindgen]
pub fn lists_changed(lists: String) {
    pages::publish(&News::Lists(lists));
}
