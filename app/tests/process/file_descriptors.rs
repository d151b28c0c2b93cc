//! More connections than the process may have files open.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::child::{App, PATIENCE};

/// A connection that is kept alive.
struct KeptAlive(TcpStream);

impl KeptAlive {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn ask(&mut self) {
        let request = b"GET /api/private HTTP/1.1\r\nHost: x\r\n\
            Authorization: Bearer dev-reader\r\n\r\n";
        self.0.write_all(request).unwrap();
    }

    /// Reads one answer to its last byte.
    fn is_answered(&mut self) {
        let mut answer = String::new();
        let mut bytes = [0; 1024];
        while !answer.ends_with("\"}") {
            let count = self.0.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "the connection ends after {answer:?}");
            answer += &String::from_utf8_lossy(&bytes[..count]);
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn running_out_of_file_descriptors_harms_no_connection_and_passes() {
    let app = App::start_after("ulimit -n 50", &[]);
    let address = app.address();
    let mut connections = Vec::new();
    for _ in 0..100 {
        let mut connection = KeptAlive::connect(&address);
        connection.ask();
        connections.push(connection);
    }
    app.wait_for("cannot accept a connection");
    let mut waiting = connections.split_off(10);
    for connection in &mut connections {
        connection.is_answered();
        for _ in 0..3 {
            connection.ask();
            connection.is_answered();
        }
    }
    // Each that closes makes place for one that waited.
    waiting.drain(..80);
    drop(connections);
    for connection in &mut waiting {
        connection.is_answered();
    }
    drop(waiting);
    for _ in 0..100 {
        let mut connection = KeptAlive::connect(&address);
        connection.ask();
        connection.is_answered();
    }
    app.signal("TERM");
    assert_eq!(app.end().0.code(), Some(0));
}

#[test]
fn the_start_warns_of_fewer_open_files_than_connections() {
    for (max_connections, warns) in [("51", true), ("50", false)] {
        let environment = [("APP_SERVER__MAX_CONNECTIONS", max_connections)];
        let app = App::start_after("ulimit -n 50", &environment);
        let log = app.wait_for("Listening on http://");
        let warning = "the soft limit of open files is below server.max_connections";
        assert_eq!(log.contains(warning), warns, "{log}");
    }
}
