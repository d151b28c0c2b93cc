//! Tests of the causes for inactive tokens of every kind.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::advice::{tests::summary, token_form};

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256" }));
    format!("{header}.{}.{}", part(claims), "c".repeat(342))
}

/// Returns certainty and name (such as `expired`) of each cause why `token` is inactive. If none is
/// certain, asserts that the last is `fault_of_zitadel`, and leaves it out.
fn causes_of(summary: &SettingsSummary, token: &str) -> Vec<(Certainty, &'static str)> {
    let token = AccessToken::parse(token).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let mut causes = causes(summary, &token, now);
    if causes.iter().all(|cause| cause.certainty != Certain) {
        assert_eq!(causes.pop().unwrap().cause, "fault_of_zitadel");
    }
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
        let found = causes_of(&summary(Some("project")), &claims(audience));
        assert_eq!(found, expected, "{shown}");
    }
    // Without the project's id the cause is not certain.
    let found = causes_of(&summary(None), &claims(json!(["project"])));
    assert_eq!(found, [(Likely, "audience")]);
}

const OTHERWISE: [(Certainty, &str); 3] =
    [(Possible, "revoked"), (Possible, "user_not_active"), (Possible, "forged")];

#[test]
fn exp_is_reached_in_its_second_and_need_not_be_one_that_a_clock_can_show() {
    for (exp, expired) in [(json!(1000), true), (json!(1001), false), (json!(u64::MAX), false)] {
        let token = jwt(&json!({ "iss": "https://auth.example.com", "aud": "client", "exp": exp }));
        let found = causes_of(&summary(None), &token);
        assert_eq!(found.contains(&(Certain, "expired")), expired, "{exp}");
    }
}

#[test]
fn what_is_certain_comes_before_what_is_likely() {
    let token = jwt(&json!({ "aud": "other", "exp": 1 }));
    let expected = [(Certain, "expired"), (Certain, "audience"), (Likely, "not_of_this_instance")];
    assert_eq!(causes_of(&summary(Some("project")), &token), expected);
}

fn jwe(header: &str, lengths: [usize; 4]) -> String {
    let parts = lengths.map(|length| "a".repeat(length)).join(".");
    format!("{}.{parts}", BASE64_URL_SAFE_NO_PAD.encode(header))
}

const NEWER: &str = r#"{"alg":"A256GCMKW","enc":"A256GCM","iv":"i","tag":"t"}"#;

#[test]
fn what_is_no_jwt_is_told_by_its_looks() {
    let opaque = "a".repeat(104);
    let half = "a".repeat(30);
    let of_length = |length| "-".repeat(length);
    for (token, certainty, first) in [
        (opaque.clone(), Possible, "audience"),
        (format!("eyJ{opaque}"), Likely, "cut_off"),
        (format!("eyJ{half}.{half}.{half}"), Likely, "cut_off"),
        (format!("{half}.{half}.{half}"), Likely, "not_of_this_instance"),
        ("eyJhbGciOiJSUzI1NiJ9".to_owned(), Likely, "cut_off"),
        ("eyJ.eyJ.eyJ".to_owned(), Likely, "cut_off"),
        ("a.b.c".to_owned(), Likely, "cut_off"),
        (of_length(71), Possible, "revoked"),
        // One character too few, and one too many.
        (of_length(70), Likely, "cut_off"),
        (of_length(72), Likely, "cut_off"),
        // The id in a session's token is whole from 79 characters on, whatever follows.
        (of_length(78), Likely, "cut_off"),
        (of_length(79), Possible, "audience"),
        (of_length(106), Possible, "audience"),
        // No base64url text has 4n + 1 characters.
        (of_length(73), Certain, "cut_off"),
        (of_length(105), Certain, "cut_off"),
        (of_length(40), Likely, "cut_off"),
        (of_length(39), Likely, "cut_off"),
        ("a".repeat(64), Likely, "client_secret"),
        (of_length(64), Likely, "cut_off"),
        (opaque.replacen("aa", "-_", 1), Possible, "audience"),
        (opaque.replacen('a', "+", 1), Likely, "not_of_this_instance"),
        (opaque.replacen('a', ".", 1), Likely, "not_of_this_instance"),
        (
            jwe(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, [43, 16, 90, 22]),
            Likely,
            "not_of_this_instance",
        ),
        (jwe(NEWER, [43, 16, 90, 22]), Possible, "audience"),
        (jwe(NEWER, [43, 16, 90, 23]), Certain, "cut_off"),
        (jwe(NEWER, [42, 16, 90, 22]), Certain, "cut_off"),
        (jwe(NEWER, [43, 16, 89, 22]), Certain, "cut_off"),
    ] {
        assert_eq!(causes_of(&summary(None), &token)[0], (certainty, first), "{token}");
    }
}

