//! Tests of the plan for each state of ZITADEL and of the working directory.

use adapters::zitadel::management::{
    Application, ApplicationKind, Grant, Key, Organization, PersonalAccessToken, User, UserKind,
};
use clap::Parser;

use super::*;
use crate::{
    config::Prefix,
    setup::{
        found::FoundUser,
        here::KeyHere,
        target::{READER_ROLE, TargetUser},
    },
};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    args: SetupArgs,
}

fn args(arguments: &str) -> SetupArgs {
    let line = format!("setup --domain https://auth.example.com {arguments}");
    Arguments::parse_from(line.split_whitespace()).args
}

/// Returns a target: the project `Messages`, the role `read`, and the service users `callers` with
/// this role.
fn target(auth: AuthMethod, callers: &[&str]) -> Target {
    let user = |name: &&str| TargetUser {
        name: (*name).to_owned(),
        roles: vec!["read".to_owned()],
        reads_events: false,
        file: format!("{name}.pat").into(),
    };
    Target {
        project: "Messages".to_owned(),
        application: "messages-api".to_owned(),
        auth,
        roles: vec!["read".to_owned()],
        rules: 1,
        users: callers.iter().map(user).collect(),
        mcp_client: None,
        prefix: Prefix::default(),
    }
}

fn empty() -> Found {
    let permissions = [
        "project.create",
        "project.role.write",
        "project.app.write",
        "user.write",
        "user.grant.write",
    ];
    Found {
        organization: Organization { id: "1".to_owned(), name: "ACME".to_owned() },
        administrator: "setup".to_owned(),
        permissions: permissions.map(str::to_owned).to_vec(),
        project: None,
        roles: Vec::new(),
        application: None,
        keys: Vec::new(),
        mcp_client: None,
        users: vec![FoundUser::default()],
    }
}

fn project() -> Project {
    Project { id: "2".to_owned(), name: "Messages".to_owned(), is_active: true }
}

fn by_key() -> Application {
    Application {
        id: "3".to_owned(),
        name: "messages-api".to_owned(),
        is_active: true,
        kind: ApplicationKind::Key { client_id: "client".to_owned() },
    }
}

/// Returns the state at ZITADEL, and that of the directory, after a successful `setup --auth key`.
fn complete() -> (Found, Here) {
    let found = Found {
        project: Some(project()),
        roles: vec!["read".to_owned()],
        application: Some(by_key()),
        keys: vec![Key { id: "4".to_owned(), expires: "2100-01-01T00:00:00Z".to_owned() }],
        ..empty()
    };
    (
        found,
        here(
            &[
                ("ZITADEL_DOMAIN", "https://auth.example.com"),
                ("APP_ZITADEL__PROJECT_ID", "2"),
                ("KEY_FILE", "key.json"),
                ("APP_ZITADEL__KEY_EXPIRES", "2100-01-01T00:00:00Z"),
            ],
            Some("4"),
        ),
    )
}

fn here(variables: &[(&str, &str)], key: Option<&str>) -> Here {
    let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Here {
        variables: variables.iter().map(variable).collect(),
        key: key.map(|id| KeyHere { client_id: "client".to_owned(), key_id: id.to_owned() }),
        ..Here::default()
    }
}

fn plan(arguments: &str, target: &Target, (found, here): &(Found, Here)) -> Plan {
    Plan::new(&args(arguments), target, found, here)
}

#[track_caller]
fn refused(plan: &Plan, why: &str) {
    assert_eq!(plan.refused.len(), 1, "{plan:?}");
    assert!(plan.refused[0].contains(why), "{plan:?}");
}

#[track_caller]
fn lost(plan: &Plan, what: &str) {
    assert_eq!((plan.steps.as_slice(), plan.refused.len()), (&[][..], 0), "{plan:?}");
    assert_eq!(plan.lost.len(), 1, "{plan:?}");
    assert!(plan.lost[0].contains(what), "{plan:?}");
}

#[test]
fn of_nothing_everything_is_made_in_an_order_that_works() {
    let key = plan("--callers r", &target(AuthMethod::Key, &["r"]), &(empty(), Here::default()));
    let roles = Step::CreateRoles(vec!["read".to_owned()]);
    let expected = [
        Step::CreateProject,
        roles.clone(),
        Step::CreateApplication,
        Step::CreateKey,
        Step::WriteEnv,
        Step::CreateUser(0),
        Step::CreateGrant(0),
        Step::CreateToken(0),
    ];
    assert_eq!(key, Plan { steps: expected.to_vec(), ..Plan::default() });
    let basic = plan("--auth basic", &target(AuthMethod::Basic, &[]), &(empty(), Here::default()));
    assert_eq!(basic.steps, [Step::CreateProject, roles, Step::CreateApplication, Step::WriteEnv]);
}

