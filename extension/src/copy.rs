//! Reads a download's bytes: the saved file, where the user lets us; or a second copy from its
//! address, with the user's cookies, as the browser itself did; or, without any network, out of a
//! `data:` address, or from the page that gives it out as a `blob:`. The bytes stream through the
//! core's hasher and the inspector, and are kept only where they are to be sent on.

use js_sys::{Array, Uint8Array};
use quorum_core::api::{Method, match_pattern};
use quorum_core::checksum::{Claim, want_sha512};
use quorum_core::digest::{Digests, Hasher};
use quorum_core::guard::SecondCopy;
use quorum_core::policy::site;
use quorum_core::verdict::CopyFailure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use crate::bindings::{
    platform,
    reader::{self, Hasher512, Watch},
    spool::{self, Spool},
};
use crate::fetch::{
    Cause, Incoming, Outgoing, Payload, Redirects, Stop, Trouble, fetch, is_made_by_a_page,
};
use crate::settings;

/// Largest file that is read a second time, in bytes.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Largest file that can be sent in: what the API takes, in bytes.
const MOST_UPLOAD_BYTES: u64 = 650 * 1024 * 1024;
/// How long reading may take, in milliseconds: a large file may, on a slow line.
const LIMIT_MS: u32 = 60 * 60 * 1000;
/// How long may pass in it without a byte, in milliseconds.
const IDLE_MS: u32 = 60_000;

/// How much of a copy is kept in memory, in bytes; a larger one goes to the disk.
const MOST_LOOSE: u32 = 8 * 1024 * 1024;

/// Where the pieces of a copy go, beside the hasher.
struct Sink {
    /// What looks at it.
    watch: Option<Watch>,
    /// What keeps it.
    keeper: Option<Keeper>,
    /// What makes its SHA-512, where a checksum wants that.
    sha512: Option<Hasher512>,
    /// What the answer's headers say of it.
    published: Vec<Claim>,
    /// Whether it came in a content coding, which the browser undoes.
    coded: bool,
}

impl Sink {
    /// Looks at a piece.
    fn look(&mut self, piece: &Uint8Array) {
        if let Some(watch) = &mut self.watch {
            watch.push(piece);
        }
        if let Some(sha512) = &self.sha512 {
            sha512.update(piece);
        }
    }

    /// Keeps a piece, if that is wanted.
    async fn keep(&mut self, piece: &Uint8Array) {
        if let Some(keeper) = &mut self.keeper
            && keeper.push(piece).await.is_err()
        {
            // It is read all the same. What there is of it makes room at once: the download needs it too.
            self.keeper = None;
        }
    }

    /// The headers are here, the bytes are not yet.
    async fn begin(&mut self, incoming: &Incoming, published: &[Claim]) {
        self.coded = incoming.header("content-encoding").is_some();
        self.published = reader::header_claims(&incoming.headers()).await;
        if want_sha512(published) || want_sha512(&self.published) {
            self.sha512 = reader::hasher512().await;
        }
    }
}

/// Keeps the pieces of a copy.
struct Keeper {
    /// Those that are in memory, or Blobs of them.
    pieces: Array,
    loose: Array,
    length: u32,
    /// Where a large copy goes.
    spool: Option<Spool>,
    /// Whether it stays in memory, however large: nothing of a private window is on disk.
    in_memory: bool,
}

impl Keeper {
    fn new(cause: Cause) -> Self {
        Self {
            pieces: Array::new(),
            loose: Array::new(),
            length: 0,
            spool: None,
            in_memory: cause.private,
        }
    }

    async fn push(&mut self, piece: &Uint8Array) -> Result<(), JsValue> {
        if let Some(spool) = &self.spool {
            spool.0.write(piece).await?;
            return Ok(());
        }
        // The piece is overwritten by the next one.
        self.loose.push(&piece.slice(0, piece.length()));
        self.length += piece.length();
        if self.length <= MOST_LOOSE {
            return Ok(());
        }
        self.length = 0;
        let loose = std::mem::replace(&mut self.loose, Array::new());
        if !self.in_memory {
            if let Ok(file) = spool::open(&loose).await {
                self.spool = Some(Spool(file.unchecked_into()));
                return Ok(());
            }
            // There is no room, or no such folder.
            self.in_memory = true;
        }
        let blob = Blob::new_with_blob_sequence(&loose)?;
        self.pieces.push(&blob.into());
        Ok(())
    }

    async fn finish(self) -> Result<Kept, JsValue> {
        let file = match &self.spool {
            Some(spool) => spool.0.file().await?.unchecked_into(),
            None => Blob::new_with_blob_sequence(&self.pieces.concat(&self.loose))?,
        };
        Ok(Kept {
            file,
            _spool: self.spool,
        })
    }
}

