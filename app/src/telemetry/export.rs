//! Logs when exports of traces begin to fail, and when they work again. It does not log each
//! failure: a collector that is down for a day would fill the log.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use tracing::{info, warn};
use url::Url;

/// Number of successful exports in a row after which exports count as working again.
const SUCCESSES: u8 = 3;

/// Exporter of spans that reports each result, after any retries, to the [`Reporter`].
#[derive(Debug)]
pub(super) struct ReportingExporter<E> {
    exporter: E,
    reporter: Arc<Reporter>,
}

impl<E> ReportingExporter<E> {
    pub(super) fn new(exporter: E, reporter: Arc<Reporter>) -> Self {
        Self { exporter, reporter }
    }
}

impl<E: SpanExporter> SpanExporter for ReportingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        match &exported {
            Ok(()) => self.reporter.succeeded(),
            Err(error) => self.reporter.failed(&error.to_string()),
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[derive(Debug)]
pub(super) struct Reporter {
    /// Scheme, host and port of the collector; path and query must not be logged.
    collector: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_failing: bool,
    successes: u8,
    /// Cause of the last failed HTTP request in the current export; `None` if no request failed.
    cause: Option<String>,
}

impl Reporter {
    pub(super) fn new(endpoint: &Url) -> Self {
        Self { collector: endpoint.origin().ascii_serialization(), state: Mutex::default() }
    }

    pub(super) fn remember(&self, cause: String) {
        self.state().cause = Some(cause);
    }

    /// Records a failed export. Logs it unless exports were failing already: with the cause of the
    /// export's last failed HTTP request, or `otherwise` if no request failed.
    pub(super) fn failed(&self, otherwise: &str) {
        let mut state = self.state();
        let cause = state.cause.take().unwrap_or_else(|| otherwise.to_owned());
        let is_news = !state.is_failing;
        *state = State { is_failing: true, ..State::default() };
        drop(state);
        if is_news {
            warn!(cause, collector = self.collector, "traces cannot be exported");
        }
    }

    fn succeeded(&self) {
        let mut state = self.state();
        state.cause = None;
        state.successes = state.successes.saturating_add(1);
        let is_news = state.is_failing && state.successes >= SUCCESSES;
        if is_news {
            state.is_failing = false;
        }
        drop(state);
        if is_news {
            info!(collector = self.collector, "traces are exported again");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
