//! Reads a download's bytes a second time: from its address, with the user's cookies, as the
//! browser itself did; or out of a `data:` address without any network. The bytes stream through
//! the core's hasher and are kept only where they are to be sent on.

use js_sys::{Array, Uint8Array};
use quorum_core::api::{Method, match_pattern};
use quorum_core::digest::{Digests, Hasher};
use quorum_core::guard::SecondCopy;
use quorum_core::indicator::CanonicalUrl;
use quorum_core::verdict::CopyFailure;
use web_sys::Blob;

use crate::fetch::{Outgoing, Payload, Redirects, Stop, Trouble, fetch};
use crate::settings;

/// Largest file that is read a second time, in bytes.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Largest file that can be sent in: what the API takes, in bytes.
const MOST_UPLOAD_BYTES: u64 = 650 * 1024 * 1024;
/// How long reading may take, in milliseconds.
const LIMIT_MS: u32 = 120_000;

/// How much of a copy is kept in our own memory before the browser gets it, in bytes: it puts large
/// Blobs on disk.
const MOST_LOOSE: u32 = 8 * 1024 * 1024;

/// Where the pieces of a copy go, beside the hasher.
enum Sink {
    Nowhere,
    Kept(Kept),
}

/// The pieces of a copy: Blobs, and what came since the last one.
#[derive(Default)]
struct Kept {
    pieces: Array,
    loose: Array,
    length: u32,
}

impl Kept {
    fn push(&mut self, piece: &Uint8Array) -> Result<(), CopyFailure> {
        self.loose.push(piece);
        self.length += piece.length();
        if self.length > MOST_LOOSE {
            self.pack()?;
        }
        Ok(())
    }

    fn pack(&mut self) -> Result<(), CopyFailure> {
        self.pieces.push(&blob(&self.loose)?.into());
        self.loose = Array::new();
        self.length = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<Blob, CopyFailure> {
        self.pack()?;
        blob(&self.pieces)
    }
}

fn blob(pieces: &Array) -> Result<Blob, CopyFailure> {
    Blob::new_with_blob_sequence(pieces).map_err(|_| CopyFailure::TooLarge)
}

/// Reads a copy and digests it, and keeps it where it is to be scanned.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn digest(
    url: &str,
    stop: &Stop,
    keep: bool,
) -> Result<(SecondCopy, Option<Blob>), CopyFailure> {
    let mut sink = match keep {
        true => Sink::Kept(Kept::default()),
        false => Sink::Nowhere,
    };
    let (digests, mime) = read(url, stop, MOST_BYTES, &mut sink).await?;
    let file = match sink {
        Sink::Kept(kept) => kept.finish().ok(),
        Sink::Nowhere => None,
    };
    Ok((SecondCopy { digests, mime }, file))
}

/// Reads a copy and keeps it.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn keep(url: &str, stop: &Stop) -> Result<(Digests, Blob), CopyFailure> {
    let mut sink = Sink::Kept(Kept::default());
    let (digests, _) = read(url, stop, MOST_UPLOAD_BYTES, &mut sink).await?;
    match sink {
        Sink::Kept(kept) => Ok((digests, kept.finish()?)),
        Sink::Nowhere => Err(CopyFailure::Refused),
    }
}

async fn read(
    url: &str,
    stop: &Stop,
    most: u64,
    sink: &mut Sink,
) -> Result<(Digests, String), CopyFailure> {
    if url.starts_with("data:") {
        return read_data(url, most, sink);
    }
    let parsed: CanonicalUrl = url.parse().map_err(|_| CopyFailure::Scheme)?;
    if !settings::may_read(vec![match_pattern(parsed.as_url())]).await {
        return Err(CopyFailure::NoPermission);
    }
    let outgoing = Outgoing {
        method: Method::Get,
        url,
        key: None,
        cookies: true,
        payload: Payload::Empty,
        // The address is the one after all redirects. One that redirects now leads to something
        // else, and might lead us, with the user's cookies, where no page could.
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
    };
    // Nothing of it is cached either way: a stored answer could be another than what was saved,
    // and a large file would drive everything else out.
    let mut incoming = fetch(outgoing, stop).await?;
    if !(200..300).contains(&incoming.status()) {
        return Err(CopyFailure::Refused);
    }
    let announced = incoming
        .header("content-length")
        .and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most) {
        stop.now();
        return Err(CopyFailure::TooLarge);
    }
    let mime = incoming.header("content-type").unwrap_or_default();
    let mut hasher = Hasher::new();
    let mut size = 0;
    let mut buffer = Vec::new();
    while let Some(piece) = incoming.piece().await? {
        size += u64::from(piece.length());
        if size > most {
            stop.now();
            return Err(CopyFailure::TooLarge);
        }
        buffer.resize(piece.length() as usize, 0);
        piece.copy_to(&mut buffer);
        hasher.update(&buffer);
        if let Sink::Kept(pieces) = sink {
            pieces.push(&piece)?;
        }
    }
    Ok((hasher.finish(), mime))
}

impl From<Trouble> for CopyFailure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable => Self::Refused,
            Trouble::TooSlow => Self::TooSlow,
        }
    }
}

fn read_data(url: &str, most: u64, sink: &mut Sink) -> Result<(Digests, String), CopyFailure> {
    let data = data_url::DataUrl::process(url).map_err(|_| CopyFailure::Scheme)?;
    let (bytes, _) = data.decode_to_vec().map_err(|_| CopyFailure::Refused)?;
    if bytes.len() as u64 > most {
        return Err(CopyFailure::TooLarge);
    }
    let mut hasher = Hasher::new();
    hasher.update(&bytes);
    if let Sink::Kept(pieces) = sink {
        pieces.push(&Uint8Array::from(bytes.as_slice()))?;
    }
    Ok((hasher.finish(), data.mime_type().to_string()))
}
