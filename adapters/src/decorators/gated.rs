//! Test helper: an introspector whose results can be held back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use domain::{
    AccessToken, ActiveToken, Cause, Introspection, IntrospectionError, Outage, Principal, Subject,
    TokenIntrospector,
};
use tokio::sync::watch;

pub(super) type Answer = Result<Introspection, IntrospectionError>;

/// Introspector that counts calls, and returns once a test opens its gate. By default every token
/// is active, with the token's text as the subject.
#[derive(Clone)]
pub(super) struct Gated {
    open: watch::Sender<bool>,
    under_way: watch::Sender<usize>,
    asked: Arc<AtomicUsize>,
    answer: watch::Sender<Option<Answer>>,
}

struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Gated {
    fn new(open: bool) -> Self {
        Self {
            open: watch::Sender::new(open),
            under_way: watch::Sender::new(0),
            asked: Arc::default(),
            answer: watch::Sender::new(None),
        }
    }

    pub(super) fn closed() -> Self {
        Self::new(false)
    }

    pub(super) fn opened() -> Self {
        Self::new(true)
    }

    pub(super) fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) fn close(&self) {
        self.open.send_replace(false);
    }

    /// Sets the result of every call from now on; `None` restores the default.
    pub(super) fn answer(&self, answer: Option<Answer>) {
        self.answer.send_replace(answer);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) async fn wait_for_under_way(&self, expected: usize) {
        self.under_way.subscribe().wait_for(|count| *count == expected).await.unwrap();
    }
}

#[async_trait]
impl TokenIntrospector for Gated {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.under_way.send_modify(|count| *count += 1);
        let _under_way = UnderWay(&self.under_way);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        let answer = self.answer.borrow().clone();
        answer.unwrap_or_else(|| Ok(active(token.expose_secret())))
    }
}

pub(super) fn token(text: &str) -> AccessToken<'static> {
    AccessToken::parse(text).unwrap().into_owned()
}

pub(super) fn active(subject: &str) -> Introspection {
    let subject = Some(Subject::parse(subject).unwrap());
    let principal = Arc::new(Principal { subject, ..Principal::default() });
    Introspection::Active(ActiveToken { principal, ..ActiveToken::default() })
}

pub(super) fn outage(reason: Outage) -> Answer {
    Err(IntrospectionError::Unavailable { reason, source: cause() })
}

pub(super) fn cause() -> Cause {
    Arc::new(std::io::Error::other("a test"))
}

pub(super) fn word(answer: &Answer) -> &'static str {
    match answer {
        Ok(Introspection::Active(_)) => "active",
        Ok(Introspection::Inactive) => "inactive",
        Err(error) => error.reason(),
    }
}
