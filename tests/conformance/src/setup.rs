//! Shared things of all cases: three projects, applications, service users and people.

mod people;
mod service_users;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(crate) use people::{PROFILE, People, Person};
use serde_json::Value;
pub(crate) use service_users::{ServiceUser, ServiceUsers};
use zitadel_double::ZitadelDouble;

use crate::assertion::{Key, claims};
use crate::clock::timestamp_in;
use crate::exchange::Request;
use crate::management::{App, FrontEnd, member};
use crate::names::Names;
use crate::prefix::Prefix;
use crate::server::Server;
use crate::strangers::Strangers;
use crate::{Error, Secret};

const A_DAY: Duration = Duration::from_hours(24);

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Order that undoes a case's changes to shared things.
pub(crate) enum Undo {
    /// Management call: a thing, and a method such as `_reactivate`.
    Order(String, &'static str),
    /// Call of the double's library.
    Library(Box<dyn FnOnce(&ZitadelDouble) + Send>),
}

/// Three projects with applications and users, and the pairs of observed and own names.
pub(crate) struct Stage<'a> {
    pub(crate) server: &'a Server<'a>,
    pub(crate) prefix: &'a Prefix,
    pub(crate) names: Names,
    pub(crate) org: String,
    pub(crate) project: String,
    pub(crate) api: App,
    pub(crate) keyed: App,
    pub(crate) key: Key,
    pub(crate) front_end: App,
    pub(crate) jwt_front_end: App,
    pub(crate) other_project: String,
    /// Project for changes of applications: tokens of people name every application of their
    /// project.
    pub(crate) changing_project: String,
    pub(crate) other_api: App,
    pub(crate) other_front_end: App,
    pub(crate) users: ServiceUsers,
    pub(crate) reader_key: Key,
    /// People; some real servers allow no logins.
    pub(crate) people: Result<People, Error>,
    /// Another organization; only at the double.
    pub(crate) strangers: Option<Strangers>,
    pub(crate) undo: Mutex<Vec<Undo>>,
}

impl<'a> Stage<'a> {
    /// Creates everything and waits until it is visible.
    pub(crate) async fn set_up(server: &'a Server<'a>, prefix: &'a Prefix) -> Result<Self, Error> {
        let mut names = Names::default();
        let me = "/management/v1/orgs/me";
        let answer = server.call("GET", me, None).await?;
        let org = answer.get("org").unwrap_or(&Value::Null);
        let org_id = member(me, org, "id")?;
        names.add("340000000000000200", &org_id);
        names.add_whole("ha-docs", member(me, org, "name")?);
        names.add("ha-docs.localhost", member(me, org, "primaryDomain")?);
        names.add("http://localhost:8080", server.issuer());

        let project = server.add_project(&prefix.name("project")).await?;
        names.add("340000000000000001", &project);
        for role in ["read:messages", "other:role"] {
            server.add_role(&project, role).await?;
        }
        let api = server.add_api(&project, "api", true).await?;
        names.add("340000000000000009", &api.id);
        name(
            &mut names,
            "340000000000000010",
            &api,
            "8mDxc0Wwuomwpe67P7PGjbiOso5bICzzZbYmRzNwvoyB8pJpkoWdP8qEEF46t2jr",
        );
        let keyed = server.add_api(&project, "api-key", false).await?;
        name(&mut names, "340000000000000011", &keyed, "");
        let keys = format!("/management/v1/projects/{project}/apps/{}/keys", keyed.id);
        let (_, file) = server.add_key(&keys, &timestamp_in(A_DAY)).await?;
        let key = Key::read(&file)?;
        names.add("340000000000000020", &key.id);
        let front_end = server.add_front_end(&project, "front-end", FrontEnd::Opaque).await?;
        name(&mut names, "340000000000000012", &front_end, "");
        let jwt_front_end = server.add_front_end(&project, "jwt", FrontEnd::Jwt).await?;
        name(&mut names, "340000000000000013", &jwt_front_end, "");
        let web = server.add_front_end(&project, "web", FrontEnd::Web).await?;
        name(
            &mut names,
            "340000000000000014",
            &web,
            "wNbmD3q7Rco3aXAct8MegtwkQvnLS5u6pSnOE6y6j61IQgMCaYqYN6urgWvFa5P8",
        );

        let other_project = server.add_project(&prefix.name("other-project")).await?;
        names.add("340000000000000002", &other_project);
        let further = server.add_api(&other_project, "further-api", true).await?;
        name(&mut names, "340000000000000905", &further, "");
        let other_api = server.add_api(&other_project, "api", true).await?;
        name(&mut names, "340000000000000015", &other_api, "");
        let other_front_end =
            server.add_front_end(&other_project, "front-end", FrontEnd::Opaque).await?;
        name(&mut names, "340000000000000906", &other_front_end, "");

        let users = ServiceUsers::set_up(server, prefix, &project, &mut names).await?;
        let keys = format!("/management/v1/users/{}/keys", users.reader.id);
        let (_, file) = server.add_key(&keys, &timestamp_in(A_DAY)).await?;
        let reader_key = Key::read(&file)?;
        names.add("340000000000000021", &reader_key.id);

        let mut stage = Self {
            server,
            prefix,
            names,
            org: org_id,
            project,
            api,
            keyed,
            key,
            front_end,
            jwt_front_end,
            other_project,
            changing_project: server.add_project(&prefix.name("changing")).await?,
            other_api,
            other_front_end,
            users,
            reader_key,
            people: Err(Error::DoubleOnly),
            strangers: None,
            undo: Mutex::default(),
        };
        for token in stage.users.pats() {
            stage.server.active(&stage.ask(token.reveal())).await?;
        }
        let jws = ask_by_assertion(&stage.key.sign(&stage.claims())?, "no-such-token");
        stage.server.answered("the key", &jws, 200).await?;
        let mut names = std::mem::take(&mut stage.names);
        let people = People::set_up(&stage, &mut names).await;
        (stage.people, stage.names) = (people, names);
        stage.strangers = Strangers::of(&mut stage)?;
        Ok(stage)
    }

