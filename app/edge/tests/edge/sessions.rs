//! Tests of sessions of a service, such as an MCP server: only the subject that began a session may
//! use it.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use adapters::{InMemoryIntrospector, SystemClock};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use axum_zitadel::{
    Guard,
    domain::{
        AccessToken, ActiveToken, Authorizer, Introspection, Issuer, Principal, Requirements,
        Subject,
    },
};
use tower::service_fn;

use crate::api::{SignedIn, answer, request, text};

const SESSION: &str = "mcp-session-id";
const UNKNOWN: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session"}}"#;

/// Sessions of a simulated MCP server: the id of each, with the HTTP methods of its requests.
#[derive(Clone, Debug, Default)]
struct Sessions(Arc<Mutex<HashMap<String, Vec<Method>>>>);

impl Sessions {
    /// Responds as an MCP server: begins a session if the request has no session id; otherwise
    /// records the request in its session, or answers 404 if the session is unknown.
    fn answer(&self, request: &Request) -> Response {
        let mut sessions = self.0.lock().unwrap();
        let Some(id) = request.headers().get(SESSION) else {
            let id = format!("session-{}", sessions.len());
            sessions.insert(id.clone(), Vec::new());
            return ([(SESSION, id)], "begun").into_response();
        };
        let Some(session) = sessions.get_mut(id.to_str().unwrap()) else {
            return (StatusCode::NOT_FOUND, UNKNOWN).into_response();
        };
        session.push(request.method().clone());
        "known".into_response()
    }

    fn requests_of(&self, id: &str) -> usize {
        self.0.lock().unwrap()[id].len()
    }

    fn behind(&self, guard: &Guard) -> Router {
        let sessions = self.clone();
        let service = service_fn(move |request: Request| {
            let response = sessions.answer(&request);
            async { Ok::<_, Infallible>(response) }
        });
        Router::new().route_service("/mcp", guard.require::<SignedIn>(service))
    }
}

/// Returns a guard that knows the tokens `ada` and `ada-again` (both of the subject `ada`), `bob`,
/// `elsewhere` (a subject `ada` of another issuer), and `nobody` (without a subject).
fn guard() -> Guard {
    let tokens = [
        ("ada", "https://a.test", "ada"),
        ("ada-again", "https://a.test", "ada"),
        ("bob", "https://a.test", "bob"),
        ("elsewhere", "https://b.test", "ada"),
        ("nobody", "https://a.test", ""),
    ];
    let tokens = tokens.map(|(token, issuer, subject)| {
        let (issuer, subject) = (Issuer::parse(issuer).ok(), Subject::parse(subject).ok());
        let principal = Arc::new(Principal { issuer, subject, ..Principal::default() });
        let active = ActiveToken { principal, ..ActiveToken::default() };
        (AccessToken::parse(token).unwrap().into_owned(), Introspection::Active(active))
    });
    let introspector = Arc::new(InMemoryIntrospector::new(tokens));
    Guard::new(Authorizer::new(introspector, Arc::new(SystemClock), Requirements::default()))
}

/// Returns a POST, a GET and a DELETE request, each with one session header for every id in `ids`.
fn requests(token: &str, ids: &[&HeaderValue]) -> [Request<Body>; 3] {
    let mut requests = ["POST", "GET", "DELETE"].map(|method| request(method, "/mcp", token));
    for request in &mut requests {
        for id in ids {
            request.headers_mut().append(SESSION, HeaderValue::clone(id));
        }
    }
    requests[1].headers_mut().insert("last-event-id", HeaderValue::from_static("7"));
    requests
}

async fn begin(api: &Router, token: &str) -> HeaderValue {
    let response = answer(api, request("POST", "/mcp", token)).await;
    let id = response.headers()[SESSION].clone();
    assert_eq!(text(response).await, "begun");
    id
}

async fn assert_known(api: &Router, token: &str, id: &HeaderValue) {
    for request in requests(token, &[id]) {
        let response = answer(api, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(text(response).await, "known");
    }
}

async fn assert_unknown(api: &Router, token: &str, ids: &[&HeaderValue]) {
    for request in requests(token, ids) {
        let response = answer(api, request).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{token} {ids:?}");
        assert_eq!(text(response).await, UNKNOWN, "the service's own answer");
    }
}

#[tokio::test]
async fn a_session_is_its_subjects_whatever_token_it_shows() {
    let sessions = Sessions::default();
    let api = sessions.behind(&guard());
    let id = begin(&api, "ada").await;
    assert!(id.as_bytes().iter().all(u8::is_ascii_graphic));
    assert_known(&api, "ada", &id).await;
    assert_known(&api, "ada-again", &id).await;
    assert_eq!(sessions.requests_of("session-0"), 6);
    for other in ["bob", "elsewhere", "nobody"] {
        assert_unknown(&api, other, &[&id]).await;
    }
    assert_eq!(sessions.requests_of("session-0"), 6);
}

#[tokio::test]
async fn an_id_that_was_not_given_out_is_unknown() {
    let sessions = Sessions::default();
    let api = sessions.behind(&guard());
    let (id, second) = (begin(&api, "ada").await, begin(&api, "ada").await);
    let of_the_service = HeaderValue::from_static("session-0");
    assert_unknown(&api, "ada", &[&of_the_service]).await;
    assert_unknown(&api, "ada", &[&id, &second]).await;
    assert_unknown(&api, "ada", &[&id, &id]).await;
    let after_a_restart = sessions.behind(&guard());
    assert_unknown(&after_a_restart, "ada", &[&id]).await;
    assert_eq!(sessions.requests_of("session-0"), 0);
}

#[tokio::test]
async fn a_caller_without_a_subject_is_given_no_session() {
    let api = Sessions::default().behind(&guard());
    let response = answer(&api, request("POST", "/mcp", "nobody")).await;
    assert!(!response.headers().contains_key(SESSION));
    assert_eq!(text(response).await, "begun");
}
