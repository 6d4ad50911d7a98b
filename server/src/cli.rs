//! The command line: what there is, and who does it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use quorum_core::indicator::Sha256;

use crate::admin;
use crate::client;
use crate::clock;
use crate::config::{Config, Settings};
use crate::doctor;
use crate::ids::Secret;
use crate::import;
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
    /// Says what is wrong with everything that a server stands on, and what to do about it
    Doctor {
        /// Only asks the server at the configured address whether it is ready
        #[arg(long)]
        ready: bool,
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
    /// Takes in what other programs found, beside a running server
    #[command(subcommand)]
    Import(ImportCommand),
    /// Looks files and web addresses up at a backend, and sends in what it does not know
    Scan(client::Scan),
    /// Shows a backend's reports on hashes, web addresses, domains, IP addresses and files
    Report(client::Report),
    /// Lists a backend's comments, or writes one
    Comment(client::Comment),
    /// Votes at a backend
    Vote(client::Vote),
    /// Searches at a backend
    Search(client::Search),
    /// Keeps and checks the API keys of backends, and manages those of users beside a running server
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manages users beside a running server, and shows those of a backend
    #[command(subcommand)]
    User(UserCommand),
    /// Manages groups beside a running server, and shows those of a backend
    #[command(subcommand)]
    Group(GroupCommand),
    /// Shows who did what, newest first
    Audit(admin::AuditQuery),
    /// Finds URLs, domains, hashes and 25 other kinds of observables in texts
    Extract(tools::Extract),
    /// Explains web addresses, and asks a backend about them
    #[command(subcommand)]
    Url(UrlCommand),
    /// Hashes files and tells their types
    Hash(tools::Hash),
    /// Looks at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Writes a shell's completions to standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Writes the manual pages into a directory
    Man {
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
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
enum ImportCommand {
    /// A sandbox's report, or a list of them, as the API gives file_behaviour objects
    Behaviour {
        /// JSON: the object, a list of them, or an answer of the API with either; - is standard input
        file: PathBuf,
        /// SHA-256 of the file that ran, where the objects' ids do not begin with it
        #[arg(long)]
        sample: Option<Sha256>,
    },
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
    /// Shows a user of a backend
    Show(client::UserShow),
}

#[derive(Subcommand)]
enum GroupCommand {
    #[command(flatten)]
    Here(admin::GroupCommand),
    /// Shows a group of a backend
    Show(client::GroupShow),
    /// Lists the users of a backend's group, or its service accounts
    Members(client::GroupMembers),
    /// Shows who did what in a backend's group, newest first
    Log(client::GroupLog),
}

#[derive(Subcommand)]
enum TokenCommand {
    #[command(flatten)]
    Here(admin::TokenCommand),
    #[command(flatten)]
    There(client::TokenCommand),
}

#[derive(Subcommand)]
enum UrlCommand {
    /// Shows what an address is made of, and under which names lists and reports know it
    Explain(tools::Explain),
    /// Looks addresses up at a backend, and sends in what it does not know
    Scan(client::Scan),
    /// Shows a backend's reports on addresses
    Report(client::Report),
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

/// Commands that neither serve nor ask a backend: the server's settings mean nothing to them.
const TOOLS: &[&str] = &["extract", "explain", "hash", "completions", "man"];

/// The command line as it is shown: the server's settings, which every command takes, only where
/// they mean something.
fn command() -> clap::Command {
    fn means_something(command: &clap::Command) -> bool {
        if command.has_subcommands() {
            return command.get_subcommands().any(means_something);
        }
        let asks_a_backend = command
            .get_arguments()
            .any(|argument| argument.get_id() == "backend");
        !asks_a_backend && !TOOLS.contains(&command.get_name())
    }
    fn hide(command: clap::Command, settings: &[clap::Id]) -> clap::Command {
        let hidden = !means_something(&command);
        command
            .mut_args(|argument| {
                let hidden = hidden && settings.contains(argument.get_id());
                if hidden {
                    argument.hide(true)
                } else {
                    argument
                }
            })
            .mut_subcommands(|command| hide(command, settings))
    }
    let mut command = Cli::command();
    let settings: Vec<_> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.get_id().clone())
        .collect();
    // Global arguments reach the subcommands when the whole is built.
    command.build();
    hide(command, &settings)
}

/// Reads the command line; what is wrong with it, and help, ends the program here.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Carries out the command line.
///
/// # Errors
/// What went wrong, for people.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    Ok(match cli.command {
        Command::Scan(scan) | Command::Url(UrlCommand::Scan(scan)) => client::run(scan.run()),
        Command::Report(report) | Command::Url(UrlCommand::Report(report)) => {
            client::run(report.run())
        }
        Command::Comment(comment) => client::run(comment.run()),
        Command::Vote(vote) => client::run(vote.run()),
        Command::Search(search) => client::run(search.run()),
        Command::Token(TokenCommand::There(token)) => client::run(token.run()),
        Command::User(UserCommand::Show(show)) => client::run(show.run()),
        Command::User(UserCommand::More(command)) if command.is_elsewhere() => {
            client::run(client::user(command))
        }
        Command::Group(GroupCommand::Here(command)) if command.is_elsewhere() => {
            client::run(client::group(command))
        }
        Command::Group(GroupCommand::Show(show)) => client::run(show.run()),
        Command::Group(GroupCommand::Members(members)) => client::run(members.run()),
        Command::Group(GroupCommand::Log(log)) => client::run(log.run()),
        command => {
            run_here(cli.settings, command)?;
            ExitCode::SUCCESS
        }
    })
}

