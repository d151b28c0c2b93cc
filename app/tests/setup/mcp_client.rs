//! Tests of `setup --mcp`: it creates the application with which MCP clients log people in, unless
//! it exists already.

use serde_json::{Value, json};
use zitadel_double::LostCall;

use crate::{
    directory::{Directory, MADE},
    lost::lose_change,
};

const CREATE: &str = "POST /management/v1/projects/{}/apps/oidc";
const CHANGE: &str = "PUT /management/v1/projects/{}/apps/{}/oidc_config";
const CALLBACKS: [&str; 2] = ["http://localhost/callback", "http://localhost/oauth/callback"];

/// Returns the path, in ZITADEL's API, of the project's applications.
fn apps(directory: &Directory) -> String {
    let project = directory.lock()["project"]["id"].as_str().unwrap().to_owned();
    format!("/management/v1/projects/{project}/apps")
}

/// Returns the application of MCP clients, as ZITADEL's search shows it.
async fn client(directory: &Directory) -> Value {
    let query = json!([{ "nameQuery": { "name": "messages-mcp" } }]);
    let path = format!("{}/_search", apps(directory));
    let found = directory.manage("POST", &path, json!({ "queries": query })).await;
    let found = found["result"].as_array().cloned().unwrap_or_default();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// Returns the request body that creates the application of MCP clients with these redirect URIs,
/// and with other settings than `setup` would choose.
fn native(redirect_uris: &[&str]) -> Value {
    json!({
        "name": "messages-mcp", "redirectUris": redirect_uris,
        "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
        "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE"],
        "appType": "OIDC_APP_TYPE_NATIVE", "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
        "accessTokenType": "OIDC_TOKEN_TYPE_JWT", "clockSkew": "1s",
        "additionalOrigins": ["https://client.example.com"],
    })
}

#[tokio::test]
async fn it_is_made_once_and_its_client_id_is_told_each_time() {
    let directory = Directory::new().await;
    let dry = directory.setup("--mcp --dry-run");
    assert_eq!((dry.status, dry.changes.len()), (Some(2), 0), "{}", dry.said());
    let first = directory.setup("--mcp");
    assert_eq!(first.status, Some(0), "{}", first.said());
    assert_eq!(first.changes, [&MADE[..4], &[CREATE]].concat());
    let made = client(&directory).await;
    assert_eq!(
        made["oidcConfig"],
        json!({
            "clientId": made["oidcConfig"]["clientId"],
            "redirectUris": CALLBACKS,
            "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes":
                ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
            "appType": "OIDC_APP_TYPE_NATIVE",
            "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
        })
    );
    assert_eq!(directory.lock()["mcp_client"], json!({ "id": made["id"], "made_here": true }));
    let id = made["oidcConfig"]["clientId"].as_str().unwrap();
    let second = directory.setup("--mcp");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
    for ended in [&first, &second] {
        assert!(ended.stdout.contains(id), "{}", ended.said());
    }
    let json = directory.setup("--mcp --dry-run --format json");
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["mcp_client_id"], &json["steps"]), (&json!(id), &json!([])));
    // Without `--mcp`, a run does not touch the application.
    directory.ends("", Some(0), "everything is there");
    assert_eq!(directory.lock()["mcp_client"]["made_here"], true);
}

#[tokio::test]
async fn with_the_address_of_the_api_the_lines_for_clients_are_told_whatever_runs_there() {
    let directory = Directory::new().await;
    directory.write(".env", "APP_RESOURCE__URL=http://127.0.0.1:1/mcp\n");
    let first = directory.setup("--mcp");
    assert_eq!(first.status, Some(0), "{}", first.said());
    let id = client(&directory).await["oidcConfig"]["clientId"].as_str().unwrap().to_owned();
    let second = directory.setup("--mcp");
    assert_eq!((second.status, second.changes.len()), (Some(0), 0), "{}", second.said());
    let lines = format!(
        "MCP clients log people in with this, which is no secret:\n  address    http://127.0.0.1:1/mcp\n  \
         client id  {id}\nIn Claude Code, for instance:\n  claude mcp add --transport http --client-id \
         {id} messages http://127.0.0.1:1/mcp\n"
    );
    for ended in [&first, &second] {
        assert!(ended.stdout.contains(&lines), "{}", ended.said());
    }
}

#[tokio::test]
async fn redirect_uris_and_grants_that_are_missing_are_added_and_everything_else_stays() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let foreign = "https://client.example.com/callback";
    let mut before = native(&[foreign, CALLBACKS[1]]);
    directory.manage("POST", &format!("{}/oidc", apps(&directory)), before.clone()).await;
    let arguments = "--mcp --redirect cursor://oauth/callback --redirect http://localhost/callback";
    let changed = directory.setup(arguments);
    assert_eq!(changed.status, Some(0), "{}", changed.said());
    assert_eq!(changed.changes, [CHANGE]);
    let missing =
        "change  MCP client        add http://localhost/callback, cursor://oauth/callback\n";
    assert!(changed.stdout.contains(missing), "{}", changed.stdout);
    let mut after = client(&directory).await["oidcConfig"].clone();
    after.as_object_mut().unwrap().remove("clientId");
    before.as_object_mut().unwrap().remove("name");
    before["redirectUris"] =
        json!([foreign, CALLBACKS[1], CALLBACKS[0], "cursor://oauth/callback"]);
    before["grantTypes"] =
        json!(["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"]);
    assert_eq!(after, before);
    assert_eq!(directory.lock()["mcp_client"]["made_here"], false);
    directory.ends(arguments, Some(0), "everything is there");
    directory.ends("--mcp", Some(0), "everything is there");
}

