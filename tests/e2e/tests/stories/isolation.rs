//! No caller ever gets another's response.

use app::{Authorized, Routes, guarded};
use axum::{Json, http::HeaderMap};
use domain::rules::SignedIn;
use serde_json::{Value, json};
use tests::{Api, with_client_secret};
use tokio::task::JoinSet;
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

fn who_am_i() -> Routes {
    async fn handler(permit: Authorized<SignedIn>, headers: HeaderMap) -> Json<Value> {
        let principal = permit.principal();
        let roles: Vec<_> = principal
            .roles
            .iter()
            .map(|grant| {
                let organizations: Vec<_> =
                    grant.organizations().iter().map(|o| o.id.as_str()).collect();
                json!({ grant.role().as_str(): organizations })
            })
            .collect();
        Json(json!({
            "subject": principal.subject.as_ref().map(ToString::to_string),
            "organization": principal.organization.as_ref().map(ToString::to_string),
            "roles": roles,
            "request": headers.get("x-request").and_then(|value| value.to_str().ok()),
        }))
    }
    Routes::default().get("/me", guarded(handler))
}

#[tokio::test]
async fn the_principal_has_subject_organization_and_roles_with_who_granted_them() {
    let double = ZitadelDouble::start().await;
    let api = Api::start_with(with_client_secret(&double), who_am_i()).await;
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    double.grant_in(&user, double.project_id(), "read:messages", double.foreign_org_id());
    double.grant(&user, "admin");
    let mut organizations = [double.org_id().as_str(), double.foreign_org_id().as_str()];
    organizations.sort_unstable();
    assert_eq!(
        api.get("/me", &double.pat(&user)).await.body,
        json!({
            "subject": user.as_str(),
            "organization": double.org_id().as_str(),
            "roles": [{ "admin": [double.org_id().as_str()] }, { "read:messages": organizations }],
            "request": null,
        }),
    );
}

// incidents.md row 4: concurrent callers with different requests.
#[tokio::test]
async fn many_callers_at_once_each_get_their_own() {
    let double = ZitadelDouble::start().await;
    let api = Api::start_with(with_client_secret(&double), who_am_i()).await;
    let mut calls = JoinSet::new();
    for number in 0..60 {
        let user =
            double.add_user(NewUser::service(&format!("svc-{}", number / 3))).as_str().to_owned();
        let token = double.pat(&user.as_str().into());
        let request = number.to_string();
        let call =
            api.client().get(api.url("/me")).bearer_auth(token).header("x-request", &request);
        calls.spawn(async move {
            let body: Value = call.send().await.unwrap().json().await.unwrap();
            assert_eq!((&body["subject"], &body["request"]), (&json!(user), &json!(request)));
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
}

// A slow introspection delays only its own token.
#[tokio::test]
async fn a_question_that_hangs_holds_up_no_other_token() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let [slow, fast] = ["slow", "fast"].map(|name| {
        let user = double.add_user(NewUser::service(name));
        double.pat(&user)
    });
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::Once);
    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let call = api.client().get(api.url("/api/private")).bearer_auth(&slow);
        waiting.spawn(async move { call.send().await.unwrap().status() });
    }
    double.wait_for_introspections(1).await;
    for _ in 0..20 {
        assert_eq!(api.get("/api/private", &fast).await.status, 200);
    }
    assert!(waiting.try_join_next().is_none(), "the first answer is still held");
    gate.open();
    for status in waiting.join_all().await {
        assert_eq!(status, 200);
    }
}

// incidents.md row 2: an authorization server's verdict counts in no other configuration.
#[tokio::test]
async fn two_apis_with_two_authorization_servers_do_not_share_an_answer() {
    let (first, second) = (ZitadelDouble::start().await, ZitadelDouble::start().await);
    let token = first.pat(&first.add_user(NewUser::service("svc")));
    let trusting = Api::start(with_client_secret(&first)).await;
    let stranger = Api::start(with_client_secret(&second)).await;
    for _ in 0..2 {
        assert_eq!(trusting.get("/api/private", &token).await.status, 200);
        assert_eq!(stranger.get("/api/private", &token).await.code(), "invalid_token");
    }
}

// incidents.md rows 1 and 3: access to one route grants no access to another.
#[tokio::test]
async fn a_door_that_opened_before_opens_no_other() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    for _ in 0..3 {
        assert_eq!(api.get("/api/private", &token).await.status, 200);
        assert_eq!(api.get("/api/private-scoped", &token).await.code(), "insufficient_scope");
    }
}
