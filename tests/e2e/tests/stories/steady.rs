//! ZITADEL is called as rarely as correctness allows, and hardly at all during an outage.

use std::time::Duration;

use tests::{Answer, Api, reader, with_client_secret};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};
use zitadel_double::{Fault, Gate, Listening, NewUser, Times, ZitadelDouble};

/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn spawn(api: &Api, calls: &mut JoinSet<Answer>, token: &str) {
    let request = api.client().get(api.url("/api/private")).bearer_auth(token);
    calls.spawn(async move { Answer::read(request.send().await.unwrap()).await });
}

/// Sends a request on its own connection, and leaves the response unread.
async fn sent(api: &Api, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let request = format!(
        "GET /api/private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn status(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

// On one thread, connections are accepted and requests read in order of arrival. A response to the
// last request proves that the others were read.
#[tokio::test(flavor = "current_thread")]
async fn two_hundred_first_requests_with_one_token_are_three_introspections_at_most() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(with_client_secret(&double)).await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut waiting = Vec::new();
    for _ in 0..200 {
        waiting.push(sent(&api, &token).await);
    }
    double.wait_for_introspections(1).await;
    // Responses of another route prove that the API works meanwhile.
    for _ in 0..3 {
        let public = api.client().get(api.url("/api/public")).header("connection", "close");
        assert_eq!(api.send(public).await.status, 200);
    }
    gate.open();
    for stream in waiting {
        assert_eq!(status(stream).await, "200");
    }
    // Requests within 100 ms share one; of the later ones, two are under way and one is next.
    assert!(double.introspections() <= 3, "{}", double.introspections());
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
    // After five calls that time out, only occasional probes are sent.
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
    const INTROSPECTIONS: usize = 10_000;
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let mut calls = JoinSet::new();
    let mut next = 0;
    while next < INTROSPECTIONS {
        while calls.len() < 64 && next < INTROSPECTIONS {
            spawn(&api, &mut calls, &format!("unknown-{next}"));
            next += 1;
        }
        assert_eq!(calls.join_next().await.unwrap().unwrap().status, 401);
    }
    calls.join_all().await;
    assert_eq!(double.introspections(), INTROSPECTIONS);
    assert!(double.connections() <= 128, "{} connections", double.connections());
}

#[tokio::test]
async fn many_connections_with_one_token_share_their_introspections_without_a_cache() {
    const CONNECTIONS: usize = 64;
    const REQUESTS_OF_EACH: usize = 50;
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(with_client_secret(&double)).await;
    double.introspection_fault(Fault::Delay(Duration::from_millis(20)), Times::UntilCleared);
    let mut callers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, url, token) = (api.client().clone(), api.url("/api/private"), token.clone());
        callers.spawn(async move {
            for _ in 0..REQUESTS_OF_EACH {
                let answer = client.get(&url).bearer_auth(&token).send().await.unwrap();
                assert_eq!(Answer::read(answer).await.status, 200);
            }
        });
    }
    callers.join_all().await;
    let (requests, asked) = (CONNECTIONS * REQUESTS_OF_EACH, double.introspections());
    assert!(asked * 50 <= requests, "{asked} introspections for {requests} requests");
}

// With a feed, an inactive token would trigger a read of the log.
#[tokio::test]
async fn without_a_feed_the_event_log_is_never_asked() {
    let double = ZitadelDouble::start().await;
    for ttl in ["0s", "1h"] {
        let api = Api::start(with_client_secret(&double).with("APP_CACHE__TTL", ttl)).await;
        let token = reader(&double);
        for _ in 0..3 {
            assert_eq!(api.get("/api/private", &token).await.status, 200);
            assert_eq!(api.get("/api/private", "invented").await.status, 401);
        }
        api.stop().await;
    }
    assert_eq!((double.event_calls(), double.event_type_calls()), (0, 0));
}
