//! Projects, roles and applications by the management API, and introspection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

use crate::manager::Manager;
use crate::resource_server::{Got, basic, http, send, unauthorized_client};

const PROJECTS: &str = "/management/v1/projects";

async fn introspect(double: &ZitadelDouble, id: &str, secret: &str) -> Got {
    let request = http().post(double.introspection_endpoint());
    let request = request.header("authorization", basic(id, secret));
    send(request.form(&[("token", "none")])).await
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case_and_searched_with_or_without() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let id = admin.project("CaseTest").await;
    let again = admin.refused("POST", PROJECTS, json!({ "name": "casetest" })).await;
    assert_eq!(again, (409, "Project already exists on organization (V3-DKcYh)".to_owned()));
    for (method, found) in [("EQUALS", 0), ("EQUALS_IGNORE_CASE", 1), ("CONTAINS_IGNORE_CASE", 1)] {
        let method = format!("TEXT_QUERY_METHOD_{method}");
        let queries = json!([{ "nameQuery": { "name": "casetest", "method": method } }]);
        let ids = admin.listed(&format!("{PROJECTS}/_search"), queries, "id").await;
        assert_eq!(ids.len(), found, "{method}");
        assert!(ids.iter().all(|found| *found == id));
    }
    let unknown = json!({ "queries": [{ "titleQuery": {} }] });
    let roles = format!("{PROJECTS}/{id}/roles/_search");
    for path in [&format!("{PROJECTS}/_search"), &roles] {
        let refused = admin.refused("POST", path, unknown.clone()).await;
        assert_eq!(refused, (400, "proto: unknown query titleQuery".to_owned()), "{path}");
    }
    admin.delete(&format!("{PROJECTS}/{id}")).await;
    assert_ne!(admin.project("casetest").await, id);
}

#[tokio::test]
async fn a_list_has_pages_of_at_most_a_hundred() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let project = admin.project("many roles").await;
    let roles = |from: usize| -> Vec<Value> {
        (from..from + 60).map(|number| json!({ "key": format!("role-{number:03}") })).collect()
    };
    for from in [0, 60] {
        let path = format!("{PROJECTS}/{project}/roles/_bulk");
        admin.post(&path, json!({ "roles": roles(from) })).await;
    }
    let page = |query: Value| {
        let (admin, path) = (&admin, format!("{PROJECTS}/{project}/roles/_search"));
        async move {
            let answer = admin.post(&path, json!({ "query": query })).await;
            assert_eq!(answer["details"]["totalResult"], "120");
            let rows = answer["result"].as_array().unwrap().clone();
            (rows.len(), rows[0]["key"].as_str().unwrap().to_owned())
        }
    };
    assert_eq!(page(json!({ "limit": 1000 })).await, (100, "role-000".to_owned()));
    assert_eq!(page(json!({})).await, (100, "role-000".to_owned()));
    assert_eq!(page(json!({ "offset": "100", "limit": 100 })).await, (20, "role-100".to_owned()));
    assert_eq!(page(json!({ "limit": 7 })).await.0, 7);
}

