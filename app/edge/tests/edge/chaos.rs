//! Test that responses stay correct under random requests, revocations and faults of the
//! authorization server. A model of each token's history decides which responses are correct.

use std::{
    env,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use adapters::{
    CacheSettings, Clocks, Limits,
    decorators::{KnownTokens, TokenCache},
    stack,
};
use async_trait::async_trait;
use axum::{Router, body::Body, http::Request};
use domain::{
    AccessToken, ActiveToken, Authorizer, Clock, Introspection, IntrospectionError, Organization,
    OrganizationId, Outage, Principal, Requirements, Role, Tick, Ticks, TokenIntrospector,
};
use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::{Instant, advance, sleep};
use tower::ServiceExt;

use axum_zitadel::{Authorized, Guard, Routes, guarded};

use crate::api::{MayRead, SignedIn};

const REQUESTS: usize = 100_000;
const TOKENS: usize = 40;
const TTL: Duration = Duration::from_secs(2);
/// Maximum time that the simulated authorization server takes for a verdict.
const SLOWEST: Duration = Duration::from_millis(50);
/// Maximum time after the last fault for which the circuit breaker may stay open, so that the API
/// answers 503.
const RECOVERY: Duration = Duration::from_millis(600);

/// Simulated authorization server and clock, with the history of each token.
struct Provider {
    start: Instant,
    state: Mutex<State>,
}

struct State {
    random: StdRng,
    facts: Vec<Vec<(Instant, Fact)>>,
    faulty: bool,
    last_fault: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    active: bool,
    role: bool,
    expires_at: Instant,
}

impl Fact {
    fn lets_in(&self, scoped: bool, now: Instant) -> bool {
        self.active && (self.role || !scoped) && now < self.expires_at
    }
}

impl Provider {
    fn wall(&self, instant: Instant) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + (instant - self.start)
    }
}

impl Ticks for Provider {
    fn now(&self) -> Tick {
        Tick::from_nanos(1).after(self.start.elapsed())
    }
}

impl Clock for Provider {
    fn now(&self) -> SystemTime {
        self.wall(Instant::now())
    }
}

/// Introspector that asks the simulated authorization server, with a random delay.
struct Asked(Arc<Provider>);

#[async_trait]
impl TokenIntrospector for Asked {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let number: usize = token.expose_secret().trim_start_matches('t').parse().unwrap();
        let (delay, answer) = {
            let mut state = self.0.state.lock().unwrap();
            let delay = SLOWEST.mul_f64(state.random.random());
            if state.faulty {
                state.last_fault = Some(Instant::now() + delay);
                let faults = [Outage::ServerError, Outage::TimedOut, Outage::Unreachable];
                let reason = faults[state.random.random_range(0..faults.len())];
                let source: domain::Cause = Arc::new(std::io::Error::other("chaos"));
                let malformed = state.random.random_bool(0.2);
                (
                    delay,
                    Err(if malformed {
                        IntrospectionError::Malformed { source }
                    } else {
                        IntrospectionError::Unavailable { reason, source }
                    }),
                )
            } else {
                let (_, fact) = *state.facts[number].last().unwrap();
                (delay, Ok(self.0.answer(fact)))
            }
        };
        sleep(delay).await;
        answer
    }
}

impl Provider {
    fn answer(&self, fact: Fact) -> Introspection {
        if !fact.active {
            return Introspection::Inactive;
        }
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let role = fact.role.then(|| (Role::from_static("read"), organization));
        let roles = role.into_iter().collect();
        Introspection::Active(ActiveToken {
            expires_at: Some(self.wall(fact.expires_at)),
            principal: Arc::new(Principal { roles, ..Principal::default() }),
            ..ActiveToken::default()
        })
    }

