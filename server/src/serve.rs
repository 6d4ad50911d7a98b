//! `quorum serve`: puts the parts together, runs them, and takes them apart again in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{RwLock, watch};

use crate::app::{App, Parts};
use crate::cli::{Failure, Role, make_data_directory, say};
use crate::clock;
use crate::config::Config;
use crate::countries::Countries;
use crate::engines::{Engines, write_first_packs};
use crate::front::Front;
use crate::ids::Secret;
use crate::jobs::{self, Workshop};
use crate::kept::Kept;
use crate::listen::listen;
use crate::metrics;
use crate::ops::{self, Ops};
use crate::quota::{FLUSH_EVERY, Ledger};
use crate::record::Past;
use crate::relating;
use crate::routes;
use crate::rule_packs::RulePacks;
use crate::rulebook::Rulebook;
use crate::store::open::{self, Opened};
use crate::store::{Actor, AddAccount, NewAccount, Store, StoreError};
use crate::telemetry;
use crate::tier::Tier;
use crate::tls;
use crate::upkeep;
use crate::upstream::Upstream;

/// The signal of a file that grows past the process's limit, on every Linux.
const SIGXFSZ: i32 = 25;

/// How long requests and jobs in hand may take to end after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// The data directory is in use or cannot be used, or the address cannot be listened on.
pub(crate) fn run(config: Config, role: Role) -> Result<(), Failure> {
    let telemetry = telemetry::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(serve(config, role));
    // Engines that never came back are left behind: they must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_millis(100));
    telemetry.end();
    outcome
}

async fn serve(config: Config, role: Role) -> Result<(), Failure> {
    let shared = config.is_shared();
    if !shared && role != Role::All {
        return Err(
            "a role is for several processes, which need a store that they can share: \
                    set store.url"
                .into(),
        );
    }
    make_data_directory(&config.data)?;
    // Held to the end. Leases of jobs and half-received files belong to a process that is gone:
    // that is true only while there is one process.
    let lock = std::fs::File::create(config.data.join("lock"))?;
    if !shared {
        lock.try_lock()
            .map_err(|error| format!("another server uses {}: {error}", config.data.display()))?;
    }
    // A write past RLIMIT_FSIZE is an error like a full disk, not the end of the process.
    let _too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
    let packs = config.data.join("packs");
    write_first_packs(&packs)?;
    let (Opened { store, blobs }, bell) = open::all(&config).await?;
    create_administrator(&*store).await?;
    if !shared {
        let resumed = store.end_leases(clock::now()).await?;
        if resumed > 0 {
            tracing::info!(jobs = resumed, "taking up what was not finished");
        }
    }
    blobs.clear_incoming(!shared, clock::now()).await?;
    let deadline = config.engine_timeout();
    // Compiling the rules takes a moment; better now than in the first analysis.
    let rule_packs = Arc::new(RulePacks::new(&packs));
    let rules = Arc::new(Rulebook::new(rule_packs.clone()));
    let book = rules.clone();
    let engines =
        tokio::task::spawn_blocking(move || Engines::open(&packs, book, deadline)).await?;
    let countries = config.country_database.as_deref().map(Countries::open);
    let upstream = Upstream::open(&config.upstream)?;
    let app: App = Arc::new(Parts {
        upstream,
        countries: countries.transpose()?,
        pseudonym_key: store.pseudonym_key().await?,
        ledger: Ledger::open(store.clone(), shared, clock::now()).await?,
        store,
        blobs,
        engines: Arc::new(engines),
        lists: Arc::default(),
        rule_packs,
        rules,
        past: Past::default(),
        kept: Kept::default(),
        bell,
        config,
    });
    let (stop, stopped) = watch::channel(false);
    let ops = Ops {
        app: app.clone(),
        stopping: stopped.clone(),
    };
    if let Some(address) = app.config.ops_listen {
        let listener = bind(address).await?;
        let address = listener.local_addr()?;
        tracing::info!(%address, "operations are told");
        let (ops, stopped) = (ops::router(ops.clone()), stopped.clone());
        let app = app.clone();
        tokio::spawn(async move { listen(&app.config, listener, None, ops, stopped, GRACE).await });
    }
    if role == Role::Worker {
        say("quorum: working")?;
        let workers = start_workers(&app, &stopped);
        until_told_to_stop(stop)?.await;
        return finish(&app, workers).await;
    }

    let tls = match (&app.config.tls_certificate, &app.config.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate.clone(), key.clone())?),
        _ => None,
    };
    let listener = bind(app.config.listen).await?;
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    // From here on connections wait in the kernel's queue: that is what the line promises.
    say(&format!("quorum: listening on {scheme}://{address}"))?;
    let workers = match role {
        Role::All => start_workers(&app, &stopped),
        Role::Api | Role::Worker => Vec::new(),
    };
    let books = tokio::spawn(keep_books(app.clone(), stopped.clone()));
    tokio::spawn(sweep(app.clone()));
    tokio::spawn(index_comments(app.clone()));
    tokio::spawn(relate_urls(app.clone()));
    tokio::spawn(keep_rulebook(app.clone()));
    tokio::spawn(let_go(app.clone()));
    tokio::spawn(until_told_to_stop(stop)?);
    let router = routes::router(&app)
        .merge(ops::probes(ops))
        .layer(axum::middleware::from_fn(metrics::observe));
    let front = Front::new(app.clone(), router);
    if !listen(&app.config, listener, tls, front, stopped, GRACE).await {
        tracing::warn!("some requests did not end in time and are cut off");
    }
    let _ = books.await;
    finish(&app, workers).await
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}").into())
}

