//! Writes the log to standard output.
//!
//! Warnings and errors have a queue and a thread of their own, so that a flood of other log events
//! does not displace them. Events of different queues may therefore be written out of order.

use std::{
    env,
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::{self, writer::MakeWriterExt},
};

use crate::config::{Log, LogFormat};

/// Maximum number of log events that wait in each of two queues: one for warnings and errors, one
/// for all others. Further events are lost.
const QUEUE_LENGTH: usize = 10_000;

static LOST: OnceLock<Lost> = OnceLock::new();

pub(super) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Writer of the log. Dropping it writes the waiting log events, unless standard output is blocked.
#[must_use = "the log ends when this is dropped"]
#[derive(Debug)]
pub(super) struct LogWriter {
    others: NonBlocking,
    _writers: [WorkerGuard; 2],
}

#[derive(Debug)]
struct Lost {
    warnings: ErrorCounter,
    others: ErrorCounter,
}

/// Returns the number of lost log events by level: `warn` for warnings and errors, `info` for all
/// others. `None` before the log is set up.
pub(crate) fn lost_events() -> Option<[(&'static str, u64); 2]> {
    let count = |counter: &ErrorCounter| counter.dropped_lines() as u64;
    LOST.get().map(|lost| [("warn", count(&lost.warnings)), ("info", count(&lost.others))])
}

impl LogWriter {
    /// Adds `text` unchanged to the queue of log events other than warnings and errors.
    pub(super) fn print(&self, text: &str) {
        // A full queue loses the text.
        let _ = self.others.clone().write_all(text.as_bytes());
    }
}

/// Creates the layer that queues log events (spans are ignored), and its writer.
///
/// Separate threads write, so that a blocked standard output delays no request.
pub(super) fn layer(log: Log) -> (LogWriter, BoxedLayer) {
    let levels = levels(log.level, &env::var("RUST_LOG").unwrap_or_default());
    let filter = levels.and(filter_fn(|metadata| !metadata.is_span()));
    let (warnings, warnings_writer) = queue();
    let (others, others_writer) = queue();
    // Fails for a second subscriber, as in tests.
    let _ = LOST.set(Lost { warnings: warnings.error_counter(), others: others.error_counter() });
    let variable = |name| env::var(name).unwrap_or_default();
    let colors = io::stdout().is_terminal() && may_color(&variable("NO_COLOR"), &variable("TERM"));
    // `eprintln!`, which reports internal errors, may panic within a request.
    let layer = fmt::layer()
        .with_writer(warnings.with_max_level(Level::WARN).or_else(others.clone()))
        .with_ansi(colors)
        .log_internal_errors(false);
    let layer = match log.format {
        LogFormat::Text => layer.with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    };
    (LogWriter { others, _writers: [warnings_writer, others_writer] }, layer)
}

fn queue() -> (NonBlocking, WorkerGuard) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE_LENGTH);
    builder.finish(io::stdout())
}

/// Returns the filter of log events: `level`, unless `RUST_LOG` sets another one. A directive about
/// one crate leaves other crates' levels; a malformed one, or one about an unknown crate, is
/// ignored.
fn levels(level: LevelFilter, rust_log: &str) -> EnvFilter {
    EnvFilter::builder().parse_lossy(format!("{level},{rust_log}"))
}

/// Returns whether a terminal gets colors: not if `NO_COLOR` is set (<https://no-color.org>) or
/// `TERM` is `dumb`.
fn may_color(no_color: &str, term: &str) -> bool {
    no_color.is_empty() && term != "dumb"
}

#[cfg(test)]
mod tests {
    use tracing::{Dispatch, dispatcher::with_default};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_filter_for_other_crates_and_a_mistyped_one_silence_none_of_our_warnings() {
        for (rust_log, error, warn, info) in [
            ("", true, true, true),
            (" ", true, true, true),
            // About other crates.
            ("hyper=debug", true, true, true),
            ("h2=off,reqwest=trace", true, true, true),
            ("hyper", true, true, true),
            // Mistyped.
            ("inof", true, true, true),
            ("warning", true, true, true),
            ("appp=trace", true, true, true),
            ("=", true, true, true),
            ("app=wran", true, true, true),
            ("[{", true, true, true),
            (",,,", true, true, true),
            // About this crate, or all.
            ("warn", true, true, false),
            ("hyper=debug,error", true, false, false),
            ("app=error", true, false, false),
            ("off", false, false, false),
        ] {
            let filter = levels(LevelFilter::INFO, rust_log);
            let subscriber = Dispatch::new(Registry::default().with(filter));
            let enabled = with_default(&subscriber, || {
                [
                    tracing::enabled!(target: "app", Level::ERROR),
                    tracing::enabled!(target: "app", Level::WARN),
                    tracing::enabled!(target: "app", Level::INFO),
                ]
            });
            assert_eq!(enabled, [error, warn, info], "RUST_LOG={rust_log:?}");
        }
    }

    #[test]
    fn colors_are_for_terminals_that_show_them() {
        for (no_color, term, colors) in [
            ("", "xterm-256color", true),
            ("", "", true),
            ("1", "xterm-256color", false),
            ("0", "xterm-256color", false),
            ("", "dumb", false),
            ("1", "dumb", false),
        ] {
            assert_eq!(may_color(no_color, term), colors, "NO_COLOR={no_color} TERM={term}");
        }
    }
}
