//! The kernel's hold on connections that the server has ended, and rules for upgrades.

use std::{fs, time::Duration};

use app::{Routes, public};
use axum::response::IntoResponse;
use http::{StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tests::{Api, Environment};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(60);
const STALL: Duration = Duration::from_millis(300);

/// Speaks its own protocol: silence for longer than a stall, then one byte per byte read.
async fn upgraded(mut request: axum::extract::Request) -> impl IntoResponse {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().unwrap();
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        sleep(5 * STALL).await;
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            stream.write_all(&byte).await.unwrap();
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::UPGRADE, "echo"), (header::CONNECTION, "upgrade")])
}

async fn big() -> Vec<u8> {
    vec![b'x'; 1_000_000]
}

async fn start() -> Api {
    let environment = Environment::default()
        .with("APP_SERVER__STALL_TIMEOUT", "300ms")
        .with("APP_SERVER__IDLE_TIMEOUT", "300ms")
        .with("APP_SERVER__HEADER_TIMEOUT", "300ms");
    let routes = Routes::default().get("/upgraded", public(upgraded)).get("/big", public(big));
    Api::start_with(environment, routes).await
}

#[tokio::test]
async fn an_upgraded_connection_is_silent_for_as_long_as_it_likes() {
    let api = start().await;
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let head = "GET /upgraded HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n\r\n") {
        said.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    assert!(said.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&said));
    for byte in b"abc" {
        stream.write_u8(*byte).await.unwrap();
        assert_eq!(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap(), *byte);
        sleep(3 * STALL).await;
    }
}

/// True if the kernel still has the server's socket of this connection.
#[cfg(target_os = "linux")]
fn is_held(server: u16, client: u16) -> bool {
    let (server, client) = (format!(":{server:04X}"), format!(":{client:04X}"));
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|local| local.ends_with(&server))
            && columns.next().is_some_and(|remote| remote.ends_with(&client))
    })
}

// The kernel's limit is some 100 s.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn bytes_that_are_not_taken_are_held_no_longer_than_a_stall_after_the_connection() {
    let api = start().await;
    for request in [
        // In turn: all bytes fit into the kernel's buffers; they do not; the client asks to close.
        "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".repeat(300),
        "GET /big HTTP/1.1\r\nHost: x\r\n\r\n".repeat(30),
        "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        // Keeps the receive buffer small.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(api.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let client = stream.local_addr().unwrap().port();
        assert!(is_held(api.address().port(), client));
        let began = Instant::now();
        while is_held(api.address().port(), client) {
            assert!(began.elapsed() < Duration::from_secs(30), "{request:.50}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}
