//! ZITADEL stops and returns.

use std::{fs, time::Duration};

use tests::{Api, with_client_secret};
use tokio::time::Instant;
use zitadel_double::{DiscoveryFault, Listening, NewUser, Times, ZitadelDouble};

#[tokio::test]
async fn the_api_starts_while_zitadel_is_down_and_recovers_by_itself() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    double.stop_listening().await;
    let api = Api::start(with_client_secret(&double)).await;
    for _ in 0..3 {
        assert_eq!(api.get("/api/private", &token).await.status, 503);
    }
    assert_eq!(api.get_without_token("/api/public").await.status, 200);
    double.listen_again().await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
}

#[tokio::test]
async fn an_outage_is_503_and_over_when_zitadel_is_back() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let environment = with_client_secret(&double).with("APP_ZITADEL__TIMEOUT", "1s");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    for listening in [Listening::Refusing, Listening::Silent] {
        double.set_listening(listening).await;
        assert_eq!(api.get("/api/private", &token).await.status, 503, "{listening:?}");
        double.listen_again().await;
        assert_eq!(api.get("/api/private", &token).await.status, 200, "{listening:?}");
    }
}

/// Sends requests until one is accepted, and returns the number of those refused.
async fn refused_until_let_in(api: &Api, token: &str) -> usize {
    let began = Instant::now();
    let mut refused = 0;
    while api.get("/api/private", token).await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not recover");
        refused += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    refused
}

#[tokio::test]
async fn a_moved_endpoint_is_found_without_a_restart() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let environment = with_client_secret(&double).with("APP_ADMIN__LISTEN", "127.0.0.1:0");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.move_introspection("/oauth/v3/introspect");
    assert!(refused_until_let_in(&api, &token).await > 0);
    assert_eq!(api.admin("/readyz").await.status, 200);
    drop(double.take_violations());
}

// ZITADEL responds, so the breaker stays closed, although no caller is accepted.
#[tokio::test]
async fn readiness_is_degraded_while_the_endpoint_is_nowhere_to_be_found() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let environment = with_client_secret(&double).with("APP_ADMIN__LISTEN", "127.0.0.1:0");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let began = Instant::now();
    while api.admin("/readyz").await.body["status"] != "ready" {
        assert!(began.elapsed() < Duration::from_secs(30), "it is never ready");
    }
    let wrong = DiscoveryFault::IntrospectionEndpoint(double.introspection_endpoint());
    double.discovery_fault(wrong, Times::UntilCleared);
    double.move_introspection("/oauth/v3/introspect");
    for _ in 0..5 {
        assert_eq!(api.get("/api/private", &token).await.status, 503);
    }
    let degraded = api.admin("/readyz").await;
    assert_eq!(degraded.status, 200);
    assert_eq!(degraded.body["status"], "degraded");
    assert_eq!(degraded.body["no_verdict"]["reason"], "unexpected_status");
    assert_eq!(degraded.body["circuit_breaker"]["state"], "closed");
    double.clear_faults();
    refused_until_let_in(&api, &token).await;
    assert_eq!(api.admin("/readyz").await.body["status"], "ready");
    drop(double.take_violations());
}

#[tokio::test]
async fn a_rotated_authority_is_trusted_once_the_file_has_it() {
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    let write = || fs::write(ca_file.path(), double.ca_pem().unwrap()).unwrap();
    write();
    let environment =
        with_client_secret(&double).with("APP_ZITADEL__CA_FILE", ca_file.path().to_str().unwrap());
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.rotate_authority();
    // All connections end, as when ZITADEL restarts with the new certificate.
    double.stop_listening().await;
    double.listen_again().await;
    assert_eq!(api.get("/api/private", &token).await.status, 503, "the authority is not known");
    write();
    refused_until_let_in(&api, &token).await;
}
