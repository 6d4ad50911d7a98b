//! What JavaScript and the light module give us. Declarations only; each function is explained where it is
//! written.

use js_sys::{Array, Uint8Array};
use quorum_core::rules::{Heard, Job};
use wasm_bindgen::prelude::*;

/// IndexedDB, by `js/database.js`.
pub(crate) mod database {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../database.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub(crate) async fn get(store: &str, key: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn put(
            store: &str,
            key: &str,
            value: &JsValue,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        async fn remove(store: &str, key: &str) -> Result<JsValue, JsValue>;
    }

    /// Removes what may stay where it cannot be removed: nobody looks for it any more.
    pub(crate) async fn forget(store: &str, key: &str) {
        if let Err(error) = remove(store, key).await {
            super::error_value(&error);
        }
    }
}

// The Worker that scans, by `js/scanner.js`.
#[wasm_bindgen(raw_module = "../scanner.js")]
extern "C" {
    #[wasm_bindgen(js_name = run, catch)]
    async fn run_job(job: &JsValue, file: &JsValue, limit_ms: u32) -> Result<JsValue, JsValue>;
}

// The light module, by its own glue.
#[wasm_bindgen(raw_module = "./quorum_extension.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn fetch_file(
        url: &str,
        most: f64,
        body: Option<String>,
        private: bool,
    ) -> Result<JsValue, JsValue>;
    /// Where the backend is asked about a hit in a list of this address, if that is the backend's.
    pub(crate) fn lookup_address(feed: &str) -> Option<String>;
    /// The addresses that the organisation has set: of lists, or of packs of rules.
    pub(crate) fn managed_sources(lists: bool) -> Vec<String>;
    /// Tells all pages that local lists have changed; `lists` is JSON.
    pub(crate) fn lists_changed(lists: &str);
    /// Tells all pages that the rules have changed; `library` is JSON.
    pub(crate) fn rules_changed(library: &str);
}

#[wasm_bindgen]
extern "C" {
    /// Writes to the browser's console, for developers.
    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn error(text: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn error_value(value: &JsValue);
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &Uint8Array);
}

/// Bytes that nobody can foresee.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let bytes = Uint8Array::new_with_length(N as u32);
    fill(&bytes);
    let mut out = [0; N];
    bytes.copy_to(&mut out);
    out
}

/// What came of fetching a file.
pub(crate) enum Fetched {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It is longer than it may be.
    TooLong,
    /// The server answered with another status than 200.
    Status(u16),
    /// There was no answer.
    Nothing,
}

/// Fetches a file, without cookies; `most` is the longest that it may be, in bytes.
pub(crate) async fn fetch(url: &str, most: usize) -> Fetched {
    answer(fetch_file(url, most as f64, None, false).await)
}

/// Asks the backend something at this address. Of a private question nothing is kept.
pub(crate) async fn post(url: &str, body: String, most: usize, private: bool) -> Fetched {
    answer(fetch_file(url, most as f64, Some(body), private).await)
}

fn answer(fetched: Result<JsValue, JsValue>) -> Fetched {
    let Ok(fetched) = fetched else {
        return Fetched::Nothing;
    };
    let fetched = Array::from(&fetched);
    match fetched.get(0).as_f64() {
        Some(200.0) => match fetched.get(1).dyn_into::<Uint8Array>() {
            Ok(bytes) => Fetched::Bytes(bytes.to_vec()),
            Err(_) => Fetched::TooLong,
        },
        Some(status) => Fetched::Status(status as u16),
        None => Fetched::Nothing,
    }
}

/// Has a job done by the scanner; its Worker is ended after this time.
pub(crate) async fn scan(job: &Job, limit_ms: u32) -> Heard {
    match run_job(&to_js(job), &JsValue::UNDEFINED, limit_ms).await {
        Ok(heard) => from_js(heard).unwrap_or_default(),
        Err(problem) => Heard {
            failed: Some(words(&problem)),
            ..Heard::default()
        },
    }
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// What a failure of the browser says.
pub(crate) fn words(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| error.message().into())
}

/// Puts a value into the form in which it crosses to JavaScript: plain objects, as JSON has them.
pub(crate) fn to_js<T: serde::Serialize>(value: &T) -> JsValue {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .unwrap_or(JsValue::NULL)
}

/// Reads a value that JavaScript gave; `None` if it is of another shape.
pub(crate) fn from_js<T: serde::de::DeserializeOwned>(value: JsValue) -> Option<T> {
    serde_wasm_bindgen::from_value(value).ok()
}
