//! Pieces of work that are waited for, or are not. All go through here, as boxes: what makes a promise or a
//! task of a future would be compiled anew for each `async fn`, a kilobyte every time.

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;

/// Begins a piece of work that JavaScript waits for.
pub(crate) fn promise(work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let work: Pin<Box<dyn Future<Output = _>>> = Box::pin(work);
    wasm_bindgen_futures::future_to_promise(work)
}

/// Begins a piece of work that nobody waits for.
pub(crate) fn spawn_local(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    wasm_bindgen_futures::spawn_local(work);
}
