//! Faults of the event log, and its disagreements with introspection.

use std::time::Duration;

use serde_json::{Value, json};
use zitadel_double::{
    DATABASE_HOST, EventLogFault, Fault, LogClock, NewEvent, NewUser, SessionToken, Times,
    TokenKind, ZitadelDouble,
};

use crate::resource_server::{
    Got, PATIENCE, all_events, events, inactive, introspect, names, search_request, send, with_json,
};

const ROLES: &str = "urn:zitadel:iam:org:project:roles";

fn locked(id: &str) -> NewEvent {
    NewEvent::new("user", id, "user.locked", "340000000000000200")
}

async fn search(double: &ZitadelDouble, reader: &str) -> Got {
    send(with_json(search_request(double, reader), &json!({}))).await
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["aggregate"]["id"].as_str().unwrap()).collect()
}

async fn locked_ids(double: &ZitadelDouble, reader: &str) -> Vec<String> {
    let search = json!({ "asc": true, "eventTypes": ["user.locked"] });
    let found = events(double, reader, &search).await;
    ids(&found).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_database_in_trouble_answers_in_five_ways() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    for (fault, status, code) in [
        (EventLogFault::TokenInvalid, 401, json!(16)),
        (EventLogFault::MembershipNotFound, 404, json!(5)),
        (EventLogFault::OrganizationMissing, 403, json!(7)),
        (EventLogFault::DatabaseError, 500, json!(2)),
    ] {
        double.event_log_fault(fault, Times::Once);
        let got = search(&double, &reader).await;
        assert_eq!((got.status, &got.json()["code"]), (status, &code));
        assert_eq!(got.body.contains(DATABASE_HOST), status == 500);
        assert_eq!(search(&double, &reader).await.status, 200, "the fault was to last once");
    }
    double.event_log_fault(Fault::DatabaseDown, Times::Once);
    let got = search(&double, &reader).await;
    assert_eq!(got.status, 404);
    assert!(got.body.starts_with("unable to set instance"));
}

#[tokio::test]
async fn faults_of_every_endpoint_are_faults_of_the_log_as_well() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.event_log_fault(Fault::BadGateway, Times::Next(2));
    double.event_log_fault(Fault::WrongTypes, Times::Once);
    double.event_log_fault(Fault::TooManyRequests, Times::UntilCleared);
    assert_eq!(search(&double, &reader).await.status, 502);
    assert_eq!(search(&double, &reader).await.status, 502);
    assert!(search(&double, &reader).await.json()["events"].is_string());
    assert_eq!(search(&double, &reader).await.status, 429);
    assert_eq!(introspect(&double, "t").await, inactive(), "introspection is well");
    double.clear_faults();
    assert_eq!(search(&double, &reader).await.status, 200);
}

#[tokio::test]
async fn a_huge_page_is_valid_json_even_without_an_event() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.event_log_fault(Fault::Huge(zitadel_double::Framing::Chunked), Times::Once);
    let nothing = json!({ "eventTypes": ["user.locked"] });
    let got = send(with_json(search_request(&double, &reader), &nothing)).await;
    assert!(got.json()["padding"].as_str().unwrap().len() > 49_000_000);
}

#[tokio::test]
async fn an_open_write_holds_up_the_log_and_the_introspection_of_pats() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let ada = double.add_user(NewUser::human("ada"));
    let session = double.session_token(&ada, SessionToken::default());
    let pat = double.pat(&double.add_user(NewUser::service("svc")));
    let (write, other) = (double.hold_push(), double.hold_push());
    let searching = tokio::spawn(send(with_json(search_request(&double, &reader), &json!({}))));
    let asking = crate::resource_server::request(&double).form(&[("token", pat)]);
    let asking = tokio::spawn(send(asking));
    double.wait_for_event_calls(1).await;
    double.wait_for_introspections(1).await;
    assert_eq!(introspect(&double, &session).await["active"], true, "it reads another table");
    double.write_event(locked("meanwhile"));
    drop(write);
    introspect(&double, &session).await;
    assert!(!searching.is_finished() && !asking.is_finished(), "the other write is open");
    drop(other);
    let found = tokio::time::timeout(PATIENCE, searching).await.unwrap().unwrap().json();
    assert!(ids(found["events"].as_array().unwrap()).contains(&"meanwhile"));
    assert_eq!(asking.await.unwrap().json()["active"], true);
}

