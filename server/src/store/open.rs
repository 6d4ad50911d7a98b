//! Which store, blobs and bell the configuration means, opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bell::{Bell, LocalBell, NatsBell, PostgresBell};
use super::blobs::Blobs;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use super::{Result, Store};
use crate::config::Config;

/// What data lies in, opened.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<Blobs>,
}

/// The embedded store's file in the data directory.
pub(crate) fn store_path(data: &Path) -> PathBuf {
    data.join("quorum.sqlite")
}

/// Opens the rows alone.
///
/// # Errors
/// The store does not answer, or a newer version has written it.
pub(crate) async fn store(config: &Config) -> Result<Arc<dyn Store>> {
    Ok(match &config.store.url {
        None => Arc::new(SqliteStore::open(&store_path(&config.data)).await?),
        Some(address) => Arc::new(postgres(config, address.reveal()).await?),
    })
}

async fn postgres(config: &Config, address: &str) -> Result<PostgresStore> {
    // Where NATS carries the news, commits need not.
    PostgresStore::open(address, config.queue.url.is_none()).await
}

/// Opens the blobs alone.
///
/// # Errors
/// The directory or the bucket cannot be used.
pub(crate) fn blobs(config: &Config) -> Result<Arc<Blobs>> {
    Ok(Arc::new(match &config.blobs.url {
        None => Blobs::local(&config.data, config.free_space_floor)?,
        Some(address) => Blobs::s3(address.reveal())?,
    }))
}

/// Opens rows and blobs.
///
/// # Errors
/// One of them cannot be used.
pub(crate) async fn both(config: &Config) -> Result<Opened> {
    Ok(Opened {
        store: store(config).await?,
        blobs: blobs(config)?,
    })
}

/// Opens everything that a server works with.
///
/// # Errors
/// Something cannot be used.
pub(crate) async fn all(config: &Config) -> Result<(Opened, Arc<dyn Bell>)> {
    let blobs = blobs(config)?;
    let nats: Option<Arc<dyn Bell>> = match &config.queue.url {
        Some(address) => Some(Arc::new(NatsBell::connect(address.reveal()).await?)),
        None => None,
    };
    let (store, own): (Arc<dyn Store>, Arc<dyn Bell>) = match (&config.store.url, &nats) {
        (Some(address), None) => {
            let store = postgres(config, address.reveal()).await?;
            let bell = PostgresBell::listen(address.reveal()).await?;
            (Arc::new(store), Arc::new(bell))
        }
        _ => (store(config).await?, Arc::new(LocalBell::default())),
    };
    Ok((Opened { store, blobs }, nats.unwrap_or(own)))
}
