//! Tests of the change feed in three replicas of the app: each replica denies a token in time after
//! a change at `zitadel-double`, and keeps verdicts that the change does not affect.

use std::{fs, time::Duration};

use reqwest::blocking::Client;
use tempfile::TempDir;
use tokio::time::Instant;
use zitadel_double::{NewUser, SessionToken, UserState, ZitadelDouble};

use crate::{
    asking,
    child::{App, PATIENCE},
};

/// Default of `cache.max_staleness`.
const MAX_STALENESS: Duration = Duration::from_secs(3);
const ROLE: &str = "read:messages";
const SCOPED: &str = "/api/private-scoped";
const PRIVATE: &str = "/api/private";

/// Change at ZITADEL, and a `token` that must be denied after the change.
struct Row {
    name: &'static str,
    path: &'static str,
    token: String,
    /// Token that the change must not affect; `None` if the change affects every verdict.
    bystander: Option<String>,
    change: Box<dyn Fn(&ZitadelDouble)>,
}

type ChangeOfToken = fn(&ZitadelDouble, &str);

struct Fleet {
    replicas: [String; 3],
    client: Client,
    _apps: [App; 3],
    _directory: TempDir,
}

impl Fleet {
    fn start(double: &ZitadelDouble) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let reader = directory.path().join("reader.pat");
        fs::write(&reader, double.event_reader()).unwrap();
        let (secret, reader) = (double.client_secret(), reader.display().to_string());
        let project = double.project_id().to_string();
        let feed = [
            ("APP_CHANGES__TOKEN_FILE", &*reader),
            // Roles are granted right before the start, and the double shows them at once.
            ("APP_CHANGES__LAG", "0s"),
            ("APP_ZITADEL__PROJECT_ID", &*project),
        ];
        let environment: Vec<_> = asking(double, &secret).into_iter().chain(feed).collect();
        let apps = [(); 3].map(|()| App::start(&[], &environment));
        let replicas = [&apps[0], &apps[1], &apps[2]].map(App::address);
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { replicas, client, _apps: apps, _directory: directory }
    }

    fn status(&self, replica: &str, path: &str, token: &str) -> u16 {
        let request = self.client.get(format!("http://{replica}{path}")).bearer_auth(token);
        request.send().unwrap().status().as_u16()
    }

    /// Waits until each replica denies the token of `row`. Panics if a replica accepts a request
    /// that was sent later than `max_staleness` after the change.
    fn is_denied(&self, row: &Row, changed: Instant) {
        for replica in &self.replicas {
            loop {
                let sent = changed.elapsed();
                let status = self.status(replica, row.path, &row.token);
                assert!(
                    status != 200 || sent <= MAX_STALENESS,
                    "{}: let in by a request sent {sent:?} after the change",
                    row.name,
                );
                match status {
                    401 => break,
                    // The witness, which confirms an inactive verdict, is briefly unreachable.
                    200 | 503 => assert!(changed.elapsed() < PATIENCE, "{}: {status}", row.name),
                    other => panic!("{}: {other}", row.name),
                }
            }
        }
    }
}

