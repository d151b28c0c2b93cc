//! The composition root: every object is built here and nowhere else, inside out.

use std::sync::Arc;

use adapters::{
    InMemoryIntrospector, SystemClock,
    decorators::{
        Breaker, Cached, CircuitBreaker, Coalesced, InFlightLimited, Observed, Remembering,
        TokenCache,
    },
    zitadel::{
        ClientAuthentication, CurrentAuthentication, Explainer, HttpClientError,
        ZitadelIntrospector, ZitadelSettings,
    },
};
use axum::Router;
use axum_zitadel::{Guard, GuardBuilder, Routes};
use domain::{Authorizer, Issuer, Requirements, TokenIntrospector};

use crate::{
    config::{Auth, Cache, Config, Credentials, Fake, Introspector, Zitadel},
    credential_files::CredentialFiles,
    explain::Explains,
    metrics::Metrics,
    observation::Observation,
    router,
    telemetry::traces,
    token_file::TokenFile,
};

/// An adapter of the port, with what the rest must know about the server behind it.
pub(crate) struct Composed {
    pub(crate) introspector: Arc<dyn TokenIntrospector>,
    issuer: Option<Issuer>,
    pub(crate) explains: Explains,
    /// There is none in front of the fake.
    breaker: Option<Breaker>,
    /// This API's credentials, where they may change while it runs.
    credentials: Option<Arc<CurrentAuthentication>>,
}

/// The whole API, ready to be served, with what operators want to look at.
pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) introspector: Arc<dyn TokenIntrospector>,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) credentials: Option<Arc<CurrentAuthentication>>,
}

/// Builds the whole API. The decorators register their metrics at the current recorder.
pub(crate) fn api(
    config: Config,
    routes: Routes,
    metrics: Option<Metrics>,
) -> Result<Api, HttpClientError> {
    let composed = introspector(config.introspector, config.cache)?;
    let guard = composed.guard(&config.auth);
    let is_observed = metrics.is_some() || config.log.requests || config.traces.is_some();
    let guard = if is_observed {
        guard.observer(Observation::new(metrics, &config.log, routes.table()))
    } else {
        guard
    };
    let guard = guard.build();
    let router = router::router(routes, &guard, &config.cors, config.server.max_body);
    let Composed { introspector, breaker, credentials, .. } = composed;
    Ok(Api { router, introspector, breaker, credentials })
}

/// Who answers about tokens.
pub(crate) fn introspector(
    introspector: Introspector,
    cache: Cache,
) -> Result<Composed, HttpClientError> {
    match introspector {
        Introspector::Fake(fake) => Ok(in_memory(fake)),
        Introspector::Zitadel(zitadel) => ask_zitadel(*zitadel, cache),
    }
}

impl Composed {
    /// Begins the guard of every route.
    pub(crate) fn guard(&self, auth: &Auth) -> GuardBuilder {
        Guard::builder(self.authorizer(auth))
            .realm(auth.realm.clone())
            .missing_role_status(auth.missing_role_status)
            .inactive_means(self.explains.what_inactive_means())
    }

    fn authorizer(&self, auth: &Auth) -> Authorizer {
        let requirements = Requirements {
            issuer: self.issuer.clone(),
            audiences: auth.audiences.clone(),
            organizations: auth.organizations.clone(),
            leeway: auth.leeway,
        };
        Authorizer::new(Arc::clone(&self.introspector), Arc::new(SystemClock), requirements)
    }
}

fn in_memory(fake: Fake) -> Composed {
    let introspector: Arc<dyn TokenIntrospector> = match fake.file {
        Some(file) => Arc::new(TokenFile::new(file, &fake.tokens)),
        None => Arc::new(InMemoryIntrospector::new(fake.tokens.answers())),
    };
    Composed {
        introspector,
        issuer: None,
        explains: Explains::Fake,
        breaker: None,
        credentials: None,
    }
}

fn ask_zitadel(settings: Zitadel, cache: Cache) -> Result<Composed, HttpClientError> {
    let issuer = settings.domain.issuer().clone();
    let max_in_flight = settings.max_in_flight.get();
    let AskedAlone { introspector, explainer, credentials } = zitadel(settings)?;
    // Count and time what is asked.
    let observed = Observed::new(introspector);
    // Refuse at once rather than queue without end.
    let limited = InFlightLimited::new(observed, max_in_flight);
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
    let explains = Explains::Zitadel(Box::new(explainer));
    Ok(Composed { introspector, issuer: Some(issuer), explains, breaker, credentials })
}

/// ZITADEL itself, nothing between.
pub(crate) struct AskedAlone {
    pub(crate) introspector: ZitadelIntrospector,
    /// Who explains its answers.
    pub(crate) explainer: Explainer,
    credentials: Option<Arc<CurrentAuthentication>>,
}

/// Builds what asks ZITADEL.
pub(crate) fn zitadel(zitadel: Zitadel) -> Result<AskedAlone, HttpClientError> {
    let issuer = zitadel.domain.issuer().clone();
    let authentication = move |credentials| authentication(credentials, &issuer);
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
    let settings = ZitadelSettings {
        domain: zitadel.domain,
        authentication,
        project_id: zitadel.project_id,
        introspection_endpoint: zitadel.introspection_endpoint,
        connect_to: zitadel.connect_to,
        root_certificates: zitadel.root_certificates,
        timeout: zitadel.timeout,
        trace_parent: traces::trace_parent,
    };
    let explainer = Explainer::new(&settings);
    Ok(AskedAlone { introspector: ZitadelIntrospector::new(settings)?, explainer, credentials })
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
