//! What is told of tokens of every kind.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::zitadel::diagnosis::tests::explainer;

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256" }));
    format!("{header}.{}.{}", part(claims), "c".repeat(342))
}

/// Certainty and word of each cause but the last, which is always there.
fn causes(explainer: &Explainer, token: &str) -> Vec<(Certainty, &'static str)> {
    let token = AccessToken::parse(token).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let mut causes = explainer.inactive(&token, now);
    assert_eq!(causes.pop().unwrap().cause, "fault_of_zitadel");
    causes.into_iter().map(|cause| (cause.certainty, cause.cause)).collect()
}

#[test]
fn the_audience_must_name_the_client_or_the_project() {
    let claims =
        |aud: Value| jwt(&json!({ "iss": "https://auth.example.com/", "aud": aud, "exp": 1001 }));
    let lacking = [(Certain, "audience")];
    for (audience, expected) in [
        (json!(["other"]), &lacking[..]),
        (json!("other"), &lacking),
        (Value::Null, &lacking),
        (json!(["other", "client"]), &OTHERWISE),
        (json!("project"), &OTHERWISE),
    ] {
        let shown = audience.to_string();
        let found = causes(&explainer(Some("project")), &claims(audience));
        assert_eq!(found, expected, "{shown}");
    }
    // Without the project's id nobody can be sure.
    let found = causes(&explainer(None), &claims(json!(["project"])));
    assert_eq!(found, [(Likely, "audience")]);
}

const OTHERWISE: [(Certainty, &str); 3] =
    [(Likely, "revoked"), (Likely, "user_not_active"), (Possible, "forged")];

#[test]
fn exp_is_reached_in_its_second_and_need_not_be_one_that_a_clock_can_show() {
    for (exp, expired) in [(json!(1000), true), (json!(1001), false), (json!(u64::MAX), false)] {
        let token = jwt(&json!({ "iss": "https://auth.example.com", "aud": "client", "exp": exp }));
        let found = causes(&explainer(None), &token);
        assert_eq!(found.contains(&(Certain, "expired")), expired, "{exp}");
    }
}

#[test]
fn what_is_certain_comes_before_what_is_likely() {
    let token = jwt(&json!({ "aud": "other", "exp": 1 }));
    let expected = [(Certain, "expired"), (Certain, "audience"), (Likely, "not_of_this_instance")];
    assert_eq!(causes(&explainer(Some("project")), &token), expected);
}

#[test]
fn what_is_no_jwt_is_told_by_its_looks() {
    let opaque = "a".repeat(104);
    let personal = "a".repeat(71);
    let encrypted = format!("{}.a.b.c.d", jwt(&json!({})).split('.').next().unwrap());
    let half = "a".repeat(30);
    for (token, first) in [
        (opaque.as_str(), "audience"),
        (&format!("eyJ{opaque}"), "cut_off"),
        (&format!("eyJ{half}.{half}.{half}"), "cut_off"),
        (&format!("{half}.{half}.{half}"), "not_of_this_instance"),
        (personal.as_str(), "revoked"),
        ("eyJhbGciOiJSUzI1NiJ9", "cut_off"),
        ("eyJ.eyJ.eyJ", "cut_off"),
        ("a.b.c", "cut_off"),
        (&opaque[..40], "audience"),
        (&opaque[..39], "cut_off"),
        (&opaque.replacen("aa", "-_", 1), "audience"),
        (&opaque.replacen('a', "+", 1), "not_of_this_instance"),
        (&opaque.replacen('a', ".", 1), "not_of_this_instance"),
        (encrypted.as_str(), "not_of_this_instance"),
    ] {
        assert_eq!(causes(&explainer(None), token)[0].1, first, "{token}");
    }
}

