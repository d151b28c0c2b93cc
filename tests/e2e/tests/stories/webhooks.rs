//! A webhook makes a change take effect earlier; without it, or if it is late, the bound holds.

use std::{fs, time::Duration};

use futures_util::future::join_all;
use tempfile::NamedTempFile;
use tests::{Api, Environment, with_feed};
use tokio::time::{Instant, sleep};
use zitadel_double::{NewEvent, NewUser, SessionToken, UserId, Webhooks, ZitadelDouble};

const ROLE: &str = "read:messages";
const SCOPED: &str = "/api/private-scoped";
const PATIENCE: Duration = Duration::from_secs(30);

/// API that the double's webhook calls, and a cached token of a user with the role.
struct Scene {
    double: ZitadelDouble,
    api: Api,
    user: UserId,
    token: String,
    _files: [NamedTempFile; 2],
}

impl Scene {
    async fn set(set: impl Fn(Environment) -> Environment) -> Self {
        let double = ZitadelDouble::start().await;
        let user = double.add_user(NewUser::human("ada"));
        double.grant(&user, ROLE);
        let token = double.session_token(&user, SessionToken::default());
        let (environment, file) = with_feed(&double);
        let keys = NamedTempFile::new().unwrap();
        fs::write(keys.path(), "a-key-that-the-key-of-the-target-replaces\n").unwrap();
        let environment = environment
            .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
            .with("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:0")
            .with("APP_CHANGES__WEBHOOK__KEY_FILE", &keys.path().display().to_string());
        let api = Api::start(set(environment)).await;
        let url = api.webhook_url("/zitadel/events");
        let key = double.add_webhook(&url, ["user.grant.removed", "org.changed"]);
        fs::write(keys.path(), format!("{key}\n")).unwrap();
        let scene = Self { double, api, user, token, _files: [file, keys] };
        scene.is_heard().await;
        scene.api.keeps(&scene.double, &[&scene.token]).await;
        scene
    }

    /// Waits until the new key is in use.
    async fn is_heard(&self) {
        let began = Instant::now();
        while self.rung().await == 0 {
            assert!(began.elapsed() < PATIENCE, "no delivery rings");
            let org = self.double.org_id();
            self.double.write_event(NewEvent::new("org", org, "org.changed", org));
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn rung(&self) -> u64 {
        self.api.count("webhook_deliveries_total{result=\"rung\"}").await
    }
}

async fn counts_before_the_next_poll(fate: Webhooks) {
    let scene = Scene::set(|environment| {
        environment
            .with("APP_CACHE__TTL", "1h")
            .with("APP_CACHE__MAX_STALENESS", "30m")
            .with("APP_CHANGES__INTERVAL", "29m")
    })
    .await;
    scene.double.set_webhooks(fate);
    scene.double.ungrant(&scene.user, ROLE);
    let changed = Instant::now();
    while scene.api.get(SCOPED, &scene.token).await.status != 401 {
        assert!(changed.elapsed() < PATIENCE, "{fate:?}: the change does not count");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn counts_in_time(fate: Webhooks) {
    let scene = Scene::set(|environment| environment).await;
    scene.double.set_webhooks(fate);
    scene.double.ungrant(&scene.user, ROLE);
    scene.api.denies_in_time(SCOPED, &scene.token, Instant::now()).await;
}

#[tokio::test]
async fn with_a_webhook_once_or_twice_a_change_counts_long_before_the_next_poll() {
    join_all([Webhooks::Deliver, Webhooks::Twice].map(counts_before_the_next_poll)).await;
}

#[tokio::test]
async fn webhooks_that_are_lost_late_or_doubled_hide_no_change() {
    let late = Webhooks::Late(Duration::from_mins(1));
    join_all([Webhooks::Lose, late, Webhooks::Twice].map(counts_in_time)).await;
}
