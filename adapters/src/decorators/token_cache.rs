//! Active tokens that were asked about, for as long as they may be reused.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use domain::{AccessToken, ActiveToken, Clock, Introspection};
use metrics::{Gauge, gauge};
use quick_cache::{Weighter, sync::Cache};
use tokio::time::Instant;

use super::{
    digest::{Digest, Digester},
    weight,
};

/// For how long an answer may be reused, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Age up to which an answer is reused; zero, the default, is off.
    pub ttl: Duration,
    /// Answers kept at most; 100 000 by default.
    pub max_entries: NonZeroUsize,
    /// Bytes that the answers may take; 64 MiB by default. What answers share is divided among them.
    pub max_bytes: NonZeroU64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::ZERO,
            max_entries: const { NonZeroUsize::new(100_000).unwrap() },
            max_bytes: const { NonZeroU64::new(64 * 1024 * 1024).unwrap() },
        }
    }
}

/// Keeps facts, never decisions: what the authorization server said about a token, to be judged
/// again at each use.
///
/// A token is known by a keyed digest alone, under a random key of this cache's own. "Inactive" is
/// never kept: ZITADEL says it for faults of its own too.
pub struct TokenCache {
    entries: Cache<Digest, Entry, ByBytes>,
    digester: Digester,
    started_at: Instant,
    ttl: Duration,
    size: Gauge,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Entry {
    token: ActiveToken,
    /// From then on it is not used any more; in nanoseconds from the start of the cache, which
    /// takes half the place of an `Instant`.
    stale_at_nanos: u64,
    /// Bytes when it was put in: what it shares may be shared by fewer later.
    bytes: u64,
}

/// Weighs an entry by its bytes, and none so lightly that there could be too many of them.
#[derive(Clone, Copy, Debug)]
struct ByBytes {
    least: u64,
}

impl Weighter<Digest, Entry> for ByBytes {
    fn weight(&self, _digest: &Digest, entry: &Entry) -> u64 {
        self.least.max(entry.bytes)
    }
}

impl TokenCache {
    /// An empty cache. It registers its metrics at the current recorder.
    #[must_use]
    pub fn new(settings: CacheSettings, clock: Arc<dyn Clock>) -> Self {
        let CacheSettings { ttl, max_entries, max_bytes } = settings;
        let (max_entries, max_bytes) = (max_entries.get(), max_bytes.get());
        let by_bytes = ByBytes { least: (max_bytes / max_entries as u64).max(1) };
        let size = gauge!("token_cache_entries");
        let digester = Digester::new();
        Self {
            entries: Cache::with_weighter(max_entries, max_bytes, by_bytes),
            digester,
            started_at: Instant::now(),
            ttl,
            size,
            clock,
        }
    }

    /// What is known of `token`, if it may still be used.
    pub(super) fn get(&self, token: &AccessToken<'_>) -> Option<ActiveToken> {
        let entry = self.entries.get(&self.digester.of_token(token))?;
        (self.nanos(Instant::now()) < entry.stale_at_nanos).then_some(entry.token)
    }

    /// Keeps an answer to a question that was asked at `asked_at`, for the shorter of the time to
    /// live and what is left to the token.
    pub(super) fn keep(&self, token: &AccessToken<'_>, answer: &Introspection, asked_at: Instant) {
        let digest = self.digester.of_token(token);
        let Introspection::Active(active) = answer else {
            self.entries.remove(&digest);
            self.count();
            return;
        };
        let left = active.expires_at.map_or(Duration::MAX, |expires_at| {
            expires_at.duration_since(self.clock.now()).unwrap_or_default()
        });
        let by_exp = Instant::now().checked_add(left);
        let Some(by_ttl) = asked_at.checked_add(self.ttl) else { return };
        let stale_at = by_exp.map_or(by_ttl, |by_exp| by_exp.min(by_ttl));
        if Instant::now() < stale_at {
            let stale_at_nanos = self.nanos(stale_at);
            // Two questions may be under way for one token: the older one's answer, which comes
            // late, does not replace a younger one.
            if self.entries.peek(&digest).is_some_and(|kept| kept.stale_at_nanos > stale_at_nanos) {
                return;
            }
            let bytes = size_of::<(Digest, Entry)>() as u64 + weight::beyond_itself(active);
            self.entries.insert(digest, Entry { token: active.clone(), stale_at_nanos, bytes });
            self.count();
        }
    }

    fn count(&self) {
        #[expect(clippy::cast_precision_loss, reason = "nobody keeps 2^53 answers")]
        self.size.set(self.entries.len() as f64);
    }

    /// Enough for 584 years; what is later, is never.
    fn nanos(&self, instant: Instant) -> u64 {
        u64::try_from((instant - self.started_at).as_nanos()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("entries", &self.entries.len())
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}
