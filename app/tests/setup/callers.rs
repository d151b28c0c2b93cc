//! Tests of `setup --callers`: it creates service users that call the API, and adds to existing
//! ones the roles and tokens that they lack.

use std::time::Duration;

use serde_json::json;
use zitadel_double::{NewUser, Pat};

use crate::directory::{Directory, MADE};

async fn after_first() -> Directory {
    let directory = Directory::new().await;
    let ended = directory.setup("");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    directory
}

/// Returns the ids of the caller and of its role assignment, from `setup.lock.json`.
fn ids(directory: &Directory) -> (String, String) {
    let caller = directory.lock()["users"]["caller"].clone();
    let id = |name: &str| caller[name].as_str().unwrap().to_owned();
    (id("id"), id("grant"))
}

#[tokio::test]
async fn a_service_user_that_is_there_is_used() {
    let directory = after_first().await;
    let caller = directory.double.add_user(NewUser::service("caller"));
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, MADE[5..]);
    assert_eq!(directory.lock()["users"]["caller"]["id"], caller.as_str());
    assert_eq!(directory.lock()["users"]["caller"]["made_here"], false);
}

#[tokio::test]
async fn a_user_of_another_kind_or_state_or_case_is_refused() {
    let directory = after_first().await;
    let _ = directory.double.add_user(NewUser::human("person"));
    directory.refuses("--callers person", "is a person");
    directory.refuses("--callers Person", "without regard to case");
    for state in ["_deactivate", "_lock"] {
        let directory = after_first().await;
        let user = directory.double.add_user(NewUser::service("caller"));
        let path = format!("/management/v1/users/{}/{state}", user.as_str());
        directory.manage("POST", &path, json!({})).await;
        directory.refuses("--callers caller", "deactivated or locked: reactivate it");
    }
}

#[tokio::test]
async fn a_name_of_another_organization_is_told_after_looking_again() {
    let directory = after_first().await;
    let elsewhere = directory.double.foreign_org_id().clone();
    let _ = directory.double.add_user(NewUser::service("caller").in_org(&elsewhere));
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(1), "{}", ended.said());
    assert_eq!(ended.changes, [MADE[4]], "it was refused");
    assert!(ended.stderr.contains("perhaps of another organization"), "{}", ended.said());
    directory.ends("", Some(0), "everything is there");
}

#[tokio::test]
async fn roles_are_added_and_none_is_taken() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    let role = json!({ "roleKey": "other", "displayName": "Other" });
    directory.manage("POST", &format!("/management/v1/projects/{project}/roles"), role).await;
    let (user, grant) = ids(&directory);
    let path = format!("/management/v1/users/{user}/grants/{grant}");
    let more = json!({ "roleKeys": ["read:messages", "other"] });
    directory.manage("PUT", &path, more).await;
    directory.ends("--callers caller", Some(0), "everything is there");
    directory.manage("PUT", &path, json!({ "roleKeys": ["other"] })).await;
    let completed = directory.setup("--callers caller");
    assert_eq!(completed.status, Some(0), "{}", completed.said());
    assert_eq!(completed.changes, ["PUT /management/v1/users/{}/grants/{}"]);
    assert!(completed.stdout.contains("caller: other, read:messages"), "{}", completed.stdout);
    directory.ends("--callers caller:other", Some(0), "everything is there");
}

#[tokio::test]
async fn a_role_assignment_that_is_gone_is_made_and_a_deactivated_one_is_a_persons_matter() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    let (user, grant) = ids(&directory);
    let path = format!("/management/v1/users/{user}/grants/{grant}");
    directory.manage("POST", &format!("{path}/_deactivate"), json!({})).await;
    directory.refuses("--callers caller", "is deactivated: reactivate it");
    directory.manage("DELETE", &path, json!({})).await;
    assert_eq!(directory.setup("--callers caller").changes, [MADE[5]]);
    assert_ne!(ids(&directory).1, grant);
}

#[tokio::test]
async fn a_token_is_made_only_where_none_is_lost() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    let token = directory.text("caller.pat");
    directory.remove("caller.pat");
    directory.ends("--callers caller", Some(3), "caller.pat is not here");
    // A token in the file that ZITADEL does not know is refused.
    directory.write("caller.pat", "of-nobody\n");
    directory.refuses("--callers caller", "caller.pat: the token is not active");
    directory.write("caller.pat", &token);
    directory.ends("--callers caller", Some(0), "everything is there");
    directory.double.remove_pat(token.trim());
    directory.refuses("--callers caller", "move it away, or use --force");
    let forced = directory.setup("--callers caller --force");
    assert_eq!(forced.status, Some(0), "{}", forced.said());
    assert_eq!(forced.changes, [MADE[6]]);
    assert_ne!(directory.text("caller.pat"), token);
}

#[tokio::test]
async fn an_expired_token_is_as_good_as_none() {
    let directory = after_first().await;
    let user = directory.double.add_user(NewUser::service("caller"));
    let _ = directory.double.pat_with(&user, Pat::ExpiresIn(Duration::ZERO));
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, MADE[5..]);
}

#[tokio::test]
async fn a_role_that_nobody_knows_is_not_made() {
    let directory = Directory::new().await;
    directory.refuses("--callers caller:read:mesages", "asks for the role \"read:mesages\"");
}

#[tokio::test]
async fn two_tokens_have_two_files() {
    let directory = Directory::new().await;
    directory.refuses("--callers caller --callers caller:read:messages", "another token");
    directory.refuses("--callers admin --force", "another token");
    directory.refuses("--callers changes --changes", "another token");
    assert!(directory.text("admin.pat").len() > 20);
}

#[tokio::test]
async fn a_caller_that_was_removed_by_somebody_is_made_anew() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--callers caller").status, Some(0));
    let (user, _) = ids(&directory);
    directory.manage("DELETE", &format!("/management/v1/users/{user}"), json!({})).await;
    directory.remove("caller.pat");
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, MADE[4..]);
    assert_ne!(ids(&directory).0, user);
    // Callers are added one by one; earlier ones stay in `setup.lock.json`.
    assert_eq!(directory.setup("--callers second").changes, MADE[4..]);
    let lock = directory.lock();
    let users: Vec<_> = lock["users"].as_object().unwrap().keys().collect();
    assert_eq!(users, ["caller", "second"]);
}
