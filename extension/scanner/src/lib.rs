//! YARA in the browser: the heavy WebAssembly module. It is loaded only when first needed, and only inside a
//! Worker (`js/scanner-worker.js`), which whoever started it ends when a time limit is over: nothing in
//! here can stop a rule that runs for ever.
//!
//! The Worker reads the rules from the extension's database by itself. Files come to it as `Blob`s, whose
//! bytes are read here and nowhere else.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// The glue that wasm-bindgen generates is unsafe code, and so is the call of the module's constructors.
#![allow(unsafe_code)]

mod engine;
#[cfg(target_family = "wasm")]
pub mod worker;

pub use engine::{Engine, Group, check};
