//! The command line: commands and their options. Settings come from the configuration instead.

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

/// Returns the examples that `--help` shows for a program called `name`.
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
    /// Start the API; this is the default without a command.
    Serve,
    /// Say in plain words whether the configuration works, and if not, what to do.
    ///
    /// Reads the configuration, fetches ZITADEL's discovery document, compares the clocks, and
    /// introspects a random token with this API's own credentials. With resource.url it also
    /// fetches the metadata that clients find there and at ZITADEL. Exit status: 0 when all is well
    /// or only worth a warning, 1 when a step failed, 2 when the configuration cannot be read.
    Check {
        /// Output format.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say which routes an access token opens, and why not the others.
    ///
    /// Reads the token from standard input, or prompts for it without showing it; never from the
    /// command line, which others can see. The token is introspected and judged like that of a
    /// request, and is not printed. Exit status: 0 when it is accepted, whichever roles it has; 1
    /// when it is not, or there is no verdict; 2 when the configuration or the token cannot be
    /// read.
    Explain {
        /// Output format.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make at ZITADEL what this API needs: project, roles, application, key, callers.
    ///
    /// Reads what exists, shows a plan, and asks for consent. The roles are those that the rules of
    /// this API require. Writes key.json, .env and setup.lock.json in the working directory. The
    /// administrator's token is read from a file or a prompt, and not stored. Exit status: 0 when
    /// everything exists, 1 when the plan was declined or failed, 2 when --dry-run found something
    /// to do, 3 when a secret exists at ZITADEL but not here.
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

/// Longest invalid argument that an error repeats, in bytes: enough for a misspelled command, too
/// short for a token.
const MAX_REPEATED: usize = 16;
const NOT_SHOWN: &str = "(not shown, for it may be a token: the token is read from standard input)";

/// Exit status of a `setup` that cannot start. The usual 2 means for `setup` that something is
/// missing at ZITADEL.
const FAILED_SETUP: u8 = 1;

impl Cli {
    /// Parses the command line. Ends the process on `--help`, `--version` and errors.
    pub(super) fn read(name: &str, version: &str) -> Self {
        let (name, version) = (name.to_owned(), version.to_owned());
        let command = Self::command().name(name.clone()).version(version);
        let command = command.bin_name(name.clone()).after_help(examples(&name));
        let parsed = command.try_get_matches().and_then(|found| Self::from_arg_matches(&found));
        parsed.unwrap_or_else(|mut error| {
            let command = env::args_os().nth(1);
            hide_what_may_be_a_token(&mut error, command.as_ref());
            if error.use_stderr() && command.is_some_and(|command| command == "setup") {
                // Standard error may be closed; the exit status says the same.
                let _ = error.print();
                process::exit(FAILED_SETUP.into());
            }
            error.exit()
        })
    }
}

impl Command {
    /// Returns the exit status for a command that cannot run: 2, but 1 for `setup`.
    pub(super) fn failed(&self) -> u8 {
        match self {
            #[cfg(feature = "setup")]
            Self::Setup { .. } => FAILED_SETUP,
            _ => 2,
        }
    }
}

/// Hides an argument that may be a token, since standard error may be stored.
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
