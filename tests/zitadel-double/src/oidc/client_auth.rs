//! Client authentication: reads credentials, then checks them.

use http::HeaderMap;

use super::reply::OidcError;
use super::{Call, Form, assertion, basic};
use crate::ids::ClientId;
use crate::shared::Shared;
use crate::violation::{ClientRefusal, Violation, ViolationLog};
use crate::world::World;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Unchecked credentials.
pub(super) enum Presented {
    Secret { client_id: String, secret: String },
    Assertion(String),
}

pub(super) enum NotAuthenticated {
    /// 400 `unauthorized_client`.
    Refused,
    /// 200 `active: false`.
    UnparseableAssertion,
}

impl Presented {
    /// Reads credentials: Basic overrides form fields, an assertion overrides a secret.
    pub(super) fn read(
        headers: &HeaderMap,
        form: &Form,
        log: &ViolationLog,
    ) -> Result<Self, OidcError> {
        let basic = basic::read(headers, log)?;
        let (client_id, secret) = basic.unwrap_or_else(|| {
            (form.value("client_id").to_owned(), form.value("client_secret").to_owned())
        });
        let assertion = form.value("client_assertion");
        if client_id.is_empty() && assertion.is_empty() {
            let description = "client_id or client_assertion must be provided";
            return Err(OidcError::InvalidRequest(description.into()));
        }
        if !assertion.is_empty() {
            let kind = form.value("client_assertion_type");
            return if kind == ASSERTION_TYPE {
                Ok(Self::Assertion(assertion.to_owned()))
            } else {
                let description = format!("invalid client_assertion_type {kind}");
                Err(OidcError::InvalidRequest(description.into()))
            };
        }
        if secret.is_empty() {
            return Err(OidcError::InvalidClient("client must be authenticated"));
        }
        Ok(Self::Secret { client_id, secret })
    }

    pub(super) fn authenticate(
        self,
        call: &Call<'_>,
        shared: &Shared,
    ) -> Result<ClientId, NotAuthenticated> {
        let (client_id, outcome) = match self {
            Self::Secret { client_id, secret } => {
                let outcome = check_secret(&shared.world(), &client_id, &secret);
                (client_id, outcome)
            }
            Self::Assertion(compact) => {
                let Some(assertion) = assertion::Assertion::parse(&compact) else {
                    shared.violations.add(Violation::AssertionUnparseable);
                    return Err(NotAuthenticated::UnparseableAssertion);
                };
                shared.seen_assertions.check(&assertion, &compact, &shared.violations);
                let outcome = assertion.check(&shared.world(), call.issuer);
                (assertion.issuer().to_owned(), outcome)
            }
        };
        let because = match outcome {
            Ok(()) => return Ok(ClientId::from(client_id)),
            Err(because) => because,
        };
        if because != ClientRefusal::Deactivated {
            shared.violations.add(Violation::ClientRefused { client_id, because });
        }
        Err(NotAuthenticated::Refused)
    }
}

fn check_secret(world: &World, client_id: &str, secret: &str) -> Result<(), ClientRefusal> {
    let app = world.apps.get(&ClientId::from(client_id)).ok_or(ClientRefusal::UnknownClient)?;
    if !world.may_introspect(app) {
        return Err(ClientRefusal::Deactivated);
    }
    match &app.secret {
        Some(right) if right == secret => Ok(()),
        Some(_) => Err(ClientRefusal::WrongSecret),
        None => Err(ClientRefusal::OtherAuthentication),
    }
}
