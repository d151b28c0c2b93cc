//! Events of each order, and introspection afterwards.

use serde_json::{Value, json};
use zitadel_double::{AppState, NewEvent, NewUser, SessionToken, UserState, ZitadelDouble};

use crate::resource_server::{all_events, inactive, introspect, names, request, send};

const ROLES: &str = "urn:zitadel:iam:org:project:roles";

struct Log {
    double: ZitadelDouble,
    reader: String,
    seen: usize,
}

impl Log {
    async fn start() -> Self {
        let double = ZitadelDouble::start().await;
        let reader = double.event_reader();
        let seen = double.events();
        Self { double, reader, seen }
    }

    /// Returns the events since the last call.
    async fn news(&mut self) -> Vec<Value> {
        let all = all_events(&self.double, &self.reader).await;
        let news = all.iter().skip(self.seen).cloned().collect();
        self.seen = all.len();
        news
    }

    async fn expect(&mut self, expected: &[(&str, &str, Value)]) -> Vec<Value> {
        let news = self.news().await;
        let found: Vec<(&str, &str, Value)> = news
            .iter()
            .map(|event| {
                let id = event["aggregate"]["id"].as_str().unwrap();
                (event["type"]["type"].as_str().unwrap(), id, event["payload"].clone())
            })
            .collect();
        assert_eq!(found, expected);
        news
    }

    async fn roles(&self, token: &str) -> Value {
        introspect(&self.double, token).await.get(ROLES).cloned().unwrap_or_default()
    }
}

fn one_time(events: &[Value]) -> bool {
    events.iter().all(|event| event["creationDate"] == events[0]["creationDate"])
}

#[tokio::test]
async fn a_grant_is_added_changed_and_removed_under_one_id() {
    let mut log = Log::start().await;
    let svc = log.double.add_user(NewUser::service("svc"));
    log.expect(&[(
        "user.machine.added",
        svc.as_str(),
        json!({ "name": "svc", "userName": "svc" }),
    )])
    .await;
    let (user, project) = (svc.as_str(), log.double.project_id().to_string());
    log.double.grant(&svc, "read:messages");
    let added = log.news().await;
    let id = added[0]["aggregate"]["id"].as_str().unwrap();
    let payload = json!({ "userId": user, "projectId": project, "roleKeys": ["read:messages"] });
    assert_eq!((names(&added), &added[0]["payload"]), (vec!["user.grant.added"], &payload));
    assert_eq!(added[0]["aggregate"]["type"]["type"], "usergrant");
    log.double.grant(&svc, "read:messages");
    log.expect(&[]).await;
    log.double.grant(&svc, "write");
    let role = json!({ "key": "write", "displayName": "write" });
    let both = json!({ "userId": user, "roleKeys": ["read:messages", "write"] });
    log.expect(&[("project.role.added", &project, role), ("user.grant.changed", id, both)]).await;
    log.double.ungrant(&svc, "read:messages");
    let one = json!({ "userId": user, "roleKeys": ["write"] });
    log.expect(&[("user.grant.changed", id, one)]).await;
    log.double.ungrant(&svc, "write");
    let gone = json!({ "userId": user, "projectId": project });
    let removed = log.expect(&[("user.grant.removed", id, gone)]).await;
    assert_eq!(removed[0]["sequence"], "4");
}

#[tokio::test]
async fn each_state_of_a_user_has_its_event_without_a_payload() {
    let mut log = Log::start().await;
    let svc = log.double.add_user(NewUser::service("svc"));
    log.double.grant(&svc, "read:messages");
    log.news().await;
    for (state, name) in [
        (UserState::Locked, "user.locked"),
        (UserState::Active, "user.unlocked"),
        (UserState::Deactivated, "user.deactivated"),
        (UserState::Active, "user.reactivated"),
    ] {
        log.double.set_user_state(&svc, state);
        let news = log.expect(&[(name, svc.as_str(), Value::Null)]).await;
        assert_eq!(news[0].get("payload"), None);
        log.double.set_user_state(&svc, state);
        log.expect(&[]).await;
    }
    log.double.set_user_state(&svc, UserState::Removed);
    let news = log.news().await;
    assert_eq!(names(&news), ["user.removed", "user.grant.cascade.removed"]);
    assert!(one_time(&news));
}

