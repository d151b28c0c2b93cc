//! Event webhooks, received on a socket.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zitadel_double::{NewEvent, NewUser, Webhooks, ZitadelDouble};

use crate::resource_server::PATIENCE;

const REAL: &str = r#"{"aggregateID":"340000000000000400","aggregateType":"usergrant","resourceOwner":"340000000000000200","instanceID":"340000000000000500","version":"v1","sequence":222,"event_type":"user.grant.changed","created_at":"2026-11-26T01:43:59.354965Z","userID":"340000000000000999","event_payload":{"userId":"340000000000000100","roleKeys":["read:messages"]}}"#;

struct Target(TcpListener);

struct Delivery {
    head: String,
    body: Vec<u8>,
}

impl Target {
    async fn listen() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.0.local_addr().unwrap())
    }

    /// Returns the next delivery, answered with this status.
    async fn next_answered(&self, status: u16) -> Delivery {
        let receive = async {
            let (mut stream, _) = self.0.accept().await.unwrap();
            let mut bytes = Vec::new();
            loop {
                let mut part = [0; 4096];
                let length = stream.read(&mut part).await.unwrap();
                assert!(length > 0, "broken off: {}", String::from_utf8_lossy(&bytes));
                bytes.extend_from_slice(&part[..length]);
                let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
                let body = bytes[end + 4..].to_vec();
                let wanted = header(&head, "Content-Length").unwrap().parse::<usize>().unwrap();
                if body.len() >= wanted {
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    return Delivery { head, body };
                }
            }
        };
        tokio::time::timeout(PATIENCE, receive).await.expect("a delivery")
    }

    async fn next(&self) -> Value {
        serde_json::from_slice(&self.next_answered(200).await.body).unwrap()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn locked(id: &str) -> NewEvent {
    NewEvent::new("user", id, "user.locked", "340000000000000200")
}

/// Returns a double that reports locks of users to a target.
async fn locks() -> (ZitadelDouble, Target) {
    let (double, target) = (ZitadelDouble::start().await, Target::listen().await);
    let key = double.add_webhook(&target.url(), ["user.locked"]);
    assert_eq!(key.len(), 36);
    (double, target)
}

#[tokio::test]
async fn a_delivery_is_what_zitadel_sends() {
    let (double, target) = (ZitadelDouble::start().await, Target::listen().await);
    let _key = double.add_webhook(&target.url(), ["user.grant.changed"]);
    let svc = double.add_user(NewUser::service("svc"));
    double.grant(&svc, "write");
    double.grant(&svc, "read:messages");
    let delivery = target.next_answered(200).await;
    let mut lines = delivery.head.lines();
    assert_eq!(lines.next(), Some("POST /hook HTTP/1.1"));
    for (name, value) in [
        ("User-Agent", "Go-http-client/1.1"),
        ("Content-Type", "application/json"),
        ("Accept-Encoding", "gzip"),
    ] {
        assert_eq!(header(&delivery.head, name), Some(value));
    }
    let text = String::from_utf8(delivery.body).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["event_payload"]["userId"], svc.as_str());
    assert_eq!(body["sequence"], 2);
    let members = |text: &str| {
        let names: Vec<String> = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        let known = |name: &String| REAL.contains(&format!("\"{name}\":"));
        names.into_iter().filter(known).collect::<Vec<_>>()
    };
    let order = members(&text);
    let mut expected = members(REAL);
    // A payload's members have no order.
    let payload = expected.split_off(10);
    assert_eq!(order[..10], expected);
    assert!(payload.iter().all(|name| order[10..].contains(name)));
}

#[tokio::test]
async fn the_signature_is_over_the_second_and_the_body() {
    let (double, target) = (ZitadelDouble::start().await, Target::listen().await);
    let key = double.add_webhook(&target.url(), ["user.locked"]);
    double.write_event(locked("u"));
    let delivery = target.next_answered(200).await;
    let signature = header(&delivery.head, "Zitadel-Signature").unwrap();
    let (second, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.as_bytes());
    let message = [second.as_bytes(), b".", &delivery.body].concat();
    let bytes: Vec<u8> = (0..mac.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&mac[at..at + 2], 16).unwrap())
        .collect();
    aws_lc_rs::hmac::verify(&key, &message, &bytes).unwrap();
    assert!(second.parse::<i64>().unwrap() > 1_767_225_600);
}

#[tokio::test]
async fn an_event_without_a_payload_has_no_such_member() {
    let (double, target) = locks().await;
    double.write_event(locked("u"));
    let body = target.next().await;
    assert_eq!(body.get("event_payload"), None);
    assert_eq!(
        (&body["aggregateID"], &body["userID"]),
        (&json!("u"), &json!("340000000000000999"))
    );
}

#[tokio::test]
async fn only_events_of_the_named_types_are_told_in_order() {
    let (double, target) = locks().await;
    for number in 0..10 {
        double.write_event(locked(&format!("u{number}")));
        double.noise(1);
    }
    for number in 0..10 {
        assert_eq!(target.next().await["aggregateID"], format!("u{number}"));
    }
}

#[tokio::test]
async fn a_target_that_fails_never_gets_that_event_again() {
    let (double, target) = locks().await;
    double.write_event(locked("first"));
    double.write_event(locked("second"));
    let first: Value = serde_json::from_slice(&target.next_answered(500).await.body).unwrap();
    assert_eq!(first["aggregateID"], "first");
    assert_eq!(target.next().await["aggregateID"], "second");
    let gone = target.url();
    drop(target);
    double.write_event(locked("third"));
    let later = Target(TcpListener::bind(gone[7..].trim_end_matches("/hook")).await.unwrap());
    double.write_event(locked("fourth"));
    // The third met a closed port or the new target.
    let next = later.next().await["aggregateID"].clone();
    assert!(next == "fourth" || (next == "third" && later.next().await["aggregateID"] == "fourth"));
}

#[tokio::test]
async fn webhooks_may_be_lost_late_or_sent_twice() {
    let (double, target) = locks().await;
    double.set_webhooks(Webhooks::Lose);
    double.write_event(locked("lost"));
    double.set_webhooks(Webhooks::Twice);
    double.write_event(locked("twice"));
    let (one, two) = (target.next().await, target.next().await);
    assert_eq!((&one["aggregateID"], &one), (&json!("twice"), &two));
    let delay = Duration::from_millis(200);
    double.set_webhooks(Webhooks::Late(delay));
    #[expect(clippy::disallowed_methods, reason = "the delay is one of the real clock")]
    let started = Instant::now();
    double.write_event(locked("late"));
    assert_eq!(target.next().await["aggregateID"], "late");
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn a_reserved_event_is_told_when_it_is_committed() {
    let (double, target) = locks().await;
    let pending = double.reserve_event(locked("early"));
    double.write_event(locked("late"));
    assert_eq!(target.next().await["aggregateID"], "late");
    pending.commit();
    assert_eq!(target.next().await["aggregateID"], "early");
}
