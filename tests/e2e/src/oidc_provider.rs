//! npm's `oidc-provider`, with ZITADEL's role claim and its audience by scope.
//! `oidc-provider/README.md` describes the protocol.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{Environment, npm::npm_ci};

/// Requests received, by endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Authorization endpoint.
    pub authorization: u64,
    /// Token endpoint.
    pub token: u64,
    /// Registration endpoint.
    pub registration: u64,
}

/// Server as a child process; it ends when its standard input closes.
#[derive(Debug)]
pub struct OidcProvider {
    about: Value,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    process: Child,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc-provider")
}

#[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
impl OidcProvider {
    /// Starts the server.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the server with options.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_with(options: &[&str]) -> Self {
        static INSTALLED: OnceLock<()> = OnceLock::new();
        INSTALLED.get_or_init(|| npm_ci(&directory()));
        let mut process = Command::new("node")
            .arg("server.mjs")
            .args(options)
            .current_dir(directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let stdin = process.stdin.take().expect("its input");
        let stdout = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut provider = Self { about: Value::Null, stdin, stdout, process };
        provider.about = provider.read().await;
        provider
    }

    async fn read(&mut self) -> Value {
        let line = self.stdout.next_line().await.expect("its output").expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Returns a text of the server's first line.
    ///
    /// # Panics
    /// If there is none with that name.
    #[must_use]
    pub fn about(&self, name: &str) -> &str {
        text(&self.about, name)
    }

    /// Returns the environment of an API that uses this server.
    #[must_use]
    pub fn environment(&self) -> Environment {
        Environment::default()
            .with("ZITADEL_DOMAIN", self.about("issuer"))
            .with("CLIENT_ID", self.about("client_id"))
            .with("CLIENT_SECRET", self.about("client_secret"))
    }

    /// Posts a form as a service client, and returns the response body.
    ///
    /// # Panics
    /// If the response is not a success.
    pub async fn post(&self, endpoint: &str, client: &str, form: &[(&str, &str)]) -> Value {
        let client = self.about.get(client).expect("a service client");
        let (id, secret) = (text(client, "client_id"), text(client, "client_secret"));
        let http = Client::builder().no_proxy().build().expect("a client");
        let request = http.post(self.about(endpoint)).basic_auth(id, Some(secret)).form(form);
        let response = request.send().await.expect("an answer");
        assert!(response.status().is_success(), "{endpoint}: {response:?}");
        serde_json::from_slice(&response.bytes().await.expect("a body")).unwrap_or_default()
    }

    /// Returns an access token of a service client.
    ///
    /// # Panics
    /// As [`post`](Self::post).
    pub async fn token(&self, client: &str) -> String {
        let form = [("grant_type", "client_credentials")];
        let answer = self.post("token_endpoint", client, &form).await;
        text(&answer, "access_token").to_owned()
    }

    /// Sends a command and returns its result.
    async fn command(&mut self, command: Value) -> Value {
        self.stdin.write_all(format!("{command}\n").as_bytes()).await.expect("its input");
        let answer = self.read().await;
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer
    }

    /// Revokes all roles of a person or a service client.
    ///
    /// # Panics
    /// If there are none.
    pub async fn ungrant(&mut self, id: &str) {
        self.command(json!({ "ungrant": id })).await;
    }

    /// Sets a person's roles.
    pub async fn grant(&mut self, id: &str, roles: &[&str]) {
        self.command(json!({ "grant": id, "roles": roles })).await;
    }

    /// Signs a person in.
    pub async fn sign_in(&mut self, id: &str) {
        self.command(json!({ "sign_in": id })).await;
    }

    /// Revokes a person's access tokens.
    pub async fn revoke_access_tokens(&mut self, id: &str) {
        self.command(json!({ "revoke": id, "only_access_tokens": true })).await;
    }

    /// Revokes a person's access and refresh tokens.
    pub async fn revoke(&mut self, id: &str) {
        self.command(json!({ "revoke": id })).await;
    }

    /// Returns the requests received so far.
    ///
    /// # Panics
    /// If the response has no counts.
    pub async fn counts(&mut self) -> Counts {
        let answer = self.command(json!({ "count": true })).await;
        let count = |endpoint: &str| {
            let count = answer.get("counts").and_then(|counts| counts.get(endpoint));
            count.and_then(Value::as_u64).expect("a count")
        };
        Counts {
            authorization: count("authorization"),
            token: count("token"),
            registration: count("registration"),
        }
    }

    /// Ends the server.
    ///
    /// # Panics
    /// If waiting for its end fails.
    pub async fn stop(mut self) {
        drop(self.stdin);
        self.process.wait().await.expect("its end");
    }
}

#[expect(clippy::panic, reason = "a test that cannot go on says so by panicking")]
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{name} is not in {value}"))
}