#[tokio::test]
async fn the_state_of_an_application_and_its_project_decides_what_introspection_says() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let project = format!("{PROJECTS}/{}", admin.project("Messages").await);
    let added = admin.post(&format!("{project}/apps/api"), json!({ "name": "api" })).await;
    let (id, secret) = (text(&added, "clientId"), text(&added, "clientSecret"));
    let app = format!("{project}/apps/{}", text(&added, "appId"));
    assert_eq!(introspect(&double, id, secret).await.status, 200);
    for (thing, active) in [
        (&app, "Application is not active (COMMAND-dsh35)"),
        (&project, "Project is not active (COMMAND-mki55)"),
    ] {
        let off = format!("{thing}/_deactivate");
        admin.post(&off, json!({})).await;
        assert_eq!(introspect(&double, id, secret).await.json(), unauthorized_client());
        assert_eq!(admin.refused("POST", &off, json!({})).await, (400, active.to_owned()));
        admin.post(&format!("{thing}/_reactivate"), json!({})).await;
        assert_eq!(introspect(&double, id, secret).await.status, 200);
    }
    admin.delete(&app).await;
    assert_eq!(introspect(&double, id, secret).await.status, 400);
    assert_eq!(double.take_violations().len(), 1);
    let (status, message) = admin.refused("DELETE", &app, Value::Null).await;
    assert_eq!((status, message.as_str()), (404, "Application doesn't exist (COMMAND-0po9s)"));
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_and_survives_a_change_to_keys() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let apps = format!("{PROJECTS}/{}/apps", admin.project("Messages").await);
    let added = admin.post(&format!("{apps}/api"), json!({ "name": "api" })).await;
    let (id, old) = (text(&added, "clientId"), text(&added, "clientSecret"));
    let app = format!("{apps}/{}", text(&added, "appId"));
    let renewed = admin.post(&format!("{app}/api_config/_generate_client_secret"), json!({})).await;
    let new = text(&renewed, "clientSecret");
    assert_eq!(introspect(&double, id, old).await.json(), unauthorized_client());
    assert_eq!(introspect(&double, id, new).await.status, 200);
    let by_keys = json!({ "authMethodType": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT" });
    admin.done("PUT", &format!("{app}/api_config"), &by_keys).await;
    assert_eq!(introspect(&double, id, new).await.status, 200);
    let again = admin.refused("PUT", &format!("{app}/api_config"), by_keys).await;
    assert_eq!(again, (400, "No changes (COMMAND-1m88i)".to_owned()));
    assert_eq!(double.take_violations().len(), 1);
}

#[tokio::test]
async fn an_oidc_application_has_a_secret_unless_it_is_public() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let apps = format!("{PROJECTS}/{}/apps", admin.project("Messages").await);
    let code = json!({
        "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
        "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE"],
    });
    let with_code = |mut app: Value| {
        app.as_object_mut().unwrap().extend(code.as_object().unwrap().clone());
        app
    };
    let web = json!({ "name": "web", "redirectUris": ["https://app.example.test/callback"] });
    let refused = admin.refused("POST", &format!("{apps}/oidc"), web.clone()).await;
    assert_eq!(refused, (400, "Application is invalid (PROJECT-1n8df)".to_owned()));
    let web = with_code(web);
    let web = admin.post(&format!("{apps}/oidc"), web).await;
    assert_eq!(text(&web, "clientSecret").len(), 64);
    let native = with_code(json!({
        "name": "native", "redirectUris": ["http://localhost/callback"],
        "appType": "OIDC_APP_TYPE_NATIVE", "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
    }));
    let native = admin.post(&format!("{apps}/oidc"), native).await;
    assert_eq!(native.get("clientSecret"), None);
    let listed = admin.post(&format!("{apps}/_search"), json!({})).await;
    let config = |index: usize| &listed["result"][index]["oidcConfig"];
    assert_eq!(config(0).get("authMethodType"), None);
    assert_eq!(config(1)["authMethodType"], "OIDC_AUTH_METHOD_TYPE_NONE");
    assert_eq!(config(1)["redirectUris"], json!(["http://localhost/callback"]));
}

