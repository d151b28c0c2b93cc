//! Body of a response, which keeps its request counted as in flight and, over HTTP/2, detects
//! whether the peer reads.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame, SizeHint};

use super::{
    activity::RequestGuard,
    http2_stream::{self, TakenPiece},
};

/// Maximum size of the pieces of a response body over HTTP/2, in bytes.
const LONGEST_PIECE: usize = 16 * 1024;
/// Size in bytes of a response body's first pieces, and of pieces after the peer was slow.
const SHORTEST_PIECE: usize = 1024;
/// Divisor for the size of a response's pieces, which grow while the peer reads without being slow.
/// The next piece has at most as many bytes as the peer has read since it was last slow, divided by
/// `GROWTH`: from [`SHORTEST_PIECE`] to [`LONGEST_PIECE`]. If the first had 16 KiB, a peer that
/// makes room for only 1 KiB within the stall time-out would be cut off
/// (`room_for_a_kibibyte_within_the_time_is_no_stall`).
const GROWTH: usize = 2;

/// Body of a response in progress. Dropping the body ends the request.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    /// State of cutting the body into pieces; `None` over HTTP/1.1, where the body is not cut.
    pieces: Option<Pieces>,
    _guard: RequestGuard,
}

/// Cuts a response body into pieces so that hyper (the HTTP library) never buffers all of it.
///
/// hyper reads a piece once the peer's flow-control window has room for one byte. The last byte of
/// each frame is therefore a piece of its own, read after all other bytes had room. Otherwise a
/// peer with a window of one byte makes the server hold whole responses that are not counted as in
/// flight (`a_peer_that_does_not_take_its_answer_over_http_2_is_cut_and_counted`).
#[derive(Debug, Default)]
struct Pieces {
    rest: Bytes,
    /// Number of bytes of the response that the peer has read since it was last slow.
    taken: usize,
}

impl AnswerBody {
    pub(super) fn new(body: Body, is_http2: bool, guard: RequestGuard) -> Self {
        let pieces = is_http2.then(Pieces::default);
        Self { body, pieces, _guard: guard }
    }
}

impl Pieces {
    fn poll_frame(
        &mut self,
        body: &mut Body,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let TakenPiece { bytes, was_slow } = http2_stream::piece_is_taken();
        self.taken = if was_slow { 0 } else { self.taken.saturating_add(bytes) };
        if self.rest.is_empty() {
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return Poll::Ready(other),
            }
        }
        let longest = (self.taken / GROWTH).clamp(SHORTEST_PIECE, LONGEST_PIECE);
        let all_but_the_last = self.rest.len().saturating_sub(1);
        let piece = match all_but_the_last.min(longest) {
            0 => std::mem::take(&mut self.rest),
            length => self.rest.split_to(length),
        };
        http2_stream::piece_is_ready(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, pieces, .. } = &mut *self;
        match pieces {
            None => Pin::new(body).poll_frame(context),
            Some(pieces) => pieces.poll_frame(body, context),
        }
    }

    fn is_end_stream(&self) -> bool {
        let has_rest = self.pieces.as_ref().is_some_and(|pieces| !pieces.rest.is_empty());
        !has_rest && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.pieces.as_ref().map_or(0, |pieces| pieces.rest.len() as u64);
        let mut hint = self.body.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
