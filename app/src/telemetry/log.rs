//! The log, on standard output.

use std::io::{self, IsTerminal, Write};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt,
};

use super::BoxedLayer;
use crate::config::{Log, LogFormat};

/// So many events wait to be written; one more is lost.
const QUEUE_LENGTH: usize = 10_000;

/// The writer of the log. What waits is written when this is dropped, if somebody reads.
#[must_use = "the log ends when this is dropped"]
#[derive(Debug)]
pub(super) struct LogWriter {
    queue: NonBlocking,
    _writer: WorkerGuard,
}

impl LogWriter {
    /// Writes a text between the events, in its turn.
    pub(super) fn print(&self, text: &str) {
        // What finds no place any more is lost, as events are.
        let _ = self.queue.clone().write_all(text.as_bytes());
    }
}

/// What writes events, and events alone. `RUST_LOG` wins over the configured level.
///
/// A thread of its own writes, so that a standard output that nobody reads delays no request.
pub(super) fn layer(log: Log) -> (LogWriter, BoxedLayer) {
    let levels = EnvFilter::builder().with_default_directive(log.level.into()).from_env_lossy();
    // Without a hint of its own it would take away that of the levels.
    let events = filter_fn(|metadata| !metadata.is_span()).with_max_level_hint(LevelFilter::TRACE);
    let filter = levels.and(events);
    let writer = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE_LENGTH);
    let (queue, guard) = writer.finish(io::stdout());
    // A log that cannot be written must not end a request: nobody is told by standard error.
    let layer = fmt::layer()
        .with_writer(queue.clone())
        .with_ansi(io::stdout().is_terminal())
        .log_internal_errors(false);
    let layer = match log.format {
        LogFormat::Text => layer.with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    };
    (LogWriter { queue, _writer: guard }, layer)
}
