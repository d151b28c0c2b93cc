//! Counts and recorded requests.

use std::time::Duration;

use reqwest::Version;
use zitadel_double::{Fault, Gate, RateLimit, Times, ZitadelDouble};

use crate::resource_server::{basic, http, introspect, request, send};

#[tokio::test]
async fn introspections_discoveries_and_connections_are_counted() {
    let double = ZitadelDouble::start().await;
    let http = http();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    for _ in 0..3 {
        send(http.get(&url)).await;
    }
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    let ask = http.post(double.introspection_endpoint()).header("authorization", credentials);
    send(ask.form(&[("token", "t")])).await;
    assert_eq!((double.introspections(), double.discoveries(), double.connections()), (1, 3, 1));
    double.reset_counts();
    assert_eq!((double.introspections(), double.discoveries(), double.connections()), (0, 0, 0));
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn a_recorded_request_shows_everything_but_its_secrets() {
    let double = ZitadelDouble::start().await;
    let request = request(&double).header("user-agent", "tests/1");
    send(request.form(&[("token", "the-token"), ("token_type_hint", "access_token")])).await;
    let recorded = double.requests();
    let one = &recorded[0];
    assert_eq!((one.method.as_str(), one.path.as_str()), ("POST", "/oauth/v2/introspect"));
    assert_eq!((one.version, &one.host), (Version::HTTP_11, &double.addr().to_string()));
    assert_eq!(one.user_agent(), Some("tests/1"));
    assert_eq!(one.header("authorization"), Some("Basic (redacted)"));
    assert_eq!(one.form_fields, ["token", "token_type_hint"]);
    assert!(one.query_parameters.is_empty());
    assert!(!format!("{recorded:?}").contains("the-token"));
}

#[tokio::test]
async fn nothing_about_the_double_prints_a_secret() {
    let double = ZitadelDouble::start().await;
    let key = double.key_json();
    let printed = format!("{double:?}");
    assert!(!printed.contains(&double.client_secret()));
    assert!(!printed.contains(&key[60..100]));
}

#[tokio::test]
async fn http_2_without_tls_is_served_and_recorded() {
    let double = ZitadelDouble::start().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    let url = format!("{}/.well-known/openid-configuration", double.issuer());
    let document = send(client.get(url)).await.json();
    assert_eq!(document["issuer"], double.issuer());
    assert_eq!(double.requests()[0].version, Version::HTTP_2);
    assert_eq!(double.requests()[0].host, double.addr().to_string());
}

#[tokio::test(start_paused = true)]
async fn a_test_with_a_paused_clock_can_wait_for_requests() {
    let double = ZitadelDouble::start().await;
    let address = double.addr();
    let asking = std::thread::spawn(move || std::net::TcpStream::connect(address));
    double.wait_for_connections(1).await;
    asking.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_thread_that_blocks_is_answered_all_the_same() {
    use std::io::{Read as _, Write as _};
    let double = ZitadelDouble::start().await;
    let mut stream = std::net::TcpStream::connect(double.addr()).unwrap();
    let request = "GET /debug/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
}

#[tokio::test]
async fn concurrent_introspections_do_not_disturb_each_other() {
    let double = std::sync::Arc::new(ZitadelDouble::start().await);
    let asking = (0..20).map(|_| {
        let double = std::sync::Arc::clone(&double);
        tokio::spawn(async move { introspect(&double, "t").await })
    });
    for one in asking.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap()["active"], false);
    }
    assert_eq!(double.introspections(), 20);
}

#[tokio::test]
async fn an_introspection_is_under_way_until_it_is_answered_whoever_left() {
    let double = ZitadelDouble::start().await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    for count in 1..=5 {
        let asking = tokio::spawn(send(request(&double).form(&[("token", "t")])));
        double.wait_for_introspections(count).await;
        asking.abort();
        assert!(asking.await.is_err());
    }
    assert_eq!(double.counts().most_under_way, 5);
    gate.open();
    double.reset_counts();
    send(request(&double).form(&[("token", "t")])).await;
    assert_eq!(double.counts().most_under_way, 1);
}

#[tokio::test]
async fn beyond_its_limit_it_answers_429_and_bans_if_it_is_told_to() {
    let double = ZitadelDouble::start().await;
    let status = || async { send(request(&double).form(&[("token", "t")])).await.status };
    let limit = RateLimit { per_second: 3, ban: Duration::ZERO, retry_after: Some(7) };
    double.set_rate_limit(Some(limit));
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(status().await);
    }
    assert_eq!(seen, [200, 200, 200, 429, 429]);
    let answer = request(&double).form(&[("token", "t")]).send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    let ban = Duration::from_secs(3600);
    double.set_rate_limit(Some(RateLimit { per_second: 1, ban, retry_after: None }));
    assert_eq!((status().await, status().await, status().await), (200, 429, 429));
    double.set_rate_limit(None);
    assert_eq!(status().await, 200);
    assert_eq!(double.introspections(), 10, "all of them arrived");
}
