//! Which backend is asked, with which key, by which way.
//!
//! A key belongs to the backend that it was stored for, and is never offered to another. Where
//! several say something, the first that does counts:
//!
//! | | backend | key | proxy |
//! |---|---|---|---|
//! | 1 | `--backend`, `QUORUM_BACKEND` | `--key-file`, `QUORUM_APIKEY_FILE` | `--proxy`, `QUORUM_PROXY` |
//! | 2 | `client.toml` | `QUORUM_APIKEY` | `client.toml` |
//! | 3 | `keys.toml`: the last one that a key was stored for | `keys.toml`, for this backend | vt-cli's, for its host |
//! | 4 | vt-cli's host | vt-cli's, for its host | `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` |
//! | 5 | virustotal.com | | |
//!
//! Both files lie in `$XDG_CONFIG_HOME/quorum` (`~/.config/quorum`); `client.toml` is a person's,
//! `keys.toml` is written by `quorum token`. vt-cli's configuration is `~/.vt.toml` with `apikey`,
//! `host` and `proxy`, under variables of the same names behind `VTCLI_` (vt-cli, `vt/main.go` and
//! `cmd/vt.go`). vt-cli also reads it from the current folder; we don't: whoever made that folder
//! would say where the key goes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quorum_core::api::{ApiKey, Backend};
use serde::{Deserialize, Serialize};

use super::Stop;
use super::connection::Connection;

/// Who is asked where nothing else is said.
const VIRUSTOTAL: &str = "virustotal.com";

/// In seconds.
const MAX_WAIT: u64 = 900;

/// Variables of the environment that stand for options.
const KEY_FILE: &str = "QUORUM_APIKEY_FILE";
const PROXY: &str = "QUORUM_PROXY";

/// Options of every command that asks a backend.
#[derive(Args)]
pub(crate) struct Reach {
    /// Backend that is asked: virustotal.com, or any server of the same API
    /// [default: where the last key was stored for, else virustotal.com]
    #[arg(long, env = "QUORUM_BACKEND", value_name = "URL")]
    backend: Option<Backend>,
    /// File with the API key [default: QUORUM_APIKEY, or what `quorum token set` stored]
    #[arg(long, env = KEY_FILE, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Proxy for requests to other machines
    #[arg(long, env = PROXY, hide_env_values = true, value_name = "URL")]
    proxy: Option<String>,
    /// Longest that one thing waits: for its analysis, or for the backend's leave to ask
    #[arg(long, value_name = "SECONDS", default_value_t = MAX_WAIT)]
    max_wait: u64,
}

/// For the commands that work on the store of this machine, unless a backend is named.
#[derive(Args)]
pub(crate) struct There {
    /// Has this backend do it, with your key there, and not the store of this machine
    // Not from the environment: that says whom the other commands ask.
    #[arg(long, value_name = "URL")]
    backend: Option<Backend>,
}

impl There {
    /// Whether a backend is named.
    pub(crate) fn is_named(&self) -> bool {
        self.backend.is_some()
    }

    /// Makes the way to the backend.
    ///
    /// # Errors
    /// As [`Reach::connect`].
    pub(super) fn connect(&self) -> Result<Connection, Stop> {
        let reach = Reach {
            backend: self.backend.clone(),
            key_file: std::env::var_os(KEY_FILE).map(PathBuf::from),
            proxy: std::env::var(PROXY).ok(),
            max_wait: MAX_WAIT,
        };
        reach.connect()
    }
}

/// `client.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    backend: Option<Backend>,
    proxy: Option<String>,
}

/// `keys.toml`.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<Backend>,
    /// By the backend's address.
    keys: BTreeMap<String, String>,
}

/// vt-cli's configuration.
#[derive(Default)]
struct VtCli {
    key: Option<String>,
    host: Option<String>,
    proxy: Option<String>,
}

/// What counts in the end.
pub(crate) struct Resolved {
    pub(crate) backend: Backend,
    /// The key, and where it is from.
    pub(crate) key: Option<(ApiKey, String)>,
    proxy: Option<String>,
}

impl Reach {
    /// Longest that one thing waits.
    pub(super) fn max_wait(&self) -> Duration {
        Duration::from_secs(self.max_wait)
    }

    /// Finds out what counts.
    ///
    /// # Errors
    /// A file that was needed cannot be read or has a mistake.
    pub(crate) fn resolve(&self) -> Result<Resolved, Stop> {
        let file: File = read(&directory()?.join("client.toml"))?.unwrap_or_default();
        let keys = Keys::read()?;
        let vt = VtCli::read()?;
        let vt_backend = vt.backend();
        let backend = self
            .backend
            .clone()
            .or(file.backend)
            .or(keys.backend.clone())
            .or(vt_backend.clone())
            .map_or_else(|| VIRUSTOTAL.parse(), Ok)
            .map_err(|error| Stop::usage(error.to_string()))?;
        let is_vt = vt_backend.as_ref() == Some(&backend);
        let key = match (&self.key_file, std::env::var("QUORUM_APIKEY")) {
            (Some(path), _) => Some((text_of(path)?, path.display().to_string())),
            (None, Ok(key)) => Some((key, "QUORUM_APIKEY".to_owned())),
            (None, Err(_)) => match keys.keys.get(&backend.to_string()) {
                Some(key) => Some((key.clone(), Keys::path()?.display().to_string())),
                None if is_vt => vt
                    .key
                    .map(|key| (key, "the configuration of vt-cli".to_owned())),
                None => None,
            },
        };
        let key = match key {
            None => None,
            Some((key, from)) => match key.parse() {
                Ok(key) => Some((key, from)),
                Err(error) => return Err(Stop::usage(format!("the key of {from}: {error}"))),
            },
        };
        let vt_proxy = vt.proxy.filter(|_| is_vt);
        Ok(Resolved {
            key,
            proxy: self.proxy.clone().or(file.proxy).or(vt_proxy),
            backend,
        })
    }

