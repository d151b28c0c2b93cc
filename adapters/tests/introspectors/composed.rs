//! Tests of `compose`, by which a service builds the introspector with its decorators.

use std::{fs, time::Duration};

use adapters::{
    CacheSettings, Limits,
    zitadel::{ClientCredentials, ZitadelSettings, compose},
};
use domain::{AccessToken, Policy, Refusal, Rule};
use tokio::time::{Instant, advance, pause, resume, sleep};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

use crate::{active_token, setup};

struct Anyone;

impl Rule for Anyone {
    const POLICY: &'static Policy = &Policy::Authenticated;
}

#[tokio::test]
async fn the_defaults_are_those_of_the_program() {
    let double = ZitadelDouble::start().await;
    let settings = setup::basic(&double);
    let fresh = ZitadelSettings::new(settings.domain.clone(), settings.credentials.clone());
    assert_eq!(fresh.timeout, Duration::from_secs(5));
    assert!(fresh.claims.is_empty() && fresh.project_id.is_none() && fresh.connect_to.is_none());
    assert!(CacheSettings::default().ttl.is_zero());
    assert_eq!(CacheSettings::default().max_entries.get(), 100_000);
    assert_eq!(Limits::default().max_in_flight.get(), 256);
    let zitadel = compose(settings, CacheSettings::default(), Limits::default()).unwrap();
    assert_eq!(zitadel.requirements.leeway, Duration::from_secs(5));
    assert_eq!(zitadel.requirements.issuer.unwrap().as_str(), double.issuer());
}

#[tokio::test]
async fn a_token_is_let_in_and_with_a_cache_asked_about_once() {
    let double = ZitadelDouble::start().await;
    let token = active_token(&double);
    let cache = CacheSettings { ttl: Duration::from_secs(60), ..CacheSettings::default() };
    let authorizer = compose(setup::basic(&double), cache, Limits::default()).unwrap().authorizer();
    for _ in 0..3 {
        assert!(authorizer.authorize::<Anyone>(&token).await.is_ok());
    }
    assert_eq!(double.introspections(), 1);
    let unknown = AccessToken::parse("unknown").unwrap();
    let refusal = authorizer.authorize::<Anyone>(&unknown).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Denied(_)), "{refusal}");
}

#[tokio::test]
async fn a_secret_in_a_file_that_was_replaced_is_used_after_a_refusal() {
    let double = ZitadelDouble::start().await;
    let token = active_token(&double);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    fs::write(&file, double.client_secret()).unwrap();
    let credentials = ClientCredentials::client_secret_file(double.client_id().as_str(), &file);
    let settings = ZitadelSettings { credentials: credentials.unwrap(), ..setup::basic(&double) };
    let zitadel = compose(settings, CacheSettings::default(), Limits::default()).unwrap();
    let authorizer = zitadel.authorizer();
    assert!(authorizer.authorize::<Anyone>(&token).await.is_ok());
    fs::write(&file, double.regenerate_client_secret(double.client_id())).unwrap();
    assert!(authorizer.authorize::<Anyone>(&token).await.is_ok());
    drop(double.take_violations());
}

// ZITADEL still accepts the first key: only the check of the file, every five seconds, finds the
// second.
#[tokio::test]
async fn a_second_key_in_the_file_is_found_by_itself() {
    let double = ZitadelDouble::start().await;
    let token = active_token(&double);
    let (_, first) = double.add_key(double.key_client_id());
    let (second_id, second) = double.add_key(double.key_client_id());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.json");
    fs::write(&file, first).unwrap();
    let credentials = ClientCredentials::key_file(&file).unwrap();
    let settings = ZitadelSettings { credentials, ..setup::key(&double) };
    let zitadel = compose(settings, CacheSettings::default(), Limits::default()).unwrap();
    let authorizer = zitadel.authorizer();
    fs::write(&file, second).unwrap();
    let began = Instant::now();
    loop {
        assert!(authorizer.authorize::<Anyone>(&token).await.is_ok());
        let used = double.requests().pop().and_then(|request| request.key_id);
        if used.as_ref() == Some(&second_id) {
            return;
        }
        assert!(began.elapsed() < setup::PATIENT, "it still uses {used:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn connections_are_renewed_every_five_minutes() {
    let double = ZitadelDouble::start().await;
    let token = active_token(&double);
    let zitadel =
        compose(setup::basic(&double), CacheSettings::default(), Limits::default()).unwrap();
    let authorizer = zitadel.authorizer();
    for renewals in 1..=3 {
        assert!(authorizer.authorize::<Anyone>(&token).await.is_ok());
        assert_eq!(double.discoveries(), renewals);
        pause();
        advance(Duration::from_mins(5)).await;
        resume();
        double.wait_for_discoveries(renewals + 1).await;
    }
}

#[tokio::test]
async fn claims_are_kept_by_name_as_zitadel_gives_them() {
    let double = ZitadelDouble::start().await;
    let metadata = "urn:zitadel:iam:user:metadata";
    let user = double.add_user(NewUser {
        metadata: [("city".to_owned(), "Zürich".to_owned())].into(),
        ..NewUser::human("ada")
    });
    let scopes = ["openid", "profile", "email", metadata].map(str::to_owned).to_vec();
    let token = double.session_token(&user, SessionToken { scopes, ..SessionToken::default() });
    let token = AccessToken::parse(&token).unwrap();
    let claims = ["email", metadata, "phone_number"].map(|name| name.parse().unwrap()).to_vec();
    let settings = ZitadelSettings { claims, ..setup::basic(&double) };
    let zitadel = compose(settings, CacheSettings::default(), Limits::default()).unwrap();
    let permit = zitadel.authorizer().authorize::<Anyone>(&token).await.unwrap();
    let claim = |name| permit.principal().claim(name);
    assert_eq!(claim("email"), Some(r#""ada@example.test""#));
    assert_eq!(claim(metadata), Some(r#"{"city":"Zürich"}"#));
    assert_eq!((claim("phone_number"), claim("email_verified")), (None, None));
}
