//! Active tokens that were asked about, for as long as they may be reused.

use std::{fmt, hash::Hasher, sync::Arc, time::Duration};

use domain::{AccessToken, ActiveToken, Clock, Introspection};
use metrics::{Gauge, gauge};
use quick_cache::sync::Cache;
use siphasher::sip128::{Hasher128, SipHasher13};
use tokio::time::Instant;
use uuid::Uuid;

/// Keeps facts, never decisions: what the authorization server said about a token, to be judged
/// again at each use.
///
/// A token is known by a keyed digest alone, under a random key of this cache's own. "Inactive" is
/// never kept: ZITADEL says it for faults of its own too.
pub struct TokenCache {
    entries: Cache<Digest, Entry>,
    digester: SipHasher13,
    started_at: Instant,
    ttl: Duration,
    size: Gauge,
    clock: Arc<dyn Clock>,
}

/// 128 bits of SipHash-1-3. Nobody can find two tokens with one digest without the key, which
/// never leaves the process.
pub(super) type Digest = u128;

#[derive(Clone)]
struct Entry {
    token: ActiveToken,
    /// From then on it is not used any more; in nanoseconds from the start of the cache, which
    /// takes half the place of an `Instant`.
    stale_at_nanos: u64,
}

impl TokenCache {
    /// A cache of at most `max_entries` answers, each at most `ttl` old. It registers its metrics at
    /// the current recorder.
    #[must_use]
    pub fn new(ttl: Duration, max_entries: usize, clock: Arc<dyn Clock>) -> Self {
        let size = gauge!("token_cache_entries");
        // 122 bits of the system's randomness.
        let digester = SipHasher13::new_with_key(&Uuid::new_v4().into_bytes());
        Self {
            entries: Cache::new(max_entries),
            digester,
            started_at: Instant::now(),
            ttl,
            size,
            clock,
        }
    }

    /// What is known of `token`, if it may still be used.
    pub(super) fn get(&self, token: &AccessToken<'_>) -> Option<ActiveToken> {
        let entry = self.entries.get(&self.digest(token))?;
        (self.nanos(Instant::now()) < entry.stale_at_nanos).then_some(entry.token)
    }

    /// Keeps an answer to a question that was asked at `asked_at`, for the shorter of the time to
    /// live and what is left to the token.
    pub(super) fn keep(&self, token: &AccessToken<'_>, answer: &Introspection, asked_at: Instant) {
        let digest = self.digest(token);
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
            self.entries.insert(digest, Entry { token: active.clone(), stale_at_nanos });
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

    pub(super) fn digest(&self, token: &AccessToken<'_>) -> Digest {
        let mut hasher = self.digester;
        hasher.write(token.expose_secret().as_bytes());
        hasher.finish128().as_u128()
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
