//! Configuration: one table of settings, read from flags, the environment (`QUORUM_*`) and a TOML
//! file, in that order of strength.
//!
//! Flags and environment are one layer for clap; the file is the second; the defaults are the
//! third. The same struct describes the first two, so that none can know a setting that the other
//! does not.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use quorum_core::api::Backend;
use quorum_core::indicator::Kind;
use serde::{Deserialize, Serialize};

/// What a person may set, each unset until somebody does.
#[derive(Debug, Default, Clone, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// TOML file with the same settings as here, dashes as underscores
    #[arg(long, env = "QUORUM_CONFIG", global = true, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(
        long,
        env = "QUORUM_LISTEN",
        global = true,
        value_name = "ADDRESS:PORT"
    )]
    listen: Option<SocketAddr>,
    /// Directory of the store, the samples and the packs [default: quorum-data]
    #[arg(long, env = "QUORUM_DATA", global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Form of the log on standard error [default: human]
    #[arg(long, env = "QUORUM_LOG_FORMAT", global = true)]
    log_format: Option<LogFormat>,
    /// What is logged, as tracing's filter directives [default: info]
    #[arg(long, env = "QUORUM_LOG", global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Largest file that is taken, in bytes [default: 681574400, which is 650 MiB]
    #[arg(long, env = "QUORUM_UPLOAD_LIMIT", global = true, value_name = "BYTES")]
    upload_limit: Option<u64>,
    /// Largest file whose contents are scanned, in bytes; hashes are always looked up
    /// [default: 268435456, which is 256 MiB]
    #[arg(long, env = "QUORUM_SCAN_LIMIT", global = true, value_name = "BYTES")]
    scan_limit: Option<u64>,
    /// How many analyses run at a time [default: 2]
    #[arg(long, env = "QUORUM_WORKERS", global = true, value_name = "N")]
    workers: Option<usize>,
    /// Time that an engine has for one object, in milliseconds [default: 30000]
    #[arg(
        long,
        env = "QUORUM_ENGINE_TIMEOUT_MS",
        global = true,
        value_name = "MS"
    )]
    engine_timeout_ms: Option<u64>,
    /// How often an analysis is begun before it is given up as failed [default: 5]
    #[arg(long, env = "QUORUM_JOB_ATTEMPTS", global = true, value_name = "N")]
    job_attempts: Option<u32>,
    /// Proxies whose X-Forwarded-Host and X-Forwarded-Proto are believed [default: none]
    #[arg(
        long,
        env = "QUORUM_TRUSTED_PROXIES",
        global = true,
        value_name = "IP",
        value_delimiter = ','
    )]
    trusted_proxies: Option<Vec<IpAddr>>,
    /// How many bytes of the disk uploads leave free [default: 268435456, which is 256 MiB]
    #[arg(
        long,
        env = "QUORUM_FREE_SPACE_FLOOR",
        global = true,
        value_name = "BYTES"
    )]
    free_space_floor: Option<u64>,
    /// How long a worker that says nothing keeps its job, in seconds [default: 30]
    #[arg(long, env = "QUORUM_JOB_LEASE", global = true, value_name = "SECONDS")]
    job_lease: Option<u64>,
    /// How long a client may take to send a request's headers, in milliseconds [default: 10000]
    #[arg(
        long,
        env = "QUORUM_HEADER_TIMEOUT_MS",
        global = true,
        value_name = "MS"
    )]
    header_timeout_ms: Option<u64>,
    /// How long a body may bring less than 1 KiB a second, in milliseconds [default: 20000]
    #[arg(long, env = "QUORUM_BODY_TIMEOUT_MS", global = true, value_name = "MS")]
    body_timeout_ms: Option<u64>,
    /// Most connections that one address may have open, unless it is a trusted proxy
    /// [default: 1024]
    #[arg(
        long,
        env = "QUORUM_CONNECTIONS_PER_PEER",
        global = true,
        value_name = "N"
    )]
    connections_per_peer: Option<usize>,
    /// Most requests that are worked on at a time; who comes beyond is told to come again
    /// [default: 1024]
    #[arg(long, env = "QUORUM_REQUESTS_AT_ONCE", global = true, value_name = "N")]
    requests_at_once: Option<usize>,
    /// Lets everybody who reaches the server read packs without a key
    #[arg(
        long,
        env = "QUORUM_OPEN_PACKS",
        global = true,
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    open_packs: Option<bool>,
    /// Address and port of /metrics, /healthz and /readyz; not for strangers [default: none]
    #[arg(
        long,
        env = "QUORUM_OPS_LISTEN",
        global = true,
        value_name = "ADDRESS:PORT"
    )]
    ops_listen: Option<SocketAddr>,
    /// Where OpenTelemetry traces go, as OTLP over http: `http://127.0.0.1:4318/v1/traces`. Sampling,
    /// headers and attributes are set by OpenTelemetry's own variables [default: nowhere]
    #[arg(
        long,
        env = "QUORUM_TRACE_ENDPOINT",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    #[serde(skip)]
    trace_endpoint: Option<ServiceUrl>,
    /// In the file: `[trace] url = "…"`.
    #[arg(skip)]
    trace: Place,
    /// Certificate for TLS with those that vouch for it, in PEM [default: no TLS]
    #[arg(
        long,
        env = "QUORUM_TLS_CERTIFICATE",
        global = true,
        value_name = "FILE"
    )]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, env = "QUORUM_TLS_KEY", global = true, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Database of addresses' countries in MaxMind's format, for submissions [default: none]
    #[arg(
        long,
        env = "QUORUM_COUNTRY_DATABASE",
        global = true,
        value_name = "FILE"
    )]
    country_database: Option<PathBuf>,
    /// PostgreSQL that holds the rows, `postgres://…` [default: SQLite in the data directory]
    #[arg(
        long,
        env = "QUORUM_STORE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    #[serde(skip)]
    store_url: Option<ServiceUrl>,
    /// Bucket that holds the samples, `s3://bucket?endpoint=URL` [default: the data directory]
    #[arg(
        long,
        env = "QUORUM_BLOBS_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    #[serde(skip)]
    blobs_url: Option<ServiceUrl>,
    /// NATS with JetStream that wakes the workers, `nats://…` [default: PostgreSQL does]
    #[arg(
        long,
        env = "QUORUM_QUEUE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    #[serde(skip)]
    queue_url: Option<ServiceUrl>,
    /// In the file: `[store] url = "…"`.
    #[arg(skip)]
    store: Place,
    /// In the file: `[blobs] url = "…"`.
    #[arg(skip)]
    blobs: Place,
    /// In the file: `[queue] url = "…"`.
    #[arg(skip)]
    queue: Place,
    /// In the file: `[retention] file = 365`.
    #[arg(skip)]
    retention: Retention,
    /// In the file: `[upstream] url = "…"`.
    #[arg(skip)]
    upstream: Upstream,
}