#[test]
fn what_is_complete_is_left_alone() {
    assert_eq!(plan("", &target(AuthMethod::Key, &[]), &complete()), Plan::default());
    let (mut found, _) = complete();
    let kind = ApplicationKind::Basic { client_id: "client".to_owned() };
    found.application = Some(Application { kind, ..by_key() });
    found.keys.clear();
    let variables = [
        ("ZITADEL_DOMAIN", "x"),
        ("APP_ZITADEL__PROJECT_ID", "2"),
        ("CLIENT_ID", "client"),
        ("CLIENT_SECRET", "secret"),
    ];
    let basic =
        plan("--auth basic", &target(AuthMethod::Basic, &[]), &(found, here(&variables, None)));
    assert_eq!(basic, Plan::default());
}

#[test]
fn a_project_of_another_case_or_state_is_a_persons_matter() {
    for (name, is_active, why) in
        [("messages", true, "without regard to case"), ("Messages", false, "is deactivated")]
    {
        let project = Project { name: name.to_owned(), is_active, ..project() };
        let found = Found { project: Some(project), ..complete().0 };
        refused(&plan("", &target(AuthMethod::Key, &[]), &(found, complete().1)), why);
    }
}

#[test]
fn missing_roles_are_made_and_others_are_told_and_left() {
    for (roles, missing, others) in [
        (vec![], true, false),
        (vec!["write"], true, true),
        (vec!["read", "write"], false, true),
        ((0..250).map(|_| "read").collect(), false, false),
    ] {
        let roles = roles.into_iter().map(str::to_owned).collect();
        let found = Found { roles, ..complete().0 };
        let plan = plan("", &target(AuthMethod::Key, &[]), &(found, complete().1));
        let expected = Step::CreateRoles(vec!["read".to_owned()]);
        assert_eq!(plan.steps == [expected], missing, "{plan:?}");
        assert_eq!(!plan.notes.is_empty(), others, "{plan:?}");
        assert_eq!(plan.refused.len(), 0);
    }
}

#[test]
fn an_application_of_another_kind_is_never_changed() {
    let of = |application: Application| {
        (Found { application: Some(application), ..complete().0 }, complete().1)
    };
    let basic = ApplicationKind::Basic { client_id: "client".to_owned() };
    for (application, why) in [
        (Application { kind: ApplicationKind::Other, ..by_key() }, "is no API"),
        (Application { kind: basic, ..by_key() }, "use --auth basic"),
        (Application { is_active: false, ..by_key() }, "is deactivated"),
        (Application { name: "Messages-API".to_owned(), ..by_key() }, "without regard to case"),
    ] {
        refused(&plan("", &target(AuthMethod::Key, &[]), &of(application)), why);
    }
    refused(&plan("--auth basic", &target(AuthMethod::Basic, &[]), &complete()), "use --auth key");
}

#[test]
fn a_key_is_made_only_where_none_is_lost() {
    let target = target(AuthMethod::Key, &[]);
    let made = [Step::CreateKey, Step::WriteEnv];
    let (found, right) = complete();
    let without_keys = Found { keys: Vec::new(), ..found.clone() };
    let variables = [("ZITADEL_DOMAIN", "x")];
    // Neither at ZITADEL nor here.
    let none = (without_keys.clone(), here(&variables, None));
    assert_eq!(plan("", &target, &none).steps, made);
    // At ZITADEL, but not here.
    lost(&plan("", &target, &(found.clone(), here(&variables, None))), "--new-key");
    assert_eq!(plan("--new-key", &target, &(found.clone(), here(&variables, None))).steps, made);
    // Here, but removed at ZITADEL.
    refused(&plan("", &target, &(without_keys.clone(), right.clone())), "--new-key");
    assert_eq!(plan("--new-key", &target, &(without_keys, right.clone())).steps, made);
    // A second key.
    assert_eq!(plan("--renew", &target, &(found.clone(), right.clone())).steps, made);
    // A key of another application.
    let mut foreign = right;
    foreign.key = Some(KeyHere { client_id: "another".to_owned(), key_id: "4".to_owned() });
    lost(&plan("", &target, &(found.clone(), foreign.clone())), "copy one here");
    refused(&plan("--new-key", &target, &(found.clone(), foreign.clone())), "another application");
    assert_eq!(plan("--new-key --force", &target, &(found.clone(), foreign.clone())).steps, made);
    let nothing = Found { application: None, keys: Vec::new(), ..found };
    refused(&plan("", &target, &(nothing, foreign)), "another application");
}

