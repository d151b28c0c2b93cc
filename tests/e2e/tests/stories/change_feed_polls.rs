//! The change feed costs ZITADEL a few polls and saves every introspection.

use std::{collections::BTreeMap, time::Duration};

use tests::{Answer, Api, with_feed};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

/// Number of polls since the last reset. Each sends one request per group of types, and another per
/// page of a hundred events, which one group never has.
fn polls(double: &ZitadelDouble) -> u32 {
    let mut groups = BTreeMap::<_, u32>::new();
    for search in double.event_requests() {
        *groups.entry(search["eventTypes"].to_string()).or_default() += 1;
    }
    assert_eq!(groups.len(), 2, "{groups:?}");
    groups.into_values().min().unwrap_or_default()
}

#[tokio::test]
async fn two_hundred_kept_tokens_are_no_introspection_and_one_poll_a_second() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::human("ada"));
    let tokens: Vec<_> =
        (0..200).map(|_| double.session_token(&user, SessionToken::default())).collect();
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    api.keeps_by_feed(&double, &tokens.iter().map(|token| &**token).collect::<Vec<_>>()).await;
    let began = Instant::now();
    double.reset_counts();
    while began.elapsed() < Duration::from_secs(5) {
        for token in &tokens {
            assert_eq!(api.get("/api/private", token).await.status, 200);
        }
        sleep(Duration::from_millis(20)).await;
    }
    let (polls, time) = (polls(&double), began.elapsed());
    assert_eq!(double.introspections(), 0);
    // Jitter shortens an interval to at least 800 ms.
    assert!(polls > 0 && f64::from(polls) <= 1.0 + time.as_secs_f64() / 0.8, "{polls} in {time:?}");
}

#[tokio::test]
async fn a_flood_of_invented_tokens_is_five_polls_a_second() {
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", "invented").await.status, 401);
    let began = Instant::now();
    double.reset_counts();
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let (client, url) = (api.client().clone(), api.url("/api/private"));
        callers.spawn(async move {
            let mut requests = 0;
            while began.elapsed() < Duration::from_secs(3) {
                let token = format!("invented-{caller}-{requests}");
                let answer = client.get(&url).bearer_auth(token).send().await.unwrap();
                assert_eq!(Answer::read(answer).await.status, 401);
                requests += 1;
            }
            requests
        });
    }
    let requests: u32 = callers.join_all().await.into_iter().sum();
    let (polls, time) = (polls(&double), began.elapsed());
    assert!(requests > polls, "{requests} requests in {time:?}");
    assert!(f64::from(polls) <= 2.0 + time.as_secs_f64() * 5.0, "{polls} in {time:?}");
}
