//! Tests of the guard's layer and the extractor `Authorized` in a plain axum router, without a
//! `Routes` table.

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use axum_zitadel::{Authorized, Problem, RequestId, Routes, guarded};
use serde_json::{Value, json};

use crate::api::{
    Introspector, MayRead, Noted, SignedIn, answer, builder, code, guard, request, text,
    without_token,
};

#[derive(Clone)]
struct Db(&'static str);

async fn read(
    permit: Authorized<MayRead>,
    State(db): State<Db>,
    Path(id): Path<u64>,
) -> Result<String, Problem> {
    let subject = permit.principal().subject.as_ref().unwrap();
    match id {
        7 => Ok(format!("{} {subject} {id}", db.0)),
        _ => {
            Err(Problem::new(StatusCode::NOT_FOUND, "no_such_message", "There is no such message."))
        }
    }
}

async fn home(permit: Option<Authorized<SignedIn>>) -> String {
    permit.map_or("stranger".to_owned(), |permit| {
        permit.principal().subject.as_ref().unwrap().to_string()
    })
}

/// Handler whose permit is not its first argument: no `Routes` table accepts such a handler.
async fn late(State(_): State<Db>, _: Authorized<SignedIn>, Json(body): Json<Value>) -> String {
    body.to_string()
}

async fn twice(_: Authorized<SignedIn>, _: Authorized<MayRead>) -> &'static str {
    "twice"
}

pub(crate) fn service(guard: &axum_zitadel::Guard) -> Router {
    let nested = Router::new().route("/messages/{id}", get(read));
    let table = Routes::default().get("/table", guarded(async |_: Authorized<SignedIn>| "table"));
    Router::new()
        .route("/", get(home))
        .route("/late", post(late))
        .route("/twice", get(twice))
        .nest("/v1", nested)
        .nest("/v2", table.into_router(guard))
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "nothing_here", "There is nothing here.")
        })
        .layer(guard.layer())
        .with_state(Db("db"))
}

#[tokio::test]
async fn handlers_take_a_permit_in_any_router_with_any_state() {
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = service(&guard);
    for (response, expected) in [
        (answer(&api, request("GET", "/v1/messages/7", "dev-reader")).await, "db ada 7"),
        (answer(&api, without_token("GET", "/")).await, "stranger"),
        (answer(&api, request("GET", "/", "dev-no-role")).await, "ada"),
        (answer(&api, request("GET", "/v2/table", "dev-no-role")).await, "table"),
    ] {
        assert_eq!(response.status(), StatusCode::OK, "{expected}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(text(response).await, expected);
    }
    assert_eq!(
        noted.take(),
        [
            "GET /v1/messages/{id} 200 ok ada",
            "GET / 200 ok -",
            "GET / 200 ok ada",
            "GET /v2/table 200 ok ada",
        ],
        "each once, and with its prefix",
    );
}

#[tokio::test]
async fn the_owners_problems_look_like_ours() {
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = service(&guard);
    for (path, expected) in [("/v1/messages/8", "no_such_message"), ("/nowhere", "nothing_here")] {
        let response = answer(&api, request("GET", path, "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let length: usize =
            response.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let body = text(response).await;
        assert_eq!(body.len(), length);
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], expected);
        assert_eq!(problem["request_id"], json!(id));
    }
    assert_eq!(noted.take(), ["GET /v1/messages/{id} 404 ok ada", "GET unmatched 404 ok -"]);
}

#[tokio::test]
async fn callers_are_turned_away_as_the_contract_says() {
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = service(&guard);
    for (token, status, expected) in [
        ("dev-no-role", 401, "insufficient_scope"),
        ("dev-expired", 401, "invalid_token"),
        ("dev-revoked", 401, "invalid_token"),
        ("unknown", 401, "invalid_token"),
        ("a b", 400, "invalid_request"),
        ("down", 503, "introspection_unavailable"),
    ] {
        let response = answer(&api, request("GET", "/v1/messages/7", token)).await;
        assert_eq!(response.status(), status, "{token}");
        assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status != 503);
        assert_eq!(code(response).await, expected);
    }
    let response = answer(&api, without_token("GET", "/v1/messages/7")).await;
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"Bearer realm="api""#);
    assert_eq!(code(response).await, "missing_token");
    let outcomes: Vec<_> = noted
        .take()
        .into_iter()
        .map(|line| line.strip_prefix("GET /v1/messages/{id} ").unwrap().to_owned())
        .collect();
    assert_eq!(
        outcomes,
        [
            "401 policy_not_met -",
            "401 expired -",
            "401 inactive -",
            "401 inactive -",
            "400 forbidden_character -",
            "503 unreachable -",
            "401 missing_token -",
        ]
    );
}

