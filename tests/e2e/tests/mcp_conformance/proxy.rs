//! A proxy that adds an access token to each request and changes nothing else.

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::Request, response::Response};
use http::header::{AUTHORIZATION, CONNECTION, TRANSFER_ENCODING};
use reqwest::Client;
use tokio::net::TcpListener;

/// Serves until aborted.
pub(crate) async fn serve(listener: TcpListener, target: SocketAddr, token: &'static str) {
    let client = Client::builder().no_proxy().build().unwrap();
    let router = Router::new()
        .fallback(move |request: Request| forward(client.clone(), target, token, request));
    axum::serve(listener, router).await.unwrap();
}

async fn forward(client: Client, target: SocketAddr, token: &str, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    head.headers.remove(CONNECTION);
    head.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let url = format!("http://{target}{}", head.uri);
    let request = client.request(head.method, url).headers(head.headers).body(body);
    let answer = http::Response::from(request.send().await.unwrap());
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONNECTION);
    head.headers.remove(TRANSFER_ENCODING);
    Response::from_parts(head, Body::new(body))
}
