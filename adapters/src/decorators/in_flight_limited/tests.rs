use tokio::task::JoinSet;

use super::{
    super::gated::{Gated, active, token, word},
    *,
};

/// Returns a decorator that allows `places` introspections at once, and reserves `share` of them
/// for the only known token, `user`.
fn limited(gated: &Gated, places: usize, share: &str) -> Arc<InFlightLimited<Gated>> {
    let number = |number| NonZeroUsize::new(number).unwrap();
    let known = Arc::new(KnownTokens::new(number(100)));
    known.learn(&token("user"), &active("user"));
    Arc::new(InFlightLimited::new(gated.clone(), number(places), share.parse().unwrap(), known))
}

#[tokio::test]
async fn one_question_too_many_is_refused_at_once_and_a_place_is_free_when_one_ends() {
    let gated = Gated::closed();
    let limited = limited(&gated, 3, "0%");
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        let limited = Arc::clone(&limited);
        callers.spawn(async move { limited.introspect(&token("a")).await });
    }
    gated.wait_for_under_way(3).await;
    assert_eq!(word(&limited.introspect(&token("a")).await), "too_many_in_flight");
    assert_eq!(gated.asked(), 3);

    gated.open();
    for answer in callers.join_all().await {
        assert_eq!(word(&answer), "active");
    }
    assert_eq!(word(&limited.introspect(&token("a")).await), "active");
}

#[tokio::test]
async fn a_caller_who_leaves_gives_the_place_back() {
    let gated = Gated::closed();
    let limited = limited(&gated, 1, "25%");
    let leaving = tokio::spawn({
        let limited = Arc::clone(&limited);
        async move { limited.introspect(&token("a")).await }
    });
    gated.wait_for_under_way(1).await;
    leaving.abort();
    gated.wait_for_under_way(0).await;
    gated.open();
    assert_eq!(word(&limited.introspect(&token("a")).await), "active");
}

fn strangers(
    limited: &Arc<InFlightLimited<Gated>>,
    count: usize,
) -> JoinSet<Result<Introspection, IntrospectionError>> {
    let mut callers = JoinSet::new();
    for number in 0..count {
        let limited = Arc::clone(limited);
        callers.spawn(async move { limited.introspect(&token(&format!("s{number}"))).await });
    }
    callers
}

#[tokio::test]
async fn strangers_leave_a_share_of_the_places_to_tokens_that_were_active_before() {
    let gated = Gated::closed();
    let limited = limited(&gated, 8, "25%");
    let _strangers = strangers(&limited, 20);
    gated.wait_for_under_way(6).await;
    assert_eq!(word(&limited.introspect(&token("stranger")).await), "too_many_in_flight");
    let mut users = JoinSet::new();
    for _ in 0..2 {
        let limited = Arc::clone(&limited);
        users.spawn(async move { limited.introspect(&token("user")).await });
    }
    gated.wait_for_under_way(8).await;
    assert_eq!(word(&limited.introspect(&token("user")).await), "too_many_in_flight");
    gated.open();
    for answer in users.join_all().await {
        assert_eq!(word(&answer), "active");
    }
}

#[tokio::test]
async fn known_tokens_may_take_every_place() {
    let gated = Gated::closed();
    let limited = limited(&gated, 4, "25%");
    let mut users = JoinSet::new();
    for _ in 0..4 {
        let limited = Arc::clone(&limited);
        users.spawn(async move { limited.introspect(&token("user")).await });
    }
    gated.wait_for_under_way(4).await;
    assert_eq!(word(&limited.introspect(&token("stranger")).await), "too_many_in_flight");
    gated.open();
    users.join_all().await;
}
