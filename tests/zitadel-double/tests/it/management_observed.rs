//! The management API against every observed call, in order.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zitadel_double::ZitadelDouble;

use crate::manager::Manager;

const OBSERVED: &str = include_str!("../../../observed/management.jsonl");

/// The double, with its counterparts of observed values.
struct Play {
    double: ZitadelDouble,
    /// Observed ids and the double's.
    ids: HashMap<String, String>,
    /// Created personal access tokens by observed user ids.
    tokens: HashMap<String, String>,
}

fn is_id(text: &str) -> bool {
    text.len() == 18 && text.starts_with("34") && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Play {
    /// Replaces observed ids with the double's.
    fn translated(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (real, own)| text.replace(real, own))
    }

    fn manager(&self, caller: &str) -> Manager {
        let made = |user: &str| self.tokens[user].clone();
        let token = match caller {
            "administrator" => self.double.administrator(),
            "service user without a manager role" => made("340000000000000009"),
            "ORG_OWNER" => made("340000000000000014"),
            "ORG_OWNER_VIEWER" => made("340000000000000017"),
            "invalid token" => "none".to_owned(),
            other => panic!("who is {other}?"),
        };
        Manager::with_token(&self.double, &token)
    }

    /// Compares a response with the observed one. Each id must have one counterpart, times and
    /// secrets the same form. The real organization and instance have more events.
    fn compare(&mut self, real: &Value, own: &Value, at: &str) {
        match (real, own) {
            (Value::Object(real), Value::Object(own)) => {
                let names = |members: &serde_json::Map<String, Value>| {
                    let mut names: Vec<String> = members.keys().cloned().collect();
                    names.sort();
                    names
                };
                assert_eq!(names(own), names(real), "{at}");
                for (name, real) in real {
                    self.compare(real, &own[name], &format!("{at}/{name}"));
                }
            }
            (Value::Array(real), Value::Array(own)) => {
                assert_eq!(own.len(), real.len(), "{at}");
                for (real, own) in real.iter().zip(own) {
                    self.compare(real, own, &format!("{at}/*"));
                }
            }
            (Value::String(real), Value::String(own)) => self.compare_texts(real, own, at),
            _ => assert_eq!(own, real, "{at}"),
        }
    }

    fn compare_texts(&mut self, real: &str, own: &str, at: &str) {
        let name = at.rsplit('/').next().unwrap();
        let of_managers = at.contains("members") || at.contains("orgs/me#");
        match name {
            "creationDate" | "changeDate" | "viewTimestamp" => {
                assert!(humantime::parse_rfc3339(own).is_ok(), "{at}: {own}");
            }
            "token" | "clientSecret" => {
                let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
                assert_eq!(own.len(), real.len(), "{at}");
                assert!(name == "token" || letters(own), "{at}: {own}");
            }
            "keyDetails" => {
                let file: Value = serde_json::from_slice(&STANDARD.decode(own).unwrap()).unwrap();
                assert_eq!(file["type"], "application", "{at}");
            }
            "sequence" if of_managers => {
                assert!(own.parse::<u64>().is_ok(), "{at}: {own}");
            }
            _ if is_id(real) => {
                assert!(is_id(own), "{at}: {own}");
                let known = self.ids.entry(real.to_owned()).or_insert_with(|| own.to_owned());
                assert_eq!(known, own, "{at}: another id than before for {real}");
            }
            _ => {
                let expected = match real {
                    "ZITADEL" => "ACME",
                    "zitadel.localhost" => "acme.localhost",
                    other => other,
                };
                assert_eq!(own, expected, "{at}");
            }
        }
    }
}

#[tokio::test]
async fn every_observed_call_is_answered_as_a_real_server_answered_it() {
    let double = ZitadelDouble::start().await;
    let mut play = Play { double, ids: HashMap::new(), tokens: HashMap::new() };
    let mut played = 0;
    for (number, line) in OBSERVED.lines().enumerate() {
        let call: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| call[name].as_str().unwrap();
        let (method, real_path) = (text("method"), text("path"));
        let at = format!("line {}, {} {method} {real_path}#", number + 1, text("caller"));
        let path = play.translated(real_path);
        let body: Value = play.translated(&call["body"].to_string()).parse().unwrap();
        let got = play.manager(text("caller")).call(method, &path, &body).await;
        assert_eq!(u64::from(got.status), call["status"].as_u64().unwrap(), "{at}: {}", got.body);
        let answer = got.json();
        play.compare(&call["answer"], &answer, &at);
        let user = real_path.strip_suffix("/pats").and_then(|path| path.rsplit('/').next());
        if let (Some(user), Some(token)) = (user, answer["token"].as_str()) {
            play.tokens.insert(user.to_owned(), token.to_owned());
        }
        played += 1;
    }
    assert_eq!(played, 56);
}