#[tokio::test]
async fn a_permit_in_the_wrong_place_still_guards() {
    let api = service(&guard());
    let post = |token: &str, body: &'static str| {
        let mut request = request("POST", "/late", token);
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        answer(&api, request.map(|_| body.into()))
    };
    assert_eq!(text(post("dev-reader", "{}").await).await, "{}");
    assert_eq!(code(post("dev-revoked", "{}").await).await, "invalid_token");
    assert_eq!(code(post("dev-revoked", "{").await).await, "invalid_token");
}

#[tokio::test]
async fn two_rules_in_one_request_are_one_introspection_and_each_is_judged() {
    let introspector = Introspector::new();
    let api = service(&builder(&introspector).build());
    assert_eq!(text(answer(&api, request("GET", "/twice", "dev-reader")).await).await, "twice");
    assert_eq!(introspector.asked(), 1);
    let response = answer(&api, request("GET", "/twice", "dev-no-role")).await;
    assert_eq!(code(response).await, "insufficient_scope");
    assert_eq!(introspector.asked(), 2);
}

#[tokio::test]
async fn two_rules_in_a_table_are_one_introspection_too() {
    let introspector = Introspector::new();
    let guard = builder(&introspector).build();
    let api = Routes::default().get("/twice", guarded(twice)).into_api(&guard);
    assert_eq!(text(answer(&api, request("GET", "/twice", "dev-reader")).await).await, "twice");
    assert_eq!(introspector.asked(), 1);
}

// A verdict belongs to the token that was introspected, not to the request.
#[tokio::test]
async fn a_token_that_a_layer_puts_in_is_asked_about_by_itself() {
    async fn exchange(permit: Authorized<SignedIn>, mut request: Request, next: Next) -> Response {
        assert!(permit.principal().roles.iter().len() > 0);
        let other = HeaderValue::from_static("Bearer dev-no-role");
        request.headers_mut().insert(header::AUTHORIZATION, other);
        next.run(request).await
    }
    let introspector = Introspector::new();
    let guard = builder(&introspector).build();
    let api = Router::new()
        .route("/", get(async |_: Authorized<MayRead>| "never"))
        .layer(middleware::from_fn(exchange))
        .layer(guard.layer())
        .with_state(());
    let response = answer(&api, request("GET", "/", "dev-reader")).await;
    assert_eq!(code(response).await, "insufficient_scope");
    assert_eq!(introspector.asked(), 2);
}

// By the time a stream asks again, the first verdict may be hours old.
#[tokio::test]
async fn a_permit_that_is_asked_for_again_after_the_answers_head_is_judged_by_a_new_verdict() {
    async fn stream(_: Authorized<SignedIn>, request: Request) -> Body {
        let (mut parts, _) = request.into_parts();
        let once = futures_util::stream::once(async move {
            let again = Authorized::<MayRead>::from_request_parts(&mut parts, &()).await;
            Ok::<_, std::convert::Infallible>(if again.is_ok() { "in" } else { "out" })
        });
        Body::from_stream(once)
    }
    let introspector = Introspector::new();
    let guard = builder(&introspector).build();
    let api = Router::new().route("/", get(stream)).layer(guard.layer()).with_state(());
    let response = answer(&api, request("GET", "/", "dev-reader")).await;
    assert_eq!(introspector.asked(), 1);
    assert_eq!(text(response).await, "in");
    assert_eq!(introspector.asked(), 2);
}

