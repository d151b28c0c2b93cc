use std::time::{Duration, SystemTime};

use domain::ScopeToken;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PROJECT_ID: &str = "340000000000000001";
const READ: Role = Role::from_static("read:messages");

fn translate(answer: &Value) -> Result<Introspection, IntrospectionError> {
    Translator::new(Some(PROJECT_ID), Vec::new())
        .introspection(&serde_json::to_vec(answer).unwrap())
}

#[track_caller]
fn active(answer: &Value) -> ActiveToken {
    match translate(answer) {
        Ok(Introspection::Active(token)) => token,
        other => panic!("{answer} is {other:?}"),
    }
}

#[track_caller]
fn malformed(json: &[u8]) -> String {
    match Translator::new(Some(PROJECT_ID), Vec::new()).introspection(json) {
        Err(IntrospectionError::Malformed { source }) => source.to_string(),
        other => panic!("{} is {other:?}", String::from_utf8_lossy(json)),
    }
}

fn at(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
}

#[test]
fn every_claim_of_a_persons_token_is_read() {
    let token = active(&json!({
        "active": true, "scope": "openid profile", "client_id": "340000000000000011",
        "token_type": "Bearer", "exp": 1_767_268_800, "iat": 1_767_225_600, "nbf": 1_767_225_601,
        "auth_time": 1_767_225_590, "sub": "340000000000000100",
        "aud": ["340000000000000011", "340000000000000001"], "amr": ["pwd"],
        "iss": "https://auth.example.com", "jti": "V2_1-at_2", "username": "ada@acme.example.com",
        "locale": null, "email_verified": true,
        "urn:zitadel:iam:user:resourceowner:id": "340000000000000200",
        "urn:zitadel:iam:org:project:roles":
            { "read:messages": { "340000000000000200": "acme.example.com" } },
    }));
    assert_eq!(token.principal.subject.as_ref().unwrap().as_str(), "340000000000000100");
    assert_eq!(token.principal.username.as_ref().unwrap().as_str(), "ada@acme.example.com");
    assert_eq!(token.principal.client_id.as_ref().unwrap().as_str(), "340000000000000011");
    assert_eq!(token.principal.issuer.as_ref().unwrap().as_str(), "https://auth.example.com");
    let audience: Vec<_> = token.principal.audience.iter().map(Audience::as_str).collect();
    assert_eq!(audience, ["340000000000000011", "340000000000000001"]);
    assert!(token.principal.scope.contains(&ScopeToken::from_static("profile")));
    assert_eq!(token.principal.organization.as_ref().unwrap().as_str(), "340000000000000200");
    assert_eq!(token.not_before, Some(at(1_767_225_601)));
    assert_eq!(token.expires_at, Some(at(1_767_268_800)));
    assert!(!token.key_bound);
    assert_eq!(token.id.as_ref().unwrap().as_str(), "V2_1-at_2");
    assert_eq!(token.id.as_ref().unwrap().session(), Some("V2_1"));
    let [organization] = token.principal.roles.granted_by(&READ) else {
        panic!("{:?}", token.principal.roles)
    };
    assert_eq!(organization.id.as_str(), "340000000000000200");
    assert_eq!(&*organization.primary_domain, "acme.example.com");
}

#[test]
fn active_alone_is_an_active_token_about_which_nothing_is_known() {
    assert_eq!(active(&json!({ "active": true })), ActiveToken::default());
}

#[test]
fn inactive_is_a_verdict() {
    assert_eq!(translate(&json!({ "active": false })).unwrap(), Introspection::Inactive);
}

#[test]
fn a_personal_access_token_lives_until_the_year_9999() {
    let token = active(&json!({ "active": true, "exp": 253_402_300_799_u64 }));
    assert_eq!(token.expires_at, Some(at(253_402_300_799)));
}

