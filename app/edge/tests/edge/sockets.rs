//! Test of a router with the guard's layer, served over a real socket.

use std::net::SocketAddr;

use axum::{Router, http::StatusCode, routing::get};
use axum_zitadel::{Authorized, Problem};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::api::{Introspector, MayRead, Noted, builder};

async fn exchange(address: SocketAddr, path: &str, token: Option<&str>) -> String {
    let authorization =
        token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn an_owners_service_over_a_socket_has_our_answers_and_its_own_fallback() {
    let noted = Noted::default();
    let guard = builder(&Introspector::new()).observer(noted.clone()).build();
    let api = Router::new()
        .nest("/v1", Router::new().route("/read", get(async |_: Authorized<MayRead>| "read")))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "nothing_here", "Nothing is here."))
        .layer(guard.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, api).await });

    let answer = exchange(address, "/v1/read", Some("dev-reader")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nread"));
    let answer = exchange(address, "/v1/read", Some("dev-no-role")).await;
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    assert!(
        answer.contains("www-authenticate: Bearer realm=\"api\", error=\"insufficient_scope\"")
    );
    let answer = exchange(address, "/v1/read", None).await;
    assert!(answer.contains("www-authenticate: Bearer realm=\"api\"\r\n"), "{answer}");
    let answer = exchange(address, "/nowhere", None).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"nothing_here\"") && answer.contains("content-length"));
    server.abort();
    assert_eq!(
        noted.take(),
        [
            "GET /v1/read 200 ok ada",
            "GET /v1/read 401 policy_not_met -",
            "GET /v1/read 401 missing_token -",
            "GET unmatched 404 ok -",
        ]
    );
}
