//! The control API.

use serde_json::{Value, json};
use zitadel_double::{NewUser, ZitadelDouble};

use crate::resource_server::{Got, http, inactive, introspect, request, send};

pub(crate) struct Remote {
    pub(crate) double: ZitadelDouble,
    pub(crate) base: String,
}

impl Remote {
    pub(crate) async fn start() -> Self {
        let double = ZitadelDouble::start().await;
        let address = double.serve_control("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { double, base: format!("http://{address}") }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Got {
        let method = method.parse().unwrap();
        let url = format!("{}{path}", self.base);
        send(http().request(method, url).body(body.to_string())).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let got = self.send("POST", path, body).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        got.json()
    }
}

#[tokio::test]
async fn a_role_is_given_and_taken_by_user_name() {
    let remote = Remote::start().await;
    let user = remote.post("/users", json!({ "name": "svc" })).await;
    assert!(user["user"].is_string());
    let token = remote.post("/pats", json!({ "user": "svc" })).await;
    let token = token["token"].as_str().unwrap();
    let role = json!({ "user": "svc", "role": "read:messages" });
    let claim = "urn:zitadel:iam:org:project:roles";
    remote.post("/grants", role.clone()).await;
    assert!(introspect(&remote.double, token).await.get(claim).is_some());
    assert_eq!(remote.send("DELETE", "/grants", role).await.status, 200);
    assert!(introspect(&remote.double, token).await.get(claim).is_none());
}

#[tokio::test]
async fn session_tokens_are_issued_refreshed_and_revoked() {
    let remote = Remote::start().await;
    let user = remote.double.add_user(NewUser::human("ada"));
    let order = json!({ "user": user.as_str(), "shape": "jwt", "lifetime_seconds": 60 });
    let old = remote.post("/tokens", order).await;
    let new = remote.post("/refresh", old.clone()).await;
    assert_eq!(introspect(&remote.double, old["token"].as_str().unwrap()).await, inactive());
    let claims = introspect(&remote.double, new["token"].as_str().unwrap()).await;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    remote.post("/revoke", new.clone()).await;
    assert_eq!(introspect(&remote.double, new["token"].as_str().unwrap()).await, inactive());
}

#[tokio::test]
async fn users_applications_and_answers_are_changed() {
    let remote = Remote::start().await;
    let double = &remote.double;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    remote.post("/users/state", json!({ "user": "svc", "state": "locked" })).await;
    assert_eq!(introspect(double, &token).await, inactive());
    remote.post("/answers", json!({ "token": "x", "answer": { "active": 1 } })).await;
    assert_eq!(introspect(double, "x").await, json!({ "active": 1 }));
    remote.post("/apps/secret", json!({ "secret": "new" })).await;
    assert_eq!(double.client_secret(), "new");
    remote.post("/apps/state", json!({ "state": "deactivated" })).await;
    assert_eq!(send(request(double).form(&[("token", "x")])).await.status, 400);
}

#[tokio::test]
async fn every_fault_has_a_name() {
    let remote = Remote::start().await;
    let order = |on: &str, fault: Value| json!({ "on": on, "fault": fault, "times": 0 });
    for kind in [
        "stall",
        "reset_before_answer",
        "close_before_answer",
        "reset_mid_body",
        "truncate",
        "internal_server_error",
        "bad_gateway",
        "service_unavailable",
        "too_many_requests",
        "database_down",
        "login_page",
        "wrong_types",
        "not_json",
        "empty",
        "huge_chunked",
        "huge_content_length",
    ] {
        for on in ["introspection", "discovery"] {
            remote.post("/faults", order(on, json!({ "kind": kind }))).await;
        }
    }
    for fault in [
        json!({ "kind": "delay", "milliseconds": 5 }),
        json!({ "kind": "drip", "milliseconds": 5 }),
        json!({ "kind": "content_type", "value": "text/plain" }),
        json!({ "kind": "redirect_found", "location": "http://x.test" }),
        json!({ "kind": "redirect_temporary", "location": "http://x.test" }),
    ] {
        remote.post("/faults", order("introspection", fault)).await;
    }
    for fault in [
        json!({ "kind": "issuer", "value": "http://x.test" }),
        json!({ "kind": "introspection_endpoint", "value": "http://x.test" }),
        json!({ "kind": "no_introspection_endpoint" }),
        json!({ "kind": "date", "value": "Thu, 01 Jan 2026 00:00:00 GMT" }),
    ] {
        remote.post("/faults", order("discovery", fault.clone())).await;
        let got = remote.send("POST", "/faults", order("introspection", fault)).await;
        assert_eq!(got.status, 400, "{}", got.body);
    }
}

#[tokio::test]
async fn faults_last_until_they_are_cleared() {
    let remote = Remote::start().await;
    let ask = || send(request(&remote.double).form(&[("token", "t")]));
    let fault = json!({ "on": "introspection", "fault": { "kind": "bad_gateway" } });
    remote.post("/faults", fault).await;
    assert_eq!((ask().await.status, ask().await.status), (502, 502));
    assert_eq!(remote.send("DELETE", "/faults", json!({})).await.status, 200);
    assert_eq!(ask().await.status, 200);
}

#[tokio::test]
async fn the_port_is_closed_and_opened() {
    let remote = Remote::start().await;
    remote.post("/listening", json!({ "mode": "refusing" })).await;
    assert!(tokio::net::TcpStream::connect(remote.double.addr()).await.is_err());
    remote.post("/listening", json!({ "mode": "accepting" })).await;
    assert_eq!(introspect(&remote.double, "t").await, inactive());
}

#[tokio::test]
async fn counts_and_violations_are_told_and_cleared() {
    let remote = Remote::start().await;
    send(request(&remote.double).header("cookie", "a=b").form(&[("token", "t")])).await;
    let counts = remote.send("GET", "/counts", json!({})).await.json();
    let expected = json!({ "introspections": 1, "discoveries": 0, "connections": 1,
        "event_calls": 0, "event_type_calls": 0, "management_calls": 0 });
    assert_eq!(counts, expected);
    let listed = remote.send("GET", "/violations", json!({})).await.json();
    assert_eq!(listed, json!(["a cookie was sent"]));
    assert_eq!(remote.send("DELETE", "/violations", json!({})).await.json(), listed);
    assert!(remote.double.violations().is_empty());
    remote.send("DELETE", "/counts", json!({})).await;
    assert_eq!(remote.double.introspections(), 0);
}

#[tokio::test]
async fn orders_that_make_no_sense_are_400_and_unknown_routes_404() {
    let remote = Remote::start().await;
    for (path, body) in [
        ("/grants", json!({ "user": "nobody", "role": "r" })),
        ("/users", json!({ "nmae": "svc" })),
        ("/revoke", json!({ "token": "never issued" })),
        ("/faults", json!({ "on": "introspection", "fault": { "kind": "quake" } })),
    ] {
        let got = remote.send("POST", path, body).await;
        assert_eq!(got.status, 400, "{path}");
        assert!(got.json()["error"].is_string());
    }
    assert_eq!(remote.send("POST", "/nowhere", json!({})).await.status, 404);
}

#[tokio::test]
async fn the_control_api_listens_on_loopback_only_and_not_on_the_instances_port() {
    let remote = Remote::start().await;
    let open = remote.double.serve_control("0.0.0.0:0".parse().unwrap());
    assert_eq!(open.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    let url = format!("{}/counts", remote.double.issuer());
    assert_eq!(send(http().get(url)).await.status, 404);
    assert_eq!(remote.double.take_violations().len(), 1);
}
