//! What stands before every guarded handler: it reads the token, has it judged, logs a refusal
//! once, and answers.

use std::sync::Arc;

use axum::{extract::MatchedPath, http::request::Parts};
use domain::{Authorizer, Denial, IntrospectionError, Permit, Refusal, Rule};
use tracing::{error, info, warn};

use super::{bearer, error::ApiError};
use crate::config::Auth;

/// The guard of all guarded routes of one API.
#[derive(Debug)]
pub(crate) struct Guard {
    authorizer: Authorizer,
    auth: Arc<Auth>,
    what_inactive_means: String,
}

impl Guard {
    /// `what_inactive_means` is for the log of whoever wonders why a token is called inactive.
    pub(crate) fn new(authorizer: Authorizer, auth: Auth, what_inactive_means: String) -> Self {
        Self { authorizer, auth: Arc::new(auth), what_inactive_means }
    }

    /// Lets the request in by the rule `R`, or says why not.
    pub(crate) async fn admit<R: Rule>(&self, parts: &Parts) -> Result<Permit<R>, ApiError> {
        let admitted = self.authorize(parts).await;
        if let Err(refusal) = &admitted {
            self.log(refusal, parts);
        }
        admitted
    }

    async fn authorize<R: Rule>(&self, parts: &Parts) -> Result<Permit<R>, ApiError> {
        let token = bearer::access_token(&parts.headers)
            .map_err(|error| ApiError::Bearer { error, auth: Arc::clone(&self.auth) })?;
        self.authorizer.authorize(&token).await.map_err(|refusal| match refusal {
            Refusal::Denied(denial) => ApiError::Denied { denial, auth: Arc::clone(&self.auth) },
            Refusal::Undetermined(fault) => ApiError::Undetermined(fault),
        })
    }

    fn log(&self, refusal: &ApiError, parts: &Parts) {
        let method = &parts.method;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match refusal {
            ApiError::Denied { denial: denial @ Denial::Inactive, .. } => info!(
                %method, route, reason = denial.reason(),
                "denied: {denial}; it means, most likely first: {}", self.what_inactive_means,
            ),
            ApiError::Denied { denial, .. } => {
                info!(%method, route, reason = denial.reason(), "denied: {denial}");
            }
            ApiError::Bearer { error, .. } => {
                info!(%method, route, reason = error.reason(), "denied: {error}");
            }
            ApiError::Undetermined(fault) => {
                let (reason, cause) = (fault.reason(), chain(fault));
                match fault {
                    IntrospectionError::Unavailable { .. } => warn!(
                        %method, route, reason, cause,
                        "no verdict: {fault}; it may pass by itself, and if it lasts the cause says where to look",
                    ),
                    IntrospectionError::ClientRefused { .. } => error!(
                        %method, route, reason, cause,
                        "no verdict: {fault}; the operator must act: check client id, secret or \
                         key, and whether the API application, its project and its organization \
                         are active",
                    ),
                    IntrospectionError::Misconfigured { .. } => error!(
                        %method, route, reason, cause,
                        "no verdict: {fault}; the operator must act: check zitadel.domain and what \
                         stands between here and there",
                    ),
                    IntrospectionError::Malformed { .. } => error!(
                        %method, route, reason, cause,
                        "no verdict: {fault}; a bug there or here, or somebody in between",
                    ),
                }
            }
            ApiError::NotFound
            | ApiError::MethodNotAllowed
            | ApiError::Unreadable { .. }
            | ApiError::Internal => {}
        }
    }
}

/// What lies behind a fault, outermost first.
fn chain(fault: &IntrospectionError) -> String {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(fault);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes.dedup();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use domain::Outage;
    use thiserror::Error;

    use super::*;

    /// A fault with another one behind it.
    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Behind(&'static str, #[source] io::Error);

    fn cause(source: Behind) -> String {
        chain(&IntrospectionError::Unavailable {
            reason: Outage::Unreachable,
            source: Arc::new(source),
        })
    }

    #[test]
    fn the_cause_is_all_that_lies_behind_a_fault_outermost_first() {
        let refused = io::Error::other("connection refused");
        assert_eq!(cause(Behind("cannot connect", refused)), "cannot connect: connection refused");
    }

    #[test]
    fn a_cause_that_only_repeats_the_one_before_is_said_once() {
        let same = io::Error::other("the claim exp has the wrong type");
        assert_eq!(
            cause(Behind("the claim exp has the wrong type", same)),
            "the claim exp has the wrong type"
        );
    }
}
