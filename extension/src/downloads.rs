//! The download guard's hands: browser events go into the core's state machine, the record is
//! stored, then what came out is done. All decisions are the core's; all that is added here is
//! that a download which we cannot judge is let go at once.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use gloo_timers::future::TimeoutFuture;
use quorum_core::api::{Failure, Purpose};
use quorum_core::guard::{
    Action, Disposition, Download, Event, HOLD_MS, Notice, Question, RECHECK_MS, Record,
    SecondCopy, Upload, UploadError, due, in_turn,
};
use quorum_core::history::Filter;
use quorum_core::indicator::{FileHash, Indicator, Sha256};
use quorum_core::message::{HistoryPage, News, Problem};
use quorum_core::report::Report;
use quorum_core::rules::ScanReport;
use quorum_core::verdict::{CopyFailure, Evidence, Reason, Verdict};
use serde::Deserialize;
use serde::de::IgnoredAny;
use wasm_bindgen::JsValue;

use crate::awake::{self, Awake};
use crate::bindings::{error_value, from_js, hold, now, platform, reader, words};
use crate::copy::{self, Kept};
use crate::fetch::{Cause, Stop};
use crate::reports::{self, Manner};
use crate::task::spawn_local;
use crate::{backend, badge, lists, pages, published, rules, settings, store};

/// How many records a page of the history has.
const SHOWN: usize = 50;
/// How many are read at a time where something is looked for.
const LOOKED_THROUGH: usize = 500;
/// How many that were put off go on at a time, at most.
const TAKEN_UP: usize = 20;
/// How often it is looked after what is unfinished and waits for no time of its own, in milliseconds.
const LOOKED_AFTER_MS: i64 = 60_000;
/// Among how many, the newest, it is looked for those to be asked about anew.
const RECHECKED_AMONG: usize = 2_000;

/// A record, and what belongs to its check while it runs.
struct Entry {
    record: Record,
    /// Stops the second copy that is being read.
    stop: Option<Stop>,
    /// Stops the upload that is being made.
    sending: Option<Stop>,
    /// Where it came from, as far as the browser says: it is kept nowhere else.
    origin: Option<Origin>,
    /// The bytes that were read last, until they are scanned.
    file: Option<(Sha256, Kept)>,
    /// Whether somebody asked for what is going on now.
    asked: bool,
}

/// The page that a download came from.
struct Origin {
    /// Its address or its site's, empty if the browser does not say.
    referrer: String,
    /// What was clicked there, before all redirects.
    link: String,
}

thread_local! {
    /// The records by id that something has happened to in this life of the background.
    static ENTRIES: RefCell<BTreeMap<String, Entry>> = const { RefCell::new(BTreeMap::new()) };
    /// Whether the toolbar's button counts down.
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static LOADED: Cell<bool> = const { Cell::new(false) };
    /// When the newest download of all began, in milliseconds since the Unix epoch.
    static NEWEST: Cell<i64> = const { Cell::new(0) };
}

/// `downloads.DownloadItem`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: i64,
    url: String,
    final_url: Option<String>,
    referrer: Option<String>,
    filename: String,
    mime: Option<String>,
    start_time: String,
    #[serde(default)]
    incognito: bool,
    by_extension_id: Option<String>,
    state: Option<String>,
    /// Whether the user has halted it. Firefox calls such a one interrupted, too.
    #[serde(default)]
    paused: bool,
    /// Whether the file is still there, as far as the browser has looked.
    exists: Option<bool>,
    /// In bytes; below zero if the browser does not know it.
    file_size: Option<f64>,
    /// The same, as the server announced it.
    total_bytes: Option<f64>,
}

impl Item {
    fn started(&self) -> i64 {
        js_sys::Date::parse(&self.start_time) as i64
    }

    /// Whether it is one that we started, or an export that one of our pages gave out.
    fn is_ours(&self) -> bool {
        let own_page = format!("blob:{}", platform::file_url(""));
        self.url.starts_with(&own_page)
            || self.by_extension_id.as_deref() == Some(platform::own_id().as_str())
    }

    fn origin(&self) -> Origin {
        Origin {
            referrer: self.referrer.clone().unwrap_or_default(),
            link: self.url.clone(),
        }
    }

    fn landed(&self) -> Event {
        Event::Landed {
            size: self.size(),
            path: (!self.filename.is_empty()).then(|| self.filename.clone()),
        }
    }