#[test]
fn the_looks_of_a_token_are_told_without_repeating_it() {
    let long = "a".repeat(50);
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP"}"#);
    for (token, expected) in [
        (format!("{long}.a.b.c.d"), "opaque, of 58 characters"),
        (format!("{header}.a.b.c.d"), "an encrypted JWT (JWE) of 32 characters"),
        (format!("eyJ{long}"), "of 53 characters, begins as a JWT does, and cannot be read as one"),
        ("a".repeat(71), "opaque, of 71 characters, as ZITADEL's personal access tokens are"),
        ("a".repeat(39), "opaque, of 39 characters"),
    ] {
        let token = AccessToken::parse(&token).unwrap();
        assert_eq!(explainer(None).form(&token, SystemTime::UNIX_EPOCH), expected);
    }
    let token = jwt(&json!({ "iss": "x", "aud": ["a", "b"], "exp": 3600 }));
    let token = AccessToken::parse(&token).unwrap();
    let said = explainer(None).form(&token, SystemTime::UNIX_EPOCH);
    let (_, said) = said.split_once(", which says ").unwrap();
    assert_eq!(
        said,
        r#"(unverified) alg "RS256", kid none, iss "x", aud ["a", "b"], exp 1970-01-01T01:00:00Z, in 1h"#
    );
}

#[test]
fn claims_of_id_tokens_tell_only_where_zitadel_made_them() {
    let of_zitadel = "https://auth.example.com";
    for (issuer, expected) in [
        (json!(of_zitadel), &[(Likely, "id_token")][..]),
        (json!("https://keycloak.test"), &[(Certain, "another_issuer"), (Certain, "audience")]),
        (Value::Null, &[(Certain, "audience"), (Likely, "not_of_this_instance")]),
    ] {
        for claim in ["at_hash", "c_hash", "nonce", "sid", "azp"] {
            let token = jwt(&json!({ "iss": issuer, "aud": "a-client", claim: "x" }));
            assert_eq!(causes(&explainer(Some("project")), &token), expected, "{issuer} {claim}");
        }
    }
}

#[test]
fn an_assertion_is_its_own_issuer() {
    let assertion =
        |iss: &str| jwt(&json!({ "iss": iss, "sub": "340000000000000101", "aud": "client" }));
    let explainer = explainer(None);
    let found = causes(&explainer, &assertion("340000000000000101"));
    assert_eq!(found, [(Certain, "assertion")]);
    assert_eq!(causes(&explainer, &assertion("https://auth.example.com")), OTHERWISE);
    let nobody = jwt(&json!({ "aud": "client" }));
    assert_eq!(causes(&explainer, &nobody), [(Likely, "not_of_this_instance")]);
}

#[test]
fn a_signature_that_is_too_short_is_cut_off() {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(&json!({ "iss": "https://auth.example.com", "aud": "client" }));
    for (algorithm, shortest) in [
        ("RS256", 342),
        ("RS384", 342),
        ("RS512", 342),
        ("ES256", 86),
        ("EdDSA", 86),
        ("ES384", 128),
        ("ES512", 176),
    ] {
        let header = part(&json!({ "alg": algorithm }));
        let signed = |length: usize| format!("{header}.{claims}.{}", "c".repeat(length));
        assert_eq!(causes(&explainer(None), &signed(shortest)), OTHERWISE, "{algorithm}");
        let found = causes(&explainer(None), &signed(shortest - 1));
        assert_eq!(found, [(Likely, "cut_off")], "{algorithm}");
    }
    let unknown = format!("{}.{claims}.", part(&json!({ "alg": "none" })));
    assert_eq!(causes(&explainer(None), &unknown), OTHERWISE);
}

/// Tokens of any kind: opaque ones, and JWTs with any claims.
fn any_token() -> impl Strategy<Value = String> {
    let text = || "\\PC{0,20}";
    let claims = (text(), prop::collection::vec(text(), 0..4), any::<u64>(), text());
    let claims = claims.prop_map(|(iss, aud, exp, nonce)| {
        jwt(&json!({ "iss": iss, "aud": aud, "exp": exp, "nonce": nonce }))
    });
    prop_oneof!["[A-Za-z0-9._~+/-]{1,120}={0,2}", "eyJ[A-Za-z0-9._-]{0,60}", claims]
}

proptest! {
    #[test]
    fn whatever_a_token_is_nothing_repeats_it(token in any_token()) {
        let parsed = AccessToken::parse(&token);
        prop_assume!(parsed.is_ok());
        let (parsed, explainer) = (parsed.unwrap(), explainer(Some("project")));
        let now = SystemTime::UNIX_EPOCH;
        let causes = explainer.inactive(&parsed, now);
        let mut said: Vec<_> = causes.into_iter().map(|cause| cause.text).collect();
        said.push(explainer.form(&parsed, now));
        for part in token.split('.').filter(|part| part.len() >= 16) {
            prop_assert!(said.iter().all(|said| !said.contains(part)), "{:?}", said);
        }
    }
}
