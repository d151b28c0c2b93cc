//! Tests of responses to denied callers, written by the guard, by a handler, or by the function
//! given to `GuardBuilder::denials`.

use axum::{
    Json, Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_zitadel::{Authorized, Rejection, Routes, guarded};
use serde_json::{Value, json};

use crate::{
    api::{
        Introspector, MayRead, Noted, SignedIn, answer, builder, code, request, text, without_token,
    },
    layer::service,
};

#[tokio::test]
async fn a_handler_may_answer_a_rejection_itself_and_it_is_noted_all_the_same() {
    async fn own(permit: Result<Authorized<MayRead>, Rejection>) -> Response {
        match permit {
            Ok(_) => "in".into_response(),
            Err(rejection) => {
                (rejection.status(), format!("sorry: {}", rejection.reason().as_str()))
                    .into_response()
            }
        }
    }
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = Router::new().route("/", get(own)).layer(guard.layer()).with_state(());
    let response = answer(&api, request("GET", "/", "dev-no-role")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(text(response).await, "sorry: policy_not_met");
    assert_eq!(noted.take(), ["GET / 401 policy_not_met -"]);
}

#[tokio::test]
async fn one_hook_writes_every_denial_and_cannot_make_a_success_of_it() {
    let write = |rejection: &Rejection| {
        let id = rejection.request_id().unwrap().to_string();
        Json(json!({ "error": rejection.reason().as_str(), "id": id })).into_response()
    };
    let guard = builder(&Introspector::new()).denials(write).build();
    let api = service(&guard);
    let denied = [("/v1/messages/7", 401, "policy_not_met"), ("/twice", 401, "policy_not_met")];
    for (path, status, reason) in denied {
        let response = answer(&api, request("GET", path, "dev-no-role")).await;
        assert_eq!(response.status(), status);
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            r#"Bearer realm="api", error="insufficient_scope""#
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(body, json!({ "error": reason, "id": id }));
    }
    let response = answer(&api, request("GET", "/v1/messages/7", "down")).await;
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let response = answer(&api, request("POST", "/v2/table", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["error"], "method_not_allowed");
}

#[tokio::test]
async fn a_handler_that_learns_late_denies_as_a_rule_does() {
    async fn delete(permit: Authorized<MayRead>, Path(id): Path<u64>) -> Result<(), Rejection> {
        if id == 7 { Ok(()) } else { Err(permit.deny(format!("message {id} is another's"))) }
    }
    let noted = Noted::default();
    let guard = builder(&Introspector::new())
        .observer(noted.clone())
        .missing_role_status(axum_zitadel::MissingRoleStatus::Forbidden)
        .build();
    let api = Router::new().route("/{id}", get(delete)).layer(guard.layer()).with_state(());
    assert_eq!(answer(&api, request("GET", "/7", "dev-reader")).await.status(), StatusCode::OK);
    let response = answer(&api, request("GET", "/8", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        response.headers()[header::WWW_AUTHENTICATE],
        r#"Bearer realm="api", error="insufficient_scope""#
    );
    let body = text(response).await;
    assert!(body.contains("insufficient_scope") && !body.contains("another's"), "{body}");
    assert_eq!(noted.take(), ["GET /{id} 200 ok ada", "GET /{id} 403 denied_by_handler -"]);
}

#[tokio::test]
async fn a_hook_may_fall_back_to_the_answer_without_one_and_cannot_turn_a_denial_into_a_stored_copy()
 {
    let fall_back = builder(&Introspector::new())
        .denials(|rejection| rejection.clone().into_response())
        .build();
    let response = answer(&service(&fall_back), without_token("GET", "/v1/messages/7")).await;
    assert_eq!(response.headers().get_all(header::WWW_AUTHENTICATE).iter().count(), 1);
    assert_eq!(code(response).await, "missing_token");
    for (status, expected) in [(304, 401), (101, 401), (200, 401), (302, 302), (403, 403)] {
        let status = StatusCode::from_u16(status).unwrap();
        let guard = builder(&Introspector::new()).denials(move |_| status.into_response()).build();
        let response = answer(&service(&guard), without_token("GET", "/v1/messages/7")).await;
        assert_eq!(response.status(), expected, "{status}");
    }
    let basic =
        |_: &Rejection| ([(header::WWW_AUTHENTICATE, "Basic realm=\"b\"")], "no").into_response();
    let guard = builder(&Introspector::new()).denials(basic).build();
    let response = answer(&service(&guard), without_token("GET", "/v1/messages/7")).await;
    assert_eq!(response.headers().get_all(header::WWW_AUTHENTICATE).iter().count(), 2);
}

#[tokio::test]
async fn a_hook_of_plain_text_is_taken_for_no_rejection_of_axums_and_one_that_panics_is_500() {
    let (introspector, noted) = (Introspector::new(), Noted::default());
    let write = |rejection: &Rejection| {
        assert_ne!(rejection.reason().as_str(), "missing_token", "a bug of the hook");
        (rejection.status(), rejection.reason().as_str()).into_response()
    };
    let guard = builder(&introspector).observer(noted.clone()).denials(write).build();
    let api =
        Routes::default().get("/", guarded(async |_: Authorized<MayRead>| {})).into_api(&guard);
    let response = answer(&api, request("GET", "/", "a b")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(response).await, "forbidden_character");
    let response = answer(&api, without_token("GET", "/nowhere")).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(text(response).await, "not_found");
    let response = answer(&api, without_token("GET", "/")).await;
    assert_eq!(code(response).await, "internal_error");
    let expected = [
        "GET / 400 forbidden_character -",
        "GET unmatched 404 not_found -",
        "GET / 500 internal_error -",
    ];
    assert_eq!(noted.take(), expected);
}

#[tokio::test]
async fn a_refusal_counts_until_a_rule_lets_the_caller_in_and_a_bug_counts_always() {
    async fn either(
        strict: Result<Authorized<MayRead>, Rejection>,
        _: Authorized<SignedIn>,
    ) -> &'static str {
        if strict.is_ok() { "reader" } else { "anyone" }
    }
    async fn broken(_: Result<Authorized<MayRead>, Rejection>) {
        panic!("a bug");
    }
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = Routes::default()
        .get("/either", axum_zitadel::public(either))
        .get("/broken", axum_zitadel::public(broken))
        .into_api(&guard);
    assert_eq!(text(answer(&api, request("GET", "/either", "dev-no-role")).await).await, "anyone");
    answer(&api, request("GET", "/broken", "dev-no-role")).await;
    let expected = ["GET /either 200 ok ada", "GET /broken 500 internal_error -"];
    assert_eq!(noted.take(), expected);
}
