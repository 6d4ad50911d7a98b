//! What the lists hold in the forms that clients take: by prefix, for look-ups that do not tell
//! what is meant, and as numbered files, so that a client gets only what changed since its own.
//!
//! Versions are made when somebody asks and the files have changed since, and are kept in the
//! store: all processes count in one row.

use std::sync::{Arc, Mutex, PoisonError};

use quorum_core::blocklist::{Blocklist, BuildError, Builder, Digest, Kind, Version};
use quorum_core::indicator::{CanonicalUrl, FileHash, Sha256};
use quorum_core::safe_browsing::SafeUrl;

use crate::clock;
use crate::engines::{Engines, Entries};
use crate::store::{ListVersion, Store, StoreError};

/// How many versions of a list are kept.
const KEPT: u32 = 32;

/// A list that is handed to clients.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) prefix_bytes: u8,
    /// For people who choose among lists.
    pub(crate) description: &'static str,
}

/// All of them. One that was there stays: clients know them by name.
pub(crate) static LISTS: [Spec; 4] = [
    Spec {
        name: "urls",
        kind: Kind::Url,
        prefix_bytes: 4,
        description: "Listed addresses and hosts, as Safe Browsing expressions",
    },
    Spec {
        name: "files-sha256",
        kind: Kind::BadFile(Digest::Sha256),
        prefix_bytes: 8,
        description: "Listed files by SHA-256",
    },
    Spec {
        name: "files-sha1",
        kind: Kind::BadFile(Digest::Sha1),
        prefix_bytes: 8,
        description: "Listed files by SHA-1",
    },
    Spec {
        name: "files-md5",
        kind: Kind::BadFile(Digest::Md5),
        prefix_bytes: 8,
        description: "Listed files by MD5",
    },
];

/// The list of a name.
pub(crate) fn spec(name: &str) -> Option<&'static Spec> {
    LISTS.iter().find(|spec| spec.name == name)
}

/// Something on the lists of addresses and hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// SHA-256 of its Safe Browsing expression.
    pub(crate) hash: Sha256,
    /// The address's id in the API; none for a host.
    pub(crate) url: Option<Sha256>,
    pub(crate) label: String,
}

/// What is listed, in the order of its hashes.
pub(crate) struct Index {
    pub(crate) hashes: Arc<Entries<FileHash, String>>,
    pub(crate) urls: Arc<Entries<Sha256, (CanonicalUrl, String)>>,
    pub(crate) hosts: Arc<Entries<String, String>>,
    files: Vec<FileHash>,
    ids: Vec<Sha256>,
    expressions: Vec<Listed>,
}

/// The hash of what names exactly this address among Safe Browsing's expressions.
fn expression(url: &str) -> Option<Sha256> {
    let url = SafeUrl::parse(url.as_bytes()).ok()?;
    url.expression_hashes().next()
}

/// The first and the last digest that begin with four bytes.
fn range<const N: usize>(prefix: [u8; 4]) -> ([u8; N], [u8; N]) {
    let (mut first, mut last) = ([0; N], [255; N]);
    first[..4].copy_from_slice(&prefix);
    last[..4].copy_from_slice(&prefix);
    (first, last)
}

/// What lies between two keys, both included.
fn between<T, K: Ord>(sorted: &[T], key: impl Fn(&T) -> K, first: K, last: K) -> &[T] {
    let from = sorted.partition_point(|one| key(one) < first);
    let to = sorted.partition_point(|one| key(one) <= last);
    &sorted[from..to]
}

impl Index {
    fn new(
        hashes: Arc<Entries<FileHash, String>>,
        urls: Arc<Entries<Sha256, (CanonicalUrl, String)>>,
        hosts: Arc<Entries<String, String>>,
    ) -> Self {
        let mut files: Vec<_> = hashes.by_key.keys().copied().collect();
        files.sort_unstable();
        let mut ids: Vec<_> = urls.by_key.keys().copied().collect();
        ids.sort_unstable();
        let of_urls = urls.by_key.iter().filter_map(|(id, (url, label))| {
            Some(Listed {
                hash: expression(url.as_str())?,
                url: Some(*id),
                label: label.clone(),
            })
        });
        let of_hosts = hosts.by_key.iter().filter_map(|(host, label)| {
            let url = match host.contains(':') {
                true => format!("http://[{host}]/"),
                false => format!("http://{host}/"),
            };
            Some(Listed {
                hash: expression(&url)?,
                url: None,
                label: label.clone(),
            })
        });
        let mut expressions: Vec<_> = of_urls.chain(of_hosts).collect();
        expressions.sort_unstable_by_key(|one| (one.hash, one.url));
        Self {
            hashes,
            urls,
            hosts,
            files,
            ids,
            expressions,
        }
    }

