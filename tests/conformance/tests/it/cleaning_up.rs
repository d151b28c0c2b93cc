//! A run removes all its things and none of others.

use std::time::SystemTime;

use conformance::{Server, run_administration, run_cases};
use observed::introspection;
use serde_json::json;
use zitadel_double::{Fault, Times, ZitadelDouble};

use crate::administration::{call, names, send};
use crate::double::observed;

#[expect(clippy::disallowed_methods, reason = "names of runs hold the real time")]
fn seconds_ago(seconds: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_secs() - seconds
}

#[tokio::test]
async fn a_run_leaves_the_server_as_it_was_also_after_cases_that_failed() {
    let double = observed().start().await;
    let before = names(&double).await;
    let mut asked = introspection();
    for case in &mut asked {
        case.status = Some(599);
    }
    let report = run_cases(&Server::double(&double).unwrap(), &asked).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    assert_eq!(report.different().len(), asked.len());
    assert_eq!(names(&double).await, before);
}

#[tokio::test]
async fn a_set_up_that_fails_half_way_leaves_nothing() {
    let double = observed().start().await;
    let before = names(&double).await;
    let server = Server::double(&double).unwrap();
    double.introspection_fault(Fault::ResetBeforeAnswer, Times::UntilCleared);
    let error = run_cases(&server, &[]).await.unwrap_err();
    let _wrong_on_purpose = double.take_violations();
    assert_eq!(error.to_string(), "POST /oauth/v2/introspect: no answer");
    assert_eq!(names(&double).await, before);
}

#[tokio::test]
async fn left_overs_of_a_killed_run_are_removed_an_hour_after_it_began_and_no_others() {
    let double = observed().start().await;
    let name = |ago, name: &str| format!("conformance-{}-abcdef-{name}", seconds_ago(ago));
    let stays = [
        name(3_500, "project"),
        "conformance".to_owned(),
        "conformance-of-our-partner".to_owned(),
        "Messages".to_owned(),
    ];
    let goes = [name(3_700, "project"), name(90_000, "other-project")];
    let before = names(&double).await;
    for name in stays.iter().chain(&goes) {
        add(&double, name).await;
    }
    run_cases(&Server::double(&double).unwrap(), &[]).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    let mut expected = [before, stays.to_vec(), stays.to_vec()].concat();
    expected.sort();
    assert_eq!(names(&double).await, expected);
}

/// Adds a project and a service user of the same name.
async fn add(double: &ZitadelDouble, name: &str) {
    call(double, "projects", json!({ "name": name })).await;
    call(double, "users/machine", json!({ "userName": name, "name": name })).await;
}

#[tokio::test]
async fn a_target_of_a_killed_run_is_taken_from_its_condition_and_those_of_others_stay() {
    let double = observed().start().await;
    let mut ids = Vec::new();
    for name in [format!("conformance-{}-abcdef-webhook", seconds_ago(3_700)), "audit".to_owned()] {
        let body = json!({
            "name": name, "endpoint": "https://webhook.example.com/", "timeout": "5s",
            "restWebhook": {},
        });
        let made = send(&double, "POST", "/v2/actions/targets", body).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let condition = json!({ "event": { "event": "user.locked" } });
    let both = json!({ "condition": condition, "targets": ids });
    send(&double, "PUT", "/v2/actions/executions", both).await;
    run_administration(&Server::double(&double).unwrap()).await.unwrap();
    let _of_the_version = double.take_violations();
    let targets = send(&double, "POST", "/v2/actions/targets/search", json!({})).await;
    assert_eq!(targets["targets"].as_array().unwrap().len(), 1, "{targets}");
    let set = send(&double, "POST", "/v2/actions/executions/search", json!({})).await;
    assert_eq!(set["executions"][0]["targets"], json!([ids[1]]), "{set}");
}
