use domain::{
    Audience, IntrospectionError, Organization, OrganizationId, Outage, Principal, Role, Scope,
    TokenIntrospector,
};
use tokio::time::advance;

use super::{
    super::{
        Coalesced, Remembering,
        gated::{Gated, active, outage, token, word},
    },
    *,
};
use crate::{
    paused_clocks::{START, clocks},
    recorded::Recorded,
};

const TTL: Duration = Duration::from_secs(30);

fn cache(max_entries: usize, clocks: &Clocks) -> Arc<TokenCache> {
    let max_entries = NonZeroUsize::new(max_entries).unwrap();
    let settings = CacheSettings { ttl: TTL, max_entries, ..CacheSettings::default() };
    Arc::new(TokenCache::new(settings, None, clocks.clone()))
}

fn entries(cache: &TokenCache) -> usize {
    let shown = format!("{cache:?}");
    let after = shown.split("entries: ").nth(1).unwrap();
    after.split(',').next().unwrap().parse().unwrap()
}

struct Composed {
    coalesced: Coalesced<Remembering<Gated>>,
    cache: Arc<TokenCache>,
    clocks: Clocks,
}

impl Composed {
    async fn ask(&self, text: &str) -> Result<Introspection, IntrospectionError> {
        let token = token(text);
        match self.cache.get(&token, self.clocks.wall.now()) {
            Some(kept) => Ok(Introspection::Active(kept)),
            None => self.coalesced.introspect(&token).await,
        }
    }
}

fn composed(gated: &Gated, cache: Arc<TokenCache>, clocks: &Clocks) -> Composed {
    let remembering = Remembering::new(gated.clone(), Arc::clone(&cache), clocks.clone());
    let coalesced = Coalesced::new(remembering, Duration::from_secs(5), clocks.clone());
    Composed { coalesced, cache, clocks: clocks.clone() }
}

fn empty(gated: &Gated) -> Composed {
    let clocks = clocks();
    composed(gated, cache(100, &clocks), &clocks)
}

