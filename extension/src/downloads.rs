//! The download guard's hands: browser events go into the core's state machine, the record is
//! stored, then what came out is done. All decisions are the core's; all that is added here is
//! that a download which we cannot judge is let go at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gloo_timers::future::TimeoutFuture;
use quorum_core::api::Purpose;
use quorum_core::guard::{
    Action, Disposition, Download, Event, Notice, Phase, Record, Upload, UploadError,
};
use quorum_core::indicator::{FileHash, Indicator, Sha256};
use quorum_core::message::News;
use quorum_core::verdict::CopyFailure;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::awake::Awake;
use crate::bindings::{error_value, from_js, hold, now, platform};
use crate::fetch::Stop;
use crate::reports::{self, Manner};
use crate::{backend, badge, copy, pages, rules, settings, store};

/// A record, and what belongs to its check while it runs.
struct Entry {
    record: Record,
    /// Stops the second copy that is being read.
    stop: Option<Stop>,
    /// Whether somebody asked for what is going on now.
    asked: bool,
}

thread_local! {
    /// All records by id, once they are loaded; before, those of this life of the background.
    static ENTRIES: RefCell<BTreeMap<String, Entry>> = const { RefCell::new(BTreeMap::new()) };
    static LOADED: Cell<bool> = const { Cell::new(false) };
}

/// `downloads.DownloadItem`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: i64,
    url: String,
    final_url: Option<String>,
    filename: String,
    mime: Option<String>,
    start_time: String,
    #[serde(default)]
    incognito: bool,
    by_extension_id: Option<String>,
    state: Option<String>,
    /// In bytes; below zero if the browser does not know it.
    file_size: Option<f64>,
}

impl Item {
    fn started(&self) -> i64 {
        js_sys::Date::parse(&self.start_time) as i64
    }

    fn is_ours(&self) -> bool {
        self.by_extension_id.as_deref() == Some(platform::own_id().as_str())
    }

    fn landed(&self) -> Event {
        Event::Landed {
            size: self
                .file_size
                .filter(|size| *size >= 0.0)
                .map(|size| size as u64),
            path: (!self.filename.is_empty()).then(|| self.filename.clone()),
        }
    }

    fn into_record(self, held: bool) -> Record {
        let started = self.started();
        Record::new(Download {
            id: self.id,
            started,
            // Some browsers give a whole path here, of their own system's form.
            name: self
                .filename
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned(),
            url: self
                .final_url
                .filter(|url| !url.is_empty())
                .unwrap_or(self.url),
            mime: self.mime.unwrap_or_default(),
            private: self.incognito || platform::in_private(),
            held,
        })
    }
}

/// `downloads.DownloadDelta`, as far as it is used.
#[derive(Deserialize)]
struct Change {
    id: i64,
    state: Option<Current>,
}

#[derive(Deserialize)]
struct Current {
    current: Option<String>,
}

/// A download began.
///
/// # Errors
/// The item is not what the browser documents. The caller lets everything go then.
pub(crate) async fn begun(item: JsValue, held: bool) -> Result<(), JsValue> {
    let item: Item = serde_wasm_bindgen::from_value(item)?;
    // What we fetch ourselves is what the user wants in spite of a verdict.
    if item.is_ours() || !settings::downloads() {
        hold::release(item.id as f64);
        return Ok(());
    }
    begin(item.into_record(held)).await;
    Ok(())
}

async fn begin(record: Record) {
    let id = record.id.clone();
    let entry = Entry {
        record,
        stop: None,
        asked: false,
    };
    ENTRIES.with_borrow_mut(|entries| entries.insert(id.clone(), entry));
    step(&id, Event::Started).await;
}

