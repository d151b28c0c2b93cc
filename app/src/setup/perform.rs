//! Performs the plan step by step. After each step `setup.lock.json` records what was made.

mod mcp_client;
mod secrets;
mod webhook;

use adapters::zitadel::management::{Management, ManagementError};

use super::{
    args::{AuthMethod, SetupArgs},
    error::PerformError,
    found::Found,
    here::Here,
    lock::{Lock, LockedUser, ObjectEntry, SecretEntry},
    plan::Step,
    taken::taken,
    target::{READER_ROLE, Target},
    webhook::FoundWebhook,
};

/// State of performing a plan: the inputs of all steps, and results of earlier steps, such as the
/// client secret.
pub(super) struct Work<'a> {
    pub(super) management: &'a Management,
    pub(super) args: &'a SetupArgs,
    pub(super) target: &'a Target,
    pub(super) here: &'a Here,
    pub(super) lock: Lock,
    pub(super) mcp_client_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<secrecy::SecretString>,
    key_expires: Option<String>,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        management: &'a Management,
        (args, target): (&'a SetupArgs, &'a Target),
        found: &Found,
        here: &'a Here,
    ) -> Self {
        let mut lock = here.lock.clone().unwrap_or_default();
        found.record(&mut lock, &args.domain, target);
        let client_id = found.client_id().map(str::to_owned);
        let key_expires = here.key.as_ref().and_then(|key| {
            found.keys.iter().find(|it| it.id == key.key_id).map(|key| key.expires.clone())
        });
        Self {
            management,
            args,
            target,
            here,
            lock,
            mcp_client_id: found.mcp_client_id().map(str::to_owned),
            client_id,
            client_secret: None,
            key_expires,
        }
    }

    /// Updates the entry in `self.lock`, the content of `setup.lock.json`, for the webhook's target
    /// (the object at ZITADEL with the URL to call). A target with a new id counts as not made by
    /// `setup`.
    pub(super) fn know_webhook(&mut self, found: Option<&FoundWebhook>) {
        let Some(found) = found else { return };
        let id = found.target.as_ref().map(|target| &target.id);
        if self.lock.webhook.as_ref().map(|made| &made.id) != id {
            self.lock.webhook = id.map(|id| ObjectEntry { id: id.clone(), made_here: false });
        }
    }

    /// Writes `setup.lock.json` with the objects that exist already, for `setup --adopt`. A key in
    /// `key.json` that is not recorded yet counts as not made by `setup`.
    pub(super) fn adopt(&mut self) -> Result<(), PerformError> {
        if let (Some(key), Some(expires)) = (&self.here.key, self.key_expires.clone())
            && self.lock.key.as_ref().is_none_or(|locked| locked.id != key.key_id)
        {
            self.lock.key = Some(SecretEntry { id: key.key_id.clone(), made_here: false, expires });
        }
        self.write_lock()
    }

    pub(super) async fn perform(&mut self, step: &Step) -> Result<(), PerformError> {
        match step {
            Step::CreateProject => self.create_project().await?,
            Step::CreateRoles(keys) => {
                let made = self.management.create_roles(&self.project()?, keys).await;
                if made.as_ref().map_or_else(ManagementError::may_have_taken_effect, |()| true) {
                    // Roles have no ids: all that were missing before count as made by this run.
                    self.lock.add_roles(keys);
                    self.write_lock()?;
                }
                made?;
            }
            Step::CreateApplication => self.create_application().await?,
            Step::CreateKey => self.create_key().await?,
            Step::GenerateSecret => {
                let (project, application) = (self.project()?, self.application()?);
                let secret = self.management.generate_secret(&project, &application).await?;
                self.client_secret = Some(secret);
            }
            Step::WriteEnv => self.write_env()?,
            Step::CreateMcpClient => self.create_mcp_client().await?,
            Step::ExtendMcpClient(missing) => self.extend_mcp_client(missing).await?,
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
            Step::CreateTarget => self.create_target().await?,
            Step::WriteSigningKey => self.write_signing_key().await?,
            Step::SetConditions(called) => self.set_conditions(called).await?,
            Step::WriteWebhookEnv => self.write_webhook_env()?,
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
                return Err(PerformError::Taken(taken("project", name, names).await?));
            }
            id => id?,
        };
        self.lock.project = Some(ObjectEntry { id, made_here: true });
        Ok(())
    }

    async fn create_application(&mut self) -> Result<(), PerformError> {
        let project = self.project()?;
        let by_key = self.target.auth == AuthMethod::Key;
        let name = &self.target.application;
        let made = match self.management.create_application(&project, name, by_key).await {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.applications_named(&project, name).await?;
                    Ok(found.into_iter().map(|application| application.name).collect())
                };
                return Err(PerformError::Taken(taken("application", name, names).await?));
            }
            made => made?,
        };
        self.lock.application = Some(ObjectEntry { id: made.id, made_here: true });
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
                return Err(PerformError::Taken(taken("user", &name, names).await?));
            }
            id => id?,
        };
        let user = LockedUser { id, made_here: true, grant: None, token: None };
        self.lock.users.insert(name, user);
        Ok(())
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