#[tokio::test]
async fn a_login_writes_its_session_and_then_the_token() {
    let mut log = Log::start().await;
    let ada = log.double.add_user(NewUser::human("ada"));
    log.news().await;
    let with_refresh = SessionToken::default().with_scope("offline_access");
    let token = log.double.session_token(&ada, with_refresh);
    let news = log.news().await;
    let expected = [
        "session.added",
        "session.user.checked",
        "oidc_session.added",
        "oidc_session.access_token.added",
        "oidc_session.refresh_token.added",
    ];
    assert_eq!(names(&news), expected);
    assert!(one_time(&news[..2]) && one_time(&news[2..]));
    assert_eq!(news[1]["payload"]["userID"], ada.as_str());
    assert_eq!(news[2]["payload"]["sessionID"], news[0]["aggregate"]["id"]);
    let jti = introspect(&log.double, &token).await["jti"].as_str().unwrap().to_owned();
    let session = news[2]["aggregate"]["id"].as_str().unwrap();
    assert_eq!(jti, format!("{session}-{}", news[3]["payload"]["id"].as_str().unwrap()));
    assert_eq!(news[3]["payload"]["lifetime"], 43_200_000_000_000_u64);
}

#[tokio::test]
async fn client_credentials_have_no_login_session() {
    let mut log = Log::start().await;
    let svc = log.double.add_user(NewUser::service("svc"));
    log.news().await;
    let request = SessionToken::client_credentials("svc", [log.double.project_id()]);
    let _ = log.double.session_token(&svc, request);
    let news = log.news().await;
    assert_eq!(names(&news), ["oidc_session.added", "oidc_session.access_token.added"]);
    assert_eq!(news[0]["payload"]["sessionID"], "");
    assert_eq!(news[0]["payload"]["userID"], svc.as_str());
}

#[tokio::test]
async fn a_session_token_is_refreshed_revoked_and_signed_out_with_its_events() {
    let mut log = Log::start().await;
    let ada = log.double.add_user(NewUser::human("ada"));
    let login = || log.double.session_token(&ada, SessionToken::default());
    let (first, second, third, fourth) = (login(), login(), login(), login());
    log.news().await;

    let fresh = log.double.refresh(&first);
    let news = log.news().await;
    assert_eq!(
        names(&news),
        ["oidc_session.access_token.added", "oidc_session.refresh_token.renewed"]
    );
    assert!(one_time(&news));
    let session = news[0]["aggregate"]["id"].as_str().unwrap().to_owned();

    log.double.revoke(&fresh);
    log.expect(&[("oidc_session.access_token.revoked", &session, json!({}))]).await;
    log.double.revoke(&fresh);
    log.expect(&[]).await;

    log.double.revoke_refresh(&second);
    let news = log.news().await;
    assert_eq!(names(&news), ["oidc_session.refresh_token.revoked"]);
    assert_eq!(news[0]["payload"], json!({}));

    log.double.end_session(&third);
    let news = log.news().await;
    assert_eq!(names(&news), ["session.terminated"]);
    assert_eq!(introspect(&log.double, &fourth).await["active"], true);

    log.double.sign_out(&ada);
    let news = log.news().await;
    assert_eq!(names(&news), ["user.human.signed.out"]);
    assert_eq!(news[0]["aggregate"]["id"], ada.as_str());
    for token in [&first, &fresh, &second, &third, &fourth] {
        assert_eq!(introspect(&log.double, token).await, inactive());
    }
}

