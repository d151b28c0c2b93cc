//! A handler at work, until its answer is complete.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::response::Response;
use futures_util::{FutureExt, future::BoxFuture};
use pin_project_lite::pin_project;

use super::{observed::Begun, panics, rejection};

pin_project! {
    /// Catches a panic, makes a problem of a rejection, and notes how the request ended. A request
    /// that was given up is not noted: it has no outcome.
    ///
    /// One future, and not one around another: an answer is large, and each would move it.
    pub(super) struct Answering<F> {
        #[pin]
        stage: Stage<F>,
        begun: Option<Begun>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Handling { #[pin] handler: F },
        Converting { conversion: BoxFuture<'static, Response> },
    }
}

impl<F> Answering<F> {
    pub(super) fn new(handler: F, begun: Begun) -> Self {
        Self { stage: Stage::Handling { handler }, begun: Some(begun) }
    }
}

impl<F: Future<Output = Response>> Future for Answering<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        let response = {
            let _in_its_span = this.begun.as_ref().map(Begun::enter);
            ready!(this.stage.as_mut().poll(context))
        };
        Poll::Ready(match this.begun.take() {
            Some(begun) => begun.end(response),
            None => response,
        })
    }
}

impl<F: Future<Output = Response>> Future for Stage<F> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let handler = match self.as_mut().project() {
            StageProjection::Handling { handler } => handler,
            StageProjection::Converting { conversion } => return conversion.poll_unpin(context),
        };
        let polled = catch_unwind(AssertUnwindSafe(|| handler.poll(context)));
        let response = ready!(polled.unwrap_or_else(|panic| Poll::Ready(panics::answer(panic))));
        if !rejection::is_one(&response) {
            return Poll::Ready(response);
        }
        let mut conversion = rejection::to_problem(response).boxed();
        let polled = conversion.poll_unpin(context);
        self.set(Self::Converting { conversion });
        polled
    }
}