/// The commands that ask no backend.
fn run_here(settings: Settings, command: Command) -> Result<(), Failure> {
    // The tools need no configuration, and must work where there is a broken one.
    let config = || settings.resolve();
    match command {
        Command::Serve { role } => {
            write_privately();
            serve::run(config()?, role)
        }
        Command::Config(ConfigCommand::Check) => say(toml::to_string(&config()?)?.trim_end()),
        Command::Extract(extract) => extract.run(),
        Command::Url(UrlCommand::Explain(explain)) => explain.run(),
        Command::Hash(hash) => hash.run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut self::command(), "quorum", &mut script);
            say(String::from_utf8(script)?.trim_end())
        }
        Command::Man { directory } => {
            std::fs::create_dir_all(&directory)?;
            Ok(clap_mangen::generate_to(self::command(), directory)?)
        }
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
        Command::Doctor { ready: false } => doctor::run(config).await,
        Command::Doctor { ready: true } => doctor::ready(config).await,
        Command::Check => upkeep::check(config).await,
        Command::Backup { directory } => upkeep::backup(config, &directory).await,
        Command::Restore { directory } => upkeep::restore(config, &directory).await,
        Command::Migrate { to } => {
            let to = Settings::in_file(to).resolve()?;
            upkeep::migrate(config, &to).await
        }
        Command::Retention { apply } => upkeep::retention(config, apply).await,
        Command::Import(ImportCommand::Behaviour { file, sample }) => {
            import::behaviours(config, &file, sample).await
        }
        Command::User(command) => user(config, command).await,
        Command::Group(GroupCommand::Here(command)) => {
            admin::run(config, admin::Command::Group(command)).await
        }
        Command::Token(TokenCommand::Here(command)) => {
            admin::run(config, admin::Command::Token(command)).await
        }
        Command::Audit(query) => admin::run(config, admin::Command::Audit(query)).await,
        // Told apart by the callers.
        _ => Ok(()),
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
                service: false,
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
        // Asks a backend; told apart by the caller.
        UserCommand::Show(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_shows_no_variable_that_may_hold_a_password() {
        let mut command = command();
        command.build();
        let mut seen = 0;
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            if name.ends_with("_url") || name.ends_with("_endpoint") {
                seen += 1;
                assert!(argument.is_hide_env_values_set(), "{name}");
            }
        }
        assert_eq!(seen, 4);
    }

    fn help(path: &[&str]) -> String {
        let mut command = command();
        let mut at = &mut command;
        for name in path {
            at = at.find_subcommand_mut(name).unwrap();
        }
        at.render_long_help().to_string()
    }

    #[test]
    fn what_can_be_granted_is_said() {
        for (noun, verb) in [
            ("group", "grant"),
            ("group", "withdraw"),
            ("user", "grant"),
            ("user", "withdraw"),
        ] {
            let help = help(&[noun, verb]);
            for add_on in crate::tier::ADD_ONS {
                assert!(help.contains(add_on), "{noun} {verb}: {add_on}");
            }
        }
    }

    #[test]
    fn settings_are_shown_where_they_mean_something() {
        assert!(help(&["serve"]).contains("--workers"));
        assert!(help(&["user", "add"]).contains("--data"));
        for path in [
            &["scan"][..],
            &["url", "report"],
            &["user", "show"],
            &["token", "set"],
        ] {
            assert!(!help(path).contains("--workers"), "{path:?}");
            assert!(help(path).contains("--backend"), "{path:?}");
        }
    }

    #[test]
    fn a_name_is_never_a_key() {
        assert!(is_name("bob.o-1_"));
        assert!(!is_name(&"a".repeat(64)));
        assert!(!is_name("a/b"));
        assert!(!is_name(""));
    }
}
