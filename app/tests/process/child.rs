//! Test helper that runs the program under test (the app) as a child process.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::built::example;

fn app() -> PathBuf {
    example("three_routes")
}

/// Maximum time that a test waits for output of the app.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Program under test as a child process, in an empty directory and with only this environment.
pub(crate) struct App {
    pub(crate) child: Child,
    pub(crate) stdout: Receiver<String>,
    _directory: TempDir,
}

/// Runs the app to its end, and returns exit status, standard output and standard error.
pub(crate) fn run(
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    run_command(Command::new(app()).args(arguments), environment)
}

/// Runs the app to its end from a shell, after the shell command `shell`.
pub(crate) fn run_after(
    shell: &str,
    environment: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    run_command(&mut after(shell), environment)
}

fn after(shell: &str) -> Command {
    let script = format!("{shell}; exec \"$0\"");
    let mut command = Command::new("/bin/sh");
    command.args([OsStr::new("-c"), OsStr::new(&script), app().as_os_str()]);
    command
}

fn run_command(
    command: &mut Command,
    environment: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let directory = tempfile::tempdir().unwrap();
    alone(command, directory.path(), environment);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn alone(command: &mut Command, directory: &Path, environment: &[(&str, &str)]) {
    command
        .env_clear()
        .env("APP_SERVER__LISTEN", "127.0.0.1:0")
        .envs(environment.iter().copied())
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

impl App {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(Command::new(app()).args(arguments), environment)
    }

    /// Starts the app from a shell, after the shell command `shell`. The app replaces the shell in
    /// the same process.
    pub(crate) fn start_after(shell: &str, environment: &[(&str, &str)]) -> Self {
        Self::spawn(&mut after(shell), environment)
    }

    fn spawn(command: &mut Command, environment: &[(&str, &str)]) -> Self {
        let mut app = Self::spawn_unread(command, environment);
        let lines = BufReader::new(app.child.stdout.take().unwrap()).lines();
        let (sender, stdout) = channel();
        thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line + "\n")).ok()
        });
        app.stdout = stdout;
        app
    }

    pub(crate) fn start_unread(environment: &[(&str, &str)]) -> Self {
        Self::spawn_unread(&mut Command::new(app()), environment)
    }

    fn spawn_unread(command: &mut Command, environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        alone(command, directory.path(), environment);
        let child = command.spawn().unwrap();
        Self { child, stdout: channel().1, _directory: directory }
    }

    /// Reads standard output up to the line that contains `expected`.
    pub(crate) fn wait_for(&self, expected: &str) -> String {
        let mut read = String::new();
        while !read.contains(expected) {
            match self.stdout.recv_timeout(PATIENCE) {
                Ok(line) => read += &line,
                Err(error) => panic!("{error}; {expected:?} is not in:\n{read}"),
            }
        }
        read
    }

    pub(crate) fn address(&self) -> String {
        let banner = self.wait_for("Listening on http://");
        banner.trim_end().rsplit("http://").next().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub(crate) fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Waits for the end of the app, and returns exit status and the rest of standard output.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        while let Ok(line) = self.stdout.recv_timeout(PATIENCE) {
            rest += &line;
        }
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The app has ended already if the test passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
