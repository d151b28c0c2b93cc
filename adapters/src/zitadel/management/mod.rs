//! Client of ZITADEL's management API (v1, REST), which reads and creates objects as an
//! administrator. A request is repeated only after a 429: otherwise a repetition might create a
//! second object.

mod actions;
mod answers;
mod applications;
mod error;
mod instance;
mod native_applications;
mod projects;
mod users;

use std::{fmt, sync::Arc, time::Duration};

use domain::AccessToken;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

pub use self::{
    actions::{ActionTarget, EventCondition, Execution},
    answers::{
        Application, ApplicationKind, Grant, Key, NativeApplication, NewApplication, NewKey,
        NewToken, Organization, PersonalAccessToken, Project, User, UserKind,
    },
    error::{Lost, ManagementError, Refusal},
};
use super::{
    ConnectTo, HttpClientError, IssuerUrl, RootCertificates,
    http_client::{HttpClient, Names, Route},
    pace::{Pace, retry_after},
    response,
};
use crate::decorators::KnownShare;
use error::of_status;

/// Maximum length, in bytes, of a response that is read. A page of 100 entries has some 100 kB.
const MAX_LENGTH: usize = 4 * 1024 * 1024;
/// Time limit of one request, during which ZITADEL may wait for other writes to its database.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Number of entries requested per page of a list.
const PAGE: usize = 100;
const MAX_PAGES: usize = 100;
/// Maximum number of times that a call is sent if it gets a 429.
const TRIES: u32 = 6;
/// Pause after the first 429 without `Retry-After`, doubled after each further one.
const PAUSE: Duration = Duration::from_secs(1);
/// Maximum pause between two tries, even if `Retry-After` is longer.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Address of a ZITADEL instance, and the administrator who calls it.
#[derive(Debug)]
pub struct ManagementSettings {
    /// URL of the instance.
    pub domain: IssuerUrl,
    /// Origin to connect to instead of the domain's, if any.
    pub connect_to: Option<ConnectTo>,
    /// Certificates to trust besides the system's.
    pub root_certificates: Option<RootCertificates>,
    /// Access token of the administrator.
    pub token: AccessToken<'static>,
    /// Id of the organization to act in; `None` for the administrator's own.
    pub organization: Option<String>,
}

/// Client of one instance's management API, for one administrator.
pub struct Management {
    http: HttpClient,
    domain: IssuerUrl,
    token: AccessToken<'static>,
    organization: Option<String>,
}

/// Shows the domain, not the token.
impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl Management {
    /// Creates a client for the instance and administrator in `settings`. Nothing is sent yet.
    ///
    /// # Errors
    /// When no HTTP client can be made from the settings.
    pub fn new(settings: ManagementSettings) -> Result<Self, HttpClientError> {
        let ManagementSettings { domain, connect_to, root_certificates, token, organization } =
            settings;
        let route = Route {
            domain: domain.clone(),
            endpoint: None,
            connect_to,
            timeout: TIMEOUT,
            trace_parent: || None,
            pace: Arc::new(Pace::new(None, KnownShare::default())),
            names: Names::of_the_system(),
        };
        let pem = root_certificates.as_ref().map(|roots| &*roots.pem);
        let http = route.client_that_never_resends(pem)?;
        Ok(Self { http, domain, token, organization })
    }

    async fn get(&self, path: &str) -> Result<Value, ManagementError> {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, ManagementError> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Result<Value, ManagementError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Result<(), ManagementError> {
        self.call(Method::DELETE, path, None).await.map(drop)
    }

    async fn search(&self, path: &str, queries: &Value) -> Result<Vec<Value>, ManagementError> {
        let body = |offset: usize| {
            json!({
                "query": { "offset": offset.to_string(), "limit": PAGE },
                "queries": queries,
            })
        };
        self.pages(path, "result", body).await
    }

    /// Reads all entries of the list at `path`, page by page. `body` makes the request body for the
    /// page at an offset; `member` is the list's name in a response.
    async fn pages(
        &self,
        path: &str,
        member: &str,
        body: impl Fn(usize) -> Value,
    ) -> Result<Vec<Value>, ManagementError> {
        let mut found = Vec::new();
        for page in 0..MAX_PAGES {
            let mut answer = self.post(path, &body(page * PAGE)).await?;
            let entries = match answer.get_mut(member).map(Value::take) {
                Some(Value::Array(entries)) => entries,
                // ZITADEL leaves out an empty list.
                _ => Vec::new(),
            };
            let is_last = entries.len() < PAGE;
            found.extend(entries);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Sends a management API call, repeated only after a 429, and returns the response's JSON.
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ManagementError> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.send(method.clone(), path, body).await {
                Err(ManagementError::RateLimited { retry_after, .. }) => {
                    sleep(retry_after.unwrap_or(pause).min(MAX_PAUSE)).await;
                    pause *= 2;
                }
                answer => return answer,
            }
        }
        self.send(method, path, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ManagementError> {
        let call = format!("{method} {path}");
        let lost = |why| ManagementError::Lost { call: call.clone(), why };
        let mut url = self.domain.url().clone();
        url.set_path(path);
        if url.path() != path {
            return Err(ManagementError::Path { call });
        }
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(organization) = &self.organization {
            request = request.header("x-zitadel-orgid", organization);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let exchange = async {
            let response = response::send(request).await.map_err(|error| lost(Lost::of(error)))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response::body(response, MAX_LENGTH).await;
            let body = body.map_err(|error| lost(Lost::of(error)))?;
            if status == StatusCode::OK {
                return serde_json::from_slice(&body)
                    .map_err(|_| ManagementError::Malformed { call: call.clone() });
            }
            if status == StatusCode::TOO_MANY_REQUESTS {
                let retry_after = retry_after(&headers);
                return Err(ManagementError::RateLimited { call: call.clone(), retry_after });
            }
            Err(of_status(&call, status, &body))
        };
        timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(lost(Lost::TimedOut)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_that_a_url_would_change_is_never_sent() {
        let management = Management::new(ManagementSettings {
            domain: "http://127.0.0.1:1".parse().unwrap(),
            connect_to: None,
            root_certificates: None,
            token: AccessToken::parse("token").unwrap().into_owned(),
            organization: None,
        });
        let management = management.unwrap();
        for key in ["..", "."] {
            let error = management.remove_role("1", key).await.unwrap_err();
            assert!(matches!(error, ManagementError::Path { .. }), "{error}");
        }
        let error = management.remove_application("1/../2", "3").await.unwrap_err();
        assert!(matches!(error, ManagementError::Path { .. }), "{error}");
        let error = management.remove_role("1", "a/b c").await.unwrap_err();
        assert!(matches!(error, ManagementError::Lost { .. }), "{error}");
    }
}
