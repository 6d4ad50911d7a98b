//! Local lists: kept in the extension's own database as bytes, looked after once a day, and looked things up
//! in. What a list is, when it is due and what a hit comes to is the core's to say.
//!
//! A list is taken whole or not at all: what is here stays until the new one has proved to be what the
//! catalogue says, and a write to the database is whole or nothing. What the disk has spoilt is refused and
//! fetched anew.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use quorum_core::blocklist::{Blocklist, OwnedBlocklist, apply};
use quorum_core::indicator::Sha256;
use quorum_core::lists::{
    Built, Catalogue, Entries, Feed, FeedList, FeedProblem, Hit, LOOKUP_PREFIXES, ListKind,
    ListSwitch, Listing, Lists, Lookup, MAX_CATALOGUE, MAX_LIST, MAX_TEXT, Offer, OnShelf, OwnList,
    Proof, Query, Shelf, lookup_body,
};
use quorum_core::message::Problem;
use quorum_core::rules::{Glance, PackUrl};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use crate::bindings::{
    Fetched, database, error, error_value, fetch, from_js, lists_changed, lookup_address,
    managed_sources, now, post, random, to_js, words,
};

const STORE: &str = "lists";
const LIBRARY: &str = "library";
/// The longest answer about a hit, in bytes.
const MAX_LOOKUP: usize = 1024 * 1024;
/// How many answers about hits are remembered.
const MOST_PROOFS: usize = 1000;

/// The lists as they are stored: what the background reads of them stands beside.
#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    lists: &'a Lists,
    glance: Glance,
}

thread_local! {
    /// As they are stored, once they are loaded.
    static KNOWN: RefCell<Option<Lists>> = const { RefCell::new(None) };
    /// The bytes of those that are on, and of which revision.
    static SHELF: RefCell<Option<(u32, Rc<Shelf>)>> = const { RefCell::new(None) };
    /// What the backend said of hits by four bytes, and until when that is good.
    static PROOFS: RefCell<BTreeMap<Sha256, (i64, Proof)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Which lists there are.
pub(crate) async fn lists() -> Lists {
    if let Some(known) = KNOWN.with_borrow(Clone::clone) {
        return known;
    }
    let stored = from_js(get(LIBRARY).await).unwrap_or_default();
    // Somebody else may have been faster, and have changed it since.
    KNOWN.with_borrow_mut(|known| known.get_or_insert(stored).clone())
}

/// Changes the lists, stores that and tells the pages.
async fn change<T>(make: impl FnOnce(&mut Lists) -> T) -> Result<T, Problem> {
    lists().await;
    let (made, changed) = KNOWN.with_borrow_mut(|known| {
        let lists = known.get_or_insert_default();
        let made = make(lists);
        (made, lists.clone())
    });
    let stored = Stored {
        lists: &changed,
        glance: changed.glance(),
    };
    put(LIBRARY, &to_js(&stored)).await?;
    lists_changed(&serde_json::to_string(&changed).unwrap_or_default());
    Ok(made)
}

/// What is stored; what cannot be read is not there.
async fn get(key: &str) -> JsValue {
    database::get(STORE, key).await.unwrap_or_else(|error| {
        error_value(&error);
        JsValue::UNDEFINED
    })
}

async fn put(key: &str, value: &JsValue) -> Result<(), Problem> {
    match database::put(STORE, key, value).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::Browser {
            message: words(&error),
        }),
    }
}

fn file_key(feed: &str, list: &str) -> String {
    format!("feed/{feed}/{list}")
}

fn own_key(id: &str) -> String {
    format!("own/{id}")
}

fn text_key(id: &str) -> String {
    format!("text/{id}")
}

/// A list's bytes, if they are what they were.
fn opened(stored: &JsValue) -> Option<OwnedBlocklist> {
    let bytes: &Uint8Array = stored.dyn_ref()?;
    OwnedBlocklist::open(bytes.to_vec()).ok()
}

/// The text of an own list.
pub(crate) async fn text(id: &str) -> Option<String> {
    get(&text_key(id)).await.as_string()
}

/// Makes the lists of entries and stores them.
async fn build(id: &str, entries: &Entries, good: bool, made: i64) -> Result<(), Problem> {
    let built = entries.build(good, 0, made);
    let built = built.map_err(|_| Problem::ListText)?;
    let files: Array = built
        .iter()
        .map(|list| Uint8Array::from(list.bytes.as_slice()))
        .collect();
    put(&own_key(id), &files).await
}

