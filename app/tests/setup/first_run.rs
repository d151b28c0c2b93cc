//! Tests of `setup` on an empty ZITADEL: a first run prints "It works", a second run changes
//! nothing.

use serde_json::{Value, json};

use crate::directory::{Directory, MADE};

#[tokio::test]
async fn everything_is_made_once_and_a_second_run_makes_nothing() {
    let directory = Directory::new().await;
    let first = directory.setup("--callers caller");
    assert_eq!(first.status, Some(0), "{}", first.said());
    assert_eq!(first.changes, MADE);
    assert!(first.stdout.contains("as setup\n"), "{}", first.stdout);
    assert!(first.stdout.contains("It works"), "{}", first.stdout);
    let files = directory.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, [".env", "caller.pat", "key.json", "setup.lock.json"]);
    let second = directory.setup("--callers caller");
    assert_eq!(second.status, Some(0), "{}", second.said());
    assert_eq!(second.changes, [""; 0]);
    assert!(second.stdout.contains("everything is there"), "{}", second.stdout);
    assert_eq!(directory.files(), files, "no file is touched");
}

#[tokio::test]
async fn with_a_client_secret_it_works_as_well() {
    let directory = Directory::new().await;
    let first = directory.setup("--auth basic");
    assert_eq!(first.status, Some(0), "{}", first.said());
    assert_eq!(first.changes, MADE[..3]);
    assert!(directory.text(".env").contains("CLIENT_SECRET="));
    assert!(!directory.path("key.json").exists());
    let second = directory.setup("--auth basic");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
}

#[tokio::test]
async fn a_dry_run_tells_drift_and_changes_nothing() {
    let directory = Directory::new().await;
    let dry = directory.setup("--dry-run");
    assert_eq!(dry.status, Some(2), "{}", dry.said());
    assert_eq!((dry.changes.len(), directory.files().len()), (0, 0));
    assert_eq!(directory.setup("").status, Some(0));
    assert_eq!(directory.setup("--dry-run").status, Some(0));
    // ZITADEL no longer has a role that a rule requires.
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    let role = format!("/management/v1/projects/{project}/roles/read:messages");
    directory.manage("DELETE", &role, json!({})).await;
    let drift = directory.setup("--dry-run");
    assert_eq!(drift.status, Some(2), "{}", drift.said());
    assert!(drift.stdout.contains("read:messages"), "{}", drift.stdout);
    let mended = directory.setup("");
    assert_eq!(mended.changes, ["POST /management/v1/projects/{}/roles/_bulk"]);
}

#[tokio::test]
async fn scripts_get_one_json_object() {
    let directory = Directory::new().await;
    let dry = directory.setup("--dry-run --format json");
    let json: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(
        json["steps"][0],
        json!({ "do": "create", "object": "project", "detail": "Messages" })
    );
    assert_eq!((&json["refused"], &json["lost"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn without_a_terminal_and_without_yes_nothing_is_done() {
    let directory = Directory::new().await;
    let refused = directory.setup_as("admin.pat", "--name Messages");
    assert_eq!(refused.status, Some(1), "{}", refused.said());
    assert!(refused.stderr.contains("add --yes"), "{}", refused.stderr);
    assert_eq!((refused.changes.len(), directory.files().len()), (0, 0));
    assert!(refused.stdout.contains("create  project"), "{}", refused.stdout);
}
