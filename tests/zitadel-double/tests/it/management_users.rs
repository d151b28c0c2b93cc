//! Users by the management API: states, tokens, roles, metadata, client credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zitadel_double::{NewUser, SessionToken, ZitadelDouble};

use crate::manager::Manager;
use crate::resource_server::{Got, http, inactive, introspect, send};

const USERS: &str = "/management/v1/users";
const ROLES: &str = "urn:zitadel:iam:org:project:roles";

/// Calls the token endpoint.
async fn token(double: &ZitadelDouble, form: &[(&str, &str)]) -> Got {
    send(http().post(format!("{}/oauth/v2/token", double.issuer())).form(form)).await
}

#[tokio::test]
async fn a_grant_gives_its_roles_until_it_is_changed_deactivated_or_removed() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let project = double.project_id().as_str();
    let user = admin.service_user("reader").await;
    let pat = admin.pat(&user).await;
    assert_eq!(introspect(&double, &pat).await.get(ROLES), None);
    let grants = format!("{USERS}/{user}/grants");
    let body = json!({ "projectId": project, "roleKeys": ["read:messages"] });
    let id = admin.id(&grants, body, "userGrantId").await;
    let grant = format!("{grants}/{id}");
    assert!(introspect(&double, &pat).await[ROLES]["read:messages"].is_object());
    admin.post(&format!("{grant}/_deactivate"), json!({})).await;
    assert_eq!(introspect(&double, &pat).await.get(ROLES), None);
    let again = admin.refused("POST", &format!("{grant}/_deactivate"), json!({})).await;
    assert_eq!(again, (400, "User grant is not active (COMMAND-1S9gx)".to_owned()));
    admin.post(&format!("{grant}/_reactivate"), json!({})).await;
    assert!(introspect(&double, &pat).await[ROLES]["read:messages"].is_object());
    admin.done("PUT", &grant, &json!({ "roleKeys": [] })).await;
    assert_eq!(introspect(&double, &pat).await.get(ROLES), None);
    admin.delete(&grant).await;
    let (status, message) = admin.refused("DELETE", &grant, Value::Null).await;
    assert_eq!((status, message.as_str()), (404, "User grant not found (COMMAND-1My0t)"));
}

#[tokio::test]
async fn every_state_but_active_kills_tokens_for_good() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    for (off, on, again) in [
        ("_lock", "_unlock", "User is not active or initial (COMMAND-3NN8v)"),
        ("_deactivate", "_reactivate", "User already inactive (COMMAND-5M0sf)"),
    ] {
        let user = format!("{USERS}/{}", admin.service_user(off).await);
        let pat = admin.id(&format!("{user}/pats"), json!({}), "token").await;
        assert_eq!(introspect(&double, &pat).await["active"], true);
        admin.post(&format!("{user}/{off}"), json!({})).await;
        let refused = admin.refused("POST", &format!("{user}/{off}"), json!({})).await;
        assert_eq!(refused, (400, again.to_owned()));
        admin.post(&format!("{user}/{on}"), json!({})).await;
        assert_eq!(introspect(&double, &pat).await, inactive());
        // An invalid token is listed until removed.
        let ids = admin.listed(&format!("{user}/pats/_search"), json!([]), "id").await;
        assert_eq!(ids.len(), 1);
        admin.delete(&format!("{user}/pats/{}", ids[0])).await;
        assert!(admin.listed(&format!("{user}/pats/_search"), json!([]), "id").await.is_empty());
        admin.delete(&user).await;
        let (status, message) = admin.refused("DELETE", &user, Value::Null).await;
        assert_eq!((status, message.as_str()), (404, "User could not be found (COMMAND-m9od)"));
    }
}

#[tokio::test]
async fn a_removed_user_leaves_its_name_and_its_manager_roles() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("feed").await;
    let member = json!({ "userId": user, "roles": ["IAM_OWNER_VIEWER"] });
    admin.post("/admin/v1/members", member).await;
    admin.delete(&format!("{USERS}/{user}")).await;
    let members = admin.listed("/admin/v1/members/_search", json!([]), "userId").await;
    assert!(!members.contains(&user));
    assert_ne!(admin.service_user("Feed").await, user);
}

#[tokio::test]
async fn metadata_is_told_by_introspection_until_it_is_removed() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("reader").await;
    let pat = admin.pat(&user).await;
    let path = format!("{USERS}/{user}/metadata/tier");
    admin.post(&path, json!({ "value": STANDARD.encode("gold") })).await;
    let claim = "urn:zitadel:iam:user:metadata";
    assert_eq!(introspect(&double, &pat).await[claim]["tier"], "Z29sZA");
    let read = admin.done("GET", &path, &Value::Null).await;
    assert_eq!(read["metadata"]["value"], "Z29sZA==");
    admin.delete(&path).await;
    assert_eq!(introspect(&double, &pat).await.get(claim), None);
    assert_eq!(admin.refused("DELETE", &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn an_imported_person_has_a_profile_and_a_password_of_the_policy() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let import = format!("{USERS}/human/_import");
    let person = |password: &str| {
        json!({
            "userName": "ada", "password": password,
            "profile": { "firstName": "Ada", "lastName": "Lovelace" },
            "email": { "email": "ada@example.test", "isEmailVerified": true },
        })
    };
    let weak = admin.refused("POST", &import, person("password")).await;
    assert_eq!(weak, (400, "Password must contain upper case (DOMAIN-VoaRj)".to_owned()));
    admin.post(&import, person("Passw0rd!")).await;
    let found = admin
        .post(
            &format!("{USERS}/_search"),
            json!({ "queries": [
        { "typeQuery": { "type": "TYPE_HUMAN" } },
    ] }),
        )
        .await;
    let human = &found["result"][0]["human"];
    assert_eq!(human["profile"]["displayName"], "Ada Lovelace");
    assert_eq!(human["email"]["isEmailVerified"], true);
}

#[tokio::test]
async fn client_credentials_are_active_where_the_audience_scope_names_the_project() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("svc").await;
    let secret = admin.done("PUT", &format!("{USERS}/{user}/secret"), &json!({})).await;
    let secret = secret["clientSecret"].as_str().unwrap();
    let scope = format!("openid urn:zitadel:iam:org:project:id:{}:aud", double.project_id());
    for (scope, active) in [(scope.as_str(), true), ("openid", false)] {
        let got = token(
            &double,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", "svc"),
                ("client_secret", secret),
                ("scope", scope),
            ],
        )
        .await;
        let answer = got.json();
        assert_eq!((&answer["token_type"], answer.get("scope")), (&json!("Bearer"), None));
        let claims = introspect(&double, answer["access_token"].as_str().unwrap()).await;
        assert_eq!(claims["active"], active, "{scope}");
        if active {
            assert_eq!((&claims["client_id"], &claims["sub"]), (&json!("svc"), &json!(user)));
        }
    }
}

