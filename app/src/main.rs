//! The process: the command line, signals and the exit status around [`app`].

mod cli;
mod signals;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use app::{
    Banner, Config, check,
    config::LogFormat,
    explain, routes, start,
    telemetry::{self, Telemetry},
    token_input,
};
use cli::{Cli, Command, Format};
use serde_json::Value;
use signals::{Signals, Wish};

/// What the exit status says: 1 for requests that were cut off, or for a check or an explanation
/// that is not good; 2 for a start that cannot be.
fn main() -> ExitCode {
    let status = match Cli::read().command {
        None | Some(Command::Serve) => run(|config| async {
            let telemetry = telemetry::init(&config).map_err(|error| error.to_string())?;
            serve(config, &telemetry).await
        }),
        Some(Command::Check { format }) => run(|config| async move {
            let checked = check(config).await.map_err(|error| error.to_string())?;
            Ok(print(format, checked.text(), &checked.json(), checked.is_good()))
        }),
        Some(Command::Explain { format }) => run(|config| async move {
            let token = token_input::read().map_err(|error| error.to_string())?;
            let explained = explain(config, routes().table(), &token).await;
            let explained = explained.map_err(|error| error.to_string())?;
            Ok(print(format, explained.text(), &explained.json(), explained.is_accepted()))
        }),
    };
    status.unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "a start that cannot be says so in one line")]
        {
            eprintln!("app: {error}");
        }
        ExitCode::from(2)
    })
}

fn run<F: Future<Output = Result<ExitCode, String>>>(
    command: impl FnOnce(Config) -> F,
) -> Result<ExitCode, String> {
    let config = Config::load().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let status = runtime.block_on(command(config));
    runtime.shutdown_background();
    status
}

fn print(format: Format, text: String, json: &Value, is_good: bool) -> ExitCode {
    let said = match format {
        Format::Text => text,
        Format::Json => format!("{json:#}\n"),
    };
    // Nobody may be there to read it; the exit status says the same.
    let _ = io::stdout().write_all(said.as_bytes());
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn serve(config: Config, telemetry: &Telemetry) -> Result<ExitCode, String> {
    let mut signals = Signals::listen().map_err(|error| error.to_string())?;
    let routes = routes();
    let banner =
        (config.log.format == LogFormat::Text).then(|| Banner::new(&config, routes.table()));
    let running = start(config, routes).await.map_err(|error| error.to_string())?;
    if let Some(banner) = banner {
        telemetry.print(&format!("{}\n", banner.text(running.local_address())));
    }
    // Where no file can be read again, SIGHUP ends the process as it always does, but in good order.
    while signals.next().await == Wish::LookAgain
        && let Some(reading) = running.read_credentials_again()
    {
        tokio::spawn(reading);
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