    /// Its length in bytes, as far as the browser knows it by now.
    fn size(&self) -> Option<u64> {
        let size = self.file_size.filter(|size| *size >= 0.0);
        size.or(self.total_bytes.filter(|size| *size >= 0.0))
            .map(|size| size as u64)
    }

    fn into_download(self, held: bool) -> Download {
        let started = self.started();
        let url = self.final_url.filter(|url| !url.is_empty());
        let url = url.unwrap_or(self.url);
        // Chromium says 0 of what comes in pieces, too, whose length nobody knows.
        let announced = self.total_bytes.filter(|size| *size > 0.0);
        Download {
            id: self.id,
            size: announced.map(|size| size as u64),
            started,
            // Some browsers give a whole path here, of their own system's form.
            name: self
                .filename
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned(),
            terms: settings::policy().terms(&url),
            url,
            mime: self.mime.unwrap_or_default(),
            private: self.incognito || platform::in_private(),
            held,
        }
    }
}

/// `downloads.DownloadDelta`, as far as it is used.
#[derive(Deserialize)]
struct Change {
    id: i64,
    state: Option<Current>,
    /// Whether the user halted it or had it go on.
    paused: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Current {
    current: Option<String>,
}

/// What the browser told is not what it documents.
fn odd() -> JsValue {
    JsValue::from_str("a download of another shape")
}

/// A download began.
///
/// # Errors
/// The item is not what the browser documents. The caller lets everything go then.
pub(crate) async fn begun(item: JsValue, held: bool) -> Result<(), JsValue> {
    let item: Item = from_js(item).ok_or_else(odd)?;
    // What we fetch ourselves is what the user wants in spite of a verdict.
    if item.is_ours() || !settings::downloads() {
        hold::release(item.id as f64);
        return Ok(());
    }
    let number = item.id;
    load().await;
    // The browser asks again when it goes on with one that was cut: only what is still looked at waits.
    if let Some(id) = find(&item).await {
        let waits = |record: Record| record.disposition == Disposition::Held;
        if !look(&id).is_some_and(|(record, _)| waits(record)) {
            hold::release(number as f64);
        }
        return Ok(());
    }
    if begin(item, held).await.is_none() {
        hold::release(number as f64);
    }
    Ok(())
}

/// Begins to check a download; gives its record's id, `None` if the policy passes it over.
async fn begin(item: Item, held: bool) -> Option<String> {
    let size = item.size();
    let origin = item.origin();
    let download = item.into_download(held);
    if settings::policy().skips(&download, size) {
        return None;
    }
    let record = Record::new(download);
    let id = record.id.clone();
    NEWEST.set(NEWEST.get().max(record.started));
    keep(record.clone());
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(entry) = entries.get_mut(&id) {
            entry.origin = Some(origin);
        }
    });
    ask_lists(&id).await;
    // Who dies while the bytes are read must find it again.
    let record = look(&id).map_or(record, |(record, _)| record);
    awake::arm().await;
    store::put_download(&record).await;
    spawn_local(notice(id.clone()));
    step(&id, Event::Started).await;
    Some(id)
}

/// Notes whether there are local lists to be asked.
async fn ask_lists(id: &str) {
    let any = rules::any_lists().await;
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(entry) = entries.get_mut(id) {
            entry.record.lists = any;
        }
    });
}

/// Looks at address and name, beside everything else.
async fn notice(id: String) {
    let Some((record, _)) = look(&id) else { return };
    let told = reader::before_bytes(&record.url, &record.name, settings::policy().protect).await;
    if !told.is_empty() {
        step(&id, Event::Noticed(told)).await;
    }
}

/// Something about a download changed; that it ended is what counts.
///
/// # Errors
/// The change is not what the browser documents.
pub(crate) async fn changed(change: JsValue) -> Result<(), JsValue> {
    let change: Change = from_js(change).ok_or_else(odd)?;
    let state = change.state.and_then(|state| state.current);
    let ended = match state.as_deref() {
        Some("complete") => true,
        Some("interrupted") => {
            hold::release(change.id as f64);
            false
        }
        // One that was halted goes on, or was cancelled then.
        None if change.paused.is_some() => false,
        _ => return Ok(()),
    };
    let Some(item) = item(change.id).await else {
        return Ok(());
    };
    // One that is halted goes on when the user wants, and the check meanwhile.
    if item.paused || !ended && item.state.as_deref() != Some("interrupted") {
        return Ok(());
    }
    load().await;
    let id = find(&item).await;
    match (id, ended) {
        (Some(id), true) => step(&id, item.landed()).await,
        (Some(id), false) => {
            step(&id, Event::Gone).await;
            stop(&id);
        }
        // Downloads whose name is not asked for, as "Save as" of a page, come to notice here.
        (None, true) if settings::downloads() && !item.is_ours() => {
            let landed = item.landed();
            if let Some(id) = begin(item, false).await {
                step(&id, landed).await;
            }
        }
        (None, _) => {}
    }
    Ok(())
}

