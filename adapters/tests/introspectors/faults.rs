//! Tests that each fault of ZITADEL leads to an error with its own keyword, in bounded time, and
//! never to a verdict.

use std::{error::Error, time::Duration};

use adapters::zitadel::{ZitadelIntrospector, ZitadelSettings};
use domain::{AccessToken, Introspection, IntrospectionError};
use serde_json::json;
use tokio::time::Instant;
use zitadel_double::{Answer, DATABASE_HOST, Fault, Framing, RedirectStatus, Times, ZitadelDouble};

use crate::{active_token, ask, assert_active, reason, setup};

fn faults() -> Vec<(Fault, &'static str)> {
    let elsewhere = || "https://elsewhere.test/login?token=x".to_owned();
    vec![
        (Fault::ResetBeforeAnswer, "interrupted"),
        (Fault::CloseBeforeAnswer, "interrupted"),
        (Fault::ResetMidBody, "interrupted"),
        (Fault::Truncate, "interrupted"),
        (Fault::InternalServerError, "server_error"),
        (Fault::BadGateway, "server_error"),
        (Fault::ServiceUnavailable, "server_error"),
        (Fault::DatabaseDown, "unexpected_status"),
        (Fault::LoginPage, "malformed_answer"),
        (Fault::Redirect(RedirectStatus::Found, elsewhere()), "redirected"),
        (Fault::Redirect(RedirectStatus::TemporaryRedirect, elsewhere()), "redirected"),
        (Fault::WrongTypes, "malformed_answer"),
        (Fault::NotJson, "malformed_answer"),
        (Fault::Empty, "malformed_answer"),
        (Fault::Compressed, "malformed_answer"),
        (Fault::Headers(200), "malformed_answer"),
        (Fault::ContentType("text/html".to_owned()), "malformed_answer"),
        (Fault::ContentType("application/token-introspection+jwt".to_owned()), "malformed_answer"),
        (Fault::Huge(Framing::Chunked), "malformed_answer"),
        (Fault::Huge(Framing::ContentLength), "malformed_answer"),
        (Fault::TooManyRequests, "rate_limited"),
    ]
}

/// Introspects `token` when the double's `fault` is over. After a 429 the introspector still sends
/// fewer requests: the introspection is repeated for up to 20 s, until its request is sent.
async fn ask_after(
    fault: &str,
    introspector: &ZitadelIntrospector,
    token: &AccessToken<'_>,
) -> Result<Introspection, IntrospectionError> {
    let began = Instant::now();
    loop {
        let answer = ask(introspector, token).await;
        let is_refused = answer.as_ref().is_err_and(|error| error.reason() == "over_budget");
        let is_heeded = fault == "TooManyRequests" && is_refused;
        if !is_heeded || began.elapsed() > Duration::from_secs(20) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_fault_is_no_verdict_and_passes() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    assert_active(&ask(&introspector, &token).await);
    for (fault, expected) in faults() {
        let shown = format!("{fault:?}");
        double.introspection_fault(fault, Times::UntilCleared);
        let answer = ask(&introspector, &token).await;
        assert_eq!(reason(&answer), expected, "{shown}");
        double.clear_faults();
        assert_active(&ask_after(&shown, &introspector, &token).await);
    }
}

#[tokio::test]
async fn discovery_has_the_same_faults() {
    let double = ZitadelDouble::start().await;
    let token = active_token(&double);
    for (fault, expected) in faults() {
        if matches!(&fault, Fault::ContentType(_) | Fault::Empty) {
            continue;
        }
        let introspector = setup::introspector(setup::basic(&double));
        let shown = format!("{fault:?}");
        double.discovery_fault(fault, Times::UntilCleared);
        assert_eq!(reason(&ask(&introspector, &token).await), expected, "{shown}");
        double.clear_faults();
        assert_active(&ask_after(&shown, &introspector, &token).await);
    }
}

#[tokio::test]
async fn a_connection_that_broke_before_any_answer_is_tried_once_more() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    assert_active(&ask(&introspector, &token).await);
    for fault in [Fault::ResetBeforeAnswer, Fault::CloseBeforeAnswer] {
        double.reset_counts();
        double.introspection_fault(fault.clone(), Times::Once);
        assert_active(&ask(&introspector, &token).await);
        assert_eq!(double.introspections(), 2, "{fault:?}");
        double.introspection_fault(fault.clone(), Times::Next(2));
        assert_eq!(reason(&ask(&introspector, &token).await), "interrupted");
        assert_eq!(double.introspections(), 4, "{fault:?}: twice, and no more");
    }
}

