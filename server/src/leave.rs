//! Samples on their way out: as a ZIP with a password, or as they are.
//!
//! Both are streams: a ZIP is made while it is sent, and nothing of it lies anywhere. Its
//! encryption is that of PKZIP, which every program opens; it keeps fingers and scanners off a
//! sample and is not meant to keep it from anybody.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use quorum_core::indicator::Sha256;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zip::unstable::write::FileOptionsExt as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::store::StoreError;
use crate::store::blobs::Blobs;

/// The password that the field has agreed on.
pub(crate) const PASSWORD: &str = "infected";

/// How many pieces of a ZIP wait for a client that is slower than the disk.
const WAITING: usize = 4;

/// How much of a ZIP is sent at a time.
const PIECE: usize = 64 * 1024;

/// A sample as it is.
///
/// # Errors
/// It is not there, or the store does not answer.
pub(crate) async fn raw(blobs: &Blobs, sha256: &Sha256) -> Result<Response, StoreError> {
    let stream = blobs.stream(sha256).await?;
    let kind = "application/octet-stream";
    Ok(attachment(
        Body::from_stream(stream),
        kind,
        &sha256.to_string(),
    ))
}

/// Samples in a ZIP. Each is named by its SHA-256, so that none has an ending that runs.
pub(crate) fn zipped(
    blobs: &Arc<Blobs>,
    samples: Vec<Sha256>,
    password: String,
    name: &str,
) -> Response {
    let (pieces, waiting) = mpsc::channel(WAITING);
    let (blobs, runtime) = (blobs.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let sender = pieces.clone();
        let done = write(&runtime, &blobs, &samples, &password, Pipe::new(pieces));
        if let Err(error) = done {
            // A client that has gone is no news; a sample that cannot be read is.
            if !sender.is_closed() {
                tracing::error!(%error, "a ZIP of samples ends half-way");
            }
            // The connection breaks off: half a ZIP must not look like a whole one.
            let _ = sender.blocking_send(Err(io::Error::other(error)));
        }
    });
    let body = Body::from_stream(received(waiting));
    attachment(body, "application/zip", &format!("{name}.zip"))
}

fn received(
    waiting: mpsc::Receiver<io::Result<Bytes>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures_util::stream::unfold(waiting, |mut waiting| async {
        waiting.recv().await.map(|piece| (piece, waiting))
    })
}

fn write(
    runtime: &Handle,
    blobs: &Blobs,
    samples: &[Sha256],
    password: &str,
    pipe: Pipe,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .with_deprecated_encryption(password.as_bytes())?;
    let mut zip = ZipWriter::new_stream(pipe);
    for sha256 in samples {
        zip.start_file(sha256, options)?;
        let mut stream = runtime.block_on(blobs.stream(sha256))?;
        while let Some(chunk) = runtime.block_on(stream.try_next())? {
            zip.write_all(&chunk)?;
        }
    }
    zip.finish()?.into_inner().flush()?;
    Ok(())
}

/// What a ZIP is written to: sends it on in pieces.
struct Pipe {
    piece: Vec<u8>,
    pieces: mpsc::Sender<io::Result<Bytes>>,
}

impl Pipe {
    fn new(pieces: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self {
            piece: Vec::with_capacity(PIECE),
            pieces,
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.pieces
            .blocking_send(Ok(piece.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// An answer that a browser puts into a file and does nothing else with.
fn attachment(body: Body, kind: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    // The names are ours: hex digits or digits, and an ending.
    if let Ok(disposition) = format!("attachment; filename=\"{name}\"").parse() {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
