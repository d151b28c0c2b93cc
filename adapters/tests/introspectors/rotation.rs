//! Tests of client credentials whose file changes while the introspector is in use.

use std::{fs, os::unix::fs::symlink, path::Path, sync::Arc};

use adapters::{
    SystemClock,
    decorators::CircuitBreaker,
    zitadel::{ClientCredentials, CredentialError, CurrentCredentials, ZitadelIntrospector},
};
use domain::Issuer;
use tempfile::{NamedTempFile, TempPath};
use zitadel_double::{KeyId, ZitadelDouble};

use crate::{active_token, ask, assert_active, reason, setup};

/// Writes `text` to a credentials file. Returns an introspector with these credentials, the
/// credentials, and the file.
fn changing(
    double: &ZitadelDouble,
    text: &str,
    read: impl FnOnce(&Path) -> Result<ClientCredentials, CredentialError>,
) -> (ZitadelIntrospector, Arc<CurrentCredentials>, TempPath) {
    let file = NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&file, text).unwrap();
    let issuer = Issuer::parse(double.issuer()).unwrap();
    let credentials = CurrentCredentials::new(read(&file).unwrap(), issuer, Arc::new(SystemClock));
    let credentials = Arc::new(credentials);
    let introspector =
        ZitadelIntrospector::with_credentials(setup::basic(double), Arc::clone(&credentials));
    (introspector.unwrap(), credentials, file)
}

fn changing_secret(
    double: &ZitadelDouble,
    secret: &str,
) -> (ZitadelIntrospector, Arc<CurrentCredentials>, TempPath) {
    let client_id = double.client_id();
    changing(double, secret, |file| ClientCredentials::client_secret_file(client_id.as_str(), file))
}

#[tokio::test]
async fn a_refused_secret_is_looked_for_again_and_the_question_repeated_once() {
    let double = ZitadelDouble::start().await;
    let (introspector, _, file) = changing_secret(&double, &double.client_secret());
    let token = active_token(&double);
    assert_active(&ask(&introspector, &token).await);
    fs::write(&file, double.regenerate_client_secret(double.client_id())).unwrap();
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(double.introspections(), 3);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(double.introspections(), 4, "the new one is kept");

    double.regenerate_client_secret(double.client_id());
    // Each read of the file would now return another secret.
    fs::remove_file(&file).unwrap();
    symlink("/proc/sys/kernel/random/uuid", &file).unwrap();
    assert_eq!(reason(&ask(&introspector, &token).await), "client_refused");
    assert_eq!(double.introspections(), 6, "twice, and no more");
    drop(double.take_violations());
}

#[tokio::test]
async fn a_refused_secret_that_did_not_change_is_not_asked_with_twice() {
    let double = ZitadelDouble::start().await;
    let (introspector, _, _file) = changing_secret(&double, "wrong");
    assert_eq!(reason(&ask(&introspector, &active_token(&double)).await), "client_refused");
    assert_eq!(double.introspections(), 1);
    drop(double.take_violations());
}

#[tokio::test]
async fn a_second_key_is_used_after_a_look_and_the_first_is_not_needed_any_more() {
    let double = ZitadelDouble::start().await;
    let (first_id, first) = double.add_key(double.key_client_id());
    let (introspector, credentials, file) =
        changing(&double, &first, |file| ClientCredentials::key_file(file));
    let token = active_token(&double);
    let used = || double.requests().pop().and_then(|request| request.key_id);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&first_id));
    let (second_id, second): (KeyId, String) = double.add_key(double.key_client_id());
    fs::write(&file, second).unwrap();
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&first_id), "nobody has looked");
    credentials.look().await;
    double.remove_key(double.key_client_id(), &first_id);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!(used().as_ref(), Some(&second_id));
}

#[tokio::test]
async fn the_breaker_lets_us_in_again_once_the_credentials_are_right() {
    let double = ZitadelDouble::start().await;
    let (introspector, credentials, file) = changing_secret(&double, "wrong");
    let breaker = CircuitBreaker::new(introspector);
    let token = active_token(&double);
    for _ in 0..20 {
        assert_eq!(reason(&ask(&breaker, &token).await), "client_refused");
    }
    assert!(double.introspections() < 20, "it is open");
    fs::write(&file, double.client_secret()).unwrap();
    credentials.look().await;
    let replaced = tokio::time::Instant::now();
    while ask(&breaker, &token).await.is_err() {
        assert!(replaced.elapsed() < setup::PATIENT, "it stays open");
        tokio::task::yield_now().await;
    }
    drop(double.take_violations());
}
