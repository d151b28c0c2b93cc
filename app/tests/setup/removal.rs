//! Tests of `--remove`: it removes only objects that `setup` made, according to `setup.lock.json`.

use serde_json::{Value, json};
use zitadel_double::NewUser;

use crate::directory::{Directory, MADE};

const USER: &str = "DELETE /management/v1/users/{}";
const PROJECT: &str = "DELETE /management/v1/projects/{}";
const APPLICATION: &str = "DELETE /management/v1/projects/{}/apps/{}";
const ROLE: &str = "DELETE /management/v1/projects/{}/roles/read:messages";

async fn after_first() -> Directory {
    let directory = Directory::new().await;
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    directory
}

fn project(directory: &Directory) -> String {
    let id = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    format!("/management/v1/projects/{id}")
}

#[track_caller]
fn removes(directory: &Directory, changes: &[&str]) {
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, changes, "{}", ended.said());
}

#[tokio::test]
async fn what_was_made_is_removed_once() {
    let directory = after_first().await;
    let files = directory.files();
    let dry = directory.setup("--remove --dry-run");
    assert_eq!((dry.status, dry.changes.len()), (Some(2), 0), "{}", dry.said());
    let asked = directory.setup_as("admin.pat", "--remove");
    assert_eq!((asked.status, asked.changes.len()), (Some(1), 0), "{}", asked.said());
    assert_eq!(directory.files(), files);
    removes(&directory, &[USER, PROJECT]);
    let mut left = files;
    left.remove("setup.lock.json");
    assert_eq!(directory.files(), left, "secrets stay where they are");
    directory.ends("--remove", Some(0), "nothing was made here");
}

#[tokio::test]
async fn without_a_lock_nothing_is_removed() {
    let directory = Directory::new().await;
    directory.create_project("Messages").await;
    directory.ends("--remove", Some(0), "nothing was made here");
}

#[tokio::test]
async fn a_project_with_something_else_in_it_stays() {
    let directory = after_first().await;
    let path = project(&directory);
    let other = directory.create_application(path.rsplit('/').next().unwrap(), "other-api").await;
    let ended = directory.setup("--remove");
    assert_eq!(ended.changes, [USER, APPLICATION, ROLE], "{}", ended.said());
    assert!(ended.stdout.contains("for it has the application \"other-api\""), "{}", ended.stdout);
    let lock = directory.lock();
    assert_eq!((&lock["application"], &lock["key"]), (&Value::Null, &Value::Null));
    directory.ends("--remove", Some(0), "Nothing is to be removed");
    directory.manage("DELETE", &format!("{path}/apps/{other}"), json!({})).await;
    removes(&directory, &[PROJECT]);
    assert!(!directory.path("setup.lock.json").exists());
}

