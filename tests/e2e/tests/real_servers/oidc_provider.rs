//! The walk-through with the third-party `oidc-provider`.

use tests::{Api, OidcProvider};

#[tokio::test]
async fn the_walk_through_works_with_oidc_provider() {
    let mut provider = OidcProvider::start().await;
    let api = Api::start(provider.environment()).await;
    let (reader, no_role) = (provider.token("reader").await, provider.token("no_role").await);

    assert_eq!(api.get_without_token("/api/public").await.status, 200);
    assert_eq!(api.get_without_token("/api/private").await.code(), "missing_token");
    assert_eq!(api.get("/api/private", "unknown").await.code(), "invalid_token");
    for token in [&reader, &no_role] {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    assert_eq!(api.get("/api/private-scoped", &reader).await.status, 200);
    let denied = api.get("/api/private-scoped", &no_role).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (401, "insufficient_scope"));

    provider.ungrant("reader").await;
    let denied = api.get("/api/private-scoped", &reader).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (401, "insufficient_scope"));

    provider.post("revocation_endpoint", "reader", &[("token", &reader)]).await;
    assert_eq!(api.get("/api/private", &reader).await.code(), "invalid_token");
}

#[tokio::test]
async fn a_wrong_client_secret_is_503_with_oidc_provider() {
    let provider = OidcProvider::start().await;
    let api = Api::start(provider.environment().with("CLIENT_SECRET", "another")).await;
    let token = provider.token("reader").await;
    let answer = api.get("/api/private", &token).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "introspection_unavailable"));
}

#[tokio::test]
async fn oidc_provider_going_away_is_503() {
    let provider = OidcProvider::start().await;
    let token = provider.token("reader").await;
    let api = Api::start(provider.environment()).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    provider.stop().await;
    assert_eq!(api.get("/api/private", &token).await.status, 503);
}
