//! What outlives the background: records of downloads and answers of the backend, in the
//! extension's own database. In a private window nothing is written, and nothing found.

use std::cell::RefCell;

use quorum_core::guard::Record;
use quorum_core::report::Report;
use quorum_core::sent::Sent;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::bindings::{database, error_value, from_js, platform, to_js};

const DOWNLOADS: &str = "downloads";
const REPORTS: &str = "reports";
const SENT: &str = "sent";
const STATE: &str = "state";

/// Most records that are kept; the oldest go first.
const MOST_DOWNLOADS: f64 = 50_000.0;
/// Most answers that are kept.
const MOST_REPORTS: f64 = 500.0;
/// Most entries of the log of what was sent that are kept.
const MOST_SENT: f64 = 2000.0;
/// How long an answer is as good as a new one, in milliseconds.
pub(crate) const GOOD_MS: i64 = 60 * 60 * 1000;
/// How long it is kept, in milliseconds: better than none, where a new one is not to be had.
pub(crate) const KEPT_MS: i64 = 30 * 24 * GOOD_MS;

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

/// What cannot be read is left out, and so is everything in a private window.
fn records(values: Result<JsValue, JsValue>) -> Vec<Record> {
    match values {
        Ok(values) => {
            let values = js_sys::Array::from(&values);
            values.iter().filter_map(from_js).collect()
        }
        Err(error) => {
            error_value(&error);
            Vec::new()
        }
    }
}

/// The records about which something goes on.
pub(crate) async fn open_downloads() -> Vec<Record> {
    if platform::in_private() {
        return Vec::new();
    }
    records(database::r#where(DOWNLOADS, "open", 1.0).await)
}

/// Records, newest first, behind the one with this id; at most so many.
pub(crate) async fn newest_downloads(most: usize, after: Option<String>) -> Vec<Record> {
    if platform::in_private() {
        return Vec::new();
    }
    records(database::newest(DOWNLOADS, most as f64, after).await)
}

/// The record with this id.
pub(crate) async fn download(id: &str) -> Option<Record> {
    if platform::in_private() {
        return None;
    }
    from_js(database::get(DOWNLOADS, id).await.ok()?)
}

/// The records with this number of the browser's.
pub(crate) async fn downloads_numbered(number: i64) -> Vec<Record> {
    if platform::in_private() {
        return Vec::new();
    }
    records(database::r#where(DOWNLOADS, "download", number as f64).await)
}

/// How many records there are.
pub(crate) async fn count_downloads() -> u64 {
    if platform::in_private() {
        return 0;
    }
    let count = database::count(DOWNLOADS).await.ok();
    count.and_then(|count| count.as_f64()).unwrap_or_default() as u64
}

/// Removes all records.
pub(crate) async fn forget_downloads() {
    if !platform::in_private() {
        UNWRITTEN.with_borrow_mut(|waiting| waiting.retain(|entry| entry.store != DOWNLOADS));
        complain(database::clear(DOWNLOADS).await);
    }
}

/// Stores a record, unless it is from a private window. A failure is told to the console and to
/// nobody else: what is to be done for the download does not wait for a full disk.
pub(crate) async fn put_download(record: &Record) {
    if record.private || platform::in_private() {
        return;
    }
    put(DOWNLOADS, &record.id, to_js(record)).await;
}

/// Removes a record.
pub(crate) async fn remove_download(id: &str) {
    if !platform::in_private() {
        wait_no_more(DOWNLOADS, id);
        complain(database::remove(DOWNLOADS, id).await);
    }
}

/// A stored answer about an indicator that is not older than this, in milliseconds.
pub(crate) async fn report(
    indicator: &str,
    origin: &str,
    now: i64,
    oldest: i64,
) -> Option<StoredReport> {
    if platform::in_private() {
        return None;
    }
    let value = database::get(REPORTS, indicator).await.ok()?;
    let stored: StoredReport = from_js(value)?;
    // An answer from the future is one from before the clock was set: of unknown age.
    let good = stored.origin == origin && (0..oldest).contains(&(now - stored.asked_at));
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

/// Something small that is kept from one life to the next.
pub(crate) async fn state<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    if platform::in_private() {
        return None;
    }
    from_js(database::get(STATE, name).await.ok()?)
}

/// Keeps something small from one life to the next.
pub(crate) async fn put_state<T: Serialize>(name: &str, value: &T) {
    if !platform::in_private() {
        complain(database::put(STATE, name, &to_js(value)).await);
    }
}

/// An entry of a store for which the disk had no room.
struct Unwritten {
    store: &'static str,
    key: String,
    value: JsValue,
}

thread_local! {
    /// What waits for room on the disk, oldest first.
    static UNWRITTEN: RefCell<Vec<Unwritten>> = const { RefCell::new(Vec::new()) };
}

/// Puts an entry into a store. Where there is no room on the disk, it stays in memory until there is: no
/// record is lost by it, and nothing leaves without an entry in the log.
async fn put(store: &'static str, key: &str, value: JsValue) {
    wait_no_more(store, key);
    let key = key.to_owned();
    let mut next = Some(Unwritten { store, key, value });
    while let Some(entry) = next {
        if let Err(error) = database::put(entry.store, &entry.key, &entry.value).await {
            error_value(&error);
            // Of what failed in turn the last is the one that counts.
            wait_no_more(entry.store, &entry.key);
            UNWRITTEN.with_borrow_mut(|waiting| waiting.push(entry));
            return;
        }
        next = UNWRITTEN.with_borrow_mut(Vec::pop);
    }
}

/// Forgets what waits for room under this key.
fn wait_no_more(store: &str, key: &str) {
    let is_it = |entry: &Unwritten| entry.store == store && entry.key == key;
    UNWRITTEN.with_borrow_mut(|waiting| waiting.retain(|entry| !is_it(entry)));
}

/// Puts a request into the log, or what came of it.
pub(crate) async fn put_sent(sent: &Sent) {
    if !platform::in_private() {
        put(SENT, &sent.id, to_js(sent)).await;
    }
}

/// What was sent, newest first.
pub(crate) async fn sent() -> Vec<Sent> {
    if platform::in_private() {
        return Vec::new();
    }
    let values = match database::newest(SENT, MOST_SENT, None).await {
        Ok(values) => js_sys::Array::from(&values),
        Err(_) => js_sys::Array::new(),
    };
    let mut all: Vec<Sent> = values.iter().filter_map(from_js).collect();
    UNWRITTEN.with_borrow(|waiting| {
        let waiting = waiting.iter().filter(|entry| entry.store == SENT);
        for entry in waiting.filter_map(|entry| from_js::<Sent>(entry.value.clone())) {
            all.retain(|it| it.id != entry.id);
            let at = all.partition_point(|it| it.at > entry.at);
            all.insert(at, entry);
        }
    });
    all
}

/// Forgets what was sent.
pub(crate) async fn forget_sent() {
    if !platform::in_private() {
        UNWRITTEN.with_borrow_mut(|waiting| waiting.retain(|entry| entry.store != SENT));
        complain(database::clear(SENT).await);
    }
}

/// Removes what is too old or too much.
pub(crate) async fn tidy(now: i64) {
    if platform::in_private() {
        return;
    }
    complain(database::trim(REPORTS, MOST_REPORTS, (now - KEPT_MS) as f64).await);
    complain(database::trim(SENT, MOST_SENT, 0.0).await);
    complain(database::trim(DOWNLOADS, MOST_DOWNLOADS, 0.0).await);
}

fn complain<T>(result: Result<T, JsValue>) {
    if let Err(error) = result {
        error_value(&error);
    }
}
