//! Sets up the log, and the export of traces if it is configured.
//!
//! Log events go only to the log, spans only to traces. Without traces no span is created.

mod collector;
mod error;
mod export;
mod log;
mod trace_parent;
pub(crate) mod traces;

use tracing::Subscriber;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use self::error::TelemetryError;
pub(crate) use self::log::lost_events;
use self::{
    log::{BoxedLayer, LogWriter},
    traces::TraceExporter,
};
use crate::config::Config;

/// Log and traces of this process. Dropping this value writes the waiting log events.
#[must_use = "the log ends when this is dropped"]
#[derive(Debug)]
pub struct Telemetry {
    log: LogWriter,
    traces: Option<TraceExporter>,
}

/// Installs the `tracing` subscriber of this process, of which there can be only one.
///
/// # Errors
/// When the client for traces cannot be created.
///
/// # Panics
/// When a subscriber is installed already.
pub fn init(config: &Config) -> Result<Telemetry, TelemetryError> {
    let traces = config.traces.as_ref().map(TraceExporter::new).transpose()?;
    let (log, layer) = log::layer(config.log);
    subscriber(layer, traces.as_ref()).init();
    Ok(Telemetry { log, traces })
}

/// Creates the subscriber of the log and of traces. A span that the filters of both reject (without
/// traces, that of the log alone) is never created.
fn subscriber(log: BoxedLayer, traces: Option<&TraceExporter>) -> impl Subscriber + Send + Sync {
    let mut layers = vec![log];
    layers.extend(traces.map(|traces| traces.layer().boxed()));
    tracing_subscriber::registry().with(layers)
}

impl Telemetry {
    /// Writes `text` unchanged to the log. Earlier events are written before it; only earlier
    /// warnings and errors may come after it.
    pub fn print(&self, text: &str) {
        self.log.print(text);
    }

    /// Exports the spans that still wait, then stops exporting. Takes at most two seconds.
    pub async fn send_the_last_traces(&self) {
        if let Some(traces) = &self.traces {
            traces.send_the_last().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tracing::{Dispatch, dispatcher::with_default, info_span, metadata::LevelFilter};
    use tracing_subscriber::Registry;

    use super::*;
    use crate::config::{Log, LogFormat, Sampling, Traces};

    /// Returns whether the subscriber rejects a span for good when its code first runs, so that
    /// later runs cost nothing.
    fn spans_are_never_made(traces: Option<&TraceExporter>) -> bool {
        let log = Log {
            format: LogFormat::Text,
            level: LevelFilter::TRACE,
            requests: false,
            subject: false,
            client_address: false,
        };
        let span = with_default(&Dispatch::new(Registry::default()), || info_span!("a span"));
        let dispatch = Dispatch::new(subscriber(log::layer(log).1, traces));
        dispatch.register_callsite(span.metadata().unwrap()).is_never()
    }

    #[test]
    fn spans_are_made_where_they_are_exported_and_nowhere_else() {
        assert!(spans_are_never_made(None));
        let traces = Traces {
            endpoint: "http://127.0.0.1:1/v1/traces".parse().unwrap(),
            variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
            sampling: Sampling { follows_caller: true, ratio: 1.0 },
            timeout: Duration::from_secs(1),
            service_name: None,
        };
        assert!(!spans_are_never_made(Some(&TraceExporter::new(&traces).unwrap())));
    }
}
