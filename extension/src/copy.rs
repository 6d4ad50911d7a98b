//! Reads a download's bytes: the saved file, where the user lets us; or a second copy from its
//! address, with the user's cookies, as the browser itself did; or out of a `data:` address without
//! any network. The bytes stream through the core's hasher and the inspector, and are kept only where
//! they are to be sent on.

use js_sys::{Array, Uint8Array};
use quorum_core::api::{Method, Purpose, match_pattern};
use quorum_core::digest::{Digests, Hasher};
use quorum_core::guard::SecondCopy;
use quorum_core::indicator::CanonicalUrl;
use quorum_core::verdict::CopyFailure;
use web_sys::Blob;

use crate::bindings::{platform, reader::Watch};
use crate::fetch::{Cause, Outgoing, Payload, Redirects, Stop, Trouble, fetch};
use crate::settings;

/// Largest file that is read a second time, in bytes.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Largest file that can be sent in: what the API takes, in bytes.
const MOST_UPLOAD_BYTES: u64 = 650 * 1024 * 1024;
/// How long reading may take, in milliseconds.
const LIMIT_MS: u32 = 120_000;

/// Where the pieces of a copy go, beside the hasher.
enum Sink {
    Watched(Watch),
    Kept(Array),
}

impl Sink {
    fn push(&mut self, piece: &Uint8Array) {
        match self {
            Self::Watched(watch) => watch.push(piece),
            Self::Kept(pieces) => {
                pieces.push(piece);
            }
        }
    }
}

/// Where bytes come from.
enum Source<'a> {
    /// An address, and on whose behalf it is asked.
    Address(&'a str, Cause),
    /// The path of a saved file.
    Saved(&'a str),
}

/// Reads a copy and digests it. `name` is what the download is to be called.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn digest(
    url: &str,
    name: &str,
    stop: &Stop,
    cause: Cause,
) -> Result<SecondCopy, CopyFailure> {
    look_at(Source::Address(url, cause), url, name, stop).await
}

/// Reads the saved file and digests it.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn digest_saved(
    path: &str,
    url: &str,
    name: &str,
    stop: &Stop,
) -> Result<SecondCopy, CopyFailure> {
    look_at(Source::Saved(path), url, name, stop).await
}

async fn look_at(
    source: Source<'_>,
    url: &str,
    name: &str,
    stop: &Stop,
) -> Result<SecondCopy, CopyFailure> {
    let mut sink = Sink::Watched(Watch::new(url, name).await);
    let (digests, mime) = read(source, stop, MOST_BYTES, &mut sink).await?;
    let inspection = match sink {
        Sink::Watched(watch) => watch.finish(),
        Sink::Kept(_) => Default::default(),
    };
    Ok(SecondCopy {
        digests,
        mime,
        inspection,
    })
}

/// Reads the saved file if its path is given, else a copy, and keeps it.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn keep(
    url: &str,
    saved: Option<&str>,
    stop: &Stop,
    cause: Cause,
) -> Result<(Digests, Blob), CopyFailure> {
    let mut sink = Sink::Kept(Array::new());
    let source = saved.map_or(Source::Address(url, cause), Source::Saved);
    let (digests, _) = read(source, stop, MOST_UPLOAD_BYTES, &mut sink).await?;
    let Sink::Kept(pieces) = sink else {
        return Err(CopyFailure::Refused);
    };
    let blob = Blob::new_with_u8_array_sequence(&pieces).map_err(|_| CopyFailure::TooLarge)?;
    Ok((digests, blob))
}

async fn read(
    source: Source<'_>,
    stop: &Stop,
    most: u64,
    sink: &mut Sink,
) -> Result<(Digests, String), CopyFailure> {
    let saved;
    let (url, cookies, cause) = match source {
        Source::Address(url, _) if url.starts_with("data:") => return read_data(url, most, sink),
        Source::Address(url, cause) => {
            let parsed: CanonicalUrl = url.parse().map_err(|_| CopyFailure::Scheme)?;
            if !settings::may_read(vec![match_pattern(parsed.as_url())]).await {
                return Err(CopyFailure::NoPermission);
            }
            (url, true, cause)
        }
        Source::Saved(path) => {
            let allowed = platform::may_read_files().await;
            if !allowed.is_ok_and(|allowed| allowed.is_truthy()) {
                return Err(CopyFailure::NoPermission);
            }
            saved = file_address(path);
            let cause = Cause {
                purpose: Purpose::Background,
                private: true,
            };
            (saved.as_str(), false, cause)
        }
    };
    let outgoing = Outgoing {
        method: Method::Get,
        url,
        key: None,
        cookies,
        payload: Payload::Empty,
        // The address is the one after all redirects. One that redirects now leads to something
        // else, and might lead us, with the user's cookies, where no page could.
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
        cause,
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
        sink.push(&piece);
    }
    Ok((hasher.finish(), mime))
}

/// The `file:` address of a path, of Windows or another system. Every character but the separators
/// is escaped: `#`, `%` and `?` are ordinary in names.
fn file_address(path: &str) -> String {
    // Only where a drive stands first is a backslash a separator.
    let windows = path.get(1..3) == Some(":\\");
    let path = match windows {
        true => path.replace('\\', "/"),
        false => path.trim_start_matches('/').to_owned(),
    };
    let parts: Vec<String> = path
        .split('/')
        .map(|part| js_sys::encode_uri_component(part).into())
        .collect();
    format!("file:///{}", parts.join("/"))
}

impl From<Trouble> for CopyFailure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable => Self::Refused,
            Trouble::TooSlow => Self::TooSlow,
            Trouble::DryRun => Self::DryRun,
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
    sink.push(&Uint8Array::from(bytes.as_slice()));
    Ok((hasher.finish(), data.mime_type().to_string()))
}
