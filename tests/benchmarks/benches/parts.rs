//! The parts of a warm guarded request, each alone, with an opaque token of 104 bytes.
//!
//! ```sh
//! cargo bench -p benchmarks --bench parts
//! ```
//!
//! - `header`: [`AccessToken::parse`], the larger part of reading the header; the rest is private.
//! - `digest`: a look-up in an empty cache, which costs little more than the digest.
//! - `hit`: digest, look-up, and copy of the entry; one token, or 10 000 in turn.
//! - `policy`: the check that a principal of one role has that role.
//! - `decision`: all of it except the header, by [`Authorizer::authorize`], with one token.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]

use std::{
    hint::black_box,
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use adapters::{
    CacheSettings, Clocks, InMemoryIntrospector, SystemClock,
    decorators::{Remembering, TokenCache},
};
use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    AccessToken, ActiveToken, Authorizer, Clock, Introspection, Issuer, KeptVerdicts, Organization,
    OrganizationId, Principal, Requirements, Role, Rule, TokenIntrospector, rules::ReadMessages,
};
use futures_util::FutureExt;

const ISSUER: &str = "https://example.zitadel.cloud";

fn token(number: usize) -> AccessToken<'static> {
    AccessToken::parse(&format!("{number:0>104}")).expect("a token").into_owned()
}

fn principal() -> Principal {
    let id = OrganizationId::from_static("340000000000000001");
    let organization = Organization { id, primary_domain: "example.zitadel.cloud".into() };
    Principal {
        issuer: Some(Issuer::parse(ISSUER).expect("an issuer")),
        roles: [(Role::from_static("read:messages"), organization)].into_iter().collect(),
        ..Principal::default()
    }
}

/// Returns a cache with an entry for each token.
fn warm(tokens: &[AccessToken<'static>]) -> Arc<TokenCache> {
    let active = |token: &AccessToken<'static>| {
        let principal = Arc::new(principal());
        (token.clone(), Introspection::Active(ActiveToken { principal, ..ActiveToken::default() }))
    };
    let inner = InMemoryIntrospector::new(tokens.iter().map(active));
    let settings = CacheSettings {
        ttl: Duration::from_secs(3600),
        max_entries: NonZeroUsize::new(120_000).expect("a number"),
        max_bytes: NonZeroU64::new(256 * 1024 * 1024).expect("a number"),
    };
    let cache = Arc::new(TokenCache::new(settings, None, Clocks::of_the_system()));
    let remembering = Remembering::new(inner, Arc::clone(&cache), Clocks::of_the_system());
    for token in tokens {
        let answer = remembering.introspect(token).now_or_never().expect("an answer at once");
        assert!(matches!(answer, Ok(Introspection::Active(_))), "an unknown token");
    }
    cache
}

fn header(criterion: &mut Criterion) {
    let token = token(0);
    let text = token.expose_secret();
    criterion.bench_function("header", |bencher| {
        bencher.iter(|| AccessToken::parse(black_box(text)));
    });
}

fn cache(criterion: &mut Criterion) {
    let (empty, token) = (warm(&[]), token(0));
    let now = SystemClock.now();
    criterion
        .bench_function("digest", |bencher| bencher.iter(|| empty.get(black_box(&token), now)));
    for (name, count) in [("hit", 1), ("hit, 10000 tokens in turn", 10_000)] {
        let tokens: Vec<_> = (0..count).map(self::token).collect();
        let cache = warm(&tokens);
        let mut in_turn = tokens.iter().cycle();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| in_turn.next().and_then(|token| cache.get(token, now)));
        });
    }
}

fn policy(criterion: &mut Criterion) {
    let principal = principal();
    criterion.bench_function("policy", |bencher| {
        bencher.iter(|| ReadMessages::POLICY.is_met_by(black_box(&principal)));
    });
}

fn decision(criterion: &mut Criterion) {
    let token = token(0);
    let cache = warm(std::slice::from_ref(&token));
    let issuer = Issuer::parse(ISSUER).ok();
    let requirements = Requirements { issuer, ..Requirements::default() };
    let unasked = Arc::new(InMemoryIntrospector::new([]));
    let authorizer =
        Authorizer::new(unasked, Arc::new(SystemClock), requirements).kept(Some(cache));
    let decide = || authorizer.authorize::<ReadMessages>(black_box(&token)).now_or_never();
    assert!(matches!(decide(), Some(Ok(_))), "the token opens the door");
    criterion.bench_function("decision", |bencher| bencher.iter(decide));
}

criterion_group!(parts, header, cache, policy, decision);
criterion_main!(parts);
