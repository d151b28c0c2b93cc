//! Sends single requests to ZITADEL's event API. The text of an error response is never repeated:
//! it may hold SQL and host names.

use std::{fmt, sync::Arc, time::Duration};

use domain::{AccessToken, IntrospectionError, Outage, Silence};
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    super::{
        OwnToken,
        fault::{FaultSource, UNKNOWN_INSTANCE},
        generation::{Generation, Generations},
        pace::{Lane, Pace, retry_after},
        response,
    },
    event::Event,
    wire::{self, Search},
};

/// Maximum length, in bytes, of a successful response that is read. A page of 1 000 events has some
/// MB.
const MAX_LENGTH: usize = 16 * 1024 * 1024;
/// Maximum length, in bytes, of an error response that is read.
const MAX_REFUSAL: usize = 64 * 1024;

pub(super) struct Caller {
    pub(super) generations: Arc<Generations>,
    pub(super) pace: Arc<Pace>,
    pub(super) token: Arc<OwnToken>,
}

/// Failed request to the event API.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) silence: Silence,
    /// Kind of outage that made the request fail; `None` if ZITADEL was available.
    pub(super) outage: Option<Outage>,
    pub(super) retry_after: Option<Duration>,
}

/// Error status (401, 403 or 404) by which ZITADEL probably refuses to let this API's token read
/// the event log.
#[derive(Clone, Copy, Debug, Error)]
enum Refused {
    #[error("status 401: ZITADEL refuses the reader's token, or its database has a fault")]
    Token,
    #[error("status 403: the reader may not read the event log, or ZITADEL's database has a fault")]
    Forbidden,
    #[error("status 404, membership not found: the reader has no role at the instance")]
    NotAllowed,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("generations", &self.generations).finish_non_exhaustive()
    }
}

impl Caller {
    pub(super) async fn search(
        &self,
        search: &Search<'_>,
        deadline: Instant,
    ) -> Result<Vec<Event>, Fault> {
        let body = serde_json::to_vec(search).map_err(|error| Fault::new("unsendable", error))?;
        let answer = self.call("/admin/v1/events/_search", body, deadline).await?;
        wire::events(&answer).map_err(|error| Fault::new(IntrospectionError::MALFORMED, error))
    }

    pub(super) async fn event_types(&self, deadline: Instant) -> Result<Vec<String>, Fault> {
        let answer = self.call("/admin/v1/events/types/_search", b"{}".to_vec(), deadline).await?;
        wire::event_types(&answer).map_err(|error| Fault::new(IntrospectionError::MALFORMED, error))
    }

    async fn call(&self, path: &str, body: Vec<u8>, deadline: Instant) -> Result<Vec<u8>, Fault> {
        let token = self.token.current();
        let generation = self.generations.current();
        let before = generation.begin();
        let answer = timeout_at(deadline, self.post(&generation, path, &token, body))
            .await
            .unwrap_or_else(|_| Err(FaultSource::Timeout.unavailable(Outage::TimedOut).into()));
        let outage = answer.as_ref().err().and_then(|fault| fault.outage);
        self.generations.heed_outage(&generation, before, outage);
        answer
    }

    async fn post(
        &self,
        generation: &Generation,
        path: &str,
        token: &AccessToken<'_>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let http = self.generations.http(generation).await?;
        let request = http
            .request(Method::POST, self.url(path))
            .bearer_auth(token.expose_secret())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        let sent = self.pace.admit(Lane::Own)?;
        let response = response::send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        // A 429 slows only the polls of the event log; introspection may have another limit.
        if status != StatusCode::TOO_MANY_REQUESTS {
            self.pace.note(sent, status, &headers);
        }
        if status == StatusCode::OK {
            return Ok(response::read_at_most(MAX_LENGTH, response).await?);
        }
        let body = response::body(response, MAX_REFUSAL).await.unwrap_or_default();
        Err(Fault { retry_after: retry_after(&headers), ..refused(status, &body) })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.generations.domain().url().clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url
    }
}

impl Fault {
    pub(super) fn new(
        reason: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        let silence = Silence { reason, source: Arc::new(source) };
        Self { silence, outage: None, retry_after: None }
    }
}

impl From<IntrospectionError> for Fault {
    fn from(error: IntrospectionError) -> Self {
        let reason = error.reason();
        let (outage, source) = match error {
            IntrospectionError::Unavailable { reason, source } => (Some(reason), source),
            IntrospectionError::ClientRefused { source }
            | IntrospectionError::Misconfigured { source, .. }
            | IntrospectionError::Malformed { source }
            | IntrospectionError::Unwitnessed { source } => (None, source),
        };
        Self { silence: Silence { reason, source }, outage, retry_after: None }
    }
}

/// Returns the error for a response with a `status` other than 200, by its likely cause. No status
/// proves that this API's token may not read the event log: ZITADEL sends 401, 403 and 404 for
/// faults of its database, too.
fn refused(status: StatusCode, body: &[u8]) -> Fault {
    let has = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    match status {
        StatusCode::UNAUTHORIZED => Fault::new("token_refused", Refused::Token),
        StatusCode::FORBIDDEN => Fault::new("forbidden", Refused::Forbidden),
        StatusCode::NOT_FOUND if has(b"membership not found") => {
            Fault::new("not_allowed", Refused::NotAllowed)
        }
        StatusCode::NOT_FOUND if body.starts_with(UNKNOWN_INSTANCE) => {
            Fault::new("unknown_instance", FaultSource::UnknownInstance)
        }
        StatusCode::TOO_MANY_REQUESTS => {
            FaultSource::Status(status).unavailable(Outage::RateLimited).into()
        }
        _ if status.is_server_error() => {
            FaultSource::Status(status).unavailable(Outage::ServerError).into()
        }
        _ if status.is_redirection() => Fault::new("redirected", FaultSource::Status(status)),
        _ => Fault::new("unexpected_status", FaultSource::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_a_word_and_no_text_of_the_server_is_repeated() {
        let membership = r#"{"code":5,"message":"membership not found (AUTHZ-cdgFk)"}"#;
        for (status, body, reason) in [
            (401, r#"{"code":16,"message":"Errors.Token.Invalid"}"#, "token_refused"),
            (403, "Organisation doesn't exist", "forbidden"),
            (404, membership, "not_allowed"),
            (404, "unable to set instance using origin", "unknown_instance"),
            (404, "Not Found", "unexpected_status"),
            (429, "", "rate_limited"),
            (500, r#"{"code":2,"message":"ERROR: relation projects"}"#, "server_error"),
            (503, "", "server_error"),
            (302, "", "redirected"),
            (201, "{}", "unexpected_status"),
            (204, "", "unexpected_status"),
            (400, r#"{"code":3}"#, "unexpected_status"),
        ] {
            let silence = refused(StatusCode::from_u16(status).unwrap(), body.as_bytes()).silence;
            assert_eq!(silence.reason, reason, "{status} {body}");
            let told = format!("{silence} {:?} {}", silence.source, silence.source);
            for secret in ["AUTHZ", "relation", "Errors", "origin"] {
                assert!(!told.contains(secret), "{told}");
            }
        }
    }
}
