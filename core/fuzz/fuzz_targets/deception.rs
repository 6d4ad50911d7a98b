//! The fuzzer's door to `targets::deception`.
#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code, reason = "one target is one function")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::deception(bytes));
