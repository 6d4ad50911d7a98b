//! What outlives the background: records of downloads and answers of the backend, in the
//! extension's own database. In a private window nothing is written, and nothing found.

use quorum_core::guard::Record;
use quorum_core::report::Report;
use quorum_core::sent::Sent;
use serde::{Deserialize, Serialize};

use crate::bindings::{database, error_value, from_js, platform, to_js};

const DOWNLOADS: &str = "downloads";
const REPORTS: &str = "reports";
const SENT: &str = "sent";

/// Most records that are kept; the oldest go first.
pub(crate) const MOST_DOWNLOADS: usize = 1000;
/// Most answers that are kept.
const MOST_REPORTS: f64 = 500.0;
/// Most entries of the log of what was sent that are kept.
const MOST_SENT: f64 = 2000.0;
/// How long an answer is good for, in milliseconds.
const REPORT_AGE_MS: i64 = 60 * 60 * 1000;

/// An answer that was stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredReport {
    /// Which backend gave it.
    pub(crate) origin: String,
    /// When it was asked, in milliseconds since the Unix epoch. The index of the store.
    pub(crate) asked_at: i64,
    /// What it said.
    pub(crate) report: Report,
}

/// All records of downloads. What cannot be read is left out.
pub(crate) async fn downloads() -> Vec<Record> {
    if platform::in_private() {
        return Vec::new();
    }
    let Ok(values) = database::all(DOWNLOADS).await else {
        return Vec::new();
    };
    js_sys::Array::from(&values)
        .iter()
        .filter_map(from_js)
        .collect()
}

/// Stores a record, unless it is from a private window. A failure is told to the console and to
/// nobody else: what is to be done for the download does not wait for a full disk.
pub(crate) async fn put_download(record: &Record) {
    if record.private || platform::in_private() {
        return;
    }
    complain(database::put(DOWNLOADS, &record.id, &to_js(record)).await);
}

/// Removes a record.
pub(crate) async fn remove_download(id: &str) {
    if !platform::in_private() {
        complain(database::remove(DOWNLOADS, id).await);
    }
}

/// A stored answer about an indicator that is still good.
pub(crate) async fn report(indicator: &str, origin: &str, now: i64) -> Option<StoredReport> {
    if platform::in_private() {
        return None;
    }
    let value = database::get(REPORTS, indicator).await.ok()?;
    let stored: StoredReport = from_js(value)?;
    // An answer from the future is one from before the clock was set: of unknown age.
    let good = stored.origin == origin && (0..REPORT_AGE_MS).contains(&(now - stored.asked_at));
    good.then_some(stored)
}

/// Stores an answer.
pub(crate) async fn put_report(indicator: &str, report: &StoredReport) {
    if !platform::in_private() {
        complain(database::put(REPORTS, indicator, &to_js(report)).await);
    }
}

/// Forgets an answer.
pub(crate) async fn remove_report(indicator: &str) {
    if !platform::in_private() {
        complain(database::remove(REPORTS, indicator).await);
    }
}

/// Puts a request into the log, or what came of it.
pub(crate) async fn put_sent(sent: &Sent) {
    if !platform::in_private() {
        complain(database::put(SENT, &sent.id, &to_js(sent)).await);
    }
}

/// What was sent, newest first.
pub(crate) async fn sent() -> Vec<Sent> {
    if platform::in_private() {
        return Vec::new();
    }
    let Ok(values) = database::newest(SENT, MOST_SENT).await else {
        return Vec::new();
    };
    let values = js_sys::Array::from(&values);
    values.iter().filter_map(from_js).collect()
}

/// Forgets what was sent.
pub(crate) async fn forget_sent() {
    if !platform::in_private() {
        complain(database::clear(SENT).await);
    }
}

/// Removes what is too old or too much.
pub(crate) async fn tidy(now: i64) {
    if platform::in_private() {
        return;
    }
    complain(database::trim(REPORTS, MOST_REPORTS, (now - REPORT_AGE_MS) as f64).await);
    complain(database::trim(SENT, MOST_SENT, 0.0).await);
    complain(database::trim(DOWNLOADS, MOST_DOWNLOADS as f64, 0.0).await);
}

fn complain<T>(result: Result<T, wasm_bindgen::JsValue>) {
    if let Err(error) = result {
        error_value(&error);
    }
}
