//! The YARA rules: what there is of them, kept in the extension's own database, packs fetched and looked
//! after once a day, and files handed to the scanner. What a pack must be, and when it is due, is the core's
//! to say; the scanner's Worker reads the texts from the database by itself.

use std::cell::RefCell;

use gloo_timers::future::TimeoutFuture;
use quorum_core::api::{Method, Purpose};
use quorum_core::message::{News, Problem};
use quorum_core::rules::{
    CHECK_LIMIT_MS, Job, Library, MAX_MANIFEST, PackManifest, PackProblem, RuleText, RulesUrl,
    ScanReport, Sort, Switch, Told, time_limit,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use crate::awake::Awake;
use crate::bindings::{database, error_value, from_js, now, platform, scanner, to_js};
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, fetch};
use crate::pages;

const STORE: &str = "rules";
const LIBRARY: &str = "library";
/// How long one file of a pack may take to come, in milliseconds.
const LIMIT_MS: u32 = 60_000;
/// How often it is looked whether a pack is due, in minutes.
const ALARM_MINUTES: f64 = 60.0;

thread_local! {
    /// As it is stored, once it is loaded.
    static KNOWN: RefCell<Option<Library>> = const { RefCell::new(None) };
}

/// Which rules there are.
pub(crate) async fn library() -> Library {
    if let Some(known) = KNOWN.with_borrow(Clone::clone) {
        return known;
    }
    let stored = match database::get(STORE, LIBRARY).await {
        Ok(stored) => from_js(stored).unwrap_or_default(),
        Err(error) => {
            error_value(&error);
            Library::default()
        }
    };
    // Somebody else may have been faster, and have changed it since.
    KNOWN.with_borrow_mut(|known| known.get_or_insert(stored).clone())
}

/// Changes the library, stores it and tells the pages.
async fn change<T>(make: impl FnOnce(&mut Library) -> T) -> Result<T, Problem> {
    library().await;
    let (made, changed) = KNOWN.with_borrow_mut(|known| {
        let library = known.get_or_insert_default();
        let made = make(library);
        (made, library.clone())
    });
    put(LIBRARY, &to_js(&changed)).await?;
    pages::publish(&News::Rules(json(&changed)));
    Ok(made)
}

/// The library as the page of the rules reads it.
pub(crate) fn json(library: &Library) -> String {
    serde_json::to_string(library).unwrap_or_default()
}

async fn put(key: &str, value: &JsValue) -> Result<(), Problem> {
    match database::put(STORE, key, value).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::Browser {
            message: crate::bindings::words(&error),
        }),
    }
}

fn own_key(id: &str) -> String {
    format!("own/{id}")
}

fn pack_key(id: &str) -> String {
    format!("pack/{id}")
}

/// The text of an own rule.
pub(crate) async fn text(id: &str) -> Option<String> {
    let stored = database::get(STORE, &own_key(id)).await.ok()?;
    let texts: Vec<RuleText> = from_js(stored)?;
    texts.into_iter().next().map(|text| text.text)
}

/// Saves an own text; gives its id.
///
/// # Errors
/// Its name is not allowed or taken, or the browser refused.
pub(crate) async fn save(id: Option<&str>, name: &str, text: String) -> Result<String, Problem> {
    let text = RuleText {
        name: name.to_owned(),
        text,
    };
    // The id is known only when the library has taken it; the text must be there before that is stored.
    let mut draft = library().await;
    let id = draft.save(id, name, now()).ok_or(Problem::RuleName)?;
    put(&own_key(&id), &to_js(&[text])).await?;
    let known = draft.own.iter().find(|own| own.id == id).cloned();
    change(|library| {
        if let Some(own) = known {
            match library.own.iter_mut().find(|it| it.id == own.id) {
                Some(it) => *it = own,
                None => library.own.push(own),
            }
            library.revision += 1;
        }
    })
    .await?;
    Ok(id)
}

/// Switches rules on or off.
///
/// # Errors
/// They are not there, or the browser refused.
pub(crate) async fn switch(what: &Switch, enabled: bool) -> Result<Library, Problem> {
    match change(|library| library.switch(what, enabled)).await? {
        true => Ok(library().await),
        false => Err(Problem::Gone),
    }
}

/// Removes a text or a pack.
///
/// # Errors
/// It is not there, or the browser refused.
pub(crate) async fn remove(sort: Sort, id: &str) -> Result<Library, Problem> {
    if !change(|library| library.remove(sort, id)).await? {
        return Err(Problem::Gone);
    }
    let key = match sort {
        Sort::Own => own_key(id),
        Sort::Pack => pack_key(id),
    };
    if let Err(error) = database::remove(STORE, &key).await {
        error_value(&error);
    }
    Ok(library().await)
}

