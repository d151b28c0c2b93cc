//! Tests that the reason of a refusal is the same word in the access log, the metrics and the
//! trace.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::Method;
use axum_zitadel::{Reason, RequestId};
use tracing::{
    Dispatch, Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

use super::*;
use crate::config::LogFormat;

/// Origin (event or span) of a recorded `tracing` field, the field's name, and its text.
type Text = (&'static str, &'static str, String);

/// Layer for `tracing` that keeps the texts of all recorded fields.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashSet<Text>>>);

struct Place<'a>(&'a Seen, &'static str);

impl Visit for Place<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        let mut seen = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((self.1, field.name(), text.to_owned()));
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl<S: Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Place(self, "event"));
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut Place(self, "span"));
    }
}

#[test]
fn each_reason_is_the_same_word_in_the_access_log_the_metrics_and_the_trace() {
    let metrics = Metrics::new();
    let log = Log {
        format: LogFormat::Text,
        level: tracing::level_filters::LevelFilter::INFO,
        requests: true,
        subject: false,
        client_address: false,
    };
    let telemetry = RequestTelemetry::new(Some(metrics.clone()), &log, &[]);
    let seen = Seen::default();
    // With only one dispatcher, a callsite that another test's thread reaches first would be
    // missed.
    let _second = Dispatch::new(tracing_subscriber::registry());
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let id = RequestId::from_headers(&HeaderMap::new());
    let head = RequestHead { method: &Method::GET, route: "/a", request_id: &id };
    for reason in Reason::ALL.iter().copied() {
        let end = RequestEnd {
            status: StatusCode::UNAUTHORIZED,
            reason: Some(reason),
            principal: None,
            took: Duration::from_millis(1),
        };
        telemetry.ended(&telemetry.span(head, &HeaderMap::new()), head, end);
        let word = reason.as_str().to_owned();
        let seen = seen.0.lock().unwrap();
        assert!(seen.contains(&("event", "outcome", word.clone())), "{word} in the access log");
        assert!(seen.contains(&("span", "reason", word.clone())), "{word} in the trace");
        drop(seen);
        assert!(metrics.render().contains(&format!("outcome=\"{word}\"")), "{word} in the metrics");
    }
}
