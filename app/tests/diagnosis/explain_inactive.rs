//! Tests of `app explain` for tokens that ZITADEL calls inactive, and for malformed ones.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

use crate::run::{basic, run, said};

/// Runs `app explain` for an inactive token. Returns the output's lines with likely causes of the
/// verdict.
#[track_caller]
fn explain(double: &ZitadelDouble, token: &str) -> String {
    let ended = run(&["explain"], &basic(double), token);
    assert_eq!(ended.status, Some(1), "{}{}", ended.stdout, ended.stderr);
    let text = said(&ended, double);
    assert!(text.contains("Verdict:  inactive\n"), "{text}");
    assert!(text.contains("401 inactive: the authorization server calls the token inactive\n"));
    let (_, why) = text.split_once("Why, most likely first").unwrap();
    let (_, causes) = why.split_once(":\n").unwrap();
    causes.to_owned()
}

// The scope that the advice names must really make the token active.
#[tokio::test]
async fn the_scope_that_is_told_is_the_one_that_helps() {
    let double = ZitadelDouble::start().await;
    let service = double.add_user(NewUser::service("svc"));
    let token = double.session_token(&service, SessionToken::client_credentials("svc", []));
    let causes = explain(&double, &token);
    let (_, scope) = causes.split_once("request the scope ").unwrap();
    let (scope, _) = scope.split_once(';').unwrap();
    let token = SessionToken::client_credentials("svc", []).with_scope(scope);
    let token = double.session_token(&service, token);
    let ended = run(&["explain"], &basic(&double), &token);
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
}

/// Returns an unsigned JWT with the form of ZITADEL's id tokens.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256", "kid": "340000000000000030" }));
    format!("{header}.{}.{}", part(claims), "c".repeat(342))
}

#[tokio::test]
async fn a_local_token_means_nothing_to_zitadel() {
    let double = ZitadelDouble::start().await;
    let causes = explain(&double, "dev-reader");
    assert_eq!(
        causes,
        "  certain   it is a local token of the in-memory fake, which ZITADEL does not know: set \
         APP_INTROSPECTOR=fake to use it\n"
    );
}

// A client that skips the token endpoint sends this API the assertion meant for ZITADEL.
#[tokio::test]
async fn an_assertion_is_recognized_by_its_own_issuer() {
    let double = ZitadelDouble::start().await;
    let causes = explain(
        &double,
        &unsigned(&json!({
            "iss": "340000000000000101", "sub": "340000000000000101", "aud": double.issuer(),
        })),
    );
    assert_eq!(
        causes,
        "  certain   its issuer is its own subject: it is an assertion, by which a token is asked \
         for; send it to the token endpoint, and the access token that comes back to this API\n"
    );
}

// A claim may contain control sequences of a terminal.
#[tokio::test]
async fn what_a_token_says_is_shown_with_escapes() {
    let double = ZitadelDouble::start().await;
    let causes = explain(&double, &unsigned(&json!({ "iss": "\u{1b}[2J", "aud": "\u{7}" })));
    assert!(causes.contains(r#"its issuer is "\u{1b}[2J""#), "{causes}");
    assert!(causes.contains(r#"its audience is ["\u{7}"]"#), "{causes}");
}

#[tokio::test]
async fn what_is_no_token_is_told_without_asking_anybody() {
    let double = ZitadelDouble::start().await;
    for (input, reason, form) in [
        (
            "two words-and-more",
            "forbidden_character",
            "18 characters and no token: number 4 is ' '",
        ),
        (
            "first-token\nsecond-token\n",
            "forbidden_character",
            "24 characters and no token: number 12 is '\\n'",
        ),
        (
            &*"a".repeat(16 * 1024 + 1),
            "token_too_long",
            "more than 16384 characters, which are no token",
        ),
    ] {
        let ended = run(&["explain", "--format", "json"], &basic(&double), input);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        let json = ended.json();
        assert_eq!(json["verdict"], "none");
        assert_eq!(json["form"], form);
        assert_eq!(json["fault"]["reason"], reason);
        assert_eq!(json["routes"][1]["status"], 400);
        assert_eq!(json["routes"][0]["open"], true);
        let text = run(&["explain"], &basic(&double), input).stdout;
        assert!(text.contains(&format!("Token:    {form}\n")), "{text}");
        assert!(text.contains("Verdict:  none was asked for: the access token "), "{text}");
    }
    assert_eq!(double.introspections(), 0);
}

#[test]
fn the_fake_explains_by_its_list() {
    for (token, status, expected) in [
        ("dev-reader", 0, "open  GET    /api/private-scoped"),
        ("dev-no-role", 0, "certain   the list of local tokens says so"),
        ("dev-expired", 1, "401 expired: the token has expired"),
        ("dev-revoked", 1, "certain   it is not in the list of local tokens"),
    ] {
        let ended = run(&["explain"], &Vec::new(), token);
        assert_eq!(ended.status, Some(status), "{token}");
        assert!(ended.stdout.contains(expected), "{token}: {}", ended.stdout);
    }
}
