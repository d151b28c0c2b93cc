//! The control API of the event log.

use serde_json::{Value, json};
use zitadel_double::{NewUser, SessionToken};

use crate::control::Remote;
use crate::manager::Manager;
use crate::resource_server::{
    events, http, inactive, introspect, names, search_request, send, with_json,
};

async fn newest(remote: &Remote, reader: &str) -> Value {
    events(&remote.double, reader, &json!({ "limit": 1 })).await.remove(0)
}

#[tokio::test]
async fn a_reader_is_made_and_loses_its_right() {
    let remote = Remote::start().await;
    let made = remote.post("/event_reader", json!({})).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(remote.post("/user_of", json!({ "token": token })).await["user"], made["user"]);
    assert_eq!(newest(&remote, token).await["type"]["type"], "user.pat.added");
    let order = json!({ "user": made["user"], "may_read": false });
    remote.post("/set_event_reader", order).await;
    let got = send(with_json(search_request(&remote.double, token), &json!({}))).await;
    assert_eq!(got.status, 404);
    let requests = send(http().post(format!("{}/event_requests", remote.base))).await.json();
    assert_eq!(requests, json!([{ "limit": 1 }, {}]));
}

#[tokio::test]
async fn each_order_writes_its_event() {
    let remote = Remote::start().await;
    let double = &remote.double;
    let reader = double.event_reader();
    let ada = double.add_user(NewUser::human("ada"));
    let svc = double.add_user(NewUser::service("svc").in_org(double.foreign_org_id()));
    for role in ["read:messages", "write", "third"] {
        double.grant(&svc, role);
    }
    let login = || double.session_token(&ada, SessionToken::default());
    let org = double.foreign_org_id().as_str();
    for (path, body, name) in [
        ("/revoke_refresh", json!({ "token": login() }), "oidc_session.refresh_token.revoked"),
        ("/end_session", json!({ "token": login() }), "session.terminated"),
        ("/sign_out", json!({ "user": "ada" }), "user.human.signed.out"),
        ("/remove_pat", json!({ "token": double.pat(&svc) }), "user.pat.removed"),
        ("/deactivate_grants", json!({ "user": "svc" }), "user.grant.deactivated"),
        ("/reactivate_grants", json!({ "user": "svc" }), "user.grant.reactivated"),
        ("/remove_project_role", json!({ "role": "third" }), "user.grant.cascade.changed"),
        (
            "/reduce_project_grant",
            json!({ "org": org, "role": "write" }),
            "user.grant.cascade.changed",
        ),
        ("/remove_project_grant", json!({ "org": org }), "user.grant.cascade.removed"),
        ("/remove_org", json!({ "org": org }), "org.removed"),
        ("/deactivate_project", json!({}), "project.deactivated"),
        ("/reactivate_project", json!({}), "project.reactivated"),
        ("/remove_project", json!({}), "project.removed"),
        ("/noise", json!({ "count": 1 }), "user.human.password.check.succeeded"),
        (
            "/write_event",
            json!({ "aggregate_type": "group", "aggregate_id": "7",
                "event_type": "user.locked", "payload": null }),
            "user.locked",
        ),
    ] {
        assert_eq!(remote.post(path, body).await, json!({ "done": true }), "{path}");
        assert_eq!(newest(&remote, &reader).await["type"]["type"], name, "{path}");
    }
    assert_eq!(newest(&remote, &reader).await.get("payload"), Some(&Value::Null));
}

