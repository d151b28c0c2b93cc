//! Tests of SIGTERM, SIGHUP and Ctrl-C.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use tokio::time::Instant;

use crate::{accept, answer, ask, child::App, stalled_zitadel, with_zitadel};

/// Sends a request to the app. Returns the `Authorization` header of the introspection that this
/// causes: it holds the app's client secret. `kept` holds open the connections to the app and to
/// ZITADEL.
fn shown(app: &str, zitadel: &TcpListener, kept: &mut Vec<TcpStream>) -> String {
    let token = format!("token-{}", kept.len());
    kept.push(ask(app, "/api/private", &token));
    let asked = accept(zitadel);
    let mut lines = BufReader::new(asked.try_clone().unwrap()).lines().map_while(Result::ok);
    kept.push(asked);
    lines.find(|line| line.to_lowercase().starts_with("authorization:")).unwrap()
}

#[test]
fn sighup_has_the_files_read_again_and_what_cannot_be_used_is_said_once() {
    let (zitadel, domain) = stalled_zitadel();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write("password-1");
    let endpoint = format!("{domain}/introspect");
    let app = App::start(
        &[],
        &[
            ("ZITADEL_DOMAIN", &domain),
            ("CLIENT_ID", "id"),
            ("APP_ZITADEL__CLIENT_SECRET_FILE", file.to_str().unwrap()),
            ("APP_ZITADEL__INTROSPECTION_ENDPOINT", &endpoint),
            ("APP_ZITADEL__TIMEOUT", "1h"),
            ("APP_SERVER__SHUTDOWN_GRACE", "1ms"),
        ],
    );
    let address = app.address();
    let mut kept = Vec::new();
    let mut shown = || shown(&address, &zitadel, &mut kept);
    let first = shown();

    write("");
    app.signal("HUP");
    let warned = app.wait_for("the credentials stay as they were");
    assert!(warned.contains("WARN") && warned.contains("zitadel.client_secret_file"), "{warned}");
    assert_eq!(shown(), first);
    app.signal("HUP");
    app.wait_for("SIGHUP");

    write("password-2");
    app.signal("HUP");
    let log = app.wait_for("credentials replaced");
    assert!(!log.contains("stay as they were"), "said twice: {log}");
    assert!(log.contains("INFO") && log.contains(file.to_str().unwrap()), "{log}");
    // The app writes the log line a moment before it replaces the credentials.
    assert!((0..100).any(|_| shown() != first));
    // Without a signal, the app checks every five seconds: three changes would take at least ten.
    let began = Instant::now();
    let mut all = warned + &log;
    for secret in ["password-3", "password-4", "password-5"] {
        write(secret);
        app.signal("HUP");
        all += &app.wait_for("credentials replaced");
    }
    assert!(began.elapsed() < Duration::from_secs(9), "it was not the signal");
    app.signal("TERM");
    all += &app.end().1;
    assert!(!all.contains("password-"), "{all}");
}

#[test]
fn a_second_ctrl_c_exits_at_once() {
    let (zitadel, domain) = stalled_zitadel();
    let app = App::start(&[], &with_zitadel(&domain, "1h"));
    let address = app.address();
    let _request = ask(&address, "/api/private", "a");
    let _asked = accept(&zitadel);
    app.signal("INT");
    app.wait_for("once more to exit at once");
    app.signal("INT");
    assert_eq!(app.end().0.code(), Some(130));
}

#[test]
fn sighup_without_a_file_to_read_again_is_logged_and_the_api_goes_on() {
    let app = App::start(&[], &[]);
    let address = app.address();
    for _ in 0..3 {
        app.signal("HUP");
        app.wait_for("SIGHUP: no file holds credentials");
        assert!(answer(&address, "/api/private", "dev-reader").starts_with("HTTP/1.1 200"));
    }
    app.signal("TERM");
    assert_eq!(app.end().0.code(), Some(0));
}

/// Returns the bit mask of the signals that a process ignores.
fn ignored(app: &App) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", app.child.id())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap()
}

// `nohup app &` starts the app with SIGHUP ignored, and a script's `app &` with SIGINT ignored.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for (ignoring, number, end) in [("HUP", 1, "TERM"), ("INT", 2, "TERM"), ("TERM", 15, "INT")] {
        let app = App::start_after(&format!("trap '' {ignoring}"), &[]);
        let address = app.address();
        assert_eq!(ignored(&app) >> (number - 1) & 1, 1, "SIG{ignoring}");
        app.signal(ignoring);
        app.signal(ignoring);
        assert!(answer(&address, "/api/private", "dev-reader").starts_with("HTTP/1.1 200"));
        app.signal(end);
        let (status, log) = app.end();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains(&format!("SIG{ignoring}")), "{log}");
    }
    let app = App::start_after("exec nohup \"$0\"", &[]);
    let address = app.address();
    app.signal("HUP");
    assert!(answer(&address, "/api/private", "dev-reader").starts_with("HTTP/1.1 200"));
    app.signal("TERM");
    assert_eq!(app.end().0.code(), Some(0));
}
