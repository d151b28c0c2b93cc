//! Many callers who wait for one token share one question.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use metrics::{Counter, counter};
use tracing::{Instrument, Span, field::Empty, info_span};

type Answer = Result<Introspection, IntrospectionError>;
type Call = BoxFuture<'static, Answer>;

/// Asks once for all who wait for the same token at that moment.
///
/// The shared call belongs to no caller. Whoever waits drives it: it goes on when its first caller
/// leaves, ends when nobody waits, and leaves nothing behind. Its deadline is that of the call
/// itself. Its answer, a fault included, is for those who wait and for nobody after them.
pub struct Coalesced<I> {
    inner: Arc<I>,
    calls: Arc<Calls>,
    joined: Counter,
}

/// The calls under way, held weakly.
#[derive(Default)]
struct Calls(Mutex<UnderWay>);

#[derive(Default)]
struct UnderWay {
    by_token: HashMap<AccessToken<'static>, Joinable>,
    last_number: u64,
}

/// A call that whoever comes may join.
struct Joinable {
    number: u64,
    call: WeakShared<Call>,
    /// That of the question, which has one caller's span above it, whoever else waits.
    span: Span,
}

/// Takes a call off the list when it ends, however it ends.
struct OnList {
    calls: Arc<Calls>,
    token: AccessToken<'static>,
    number: u64,
}

impl<I: TokenIntrospector + 'static> Coalesced<I> {
    /// Shares the calls to `inner`. It registers its metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I) -> Self {
        Self {
            inner: Arc::new(inner),
            calls: Arc::default(),
            joined: counter!("token_introspection_coalesced_total"),
        }
    }

    /// The call that is under way for `token`, or a new one.
    fn call(&self, token: &AccessToken<'_>) -> Shared<Call> {
        let mut under_way = self.calls.lock();
        let joinable = under_way.by_token.get(token);
        let joined = joinable.and_then(|known| Some((known.call.upgrade()?, known.span.clone())));
        if let Some((call, span)) = joined {
            drop(under_way);
            self.joined.increment(1);
            Span::current().follows_from(&span);
            return call;
        }
        under_way.last_number += 1;
        let number = under_way.last_number;
        let token = token.clone().into_owned();
        let on_list = OnList { calls: Arc::clone(&self.calls), token: token.clone(), number };
        let inner = Arc::clone(&self.inner);
        let span = new_span();
        let recorded = span.clone();
        let call = async move {
            let answer = inner.introspect(&on_list.token).await;
            record(&recorded, &answer);
            answer
        };
        let call = call.instrument(span.clone()).boxed().shared();
        if let Some(weak) = call.downgrade() {
            under_way.by_token.insert(token, Joinable { number, call: weak, span });
        }
        call
    }
}

/// The span of a question, below that of its first caller.
fn new_span() -> Span {
    info_span!(
        "introspection",
        otel.kind = "client",
        otel.status_code = Empty,
        result = Empty,
        reason = Empty,
    )
}

fn record(span: &Span, answer: &Answer) {
    match answer {
        Ok(Introspection::Active(_)) => span.record("result", "active"),
        Ok(Introspection::Inactive) => span.record("result", "inactive"),
        Err(fault) => {
            span.record("otel.status_code", "ERROR");
            span.record("result", "fault").record("reason", fault.reason())
        }
    };
}

impl Calls {
    fn lock(&self) -> std::sync::MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OnList {
    fn drop(&mut self) {
        let mut under_way = self.calls.lock();
        let removed = under_way.by_token.remove_entry(&self.token);
        if let Some((token, joinable)) = removed
            && joinable.number != self.number
        {
            under_way.by_token.insert(token, joinable);
        }
    }
}

#[async_trait]
impl<I: TokenIntrospector + 'static> TokenIntrospector for Coalesced<I> {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        self.call(token).await
    }
}

impl<I> fmt::Debug for Coalesced<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let under_way = self.calls.lock().by_token.len();
        f.debug_struct("Coalesced").field("under_way", &under_way).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
