//! Proves that what was set up works: `check`, and an introspection of the administrator's own token,
//! which is active at every API of the instance and names the project of the API that asks.

use std::time::Duration;

use adapters::zitadel::ZitadelIntrospector;
use domain::{AccessToken, Introspection, TokenIntrospector};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use crate::{
    check,
    config::{Config, ConfigError, Introspector, Prefix},
    start_error::StartError,
};

/// Why what was set up is not proven to work.
#[derive(Debug, Error)]
pub(crate) enum ProofError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("a configuration of the environment or of config.toml asks for the in-memory fake")]
    Fake,
    #[error("it does not work yet, though everything was made: {0}")]
    Check(String),
    #[error(
        "the credentials get no active verdict on the administrator's token within {within} s: {seen}; if \
         they are not those that ZITADEL has, make others with --new-key or --new-secret"
    )]
    NotActive { within: u64, seen: String },
    #[error("the audience lacks the project: zitadel.project_id is overridden somewhere")]
    OtherProject,
}

/// What was created is visible after some milliseconds, rarely after a minute; what was there before
/// is visible.
pub(super) const WITHIN: Duration = Duration::from_secs(60);
pub(super) const WITHIN_OF_OLD: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(200);

/// Asks with the credentials, as the API will, until the answer is right.
pub(super) async fn prove(
    prefix: &Prefix,
    token: &AccessToken<'_>,
    within: Duration,
) -> Result<(), ProofError> {
    let config = Config::load_for(prefix)?;
    let Introspector::Zitadel(zitadel) = config.introspector else { return Err(ProofError::Fake) };
    let project = zitadel.settings.project_id.clone();
    let introspector = ZitadelIntrospector::new(zitadel.settings).map_err(StartError::from)?;
    let end = Instant::now() + within;
    let active = loop {
        let seen = match introspector.introspect(token).await {
            Ok(Introspection::Active(active)) => break active,
            Ok(Introspection::Inactive) => "inactive".to_owned(),
            Err(fault) => fault.to_string(),
        };
        if Instant::now() >= end {
            return Err(ProofError::NotActive { within: within.as_secs(), seen });
        }
        sleep(PAUSE).await;
    };
    let has = |id: String| active.principal.audience.iter().any(|audience| audience.as_str() == id);
    if !project.is_some_and(has) {
        return Err(ProofError::OtherProject);
    }
    let checked = check(Config::load_for(prefix)?).await?;
    if checked.is_good() { Ok(()) } else { Err(ProofError::Check(checked.text())) }
}
