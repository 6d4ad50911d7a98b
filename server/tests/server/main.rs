//! The server as its clients meet it: each test starts the real program on loopback with a
//! directory of its own and speaks HTTP to it.
#![allow(clippy::unwrap_used, missing_docs)]

mod accounts;
mod behaviours;
mod client;
mod collections;
mod command_line;
mod community;
mod disk;
mod durability;
mod feeds;
mod files;
mod grown;
mod harness;
mod hostile;
mod hosts;
mod leaving;
mod lists;
mod migrations;
mod ops;
mod packs;
mod private;
mod quotas;
mod reasons;
mod relations;
mod rules;
#[path = "../services/mod.rs"]
mod services;
mod slow;
mod submissions;
mod tenancy;
mod transport;
mod upkeep;
mod upstream;
mod urls;
