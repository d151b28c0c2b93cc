//! Issuer as the server itself writes it.

use std::sync::{Arc, PoisonError, RwLock};

use domain::Issuer;

/// Text for `aud` of a client assertion, shared by everything made for one domain: the issuer of the
/// domain until the server's metadata spell it in another way.
///
/// ZITADEL compares `aud` to the letter. Behind a proxy that adds `:443` to the host, an assertion
/// for the domain as it is configured would be refused.
#[derive(Clone, Debug)]
pub struct NamedIssuer(Arc<RwLock<Issuer>>);

impl NamedIssuer {
    pub(super) fn get(&self) -> Issuer {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, issuer: Issuer) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = issuer;
    }
}

impl From<&Issuer> for NamedIssuer {
    fn from(issuer: &Issuer) -> Self {
        issuer.clone().into()
    }
}

impl From<Issuer> for NamedIssuer {
    fn from(issuer: Issuer) -> Self {
        Self(Arc::new(RwLock::new(issuer)))
    }
}
