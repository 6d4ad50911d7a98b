//! The digest of a file that the user dropped or picked, made on this device, piece by piece, so
//! that a large file neither fills the memory nor stops the page.

use js_sys::Uint8Array;
use quorum_core::digest::{Digests, Hasher};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// How much is read at a time, in bytes.
const PIECE: f64 = 2.0 * 1024.0 * 1024.0;

/// Reads the file; `on_progress` gets the share that is done, from 0 to 1.
///
/// # Errors
/// The browser could not read it: it was moved, changed, or is a folder.
pub(crate) async fn hash_file(
    file: &File,
    on_progress: impl Fn(f64),
) -> Result<Digests, wasm_bindgen::JsValue> {
    let mut hasher = Hasher::new();
    let size = file.size();
    let mut at = 0.0;
    // An empty piece is read of an empty file too, so that an unreadable one is noticed.
    loop {
        let end = (at + PIECE).min(size);
        let piece = file.slice_with_f64_and_f64(at, end)?;
        let bytes = JsFuture::from(piece.array_buffer()).await?;
        hasher.update(&Uint8Array::new(&bytes).to_vec());
        at = end;
        if at >= size {
            return Ok(hasher.finish());
        }
        on_progress(at / size);
    }
}
