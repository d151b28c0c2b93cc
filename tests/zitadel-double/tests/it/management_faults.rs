//! Lags, lost connections and counts of the management API.

use std::time::Duration;

use serde_json::{Value, json};
use zitadel_double::{LostCall, NewUser, VisibilityLag, ZitadelDouble};

use crate::manager::Manager;
use crate::resource_server::{basic, http, introspect, send};

const PROJECTS: &str = "/management/v1/projects";
const SEARCH: &str = "/management/v1/projects/_search";

#[tokio::test]
async fn a_new_thing_is_seen_after_its_reads_and_commands_see_it_at_once() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    double.set_visibility_lag(VisibilityLag::Reads(2));
    let project = admin.project("Messages").await;
    let again = admin.refused("POST", PROJECTS, json!({ "name": "Messages" })).await;
    assert_eq!(again.0, 409);
    let app = format!("{PROJECTS}/{project}/apps/api");
    let app = admin.post(&app, json!({ "name": "api" })).await;
    let text = |name: &str| app[name].as_str().unwrap();
    let api = || {
        let request = http().post(double.introspection_endpoint());
        let request =
            request.header("authorization", basic(text("clientId"), text("clientSecret")));
        send(request.form(&[("token", "none")]))
    };
    // Each of the two calls is a read.
    let queries = json!([{ "nameQuery": { "name": "Messages" } }]);
    assert!(admin.listed(SEARCH, queries.clone(), "id").await.is_empty());
    assert_eq!(api().await.status, 400);
    assert_eq!(api().await.status, 200);
    assert_eq!(admin.listed(SEARCH, queries, "id").await, [project]);
}

#[tokio::test]
async fn a_new_role_and_a_new_manager_are_seen_when_the_lag_is_over() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("reader").await;
    let pat = admin.pat(&user).await;
    double.set_visibility_lag(VisibilityLag::Time(Duration::from_hours(1)));
    let body = json!({ "projectId": double.project_id().as_str(), "roleKeys": ["read:messages"] });
    let grants = format!("/management/v1/users/{user}/grants");
    let id = admin.id(&grants, body.clone(), "userGrantId").await;
    let member = json!({ "userId": user, "roles": ["IAM_OWNER_VIEWER"] });
    admin.post("/admin/v1/members", member).await;
    let roles = "urn:zitadel:iam:org:project:roles";
    assert_eq!(introspect(&double, &pat).await.get(roles), None);
    let manager = Manager::with_token(&double, &pat);
    assert_eq!(manager.refused("POST", SEARCH, json!({})).await.0, 404);
    double.set_visibility_lag(VisibilityLag::Time(Duration::ZERO));
    admin.delete(&format!("{grants}/{id}")).await;
    admin.post(&grants, body).await;
    assert!(introspect(&double, &pat).await[roles]["read:messages"].is_object());
}

#[tokio::test]
async fn a_lost_call_may_have_taken_effect_or_not() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    for (name, when, found) in [("first", LostCall::Before, 0), ("second", LostCall::After, 1)] {
        double.lose_management_call(2, when);
        admin.post(SEARCH, json!({})).await;
        let body = json!({ "name": name });
        let lost = admin.request("POST", PROJECTS, &body).send().await;
        assert!(lost.is_err(), "{lost:?}");
        let queries = json!([{ "nameQuery": { "name": name } }]);
        assert_eq!(admin.listed(SEARCH, queries, "id").await.len(), found, "{when:?}");
    }
    double.lose_management_call(1, LostCall::Before);
    double.clear_faults();
    admin.post(SEARCH, json!({})).await;
}

#[tokio::test]
async fn every_call_is_counted_with_its_method_and_path() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let _ = double.add_user(NewUser::service("svc"));
    admin.done("GET", "/management/v1/orgs/me", &Value::Null).await;
    admin.refused("POST", PROJECTS, json!({})).await;
    double.wait_for_management_calls(2).await;
    let calls = double.management_calls();
    let expected = [("GET", "/management/v1/orgs/me"), ("POST", PROJECTS)];
    assert_eq!(calls, expected.map(|(method, path)| (method.to_owned(), path.to_owned())));
    assert_eq!(double.counts().management_calls, 2);
    double.reset_counts();
    assert!(double.management_calls().is_empty());
}
