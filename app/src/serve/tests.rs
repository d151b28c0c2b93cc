//! Tests of the limits on connections, in total and per client address. The program exempts
//! loopback from the limit per address; these tests do not, because they connect from loopback.

use std::net::SocketAddr;

use axum::{body::Body, extract::Request, response::Response, routing::any};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{Config, metrics::Metrics};

const PATIENCE: Duration = Duration::from_secs(60);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Serves `router` with at most `max` connections for each client address.
fn serve_bounded(
    max: usize,
    variables: &[(&str, &str)],
    router: Router,
) -> (SocketAddr, ServerHandle, Metrics) {
    let variables = [&[("APP_INTROSPECTOR", "fake")], variables].concat();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let directory = tempfile::tempdir().unwrap();
    let config = Config::read(variables.collect(), directory.path()).unwrap();
    let listener = listen_on("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let metrics = Metrics::new();
    let server = metrics.scope(|| {
        let shares = ConnectionShares::new(NonZeroUsize::new(max).unwrap(), Networks::default());
        serve_by(shares, listener, router, &config.server, Box::new(|| {}))
    });
    (address, server, metrics)
}

#[expect(clippy::disallowed_methods, reason = "these are no routes of an API")]
fn router() -> Router {
    Router::new().route("/", any(async || "served")).route("/upgrade", any(upgrade))
}

async fn upgrade(mut request: Request) -> Response {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
        let _ = TokioIo::new(upgraded).read_to_end(&mut Vec::new()).await;
    });
    let response = Response::builder().status(101).header("upgrade", "x");
    response.header("connection", "upgrade").body(Body::empty()).unwrap()
}

async fn ask(stream: &mut TcpStream, request: &[u8]) -> String {
    let mut said = String::new();
    let _ = stream.write_all(request).await;
    let mut bytes = [0; 1024];
    while !said.ends_with("served") && !said.starts_with("HTTP/1.1 101") {
        let read = timeout(PATIENCE, stream.read(&mut bytes)).await.expect("an answer, or an end");
        // A reset ends the connection too.
        match read.unwrap_or_default() {
            0 => break,
            count => said += &String::from_utf8_lossy(&bytes[..count]),
        }
    }
    said
}

#[tokio::test]
async fn a_connection_beyond_its_addresss_share_is_closed_at_once_and_counted() {
    let (address, server, metrics) = serve_bounded(2, &[], router());
    let connect = async || TcpStream::connect(address).await.unwrap();
    let (mut first, mut second) = (connect().await, connect().await);
    for stream in [&mut first, &mut second] {
        assert!(ask(stream, REQUEST).await.starts_with("HTTP/1.1 200"));
    }
    for _ in 0..5 {
        assert_eq!(ask(&mut connect().await, REQUEST).await, "");
    }
    assert!(ask(&mut first, REQUEST).await.starts_with("HTTP/1.1 200"), "others are not harmed");
    let rendered = metrics.render();
    assert!(rendered.contains("http_server_connections_refused_total 5"), "{rendered}");
    assert!(rendered.contains("http_server_connections 2"), "{rendered}");
    drop(second);
    let mut is_served = false;
    for _ in 0..10_000 {
        is_served = ask(&mut connect().await, REQUEST).await.starts_with("HTTP/1.1 200");
        if is_served {
            break;
        }
    }
    assert!(is_served, "a connection that ends gives its place back");
    server.stop().await;
}

#[tokio::test]
async fn an_upgraded_connection_keeps_its_place_until_it_ends() {
    let settings = [("APP_SERVER__MAX_CONNECTIONS", "1")];
    let (address, server, metrics) = serve_bounded(100, &settings, router());
    let mut upgraded = TcpStream::connect(address).await.unwrap();
    let request = b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert!(ask(&mut upgraded, request).await.starts_with("HTTP/1.1 101"));
    let mut waiting = TcpStream::connect(address).await.unwrap();
    waiting.write_all(REQUEST).await.unwrap();
    let early = timeout(Duration::from_millis(200), waiting.read_u8()).await;
    assert!(early.is_err(), "it is served although there is no place");
    assert!(metrics.render().contains("http_server_connections 1"));
    drop(upgraded);
    assert!(ask(&mut waiting, b"").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}
