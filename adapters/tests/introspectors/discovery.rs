//! Tests of the discovery of the introspection endpoint from ZITADEL's metadata, and of when the
//! metadata is requested.

use adapters::zitadel::ZitadelSettings;
use zitadel_double::{DiscoveryFault, Fault, Times, ZitadelDouble};

use crate::{active_token, ask, assert_active, reason, setup};

#[tokio::test]
async fn discovery_is_asked_when_it_is_needed_and_never_again_once_it_answered() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    assert_eq!(double.discoveries(), 0, "not at start");
    let token = active_token(&double);
    double.discovery_fault(Fault::InternalServerError, Times::Next(2));
    for _ in 0..2 {
        assert_eq!(reason(&ask(&introspector, &token).await), "server_error");
    }
    assert_active(&ask(&introspector, &token).await);
    assert_active(&ask(&introspector, &token).await);
    assert_eq!((double.discoveries(), double.introspections()), (3, 2));
}

#[tokio::test]
async fn callers_who_come_together_share_one_discovery() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    let (a, b, c) = tokio::join!(
        ask(&introspector, &token),
        ask(&introspector, &token),
        ask(&introspector, &token),
    );
    for answer in [a, b, c] {
        assert_active(&answer);
    }
    assert_eq!((double.discoveries(), double.introspections()), (1, 3));
}

#[tokio::test]
async fn a_custom_endpoint_is_found() {
    let double = ZitadelDouble::builder().introspection_path("/custom/introspect").start().await;
    assert_active(&ask(&setup::introspector(setup::basic(&double)), &active_token(&double)).await);
}

#[tokio::test]
async fn a_configured_endpoint_needs_no_discovery() {
    let double = ZitadelDouble::start().await;
    let introspection_endpoint = Some(double.introspection_endpoint().parse().unwrap());
    let settings = ZitadelSettings { introspection_endpoint, ..setup::basic(&double) };
    assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
    assert_eq!(double.discoveries(), 0);
}

#[tokio::test]
async fn a_configured_endpoint_may_be_of_another_origin_than_the_domain() {
    let double = ZitadelDouble::start().await;
    let settings = ZitadelSettings {
        domain: "https://auth.example.test".parse().unwrap(),
        introspection_endpoint: Some(double.introspection_endpoint().parse().unwrap()),
        ..setup::basic(&double)
    };
    assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
}

// Metadata of another issuer must not decide where the token is sent.
#[tokio::test]
async fn a_document_of_another_issuer_or_with_a_foreign_endpoint_is_not_followed() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    let port = double.addr().port();
    for (fault, expected) in [
        (DiscoveryFault::Issuer("https://evil.test".into()), "issuer_mismatch"),
        (DiscoveryFault::Issuer(format!("{}.evil.test", double.issuer())), "issuer_mismatch"),
        (DiscoveryFault::IntrospectionEndpoint("https://evil.test/i".into()), "foreign_endpoint"),
        (
            DiscoveryFault::IntrospectionEndpoint(format!("http://localhost:{port}/i")),
            "foreign_endpoint",
        ),
        (DiscoveryFault::IntrospectionEndpoint("/oauth/v2/introspect".into()), "foreign_endpoint"),
        (DiscoveryFault::NoIntrospectionEndpoint, "malformed_answer"),
        (Fault::LoginPage.into(), "malformed_answer"),
        (Fault::WrongTypes.into(), "malformed_answer"),
        (Fault::NotJson.into(), "malformed_answer"),
    ] {
        let shown = format!("{fault:?}");
        double.discovery_fault(fault, Times::Once);
        assert_eq!(reason(&ask(&introspector, &token).await), expected, "{shown}");
    }
    assert_eq!(double.introspections(), 0);
    assert_active(&ask(&introspector, &token).await);
}
