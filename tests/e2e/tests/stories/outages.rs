//! ZITADEL goes, and comes back.

use tests::{Api, with_client_secret};
use zitadel_double::{Listening, NewUser, ZitadelDouble};

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
    let environment = with_client_secret(&double).with("APP_ZITADEL__TIMEOUT", "300ms");
    let api = Api::start(environment).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    for listening in [Listening::Refusing, Listening::Silent] {
        double.set_listening(listening).await;
        assert_eq!(api.get("/api/private", &token).await.status, 503, "{listening:?}");
        double.listen_again().await;
        assert_eq!(api.get("/api/private", &token).await.status, 200, "{listening:?}");
    }
}
