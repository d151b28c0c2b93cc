//! State of one request: its id, the verdict on its token, its end.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    body::Body,
    extract::MatchedPath,
    http::{HeaderMap, HeaderValue, Method, Request, Response, header::CACHE_CONTROL},
    response::IntoResponse,
};
use domain::{
    AccessToken, Freshness, Introspection, IntrospectionError, Permit, Policy, Refusal, Rule,
};
use tokio::time::Instant;
use tracing::{Span, span::Entered};

use super::{Guard, bearer};
use crate::{
    answer::{BearerError, IdSlot, NO_STORE, Outcome, Reason, Rejection, RequestId, X_REQUEST_ID},
    note::{RequestEnd, RequestHead, UNMATCHED},
};

/// State of one request at a guard, kept in the request's extensions for extractors.
pub(crate) struct Visit {
    guard: Guard,
    method: Method,
    path: OnceLock<MatchedPath>,
    /// Name of the guarded service, used instead of its path in the router: a service may have no
    /// path, or several paths.
    name: OnceLock<&'static str>,
    id: RequestId,
    began: Option<Instant>,
    span: Span,
    /// True once a rule was applied, so that the response depends on a permit.
    asked: AtomicBool,
    refusal: Mutex<Option<Reason>>,
    /// True once the head of the response is ready; the request then counts as ended.
    ended: AtomicBool,
    /// True if the verdict on the token is kept, because a second rule, the observer or the watch
    /// may need it. Keeping it costs some 400 instructions.
    keeps_verdict: bool,
    verdict: Mutex<Option<Known>>,
    /// Time at which `max_stream` ends a stream of this request; the inner `None` means no limit.
    until: OnceLock<Option<Instant>>,
    /// Innermost guarded service that admitted the request. The end of its permit also ends the
    /// permits of its handlers.
    service: Mutex<Option<within::Service>>,
}

/// Verdict on the token of a request, kept for further rules.
struct Known {
    /// Value of the `Authorization` header that was judged; a layer may replace the header later.
    header: HeaderValue,
    verdict: Introspection,
    freshness: Freshness,
}

impl Visit {
    /// Returns the request's visit (state). The flag is true if this call created the visit, and
    /// false if the same guard did so in an outer layer.
    ///
    /// `shared` is true if more than one rule may apply to the request; `name` is the guarded
    /// service's name, if any.
    pub(crate) fn join<B>(
        guard: &Guard,
        request: &Request<B>,
        shared: bool,
        name: Option<&'static str>,
    ) -> (Arc<Self>, bool) {
        let outer = request.extensions().get::<Arc<Self>>();
        if let Some(outer) = outer.filter(|outer| outer.guard.is(guard)) {
            // The outer guard may be around the router, and not know the matched path.
            if let (None, Some(path)) = (outer.path.get(), request.extensions().get()) {
                outer.path.get_or_init(|| MatchedPath::clone(path));
            }
            if let Some(name) = name {
                outer.name.get_or_init(|| name);
            }
            return (Arc::clone(outer), false);
        }
        // A request has one id, even with several guards.
        let id = outer
            .map_or_else(|| RequestId::from_headers(request.headers()), |outer| outer.id.clone());
        let mut visit = Self {
            guard: guard.clone(),
            method: request.method().clone(),
            path: request
                .extensions()
                .get::<MatchedPath>()
                .map_or_else(OnceLock::new, |path| OnceLock::from(path.clone())),
            name: name.map_or_else(OnceLock::new, OnceLock::from),
            id,
            began: None,
            span: Span::none(),
            asked: AtomicBool::new(false),
            refusal: Mutex::new(None),
            ended: AtomicBool::new(false),
            keeps_verdict: shared || guard.observer().is_some() || guard.watch().is_some(),
            verdict: Mutex::new(None),
            until: OnceLock::new(),
            service: Mutex::new(None),
        };
        if let Some(observer) = guard.observer() {
            visit.span = observer.span(visit.head(), request.headers());
            visit.began = Some(Instant::now());
        }
        (Arc::new(visit), true)
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    fn head(&self) -> RequestHead<'_> {
        let path = || self.path.get().map(MatchedPath::as_str);
        let route = self.name.get().copied().or_else(path).unwrap_or(UNMATCHED);
        RequestHead { method: &self.method, route, request_id: &self.id }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn enter(&self) -> Entered<'_> {
        self.span.enter()
    }

    pub(super) async fn admit<R: Rule>(&self, headers: &HeaderMap) -> Result<Permit<R>, Rejection> {
        self.asked.store(true, Ordering::Relaxed);
        self.judge(headers).await.map_err(|outcome| self.refuse(&outcome, Some(R::POLICY)))
    }

