//! One request: read, record, check, then answer or fail as ordered.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode, request};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::act_out::{act_out, answer, end};
use super::body::Body;
use super::line::{Ending, Line};
use crate::event_log::{self, EventLogFault};
use crate::fault::{DiscoveryFault, Fault};
use crate::instance::{Instance, UnknownHost, requested_host};
use crate::lost_calls::LostCall;
use crate::management;
use crate::oidc::{self, Call, Form, Part, Reply};
use crate::rate_limit::RateLimit;
use crate::shared::Shared;
use crate::traffic::{RecordedRequest, without_secrets};
use crate::violation::Violation;

/// Go's form limit in bytes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

const GATEWAY_PATHS: [&str; 4] = ["/admin/v1/", "/auth/v1/", "/management/v1/", "/v2/"];

enum Endpoint {
    Discovery,
    Rfc8414,
    Introspection,
    Keys,
    Events,
    EventTypes,
    Management,
    Token,
    Revocation,
    Authorization,
    /// Health, under any host.
    Alive,
    Ready,
    Unknown,
}

pub(super) async fn respond(
    request: http::Request<Incoming>,
    shared: Arc<Shared>,
    line: Arc<Line>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        line.end(Ending::Close);
        return std::future::pending().await;
    };
    let body = body.to_bytes();
    let endpoint = endpoint(head.uri.path(), &shared);
    record(&endpoint, &head, &body, &shared);
    if line.is_stuck(shared.stuck()) {
        return std::future::pending().await;
    }
    if let Err(limit) = shared.rate_limiter.take() {
        return Ok(rate_limited(limit));
    }
    Ok(match endpoint {
        Endpoint::Alive => answer(Reply::text(StatusCode::OK, "ok").of(Part::Debug)),
        Endpoint::Ready => answer(Reply::json(&"ok".into()).of(Part::Debug)),
        Endpoint::Unknown => answer(at_instance(&head, &body, &shared, |_| {
            shared.violations.add(Violation::UnknownPath(head.uri.path().to_owned()));
            Reply::text(StatusCode::NOT_FOUND, "404 page not found\n")
        })),
        Endpoint::Keys => answer(at_instance(&head, &body, &shared, |_| oidc::keys())),
        Endpoint::Introspection => {
            if oidc::asks_about_pat(&body, &shared) {
                shared.open_writes.finished().await;
            }
            let right = at_instance(&head, &body, &shared, |call| oidc::introspect(call, &shared));
            shared.world().log.rows.count_read();
            match shared.introspection_faults.next() {
                Some(fault) => worked_on(fault, right, line, shared).await,
                None => answer(right),
            }
        }
        Endpoint::Events | Endpoint::EventTypes => {
            shared.open_writes.finished().await;
            let right = at_instance(&head, &body, &shared, |call| match endpoint {
                Endpoint::Events => event_log::search(call, &shared),
                _ => event_log::types(call, &shared),
            });
            match shared.event_log_faults.next().map(EventLogFault::met) {
                Some(Err(fault)) => act_out(fault, right, &line).await,
                Some(Ok(refusal)) => answer(refusal),
                None => answer(right),
            }
        }
        Endpoint::Management => {
            let path = head.uri.path();
            let carried_out = || {
                at_instance(&head, &body, &shared, |call| management::answer(call, path, &shared))
            };
            match shared.lost_calls.next() {
                None => answer(carried_out()),
                Some(LostCall::Before) => end(&line, Ending::Reset).await,
                Some(LostCall::After) => {
                    carried_out();
                    end(&line, Ending::Reset).await
                }
            }
        }
        Endpoint::Token => {
            answer(at_instance(&head, &body, &shared, |call| oidc::token(call, &shared)))
        }
        Endpoint::Revocation => {
            answer(at_instance(&head, &body, &shared, |call| oidc::revoke(call, &shared)))
        }
        Endpoint::Authorization => {
            answer(at_instance(&head, &body, &shared, |call| oidc::authorize(call, &shared)))
        }
        Endpoint::Rfc8414 => answer(at_instance(&head, &body, &shared, |call| {
            let Instance { metadata, .. } = &shared.instance;
            oidc::rfc_8414(call, &shared.instance.introspection_path(), metadata)
        })),
        Endpoint::Discovery => {
            let fault = shared.discovery_faults.next();
            let right = at_instance(&head, &body, &shared, |call| {
                oidc::check_discovery(call, &shared.violations);
                let path = shared.instance.introspection_path();
                let metadata = &shared.instance.metadata;
                Reply::oidc(&oidc::document(call.issuer, &path, metadata, fault.as_ref()))
            });
            match fault {
                Some(DiscoveryFault::Any(fault)) => act_out(fault, right, &line).await,
                Some(DiscoveryFault::Date(date)) => dated(answer(right), &date),
                _ => answer(right),
            }
        }
    })
}

