//! `client_secret_basic`, right and wrong.

use serde_json::json;
use zitadel_double::{AppState, ClientRefusal, NewUser, Violation, ZitadelDouble};

use crate::resource_server::{
    Got, basic, http, inactive, introspect, introspect_as_foreigner, send, unauthorized_client,
};

async fn ask(double: &ZitadelDouble, authorization: &str) -> Got {
    let request = http().post(double.introspection_endpoint());
    send(request.header("authorization", authorization).form(&[("token", "t")])).await
}

fn refused(client_id: &str, because: ClientRefusal) -> Violation {
    Violation::ClientRefused { client_id: client_id.to_owned(), because }
}

#[tokio::test]
async fn wrong_credentials_are_400_unauthorized_client_without_description() {
    let double = ZitadelDouble::start().await;
    let id = double.client_id().as_str();
    for (id, because) in [(id, ClientRefusal::WrongSecret), ("999", ClientRefusal::UnknownClient)] {
        let got = ask(&double, &basic(id, "wrong")).await;
        assert_eq!((got.status, got.json()), (400, unauthorized_client()));
        assert_eq!(double.take_violations(), [refused(id, because)]);
    }
}

#[tokio::test]
async fn an_application_with_keys_has_no_secret() {
    let double = ZitadelDouble::start().await;
    let id = double.key_client_id().as_str();
    assert_eq!(ask(&double, &basic(id, "any")).await.json(), unauthorized_client());
    let expected = refused(id, ClientRefusal::OtherAuthentication);
    assert_eq!(double.take_violations(), [expected]);
}

#[tokio::test]
async fn both_halves_are_form_decoded() {
    let double = ZitadelDouble::start().await;
    double.set_client_secret(double.client_id(), "a+b%c d:é");
    let id = double.client_id().as_str();
    let got = ask(&double, &basic(id, "a%2Bb%25c+d%3A%C3%A9")).await;
    assert_eq!(got.status, 200);
    let got = ask(&double, &basic(id, "a%2bb%25c%20d%3a%c3%a9")).await;
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn the_vector_of_the_contract_is_accepted() {
    let double = ZitadelDouble::start().await;
    double.set_client_secret(double.client_id(), "a+b%c d");
    let got = ask(&double, "Basic MzQwMDAwMDAwMDAwMDAwMDEwOmElMkJiJTI1Yytk").await;
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn a_half_that_cannot_be_decoded_is_an_invalid_header() {
    let double = ZitadelDouble::start().await;
    let got = ask(&double, &basic(double.client_id().as_str(), "100%")).await;
    let description = "invalid basic auth header";
    let expected = json!({ "error": "invalid_client", "error_description": description });
    assert_eq!((got.status, got.json()), (400, expected));
    assert_eq!(double.take_violations(), [Violation::BasicEncoding]);
}

#[tokio::test]
async fn a_half_that_was_not_encoded_is_reported_although_it_may_pass() {
    let double = ZitadelDouble::start().await;
    double.set_client_secret(double.client_id(), "a@b");
    let got = ask(&double, &basic(double.client_id().as_str(), "a@b")).await;
    assert_eq!(got.status, 200);
    assert_eq!(double.take_violations(), [Violation::BasicEncoding]);
}

#[tokio::test]
async fn the_first_colon_divides_the_halves() {
    let double = ZitadelDouble::start().await;
    double.set_client_secret(double.client_id(), "a:b");
    let got = ask(&double, &basic(double.client_id().as_str(), "a:b")).await;
    assert_eq!(got.status, 200);
    assert_eq!(double.take_violations(), [Violation::BasicEncoding]);
}

#[tokio::test]
async fn a_value_that_is_no_base64_counts_as_no_credentials() {
    let double = ZitadelDouble::start().await;
    let got = ask(&double, "Basic !!!").await;
    assert_eq!(got.json()["error"], "invalid_request");
    assert_eq!(double.take_violations(), [Violation::BasicEncoding]);
}

#[tokio::test]
async fn a_secret_in_the_form_is_accepted_as_zitadel_does_and_reported() {
    let double = ZitadelDouble::start().await;
    let secret = double.client_secret();
    let id = double.client_id().as_str();
    let form = [("token", "t"), ("client_id", id), ("client_secret", &secret)];
    let got = send(http().post(double.introspection_endpoint()).form(&form)).await;
    assert_eq!((got.status, got.json()), (200, inactive()));
    assert_eq!(double.take_violations(), [Violation::SecretInForm]);
}

#[tokio::test]
async fn a_changed_secret_works_at_once_and_the_old_one_no_more() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let old = double.client_secret();
    let new = double.regenerate_client_secret(double.client_id());
    assert_ne!(old, new);
    assert_eq!(introspect(&double, &token).await["active"], true);
    let got = ask(&double, &basic(double.client_id().as_str(), &old)).await;
    assert_eq!(got.json(), unauthorized_client());
    assert_eq!(double.take_violations().len(), 1);
}

#[tokio::test]
async fn a_deactivated_application_is_refused_and_that_is_nobodys_violation() {
    let double = ZitadelDouble::start().await;
    double.set_app_state(double.client_id(), AppState::Deactivated);
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    let got = ask(&double, &credentials).await;
    assert_eq!((got.status, got.json()), (400, unauthorized_client()));
    double.set_app_state(double.client_id(), AppState::Active);
    assert_eq!(ask(&double, &credentials).await.status, 200);
}

#[tokio::test]
async fn a_generated_secret_is_64_letters_and_digits() {
    let double = ZitadelDouble::start().await;
    let secret = double.client_secret();
    assert_eq!(secret.len(), 64);
    assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[tokio::test]
async fn an_application_added_later_may_ask_for_its_project() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::human("ada"));
    let token = double.session_token(&user, zitadel_double::SessionToken::default());
    let (id, secret) = double.add_secret_app(double.project_id());
    let request = http().post(double.introspection_endpoint());
    let request = request.header("authorization", basic(id.as_str(), &secret));
    let got = send(request.form(&[("token", token.as_str())])).await;
    assert_eq!(got.json()["active"], true);
    assert_eq!(introspect_as_foreigner(&double, &token).await["active"], false);
}
