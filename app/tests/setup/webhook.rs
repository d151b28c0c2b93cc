//! Tests of `setup --webhook`: it creates a target (URL that ZITADEL calls), its key, and
//! conditions (events at which ZITADEL calls it), unless they exist already.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use zitadel_double::LostCall;

use crate::directory::{Directory, Ended};

const URL: &str = "https://api.example.com/zitadel/events";
const WITH_WEBHOOK: &str = "--changes --webhook https://api.example.com/zitadel/events";
const TARGETS: &str = "/v2/actions/targets";
const EXECUTIONS: &str = "/v2/actions/executions";
/// Number of event types at which ZITADEL calls the webhook.
const EVENTS: usize = 22;

/// Returns the calls that changed webhook targets or their conditions, after the first `since`
/// requests to the double.
fn changes(directory: &Directory, since: usize) -> Vec<String> {
    let requests = directory.double.requests().split_off(since);
    let calls = requests.iter().filter(|request| {
        let path = &request.path;
        path.starts_with("/v2/actions/") && request.method != "GET" && !path.ends_with("/search")
    });
    calls.map(|request| format!("{} {}", request.method, request.path)).collect()
}

fn run(directory: &Directory, arguments: &str) -> (Ended, Vec<String>) {
    let before = directory.double.requests().len();
    let ended = directory.setup(arguments);
    let changes = changes(directory, before);
    (ended, changes)
}

async fn targets(directory: &Directory) -> Vec<Value> {
    let found = directory.manage("POST", &format!("{TARGETS}/search"), json!({})).await;
    found["targets"].as_array().cloned().unwrap_or_default()
}

/// Returns each event type at which ZITADEL calls webhook targets, with the ids of these targets.
async fn conditions(directory: &Directory) -> Vec<(String, Vec<Value>)> {
    let found = directory.manage("POST", &format!("{EXECUTIONS}/search"), json!({})).await;
    let all = found["executions"].as_array().cloned().unwrap_or_default();
    let exact = all.iter().filter_map(|one| {
        let event = one["condition"]["event"]["event"].as_str()?.to_owned();
        Some((event, one["targets"].as_array().unwrap().clone()))
    });
    exact.collect()
}

async fn set(directory: &Directory, condition: Value, targets: Value) {
    let body = json!({ "condition": { "event": condition }, "targets": targets });
    directory.manage("PUT", EXECUTIONS, body).await;
}

async fn other_target(directory: &Directory, name: &str, endpoint: &str) -> String {
    let body = json!({
        "name": name, "endpoint": endpoint, "timeout": "5s",
        "restWebhook": { "interruptOnError": false },
    });
    directory.create(TARGETS, body, "id").await
}

async fn without_webhook() -> Directory {
    let directory = Directory::new().await;
    let ended = directory.setup("--changes");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    directory
}

