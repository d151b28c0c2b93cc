//! Extractor that proves to a handler that the caller is authorized.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use axum::http::HeaderMap;
use domain::{Denial, Permit, Rule};
use serde::de::DeserializeOwned;

use super::{Ended, Visit, opened::SharedEnd};
use crate::answer::{Outcome, Rejection};

/// Proof that the caller met the rule `R`: an extractor that rejects the requests of other callers.
///
/// Put this first among a handler's arguments: the others are then read only for an authorized
/// caller. The handler must be in a router with [`Guard::layer`](crate::Guard::layer) or in a table
/// of [`Routes`](crate::Routes); otherwise every request is answered 500.
///
/// `Option<Authorized<R>>` is `None` for a request without a token; a bad token, or a token that
/// does not meet the rule, is still rejected. With `Result<Authorized<R>, Rejection>` the handler
/// responds to rejected requests itself.
///
/// Two rules in one request cause one introspection, unless only the second needs
/// [`Freshness::Asked`](domain::Freshness::Asked).
pub struct Authorized<R> {
    permit: Permit<R>,
    visit: Option<Arc<Visit>>,
    /// Future that resolves when the permit ends, shared by all calls of `ended`.
    end: OnceLock<SharedEnd>,
}

impl<R: Rule> Authorized<R> {
    pub(super) fn new(permit: Permit<R>, visit: Arc<Visit>) -> Self {
        Self { permit, visit: Some(visit), end: OnceLock::new() }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn without_request(permit: Permit<R>) -> Self {
        Self { permit, visit: None, end: OnceLock::new() }
    }

    /// Returns the permit, for code that takes `&Permit<R>` as its proof.
    #[must_use]
    pub fn permit(&self) -> &Permit<R> {
        &self.permit
    }

    /// Returns a rejection for a handler that finds out, after the rule was met, that the caller
    /// may not access the requested record.
    ///
    /// The rejection looks and counts like that of an unmet rule. `why` is logged, but not sent.
    #[must_use]
    pub fn deny(&self, why: impl Into<Cow<'static, str>>) -> Rejection {
        let outcome = Outcome::Denied(Denial::ByHandler { why: why.into() });
        match &self.visit {
            Some(visit) => visit.refuse(&outcome, Some(R::POLICY)),
            None => Rejection::without_guard(&outcome),
        }
    }

    /// Waits until this permit ends: at the token's `exp`, when a change at the authorization
    /// server revokes the permit, after
    /// [`GuardBuilder::max_stream`](crate::GuardBuilder::max_stream), or at
    /// [`Guard::stop`](crate::Guard::stop).
    ///
    /// Use this for work that outlives the request: an event stream or a spawned task. A refresh of
    /// the session does not end the permit. Within a guarded service the permit ends no later than
    /// the service's permit. Changes are noticed only with
    /// [`GuardBuilder::watch`](crate::GuardBuilder::watch); the first call in a handler then causes
    /// one more introspection. A permit made for a test never ends.
    ///
    /// Cancel-safe.
    pub async fn ended(&self) -> Ended {
        match &self.visit {
            Some(visit) => {
                let end = || visit.permit_end(R::POLICY, self.permit.token());
                self.end.get_or_init(end).clone().await
            }
            None => std::future::pending().await,
        }
    }

    /// Returns the claim `name` of the introspection response; `None` without such a claim.
    ///
    /// Claims beyond those of [`Principal`](domain::Principal) are kept only if the introspector is
    /// configured with their names (`zitadel.claims`).
    ///
    /// # Errors
    /// When the claim is not a `T`. The error may repeat the claim's value, usually personal data.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.permit.principal().claim(name).map(serde_json::from_str).transpose()
    }
}

impl<R> Deref for Authorized<R> {
    type Target = Permit<R>;

    fn deref(&self) -> &Permit<R> {
        &self.permit
    }
}

impl<R> fmt::Debug for Authorized<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorized").field(&self.permit).finish()
    }
}

/// Type of a handler's first argument behind a rule: `Authorized<R>`, or an `Option` of it. Created
/// from the request's state (`Visit`).
pub(crate) trait Admitted: Sized + Send {
    fn admit(
        visit: &Arc<Visit>,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

impl<R: Rule> Admitted for Authorized<R> {
    async fn admit(visit: &Arc<Visit>, headers: &HeaderMap) -> Result<Self, Rejection> {
        Ok(Self::new(visit.admit(headers).await?, Arc::clone(visit)))
    }
}

impl<R: Rule> Admitted for Option<Authorized<R>> {
    async fn admit(visit: &Arc<Visit>, headers: &HeaderMap) -> Result<Self, Rejection> {
        let permit = visit.admit_if_shown(headers).await?;
        Ok(permit.map(|permit| Authorized::new(permit, Arc::clone(visit))))
    }
}
