//! What every request handler can reach.

use std::sync::Arc;

use crate::config::Config;
use crate::engines::Engines;
use crate::quota::Ledger;
use crate::store::Store;
use crate::store::bell::Bell;
use crate::store::blobs::Blobs;

/// The server's parts, shared by all requests.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) engines: Arc<Engines>,
    pub(crate) ledger: Ledger,
    /// Rung when a job was put into the queue.
    pub(crate) bell: Arc<dyn Bell>,
}

/// A handle on the [`Parts`].
pub(crate) type App = Arc<Parts>;
