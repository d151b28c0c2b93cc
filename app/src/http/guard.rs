//! What stands before every guarded handler: it reads the token, and has it judged.

use std::sync::Arc;

use axum::http::HeaderMap;
use domain::{Authorizer, Permit, Refusal, Rule};

use super::{bearer, error::ApiError, observation::LetIn};
use crate::config::Auth;

/// The guard of all guarded routes of one API.
#[derive(Debug)]
pub(crate) struct Guard {
    authorizer: Authorizer,
    auth: Arc<Auth>,
    /// Whether those who are let in are named to those who watch.
    tells_subjects: bool,
}

impl Guard {
    pub(crate) fn new(authorizer: Authorizer, auth: Auth, tells_subjects: bool) -> Self {
        Self { authorizer, auth: Arc::new(auth), tells_subjects }
    }

    /// Lets the request in by the rule `R`, or says why not.
    pub(crate) async fn admit<R: Rule>(&self, headers: &HeaderMap) -> Result<Permit<R>, ApiError> {
        let token = bearer::access_token(headers)
            .map_err(|error| ApiError::Bearer { error, auth: Arc::clone(&self.auth) })?;
        self.authorizer.authorize(&token).await.map_err(|refusal| match refusal {
            Refusal::Denied(denial) => ApiError::Denied { denial, auth: Arc::clone(&self.auth) },
            Refusal::Undetermined(fault) => ApiError::Undetermined(fault),
        })
    }

    /// Who was let in, where that is to be told.
    pub(super) fn let_in<R: Rule>(&self, permit: &Permit<R>) -> Option<LetIn> {
        if self.tells_subjects { permit.principal().subject.clone().map(LetIn) } else { None }
    }
}
