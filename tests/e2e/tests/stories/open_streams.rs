//! Endless responses of guarded services.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use app::{Routes, require};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::rules::ReadMessages;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use reqwest::Client;
use tests::{Api, routes, with_feed};
use tokio::time::{sleep, timeout};
use zitadel_double::{NewUser, SessionToken, UserId, ZitadelDouble};

use crate::short_lived::ShortLived;

const ROLE: &str = "read:messages";
const PATIENCE: Duration = Duration::from_secs(60);

/// Number of open bodies.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

struct OpenBody(Open);

impl Drop for OpenBody {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Open {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Responds with a single event.
    fn events(&self) -> Response {
        self.0.fetch_add(1, Ordering::SeqCst);
        let frames = stream::unfold((true, OpenBody(self.clone())), async |(is_first, body)| {
            if !is_first {
                pending::<()>().await;
            }
            Some((Ok::<_, Infallible>(Bytes::from_static(b"data: 1\n\n")), (false, body)))
        });
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)).into_response()
    }
}

/// Responds with endless bytes.
async fn bytes() -> Response {
    let frames = stream::unfold((), async |()| {
        sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b"bytes")), ()))
    });
    ([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(frames)).into_response()
}

fn streams(open: &Open) -> Routes {
    let open = open.clone();
    let events = get(move || async move { open.events() });
    routes()
        .service("/events", require::<ReadMessages>(events))
        .service("/bytes", require::<ReadMessages>(get(bytes)))
}

fn reader(double: &ZitadelDouble) -> UserId {
    let user = double.add_user(NewUser::human("ada"));
    double.grant(&user, ROLE);
    user
}

fn http_2() -> Client {
    Client::builder().no_proxy().http2_prior_knowledge().build().unwrap()
}

#[tokio::test]
async fn a_thousand_open_streams_ask_nothing_while_the_feed_tells_nothing_about_them() {
    const TOKENS: usize = 10;
    const STREAMS_OF_EACH: usize = 100;
    // Five polls of two searches.
    const SEARCHES: usize = 10;
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_feed(&double);
    let environment = environment.with("APP_CHANGES__INTERVAL", "200ms");
    let open = Open::default();
    let api = Api::start_with(environment, streams(&open)).await;
    let (ada, bob) = (reader(&double), reader(&double));
    let token = |_| double.session_token(&ada, SessionToken::default());
    let tokens: Vec<_> = (0..TOKENS).map(token).collect();
    // The feed has read their creation.
    api.keeps_by_feed(&double, &tokens.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut streams = Vec::new();
    for token in &tokens {
        // Each stream has its own connection.
        let client = http_2();
        for _ in 0..STREAMS_OF_EACH {
            let request = client.get(api.url("/events")).bearer_auth(token).send();
            let mut response = timeout(PATIENCE, request).await.unwrap().unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.chunk().await.unwrap().is_some());
            streams.push(response);
        }
    }
    assert_eq!(open.count(), streams.len());
    let asked = double.introspections();
    double.wait_for_event_calls(double.event_calls() + SEARCHES).await;
    double.grant(&bob, "unrelated");
    double.wait_for_event_calls(double.event_calls() + SEARCHES).await;
    assert_eq!(double.introspections(), asked);
    assert_eq!(open.count(), streams.len());
    // An event about them would cause an introspection.
    double.grant(&ada, "unrelated");
    double.wait_for_introspections(asked + TOKENS).await;
    for _ in 0..8 {
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn bytes_are_cut_by_an_error_when_the_token_expires() {
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_feed(&double);
    let api = Api::start_with(environment, streams(&Open::default())).await;
    for client in [api.client().clone(), http_2()] {
        let short = ShortLived::new(&double, &reader(&double));
        let request = client.get(api.url("/bytes")).bearer_auth(&short.token).send();
        let mut response = timeout(PATIENCE, request).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        let cut = async {
            loop {
                match response.chunk().await {
                    Ok(chunk) => assert!(chunk.is_some(), "the answer looks complete"),
                    Err(_) => return,
                }
            }
        };
        timeout(PATIENCE, cut).await.expect("the answer ends");
        short.assert_has_just_expired();
    }
}