/// Saves an own list; gives its id.
///
/// # Errors
/// Its name is not allowed or taken, it has no entry or is too long, or the browser refused.
pub(crate) async fn save(
    id: Option<String>,
    name: String,
    text: &str,
    good: bool,
) -> Result<String, Problem> {
    let entries = Entries::read(text, good);
    if text.len() > MAX_TEXT || entries.is_empty() {
        return Err(Problem::ListText);
    }
    let list = OwnList {
        id: id.unwrap_or_default(),
        name,
        good,
        enabled: true,
        changed: now(),
        entries: entries.len() as u32,
        skipped: entries.skipped,
    };
    // The id is known only when the lists have taken it; the text must be there before that is stored.
    let mut draft = lists().await;
    let id = draft.save(list).ok_or(Problem::RuleName)?;
    let list = draft.own.into_iter().find(|own| own.id == id);
    let list = list.ok_or(Problem::Gone)?;
    put(&text_key(&id), &JsValue::from_str(text)).await?;
    build(&id, &entries, good, list.changed).await?;
    change(|lists| {
        match lists.own.iter_mut().find(|own| own.id == list.id) {
            Some(own) => *own = list,
            None => lists.own.push(list),
        }
        lists.revision += 1;
    })
    .await?;
    Ok(id)
}

/// Has the lists that the organisation has set.
///
/// # Errors
/// The browser refused.
pub(crate) async fn take_managed() -> Result<(), Problem> {
    let wanted = managed_sources(true);
    if lists().await.managed == wanted {
        return Ok(());
    }
    for feed in change(|lists| lists.set_managed(wanted, now())).await? {
        for list in &feed.lists {
            database::forget(STORE, &file_key(&feed.id, &list.name)).await;
        }
    }
    Ok(())
}

/// Switches a list on or off.
///
/// # Errors
/// It is not there, or the organisation's, or the browser refused.
pub(crate) async fn switch(what: &ListSwitch, enabled: bool) -> Result<Lists, Problem> {
    if let ListSwitch::Feed { feed, .. } = what
        && lists().await.is_managed(feed)
    {
        return Err(Problem::Managed);
    }
    match change(|lists| lists.switch(what, enabled)).await? {
        true => Ok(lists().await),
        false => Err(Problem::Gone),
    }
}

/// Removes a feed with its lists, or an own list.
///
/// # Errors
/// It is not there, or the organisation's, or the browser refused.
pub(crate) async fn remove(id: &str) -> Result<Lists, Problem> {
    let before = lists().await;
    if before.is_managed(id) {
        return Err(Problem::Managed);
    }
    if !change(|lists| lists.remove(id)).await? {
        return Err(Problem::Gone);
    }
    match before.feeds.iter().find(|feed| feed.id == id) {
        Some(feed) => {
            for list in &feed.lists {
                database::forget(STORE, &file_key(id, &list.name)).await;
            }
        }
        None => {
            database::forget(STORE, &own_key(id)).await;
            database::forget(STORE, &text_key(id)).await;
        }
    }
    Ok(lists().await)
}

/// Adds a feed and fetches it. What is wrong with it stands in the lists then.
///
/// # Errors
/// The address cannot be a feed's or is there already, or the browser refused.
pub(crate) async fn add(url: &str) -> Result<Lists, Problem> {
    let url: PackUrl = url.parse().map_err(|_| Problem::PackAddress)?;
    let id = change(|lists| lists.add(url, now())).await?;
    Ok(update(&id.ok_or(Problem::PackAddress)?).await)
}

/// Fetches the feeds that are due.
pub(crate) async fn refresh() {
    for id in lists().await.due(now()) {
        update(&id).await;
    }
}

/// Fetches what is new of a feed. Whatever is wrong, what was there before stays.
pub(crate) async fn update(id: &str) -> Lists {
    let feed = lists().await.feeds.into_iter().find(|feed| feed.id == id);
    if let Some(feed) = feed {
        let outcome = match fetch_feed(&feed).await {
            Ok((had, problem)) => {
                let kept: Vec<_> = had.iter().map(|list| list.name.clone()).collect();
                let there = change(|lists| lists.fetched(id, had, problem, now())).await;
                // Of what the feed has no more, and of a feed that was removed meanwhile, nothing stays.
                let there = matches!(there, Ok(true) | Err(_));
                for name in feed.lists.iter().map(|list| &list.name).chain(&kept) {
                    if !there || !kept.contains(name) {
                        database::forget(STORE, &file_key(id, name)).await;
                    }
                }
                Ok(())
            }
            Err(problem) => change(|lists| lists.failed(id, problem, now())).await,
        };
        if let Err(problem) = outcome {
            // The disk is full, or the database is gone: the next alarm tries again.
            error(&format!("{problem:?}"));
        }
    }
    lists().await
}

