//! Tests that the pictures of `check` and `explain` in `docs/pictures` are up to date.

use std::fs;

use tempfile::NamedTempFile;
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

use crate::{
    check::{CHECK, key},
    picture::assert_pictured,
    run::{Environment, run, with},
    states::without,
};

#[tokio::test]
async fn the_picture_of_check_shows_a_wrong_project() {
    let double = ZitadelDouble::start().await;
    let (environment, _key) = environment(&double, double.foreign_project_id().as_str());
    let token = NamedTempFile::new().unwrap();
    fs::write(token.path(), double.event_reader()).unwrap();
    let token = token.path().to_str().unwrap();
    let ended = run(CHECK, &with(environment, "APP_CHANGES__TOKEN_FILE", token), "");
    assert_pictured("check", "app check", &with_public_name(&ended.stdout, &double));
}

#[tokio::test]
async fn the_picture_of_explain_shows_a_misspelled_role() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::human("ada"));
    double.grant(&user, "read:message");
    let token = double.session_token(&user, SessionToken::default());
    let (environment, _key) = environment(&double, double.project_id().as_str());
    let ended = run(&["explain"], &environment, &token);
    let text = with_public_name(&ended.stdout, &double);
    let text = without(&text, "subject \"", "\"", "340000000000000301");
    let text = without(&text, "active, until ", "\n", "2026-11-27T17:00:00Z");
    assert_pictured("explain", "app explain < token.txt", &text);
}

fn environment(double: &ZitadelDouble, project_id: &str) -> (Environment, NamedTempFile) {
    let (environment, key) = key(double);
    let environment = with(environment, "APP_ZITADEL__PROJECT_ID", project_id);
    (with(environment, "APP_ZITADEL__TIMEOUT", "60s"), key)
}

fn with_public_name(text: &str, double: &ZitadelDouble) -> String {
    text.replace(double.issuer(), "https://auth.example.com")
}
