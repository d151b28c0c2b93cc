//! This API accepts tokens of every client of its project, and of no other project. That is
//! ZITADEL's verdict; the defaults are no stricter.

use tests::{Api, with_client_secret};
use zitadel_double::{Audience, NewUser, SessionToken, ZitadelDouble};

// A rule does not depend on the client that got the token.
#[tokio::test]
async fn every_client_of_the_project_is_let_in() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let person = double.add_user(NewUser::human("ada"));
    let service = double.add_user(NewUser::service("svc"));
    let by = |client_id: &str| SessionToken {
        client_id: Some(client_id.to_owned()),
        ..SessionToken::default()
    };
    for token in [
        double.session_token(&person, SessionToken::default()),
        double.session_token(&person, by("340000000000000777")),
        double.session_token(
            &service,
            SessionToken::client_credentials("svc", [double.project_id()]),
        ),
        double.pat(&service),
    ] {
        assert_eq!(api.get("/api/private", &token).await.status, 200);
    }
    let audience = Audience::Project(double.foreign_project_id().clone());
    let foreign = SessionToken { audience, ..SessionToken::default() };
    let foreign = double.session_token(&person, foreign);
    assert_eq!(api.get("/api/private", &foreign).await.code(), "invalid_token");
}

// A front end of another organization, with its own project.
#[tokio::test]
async fn a_front_end_of_another_project_is_let_in_once_it_requests_the_scope() {
    let double = ZitadelDouble::start().await;
    let api = Api::start(with_client_secret(&double)).await;
    let user = double.add_user(NewUser::human("ada").in_org(double.foreign_org_id()));
    double.grant_in(&user, double.project_id(), "read:messages", double.foreign_org_id());
    let audience = Audience::Project(double.foreign_project_id().clone());
    let token = SessionToken { audience, ..SessionToken::default() };
    let without = double.session_token(&user, token.clone());
    assert_eq!(api.get("/api/private-scoped", &without).await.code(), "invalid_token");
    let scope = format!("urn:zitadel:iam:org:project:id:{}:aud", double.project_id());
    let with = double.session_token(&user, token.with_scope(&scope));
    assert_eq!(api.get("/api/private-scoped", &with).await.status, 200);
}

// A login adds every current application of the project to the audience.
#[tokio::test]
async fn an_audience_that_grows_with_each_application_does_no_harm() {
    let double = ZitadelDouble::start().await;
    let environment = with_client_secret(&double)
        .with("APP_AUTH__AUDIENCE", double.project_id().as_str())
        .with("APP_CACHE__TTL", "1h");
    let api = Api::start(environment).await;
    let user = double.add_user(NewUser::human("ada"));
    let early = double.session_token(&user, SessionToken::default());
    for _ in 0..1000 {
        let _secret = double.add_secret_app(double.project_id());
    }
    let late = double.session_token(&user, SessionToken::default());
    for token in [&early, &late, &late] {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
}