/// The bytes of a copy.
pub(crate) struct Kept {
    /// All of them.
    pub(crate) file: Blob,
    _spool: Option<Spool>,
}

/// A download's bytes, and where they are had.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    /// The download's address.
    pub(crate) url: &'a str,
    /// What it is to be called.
    pub(crate) name: &'a str,
    /// The path of the saved file, if that is to be read and not the address.
    pub(crate) saved: Option<&'a str>,
    /// What its publisher says of it, as far as that is known.
    pub(crate) published: &'a [Claim],
    /// On whose behalf.
    pub(crate) cause: Cause,
}

/// Reads a download's bytes, digests and inspects them, and keeps them where they are to be scanned.
///
/// # Errors
/// Why it could not be read.
pub(crate) async fn digest(
    of: Bytes<'_>,
    keep: bool,
    stop: &Stop,
) -> Result<(SecondCopy, Option<Kept>), CopyFailure> {
    let mut sink = Sink {
        watch: Some(Watch::new(of.url, of.name, settings::policy().protect).await),
        keeper: keep.then(|| Keeper::new(of.cause)),
        sha512: None,
        published: Vec::new(),
        coded: false,
    };
    let (digests, mime) = read(&of, stop, MOST_BYTES, &mut sink).await?;
    let kept = match sink.keeper {
        Some(keeper) => keeper.finish().await.ok(),
        None => None,
    };
    let read = SecondCopy {
        digests,
        mime,
        inspection: sink.watch.map(Watch::finish).unwrap_or_default(),
        sha512: sink.sha512.and_then(|sha512| {
            let digest = sha512.digest().parse().ok();
            sha512.end();
            digest
        }),
        published: sink.published,
        coded: sink.coded,
        scannable: kept.is_some(),
    };
    Ok((read, kept))
}

/// Reads a download's bytes and keeps them, to be sent in.
///
/// # Errors
/// Why they could not be read.
pub(crate) async fn keep(of: Bytes<'_>, stop: &Stop) -> Result<(Digests, Kept), CopyFailure> {
    let mut sink = Sink {
        watch: None,
        keeper: Some(Keeper::new(of.cause)),
        sha512: None,
        published: Vec::new(),
        coded: false,
    };
    let (digests, _) = read(&of, stop, MOST_UPLOAD_BYTES, &mut sink).await?;
    let keeper = sink.keeper.ok_or(CopyFailure::TooLarge)?;
    let kept = keeper.finish().await;
    Ok((digests, kept.map_err(|_| CopyFailure::TooLarge)?))
}

async fn read(
    of: &Bytes<'_>,
    stop: &Stop,
    most: u64,
    sink: &mut Sink,
) -> Result<(Digests, String), CopyFailure> {
    let saved;
    let url = match of.saved {
        Some(path) => {
            let allowed = platform::may_read_files().await;
            if !allowed.is_ok_and(|allowed| allowed.is_truthy()) {
                return Err(CopyFailure::NoPermission);
            }
            saved = file_address(path);
            saved.as_str()
        }
        None if of.url.starts_with("data:") => return read_data(of.url, most, sink),
        None => {
            let site = site(of.url).ok_or(CopyFailure::Scheme)?;
            if !settings::may_read(vec![match_pattern(site.as_url())]).await {
                return Err(CopyFailure::NoPermission);
            }
            of.url
        }
    };
    let outgoing = Outgoing {
        method: Method::Get,
        url,
        key: None,
        cookies: of.saved.is_none(),
        payload: Payload::Empty,
        // The address is the one after all redirects. One that redirects now leads to something
        // else, and might lead us, with the user's cookies, where no page could.
        redirects: Redirects::Refused,
        limit_ms: LIMIT_MS,
        idle_ms: Some(IDLE_MS),
        cause: of.cause,
    };
    // Nothing of it is cached either way: a stored answer could be another than what was saved,
    // and a large file would drive everything else out.
    let mut incoming = match fetch(outgoing, stop).await {
        Err(Trouble::Unreachable) if is_made_by_a_page(url) => {
            return Err(CopyFailure::Withdrawn);
        }
        fetched => fetched?,
    };
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
    if sink.watch.is_some() {
        sink.begin(&incoming, of.published).await;
    }
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
        sink.look(&piece);
        sink.keep(&piece).await;
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
            Trouble::Stalled => Self::Stalled,
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
    let bytes = Uint8Array::from(bytes.as_slice());
    sink.look(&bytes);
    if let Some(keeper) = &sink.keeper {
        // It is in memory anyway.
        keeper.loose.push(&bytes);
    }
    Ok((hasher.finish(), data.mime_type().to_string()))
}
