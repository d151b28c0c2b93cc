//! Exports spans to an OpenTelemetry collector, and continues the caller's trace to ZITADEL.
//!
//! The caller's `traceparent` (W3C Trace Context) is read, and that of this process's span is sent
//! to ZITADEL. `tracestate` and `baggage` hold text from others and are not passed on.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, Registry, filter::filter_fn};

use super::{
    collector::Collector,
    error::TelemetryError,
    export::{Reporter, ReportingExporter},
    trace_parent,
};
use crate::config::{Sampling, Traces};

/// Default of this service's name in traces. The `User-Agent` of requests to ZITADEL has the same
/// name.
const SERVICE_NAME: &str = "zitadel-resource-server";

const LAST_EXPORT_LIMIT: Duration = Duration::from_secs(2);

const TRACE_PARENT: &str = "traceparent";

/// Exporter of this process's spans, in a thread of its own. A span is lost if the exporter's queue
/// is full, so that no request waits for the exporter.
#[derive(Debug)]
pub(super) struct TraceExporter {
    provider: SdkTracerProvider,
    reporter: Arc<Reporter>,
}

impl TraceExporter {
    pub(super) fn new(traces: &Traces) -> Result<Self, TelemetryError> {
        let variable = traces.variable;
        let reporter = Arc::new(Reporter::new(&traces.endpoint));
        let collector = Collector::new(traces, Arc::clone(&reporter))
            .map_err(|source| TelemetryError::Client { variable, source })?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(traces.endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(traces.timeout)
            .build()
            // The SDK's own message repeats the endpoint.
            .map_err(|_| TelemetryError::Endpoint { variable })?;
        let exporter = ReportingExporter::new(exporter, Arc::clone(&reporter));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(traces.service_name.clone()))
            .with_sampler(sampler(traces.sampling))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider, reporter })
    }

    /// Returns the layer that exports spans of level `info` and above, and ignores log events.
    pub(super) fn layer(&self) -> impl Layer<Registry> + Send + Sync + use<> {
        let spans = filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
            .with_context_activation(false)
            .with_filter(spans)
    }

    pub(super) async fn send_the_last(&self) {
        let provider = self.provider.clone();
        let sent =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_EXPORT_LIMIT))
                .await;
        if !matches!(sent, Ok(Ok(()))) {
            self.reporter.failed("the last spans were not received in time");
        }
    }
}

fn sampler(Sampling { follows_caller, ratio }: Sampling) -> Sampler {
    let sampler = Sampler::TraceIdRatioBased(ratio);
    if follows_caller { Sampler::ParentBased(Box::new(sampler)) } else { sampler }
}

/// Returns the OpenTelemetry resource of all spans, which holds the service's name and version.
/// `OTEL_SERVICE_NAME` overrides `OTEL_RESOURCE_ATTRIBUTES`, which overrides the defaults.
fn resource(service_name: Option<String>) -> Resource {
    let version = KeyValue::new("service.version", env!("VERSION_WITH_COMMIT"));
    let resource = Resource::builder_empty()
        .with_service_name(SERVICE_NAME)
        .with_attribute(version)
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match service_name {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    }
}

/// Makes the span of a request part of the caller's trace. The span must not have been entered yet.
/// A malformed or repeated `traceparent` is ignored.
pub(crate) fn set_parent(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let mut values = headers.get_all(TRACE_PARENT).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return };
    let Ok(value) = value.to_str() else { return };
    let Some(caller) = trace_parent::parse(value) else { return };
    // Fails if traces are off.
    let _ = span.set_parent(Context::new().with_remote_span_context(caller));
}

/// Returns the header `traceparent` for the current span; `None` if the span belongs to no trace,
/// as when traces are off.
pub(crate) fn trace_parent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| trace_parent::write(span))
}
