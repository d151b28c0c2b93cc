//! Does what the plan says, step by step. After each step `setup.lock.json` has what was made.

use std::time::Duration;

use adapters::{
    SystemClock,
    zitadel::management::{ApplicationKind, Management, ManagementError},
};
use domain::Clock;
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::{
    env_file,
    found::Found,
    here::{ENV_FILE, Here, KEY_FILE},
    lock::{self, Dated, Lock, LockedUser, Made},
    plan::{READER_ROLE, Step},
    secret_file::{self, FileError},
    target::Target,
    wish::{Auth, Wish},
};
use crate::config::Prefix;

/// For how long the token of a caller is good, and that of the reader of events.
const CALLER_TOKEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const READER_TOKEN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Time within which what was created becomes visible, and between two looks.
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(250);

/// Why a step was not done. What was done before stays, and is in `setup.lock.json`.
#[derive(Debug, Error)]
pub(crate) enum PerformError {
    #[error(transparent)]
    Call(#[from] ManagementError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{call}; {secret} was made and is nobody's, and could not be removed: remove it at ZITADEL"
    )]
    Orphan { secret: String, call: String },
    #[error("{0}")]
    Taken(String),
    #[error("a step before it was not done")]
    Order,
}

/// The work, and what it has come to.
pub(super) struct Work<'a> {
    pub(super) management: &'a Management,
    pub(super) wish: &'a Wish,
    pub(super) target: &'a Target,
    pub(super) prefix: &'a Prefix,
    pub(super) here: &'a Here,
    pub(super) lock: Lock,
    client_id: Option<String>,
    client_secret: Option<secrecy::SecretString>,
    key_expires: Option<String>,
    env: String,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        management: &'a Management,
        (wish, target, prefix): (&'a Wish, &'a Target, &'a Prefix),
        found: &Found,
        here: &'a Here,
    ) -> Self {
        let mut lock = here.lock.clone().unwrap_or_default();
        lock.domain.clone_from(&wish.domain);
        lock.organization.clone_from(&found.organization.id);
        let known = |made: &mut Option<Made>, id: Option<&String>| {
            if let Some(id) = id
                && made.as_ref().is_none_or(|made| made.id != *id)
            {
                *made = Some(Made { id: id.clone(), made_here: false });
            }
        };
        known(&mut lock.project, found.project.as_ref().map(|project| &project.id));
        known(&mut lock.application, found.application.as_ref().map(|application| &application.id));
        for (user, found) in target.users.iter().zip(&found.users) {
            let Some(id) = found.user.as_ref().map(|user| user.id.clone()) else { continue };
            let locked = lock.users.entry(user.name.clone());
            locked.or_insert(LockedUser { id, made_here: false, grant: None, token: None });
        }
        let client_id =
            found.application.as_ref().and_then(|application| match &application.kind {
                ApplicationKind::Basic { client_id } | ApplicationKind::Key { client_id } => {
                    Some(client_id.clone())
                }
                ApplicationKind::Other => None,
            });
        let key_expires = here.key.as_ref().and_then(|key| {
            found.keys.iter().find(|it| it.id == key.key_id).map(|key| key.expires.clone())
        });
        let env = here.env.clone();
        Self {
            management,
            wish,
            target,
            prefix,
            here,
            lock,
            client_id,
            client_secret: None,
            key_expires,
            env,
        }
    }

    /// Records what is there and here, as found and not as made.
    pub(super) fn adopt(mut self) -> Result<(), PerformError> {
        if let (Some(key), Some(expires)) = (&self.here.key, self.key_expires.clone()) {
            self.lock.key = Some(Dated { id: key.key_id.clone(), expires });
        }
        self.write_lock()
    }

    /// Does one step.
    pub(super) async fn perform(&mut self, step: &Step) -> Result<(), PerformError> {
        match step {
            Step::CreateProject => self.create_project().await?,
            Step::CreateRoles(keys) => {
                self.management.create_roles(&self.project()?, keys).await?;
                self.lock.roles.extend(keys.iter().cloned());
            }
            Step::CreateApplication => self.create_application().await?,
            Step::CreateKey => self.create_key().await?,
            Step::GenerateSecret => {
                let (project, application) = (self.project()?, self.application()?);
                let secret = self.management.generate_secret(&project, &application).await?;
                self.client_secret = Some(secret);
            }
            Step::WriteEnv => self.write_env()?,
            Step::CreateUser(place) => self.create_user(*place).await?,
            Step::CreateGrant(place) => {
                let (project, user) = (self.project()?, self.user_id(*place)?);
                let roles = self.target.users.get(*place).map_or(&[][..], |user| &user.roles);
                let grant = self.management.create_grant(&user, &project, roles).await?;
                self.locked(*place)?.grant = Some(grant);
            }
            Step::ChangeGrant { user, grant, roles } => {
                let user = self.user_id(*user)?;
                self.management.change_grant(&user, grant, roles).await?;
            }
            Step::CreateToken(place) => self.create_token(*place).await?,
            Step::AddInstanceRole(place) => {
                let user = self.user_id(*place)?;
                self.management.add_instance_role(&user, READER_ROLE).await?;
            }
        }
        self.write_lock()
    }

    async fn create_project(&mut self) -> Result<(), PerformError> {
        let name = &self.target.project;
        let id = match self.management.create_project(name).await {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.projects_named(name).await?;
                    Ok(found.into_iter().map(|project| project.name).collect())
                };
                return Err(taken("project", name, names).await);
            }
            id => id?,
        };
        self.lock.project = Some(Made { id, made_here: true });
        Ok(())
    }

    async fn create_application(&mut self) -> Result<(), PerformError> {
        let project = self.project()?;
        let by_key = self.target.auth == Auth::Key;
        let name = &self.target.application;
        let made = match self.management.create_application(&project, name, by_key).await {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.applications_named(&project, name).await?;
                    Ok(found.into_iter().map(|application| application.name).collect())
                };
                return Err(taken("application", name, names).await);
            }
            made => made?,
        };
        self.lock.application = Some(Made { id: made.id, made_here: true });
        self.client_id = Some(made.client_id);
        self.client_secret = made.client_secret;
        Ok(())
    }

    async fn create_user(&mut self, place: usize) -> Result<(), PerformError> {
        let name = self.user_name(place)?;
        let id = match self.management.create_service_user(&name).await {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.users_named(&name).await?;
                    Ok(found.into_iter().map(|user| user.name).collect())
                };
                return Err(taken("user", &name, names).await);
            }
            id => id?,
        };
        let user = LockedUser { id, made_here: true, grant: None, token: None };
        self.lock.users.insert(name, user);
        Ok(())
    }

    /// A key that cannot be written is removed at once.
    async fn create_key(&mut self) -> Result<(), PerformError> {
        let (project, application) = (self.project()?, self.application()?);
        let expires = SystemClock.now() + self.wish.key_expires;
        let key = self.management.create_key(&project, &application, expires).await?;
        let file = self.here.directory.join(KEY_FILE);
        if let Err(error) = secret_file::write(&file, key.file.expose_secret().as_bytes()) {
            let removed = self.management.remove_key(&project, &application, &key.id).await;
            return Err(or_orphan(removed, error, format!("the key {}", key.id)));
        }
        let expires = humantime::format_rfc3339_seconds(expires).to_string();
        self.key_expires = Some(expires.clone());
        self.lock.key = Some(Dated { id: key.id, expires });
        Ok(())
    }

    /// A token that cannot be written is removed at once.
    async fn create_token(&mut self, place: usize) -> Result<(), PerformError> {
        let user = self.user_id(place)?;
        let target = self.target.users.get(place).ok_or(PerformError::Order)?;
        let lifetime = if target.reads_events { READER_TOKEN } else { CALLER_TOKEN };
        let expires = SystemClock.now() + lifetime;
        let token = self.management.create_token(&user, expires).await?;
        let text = format!("{}\n", token.token.expose_secret());
        if let Err(error) =
            secret_file::write(&self.here.directory.join(&target.file), text.as_bytes())
        {
            let removed = self.management.remove_token(&user, &token.id).await;
            return Err(or_orphan(removed, error, format!("the token {}", token.id)));
        }
        let expires = humantime::format_rfc3339_seconds(expires).to_string();
        self.locked(place)?.token = Some(Dated { id: token.id, expires });
        Ok(())
    }

    fn write_env(&mut self) -> Result<(), PerformError> {
        let project = self.project()?;
        let name = |setting: &str| self.prefix.variable(setting);
        let (project_id, key_expires) = (name("zitadel.project_id"), name("zitadel.key_expires"));
        let token_file = name("changes.token_file");
        let mut variables = vec![
            ("ZITADEL_DOMAIN", Some(self.wish.domain.clone())),
            (project_id.as_str(), Some(project)),
        ];
        match self.target.auth {
            Auth::Key => variables.extend([
                ("KEY_FILE", Some(KEY_FILE.to_owned())),
                (key_expires.as_str(), self.key_expires.clone()),
                ("CLIENT_ID", None),
                ("CLIENT_SECRET", None),
            ]),
            Auth::Basic => {
                variables.extend([
                    ("CLIENT_ID", self.client_id.clone()),
                    ("KEY_FILE", None),
                    (key_expires.as_str(), None),
                ]);
                if let Some(secret) = &self.client_secret {
                    variables.push(("CLIENT_SECRET", Some(secret.expose_secret().to_owned())));
                }
            }
        }
        if let Some(reader) = self.target.users.iter().find(|user| user.reads_events) {
            variables.push((token_file.as_str(), Some(reader.file.display().to_string())));
        }
        self.env = env_file::with(&self.env, &variables);
        secret_file::write(&self.here.directory.join(ENV_FILE), self.env.as_bytes())?;
        Ok(())
    }

    fn write_lock(&self) -> Result<(), PerformError> {
        let file = self.here.directory.join(lock::FILE);
        Ok(secret_file::write(&file, self.lock.text().as_bytes())?)
    }

    pub(super) fn project(&self) -> Result<String, PerformError> {
        self.lock.project.as_ref().map(|made| made.id.clone()).ok_or(PerformError::Order)
    }

    fn application(&self) -> Result<String, PerformError> {
        self.lock.application.as_ref().map(|made| made.id.clone()).ok_or(PerformError::Order)
    }

    fn user_name(&self, place: usize) -> Result<String, PerformError> {
        self.target.users.get(place).map(|user| user.name.clone()).ok_or(PerformError::Order)
    }

    fn locked(&mut self, place: usize) -> Result<&mut LockedUser, PerformError> {
        let name = self.user_name(place)?;
        self.lock.users.get_mut(&name).ok_or(PerformError::Order)
    }

    fn user_id(&mut self, place: usize) -> Result<String, PerformError> {
        Ok(self.locked(place)?.id.clone())
    }
}

