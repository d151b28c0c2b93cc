//! Tests of the process itself: the banner, signals, the exit status, standard error.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod built;
mod causes;
mod changes;
mod child;
mod connections;
mod file_descriptors;
mod files;
mod foreign_protocols;
mod http2_floods;
mod log;
mod outages;
mod program;
mod signals;
mod threads;
mod traces;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::mpsc::channel,
    thread,
};

use child::{App, PATIENCE, run};
use zitadel_double::ZitadelDouble;

fn ask(address: &str, path: &str, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn answer(address: &str, path: &str, token: &str) -> String {
    let mut text = String::new();
    ask(address, path, token).read_to_string(&mut text).unwrap();
    text
}

/// Starts a server in ZITADEL's place that never responds, and returns it with its URL.
fn stalled_zitadel() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", listener.local_addr().unwrap());
    (listener, domain)
}

fn accept(zitadel: &TcpListener) -> TcpStream {
    let zitadel = zitadel.try_clone().unwrap();
    let (sender, accepted) = channel();
    thread::spawn(move || sender.send(zitadel.accept().unwrap().0));
    accepted.recv_timeout(PATIENCE).unwrap()
}

fn with_zitadel<'a>(domain: &'a str, grace: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("ZITADEL_DOMAIN", domain),
        ("CLIENT_ID", "id"),
        ("CLIENT_SECRET", "top-secret"),
        ("APP_ZITADEL__TIMEOUT", "1h"),
        ("APP_SERVER__SHUTDOWN_GRACE", grace),
    ]
}

/// Returns the variables with which the app uses the double as its ZITADEL.
fn asking<'a>(double: &'a ZitadelDouble, client_secret: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("ZITADEL_DOMAIN", double.issuer()),
        ("CLIENT_ID", double.client_id().as_str()),
        ("CLIENT_SECRET", client_secret),
    ]
}

#[test]
fn the_banner_shows_the_tokens_and_what_to_try() {
    for arguments in [&[][..], &["serve"]] {
        let app = App::start(arguments, &[]);
        let address = app.address();
        let banner = app.wait_for("/api/private-scoped");
        for expected in [
            "WARNING",
            "in-memory fake",
            "dev-reader       active, role read:messages",
            "dev-no-role      active, no roles",
            "dev-expired      expired",
            "dev-revoked      inactive",
            "cp -n app/local-tokens.toml",
            &format!("curl -i \"http://{address}/api/public\""),
            &format!(
                "curl -i -H \"Authorization: Bearer dev-reader\" \"http://{address}/api/private\""
            ),
        ] {
            assert!(banner.contains(expected), "{expected:?} is not in:\n{banner}");
        }
        assert!(answer(&address, "/api/private-scoped", "dev-reader").starts_with("HTTP/1.1 200"));
        assert!(answer(&address, "/api/private", "dev-revoked").starts_with("HTTP/1.1 401"));
        app.signal("TERM");
        let (status, _) = app.end();
        assert_eq!(status.code(), Some(0));
    }
}

#[test]
fn the_banner_names_the_zitadel_that_is_asked() {
    let (_zitadel, domain) = stalled_zitadel();
    let app = App::start(&[], &with_zitadel(&domain, "10s"));
    let log = app.wait_for("Tokens are introspected by ZITADEL at ");
    for expected in [
        domain.as_str(),
        "ZITADEL_DOMAIN in the environment",
        "CLIENT_SECRET in the environment",
        "each request with a token is introspected",
    ] {
        assert!(log.contains(expected), "{expected:?} is not in:\n{log}");
    }
    assert!(!log.contains("top-secret"));
    app.signal("INT");
    assert_eq!(app.end().0.code(), Some(0));
}

#[test]
fn a_zitadel_on_loopback_is_asked_without_a_proxy() {
    let (zitadel, domain) = stalled_zitadel();
    let proxy = [("HTTP_PROXY", "http://127.0.0.1:1")];
    let environment = [&with_zitadel(&domain, "1ms")[..], &proxy].concat();
    let app = App::start(&[], &environment);
    let _request = ask(&app.address(), "/api/private", "a");
    accept(&zitadel);
}

