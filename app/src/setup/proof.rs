//! Proves that the set-up works: introspects the administrator's own token, then the tokens of
//! service users, and runs `check`. The administrator's token must be active, and have the API's
//! project in its audience.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use adapters::{
    bounded_file::{self, AT_START},
    zitadel::ZitadelIntrospector,
};
use domain::{AccessToken, ActiveToken, Introspection, TokenIntrospector};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::target::{Target, TargetUser};
use crate::{
    check,
    config::{Config, ConfigError, Introspector},
    start_error::StartError,
};

#[derive(Debug, Error)]
pub(crate) enum ProofError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("a configuration of the environment or of config.toml asks for the in-memory fake")]
    Fake,
    #[error("everything is there, and it does not work yet: {0}")]
    Check(String),
    #[error(
        "the credentials get no active verdict on the administrator's token ({0}): if they are not \
         those that ZITADEL has, make others with --new-key or --new-secret"
    )]
    NotActive(String),
    #[error(
        "{file}: {seen}: delete the tokens of {name:?} at ZITADEL, move the file away, and run this \
         again",
        file = .file.display()
    )]
    Caller { name: String, file: PathBuf, seen: String },
    #[error("the audience lacks the project: zitadel.project_id is overridden somewhere")]
    OtherProject,
}

/// Time limit of the proof after `setup` changed something. ZITADEL mostly shows new objects after
/// some milliseconds, in rare cases only after a minute.
pub(super) const WITHIN: Duration = Duration::from_secs(60);
/// Time limit of the proof if `setup` changed nothing.
pub(super) const WITHIN_OF_OLD: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(4);

/// Settings of an API whose set-up was proved to work.
pub(super) struct ProvenApi {
    pub(super) listen: SocketAddr,
    /// URL of the API for MCP clients (`resource.url`), if configured.
    pub(super) resource: Option<String>,
}

/// Repeats introspections and `check` until they prove that the set-up works, fail for good (as for
/// a wrong project), or `within` has passed. Returns the API's settings. The API is not called, and
/// need not run.
pub(super) async fn prove(
    target: &Target,
    token: &AccessToken<'_>,
    within: Duration,
) -> Result<ProvenApi, ProofError> {
    let end = Instant::now() + within;
    let mut pause = PAUSE;
    loop {
        match ask(target, token).await {
            Err(ProofError::NotActive(_) | ProofError::Caller { .. } | ProofError::Check(_))
                if Instant::now() < end =>
            {
                sleep(pause).await;
                pause = MAX_PAUSE.min(pause * 2);
            }
            proven => return proven,
        }
    }
}

async fn ask(target: &Target, token: &AccessToken<'_>) -> Result<ProvenApi, ProofError> {
    let config = Config::load_for(&target.prefix)?;
    let resource = config.resource.map(|resource| resource.url().to_owned());
    let proven = ProvenApi { listen: config.server.listen, resource };
    let Introspector::Zitadel(zitadel) = config.introspector else { return Err(ProofError::Fake) };
    let project = zitadel.settings.project_id.clone();
    let introspector = ZitadelIntrospector::new(zitadel.settings).map_err(StartError::from)?;
    let active = verdict(&introspector, token).await.map_err(ProofError::NotActive)?;
    let has = |id: String| active.principal.audience.iter().any(|audience| audience.as_str() == id);
    if !project.is_some_and(has) {
        return Err(ProofError::OtherProject);
    }
    for user in target.users.iter().filter(|user| user.file.exists()) {
        ask_about(&introspector, user).await.map_err(|seen| ProofError::Caller {
            name: user.name.clone(),
            file: user.file.clone(),
            seen,
        })?;
    }
    // `check` would request the resource's URL, where another program may be running.
    let mut config = Config::load_for(&target.prefix)?;
    config.resource = None;
    let report = check(config).await?;
    if report.is_good() { Ok(proven) } else { Err(ProofError::Check(report.text())) }
}

async fn ask_about(introspector: &ZitadelIntrospector, user: &TargetUser) -> Result<(), String> {
    let text = bounded_file::read_to_string(&user.file, AT_START).map_err(|it| it.to_string())?;
    let token = AccessToken::parse(text.trim()).map_err(|error| error.to_string())?;
    let active = verdict(introspector, &token).await?;
    let held = |role: &&String| {
        active.principal.roles.iter().any(|grant| grant.role().as_str() == role.as_str())
    };
    match user.roles.iter().find(|role| !held(role)) {
        None => Ok(()),
        Some(role) => Err(format!("the token lacks the role {role:?}")),
    }
}

async fn verdict(
    introspector: &ZitadelIntrospector,
    token: &AccessToken<'_>,
) -> Result<ActiveToken, String> {
    match introspector.introspect(token).await {
        Ok(Introspection::Active(active)) => Ok(active),
        Ok(Introspection::Inactive) => Err("the token is not active".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}
