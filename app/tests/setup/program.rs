//! Test helper that starts the program under test with the files that `setup` wrote.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use tokio::time::{Instant, sleep};
use zitadel_double::ZitadelDouble;

use crate::{built::example, directory::Directory};

/// Maximum time that a test waits for the program to start, or for a change to take effect.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Program {
    process: Child,
    address: String,
    /// Lines that the program printed before the line with its address.
    said: Vec<String>,
}

/// Returns the command that runs the program with only the settings in the directory.
pub(crate) fn command(directory: &Directory, arguments: &[&str]) -> Command {
    let mut command = Command::new(example("three_routes"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(directory.path(""))
        .args(arguments)
        .stdin(Stdio::null());
    command
}

impl Program {
    pub(crate) fn start(directory: &Directory, variables: &[(&str, &str)]) -> Self {
        let mut process = command(directory, &[])
            .env("APP_SERVER__LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            // Lines are read to the end, even after the receiver is gone.
            output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let mut said = Vec::new();
        let address = loop {
            let line = lines.recv_timeout(PATIENCE).unwrap();
            if let Some((_, address)) = line.split_once("Listening on http://") {
                break address.to_owned();
            }
            said.push(line);
        };
        Self { process, address, said }
    }

    pub(crate) fn webhook_address(&self) -> String {
        let mut lines = self.said.iter();
        let found =
            lines.find_map(|line| line.split_once("listening for ZITADEL's webhook address="));
        found.unwrap().1.to_owned()
    }

    pub(crate) async fn status(&self, path: &str, token: &str) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("http://{}{path}", self.address)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    /// Repeats a request until its response has the expected status.
    pub(crate) async fn becomes(&self, path: &str, token: &str, expected: u16) {
        let begun = Instant::now();
        loop {
            let status = self.status(path, token).await;
            if status == expected {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} is still answered with {status}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Repeats a request until the program answers it from its cache, without an introspection.
    pub(crate) async fn reuses(&self, double: &ZitadelDouble, path: &str, token: &str) {
        let begun = Instant::now();
        loop {
            let before = double.introspections();
            assert_eq!(self.status(path, token).await, 200);
            if double.introspections() == before {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no answer is reused");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
