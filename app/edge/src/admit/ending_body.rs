//! Response body that ends soon after the request's permit (proof of authorization) ends.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes},
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    response::Response,
};
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::{Ended, event_boundary::EventBoundary};

/// Time after the permit's end in which the service may still send, such as a last message. If an
/// event of an event stream is then incomplete, its rest may take as long again.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Makes the body of `response` end soon after `ended` resolves.
///
/// A body that ends by itself within [`LAST_WORDS`] is complete. After that time, an event stream
/// ends between two events, and any other body with an error whose source is the [`Ended`]. Clients
/// can see that such a body is incomplete: HTTP/1.1 closes the connection without a last chunk,
/// HTTP/2 resets the stream (HTTP/1.0 needs a `Content-Length`). At [`Ended::Stopping`] a body that
/// is no event stream goes on until the server closes the connection.
///
/// Until the permit's end, frames, trailers and the size hint pass untouched. A body that the
/// client does not read is not polled, and ends when the client reads on or the server drops the
/// connection.
pub(super) fn until_ended(
    response: Response,
    ended: impl Future<Output = Ended> + Send + 'static,
) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    let events = is_event_stream(&response).then(EventBoundary::new);
    response.map(|body| {
        let phase = Phase::Permitted;
        Body::new(UntilEnded { body: Some(body), ended, phase, events, has_begun: false })
    })
}

/// Returns whether the body is an event stream that may end after any event: `text/event-stream`,
/// not encoded, of unknown length.
fn is_event_stream(response: &Response) -> bool {
    let headers = response.headers();
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("text/event-stream")
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_LENGTH)
        && response.body().size_hint().exact().is_none()
}

pin_project! {
    struct UntilEnded<E> {
        // `None` once the body has ended.
        body: Option<Body>,
        #[pin]
        ended: E,
        phase: Phase,
        // Position in an event stream; `None` for other bodies.
        events: Option<EventBoundary>,
        has_begun: bool,
    }
}

enum Phase {
    Permitted,
    /// The server is shutting down, and the body is no event stream: it goes on until the server
    /// closes the connection.
    Stopping,
    LastWords(Ended, Pin<Box<Sleep>>),
    /// The permit has ended and 250 ms have passed, but an event is incomplete: only its rest may
    /// still be sent.
    LastEvent(Ended, Pin<Box<Sleep>>),
}

impl<E: Future<Output = Ended>> UntilEnded<E> {
    /// Returns `Ready` when the body must end because the permit has ended: `Ok` if the body then
    /// looks complete (an event stream between two events), otherwise `Err`.
    fn poll_cut(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        let last_words = || Box::pin(sleep(LAST_WORDS));
        loop {
            let this = self.as_mut().project();
            let next = match this.phase {
                Phase::Permitted => match ready!(this.ended.poll(context)) {
                    Ended::Stopping if this.events.is_none() => Phase::Stopping,
                    ended => Phase::LastWords(ended, last_words()),
                },
                Phase::Stopping => return Poll::Pending,
                Phase::LastWords(ended, until) => {
                    ready!(until.as_mut().poll(context));
                    match this.events {
                        None => return Poll::Ready(Err(*ended)),
                        Some(events) if events.is_between_events() => return Poll::Ready(Ok(())),
                        Some(_) => Phase::LastEvent(*ended, last_words()),
                    }
                }
                Phase::LastEvent(ended, until) => {
                    ready!(until.as_mut().poll(context));
                    return Poll::Ready(Err(*ended));
                }
            };
            *this.phase = next;
        }
    }

    /// Returns the next frame of the service's body. Drops the body after its last frame, or after
    /// the last event that may be sent.
    fn poll_body(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let Some(body) = this.body else { return Poll::Ready(None) };
        let mut frame = ready!(Pin::new(body).poll_frame(context));
        let mut is_over = !matches!(frame, Some(Ok(_)));
        if let (Some(events), Some(Ok(frame))) = (this.events, &mut frame)
            && let Some(data) = frame.data_mut()
        {
            if !matches!(this.phase, Phase::LastEvent(..)) {
                events.pass(data);
            } else if let Some(rest) = events.pass_event(data) {
                data.truncate(rest);
                is_over = true;
            }
        }
        if is_over {
            *this.body = None;
        }
        // `Body::new` wraps the error in an `axum::Error` again.
        Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::into_inner)))
    }
}

impl<E: Future<Output = Ended>> http_body::Body for UntilEnded<E> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.body.is_none() {
            return Poll::Ready(None);
        }
        // Most responses are one frame that is ready, and need no timer.
        if !std::mem::replace(self.as_mut().project().has_begun, true) {
            let frame = self.as_mut().poll_body(context);
            if frame.is_ready() {
                return frame;
            }
        }
        // The end is polled before the body, which may always have another frame.
        if let Poll::Ready(cut) = self.as_mut().poll_cut(context) {
            *self.project().body = None;
            return Poll::Ready(cut.err().map(|ended| Err(ended.into())));
        }
        self.poll_body(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

#[cfg(test)]
mod tests;
