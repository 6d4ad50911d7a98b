//! `quorum token`: the API keys of this machine's user. A key is never an argument: everybody on the
//! machine can read those.

use std::io::{IsTerminal as _, Read as _, Write as _};

use clap::Subcommand;
use quorum_core::api::ApiKey;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use super::settings::{Keys, Reach};
use super::{Exit, Outcome, Stop, written};

/// Keys that are kept for backends.
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Reads a key from standard input and keeps it for the backend, which is asked from then on
    Set(Reach),
    /// Shows which backend is asked, with which key, and where both are from
    Show(Reach),
    /// Asks the backend whose key it is
    #[command(after_help = super::EXIT_CODES)]
    Check(Reach),
    /// Lets go of the key that is kept for the backend
    Forget(Reach),
}

impl TokenCommand {
    /// # Errors
    /// What is wrong with the key, the files or the backend.
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::Set(reach) => {
                let backend = reach.resolve()?.backend;
                let key: ApiKey = read_key(&backend.label())?
                    .parse()
                    .map_err(|error| Stop::usage(format!("{error}")))?;
                let mut keys = Keys::read()?;
                keys.put(&backend, &key);
                keys.write()?;
                let path = Keys::path()?;
                written(&format!(
                    "the key for {backend} is kept in {}",
                    path.display()
                ))?;
            }
            Self::Show(reach) => {
                let resolved = reach.resolve()?;
                written(&format!("backend  {}", resolved.backend))?;
                let Some((key, from)) = resolved.key else {
                    written("key      none")?;
                    return Ok(Exit::NotFound);
                };
                let key = key.reveal();
                let shown = format!("{}… ({} characters)", &key[..4], key.len());
                written(&format!("key      {shown} from {from}"))?;
            }
            Self::Check(reach) => {
                let connection = reach.connect()?;
                let account = connection.account().await?;
                written(&format!("user     {}", account.name))?;
                for (name, quota) in [
                    ("hour", account.hourly),
                    ("day", account.daily),
                    ("month", account.monthly),
                ] {
                    if let Some(quota) = quota {
                        let (used, allowed) = (quota.used, quota.allowed);
                        written(&format!("{name:<7}  {used} of {allowed} requests"))?;
                    }
                }
            }
            Self::Forget(reach) => {
                let backend = reach.resolve()?.backend;
                let mut keys = Keys::read()?;
                if !keys.remove(&backend) {
                    return Err(Stop {
                        exit: Exit::NotFound,
                        message: format!("no key is kept for {backend}"),
                    });
                }
                keys.write()?;
                written(&format!("the key for {backend} is not kept any more"))?;
            }
        }
        Ok(Exit::Fine)
    }
}

/// The terminal as it was, put back when this is dropped.
struct Unseen(Termios);

impl Unseen {
    /// Turns off that typing is shown, and that Ctrl-C ends the program: it would leave the
    /// terminal so.
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut without = before.clone();
        without.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        without.special_codes[SpecialCodeIndex::VMIN] = 1;
        without.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &without)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
        let _ = writeln!(std::io::stderr());
    }
}

/// The first line of standard input; typed at a terminal, it is not shown.
fn read_key(label: &str) -> Result<String, Stop> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(line);
    }
    let _ = write!(std::io::stderr(), "API key for {label} (not shown): ");
    let _unseen = Unseen::begin().map_err(std::io::Error::from)?;
    let mut line = String::new();
    for byte in std::io::stdin().lock().bytes() {
        match byte? {
            b'\r' | b'\n' | 0x04 => break,
            // Ctrl-C.
            0x03 => {
                return Err(Stop {
                    exit: Exit::Interrupted,
                    message: "interrupted".to_owned(),
                });
            }
            0x08 | 0x7f => {
                line.pop();
            }
            byte => line.push(char::from(byte)),
        }
    }
    Ok(line)
}