/// Another backend of the API that is asked too, and what it may be asked.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Upstream {
    /// `https://www.virustotal.com`, or another Quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Backend>,
    /// The file that holds the key, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
    /// Most requests in any 60 seconds, by all processes together.
    pub(crate) per_minute: u32,
    /// Most requests a day, from midnight UTC.
    pub(crate) per_day: u64,
    /// For how many hours a report is as good as new.
    pub(crate) fresh_hours: u32,
    /// The same of not being known there.
    pub(crate) missing_hours: u32,
    /// How long an answer of ours waits for the upstream, in milliseconds.
    pub(crate) timeout_ms: u64,
    /// The groups whose look-ups go there too; all of them where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<Vec<String>>,
    /// By group, what of that which it sends in is sent in upstream too. Nobody's where nothing is
    /// said.
    pub(crate) uploads: BTreeMap<String, Vec<Sent>>,
}

/// What can be sent in upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sent {
    /// Files, which others may then be able to read.
    File,
    /// Addresses.
    Url,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            url: None,
            key_file: None,
            // What a free key of virustotal.com has.
            per_minute: 4,
            per_day: 500,
            fresh_hours: 24,
            missing_hours: 1,
            timeout_ms: 5_000,
            groups: None,
            uploads: BTreeMap::new(),
        }
    }
}

/// Where a service is.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<ServiceUrl>,
}

/// The address of a service, which may hold a password: shown without it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct ServiceUrl(String);

impl ServiceUrl {
    /// The address with all that it holds.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ServiceUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The query may hold a password too, as libpq's addresses do.
        let shown = url::Url::parse(&self.0).ok().and_then(|mut url| {
            if url.password().is_some() {
                url.set_password(Some("...")).ok()?;
            }
            if url.scheme() != "s3" {
                url.set_query(None);
            }
            Some(url.to_string())
        });
        f.write_str(&shown.unwrap_or_else(|| "...".to_owned()))
    }
}

impl std::fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for ServiceUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// After how many days without news things are let go, each kept for ever where nothing is said.
#[derive(Debug, Default, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<u32>,
    /// The books of counted requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<u32>,
    /// How often the server itself lets go; never if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) every_hours: Option<u32>,
}

