//! The program, whose printed text can be pasted.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::resource_server::{basic, http, send, with_json};

/// Running program, with its output up to the end of the introduction.
struct Program {
    child: Child,
    output: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zitadel-double"))
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        // From here on, its drop ends the process.
        let mut program = Self { child, output: String::new() };
        for line in BufReader::new(output).lines().map(Result::unwrap) {
            program.output.push_str(&line);
            program.output.push('\n');
            if line.starts_with("# Ctrl-C") {
                return program;
            }
        }
        panic!("it ended: {}", program.output);
    }

    /// Returns the value of `NAME = "value"` or `NAME='value'`.
    fn value(&self, name: &str) -> &str {
        let values = self.output.lines().filter_map(|line| line.strip_prefix(name));
        let mut values = values.filter_map(|rest| rest.trim_start().strip_prefix('='));
        let value = values.next().unwrap_or_else(|| panic!("no {name} in {}", self.output));
        value.trim().trim_matches(['"', '\''])
    }

    async fn introspect(&self, token: &str) -> Value {
        let url = format!("{}/oauth/v2/introspect", self.value("ZITADEL_DOMAIN"));
        let credentials = basic(self.value("CLIENT_ID"), self.value("CLIENT_SECRET"));
        let request = http().post(url).header("authorization", credentials);
        send(request.form(&[("token", token)])).await.json()
    }

    /// Ends it by SIGTERM; returns exit status and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        let mut complaints = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        (self.child.wait().unwrap().code(), complaints)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_printed_credentials_and_tokens_work() {
    let program = Program::start(&[]);
    let claim = "urn:zitadel:iam:org:project:roles";
    let reader = program.introspect(program.value("READER")).await;
    assert!(reader[claim]["read:messages"].is_object(), "{reader}");
    let no_role = program.introspect(program.value("NO_ROLE")).await;
    assert_eq!((&no_role["active"], no_role.get(claim)), (&Value::Bool(true), None));
    for name in ["REVOKED", "FOREIGN"] {
        assert_eq!(program.introspect(program.value(name)).await["active"], false, "{name}");
    }
}

#[tokio::test]
async fn an_option_makes_tokens_of_the_newer_form() {
    let program = Program::start(&["--tokens", "jwe"]);
    let reader = program.value("READER");
    assert_eq!(reader.split('.').count(), 5, "{reader}");
    assert_eq!(program.introspect(reader).await["active"], true);
    let program = Program::start(&["--tokens", "legacy"]);
    assert_eq!(program.value("READER").len(), 71);
}

#[tokio::test]
async fn the_printed_control_lines_work_in_a_shell() {
    let program = Program::start(&[]);
    let reader = program.value("READER").to_owned();
    let lines: Vec<&str> = program.output.lines().filter(|l| l.starts_with("curl ")).collect();
    assert!(lines.len() >= 6, "{lines:?}");
    for line in lines {
        let mut shell = Command::new("sh");
        let run = shell.args(["-c", &format!("{line} -sS --fail --noproxy '*'")]);
        let output = run.env("READER", &reader).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }
    assert_eq!(program.introspect(&reader).await["active"], false);
}

#[tokio::test]
async fn a_key_file_is_written_and_named_in_place_of_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let program = Program::start(&["--key-file", path.to_str().unwrap()]);
    assert_eq!(program.value("KEY_FILE"), path.to_str().unwrap());
    assert!(!program.output.contains("CLIENT_SECRET"));
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["type"], "application");
}

#[tokio::test]
async fn the_key_file_is_for_its_owner_alone_even_where_there_was_one_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let _program = Program::start(&["--key-file", path.to_str().unwrap()]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_administrators_token_is_written_for_its_owner_alone_with_a_line_feed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.pat");
    let program = Program::start(&["--admin-token-file", path.to_str().unwrap()]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let file = std::fs::read_to_string(&path).unwrap();
    let token = file.strip_suffix('\n').unwrap();
    assert!(!program.output.contains(token));
    let url = format!("{}/management/v1/orgs/me", program.value("ZITADEL_DOMAIN"));
    assert_eq!(send(http().get(url).bearer_auth(token)).await.status, 200);
    // The double leaves the set-up page's user names unused.
    let url = format!("{}/management/v1/users/machine", program.value("ZITADEL_DOMAIN"));
    let body = json!({ "userName": "reader", "name": "Reader" });
    let added = with_json(http().post(url).bearer_auth(token), &body);
    assert_eq!(send(added).await.status, 200);
}

// An interactive zsh runs `#` as a command and globs unquoted text.
#[test]
fn the_printed_tokens_can_be_pasted_into_any_shell() {
    let program = Program::start(&[]);
    let block = program.output.split("\n\n").find(|block| block.starts_with("READER=")).unwrap();
    let lines: Vec<_> = block.trim().lines().collect();
    assert_eq!(lines.len(), 4);
    for line in lines {
        let (name, value) = line.split_once('=').unwrap();
        let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        assert_eq!(value, Some(program.value(name)), "{line}");
        assert!(value.is_some_and(|value| !value.contains('\'')), "{line}");
    }
}

#[tokio::test]
async fn it_ends_on_sigterm_and_has_told_what_broke_a_rule() {
    let program = Program::start(&[]);
    let url = format!("{}/nowhere", program.value("ZITADEL_DOMAIN"));
    assert_eq!(send(http().get(url)).await.status, 404);
    let (status, complaints) = program.end();
    assert_eq!(status, Some(0), "{complaints}");
    assert!(complaints.contains("no such path: /nowhere"), "{complaints}");
}

#[test]
fn a_taken_port_ends_it_with_a_line_that_names_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--listen", "--control"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zitadel-double"));
        let other = if option == "--listen" { "--control" } else { "--listen" };
        let output = command.args([option, &address, other, "127.0.0.1:0"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(&address) && complaint.contains(option), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}
