//! The Worker's side: what `js/scanner-worker.js` calls.

use std::cell::RefCell;

use js_sys::{ArrayBuffer, Function, Reflect, Uint8Array};
use quorum_core::rules::{
    Job, Library, MAX_SCANNED, MAX_WHOLE, Origin, RuleText, ScanReport, Told,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, ReadableStreamByobReader, ReadableStreamGetReaderOptions, ReadableStreamReaderMode,
};

use crate::{Engine, Group, check};

/// How much of a file is read at a time, at most, in bytes.
const PIECE: u32 = 1024 * 1024;
/// How long the blocks of a large file are, in bytes.
const BLOCK: u64 = 16 * 1024 * 1024;
/// How far a block reaches into the one before: what is longer may be missed where two blocks meet.
const OVERLAP: u64 = 64 * 1024;
/// The memory above which a Worker is not kept, in bytes: memory of WebAssembly only grows.
const MOST_KEPT: usize = 96 * 1024 * 1024;

unsafe extern "C" {
    /// The module's constructors, gathered by the linker.
    fn __wasm_call_ctors();
}

#[wasm_bindgen(raw_module = "../database.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn get(store: &str, key: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// The rules as they were compiled.
struct Loaded {
    revision: u32,
    engine: Engine,
}

thread_local! {
    static LOADED: RefCell<Option<Loaded>> = const { RefCell::new(None) };
}

/// Runs once, when the module is loaded.
#[wasm_bindgen(start)]
pub fn start() {
    // YARA-X registers its modules by constructors. A linker that sees nobody call them makes every export
    // call them anew, each allocation among them, which costs scans most of their speed.
    // SAFETY: called once, before anything else of the module runs, as a linker's start code would.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}

/// Does a [`Job`]. `tell` gets what it finds: a `{told, spent}` each time, the last one with `done`.
///
/// # Errors
/// The job is of an unknown shape, or the browser could not read the file or the database.
#[wasm_bindgen]
pub async fn work(job: JsValue, file: Option<Blob>, tell: Function) -> Result<(), JsValue> {
    let job: Job = serde_wasm_bindgen::from_value(job)?;
    let tell = |told: Told, done: bool| send(&tell, told, done);
    let told = match job {
        Job::Check { texts } => rules_or_fault(check(&Origin::Own, &texts)),
        Job::Try { text } => match Group::compile(Origin::Own, "draft", None, None, &[text]) {
            Ok(group) => {
                let mut engine = Engine {
                    groups: vec![group],
                    ..Engine::default()
                };
                let file = wanted(file)?;
                let report = scan(&mut engine, &file, |report| {
                    tell(Told::Report(report.clone()), false);
                });
                Told::Report(report.await?)
            }
            Err(fault) => Told::Fault(fault),
        },
        Job::Scan => {
            let mut loaded = load().await?;
            let report = scan(&mut loaded.engine, &wanted(file)?, |report| {
                tell(Told::Report(report.clone()), false);
            })
            .await;
            LOADED.set(Some(loaded));
            Told::Report(report?)
        }
        Job::List => Told::Rules(list().await?),
    };
    tell(told, true);
    Ok(())
}

fn rules_or_fault(
    result: Result<Vec<quorum_core::rules::RuleLine>, quorum_core::rules::RuleFault>,
) -> Told {
    match result {
        Ok(rules) => Told::Rules(rules),
        Err(fault) => Told::Fault(fault),
    }
}

/// What is sent for each [`Told`].
#[derive(Serialize)]
struct Envelope {
    told: Told,
    /// Whether this is the last.
    done: bool,
    /// Whether this Worker has grown so much that it is better replaced.
    spent: bool,
}

fn send(tell: &Function, told: Told, done: bool) {
    let spent = core::arch::wasm32::memory_size(0) * 65_536 > MOST_KEPT;
    let envelope = Envelope { told, done, spent };
    // One text for the browser to read: with many matches, an object made field by field takes longer than
    // the scan.
    let text = serde_json::to_string(&envelope).unwrap_or_default();
    if let Ok(message) = js_sys::JSON::parse(&text) {
        // Nobody is left to tell that a message could not be sent.
        let _ = tell.call1(&JsValue::NULL, &message);
    }
}

fn wanted(file: Option<Blob>) -> Result<Blob, JsValue> {
    file.ok_or_else(|| JsError::new("a scan without a file").into())
}

/// Reads a part of the file into `bytes`, which become as long as the part. All pieces of it go through the same
/// memory of the browser's: an ArrayBuffer for each would stay until it is collected, and hundreds of megabytes
/// would.
async fn read(file: &Blob, from: u64, to: u64, bytes: &mut Vec<u8>) -> Result<(), JsValue> {
    // A Blob more costs as much as a small file's scan.
    let part = match from == 0 && to as f64 == file.size() {
        true => file.clone(),
        false => file.slice_with_f64_and_f64(from as f64, to as f64)?,
    };
    if to - from <= u64::from(PIECE) {
        *bytes = Uint8Array::new(&JsFuture::from(part.array_buffer()).await?).to_vec();
        return Ok(());
    }
    bytes.resize((to - from) as usize, 0);
    let options = ReadableStreamGetReaderOptions::new();
    options.set_mode(ReadableStreamReaderMode::Byob);
    let reader: ReadableStreamByobReader = part
        .stream()
        .get_reader_with_options(&options)
        .unchecked_into();
    let mut buffer = ArrayBuffer::new(PIECE);
    let mut at = 0;
    loop {
        let into = Uint8Array::new(&buffer);
        let read = JsFuture::from(reader.read_with_array_buffer_view(&into)).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            break;
        }
        let piece: Uint8Array = Reflect::get(&read, &"value".into())?.unchecked_into();
        let end = at + piece.length() as usize;
        let room = bytes.get_mut(at..end);
        piece.copy_to(room.ok_or_else(|| JsError::new("more than there is"))?);
        at = end;
        buffer = piece.buffer();
    }
    match at == bytes.len() {
        true => Ok(()),
        false => Err(JsError::new("less than there is").into()),
    }
}

