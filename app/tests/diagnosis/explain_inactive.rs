//! What `app explain` says about tokens that ZITADEL calls inactive, and about what is no token.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use zitadel_double::{Audience, NewUser, SessionToken, TokenShape, UserState, ZitadelDouble};

use crate::run::{basic, run, said};

/// The causes that are told of a token, and the line about what it looks like.
#[track_caller]
fn explain(double: &ZitadelDouble, token: &str) -> (String, String) {
    let ended = run(&["explain"], &basic(double), token);
    assert_eq!(ended.status, Some(1), "{}{}", ended.stdout, ended.stderr);
    let text = said(&ended, double);
    assert!(text.contains("Verdict:  inactive\n"), "{text}");
    assert!(text.contains("401 inactive: the authorization server calls the token inactive\n"));
    let form = text.lines().nth(1).unwrap().trim_start_matches("Token:").trim().to_owned();
    let (_, causes) = text.split_once("Why, most likely first:\n").unwrap();
    (form, causes.to_owned())
}

fn human(double: &ZitadelDouble, token: SessionToken) -> String {
    double.session_token(&double.add_user(NewUser::human("ada")), token)
}

const FAULT: &str = "  possible  ZITADEL answers the same for faults of its own, such as a database \
                     or an Action that fails: if every token is inactive, look into its log\n";

#[tokio::test]
async fn a_jwt_of_another_project_is_told_which_scope_to_request() {
    let double = ZitadelDouble::start().await;
    let token = SessionToken {
        shape: TokenShape::Jwt,
        audience: Audience::Project(double.foreign_project_id().clone()),
        ..SessionToken::default()
    };
    let (form, causes) = explain(&double, &human(&double, token));
    let (length, said) = form.split_once(", which says (unverified) ").unwrap();
    assert!(length.starts_with("a JWT of ") && length.ends_with(" characters"), "{form}");
    let (said, exp) = said.split_once(", exp ").unwrap();
    assert_eq!(
        said,
        "alg \"RS256\", kid \"340000000000000030\", iss \"http://ADDRESS\", aud \
         [\"340000000000000015\", \"340000000000000002\"]"
    );
    assert!(exp.contains("Z, in 1"), "{exp}");
    assert_eq!(
        causes,
        format!(
            "  certain   its audience is [\"340000000000000015\", \"340000000000000002\"], it lacks \
             your project 340000000000000001: request the scope \
             urn:zitadel:iam:org:project:id:340000000000000001:aud\n{FAULT}"
        )
    );
}

#[tokio::test]
async fn an_opaque_token_without_the_audience_has_that_as_its_first_cause() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let token = double.session_token(&user, SessionToken::client_credentials("svc", []));
    let (form, causes) = explain(&double, &token);
    assert_eq!(form, "opaque, of 104 characters");
    assert_eq!(
        causes,
        format!(
            "  likely    its audience lacks your project 340000000000000001: request the scope \
             urn:zitadel:iam:org:project:id:340000000000000001:aud; client credentials, and front \
             ends of other projects, need it\n  \
             likely    it has expired: get a new one\n  \
             likely    it was revoked, its session was ended, or a refresh replaced it, which kills \
             the older token at once: get a new one\n  \
             possible  its user is deactivated, locked or removed; a token does not come back to \
             life with the user\n  \
             possible  it is a refresh token, which looks the same from outside: send the access \
             token\n  \
             possible  it is of another instance, or a part of it is missing: compare its length \
             where you got it\n{FAULT}"
        )
    );
}

// What it tells people to do must be what helps.
#[tokio::test]
async fn the_scope_that_is_told_is_the_one_that_helps() {
    let double = ZitadelDouble::start().await;
    let service = double.add_user(NewUser::service("svc"));
    let token = double.session_token(&service, SessionToken::client_credentials("svc", []));
    let (_, causes) = explain(&double, &token);
    let (_, scope) = causes.split_once("request the scope ").unwrap();
    let (scope, _) = scope.split_once(';').unwrap();
    let token = SessionToken::client_credentials("svc", []).with_scope(scope);
    let token = double.session_token(&service, token);
    let ended = run(&["explain"], &basic(&double), &token);
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
}

#[tokio::test]
async fn an_expired_jwt_says_since_when() {
    let double = ZitadelDouble::start().await;
    let token = SessionToken { shape: TokenShape::Jwt, ..SessionToken::expired() };
    let (_, causes) = explain(&double, &human(&double, token));
    let first = causes.lines().next().unwrap();
    let since = first.strip_prefix("  certain   it expired at ").unwrap();
    assert!(since.contains("Z, 1h") && since.ends_with(" ago: get a new one"), "{since}");
    assert_eq!(causes.lines().count(), 2, "{causes}");
}

#[tokio::test]
async fn a_jwt_of_another_domain_shows_both_issuers() {
    let double = ZitadelDouble::start().await;
    let another = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let token = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let (_, causes) = explain(&double, &human(&another, token));
    assert_eq!(
        causes,
        format!(
            "  certain   its issuer is \"https://auth.example.test\" and not \"http://ADDRESS\": it \
             is of another instance, or was issued through another domain of the same one; a JWT is \
             active only through the domain that it was issued by\n{FAULT}"
        )
    );
}

