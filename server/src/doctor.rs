//! `quorum doctor`: looks at everything that a server stands on, says what is wrong, and what to do
//! about it. It changes nothing but an old store's schema, as every command on a store does.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use quorum_core::api::Failure as Refusal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::cli::{Failure, say};
use crate::clock::{self, DAY};
use crate::config::Config;
use crate::rule_packs::RulePacks;
use crate::store::{Store, open};
use crate::tls;
use crate::upstream::Upstream;

/// How long anything that is asked may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// From this age on, in seconds, a due job says that nobody carries it out.
const OLD_JOB: i64 = 60;
/// A certificate that ends in fewer days than this is told of.
const SOON: i64 = 14;
/// Files that a server has open beside its connections.
const OWN_FILES: u64 = 256;

enum Level {
    Fine,
    Doubtful,
    Wrong,
}

/// What was looked at, what was found, and what to do.
struct Findings(Vec<(Level, &'static str, String, String)>);

impl Findings {
    fn fine(&mut self, what: &'static str, found: impl Into<String>) {
        self.0
            .push((Level::Fine, what, found.into(), String::new()));
    }

    fn doubtful(&mut self, what: &'static str, found: impl Into<String>, todo: impl Into<String>) {
        self.0
            .push((Level::Doubtful, what, found.into(), todo.into()));
    }

    fn wrong(&mut self, what: &'static str, found: impl Into<String>, todo: impl Into<String>) {
        self.0.push((Level::Wrong, what, found.into(), todo.into()));
    }
}

/// Looks, and tells.
///
/// # Errors
/// Something is wrong, which is told before.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let mut findings = Findings(Vec::new());
    let runs = directory(config, &mut findings);
    space(config, &mut findings);
    rows(config, runs, &mut findings).await;
    blobs(config, &mut findings).await;
    queue(config, &mut findings).await;
    upstream(config, &mut findings).await;
    certificate(config, &mut findings);
    exposure(config, &mut findings);
    address(config, runs, &mut findings).await;
    limits(config, &mut findings);
    let mut wrong = 0;
    for (level, what, found, todo) in findings.0 {
        let word = match level {
            Level::Fine => "ok",
            Level::Doubtful => "doubt",
            Level::Wrong => "WRONG",
        };
        say(&format!("{word:<6} {what:<12} {found}"))?;
        if !todo.is_empty() {
            say(&format!("{:19} -> {todo}", ""))?;
        }
        wrong += u32::from(matches!(level, Level::Wrong));
    }
    match wrong {
        0 => Ok(()),
        1 => Err("one thing is wrong".into()),
        wrong => Err(format!("{wrong} things are wrong").into()),
    }
}

/// Whether others may do something with a file.
fn open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// Looks at the data directory. Whether a server runs on it.
fn directory(config: &Config, findings: &mut Findings) -> bool {
    const WHAT: &str = "data";
    let data = &config.data;
    let shown = data.display();
    if !data.exists() {
        let todo = "\"quorum serve\" makes it; say --data if it should be elsewhere";
        findings.doubtful(WHAT, format!("{shown} is not there yet"), todo);
        return false;
    }
    // Tried, because modes do not tell it: of a read-only mount, of another user's directory.
    let probe = data.join(format!(".doctor-{}", std::process::id()));
    match std::fs::write(&probe, b"") {
        Ok(()) => {
            let _ = std::fs::remove_file(&probe);
            if open_to_others(data) {
                let todo = format!("chmod 700 {shown}");
                findings.doubtful(WHAT, format!("others can look into {shown}"), todo);
            } else {
                findings.fine(WHAT, format!("{shown} can be written, by nobody else"));
            }
        }
        Err(error) => {
            let todo = "give it to the user that runs the server, on a disk that can be written";
            findings.wrong(WHAT, format!("{shown}: {error}"), todo);
        }
    }
    let lock = std::fs::File::open(data.join("lock"));
    let runs = lock.is_ok_and(|lock| lock.try_lock().is_err());
    match runs {
        true => findings.fine("process", "a server runs on it"),
        false => findings.fine("process", "no server of this machine runs on it alone"),
    }
    if data.join("packs").is_dir() {
        findings.fine("packs", data.join("packs").display().to_string());
        for (name, pack) in &*RulePacks::new(&data.join("packs")).shelf() {
            match pack {
                Ok(pack) => findings.fine("rules", format!("{name}: {} rules", pack.rules)),
                Err(reason) => findings.doubtful(
                    "rules",
                    format!("the pack {name} is neither scanned with nor handed out: {reason}"),
                    "put it in order; it is read again by itself",
                ),
            }
        }
    } else {
        let todo = "the next start writes the first ones";
        findings.doubtful("packs", "there are none", todo);
    }
    runs
}

fn space(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "space";
    let Ok(disk) = rustix::fs::statvfs(&config.data) else {
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let floor = config.free_space_floor;
    let found = format!("{} MB are free, {} MB are kept so", free >> 20, floor >> 20);
    let todo = "make room, move the data directory, or let old things go with [retention]";
    if free < floor {
        findings.wrong(WHAT, format!("uploads are refused: {found}"), todo);
    } else if free < floor.saturating_mul(4) {
        findings.doubtful(WHAT, found, todo);
    } else {
        findings.fine(WHAT, found);
    }
}

/// An outcome within [`PATIENCE`], its error in words.
async fn soon<T, E: std::fmt::Display>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    }
}

