//! Known users and unknown callers when places are scarce.

use std::{sync::Arc, time::Duration};

use tests::{Answer, Api, Environment, with_client_secret};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use zitadel_double::{Fault, NewUser, RateLimit, Times, ZitadelDouble};

const STRANGERS: usize = 24;

/// Unknown callers that send invented tokens one by one until dropped.
struct Flood {
    strangers: JoinSet<()>,
    answers: watch::Sender<Vec<Answer>>,
}

impl Flood {
    fn begin(api: &Arc<Api>) -> Self {
        let answers = watch::Sender::new(Vec::new());
        let mut strangers = JoinSet::new();
        for stranger in 0..STRANGERS {
            let (api, answers) = (Arc::clone(api), answers.clone());
            strangers.spawn(async move {
                for number in 0_usize.. {
                    let token = format!("invented-{stranger}-{number}");
                    let answer = api.get("/api/private", &token).await;
                    let is_refused = answer.status == 503;
                    answers.send_modify(|answers| answers.push(answer));
                    if is_refused {
                        sleep(Duration::from_millis(2)).await;
                    }
                }
            });
        }
        Self { strangers, answers }
    }

    async fn wait_for(&self, count: usize) {
        self.answers.subscribe().wait_for(|answers| answers.len() >= count).await.unwrap();
    }

    async fn end(mut self) -> Vec<Answer> {
        self.strangers.shutdown().await;
        self.answers.borrow().clone()
    }
}

fn tokens(double: &ZitadelDouble, count: usize) -> Vec<String> {
    let user = double.add_user(NewUser::service("svc"));
    (0..count).map(|_| double.pat(&user)).collect()
}

async fn start(double: &ZitadelDouble, more: &[(&str, &str)]) -> Arc<Api> {
    let environment = with_client_secret(double).with("APP_LOG__LEVEL", "error");
    let environment =
        more.iter().fold(environment, |all: Environment, (name, value)| all.with(name, value));
    Arc::new(Api::start(environment).await)
}

/// Without a cache each request is an introspection, while strangers hold all their places.
#[tokio::test]
async fn users_are_let_in_beside_a_flood_of_invented_tokens_without_a_cache() {
    for share in ["25%", "50%", "13%"] {
        let double = ZitadelDouble::start().await;
        let tokens = tokens(&double, 2);
        let limits = [("APP_ZITADEL__MAX_IN_FLIGHT", "16"), ("APP_ZITADEL__KNOWN_SHARE", share)];
        let api = start(&double, &limits).await;
        for token in &tokens {
            assert_eq!(api.get("/api/private", token).await.status, 200);
        }
        double.introspection_fault(Fault::Delay(Duration::from_millis(20)), Times::UntilCleared);
        let flood = Flood::begin(&api);
        flood.wait_for(3 * STRANGERS).await;
        for _ in 0..20 {
            for token in &tokens {
                let answer = api.get("/api/private", token).await;
                assert_eq!(answer.status, 200, "share {share}");
            }
        }
        let refused = flood.end().await.iter().filter(|answer| answer.status == 503).count();
        assert!(refused > 0, "the flood fills its part");
    }
}

/// After a restart no token is known, and a user competes as a stranger until a first request finds
/// a place.
#[tokio::test]
async fn after_a_restart_a_user_is_a_stranger_until_the_first_answer() {
    let double = ZitadelDouble::start().await;
    let token = tokens(&double, 1).remove(0);
    double.introspection_fault(Fault::Delay(Duration::from_millis(20)), Times::UntilCleared);
    let api = start(&double, &[("APP_ZITADEL__MAX_IN_FLIGHT", "16")]).await;
    let flood = Flood::begin(&api);
    flood.wait_for(3 * STRANGERS).await;
    let began = Instant::now();
    loop {
        let answer = api.get("/api/private", &token).await;
        if answer.status == 200 {
            break;
        }
        assert_eq!((answer.status.as_u16(), answer.retry_after.as_deref()), (503, Some("1")));
        assert!(began.elapsed() < Duration::from_secs(20), "it never finds a place");
    }
    for _ in 0..40 {
        assert_eq!(api.get("/api/private", &token).await.status, 200);
    }
    drop(flood);
}

/// A limit such as ZITADEL Cloud's is never exceeded. The margin is for a busy machine, where
/// requests arrive later than they were sent.
#[tokio::test]
async fn a_budget_a_second_keeps_the_whole_api_from_being_banned() {
    let double = ZitadelDouble::start().await;
    let token = tokens(&double, 1).remove(0);
    let ban = Duration::from_secs(3600);
    double.set_rate_limit(Some(RateLimit { per_second: 50, ban, retry_after: None }));
    let api = start(&double, &[("APP_ZITADEL__MAX_PER_SECOND", "30")]).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let flood = Flood::begin(&api);
    for _ in 0..30 {
        assert_eq!(api.get("/api/private", &token).await.status, 200);
        sleep(Duration::from_millis(100)).await;
    }
    let answers = flood.end().await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty(), "the flood is larger than the budget");
    for answer in refused {
        assert_eq!(answer.retry_after.as_deref(), Some("1"));
        assert_eq!(answer.code(), "introspection_unavailable");
        assert_eq!(answer.challenge, None);
    }
    let asked = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(asked > 30, "{asked} strangers were told a verdict");
    assert_eq!(double.take_violations(), []);
}

/// A 429 is not an outage: known tokens are accepted at the rate that ZITADEL allows.
#[tokio::test]
async fn a_rate_limit_at_zitadel_is_heeded_and_takes_no_user_off_the_net() {
    for retry_after in [None, Some(2), Some(3600)] {
        let double = ZitadelDouble::start().await;
        let token = tokens(&double, 1).remove(0);
        let api = start(&double, &[]).await;
        assert_eq!(api.get("/api/private", &token).await.status, 200);
        let limit = RateLimit { per_second: 50, ban: Duration::ZERO, retry_after };
        double.set_rate_limit(Some(limit));
        let flood = Flood::begin(&api);
        flood.wait_for(100).await;
        // The first 429 reveals the limit, which stays exhausted until the end of that second.
        let began = Instant::now();
        while api.get("/api/private", &token).await.status != 200 {
            assert!(began.elapsed() < Duration::from_secs(20), "it is never let in again");
            sleep(Duration::from_millis(100)).await;
        }
        let before = double.introspections();
        let mut let_in = 0;
        for _ in 0..30 {
            sleep(Duration::from_millis(100)).await;
            let_in += usize::from(api.get("/api/private", &token).await.status == 200);
        }
        let asked = double.introspections() - before;
        assert!(let_in >= 28, "{let_in} of 30 with Retry-After {retry_after:?}");
        assert!(asked < 3 * 75, "{asked} questions in 3 s, Retry-After {retry_after:?}");
        drop(flood);
    }
}
