//! The process: arguments, signals and the exit status around [`app::start`].

mod signals;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use app::{Banner, Config, config::LogFormat, routes, start, telemetry};
use clap::{Parser, Subcommand};
use signals::{Signals, Wish};

/// An HTTP API whose routes are protected by ZITADEL token introspection.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the API, as it does without a command.
    Serve,
}

/// What the exit status says: 1 for requests that were cut off, 2 for a start that cannot be.
fn main() -> ExitCode {
    let Arguments { command: None | Some(Command::Serve) } = Arguments::parse();
    let status = Config::load().map_err(|error| error.to_string()).and_then(|config| {
        telemetry::init(config.log);
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        let status = runtime.block_on(serve(config));
        runtime.shutdown_background();
        status
    });
    status.unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "a start that cannot be says so in one line")]
        {
            eprintln!("app: {error}");
        }
        ExitCode::from(2)
    })
}

async fn serve(config: Config) -> Result<ExitCode, String> {
    let mut signals = Signals::listen().map_err(|error| error.to_string())?;
    let routes = routes();
    let banner =
        (config.log.format == LogFormat::Text).then(|| Banner::new(&config, routes.table()));
    let running = start(config, routes).await.map_err(|error| error.to_string())?;
    if let Some(banner) = banner {
        // Nobody may be there to read it.
        let _ = writeln!(io::stdout(), "{}", banner.text(running.local_address()));
    }
    // Where no file can be read again, SIGHUP ends the process as it always does, but in good order.
    while signals.next().await == Wish::LookAgain
        && let Some(reading) = running.read_credentials_again()
    {
        tokio::spawn(reading);
    }
    tokio::select! {
        stopped = running.stop() => Ok(if stopped.cut_off == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }),
        () = signals.interrupt() => Ok(ExitCode::from(130)),
    }
}