    /// Registers an order to run after the case.
    pub(crate) fn afterwards(&self, undo: Undo) {
        self.undo.lock().unwrap_or_else(PoisonError::into_inner).push(undo);
    }

    pub(crate) async fn undo(&self) -> Result<(), Error> {
        let undo = std::mem::take(&mut *self.undo.lock().unwrap_or_else(PoisonError::into_inner));
        for one in undo {
            match one {
                Undo::Order(thing, order) => self.server.order(&thing, order).await?,
                Undo::Library(order) => order(self.server.library()?),
            }
        }
        Ok(())
    }

    /// Returns assertion claims for the API application with a key.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.keyed.client_id, self.server.issuer())
    }

    /// Introspection request of the API application with a secret.
    pub(crate) fn ask(&self, token: &str) -> Request {
        ask_as(&self.api, token)
    }
}

pub(crate) fn app_path(project: &str, app: &App) -> String {
    format!("projects/{project}/apps/{}", app.id)
}

/// Introspection request of an application with a secret.
pub(crate) fn ask_as(app: &App, token: &str) -> Request {
    let secret = app.secret.as_ref().map_or("", Secret::reveal);
    let credentials = format!("{}:{}", app.client_id, encoded(secret));
    introspection().basic(&credentials).form([("token", token)])
}

/// Introspection request of an application with a key.
pub(crate) fn ask_by_assertion(assertion: &str, token: &str) -> Request {
    introspection().form([
        ("token", token),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ])
}

fn introspection() -> Request {
    Request::new("POST", "/oauth/v2/introspect")
}

/// Encodes a half of the Basic value (RFC 6749 §2.3.1).
fn encoded(half: &str) -> String {
    url::form_urlencoded::byte_serialize(half.as_bytes()).collect()
}

/// Adds an application's observed client id and secret.
fn name(names: &mut Names, client_id: &str, app: &App, secret: &str) {
    names.add(client_id, &app.client_id);
    if let Some(live) = app.secret.as_ref().filter(|_| !secret.is_empty()) {
        names.add(secret, encoded(live.reveal()));
    }
}
