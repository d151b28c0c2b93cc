//! ZITADEL is asked as rarely as correctness allows, and left alone when it is down.

use std::time::Duration;

use tests::{Answer, Api, with_client_secret};
use tokio::{task::JoinSet, time::Instant};
use zitadel_double::{Fault, Gate, Listening, NewUser, Times, ZitadelDouble};

fn reader(double: &ZitadelDouble) -> String {
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    double.pat(&user)
}

fn spawn(api: &Api, calls: &mut JoinSet<Answer>, token: &str) {
    let request = api.client().get(api.url("/api/private")).bearer_auth(token);
    calls.spawn(async move { Answer::read(request.send().await.unwrap()).await });
}

#[tokio::test]
async fn two_hundred_first_requests_with_one_token_are_one_introspection() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(with_client_secret(&double)).await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        spawn(&api, &mut calls, &token);
    }
    double.wait_for_introspections(1).await;
    // Whoever is let in by another route shows that the API goes on while they wait.
    assert_eq!(api.get_without_token("/api/public").await.status, 200);
    gate.open();
    for answer in calls.join_all().await {
        assert_eq!(answer.status, 200);
    }
    assert!(double.introspections() <= 2, "{} introspections", double.introspections());
}

#[tokio::test]
async fn with_a_cache_a_token_is_asked_about_once_and_judged_at_each_use() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let plain = double.pat(&double.add_user(NewUser::service("plain")));
    let environment = with_client_secret(&double).with("APP_CACHE__TTL", "1h");
    let api = Api::start(environment).await;
    for _ in 0..5 {
        assert_eq!(api.get("/api/private-scoped", &token).await.status, 200);
        assert_eq!(api.get("/api/private", &plain).await.status, 200);
        assert_eq!(api.get("/api/private-scoped", &plain).await.code(), "insufficient_scope");
    }
    assert_eq!(double.introspections(), 2);
}

#[tokio::test]
async fn cached_tokens_are_let_in_while_zitadel_is_down() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(with_client_secret(&double).with("APP_CACHE__TTL", "1h")).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.stop_listening().await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    assert_eq!(api.get("/api/private", "unknown").await.status, 503);
}

#[tokio::test]
async fn with_a_cache_inactive_is_asked_about_each_time() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double).with("APP_CACHE__TTL", "1h")).await;
    for asked in 1..=3 {
        assert_eq!(api.get("/api/private", "unknown").await.status, 401);
        assert_eq!(double.introspections(), asked);
    }
}

#[tokio::test]
async fn one_introspection_too_many_is_503_at_once() {
    let double = ZitadelDouble::start().await;
    let environment = with_client_secret(&double).with("APP_ZITADEL__MAX_IN_FLIGHT", "2");
    let api = Api::start(environment).await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut calls = JoinSet::new();
    for token in ["a", "b"] {
        spawn(&api, &mut calls, token);
    }
    double.wait_for_introspections(2).await;
    let refused = api.get("/api/private", "c").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "introspection_unavailable"));
    assert!(refused.retry_after.is_some());
    assert_eq!(double.introspections(), 2);
    gate.open();
    for answer in calls.join_all().await {
        assert_eq!(answer.status, 401);
    }
}

#[tokio::test]
async fn a_stall_opens_the_breaker_and_the_return_of_zitadel_closes_it() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let environment = with_client_secret(&double).with("APP_ZITADEL__TIMEOUT", "100ms");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.set_listening(Listening::Silent).await;
    // Five calls that time out, and then nobody is asked but a probe now and then.
    let mut asked = double.connections();
    let mut quiet = 0;
    for _ in 0..200 {
        assert_eq!(api.get("/api/private", &token).await.status, 503);
        let now = double.connections();
        quiet = if now == asked { quiet + 1 } else { 0 };
        asked = now;
        if quiet == 10 {
            break;
        }
    }
    assert_eq!(quiet, 10, "the breaker does not open");
    double.listen_again().await;
    let returned = Instant::now();
    while api.get("/api/private", &token).await.status != 200 {
        assert!(returned.elapsed() < Duration::from_secs(20), "the breaker does not close");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_introspections_take_few_connections() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let mut calls = JoinSet::new();
    let mut next = 0;
    while next < 2_000 {
        while calls.len() < 64 && next < 2_000 {
            spawn(&api, &mut calls, &format!("unknown-{next}"));
            next += 1;
        }
        assert_eq!(calls.join_next().await.unwrap().unwrap().status, 401);
    }
    calls.join_all().await;
    assert_eq!(double.introspections(), 2_000);
    assert!(double.connections() <= 128, "{} connections", double.connections());
}