#[tokio::test]
async fn grants_alone_are_added_too() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let path = format!("{}/oidc", apps(&directory));
    directory.manage("POST", &path, native(&CALLBACKS)).await;
    let changed = directory.setup("--mcp");
    assert_eq!((changed.status, changed.changes.len()), (Some(0), 1), "{}", changed.said());
    assert!(changed.stdout.contains("add the grants of code and refresh token"));
    directory.ends("--mcp", Some(0), "everything is there");
}

#[tokio::test]
async fn another_kind_of_application_of_that_name_is_a_persons_matter() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    let apps = apps(&directory);
    let refused = async |name: &str, value: Value, why: &str| {
        let mut app = native(&CALLBACKS);
        app[name] = value;
        let id = directory.create(&format!("{apps}/oidc"), app, "appId").await;
        directory.refuses("--mcp", why);
        directory.manage("DELETE", &format!("{apps}/{id}"), json!({})).await;
    };
    let other = "is no native application without a secret";
    refused("appType", json!("OIDC_APP_TYPE_WEB"), other).await;
    refused("authMethodType", json!("OIDC_AUTH_METHOD_TYPE_BASIC"), other).await;
    refused("name", json!("Messages-MCP"), "without regard to case").await;
    let project = apps.split('/').nth(4).unwrap();
    let id = directory.create_application(project, "messages-mcp").await;
    directory.refuses("--mcp", other);
    directory.manage("DELETE", &format!("{apps}/{id}"), json!({})).await;
    let id = directory.create(&format!("{apps}/oidc"), native(&CALLBACKS), "appId").await;
    directory.manage("POST", &format!("{apps}/{id}/_deactivate"), json!({})).await;
    directory.refuses("--mcp", "is deactivated: reactivate it");
}

#[tokio::test]
async fn a_redirect_uri_that_would_send_a_code_elsewhere_is_refused_before_anything_is_asked() {
    let directory = Directory::new().await;
    for (uri, why) in [
        ("http://client.example.com/callback", "http is for loopback only"),
        ("https://client.example.com/callback#x", "must not have a fragment"),
        ("javascript:alert(1)", "browsers do something else"),
        ("/callback", "no absolute URI"),
    ] {
        directory.refuses(&format!("--mcp --redirect {uri}"), why);
    }
    directory.refuses("--redirect https://client.example.com/callback", "--mcp");
    assert_eq!(directory.double.management_calls(), []);
}

#[tokio::test]
async fn what_was_made_is_removed_and_what_was_found_stays() {
    let directory = Directory::new().await;
    assert_eq!(directory.setup("--mcp").status, Some(0));
    let removed = directory.setup("--remove");
    assert_eq!(removed.changes, ["DELETE /management/v1/projects/{}"], "{}", removed.said());
    assert!(!directory.path("setup.lock.json").exists());

    let directory = Directory::new().await;
    directory.create_project("Messages").await;
    assert_eq!(directory.setup("--mcp").status, Some(0));
    let removed = directory.setup("--remove");
    assert_eq!(removed.status, Some(0), "{}", removed.said());
    let application = "DELETE /management/v1/projects/{}/apps/{}";
    assert_eq!(removed.changes[..2], [application, application], "{}", removed.said());
    assert!(!directory.path("setup.lock.json").exists());

    let directory = Directory::new().await;
    assert_eq!(directory.setup("").status, Some(0));
    directory.manage("POST", &format!("{}/oidc", apps(&directory)), native(&CALLBACKS)).await;
    assert_eq!(directory.setup("--mcp").status, Some(0));
    let removed = directory.setup("--remove");
    assert!(removed.stdout.contains("for it has the application \"messages-mcp\""));
    let role = "DELETE /management/v1/projects/{}/roles/read:messages";
    assert_eq!(removed.changes, [application, role], "{}", removed.said());
}

#[tokio::test]
async fn after_a_lost_call_it_is_there_once() {
    for when in [LostCall::Before, LostCall::After] {
        // The changes: the project, its roles, the application, the key, the client.
        let directory = Directory::new().await;
        lose_change(&directory, "--mcp", 5, when);
        let lost = directory.setup("--mcp");
        assert_eq!(lost.status, Some(1), "{when:?} {}", lost.said());
        assert!(lost.stderr.contains("/apps/oidc"), "{when:?} {}", lost.said());
        let again = directory.setup("--mcp");
        assert_eq!(again.status, Some(0), "{when:?} {}", again.said());
        client(&directory).await;
        // After a lost response the object may be another user's: only --adopt records it.
        let made = (when == LostCall::Before).then_some(true);
        assert_eq!(directory.lock()["mcp_client"]["made_here"], json!(made));

        // The calls: a second read of the list, then the change.
        let directory = Directory::new().await;
        assert_eq!(directory.setup("").status, Some(0));
        let path = format!("{}/oidc", apps(&directory));
        directory.manage("POST", &path, native(&[])).await;
        lose_change(&directory, "--mcp", 2, when);
        let lost = directory.setup("--mcp");
        assert_eq!(lost.status, Some(1), "{when:?} {}", lost.said());
        assert!(lost.stderr.contains("oidc_config"), "{when:?} {}", lost.said());
        let again = directory.setup("--mcp");
        assert_eq!(again.status, Some(0), "{when:?} {}", again.said());
        let found = client(&directory).await["oidcConfig"]["redirectUris"].clone();
        assert_eq!(found, json!(CALLBACKS));
    }
}
