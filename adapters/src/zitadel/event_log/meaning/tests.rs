use super::{
    super::{event_types, wire},
    *,
};

/// Project id in most of the recorded events; the tests take it as the id of this API's project.
const OURS: &str = "340000000000000016";

fn reader(project_id: Option<&str>) -> Reader {
    Reader { project_id: project_id.map(Into::into) }
}

fn event(json: &str) -> Event {
    wire::events(format!(r#"{{"events":[{json}]}}"#).as_bytes()).unwrap().remove(0)
}

fn made(event_type: &str, aggregate: &str, id: &str, payload: &str) -> Event {
    event(&format!(
        r#"{{"aggregate":{{"id":"{id}","type":{{"type":"{aggregate}"}}}},"sequence":"1",
            "creationDate":"2026-11-26T01:00:00Z","payload":{payload},
            "type":{{"type":"{event_type}"}}}}"#
    ))
}

fn short(meaning: Meaning) -> String {
    match meaning {
        Meaning::Nothing => "nothing".to_owned(),
        Meaning::LookUp(LookUp::Grant(id)) => format!("grant?{id}"),
        Meaning::LookUp(LookUp::Session(id)) => format!("session?{id}"),
        Meaning::Change(change) => {
            let name = match &change {
                Change::Token(id) => id.as_str(),
                Change::Session(id) | Change::Refreshed(id) => id.as_str(),
                Change::Subject(id) | Change::RolesOf(id) => id.as_str(),
                Change::Role(role) => role.as_str(),
                Change::Organization(id) => id.as_str(),
                Change::Everything => return "everything".to_owned(),
            };
            format!("{}:{name}", change.kind())
        }
    }
}

#[test]
fn every_event_that_was_observed_is_read_as_the_table_says() {
    let expected = [
        ("instance.member.added", "nothing"),
        ("oidc_session.access_token.added", "session_refreshed:V2_340000000000000005"),
        ("oidc_session.access_token.revoked", "session:V2_340000000000000007"),
        ("oidc_session.added", "nothing"),
        ("oidc_session.refresh_token.added", "nothing"),
        ("oidc_session.refresh_token.renewed", "nothing"),
        ("oidc_session.refresh_token.revoked", "session:V2_340000000000000022"),
        ("org.deactivated", "everything"),
        ("org.reactivated", "nothing"),
        ("org.removed", "organization:340000000000000023"),
        ("project.added", "nothing"),
        ("project.application.config.api.added", "nothing"),
        ("project.application.config.api.secret.changed", "nothing"),
        ("project.application.deactivated", "everything"),
        ("project.application.oidc.key.added", "nothing"),
        ("project.application.oidc.key.removed", "nothing"),
        ("project.application.reactivated", "nothing"),
        ("project.application.removed", "everything"),
        ("project.deactivated", "everything"),
        ("project.grant.added", "nothing"),
        ("project.grant.changed", "everything"),
        ("project.grant.deactivated", "everything"),
        ("project.grant.reactivated", "everything"),
        ("project.grant.removed", "everything"),
        ("project.reactivated", "nothing"),
        ("project.role.added", "nothing"),
        ("project.role.removed", "role:read:messages"),
        ("session.added", "nothing"),
        ("session.terminated", "session?340000000000000017"),
        ("session.user.checked", "nothing"),
        ("user.deactivated", "subject:340000000000000032"),
        ("user.grant.added", "roles_of_subject:340000000000000034"),
        ("user.grant.cascade.changed", "grant?340000000000000033"),
        ("user.grant.cascade.removed", "grant?340000000000000033"),
        ("user.grant.changed", "roles_of_subject:340000000000000034"),
        ("user.grant.deactivated", "grant?340000000000000035"),
        ("user.grant.reactivated", "grant?340000000000000035"),
        // The grant is in another project.
        ("user.grant.removed", "nothing"),
        ("user.human.password.changed", "nothing"),
        ("user.locked", "subject:340000000000000032"),
        ("user.machine.added", "nothing"),
        ("user.machine.secret.removed", "nothing"),
        ("user.machine.secret.set", "nothing"),
        ("user.metadata.set", "subject:340000000000000032"),
        ("user.pat.added", "nothing"),
        ("user.pat.removed", "token:340000000000000042"),
        ("user.reactivated", "nothing"),
        ("user.removed", "subject:340000000000000038"),
        ("user.unlocked", "nothing"),
    ];
    let lines: Vec<_> =
        include_str!("../../../../../tests/observed/events.jsonl").lines().map(event).collect();
    assert_eq!(lines.len(), expected.len());
    for (event, (event_type, meaning)) in lines.iter().zip(expected) {
        assert_eq!(&*event.key.event_type, event_type);
        assert_eq!(short(reader(Some(OURS)).meaning(event)), meaning, "{event_type}");
    }
}

