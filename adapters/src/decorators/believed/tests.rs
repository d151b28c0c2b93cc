use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{MockTokenIntrospector, Outage};
use tokio::time::{advance, sleep};

use super::{
    super::{
        Witness,
        gated::{Answer, Gated, active, outage, token, word},
    },
    *,
};
use crate::recorded::Recorded;

const PATIENCE: Duration = Duration::from_secs(5);

/// Witness that vouches or refuses after the delay `takes`, and counts its calls.
#[derive(Default)]
struct Told {
    refuses: AtomicBool,
    takes: Duration,
    asked: AtomicUsize,
    heard: AtomicUsize,
}

#[async_trait]
impl Witness for Told {
    async fn vouch(&self) -> Result<(), NoWitness> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        sleep(self.takes).await;
        if self.refuses.load(Ordering::SeqCst) { Err(UNVOUCHED) } else { Ok(()) }
    }

    fn heard_active(&self) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }
}

const UNVOUCHED: NoWitness = NoWitness { witness: "a.setting", why: "it is inactive too" };

fn refusing() -> Arc<Told> {
    let told = Told::default();
    told.refuses.store(true, Ordering::SeqCst);
    Arc::new(told)
}

fn known() -> Arc<KnownTokens> {
    Arc::new(KnownTokens::new(NonZeroUsize::new(100).unwrap()))
}

fn answers(answers: impl IntoIterator<Item = Answer>) -> MockTokenIntrospector {
    let mut answers: VecDeque<_> = answers.into_iter().collect();
    let mut inner = MockTokenIntrospector::new();
    inner.expect_answer().times(answers.len()).returning(move |_| answers.pop_front().unwrap());
    inner
}

fn believed<I: TokenIntrospector>(
    inner: I,
    known: &Arc<KnownTokens>,
    witnesses: &[&Arc<Told>],
) -> Believed<I> {
    let witnesses = witnesses.iter().map(|told| Arc::clone(told) as Arc<dyn Witness>).collect();
    Believed::new(inner, Arc::clone(known), Belief::new(witnesses), PATIENCE)
}

const INACTIVE: Answer = Ok(Introspection::Inactive);

#[tokio::test(start_paused = true)]
async fn without_a_witness_an_inactive_is_believed_and_nothing_is_asked_twice() {
    let known = known();
    known.learn(&token("a"), &active("a"));
    let believed = believed(answers([INACTIVE]), &known, &[]);
    assert_eq!(word(&believed.introspect(&token("a")).await), "inactive");
    assert!(!known.contains(&token("a")));
}

#[tokio::test(start_paused = true)]
async fn an_active_token_and_a_fault_pass_without_a_witness() {
    for (answer, expected, heard) in [
        (Ok(active("a")), "active", 1),
        (outage(Outage::TimedOut), "timed_out", 0),
        (outage(Outage::CircuitOpen), "circuit_open", 0),
    ] {
        let (known, told) = (known(), refusing());
        let believed = believed(answers([answer]), &known, &[&told]);
        assert_eq!(word(&believed.introspect(&token("a")).await), expected);
        assert_eq!(told.asked.load(Ordering::SeqCst), 0);
        assert_eq!(told.heard.load(Ordering::SeqCst), heard);
        assert_eq!(known.contains(&token("a")), expected == "active");
    }
}

