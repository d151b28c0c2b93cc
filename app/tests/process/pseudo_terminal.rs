//! Test helper that runs a program at a terminal.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    iter,
    process::{Command, Stdio},
};

/// Runs a command at a terminal, waits for its prompt, and types `line`. Returns the exit status
/// and all text that the terminal showed.
///
/// The prompt is complete once the byte `prompt_end` (such as `:`) was printed and `is_ready`,
/// called with the terminal's path, is true.
pub(crate) fn answered(
    command: &Command,
    prompt_end: u8,
    is_ready: impl Fn(&str) -> bool,
    line: &str,
) -> (Option<i32>, String) {
    let words = iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command"])
        .arg(format!("tty; exec {}", words.join(" ")))
        .arg("/dev/null")
        .current_dir(command.get_current_dir().unwrap())
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
    shown.read_until(prompt_end, &mut text).unwrap();
    while !is_ready(terminal.trim()) {
        assert_eq!(script.try_wait().unwrap(), None, "{}", String::from_utf8_lossy(&text));
    }
    let mut keyboard = script.stdin.take().unwrap();
    keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    shown.read_to_end(&mut text).unwrap();
    drop(keyboard);
    let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
    (script.wait().unwrap().code(), text)
}
