//! Traces: spans become OpenTelemetry's, and the trace goes from the caller on to ZITADEL.
//!
//! Of what a caller sends (W3C Trace Context), only `traceparent` is read, and only a
//! `traceparent` of our own is passed on: `tracestate` and `baggage` hold what others wrote.

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
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, filter_fn},
};

use super::{
    BoxedLayer, TelemetryError,
    collector::Collector,
    export::{Reported, Reporter},
    trace_parent,
};
use crate::config::{Sampling, Traces};

/// As in the `User-Agent` header to ZITADEL.
const SERVICE_NAME: &str = "zitadel-resource-server";

/// Bounds the last export: so long the end of the process waits for it.
const LAST_EXPORT_LIMIT: Duration = Duration::from_secs(2);

const TRACE_PARENT: &str = "traceparent";

/// The traces of this process, sent by a thread of their own. A span that finds no place in its
/// queue is lost, and no request waits.
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
            // The SDK's own words repeat the endpoint.
            .map_err(|_| TelemetryError::Endpoint { variable })?;
        let exporter = Reported::new(exporter, Arc::clone(&reporter));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(traces.service_name.clone()))
            .with_sampler(sampler(traces.sampling))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider, reporter })
    }

    /// What makes a span of OpenTelemetry out of each span, and nothing out of events.
    pub(super) fn layer(&self) -> BoxedLayer {
        let spans = filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
            .with_context_activation(false)
            .with_filter(spans.with_max_level_hint(LevelFilter::INFO))
            .boxed()
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

/// Who sends the spans. The variables win, `OTEL_SERVICE_NAME` over `OTEL_RESOURCE_ATTRIBUTES`.
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

/// Makes a request's span, which nobody has entered yet, part of the caller's trace. A
/// `traceparent` that is malformed or repeated is as none.
pub(crate) fn set_parent(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let mut values = headers.get_all(TRACE_PARENT).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return };
    let Ok(value) = value.to_str() else { return };
    let Some(caller) = trace_parent::parse(value) else { return };
    // It fails where there are no traces, and then there is nothing to be part of.
    let _ = span.set_parent(Context::new().with_remote_span_context(caller));
}

/// The `traceparent` of what is under way, if it is traced.
pub(crate) fn trace_parent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| trace_parent::write(span))
}