/// A JWT that nobody signed, as ZITADEL makes id tokens.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256", "kid": "340000000000000030" }));
    format!("{header}.{}.{}", part(claims), "c2lnbmF0dXJl".repeat(29))
}

#[tokio::test]
async fn an_id_token_is_recognized_by_claims_that_access_tokens_do_not_have() {
    let double = ZitadelDouble::start().await;
    let token = unsigned(&json!({
        "iss": double.issuer(), "aud": [double.client_id().as_str()], "exp": 4_000_000_000_u64,
        "sub": "340000000000000100", "nonce": "n", "at_hash": "h",
    }));
    let (_, causes) = explain(&double, &token);
    assert_eq!(
        causes,
        format!(
            "  likely    it is an id token, by its claims at_hash, nonce, which access tokens do \
             not have: send the access token of the same answer instead\n{FAULT}"
        )
    );
}

#[tokio::test]
async fn a_jwt_that_shows_nothing_wrong_was_revoked_or_its_user_is_not_active() {
    let double = ZitadelDouble::start().await;
    let token = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let token = human(&double, token);
    double.revoke(&token);
    let (_, causes) = explain(&double, &token);
    let words: Vec<_> = causes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["likely", "likely", "possible", "possible"], "{causes}");
    assert!(causes.starts_with("  likely    it was revoked, its session was ended"), "{causes}");
}

#[tokio::test]
async fn a_personal_access_token_is_never_inactive_for_its_audience() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let token = double.pat(&user);
    double.set_user_state(&user, UserState::Deactivated);
    let (form, causes) = explain(&double, &token);
    assert_eq!(form, "opaque, of 71 characters, as ZITADEL's personal access tokens are");
    assert_eq!(
        causes,
        format!(
            "  likely    by its length it is a personal access token: it was deleted or has \
             expired; make a new one\n  \
             likely    its user is deactivated, locked or removed; a token does not come back to \
             life with the user\n  \
             possible  it is of another instance, or a part of it is missing: compare its length \
             where you got it\n{FAULT}"
        )
    );
}

#[tokio::test]
async fn half_a_jwt_is_recognized() {
    let double = ZitadelDouble::start().await;
    let token = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let token = human(&double, token);
    let half = &token[..token.len() / 3];
    let (form, causes) = explain(&double, half);
    assert!(form.ends_with("begins as a JWT does, and cannot be read as one"), "{form}");
    assert_eq!(
        causes,
        format!(
            "  likely    a part of it is missing or was changed when it was copied: copy the whole \
             token\n{FAULT}"
        )
    );
}

#[tokio::test]
async fn a_local_token_means_nothing_to_zitadel() {
    let double = ZitadelDouble::start().await;
    let (_, causes) = explain(&double, "dev-reader");
    assert_eq!(
        causes,
        "  certain   it is a local token of the in-memory fake, which ZITADEL does not know: set \
         APP_INTROSPECTOR=fake to use it\n"
    );
}

#[tokio::test]
async fn what_is_too_short_or_cut_off_is_not_told_to_request_a_scope() {
    let double = ZitadelDouble::start().await;
    let token = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let token = human(&double, token);
    let (_, causes) = explain(&double, &token[..token.len() - 5]);
    let signature = "its signature is too short: the end of it is missing, copy the whole token";
    assert_eq!(causes, format!("  likely    {signature}\n{FAULT}"));
    let (form, causes) = explain(&double, "qwertyqwerty");
    assert_eq!(form, "opaque, of 12 characters");
    let short = "it is shorter than any access token of ZITADEL: a part of it is missing, or it is \
                 something else";
    assert_eq!(causes, format!("  likely    {short}\n{FAULT}"));
    let (_, causes) = explain(&double, &format!("{}+{}", "q".repeat(50), "q".repeat(50)));
    assert!(causes.starts_with("  likely    it has characters that ZITADEL's opaque tokens"));
}

// Whoever skips the token endpoint sends what was meant for it.
#[tokio::test]
async fn an_assertion_is_recognized_by_its_own_issuer() {
    let double = ZitadelDouble::start().await;
    let (_, causes) = explain(
        &double,
        &unsigned(&json!({
            "iss": "340000000000000101", "sub": "340000000000000101", "aud": double.issuer(),
        })),
    );
    assert_eq!(
        causes,
        format!(
            "  certain   its issuer is its own subject: it is an assertion, by which a token is \
             asked for; send it to the token endpoint, and the access token that comes back to this \
             API\n{FAULT}"
        )
    );
}

// A claim may hold what a terminal obeys.
#[tokio::test]
async fn what_a_token_says_is_shown_with_escapes() {
    let double = ZitadelDouble::start().await;
    let (_, causes) = explain(&double, &unsigned(&json!({ "iss": "\u{1b}[2J", "aud": "\u{7}" })));
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
            "18 characters that are no token: number 4 is ' '",
        ),
        (
            "first-token\nsecond-token\n",
            "forbidden_character",
            "24 characters that are no token: number 12 is '\\n'",
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
