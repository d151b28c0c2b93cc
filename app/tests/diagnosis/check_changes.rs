//! Tests of `app check` for this API's own tokens: the canary (a token known to be good), and the
//! token that reads the event log. Also tests that `app explain` tells the maximum age of a verdict
//! that is used again.

use serde_json::Value;
use tempfile::TempDir;
use zitadel_double::{EventLogFault, Fault, NewUser, Pat, Times, ZitadelDouble};

use crate::{
    check::{CHECK, step},
    run::{Environment, basic, run, said},
};

fn with_token(
    double: &ZitadelDouble,
    variable: &'static str,
    token: &str,
) -> (Environment, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, token).unwrap();
    let mut environment = basic(double);
    environment.push((variable, file.display().to_string()));
    (environment, directory)
}

fn of_the_log(json: &Value) -> &Value {
    let steps = json["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == "event_log").unwrap()
}

const FEED: &str = "APP_CHANGES__TOKEN_FILE";
const CANARY: &str = "APP_ZITADEL__CANARY_TOKEN_FILE";

#[tokio::test]
async fn a_feed_that_works_is_said_to_work_with_its_token_and_the_project() {
    let double = ZitadelDouble::start().await;
    let (mut environment, _file) = with_token(&double, FEED, &double.event_reader());
    environment.push(("APP_ZITADEL__PROJECT_ID", double.project_id().to_string()));
    let ended = run(CHECK, &environment, "");
    let text = said(&ended, &double);
    for line in [
        "ok       canary         the token of changes.token_file is active",
        "ok       project        zitadel.project_id is the project of this API's application",
        "ok       event_log      the event log can be read",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(ended.status, Some(0));
    let json = run(&["check", "--format", "json"], &environment, "").json();
    assert_eq!(json["steps"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_reader_without_its_role_is_told_which_one_to_get() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("reader")));
    let (environment, _file) = with_token(&double, FEED, &token);
    let ended = run(CHECK, &environment, "");
    let text = said(&ended, &double);
    assert_eq!(ended.status, Some(1));
    let found = step(&text, "event_log");
    assert!(found.starts_with("FAILED   event_log"), "{found}");
    assert!(found.contains("IAM_OWNER_VIEWER") && found.contains("events.read"), "{found}");
    let json = run(&["check", "--format", "json"], &environment, "").json();
    assert_eq!(of_the_log(&json)["reason"], "not_allowed");
}

#[tokio::test]
async fn each_fault_of_the_event_log_has_its_word() {
    for (fault, word) in [
        (EventLogFault::TokenInvalid, "token_refused"),
        (EventLogFault::OrganizationMissing, "forbidden"),
        (EventLogFault::DatabaseError, "server_error"),
    ] {
        let double = ZitadelDouble::start().await;
        let (environment, _file) = with_token(&double, FEED, &double.event_reader());
        double.event_log_fault(fault, Times::UntilCleared);
        let json = run(&["check", "--format", "json"], &environment, "").json();
        assert_eq!(of_the_log(&json)["reason"], word);
        assert_eq!(json["ok"], false);
    }
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_token(&double, FEED, &double.event_reader());
    double.forget_event_type("user.locked");
    let text = said(&run(CHECK, &environment, ""), &double);
    assert!(step(&text, "event_log").contains("user.locked"), "{text}");
    double.event_log_fault(Fault::NotJson, Times::UntilCleared);
    let json = run(&["check", "--format", "json"], &environment, "").json();
    assert_eq!(of_the_log(&json)["outcome"], "failed");
}

#[tokio::test]
async fn an_event_type_that_only_a_further_claim_needs_is_missed_too() {
    for (claim, event_type) in [
        ("email", "user.human.email.changed"),
        ("phone_number", "user.human.phone.removed"),
        ("urn:zitadel:iam:user:metadata", "user.metadata.set"),
    ] {
        let double = ZitadelDouble::start().await;
        let (mut environment, _file) = with_token(&double, FEED, &double.event_reader());
        double.forget_event_type(event_type);
        assert_eq!(run(CHECK, &environment, "").status, Some(0), "{claim}: nothing needs it");
        environment.push(("APP_ZITADEL__CLAIMS", claim.to_owned()));
        let text = said(&run(CHECK, &environment, ""), &double);
        let found = step(&text, "event_log");
        assert!(found.starts_with("FAILED") && found.contains(event_type), "{found}");
    }
}

#[tokio::test]
async fn a_canary_that_is_dead_or_dies_soon_is_told() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("canary"));
    let token = double.pat_with(&user, Pat::ExpiresIn(std::time::Duration::from_hours(10 * 24)));
    let (environment, _file) = with_token(&double, CANARY, &token);
    let ended = run(CHECK, &environment, "");
    let text = said(&ended, &double);
    let found = step(&text, "canary");
    let expected =
        "warning  canary         the token of zitadel.canary_token_file expires in 9 days";
    assert!(found.starts_with(expected), "{found}");
    assert_eq!(ended.status, Some(0));
    double.remove_pat(&token);
    let ended = run(CHECK, &environment, "");
    assert_eq!(ended.status, Some(1));
    let found = step(&said(&ended, &double), "canary");
    assert!(found.contains("calls the token of zitadel.canary_token_file inactive"), "{found}");
}

#[tokio::test]
async fn a_project_id_of_another_project_is_told_with_the_right_one() {
    let double = ZitadelDouble::start().await;
    let (mut environment, _file) = with_token(&double, FEED, &double.event_reader());
    environment.push(("APP_ZITADEL__PROJECT_ID", double.foreign_project_id().to_string()));
    let ended = run(CHECK, &environment, "");
    let text = said(&ended, &double);
    let found = step(&text, "project");
    assert_eq!(ended.status, Some(1), "{text}");
    assert!(found.contains(double.project_id().as_str()), "{found}");
}

#[tokio::test]
async fn explain_says_how_fresh_the_answers_of_the_api_are() {
    let double = ZitadelDouble::start().await;
    let (feed, _file) = with_token(&double, FEED, &double.event_reader());
    let mut cache = basic(&double);
    cache.push(("APP_CACHE__TTL", "30s".to_owned()));
    let token = double.pat(&double.add_user(NewUser::service("caller")));
    for (environment, expected) in [
        (feed, Some("asked now; the API reuses an answer for 5m, at most 3s out of date")),
        (cache, Some("asked now; the API reuses an answer for 30s")),
        (basic(&double), None),
    ] {
        let json = run(&["explain", "--format", "json"], &environment, &token).json();
        assert_eq!(json["fresh"].as_str(), expected);
        let text = run(&["explain"], &environment, &token).stdout;
        let line = text.lines().find_map(|line| line.strip_prefix("Fresh:    "));
        assert_eq!(line, expected);
    }
    assert_eq!(double.event_calls(), 0, "explain follows nothing");
}
