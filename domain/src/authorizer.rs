//! From an access token to a permit: the one place that decides.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use thiserror::Error;

use crate::{
    AccessToken, ActiveToken, Audience, Clock, Denial, Freshness, Introspection,
    IntrospectionError, Issuer, Missing, OrganizationId, Permit, Policy, Principal, Rule,
    TokenIntrospector,
};

/// Decides whether an access token opens a door.
///
/// It judges every answer itself and at every use, even what the authorization server has judged:
/// an answer may be old, and a server may be wrong about `exp`.
pub struct Authorizer {
    introspector: Arc<dyn TokenIntrospector>,
    clock: Arc<dyn Clock>,
    requirements: Requirements,
}

/// What is asked of every token, whichever door it is to open. A check that is asked for fails
/// when its claim is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The issuer that the token must name; `None` asks for none.
    pub issuer: Option<Issuer>,
    /// The token's audience must contain one of these; an empty list asks for none.
    pub audiences: Vec<Audience>,
    /// The user must belong to one of these; an empty list asks for none.
    pub organizations: Vec<OrganizationId>,
    /// How far our clock may lag behind the server's when `nbf` is judged. It never extends `exp`.
    pub leeway: Duration,
}

/// Why no permit was given.
#[derive(Clone, Debug, Error)]
pub enum Refusal {
    /// There is a verdict, and it does not open the door.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// There is no verdict.
    #[error(transparent)]
    Undetermined(#[from] IntrospectionError),
}

impl Authorizer {
    /// An authorizer that asks `introspector` and judges by `clock`.
    #[must_use]
    pub fn new(
        introspector: Arc<dyn TokenIntrospector>,
        clock: Arc<dyn Clock>,
        requirements: Requirements,
    ) -> Self {
        Self { introspector, clock, requirements }
    }

    /// Lets `token` in by the rule `R`, or says why not.
    ///
    /// Cancel-safe, as the port is.
    ///
    /// # Errors
    /// [`Refusal::Denied`] when the token does not open this door; [`Refusal::Undetermined`] when
    /// nobody could say.
    pub async fn authorize<R: Rule>(&self, token: &AccessToken<'_>) -> Result<Permit<R>, Refusal> {
        if R::FRESHNESS == Freshness::Kept {
            // The clock is read once for both.
            let now = self.clock.now();
            if let Some(verdict) = self.introspector.known(token, now) {
                return Ok(Permit::new(self.judge_at(now, verdict, R::POLICY)?));
            }
        }
        Ok(self.judge_for(self.introspector.introspect(token).await?)?)
    }

    /// Judges a verdict by the rule `R`: one verdict can be judged for several rules.
    ///
    /// # Errors
    /// When the token does not meet the rule, or not what is asked of every token.
    pub fn judge_for<R: Rule>(&self, verdict: Introspection) -> Result<Permit<R>, Denial> {
        Ok(Permit::new(self.judge_token(verdict, R::POLICY)?))
    }

    /// Obtains a verdict on `token` that is at least as fresh as `needed`, not judged yet: for callers
    /// that judge it for several rules. Returns how fresh it is.
    ///
    /// Cancel-safe, as the port is.
    ///
    /// # Errors
    /// When no verdict was obtained.
    pub async fn verdict(
        &self,
        token: &AccessToken<'_>,
        needed: Freshness,
    ) -> Result<(Introspection, Freshness), IntrospectionError> {
        if needed == Freshness::Kept
            && let Some(verdict) = self.introspector.known(token, self.clock.now())
        {
            return Ok((verdict, Freshness::Kept));
        }
        Ok((self.introspector.introspect(token).await?, Freshness::Asked))
    }

    /// Judges a verdict as [`authorize`](Self::authorize) does, and says for whom the token
    /// speaks. That is no permit: it opens nothing.
    ///
    /// # Errors
    /// When the token does not meet `policy`, or not what is asked of every token.
    pub fn judge(
        &self,
        verdict: Introspection,
        policy: &'static Policy,
    ) -> Result<Arc<Principal>, Denial> {
        Ok(self.judge_token(verdict, policy)?.principal)
    }

    /// Judges a verdict as [`judge`](Self::judge) does, and returns what is said of the token. That is
    /// no permit either.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn judge_token(
        &self,
        verdict: Introspection,
        policy: &'static Policy,
    ) -> Result<ActiveToken, Denial> {
        self.judge_at(self.clock.now(), verdict, policy)
    }

    /// Returns the wall-clock time by which tokens are judged.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Returns what is asked of every token.
    #[must_use]
    pub fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    fn judge_at(
        &self,
        now: SystemTime,
        verdict: Introspection,
        policy: &'static Policy,
    ) -> Result<ActiveToken, Denial> {
        let Introspection::Active(token) = verdict else { return Err(Denial::Inactive) };
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