    /// The listed addresses and hosts whose expression's hash begins so.
    pub(crate) fn expressions(&self, prefix: [u8; 4]) -> &[Listed] {
        let (first, last) = range(prefix);
        between(&self.expressions, |one| one.hash, first.into(), last.into())
    }

    /// The ids of listed addresses that begin so.
    pub(crate) fn ids(&self, prefix: [u8; 4]) -> &[Sha256] {
        let (first, last) = range(prefix);
        between(&self.ids, |id| *id, first.into(), last.into())
    }

    /// The listed files whose hash of this kind begins so.
    pub(crate) fn files(&self, digest: Digest, prefix: [u8; 4]) -> &[FileHash] {
        fn ends<const N: usize, H: From<[u8; N]>>(
            prefix: [u8; 4],
            wrap: fn(H) -> FileHash,
        ) -> (FileHash, FileHash) {
            let (first, last) = range::<N>(prefix);
            (wrap(first.into()), wrap(last.into()))
        }
        let (first, last) = match digest {
            Digest::Sha256 => ends(prefix, FileHash::Sha256),
            Digest::Sha1 => ends(prefix, FileHash::Sha1),
            Digest::Md5 => ends(prefix, FileHash::Md5),
        };
        between(&self.files, |one| *one, first, last)
    }

    /// What a list holds, as a file of this version.
    fn file(&self, spec: &Spec, sequence: u64, date: i64) -> Result<Vec<u8>, BuildError> {
        let mut builder = Builder::new(spec.kind, spec.prefix_bytes)?;
        match spec.kind {
            Kind::Url => {
                for one in &self.expressions {
                    builder.add(one.hash.as_bytes())?;
                }
            }
            Kind::GoodFile(digest) | Kind::BadFile(digest) => {
                for one in &self.files {
                    match (digest, one) {
                        (Digest::Sha256, FileHash::Sha256(hash)) => builder.add(hash.as_bytes())?,
                        (Digest::Sha1, FileHash::Sha1(hash)) => builder.add(hash.as_bytes())?,
                        (Digest::Md5, FileHash::Md5(hash)) => builder.add(hash.as_bytes())?,
                        _ => continue,
                    };
                }
            }
        }
        let version = Version {
            sequence,
            token: b"",
        };
        builder.build(spec.name, version, date.unsigned_abs() * 1000)
    }
}

/// The lists of this server.
#[derive(Default)]
pub(crate) struct Lists {
    index: Mutex<Option<Arc<Index>>>,
    /// What this process has made versions of; held while it makes them.
    published: tokio::sync::Mutex<Option<Arc<Index>>>,
}

impl Lists {
    /// What is listed now. Reads files: call it where blocking is allowed.
    pub(crate) fn index(&self, engines: &Engines) -> Arc<Index> {
        let (hashes, urls, hosts) = (
            engines.hashes.current(),
            engines.urls.current(),
            engines.hosts.current(),
        );
        let mut known = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(index)
                if Arc::ptr_eq(&index.hashes, &hashes)
                    && Arc::ptr_eq(&index.urls, &urls)
                    && Arc::ptr_eq(&index.hosts, &hosts) =>
            {
                index.clone()
            }
            _ => known
                .insert(Arc::new(Index::new(hashes, urls, hosts)))
                .clone(),
        }
    }

    /// All versions that are kept, by list and the newest of each first, after a new one is made
    /// of what has changed.
    ///
    /// # Errors
    /// The store does not answer. That it takes nothing new is no error: what is there is served.
    pub(crate) async fn versions(
        self: &Arc<Self>,
        engines: &Arc<Engines>,
        store: &dyn Store,
    ) -> Result<Vec<ListVersion>, StoreError> {
        let (lists, engines) = (self.clone(), engines.clone());
        let index = tokio::task::spawn_blocking(move || lists.index(&engines)).await;
        let index = index.map_err(|_| sqlx::Error::WorkerCrashed)?;
        let mut published = self.published.lock().await;
        if !published
            .as_ref()
            .is_some_and(|before| Arc::ptr_eq(before, &index))
        {
            match publish(&index, store).await {
                Ok(()) => *published = Some(index),
                Err(error) => tracing::warn!(%error, "cannot keep a new version of the lists"),
            }
        }
        drop(published);
        store.list_versions().await
    }
}

