//! Request body that ends with an error if the peer sends too few bytes in time
//! (`server.stall_timeout`).

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;

use super::{activity::Activity, stall_timer::StallTimer, stalls::Stalls};

#[derive(Debug)]
struct RequestBody {
    body: Incoming,
    timer: StallTimer,
    stalls: Stalls,
    connection: Activity,
}

#[derive(Debug, Error)]
enum BodyError {
    #[error(transparent)]
    Connection(hyper::Error),
    #[error("the request body did not arrive within server.stall_timeout")]
    Stalled,
}

/// Wraps `body` so that reading it fails if the peer sends too few bytes within `stalls.timeout`.
/// Allocates nothing for an empty body.
pub(super) fn readable(body: Incoming, stalls: &Stalls, connection: &Activity) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(RequestBody {
        body,
        timer: StallTimer::new(stalls.timeout),
        stalls: stalls.clone(),
        connection: connection.clone(),
    })
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            return this.timer.poll_stalled(context).map(|()| {
                this.stalls.request_body.increment(1);
                this.timer = StallTimer::new(this.stalls.timeout);
                Some(Err(BodyError::Stalled))
            });
        };
        let length = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        this.timer.owes_nothing(length);
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Connection)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            self.connection.body_is_left_unread();
        }
    }
}
