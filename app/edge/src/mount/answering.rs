//! Future that runs a handler of a route table.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    http::{
        HeaderName,
        header::{
            CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, TRANSFER_ENCODING,
        },
        response::Parts,
    },
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, future::BoxFuture};
use pin_project_lite::pin_project;

use crate::{
    admit::Visit,
    answer::{Outcome, is_rejection, outcome_of},
};

/// Headers that describe the body of axum's rejection, such as its length: they are removed when a
/// problem replaces that body.
const OF_THE_BODY: [HeaderName; 6] =
    [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, CONTENT_RANGE, ETAG, TRANSFER_ENCODING];

pin_project! {
    /// Future that runs a handler, catches a panic, turns a rejection by axum's extractors into a
    /// problem, and records the end of the request.
    ///
    /// One future does all this: three nested ones would each move the large response.
    pub(super) struct Answering<F> {
        #[pin]
        stage: Stage<F>,
        visit: Arc<Visit>,
        // False if an outer layer records the end of the request.
        ends_here: bool,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Handling { #[pin] handler: F },
        Reading { parts: Option<Box<Parts>>, outcome: BoxFuture<'static, Outcome> },
    }
}

impl<F> Answering<F> {
    pub(super) fn new(handler: F, visit: Arc<Visit>, ends_here: bool) -> Self {
        Self { stage: Stage::Handling { handler }, visit, ends_here }
    }
}

impl<F: Future<Output = Response>> Future for Answering<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let _in_its_span = this.visit.enter();
        let mut response = ready!(this.stage.poll(this.visit, context));
        if *this.ends_here {
            this.visit.end(&mut response);
        }
        Poll::Ready(response)
    }
}

impl<F: Future<Output = Response>> Stage<F> {
    fn poll(mut self: Pin<&mut Self>, visit: &Visit, context: &mut Context<'_>) -> Poll<Response> {
        if let StageProjection::Handling { handler } = self.as_mut().project() {
            let polled = catch_unwind(AssertUnwindSafe(|| handler.poll(context)));
            // The panic hook has written the message to standard error.
            let response = ready!(polled.unwrap_or_else(|_| {
                Poll::Ready(visit.refuse(&Outcome::Panicked, None).into_response())
            }));
            if !is_rejection(&response) {
                return Poll::Ready(response);
            }
            let (parts, body) = response.into_parts();
            let outcome = outcome_of(parts.status, body).boxed();
            self.set(Self::Reading { parts: Some(Box::new(parts)), outcome });
        }
        match self.project() {
            StageProjection::Reading { parts, outcome } => {
                let outcome = ready!(outcome.poll_unpin(context));
                let mut problem = visit.refuse(&outcome, None).into_response();
                if let Some(mut parts) = parts.take() {
                    for name in OF_THE_BODY {
                        parts.headers.remove(name);
                    }
                    problem.headers_mut().extend(parts.headers);
                    problem.extensions_mut().extend(parts.extensions);
                }
                Poll::Ready(problem)
            }
            StageProjection::Handling { .. } => Poll::Pending,
        }
    }
}
