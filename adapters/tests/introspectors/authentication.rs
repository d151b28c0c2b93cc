//! Tests of client authentication by `client_secret_basic` and `private_key_jwt`. The double (a
//! simulated ZITADEL) verifies both as ZITADEL does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use adapters::{
    SystemClock,
    zitadel::{ClientCredentials, CurrentCredentials, ZitadelIntrospector},
};
use domain::{Clock, IntrospectionError};
use zitadel_double::{Answer, AppState, ClientRefusal, Fault, Times, Violation, ZitadelDouble};

use crate::{active_token, ask, assert_active, reason, setup};

#[tokio::test]
async fn a_client_secret_is_shown_in_basic() {
    let double = ZitadelDouble::start().await;
    assert_active(&ask(&setup::introspector(setup::basic(&double)), &active_token(&double)).await);
    let introspection = double.requests().pop().unwrap();
    assert_eq!(
        introspection.header("authorization").map(|value| value.split(' ').next()),
        Some(Some("Basic"))
    );
}

#[tokio::test]
async fn both_halves_may_have_any_character() {
    let double = ZitadelDouble::start().await;
    let secret = "a+b%c d:é&=\"";
    double.set_client_secret(double.client_id(), secret);
    assert_active(&ask(&setup::introspector(setup::basic(&double)), &active_token(&double)).await);
}

#[tokio::test]
async fn a_private_key_signs_an_assertion_that_zitadel_accepts_and_that_is_reused() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::key(&double));
    let token = active_token(&double);
    for _ in 0..3 {
        assert_active(&ask(&introspector, &token).await);
    }
    let introspection = double.requests().pop().unwrap();
    let mut fields = introspection.form_fields.clone();
    fields.sort_unstable();
    assert_eq!(fields, ["client_assertion", "client_assertion_type", "token"]);
    assert_eq!(introspection.header("authorization"), None);
}

// ZITADEL responds with 400 to a wrong secret. That is the operator's fault, never the caller's.
#[tokio::test]
async fn a_wrong_client_secret_is_no_verdict_and_is_not_asked_twice() {
    let double = ZitadelDouble::start().await;
    let settings = setup::basic(&double);
    double.regenerate_client_secret(double.client_id());
    let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
    assert_eq!(reason(&answer), "client_refused");
    assert_eq!(double.introspections(), 1);
    let violations = double.take_violations();
    assert!(
        matches!(
            violations.as_slice(),
            [Violation::ClientRefused { because: ClientRefusal::WrongSecret, .. }],
        ),
        "{violations:?}",
    );
}

#[tokio::test]
async fn an_application_that_was_deactivated_is_no_verdict() {
    let double = ZitadelDouble::start().await;
    double.set_app_state(double.client_id(), AppState::Deactivated);
    let answer = ask(&setup::introspector(setup::basic(&double)), &active_token(&double)).await;
    assert_eq!(reason(&answer), "client_refused");
}

#[derive(Default)]
struct ShiftedClock(AtomicU64);

impl ShiftedClock {
    fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> SystemTime {
        SystemClock.now() + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn with_key(double: &ZitadelDouble, clock: &Arc<ShiftedClock>) -> ZitadelIntrospector {
    let settings = setup::key(double);
    let issuer = domain::Issuer::parse(double.issuer()).unwrap();
    let clock: Arc<dyn Clock> = Arc::<ShiftedClock>::clone(clock);
    let credentials = CurrentCredentials::new(settings.credentials.clone(), issuer, clock);
    ZitadelIntrospector::with_credentials(settings, Arc::new(credentials)).unwrap()
}

fn refusal() -> Fault {
    let body = Answer::bytes(r#"{"error":"unauthorized_client"}"#).content_type("application/json");
    Fault::Status(http::StatusCode::BAD_REQUEST, body)
}

#[tokio::test]
async fn a_refused_assertion_is_signed_afresh_and_asked_about_once_more() {
    let double = ZitadelDouble::start().await;
    let clock = Arc::<ShiftedClock>::default();
    let introspector = with_key(&double, &clock);
    let token = active_token(&double);
    assert_active(&ask(&introspector, &token).await);
    clock.advance(5);
    double.introspection_fault(refusal(), Times::Once);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(double.introspections(), 3);

    clock.advance(5);
    double.introspection_fault(refusal(), Times::UntilCleared);
    assert_eq!(reason(&ask(&introspector, &token).await), "client_refused");
    assert_eq!(double.introspections(), 5, "twice, and no more");
}

#[tokio::test]
async fn a_removed_key_is_no_verdict() {
    let double = ZitadelDouble::start().await;
    let settings = setup::key(&double);
    let key_id = serde_json::from_str::<serde_json::Value>(&double.key_json()).unwrap();
    let key_id = key_id["keyId"].as_str().unwrap().into();
    double.remove_key(double.key_client_id(), &key_id);
    let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
    assert!(matches!(answer, Err(IntrospectionError::ClientRefused { .. })), "{answer:?}");
    assert_eq!(double.introspections(), 1, "a fresh assertion is not signed again");
    drop(double.take_violations());
}

#[tokio::test]
async fn a_clock_that_is_ten_seconds_fast_is_good_enough() {
    let double = ZitadelDouble::start().await;
    let clock = Arc::<ShiftedClock>::default();
    clock.advance(10);
    assert_active(&ask(&with_key(&double, &clock), &active_token(&double)).await);
}

#[test]
fn neither_the_secret_nor_the_key_is_shown() {
    let credentials = ClientCredentials::client_secret("id", "top-secret").unwrap();
    assert!(!format!("{credentials:?}").contains("top-secret"));
}
