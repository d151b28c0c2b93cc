//! One client address cannot take every place for calls to ZITADEL. The test acts as the proxy that
//! names the clients.

use std::sync::Arc;

use http::StatusCode;
use tests::{Answer, Api, Environment, with_client_secret};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, timeout},
};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

const MAX_IN_FLIGHT: usize = 16;
/// Share of one address: half of the places.
const SHARE: usize = 8;

fn behind_a_proxy(double: &ZitadelDouble) -> Environment {
    with_client_secret(double)
        .with("APP_SERVER__TRUSTED_PROXIES", "127.0.0.0/8, ::1")
        .with("APP_ZITADEL__TIMEOUT", "1h")
        .with("APP_ZITADEL__MAX_IN_FLIGHT", &MAX_IN_FLIGHT.to_string())
        .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
}

/// Sends a token with the client address in a header.
async fn ask(api: &Api, field: (&str, &str), token: &str) -> Answer {
    let request = api.client().get(api.url("/api/private")).bearer_auth(token);
    let response = timeout(Duration::from_secs(20), request.header(field.0, field.1).send()).await;
    Answer::read(response.expect("an answer in time").unwrap()).await
}

fn from(address: &str) -> (&str, &str) {
    ("x-forwarded-for", address)
}

/// Waits until the API is ready, when its own introspections are done.
async fn ready(api: &Api) {
    let began = Instant::now();
    while api.admin("/readyz").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not get ready");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_who_floods_is_refused_and_others_are_asked_about() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let [known, new] = [double.pat(&user), double.pat(&user)];
    let api = Arc::new(Api::start(behind_a_proxy(&double)).await);
    assert_eq!(ask(&api, from("192.0.2.1"), &known).await.status, 200);
    ready(&api).await;
    double.reset_counts();
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    // Half of the clients disconnect; their introspections continue.
    let mut flood = JoinSet::new();
    let mut leavers = Vec::new();
    for number in 0..SHARE {
        let api = Arc::clone(&api);
        // An IPv6 subscriber has many addresses.
        let address = format!("2001:db8::{number:x}");
        let asked = async move { ask(&api, from(&address), &format!("flood-{number}")).await };
        if number % 2 == 0 {
            leavers.push(tokio::spawn(asked));
        } else {
            flood.spawn(asked);
        }
    }
    double.wait_for_introspections(SHARE).await;
    for leaver in leavers {
        leaver.abort();
        assert!(leaver.await.is_err());
    }
    for (number, field) in [
        ("x-forwarded-for", "2001:db8::ffff"),
        // A caller can forge the entries further left.
        ("x-forwarded-for", "192.0.2.7, 2001:db8::1"),
        ("forwarded", "for=\"[2001:db8::2]:4711\""),
        ("forwarded", "for=192.0.2.7, for=\"[2001:db8::2]\";proto=https"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = ask(&api, field, &format!("late-{number}")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{field:?}");
        assert_eq!(answer.code(), "introspection_unavailable");
        assert_eq!(answer.retry_after.as_deref(), Some("1"));
        assert_eq!(answer.challenge, None);
        assert_eq!(answer.content_type.as_deref(), Some("application/problem+json"));
    }
    assert_eq!(double.introspections(), SHARE);
    // Known tokens of this address and new tokens of others find a place.
    let mut others = JoinSet::new();
    for (address, token) in [("2001:db8::1", known), ("192.0.2.2", new)] {
        let api = Arc::clone(&api);
        others.spawn(async move { ask(&api, from(address), &token).await });
    }
    double.wait_for_introspections(SHARE + 2).await;
    assert_eq!(api.count("token_introspection_refused_by_address_total").await, 4);
    gate.open();
    for answer in others.join_all().await {
        assert_eq!(answer.status, 200);
    }
    for answer in flood.join_all().await {
        assert_eq!(answer.code(), "invalid_token");
    }
    assert_eq!(ask(&api, from("2001:db8::1"), "after").await.code(), "invalid_token");
}

#[tokio::test]
async fn a_herd_behind_one_address_shares_one_question() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let api = Arc::new(Api::start(behind_a_proxy(&double)).await);
    ready(&api).await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut herd = JoinSet::new();
    for _ in 0..10 * SHARE {
        let (api, token) = (Arc::clone(&api), token.clone());
        herd.spawn(async move { ask(&api, from("192.0.2.1"), &token).await.status });
    }
    // At most two requests cause an introspection, and one more waits for the next.
    let began = Instant::now();
    while api.count("token_introspection_coalesced_total").await < 10 * SHARE as u64 - 3 {
        assert!(began.elapsed() < Duration::from_secs(20), "they do not wait");
        tokio::task::yield_now().await;
    }
    gate.open();
    for status in herd.join_all().await {
        assert_eq!(status, 200);
    }
}

// Local proxies and programs hold the connections of many clients.
#[tokio::test]
async fn loopback_holds_as_many_connections_as_there_are_places() {
    for proxies in ["192.0.2.0/24", "127.0.0.0/8"] {
        let environment = Environment::default()
            .with("APP_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "1")
            .with("APP_SERVER__TRUSTED_PROXIES", proxies);
        let api = Api::start(environment).await;
        let mut connections = Vec::new();
        for _ in 0..20 {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = client.get(api.url("/api/public")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{proxies}");
            connections.push(client);
        }
    }
}

// Without the setting a caller could choose any address in the header.
#[tokio::test]
async fn a_peer_that_is_not_trusted_names_no_client() {
    let double = ZitadelDouble::start().await;
    let environment = behind_a_proxy(&double).with("APP_SERVER__TRUSTED_PROXIES", "192.0.2.0/24");
    let api = Arc::new(Api::start(environment).await);
    ready(&api).await;
    double.reset_counts();
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut asked = JoinSet::new();
    for number in 0..=SHARE {
        let api = Arc::clone(&api);
        asked.spawn(async move { ask(&api, from("192.0.2.1"), &format!("token-{number}")).await });
    }
    // Loopback has no share.
    double.wait_for_introspections(SHARE + 1).await;
    gate.open();
    for answer in asked.join_all().await {
        assert_eq!(answer.code(), "invalid_token");
    }
}
