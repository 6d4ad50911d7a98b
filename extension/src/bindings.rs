//! What JavaScript gives us: the translated browser API, the held downloads, the database, the
//! vault. Declarations only; each function is explained where it is written, in `js/`.

use wasm_bindgen::prelude::*;

use crate::plain::Plain;

/// The browser, by `js/platform.js`.
pub(crate) mod platform {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../platform.js")]
    extern "C" {
        #[wasm_bindgen(js_name = fileUrl)]
        pub(crate) fn file_url(path: &str) -> String;
        #[wasm_bindgen(js_name = ownId)]
        pub(crate) fn own_id() -> String;
        #[wasm_bindgen(js_name = inPrivate)]
        pub(crate) fn in_private() -> bool;
        #[wasm_bindgen(js_name = canHold)]
        pub(crate) fn can_hold() -> bool;
        pub(crate) fn message(key: &str, parts: Vec<String>) -> String;

        #[wasm_bindgen(js_name = closeStorage, catch)]
        pub(crate) async fn close_storage() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = readStorage, catch)]
        pub(crate) async fn read_storage(area: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = readManaged, catch)]
        pub(crate) async fn read_managed() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = writeStorage, catch)]
        pub(crate) async fn write_storage(
            area: &str,
            key: &str,
            value: &JsValue,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = removeFromStorage, catch)]
        pub(crate) async fn remove_from_storage(area: &str, key: &str) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_name = mayReadFiles, catch)]
        pub(crate) async fn may_read_files() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = mayRead, catch)]
        pub(crate) async fn may_read(origins: Vec<String>) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(catch)]
        pub(crate) async fn download(id: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = cancelDownload, catch)]
        pub(crate) async fn cancel_download(id: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = downloadsSince, catch)]
        pub(crate) async fn downloads_since(since: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = showDownload, catch)]
        pub(crate) async fn show_download(id: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = startDownload, catch)]
        pub(crate) async fn start_download(url: &str) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_name = readBlob, catch)]
        pub(crate) async fn read_blob(
            url: &str,
            signal: &web_sys::AbortSignal,
        ) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_name = setMenu, catch)]
        pub(crate) async fn set_menu(id: &str, title: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn notify(id: &str, title: &str, text: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = clearNotification, catch)]
        pub(crate) async fn clear_notification(id: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = setBadge, catch)]
        pub(crate) async fn set_badge(text: &str, colour: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = setTitle, catch)]
        pub(crate) async fn set_title(title: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn badge() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = openPage, catch)]
        pub(crate) async fn open_page(path: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = openDetails, catch)]
        pub(crate) async fn open_details() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = openOptions, catch)]
        pub(crate) async fn open_options() -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_name = frontTab, catch)]
        pub(crate) async fn front_tab() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = readPage, catch)]
        pub(crate) async fn read_page(
            referrer: &str,
            links: Vec<String>,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = readLink, catch)]
        pub(crate) async fn read_link(
            tab: f64,
            frame: f64,
            address: &str,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = injectCard, catch)]
        pub(crate) async fn inject_card(tab: f64) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_name = setAlarm, catch)]
        pub(crate) async fn set_alarm(name: &str, minutes: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = setAlarmOnce, catch)]
        pub(crate) async fn set_alarm_once(name: &str, minutes: f64) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = clearAlarm, catch)]
        pub(crate) async fn clear_alarm(name: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = stirWorker, catch)]
        pub(crate) async fn stir_worker() -> Result<JsValue, JsValue>;
    }

    #[wasm_bindgen]
    extern "C" {
        /// A `runtime.Port`.
        #[derive(Clone, PartialEq)]
        pub type Port;
        #[wasm_bindgen(method, getter)]
        pub(crate) fn name(this: &Port) -> String;
        #[wasm_bindgen(method, js_name = postMessage, catch)]
        pub(crate) fn post(this: &Port, message: &JsValue) -> Result<(), JsValue>;
        #[wasm_bindgen(method)]
        pub(crate) fn disconnect(this: &Port);
    }
}

/// The held downloads, by `js/hold.js`.
pub(crate) mod hold {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../hold.js")]
    extern "C" {
        pub(crate) fn release(id: f64);
    }
}

