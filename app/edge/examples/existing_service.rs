//! Example of `axum-zitadel` in an existing service with state, nested routers, layers, an error
//! body and settings of its own. Additions are marked by `// +`.
//!
//! ```sh
//! cargo run -p axum-zitadel --example existing_service
//! ```
//!
//! With nothing configured, the service accepts two local tokens: `reader` with the role
//! `read:messages`, and `visitor` without a role. With `ZITADEL_DOMAIN` and `KEY_FILE` in the
//! environment, tokens are introspected at that ZITADEL. `LISTEN` is the address to listen on,
//! 127.0.0.1:5000 by default.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    env,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use adapters::{
    CacheSettings, InMemoryIntrospector, Limits, SystemClock,
    zitadel::{ClientCredentials, ZitadelSettings, compose},
};
use axum::{
    Json, Router,
    extract::{Path, State, WebSocketUpgrade, ws::WebSocket},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{any, get},
};
use axum_zitadel::{
    Authorized, Guard, Rejection, RequestId,
    domain::{
        AccessToken, ActiveToken, Authorizer, EmptyClaim, Introspection, Organization,
        OrganizationId, Policy, Principal, Requirements, Role, Rule, Subject,
    },
};
use futures_util::{Stream, stream};
use serde_json::json;
use tower_http::{services::ServeDir, trace::TraceLayer};

/// Callers with an active token.                                                             // +
struct SignedIn;

impl Rule for SignedIn {
    const POLICY: &'static Policy = &Policy::Authenticated;
}

/// Callers who may read messages and files.                                                  // +
struct ReadMessages;

impl Rule for ReadMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read:messages"));
}

/// Messages by number: the state of the service.
#[derive(Clone)]
struct Db(Arc<Mutex<BTreeMap<u64, Message>>>);

#[derive(Clone)]
struct Message {
    text: &'static str,
    owner: &'static str,
}

/// Error response in the service's own format.
struct ServiceError {
    status: StatusCode,
    code: &'static str,
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": { "code": self.code } }))).into_response()
    }
}

/// Formats a denial like the service's own errors; the guard adds `WWW-Authenticate`.        // +
fn denied(rejection: &Rejection) -> Response {
    let code = rejection.reason().code();
    ServiceError { status: rejection.status(), code }.into_response()
}

async fn home(permit: Option<Authorized<SignedIn>>) -> String {
    match &permit {
        Some(permit) => format!("Hello {}", permit.principal().subject().unwrap_or("there")),
        None => "Hello stranger".to_owned(),
    }
}

async fn read(
    permit: Authorized<ReadMessages>,
    State(Db(messages)): State<Db>,
    Path(id): Path<u64>,
    request_id: RequestId,
) -> Result<Json<serde_json::Value>, Response> {
    let message = {
        let messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.get(&id).cloned()
    };
    let not_found = ServiceError { status: StatusCode::NOT_FOUND, code: "no_such_message" };
    let message = message.ok_or_else(|| not_found.into_response())?;
    if permit.principal().subject() != Some(message.owner) {
        // A denial can also depend on what the handler has read.
        return Err(permit.deny(format!("message {id} is another's")).into_response());
    }
    tracing::info!(%request_id, id, subject = permit.principal().subject(), "read");
    Ok(Json(json!({ "text": message.text })))
}

async fn events(
    permit: Authorized<SignedIn>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let subject = permit.principal().subject().unwrap_or("somebody").to_owned();
    Sse::new(stream::iter([Ok(Event::default().data(format!("for {subject}")))]))
}