#[test]
fn a_secret_is_never_rotated_without_being_told_to() {
    let (mut found, _) = complete();
    let kind = ApplicationKind::Basic { client_id: "client".to_owned() };
    found.application = Some(Application { kind, ..by_key() });
    let target = target(AuthMethod::Basic, &[]);
    let generated = [Step::GenerateSecret, Step::WriteEnv];
    let state = (found.clone(), here(&[], None));
    lost(&plan("--auth basic", &target, &state), "--new-secret");
    assert_eq!(plan("--auth basic --new-secret", &target, &state).steps, generated);
    let state = (found, here(&[("CLIENT_ID", "another"), ("CLIENT_SECRET", "s")], None));
    lost(&plan("--auth basic", &target, &state), "--new-secret");
    refused(&plan("--auth basic --new-secret", &target, &state), "another application");
    assert_eq!(plan("--auth basic --new-secret --force", &target, &state).steps, generated);
}

fn user(kind: UserKind, is_active: bool) -> FoundUser {
    let user = User { id: "5".to_owned(), name: "r".to_owned(), is_active, kind };
    let token =
        PersonalAccessToken { id: "6".to_owned(), expires: "2100-01-01T00:00:00Z".to_owned() };
    let grant = Grant { id: "7".to_owned(), roles: vec!["read".to_owned()], is_active: true };
    FoundUser {
        user: Some(user),
        grants: vec![grant],
        tokens: vec![token],
        instance_roles: Some(Vec::new()),
    }
}

/// Returns the plan of `setup` with `arguments` for one caller. `found_user` is the caller's state
/// at ZITADEL; `is_here` is true if its token file exists.
fn caller(found_user: FoundUser, is_here: bool, arguments: &str) -> Plan {
    let (mut found, mut here) = complete();
    found.users = vec![found_user];
    here.token_files = if is_here { vec!["r.pat".into()] } else { Vec::new() };
    plan(arguments, &target(AuthMethod::Key, &["r"]), &(found, here))
}

#[test]
fn a_caller_is_completed_and_nothing_is_taken_from_it() {
    let whole = || user(UserKind::Service, true);
    assert_eq!(caller(whole(), true, ""), Plan::default());
    lost(&caller(whole(), false, ""), "r.pat");
    refused(&caller(user(UserKind::Person, true), true, ""), "is a person");
    refused(&caller(user(UserKind::Service, false), true, ""), "deactivated or locked");
    let mut other_case = whole();
    other_case.user.as_mut().unwrap().name = "R".to_owned();
    refused(&caller(other_case, true, ""), "without regard to case");
    let without_token = || FoundUser { tokens: Vec::new(), ..whole() };
    assert_eq!(caller(without_token(), false, "").steps, [Step::CreateToken(0)]);
    refused(&caller(without_token(), true, ""), "--force");
    assert_eq!(caller(without_token(), true, "--force").steps, [Step::CreateToken(0)]);
    let granted = |roles: &[&str], is_active| {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let grant = Grant { id: "7".to_owned(), roles, is_active };
        caller(FoundUser { grants: vec![grant], ..whole() }, true, "")
    };
    assert_eq!(
        caller(FoundUser { grants: vec![], ..whole() }, true, "").steps,
        [Step::CreateGrant(0)]
    );
    assert_eq!(granted(&["read", "admin"], true), Plan::default(), "more roles are kept");
    let roles = vec!["admin".to_owned(), "read".to_owned()];
    let change = Step::ChangeGrant { user: 0, grant: "7".to_owned(), roles };
    assert_eq!(granted(&["admin"], true).steps, [change]);
    refused(&granted(&["read"], false), "is deactivated");
}

#[test]
fn the_reader_of_events_gets_its_manager_role_once() {
    let reader = |instance_roles: Option<Vec<String>>| {
        let (mut found, mut here) = complete();
        found.users =
            vec![FoundUser { instance_roles, grants: Vec::new(), ..user(UserKind::Service, true) }];
        here.token_files = vec!["r.pat".into()];
        here.variables.insert("APP_CHANGES__TOKEN_FILE".to_owned(), "r.pat".to_owned());
        let mut target = target(AuthMethod::Key, &["r"]);
        target.users[0] =
            TargetUser { roles: Vec::new(), reads_events: true, ..target.users[0].clone() };
        plan("", &target, &(found, here)).steps
    };
    assert_eq!(reader(Some(vec![READER_ROLE.to_owned()])), []);
    assert_eq!(reader(Some(Vec::new())), [Step::AddInstanceRole(0)]);
    // An administrator who may not read the role cannot give it; the proof checks the token.
    assert_eq!(reader(None), []);
}

#[test]
fn rights_are_looked_at_before_anything_is_done() {
    let permissions = vec!["project.read".to_owned()];
    let viewer = Found { permissions, ..empty() };
    let plan = plan("", &target(AuthMethod::Key, &[]), &(viewer, Here::default()));
    refused(&plan, "lacks project.app.write, project.create, project.role.write");
}
