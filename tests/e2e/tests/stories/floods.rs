//! Invented tokens do not affect callers with known tokens.

use std::sync::Arc;

use tests::{Answer, Api, with_client_secret};
use tokio::{sync::watch, task::JoinSet};
use zitadel_double::{Fault, Gate, NewUser, Times, ZitadelDouble};

const CALLERS: usize = 8;

fn tokens(double: &ZitadelDouble, count: usize) -> Vec<String> {
    let user = double.add_user(NewUser::service("svc"));
    (0..count).map(|_| double.pat(&user)).collect()
}

/// Callers that send invented tokens one by one until told to stop.
struct Flood {
    api: Arc<Api>,
    callers: JoinSet<Vec<Answer>>,
    answers: watch::Sender<usize>,
    over: watch::Sender<bool>,
}

impl Flood {
    fn of_invented_tokens(api: &Arc<Api>) -> Self {
        let (answers, over) = (watch::Sender::new(0), watch::Sender::new(false));
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (api, answers, over) = (Arc::clone(api), answers.clone(), over.clone());
            callers.spawn(async move {
                let mut own = Vec::new();
                while !*over.borrow() {
                    let token = format!("invented-{caller}-{}", own.len());
                    own.push(api.get("/api/private", &token).await);
                    answers.send_modify(|count| *count += 1);
                }
                own
            });
        }
        Self { api: Arc::clone(api), callers, answers, over }
    }

    /// Sends known tokens until the flood got that many more responses.
    async fn let_in_during(&self, tokens: &[String], more: usize) {
        let (answers, first) = (self.answers.subscribe(), *self.answers.borrow());
        while *answers.borrow() < first + more {
            for token in tokens {
                assert_eq!(self.api.get("/api/private", token).await.status, 200);
            }
        }
    }

    /// Ends the flood and returns its responses.
    async fn end(self) -> Vec<Answer> {
        self.over.send_replace(true);
        self.callers.join_all().await.concat()
    }
}

#[tokio::test]
async fn cached_tokens_are_let_in_while_invented_ones_take_all_places() {
    const OF_STRANGERS: usize = 3;
    let double = ZitadelDouble::start().await;
    let tokens = tokens(&double, 5);
    let environment = with_client_secret(&double)
        .with("APP_CACHE__TTL", "1h")
        .with("APP_ZITADEL__TIMEOUT", "1h")
        .with("APP_ZITADEL__MAX_IN_FLIGHT", "4");
    let api = Arc::new(Api::start(environment).await);
    for token in &tokens {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    double.reset_counts();
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let flood = Flood::of_invented_tokens(&api);
    double.wait_for_introspections(OF_STRANGERS).await;
    flood.let_in_during(&tokens, 500).await;
    assert_eq!(double.introspections(), OF_STRANGERS);
    gate.open();
    let answers = flood.end().await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert!(with(401) >= OF_STRANGERS, "who was asked about gets a verdict");
    assert!(with(503) >= 500, "who finds no place is told at once");
    assert_eq!(with(401) + with(503), answers.len());
}

#[tokio::test]
async fn a_flood_of_invented_tokens_drives_no_token_out_of_the_cache() {
    const MAX_ENTRIES: usize = 50;
    let double = ZitadelDouble::start().await;
    let tokens = tokens(&double, 20);
    let environment = with_client_secret(&double)
        .with("APP_CACHE__TTL", "1h")
        .with("APP_CACHE__MAX_ENTRIES", &MAX_ENTRIES.to_string());
    let api = Arc::new(Api::start(environment).await);
    for token in &tokens {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    double.reset_counts();
    let flood = Flood::of_invented_tokens(&api);
    flood.let_in_during(&tokens, 20 * MAX_ENTRIES).await;
    let answers = flood.end().await;
    for token in &tokens {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    assert!(answers.iter().all(|answer| answer.status == 401));
    assert_eq!(double.introspections(), answers.len(), "each invented token once, and no other");
}