/// Echoes WebSocket messages. The permit (proof of authorization) is the first argument, so an
/// unauthorized connection is never upgraded.
async fn socket(_: Authorized<SignedIn>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket: WebSocket| {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

/// Returns the whole service: guarded routes, files behind a rule, and its own layers.
#[expect(clippy::disallowed_methods, reason = "the router is the owner's own")]
fn service(guard: &Guard, db: Db) -> Router {
    let messages = Router::new().route("/messages/{id}", get(read));
    let files = ServeDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/files"));
    Router::new()
        .route("/", get(home))
        .route("/events", get(events))
        .route("/socket", any(socket))
        .nest("/v1", messages)
        .nest_service("/files", guard.require::<ReadMessages>(files).named("/files"))
        .fallback(async || ServiceError { status: StatusCode::NOT_FOUND, code: "no_such_path" })
        .layer(guard.layer()) // +
        .layer(TraceLayer::new_for_http())
        .with_state(db)
}

/// Returns the guard for the ZITADEL at `ZITADEL_DOMAIN`, or the local guard without it.     // +
fn guard() -> Result<Guard, Box<dyn Error>> {
    let Ok(domain) = env::var("ZITADEL_DOMAIN") else { return Ok(local_guard()?) };
    let credentials = ClientCredentials::key_file(env::var("KEY_FILE")?)?;
    let settings = ZitadelSettings::new(domain.parse()?, credentials);
    let zitadel = compose(settings, CacheSettings::default(), Limits::default())?;
    Ok(Guard::builder(zitadel.authorizer())
        .realm("messages".parse()?)
        .inactive_means(zitadel.summary.inactive_means())
        .denials(denied)
        .build())
}

/// Returns a guard that accepts two fixed tokens, for local development and for tests.
fn local_guard() -> Result<Guard, EmptyClaim> {
    let organization =
        Organization { id: OrganizationId::from_static("local"), primary_domain: "local".into() };
    let reads = (Role::from_static("read:messages"), organization);
    let active = |subject: &str, roles: Vec<_>| {
        let subject = Some(Subject::parse(subject)?);
        let roles = roles.into_iter().collect();
        let principal = Arc::new(Principal { subject, roles, ..Principal::default() });
        Ok(Introspection::Active(ActiveToken { principal, ..ActiveToken::default() }))
    };
    let tokens = [("reader", active("ada", vec![reads])?), ("visitor", active("bob", vec![])?)];
    let known = tokens.into_iter().filter_map(|(token, introspection)| {
        Some((AccessToken::parse(token).ok()?.into_owned(), introspection))
    });
    let introspector = Arc::new(InMemoryIntrospector::new(known));
    let authorizer = Authorizer::new(introspector, Arc::new(SystemClock), Requirements::default());
    Ok(Guard::builder(authorizer).denials(denied).build())
}

fn db() -> Db {
    let messages = [
        (1, Message { text: "for ada", owner: "ada" }),
        (2, Message { text: "for bob", owner: "bob" }),
    ];
    Db(Arc::new(Mutex::new(messages.into())))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the example says where it listens")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:5000".to_owned());
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .map_err(|error| format!("LISTEN: {address}: {error}"))?;
    println!(
        "curl -i http://{}/v1/messages/1 -H 'Authorization: Bearer reader'",
        listener.local_addr()?
    );
    axum::serve(listener, service(&guard()?, db())).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Method, Request, header},
    };
    use axum_zitadel::testing::assert_guarded;
    use tower::ServiceExt;

    use super::*;

    async fn answer(path: &str, token: Option<&str>) -> (StatusCode, Option<String>, String) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let service = service(&local_guard().unwrap(), db());
        let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, challenge, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn every_route_but_the_home_page_asks_for_a_token() {
        let service = service(&local_guard().unwrap(), db());
        let routes = [
            (Method::GET, "/v1/messages/1"),
            (Method::GET, "/events"),
            (Method::GET, "/socket"),
            (Method::GET, "/files/hello.txt"),
        ];
        assert_guarded(&service, &routes).await;
    }

    #[tokio::test]
    async fn callers_get_what_is_theirs() {
        for (path, token, status, expected) in [
            ("/", None, 200, "Hello stranger"),
            ("/", Some("visitor"), 200, "Hello bob"),
            ("/v1/messages/1", Some("reader"), 200, r#"{"text":"for ada"}"#),
            ("/v1/messages/9", Some("reader"), 404, r#"{"error":{"code":"no_such_message"}}"#),
            ("/files/hello.txt", Some("reader"), 200, "A file for callers who may read.\n"),
            ("/events", Some("visitor"), 200, "data: for bob\n\n"),
            ("/nowhere", Some("reader"), 404, r#"{"error":{"code":"no_such_path"}}"#),
        ] {
            let (found, challenge, body) = answer(path, token).await;
            assert_eq!((found.as_u16(), body.as_str()), (status, expected), "{path}");
            assert_eq!(challenge, None);
        }
    }

    #[tokio::test]
    async fn denials_are_in_the_services_own_format() {
        let scope = r#"{"error":{"code":"insufficient_scope"}}"#;
        for (path, token, expected) in [
            ("/v1/messages/1", None, r#"{"error":{"code":"missing_token"}}"#),
            ("/v1/messages/1", Some("visitor"), scope),
            ("/v1/messages/2", Some("reader"), scope),
            ("/files/hello.txt", Some("visitor"), scope),
            ("/", Some("unknown"), r#"{"error":{"code":"invalid_token"}}"#),
        ] {
            let (status, challenge, body) = answer(path, token).await;
            assert_eq!((status, body.as_str()), (StatusCode::UNAUTHORIZED, expected), "{path}");
            assert!(challenge.unwrap().starts_with("Bearer realm=\"api\""), "{path}");
        }
    }

    #[tokio::test]
    async fn a_handler_alone_is_tested_with_a_permit_made_for_it() {
        let subject = Some(Subject::parse("ada").unwrap());
        let permit = Authorized::for_test(Principal { subject, ..Principal::default() });
        assert_eq!(home(Some(permit)).await, "Hello ada");
    }
}
