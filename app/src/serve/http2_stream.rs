//! The task of one HTTP/2 request, which ends when the peer does not take the answer.
//!
//! The HTTP library runs each request in a task of its own and polls the answer's body in it. A peer
//! without room leaves the body unpolled, so the body cannot watch over itself: the task does.

use std::{cell::RefCell, future::poll_fn, pin::pin, task::Poll, time::Duration};

use hyper::rt::Executor;
use tokio::task_local;

use super::{stall_timer::StallTimer, stalls::Stalls};

/// Part of the stall time-out: a peer that needs longer to make room for a piece is slow.
const SLOW: u32 = 16;

task_local! {
    static ANSWER: RefCell<Answer>;
}

/// The answer of the request that the present task serves.
struct Answer {
    timer: StallTimer,
    /// Bytes that are ready, and that the peer has not made room for.
    ready: usize,
    /// Bytes of the piece before that one.
    before: usize,
    /// Longest wait for room behind a piece that does not make the peer a slow one.
    slow: Duration,
}

/// Runs requests, and resets those whose answers are not taken.
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

/// Runs a request to its end. A stall ends it sooner, and what is dropped is reset.
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

/// Notes that a piece of the answer waits for room.
pub(super) fn piece_is_ready(length: usize) {
    let _ = ANSWER.try_with(|answer| answer.borrow_mut().ready = length);
}

/// A piece that the peer has made room for.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) bytes: usize,
    pub(super) was_slow: bool,
}

/// Notes that there was room for the last piece.
pub(super) fn piece_is_taken() -> Taken {
    let taken = ANSWER.try_with(|answer| {
        let mut answer = answer.borrow_mut();
        let bytes = std::mem::take(&mut answer.ready);
        // A piece is taken when the one before it has left and there is room for one more byte. So it is
        // the longer of the two that the peer made room for, give or take; the last is one byte long.
        let before = std::mem::replace(&mut answer.before, bytes);
        Taken { bytes, was_slow: answer.timer.owes_nothing(bytes.max(before)) > answer.slow }
    });
    taken.unwrap_or_default()
}
