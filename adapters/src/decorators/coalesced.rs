//! Shares one introspection among concurrent callers with the same token.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Moment, Outage, TokenIntrospector};
use metrics::{Counter, counter};
use thiserror::Error;
use tokio::{sync::watch, time::timeout};
use tracing::{Instrument, Span, field::Empty, info_span};

use crate::Clocks;

type Answer = Result<Introspection, IntrospectionError>;

/// Maximum age of an introspection that a caller may join. An older one may have missed a change
/// that the caller knows of.
const JOINABLE: Duration = Duration::from_millis(100);
/// Maximum number of introspections under way for one token.
const UNDER_WAY: usize = 2;

/// Decorator that makes one introspection for all callers who come within 100 ms with the same
/// token.
///
/// An introspection runs to its end in a task of its own, even if all callers have left. Waiting is
/// cancel-safe. The result, an error included, goes only to callers who are waiting.
///
/// At most two introspections are under way for one token. Callers who can join neither share a
/// third, which starts when one ends; each waits at most `patience` for its result.
pub struct Coalesced<I> {
    inner: Arc<I>,
    questions: Arc<Questions>,
    patience: Duration,
    clocks: Clocks,
    joined: Counter,
}

/// For each token, its introspections under way, and one more that starts when one of them ends.
#[derive(Default)]
struct Questions(Mutex<Listed>);

#[derive(Default)]
struct Listed {
    by_token: HashMap<AccessToken<'static>, OfToken>,
    last_number: u64,
}

#[derive(Default)]
struct OfToken {
    /// Introspections under way, the oldest first.
    sent: Vec<Sent>,
    /// Introspection that starts when one of `sent` ends; `None` if no caller needs it.
    next: Option<watch::Sender<Option<Answer>>>,
}

/// An introspection under way, which callers may join.
struct Sent {
    number: u64,
    at: Moment,
    answer: watch::Receiver<Option<Answer>>,
    /// Tracing span of the introspection, a child of the span of the caller who started it.
    span: Span,
}

enum Waiting {
    /// Receiver for the result of an introspection under way. The wait has no time limit: the
    /// introspection has its own.
    Sent(watch::Receiver<Option<Answer>>),
    /// Receiver for an introspection that has not started: two are already under way for the token.
    Next(watch::Receiver<Option<Answer>>),
}

#[derive(Debug, Error)]
#[error("no answer to an earlier question within zitadel.timeout")]
struct WaitedTooLong;

#[derive(Debug, Error)]
#[error("the question ended without an answer")]
struct EndedUnanswered;

impl<I: TokenIntrospector + 'static> Coalesced<I> {
    /// Creates a decorator that shares introspections by `inner`, which must have a time limit of
    /// its own; `patience` limits the wait for an introspection that has not started. Registers its
    /// metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I, patience: Duration, clocks: Clocks) -> Self {
        Self {
            inner: Arc::new(inner),
            questions: Arc::default(),
            patience,
            clocks,
            joined: counter!("token_introspection_coalesced_total"),
        }
    }

    /// Joins an introspection of `token` that began at most 100 ms ago, or starts one. If two are
    /// under way, joins the one that starts when one of them ends. Returns a receiver of the
    /// result.
    fn ask(&self, token: &AccessToken<'_>) -> Waiting {
        let now = self.clocks.now();
        let mut listed = self.questions.lock();
        let Listed { by_token, last_number } = &mut *listed;
        let token = token.clone().into_owned();
        let of_token = by_token.entry(token.clone()).or_default();
        let newest = of_token.sent.last();
        if let Some(sent) = newest.filter(|sent| sent.at.age(now) <= JOINABLE) {
            let (answer, span) = (sent.answer.clone(), sent.span.clone());
            drop(listed);
            self.joined.increment(1);
            Span::current().follows_from(&span);
            return Waiting::Sent(answer);
        }
        if of_token.sent.len() < UNDER_WAY {
            let answer = watch::Sender::new(None);
            let waiting = Waiting::Sent(answer.subscribe());
            *last_number += 1;
            let asking = (&self.inner, &self.questions, &self.clocks);
            send(asking, of_token, (token, *last_number), answer);
            return waiting;
        }
        if let Some(next) = &of_token.next {
            self.joined.increment(1);
            return Waiting::Next(next.subscribe());
        }
        let next = of_token.next.insert(watch::Sender::new(None));
        Waiting::Next(next.subscribe())
    }
}

