//! The command line: `serve`, `user`, `config`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use crate::admin;
use crate::clock;
use crate::config::{Config, Settings};
use crate::ids::Secret;
use crate::serve;
use crate::store::{Actor, AddAccount, NewAccount, Store, open};
use crate::tier::Tier;
use crate::tools;
use crate::upkeep;

/// What goes wrong is told to a person and ends the program.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Quorum: reports, submissions and community on files, URLs, domains and IP addresses
#[derive(Parser)]
#[command(name = "quorum", version, about)]
pub(crate) struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the API until it is told to stop
    Serve {
        /// What this process does; with a store that several share, any number may do each
        #[arg(long, value_enum, default_value_t = Role::All, env = "QUORUM_ROLE")]
        role: Role,
    },
    /// Reads every sample against its name and every row against its sample
    Check,
    /// Writes everything into a new directory while the server runs
    Backup {
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Fills an empty store from a backup
    Restore {
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Moves the embedded store to PostgreSQL and S3, and proves that all is there
    Migrate {
        /// Configuration file of the store to move to
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Says what is older than the configuration's retention keeps
    Retention {
        /// Lets go of it
        #[arg(long)]
        apply: bool,
    },
    /// Manages users; works beside a running server
    #[command(subcommand)]
    User(UserCommand),
    #[command(flatten)]
    Admin(admin::Command),
    /// Finds URLs, domains, hashes and 25 other kinds of observables in texts
    Extract(tools::Extract),
    /// Explains web addresses
    #[command(subcommand)]
    Url(UrlCommand),
    /// Hashes files and tells their types
    Hash(tools::Hash),
    /// Looks at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// What a server process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Answers requests and carries analyses out
    All,
    /// Answers requests
    Api,
    /// Carries analyses out
    Worker,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds a user in a group of their own and shows the API key
    Add {
        /// Letters, digits, `.`, `_` and `-`
        name: String,
        /// Licence tier of the user's group
        #[arg(long, value_enum, default_value_t = Tier::Public, conflicts_with = "group")]
        tier: Tier,
        /// Joins this group instead, and shares its quota
        #[arg(long)]
        group: Option<String>,
    },
    /// Makes another API key for a user and shows it
    Key {
        name: String,
        /// Revokes the keys that the user has
        #[arg(long)]
        revoke_others: bool,
    },
    /// Lists users with their groups and tiers
    List,
    #[command(flatten)]
    More(admin::UserCommand),
}

#[derive(Subcommand)]
enum UrlCommand {
    /// Shows what an address is made of, and under which names lists and reports know it
    Explain(tools::Explain),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Says what is wrong with the configuration, or shows it as it counts
    Check,
}

/// Makes every file of this process readable by nobody else: samples, rows and keys' hashes.
fn write_privately() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Carries out the command line.
///
/// # Errors
/// What went wrong, for people.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    // The tools need no configuration, and must work where there is a broken one.
    let config = || cli.settings.resolve();
    match cli.command {
        Command::Serve { role } => {
            write_privately();
            serve::run(config()?, role)
        }
        Command::Config(ConfigCommand::Check) => say(toml::to_string(&config()?)?.trim_end()),
        Command::Extract(extract) => extract.run(),
        Command::Url(UrlCommand::Explain(explain)) => explain.run(),
        Command::Hash(hash) => hash.run(),
        other => {
            let config = config()?;
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?
                .block_on(beside(&config, other))
        }
    }
}

/// The commands that work on the store, beside a running server or without one.
async fn beside(config: &Config, command: Command) -> Result<(), Failure> {
    write_privately();
    match command {
        Command::Check => upkeep::check(config).await,
        Command::Backup { directory } => upkeep::backup(config, &directory).await,
        Command::Restore { directory } => upkeep::restore(config, &directory).await,
        Command::Migrate { to } => {
            let to = Settings::in_file(to).resolve()?;
            upkeep::migrate(config, &to).await
        }
        Command::Retention { apply } => upkeep::retention(config, apply).await,
        Command::User(command) => user(config, command).await,
        Command::Admin(command) => admin::run(config, command).await,
        // Told apart by the caller.
        Command::Serve { .. }
        | Command::Config(_)
        | Command::Extract(_)
        | Command::Url(_)
        | Command::Hash(_) => Ok(()),
    }
}

/// Prints a line for people or scripts.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Makes the data directory, readable by nobody else: it holds samples.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_data_directory(data: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| format!("cannot make {}: {error}", data.display()).into())
}

/// Whether a user or a group can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    // 64 hex digits would be taken for a key.
    (1..=63).contains(&name.len()) && name.bytes().all(allowed)
}

async fn user(config: &Config, command: UserCommand) -> Result<(), Failure> {
    make_data_directory(&config.data)?;
    let store = open::store(config).await?;
    let outcome = user_in(&*store, command).await;
    store.close().await;
    outcome
}

async fn user_in(store: &dyn Store, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add { name, tier, group } => {
            for name in [Some(&name), group.as_ref()].into_iter().flatten() {
                if !is_name(name) {
                    return Err(format!(
                        "{name:?} is no name: 1 to 63 letters, digits, \".\", \"_\" and \"-\""
                    )
                    .into());
                }
            }
            let key = Secret::draw()?;
            let new = NewAccount {
                name: &name,
                group: group.as_deref().unwrap_or(&name),
                tier: group.is_none().then_some(tier),
                administrator: false,
                email: None,
            };
            let hash = key.hash();
            let added = store.add_account(&new, (&hash).into(), Actor::LOCAL, clock::now());
            match added.await? {
                AddAccount::Added => say(&format!(
                    "quorum: user {name:?} created; API key (shown once): {}",
                    key.reveal()
                )),
                AddAccount::NameTaken => Err(format!("there is a user {name:?} already").into()),
                AddAccount::EmailTaken => Err("another user has this e-mail address".into()),
                AddAccount::GroupTaken => {
                    Err(format!("there is a group {name:?} already; join it with --group").into())
                }
                AddAccount::GroupMissing => {
                    Err(format!("there is no group {:?}", new.group).into())
                }
            }
        }
        UserCommand::Key {
            name,
            revoke_others,
        } => {
            let key = Secret::draw()?;
            let hash = key.hash();
            let (new, by) = ((&hash).into(), Actor::LOCAL);
            if !store
                .add_key(&name, new, revoke_others, by, clock::now())
                .await?
            {
                return Err(format!("there is no user {name:?}").into());
            }
            say(&format!(
                "quorum: API key of {name:?} (shown once): {}",
                key.reveal()
            ))
        }
        UserCommand::List => {
            for account in store.accounts().await? {
                let role = if account.administrator {
                    "administrator"
                } else {
                    "member"
                };
                say(&format!(
                    "{}\t{}\t{}\t{role}\t{}",
                    account.name, account.group, account.tier, account.status
                ))?;
            }
            Ok(())
        }
        UserCommand::More(command) => admin::user(store, command).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_name_is_never_a_key() {
        assert!(is_name("bob.o-1_"));
        assert!(!is_name(&"a".repeat(64)));
        assert!(!is_name("a/b"));
        assert!(!is_name(""));
    }
}
