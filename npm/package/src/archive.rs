//! What is in an archive, told while it streams by.

use quorum_core::archive::{self, Event, Limits, MAX_DEPTH};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::{options, rounded};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "ArchiveLimits")]
    /// What is read at most.
    pub type LimitsJs;
    #[wasm_bindgen(typescript_type = "ArchiveEvent[]")]
    /// What was found.
    pub type EventsJs;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LimitsWire {
    depth: Option<u8>,
    members: Option<u32>,
    unpacked: Option<u64>,
    member: Option<u64>,
    ratio: Option<u32>,
}

/// Lists and hashes the members of a ZIP, gzip or tar archive, and of archives in it, while its bytes
/// come; nothing is unpacked to anywhere. What is no archive tells nothing.
#[wasm_bindgen]
pub struct ArchiveReader {
    inner: Option<archive::Reader>,
}

#[wasm_bindgen]
impl ArchiveReader {
    /// A reader that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(limits: Option<LimitsJs>) -> Result<Self, JsError> {
        let wire: LimitsWire = options(limits)?;
        let usual = Limits::default();
        let depth = wire.depth.unwrap_or(usual.depth);
        if depth > MAX_DEPTH {
            return Err(JsError::new(&format!("the depth is {MAX_DEPTH} at most")));
        }
        let limits = Limits {
            depth,
            members: wire.members.unwrap_or(usual.members),
            unpacked: wire.unpacked.unwrap_or(usual.unpacked),
            member: wire.member.unwrap_or(usual.member),
            ratio: wire.ratio.unwrap_or(usual.ratio),
        };
        Ok(Self {
            inner: Some(archive::Reader::new(limits)),
        })
    }

    /// Takes the next bytes; tells what they show.
    pub fn push(&mut self, bytes: &[u8]) -> Result<EventsJs, JsError> {
        let mut events: Vec<Event> = Vec::new();
        let inner = self.inner.as_mut().ok_or_else(finished)?;
        inner.push(bytes, &mut |event| events.push(event));
        rounded(&events)
    }

    /// The stream has ended; tells the rest. What was begun and did not end is told as damaged.
    pub fn finish(&mut self) -> Result<EventsJs, JsError> {
        let mut events: Vec<Event> = Vec::new();
        let inner = self.inner.take().ok_or_else(finished)?;
        inner.finish(&mut |event| events.push(event));
        rounded(&events)
    }

    /// Whether a limit has ended the reading for good.
    #[wasm_bindgen(getter)]
    pub fn stopped(&self) -> bool {
        self.inner.as_ref().is_none_or(archive::Reader::stopped)
    }
}

fn finished() -> JsError {
    JsError::new("finish() was called before")
}
