//! The walk-through at the real ZITADEL of `LIVE_ZITADEL_DOMAIN` and
//! `LIVE_ZITADEL_ADMIN_TOKEN_FILE`, and at the double. It removes everything that it creates there.

use std::{env, io::Write as _, path::Path};

use conformance::{DOMAIN, Secret, Server, TOKEN_FILE, WalkThrough, with_walk_through};
use tests::{Api, Environment};
use zitadel_double::ZitadelDouble;

/// Returns the status or code of each response of the walk-through.
async fn walk(environment: Environment, tokens: [&Secret; 2]) -> Vec<String> {
    let api = Api::start(environment).await;
    let mut answers = vec![
        api.get_without_token("/api/public").await,
        api.get_without_token("/api/private").await,
        api.get("/api/private", "unknown").await,
    ];
    for path in ["/api/private", "/api/private-scoped"] {
        for token in tokens {
            answers.push(api.get(path, token.reveal()).await);
        }
    }
    let text = |answer: &tests::Answer| match answer.code() {
        "" => answer.status.as_str().to_owned(),
        code => code.to_owned(),
    };
    answers.iter().map(text).collect()
}

/// Walks through with each client authentication.
async fn walk_through(issuer: &str, made: WalkThrough) -> [Vec<String>; 2] {
    let tokens = [&made.reader_token, &made.no_role_token];
    let environment = Environment::default().with("ZITADEL_DOMAIN", issuer);
    let by_secret = environment
        .clone()
        .with("CLIENT_ID", &made.client_id)
        .with("CLIENT_SECRET", made.client_secret.reveal());
    let directory = tempfile::tempdir().unwrap();
    let key_file = directory.path().join("key.json");
    std::fs::write(&key_file, made.key_file.reveal()).unwrap();
    let by_key = environment.with("KEY_FILE", path_text(&key_file));
    [walk(by_secret, tokens).await, walk(by_key, tokens).await]
}

fn path_text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn assert_walk_through(server: &Server<'_>) {
    let issuer = server.issuer().to_owned();
    let walked = with_walk_through(server, async |made| walk_through(&issuer, made).await).await;
    let answers = walked.unwrap_or_else(|error| panic!("{issuer}: {}", error.with_causes()));
    let expected =
        ["200", "missing_token", "invalid_token", "200", "200", "200", "insufficient_scope"];
    assert_eq!(answers, [expected, expected]);
}

#[tokio::test]
async fn the_walk_through_of_a_real_zitadel_works_with_the_double() {
    let double = ZitadelDouble::start().await;
    assert_walk_through(&Server::double(&double).unwrap()).await;
}

#[tokio::test]
async fn the_walk_through_works_with_the_zitadel_that_the_environment_names() {
    match Server::of_environment(|name| env::var(name).ok()) {
        Ok(Some(server)) => assert_walk_through(&server).await,
        Ok(None) => {
            // Bypasses the test harness's output capture.
            let skipped = "SKIPPED: the walk-through with a real ZITADEL";
            let text = format!("{skipped} ({DOMAIN} and {TOKEN_FILE} name none)\n");
            std::io::stderr().write_all(text.as_bytes()).unwrap();
        }
        Err(error) => panic!("{error}"),
    }
}
