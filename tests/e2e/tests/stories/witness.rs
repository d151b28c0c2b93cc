//! With a canary, good tokens that ZITADEL calls inactive during a database fault get no verdict.

use std::{fs, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use tests::{Api, Environment, with_client_secret};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use zitadel_double::{NewUser, ZitadelDouble};

/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Double with a canary whose token is in a file.
struct Setup {
    double: ZitadelDouble,
    canary: String,
    directory: TempDir,
}

impl Setup {
    async fn new() -> Self {
        let double = ZitadelDouble::start().await;
        let canary = pat(&double, "canary");
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("canary"), &canary).unwrap();
        Self { double, canary, directory }
    }

    fn environment(&self) -> Environment {
        let file = self.directory.path().join("canary");
        with_client_secret(&self.double)
            .with("APP_ZITADEL__CANARY_TOKEN_FILE", file.to_str().unwrap())
            .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
    }

    async fn api(&self) -> Api {
        Api::start(self.environment()).await
    }

    /// Simulates a database fault: the canary and these tokens become inactive.
    fn fail(&self, tokens: &[String]) {
        for token in tokens.iter().chain([&self.canary]) {
            self.double.answer(token, json!({ "active": false }));
        }
    }

    fn mend(&self, tokens: &[String]) {
        for token in tokens.iter().chain([&self.canary]) {
            self.double
                .answer(token, json!({ "active": true, "sub": "1", "iss": self.double.issuer() }));
        }
    }
}

fn pat(double: &ZitadelDouble, name: &str) -> String {
    double.pat(&double.add_user(NewUser::service(name)))
}

/// Waits until `/readyz` has this status.
async fn until_status(api: &Api, status: &str) {
    let began = Instant::now();
    while api.admin("/readyz").await.body["status"] != status {
        assert!(began.elapsed() < PATIENCE, "it does not become {status}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn while_the_canary_is_inactive_no_token_is_called_bad() {
    let setup = Setup::new().await;
    let api = setup.api().await;
    let (known, stranger) = (pat(&setup.double, "known"), pat(&setup.double, "stranger"));
    assert_eq!(api.get("/api/private", &known).await.status, 200);
    until_status(&api, "ready").await;
    setup.fail(&[known.clone(), stranger.clone()]);
    for token in [&known, &stranger, &"never-active".to_owned()] {
        let answer = api.get("/api/private", token).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.code(), "introspection_unavailable");
        assert_eq!(answer.retry_after.as_deref(), Some("1"));
        assert_eq!(answer.challenge, None);
    }
    assert_eq!(api.admin("/readyz").await.body["status"], "degraded");
    assert_eq!(api.count("inactive_answers_total{believed=\"false\"}").await, 3);
    assert_eq!(api.count("canary_up").await, 0);
    setup.mend(&[known.clone(), stranger.clone()]);
    for token in [&known, &stranger] {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    assert_eq!(api.get("/api/private", "never-active").await.status, 401);
    until_status(&api, "ready").await;
    assert_eq!(api.count("canary_up").await, 1);
}

#[tokio::test]
async fn while_the_canary_is_active_a_revoked_token_is_401() {
    let setup = Setup::new().await;
    let api = setup.api().await;
    let token = pat(&setup.double, "svc");
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    setup.double.revoke(&token);
    for _ in 0..3 {
        assert_eq!(api.get("/api/private", &token).await.status, 401);
    }
    assert_eq!(api.count("inactive_answers_total{believed=\"false\"}").await, 0);
}

#[tokio::test]
async fn a_canary_that_gets_no_answer_vouches_for_nothing() {
    let setup = Setup::new().await;
    let api = setup.api().await;
    until_status(&api, "ready").await;
    setup.double.answer(&setup.canary, json!({ "active": "neither" }));
    let answer = api.get("/api/private", "invented").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    setup.mend(&[]);
    assert_eq!(api.get("/api/private", "invented").await.status, 401);
}

#[tokio::test]
async fn a_canary_in_a_new_file_is_used_without_a_restart() {
    let setup = Setup::new().await;
    let api = setup.api().await;
    until_status(&api, "ready").await;
    setup.double.revoke(&setup.canary);
    assert_eq!(api.get("/api/private", "invented").await.status, 503);
    let file = setup.directory.path().join("canary");
    fs::write(file, pat(&setup.double, "another")).unwrap();
    assert_eq!(api.get("/api/private", "invented").await.status, 401, "it is read at once");
}

/// A fault of more than a second under load, with a restart of the API in it.
#[tokio::test]
async fn in_a_fault_no_good_token_is_401_whenever_it_begins_and_ends_and_after_a_restart() {
    const CLIENTS: usize = 16;
    let setup = Setup::new().await;
    let tokens: Vec<_> =
        (0..10 * CLIENTS).map(|number| pat(&setup.double, &format!("svc-{number}"))).collect();
    let mut api = setup.api().await;
    let (mut let_in, mut without_verdict) = (0, 0);
    for round in 0..4 {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let tokens = tokens[client * 10..client * 10 + 10].to_vec();
            let (http, url) = (api.client().clone(), api.url("/api/private"));
            clients.spawn(async move {
                let mut statuses = Vec::new();
                let began = Instant::now();
                while began.elapsed() < Duration::from_millis(2_500) && statuses.len() < 2_000 {
                    for token in &tokens {
                        let answer = http.get(&url).bearer_auth(token).send().await.unwrap();
                        statuses.push(answer.status().as_u16());
                    }
                }
                statuses
            });
        }
        // The third round's API starts during the fault.
        match round {
            0 => {}
            1 => {
                sleep(Duration::from_millis(700)).await;
                setup.fail(&tokens);
            }
            _ => {
                sleep(Duration::from_millis(1_200)).await;
                if round == 2 {
                    setup.mend(&tokens);
                }
            }
        }
        for status in clients.join_all().await.into_iter().flatten() {
            assert!([200, 503].contains(&status), "{status} in round {round}");
            let_in += usize::from(status == 200);
            without_verdict += usize::from(status == 503);
        }
        if round == 1 {
            api.stop().await;
            api = setup.api().await;
        }
    }
    assert!(let_in > 1_000 && without_verdict > 100, "{let_in} and {without_verdict}");
}
