//! Tests that the issuer is learned from ZITADEL's metadata, byte for byte as spelled there.

use std::time::Duration;

use adapters::{
    CacheSettings, Limits,
    zitadel::{ComposedZitadel, ZitadelSettings, compose},
};
use tokio::time::{advance, pause, resume, sleep, timeout};
use zitadel_double::{DiscoveryFault, Fault, Times, ZitadelDouble};

use crate::{
    active_token, assert_active,
    setup::{self, PATIENT},
};

fn composed(settings: ZitadelSettings) -> ComposedZitadel {
    compose(settings, CacheSettings::default(), Limits::default()).unwrap()
}

fn learning(settings: ZitadelSettings) -> ComposedZitadel {
    composed(ZitadelSettings { learn_issuer: true, ..settings })
}

async fn wait_for_issuer(zitadel: &ComposedZitadel, issuer: &str) {
    let waiting = async {
        while *zitadel.issuer.as_spelled() != *issuer {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENT, waiting).await.unwrap();
}

/// Sets tokio's clock forward by `time`. Before and after, waits 100 ms of real time: for responses
/// under way, then for tasks that have become due.
async fn set_forward(time: Duration) {
    sleep(Duration::from_millis(100)).await;
    pause();
    advance(time).await;
    resume();
    sleep(Duration::from_millis(100)).await;
}

/// Makes the metadata spell the issuer with a `/` at its end, and returns that spelling.
fn with_slash(double: &ZitadelDouble) -> String {
    let issuer = format!("{}/", double.issuer());
    double.discovery_fault(DiscoveryFault::Issuer(issuer.clone()), Times::UntilCleared);
    issuer
}

#[tokio::test]
async fn it_is_that_of_the_domain_until_a_question_needs_the_metadata() {
    let double = ZitadelDouble::start().await;
    let spelled = with_slash(&double);
    let zitadel = composed(setup::basic(&double));
    assert_eq!(&*zitadel.issuer.as_spelled(), double.issuer());
    assert_active(&zitadel.introspector.introspect(&active_token(&double)).await);
    assert_eq!(*zitadel.issuer.as_spelled(), *spelled);
    assert_eq!(double.discoveries(), 1, "at the question");
}

#[tokio::test]
async fn it_is_learned_without_a_question_and_no_question_asks_for_metadata_again() {
    for key in [false, true] {
        let double = ZitadelDouble::start().await;
        let spelled = with_slash(&double);
        let settings = if key { setup::key(&double) } else { setup::basic(&double) };
        let zitadel = learning(settings);
        wait_for_issuer(&zitadel, &spelled).await;
        // The audience of an assertion must be ZITADEL's issuer byte for byte, which has no slash.
        assert_active(&zitadel.introspector.introspect(&active_token(&double)).await);
        assert_eq!((double.discoveries(), double.introspections()), (1, 1));
    }
}

#[tokio::test]
async fn it_is_asked_for_until_the_metadata_are_read() {
    let double = ZitadelDouble::start().await;
    double.discovery_fault(Fault::InternalServerError, Times::Next(3));
    let zitadel = learning(setup::basic(&double));
    for attempts in 1..=3 {
        double.wait_for_discoveries(attempts).await;
        set_forward(Duration::from_secs(5)).await;
    }
    double.wait_for_discoveries(4).await;
    wait_for_issuer(&zitadel, double.issuer()).await;
    set_forward(Duration::from_mins(1)).await;
    assert_eq!(double.discoveries(), 4, "never again once it answered");
}

#[tokio::test]
async fn a_document_of_another_issuer_teaches_nothing() {
    let double = ZitadelDouble::start().await;
    double.discovery_fault(DiscoveryFault::Issuer("https://evil.test/".into()), Times::Once);
    let spelled = with_slash(&double);
    let zitadel = learning(setup::basic(&double));
    double.wait_for_discoveries(2).await;
    assert_ne!(&*zitadel.issuer.as_spelled(), "https://evil.test/");
    wait_for_issuer(&zitadel, &spelled).await;
}

#[tokio::test]
async fn there_is_nothing_to_learn_where_the_endpoint_is_configured() {
    let double = ZitadelDouble::start().await;
    let introspection_endpoint = Some(double.introspection_endpoint().parse().unwrap());
    let zitadel = learning(ZitadelSettings { introspection_endpoint, ..setup::basic(&double) });
    assert_active(&zitadel.introspector.introspect(&active_token(&double)).await);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(double.discoveries(), 0);
    assert_eq!(&*zitadel.issuer.as_spelled(), double.issuer());
}