/// Large files on disk, by `js/spool.js`.
pub(crate) mod spool {
    use js_sys::{Array, Uint8Array};
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../spool.js")]
    extern "C" {
        pub(crate) fn clear();
        #[wasm_bindgen(catch)]
        pub(crate) async fn open(pieces: &Array) -> Result<JsValue, JsValue>;

        pub(crate) type File;
        #[wasm_bindgen(method, catch)]
        pub(crate) async fn write(this: &File, bytes: &Uint8Array) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(method, catch)]
        pub(crate) async fn file(this: &File) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(method)]
        pub(crate) fn remove(this: &File);
    }

    /// One of them, which goes with this.
    pub(crate) struct Spool(pub(crate) File);

    impl Drop for Spool {
        fn drop(&mut self) {
            self.0.remove();
        }
    }
}

/// The Worker that scans, by `js/scanner.js`.
pub(crate) mod scanner {
    use quorum_core::rules::{Heard, Job};
    use wasm_bindgen::prelude::*;
    use web_sys::Blob;

    #[wasm_bindgen(raw_module = "../scanner.js")]
    extern "C" {
        #[wasm_bindgen(js_name = run, catch)]
        async fn run_job(
            job: &JsValue,
            file: Option<&Blob>,
            limit_ms: u32,
        ) -> Result<JsValue, JsValue>;
    }

    /// Has a job done; the Worker is ended after this time.
    pub(crate) async fn run(job: &Job, file: Option<&Blob>, limit_ms: u32) -> Heard {
        match run_job(&super::to_js(job), file, limit_ms).await {
            Ok(heard) => super::from_js(heard).unwrap_or_default(),
            Err(problem) => Heard {
                failed: Some(super::words(&problem)),
                ..Heard::default()
            },
        }
    }
}

/// What is kept for scanning, by `js/library.js` and the module that it loads.
pub(crate) mod library {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../library.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub(crate) async fn ask(request: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn refresh() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn look(
            addresses: Vec<String>,
            hashes: Vec<String>,
            members: Vec<String>,
            may_ask: bool,
            private: bool,
        ) -> Result<JsValue, JsValue>;
    }
}

