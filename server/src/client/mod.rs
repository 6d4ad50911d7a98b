//! The commands that ask a backend: virustotal.com, or any other server of the API v3.
//!
//! `connection` carries requests, `settings` says whose and with which key, `lookup` is `scan` and
//! `report`, `rows` writes what comes of them, `people` is what changes users and groups. Results go
//! to standard output; everything else that a person is told goes to standard error.

mod community;
mod connection;
mod journal;
mod lookup;
mod objects;
mod people;
mod rows;
mod settings;
mod status;
mod targets;
mod token;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::ValueEnum;
use quorum_core::api::Failure;
use quorum_core::deception::show_safely;

pub(crate) use community::{Comment, Vote};
pub(crate) use lookup::{Report, Scan};
pub(crate) use objects::{GroupLog, GroupMembers, GroupShow, Search, UserShow};
pub(crate) use people::{group, user};
pub(crate) use settings::There;
pub(crate) use token::TokenCommand;

use connection::Refusal;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One array
    Json,
    /// With a line of column names (RFC 4180)
    Csv,
}

/// How a command of this module ends. Where several are true, the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Something is malicious.
    Malicious,
    /// Ctrl-C.
    Interrupted,
    /// The backend refuses: key, privilege or quota.
    Refused,
    /// The backend cannot be reached, fails, or is none.
    Network,
    /// A file, or standard output.
    Local,
    /// The command line or the configuration asks for what cannot be.
    Usage,
    /// Something is suspicious.
    Suspicious,
    /// The backend does not know something that was asked about.
    NotFound,
    /// None of that.
    Fine,
}

/// The table of exit codes, for `--help` and the man pages.
pub(crate) const EXIT_CODES: &str = "Exit codes; where several are true, the first here counts:
  1    something is malicious
  130  interrupted
  4    the backend refuses: key, privilege or quota
  5    the backend cannot be reached, fails, or is none
  7    a file cannot be read, or the output not written
  2    the command line or the configuration is wrong, or something is private and was not sent
  6    something is suspicious
  3    the backend does not know something that was asked about
  0    none of that";

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Malicious => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Network => 5,
            Self::Suspicious => 6,
            Self::Local => 7,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command cannot go on, in words, and how it therefore ends.
#[derive(Debug)]
pub(crate) struct Stop {
    exit: Exit,
    message: String,
}

impl Stop {
    fn usage(message: String) -> Self {
        Self {
            exit: Exit::Usage,
            message,
        }
    }

    fn local(message: String) -> Self {
        Self {
            exit: Exit::Local,
            message,
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self {
            exit: exit_of(&refusal.failure),
            message: refusal.to_string(),
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::local(error.to_string())
    }
}

fn exit_of(failure: &Failure) -> Exit {
    match failure {
        Failure::KeyRefused
        | Failure::Forbidden
        | Failure::NoPermission
        | Failure::RateLimited { .. }
        | Failure::QuotaSpent { .. } => Exit::Refused,
        Failure::NotFound => Exit::NotFound,
        Failure::Private | Failure::NoBackend | Failure::DryRun => Exit::Usage,
        Failure::Interrupted => Exit::Interrupted,
        Failure::Unreachable
        | Failure::TooSlow
        | Failure::Redirected
        | Failure::Backend { .. }
        | Failure::NotTheApi
        | Failure::TooLarge => Exit::Network,
    }
}

/// Writes a line to standard output.
///
/// # Errors
/// It is closed.
fn written(line: &str) -> Result<(), Stop> {
    crate::cli::say(line).map_err(|error| Stop::local(error.to_string()))
}

/// What one of these commands comes to.
type Outcome = Result<Exit, Stop>;

/// Carries out a command of this module, until it ends or Ctrl-C.
pub(crate) fn run(command: impl Future<Output = Outcome>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            warn(&error.to_string());
            return ExitCode::from(Exit::Local.code());
        }
    };
    let exit = runtime.block_on(command).unwrap_or_else(|stop| {
        warn(&stop.message);
        stop.exit
    });
    // A file that is being hashed may take as long as it likes.
    runtime.shutdown_background();
    ExitCode::from(exit.code())
}

/// Ends when somebody presses Ctrl-C or the process is asked to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Tells a person something that is no result.
fn warn(message: &str) {
    // There is nobody left to tell that it could not be told.
    let _ = writeln!(std::io::stderr(), "quorum: {}", show_safely(message));
}