#[test]
fn a_time_may_have_a_fraction_an_exponent_or_a_sign() {
    let times = |json: &str| {
        let answer = format!(r#"{{"active":true,"exp":{json}}}"#);
        match Translator::new(None, Vec::new()).introspection(answer.as_bytes()) {
            Ok(Introspection::Active(token)) => token.expires_at.unwrap(),
            other => panic!("{json} is {other:?}"),
        }
    };
    let epoch = SystemTime::UNIX_EPOCH;
    assert_eq!(times("1767268800.5"), epoch + Duration::from_millis(1_767_268_800_500));
    assert_eq!(times("1.5e3"), epoch + Duration::from_secs(1500));
    assert_eq!(times("-1"), epoch - Duration::from_secs(1));
    assert_eq!(times("-0.5"), epoch - Duration::from_millis(500));
    assert_eq!(times("0"), epoch);
}

#[test]
fn a_time_that_no_clock_can_show_makes_the_answer_malformed() {
    for json in ["18446744073709551615", "-9223372036854775808e1", "1e300", "1e999"] {
        malformed(format!(r#"{{"active":true,"exp":{json}}}"#).as_bytes());
    }
}

#[test]
fn an_audience_may_be_one_string() {
    let token = active(&json!({ "active": true, "aud": "api" }));
    assert_eq!(*token.principal.audience, [Audience::parse("api").unwrap()]);
}

#[test]
fn absent_roles_are_no_roles() {
    assert_eq!(active(&json!({ "active": true })).principal.roles, Roles::default());
}

#[test]
fn a_role_that_no_organization_granted_is_no_role() {
    let token =
        active(&json!({ "active": true, "urn:zitadel:iam:org:project:roles": { "admin": {} } }));
    assert_eq!(token.principal.roles, Roles::default());
}

fn with_roles(project_claim: Option<Value>) -> Value {
    let mut answer = json!({
        "active": true,
        "urn:zitadel:iam:org:project:roles": { "read:messages": { "1": "a.test", "2": "b.test" } },
        "urn:zitadel:iam:org:project:999:roles": { "admin": { "1": "a.test" } },
    });
    if let Some(roles) = project_claim {
        answer["urn:zitadel:iam:org:project:340000000000000001:roles"] = roles;
    }
    answer
}

#[test]
fn the_roles_of_the_configured_project_win() {
    let token = active(&with_roles(Some(json!({ "write": { "1": "a.test" } }))));
    assert!(!token.principal.roles.contains(&READ));
    assert!(token.principal.roles.contains(&Role::from_static("write")));
    let token = active(&with_roles(Some(json!({}))));
    assert_eq!(token.principal.roles, Roles::default());
}

#[test]
fn without_the_projects_own_claim_the_general_one_is_read() {
    let token = active(&with_roles(None));
    assert_eq!(token.principal.roles.granted_by(&READ).len(), 2);
    assert!(!token.principal.roles.contains(&Role::from_static("admin")));
}

#[test]
fn without_a_project_id_only_the_general_claim_is_read() {
    let json = serde_json::to_vec(&with_roles(Some(json!("anything")))).unwrap();
    let Ok(Introspection::Active(token)) = Translator::new(None, Vec::new()).introspection(&json)
    else {
        panic!("not active")
    };
    assert!(token.principal.roles.contains(&READ));
}

// docs/incidents.md row 16.
#[test]
fn a_confirmation_claim_binds_the_token_to_a_key() {
    assert!(active(&json!({ "active": true, "cnf": { "jkt": "x" } })).key_bound);
    assert!(active(&json!({ "active": true, "cnf": {} })).key_bound);
}

#[test]
fn unknown_claims_of_any_shape_are_ignored() {
    let token = active(&json!({
        "active": true, "locale": null, "act": { "sub": [1, { "a": null }] }, "": 1,
        "urn:zitadel:iam:user:metadata": [], "token_type": 7, "email_verified": "yes",
    }));
    assert_eq!(token, ActiveToken::default());
}

// docs/incidents.md row 9.
#[test]
fn a_claim_of_the_wrong_type_makes_the_answer_malformed() {
    let anything = [
        json!(null),
        json!(true),
        json!(1),
        json!(1.5),
        json!("text"),
        json!([]),
        json!([1]),
        json!(["text"]),
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": { "b": 1 } }),
        json!({ "a": { "b": "c" } }),
    ];
    let text: fn(&Value) -> bool = Value::is_string;
    let date: fn(&Value) -> bool = Value::is_number;
    let roles: fn(&Value) -> bool =
        |value| *value == json!({}) || *value == json!({ "a": { "b": "c" } });
    for (claim, fits) in [
        ("active", Value::is_boolean as fn(&Value) -> bool),
        ("sub", text),
        ("client_id", text),
        ("iss", text),
        ("scope", text),
        ("urn:zitadel:iam:user:resourceowner:id", text),
        ("exp", date),
        ("nbf", date),
        ("aud", |value| value.is_string() || *value == json!([]) || *value == json!(["text"])),
        ("cnf", Value::is_object),
        ("urn:zitadel:iam:org:project:roles", roles),
        ("urn:zitadel:iam:org:project:340000000000000001:roles", roles),
    ] {
        for value in &anything {
            let mut answer = json!({ "active": true });
            answer[claim] = value.clone();
            if fits(value) {
                assert!(translate(&answer).is_ok(), "{answer}");
            } else {
                let seen = malformed(&serde_json::to_vec(&answer).unwrap());
                assert!(seen.contains(&format!("the claim {claim} has the wrong type")), "{seen}");
            }
        }
    }
}

#[test]
fn a_claim_that_is_there_twice_makes_the_answer_malformed() {
    for json in [
        r#"{"active":false,"active":true}"#,
        r#"{"active":true,"exp":1,"exp":2}"#,
        r#"{"active":true,"\u0061ctive":true}"#,
    ] {
        assert!(malformed(json.as_bytes()).contains("twice"), "{json}");
    }
}

#[test]
fn an_empty_subject_or_issuer_makes_the_answer_malformed() {
    for (claim, value) in [("sub", ""), ("iss", ""), ("iss", "/")] {
        let mut answer = json!({ "active": true });
        answer[claim] = json!(value);
        let seen = malformed(&serde_json::to_vec(&answer).unwrap());
        assert_eq!(seen, format!("the claim {claim} is empty"));
    }
}

#[test]
fn an_empty_name_that_no_rule_can_ask_for_is_dropped() {
    let nothing = ActiveToken::default;
    for (claim, value) in [
        ("username", json!("")),
        ("username", json!(null)),
        ("username", json!({ "a": [1] })),
        ("client_id", json!("")),
        ("jti", json!("")),
        ("scope", json!("")),
        ("aud", json!("")),
        ("aud", json!(["", ""])),
        ("urn:zitadel:iam:user:resourceowner:id", json!("")),
        ("urn:zitadel:iam:org:project:roles", json!({ "": { "1": "a" } })),
        ("urn:zitadel:iam:org:project:roles", json!({ "a": { "": "a" } })),
        ("urn:zitadel:iam:org:project:340000000000000001:roles", json!({ "": { "": "" } })),
    ] {
        let mut answer = json!({ "active": true });
        answer[claim] = value;
        assert_eq!(active(&answer), nothing(), "{answer}");
    }
    let token = active(&json!({ "active": true, "aud": ["", "api"] }));
    assert_eq!(*token.principal.audience, [Audience::parse("api").unwrap()]);
}

// ZITADEL allows any 1 to 200 characters in a role key.
#[test]
fn odd_role_keys_harm_neither_the_answer_nor_the_roles_beside_them() {
    let long = "ü".repeat(200);
    for key in
        ["read all", "a/b", "löschen", "日本", " ", "\"", "\n", "a\u{0}b", "__proto__", &long]
    {
        let token = active(&json!({
            "active": true,
            "scope": format!("openid urn:zitadel:iam:org:project:role:{key}"),
            "urn:zitadel:iam:org:project:roles":
                { key: { "1": "a.test" }, "read:messages": { "1": "" }, "": { "1": "a.test" } },
        }));
        let roles = &token.principal.roles;
        assert_eq!(roles.iter().len(), 2, "{key:?}");
        assert!(roles.contains(&Role::parse(key).unwrap()) && roles.contains(&READ), "{key:?}");
        assert!(token.principal.scope.contains(&ScopeToken::from_static("openid")), "{key:?}");
    }
}

#[test]
fn an_issuer_is_read_by_the_rules_of_urls() {
    for (text, same) in [
        ("https://auth.example.com:443", "https://auth.example.com"),
        ("HTTPS://Auth.Example.COM/", "https://auth.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443"),
        ("https://[2001:DB8::0:1]", "https://[2001:db8::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://127.1", "https://127.0.0.1"),
        ("accounts.example.com", "accounts.example.com"),
        ("urn:example:issuer", "urn:example:issuer"),
    ] {
        let token = active(&json!({ "active": true, "iss": text }));
        assert_eq!(token.principal.issuer.as_ref().unwrap().as_str(), same);
    }
    let other = active(&json!({ "active": true, "iss": "https://auth.example.com:8443" }));
    assert_eq!(other.principal.issuer.as_ref().unwrap().as_str(), "https://auth.example.com:8443");
}

#[test]
fn what_is_no_introspection_answer_is_malformed() {
    for json in [
        "",
        " ",
        "null",
        "true",
        "[]",
        "[true]",
        "\"text\"",
        "<html>login</html>",
        "{",
        "{}",
        r#"{"active":true"#,
        r#"{"active":true}x"#,
        r#"{"active":true}{"active":true}"#,
        r#"{"active":1}"#,
        r#"{"Active":true}"#,
        r#"{"error":"server_error"}"#,
    ] {
        malformed(json.as_bytes());
    }
    malformed(b"{\"active\":true,\"sub\":\"\xff\"}");
}

#[test]
fn leading_and_trailing_space_does_no_harm() {
    let json = b" \r\n\t{\"active\":false}\r\n";
    assert_eq!(
        Translator::new(None, Vec::new()).introspection(json).unwrap(),
        Introspection::Inactive
    );
}

proptest! {
    // docs/incidents.md row 19.
    #[test]
    fn no_value_of_the_answer_is_repeated(
        claim in "active|exp|aud|cnf|sub|x",
        value in prop_oneof![
            Just(json!("top-secret")), Just(json!(["top-secret", 1])),
            Just(json!({ "top-secret": "top-secret" })), Just(json!({ "x": { "top-secret": 1 } })),
        ],
        cut in 0..60_usize,
    ) {
        let mut json = serde_json::to_vec(&json!({ "active": true, claim: value })).unwrap();
        json.truncate(json.len().saturating_sub(cut));
        for json in [&json[..], b"\"top-secret\"", b"[\"top-secret\"]", b"top-secret"] {
            if let Err(error) = Translator::new(None, Vec::new()).introspection(json) {
                let mut seen = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    seen.push_str(&cause.to_string());
                    source = cause.source();
                }
                prop_assert!(!seen.contains("top-secret"), "{}", seen);
            }
        }
    }

    #[test]
    fn no_number_makes_it_panic(
        claim in prop_oneof![Just("exp"), Just("nbf")],
        number in prop_oneof![
            any::<u64>().prop_map(|number| number.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter("JSON has none", |number| number.is_finite())
                .prop_map(|number| format!("{number:e}")),
            Just(u64::MAX.to_string()),
            Just(i64::MIN.to_string()),
        ],
    ) {
        let json = format!("{{\"active\":true,\"{claim}\":{number}}}");
        let answer = Translator::new(None, Vec::new()).introspection(json.as_bytes());
        let is_seen = match answer {
            Ok(Introspection::Active(token)) => {
                token.expires_at.is_some() || token.not_before.is_some()
            }
            Ok(Introspection::Inactive) => false,
            Err(error) => matches!(error, IntrospectionError::Malformed { .. }),
        };
        prop_assert!(is_seen, "{}", json);
    }
}

fn with_claims(names: &[&str], json: &str) -> Result<Introspection, IntrospectionError> {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Translator::new(None, names).introspection(json.as_bytes())
}

#[track_caller]
fn kept(names: &[&str], json: &str) -> domain::FurtherClaims {
    match with_claims(names, json).unwrap() {
        Introspection::Active(token) => token.principal.further_claims.clone(),
        Introspection::Inactive => panic!("it is active"),
    }
}

#[test]
fn claims_are_kept_by_name_to_the_letter_and_no_others() {
    let json = r#"{"active":true,"email":"ada@example.com","n":12345678901234567890123,
        "deep":{"b":[1, 2],"a":null},"other":1}"#;
    let claims = kept(&["email", "n", "deep", "missing"], json);
    assert_eq!(claims.get("email"), Some(r#""ada@example.com""#));
    assert_eq!(claims.get("n"), Some("12345678901234567890123"));
    assert_eq!(claims.get("deep"), Some(r#"{"b":[1, 2],"a":null}"#));
    assert_eq!(claims.names().len(), 3);
    assert_eq!(kept(&[], json), domain::FurtherClaims::default());
}

#[test]
fn metadata_is_decoded_and_a_value_that_is_no_text_stays() {
    let name = "urn:zitadel:iam:user:metadata";
    let json = r#"{"active":true,"urn:zitadel:iam:user:metadata":
        {"city":"WsO8cmljaA","padded":"YWI=","bytes":"_-8","odd":"!"}}"#;
    assert_eq!(
        kept(&[name], json).get(name),
        Some(r#"{"bytes":"_-8","city":"Zürich","odd":"!","padded":"ab"}"#)
    );
    let array = r#"{"active":true,"urn:zitadel:iam:user:metadata":["YWI"]}"#;
    assert_eq!(kept(&[name], array).get(name), Some(r#"["YWI"]"#));
}

#[test]
fn a_kept_claim_that_is_there_twice_makes_the_answer_malformed() {
    let answer = with_claims(&["email"], r#"{"active":true,"email":"a","email":"b"}"#);
    assert!(matches!(answer, Err(IntrospectionError::Malformed { .. })), "{answer:?}");
}
