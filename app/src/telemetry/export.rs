//! Says when traces cannot be exported, and when they are again: changes alone, so that a
//! collector that is down for a day fills no log.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use tracing::{info, warn};
use url::Url;

/// An exporter whose failures are reported.
#[derive(Debug)]
pub(super) struct Reported<E> {
    exporter: E,
    reporter: Arc<Reporter>,
}

impl<E> Reported<E> {
    pub(super) fn new(exporter: E, reporter: Arc<Reporter>) -> Self {
        Self { exporter, reporter }
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        match &exported {
            Ok(()) => self.reporter.succeeded(),
            Err(error) => self.reporter.failed(error),
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

/// Remembers whether the last export failed.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Without path and credentials, which are nothing for a log.
    collector: String,
    is_failing: AtomicBool,
}

impl Reporter {
    pub(super) fn new(endpoint: &Url) -> Self {
        let collector = endpoint.origin().ascii_serialization();
        Self { collector, is_failing: AtomicBool::new(false) }
    }

    pub(super) fn failed(&self, cause: impl fmt::Display) {
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            let collector = &self.collector;
            warn!(%cause, collector, "traces cannot be exported");
        }
    }

    fn succeeded(&self) {
        if self.is_failing.swap(false, Ordering::Relaxed) {
            info!(collector = &self.collector, "traces are exported again");
        }
    }
}
