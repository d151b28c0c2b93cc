//! Credentials that change while the introspector is in use.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use adapters::{
    SystemClock,
    decorators::CircuitBreaker,
    zitadel::{
        AuthenticationSource, ClientAuthentication, CurrentAuthentication, KeyFile,
        ZitadelIntrospector,
    },
};
use async_trait::async_trait;
use domain::{ClientId, Issuer};
use zitadel_double::{KeyId, ZitadelDouble};

use crate::{active_token, ask, assert_active, reason, setup};

/// Credentials that the test provides, one for each look.
#[derive(Clone, Default)]
struct Stack(Arc<Mutex<VecDeque<ClientAuthentication>>>);

impl Stack {
    fn put(&self, authentication: ClientAuthentication) {
        self.0.lock().unwrap().push_back(authentication);
    }
}

#[async_trait]
impl AuthenticationSource for Stack {
    async fn changed(&mut self) -> Option<ClientAuthentication> {
        self.0.lock().unwrap().pop_front()
    }
}

fn secret(double: &ZitadelDouble, secret: &str) -> ClientAuthentication {
    let client_id = ClientId::parse(double.client_id().as_str()).unwrap();
    ClientAuthentication::client_secret_basic(&client_id, &secret.into())
}

fn key(double: &ZitadelDouble, json: &str) -> ClientAuthentication {
    let issuer = Issuer::parse(double.issuer()).unwrap();
    let key_file = KeyFile::parse(json).unwrap();
    ClientAuthentication::private_key_jwt(key_file, issuer, Arc::new(SystemClock))
}

/// Returns an introspector that begins with `first`, its credentials, and the source of others.
fn changing(
    double: &ZitadelDouble,
    first: ClientAuthentication,
) -> (ZitadelIntrospector, Arc<CurrentAuthentication>, Stack) {
    let stack = Stack::default();
    let authentication = Arc::new(CurrentAuthentication::from_source(first, stack.clone()));
    let settings = setup::basic(double);
    let introspector =
        ZitadelIntrospector::with_authentication(settings, Arc::clone(&authentication)).unwrap();
    (introspector, authentication, stack)
}

#[tokio::test]
async fn a_refused_secret_is_looked_for_again_and_the_question_repeated_once() {
    let double = ZitadelDouble::start().await;
    let old = secret(&double, &double.client_secret());
    let (introspector, _, stack) = changing(&double, old);
    let token = active_token(&double);
    assert_active(&ask(&introspector, &token).await);
    let new = double.regenerate_client_secret(double.client_id());
    stack.put(secret(&double, &new));
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(double.introspections(), 3);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(double.introspections(), 4, "the new one is kept");

    double.regenerate_client_secret(double.client_id());
    stack.put(secret(&double, "neither"));
    stack.put(secret(&double, "nor"));
    assert_eq!(reason(&ask(&introspector, &token).await), "client_refused");
    assert_eq!(double.introspections(), 6, "twice, and no more");
    drop(double.take_violations());
}

#[tokio::test]
async fn a_refused_secret_that_did_not_change_is_not_asked_with_twice() {
    let double = ZitadelDouble::start().await;
    let (introspector, _, _) = changing(&double, secret(&double, "wrong"));
    assert_eq!(reason(&ask(&introspector, &active_token(&double)).await), "client_refused");
    assert_eq!(double.introspections(), 1);
    drop(double.take_violations());
}

#[tokio::test]
async fn a_second_key_is_used_after_a_look_and_the_first_is_not_needed_any_more() {
    let double = ZitadelDouble::start().await;
    let (first_id, first) = double.add_key(double.key_client_id());
    let (introspector, authentication, stack) = changing(&double, key(&double, &first));
    let token = active_token(&double);
    let used = || double.requests().pop().and_then(|request| request.key_id);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&first_id));
    let (second_id, second): (KeyId, String) = double.add_key(double.key_client_id());
    stack.put(key(&double, &second));
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&first_id), "nobody has looked");
    authentication.look().await;
    double.remove_key(double.key_client_id(), &first_id);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&second_id));
}

#[tokio::test]
async fn the_breaker_lets_us_in_again_once_the_credentials_are_right() {
    let double = ZitadelDouble::start().await;
    let (introspector, authentication, stack) = changing(&double, secret(&double, "wrong"));
    let breaker = CircuitBreaker::new(introspector);
    let token = active_token(&double);
    for _ in 0..20 {
        assert_eq!(reason(&ask(&breaker, &token).await), "client_refused");
    }
    assert!(double.introspections() < 20, "it is open");
    stack.put(secret(&double, &double.client_secret()));
    authentication.look().await;
    let replaced = tokio::time::Instant::now();
    while ask(&breaker, &token).await.is_err() {
        assert!(replaced.elapsed() < setup::PATIENT, "it stays open");
        tokio::task::yield_now().await;
    }
    drop(double.take_violations());
}
