//! `app explain` at a terminal: it prompts for the token, and does not echo it.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use crate::run::command;

/// Types `line` at the prompt of `app explain`, in a terminal that `script` creates. Returns the
/// exit status, and everything that the terminal displayed.
fn typed(line: &str) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let app = command(directory.path(), &Vec::new());
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command"])
        .arg(format!("tty; exec {} explain", app.get_program().to_str().unwrap()))
        .arg("/dev/null")
        .current_dir(directory.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(script.stdout.take().unwrap());
    let mut terminal = String::new();
    shown.read_line(&mut terminal).unwrap();
    let mut text = Vec::new();
    shown.read_until(b':', &mut text).unwrap();
    // Echo is turned off right after the prompt.
    while is_echoing(terminal.trim()) {
        assert_eq!(script.try_wait().unwrap(), None, "{}", String::from_utf8_lossy(&text));
    }
    let mut keyboard = script.stdin.take().unwrap();
    keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    shown.read_to_end(&mut text).unwrap();
    drop(keyboard);
    (script.wait().unwrap().code(), String::from_utf8_lossy(&text).into_owned())
}

fn is_echoing(terminal: &str) -> bool {
    let stty = Command::new("stty").args(["-a", "-F", terminal]).output().unwrap();
    !String::from_utf8(stty.stdout).unwrap().contains(" -echo ")
}

#[test]
fn a_token_is_asked_for_and_not_shown() {
    let (status, shown) = typed("dev-no-role-but-unknown");
    assert_eq!(status, Some(1), "{shown}");
    assert!(shown.contains("Access token (not shown): "), "{shown}");
    assert!(shown.contains("Verdict:  inactive"), "{shown}");
    assert!(!shown.contains("dev-no-role-but-unknown"), "{shown}");
}

// A terminal truncates a line at 4095 characters, so half a token would be explained.
#[test]
fn a_long_token_can_be_pasted() {
    let (status, shown) = typed(&"a".repeat(5000));
    assert_eq!(status, Some(1), "{shown}");
    assert!(shown.contains("Token:    of 5000 characters"), "{shown}");
    assert!(!shown.contains("aaaaaaaa"), "{shown}");
}
