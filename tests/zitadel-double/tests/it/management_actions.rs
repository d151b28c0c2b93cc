//! Targets and executions by the actions API, and their webhooks.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zitadel_double::ZitadelDouble;

use crate::manager::Manager;
use crate::resource_server::PATIENCE;

const TARGETS: &str = "/v2/actions/targets";
const EXECUTIONS: &str = "/v2/actions/executions";

/// Receives a delivery; returns the request's head and body.
async fn delivery(listener: &TcpListener) -> (String, Value) {
    let taken = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            if let Ok(body) = serde_json::from_str(body) {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                return (head.to_lowercase(), body);
            }
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("a delivery")
}

fn target(listener: &TcpListener) -> Value {
    let endpoint = format!("http://{}/hook", listener.local_addr().unwrap());
    json!({
        "name": "cache-flush", "endpoint": endpoint, "timeout": "5s",
        "restWebhook": { "interruptOnError": false },
    })
}

#[tokio::test]
async fn an_execution_calls_its_target_and_an_empty_list_ends_it() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let added = admin.post(TARGETS, target(&listener)).await;
    assert_eq!(added["signingKey"].as_str().unwrap().len(), 36);
    let set = |event: &str, targets: Value| {
        let condition = json!({ "event": { "event": event } });
        json!({ "condition": condition, "targets": targets })
    };
    admin.done("PUT", EXECUTIONS, &set("user.locked", json!([added["id"]]))).await;
    let listed = admin.post(&format!("{EXECUTIONS}/search"), json!({})).await;
    assert_eq!(listed["executions"][0]["targets"], json!([added["id"]]));
    let user = admin.service_user("svc").await;
    let order = |order: &str| format!("/management/v1/users/{user}/{order}");
    admin.post(&order("_lock"), json!({})).await;
    let (head, body) = delivery(&listener).await;
    assert!(head.contains("zitadel-signature: t="), "{head}");
    assert_eq!((&body["event_type"], &body["aggregateID"]), (&json!("user.locked"), &json!(user)));
    admin.post(&order("_unlock"), json!({})).await;
    admin.done("PUT", EXECUTIONS, &set("user.locked", json!([]))).await;
    admin.done("PUT", EXECUTIONS, &set("user.unlocked", json!([added["id"]]))).await;
    admin.post(&order("_lock"), json!({})).await;
    admin.post(&order("_unlock"), json!({})).await;
    // Deliveries keep the events' order, so the lock in between caused none.
    assert_eq!(delivery(&listener).await.1["event_type"], "user.unlocked");
}

#[tokio::test]
async fn a_target_is_read_changed_and_removed() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let added = admin.post(TARGETS, target(&listener)).await;
    let path = format!("{TARGETS}/{}", added["id"].as_str().unwrap());
    let again = admin.refused("POST", TARGETS, target(&listener)).await;
    assert_eq!(again, (409, "Target already exists (V3-DKcYh)".to_owned()));
    let changed = admin.post(&path, json!({ "expirationSigningKey": "0s" })).await;
    assert_ne!(changed["signingKey"], added["signingKey"]);
    let read = admin.done("GET", &path, &Value::Null).await;
    assert_eq!(read["target"]["signingKey"], changed["signingKey"]);
    assert_eq!(
        (&read["target"]["timeout"], &read["target"]["name"]),
        (&json!("5s"), &json!("cache-flush"))
    );
    let found = admin.post(&format!("{TARGETS}/search"), json!({})).await;
    assert_eq!(found["pagination"]["totalResult"], "1");
    let behind = json!({ "pagination": { "offset": "1", "limit": 100 } });
    let behind = admin.post(&format!("{TARGETS}/search"), behind).await;
    assert_eq!(
        (&behind["targets"], &behind["pagination"]["totalResult"]),
        (&Value::Null, &json!("1"))
    );
    admin.delete(&path).await;
    assert_eq!(admin.refused("GET", &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn what_makes_no_execution_is_refused() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let event = |name: &str| json!({ "event": { "event": name } });
    for (condition, targets, status) in [
        (event("user.locked"), json!(["340000000000099999"]), 404),
        (event("user.unknown"), json!([]), 404),
        (json!({ "event": { "group": "nothing" } }), json!([]), 404),
        (json!({ "event": {} }), json!([]), 400),
        (event("user.locked"), json!([{ "target": "1" }]), 400),
    ] {
        let body = json!({ "condition": condition, "targets": targets });
        assert_eq!(admin.refused("PUT", EXECUTIONS, body.clone()).await.0, status, "{body}");
    }
    for wrong in [
        json!({ "name": "a", "endpoint": "http://127.0.0.1/", "restWebhook": {} }),
        json!({ "name": "a", "endpoint": "no url", "timeout": "5s", "restWebhook": {} }),
        json!({ "name": "a", "endpoint": "http://127.0.0.1/", "timeout": "271s", "restCall": {} }),
        json!({ "name": "a", "endpoint": "http://127.0.0.1/", "timeout": "5s" }),
    ] {
        assert_eq!(admin.refused("POST", TARGETS, wrong.clone()).await.0, 400, "{wrong}");
    }
}
