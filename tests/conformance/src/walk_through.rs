//! Credentials and tokens for the walk-through of this repository's API.

use std::time::Duration;

use crate::assertion::{Key, claims};
use crate::cleanup::{remove_left_overs, remove_own};
use crate::clock::timestamp_in;
use crate::prefix::Prefix;
use crate::server::Server;
use crate::setup::{ask_as, ask_by_assertion};
use crate::{Error, Secret};

/// Credentials of an API at a ZITADEL, and access tokens for it.
#[derive(Clone, Debug)]
pub struct WalkThrough {
    /// Client id of the application with a secret.
    pub client_id: String,
    /// Secret of that application.
    pub client_secret: Secret,
    /// `key.json` of the application with a key.
    pub key_file: Secret,
    /// Personal access token with the role `read:messages`.
    pub reader_token: Secret,
    /// Personal access token without a role.
    pub no_role_token: Secret,
}

/// Creates the credentials, runs the work, and removes them again.
///
/// # Errors
/// If the setup or the clean-up fails.
pub async fn with_walk_through<T>(
    server: &Server<'_>,
    work: impl AsyncFnOnce(WalkThrough) -> T,
) -> Result<T, Error> {
    remove_left_overs(server).await?;
    let prefix = Prefix::of_this_run();
    let worked = match set_up(server, &prefix).await {
        Ok(walk_through) => Ok(work(walk_through).await),
        Err(error) => Err(error),
    };
    remove_own(server, &prefix).await?;
    worked
}

async fn set_up(server: &Server<'_>, prefix: &Prefix) -> Result<WalkThrough, Error> {
    let tomorrow = timestamp_in(Duration::from_hours(24));
    let project = server.add_project(&prefix.name("project")).await?;
    server.add_role(&project, "read:messages").await?;
    let api = server.add_api(&project, "api", true).await?;
    let keyed = server.add_api(&project, "api-key", false).await?;
    let keys = format!("/management/v1/projects/{project}/apps/{}/keys", keyed.id);
    let (_, key_file) = server.add_key(&keys, &tomorrow).await?;
    let mut tokens = Vec::new();
    for name in ["reader", "no-role"] {
        let user = server.add_service_user(&prefix.name(name), false).await?;
        if name == "reader" {
            server.add_grant(&user, &project, "read:messages").await?;
        }
        tokens.push(server.add_pat(&user, &tomorrow).await?.1);
    }
    let Ok([reader_token, no_role_token]) = <[Secret; 2]>::try_from(tokens) else {
        return Err(Error::NotVisible("a token".to_owned()));
    };
    let role = format!("project:{project}:roles");
    server.holds("a role", &ask_as(&api, reader_token.reveal()), &role).await?;
    server.active(&ask_as(&api, no_role_token.reveal())).await?;
    let assertion = Key::read(&key_file)?.sign(&claims(&keyed.client_id, server.issuer()))?;
    server.active(&ask_by_assertion(&assertion, reader_token.reveal())).await?;
    let client_secret = api.secret.ok_or(Error::Missing {
        call: "an API application".to_owned(),
        member: "clientSecret".to_owned(),
    })?;
    Ok(WalkThrough {
        client_id: api.client_id,
        client_secret,
        key_file: key_file.0,
        reader_token,
        no_role_token,
    })
}
