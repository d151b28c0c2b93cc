//! Tests of the files that the program reads, at its start or later: endless files, pipes, and
//! secrets given as a path by mistake.

use std::{fs, path::Path, process::Command, thread};

use super::{
    answer,
    child::{App, run},
};

/// Settings for an app that uses ZITADEL, without credentials, which each test adds.
const ZITADEL: [(&str, &str); 2] =
    [("ZITADEL_DOMAIN", "http://127.0.0.1:1"), ("CLIENT_ID", "340000000000000010")];

fn fifo(directory: &Path, name: &str) -> String {
    let path = directory.join(name).to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Asserts that a start is refused with exit status 2 and one line, and returns the line.
fn refused(environment: &[(&str, &str)]) -> String {
    let (status, _, stderr) = run(&[], environment);
    assert_eq!((status, stderr.lines().count()), (Some(2), 1), "{stderr}");
    stderr
}

#[test]
fn an_endless_file_ends_the_start_and_takes_no_memory() {
    for (setting, environment) in [
        ("zitadel.client_secret_file", &[("APP_ZITADEL__CLIENT_SECRET_FILE", "/dev/zero")][..]),
        ("zitadel.key_file", &[("KEY_FILE", "/dev/zero")]),
        (
            "zitadel.ca_file",
            &[("APP_ZITADEL__CA_FILE", "/dev/zero"), ("CLIENT_SECRET", "top-secret")],
        ),
    ] {
        let line = refused(&[&ZITADEL[..], environment].concat());
        assert!(line.contains(setting) && line.contains("longer than 1 MiB"), "{line}");
    }
    for (name, environment) in [
        ("fake.tokens", [("APP_FAKE__TOKENS", "/dev/zero")]),
        ("/dev/zero", [("APP_CONFIG", "/dev/zero")]),
    ] {
        let line = refused(&environment);
        assert!(line.contains(name) && line.contains("longer than 1 MiB"), "{line}");
    }
}

#[test]
fn a_pipe_that_ends_works_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = fifo(directory.path(), "tokens");
    let config = fifo(directory.path(), "config");
    thread::scope(|scope| {
        scope.spawn(|| fs::write(&tokens, "[[token]]\ntoken = \"piped\"").unwrap());
        scope.spawn(|| fs::write(&config, "[auth]\nrealm = \"piped\"").unwrap());
        let app = App::start(&[], &[("APP_FAKE__TOKENS", &tokens), ("APP_CONFIG", &config)]);
        let answer = answer(&app.address(), "/api/private", "");
        assert!(answer.contains("realm=\"piped\""), "{answer}");
    });
}

#[test]
fn a_file_that_hangs_later_is_warned_of_and_delays_no_request_for_long() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.toml");
    fs::write(&path, "[[token]]\ntoken = \"a\"").unwrap();
    let app = App::start(&[], &[("APP_FAKE__TOKENS", path.to_str().unwrap())]);
    let address = app.address();
    assert!(answer(&address, "/api/private", "a").starts_with("HTTP/1.1 200"));
    fs::remove_file(&path).unwrap();
    fifo(directory.path(), "tokens.toml");
    // Without a time limit, each request would wait for ever.
    for _ in 0..100 {
        assert!(answer(&address, "/api/private", "a").starts_with("HTTP/1.1 200"));
    }
    app.wait_for("the local tokens stay as they were");
}

#[test]
fn a_secret_in_the_place_of_a_path_is_on_no_output() {
    const KEY: &str = r#"{"type":"application","keyId":"1","key":"top-secret","clientId":"1"}"#;
    for (variable, value) in [
        ("KEY_FILE", KEY),
        ("KEY_FILE", "top-secret"),
        ("APP_ZITADEL__CLIENT_SECRET_FILE", "top-secret"),
        ("APP_ZITADEL__CLIENT_SECRET_FILE", "/top-secret"),
        ("APP_CONFIG", "top-secret"),
    ] {
        for command in [&[][..], &["check"], &["explain"]] {
            let environment = [&ZITADEL[..], &[(variable, value)]].concat();
            let (status, stdout, stderr) = run(command, &environment);
            assert_eq!((status, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1));
            assert!(stderr.contains("does not look like the path of a file"), "{stderr}");
            assert!(!stderr.contains("top-secret"), "{stderr}");
        }
    }
}