/// Creates tokens at the double, and returns a row for each tested change, such as a revoked token
/// or a removed role.
fn rows(double: &ZitadelDouble) -> Vec<Row> {
    let service = |name: &str| {
        let user = double.add_user(NewUser::service(name));
        double.grant(&user, ROLE);
        user
    };
    let session = |name: &str| {
        let user = double.add_user(NewUser::human(name));
        double.grant(&user, ROLE);
        double.session_token(&user, SessionToken::default())
    };
    let of_org = |name: &str, org: &zitadel_double::OrgId| {
        let user = double.add_user(NewUser::service(name).in_org(org));
        double.grant_in(&user, double.project_id(), ROLE, org);
        user
    };
    let mut rows = Vec::new();
    let mut row = |name: &'static str,
                   path,
                   token: &str,
                   is_alone: bool,
                   change: Box<dyn Fn(&ZitadelDouble)>| {
        let bystander = is_alone.then(|| session(&format!("beside {name}")));
        rows.push(Row { name, path, token: token.to_owned(), bystander, change });
    };
    let sessions: [(&'static str, ChangeOfToken); 4] = [
        ("token revoked", |double, token| double.revoke(token)),
        ("token refreshed", |double, token| drop(double.refresh(token))),
        ("refresh token revoked", |double, token| double.revoke_refresh(token)),
        ("session ended", |double, token| double.end_session(token)),
    ];
    for (name, change) in sessions {
        let token = session(name);
        let subject = token.clone();
        row(name, PRIVATE, &token, true, Box::new(move |double| change(double, &subject)));
    }
    let token = session("signed out");
    let user = double.user_of(&token);
    row("signed out", PRIVATE, &token, true, Box::new(move |double| double.sign_out(&user)));
    let pat = double.pat(&service("pat removed"));
    let removed = pat.clone();
    row("pat removed", PRIVATE, &pat, true, Box::new(move |double| double.remove_pat(&removed)));
    for (name, state) in [
        ("user locked", UserState::Locked),
        ("user deactivated", UserState::Deactivated),
        ("user removed", UserState::Removed),
    ] {
        let user = service(name);
        let pat = double.pat(&user);
        let change = move |double: &ZitadelDouble| double.set_user_state(&user, state);
        row(name, PRIVATE, &pat, true, Box::new(change));
    }
    let user = service("role removed");
    let pat = double.pat(&user);
    row("role removed", SCOPED, &pat, true, Box::new(move |double| double.ungrant(&user, ROLE)));
    let user = service("grant changed");
    double.grant(&user, "other");
    let pat = double.pat(&user);
    row("grant changed", SCOPED, &pat, true, Box::new(move |double| double.ungrant(&user, ROLE)));
    let user = service("grant deactivated");
    let pat = double.pat(&user);
    let change = move |double: &ZitadelDouble| double.deactivate_grants(&user);
    row("grant deactivated", SCOPED, &pat, true, Box::new(change));
    let organization = double.add_org("Removed", "removed.test");
    let user = of_org("organization removed", &organization);
    let pat = double.pat(&user);
    let change = move |double: &ZitadelDouble| double.remove_org(&organization);
    row("organization removed", PRIVATE, &pat, false, Box::new(change));
    let reduced = double.add_org("Reduced", "reduced.test");
    let pat = double.pat(&of_org("project grant reduced", &reduced));
    let change = move |double: &ZitadelDouble| double.reduce_project_grant(&reduced, ROLE);
    row("project grant reduced", SCOPED, &pat, false, Box::new(change));
    let ended = double.add_org("Ended", "ended.test");
    let pat = double.pat(&of_org("project grant removed", &ended));
    let change = move |double: &ZitadelDouble| double.remove_project_grant(&ended);
    row("project grant removed", SCOPED, &pat, false, Box::new(change));
    let pat = double.pat(&service("project role removed"));
    let change = |double: &ZitadelDouble| double.remove_project_role(ROLE);
    row("project role removed", SCOPED, &pat, false, Box::new(change));
    rows
}

#[test]
fn each_change_is_denied_by_each_replica_in_time_and_other_answers_stay() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let double = runtime.unwrap().block_on(ZitadelDouble::start());
    let rows = rows(&double);
    let fleet = Fleet::start(&double);
    let asked_at = Instant::now();
    for row in &rows {
        for replica in &fleet.replicas {
            assert_eq!(fleet.status(replica, row.path, &row.token), 200, "{}", row.name);
            if let Some(bystander) = &row.bystander {
                assert_eq!(fleet.status(replica, PRIVATE, bystander), 200, "{}", row.name);
            }
        }
    }
    // For some seconds the preparation's ZITADEL events are too recent for verdicts to be reused:
    // tokens are introspected again.
    while asked_at.elapsed() < PATIENCE {
        double.reset_counts();
        let tokens = rows.iter().flat_map(|row| row.bystander.iter().chain([&row.token]));
        for (replica, token) in
            fleet.replicas.iter().flat_map(|it| tokens.clone().map(move |token| (it, token)))
        {
            assert_eq!(fleet.status(replica, PRIVATE, token), 200);
        }
        if double.introspections() == 0 {
            break;
        }
    }
    assert_eq!(double.introspections(), 0, "every answer is kept");
    for row in &rows {
        (row.change)(&double);
        fleet.is_denied(row, Instant::now());
        double.reset_counts();
        for replica in &fleet.replicas {
            let Some(bystander) = &row.bystander else { continue };
            assert_eq!(fleet.status(replica, PRIVATE, bystander), 200, "beside {}", row.name);
        }
        assert_eq!(double.introspections(), 0, "an answer beside {} is forgotten", row.name);
    }
    assert_eq!(double.violations(), Vec::new());
}
