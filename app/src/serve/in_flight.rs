//! Counts requests from their head until their answer was handed to the connection.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::activity::Activity;

/// How many requests are in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one request of a connection until what is returned is dropped.
    pub(super) fn enter(&self, connection: Activity, is_http2: bool) -> Guard {
        self.0.fetch_add(1, Ordering::Relaxed);
        connection.request_began(is_http2);
        Guard { in_flight: self.clone(), connection }
    }
}

/// One request in flight.
#[derive(Debug)]
pub(super) struct Guard {
    in_flight: InFlight,
    connection: Activity,
}

impl Guard {
    /// Goes on counting until the body of the answer was handed over, or given up.
    pub(super) fn attach(self, body: axum::body::Body) -> Counted {
        Counted { body, _guard: self }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.in_flight.0.fetch_sub(1, Ordering::Relaxed);
        self.connection.request_ended();
    }
}

/// The body of an answer that is not yet handed over.
#[derive(Debug)]
pub(super) struct Counted {
    body: axum::body::Body,
    _guard: Guard,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
