//! Any real ZITADEL that the environment names:
//!
//! - `LIVE_ZITADEL_DOMAIN`
//! - `LIVE_ZITADEL_CLIENT_ID` and `LIVE_ZITADEL_CLIENT_SECRET`, or `LIVE_ZITADEL_KEY_FILE`
//! - `LIVE_ZITADEL_READER_TOKEN`: an access token of a user with the role `read:messages`
//! - `LIVE_ZITADEL_NO_ROLE_TOKEN`: one of a user without it

use std::env;

use tests::{Api, Environment};

fn variable(name: &str) -> Option<String> {
    env::var(format!("LIVE_ZITADEL_{name}")).ok()
}

/// `None` where the environment does not name a ZITADEL with everything that is needed.
fn live() -> Option<(Environment, String, String)> {
    let mut environment = Environment::default().with("ZITADEL_DOMAIN", &variable("DOMAIN")?);
    environment = match variable("KEY_FILE") {
        Some(file) => environment.with("KEY_FILE", &file),
        None => environment
            .with("CLIENT_ID", &variable("CLIENT_ID")?)
            .with("CLIENT_SECRET", &variable("CLIENT_SECRET")?),
    };
    Some((environment, variable("READER_TOKEN")?, variable("NO_ROLE_TOKEN")?))
}

#[tokio::test]
async fn the_walk_through_works_with_the_zitadel_that_the_environment_names() {
    let Some((environment, reader, no_role)) = live() else {
        eprintln!("SKIPPED: no live ZITADEL is named by LIVE_ZITADEL_DOMAIN and the others");
        return;
    };
    let api = Api::start(environment).await;
    assert_eq!(api.get_without_token("/api/public").await.status, 200);
    assert_eq!(api.get_without_token("/api/private").await.code(), "missing_token");
    assert_eq!(api.get("/api/private", "unknown").await.code(), "invalid_token");
    for token in [&reader, &no_role] {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    assert_eq!(api.get("/api/private-scoped", &reader).await.status, 200);
    assert_eq!(api.get("/api/private-scoped", &no_role).await.code(), "insufficient_scope");
}
