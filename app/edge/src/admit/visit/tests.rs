//! Tests that each reason of a rejection is the same word in the log event and for the observer.

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{StatusCode, header::AUTHORIZATION},
};
use domain::{
    AccessTokenError, Authorizer, Clock, Denial, Misconfiguration, Missing, Outage, Requirements,
    TokenIntrospector, rules::ReadMessages,
};
use tracing::{
    Dispatch, Event, Subscriber,
    field::{Field, Visit as Fields},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

use super::*;
use crate::note::RequestObserver;

/// Log layer and request observer that collects the reasons of rejections: the words in the log
/// (`event`), and the words for the observer.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashSet<(&'static str, String)>>>);

impl Seen {
    fn add(&self, place: &'static str, reason: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((place, reason.to_owned()));
    }

    fn has(&self, place: &'static str, reason: &str) -> bool {
        self.0.lock().unwrap().contains(&(place, reason.to_owned()))
    }
}

impl Fields for &Seen {
    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "reason" {
            self.add("event", text);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl<S: Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut &*self);
    }
}

impl RequestObserver for Seen {
    fn ended(&self, _: &Span, head: RequestHead<'_>, end: RequestEnd<'_>) {
        assert_eq!(head.route, UNMATCHED);
        self.add("observer", end.outcome());
    }
}

/// Introspector and clock for tests without introspection.
struct Silent;

#[async_trait]
impl TokenIntrospector for Silent {
    async fn introspect(&self, _: &AccessToken<'_>) -> Result<Introspection, IntrospectionError> {
        unreachable!("nothing is introspected here")
    }
}

impl Clock for Silent {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }
}

/// Returns outcomes that together have every reason of a rejection.
fn outcomes() -> Vec<Outcome> {
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
        Denial::PolicyNotMet { policy: ReadMessages::POLICY, missing: Missing::Role },
        Denial::ByHandler { why: "a test".into() },
    ];
    let source: domain::Cause = Arc::new(io::Error::other("a test"));
    let outages = Outage::ALL
        .map(|reason| IntrospectionError::Unavailable { reason, source: Arc::clone(&source) });
    let misconfigured = Misconfiguration::ALL
        .map(|reason| IntrospectionError::Misconfigured { reason, source: Arc::clone(&source) });
    let faults = outages.into_iter().chain(misconfigured).chain([
        IntrospectionError::ClientRefused { source: Arc::clone(&source) },
        IntrospectionError::Unwitnessed { source: Arc::clone(&source) },
        IntrospectionError::Malformed { source },
    ]);
    let statuses = [400, 413, 415, 422].map(|status| StatusCode::from_u16(status).unwrap());
    let unreadable = statuses.map(|status| Outcome::Unreadable { status, detail: String::new() });
    bearer
        .map(Outcome::NoToken)
        .chain(denials.map(Outcome::Denied))
        .chain(faults.map(Outcome::Undetermined))
        .chain(unreadable)
        .chain([Outcome::ForeignOrigin, Outcome::NotFound])
        .chain([Outcome::MethodNotAllowed, Outcome::Panicked])
        .chain([Outcome::HandlerFailed { detail: String::new() }])
        .collect()
}

#[tokio::test]
async fn each_reason_is_the_same_word_in_the_log_and_for_the_observer() {
    let seen = Seen::default();
    let authorizer = Authorizer::new(Arc::new(Silent), Arc::new(Silent), Requirements::default());
    let guard = Guard::builder(authorizer).observer(seen.clone()).build();
    // With only one dispatcher, a callsite that another test's thread reaches first would be
    // missed.
    let _second = Dispatch::new(tracing_subscriber::registry());
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let mut left: HashSet<Reason> = Reason::ALL.iter().copied().collect();
    for outcome in outcomes() {
        let reason = outcome.reason();
        left.remove(&reason);
        guard.refuse(&Request::new(Body::empty()), &outcome);
        let word = reason.as_str();
        let by_the_same_word =
            [Reason::MissingToken, Reason::ForeignOrigin, Reason::InternalError].contains(&reason);
        let has_event = reason.code() != word || by_the_same_word;
        assert_eq!(seen.has("event", word), has_event, "{word} in the log");
        assert!(seen.has("observer", word), "{word} for the observer");
    }
    assert_eq!(left, HashSet::new(), "not tried");
}

#[test]
fn a_visit_shows_nothing_of_the_token() {
    let authorizer = Authorizer::new(Arc::new(Silent), Arc::new(Silent), Requirements::default());
    let request = Request::builder().header(AUTHORIZATION, "Bearer secret").body(()).unwrap();
    let (visit, _) = Visit::join(&Guard::new(authorizer), &request, true, None);
    assert!(!format!("{visit:?}").contains("secret"));
}
