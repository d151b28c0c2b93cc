//! The order of checks of an introspection request, and ZITADEL's text for each.

use serde_json::json;
use zitadel_double::{NewUser, Violation, ZitadelDouble};

use crate::resource_server::{basic, http, inactive, introspect, request, send};

fn invalid_request(description: &str) -> serde_json::Value {
    json!({ "error": "invalid_request", "error_description": description })
}

#[tokio::test]
async fn an_unknown_token_is_inactive_and_nothing_more() {
    let double = ZitadelDouble::start().await;
    assert_eq!(introspect(&double, "nobody-issued-this").await, inactive());
}

#[tokio::test]
async fn the_token_and_its_claims_survive_form_encoding() {
    let double = ZitadelDouble::start().await;
    double.answer("a+b c%&=", json!({ "active": true }));
    assert_eq!(introspect(&double, "a+b c%&=").await, json!({ "active": true }));
}

#[tokio::test]
async fn without_credentials_the_request_is_invalid() {
    let double = ZitadelDouble::start().await;
    let got = send(http().post(double.introspection_endpoint()).form(&[("token", "t")])).await;
    assert_eq!(got.status, 400);
    let description = "client_id or client_assertion must be provided";
    assert_eq!(got.json(), invalid_request(description));
}

#[tokio::test]
async fn a_client_id_alone_authenticates_nobody() {
    let double = ZitadelDouble::start().await;
    let form = [("token", "t"), ("client_id", double.client_id().as_str())];
    let got = send(http().post(double.introspection_endpoint()).form(&form)).await;
    assert_eq!(got.status, 400);
    let description = "client must be authenticated";
    let expected = json!({ "error": "invalid_client", "error_description": description });
    assert_eq!(got.json(), expected);
}

#[tokio::test]
async fn a_missing_token_is_noticed_before_wrong_credentials() {
    let double = ZitadelDouble::start().await;
    for form in [vec![], vec![("token", "")]] {
        let request = http()
            .post(double.introspection_endpoint())
            .header("authorization", basic(double.client_id().as_str(), "wrong"))
            .form(&form);
        let got = send(request).await;
        assert_eq!((got.status, got.json()), (400, invalid_request("token missing")));
    }
    let violations = double.take_violations();
    assert!(violations.contains(&Violation::NoToken));
    assert!(!violations.iter().any(|v| matches!(v, Violation::ClientRefused { .. })));
}

#[tokio::test]
async fn a_body_of_another_media_type_is_not_read() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let request = request(&double).header("content-type", "application/json");
    let got = send(request.body(json!({ "token": token }).to_string())).await;
    assert_eq!((got.status, got.json()), (400, invalid_request("token missing")));
    let violations = double.take_violations();
    assert!(violations.contains(&Violation::MediaType(Some("application/json".into()))));
}

#[tokio::test]
async fn a_form_that_cannot_be_decoded_is_invalid() {
    let double = ZitadelDouble::start().await;
    let form = "application/x-www-form-urlencoded";
    let request = request(&double).header("content-type", form).body("token=%zz");
    let got = send(request).await;
    assert_eq!((got.status, got.json()), (400, invalid_request("error parsing form")));
    assert_eq!(double.take_violations(), [Violation::MalformedForm]);
}

#[tokio::test]
async fn the_last_of_two_tokens_counts_and_one_in_the_query_before_the_body() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    for (form, is_active) in [([&token, "other"], false), (["other", &token], true)] {
        let got = send(request(&double).form(&form.map(|token| ("token", token)))).await;
        assert_eq!(got.json()["active"], is_active);
    }
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    let request = http().post(double.introspection_endpoint()).query(&[("token", &token)]);
    let request = request.header("authorization", credentials).form(&[("token", "other")]);
    assert_eq!(send(request).await.json()["active"], true);
    assert!(double.take_violations().contains(&Violation::RepeatedField("token".into())));
}

#[tokio::test]
async fn the_query_is_read_as_zitadel_reads_it_and_reported() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    let url = format!("{}?token={token}", double.introspection_endpoint());
    let got = send(http().get(url).header("authorization", credentials)).await;
    assert_eq!(got.json()["active"], true);
    let expected = [
        Violation::Method("GET".into()),
        Violation::QueryParameters(vec!["token".into()]),
        Violation::MediaType(None),
    ];
    assert_eq!(double.take_violations(), expected);
}
