//! What stands before every guarded handler: it reads the token, has it judged, logs a refusal
//! once, and answers.

use std::sync::Arc;

use axum::{
    extract::MatchedPath,
    http::{Extensions, HeaderMap, Method},
};
use domain::{Authorizer, Denial, Permit, Refusal, Rule};
use tracing::info;

use super::{bearer, error::ApiError, fault_log::FaultLog};
use crate::config::Auth;

/// The guard of all guarded routes of one API.
#[derive(Debug)]
pub(crate) struct Guard {
    authorizer: Authorizer,
    auth: Arc<Auth>,
    what_inactive_means: String,
    faults: FaultLog,
}

impl Guard {
    /// `what_inactive_means` is for the log of whoever wonders why a token is called inactive.
    pub(crate) fn new(authorizer: Authorizer, auth: Auth, what_inactive_means: String) -> Self {
        Self { authorizer, auth: Arc::new(auth), what_inactive_means, faults: FaultLog::default() }
    }

    /// Lets the request in by the rule `R`, or says why not.
    pub(crate) async fn admit<R: Rule>(
        &self,
        method: &Method,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Permit<R>, ApiError> {
        let admitted = self.authorize(headers).await;
        if let Err(refusal) = &admitted {
            let route = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
            self.log(refusal, method, route);
        }
        admitted
    }

    async fn authorize<R: Rule>(&self, headers: &HeaderMap) -> Result<Permit<R>, ApiError> {
        let token = bearer::access_token(headers)
            .map_err(|error| ApiError::Bearer { error, auth: Arc::clone(&self.auth) })?;
        self.authorizer.authorize(&token).await.map_err(|refusal| match refusal {
            Refusal::Denied(denial) => ApiError::Denied { denial, auth: Arc::clone(&self.auth) },
            Refusal::Undetermined(fault) => ApiError::Undetermined(fault),
        })
    }

    fn log(&self, refusal: &ApiError, method: &Method, route: &str) {
        let reason = refusal.reason().as_str();
        match refusal {
            ApiError::Denied { denial: denial @ Denial::Inactive, .. } => info!(
                %method, route, reason,
                "denied: {denial}; it means, most likely first: {}", self.what_inactive_means,
            ),
            ApiError::Denied { denial, .. } => {
                info!(%method, route, reason, "denied: {denial}");
            }
            ApiError::Bearer { error, .. } => {
                info!(%method, route, reason, "denied: {error}");
            }
            ApiError::Undetermined(fault) => self.faults.log(method, route, fault),
            ApiError::NotFound
            | ApiError::MethodNotAllowed
            | ApiError::Unreadable { .. }
            | ApiError::Internal => {}
        }
    }
}
