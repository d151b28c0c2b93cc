use super::{super::wire, *};

const MAX: Duration = Duration::from_secs(3);

fn at(secs: u64) -> Moment {
    Moment::from_nanos(secs * 1_000_000_000, secs * 1_000_000_000)
}

fn event(event_type: &str, id: &str, payload: &str) -> Event {
    let json = format!(
        r#"{{"events":[{{"aggregate":{{"id":"{id}","type":{{"type":"any"}}}},"sequence":"1",
            "creationDate":"2026-11-26T01:00:00Z","payload":{payload},
            "type":{{"type":"{event_type}"}}}}]}}"#
    );
    wire::events(json.as_bytes()).unwrap().remove(0)
}

fn look_ups() -> LookUps {
    LookUps::new(Reader { project_id: Some("16".into()) })
}

fn read(look_ups: &mut LookUps, event: &Event, secs: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    look_ups.read(event, at(secs), &mut changes);
    changes
}

fn subject(id: &str) -> Change {
    Change::Subject(Subject::parse(id).unwrap())
}

fn roles_of(id: &str) -> Change {
    Change::RolesOf(Subject::parse(id).unwrap())
}

#[test]
fn a_session_that_ended_waits_for_its_user() {
    let mut look_ups = look_ups();
    assert_eq!(read(&mut look_ups, &event("session.terminated", "5", "{}"), 1), []);
    assert!(look_ups.is_any_pending());
    let question = look_ups.pending(8).remove(0);
    let search = question.search();
    assert_eq!(
        (search.aggregate_id, &*search.event_types),
        (Some("5"), &["session.user.checked"][..])
    );
    let answer = event("session.user.checked", "5", r#"{"userID":"1"}"#);
    assert_eq!(look_ups.answer(question.clone(), &[answer.clone(), answer]), [subject("1")]);
    assert!(!look_ups.is_any_pending());
}

#[test]
fn a_session_without_a_user_never_had_tokens() {
    let mut look_ups = look_ups();
    read(&mut look_ups, &event("session.terminated", "5", "null"), 1);
    assert_eq!(look_ups.answer(LookUp::Session("5".into()), &[]), []);
    let nameless = event("session.user.checked", "6", "{}");
    assert_eq!(look_ups.answer(LookUp::Session("6".into()), &[nameless]), [Change::Everything]);
}

#[test]
fn a_grant_that_is_not_found_may_be_anyones() {
    let mut look_ups = look_ups();
    for (payload, expected) in [
        (r#"{"userId":"1","projectId":"16"}"#, vec![roles_of("1")]),
        (r#"{"userId":"1","projectId":"17"}"#, vec![]),
        (r#"{"userId":"1"}"#, vec![roles_of("1")]),
        (r#"{"projectId":"16"}"#, vec![Change::Everything]),
        (r#"{"projectId":"17"}"#, vec![]),
        ("null", vec![Change::Everything]),
    ] {
        let answer = event("user.grant.added", "7", payload);
        let changes = look_ups.answer(LookUp::Grant("7".into()), &[answer]);
        assert_eq!(changes, expected, "{payload}");
    }
    assert_eq!(look_ups.answer(LookUp::Grant("7".into()), &[]), [Change::Everything]);
}

#[test]
fn what_was_found_is_not_asked_again() {
    let mut look_ups = look_ups();
    let added = event("user.grant.added", "7", r#"{"userId":"1","projectId":"16"}"#);
    assert_eq!(read(&mut look_ups, &added, 1), [roles_of("1")]);
    for event_type in ["user.grant.cascade.removed", "user.grant.deactivated", "user.grant.changed"]
    {
        assert_eq!(read(&mut look_ups, &event(event_type, "7", "{}"), 2), [roles_of("1")]);
    }
    let of_another = event("user.grant.added", "8", r#"{"userId":"1","projectId":"17"}"#);
    assert_eq!(read(&mut look_ups, &of_another, 3), []);
    assert_eq!(read(&mut look_ups, &event("user.grant.cascade.changed", "8", "{}"), 4), []);
    assert!(!look_ups.is_any_pending());
}

#[test]
fn what_was_not_found_is_asked_again() {
    let mut look_ups = look_ups();
    look_ups.answer(LookUp::Grant("7".into()), &[]);
    read(&mut look_ups, &event("user.grant.deactivated", "7", "null"), 2);
    assert_eq!(look_ups.pending(8), [LookUp::Grant("7".into())]);
}

#[test]
fn a_question_is_late_by_the_first_event_that_waits_for_it() {
    let mut look_ups = look_ups();
    let ended = event("session.terminated", "5", "{}");
    read(&mut look_ups, &ended, 1);
    read(&mut look_ups, &ended, 3);
    assert_eq!(look_ups.pending(8).len(), 1);
    assert!(!look_ups.are_late(at(3), MAX));
    assert!(look_ups.are_late(at(4), MAX));
    look_ups.drop_pending();
    assert!(!look_ups.are_late(at(9), MAX));
}
