//! Steps for the webhook: create its target (ZITADEL's object with the URL to call), write its
//! signing key to a file, name the events that call it, and write its settings to `.env`.

use std::fs;

use adapters::zitadel::management::EventCondition;
use secrecy::{ExposeSecret, SecretString};

use super::Work;
use crate::setup::{
    env_file,
    error::PerformError,
    here::ENV_FILE,
    lock::ObjectEntry,
    plan::Called,
    secret_file::{FileError, Readers, write},
    taken::taken,
    webhook_url::{KEY_FILE, WebhookUrl},
};

impl Work<'_> {
    pub(super) async fn create_target(&mut self) -> Result<(), PerformError> {
        let (name, url) = (&self.target.project, self.webhook_url()?);
        let (id, key) = match self.management.create_webhook(name, url.as_str()).await {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.action_targets().await?.into_iter();
                    let names = found.map(|target| target.name);
                    Ok(names.filter(|it| it.to_lowercase() == name.to_lowercase()).collect())
                };
                return Err(PerformError::Taken(taken("target", name, names).await?));
            }
            made => made?,
        };
        self.lock.webhook = Some(ObjectEntry { id, made_here: true });
        // The key can be read again, so the target stays if its key cannot be written.
        self.write_lock()?;
        self.write_key(&key)
    }

    pub(super) async fn write_signing_key(&mut self) -> Result<(), PerformError> {
        let target = self.management.action_target(&self.webhook()?).await?;
        self.write_key(&target.signing_key)
    }

    pub(super) async fn set_conditions(&self, called: &[Called]) -> Result<(), PerformError> {
        let own = self.webhook()?;
        for Called { event, others } in called {
            let condition = EventCondition::Event((*event).to_owned());
            let targets: Vec<_> = others.iter().chain([&own]).cloned().collect();
            self.management.set_execution(&condition, &targets).await?;
        }
        Ok(())
    }

    pub(super) fn write_webhook_env(&self) -> Result<(), PerformError> {
        let missing = self.webhook_url()?.variables(&self.target.prefix, &self.here.variables);
        let variables: Vec<_> =
            missing.into_iter().map(|(name, value)| (name, Some(value))).collect();
        let file = self.here.directory.join(ENV_FILE);
        // An earlier step may have written the file.
        let text = fs::read_to_string(&file)
            .map_err(|source| FileError::Io { file: file.clone(), source })?;
        Ok(write(&file, env_file::with(&text, &variables).as_bytes(), Readers::Owner)?)
    }

    fn write_key(&self, key: &SecretString) -> Result<(), PerformError> {
        let text = format!("{}\n", key.expose_secret());
        Ok(write(&self.here.directory.join(KEY_FILE), text.as_bytes(), Readers::Owner)?)
    }

    fn webhook_url(&self) -> Result<WebhookUrl, PerformError> {
        self.args.webhook.clone().ok_or(PerformError::Order)
    }

    fn webhook(&self) -> Result<String, PerformError> {
        self.lock.webhook.as_ref().map(|made| made.id.clone()).ok_or(PerformError::Order)
    }
}
