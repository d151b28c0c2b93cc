//! Tests of `setup --changes`: it creates a service user that reads ZITADEL's event log, which a
//! program then follows.

use serde_json::json;
use zitadel_double::NewUser;

use crate::{
    directory::Directory,
    program::{Program, command},
};

/// Calls that change something at ZITADEL, in the order in which a first run of `setup --changes`
/// sends them.
const ALL: [&str; 7] = [
    "POST /management/v1/projects",
    "POST /management/v1/projects/{}/roles/_bulk",
    "POST /management/v1/projects/{}/apps/api",
    "POST /management/v1/projects/{}/apps/{}/keys",
    "POST /management/v1/users/machine",
    "POST /management/v1/users/{}/pats",
    "POST /admin/v1/members",
];

#[tokio::test]
async fn the_program_follows_changes_with_what_was_written_and_a_second_run_sends_nothing() {
    let directory = Directory::new().await;
    let first = directory.setup("--changes --callers caller");
    assert_eq!(first.status, Some(0), "{}", first.said());
    let of_caller =
        [ALL[4], "POST /management/v1/users/{}/grants", "POST /management/v1/users/{}/pats"];
    assert_eq!(first.changes, [&ALL[..4], &of_caller, &ALL[4..]].concat());
    let check = command(&directory, &["check", "--format", "json"]).output().unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(check.status.success() && !said.contains("FAILED"), "{said}");
    assert!(said.contains("event_log"), "{said}");
    let program = Program::start(&directory, &[]);
    let token = directory.text("caller.pat");
    let token = token.trim_end();
    program.becomes("/api/private-scoped", token, 200).await;
    // Without a working change feed, the program would not reuse a verdict here.
    program.reuses(&directory.double, "/api/private", token).await;
    directory.double.remove_pat(token);
    program.becomes("/api/private", token, 401).await;
    drop(program);
    let files = directory.files();
    let second = directory.setup("--changes");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
    assert_eq!(directory.files(), files);
}

#[tokio::test]
async fn a_feed_is_added_to_what_was_set_up_without_one() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    assert!(!directory.text(".env").contains("CHANGES"));
    let added = directory.setup("--changes");
    assert_eq!(added.status, Some(0), "{}", added.said());
    assert_eq!(added.changes, ALL[4..]);
    assert!(directory.text(".env").contains("APP_CHANGES__TOKEN_FILE=changes.pat\n"));
}

#[tokio::test]
async fn a_manager_role_that_is_there_is_not_given_again_and_the_missing_token_is_made() {
    let directory = Directory::new().await;
    let user = json!({ "userName": "messages-changes", "name": "messages-changes" });
    let user = directory.create("/management/v1/users/machine", user, "userId").await;
    let member = json!({ "userId": user, "roles": ["IAM_OWNER_VIEWER"] });
    directory.manage("POST", "/admin/v1/members", member).await;
    let ended = directory.setup("--changes");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, [&ALL[..4], &ALL[5..6]].concat());
}

#[tokio::test]
async fn a_token_of_the_feed_that_is_lost_is_said_and_no_other_is_made() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--changes").status, Some(0));
    directory.remove("changes.pat");
    let lost = directory.setup("--changes");
    assert_eq!((lost.status, lost.changes.len()), (Some(3), 0), "{}", lost.said());
    assert!(lost.stdout.contains("changes.pat"), "{}", lost.stdout);
}

#[tokio::test]
async fn a_person_of_the_name_of_the_feed_is_refused_before_anything_is_done() {
    let directory = Directory::new().await;
    let _person = directory.double.add_user(NewUser::human("messages-changes"));
    let refused = directory.setup("--changes");
    assert_eq!((refused.status, refused.changes.len()), (Some(1), 0), "{}", refused.said());
    assert!(refused.stdout.contains("is a person"), "{}", refused.stdout);
}
