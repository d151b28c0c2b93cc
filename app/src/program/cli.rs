//! The command line. It has no settings: the configuration is the same for all commands.

use std::{env, ffi::OsString, process};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// An HTTP API whose routes are protected by ZITADEL token introspection.
#[derive(Debug, Parser)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Returns the examples of a program called `name`.
fn examples(name: &str) -> String {
    // The explanations begin in one column.
    let line = |arguments: &str, meaning: &str| {
        format!("  {:<30} {meaning}\n", format!("{name} {arguments}").trim_end())
    };
    [
        "Examples:\n".to_owned(),
        line("", "serve; with nothing configured the in-memory fake answers"),
        line("check", "is this set-up right? Asks ZITADEL once"),
        line("check --format json", "the same for scripts"),
        line("explain", "asks for a token, which is not shown, and explains it"),
        line("explain < token.txt", "the same for a token in a file"),
        format!("  ZITADEL_DOMAIN=https://auth.example.com KEY_FILE=key.json {name} check\n"),
        "\nSettings come from config.toml, .env and the environment: see docs/configuration.md."
            .to_owned(),
    ]
    .concat()
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Start the API, as it does without a command.
    Serve,
    /// Say in plain words whether the configuration works, and if not, what to do.
    ///
    /// Reads the configuration, asks ZITADEL for its discovery document, compares the clocks, and
    /// introspects a random token with this API's own credentials. With resource.url it also asks for
    /// what clients find there, and at ZITADEL. Exit status: 0 when all is well
    /// or only worth a warning, 1 when a step failed, 2 when the configuration cannot be read.
    Check {
        /// Output format.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say which routes an access token opens, and why not the others.
    ///
    /// Reads the token from standard input, or asks for it without showing it; never from the
    /// command line, which others can see. The token is asked about and judged as that of a request
    /// is, and is not printed. Exit status: 0 when it is accepted, whichever roles it has; 1 when it
    /// is not, or nobody could say; 2 when the configuration or the token cannot be read.
    Explain {
        /// Output format.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make at ZITADEL what this API needs: project, roles, application, key, callers.
    ///
    /// Reads what is there, says what it would do, and asks. The roles are those that the rules of
    /// this API ask for. Writes key.json, .env and setup.lock.json in the working directory. The
    /// administrator's token is read from a file or asked for, and kept nowhere. Exit status: 0 when
    /// everything is there, 1 when it was not to be done or could not, 2 when --dry-run found
    /// something to do, 3 when a secret exists at ZITADEL and is not here.
    #[cfg(feature = "setup")]
    Setup {
        #[command(flatten)]
        args: Box<crate::setup::SetupArgs>,
        /// Output format.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts: one JSON object.
    Json,
}

/// Longest argument that an error repeats, in bytes: enough for every word that can be misspelled.
const MAX_REPEATED: usize = 16;
const NOT_SHOWN: &str = "(not shown, for it may be a token: the token is read from standard input)";

/// Exit status of a `setup` that cannot begin: 2 means that something is missing at ZITADEL.
const FAILED_SETUP: u8 = 1;

impl Cli {
    /// Reads the command line. Ends the process on `--help`, `--version` and errors.
    pub(super) fn read(name: &str, version: &str) -> Self {
        let (name, version) = (name.to_owned(), version.to_owned());
        let command = Self::command().name(name.clone()).version(version);
        let command = command.bin_name(name.clone()).after_help(examples(&name));
        let parsed = command.try_get_matches().and_then(|found| Self::from_arg_matches(&found));
        parsed.unwrap_or_else(|mut error| {
            let command = env::args_os().nth(1);
            hide_what_may_be_a_token(&mut error, command.as_ref());
            if error.use_stderr() && command.is_some_and(|command| command == "setup") {
                // The reader may be gone; the exit status says the same.
                let _ = error.print();
                process::exit(FAILED_SETUP.into());
            }
            error.exit()
        })
    }
}

impl Command {
    /// Returns the exit status of a start that failed.
    pub(super) fn failed(&self) -> u8 {
        match self {
            #[cfg(feature = "setup")]
            Self::Setup { .. } => FAILED_SETUP,
            _ => 2,
        }
    }
}

/// Replaces, in an error about the command line, an argument that may be a token: standard error
/// may be kept, as in a log.
fn hide_what_may_be_a_token(error: &mut clap::Error, command: Option<&OsString>) {
    let explains = command.is_some_and(|command| command == "explain");
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => ContextKind::InvalidValue,
    };
    let Some(ContextValue::String(given)) = error.get(kind) else { return };
    if explains && kind == ContextKind::InvalidArg || given.len() > MAX_REPEATED {
        error.insert(kind, ContextValue::String(NOT_SHOWN.to_owned()));
        error.remove(ContextKind::Suggested);
    }
}
