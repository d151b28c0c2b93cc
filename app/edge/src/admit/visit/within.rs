//! Within a service that a request was let in to: further rules, and the end of what was opened.

use std::sync::{Arc, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use domain::{ActiveToken, Policy, Rule, VerdictWatch};

use super::{
    super::{
        Authorized, Ended, bearer,
        opened::{Opened, SharedEnd},
    },
    Known, Visit,
};
use crate::answer::{Outcome, Rejection};

impl Visit {
    /// Judges by a further rule `R` within the service that the request was let in to: by the verdict
    /// that let it in where that `is_young`, whether or not the head of the answer is there.
    pub(in crate::admit) async fn admit_within<R: Rule>(
        self: &Arc<Self>,
        header: Option<&HeaderValue>,
        is_young: bool,
    ) -> Result<Authorized<R>, Outcome> {
        let serves = |known: &Known| {
            is_young && header == Some(&known.header) && known.freshness.serves(R::FRESHNESS)
        };
        let known = self.known().as_ref().filter(|it| serves(it)).map(|it| it.verdict.clone());
        let verdict = if let Some(verdict) = known {
            verdict
        } else {
            let shown = header.map(|header| (AUTHORIZATION, header.clone()));
            let headers = HeaderMap::from_iter(shown);
            let token = bearer::access_token(&headers).map_err(Outcome::NoToken)?;
            let verdict = self.obtain(&token, header, R::FRESHNESS).await;
            verdict.map_err(Outcome::Undetermined)?
        };
        let permit = self.guard.authorizer().judge_for(verdict).map_err(Outcome::Denied)?;
        Ok(Authorized::new(permit, Arc::clone(self)))
    }

    /// Notes that a rule within a service was not met, and returns the answer. The answer of the
    /// service need not be one that turns away.
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

    /// Returns the end of what is opened by a permit of `policy` for a service, which the verdict on
    /// `token` led to. Everything that the request opens further in ends with it.
    pub(in crate::admit) fn enter_service(
        &self,
        policy: &'static Policy,
        token: &ActiveToken,
    ) -> SharedEnd {
        let opened = self.opened(policy, token);
        let mut service = self.service_end();
        let end = opened.shared_end(service.take());
        *service = Some(end.clone());
        end
    }

    /// Waits until what a permit of `policy` opened has to end.
    pub(in crate::admit) async fn permit_ended(
        &self,
        policy: &'static Policy,
        token: &ActiveToken,
    ) -> Ended {
        let around = self.service_end().clone();
        self.opened(policy, token).ended_within(around).await
    }

    /// Returns what is opened by a permit of `policy` that the verdict on `token` led to.
    fn opened(&self, policy: &'static Policy, token: &ActiveToken) -> Opened {
        let (header, asked) = match &*self.known() {
            Some(known) => (Some(known.header.clone()), known.asked),
            None => (None, self.guard.watch().map(VerdictWatch::now)),
        };
        Opened {
            guard: self.guard.clone(),
            policy,
            token: token.clone(),
            header,
            asked,
            until: *self.until.get_or_init(|| self.guard.open_until()),
        }
    }

    fn service_end(&self) -> MutexGuard<'_, Option<SharedEnd>> {
        self.service_end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
