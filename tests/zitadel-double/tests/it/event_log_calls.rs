//! Refused event log calls, and violations.

use serde_json::{Value, json};
use zitadel_double::{NewUser, SessionToken, UserState, Violation, ZitadelDouble};

use crate::resource_server::{Got, http, search_request, send, with_json};

async fn search(double: &ZitadelDouble, token: &str) -> Got {
    send(with_json(search_request(double, token), &json!({}))).await
}

fn invalid_token() -> Value {
    json!({
        "code": 16, "message": "Errors.Token.Invalid (AUTH-7fs1e)",
        "details": [{
            "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
            "id": "AUTH-7fs1e", "message": "Errors.Token.Invalid",
        }],
    })
}

fn no_membership() -> Value {
    json!({
        "code": 5, "message": "membership not found (AUTHZ-cdgFk)",
        "details": [{
            "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
            "id": "AUTHZ-cdgFk", "message": "membership not found",
        }],
    })
}

#[tokio::test]
async fn a_token_that_is_dead_or_none_is_401() {
    let double = ZitadelDouble::start().await;
    let removed = double.event_reader();
    double.remove_pat(&removed);
    let locked = double.event_reader();
    double.set_user_state(&double.user_of(&locked), UserState::Locked);
    let of_removed_user = double.event_reader();
    double.set_user_state(&double.user_of(&of_removed_user), UserState::Removed);
    let ada = double.add_user(NewUser::human("ada"));
    let session = double.session_token(&ada, SessionToken::default());
    for token in [&removed, &locked, &of_removed_user, &session, "nonsense"] {
        let got = search(&double, token).await;
        assert_eq!((got.status, got.json()), (401, invalid_token()));
    }
    assert_eq!(double.violations(), [], "an operator did all that");
}

#[tokio::test]
async fn a_user_without_the_right_is_404_until_it_is_given() {
    let double = ZitadelDouble::start().await;
    let svc = double.add_user(NewUser::service("svc"));
    let token = double.pat(&svc);
    let got = search(&double, &token).await;
    assert_eq!((got.status, got.json()), (404, no_membership()));
    double.set_event_reader(&svc, true);
    assert_eq!(search(&double, &token).await.status, 200);
    double.set_event_reader(&svc, false);
    assert_eq!(search(&double, &token).await.json(), no_membership());
}

#[tokio::test]
async fn a_call_without_a_bearer_token_is_401_and_a_violation() {
    let double = ZitadelDouble::start().await;
    let url = format!("{}/admin/v1/events/_search", double.issuer());
    let none = send(with_json(http().post(&url), &json!({}))).await;
    let basic = send(with_json(http().post(&url).basic_auth("a", Some("b")), &json!({}))).await;
    for got in [none, basic] {
        assert_eq!((got.status, &got.json()["code"]), (401, &json!(16)));
    }
    assert_eq!(double.take_violations(), [Violation::Authorization, Violation::Authorization]);
}

#[tokio::test]
async fn what_makes_no_sense_is_400_and_a_violation() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let many = |count: usize| vec!["user.locked"; count];
    let malformed = || Violation::SearchMalformed;
    for (body, violation) in [
        (json!({ "eventTypes": many(31) }), Violation::SearchTooLong("EventTypes".to_owned())),
        (
            json!({ "aggregateTypes": many(11) }),
            Violation::SearchTooLong("AggregateTypes".to_owned()),
        ),
        (json!({ "limit": "many" }), malformed()),
        (json!({ "limit": -1 }), malformed()),
        (json!({ "eventTypes": "user.locked" }), malformed()),
        (json!({ "range": { "since": "yesterday" } }), malformed()),
        (json!(["user.locked"]), malformed()),
        (json!("user.locked"), malformed()),
    ] {
        let got = send(with_json(search_request(&double, &reader), &body)).await;
        assert_eq!((got.status, &got.json()["code"]), (400, &json!(3)), "{body}");
        assert_eq!(double.take_violations(), [violation], "{body}");
    }
    for body in [json!({ "eventTypes": many(30) }), json!({ "aggregateTypes": many(10) })] {
        let got = send(with_json(search_request(&double, &reader), &body)).await;
        assert_eq!(got.status, 200, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_called_json_is_400_and_a_violation() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    for (media_type, right) in [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("application/grpc-web+json", false),
    ] {
        let request = search_request(&double, &reader).header("content-type", media_type);
        let got = send(request.body("{}")).await;
        assert_eq!(got.status, if right { 200 } else { 400 }, "{media_type}");
        assert_eq!(double.take_violations().is_empty(), right, "{media_type}");
    }
}

#[tokio::test]
async fn zitadel_tolerates_unknown_members_and_the_double_remembers_them() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    for name in ["event_types", "since", "resourceOwners"] {
        let got = send(with_json(search_request(&double, &reader), &json!({ name: 1 }))).await;
        assert_eq!(got.status, 200);
        assert_eq!(double.take_violations(), [Violation::UnknownSearchMember(name.to_owned())]);
    }
}

#[tokio::test]
async fn another_method_a_query_and_another_host_are_violations() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let url = format!("{}/admin/v1/events/_search", double.issuer());
    assert_eq!(send(http().get(&url).bearer_auth(&reader)).await.json()["code"], 12);
    assert_eq!(double.take_violations(), [Violation::Method("GET".to_owned())]);
    let query = http().post(format!("{url}?limit=1")).bearer_auth(&reader);
    send(with_json(query, &json!({}))).await;
    assert_eq!(double.take_violations(), [Violation::QueryParameters(vec!["limit".to_owned()])]);
    let elsewhere = search_request(&double, &reader).header("host", "other.example.test");
    let got = send(with_json(elsewhere, &json!({}))).await;
    assert_eq!((got.status, &got.json()["code"]), (404, &json!(5)));
    assert!(got.json()["message"].as_str().unwrap().starts_with("unable to set instance"));
    assert_eq!(double.take_violations().len(), 1);
}