/// Starts an introspection in a task, which sends the result to `answer`.
fn send<I: TokenIntrospector + 'static>(
    (inner, questions, clocks): (&Arc<I>, &Arc<Questions>, &Clocks),
    of_token: &mut OfToken,
    (token, number): (AccessToken<'static>, u64),
    answer: watch::Sender<Option<Answer>>,
) {
    let span = new_span();
    let (at, receiver) = (clocks.now(), answer.subscribe());
    of_token.sent.push(Sent { number, at, answer: receiver, span: span.clone() });
    let (inner, questions) = (Arc::clone(inner), Arc::clone(questions));
    let clocks = clocks.clone();
    let recorded = span.clone();
    let question = async move {
        let listed = OnList { inner, questions, clocks, token, number };
        let answered = listed.inner.introspect(&listed.token).await;
        record(&recorded, &answered);
        // Removed from the list first: a caller who comes now starts a new one.
        listed.make_way();
        answer.send_replace(Some(answered));
    };
    tokio::spawn(question.instrument(span));
}

/// Entry in the list of introspections under way. Dropping the value removes the entry, even after
/// a panic.
struct OnList<I> {
    inner: Arc<I>,
    questions: Arc<Questions>,
    clocks: Clocks,
    token: AccessToken<'static>,
    number: u64,
}

impl<I: TokenIntrospector + 'static> OnList<I> {
    /// Removes the entry and starts the next introspection, if callers wait for it. One lock covers
    /// both steps: otherwise a caller who comes in between would start a further one.
    fn make_way(self) {
        let mut listed = self.questions.lock();
        let Listed { by_token, last_number } = &mut *listed;
        let Some(of_token) = by_token.get_mut(&self.token) else { return };
        of_token.sent.retain(|sent| sent.number != self.number);
        // No introspection is started for callers who have left.
        if let Some(next) = of_token.next.take().filter(|next| next.receiver_count() > 0) {
            *last_number += 1;
            let token = (self.token.clone(), *last_number);
            send((&self.inner, &self.questions, &self.clocks), of_token, token, next);
        }
    }
}

impl<I> Drop for OnList<I> {
    fn drop(&mut self) {
        let mut listed = self.questions.lock();
        let Some(of_token) = listed.by_token.get_mut(&self.token) else { return };
        of_token.sent.retain(|sent| sent.number != self.number);
        if of_token.sent.is_empty() {
            // After a panic, this drops the sender of the next introspection, which ends its
            // callers' wait.
            listed.by_token.remove(&self.token);
        }
    }
}

impl Questions {
    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

async fn answer(mut waiting: watch::Receiver<Option<Answer>>) -> Answer {
    let lost = || {
        let (reason, source) = (Outage::Interrupted, Arc::new(EndedUnanswered));
        Err(IntrospectionError::Unavailable { reason, source })
    };
    match waiting.wait_for(Option::is_some).await {
        Ok(answer) => answer.clone().unwrap_or_else(lost),
        // The task of the introspection panicked, or ended with the runtime.
        Err(_) => lost(),
    }
}

#[async_trait]
impl<I: TokenIntrospector + 'static> TokenIntrospector for Coalesced<I> {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        match self.ask(token) {
            Waiting::Sent(waiting) => answer(waiting).await,
            Waiting::Next(waiting) => {
                timeout(self.patience, answer(waiting)).await.unwrap_or_else(|_| {
                    let (reason, source) = (Outage::TimedOut, Arc::new(WaitedTooLong));
                    Err(IntrospectionError::Unavailable { reason, source })
                })
            }
        }
    }
}

impl<I> fmt::Debug for Coalesced<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = self.questions.lock().by_token.len();
        f.debug_struct("Coalesced").field("tokens", &tokens).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