#[tokio::test]
async fn a_permit_guards_in_a_middleware() {
    async fn only_readers(_: Authorized<MayRead>, request: Request, next: Next) -> Response {
        next.run(request).await
    }
    let introspector = Introspector::new();
    let guard = builder(&introspector).build();
    let api = Router::new()
        .route("/", get(async |_: Authorized<SignedIn>| "in"))
        .layer(middleware::from_fn(only_readers))
        .layer(guard.layer())
        .with_state(());
    assert_eq!(text(answer(&api, request("GET", "/", "dev-reader")).await).await, "in");
    assert_eq!(introspector.asked(), 1);
    let response = answer(&api, request("GET", "/", "dev-no-role")).await;
    assert_eq!(code(response).await, "insufficient_scope");
    let response = answer(&api, without_token("GET", "/")).await;
    assert_eq!(code(response).await, "missing_token");
}

#[tokio::test]
async fn without_the_layer_everyone_is_answered_500_and_nobody_is_let_in() {
    let introspector = Introspector::new();
    let guard = builder(&introspector).build();
    let own =
        Router::new().route("/", get(home)).route("/read", get(async |_: Authorized<MayRead>| {}));
    // A layer applies to routes added before it, not to later ones.
    let behind = Router::new().layer(guard.layer()).merge(own.clone());
    for api in [own, behind] {
        for path in ["/", "/read"] {
            for request in [request("GET", path, "dev-reader"), without_token("GET", path)] {
                let response = answer(&api, request).await;
                assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
                assert_eq!(code(response).await, "internal_error");
            }
        }
    }
    assert_eq!(introspector.asked(), 0);
}

#[tokio::test]
async fn the_id_of_a_request_is_an_extractor_and_that_of_the_answer() {
    let guard = guard();
    let api = Router::new()
        .route("/", get(async |id: RequestId| id.to_string()))
        .layer(guard.layer())
        .with_state(());
    let mut given = without_token("GET", "/");
    given.headers_mut().insert("x-request-id", "of-the-caller<>".parse().unwrap());
    for (request, expected) in [(given, Some("of-the-caller")), (without_token("GET", "/"), None)] {
        let response = answer(&api, request).await;
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(expected.unwrap_or(&id), id);
        assert!(!response.headers().contains_key(header::CACHE_CONTROL), "it asks for no permit");
        assert_eq!(text(response).await, id);
    }
}

#[tokio::test]
async fn of_two_guards_the_inner_one_decides() {
    let (outer, inner) = (Introspector::new(), Introspector::new());
    let inner_guard = builder(&inner).realm("inner".parse().unwrap()).build();
    let nested = Router::new()
        .route("/", get(async |_: Authorized<SignedIn>| "in"))
        .layer(inner_guard.layer());
    let api =
        Router::new().nest("/inner", nested).layer(builder(&outer).build().layer()).with_state(());
    assert_eq!(text(answer(&api, request("GET", "/inner", "dev-reader")).await).await, "in");
    assert_eq!((outer.asked(), inner.asked()), (0, 1));
    let response = answer(&api, without_token("GET", "/inner")).await;
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"Bearer realm="inner""#);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(text(response).await.contains(&format!(r#""request_id":"{id}""#)), "one id");
}

#[tokio::test]
async fn a_clone_is_the_same_guard() {
    let introspector = Introspector::new();
    let noted = Noted::default();
    let guard = builder(&introspector).observer(noted.clone()).build();
    let api = Router::new()
        .route("/", get(async |_: Authorized<SignedIn>| "in"))
        .layer(guard.clone().layer())
        .layer(guard.layer())
        .with_state(());
    assert_eq!(text(answer(&api, request("GET", "/", "dev-reader")).await).await, "in");
    assert_eq!(noted.take().len(), 1);
}

#[tokio::test]
async fn a_table_behind_a_nested_service_has_its_route() {
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let table = Routes::default().get("/t/{id}", guarded(async |_: Authorized<SignedIn>| {}));
    let inner: Router = table.into_router(&guard);
    let api = Router::new().nest_service("/v1", inner).layer(guard.layer()).with_state(());
    assert_eq!(
        answer(&api, request("GET", "/v1/t/7", "dev-reader")).await.status(),
        StatusCode::OK
    );
    let noted = noted.take();
    assert_eq!(noted.len(), 1);
    assert!(noted[0].contains("/t/{id} 200 ok ada"), "{noted:?}");
}