#[test]
fn a_start_that_cannot_be_says_so_in_one_line_and_exits_with_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    std::fs::write(&file, "a-token-or-a-key").unwrap();
    let file = file.display().to_string();
    for (environment, expected) in [
        (&[("APP_SERVER__LISTN", "x")][..], "APP_SERVER__LISTN in the environment is no setting"),
        (&[("APP_SERVER__LISTEN", "x")], "server.listen (APP_SERVER__LISTEN in the environment)"),
        (&[("ZITADEL_DOMAIN", "https://a.test")], "there are no credentials"),
        (&[("APP_SERVER__LISTEN", &taken)], "choose another port"),
        (
            &[
                ("ZITADEL_DOMAIN", "http://127.0.0.1:1"),
                ("CLIENT_ID", "id"),
                ("CLIENT_SECRET", "top-secret"),
                ("APP_CHANGES__TOKEN_FILE", &file),
                ("APP_CHANGES__WEBHOOK__LISTEN", &taken),
                ("APP_CHANGES__WEBHOOK__KEY_FILE", &file),
            ],
            "changes.webhook.listen: cannot listen on",
        ),
        (
            &[
                ("ZITADEL_DOMAIN", "https://10.0.0.1"),
                ("CLIENT_ID", "id"),
                ("CLIENT_SECRET", "top-secret"),
                ("APP_ZITADEL__CONNECT_TO", "https://10.0.0.7"),
            ],
            "zitadel.connect_to: ",
        ),
        (
            &[
                ("ZITADEL_DOMAIN", "https://auth.example.test"),
                ("CLIENT_ID", "id"),
                ("CLIENT_SECRET", "top-secret"),
                ("APP_ZITADEL__CONNECT_TO", "https://10.0.0.7"),
                ("HTTPS_PROXY", "http://10.0.0.8:3128"),
            ],
            "NO_PROXY",
        ),
    ] {
        let (status, _, stderr) = run(&[], environment);
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.starts_with("app: ") && stderr.contains(expected), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(!stderr.contains("top-secret"));
    }
}

#[test]
fn an_unknown_argument_exits_with_2_and_help_and_version_with_0() {
    for arguments in [&["sreve"][..], &["--listen"], &["serve", "x"]] {
        let (status, _, stderr) = run(arguments, &[]);
        assert_eq!(status, Some(2));
        assert!(stderr.contains("Usage"), "{stderr}");
    }
    assert_eq!(run(&["--help"], &[]).0, Some(0));
    let (status, stdout, _) = run(&["--version"], &[]);
    assert_eq!((status, stdout.trim_end()), (Some(0), version().as_str()));
}

/// Returns the expected output of `app --version`, with the commit's id if git finds one.
fn version() -> String {
    let version = concat!("app ", env!("CARGO_PKG_VERSION"));
    let git = |argument| {
        let git = Command::new("git").args(["rev-parse", argument, "HEAD"]).output().ok()?;
        git.status.success().then(|| String::from_utf8(git.stdout).unwrap())
    };
    // A copy unpacked inside another repository has no commit of its own.
    let is_ours = git("--show-prefix").is_some_and(|prefix| prefix.starts_with("app/\n"));
    match git("--short").filter(|_| is_ours) {
        Some(commit) => format!("{version} ({})", commit.trim_end()),
        None => version.to_owned(),
    }
}

#[test]
fn a_request_that_outlives_the_grace_is_cut_off_counted_and_exits_with_1() {
    let (zitadel, domain) = stalled_zitadel();
    let app = App::start(&[], &with_zitadel(&domain, "1ms"));
    let address = app.address();
    let mut request = ask(&address, "/api/private", "a");
    let _asked = accept(&zitadel);
    app.signal("TERM");
    assert_eq!(request.read_to_string(&mut String::new()).unwrap_or_default(), 0);
    let (status, log) = app.end();
    assert_eq!(status.code(), Some(1));
    assert!(log.contains("cut_off=1"), "{log}");
}

#[test]
fn removing_a_role_from_the_token_file_shows_at_the_next_request() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tokens.toml");
    let write = |roles: &str| {
        std::fs::write(&file, format!("[[token]]\ntoken = \"t\"\nroles = {{ {roles} }}")).unwrap();
    };
    write("\"read:messages\" = [\"local\"]");
    let app = App::start(&[], &[("APP_FAKE__TOKENS", file.to_str().unwrap())]);
    let address = app.address();
    assert!(answer(&address, "/api/private-scoped", "t").starts_with("HTTP/1.1 200"));
    write("");
    let denied = answer(&address, "/api/private-scoped", "t");
    assert!(denied.contains("insufficient_scope"), "{denied}");
    app.signal("TERM");
    app.end();
}
