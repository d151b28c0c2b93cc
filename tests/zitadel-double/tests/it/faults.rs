//! Faults that are responses, and their duration.

use std::time::Duration;

use serde_json::json;
use zitadel_double::{
    Answer, DATABASE_HOST, DiscoveryFault, Fault, Framing, Gate, NewUser, RedirectStatus, Times,
    ZitadelDouble,
};

use crate::resource_server::{Got, http, introspect, request, send};

async fn ask(double: &ZitadelDouble) -> reqwest::Response {
    request(double).form(&[("token", "t")]).send().await.unwrap()
}

/// Returns the double, and the response to a request under the fault.
async fn meet(fault: Fault) -> (ZitadelDouble, reqwest::Response) {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(fault, Times::Once);
    let response = ask(&double).await;
    (double, response)
}

#[tokio::test]
async fn statuses_of_proxies_and_servers_are_acted_out() {
    for (fault, status, content_type) in [
        (Fault::InternalServerError, 500, "text/plain"),
        (Fault::BadGateway, 502, "text/html"),
        (Fault::ServiceUnavailable, 503, "text/html"),
        (Fault::LoginPage, 200, "text/html"),
    ] {
        let (double, response) = meet(fault).await;
        let got = Got::from(response).await;
        assert_eq!(got.status, status);
        assert!(got.content_type.starts_with(content_type), "{}", got.content_type);
        assert_eq!(ask(&double).await.status(), 200, "the fault was to last once");
    }
}

#[tokio::test]
async fn an_exhausted_quota_is_429_with_a_cookie_and_no_retry_after() {
    let (_double, response) = meet(Fault::TooManyRequests).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers().get("retry-after"), None);
    let cookies = response.headers().get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|value| value.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|one| one.starts_with("zitadel.quota.exhausted=true")));
    assert!(Got::from(response).await.body.trim_end().ends_with("instance is blocked."));
}

#[tokio::test]
async fn without_its_database_it_is_404_with_a_host_name_in_plain_text() {
    let (_double, response) = meet(Fault::DatabaseDown).await;
    let got = Got::from(response).await;
    assert_eq!(got.status, 404);
    assert!(got.content_type.starts_with("text/plain"));
    assert!(got.body.contains(DATABASE_HOST));
}

#[tokio::test]
async fn redirects_name_the_place_they_are_given() {
    for (status, code) in [(RedirectStatus::Found, 302), (RedirectStatus::TemporaryRedirect, 307)] {
        let (_double, response) =
            meet(Fault::Redirect(status, "http://127.0.0.1:1/x".into())).await;
        assert_eq!(response.status(), code);
        assert_eq!(response.headers()["location"], "http://127.0.0.1:1/x");
    }
}

#[tokio::test]
async fn bodies_may_be_of_wrong_types_or_no_json_or_missing() {
    let (_double, response) = meet(Fault::WrongTypes).await;
    assert!(Got::from(response).await.json()["active"].is_string());
    for fault in [Fault::NotJson, Fault::Empty] {
        let (_double, response) = meet(fault).await;
        let got = Got::from(response).await;
        assert_eq!((got.status, got.content_type.as_str()), (200, "application/json"));
        assert!(serde_json::from_str::<serde_json::Value>(&got.body).is_err());
    }
}

#[tokio::test]
async fn the_right_answer_may_come_under_a_wrong_media_type() {
    let (_double, response) = meet(Fault::ContentType("text/plain".into())).await;
    let got = Got::from(response).await;
    assert_eq!((got.content_type.as_str(), got.json()), ("text/plain", json!({"active": false})));
}

#[tokio::test]
async fn any_status_and_body_can_be_dictated() {
    let answer = Answer::bytes("no").content_type("text/x");
    let (_double, response) = meet(Fault::Status(reqwest::StatusCode::FORBIDDEN, answer)).await;
    let got = Got::from(response).await;
    assert_eq!((got.status, got.content_type.as_str(), got.body.as_str()), (403, "text/x", "no"));
}

