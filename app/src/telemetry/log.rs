//! The log: one subscriber, on standard output.

use std::io::{self, IsTerminal, Write};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Log, LogFormat};

/// So many events wait to be written; one more is lost.
const WAITING: usize = 10_000;

/// The writer of the log. What waits is written when this is dropped, if somebody reads.
#[must_use = "the log ends when this is dropped"]
#[derive(Debug)]
pub struct LogWriter {
    queue: NonBlocking,
    _writer: WorkerGuard,
}

impl LogWriter {
    /// Writes a text between the events, in its turn.
    pub fn print(&self, text: &str) {
        // What finds no place any more is lost, as events are.
        let _ = self.queue.clone().write_all(text.as_bytes());
    }
}

/// Installs the subscriber of this process. `RUST_LOG` wins over the configured level.
///
/// A thread of its own writes, so that a standard output that nobody reads delays no request.
pub fn init(log: Log) -> LogWriter {
    let filter = EnvFilter::builder().with_default_directive(log.level.into()).from_env_lossy();
    let writer = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING);
    let (queue, guard) = writer.finish(io::stdout());
    // A log that cannot be written must not end a request: nobody is told by standard error.
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(queue.clone())
        .with_ansi(io::stdout().is_terminal())
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    LogWriter { queue, _writer: guard }
}