impl Retention {
    /// Days without news by kind.
    pub(crate) fn kinds(&self) -> [(Kind, Option<u32>); 4] {
        [
            (Kind::File, self.file),
            (Kind::Url, self.url),
            (Kind::Domain, self.domain),
            (Kind::IpAddress, self.ip_address),
        ]
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Every setting with its value.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) log_format: LogFormat,
    pub(crate) log: String,
    pub(crate) upload_limit: u64,
    pub(crate) scan_limit: u64,
    pub(crate) workers: usize,
    pub(crate) engine_timeout_ms: u64,
    pub(crate) job_attempts: u32,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) free_space_floor: u64,
    pub(crate) job_lease: u64,
    pub(crate) header_timeout_ms: u64,
    pub(crate) body_timeout_ms: u64,
    pub(crate) connections_per_peer: usize,
    pub(crate) requests_at_once: usize,
    pub(crate) open_packs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ops_listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) country_database: Option<PathBuf>,
    pub(crate) store: Place,
    pub(crate) blobs: Place,
    pub(crate) queue: Place,
    pub(crate) trace: Place,
    pub(crate) retention: Retention,
    pub(crate) upstream: Upstream,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Syntax {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{setting} must be at least 1")]
    Zero { setting: &'static str },
    #[error("blobs.url and queue.url are for several processes, which need store.url too")]
    HalfGrown,
    #[error("upstream.url and upstream.key_file are of no use without each other")]
    HalfUpstream,
    #[error("tls_certificate and tls_key are of no use without each other")]
    HalfTls,
    #[error("log: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

impl Settings {
    /// Those of a file alone.
    pub(crate) fn in_file(path: PathBuf) -> Self {
        Self {
            config: Some(path),
            ..Self::default()
        }
    }

    /// Lays flags and environment over the file over the defaults, and checks the result.
    ///
    /// # Errors
    /// The file cannot be read, has a mistake or an unknown setting; a number that must not be
    /// zero is.
    pub(crate) fn resolve(self) -> Result<Config, ConfigError> {
        let file = match &self.config {
            None => Self::default(),
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
                        path: path.clone(),
                        source,
                    })?;
                toml::from_str(&text).map_err(|source| ConfigError::Syntax {
                    path: path.clone(),
                    source: Box::new(source),
                })?
            }
        };
        let config = Config {
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8080).into()),
            data: self
                .data
                .or(file.data)
                .unwrap_or_else(|| "quorum-data".into()),
            log_format: self
                .log_format
                .or(file.log_format)
                .unwrap_or(LogFormat::Human),
            log: self.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            upload_limit: self.upload_limit.or(file.upload_limit).unwrap_or(650 << 20),
            scan_limit: self.scan_limit.or(file.scan_limit).unwrap_or(256 << 20),
            workers: self.workers.or(file.workers).unwrap_or(2),
            engine_timeout_ms: self
                .engine_timeout_ms
                .or(file.engine_timeout_ms)
                .unwrap_or(30_000),
            job_attempts: self.job_attempts.or(file.job_attempts).unwrap_or(5),
            trusted_proxies: self
                .trusted_proxies
                .or(file.trusted_proxies)
                .unwrap_or_default(),
            free_space_floor: self
                .free_space_floor
                .or(file.free_space_floor)
                .unwrap_or(256 << 20),
            job_lease: self.job_lease.or(file.job_lease).unwrap_or(30),
            header_timeout_ms: self
                .header_timeout_ms
                .or(file.header_timeout_ms)
                .unwrap_or(10_000),
            body_timeout_ms: self
                .body_timeout_ms
                .or(file.body_timeout_ms)
                .unwrap_or(20_000),
            connections_per_peer: self
                .connections_per_peer
                .or(file.connections_per_peer)
                .unwrap_or(1024),
            requests_at_once: self
                .requests_at_once
                .or(file.requests_at_once)
                .unwrap_or(1024),
            open_packs: self.open_packs.or(file.open_packs).unwrap_or(false),
            ops_listen: self.ops_listen.or(file.ops_listen),
            tls_certificate: self.tls_certificate.or(file.tls_certificate),
            tls_key: self.tls_key.or(file.tls_key),
            country_database: self.country_database.or(file.country_database),
            store: Place {
                url: self.store_url.or(file.store.url),
            },
            blobs: Place {
                url: self.blobs_url.or(file.blobs.url),
            },
            queue: Place {
                url: self.queue_url.or(file.queue.url),
            },
            trace: Place {
                url: self.trace_endpoint.or(file.trace.url),
            },
            retention: file.retention,
            upstream: file.upstream,
        };
        for (setting, value) in [
            ("upload_limit", config.upload_limit),
            ("workers", config.workers as u64),
            ("engine_timeout_ms", config.engine_timeout_ms),
            ("job_attempts", config.job_attempts.into()),
            ("job_lease", config.job_lease),
            ("header_timeout_ms", config.header_timeout_ms),
            ("body_timeout_ms", config.body_timeout_ms),
            ("connections_per_peer", config.connections_per_peer as u64),
            ("requests_at_once", config.requests_at_once as u64),
            ("upstream.per_minute", config.upstream.per_minute.into()),
            ("upstream.per_day", config.upstream.per_day),
            ("upstream.timeout_ms", config.upstream.timeout_ms),
            (
                "retention.every_hours",
                config.retention.every_hours.unwrap_or(1).into(),
            ),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero { setting });
            }
        }
        if config.store.url.is_none() && (config.blobs.url.is_some() || config.queue.url.is_some())
        {
            return Err(ConfigError::HalfGrown);
        }
        if config.upstream.url.is_some() != config.upstream.key_file.is_some() {
            return Err(ConfigError::HalfUpstream);
        }
        if config.tls_certificate.is_some() != config.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        tracing_subscriber::EnvFilter::try_new(&config.log)?;
        Ok(config)
    }
}

