//! Raw sockets, for bytes that no client library sends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::Api;

/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects to the API.
///
/// # Panics
/// If the connection is refused.
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub async fn connect(api: &Api) -> TcpStream {
    TcpStream::connect(api.address()).await.expect("a connection")
}

/// Waits until the server closes the connection, and returns the bytes sent before.
///
/// # Panics
/// If the connection is still open after a minute.
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub async fn closed(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    // A reset also closes the connection.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&said).into_owned()
}

/// Sends bytes, and returns everything received until the server closes the connection.
///
/// # Panics
/// If they cannot be sent, or the connection is still open after a minute.
#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
pub async fn exchange(api: &Api, bytes: &[u8]) -> String {
    let mut stream = connect(api).await;
    stream.write_all(bytes).await.expect("a server that reads");
    closed(stream).await
}
