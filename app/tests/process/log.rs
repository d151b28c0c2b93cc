//! Tests of the log that the process writes.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::mpsc::channel,
};

use serde_json::Value;

use super::{
    answer, ask,
    child::{App, PATIENCE, run},
};

fn event(app: &App, expected: &str) -> Value {
    let log = app.wait_for(expected);
    serde_json::from_str(log.lines().last().unwrap()).unwrap()
}

fn ask_as(request_id: &str, address: &str, token: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/private HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         X-Request-Id: {request_id}\r\nConnection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
}

#[test]
fn an_event_of_a_request_has_its_id_and_the_subject_only_where_that_is_asked_for() {
    for (names_subjects, subject) in [("false", Value::Null), ("true", "dev-reader".into())] {
        let app = App::start(
            &[],
            &[
                ("APP_LOG__FORMAT", "json"),
                ("APP_LOG__REQUESTS", "true"),
                ("APP_LOG__SUBJECT", names_subjects),
            ],
        );
        let address = event(&app, "listening")["address"].as_str().unwrap().to_owned();
        ask_as("id-1", &address, "dev-reader");
        let request = event(&app, "\"request\"");
        assert_eq!((&request["request_id"], &request["subject"]), (&"id-1".into(), &subject));
        ask_as("id-2", &address, "dev-revoked");
        assert_eq!(event(&app, "denied")["request_id"], "id-2");
        let request = event(&app, "\"request\"");
        assert_eq!((&request["request_id"], &request["subject"]), (&"id-2".into(), &Value::Null));
    }
}

