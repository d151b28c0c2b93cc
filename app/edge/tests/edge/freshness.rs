//! Tests of handlers with a rule that demands a new verdict, with one that accepts a kept verdict,
//! and with both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use adapters::SystemClock;
use async_trait::async_trait;
use axum::Router;
use axum_zitadel::{
    Authorized, Guard, Routes,
    domain::{
        AccessToken, ActiveToken, Authorizer, Freshness, Introspection, IntrospectionError,
        KeptVerdicts, Policy, Requirements, Rule, TokenIntrospector,
    },
    guarded,
};

use crate::api::{Noted, SignedIn, answer, request};

/// Rule for callers whose token is active according to a new verdict, not a kept one.
#[derive(Debug)]
struct MayDelete;

impl Rule for MayDelete {
    const POLICY: &'static Policy = &Policy::Authenticated;
    const FRESHNESS: Freshness = Freshness::Asked;
}

/// Introspector for a revoked token: the kept verdict is still active, and each introspection
/// returns inactive.
#[derive(Default)]
struct Revoked {
    asked: AtomicUsize,
}

#[async_trait]
impl TokenIntrospector for Revoked {
    async fn introspect(&self, _: &AccessToken<'_>) -> Result<Introspection, IntrospectionError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Introspection::Inactive)
    }
}

impl KeptVerdicts for Revoked {
    fn get(&self, _: &AccessToken<'_>, _: SystemTime) -> Option<ActiveToken> {
        Some(ActiveToken::default())
    }
}

async fn keep(_: Authorized<SignedIn>) {}
async fn ask(_: Authorized<MayDelete>) {}
async fn keep_then_ask(_: Authorized<SignedIn>, _: Authorized<MayDelete>) {}
async fn keep_twice(_: Authorized<SignedIn>, _: Authorized<SignedIn>) {}

fn apis() -> [(Arc<Revoked>, Router); 2] {
    [false, true].map(|is_observed| {
        let introspector = Arc::<Revoked>::default();
        let port: Arc<dyn TokenIntrospector> = Arc::<Revoked>::clone(&introspector);
        let kept: Arc<dyn KeptVerdicts> = Arc::<Revoked>::clone(&introspector);
        let authorizer =
            Authorizer::new(port, Arc::new(SystemClock), Requirements::default()).kept(Some(kept));
        let guard = Guard::builder(authorizer);
        let guard = if is_observed { guard.observer(Noted::default()) } else { guard };
        let routes = Routes::default()
            .get("/keep", guarded(keep))
            .get("/ask", guarded(ask))
            .get("/keep-then-ask", guarded(keep_then_ask))
            .get("/keep-twice", guarded(keep_twice));
        (introspector, routes.into_api(&guard.build()))
    })
}

#[tokio::test]
async fn a_rule_that_asks_is_not_content_with_what_is_kept() {
    for (introspector, api) in apis() {
        for (path, status, asked) in [
            ("/keep", 200, 0),
            ("/keep-twice", 200, 0),
            ("/ask", 401, 1),
            // Only the second rule needs a new verdict.
            ("/keep-then-ask", 401, 1),
        ] {
            introspector.asked.store(0, Ordering::Relaxed);
            let response = answer(&api, request("GET", path, "a-token")).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(introspector.asked.load(Ordering::Relaxed), asked, "{path}");
        }
    }
}

/// Introspector that returns active for every token, and keeps no verdicts.
#[derive(Default)]
struct Active {
    asked: AtomicUsize,
}

#[async_trait]
impl TokenIntrospector for Active {
    async fn introspect(&self, _: &AccessToken<'_>) -> Result<Introspection, IntrospectionError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Introspection::Active(ActiveToken::default()))
    }
}

#[tokio::test]
async fn a_verdict_that_was_asked_for_serves_both_rules() {
    async fn both(_: Authorized<MayDelete>, _: Authorized<SignedIn>, _: Authorized<MayDelete>) {}
    let introspector = Arc::<Active>::default();
    let port: Arc<dyn TokenIntrospector> = Arc::<Active>::clone(&introspector);
    let authorizer = Authorizer::new(port, Arc::new(SystemClock), Requirements::default());
    let guard = Guard::builder(authorizer).build();
    let api = Routes::default().get("/", guarded(both)).into_api(&guard);
    assert_eq!(answer(&api, request("GET", "/", "a-token")).await.status(), 200);
    assert_eq!(introspector.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn the_table_says_which_routes_ask() {
    let routes = Routes::<()>::default().get("/keep", guarded(keep)).get("/ask", guarded(ask));
    let freshness: Vec<_> = routes.table().iter().map(|route| route.freshness).collect();
    assert_eq!(freshness, [Freshness::Kept, Freshness::Asked]);
}
