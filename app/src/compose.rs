//! The composition root: every object is built here and nowhere else, inside out.

use std::sync::Arc;

use adapters::{
    InMemoryIntrospector, SystemClock,
    decorators::{Cached, CircuitBreaker, Coalesced, InFlightLimited, Remembering, TokenCache},
    zitadel::{
        ClientAuthentication, Explainer, HttpClientError, ZitadelIntrospector, ZitadelSettings,
    },
};
use axum::Router;
use domain::{Authorizer, Issuer, Requirements, TokenIntrospector};

use crate::{
    config::{Auth, Cache, Config, Credentials, Fake, Introspector, Zitadel},
    explain::Explains,
    http::{self, Guard, Routes},
    token_file::TokenFile,
};

/// An adapter of the port, with what the rest must know about the server behind it.
struct Composed {
    introspector: Arc<dyn TokenIntrospector>,
    issuer: Option<Issuer>,
    explains: Explains,
}

/// The whole API, ready to be served.
pub(crate) fn api(config: Config, routes: Routes) -> Result<Router, HttpClientError> {
    let (authorizer, explains) = authorizer(config.introspector, config.cache, &config.auth)?;
    let guard = Guard::new(authorizer, config.auth, explains.what_inactive_means());
    Ok(http::router(routes, guard, &config.cors, config.server.max_body))
}

/// Who decides about every token, and who explains it.
pub(crate) fn authorizer(
    introspector: Introspector,
    cache: Cache,
    auth: &Auth,
) -> Result<(Authorizer, Explains), HttpClientError> {
    let composed = match introspector {
        Introspector::Fake(fake) => in_memory(fake),
        Introspector::Zitadel(zitadel) => ask_zitadel(*zitadel, cache)?,
    };
    let requirements = requirements(auth, composed.issuer);
    let authorizer = Authorizer::new(composed.introspector, Arc::new(SystemClock), requirements);
    Ok((authorizer, composed.explains))
}

/// ZITADEL itself, nothing between, with who explains its answers.
pub(crate) fn zitadel(
    zitadel: Zitadel,
) -> Result<(ZitadelIntrospector, Explainer), HttpClientError> {
    let issuer = zitadel.domain.issuer().clone();
    let authentication = match zitadel.credentials {
        Credentials::ClientSecret { client_id, client_secret } => {
            ClientAuthentication::client_secret_basic(&client_id, &client_secret)
        }
        Credentials::PrivateKey(key_file) => {
            ClientAuthentication::private_key_jwt(key_file, issuer, Arc::new(SystemClock))
        }
    };
    let settings = ZitadelSettings {
        domain: zitadel.domain,
        authentication,
        project_id: zitadel.project_id,
        introspection_endpoint: zitadel.introspection_endpoint,
        connect_to: zitadel.connect_to,
        root_certificates: zitadel.root_certificates,
        timeout: zitadel.timeout,
    };
    let explainer = Explainer::new(&settings);
    Ok((ZitadelIntrospector::new(settings)?, explainer))
}

fn in_memory(fake: Fake) -> Composed {
    let introspector: Arc<dyn TokenIntrospector> = match fake.file {
        Some(file) => Arc::new(TokenFile::new(file, &fake.tokens)),
        None => Arc::new(InMemoryIntrospector::new(fake.tokens.answers())),
    };
    Composed { introspector, issuer: None, explains: Explains::Fake }
}

fn ask_zitadel(settings: Zitadel, cache: Cache) -> Result<Composed, HttpClientError> {
    let issuer = settings.domain.issuer().clone();
    let max_in_flight = settings.max_in_flight.get();
    let (zitadel_introspector, explainer) = zitadel(settings)?;
    // Refuse at once rather than queue without end.
    let limited = InFlightLimited::new(zitadel_introspector, max_in_flight);
    // Leave a server that is down alone.
    let breaker = CircuitBreaker::new(limited);
    let introspector = if cache.ttl.is_zero() {
        // Many callers with one token, one call.
        shared(Coalesced::new(breaker))
    } else {
        let tokens =
            Arc::new(TokenCache::new(cache.ttl, cache.max_entries.get(), Arc::new(SystemClock)));
        // What is learnt, as old as its question.
        let remembering = Remembering::new(breaker, Arc::clone(&tokens));
        // Many callers with one token, one call.
        let coalesced = Coalesced::new(remembering);
        // What is known already.
        shared(Cached::new(coalesced, tokens))
    };
    let explains = Explains::Zitadel(Box::new(explainer));
    Ok(Composed { introspector, issuer: Some(issuer), explains })
}

fn shared(introspector: impl TokenIntrospector + 'static) -> Arc<dyn TokenIntrospector> {
    Arc::new(introspector)
}

fn requirements(auth: &Auth, issuer: Option<Issuer>) -> Requirements {
    Requirements {
        issuer,
        audiences: auth.audiences.clone(),
        organizations: auth.organizations.clone(),
        leeway: auth.leeway,
    }
}
