use super::*;

fn listed() -> Vec<String> {
    include_str!("../../../../../tests/observed/event-types.txt")
        .lines()
        .map(str::to_owned)
        .collect()
}

fn names(groups: &[Group]) -> Vec<&str> {
    groups.iter().flat_map(|group| &group.event_types).map(String::as_str).collect()
}

#[test]
fn a_real_server_lists_every_type_of_every_claim() {
    let listed = listed();
    let tables = [OF_EVERY_ANSWER, PROFILE, PICTURE, EMAIL, PHONE, METADATA, ORGANIZATION];
    for followed in tables.into_iter().flatten() {
        assert!(listed.iter().any(|name| name == followed.name), "{}", followed.name);
    }
}

#[test]
fn no_call_names_more_types_than_the_server_allows() {
    let claims = ["name", "picture", "email", "phone_number", "urn:zitadel:iam:user:metadata"];
    for claims in [&claims[..0], &claims] {
        let groups = groups(claims.iter().copied(), &listed()).unwrap();
        for group in &groups {
            assert!((1..=30).contains(&group.event_types.len()));
            assert!((1..=10).contains(&group.aggregate_types.len()));
        }
        let mut names = names(&groups);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

#[test]
fn a_claim_is_followed_where_the_types_that_change_it_are_known() {
    for (claim, event_type) in [
        ("email", Some("user.human.email.changed")),
        ("email_verified", Some("user.human.email.verified")),
        ("given_name", Some("user.human.profile.changed")),
        ("name", Some("user.machine.changed")),
        ("picture", Some("user.human.avatar.removed")),
        ("phone_number", Some("user.human.phone.removed")),
        ("urn:zitadel:iam:user:metadata", Some("user.metadata.removed.all")),
        ("urn:zitadel:iam:user:resourceowner:name", Some("org.changed")),
        ("preferred_username", Some("user.username.changed")),
        ("auth_time", None),
    ] {
        assert!(follows(claim), "{claim}");
        let groups = groups([claim], &listed()).unwrap();
        assert!(event_type.is_none_or(|name| names(&groups).contains(&name)), "{claim}");
    }
    for claim in ["department", "updated_at", "urn:zitadel:iam:action:x:log", "Email", ""] {
        assert!(!follows(claim), "{claim}");
    }
}

#[test]
fn nothing_is_asked_for_that_no_claim_needs() {
    let groups = groups([], &listed()).unwrap();
    assert!(!names(&groups).iter().any(|name| name.contains("email") || name.contains("password")));
}

#[test]
fn a_type_that_is_needed_and_missing_is_named() {
    for missing in ["user.locked", "session.terminated", "project.grant.cascade.changed"] {
        let listed: Vec<_> = listed().into_iter().filter(|name| name != missing).collect();
        let Missing(name) = groups([], &listed).unwrap_err();
        assert_eq!(name, missing);
    }
    let listed: Vec<_> = listed().into_iter().filter(|name| !name.contains("email")).collect();
    assert!(groups([], &listed).is_ok());
    assert!(groups(["email"], &listed).is_err());
}

#[test]
fn a_type_that_is_harmless_and_missing_is_left_out() {
    for missing in ["user.signed.out", "user.token.removed", "user.domain.claimed"] {
        let listed: Vec<_> = listed().into_iter().filter(|name| name != missing).collect();
        assert!(!names(&groups([], &listed).unwrap()).contains(&missing), "{missing}");
    }
}

#[test]
fn a_server_with_groups_is_asked_for_what_changes_their_users() {
    let mut listed = listed();
    let of_groups = ["group.added", "group.users.added", "group.removed", "group.grant.changed"];
    listed.extend(of_groups.map(str::to_owned));
    let groups = groups([], &listed).unwrap();
    let names = names(&groups);
    assert_eq!(of_groups.map(|name| names.contains(&name)), [false, true, true, true]);
    assert!(groups.iter().any(|group| group.aggregate_types.contains(&"group")));
}