async fn item(id: i64) -> Option<Item> {
    from_js(platform::download(id as f64).await.ok()?)
}

/// The record of a download, of this life or an earlier one. The browser's number alone does not name
/// one: Firefox counts anew in each session. What was fetched again has another start, but happens in
/// Chromium only.
async fn find(item: &Item) -> Option<String> {
    let started = item.started();
    let again = |record: &Record| {
        matches!(
            record.disposition,
            Disposition::Fetching | Disposition::KeptAnyway
        )
    };
    let is_it = |record: &Record| {
        record.download == item.id && (record.started == started || again(record))
    };
    let known = ENTRIES.with_borrow(|entries| {
        let mut records = entries.values().map(|entry| &entry.record);
        records.find(|record| is_it(record)).map(|it| it.id.clone())
    });
    if known.is_some() {
        return known;
    }
    let stored = store::downloads_numbered(item.id).await;
    let record = stored.into_iter().find(is_it)?;
    let id = record.id.clone();
    keep(record);
    Some(id)
}

/// Takes a stored record into this life, unless it is there already.
fn keep(record: Record) {
    ENTRIES.with_borrow_mut(|entries| {
        entries.entry(record.id.clone()).or_insert(Entry {
            record,
            stop: None,
            sending: None,
            origin: None,
            file: None,
            asked: false,
        });
    });
}

/// Whether there is such a record; a stored one is taken into this life.
async fn has(id: &str) -> bool {
    load().await;
    if !ENTRIES.with_borrow(|entries| entries.contains_key(id))
        && let Some(record) = store::download(id).await
    {
        keep(record);
    }
    ENTRIES.with_borrow(|entries| entries.contains_key(id))
}

/// Loads the stored records, without anybody waiting for it.
pub(crate) fn resume() {
    spawn_local(load());
}

/// Takes up, once, what an earlier life left unfinished.
async fn load() {
    if LOADED.get() {
        return;
    }
    // In the end it is seen to when what waits goes on.
    let _awake = Awake::new();
    let unfinished = store::open_downloads().await;
    let newest = store::newest_downloads(1, None).await;
    // Another call may have come this far in the meantime.
    if LOADED.replace(true) {
        return;
    }
    let newest = newest.first().map_or(0, |record| record.started);
    NEWEST.set(NEWEST.get().max(newest));
    let mut interrupted = Vec::new();
    for record in unfinished {
        let id = record.id.clone();
        if !ENTRIES.with_borrow(|entries| entries.contains_key(&id)) {
            keep(record);
            interrupted.push(id);
        }
    }
    for id in interrupted {
        step(&id, Event::Woken).await;
    }
}

/// The newest downloads, newest first.
pub(crate) async fn newest() -> Vec<Record> {
    load().await;
    let mut records = BTreeMap::new();
    let mut put = |record: Record| {
        records.insert((Reverse(record.started), record.id.clone()), record);
    };
    for record in store::newest_downloads(SHOWN, None).await {
        put(record);
    }
    // What is stored may be a step behind, what comes from a private window is not stored, and where the
    // disk is full nothing is.
    ENTRIES.with_borrow(|entries| {
        for entry in entries.values() {
            put(entry.record.clone());
        }
    });
    records.into_values().take(SHOWN).collect()
}

/// A page of the stored history.
pub(crate) async fn page(filter: &Filter, after: Option<String>) -> HistoryPage {
    load().await;
    let total = match after {
        None => Some(store::count_downloads().await),
        Some(_) => None,
    };
    let mut records = Vec::new();
    let mut next = after;
    loop {
        let most = if filter.is_empty() {
            SHOWN
        } else {
            LOOKED_THROUGH
        };
        let found = store::newest_downloads(most, next.take()).await;
        let ended = found.len() < most;
        let last = found.last().map(|record| record.id.clone());
        for record in found {
            if filter.takes(&record) {
                records.push(record);
            }
            if records.len() == SHOWN {
                let next = records.last().map(|record| record.id.clone());
                return HistoryPage {
                    records,
                    next,
                    total,
                };
            }
        }
        if ended {
            return HistoryPage {
                records,
                next: None,
                total,
            };
        }
        next = last;
    }
}

