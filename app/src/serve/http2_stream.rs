//! Task of one HTTP/2 request, which ends when the peer does not read the answer.
//!
//! The HTTP library polls the answer's body in the request's own task. While the peer's window is
//! full the body is not polled, so the stall is measured in the task and not in the body.

use std::{cell::RefCell, future::poll_fn, pin::pin, task::Poll, time::Duration};

use hyper::rt::Executor;
use tokio::task_local;

use super::{stall_timer::StallTimer, stalls::Stalls};

/// Divisor of the stall time-out: a peer that needs longer to make room for a piece is slow.
const SLOW: u32 = 16;

task_local! {
    static ANSWER: RefCell<Answer>;
}

/// Answer of the request that the current task serves.
struct Answer {
    timer: StallTimer,
    /// Bytes that are ready, but for which the peer has no room.
    ready: usize,
    /// Bytes of the piece before.
    before: usize,
    /// Longest wait for room after which the peer is not slow.
    slow: Duration,
}

/// Runs requests, and resets those whose answers are not read.
#[derive(Clone, Debug)]
pub(super) struct Streams(pub(super) Stalls);

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, request: F) {
        let timeout = self.0.timeout;
        let answer =
            Answer { timer: StallTimer::new(timeout), ready: 0, before: 0, slow: timeout / SLOW };
        tokio::spawn(ANSWER.scope(RefCell::new(answer), unless_stalled(request, self.0.clone())));
    }
}

/// Runs a request to its end, or until it stalls: dropping it then resets the stream.
async fn unless_stalled(request: impl Future, stalls: Stalls) {
    let mut request = pin!(request);
    poll_fn(|context| {
        if request.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        ANSWER.with(|answer| {
            let mut answer = answer.borrow_mut();
            if answer.ready == 0 {
                return Poll::Pending;
            }
            answer.timer.poll_stalled(context).map(|()| stalls.answer.increment(1))
        })
    })
    .await;
}

/// Records that a piece of the answer waits for room.
pub(super) fn piece_is_ready(length: usize) {
    let _ = ANSWER.try_with(|answer| answer.borrow_mut().ready = length);
}

/// A piece that the peer has made room for.
#[derive(Debug, Default)]
pub(super) struct TakenPiece {
    pub(super) bytes: usize,
    pub(super) was_slow: bool,
}

/// Records that there was room for the last piece, and returns it.
pub(super) fn piece_is_taken() -> TakenPiece {
    let taken = ANSWER.try_with(|answer| {
        let mut answer = answer.borrow_mut();
        let bytes = std::mem::take(&mut answer.ready);
        // A piece is taken when the one before it has left and there is room for one more byte. The
        // peer has thus made room for about the longer of the two; the last piece is one byte long.
        let before = std::mem::replace(&mut answer.before, bytes);
        TakenPiece { bytes, was_slow: answer.timer.owes_nothing(bytes.max(before)) > answer.slow }
    });
    taken.unwrap_or_default()
}
