//! Tests that the log names the cause of a 401 or a 503 at the default level.

use serde_json::Value;
use zitadel_double::ZitadelDouble;

use super::{App, answer, asking};

fn event(app: &App, reason: &str) -> Value {
    let log = app.wait_for(&format!("\"reason\":\"{reason}\""));
    serde_json::from_str(log.lines().last().unwrap()).unwrap()
}

#[tokio::test]
async fn a_401_and_a_503_have_their_cause_in_the_log() {
    let double = ZitadelDouble::start().await;
    let secret = double.client_secret();
    let more = [("APP_LOG__FORMAT", "json"), ("APP_ZITADEL__PROJECT_ID", "340000000000000001")];
    let app = App::start(&[], &[&asking(&double, &secret)[..], &more].concat());
    let listening = app.wait_for("\"listening\"");
    let listening: Value = serde_json::from_str(listening.lines().last().unwrap()).unwrap();
    let address = listening["address"].as_str().unwrap();

    assert!(answer(address, "/api/private", "unknown").starts_with("HTTP/1.1 401"));
    let inactive = event(&app, "inactive");
    let message = inactive["message"].as_str().unwrap();
    assert!(message.contains("most likely first: its audience lacks"), "{message}");
    assert!(message.contains("urn:zitadel:iam:org:project:id:340000000000000001:aud"), "{message}");

    assert!(answer(address, "/api/private", "a b").starts_with("HTTP/1.1 400"));
    assert_eq!(event(&app, "forbidden_character")["level"], "INFO");

    double.stop_listening().await;
    assert!(answer(address, "/api/private", "unknown").starts_with("HTTP/1.1 503"));
    let unreachable = event(&app, "unreachable");
    let cause = unreachable["cause"].as_str().unwrap();
    assert!(cause.contains("Connection refused"), "{cause}");
    app.signal("TERM");
    app.end();
}