/// What a feed has, and what is wrong with some of it.
async fn fetch_feed(feed: &Feed) -> Result<(Vec<FeedList>, Option<FeedProblem>), FeedProblem> {
    let bytes = download(&feed.url, MAX_TEXT).await?;
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return take_text(feed, &bytes).await;
    }
    if bytes.len() > MAX_CATALOGUE {
        return Err(FeedProblem::TooLong);
    }
    let Catalogue(offers) = Catalogue::read(&bytes, &feed.url).map_err(|_| FeedProblem::NoLists)?;
    let mut lists = Vec::new();
    let mut problem = None;
    for offer in offers {
        let known = feed.lists.iter().find(|list| list.name == offer.name);
        if let Some(known) = known.filter(|list| !list.enabled) {
            lists.push(known.clone());
            continue;
        }
        match take(feed, &offer).await {
            Ok(list) => lists.push(list),
            Err(why) => {
                lists.extend(known.cloned());
                problem.get_or_insert(why);
            }
        }
    }
    Ok((lists, problem))
}

async fn download(url: &PackUrl, most: usize) -> Result<Vec<u8>, FeedProblem> {
    match fetch(&url.to_string(), most).await {
        Fetched::Bytes(bytes) => Ok(bytes),
        Fetched::TooLong => Err(FeedProblem::TooLong),
        Fetched::Status(status) => Err(FeedProblem::Status { status }),
        Fetched::Nothing => Err(FeedProblem::Unreachable),
    }
}

/// Has a list as the catalogue offers it: the one that is here, what leads there from that one, or the whole
/// file.
async fn take(feed: &Feed, offer: &Offer) -> Result<FeedList, FeedProblem> {
    let key = file_key(&feed.id, &offer.name);
    let old = opened(&get(&key).await);
    if let Some(old) = &old {
        let old = old.list();
        if *old.checksum() == *offer.checksum.as_bytes() {
            return Ok(described(offer, &old));
        }
        let base = (old.header().version.sequence, Sha256::from(*old.checksum()));
        let update = offer
            .update(base.0)
            .filter(|_| offer.versions.contains(&base));
        // Whatever is wrong with an update, the whole file may be right.
        if let Some(update) = update
            && let Ok(update) = download(&update, MAX_LIST).await
            && let Ok(bytes) = apply(&old, &update)
            && let Ok(list) = accept(offer, &bytes)
        {
            keep(&key, &bytes).await?;
            return Ok(list);
        }
    }
    let bytes = download(&offer.file, MAX_LIST).await?;
    let list = accept(offer, &bytes)?;
    keep(&key, &bytes).await?;
    Ok(list)
}

async fn keep(key: &str, bytes: &[u8]) -> Result<(), FeedProblem> {
    let stored = put(key, &Uint8Array::from(bytes)).await;
    stored.map_err(|_| FeedProblem::NotKept)
}

/// Whether bytes are the list that is offered.
fn accept(offer: &Offer, bytes: &[u8]) -> Result<FeedList, FeedProblem> {
    let damaged = || FeedProblem::Damaged {
        list: offer.name.clone(),
    };
    let list = Blocklist::open(bytes).map_err(|_| damaged())?;
    let header = list.header();
    let same = *list.checksum() == *offer.checksum.as_bytes()
        && header.kind == offer.kind.into()
        && header.prefix_bytes == offer.prefix_bytes
        && header.version.sequence == offer.version;
    match same {
        true => Ok(described(offer, &list)),
        false => Err(damaged()),
    }
}

fn described(offer: &Offer, list: &Blocklist<'_>) -> FeedList {
    let license = offer.license.clone();
    described_as(&offer.name, offer.kind, license, list)
}

fn described_as(
    name: &str,
    kind: ListKind,
    license: Option<String>,
    list: &Blocklist<'_>,
) -> FeedList {
    let header = list.header();
    FeedList {
        name: name.to_owned(),
        kind,
        version: header.version.sequence,
        checksum: Some((*list.checksum()).into()),
        entries: header.entries,
        made: i64::try_from(header.created_at).unwrap_or(i64::MAX),
        license,
        enabled: true,
    }
}

/// Makes lists of a text that a feed gives.
async fn take_text(
    feed: &Feed,
    bytes: &[u8],
) -> Result<(Vec<FeedList>, Option<FeedProblem>), FeedProblem> {
    let no_lists = || FeedProblem::NoLists;
    let text = std::str::from_utf8(bytes).map_err(|_| no_lists())?;
    let entries = Entries::read(text, false);
    // An error page is a text too, with a word here and there that could be a host.
    if entries.is_empty() || entries.len() < entries.skipped as usize {
        return Err(no_lists());
    }
    let built = entries.build(false, 0, now()).map_err(|_| no_lists())?;
    let mut lists = Vec::new();
    for Built { name, kind, bytes } in built {
        let list = Blocklist::open(&bytes).map_err(|_| no_lists())?;
        keep(&file_key(&feed.id, name), &bytes).await?;
        lists.push(described_as(name, kind, None, &list));
    }
    Ok((lists, None))
}

