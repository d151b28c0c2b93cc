//! Steps that create keys and tokens, and write files. If a new secret cannot be written to its
//! file, it is removed at ZITADEL at once.

use adapters::{SystemClock, zitadel::management::ManagementError};
use domain::Clock;
use secrecy::ExposeSecret;

use super::Work;
use crate::setup::{
    env_file,
    error::PerformError,
    failed_call::in_words,
    here::{ENV_FILE, KEY_FILE},
    lock::{self, SecretEntry},
    orphans,
    secret_file::{FileError, Readers, write},
    variables::{CLIENT_ID, CLIENT_SECRET, Known, wanted},
};

impl Work<'_> {
    pub(super) async fn create_key(&mut self) -> Result<(), PerformError> {
        let (project, application) = (self.project()?, self.application()?);
        let expires = SystemClock.now() + self.args.key_expires;
        let key = self.management.create_key(&project, &application, expires).await?;
        let file = self.here.directory.join(KEY_FILE);
        if let Err(error) = write(&file, key.file.expose_secret().as_bytes(), Readers::Owner) {
            let removed = self.management.remove_key(&project, &application, &key.id).await;
            let line = orphans::line(self.args, &orphans::key(&project, &application, &key.id));
            return Err(or_orphan(removed, error, format!("the key {}", key.id), line));
        }
        let expires = humantime::format_rfc3339_seconds(expires).to_string();
        self.key_expires = Some(expires.clone());
        self.lock.key = Some(SecretEntry { id: key.id, made_here: true, expires });
        Ok(())
    }

    pub(super) async fn create_token(&mut self, place: usize) -> Result<(), PerformError> {
        let user = self.user_id(place)?;
        let target = self.target.users.get(place).ok_or(PerformError::Order)?;
        let expires = SystemClock.now() + target.token_lifetime();
        let token = self.management.create_token(&user, expires).await?;
        let text = format!("{}\n", token.token.expose_secret());
        let file = self.here.directory.join(&target.file);
        if let Err(error) = write(&file, text.as_bytes(), Readers::Owner) {
            let removed = self.management.remove_token(&user, &token.id).await;
            let line = orphans::line(self.args, &orphans::token(&user, &token.id));
            return Err(or_orphan(removed, error, format!("the token {}", token.id), line));
        }
        let expires = humantime::format_rfc3339_seconds(expires).to_string();
        self.locked(place)?.token = Some(SecretEntry { id: token.id, made_here: true, expires });
        Ok(())
    }

    pub(super) fn write_env(&mut self) -> Result<(), PerformError> {
        let new = self.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let is_of_this = self.here.variables.get(CLIENT_ID) == self.client_id.as_ref();
        let old = self.here.variables.get(CLIENT_SECRET).filter(|_| is_of_this).cloned();
        let known = Known {
            project: Some(self.project()?),
            client_id: self.client_id.clone(),
            client_secret: new.or(old),
            key_expires: self.key_expires.clone(),
        };
        let env = env_file::with(&self.here.env, &wanted(self.args, self.target, known));
        Ok(write(&self.here.directory.join(ENV_FILE), env.as_bytes(), Readers::Owner)?)
    }

    pub(super) fn write_lock(&self) -> Result<(), PerformError> {
        let file = self.here.directory.join(lock::FILE);
        Ok(write(&file, self.lock.text().as_bytes(), Readers::All)?)
    }
}

fn or_orphan(
    removed: Result<(), ManagementError>,
    error: FileError,
    secret: String,
    line: String,
) -> PerformError {
    match removed {
        Ok(()) => error.into(),
        Err(call) => {
            PerformError::Orphan { secret, why: format!("{error}; {}", in_words(&call)), line }
        }
    }
}
