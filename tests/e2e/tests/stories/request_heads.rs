//! Unusual, large and fragmented request heads. Bytes and frames are written by hand, because no
//! client sends them.

use std::{sync::Arc, time::Duration};

use tests::{Api, Environment, closed, connect, exchange};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_request_without_one_host_is_refused_and_others_are_served() {
    let environment = Environment::default().with("APP_ADMIN__LISTEN", "127.0.0.1:0");
    let api = Api::start(environment).await;
    let public = "/api/public HTTP/1.1";
    let mut refused = 0;
    for (head, expected) in [
        (format!("GET {public}\r\nHost: a.test"), 200),
        (format!("GET http://b.test{public}\r\nHost: a.test"), 200),
        (format!("GET {public}"), 400),
        (format!("GET {public}\r\nHost: a.test\r\nHost: b.test"), 400),
        (format!("GET {public}\r\nHost: a.test\r\nhost: a.test"), 400),
        (format!("GET {public}\r\nHost:"), 400),
        (format!("GET {public}\r\nHost: a.test, b.test"), 400),
        (format!("GET {public}\r\nHost: me@a.test"), 400),
        (format!("GET http://a.test{public}"), 400),
        (format!("GET http://me@a.test{public}\r\nHost: a.test"), 400),
        ("GET /api/public HTTP/1.0".to_owned(), 200),
        ("GET /api/public HTTP/1.0\r\nHost: a.test\r\nHost: b.test".to_owned(), 400),
        (format!("PRI {public}\r\nHost: a.test"), 405),
        ("PRI * HTTP/1.1\r\nHost: a.test".to_owned(), 404),
        (format!("PRI {public}"), 400),
        ("OPTIONS * HTTP/1.1\r\nHost: a.test".to_owned(), 404),
    ] {
        let answer =
            exchange(&api, format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(status, expected.to_string(), "{head}\n{answer}");
        if expected == 400 {
            refused += 1;
            let answer = answer.to_lowercase();
            assert!(answer.contains("application/problem+json"), "{answer}");
            assert!(answer.contains("connection: close") && answer.contains("invalid_host"));
        }
    }
    let counted = api.count("http_server_requests_refused_total{reason=\"host\"}").await;
    assert_eq!(counted, refused);
}

#[tokio::test]
async fn what_is_neither_of_the_two_versions_ends_the_connection() {
    let api = Api::start(Environment::default()).await;
    for bytes in [
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        "PRI * HTTP/2.0\r\nHost: a.test\r\n\r\n",
        "GET /api/public HTTP/2.0\r\nHost: a.test\r\n\r\n",
        "GET /api/public HTTP/3\r\nHost: a.test\r\n\r\n",
        "GET /api/public\r\n\r\n",
    ] {
        let answer = exchange(&api, bytes.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{bytes:?}: {answer}");
    }
    assert_eq!(api.get("/api/private", "dev-reader").await.status, 200);
}

// Frame types and flags, RFC 9113 §6.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM_AND_HEADERS: u8 = 5;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes a field without Huffman coding or indexing, RFC 7541 §6.2.2.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
}

/// Returns the status of the next response.
async fn status(stream: &mut TcpStream) -> u16 {
    for _ in 0..100 {
        let mut head = [0; 9];
        timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        timeout(PATIENCE, stream.read_exact(&mut payload)).await.unwrap().unwrap();
        if head[3] == HEADERS {
            return match payload[..] {
                [0x88, ..] => 200,
                [0x8c, ..] => 400,
                // `:status` with the Huffman code of 431, RFC 7541 Appendix B.
                [0x48, 0x83, 0x69, 0x90, 0xff, ..] => 431,
                _ => panic!("{payload:x?}"),
            };
        }
    }
    panic!("there is no answer")
}

/// Encodes `GET /api/public` with these fields.
fn get(stream: u32, fields: &[u8]) -> Vec<u8> {
    let block = [&[0x82, 0x86][..], &literal(":path", "/api/public"), fields].concat();
    frame(HEADERS, END_STREAM_AND_HEADERS, stream, &block)
}

#[tokio::test]
async fn over_http_2_a_request_names_one_host_in_few_fields() {
    let api = Api::start(Environment::default()).await;
    let (authority, host) = (literal(":authority", "a.test"), literal("host", "a.test"));
    let another = literal("host", "b.test");
    let short = literal("x", "");
    // A long field that enters the table, and is then referenced by one byte each time.
    let long = [&[0x40, 1, b'x', 0x7f, 0x91, 0x02][..], &[b'v'; 400]].concat();
    for (fields, expected) in [
        (authority.clone(), 200),
        (host.clone(), 200),
        ([&authority[..], &host].concat(), 200),
        (Vec::new(), 400),
        ([&authority[..], &another].concat(), 400),
        ([&host[..], &another].concat(), 400),
        (literal(":authority", "me@a.test"), 400),
        ([&authority[..], &short.repeat(100)].concat(), 200),
        ([&authority[..], &short.repeat(101)].concat(), 431),
        ([&authority[..], &short.repeat(1_900)].concat(), 431),
        ([&authority[..], &long, &[0xbe; 60]].concat(), 200),
        ([&authority[..], &long, &[0xbe; 90]].concat(), 431),
    ] {
        let mut stream = connect(&api).await;
        let bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &get(1, &fields)].concat();
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(status(&mut stream).await, expected, "{}", String::from_utf8_lossy(&fields));
    }
}

