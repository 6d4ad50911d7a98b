//! Samples, addressed by their SHA-256, in any `object_store`.
//!
//! An upload goes to a name of its own under `incoming/` first and moves to `samples/` only when
//! it is whole and synced: a reader never sees half a file, and one blob is written however often
//! it is sent. On a disk the move is a rename; in a bucket it is a copy, which appears at once and
//! whole, and a deletion.
//!
//! What lies there is no file of its kind: every byte is turned over by [`MASK`], so that nothing
//! that goes by contents (a file manager's previews, an index, the host's own virus scanner) does
//! anything about it. That is no secret, and takes nothing from a sample's length.
//!
//! Up to 0.1 samples lay under `blobs/` as they are. They are read from there, and masked by the
//! first sweep.

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    GetResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use quorum_core::digest::{Digests, HEAD_BYTES, Hasher};
use quorum_core::indicator::Sha256;

use super::{Guard, Result, StoreError};
use crate::failpoint;
use crate::ids::Secret;

/// How many bytes are gathered before they are hashed and written: what one upload keeps in
/// memory, twice.
const PART_BYTES: usize = 1 << 20;

/// What the bytes of a sample at rest are combined with.
const MASK: u8 = 0xA5;

/// The same where the bytes go to S3, which takes no smaller parts.
const S3_PART_BYTES: usize = 5 << 20;

/// How old what lies under `incoming/` must be to be taken for left behind where several servers
/// share it, in seconds.
const LEFT_BEHIND: i64 = 24 * 3600;

/// The blob store.
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
    part_bytes: usize,
    /// What lies on a disk of ours, and how many bytes of the disk are left free.
    disk: Option<(PathBuf, u64)>,
}