#[tokio::test]
async fn a_role_that_others_have_stays() {
    let directory = after_first().await;
    let id = project(&directory).rsplit('/').next().unwrap().to_owned();
    let other = directory.double.add_user(NewUser::human("ada"));
    let body = json!({ "projectId": id, "roleKeys": ["read:messages"] });
    let grants = format!("/management/v1/users/{}/grants", other.as_str());
    directory.manage("POST", &grants, body).await;
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, [USER, APPLICATION]);
    assert!(ended.stdout.contains("1 role assignments of others"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("\"read:messages\" is left, for others have it"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn role_keys_with_reserved_characters_are_removed_and_those_with_a_slash_are_told() {
    let directory = after_first().await;
    let path = project(&directory);
    directory.create_application(path.rsplit('/').next().unwrap(), "other-api").await;
    let keys = ["a%2Fb", "c d?e#f", "g+h", "tenant/admin"];
    let roles = keys.map(|key| json!({ "key": key, "displayName": key }));
    directory.manage("POST", &format!("{path}/roles/_bulk"), json!({ "roles": roles })).await;
    let mut lock = directory.lock();
    lock["roles"].as_array_mut().unwrap().extend(keys.map(Value::from));
    directory.write("setup.lock.json", &lock.to_string());
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    let slash = "LEFT    role              tenant/admin: ZITADEL's API takes no key with a slash";
    assert!(ended.stdout.contains(slash), "{}", ended.said());
    assert_eq!(directory.lock()["roles"], json!(["tenant/admin"]));
    let left = directory.manage("POST", &format!("{path}/roles/_search"), json!({})).await;
    let left: Vec<_> = left["result"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
    assert_eq!(left, ["tenant/admin"]);
    // The double reports the call of an unknown path.
    assert_eq!(directory.double.take_violations().len(), 1);
}

#[tokio::test]
async fn what_was_found_stays_and_what_was_made_in_it_goes() {
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    directory.create_application(&project, "messages-api").await;
    let _ = directory.double.add_user(NewUser::service("caller"));
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    removes(
        &directory,
        &[
            "DELETE /management/v1/users/{}/pats/{}",
            "DELETE /management/v1/users/{}/grants/{}",
            "DELETE /management/v1/projects/{}/apps/{}/keys/{}",
            ROLE,
        ],
    );
    assert!(!directory.path("setup.lock.json").exists());
}

#[tokio::test]
async fn what_somebody_removed_before_is_passed_over() {
    let directory = after_first().await;
    let user = directory.lock()["users"]["caller"]["id"].as_str().unwrap().to_owned();
    directory.manage("DELETE", &format!("/management/v1/users/{user}"), json!({})).await;
    directory.manage("DELETE", &project(&directory), json!({})).await;
    let ended = directory.setup("--remove");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, [USER, PROJECT], "both are asked for, and are gone");
    assert!(!directory.path("setup.lock.json").exists());
}

#[tokio::test]
async fn what_somebody_made_anew_under_the_same_names_stays() {
    let directory = after_first().await;
    let user = directory.lock()["users"]["caller"]["id"].as_str().unwrap().to_owned();
    directory.manage("DELETE", &format!("/management/v1/users/{user}"), json!({})).await;
    directory.manage("DELETE", &project(&directory), json!({})).await;
    let user = directory.double.add_user(NewUser::service("caller"));
    let project = directory.create_project("Messages").await;
    let application = directory.create_application(&project, "messages-api").await;
    let again = directory.setup("--callers caller --force");
    assert_eq!(again.status, Some(0), "{}", again.said());
    assert_eq!(again.changes, [&MADE[1..2], &MADE[3..4], &MADE[5..]].concat());
    let lock = directory.lock();
    for (made, id) in [
        (&lock["project"], project.as_str()),
        (&lock["application"], &application),
        (&lock["users"]["caller"], user.as_str()),
    ] {
        assert_eq!((&made["id"], &made["made_here"]), (&json!(id), &json!(false)));
    }
    let removed = directory.setup("--remove");
    assert_eq!((removed.status, removed.changes.len()), (Some(0), 4), "{}", removed.said());
    assert!(
        !removed.changes.iter().any(|call| [USER, PROJECT, APPLICATION].contains(&call.as_str()))
    );
}

#[tokio::test]
async fn who_may_not_remove_is_told_so_and_the_lock_stays() {
    let directory = after_first().await;
    directory.manager("viewer", Some("ORG_OWNER_VIEWER")).await;
    let lock = directory.text("setup.lock.json");
    let ended = directory.setup_as("viewer", "--remove --yes");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    assert!(ended.stderr.contains("may not do this (403)"), "{}", ended.said());
    assert_eq!(directory.text("setup.lock.json"), lock);
}

#[tokio::test]
async fn after_a_removal_it_can_be_set_up_again() {
    let directory = after_first().await;
    removes(&directory, &[USER, PROJECT]);
    directory.refuses("--callers caller", "use --force");
    let again = directory.setup("--callers caller --force");
    assert_eq!(again.status, Some(0), "{}", again.said());
    directory.ends("--callers caller", Some(0), "everything is there");
}
