//! Tests that a permit ends at `exp`, after a change at ZITADEL, at the time limit and at shutdown.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use axum_zitadel::{
    Authorized, Ended, Guard, GuardBuilder, Routes, ServicePermit,
    domain::{
        AccessToken, ActiveToken, Authorizer, Clock, Introspection, IntrospectionError,
        Organization, OrganizationId, Outage, Principal, Requirements, Role, Rule, Tick,
        TokenIntrospector, VerdictWatch,
    },
    guarded, require,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};
use tower::service_fn;

use crate::api::{MayRead, SignedIn, answer, request};

/// Introspector, clock and `VerdictWatch` (signals changes of tokens), all controlled by the test.
/// The clock follows tokio's time.
#[derive(Clone)]
struct World(Arc<Inner>);

struct Inner {
    began: Instant,
    verdicts: Mutex<HashMap<&'static str, Option<Introspection>>>,
    asked: Mutex<usize>,
    doubts: watch::Sender<u64>,
}

const BEGAN: SystemTime = SystemTime::UNIX_EPOCH;

impl World {
    fn new() -> Self {
        let (doubts, _) = watch::channel(0);
        let inner = Inner {
            began: Instant::now(),
            verdicts: Mutex::default(),
            asked: Mutex::default(),
            doubts,
        };
        Self(Arc::new(inner))
    }

    fn set(&self, token: &'static str, verdict: Option<Introspection>) {
        self.0.verdicts.lock().unwrap().insert(token, verdict);
    }

    /// Makes `token` active with the role `read`, until `secs` seconds after the start (`None`:
    /// without `exp`).
    fn reader(&self, token: &'static str, secs: Option<u64>) {
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let roles = [(Role::from_static("read"), organization)].into_iter().collect();
        let principal = Arc::new(Principal { roles, ..Principal::default() });
        let expires_at = secs.map(|secs| BEGAN + Duration::from_secs(secs));
        let token_ = ActiveToken { expires_at, principal, ..ActiveToken::default() };
        self.set(token, Some(Introspection::Active(token_)));
    }

    fn without_role(&self, token: &'static str) {
        self.set(token, Some(Introspection::Active(ActiveToken::default())));
    }

    fn doubt(&self) {
        self.0.doubts.send_modify(|doubts| *doubts += 1);
    }

    fn asked(&self) -> usize {
        *self.0.asked.lock().unwrap()
    }

    fn guard(&self) -> GuardBuilder {
        let world = || Arc::new(self.clone());
        let authorizer = Authorizer::new(world(), world(), Requirements::default());
        Guard::builder(authorizer).watch(world()).max_stream(Duration::ZERO)
    }
}

#[async_trait]
impl TokenIntrospector for World {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        *self.0.asked.lock().unwrap() += 1;
        let verdict = self.0.verdicts.lock().unwrap().get(token.expose_secret()).cloned();
        verdict.flatten().ok_or_else(|| IntrospectionError::Unavailable {
            reason: Outage::Unreachable,
            source: Arc::new(std::io::Error::other("a test")),
        })
    }
}

impl Clock for World {
    fn now(&self) -> SystemTime {
        BEGAN + self.0.began.elapsed()
    }
}

#[async_trait]
impl VerdictWatch for World {
    fn now(&self) -> Tick {
        Tick::from_nanos(*self.0.doubts.borrow())
    }

    async fn doubted(&self, _: &ActiveToken, asked: Tick) {
        let mut doubts = self.0.doubts.subscribe();
        doubts.wait_for(|doubts| *doubts > asked.as_nanos()).await.unwrap();
    }
}

/// Returns an API with the routes `/service` and `/handler`, and a channel. When the permit of a
/// request to either route ends, the channel receives the reason and the seconds since this call.
fn api(guard: &Guard) -> (Router, mpsc::UnboundedReceiver<(Ended, u64)>) {
    let (ended, receiver) = mpsc::unbounded_channel();
    let began = Instant::now();
    let to_handler = ended.clone();
    let tell = move |waiting: std::pin::Pin<Box<dyn Future<Output = Ended> + Send>>| {
        let ended = to_handler.clone();
        tokio::spawn(async move {
            let reason = waiting.await;
            let _ = ended.send((reason, began.elapsed().as_secs()));
        });
    };
    let of_service = tell.clone();
    let service = service_fn(move |request: Request| {
        let permit = request.extensions().get::<ServicePermit>().unwrap().clone();
        of_service(Box::pin(async move { permit.ended().await }));
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
    });
    let handler = async move |permit: Authorized<MayRead>| {
        tell(Box::pin(async move { permit.ended().await }));
        "".into_response()
    };
    let routes = Routes::default()
        .service("/service", require::<MayRead>(service))
        .get("/handler", guarded(handler));
    (routes.into_api(guard), receiver)
}

const PATHS: [&str; 2] = ["/service", "/handler"];

async fn open(api: &Router, path: &str) {
    assert_eq!(answer(api, request("GET", path, "t")).await.status(), 200);
    // Lets the task that waits for the permit's end start first.
    tokio::task::yield_now().await;
}

