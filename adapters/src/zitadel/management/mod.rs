//! Calls ZITADEL's management API (v1, REST) as an administrator: to read what is there and to
//! create what this API needs. Each request is sent once, for a second one may create a second thing.

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
    ConnectTo, Domain, HttpClientError, RootCertificates,
    http_client::{HttpClient, Names, Route},
    pace::{Pace, retry_after},
    response,
    root_certificates::CurrentRoots,
};
use crate::decorators::KnownShare;
use error::of_status;

/// Longest answer that is read, in bytes: a page of 100 entries has some 100 kB.
const MAX_LENGTH: usize = 4 * 1024 * 1024;
/// Time for one call. A write of ZITADEL's may wait for others.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Entries of a page.
const PAGE: usize = 100;
/// Pages of one list that are read at most.
const MAX_PAGES: usize = 100;
/// Tries of a call that ZITADEL has no room for, and the pause after the first one.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Where ZITADEL is, and who calls it.
#[derive(Debug)]
pub struct ManagementSettings {
    /// The instance.
    pub domain: Domain,
    /// Another origin to connect to.
    pub connect_to: Option<ConnectTo>,
    /// Certificates to trust besides the system's.
    pub root_certificates: Option<RootCertificates>,
    /// The administrator's token.
    pub token: AccessToken<'static>,
    /// The organization to act in; the administrator's own where it is `None`.
    pub organization: Option<String>,
}

/// Calls the management API of one instance as one administrator.
pub struct Management {
    http: HttpClient,
    domain: Domain,
    token: AccessToken<'static>,
    organization: Option<String>,
}

/// Shows no token.
impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl Management {
    /// Prepares the client. Nothing is asked yet.
    ///
    /// # Errors
    /// When no HTTP client can be made that does what the settings say.
    pub fn new(settings: ManagementSettings) -> Result<Self, HttpClientError> {
        let ManagementSettings { domain, connect_to, root_certificates, token, organization } =
            settings;
        let roots = root_certificates.map(CurrentRoots::from);
        let route = Route {
            domain: domain.clone(),
            endpoint: None,
            connect_to,
            timeout: TIMEOUT,
            trace_parent: || None,
            pace: Arc::new(Pace::new(None, KnownShare::default())),
            names: Names::of_the_system(),
        };
        let http = route.client_that_never_resends(roots.map(|roots| roots.pem()).as_deref())?;
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

    /// Reads a list of which `queries` select the entries.
    async fn search(&self, path: &str, queries: &Value) -> Result<Vec<Value>, ManagementError> {
        let body = |offset: usize| {
            json!({
                "query": { "offset": offset.to_string(), "limit": PAGE },
                "queries": queries,
            })
        };
        self.pages(path, "result", body).await
    }

    /// Reads a list page by page: `body` asks for the page that begins at an offset, and `member` of the
    /// answer has its entries.
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
                // ZITADEL leaves the member out of an empty answer.
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

    /// Sends one call, and sends it again only where ZITADEL says that it did not take it (429).
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
