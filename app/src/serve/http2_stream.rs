//! Task of one HTTP/2 request. The task ends if the peer does not read the response.
//!
//! While the peer's window is full, the HTTP library does not poll the response body, so the task
//! measures the stall.

use std::{cell::RefCell, future::poll_fn, pin::pin, task::Poll, time::Duration};

use hyper::rt::Executor;
use tokio::task_local;

use super::{stall_timer::StallTimer, stalls::Stalls};

/// Divisor of the stall time-out. A peer counts as slow if it takes more than a sixteenth of this
/// time-out to make room for a piece of a response.
const SLOW: u32 = 16;

task_local! {
    static ANSWER: RefCell<Answer>;
}

/// Progress of the response that the current task sends.
struct Answer {
    timer: StallTimer,
    /// Size of the piece of the response that waits for room in the peer's window, in bytes; 0 if
    /// none waits.
    ready: usize,
    /// Size of the last piece of the response that the peer made room for, in bytes.
    before: usize,
    slow: Duration,
}

/// Executor that runs each HTTP/2 request until it ends or its peer stalls.
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

/// Runs a request to its end, or drops it when the peer stalls, which resets the stream.
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

/// Records that a response's piece of `length` bytes waits for room in the peer's window.
pub(super) fn piece_is_ready(length: usize) {
    let _ = ANSWER.try_with(|answer| answer.borrow_mut().ready = length);
}

/// Piece of a response that the peer has made room for.
#[derive(Debug, Default)]
pub(super) struct TakenPiece {
    pub(super) bytes: usize,
    pub(super) was_slow: bool,
}

/// Records that the peer had room for the response's waiting piece. Returns the piece's size, and
/// whether the peer was slow.
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