#[tokio::test]
async fn a_huge_answer_is_valid_json_that_calls_the_token_active() {
    for framing in [Framing::Chunked, Framing::ContentLength] {
        let double = ZitadelDouble::start().await;
        let token = double.pat(&double.add_user(NewUser::service("svc")));
        double.introspection_fault(Fault::Huge(framing), Times::Once);
        let form = [("token", token.as_str())];
        let response = request(&double).form(&form).send().await.unwrap();
        let announced = response.content_length();
        assert_eq!(announced.is_some(), framing == Framing::ContentLength);
        let body = response.bytes().await.unwrap();
        assert!(body.len() >= 50_000_000);
        assert_eq!(announced.unwrap_or(body.len() as u64), body.len() as u64);
        let claims: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(claims["active"], true);
    }
}

#[tokio::test]
async fn a_fault_lasts_as_often_as_ordered_and_faults_queue_up() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(Fault::InternalServerError, Times::Next(2));
    double.introspection_fault(Fault::BadGateway, Times::Once);
    double.introspection_fault(Fault::InternalServerError, Times::Next(0));
    double.introspection_fault(Fault::ServiceUnavailable, Times::UntilCleared);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(ask(&double).await.status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 502, 503, 503]);
    double.introspection_fault(Fault::BadGateway, Times::Once);
    assert_eq!(ask(&double).await.status(), 502);
    assert_eq!(ask(&double).await.status(), 200);
    double.introspection_fault(Fault::BadGateway, Times::UntilCleared);
    double.clear_faults();
    assert_eq!(ask(&double).await.status(), 200);
}

#[tokio::test]
async fn discovery_and_introspection_fail_separately() {
    let double = ZitadelDouble::start().await;
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    double.discovery_fault(Fault::BadGateway, Times::UntilCleared);
    assert_eq!(send(http().get(&url)).await.status, 502);
    assert_eq!(ask(&double).await.status(), 200);
    double.clear_faults();
    double.introspection_fault(Fault::BadGateway, Times::UntilCleared);
    assert_eq!(send(http().get(&url)).await.status, 200);
}

#[tokio::test]
async fn the_document_may_lie_about_issuer_and_endpoint() {
    let double = ZitadelDouble::start().await;
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    let evil = "https://evil.example.test/introspect";
    double.discovery_fault(DiscoveryFault::Issuer("https://x.test".into()), Times::Once);
    double.discovery_fault(DiscoveryFault::IntrospectionEndpoint(evil.into()), Times::Once);
    double.discovery_fault(DiscoveryFault::NoIntrospectionEndpoint, Times::Once);
    assert_eq!(send(http().get(&url)).await.json()["issuer"], "https://x.test");
    assert_eq!(send(http().get(&url)).await.json()["introspection_endpoint"], evil);
    assert_eq!(send(http().get(&url)).await.json().get("introspection_endpoint"), None);
    let right = send(http().get(&url)).await.json();
    assert_eq!(right["introspection_endpoint"], double.introspection_endpoint());
}

#[tokio::test]
async fn an_answer_that_is_held_was_made_at_arrival_and_delays_nobody_else() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::Once);
    let held = request(&double).form(&[("token", token.as_str())]);
    let held = tokio::spawn(send(held));
    double.wait_for_introspections(1).await;
    double.revoke(&token);
    assert_eq!(introspect(&double, &token).await["active"], false);
    assert!(!held.is_finished());
    gate.open();
    assert_eq!(held.await.unwrap().json()["active"], true);
}

#[tokio::test]
async fn a_delayed_answer_is_right_and_takes_its_time() {
    let double = ZitadelDouble::start().await;
    let delay = Duration::from_millis(200);
    double.introspection_fault(Fault::Delay(delay), Times::Once);
    let started = tokio::time::Instant::now();
    assert_eq!(introspect(&double, "t").await["active"], false);
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn the_discovery_document_may_come_by_another_clock() {
    let double = ZitadelDouble::start().await;
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    double.discovery_fault(DiscoveryFault::Date(date.to_owned()), Times::Once);
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    let response = http().get(url).send().await.unwrap();
    assert_eq!(response.headers()["date"], date);
    assert_eq!(Got::from(response).await.json()["issuer"], double.issuer());
}