/// The lists that are on, as they are read from the database once for each change.
async fn shelf() -> Rc<Shelf> {
    let lists = lists().await;
    let known = SHELF.with_borrow(Clone::clone);
    if let Some((_, shelf)) = known.filter(|(revision, _)| *revision == lists.revision) {
        return shelf;
    }
    let mut on = Vec::new();
    for feed in &lists.feeds {
        let enabled = |list: &&FeedList| list.enabled && list.checksum.is_some();
        let mut lost = Vec::new();
        for list in feed.lists.iter().filter(enabled) {
            match opened(&get(&file_key(&feed.id, &list.name)).await) {
                Some(file) => on.push(OnShelf {
                    source: feed.id.clone(),
                    list: list.name.clone(),
                    from: feed.url.host(),
                    good: matches!(list.kind, ListKind::GoodFiles(_)),
                    file,
                }),
                None => lost.push(list.name.clone()),
            }
        }
        if !lost.is_empty() {
            refetch(feed.id.clone(), lost);
        }
    }
    for own in lists.own.iter().filter(|own| own.enabled) {
        for file in own_files(own).await {
            on.push(OnShelf {
                source: own.id.clone(),
                list: own.name.clone(),
                from: String::new(),
                good: own.good,
                file,
            });
        }
    }
    let shelf = Rc::new(Shelf(on));
    SHELF.set(Some((lists.revision, shelf.clone())));
    shelf
}

/// Has lists fetched anew that the disk has spoilt, without anybody waiting for it.
fn refetch(feed: String, lost: Vec<String>) {
    wasm_bindgen_futures::spawn_local(async move {
        let noted = change(|lists| {
            for list in &lost {
                lists.lost(&feed, list);
            }
        });
        if let Err(problem) = noted.await {
            error(&format!("{problem:?}"));
        }
        update(&feed).await;
    });
}

/// The lists that were made of an own text; made again where the disk has spoilt them.
async fn own_files(own: &OwnList) -> Vec<OwnedBlocklist> {
    let read = async || -> Option<Vec<OwnedBlocklist>> {
        let stored = get(&own_key(&own.id)).await;
        let files: &Array = stored.dyn_ref()?;
        files.iter().map(|file| opened(&file)).collect()
    };
    if let Some(files) = read().await {
        return files;
    }
    if let Some(text) = text(&own.id).await {
        let entries = Entries::read(&text, own.good);
        let built = build(&own.id, &entries, own.good, own.changed).await;
        if built.is_ok() {
            return read().await.unwrap_or_default();
        }
    }
    Vec::new()
}

/// What of a query is on a list that is on, the worst first.
pub(crate) async fn look(query: &Query, may_ask: bool, private: bool) -> Vec<Listing> {
    let shelf = shelf().await;
    let mut listings = Vec::new();
    for hit in shelf.look(query) {
        let proof = if hit.wants_text() {
            let text = text(&hit.on.source).await.unwrap_or_default();
            match Entries::in_text(&text, &hit.entry) {
                true => Proof::Confirmed(None),
                false => Proof::Refuted,
            }
        } else if hit.wants_proof() && may_ask {
            prove(&hit, private).await
        } else {
            Proof::None
        };
        listings.extend(hit.listing(proof));
    }
    Listing::weigh(listings)
}

/// Asks the backend what stands behind a hit, if the list comes from there.
async fn prove(hit: &Hit<'_>, private: bool) -> Proof {
    let feeds = lists().await.feeds;
    let feed = feeds.iter().find(|feed| feed.id == hit.on.source);
    let address = feed.and_then(|feed| lookup_address(&feed.url.to_string()));
    let (Some(hash), Some(address)) = (hit.ask, address) else {
        return Proof::None;
    };
    let known = PROOFS.with_borrow(|proofs| proofs.get(&hash).cloned());
    if let Some((until, proof)) = known
        && now() < until
    {
        return proof;
    }
    let random: [u8; 4 * (LOOKUP_PREFIXES - 1)] = random();
    let mut others = [[0; 4]; LOOKUP_PREFIXES - 1];
    for (other, bytes) in others.iter_mut().zip(random.chunks_exact(4)) {
        other.copy_from_slice(bytes);
    }
    let body = lookup_body(&hash, &others);
    let Fetched::Bytes(answer) = post(&address, body, MAX_LOOKUP, private).await else {
        return Proof::None;
    };
    let Some(answer) = Lookup::read(&answer) else {
        return Proof::None;
    };
    let proof = answer.of(&hash);
    PROOFS.with_borrow_mut(|proofs| {
        if proofs.len() >= MOST_PROOFS {
            proofs.clear();
        }
        proofs.insert(hash, (now() + answer.good_for, proof.clone()));
    });
    proof
}
