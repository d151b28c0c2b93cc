use std::time::Duration;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn rule(when_silent: WhenSilent) -> ReuseRule {
    let [staleness, settle, lag] = [3, 5, 120].map(Duration::from_secs);
    ReuseRule::new(staleness, settle, lag, when_silent)
}

fn at(seconds: u64) -> Moment {
    Moment::from_nanos(seconds * SECOND, seconds * SECOND)
}

fn tick(seconds: u64) -> Tick {
    at(seconds).tick
}

const NONE: Marked = Marked { at: None, roles_at: None };

#[test]
fn an_answer_is_used_while_the_feed_tells_that_nothing_changed() {
    let rule = rule(WhenSilent::Ask);
    for (now, watermark, asked, verdict) in [
        (1_000, 998, 100, Ok(())),
        (1_000, 997, 100, Ok(())),
        (1_000, 996, 100, Err(Unusable::Silent)),
        // The feed is silent: the verdict is used for `max_staleness` after its request.
        (1_000, 0, 997, Ok(())),
        (1_000, 0, 996, Err(Unusable::Silent)),
    ] {
        let judged = rule.judge(at(now), at(watermark), (at(asked), true), NONE);
        assert_eq!(judged, verdict, "{now} {watermark} {asked}");
    }
}

#[test]
fn one_nanosecond_beyond_the_bound_is_too_much() {
    let rule = rule(WhenSilent::Ask);
    let watermark = Moment::from_nanos(997 * SECOND - 1, 997 * SECOND);
    let judged = rule.judge(at(1_000), watermark, (at(100), true), NONE);
    assert_eq!(judged, Err(Unusable::Silent));
}

#[test]
fn an_age_is_counted_by_the_clock_that_counts_more() {
    let rule = rule(WhenSilent::Ask);
    let paused = Moment::from_nanos(999 * SECOND, 1_003 * SECOND + 1);
    assert_eq!(rule.judge(paused, at(1_000), (at(1_000), true), NONE), Err(Unusable::Silent));
}

#[test]
fn an_answer_asked_before_a_mark_or_within_settle_after_it_is_not_used() {
    let rule = rule(WhenSilent::Ask);
    for marked in
        [Marked { at: Some(tick(100)), ..NONE }, Marked { roles_at: Some(tick(100)), ..NONE }]
    {
        for (asked, verdict) in [
            (99, Err(Unusable::Changed)),
            (100, Err(Unusable::Changed)),
            (105, Err(Unusable::Changed)),
            (106, Ok(())),
        ] {
            let judged = rule.judge(at(107), at(107), (at(asked), true), marked);
            assert_eq!(judged, verdict, "{asked} {marked:?}");
        }
    }
}

#[test]
fn after_a_change_of_roles_an_answer_serves_for_max_staleness_alone() {
    let rule = rule(WhenSilent::Ask);
    let marked = Marked { roles_at: Some(tick(100)), ..NONE };
    for (now, asked, verdict) in [
        (113, 110, Ok(())),
        (114, 110, Err(Unusable::RolesMayLag)),
        (224, 220, Err(Unusable::RolesMayLag)),
        (300, 221, Ok(())),
    ] {
        let judged = rule.judge(at(now), at(now), (at(asked), true), marked);
        assert_eq!(judged, verdict, "{now} {asked}");
    }
    // `lag` does not apply to a change of another kind.
    let marked = Marked { at: Some(tick(100)), ..NONE };
    assert_eq!(rule.judge(at(300), at(300), (at(106), true), marked), Ok(()));
}

#[test]
fn a_claim_of_which_no_feed_tells_ends_the_reuse_after_max_staleness() {
    for when_silent in [WhenSilent::Ask, WhenSilent::Keep] {
        let rule = rule(when_silent);
        assert_eq!(rule.judge(at(103), at(103), (at(100), false), NONE), Ok(()));
        let judged = rule.judge(at(104), at(104), (at(100), false), NONE);
        assert_eq!(judged, Err(Unusable::Unfollowed));
    }
}

#[test]
fn keep_goes_on_in_silence_but_not_against_a_mark() {
    let rule = rule(WhenSilent::Keep);
    assert_eq!(rule.judge(at(1_000), at(0), (at(100), true), NONE), Ok(()));
    let marked = Marked { at: Some(tick(200)), ..NONE };
    let judged = rule.judge(at(1_000), at(0), (at(100), true), marked);
    assert_eq!(judged, Err(Unusable::Changed));
}

#[test]
fn a_verdict_in_use_is_doubted_at_once_by_a_change_and_once_more_while_it_settles() {
    let rule = rule(WhenSilent::Ask);
    for marked in
        [Marked { at: Some(tick(100)), ..NONE }, Marked { roles_at: Some(tick(100)), ..NONE }]
    {
        for (asked, doubted_at) in [(99, 99), (100, 100), (101, 104), (105, 108)] {
            let found = rule.doubted_at(tick(asked), marked);
            assert_eq!(found, Some(tick(doubted_at)), "{asked} {marked:?}");
        }
    }
    assert_eq!(rule.doubted_at(tick(106), Marked { at: Some(tick(100)), ..NONE }), None);
    assert_eq!(rule.doubted_at(tick(106), NONE), None);
}

#[test]
fn a_verdict_in_use_is_doubted_again_while_roles_may_lag() {
    let rule = rule(WhenSilent::Ask);
    let marked = Marked { roles_at: Some(tick(100)), ..NONE };
    // A verdict requested at second 220 may be used at 223.
    for (asked, doubted_at) in [(106, Some(109)), (220, Some(223)), (223, Some(226)), (224, None)] {
        assert_eq!(rule.doubted_at(tick(asked), marked), doubted_at.map(tick), "{asked}");
    }
    let both = Marked { at: Some(tick(300)), ..marked };
    assert_eq!(rule.doubted_at(tick(250), both), Some(tick(250)));
    assert_eq!(rule.doubted_at(tick(305), both), Some(tick(308)));
    assert_eq!(rule.doubted_at(tick(306), both), None);
}

#[test]
fn a_verdict_is_never_doubted_beyond_the_end_of_time() {
    let rule = ReuseRule::new(Duration::MAX, Duration::MAX, Duration::MAX, WhenSilent::Ask);
    let marked = Marked { roles_at: Some(tick(1)), ..NONE };
    assert_eq!(rule.doubted_at(tick(2), marked), Some(Tick::from_nanos(u64::MAX)));
}
