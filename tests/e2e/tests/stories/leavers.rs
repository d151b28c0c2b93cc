//! Callers that send a token and disconnect.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tests::{Api, with_client_secret};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

const MAX_IN_FLIGHT: usize = 64;
const LEAVERS: usize = 20_000;
const LEAVERS_PER_MILLISECOND: usize = 2;
const ZITADEL_TAKES: Duration = Duration::from_millis(50);

/// Returns the API's count of introspections.
async fn counted(api: &Api) -> usize {
    let counted = api.count("token_introspection_duration_seconds_count{").await;
    usize::try_from(counted).unwrap()
}

/// Resets HTTP/2 streams after 10 ms, 2 000 per second for ten seconds.
async fn leave(api: &Arc<Api>) {
    let client = || reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let clients: Vec<_> = (0..8).map(|_| client()).collect();
    let mut pace = interval(Duration::from_millis(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut leavers = JoinSet::new();
    for number in 0..LEAVERS {
        if number % LEAVERS_PER_MILLISECOND == 0 {
            pace.tick().await;
        }
        let request = clients[number % clients.len()].get(api.url("/api/private"));
        let request = request.bearer_auth(format!("leaver-{number}")).send();
        leavers.spawn(timeout(Duration::from_millis(10), request));
        while leavers.try_join_next().is_some() {}
    }
    leavers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_leavers_a_second_hold_no_more_than_their_places_and_lock_nobody_out() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let token = double.pat(&user);
    let environment = with_client_secret(&double)
        .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
        .with("APP_LOG__LEVEL", "error")
        .with("APP_ZITADEL__MAX_IN_FLIGHT", &MAX_IN_FLIGHT.to_string());
    let api = Arc::new(Api::start(environment).await);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let connections = double.connections();
    double.introspection_fault(Fault::Delay(ZITADEL_TAKES), Times::UntilCleared);
    let let_in = Arc::new(AtomicUsize::new(0));
    let known_user = tokio::spawn({
        let (api, let_in) = (Arc::clone(&api), Arc::clone(&let_in));
        async move {
            loop {
                assert_eq!(api.get("/api/private", &token).await.status, 200);
                let_in.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    leave(&api).await;
    assert!(!known_user.is_finished(), "{:?}", known_user.await);
    known_user.abort();
    assert!(let_in.load(Ordering::SeqCst) >= 10);
    let counts = double.counts();
    assert!(counts.most_under_way <= MAX_IN_FLIGHT, "{} at once", counts.most_under_way);
    let new = counts.connections - connections;
    assert!(new <= MAX_IN_FLIGHT + 10, "{new} new connections");
    let began = Instant::now();
    while counted(&api).await != double.introspections() {
        let (counted, seen) = (counted(&api).await, double.introspections());
        assert!(began.elapsed() < Duration::from_secs(20), "{counted} counted of {seen}");
        tokio::task::yield_now().await;
    }
}

// A disconnected caller's introspection keeps its place, its connection to ZITADEL, and its record.
#[tokio::test]
async fn callers_who_leave_hold_their_places_until_zitadel_has_answered() {
    const PLACES: usize = 12;
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    let tokens = [double.pat(&user), double.pat(&user)];
    let environment = with_client_secret(&double)
        .with("APP_CACHE__TTL", "1h")
        .with("APP_ZITADEL__TIMEOUT", "1h")
        .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
        .with("APP_ZITADEL__MAX_IN_FLIGHT", "16");
    let api = Arc::new(Api::start(environment).await);
    assert_eq!(api.get("/api/private", &tokens[0]).await.status, 200);
    let began = Instant::now();
    while api.admin("/readyz").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not get ready");
        tokio::task::yield_now().await;
    }
    let (before, connections) = (double.introspections(), double.connections());
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    // One of the leavers has a good token.
    let leave = |token: String| {
        let api = Arc::clone(&api);
        tokio::spawn(async move { api.get("/api/private", &token).await })
    };
    let mut leavers = vec![leave(tokens[1].clone())];
    leavers.extend((1..PLACES).map(|number| leave(format!("leaver-{number}"))));
    double.wait_for_introspections(before + PLACES).await;
    for leaver in leavers {
        leaver.abort();
        assert!(leaver.await.is_err());
    }
    for number in 0..200 {
        let answer = api.get("/api/private", &format!("late-{number}")).await;
        assert_eq!(answer.status, 503, "number {number} finds a place");
        assert_eq!(api.get("/api/private", &tokens[0]).await.status, 200);
    }
    assert_eq!(double.introspections(), before + PLACES);
    assert!(double.connections() <= connections + PLACES);
    gate.open();
    let opened = Instant::now();
    while api.get("/api/private", "after").await.status != 401 {
        assert!(opened.elapsed() < Duration::from_secs(20), "no place is given back");
        tokio::task::yield_now().await;
    }
    assert_eq!(api.get("/api/private", &tokens[1]).await.status, 200);
    assert_eq!(double.introspections(), before + PLACES + 1, "the leaver's answer is kept");
    assert_eq!(counted(&api).await, double.introspections(), "each question is recorded");
}
