//! Only peers that stop sending or reading owed bytes are disconnected and counted.

use std::time::Duration;

use app::{Routes, public};
use axum::body::{Body, Bytes};
use http::Request;
use tests::{Answer, Api, Environment};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(60);
const STALL: Duration = Duration::from_millis(400);
const MEGABYTE: usize = 1_000_000;

/// Returns a body of that length in one piece.
async fn whole(axum::extract::Path(length): axum::extract::Path<usize>) -> Vec<u8> {
    vec![b'x'; length]
}

/// Returns a body in pieces, without its length.
async fn streamed(axum::extract::Path(length): axum::extract::Path<usize>) -> Body {
    let pieces = vec![b'x'; length].chunks(50_000).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    Body::from_stream(futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
}

/// Returns one byte, and another after a time that would be a stall if the peer owed it.
async fn sparse() -> Body {
    let late = |(byte, pause): (&'static str, Duration)| async move {
        sleep(pause).await;
        Ok::<_, std::io::Error>(byte)
    };
    let bytes = futures_util::stream::iter([("a", Duration::ZERO), ("b", 3 * STALL)]);
    Body::from_stream(futures_util::StreamExt::then(bytes, late))
}

async fn computes() -> &'static str {
    sleep(3 * STALL).await;
    "computed"
}

/// Reads a body in pieces, and computes in between for longer than a stall.
async fn upload(body: Body) -> Result<String, http::StatusCode> {
    let mut stream = body.into_data_stream();
    let mut length = 0;
    while let Some(piece) = futures_util::StreamExt::next(&mut stream).await {
        length += piece.map_err(|_| http::StatusCode::BAD_REQUEST)?.len();
    }
    Ok(length.to_string())
}

/// Computes for longer than a stall, then reads the body.
async fn late_upload(body: Body) -> Result<String, http::StatusCode> {
    sleep(3 * STALL).await;
    upload(body).await
}

async fn start(more: &[(&str, &str)]) -> Api {
    let routes = Routes::default()
        .get("/whole/{length}", public(whole))
        .get("/streamed/{length}", public(streamed))
        .get("/sparse", public(sparse))
        .get("/computes", public(computes))
        .post("/upload", public(upload))
        .post("/late-upload", public(late_upload));
    let stall = format!("{}ms", STALL.as_millis());
    let environment = more.iter().fold(
        Environment::default()
            .with("APP_ADMIN__LISTEN", "127.0.0.1:0")
            .with("APP_SERVER__STALL_TIMEOUT", &stall)
            .with("APP_SERVER__MAX_BODY", "16MiB"),
        |environment, (name, value)| environment.with(name, value),
    );
    Api::start_with(environment, routes).await
}

/// Returns the number of counted stalls.
async fn stalls(api: &Api, listener: &str, waiting_for: &str) -> u64 {
    let labels = format!("listener=\"{listener}\",waiting_for=\"{waiting_for}\"");
    api.count(&format!("http_server_stalls_total{{{labels}}}")).await
}

async fn until_stalls(api: &Api, listener: &str, waiting_for: &str, expected: u64) {
    let began = Instant::now();
    loop {
        let found = stalls(api, listener, waiting_for).await;
        if found == expected {
            return;
        }
        assert!(found < expected, "{found} of {expected}");
        assert!(began.elapsed() < PATIENCE, "{found} of {expected}");
        sleep(Duration::from_millis(20)).await;
    }
}

type Http2 = h2::client::SendRequest<Bytes>;

