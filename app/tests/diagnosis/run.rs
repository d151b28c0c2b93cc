//! Test helper that runs the program under test (the app) to its end.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use zitadel_double::ZitadelDouble;

use crate::built::example;

/// Value of `zitadel.timeout`: far longer than any response takes.
const PATIENCE: &str = "60s";

pub(crate) type Environment = Vec<(&'static str, String)>;

pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Parses standard output as JSON. Asserts that `docs/` names each of its fields, and each
    /// fixed value, such as a reason.
    pub(crate) fn json(&self) -> Value {
        let json = serde_json::from_str(&self.stdout).unwrap();
        assert_documented(&json);
        json
    }
}

fn assert_documented(json: &Value) {
    let pages =
        [include_str!("../../../docs/diagnosis.md"), include_str!("../../../docs/outcomes.md")];
    let assert_named = |word: &str| {
        let named = format!("`{word}`");
        assert!(pages.iter().any(|page| page.contains(&named)), "no page has {word}");
    };
    match json {
        Value::Array(values) => values.iter().for_each(assert_documented),
        Value::Object(members) => {
            for (name, value) in members {
                assert_named(name);
                let is_word = ["step", "outcome", "reason", "verdict", "certainty", "cause"]
                    .contains(&&**name);
                if let Some(word) = value.as_str().filter(|_| is_word) {
                    assert_named(word);
                }
                assert_documented(value);
            }
        }
        _ => {}
    }
}

/// Returns the environment for an app that introspects at the double with `client_secret_basic`.
pub(crate) fn basic(double: &ZitadelDouble) -> Environment {
    vec![
        ("ZITADEL_DOMAIN", double.issuer().to_owned()),
        ("CLIENT_ID", double.client_id().to_string()),
        ("CLIENT_SECRET", double.client_secret()),
        ("APP_ZITADEL__PROJECT_ID", double.project_id().to_string()),
        ("APP_ZITADEL__TIMEOUT", PATIENCE.to_owned()),
    ]
}

/// Returns the environment for an app that introspects at a server other than the double.
pub(crate) fn at(domain: &str) -> Environment {
    vec![
        ("ZITADEL_DOMAIN", domain.to_owned()),
        ("CLIENT_ID", "340000000000000010".to_owned()),
        ("CLIENT_SECRET", "top-secret".to_owned()),
        ("APP_ZITADEL__TIMEOUT", PATIENCE.to_owned()),
    ]
}

pub(crate) fn with(
    mut environment: Environment,
    name: &'static str,
    value: impl Into<String>,
) -> Environment {
    environment.retain(|(other, _)| *other != name);
    environment.push((name, value.into()));
    environment
}

/// Runs the app in an empty directory with only this environment, and the token `input` on standard
/// input. Asserts that the output shows neither the client secret nor this token, unless it is one
/// of the fake (`dev-…`), which is no secret.
pub(crate) fn run(arguments: &[&str], environment: &Environment, input: &str) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    let mut child = command(directory.path(), environment)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Writing fails if the app ends without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ended = Ended {
        status: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    for (name, value) in environment {
        if *name == "CLIENT_SECRET" {
            assert_hidden(&ended, value);
        }
    }
    if !input.starts_with("dev-") {
        input.trim().split('.').for_each(|part| assert_hidden(&ended, part));
    }
    ended
}

pub(crate) fn command(directory: &Path, environment: &Environment) -> Command {
    let mut command = Command::new(example("three_routes"));
    command.env_clear().envs(environment.iter().cloned()).current_dir(directory);
    command
}

#[track_caller]
fn assert_hidden(ended: &Ended, secret: &str) {
    let shown = [&ended.stdout, &ended.stderr].iter().any(|text| text.contains(secret));
    assert!(secret.len() < 8 || !shown, "{}{}", ended.stdout, ended.stderr);
}

/// Returns the app's standard output, with `ADDRESS` and `PORT` in place of the double's address
/// and port.
pub(crate) fn said(ended: &Ended, double: &ZitadelDouble) -> String {
    let port = double.addr().port().to_string();
    ended.stdout.replace(&double.addr().to_string(), "ADDRESS").replace(&port, "PORT")
}
