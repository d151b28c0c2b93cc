//! Tests of harmful HTTP/2 connections: rapid reset (CVE-2023-44487) and endless CONTINUATION
//! frames (CVE-2024-27316). The frames are written by hand, because no client library would send
//! them.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread::{self, ScopedJoinHandle},
};

use zitadel_double::{Fault, Times, ZitadelDouble};

use crate::{
    answer, asking,
    child::{App, PATIENCE},
};

// Types and flags of frames, RFC 9113 §6.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

/// Maximum growth of the app's memory during a test: the allocator may keep some freed memory.
const MORE_MEMORY_KIB: u64 = 8 * 1024;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes a header without Huffman coding and without indexing, RFC 7541 §6.2.2.
fn literal(name: u8, value: &str) -> Vec<u8> {
    [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat()
}

/// Encodes the headers of `GET /api/private`. HPACK's static table numbers the names: `:authority`
/// is 1, `:path` 4, and `authorization` 23. A number of 15 or more takes two bytes: 15, then the
/// rest (23 - 15).
fn request(token: &str) -> Vec<u8> {
    let (get, http) = ([0x82], [0x86]);
    let bearer = literal(23 - 15, &format!("Bearer {token}"));
    [&get[..], &http, &literal(4, "/api/private"), &literal(1, "x"), &[15], &bearer].concat()
}

fn connect(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// Sends `beginning`, then the bytes from 200 calls of `more`. Asserts that the app closes the
/// connection.
fn flood_until_closed(address: &str, beginning: &[u8], mut more: impl FnMut() -> Vec<u8>) {
    let mut stream = connect(address);
    let mut reading = stream.try_clone().unwrap();
    // The app's responses must not fill the connection.
    let reader = thread::spawn(move || reading.read_to_end(&mut Vec::new()));
    let mut written = stream.write_all(beginning);
    for _ in 0..200 {
        written = written.and_then(|()| stream.write_all(&more()));
    }
    // A write error means the same, but may be absent if all bytes were buffered already.
    let ended = reader.join().unwrap().map_err(|error| error.kind());
    assert!(matches!(ended, Ok(_) | Err(ErrorKind::ConnectionReset)), "not closed: {ended:?}");
}

/// Floods the app from four threads. Asserts that other connections are served meanwhile, and that
/// the app's memory hardly grows.
fn harms_nobody(flood: impl Fn(&str) + Sync) {
    // With one hour, the time limit for a head does not end the connection either.
    let app = App::start(&[], &[("APP_SERVER__HEADER_TIMEOUT", "1h")]);
    let address = app.address();
    let is_served = || {
        let answer = answer(&address, "/api/private", "dev-reader");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    (0..100).for_each(|_| is_served());
    flood(&address);
    let before = app.resident_kib();
    thread::scope(|scope| {
        let flooders: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..25).for_each(|_| flood(&address)))).collect();
        while !flooders.iter().all(ScopedJoinHandle::is_finished) {
            is_served();
        }
    });
    is_served();
    let after = app.resident_kib();
    assert!(after <= before.map(|kib| kib + MORE_MEMORY_KIB), "{before:?} KiB, {after:?} KiB");
}

#[test]
fn streams_that_are_reset_at_once_end_the_connection_and_harm_nobody() {
    harms_nobody(|address| {
        let mut streams = (1..).step_by(2);
        flood_until_closed(address, &[], || {
            let some = streams.by_ref().take(100);
            some.flat_map(|stream| {
                let open = frame(HEADERS, END_STREAM | END_HEADERS, stream, &request("dev-reader"));
                [open, frame(RST_STREAM, 0, stream, &CANCEL)].concat()
            })
            .collect()
        });
    });
}

#[test]
fn a_head_without_end_ends_the_connection_and_harms_nobody() {
    let fields = [0, 1, b'a', 1, b'b'].repeat(3_000);
    let half_a_field = [0, 1, b'a', 0x7f, 0xff, 0xff, 0x7f];
    for (payload, frames) in [(&fields[..], 10), (&half_a_field, 1000), (&[0], 1000), (&[], 1000)] {
        let more = frame(CONTINUATION, 0, 1, payload).repeat(frames);
        harms_nobody(|address| {
            let beginning = frame(HEADERS, END_STREAM, 1, &request("dev-reader"));
            flood_until_closed(address, &beginning, || more.clone());
        });
    }
}

/// After a client resets its request, the introspection continues, and counts as in flight until
/// ZITADEL has answered. Otherwise resets could cause unlimited introspections.
#[tokio::test]
async fn requests_that_are_reset_while_zitadel_is_asked_hold_their_places_and_no_drain() {
    const MAX_IN_FLIGHT: u32 = 50;
    let double = ZitadelDouble::start().await;
    double.introspection_fault(Fault::Stall, Times::UntilCleared);
    let secret = double.client_secret();
    let max_in_flight = MAX_IN_FLIGHT.to_string();
    let settings = [
        ("APP_ZITADEL__TIMEOUT", "1h"),
        ("APP_ZITADEL__MAX_IN_FLIGHT", &*max_in_flight),
        ("APP_ZITADEL__KNOWN_SHARE", "0%"),
        ("APP_SERVER__SHUTDOWN_GRACE", "500ms"),
    ];
    let app = App::start(&[], &[&asking(&double, &secret)[..], &settings].concat());
    let address = app.address();
    let mut stream = connect(&address);
    let mut streams = (1_u32..).step_by(2);
    let mut open = |stream: &mut TcpStream, count: u32| -> Vec<u32> {
        let some: Vec<_> = streams.by_ref().take(count as usize).collect();
        for number in &some {
            let head = request(&format!("token-{number}"));
            let open = frame(HEADERS, END_STREAM | END_HEADERS, *number, &head);
            stream.write_all(&open).unwrap();
        }
        some
    };
    for round in 1..=5 {
        let some = open(&mut stream, MAX_IN_FLIGHT / 5);
        double.wait_for_introspections(round * some.len()).await;
        for number in &some {
            stream.write_all(&frame(RST_STREAM, 0, *number, &CANCEL)).unwrap();
        }
    }
    // Further requests exceed the limit, and are answered.
    open(&mut stream, MAX_IN_FLIGHT);
    assert!(answer(&address, "/api/private", "one-more").starts_with("HTTP/1.1 503"));
    assert_eq!(double.introspections(), MAX_IN_FLIGHT as usize);
    // The connection is still open: requests in progress on it would be cut off and counted.
    app.signal("TERM");
    let (status, log) = app.end();
    assert_eq!(status.code(), Some(0), "{log}");
}
