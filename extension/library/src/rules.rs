//! The YARA rules: what there is of them, kept in the extension's own database, and packs fetched and looked
//! after once a day. What a pack must be, and when it is due, is the core's to say; the scanner's Worker
//! reads the texts from the database by itself.

use std::cell::RefCell;

use quorum_core::message::Problem;
use quorum_core::rules::{
    CHECK_LIMIT_MS, Glance, Job, Library, MAX_MANIFEST, PackFault, PackManifest, PackProblem,
    PackUrl, RuleText, Sort, Switch, Told,
};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::bindings::{
    Fetched, database, error, error_value, fetch, from_js, managed_sources, now, rules_changed,
    scan, to_js, words,
};

const STORE: &str = "rules";
const LIBRARY: &str = "library";

/// The library as it is stored: what the background reads of it stands beside it.
#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    library: &'a Library,
    glance: Glance,
}

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
    let stored = Stored {
        library: &changed,
        glance: changed.glance(),
    };
    put(LIBRARY, &to_js(&stored)).await?;
    rules_changed(&serde_json::to_string(&changed).unwrap_or_default());
    Ok(made)
}

async fn put(key: &str, value: &JsValue) -> Result<(), Problem> {
    match database::put(STORE, key, value).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::Browser {
            message: words(&error),
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

/// Has the packs that the organisation has set.
///
/// # Errors
/// The browser refused.
pub(crate) async fn take_managed() -> Result<(), Problem> {
    let wanted = managed_sources(false);
    if library().await.managed == wanted {
        return Ok(());
    }
    for id in change(|library| library.set_managed(wanted, now())).await? {
        database::forget(STORE, &pack_key(&id)).await;
    }
    Ok(())
}

/// Switches rules on or off.
///
/// # Errors
/// They are not there, or the organisation's, or the browser refused.
pub(crate) async fn switch(what: &Switch, enabled: bool) -> Result<Library, Problem> {
    if library().await.is_managed(what) {
        return Err(Problem::Managed);
    }
    match change(|library| library.switch(what, enabled)).await? {
        true => Ok(library().await),
        false => Err(Problem::Gone),
    }
}

/// Removes a text or a pack.
///
/// # Errors
/// It is not there, or the organisation's, or the browser refused.
pub(crate) async fn remove(sort: Sort, id: &str) -> Result<Library, Problem> {
    if sort == Sort::Pack && library().await.is_managed(&Switch::Pack(id.to_owned())) {
        return Err(Problem::Managed);
    }
    if !change(|library| library.remove(sort, id)).await? {
        return Err(Problem::Gone);
    }
    let key = match sort {
        Sort::Own => own_key(id),
        Sort::Pack => pack_key(id),
    };
    database::forget(STORE, &key).await;
    Ok(library().await)
}

/// Adds a pack and fetches it. What is wrong with it stands in the library then.
///
/// # Errors
/// The address cannot be a pack's or is there already, or the browser refused.
pub(crate) async fn add(url: &str) -> Result<Library, Problem> {
    let url: PackUrl = url.parse().map_err(|_| Problem::PackAddress)?;
    let id = change(|library| library.add(url, now())).await?;
    Ok(update(&id.ok_or(Problem::PackAddress)?).await)
}

/// Fetches a pack anew. Whatever is wrong, what was there before stays.
pub(crate) async fn update(id: &str) -> Library {
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
            error(&format!("{problem:?}"));
        }
    }
    library().await
}

async fn fetch_pack(url: &PackUrl) -> Result<(PackManifest, Vec<RuleText>, u32), PackProblem> {
    let damaged = |fault| PackProblem::Damaged { fault };
    let json = download(&url.to_string(), MAX_MANIFEST).await?;
    let manifest = PackManifest::read(&json).map_err(damaged)?;
    let mut texts = Vec::new();
    for file in &manifest.files {
        let bytes = download(&url.file(file), file.size as usize).await?;
        texts.push(file.accept(bytes).map_err(damaged)?);
    }
    let job = Job::Check { texts };
    let heard = scan(&job, CHECK_LIMIT_MS).await;
    let Job::Check { texts } = job else {
        return Err(PackProblem::NotChecked);
    };
    match heard.told.filter(|_| heard.done) {
        Some(Told::Rules(rules)) => Ok((manifest, texts, rules.len() as u32)),
        Some(Told::Fault(fault)) => Err(PackProblem::Rules { fault }),
        _ => Err(PackProblem::NotChecked),
    }
}

/// Fetches one file; `most` is the longest that it may be.
async fn download(url: &str, most: usize) -> Result<Vec<u8>, PackProblem> {
    match fetch(url, most).await {
        Fetched::Bytes(bytes) => Ok(bytes),
        Fetched::TooLong => Err(PackProblem::Damaged {
            fault: PackFault::List {
                path: url.to_owned(),
            },
        }),
        Fetched::Status(status) => Err(PackProblem::Status { status }),
        Fetched::Nothing => Err(PackProblem::Unreachable),
    }
}

/// Fetches the packs that are due.
pub(crate) async fn refresh() {
    for id in library().await.due(now()) {
        update(&id).await;
    }
}
