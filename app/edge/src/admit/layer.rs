//! Layer that puts a guard around a router.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Guard, Visit};

/// Layer, made by [`Guard::layer`], that lets a router's handlers demand a permit.
#[derive(Clone, Debug)]
pub struct GuardLayer(Guard);

impl Guard {
    /// Creates the layer for [`Router::layer`](axum::Router::layer).
    ///
    /// The layer gives each request an id, lets handlers below take
    /// [`Authorized<R>`](crate::Authorized), marks responses that depend on a permit with
    /// `Cache-Control: no-store`, and calls the observer. A route without `Authorized` stays
    /// public.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer(self.clone())
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guarding<S>;

    fn layer(&self, inner: S) -> Guarding<S> {
        Guarding { inner, guard: self.0.clone() }
    }
}

/// Service that [`Guard::layer`] has wrapped, so that handlers within can take
/// [`Authorized`](crate::Authorized).
#[derive(Clone, Debug)]
pub struct Guarding<S> {
    inner: S,
    guard: Guard,
}

impl<S, A, B> Service<Request<A>> for Guarding<S>
where
    S: Service<Request<A>, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Following<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let (visit, begins_here) = Visit::join(&self.guard, &request, true, None);
        if !begins_here {
            return Following { inner: self.inner.call(request), visit: None };
        }
        request.extensions_mut().insert(Arc::clone(&visit));
        Following { inner: self.inner.call(request), visit: Some(visit) }
    }
}

pin_project! {
    /// Response future of a [`Guarding`] service: adds the guard's headers, and calls the observer.
    #[derive(Debug)]
    pub struct Following<F> {
        #[pin]
        inner: F,
        visit: Option<Arc<Visit>>,
    }
}

impl<F, B, E> Future for Following<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(visit) = this.visit else { return this.inner.poll(context) };
        let _in_its_span = visit.enter();
        let mut answer = ready!(this.inner.poll(context));
        if let Ok(response) = &mut answer {
            visit.end(response);
        }
        Poll::Ready(answer)
    }
}
