//! Tests that streamed responses are cut off when their permit ends, over real sockets.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
    response::Response,
};
use axum_zitadel::Guard;
use futures_util::stream;
use h2::Reason;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower::service_fn;

use crate::api::{Introspector, MayRead, builder, request};

/// Time limit of each step in these tests.
const BOUND: Duration = Duration::from_secs(20);
/// Time limit of a stream in these tests; the guard varies it at random by up to 10 %.
const MAX_STREAM: Duration = Duration::from_millis(200);

/// Counts the response bodies that are not dropped yet.
#[derive(Clone, Debug, Default)]
struct Living(Arc<AtomicUsize>);

struct Life(Living);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Living {
    /// Returns a body that sends `text`, and then hangs.
    fn body(&self, text: &'static str) -> Body {
        self.0.fetch_add(1, Ordering::Relaxed);
        let frames = stream::unfold((Some(text), Life(self.clone())), async |(text, life)| {
            let Some(text) = text else { return std::future::pending().await };
            Some((Ok::<_, Infallible>(Bytes::from(text)), (None, life)))
        });
        Body::from_stream(frames)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    async fn is_none(&self) {
        let none = async {
            while self.count() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(BOUND, none).await.unwrap();
    }
}

fn answer(path: &str, living: &Living) -> Response {
    let (content_type, text) = match path {
        "/events" => ("text/event-stream", "data: 1\n\n"),
        "/half-an-event" => ("text/event-stream", "data: 1\n\ndata: 2\n"),
        _ => ("text/plain", "some text"),
    };
    let body = if path == "/short" { Body::from(text) } else { living.body(text) };
    let mut response = Response::builder().header(CONTENT_TYPE, content_type);
    if path == "/of-known-length" {
        response = response.header(CONTENT_LENGTH, 100);
    }
    response.body(body).unwrap()
}

struct Server {
    address: SocketAddr,
    living: Living,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a server, at a free port, that streams responses behind the rule `MayRead`.
async fn serve(guard: &Guard) -> Server {
    let living = Living::default();
    let streams = {
        let living = living.clone();
        service_fn(move |request: Request| {
            let response = answer(request.uri().path(), &living);
            async { Ok::<_, Infallible>(response) }
        })
    };
    let api = Router::new().fallback_service(guard.require::<MayRead>(streams));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, api).await.unwrap() });
    Server { address, living, task }
}

fn guard() -> Guard {
    builder(&Introspector::new()).max_stream(MAX_STREAM).build()
}

async fn ask(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\
         Authorization: Bearer dev-reader\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Requests `path` over HTTP/1.1, and returns the raw text after the response's headers until the
/// connection is closed.
async fn body_of(server: &Server, path: &str) -> String {
    let mut answer = Vec::new();
    let mut stream = ask(server, path).await;
    timeout(BOUND, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Requests `path` over HTTP/2, and returns the body and, if the stream was reset, the reason.
async fn reset_of(server: &Server, path: &str) -> (String, Option<Reason>) {
    let mut response = ask_by_http2(server, path).await;
    let mut text = String::new();
    let read = async {
        while let Some(data) = response.data().await {
            match data {
                Ok(data) => text.push_str(std::str::from_utf8(&data).unwrap()),
                Err(error) => {
                    assert!(error.is_reset() && error.is_remote(), "{error}");
                    return error.reason();
                }
            }
        }
        None
    };
    let reason = timeout(BOUND, read).await.unwrap();
    (text, reason)
}

async fn ask_by_http2(server: &Server, path: &str) -> h2::RecvStream {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    // The connection ends with its last stream.
    tokio::spawn(connection);
    let url = format!("http://a.test{path}");
    let request = request("GET", &url, "dev-reader").map(|_| ());
    let (response, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
    response.await.unwrap().into_body()
}

#[tokio::test]
async fn over_http_1_a_body_that_is_cut_has_no_last_chunk() {
    let server = serve(&guard()).await;
    assert_eq!(body_of(&server, "/text").await, "9\r\nsome text\r\n");
    assert_eq!(body_of(&server, "/of-known-length").await, "some text");
    assert_eq!(body_of(&server, "/half-an-event").await, "11\r\ndata: 1\n\ndata: 2\n\r\n");
    server.living.is_none().await;
}

#[tokio::test]
async fn over_http_1_events_end_with_a_last_chunk_and_short_answers_as_ever() {
    let server = serve(&guard()).await;
    assert_eq!(body_of(&server, "/events").await, "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    assert_eq!(body_of(&server, "/short").await, "some text");
    server.living.is_none().await;
}

#[tokio::test]
async fn over_http_2_a_body_that_is_cut_is_reset_and_events_end() {
    let server = serve(&guard()).await;
    let cut = |text: &str| (text.to_owned(), Some(Reason::INTERNAL_ERROR));
    assert_eq!(reset_of(&server, "/text").await, cut("some text"));
    assert_eq!(reset_of(&server, "/half-an-event").await, cut("data: 1\n\ndata: 2\n"));
    assert_eq!(reset_of(&server, "/events").await, ("data: 1\n\n".to_owned(), None));
    assert_eq!(reset_of(&server, "/short").await, ("some text".to_owned(), None));
    server.living.is_none().await;
}

#[tokio::test]
async fn a_stop_ends_events_and_leaves_other_answers_to_the_server() {
    let guard = builder(&Introspector::new()).build();
    let server = serve(&guard).await;
    let mut text = ask(&server, "/text").await;
    let mut begin = [0; 12];
    text.read_exact(&mut begin).await.unwrap();
    guard.stop();
    assert_eq!(body_of(&server, "/events").await, "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    assert_eq!(server.living.count(), 1, "the text goes on");
}

#[tokio::test]
async fn the_services_body_is_dropped_when_the_client_leaves() {
    let guard = builder(&Introspector::new()).build();
    let server = serve(&guard).await;
    for path in ["/events", "/half-an-event", "/text"] {
        let mut stream = ask(&server, path).await;
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(server.living.count(), 1);
        drop(stream);
        server.living.is_none().await;

        let mut body = ask_by_http2(&server, path).await;
        body.data().await.unwrap().unwrap();
        assert_eq!(server.living.count(), 1);
        drop(body);
        server.living.is_none().await;
    }
}