    /// Returns a permit if the request meets the rule `R`; `None` if the request has no token.
    pub(super) async fn admit_if_shown<R: Rule>(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<Permit<R>>, Rejection> {
        self.asked.store(true, Ordering::Relaxed);
        match self.judge(headers).await {
            Ok(permit) => Ok(Some(permit)),
            Err(Outcome::NoToken(BearerError::Missing)) => Ok(None),
            Err(outcome) => Err(self.refuse(&outcome, Some(R::POLICY))),
        }
    }

    async fn judge<R: Rule>(&self, headers: &HeaderMap) -> Result<Permit<R>, Outcome> {
        let header = bearer::credentials(headers).map_err(Outcome::NoToken)?;
        let token = bearer::access_token(header).map_err(Outcome::NoToken)?;
        let permit = self.permit(&token, header).await.map_err(Outcome::from)?;
        *self.refusal() = None;
        Ok(permit)
    }

    async fn permit<R: Rule>(
        &self,
        token: &AccessToken<'_>,
        header: &HeaderValue,
    ) -> Result<Permit<R>, Refusal> {
        let authorizer = self.guard.authorizer();
        if !self.keeps_verdict {
            return authorizer.authorize(token).await;
        }
        Ok(authorizer.judge_for(self.verdict(token, header, R::FRESHNESS).await?)?)
    }

    /// Returns a verdict on `token` that is as fresh as `needed`. Rules of one request share a
    /// verdict until the response's head is ready.
    async fn verdict(
        &self,
        token: &AccessToken<'_>,
        header: &HeaderValue,
        needed: Freshness,
    ) -> Result<Introspection, IntrospectionError> {
        if let Some(known) = &*self.known()
            && known.header == header
            && known.freshness.serves(needed)
            && !self.ended.load(Ordering::Relaxed)
        {
            return Ok(known.verdict.clone());
        }
        self.obtain(token, header, needed).await
    }

    async fn obtain(
        &self,
        token: &AccessToken<'_>,
        header: &HeaderValue,
        needed: Freshness,
    ) -> Result<Introspection, IntrospectionError> {
        let (verdict, freshness) = self.guard.authorizer().verdict(token, needed).await?;
        let known = Known { header: header.clone(), verdict: verdict.clone(), freshness };
        *self.known() = Some(known);
        Ok(verdict)
    }

    fn refusal(&self) -> MutexGuard<'_, Option<Reason>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs that the request is rejected, keeps the reason for the observer, and returns the
    /// rejection. A later rejection of the same request is logged and kept only if it is a bug, or
    /// if a rule admitted the request in between.
    pub(crate) fn refuse(&self, outcome: &Outcome, policy: Option<&Policy>) -> Rejection {
        let reason = outcome.reason();
        let is_noted = {
            let mut refusal = self.refusal();
            let is_noted = refusal.is_none() || reason == Reason::InternalError;
            if is_noted {
                *refusal = Some(reason);
            }
            is_noted
        };
        if is_noted {
            self.guard.refusals().log(outcome, self.head());
        }
        self.guard.answers().rejection(outcome, policy, Some(&self.id))
    }

    /// Adds the guard's headers, such as `X-Request-Id`, to the response, and calls the observer.
    pub(crate) fn end<B>(&self, response: &mut Response<B>) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(slot) = response.extensions().get::<IdSlot>() {
            slot.set(&self.id);
        }
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.to_header());
        if self.asked.load(Ordering::Relaxed) {
            headers.insert(CACHE_CONTROL, NO_STORE);
        }
        let (Some(observer), Some(began)) = (self.guard.observer(), self.began) else { return };
        let reason = *self.refusal();
        let known = self.known();
        let principal = match known.as_ref().map(|known| &known.verdict) {
            Some(Introspection::Active(token)) if reason.is_none() => Some(&*token.principal),
            _ => None,
        };
        let (status, took) = (response.status(), began.elapsed());
        let end = RequestEnd { status, reason, principal, took };
        observer.ended(&self.span, self.head(), end);
    }
}

impl Guard {
    /// Records a request that reaches no handler, and returns the rejection as a response.
    pub(crate) fn refuse<B>(&self, request: &Request<B>, outcome: &Outcome) -> Response<Body> {
        let (visit, begins_here) = Visit::join(self, request, false, None);
        let mut response = visit.refuse(outcome, None).into_response();
        if begins_here {
            visit.end(&mut response);
        }
        response
    }
}

/// Omits the token.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("head", &self.head()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
mod within;