/// Forgets all records. What goes on is stopped, and what is held goes on.
pub(crate) async fn forget_all() {
    load().await;
    let entries = ENTRIES.take();
    for entry in entries.into_values() {
        for stop in [entry.stop, entry.sending].into_iter().flatten() {
            stop.now();
        }
        hold::release(entry.record.download as f64);
    }
    store::forget_downloads().await;
    pages::publish(&News::AllForgotten);
}

/// The user asks for something to be done about a record; `false` if there is none.
pub(crate) async fn asked(id: &str, event: Event) -> bool {
    if !has(id).await {
        return false;
    }
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(entry) = entries.get_mut(id) {
            entry.asked = true;
        }
    });
    ask_lists(id).await;
    step(id, event).await;
    true
}

/// Breaks off an upload; `false` if there is no such record.
pub(crate) async fn cancel_upload(id: &str) -> bool {
    if !has(id).await {
        return false;
    }
    // First of all nothing more leaves.
    stop_sending(id);
    step(id, Event::UploadCancelled).await;
    true
}

/// Shows the saved file of a download in its folder.
///
/// # Errors
/// There is no such record, or the browser has no such file any more.
pub(crate) async fn show(id: &str) -> Result<(), Problem> {
    if !has(id).await {
        return Err(Problem::Gone);
    }
    let (record, _) = look(id).ok_or(Problem::Gone)?;
    // The browser's number may be another download's by now.
    let own = |item: &Item| {
        item.exists != Some(false)
            && (item.started() == record.started || record.disposition == Disposition::KeptAnyway)
    };
    match item(record.download).await.filter(own) {
        Some(item) if record.has_landed() => platform::show_download(item.id as f64)
            .await
            .map(|_| ())
            .map_err(|error| Problem::Browser {
                message: words(&error),
            }),
        _ => Err(Problem::FileMoved),
    }
}

/// The user gave the file of a download, and a page of ours has read it.
///
/// # Errors
/// There is no such record, or this is not the file that was saved.
pub(crate) async fn given(
    id: &str,
    name: &str,
    bytes: SecondCopy,
    rules: Option<Box<ScanReport>>,
) -> Result<(), Problem> {
    if !has(id).await {
        return Err(Problem::Gone);
    }
    let (record, _) = look(id).ok_or(Problem::Gone)?;
    if !record.is_saved_as(name, &bytes.digests) {
        return Err(Problem::OtherFile);
    }
    asked(id, Event::SavedRead(Ok(bytes))).await;
    if let Some(rules) = rules {
        step(id, Event::Scanned(rules)).await;
    }
    Ok(())
}

/// Forgets a record.
pub(crate) async fn forget(id: &str) -> bool {
    if !has(id).await {
        return false;
    }
    stop(id);
    stop_sending(id);
    let entry = ENTRIES.with_borrow_mut(|entries| entries.remove(id));
    let Some(entry) = entry else {
        return false;
    };
    hold::release(entry.record.download as f64);
    store::remove_download(id).await;
    pages::publish(&News::Forgotten(id.to_owned()));
    true
}

/// A notification was clicked: shows the history, where the record is and what can be done. In a
/// tab of its own the popup has no page to report on and opens at the history.
pub(crate) async fn notification_clicked(id: String) {
    let _ = platform::clear_notification(&id).await;
    if let Err(error) = platform::open_page("popup.html").await {
        error_value(&error);
    }
}

/// Breaks off the second copy that is being read for a record.
fn stop(id: &str) {
    let stop = ENTRIES.with_borrow_mut(|entries| entries.get_mut(id)?.stop.take());
    if let Some(stop) = stop {
        stop.now();
    }
}

/// Breaks off the upload that is being made for a record.
fn stop_sending(id: &str) {
    let stop = ENTRIES.with_borrow_mut(|entries| entries.get_mut(id)?.sending.take());
    if let Some(stop) = stop {
        stop.now();
    }
}

