//! Starts a server from a configuration and a route table.

use std::sync::Arc;

use adapters::SystemClock;
use axum::Router;
use axum_zitadel::Routes;
use tracing::{info, warn};

use crate::{
    admin::{self, Health},
    compose::{self, ComposedApi},
    config::{Config, Introspector},
    doorbell::{self, Ring},
    metrics::Metrics,
    open_files,
    running::Running,
    serve::{listen_on, serve},
    start_error::StartError,
};

/// Starts the API. First logs the origin of each setting, and the configuration's warnings.
///
/// # Errors
/// When a listen address is taken, a setting for the connection to ZITADEL is unusable, or any
/// active token would open a guarded service although `resource.url` is set. An unreachable ZITADEL
/// is no error: the API starts, answers 503, and recovers by itself.
///
/// # Panics
/// When the route table has a bug: two routes of the same method and path, or an invalid path.
pub async fn start(config: Config, routes: Routes) -> Result<Running, StartError> {
    for (setting, origin) in &config.origins {
        info!(setting, origin, "configured");
    }
    for warning in &config.warnings {
        warn!("{warning}");
    }
    if matches!(config.introspector, Introspector::Zitadel(_)) && config.cache.ttl.is_zero() {
        warn!(
            "cache.ttl is 0s: each request with a token is introspected by ZITADEL, which is as fresh \
             as can be, and as slow"
        );
    }
    let address = config.server.listen;
    let mut server = config.server.clone();
    let questions = match &config.introspector {
        Introspector::Zitadel(zitadel) => zitadel.limits.max_in_flight.get(),
        Introspector::Fake(_) => 0,
    };
    let webhook = config.changes.as_ref().and_then(|changes| changes.webhook.clone());
    let deliveries = webhook.as_ref().map_or(0, |_| doorbell::CONNECTIONS.get());
    let zitadel = questions.saturating_add(deliveries);
    server.max_connections = open_files::places(server.max_connections, zitadel);
    let admin_address = config.admin.listen;
    let prefix = config.prefix.clone();
    let cannot_listen = move |setting, address| {
        let variable = prefix.variable(setting);
        move |source| StartError::Listen { setting, variable: variable.clone(), address, source }
    };
    let listen = cannot_listen("server.listen", address);
    let (api, metrics) = compose(config, routes)?;
    let listener = listen_on(address).map_err(&listen)?;
    let local_address = listener.local_addr().map_err(&listen)?;
    let guard = api.guard;
    let stop_streams = move || guard.stop();
    let handle =
        scope(metrics.as_ref(), || serve(listener, api.router, &server, Box::new(stop_streams)));
    info!(address = %local_address, "listening");
    let mut running = Running {
        local_address,
        server: handle,
        admin: None,
        doorbell: None,
        credentials: api.state.credentials.clone(),
    };
    if let (Some(webhook), Some(changes)) = (webhook, &api.state.changes) {
        let bell = changes.bell.clone();
        let ring: Ring = Arc::new(move || bell.ring());
        let listen = cannot_listen("changes.webhook.listen", webhook.listen);
        let clock = Arc::new(SystemClock);
        let doorbell = scope(metrics.as_ref(), || doorbell::serve(webhook, ring, clock, &server));
        let doorbell = doorbell.map_err(listen)?;
        info!(address = %doorbell.local_address, "listening for ZITADEL's webhook");
        running.doorbell = Some(doorbell);
    }
    let (Some(address), Some(metrics)) = (admin_address, metrics) else { return Ok(running) };
    let listen = cannot_listen("admin.listen", address);
    let health = Health::new(api.state, running.server.draining());
    let admin = admin::serve(address, metrics, health, api.introspector, &server);
    let admin = admin.await.map_err(listen)?;
    info!(address = %admin.local_address, "listening for operators");
    Ok(Running { admin: Some(admin), ..running })
}

fn scope<T>(metrics: Option<&Metrics>, build: impl FnOnce() -> T) -> T {
    match metrics {
        Some(metrics) => metrics.scope(build),
        None => build(),
    }
}

/// Returns the API as a router without a listener, for a caller in the same process, such as a test
/// or a benchmark. Among the `server` settings only `max_body` is used; with `admin.listen`,
/// metrics are recorded, but not served.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// use std::collections::BTreeMap;
///
/// use app::{Authorized, Config, Routes, guarded, router};
/// use axum::{body::Body, http::Request};
/// use domain::rules::SignedIn;
/// use tower::ServiceExt;
///
/// async fn hello(_: Authorized<SignedIn>) {}
///
/// let routes = Routes::default().get("/hello", guarded(hello));
/// let environment = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
/// let directory = tempfile::tempdir()?;
/// let api = router(Config::read(environment, directory.path())?, routes)?;
/// let request = Request::get("/hello").header("Authorization", "Bearer dev-reader");
/// let response = api.oneshot(request.body(Body::empty())?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a setting for the connection to ZITADEL is unusable, or any active token would open a
/// guarded service although `resource.url` is set.
///
/// # Panics
/// When the route table has a bug: two routes of the same method and path, or an invalid path.
pub fn router(config: Config, routes: Routes) -> Result<Router, StartError> {
    Ok(compose(config, routes)?.0.router)
}

fn compose(config: Config, routes: Routes) -> Result<(ComposedApi, Option<Metrics>), StartError> {
    let metrics = config.admin.listen.map(|_| Metrics::new());
    let api = scope(metrics.as_ref(), || compose::api(config, routes, metrics.clone()))?;
    Ok((api, metrics))
}
