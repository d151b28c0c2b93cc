use std::{io, sync::Arc};

use axum::{
    body::to_bytes,
    http::{
        HeaderMap,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::IntoResponse,
};
use domain::{AccessTokenError, Cause, Misconfiguration, Outage, Rule, rules::ReadMessages};
use serde_json::{Value, json};

use super::*;
use crate::answer::{Answers, Realm, RequestId, X_REQUEST_ID};

fn denied(denial: Denial) -> Outcome {
    Outcome::Denied(denial)
}

/// Returns status, challenge, `Retry-After` and body of the response to `outcome`.
fn answer(
    outcome: &Outcome,
    missing_role: MissingRoleStatus,
) -> (u16, Option<String>, Option<String>, Value) {
    let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static("r1"))]);
    let answers = Answers::new(&Realm::default(), missing_role, None, None);
    let rejection = answers.rejection(outcome, None, Some(&RequestId::from_headers(&headers)));
    assert_eq!(rejection.reason(), outcome.reason());
    let (status, challenge) = (rejection.status(), rejection.challenge().cloned());
    let response = rejection.into_response();
    let header =
        |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header(CONTENT_TYPE).unwrap(), "application/problem+json");
    assert_eq!(header(CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(response.status(), status);
    assert_eq!(response.headers().get(WWW_AUTHENTICATE), challenge.as_ref());
    let (status, challenge, retry_after) =
        (response.status().as_u16(), header(WWW_AUTHENTICATE), header(RETRY_AFTER));
    let body = pollster::block_on(to_bytes(response.into_body(), 10_000)).unwrap();
    (status, challenge, retry_after, serde_json::from_slice(&body).unwrap())
}

#[track_caller]
fn check(outcome: &Outcome, status: u16, challenge: Option<&str>, code: &str, detail: &str) {
    check_with(MissingRoleStatus::Unauthorized, outcome, status, challenge, code, detail);
}

#[track_caller]
fn check_with(
    missing_role: MissingRoleStatus,
    outcome: &Outcome,
    status: u16,
    challenge: Option<&str>,
    code: &str,
    detail: &str,
) {
    let (found_status, found_challenge, retry_after, body) = answer(outcome, missing_role);
    assert_eq!(found_status, status);
    assert_eq!(found_challenge.as_deref(), challenge);
    assert_eq!(retry_after.as_deref(), (status == 503).then_some("1"));
    let title = StatusCode::from_u16(status).unwrap().canonical_reason().unwrap();
    let expected = json!({
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "request_id": "r1",
    });
    assert_eq!(body, expected);
}

#[test]
fn a_request_without_a_token_gets_a_bare_challenge() {
    check(
        &Outcome::NoToken(BearerError::Missing),
        401,
        Some("Bearer realm=\"api\""),
        "missing_token",
        "The request has no Authorization header of the scheme Bearer.",
    );
}

#[test]
fn a_malformed_header_is_a_bad_request() {
    let challenge = Some("Bearer realm=\"api\", error=\"invalid_request\"");
    for (error, detail) in [
        (BearerError::Repeated, "The request has more than one Authorization header."),
        (AccessTokenError::Empty.into(), "The access token is empty."),
        (AccessTokenError::TooLong.into(), "The access token is longer than 16384 bytes."),
        (
            AccessTokenError::ForbiddenCharacter.into(),
            "The access token has a character that RFC 6750 section 2.1 does not allow.",
        ),
    ] {
        check(&Outcome::NoToken(error), 400, challenge, "invalid_request", detail);
    }
}

// incidents.md row 6: no denial is ever a 2xx, and none discloses what was found in the token.
#[test]
fn a_token_that_opens_nothing_is_invalid() {
    let challenge = Some("Bearer realm=\"api\", error=\"invalid_token\"");
    let issuer = domain::Issuer::parse("https://found.example.com").unwrap();
    for (denial, detail) in [
        (Denial::Inactive, "The access token is not active, or it is not meant for this API."),
        (Denial::Expired, "The access token has expired."),
        (Denial::NotYetValid, "The access token is not valid yet."),
        (Denial::KeyBound, "The access token is bound to a key that this API cannot verify."),
        (
            Denial::WrongIssuer { found: Some(issuer.clone()), expected: issuer },
            "The access token is of another issuer.",
        ),
        (
            Denial::WrongAudience { found: Arc::default() },
            "The access token is meant for another audience.",
        ),
        (
            Denial::WrongOrganization { found: None },
            "The user's organization may not use this API.",
        ),
    ] {
        check(&denied(denial), 401, challenge, "invalid_token", detail);
    }
}

#[test]
fn the_status_of_a_missing_role_is_as_configured() {
    let denial = Denial::PolicyNotMet { policy: ReadMessages::POLICY, missing: Missing::Role };
    for (missing_role_status, status) in
        [(MissingRoleStatus::Unauthorized, 401), (MissingRoleStatus::Forbidden, 403)]
    {
        for denial in [denial.clone(), Denial::ByHandler { why: "top-secret".into() }] {
            let by_rule = matches!(denial, Denial::PolicyNotMet { .. });
            check_with(
                missing_role_status,
                &denied(denial),
                status,
                Some("Bearer realm=\"api\", error=\"insufficient_scope\""),
                "insufficient_scope",
                if by_rule {
                    "The access token does not have the role read:messages."
                } else {
                    "The access token does not permit this."
                },
            );
        }
    }
}

#[test]
fn without_a_verdict_the_caller_is_asked_to_try_again() {
    let source: Cause = Arc::new(io::Error::other("10.0.0.3 top-secret"));
    for fault in [
        IntrospectionError::Unavailable { reason: Outage::TimedOut, source: Arc::clone(&source) },
        IntrospectionError::ClientRefused { source: Arc::clone(&source) },
        IntrospectionError::Misconfigured {
            reason: Misconfiguration::Redirected,
            source: Arc::clone(&source),
        },
        IntrospectionError::Malformed { source: Arc::clone(&source) },
    ] {
        check(
            &Outcome::Undetermined(fault),
            503,
            None,
            "introspection_unavailable",
            "The authorization server gave no verdict on the access token, which may well be \
             valid. Try again.",
        );
    }
}

#[test]
fn an_answer_that_is_not_about_tokens_has_no_challenge() {
    check(&Outcome::NotFound, 404, None, "not_found", "There is no such path.");
    check(
        &Outcome::MethodNotAllowed,
        405,
        None,
        "method_not_allowed",
        "This path does not have this method.",
    );
    for bug in [Outcome::Panicked, Outcome::HandlerFailed { detail: "secret".to_owned() }] {
        check(&bug, 500, None, "internal_error", "Something went wrong here.");
    }
    for (status, code) in [
        (400, "invalid_input"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (422, "invalid_body"),
    ] {
        let detail = "as axum says".to_owned();
        let status_code = StatusCode::from_u16(status).unwrap();
        check(
            &Outcome::Unreadable { status: status_code, detail },
            status,
            None,
            code,
            "as axum says",
        );
    }
}
