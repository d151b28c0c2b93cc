//! The server under test, with its administrator's access.

use std::path::Path;

use reqwest::{Client, redirect};
use zitadel_double::ZitadelDouble;

use crate::exchange::{Answer, Request};
use crate::form::Strictness;
use crate::{Error, Secret};

/// Variable with the origin of a real server.
pub const DOMAIN: &str = "LIVE_ZITADEL_DOMAIN";
/// Variable with the file of its administrator's personal access token.
pub const TOKEN_FILE: &str = "LIVE_ZITADEL_ADMIN_TOKEN_FILE";

/// A ZITADEL server, real or double.
#[derive(Debug)]
pub struct Server<'a> {
    client: Client,
    /// Origin of connections.
    origin: String,
    /// Host and port in requests.
    host: String,
    issuer: String,
    administrator: Secret,
    double: Option<&'a ZitadelDouble>,
}

impl<'a> Server<'a> {
    /// Uses the double under any issuer.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn double(double: &'a ZitadelDouble) -> Result<Self, Error> {
        let origin = format!("http://{}", double.addr());
        Self::new(origin, double.issuer(), double.administrator(), Some(double))
    }

    /// Uses the real server that the environment names; `None` if it names none.
    ///
    /// # Errors
    /// If one variable is missing, or a value is unusable.
    pub fn of_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Error> {
        let [domain, file] = [DOMAIN, TOKEN_FILE].map(|name| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        });
        let wrong = |text: String| Err(Error::Environment(text));
        let (domain, file) = match (domain, file) {
            (None, None) => return Ok(None),
            (Some(_), None) => return wrong(format!("{DOMAIN} is set, {TOKEN_FILE} is not")),
            (None, Some(_)) => return wrong(format!("{TOKEN_FILE} is set, {DOMAIN} is not")),
            (Some(domain), Some(file)) => (domain, file),
        };
        let issuer = domain.trim_end_matches('/');
        if !(issuer.starts_with("https://") || issuer.starts_with("http://")) {
            return wrong(format!("{DOMAIN} is no origin such as https://auth.example.com"));
        }
        let token = match std::fs::read_to_string(Path::new(&file)) {
            Ok(text) => text.trim().to_owned(),
            Err(error) => return wrong(format!("{TOKEN_FILE}: {file} cannot be read: {error}")),
        };
        if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
            return wrong(format!("{TOKEN_FILE}: {file} does not hold one token"));
        }
        Self::new(issuer.to_owned(), issuer, token, None).map(Some)
    }

    fn new(
        origin: String,
        issuer: &str,
        administrator: String,
        double: Option<&'a ZitadelDouble>,
    ) -> Result<Self, Error> {
        let client = Client::builder().redirect(redirect::Policy::none()).http1_only();
        let client = if double.is_some() { client.no_proxy() } else { client };
        let no_client = |source| Error::NoAnswer { call: "the HTTP client".to_owned(), source };
        let host = issuer.split_once("://").map_or(issuer, |(_, host)| host).to_owned();
        Ok(Self {
            client: client.build().map_err(no_client)?,
            origin,
            host,
            issuer: issuer.to_owned(),
            administrator: Secret::new(administrator),
            double,
        })
    }

    /// Returns the issuer, without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn administrator(&self) -> &str {
        self.administrator.reveal()
    }

    /// Returns the double's library, for changes beyond HTTP.
    pub(crate) fn library(&self) -> Result<&'a ZitadelDouble, Error> {
        self.double.ok_or(Error::DoubleOnly)
    }

    pub(crate) fn is_double(&self) -> bool {
        self.double.is_some()
    }

    pub(crate) fn strictness(&self) -> Strictness {
        if self.is_double() { Strictness::Exact } else { Strictness::Tolerant }
    }

    /// Sends a request; errors contain its path only.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let path = request.path.split('?').next().unwrap_or_default();
        let call = format!("{} {path}", request.method);
        let no_answer = |source: reqwest::Error| Error::NoAnswer {
            call: call.clone(),
            source: source.without_url(),
        };
        let method = request.method.parse().map_err(|_| Error::Case(call.clone()))?;
        let mut builder = self
            .client
            .request(method, format!("{}{}", self.origin, request.path))
            .header("Host", request.host.as_deref().unwrap_or(&self.host))
            .timeout(request.timeout);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let header =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
        let headers = response.headers().iter().map(header).collect();
        let body = response.text().await.map_err(no_answer)?;
        Ok(Answer { status, headers, body })
    }
}