impl Blobs {
    /// Opens the blobs in a local directory. Of the disk's space, `floor` bytes are left free.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub(crate) fn local(directory: &FsPath, floor: u64) -> Result<Self> {
        let failed = |source| StoreError::Directory {
            path: directory.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory.join("incoming")).map_err(failed)?;
        std::fs::create_dir_all(directory.join("samples")).map_err(failed)?;
        // What is in them is synced upload by upload; that they are there is synced here.
        let synced = std::fs::File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            part_bytes: PART_BYTES,
            disk: Some((directory.to_owned(), floor)),
        })
    }

    /// Opens the blobs in a bucket: `s3://bucket?endpoint=http://host:port&region=name`. Who we
    /// are is read from the environment, as by every program of its kind (`AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, …).
    ///
    /// # Errors
    /// The address is none, or lacks something.
    pub(crate) fn s3(address: &str) -> Result<Self> {
        Self::bucket(address, AmazonS3Builder::from_env())
    }

    /// The same with the words of the environment given.
    #[cfg(test)]
    pub(super) fn s3_with(address: &str, words: &[(String, &str)]) -> Result<Self> {
        let mut builder = AmazonS3Builder::new();
        for (name, value) in words {
            builder = builder.with_config(name.parse()?, *value);
        }
        Self::bucket(address, builder)
    }

    fn bucket(address: &str, mut builder: AmazonS3Builder) -> Result<Self> {
        let wrong = |reason: String| StoreError::Service {
            service: "S3",
            reason,
        };
        // Of TLS's providers there is one in this program; who else needs one finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = url::Url::parse(address).map_err(|error| wrong(error.to_string()))?;
        let (Some(bucket), "s3") = (url.host_str(), url.scheme()) else {
            return Err(wrong(format!("{:?} is not s3://bucket", url.scheme())));
        };
        builder = builder.with_bucket_name(bucket);
        for (name, value) in url.query_pairs() {
            builder = match &*name {
                "endpoint" => builder
                    .with_allow_http(value.starts_with("http://"))
                    .with_endpoint(value),
                "region" => builder.with_region(value),
                other => return Err(wrong(format!("{other:?} is no setting of a bucket"))),
            };
        }
        Ok(Self {
            store: Arc::new(builder.build()?),
            part_bytes: S3_PART_BYTES,
            disk: None,
        })
    }

    /// Whether so many more bytes may be written: the disk keeps its reserve.
    ///
    /// # Errors
    /// [`StoreError::NoSpace`], or the disk cannot be asked.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<()> {
        let Some((directory, floor)) = &self.disk else {
            return Ok(());
        };
        let disk = rustix::fs::statvfs(directory).map_err(|error| StoreError::Directory {
            path: directory.clone(),
            source: error.into(),
        })?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) >= floor.saturating_add(bytes) {
            true => Ok(()),
            false => Err(StoreError::NoSpace { floor: *floor }),
        }
    }

    /// Clears away what uploads left that were cut off: all of it where we are the only ones, and
    /// otherwise what is too old to be still under way.
    ///
    /// # Errors
    /// It cannot be listed or removed.
    pub(crate) async fn clear_incoming(&self, alone: bool, now: i64) -> Result<()> {
        if let (Some((directory, _)), true) = (&self.disk, alone) {
            // Not through the object store: what a cut-off upload leaves on a disk is no object.
            let incoming = directory.join("incoming");
            let failed = |source| StoreError::Directory {
                path: incoming.clone(),
                source,
            };
            for entry in std::fs::read_dir(&incoming).map_err(failed)? {
                std::fs::remove_file(entry.map_err(failed)?.path()).map_err(failed)?;
            }
            return Ok(());
        }
        let mut listing = self.store.list(Some(&Path::from("incoming")));
        while let Some(meta) = listing.try_next().await? {
            if now - meta.last_modified.timestamp() > LEFT_BEHIND {
                self.store.delete(&meta.location).await?;
            }
        }
        Ok(())
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
            part: Vec::with_capacity(self.part_bytes),
            size: 0,
        })
    }

    /// All bytes of a blob.
    pub(crate) async fn read(&self, sha256: &Sha256) -> Result<Bytes> {
        let (found, mask) = self.find(sha256).await?;
        Ok(masked(found.bytes().await?, mask))
    }

    /// A blob where it lies, and what its bytes there are combined with.
    async fn find(&self, sha256: &Sha256) -> object_store::Result<(GetResult, u8)> {
        // Between the first two questions it may have been masked.
        for (place, mask) in [(location(sha256), MASK), (plain_location(sha256), 0)] {
            match self.store.get(&place).await {
                Err(object_store::Error::NotFound { .. }) => {}
                found => return Ok((found?, mask)),
            }
        }
        Ok((self.store.get(&location(sha256)).await?, MASK))
    }

    /// Removes every blob that no row speaks of: what is left when a process died between moving
    /// a blob into place and committing its row. Returns how many there were.
    ///
    /// Blobs that lie as they are, as they did up to 0.1, are masked.
    pub(crate) async fn sweep(self: &Arc<Self>, rows: &dyn super::Store) -> Result<u64> {
        let mut removed = 0;
        let mut listing = self.everywhere();
        while let Some(meta) = listing.try_next().await? {
            let Some(name) = meta.location.filename() else {
                continue;
            };
            if !rows.keeps(name).await? {
                removed += u64::from(self.remove_orphan(rows, name).await?);
            } else if let Ok(sha256) = name.parse()
                && meta.location == plain_location(&sha256)
            {
                self.mask(&sha256).await?;
            }
        }
        Ok(removed)
    }

    /// Puts a masked copy of a blob in the place of one that lies as it is.
    async fn mask(self: &Arc<Self>, sha256: &Sha256) -> Result<()> {
        let mut stream = self.store.get(&plain_location(sha256)).await?.into_stream();
        let mut incoming = self.receive().await?;
        while let Some(chunk) = stream.try_next().await? {
            incoming.write(&chunk).await?;
        }
        let received = incoming.finish().await?;
        if received.digests.sha256 != *sha256 {
            return Err(StoreError::WrongBlob(sha256.to_string()));
        }
        received.move_into_place().await?;
        self.delete(&plain_location(sha256)).await?;
        Ok(())
    }

    /// Whether something was there to be removed.
    async fn delete(&self, place: &Path) -> Result<bool> {
        match self.store.delete(place).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Every blob, in no order.
    fn everywhere(&self) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let list = |directory: &str| self.store.list(Some(&Path::from(directory)));
        list("samples").chain(list("blobs")).boxed()
    }

    /// Removes a blob unless a row speaks of it.
    ///
    /// # Errors
    /// The store or the blobs do not answer.
    pub(crate) async fn remove_orphan(&self, rows: &dyn super::Store, name: &str) -> Result<bool> {
        let Ok(sha256) = name.parse() else {
            return Ok(false);
        };
        let _alone = rows.settle_alone().await?;
        if rows.keeps(name).await? {
            return Ok(false);
        }
        let masked = self.delete(&location(&sha256)).await?;
        Ok(self.delete(&plain_location(&sha256)).await? || masked)
    }

    /// The names of all blobs with their sizes, in no order.
    pub(crate) fn list(&self) -> BoxStream<'_, Result<(String, u64)>> {
        self.everywhere()
            .map(|meta| {
                let meta = meta?;
                let name = meta.location.filename().unwrap_or_default().to_owned();
                Ok((name, meta.size))
            })
            .boxed()
    }

    /// The bytes of a blob as they come.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) async fn stream(
        &self,
        sha256: &Sha256,
    ) -> Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let (found, mask) = self.find(sha256).await?;
        let stream = found.into_stream();
        Ok(stream.map_ok(move |bytes| masked(bytes, mask)).boxed())
    }

    /// Reads a blob to its end and says how large it is.
    ///
    /// # Errors
    /// It is not there, or not what its name says: [`StoreError::WrongBlob`].
    pub(crate) async fn verify(&self, sha256: &Sha256) -> Result<u64> {
        let mut stream = self.stream(sha256).await?;
        let mut hasher = Hasher::new();
        while let Some(chunk) = stream.try_next().await? {
            hasher.update(&chunk);
        }
        let digests = hasher.finish();
        match digests.sha256 == *sha256 {
            true => Ok(digests.size),
            false => Err(StoreError::WrongBlob(sha256.to_string())),
        }
    }

    /// Takes a blob over from another store, if it is not here already, and reads it back.
    ///
    /// # Errors
    /// What comes, or what was written, is not what its name says.
    pub(crate) async fn copy_from(self: &Arc<Self>, other: &Self, sha256: &Sha256) -> Result<u64> {
        match self.verify(sha256).await {
            Ok(size) => return Ok(size),
            Err(StoreError::Blob(object_store::Error::NotFound { .. }))
            | Err(StoreError::WrongBlob(_)) => {}
            Err(error) => return Err(error),
        }
        let mut stream = other.stream(sha256).await?;
        let mut incoming = self.receive().await?;
        while let Some(chunk) = stream.try_next().await? {
            incoming.write(&chunk).await?;
        }
        let received = incoming.finish().await?;
        if received.digests.sha256 != *sha256 {
            return Err(StoreError::WrongBlob(sha256.to_string()));
        }
        received.move_into_place().await?;
        self.verify(sha256).await
    }
}

