//! Applies the rules of parts of a guarded service, such as MCP tools, and signals when a permit
//! ends.

use std::sync::{MutexGuard, PoisonError};

use axum::http::HeaderValue;
use domain::{ActiveToken, Introspection, Permit, Policy, Rule, Tick};

use super::{
    super::{
        bearer,
        opened::{Opened, SharedEnd},
    },
    Known, Visit,
};
use crate::answer::{BearerError, Outcome, Rejection};

impl Visit {
    /// Returns a permit if the caller meets the rule `R` of a part of a guarded service, such as an
    /// MCP tool. May be called while the service already sends its response.
    ///
    /// The rule is applied to the request's kept verdict if `is_young` is true and that verdict is
    /// fresh enough, otherwise to a new verdict.
    pub(in crate::admit) async fn admit_within<R: Rule>(
        &self,
        header: Option<&HeaderValue>,
        is_young: bool,
    ) -> Result<Permit<R>, Outcome> {
        let serves = |known: &Known| {
            is_young && header == Some(&known.header) && known.freshness.serves(R::FRESHNESS)
        };
        let known = self.known().as_ref().filter(|it| serves(it)).map(|it| it.verdict.clone());
        let verdict = if let Some(verdict) = known {
            verdict
        } else {
            let header = header.ok_or(Outcome::NoToken(BearerError::Missing))?;
            let token = bearer::access_token(header).map_err(Outcome::NoToken)?;
            let verdict = self.obtain(&token, header, R::FRESHNESS).await;
            verdict.map_err(Outcome::Undetermined)?
        };
        self.guard.authorizer().judge_for(verdict).map_err(Outcome::Denied)
    }

    /// Logs why the rule of a part of a guarded service, such as an MCP tool, gave no permit, and
    /// returns the rejection.
    pub(in crate::admit) fn refuse_within(
        &self,
        outcome: &Outcome,
        policy: &'static Policy,
    ) -> Rejection {
        self.guard.refusals().log(outcome, self.head());
        if let Some(observer) = self.guard.observer() {
            observer.denied_within(self.head(), outcome.reason());
        }
        self.guard.answers().rejection(outcome, Some(policy), Some(&self.id))
    }

    /// Records that a guarded service admitted the request. Returns a future that resolves when the
    /// service's permit ends, or that of a guarded service around it. `asked` is the time just
    /// before the verdict on `token` was obtained.
    pub(in crate::admit) fn enter_service(
        &self,
        policy: &'static Policy,
        token: &ActiveToken,
        header: Option<HeaderValue>,
        asked: Option<Tick>,
    ) -> SharedEnd {
        let opened = self.opened(policy, token, header, asked);
        let mut service = self.service();
        let end = opened.shared_end(service.take().map(|service| service.end));
        *service = Some(Service { end: end.clone(), asked });
        end
    }

    /// Returns a future that resolves when a handler's permit or that of an outer service ends.
    pub(in crate::admit) fn permit_end(
        &self,
        policy: &'static Policy,
        token: &ActiveToken,
    ) -> SharedEnd {
        let service = self.service().clone();
        let asked = service.as_ref().and_then(|service| service.asked);
        let opened = self.opened(policy, token, self.header_of(token), asked);
        opened.shared_end(service.map(|service| service.end))
    }

    /// Returns the `Authorization` header that contained `token`; `None` if no verdict on `token`
    /// is kept.
    fn header_of(&self, token: &ActiveToken) -> Option<HeaderValue> {
        match &*self.known() {
            Some(Known { header, verdict: Introspection::Active(active), .. })
                if active == token =>
            {
                Some(header.clone())
            }
            _ => None,
        }
    }

    fn opened(
        &self,
        policy: &'static Policy,
        token: &ActiveToken,
        header: Option<HeaderValue>,
        asked: Option<Tick>,
    ) -> Opened {
        let until = *self.until.get_or_init(|| self.guard.open_until());
        Opened { guard: self.guard.clone(), policy, token: token.clone(), header, asked, until }
    }

    fn service(&self) -> MutexGuard<'_, Option<Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
pub(super) struct Service {
    end: SharedEnd,
    /// Time just before the verdict that admitted the request was obtained; `None` if the guard has
    /// no watch.
    asked: Option<Tick>,
}
