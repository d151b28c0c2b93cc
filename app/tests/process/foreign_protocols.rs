//! Tests of protocols other than HTTP at the listener.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::child::App;

/// First bytes of a TLS handshake: one record with a `ClientHello`.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03";

#[test]
fn tls_and_the_proxy_protocol_are_told_once_a_minute() {
    for (first, said) in [
        (CLIENT_HELLO, "callers speak TLS to this port"),
        (
            b"PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\nGET / HTTP/1.1\r\n\r\n",
            "the PROXY protocol is",
        ),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", "the PROXY protocol is"),
    ] {
        let app = App::start(&[], &[]);
        let address = app.address();
        for _ in 0..5 {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream.write_all(first).unwrap();
            // The connection is refused, or closed.
            let _ = stream.read(&mut [0; 64]);
        }
        app.wait_for(said);
        app.signal("TERM");
        let (_, log) = app.end();
        assert!(!log.contains(said), "once is enough: {log}");
    }
}
