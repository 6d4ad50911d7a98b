//! What every request handler can reach.

use std::sync::Arc;

use crate::config::Config;
use crate::countries::Countries;
use crate::engines::Engines;
use crate::kept::Kept;
use crate::lists::Lists;
use crate::quota::Ledger;
use crate::record::Past;
use crate::rule_packs::RulePacks;
use crate::rulebook::Rulebook;
use crate::store::Store;
use crate::store::bell::Bell;
use crate::store::blobs::Blobs;
use crate::upstream::Upstream;

/// The server's parts, shared by all requests.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) engines: Arc<Engines>,
    pub(crate) lists: Arc<Lists>,
    pub(crate) rule_packs: Arc<RulePacks>,
    pub(crate) rules: Arc<Rulebook>,
    pub(crate) past: Past,
    pub(crate) ledger: Ledger,
    /// What look-ups found since the last commit.
    pub(crate) kept: Kept,
    /// Where the administrator has such a database.
    pub(crate) countries: Option<Countries>,
    /// Where the administrator has named one.
    pub(crate) upstream: Option<Upstream>,
    /// The key of the pseudonyms under which sources are shown.
    pub(crate) pseudonym_key: [u8; 32],
    /// Rung when a job was put into the queue.
    pub(crate) bell: Arc<dyn Bell>,
}

/// A handle on the [`Parts`].
pub(crate) type App = Arc<Parts>;