/// Opens an HTTP/2 connection with stream windows of that many bytes.
async fn http2(api: &Api, window: u32) -> Http2 {
    let stream = TcpStream::connect(api.address()).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (requests, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    requests
}

async fn get(requests: &Http2, path: &str) -> http::Response<h2::RecvStream> {
    let request = Request::get(format!("http://x{path}")).body(()).unwrap();
    let mut requests = requests.clone().ready().await.unwrap();
    let (response, _) = requests.send_request(request, true).unwrap();
    timeout(PATIENCE, response).await.unwrap().unwrap()
}

/// Reads a body, and grants room for all of it.
async fn read(mut body: h2::RecvStream) -> Result<usize, h2::Error> {
    let mut length = 0;
    while let Some(piece) = timeout(PATIENCE, body.data()).await.expect("an end") {
        let piece = piece?.len();
        length += piece;
        body.flow_control().release_capacity(piece).unwrap();
    }
    Ok(length)
}

#[tokio::test]
async fn a_peer_that_does_not_take_its_answer_over_http_2_is_cut_and_counted() {
    let api = start(&[]).await;
    let mut expected = 0;
    for path in ["/whole/100", "/streamed/100", "/whole/1000000", "/streamed/1000000", "/whole/2"] {
        let length: u32 = path.rsplit('/').next().unwrap().parse().unwrap();
        for window in [0, 1, length - 1] {
            let requests = http2(&api, window).await;
            let mut body = get(&requests, path).await.into_body();
            let mut length = 0;
            let cut = loop {
                match timeout(PATIENCE, body.data()).await.expect("the stream is cut") {
                    Some(Ok(piece)) => length += piece.len(),
                    Some(Err(error)) => break error,
                    None => panic!("{path} arrived through a window of {window}"),
                }
            };
            assert_eq!(cut.reason(), Some(h2::Reason::CANCEL), "{path}, {window}");
            assert!(length <= window as usize);
            expected += 1;
            until_stalls(&api, "api", "room_for_answer", expected).await;
            // The stall does not affect the connection's other requests.
            let mut other = get(&requests, "/whole/0").await.into_body();
            assert!(timeout(PATIENCE, other.data()).await.unwrap().is_none());
        }
    }
    assert_eq!(timeout(PATIENCE, api.stop()).await.unwrap().cut_off, 0);
}

#[tokio::test]
async fn room_for_a_kibibyte_within_the_time_is_no_stall() {
    let api = start(&[("APP_SERVER__STALL_TIMEOUT", "1s")]).await;
    for (window, path) in
        [(1100, "/whole/8000"), (3000, "/streamed/20000"), (20_000, "/whole/90000")]
    {
        let requests = http2(&api, window).await;
        let mut body = get(&requests, path).await.into_body();
        let (mut length, mut unreleased) = (0, 0);
        while let Some(piece) = timeout(PATIENCE, body.data()).await.unwrap() {
            let piece = piece.unwrap_or_else(|error| panic!("{path}, {window}: {error}")).len();
            (length, unreleased) = (length + piece, unreleased + piece);
            if unreleased == window as usize {
                sleep(Duration::from_millis(600)).await;
                body.flow_control().release_capacity(unreleased).unwrap();
                unreleased = 0;
            }
        }
        assert!(path.ends_with(&format!("/{length}")), "{path}: {length}");
    }
    assert_eq!(stalls(&api, "api", "room_for_answer").await, 0);
}

#[tokio::test]
async fn a_peer_that_does_not_take_its_answer_over_http_1_is_cut_and_counted() {
    let api = start(&[]).await;
    for (count, request) in [
        (1, "GET /whole/30000000 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        (2, "GET /streamed/30000000 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        (3, "GET /whole/30000000 HTTP/1.0\r\n\r\n".to_owned()),
        (4, "GET /whole/200000 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)),
    ] {
        let mut stream = TcpStream::connect(api.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        until_stalls(&api, "api", "room_for_answer", count).await;
        // Only the bytes in the kernels' buffers arrive.
        let mut taken = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut taken)).await.expect("it is closed");
        assert!(taken.len() < 20_000_000, "{}", taken.len());
    }
    assert_eq!(timeout(PATIENCE, api.stop()).await.unwrap().cut_off, 0);
}

#[tokio::test]
async fn an_answer_that_is_being_taken_goes_on_whatever_the_other_time_outs() {
    let api = start(&[
        ("APP_SERVER__IDLE_TIMEOUT", "200ms"),
        ("APP_SERVER__HEADER_TIMEOUT", "200ms"),
        ("APP_SERVER__STALL_TIMEOUT", "2s"),
    ])
    .await;
    for path in ["/whole/12000000", "/streamed/12000000"] {
        let mut stream = TcpStream::connect(api.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut taken, mut piece) = (0, vec![0; 100_000]);
        loop {
            let count = timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
            if count == 0 {
                break;
            }
            taken += count;
            sleep(Duration::from_millis(10)).await;
        }
        assert!(taken > 12_000_000, "{path}: {taken}");
    }
}

/// Sends a head and a body's pieces over HTTP/1.1, each after a pause, and reads the response.
async fn send(api: &Api, head: &str, pieces: &[&str], pause: Duration) -> String {
    let stream = TcpStream::connect(api.address()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let head = format!("POST {head}\r\nHost: x\r\nConnection: close\r\n\r\n");
    writing.write_all(head.as_bytes()).await.unwrap();
    let send = async {
        for piece in pieces {
            sleep(pause).await;
            if writing.write_all(piece.as_bytes()).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        () = send => {}
        read = timeout(PATIENCE, reading.read_to_end(&mut said)) => { let _ = read.expect("an answer"); }
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_request_body_that_does_not_come_is_cut_and_counted() {
    let api = start(&[]).await;
    let dripping = ["x"; 1000];
    let dripping_chunk = ["1\r\nx\r\n"; 1000];
    let drip = STALL / 8;
    let table: [(&str, &[&str], Duration); 6] = [
        ("/upload HTTP/1.1\r\nContent-Length: 5", &[], drip),
        ("/upload HTTP/1.1\r\nTransfer-Encoding: chunked", &[], drip),
        ("/upload HTTP/1.1\r\nContent-Length: 1000", &dripping, drip),
        ("/upload HTTP/1.1\r\nTransfer-Encoding: chunked", &dripping_chunk, drip),
        ("/late-upload HTTP/1.1\r\nContent-Length: 5", &["x"], drip),
        ("/upload HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue", &[], drip),
    ];
    let mut expected = 0;
    for (head, pieces, pause) in table {
        let said = send(&api, head, pieces, pause).await;
        assert!(said.contains("HTTP/1.1 400"), "{head}: {said}");
        expected += 1;
        assert_eq!(stalls(&api, "api", "request_body").await, expected, "{head}");
    }
    let requests = http2(&api, 100_000).await;
    for path in ["/upload", "/late-upload"] {
        let request = Request::post(format!("http://x{path}")).body(()).unwrap();
        let (response, mut body) =
            requests.clone().ready().await.unwrap().send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(b"x"), false).unwrap();
        assert_eq!(timeout(PATIENCE, response).await.unwrap().unwrap().status(), 400, "{path}");
        expected += 1;
        assert_eq!(stalls(&api, "api", "request_body").await, expected, "{path}");
    }
    assert_eq!(timeout(PATIENCE, api.stop()).await.unwrap().cut_off, 0);
}

#[tokio::test]
async fn a_peer_that_owes_nothing_is_no_stall() {
    let api = start(&[("APP_SERVER__IDLE_TIMEOUT", "200ms")]).await;
    let body = |path: &'static str| api.client().get(api.url(path));
    assert_eq!(Answer::read(body("/computes").send().await.unwrap()).await.text, "computed");
    assert_eq!(Answer::read(body("/sparse").send().await.unwrap()).await.text, "ab");
    let requests = http2(&api, 65_535).await;
    for (path, length) in [("/computes", 8), ("/sparse", 2), ("/whole/1000000", MEGABYTE)] {
        assert_eq!(read(get(&requests, path).await.into_body()).await.unwrap(), length, "{path}");
    }
    // A window of zero is no stall while there is nothing to send.
    let closed = http2(&api, 0).await;
    let silent = get(&closed, "/computes").await;
    assert_eq!(silent.status(), 200);
    let said = send(&api, "/late-upload HTTP/1.1\r\nContent-Length: 3", &["abc"], STALL / 8).await;
    assert!(said.ends_with("\r\n\r\n3"), "{said}");
    let kibibyte = "x".repeat(1024);
    let steady = [kibibyte.as_str(); 10];
    let head = "/upload HTTP/1.1\r\nContent-Length: 10240";
    let said = send(&api, head, &steady, STALL / 4).await;
    assert!(said.ends_with("\r\n\r\n10240"), "{said}");
    assert_eq!(stalls(&api, "api", "request_body").await, 0);
}

#[tokio::test]
async fn the_listener_for_operators_has_the_same_time_outs() {
    let api = start(&[("APP_SERVER__HEADER_TIMEOUT", "300ms")]).await;
    let address = api.admin_url("").trim_start_matches("http://").to_owned();
    for sent in ["", "GET /metrics HTTP/1.1\r\nHost: x\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let read = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        let _ = read.unwrap_or_else(|_| panic!("{sent:?} is not cut"));
    }
    let mut greedy = TcpStream::connect(&address).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    for _ in 0..1000 {
        let written = timeout(STALL / 4, greedy.write_all(request.as_bytes())).await;
        if !matches!(written, Ok(Ok(()))) {
            break;
        }
    }
    until_stalls(&api, "operators", "room_for_answer", 1).await;
    assert_eq!(api.admin("/livez").await.status, 200);
}
