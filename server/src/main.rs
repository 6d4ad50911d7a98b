//! `quorum`: the server of the API v3, with a store, engines and a durable job queue of its own.
//!
//! # What must stay true
//!
//! - An upload is acknowledged only when its bytes, their directory, its row and its job are on the
//!   disk. What was acknowledged is analysed, whatever happens to the process.
//! - Only `store/sql` and its dialects know SQL, only [`store::blobs`] knows where samples lie.
//! - No answer of the API is anything but JSON, and none but 200 is a success; files of packs
//!   and of feeds are what they are, and 304 says that the client has them.
//! - Keys are never stored, logged or repeated.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![forbid(unsafe_code)]

mod admin;
mod app;
mod ask;
mod attack;
mod behaviour;
mod cli;
mod client;
mod clock;
mod config;
mod countries;
mod cursor;
mod doctor;
mod engines;
mod error;
mod failpoint;
mod filter;
mod front;
mod gate;
mod ids;
mod import;
mod jobs;
mod kept;
mod leave;
mod listen;
mod lists;
mod metrics;
mod objects;
mod ops;
mod origin;
mod quota;
mod record;
mod refusals;
mod relating;
mod relationships;
mod routes;
mod rule_packs;
mod rulebook;
mod sandboxes;
mod serve;
mod store;
mod tarball;
mod telemetry;
mod tier;
mod tls;
mod tools;
mod upkeep;
mod upstream;
mod words;
mod zip_password;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run(cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            // Whoever reads the output may have had enough: `quorum extract … | head`.
            if !is_closed_pipe(&*error) {
                let _ = writeln!(std::io::stderr(), "quorum: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>().map(|io| io.kind());
    let json = || error.downcast_ref::<serde_json::Error>()?.io_error_kind();
    io.or_else(json) == Some(std::io::ErrorKind::BrokenPipe)
}
