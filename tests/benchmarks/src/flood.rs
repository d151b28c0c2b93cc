//! A flood of invented tokens and its effect on known users.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::Client;
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

/// Requests of known users per second, sent even if earlier ones are unanswered.
const USERS_PER_SECOND: u32 = 100;
/// Longest wait for a response.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval between batches of requests.
const TICK: Duration = Duration::from_millis(2);
/// HTTP/2 connections, each with at most 200 requests at once.
const CONNECTIONS: usize = 16;

/// Results of the known users.
#[derive(Clone, Copy, Debug)]
pub struct Fared {
    /// Fraction of their requests that was accepted.
    pub share: f64,
    /// 99th percentile of the time from the moment a request was due to its response.
    pub p99: Duration,
    /// Number of invented tokens sent meanwhile.
    pub strangers: usize,
}

/// Sends requests of known users, and that many invented tokens per second, for this time.
///
/// # Panics
/// If no client can be created.
#[expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]
pub async fn run(
    address: SocketAddr,
    users: &[String],
    strangers_per_second: u32,
    time: Duration,
) -> Fared {
    let client = || Client::builder().no_proxy().http2_prior_knowledge().build().expect("a client");
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| client()).collect();
    let url = format!("http://{address}/api/private");
    let flood = tokio::spawn(flood(clients.clone(), url.clone(), strangers_per_second, time));
    // The steady state is measured, after the flood's initial effects.
    sleep(Duration::from_millis(500)).await;
    let for_users = client();
    let answers = Arc::new(Mutex::new(Vec::new()));
    let mut requests = JoinSet::new();
    let mut due = interval(Duration::from_secs(1) / USERS_PER_SECOND);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let began = Instant::now();
    for user in users.iter().cycle() {
        let at = due.tick().await;
        if at - began + Duration::from_millis(500) > time {
            break;
        }
        let request = for_users.get(&url).bearer_auth(user).send();
        let answers = Arc::clone(&answers);
        requests.spawn(async move {
            let answer = timeout(PATIENCE, request).await;
            let let_in = answer.is_ok_and(|answer| answer.is_ok_and(|a| a.status() == 200));
            answers.lock().await.push((let_in, at.elapsed()));
        });
    }
    requests.join_all().await;
    let strangers = flood.await.expect("a flood");
    let mut answers = answers.lock().await;
    answers.sort_by_key(|(_, took)| *took);
    let let_in = answers.iter().filter(|(let_in, _)| *let_in).count();
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
    let share = let_in as f64 / answers.len() as f64;
    Fared { share, p99: answers[answers.len() * 99 / 100].1, strangers }
}

/// Returns the number of requests.
async fn flood(clients: Vec<Client>, url: String, per_second: u32, time: Duration) -> usize {
    let mut due = interval(TICK);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    let (began, mut sent) = (due.tick().await, 0_usize);
    while per_second > 0 && began.elapsed() < time {
        let at = due.tick().await;
        let wanted = (at - began).as_secs_f64() * f64::from(per_second);
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
        while (sent as f64) < wanted {
            let request = clients[sent % clients.len()].get(&url);
            let request = request.bearer_auth(format!("invented-{per_second}-{sent}"));
            requests.spawn(timeout(PATIENCE, request.send()));
            sent += 1;
        }
        while requests.try_join_next().is_some() {}
    }
    requests.shutdown().await;
    sent
}
