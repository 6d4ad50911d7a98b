//! Samples, addressed by their SHA-256, in any `object_store`.
//!
//! An upload goes to a name of its own under `incoming/` first and moves to `blobs/` only when
//! it is whole and synced: a reader never sees half a file, and one blob is written however often
//! it is sent.

use std::path::Path as FsPath;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use quorum_core::digest::{Digests, HEAD_BYTES, Hasher};
use quorum_core::indicator::Sha256;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::{Result, StoreError};
use crate::failpoint;
use crate::ids::Secret;

/// How many bytes are gathered before they are hashed and written: what one upload keeps in
/// memory, twice.
const PART_BYTES: usize = 1 << 20;

/// The blob store.
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Held for reading from a blob's move into place to the commit of its row, for writing while
    /// an orphan is removed: so no blob is taken for an orphan between the two.
    settling: Arc<RwLock<()>>,
}

/// The right to commit a row for a blob that was just moved into place.
pub(crate) struct Settling(
    #[expect(dead_code, reason = "held, not read")] OwnedRwLockReadGuard<()>,
);

impl Blobs {
    /// Opens the blobs in a local directory, and clears away what uploads left that were cut off.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub(crate) fn local(directory: &FsPath) -> Result<Self> {
        let failed = |source| StoreError::Directory {
            path: directory.to_owned(),
            source,
        };
        let incoming = directory.join("incoming");
        match std::fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&incoming).map_err(failed)?;
        std::fs::create_dir_all(directory.join("blobs")).map_err(failed)?;
        // What is in them is synced upload by upload; that they are there is synced here.
        let synced = std::fs::File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            settling: Arc::new(RwLock::new(())),
        })
    }

    /// Begins an upload.
    pub(crate) async fn receive(self: &Arc<Self>) -> Result<Incoming> {
        let path = Path::from(format!("incoming/{}", Secret::draw()?.reveal()));
        let upload = self.store.put_multipart(&path).await?;
        Ok(Incoming {
            blobs: self.clone(),
            path,
            upload: Some(upload),
            hasher: Hasher::new(),
            head: Vec::new(),
            part: Vec::with_capacity(PART_BYTES),
            size: 0,
        })
    }

    /// All bytes of a blob.
    pub(crate) async fn read(&self, sha256: &Sha256) -> Result<axum::body::Bytes> {
        Ok(self.store.get(&location(sha256)).await?.bytes().await?)
    }

    /// Removes every blob for which `is_known` says no: what is left when a process died between
    /// moving a blob into place and committing its row. Returns how many there were.
    pub(crate) async fn sweep<F>(&self, mut is_known: impl FnMut(String) -> F) -> Result<u64>
    where
        F: Future<Output = Result<bool>>,
    {
        let mut removed = 0;
        let mut listing = self.store.list(Some(&Path::from("blobs")));
        while let Some(meta) = listing.try_next().await? {
            let Some(name) = meta.location.filename().map(str::to_owned) else {
                continue;
            };
            if is_known(name.clone()).await? {
                continue;
            }
            let _alone = self.settling.write().await;
            if !is_known(name).await? {
                self.store.delete(&meta.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Two levels, so that no directory grows past what file systems like.
fn location(sha256: &Sha256) -> Path {
    let name = sha256.to_string();
    Path::from(format!("blobs/{}/{name}", &name[..2]))
}

/// An upload under way. Dropped before its end, nothing of it stays.
pub(crate) struct Incoming {
    blobs: Arc<Blobs>,
    path: Path,
    /// There until the upload is complete.
    upload: Option<Box<dyn MultipartUpload>>,
    hasher: Hasher,
    head: Vec<u8>,
    part: Vec<u8>,
    size: u64,
}

/// A whole upload, synced, under its own name yet. Dropped before it is published, nothing of it
/// stays.
pub(crate) struct Received {
    blobs: Arc<Blobs>,
    /// There until it is published.
    path: Option<Path>,
    pub(crate) digests: Digests,
    /// Its first bytes, as many as the file type needs.
    pub(crate) head: Vec<u8>,
}

impl Incoming {
    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next bytes.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        let wanted = HEAD_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..wanted]);
        while !bytes.is_empty() {
            let room = (PART_BYTES - self.part.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == PART_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES));
        let mut hasher = std::mem::take(&mut self.hasher);
        // Three digests over a mebibyte take milliseconds, which other requests shall not wait.
        let hashed = tokio::task::spawn_blocking(move || {
            hasher.update(&part);
            (hasher, part)
        });
        let Ok((hasher, part)) = hashed.await else {
            return Err(sqlx::Error::WorkerCrashed.into());
        };
        self.hasher = hasher;
        if let Some(upload) = &mut self.upload {
            upload.put_part(PutPayload::from(part)).await?;
        }
        Ok(())
    }

    /// Ends the upload: when this returns, the bytes and their directory are on the disk.
    pub(crate) async fn finish(mut self) -> Result<Received> {
        if !self.part.is_empty() {
            self.flush().await?;
        }
        failpoint::reach("upload.received");
        let received = Received {
            blobs: self.blobs.clone(),
            path: Some(self.path.clone()),
            digests: std::mem::take(&mut self.hasher).finish(),
            head: std::mem::take(&mut self.head),
        };
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        failpoint::reach("upload.synced");
        Ok(received)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(mut upload) = self.upload.take() {
            tokio::spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "cannot throw an upload away");
                }
            });
        }
    }
}

impl Received {
    /// Moves the bytes to their place. The row must be committed while the answer is held.
    pub(crate) async fn publish(mut self) -> Result<Settling> {
        let settling = self.blobs.settling.clone().read_owned().await;
        if let Some(path) = &self.path {
            let place = location(&self.digests.sha256);
            self.blobs.store.rename(path, &place).await?;
        }
        self.path = None;
        failpoint::reach("upload.published");
        Ok(Settling(settling))
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            let store = self.blobs.store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.delete(&path).await {
                    tracing::warn!(%error, "cannot throw an upload away");
                }
            });
        }
    }
}
