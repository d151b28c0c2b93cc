//! Each kind of event has the members and types of a real one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zitadel_double::{AppState, NewUser, SessionToken, UserState, ZitadelDouble};

use crate::manager::Manager;
use crate::resource_server::all_events;

/// A real event of each kind.
const OBSERVED: &str = include_str!("../../../observed/events.jsonl");

fn kind(event: &Value) -> String {
    event["type"]["type"].as_str().unwrap().to_owned()
}

/// Collects the paths of all members with their types; a list's first element stands for all.
fn shape(value: &Value, path: &str, into: &mut BTreeMap<String, &'static str>) {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    into.insert(path.to_owned(), name);
    match value {
        Value::Array(list) => {
            if let Some(first) = list.first() {
                shape(first, &format!("{path}/*"), into);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                shape(value, &format!("{path}/{name}"), into);
            }
        }
        _ => {}
    }
}

fn shape_of(event: &Value) -> BTreeMap<String, &'static str> {
    let mut shape_of = BTreeMap::new();
    shape(event, "", &mut shape_of);
    shape_of
}

fn everything(double: &ZitadelDouble) {
    let org = double.add_org("Initech", "initech.localhost");
    let (ada, svc) = (NewUser::human("ada"), NewUser::service("svc").in_org(&org));
    let (ada, svc) = (double.add_user(ada), double.add_user(svc));
    double.grant(&svc, "read:messages");
    double.grant(&svc, "write");
    double.grant(&svc, "third");
    let clerk = double.add_user(NewUser::service("clerk"));
    double.grant(&clerk, "write");
    double.deactivate_grants(&svc);
    double.reactivate_grants(&svc);
    double.reduce_project_grant(&org, "third");
    double.grant(&ada, "read:messages");
    double.ungrant(&ada, "read:messages");
    double.remove_project_role("write");
    double.remove_project_grant(&org);
    let login = || double.session_token(&ada, SessionToken::default().with_scope("offline_access"));
    double.revoke(&double.refresh(&login()));
    double.revoke_refresh(&login());
    double.end_session(&login());
    double.sign_out(&ada);
    double.remove_pat(&double.pat(&svc));
    for state in [UserState::Locked, UserState::Active, UserState::Deactivated] {
        double.set_user_state(&ada, state);
    }
    double.set_user_state(&ada, UserState::Active);
    double.set_user_state(&ada, UserState::Removed);
    let (client, _) = double.add_secret_app(&double.add_project());
    let _ = double.regenerate_client_secret(&client);
    double.set_app_state(&client, AppState::Deactivated);
    double.set_app_state(&client, AppState::Active);
    let key_app = double.add_key_app(double.project_id());
    let (key, _) = double.add_key(&key_app);
    double.remove_key(&key_app, &key);
    double.remove_org(&org);
    double.deactivate_project();
    double.reactivate_project();
}

/// Kinds without a recorded real event.
const NOT_OBSERVED: [&str; 9] = [
    "org.added",
    "org.domain.added",
    "org.domain.verified",
    "org.domain.primary.set",
    "project.application.added",
    "project.grant.cascade.changed",
    "user.human.added",
    "user.human.signed.out",
    "instance.member.removed",
];

/// Real kinds that the double never writes.
const NOT_WRITTEN: [&str; 9] = [
    "org.deactivated",
    "org.reactivated",
    "project.application.removed",
    "project.grant.deactivated",
    "project.grant.reactivated",
    "user.human.password.changed",
    "user.machine.secret.removed",
    "user.machine.secret.set",
    "user.metadata.set",
];

#[tokio::test]
async fn every_kind_of_event_has_the_shape_of_a_real_one() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.set_event_reader(&double.user_of(&reader), false);
    double.set_event_reader(&double.user_of(&reader), true);
    everything(&double);
    let (compared, mut unknown, not_written) = compare(all_events(&double, &reader).await);
    unknown.retain(|kind| !NOT_OBSERVED.contains(&kind.as_str()));
    assert_eq!(unknown, Vec::<String>::new());
    let missing: Vec<&String> =
        not_written.iter().filter(|kind| !NOT_WRITTEN.contains(&kind.as_str())).collect();
    assert!(missing.is_empty(), "no order writes {missing:?}");
    assert!(compared.len() >= 34, "{compared:?}");
}