/// Waits for the workers' jobs in hand, writes down what was counted, and closes the store.
async fn finish(app: &App, workers: Vec<tokio::task::JoinHandle<()>>) -> Result<(), Failure> {
    tracing::info!("stopping");
    for worker in workers {
        // A job that is not done by then is taken up at the next start, or by another worker.
        let _ = tokio::time::timeout(GRACE, worker).await;
    }
    if let Err(error) = app.ledger.flush().await {
        tracing::error!(%error, "cannot write the usage down");
    }
    app.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Ends when SIGTERM or SIGINT comes, and tells everybody.
fn until_told_to_stop(stop: watch::Sender<bool>) -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = stop.send(true);
    })
}

async fn create_administrator(store: &dyn Store) -> Result<(), Failure> {
    let is_there = async || -> Result<bool, Failure> {
        let accounts = store.accounts().await?;
        Ok(accounts.iter().any(|account| account.administrator))
    };
    if is_there().await? {
        return Ok(());
    }
    let key = Secret::draw()?;
    let new = NewAccount {
        name: "admin",
        group: "admin",
        tier: Some(Tier::Duet),
        administrator: true,
        service: false,
        email: None,
    };
    let hash = key.hash();
    let added = store.add_account(&new, (&hash).into(), Actor::LOCAL, clock::now());
    match added.await? {
        AddAccount::Added => say(&format!(
            "quorum: administrator \"admin\" created; API key (shown once): {}",
            key.reveal()
        )),
        // Another process that started at the same time was faster.
        _ if is_there().await? => Ok(()),
        _ => Err("there is a user or a group \"admin\" that does not administer".into()),
    }
}

fn start_workers(app: &App, stopped: &watch::Receiver<bool>) -> Vec<tokio::task::JoinHandle<()>> {
    let workshop = Workshop {
        store: app.store.clone(),
        blobs: app.blobs.clone(),
        engines: app.engines.clone(),
        bell: app.bell.clone(),
        scan_limit: app.config.scan_limit,
        attempts: app.config.job_attempts,
        lease: app.config.job_lease(),
        deadline: app.config.job_deadline(),
        alone: RwLock::new(()),
    };
    jobs::start(Arc::new(workshop), app.config.workers, stopped)
}

/// Writes down what was counted, every second.
async fn keep_books(app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        tokio::select! {
            () = tokio::time::sleep(FLUSH_EVERY) => {}
            _ = stopped.changed() => {}
        }
        if let Err(error) = app.ledger.flush().await {
            tracing::error!(%error, "cannot write the usage down");
        }
    }
}

/// How often the packs are looked at where nobody asks for them.
const LOOK_AT_RULES: Duration = Duration::from_secs(60);

/// Tells the store of rules that are new, so that the day from which on they are here is known.
async fn keep_rulebook(app: App) {
    loop {
        if let Err(error) = app.rules.noted(&*app.store).await {
            tracing::warn!(%error, "cannot note the rules");
        }
        tokio::time::sleep(LOOK_AT_RULES).await;
    }
}

/// Makes comments from before there was an index findable.
async fn index_comments(app: App) {
    match app.store.index_comments().await {
        Ok(0) => {}
        Ok(indexed) => tracing::info!(indexed, "comments of an earlier release can be searched"),
        Err(error) => tracing::warn!(%error, "cannot index comments of an earlier release"),
    }
}

/// Notes the URLs of an earlier release at their hosts, once.
async fn relate_urls(app: App) {
    match relate_all_urls(&*app.store).await {
        Ok(0) => {}
        Ok(urls) => tracing::info!(urls, "URLs of an earlier release are noted at their hosts"),
        Err(error) => tracing::warn!(%error, "cannot note URLs of an earlier release"),
    }
}

async fn relate_all_urls(store: &dyn Store) -> Result<u64, StoreError> {
    const DONE: &str = "urls.related";
    if store.noted(DONE).await?.is_some() {
        return Ok(0);
    }
    let mut related = 0;
    let mut after = String::new();
    loop {
        let page = store.urls_after(&after, 200).await?;
        let Some((last, _)) = page.last() else {
            store.note_down(DONE, "1").await?;
            return Ok(related);
        };
        after.clone_from(last);
        for (_, url) in page {
            let Ok(url) = url.parse() else { continue };
            for (kind, id, relations) in relating::of_url(&url).relations {
                store.relate(kind, &id, &relations, clock::now()).await?;
            }
            related += 1;
        }
    }
}

/// How often it is looked whether the time of something has come. Nobody finds what is private from
/// then on; this is how much longer it may lie there.
const LOOK_AT_AGES: Duration = Duration::from_secs(60);

/// Lets go of what is private and whose time has come, and of what the policy does not keep.
async fn let_go(app: App) {
    loop {
        let policy = &app.config.retention;
        match upkeep::retention_if_due(policy, &*app.store, &app.blobs).await {
            Ok(None) => {}
            Ok(Some((gone, usage))) => tracing::info!(gone, usage, "did what the policy says"),
            Err(error) => tracing::warn!(%error, "cannot do what the policy says"),
        }
        match upkeep::expire_private(&*app.store, &app.blobs).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "let go of what was private, and is over"),
            Err(error) => tracing::warn!(%error, "cannot let go of what is private"),
        }
        tokio::time::sleep(LOOK_AT_AGES).await;
    }
}

/// Removes blobs that no row speaks of.
async fn sweep(app: App) {
    match app.blobs.sweep(&*app.store).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed files whose upload was never accepted"),
        Err(error) => tracing::warn!(%error, "cannot look for leftovers"),
    }
}