/// Something about a download changed; that it ended is what counts.
///
/// # Errors
/// The change is not what the browser documents.
pub(crate) async fn changed(change: JsValue) -> Result<(), JsValue> {
    let change: Change = serde_wasm_bindgen::from_value(change)?;
    let state = change.state.and_then(|state| state.current);
    let ended = match state.as_deref() {
        Some("complete") => true,
        Some("interrupted") => {
            hold::release(change.id as f64);
            false
        }
        _ => return Ok(()),
    };
    let Some(item) = item(change.id).await else {
        return Ok(());
    };
    load().await;
    let id = find(&item);
    match (id, ended) {
        (Some(id), true) => step(&id, item.landed()).await,
        (Some(id), false) => {
            step(&id, Event::Gone).await;
            stop(&id);
        }
        // Downloads whose name is not asked for, as "Save as" of a page, come to notice here.
        (None, true) if settings::downloads() && !item.is_ours() => {
            let landed = item.landed();
            let record = item.into_record(false);
            let id = record.id.clone();
            begin(record).await;
            step(&id, landed).await;
        }
        (None, _) => {}
    }
    Ok(())
}

async fn item(id: i64) -> Option<Item> {
    from_js(platform::download(id as f64).await.ok()?)
}

/// The record of a download. The browser's number alone does not name one: Firefox counts anew in
/// each session. What was fetched again has another start, but happens in Chromium only.
fn find(item: &Item) -> Option<String> {
    let started = item.started();
    ENTRIES.with_borrow(|entries| {
        entries
            .values()
            .map(|entry| &entry.record)
            .find(|record| {
                record.download == item.id
                    && (record.started == started || record.disposition == Disposition::KeptAnyway)
            })
            .map(|record| record.id.clone())
    })
}

/// Loads the stored records, without anybody waiting for it.
pub(crate) fn resume() {
    spawn_local(load());
}

/// Loads the stored records once, and takes up what an earlier life left unfinished.
async fn load() {
    if LOADED.get() {
        return;
    }
    let stored = store::downloads().await;
    LOADED.set(true);
    let mut unfinished = Vec::new();
    ENTRIES.with_borrow_mut(|entries| {
        for record in stored {
            if entries.contains_key(&record.id) {
                continue;
            }
            if record.phase == Phase::Checking
                || matches!(record.upload, Upload::Sending | Upload::Analysing { .. })
            {
                unfinished.push(record.id.clone());
            }
            let entry = Entry {
                record,
                stop: None,
                asked: false,
            };
            entries.insert(entry.record.id.clone(), entry);
        }
    });
    for id in unfinished {
        step(&id, Event::Woken).await;
    }
}

/// The history, newest first.
pub(crate) async fn history() -> Vec<Record> {
    load().await;
    let mut records: Vec<Record> =
        ENTRIES.with_borrow(|entries| entries.values().map(|entry| entry.record.clone()).collect());
    records.sort_by_key(|record| std::cmp::Reverse(record.started));
    records
}

/// The user asks for something to be done about a record; `false` if there is none.
pub(crate) async fn asked(id: &str, event: Event) -> bool {
    load().await;
    let known = ENTRIES.with_borrow_mut(|entries| match entries.get_mut(id) {
        Some(entry) => {
            entry.asked = true;
            true
        }
        None => false,
    });
    if known {
        step(id, event).await;
    }
    known
}

/// Forgets a record.
pub(crate) async fn forget(id: &str) -> bool {
    load().await;
    stop(id);
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
        store::put_download(&record).await;
        if let Some(verdict) = record
            .verdict()
            .filter(|_| before.verdict() != record.verdict())
            && is_newest(&record)
        {
            badge::show(verdict);
        }
        let news = News::Download(Box::new(record));
        pages::publish(&news);
    }
    for action in actions {
        // Each begins in the order of the list, and none waits for another to end.
        spawn_local(carry_out(id.to_owned(), action));
    }
}

fn is_newest(record: &Record) -> bool {
    ENTRIES.with_borrow(|entries| {
        entries
            .values()
            .all(|entry| entry.record.started <= record.started)
    })
}

