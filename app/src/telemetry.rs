//! The log: one subscriber, on standard output.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Log, LogFormat};

/// Installs the subscriber of this process. `RUST_LOG` wins over the configured level.
pub fn init(log: Log) {
    let filter = EnvFilter::builder().with_default_directive(log.level.into()).from_env_lossy();
    // A log that cannot be written must not end a request: nobody is told by standard error.
    let builder = fmt()
        .with_env_filter(filter)
        .with_ansi(io::stdout().is_terminal())
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