/// Simulates a fault to its end, even if the client disconnects, like a real server.
async fn worked_on(
    fault: Fault,
    right: Reply,
    line: Arc<Line>,
    shared: Arc<Shared>,
) -> Response<Body> {
    let work = async move {
        let _under_way = shared.traffic.under_way();
        act_out(fault, right, &line).await
    };
    match tokio::spawn(work).await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

fn rate_limited(limit: RateLimit) -> Response<Body> {
    let mut response = answer(Reply::text(StatusCode::TOO_MANY_REQUESTS, "too many requests\n"));
    if let Some(secs) = limit.retry_after {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}

fn endpoint(path: &str, shared: &Shared) -> Endpoint {
    match path {
        oidc::DISCOVERY_PATH => Endpoint::Discovery,
        oidc::RFC_8414_PATH => Endpoint::Rfc8414,
        oidc::TOKEN_PATH => Endpoint::Token,
        oidc::REVOCATION_PATH => Endpoint::Revocation,
        oidc::AUTHORIZATION_PATH => Endpoint::Authorization,
        event_log::SEARCH_PATH => Endpoint::Events,
        event_log::TYPES_PATH => Endpoint::EventTypes,
        oidc::KEYS_PATH => Endpoint::Keys,
        "/debug/healthz" => Endpoint::Alive,
        "/debug/ready" => Endpoint::Ready,
        path if path == shared.instance.introspection_path() => Endpoint::Introspection,
        path if management::has_path(path) => Endpoint::Management,
        _ => Endpoint::Unknown,
    }
}

/// Checks the host first, like ZITADEL.
fn at_instance(
    head: &request::Parts,
    body: &[u8],
    shared: &Shared,
    endpoint: impl FnOnce(&Call<'_>) -> Reply,
) -> Reply {
    oidc::check_head(&head.headers, &shared.violations);
    let origin = shared.instance.origin(&head.uri, &head.headers);
    if let Err(UnknownHost { host, text }) = shared.instance.check(&origin) {
        let reply = if GATEWAY_PATHS.iter().any(|path| head.uri.path().starts_with(path)) {
            Reply::no_instance_at_gateway(&text, &host)
        } else {
            Reply::text(StatusCode::NOT_FOUND, &text).of(Part::Instance)
        };
        shared.violations.add(Violation::UnknownHost(host));
        return reply.at(origin);
    }
    let reply = endpoint(&Call {
        method: &head.method,
        query: head.uri.query(),
        headers: &head.headers,
        body,
        issuer: &origin.to_string(),
    });
    reply.at(origin)
}

/// Sets the date; an invalid value leaves the real one.
fn dated(mut answer: Response<Body>, date: &str) -> Response<Body> {
    if let Ok(date) = HeaderValue::from_str(date) {
        answer.headers_mut().insert(DATE, date);
    }
    answer
}

fn record(endpoint: &Endpoint, head: &request::Parts, body: &[u8], shared: &Shared) {
    let form = match endpoint {
        Endpoint::Events => {
            shared.traffic.record_search(body);
            Form::default()
        }
        Endpoint::EventTypes | Endpoint::Management => Form::default(),
        _ => Form::parse(body).unwrap_or_default(),
    };
    let request = RecordedRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        version: head.version,
        host: requested_host(&head.uri, &head.headers),
        headers: without_secrets(&head.headers),
        query_parameters: head.uri.query().map(oidc::query_names).unwrap_or_default(),
        form_fields: form.names().map(str::to_owned).collect(),
        key_id: oidc::key_id(form.value("client_assertion")),
    };
    shared.traffic.record(request, |counts| match endpoint {
        Endpoint::Introspection => counts.introspections += 1,
        Endpoint::Discovery => counts.discoveries += 1,
        Endpoint::Events => counts.event_calls += 1,
        Endpoint::EventTypes => counts.event_type_calls += 1,
        Endpoint::Management => counts.management_calls += 1,
        Endpoint::Alive
        | Endpoint::Ready
        | Endpoint::Rfc8414
        | Endpoint::Keys
        | Endpoint::Token
        | Endpoint::Revocation
        | Endpoint::Authorization
        | Endpoint::Unknown => {}
    });
}
