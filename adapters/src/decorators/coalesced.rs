//! Shares one question among callers with the same token.

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

/// Age up to which a question is joined. A later caller may know of a change that the question does
/// not see.
const JOINABLE: Duration = Duration::from_millis(100);
/// Maximum number of questions under way for one token. Further callers wait for the next question.
const UNDER_WAY: usize = 2;

/// Asks once for all callers with the same token who come within 100 ms.
///
/// A question runs in a task of its own, to its end even if all callers have left, so that its
/// slot, its connection and its record are freed when the work ends. Waiting is cancel-safe. An
/// answer, a fault included, goes to the callers who wait and to no later ones.
///
/// At most two questions are under way for one token. Callers who can join neither share the next
/// one, for which each waits at most `patience`.
pub struct Coalesced<I> {
    inner: Arc<I>,
    questions: Arc<Questions>,
    patience: Duration,
    clocks: Clocks,
    joined: Counter,
}

/// Questions by token.
#[derive(Default)]
struct Questions(Mutex<Listed>);

#[derive(Default)]
struct Listed {
    by_token: HashMap<AccessToken<'static>, OfToken>,
    last_number: u64,
}

#[derive(Default)]
struct OfToken {
    /// Questions under way, the oldest first.
    sent: Vec<Sent>,
    /// Question that is sent when one of them ends.
    next: Option<watch::Sender<Option<Answer>>>,
}

/// A question under way.
struct Sent {
    number: u64,
    at: Moment,
    answer: watch::Receiver<Option<Answer>>,
    /// Span of the question, below that of the caller who caused it.
    span: Span,
}

/// Receiver of an answer.
enum Waiting {
    /// Waits for a question under way, which ends by its own deadline.
    Sent(watch::Receiver<Option<Answer>>),
    /// Waits for the next question.
    Next(watch::Receiver<Option<Answer>>),
}

#[derive(Debug, Error)]
#[error("no answer to an earlier question within zitadel.timeout")]
struct WaitedTooLong;

#[derive(Debug, Error)]
#[error("the question ended without an answer")]
struct EndedUnanswered;

impl<I: TokenIntrospector + 'static> Coalesced<I> {
    /// Shares the questions to `inner`, each of which has a deadline of its own. `patience` is the
    /// longest that a caller waits for the next one. Registers its metrics at the current recorder.
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

    /// Joins a question about `token`, sends one, or waits for the next one.
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

/// Sends a question in a task of its own.
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
        // Removed from the list first: a caller who comes now asks anew.
        listed.make_way();
        answer.send_replace(Some(answered));
    };
    tokio::spawn(question.instrument(span));
}

/// A question on the list of those under way. Dropping it removes it from the list.
struct OnList<I> {
    inner: Arc<I>,
    questions: Arc<Questions>,
    clocks: Clocks,
    token: AccessToken<'static>,
    number: u64,
}

impl<I: TokenIntrospector + 'static> OnList<I> {
    /// Removes the question from the list and sends the next one, if callers wait for it. Both
    /// happen under one lock: a caller who comes in between would take the slot as well.
    fn make_way(self) {
        let mut listed = self.questions.lock();
        let Listed { by_token, last_number } = &mut *listed;
        let Some(of_token) = by_token.get_mut(&self.token) else { return };
        of_token.sent.retain(|sent| sent.number != self.number);
        // Callers who left need no question.
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
            // After a panic, this drops the next question's sender, which ends its callers' wait.
            listed.by_token.remove(&self.token);
        }
    }
}

impl Questions {
    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the span of a question, below the current span.
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
        // The question's task panicked, or ended with the runtime.
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
