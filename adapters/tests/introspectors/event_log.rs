//! Tests, over sockets, of the event log as a change feed: its batches, and the error for each
//! fault.

use std::{io::Write, sync::Arc, time::Duration};

use adapters::{
    Clocks,
    zitadel::{EventLog, FeedSettings, OwnToken},
};
use domain::{Batch, Change, ChangeFeed, Subject};
use zitadel_double::{EventLogFault, Fault, NewEvent, NewUser, Times, ZitadelDouble};

use crate::setup;

/// Returns a reader of the double's event log. Each poll reads the events of the last `overlap`
/// again.
fn event_log(double: &ZitadelDouble, overlap: Duration) -> EventLog {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(double.event_reader().as_bytes()).unwrap();
    let token = Arc::new(OwnToken::file("changes.token_file", file.path()).unwrap());
    let introspector = setup::introspector(setup::basic(double));
    let settings = FeedSettings { overlap, lag: Duration::ZERO, ..FeedSettings::new(token) };
    let project_id = Some(double.project_id().as_str().to_owned());
    EventLog::new(&introspector, &settings, project_id, Vec::new(), Clocks::of_the_system())
}

/// Runs one poll of `log`, and returns all its batches as one.
async fn poll(log: &mut EventLog) -> Batch {
    log.bell().ring();
    let mut changes = Vec::new();
    loop {
        let batch = log.next().await.unwrap();
        changes.extend(batch.changes);
        if batch.as_of.is_some() {
            return Batch { changes, as_of: batch.as_of };
        }
    }
}

fn event(double: &ZitadelDouble, user: &str, event_type: &str) -> NewEvent {
    NewEvent::new("user", user, event_type, double.org_id())
}

fn subject(id: &str) -> Change {
    Change::Subject(Subject::parse(id).unwrap())
}

// An open write delays the response. A write that commits meanwhile may or may not be in it.
#[tokio::test]
async fn the_moment_of_a_batch_is_before_its_first_call() {
    let double = ZitadelDouble::start().await;
    let mut log = event_log(&double, Duration::from_secs(10));
    poll(&mut log).await;
    double.reset_counts();
    let held = double.hold_push();
    let polling = tokio::spawn(async move { poll(&mut log).await });
    double.wait_for_event_calls(1).await;
    let sent = Clocks::of_the_system().now();
    drop(held);
    let batch = polling.await.unwrap();
    assert!(batch.as_of.unwrap().tick < sent.tick);
}

// The two event types are in two groups. With one cursor, the newer event of the first group would
// hide the older one of the second.
#[tokio::test]
async fn each_group_of_types_has_a_cursor_of_its_own() {
    let double = ZitadelDouble::start().await;
    let mut log = event_log(&double, Duration::from_millis(1));
    poll(&mut log).await;
    double.write_event(event(&double, "older", "user.username.changed"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    double.write_event(event(&double, "newer", "user.locked"));
    let batch = poll(&mut log).await;
    for user in ["older", "newer"] {
        assert!(batch.changes.contains(&subject(user)), "{user} in {:?}", batch.changes);
    }
}

#[tokio::test]
async fn a_change_is_told_once_although_it_is_read_again() {
    let double = ZitadelDouble::start().await;
    let mut log = event_log(&double, Duration::from_secs(10));
    poll(&mut log).await;
    double.write_event(event(&double, "ada", "user.locked"));
    assert_eq!(poll(&mut log).await.changes, [subject("ada")]);
    assert_eq!(poll(&mut log).await.changes, []);
}

#[tokio::test]
async fn each_fault_is_silence_with_its_own_word_and_the_next_poll_lacks_nothing() {
    let double = ZitadelDouble::start().await;
    let mut log = event_log(&double, Duration::from_secs(10));
    poll(&mut log).await;
    let faults = [
        ("token_refused", EventLogFault::TokenInvalid),
        ("not_allowed", EventLogFault::MembershipNotFound),
        ("forbidden", EventLogFault::OrganizationMissing),
        ("server_error", EventLogFault::DatabaseError),
        ("unknown_instance", Fault::DatabaseDown.into()),
        ("malformed_answer", Fault::WrongTypes.into()),
        ("malformed_answer", Fault::NotJson.into()),
        ("malformed_answer", Fault::Empty.into()),
    ];
    for (number, (word, fault)) in faults.into_iter().enumerate() {
        let user = format!("user{number}");
        double.write_event(event(&double, &user, "user.locked"));
        double.event_log_fault(fault, Times::Once);
        log.bell().ring();
        let silence = log.next().await.unwrap_err();
        assert_eq!(silence.reason, word, "{number}");
        let text = format!("{silence:?}");
        assert!(!text.contains("AUTH-") && !text.contains("SQL"), "{text}");
        assert_eq!(poll(&mut log).await.changes, [subject(&user)], "after {word}");
    }
}

#[tokio::test]
async fn a_grant_that_names_no_user_is_looked_up_and_the_moment_waits_for_it() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    let mut log = event_log(&double, Duration::from_millis(1));
    poll(&mut log).await;
    double.deactivate_grants(&user);
    let roles = Change::RolesOf(Subject::parse(user.as_str()).unwrap());
    assert_eq!(poll(&mut log).await.changes, [roles]);
}
