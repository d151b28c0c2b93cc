//! Tests of `setup` with an API key or client secret that is found, missing, expired, or renewed.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};

use crate::directory::{Directory, MADE};

const KEY: &str = MADE[3];
const SECRET: &str = "POST /management/v1/projects/{}/apps/{}/api_config/_generate_client_secret";

async fn after_first(arguments: &str) -> Directory {
    let directory = Directory::new().await;
    let ended = directory.setup(arguments);
    assert_eq!(ended.status, Some(0), "{}", ended.said());
    directory
}

/// Returns the path, in ZITADEL's API, of the application's keys.
fn keys(directory: &Directory) -> String {
    let lock = directory.lock();
    let id = |name: &str| lock[name]["id"].as_str().unwrap().to_owned();
    format!("/management/v1/projects/{}/apps/{}/keys", id("project"), id("application"))
}

async fn key_ids(directory: &Directory) -> Vec<String> {
    let found = directory.manage("POST", &format!("{}/_search", keys(directory)), json!({})).await;
    let found = found["result"].as_array().cloned().unwrap_or_default();
    found.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn key_here(directory: &Directory) -> String {
    let key: Value = serde_json::from_str(&directory.text("key.json")).unwrap();
    key["keyId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn files_with_secrets_are_their_owners_and_the_lock_is_everybodys() {
    let directory = after_first("--callers caller --changes").await;
    for (name, mode) in [
        (".env", 0o600),
        ("key.json", 0o600),
        ("caller.pat", 0o600),
        ("changes.pat", 0o600),
        ("setup.lock.json", 0o644),
    ] {
        let is = fs::metadata(directory.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(is, mode, "{name}: {is:o}");
    }
}

#[tokio::test]
async fn a_key_that_is_there_only_is_left_alone_until_another_one_is_asked_for() {
    let directory = after_first("").await;
    let old = key_here(&directory);
    directory.remove("key.json");
    directory.ends("", Some(3), &format!("none is in key.json ({old})"));
    directory.ends("--dry-run", Some(3), "--new-key");
    let new = directory.setup("--new-key");
    assert_eq!((new.status, new.changes), (Some(0), vec![KEY.to_owned()]), "{}", new.stdout);
    assert_eq!(key_ids(&directory).await.len(), 2, "the old one stays");
    assert!(key_ids(&directory).await.contains(&old));
    directory.ends("", Some(0), "everything is there");
}

#[tokio::test]
async fn without_its_key_the_rest_is_made_all_the_same() {
    let directory = after_first("").await;
    directory.remove("key.json");
    let ended = directory.setup("--callers caller");
    assert_eq!(ended.status, Some(3), "{}", ended.said());
    assert_eq!(ended.changes, MADE[4..]);
    assert!(directory.path("caller.pat").exists());
}

#[tokio::test]
async fn a_key_that_was_removed_is_made_anew_on_demand() {
    let directory = after_first("").await;
    let old = key_here(&directory);
    directory.manage("DELETE", &format!("{}/{old}", keys(&directory)), json!({})).await;
    directory.refuses("", "make another one with --new-key");
    directory.refuses("--renew", "make another one with --new-key");
    let new = directory.setup("--new-key");
    assert_eq!((new.status, new.changes), (Some(0), vec![KEY.to_owned()]), "{}", new.stdout);
    assert_eq!(key_ids(&directory).await, [key_here(&directory)]);
}

#[tokio::test]
async fn an_expired_key_is_as_good_as_none() {
    let directory = Directory::new().await;
    let project = directory.create_project("Messages").await;
    directory.create_application(&project, "messages-api").await;
    let client = directory.client_id(&project).await;
    let hour = Duration::from_secs(3600);
    let (_, key) = directory.double.add_expired_key(&client.into(), hour);
    directory.write("key.json", &key);
    directory.refuses("", "or it has expired: make another one with --new-key");
    let new = directory.setup("--new-key");
    assert_eq!(new.status, Some(0), "{}", new.said());
    assert_eq!(new.changes, [MADE[1], KEY]);
    // A key at ZITADEL that has expired is not reported as lost.
    directory.remove("key.json");
    directory.remove(".env");
    let (all, old) = (keys(&directory), key_ids(&directory).await);
    for id in old {
        directory.manage("DELETE", &format!("{all}/{id}"), json!({})).await;
    }
    let _ = directory.double.add_expired_key(&directory.client_id(&project).await.into(), hour);
    let made = directory.setup("");
    assert_eq!((made.status, made.changes), (Some(0), vec![KEY.to_owned()]), "{}", made.stdout);
}

#[tokio::test]
async fn a_key_of_another_application_is_never_written_over_without_force() {
    let directory = after_first("").await;
    let mut key: Value = serde_json::from_str(&directory.text("key.json")).unwrap();
    key["clientId"] = json!("340000000000009999");
    directory.write("key.json", &key.to_string());
    directory.ends("", Some(3), "none is in key.json");
    directory.refuses("--new-key", "it is the key of another application");
    assert_eq!(directory.setup("--new-key --force").changes, [KEY]);
    directory.write("key.json", "{}");
    directory.refuses("", "key.json: it is no key of an application");
}

#[tokio::test]
async fn a_key_is_renewed_and_the_old_one_goes_on() {
    let directory = after_first("").await;
    let (old, env) = (key_here(&directory), directory.text(".env"));
    let renewed = directory.setup("--renew --key-expires 90d");
    assert_eq!(renewed.status, Some(0), "{}", renewed.said());
    assert_eq!(renewed.changes, [KEY]);
    let new = key_here(&directory);
    assert_ne!(new, old);
    let removal = format!("-X DELETE {}{}/{old}\n", directory.double.issuer(), keys(&directory));
    assert!(renewed.stdout.contains(&removal), "{}", renewed.stdout);
    assert_eq!(key_ids(&directory).await.len(), 2);
    assert_eq!(directory.lock()["key"]["id"], new.as_str());
    assert_ne!(directory.text(".env"), env, "it has another date");
    directory.ends("", Some(0), "everything is there");
}

#[tokio::test]
async fn a_secret_that_is_there_only_is_never_rotated_without_being_told_to() {
    let directory = after_first("--auth basic").await;
    let env = directory.text(".env");
    directory.remove(".env");
    directory.ends("--auth basic", Some(3), "--new-secret");
    directory.write(".env", "# mine\nOTHER='1 2' # why\n");
    let new = directory.setup("--auth basic --new-secret");
    assert_eq!((new.status, new.changes), (Some(0), vec![SECRET.to_owned()]), "{}", new.stdout);
    assert!(new.stdout.contains("the old one stops at once"), "{}", new.stdout);
    let now = directory.text(".env");
    assert!(now.starts_with("# mine\nOTHER='1 2' # why\nZITADEL_DOMAIN="), "{now}");
    let secret = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("CLIENT_SECRET=")).unwrap();
        line.to_owned()
    };
    assert_ne!(secret(&now), secret(&env));
    directory.ends("--auth basic", Some(0), "everything is there");
}

#[tokio::test]
async fn a_flag_of_the_other_method_is_refused() {
    let directory = after_first("").await;
    directory.refuses("--new-secret", "no meaning with --auth key");
    let directory = after_first("--auth basic").await;
    directory.refuses("--auth basic --renew", "no meaning with --auth basic");
    directory.refuses("--auth basic --new-key", "no meaning with --auth basic");
}

#[tokio::test]
async fn a_secret_that_does_not_work_any_more_is_told() {
    let directory = after_first("--auth basic").await;
    let env = directory.text(".env");
    let at = env.find("CLIENT_SECRET=").unwrap() + "CLIENT_SECRET=".len();
    let other = if env[at..].starts_with('x') { "y" } else { "x" };
    directory.write(".env", &format!("{}{other}{}", &env[..at], &env[at + 1..]));
    directory.refuses("--auth basic", "make others with --new-key or --new-secret");
    assert!(!directory.double.take_violations().is_empty(), "it was the wrong secret");
}

#[tokio::test]
async fn what_is_here_is_adopted_and_recorded_as_found() {
    let directory = after_first("").await;
    let (lock, key) = (directory.lock(), key_here(&directory));
    directory.remove("setup.lock.json");
    directory.ends("", Some(0), "everything is there");
    let dry = directory.setup("--adopt --dry-run");
    assert_eq!((dry.status, directory.path("setup.lock.json").exists()), (Some(0), false));
    let adopted = directory.setup("--adopt");
    assert_eq!((adopted.status, adopted.changes.len()), (Some(0), 0), "{}", adopted.said());
    let now = directory.lock();
    for name in ["project", "application"] {
        assert_eq!(now[name], json!({ "id": lock[name]["id"], "made_here": false }));
    }
    assert_eq!(now["key"]["id"], key.as_str());
    assert_eq!(now["key"]["made_here"], false);
    directory.ends("--remove", Some(0), "Nothing is to be removed");
}

#[tokio::test]
async fn a_run_on_a_complete_set_up_makes_a_second_key_only_if_told_to() {
    let directory = after_first("").await;
    for _ in 0..3 {
        directory.ends("", Some(0), "everything is there");
    }
    assert_eq!(key_ids(&directory).await.len(), 1);
}
