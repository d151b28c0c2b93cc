use domain::Misconfiguration;
use tokio::time::{advance, sleep, timeout};

use super::{
    super::gated::{Gated, cause, outage, token, word},
    *,
};
use crate::recorded::Recorded;

type Answer = Result<Introspection, IntrospectionError>;

async fn ask(breaker: &CircuitBreaker<Gated>) -> &'static str {
    word(&breaker.introspect(&token("a")).await)
}

/// Returns a breaker that has just seen `outages` consecutive failures of `gated`.
async fn after(outages: u32, gated: &Gated) -> CircuitBreaker<Gated> {
    let breaker = CircuitBreaker::new(gated.clone());
    gated.answer(Some(outage(Outage::Unreachable)));
    for _ in 0..outages {
        assert_eq!(ask(&breaker).await, "unreachable");
    }
    gated.answer(None);
    breaker
}

#[tokio::test(start_paused = true)]
async fn five_outages_in_a_row_open_it_and_four_do_not() {
    let gated = Gated::opened();
    assert_eq!(ask(&after(THRESHOLD - 1, &gated).await).await, "active");
    let breaker = after(THRESHOLD, &gated).await;
    let asked = gated.asked();
    assert_eq!(ask(&breaker).await, "circuit_open");
    assert_eq!(gated.asked(), asked, "nobody was asked");
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_between_starts_the_count_again() {
    let gated = Gated::opened();
    let breaker = after(THRESHOLD - 1, &gated).await;
    assert_eq!(ask(&breaker).await, "active");
    gated.answer(Some(outage(Outage::Unreachable)));
    for _ in 0..THRESHOLD - 1 {
        assert_eq!(ask(&breaker).await, "unreachable");
    }
    gated.answer(None);
    assert_eq!(ask(&breaker).await, "active");
}

#[tokio::test(start_paused = true)]
async fn one_probe_is_let_through_every_half_second() {
    let gated = Gated::opened();
    let breaker = after(THRESHOLD, &gated).await;
    gated.answer(Some(outage(Outage::ServerError)));
    for _ in 0..3 {
        advance(Duration::from_millis(499)).await;
        assert_eq!(ask(&breaker).await, "circuit_open");
        advance(Duration::from_millis(1)).await;
        assert_eq!(ask(&breaker).await, "server_error");
        assert_eq!(ask(&breaker).await, "circuit_open");
    }
    gated.answer(None);
    advance(PROBE_INTERVAL).await;
    assert_eq!(ask(&breaker).await, "active");
    assert_eq!(ask(&breaker).await, "active", "it is closed");
}

#[tokio::test(start_paused = true)]
async fn what_opened_it_is_what_it_shows() {
    let gated = Gated::opened();
    let breaker = after(THRESHOLD, &gated).await;
    let error = breaker.introspect(&token("a")).await.unwrap_err();
    let left_alone = std::error::Error::source(&error).unwrap();
    let opened_by = left_alone.source().unwrap().to_string();
    assert!(opened_by.contains("unreachable"), "{opened_by}");
}

fn no_outages() -> Vec<Answer> {
    vec![
        Ok(Introspection::Inactive),
        Err(IntrospectionError::Malformed { source: cause() }),
        Err(IntrospectionError::Misconfigured {
            reason: Misconfiguration::Redirected,
            source: cause(),
        }),
        outage(Outage::UnexpectedStatus),
        outage(Outage::TooManyInFlight),
        outage(Outage::OverBudget),
        outage(Outage::RateLimited),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_a_callers_token_could_cause_does_not_open_it() {
    for answer in no_outages() {
        let gated = Gated::opened();
        let breaker = CircuitBreaker::new(gated.clone());
        gated.answer(Some(answer));
        for _ in 0..3 * THRESHOLD {
            assert_ne!(ask(&breaker).await, "circuit_open");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_outage_opens_it() {
    for reason in [Outage::Unreachable, Outage::TimedOut, Outage::Interrupted, Outage::ServerError]
    {
        let gated = Gated::opened();
        let breaker = CircuitBreaker::new(gated.clone());
        gated.answer(Some(outage(reason)));
        for _ in 0..THRESHOLD {
            assert_eq!(ask(&breaker).await, reason.as_str());
        }
        assert_eq!(ask(&breaker).await, "circuit_open");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_us_is_not_asked_in_a_loop_and_the_refusal_stays_what_it_is() {
    let gated = Gated::opened();
    let breaker = CircuitBreaker::new(gated.clone());
    gated.answer(Some(Err(IntrospectionError::ClientRefused { source: cause() })));
    for _ in 0..10 * THRESHOLD {
        assert_eq!(ask(&breaker).await, "client_refused");
    }
    assert_eq!(gated.asked(), THRESHOLD as usize);
    gated.answer(None);
    assert_eq!(ask(&breaker).await, "client_refused");
    advance(PROBE_INTERVAL).await;
    assert_eq!(ask(&breaker).await, "active");
    assert_eq!(ask(&breaker).await, "active");
}

#[tokio::test(start_paused = true)]
async fn any_answer_of_the_server_closes_it() {
    for answer in no_outages() {
        let gated = Gated::opened();
        let breaker = after(THRESHOLD, &gated).await;
        advance(PROBE_INTERVAL).await;
        let expected = word(&answer);
        gated.answer(Some(answer));
        assert_eq!(ask(&breaker).await, expected);
        let unknown =
            ["unexpected_status", "too_many_in_flight", "over_budget"].contains(&expected);
        gated.answer(None);
        // A result without evidence leaves the breaker open, and lets the next probe through at
        // once.
        assert_eq!(ask(&breaker).await, "active");
        if !unknown {
            continue;
        }
        assert_eq!(ask(&breaker).await, "active");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_is_no_outage() {
    let gated = Gated::closed();
    let breaker = CircuitBreaker::new(gated.clone());
    for _ in 0..2 * THRESHOLD {
        let left = timeout(Duration::from_secs(1), breaker.introspect(&token("a"))).await;
        assert!(left.is_err());
    }
    gated.open();
    assert_eq!(ask(&breaker).await, "active");
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_caller_leaves_frees_its_place() {
    let gated = Gated::opened();
    let breaker = after(THRESHOLD, &gated).await;
    gated.close();
    advance(PROBE_INTERVAL).await;
    let left = timeout(Duration::from_millis(1), breaker.introspect(&token("a"))).await;
    assert!(left.is_err());
    gated.open();
    assert_eq!(ask(&breaker).await, "active");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_stalls_does_not_hold_up_the_next_one() {
    let gated = Gated::opened();
    let breaker = Arc::new(after(THRESHOLD, &gated).await);
    gated.close();
    advance(PROBE_INTERVAL).await;
    let stalled = tokio::spawn({
        let breaker = Arc::clone(&breaker);
        async move { breaker.introspect(&token("a")).await }
    });
    gated.wait_for_under_way(1).await;
    assert_eq!(ask(&breaker).await, "circuit_open");
    sleep(PROBE_INTERVAL).await;
    gated.open();
    assert_eq!(ask(&breaker).await, "active");
    assert_eq!(word(&stalled.await.unwrap()), "active");
}

#[tokio::test(start_paused = true)]
async fn its_state_is_shown_to_those_who_watch() {
    let (gated, recorded) = (Gated::opened(), Recorded::new());
    let breaker = recorded.scope(|| CircuitBreaker::new(gated.clone()));
    let shown = || {
        let state = |state| recorded.value(&format!("circuit_breaker_state{{state=\"{state}\"}}"));
        let is_open = matches!(breaker.breaker().condition(), Condition::Open { .. });
        (state("closed").unwrap(), state("open").unwrap(), is_open)
    };
    let (yes, no) = ("1".to_owned(), "0".to_owned());
    let (closed, open) = ((yes.clone(), no.clone(), false), (no, yes, true));
    assert_eq!(shown(), closed);
    gated.answer(Some(outage(Outage::Unreachable)));
    for _ in 0..THRESHOLD {
        assert_eq!(ask(&breaker).await, "unreachable");
    }
    assert_eq!(shown(), open);
    assert!(format!("{:?}", breaker.breaker()).contains("Open"));
    advance(PROBE_INTERVAL).await;
    gated.answer(None);
    assert_eq!(ask(&breaker).await, "active");
    assert_eq!(shown(), closed);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_question_from_before_it_opened_does_not_close_it() {
    for late in [
        Ok(Introspection::Inactive),
        outage(Outage::RateLimited),
        Err(IntrospectionError::Malformed { source: cause() }),
    ] {
        let (slow, gated) = (Gated::closed(), Gated::opened());
        let breaker =
            Arc::new(CircuitBreaker::new(Twofold { slow: slow.clone(), gated: gated.clone() }));
        let question = tokio::spawn({
            let breaker = Arc::clone(&breaker);
            async move { breaker.introspect(&token("slow")).await }
        });
        slow.wait_for_under_way(1).await;
        gated.answer(Some(outage(Outage::TimedOut)));
        for _ in 0..THRESHOLD {
            assert_eq!(word(&breaker.introspect(&token("a")).await), "timed_out");
        }
        slow.answer(Some(late));
        slow.open();
        let _ = question.await.unwrap();
        assert_eq!(word(&breaker.introspect(&token("a")).await), "circuit_open");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_questions_from_before_it_closed_do_not_open_it_again() {
    let (slow, gated) = (Gated::closed(), Gated::opened());
    let breaker =
        Arc::new(CircuitBreaker::new(Twofold { slow: slow.clone(), gated: gated.clone() }));
    let questions: Vec<_> = (0..THRESHOLD)
        .map(|_| {
            let breaker = Arc::clone(&breaker);
            tokio::spawn(async move { breaker.introspect(&token("slow")).await })
        })
        .collect();
    slow.wait_for_under_way(questions.len()).await;
    gated.answer(Some(outage(Outage::Interrupted)));
    for _ in 0..THRESHOLD {
        assert_eq!(word(&breaker.introspect(&token("a")).await), "interrupted");
    }
    gated.answer(None);
    advance(PROBE_INTERVAL).await;
    assert_eq!(word(&breaker.introspect(&token("a")).await), "active");
    slow.answer(Some(outage(Outage::TimedOut)));
    slow.open();
    for question in questions {
        assert_eq!(word(&question.await.unwrap()), "timed_out");
    }
    assert_eq!(word(&breaker.introspect(&token("a")).await), "active", "it stays closed");
}

/// Introspector that sends the token `slow` to the introspector `slow`, and every other token to
/// `gated`. A test holds `slow` back while results of `gated` open or close the breaker.
struct Twofold {
    slow: Gated,
    gated: Gated,
}

#[async_trait]
impl TokenIntrospector for Twofold {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        let server = if token.expose_secret() == "slow" { &self.slow } else { &self.gated };
        server.introspect(token).await
    }
}
