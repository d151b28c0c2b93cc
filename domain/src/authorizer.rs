//! The only code that turns an access token into a permit.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use thiserror::Error;

use crate::{
    AccessToken, ActiveToken, Audience, Clock, Denial, Freshness, Introspection,
    IntrospectionError, Issuer, KeptVerdicts, Missing, OrganizationId, Permit, Policy, Principal,
    Rule, TokenIntrospector,
};

/// Decides whether an access token meets a rule.
///
/// Each verdict is judged anew for each request, even a cached one.
pub struct Authorizer {
    introspector: Arc<dyn TokenIntrospector>,
    kept: Option<Arc<dyn KeptVerdicts>>,
    clock: Arc<dyn Clock>,
    requirements: Requirements,
}

/// Requirements that every token must meet, whatever the rule. A token without a required claim is
/// denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Issuer that the token must name; `None` accepts any.
    pub issuer: Option<Issuer>,
    /// Accepted audiences, of which the token must have one; an empty list accepts any.
    pub audiences: Vec<Audience>,
    /// Accepted organizations of the user; an empty list accepts any.
    pub organizations: Vec<OrganizationId>,
    /// Tolerated lag of this machine's clock behind the authorization server's. It applies to
    /// `nbf`, never to `exp`.
    pub leeway: Duration,
}

/// Reason why a request got no permit: a denial, or no verdict.
#[derive(Clone, Debug, Error)]
pub enum Refusal {
    /// The verdict does not meet the rule.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No verdict on the token was obtained.
    #[error(transparent)]
    Undetermined(#[from] IntrospectionError),
}

impl Authorizer {
    /// Creates an authorizer that obtains each verdict from `introspector`, without a cache, and
    /// compares `exp` and `nbf` with `clock`.
    #[must_use]
    pub fn new(
        introspector: Arc<dyn TokenIntrospector>,
        clock: Arc<dyn Clock>,
        requirements: Requirements,
    ) -> Self {
        Self { introspector, kept: None, clock, requirements }
    }

    /// Sets the cache of verdicts, if any. Rules that demand [`Freshness::Asked`] do not use it.
    #[must_use]
    pub fn kept(self, kept: Option<Arc<dyn KeptVerdicts>>) -> Self {
        Self { kept, ..self }
    }

    /// Returns a permit if `token` meets the rule `R`.
    ///
    /// Cancel-safe: a dropped call leaves nothing behind.
    ///
    /// # Errors
    /// [`Refusal::Denied`] when the token does not meet the rule or the requirements;
    /// [`Refusal::Undetermined`] when no verdict was obtained.
    pub async fn authorize<R: Rule>(&self, token: &AccessToken<'_>) -> Result<Permit<R>, Refusal> {
        if R::FRESHNESS == Freshness::Kept
            && let Some(kept) = &self.kept
        {
            // One reading of the clock serves both the cache and the judgement.
            let now = self.clock.now();
            if let Some(token) = kept.get(token, now) {
                return Ok(Permit::new(self.judge_at(now, token, R::POLICY)?));
            }
        }
        Ok(self.judge_for(self.introspector.introspect(token).await?)?)
    }

    /// Returns a permit if `verdict` meets the rule `R`.
    ///
    /// # Errors
    /// When the token does not meet the rule or the requirements.
    pub fn judge_for<R: Rule>(&self, verdict: Introspection) -> Result<Permit<R>, Denial> {
        Ok(Permit::new(self.judge_token(verdict, R::POLICY)?))
    }

    /// Returns a verdict on `token` that is at least as fresh as `needed`, and its freshness.
    /// Applies no rule, so several rules can judge the verdict.
    ///
    /// Cancel-safe: a dropped call leaves nothing behind.
    ///
    /// # Errors
    /// When no verdict was obtained.
    pub async fn verdict(
        &self,
        token: &AccessToken<'_>,
        needed: Freshness,
    ) -> Result<(Introspection, Freshness), IntrospectionError> {
        if needed == Freshness::Kept
            && let Some(kept) = &self.kept
            && let Some(token) = kept.get(token, self.clock.now())
        {
            return Ok((Introspection::Active(token), Freshness::Kept));
        }
        Ok((self.introspector.introspect(token).await?, Freshness::Asked))
    }

    /// Judges a verdict as [`authorize`](Self::authorize) does, but returns the principal (the user
    /// or client) instead of a [`Permit`].
    ///
    /// # Errors
    /// When the token does not meet `policy` or the requirements.
    pub fn judge(
        &self,
        verdict: Introspection,
        policy: &'static Policy,
    ) -> Result<Arc<Principal>, Denial> {
        Ok(self.judge_token(verdict, policy)?.principal)
    }

    /// Judges a verdict as [`judge`](Self::judge) does, but returns the active token instead of the
    /// principal.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn judge_token(
        &self,
        verdict: Introspection,
        policy: &'static Policy,
    ) -> Result<ActiveToken, Denial> {
        let Introspection::Active(token) = verdict else { return Err(Denial::Inactive) };
        self.judge_at(self.clock.now(), token, policy)
    }

    /// Returns the current time of the clock by which tokens are judged.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Returns the requirements on every token, whatever the rule.
    #[must_use]
    pub fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    fn judge_at(
        &self,
        now: SystemTime,
        token: ActiveToken,
        policy: &'static Policy,
    ) -> Result<ActiveToken, Denial> {
        self.requirements.judge(&token, now)?;
        if !policy.is_met_by(&token.principal) {
            let is_met_with_scopes = policy.is_met_with_scopes(&token.principal);
            let missing = if is_met_with_scopes { Missing::Scopes } else { Missing::Role };
            return Err(Denial::PolicyNotMet { policy, missing });
        }
        Ok(token)
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("requirements", &self.requirements)
            .finish_non_exhaustive()
    }
}

impl Requirements {
    fn judge(&self, token: &ActiveToken, now: SystemTime) -> Result<(), Denial> {
        if token.key_bound {
            return Err(Denial::KeyBound);
        }
        if token.expires_at.is_some_and(|expires_at| now >= expires_at) {
            return Err(Denial::Expired);
        }
        if token.not_before.is_some_and(|not_before| self.is_ahead(not_before, now)) {
            return Err(Denial::NotYetValid);
        }
        let principal = &*token.principal;
        if let Some(expected) = &self.issuer
            && principal.issuer.as_ref() != Some(expected)
        {
            let (found, expected) = (principal.issuer.clone(), expected.clone());
            return Err(Denial::WrongIssuer { found, expected });
        }
        if !self.audiences.is_empty()
            && !principal.audience.iter().any(|audience| self.audiences.contains(audience))
        {
            return Err(Denial::WrongAudience { found: Arc::clone(&principal.audience) });
        }
        if !self.organizations.is_empty()
            && !principal.organization.as_ref().is_some_and(|id| self.organizations.contains(id))
        {
            return Err(Denial::WrongOrganization { found: principal.organization.clone() });
        }
        Ok(())
    }

    fn is_ahead(&self, not_before: SystemTime, now: SystemTime) -> bool {
        not_before.duration_since(now).is_ok_and(|ahead| ahead > self.leeway)
    }
}

#[cfg(test)]
mod tests;
