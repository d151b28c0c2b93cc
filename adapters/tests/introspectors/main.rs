//! Tests of every implementation of `TokenIntrospector`. The one for ZITADEL is tested against the
//! double: a simulated ZITADEL, which also reports requests that a resource server must never send.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod addresses;
mod authentication;
mod budget;
mod cold_and_warm;
mod composed;
mod discovery;
mod event_log;
mod faults;
mod learned_issuer;
mod observed_answers;
mod port_contract;
mod proxies;
mod request;
mod rotation;
mod setup;
mod verdict_watch;

use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use zitadel_double::{NewUser, ZitadelDouble};

fn active_token(double: &ZitadelDouble) -> AccessToken<'static> {
    let user = double.add_user(NewUser::service("svc"));
    AccessToken::parse(&double.pat(&user)).unwrap().into_owned()
}

#[track_caller]
fn assert_active(answer: &Result<Introspection, IntrospectionError>) {
    assert!(matches!(answer, Ok(Introspection::Active(_))), "{answer:?}");
}

#[track_caller]
fn reason(answer: &Result<Introspection, IntrospectionError>) -> &'static str {
    match answer {
        Err(error) => error.reason(),
        Ok(verdict) => panic!("there is a verdict: {verdict:?}"),
    }
}

async fn ask(
    introspector: &impl TokenIntrospector,
    token: &AccessToken<'_>,
) -> Result<Introspection, IntrospectionError> {
    introspector.introspect(token).await
}
