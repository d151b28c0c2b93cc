//! Shares one call, such as an introspection, among all callers who came before the call was sent.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep_until},
};

/// Minimum time between the beginnings of two shared calls.
const SPACING: Duration = Duration::from_millis(200);

/// Sends one call at a time, and at most five per second. Callers who come during a call share the
/// next one: ZITADEL may have answered the current one before they came.
pub(super) struct Rounds<T>(Arc<Mutex<Line<T>>>);

struct Line<T> {
    /// Channel for the result of the next call; `None` if no caller waits for one.
    next: Option<watch::Sender<Option<T>>>,
    sent_at: Option<Instant>,
    /// Task that sends the calls. It ends when no caller waits.
    asking: Option<AbortHandle>,
}

impl<T> Default for Rounds<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Line { next: None, sent_at: None, asking: None })))
    }
}

impl<T: Clone + Send + Sync + 'static> Rounds<T> {
    /// Returns the result of a call of `ask` that began after the caller came; `None` if the task
    /// that sends calls ends without a result. Cancel-safe.
    pub(super) async fn next<A>(&self, ask: impl Fn() -> A + Send + 'static) -> Option<T>
    where
        A: Future<Output = T> + Send + 'static,
    {
        let mut answer = self.wait_in_line(ask);
        let answer = answer.wait_for(Option::is_some).await.ok()?;
        answer.clone()
    }

    fn wait_in_line<A>(&self, ask: impl Fn() -> A + Send + 'static) -> watch::Receiver<Option<T>>
    where
        A: Future<Output = T> + Send + 'static,
    {
        let mut line = lock(&self.0);
        let answer = line.next.get_or_insert_with(|| watch::Sender::new(None)).subscribe();
        // A task that panicked, or whose runtime has ended, sends no more calls.
        if line.asking.as_ref().is_none_or(AbortHandle::is_finished) {
            let asking = tokio::spawn(ask_while_wanted(Arc::clone(&self.0), ask));
            line.asking = Some(asking.abort_handle());
        }
        answer
    }
}

async fn ask_while_wanted<T: Send + Sync, A: Future<Output = T> + Send>(
    line: Arc<Mutex<Line<T>>>,
    ask: impl Fn() -> A + Send,
) {
    loop {
        let sent_at = lock(&line).sent_at;
        if let Some(sent_at) = sent_at {
            sleep_until(sent_at + SPACING).await;
        }
        let Some(next) = take(&line) else { return };
        next.send_replace(Some(ask().await));
    }
}

/// Takes the channel by which callers wait for the next call's result. If none waits, clears
/// `asking`, the handle of the task that sends calls, under the same lock: the task ends, and the
/// next caller starts a new one.
fn take<T>(line: &Mutex<Line<T>>) -> Option<watch::Sender<Option<T>>> {
    let mut line = lock(line);
    let next = line.next.take().filter(|next| next.receiver_count() > 0);
    if next.is_some() {
        line.sent_at = Some(Instant::now());
    } else {
        line.asking = None;
    }
    next
}

fn lock<T>(line: &Mutex<Line<T>>) -> MutexGuard<'_, Line<T>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> fmt::Debug for Rounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{
        task::JoinSet,
        time::{sleep, timeout},
    };

    use super::*;

    /// Returns a function for `Rounds::next`. Each call of it takes the time `takes`, counts itself
    /// in `asked`, and returns the count.
    fn counted(
        asked: &Arc<AtomicUsize>,
        takes: Duration,
    ) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = usize> + Send>> + Send + 'static {
        let asked = Arc::clone(asked);
        move || {
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move {
                sleep(takes).await;
                number
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn callers_share_a_question_that_is_sent_after_they_came() {
        let (rounds, asked) = (Arc::new(Rounds::default()), Arc::default());
        let mut callers = JoinSet::new();
        for wait in [0, 0, 10, 30, 120, 220] {
            let (rounds, ask) = (Arc::clone(&rounds), counted(&asked, Duration::from_millis(50)));
            callers.spawn(async move {
                sleep(Duration::from_millis(wait)).await;
                let came = Instant::now();
                let number = rounds.next(ask).await.unwrap();
                // Timers tick every 1 ms.
                (wait, number, came.elapsed().as_millis() / 10 * 10)
            });
        }
        let mut answers = callers.join_all().await;
        answers.sort_unstable();
        let expected =
            [(0, 1, 50), (0, 1, 50), (10, 2, 240), (30, 2, 220), (120, 2, 130), (220, 3, 230)];
        assert_eq!(answers, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_five_questions_a_second_and_never_two_at_once() {
        let (rounds, asked) = (Arc::new(Rounds::default()), Arc::default());
        let mut callers = JoinSet::new();
        for wait in 0..10_000 {
            let (rounds, ask) = (Arc::clone(&rounds), counted(&asked, Duration::from_millis(1)));
            callers.spawn(async move {
                sleep(Duration::from_millis(wait)).await;
                timeout(Duration::from_secs(1), rounds.next(ask)).await.unwrap().unwrap()
            });
        }
        callers.join_all().await;
        let asked = asked.load(Ordering::SeqCst);
        assert!((40..=51).contains(&asked), "{asked} questions in 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn callers_who_left_are_not_asked_for() {
        let (rounds, asked) = (Rounds::default(), Arc::default());
        rounds.next(counted(&asked, Duration::ZERO)).await.unwrap();
        let leaving = rounds.next(counted(&asked, Duration::ZERO));
        assert!(timeout(Duration::from_millis(10), leaving).await.is_err());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(rounds.next(counted(&asked, Duration::ZERO)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_panics_is_no_answer_and_the_next_one_is_asked() {
        let (rounds, asked) = (Rounds::<usize>::default(), Arc::default());
        let panics = || async { panic!("a test") };
        assert_eq!(rounds.next(panics).await, None);
        assert_eq!(rounds.next(counted(&asked, Duration::ZERO)).await, Some(1));
    }
}
