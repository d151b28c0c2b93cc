//! `oidc-provider` of the npm registry, with introspection and ZITADEL's role claim. Its protocol
//! is in `oidc-provider/README.md`.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use reqwest::Client;
use serde_json::{Value, json};
use tests::{Api, Environment};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

/// The server as a child process; it ends with its standard input.
struct OidcProvider {
    about: Value,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("oidc-provider")
}

/// Installs the packages of the lock file, once.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let npm = Command::new("npm").args(["ci", "--silent"]).current_dir(directory()).status();
        assert!(npm.is_ok_and(|status| status.success()), "npm ci failed: is npm installed?");
    });
}

impl OidcProvider {
    async fn start() -> Self {
        install();
        let mut process = tokio::process::Command::new("node")
            .arg("server.mjs")
            .current_dir(directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut provider = Self { about: Value::Null, stdin, stdout, _process: process };
        provider.about = provider.read().await;
        provider
    }

    async fn read(&mut self) -> Value {
        let line = self.stdout.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn text<'a>(value: &'a Value, name: &str) -> &'a str {
        value[name].as_str().unwrap_or_else(|| panic!("{name} is not in {value}"))
    }

    fn environment(&self) -> Environment {
        Environment::default()
            .with("ZITADEL_DOMAIN", Self::text(&self.about, "issuer"))
            .with("CLIENT_ID", Self::text(&self.about, "client_id"))
            .with("CLIENT_SECRET", Self::text(&self.about, "client_secret"))
    }

    /// Posts a form as one of the service clients, and gives the body of the answer.
    async fn post(&self, endpoint: &str, client: &str, form: &[(&str, &str)]) -> Value {
        let client = &self.about[client];
        let (id, secret) = (Self::text(client, "client_id"), Self::text(client, "client_secret"));
        let url = Self::text(&self.about, endpoint);
        let http = Client::builder().no_proxy().build().unwrap();
        let request = http.post(url).basic_auth(id, Some(secret)).form(form);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{endpoint}: {response:?}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default()
    }

    async fn token(&self, client: &str) -> String {
        let form = [("grant_type", "client_credentials")];
        let answer = self.post("token_endpoint", client, &form).await;
        Self::text(&answer, "access_token").to_owned()
    }

    async fn ungrant(&mut self, client: &str) {
        let command = json!({ "ungrant": self.about[client]["client_id"] });
        self.stdin.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let answer = self.read().await;
        assert!(answer["error"].is_null(), "{answer}");
    }
}

#[tokio::test]
async fn the_walk_through_works_with_oidc_provider() {
    let mut provider = OidcProvider::start().await;
    let api = Api::start(provider.environment()).await;
    let (reader, no_role) = (provider.token("reader").await, provider.token("no_role").await);

    assert_eq!(api.get_without_token("/api/public").await.status, 200);
    assert_eq!(api.get_without_token("/api/private").await.code(), "missing_token");
    assert_eq!(api.get("/api/private", "unknown").await.code(), "invalid_token");
    for token in [&reader, &no_role] {
        assert_eq!(api.get("/api/private", token).await.status, 200);
    }
    assert_eq!(api.get("/api/private-scoped", &reader).await.status, 200);
    let denied = api.get("/api/private-scoped", &no_role).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (401, "insufficient_scope"));

    provider.ungrant("reader").await;
    let denied = api.get("/api/private-scoped", &reader).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (401, "insufficient_scope"));

    provider.post("revocation_endpoint", "reader", &[("token", &reader)]).await;
    assert_eq!(api.get("/api/private", &reader).await.code(), "invalid_token");
}

#[tokio::test]
async fn a_wrong_client_secret_is_503_with_oidc_provider() {
    let provider = OidcProvider::start().await;
    let api = Api::start(provider.environment().with("CLIENT_SECRET", "another")).await;
    let token = provider.token("reader").await;
    let answer = api.get("/api/private", &token).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "introspection_unavailable"));
}

#[tokio::test]
async fn oidc_provider_going_away_is_503() {
    let provider = OidcProvider::start().await;
    let token = provider.token("reader").await;
    let api = Api::start(provider.environment()).await;
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    let OidcProvider { stdin, _process: mut process, .. } = provider;
    drop(stdin);
    process.wait().await.unwrap();
    assert_eq!(api.get("/api/private", &token).await.status, 503);
}