#[tokio::test]
async fn a_reserved_event_appears_behind_a_later_neighbour_with_its_earlier_time() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let pending = double.reserve_event(locked("early"));
    double.write_event(locked("late"));
    assert_eq!(locked_ids(&double, &reader).await, ["late"]);
    let since = all_events(&double, &reader).await.last().unwrap()["creationDate"].clone();
    pending.commit();
    assert_eq!(locked_ids(&double, &reader).await, ["early", "late"]);
    let behind = json!({ "eventTypes": ["user.locked"], "range": { "since": since } });
    assert_eq!(events(&double, &reader, &behind).await, Vec::<Value>::new(), "a cursor is past it");
    drop(double.reserve_event(locked("never")));
    assert_eq!(locked_ids(&double, &reader).await, ["early", "late"]);
}

#[tokio::test]
async fn a_restored_log_lacks_the_newest_events_and_gives_their_numbers_again() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.write_event(locked("u"));
    let keep = double.events();
    double.write_event(locked("u"));
    double.write_event(locked("u"));
    double.restore_log(keep);
    assert_eq!(double.events(), keep);
    double.write_event(locked("u"));
    let search = json!({ "asc": true, "eventTypes": ["user.locked"] });
    let found = events(&double, &reader, &search).await;
    let numbers: Vec<&Value> = found.iter().map(|event| &event["sequence"]).collect();
    assert_eq!(numbers, ["1", "2"]);
}

#[tokio::test]
async fn changes_of_roles_lag_behind_their_events() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let svc = double.add_user(NewUser::service("svc"));
    let token = double.pat(&svc);
    let has_role = || async { introspect(&double, &token).await.get(ROLES).is_some() };
    double.set_roles_lag(Duration::from_secs(3600));
    double.grant(&svc, "read:messages");
    let all = all_events(&double, &reader).await;
    assert_eq!(names(&all).last(), Some(&"user.grant.added"));
    assert!(!has_role().await);
    double.set_roles_lag(Duration::ZERO);
    assert!(has_role().await, "the projection caught up");
    double.set_roles_lag(Duration::from_millis(300));
    double.ungrant(&svc, "read:messages");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while has_role().await {
        assert!(tokio::time::Instant::now() < deadline, "the projection never catches up");
    }
}

#[tokio::test]
async fn the_clock_of_the_database_may_step_back() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.write_event(locked("first"));
    double.set_log_clock(LogClock::Behind(Duration::from_secs(5)));
    double.write_event(locked("second"));
    double.write_event(locked("third"));
    double.set_log_clock(LogClock::Ahead(Duration::from_secs(5)));
    double.write_event(locked("fourth"));
    double.set_log_clock(LogClock::Right);
    let expected = ["second", "third", "first", "fourth"];
    assert_eq!(locked_ids(&double, &reader).await, expected);
}

#[tokio::test]
async fn a_kind_of_tokens_may_be_inactive_by_a_fault_that_no_event_tells() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    let session = double.session_token(&ada, SessionToken::default());
    let pat = double.pat(&double.add_user(NewUser::service("svc")));
    let before = double.events();
    for (kind, session_lives, pat_lives) in [
        (TokenKind::Session, false, true),
        (TokenKind::Pat, true, false),
        (TokenKind::All, false, false),
    ] {
        double.set_inactive_by_fault(kind, true);
        for (token, lives) in [(&session, session_lives), (&pat, pat_lives)] {
            let answer = introspect(&double, token).await;
            assert_eq!(answer == inactive(), !lives, "{kind:?}");
        }
        double.set_inactive_by_fault(kind, false);
        assert_eq!(introspect(&double, &session).await["active"], true);
        assert_eq!(introspect(&double, &pat).await["active"], true);
    }
    assert_eq!(double.events(), before);
}