/// One step of the state machine: stored first, then done.
async fn step(id: &str, event: Event) {
    let stepped = ENTRIES.with_borrow_mut(|entries| {
        let entry = entries.get_mut(id)?;
        let before = entry.record.clone();
        let actions = entry.record.step(event, now());
        Some((before, entry.record.clone(), actions))
    });
    let Some((before, record, actions)) = stepped else {
        return;
    };
    if before != record {
        // A death from here on must not leave it lying.
        if record.open == 1 {
            awake::arm().await;
        }
        store::put_download(&record).await;
        if let Some(verdict) = record
            .verdict()
            .filter(|_| before.verdict() != record.verdict())
            && is_newest(&record)
        {
            badge::show(verdict);
        }
        if before.disposition == Disposition::Held && held().is_none() {
            badge::waits(None);
        }
        let news = News::Download(Box::new(record));
        pages::publish(&news);
    }
    for action in actions {
        // Each begins in the order of the list, and none waits for another to end.
        let file = match &action {
            Action::Scan(sha256) => take_file(id, *sha256),
            _ => None,
        };
        spawn_local(carry_out(id.to_owned(), action, file));
    }
}

/// The held download that has been waiting for the longest time: its name, and until when.
fn held() -> Option<(String, i64)> {
    ENTRIES.with_borrow(|entries| {
        let records = entries.values().map(|entry| &entry.record);
        let held = records.filter(|record| record.disposition == Disposition::Held);
        let held = held.filter_map(|record| Some((record.name.clone(), record.held_until?)));
        held.min_by_key(|(_, until)| *until)
    })
}

/// Says on the toolbar's button, second by second, how long a download waits at most, while one does.
async fn count_down() {
    if COUNTING.replace(true) {
        return;
    }
    while let Some((name, until)) = held() {
        let left = (until - now()).clamp(0, HOLD_MS.into()) as u32;
        badge::waits(Some((&name, left.div_ceil(1000))));
        TimeoutFuture::new(1000).await;
    }
    COUNTING.set(false);
    badge::waits(None);
}

/// Goes on with what was put off, as far as its time has come and the budget reaches.
pub(crate) fn take_up() {
    spawn_local(async {
        let _awake = Awake::new();
        load().await;
        let free = settings::free(TAKEN_UP);
        let ids = ENTRIES.with_borrow_mut(|entries| {
            let ids = in_turn(entries.values().map(|entry| &entry.record), free, now());
            for id in &ids {
                if let Some(entry) = entries.get_mut(id) {
                    // An upload is what somebody has asked for; for the rest nobody waits.
                    entry.asked = entry.record.upload == Upload::Sending;
                }
            }
            ids
        });
        for id in ids {
            step(&id, Event::Due).await;
        }
    });
}

/// When something unfinished is to be gone on with or looked after, if there is anything.
pub(crate) fn next() -> Option<i64> {
    let now = now();
    let opens_at = settings::opens_at();
    ENTRIES.with_borrow(|entries| {
        let records = entries.values().map(|entry| &entry.record);
        let open = records.filter(|record| record.open == 1);
        open.map(|record| match record.goes_on_at(now) {
            Some(at) => at.max(opens_at),
            None => now + LOOKED_AFTER_MS,
        })
        .min()
    })
}

/// Asks about older downloads anew, if it is time and the user lets us, without anybody waiting for it;
/// and sees to it that this is called again.
pub(crate) fn recheck() {
    if platform::in_private() {
        return;
    }
    spawn_local(async {
        let minutes = (RECHECK_MS / 60_000) as f64;
        if let Err(error) = platform::set_alarm_once("recheck", minutes).await {
            error_value(&error);
        }
        // What woke us is to be done first.
        TimeoutFuture::new(1_000).await;
        let turn = settings::take_turn(RECHECK_MS).await;
        let on = settings::downloads() && settings::policy().recheck && !settings::dry_run();
        if !turn || !on || settings::connection().is_none() {
            return;
        }
        let _awake = Awake::new();
        load().await;
        let records = store::newest_downloads(RECHECKED_AMONG, None).await;
        for id in due(&records, now()) {
            if !has(&id).await || !ask_anew(&id).await {
                return;
            }
        }
    });
}

/// Asks about one anew; `false` if the backend does not answer just now.
async fn ask_anew(id: &str) -> bool {
    let Some((record, _)) = look(id) else {
        return true;
    };
    let Some(digests) = record.digests else {
        return true;
    };
    let manner = Manner {
        cause: Cause {
            purpose: Purpose::Background,
            private: record.private,
        },
        fresh: true,
    };
    let report = file_report(digests.sha256, manner).await;
    let answered = report.is_ok();
    about(id, digests.sha256, Event::Rechecked(report)).await;
    answered
}

