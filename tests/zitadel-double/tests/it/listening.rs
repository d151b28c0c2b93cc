//! Ports that refuse, stay silent, and listen again.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zitadel_double::{Listening, NewUser, StartError, ZitadelDouble};

use crate::resource_server::{PATIENCE, introspect};

#[tokio::test]
async fn a_stopped_double_refuses_and_comes_back_on_the_same_port_with_its_world() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    for _ in 0..2 {
        double.stop_listening().await;
        let error = TcpStream::connect(double.addr()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        double.listen_again().await;
        assert_eq!(introspect(&double, &token).await["active"], true);
    }
}

#[tokio::test]
async fn while_it_refuses_nobody_else_can_take_the_port() {
    let double = ZitadelDouble::start().await;
    double.stop_listening().await;
    let error = TcpListener::bind(double.addr()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn at_no_moment_between_stopping_and_listening_can_another_take_the_port() {
    let double = ZitadelDouble::start().await;
    let address = double.addr();
    let done = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&done);
    let other = thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            assert!(TcpListener::bind(address).is_err(), "it was free");
        }
    });
    for _ in 0..200 {
        double.stop_listening().await;
        double.listen_again().await;
    }
    done.store(true, Ordering::Relaxed);
    other.join().unwrap();
}

#[tokio::test]
async fn stopping_closes_connections_that_are_open() {
    let double = ZitadelDouble::start().await;
    let mut stream = TcpStream::connect(double.addr()).await.unwrap();
    double.wait_for_connections(1).await;
    double.stop_listening().await;
    let mut byte = [0; 1];
    let reading = tokio::time::timeout(PATIENCE, stream.read(&mut byte));
    assert_eq!(reading.await.expect("an end").unwrap(), 0);
}

#[tokio::test]
async fn a_silent_port_accepts_and_says_nothing() {
    let double = ZitadelDouble::start().await;
    double.set_listening(Listening::Silent).await;
    let mut stream = TcpStream::connect(double.addr()).await.unwrap();
    stream.write_all(b"GET /debug/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    double.wait_for_connections(1).await;
    let waited = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(waited.is_err(), "{waited:?}");
    double.listen_again().await;
    assert_eq!(introspect(&double, "t").await["active"], false);
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let first = ZitadelDouble::start().await;
    let second = ZitadelDouble::builder().listen(first.addr()).try_start().await;
    let error = second.unwrap_err();
    assert!(matches!(error, StartError::Listen { address, .. } if address == first.addr()));
    assert!(error.to_string().contains(&first.addr().to_string()));
}