#[tokio::test]
async fn a_webhook_is_made_once_with_its_key_conditions_and_variables() {
    let directory = Directory::new().await;
    let (first, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!(first.status, Some(0), "{}", first.said());
    assert_eq!(calls[0], format!("POST {TARGETS}"));
    assert_eq!(calls[1..], vec![format!("PUT {EXECUTIONS}"); EVENTS]);
    let made = targets(&directory).await;
    assert_eq!((&made[0]["name"], &made[0]["endpoint"]), (&json!("Messages"), &json!(URL)));
    // ZITADEL omits a member that is false.
    assert_eq!(made[0]["restWebhook"], json!({}));
    let conditions = conditions(&directory).await;
    assert_eq!(conditions.len(), EVENTS);
    assert!(conditions.iter().all(|(_, targets)| *targets == [made[0]["id"].clone()]));
    let key = directory.text("webhook_key");
    assert_eq!(key.trim_end(), made[0]["signingKey"]);
    assert!(!first.said().contains(key.trim_end()), "the key was said");
    let mode = directory.path("webhook_key").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let env = directory.text(".env");
    for line in [
        "APP_CHANGES__TOKEN_FILE=changes.pat",
        "APP_CHANGES__WEBHOOK__KEY_FILE=webhook_key",
        "APP_CHANGES__WEBHOOK__LISTEN=127.0.0.1:9091",
    ] {
        assert!(env.lines().any(|it| it == line), "{env}");
    }
    assert!(!env.contains("WEBHOOK__PATH"), "{env}");
    assert_eq!(directory.lock()["webhook"], json!({ "id": made[0]["id"], "made_here": true }));
    let files = directory.files();
    let (second, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
    assert_eq!(calls, [""; 0]);
    assert_eq!(directory.files(), files, "no file is touched");
}

#[tokio::test]
async fn a_webhook_on_loopback_is_listened_for_where_it_is_called() {
    let directory = Directory::new().await;
    let (ended, _) = run(&directory, "--changes --webhook http://127.0.0.1:9191/rung");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    let env = directory.text(".env");
    assert!(env.contains("WEBHOOK__LISTEN=127.0.0.1:9191\n"), "{env}");
    assert!(env.contains("WEBHOOK__PATH=/rung\n"), "{env}");
}

#[tokio::test]
async fn it_joins_targets_that_are_there_and_sends_only_what_is_missing() {
    let directory = without_webhook().await;
    let other = other_target(&directory, "audit", "https://audit.example.com/").await;
    let of_group = other_target(&directory, "grants", "https://grants.example.com/").await;
    let own = other_target(&directory, "Messages", URL).await;
    set(&directory, json!({ "event": "user.locked" }), json!([other])).await;
    set(&directory, json!({ "event": "user.removed" }), json!([other, own])).await;
    set(&directory, json!({ "event": "org.removed" }), json!([own])).await;
    set(&directory, json!({ "group": "user.grant" }), json!([of_group])).await;
    let (ended, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(calls, vec![format!("PUT {EXECUTIONS}"); EVENTS - 2]);
    let conditions = conditions(&directory).await;
    let called = |event: &str| {
        conditions.iter().find(|(it, _)| it == event).map(|(_, targets)| json!(targets)).unwrap()
    };
    assert_eq!(called("user.locked"), json!([other, own]));
    assert_eq!(called("user.removed"), json!([other, own]));
    assert_eq!(called("org.removed"), json!([own]));
    assert_eq!(called("user.grant.added"), json!([of_group, own]), "the group's target stays");
    // The run read the target's key from ZITADEL, because no file had it.
    let made = targets(&directory).await;
    let key = made.iter().find(|target| target["id"] == own).unwrap()["signingKey"].clone();
    assert_eq!(directory.text("webhook_key").trim_end(), key);
    assert_eq!(directory.lock()["webhook"], json!({ "id": own, "made_here": false }));
    assert_eq!(run(&directory, WITH_WEBHOOK).1, [""; 0]);
}

#[tokio::test]
async fn a_target_in_a_condition_that_is_gone_is_left_out() {
    let directory = without_webhook().await;
    let gone = other_target(&directory, "audit", "https://audit.example.com/").await;
    set(&directory, json!({ "event": "user.locked" }), json!([gone])).await;
    set(&directory, json!({ "all": true }), json!([gone])).await;
    directory.manage("DELETE", &format!("{TARGETS}/{gone}"), json!({})).await;
    let (ended, _) = run(&directory, WITH_WEBHOOK);
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    let own = &targets(&directory).await[0]["id"];
    assert!(conditions(&directory).await.iter().all(|(_, targets)| *targets == [own.clone()]));
    assert_eq!(directory.setup("--remove").status, Some(0));
    assert_eq!(conditions(&directory).await, []);
}

#[tokio::test]
async fn a_lost_key_file_is_written_again_and_another_one_is_left_alone() {
    let directory = Directory::new().await;
    run(&directory, WITH_WEBHOOK);
    let key = directory.text("webhook_key");
    directory.remove("webhook_key");
    let (ended, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!((ended.status, calls.len()), (Some(0), 0), "{}", ended.said());
    assert_eq!(directory.text("webhook_key"), key);
    // A second line is the old key of a rotation.
    directory.write("webhook_key", &format!("{}\n{key}", "a".repeat(36)));
    assert_eq!(run(&directory, WITH_WEBHOOK).0.status, Some(0));
    directory.write("webhook_key", "another-key\n");
    let (refused, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!((refused.status, calls.len()), (Some(1), 0), "{}", refused.said());
    assert!(
        refused.stdout.contains("webhook_key: it has not the signing key"),
        "{}",
        refused.stdout
    );
    assert_eq!(directory.text("webhook_key"), "another-key\n");
    assert_eq!(run(&directory, &format!("{WITH_WEBHOOK} --force")).0.status, Some(0));
    assert_eq!(directory.text("webhook_key"), key);
}

#[tokio::test]
async fn a_target_of_the_name_that_is_another_is_refused_before_anything_is_done() {
    for (name, endpoint, why) in [
        ("Messages", "https://elsewhere.example.com/", "is not this webhook"),
        ("messages", URL, "without regard to case"),
    ] {
        let directory = Directory::new().await;
        other_target(&directory, name, endpoint).await;
        let (ended, calls) = run(&directory, WITH_WEBHOOK);
        assert_eq!((ended.status, ended.changes.len(), calls.len()), (Some(1), 0, 0));
        assert!(ended.stdout.contains(why), "{}", ended.said());
        assert_eq!(directory.files().len(), 0);
    }
}

#[tokio::test]
async fn an_address_in_plain_text_or_without_the_feed_is_refused_as_an_argument() {
    let directory = Directory::new().await;
    for (arguments, why) in [
        ("--changes --webhook http://api.example.com/", "https, or http on loopback"),
        ("--webhook https://api.example.com/", "--changes"),
    ] {
        let ended = directory.setup(arguments);
        assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn removal_takes_our_target_from_every_condition_and_leaves_others() {
    let directory = without_webhook().await;
    let other = other_target(&directory, "audit", "https://audit.example.com/").await;
    set(&directory, json!({ "event": "user.locked" }), json!([other])).await;
    set(&directory, json!({ "group": "user.grant" }), json!([other])).await;
    assert_eq!(run(&directory, WITH_WEBHOOK).0.status, Some(0));
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(conditions(&directory).await, [("user.locked".to_owned(), vec![json!(other)])]);
    let left = targets(&directory).await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &json!(other)));
    assert!(!directory.path("setup.lock.json").exists());
}

#[tokio::test]
async fn a_target_that_was_found_is_not_removed() {
    let directory = without_webhook().await;
    let own = other_target(&directory, "Messages", URL).await;
    assert_eq!(run(&directory, WITH_WEBHOOK).0.status, Some(0));
    assert_eq!(directory.setup("--remove").status, Some(0));
    let left = targets(&directory).await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &json!(own)));
}

#[tokio::test]
async fn after_a_lost_connection_a_second_run_makes_the_rest_and_nothing_twice() {
    // The lost calls: the target, the first condition, the last one.
    for (place, when) in [
        (1, LostCall::Before),
        (1, LostCall::After),
        (2, LostCall::Before),
        (2, LostCall::After),
        (EVENTS + 1, LostCall::After),
    ] {
        let directory = without_webhook().await;
        let before = directory.double.management_calls().len();
        directory.setup(&format!("{WITH_WEBHOOK} --dry-run"));
        let reads = directory.double.management_calls().len() - before;
        directory.double.lose_management_call(reads + place, when);
        let (lost, _) = run(&directory, WITH_WEBHOOK);
        assert_eq!(lost.status, Some(1), "{place} {when:?} {}", lost.said());
        assert!(lost.stderr.contains("/v2/actions/"), "{place} {when:?} {}", lost.said());
        let (ended, _) = run(&directory, WITH_WEBHOOK);
        assert_eq!(ended.status, Some(0), "{place} {when:?} {}", ended.said());
        let made = targets(&directory).await;
        assert_eq!(made.len(), 1, "{place} {when:?}");
        let conditions = conditions(&directory).await;
        assert_eq!(conditions.len(), EVENTS, "{place} {when:?}");
        assert!(conditions.iter().all(|(_, targets)| *targets == [made[0]["id"].clone()]));
        assert_eq!(directory.text("webhook_key").trim_end(), made[0]["signingKey"]);
        assert_eq!(run(&directory, WITH_WEBHOOK).1, [""; 0], "{place} {when:?}");
    }
}

#[tokio::test]
async fn a_key_file_that_cannot_be_written_is_told_before_anything_is_done() {
    let directory = without_webhook().await;
    std::fs::create_dir(directory.path("webhook_key")).unwrap();
    let (ended, calls) = run(&directory, WITH_WEBHOOK);
    assert_eq!((ended.status, ended.changes.len(), calls.len()), (Some(1), 0, 0));
    assert!(ended.stderr.contains("webhook_key"), "{}", ended.said());
}