#[tokio::test]
async fn a_terminated_session_leads_to_its_user_by_the_log_alone() {
    let mut log = Log::start().await;
    let ada = log.double.add_user(NewUser::human("ada"));
    let token = log.double.session_token(&ada, SessionToken::default());
    log.double.end_session(&token);
    let news = log.news().await;
    let ended = &news.last().unwrap()["aggregate"]["id"];
    let search = json!({ "aggregateId": ended, "eventTypes": ["session.user.checked"] });
    let found = crate::resource_server::events(&log.double, &log.reader, &search).await;
    assert_eq!(found[0]["payload"]["userID"], ada.as_str());
}

#[tokio::test]
async fn a_pat_is_removed_by_either_order() {
    let mut log = Log::start().await;
    let svc = log.double.add_user(NewUser::service("svc"));
    let (first, second) = (log.double.pat(&svc), log.double.pat(&svc));
    let added = log.news().await;
    assert_eq!(added[1]["payload"]["expiration"], "9999-12-31T23:59:59Z");
    assert_eq!(log.double.user_of(&first), svc);
    log.double.remove_pat(&first);
    log.double.revoke(&second);
    let gone = |event: &Value| json!({ "tokenId": event["payload"]["tokenId"] });
    log.expect(&[
        ("user.pat.removed", svc.as_str(), gone(&added[1])),
        ("user.pat.removed", svc.as_str(), gone(&added[2])),
    ])
    .await;
    assert_eq!(introspect(&log.double, &first).await, inactive());
}