#[tokio::test]
async fn a_service_user_may_have_jwts_and_a_removed_secret_leaves_its_tokens_alive() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let body = json!({
        "userName": "svc", "name": "svc", "accessTokenType": "ACCESS_TOKEN_TYPE_JWT",
    });
    let user = admin.id(&format!("{USERS}/machine"), body, "userId").await;
    let path = format!("{USERS}/{user}/secret");
    let secret = admin.done("PUT", &path, &json!({})).await;
    let scope = format!("urn:zitadel:iam:org:project:id:{}:aud", double.project_id());
    let basic = crate::resource_server::basic("svc", secret["clientSecret"].as_str().unwrap());
    let ask = || {
        let request = http().post(format!("{}/oauth/v2/token", double.issuer()));
        let form = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
        send(request.header("authorization", &basic).form(&form))
    };
    let jwt = ask().await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(jwt.split('.').count(), 3);
    admin.delete(&path).await;
    assert_eq!(introspect(&double, &jwt).await["active"], true);
    let refused = ask().await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error_description"], "Errors.User.Machine.Secret.NotExisting");
    let (status, message) = admin.refused("DELETE", &path, Value::Null).await;
    assert_eq!((status, message.as_str()), (400, "Secret doesn't exist (COMMAND-coi82n)"));
}

#[tokio::test]
async fn the_token_endpoint_says_what_is_wrong() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let user = admin.service_user("svc").await;
    let secret = admin.done("PUT", &format!("{USERS}/{user}/secret"), &json!({})).await;
    let secret = secret["clientSecret"].as_str().unwrap();
    let grant = ("grant_type", "client_credentials");
    let (id, right, scope) = (("client_id", "svc"), ("client_secret", secret), ("scope", "openid"));
    for (form, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![grant], "invalid_request"),
        (vec![grant, id], "invalid_client"),
        (vec![grant, ("client_id", "none"), right, scope], "invalid_client"),
        (vec![grant, id, ("client_secret", "wrong"), scope], "invalid_request"),
        (vec![grant, id, right], "invalid_request"),
    ] {
        let got = token(&double, &form).await;
        assert_eq!(got.status, 400, "{form:?}");
        assert_eq!(got.json()["error"], error, "{form:?}");
    }
    admin.post(&format!("{USERS}/{user}/_lock"), json!({})).await;
    let got = token(&double, &[grant, id, right, scope]).await;
    assert_eq!(got.json()["error_description"], "Errors.User.NotActive");
}

#[tokio::test]
async fn a_person_has_no_personal_access_token() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let ada = double.add_user(NewUser::human("ada"));
    let refused = admin.refused("POST", &format!("{USERS}/{ada}/pats"), json!({})).await;
    assert_eq!(refused, (400, "Not allowed for this user type (COMMAND-Df2f1)".to_owned()));
}

#[tokio::test]
async fn a_person_by_the_v2_api_has_the_id_and_the_profile_that_were_chosen() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    let bob = json!({
        "userId": "bobs-own-id",
        "username": "bob",
        "profile": {
            "givenName": "Bob", "familyName": "Doe", "nickName": "B",
            "preferredLanguage": "en", "gender": "GENDER_MALE",
        },
        "email": { "email": "bob@example.com", "returnCode": {} },
        "phone": { "phone": "+41791234567", "isVerified": true },
        "password": { "password": "Password1!", "changeRequired": false },
    });
    assert_eq!(admin.id("/v2/users/human", bob.clone(), "userId").await, "bobs-own-id");
    let again = admin.refused("POST", "/v2/users/human", bob.clone()).await;
    assert_eq!(again, (409, "User already exists (V3-DKcYh)".to_owned()));

    let scopes = ["openid", "profile", "email", "phone"].map(str::to_owned).to_vec();
    let request = SessionToken { scopes, ..SessionToken::default() };
    let claims = introspect(&double, &double.session_token(&"bobs-own-id".into(), request)).await;
    for (name, expected) in [
        ("sub", json!("bobs-own-id")),
        ("name", json!("Bob Doe")),
        ("nickname", json!("B")),
        ("gender", json!("male")),
        ("locale", json!("en")),
        ("email", json!("bob@example.com")),
        ("email_verified", Value::Null),
        ("phone_number", json!("+41791234567")),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }

    let nameless = json!({ "username": "x", "email": { "email": "x@example.com" } });
    let (status, message) = admin.refused("POST", "/v2/users/human", nameless).await;
    assert_eq!(status, 400);
    assert!(message.starts_with("invalid AddHumanUserRequest.Profile.GivenName: "), "{message}");
}
