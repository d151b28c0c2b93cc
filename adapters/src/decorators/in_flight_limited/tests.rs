use tokio::task::JoinSet;

use super::{
    super::gated::{Gated, token, word},
    *,
};

#[tokio::test]
async fn one_question_too_many_is_refused_at_once_and_a_place_is_free_when_one_ends() {
    let gated = Gated::closed();
    let limited = Arc::new(InFlightLimited::new(gated.clone(), 3));
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
    let limited = Arc::new(InFlightLimited::new(gated.clone(), 1));
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