async fn scan(
    engine: &mut Engine,
    file: &Blob,
    mut tell: impl FnMut(&ScanReport),
) -> Result<ScanReport, JsValue> {
    let size = file.size() as u64;
    if size > MAX_SCANNED {
        return Ok(ScanReport {
            too_large: true,
            ..ScanReport::default()
        });
    }
    let mut bytes = Vec::new();
    if size <= MAX_WHOLE {
        read(file, 0, size, &mut bytes).await?;
        return Ok(engine.scan(&bytes, tell));
    }
    let mut blocks = engine.blocks();
    let mut at = 0;
    while at < size {
        let (from, end) = (at.saturating_sub(OVERLAP), (at + BLOCK).min(size));
        read(file, from, end, &mut bytes).await?;
        if !blocks.block(engine, from as usize, &bytes, &mut tell) {
            return Ok(blocks.report());
        }
        at = end;
    }
    Ok(blocks.finish(engine, tell))
}

async fn library() -> Result<Library, JsValue> {
    let stored = get("rules", "library").await?;
    Ok(match stored.is_undefined() {
        true => Library::default(),
        false => serde_wasm_bindgen::from_value(stored)?,
    })
}

async fn text(key: String) -> Result<Vec<RuleText>, JsValue> {
    let stored = get("rules", &key).await?;
    Ok(match stored.is_undefined() {
        true => Vec::new(),
        false => serde_wasm_bindgen::from_value(stored)?,
    })
}

/// The rules that are on, compiled once for each revision of the library.
async fn load() -> Result<Loaded, JsValue> {
    let library = library().await?;
    if let Some(loaded) = LOADED.take().filter(|it| it.revision == library.revision) {
        return Ok(loaded);
    }
    let revision = library.revision;
    Ok(Loaded {
        revision,
        engine: compile(library, false).await?,
    })
}

/// Every rule that there is, on or off.
async fn list() -> Result<Vec<quorum_core::rules::RuleLine>, JsValue> {
    let engine = compile(library().await?, true).await?;
    Ok(engine.groups.iter().flat_map(Group::lines).collect())
}

async fn compile(library: Library, all: bool) -> Result<Engine, JsValue> {
    let mut engine = Engine {
        off: library.off,
        ..Engine::default()
    };
    if library.built_in || all {
        engine.groups.push(Group::built_in());
    }
    for pack in library.packs.into_iter().filter(|pack| pack.enabled || all) {
        let texts = text(format!("pack/{}", pack.id)).await?;
        if texts.is_empty() {
            continue; // not had yet
        }
        let origin = Origin::Pack(pack.name);
        match Group::compile(origin, &pack.id, pack.license, pack.severity, &texts) {
            Ok(group) => engine.groups.push(group),
            // It compiled when it was taken in: by another version of the engine.
            Err(fault) => engine.faults.push(fault),
        }
    }
    let mut own = Vec::new();
    for rule in library.own.iter().filter(|rule| rule.enabled || all) {
        own.extend(text(format!("own/{}", rule.id)).await?);
    }
    // Each that is wrong is left out and told; the others stay.
    while !own.is_empty() {
        match Group::compile(Origin::Own, "own", None, None, &own) {
            Ok(group) => {
                engine.groups.push(group);
                break;
            }
            Err(fault) => {
                own.retain(|text| text.name != fault.source);
                engine.faults.push(fault);
            }
        }
    }
    Ok(engine)
}