/// Two levels, so that no directory grows past what file systems like.
fn location(sha256: &Sha256) -> Path {
    let name = sha256.to_string();
    Path::from(format!("samples/{}/{name}", &name[..2]))
}

/// Where it lay up to 0.1.
fn plain_location(sha256: &Sha256) -> Path {
    let name = sha256.to_string();
    Path::from(format!("blobs/{}/{name}", &name[..2]))
}

/// Masks bytes, or unmasks them.
fn masked(bytes: Bytes, mask: u8) -> Bytes {
    if mask == 0 {
        return bytes;
    }
    // Copied only where somebody else holds them too.
    let mut bytes = bytes
        .try_into_mut()
        .unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
    bytes.iter_mut().for_each(|byte| *byte ^= mask);
    bytes.freeze()
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
            let room = (self.blobs.part_bytes - self.part.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == self.blobs.part_bytes {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        self.blobs.room_for(self.part.len() as u64)?;
        let mut part = std::mem::replace(&mut self.part, Vec::with_capacity(self.blobs.part_bytes));
        let mut hasher = std::mem::take(&mut self.hasher);
        // Three digests over a mebibyte take milliseconds, which other requests shall not wait.
        let hashed = tokio::task::spawn_blocking(move || {
            hasher.update(&part);
            part.iter_mut().for_each(|byte| *byte ^= MASK);
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
    pub(crate) async fn publish(self, rows: &dyn super::Store) -> Result<Guard> {
        let settling = rows.settle().await?;
        self.move_into_place().await?;
        failpoint::reach("upload.published");
        Ok(settling)
    }

    async fn move_into_place(mut self) -> Result<()> {
        if let Some(path) = &self.path {
            let place = location(&self.digests.sha256);
            self.blobs.store.rename(path, &place).await?;
        }
        self.path = None;
        Ok(())
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
