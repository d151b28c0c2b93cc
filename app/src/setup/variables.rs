//! Environment variables that `.env` should have after `setup`.

use super::{
    args::{AuthMethod, SetupArgs},
    here::KEY_FILE,
    target::Target,
};

pub(super) const DOMAIN: &str = "ZITADEL_DOMAIN";
pub(super) const CLIENT_ID: &str = "CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "CLIENT_SECRET";

/// Values for `.env` that ZITADEL assigns, such as the client id; each is `None` until it is known.
#[derive(Default)]
pub(super) struct Known {
    pub(super) project: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) key_expires: Option<String>,
}

/// Returns the environment variables that `.env` should have, with their values. A value is `None`
/// if ZITADEL has not assigned it yet, or the authentication method does not use it.
pub(super) fn wanted(
    args: &SetupArgs,
    target: &Target,
    known: Known,
) -> Vec<(String, Option<String>)> {
    let Known { project, client_id, client_secret, key_expires } = known;
    let by_key = target.auth == AuthMethod::Key;
    let variable = |setting| target.prefix.variable(setting);
    let reader = target.users.iter().find(|user| user.reads_events);
    let mut wanted = vec![
        (DOMAIN.to_owned(), Some(args.domain.clone())),
        (project_id(target), project),
        ("KEY_FILE".to_owned(), by_key.then(|| KEY_FILE.to_owned())),
        (variable("zitadel.key_expires"), key_expires.filter(|_| by_key)),
        (CLIENT_ID.to_owned(), client_id.filter(|_| !by_key)),
        (CLIENT_SECRET.to_owned(), client_secret.filter(|_| !by_key)),
    ];
    if let Some(reader) = reader {
        wanted.push((variable("changes.token_file"), Some(reader.file.display().to_string())));
    }
    wanted
}

/// Returns the name of the environment variable that holds the project's id.
pub(super) fn project_id(target: &Target) -> String {
    target.prefix.variable("zitadel.project_id")
}
