//! What every request handler can reach.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::config::Config;
use crate::engines::Engines;
use crate::quota::Ledger;
use crate::store::Store;
use crate::store::blobs::Blobs;

/// The server's parts, shared by all requests.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) engines: Arc<Engines>,
    pub(crate) ledger: Ledger,
    /// Rung when a job was put into the queue.
    pub(crate) bell: Arc<Notify>,
}

/// A handle on the [`Parts`].
pub(crate) type App = Arc<Parts>;
