//! Files in and out of the page: what is chosen or dropped, and what is saved.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, DragEvent, Event, File, HtmlAnchorElement, HtmlInputElement, Url,
};

/// The files that a field was given; it is emptied, so that the same ones can be chosen again.
pub(crate) fn chosen(event: &Event) -> Vec<File> {
    let input = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else {
        return Vec::new();
    };
    let files = input.files();
    let files = files
        .iter()
        .flat_map(|list| (0..list.length()).filter_map(|at| list.get(at)))
        .collect();
    input.set_value("");
    files
}

/// The first file that a drop carries.
pub(crate) fn dropped(event: &DragEvent) -> Option<File> {
    event.data_transfer()?.files()?.get(0)
}

/// Has the browser save a text under a name.
pub(crate) fn save(name: &str, mime: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let document = web_sys::window().and_then(|window| window.document());
    let link = document
        .ok_or(JsValue::UNDEFINED)?
        .create_element("a")?
        .unchecked_into::<HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has taken it up by the time it has had a turn.
    gloo_timers::callback::Timeout::new(10_000, move || drop(Url::revoke_object_url(&url)))
        .forget();
    Ok(())
}
