//! Rights of management API callers, and the organization of a call.

use serde_json::{Value, json};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

use crate::manager::Manager;
use crate::resource_server::{all_events, http, send};

const PROJECTS: &str = "/management/v1/projects";
const SEARCH: &str = "/management/v1/projects/_search";

fn no_permission() -> (u16, String) {
    (403, "No matching permissions found (AUTH-5mWD2)".to_owned())
}

#[tokio::test]
async fn the_administrator_has_one_token_without_scopes_and_may_read_the_log() {
    let double = ZitadelDouble::start().await;
    let token = double.administrator();
    assert_eq!(double.administrator(), token);
    let admin = Manager::administrator(&double);
    let mine = admin.done("GET", "/management/v1/orgs/me", &Value::Null).await;
    assert_eq!(mine["org"]["id"], double.org_id().as_str());
    let user = double.user_of(&token);
    let pats = admin.post(&format!("/management/v1/users/{user}/pats/_search"), json!({})).await;
    assert_eq!(pats["result"][0].get("scopes"), None);
    assert!(!all_events(&double, &token).await.is_empty());
}

#[tokio::test]
async fn a_call_without_a_token_is_unauthenticated() {
    let double = ZitadelDouble::start().await;
    let got = send(http().get(format!("{}/management/v1/orgs/me", double.issuer()))).await;
    assert_eq!(got.status, 401);
    let body = got.json();
    assert_eq!((&body["code"], &body["message"]), (&json!(16), &json!("auth header missing")));
}

#[tokio::test]
async fn viewers_read_and_owners_write_and_only_the_instance_makes_managers_of_its_own() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    for (list, role, writes, reads_log) in [
        ("/admin/v1/members", "IAM_OWNER_VIEWER", false, true),
        ("/management/v1/orgs/me/members", "ORG_OWNER", true, false),
        ("/management/v1/orgs/me/members", "ORG_OWNER_VIEWER", false, false),
    ] {
        let user = admin.service_user(role).await;
        admin.post(list, json!({ "userId": user, "roles": [role] })).await;
        let manager = Manager::with_token(&double, &admin.pat(&user).await);
        manager.post(SEARCH, json!({})).await;
        let body = json!({ "name": role });
        let added = manager.call("POST", PROJECTS, &body).await;
        assert_eq!(added.status, if writes { 200 } else { 403 }, "{role}: {}", added.body);
        let log = manager.call("POST", "/admin/v1/events/_search", &json!({ "limit": 1 })).await;
        assert_eq!(log.status, if reads_log { 200 } else { 403 }, "{role}: {}", log.body);
        let member = json!({ "userId": user, "roles": ["IAM_OWNER"] });
        assert_eq!(manager.refused("POST", "/admin/v1/members", member).await, no_permission());
        assert_eq!(
            admin
                .listed(
                    &format!("{list}/_search"),
                    json!([{ "userIdQuery": { "userId": user } }]),
                    "userId"
                )
                .await,
            [user.as_str()]
        );
        admin.delete(&format!("{list}/{user}")).await;
        let (status, message) = manager.refused("POST", SEARCH, json!({})).await;
        assert_eq!((status, message.as_str()), (404, "membership not found (AUTHZ-cdgFk)"));
    }
}

#[tokio::test]
async fn an_owner_of_one_organization_is_a_stranger_to_another_and_the_instance_selects_any() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("owner").await;
    let owner = json!({ "userId": user, "roles": ["ORG_OWNER"] });
    admin.post("/management/v1/orgs/me/members", owner).await;
    let owner = Manager::with_token(&double, &admin.pat(&user).await);
    let foreign = double.foreign_org_id().as_str();
    for (manager, org, status) in
        [(&owner, foreign, 404), (&admin, foreign, 200), (&admin, "340000000000099999", 403)]
    {
        let request = manager.request("GET", "/management/v1/orgs/me", &Value::Null);
        let got = send(request.header("x-zitadel-orgid", org)).await;
        assert_eq!(got.status, status, "{}", got.body);
        if status == 200 {
            assert_eq!(got.json()["org"]["name"], "Globex");
        }
    }
}

#[tokio::test]
async fn a_session_token_calls_only_with_zitadels_own_audience() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    let admin = Manager::administrator(&double);
    let member = json!({ "userId": ada.as_str(), "roles": ["ORG_OWNER"] });
    admin.post("/management/v1/orgs/me/members", member).await;
    for (scope, status) in [("openid", 401), ("urn:zitadel:iam:org:project:id:zitadel:aud", 200)] {
        let token = double.session_token(&ada, SessionToken::default().with_scope(scope));
        let manager = Manager::with_token(&double, &token);
        assert_eq!(manager.call("POST", SEARCH, &json!({})).await.status, status, "{scope}");
    }
}

#[tokio::test]
async fn the_log_names_the_caller_as_the_author_of_a_change() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    admin.project("by the administrator").await;
    let user = admin.service_user("owner").await;
    let owner = json!({ "userId": user, "roles": ["ORG_OWNER"] });
    admin.post("/management/v1/orgs/me/members", owner).await;
    let token = admin.pat(&user).await;
    Manager::with_token(&double, &token).project("by the owner").await;
    let events = all_events(&double, &double.administrator()).await;
    let added = events.iter().filter(|event| event["type"]["type"] == "project.added");
    let editors: Vec<&Value> = added.map(|event| &event["editor"]["userId"]).collect();
    assert_eq!(editors, [&json!(double.user_of(&double.administrator()).as_str()), &json!(user)]);
}

#[tokio::test]
async fn an_unknown_path_is_not_found_and_remembered() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let (status, message) = admin.refused("POST", "/management/v1/nothing", json!({})).await;
    assert_eq!((status, message.as_str()), (404, "Not Found"));
    assert_eq!(double.take_violations().len(), 1);
}
