use domain::Outage;
use tokio::{
    task::{JoinHandle, JoinSet, yield_now},
    time::{Instant, advance},
};

use super::{
    super::gated::{Gated, active, outage, token, word},
    *,
};
use crate::paused_clocks::clocks;

/// Time limit that a test reaches only by advancing the clock.
const PATIENCE: Duration = Duration::from_secs(3600);

fn new(gated: &Gated) -> Arc<Coalesced<Gated>> {
    Arc::new(Coalesced::new(gated.clone(), PATIENCE, clocks()))
}

fn nothing_is_left(coalesced: &Coalesced<Gated>) -> bool {
    format!("{coalesced:?}").contains("tokens: 0")
}

fn spawn(coalesced: &Arc<Coalesced<Gated>>, text: &'static str) -> JoinHandle<Answer> {
    let coalesced = Arc::clone(coalesced);
    tokio::spawn(async move { coalesced.introspect(&token(text)).await })
}

#[tokio::test(start_paused = true)]
async fn many_callers_with_one_token_ask_once() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let coalesced = Arc::clone(&coalesced);
        callers.spawn(async move { coalesced.introspect(&token("a")).await });
    }
    gated.wait_for_under_way(1).await;
    for _ in 0..200 {
        yield_now().await;
    }
    gated.open();
    for answer in callers.join_all().await {
        assert_eq!(answer.unwrap(), active("a"));
    }
    assert_eq!(gated.asked(), 1);
    assert!(nothing_is_left(&coalesced));
}

// incidents.md row 4.
#[tokio::test]
async fn two_tokens_never_see_each_others_answer() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let (a, b) = (spawn(&coalesced, "a"), spawn(&coalesced, "b"));
    gated.wait_for_under_way(2).await;
    gated.open();
    assert_eq!(a.await.unwrap().unwrap(), active("a"));
    assert_eq!(b.await.unwrap().unwrap(), active("b"));
}

// incidents.md row 5.
#[tokio::test]
async fn the_call_goes_on_when_its_first_caller_leaves() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let first = spawn(&coalesced, "a");
    gated.wait_for_under_way(1).await;
    let second = spawn(&coalesced, "a");
    yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gated.open();
    assert_eq!(word(&second.await.unwrap()), "active");
    assert_eq!(gated.asked(), 1);
}

#[tokio::test]
async fn a_question_that_was_sent_runs_to_its_end_when_every_caller_has_left() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let callers = [spawn(&coalesced, "a"), spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    for caller in callers {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(word(&late(&coalesced, &gated).await), "active", "it is joined");
    assert_eq!(gated.asked(), 1);
    assert!(nothing_is_left(&coalesced));
}

/// Introspects token `a` for one more caller while `gated` still holds results back, then lets them
/// through. Returns that caller's result.
async fn late(coalesced: &Arc<Coalesced<Gated>>, gated: &Gated) -> Answer {
    let caller = spawn(coalesced, "a");
    yield_now().await;
    gated.open();
    caller.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_question_is_joined_for_100_ms_and_a_later_caller_gets_the_next_one() {
    for (wait, asked) in [(100, 1), (101, 2)] {
        let gated = Gated::closed();
        let coalesced = new(&gated);
        let first = spawn(&coalesced, "a");
        gated.wait_for_under_way(1).await;
        advance(Duration::from_millis(wait)).await;
        let second = spawn(&coalesced, "a");
        gated.wait_for_under_way(asked).await;
        gated.open();
        assert_eq!(word(&first.await.unwrap()), "active");
        assert_eq!(word(&second.await.unwrap()), "active");
        assert_eq!(gated.asked(), asked, "after {wait} ms");
        assert!(nothing_is_left(&coalesced));
    }
}

// However slow the server is, one token takes at most two slots.
#[tokio::test(start_paused = true)]
async fn with_two_questions_under_way_all_who_come_later_share_the_next_one() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let mut callers = vec![spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    for _ in 0..5 {
        advance(Duration::from_millis(101)).await;
        callers.extend([spawn(&coalesced, "a"), spawn(&coalesced, "a")]);
        for _ in 0..10 {
            yield_now().await;
        }
    }
    assert_eq!(gated.asked(), 2);
    gated.open();
    for caller in callers {
        assert_eq!(word(&caller.await.unwrap()), "active");
    }
    assert_eq!(gated.asked(), 3, "one for all who waited");
    assert!(nothing_is_left(&coalesced));
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_the_next_question_no_longer_than_the_time_allowed() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    let first = [spawn(&coalesced, "a"), spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    advance(Duration::from_millis(101)).await;
    let second = spawn(&coalesced, "a");
    gated.wait_for_under_way(2).await;
    advance(Duration::from_millis(101)).await;
    let came = Instant::now();
    assert_eq!(word(&coalesced.introspect(&token("a")).await), "timed_out");
    assert_eq!(came.elapsed(), PATIENCE);
    gated.open();
    for caller in first.into_iter().chain([second]) {
        assert_eq!(word(&caller.await.unwrap()), "active");
    }
    assert_eq!(gated.asked(), 2, "nobody waits for the third");
    assert!(nothing_is_left(&coalesced));
}

struct Panics(Duration);

#[async_trait]
impl TokenIntrospector for Panics {
    async fn introspect(&self, _: &AccessToken<'_>) -> Answer {
        tokio::time::sleep(self.0).await;
        panic!("a bug");
    }
}

#[tokio::test]
async fn a_question_that_panics_is_a_fault_for_its_callers_and_leaves_nothing_behind() {
    let coalesced = Coalesced::new(Panics(Duration::ZERO), PATIENCE, clocks());
    for _ in 0..3 {
        assert_eq!(word(&coalesced.introspect(&token("a")).await), "interrupted");
        assert!(format!("{coalesced:?}").contains("tokens: 0"));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_next_question_is_told_when_none_will_come() {
    let coalesced = Arc::new(Coalesced::new(Panics(Duration::from_secs(1)), PATIENCE, clocks()));
    let mut callers = JoinSet::new();
    let came = Instant::now();
    for _ in 0..3 {
        let coalesced = Arc::clone(&coalesced);
        callers.spawn(async move { coalesced.introspect(&token("a")).await });
        tokio::time::sleep(Duration::from_millis(101)).await;
    }
    for answer in callers.join_all().await {
        assert_eq!(word(&answer), "interrupted");
    }
    assert!(came.elapsed() < PATIENCE);
    assert!(format!("{coalesced:?}").contains("tokens: 0"));
}

#[tokio::test]
async fn a_fault_is_for_those_who_wait_and_for_nobody_after_them() {
    let gated = Gated::closed();
    let coalesced = new(&gated);
    gated.answer(Some(outage(Outage::ServerError)));
    let callers = [spawn(&coalesced, "a"), spawn(&coalesced, "a")];
    gated.wait_for_under_way(1).await;
    yield_now().await;
    gated.open();
    for caller in callers {
        assert_eq!(word(&caller.await.unwrap()), "server_error");
    }
    gated.answer(None);
    assert_eq!(word(&coalesced.introspect(&token("a")).await), "active");
    assert_eq!(gated.asked(), 2);
}

#[tokio::test]
async fn whoever_comes_after_the_answer_asks_anew() {
    let gated = Gated::opened();
    let coalesced = new(&gated);
    for asked in 1..=3 {
        assert_eq!(word(&coalesced.introspect(&token("a")).await), "active");
        assert_eq!(gated.asked(), asked);
    }
}
