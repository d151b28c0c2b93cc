//! Each request has its caller's id or a generated one.

use app::{Authorized, Routes, guarded};
use axum::http::HeaderMap;
use domain::rules::SignedIn;
use reqwest::{Method, RequestBuilder, Response, header::HeaderMap as Headers};
use serde_json::Value;
use tests::{Api, Environment};

fn which_id() -> Routes {
    async fn handler(_: Authorized<SignedIn>, headers: HeaderMap) -> String {
        let ids: Vec<_> = headers.get_all("x-request-id").iter().collect();
        ids.into_iter().map(|id| id.to_str().unwrap()).collect::<Vec<_>>().join(" and ")
    }
    async fn broken(_: Authorized<SignedIn>) {
        panic!("a test")
    }
    Routes::default().get("/id", guarded(handler)).get("/broken", guarded(broken))
}

async fn api() -> Api {
    Api::start_with(Environment::default().with("APP_INTROSPECTOR", "fake"), which_id()).await
}

fn ask(api: &Api, method: Method, path: &str, token: &str) -> RequestBuilder {
    api.client().request(method, api.url(path)).bearer_auth(token)
}

/// Returns the response's only id.
fn id(headers: &Headers) -> String {
    let ids: Vec<_> = headers.get_all("x-request-id").iter().collect();
    assert_eq!(ids.len(), 1, "{headers:?}");
    ids[0].to_str().unwrap().to_owned()
}

async fn body(answer: Response) -> Value {
    answer.json().await.unwrap()
}

#[tokio::test]
async fn every_answer_says_the_id_that_the_caller_gave_and_so_does_every_problem() {
    let api = api().await;
    for (method, path, token, status) in [
        (Method::GET, "/id", "dev-reader", 200),
        (Method::HEAD, "/id", "dev-reader", 200),
        (Method::GET, "/id", "dev-revoked", 401),
        (Method::GET, "/id", "not a token", 400),
        (Method::GET, "/nowhere", "dev-reader", 404),
        (Method::POST, "/id", "dev-reader", 405),
        (Method::GET, "/broken", "dev-reader", 500),
    ] {
        let request = ask(&api, method, path, token).header("x-request-id", "the-callers_own.1");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(id(answer.headers()), "the-callers_own.1", "{path} {status}");
        if status >= 400 {
            assert_eq!(body(answer).await["request_id"], "the-callers_own.1", "{path} {status}");
        }
    }
}

#[tokio::test]
async fn without_one_each_request_has_an_id_of_its_own() {
    let api = api().await;
    let one = ask(&api, Method::GET, "/id", "dev-revoked").send().await.unwrap();
    let other = ask(&api, Method::GET, "/id", "dev-revoked").send().await.unwrap();
    assert_ne!(id(one.headers()), id(other.headers()));
    let in_the_header = id(one.headers());
    assert_eq!(body(one).await["request_id"], *in_the_header);
}

#[tokio::test]
async fn the_handler_reads_the_same_id_that_the_answer_says() {
    let api = api().await;
    let made = ask(&api, Method::GET, "/id", "dev-reader").send().await.unwrap();
    let said = id(made.headers());
    assert_eq!(made.text().await.unwrap(), said);
    let given = ask(&api, Method::GET, "/id", "dev-reader");
    let given = given.header("x-request-id", "first").header("x-request-id", "second");
    let given = given.send().await.unwrap();
    assert_eq!(id(given.headers()), "first");
    assert_eq!(given.text().await.unwrap(), "first");
}

#[tokio::test]
async fn an_id_is_bounded_and_holds_nothing_that_could_do_harm() {
    let api = api().await;
    let id_for = async |given: &str| {
        let request = ask(&api, Method::GET, "/id", "dev-reader").header("x-request-id", given);
        id(request.send().await.unwrap().headers())
    };
    assert_eq!(id_for("a b\t<script>\"c\"\\{}").await, "abscriptc");
    for given in ["<>", &"x".repeat(5000)] {
        let made = id_for(given).await;
        assert!(made.parse::<u64>().is_ok(), "{made}");
    }
}