#[tokio::test]
async fn a_removed_role_cascades_to_every_grant_in_one_write() {
    let mut log = Log::start().await;
    let users = ["a", "b", "c"].map(|name| log.double.add_user(NewUser::service(name)));
    for user in &users {
        log.double.grant(user, "read:messages");
    }
    log.double.grant(&users[2], "write");
    let token = log.double.pat(&users[2]);
    log.news().await;
    log.double.remove_project_role("read:messages");
    let news = log.news().await;
    let cascade = "user.grant.cascade.changed";
    assert_eq!(names(&news), ["project.role.removed", cascade, cascade, cascade]);
    assert!(one_time(&news));
    assert_eq!(news[0]["payload"], json!({ "key": "read:messages" }));
    assert_eq!(news[1]["payload"], json!({}));
    assert_eq!(news[3]["payload"], json!({ "roleKeys": ["write"] }));
    assert_eq!(log.roles(&token).await.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn deactivated_grants_give_no_role_until_they_are_reactivated() {
    let mut log = Log::start().await;
    let svc = log.double.add_user(NewUser::service("svc"));
    log.double.grant(&svc, "read:messages");
    let token = log.double.pat(&svc);
    log.news().await;
    log.double.deactivate_grants(&svc);
    let news = log.news().await;
    assert_eq!((names(&news), news[0].get("payload")), (vec!["user.grant.deactivated"], None));
    assert_eq!(log.roles(&token).await, Value::Null);
    log.double.reactivate_grants(&svc);
    assert_eq!(names(&log.news().await), ["user.grant.reactivated"]);
    assert!(log.roles(&token).await.is_object());
}

#[tokio::test]
async fn a_project_grant_is_given_reduced_and_removed_with_the_grants_under_it() {
    let mut log = Log::start().await;
    let globex = log.double.foreign_org_id().clone();
    let svc = log.double.add_user(NewUser::service("svc").in_org(&globex));
    log.news().await;
    log.double.grant(&svc, "read:messages");
    let news = log.news().await;
    assert_eq!(names(&news), ["project.grant.added", "user.grant.added"]);
    assert_eq!(news[1]["payload"]["grantId"], news[0]["payload"]["grantId"]);
    let project_grant = json!({ "grantId": news[0]["payload"]["grantId"] });
    log.double.grant(&svc, "write");
    log.news().await;
    let token = log.double.pat(&svc);
    log.news().await;

    log.double.reduce_project_grant(&globex, "write");
    let news = log.news().await;
    assert_eq!(names(&news), ["project.grant.changed", "user.grant.cascade.changed"]);
    assert!(one_time(&news));
    assert_eq!(log.roles(&token).await.as_object().unwrap().len(), 1);

    log.double.remove_project_grant(&globex);
    let news = log.news().await;
    assert_eq!(names(&news), ["project.grant.removed", "user.grant.cascade.removed"]);
    assert!(one_time(&news));
    assert_eq!((&news[0]["payload"], news[1].get("payload")), (&project_grant, None));
    assert_eq!(log.roles(&token).await, Value::Null);
}

#[tokio::test]
async fn a_project_that_is_off_refuses_its_applications() {
    let mut log = Log::start().await;
    let status = |double: &ZitadelDouble| {
        let asking = send(request(double).form(&[("token", "t")]));
        async move { asking.await.status }
    };
    log.double.deactivate_project();
    assert_eq!(status(&log.double).await, 400);
    log.double.reactivate_project();
    assert_eq!(status(&log.double).await, 200);
    log.double.remove_project();
    assert_eq!(status(&log.double).await, 400);
    let id = log.double.project_id().to_string();
    let expected = ["project.deactivated", "project.reactivated", "project.removed"];
    log.expect(&expected.map(|name| (name, id.as_str(), Value::Null))).await;
}

#[tokio::test]
async fn a_removed_organization_takes_its_users_with_it() {
    let mut log = Log::start().await;
    let org = log.double.add_org("Initech", "initech.localhost");
    let ada = log.double.add_user(NewUser::human("ada").in_org(&org));
    let svc = log.double.add_user(NewUser::service("svc").in_org(&org));
    let tokens = [log.double.session_token(&ada, SessionToken::default()), log.double.pat(&svc)];
    log.news().await;
    log.double.remove_org(&org);
    log.expect(&[("org.removed", org.as_str(), Value::Null)]).await;
    for token in &tokens {
        assert_eq!(introspect(&log.double, token).await, inactive());
    }
}

#[tokio::test]
async fn applications_secrets_and_keys_write_theirs() {
    let mut log = Log::start().await;
    let project = log.double.add_project();
    let (secret_app, _) = log.double.add_secret_app(&project);
    let key_app = log.double.add_key_app(&project);
    let (key, _) = log.double.add_key(&key_app);
    log.double.remove_key(&key_app, &key);
    log.double.set_client_secret(&secret_app, "s");
    log.double.set_app_state(&secret_app, AppState::Deactivated);
    log.double.set_app_state(&secret_app, AppState::Active);
    let news = log.news().await;
    let short: Vec<&str> = names(&news)
        .into_iter()
        .map(|name| name.trim_start_matches("project.").trim_start_matches("application."))
        .collect();
    let expected = [
        "added",
        "added",
        "config.api.added",
        "added",
        "config.api.added",
        "oidc.key.added",
        "oidc.key.removed",
        "config.api.secret.changed",
        "deactivated",
        "reactivated",
    ];
    assert_eq!(short, expected);
    assert!(news.iter().all(|event| event["aggregate"]["id"] == project.as_str()));
}

#[tokio::test]
async fn any_event_can_be_written_and_noise_is_one_write_each() {
    let mut log = Log::start().await;
    let event = NewEvent::new("group", "7", "group.users.removed", "340000000000000200");
    log.double.set_known_event_types(vec!["group.users.removed".to_owned()]);
    log.seen = 0;
    log.double.write_event(event.clone().with_payload(json!({ "userIds": ["1"] })));
    log.double.write_event(event.with_payload(Value::Null));
    let news = log.news().await;
    assert_eq!(news[0]["payload"], json!({ "userIds": ["1"] }));
    assert_eq!(news[1].get("payload"), Some(&Value::Null));
    assert_eq!((&news[0]["sequence"], &news[1]["sequence"]), (&json!("1"), &json!("2")));

    let mut log = Log::start().await;
    log.double.noise(5);
    let news = log.news().await;
    let mut times: Vec<&Value> = news.iter().map(|event| &event["creationDate"]).collect();
    times.dedup();
    assert_eq!(times.len(), 5);
}