impl Config {
    /// Time that an engine has for one object.
    pub(crate) fn engine_timeout(&self) -> Duration {
        Duration::from_millis(self.engine_timeout_ms)
    }

    /// How long a worker that says nothing keeps its job.
    pub(crate) fn job_lease(&self) -> Duration {
        Duration::from_secs(self.job_lease)
    }

    /// How long an attempt at a job may take: the engines run side by side, so this is more than
    /// they need.
    pub(crate) fn job_deadline(&self) -> Duration {
        self.engine_timeout() * 2 + Duration::from_secs(30)
    }

    /// Whether other processes may work on the same store.
    pub(crate) fn is_shared(&self) -> bool {
        self.store.url.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> (std::path::PathBuf, Settings) {
        let path = std::env::temp_dir().join(format!(
            "quorum-config-{}-{:?}.toml",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&path, text).unwrap();
        (
            path.clone(),
            Settings {
                config: Some(path),
                ..Settings::default()
            },
        )
    }

    #[test]
    fn a_flag_is_stronger_than_the_file_and_the_file_than_the_default() {
        let (path, settings) = with_file("listen = \"127.0.0.1:1\"\nworkers = 7\n");
        let flagged = Settings {
            workers: Some(3),
            ..settings
        };
        let config = flagged.resolve().unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(config.workers, 3);
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.job_attempts, 5);
    }

    #[test]
    fn refuses_a_setting_that_does_not_exist() {
        let (path, settings) = with_file("wokers = 7\n");
        let error = settings.resolve().unwrap_err().to_string();
        std::fs::remove_file(path).unwrap();
        assert!(error.contains("wokers"), "{error}");
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let (path, settings) = with_file(
            "[store]\nurl = \"postgres://bob:secret@db.example/q?password=secret\"\n\
             [blobs]\nurl = \"s3://bucket?endpoint=http://s3.example\"\n",
        );
        let config = settings.resolve().unwrap();
        std::fs::remove_file(path).unwrap();
        let shown = toml::to_string(&config).unwrap() + &format!("{config:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("postgres://bob:...@db.example/q"), "{shown}");
        assert!(shown.contains("endpoint=http://s3.example"), "{shown}");
        assert!(config.store.url.unwrap().reveal().contains("secret"));
    }

    #[test]
    fn refuses_an_upstream_that_would_get_the_key_in_clear_or_none() {
        let refused = |text: &str| {
            let (path, settings) = with_file(text);
            let refused = settings.resolve();
            std::fs::remove_file(path).unwrap();
            refused.unwrap_err().to_string()
        };
        let clear = "[upstream]\nurl = \"http://quorum.example\"\nkey_file = \"k\"\n";
        assert!(refused(clear).contains("plain http"));
        let half = "[upstream]\nurl = \"https://quorum.example\"\n";
        assert!(refused(half).contains("upstream.key_file"));
        let odd = "[upstream]\nuploads = {team = [\"files\"]}\n";
        assert!(refused(odd).contains("files"));
    }

    #[test]
    fn refuses_a_bucket_for_a_store_that_nobody_can_share() {
        let (path, settings) = with_file("[blobs]\nurl = \"s3://bucket\"\n");
        let refused = settings.resolve();
        std::fs::remove_file(path).unwrap();
        assert!(matches!(refused, Err(ConfigError::HalfGrown)));
    }

    #[test]
    fn refuses_zero_workers() {
        let settings = Settings {
            workers: Some(0),
            ..Settings::default()
        };
        assert!(matches!(
            settings.resolve(),
            Err(ConfigError::Zero { setting: "workers" })
        ));
    }
}