/// Adds a pack and fetches it. What is wrong with it stands in the library then.
///
/// # Errors
/// The address cannot be a pack's or is there already, or the browser refused.
pub(crate) async fn add(url: &str) -> Result<Library, Problem> {
    let url: RulesUrl = url.parse().map_err(|_| Problem::PackAddress)?;
    let id = change(|library| library.add(url, now())).await?;
    Ok(update(&id.ok_or(Problem::PackAddress)?).await)
}

/// Fetches a pack anew. Whatever is wrong, what was there before stays.
pub(crate) async fn update(id: &str) -> Library {
    let _awake = Awake::new();
    let pack = library().await.packs.into_iter().find(|pack| pack.id == id);
    if let Some(pack) = pack {
        let fetched = fetch_pack(&pack.url).await;
        let outcome = match fetched {
            Ok((manifest, texts, rules)) => match put(&pack_key(id), &to_js(&texts)).await {
                Ok(()) => change(|library| library.updated(id, &manifest, rules, now())).await,
                Err(problem) => Err(problem),
            },
            Err(problem) => change(|library| library.failed(id, problem, now())).await,
        };
        if let Err(problem) = outcome {
            // The disk is full, or the database is gone: the next alarm tries again.
            crate::bindings::error(&format!("{problem:?}"));
        }
    }
    library().await
}

async fn fetch_pack(url: &RulesUrl) -> Result<(PackManifest, Vec<RuleText>, u32), PackProblem> {
    let damaged = |fault| PackProblem::Damaged { fault };
    let json = download(&url.to_string(), MAX_MANIFEST).await?;
    let manifest = PackManifest::read(&json).map_err(damaged)?;
    let mut texts = Vec::new();
    for file in &manifest.files {
        let bytes = download(&url.file(file), file.size as usize).await?;
        texts.push(file.accept(bytes).map_err(damaged)?);
    }
    let job = Job::Check { texts };
    let heard = scanner::run(&job, None, CHECK_LIMIT_MS).await;
    let Job::Check { texts } = job else {
        return Err(PackProblem::NotChecked);
    };
    match heard.told.filter(|_| heard.done) {
        Some(Told::Rules(rules)) => Ok((manifest, texts, rules.len() as u32)),
        Some(Told::Fault(fault)) => Err(PackProblem::Rules { fault }),
        _ => Err(PackProblem::NotChecked),
    }
}

/// Fetches one file, without cookies; `most` is the longest that it may be.
async fn download(url: &str, most: usize) -> Result<Vec<u8>, PackProblem> {
    let stop = Stop::new().ok_or(PackProblem::Unreachable)?;
    let outgoing = Outgoing {
        method: Method::Get,
        url,
        key: None,
        cookies: false,
        payload: Payload::Empty,
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
        cause: Cause {
            purpose: Purpose::Background,
            private: false,
        },
    };
    let unreachable = |_| PackProblem::Unreachable;
    let incoming = fetch(outgoing, &stop).await.map_err(unreachable)?;
    match incoming.status() {
        200 => {}
        status => return Err(PackProblem::Status { status }),
    }
    let bytes = incoming.bytes(most).await.map_err(unreachable)?;
    bytes.ok_or(PackProblem::Damaged {
        fault: quorum_core::rules::PackFault::List {
            path: url.to_owned(),
        },
    })
}

/// Looks after the packs that are due, without anybody waiting for it, and sees to it that this is called
/// again.
pub(crate) fn tick() {
    if platform::in_private() {
        return;
    }
    spawn_local(async {
        let library = library().await;
        if library.packs.iter().any(|pack| pack.enabled)
            && let Err(error) = platform::set_alarm("rules", ALARM_MINUTES).await
        {
            error_value(&error);
        }
        // What woke us is to be done first.
        TimeoutFuture::new(1_000).await;
        for id in library.due(now()) {
            update(&id).await;
        }
    });
}

/// Whether any rules are on.
pub(crate) async fn any() -> bool {
    library().await.any()
}

/// What the rules that are on say of a file.
pub(crate) async fn scan(file: &Blob) -> ScanReport {
    let _awake = Awake::new();
    let limit = time_limit(file.size() as u64);
    scanner::run(&Job::Scan, Some(file), limit).await.report()
}
