//! Authentication of OIDC applications at the token and revocation endpoints.

use super::super::assertion::Assertion;
use super::super::{Call, Form, basic};
use super::Refused;
use crate::ids::ClientId;
use crate::shared::Shared;
use crate::world::{App, OidcSettings, World};

pub(crate) struct Client<'a> {
    pub(crate) id: ClientId,
    pub(crate) settings: &'a OidcSettings,
}

impl<'a> Client<'a> {
    /// Authenticates a public application by client id, others by secret or assertion.
    pub(crate) fn authenticate(
        call: &Call<'_>,
        form: &Form,
        shared: &Shared,
        world: &'a World,
    ) -> Result<Self, Refused> {
        let header = basic::read(call.headers, &shared.violations);
        let header = header.map_err(|_| Refused::client("invalid basic auth header"))?;
        let (mut id, secret) = header.unwrap_or_else(|| {
            (form.value("client_id").to_owned(), form.value("client_secret").to_owned())
        });
        let assertion = Assertion::parse(form.value("client_assertion"));
        if let Some(assertion) = &assertion {
            assertion.issuer().clone_into(&mut id);
        }
        if id.is_empty() {
            return Err(Refused::request("client_id or client_assertion must be provided"));
        }
        let id = ClientId::from(id);
        let app = world.apps.get(&id).filter(|app| world.may_introspect(app));
        let app = app.ok_or_else(|| Refused::client("client not found"))?;
        let settings = app.oidc.as_ref().ok_or_else(|| Refused::client("client not found"))?;
        match assertion {
            Some(assertion) => assertion.check(world, call.issuer).is_ok(),
            None => is_secret(app, &secret),
        }
        .then_some(Self { id, settings })
        .ok_or_else(|| Refused::client("invalid secret"))
    }

    /// Refuses a grant that the application must not use.
    pub(crate) fn may(&self, grant: &str, name: &str) -> Result<(), Refused> {
        if self.settings.allows(name) { Ok(()) } else { Err(Refused::grant_not_allowed(grant)) }
    }
}

fn is_secret(app: &App, secret: &str) -> bool {
    match &app.secret {
        Some(right) => right == secret,
        None => !app.by_keys,
    }
}