#[tokio::test]
async fn a_change_replaces_every_setting_of_an_oidc_application() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let apps = format!("{PROJECTS}/{}/apps", admin.project("Messages").await);
    let mut settings = json!({
        "redirectUris": ["http://localhost/callback"], "devMode": true, "clockSkew": "1s",
        "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
        "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
        "appType": "OIDC_APP_TYPE_NATIVE", "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
        "accessTokenType": "OIDC_TOKEN_TYPE_JWT",
    });
    let mut new = settings.clone();
    new["name"] = json!("native");
    let new = admin.post(&format!("{apps}/oidc"), new).await;
    let path = format!("{apps}/{}/oidc_config", text(&new, "appId"));
    let read = async || {
        let found = admin.post(&format!("{apps}/_search"), json!({})).await;
        let mut config = found["result"][0]["oidcConfig"].clone();
        assert_eq!(
            config.as_object_mut().unwrap().remove("clientId"),
            Some(new["clientId"].clone())
        );
        config
    };
    assert_eq!(read().await, settings);
    let again = admin.refused("PUT", &path, settings.clone()).await;
    assert_eq!(again, (400, "No changes (COMMAND-1m88i)".to_owned()));
    for name in ["devMode", "clockSkew", "accessTokenType"] {
        settings.as_object_mut().unwrap().remove(name);
    }
    settings["redirectUris"] = json!(["http://localhost/callback", "cursor://callback"]);
    admin.done("PUT", &path, &settings).await;
    assert_eq!(read().await, settings);
    let empty = admin.refused("PUT", &path, json!({})).await;
    assert_eq!(empty, (400, "OIDC configuration is invalid (COMMAND-5m9fs)".to_owned()));
    let api = admin.post(&format!("{apps}/api"), json!({ "name": "api" })).await;
    let path = format!("{apps}/{}/oidc_config", text(&api, "appId"));
    let other = admin.refused("PUT", &path, settings).await;
    assert_eq!(other, (400, "Application is not type OIDC (COMMAND-GBr34)".to_owned()));
}

#[tokio::test]
async fn a_key_is_listed_until_it_is_removed_and_its_file_names_the_client() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let apps = format!("{PROJECTS}/{}/apps", admin.project("Messages").await);
    let body = json!({ "name": "k", "authMethodType": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT" });
    let app = admin.post(&format!("{apps}/api"), body).await;
    let keys = format!("{apps}/{}/keys", text(&app, "appId"));
    let key = admin.post(&keys, json!({ "type": "KEY_TYPE_JSON" })).await;
    let file = STANDARD.decode(text(&key, "keyDetails")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!((&file["clientId"], &file["keyId"]), (&app["clientId"], &key["id"]));
    assert!(text(&file, "key").starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    let past = json!({ "expirationDate": "2020-01-01T00:00:00Z" });
    assert_eq!(admin.refused("POST", &keys, past).await.0, 400);
    let search = format!("{keys}/_search");
    assert_eq!(admin.listed(&search, json!([]), "id").await, [text(&key, "id")]);
    admin.delete(&format!("{keys}/{}", text(&key, "id"))).await;
    assert!(admin.listed(&search, json!([]), "id").await.is_empty());
}

#[tokio::test]
async fn a_removed_role_is_taken_from_every_grant() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let project = admin.project("Messages").await;
    let roles = format!("{PROJECTS}/{project}/roles");
    admin.post(&roles, json!({ "roleKey": "read:messages", "displayName": "Read" })).await;
    let user = admin.service_user("reader").await;
    let grant = json!({ "projectId": project, "roleKeys": ["read:messages"] });
    admin.post(&format!("/management/v1/users/{user}/grants"), grant).await;
    // Some clients encode path segments.
    admin.delete(&format!("{roles}/read%3Amessages")).await;
    let found = admin.post("/management/v1/users/grants/_search", json!({})).await;
    assert_eq!(found["result"][0].get("roleKeys"), None);
    let (status, message) = admin.refused("DELETE", &format!("{roles}/none"), Value::Null).await;
    assert_eq!((status, message.as_str()), (404, "Role doesn't exist (COMMAND-m9vMf)"));
}

#[tokio::test]
async fn a_role_key_with_a_slash_has_no_path_encoded_or_not() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let roles = format!("{PROJECTS}/{}/roles", admin.project("Messages").await);
    admin.post(&roles, json!({ "roleKey": "tenant/admin", "displayName": "x" })).await;
    for path in ["tenant/admin", "tenant%2Fadmin"] {
        let (status, message) =
            admin.refused("DELETE", &format!("{roles}/{path}"), Value::Null).await;
        assert_eq!((status, message.as_str()), (404, "Not Found"), "{path}");
    }
    assert_eq!(double.take_violations().len(), 2);
    admin.post(&roles, json!({ "roleKey": "50%?#", "displayName": "x" })).await;
    admin.delete(&format!("{roles}/50%25%3F%23")).await;
}
