//! The API under test.

use app::{Config, Routes, Running, Stopped, start};
use reqwest::{Client, RequestBuilder, redirect};
use tempfile::TempDir;

use crate::{Answer, Environment, routes};

/// A started API, and a client for it.
#[derive(Debug)]
pub struct Api {
    running: Running,
    client: Client,
    _directory: TempDir,
}

impl Api {
    /// Starts the API as it is.
    pub async fn start(environment: Environment) -> Self {
        Self::start_with(environment, routes()).await
    }

    /// Starts an API with other routes.
    ///
    /// # Panics
    /// When it does not start.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn start_with(environment: Environment, routes: Routes) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Config::read(environment.into_variables(), directory.path())
            .expect("a configuration that is right");
        let running = start(config, routes).await.expect("a start");
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        let client = client.build().expect("a client");
        Self { running, client, _directory: directory }
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.local_address())
    }

    /// The address that the API listens on.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        self.running.local_address()
    }

    /// `GET` from the listener for operators.
    ///
    /// # Panics
    /// When there is none, or no answer.
    pub async fn admin(&self, path: &str) -> Answer {
        self.send(self.client.get(self.admin_url(path))).await
    }

    /// Returns the sum of the counters whose lines in `/metrics` begin so; 0 where there is none.
    ///
    /// # Panics
    /// As [`admin`](Self::admin), and when a value is no whole number.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn count(&self, series: &str) -> u64 {
        let text = self.admin("/metrics").await.text;
        let of_series = text.lines().filter_map(|line| line.strip_prefix(series)?.rsplit_once(' '));
        of_series.map(|(_, value)| value.parse::<u64>().expect("a number")).sum()
    }

    /// The URL of a path of the listener for operators.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub fn admin_url(&self, path: &str) -> String {
        let address = self.running.admin_address().expect("a listener for operators");
        format!("http://{address}{path}")
    }

    /// The URL of a path of the listener for webhooks.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub fn webhook_url(&self, path: &str) -> String {
        let address = self.running.webhook_address().expect("a listener for webhooks");
        format!("http://{address}{path}")
    }

    /// `GET`, with an access token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(self.client.get(self.url(path)).bearer_auth(token)).await
    }

    /// `GET`, without an access token.
    pub async fn get_without_token(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path))).await
    }

    /// Any request, made by [`Api::client`].
    ///
    /// # Panics
    /// When there is no answer.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// The client, which follows no redirect.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Has the files of the credentials read again, as SIGHUP does, and waits until they have been.
    ///
    /// # Panics
    /// When there are none.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn read_credentials_again(&self) {
        self.running.read_credentials_again().expect("credentials in files").await;
    }

    /// Stops the API.
    pub async fn stop(self) -> Stopped {
        self.running.stop().await
    }
}