#[tokio::test]
async fn what_is_an_answer_is_not_asked_for_again() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    for fault in [Fault::InternalServerError, Fault::NotJson, Fault::TooManyRequests] {
        double.reset_counts();
        double.introspection_fault(fault.clone(), Times::Once);
        assert!(ask(&introspector, &token).await.is_err());
        assert_eq!(double.introspections(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_not_tried_again_at_once() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let settings = ZitadelSettings { root_certificates: None, ..setup::basic(&double) };
    let introspector = setup::introspector(settings);
    let token = active_token(&double);
    assert_eq!(reason(&ask(&introspector, &token).await), "unreachable");
    assert_eq!(double.connections(), 1);
}

fn impatient(double: &ZitadelDouble) -> ZitadelSettings {
    ZitadelSettings {
        introspection_endpoint: Some(double.introspection_endpoint().parse().unwrap()),
        timeout: Duration::from_millis(50),
        ..setup::basic(double)
    }
}

#[tokio::test]
async fn a_stall_and_a_drip_end_with_the_time_allowed() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(impatient(&double));
    let token = active_token(&double);
    for fault in [Fault::Stall, Fault::Drip(Duration::from_millis(5))] {
        double.introspection_fault(fault, Times::Once);
        assert_eq!(reason(&ask(&introspector, &token).await), "timed_out");
    }
}

#[tokio::test]
async fn the_time_allowed_includes_discovery() {
    let double = ZitadelDouble::start().await;
    let settings = ZitadelSettings { introspection_endpoint: None, ..impatient(&double) };
    let introspector = setup::introspector(settings);
    double.discovery_fault(Fault::Stall, Times::Once);
    assert_eq!(reason(&ask(&introspector, &active_token(&double)).await), "timed_out");
}

#[tokio::test]
async fn a_refused_connection_is_no_verdict_and_passes() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    double.stop_listening().await;
    assert_eq!(reason(&ask(&introspector, &token).await), "unreachable");
    double.listen_again().await;
    assert_active(&ask(&introspector, &token).await);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unreachable() {
    let double = ZitadelDouble::start().await;
    let settings = ZitadelSettings {
        domain: "https://nowhere.invalid".parse().unwrap(),
        ..setup::basic(&double)
    };
    let answer = ask(&setup::introspector(settings), &active_token(&double)).await;
    assert_eq!(reason(&answer), "unreachable");
}

// incidents.md row 9, over the wire.
#[tokio::test]
async fn a_claim_of_the_wrong_type_is_no_verdict() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    for answer in [
        json!({ "active": "true" }),
        json!({ "active": true, "exp": "253402300799" }),
        json!({ "active": true, "exp": null }),
        json!({ "active": true, "nbf": {} }),
        json!({ "active": true, "aud": 1 }),
        json!([true]),
    ] {
        let shown = answer.to_string();
        double.answer(token.expose_secret(), answer);
        let answer = ask(&introspector, &token).await;
        assert_eq!(reason(&answer), "malformed_answer", "{shown}");
    }
}

#[tokio::test]
async fn an_answer_of_one_mebibyte_is_read_and_a_longer_one_is_not() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    let mut json = json!({ "active": true, "iss": double.issuer() }).to_string().into_bytes();
    json.resize(1_048_576, b' ');
    double.answer(token.expose_secret(), Answer::bytes(json.clone()));
    assert_active(&ask(&introspector, &token).await);
    json.push(b' ');
    double.answer(token.expose_secret(), Answer::bytes(json));
    assert_eq!(reason(&ask(&introspector, &token).await), "malformed_answer");
}

fn shown(error: &IntrospectionError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

// incidents.md row 19: the text of an error may be logged as it is.
#[tokio::test]
async fn no_fault_shows_a_token_a_secret_or_a_text_of_the_other_side() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    let answer = Answer::bytes(format!("\"{}\"", token.expose_secret()));
    let echo = Fault::Status(http::StatusCode::OK, answer.content_type("application/json"));
    for fault in faults().into_iter().map(|(fault, _)| fault).chain([echo]) {
        double.introspection_fault(fault, Times::UntilCleared);
        let error = ask(&introspector, &token).await.unwrap_err();
        double.clear_faults();
        let shown = shown(&error);
        for secret in [token.expose_secret(), &double.client_secret(), DATABASE_HOST, "Basic "] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
