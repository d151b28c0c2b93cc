//! `app explain`: shows which routes an access token opens, and why it does not open the others.
//!
//! The token is treated as in a request: the same introspector is called, once, and the same
//! authorizer judges each route of the table.

mod no_token;
mod report;

use adapters::SystemClock;
use axum_zitadel::{Access, BearerError, Rejection, Route};
use domain::{AccessToken, ActiveToken, Clock, Freshness, Introspection, Policy};

use crate::{
    advice::{Finding, LikelyCause},
    compose::authorization_server,
    config::{Config, Introspector},
    start_error::StartError,
};

/// Result of `explain`: the verdict on a token, and the routes that it opens.
#[derive(Clone, Debug)]
pub struct ExplainReport {
    asked: String,
    /// Sentence on how long the running API reuses a verdict; `None` if it reuses none.
    fresh: Option<String>,
    form: String,
    verdict: Verdict,
    /// Note on deactivated organizations and applications, whose tokens ZITADEL leaves active.
    note: Option<&'static str>,
    /// Wrong setting that the verdict reveals, if any.
    warning: Option<Finding>,
    accepted: bool,
    routes: Vec<RouteReport>,
    causes: Vec<LikelyCause>,
}

/// Verdict on the token, or the reason why there is none.
#[derive(Clone, Debug)]
enum Verdict {
    /// Text given to `explain` that is no access token, and so was not introspected.
    NoToken(BearerError),
    /// No verdict, because the introspection failed; the finding says why.
    Unknown(Finding),
    Inactive,
    Active(ActiveToken),
}

/// One route of the API; `closed` is the reason why the route refuses the token, if it does.
#[derive(Clone, Debug)]
struct RouteReport {
    route: Route,
    closed: Option<ClosedRoute>,
    /// Rules that the service behind this route itself checks, such as one for each MCP tool. Each
    /// rule is paired with the reason why it refuses the token, or `None` if the token meets it.
    within: Vec<(&'static Policy, Option<ClosedRoute>)>,
}

/// Reason why a route, or a rule within a route, refuses the token.
#[derive(Clone, Debug)]
struct ClosedRoute {
    status: u16,
    reason: &'static str,
    why: String,
}

/// Explains which routes of the API (`table`) the access token `token` opens.
///
/// # Errors
/// When the API would not start with this configuration.
pub async fn explain(
    config: Config,
    table: &[Route],
    token: &str,
) -> Result<ExplainReport, StartError> {
    let fresh = fresh(&config);
    let server =
        authorization_server(config.introspector, config.cache, None, &config.prefix, false)?;
    let guard = server.guard(&config.auth, config.resource).build();
    let (authorizer, explainer) = (guard.authorizer(), server.explainer);
    let asked = explainer.asked();
    let all_closed = |form, verdict, closed: &ClosedRoute| {
        let routes = routes(table, |_| Err(closed.clone()));
        ExplainReport {
            asked: asked.clone(),
            fresh: fresh.clone(),
            form,
            verdict,
            note: None,
            warning: None,
            accepted: false,
            routes,
            causes: Vec::new(),
        }
    };
    let token = match AccessToken::parse(token) {
        Ok(token) => token,
        Err(error) => {
            let form = no_token::describe(token, error);
            let error = BearerError::Malformed(error);
            let closed = ClosedRoute::new(&guard.unauthenticated(error), error.to_string());
            return Ok(all_closed(form, Verdict::NoToken(error), &closed));
        }
    };
    let form = explainer.form(&token, SystemClock.now());
    let verdict = match authorizer.verdict(&token, Freshness::Asked).await {
        Ok((verdict, _)) => verdict,
        Err(fault) => {
            let finding = explainer.fault(&fault);
            let why = fault.to_string();
            let closed = ClosedRoute::new(&guard.undetermined(fault), why);
            return Ok(all_closed(form, Verdict::Unknown(finding), &closed));
        }
    };
    let mut causes = Vec::new();
    let routes = routes(table, |policy| {
        let Err(denial) = authorizer.judge(verdict.clone(), policy) else { return Ok(()) };
        for cause in explainer.causes(&denial, &verdict, &token, SystemClock.now()) {
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        let why = denial.to_string();
        Err(ClosedRoute::new(&guard.denied(denial), why))
    });
    let accepted = authorizer.judge(verdict.clone(), &Policy::Authenticated).is_ok();
    let (note, warning) = match &verdict {
        Introspection::Inactive => (None, None),
        Introspection::Active(token) => (explainer.note(&config.auth), explainer.warning(token)),
    };
    let verdict = match verdict {
        Introspection::Inactive => Verdict::Inactive,
        Introspection::Active(token) => Verdict::Active(token),
    };
    Ok(ExplainReport { asked, fresh, form, verdict, note, warning, accepted, routes, causes })
}

impl ExplainReport {
    /// Returns whether the token passes the checks that all guarded routes share. A route's own
    /// rule may still refuse it, for example for a missing role.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }
}

fn fresh(config: &Config) -> Option<String> {
    let ttl = config.cache.ttl;
    if ttl.is_zero() || matches!(config.introspector, Introspector::Fake(_)) {
        return None;
    }
    let ttl = humantime::format_duration(ttl);
    Some(match &config.changes {
        Some(changes) => {
            let max_staleness = humantime::format_duration(changes.feed.max_staleness);
            format!(
                "asked now; the API reuses an answer for {ttl}, at most {max_staleness} out of date"
            )
        }
        None => format!("asked now; the API reuses an answer for {ttl}"),
    })
}

fn routes(
    table: &[Route],
    mut judge: impl FnMut(&'static Policy) -> Result<(), ClosedRoute>,
) -> Vec<RouteReport> {
    let report = |route: &Route| {
        let closed = match route.access {
            Access::Public => None,
            Access::Optional(policy) | Access::Guarded(policy) => judge(policy).err(),
        };
        let within = route.further.iter().map(|policy| (*policy, judge(policy).err())).collect();
        RouteReport { route: route.clone(), closed, within }
    };
    table.iter().map(report).collect()
}

impl ClosedRoute {
    fn new(rejection: &Rejection, why: String) -> Self {
        Self { status: rejection.status().as_u16(), reason: rejection.reason().as_str(), why }
    }
}
