//! Personal access tokens, active for every API.

use std::time::Duration;

use serde_json::json;
use zitadel_double::{NewUser, Pat, ZitadelDouble};

use crate::resource_server::{inactive, introspect, introspect_as_foreigner};

#[tokio::test]
async fn a_pat_says_what_zitadel_says() {
    let double = ZitadelDouble::start().await;
    let svc = double.add_user(NewUser::service("svc"));
    double.grant(&svc, "read:messages");
    let token = double.pat(&svc);
    assert_eq!(token.len(), 71);
    let claims = introspect(&double, &token).await;
    let roles = json!({ "read:messages": { "340000000000000200": "acme.localhost" } });
    let expected = json!({
        "active": true, "token_type": "Bearer", "exp": 253_402_300_799_i64,
        "iat": claims["iat"], "nbf": claims["iat"], "jti": claims["jti"],
        "scope": "openid profile urn:zitadel:iam:user:metadata \
            urn:zitadel:iam:user:resourceowner \
            urn:zitadel:iam:org:project:role:read:messages",
        "sub": svc.as_str(), "aud": ["340000000000000010", "340000000000000001"],
        "iss": double.issuer(), "username": "svc", "preferred_username": "svc", "name": "svc",
        "updated_at": claims["updated_at"],
        "urn:zitadel:iam:user:resourceowner:id": "340000000000000200",
        "urn:zitadel:iam:user:resourceowner:name": "ACME",
        "urn:zitadel:iam:user:resourceowner:primary_domain": "acme.localhost",
        "urn:zitadel:iam:org:project:roles": roles,
        "urn:zitadel:iam:org:projects:roles": roles,
        "urn:zitadel:iam:org:project:340000000000000001:roles": roles,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_pat_of_any_organization_is_active_for_every_application_without_roles() {
    let double = ZitadelDouble::start().await;
    let stranger = NewUser::service("stranger").in_org(double.foreign_org_id());
    let token = double.pat(&double.add_user(stranger));
    let own = introspect(&double, &token).await;
    assert_eq!(own["active"], true);
    assert_eq!(own.get("urn:zitadel:iam:org:project:roles"), None);
    assert_eq!(own["urn:zitadel:iam:user:resourceowner:id"], "340000000000000201");
    let foreign = introspect_as_foreigner(&double, &token).await;
    assert_eq!(foreign["aud"], json!(["340000000000000015", "340000000000000002"]));
}

#[tokio::test]
async fn a_pat_may_expire_and_be_revoked() {
    let double = ZitadelDouble::start().await;
    let svc = double.add_user(NewUser::service("svc"));
    let expired = double.pat_with(&svc, Pat::ExpiredSince(Duration::ZERO));
    assert_eq!(introspect(&double, &expired).await, inactive());
    let lasting = double.pat_with(&svc, Pat::ExpiresIn(Duration::from_hours(1)));
    let claims = introspect(&double, &lasting).await;
    let seconds = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(seconds, 3600);
    double.revoke(&lasting);
    assert_eq!(introspect(&double, &lasting).await, inactive());
}

#[tokio::test]
#[should_panic(expected = "only service users have personal access tokens")]
async fn a_person_has_no_pat() {
    let double = ZitadelDouble::start().await;
    let _ = double.pat(&double.add_user(NewUser::human("ada")));
}