async fn rows(config: &Config, runs: bool, findings: &mut Findings) {
    const WHAT: &str = "rows";
    let what = match &config.store.url {
        Some(url) => url.to_string(),
        None => {
            let path = open::store_path(&config.data);
            if !path.exists() {
                let todo = "\"quorum serve\" makes it";
                findings.doubtful(WHAT, format!("{} is not there yet", path.display()), todo);
                return;
            }
            path.display().to_string()
        }
    };
    let store = match soon(open::store(config)).await {
        Ok(store) => store,
        Err(error) => {
            let todo = match config.store.url {
                Some(_) => "look whether PostgreSQL runs there, and whether store.url is right",
                None => "restore it from a backup with \"quorum restore\" into another directory",
            };
            findings.wrong(WHAT, format!("{what}: {error}"), todo);
            return;
        }
    };
    if let Err(error) = within(&*store, runs, &what, findings).await {
        let todo = "run \"quorum check\"; if it fails too, restore a backup";
        findings.wrong(WHAT, format!("{what}: {error}"), todo);
    }
    store.close().await;
}

async fn within(
    store: &dyn Store,
    runs: bool,
    what: &str,
    findings: &mut Findings,
) -> Result<(), String> {
    let census = soon(store.census()).await?;
    let (files, bytes) = (census.files, census.bytes >> 20);
    findings.fine("rows", format!("{what}: {files} files of {bytes} MB"));
    // A large store takes its time over this.
    let contradictions = tokio::time::timeout(PATIENCE, store.contradictions()).await;
    match contradictions.map(|found| found.map_err(|error| error.to_string())) {
        Err(_) => {
            let todo = "run \"quorum check\" where it may take a while";
            findings.doubtful("rows", "too many to be held against each other here", todo);
        }
        Ok(found) => {
            for (what, count) in found? {
                let todo = "run \"quorum check\", and restore a backup if it finds more";
                findings.wrong("rows", format!("{count} {what}"), todo);
            }
        }
    }
    let accounts = soon(store.accounts()).await?;
    let administers = accounts
        .iter()
        .any(|account| account.administrator && account.status == "active");
    match administers {
        true => findings.fine("accounts", format!("{} users", accounts.len())),
        false => findings.wrong(
            "accounts",
            "nobody administers",
            "\"quorum serve\" makes an administrator where there is none",
        ),
    }
    let age = soon(store.next_due())
        .await?
        .map_or(0, |due| clock::now() - due);
    let found = format!("{} analyses are to be done", census.jobs);
    if age < OLD_JOB {
        findings.fine("jobs", found);
    } else {
        let todo = match runs {
            true => "raise workers, or look into the log for jobs that are given back",
            false => "start a server, or one with --role worker",
        };
        findings.doubtful("jobs", format!("{found}, one has waited {age} s"), todo);
    }
    Ok(())
}

