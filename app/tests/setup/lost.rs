//! Tests of `setup` when its connection is lost during a call to ZITADEL, and of the next run.

use std::time::Duration;

use serde_json::{Value, json};
use zitadel_double::{LostCall, VisibilityLag};

use crate::directory::{Directory, Ended};

const ALL: &str = "--callers caller --changes";

/// Number of calls to ZITADEL that no run of `setup` reaches.
const MANY: usize = 60;

/// Counts the objects at ZITADEL: projects called Messages, roles, applications, keys, callers,
/// role assignments, tokens.
async fn counts(directory: &Directory) -> [usize; 7] {
    let rows = async |path: &str, queries: Value| {
        let found = directory.manage("POST", path, json!({ "queries": queries })).await;
        found["result"].as_array().cloned().unwrap_or_default()
    };
    let project = json!([{ "nameQuery": { "name": "Messages" } }]);
    let projects = rows("/management/v1/projects/_search", project).await;
    let user = json!([{ "userNameQuery": { "userName": "caller" } }]);
    let users = rows("/management/v1/users/_search", user).await;
    let mut counts = [projects.len(), 0, 0, 0, users.len(), 0, 0];
    if let Some(project) = projects.first() {
        let path = format!("/management/v1/projects/{}", project["id"].as_str().unwrap());
        counts[1] = rows(&format!("{path}/roles/_search"), json!([])).await.len();
        let apps = rows(&format!("{path}/apps/_search"), json!([])).await;
        counts[2] = apps.len();
        if let Some(app) = apps.first() {
            let path = format!("{path}/apps/{}/keys/_search", app["id"].as_str().unwrap());
            counts[3] = rows(&path, json!([])).await.len();
        }
    }
    if let Some(user) = users.first() {
        let id = user["id"].as_str().unwrap();
        let grants = json!([{ "userIdQuery": { "userId": id } }]);
        counts[5] = rows("/management/v1/users/grants/_search", grants).await.len();
        counts[6] = rows(&format!("/management/v1/users/{id}/pats/_search"), json!([])).await.len();
    }
    counts
}

/// Deletes the key or token at ZITADEL that no file has, if `setup` printed a command for that.
/// Returns whether it did.
async fn follow(directory: &Directory, ended: &Ended) -> bool {
    let mark = format!("-X DELETE {}", directory.double.issuer());
    let lines: Vec<_> = ended.stderr.lines().filter_map(|line| line.split_once(&mark)).collect();
    assert!(lines.len() <= 1, "{}", ended.said());
    for (before, path) in &lines {
        assert_eq!(
            before.trim(),
            "(printf 'Authorization: Bearer '; cat admin.pat) | curl -fsS -H @-"
        );
        directory.manage("DELETE", path, json!({})).await;
    }
    !lines.is_empty()
}

/// Tests `setup` with the first of its calls to ZITADEL lost, then with the second, and so on.
/// Returns the calls whose loss left a key or token at ZITADEL that no file has.
async fn lose_each(when: LostCall) -> Vec<String> {
    let mut orphaned = Vec::new();
    for number in 1..MANY {
        let directory = Directory::new().await;
        directory.double.lose_management_call(number, when);
        let first = directory.setup(ALL);
        if first.status == Some(0) {
            assert!(number > 16, "{}", first.said());
            return orphaned;
        }
        let lost = directory.double.management_calls()[number - 1].clone();
        let at = format!("{when:?} {lost:?}");
        assert_eq!(first.status, Some(1), "{at} {}", first.said());
        assert!(first.stderr.contains(&lost.1), "{at} {}", first.said());
        let second = directory.setup(ALL);
        if follow(&directory, &first).await {
            assert_eq!(second.status, Some(3), "{at} {}", second.said());
            let again = directory.setup(ALL);
            assert_eq!(again.status, Some(0), "{at} {}", again.said());
            orphaned.push(lost.1.rsplit('/').next().unwrap().to_owned());
        } else {
            assert_eq!(second.status, Some(0), "{at} {}", second.said());
        }
        assert_eq!(counts(&directory).await, [1; 7], "{at}");
        let last = directory.setup(ALL);
        assert_eq!((last.status, last.changes.len()), (Some(0), 0), "{at} {}", last.said());
    }
    panic!("a run has fewer calls");
}