async fn passes(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

#[tokio::test(start_paused = true)]
async fn a_permit_ends_when_its_token_expires() {
    for path in PATHS {
        let world = World::new();
        world.reader("t", Some(100));
        let (api, mut ended) = api(&world.guard().build());
        open(&api, path).await;
        assert_eq!(ended.recv().await, Some((Ended::Expired, 100)), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubt_ends_a_permit_that_a_new_verdict_does_not_give() {
    for (path, revoke) in [
        ("/service", Some(Introspection::Inactive)),
        ("/service", Some(Introspection::Active(ActiveToken::default()))),
        ("/handler", Some(Introspection::Inactive)),
    ] {
        let world = World::new();
        world.reader("t", None);
        let (api, mut ended) = api(&world.guard().build());
        open(&api, path).await;
        passes(10).await;
        world.set("t", revoke);
        world.doubt();
        assert_eq!(ended.recv().await, Some((Ended::Revoked, 10)), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubt_that_a_new_verdict_removes_ends_nothing_and_the_next_one_counts() {
    let world = World::new();
    world.reader("t", None);
    let (api, mut ended) = api(&world.guard().build());
    open(&api, "/service").await;
    world.doubt();
    passes(10).await;
    assert_eq!(world.asked(), 2);
    assert!(ended.try_recv().is_err());
    world.without_role("t");
    passes(10).await;
    assert!(ended.try_recv().is_err(), "nobody doubted it");
    world.doubt();
    assert_eq!(ended.recv().await, Some((Ended::Revoked, 20)));
}

#[tokio::test(start_paused = true)]
async fn a_doubt_that_nobody_can_remove_ends_the_permit_within_a_second() {
    let world = World::new();
    world.reader("t", None);
    let (api, mut ended) = api(&world.guard().build());
    open(&api, "/service").await;
    world.set("t", None);
    world.doubt();
    assert_eq!(ended.recv().await, Some((Ended::Revoked, 1)));
    assert!(world.asked() > 3, "the request's, and several after the doubt");
}

/// Sends to `ended` the reason why `permit` ended, once it has ended.
fn tell<R: Rule>(ended: &mpsc::UnboundedSender<Ended>, permit: Authorized<R>) {
    let ended = ended.clone();
    tokio::spawn(async move { ended.send(permit.ended().await) });
}

#[tokio::test(start_paused = true)]
async fn a_permit_within_a_service_ends_with_that_of_the_service() {
    let world = World::new();
    let guard = world.guard().build();
    let (sender, mut ended) = mpsc::unbounded_channel();
    let to_handler = sender.clone();
    let service = service_fn(move |request: Request| {
        let permit = request.extensions().get::<ServicePermit>().unwrap().clone();
        let sender = sender.clone();
        async move {
            tell(&sender, permit.require::<SignedIn>().await.unwrap());
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let service = require::<MayRead>(service).with::<(SignedIn,)>();
    let service = Routes::default().service("/", service).into_api(&guard);
    let handler = async move |permit: Authorized<SignedIn>| tell(&to_handler, permit);
    let handler = Routes::default().get("/", guarded(handler)).into_api(&guard);
    let handler = handler.layer(guard.require_layer::<MayRead>());
    for api in [service, handler] {
        world.reader("t", None);
        open(&api, "/").await;
        world.without_role("t");
        world.doubt();
        let reason = timeout(Duration::from_secs(10), ended.recv()).await;
        assert_eq!(reason.expect("it ends"), Some(Ended::Revoked));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_open_for_longer_than_the_longest_time_give_or_take_a_tenth() {
    for path in PATHS {
        let world = World::new();
        world.reader("t", None);
        let guard = world.guard().max_stream(Duration::from_secs(1000)).build();
        let (api, mut ended) = api(&guard);
        let mut ends = Vec::new();
        for _ in 0..20 {
            open(&api, path).await;
        }
        for _ in 0..20 {
            let (reason, after) = ended.recv().await.unwrap();
            assert_eq!(reason, Ended::TooLong);
            ends.push(after);
        }
        assert!(ends.iter().all(|after| (899..=1101).contains(after)), "{ends:?}");
        ends.dedup();
        assert!(ends.len() > 5, "they end apart: {ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_what_is_open_and_what_is_opened_after_it() {
    let world = World::new();
    world.reader("t", None);
    let guard = world.guard().build();
    let (api, mut ended) = api(&guard);
    open(&api, "/service").await;
    passes(10).await;
    guard.stop();
    assert_eq!(ended.recv().await, Some((Ended::Stopping, 10)));
    open(&api, "/handler").await;
    assert_eq!(ended.recv().await, Some((Ended::Stopping, 10)));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_open_permits_ask_nothing() {
    let world = World::new();
    world.reader("t", None);
    let (api, mut ended) = api(&world.guard().build());
    for _ in 0..1000 {
        open(&api, "/service").await;
    }
    let asked = world.asked();
    passes(100_000).await;
    assert_eq!(world.asked(), asked);
    assert!(ended.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_begun_again_and_again_goes_on() {
    let world = World::new();
    world.reader("t", None);
    let (told, mut ended) = mpsc::unbounded_channel();
    let handler = async move |permit: Authorized<MayRead>| {
        tokio::spawn(async move {
            let mut events = tokio::time::interval(Duration::from_millis(10));
            loop {
                tokio::select! {
                    reason = permit.ended() => {
                        let _ = told.send(reason);
                        break;
                    }
                    _ = events.tick() => {}
                }
            }
        });
    };
    let api = Routes::default().get("/", guarded(handler)).into_api(&world.guard().build());
    open(&api, "/").await;
    passes(10).await;
    assert_eq!(world.asked(), 2, "the request's, and one when the wait began");
    world.without_role("t");
    world.doubt();
    assert_eq!(ended.recv().await, Some(Ended::Revoked));
    assert_eq!(world.asked(), 3);
}
