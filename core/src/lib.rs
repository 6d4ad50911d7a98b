//! What things mean: indicators, digests, reports, verdicts, and the two state machines
//! (the API client and the download guard) that the extension's shell carries out.
//!
//! # What this crate must never know
//!
//! It performs no IO, reads no clock and rolls no dice. Time comes in as an argument
//! (milliseconds since the Unix epoch unless a name says otherwise), what has to be done goes out
//! as an action. That is why the same code runs in the browser, in the server and in a test
//! without either.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![forbid(unsafe_code)]

pub mod api;
#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "blocklist")]
pub mod blocklist;
pub mod checksum;
#[cfg(feature = "deception")]
pub mod deception;
pub mod digest;
pub mod guard;
pub mod hidden;
pub mod history;
pub mod indicator;
#[cfg(all(feature = "archive", feature = "deception"))]
pub mod inspect;
pub mod lists;
#[cfg(feature = "observables")]
pub mod message;
#[cfg(feature = "observables")]
pub mod observable;
pub mod pointed;
pub mod policy;
pub mod privacy;
pub mod report;
pub mod rules;
pub mod safe_browsing;
pub mod sent;
#[cfg(feature = "observables")]
pub mod stix;
pub mod suffix;
pub mod text;
pub mod told;
pub mod verdict;

/// The page about the core, whose example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/CORE.md")]
struct Page;
