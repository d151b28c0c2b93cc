use tokio::time::advance;

use super::*;

fn pace(max_per_second: Option<usize>) -> Pace {
    Pace::new(max_per_second.map(|max| NonZeroUsize::new(max).unwrap()), KnownShare::default())
}

/// Returns how many of 1000 requests for tokens of kind `lane`, all at once, `pace` admits.
fn room(pace: &Pace, lane: Lane) -> usize {
    (0..1000).filter(|_| pace.admit(lane).map(|_| pace.answered()).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_there_is_always_room() {
    assert_eq!(room(&pace(None), Lane::Stranger), 1000);
}

#[tokio::test(start_paused = true)]
async fn strangers_are_spread_and_leave_a_share_of_each_second_to_known_tokens() {
    let pace = pace(Some(40));
    let mut strangers = 0;
    for _ in 0..999 {
        strangers += usize::from(pace.admit(Lane::Stranger).is_ok());
        assert!(pace.admit(Lane::Stranger).is_err(), "no burst");
        advance(Duration::from_millis(1)).await;
    }
    assert!((29..=30).contains(&strangers), "{strangers}");
    assert_eq!(room(&pace, Lane::Known), 40 - strangers);
    advance(SECOND).await;
    assert_eq!(room(&pace, Lane::Known), 40, "all of it, if they come first");
    assert_eq!(room(&pace, Lane::Stranger), 0);
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_wherever_it_begins() {
    for max in [1, 2, 3, 7, 45] {
        let pace = pace(Some(max));
        let mut sent = Vec::new();
        for step in 0..600_u64 {
            advance(Duration::from_millis(step % 13)).await;
            if pace.admit(Lane::Known).is_ok() {
                sent.push(Instant::now());
            }
        }
        let most = sent.windows(max + 1).filter(|window| window[max] - window[0] < SECOND).count();
        assert_eq!(most, 0, "{max} a second");
        assert!(sent.len() > max, "it goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_in_any_case_counts_as_well() {
    let pace = pace(Some(10));
    for _ in 0..12 {
        pace.spend();
    }
    assert_eq!(room(&pace, Lane::Known), 0);
    advance(SECOND).await;
    assert_eq!(room(&pace, Lane::Known), 10);
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_one_lets_a_stranger_in() {
    assert_eq!(room(&pace(Some(1)), Lane::Stranger), 1);
}

#[tokio::test(start_paused = true)]
async fn the_cause_tells_the_budget_from_a_429() {
    let cause = |pace: &Pace| {
        let error = pace.admit(Lane::Known).unwrap_err();
        assert_eq!(error.reason(), "over_budget");
        std::error::Error::source(&error).unwrap().to_string()
    };
    let budget = pace(Some(1));
    budget.spend();
    assert!(cause(&budget).contains("zitadel.max_per_second"));
    let refused = pace(None);
    refused.refused(refused.spend(), None);
    assert!(cause(&refused).contains("429"));
}

#[tokio::test(start_paused = true)]
async fn after_a_429_known_tokens_go_on_at_the_rate_that_worked_and_strangers_pause() {
    for (retry_after, secs) in [(None, 1), (Some(5), 5), (Some(3600), 30)] {
        let pace = pace(None);
        assert_eq!(room(&pace, Lane::Stranger), 1000);
        pace.refused(pace.spend(), retry_after.map(Duration::from_secs));
        advance(SECOND.mul_f64(0.999)).await;
        assert_eq!(pace.admit(Lane::Stranger).unwrap_err().reason(), "over_budget");
        advance(SECOND.mul_f64(0.001)).await;
        let known = room(&pace, Lane::Known);
        assert!((800..=1000).contains(&known), "{known} after Retry-After {retry_after:?}");
        let asked = pace.admit(Lane::Stranger).unwrap_err();
        assert_eq!(asked.reason(), "over_budget");
        advance(Duration::from_secs(secs).mul_f64(1.0 + JITTER)).await;
        assert!(room(&pace, Lane::Stranger) > 0, "{secs} s later");
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_429_lowers_the_rate_once() {
    let pace = pace(None);
    assert_eq!(room(&pace, Lane::Known), 1000);
    let sent: Vec<_> = (0..200).map(|_| pace.spend()).collect();
    for sent in sent {
        advance(Duration::from_millis(1)).await;
        pace.refused(sent, None);
    }
    advance(SECOND).await;
    assert!(room(&pace, Lane::Known) >= 800);
}

#[tokio::test(start_paused = true)]
async fn while_everything_is_refused_one_request_a_second_is_sent() {
    let pace = pace(None);
    let mut sent = 0;
    for _ in 0..60 * 20 {
        advance(Duration::from_millis(50)).await;
        if let Ok(at) = pace.admit(Lane::Known) {
            sent += 1;
            pace.refused(at, None);
        }
    }
    assert!((55..=62).contains(&sent), "{sent} in a minute");
}

/// Simulates a server that allows 50 requests per second. A user's ten requests per second are
/// answered despite an endless flood of unknown tokens.
#[tokio::test(start_paused = true)]
async fn it_settles_near_the_rate_that_the_server_allows_and_users_are_answered() {
    let pace = pace(None);
    let mut window = VecDeque::new();
    let (mut answered, mut refused, mut users) = (0_u32, 0_u32, 0_u32);
    for step in 0..60_000_u32 {
        advance(Duration::from_millis(1)).await;
        let lane = if step % 100 == 0 { Lane::Known } else { Lane::Stranger };
        let Ok(at) = pace.admit(lane) else { continue };
        let now = Instant::now();
        while window.front().is_some_and(|first| now - *first >= SECOND) {
            window.pop_front();
        }
        if window.len() < 50 {
            window.push_back(now);
            answered += u32::from(step > 10_000);
            users += u32::from(step > 10_000 && lane == Lane::Known);
            pace.answered();
        } else {
            refused += u32::from(step > 10_000);
            pace.refused(at, None);
        }
    }
    assert!(answered > 25 * 50, "{answered} answered in 50 s");
    assert!(refused < answered / 20, "{refused} refused beside {answered}");
    assert!(users > 475, "{users} of 500 requests of the user");
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_lowered_in_mid_second_leaves_known_tokens_their_share() {
    let pace = pace(None);
    assert_eq!(room(&pace, Lane::Stranger), 1000);
    pace.refused(pace.spend(), None);
    let known = room(&pace, Lane::Known);
    assert_eq!(known, 200, "a quarter of 800");
}

#[tokio::test(start_paused = true)]
async fn where_little_was_asked_the_rate_grows_fast() {
    let pace = pace(None);
    pace.refused(pace.spend(), None);
    let mut rooms = Vec::new();
    for _ in 0..6 {
        advance(SECOND).await;
        rooms.push(room(&pace, Lane::Known));
    }
    assert_eq!(rooms, [2, 4, 8, 16, 32, 64]);
}

#[tokio::test(start_paused = true)]
async fn callers_leave_a_share_to_our_own_tokens_and_no_second_has_more() {
    for (max, own) in [(1000, 5), (60, 5), (50, 5), (49, 4), (20, 2), (19, 1), (2, 1), (1, 0)] {
        for lanes in [[Lane::Known, Lane::Stranger], [Lane::Stranger, Lane::Known]] {
            let pace = pace(Some(max));
            pace.keep_for_own();
            let callers: usize = lanes.iter().map(|lane| room(&pace, *lane)).sum();
            assert_eq!(callers, max - own, "callers of {max}");
            assert_eq!(room(&pace, Lane::Own), own, "own of {max}");
            advance(SECOND).await;
            assert_eq!(room(&pace, Lane::Own), max.min(1000), "all of it, if they come first");
            assert_eq!(room(&pace, Lane::Known), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_own_tokens_no_share_is_kept_for_them() {
    for max in [1, 10, 100] {
        assert_eq!(room(&pace(Some(max)), Lane::Known), max);
    }
}

#[tokio::test(start_paused = true)]
async fn own_tokens_have_their_share_of_a_rate_that_was_lowered_and_do_not_pause() {
    for (answered, own) in [(1000, 5), (40, 3), (10, 1), (0, 1)] {
        let pace = pace(None);
        pace.keep_for_own();
        for _ in 0..answered {
            pace.answered();
        }
        pace.refused(pace.spend(), Some(Duration::from_secs(30)));
        advance(SECOND).await;
        let callers = room(&pace, Lane::Known);
        assert_eq!(room(&pace, Lane::Own), own, "{answered} were answered, {callers} callers now");
    }
}