async fn blobs(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "samples";
    if config.blobs.url.is_none() && !config.data.exists() {
        return;
    }
    let listed = async {
        let blobs = open::blobs(config).map_err(|error| error.to_string())?;
        soon(async { blobs.list().try_next().await }).await
    };
    let place = match &config.blobs.url {
        Some(url) => url.to_string(),
        None => config.data.display().to_string(),
    };
    match listed.await {
        Ok(_) => findings.fine(WHAT, format!("{place} can be listed")),
        Err(error) => {
            let todo = "look whether the bucket is there and AWS_ACCESS_KEY_ID may read it";
            findings.wrong(WHAT, format!("{place}: {error}"), todo);
        }
    }
}

async fn queue(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.queue.url else { return };
    match soon(open::all(config)).await {
        Ok((opened, _)) => {
            findings.fine("queue", format!("{url} answers"));
            opened.store.close().await;
        }
        Err(error) => {
            let todo = "look whether NATS runs there with JetStream";
            findings.wrong("queue", format!("{url}: {error}"), todo);
        }
    }
}

/// Looks at the upstream: its key, whether it answers, and whom the policy names.
async fn upstream(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "upstream";
    let (Some(backend), Some(key_file)) = (&config.upstream.url, &config.upstream.key_file) else {
        return;
    };
    let upstream = match Upstream::open(&config.upstream) {
        Ok(Some(upstream)) => upstream,
        Ok(None) => return,
        Err(error) => {
            let todo = "put the key, and nothing else, into the file that upstream.key_file names";
            findings.wrong(WHAT, error.to_string(), todo);
            return;
        }
    };
    if open_to_others(key_file) {
        let todo = format!("chmod 600 {}", key_file.display());
        let found = format!("others can read {}", key_file.display());
        findings.doubtful(WHAT, found, todo);
    }
    match tokio::time::timeout(PATIENCE, upstream.account()).await {
        Err(_) => {
            let todo = "look whether it runs, and whether this machine may reach it";
            let found = format!("{backend}: no answer in {} s", PATIENCE.as_secs());
            findings.wrong(WHAT, found, todo);
        }
        Ok(Err(failure)) => {
            let todo = match failure {
                Refusal::KeyRefused | Refusal::Forbidden | Refusal::NotFound => {
                    "get a key from there and put it into upstream.key_file"
                }
                Refusal::RateLimited { .. } | Refusal::QuotaSpent { .. } => {
                    "wait, and lower upstream.per_minute and per_day to what the key has"
                }
                Refusal::Redirected | Refusal::NotTheApi => {
                    "give upstream.url the address at which the API itself answers"
                }
                _ => "look whether it runs, and whether this machine may reach it",
            };
            findings.wrong(WHAT, format!("{backend}: {failure}"), todo);
        }
        Ok(Ok(account)) => {
            findings.fine(WHAT, format!("{backend} answers to {:?}", account.name));
        }
    }
    let policy = &config.upstream;
    let named = policy.groups.iter().flatten().chain(policy.uploads.keys());
    // Where there is no store yet, this must not make one.
    let is_there = config.store.url.is_some() || open::store_path(&config.data).exists();
    if is_there && let Ok(store) = soon(open::store(config)).await {
        for name in named {
            if let Ok(None) = soon(store.group(name)).await {
                let todo = "\"quorum group list\" tells which groups there are";
                let found = format!("the policy names {name:?}, and there is no such group");
                findings.doubtful(WHAT, found, todo);
            }
        }
        store.close().await;
    }
}

