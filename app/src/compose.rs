//! The composition root: every object is built here and nowhere else, inside out.

use std::sync::Arc;

use adapters::{
    InMemoryIntrospector, SystemClock,
    decorators::{
        Breaker, Cached, CircuitBreaker, Coalesced, InFlightLimited, Observed, Remembering,
        TokenCache,
    },
    zitadel::{
        ClientAuthentication, CurrentAuthentication, HttpClientError, ZitadelIntrospector,
        ZitadelSettings, what_inactive_means,
    },
};
use axum::Router;
use domain::{Authorizer, Issuer, Requirements, TokenIntrospector};

use crate::{
    config::{Auth, Cache, Config, Credentials, Fake, Introspector, Zitadel},
    credential_files::CredentialFiles,
    http::{self, Guard, Routes},
    metrics::Metrics,
    token_file::TokenFile,
};

/// An adapter of the port, with what the rest must know about the server behind it.
struct Composed {
    introspector: Arc<dyn TokenIntrospector>,
    issuer: Option<Issuer>,
    what_inactive_means: String,
    breaker: Option<Breaker>,
    credentials: Option<Arc<CurrentAuthentication>>,
}

/// The whole API, ready to be served, with what operators want to look at.
pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) introspector: Arc<dyn TokenIntrospector>,
    /// There is none in front of the fake.
    pub(crate) breaker: Option<Breaker>,
    /// This API's credentials, where they may change while it runs.
    pub(crate) credentials: Option<Arc<CurrentAuthentication>>,
}

/// Builds the whole API. The decorators register their metrics at the current recorder.
pub(crate) fn api(
    config: Config,
    routes: Routes,
    metrics: Option<&Metrics>,
) -> Result<Api, HttpClientError> {
    let composed = match config.introspector {
        Introspector::Fake(fake) => in_memory(fake),
        Introspector::Zitadel(zitadel) => ask_zitadel(*zitadel, config.cache)?,
    };
    let requirements = requirements(&config.auth, composed.issuer);
    let introspector = composed.introspector;
    let authorizer =
        Authorizer::new(Arc::clone(&introspector), Arc::new(SystemClock), requirements);
    let guard = Guard::new(authorizer, config.auth, composed.what_inactive_means);
    let router = http::router(routes, guard, &config.cors, config.server.max_body, metrics);
    let Composed { breaker, credentials, .. } = composed;
    Ok(Api { router, introspector, breaker, credentials })
}

fn in_memory(fake: Fake) -> Composed {
    let introspector: Arc<dyn TokenIntrospector> = match fake.file {
        Some(file) => Arc::new(TokenFile::new(file, &fake.tokens)),
        None => Arc::new(InMemoryIntrospector::new(fake.tokens.answers())),
    };
    Composed {
        introspector,
        issuer: None,
        breaker: None,
        what_inactive_means: "it is not in the list of local tokens, or stands there as inactive"
            .to_owned(),
        credentials: None,
    }
}

fn ask_zitadel(zitadel: Zitadel, cache: Cache) -> Result<Composed, HttpClientError> {
    let issuer = zitadel.domain.issuer().clone();
    let what_inactive_means = what_inactive_means(zitadel.project_id.as_deref());
    let of_issuer = issuer.clone();
    let authentication = move |credentials| authentication(credentials, &of_issuer);
    let in_use = authentication(zitadel.credentials);
    // What stands in files may change while the API runs.
    let is_in_files = zitadel.written_credentials.in_files().next().is_some();
    let authentication = Arc::new(if is_in_files {
        let files = CredentialFiles::new(zitadel.written_credentials, authentication);
        CurrentAuthentication::from_source(in_use, files)
    } else {
        in_use.into()
    });
    let credentials = is_in_files.then(|| Arc::clone(&authentication));
    let zitadel_introspector = ZitadelIntrospector::new(ZitadelSettings {
        domain: zitadel.domain,
        authentication,
        project_id: zitadel.project_id,
        introspection_endpoint: zitadel.introspection_endpoint,
        connect_to: zitadel.connect_to,
        root_certificates: zitadel.root_certificates,
        timeout: zitadel.timeout,
    })?;
    // Count and time what is asked.
    let observed = Observed::new(zitadel_introspector);
    // Refuse at once rather than queue without end.
    let limited = InFlightLimited::new(observed, zitadel.max_in_flight.get());
    // Leave a server that is down alone.
    let guarded = CircuitBreaker::new(limited);
    let breaker = Some(guarded.breaker());
    let introspector = if cache.ttl.is_zero() {
        // Many callers with one token, one call.
        shared(Coalesced::new(guarded))
    } else {
        let tokens =
            Arc::new(TokenCache::new(cache.ttl, cache.max_entries.get(), Arc::new(SystemClock)));
        // What is learnt, as old as its question.
        let remembering = Remembering::new(guarded, Arc::clone(&tokens));
        // Many callers with one token, one call.
        let coalesced = Coalesced::new(remembering);
        // What is known already.
        shared(Cached::new(coalesced, tokens))
    };
    Ok(Composed { introspector, issuer: Some(issuer), what_inactive_means, breaker, credentials })
}

fn authentication(credentials: Credentials, issuer: &Issuer) -> ClientAuthentication {
    match credentials {
        Credentials::ClientSecret { client_id, client_secret } => {
            ClientAuthentication::client_secret_basic(&client_id, &client_secret)
        }
        Credentials::PrivateKey(key_file) => {
            ClientAuthentication::private_key_jwt(key_file, issuer.clone(), Arc::new(SystemClock))
        }
    }
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
