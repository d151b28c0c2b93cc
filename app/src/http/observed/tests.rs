//! One word for each reason, wherever it is looked for.

use std::{
    collections::HashSet,
    fmt, io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, response::IntoResponse};
use domain::{
    AccessTokenError, Denial, IntrospectionError, Misconfiguration, Outage, Rule,
    rules::ReadMessages,
};
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
use crate::{
    config::{Auth, MissingRoleStatus},
    http::{ApiError, BearerError, Reason},
    metrics::Metrics,
};

/// In an event or a span, a field, and its text.
type Text = (&'static str, &'static str, String);

/// The texts of all fields.
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

/// Every way to be turned away.
fn refusals() -> Vec<ApiError> {
    let auth = Arc::new(Auth {
        realm: "api".parse().unwrap(),
        missing_role_status: MissingRoleStatus::Unauthorized,
        leeway: Duration::ZERO,
        organizations: Vec::new(),
        audiences: Vec::new(),
    });
    let malformed =
        [AccessTokenError::Empty, AccessTokenError::TooLong, AccessTokenError::ForbiddenCharacter];
    let bearer = malformed.map(BearerError::Malformed).into_iter();
    let bearer = bearer.chain([BearerError::Missing, BearerError::Repeated]);
    let denials = [
        Denial::Inactive,
        Denial::KeyBound,
        Denial::Expired,
        Denial::NotYetValid,
        Denial::WrongIssuer { found: None, expected: domain::Issuer::parse("a").unwrap() },
        Denial::WrongAudience { found: Arc::new([]) },
        Denial::WrongOrganization { found: None },
        Denial::PolicyNotMet { policy: ReadMessages::POLICY },
    ];
    let source: domain::Cause = Arc::new(io::Error::other("a test"));
    let outages = Outage::ALL
        .map(|reason| IntrospectionError::Unavailable { reason, source: Arc::clone(&source) });
    let misconfigured = Misconfiguration::ALL
        .map(|reason| IntrospectionError::Misconfigured { reason, source: Arc::clone(&source) });
    let faults = outages.into_iter().chain(misconfigured).chain([
        IntrospectionError::ClientRefused { source: Arc::clone(&source) },
        IntrospectionError::Malformed { source },
    ]);
    let statuses = [400, 413, 415, 422].map(|status| StatusCode::from_u16(status).unwrap());
    let unreadable = statuses.map(|status| ApiError::Unreadable { status, detail: String::new() });
    bearer
        .map(|error| ApiError::Bearer { error, auth: Arc::clone(&auth) })
        .chain(denials.map(|denial| ApiError::Denied { denial, auth: Arc::clone(&auth) }))
        .chain(faults.map(ApiError::Undetermined))
        .chain(unreadable)
        .chain([ApiError::NotFound, ApiError::MethodNotAllowed, ApiError::Panicked])
        .chain([ApiError::HandlerFailed { detail: String::new() }])
        .collect()
}

#[tokio::test]
async fn each_reason_is_the_same_word_in_the_log_the_metrics_and_the_trace() {
    let metrics = Metrics::new();
    let observation = Arc::new(Observation {
        metrics: Some(metrics.clone()),
        logs_requests: true,
        ..Observation::default()
    });
    let observer = Observer::of_line(&observation, Method::GET, "/a");
    let seen = Seen::default();
    // Were there only one, what another test's thread meets first would not be seen here.
    let _second = Dispatch::new(tracing_subscriber::registry());
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let mut left: HashSet<Reason> = Reason::ALL.iter().copied().collect();
    for refusal in refusals() {
        let reason = refusal.reason();
        left.remove(&reason);
        let begun = observer.clone().begin(&Request::new(Body::empty()));
        begun.end(refusal.into_response());
        let word = reason.as_str().to_owned();
        let has_event_of_its_own = reason.code() != reason.as_str()
            || matches!(reason, Reason::MissingToken | Reason::InternalError);
        let seen = seen.0.lock().unwrap();
        assert!(seen.contains(&("event", "outcome", word.clone())), "{word} in the access log");
        assert!(seen.contains(&("span", "reason", word.clone())), "{word} in the trace");
        assert_eq!(seen.contains(&("event", "reason", word.clone())), has_event_of_its_own);
        drop(seen);
        assert!(metrics.render().contains(&format!("outcome=\"{word}\"")), "{word} in the metrics");
    }
    assert_eq!(left, HashSet::new(), "not tried");
}