/// Running text, by `js/reader.js` and the module that it loads.
pub(crate) mod reader {
    use js_sys::Uint8Array;
    use quorum_core::checksum::{self, Claim};
    use quorum_core::indicator::Indicator;
    use quorum_core::pointed::{About, Pick, Pointed, Written};
    use quorum_core::text::MAX_EXTRACTED;
    use quorum_core::told::{Inspection, Told};
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../reader.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        async fn find(text: &str, limit: usize) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        async fn about(
            address: &str,
            written: &str,
            link_text: &str,
            own: Vec<String>,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        async fn notice(url: &str, name: &str, own: Vec<String>) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        async fn inspect(url: &str, name: &str, own: Vec<String>) -> Result<JsValue, JsValue>;

        #[wasm_bindgen(catch)]
        async fn sha512() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = inHeaders, catch)]
        async fn in_headers(headers: &JsValue) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = onPage, catch)]
        async fn on_page(page: &JsValue, address: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(js_name = inList, catch)]
        async fn in_list(
            text: &str,
            list: &str,
            address: &str,
            name: &str,
        ) -> Result<JsValue, JsValue>;

        /// A SHA-512 that is being made.
        pub(crate) type Hasher512;
        #[wasm_bindgen(method)]
        pub(crate) fn update(this: &Hasher512, bytes: &Uint8Array);
        #[wasm_bindgen(method)]
        pub(crate) fn digest(this: &Hasher512) -> String;
        #[wasm_bindgen(method, js_name = free)]
        pub(crate) fn end(this: &Hasher512);

        type Inspector;
        #[wasm_bindgen(method, catch)]
        fn push(this: &Inspector, bytes: &Uint8Array) -> Result<(), JsValue>;
        #[wasm_bindgen(method, catch)]
        fn finish(this: &Inspector) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(method)]
        fn free(this: &Inspector);
    }

    /// What a text points at. A text in which nothing can be found because the module does not load
    /// is read as one indicator.
    pub(crate) async fn pointed(text: &str) -> Pointed {
        match find(text, MAX_EXTRACTED).await {
            Ok(found) => super::from_js(found).unwrap_or_default(),
            Err(problem) => {
                super::error_value(&problem);
                let found = Indicator::read(text).into_iter();
                Pointed {
                    picks: found.map(|it| Pick::new(it, text, "")).collect(),
                    told: Vec::new(),
                }
            }
        }
    }

    /// A value of the module's, or what stands for nothing if it does not load.
    fn given<T: serde::de::DeserializeOwned + Default>(answer: Result<JsValue, JsValue>) -> T {
        match answer {
            Ok(value) => super::from_js(value).unwrap_or_default(),
            Err(problem) => {
                super::error_value(&problem);
                T::default()
            }
        }
    }

    /// A hasher for SHA-512.
    pub(crate) async fn hasher512() -> Option<Hasher512> {
        sha512().await.ok().map(JsCast::unchecked_into)
    }

    /// What an answer's headers say of its bytes.
    pub(crate) async fn header_claims(headers: &[(String, String)]) -> Vec<Claim> {
        given(in_headers(&super::to_js(&headers)).await)
    }

    /// What a page says of the file that this link of it leads to.
    pub(crate) async fn page_claims(page: &JsValue, address: &str) -> checksum::Pointed {
        given(on_page(page, address).await)
    }

    /// What a list says of a file.
    pub(crate) async fn list_claims(
        text: &str,
        list: &str,
        address: &str,
        name: &str,
    ) -> Vec<Claim> {
        given(in_list(text, list, address, name).await)
    }

    /// What an address tells by itself and by how it was written; nothing if the module does not load.
    /// `own` are domains of the user's own, here and below.
    pub(crate) async fn about_address(address: &str, written: &Written, own: Vec<String>) -> About {
        given(about(address, &written.address, &written.link_text, own).await)
    }

    /// What an address and a name tell by themselves; nothing if the module does not load.
    pub(crate) async fn before_bytes(url: &str, name: &str, own: Vec<String>) -> Vec<Told> {
        given(notice(url, name, own).await)
    }

    /// Looks at a file while it streams by. What fails in here costs what would have been noticed,
    /// and nothing else.
    pub(crate) struct Watch(Option<Inspector>);

    impl Watch {
        /// Watches what comes from this address and is to have this name.
        pub(crate) async fn new(url: &str, name: &str, own: Vec<String>) -> Self {
            Self(match inspect(url, name, own).await {
                Ok(inspector) => Some(inspector.unchecked_into()),
                Err(problem) => {
                    super::error_value(&problem);
                    None
                }
            })
        }

        /// Takes the next bytes.
        pub(crate) fn push(&mut self, bytes: &Uint8Array) {
            if let Some(inspector) = &self.0
                && let Err(problem) = inspector.push(bytes)
            {
                super::error_value(&problem);
                self.0 = None;
            }
        }

        /// What was found.
        pub(crate) fn finish(self) -> Inspection {
            let Some(inspector) = &self.0 else {
                return Inspection::default();
            };
            given(inspector.finish())
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            if let Some(inspector) = self.0.take() {
                inspector.free();
            }
        }
    }
}

/// IndexedDB, by `js/database.js`.
pub(crate) mod database {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../database.js")]
    extern "C" {
        #[wasm_bindgen(js_name = isNewer)]
        pub(crate) fn is_newer() -> bool;
        #[wasm_bindgen(catch)]
        pub(crate) async fn get(store: &str, key: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn r#where(
            store: &str,
            index: &str,
            value: f64,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn count(store: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn put(
            store: &str,
            key: &str,
            value: &JsValue,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn remove(store: &str, key: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn newest(
            store: &str,
            most: f64,
            after: Option<String>,
        ) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn clear(store: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn trim(store: &str, most: f64, since: f64) -> Result<JsValue, JsValue>;
    }
}

/// The remembered key, by `js/vault.js`.
pub(crate) mod vault {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "../vault.js")]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub(crate) async fn seal(secret: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn unseal() -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub(crate) async fn forget() -> Result<JsValue, JsValue>;
    }
}

#[wasm_bindgen]
extern "C" {
    /// Writes to the browser's console, for developers. Never give it a key or an address.
    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn error(text: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn error_value(value: &JsValue);
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
    T::deserialize(Plain(value)).ok()
}