#[tokio::test(start_paused = true)]
async fn one_witness_of_several_that_does_not_vouch_is_enough_for_no_verdict() {
    for refuses in [[true, false, false], [false, true, false], [false, false, true], [true; 3]] {
        for was_active in [true, false] {
            let known = known();
            if was_active {
                known.learn(&token("a"), &active("a"));
            }
            let witnesses =
                refuses.map(|refuses| if refuses { refusing() } else { Arc::default() });
            let believed = believed(answers([INACTIVE]), &known, &witnesses.each_ref());
            let answer = believed.introspect(&token("a")).await;
            assert_eq!(word(&answer), "inactive_without_witness", "{refuses:?}");
            let cause = std::error::Error::source(&answer.unwrap_err()).unwrap().to_string();
            assert_eq!(cause, UNVOUCHED.to_string());
            assert_eq!(known.contains(&token("a")), was_active, "nothing is learnt");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn witnesses_are_asked_at_once_and_after_the_answer() {
    let slow = || Arc::new(Told { takes: Duration::from_secs(1), ..Told::default() });
    let (known, first, second) = (known(), slow(), slow());
    let gated = Gated::closed();
    gated.answer(Some(INACTIVE));
    let believed = Arc::new(believed(gated.clone(), &known, &[&first, &second]));
    let asking = tokio::spawn({
        let believed = Arc::clone(&believed);
        async move { believed.introspect(&token("a")).await }
    });
    gated.wait_for_under_way(1).await;
    assert_eq!(first.asked.load(Ordering::SeqCst), 0);
    let began = Instant::now();
    gated.open();
    assert_eq!(word(&asking.await.unwrap()), "inactive");
    assert!(began.elapsed() < Duration::from_millis(1_100), "{:?}", began.elapsed());
    for told in [first, second] {
        assert_eq!(told.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_active_is_asked_about_once_more_after_the_witness() {
    for (again, expected, stays_known) in [
        (INACTIVE, "inactive", false),
        (Ok(active("a")), "active", true),
        (outage(Outage::TimedOut), "inactive_without_witness", true),
        (outage(Outage::OverBudget), "inactive_without_witness", true),
    ] {
        let (known, told) = (known(), Arc::<Told>::default());
        known.learn(&token("a"), &active("a"));
        // Witnesses vouched just before, so a token that was not active is not introspected again.
        let believed = believed(answers([INACTIVE, INACTIVE, INACTIVE, again]), &known, &[&told]);
        assert_eq!(word(&believed.introspect(&token("stranger")).await), "inactive");
        assert_eq!(word(&believed.introspect(&token("a")).await), expected);
        assert_eq!(told.asked.load(Ordering::SeqCst), 2);
        assert_eq!(known.contains(&token("a")), stays_known);
    }
}

/// A token that is not known is introspected a second time, unless the witness vouched in the half
/// second before the first introspection.
#[tokio::test(start_paused = true)]
async fn a_stranger_is_asked_about_once_unless_no_witness_vouched_just_before() {
    let (known, told) = (known(), Arc::<Told>::default());
    let gated = Gated::opened();
    gated.answer(Some(INACTIVE));
    let believed = believed(gated.clone(), &known, &[&told]);
    for (pause, questions) in [(0, 2), (400, 1), (501, 2), (500, 1), (0, 1), (60_000, 2)] {
        advance(Duration::from_millis(pause)).await;
        let before = gated.asked();
        assert_eq!(word(&believed.introspect(&token("a")).await), "inactive");
        assert_eq!(gated.asked() - before, questions, "{pause} ms after the witness");
    }
    told.refuses.store(true, Ordering::SeqCst);
    advance(Duration::from_millis(300)).await;
    assert_eq!(word(&believed.introspect(&token("a")).await), "inactive_without_witness");
    told.refuses.store(false, Ordering::SeqCst);
    advance(Duration::from_millis(300)).await;
    gated.answer(Some(INACTIVE));
    let before = gated.asked();
    assert_eq!(word(&believed.introspect(&token("a")).await), "inactive");
    assert_eq!(gated.asked() - before, 2, "a witness that did not vouch frames nothing");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_first_asked_about_as_a_fault_ends_is_active() {
    let (known, told) = (known(), Arc::<Told>::default());
    let believed = believed(answers([INACTIVE, Ok(active("a"))]), &known, &[&told]);
    assert_eq!(word(&believed.introspect(&token("a")).await), "active");
    assert!(known.contains(&token("a")));
    assert_eq!(told.heard.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn all_of_it_ends_within_the_callers_time() {
    let endless = Arc::new(Told { takes: Duration::from_hours(1), ..Told::default() });
    let known = known();
    let gated = Gated::opened();
    gated.answer(Some(INACTIVE));
    let slow_witness = believed(gated.clone(), &known, &[&endless]);
    let began = Instant::now();
    let answer = slow_witness.introspect(&token("a")).await;
    assert_eq!(word(&answer), "inactive_without_witness");
    assert_eq!(began.elapsed().as_secs(), 5);

    // A second introspection would end after 8 s.
    let slow = Slow(Duration::from_secs(4));
    let began = Instant::now();
    let slow_again = believed(slow, &known, &[&Arc::default()]);
    assert_eq!(word(&slow_again.introspect(&token("a")).await), "inactive_without_witness");
    assert_eq!(began.elapsed().as_secs(), 5);
}

struct Slow(Duration);

#[async_trait]
impl TokenIntrospector for Slow {
    async fn introspect(&self, _: &AccessToken<'_>) -> Answer {
        sleep(self.0).await;
        INACTIVE
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubt_lasts_until_all_witnesses_vouch() {
    let (known, told) = (known(), refusing());
    let gated = Gated::opened();
    gated.answer(Some(INACTIVE));
    let believed = believed(gated, &known, &[&told]);
    assert_eq!(believed.belief.doubted_since(), None);
    let _ = believed.introspect(&token("a")).await;
    let since = believed.belief.doubted_since().unwrap();
    for _ in 0..100 {
        sleep(Duration::from_millis(300)).await;
        let _ = believed.introspect(&token("a")).await;
    }
    assert_eq!(believed.belief.doubted_since(), Some(since));
    let asked = told.asked.load(Ordering::SeqCst);
    assert!((106..=107).contains(&asked), "{asked}: one task, every five seconds");
    told.refuses.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(believed.belief.doubted_since(), None);
    let asked = told.asked.load(Ordering::SeqCst);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(told.asked.load(Ordering::SeqCst), asked, "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn inactive_answers_are_counted_by_whether_they_are_believed() {
    let recorded = Recorded::new();
    let (known, told) = (known(), Arc::<Told>::default());
    let inner = answers([INACTIVE, INACTIVE, Ok(active("a")), INACTIVE, Ok(active("b")), INACTIVE]);
    let believed = recorded.scope(|| believed(inner, &known, &[&told]));
    for (text, expected) in [("x", "inactive"), ("a", "active"), ("b", "active")] {
        advance(Duration::from_secs(1)).await;
        assert_eq!(word(&believed.introspect(&token(text)).await), expected);
    }
    told.refuses.store(true, Ordering::SeqCst);
    assert_eq!(word(&believed.introspect(&token("c")).await), "inactive_without_witness");
    let count = |believed: &str| {
        recorded.value(&format!("inactive_answers_total{{believed=\"{believed}\"}}")).unwrap()
    };
    assert_eq!((count("true"), count("false")), ("1".to_owned(), "2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_known_by_its_last_verdict_and_a_fault_is_none() {
    for (answer, stays_known) in [
        (INACTIVE, false),
        (outage(Outage::TimedOut), true),
        (outage(Outage::ServerError), true),
        (Ok(active("a")), true),
    ] {
        let known = known();
        known.learn(&token("a"), &active("a"));
        let believed = believed(answers([answer]), &known, &[]);
        let _ = believed.introspect(&token("a")).await;
        assert_eq!(known.contains(&token("a")), stays_known);
    }
}
