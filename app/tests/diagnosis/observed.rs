//! Tests of `app explain` and `app check` for every response recorded at a real ZITADEL.

use ::observed::{Case, Replay, Section};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    groups::Groups,
    run::{Environment, run},
};

/// Expiry put into recorded tokens and responses, since the recorded one has passed: 2100-01-01, in
/// Unix seconds.
const EXPIRES: i64 = 4_102_444_800;
/// Expiry in ZITADEL's response for a token that never expires: 9999-12-31, in Unix seconds.
const NEVER: i64 = 253_402_300_799;
/// Token for a case whose own token was not recorded.
const SOME_TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODktX0FCQ0RFRkdISUpLTE1OT1BR";

#[test]
fn every_observed_token_is_explained() {
    let mut groups = Groups::default();
    for case in cases(|case| case.section != Section::Client) {
        let token = case.token().map_or_else(|| SOME_TOKEN.to_owned(), unexpired);
        groups.add(&case.name, said(&["explain"], &case, &token));
    }
    insta::assert_snapshot!(groups.text());
}

// A token in the newer form (JWE) shows only its completeness.
#[test]
fn every_observed_opaque_token_is_explained_in_the_newer_form() {
    let mut groups = Groups::default();
    for case in cases(|case| case.section == Section::Token) {
        let Some(token) = case.token().filter(|token| !token.contains('.')) else { continue };
        let damage = ["cut_off", "added_character", "last_characters"];
        if damage.iter().any(|damage| case.name.contains(damage)) || token.len() < 71 {
            continue;
        }
        groups.add(&case.name, said(&["explain"], &case, &newer_form()));
    }
    insta::assert_snapshot!(groups.text());
}

#[test]
fn every_observed_answer_to_a_client_is_checked() {
    let mut groups = Groups::default();
    let is_asked = |case: &Case| {
        let elsewhere = ["keys", "keys_of_unknown_host", "management_of_unknown_host"];
        case.section != Section::Token
            && case.name != "ready_of_unknown_host"
            && !elsewhere.contains(&case.name.as_str())
    };
    for case in cases(is_asked) {
        groups.add(&case.name, said(&["check"], &case, ""));
    }
    insta::assert_snapshot!(groups.text());
}

fn cases(is_meant: impl Fn(&Case) -> bool) -> Vec<Case> {
    ::observed::introspection().into_iter().filter(is_meant).map(lasting).collect()
}

/// Returns the case with the later expiry `EXPIRES` in its recorded response.
fn lasting(mut case: Case) -> Case {
    if let Ok(Value::Object(mut answer)) = serde_json::from_str(&case.body)
        && answer.get("exp").is_some_and(|exp| *exp != NEVER)
    {
        answer.insert("exp".to_owned(), EXPIRES.into());
        case.body = Value::Object(answer).to_string();
    }
    case
}

fn unexpired(token: &str) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return token.to_owned() };
    let claims = BASE64_URL_SAFE_NO_PAD.decode(payload).ok();
    let claims = claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok());
    let Some(mut claims) = claims else { return token.to_owned() };
    claims["exp"] = EXPIRES.into();
    format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn newer_form() -> String {
    let header = r#"{"alg":"A256GCMKW","enc":"A256GCM","iv":"QUJDREVGR0hJSktM","tag":"QUJDREVGR0hJSktMTU5PUA"}"#;
    let header = BASE64_URL_SAFE_NO_PAD.encode(header);
    let part = |length: usize| "Zk".repeat(length / 2 + 1)[..length].to_owned();
    format!("{header}.{}.{}.{}.{}", part(43), part(16), part(82), part(22))
}

fn said(arguments: &[&str], case: &Case, token: &str) -> String {
    let all = ::observed::introspection();
    let discovery = all.iter().find(|case| case.name == "discovery").unwrap();
    let is_of_discovery = case.name.starts_with("discovery");
    let replay = Replay::start(if is_of_discovery { case } else { discovery }, case).unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    let ended = run(arguments, &environment(case, &replay, &key), token);
    let text = ended.stdout.replace(&replay.origin(), "http://ADDRESS") + &ended.stderr;
    let lines = text.lines().map(without_what_is_left).collect::<Vec<_>>();
    format!("{}\n(exit status {})\n", lines.join("\n"), ended.status.unwrap())
}

/// Removes from the line the time left until a token expires, because it changes each day.
fn without_what_is_left(line: &str) -> String {
    match line.split_once("2100-01-01T00:00:00Z, in ") {
        Some((before, left)) => {
            let rest = left.find(',').map_or("", |comma| &left[comma..]);
            format!("{before}2100-01-01T00:00:00Z{rest}")
        }
        None => line.to_owned(),
    }
}

fn environment(case: &Case, replay: &Replay, key: &tempfile::NamedTempFile) -> Environment {
    let client = case.client().unwrap_or("340000000000000010");
    let project = match client {
        "340000000000000901" => "340000000000000003",
        "340000000000000015" => "340000000000000002",
        _ => "340000000000000001",
    };
    let timeout = if case.status.is_some() { "60s" } else { "300ms" };
    let mut environment = vec![
        ("ZITADEL_DOMAIN", "http://localhost:8080".to_owned()),
        ("APP_ZITADEL__CONNECT_TO", replay.origin()),
        ("APP_ZITADEL__PROJECT_ID", project.to_owned()),
        ("APP_ZITADEL__TIMEOUT", timeout.to_owned()),
    ];
    if case.is_by_assertion() {
        let file = include_str!("../../../adapters/src/zitadel/test_key.json");
        std::fs::write(key.path(), file).unwrap();
        environment.push(("KEY_FILE", key.path().display().to_string()));
    } else {
        environment.push(("CLIENT_ID", client.to_owned()));
        environment.push(("CLIENT_SECRET", "top-secret".to_owned()));
    }
    environment
}
