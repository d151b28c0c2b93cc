//! Tests of `setup` run by a user who lacks rights on the ZITADEL instance: it does the steps that
//! the user may do, and prints a `setup` command with which a manager does the rest.

use serde_json::{Value, json};

use crate::directory::{Directory, Ended};

const URL: &str = "https://api.example.com/zitadel/events";

/// Creates a service user and gives it the manager role by a POST to `path`. Returns the name of
/// the file with its token.
async fn manager(directory: &Directory, path: &str, role: &str) -> String {
    let name = role.to_lowercase();
    let user = json!({ "userName": name, "name": name });
    let id = directory.create("/management/v1/users/machine", user, "userId").await;
    directory.manage("POST", path, json!({ "userId": id, "roles": [role] })).await;
    let pats = format!("/management/v1/users/{id}/pats");
    let token = directory.create(&pats, json!({}), "token").await;
    directory.write(&format!("{name}.pat"), &token);
    format!("{name}.pat")
}

/// Runs, as the administrator, the `setup` command that an earlier run printed.
fn run_what_is_said(directory: &Directory, ended: &Ended) -> Ended {
    let line = ended.stdout.lines().find(|line| line.contains(" setup --domain ")).unwrap();
    let (_, arguments) = line.split_once(" setup ").unwrap();
    let (domain, arguments) = arguments.split_once(" --org ").unwrap();
    assert_eq!(domain, format!("--domain {}", directory.double.issuer()));
    let arguments = arguments.strip_suffix(" --token-file FILE").unwrap();
    directory.setup_as("admin.pat", &format!("--org {arguments} --yes"))
}

#[tokio::test]
async fn an_owner_of_the_organization_does_the_rest_and_a_manager_the_line_that_is_said() {
    let directory = Directory::new().await;
    let owner = manager(&directory, "/management/v1/orgs/me/members", "ORG_OWNER").await;
    let arguments = format!("--name Messages --yes --changes --webhook {URL}");
    let ended = directory.setup_as(&owner, &arguments);
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    let (refused, made) = ended.changes.split_last().unwrap();
    assert_eq!(refused, "POST /admin/v1/members");
    assert_eq!(made.last().unwrap(), "POST /management/v1/users/{}/pats");
    assert!(ended.stderr.contains("may give the role IAM_OWNER_VIEWER"), "{}", ended.stderr);
    assert!(ended.stderr.contains("/admin/v1/members"), "{}", ended.stderr);
    assert!(ended.stdout.contains("LEFT    only a manager of the instance"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("It works"), "{}", ended.stdout);
    for file in [".env", "key.json", "changes.pat", "setup.lock.json"] {
        assert!(directory.path(file).exists(), "{file}");
    }
    // `.env` must not name a file that does not exist.
    assert!(!directory.text(".env").contains("WEBHOOK"));
    let again = directory.setup_as(&owner, &arguments);
    assert_eq!((again.status, again.changes.len()), (Some(1), 0), "{}", again.said());
    let whole = run_what_is_said(&directory, &again);
    assert_eq!(whole.status, Some(0), "{}", whole.said());
    assert_eq!(whole.changes, ["POST /admin/v1/members"]);
    assert!(directory.path("webhook_key").exists());
    let nothing = directory.setup(&format!("--changes --webhook {URL}"));
    assert_eq!((nothing.status, nothing.changes.len()), (Some(0), 0), "{}", nothing.said());
}

#[tokio::test]
async fn whoever_may_see_the_webhook_and_not_make_it_does_the_rest() {
    let directory = Directory::new().await;
    let viewer = manager(&directory, "/admin/v1/members", "IAM_OWNER_VIEWER").await;
    assert_eq!(directory.setup("--changes").status, Some(0));
    let arguments = format!("--name Messages --yes --changes --webhook {URL}");
    let ended = directory.setup_as(&viewer, &arguments);
    assert_eq!((ended.status, ended.changes.len()), (Some(1), 0), "{}", ended.said());
    assert!(ended.stderr.contains("may make the webhook"), "{}", ended.stderr);
    assert!(!directory.text(".env").contains("WEBHOOK"));
}

#[tokio::test]
async fn a_viewer_of_the_instance_sees_everything_in_a_dry_run() {
    let directory = Directory::new().await;
    let viewer = manager(&directory, "/admin/v1/members", "IAM_OWNER_VIEWER").await;
    let arguments = format!("--changes --webhook {URL}");
    assert_eq!(directory.setup(&arguments).status, Some(0));
    let dry = format!("--name Messages --dry-run {arguments}");
    let ended = directory.setup_as(&viewer, &dry);
    assert_eq!((ended.status, ended.changes.len()), (Some(0), 0), "{}", ended.said());
    let found = directory.manage("POST", "/v2/actions/executions/search", json!({})).await;
    let condition = found["executions"][0]["condition"].clone();
    let body = json!({ "condition": condition, "targets": Value::Array(Vec::new()) });
    directory.manage("PUT", "/v2/actions/executions", body).await;
    let drift = directory.setup_as(&viewer, &dry);
    assert_eq!(drift.status, Some(2), "{}", drift.said());
    assert!(drift.stdout.contains("at 1 event"), "{}", drift.stdout);
}

#[tokio::test]
async fn an_owner_of_the_organization_removes_all_but_the_webhook() {
    let directory = Directory::new().await;
    let owner = manager(&directory, "/management/v1/orgs/me/members", "ORG_OWNER").await;
    assert_eq!(directory.setup(&format!("--changes --webhook {URL}")).status, Some(0));
    let ended = directory.setup_as(&owner, "--remove --yes");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    assert!(ended.stdout.contains("LEFT    the webhook"), "{}", ended.said());
    let lock = directory.lock();
    assert_eq!((&lock["project"], &lock["users"]), (&Value::Null, &Value::Null));
    assert_eq!(lock["webhook"]["made_here"], true);
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert!(!directory.path("setup.lock.json").exists());
}
