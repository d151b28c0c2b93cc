//! Composition root: builds the introspector, the guard and the router from the configuration.

use std::sync::Arc;

use adapters::{
    CacheSettings, InMemoryIntrospector, SystemClock,
    zitadel::{ComposedZitadel, HttpClientError, NamedIssuer, compose},
};
use axum::Router;
use axum_zitadel::{Access, Guard, GuardBuilder, Resource, Routes};
use domain::{Authorizer, KeptVerdicts, Requirements, TokenIntrospector, VerdictWatch};

use crate::{
    client::BoundedByAddress,
    config::{Auth, Changes, Config, Fake, Introspector, Prefix, Zitadel},
    explainer::Explainer,
    metrics::{self, Metrics},
    request_telemetry::RequestTelemetry,
    router,
    start_error::StartError,
    telemetry::traces,
    token_file::TokenFile,
    zitadel_state::ZitadelState,
};

/// Configured introspector (ZITADEL or the in-memory fake), with the requirements on its tokens,
/// the watch for changes, and the state that `/readyz` reports.
pub(crate) struct AuthorizationServer {
    introspector: Arc<dyn TokenIntrospector>,
    kept: Option<Arc<dyn KeptVerdicts>>,
    requirements: Requirements,
    pub(crate) explainer: Explainer,
    /// Watch that signals when an open stream needs a new verdict; `None` without a change feed.
    watch: Option<Arc<dyn VerdictWatch>>,
    issuer: Option<NamedIssuer>,
    state: ZitadelState,
}

pub(crate) struct ComposedApi {
    pub(crate) router: Router,
    pub(crate) guard: Guard,
    pub(crate) introspector: Arc<dyn TokenIntrospector>,
    pub(crate) state: ZitadelState,
}

/// Builds the whole API. Metrics of introspection are registered with the current recorder.
pub(crate) fn api(
    config: Config,
    routes: Routes,
    metrics: Option<Metrics>,
) -> Result<ComposedApi, StartError> {
    let Config {
        introspector,
        cache,
        changes,
        prefix,
        auth,
        log,
        traces,
        cors,
        server,
        resource,
        ..
    } = config;
    let asked = authorization_server(introspector, cache, changes, &prefix, resource.is_some())?;
    let origins = cors.allowed_origins.iter().map(|origin| origin.as_header().clone());
    let guard = asked.guard(&auth, resource).allowed_origins(origins);
    let is_observed = metrics.is_some() || log.requests || traces.is_some();
    let guard = if is_observed {
        guard.observer(RequestTelemetry::new(metrics, &log, routes.table()))
    } else {
        guard
    };
    let guard = guard.build();
    refuse_strangers(&guard, &routes)?;
    let router = router::router(routes, &guard, &cors, server.max_body);
    let AuthorizationServer { introspector, state, .. } = asked;
    Ok(ComposedApi { router, guard, introspector, state })
}

/// Returns an error if `resource.url` is set and the rule of a guarded service lets in users of
/// every organization, even without a role.
fn refuse_strangers(guard: &Guard, routes: &Routes) -> Result<(), StartError> {
    if guard.resource().is_none() {
        return Ok(());
    }
    let services = routes.table().iter().filter(|route| route.method.is_none());
    for route in services {
        if matches!(route.access, Access::Guarded(policy) if guard.lets_in_strangers(policy)) {
            return Err(StartError::OpenToStrangers { path: route.path });
        }
    }
    Ok(())
}

/// Builds the configured introspector, with a change feed if `changes` is given. With
/// `learn_issuer` ZITADEL's metadata are requested at once, not at the first introspection: they
/// show how ZITADEL spells its issuer.
pub(crate) fn authorization_server(
    introspector: Introspector,
    cache: CacheSettings,
    changes: Option<Changes>,
    prefix: &Prefix,
    learn_issuer: bool,
) -> Result<AuthorizationServer, HttpClientError> {
    match introspector {
        Introspector::Fake(fake) => Ok(in_memory(fake)),
        Introspector::Zitadel(mut zitadel) => {
            zitadel.settings.learn_issuer = learn_issuer;
            ask_zitadel(*zitadel, cache, changes, prefix)
        }
    }
}

impl AuthorizationServer {
    pub(crate) fn guard(&self, auth: &Auth, resource: Option<Resource>) -> GuardBuilder {
        let requirements = Requirements {
            audiences: auth.audiences.clone(),
            organizations: auth.organizations.clone(),
            leeway: auth.leeway,
            ..self.requirements.clone()
        };
        let introspector = Arc::clone(&self.introspector);
        let authorizer = Authorizer::new(introspector, Arc::new(SystemClock), requirements)
            .kept(self.kept.clone());
        let guard = Guard::builder(authorizer)
            .realm(auth.realm.clone())
            .missing_role_status(auth.missing_role_status)
            .max_stream(auth.max_stream)
            .inactive_means(self.explainer.inactive_means());
        let guard = match &self.watch {
            Some(watch) => guard.watch(Arc::clone(watch)),
            None => guard,
        };
        match resource {
            Some(resource) => guard.resource(self.with_issuer(resource)),
            None => guard,
        }
    }

    /// Returns `resource` with ZITADEL's issuer as its authorization server, or unchanged with the
    /// in-memory fake.
    fn with_issuer(&self, resource: Resource) -> Resource {
        match self.issuer.clone() {
            Some(issuer) => resource.authorization_server(move || issuer.as_spelled().to_string()),
            None => resource,
        }
    }
}

fn in_memory(fake: Fake) -> AuthorizationServer {
    let introspector: Arc<dyn TokenIntrospector> = match fake.file {
        Some(file) => Arc::new(TokenFile::new(file, &fake.tokens)),
        None => Arc::new(InMemoryIntrospector::new(fake.tokens.answers())),
    };
    AuthorizationServer {
        introspector,
        kept: None,
        requirements: Requirements::default(),
        explainer: Explainer::Fake,
        watch: None,
        issuer: None,
        state: ZitadelState::default(),
    }
}

fn ask_zitadel(
    zitadel: Zitadel,
    cache: CacheSettings,
    changes: Option<Changes>,
    prefix: &Prefix,
) -> Result<AuthorizationServer, HttpClientError> {
    let Zitadel { mut settings, limits, key_expiry } = zitadel;
    metrics::key_expires(key_expiry);
    settings.trace_parent = traces::trace_parent;
    settings.changes = changes.map(|changes| changes.feed);
    let zitadel = compose(settings, cache, limits)?;
    let ComposedZitadel { introspector, kept, known, .. } = zitadel;
    Ok(AuthorizationServer {
        kept,
        introspector: Arc::new(BoundedByAddress::new(introspector, known, limits.max_in_flight)),
        issuer: Some(zitadel.issuer),
        watch: zitadel.watch,
        requirements: zitadel.requirements,
        explainer: Explainer::Zitadel {
            summary: Box::new(zitadel.summary),
            introspector: prefix.variable("introspector"),
        },
        state: ZitadelState {
            breaker: Some(zitadel.breaker),
            verdicts: zitadel.verdicts,
            belief: zitadel.belief,
            canary: zitadel.canary,
            changes: zitadel.changes,
            credentials: Some(zitadel.credentials).filter(|credentials| credentials.may_change()),
        },
    })
}