/// The record and how its check may ask, `None` if it was forgotten in the meantime.
fn look(id: &str) -> Option<(Record, Manner)> {
    ENTRIES.with_borrow(|entries| {
        let entry = entries.get(id)?;
        let manner = Manner {
            purpose: if entry.asked {
                Purpose::User
            } else {
                Purpose::Background
            },
            fresh: entry.asked,
            private: entry.record.private,
        };
        Some((entry.record.clone(), manner))
    })
}

async fn carry_out(id: String, action: Action) {
    let _awake = Awake::new();
    let Some((record, manner)) = look(&id) else {
        return;
    };
    match action {
        Action::StartHold(ms) => {
            TimeoutFuture::new(ms).await;
            step(&id, Event::HoldExpired).await;
        }
        Action::ReadCopy(url) => {
            let read = match watched(&id) {
                Some(stop) => copy::digest(&url, &stop, rules::any().await).await,
                None => Err(CopyFailure::Refused),
            };
            let (copy, file) = match read {
                Ok((copy, file)) => (Ok(copy), file),
                Err(failure) => (Err(failure), None),
            };
            step(&id, Event::CopyRead(copy)).await;
            // What turned out to be another thing than the download is not scanned.
            let taken = look(&id).is_some_and(|(record, _)| record.digests.is_some());
            if let Some(file) = file.filter(|_| taken) {
                let report = rules::scan(&file).await;
                step(&id, Event::Scanned(Box::new(report))).await;
            }
        }
        Action::AskFile(sha256) => {
            let file = Indicator::File(FileHash::Sha256(sha256));
            let report = reports::get(&file, manner).await;
            let report = report.map(|(report, _)| report.map(Box::new));
            step(&id, Event::FileReport(report)).await;
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
        Action::FetchAgain(url) => fetch_again(&id, &url).await,
        Action::Upload { url, sha256, name } => {
            let result = upload(&id, &url, sha256, &name).await;
            step(&id, Event::Uploaded(result)).await;
        }
        Action::AskAnalysis {
            id: analysis,
            after_ms,
        } => {
            TimeoutFuture::new(after_ms).await;
            let status = backend::analysis(&analysis, Purpose::User).await;
            step(&id, Event::Analysis(status)).await;
        }
        Action::Notify(notice) => notify(&record, notice).await,
    }
}

/// A way to stop the copy that is now going to be read for a record.
fn watched(id: &str) -> Option<Stop> {
    let stop = Stop::new()?;
    ENTRIES.with_borrow_mut(|entries| {
        entries.get_mut(id)?.stop = Some(stop.clone());
        Some(stop)
    })
}

async fn fetch_again(id: &str, url: &str) {
    let started = match platform::start_download(url).await {
        Ok(started) => started,
        Err(error) => return error_value(&error),
    };
    let Some(download) = started.as_f64().map(|number| number as i64) else {
        return;
    };
    let record = ENTRIES.with_borrow_mut(|entries| {
        let record = &mut entries.get_mut(id)?.record;
        record.download = download;
        Some(record.clone())
    });
    let Some(record) = record else { return };
    store::put_download(&record).await;
    // A short one may have landed before its number was known here.
    if let Some(item) = item(download).await
        && item.state.as_deref() == Some("complete")
    {
        step(id, item.landed()).await;
    }
}

async fn upload(id: &str, url: &str, sha256: Sha256, name: &str) -> Result<String, UploadError> {
    let copy = |failure| UploadError::Copy { failure };
    let stop = watched(id).ok_or(copy(CopyFailure::Refused))?;
    let (digests, file) = copy::keep(url, &stop).await.map_err(copy)?;
    // What the user agreed to send is what was checked, and nothing else.
    if digests.sha256 != sha256 {
        return Err(copy(CopyFailure::Different));
    }
    let analysis = backend::submit_file(name, &file)
        .await
        .map_err(|failure| UploadError::Backend { failure })?;
    Ok(analysis.id)
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
        Notice::RulesMatched => return notify_of_rules(record).await,
    };
    let title = platform::message(&format!("{key}_title"), Vec::new());
    let parts = vec![record.name.clone(), objections(record)];
    let text = platform::message(&format!("{key}_body"), parts);
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
