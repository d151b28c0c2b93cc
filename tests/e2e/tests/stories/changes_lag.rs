//! Introspection returns old roles for a while after the log shows the change.

use std::time::Duration;

use tests::{Api, with_feed};
use tokio::time::Instant;
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

const ROLE: &str = "read:messages";
const SCOPED: &str = "/api/private-scoped";
const OLD_ROLES: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_role_is_gone_in_time_although_the_projection_lags() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    double.grant(&ada, ROLE);
    let token = double.session_token(&ada, SessionToken::default());
    let (environment, _file) = with_feed(&double);
    let api = Api::start(environment.with("APP_CHANGES__LAG", "2m")).await;
    api.keeps(&double, &[&token]).await;
    double.set_roles_lag(OLD_ROLES);
    double.ungrant(&ada, ROLE);
    api.denies_in_time(SCOPED, &token, Instant::now() + OLD_ROLES).await;
}

#[tokio::test]
async fn a_role_is_gone_in_time_although_the_api_was_restarted_while_the_projection_lags() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    double.grant(&ada, ROLE);
    let token = double.session_token(&ada, SessionToken::default());
    let (environment, _file) = with_feed(&double);
    let environment = environment.with("APP_CHANGES__LAG", "2m");
    let api = Api::start(environment.clone()).await;
    api.keeps(&double, &[&token]).await;
    double.set_roles_lag(OLD_ROLES);
    double.ungrant(&ada, ROLE);
    let told = Instant::now() + OLD_ROLES;
    api.stop().await;
    let api = Api::start(environment).await;
    api.denies_in_time(SCOPED, &token, told).await;
}
