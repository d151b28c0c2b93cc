//! Tests of `setup` in a custom program made with `app::run`: its name, roles and variables.

use std::process::Command;

use serde_json::json;

use crate::{
    built::example,
    directory::{Directory, Ended},
};

/// Runs the example program `messages`, which has its own routes, rules and prefix of variables.
fn messages(directory: &Directory, arguments: &str) -> Ended {
    let mut command = Command::new(example("messages"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(directory.path(""))
        .args(arguments.split_whitespace());
    directory.run(command)
}

fn setup(directory: &Directory, arguments: &str) -> Ended {
    let domain = directory.double.issuer();
    let arguments = format!("setup --domain {domain} --token-file admin.pat --yes {arguments}");
    messages(directory, &arguments)
}

#[tokio::test]
async fn it_sets_up_the_roles_of_its_own_rules_under_its_own_name() {
    let directory = Directory::new().await;
    let first = setup(&directory, "--changes --callers writer:write:messages");
    assert_eq!(first.status, Some(0), "{}", first.said());
    let lock = directory.lock();
    let project = lock["project"]["id"].as_str().unwrap();
    let found = directory.manage("POST", "/management/v1/projects/_search", json!({})).await;
    let projects = found["result"].as_array().unwrap();
    assert!(projects.iter().any(|it| it["id"] == project && it["name"] == "Messages"), "{found}");
    let roles = format!("/management/v1/projects/{project}/roles/_search");
    let roles = directory.manage("POST", &roles, json!({})).await;
    let keys: Vec<_> = roles["result"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
    assert_eq!(keys, ["read:messages", "write:messages"]);
    let env = directory.text(".env");
    for name in ["ZITADEL__PROJECT_ID", "ZITADEL__KEY_EXPIRES", "CHANGES__TOKEN_FILE"] {
        assert!(env.contains(&format!("MESSAGES_{name}=")), "{env}");
    }
    assert!(!env.contains("APP_"), "{env}");
    let check = messages(&directory, "check");
    assert_eq!(check.status, Some(0), "{}", check.said());
    let second = setup(&directory, "--changes --callers writer:write:messages");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
}

#[tokio::test]
async fn its_new_rule_is_drift_until_setup_ran_again() {
    let directory = Directory::new().await;
    // Sets up another program in the same directory and project, which requires only one of the
    // roles.
    assert_eq!(directory.setup("").status, Some(0));
    let domain = directory.double.issuer().to_owned();
    let dry = format!("setup --domain {domain} --token-file admin.pat --dry-run");
    let drift = messages(&directory, &dry);
    assert_eq!((drift.status, drift.changes.len()), (Some(2), 0), "{}", drift.said());
    assert!(drift.stdout.contains("write:messages (from 2 rules"), "{}", drift.stdout);
    let ended = setup(&directory, "--force");
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    assert_eq!(ended.changes, ["POST /management/v1/projects/{}/roles/_bulk"]);
    assert_eq!(messages(&directory, &dry).status, Some(0));
}
