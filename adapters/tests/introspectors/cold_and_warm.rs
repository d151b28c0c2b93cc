//! Property test: a cached verdict leads to the same decisions as a new one, for every rule.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use adapters::{
    CacheSettings, Clocks, InMemoryIntrospector,
    decorators::{Coalesced, Remembering, TokenCache},
};
use domain::{
    AccessToken, ActiveToken, Audience, Authorizer, Clock, Introspection, Issuer, Organization,
    OrganizationId, Policy, Principal, Refusal, Requirements, Role, Rule, Scope, ScopeToken,
    Subject, Tick, Ticks, TokenIntrospector,
};
use proptest::prelude::*;

const START_SECS: u64 = 1_767_225_600;

#[derive(Default)]
struct SetClock(AtomicU64);

impl Ticks for SetClock {
    fn now(&self) -> Tick {
        Tick::from_nanos(0).after(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }
}

impl Clock for SetClock {
    fn now(&self) -> SystemTime {
        at(self.0.load(Ordering::SeqCst))
    }
}

fn at(offset_secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START_SECS + offset_secs)
}

macro_rules! rules {
    ($($name:ident: $policy:expr;)*) => {
        $(
            struct $name;
            impl Rule for $name {
                const POLICY: &'static Policy = &$policy;
            }
        )*

        /// Returns the decision of each rule in this file (declared by `rules!`) on `token`: the
        /// principal let in, or the text of the denial or error.
        async fn decisions(authorizer: &Authorizer, token: &AccessToken<'_>) -> Vec<String> {
            let mut words = Vec::new();
            $(
                words.push(match authorizer.authorize::<$name>(token).await {
                    Ok(permit) => format!("{:?}", permit.principal()),
                    Err(Refusal::Denied(denial)) => denial.to_string(),
                    Err(Refusal::Undetermined(error)) => error.to_string(),
                });
            )*
            words
        }
    };
}

rules! {
    SignedIn: Policy::Authenticated;
    Read: Policy::Role(Role::from_static("read"));
    ReadInOne: Policy::RoleIn {
        role: Role::from_static("read"),
        organization: OrganizationId::from_static("1"),
    };
    Email: Policy::Scope(ScopeToken::from_static("email"));
    Either: Policy::AnyOf(&[
        Policy::Role(Role::from_static("write")),
        Policy::Scope(ScopeToken::from_static("openid")),
    ]);
    Both: Policy::AllOf(&[
        Policy::Role(Role::from_static("read")),
        Policy::Scope(ScopeToken::from_static("openid")),
    ]);
}

fn answer() -> impl Strategy<Value = Introspection> {
    let organization = |id: &str| Organization {
        id: OrganizationId::parse(id).unwrap(),
        primary_domain: format!("{id}.test").into(),
    };
    let grant = (prop::sample::select(vec!["read", "write"]), prop::sample::select(vec!["1", "2"]));
    let active = (
        prop::collection::vec(grant, 0..3),
        prop::sample::subsequence(vec!["openid", "email"], 0..=2),
        prop::option::of(0..100_u64),
        prop::option::of(0..100_u64),
        prop::option::of(prop::sample::select(vec!["https://a.test", "https://b.test"])),
        prop::sample::subsequence(vec!["api", "other"], 0..=2),
        any::<bool>(),
    )
        .prop_map(move |(grants, scopes, expires, starts, issuer, audience, key_bound)| {
            let principal = Principal {
                subject: Some(Subject::parse("ada").unwrap()),
                roles: grants
                    .into_iter()
                    .map(|(role, id)| (Role::parse(role).unwrap(), organization(id)))
                    .collect(),
                scope: Scope::parse(&scopes.join(" ")),
                issuer: issuer.map(|issuer| Issuer::parse(issuer).unwrap()),
                audience: audience.iter().map(|a| Audience::parse(a).unwrap()).collect(),
                ..Principal::default()
            };
            Introspection::Active(ActiveToken {
                expires_at: expires.map(at),
                not_before: starts.map(at),
                key_bound: key_bound && expires.is_none(),
                id: None,
                principal: Arc::new(principal),
            })
        });
    prop_oneof![9 => active, 1 => Just(Introspection::Inactive)]
}

fn authorizer(
    introspector: impl TokenIntrospector + 'static,
    clock: &Arc<SetClock>,
    strict: bool,
) -> Authorizer {
    let requirements = Requirements {
        issuer: strict.then(|| Issuer::parse("https://a.test").unwrap()),
        audiences: if strict { vec![Audience::parse("api").unwrap()] } else { Vec::new() },
        leeway: Duration::from_secs(5),
        ..Requirements::default()
    };
    let clock: Arc<dyn Clock> = Arc::<SetClock>::clone(clock);
    Authorizer::new(Arc::new(introspector), clock, requirements)
}

proptest! {
    // incidents.md rows 1 and 3.
    #[test]
    fn a_warm_answer_is_judged_as_a_cold_one(
        answer in answer(),
        strict: bool,
        pauses_secs in prop::collection::vec(0..40_u64, 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let token = AccessToken::parse("the-token").unwrap();
            let clock = Arc::<SetClock>::default();
            let server = || InMemoryIntrospector::new([(token.clone(), answer.clone())]);
            let wall: Arc<dyn Clock> = Arc::<SetClock>::clone(&clock);
            let clocks = Clocks { wall, ticks: Arc::<SetClock>::clone(&clock) };
            let settings = CacheSettings {
                ttl: Duration::from_secs(60),
                max_entries: NonZeroUsize::new(10).unwrap(),
                ..CacheSettings::default()
            };
            let cache = Arc::new(TokenCache::new(settings, None, clocks.clone()));
            let remembering = Remembering::new(server(), Arc::clone(&cache), clocks.clone());
            let coalesced = Coalesced::new(remembering, Duration::from_secs(5), clocks);
            let warm = authorizer(coalesced, &clock, strict).kept(Some(cache));
            let cold = authorizer(server(), &clock, strict);
            for pause_secs in pauses_secs {
                clock.0.fetch_add(pause_secs, Ordering::SeqCst);
                tokio::time::advance(Duration::from_secs(pause_secs)).await;
                for _ in 0..2 {
                    let (warm, cold) =
                        (decisions(&warm, &token).await, decisions(&cold, &token).await);
                    assert_eq!(warm, cold);
                }
            }
        });
    }
}
