//! Active responses for session tokens, and causes of inactive ones.

use std::time::Duration;

use serde_json::{Value, json};
use zitadel_double::{
    Answer, Audience, NewUser, SessionToken, TokenShape, UserId, UserState, ZitadelDouble,
};

use crate::resource_server::{inactive, introspect, introspect_as_foreigner, request, send};

const ROLES: &str = "urn:zitadel:iam:org:project:roles";
const MERGED_ROLES: &str = "urn:zitadel:iam:org:projects:roles";
const OWN_ROLES: &str = "urn:zitadel:iam:org:project:340000000000000001:roles";

async fn ada() -> (ZitadelDouble, UserId) {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    (double, ada)
}

#[tokio::test]
async fn a_persons_token_says_what_zitadel_says() {
    let (double, ada) = ada().await;
    double.grant(&ada, "read:messages");
    let claims = introspect(&double, &double.session_token(&ada, SessionToken::default())).await;

    let issued_at = claims["iat"].as_i64().unwrap();
    let roles = json!({ "read:messages": { "340000000000000200": "acme.localhost" } });
    let expected = json!({
        "active": true, "token_type": "Bearer", "scope": "openid profile email",
        "client_id": "340000000000000011", "sub": ada.as_str(), "iss": double.issuer(),
        "aud": [
            "340000000000000010", "340000000000000011", "340000000000000013",
            "340000000000000001"
        ],
        "iat": issued_at, "nbf": issued_at, "auth_time": issued_at, "exp": issued_at + 43200,
        "jti": claims["jti"], "amr": ["pwd"],
        "username": "ada", "preferred_username": "ada", "name": "ada Doe", "given_name": "ada", "family_name": "Doe", "locale": null,
        "updated_at": claims["updated_at"], "email": "ada@example.test", "email_verified": true,
        ROLES: roles, OWN_ROLES: roles, MERGED_ROLES: roles,
    });
    assert_eq!(claims, expected);
    let jti = claims["jti"].as_str().unwrap();
    assert!(jti.starts_with("V2_") && jti.contains("-at_"), "{jti}");
}

#[tokio::test]
async fn without_a_role_all_role_claims_are_absent() {
    let (double, ada) = ada().await;
    let token = double.session_token(&ada, SessionToken::default());
    double.grant(&ada, "read:messages");
    assert!(introspect(&double, &token).await.get(ROLES).is_some());
    double.ungrant(&ada, "read:messages");
    let claims = introspect(&double, &token).await;
    for name in [ROLES, OWN_ROLES, MERGED_ROLES] {
        assert_eq!(claims.get(name), None, "{name}");
    }
    assert_eq!(claims["active"], true);
}

#[tokio::test]
async fn one_role_may_come_from_several_organizations_and_scopes_choose_among_them() {
    let (double, ada) = ada().await;
    double.grant(&ada, "read:messages");
    double.grant_in(&ada, double.project_id(), "read:messages", double.foreign_org_id());
    let all = json!({ "340000000000000200": "acme.localhost",
        "340000000000000201": "globex.localhost" });
    let token = double.session_token(&ada, SessionToken::default());
    assert_eq!(introspect(&double, &token).await[ROLES]["read:messages"], all);

    let scope = format!("urn:zitadel:iam:org:roles:id:{}", double.foreign_org_id());
    let token = double.session_token(&ada, SessionToken::default().with_scope(&scope));
    let one = json!({ "340000000000000201": "globex.localhost" });
    assert_eq!(introspect(&double, &token).await[ROLES]["read:messages"], one);
}

#[tokio::test]
async fn roles_of_another_project_are_never_shown() {
    let (double, ada) = ada().await;
    double.grant_in(&ada, double.foreign_project_id(), "read:messages", double.org_id());
    let scope = format!("urn:zitadel:iam:org:project:id:{}:aud", double.foreign_project_id());
    let token = double.session_token(&ada, SessionToken::default().with_scope(&scope));
    assert_eq!(introspect(&double, &token).await.get(ROLES), None);
    let foreign = introspect_as_foreigner(&double, &token).await;
    assert!(foreign["urn:zitadel:iam:org:project:340000000000000002:roles"].is_object());
    assert_eq!(foreign.get(OWN_ROLES), None);
}

