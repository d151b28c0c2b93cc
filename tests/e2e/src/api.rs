//! The API under test.

use app::{Config, Routes, Running, Stopped, start};
use reqwest::{Client, RequestBuilder, redirect};
use tempfile::TempDir;

use crate::{Answer, Environment, routes};

/// Started API with a client.
#[derive(Debug)]
pub struct Api {
    running: Running,
    client: Client,
    _directory: TempDir,
}

impl Api {
    /// Starts the API with the test routes.
    pub async fn start(environment: Environment) -> Self {
        Self::start_with(environment, routes()).await
    }

    /// Starts the API with other routes.
    ///
    /// # Panics
    /// If it does not start.
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

    /// Returns the URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.local_address())
    }

    /// Returns the API's address.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        self.running.local_address()
    }

    /// Sends `GET` to the operators' listener.
    ///
    /// # Panics
    /// If there is no such listener, or no response.
    pub async fn admin(&self, path: &str) -> Answer {
        self.send(self.client.get(self.admin_url(path))).await
    }

    /// Returns the sum of the counters in `/metrics` whose lines begin with this text, or 0.
    ///
    /// # Panics
    /// As [`admin`](Self::admin), and if a value is not a whole number.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn count(&self, series: &str) -> u64 {
        let text = self.admin("/metrics").await.text;
        let of_series = text.lines().filter_map(|line| line.strip_prefix(series)?.rsplit_once(' '));
        of_series.map(|(_, value)| value.parse::<u64>().expect("a number")).sum()
    }

    /// Returns the URL of a path at the operators' listener.
    ///
    /// # Panics
    /// If there is no such listener.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub fn admin_url(&self, path: &str) -> String {
        let address = self.running.admin_address().expect("a listener for operators");
        format!("http://{address}{path}")
    }

    /// Returns the URL of a path at the webhook listener.
    ///
    /// # Panics
    /// If there is no such listener.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub fn webhook_url(&self, path: &str) -> String {
        let address = self.running.webhook_address().expect("a listener for webhooks");
        format!("http://{address}{path}")
    }

    /// Sends `GET` with an access token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(self.client.get(self.url(path)).bearer_auth(token)).await
    }

    /// Sends `GET` without an access token.
    pub async fn get_without_token(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path))).await
    }

    /// Sends a request made by [`Api::client`].
    ///
    /// # Panics
    /// If there is no response.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Returns a client that follows no redirects.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the API read its credential files again, as SIGHUP does, and waits for that.
    ///
    /// # Panics
    /// If there are none.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn read_credentials_again(&self) {
        self.running.read_credentials_again().expect("credentials in files").await;
    }

    /// Stops the API.
    pub async fn stop(self) -> Stopped {
        self.running.stop().await
    }
}
