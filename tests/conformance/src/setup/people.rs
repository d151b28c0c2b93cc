//! People, and their logins through sessions v2.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::Stage;
use crate::management::{App, member};
use crate::names::Names;
use crate::oidc::Tokens;
use crate::visible::Deadline;
use crate::{Error, Secret};

/// Tokens in the observed requests of clients.
const OBSERVED_OPAQUE: &str = "LBJHTgiDHS9UadELX9ColYBBKb0Ff_TssZ2OWb03nwpHjj9RPmnXoYQ2QkjLs7cY0R5m5oPMWIeQvLjusd-t_hL3xm9k5EiVcjb1DLxt";

/// Scope of the observed tokens.
pub(crate) const PROFILE: &str = "openid profile offline_access";

pub(crate) struct Person {
    pub(crate) id: String,
    password: Secret,
}

pub(crate) struct People {
    /// Has the role `read:messages`.
    pub(crate) ada: Person,
    pub(crate) without_role: Person,
    /// Has a chosen id and a complete profile.
    pub(crate) bob: Person,
    /// User id of the administrator, who logs people in.
    login_client: String,
    sessions: Mutex<Vec<String>>,
}

impl People {
    pub(super) async fn set_up(stage: &Stage<'_>, names: &mut Names) -> Result<Self, Error> {
        let (server, prefix) = (stage.server, stage.prefix);
        let answer = server.send(&stage.ask(server.administrator())).await?;
        let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let login_client = member("introspection", &answer, "sub")?;

        let mut made = Vec::new();
        for (name, id, given) in
            [("ada", "340000000000000100", "Ada"), ("cleo", "340000000000000101", "Cleo")]
        {
            let password = random_password();
            let user_name = prefix.name(name);
            let path = "/management/v1/users/human/_import";
            let person = json!({
                "userName": user_name,
                "profile": { "firstName": given, "lastName": "Doe" },
                "email": { "email": format!("{user_name}@example.com"), "isEmailVerified": true },
                "password": password.reveal(),
                "passwordChangeRequired": false,
            });
            let made_id = member(path, &server.post(path, person).await?, "userId")?;
            names.add(id, &made_id);
            names.add(format!("ha-{name}"), user_name);
            made.push(Person { id: made_id, password });
        }
        let Ok([ada, without_role]) = <[Person; 2]>::try_from(made) else {
            return Err(Error::NotVisible("a person".to_owned()));
        };
        let bob = add_bob(stage, names).await?;
        server.add_grant(&ada.id, &stage.project, "read:messages").await?;
        let people = Self { ada, without_role, bob, login_client, sessions: Mutex::default() };
        let (_, opaque) = people.sign_in(stage, &people.ada, &stage.front_end, PROFILE).await?;
        stage.server.active(&stage.ask(opaque.access.reveal())).await?;
        names.add(OBSERVED_OPAQUE, opaque.access.reveal());
        Ok(people)
    }

    /// Logs a person in; returns session id and tokens.
    pub(crate) async fn sign_in(
        &self,
        stage: &Stage<'_>,
        person: &Person,
        app: &App,
        scope: &str,
    ) -> Result<(String, Tokens), Error> {
        let deadline = Deadline::begin();
        loop {
            match self.try_to_sign_in(stage, person, app, scope).await {
                Err(error) if deadline.allows_after(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_to_sign_in(
        &self,
        stage: &Stage<'_>,
        person: &Person,
        app: &App,
        scope: &str,
    ) -> Result<(String, Tokens), Error> {
        let session = stage.server.begin_session(&person.id, &person.password).await?;
        let id = session.0.clone();
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        let tokens = stage.server.code_flow(&session, app, scope, &self.login_client).await?;
        Ok((id, tokens))
    }

    /// Sessions to end.
    pub(crate) fn sessions(&self) -> Vec<String> {
        std::mem::take(&mut *self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds a person with a chosen id, unverified e-mail address and complete profile.
async fn add_bob(stage: &Stage<'_>, names: &mut Names) -> Result<Person, Error> {
    let (password, name) = (random_password(), stage.prefix.name("bob"));
    let observed_id = "ha-custom-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    let path = "/v2/users/human";
    let person = json!({
        "userId": observed_id.replace("ha-", &stage.prefix.name("")),
        "username": name,
        "organization": { "orgId": stage.org },
        "profile": {
            "givenName": "Bob", "familyName": "Doe", "nickName": "B",
            "preferredLanguage": "en", "gender": "GENDER_MALE",
        },
        // Returning the code replaces a mail.
        "email": { "email": "bob@example.com", "returnCode": {} },
        "phone": { "phone": "+41791234567", "isVerified": true },
        "password": { "password": password.reveal(), "changeRequired": false },
    });
    let id = member(path, &stage.server.post(path, person).await?, "userId")?;
    names.add(observed_id, &id);
    names.add("ha-bob", name);
    Ok(Person { id, password })
}

/// Returns a password that satisfies usual policies.
fn random_password() -> Secret {
    let random: String = std::iter::repeat_with(fastrand::alphanumeric).take(40).collect();
    Secret::new(format!("Aa1!{random}"))
}