// A cause that neither form nor length decides is not called likely.
#[test]
fn the_causes_of_an_opaque_token_are_possible_and_each_has_its_line_in_zitadels_log() {
    for token in ["a".repeat(104), "a".repeat(71), jwe(NEWER, [43, 16, 90, 22])] {
        let token = AccessToken::parse(&token).unwrap();
        let causes = super::causes(&summary(None), &token, SystemTime::UNIX_EPOCH);
        assert!(causes.iter().all(|cause| cause.certainty == Possible), "{causes:?}");
        let (last, others) = causes.split_last().unwrap();
        assert!(others.iter().all(|cause| cause.logged_as.is_some()), "{causes:?}");
        assert_eq!(last.cause, "fault_of_zitadel");
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
        ("a".repeat(64), "64 characters, letters and digits, as ZITADEL's client secrets are"),
        ("a".to_owned(), "opaque, of 1 character"),
        (
            jwe(NEWER, [43, 16, 90, 22]),
            "opaque, of 247 characters, in the form of newer versions of ZITADEL (JWE)",
        ),
        ("a".repeat(39), "opaque, of 39 characters"),
    ] {
        let token = AccessToken::parse(&token).unwrap();
        assert_eq!(token_form::describe(&token, SystemTime::UNIX_EPOCH), expected);
    }
    let token = jwt(&json!({ "iss": "x", "aud": ["a", "b"], "exp": 3600, "jti": "V2_1-at_2" }));
    let token = AccessToken::parse(&token).unwrap();
    let said = token_form::describe(&token, SystemTime::UNIX_EPOCH);
    let (_, said) = said.split_once(", which says ").unwrap();
    assert_eq!(
        said,
        r#"(unverified) alg "RS256", kid none, iss "x", aud ["a", "b"], exp 1970-01-01T01:00:00Z, in 1h, OIDC session "V2_1""#
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
            assert_eq!(causes_of(&summary(Some("project")), &token), expected, "{issuer} {claim}");
        }
    }
}

#[test]
fn an_assertion_is_its_own_issuer() {
    let assertion =
        |iss: &str| jwt(&json!({ "iss": iss, "sub": "340000000000000101", "aud": "client" }));
    let summary = summary(None);
    let found = causes_of(&summary, &assertion("340000000000000101"));
    assert_eq!(found, [(Certain, "assertion")]);
    assert_eq!(causes_of(&summary, &assertion("https://auth.example.com")), OTHERWISE);
    let nobody = jwt(&json!({ "aud": "client" }));
    assert_eq!(causes_of(&summary, &nobody), [(Likely, "not_of_this_instance")]);
}

#[test]
fn a_signature_of_another_length_than_its_algorithm_makes_is_damaged() {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(&json!({ "iss": "https://auth.example.com", "aud": "client" }));
    for (algorithm, right) in [
        ("RS256", &[342, 512, 683][..]),
        ("RS384", &[342, 512, 683]),
        ("RS512", &[342, 512, 683]),
        ("ES256", &[86]),
        ("EdDSA", &[86]),
        ("ES384", &[128]),
        ("ES512", &[176]),
    ] {
        let header = part(&json!({ "alg": algorithm }));
        let signed = |length: usize| format!("{header}.{claims}.{}", "c".repeat(length));
        for length in right {
            assert_eq!(causes_of(&summary(None), &signed(*length)), OTHERWISE, "{algorithm}");
            for wrong in [length - 1, length + 1] {
                let found = causes_of(&summary(None), &signed(wrong));
                assert_eq!(found, [(Likely, "cut_off")], "{algorithm} {wrong}");
            }
        }
    }
    let unknown = format!("{}.{claims}.", part(&json!({ "alg": "none" })));
    assert_eq!(causes_of(&summary(None), &unknown), OTHERWISE);
}

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
        let (parsed, summary) = (parsed.unwrap(), summary(Some("project")));
        let now = SystemTime::UNIX_EPOCH;
        let causes = super::causes(&summary, &parsed, now);
        let mut said: Vec<_> = causes.into_iter().map(|cause| cause.text).collect();
        said.push(token_form::describe(&parsed, now));
        for part in token.split('.').filter(|part| part.len() >= 16) {
            prop_assert!(said.iter().all(|said| !said.contains(part)), "{:?}", said);
        }
    }
}