/// Whether no later download is known.
fn is_newest(record: &Record) -> bool {
    record.started >= NEWEST.get()
}

/// The record and how its check may ask, `None` if it was forgotten in the meantime.
fn look(id: &str) -> Option<(Record, Manner)> {
    ENTRIES.with_borrow(|entries| {
        let entry = entries.get(id)?;
        let manner = Manner {
            cause: Cause {
                purpose: if entry.asked {
                    Purpose::User
                } else {
                    Purpose::Background
                },
                private: entry.record.private,
            },
            fresh: entry.asked,
        };
        Some((entry.record.clone(), manner))
    })
}

async fn carry_out(id: String, action: Action, file: Option<Kept>) {
    let _awake = Awake::new();
    if matches!(action, Action::ReadCopy(_)) {
        look_at_page(&id).await;
    }
    let Some((record, manner)) = look(&id) else {
        return;
    };
    let bytes = |url, saved| copy::Bytes {
        url,
        name: &record.name,
        saved,
        published: &record.published,
        cause: manner.cause,
    };
    match action {
        Action::StartHold(ms) => {
            spawn_local(count_down());
            TimeoutFuture::new(ms).await;
            step(&id, Event::HoldExpired).await;
        }
        Action::ReadCopy(url) => {
            // One that ended while its page was looked at was stopped before there was anything to stop.
            let goes_on = record.disposition != Disposition::Gone;
            let read = match watched(&id).filter(|_| goes_on) {
                Some(stop) => copy::digest(bytes(&url, None), rules::any().await, &stop).await,
                None => Err(CopyFailure::Refused),
            };
            heard(&id, read, Event::CopyRead).await;
        }
        Action::ReadSaved(path) => {
            let read = match Stop::new() {
                Some(stop) => {
                    let saved = bytes(&record.url, Some(path.as_str()));
                    copy::digest(saved, rules::any().await, &stop).await
                }
                None => Err(CopyFailure::Refused),
            };
            heard(&id, read, Event::SavedRead).await;
        }
        Action::AskLists(None) => {
            let link = ENTRIES.with_borrow(|entries| {
                let origin = entries.get(&id)?.origin.as_ref();
                origin.map(|origin| origin.link.clone())
            });
            let listings = lists::of_addresses(&record, link).await;
            step(&id, Event::Listed { of: None, listings }).await;
        }
        Action::AskLists(of @ Some(sha256)) => {
            let listings = lists::of_bytes(&record).await;
            about(&id, sha256, Event::Listed { of, listings }).await;
        }
        Action::AskStored(sha256) => {
            let file = Indicator::File(FileHash::Sha256(sha256));
            let report = reports::stored(&file, manner).await;
            about(&id, sha256, Event::Stored(report.map(Box::new))).await;
        }
        Action::Scan(sha256) => {
            let report = match file {
                Some(kept) => rules::scan(&kept.file).await,
                None => ScanReport::default(),
            };
            about(&id, sha256, Event::Scanned(Box::new(report))).await;
        }
        Action::AskFile(sha256) => {
            let report = file_report(sha256, manner).await;
            about(&id, sha256, Event::FileReport(report)).await;
        }
        Action::AskMember(sha256) => {
            let report = file_report(sha256, manner).await;
            step(&id, Event::MemberReport(report)).await;
        }
        Action::AskAddress(url) => {
            let report = reports::get_or_host(&Indicator::Url(url), manner).await;
            let report = report.map(|(report, _)| report.map(Box::new));
            step(&id, Event::AddressReport(report)).await;
        }
        Action::Release => hold::release(record.download as f64),
        Action::KeepBack => {
            if let Err(error) = platform::cancel_download(record.download as f64).await {
                error_value(&error);
            }
            // It is gone, but the browser still waits for an answer.
            hold::release(record.download as f64);
        }
        Action::FetchAgain { url, since } => fetch_again(&id, &url, since).await,
        Action::Upload { url, sha256 } => {
            let saved = record.path.as_deref();
            let saved = saved.filter(|_| record.read == Evidence::SavedFile);
            let Some(stop) = Stop::new() else { return };
            ENTRIES.with_borrow_mut(|entries| {
                if let Some(entry) = entries.get_mut(&id) {
                    entry.sending = Some(stop.clone());
                }
            });
            let result = upload(&id, bytes(&url, saved), sha256, &stop).await;
            // What the user has broken off has no result.
            let goes_on = ENTRIES.with_borrow_mut(|entries| {
                let sending = &mut entries.get_mut(&id)?.sending;
                sending.take_if(|own| *own == stop)
            });
            if goes_on.is_some() {
                step(&id, Event::Uploaded(result)).await;
            }
        }
        Action::AskWhetherSent { sha256, after_ms } => {
            TimeoutFuture::new(after_ms).await;
            let fresh = Manner {
                fresh: true,
                ..manner
            };
            let report = file_report(sha256, fresh).await;
            let sent = report.map(|report| report.is_some());
            step(&id, Event::SentBefore(sent)).await;
        }
        Action::AskAnalysis {
            id: analysis,
            after_ms,
        } => {
            TimeoutFuture::new(after_ms).await;
            let status = backend::analysis(&analysis, manner.cause).await;
            step(&id, Event::Analysis(status)).await;
        }
        Action::Notify(notice) => {
            notify(&record, notice).await;
            step(&id, Event::Notified(notice)).await;
        }
    }
}