/// Kinds that only management API calls write.
const BY_CALLS_ALONE: [&str; 4] = [
    "project.application.removed",
    "user.machine.secret.removed",
    "user.machine.secret.set",
    "user.metadata.set",
];

/// Changes something of each kind by the management API.
async fn every_call(admin: &Manager) {
    let project = admin.project("Messages").await;
    let path = format!("/management/v1/projects/{project}");
    let role = json!({ "roleKey": "read:messages", "displayName": "Read messages" });
    admin.post(&format!("{path}/roles"), role).await;
    let by_keys = json!({
        "name": "api-key", "authMethodType": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT",
    });
    let app = admin.id(&format!("{path}/apps/api"), by_keys, "appId").await;
    let app = format!("{path}/apps/{app}");
    let key = admin.id(&format!("{app}/keys"), json!({}), "id").await;
    admin.delete(&format!("{app}/keys/{key}")).await;
    admin.post(&format!("{app}/api_config/_generate_client_secret"), json!({})).await;
    let user = admin.service_user("svc").await;
    let user = format!("/management/v1/users/{user}");
    let grant = json!({ "projectId": project, "roleKeys": ["read:messages"] });
    for round in 0..2 {
        let id = admin.id(&format!("{user}/grants"), grant.clone(), "userGrantId").await;
        let held = format!("{user}/grants/{id}");
        admin.post(&format!("{held}/_deactivate"), json!({})).await;
        admin.post(&format!("{held}/_reactivate"), json!({})).await;
        if round == 0 {
            admin.delete(&held).await;
        }
    }
    let pat = admin.id(&format!("{user}/pats"), json!({}), "tokenId").await;
    admin.delete(&format!("{user}/pats/{pat}")).await;
    admin.done("PUT", &format!("{user}/secret"), &json!({})).await;
    admin.delete(&format!("{user}/secret")).await;
    admin.post(&format!("{user}/metadata/k2"), json!({ "value": "dmFs" })).await;
    for order in ["_lock", "_unlock", "_deactivate", "_reactivate"] {
        admin.post(&format!("{user}/{order}"), json!({})).await;
    }
    for order in ["_deactivate", "_reactivate"] {
        admin.post(&format!("{app}/{order}"), json!({})).await;
        admin.post(&format!("{path}/{order}"), json!({})).await;
    }
    admin.delete(&format!("{path}/roles/read:messages")).await;
    admin.delete(&app).await;
    admin.delete(&path).await;
    admin.delete(&user).await;
}

#[tokio::test]
async fn every_call_of_the_management_api_writes_the_events_of_a_real_server() {
    let double = ZitadelDouble::start().await;
    let admin = Manager::administrator(&double);
    every_call(&admin).await;
    // The recorded real grant depends on a project grant.
    let stranger = double.add_user(NewUser::service("stranger").in_org(double.foreign_org_id()));
    double.grant(&stranger, "read:messages");
    let (compared, unknown, _) = compare(all_events(&double, &double.administrator()).await);
    assert!(compared.len() >= 26, "{compared:?}");
    for kind in BY_CALLS_ALONE {
        assert!(compared.iter().any(|compared| compared == kind), "{kind}");
    }
    let beyond = ["org.member.added", "project.application.added", "project.removed"];
    assert_eq!(unknown, beyond);
}

/// Compares events with real ones of their kinds; returns the compared kinds, the unobserved ones,
/// and the observed but unwritten ones.
fn compare(events: Vec<Value>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut observed: BTreeMap<String, Value> = OBSERVED
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|event: Value| (kind(&event), event))
        .collect();
    let (mut compared, mut unknown) = (Vec::new(), Vec::new());
    let mut written: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in events {
        written.entry(kind(&event)).or_default().push(event);
    }
    for (kind, events) in written {
        match observed.remove(&kind) {
            Some(real) => {
                // A kind may have two forms, of which one was observed.
                let right = shape_of(&real);
                let found = events.iter().map(shape_of).find(|shape| *shape == right);
                assert_eq!(found.unwrap_or_else(|| shape_of(&events[0])), right, "{kind}");
                compared.push(kind);
            }
            None => unknown.push(kind),
        }
    }
    (compared, unknown, observed.into_keys().collect())
}
