//! The walk-through of ZITADEL's Python example, with both client authentications.

use serde_json::json;
use tests::{Api, Environment, with_client_secret, with_key_file};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

async fn walk_through(double: &ZitadelDouble, environment: Environment) {
    let api = Api::start(environment).await;
    let service = double.add_user(NewUser::service("svc"));
    let token = double.pat(&service);

    let public = api.get_without_token("/api/public").await;
    assert_eq!(public.status, 200);
    assert_eq!(
        public.body,
        json!({ "message": "Public route - You don't need to be authenticated to see this." }),
    );
    assert_eq!(api.get_without_token("/api/private").await.code(), "missing_token");

    let private = api.get("/api/private", &token).await;
    assert_eq!(private.status, 200);
    assert_eq!(
        private.body,
        json!({ "message": "Private route - You need to be authenticated to see this." }),
    );
    assert_eq!(api.get("/api/private-scoped", &token).await.code(), "insufficient_scope");

    double.grant(&service, "read:messages");
    let scoped = api.get("/api/private-scoped", &token).await;
    assert_eq!(scoped.status, 200);
    assert_eq!(
        scoped.body,
        json!({ "message": "Private, scoped route - You need to be authenticated and have the \
                            role read:messages to see this." }),
    );

    double.ungrant(&service, "read:messages");
    let denied = api.get("/api/private-scoped", &token).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (401, "insufficient_scope"));

    double.revoke(&token);
    assert_eq!(api.get("/api/private", &token).await.code(), "invalid_token");
}

#[tokio::test]
async fn it_works_with_a_client_secret() {
    let double = ZitadelDouble::start().await;
    walk_through(&double, with_client_secret(&double)).await;
}

#[tokio::test]
async fn it_works_with_a_private_key() {
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_key_file(&double);
    walk_through(&double, environment).await;
}

#[tokio::test]
async fn a_person_who_signed_in_at_the_front_end_is_let_in_until_the_token_is_refreshed() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let ada = double.add_user(NewUser::human("ada"));
    double.grant(&ada, "read:messages");
    let token = double.session_token(&ada, SessionToken::default());
    assert_eq!(api.get("/api/private-scoped", &token).await.status, 200);
    let refreshed = double.refresh(&token);
    assert_eq!(api.get("/api/private-scoped", &token).await.code(), "invalid_token");
    assert_eq!(api.get("/api/private-scoped", &refreshed).await.status, 200);
}

#[tokio::test]
async fn client_credentials_need_the_audience_scope() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let service = double.add_user(NewUser::service("svc"));
    let token = |scope: SessionToken| double.session_token(&service, scope);
    let without = token(SessionToken::client_credentials("svc", []));
    assert_eq!(api.get("/api/private", &without).await.code(), "invalid_token");
    let with = token(SessionToken::client_credentials("svc", [double.project_id()]));
    assert_eq!(api.get("/api/private", &with).await.status, 200);
}

#[tokio::test]
async fn with_nothing_configured_the_local_tokens_walk_the_same_way() {
    let api = Api::start(Environment::default()).await;
    for (path, token, expected) in [
        ("/api/private", "dev-reader", ""),
        ("/api/private-scoped", "dev-reader", ""),
        ("/api/private", "dev-no-role", ""),
        ("/api/private-scoped", "dev-no-role", "insufficient_scope"),
        ("/api/private", "dev-expired", "invalid_token"),
        ("/api/private", "dev-revoked", "invalid_token"),
    ] {
        assert_eq!(api.get(path, token).await.code(), expected, "{path} {token}");
    }
}