fn events(settings: &[(&str, &str)], field: &str) -> String {
    let environment = [("APP_LOG__FORMAT", "json"), ("APP_LOG__REQUESTS", "true")];
    let app = App::start(&[], &[&environment[..], settings].concat());
    let address = event(&app, "listening\"")["address"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET /api/public HTTP/1.1\r\nHost: x\r\n{field}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    app.signal("TERM");
    app.end().1
}

#[test]
fn the_clients_address_is_in_the_log_only_where_that_is_asked_for() {
    let proxies = ("APP_SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    let names = ("APP_LOG__CLIENT_ADDRESS", "true");
    let forwarded = "X-Forwarded-For: 192.0.2.9, 2001:db8::7\r\n";
    for (settings, field, expected) in [
        (&[][..], "", Value::Null),
        (&[proxies], forwarded, Value::Null),
        (&[names], "", "127.0.0.1".into()),
        (&[names], forwarded, "127.0.0.1".into()),
        (&[names, proxies], forwarded, "2001:db8::7".into()),
        (&[names, proxies], "Forwarded: for=192.0.2.1;proto=https\r\n", "192.0.2.1".into()),
        (&[names, proxies], "X-Forwarded-For: unknown\r\n", "127.0.0.1".into()),
    ] {
        let log = events(settings, field);
        let request = log.lines().find(|line| line.contains("\"request\"")).unwrap();
        let request: Value = serde_json::from_str(request).unwrap();
        assert_eq!(request["client.address"], expected, "{settings:?} {field}");
        assert_eq!(log.contains("2001:db8"), expected == "2001:db8::7", "{log}");
        assert!(!log.contains("192.0.2.9"), "{log}");
    }
}

#[test]
fn a_text_without_an_event_to_name_it_in_is_refused() {
    for (variable, setting) in
        [("APP_LOG__SUBJECT", "log.subject"), ("APP_LOG__CLIENT_ADDRESS", "log.client_address")]
    {
        let (status, _, stderr) = run(&[], &[(variable, "true")]);
        assert_eq!(status, Some(2));
        assert!(stderr.starts_with(&format!("app: {setting}")), "{stderr}");
        assert!(stderr.contains("log.requests"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1);
    }
}

#[test]
fn each_request_has_an_event_where_that_is_asked_for() {
    let app = App::start(&[], &[("APP_LOG__REQUESTS", "true")]);
    let address = app.address();
    for (path, route, expected) in [
        (
            "/api/private",
            "method=GET route=\"/api/private\" request_id=",
            "status=200 outcome=\"ok\" duration_ms=",
        ),
        (
            "/no/such/path",
            "method=GET route=\"unmatched\" request_id=",
            "status=404 outcome=\"not_found\" duration_ms=",
        ),
    ] {
        let mut answer = String::new();
        ask(&address, path, "dev-reader").read_to_string(&mut answer).unwrap();
        let log = app.wait_for("outcome=");
        let event = log.lines().last().unwrap();
        assert!(event.contains(route) && event.contains(expected), "{log}");
        assert!(!event.contains("dev-reader") && !event.contains("/no/such"), "{log}");
    }
}

#[test]
fn an_output_that_nobody_can_write_to_harms_no_request() {
    let mut app = App::start(&[], &[]);
    let address = app.address();
    drop(app.child.stderr.take());
    // The thread that reads standard output ends at the next line.
    app.stdout = channel().1;
    for _ in 0..20 {
        assert!(answer(&address, "/api/private", "unknown").starts_with("HTTP/1.1 401"));
    }
    app.signal("TERM");
    assert_eq!(app.child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_output_that_nobody_reads_delays_no_request() {
    let mut app = App::start_unread(&[("APP_LOG__REQUESTS", "true")]);
    let mut unread = BufReader::new(app.child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("Listening on http://") {
        line.clear();
        assert!(unread.read_line(&mut line).unwrap() > 0, "it has ended");
    }
    let address = line.trim_end().rsplit("http://").next().unwrap();
    for _ in 0..1000 {
        let mut request = ask(address, "/api/private", "unknown");
        request.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = [0; 12];
        request.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
    }
}

fn ask_often(address: &str, path: &str, times: usize) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answers = BufReader::new(&stream);
    for _ in 0..times / 100 {
        (&stream).write_all(request.repeat(100).as_bytes()).unwrap();
        let mut answered = 0;
        while answered < 100 {
            let mut line = String::new();
            assert!(answers.read_line(&mut line).unwrap() > 0, "it was closed");
            answered += usize::from(line.contains("HTTP/1.1 200"));
        }
    }
}

fn metric(address: &str, name: &str) -> u64 {
    let mut page = String::new();
    ask(address, "/metrics", "").read_to_string(&mut page).unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap_or_else(|| panic!("no {name} in {page}")).trim().parse().unwrap()
}

/// Warnings have a queue of their own, which other log events cannot fill while nobody reads the
/// log.
#[test]
fn a_log_that_is_not_read_loses_no_warning_and_counts_what_it_loses() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens.toml");
    fs::write(&tokens, "[[token]]\ntoken = \"a\"").unwrap();
    let mut app = App::start_unread(&[
        ("APP_LOG__FORMAT", "json"),
        ("APP_LOG__REQUESTS", "true"),
        ("APP_ADMIN__LISTEN", "127.0.0.1:0"),
        ("APP_FAKE__TOKENS", tokens.to_str().unwrap()),
    ]);
    let mut unread = BufReader::new(app.child.stdout.take().unwrap());
    let mut listens = |message: &str| -> String {
        loop {
            let mut line = String::new();
            assert!(unread.read_line(&mut line).unwrap() > 0, "it has ended");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["message"] == message {
                return event["address"].as_str().unwrap().to_owned();
            }
        }
    };
    let (address, admin) = (listens("listening"), listens("listening for operators"));
    let lost = |level| metric(&admin, &format!("log_events_lost_total{{level=\"{level}\"}}"));
    assert_eq!((lost("info"), lost("warn")), (0, 0));
    for _ in 0..100 {
        if lost("info") > 0 {
            break;
        }
        ask_often(&address, "/api/public", 1_000);
    }
    assert!(lost("info") > 0);
    answer(&address, "/api/private", "a");
    fs::write(&tokens, "[[token]]\ntoken = ").unwrap();
    answer(&address, "/api/private", "a");
    assert_eq!(lost("warn"), 0);
    app.signal("TERM");
    let mut rest = String::new();
    unread.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("the local tokens stay as they were"), "{}", rest.len());
    assert_eq!(app.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_long_method_does_not_stand_in_the_access_log() {
    let app = App::start(&[], &[("APP_LOG__REQUESTS", "true")]);
    let address = app.address();
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = format!(
        "{} /api/private HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "M".repeat(30_000)
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    let log = app.wait_for("outcome=");
    let event = log.lines().last().unwrap();
    assert!(event.contains("method=MMMM") && event.len() < 500, "{}", event.len());
}

#[test]
fn rust_log_for_other_crates_does_not_silence_the_log() {
    for rust_log in ["hyper=debug", "inof", "app=wran"] {
        let app = App::start(&[], &[("RUST_LOG", rust_log), ("NO_COLOR", "1")]);
        app.wait_for(" INFO ");
    }
}

#[test]
fn the_log_is_json_where_machines_read_it_and_rust_log_wins_over_the_level() {
    let environment =
        [("APP_LOG__FORMAT", "json"), ("APP_LOG__LEVEL", "error"), ("RUST_LOG", "info")];
    let app = App::start(&[], &environment);
    let log = app.wait_for("listening");
    let event: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let address = event["address"].as_str().unwrap().to_owned();
    answer(&address, "/api/private", "dev-no-role");
    answer(&address, "/api/private-scoped", "dev-no-role");
    let log = app.wait_for("policy_not_met");
    let event: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(event["reason"], "policy_not_met");
    assert_eq!(event["route"], "/api/private-scoped");
    assert_eq!(event["level"], "INFO");
    app.signal("TERM");
    app.end();
}