#[tokio::test]
async fn a_token_is_active_only_for_its_audience() {
    let (double, ada) = ada().await;
    let own = double.session_token(&ada, SessionToken::default());
    assert_eq!(introspect_as_foreigner(&double, &own).await, inactive());
    let audience = Audience::Project(double.foreign_project_id().clone());
    let foreign = double.session_token(&ada, SessionToken { audience, ..SessionToken::default() });
    assert_eq!(introspect(&double, &foreign).await, inactive());
    assert_eq!(introspect_as_foreigner(&double, &foreign).await["active"], true);
    let audience = Audience::Only(vec![double.client_id().to_string()]);
    let by_client =
        double.session_token(&ada, SessionToken { audience, ..SessionToken::default() });
    assert_eq!(introspect(&double, &by_client).await["aud"], json!(["340000000000000010"]));
}

#[tokio::test]
async fn client_credentials_need_the_audience_scope() {
    let double = ZitadelDouble::start().await;
    let svc = double.add_user(NewUser::service("svc"));
    let without = SessionToken::client_credentials("svc", []);
    assert_eq!(introspect(&double, &double.session_token(&svc, without)).await, inactive());
    let with = SessionToken::client_credentials("svc", [double.project_id()]);
    let claims = introspect(&double, &double.session_token(&svc, with)).await;
    let scope = "openid urn:zitadel:iam:org:project:id:340000000000000001:aud";
    assert_eq!(claims["scope"], scope);
    assert_eq!(claims["aud"], json!(["340000000000000001"]));
    assert_eq!(claims["client_id"], "svc");
    assert_eq!(claims.get("username"), None);
}