    /// Changes validity, role and expiry of a random token, and sometimes begins or ends an outage.
    fn change(&self) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap();
        if state.random.random_bool(0.02) {
            state.faulty = !state.faulty;
        }
        let number = state.random.random_range(0..TOKENS);
        let fact = Fact {
            active: state.random.random_bool(0.8),
            role: state.random.random_bool(0.5),
            expires_at: now + Duration::from_millis(state.random.random_range(0..20_000)),
        };
        state.facts[number].push((now, fact));
        // No request needs an older fact.
        let horizon = state.facts[number].len().saturating_sub(200);
        state.facts[number].drain(..horizon);
    }

    /// Returns whether `status` is a correct response to a request that began at `began` and ends
    /// now, by the history of the token with this `number`. If `scoped`, the request needs the role
    /// `read`.
    fn allows(&self, status: u16, number: usize, scoped: bool, began: Instant) -> bool {
        let now = Instant::now();
        let state = self.state.lock().unwrap();
        let oldest = began.checked_sub(TTL + SLOWEST).unwrap_or(self.start);
        let facts = &state.facts[number];
        let since = facts.iter().rposition(|(since, _)| *since <= oldest).unwrap_or(0);
        let in_effect = &facts[since..];
        match status {
            200 => in_effect.iter().any(|(_, fact)| fact.lets_in(scoped, began)),
            401 => in_effect.iter().any(|(_, fact)| !fact.lets_in(scoped, now)),
            503 => state.last_fault.is_some_and(|fault| fault + RECOVERY + SLOWEST >= began),
            _ => false,
        }
    }
}

fn api(provider: &Arc<Provider>) -> Router {
    let clock: Arc<dyn Clock> = Arc::<Provider>::clone(provider);
    let cache = CacheSettings {
        ttl: TTL,
        max_entries: (TOKENS / 2).try_into().unwrap(),
        ..CacheSettings::default()
    };
    let limits = Limits { max_in_flight: 1000.try_into().unwrap(), ..Limits::default() };
    let patience = Duration::from_secs(5);
    let known = Arc::new(KnownTokens::new(cache.max_entries));
    let asked = Asked(Arc::clone(provider));
    let clocks = Clocks { wall: Arc::clone(&clock), ticks: Arc::<Provider>::clone(provider) };
    let tokens = Some(Arc::new(TokenCache::new(cache, None, clocks.clone())));
    let stack = stack(asked, known, Vec::new(), tokens, limits, patience, clocks);
    let authorizer = Authorizer::new(stack.introspector, clock, Requirements::default());
    let authorizer = authorizer.kept(stack.kept);
    Routes::default()
        .get("/private", guarded(async |_: Authorized<SignedIn>| {}))
        .get("/scoped", guarded(async |_: Authorized<MayRead>| {}))
        .into_api(&Guard::new(authorizer))
}

async fn status(api: &Router, number: usize, scoped: bool) -> u16 {
    let path = if scoped { "/scoped" } else { "/private" };
    let request = Request::get(path)
        .header("authorization", format!("Bearer t{number}"))
        .body(Body::empty())
        .unwrap();
    api.clone().oneshot(request).await.unwrap().status().as_u16()
}

// A failure prints its seed; set as `CHAOS_SEED`, the seed repeats the same requests.
#[tokio::test(start_paused = true)]
async fn no_request_is_answered_against_the_facts_whatever_happens() {
    let seed = env::var("CHAOS_SEED")
        .map_or_else(|_| RandomState::new().build_hasher().finish(), |seed| seed.parse().unwrap());
    let start = Instant::now();
    let fact = Fact { active: true, role: true, expires_at: start + Duration::from_secs(10) };
    let state = State {
        random: StdRng::seed_from_u64(seed),
        facts: vec![vec![(start, fact)]; TOKENS],
        faulty: false,
        last_fault: None,
    };
    let provider = Arc::new(Provider { start, state: Mutex::new(state) });
    let api = api(&provider);
    let mut random = StdRng::seed_from_u64(seed ^ 1);
    let mut seen = std::collections::BTreeMap::<u16, usize>::new();
    for _ in 0..REQUESTS / 8 {
        provider.change();
        advance(Duration::from_millis(random.random_range(0..40))).await;
        let requests: Vec<_> =
            (0..8).map(|_| (random.random_range(0..TOKENS), random.random_bool(0.5))).collect();
        let answers = requests.into_iter().map(async |(number, scoped)| {
            let began = Instant::now();
            let status = status(&api, number, scoped).await;
            assert!(
                provider.allows(status, number, scoped, began),
                "CHAOS_SEED={seed}: {status} for t{number} after {:?}",
                began - start,
            );
            status
        });
        for status in join_all(answers).await {
            *seen.entry(status).or_default() += 1;
        }
    }
    for status in [200, 401, 503] {
        assert!(seen.get(&status).is_some_and(|count| *count > 1000), "{seen:?}");
    }
}