    /// Makes the way to the backend.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve); there is no key; the proxy's address is none.
    pub(crate) fn connect(&self) -> Result<Connection, Stop> {
        let resolved = self.resolve()?;
        let backend = resolved.backend;
        let Some((key, _)) = resolved.key else {
            return Err(Stop::usage(format!(
                "there is no API key for {backend}; store one with \"quorum token set\""
            )));
        };
        Connection::new(backend, key, resolved.proxy.as_deref(), self.max_wait())
            .map_err(|error| Stop::usage(format!("cannot make requests: {error}")))
    }
}

fn home() -> Result<PathBuf, Stop> {
    std::env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .ok_or_else(|| Stop::usage("HOME is not set".to_owned()))
}

fn directory() -> Result<PathBuf, Stop> {
    // The XDG specification has only absolute paths count.
    match std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from) {
        Some(path) if path.is_absolute() => Ok(path.join("quorum")),
        _ => Ok(home()?.join(".config/quorum")),
    }
}

fn text_of(path: &Path) -> Result<String, Stop> {
    std::fs::read_to_string(path)
        .map_err(|error| Stop::usage(format!("cannot read {}: {error}", path.display())))
}

/// Reads a file, if there is one. What is wrong in it is told without its text, which may be a key.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Stop> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map(Some).map_err(|error| {
            let (path, reason) = (path.display(), error.message());
            Stop::usage(format!("{path}: {reason}"))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Stop::usage(format!(
            "cannot read {}: {error}",
            path.display()
        ))),
    }
}

impl Keys {
    /// Where they are kept.
    ///
    /// # Errors
    /// There is no home.
    pub(crate) fn path() -> Result<PathBuf, Stop> {
        Ok(directory()?.join("keys.toml"))
    }

    /// # Errors
    /// The file cannot be read or has a mistake.
    pub(crate) fn read() -> Result<Self, Stop> {
        let path = Self::path()?;
        let keys = read(&path)?.unwrap_or_default();
        if let Ok(meta) = std::fs::metadata(&path)
            && meta.permissions().mode() & 0o077 != 0
        {
            super::warn(&format!(
                "{0} can be read by others: chmod 600 {0}",
                path.display()
            ));
        }
        Ok(keys)
    }

    /// Keeps a key, and makes its backend the one that is asked from now on.
    pub(crate) fn put(&mut self, backend: &Backend, key: &ApiKey) {
        self.keys
            .insert(backend.to_string(), key.reveal().to_owned());
        self.backend = Some(backend.clone());
    }

    /// Lets go of a key. Whether there was one.
    pub(crate) fn remove(&mut self, backend: &Backend) -> bool {
        if self.backend.as_ref() == Some(backend) {
            self.backend = None;
        }
        self.keys.remove(&backend.to_string()).is_some()
    }

    /// Writes them, readable by nobody else, all or not at all.
    ///
    /// # Errors
    /// The disk does not let us.
    pub(crate) fn write(&self) -> Result<(), Stop> {
        let path = Self::path()?;
        let told = |error: std::io::Error| {
            Stop::local(format!("cannot write {}: {error}", path.display()))
        };
        let text = toml::to_string(self).map_err(|error| Stop::local(error.to_string()))?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory()?)
            .map_err(told)?;
        let new = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                std::fs::rename(&new, &path)
            });
        if written.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        written.map_err(told)
    }
}

impl VtCli {
    fn read() -> Result<Self, Stop> {
        let table: toml::Table = read(&home()?.join(".vt.toml"))?.unwrap_or_default();
        let setting = |name: &str| {
            // viper, which vt-cli reads it with, does not tell cases apart.
            let stands = || {
                let (_, value) = table
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
                value.as_str().map(str::to_owned)
            };
            let variable = format!("VTCLI_{}", name.to_ascii_uppercase());
            std::env::var(variable)
                .ok()
                .or_else(stands)
                .filter(|text| !text.is_empty())
        };
        Ok(Self {
            key: setting("apikey"),
            host: setting("host"),
            proxy: setting("proxy"),
        })
    }

    /// Whose key it is; `None` where that cannot be told.
    fn backend(&self) -> Option<Backend> {
        match self.host.as_deref().unwrap_or(VIRUSTOTAL).parse() {
            Ok(backend) => Some(backend),
            Err(error) => {
                super::warn(&format!("the host in the configuration of vt-cli: {error}"));
                None
            }
        }
    }
}