/// Says why a name is taken that a search did not find. What was created a moment ago is visible after
/// some milliseconds, so it is searched for again.
async fn taken(
    what: &str,
    name: &str,
    find: impl AsyncFn() -> Result<Vec<String>, ManagementError>,
) -> PerformError {
    let end = Instant::now() + VISIBLE_WITHIN;
    loop {
        let found = match find().await {
            Ok(found) => found.into_iter().next(),
            Err(error) => return error.into(),
        };
        return PerformError::Taken(match found {
            Some(found) if found == name => format!(
                "the {what} {name:?} exists by now: somebody else made it, or an earlier run whose \
                 answer was lost; run the same line again"
            ),
            Some(found) => format!(
                "the {what} {found:?} exists, and names are unique without regard to case: use \
                 another name"
            ),
            None if Instant::now() < end => {
                sleep(PAUSE).await;
                continue;
            }
            None => format!(
                "the name {name:?} is taken by a {what} that this administrator does not see, perhaps \
                 of another organization: use another name"
            ),
        });
    }
}

fn or_orphan(
    removed: Result<(), ManagementError>,
    error: FileError,
    secret: String,
) -> PerformError {
    match removed {
        Ok(()) => error.into(),
        Err(call) => PerformError::Orphan { secret, call: format!("{error}; {call}") },
    }
}