#[test]
fn every_type_that_is_asked_for_means_something() {
    let listed = include_str!("../../../../../tests/observed/event-types.txt");
    let mut listed: Vec<_> = listed.lines().map(str::to_owned).collect();
    listed.extend(["group.users.added", "group.removed", "group.grant.x"].map(str::to_owned));
    let claims = [
        "name",
        "picture",
        "email",
        "phone_number",
        "urn:zitadel:iam:user:metadata",
        "urn:zitadel:iam:user:resourceowner:name",
    ];
    let groups = event_types::groups(claims, &listed).unwrap();
    for name in groups.iter().flat_map(|group| &group.event_types) {
        let event = made(name, "any", OURS, "null");
        assert_ne!(reader(Some(OURS)).meaning(&event), Meaning::Nothing, "{name}");
        assert_ne!(reader(None).meaning(&event), Meaning::Nothing, "{name}");
    }
}

#[test]
fn a_field_that_is_missing_forgets_more_and_never_less() {
    for (event_type, payload, meaning) in [
        ("user.pat.removed", "null", "subject:7"),
        ("user.pat.removed", r#"{"tokenId":""}"#, "subject:7"),
        ("user.pat.removed", r#"{"tokenId":8}"#, "subject:7"),
        ("user.grant.added", "null", "everything"),
        ("user.grant.added", r#"{"userId":"1"}"#, "roles_of_subject:1"),
        ("user.grant.removed", r#"{"projectId":"340000000000000016"}"#, "everything"),
        ("user.grant.changed", "{}", "grant?7"),
        ("project.role.removed", "null", "nothing"),
    ] {
        let event = made(event_type, "any", "7", payload);
        assert_eq!(short(reader(Some(OURS)).meaning(&event)), meaning, "{event_type} {payload}");
    }
    let role = made("project.role.removed", "project", OURS, "{}");
    assert_eq!(short(reader(Some(OURS)).meaning(&role)), "everything");
    for event_type in ["oidc_session.access_token.revoked", "org.removed", "user.locked"] {
        let event = made(event_type, "any", "", "null");
        assert_eq!(short(reader(None).meaning(&event)), "everything", "{event_type}");
    }
}

#[test]
fn what_concerns_another_project_is_ignored_only_where_ours_is_known() {
    let of_another = r#"{"userId":"1","projectId":"2"}"#;
    for (event_type, id, payload, without_id) in [
        ("user.grant.added", "7", of_another, "roles_of_subject:1"),
        ("user.grant.removed", "7", of_another, "roles_of_subject:1"),
        ("project.role.removed", "2", r#"{"key":"admin"}"#, "role:admin"),
        ("project.removed", "2", "null", "everything"),
        ("project.grant.cascade.changed", "2", r#"{"grantId":"3"}"#, "everything"),
        ("project.application.removed", "2", r#"{"appId":"3"}"#, "everything"),
    ] {
        let event = made(event_type, "any", id, payload);
        assert_eq!(short(reader(Some(OURS)).meaning(&event)), "nothing", "{event_type}");
        assert_eq!(short(reader(None).meaning(&event)), without_id, "{event_type}");
    }
}