async fn file_report(sha256: Sha256, manner: Manner) -> Result<Option<Box<Report>>, Failure> {
    let file = Indicator::File(FileHash::Sha256(sha256));
    let (report, _) = reports::get(&file, manner).await?;
    Ok(report.map(Box::new))
}

/// Looks, once, for the publisher's checksums on the page that a download came from.
async fn look_at_page(id: &str) {
    let origin = ENTRIES.with_borrow_mut(|entries| entries.get_mut(id)?.origin.take());
    let (Some(origin), Some((record, manner))) = (origin, look(id)) else {
        return;
    };
    let found = published::find(&origin.referrer, &origin.link, &record, manner.cause).await;
    let (claims, page) = found;
    step(id, Event::Published { claims, page }).await;
}

/// A way to stop the copy that is now going to be read for a record.
fn watched(id: &str) -> Option<Stop> {
    let stop = Stop::new()?;
    ENTRIES.with_borrow_mut(|entries| {
        entries.get_mut(id)?.stop = Some(stop.clone());
        Some(stop)
    })
}

/// Has the browser fetch what was kept back, unless an earlier life has had it do so since then.
async fn fetch_again(id: &str, url: &str, since: i64) {
    let Some(item) = fetching(url, since).await else {
        return step(id, Event::FetchFailed).await;
    };
    step(id, Event::FetchBegan(item.id)).await;
    // It may have come to its end before its number was known here.
    match item.state.as_deref() {
        Some("complete") => step(id, item.landed()).await,
        Some("interrupted") => step(id, Event::Gone).await,
        _ => {}
    }
}

/// Our own download of this address since then, which is begun if there is none.
async fn fetching(url: &str, since: i64) -> Option<Item> {
    let begun = platform::downloads_since(since as f64).await.ok()?;
    let begun = js_sys::Array::from(&begun);
    let mut items = begun.iter().filter_map(from_js::<Item>);
    let own = items.find(|item| item.is_ours() && item.url == url);
    if own.is_some() {
        return own;
    }
    match platform::start_download(url).await {
        Ok(number) => item(number.as_f64()? as i64).await,
        Err(error) => {
            error_value(&error);
            None
        }
    }
}

async fn upload(
    id: &str,
    bytes: copy::Bytes<'_>,
    sha256: Sha256,
    stop: &Stop,
) -> Result<String, UploadError> {
    let copy = |failure| UploadError::Copy { failure };
    let (digests, kept) = copy::keep(bytes, stop).await.map_err(copy)?;
    // What the user agreed to send is what was checked, and nothing else.
    if digests.sha256 != sha256 {
        return Err(copy(CopyFailure::Different));
    }
    step(id, Event::UploadLeaves).await;
    let analysis = backend::submit_file(bytes.name, &kept.file, bytes.cause, stop)
        .await
        .map_err(|failure| UploadError::Backend { failure })?;
    Ok(analysis.id)
}