fn certificate(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "tls";
    let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
        return;
    };
    match tls::read(certificate, key) {
        Err(error) => {
            let todo = "give the certificate with its chain and its own key, both in PEM";
            findings.wrong(WHAT, error.to_string(), todo);
        }
        Ok(_) if open_to_others(key) => {
            let todo = format!("chmod 600 {}", key.display());
            findings.doubtful(WHAT, format!("others can read {}", key.display()), todo);
        }
        Ok(certified) => {
            let shown = certificate.display();
            let left = certified.end_entity_cert().ok().and_then(|der| {
                let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
                Some((parsed.validity().not_after.timestamp() - clock::now()) / DAY)
            });
            let todo = "renew it; a server that runs reads it again by itself";
            match left {
                Some(days) if days < 0 => findings.wrong(WHAT, format!("{shown} is over"), todo),
                Some(days) if days < SOON => {
                    findings.doubtful(WHAT, format!("{shown} ends in {days} days"), todo);
                }
                _ => findings.fine(WHAT, format!("{shown} and its key")),
            }
        }
    }
}

/// Whether what should not be seen from outside can be.
fn exposure(config: &Config, findings: &mut Findings) {
    let outside = |address: SocketAddr| !address.ip().is_loopback();
    if outside(config.listen)
        && config.tls_certificate.is_none()
        && config.trusted_proxies.is_empty()
    {
        findings.doubtful(
            "exposure",
            format!("keys travel readable to {}", config.listen),
            "set tls_certificate and tls_key, or listen on 127.0.0.1 behind a proxy that does \
             TLS and name it in trusted_proxies",
        );
    }
    if let Some(address) = config.ops_listen.filter(|address| outside(*address)) {
        findings.doubtful(
            "exposure",
            format!("everybody who reaches {address} can read the metrics"),
            "listen on 127.0.0.1, or let a firewall pass the machine that collects them only",
        );
    }
}

/// Whether the address answers, or is free to be listened on.
async fn address(config: &Config, runs: bool, findings: &mut Findings) {
    const WHAT: &str = "address";
    let address = config.listen;
    if address.port() == 0 {
        return;
    }
    if !runs {
        // Another process of a grown store may be there, which is as well.
        match TcpListener::bind(address).await {
            Ok(_) => findings.fine(WHAT, format!("{address} is free")),
            Err(error) if config.is_shared() => findings.fine(WHAT, format!("{address}: {error}")),
            Err(error) => findings.wrong(
                WHAT,
                format!("{address}: {error}"),
                "say --listen with an address of this machine and a port that nobody has",
            ),
        }
        return;
    }
    match soon(answer(config)).await {
        Ok(word) => findings.fine(WHAT, format!("{address} {word}")),
        Err(error) => findings.wrong(
            WHAT,
            format!("{address}: {error}"),
            "look into the server's log; or it was started with another --listen than this",
        ),
    }
}

/// What the server at the configured address says of itself.
async fn answer(config: &Config) -> std::io::Result<&'static str> {
    let mut stream = TcpStream::connect(config.listen).await?;
    if config.tls_certificate.is_some() {
        // That it takes connections is all that can be said without speaking TLS.
        return Ok("takes connections");
    }
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).await?;
    match answer.starts_with("HTTP/1.1 200 ") {
        true => Ok("is ready"),
        false => Err(std::io::Error::other("it is not ready")),
    }
}

/// Asks the server at the configured address whether it is ready, and looks at nothing else: often,
/// and from where there is no other program.
///
/// # Errors
/// It is not.
pub(crate) async fn ready(config: &Config) -> Result<(), Failure> {
    let address = config.listen;
    match soon(answer(config)).await {
        Ok(word) => say(&format!("{address} {word}")),
        Err(error) => Err(format!("{address}: {error}").into()),
    }
}

fn limits(config: &Config, findings: &mut Findings) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let need = config.requests_at_once as u64 * 2 + OWN_FILES;
    match limit.current {
        Some(limit) if limit < need => findings.doubtful(
            "limits",
            format!("{limit} open files are allowed, a full house needs {need}"),
            "raise LimitNOFILE (systemd) or ulimit -n, or lower requests_at_once",
        ),
        _ => findings.fine("limits", "enough files can be open"),
    }
}
