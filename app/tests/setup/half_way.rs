//! Tests of `setup` when the project, its roles or its application exist already, perhaps renamed
//! or deactivated.

use std::time::Duration;

use serde_json::json;
use zitadel_double::{RateLimit, VisibilityLag};

use crate::directory::{Directory, MADE};

/// Creates a project and an API application in it, and returns the ids of both.
async fn with_application(directory: &Directory) -> (String, String) {
    let project = directory.create_project("Messages").await;
    let application = directory.create_application(&project, "messages-api").await;
    (project, application)
}

#[tokio::test]
async fn a_project_that_is_there_is_used() {
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    let ended = directory.setup("");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, MADE[1..4]);
    let lock = directory.lock();
    assert_eq!(lock["project"], json!({ "id": project, "made_here": false }));
    assert_eq!(lock["application"]["made_here"], true);
}

#[tokio::test]
async fn a_project_in_another_case_or_deactivated_is_a_persons_matter() {
    let directory = Directory::new().await;
    directory.create_project("MESSAGES").await;
    directory.refuses("", "use --name \"MESSAGES\"");
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    let deactivate = format!("/management/v1/projects/{project}/_deactivate");
    directory.manage("POST", &deactivate, json!({})).await;
    directory.refuses("", "is deactivated: reactivate it");
}

#[tokio::test]
async fn of_250_roles_the_missing_ones_are_made_and_others_are_told_and_kept() {
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    let path = format!("/management/v1/projects/{project}/roles");
    let role = |number| json!({ "key": format!("role-{number:03}"), "displayName": "x" });
    for from in (0..250).step_by(50) {
        let roles: Vec<_> = (from..from + 50).map(role).collect();
        directory.manage("POST", &format!("{path}/_bulk"), json!({ "roles": roles })).await;
    }
    let ended = directory.setup("");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, MADE[1..4]);
    assert!(ended.stdout.contains("no rule asks for, left alone: role-000"), "{}", ended.stdout);
    assert!(ended.stdout.contains("role-249"), "every page is read: {}", ended.stdout);
    let second = directory.setup("");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
}

#[tokio::test]
async fn an_application_that_is_no_api_or_is_deactivated_or_of_another_case_is_refused() {
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    let oidc = json!({
        "name": "messages-api", "redirectUris": ["https://app.example.com/callback"],
        "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
        "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE"],
        "appType": "OIDC_APP_TYPE_WEB", "authMethodType": "OIDC_AUTH_METHOD_TYPE_BASIC"
    });
    directory.manage("POST", &format!("/management/v1/projects/{project}/apps/oidc"), oidc).await;
    directory.refuses("", "is no API");
    let directory = Directory::new().await;
    let (project, application) = with_application(&directory).await;
    let path = format!("/management/v1/projects/{project}/apps/{application}/_deactivate");
    directory.manage("POST", &path, json!({})).await;
    directory.refuses("", "is deactivated: reactivate it");
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    directory.create_application(&project, "Messages-API").await;
    directory.refuses("", "without regard to case");
}

#[tokio::test]
async fn an_application_of_the_other_method_is_never_changed() {
    let directory = Directory::new().await;
    with_application(&directory).await;
    directory.refuses("--auth basic", "use --auth key");
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--auth basic").status, Some(0));
    directory.refuses("", "use --auth basic");
}

#[tokio::test]
async fn what_was_renamed_is_known_by_its_id() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    // From this directory, a renamed project and another `--name` look the same.
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    let other = directory.setup_as("admin.pat", "--name Other --yes --callers caller");
    assert_eq!((other.status, other.changes.len()), (Some(1), 0), "{}", other.said());
    assert!(other.stdout.contains("use --name \"Messages\""), "{}", other.said());
    assert!(other.stdout.contains(&project), "{}", other.said());
    assert_eq!(directory.setup("--callers caller").status, Some(0));
}

#[tokio::test]
async fn a_project_that_somebody_removed_is_made_anew_on_demand() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    let path = format!("/management/v1/projects/{project}");
    directory.manage("DELETE", &path, json!({})).await;
    directory.refuses("", "it is the key of another application");
    let again = directory.setup("--force");
    assert_eq!(again.status, Some(0), "{}", again.said());
    assert_eq!(again.changes, MADE[..4]);
    assert_ne!(directory.lock()["project"]["id"], project.as_str());
    assert_eq!(directory.lock()["project"]["made_here"], true);
}

#[tokio::test]
async fn the_lock_of_another_organization_or_instance_is_left_alone() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let lock = directory.text("setup.lock.json");
    let organization = directory.lock()["organization"].as_str().unwrap().to_owned();
    directory.write("setup.lock.json", &lock.replace(&organization, "340000000000009999"));
    directory.refuses("", "add --org 340000000000009999");
    directory.refuses("--remove", "add --org 340000000000009999");
    let domain = directory.double.issuer().to_owned();
    directory.write("setup.lock.json", &lock.replace(&domain, "https://other.example.com"));
    directory.refuses("", "setup.lock.json is for https://other.example.com");
    directory.refuses("--remove", "setup.lock.json is for https://other.example.com");
}

#[tokio::test]
async fn another_organization_is_set_up_by_its_id() {
    let directory = Directory::new().await;
    let id = directory.double.foreign_org_id().as_str().to_owned();
    let arguments = format!("--org {id} --callers caller");
    let first = directory.setup(&arguments);
    assert_eq!(first.status, Some(0), "{}", first.said());
    assert_eq!(first.changes, MADE);
    assert_eq!(directory.lock()["organization"], id.as_str());
    directory.ends(&arguments, Some(0), "everything is there");
    directory.refuses("--callers caller", &format!("add --org {id}"));
    directory.refuses("--remove", &format!("add --org {id}"));
    let removed = directory.setup(&format!("--org {id} --remove"));
    assert_eq!((removed.status, removed.changes.len()), (Some(0), 2), "{}", removed.said());
}

#[tokio::test]
async fn what_becomes_visible_late_is_waited_for() {
    for lag in [50, 1000] {
        let directory = Directory::new().await;
        let lag = Duration::from_millis(lag);
        directory.double.set_visibility_lag(VisibilityLag::Time(lag));
        let first = directory.setup("--callers caller --changes");
        assert_eq!(first.status, Some(0), "{lag:?} {}", first.said());
        let second = directory.setup("--callers caller --changes");
        assert_eq!(
            (second.status, second.changes.len()),
            (Some(0), 0),
            "{lag:?} {}",
            second.said()
        );
    }
}

#[tokio::test]
async fn a_name_that_a_search_did_not_show_yet_is_searched_for_again() {
    let directory = Directory::new().await;
    directory.double.set_visibility_lag(VisibilityLag::Reads(8));
    directory.create_project("Messages").await;
    let ended = directory.setup("");
    assert_eq!((ended.status, ended.changes.len()), (Some(1), 1), "{}", ended.said());
    assert!(ended.stderr.contains("run the same line again"), "{}", ended.said());
    directory.double.set_visibility_lag(VisibilityLag::None);
    let next = directory.setup("");
    assert_eq!(next.status, Some(0), "{}", next.said());
    assert_eq!(next.changes, MADE[1..4]);
}

#[tokio::test]
async fn a_limit_on_requests_is_waited_for() {
    let directory = Directory::new().await;
    let limit = RateLimit { per_second: 6, ban: Duration::ZERO, retry_after: Some(1) };
    directory.double.set_rate_limit(Some(limit));
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    directory.double.set_rate_limit(None);
    let second = directory.setup("--callers caller");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
}