/// Makes a new version of every list that holds something else than its last.
async fn publish(index: &Arc<Index>, store: &dyn Store) -> Result<(), StoreError> {
    for spec in &LISTS {
        loop {
            let versions = store.list_versions().await?;
            let last = versions.into_iter().find(|one| one.list == spec.name);
            let date = clock::now();
            let sequence = last.as_ref().map_or(0, |last| last.sequence) + 1;
            let built = index.clone();
            let built = tokio::task::spawn_blocking(move || {
                let file = built.file(spec, sequence, date)?;
                let list = Blocklist::open(&file).map_err(|error| error.to_string())?;
                let new = ListVersion {
                    list: spec.name.to_owned(),
                    sequence,
                    date,
                    entries: list.header().entries.into(),
                    checksum: Sha256::from(*list.checksum()).to_string(),
                    content: Sha256::from(list.prefixes_sha256()).to_string(),
                };
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>((new, file))
            });
            let built = built.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
            let (new, file) = match built {
                Ok(built) => built,
                Err(error) => {
                    // More entries than a list can count: the other lists are not to blame.
                    tracing::error!(list = spec.name, %error, "cannot make a list");
                    break;
                }
            };
            let same = last.is_some_and(|last| last.content == new.content);
            // Another process may have taken the number; then its version is looked at.
            if same || store.add_list_version(&new, &file, KEPT).await? {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(directory: &std::path::Path) -> Arc<Index> {
        let packs = Arc::new(crate::rule_packs::RulePacks::new(directory));
        let rules = Arc::new(crate::rulebook::Rulebook::new(packs));
        let engines = Engines::open(directory, rules, std::time::Duration::from_secs(1));
        Lists::default().index(&engines)
    }

    #[test]
    fn what_is_listed_is_found_by_the_first_bytes_of_its_hash() {
        let directory = std::env::temp_dir().join(format!("quorum-index-{}", std::process::id()));
        for (file, text) in [
            (
                "hashes/a.txt",
                format!("{}\n{}\n", "00".repeat(32), "ff".repeat(16)),
            ),
            (
                "urls/a.txt",
                "http://bad.example:81/a?b\tPhishing\nhttps://bad.example/a?b\n".to_owned(),
            ),
            ("hosts/a.txt", "evil.example\n2001:db8::1\n".to_owned()),
        ] {
            let path = directory.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let index = index(&directory);
        std::fs::remove_dir_all(&directory).unwrap();

        assert_eq!(index.files(Digest::Sha256, [0; 4]).len(), 1);
        assert_eq!(index.files(Digest::Md5, [255; 4]).len(), 1);
        assert_eq!(index.files(Digest::Md5, [0; 4]), []);
        assert_eq!(index.files(Digest::Sha1, [255; 4]), []);
        let found = |text: &str| {
            let hash = quorum_core::digest::sha256(text.as_bytes());
            let mut prefix = [0; 4];
            prefix.copy_from_slice(&hash.as_bytes()[..4]);
            let found = index.expressions(prefix).iter();
            found.filter(|one| one.hash == hash).count()
        };
        // Two addresses with one expression are two entries.
        assert_eq!(found("bad.example/a?b"), 2);
        assert_eq!(found("evil.example/"), 1);
        assert_eq!(found("[2001:db8::1]/"), 1);
        assert_eq!(found("bad.example/"), 0);
    }
}
