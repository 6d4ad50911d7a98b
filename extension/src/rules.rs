//! The library, which has a module of its own (`quorum-library`): loaded when somebody asks for it or a pack
//! is due. What is needed at each start and each download is read from the database without it.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use quorum_core::api::{Method, Purpose};
use quorum_core::message::{News, Problem};
use quorum_core::rules::{Glance, Job, ScanReport, time_limit};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use crate::awake::Awake;
use crate::bindings::{database, error_value, from_js, library, now, platform, scanner, words};
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, fetch};
use crate::pages;

/// How long one file of a pack may take to come, in milliseconds.
const LIMIT_MS: u32 = 60_000;
/// How often it is looked whether a pack is due, in minutes.
const ALARM_MINUTES: f64 = 60.0;

/// The stored library, as far as it is read here.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Stored {
    glance: Glance,
}

async fn glance() -> Glance {
    let stored = match database::get("rules", "library").await {
        Ok(stored) => from_js::<Stored>(stored),
        Err(error) => {
            error_value(&error);
            None
        }
    };
    stored.unwrap_or_default().glance
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
        let glance = glance().await;
        if glance.due.is_some()
            && let Err(error) = platform::set_alarm("rules", ALARM_MINUTES).await
        {
            error_value(&error);
        }
        if glance.is_due(now()) {
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
    glance().await.any
}

/// What the rules that are on say of a file.
pub(crate) async fn scan(file: &Blob) -> ScanReport {
    let _awake = Awake::new();
    let limit = time_limit(file.size() as u64);
    scanner::run(&Job::Scan, Some(file), limit).await.report()
}

/// Fetches a file for the library, without cookies: its status and, where that is 200, its bytes; `null` if
/// they are more than `most`.
///
/// # Errors
/// There is no answer.
#[wasm_bindgen]
pub async fn fetch_file(url: String, most: f64) -> Result<Array, JsValue> {
    let stop = Stop::new().ok_or(JsValue::NULL)?;
    let outgoing = Outgoing {
        method: Method::Get,
        url: &url,
        key: None,
        cookies: false,
        payload: Payload::Empty,
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
        idle_ms: None,
        cause: Cause {
            purpose: Purpose::Background,
            private: false,
        },
    };
    let nothing = |_| JsValue::NULL;
    let incoming = fetch(outgoing, &stop).await.map_err(nothing)?;
    let status = incoming.status();
    let bytes = match status {
        200 => incoming.bytes(most as usize).await.map_err(nothing)?,
        _ => None,
    };
    let bytes = bytes.map_or(JsValue::NULL, |bytes| {
        Uint8Array::from(bytes.as_slice()).into()
    });
    Ok(Array::of2(&status.into(), &bytes))
}

/// Tells all pages that the rules have changed.
#[wasm_bindgen]
pub fn rules_changed(library: String) {
    pages::publish(&News::Rules(library));
}
