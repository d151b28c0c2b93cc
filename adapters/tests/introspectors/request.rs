//! Tests of the requests to ZITADEL: HTTP method, path, form, headers, and reuse of connections.

use adapters::zitadel::ZitadelSettings;
use domain::AccessToken;
use serde_json::json;
use zitadel_double::ZitadelDouble;

use crate::{active_token, ask, assert_active, setup};

#[tokio::test]
async fn a_question_is_one_post_with_the_token_in_the_form() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    assert_active(&ask(&introspector, &active_token(&double)).await);
    let requests = double.requests();
    let [discovery, introspection] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(discovery.path, "/.well-known/openid-configuration");
    assert_eq!(
        (introspection.method.as_str(), introspection.path.as_str()),
        ("POST", "/oauth/v2/introspect")
    );
    assert_eq!(introspection.form_fields, ["token"]);
    assert_eq!(introspection.header("content-type"), Some("application/x-www-form-urlencoded"));
    let agent = introspection.user_agent().unwrap();
    assert!(agent.starts_with("zitadel-resource-server/"), "{agent}");
    let mut names: Vec<_> = introspection.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "authorization", "content-length", "content-type", "host", "user-agent"],
    );
}

#[tokio::test]
async fn the_trace_that_a_question_is_part_of_is_all_that_is_told_of_it() {
    const TRACE_PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let double = ZitadelDouble::start().await;
    let settings =
        ZitadelSettings { trace_parent: || Some(TRACE_PARENT.to_owned()), ..setup::basic(&double) };
    assert_active(&ask(&setup::introspector(settings), &active_token(&double)).await);
    let requests = double.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.header("traceparent"), Some(TRACE_PARENT));
        assert_eq!(request.header("tracestate"), None);
    }
}

#[tokio::test]
async fn the_cookie_that_zitadel_sets_is_not_sent_back() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    for _ in 0..3 {
        assert_active(&ask(&introspector, &token).await);
    }
    assert!(double.requests().iter().all(|request| request.header("cookie").is_none()));
}

#[tokio::test]
async fn one_connection_is_kept_alive_for_many_questions() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = active_token(&double);
    for _ in 0..50 {
        assert_active(&ask(&introspector, &token).await);
    }
    assert_eq!((double.connections(), double.discoveries(), double.introspections()), (1, 1, 50));
}

// incidents.md row 17.
#[tokio::test]
async fn a_token_with_every_character_arrives_letter_by_letter() {
    let double = ZitadelDouble::start().await;
    let introspector = setup::introspector(setup::basic(&double));
    let token = "AZaz09-._~+/==";
    double.answer(token, json!({ "active": true, "iss": double.issuer() }));
    assert_active(&ask(&introspector, &AccessToken::parse(token).unwrap()).await);
}
