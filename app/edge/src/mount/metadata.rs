//! Serves the metadata document from which clients learn where to sign in (RFC 9728 §3).

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    http::{
        HeaderValue, Method, Request, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL,
            CONTENT_LENGTH, CONTENT_TYPE,
        },
    },
    response::{IntoResponse, Response},
};
use tower::Service;

use crate::{
    admit::{Guard, Visit},
    answer::{Outcome, ROOT_METADATA_PATH},
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// Request headers that web pages may send when they request the metadata document.
const HEADERS: HeaderValue = HeaderValue::from_static("Accept, Content-Type, MCP-Protocol-Version");
const MAX_AGE: HeaderValue = HeaderValue::from_static("max-age=300");

/// Creates a router that serves the metadata document of each guard's resource. Merge it into the
/// router of the whole program, outside any CORS layer: the documents have CORS headers of their
/// own.
///
/// The document of `https://api.example.com/mcp` is at `/.well-known/oauth-protected-resource/mcp`
/// (RFC 9728 §3.1). If there is only one document, it is also at
/// `/.well-known/oauth-protected-resource`. A guard without a resource has no document.
///
/// # Panics
/// When the resources of two guards have the same path.
pub fn resource_metadata<'a, S: Clone + Send + Sync + 'static>(
    guards: impl IntoIterator<Item = &'a Guard>,
) -> Router<S> {
    let documents: Vec<_> = guards.into_iter().filter_map(Document::of).collect();
    let is_alone = documents.len() == 1;
    documents.into_iter().fold(Router::new(), |router, (path, document)| {
        let at_root = is_alone && path != ROOT_METADATA_PATH;
        let router =
            if at_root { mounted(router, ROOT_METADATA_PATH, document.clone()) } else { router };
        mounted(router, &path, document)
    })
}

fn mounted<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    path: &str,
    document: Document,
) -> Router<S> {
    router.route_service(path, document)
}

/// Service that returns the metadata document of the guard's resource, and requires no token.
#[derive(Clone, Debug)]
struct Document(Guard);

impl Document {
    fn of(guard: &Guard) -> Option<(String, Self)> {
        let path = guard.resource()?.metadata_path();
        Some((path, Self(guard.clone())))
    }

    fn answer(&self, visit: &Visit, method: &Method) -> Response {
        let mut response = match *method {
            Method::GET | Method::HEAD => self.document(*method == Method::HEAD),
            Method::OPTIONS => preflight(),
            _ => visit.refuse(&Outcome::MethodNotAllowed, None).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ALLOW, METHODS);
        response
    }

    fn document(&self, is_head: bool) -> Response {
        // Strings and lists of strings always serialize.
        let json = self.0.resource().map(|resource| serde_json::to_vec(&resource.metadata()));
        let json = json.and_then(Result::ok).unwrap_or_default();
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CONTENT_LENGTH, json.len().into()),
            (CACHE_CONTROL, MAX_AGE),
        ];
        (headers, if is_head { Body::empty() } else { Body::from(json) }).into_response()
    }
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

impl Service<Request<Body>> for Document {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (visit, begins_here) = Visit::join(&self.0, &request, false, None);
        let mut response = self.answer(&visit, request.method());
        if begins_here {
            visit.end(&mut response);
        }
        ready(Ok(response))
    }
}
