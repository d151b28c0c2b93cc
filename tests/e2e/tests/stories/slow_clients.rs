//! Slow and greedy clients, and a stop behind a load balancer.

use std::time::Duration;

use tests::{Api, Environment, closed, connect};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let environment = Environment::default()
        .with("APP_SERVER__HEADER_TIMEOUT", "100ms")
        .with("APP_SERVER__IDLE_TIMEOUT", "1h");
    let api = Api::start(environment).await;
    for sent in ["", "GET /api/pub", "PRI", "PRI * HTTP/2.0\r\n\r\n"] {
        let mut stream = connect(&api).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(closed(stream).await, "", "{sent:?}");
    }
    assert_eq!(api.get("/api/private", "dev-reader").await.status, 200);
}

#[tokio::test]
async fn an_idle_connection_ends_and_a_dripping_second_head_too() {
    let request = "GET /api/public HTTP/1.1\r\nHost: x\r\n\r\n";
    for (header_timeout, idle_timeout, more) in [("1h", "100ms", ""), ("100ms", "1h", "GET /")] {
        let environment = Environment::default()
            .with("APP_SERVER__HEADER_TIMEOUT", header_timeout)
            .with("APP_SERVER__IDLE_TIMEOUT", idle_timeout);
        let api = Api::start(environment).await;
        let mut stream = connect(&api).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        stream.write_all(more.as_bytes()).await.unwrap();
        assert!(closed(stream).await.contains("Public route"));
    }
}

#[tokio::test]
async fn one_connection_too_many_waits_until_there_is_a_place() {
    let api = Api::start(Environment::default().with("APP_SERVER__MAX_CONNECTIONS", "2")).await;
    let (first, second) = (connect(&api).await, connect(&api).await);
    let mut third = connect(&api).await;
    third
        .write_all(b"GET /api/public HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    let waiting = timeout(Duration::from_millis(200), third.read(&mut byte)).await;
    assert!(waiting.is_err(), "it is served although there is no place");
    drop((first, second));
    assert!(closed(third).await.contains("Public route"));
}

#[tokio::test]
async fn a_client_who_never_reads_holds_up_nobody() {
    let api = Api::start(Environment::default()).await;
    let mut greedy = connect(&api).await;
    let request = "GET /api/public HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    for _ in 0..200 {
        let written =
            timeout(Duration::from_millis(50), greedy.write_all(request.as_bytes())).await;
        if written.is_err() {
            break;
        }
    }
    for _ in 0..20 {
        assert_eq!(api.get("/api/private", "dev-reader").await.status, 200);
    }
}

#[tokio::test]
async fn while_it_drains_it_answers_and_sends_clients_away() {
    let environment = Environment::default().with("APP_SERVER__DRAIN_DELAY", "1h");
    let api = Api::start(environment).await;
    let address = api.address();
    let stopping = tokio::spawn(api.stop());
    let mut said = String::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(address).await.expect("it goes on accepting");
        stream.write_all(b"GET /api/public HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut bytes = vec![0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap().unwrap();
        said = String::from_utf8_lossy(&bytes[..count]).to_lowercase();
        assert!(said.starts_with("http/1.1 200"), "{said}");
        if said.contains("connection: close") {
            break;
        }
    }
    assert!(said.contains("connection: close"), "{said}");
    stopping.abort();
}
