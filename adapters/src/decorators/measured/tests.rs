use super::{
    super::gated::{Gated, cause, outage, token},
    *,
};
use crate::recorded::Recorded;

fn duration(result: &str, cause: &str) -> String {
    format!(r#"token_introspection_duration_seconds_count{{result="{result}",cause="{cause}"}}"#)
}

#[tokio::test]
async fn each_question_is_timed_by_what_became_of_it() {
    let refused = Err(IntrospectionError::ClientRefused { source: cause() });
    let malformed = Err(IntrospectionError::Malformed { source: cause() });
    for (answer, result, cause) in [
        (None, "active", "none"),
        (Some(Ok(Introspection::Inactive)), "inactive", "none"),
        (Some(outage(Outage::TimedOut)), "fault", "timed_out"),
        (Some(refused), "fault", "client_refused"),
        (Some(malformed), "fault", "malformed_answer"),
    ] {
        let (gated, recorded) = (Gated::opened(), Recorded::new());
        let measured = recorded.scope(|| Measured::new(gated.clone()));
        gated.answer(answer);
        for _ in 0..2 {
            let _ = measured.introspect(&token("a")).await;
        }
        let name = duration(result, cause);
        assert_eq!(recorded.value(&name).as_deref(), Some("2"), "{name}");
    }
}

#[tokio::test]
async fn what_never_reaches_the_server_has_no_duration() {
    let recorded = Recorded::new();
    recorded.scope(|| Measured::new(Gated::opened()));
    for cause in ["too_many_in_flight", "circuit_open"] {
        assert_eq!(recorded.value(&duration("fault", cause)), None);
    }
}

#[tokio::test]
async fn questions_under_way_are_counted_until_they_are_answered_or_given_up() {
    let (gated, recorded) = (Gated::closed(), Recorded::new());
    let measured = std::sync::Arc::new(recorded.scope(|| Measured::new(gated.clone())));
    let in_flight = || recorded.value("token_introspection_in_flight").unwrap();
    let ask = || {
        let measured = std::sync::Arc::clone(&measured);
        tokio::spawn(async move { measured.introspect(&token("a")).await })
    };
    let (answered, given_up) = (ask(), ask());
    gated.wait_for_under_way(2).await;
    assert_eq!(in_flight(), "2");
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    assert_eq!(in_flight(), "1");
    gated.open();
    answered.await.unwrap().unwrap();
    assert_eq!(in_flight(), "0");
}

#[tokio::test]
async fn refused_credentials_are_shown_until_they_are_accepted() {
    let (gated, recorded) = (Gated::opened(), Recorded::new());
    let measured = recorded.scope(|| Measured::new(gated.clone()));
    let refused = || recorded.value("client_credentials_refused").unwrap();
    gated.answer(Some(Err(IntrospectionError::ClientRefused { source: cause() })));
    let _ = measured.introspect(&token("a")).await;
    assert_eq!(refused(), "1");
    gated.answer(Some(outage(Outage::TimedOut)));
    let _ = measured.introspect(&token("a")).await;
    assert_eq!(refused(), "1", "nobody said that they are good now");
    gated.answer(Some(Ok(Introspection::Inactive)));
    let _ = measured.introspect(&token("a")).await;
    assert_eq!(refused(), "0");
}
