//! Turns a table of routes into a program with a command line, signals and an exit status.

mod cli;
mod signals;
mod threads;

use std::{
    convert::Infallible,
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use axum_zitadel::Routes;
use serde_json::Value;
use tracing::info;

use self::{
    cli::{Cli, Command, Format},
    signals::{SignalAction, Signals},
};
#[cfg(feature = "setup")]
use crate::setup;
use crate::{
    Banner, Config, LocalTokens, check,
    config::{LogFormat, Prefix},
    explain, start,
    telemetry::{self, Telemetry},
    token_input,
};

/// Runs these routes as a program: reads settings with the prefix `APP_`, logs, shuts down on
/// signals, and has the commands `serve`, `check` and `explain`.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use app::{Authorized, Routes, guarded, run};
/// use domain::rules::SignedIn;
///
/// async fn hello(_: Authorized<SignedIn>) -> &'static str {
///     "hello"
/// }
///
/// fn main() -> ExitCode {
///     run(Routes::default().get("/hello", guarded(hello)))
/// }
/// ```
///
/// The exit status is 1 if the shutdown cut off requests, `check` found a problem, or `explain`
/// found that the token is not accepted; 2 if the start failed; 130 on a second Ctrl-C.
#[must_use]
pub fn run(routes: Routes) -> ExitCode {
    Program::new("app").run(routes)
}

/// Program with a name of its own, which is also the prefix of its variables.
///
/// `Program::new("messages")` reads `MESSAGES_SERVER__LISTEN` where `app` reads
/// `APP_SERVER__LISTEN`. The names of ZITADEL's Python example (`ZITADEL_DOMAIN`, `CLIENT_ID`, …)
/// have no prefix.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    version: String,
    local_tokens: Option<String>,
}

impl Program {
    /// Creates a program called `name`, made of letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let version = env!("VERSION_WITH_COMMIT").to_owned();
        Self { name: name.to_owned(), version, local_tokens: None }
    }

    /// Sets the version that `--version` shows; the default is this library's.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        Self { version: version.to_owned(), ..self }
    }

    /// Sets the local tokens of the in-memory fake, in TOML as in `app/local-tokens.toml`.
    #[must_use]
    pub fn local_tokens(self, toml: &str) -> Self {
        Self { local_tokens: Some(toml.to_owned()), ..self }
    }

    /// Runs the program with these routes; the exit status is that of [`run`].
    #[must_use]
    pub fn run(self, routes: Routes) -> ExitCode {
        self.run_with(async |_: &Config| Ok::<_, Infallible>(routes))
    }

    /// Runs the program with routes created from the configuration within the async runtime, such
    /// as routes that need a database pool. [`Config::section`] reads the program's own settings.
    ///
    /// An error of `routes` ends the start with one line and exit status 2, or 1 for `setup`.
    #[must_use]
    pub fn run_with<E: Display>(
        self,
        routes: impl AsyncFnOnce(&Config) -> Result<Routes, E>,
    ) -> ExitCode {
        let command = Cli::read(&self.name, &self.version).command;
        let command = command.unwrap_or(Command::Serve);
        let status = self.status(&command, routes);
        status.unwrap_or_else(|error| {
            #[expect(clippy::print_stderr, reason = "a start that cannot be says so in one line")]
            {
                eprintln!("{}: {error}", self.name);
            }
            ExitCode::from(command.failed())
        })
    }

    fn status<E: Display>(
        &self,
        command: &Command,
        routes: impl AsyncFnOnce(&Config) -> Result<Routes, E>,
    ) -> Result<ExitCode, String> {
        let config = match command {
            #[cfg(feature = "setup")]
            Command::Setup { .. } => self.config().or_else(|_| self.incomplete_config())?,
            _ => self.config()?,
        };
        let runtime = threads::runtime().map_err(in_one_line)?;
        let status = runtime.block_on(async {
            match command {
                Command::Serve => {
                    let telemetry = telemetry::init(&config).map_err(in_one_line)?;
                    let routes = routes(&config).await.map_err(in_one_line)?;
                    serve(config, routes, &telemetry).await
                }
                Command::Check { format } => {
                    let report = check(config).await.map_err(in_one_line)?;
                    Ok(print(*format, report.text(), &report.json(), report.is_good()))
                }
                Command::Explain { format } => {
                    let token = token_input::read(&self.name).map_err(in_one_line)?;
                    let routes = routes(&config).await.map_err(in_one_line)?;
                    let report = explain(config, routes.table(), &token).await;
                    let report = report.map_err(in_one_line)?;
                    let accepted = report.is_accepted();
                    Ok(print(*format, report.text(), &report.json(), accepted))
                }
                #[cfg(feature = "setup")]
                Command::Setup { args, format } => {
                    let routes = routes(&config).await.map_err(in_one_line)?;
                    Ok(self.set_up(args, &config.prefix, routes.table(), *format).await)
                }
            }
        });
        runtime.shutdown_background();
        status
    }

    #[cfg(feature = "setup")]
    async fn set_up(
        &self,
        args: &setup::SetupArgs,
        prefix: &Prefix,
        table: &[axum_zitadel::Route],
        format: Format,
    ) -> ExitCode {
        match setup::setup(args, &self.name, prefix, table, format == Format::Json).await {
            Ok(ended) => ExitCode::from(ended.exit_status()),
            #[expect(clippy::print_stderr, reason = "an error says so in one line")]
            Err(error) => {
                eprintln!("{}: {}", self.name, in_one_line(error));
                ExitCode::FAILURE
            }
        }
    }

    /// Returns the configuration for `setup`, which may run before there are credentials.
    #[cfg(feature = "setup")]
    fn incomplete_config(&self) -> Result<Config, String> {
        Config::load_without_credentials(&Prefix::of_program(&self.name)).map_err(in_one_line)
    }

    fn config(&self) -> Result<Config, String> {
        let config = Config::load_for(&Prefix::of_program(&self.name)).map_err(in_one_line)?;
        let Some(toml) = &self.local_tokens else { return Ok(config) };
        let tokens = LocalTokens::parse(toml).map_err(|error| format!("local tokens: {error}"))?;
        Ok(config.with_local_tokens(tokens))
    }
}

fn in_one_line(error: impl Display) -> String {
    error.to_string().replace(['\n', '\r'], " ")
}

fn print(format: Format, text: String, json: &Value, is_good: bool) -> ExitCode {
    let said = match format {
        Format::Text => text,
        Format::Json => format!("{json:#}\n"),
    };
    // Standard output may be closed.
    let _ = io::stdout().write_all(said.as_bytes());
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn serve(config: Config, routes: Routes, telemetry: &Telemetry) -> Result<ExitCode, String> {
    let mut signals = Signals::listen().map_err(in_one_line)?;
    let banner =
        (config.log.format == LogFormat::Text).then(|| Banner::new(&config, routes.table()));
    let running = start(config, routes).await.map_err(in_one_line)?;
    if let Some(banner) = banner {
        telemetry.print(&format!("{}\n", banner.text(running.local_address())));
    }
    while signals.next().await == SignalAction::LookAgain {
        if let Some(reading) = running.read_credentials_again() {
            info!("SIGHUP: looking at the files of the credentials");
            tokio::spawn(reading);
        } else {
            info!("SIGHUP: no file holds credentials, so there is nothing to do");
        }
    }
    let stop = async {
        let stopped = running.stop().await;
        telemetry.send_the_last_traces().await;
        stopped
    };
    tokio::select! {
        stopped = stop => Ok(if stopped.cut_off == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }),
        () = signals.interrupt() => Ok(ExitCode::from(130)),
    }
}
