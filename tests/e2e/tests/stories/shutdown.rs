//! A stop lets requests in flight finish and accepts no more.

use std::time::Duration;

use app::{Authorized, Routes, guarded};
use axum::extract::State;
use domain::rules::SignedIn;
use tests::{Api, Environment};
use tokio::{
    sync::watch,
    task::{JoinSet, yield_now},
};

/// Route that counts its calls in progress, and responds when told to.
fn slow(inside: watch::Sender<usize>, open: watch::Receiver<bool>) -> Routes {
    async fn handler(
        _: Authorized<SignedIn>,
        State((inside, mut open)): State<(watch::Sender<usize>, watch::Receiver<bool>)>,
    ) -> &'static str {
        inside.send_modify(|count| *count += 1);
        open.wait_for(|open| *open).await.unwrap();
        "done"
    }
    Routes::default().get("/slow", guarded(handler)).with_state((inside, open))
}

async fn with_requests_in_flight(
    grace: &str,
) -> (Api, JoinSet<Option<String>>, watch::Sender<bool>) {
    let (inside, mut count) = watch::channel(0);
    let (open, opened) = watch::channel(false);
    let environment = Environment::default().with("APP_SERVER__SHUTDOWN_GRACE", grace);
    let api = Api::start_with(environment, slow(inside, opened)).await;
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let request = api.client().get(api.url("/slow")).bearer_auth("dev-reader");
        requests.spawn(async move { request.send().await.ok()?.text().await.ok() });
    }
    count.wait_for(|count| *count == 20).await.unwrap();
    (api, requests, open)
}

#[tokio::test]
async fn requests_in_flight_end_well_and_new_connections_are_refused() {
    let (api, requests, open) = with_requests_in_flight("1h").await;
    let address = api.address();
    let stopping = tokio::spawn(api.stop());
    let mut tries = 0;
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tries += 1;
        assert!(tries < 100_000, "the listener goes on accepting");
        yield_now().await;
    }
    open.send(true).unwrap();
    assert_eq!(stopping.await.unwrap().cut_off, 0);
    let answers = requests.join_all().await;
    assert_eq!(answers, vec![Some("done".to_owned()); 20]);
}

#[tokio::test]
async fn what_outlives_the_grace_is_cut_off_and_counted() {
    let (api, requests, _open) = with_requests_in_flight("1ms").await;
    assert_eq!(api.stop().await.cut_off, 20);
    assert_eq!(requests.join_all().await, vec![None; 20]);
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    let api = Api::start(Environment::default().with("APP_SERVER__SHUTDOWN_GRACE", "1h")).await;
    assert_eq!(api.get("/api/private", "dev-reader").await.status, 200);
    let silent = tokio::net::TcpStream::connect(api.address()).await.unwrap();
    assert_eq!(api.get("/api/private", "dev-reader").await.status, 200);
    let stopped = tokio::time::timeout(Duration::from_secs(60), api.stop()).await;
    assert_eq!(stopped.unwrap().cut_off, 0);
    drop(silent);
}