#[tokio::test]
async fn after_a_call_that_did_not_arrive_a_second_run_ends_well() {
    assert!(lose_each(LostCall::Before).await.is_empty());
}

#[tokio::test]
async fn after_a_lost_answer_nothing_is_made_twice_and_a_secret_of_nobody_is_named() {
    assert_eq!(lose_each(LostCall::After).await, ["keys", "pats", "pats"]);
}

/// Makes the double lose one call of the next run of `setup`: that of the first change if `place`
/// is 1, of the second if it is 2. A dry run first counts the calls before the changes.
pub(crate) fn lose_change(directory: &Directory, arguments: &str, place: usize, when: LostCall) {
    let before = directory.double.management_calls().len();
    directory.setup(&format!("{arguments} --dry-run"));
    let reads = directory.double.management_calls().len() - before;
    directory.double.lose_management_call(reads + place, when);
}

#[tokio::test]
async fn a_key_of_nobody_that_becomes_visible_late_is_named() {
    let directory = Directory::new().await;
    directory.double.set_visibility_lag(VisibilityLag::Time(Duration::from_secs(1)));
    // The changes: the project, its roles, the application, the key.
    lose_change(&directory, "", 4, LostCall::After);
    let lost = directory.setup("");
    assert_eq!(lost.status, Some(1), "{}", lost.said());
    assert!(follow(&directory, &lost).await, "{}", lost.said());
    directory.double.set_visibility_lag(VisibilityLag::None);
    let next = directory.setup("");
    assert_eq!((next.status, next.changes.len()), (Some(0), 1), "{}", next.said());
}

#[tokio::test]
async fn a_client_secret_whose_answer_was_lost_is_generated_again_on_demand_only() {
    let directory = Directory::new().await;
    // The changes: the project, its roles, the application.
    lose_change(&directory, "--auth basic", 3, LostCall::After);
    let lost = directory.setup("--auth basic");
    assert!(lost.stderr.contains("/apps/api"), "{}", lost.said());
    for _ in 0..2 {
        let lost = directory.setup("--auth basic");
        assert_eq!((lost.status, lost.changes.len()), (Some(3), 0), "{}", lost.said());
        assert!(lost.stdout.contains("--new-secret"), "{}", lost.said());
    }
    let mended = directory.setup("--auth basic --new-secret");
    assert_eq!(mended.status, Some(0), "{}", mended.said());
    assert_eq!(
        mended.changes,
        ["POST /management/v1/projects/{}/apps/{}/api_config/_generate_client_secret"]
    );
}

#[tokio::test]
async fn a_new_client_secret_whose_answer_was_lost_is_missed_by_the_next_run() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--auth basic").status, Some(0));
    lose_change(&directory, "--auth basic --new-secret", 1, LostCall::After);
    let lost = directory.setup("--auth basic --new-secret");
    assert_eq!((lost.status, lost.changes.len()), (Some(1), 1), "{}", lost.said());
    let next = directory.setup("--auth basic");
    assert_eq!((next.status, next.changes.len()), (Some(1), 0), "{}", next.said());
    assert!(next.stderr.contains("--new-secret"), "{}", next.said());
    let mended = directory.setup("--auth basic --new-secret");
    assert_eq!(mended.status, Some(0), "{}", mended.said());
    // The double reports the use of the old secret, which the run in between tried.
    assert!(!directory.double.take_violations().is_empty());
}

#[tokio::test]
async fn a_removal_goes_on_where_it_lost_its_connection() {
    for when in [LostCall::Before, LostCall::After] {
        for place in 1..=3 {
            let directory = Directory::new().await;
            assert_eq!(directory.setup(ALL).status, Some(0));
            lose_change(&directory, "--remove", place, when);
            let lost = directory.setup("--remove");
            assert_eq!(lost.status, Some(1), "{when:?} {place} {}", lost.said());
            let next = directory.setup("--remove");
            assert_eq!(next.status, Some(0), "{when:?} {place} {}", next.said());
            assert_eq!(counts(&directory).await, [0; 7], "{when:?} {place}");
            assert!(!directory.path("setup.lock.json").exists());
        }
    }
}