fn expiring_in(secs: u64) -> Introspection {
    let expires_at = Some(SystemTime::UNIX_EPOCH + START + Duration::from_secs(secs));
    Introspection::Active(ActiveToken { expires_at, ..ActiveToken::default() })
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_reused_until_it_is_as_old_as_allowed() {
    let gated = Gated::opened();
    let cached = empty(&gated);
    for (pause, asked) in
        [(Duration::ZERO, 1), (Duration::from_millis(29_999), 1), (Duration::from_millis(1), 2)]
    {
        advance(pause).await;
        assert_eq!(cached.ask("a").await.unwrap(), active("a"));
        assert_eq!(gated.asked(), asked, "after {pause:?} more");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_as_old_as_its_question() {
    let gated = Gated::closed();
    let cached = Arc::new(empty(&gated));
    let slow = tokio::spawn({
        let cached = Arc::clone(&cached);
        async move { cached.ask("a").await }
    });
    gated.wait_for_under_way(1).await;
    advance(Duration::from_millis(100)).await;
    let joined = tokio::spawn({
        let cached = Arc::clone(&cached);
        async move { cached.ask("a").await }
    });
    tokio::task::yield_now().await;
    advance(Duration::from_millis(29_898)).await;
    gated.open();
    assert_eq!(word(&slow.await.unwrap()), "active");
    assert_eq!(word(&joined.await.unwrap()), "active");
    advance(Duration::from_millis(1)).await;
    assert_eq!(word(&cached.ask("a").await), "active");
    assert_eq!(gated.asked(), 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(word(&cached.ask("a").await), "active");
    assert_eq!(gated.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_older_answer_that_comes_late_does_not_replace_a_younger_one() {
    let clocks = clocks();
    let cache = cache(100, &clocks);
    let older = clocks.now();
    advance(Duration::from_millis(150)).await;
    cache.keep(&token("a"), &active("young"), clocks.now());
    cache.keep(&token("a"), &active("old"), older);
    let kept = cache.get(&token("a"), clocks.wall.now());
    assert_eq!(kept.map(Introspection::Active), Some(active("young")));
}

// incidents.md row 6.
#[tokio::test(start_paused = true)]
async fn an_answer_never_outlives_exp() {
    let gated = Gated::opened();
    let cached = empty(&gated);
    gated.answer(Some(Ok(expiring_in(10))));
    for (pause_secs, asked) in [(0, 1), (9, 1), (1, 2)] {
        advance(Duration::from_secs(pause_secs)).await;
        assert_eq!(word(&cached.ask("a").await), "active");
        assert_eq!(gated.asked(), asked);
    }
    gated.answer(Some(Ok(expiring_in(0))));
    for asked in [3, 4] {
        assert_eq!(word(&cached.ask("expired").await), "active");
        assert_eq!(gated.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_never_expires_is_kept_for_the_time_to_live() {
    let gated = Gated::opened();
    let cached = empty(&gated);
    gated.answer(Some(Ok(expiring_in(251_635_075_199))));
    for asked in [1, 1] {
        assert_eq!(word(&cached.ask("a").await), "active");
        assert_eq!(gated.asked(), asked);
    }
    advance(TTL).await;
    assert_eq!(word(&cached.ask("a").await), "active");
    assert_eq!(gated.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn neither_inactive_nor_a_fault_is_reused() {
    for answer in [Ok(Introspection::Inactive), outage(Outage::ServerError)] {
        let gated = Gated::opened();
        let cached = empty(&gated);
        gated.answer(Some(answer.clone()));
        for asked in [1, 2] {
            assert_eq!(word(&cached.ask("a").await), word(&answer));
            assert_eq!(gated.asked(), asked);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_became_inactive_is_forgotten() {
    let clocks = clocks();
    let cache = cache(100, &clocks);
    cache.keep(&token("a"), &active("a"), clocks.now());
    assert!(cache.get(&token("a"), clocks.wall.now()).is_some());
    cache.keep(&token("a"), &Introspection::Inactive, clocks.now());
    assert!(cache.get(&token("a"), clocks.wall.now()).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_one_allocation() {
    let gated = Gated::opened();
    let cached = empty(&gated);
    let answers = [cached.ask("a").await.unwrap(), cached.ask("a").await.unwrap()];
    let [Introspection::Active(first), Introspection::Active(second)] = answers else {
        panic!("not active")
    };
    assert!(Arc::ptr_eq(&first.principal, &second.principal));
}

#[tokio::test(start_paused = true)]
async fn the_cache_is_bounded_in_entries() {
    let clocks = clocks();
    let cache = cache(50, &clocks);
    let gated = Gated::opened();
    let cached = composed(&gated, Arc::clone(&cache), &clocks);
    for number in 0..1000 {
        cached.ask(&format!("t{number}")).await.unwrap();
    }
    let entries = entries(&cache);
    assert!((25..=50).contains(&entries), "{entries}");
}

/// Returns a copy of `principal` whose lists share no memory with those of the original.
fn own_copy(principal: &Principal) -> Principal {
    let grants = principal.roles.iter().flat_map(|grant| {
        let of = |organization: &Organization| (grant.role().clone(), organization.clone());
        grant.organizations().iter().map(of)
    });
    let claims = &principal.further_claims;
    let claim = |name: &str| (name.into(), claims.get(name).unwrap_or_default().into());
    Principal {
        audience: principal.audience.iter().cloned().collect(),
        roles: grants.collect(),
        scope: principal.scope.iter().cloned().collect(),
        further_claims: claims.names().map(claim).collect(),
        ..Principal::default()
    }
}

// A verdict with 200 audiences takes about 10 kB: 3 000 of them must not take 30 MB.
#[tokio::test(start_paused = true)]
async fn it_never_takes_more_bytes_than_allowed_whatever_the_answers_hold() {
    let text = "x".repeat(40);
    let audience = (0..200).map(|_| Audience::parse(&text).unwrap()).collect();
    let claims = |count| (0..count).map(|n: u32| (n.to_string().into(), text.as_str().into()));
    let grants = (0..200).map(|number| {
        let id = OrganizationId::parse(&number.to_string()).unwrap();
        let organization = Organization { id, primary_domain: text.as_str().into() };
        (Role::parse(&text).unwrap(), organization)
    });
    let scope = (0..400).map(|number| format!("scope:{number}")).collect::<Vec<_>>().join(" ");
    for principal in [
        Principal { audience, ..Principal::default() },
        Principal { further_claims: claims(150).collect(), ..Principal::default() },
        Principal { roles: grants.collect(), ..Principal::default() },
        Principal { scope: Scope::parse(&scope), ..Principal::default() },
    ] {
        let gated = Gated::opened();
        let clocks = clocks();
        let max_bytes = NonZeroU64::new(2_000_000).unwrap();
        let settings = CacheSettings { ttl: TTL, max_bytes, ..CacheSettings::default() };
        let cache = Arc::new(TokenCache::new(settings, None, clocks.clone()));
        let cached = composed(&gated, Arc::clone(&cache), &clocks);
        for number in 0..3000 {
            // No two verdicts share memory.
            let principal = Arc::new(own_copy(&principal));
            let answer = ActiveToken { principal, ..ActiveToken::default() };
            gated.answer(Some(Ok(Introspection::Active(answer))));
            cached.ask(&format!("t{number}")).await.unwrap();
        }
        let entries = entries(&cache);
        assert!((50..=220).contains(&entries), "{entries} entries in 2 MB");
    }
}

// Invented tokens are inactive, and inactive verdicts are not cached: tokens in use stay.
#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_tokens_drives_out_no_token_in_use() {
    let gated = Gated::opened();
    // Digests spread the entries over shards. With a smaller cache, a shard could be full by
    // chance.
    let clocks = clocks();
    let cached = composed(&gated, cache(400, &clocks), &clocks);
    for number in 0..80 {
        cached.ask(&format!("used{number}")).await.unwrap();
    }
    gated.answer(Some(Ok(Introspection::Inactive)));
    for number in 0..10_000 {
        cached.ask(&format!("invented{number}")).await.unwrap();
    }
    gated.answer(Some(outage(Outage::Unreachable)));
    for number in 0..80 {
        let answer = cached.ask(&format!("used{number}")).await;
        assert_eq!(word(&answer), "active", "used{number}");
    }
}

// incidents.md row 11: ZITADEL may call a truncated token active, but the cache must not.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_cut_short_is_asked_about_by_itself() {
    let gated = Gated::opened();
    let cached = empty(&gated);
    for text in ["a-token", "a-toke", "a-tok"] {
        assert_eq!(cached.ask(text).await.unwrap(), active(text));
    }
    assert_eq!(gated.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn look_ups_and_entries_are_counted() {
    let (gated, recorded) = (Gated::opened(), Recorded::new());
    let cached = recorded.scope(|| empty(&gated));
    for text in ["a", "b", "a", "a"] {
        cached.ask(text).await.unwrap();
    }
    let value = |name| recorded.value(name).unwrap();
    assert_eq!(value(r#"token_cache_requests_total{result="miss"}"#), "2");
    assert_eq!(value(r#"token_cache_requests_total{result="hit"}"#), "2");
    assert_eq!(value("token_cache_entries"), "2");
    advance(TTL).await;
    gated.answer(Some(Ok(Introspection::Inactive)));
    cached.ask("a").await.unwrap();
    assert_eq!(value("token_cache_entries"), "1");
}
