//! Only requests in flight delay a stop, even if a peer never responds.

use std::{ops::ControlFlow, time::Duration};

use app::{Routes, Stopped, public};
use axum::extract::State;
use tests::{Api, Environment};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// Bound on a step, shorter than the grace period.
const PATIENCE: Duration = Duration::from_secs(30);

// RFC 9113 §6 and §7.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes `GET` with static names for path and authority, RFC 7541 §6.2.2.
fn request(stream: u32, path: &str) -> Vec<u8> {
    let path = [&[4, u8::try_from(path.len()).unwrap()], path.as_bytes()].concat();
    frame(HEADERS, 5, stream, &[&[0x82, 0x86][..], &path, &[1, 1, b'x']].concat())
}

/// HTTP/2 connection that answers no PING or SETTINGS.
struct Silent(TcpStream);

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Silent {
    async fn connect(api: &Api) -> Self {
        let mut stream = TcpStream::connect(api.address()).await.unwrap();
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
        Self(stream)
    }

    async fn send(&mut self, frame: &[u8]) {
        self.0.write_all(frame).await.unwrap();
    }

    async fn next(&mut self) -> std::io::Result<Frame> {
        let mut head = [0; 9];
        timeout(PATIENCE, self.0.read_exact(&mut head)).await.expect("a frame")?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let mut payload = vec![0; number(&head[..3]) as usize];
        timeout(PATIENCE, self.0.read_exact(&mut payload)).await.expect("its payload")?;
        Ok(Frame { kind: head[3], stream: number(&head[5..]), payload })
    }

    async fn until<T>(&mut self, mut is_it: impl FnMut(&Frame) -> ControlFlow<T>) -> T {
        loop {
            let frame = self.next().await.unwrap();
            if let ControlFlow::Break(found) = is_it(&frame) {
                return found;
            }
        }
    }
}

async fn wait(State(mut open): State<watch::Receiver<bool>>) -> &'static str {
    open.wait_for(|open| *open).await.unwrap();
    "done"
}

async fn open() -> &'static str {
    "open"
}

/// Starts an API with a route that responds on command, and a grace period longer than any test.
async fn start() -> (Api, watch::Sender<bool>) {
    let (door, opened) = watch::channel(false);
    let routes =
        Routes::default().get("/wait", public(wait)).get("/open", public(open)).with_state(opened);
    let environment = Environment::default().with("APP_SERVER__SHUTDOWN_GRACE", "1h");
    (Api::start_with(environment, routes).await, door)
}

/// Begins the stop, and returns once the listener is closed.
async fn stop(api: Api) -> JoinHandle<Stopped> {
    let address = api.address();
    let stopping = tokio::spawn(api.stop());
    let began = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(began.elapsed() < PATIENCE, "the listener goes on accepting");
        sleep(Duration::from_millis(1)).await;
    }
    stopping
}

async fn ended(stopping: JoinHandle<Stopped>) {
    let stopped = timeout(PATIENCE, stopping).await.expect("nothing holds the stop").unwrap();
    assert_eq!(stopped.cut_off, 0);
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_served_for_a_moment_and_then_refused() {
    let (api, door) = start().await;
    let mut peer = Silent::connect(&api).await;
    peer.send(&request(1, "/wait")).await;
    peer.send(&request(3, "/open")).await;
    let answer = |number| {
        move |frame: &Frame| match (frame.kind, frame.stream) {
            (HEADERS, stream) if stream == number => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    peer.until(answer(3)).await;
    let stopping = stop(api).await;
    peer.send(&request(5, "/open")).await;
    let mut was_told_to_go = false;
    peer.until(|frame| {
        was_told_to_go |= frame.kind == GOAWAY;
        answer(5)(frame)
    })
    .await;
    assert!(was_told_to_go);
    let mut served = 0;
    for number in (7..).step_by(2).take(1000) {
        peer.send(&request(number, "/open")).await;
        let is_refused = peer
            .until(|frame| match (frame.kind, frame.stream) {
                (HEADERS, stream) if stream == number => ControlFlow::Break(false),
                (RST_STREAM, stream) if stream == number => {
                    assert_eq!(frame.payload, REFUSED_STREAM);
                    ControlFlow::Break(true)
                }
                _ => ControlFlow::Continue(()),
            })
            .await;
        if is_refused {
            break;
        }
        served += 1;
        sleep(Duration::from_millis(50)).await;
    }
    assert!(served < 1000, "new requests are served for ever");
    assert!(!stopping.is_finished(), "a request is in flight");
    door.send(true).unwrap();
    peer.until(answer(1)).await;
    ended(stopping).await;
}

#[tokio::test]
async fn a_connection_without_a_request_holds_no_stop() {
    let (api, _door) = start().await;
    let head = b"GET /open HTTP/1.1\r\nHost: x\r\n\r\n";
    let one_request = [&frame(SETTINGS, 0, 0, &[])[..], &request(1, "/open")].concat();
    let half_a_request = &request(1, "/open")[..12];
    let mut held = Vec::new();
    for sent in [
        &b""[..],
        b"GET /op",
        b"PRI * HT",
        head,
        &[&head[..], b"GET /op"].concat(),
        PREFACE,
        &[PREFACE, &one_request].concat(),
        &[PREFACE, &one_request, &frame(PING, 0, 0, &[0; 8])].concat(),
        &[PREFACE, &frame(SETTINGS, 0, 0, &[]), half_a_request].concat(),
        // A head without its end.
        &[PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, 1, 1, &[0x82])].concat(),
    ] {
        let mut stream = TcpStream::connect(api.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        held.push(stream);
    }
    assert_eq!(api.get_without_token("/open").await.text, "open");
    ended(stop(api).await).await;
    drop(held);
}

#[tokio::test]
async fn a_request_that_was_on_its_way_when_the_listener_was_closed_is_answered() {
    let (api, _door) = start().await;
    let mut connections = Vec::new();
    // New; after half a head; kept alive.
    let head = "GET /open HTTP/1.1\r\nHost: x\r\n\r\n";
    for (sent, rest) in [("", head), (&head[..10], &head[10..]), (head, head)] {
        let mut stream = TcpStream::connect(api.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        if sent == head {
            let mut answer = [0; 12];
            timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
        }
        connections.push((stream, rest));
    }
    assert_eq!(api.get_without_token("/open").await.text, "open");
    let stopping = stop(api).await;
    for (mut stream, rest) in connections {
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut said = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut said)).await.unwrap().unwrap();
        assert!(said.to_lowercase().contains("connection: close"), "{rest:?}: {said}");
        assert!(said.ends_with("open"), "{rest:?}: {said}");
    }
    ended(stopping).await;
}
