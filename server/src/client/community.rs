//! `quorum comment` and `quorum vote`.

use clap::{Args, ValueEnum};
use quorum_core::api::{Call, Failure, Reply};
use quorum_core::indicator::Indicator;
use quorum_core::privacy::Sendable;
use quorum_core::report::VoteVerdict;

use super::connection::Refusal;
use super::objects::{list, write_list};
use super::settings::Reach;
use super::{Exit, Format, Outcome, Stop, written};

/// The command line of `quorum comment`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct Comment {
    /// Hash, web address, domain or IP address
    on: String,
    /// What the comment says, - for standard input; none lists the comments there are
    text: Option<String>,
    /// Most comments that are listed
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    limit: usize,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// The command line of `quorum vote`.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub(crate) struct Vote {
    /// Hash, web address, domain or IP address
    on: String,
    /// For which side
    verdict: Side,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, ValueEnum)]
enum Side {
    Harmless,
    Malicious,
}

fn sendable(text: &str) -> Result<Sendable<Indicator>, Stop> {
    let indicator =
        Indicator::read(text).map_err(|error| Stop::usage(format!("{text:?}: {error}")))?;
    Sendable::try_from(indicator).map_err(|error| Stop::usage(format!("{text:?}: {error}")))
}

impl Comment {
    /// # Errors
    /// It is nothing that can be commented on, or the backend does not take it.
    pub(crate) async fn run(self) -> Outcome {
        let of = sendable(&self.on)?;
        let connection = self.reach.connect()?;
        let Some(text) = self.text else {
            // Asked for without `relationships`, so that the objects come as small as they can.
            let path = Call::Comments { of, cursor: None }.request().path;
            let path = path.split('?').next().unwrap_or_default();
            let comments = list(&connection, &format!("{path}?"), self.limit, 40).await?;
            write_list(&comments, self.format)?;
            return Ok(Exit::Fine);
        };
        let text = match text.as_str() {
            "-" => std::io::read_to_string(std::io::stdin())?,
            _ => text,
        };
        match connection.call(&Call::AddComment { of, text }).await? {
            (Reply::Comment(comment), _) => written(&comment.id)?,
            _ => return Err(Refusal::from(Failure::NotTheApi).into()),
        }
        Ok(Exit::Fine)
    }
}

impl Vote {
    /// # Errors
    /// It is nothing that can be voted on, or the backend does not take it.
    pub(crate) async fn run(self) -> Outcome {
        let of = sendable(&self.on)?;
        let verdict = match self.verdict {
            Side::Harmless => VoteVerdict::Harmless,
            Side::Malicious => VoteVerdict::Malicious,
        };
        let connection = self.reach.connect()?;
        match connection.call(&Call::Vote { of, verdict }).await? {
            (Reply::Voted(true), _) => written("voted")?,
            (Reply::Voted(false), _) => written("had voted before")?,
            _ => return Err(Refusal::from(Failure::NotTheApi).into()),
        }
        Ok(Exit::Fine)
    }
}
