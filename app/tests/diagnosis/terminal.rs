//! Tests of `app explain` at a terminal: it prompts for the token without echo.
#![cfg(target_os = "linux")]

use std::process::Command;

use crate::{pseudo_terminal::answered, run::command};

/// Types `line` at the prompt of `app explain`. Returns the exit status, and all text that the
/// terminal displayed.
fn typed(line: &str) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut explain = command(directory.path(), &Vec::new());
    // Echo is turned off right after the prompt.
    answered(explain.arg("explain"), b':', |terminal| !is_echoing(terminal), line)
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

// In line mode, a terminal cuts a line at 4095 characters: half a token would be explained.
#[test]
fn a_long_token_can_be_pasted() {
    let (status, shown) = typed(&"a".repeat(5000));
    assert_eq!(status, Some(1), "{shown}");
    assert!(shown.contains("Token:    of 5000 characters"), "{shown}");
    assert!(!shown.contains("aaaaaaaa"), "{shown}");
}