#[tokio::test]
async fn the_longest_token_fits_beside_other_fields() {
    let api = Api::start(Environment::default()).await;
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    for client in [api.client(), &http2] {
        for (token, cookie, expected) in
            [(16 * 1024, 8 * 1024, 401), (16 * 1024, 15 * 1024, 401), (16 * 1024, 17 * 1024, 431)]
        {
            let request = client.get(api.url("/api/private")).bearer_auth("a".repeat(token));
            let answer = request.header("cookie", "c".repeat(cookie)).send().await.unwrap();
            assert_eq!(answer.status(), expected, "{:?} {cookie}", answer.version());
        }
    }
}

// The HTTP version is also detected from bytes that arrive in pieces.
#[tokio::test]
async fn a_preface_in_pieces_begins_http_2_with_its_time_of_idling() {
    let environment = Environment::default()
        .with("APP_SERVER__HEADER_TIMEOUT", "1s")
        .with("APP_SERVER__IDLE_TIMEOUT", "1h");
    let api = Arc::new(Api::start(environment).await);
    let mut connections = JoinSet::new();
    for at in [1, 3, 4, 14, 18, 23] {
        let api = Arc::clone(&api);
        connections.spawn(async move { is_http_2_in_pieces(&api, at).await });
    }
    while let Some(connection) = connections.join_next().await {
        connection.unwrap();
    }
}

async fn is_http_2_in_pieces(api: &Api, at: usize) {
    let mut stream = connect(api).await;
    stream.set_nodelay(true).unwrap();
    let (first, second) = PREFACE.split_at(at);
    stream.write_all(first).await.unwrap();
    // The server reads the first piece alone.
    let early = timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    let rest = [second, &frame(SETTINGS, 0, 0, &[]), &get(1, &literal("host", "a"))].concat();
    stream.write_all(&rest).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);
    // A ping does not begin a head: the connection stays open beyond the time for a head.
    stream.write_all(&frame(PING, 0, 0, &[0; 8])).await.unwrap();
    let reading = async { while stream.read_u8().await.is_ok() {} };
    let ended = timeout(Duration::from_millis(1500), reading).await;
    assert!(ended.is_err(), "the connection ends after a ping, cut at {at}");
    stream.write_all(&get(3, &literal("host", "a"))).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);
}

#[tokio::test]
async fn a_method_that_looks_like_the_preface_wins_no_time() {
    let environment = Environment::default()
        .with("APP_SERVER__HEADER_TIMEOUT", "100ms")
        .with("APP_SERVER__IDLE_TIMEOUT", "1h");
    let api = Api::start(environment).await;
    for target in ["/api/public", "*", "/"] {
        let mut stream = connect(&api).await;
        let head = format!("PRI {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert!(first.starts_with(b"HTTP/1.1 40"), "{first:?}");
        stream.write_all(b"GET /").await.unwrap();
        closed(stream).await;
    }
}
