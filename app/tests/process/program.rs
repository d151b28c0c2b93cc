//! Tests of the example `messages`, a program that uses `app` as a library.

use std::{
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use crate::built::example;

/// Runs the example `messages` to its end, with `input` on standard input.
fn run(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, input).unwrap();
    Command::new(example("messages"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(directory.path())
        .stdin(Stdio::from(std::fs::File::open(&token).unwrap()))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn a_program_calls_itself_by_its_own_name() {
    let help = run(&["--help"], &[], "");
    for expected in ["messages explain < token.txt", "messages check --format json", "serve"] {
        assert!(text(&help.stdout).contains(expected), "{}", text(&help.stdout));
    }
    assert!(text(&run(&["--version"], &[], "").stdout).starts_with("messages 0."));
    let empty = run(&["explain"], &[], "");
    let expected = "messages: there is no token on standard input: pipe it in, as in: messages \
                    explain < token.txt\n";
    assert_eq!((empty.status.code(), text(&empty.stderr)), (Some(2), expected));
}

#[test]
fn explain_knows_the_routes_and_the_tokens_of_the_program() {
    let explained = run(&["explain"], &[], "dev-reader");
    assert_eq!(explained.status.code(), Some(0));
    for expected in ["open  GET    /api/messages/{id}", "shut  POST   /api/messages/{id}"] {
        assert!(text(&explained.stdout).contains(expected), "{}", text(&explained.stdout));
    }
}

#[test]
fn a_program_reads_variables_of_its_own_and_leaves_others_alone() {
    let checked = run(&["check"], &[("APP_SERVER__LISTN", "x"), ("MESSAGES_ENV", "test")], "");
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    let misspelled = run(&["check"], &[("MESSAGES_SERVER__LISTN", "x")], "");
    assert_eq!(misspelled.status.code(), Some(2));
    let expected = "messages: MESSAGES_SERVER__LISTN in the environment is no setting";
    assert!(text(&misspelled.stderr).starts_with(expected), "{}", text(&misspelled.stderr));
    assert!(text(&misspelled.stderr).contains("did you mean MESSAGES_SERVER__LISTEN?"));
}

#[test]
fn a_taken_port_is_told_with_the_variable_of_the_program() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&[], &[("MESSAGES_SERVER__LISTEN", &address)], "");
    assert_eq!(ended.status.code(), Some(2));
    let expected = "choose another port, as with MESSAGES_SERVER__LISTEN=127.0.0.1:5001";
    assert!(text(&ended.stderr).contains(expected), "{}", text(&ended.stderr));
}