#[tokio::test]
async fn claims_about_the_user_depend_on_scopes() {
    let (double, ada) = ada().await;
    let bare = SessionToken { scopes: vec![], ..SessionToken::default() };
    let claims = introspect(&double, &double.session_token(&ada, bare)).await;
    for name in ["scope", "username", "name", "email", "locale"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
    assert_eq!(claims["sub"], ada.as_str());

    let owner = "urn:zitadel:iam:user:resourceowner";
    for scope in [owner, "urn:zitadel:iam:org:id:340000000000000200"] {
        let token = SessionToken::default().with_scope(scope);
        let claims = introspect(&double, &double.session_token(&ada, token)).await;
        assert_eq!(claims[format!("{owner}:id")], "340000000000000200");
        assert_eq!(claims[format!("{owner}:name")], "ACME");
        assert_eq!(claims[format!("{owner}:primary_domain")], "acme.localhost");
    }
}

#[tokio::test]
async fn metadata_is_an_object_of_base64url() {
    let double = ZitadelDouble::start().await;
    let metadata = [("tier".to_owned(), "gold?>".to_owned())].into();
    let ada = double.add_user(NewUser { metadata, ..NewUser::human("ada") });
    let token = SessionToken::default().with_scope("urn:zitadel:iam:user:metadata");
    let claims = introspect(&double, &double.session_token(&ada, token)).await;
    assert_eq!(claims["urn:zitadel:iam:user:metadata"], json!({ "tier": "Z29sZD8-" }));
}

#[tokio::test]
async fn custom_claims_neither_overwrite_nor_pretend_to_be_zitadels() {
    let (double, ada) = ada().await;
    let custom = json!({ "sub": "else", "tenant": [1, null], "urn:zitadel:iam:x": 1 });
    let custom_claims = custom.as_object().unwrap().clone();
    let token = SessionToken { custom_claims, ..SessionToken::default() };
    let claims = introspect(&double, &double.session_token(&ada, token)).await;
    assert_eq!((&claims["sub"], &claims["tenant"]), (&json!(ada.as_str()), &json!([1, null])));
    assert_eq!(claims.get("urn:zitadel:iam:x"), None);
}

#[tokio::test]
async fn an_impersonated_token_names_the_actor() {
    let (double, ada) = ada().await;
    let admin = double.add_user(NewUser::human("admin"));
    let token = SessionToken { actor: Some(admin.clone()), ..SessionToken::default() };
    let claims = introspect(&double, &double.session_token(&ada, token)).await;
    assert_eq!(claims["act"], json!({ "iss": double.issuer(), "sub": admin.as_str() }));
}

#[tokio::test]
async fn expired_and_revoked_tokens_are_inactive() {
    let (double, ada) = ada().await;
    let expired = double.session_token(&ada, SessionToken::expired());
    assert_eq!(introspect(&double, &expired).await, inactive());
    let (age, lifetime) = (Duration::from_mins(1), Duration::from_hours(1));
    let older = SessionToken { age, lifetime, ..SessionToken::default() };
    let older = double.session_token(&ada, older);
    let claims = introspect(&double, &older).await;
    let seconds = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(seconds, 3600);
    double.revoke(&older);
    assert_eq!(introspect(&double, &older).await, inactive());
}

#[tokio::test]
async fn a_refresh_kills_the_old_token_at_once_and_keeps_the_session() {
    let (double, ada) = ada().await;
    let old = double.session_token(&ada, SessionToken::default());
    let session = |claims: &Value| claims["jti"].as_str().unwrap().split('-').next().map(str::len);
    let before = introspect(&double, &old).await;
    let new = double.refresh(&old);
    assert_eq!(introspect(&double, &old).await, inactive());
    let after = introspect(&double, &new).await;
    assert_ne!(after["jti"], before["jti"]);
    assert_eq!(session(&after), session(&before));
    assert_eq!(after["client_id"], before["client_id"]);
}

#[tokio::test]
async fn a_user_who_is_locked_deactivated_or_removed_has_no_token_even_when_revived() {
    for state in [UserState::Locked, UserState::Deactivated, UserState::Removed] {
        let (double, ada) = ada().await;
        let token = double.session_token(&ada, SessionToken::default());
        double.set_user_state(&ada, state);
        assert_eq!(introspect(&double, &token).await, inactive(), "{state:?}");
        double.set_user_state(&ada, UserState::Active);
        assert_eq!(introspect(&double, &token).await, inactive(), "{state:?}");
        let fresh = double.session_token(&ada, SessionToken::default());
        assert_eq!(introspect(&double, &fresh).await["active"], true);
    }
}

#[tokio::test]
async fn tokens_look_like_zitadels_and_answer_alike() {
    let (double, ada) = ada().await;
    let opaque = double.session_token(&ada, SessionToken::default());
    assert_eq!(opaque.len(), 104);
    assert!(opaque.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    let jwt = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let jwt = double.session_token(&ada, jwt);
    assert_eq!(jwt.split('.').count(), 3);
    let (one, other) = (introspect(&double, &opaque).await, introspect(&double, &jwt).await);
    let names = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
}

#[tokio::test]
async fn a_jwt_is_inactive_through_another_domain_and_an_opaque_token_is_not() {
    let (double, ada) = ada().await;
    let jwt = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let jwt = double.session_token(&ada, jwt);
    let opaque = double.session_token(&ada, SessionToken::default());
    for (token, active) in [(jwt, false), (opaque, true)] {
        let elsewhere = request(&double).header("host", "localhost:1234");
        let got = send(elsewhere.form(&[("token", token.as_str())])).await.json();
        assert_eq!(got["active"], active);
        assert_eq!(got.get("iss"), active.then(|| json!("http://localhost:1234")).as_ref());
        assert_eq!(introspect(&double, &token).await["iss"], double.issuer());
    }
}

#[tokio::test]
async fn a_test_may_dictate_the_whole_answer_but_not_skip_authentication() {
    let double = ZitadelDouble::start().await;
    double.answer("odd", json!({ "active": true, "exp": "tomorrow", "cnf": {} }));
    let expected = json!({ "active": true, "exp": "tomorrow", "cnf": {} });
    assert_eq!(introspect(&double, "odd").await, expected);
    double.answer("raw", Answer::bytes(*b"\xff{").content_type("text/html"));
    let response = request(&double).form(&[("token", "raw")]).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(response.bytes().await.unwrap().as_ref(), b"\xff{");
    double.set_client_secret(double.client_id(), "right");
    let wrong = crate::resource_server::basic(double.client_id().as_str(), "wrong");
    let ask = crate::resource_server::http().post(double.introspection_endpoint());
    let got = send(ask.header("authorization", wrong).form(&[("token", "odd")])).await;
    assert_eq!(got.status, 400);
    assert_eq!(double.take_violations().len(), 1);
}
