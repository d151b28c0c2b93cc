//! Tests with more connections than the process may have open files.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zitadel_double::{NewUser, ZitadelDouble};

use crate::{
    answer, asking,
    child::{App, PATIENCE},
};

fn private(token: &str) -> Vec<u8> {
    format!("GET /api/private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n").into()
}

struct KeptAlive(TcpStream);

impl KeptAlive {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn ask(&mut self) {
        self.0.write_all(&private("dev-reader")).unwrap();
    }

    /// Reads one response, and asserts that its status is 200.
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
#[cfg(target_os = "linux")]
fn running_out_of_file_descriptors_harms_no_connection_and_passes() {
    let app = App::start_after("ulimit -n 200", &[]);
    let address = app.address();
    // Lowers the limit, as if the reserved descriptors were in use.
    let limit = format!("prlimit --pid={} --nofile=50:200", app.child.id());
    assert!(Command::new("sh").args(["-c", &limit]).status().unwrap().success());
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
    // Each closed connection makes room for one that waited.
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

#[cfg(target_os = "linux")]
fn limits(app: &App) -> [u64; 2] {
    let limits = fs::read_to_string(format!("/proc/{}/limits", app.child.id())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().map_while(|number| number.parse().ok());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

#[test]
#[cfg(target_os = "linux")]
fn the_soft_limit_is_raised_to_the_hard_one() {
    for (shell, expected) in [
        ("ulimit -Sn 50; ulimit -Hn 400", 400),
        ("ulimit -Sn 299; ulimit -Hn 300", 300),
        ("ulimit -n 200", 200),
    ] {
        let app = App::start_after(shell, &[]);
        app.address();
        assert_eq!(limits(&app), [expected; 2], "{shell}");
    }
}

#[test]
fn more_connections_than_open_files_allow_are_lowered_with_a_warning() {
    let double = [
        ("ZITADEL_DOMAIN", "http://127.0.0.1:1"),
        ("CLIENT_ID", "id"),
        ("CLIENT_SECRET", "secret"),
        ("APP_ZITADEL__MAX_IN_FLIGHT", "100"),
    ];
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = directory.path().join(name);
        fs::write(&path, "abcdefghijklmnopqrstuvwxyz0123456789").unwrap();
        path.to_str().unwrap().to_owned()
    };
    let files = ["token", "key"].map(file);
    let [token_file, key_file] = files.each_ref().map(String::as_str);
    let webhook = [
        ("APP_CHANGES__TOKEN_FILE", token_file),
        ("APP_CHANGES__WEBHOOK__LISTEN", "127.0.0.1:0"),
        ("APP_CHANGES__WEBHOOK__KEY_FILE", key_file),
    ];
    let with_webhook = [&double[..], &webhook].concat();
    for (limit, max_connections, environment, lowered) in [
        (600, "372", &with_webhook[..], None),
        (600, "373", &with_webhook, Some("max_connections=372")),
        (400, "304", &[], None),
        (400, "305", &[], Some("max_connections=304")),
        (400, "10000", &[], Some("max_connections=304")),
        (400, "204", &double, None),
        (400, "205", &double, Some("max_connections=204")),
        (100, "10000", &double, Some("max_connections=50")),
    ] {
        let max_connections = [("APP_SERVER__MAX_CONNECTIONS", max_connections)];
        let environment = [environment, &max_connections].concat();
        let app = App::start_after(&format!("ulimit -n {limit}"), &environment);
        let warned = "server.max_connections is lowered";
        let mut log = app.wait_for("Listening on http://");
        // Warnings have a queue of their own, so this one may follow the banner.
        if lowered.is_some() && !log.contains(warned) {
            log += &app.wait_for(warned);
        }
        let warning = log.lines().find(|line| line.contains(warned));
        assert_eq!(warning.is_some(), lowered.is_some(), "{limit} {environment:?}\n{log}");
        if let (Some(warning), Some(lowered)) = (warning, lowered) {
            assert!(warning.contains("WARN") && warning.contains(lowered), "{warning}");
        }
    }
}

/// Raises this process's limit of open files as far as allowed. Returns the number of connections
/// to open: at most 2 000, at most half of that limit, and at most as many as may wait to be
/// accepted.
fn many() -> usize {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let files = limit.maximum.map_or(2_000, |limit| usize::try_from(limit / 2).unwrap());
    let waiting = fs::read_to_string("/proc/sys/net/core/somaxconn");
    let waiting = waiting.map_or(128, |number| number.trim().parse().unwrap());
    files.min(waiting).min(2_000)
}

#[test]
fn connections_that_wait_to_be_accepted_are_many() {
    let many = many();
    let environment = [("APP_SERVER__MAX_CONNECTIONS", "1"), ("APP_SERVER__HEADER_TIMEOUT", "1h")];
    let app = App::start(&[], &environment);
    let address = app.address().parse().unwrap();
    // A connection that finds no place in the queue is retried before it is established.
    let connected: Result<Vec<_>, _> =
        (0..many).map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(10))).collect();
    assert_eq!(connected.unwrap().len(), many);
}

// Any number of callers leaves room for operators and for calls to ZITADEL.
#[tokio::test]
async fn operators_and_zitadel_are_reached_while_callers_hold_every_place() {
    let double = ZitadelDouble::start().await;
    let secret = double.client_secret();
    let user = double.add_user(NewUser::service("svc"));
    let settings = [
        ("APP_ADMIN__LISTEN", "127.0.0.1:0"),
        ("APP_SERVER__HEADER_TIMEOUT", "1h"),
        ("APP_ZITADEL__MAX_IN_FLIGHT", "16"),
    ];
    let environment = [&asking(&double, &secret)[..], &settings].concat();
    let app = App::start_after("ulimit -n 256", &environment);
    let log = app.wait_for("Listening on http://");
    let of_operators = log.lines().find(|line| line.contains("listening for operators")).unwrap();
    let of_operators = of_operators.trim_end().rsplit("address=").next().unwrap().to_owned();
    let address = log.trim_end().rsplit("http://").next().unwrap().to_owned();
    let mut connections: Vec<_> = (0..20).map(|_| KeptAlive::connect(&address)).collect();
    for connection in &mut connections {
        connection.0.write_all(&private(&double.pat(&user))).unwrap();
        connection.is_answered();
    }
    let waiting: Vec<_> = (0..many().min(400)).map(|_| KeptAlive::connect(&address)).collect();
    for connection in &mut connections {
        let operators = answer(&of_operators, "/livez", "none");
        assert!(operators.starts_with("HTTP/1.1 200"), "{operators}");
        connection.0.write_all(&private(&double.pat(&user))).unwrap();
        connection.is_answered();
    }
    drop(waiting);
}
