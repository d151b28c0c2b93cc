//! Faults below HTTP, at a bare socket.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zitadel_double::{Fault, Times, ZitadelDouble};

use crate::resource_server::{PATIENCE, basic};

/// Sends a valid introspection request.
async fn ask(double: &ZitadelDouble) -> TcpStream {
    let mut stream = TcpStream::connect(double.addr()).await.unwrap();
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    let request = format!(
        "POST /oauth/v2/introspect HTTP/1.1\r\nHost: {}\r\nAuthorization: {credentials}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=t",
        double.addr()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Returns the bytes before the end; an error if that was a reset.
async fn rest(mut stream: TcpStream) -> (String, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes));
    let end = reading.await.expect("an end").map(|_| ());
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

async fn meet(fault: Fault) -> (String, std::io::Result<()>) {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(fault, Times::Once);
    rest(ask(&double).await).await
}

fn is_reset(end: &std::io::Result<()>) -> bool {
    end.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

fn announced_length(answer: &str) -> Option<usize> {
    let line = answer.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    line.parse().ok()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a whole head").1
}

#[tokio::test]
async fn a_connection_may_be_reset_before_the_answer() {
    let (answer, end) = meet(Fault::ResetBeforeAnswer).await;
    assert!(is_reset(&end), "{end:?}");
    assert_eq!(answer, "");
}

#[tokio::test]
async fn a_connection_may_be_closed_before_the_answer() {
    let (answer, end) = meet(Fault::CloseBeforeAnswer).await;
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(answer, "");
}

#[tokio::test]
async fn a_connection_may_be_reset_in_the_middle_of_the_body() {
    let (answer, end) = meet(Fault::ResetMidBody).await;
    assert!(is_reset(&end), "{end:?}");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(body(&answer).contains("{\"activ") && !answer.contains("false}"), "{answer}");
}

#[tokio::test]
async fn a_body_may_be_shorter_than_announced() {
    let (answer, end) = meet(Fault::Truncate).await;
    assert!(end.is_ok(), "{end:?}");
    let announced = announced_length(&answer).expect("a length");
    let arrived = body(&answer).len();
    assert!(arrived > 0 && arrived < announced, "{answer}");
}

#[tokio::test]
async fn a_stalled_request_gets_nothing_while_others_are_served() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(Fault::Stall, Times::Once);
    let mut stalled = ask(&double).await;
    double.wait_for_introspections(1).await;
    assert_eq!(crate::resource_server::introspect(&double, "t").await["active"], false);
    double.clear_faults();
    assert_eq!(crate::resource_server::introspect(&double, "t").await["active"], false);
    let waited = tokio::time::timeout(Duration::from_millis(50), stalled.read_u8()).await;
    assert!(waited.is_err(), "{waited:?}");
}

#[tokio::test]
async fn a_dripping_body_grows_by_single_bytes_and_never_ends() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(Fault::Drip(Duration::from_millis(1)), Times::Once);
    let mut stream = ask(&double).await;
    let mut seen = String::new();
    while seen.matches("\r\n1\r\na").count() < 10 {
        let mut piece = [0; 256];
        let reading = tokio::time::timeout(PATIENCE, stream.read(&mut piece));
        let count = reading.await.expect("one more byte").unwrap();
        assert_ne!(count, 0, "it ended: {seen}");
        seen.push_str(str::from_utf8(&piece[..count]).unwrap());
    }
    assert!(seen.contains("{\"active\":false,\"padding\":\""), "{seen}");
}

#[tokio::test]
async fn a_drop_ends_connections_that_are_stalled() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(Fault::Stall, Times::Once);
    let stalled = ask(&double).await;
    double.wait_for_introspections(1).await;
    drop(double);
    assert_eq!(rest(stalled).await.0, "");
}

#[tokio::test]
async fn after_the_drop_the_port_is_closed_without_delay() {
    for _ in 0..50 {
        let double = ZitadelDouble::start().await;
        let address = double.addr();
        drop(double);
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}