/// Tells what was read, or that nothing was. The bytes are kept until it is known whether they are to be
/// scanned, and then until they are.
async fn heard(
    id: &str,
    read: Result<(SecondCopy, Option<Kept>), CopyFailure>,
    event: impl FnOnce(Result<SecondCopy, CopyFailure>) -> Event,
) {
    let (read, file) = match read {
        Ok((read, file)) => (Ok(read), file),
        Err(failure) => (Err(failure), None),
    };
    let keep = |file: Option<(Sha256, Kept)>| {
        ENTRIES.with_borrow_mut(|entries| {
            if let Some(entry) = entries.get_mut(id) {
                entry.file = file;
            }
        });
    };
    let event = event(read.clone());
    // A copy that comes after the saved file is only compared with it.
    let late = look(id).is_some_and(|(record, _)| record.read == Evidence::SavedFile)
        && matches!(event, Event::CopyRead(_));
    if let (Ok(read), false) = (&read, late) {
        keep(file.map(|file| (read.digests.sha256, file)));
    }
    step(id, event).await;
    if look(id).is_none_or(|(record, _)| record.question == Question::Backend) {
        keep(None);
    }
}

/// The bytes with this digest that were read for a record. They are given once.
fn take_file(id: &str, sha256: Sha256) -> Option<Kept> {
    ENTRIES.with_borrow_mut(|entries| {
        let file = entries.get_mut(id)?.file.take_if(|(of, _)| *of == sha256);
        file.map(|(_, file)| file)
    })
}

/// Tells something about bytes, unless other ones turned out to be those that count in the meantime.
async fn about(id: &str, sha256: Sha256, event: Event) {
    let counts = |record: Record| record.digests.is_some_and(|it| it.sha256 == sha256);
    if look(id).is_some_and(|(record, _)| counts(record)) {
        step(id, event).await;
    }
}

/// Why it is what it is, in words: the rule or the list that says so, or how many object.
fn because(record: &Record) -> String {
    let assessment = record.assessment.as_ref();
    match assessment.and_then(|it| it.reasons.first()) {
        Some(Reason::Rule { rule, .. }) => platform::message("notice_rule", vec![rule.clone()]),
        Some(Reason::Listed { listing }) => {
            platform::message("notice_listed", vec![listing.list.clone()])
        }
        _ => objections(record),
    }
}

/// How many object, in words.
fn objections(record: &Record) -> String {
    let stats = record.assessment.as_ref().map(|it| it.stats);
    let stats = stats.unwrap_or_default();
    let (objecting, answered) = (stats.objecting(), stats.answered());
    let key = match (objecting, answered) {
        (1, 1) => "engines_object_sole",
        (1, _) => "engines_object_one",
        _ => "engines_object",
    };
    platform::message(key, vec![objecting.to_string(), answered.to_string()])
}

async fn notify(record: &Record, notice: Notice) {
    let key = match notice {
        Notice::KeptBack => "notice_kept_back",
        Notice::FoundLate => "notice_found_late",
        Notice::NotKeptBack => return notify_of_what_goes_on(record).await,
        Notice::RulesMatched => return notify_of_rules(record).await,
        Notice::TurnedMalicious => "notice_drift",
    };
    let title = platform::message(&format!("{key}_title"), Vec::new());
    let path = record.path.clone().unwrap_or_default();
    let parts = vec![record.name.clone(), because(record), path];
    let text = platform::message(&format!("{key}_body"), parts);
    if let Err(error) = platform::notify(&record.id, &title, &text).await {
        error_value(&error);
    }
}

/// What the policy would have kept back and could not: the verdict, which need not be malicious.
async fn notify_of_what_goes_on(record: &Record) {
    let verdict = match record.verdict() {
        Some(Verdict::Malicious) => "verdict_malicious",
        Some(Verdict::Suspicious) => "verdict_suspicious",
        Some(Verdict::Unknown) => "verdict_unknown",
        _ => "verdict_unchecked",
    };
    let title = platform::message("notice_not_kept_title", Vec::new());
    let parts = vec![record.name.clone(), platform::message(verdict, Vec::new())];
    let text = platform::message("notice_not_kept_body", parts);
    if let Err(error) = platform::notify(&record.id, &title, &text).await {
        error_value(&error);
    }
}

async fn notify_of_rules(record: &Record) {
    let matches = record.rules.iter().flat_map(|report| &report.matches);
    let names: Vec<_> = matches.map(|found| found.label.as_str()).take(3).collect();
    let title = platform::message("notice_rules_title", Vec::new());
    let parts = vec![record.name.clone(), names.join(", ")];
    let text = platform::message("notice_rules_body", parts);
    // Beside the notice about the verdict, which may be there too.
    let id = format!("{}-rules", record.id);
    if let Err(error) = platform::notify(&id, &title, &text).await {
        error_value(&error);
    }
}