#[tokio::test]
async fn the_log_is_bent_from_outside() {
    let remote = Remote::start().await;
    let double = &remote.double;
    let reader = double.event_reader();
    let search = || async {
        let got = send(with_json(search_request(double, &reader), &json!({ "asc": true }))).await;
        (got.status, got)
    };
    for (fault, status) in [
        ("token_invalid", 401),
        ("membership_not_found", 404),
        ("organization_missing", 403),
        ("database_error", 500),
    ] {
        remote.post("/event_log_fault", json!({ "fault": fault, "times": 1 })).await;
        assert_eq!(search().await.0, status);
    }
    let fault = json!({ "on": "event_log", "fault": { "kind": "bad_gateway" } });
    remote.post("/faults", fault).await;
    assert_eq!(search().await.0, 502);
    remote.send("DELETE", "/faults", json!({})).await;

    remote.post("/set_page_cap", json!({ "count": 1 })).await;
    let page = search().await.1.json()["events"].as_array().unwrap().clone();
    assert_eq!(names(&page), ["user.machine.added"]);
    remote.post("/set_page_cap", json!({ "count": 1000 })).await;
    remote.post("/restore_log", json!({ "count": 0 })).await;
    assert_eq!(search().await.1.body, "{}");
    remote.post("/set_log_clock", json!({ "offset_milliseconds": -3_600_000 })).await;
    let event = json!({ "aggregate_type": "user", "aggregate_id": "7",
        "event_type": "user.locked", "count": 3 });
    remote.post("/write_event", event).await;
    let three = search().await.1.json()["events"].as_array().unwrap().clone();
    assert_eq!((three.len(), &three[2]["aggregate"]["id"]), (3, &json!("7")));
    remote.post("/forget_event_type", json!({ "type": "user.locked" })).await;
    assert_eq!(search().await.1.body, "{}");
    remote.post("/set_known_event_types", json!({ "types": ["user.locked"] })).await;
    assert_ne!(search().await.1.body, "{}");

    let pat = double.pat(&double.add_user(NewUser::service("svc")));
    let order = json!({ "kind": "pat", "inactive": true });
    remote.post("/set_inactive_by_fault", order).await;
    assert_eq!(introspect(double, &pat).await, inactive());
    remote.send("DELETE", "/faults", json!({})).await;
    remote.post("/hold_push", json!({ "milliseconds": 50 })).await;
    assert_eq!(introspect(double, &pat).await["active"], true);
    remote.post("/set_roles_lag", json!({ "milliseconds": 3_600_000 })).await;
    remote.post("/grants", json!({ "user": "svc", "role": "read:messages" })).await;
    let roles = "urn:zitadel:iam:org:project:roles";
    assert_eq!(introspect(double, &pat).await.get(roles), None);
}

#[tokio::test]
async fn targets_are_added_and_their_fate_decided() {
    let remote = Remote::start().await;
    let order = json!({ "url": "http://127.0.0.1:1/", "event_types": ["user.locked"] });
    let key = remote.post("/add_webhook", order).await;
    assert_eq!(key["signing_key"].as_str().unwrap().len(), 36);
    for fate in [
        json!({ "fate": "deliver" }),
        json!({ "fate": "lose" }),
        json!({ "fate": "late", "milliseconds": 5 }),
        json!({ "fate": "twice" }),
    ] {
        remote.post("/set_webhooks", fate).await;
    }
    let got = remote.send("POST", "/set_webhooks", json!({ "fate": "sometimes" })).await;
    assert_eq!(got.status, 400);
}

#[tokio::test]
async fn the_management_api_is_slow_to_see_and_loses_a_call_by_order() {
    let remote = Remote::start().await;
    let double = &remote.double;
    let admin = Manager::administrator(double);
    let search = "/management/v1/projects/_search";
    let named = |name: &str| json!([{ "nameQuery": { "name": name } }]);
    remote.post("/set_visibility_lag", json!({ "reads": 1 })).await;
    let project = admin.project("late").await;
    assert!(admin.listed(search, named("late"), "id").await.is_empty());
    assert_eq!(admin.listed(search, named("late"), "id").await, [project]);
    remote.post("/set_visibility_lag", json!({ "milliseconds": 3_600_000 })).await;
    remote.post("/set_visibility_lag", json!("none")).await;
    admin.project("at once").await;
    assert_eq!(admin.listed(search, named("at once"), "id").await.len(), 1);
    remote.post("/lose_management_call", json!({ "number": 1, "when": "after" })).await;
    let body = json!({ "name": "lost" });
    assert!(admin.request("POST", "/management/v1/projects", &body).send().await.is_err());
    remote.post("/lose_management_call", json!({ "number": 1, "when": "before" })).await;
    assert!(admin.request("POST", search, &json!({})).send().await.is_err());
    assert_eq!(admin.listed(search, named("lost"), "id").await.len(), 1);
    let calls = remote.post("/management_calls", json!({})).await;
    assert_eq!(calls[0], json!({ "method": "POST", "path": "/management/v1/projects" }));
}
