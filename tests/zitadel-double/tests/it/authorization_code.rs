//! A login by the authorization code flow, and the life of its tokens.

use serde_json::{Value, json};

use crate::login_client::{LoginClient, PASSWORD, REDIRECT_URI, VERIFIER};
use crate::resource_server::{all_events, inactive, introspect, names};

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

#[tokio::test]
async fn a_login_without_a_browser_gives_tokens_and_no_scope() {
    let client = LoginClient::start().await;
    let login = client.log_in().await;
    assert!(login.callback.starts_with(&format!("{REDIRECT_URI}?code=")), "{}", login.callback);
    assert_eq!(login.parameter("state"), "a%20state");
    let got = client.exchange(login.parameter("code"), VERIFIER).await;
    let answer = got.json();
    let mut members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    members.sort();
    let all = ["access_token", "expires_in", "id_token", "refresh_token", "token_type"];
    assert_eq!(members, all);
    let claims = introspect(&client.double, text(&answer, "access_token")).await;
    assert_eq!(claims["sub"], client.ada.as_str());
    assert_eq!(claims["client_id"], client.client_id.as_str());
    assert_eq!(claims["scope"], "openid profile email offline_access");
    assert_eq!((&claims["amr"], &claims["given_name"]), (&json!(["pwd"]), &json!("Ada")));
    let audience = claims["aud"].as_array().unwrap();
    for member in [client.client_id.as_str(), client.double.project_id().as_str()] {
        assert!(audience.contains(&json!(member)), "{audience:?}");
    }
    let events = all_events(&client.double, &client.double.administrator()).await;
    let names = names(&events);
    for name in [
        "auth_request.added",
        "session.added",
        "session.user.checked",
        "session.password.checked",
        "auth_request.session.linked",
        "oidc_session.added",
        "oidc_session.refresh_token.added",
        "auth_request.code.exchanged",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_only_with_its_verifier() {
    let client = LoginClient::start().await;
    let login = client.log_in().await;
    let code = login.parameter("code");
    for (code, verifier, error, description) in [
        ("none", VERIFIER, "invalid_request", "Errors.User.Code.Invalid"),
        (code, "", "invalid_request", "code_verifier required"),
        (code, "another", "invalid_grant", "invalid code_verifier"),
    ] {
        let got = client.exchange(code, verifier).await;
        let answer = got.json();
        assert_eq!(got.status, 400);
        assert_eq!(
            (text(&answer, "error"), text(&answer, "error_description")),
            (error, description)
        );
    }
    assert_eq!(client.exchange(code, VERIFIER).await.status, 200);
    assert_eq!(client.exchange(code, VERIFIER).await.status, 400);
}

#[tokio::test]
async fn a_refresh_kills_the_old_access_token_and_the_old_refresh_token() {
    let client = LoginClient::start().await;
    let first = client.tokens().await;
    let got = client.refresh(text(&first, "refresh_token")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let second = got.json();
    assert_eq!(second.get("scope"), None);
    assert_eq!(introspect(&client.double, text(&first, "access_token")).await, inactive());
    let claims = introspect(&client.double, text(&second, "access_token")).await;
    assert_eq!(claims["active"], true);
    let again = client.refresh(text(&first, "refresh_token")).await;
    assert_eq!(again.json()["error_description"], "Errors.OIDCSession.RefreshTokenInvalid");
    assert_eq!(client.refresh(text(&second, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_revoked_access_token_can_be_refreshed_and_a_revoked_refresh_token_kills_both() {
    let client = LoginClient::start().await;
    let revoke = |token: &str| {
        let (client, token) = (&client, token.to_owned());
        async move { client.form("/oauth/v2/revoke", &[("token", &token)]).await.status }
    };
    let tokens = client.tokens().await;
    assert_eq!(revoke(text(&tokens, "access_token")).await, 200);
    assert_eq!(introspect(&client.double, text(&tokens, "access_token")).await, inactive());
    let got = client.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let tokens = got.json();
    assert_eq!(revoke(text(&tokens, "refresh_token")).await, 200);
    assert_eq!(introspect(&client.double, text(&tokens, "access_token")).await, inactive());
    assert_eq!(client.refresh(text(&tokens, "refresh_token")).await.status, 400);
    assert_eq!(revoke("none").await, 200);
}

#[tokio::test]
async fn a_token_is_revoked_by_a_client_of_its_audience_alone() {
    let client = LoginClient::start().await;
    let user = client.admin.service_user("svc").await;
    let pat = client.admin.pat(&user).await;
    let got = client.form("/oauth/v2/revoke", &[("token", &pat)]).await;
    assert_eq!((got.status, got.json()["error"].clone()), (400, json!("invalid_client")));
    assert_eq!(introspect(&client.double, &pat).await["active"], true);
    let api = [("client_id", client.double.client_id().as_str())];
    let url = format!("{}/oauth/v2/revoke", client.double.issuer());
    let got = crate::resource_server::send(crate::resource_server::http().post(url).form(&api));
    assert_eq!(got.await.json()["error"], "invalid_client");
}

#[tokio::test]
async fn a_deleted_session_takes_its_tokens_along() {
    let client = LoginClient::start().await;
    let login = client.log_in().await;
    let tokens = client.exchange(login.parameter("code"), VERIFIER).await.json();
    let path = format!("/v2/sessions/{}", login.session);
    let wrong = client.admin.refused("DELETE", &path, json!({ "sessionToken": "wrong" })).await;
    assert_eq!(wrong, (403, "Session Token is invalid (COMMAND-sGr42)".to_owned()));
    client.admin.done("DELETE", &path, &json!({ "sessionToken": login.session_token })).await;
    assert_eq!(introspect(&client.double, text(&tokens, "access_token")).await, inactive());
    assert_eq!(client.refresh(text(&tokens, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn a_session_needs_the_right_password_and_a_login_needs_any() {
    let client = LoginClient::start().await;
    let wrong = client.session(Some("Passw0rd?")).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["message"], "Password is invalid (COMMAND-3M0fs)");
    let request = client.auth_request().await;
    let session = client.session(None).await.json();
    let callback = client.link(&request, &session).await.json();
    let (_, code) = text(&callback, "callbackUrl").split_once("code=").unwrap();
    let got = client.exchange(code.split('&').next().unwrap(), VERIFIER).await;
    assert_eq!(got.json()["error_description"], "Errors.AuthRequest.NotAuthenticated");
    client.admin.post(&format!("/management/v1/users/{}/_lock", client.ada), json!({})).await;
    let locked = client.session(Some(PASSWORD)).await;
    assert_eq!(locked.json()["message"], "Errors.User.NotActive (COMMAND-Df4b3)");
}

#[tokio::test]
async fn a_request_is_answered_once_and_by_its_own_login_client() {
    let client = LoginClient::start().await;
    let session = client.session(Some(PASSWORD)).await.json();
    let request = client.auth_request().await;
    let path = format!("/v2/oidc/auth_requests/{request}");
    let read = client.admin.done("GET", &path, &Value::Null).await;
    assert_eq!(read["authRequest"]["redirectUri"], REDIRECT_URI);
    assert_eq!(client.link(&request, &session).await.status, 200);
    assert_eq!(client.link(&request, &session).await.status, 400);
    assert_eq!(client.link("V2_0", &session).await.status, 404);
    let (_, location) = client.authorize(&[], Some("340000000000099999")).await;
    let foreign = location.split_once("authRequest=").unwrap().1;
    assert_eq!(client.link(foreign, &session).await.status, 403);
    let failed = client.auth_request().await;
    let path = format!("/v2/oidc/auth_requests/{failed}");
    let error = json!({ "error": { "error": "ERROR_REASON_ACCESS_DENIED" } });
    let answer = client.admin.post(&path, error).await;
    assert!(text(&answer, "callbackUrl").contains("?error=access_denied&state="), "{answer}");
}

#[tokio::test]
async fn the_authorization_endpoint_checks_the_client_before_it_redirects() {
    let client = LoginClient::start().await;
    for change in [
        ("client_id", "340000000000099999"),
        ("redirect_uri", "http://localhost:5555/elsewhere"),
        ("redirect_uri", "https://localhost/callback"),
        ("response_type", "token"),
        ("scope", ""),
    ] {
        let (status, location) = client.authorize(&[change], Some("1")).await;
        assert_eq!((status, location.as_str()), (400, ""), "{change:?}");
    }
    // Without the header, login version 1 is used, which the double lacks.
    let (status, location) = client.authorize(&[], None).await;
    assert!(status == 302 && location.starts_with("/ui/login/"), "{status} {location}");
    let any_port = ("redirect_uri", "http://localhost:1/callback");
    assert_eq!(client.authorize(&[any_port], Some("1")).await.0, 302);
}
