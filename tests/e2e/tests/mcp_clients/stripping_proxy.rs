//! A reverse proxy that removes the scopes from the API's responses.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, WWW_AUTHENTICATE};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// Larger than any body here.
const MAX_BODY: usize = 1 << 20;

#[derive(Clone)]
struct Upstream {
    client: reqwest::Client,
    address: Arc<OnceLock<SocketAddr>>,
    strips_challenges: Arc<AtomicBool>,
    strips_metadata: Arc<AtomicBool>,
}

/// Proxy, until dropped.
pub(crate) struct StrippingProxy {
    address: SocketAddr,
    upstream: Upstream,
    serving: JoinHandle<()>,
}

impl StrippingProxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let redirects = reqwest::redirect::Policy::none();
        let upstream = Upstream {
            client: reqwest::Client::builder().no_proxy().redirect(redirects).build().unwrap(),
            address: Arc::default(),
            strips_challenges: Arc::new(AtomicBool::new(true)),
            strips_metadata: Arc::new(AtomicBool::new(true)),
        };
        let router = Router::new().fallback(forward).with_state(upstream.clone());
        let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { address, upstream, serving }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) fn forward_to(&self, address: SocketAddr) {
        self.upstream.address.set(address).unwrap();
    }

    /// Stops changing challenges.
    pub(crate) fn keep_challenges(&self) {
        self.upstream.strips_challenges.store(false, Ordering::Relaxed);
    }

    /// Stops changing metadata.
    pub(crate) fn keep_metadata(&self) {
        self.upstream.strips_metadata.store(false, Ordering::Relaxed);
    }
}

impl Drop for StrippingProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let url = format!("http://{}{}", upstream.address.get().unwrap(), head.uri);
    let body = to_bytes(body, MAX_BODY).await.unwrap();
    let request = upstream.client.request(head.method, url).headers(head.headers).body(body);
    let mut response = http::Response::from(request.send().await.unwrap()).map(Body::new);
    // Each connection has its own framing.
    response.headers_mut().remove(TRANSFER_ENCODING);
    let strips_challenges = upstream.strips_challenges.load(Ordering::Relaxed);
    if let Some(challenge) = response.headers_mut().get_mut(WWW_AUTHENTICATE)
        && strips_challenges
    {
        *challenge = without_scope(challenge.to_str().unwrap()).parse().unwrap();
    }
    let is_metadata = head.uri.path().starts_with("/.well-known/oauth-protected-resource");
    if is_metadata && upstream.strips_metadata.load(Ordering::Relaxed) {
        return without_scopes_supported(response).await;
    }
    response
}

/// Removes `scopes_supported` from metadata; a preflight response stays as it is.
async fn without_scopes_supported(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap();
    let Ok(mut metadata) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(head, body.into());
    };
    metadata.as_object_mut().unwrap().remove("scopes_supported").unwrap();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, metadata.to_string().into())
}

/// Removes `scope` from a challenge.
fn without_scope(challenge: &str) -> String {
    let Some((before, scope)) = challenge.split_once(", scope=\"") else {
        return challenge.to_owned();
    };
    let (_, after) = scope.split_once('"').unwrap();
    format!("{before}{after}")
}
